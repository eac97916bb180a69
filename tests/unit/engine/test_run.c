#include "engine/run.h"
#include "fixture.h"

/* Collects the times of all sends, as minutes and seconds from T0. */
static void add_sends(struct fixture *f, struct tcn_buf *log)
{
    for (size_t i = 0; i < f->d.sends.n; i++) {
        const struct tcn_send *s = &f->d.sends.items[i];
        int64_t at = (s->due_ms - T0) / SEC;

        tcn_buf_fmt(log, "%s%s@%lld:%02lld", log->len ? " " : "", s->channel, (long long)(at / 60),
                    (long long)(at % 60));
    }
}

static void run_to(struct fixture *f, int64_t until_ms, struct tcn_buf *log)
{
    int64_t due;

    while ((due = tcn_engine_next_due(&f->a)) != 0 && due <= until_ms) {
        f->now = due > f->now ? due : f->now;
        fx_timer(f);
        add_sends(f, log);
    }
    f->now = until_ms;
}

static void open_and_log(struct fixture *f, struct tcn_buf *log)
{
    fx_alarm_at(f, TCN_ACTION_FIRE, 0);
    add_sends(f, log);
}

/* "email/1 sms|5 voice|3": stages of a duration in minutes, their channels each with a retry in minutes. */
struct plan_case {
    const char *name;
    struct {
        int64_t minutes;
        const char *channels[2];
        int64_t retry[2];
    } stages[3];
    const char *sends;
};

static const struct plan_case plans[] = {
    /* The published sample of 2022-08-16: a waiting stage, then sends at +0..+4 min of five minutes. */
    {"sample of the API reference",
     {{5, {NULL}, {0}}, {5, {"sms"}, {1}}},
     "sms@5:00 sms@6:00 sms@7:00 sms@8:00 sms@9:00"},
    {"no retry", {{5, {"email"}, {0}}}, "email@0:00"},
    {"retry as long as the stage", {{3, {"email"}, {3}}}, "email@0:00"},
    {"strictly inside the stage", {{3, {"email"}, {1}}}, "email@0:00 email@1:00 email@2:00"},
    {"retry longer than the stage", {{3, {"email"}, {4}}}, "email@0:00"},
    {"grid that does not divide the stage",
     {{5, {"email"}, {2}}},
     "email@0:00 email@2:00 email@4:00"},
    {"two channels", {{2, {"email", "sms"}, {0, 1}}}, "email@0:00 sms@0:00 sms@1:00"},
    {"stage of no length", {{0, {"email"}, {1}}, {1, {"sms"}, {0}}}, "email@0:00 sms@0:00"},
    {"three stages",
     {{1, {"email"}, {0}}, {2, {"sms"}, {1}}, {1, {"voice"}, {0}}},
     "email@0:00 sms@1:00 sms@2:00 voice@3:00"},
    {"same channel twice", {{1, {"email"}, {0}}, {1, {"email"}, {0}}}, "email@0:00 email@1:00"},
};

static void build(struct fixture *f, const struct plan_case *p)
{
    struct tcn_contact *c = fx_contact(f, "ann", TCN_PERSONAL);

    for (size_t i = 0; i < 3; i++) {
        struct tcn_stage *s;

        if (p->stages[i].minutes == 0 && !p->stages[i].channels[0])
            break;
        s = fx_stage(c, p->stages[i].minutes * MIN);
        for (size_t k = 0; k < 2 && p->stages[i].channels[k]; k++)
            fx_channel(s, p->stages[i].channels[k], p->stages[i].retry[k] * MIN);
    }
    fx_engage(f, "ann");
}

static void every_plan(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        struct fixture f;
        struct tcn_buf log;

        fx_init(&f);
        tcn_buf_init(&log, 4096);
        build(&f, &plans[i]);
        open_and_log(&f, &log);
        run_to(&f, T0 + HOUR, &log);
        if (strcmp(log.ptr, plans[i].sends) != 0)
            fail_msg("%s: %s", plans[i].name, log.ptr);
        assert_int_equal(tcn_engine_next_due(&f.a), 0);
        assert_int_equal(f.a.engagements[0].stop_ms, 0);
        tcn_buf_done(&log);
        fx_done(&f);
    }
}

