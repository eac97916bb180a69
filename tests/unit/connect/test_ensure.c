/* ENSURE against a simulated remote: never two records, never a note twice, whatever happens in between. */
#include "ensure_world.h"

/* -- cases ------------------------------------------------------------------------------------------------------ */

static void plain_life(void **unused)
{
    struct world w;

    (void)unused;
    seed = 1;
    open_world(&w);
    add_note(&w);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(w.link.state, TCN_LINK_LINKED);
    assert_string_equal(w.link.remote_id, "rec0");
    assert_string_equal(remote_text(&w, "title"), "CPU high");
    assert_int_equal(w.calls[TOCSIN_FIND], 0); /* nothing to look for the first time */
    assert_int_equal(w.calls[TOCSIN_CREATE], 1);
    assert_int_equal(w.calls[TOCSIN_WRITE], 0); /* the echo says that it is as wanted */
    assert_int_equal(w.remote.records[0].n_notes, 1);
    assert_non_null(strstr(w.said, "Created rec0 in jira"));
    w.now_ms += 60000;
    w.wanted.status = TCN_CLASS_ACKED;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "ACKED");
    assert_int_equal(w.calls[TOCSIN_GET], 1);
    assert_int_equal(w.remote.writes, 1);
    assert_string_equal(w.link.base_status, "ACKED");
    wake(&w);
    settle(&w);
    assert_int_equal(w.calls[TOCSIN_GET], 1); /* nothing changed: nothing is called */
    close_world(&w);
}

static void texts_and_the_end_settle(void **unused)
{
    struct world w;
    int64_t before;

    (void)unused;
    seed = 2;
    open_world(&w);
    settle(&w);
    w.now_ms += 60000;
    for (int i = 0; i < 5; i++) {
        set_field(&w, 0, json_sprintf("title %d", i));
        touch(&w);
        wake(&w);
        run_lane(&w);
        w.now_ms += 300;
    }
    settle(&w);
    assert_int_equal(w.remote.writes, 1); /* five changes, one write */
    assert_string_equal(remote_text(&w, "title"), "title 4");
    w.now_ms += 60000;
    before = w.now_ms;
    w.wanted.status = TCN_CLASS_RESOLVED;
    touch(&w);
    wake(&w);
    run_lane(&w);
    assert_string_equal(remote_text(&w, "status"), "OPEN");
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    assert_in_range(w.now_ms - before, w.wanted.settle_ms, w.wanted.settle_ms + 1000);
    w.now_ms += 60000;
    before = w.now_ms;
    w.wanted.status = TCN_CLASS_OPEN; /* it came back */
    touch(&w);
    wake(&w);
    run_lane(&w);
    assert_string_equal(remote_text(&w, "status"), "OPEN");
    assert_true(w.now_ms - before < 1000);
    close_world(&w);
}

/* Over and open again within a moment: nobody at the remote hears of it. */
static void opposite_changes_vanish(void **unused)
{
    struct world w;
    unsigned writes;

    (void)unused;
    seed = 2;
    open_world(&w);
    settle(&w);
    w.now_ms += 60000;
    writes = w.remote.writes;
    w.wanted.status = TCN_CLASS_RESOLVED;
    touch(&w);
    wake(&w);
    run_lane(&w);
    w.now_ms += 500;
    w.wanted.status = TCN_CLASS_OPEN;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.remote.writes, writes);
    assert_string_equal(remote_text(&w, "status"), "OPEN");
    close_world(&w);
}

/* Somebody may have changed it within those seconds. */
static void what_was_read_a_moment_ago_is_read_again(void **unused)
{
    struct world w;

    (void)unused;
    seed = 3;
    open_world(&w);
    settle(&w);
    w.wanted.status = TCN_CLASS_ACKED; /* right after the create */
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.calls[TOCSIN_GET], 1);
    assert_string_equal(remote_text(&w, "status"), "ACKED");
    close_world(&w);
}

