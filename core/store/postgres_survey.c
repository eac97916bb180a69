/* Which of several hosts a process begins with, and what the others are to it, at the start and later. One that takes writes
 * is not enough: an old primary that came back after a promotion takes them, too, and nobody reads there what it takes. */
#include "store/postgres.h"

#include "base/xalloc.h"
#include <stdio.h>
#include <stdlib.h>

/* Who is quick goes by what the node of its folder has learnt. */
static bool is_enough(void *ctx, const struct tcn_database *is)
{
    const struct tcn_db *db = ctx;

    return db->is_quick && db->known.timeline > 0 && is->timeline >= db->known.timeline;
}

static bool is_known(const struct tcn_database *s)
{
    return *s->system_id && s->timeline > 0;
}

/* Of two that take writes. */
static int compare(const struct tcn_database *a, const struct tcn_database *b, bool *ret_is_better,
                   struct tcn_err *err)
{
    *ret_is_better = is_known(b) && (!is_known(a) || b->timeline > a->timeline);
    if (!is_known(a) || !is_known(b))
        return 0;
    if (!tcn_pg_is_one_cluster(a->system_id, b->system_id))
        return tcn_fail(err, TCN_EINVALID,
                        "%.100s and %.100s are in two PostgreSQL clusters (system identifiers %s "
                        "and %s): name the servers of one cluster in the store's URL",
                        a->host, b->host, a->system_id, b->system_id);
    if (a->timeline == b->timeline && strcmp(a->started, b->started) != 0)
        return tcn_fail(err, TCN_EINVALID,
                        "%.100s and %.100s are copies of one database that both take writes, on "
                        "timeline %lld: stop one of them, and make it a standby of the other",
                        a->host, b->host, (long long)a->timeline);
    return 0;
}

static int fail_all(const struct tcn_pg_hailed *found, size_t n, struct tcn_err *err)
{
    struct tcn_pg_refused refused[TCN_SERVERS_MAX];

    for (size_t i = 0; i < n; i++)
        refused[i] = found[i].refused;
    return tcn_pg_fail_hosts(refused, n, err);
}

/* The host to begin with, an index of found; TCN_EBUSY: none answers. */
static int choose(const struct tcn_pg_hailed *found, size_t n, size_t *ret, struct tcn_err *err)
{
    bool is_any = false, is_better = true;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        if (found[i].r < 0)
            continue;
        if (is_any)
            r = compare(&found[*ret].server, &found[i].server, &is_better, err);
        if (is_better)
            *ret = i;
        is_any = true;
    }
    return r < 0 || is_any ? r : fail_all(found, n, err);
}

static struct tcn_server describe(const struct tcn_pg_hailed *found, int64_t newest)
{
    struct tcn_server is = {.state = TCN_SERVER_PRIMARY, .timeline = found->server.timeline};

    memcpy(is.host, found->host, sizeof is.host);
    if (found->r < 0 && found->refused.state == TCN_PG_IS_STANDBY)
        is.state = TCN_SERVER_STANDBY;
    else if (found->r < 0 && found->refused.state == TCN_PG_IS_UNASKED)
        is.state = TCN_SERVER_UNSET;
    else if (found->r < 0)
        is.state = TCN_SERVER_UNMET;
    else if (is.timeline > 0 && is.timeline < newest)
        is.state = TCN_SERVER_LEFT_BEHIND;
    if (is.state == TCN_SERVER_UNMET)
        memcpy(is.why, found->refused.why, sizeof is.why);
    return is;
}

static void describe_all(const struct tcn_db *db, const struct tcn_pg_hailed *found,
                         struct tcn_survey *ret)
{
    int64_t newest = db->known.timeline;

    for (size_t i = 0; i < db->hosts.n; i++)
        if (found[i].r == 0 && found[i].server.timeline > newest)
            newest = found[i].server.timeline;
    ret->n = db->hosts.n;
    for (size_t i = 0; i < ret->n; i++)
        ret->servers[i] = describe(&found[i], newest);
}

static void note_unmet(struct tcn_db *db)
{
    db->known.unmet[0] = '\0';
    for (size_t i = 0; i < db->survey.n; i++)
        if (db->survey.servers[i].state == TCN_SERVER_UNMET)
            memcpy(db->known.unmet, db->survey.servers[i].host, sizeof db->known.unmet);
}

int tcn_pg_survey(struct tcn_db *db, int stop_fd, size_t *ret_host, struct tcn_err *err)
{
    struct tcn_pg_hailed found[TCN_SERVERS_MAX];
    int r;

    tcn_pg_hail(&db->hosts, stop_fd, is_enough, db, found);
    describe_all(db, found, &db->survey);
    note_unmet(db);
    r = choose(found, db->hosts.n, ret_host, err);
    return r < 0 ? r : tcn_pg_known_check(&db->known, &found[*ret_host].server, err);
}

void tcn_pg_survey_of_start(struct tcn_db *db, struct tcn_survey *ret)
{
    *ret = db->survey;
}

/* Of a process at work, which needs all of them and chooses none. */
int tcn_pg_survey_place(const struct tcn_db_place *place, int stop_fd, struct tcn_survey *ret,
                        struct tcn_err *err)
{
    struct tcn_db *db = tcn_xcalloc(1, sizeof *db);
    struct tcn_err why = {0};
    size_t host = 0;
    int r;

    db->role = TCN_DB_NODE;
    if ((r = tcn_pg_hosts_init(&db->hosts, place, err)) == 0 && db->hosts.n < 2)
        r = tcn_fail(err, TCN_ENOTFOUND, "the store's URL has one server");
    if (r == 0)
        r = tcn_pg_known_read(&db->known, place->folder, err);
    if (r == 0 && tcn_pg_survey(db, stop_fd, &host, &why) == TCN_EINVALID)
        snprintf(db->survey.wrong, sizeof db->survey.wrong, "%s", why.msg);
    *ret = db->survey;
    tcn_pg_hosts_done(&db->hosts);
    tcn_pg_known_done(&db->known);
    free(db);
    return r;
}
