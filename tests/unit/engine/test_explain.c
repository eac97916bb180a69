#include "engine/explain.h"
#include "fixture.h"

static struct tcn_explanation told;

static void explain(struct fixture *f)
{
    tcn_engine_explain(&f->a, &f->directory, &f->arena, &told);
    for (size_t i = 1; i < told.lines.n; i++)
        assert_true(told.lines.items[i - 1].at_ms <= told.lines.items[i].at_ms);
}

/* The line says so of that person at that time. */
static void says(enum tcn_explained_kind kind, const char *contact, const char *channel,
                 int64_t at_ms, const char *why)
{
    for (size_t i = 0; i < told.lines.n; i++) {
        const struct tcn_explained *x = &told.lines.items[i];
        bool is_channel = channel ? x->channel && strcmp(x->channel, channel) == 0 : !x->channel;

        if (x->kind == kind && strcmp(x->contact, contact) == 0 && is_channel &&
            x->at_ms == at_ms && strstr(x->why, why))
            return;
    }
    for (size_t i = 0; i < told.lines.n; i++)
        print_error("%lld %d %s %s: %s\n", (long long)(told.lines.items[i].at_ms - T0),
                    (int)told.lines.items[i].kind, told.lines.items[i].contact,
                    told.lines.items[i].channel ? told.lines.items[i].channel : "-",
                    told.lines.items[i].why);
    fail_msg("nothing says %d of %s at %lld: %s", (int)kind, contact, (long long)(at_ms - T0), why);
}

/* ann, then ben and ann again, then cem; ann is essential. */
static void begin(struct fixture *f)
{
    struct tcn_contact *ann, *esc;

    fx_init(f);
    ann = fx_contact(f, "ann", TCN_PERSONAL);
    fx_channel(fx_stage(ann, 5 * MIN), "email", 2 * MIN);
    fx_channel(fx_stage(ann, 5 * MIN), "sms", 0);
    fx_person(f, "ben");
    fx_person(f, "cem");
    esc = fx_contact(f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(esc, 3 * MIN), "ann", true);
    fx_target(fx_stage(esc, 20 * MIN), "ben", false);
    fx_target(fx_stage_of(esc, 1), "ann", true);
    fx_target(fx_stage_of(esc, 1), "nobody", false);
    fx_target(fx_stage(esc, 10 * MIN), "cem", false);
    fx_engage(f, "esc");
    fx_alarm_at(f, TCN_ACTION_FIRE, 0);
}

static void what_is_sent_and_what_will_be(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    explain(&f);
    says(TCN_PAGED, "ann", "email", T0,
         "esc, stage 1 > ann, stage 1 of 2 of the person's plan; has not left yet; again at");
    says(TCN_WILL_PAGE, "ann", "sms", T0 + 5 * MIN, "stage 2 of 2");
    says(TCN_WILL_PAGE, "ben", NULL, T0 + 3 * MIN, "esc, stage 2, unless it is answered before");
    says(TCN_WILL_PAGE, "cem", NULL, T0 + 23 * MIN, "esc, stage 3");
    fx_run_until(&f, T0 + 6 * MIN);
    explain(&f);
    says(TCN_PAGED, "ann", "email", T0, "asked for 3 times, first at 2026-08-02T17:00:00.000Z");
    says(TCN_PAGED, "ann", "sms", T0 + 5 * MIN, "stage 2 of 2");
    says(TCN_PAGED, "ben", "email", T0 + 3 * MIN, "esc, stage 2 > ben");
    says(TCN_NOT_PAGED, "ann", NULL, T0 + 3 * MIN, "esc, stage 2: ann was being paged already");
    says(TCN_NOT_PAGED, "nobody", NULL, T0 + 3 * MIN, "esc, stage 2: no such contact");
    fx_done(&f);
}

