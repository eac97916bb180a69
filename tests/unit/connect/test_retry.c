/* Backoff, breaker, gate: when an instance is called again. */
#include "rig.h"

#include "connect/gate.h"
#include "connect/retry.h"

static uint64_t seed = 20260802;

/* splitmix64: the same numbers on every machine. */
static uint64_t next_random(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void backoff_bounds(void **unused)
{
    (void)unused;
    for (int64_t failures = 0; failures < 70; failures++) {
        int64_t cap = failures < 9 ? INT64_C(1000) << failures : TCN_BACKOFF_MAX_MS, most = 0;

        cap = cap > TCN_BACKOFF_MAX_MS ? TCN_BACKOFF_MAX_MS : cap;
        for (int i = 0; i < 2000; i++) {
            int64_t ms = tcn_backoff_ms(failures, next_random());

            assert_in_range(ms, 0, cap);
            most = ms > most ? ms : most;
        }
        assert_true(most > cap * 9 / 10); /* all of the range is used */
    }
}

static void never_faster_than_told(void **unused)
{
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        uint32_t asked = (uint32_t)(next_random() % 5000);
        int64_t failures = (int64_t)(next_random() % 12),
                ms = tcn_retry_delay_ms(failures, asked, next_random());
        int64_t floor = (asked > 3600 ? 3600 : asked) * INT64_C(1000);
        int64_t roof =
            floor + floor / 5 > TCN_BACKOFF_MAX_MS ? floor + floor / 5 : TCN_BACKOFF_MAX_MS;

        assert_true(ms >= floor && ms <= roof);
    }
}

static void ten_in_a_row_open(void **unused)
{
    struct tcn_breaker b = {.state = TCN_BREAKER_CLOSED};

    (void)unused;
    for (int i = 0; i < 9; i++)
        assert_false(tcn_breaker_record(&b, true, 1000));
    assert_true(tcn_breaker_record(&b, true, 1000));
    assert_false(tcn_breaker_allows(&b));
    assert_false(tcn_breaker_record(&b, true, 1000)); /* told once */
    assert_false(tcn_breaker_probe_due(&b, 15999));
    assert_true(tcn_breaker_probe_due(&b, 16000));
    assert_int_equal(b.state, TCN_BREAKER_HALF_OPEN);
    assert_false(tcn_breaker_allows(&b)); /* probes only */
    assert_false(tcn_breaker_probed(&b, false, 16000));
    assert_true(tcn_breaker_probed(&b, false, 16001));
    assert_true(tcn_breaker_allows(&b));
    for (int i = 0; i < 9; i++) /* forgotten */
        assert_false(tcn_breaker_record(&b, true, 17000));
}

static void half_of_twenty_open(void **unused)
{
    struct tcn_breaker b = {.state = TCN_BREAKER_CLOSED};

    (void)unused;
    for (int i = 0; i < 19; i++)
        assert_false(tcn_breaker_record(&b, i % 2 == 0, 1000 + i * 100));
    assert_true(tcn_breaker_record(&b, true, 3000));
}

static void old_failures_do_not_count(void **unused)
{
    struct tcn_breaker b = {.state = TCN_BREAKER_CLOSED};

    (void)unused;
    for (int i = 0; i < 18; i++)
        assert_false(tcn_breaker_record(&b, i % 2 == 0, 1000));
    for (int i = 0; i < 30; i++) /* a minute later: a third fails */
        assert_false(tcn_breaker_record(&b, i % 3 == 0, 66000));
}

static void openings_double_to_a_cap(void **unused)
{
    struct tcn_breaker b = {.state = TCN_BREAKER_CLOSED};
    int64_t now = 0, want = 15000;

    (void)unused;
    for (int i = 0; i < 10; i++)
        tcn_breaker_record(&b, true, now);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(b.open_until_ms - now, want);
        now = b.open_until_ms;
        assert_true(tcn_breaker_probe_due(&b, now));
        if (i % 2 == 0)
            assert_false(tcn_breaker_probed(&b, false, now)); /* one good probe is not enough */
        assert_false(tcn_breaker_probed(&b, true, now));
        want = want * 2 > 300000 ? 300000 : want * 2;
    }
}

