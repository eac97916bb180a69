/* The connection: opening with its checks, the epoch, transactions. */
#include "store/internal.h"

#include "base/xalloc.h"
#include "store/check.h"
#include "store/copy.h"
#include "store/die.h"
#include "store/migrate.h"
#include "store/moved.h"
#include "store/resources.h"
#include "sys/clock.h"
#include "sys/random.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define EPOCHS_KEPT 1000
#define FOLLOW_US (60 * INT64_C(1000000))

enum { EPOCH_ADD, EPOCH_FENCE, EPOCH_TRIM };
static const char *const sql[] = {
    /* Epochs grow over all accounts of the database. */
    [EPOCH_ADD] = ("INSERT INTO epochs (account_id, epoch, node, started_ms, session, commit_no,"
                   " region, version, config, seen_ms) VALUES ($1,"
                   " (SELECT COALESCE(MAX(epoch), 0) + 1 FROM epochs),"
                   " $2, $3, $4, 0, $5, $6, $7, $8 * {NOW_MS}) RETURNING epoch"),
    /* Who still thinks that it owns the store, or on a shared one this node's name, does not any more. */
    [EPOCH_FENCE] = ("UPDATE epochs SET session = 0, ended_ms = {NOW_MS}, ended_by = $2"
                     " WHERE account_id = $1 AND epoch < $2 AND session > 0"
                     " AND ($3 = 0 OR node = $4)"),
    [EPOCH_TRIM] = "DELETE FROM epochs WHERE account_id = $1 AND epoch < $2 AND session = 0",
};

/* A database that has forgotten our row, as a standby has that was promoted too early, gives its number to another process:
 * with a first session that is like no other's neither takes the row for its own. */
static int64_t first_session(void)
{
    return (int64_t)(tcn_random_u64() >> 2) + 1;
}

static int add_epoch(struct tcn_store *s, const struct tcn_store_options *options, int64_t session,
                     int64_t now_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_STORE, EPOCH_ADD, sql[EPOCH_ADD], &q, err)) < 0)
        return r;
    tcn_q_text(&q, s->node);
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, session);
    tcn_q_text(&q, options->region);
    tcn_q_text(&q, options->version);
    tcn_q_text(&q, options->config);
    tcn_q_int(&q, tcn_store_is_shared(s)); /* else nobody asks when it was seen */
    if ((r = tcn_query_one(&q, err, "epoch")) == 0)
        s->epoch = tcn_c_int(&q);
    tcn_query_done(&q);
    return r;
}

static int fence(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_STORE, EPOCH_FENCE, sql[EPOCH_FENCE], &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_int(&q, !s->is_alone);
    tcn_q_text(&q, s->node);
    return tcn_query_run(&q, err);
}

/* Those in force stay, however old. */
static int trim(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_STORE, EPOCH_TRIM, sql[EPOCH_TRIM], &q, err)) < 0)
        return r;
    tcn_q_int(&q, s->epoch - EPOCHS_KEPT);
    return tcn_query_run(&q, err);
}

static int take_epoch(struct tcn_store *s, const struct tcn_store_options *options, int64_t now_ms,
                      struct tcn_err *err)
{
    int64_t session = first_session();
    int r;

    if ((r = s->driver->begin_alone(s->db, err)) < 0)
        return r;
    if ((r = add_epoch(s, options, session, now_ms, err)) < 0 || (r = fence(s, err)) < 0 ||
        (r = trim(s, err)) < 0 || (r = tcn_store_doubt_start(s, err)) < 0) {
        tcn_store_rollback(s);
        return r;
    }
    if ((r = tcn_store_commit(s, err)) == TCN_UNDECIDED)
        r = TCN_EIO; /* the next start takes another one */
    return r < 0 || !s->driver->own ? r : s->driver->own(s->db, s->epoch, session, err);
}

static struct tcn_store *make(const struct tcn_db_driver *driver,
                              const struct tcn_store_options *options)
{
    struct tcn_store *s = tcn_xcalloc(1, sizeof *s);

    assert(options->account_id && strlen(options->account_id) < sizeof s->account_id);
    s->driver = driver;
    tcn_arena_init(&s->scratch, TCN_TURN_ARENA);
    snprintf(s->account_id, sizeof s->account_id, "%s", options->account_id);
    snprintf(s->node, sizeof s->node, "%s", options->node ? options->node : "");
    s->is_alone = options->is_alone || !driver->lock;
    return s;
}

/* Due times go by the database's clock. A machine that has another time than that is not as it should be, or the database's
 * is not: people are to find out before anything is late. */
int tcn_store_check_clock(struct tcn_store *s, int64_t now_ms, int64_t slack_ms,
                          struct tcn_err *err)
{
    int64_t ahead_ms;