/* Down from `gap_from` to `gap_to`: late work runs in order, moves the rest of its schedule, and is no burst. */
static const struct {
    const char *name;
    int64_t gap_from_s, gap_to_s;
    const char *sends;
} gaps[] = {
    {"no gap", 0, 0, "email@0:00 email@1:00 email@2:00 sms@3:00 sms@4:00 voice@5:00"},
    {"29 s late keeps the schedule", 170, 209,
     "email@0:00 email@1:00 email@2:00 sms@3:29 sms@4:00 voice@5:00"},
    {"31 s late moves the rest", 170, 211,
     "email@0:00 email@1:00 email@2:00 sms@3:31 sms@4:31 voice@5:31"},
    {"missed re-sends become one", 30, 150, "email@0:00 email@2:30 sms@3:00 sms@4:00 voice@5:00"},
    {"the next stage takes the place of missed re-sends", 30, 600,
     "email@0:00 sms@10:00 sms@11:00 voice@12:00"},
    {"a day", 310, 86400, "email@0:00 email@1:00 email@2:00 sms@3:00 sms@4:00 voice@5:00"},
};

static void late_work(void **state)
{
    static const struct plan_case plan = {
        .stages = {{3, {"email"}, {1}}, {2, {"sms"}, {1}}, {1, {"voice"}, {0}}}};

    (void)state;
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        struct fixture f;
        struct tcn_buf log;

        fx_init(&f);
        tcn_buf_init(&log, 4096);
        build(&f, &plan);
        open_and_log(&f, &log);
        run_to(&f, T0 + gaps[i].gap_from_s * SEC, &log);
        f.now = T0 + gaps[i].gap_to_s * SEC;
        fx_timer(&f);
        add_sends(&f, &log);
        run_to(&f, T0 + 48 * HOUR, &log);
        if (strcmp(log.ptr, gaps[i].sends) != 0)
            fail_msg("%s: %s", gaps[i].name, log.ptr);
        tcn_buf_done(&log);
        fx_done(&f);
    }
}

/* After an outage the last stage's missed re-sends become one, although the stage is over. */
static void last_stage_is_not_forgotten(void **state)
{
    static const struct plan_case plan = {.stages = {{3, {"email"}, {1}}}};
    struct fixture f;

    (void)state;
    fx_init(&f);
    build(&f, &plan);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.now = T0 + HOUR;
    fx_timer(&f);
    assert_int_equal(f.d.sends.n, 1);
    assert_int_equal(f.d.next_due_ms, 0);
    fx_done(&f);
}

static void clock_going_back_sends_nothing_twice(void **state)
{
    static const struct plan_case plan = {.stages = {{3, {"email"}, {1}}}};
    struct fixture f;

    (void)state;
    fx_init(&f);
    build(&f, &plan);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_run_until(&f, T0 + MIN);
    assert_int_equal(f.n_sends, 2);
    f.now = T0 - HOUR;
    for (int i = 0; i < 61 * 2; i++, f.now += 30 * SEC)
        fx_timer(&f);
    assert_int_equal(f.n_sends, 2);
    fx_run_until(&f, T0 + HOUR);
    assert_int_equal(f.n_sends, 3);
    fx_done(&f);
}

static void all_sends_are_of_one_page(void **state)
{
    static const struct plan_case plan = {.stages = {{5, {"email"}, {1}}}};
    struct fixture f;
    const struct tcn_page *p;

    (void)state;
    fx_init(&f);
    build(&f, &plan);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    p = fx_page_of(&f, "ann");
    assert_true(tcn_id_eq(f.d.sends.items[0].id, tcn_id_child(p->id, "send", 1)));
    assert_non_null(fx_event(&f, TCN_EVENT_PAGE, "paged ann by email"));
    f.now += MIN;
    fx_timer(&f);
    p = fx_page_of(&f, "ann");
    assert_true(tcn_id_eq(f.d.sends.items[0].id, tcn_id_child(p->id, "send", 2)));
    assert_null(fx_event(&f, TCN_EVENT_PAGE, NULL));
    assert_int_equal(f.a.engagements[0].n_pages, 1);
    assert_int_equal(p->sends, 2);
    fx_done(&f);
}

