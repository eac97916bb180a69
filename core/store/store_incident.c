/* Incident records. */
#include "store/internal.h"

#include "base/vec.h"
#include "store/pack.h"

enum {
    INCIDENT_GET,
    INCIDENT_PUT,
    INCIDENT_OPEN_OF,
    LIST_ALL,
    LIST_OPEN,
    LIST_STATUS,
    LIST_DEDUPE,
    LIST_DEDUPE_STATUS,
    COUNT_ALL,
    COUNT_OPEN
};
#define COLUMNS                                                                                    \
    "id, status, impact, response_plan, title, summary, dedupe_string, source, source_name, "      \
    "trigger_arn, created_by, modified_by, created_ms, modified_ms, resolved_ms, "                 \
    "acknowledged_ms, acknowledged_by, resolution_code, resolution_notes, resolution_by, "         \
    "previous, storm, is_storm, tags, revision, event_seq, related_seq, unreached_ms, "            \
    "is_bare, notification_targets, chat_channel"
/* $4: 1 takes what is no incident, too. */
#define LIST "SELECT " COLUMNS " FROM incidents WHERE account_id = $1 AND id < $2 AND is_bare <= $4"
#define NEWEST " ORDER BY id DESC LIMIT $3"
/* Each of the two is counted in its index, and no row is read. */
#define COUNT                                                                                      \
    "SELECT COUNT(*) - (SELECT COUNT(*) FROM incidents WHERE account_id = $1 AND is_bare = 1"
/* A status is in the text where a partial index of the schema has it. */
static const char *const sql[] = {
    [INCIDENT_GET] = "SELECT " COLUMNS " FROM incidents WHERE account_id = $1 AND id = $2",
    [INCIDENT_PUT] =
        "INSERT INTO incidents (account_id, epoch, dedupe_hash, " COLUMNS ") VALUES ($1, $2, $3,"
        " $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,"
        " $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)"
        " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, status = excluded.status,"
        " impact = excluded.impact, response_plan = excluded.response_plan,"
        " title = excluded.title, summary = excluded.summary,"
        " dedupe_hash = excluded.dedupe_hash, dedupe_string = excluded.dedupe_string,"
        " source = excluded.source,"
        " source_name = excluded.source_name, trigger_arn = excluded.trigger_arn,"
        " created_by = excluded.created_by, modified_by = excluded.modified_by,"
        " created_ms = excluded.created_ms, modified_ms = excluded.modified_ms,"
        " resolved_ms = excluded.resolved_ms, acknowledged_ms = excluded.acknowledged_ms,"
        " acknowledged_by = excluded.acknowledged_by, resolution_code = excluded.resolution_code,"
        " resolution_notes = excluded.resolution_notes, resolution_by = excluded.resolution_by,"
        " previous = excluded.previous, storm = excluded.storm, is_storm = excluded.is_storm,"
        " tags = excluded.tags, revision = excluded.revision, event_seq = excluded.event_seq,"
        " related_seq = excluded.related_seq, unreached_ms = excluded.unreached_ms,"
        " is_bare = excluded.is_bare,"
        " notification_targets = excluded.notification_targets,"
        " chat_channel = excluded.chat_channel"
        " WHERE incidents.account_id = excluded.account_id",
    [INCIDENT_OPEN_OF] = TCN_OPEN_OF("$2"),
    [LIST_ALL] = LIST NEWEST,
    [LIST_OPEN] = LIST " AND status = 1" NEWEST,
    [LIST_STATUS] = LIST " AND status = $5" NEWEST,
    [LIST_DEDUPE] = LIST " AND dedupe_hash = $5" NEWEST,
    [LIST_DEDUPE_STATUS] = LIST " AND dedupe_hash = $5 AND status = $6" NEWEST,
    [COUNT_ALL] = COUNT ") FROM incidents WHERE account_id = $1",
    [COUNT_OPEN] = COUNT " AND status = 1) FROM incidents WHERE account_id = $1 AND status = 1",
};
_Static_assert(TCN_STATUS_OPEN == 1, "in the SQL above and in an index of the schema");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_INCIDENT, no, sql[no], ret, err);
}

