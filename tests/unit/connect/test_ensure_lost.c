/* A record that is gone: lost after a while, and made anew where that is wanted. */
#include "ensure_world.h"

#define HOUR_MS INT64_C(3600000)
#define GONE "(id rec0) does not exist any more: "

static void gone_record_is_lost_after_three_looks(void **unused)
{
    struct world w;
    struct tcn_link link;
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tocsin_result gone = {.outcome = TOCSIN_GONE, .reason = "the remote answered 404"};
    int64_t start;

    (void)unused;
    seed = 9;
    open_world(&w);
    settle(&w);
    w.now_ms += 60000;
    touch(&w);
    wake(&w);
    start = w.now_ms;
    for (int i = 0; i < 3; i++) {
        struct tcn_ensure e;
        struct tcn_step step;

        assert_true(wait_due(&w));
        link = w.link;
        e = engine(&w, &link, &p, &fx);
        w.now_ms = w.now_ms < w.wanted.modified_ms + 2000 ? w.wanted.modified_ms + 2000 : w.now_ms;
        e.now_ms = w.now_ms;
        tcn_ensure_plan(&e, &step);
        assert_int_equal(step.verb, TOCSIN_GET);
        assert_false(
            tcn_ensure_apply(&e, &step, &(struct tcn_learned){.result = &gone, .status = 404}));
        tcn_step_done(&step);
        take_effects(&w, &fx);
        commit(&w, &link);
    }
    assert_int_equal(w.link.state, TCN_LINK_LOST);
    assert_true(w.now_ms - start >= TCN_ENSURE_GONE_MS);
    assert_non_null(strstr(w.said, "rec0 of jira (id rec0) does not exist any more: it is no "
                                   "longer kept in step"));
    tcn_progress_done(&p);
    close_world(&w);
}

/* An incident that changes all the time: its lane is woken far more often than every five minutes. */
static void looks_that_follow_each_other_are_one(void **unused)
{
    const struct tocsin_result gone = {.outcome = TOCSIN_GONE, .reason = "404"};
    struct world w;
    int64_t start;
    int looks = 0;

    (void)unused;
    seed = 35;
    open_world(&w);
    settle(&w);
    start = w.now_ms += 60000;
    while (w.link.state == TCN_LINK_LINKED && looks < 100) {
        touch(&w);
        wake(&w);
        w.now_ms += 20000;
        run_once_with(&w, &gone, 404);
        looks++;
    }
    assert_int_equal(w.link.state, TCN_LINK_LOST);
    assert_true(w.now_ms - start >= TCN_ENSURE_GONE_MS);
    assert_true(looks > 20);
    close_world(&w);
}

/* A linked record with three notes, an hour ago, of which somebody deletes the newest. */
static void open_deleted(struct world *w, enum tcn_when_lost when_lost)
{
    open_world(w);
    w->wanted.when_lost = when_lost;
    for (int i = 0; i < 3; i++)
        add_note(w);
    settle(w);
    w->now_ms += HOUR_MS;
}

static void delete_newest(struct world *w)
{
    w->remote.records[w->remote.n - 1].is_deleted = true;
    touch(w);
    wake(w);
}

static const struct record *newest(const struct world *w)
{
    return &w->remote.records[w->remote.n - 1];
}

static void a_lost_record_is_left_alone(void **unused)
{
    struct world w;

    (void)unused;
    seed = 36;
    open_deleted(&w, TCN_LOST_STOP);
    delete_newest(&w);
    settle(&w);
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.link.state, TCN_LINK_LOST);
    assert_string_equal(w.link.remote_id, "rec0");
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(count_said(&w, GONE "it is no longer kept in step"), 1);
    w.wanted.when_lost = TCN_LOST_RECREATE; /* another configuration */
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.remote.n, 2);
    assert_string_equal(w.link.remote_id, "rec1");
    close_world(&w);
}

