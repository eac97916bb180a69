#include "rows.h"

/* Of one row each, as it is after the clock went from 1000 back to 400. */
static const int64_t before[] = {400, 401, 1000, 1250}, after[] = {400, 400, 400, 650};
#define TIMES (sizeof before / sizeof *before)

static void back(struct fixture *f)
{
    OK(f, tcn_store_clock_back(f->s, 400, 600, &f->err));
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
        send.due_ms = before[i];
        OK(f, tcn_store_send_add(f->s, &send, &f->err));
        OK(f, tcn_store_timer_set(f->s, id_of(i), before[i], &f->err));
    }
    back(f);
    for (size_t i = 0; i < TIMES; i++) {
        size_t due = i < 3 ? 3 : 4;

        OK(f, tcn_store_timer_due(f->s, after[i], 8, ids, &n, &f->err));
        assert_int_equal(n, due);
    }
    OK(f, tcn_store_send_claim(f->s, 649, 8, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 3);
    OK(f, tcn_store_send_claim(f->s, 650, 8, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 1);
}

static void put_open(struct fixture *f, uint32_t i, int64_t ms, enum tcn_incident_status status)
{
    struct tcn_incident row = gen_incident(&(struct gen){.a = &f->a, .n = i});
    struct tcn_lane lane = gen_lane(&(struct gen){.a = &f->a, .n = i});

    row.id = id_of(i);
    row.status = status;
    row.created_ms = row.modified_ms = ms;
    row.resolved_ms = 0;
    lane.dedupe_key = tcn_arena_fmt(&f->a, "k%u", i);
    lane.incident = row.id;
    lane.revision = 0;
    lane.received_ms = 300;
    lane.opened_ms = lane.resolve_due_ms = ms;
    lane.clock_ms = 1250;
    OK(f, tcn_store_incident_put(f->s, &row, &f->err));
    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
}

static void incidents_that_are_open(void **state)
{
    struct fixture *f = *state;
    struct tcn_incident row;
    struct tcn_lane lane;
    int64_t newest;

    put_open(f, 50, 999, TCN_STATUS_RESOLVED);
    for (uint32_t i = 0; i < TIMES; i++)
        put_open(f, 60 + i, before[i], TCN_STATUS_OPEN);
    OK(f, tcn_store_newest(f->s, &newest, &f->err));
    assert_int_equal(newest, 1250);
    back(f);
    for (uint32_t i = 0; i < TIMES; i++) {
        const char *key = tcn_arena_fmt(&f->a, "k%u", 60 + i);

        OK(f, tcn_store_incident_get(f->s, id_of(60 + i), &f->a, &row, &f->err));
        OK(f, tcn_store_lane_get(f->s, key, NULL, &f->a, &lane, NULL, &f->err));
        assert_int_equal(row.created_ms, after[i]);
        assert_int_equal(lane.opened_ms, after[i]);
        assert_int_equal(lane.resolve_due_ms, after[i]);
        assert_int_equal(lane.clock_ms, 1250); /* the sender's */
    }
    OK(f, tcn_store_incident_get(f->s, id_of(50), &f->a, &row, &f->err));
    assert_int_equal(row.created_ms, 999); /* history */
}

static void deliveries(void **state)
{
    static const int64_t received[] = {350, 900, 390, 950, 1000};
    struct fixture *f = *state;
    struct tcn_inbox *rows;
    int64_t newest;
    size_t n;

    OK(f, tcn_store_newest(f->s, &newest, &f->err));
    assert_int_equal(newest, 0);
    for (uint32_t i = 0; i < 5; i++) {
        struct tcn_inbox row = {.id = id_of(i),
                                .source = "s",
                                .received_ms = received[i],
                                .state = TCN_INBOX_APPLIED,
                                .body = TCN_STR("")};

        OK(f, tcn_store_inbox_add(f->s, &row, &f->err));
    }
    back(f);
    OK(f, tcn_store_newest(f->s, &newest, &f->err));
    assert_int_equal(newest, 400);
    OK(f, tcn_store_inbox_list(f->s, TCN_INBOX_APPLIED, 0, 9, &f->a, &rows, &n, &f->err));
    assert_int_equal(rows[1].received_ms, 900); /* not of the newest: nobody asks for it */
    assert_int_equal(rows[3].received_ms, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(timers_and_messages),
        IN_MEMORY(incidents_that_are_open),
        IN_MEMORY(deliveries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
