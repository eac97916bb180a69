/* What the owner of a restored store does with what is held, and with a person's word about it. */
#include "app/held.h"
#include "turns.h"

static struct tcn_held_job *run_once(void)
{
    struct tcn_held_job *job = tcn_held_job_new(&directory);

    if (job->job.run(&job->job, store, now, &err) < 0)
        fail_msg("%s", err.msg);
    return job;
}

/* What is left of the hold after one look. */
static int64_t looked(void)
{
    struct tcn_held_job *job = run_once();
    int64_t before = job->before_ms;

    tcn_held_job_free(job);
    return before;
}

static void ask(bool is_release, int64_t drop_before_ms, bool drops_tickets)
{
    const struct tcn_held_request request = {
        .is_release = is_release, .drop_before_ms = drop_before_ms, .drops_tickets = drops_tickets};

    assert_int_equal(tcn_store_held_ask(store, &request, &err), 0);
}

static void hold(void)
{
    now += 3600000;
    assert_int_equal(tcn_store_hold(store, now, &err), 0);
    now++;
}

static size_t claim_links(void)
{
    struct tcn_link *links = NULL;
    size_t n = 0;

    assert_int_equal(tcn_store_link_claim(store, "jira", now, 1000, &arena, &links, &n, &err), 0);
    return n;
}

static bool is_told(struct tcn_id incident, const char *words)
{
    struct tcn_event *events = NULL;
    size_t n = 0;
    bool found = false;

    assert_int_equal(tcn_store_event_list(store, incident, 0, 100, &arena, &events, &n, &err), 0);
    for (size_t i = 0; i < n; i++)
        found |= events[i].text && strstr(events[i].text, words);
    return found;
}

static void nothing_is_held(void **state)
{
    (void)state;
    alarm_of("k", TCN_ACTION_FIRE);
    assert_int_equal(looked(), 0);
    assert_int_equal(claim_sends(), 1);
}

static void only_what_is_new_is_done(void **state)
{
    struct tcn_held_job *job;

    (void)state;
    alarm_of("old", TCN_ACTION_FIRE);
    hold();
    alarm_of("new", TCN_ACTION_FIRE);
    job = run_once();
    assert_int_equal(job->count.pages, 1);
    assert_int_equal(job->count.steps, 1);
    assert_int_equal(job->count.tickets, 1);
    assert_false(job->was_asked);
    tcn_held_job_free(job);
    assert_int_equal(claim_sends(), 1);
    assert_int_equal(claim_links(), 1);
    assert_int_equal(next_due(), now + 60000); /* the new one's next page */
}

static void a_release_does_all(void **state)
{
    struct tcn_held_job *job;
    struct tcn_id old;

    (void)state;
    old = alarm_of("old", TCN_ACTION_FIRE);
    hold();
    ask(true, 0, false);
    job = run_once();
    assert_true(job->was_asked && !job->has_more);
    assert_int_equal(job->incidents, 1);
    assert_int_equal(job->before_ms, 0);
    tcn_held_job_free(job);
    assert_true(is_told(old, "done now"));
    assert_int_equal(claim_sends(), 1);
    assert_int_equal(claim_links(), 1);
    job = run_once();
    assert_false(job->was_asked);
    tcn_held_job_free(job);
}

/* Each incident is told once, however many jobs it takes. */
static void a_release_in_parts(void **state)
{
    struct tcn_held_job *job;
    struct tcn_id first = {{0}};
    size_t jobs = 0;
    bool has_more;

    (void)state;
    for (int i = 0; i < TCN_HELD_BATCH + 7; i++) {
        struct tcn_id id = alarm_of(tcn_arena_fmt(&arena, "k%d", i), TCN_ACTION_FIRE);

        first = i == 0 ? id : first;
    }
    hold();
    ask(true, 0, false);
    do {
        job = run_once();
        has_more = job->has_more;
        assert_int_equal(job->before_ms == 0, !has_more);
        if (!has_more)
            assert_int_equal(job->incidents, TCN_HELD_BATCH + 7);
        tcn_held_job_free(job);
    } while (has_more && ++jobs < 10);
    assert_int_equal(jobs, 1);
    assert_int_equal(claim_sends(), TCN_HELD_BATCH + 7);
}

static void old_pages_are_dropped(void **state)
{
    struct tcn_id old, young;

    (void)state;
    old = alarm_of("old", TCN_ACTION_FIRE);
    now += 7200000;
    young = alarm_of("young", TCN_ACTION_FIRE);
    hold();
    ask(true, now - 5400000, false);
    assert_int_equal(looked(), 0);
    assert_int_equal(claim_sends(), 1);
    assert_true(is_told(old, "nobody is paged"));
    assert_true(is_told(young, "done now"));
    assert_int_equal(load(old).incident.status, TCN_STATUS_OPEN);
    assert_int_equal(load(old).incident.acknowledged_ms, 0);
}

static void a_drop_alone_leaves_the_rest_held(void **state)
{
    struct tcn_id old;

    (void)state;
    old = alarm_of("old", TCN_ACTION_FIRE);
    hold();
    ask(false, 0, true);
    assert_int_equal(looked(), now - 1);
    assert_true(is_told(old, "not written to tickets"));
    assert_int_equal(claim_links(), 0);
    ask(false, now, false);
    assert_int_equal(looked(), 0); /* nothing is left to hold */
    assert_int_equal(claim_sends(), 0);
}

static void answers_end_the_hold(void **state)
{
    struct tcn_aggregate a;
    struct tcn_decision d;
    struct tcn_id old;

    (void)state;
    plan.n_connectors = 0;
    old = alarm_of("old", TCN_ACTION_FIRE);
    plan.n_connectors = 1;
    hold();
    assert_int_equal(looked(), now - 1);
    a = load(old);
    tcn_decision_init(&d, &arena);
    assert_int_equal(tcn_engine_acknowledge(&a, (struct tcn_id){{0}}, "user:x", NULL, now, &d), 0);
    assert_int_equal(tcn_turn_write(store, &d, NULL, now, &err), 0);
    assert_int_equal(looked(), 0);
}

/* A clock that was set back does not hold what is decided now. */
static void a_clock_that_was_set_back(void **state)
{
    (void)state;
    alarm_of("old", TCN_ACTION_FIRE);
    hold();
    now -= 1000;
    assert_int_equal(looked(), now - 1);
    alarm_of("new", TCN_ACTION_FIRE);
    assert_int_equal(claim_sends(), 1);
}

/* What is held has its old times until they are moved, too, and then it is held all the same. */
static void what_is_held_when_the_clock_is_set_back(void **state)
{
    (void)state;
    now += 3600000;
    alarm_of("old", TCN_ACTION_FIRE);
    hold();
    now -= 2 * 3600000;
    assert_int_equal(looked(), now - 1);
    now += 500;
    assert_int_equal(tcn_store_clock_back(store, now, 2 * 3600000, &err), 0);
    assert_int_equal(looked(), now - 501);
    assert_int_equal(claim_sends(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_held),
        CASE(only_what_is_new_is_done),
        CASE(a_release_does_all),
        CASE(a_release_in_parts),
        CASE(old_pages_are_dropped),
        CASE(a_drop_alone_leaves_the_rest_held),
        CASE(answers_end_the_hold),
        CASE(a_clock_that_was_set_back),
        CASE(what_is_held_when_the_clock_is_set_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