static void an_answer_ends_it(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.now = T0 + MIN;
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    explain(&f);
    says(TCN_PAGED, "ann", "email", T0, "answered at");
    says(TCN_NOT_PAGED, "ann", "sms", T0 + MIN, "ann answered before stage 2 of the person's plan");
    says(TCN_NOT_PAGED, "ben", NULL, T0 + MIN,
         "ann answered, which ends the escalation before stage 2 of esc");
    says(TCN_NOT_PAGED, "cem", NULL, T0 + MIN, "before stage 3 of esc");
    fx_done(&f);
}

static void one_that_is_not_essential_does_not(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_run_until(&f, T0 + 3 * MIN);
    fx_ack(&f, fx_page_of(&f, "ben")->id, "contact:ben");
    explain(&f);
    says(TCN_PAGED, "ben", "email", T0 + 3 * MIN, "answered at");
    says(TCN_WILL_PAGE, "cem", NULL, T0 + 23 * MIN, "esc, stage 3");
    fx_done(&f);
}

static void the_end_of_the_incident(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.now = T0 + MIN;
    fx_status(&f, TCN_STATUS_RESOLVED, "fixed");
    explain(&f);
    says(TCN_NOT_PAGED, "ben", NULL, T0 + MIN, "the incident was resolved before stage 2");
    says(TCN_NOT_PAGED, "ann", "sms", T0 + MIN, "the incident was resolved before stage 2");
    fx_done(&f);
}

static void the_end_of_an_engagement_alone(void **state)
{
    static const struct tcn_engagement_text text = {.sender = "s", .subject = "j", .content = "c"};
    const struct tcn_engage in = {"esc", "token:ops", NULL, &text};
    struct tcn_disengage stop = {.actor = "token:ops"};
    struct fixture f;

    (void)state;
    begin(&f);
    f.a = (struct tcn_aggregate){0};
    fx_begin(&f);
    assert_int_equal(
        tcn_engine_engage_alone(&f.a, &in, &f.directory, fx_id(9), 7, f.now, &f.d, NULL), 0);
    f.now = T0 + MIN;
    stop.engagement = f.a.engagements[0].id;
    fx_begin(&f);
    assert_int_equal(tcn_engine_disengage(&f.a, &stop, f.now, &f.d), 0);
    explain(&f);
    says(TCN_PAGED, "ann", "email", T0, "");
    says(TCN_NOT_PAGED, "ben", NULL, T0 + MIN, "the engagement was stopped before stage 2");
    fx_done(&f);
}

static void an_answer_for_all(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.now = T0 + MIN;
    fx_ack(&f, (struct tcn_id){{0}}, "user:dan");
    explain(&f);
    says(TCN_NOT_PAGED, "cem", NULL, T0 + MIN, "user:dan answered for the incident before stage 3");
    fx_done(&f);
}

static void channels_that_cannot_be_used(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    f.channels[0][0].is_activated = false;
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    explain(&f);
    says(TCN_NOT_PAGED, "ann", "email", T0, "the channel is not activated");
    fx_done(&f);
}

/* One line of several sends has the first and the last of them, once the last has left. */
static void sends_are_told_by_the_first_and_the_last(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_channel(fx_stage(fx_contact(&f, "ann", TCN_PERSONAL), 5 * MIN), "email", 3 * MIN);
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_begin(&f);
    tcn_engine_send_result(&f.a, fx_page_of(&f, "ann")->id, TCN_SENT, NULL, f.now, &f.d);
    fx_run_until(&f, T0 + 3 * MIN);
    explain(&f);
    says(TCN_PAGED, "ann", "email", T0,
         "asked for 2 times, first at 2026-08-02T17:00:00.000Z; left at 2026-08-02T17:00:00.000Z");
    fx_begin(&f);
    tcn_engine_send_result(&f.a, fx_page_of(&f, "ann")->id, TCN_SENT, NULL, f.now, &f.d);
    explain(&f);
    says(TCN_PAGED, "ann", "email", T0,
         "sent 2 times, first at 2026-08-02T17:00:00.000Z, last at 2026-08-02T17:03:00.000Z");
    fx_done(&f);
}

