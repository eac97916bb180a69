/* What people are told at a start: it works, and may not be what they meant. */
#include "store/check.h"
#include "store/held.h"
#include "store/internal.h"
#include "store/nodes.h"

/* One that was in contact so lately that it is at work. */
#define AT_WORK_MS "60000"

enum { OTHER_ACCOUNT };
static const char *const sql[] = {
    [OTHER_ACCOUNT] = "SELECT account_id, node FROM epochs WHERE account_id <> $1 AND session > 0"
                      " AND seen_ms > {NOW_MS} - " AT_WORK_MS " ORDER BY epoch DESC LIMIT 1",
};

static int find_other_account(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    r = tcn_query_start(s, TCN_SQL_DOUBTS, OTHER_ACCOUNT, sql[OTHER_ACCOUNT], &q, err);
    if (r < 0)
        return r;
    if ((r = tcn_query_step(&q, err)) == 1) {
        tcn_c_array(&q, s->doubts.other_account, sizeof s->doubts.other_account);
        tcn_c_array(&q, s->doubts.other_node, sizeof s->doubts.other_node);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

int tcn_store_doubt_start(struct tcn_store *s, struct tcn_err *err)
{
    int r;

    if (!tcn_store_is_shared(s))
        return 0;
    s->doubts.has_lost = s->driver->has_lost && s->driver->has_lost(s->db);
    if (s->doubts.has_lost && (r = tcn_store_look_first(s, err)) < 0)
        return r;
    if ((r = find_other_account(s, err)) < 0)
        return r;
    return tcn_store_open_policies(s, s->doubts.policies, sizeof s->doubts.policies, err);
}

void tcn_store_start_doubts(const struct tcn_store *s, struct tcn_start_doubts *ret)
{
    *ret = s->doubts;
}
