/* A copy is rounds of one kind: both sides are read in the order of the key, like the two halves of a merge, and what
 * differs is written. So a first round copies, later ones catch up with what changed meanwhile, one after a kill goes
 * on, and the last one, with the source's owner stopped, costs a reading of both sides and no more. No table needs to
 * grow at its end only, or to say what changed.
 *
 * A table of its own marks the target until the copy is finished: nothing starts on it before. Before that mark goes, the
 * source gets one (store_moved.c) and nothing starts there any more: killed in between, neither starts, and the same
 * command ends it. */
#include "store/copy.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "store/internal.h"
#include "store/migrate.h"
#include "store/moved.h"
#include <stdlib.h>

#define BATCH_ARENA ((size_t)512 << 20)

struct tcn_copy {
    struct tcn_copy_side from, to;
    char *target;           /* owned; the URL of to */
    struct tcn_arena arena; /* of one batch */
    struct tcn_arena last;  /* of the key that it begins after */
};

/* -- the mark --------------------------------------------------------------------------------------------------- */

static const char make_mark[] = "CREATE TABLE IF NOT EXISTS copy_unfinished"
                                " (started_ms {INT} NOT NULL){PLAIN}";
static const char find_mark[] = "SELECT COUNT(*), 0 FROM {TABLES} WHERE name = 'copy_unfinished'";
static const char drop_mark[] = "DROP TABLE copy_unfinished";
static const char drop_moved[] = "DELETE FROM meta WHERE name = '" TCN_MOVED_TO "'";
static const char count_starts[] = "SELECT COUNT(*), 0 FROM epochs";

static int ask(const struct tcn_db_driver *driver, struct tcn_db *db, const char *sql,
               int64_t *ret_n, struct tcn_err *err)
{
    int64_t row[2] = {0};
    int r;

    if ((r = driver->begin(db, err)) < 0)
        return r;
    r = tcn_migrate_run(driver, db, sql, row, err);
    driver->rollback(db);
    *ret_n = row[0];
    return r;
}

int tcn_copy_refuse_unfinished(const struct tcn_db_driver *driver, struct tcn_db *db,
                               struct tcn_err *err)
{
    int64_t n = 0;
    int r = ask(driver, db, find_mark, &n, err);

    return r < 0 || n == 0
               ? r
               : tcn_fail(err, TCN_EINVALID,
                          "this database is an unfinished copy of another one; finish it with "
                          "tocsin db copy --final, or drop it");
}

static int run_all(const struct tcn_copy_side *s, const char *const *sql, struct tcn_err *err)
{
    int64_t ignored[2];
    int r = 0;

    for (; *sql && r == 0; sql++)
        r = tcn_migrate_run(s->driver, s->db, *sql, ignored, err);
    return r;
}

/* Statements in one transaction; NULL ends. */
static int do_all_alone(const struct tcn_copy_side *s, const char *const *sql, struct tcn_err *err)
{
    int r;

    if ((r = s->driver->begin_alone(s->db, err)) < 0)
        return r;
    if ((r = run_all(s, sql, err)) == 0)
        return s->driver->commit(s->db, err) == 0 ? 0 : TCN_EIO;
    s->driver->rollback(s->db);
    return r;
}

static int do_alone(const struct tcn_copy_side *s, const char *sql, struct tcn_err *err)
{
    return do_all_alone(s, (const char *const[]){sql, NULL}, err);
}

/* A start leaves its row in epochs: a target without one never was a store. */
static int mark(const struct tcn_copy_side *to, struct tcn_err *err)
{
    int64_t is_marked = 0, starts = 0;
    int r;

    if ((r = ask(to->driver, to->db, find_mark, &is_marked, err)) < 0 ||
        (r = ask(to->driver, to->db, count_starts, &starts, err)) < 0)
        return r;
    if (is_marked)
        return 0;
    return starts == 0 ? do_alone(to, make_mark, err)
                       : tcn_fail(err, TCN_EINVALID,
                                  "the target is a store already, and nothing of it is replaced: "
                                  "name an empty database or a file that does not exist");
}

