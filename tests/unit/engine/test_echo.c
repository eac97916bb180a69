/* What fires again with the start of an episode that has just ended: held back, withdrawn, or fired in the end. */
#include "fixture.h"

#define WINDOW (60 * SEC)
#define END (T0 + MIN) /* of the first episode */
#define STEP (10 * SEC)

/* The kinds of one alarm: without items, its clock tells; of a group, its start does. */
enum kind { SINGLE, ITEM };

/* F fires, R is over, r that again, E fires as it did, e with an earlier start, n anew. */
static enum tcn_intake tell(struct fixture *f, enum kind kind, char what)
{
    bool is_over = what == 'R' || what == 'r';
    struct tcn_alarm alarm = fx_alarm(is_over ? TCN_ACTION_RESOLVE : TCN_ACTION_FIRE, 0);
    struct tcn_item item = {.key = "a",
                            .title = "disk of a",
                            .status = is_over ? TCN_ITEM_RESOLVED : TCN_ITEM_FIRING,
                            .since_ms = what == 'n'   ? END + SEC
                                        : what == 'e' ? T0 - SEC
                                                      : T0,
                            .ended_ms = is_over ? END : 0};

    alarm.clock_ms = what == 'F' ? T0 : what == 'n' ? END + SEC : END;
    if (kind == ITEM) {
        alarm.is_group = true;
        alarm.items = &item;
        alarm.n_items = 1;
    }
    return fx_send(f, &alarm);
}

/* Each word STEP after the one before; the end, R, is told at END. */
static enum tcn_intake tell_all(struct fixture *f, enum kind kind, const char *words)
{
    enum tcn_intake verdict = TCN_INTAKE_UNSET;

    for (; *words; words++) {
        f->now = *words == 'F' ? T0 : *words == 'R' ? END : f->now + STEP;
        verdict = tell(f, kind, *words);
    }
    return verdict;
}

static void begin(struct fixture *f)
{
    fx_init(f);
    fx_person(f, "ann");
    fx_engage(f, "ann");
}

static bool is_open(const struct fixture *f)
{
    return f->a.incident.status == TCN_STATUS_OPEN;
}

/* What is told, the verdict of the last word; whether the incident is open a moment before the window ends, and after. */
static const struct {
    const char *name;
    enum kind kind;
    const char *words;
    enum tcn_intake verdict;
    bool writes, open_before, open_after;
} rows[] = {
    {"fires as it did", ITEM, "FRE", TCN_INTAKE_HELD, true, false, true},
    {"earlier start", ITEM, "FRe", TCN_INTAKE_HELD, true, false, true},
    {"said twice", ITEM, "FREE", TCN_INTAKE_NOTHING, false, false, true},
    {"both starts", ITEM, "FREe", TCN_INTAKE_NOTHING, false, false, true},
    {"withdrawn", ITEM, "FREr", TCN_INTAKE_IGNORED, true, false, false},
    {"withdrawn twice", ITEM, "FRErr", TCN_INTAKE_NOTHING, false, false, false},
    {"withdrawn, and held again", ITEM, "FRErE", TCN_INTAKE_HELD, true, false, true},
    {"over before the echo", ITEM, "FRrE", TCN_INTAKE_HELD, true, false, true},
    {"anew", ITEM, "FREn", TCN_INTAKE_REOPENED, true, true, true},
    {"over twice, no echo", ITEM, "FRr", TCN_INTAKE_NOTHING, false, false, false},
    {"single fires as it did", SINGLE, "FRE", TCN_INTAKE_HELD, true, false, true},
    {"single said twice", SINGLE, "FREE", TCN_INTAKE_NOTHING, false, false, true},
    {"single withdrawn", SINGLE, "FREr", TCN_INTAKE_IGNORED, true, false, false},
    {"single withdrawn twice", SINGLE, "FRErr", TCN_INTAKE_NOTHING, false, false, false},
    {"single, held again", SINGLE, "FRErE", TCN_INTAKE_HELD, true, false, true},
    {"single anew", SINGLE, "FREn", TCN_INTAKE_REOPENED, true, true, true},
};