static void a_lost_record_is_made_anew(void **unused)
{
    struct world w;
    char first[sizeof w.last_create_id];
    int64_t before;

    (void)unused;
    seed = 37;
    open_deleted(&w, TCN_LOST_RECREATE);
    memcpy(first, w.last_create_id, sizeof first);
    w.wanted.status = TCN_CLASS_ACKED;
    delete_newest(&w);
    before = w.now_ms;
    settle(&w);
    assert_true(w.now_ms - before >= TCN_ENSURE_GONE_MS);
    assert_int_equal(w.link.state, TCN_LINK_LINKED);
    assert_string_equal(w.link.remote_id, "rec1");
    assert_int_equal(w.remote.n, 2);
    assert_int_equal(w.calls[TOCSIN_FIND],
                     1); /* the one that is gone is still shown under its mark */
    assert_string_not_equal(first, w.last_create_id);
    assert_int_equal(count_said(&w, "rec0 of jira " GONE "a new one takes its place\n"), 1);
    assert_non_null(strstr(w.said, "Created rec1 in jira"));
    assert_int_equal(newest(&w)->n_notes, 3); /* it tells the whole story */
    assert_string_equal(json_string_value(json_object_get(newest(&w)->fields, "status")), "ACKED");
    assert_int_equal(w.link.notes_written, 1);
    assert_null(w.link.blocked_reason);
    close_world(&w);
}

/* Something over there deletes whatever is made. */
static void one_a_day(void **unused)
{
    struct world w;
    int64_t start;

    (void)unused;
    seed = 38;
    open_deleted(&w, TCN_LOST_RECREATE);
    delete_newest(&w);
    settle(&w);
    start = w.link.last_attempt_ms;
    w.now_ms += HOUR_MS;
    delete_newest(&w);
    while (w.link.state == TCN_LINK_LINKED && wait_due(&w))
        run_lane(&w);
    assert_int_equal(w.link.state, TCN_LINK_LOST);
    assert_int_equal(w.link.due_ms, start + TCN_ENSURE_ANEW_MS);
    assert_int_equal(count_said(&w,
                                "rec1 of jira (id rec1) does not exist any more: a new one takes "
                                "its place after 1970-01-02T"),
                     1);
    touch(&w); /* no change brings it forward */
    wake(&w);
    run_lane(&w);
    assert_int_equal(w.link.due_ms, start + TCN_ENSURE_ANEW_MS);
    settle(&w);
    assert_true(w.link.last_attempt_ms >= start + TCN_ENSURE_ANEW_MS);
    assert_string_equal(w.link.remote_id, "rec2");
    assert_int_equal(w.remote.n, 3);
    close_world(&w);
}

static void of_a_resolved_incident_nothing_is_made_anew(void **unused)
{
    struct world w;

    (void)unused;
    seed = 39;
    open_deleted(&w, TCN_LOST_RECREATE);
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms;
    delete_newest(&w);
    settle(&w);
    assert_int_equal(w.link.state, TCN_LINK_LOST);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(count_said(&w, GONE "it is no longer kept in step"), 1);
    w.wanted.status = TCN_CLASS_OPEN;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(w.link.remote_id, "rec1");
    close_world(&w);
}

/* Resolved after it was decided, before it was asked for. */
static void resolved_in_time(void **unused)
{
    struct world w;

    (void)unused;
    seed = 40;
    open_deleted(&w, TCN_LOST_RECREATE);
    delete_newest(&w);
    while (w.link.recreated == 0 && wait_due(&w))
        run_lane(&w);
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    w.wanted.status = TCN_CLASS_OPEN;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(w.link.remote_id, "rec1");
    close_world(&w);
}

/* A store from before: what took the record's place is there, and its link knows nothing of it. */
static void a_restored_store_finds_what_was_made_anew(void **unused)
{
    struct world w;
    struct tcn_link backup;

    (void)unused;
    seed = 41;
    open_deleted(&w, TCN_LOST_RECREATE);
    backup = w.link;
    delete_newest(&w);
    settle(&w);
    assert_int_equal(w.remote.n, 2);
    w.link = backup;
    w.link.is_uncertain = true;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(w.link.remote_id, "rec1");
    assert_int_equal(w.remote.n, 2);
    close_world(&w);
}

/* -- closed for good -------------------------------------------------------------------------------------------- */

static void set_status(struct world *w, enum tcn_class status)
{
    w->now_ms += 60000;
    w->wanted.status = status;
    w->wanted.resolved_ms = status == TCN_CLASS_RESOLVED ? w->now_ms : 0;
    touch(w);
    wake(w);
    settle(w);
}

static void close_newest(struct world *w)
{
    json_object_set_new(newest(w)->fields, "status", json_string("CLOSED"));
}