/* -- gate ------------------------------------------------------------------------------------------------------- */

static const struct tcn_limits limits = {.concurrency = 3, .rate_per_min = 60};

static struct tcn_gate_result result(uint32_t outcome)
{
    return (struct tcn_gate_result){.verb = TOCSIN_WRITE, .outcome = outcome};
}

static void gate_places(void **unused)
{
    struct tcn_gate g = {.in_flight = 0};
    struct tcn_gate_result ok = result(TOCSIN_OK);
    int64_t wait;

    (void)unused;
    assert_int_equal(tcn_gate_room(&g, &limits, 1000, &wait), 3);
    tcn_gate_enter(&g, &limits, 1000);
    tcn_gate_enter(&g, &limits, 1000);
    tcn_gate_enter(&g, &limits, 1000);
    assert_int_equal(tcn_gate_room(&g, &limits, 1000, &wait), 0);
    assert_int_equal(wait, 0); /* until one ends */
    assert_int_equal(tcn_gate_leave(&g, &ok, 1100), TCN_GATE_SAME);
    assert_int_equal(tcn_gate_room(&g, &limits, 1100, &wait), 1);
}

static void gate_rate(void **unused)
{
    struct tcn_gate g = {.in_flight = 0};
    struct tcn_gate_result ok = result(TOCSIN_OK);
    int64_t wait, now = 1000;
    int calls = 0;

    (void)unused;
    while (tcn_gate_room(&g, &limits, now, &wait) > 0) {
        tcn_gate_enter(&g, &limits, now);
        tcn_gate_leave(&g, &ok, now);
        calls++;
    }
    assert_int_equal(calls, 10); /* ten seconds' worth at once */
    assert_in_range(wait, 990, 1001);
    assert_int_equal(tcn_gate_room(&g, &limits, now + wait, &wait), 1);
}

static void gate_auth(void **unused)
{
    struct tcn_gate g = {.in_flight = 0};
    struct tcn_gate_result auth = result(TOCSIN_AUTH), ok = result(TOCSIN_OK),
                           retry = result(TOCSIN_RETRY);
    static const int64_t checks[] = {10000, 310000, 610000, 910000};
    int64_t wait;

    (void)unused;
    tcn_gate_enter(&g, &limits, 0);
    tcn_gate_enter(&g, &limits, 0);
    assert_int_equal(tcn_gate_leave(&g, &auth, 0), TCN_GATE_AUTH_FAILED);
    assert_int_equal(tcn_gate_leave(&g, &auth, 900), TCN_GATE_SAME); /* it was out with the first */
    assert_int_equal(tcn_gate_room(&g, &limits, 1000, &wait), 0);
    assert_int_equal(tcn_gate_check_at(&g), 10000); /* a remote that stumbled costs seconds */
    assert_false(tcn_gate_check_due(&g, 9999));
    for (size_t i = 0; i + 1 < sizeof checks / sizeof checks[0]; i++) {
        assert_true(tcn_gate_check_due(&g, checks[i]));
        assert_int_equal(tcn_gate_checked(&g, &auth, checks[i]), TCN_GATE_SAME);
        assert_int_equal(tcn_gate_check_at(&g), checks[i + 1]);
    }
    assert_int_equal(tcn_gate_checked(&g, &retry, 910000), TCN_GATE_SAME);
    assert_int_equal(tcn_gate_check_at(&g), 1210000);
    assert_int_equal(tcn_gate_checked(&g, &ok, 1210000), TCN_GATE_AUTH_OK);
    assert_int_equal(tcn_gate_room(&g, &limits, 1210000, &wait), 3);
}

