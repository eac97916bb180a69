/* Which of several hosts a process begins with. One that takes writes is not enough: an old primary that came back after a
 * promotion takes them, too, and nobody reads there what it takes. So each is met before one is chosen. */
#include "store/postgres.h"

#include <stdio.h>

struct met {
    struct tcn_database server;
    char started[40]; /* when the server was: tells two from one that has two names */
};

static int meet(struct tcn_db *db, size_t host, struct met *ret, struct tcn_err *err)
{
    int r = tcn_pg_reach(db, host, err);

    if (r < 0)
        return r;
    if ((r = tcn_pg_read_server(db, db->coming, &ret->server, err)) == 0)
        r = tcn_pg_read_start(db, db->coming, ret->started, sizeof ret->started, err);
    PQfinish(db->coming);
    db->coming = NULL;
    return r;
}

static bool is_known(const struct tcn_database *s)
{
    return *s->system_id && s->timeline > 0;
}

static void note_left_behind(struct tcn_db *db, const struct tcn_database *used,
                             const struct tcn_database *old)
{
    snprintf(db->used, sizeof db->used, "%s on timeline %lld", used->host,
             (long long)used->timeline);
    snprintf(db->left_behind, sizeof db->left_behind, "%s on timeline %lld", old->host,
             (long long)old->timeline);
}

static int compare(struct tcn_db *db, const struct met *best, const struct met *other,
                   bool *ret_is_better, struct tcn_err *err)
{
    const struct tcn_database *a = &best->server, *b = &other->server;

    *ret_is_better = is_known(b) && (!is_known(a) || b->timeline > a->timeline);
    if (!is_known(a) || !is_known(b))
        return 0;
    if (strcmp(a->system_id, b->system_id) != 0)
        return tcn_fail(err, TCN_EINVALID,
                        "%.100s and %.100s are in two PostgreSQL clusters (system identifiers %s "
                        "and %s): name the servers of one cluster in the store's URL",
                        a->host, b->host, a->system_id, b->system_id);
    if (a->timeline != b->timeline)
        note_left_behind(db, *ret_is_better ? b : a, *ret_is_better ? a : b);
    else if (strcmp(best->started, other->started) != 0)
        return tcn_fail(err, TCN_EINVALID,
                        "%.100s and %.100s are copies of one database that both take writes, on "
                        "timeline %lld: stop one of them, and make it a standby of the other",
                        a->host, b->host, (long long)a->timeline);
    return 0;
}

/* A standby is met as one that takes no writes; libpq says so in words only (fe-connect.c, of target_session_attrs). */
static bool is_of_standby(const struct tcn_err *err)
{
    return strstr(err->msg, "session is read-only") || strstr(err->msg, "in hot standby mode");
}

static void note_unmet(struct tcn_db *db, const struct tcn_err *why)
{
    if (!is_of_standby(why))
        snprintf(db->unmet, sizeof db->unmet, "%.159s", why->msg);
}

/* Who only looks beside a node goes by what the node has learnt. */
static bool is_enough(const struct tcn_db *db, const struct met *met)
{
    bool is_visitor = db->role == TCN_DB_READER || db->role == TCN_DB_GUEST;

    return is_visitor && db->known.timeline > 0 && met->server.timeline >= db->known.timeline;
}

int tcn_pg_survey(struct tcn_db *db, size_t *ret_host, struct tcn_err *err)
{
    struct met best = {0}, met;
    bool is_any = false, is_better = true;
    int r = 0;

    for (size_t i = 0; i < db->hosts.n; i++) {
        if (meet(db, i, &met, err) < 0) {
            note_unmet(db, err);
            continue;
        }
        if (is_any && (r = compare(db, &best, &met, &is_better, err)) < 0)
            return r;
        if (is_better) {
            best = met;
            *ret_host = i;
        }
        is_any = true;
        if (is_enough(db, &met))
            break;
    }
    return is_any ? tcn_pg_known_check(&db->known, &best.server, err) : TCN_EBUSY;
}