static int read_incident(struct tcn_query *q, struct tcn_arena *a, struct tcn_incident *ret,
                         struct tcn_err *err)
{
    int r;

    memset(ret, 0, sizeof *ret);
    ret->exists = true;
    ret->id = tcn_c_id(q);
    ret->status = (enum tcn_incident_status)tcn_c_int(q);
    ret->impact = (int)tcn_c_int(q);
    ret->response_plan = tcn_c_text(q, a);
    ret->title = tcn_c_text(q, a);
    ret->summary = tcn_c_text(q, a);
    ret->dedupe_string = tcn_c_text(q, a);
    ret->source = tcn_c_text(q, a);
    ret->source_name = tcn_c_text(q, a);
    ret->trigger_arn = tcn_c_text(q, a);
    ret->created_by = tcn_c_text(q, a);
    ret->modified_by = tcn_c_text(q, a);
    ret->created_ms = tcn_c_int(q);
    ret->modified_ms = tcn_c_int(q);
    ret->resolved_ms = tcn_c_int(q);
    ret->acknowledged_ms = tcn_c_int(q);
    ret->acknowledged_by = tcn_c_text(q, a);
    ret->resolution.code = tcn_c_text(q, a);
    ret->resolution.notes = tcn_c_text(q, a);
    ret->resolution.by = tcn_c_text(q, a);
    ret->previous = tcn_c_id(q);
    ret->storm = tcn_c_id(q);
    ret->is_storm = tcn_c_int(q) != 0;
    if ((r = tcn_unpack_tags(tcn_c_view(q), a, &ret->tags, &ret->n_tags, err)) < 0)
        return r;
    ret->revision = tcn_c_int(q);
    ret->event_seq = tcn_c_int(q);
    ret->related_seq = tcn_c_int(q);
    ret->unreached_ms = tcn_c_int(q);
    ret->is_bare = tcn_c_int(q) != 0;
    if ((r = tcn_unpack_topics(tcn_c_view(q), a, &ret->notification_targets, err)) < 0 ||
        (r = tcn_unpack_topics(tcn_c_view(q), a, &ret->chat_channel, err)) < 0)
        return r;
    return tcn_query_row_ok(q, err);
}

int tcn_store_incident_get(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                           struct tcn_incident *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, INCIDENT_GET, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &id);
    if ((r = tcn_query_one(&q, err, "incident")) == 0)
        r = read_incident(&q, a, ret, err);
    tcn_query_done(&q);
    return r;
}

/* The lists of a row. */
struct lists {
    struct tcn_buf tags, targets, chat;
};

static int pack_lists(const struct tcn_incident *i, struct lists *ret, struct tcn_err *err)
{
    int r = tcn_pack_tags(i->tags, i->n_tags, &ret->tags, err);

    if (r == 0)
        r = tcn_pack_topics(&i->notification_targets, &ret->targets, err);
    return r < 0 ? r : tcn_pack_topics(&i->chat_channel, &ret->chat, err);
}

static void lists_done(struct lists *l)
{
    tcn_buf_done(&l->tags);
    tcn_buf_done(&l->targets);
    tcn_buf_done(&l->chat);
}

static void bind_incident(struct tcn_query *q, const struct tcn_incident *i,
                          const struct tcn_id *hash, const struct lists *lists)
{
    tcn_q_epoch(q);
    tcn_q_id(q, hash);
    tcn_q_id(q, &i->id);
    tcn_q_int(q, i->status);
    tcn_q_int(q, i->impact);
    tcn_q_text(q, i->response_plan);
    tcn_q_text(q, i->title);
    tcn_q_text(q, i->summary);
    tcn_q_text(q, i->dedupe_string ? i->dedupe_string : "");
    tcn_q_text(q, i->source);
    tcn_q_text(q, i->source_name);
    tcn_q_text(q, i->trigger_arn);
    tcn_q_text(q, i->created_by);
    tcn_q_text(q, i->modified_by);
    tcn_q_int(q, i->created_ms);
    tcn_q_int(q, i->modified_ms);
    tcn_q_int(q, i->resolved_ms);
    tcn_q_int(q, i->acknowledged_ms);
    tcn_q_text(q, i->acknowledged_by);
    tcn_q_text(q, i->resolution.code);
    tcn_q_text(q, i->resolution.notes);
    tcn_q_text(q, i->resolution.by);
    tcn_q_id(q, &i->previous);
    tcn_q_id(q, &i->storm);
    tcn_q_int(q, i->is_storm);
    tcn_q_packed(q, &lists->tags);
    tcn_q_int(q, i->revision);
    tcn_q_int(q, i->event_seq);
    tcn_q_int(q, i->related_seq);
    tcn_q_int(q, i->unreached_ms);
    tcn_q_int(q, i->is_bare);
    tcn_q_packed(q, &lists->targets);
    tcn_q_packed(q, &lists->chat);
}

