/* Beginning and ending held mode, and the request that a person leaves for the owner of the store. */
#include "store/held.h"
#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BEFORE "held_before_ms"
#define SINCE "held_since_ms"
#define REQUEST "held_request"
#define REQUEST_MAX 160
#define META_ARENA (64u << 10)

enum { LOOK_FIRST, READ_FIRST };
static const char *const sql[] = {
    /* Whatever the link says: a record may have been created after the backup. */
    [LOOK_FIRST] = "UPDATE links SET epoch = $2, is_uncertain = 1 WHERE account_id = $1"
                   " AND COALESCE(remote_id, '') = ''",
    [READ_FIRST] =
        "UPDATE links SET epoch = $2, last_read_ms = 0, pending_note_seq = CASE"
        " WHEN pending_note_seq > 0 THEN pending_note_seq"
        " ELSE COALESCE((SELECT MAX(seq) FROM events WHERE events.incident = links.incident"
        " AND to_tickets = 1 AND seq > links.notes_seq), 0) END"
        " WHERE account_id = $1 AND COALESCE(remote_id, '') <> ''",
};

static int change_links(struct tcn_store *s, size_t no, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_HOLD, no, sql[no], &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    return tcn_query_run(&q, err);
}

/* "" when there is none. The caller's turn keeps its scratch. */
static int read_meta(struct tcn_store *s, const char *name, char *ret, size_t size,
                     struct tcn_err *err)
{
    struct tcn_arena arena;
    const char *text = NULL;
    int r;

    tcn_arena_init(&arena, META_ARENA);
    r = tcn_store_meta_get(s, name, &arena, &text, err);
    snprintf(ret, size, "%s", r == 0 && text ? text : "");
    tcn_arena_done(&arena);
    return r;
}

int tcn_store_held_set(struct tcn_store *s, int64_t before_ms, struct tcn_err *err)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, before_ms);
    return tcn_store_meta_put(s, BEFORE, text, err);
}

/* The first of several holds: what a second one adds is held for as long, but began with that one. */
static int begin(struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    int64_t before_ms = 0;
    char text[24];
    int r = tcn_store_held_before(s, &before_ms, err);

    if (r < 0 || before_ms != 0)
        return r;
    snprintf(text, sizeof text, "%" PRId64, now_ms);
    return tcn_store_meta_put(s, SINCE, text, err);
}

int tcn_store_look_first(struct tcn_store *s, struct tcn_err *err)
{
    return change_links(s, LOOK_FIRST, err);
}

int tcn_store_hold(struct tcn_store *s, int64_t before_ms, struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_look_first(s, err)) < 0 || (r = change_links(s, READ_FIRST, err)) < 0 ||
        (r = tcn_store_held_answer(s, err)) < 0 || (r = begin(s, before_ms, err)) < 0)
        return r;
    return tcn_store_held_set(s, before_ms, err);
}

int tcn_store_held_before(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    char text[24];
    int r = read_meta(s, BEFORE, text, sizeof text, err);

    if (r == 0)
        *ret_ms = strtoll(text, NULL, 10);
    return r;
}

int tcn_store_held_since(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    int64_t before_ms = 0;
    char text[24];
    int r;

    if ((r = tcn_store_held_before(s, &before_ms, err)) < 0 ||
        (r = read_meta(s, SINCE, text, sizeof text, err)) < 0)
        return r;
    /* Held by a program before this one. */
    *ret_ms = before_ms == 0 || *text == '\0' ? before_ms : strtoll(text, NULL, 10);
    return 0;
}

/* -- the request ------------------------------------------------------------------------------------------------ */

int tcn_store_held_ask(struct tcn_store *s, const struct tcn_held_request *request,
                       struct tcn_err *err)
{
    char text[REQUEST_MAX], at[TCN_ID_TEXT];

    tcn_id_text(request->at, at);
    snprintf(text, sizeof text, "%d %d %" PRId64 " %" PRId64 " %s", request->is_release,
             request->drops_tickets, request->drop_before_ms, request->incidents, at);
    return tcn_store_meta_put(s, REQUEST, text, err);
}

static int parse(const char *text, struct tcn_held_request *ret, struct tcn_err *err)
{
    int is_release, drops_tickets;
    char at[TCN_ID_TEXT];

    if (sscanf(text, "%d %d %" SCNd64 " %" SCNd64 " %36s", &is_release, &drops_tickets,
               &ret->drop_before_ms, &ret->incidents, at) != 5 ||
        tcn_id_parse(tcn_str(at), &ret->at) < 0)
        return tcn_fail(err, TCN_EINVALID, "the request in meta is damaged: \"%.60s\"", text);
    ret->is_release = is_release != 0;
    ret->drops_tickets = drops_tickets != 0;
    return 0;
}

int tcn_store_held_asked(struct tcn_store *s, struct tcn_held_request *ret, bool *ret_is_asked,
                         struct tcn_err *err)
{
    char text[REQUEST_MAX];
    int r = read_meta(s, REQUEST, text, sizeof text, err);

    if (r < 0)
        return r;
    *ret_is_asked = *text != '\0';
    return *ret_is_asked ? parse(text, ret, err) : 0;
}

int tcn_store_held_answer(struct tcn_store *s, struct tcn_err *err)
{
    return tcn_store_meta_put(s, REQUEST, "", err);
}
