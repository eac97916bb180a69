/* A batch: what is looked for ahead of its jobs, and rows that are sent together. */
#include "rows.h"
#include "store/ahead.h"

static void begin_batch(struct fixture *f)
{
    tcn_store_rollback(f->s);
    OK(f, tcn_store_begin_many(f->s, &f->err));
}

static void put_lane(struct fixture *f, const char *key)
{
    struct tcn_lane lane = {.dedupe_key = key, .source = "s", .exists = true};

    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
}

static void put_incident(struct fixture *f, uint32_t no, const char *dedupe,
                         enum tcn_incident_status status)
{
    struct tcn_incident incident = {.id = id_of(no),
                                    .exists = true,
                                    .status = status,
                                    .impact = 3,
                                    .response_plan = "p",
                                    .title = "t",
                                    .dedupe_string = dedupe,
                                    .source = "s",
                                    .created_by = "c",
                                    .modified_by = "c",
                                    .created_ms = NOW,
                                    .modified_ms = NOW};

    OK(f, tcn_store_incident_put(f->s, &incident, &f->err));
}

static void look(struct fixture *f)
{
    OK(f, tcn_store_look_ahead(f->s, &f->err));
}

/* -- what is known ---------------------------------------------------------------------------------------------- */

static void only_what_is_not_there_is_new(void **state)
{
    struct fixture *f = *state;

    put_lane(f, "old lane");
    put_incident(f, 1, "old open", TCN_STATUS_OPEN);
    put_incident(f, 2, "over", TCN_STATUS_RESOLVED);
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin_many(f->s, &f->err));
    tcn_store_expect_alarm(f->s, "new", "new open");
    tcn_store_expect_alarm(f->s, "old lane", "of no incident");
    tcn_store_expect_alarm(f->s, "of no lane", "old open");
    tcn_store_expect_alarm(f->s, "again", "over");
    assert_false(tcn_store_is_new_alarm(f->s, "new", "new open")); /* nobody has looked */
    look(f);
    assert_true(tcn_store_is_new_alarm(f->s, "new", "new open"));
    assert_true(tcn_store_is_new_alarm(f->s, "again", "over"));
    assert_false(tcn_store_is_new_alarm(f->s, "old lane", "of no incident"));
    assert_false(tcn_store_is_new_alarm(f->s, "of no lane", "old open"));
    assert_false(tcn_store_is_new_alarm(f->s, "not expected", "not expected"));
    assert_false(tcn_store_is_new_alarm(f->s, "new", "not expected"));
}

static void what_is_written_is_not_new_any_more(void **state)
{
    struct fixture *f = *state;

    begin_batch(f);
    tcn_store_expect_alarm(f->s, "a", "one");
    tcn_store_expect_alarm(f->s, "b", "one");
    tcn_store_expect_alarm(f->s, "c", "two");
    tcn_store_expect_alarm(f->s, "a", "one"); /* another delivery of the same */
    look(f);
    put_incident(f, 1, "one", TCN_STATUS_OPEN);
    assert_false(tcn_store_is_new_alarm(f->s, "a", "one"));
    assert_false(tcn_store_is_new_alarm(f->s, "b", "one"));
    put_lane(f, "c");
    assert_false(tcn_store_is_new_alarm(f->s, "c", "two"));
}

static void a_transaction_knows_nothing_of_another(void **state)
{
    struct fixture *f = *state;

    begin_batch(f);
    tcn_store_expect_alarm(f->s, "a", "one");
    look(f);
    assert_true(tcn_store_is_new_alarm(f->s, "a", "one"));
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin_many(f->s, &f->err));
    assert_false(tcn_store_is_new_alarm(f->s, "a", "one"));
    tcn_store_expect_alarm(f->s, "a", "one");
    look(f);
    assert_true(tcn_store_is_new_alarm(f->s, "a", "one"));
    tcn_store_rollback(f->s);
    assert_false(tcn_store_is_new_alarm(f->s, "a", "one"));
}

static void more_than_fits_is_not_known(void **state)
{
    struct fixture *f = *state;
    char key[16];
    size_t known = 0;

    begin_batch(f);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        tcn_store_expect_alarm(f->s, key, key);
        tcn_store_expect_delivery(f->s, "s", key);
    }
    look(f);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        known += tcn_store_is_new_alarm(f->s, key, key);
    }
    assert_int_equal(known, 128);
    assert_true(tcn_store_is_new_alarm(f->s, "k127", "k127"));
}

/* -- rows that are sent together -------------------------------------------------------------------------------- */

#define MANY 37

static struct tcn_inbox delivery(uint32_t no, const char *id, struct tcn_str body)
{
    return (struct tcn_inbox){.id = id_of(no),
                              .source = "s",
                              .delivery_id = id,
                              .received_ms = NOW + no,
                              .state = TCN_INBOX_APPLIED,
                              .body = body};
}

