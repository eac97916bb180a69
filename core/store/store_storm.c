/* Of each source, how many incidents may still open, and the storm that it is in. Every new alarm asks and writes it: a
 * transaction reads the row of a source once, and writes it at its end. */
#include "base/xalloc.h"
#include "store/internal.h"

#include <stdlib.h>

enum { STORM_GET, STORM_PUT };
static const char *const sql[] = {
    /* Its own first, then one that has an incident. */
    [STORM_GET] = "SELECT node = $3, tokens, at_ms, incident, attached, let_out FROM storms"
                  " WHERE account_id = $1 AND source = $2 AND (node = $3 OR incident IS NOT NULL)"
                  " ORDER BY node <> $3, incident DESC LIMIT 2",
    [STORM_PUT] =
        "INSERT INTO storms (account_id, epoch, source, node, tokens, at_ms, incident, attached,"
        " let_out) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " ON CONFLICT (account_id, source, node) DO UPDATE SET epoch = excluded.epoch,"
        " tokens = excluded.tokens, at_ms = excluded.at_ms,"
        " incident = excluded.incident, attached = excluded.attached, let_out = excluded.let_out",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_STORM, no, sql[no], ret, err);
}

/* A bucket each: a common one would make the nodes wait for each other's commits. */
static const char *bucket(const struct tcn_store *s)
{
    return tcn_store_is_shared(s) ? s->node : "";
}

/* Of its own row all, of another's the incident. */
static void add_storm(struct tcn_query *q, struct tcn_storm *ret)
{
    struct tcn_storm row;
    bool is_own = tcn_c_int(q) != 0;

    row.tokens = tcn_c_double(q);
    row.at_ms = tcn_c_int(q);
    row.incident = tcn_c_id(q);
    row.attached = tcn_c_int(q);
    row.let_out = (int)tcn_c_int(q);
    if (is_own)
        *ret = row;
    else if (tcn_id_is_zero(ret->incident))
        ret->incident = row.incident;
}

static int read_row(struct tcn_store *s, const char *source, struct tcn_storm *ret,
                    struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, STORM_GET, &q, err)) < 0)
        return r;
    memset(ret, 0, sizeof *ret);
    tcn_q_text(&q, source);
    tcn_q_text(&q, bucket(s));
    while ((r = tcn_query_step(&q, err)) == 1)
        add_storm(&q, ret);
    tcn_query_done(&q);
    return r < 0 ? r : tcn_query_row_ok(&q, err);
}

static int write_row(struct tcn_store *s, const char *source, const struct tcn_storm *storm,
                     struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, STORM_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, source);
    tcn_q_text(&q, bucket(s));
    tcn_q_double(&q, storm->tokens);
    tcn_q_int(&q, storm->at_ms);
    tcn_q_id(&q, &storm->incident);
    tcn_q_int(&q, storm->attached);
    tcn_q_int(&q, storm->let_out);
    return tcn_query_run(&q, err);
}

static bool is_in_hand(const struct tcn_store *s, const char *source)
{
    return s->storm.source && strcmp(s->storm.source, source) == 0;
}

void tcn_store_storm_forget(struct tcn_store *s)
{
    free(s->storm.source);
    s->storm.source = NULL;
    s->storm.is_changed = false;
}

int tcn_store_storm_write(struct tcn_store *s, struct tcn_err *err)
{
    int r = s->storm.is_changed ? write_row(s, s->storm.source, &s->storm.row, err) : 0;

    tcn_store_storm_forget(s);
    return r;
}

int tcn_store_storm_reread(struct tcn_store *s, const char *source, struct tcn_storm *ret,
                           struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_storm_write(s, err)) < 0 || (r = read_row(s, source, ret, err)) < 0)
        return r;
    s->storm.source = tcn_xstrdup(source);
    s->storm.row = *ret;
    return 0;
}

int tcn_store_storm_get(struct tcn_store *s, const char *source, struct tcn_storm *ret,
                        struct tcn_err *err)
{
    if (!is_in_hand(s, source))
        return tcn_store_storm_reread(s, source, ret, err);
    *ret = s->storm.row;
    return 0;
}

/* What was not read could be one that another node began. */
int tcn_store_storm_put(struct tcn_store *s, const char *source, const struct tcn_storm *storm,
                        struct tcn_err *err)
{
    if (!is_in_hand(s, source))
        return write_row(s, source, storm, err);
    s->storm.row = *storm;
    s->storm.is_changed = true;
    return 0;
}
