/* A node's name belongs to the process that is at work under it. A start that took it over at once would end that one, whose
 * supervisor starts it again, which would end this one, and so on. A process that is just ending, or whose machine has failed,
 * is not heard of for a lease. */
#include "store/internal.h"
#include "store/nodes.h"

#include "sys/clock.h"
#include <poll.h>
#include <stdio.h>

#define LOOK_MS 100

enum { NAME_HOLDER };
static const char *const sql[] = {
    /* Who ends leaves no connection. Of those of another role only the number can be seen; the number of one that is gone may be
     * another program's by now: that is waited for in vain, once. */
    [NAME_HOLDER] =
        "SELECT e.seen_ms, CASE WHEN a.client_port = -1 THEN 'the same machine'"
        " ELSE COALESCE(host(a.client_addr), 'a place that this role may not see') END"
        " FROM epochs e JOIN pg_stat_activity a ON a.pid = e.backend"
        " AND a.pid <> pg_backend_pid() WHERE e.account_id = $1 AND e.node = $2 AND e.session > 0"
        " ORDER BY e.epoch DESC LIMIT 1",
};

struct holder {
    bool is_there;
    int64_t seen_ms;
    char at[64];
};

static int look(struct tcn_store *s, struct holder *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret = (struct holder){0};
    r = tcn_query_start(s, TCN_SQL_NAME, NAME_HOLDER, sql[NAME_HOLDER], &q, err);
    if (r < 0)
        return r;
    tcn_q_text(&q, s->node);
    if ((r = tcn_query_step(&q, err)) == 1) {
        ret->is_there = true;
        ret->seen_ms = tcn_c_int(&q);
        tcn_c_array(&q, ret->at, sizeof ret->at);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

/* Until it is gone, or for a lease. */
static int wait_for(struct tcn_store *s, struct holder *is, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + TCN_LEASE_MS * INT64_C(1000);
    int r = 0;

    while (r == 0 && is->is_there && tcn_clock_mono_us() < until_us) {
        poll(NULL, 0, LOOK_MS);
        r = look(s, is, err);
    }
    return r;
}

int tcn_store_need_name(struct tcn_store *s, struct tcn_err *err)
{
    struct holder was, is;
    int r;

    if (!tcn_store_is_shared(s))
        return 0;
    if ((r = look(s, &was, err)) < 0)
        return r;
    is = was;
    if ((r = wait_for(s, &is, err)) < 0 || !is.is_there)
        return r;
    if (is.seen_ms != was.seen_ms)
        return tcn_fail(err, TCN_EBUSY,
                        "a process with this node's name (\"node\": \"%s\") is at work, connected "
                        "to the database from %s: give each node a name of its own, or stop that "
                        "one first",
                        s->node, is.at);
    snprintf(s->doubts.stands_still_at, sizeof s->doubts.stands_still_at, "%s", is.at);
    return 0;
}