/* Credentials that a CHECK gets through with and a write does not are not tried every ten seconds. */
static void checks_that_mislead_are_made_less_often(void **unused)
{
    struct tcn_gate g = {.in_flight = 0};
    struct tcn_gate_result auth = result(TOCSIN_AUTH), ok = result(TOCSIN_OK);
    int64_t now = 0, pause = 10000;

    (void)unused;
    for (int i = 0; i < 8; i++) {
        tcn_gate_enter(&g, &limits, now);
        assert_int_equal(tcn_gate_leave(&g, &auth, now), TCN_GATE_AUTH_FAILED);
        assert_int_equal(tcn_gate_check_at(&g) - now, pause);
        now = tcn_gate_check_at(&g);
        assert_int_equal(tcn_gate_checked(&g, &ok, now), TCN_GATE_AUTH_OK);
        now += 1000;
        tcn_gate_enter(&g, &limits, now);
        assert_int_equal(tcn_gate_leave(&g, &ok, now), TCN_GATE_SAME); /* as a GET before it */
        pause = 300000;
    }
    now += 300000;
    tcn_gate_enter(&g, &limits, now);
    assert_int_equal(tcn_gate_leave(&g, &auth, now), TCN_GATE_AUTH_FAILED);
    assert_int_equal(tcn_gate_check_at(&g) - now, 10000);
}

static void gate_pauses(void **unused)
{
    struct tcn_gate g = {.in_flight = 0};
    struct tcn_gate_result r = result(TOCSIN_RETRY);
    int64_t wait;

    (void)unused;
    r.retry_after_s = 10;
    r.scope = TOCSIN_SCOPE_ENDPOINT;
    tcn_gate_enter(&g, &limits, 0);
    tcn_gate_leave(&g, &r, 0);
    assert_in_range(tcn_gate_verb_until(&g, TOCSIN_WRITE, 0), 10000, 12000);
    assert_int_equal(tcn_gate_verb_until(&g, TOCSIN_GET, 0), 0);
    assert_int_equal(tcn_gate_verb_until(&g, TOCSIN_WRITE, 12001), 0);
    assert_int_equal(tcn_gate_room(&g, &limits, 0, &wait), 3);
    r.scope = TOCSIN_SCOPE_LANE;
    tcn_gate_enter(&g, &limits, 0);
    tcn_gate_leave(&g, &r, 0);
    assert_int_equal(tcn_gate_room(&g, &limits, 0, &wait), 3);
    r.scope = TOCSIN_SCOPE_INSTANCE;
    tcn_gate_enter(&g, &limits, 0);
    tcn_gate_leave(&g, &r, 0);
    assert_int_equal(tcn_gate_room(&g, &limits, 0, &wait), 0);
    assert_in_range(wait, 10000, 12000);
}

/* Being told to slow down is not being broken. */
static void rate_limits_do_not_open_the_breaker(void **unused)
{
    struct tcn_gate g = {.in_flight = 0};
    struct tcn_gate_result r = result(TOCSIN_RETRY);

    (void)unused;
    r.status = 429;
    for (int i = 0; i < 50; i++) {
        tcn_gate_enter(&g, &limits, 0);
        assert_int_equal(tcn_gate_leave(&g, &r, 0), i == 0 ? TCN_GATE_PUT_OFF : TCN_GATE_SAME);
    }
    r.status = 503;
    for (int i = 0; i < 9; i++) {
        tcn_gate_enter(&g, &limits, 0);
        assert_int_equal(tcn_gate_leave(&g, &r, 0), TCN_GATE_SAME);
    }
    tcn_gate_enter(&g, &limits, 0);
    assert_int_equal(tcn_gate_leave(&g, &r, 0), TCN_GATE_OPENED);
}

static enum tcn_gate_news hears(struct tcn_gate *g, uint32_t outcome, int32_t status,
                                uint32_t retry_after_s)
{
    struct tcn_gate_result r = result(outcome);

    r.status = status;
    r.retry_after_s = retry_after_s;
    tcn_gate_enter(g, &limits, 0);
    return tcn_gate_leave(g, &r, 0);
}

