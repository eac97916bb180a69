/* What the timeline hears of a create whose outcome is not known. */
#include "ensure_world.h"

static void lose_create(struct world *w)
{
    w->link.state = TCN_LINK_CREATING;
    w->link.create_attempts++;
    w->link.is_uncertain = true;
    w->link.last_attempt_ms = w->now_ms;
    wake(w);
}

/* A remote whose searches lag by more than seconds: the wait for them is told when it begins. */
static void a_long_look_is_told_once(void **unused)
{
    static const char again[] = "Not synced to jira yet: what became of the create is not known, "
                                "and jira may show a new record late; it is looked for until "
                                "1970-01-01T00:18:10.000Z, ";
    struct world w;

    (void)unused;
    seed = 23;
    open_world(&w);
    w.wanted.visibility_ms = 90000;
    lose_create(&w);
    run_lane(&w);
    assert_non_null(strstr(w.said, again));
    w.now_ms += 30000;
    touch(&w); /* the wait goes on */
    wake(&w);
    run_lane(&w);
    assert_int_equal(count_said(&w, "Not synced"), 1);
    w.now_ms += 60000;
    lose_create(&w);
    run_lane(&w);
    assert_int_equal(count_said(&w, "Not synced"), 2);
    assert_int_equal(w.calls[TOCSIN_CREATE], 0);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(count_said(&w, "Not synced"), 2);
    close_world(&w);
}

static void a_short_look_is_not_told(void **unused)
{
    struct world w;

    (void)unused;
    seed = 24;
    open_world(&w);
    lose_create(&w);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(w.calls[TOCSIN_FIND], 2);
    assert_int_equal(count_said(&w, "Not synced"), 0);
    close_world(&w);
}

/* A remote that leaves out what it does not know. */
static void what_a_create_did_not_keep_is_told(void **unused)
{
    const struct tocsin_record record = {.remote_id = "rec0", .remote_key = "OPS-1"};
    const struct tocsin_result result = {.outcome = TOCSIN_OK,
                                         .reason = "created, but u_nothing was not kept"};
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tcn_step step;
    struct tcn_ensure e;
    struct world w;

    (void)unused;
    seed = 26;
    open_world(&w);
    e = engine(&w, &w.link, &p, &fx);
    tcn_ensure_plan(&e, &step);
    assert_int_equal(step.verb, TOCSIN_CREATE);
    assert_true(tcn_ensure_apply(
        &e, &step, &(struct tcn_learned){.result = &result, .records = &record, .n_records = 1}));
    take_effects(&w, &fx);
    assert_int_equal(w.link.state, TCN_LINK_LINKED);
    assert_int_equal(count_said(&w, "jira: created, but u_nothing was not kept"), 1);
    tcn_step_done(&step);
    tcn_progress_done(&p);
    close_world(&w);
}

/* Soon at first: what is there is mostly seen long before the last moment. */
static void looks_for_what_may_be_there(void **unused)
{
    static const int64_t after_ms[] = {5000, 15000, 45000, 90000};
    struct world w;
    int64_t lost_ms;

    (void)unused;
    seed = 25;
    open_world(&w);
    w.wanted.visibility_ms = 90000;
    lose_create(&w);
    lost_ms = w.now_ms;
    for (size_t i = 0; i < sizeof after_ms / sizeof *after_ms; i++) {
        run_lane(&w);
        assert_int_equal(w.calls[TOCSIN_FIND], i + 1);
        assert_int_equal(w.calls[TOCSIN_CREATE], 0);
        assert_int_equal(w.link.due_ms, lost_ms + after_ms[i]);
        w.now_ms = w.link.due_ms;
    }
    settle(&w);
    assert_int_equal(w.calls[TOCSIN_CREATE], 1);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_look_is_told_once),
        cmocka_unit_test(a_short_look_is_not_told),
        cmocka_unit_test(what_a_create_did_not_keep_is_told),
        cmocka_unit_test(looks_for_what_may_be_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