int tcn_store_incident_put(struct tcn_store *s, const struct tcn_incident *incident,
                           struct tcn_err *err)
{
    /* No alarm has a second part: none finds what is no incident. */
    struct tcn_id hash =
        tcn_store_hash(s, incident->dedupe_string, incident->is_bare ? "bare" : NULL);
    struct lists lists = {0};
    struct tcn_query q;
    int r;

    if ((r = pack_lists(incident, &lists, err)) == 0 &&
        (r = start(s, INCIDENT_PUT, &q, err)) == 0) {
        bind_incident(&q, incident, &hash, &lists);
        tcn_store_note_present(s, TCN_AHEAD_OPEN, hash);
        r = tcn_query_add(&q, 1, "the incident belongs to another account", err);
    }
    lists_done(&lists);
    return r;
}

int tcn_store_incident_open_of(struct tcn_store *s, const char *dedupe_string,
                               struct tcn_id *ret_id, struct tcn_err *err)
{
    struct tcn_id hash = tcn_store_hash(s, dedupe_string, NULL);
    struct tcn_query q;
    int r;

    if ((r = start(s, INCIDENT_OPEN_OF, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &hash);
    if ((r = tcn_query_one(&q, err, "open incident")) == 0) {
        *ret_id = tcn_c_id(&q);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

static size_t list_of(const struct tcn_incident_filter *f)
{
    if (f->dedupe_string)
        return f->status == TCN_STATUS_UNSET ? LIST_DEDUPE : LIST_DEDUPE_STATUS;
    if (f->status == TCN_STATUS_UNSET)
        return LIST_ALL;
    return f->status == TCN_STATUS_OPEN ? LIST_OPEN : LIST_STATUS;
}

int tcn_store_incident_list(struct tcn_store *s, const struct tcn_incident_filter *filter,
                            struct tcn_arena *a, struct tcn_incident **ret, size_t *ret_n,
                            struct tcn_err *err)
{
    TCN_VEC(struct tcn_incident) list = {0};
    struct tcn_id hash = tcn_store_hash(s, filter->dedupe_string, NULL);
    size_t no = list_of(filter);
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_id(&q, tcn_id_is_zero(filter->before) ? &tcn_store_last_id : &filter->before);
    tcn_q_int(&q, (int64_t)filter->limit);
    tcn_q_int(&q, filter->and_bare);
    if (filter->dedupe_string)
        tcn_q_id(&q, &hash);
    if (no == LIST_STATUS || no == LIST_DEDUPE_STATUS)
        tcn_q_int(&q, filter->status);
    while ((r = tcn_query_step(&q, err)) == 1)
        if ((r = read_incident(&q, a, TCN_VEC_PUSH(a, &list), err)) < 0)
            break;
    tcn_query_done(&q);
    if (r < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

static int count(struct tcn_store *s, size_t no, int64_t *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    if ((r = tcn_query_one(&q, err, "count")) == 0)
        *ret = tcn_c_int(&q);
    tcn_query_done(&q);
    return r;
}

int tcn_store_incident_count(struct tcn_store *s, enum tcn_incident_status status, int64_t *ret,
                             struct tcn_err *err)
{
    int64_t all = 0, open = 0;
    int r;

    if (status != TCN_STATUS_OPEN && (r = count(s, COUNT_ALL, &all, err)) < 0)
        return r;
    if (status != TCN_STATUS_UNSET && (r = count(s, COUNT_OPEN, &open, err)) < 0)
        return r;
    *ret = status == TCN_STATUS_OPEN ? open : all - open;
    return 0;
}