static void a_class_is_not_overwritten(void **unused)
{
    struct world w;

    (void)unused;
    seed = 4;
    open_world(&w);
    settle(&w);
    json_object_set_new(w.remote.records[0].fields, "status", json_string("HOLD"));
    w.now_ms += 60000;
    w.wanted.status = TCN_CLASS_ACKED;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "HOLD");
    assert_int_equal(w.remote.writes, 0);
    w.wanted.status = TCN_CLASS_RESOLVED;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    close_world(&w);
}

static void answer_lost_is_looked_up(void **unused)
{
    struct world w;

    (void)unused;
    seed = 5;
    open_world(&w);
    w.link.create_attempts = 1; /* a process died between its call and its result ... */
    w.link.is_uncertain = true;
    w.link.state = TCN_LINK_CREATING;
    w.link.last_attempt_ms = w.now_ms;
    w.remote.records[0] =
        (struct record){.visible_ms = w.now_ms + 4000,
                        .fields = json_pack("{s:s s:s}", "status", "OPEN", "title", "old")};
    w.remote.n = 1; /* ... and the remote shows it only 4 s later */
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(w.calls[TOCSIN_CREATE], 0);
    assert_int_equal(w.calls[TOCSIN_FIND], 2);
    assert_string_equal(remote_text(&w, "title"), "CPU high");
    assert_non_null(strstr(w.said, "Found rec0"));
    close_world(&w);
}

/* The remote may have taken until the end of the call to make the record: searches before that say nothing. */
static void a_lost_create_is_waited_for_from_its_end(void **unused)
{
    struct world w;
    struct tcn_progress progress = {.found_none = false};
    struct tcn_effects effects = {.n_say = 0};
    struct tcn_step step = {.kind = TCN_STEP_CALL, .verb = TOCSIN_CREATE};
    struct tocsin_result lost = {.outcome = TOCSIN_UNKNOWN, .reason = "no answer"};
    struct tcn_learned got = {.result = &lost, .net = TOCSIN_NET_MAYBE_SENT};
    struct tcn_ensure e;

    (void)unused;
    seed = 16;
    open_world(&w);
    w.link.state = TCN_LINK_CREATING;
    w.link.create_attempts = 1;
    w.link.is_uncertain = w.link.is_in_flight = true;
    w.link.last_attempt_ms = w.now_ms;
    w.now_ms += 2 * VISIBLE_MS; /* a call that took longer than searches lag */
    e = engine(&w, &w.link, &progress, &effects);
    assert_false(tcn_ensure_apply(&e, &step, &got));
    w.remote.records[0] =
        (struct record){.visible_ms = w.now_ms + VISIBLE_MS - 1000,
                        .fields = json_pack("{s:s s:s}", "status", "OPEN", "title", "old")};
    w.remote.n = 1;
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(w.calls[TOCSIN_CREATE], 0);
    close_world(&w);
}

static const struct {
    const char *name;
    uint32_t outcome;
    struct tcn_learned got;
    bool is_uncertain;
} failed_creates[] = {
    {"nobody listened", TOCSIN_RETRY, {.net = TOCSIN_NET_NOT_SENT}, false},
    {"nobody any more", TOCSIN_RETRY, {.net = TOCSIN_NET_NOT_SENT, .may_have_written = true}, true},
    {"too many calls", TOCSIN_RETRY, {.net = TOCSIN_NET_OK, .status = 429}, false},
    {"refused", TOCSIN_REJECTED, {.net = TOCSIN_NET_OK, .status = 400}, false},
    {"refused late", TOCSIN_REJECTED, {.net = TOCSIN_NET_OK, .may_have_written = true}, true},
    {"a lost answer", TOCSIN_UNKNOWN, {.net = TOCSIN_NET_MAYBE_SENT}, true},
};

