/* Groups meet their lane: what a delivery about many alarms does to the one incident. */
#include "fixture.h"

static struct tcn_alarm group(enum tcn_action action, struct tcn_item *items, size_t n)
{
    struct tcn_alarm alarm = fx_alarm(action, 0);

    alarm.is_group = true;
    alarm.items = items;
    alarm.n_items = n;
    return alarm;
}

static void group_lives_by_its_items(void **state)
{
    struct tcn_item items[2] = {
        {.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0 - MIN},
        {.key = "b", .status = TCN_ITEM_FIRING, .since_ms = T0 - MIN},
    };
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, items, 1);
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_OPENED);
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_NOTHING);
    assert_true(fx_wrote_nothing(&f));
    alarm.n_items = 2;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_FOLDED);
    items[0].status = TCN_ITEM_RESOLVED;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_UPDATED);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "1 of 2 alarms of the group fire"));
    items[1].status = TCN_ITEM_RESOLVED;
    alarm.action = TCN_ACTION_RESOLVE;
    alarm.is_truncated = true;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_UPDATED); /* the hidden ones fire */
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    alarm.is_truncated = false;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_RESOLVED);
    items[1].status = TCN_ITEM_FIRING;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_HELD); /* the other peer's echo */
    items[1].since_ms = T0 + MIN;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_REOPENED);
    fx_done(&f);
}

/* Of a and b, which fire, a is told to have ended at T0: what becomes of b, which is not in the list. */
static const struct {
    const char *name;
    enum tcn_action action;
    bool is_truncated;
    int64_t b_since;
    size_t n_unread;
    bool a_fires, b_ends;
    const char *told;
} wholes[] = {
    {"silenced at the sender", TCN_ACTION_RESOLVE, false, T0 - MIN, 0, false, true,
     "1 alarms of the group were not told to end: silenced or inhibited at the sender"},
    {"perhaps in what was not read", TCN_ACTION_RESOLVE, false, T0 - MIN, 7, false, true,
     "1 alarms of the group were not told to end: not in what was read of the list, silenced"},
    {"start not told", TCN_ACTION_RESOLVE, false, 0, 0, false, true, "not told to end"},
    {"began as the other one ended", TCN_ACTION_RESOLVE, false, T0, 0, false, true,
     "not told to end"},
    {"began after the last end", TCN_ACTION_RESOLVE, false, T0 + 1, 0, false, false, NULL},
    {"cut list", TCN_ACTION_RESOLVE, true, T0 - MIN, 0, false, false, NULL},
    {"the group fires", TCN_ACTION_FIRE, false, T0 - MIN, 0, false, false, NULL},
    {"the list fires", TCN_ACTION_RESOLVE, false, T0 - MIN, 0, true, false, NULL},
};

static struct tcn_alarm fire_two(struct fixture *f, struct tcn_item items[2], int64_t b_since)
{
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, items, 2);

    fx_init(f);
    items[0] = (struct tcn_item){.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0 - MIN};
    items[1] = (struct tcn_item){.key = "b", .status = TCN_ITEM_FIRING, .since_ms = b_since};
    fx_send(f, &alarm);
    f->now += MIN;
    items[0].status = TCN_ITEM_RESOLVED;
    items[0].ended_ms = T0;
    alarm.action = TCN_ACTION_RESOLVE;
    alarm.clock_ms = T0;
    alarm.n_items = 1;
    return alarm;
}

static void group_resolves_as_a_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        struct tcn_item items[2];
        struct fixture f;
        struct tcn_alarm alarm = fire_two(&f, items, wholes[i].b_since);

        alarm.action = wholes[i].action;
        alarm.is_truncated = wholes[i].is_truncated;
        alarm.n_items_unread = wholes[i].n_unread;
        if (wholes[i].a_fires)
            items[0].status = TCN_ITEM_FIRING;
        fx_send(&f, &alarm);
        if ((f.a.incident.status == TCN_STATUS_RESOLVED) != wholes[i].b_ends)
            fail_msg("%s: status %d", wholes[i].name, f.a.incident.status);
        if (wholes[i].told && !fx_event(&f, TCN_EVENT_TOCSIN, wholes[i].told))
            fail_msg("%s: not told", wholes[i].name);
        assert_true(wholes[i].told || !fx_event(&f, TCN_EVENT_TOCSIN, "not told to end"));
        fx_done(&f);
    }
}