/* -- opening ---------------------------------------------------------------------------------------------------- */

static int open_side(struct tcn_copy_side *s, const char *url, enum tcn_db_role role,
                     struct tcn_err *err)
{
    struct tcn_db_place place = {.node = "copy", .role = role};
    int r = tcn_store_driver_of(url, &s->driver, &place.target, err);

    return r < 0 ? r : s->driver->open(&place, &s->db, err);
}

/* Who thinks that it still owns the source learns that it does not. */
static const char fence[] = "UPDATE epochs SET session = 0 WHERE session > 0";

static int open_source(struct tcn_copy_side *from, const char *url, const char *to, bool is_final,
                       struct tcn_err *err)
{
    int r;

    /* As a reader at first: an owner would make what is not there. */
    if ((r = open_side(from, url, TCN_DB_READER, err)) < 0 ||
        (r = tcn_migrate_check(from->driver, from->db, tcn_migrations, true, err)) < 0 ||
        (r = tcn_copy_refuse_unfinished(from->driver, from->db, err)) < 0 ||
        (r = tcn_moved_check(from->driver, from->db, to, err)) < 0 || !is_final)
        return r;
    tcn_copy_side_done(from);
    r = open_side(from, url, TCN_DB_OWNER, err);
    return r < 0 ? r : do_alone(from, fence, err);
}

static int open_target(struct tcn_copy_side *to, const char *url, int64_t now_ms,
                       struct tcn_err *err)
{
    int r;

    if ((r = open_side(to, url, TCN_DB_OWNER, err)) < 0 ||
        (r = tcn_migrate(to->driver, to->db, tcn_migrations, now_ms, err)) < 0)
        return r;
    return mark(to, err);
}

int tcn_copy_open(const char *from, const char *to, bool is_final, int64_t now_ms,
                  struct tcn_copy **ret, struct tcn_err *err)
{
    struct tcn_copy *c = tcn_xcalloc(1, sizeof *c);
    int r;

    tcn_arena_init(&c->arena, BATCH_ARENA);
    tcn_arena_init(&c->last, BATCH_ARENA);
    c->target = tcn_xstrdup(to);
    if ((r = open_source(&c->from, from, to, is_final, err)) < 0 ||
        (r = open_target(&c->to, to, now_ms, err)) < 0) {
        tcn_copy_close(c);
        return r;
    }
    c->from.cleans_text = c->to.driver == &tcn_postgres_driver;
    *ret = c;
    return 0;
}

void tcn_copy_close(struct tcn_copy *c)
{
    if (!c)
        return;
    tcn_copy_side_done(&c->from);
    tcn_copy_side_done(&c->to);
    tcn_arena_done(&c->arena);
    tcn_arena_done(&c->last);
    free(c->target);
    free(c);
}

/* -- a round ---------------------------------------------------------------------------------------------------- */

/* What one batch of both sides comes to. */
struct merge {
    const struct tcn_copy_table *table;
    struct tcn_copy_batch from, to;
    const struct tcn_copy_row
        *bound; /* beyond it only one side was read; NULL: both to their ends */
    TCN_VEC(const struct tcn_copy_row *) puts, drops;
    uint64_t rows, added, changed;
};

static const struct tcn_copy_row *end_of(const struct tcn_copy_batch *b)
{
    return b->is_last ? NULL : &b->rows.items[b->rows.n - 1];
}

static void find_bound(struct merge *m)
{
    const struct tcn_copy_row *from = end_of(&m->from), *to = end_of(&m->to);

    m->bound = !from ? to : !to || tcn_copy_compare(m->table, from, to) < 0 ? from : to;
}

