#include "app/once.h"

#include "base/text.h"
#include <jansson.h>
#include <stdlib.h>

#define DIGEST 16 /* bytes of a SHA-256 that are kept */

static const char *digest(const char *a, const char *b, struct tcn_arena *arena)
{
    char *hex = tcn_arena_alloc(arena, 2 * DIGEST + 1);
    uint8_t bytes[32];
    struct tcn_hash d;

    tcn_hash_begin(&d);
    tcn_hash_add(&d, a, strlen(a) + 1);
    tcn_hash_add(&d, b, strlen(b));
    tcn_hash_end(&d, bytes);
    tcn_hex(bytes, DIGEST, hex);
    return hex;
}

/* The text is a list of [token, request, when, result], the oldest first. */
static const char *name_of(const struct tcn_once *once, struct tcn_arena *arena)
{
    char id[TCN_ID_TEXT];

    if (tcn_id_is_zero(once->incident))
        return tcn_arena_fmt(arena, "client_tokens/account/%.2s",
                             digest(once->operation, once->token, arena));
    tcn_id_text(once->incident, id);
    return tcn_arena_fmt(arena, "client_tokens/%s", id);
}

/* An incident that is in hand is locked; what is made by another node at the same time is not. */
static int lock(struct tcn_store *s, const struct tcn_once *once, const char *name,
                struct tcn_err *err)
{
    return tcn_id_is_zero(once->incident) ? tcn_store_lock_name(s, "once", name, err) : 0;
}

static bool has_token(const struct tcn_once *once)
{
    return once->token && once->token[0];
}

/* Without those that are over. The list is the caller's. */
static int read_list(struct tcn_store *s, const char *name, int64_t now_ms, struct tcn_arena *arena,
                     json_t **ret, struct tcn_err *err)
{
    const char *text = NULL;
    int r = tcn_store_meta_get(s, name, arena, &text, err);
    json_t *list;

    if (r < 0)
        return r;
    list = text ? json_loads(text, 0, NULL) : NULL;
    if (!json_is_array(list)) {
        json_decref(list);
        list = json_array();
    }
    while (json_array_size(list) > 0 &&
           json_integer_value(json_array_get(json_array_get(list, 0), 2)) < now_ms - TCN_ONCE_MS)
        json_array_remove(list, 0);
    *ret = list;
    return 0;
}

static const char *text_at(json_t *row, size_t i)
{
    const char *text = json_string_value(json_array_get(row, i));

    return text ? text : "";
}

static json_t *find(json_t *list, const char *token)
{
    size_t i;
    json_t *row;

    json_array_foreach(list, i, row)
    {
        if (strcmp(text_at(row, 0), token) == 0)
            return row;
    }
    return NULL;
}

int tcn_once_look(struct tcn_store *s, const struct tcn_once *once, int64_t now_ms,
                  struct tcn_arena *arena, enum tcn_once_is *ret, const char **ret_result,
                  struct tcn_err *err)
{
    const char *name;
    json_t *list, *row;
    int r;

    *ret = TCN_ONCE_NEW;
    if (!has_token(once))
        return 0;
    name = name_of(once, arena);
    if ((r = lock(s, once, name, err)) < 0 ||
        (r = read_list(s, name, now_ms, arena, &list, err)) < 0)
        return r;
    row = find(list, digest(once->operation, once->token, arena));
    if (row) {
        bool is_same = strcmp(text_at(row, 1), digest("", once->request, arena)) == 0;

        *ret = is_same ? TCN_ONCE_AGAIN : TCN_ONCE_OTHER;
        *ret_result = tcn_arena_strdup(arena, text_at(row, 3));
    }
    json_decref(list);
    return 0;
}

int tcn_once_keep(struct tcn_store *s, const struct tcn_once *once, const char *result,
                  int64_t now_ms, struct tcn_arena *arena, struct tcn_err *err)
{
    const char *name;
    json_t *list;
    char *text;
    int r;

    if (!has_token(once))
        return 0;
    name = name_of(once, arena);
    if ((r = read_list(s, name, now_ms, arena, &list, err)) < 0)
        return r;
    while (json_array_size(list) >= TCN_ONCE_KEPT)
        json_array_remove(list, 0);
    json_array_append_new(list,
                          json_pack("[s, s, I, s]", digest(once->operation, once->token, arena),
                                    digest("", once->request, arena), (json_int_t)now_ms, result));
    text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    r = tcn_store_meta_put(s, name, text, err);
    free(text);
    return r;
}
