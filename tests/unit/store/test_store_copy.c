/* Copies between databases: whole, while the source goes on, again after they were cut off. Under tests/postgres.py the
 * way is SQLite, PostgreSQL, SQLite. */
#include "raw.h"
#include "rows_feed.h"
#include "rows_notice.h"
#include "rows_resource.h"
#include "store/copy.h"
#include "store/internal.h"
#include "store/moved.h"

#include <sys/stat.h>

#define ROWS 700 /* more than one batch of every table */

struct places {
    struct fixture f; /* its store is the source */
    char to[320], back[320], to_path[96], back_path[96], schema[32];
    struct gen g;
    struct tcn_copy_sum sums[TCN_COPY_TABLES];
};

static void make_store(struct places *p)
{
    OK(&p->f, try_open(&p->f, p->f.url, &p->f.s));
}

static int setup(void **state)
{
    struct places *p = calloc(1, sizeof *p);
    struct fixture *f = &p->f;

    tcn_arena_init(&f->a, (size_t)256 << 20);
    make_dir(f);
    snprintf(p->to_path, sizeof p->to_path, "%s/to.db", f->dir);
    snprintf(p->back_path, sizeof p->back_path, "%s/back.db", f->dir);
    snprintf(p->to, sizeof p->to, "sqlite:%s", p->to_path);
    snprintf(p->back, sizeof p->back, "sqlite:%s", p->back_path);
    if (pg_server())
        pg_schema(p->schema, p->to, sizeof p->to);
    p->g = (struct gen){&f->a, 0};
    make_store(p);
    *state = p;
    return 0;
}

static int teardown_places(void **state)
{
    struct places *p = *state;
    char command[128];

    tcn_store_close(p->f.s);
    if (p->schema[0])
        pg_drop(p->schema);
    snprintf(command, sizeof command, "rm -r %s", p->f.dir);
    assert_int_equal(system(command), 0);
    tcn_arena_done(&p->f.a);
    free(p);
    return 0;
}

/* -- rows of every table ------------------------------------------------------------------------------------ */

static void add_inbox(struct places *p, uint32_t i)
{
    struct tcn_inbox row = gen_inbox(&p->g);
    char bytes[64];

    row.delivery_id = i % 3 ? tcn_arena_fmt(&p->f.a, "d%u", i) : NULL;
    row.state = i % 2 ? TCN_INBOX_APPLIED : TCN_INBOX_QUARANTINED;
    row.received_ms = i;
    memset(bytes, (int)i, sizeof bytes);
    row.body = (struct tcn_str){bytes, i % 5 ? sizeof bytes : 0};
    OK(&p->f, tcn_store_inbox_add(p->f.s, &row, &p->f.err));
}

static void add_incident(struct places *p, uint32_t i)
{
    struct tcn_incident row = gen_incident(&p->g);
    struct tcn_event event = gen_event(&p->g, 1);
    struct tcn_related_item item = gen_related(&p->g);

    row.id = id_of(i);
    row.title = tcn_arena_fmt(&p->f.a, "%u bad \xFF\xC3 bytes", i); /* what a remote answered */
    OK(&p->f, tcn_store_incident_put(p->f.s, &row, &p->f.err));
    OK(&p->f, tcn_store_event_add(p->f.s, row.id, &event, &p->f.err));
    OK(&p->f, tcn_store_related_put(p->f.s, row.id, &item, &p->f.err));
    OK(&p->f, tcn_store_timer_set(p->f.s, row.id, 1000000 + i, &p->f.err));
}

