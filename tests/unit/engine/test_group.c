#include "engine/group.h"
#include "fixture.h"

#define ECHO (60 * SEC)

static struct tcn_item item(const char *key, enum tcn_item_status status, int64_t since,
                            int64_t ended)
{
    return (struct tcn_item){.key = key, .status = status, .since_ms = since, .ended_ms = ended};
}

/* One item known, the same item told again: does it change, and into what. */
static const struct {
    const char *name;
    enum tcn_item_status known;
    int64_t known_since;
    int64_t age; /* of what is known */
    enum tcn_item_status told;
    int64_t since, ended;
    enum tcn_item_status after;
    bool changed;
} rows[] = {
    {"firing again", TCN_ITEM_FIRING, T0, MIN, TCN_ITEM_FIRING, T0, 0, TCN_ITEM_FIRING, false},
    {"resolved", TCN_ITEM_FIRING, T0, MIN, TCN_ITEM_RESOLVED, T0, T0 + 1, TCN_ITEM_RESOLVED, true},
    {"resolved, end not told", TCN_ITEM_FIRING, T0, MIN, TCN_ITEM_RESOLVED, T0, 0,
     TCN_ITEM_RESOLVED, true},
    {"resolved as it started", TCN_ITEM_FIRING, T0, MIN, TCN_ITEM_RESOLVED, T0, T0,
     TCN_ITEM_RESOLVED, true},
    {"resolved before it started", TCN_ITEM_FIRING, T0, MIN, TCN_ITEM_RESOLVED, T0, T0 - 1,
     TCN_ITEM_FIRING, false},
    {"resolved a minute ahead", TCN_ITEM_FIRING, T0, 0, TCN_ITEM_RESOLVED, T0, T0 + MIN,
     TCN_ITEM_RESOLVED, true},
    {"resolved further ahead", TCN_ITEM_FIRING, T0, 0, TCN_ITEM_RESOLVED, T0, T0 + MIN + 1,
     TCN_ITEM_RESOLVED, true},
    {"echo of a peer", TCN_ITEM_RESOLVED, T0, ECHO - 1, TCN_ITEM_FIRING, T0, 0, TCN_ITEM_RESOLVED,
     false},
    {"same start after the echo window", TCN_ITEM_RESOLVED, T0, ECHO, TCN_ITEM_FIRING, T0, 0,
     TCN_ITEM_FIRING, true},
    {"new episode within the echo window", TCN_ITEM_RESOLVED, T0, 1, TCN_ITEM_FIRING, T0 + 1, 0,
     TCN_ITEM_FIRING, true},
    {"start moved back, fires", TCN_ITEM_RESOLVED, T0, ECHO, TCN_ITEM_FIRING, T0 - 1, 0,
     TCN_ITEM_FIRING, true},
    {"start moved back, echo of a peer", TCN_ITEM_RESOLVED, T0, ECHO - 1, TCN_ITEM_FIRING, T0 - 1,
     0, TCN_ITEM_RESOLVED, false},
    {"start moved back, fires on", TCN_ITEM_FIRING, T0, HOUR, TCN_ITEM_FIRING, T0 - 1, 0,
     TCN_ITEM_FIRING, false},
    {"start moved back, resolved", TCN_ITEM_FIRING, T0, HOUR, TCN_ITEM_RESOLVED, T0 - 1, T0 + 1,
     TCN_ITEM_RESOLVED, true},
    {"older episode resolves, end not told", TCN_ITEM_FIRING, T0, HOUR, TCN_ITEM_RESOLVED, T0 - 1,
     0, TCN_ITEM_FIRING, false},
    {"older episode resolves", TCN_ITEM_FIRING, T0, HOUR, TCN_ITEM_RESOLVED, T0 - 1, T0,
     TCN_ITEM_FIRING, false},
    {"new episode, already over", TCN_ITEM_FIRING, T0, HOUR, TCN_ITEM_RESOLVED, T0 + 1, T0 + 2,
     TCN_ITEM_RESOLVED, true},
    {"resolved twice", TCN_ITEM_RESOLVED, T0, HOUR, TCN_ITEM_RESOLVED, T0, T0 + 1,
     TCN_ITEM_RESOLVED, false},
    {"start not told", TCN_ITEM_FIRING, T0, MIN, TCN_ITEM_RESOLVED, 0, 0, TCN_ITEM_RESOLVED, true},
    {"unknown", TCN_ITEM_FIRING, T0, MIN, TCN_ITEM_UNKNOWN, T0, 0, TCN_ITEM_UNKNOWN, true},
    {"no state of its own", TCN_ITEM_RESOLVED, T0, HOUR, TCN_ITEM_UNSET, T0, 0, TCN_ITEM_FIRING,
     true},
};