static void every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        enum tcn_intake verdict;

        begin(&f);
        verdict = tell_all(&f, rows[i].kind, rows[i].words);
        if (verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].name, fx_verdict(verdict));
        if (fx_wrote_nothing(&f) == rows[i].writes)
            fail_msg("%s: %s", rows[i].name, rows[i].writes ? "wrote nothing" : "wrote");
        fx_run_until(&f, END + WINDOW - 1);
        if (is_open(&f) != rows[i].open_before)
            fail_msg("%s: not as it should be within the window", rows[i].name);
        fx_run_until(&f, END + 2 * WINDOW);
        if (is_open(&f) != rows[i].open_after || f.a.lane.is_firing != rows[i].open_after)
            fail_msg("%s: not as it should be in the end", rows[i].name);
        assert_int_equal(f.a.lane.echo_due_ms, 0);
        assert_int_equal(f.a.n_engagements, rows[i].open_after ? 2 : 1);
        fx_done(&f);
    }
}

/* The same episode is the same incident, which engages again and says why. */
static void reopens_whatever_the_reopen_window(void **state)
{
    static const struct {
        enum kind kind;
        const char *told;
    } kinds[] = {
        {SINGLE, "reopened by source:cw: cpu fires again: told so 10 s after its end, taken for an "
                 "echo of another sender until now, and not withdrawn"},
        {ITEM, "reopened by source:cw: disk of a fires again: told so 10 s after its end, taken "
               "for an echo of another sender until now, and not withdrawn"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct tcn_event *told;
        struct fixture f;
        struct tcn_id incident;

        begin(&f);
        f.policy.reopen_window_ms = 0;
        f.policy.stale_after_ms = HOUR;
        tell_all(&f, kinds[i].kind, "FRE");
        incident = f.a.incident.id;
        assert_int_equal(f.d.next_due_ms, END + WINDOW);
        fx_run_until(&f, END + WINDOW);
        assert_true(is_open(&f));
        assert_true(tcn_id_eq(f.a.incident.id, incident));
        assert_int_equal(f.a.n_engagements, 2);
        assert_int_equal(f.d.sends.n, 1);
        assert_true(f.d.tickets_due);
        told = fx_event(&f, TCN_EVENT_UPDATE, kinds[i].told);
        assert_non_null(told);
        assert_true(told->to_tickets);
        /* It goes on as any other: its repeats, its end, its silence. */
        assert_int_equal(f.a.lane.stale_due_ms, f.now + HOUR + MIN);
        f.now += MIN;
        assert_int_equal(tell(&f, kinds[i].kind, 'E'), TCN_INTAKE_NOTHING);
        assert_int_equal(tell(&f, kinds[i].kind, 'R'), TCN_INTAKE_RESOLVED);
        fx_done(&f);
    }
}

static struct tcn_alarm two(enum tcn_item_status a, enum tcn_item_status b,
                            struct tcn_item items[2])
{
    bool fires = a == TCN_ITEM_FIRING || b == TCN_ITEM_FIRING;
    struct tcn_alarm alarm = fx_alarm(fires ? TCN_ACTION_FIRE : TCN_ACTION_RESOLVE, END);

    items[0] = (struct tcn_item){.key = "a", .title = "disk of a", .status = a, .since_ms = T0};
    items[1] = (struct tcn_item){.key = "b", .title = "disk of b", .status = b, .since_ms = T0};
    for (size_t i = 0; i < 2; i++)
        items[i].ended_ms = items[i].status == TCN_ITEM_RESOLVED ? END : 0;
    alarm.is_group = true;
    alarm.items = items;
    alarm.n_items = 2;
    return alarm;
}

static enum tcn_intake tell_two(struct fixture *f, enum tcn_item_status a, enum tcn_item_status b)
{
    struct tcn_item items[2];
    struct tcn_alarm alarm = two(a, b, items);

    return fx_send(f, &alarm);
}

/* The incident never ended: it pages nobody anew, and says what fires. */
static void fires_again_in_an_open_incident(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    tell_two(&f, TCN_ITEM_FIRING, TCN_ITEM_FIRING);
    f.now = END;
    assert_int_equal(tell_two(&f, TCN_ITEM_RESOLVED, TCN_ITEM_FIRING), TCN_INTAKE_UPDATED);
    f.now += STEP;
    assert_int_equal(tell_two(&f, TCN_ITEM_FIRING, TCN_ITEM_FIRING), TCN_INTAKE_HELD);
    assert_int_equal(f.d.events.n, 0);
    fx_run_until(&f, END + WINDOW);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "disk of a fires again: told so 10 s after"));
    assert_int_equal(f.a.lane.items[0].status, TCN_ITEM_FIRING);
    assert_int_equal(f.a.n_engagements, 1);
    f.now += MIN;
    tell_two(&f, TCN_ITEM_FIRING, TCN_ITEM_RESOLVED);
    assert_true(is_open(&f)); /* a holds it */
    fx_done(&f);
}