static void add_lane(struct places *p, uint32_t i)
{
    struct tcn_lane row = gen_lane(&p->g);
    struct tcn_storm storm = {.tokens = (double)i / 7, .at_ms = i};
    struct tcn_storm_alarm alarm = gen_storm_alarm(&p->g);
    struct tcn_subscription subscription = gen_subscription(&p->g);
    struct tcn_waiting waiting = gen_waiting(&p->g);
    struct tcn_mute mute = gen_mute(&p->g);
    struct tcn_resource resource = gen_resource(&p->g);
    struct tcn_channel_state channel = gen_channel_state(&p->g);
    const char *source = tcn_arena_fmt(&p->f.a, "%s%u", i % 2 ? "_" : "Z\xC3\xA9", i);

    row.dedupe_key = tcn_arena_fmt(&p->f.a, "k%u", i);
    row.revision = 0;
    OK(&p->f, tcn_store_lane_put(p->f.s, &row, &p->f.err));
    OK(&p->f, tcn_store_storm_alarm_put(p->f.s, id_of(i), row.dedupe_key, &alarm, &p->f.err));
    OK(&p->f, tcn_store_waiting_put(p->f.s, &waiting, &p->f.err));
    OK(&p->f, tcn_store_mute_add(p->f.s, &mute, &p->f.err));
    OK(&p->f, tcn_store_resource_put(p->f.s, &resource, &p->f.err));
    OK(&p->f, tcn_store_channel_state_put(p->f.s, &channel, &p->f.err));
    OK(&p->f, tcn_store_storm_put(p->f.s, source, &storm, &p->f.err));
    OK(&p->f, tcn_store_budget_put(p->f.s, source, "mail", i, &p->f.err));
    OK(&p->f, tcn_store_meta_put(p->f.s, source, "x", &p->f.err));
    OK(&p->f, tcn_store_subscription_put(p->f.s, &subscription, &p->f.err));
}

static void add_paging(struct places *p, uint32_t i)
{
    struct tcn_send_row send = gen_send(&p->g);
    struct tcn_engagement e = gen_engagement(&p->g, 1);
    struct tcn_receipt receipt = gen_receipt(&p->g, id_of(i));

    send.id = id_of(i);
    OK(&p->f, tcn_store_send_add(p->f.s, &send, &p->f.err));
    OK(&p->f, tcn_store_receipt_add(p->f.s, &receipt, &p->f.err));
    if (i % 4 == 0)
        OK(&p->f, tcn_store_engagement_put(p->f.s, id_of(i), &e, &p->f.err));
}

static void add_link(struct places *p, uint32_t i)
{
    static const char *const names[] = {"Jira", "_x", "a-b", "a_c", "jira", "\xC3\xA9", "zoo"};
    struct tcn_link link = gen_link(&p->g);
    struct tcn_deadletter d = gen_deadletter(&p->g);
    struct tcn_notice notice = gen_notice(&p->g);
    struct tcn_conflict_row conflict = gen_conflict(&p->g);
    struct tcn_entry entry = gen_entry(&p->g);
    struct tcn_feed feed = gen_feed(&p->g);

    link.id = id_of(i);
    link.incident = id_of(i / 7);
    link.connector = names[i % 7];
    d.id = id_of(i);
    OK(&p->f, tcn_store_link_put(p->f.s, &link, &p->f.err));
    OK(&p->f, tcn_store_deadletter_put(p->f.s, &d, &p->f.err));
    OK(&p->f, tcn_store_notice_wake(p->f.s, &notice, &p->f.err));
    OK(&p->f, tcn_store_conflict_add(p->f.s, &conflict, &p->f.err));
    OK(&p->f, tcn_store_entry_put(p->f.s, &entry, &p->f.err));
    OK(&p->f, tcn_store_feed_make(p->f.s, feed.connector, 1, &p->f.err));
    OK(&p->f, tcn_store_feed_put(p->f.s, &feed, &p->f.err));
}

static void fill(struct places *p, uint32_t first, uint32_t n)
{
    OK(&p->f, tcn_store_begin(p->f.s, &p->f.err));
    for (uint32_t i = first; i < first + n; i++) {
        add_inbox(p, i);
        add_incident(p, i);
        add_lane(p, i);
        add_paging(p, i);
        add_link(p, i);
    }
    OK(&p->f, tcn_store_commit(p->f.s, &p->f.err));
}

/* -- copying ------------------------------------------------------------------------------------------------- */

static struct tcn_copy *open_copy(struct places *p, const char *from, const char *to, bool is_final)
{
    struct tcn_copy *c = NULL;

    OK(&p->f, tcn_copy_open(from, to, is_final, NOW, &c, &p->f.err));
    return c;
}

static struct tcn_copy_round run_round(struct places *p, struct tcn_copy *c)
{
    struct tcn_copy_round round;

    OK(&p->f, tcn_copy_run_round(c, &round, &p->f.err));
    return round;
}

/* What the last round of a switch had to do. */
static struct tcn_copy_round finish(struct places *p, const char *from, const char *to)
{
    struct tcn_copy *c = open_copy(p, from, to, true);
    struct tcn_copy_round round = run_round(p, c);