/* The silence is lifted and the alarm still fires: that is no echo, though its start is the same. */
static void end_that_was_not_told_is_taken_back(void **state)
{
    struct tcn_item items[2];
    struct fixture f;
    struct tcn_alarm over = fire_two(&f, items, T0 - MIN);
    struct tcn_alarm again = group(TCN_ACTION_FIRE, &items[1], 1);

    (void)state;
    assert_int_equal(fx_send(&f, &over), TCN_INTAKE_RESOLVED);
    f.now += 1;
    assert_int_equal(fx_send(&f, &again), TCN_INTAKE_REOPENED);
    f.now += 1;
    assert_int_equal(fx_send(&f, &over), TCN_INTAKE_NOTHING); /* the other peer's copy */
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

/* A delivery of an episode that is over says nothing of the next one. */
static void old_end_of_a_group_ends_no_new_episode(void **state)
{
    struct tcn_item items[2];
    struct fixture f;
    struct tcn_alarm over = fire_two(&f, items, T0 - MIN);
    struct tcn_item first = items[0];
    struct tcn_alarm again = group(TCN_ACTION_FIRE, items, 1);

    (void)state;
    over.items = &first;
    items[0].status = TCN_ITEM_FIRING;
    items[0].since_ms = T0 + 1;
    assert_int_equal(fx_send(&f, &again), TCN_INTAKE_FOLDED);
    f.now += MIN;
    assert_int_equal(fx_send(&f, &over), TCN_INTAKE_NOTHING);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

static void alarms_that_are_not_followed_are_counted(void **state)
{
    static struct tcn_item items[TCN_ITEMS_MAX];
    static char keys[TCN_ITEMS_MAX][8];
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, items, TCN_ITEMS_MAX);
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (int i = 0; i < TCN_ITEMS_MAX; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", i);
        items[i] = (struct tcn_item){.key = keys[i], .status = TCN_ITEM_FIRING, .since_ms = T0};
    }
    alarm.is_truncated = true;
    alarm.n_items_unread = 1000;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_OPENED);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN,
                             "1000 alarms beyond the first 500 of the group are not followed"));
    fx_done(&f);
}

/* It fired already: that something is hidden besides triggers nothing again. */
static void what_is_hidden_is_no_news_of_a_group_that_fires(void **state)
{
    struct tcn_item item = {.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0 - MIN};
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, &item, 1);
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_OPENED);
    item.status = TCN_ITEM_RESOLVED;
    item.ended_ms = T0;
    alarm.is_truncated = true;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_UPDATED);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

/* What fires is beyond the alarms that are read, or cut off by the sender: the group says so by its own state. */
static void group_fires_by_what_is_not_listed(void **state)
{
    struct tcn_item items[2] = {
        {.key = "a", .status = TCN_ITEM_RESOLVED, .since_ms = T0 - 2 * MIN, .ended_ms = T0 - MIN},
        {.key = "b", .status = TCN_ITEM_RESOLVED, .since_ms = T0 - 2 * MIN, .ended_ms = T0 - MIN},
    };
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, items, 2);
    struct fixture f;

    (void)state;
    fx_init(&f);
    alarm.is_truncated = true;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_OPENED);
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_NOTHING);
    alarm.action = TCN_ACTION_RESOLVE;
    alarm.is_truncated = false;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_RESOLVED);
    alarm.action = TCN_ACTION_FIRE;
    alarm.is_truncated = true;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_REOPENED);
    items[0].since_ms = T0;
    items[0].ended_ms = f.now;
    alarm.action = TCN_ACTION_RESOLVE;
    alarm.is_truncated = false;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_RESOLVED);
    items[0].since_ms = T0 - 2 * MIN;
    alarm.action = TCN_ACTION_FIRE;
    alarm.is_truncated = true;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_NOTHING); /* of an episode before that one */
    fx_done(&f);
}

static void impossible_end_is_not_believed(void **state)
{
    struct tcn_item item = {.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0};
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, &item, 1);
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_send(&f, &alarm);
    item.status = TCN_ITEM_RESOLVED;
    item.ended_ms = T0 - 1;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_LATE);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "ended before they began"));
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

/* A group of one that fires at T0 and is told, a minute later, to have ended that long after now. */
static struct tcn_alarm told_end(struct fixture *f, struct tcn_item *item, int64_t ahead_ms)
{
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, item, 1);

    fx_init(f);
    *item = (struct tcn_item){.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0};
    fx_send(f, &alarm);
    f->now += MIN;
    item->status = TCN_ITEM_RESOLVED;
    item->ended_ms = f->now + ahead_ms;
    alarm.action = TCN_ACTION_RESOLVE;
    return alarm;
}

