/* What people write at a record is heard before the record is read, page by page, and never keeps the record's status back. */
#include "ensure_world.h"

/* One run of a lane, answered by hand. */
struct run {
    struct tcn_link link;
    struct tcn_progress progress;
    struct tcn_effects effects;
    struct tcn_step step;
    struct tcn_ensure ensure;
};

static void open_listening(struct world *w)
{
    open_world(w);
    settle(w);
    w->now_ms += 60000;
    w->said[0] = 0;
    w->wanted.caps |= TOCSIN_CAN(TOCSIN_LISTEN);
    w->wanted.listen = json_pack("{s:[s]}", "from", "comments");
    w->link.hints++;
    wake(w);
}

static void close_listening(struct world *w)
{
    json_decref(w->wanted.listen);
    close_world(w);
}

static void begin(struct world *w, struct run *r)
{
    *r = (struct run){.link = w->link};
    r->ensure = engine(w, &r->link, &r->progress, &r->effects);
    tcn_ensure_plan(&r->ensure, &r->step);
}

static void end(struct world *w, struct run *r)
{
    take_effects(w, &r->effects);
    commit(w, &r->link);
    tcn_step_done(&r->step);
    tcn_progress_done(&r->progress);
}

/* The LISTEN came to that; what is planned after it is the run's step. */
static bool answered(struct world *w, struct run *r, const struct tocsin_result *result)
{
    bool goes_on;

    assert_int_equal(r->step.verb, TOCSIN_LISTEN);
    goes_on = tcn_ensure_apply(&r->ensure, &r->step, &(struct tcn_learned){.result = result});
    take_effects(w, &r->effects);
    tcn_step_done(&r->step);
    if (goes_on)
        tcn_ensure_plan(&r->ensure, &r->step);
    return goes_on;
}

static void pages_are_heard_and_then_the_record_is_read(void **unused)
{
    struct world w;
    struct run r;

    (void)unused;
    open_listening(&w);
    begin(&w, &r);
    assert_true(json_equal(r.step.payload, w.wanted.listen));
    assert_true(
        answered(&w, &r, &(struct tocsin_result){.outcome = TOCSIN_OK, .step = 1, .cursor = "c1"}));
    assert_string_equal(r.link.heard, "c1");
    assert_true(answered(&w, &r, &(struct tocsin_result){.outcome = TOCSIN_OK, .cursor = "c2"}));
    assert_string_equal(r.link.heard, "c2");
    assert_int_equal(r.step.verb, TOCSIN_GET);
    assert_true(r.link.hints > r.link.hints_seen); /* a crash here hears it again */
    end(&w, &r);
    close_listening(&w);
}

static void what_never_ends_is_left_for_the_next_time(void **unused)
{
    const struct tocsin_result more = {.outcome = TOCSIN_OK, .step = 1, .cursor = "c"};
    struct world w;
    struct run r;
    unsigned pages = 0;

    (void)unused;
    open_listening(&w);
    for (begin(&w, &r); r.step.verb == TOCSIN_LISTEN; pages++)
        assert_true(answered(&w, &r, &more));
    assert_int_equal(pages, 10);
    assert_int_equal(r.step.verb, TOCSIN_GET);
    end(&w, &r);
    close_listening(&w);
}

static void nobody_listens_unasked(void **unused)
{
    struct world w;
    struct run r;

    (void)unused;
    open_listening(&w);
    w.link.hints = w.link.hints_seen;
    touch(&w);
    begin(&w, &r);
    assert_int_not_equal(r.step.verb, TOCSIN_LISTEN);
    end(&w, &r);
    w.now_ms += 60000;
    w.link.hints++;
    json_decref(w.wanted.listen);
    w.wanted.listen = NULL; /* the mapping takes none in */
    begin(&w, &r);
    assert_int_equal(r.step.verb, TOCSIN_GET);
    end(&w, &r);
    close_listening(&w);
}

/* Rights that are missing: told once, and the status comes all the same. */
static void refused_notes_keep_nothing_back(void **unused)
{
    const struct tocsin_result no = {.outcome = TOCSIN_REJECTED, .reason = "may not be read"};
    struct world w;
    struct run r;

    (void)unused;
    open_listening(&w);
    for (unsigned i = 0; i < 2; i++) {
        begin(&w, &r);
        assert_true(answered(&w, &r, &no));
        assert_int_equal(r.step.verb, TOCSIN_GET);
        end(&w, &r);
        w.link.is_in_flight = false;
    }
    assert_string_equal(w.said, "Notes written in jira are not taken over: may not be read\n");
    close_listening(&w);
}

static void a_fault_is_tried_again_a_few_times(void **unused)
{
    const struct tocsin_result fault = {.outcome = TOCSIN_RETRY, .reason = "it answered 500"};
    struct world w;
    struct run r;
    unsigned tries = 0;

    (void)unused;
    open_listening(&w);
    for (begin(&w, &r); !answered(&w, &r, &fault); begin(&w, &r)) {
        assert_true(r.link.due_ms >= w.now_ms);
        end(&w, &r);
        w.now_ms = w.link.due_ms;
        tries++;
    }
    assert_int_equal(tries, 3);
    assert_int_equal(r.step.verb, TOCSIN_GET);
    end(&w, &r);
    close_listening(&w);
}

/* The reading tells whether it is gone. */
static void a_record_that_is_not_there_is_looked_for(void **unused)
{
    struct world w;
    struct run r;

    (void)unused;
    open_listening(&w);
    begin(&w, &r);
    assert_true(answered(&w, &r, &(struct tocsin_result){.outcome = TOCSIN_GONE}));
    assert_int_equal(r.step.verb, TOCSIN_GET);
    end(&w, &r);
    close_listening(&w);
}

/* A journal is another table: it answers for a record that is not there, and for one that cannot be read. */
static void hearing_nothing_says_nothing_of_the_record(void **unused)
{
    static const struct {
        uint32_t outcome;
        int32_t status;
    } cases[] = {{TOCSIN_GONE, 404}, {TOCSIN_RETRY, 500}};

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct tocsin_result silence = {.outcome = TOCSIN_OK};
        const struct tocsin_result fault = {.outcome = cases[i].outcome, .reason = "no"};
        struct world w;
        struct run r;

        open_listening(&w);
        for (int tries = 0; tries < 3; tries++) {
            assert_true(wait_due(&w));
            begin(&w, &r);
            assert_true(answered(&w, &r, &silence));
            assert_int_equal(r.step.verb, TOCSIN_GET);
            tcn_ensure_apply(&r.ensure, &r.step,
                             &(struct tcn_learned){.result = &fault, .status = cases[i].status});
            end(&w, &r);
        }
        if (cases[i].outcome == TOCSIN_GONE)
            assert_int_equal(w.link.state, TCN_LINK_LOST);
        else
            assert_int_equal(w.link.fail_count, 3);
        close_listening(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_heard_and_then_the_record_is_read),
        cmocka_unit_test(what_never_ends_is_left_for_the_next_time),
        cmocka_unit_test(nobody_listens_unasked),
        cmocka_unit_test(refused_notes_keep_nothing_back),
        cmocka_unit_test(a_fault_is_tried_again_a_few_times),
        cmocka_unit_test(a_record_that_is_not_there_is_looked_for),
        cmocka_unit_test(hearing_nothing_says_nothing_of_the_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
