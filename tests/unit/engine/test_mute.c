#include "base/datetime.h"
#include "engine/mute.h"
#include "engine/wake.h"
#include "fixture.h"

#define DAY (24 * HOUR)

/* -- matchers --------------------------------------------------------------------------------------------------- */

static void globs(void **state)
{
    static const struct {
        const char *pattern, *value;
        bool fits;
    } rows[] = {
        {"db", "db", true},        {"db", "db1", false},
        {"db*", "db", true},       {"db*", "db-1", true},
        {"*", "", true},           {"*-db", "eu-db", true},
        {"*-db", "eu-db2", false}, {"a*b*c", "axbxbxc", true},
        {"a*b*c", "axxc", false},  {"a*bb", "abbb", true},
        {"a*bb", "abab", false},   {"", "", true},
        {"", "a", false},          {"**", "ab", true},
        {"a*", "b", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const values[] = {rows[i].pattern};
        const struct tcn_matcher matcher = {"service", values, 1};
        const struct tcn_match match = {&matcher, 1};
        struct tcn_tag tag = {"service", rows[i].value};
        const struct tcn_alarm alarm = {.source = "cw", .tags = &tag, .n_tags = 1};

        if (tcn_match_alarm(&match, &alarm) != rows[i].fits)
            fail_msg("%s against %s", rows[i].pattern, rows[i].value);
    }
}

/* A star costs at most the length of the text. */
static void globs_are_quick(void **state)
{
    char pattern[201], text[20001];
    const char *const values[] = {pattern};
    const struct tcn_matcher matcher = {"t", values, 1};
    const struct tcn_match match = {&matcher, 1};
    struct tcn_tag tag = {"t", text};
    const struct tcn_alarm alarm = {.tags = &tag, .n_tags = 1};

    (void)state;
    for (size_t i = 0; i < 200; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[200] = '\0';
    memset(text, 'a', 20000);
    text[19999] = 'b';
    text[20000] = '\0';
    assert_false(tcn_match_alarm(&match, &alarm));
}

static void all_names_any_value(void **state)
{
    const char *const services[] = {"db", "cache"}, *const sources[] = {"c*"};
    const struct tcn_matcher both[] = {{"service", services, 2}, {"source", sources, 1}};
    const struct tcn_match match = {both, 2};
    struct tcn_tag tags[] = {{"team", "db"}, {"service", "cache"}};
    struct tcn_alarm alarm = {.source = "cw", .tags = tags, .n_tags = 2};

    (void)state;
    assert_true(tcn_match_alarm(&match, &alarm));
    alarm.source = "prom";
    assert_false(tcn_match_alarm(&match, &alarm));
    alarm.source = "cw";
    alarm.n_tags = 1;
    assert_false(tcn_match_alarm(&match, &alarm));
    alarm.n_tags = 2;
    tags[1].value = NULL;
    assert_false(tcn_match_alarm(&match, &alarm));
}

/* -- windows ---------------------------------------------------------------------------------------------------- */

/* Clocks of this zone: UTC+1; UTC+2 from 2026-03-29T01:00Z to 2026-10-25T01:00Z, as in Berlin. */
static const struct tcn_zone_change changes[] = {{1774746000, 7200}, {1792890000, 3600}};
static const struct tcn_zone berlin = {"Europe/Berlin", 3600, changes, 2};

static int64_t at(const char *text)
{
    int64_t ms;

    assert_int_equal(tcn_time_rfc3339(tcn_str(text), &ms), 0);
    return ms;
}

static void spans(void **state)
{
    static const struct {
        bool days[7];
        int hour, minute;
        int64_t duration_ms;
        const char *until, *at, *start, *end; /* start NULL: there is none */
    } rows[] = {
        /* Sundays at 02:00, for two hours; 2026-11-29 is one. */
        {{[6] = true},
         2,
         0,
         2 * HOUR,
         "2027-01-01T00:00:00Z",
         "2026-11-29T01:30:00Z",
         "2026-11-29T01:00:00Z",
         "2026-11-29T03:00:00Z"},
        {{[6] = true},
         2,
         0,
         2 * HOUR,
         "2027-01-01T00:00:00Z",
         "2026-11-29T03:00:00Z",
         "2026-12-06T01:00:00Z",
         "2026-12-06T03:00:00Z"},
        {{[6] = true}, 2, 0, 2 * HOUR, "2026-12-06T01:00:00Z", "2026-11-29T03:00:00Z", NULL, NULL},
        /* What began before its end is not cut. */
        {{[6] = true},
         2,
         0,
         2 * HOUR,
         "2026-11-29T01:30:00Z",
         "2026-11-29T02:30:00Z",
         "2026-11-29T01:00:00Z",
         "2026-11-29T03:00:00Z"},
        /* The hour that clocks leave out is the one after it; by elapsed time it is as long as ever. */
        {{[6] = true},
         2,
         0,
         2 * HOUR,
         "2027-01-01T00:00:00Z",
         "2026-03-29T01:30:00Z",
         "2026-03-29T01:00:00Z",
         "2026-03-29T03:00:00Z"},
        /* The hour that they show twice: the first. */
        {{[6] = true},
         2,
         30,
         HOUR,
         "2027-01-01T00:00:00Z",
         "2026-10-25T00:45:00Z",
         "2026-10-25T00:30:00Z",
         "2026-10-25T01:30:00Z"},
        /* Over midnight, and for a week. */
        {{[4] = true},
         23,
         0,
         3 * HOUR,
         "2027-01-01T00:00:00Z",
         "2026-11-28T00:30:00Z",
         "2026-11-27T22:00:00Z",
         "2026-11-28T01:00:00Z"},
        {{[0] = true},
         0,
         0,
         7 * DAY,
         "2027-01-01T00:00:00Z",
         "2026-11-29T22:59:59Z",
         "2026-11-22T23:00:00Z",
         "2026-11-29T23:00:00Z"},
        /* Every day, for longer than a day: the one that ends last. */
        {{true, true, true, true, true, true, true},
         0,
         0,
         36 * HOUR,
         "2027-01-01T00:00:00Z",
         "2026-11-28T12:00:00Z",
         "2026-11-27T23:00:00Z",
         "2026-11-29T11:00:00Z"},
        {{0}, 0, 0, HOUR, "2027-01-01T00:00:00Z", "2026-11-28T12:00:00Z", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tcn_window w = {.zone = &berlin,
                               .start = {rows[i].hour, rows[i].minute},
                               .duration_ms = rows[i].duration_ms,
                               .until_ms = at(rows[i].until)};
        struct tcn_window_span span;
        bool is_there;

        memcpy(w.days, rows[i].days, sizeof w.days);
        is_there = tcn_window_span(&w, at(rows[i].at), &span);
        if (is_there != (rows[i].start != NULL) ||
            (is_there && (span.start_ms != at(rows[i].start) || span.end_ms != at(rows[i].end))))
            fail_msg("row %zu: %lld to %lld", i, (long long)span.start_ms, (long long)span.end_ms);
    }
}

/* -- alarms ----------------------------------------------------------------------------------------------------- */

static const char *const any[] = {"*"};
static const struct tcn_matcher of_all = {"source", any, 1};
static struct tcn_mute mute;

static void begin(struct fixture *f, int64_t end_ms)
{
    fx_init(f);
    fx_person(f, "ann");
    fx_engage(f, "ann");
    mute = (struct tcn_mute){
        .id = fx_id(9), .match = {&of_all, 1}, .owner = "ben", .start_ms = T0, .end_ms = end_ms};
    f->mutes = (struct tcn_mutes){&mute, 1};
}

/* As the row would be kept. */
static struct tcn_waiting keep(struct fixture *f, const struct tcn_waiting *before)
{
    struct tcn_waiting w = f->d.waiting;

    assert_true(f->d.waiting_changed);
    if (w.since_ms == 0 && before)
        w.since_ms = before->since_ms;
    return w;
}

static enum tcn_intake unmute(struct fixture *f, const struct tcn_waiting *w)
{
    const struct tcn_alarm alarm = tcn_waiting_alarm(w);
    const struct tcn_intake_input in = {.alarm = &alarm,
                                        .policy = &f->policy,
                                        .directory = &f->directory,
                                        .mutes = &f->mutes,
                                        .new_id = fx_id(++f->n_ids),
                                        .salt = 7,
                                        .now_ms = f->now};
    enum tcn_intake verdict;

    fx_begin(f);
    verdict = tcn_engine_unmute(&in, w, &f->a, f->has_storm ? &f->storm : NULL,
                                f->storm_a.incident.exists ? &f->storm_a : NULL, &f->d);
    fx_check(f, f->d.subject);
    return verdict;
}

static void wakes_nobody_until_it_is_over(void **state)
{
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_MUTED);
    assert_false(f.a.incident.exists);
    assert_true(f.a.lane.is_firing && f.d.lane_changed);
    w = keep(&f, NULL);
    assert_int_equal(w.kind, TCN_WAITING_MUTED);
    assert_int_equal(w.due_ms, T0 + MIN); /* another node may end it */
    assert_int_equal(f.a.lane.mute_until_ms, T0 + HOUR);
    assert_int_equal(w.since_ms, T0);
    assert_string_equal(w.told.title, "cpu");
    assert_non_null(strstr(w.why, "(ben)"));
    f.now = T0 + MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_NOTHING);
    assert_true(fx_wrote_nothing(&f) && !f.d.waiting_changed);
    f.now = T0 + HOUR;
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_OPENED);
    assert_int_equal(f.d.waiting.due_ms, 0);
    assert_true(f.d.waiting_changed);
    assert_string_equal(f.a.incident.title, "cpu");
    assert_int_equal(f.n_sends, 1);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "was muted by the mute"));
    assert_int_equal(f.a.lane.mute_until_ms, 0);
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now), TCN_INTAKE_RESOLVED);
    fx_done(&f);
}