    OK(&p->f, tcn_copy_finish(c, p->sums, &p->f.err));
    tcn_copy_close(c);
    return round;
}

static uint64_t rows_of(const struct places *p, const char *table)
{
    for (size_t i = 0; i < TCN_COPY_TABLES; i++)
        if (strcmp(p->sums[i].table, table) == 0)
            return p->sums[i].rows;
    fail_msg("no table %s", table);
    return 0;
}

static void stop_source(struct places *p)
{
    tcn_store_close(p->f.s);
    p->f.s = NULL;
}

/* To the target and back: every table has the same hash. */
static void there_and_back(void **state)
{
    struct places *p = *state;
    struct tcn_copy_sum first[TCN_COPY_TABLES];

    fill(p, 1, ROWS);
    stop_source(p);
    finish(p, p->f.url, p->to);
    memcpy(first, p->sums, sizeof first);
    for (size_t i = 0; i < TCN_COPY_TABLES; i++)
        assert_true(first[i].rows > 0);
    assert_int_equal(rows_of(p, "inbox"), ROWS);
    assert_int_equal(rows_of(p, "timers"), ROWS);
    finish(p, p->to, p->back);
    for (size_t i = 0; i < TCN_COPY_TABLES; i++) {
        assert_int_equal(p->sums[i].rows, first[i].rows);
        if (strcmp(first[i].table, "epochs") != 0)
            assert_string_equal(p->sums[i].sha256, first[i].sha256);
    }
}

/* Deletes, moves and re-uses, of the kinds that a merge by key could stumble over. */
static void change_source(struct places *p, uint32_t from)
{
    const struct tcn_inbox_age age = {from + 100, from + 100};
    size_t trimmed = 0;

    OK(&p->f, tcn_store_begin(p->f.s, &p->f.err));
    OK(&p->f, tcn_store_inbox_trim(p->f.s, &age, 5000, &trimmed, &p->f.err));
    assert_true(trimmed > 0);
    for (uint32_t i = from; i < from + 50; i++) {
        OK(&p->f, tcn_store_timer_set(p->f.s, id_of(i), i % 2 ? 5 + i : 0, &p->f.err));
        OK(&p->f, tcn_store_deadletter_drop(p->f.s, id_of(i), &p->f.err));
        OK(&p->f, tcn_store_event_add(p->f.s, id_of(i),
                                      &(struct tcn_event){.seq = 2, .id = id_of(i), .type = "x"},
                                      &p->f.err));
    }
    for (uint32_t i = from; i < from + 50; i++)
        if (i % 3 != 0)
            add_inbox(p, i); /* the same delivery again, under another number */
    OK(&p->f, tcn_store_commit(p->f.s, &p->f.err));
    fill(p, 5000 + from, 20);
}

static void the_source_goes_on(void **state)
{
    struct places *p = *state;
    struct tcn_copy_round round;
    struct tcn_copy *c;

    fill(p, 1, ROWS);
    c = open_copy(p, p->f.url, p->to, false);
    round = run_round(p, c);
    assert_int_equal(round.added, round.rows);
    round = run_round(p, c);
    assert_int_equal(round.added + round.changed + round.dropped, 0);
    change_source(p, 1);
    round = run_round(p, c);
    assert_true(round.added > 0 && round.changed > 0 && round.dropped > 0);
    change_source(p, 200);
    tcn_copy_close(c);
    stop_source(p);
    round = finish(p, p->f.url, p->to);
    assert_true(round.added > 0);
}

/* A row whose unique value moved to an earlier key meets its old self, which comes later. */
static void a_delivery_under_an_earlier_number(void **state)
{
    struct places *p = *state;
    struct tcn_copy *c;

    fill(p, 1, 5);
    c = open_copy(p, p->f.url, p->to, false);
    run_round(p, c);
    tcn_copy_close(c);
    stop_source(p);
    raw(p->f.path,
        "DELETE FROM inbox WHERE no = 1; UPDATE inbox SET no = 1 WHERE no = 5;"
        "UPDATE lanes SET no = -no; UPDATE lanes SET no = -no + 2 WHERE no < 0",
        NULL);
    finish(p, p->f.url, p->to);
    assert_int_equal(rows_of(p, "inbox"), 4);
    assert_int_equal(rows_of(p, "lanes"), 5);
}