/* Three notes stand in the first record; what happens from then on is told in the second. */
static void another_record_follows_one_that_is_closed_for_good(void **unused)
{
    struct world w;

    (void)unused;
    seed = 42;
    open_deleted(&w, TCN_LOST_STOP);
    set_status(&w, TCN_CLASS_RESOLVED);
    close_newest(&w);
    set_status(&w, TCN_CLASS_OPEN);
    assert_int_equal(w.remote.n, 2);
    assert_string_equal(w.link.remote_id, "rec1");
    assert_int_equal(w.link.recreated, 1);
    assert_string_equal(json_string_value(json_object_get(newest(&w)->fields, "status")), "OPEN");
    assert_int_equal(newest(&w)->n_notes, 0);
    assert_int_equal(count_said(&w, "rec0 in jira is closed for good: another record follows it"),
                     1);
    add_note(&w);
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(newest(&w)->n_notes, 1);
    close_world(&w);
}

/* Somebody closes each of them at once. */
static void they_follow_once_a_day(void **unused)
{
    struct world w;

    (void)unused;
    seed = 43;
    open_deleted(&w, TCN_LOST_STOP);
    for (int i = 0; i < 3; i++) {
        set_status(&w, TCN_CLASS_RESOLVED);
        close_newest(&w);
        set_status(&w, TCN_CLASS_OPEN);
    }
    assert_int_equal(w.remote.n, 2);
    assert_int_equal(count_said(&w, "rec1 in jira is closed for good: its status cannot follow."),
                     1);
    close_world(&w);
}

/* What somebody closes while the incident is open was closed knowingly. */
static void an_open_incident_leaves_a_closed_record_alone(void **unused)
{
    struct world w;

    (void)unused;
    seed = 44;
    open_deleted(&w, TCN_LOST_STOP);
    w.wanted.is_firing = true;
    close_newest(&w);
    set_status(&w, TCN_CLASS_ACKED);
    assert_int_equal(w.remote.n, 1);
    close_world(&w);
}

/* -- everything goes wrong -------------------------------------------------------------------------------------- */

static size_t living(const struct world *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->remote.n; i++)
        n += !w->remote.records[i].is_deleted;
    return n;
}

static void check_marks(const struct world *w, uint64_t number)
{
    for (size_t i = 1; i < w->remote.n; i++)
        if (w->remote.records[i].mark == w->remote.records[i - 1].mark)
            fail_msg("seed %d: two records of one mark", (int)number);
}

/* The remote loses records now and then, calls fail, processes die. */
static void one_story(uint64_t number)
{
    struct world w;

    seed = number * 7919 + 3;
    open_world(&w);
    w.wanted.when_lost = TCN_LOST_RECREATE;
    w.with_faults = true;
    for (int i = 0; i < 60; i++) {
        if (chance(6) == 0 && w.n_all_notes < NOTES_MAX / 2) {
            add_note(&w);
            wake(&w);
        }
        if (chance(12) == 0 && living(&w) == 1 && w.remote.n < RECORDS_MAX - 2)
            delete_newest(&w);
        if (chance(4) == 0) {
            touch(&w);
            wake(&w);
        }
        if (wait_due(&w))
            run_lane(&w);
        check_marks(&w, number);
    }
    w.with_faults = false;
    w.now_ms += 60000; /* what was just read is not read again */
    touch(&w);
    wake(&w);
    settle(&w);
    check_marks(&w, number);
    if (living(&w) != 1 || newest(&w)->is_deleted || w.link.state != TCN_LINK_LINKED)
        fail_msg("seed %d: %zu live records of %zu, state %d", (int)number, living(&w), w.remote.n,
                 w.link.state);
    assert_int_equal(newest(&w)->n_notes, w.n_all_notes);
    for (size_t i = 0; i < w.n_all_notes; i++)
        assert_string_equal(newest(&w)->notes[i], w.all_notes[i].event_id);
    close_world(&w);
}

static void stories(void **unused)
{
    (void)unused;
    for (uint64_t number = 1; number <= 1000; number++)
        one_story(number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gone_record_is_lost_after_three_looks),
        cmocka_unit_test(looks_that_follow_each_other_are_one),
        cmocka_unit_test(a_lost_record_is_left_alone),
        cmocka_unit_test(a_lost_record_is_made_anew),
        cmocka_unit_test(one_a_day),
        cmocka_unit_test(of_a_resolved_incident_nothing_is_made_anew),
        cmocka_unit_test(resolved_in_time),
        cmocka_unit_test(a_restored_store_finds_what_was_made_anew),
        cmocka_unit_test(another_record_follows_one_that_is_closed_for_good),
        cmocka_unit_test(they_follow_once_a_day),
        cmocka_unit_test(an_open_incident_leaves_a_closed_record_alone),
        cmocka_unit_test(stories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
