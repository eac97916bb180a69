/* What store/thread.h promises, on the loop: jobs that wait together share a transaction, and are handed back later. The
 * database is SQLite's, in memory: it outlives the process of the story that dies, and is emptied for the next story by a
 * copy of one in which nothing ever was. */
#include "sync.h"

#include "base/xalloc.h"
#include "store/internal.h"
#include "store/sqlite.h"
#include "store/thread.h"

#include <stdlib.h>

#define ACCOUNT "111122223333"

struct jobs {
    struct tcn_job *first, **end;
};

struct tcn_storethread {
    struct tcn_store *store;
    uint64_t process;
    struct jobs waiting, done;
    struct chance chance;
    int again; /* of a hundred transactions: so many are begun twice */
};

static struct tcn_err err;

/* -- the database ------------------------------------------------------------------------------------------------------ */

static struct tcn_db_driver driver;
static struct tcn_db *kept;
static sqlite3 *empty;
static uint64_t processes;

static int reopen(const struct tcn_db_place *place, struct tcn_db **ret, struct tcn_err *why)
{
    (void)place;
    (void)why;
    *ret = kept;
    return 0;
}

/* Whoever had it died in the middle of something, perhaps. */
static void leave(struct tcn_db *db)
{
    tcn_sqlite_driver.rollback(db);
}

static int skip_check(struct tcn_db *db, struct tcn_err *why)
{
    (void)db;
    (void)why;
    return 0;
}

static void copy(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

    if (!b || sqlite3_backup_step(b, -1) != SQLITE_DONE || sqlite3_backup_finish(b) != SQLITE_OK)
        fail("the database cannot be copied: %s", sqlite3_errmsg(to));
}

static struct tcn_store *open_store(const struct tcn_db_driver *by)
{
    struct tcn_store_options o = {.url = "sqlite::memory:", .account_id = ACCOUNT, .node = "sim"};
    struct tcn_store *s;

    if (tcn_store_open_with(by, ":memory:", &o, clockwork_now_ms(), &s, &err) < 0)
        fail("the store: %s", err.msg);
    return s;
}

void database_open(void)
{
    const struct tcn_db_place place = {.target = ":memory:"};
    struct tcn_store *first;

    driver = tcn_sqlite_driver;
    driver.open = reopen;
    driver.close = leave;
    driver.check = skip_check;
    if (tcn_sqlite_driver.open(&place, &kept, &err) < 0)
        fail("the database: %s", err.msg);
    first = open_store(&driver);
    tcn_store_close(first);
    if (sqlite3_open(":memory:", &empty) != SQLITE_OK)
        fail("no memory for a database");
    copy(kept->handle, empty);
}

void database_begin(void)
{
    copy(empty, kept->handle);
}

void database_close(void)
{
    sqlite3_close(empty);
    tcn_sqlite_driver.close(kept);
}

/* -- jobs ------------------------------------------------------------------------------------------------------------- */

static void push(struct jobs *list, struct tcn_job *job)
{
    if (!list->end)
        list->end = &list->first;
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct tcn_job *take_all(struct jobs *list)
{
    struct tcn_job *first = list->first;

    *list = (struct jobs){.first = NULL};
    return first;
}

static int run_all(struct tcn_storethread *t, struct tcn_job *first)
{
    int r = 0;

    for (struct tcn_job *job = first; job && r >= 0; job = job->next) {
        job->err.code = 0;
        r = job->run(job, t->store, clockwork_now_ms(), &job->err);
        totals->jobs++;
    }
    return r;
}

/* keeps false: all of it is undone, as if a neighbour's job had failed. */
static int run_in_transaction(struct tcn_storethread *t, struct tcn_job *first, bool keeps)
{
    size_t mark = history_mark();
    int r;

    if (tcn_store_begin(t->store, &err) < 0)
        fail("no transaction: %s", err.msg);
    r = run_all(t, first);
    if (r >= 0 && keeps && tcn_store_commit(t->store, &err) < 0)
        fail("no commit: %s", err.msg);
    if (r < 0 || !keeps) {
        tcn_store_rollback(t->store);
        history_cut(mark);
    }
    return r;
}

static void run_one_by_one(struct tcn_storethread *t, struct tcn_job *first)
{
    for (struct tcn_job *job = first, *next; job; job = next) {
        next = job->next;
        job->next = NULL;
        if ((job->r = run_in_transaction(t, job, true)) < 0)
            fail("a job failed: %s", job->err.msg);
        job->next = next;
    }
}

/* What is to be done next; of a process that has died it is not done any more. */
struct turn {
    struct tcn_storethread *thread;
    uint64_t process;
};

static void later(struct tcn_storethread *t, void (*do_it)(void *data))
{
    const struct turn turn = {t, t->process};

    clockwork_after(1, do_it, &turn, sizeof turn);
}

static struct tcn_storethread *thread_of(const struct turn *turn)
{
    return turn->process == processes ? turn->thread : NULL;
}

static void hand_back(void *data)
{
    struct tcn_storethread *t = thread_of(data);

    if (!t)
        return;
    for (struct tcn_job *job = take_all(&t->done), *next; job; job = next) {
        next = job->next;
        job->done(job, job->r, &job->err);
    }
}

static void run_waiting(void *data)
{
    struct tcn_storethread *t = thread_of(data);
    struct tcn_job *first, *next;
    bool again;

    if (!t)
        return;
    first = take_all(&t->waiting);
    again = chance_in(&t->chance, t->again);
    totals->again += again;
    if (run_in_transaction(t, first, !again) < 0 || again)
        run_one_by_one(t, first);
    for (struct tcn_job *job = first; job; job = next) {
        next = job->next;
        job->r = 0;
        push(&t->done, job);
    }
    later(t, hand_back);
}

int tcn_storethread_post(struct tcn_storethread *t, struct tcn_job *job)
{
    bool is_first = !t->waiting.first;

    push(&t->waiting, job);
    if (is_first)
        later(t, run_waiting);
    return 0;
}

struct tcn_store *store_of(struct tcn_storethread *t)
{
    return t->store;
}

struct tcn_storethread *store_begin(void)
{
    struct tcn_storethread *t = tcn_xcalloc(1, sizeof *t);

    t->store = open_store(&driver);
    t->process = ++processes;
    t->chance = chance_of(options.seed, 6, (uint64_t)tcn_store_epoch(t->store));
    t->again = has_kind(FAULTS) ? 5 : 0;
    return t;
}

static void give_back(struct jobs *list)
{
    struct tcn_err died;

    tcn_fail(&died, TCN_EIO, "the process died");
    for (struct tcn_job *job = take_all(list), *next; job; job = next) {
        next = job->next;
        job->done(job, TCN_EIO, &died);
    }
}

void store_die(struct tcn_storethread *t)
{
    give_back(&t->done);
    give_back(&t->waiting);
    tcn_store_close(t->store);
    free(t);
}