static int open_store(struct places *p, const char *url)
{
    return try_open(&p->f, url, &p->f.s);
}

static int visit(struct places *p, const char *url)
{
    const struct tcn_store_options o = {.url = url, .account_id = ACCOUNT, .node = "visitor"};
    struct tcn_store *s = NULL;
    int r = tcn_store_visit(&o, false, &s, &p->f.err);

    tcn_store_close(s);
    return r;
}

static void an_unfinished_copy_is_no_store(void **state)
{
    struct places *p = *state;
    struct tcn_copy *c;

    fill(p, 1, 3);
    c = open_copy(p, p->f.url, p->to, false);
    run_round(p, c);
    tcn_copy_close(c);
    stop_source(p);
    assert_int_equal(open_store(p, p->to), TCN_EINVALID);
    assert_non_null(strstr(p->f.err.msg, "unfinished copy"));
    assert_int_equal(visit(p, p->to), TCN_EINVALID);
    assert_non_null(strstr(p->f.err.msg, "unfinished copy"));
    finish(p, p->f.url, p->to);
    OK(&p->f, visit(p, p->to));
    OK(&p->f, open_store(p, p->to));
}

/* What is new comes behind what was brought. */
static void the_copy_is_a_store(void **state)
{
    struct places *p = *state;
    struct tcn_inbox *rows = NULL;
    size_t n = 0;

    fill(p, 1, 10);
    stop_source(p);
    finish(p, p->f.url, p->to);
    OK(&p->f, open_store(p, p->to));
    assert_int_equal(tcn_store_epoch(p->f.s), 2);
    fill(p, 1000, 10);
    OK(&p->f, tcn_store_begin(p->f.s, &p->f.err));
    OK(&p->f,
       tcn_store_inbox_list(p->f.s, TCN_INBOX_APPLIED, 0, 100, &p->f.a, &rows, &n, &p->f.err));
    assert_int_equal(n, 10);
    for (size_t i = 1; i < n; i++)
        assert_true(rows[i - 1].received_ms < rows[i].received_ms);
    tcn_store_rollback(p->f.s);
}

static void what_is_refused(void **state)
{
    struct places *p = *state;
    struct tcn_copy *c = NULL;
    struct stat st;

    fill(p, 1, 3);
    /* Its owner runs. */
    assert_int_equal(tcn_copy_open(p->f.url, p->to, true, NOW, &c, &p->f.err), TCN_EBUSY);
    stop_source(p);
    finish(p, p->f.url, p->to);
    /* The target is a store. */
    assert_int_equal(tcn_copy_open(p->to, p->f.url, false, NOW, &c, &p->f.err), TCN_EINVALID);
    assert_non_null(strstr(p->f.err.msg, "is a store already"));
    /* No source is made. */
    assert_int_equal(tcn_copy_open("sqlite:/tmp/none/x.db", p->back, true, NOW, &c, &p->f.err),
                     TCN_ENOTFOUND);
    assert_int_equal(stat(p->back_path, &st), -1);
}

/* -- the place that was left ---------------------------------------------------------------------------------- */

static void expect_moved(struct places *p, const char *url, const char *to)
{
    assert_int_equal(open_store(p, url), TCN_EINVALID);
    assert_non_null(strstr(p->f.err.msg, "was moved to "));
    assert_non_null(strstr(p->f.err.msg, to));
    assert_non_null(strstr(p->f.err.msg, "tocsin db reclaim"));
}

static void nothing_starts_on_the_old_place(void **state)
{
    struct places *p = *state;
    struct tcn_copy *c = NULL;
    struct tcn_store_options o = {
        .url = p->f.url, .account_id = ACCOUNT, .node = "test", .is_reclaimed = true};

    fill(p, 1, 3);
    stop_source(p);
    finish(p, p->f.url, p->to);
    expect_moved(p, p->f.url, p->to);
    assert_int_equal(tcn_copy_open(p->f.url, p->back, true, NOW, &c, &p->f.err), TCN_EINVALID);
    assert_non_null(strstr(p->f.err.msg, "was moved to "));
    OK(&p->f, open_store(p, p->to)); /* which has no such mark */
    stop_source(p);
    finish(p, p->to, p->back);
    OK(&p->f, tcn_store_open(&o, NOW, &p->f.s, &p->f.err));
    OK(&p->f, tcn_moved_drop(p->f.s, &p->f.err));
    reopen(&p->f);
}

