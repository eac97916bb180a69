/* Small named texts. */
#include "store/internal.h"

enum { META_GET, META_PUT };
static const char *const sql[] = {
    [META_GET] = "SELECT value FROM meta WHERE account_id = $1 AND name = $2",
    [META_PUT] = "INSERT INTO meta (account_id, epoch, name, value) VALUES ($1, $2, $3, $4)"
                 " ON CONFLICT (account_id, name) DO UPDATE SET"
                 " epoch = excluded.epoch, value = excluded.value",
};

int tcn_store_meta_get(struct tcn_store *s, const char *name, struct tcn_arena *a, const char **ret,
                       struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_META, META_GET, sql[META_GET], &q, err)) < 0)
        return r;
    tcn_q_text(&q, name);
    if ((r = tcn_query_step(&q, err)) >= 0) {
        *ret = r ? tcn_c_text(&q, a) : NULL;
        r = 0;
    }
    tcn_query_done(&q);
    return r;
}

int tcn_store_meta_put(struct tcn_store *s, const char *name, const char *value,
                       struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_META, META_PUT, sql[META_PUT], &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, name);
    tcn_q_text(&q, value);
    return tcn_query_run(&q, err);
}