/* Looking up, and waiting until a look-up says something, is for what may be there only. */
static void what_was_only_read_before_leaves_no_doubt(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof failed_creates / sizeof failed_creates[0]; i++) {
        struct world w;
        struct tcn_progress progress = {.found_none = false};
        struct tcn_effects effects = {.n_say = 0};
        struct tcn_step step = {.kind = TCN_STEP_CALL, .verb = TOCSIN_CREATE};
        struct tocsin_result result = {.outcome = failed_creates[i].outcome, .reason = "no"};
        struct tcn_learned got = failed_creates[i].got;
        struct tcn_ensure e;

        seed = 17;
        open_world(&w);
        e = engine(&w, &w.link, &progress, &effects);
        w.link.state = TCN_LINK_CREATING;
        w.link.create_attempts = 1;
        w.link.is_uncertain = w.link.is_in_flight = true;
        got.result = &result;
        (void)tcn_ensure_apply(&e, &step, &got);
        if (w.link.is_uncertain != failed_creates[i].is_uncertain)
            fail_msg("%s: uncertain %d", failed_creates[i].name, w.link.is_uncertain);
        close_world(&w);
    }
}

#define MANY(n)                                                                                    \
    n " records of jira carry this incident's mark; rec0, the oldest, is kept in step, and "       \
      "nothing is written to "

static void the_oldest_is_adopted(void **unused)
{
    static const struct {
        size_t n;
        const char *said; /* NULL: nothing of the kind */
    } cases[] = {
        {1, NULL},
        {2, MANY("2") "rec1\n"},
        {3, MANY("3") "rec1, rec2\n"},
        {8, MANY("8") "rec1, rec2, rec3, rec4, rec5 and 2 more\n"},
    };

    (void)unused;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct world w;

        seed = 6;
        open_world(&w);
        w.link.is_uncertain = true;
        for (size_t i = 0; i < cases[c].n; i++)
            w.remote.records[w.remote.n++] =
                (struct record){.fields = json_pack("{s:s}", "status", "OPEN")};
        settle(&w);
        assert_string_equal(w.link.remote_id, "rec0");
        assert_int_equal(w.found_many, cases[c].said != NULL);
        if (cases[c].said)
            assert_non_null(strstr(w.said, cases[c].said));
        else
            assert_null(strstr(w.said, "carry this incident's mark"));
        close_world(&w);
    }
}

static void refused_optional_field_is_dropped(void **unused)
{
    struct world w;

    (void)unused;
    seed = 7;
    open_world(&w);
    w.refuse_field = "impact";
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_null(json_object_get(w.remote.records[0].fields, "impact"));
    assert_int_equal(w.deadletters, 0);
    assert_non_null(strstr(w.said, "jira refuses the field impact"));
    close_world(&w);
}

static void refused_title_blocks(void **unused)
{
    struct world w;

    (void)unused;
    seed = 8;
    open_world(&w);
    w.refuse_field = "title";
    settle(&w);
    assert_int_equal(w.remote.n, 0);
    assert_int_equal(w.link.state, TCN_LINK_BLOCKED);
    assert_int_equal(w.deadletters, 1);
    assert_non_null(w.link.blocked_reason);
    w.refuse_field = NULL;
    tcn_ensure_retry(&w.link, w.now_ms);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(w.clears, 1); /* a success clears the dead letters */
    assert_null(w.link.blocked_reason);
    close_world(&w);
}

/* A write that the remote will never take keeps back neither the notes nor the next change, and is not made again before
 * that. */