    if (slack_ms == 0 || !s->driver->clock)
        return 0;
    ahead_ms = now_ms - tcn_store_now_ms(s);
    if (ahead_ms <= slack_ms && ahead_ms >= -slack_ms)
        return 0;
    return tcn_fail(err, TCN_EINVALID,
                    "this machine's clock is %.1f s %s the database's, by which due times go: set "
                    "them alike (NTP; timedatectl shows whether it runs), then start again",
                    (double)(ahead_ms > 0 ? ahead_ms : -ahead_ms) / 1000,
                    ahead_ms > 0 ? "ahead of" : "behind");
}

static int open_once(const struct tcn_db_driver *driver, const char *target,
                     const struct tcn_store_options *options, int64_t now_ms,
                     struct tcn_store **ret, struct tcn_err *err)
{
    const struct tcn_db_place place = {.target = target,
                                       .password = options->password,
                                       .node = options->node,
                                       .account = options->account_id,
                                       .folder = options->folder,
                                       .role = options->is_alone ? TCN_DB_OWNER : TCN_DB_NODE};
    struct tcn_store *s = make(driver, options);
    int64_t begun_us = tcn_clock_mono_us();
    int r;

    s->followed_us = begun_us;
    if ((r = driver->open(&place, &s->db, err)) == 0 && (r = driver->check(s->db, err)) == 0 &&
        (r = tcn_store_check_clock(s, now_ms + (tcn_clock_mono_us() - begun_us) / 1000,
                                   options->clock_slack_ms, err)) == 0 &&
        (r = tcn_migrate(driver, s->db, tcn_migrations, now_ms, err)) == 0 &&
        (r = tcn_migrate_follow(driver, s->db, tcn_migrations, &s->schema, err)) == 0 &&
        (r = tcn_store_need_rights(s, err)) == 0 &&
        (r = tcn_copy_refuse_unfinished(driver, s->db, err)) == 0 &&
        (r = options->is_reclaimed ? 0 : tcn_moved_refuse(s, err)) == 0 &&
        (r = options->needs_name ? tcn_store_need_name(s, err) : 0) == 0 &&
        (r = take_epoch(s, options, now_ms, err)) == 0 &&
        (r = tcn_store_clock_first(s, err)) == 0) {
        *ret = s;
        return 0;
    }
    tcn_store_close(s);
    return r;
}

int tcn_store_open_with(const struct tcn_db_driver *driver, const char *target,
                        const struct tcn_store_options *options, int64_t now_ms,
                        struct tcn_store **ret, struct tcn_err *err)
{
    int r = open_once(driver, target, options, now_ms, ret, err);

    /* The write that met the full disk gave the reserve of an earlier run back: the next one has room. */
    if (r == TCN_EFULL)
        r = open_once(driver, target, options, now_ms, ret, err);
    if (r == TCN_EFULL)
        return tcn_fail(err, r,
                        "%s: no space left on the disk and no reserve to start from; make room of "
                        "at least 4 MiB there, then start again",
                        target);
    return r;
}

bool tcn_store_is_postgres(const char *url)
{
    return tcn_str_starts(tcn_str(url), TCN_STR("postgresql:")) ||
           tcn_str_starts(tcn_str(url), TCN_STR("postgres:"));
}

int tcn_store_driver_of(const char *url, const struct tcn_db_driver **ret, const char **ret_target,
                        struct tcn_err *err)
{
    bool is_sqlite = tcn_str_starts(tcn_str(url), TCN_STR("sqlite:")) && url[7] != '\0';

    if (!is_sqlite && !tcn_store_is_postgres(url))
        return tcn_fail(err, TCN_EINVALID,
                        "store \"%.100s\" is no \"sqlite:PATH\" and no \"postgresql://...\"",
                        url ? url : "");
    *ret = is_sqlite ? &tcn_sqlite_driver : &tcn_postgres_driver;
    *ret_target = is_sqlite ? url + 7 : url;
    return 0;
}

int tcn_store_open(const struct tcn_store_options *options, int64_t now_ms, struct tcn_store **ret,
                   struct tcn_err *err)
{
    const struct tcn_db_driver *driver;
    const char *target;
    int r = tcn_store_driver_of(options->url, &driver, &target, err);

    return r < 0 ? r : tcn_store_open_with(driver, target, options, now_ms, ret, err);
}

int tcn_store_visit(const struct tcn_store_options *options, bool may_ask, struct tcn_store **ret,
                    struct tcn_err *err)
{
    struct tcn_db_place place = {.password = options->password,
                                 .node = options->node,
                                 .account = options->all_accounts ? NULL : options->account_id,
                                 .folder = options->folder,
                                 .role = may_ask ? TCN_DB_GUEST : TCN_DB_READER,
                                 .is_quick = options->is_quick};
    const struct tcn_db_driver *driver;
    struct tcn_store *s;
    int r = tcn_store_driver_of(options->url, &driver, &place.target, err);

    if (r < 0)
        return r;
    s = make(driver, options);
    if ((r = driver->open(&place, &s->db, err)) == 0 &&
        (r = tcn_migrate_check(driver, s->db, tcn_migrations, false, err)) == 0 &&
        (r = tcn_copy_refuse_unfinished(driver, s->db, err)) == 0)
        *ret = s;
    else
        tcn_store_close(s);
    return r;
}

