/* What this node has written last outlives it: its start and the number of its commit are a line of a file in its folder. A server
 * that lacks them on the timeline that it was written on was restored to an earlier state, or is a copy that was promoted to the
 * same timeline number as the right one. Which of these people meant, they say. */
#include "store/postgres.h"

#include "sys/clock.h"
#include "sys/file.h"
#include <stdio.h>
#include <stdlib.h>

#define FILE_NAME "postgresql-written"
#define FILE_MAX 256 /* bytes */
#define FILE_MODE 0600
#define KEPT_US (10 * INT64_C(1000000)) /* between two that a node at work writes */
#define SESSIONS 1000000 /* of one process: tries to come back whose answers were lost */

/* Which database of the cluster, and whether there is a store. */
static const char find_place[] =
    "SELECT hashtext(current_database() || '/' || COALESCE(current_schema(), ''))::bigint"
    " & 2147483647, to_regclass('epochs') IS NOT NULL AND to_regclass('meta') IS NOT NULL";

/* Of this account: the row of that start, the newest start (which is never forgotten), and whether the store is held. */
static const char find_row[] =
    "SELECT COALESCE((SELECT session FROM epochs WHERE epoch = $1), -1),"
    " COALESCE((SELECT commit_no FROM epochs WHERE epoch = $1), -1),"
    " COALESCE((SELECT MAX(epoch) FROM epochs), 0),"
    " (SELECT COUNT(*) FROM meta WHERE name = 'held_before_ms' AND value <> '0'"
    " AND account_id = $2)";

/* -- the file ---------------------------------------------------------------------------------------------------- */

/* One that cannot be read says nothing. */
static bool parse(const char *line, struct tcn_pg_mark *ret)
{
    long long timeline, place, epoch, session, commit_no;

    if (sscanf(line, "%23[0-9] %lld %lld %15[0-9] %lld %lld %lld", ret->system_id, &timeline,
               &place, ret->account, &epoch, &session, &commit_no) != 7)
        return false;
    ret->timeline = timeline;
    ret->place = place;
    ret->epoch = epoch;
    ret->session = session;
    ret->commit_no = commit_no;
    return true;
}

void tcn_pg_mark_init(struct tcn_pg_mark *m, const char *folder)
{
    struct tcn_buf text;

    *m = (struct tcn_pg_mark){.path = folder ? tcn_pg_path(folder, FILE_NAME) : NULL};
    if (!folder)
        return;
    tcn_buf_init(&text, FILE_MAX);
    m->is_known = tcn_file_read(m->path, &text, NULL) == 0 && parse(tcn_buf_view(&text).ptr, m);
    tcn_buf_done(&text);
}

void tcn_pg_mark_done(struct tcn_pg_mark *m)
{
    free(m->path);
    m->path = NULL;
}

/* A node goes on without it: the next start knows less. */
static void keep(struct tcn_db *db)
{
    struct tcn_pg_mark *m = &db->mark;
    char line[FILE_MAX];
    int len;

    m->kept_us = tcn_clock_mono_us();
    m->commit_no = db->commit_no;
    len = snprintf(line, sizeof line, "%s %lld %lld %s %lld %lld %lld\n", db->server.system_id,
                   (long long)m->timeline, (long long)m->place, db->account, (long long)db->epoch,
                   (long long)db->session, (long long)db->commit_no);
    tcn_file_write(m->path, (struct tcn_str){line, (size_t)len}, FILE_MODE, NULL);
}

static bool can_keep(const struct tcn_db *db)
{
    return db->mark.path && db->guard && *db->server.system_id;
}

void tcn_pg_mark_keep(struct tcn_db *db, bool is_urgent)
{
    struct tcn_pg_mark *m = &db->mark;
    bool is_due = tcn_clock_mono_us() >= m->kept_us + KEPT_US && m->commit_no != db->commit_no;

    if (!can_keep(db) || (!is_urgent && !is_due))
        return;
    m->timeline = db->server.timeline;
    keep(db);
}

void tcn_pg_mark_end(struct tcn_db *db)
{
    if (can_keep(db))
        keep(db);
}