static void refused_write_waits_for_the_next_change(void **unused)
{
    struct world w;

    (void)unused;
    seed = 15;
    open_world(&w);
    settle(&w);
    w.now_ms += 60000;
    w.refuse_writes = true;
    w.wanted.status = TCN_CLASS_ACKED;
    touch(&w);
    add_note(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.calls[TOCSIN_WRITE], 1);
    assert_int_equal(w.deadletters, 1);
    assert_int_equal(w.clears, 0); /* the note's success does not hide it */
    assert_int_equal(w.remote.records[0].n_notes, 1);
    assert_non_null(w.link.blocked_reason);
    for (int i = 0; i < 3; i++) { /* the record is read, and is as it was */
        w.link.hints++;
        wake(&w);
        settle(&w);
    }
    assert_int_equal(w.calls[TOCSIN_WRITE], 1);
    assert_int_equal(w.deadletters, 1);
    assert_non_null(w.link.blocked_reason);
    w.refuse_writes = false;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "ACKED");
    assert_int_equal(w.clears, 1);
    assert_null(w.link.blocked_reason);
    close_world(&w);
}

/* What changed while the refused call was out is the change that is waited for: it must not be slept over. */
static void a_change_during_a_refused_create_is_tried(void **unused)
{
    static const struct {
        int64_t planned, now;
        bool is_due;
    } cases[] = {{1, 1, false}, {1, 2, true}, {2, 2, false}};

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct tcn_progress progress = {.found_none = false};
        struct tcn_effects effects = {.n_say = 0};
        struct tcn_step step = {.kind = TCN_STEP_CALL, .verb = TOCSIN_CREATE};
        struct tocsin_result refused = {.outcome = TOCSIN_REJECTED, .reason = "no"};
        struct tcn_learned got = {.result = &refused, .net = TOCSIN_NET_OK, .status = 422};
        struct tcn_ensure e = {.wanted = &w.wanted,
                               .progress = &progress,
                               .link = &w.link,
                               .effects = &effects,
                               .arena = &w.arena};

        open_world(&w);
        e.now_ms = w.now_ms;
        step.revision = cases[i].planned;
        w.wanted.revision = cases[i].now;
        w.link.state = TCN_LINK_CREATING;
        w.link.create_attempts = 1;
        w.link.is_uncertain = w.link.is_in_flight = true;
        assert_false(tcn_ensure_apply(&e, &step, &got));
        assert_false(w.link.is_in_flight);
        assert_int_equal(w.link.due_ms, cases[i].is_due ? w.now_ms : 0);
        close_world(&w);
    }
}

static void short_incidents_get_no_record(void **unused)
{
    struct world w;

    (void)unused;
    seed = 10;
    open_world(&w);
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms + 5000;
    settle(&w);
    assert_int_equal(w.remote.n, 0);
    w.wanted.status = TCN_CLASS_OPEN; /* it came back */
    w.wanted.resolved_ms = 0;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    close_world(&w);
    open_world(&w);
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms + 5000;
    w.wanted.short_lived = TCN_SHORT_CREATE;
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    close_world(&w);
}

static void resolve_waits_for_people(void **unused)
{
    struct world w;

    (void)unused;
    seed = 11;
    open_world(&w);
    w.wanted.auto_resolve = TCN_RESOLVE_UNLESS_ACKED;
    settle(&w);
    json_object_set_new(w.remote.records[0].fields, "status", json_string("ACKED"));
    w.now_ms += 60000;
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms;
    w.wanted.by_alarm = true;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "ACKED");
    assert_non_null(strstr(w.said, "The alarm is over"));
    w.said[0] = 0;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_null(strstr(w.said, "The alarm is over")); /* once */
    w.wanted.by_alarm = false;                        /* a person resolves */
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    close_world(&w);
}