static size_t within(const struct merge *m, const struct tcn_copy_batch *b)
{
    size_t n = b->rows.n;

    while (m->bound && n > 0 && tcn_copy_compare(m->table, &b->rows.items[n - 1], m->bound) > 0)
        n--;
    return n;
}

static bool is_same(const struct tcn_copy_row *a, const struct tcn_copy_row *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void put(struct merge *m, const struct tcn_copy_row *row, uint64_t *count,
                struct tcn_arena *a)
{
    *TCN_VEC_PUSH(a, &m->puts) = row;
    ++*count;
}

static void compare(struct merge *m, struct tcn_arena *a)
{
    size_t i = 0, j = 0, n, k;

    find_bound(m);
    n = within(m, &m->from);
    k = within(m, &m->to);
    m->rows = n;
    while (i < n || j < k) {
        const struct tcn_copy_row *x = i < n ? &m->from.rows.items[i] : NULL;
        const struct tcn_copy_row *y = j < k ? &m->to.rows.items[j] : NULL;
        int order = !x ? 1 : !y ? -1 : tcn_copy_compare(m->table, x, y);

        if (order < 0)
            put(m, x, &m->added, a);
        else if (order > 0)
            *TCN_VEC_PUSH(a, &m->drops) = y;
        else if (!is_same(x, y))
            put(m, x, &m->changed, a);
        i += order <= 0;
        j += order >= 0;
    }
}

static int write(struct tcn_copy_side *to, const struct merge *m, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < m->drops.n && r == 0; i++)
        r = tcn_copy_drop(to, m->drops.items[i], err);
    for (size_t i = 0; i < m->puts.n && r == 0; i++)
        r = tcn_copy_put(to, m->puts.items[i], err);
    return r;
}

/* A reading is a short transaction of its own: a long one would keep the owner's log from being emptied. */
static int read_alone(struct tcn_copy_side *s, const struct tcn_copy_row *after,
                      struct tcn_arena *a, struct tcn_copy_batch *ret, struct tcn_err *err)
{
    int r;

    if ((r = s->driver->begin(s->db, err)) < 0)
        return r;
    r = tcn_copy_read(s, after, a, ret, err);
    s->driver->rollback(s->db);
    return r;
}

static int merge_batch(struct tcn_copy *c, const struct tcn_copy_row *after, struct merge *m,
                       struct tcn_err *err)
{
    struct tcn_copy_side *to = &c->to;
    int r;

    if ((r = read_alone(&c->from, after, &c->arena, &m->from, err)) < 0 ||
        (r = to->driver->begin(to->db, err)) < 0)
        return r;
    if ((r = tcn_copy_read(to, after, &c->arena, &m->to, err)) == 0) {
        compare(m, &c->arena);
        r = write(to, m, err);
    }
    if (r < 0 || m->puts.n + m->drops.n == 0) {
        to->driver->rollback(to->db);
        return r;
    }
    return to->driver->commit(to->db, err) == 0 ? 0 : TCN_EIO;
}

static void keep(struct tcn_copy *c, const struct tcn_copy_row *row, struct tcn_copy_row *ret)
{
    const uint8_t *bytes;

    tcn_arena_reset(&c->last);
    bytes = tcn_arena_memdup(&c->last, row->bytes, row->len);
    *ret = (struct tcn_copy_row){bytes, row->len};
}

static int upkeep(const struct tcn_copy_side *s, struct tcn_err *err)
{
    return s->driver->chore(s->db) == TCN_CHORE_NONE ? 0 : s->driver->upkeep(s->db, err);
}

static int merge_table(struct tcn_copy *c, const struct tcn_copy_table *t,
                       struct tcn_copy_round *sum, struct tcn_err *err)
{
    struct tcn_copy_row last = {NULL, 0};
    bool is_over = false;
    int r = 0;