static void what_people_must_hear_is_news_once(void **unused)
{
    struct tcn_gate g = {.in_flight = 0};

    (void)unused;
    assert_int_equal(hears(&g, TOCSIN_RETRY, 503, 30), TCN_GATE_PUT_OFF);
    assert_int_equal(hears(&g, TOCSIN_RETRY, 503, 30), TCN_GATE_SAME);
    assert_int_equal(hears(&g, TOCSIN_RETRY, 429, 0), TCN_GATE_SAME);
    assert_int_equal(hears(&g, TOCSIN_RETRY, 302, 0), TCN_GATE_REDIRECTED);
    assert_int_equal(hears(&g, TOCSIN_RETRY, 302, 0), TCN_GATE_SAME);
    assert_int_equal(hears(&g, TOCSIN_REJECTED, 422, 0), TCN_GATE_SAME);
    assert_int_equal(hears(&g, TOCSIN_RETRY, 307, 0), TCN_GATE_SAME);
    assert_int_equal(hears(&g, TOCSIN_OK, 200, 0), TCN_GATE_SAME);
    assert_int_equal(hears(&g, TOCSIN_RETRY, 307, 0), TCN_GATE_REDIRECTED);
    assert_int_equal(hears(&g, TOCSIN_RETRY, 429, 0), TCN_GATE_PUT_OFF);
    assert_int_equal(hears(&g, TOCSIN_RETRY, 500, 0), TCN_GATE_SAME);
}

/* Pages are tried whatever went before: the next that gets through ends it, and no CHECK is asked for. */
static void a_gate_of_pages_never_shuts(void **unused)
{
    struct tcn_gate g = {.never_shuts = true};

    (void)unused;
    assert_int_equal(hears(&g, TOCSIN_AUTH, 535, 0), TCN_GATE_AUTH_FAILED);
    assert_int_equal(hears(&g, TOCSIN_AUTH, 535, 0), TCN_GATE_SAME);
    assert_false(tcn_gate_check_due(&g, 3600000));
    assert_int_equal(tcn_gate_check_at(&g), 0);
    assert_int_equal(hears(&g, TOCSIN_REJECTED, 550, 0), TCN_GATE_SAME);
    assert_true(g.is_auth_failed);
    assert_int_equal(hears(&g, TOCSIN_OK, 250, 0), TCN_GATE_AUTH_OK);
    assert_false(g.is_auth_failed);
    for (int i = 0; i < 9; i++)
        assert_int_equal(hears(&g, TOCSIN_UNKNOWN, 0, 0), TCN_GATE_SAME);
    assert_int_equal(hears(&g, TOCSIN_UNKNOWN, 0, 0), TCN_GATE_OPENED);
    assert_false(tcn_gate_check_due(&g, 3600000));
    assert_int_equal(hears(&g, TOCSIN_OK, 250, 0), TCN_GATE_CLOSED);
    assert_int_equal(g.breaker.state, TCN_BREAKER_CLOSED);
    assert_int_equal(hears(&g, TOCSIN_OK, 250, 0), TCN_GATE_SAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_bounds),
        cmocka_unit_test(never_faster_than_told),
        cmocka_unit_test(ten_in_a_row_open),
        cmocka_unit_test(half_of_twenty_open),
        cmocka_unit_test(old_failures_do_not_count),
        cmocka_unit_test(openings_double_to_a_cap),
        cmocka_unit_test(gate_places),
        cmocka_unit_test(gate_rate),
        cmocka_unit_test(gate_auth),
        cmocka_unit_test(checks_that_mislead_are_made_less_often),
        cmocka_unit_test(gate_pauses),
        cmocka_unit_test(rate_limits_do_not_open_the_breaker),
        cmocka_unit_test(what_people_must_hear_is_news_once),
        cmocka_unit_test(a_gate_of_pages_never_shuts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