void tcn_store_close(struct tcn_store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < TCN_SQL_TABLES; i++)
        for (size_t j = 0; j < TCN_SQL_MAX; j++)
            s->driver->finalize(s->prepared[i][j]);
    if (s->db)
        s->driver->close(s->db);
    tcn_store_storm_forget(s);
    tcn_store_mutes_free(s);
    if (s->kept)
        s->release(s->kept);
    free(s->ahead);
    tcn_arena_done(&s->scratch);
    free(s);
}

void tcn_store_keep(struct tcn_store *s, void *kept, void (*release)(void *kept))
{
    assert(!s->kept);
    s->kept = kept;
    s->release = release;
}

void *tcn_store_kept(const struct tcn_store *s)
{
    return s->kept;
}

struct tcn_arena *tcn_store_scratch(struct tcn_store *s)
{
    tcn_arena_reset(&s->scratch);
    return &s->scratch;
}

int64_t tcn_store_epoch(const struct tcn_store *s)
{
    return s->epoch;
}

int tcn_store_begin(struct tcn_store *s, struct tcn_err *err)
{
    tcn_store_storm_forget(s);
    tcn_store_forget_ahead(s);
    s->broken = 0;
    s->took_ms = 0;
    s->is_hurried = false;
    return s->driver->begin(s->db, err);
}

int tcn_store_begin_many(struct tcn_store *s, struct tcn_err *err)
{
    int r = tcn_store_begin(s, err);

    s->is_hurried = true;
    return r;
}

bool tcn_store_is_lost(struct tcn_store *s)
{
    return s->driver->is_lost && s->driver->is_lost(s->db);
}

int tcn_store_recover(struct tcn_store *s, int64_t wait_ms, bool *ret_committed,
                      struct tcn_err *err)
{
    int r;

    assert(s->driver->recover);
    if ((r = s->driver->recover(s->db, wait_ms, ret_committed, err)) == 0)
        tcn_store_follow(s, true);
    return r;
}

/* A question without an answer is asked again. */
void tcn_store_follow(struct tcn_store *s, bool is_new)
{
    int64_t now_us = tcn_clock_mono_us();
    struct tcn_err why;
    int r;

    if (!is_new && now_us < s->followed_us + FOLLOW_US)
        return;
    if ((r = tcn_migrate_follow(s->driver, s->db, tcn_migrations, &s->schema, &why)) ==
        TCN_EINVALID)
        tcn_store_die(why.msg);
    if (r == 0)
        s->followed_us = now_us;
}

/* A statement failed and nobody minded: half a job must not be kept. */
static int check_whole(struct tcn_store *s, struct tcn_err *err)
{
    if (s->broken == 0)
        return 0;
    tcn_store_rollback(s);
    return tcn_fail(err, s->broken, "a statement of this transaction failed: %s",
                    tcn_code_name(s->broken));
}

/* The last statement, and the look at all of them. */
static int end_statements(struct tcn_store *s, struct tcn_err *err)
{
    int r = s->broken == 0 ? tcn_store_storm_write(s, err) : 0;

    if (r < 0 && s->broken == 0)
        s->broken = r;
    return check_whole(s, err);
}

/* A commit that failed, or may have. */
static int ended(struct tcn_store *s, int r)
{
    if (r != 0)
        tcn_store_resources_forget(s);
    return r;
}

int tcn_store_commit(struct tcn_store *s, struct tcn_err *err)
{
    int r = end_statements(s, err);

    if (r == 0)
        r = s->driver->commit(s->db, err);
    if (r == 0)
        s->taken_back_ms += s->took_ms;
    return ended(s, r);
}

int tcn_store_commit_unsynced(struct tcn_store *s, bool *ret_unsynced, struct tcn_err *err)
{
    int r;

    *ret_unsynced = false;
    if (!s->driver->commit_unsynced)
        return tcn_store_commit(s, err);
    if ((r = end_statements(s, err)) < 0)
        return r;
    return ended(s, s->driver->commit_unsynced(s->db, ret_unsynced, err));
}

void tcn_store_sync(struct tcn_store *s)
{
    s->driver->sync(s->db);
}

void tcn_store_rollback(struct tcn_store *s)
{
    tcn_store_storm_forget(s);
    tcn_store_forget_ahead(s);
    tcn_store_mutes_forget(s);
    tcn_store_resources_forget(s);
    s->driver->rollback(s->db);
}

int tcn_store_checkpoint(struct tcn_store *s, struct tcn_err *err)
{
    return s->driver->upkeep(s->db, err);
}

bool tcn_store_is_full(struct tcn_store *s)
{
    return s->driver->is_full(s->db);
}

int tcn_store_look(struct tcn_store *s, struct tcn_err *err)
{
    return s->driver->look ? s->driver->look(s->db, err) : 0;
}

int tcn_store_chore(struct tcn_store *s)
{
    return (int)s->driver->chore(s->db);
}
