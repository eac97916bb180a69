#include "rows_feed.h"
#include "rows_notice.h"
#include "rows_resource.h"

/* From BASE + 600 the clock goes back to BASE. */
#define BASE INT64_C(1000000000000)
#define BY 600
static const int64_t times[] = {BASE - 5, BASE + 1, BASE + 600, BASE + 850};
#define TIMES (sizeof times / sizeof *times)

static void back(struct fixture *f)
{
    OK(f, tcn_store_clock_back(f->s, BASE, BY, &f->err));
}

/* Of a row that waits: what was overdue before it stays so. */
static int64_t waiting(int64_t ms)
{
    return ms > BASE ? ms - BY : ms;
}

static void timers_and_messages(void **state)
{
    struct fixture *f = *state;
    struct tcn_send_row *rows;
    struct tcn_id ids[8];
    size_t n;

    for (uint32_t i = 0; i < TIMES; i++) {
        struct tcn_send_row send = gen_send(&(struct gen){.a = &f->a, .n = 1});

        send.id = id_of(i);
        send.state = TCN_SEND_PENDING;
        send.due_ms = times[i];
        OK(f, tcn_store_send_add(f->s, &send, &f->err));
        OK(f, tcn_store_timer_set(f->s, id_of(i), times[i], &f->err));
    }
    back(f);
    for (size_t i = 0; i < TIMES; i++) {
        size_t due = 0;

        for (size_t k = 0; k < TIMES; k++)
            due += waiting(times[k]) <= waiting(times[i]);
        OK(f, tcn_store_timer_due(f->s, waiting(times[i]), 8, ids, &n, &f->err));
        assert_int_equal(n, due);
    }
    OK(f, tcn_store_send_claim(f->s, BASE + 249, 8, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 3);
    OK(f, tcn_store_send_claim(f->s, BASE + 250, 8, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 1);
}

static void buckets(void **state)
{
    struct fixture *f = *state;
    int64_t full_ms;

    OK(f, tcn_store_budget_put(f->s, "ann", "mail", BASE + 850, &f->err));
    OK(f, tcn_store_budget_put(f->s, "bob", "mail", BASE - 5, &f->err));
    back(f);
    OK(f, tcn_store_budget_get(f->s, "ann", "mail", &full_ms, &f->err));
    assert_int_equal(full_ms, BASE + 250);
    OK(f, tcn_store_budget_get(f->s, "bob", "mail", &full_ms, &f->err));
    assert_int_equal(full_ms, BASE - 5);
}

/* What is counted from a time goes on. */
static void codes(void **state)
{
    struct fixture *f = *state;
    struct tcn_channel_state got, row = gen_channel_state(&(struct gen){.a = &f->a, .n = 1});

    row.code_ms = BASE - 5;
    row.sent_from_ms = BASE + 600;
    OK(f, tcn_store_channel_state_put(f->s, &row, &f->err));
    back(f);
    OK(f, tcn_store_channel_state_get(f->s, row.contact, row.channel, &f->a, &got, &f->err));
    assert_int_equal(got.code_ms, BASE - 5 - BY);
    assert_int_equal(got.sent_from_ms, BASE);
    row.code_ms = 0;
    OK(f, tcn_store_channel_state_put(f->s, &row, &f->err));
    back(f);
    OK(f, tcn_store_channel_state_get(f->s, row.contact, row.channel, &f->a, &got, &f->err));
    assert_int_equal(got.code_ms, 0);
}

static void notices(void **state)
{
    struct fixture *f = *state;
    struct tcn_notice *got, row = gen_notice(&(struct gen){.a = &f->a, .n = 1});
    size_t n;

    row.due_ms = BASE + 850;
    row.since_ms = BASE + 800;
    OK(f, tcn_store_notice_wake(f->s, &row, &f->err));
    OK(f, tcn_store_notice_put(f->s, &row, &f->err));
    back(f);
    OK(f, tcn_store_notice_list(f->s, row.incident, &f->a, &got, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(got->due_ms, BASE + 850 - BY);
    assert_int_equal(got->since_ms, BASE + 800 - BY);
    row.since_ms = BASE - 9;
    OK(f, tcn_store_notice_put(f->s, &row, &f->err));
    back(f);
    OK(f, tcn_store_notice_list(f->s, row.incident, &f->a, &got, &n, &f->err));
    assert_int_equal(got->since_ms, BASE - 9);
}

/* The times of a feed that are to come, or came from the clock that was ahead. */
static void feeds(void **state)
{
    struct fixture *f = *state;
    struct tcn_feed *got, row = gen_feed(&(struct gen){.a = &f->a, .n = 1});
    size_t n;

    row.poll_due_ms = row.sweep_due_ms = BASE + 850;
    row.polled_ms = BASE + 800;
    row.swept_ms = BASE - 9;
    OK(f, tcn_store_feed_make(f->s, row.connector, BASE, &f->err));
    OK(f, tcn_store_feed_put(f->s, &row, &f->err));
    back(f);
    OK(f, tcn_store_feed_list(f->s, &f->a, &got, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(got->poll_due_ms, BASE + 850 - BY);
    assert_int_equal(got->sweep_due_ms, BASE + 850 - BY);
    assert_int_equal(got->polled_ms, BASE + 800 - BY);
    assert_int_equal(got->swept_ms, BASE - 9);
}

/* Whoever keeps the states learns that they have moved. */
static void codes_are_a_change(void **state)
{
    struct fixture *f = *state;
    uint64_t before = 0, after = 0;

    OK(f, tcn_store_resources_version(f->s, BASE, &before, &f->err));
    back(f);
    OK(f, tcn_store_resources_version(f->s, BASE, &after, &f->err));
    assert_true(after > before);
}

static void put_heard(struct fixture *f, uint32_t i, int64_t ms, enum tcn_incident_status status,
                      int64_t received_ms)
{
    struct tcn_incident row = gen_incident(&(struct gen){.a = &f->a, .n = i});
    struct tcn_lane lane = gen_lane(&(struct gen){.a = &f->a, .n = i});
    struct tcn_item item = {
        .key = "i", .seen_ms = ms, .echo_ms = ms, .since_ms = BASE + 850, .ended_ms = BASE - 1};

    row.id = id_of(i);
    row.status = status;
    row.created_ms = row.modified_ms = ms;
    row.resolved_ms = status == TCN_STATUS_RESOLVED ? ms : 0;
    lane.dedupe_key = tcn_arena_fmt(&f->a, "k%u", i);
    lane.incident = row.id;
    lane.revision = 0;
    lane.received_ms = received_ms;
    lane.opened_ms = lane.resolve_due_ms = lane.transitions_ms[0] = ms;
    lane.stale_due_ms = 0;
    lane.clock_ms = BASE + 850;
    lane.items = &item;
    lane.n_items = 1;
    OK(f, tcn_store_incident_put(f->s, &row, &f->err));
    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
}

static void put(struct fixture *f, uint32_t i, int64_t ms, enum tcn_incident_status status)
{
    put_heard(f, i, ms, status, BASE + 300);
}

/* Every time of ours moved by as much, so that they still agree; the sender's, where it was ahead. */
static void check_moved(struct fixture *f, uint32_t i, int64_t ms)
{
    struct tcn_incident row;
    struct tcn_lane lane;

    OK(f, tcn_store_incident_get(f->s, id_of(i), &f->a, &row, &f->err));
    OK(f,
       tcn_store_lane_get(f->s, tcn_arena_fmt(&f->a, "k%u", i), NULL, &f->a, &lane, NULL, &f->err));
    assert_int_equal(row.created_ms, ms - BY);
    assert_int_equal(lane.opened_ms, ms - BY);
    assert_int_equal(lane.resolve_due_ms, ms - BY);
    assert_int_equal(lane.transitions_ms[0], ms - BY);
    assert_int_equal(lane.items[0].seen_ms, ms - BY);
    assert_int_equal(lane.items[0].echo_ms, ms - BY);
    assert_int_equal(lane.stale_due_ms, 0);
    assert_int_equal(lane.clock_ms, BASE + 250);
    assert_int_equal(lane.items[0].since_ms, BASE + 250);
    assert_int_equal(lane.items[0].ended_ms, BASE - 1);
}

static void incidents(void **state)
{
    struct fixture *f = *state;
    struct tcn_incident row;

    put(f, 50, BASE - 9, TCN_STATUS_RESOLVED);
    put(f, 51, BASE + 9, TCN_STATUS_RESOLVED);
    for (uint32_t i = 0; i < TIMES; i++)
        put(f, 60 + i, times[i], TCN_STATUS_OPEN);
    back(f);
    for (uint32_t i = 0; i < TIMES; i++)
        check_moved(f, 60 + i, times[i]);
    check_moved(f, 51, BASE + 9);
    OK(f, tcn_store_incident_get(f->s, id_of(51), &f->a, &row, &f->err));
    assert_int_equal(row.resolved_ms, BASE + 9 - BY);
    OK(f, tcn_store_incident_get(f->s, id_of(50), &f->a, &row, &f->err));
    assert_int_equal(row.resolved_ms, BASE - 9);
}

/* Heard of while the clock was right: what was decided then stays, so that silence ends no alarm early. */
static void what_was_heard_before(void **state)
{
    struct fixture *f = *state;
    struct tcn_lane lane;

    put_heard(f, 70, BASE + 10, TCN_STATUS_OPEN, BASE - 1);
    back(f);
    OK(f, tcn_store_lane_get(f->s, "k70", NULL, &f->a, &lane, NULL, &f->err));
    assert_int_equal(lane.opened_ms, BASE + 10 - BY); /* as its incident */
    assert_int_equal(lane.received_ms, BASE - 1);
    assert_int_equal(lane.resolve_due_ms, BASE + 10);
    assert_int_equal(lane.items[0].seen_ms, BASE + 10);
}

/* More than are read at once. */
static void many_lanes(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 0; i < 450; i++)
        put(f, i, BASE + 10 + i, TCN_STATUS_OPEN);
    back(f);
    for (uint32_t i = 0; i < 450; i++)
        check_moved(f, i, BASE + 10 + i);
}

static void expect_newest(struct fixture *f, int64_t ms)
{
    int64_t newest;

    OK(f, tcn_store_newest(f->s, &newest, &f->err));
    assert_int_equal(newest, ms);
}

static void marks_and_deliveries(void **state)
{
    static const int64_t received[] = {BASE - 50, BASE + 500, BASE - 10, BASE + 550, BASE + 600};
    struct fixture *f = *state;
    struct tcn_inbox *rows;
    size_t n;

    expect_newest(f, 0);
    for (uint32_t i = 0; i < 5; i++) {
        struct tcn_inbox row = {.id = id_of(i),
                                .source = "s",
                                .received_ms = received[i],
                                .state = TCN_INBOX_APPLIED,
                                .body = TCN_STR("")};

        OK(f, tcn_store_inbox_add(f->s, &row, &f->err));
    }
    expect_newest(f, BASE + 600);
    OK(f, tcn_store_clock_mark(f->s, BASE + 700, &f->err));
    expect_newest(f, BASE + 700);
    back(f);
    expect_newest(f, BASE);
    OK(f, tcn_store_inbox_list(f->s, TCN_INBOX_APPLIED, 0, 9, &f->a, &rows, &n, &f->err));
    assert_int_equal(rows[1].received_ms, BASE + 500); /* not of the newest: nobody asks for it */
    assert_int_equal(rows[3].received_ms, BASE - 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(timers_and_messages),
        IN_MEMORY(buckets),
        IN_MEMORY(incidents),
        IN_MEMORY(codes),
        IN_MEMORY(notices),
        IN_MEMORY(feeds),
        IN_MEMORY(codes_are_a_change),
        IN_MEMORY(what_was_heard_before),
        IN_MEMORY(many_lanes),
        IN_MEMORY(marks_and_deliveries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
