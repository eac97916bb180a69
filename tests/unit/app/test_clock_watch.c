/* The wall clock is set back: what waits does not wait longer for it. */
#include "app/clock_watch.h"
#include "app/timers.h"
#include "turns.h"

#define HOUR INT64_C(3600000)

/* by_ms as tcn_clock_watch_apply wants it; what it answers. */
static int64_t set_back(int64_t hours, int64_t by_ms)
{
    now -= hours * HOUR;
    assert_int_equal(tcn_clock_watch_apply(store, now, &by_ms, &err), 0);
    return by_ms;
}

/* Both at the start and while it runs. */
static void test_a_re_send_and_a_stage(void **state)
{
    static const int64_t asked[] = {HOUR, -1};

    (void)state;
    plan.n_connectors = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *key = i ? "started" : "running";
        struct tcn_id incident = alarm_of(key, TCN_ACTION_FIRE);
        struct tcn_aggregate a;

        assert_int_equal(claim_sends(), 1);
        assert_int_equal(next_due(), now + 60000);
        assert_in_range(set_back(1, asked[i]), HOUR, HOUR);
        assert_int_equal(next_due(), now + 60000);
        a = load(incident);
        assert_int_equal(a.engagements[0].pages[0].next_send_ms, now + 60000);
        assert_int_equal(a.engagements[0].pages[0].stage_end_ms, now + 300000);
        assert_int_equal(tcn_engine_invariant(&a, now, &err), 0);
        assert_int_equal(a.lane.opened_ms, a.incident.created_ms);
        alarm_of(key, TCN_ACTION_RESOLVE);
    }
}

static void test_a_message_that_is_tried_again(void **state)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    (void)state;
    alarm_of("k", TCN_ACTION_FIRE);
    assert_int_equal(tcn_store_send_claim(store, now, 9, &arena, &rows, &n, &err), 0);
    assert_int_equal(tcn_store_send_again(store, rows[0].id, now + 2000, 1, "451", &err), 0);
    now += 1000;
    set_back(5, 5 * HOUR);
    now += 999;
    assert_int_equal(claim_sends(), 0);
    now++;
    assert_int_equal(claim_sends(), 1);
}

/* The newest rows tell it once. */
static void test_a_start_asks_once(void **state)
{
    (void)state;
    assert_int_equal(set_back(0, -1), 0);
    alarm_of("k", TCN_ACTION_FIRE);
    assert_int_equal(set_back(0, -1), 0);
    assert_int_equal(set_back(2, -1), 2 * HOUR);
    assert_int_equal(set_back(0, -1), 0);
}

/* What came before something else still does, and nothing is far in the future. */
static void test_the_order_stays(void **state)
{
    struct tcn_id first, second;

    (void)state;
    first = alarm_of("first", TCN_ACTION_FIRE);
    now += 10000;
    second = alarm_of("second", TCN_ACTION_FIRE);
    now += 10000;
    set_back(1, HOUR);
    assert_int_equal(load(first).incident.created_ms, now);
    assert_int_equal(load(second).incident.created_ms, now);
    assert_int_equal(load(first).engagements[0].pages[0].next_send_ms, now + 40000);
    assert_int_equal(load(second).engagements[0].pages[0].next_send_ms, now + 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_re_send_and_a_stage),
        CASE(test_a_message_that_is_tried_again),
        CASE(test_a_start_asks_once),
        CASE(test_the_order_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