static void long_failure_is_told_then_rests(void **unused)
{
    struct world w;
    struct tocsin_result down = {.outcome = TOCSIN_RETRY, .reason = "not sent: connection refused"};
    int64_t start;
    int runs = 0;

    (void)unused;
    seed = 13;
    open_world(&w);
    start = w.now_ms;
    while (wait_due(&w) && runs++ < 5000) {
        struct tcn_link link = w.link;
        struct tcn_progress p = {0};
        struct tcn_effects fx = {0};
        struct tcn_step step;
        struct tcn_ensure e = engine(&w, &link, &p, &fx);

        tcn_ensure_plan(&e, &step);
        if (step.kind == TCN_STEP_CALL)
            tcn_ensure_apply(&e, &step,
                             &(struct tcn_learned){.result = &down, .net = TOCSIN_NET_NOT_SENT});
        take_effects(&w, &fx);
        commit(&w, &link);
        tcn_step_done(&step);
        tcn_progress_done(&p);
    }
    assert_int_equal(w.deadletters, 1);
    assert_true(w.now_ms - start >= TCN_ENSURE_STOP_MS);
    assert_false(w.link.is_uncertain); /* nothing was ever sent */
    settle(&w);
    touch(&w);
    wake(&w);
    settle(&w); /* the next change finds it working */
    assert_int_equal(w.remote.n, 1);
    close_world(&w);
}

static const struct {
    const char *name;
    int32_t status;
    struct tocsin_result result;
    const char *told; /* NULL: nothing */
} delays[] = {
    {"a redirect",
     302,
     {.outcome = TOCSIN_RETRY, .reason = "redirected"},
     "Not synced to jira yet: redirected; tried again after 19"},
    {"429 with a long wait",
     429,
     {.outcome = TOCSIN_RETRY, .retry_after_s = 60, .reason = "slow down"},
     "Not synced to jira yet: slow down; tried again after 19"},
    {"503 with a long wait",
     503,
     {.outcome = TOCSIN_RETRY, .retry_after_s = 600, .reason = "maintenance"},
     "Not synced to jira yet: maintenance; tried again after 19"},
    {"503 without",
     503,
     {.outcome = TOCSIN_RETRY, .reason = "503"},
     "Not synced to jira yet: 503; it is tried again by itself"},
    {"no connection",
     0,
     {.outcome = TOCSIN_RETRY, .reason = "not sent"},
     "Not synced to jira yet: not sent; it is tried again by itself"},
};

/* What the remote asks for, or where it points to, is told once while it lasts. */
static void delays_are_told_once(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        struct world w;

        seed = 21;
        open_world(&w);
        run_with(&w, &delays[i].result, delays[i].status, 7200000);
        if (count_said(&w, "Not synced") != (delays[i].told != NULL))
            fail_msg("%s: %s", delays[i].name, w.said);
        if (delays[i].told)
            assert_non_null(strstr(w.said, delays[i].told));
        settle(&w); /* it works again */
        assert_int_equal(w.remote.n, 1);
        w.now_ms += 3600000;
        touch(&w);
        wake(&w);
        run_with(&w, &delays[i].result, delays[i].status, 600000);
        assert_int_equal(count_said(&w, "Not synced"), delays[i].told ? 2 : 0);
        close_world(&w);
    }
}

static void short_waits_are_not_told(void **unused)
{
    const struct tocsin_result soon = {.outcome = TOCSIN_RETRY, .retry_after_s = 3};
    struct world w;

    (void)unused;
    seed = 22;
    open_world(&w);
    run_with(&w, &soon, 429, 1);
    assert_string_equal(w.said, "");
    close_world(&w);
}

/* A remote that turns the title into something else after each write. */
static void rewriting_remote_is_left_alone(void **unused)
{
    struct world w;
    json_t *resting;

    (void)unused;
    seed = 14;
    open_world(&w);
    settle(&w);
    set_field(&w, 0, json_string("Disk full"));
    for (int i = 0; i < 8; i++) {
        w.now_ms += 10000;
        touch(&w);
        wake(&w);
        settle(&w);
        json_object_set_new(w.remote.records[0].fields, "title", json_string("SHOUTED"));
        /* Both sides differ from the base each time. */
        w.link.base = "{\"title\":\"x\"}";
    }
    assert_int_equal(w.remote.writes, 3);
    assert_non_null(strstr(w.said, "jira rewrites title"));
    resting = tcn_ensure_resting(&w.link, w.now_ms);
    assert_int_equal(json_array_size(resting), 1);
    assert_string_equal(json_string_value(json_array_get(resting, 0)), "title");
    json_decref(resting);
    resting = tcn_ensure_resting(&w.link, w.now_ms + TCN_ENSURE_REWRITE_MS);
    assert_int_equal(json_array_size(resting), 0);
    json_decref(resting);
    close_world(&w);
}