static void every_item_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tcn_item known = item("a", rows[i].known, rows[i].known_since, 0);
        struct tcn_item told = item("a", rows[i].told, rows[i].since, rows[i].ended);
        struct tcn_alarm alarm = {
            .action = TCN_ACTION_FIRE, .is_group = true, .items = &told, .n_items = 1};
        struct tcn_lane lane = {.items = &known, .n_items = 1};
        struct tcn_group_change change;
        struct tcn_arena arena;

        known.seen_ms = T0;
        tcn_arena_init(&arena, 1u << 20);
        change = tcn_group_merge(&lane, &alarm, ECHO, T0 + rows[i].age, &arena);
        if (lane.items[0].status != rows[i].after || change.is_changed != rows[i].changed)
            fail_msg("%s: status %d", rows[i].name, lane.items[0].status);
        assert_int_equal(change.firing, rows[i].after == TCN_ITEM_FIRING);
        if (!rows[i].changed && change.held == 0)
            assert_ptr_equal(lane.items, &known);
        if ((change.held == 1) != (strstr(rows[i].name, "echo of") != NULL))
            fail_msg("%s: held %zu", rows[i].name, change.held);
        assert_int_equal(change.held, lane.items[0].echo_ms != 0);
        tcn_arena_done(&arena);
    }
}

/* What was told MIN ago, and until when it holds the incident. */
static const struct {
    const char *name;
    enum tcn_item_status status;
    int64_t ended, until;
} holds[] = {
    {"fires", TCN_ITEM_FIRING, 0, 0},
    {"end not told", TCN_ITEM_RESOLVED, 0, 0},
    {"ended in time", TCN_ITEM_RESOLVED, T0, 0},
    {"a minute ahead is in time", TCN_ITEM_RESOLVED, T0 + MIN, 0},
    {"ahead", TCN_ITEM_RESOLVED, T0 + MIN + 1, T0 + MIN + 1},
    {"an hour ahead", TCN_ITEM_RESOLVED, T0 + HOUR, T0 + HOUR},
    {"further", TCN_ITEM_RESOLVED, T0 + HOUR + 1, T0 + HOUR},
    {"for ever", TCN_ITEM_RESOLVED, INT64_MAX, T0 + HOUR},
};

static void end_ahead_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof holds / sizeof holds[0]; i++) {
        struct tcn_item items[] = {item("a", holds[i].status, T0 - HOUR, holds[i].ended),
                                   item("b", TCN_ITEM_RESOLVED, T0 - HOUR, T0)};
        struct tcn_lane lane = {.items = items, .n_items = 2};

        items[0].seen_ms = items[1].seen_ms = T0;
        if (tcn_group_held_until(&lane) != holds[i].until)
            fail_msg("%s: %lld", holds[i].name, (long long)tcn_group_held_until(&lane));
    }
}

static struct tcn_group_change merge(struct fixture *f, struct tcn_item *items, size_t n,
                                     bool is_truncated)
{
    struct tcn_alarm alarm = {.action = TCN_ACTION_FIRE,
                              .is_group = true,
                              .is_truncated = is_truncated,
                              .items = items,
                              .n_items = n};

    return tcn_group_merge(&f->a.lane, &alarm, ECHO, f->now, &f->arena);
}