static void new_text_is_kept_and_since_stays(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, T0);
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    fx_send(&f, &alarm);
    w = keep(&f, NULL);
    f.now = T0 + MIN;
    alarm.title = "cpu is worse";
    alarm.clock_ms = f.now;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_MUTED);
    w = keep(&f, &w);
    assert_int_equal(w.since_ms, T0);
    assert_string_equal(w.told.title, "cpu is worse");
    fx_done(&f);
}

static void what_is_over_opens_nothing(void **state)
{
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    w = keep(&f, NULL);
    f.now = T0 + MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now), TCN_INTAKE_IGNORED);
    f.now = T0 + HOUR;
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_NOTHING);
    assert_true(f.d.waiting_changed && f.d.waiting.due_ms == 0);
    assert_false(f.a.incident.exists);
    /* Another time it fires it says anew since when. */
    mute.end_ms = f.now + HOUR;
    f.now += MIN;
    fx_alarm_at(&f, TCN_ACTION_FIRE, f.now);
    assert_int_equal(keep(&f, NULL).since_ms, f.now);
    fx_done(&f);
}

static void another_mute_goes_on(void **state)
{
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    w = keep(&f, NULL);
    mute.end_ms = T0 + 2 * HOUR;
    f.now = T0 + HOUR;
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_MUTED);
    w = keep(&f, &w);
    assert_int_equal(w.due_ms, T0 + HOUR + MIN);
    assert_int_equal(f.a.lane.mute_until_ms, T0 + 2 * HOUR);
    assert_int_equal(w.since_ms, T0);
    assert_int_equal(f.d.events.n, 0);
    fx_done(&f);
}