/* -- everything goes wrong -------------------------------------------------------------------------------------- */

static void check_notes(const struct world *w)
{
    const struct record *rec = &w->remote.records[0];

    assert_int_equal(rec->n_notes, w->n_all_notes);
    for (size_t i = 0; i < rec->n_notes; i++)
        assert_string_equal(rec->notes[i], w->all_notes[i].event_id);
}

static void one_story(uint64_t number)
{
    struct world w;

    seed = number * 7919 + 1;
    open_world(&w);
    w.with_faults = true;
    for (int i = 0; i < 40; i++) {
        uint64_t what = chance(8);

        if (what == 0 && w.n_all_notes < NOTES_MAX - 1) {
            add_note(&w);
            wake(&w);
        } else if (what == 1) {
            w.wanted.status = (enum tcn_class)(TCN_CLASS_OPEN + chance(3));
            w.wanted.resolved_ms = w.wanted.status == TCN_CLASS_RESOLVED ? w.now_ms + 20000 : 0;
            touch(&w);
            wake(&w);
        } else if (what == 2) {
            w.now_ms += (int64_t)chance(20000);
        }
        if (w.link.due_ms > 0 && chance(3) > 0) {
            wait_due(&w);
            run_lane(&w);
        }
        if (w.remote.n > 1)
            fail_msg("seed %d step %d: %zu records", (int)number, i, w.remote.n);
    }
    w.with_faults = false;
    w.wanted.status = TCN_CLASS_OPEN + number % 3;
    w.wanted.resolved_ms = w.wanted.status == TCN_CLASS_RESOLVED ? w.now_ms + 20000 : 0;
    touch(&w);
    wake(&w);
    settle(&w);
    if (w.remote.n != 1)
        fail_msg("seed %d: %zu records", (int)number, w.remote.n);
    assert_string_equal(remote_text(&w, "title"), json_string_value(w.wanted.fields[0].local));
    assert_string_equal(remote_text(&w, "status"), tcn_class_name(w.wanted.status));
    assert_int_equal(w.link.state, TCN_LINK_LINKED);
    check_notes(&w);
    close_world(&w);
}

static void stories(void **unused)
{
    (void)unused;
    for (uint64_t number = 1; number <= 3000; number++)
        one_story(number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_life),
        cmocka_unit_test(texts_and_the_end_settle),
        cmocka_unit_test(opposite_changes_vanish),
        cmocka_unit_test(what_was_read_a_moment_ago_is_read_again),
        cmocka_unit_test(a_class_is_not_overwritten),
        cmocka_unit_test(answer_lost_is_looked_up),
        cmocka_unit_test(a_lost_create_is_waited_for_from_its_end),
        cmocka_unit_test(what_was_only_read_before_leaves_no_doubt),
        cmocka_unit_test(the_oldest_is_adopted),
        cmocka_unit_test(refused_optional_field_is_dropped),
        cmocka_unit_test(refused_title_blocks),
        cmocka_unit_test(refused_write_waits_for_the_next_change),
        cmocka_unit_test(a_change_during_a_refused_create_is_tried),
        cmocka_unit_test(short_incidents_get_no_record),
        cmocka_unit_test(resolve_waits_for_people),
        cmocka_unit_test(long_failure_is_told_then_rests),
        cmocka_unit_test(delays_are_told_once),
        cmocka_unit_test(short_waits_are_not_told),
        cmocka_unit_test(rewriting_remote_is_left_alone),
        cmocka_unit_test(stories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