static void items_stay_sorted_and_unique(void **state)
{
    struct tcn_item items[] = {item("c", TCN_ITEM_FIRING, T0, 0), item("a", TCN_ITEM_FIRING, T0, 0),
                               item("b", TCN_ITEM_RESOLVED, T0, T0),
                               item("a", TCN_ITEM_FIRING, T0, 0)};
    struct tcn_group_change change;
    struct fixture f;

    (void)state;
    fx_init(&f);
    change = merge(&f, items, 4, false);
    assert_int_equal(f.a.lane.n_items, 3);
    assert_string_equal(f.a.lane.items[0].key, "a");
    assert_string_equal(f.a.lane.items[2].key, "c");
    assert_int_equal(change.fired, 2);
    assert_int_equal(change.firing, 2);
    assert_int_equal(change.total, 3);
    fx_done(&f);
}

static void hidden_items_fire_until_a_whole_list(void **state)
{
    struct tcn_item a = item("a", TCN_ITEM_FIRING, T0, 0);
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(merge(&f, &a, 1, true).firing, 2);
    a.status = TCN_ITEM_RESOLVED;
    assert_int_equal(merge(&f, &a, 1, true).firing, 1);
    assert_true(tcn_group_is_firing(&f.a.lane));
    assert_int_equal(merge(&f, &a, 1, false).firing, 0);
    /* A cut list of resolved items does, of a group that its sender says to fire. */
    assert_int_equal(merge(&f, &a, 1, true).firing, 1);
    assert_int_equal(merge(&f, &a, 1, false).firing, 0);
    fx_done(&f);
}

static void group_is_bounded(void **state)
{
    static struct tcn_item items[TCN_ITEMS_MAX];
    static char keys[TCN_ITEMS_MAX][8];
    struct tcn_item extra = item("x", TCN_ITEM_FIRING, T0, 0);
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (int i = 0; i < TCN_ITEMS_MAX; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", i);
        items[i] = item(keys[i], TCN_ITEM_FIRING, T0, 0);
    }
    assert_int_equal(merge(&f, items, TCN_ITEMS_MAX, false).firing, TCN_ITEMS_MAX);
    assert_int_equal(merge(&f, &extra, 1, false).dropped, 1);
    items[7].status = TCN_ITEM_RESOLVED;
    merge(&f, items, TCN_ITEMS_MAX, false);
    assert_int_equal(merge(&f, &extra, 1, false).dropped, 0);
    assert_int_equal(f.a.lane.n_items, TCN_ITEMS_MAX);
    assert_int_equal(merge(&f, items, 0, true).dropped, 0); /* what is hidden is no alarm */
    fx_done(&f);
}

/* Of a group that is larger than what is followed, the list can begin with alarms that are not. */
static void resolved_list_of_alarms_that_are_not_followed(void **state)
{
    static struct tcn_item items[2 * TCN_ITEMS_MAX];
    static char keys[2 * TCN_ITEMS_MAX][8];
    struct tcn_alarm over = {.action = TCN_ACTION_RESOLVE,
                             .is_group = true,
                             .items = items + TCN_ITEMS_MAX,
                             .n_items = TCN_ITEMS_MAX,
                             .n_items_unread = TCN_ITEMS_MAX};
    struct tcn_group_change change;
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (int i = 0; i < 2 * TCN_ITEMS_MAX; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", i);
        items[i] =
            item(keys[i], i < TCN_ITEMS_MAX ? TCN_ITEM_FIRING : TCN_ITEM_RESOLVED, T0 - MIN, 0);
    }
    merge(&f, items, TCN_ITEMS_MAX, true);
    f.now += MIN;
    change = tcn_group_merge(&f.a.lane, &over, ECHO, f.now, &f.arena);
    assert_int_equal(change.firing, 0);
    assert_int_equal(change.untold, TCN_ITEMS_MAX);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_row),
        cmocka_unit_test(end_ahead_holds),
        cmocka_unit_test(items_stay_sorted_and_unique),
        cmocka_unit_test(hidden_items_fire_until_a_whole_list),
        cmocka_unit_test(group_is_bounded),
        cmocka_unit_test(resolved_list_of_alarms_that_are_not_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