void tcn_pg_mark_die(struct tcn_db *db, const char *why)
{
    tcn_pg_mark_end(db);
    tcn_pg_die(why);
}

/* -- at a start -------------------------------------------------------------------------------------------------- */

struct found {
    int64_t session, commit_no, newest, held;
};

static int find(struct tcn_db *db, struct found *ret, struct tcn_err *err)
{
    const struct tcn_db_driver *d = &tcn_postgres_driver;
    struct tcn_dbstmt *st = NULL;
    int r;

    if ((r = d->prepare(db, find_row, &st, err)) < 0)
        return r;
    d->bind_int(st, 1, db->mark.epoch);
    d->bind_text(st, 2, db->mark.account, strlen(db->mark.account));
    if ((r = d->step(st, err)) == 1)
        *ret = (struct found){d->column_int(st, 0), d->column_int(st, 1), d->column_int(st, 2),
                              d->column_int(st, 3)};
    d->finalize(st);
    return r < 0 ? r : 0;
}

/* A start that ended long ago is forgotten, the newest never. A session of 0 was ended by another process. */
static bool lacks(const struct tcn_pg_mark *m, const struct found *is)
{
    if (is->commit_no < 0)
        return is->newest < m->epoch;
    return is->commit_no < m->commit_no ||
           (is->session > 0 && (is->session < m->session || is->session > m->session + SESSIONS));
}

static int refuse(const struct tcn_db *db, const struct found *is, struct tcn_err *err)
{
    const struct tcn_pg_mark *m = &db->mark;

    return tcn_fail(err, TCN_EINVALID,
                    "the database at %.100s lacks what this node had written to it on timeline "
                    "%lld (commit %lld of start %lld, and it has %lld): it was restored to an "
                    "earlier state, or is a copy that was promoted beside the right one. A backup "
                    "that was meant to be restored: tocsin db hold, then start; another server is "
                    "the right one: stop this one and bring that back; to go on all the same, "
                    "delete %.120s",
                    db->server.host, (long long)m->timeline, (long long)m->commit_no,
                    (long long)m->epoch, (long long)(is->commit_no < 0 ? 0 : is->commit_no),
                    m->path);
}

static int find_where(struct tcn_db *db, bool *ret_is_store, struct tcn_err *err)
{
    const struct tcn_db_driver *d = &tcn_postgres_driver;
    struct tcn_dbstmt *st = NULL;
    int r;

    if ((r = d->prepare(db, find_place, &st, err)) < 0)
        return r;
    if ((r = d->step(st, err)) == 1) {
        db->mark.is_same_place = db->mark.place == d->column_int(st, 0);
        db->mark.place = d->column_int(st, 0);
        *ret_is_store = d->column_int(st, 1) != 0;
    }
    d->finalize(st);
    return r < 0 ? r : 0;
}

/* What was written elsewhere says nothing of this server. Who looks at all accounts looks at that one, too. */
static bool is_about(const struct tcn_db *db)
{
    const struct tcn_pg_mark *m = &db->mark;

    return m->is_known && m->is_same_place && m->timeline <= db->server.timeline &&
           tcn_pg_is_one_cluster(m->system_id, db->server.system_id) &&
           (strcmp(m->account, db->account) == 0 || strcmp(db->account, "*") == 0);
}

int tcn_pg_mark_check(struct tcn_db *db, struct tcn_err *err)
{
    struct found is = {-1, -1, 0, 0};
    bool is_store = false;
    int r;

    if (!db->mark.path)
        return 0;
    if ((r = find_where(db, &is_store, err)) < 0 || !is_about(db))
        return r;
    if (is_store && (r = find(db, &is, err)) < 0)
        return r;
    if (!lacks(&db->mark, &is) || is.held > 0)
        return 0;
    db->has_lost = db->mark.timeline < db->server.timeline;
    return db->has_lost ? 0 : refuse(db, &is, err);
}

bool tcn_pg_has_lost(const struct tcn_db *db)
{
    return db->has_lost;
}
