#include "connect/ring.h"
#include "base/json.h"
#include "base/text.h"

#define TRY_MAX 2048 /* bytes of a value that is kept */

static json_t *load(const struct tcn_link *link)
{
    json_t *list = NULL;

    if (link->pushed)
        (void)tcn_json_parse(tcn_str(link->pushed), &tcn_json_api, &list, NULL);
    if (!json_is_array(list)) {
        json_decref(list);
        list = json_array();
    }
    return list;
}

static const char *field_of(const json_t *entry)
{
    const char *f = json_string_value(json_object_get(entry, "f"));

    return f ? f : "";
}

/* Marks are few and must last; the rest may be forgotten. */
static size_t oldest_field(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (field_of(json_array_get(list, i))[0] != '#')
            return i;
    return 0;
}

/* Steals list. */
static void save(struct tcn_link *link, json_t *list, struct tcn_arena *arena)
{
    char *text;

    while (json_array_size(list) > TCN_RING_MAX)
        json_array_remove(list, oldest_field(list));
    text = json_dumps(list, JSON_COMPACT);

    link->pushed = tcn_arena_strdup(arena, text);
    free(text);
    json_decref(list);
}

static int64_t at_of(const json_t *entry)
{
    return json_integer_value(json_object_get(entry, "at"));
}

void tcn_ring_hash(const json_t *value, char ret[TCN_RING_HASH])
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
    char hex[65];

    tcn_sha256_hex(tcn_str(text ? text : ""), hex);
    free(text);
    memcpy(ret, hex, TCN_RING_HASH - 1);
    ret[TCN_RING_HASH - 1] = 0;
}

void tcn_ring_add(struct tcn_link *link, const char *field, const char *hash, int64_t at_ms,
                  struct tcn_arena *arena)
{
    json_t *list = load(link);

    json_array_append_new(list, json_pack("{s:s s:s s:I}", "f", field, "h", hash ? hash : "", "at",
                                          (json_int_t)at_ms));
    save(link, list, arena);
}

static bool is_try_of(const json_t *entry, const char *field)
{
    const char *name = field_of(entry);

    return name[0] == '?' && strcmp(name + 1, field) == 0;
}

/* NULL: that value was not tried yet. */
static json_t *find_try(json_t *list, const char *field, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *entry = json_array_get(list, i);

        if (is_try_of(entry, field) && json_equal(json_object_get(entry, "v"), value))
            return entry;
    }
    return NULL;
}

/* An earlier write of the same value has its own outcome, which the answer to this one does not tell. */
void tcn_ring_try(struct tcn_link *link, const char *field, json_t *value, int64_t at_ms,
                  struct tcn_arena *arena)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_t *list, *before;

    if (text && strlen(text) <= TRY_MAX) {
        list = load(link);
        if ((before = find_try(list, field, value)) != NULL)
            json_object_set_new(before, "again", json_integer((json_int_t)at_ms));
        else
            json_array_append_new(list, json_pack("{s:s+ s:O s:I}", "f", "?", field, "v", value,
                                                  "at", (json_int_t)at_ms));
        save(link, list, arena);
    }
    free(text);
}

json_t *tcn_ring_tries(const struct tcn_link *link, const char *field)
{
    json_t *list = load(link), *tries = json_array();

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        if (is_try_of(entry, field))
            json_array_append(tries, json_object_get(entry, "v"));
    }
    json_decref(list);
    return tries;
}

/* Late for longer than a call can take: what it left behind would have been read by now. Of a clock that was set back nobody
 * knows how long ago that was. */
static bool is_expired(const json_t *entry, int64_t now_ms)
{
    const json_t *late = json_object_get(entry, "late");
    int64_t late_ms = json_integer_value(late);

    return late && (late_ms > now_ms || now_ms - late_ms > TCN_RING_LATE_MS);
}

static bool is_settled(const json_t *entry, int64_t sent_ms, int64_t now_ms)
{
    return is_try_of(entry, TCN_RING_STATUS) || is_expired(entry, now_ms) ||
           (at_of(entry) == sent_ms && !json_object_get(entry, "again"));
}

void tcn_ring_settle(struct tcn_link *link, int64_t sent_ms, int64_t now_ms,
                     struct tcn_arena *arena)
{
    json_t *list;
    size_t i = 0;

    if (!link->pushed || !strchr(link->pushed, '?'))
        return;
    list = load(link);
    while (i < json_array_size(list)) {
        json_t *entry = json_array_get(list, i);
        bool is_try = field_of(entry)[0] == '?';

        if (is_try && is_settled(entry, sent_ms, now_ms)) {
            json_array_remove(list, i);
            continue;
        }
        if (is_try && !json_object_get(entry, "late"))
            json_object_set_new(entry, "late", json_integer((json_int_t)now_ms));
        i++;
    }
    save(link, list, arena);
}

bool tcn_ring_is_late(const struct tcn_link *link, const char *field, const json_t *value)
{
    json_t *list = load(link);
    bool is = json_object_get(find_try(list, field, value), "late") != NULL;

    json_decref(list);
    return is;
}

static bool hash_is(const json_t *entry, const char *hash)
{
    const char *h = json_string_value(json_object_get(entry, "h"));

    return !hash || (h && strcmp(h, hash) == 0);
}

size_t tcn_ring_count(const struct tcn_link *link, const char *field, const char *hash,
                      int64_t since_ms)
{
    json_t *list = load(link);
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        n +=
            strcmp(field_of(entry), field) == 0 && hash_is(entry, hash) && at_of(entry) >= since_ms;
    }
    json_decref(list);
    return n;
}

size_t tcn_ring_streak(const struct tcn_link *link, const char *field, const char *hash,
                       int64_t since_ms)
{
    json_t *list = load(link);
    size_t n = 0;

    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *entry = json_array_get(list, i);

        if (strcmp(field_of(entry), field) != 0)
            continue;
        if (!hash_is(entry, hash) || at_of(entry) < since_ms)
            break;
        n++;
    }
    json_decref(list);
    return n;
}

/* Marks and tries are of no field. */
static bool is_of_field(const char *name)
{
    return name[0] && !strchr("#?!", name[0]);
}

static bool holds(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
            return true;
    return false;
}

json_t *tcn_ring_repeated(const struct tcn_link *link, size_t n, int64_t since_ms)
{
    json_t *list = load(link), *seen = json_array(), *ret = json_array();

    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *entry = json_array_get(list, i), *hash = json_object_get(entry, "h");
        const char *name = field_of(entry);

        if (!is_of_field(name) || holds(seen, name))
            continue;
        json_array_append_new(seen, json_string(name));
        if (tcn_ring_streak(link, name, json_string_value(hash), since_ms) >= n)
            json_array_append_new(ret, json_string(name));
    }
    json_decref(seen);
    json_decref(list);
    return ret;
}

int64_t tcn_ring_last(const struct tcn_link *link, const char *field)
{
    json_t *list = load(link);
    int64_t last = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        if (strcmp(field_of(entry), field) == 0 && at_of(entry) > last)
            last = at_of(entry);
    }
    json_decref(list);
    return last;
}

void tcn_ring_drop(struct tcn_link *link, const char *field, struct tcn_arena *arena)
{
    json_t *list;
    size_t i = 0;

    if (!link->pushed || !strstr(link->pushed, field))
        return;
    list = load(link);
    while (i < json_array_size(list)) {
        if (strcmp(field_of(json_array_get(list, i)), field) == 0)
            json_array_remove(list, i);
        else
            i++;
    }
    save(link, list, arena);
}