    tcn_copy_side_use(&c->from, t);
    tcn_copy_side_use(&c->to, t);
    while (r == 0 && !is_over) {
        struct merge m = {.table = t};

        tcn_arena_reset(&c->arena);
        if ((r = merge_batch(c, last.bytes ? &last : NULL, &m, err)) < 0)
            break;
        sum->rows += m.rows;
        sum->added += m.added;
        sum->changed += m.changed;
        sum->dropped += m.drops.n;
        is_over = !m.bound;
        if (m.bound)
            keep(c, m.bound, &last);
        r = upkeep(&c->to, err);
    }
    return r;
}

int tcn_copy_run_round(struct tcn_copy *c, struct tcn_copy_round *ret, struct tcn_err *err)
{
    int r = 0;

    *ret = (struct tcn_copy_round){0};
    for (size_t i = 0; i < TCN_COPY_TABLES && r == 0; i++)
        r = merge_table(c, &tcn_copy_tables[i], ret, err);
    return r;
}

/* -- the end ---------------------------------------------------------------------------------------------------- */

static int sum_table(struct tcn_copy *c, struct tcn_copy_side *s, const struct tcn_copy_table *t,
                     struct tcn_copy_sum *ret, struct tcn_err *err)
{
    struct tcn_copy_batch batch = {.is_last = false};
    struct tcn_copy_row last = {NULL, 0};
    struct tcn_hash hash;
    uint8_t digest[32];
    int r;

    *ret = (struct tcn_copy_sum){.table = t->name};
    tcn_copy_side_use(s, t);
    tcn_hash_begin(&hash);
    while (!batch.is_last) {
        tcn_arena_reset(&c->arena);
        if ((r = read_alone(s, last.bytes ? &last : NULL, &c->arena, &batch, err)) < 0)
            return r;
        for (size_t i = 0; i < batch.rows.n; i++)
            tcn_hash_add(&hash, batch.rows.items[i].bytes, batch.rows.items[i].len);
        ret->rows += batch.rows.n;
        if (batch.rows.n > 0)
            keep(c, &batch.rows.items[batch.rows.n - 1], &last);
    }
    tcn_hash_end(&hash, digest);
    tcn_hex(digest, sizeof digest, ret->sha256);
    return 0;
}

static int verify_table(struct tcn_copy *c, const struct tcn_copy_table *t,
                        struct tcn_copy_sum *ret, struct tcn_err *err)
{
    struct tcn_copy_sum there;
    int r;

    if ((r = sum_table(c, &c->from, t, ret, err)) < 0 ||
        (r = sum_table(c, &c->to, t, &there, err)) < 0)
        return r;
    if (ret->rows == there.rows && strcmp(ret->sha256, there.sha256) == 0)
        return 0;
    return tcn_fail(err, TCN_EIO,
                    "table %s differs: %llu rows, %.16s... here, %llu rows, %.16s... there; run "
                    "the same command again",
                    t->name, (unsigned long long)ret->rows, ret->sha256,
                    (unsigned long long)there.rows, there.sha256);
}

static int settle(const struct tcn_copy_side *to, struct tcn_err *err)
{
    const char *const *sql = to->driver->after_copy;
    int r = 0;

    for (; sql && *sql && r == 0; sql++)
        r = do_alone(to, *sql, err);
    return r < 0 ? r : do_all_alone(to, (const char *const[]){drop_moved, drop_mark, NULL}, err);
}

int tcn_copy_finish(struct tcn_copy *c, struct tcn_copy_sum ret_sums[TCN_COPY_TABLES],
                    struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < TCN_COPY_TABLES && r == 0; i++)
        r = verify_table(c, &tcn_copy_tables[i], &ret_sums[i], err);
    tcn_copy_side_use(&c->from, NULL);
    tcn_copy_side_use(&c->to, NULL);
    if (r < 0 || (r = tcn_moved_mark(c->from.driver, c->from.db, c->target, err)) < 0)
        return r;
    return settle(&c->to, err);
}
