/* The alarms of a storm. Which of them are still its own, and fire, is what their lanes say. */
#include "store/internal.h"

#include "base/vec.h"
#include "store/told.h"

enum { ALARM_PUT, ALARM_GET, ALARM_LIST };
#define OF_LANE "SELECT m.key_hash, l.dedupe_key, l.source, l.is_firing, m.joined_ms"
#define LISTED OF_LANE ", m.title, m.summary, m.impact"
#define OF_INCIDENT                                                                                \
    " FROM storm_alarms m JOIN lanes l"                                                            \
    " ON l.key_hash = m.key_hash AND l.incident = m.incident"                                      \
    " WHERE m.account_id = $1 AND l.account_id = $1 AND m.incident = $2"
static const char *const sql[] = {
    [ALARM_PUT] = "INSERT INTO storm_alarms (account_id, epoch, incident, key_hash,"
                  " joined_ms, " TCN_TOLD_COLUMNS ")"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
                  " ON CONFLICT (incident, key_hash) DO UPDATE SET epoch = excluded.epoch,"
                  " title = excluded.title, summary = excluded.summary, impact = excluded.impact,"
                  " trigger_arn = excluded.trigger_arn, tags = excluded.tags,"
                  " related = excluded.related",
    [ALARM_GET] = LISTED ", m.trigger_arn, m.tags, m.related" OF_INCIDENT " AND m.key_hash = $3",
    [ALARM_LIST] = LISTED OF_INCIDENT " AND m.key_hash < $3 ORDER BY m.key_hash DESC LIMIT $4",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_STORM_ALARM, no, sql[no], ret, err);
}

static int put(struct tcn_store *s, const struct tcn_id *incident, const struct tcn_id *hash,
               int64_t joined_ms, const struct tcn_told_row *row, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, ALARM_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, incident);
    tcn_q_id(&q, hash);
    tcn_q_int(&q, joined_ms);
    tcn_q_told(&q, row);
    return tcn_query_add(&q, 0, NULL, err);
}

int tcn_store_storm_alarm_put(struct tcn_store *s, struct tcn_id incident, const char *dedupe_key,
                              const struct tcn_storm_alarm *alarm, struct tcn_err *err)
{
    struct tcn_id hash = tcn_store_hash(s, dedupe_key, NULL);
    struct tcn_told_row row;
    int r;

    if ((r = tcn_told_pack(&alarm->told, &row, err)) == 0)
        r = put(s, &incident, &hash, alarm->joined_ms, &row, err);
    tcn_told_done(&row);
    return r;
}

static void read_lane(struct tcn_query *q, struct tcn_arena *a, struct tcn_storm_alarm *ret)
{
    *ret = (struct tcn_storm_alarm){.id = tcn_c_id(q)};
    ret->dedupe_key = tcn_c_text(q, a);
    ret->source = tcn_c_text(q, a);
    ret->is_firing = tcn_c_int(q) != 0;
    ret->joined_ms = tcn_c_int(q);
}

static void read_listed(struct tcn_query *q, struct tcn_arena *a, struct tcn_storm_alarm *ret)
{
    read_lane(q, a, ret);
    ret->told.title = tcn_c_text(q, a);
    ret->told.summary = tcn_c_text(q, a);
    ret->told.impact = (int)tcn_c_int(q);
}

static int read_whole(struct tcn_query *q, struct tcn_arena *a, struct tcn_storm_alarm *ret,
                      struct tcn_err *err)
{
    int r;

    read_lane(q, a, ret);
    if ((r = tcn_c_told(q, a, &ret->told, err)) < 0)
        return r;
    return tcn_query_row_ok(q, err);
}

int tcn_store_storm_alarm_get(struct tcn_store *s, struct tcn_id incident, struct tcn_id id,
                              struct tcn_arena *a, struct tcn_storm_alarm *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, ALARM_GET, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_id(&q, &id);
    if ((r = tcn_query_one(&q, err, "alarm of the storm")) == 0)
        r = read_whole(&q, a, ret, err);
    tcn_query_done(&q);
    return r;
}

int tcn_store_storm_alarm_list(struct tcn_store *s, struct tcn_id incident, struct tcn_id before,
                               size_t limit, struct tcn_arena *a, struct tcn_storm_alarm **ret,
                               size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_storm_alarm) rows = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, ALARM_LIST, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_id(&q, tcn_id_is_zero(before) ? &tcn_store_last_id : &before);
    tcn_q_int(&q, (int64_t)limit);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_listed(&q, a, TCN_VEC_PUSH(a, &rows));
    tcn_query_done(&q);
    *ret = rows.items;
    *ret_n = rows.n;
    return r < 0 ? r : tcn_query_row_ok(&q, err);
}
