/* Timeline events and related items of incidents. */
#include "store/internal.h"

#include "base/vec.h"

enum {
    EVENT_ADD,
    EVENT_ADD_THREE,
    EVENT_LIST,
    EVENT_NEWEST,
    EVENT_FIND,
    EVENT_REWRITE,
    RELATED_PUT,
    RELATED_PUT_LAST,
    RELATED_ADD_THREE,
    RELATED_DROP,
    RELATED_LIST
};
/* A new alarm writes three of each: as one statement each they cost half. That statement neither changes a key nor sets
 * what may not be NULL: for the case that it fails half way SQLite would keep a copy of every page that it touches. */
#define TOGETHER 3
#define EVENT_COLUMNS "seq, id, event_ms, updated_ms, type, data, text, actor, to_tickets, refs"
/* A second row of one seq: the same event again touches a row, another event touches none. */
#define EVENT_INSERT(rows)                                                                         \
    "{INSERT_ROWS} INTO events (account_id, epoch, incident, " EVENT_COLUMNS ") VALUES " rows      \
    " ON CONFLICT (incident, seq) DO UPDATE SET text = events.text"                                \
    " WHERE events.id = excluded.id"
#define RELATED_INSERT(rows)                                                                       \
    "{INSERT_ROWS} INTO related_items (account_id, epoch, incident, generated_id, type,"           \
    " value_kind, value, title, seq) VALUES " rows
#define RELATED_AGAIN                                                                              \
    " ON CONFLICT (incident, generated_id) DO UPDATE SET epoch = excluded.epoch,"                  \
    " type = excluded.type, value_kind = excluded.value_kind, value = excluded.value,"             \
    " title = excluded.title"
static const char *const sql[] = {
    [EVENT_ADD] = EVENT_INSERT("($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"),
    [EVENT_ADD_THREE] =
        EVENT_INSERT("($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13),"
                     " ($1, $2, $3, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23),"
                     " ($1, $2, $3, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)"),
    [EVENT_LIST] = "SELECT " EVENT_COLUMNS " FROM events"
                   " WHERE account_id = $1 AND incident = $2 AND seq > $3 ORDER BY seq LIMIT $4",
    [EVENT_NEWEST] = "SELECT " EVENT_COLUMNS " FROM events WHERE account_id = $1"
                     " AND incident = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
    [EVENT_FIND] = "SELECT " EVENT_COLUMNS " FROM events WHERE account_id = $1 AND incident = $2"
                   " AND id = $3",
    [EVENT_REWRITE] = "UPDATE events SET epoch = $2, id = $5, event_ms = $6, updated_ms = $7,"
                      " type = $8, data = $9, text = $10, actor = $11, to_tickets = $12,"
                      " refs = $13 WHERE account_id = $1 AND incident = $3 AND seq = $4",
    [RELATED_PUT] = RELATED_INSERT("($1, $2, $3, $4, $5, $6, $7, $8, $9)") RELATED_AGAIN,
    [RELATED_PUT_LAST] = RELATED_INSERT(
        "($1, $2, $3, $4, $5, $6, $7, $8,"
        " (SELECT COALESCE(MAX(seq), 0) + 1 FROM related_items WHERE incident = $3))")
        RELATED_AGAIN,
    [RELATED_ADD_THREE] = RELATED_INSERT("($1, $2, $3, $4, $5, $6, $7, $8, $9),"
                                         " ($1, $2, $3, $10, $11, $12, $13, $14, $15),"
                                         " ($1, $2, $3, $16, $17, $18, $19, $20, $21)"),
    [RELATED_DROP] = "DELETE FROM related_items WHERE account_id = $1 AND incident = $2"
                     " AND generated_id = $3",
    [RELATED_LIST] = ("SELECT generated_id, type, value_kind, value, title, seq FROM related_items"
                      " WHERE account_id = $1 AND incident = $2 ORDER BY seq, generated_id"),
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_TIMELINE, no, sql[no], ret, err);
}

static void bind_event(struct tcn_query *q, const struct tcn_event *event)
{
    tcn_q_int(q, event->seq);
    tcn_q_id(q, &event->id);
    tcn_q_int(q, event->event_ms);
    tcn_q_int(q, event->updated_ms);
    tcn_q_text(q, event->type);
    tcn_q_text(q, event->data);
    tcn_q_text(q, event->text);
    tcn_q_text(q, event->actor);
    tcn_q_int(q, event->to_tickets);
    tcn_q_text(q, event->references);
}

/* One or TOGETHER. */
static int add_events(struct tcn_store *s, struct tcn_id incident, const struct tcn_event *events,
                      size_t n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, n == 1 ? EVENT_ADD : EVENT_ADD_THREE, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &incident);
    for (size_t i = 0; i < n; i++)
        bind_event(&q, &events[i]);
    return tcn_query_add(&q, (int64_t)n, "the timeline has another event with that number", err);
}

int tcn_store_event_add(struct tcn_store *s, struct tcn_id incident, const struct tcn_event *event,
                        struct tcn_err *err)
{
    return add_events(s, incident, event, 1, err);
}

int tcn_store_events_add(struct tcn_store *s, struct tcn_id incident,
                         const struct tcn_event *events, size_t n, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0, step; r == 0 && i < n; i += step) {
        step = n - i >= TOGETHER ? TOGETHER : 1;
        r = add_events(s, incident, &events[i], step, err);
    }
    return r;
}