/* Without a directory nothing is known of what is configured now. */
static void what_happened_is_known_alone(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_begin(&f);
    tcn_engine_send_result(&f.a, fx_page_of(&f, "ann")->id, TCN_SENT, NULL, f.now, &f.d);
    fx_begin(&f);
    tcn_engine_send_result(&f.a, fx_page_of(&f, "ann")->id, TCN_DELIVERED, NULL, f.now, &f.d);
    fx_run_until(&f, T0 + 3 * MIN);
    tcn_engine_explain(&f.a, NULL, &f.arena, &told);
    says(TCN_PAGED, "ann", "email", T0, "left at 2026-08-02T17:00:00.000Z; delivered at");
    says(TCN_NOT_PAGED, "nobody", NULL, T0 + 3 * MIN, "no such contact");
    fx_done(&f);
    fx_init(&f);
    fx_person(&f, "ann");
    f.channels[0][0].is_activated = false;
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    tcn_engine_explain(&f.a, NULL, &f.arena, &told);
    says(TCN_NOT_PAGED, "ann", "email", T0, "the person has no such channel");
    fx_done(&f);
}

static void failed_pages(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_begin(&f);
    tcn_engine_send_result(&f.a, fx_page_of(&f, "ann")->id, TCN_ERROR, "no", f.now, &f.d);
    explain(&f);
    says(TCN_PAGED, "ann", "email", T0, "has not left, since");
    fx_done(&f);
}

static void nobody_on_call(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_contact(&f, "web", TCN_ONCALL_SCHEDULE);
    fx_engage(&f, "web");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    explain(&f);
    says(TCN_NOT_PAGED, "web", NULL, T0, "nobody was on call");
    fx_done(&f);
}

/* Of everybody on call it is told by which shift. */
static void by_a_shift(void **state)
{
    static const struct tcn_zone utc = {.name = "UTC"};
    static const char *const people[] = {"ann"}, *const instead[] = {"ben"};
    static const struct tcn_clock_time midnight = {0, 0};
    struct tcn_rotation_override o = {
        .start_ms = T0, .end_ms = T0 + HOUR, .contacts = instead, .n_contacts = 1};
    struct tcn_rotation r = {
        .alias = "week",
        .name = "week",
        .contacts = people,
        .n_contacts = 1,
        .zone = &utc,
        .start_ms = T0 - 24 * HOUR,
        .recurrence = {.daily = &midnight, .n_daily = 1, .number_of_on_calls = 1, .multiplier = 1},
        .overrides = &o};
    const struct tcn_roster *roster;
    struct tcn_contact *web;
    struct fixture f;

    (void)state;
    for (size_t is_overridden = 0; is_overridden < 2; is_overridden++) {
        fx_init(&f);
        fx_person(&f, "ann");
        fx_person(&f, "ben");
        web = fx_contact(&f, "web", TCN_ONCALL_SCHEDULE);
        web->rotations[web->n_rotations++] = "week";
        r.n_overrides = is_overridden;
        roster = tcn_roster_prepare(&r, &f.arena);
        f.directory.rosters = &roster;
        f.directory.n_rosters = 1;
        fx_engage(&f, "web");
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        explain(&f);
        if (is_overridden)
            says(TCN_PAGED, "ben", "email", T0,
                 "web (an override of \"week\", until 2026-08-02T18:00:00.000Z) > ben");
        else
            says(TCN_PAGED, "ann", "email", T0,
                 "web (\"week\", until 2026-08-03T00:00:00.000Z) > ann");
        fx_done(&f);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_and_what_will_be),
        cmocka_unit_test(an_answer_ends_it),
        cmocka_unit_test(one_that_is_not_essential_does_not),
        cmocka_unit_test(the_end_of_the_incident),
        cmocka_unit_test(the_end_of_an_engagement_alone),
        cmocka_unit_test(an_answer_for_all),
        cmocka_unit_test(channels_that_cannot_be_used),
        cmocka_unit_test(sends_are_told_by_the_first_and_the_last),
        cmocka_unit_test(what_happened_is_known_alone),
        cmocka_unit_test(failed_pages),
        cmocka_unit_test(nobody_on_call),
        cmocka_unit_test(by_a_shift),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