static size_t count_deliveries(struct fixture *f)
{
    struct tcn_inbox *rows;
    size_t n;

    OK(f, tcn_store_inbox_list(f->s, TCN_INBOX_APPLIED, 0, 1000, &f->a, &rows, &n, &f->err));
    return n;
}

static void every_row_arrives(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_lane lanes[MANY], out;
    struct tcn_event events[MANY], *listed;
    size_t n;

    begin_batch(f);
    for (uint32_t i = 0; i < MANY; i++) {
        lanes[i] = gen_lane(&g);
        OK(f, tcn_store_lane_put(f->s, &lanes[i], &f->err));
        events[i] = gen_event(&g, i + 1);
        OK(f, tcn_store_event_add(f->s, id_of(1), &events[i], &f->err));
    }
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin(f->s, &f->err));
    for (size_t i = 0; i < MANY; i++) {
        OK(f, tcn_store_lane_get(f->s, lanes[i].dedupe_key, NULL, &f->a, &out, NULL, &f->err));
        same_lane(&lanes[i], &out);
    }
    OK(f, tcn_store_event_list(f->s, id_of(1), 0, 100, &f->a, &listed, &n, &f->err));
    assert_int_equal(n, MANY);
    for (size_t i = 0; i < MANY; i++)
        same_event(&events[i], &listed[i]);
}

static void a_read_sees_what_was_added(void **state)
{
    struct fixture *f = *state;
    struct tcn_lane lane = {.dedupe_key = "k", .clock_ms = 1}, out;

    begin_batch(f);
    for (int64_t i = 0; i < 3; i++) {
        lane.clock_ms = i;
        OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
        OK(f, tcn_store_lane_get(f->s, "k", NULL, &f->a, &out, NULL, &f->err));
        assert_int_equal(out.clock_ms, i);
        lane.revision = out.revision;
    }
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void what_is_rolled_back_is_gone(void **state)
{
    struct fixture *f = *state;

    begin_batch(f);
    put_lane(f, "k");
    put_incident(f, 1, "one", TCN_STATUS_OPEN);
    begin_batch(f); /* rolls back */
    put_lane(f, "k");
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_int_equal(tcn_store_incident_open_of(f->s, "one", &(struct tcn_id){{0}}, &f->err),
                     TCN_ENOTFOUND);
}

static void large_bodies_do_not_wait(void **state)
{
    struct fixture *f = *state;
    size_t size = (size_t)1 << 20;
    char *body = tcn_arena_alloc(&f->a, size);

    memset(body, 'x', size);
    begin_batch(f);
    for (uint32_t i = 0; i < 9; i++) {
        struct tcn_inbox row = delivery(i, NULL, (struct tcn_str){body, size});

        OK(f, tcn_store_inbox_add(f->s, &row, &f->err));
    }
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_int_equal(count_deliveries(f), 9);
}

/* The transaction is over then, and its jobs run again one by one. */
static void assert_refused(struct fixture *f, int r)
{
    if (r == 0)
        r = tcn_store_commit(f->s, &f->err);
    assert_true(r < 0);
    tcn_store_rollback(f->s);
    OK(f, tcn_store_begin(f->s, &f->err));
}

static void a_delivery_is_taken_once(void **state)
{
    struct fixture *f = *state;
    struct tcn_inbox first = delivery(1, "d1", TCN_STR("x")),
                     again = delivery(2, "d1", TCN_STR("x")),
                     other = delivery(3, "d2", TCN_STR("y"));

    begin_batch(f);
    tcn_store_expect_delivery(f->s, "s", "d1");
    tcn_store_expect_delivery(f->s, "s", "d1");
    tcn_store_expect_delivery(f->s, "s", "d2");
    look(f);
    OK(f, tcn_store_inbox_add(f->s, &first, &f->err));
    OK(f, tcn_store_inbox_add(f->s, &other, &f->err));
    assert_int_equal(tcn_store_inbox_add(f->s, &again, &f->err), TCN_ECONFLICT);
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_int_equal(count_deliveries(f), 2);
}

static void a_lane_that_has_changed_ends_the_batch(void **state)
{
    struct fixture *f = *state;
    struct tcn_lane stale = {.dedupe_key = "k", .revision = 0};

    put_lane(f, "k");
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin_many(f->s, &f->err));
    put_lane(f, "other");
    assert_refused(f, tcn_store_lane_put(f->s, &stale, &f->err));
    tcn_store_rollback(f->s);
    OK(f, tcn_store_begin(f->s, &f->err));
    put_lane(f, "other"); /* it is not there: the revision is that of a new one */
    OK(f, tcn_store_commit(f->s, &f->err));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_memory, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(only_what_is_not_there_is_new),
        T(what_is_written_is_not_new_any_more),
        T(a_transaction_knows_nothing_of_another),
        T(more_than_fits_is_not_known),
        T(every_row_arrives),
        T(a_read_sees_what_was_added),
        T(what_is_rolled_back_is_gone),
        T(large_bodies_do_not_wait),
        T(a_delivery_is_taken_once),
        T(a_lane_that_has_changed_ends_the_batch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