static void cancels_the_resolve_delay(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.policy.resolve_after_ms = 5 * MIN;
    tell_two(&f, TCN_ITEM_FIRING, TCN_ITEM_FIRING);
    f.now = END;
    assert_int_equal(tell_two(&f, TCN_ITEM_RESOLVED, TCN_ITEM_RESOLVED), TCN_INTAKE_WAITING);
    assert_int_equal(tell_two(&f, TCN_ITEM_FIRING, TCN_ITEM_FIRING), TCN_INTAKE_HELD);
    fx_run_until(&f, END + WINDOW);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "2 alarms of the group fire again: told so"));
    fx_run_until(&f, END + HOUR);
    assert_true(is_open(&f));
    fx_done(&f);
}

/* Its sender says that the whole group is over: what it does not list was an echo. A repeat of what it said before does not. */
static void whole_end_withdraws(void **state)
{
    static const struct {
        const char *name;
        bool is_news, is_open;
    } ends[] = {{"the last one ends", true, false}, {"a copy of what was told", false, true}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tcn_item items[2];
        struct tcn_alarm over = two(TCN_ITEM_RESOLVED, TCN_ITEM_RESOLVED, items);
        struct fixture f;

        begin(&f);
        tell_two(&f, TCN_ITEM_FIRING, TCN_ITEM_FIRING);
        f.now = END;
        over.n_items = 1; /* of a; b is told as follows */
        tell_two(&f, ends[i].is_news ? TCN_ITEM_FIRING : TCN_ITEM_RESOLVED, TCN_ITEM_RESOLVED);
        f.now += STEP;
        tell_two(&f, ends[i].is_news ? TCN_ITEM_FIRING : TCN_ITEM_RESOLVED, TCN_ITEM_FIRING);
        f.now += STEP;
        if (!ends[i].is_news)
            over.items = &(struct tcn_item){
                .key = "a", .status = TCN_ITEM_RESOLVED, .since_ms = T0, .ended_ms = END};
        fx_send(&f, &over);
        assert_false(is_open(&f));
        fx_run_until(&f, f.now + HOUR);
        if (is_open(&f) != ends[i].is_open)
            fail_msg("%s", ends[i].name);
        fx_done(&f);
    }
}

/* What a person said of the alarm stands. */
static void muted_stays_resolved(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    tell_all(&f, ITEM, "F");
    fx_status(&f, TCN_STATUS_RESOLVED, "wont_fix");
    tell_all(&f, ITEM, "RE");
    fx_run_until(&f, END + WINDOW);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "cw fires, but is muted after \"won't fix\""));
    assert_false(is_open(&f));
    assert_true(f.a.lane.is_firing);
    assert_int_equal(f.d.next_due_ms, 0);
    fx_done(&f);
}