static const struct {
    const char *name;
    int64_t ahead_ms, held_ms; /* 0: resolved at once */
} ends[] = {
    {"just now", 0, 0},
    {"a minute ahead", MIN, 0},
    {"further ahead", MIN + SEC, MIN + SEC},
    {"an hour ahead", HOUR, HOUR},
    {"a wrong zone", 5 * HOUR, HOUR},
};

/* The sender tells an end once: it must resolve the incident, when our clock is there too. */
static void end_in_the_future_is_waited_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct fixture f;
        struct tcn_item item;
        struct tcn_alarm alarm = told_end(&f, &item, ends[i].ahead_ms);
        int64_t due = f.now + ends[i].held_ms;
        enum tcn_intake verdict = fx_send(&f, &alarm);

        if (verdict != (ends[i].held_ms ? TCN_INTAKE_WAITING : TCN_INTAKE_RESOLVED))
            fail_msg("%s: %s", ends[i].name, fx_verdict(verdict));
        assert_int_equal(!fx_event(&f, TCN_EVENT_TOCSIN, "in the future: set its clock"),
                         ends[i].held_ms == 0);
        assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_NOTHING); /* told once */
        if (ends[i].held_ms > 0) {
            fx_run_until(&f, due - 1);
            assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
            fx_run_until(&f, due);
        }
        assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
        fx_done(&f);
    }
}

static void held_end_is_off_when_it_fires_again(void **state)
{
    struct fixture f;
    struct tcn_item item;
    struct tcn_alarm alarm = told_end(&f, &item, 30 * MIN);

    (void)state;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_WAITING);
    f.now += f.policy.echo_window_ms;
    item.status = TCN_ITEM_FIRING;
    item.ended_ms = 0;
    alarm.action = TCN_ACTION_FIRE;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_FOLDED);
    fx_run_until(&f, f.now + 2 * HOUR);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

/* What holds the incident is told, though it was never heard to fire. */
static void end_of_an_unknown_alarm_is_told(void **state)
{
    struct tcn_item items[2] = {{.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0},
                                {.key = "b", .status = TCN_ITEM_RESOLVED, .since_ms = T0}};
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, items, 2);
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_send(&f, &(struct tcn_alarm){.source = alarm.source,
                                    .dedupe_key = alarm.dedupe_key,
                                    .action = TCN_ACTION_FIRE,
                                    .is_group = true,
                                    .items = items,
                                    .n_items = 1});
    items[0].status = TCN_ITEM_RESOLVED;
    items[0].ended_ms = T0;
    items[1].ended_ms = T0 + 5 * MIN;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_WAITING);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "1 alarms ended as much as 300 s"));
    fx_run_until(&f, T0 + 5 * MIN);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    fx_done(&f);
}

/* The first of two alarms ends ahead of our clock, the other one ends as it should before that. */
static void held_end_counts_when_the_last_alarm_ends(void **state)
{
    struct tcn_item items[2] = {{.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0},
                                {.key = "b", .status = TCN_ITEM_FIRING, .since_ms = T0}};
    struct tcn_alarm alarm = group(TCN_ACTION_FIRE, items, 2);
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_send(&f, &alarm);
    items[0].status = TCN_ITEM_RESOLVED;
    items[0].ended_ms = T0 + 10 * MIN;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_UPDATED);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "1 alarms ended as much as 600 s"));
    f.now += MIN;
    items[1].status = TCN_ITEM_RESOLVED;
    items[1].ended_ms = f.now;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_WAITING);
    assert_null(fx_event(&f, TCN_EVENT_TOCSIN, "in the future"));
    fx_run_until(&f, T0 + 10 * MIN - 1);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_run_until(&f, T0 + 10 * MIN);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_lives_by_its_items),
        cmocka_unit_test(group_resolves_as_a_whole),
        cmocka_unit_test(what_is_hidden_is_no_news_of_a_group_that_fires),
        cmocka_unit_test(group_fires_by_what_is_not_listed),
        cmocka_unit_test(end_that_was_not_told_is_taken_back),
        cmocka_unit_test(old_end_of_a_group_ends_no_new_episode),
        cmocka_unit_test(alarms_that_are_not_followed_are_counted),
        cmocka_unit_test(impossible_end_is_not_believed),
        cmocka_unit_test(end_in_the_future_is_waited_for),
        cmocka_unit_test(held_end_is_off_when_it_fires_again),
        cmocka_unit_test(end_of_an_unknown_alarm_is_told),
        cmocka_unit_test(held_end_counts_when_the_last_alarm_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
