/* Which contact channels are activated, and the codes that are on their way to the others. */
#include "store/internal.h"
#include "store/resources.h"

#include "base/vec.h"

enum { STATE_GET, STATE_PUT, STATE_DROP, STATE_LIST };
#define COLUMNS                                                                                    \
    "contact, channel, address_hash, is_activated, code, code_ms, tries, sent, sent_from_ms, "     \
    "changed_ms"
static const char *const sql[] = {
    [STATE_GET] = "SELECT " COLUMNS " FROM channel_states WHERE account_id = $1"
                  " AND contact = $2 AND channel = $3",
    [STATE_PUT] = "INSERT INTO channel_states (account_id, epoch, " COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
                  " ON CONFLICT (account_id, contact, channel) DO UPDATE SET"
                  " epoch = excluded.epoch, address_hash = excluded.address_hash,"
                  " is_activated = excluded.is_activated, code = excluded.code,"
                  " code_ms = excluded.code_ms, tries = excluded.tries, sent = excluded.sent,"
                  " sent_from_ms = excluded.sent_from_ms, changed_ms = excluded.changed_ms",
    [STATE_DROP] = "DELETE FROM channel_states WHERE account_id = $1 AND contact = $2"
                   " AND channel = $3",
    [STATE_LIST] = "SELECT " COLUMNS " FROM channel_states WHERE account_id = $1"
                   " ORDER BY contact, channel LIMIT $2",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_CHANNEL_STATE, no, sql[no], ret, err);
}

static void read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_channel_state *ret)
{
    ret->contact = tcn_c_text(q, a);
    ret->channel = tcn_c_text(q, a);
    ret->address_hash = tcn_c_id(q);
    ret->is_activated = tcn_c_int(q) != 0;
    ret->code = tcn_c_text(q, a);
    ret->code_ms = tcn_c_int(q);
    ret->tries = tcn_c_int(q);
    ret->sent = tcn_c_int(q);
    ret->sent_from_ms = tcn_c_int(q);
    ret->changed_ms = tcn_c_int(q);
}

int tcn_store_channel_state_get(struct tcn_store *s, const char *contact, const char *channel,
                                struct tcn_arena *a, struct tcn_channel_state *ret,
                                struct tcn_err *err)
{
    struct tcn_channel_state row;
    struct tcn_query q;
    int r;

    if ((r = start(s, STATE_GET, &q, err)) < 0)
        return r;
    tcn_q_text(&q, contact);
    tcn_q_text(&q, channel);
    if ((r = tcn_query_one(&q, err, "state of a channel")) == 0) {
        read_row(&q, a, &row);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    if (r == 0)
        *ret = row;
    return r;
}

int tcn_store_channel_state_put(struct tcn_store *s, const struct tcn_channel_state *state,
                                struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, STATE_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, state->contact);
    tcn_q_text(&q, state->channel);
    tcn_q_id(&q, &state->address_hash);
    tcn_q_int(&q, state->is_activated);
    tcn_q_text(&q, state->code);
    tcn_q_int(&q, state->code_ms);
    tcn_q_int(&q, state->tries);
    tcn_q_int(&q, state->sent);
    tcn_q_int(&q, state->sent_from_ms);
    tcn_q_int(&q, state->changed_ms);
    if ((r = tcn_query_run(&q, err)) < 0)
        return r;
    return tcn_store_resources_changed(s, err);
}

int tcn_store_channel_state_drop(struct tcn_store *s, const char *contact, const char *channel,
                                 struct tcn_err *err)
{
    struct tcn_query q;
    int64_t n = 0;
    int r;

    if ((r = start(s, STATE_DROP, &q, err)) < 0)
        return r;
    tcn_q_text(&q, contact);
    tcn_q_text(&q, channel);
    if ((r = tcn_query_run_count(&q, &n, err)) < 0)
        return r;
    return n > 0 ? tcn_store_resources_changed(s, err) : 0;
}

int tcn_store_channel_state_list(struct tcn_store *s, struct tcn_arena *a,
                                 struct tcn_channel_state **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_channel_state) rows = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, STATE_LIST, &q, err)) < 0)
        return r;
    tcn_q_int(&q, TCN_CHANNEL_STATES_MAX);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_row(&q, a, TCN_VEC_PUSH(a, &rows));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = rows.items;
    *ret_n = rows.n;
    return 0;
}