static void read_event(struct tcn_query *q, struct tcn_arena *a, struct tcn_event *ret)
{
    ret->seq = tcn_c_int(q);
    ret->id = tcn_c_id(q);
    ret->event_ms = tcn_c_int(q);
    ret->updated_ms = tcn_c_int(q);
    ret->type = tcn_c_text(q, a);
    ret->data = tcn_c_text(q, a);
    ret->text = tcn_c_text(q, a);
    ret->actor = tcn_c_text(q, a);
    ret->to_tickets = tcn_c_int(q) != 0;
    ret->references = tcn_c_text(q, a);
}

struct span {
    int64_t seq; /* without the event of that number */
    size_t limit;
};

static int list_events(struct tcn_store *s, size_t no, struct tcn_id incident, struct span span,
                       struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n,
                       struct tcn_err *err)
{
    TCN_VEC(struct tcn_event) events = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, span.seq);
    tcn_q_int(&q, (int64_t)span.limit);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_event(&q, a, TCN_VEC_PUSH(a, &events));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = events.items;
    *ret_n = events.n;
    return 0;
}

int tcn_store_event_list(struct tcn_store *s, struct tcn_id incident, int64_t after_seq,
                         size_t limit, struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n,
                         struct tcn_err *err)
{
    struct span span = {after_seq, limit};

    return list_events(s, EVENT_LIST, incident, span, a, ret, ret_n, err);
}

int tcn_store_event_newest(struct tcn_store *s, struct tcn_id incident, int64_t before_seq,
                           size_t limit, struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n,
                           struct tcn_err *err)
{
    struct span span = {before_seq ? before_seq : INT64_MAX, limit};

    return list_events(s, EVENT_NEWEST, incident, span, a, ret, ret_n, err);
}

int tcn_store_event_find(struct tcn_store *s, struct tcn_id incident, struct tcn_id id,
                         struct tcn_arena *a, struct tcn_event *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, EVENT_FIND, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_id(&q, &id);
    if ((r = tcn_query_one(&q, err, "event")) == 0) {
        read_event(&q, a, ret);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

int tcn_store_event_rewrite(struct tcn_store *s, struct tcn_id incident,
                            const struct tcn_event *event, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, EVENT_REWRITE, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &incident);
    bind_event(&q, event);
    return tcn_query_run_touching(&q, 1, "the timeline has no event with that number", err);
}

static void bind_related(struct tcn_query *q, const struct tcn_related_item *item)
{
    tcn_q_text(q, item->generated_id);
    tcn_q_text(q, item->type);
    tcn_q_text(q, item->value_kind);
    tcn_q_text(q, item->value);
    tcn_q_text(q, item->title);
    if (item->seq)
        tcn_q_int(q, item->seq);
}

/* One or TOGETHER. */
static int write_related(struct tcn_store *s, struct tcn_id incident,
                         const struct tcn_related_item *items, size_t n, struct tcn_err *err)
{
    size_t no = n == TOGETHER ? RELATED_ADD_THREE : items->seq ? RELATED_PUT : RELATED_PUT_LAST;
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &incident);
    for (size_t i = 0; i < n; i++)
        bind_related(&q, &items[i]);
    return no == RELATED_PUT_LAST ? tcn_query_run(&q, err) : tcn_query_add(&q, 0, NULL, err);
}

int tcn_store_related_put(struct tcn_store *s, struct tcn_id incident,
                          const struct tcn_related_item *item, struct tcn_err *err)
{
    return write_related(s, incident, item, 1, err);
}

int tcn_store_related_put_all(struct tcn_store *s, struct tcn_id incident,
                              const struct tcn_related_item *items, size_t n, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = write_related(s, incident, &items[i], 1, err);
    return r;
}

static bool are_apart(const struct tcn_related_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(items[i].generated_id, items[k].generated_id) == 0)
                return false;
    return true;
}

int tcn_store_related_add_all(struct tcn_store *s, struct tcn_id incident,
                              const struct tcn_related_item *items, size_t n, struct tcn_err *err)
{
    bool apart = are_apart(items, n);
    int r = 0;

    for (size_t i = 0, step; r == 0 && i < n; i += step) {
        step = apart && n - i >= TOGETHER ? TOGETHER : 1;
        r = write_related(s, incident, &items[i], step, err);
    }
    return r;
}

int tcn_store_related_drop(struct tcn_store *s, struct tcn_id incident, const char *generated_id,
                           struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, RELATED_DROP, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_text(&q, generated_id);
    return tcn_query_run(&q, err);
}

static void read_related(struct tcn_query *q, struct tcn_arena *a, struct tcn_related_item *ret)
{
    tcn_c_array(q, ret->generated_id, sizeof ret->generated_id);
    ret->type = tcn_c_text(q, a);
    ret->value_kind = tcn_c_text(q, a);
    ret->value = tcn_c_text(q, a);
    ret->title = tcn_c_text(q, a);
    ret->seq = tcn_c_int(q);
}

int tcn_store_related_list(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *a,
                           struct tcn_related_item **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_related_item) items = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, RELATED_LIST, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_related(&q, a, TCN_VEC_PUSH(a, &items));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = items.items;
    *ret_n = items.n;
    return 0;
}