static void an_open_incident_is_no_matter_of_mutes(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    f.mutes.n = 0;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.mutes.n = 1;
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_FOLDED);
    f.now += MIN;
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now);
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_MUTED);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    fx_done(&f);
}

/* A person does, or another alarm of the incident. */
static void its_incident_is_brought_back(void **state)
{
    static const struct tcn_incident_update open = {.status = TCN_STATUS_OPEN, .actor = "user:x"};
    struct tcn_lane muted;
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + 24 * HOUR);
    f.mutes.n = 0;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now += MIN);
    f.mutes.n = 1;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now += MIN), TCN_INTAKE_MUTED);
    w = keep(&f, NULL);
    muted = f.a.lane; /* what brings it back has another one in hand */
    fx_begin(&f);
    assert_int_equal(tcn_engine_update(&f.a, &open, f.now, &f.d, NULL), 0);
    f.a.lane = muted;
    fx_check(&f, &f.a);
    f.now += MIN;
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_NOTHING);
    assert_true(f.d.waiting_changed && f.d.waiting.due_ms == 0);
    assert_true(f.d.lane_changed && f.a.lane.mute_until_ms == 0);
    fx_done(&f);
}

static void a_group_keeps_its_items(void **state)
{
    struct tcn_item items[] = {{.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0 - MIN},
                               {.key = "b", .status = TCN_ITEM_FIRING, .since_ms = T0 - MIN}};
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    alarm.is_group = true;
    alarm.items = items;
    alarm.n_items = 1;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_MUTED);
    w = keep(&f, NULL);
    f.now += MIN;
    alarm.items = &items[1];
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_MUTED);
    w = keep(&f, &w);
    f.now = T0 + HOUR;
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_OPENED);
    assert_int_equal(f.a.lane.n_items, 2);
    fx_done(&f);
}

static void windows_are_named(void **state)
{
    struct tcn_window window = {.name = "backup",
                                .owner = "ana",
                                .match = {&of_all, 1},
                                .zone = &berlin,
                                .days = {true, true, true, true, true, true, true},
                                .duration_ms = DAY,
                                .until_ms = T0 + 400 * DAY};
    struct fixture f;

    (void)state;
    begin(&f, T0 - HOUR);
    f.directory.windows = &window;
    f.directory.n_windows = 1;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_MUTED);
    assert_non_null(
        strstr(f.d.waiting.why, "by the maintenance window backup (ana) until 2026-08-"));
    assert_true(f.d.waiting.due_ms > T0 + MIN);
    fx_done(&f);
}