static size_t count_events(const struct fixture *f, const char *text)
{
    size_t n = 0;

    for (size_t i = 0; i < f->d.events.n; i++)
        n += f->d.events.items[i].text && strstr(f->d.events.items[i].text, text) ? 1 : 0;
    return n;
}

static void channel_not_activated_is_told_once(void **state)
{
    struct fixture f;
    struct tcn_contact *c;
    size_t told;

    (void)state;
    fx_init(&f);
    c = fx_contact(&f, "ann", TCN_PERSONAL);
    fx_channel(fx_stage(c, MIN), "sms", 0);
    fx_channel(fx_stage_of(c, 0), "pager", 0);
    fx_channel(fx_stage(c, MIN), "sms", 0);
    c->channels[1].is_activated = false;
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "cannot page ann by sms: not activated"));
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "cannot page ann by pager: no such channel"));
    told = count_events(&f, "cannot page");
    f.now += MIN;
    fx_timer(&f);
    assert_int_equal(told, 2);
    assert_int_equal(count_events(&f, "cannot page"), 0);
    assert_int_equal(f.n_sends, 0);
    fx_done(&f);
}

static void channel_is_read_at_each_send(void **state)
{
    static const struct plan_case plan = {.stages = {{5, {"email"}, {1}}, {1, {"email"}, {0}}}};
    struct fixture f;

    (void)state;
    fx_init(&f);
    build(&f, &plan);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.channels[0][0].is_activated = false;
    f.now += MIN;
    fx_timer(&f);
    assert_int_equal(f.d.sends.n, 0);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "cannot page ann by email again"));
    f.channels[0][0].is_activated = true;
    fx_run_until(&f, T0 + 5 * MIN);
    assert_int_equal(f.n_sends, 2);
    fx_done(&f);
}

static void person_without_plan_is_told(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_contact(&f, "ann", TCN_PERSONAL);
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "cannot page ann: no engagement plan"));
    fx_done(&f);
}

static void codes_differ_by_page_and_salt(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_person(&f, "bob");
    fx_engage(&f, "ann");
    fx_engage(&f, "bob");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_string_not_equal(fx_page_of(&f, "ann")->accept_code, fx_page_of(&f, "bob")->accept_code);
    fx_done(&f);
}

static void lateness(void **state)
{
    (void)state;
    assert_int_equal(tcn_step_start(1000, 1000), 1000);
    assert_int_equal(tcn_step_start(1000, 1000 + TCN_LATE_MS), 1000);
    assert_int_equal(tcn_step_start(1000, 1001 + TCN_LATE_MS), 1001 + TCN_LATE_MS);
}

/* A row that somebody damaged must not hold the program up. */
static void damaged_interval_ends(void **state)
{
    static const int64_t intervals[] = {0, -1, -MIN, INT64_MIN};

    (void)state;
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        struct fixture f;

        fx_init(&f);
        fx_channel(fx_stage(fx_contact(&f, "ann", TCN_PERSONAL), HOUR), "email", MIN);
        fx_engage(&f, "ann");
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        f.a.engagements[0].pages[0].retry_ms = intervals[i];
        fx_begin(&f);
        tcn_engine_timer(&f.a, &f.policy, &f.directory, 7, T0 + 10 * MIN, &f.d);
        assert_int_equal(f.d.sends.n, 1);
        assert_int_equal(f.a.engagements[0].pages[0].next_send_ms, 0);
        fx_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plan),
        cmocka_unit_test(late_work),
        cmocka_unit_test(last_stage_is_not_forgotten),
        cmocka_unit_test(clock_going_back_sends_nothing_twice),
        cmocka_unit_test(all_sends_are_of_one_page),
        cmocka_unit_test(channel_not_activated_is_told_once),
        cmocka_unit_test(channel_is_read_at_each_send),
        cmocka_unit_test(person_without_plan_is_told),
        cmocka_unit_test(codes_differ_by_page_and_salt),
        cmocka_unit_test(lateness),
        cmocka_unit_test(damaged_interval_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