/* Killed after the source got its mark and before the target lost its own. */
static void killed_at_the_switch(void **state)
{
    struct places *p = *state;
    const struct tcn_db_driver *driver;
    struct tcn_db_place place = {.node = "test", .role = TCN_DB_OWNER};
    struct tcn_db *db = NULL;
    struct tcn_copy *c;

    fill(p, 1, 3);
    stop_source(p);
    c = open_copy(p, p->f.url, p->to, false);
    run_round(p, c);
    tcn_copy_close(c);
    OK(&p->f, tcn_store_driver_of(p->f.url, &driver, &place.target, &p->f.err));
    OK(&p->f, driver->open(&place, &db, &p->f.err));
    OK(&p->f, tcn_moved_mark(driver, db, p->to, &p->f.err));
    driver->close(db);
    expect_moved(p, p->f.url, p->to);
    assert_int_equal(open_store(p, p->to), TCN_EINVALID);
    assert_non_null(strstr(p->f.err.msg, "unfinished copy"));
    finish(p, p->f.url, p->to);
    expect_moved(p, p->f.url, p->to);
    OK(&p->f, open_store(p, p->to));
}

/* A difference that nobody saw is found. */
static void a_difference_is_told(void **state)
{
    struct places *p = *state;
    struct tcn_copy *c;

    fill(p, 1, 5);
    stop_source(p);
    c = open_copy(p, p->f.url, p->to, true);
    run_round(p, c);
    if (pg_server())
        free(pg_raw(p->to, "UPDATE incidents SET title = 'x' WHERE related_seq > 0"));
    else
        raw(p->to_path, "UPDATE incidents SET title = 'x'", NULL);
    assert_int_equal(tcn_copy_finish(c, p->sums, &p->f.err), TCN_EIO);
    assert_non_null(strstr(p->f.err.msg, "table incidents differs"));
    tcn_copy_close(c);
    finish(p, p->f.url, p->to);
}

/* -- the list of tables -------------------------------------------------------------------------------------- */

static void check_table(const struct places *p, const struct tcn_copy_table *t)
{
    char sql[256], *n;
    size_t columns = 0;

    for (; t->columns[columns]; columns++) {
        char *type;
        const char *expected = t->types[columns] == 'i'   ? "INTEGER"
                               : t->types[columns] == 'r' ? "REAL"
                               : t->types[columns] == 'b' ? "BLOB"
                                                          : "TEXT";

        snprintf(sql, sizeof sql, "SELECT type FROM pragma_table_info('%s') WHERE name = '%s'",
                 t->name, t->columns[columns]);
        raw(p->f.path, sql, &type);
        if (!type)
            fail_msg("%s has no column %s", t->name, t->columns[columns]);
        assert_string_equal(type, expected);
        free(type);
    }
    assert_int_equal(strlen(t->types), columns);
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM pragma_table_info('%s')", t->name);
    raw(p->f.path, sql, &n);
    if (atol(n) != (long)columns)
        fail_msg("%s has %s columns, the list of the copy %zu", t->name, n, columns);
    free(n);
}

static void every_table_and_column_is_copied(void **state)
{
    struct places *p = *state;
    char *n;

    for (size_t i = 0; i < TCN_COPY_TABLES; i++)
        check_table(p, &tcn_copy_tables[i]);
    raw(p->f.path,
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND "
        "name <> 'schema_version'",
        &n);
    assert_int_equal(atol(n), TCN_COPY_TABLES);
    free(n);
}

#define IN_PLACES(name) cmocka_unit_test_setup_teardown(name, setup, teardown_places)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACES(there_and_back),
        IN_PLACES(the_source_goes_on),
        IN_PLACES(a_delivery_under_an_earlier_number),
        IN_PLACES(an_unfinished_copy_is_no_store),
        IN_PLACES(the_copy_is_a_store),
        IN_PLACES(what_is_refused),
        IN_PLACES(nothing_starts_on_the_old_place),
        IN_PLACES(killed_at_the_switch),
        IN_PLACES(a_difference_is_told),
        IN_PLACES(every_table_and_column_is_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