/* Nobody knew of the echo when the person said that all is well. */
static void a_person_who_resolved_hears_of_it(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.policy.resolve_after_ms = 10 * MIN;
    tell_all(&f, SINGLE, "FRE");
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    assert_int_equal(f.d.next_due_ms, END + WINDOW);
    fx_run_until(&f, END + WINDOW);
    assert_true(is_open(&f));
    assert_int_equal(f.a.n_engagements, 2);
    fx_done(&f);
}

static void reopens_by_the_plan_that_its_source_has_now(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    tell_all(&f, SINGLE, "FRE");
    f.plan.name = "web";
    f.policy.response_plan = "web";
    fx_run_until(&f, END + WINDOW);
    assert_true(is_open(&f));
    assert_int_equal(f.d.sends.n, 1);
    assert_string_equal(f.a.incident.response_plan, "web");
    assert_true(f.d.plan_replaced);
    fx_done(&f);
}

/* An incident that cannot be reopened, or none at all, has no timer that could let it fire: it does at once. */
static void what_could_not_come_back_is_not_held(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.policy.flap_count = 0;
    tell_all(&f, ITEM, "FR");
    while (f.a.n_engagements <= TCN_ENGAGEMENTS_CAP - TCN_ENGAGEMENTS_MAX) {
        f.now += SEC;
        tell(&f, ITEM, 'R');
        f.a.lane.items[0].since_ms = T0 - HOUR;
        tell(&f, ITEM, 'F');
    }
    f.now += SEC;
    tell(&f, ITEM, 'R');
    f.now += SEC;
    assert_int_equal(tell(&f, ITEM, 'E'), TCN_INTAKE_OPENED);
    fx_done(&f);
    for (int kind = SINGLE; kind <= ITEM; kind++) {
        begin(&f);
        f.now = END;
        assert_int_equal(tell(&f, (enum kind)kind, 'R'), TCN_INTAKE_IGNORED);
        f.now -= MIN; /* a clock that is set back changes nothing of it */
        assert_int_equal(tell(&f, (enum kind)kind, 'E'), TCN_INTAKE_OPENED);
        fx_done(&f);
    }
}

static void source_that_is_gone(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    tell_all(&f, ITEM, "FRE");
    f.now = END + WINDOW;
    fx_begin(&f);
    tcn_engine_timer(&f.a, NULL, &f.directory, 7, f.now, &f.d);
    fx_check(&f, &f.a);
    assert_true(is_open(&f));
    assert_int_equal(f.a.n_engagements, 2);
    fx_done(&f);
}

/* The window is that of the configuration in force. */
static void window_that_was_made_longer(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    tell_all(&f, ITEM, "FRE");
    f.policy.echo_window_ms = 6 * MIN;
    fx_run_until(&f, END + 6 * MIN - 1);
    assert_false(is_open(&f));
    fx_run_until(&f, END + 6 * MIN);
    assert_true(is_open(&f));
    fx_done(&f);
}

/* A clock that is set back makes nobody wait longer than the window. */
static void clock_that_was_set_back(void **state)
{
    for (int kind = SINGLE; kind <= ITEM; kind++) {
        struct fixture f;

        (void)state;
        begin(&f);
        tell_all(&f, (enum kind)kind, "FR");
        f.now = END - 4 * MIN;
        assert_int_equal(tell(&f, (enum kind)kind, 'E'), TCN_INTAKE_HELD);
        assert_int_equal(f.d.next_due_ms, f.now + WINDOW);
        fx_run_until(&f, f.now + WINDOW);
        assert_true(is_open(&f));
        fx_done(&f);
    }
}

/* Of an incident that is resolved the timer runs for the echoes of its other lanes, and for nothing else of them. */
static void echo_of_another_lane(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    tell_all(&f, SINGLE, "FR");
    f.a.others_due_ms = END + SEC;
    f.a.others_echo_ms = END + STEP;
    assert_int_equal(tcn_engine_next_due(&f.a), END + STEP);
    tell(&f, SINGLE, 'E');
    assert_int_equal(f.d.next_due_ms, END + STEP);
    f.a.others_due_ms = f.a.others_echo_ms = 0;
    assert_int_equal(tcn_engine_next_due(&f.a), END + WINDOW);
    fx_done(&f);
}