/* Of several the one that ends last, and none that does not hold the alarm now. */
static void the_longest_decides(void **state)
{
    static const char *const others[] = {"other"};
    static const struct tcn_matcher other = {"source", others, 1};
    static const struct tcn_matcher all = {"source", any, 1};
    const struct tcn_mute mutes[] = {
        {.id = {{1}}, .match = {&all, 1}, .owner = "a", .start_ms = T0, .end_ms = T0 + HOUR},
        {.id = {{2}}, .match = {&all, 1}, .owner = "b", .start_ms = T0, .end_ms = T0 + MIN},
        {.id = {{3}}, .match = {&other, 1}, .owner = "c", .start_ms = T0, .end_ms = T0 + DAY},
        {.id = {{4}}, .match = {&all, 1}, .owner = "d", .start_ms = T0 + 1, .end_ms = T0 + DAY},
        {.id = {{5}}, .match = {&all, 1}, .owner = "e", .start_ms = T0 - DAY, .end_ms = T0},
    };
    const struct tcn_mutes list = {mutes, 5};
    struct tcn_window windows[] = {
        {.name = "over", .match = {&all, 1}, .zone = &berlin, .duration_ms = DAY},
        {.name = "other", .match = {&other, 1}, .zone = &berlin, .duration_ms = DAY},
        {.name = "later",
         .match = {&all, 1},
         .zone = &berlin,
         .start = {23, 59},
         .duration_ms = MIN,
         .until_ms = T0 + DAY},
    };
    struct tcn_directory directory = {.windows = windows, .n_windows = 3};
    const struct tcn_alarm alarm = {.source = "cw"};
    struct tcn_muting by;

    (void)state;
    memset(windows[1].days, true, sizeof windows[1].days);
    memset(windows[2].days, true, sizeof windows[2].days);
    windows[1].until_ms = T0 + DAY;
    assert_true(tcn_mute_find(&list, &directory, &alarm, T0, &by));
    assert_string_equal(by.owner, "a");
    assert_true(tcn_mute_find(&list, NULL, &alarm, T0, &by));
    assert_string_equal(by.owner, "a");
    assert_false(tcn_mute_find(NULL, NULL, &alarm, T0, &by));
}

/* One that ends within the minute is looked at then. */
static void a_short_mute(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, T0 + SEC);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_int_equal(f.d.waiting.due_ms, T0 + SEC);
    fx_done(&f);
}

/* Its lane is not there, or has an open incident by now: nothing is left to do. */
static void what_is_settled_otherwise(void **state)
{
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    w = keep(&f, NULL);
    f.mutes.n = 0;
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_OPENED);
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_NOTHING);
    assert_int_equal(f.d.waiting.due_ms, 0);
    memset(&f.a, 0, sizeof f.a);
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_NOTHING);
    fx_done(&f);
}

/* An open incident with the same dedupe string takes it in. */
static void joins_what_is_open(void **state)
{
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    w = keep(&f, NULL);
    f.now = T0 + HOUR;
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_OPENED);
    f.a.lane.incident = (struct tcn_id){{0}}; /* it is another lane's */
    f.a.lane.mute_until_ms = f.now;
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_FOLDED);
    assert_true(tcn_id_eq(f.a.lane.incident, f.a.incident.id));
    fx_done(&f);
}

/* The end of a window does not open more at once than a storm would. */
static void a_storm_guards_the_end(void **state)
{
    struct tcn_waiting w;
    struct fixture f;

    (void)state;
    begin(&f, T0 + HOUR);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    w = keep(&f, NULL);
    f.now = T0 + HOUR;
    f.has_storm = true;
    f.storm = (struct tcn_storm){.tokens = 0.5, .at_ms = f.now};
    assert_int_equal(unmute(&f, &w), TCN_INTAKE_STORM);
    assert_true(f.d.storm_changed && f.a.incident.is_storm);
    fx_done(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs),
        cmocka_unit_test(globs_are_quick),
        cmocka_unit_test(all_names_any_value),
        cmocka_unit_test(spans),
        cmocka_unit_test(wakes_nobody_until_it_is_over),
        cmocka_unit_test(new_text_is_kept_and_since_stays),
        cmocka_unit_test(what_is_over_opens_nothing),
        cmocka_unit_test(another_mute_goes_on),
        cmocka_unit_test(an_open_incident_is_no_matter_of_mutes),
        cmocka_unit_test(its_incident_is_brought_back),
        cmocka_unit_test(a_group_keeps_its_items),
        cmocka_unit_test(windows_are_named),
        cmocka_unit_test(the_longest_decides),
        cmocka_unit_test(a_short_mute),
        cmocka_unit_test(what_is_settled_otherwise),
        cmocka_unit_test(joins_what_is_open),
        cmocka_unit_test(a_storm_guards_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