/* The incident that another lane opened meanwhile, with the same dedupe string, takes it. */
static void joins_the_open_incident(void **state)
{
    struct fixture f, other;

    (void)state;
    begin(&f);
    begin(&other);
    other.n_ids = 50;
    tell_all(&other, SINGLE, "F");
    tell_all(&f, ITEM, "FRE");
    f.a.incident = other.a.incident;
    f.a.engagements = other.a.engagements;
    f.a.n_engagements = other.a.n_engagements;
    f.now = END + WINDOW;
    fx_timer(&f);
    assert_true(tcn_id_eq(f.a.lane.incident, other.a.incident.id));
    assert_true(f.a.lane.is_firing);
    assert_true(f.d.lane_changed);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "disk of a fires again"));
    assert_int_equal(f.a.n_engagements, 1);
    fx_done(&f);
    fx_done(&other);
}

/* A member of a storm is named, and reopens the storm. */
static void member_of_a_storm(void **state)
{
    struct fixture f;
    int n_alone = 0;

    (void)state;
    begin(&f);
    f.has_storm = true;
    f.policy.storm_new = 1;
    while (tell(&f, SINGLE, 'F') != TCN_INTAKE_STORM) {
        assert_true(n_alone++ < 3);
        f.a = (struct tcn_aggregate){0};
    }
    f.now = END;
    assert_int_equal(tell(&f, SINGLE, 'R'), TCN_INTAKE_RESOLVED);
    assert_int_equal(tell(&f, SINGLE, 'E'), TCN_INTAKE_HELD);
    fx_run_until(&f, END + WINDOW);
    assert_true(f.a.incident.is_storm);
    assert_true(is_open(&f));
    assert_int_equal(f.a.n_engagements, 2);
    assert_non_null(fx_event(&f, TCN_EVENT_UPDATE, "alarm:cpu fires again: told so 0 s after"));
    fx_done(&f);
}

/* Of a full group what may fire yet is not forgotten for another one. */
static void full_group_keeps_an_echo(void **state)
{
    static struct tcn_item items[TCN_ITEMS_MAX];
    static char keys[TCN_ITEMS_MAX][8];
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct tcn_item more = {.key = "x", .status = TCN_ITEM_FIRING, .since_ms = T0};
    struct fixture f;

    (void)state;
    begin(&f);
    for (int i = 0; i < TCN_ITEMS_MAX; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", i);
        items[i] = (struct tcn_item){.key = keys[i], .status = TCN_ITEM_FIRING, .since_ms = T0};
    }
    alarm.is_group = true;
    alarm.items = items;
    alarm.n_items = TCN_ITEMS_MAX;
    fx_send(&f, &alarm);
    items[7].status = TCN_ITEM_RESOLVED;
    fx_send(&f, &alarm);
    items[7].status = TCN_ITEM_FIRING;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_HELD);
    alarm.items = &more;
    alarm.n_items = 1;
    fx_send(&f, &alarm);
    fx_run_until(&f, T0 + WINDOW);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "7 fires again"));
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(reopens_whatever_the_reopen_window),
        cmocka_unit_test(reopens_by_the_plan_that_its_source_has_now),
        cmocka_unit_test(fires_again_in_an_open_incident),
        cmocka_unit_test(cancels_the_resolve_delay),
        cmocka_unit_test(whole_end_withdraws),
        cmocka_unit_test(muted_stays_resolved),
        cmocka_unit_test(a_person_who_resolved_hears_of_it),
        cmocka_unit_test(what_could_not_come_back_is_not_held),
        cmocka_unit_test(source_that_is_gone),
        cmocka_unit_test(window_that_was_made_longer),
        cmocka_unit_test(clock_that_was_set_back),
        cmocka_unit_test(echo_of_another_lane),
        cmocka_unit_test(joins_the_open_incident),
        cmocka_unit_test(member_of_a_storm),
        cmocka_unit_test(full_group_keeps_an_echo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
