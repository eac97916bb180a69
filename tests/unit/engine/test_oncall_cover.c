/* engine/oncall_cover.c: gaps, several rotations at once, and clocks that are set. */
#include "engine/oncall_cover.h"
#include "rotation_world.h"

#define DAY_MS INT64_C(86400000)

static const struct rw_text texts[] = {
    {.zone = "UTC", .start = "2024-01-01T00:00", .contacts = "A", .settings = "00:00"},
    {.zone = "UTC",
     .start = "2024-01-01T00:00",
     .contacts = "A",
     .settings = "00:00",
     .coverage = "ALL 09:00-17:00"},
};
static const char *const names[] = {"always", "days"};
static struct tcn_contact contacts[] = {
    {.alias = "A", .type = TCN_PERSONAL},
    {.alias = "s", .type = TCN_ONCALL_SCHEDULE},
};

static struct rw rotations[2];
static const struct tcn_roster *rosters[2];
static struct tcn_directory directory = {
    .contacts = contacts, .n_contacts = 2, .rosters = rosters, .n_rosters = 2};

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        rw_init(&rotations[i], &texts[i]);
        rotations[i].r.alias = names[i];
        rosters[i] = tcn_roster_prepare(&rotations[i].r, &rotations[i].arena);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        rw_done(&rotations[i]);
    return 0;
}

static struct tcn_oncall_cover cover(const struct tcn_contact *schedule, int64_t days, size_t max)
{
    int64_t from_ms = rw_ms(TCN_STR("2024-02-01T00:00"));
    struct tcn_oncall_cover c;

    tcn_oncall_cover(&directory, schedule, from_ms, from_ms + days * DAY_MS, max, &c);
    assert_true(c.until_ms <= from_ms + days * DAY_MS);
    return c;
}

static void gaps_are_counted_and_the_first_shown(void **state)
{
    const struct tcn_contact alone = tcn_oncall_alone("days");
    struct tcn_oncall_cover c = cover(&alone, 10, SIZE_MAX);

    (void)state;
    assert_int_equal(c.gaps.n, 11);
    assert_int_equal(c.gaps.all_ms, 10 * 16 * INT64_C(3600000));
    assert_int_equal(c.doubles.n, 0);
    assert_int_equal(c.n_shown, TCN_COVER_SHOWN);
    assert_int_equal(c.shown[1].start_ms, rw_ms(TCN_STR("2024-02-01T17:00")));
    assert_int_equal(c.shown[1].end_ms, rw_ms(TCN_STR("2024-02-02T09:00")));
    assert_int_equal(c.until_ms, rw_ms(TCN_STR("2024-02-11T00:00")));
}

static void several_at_once_are_counted(void **state)
{
    const struct tcn_contact both = {
        .type = TCN_ONCALL_SCHEDULE, .rotations = {"always", "days"}, .n_rotations = 2};
    struct tcn_oncall_cover c = cover(&both, 10, SIZE_MAX);

    (void)state;
    assert_int_equal(c.gaps.n, 0);
    assert_int_equal(c.doubles.n, 10);
    assert_int_equal(c.doubles.all_ms, 10 * 8 * INT64_C(3600000));
    assert_int_equal(c.n_shown, TCN_COVER_SHOWN);
    assert_int_equal(c.shown[0].n_rotations, 2);
    /* A turn of one ends each day, shifts and gaps of the other do twice. */
    assert_in_range(c.n_asked, 10, 10 + 21 + 2);
}

static void without_rotations_it_is_one_gap(void **state)
{
    const struct tcn_contact none = {.type = TCN_ONCALL_SCHEDULE};
    struct tcn_oncall_cover c = cover(&none, 10, SIZE_MAX);

    (void)state;
    assert_int_equal(c.gaps.n, 1);
    assert_int_equal(c.gaps.all_ms, 10 * DAY_MS);
    assert_int_equal(c.n_asked, 0);
}

/* However far it is looked ahead, the work is bounded, and what was not looked at is not told. */
static void it_ends_when_it_has_asked_enough(void **state)
{
    const struct tcn_contact alone = tcn_oncall_alone("days"), whole = tcn_oncall_alone("always");
    struct tcn_oncall_cover c = cover(&alone, 400, 8);

    (void)state;
    assert_int_equal(c.n_asked, 8);
    assert_int_equal(c.gaps.n, 4);
    assert_int_equal(c.until_ms, rw_ms(TCN_STR("2024-02-04T09:00")));
    c = cover(&whole, 400, 8);
    assert_int_equal(c.n_asked, 8);
    assert_int_equal(c.gaps.n, 0);
    assert_int_equal(c.until_ms, rw_ms(TCN_STR("2024-02-09T00:00")));
}

static void whether_a_schedule_names_a_rotation(void **state)
{
    (void)state;
    assert_false(tcn_oncall_is_used(&directory, "days"));
    contacts[1].rotations[0] = "always";
    contacts[1].rotations[1] = "days";
    contacts[1].n_rotations = 2;
    assert_true(tcn_oncall_is_used(&directory, "days"));
    assert_false(tcn_oncall_is_used(&directory, "nights"));
    contacts[1].n_rotations = 0;
}

static const struct tcn_zone *zone(const char *name)
{
    for (size_t i = 0; i < N_OF(rw_zones); i++)
        if (strcmp(rw_zones[i].name, name) == 0)
            return &rw_zones[i];
    return NULL;
}

static void clocks_that_are_set(void **state)
{
    struct tcn_clock_changes i = {zone("America/Los_Angeles"), rw_ms(TCN_STR("2024-01-01T00:00")),
                                  rw_ms(TCN_STR("2024-12-31T00:00"))};
    struct tcn_clock_change c;

    (void)state;
    assert_true(tcn_clock_changes_next(&i, &c));
    assert_int_equal(c.at_ms, rw_ms(TCN_STR("2024-03-10T10:00")));
    assert_int_equal(c.before_ms, -8 * 3600000);
    assert_int_equal(c.by_ms, 3600000);
    assert_true(tcn_clock_changes_next(&i, &c));
    assert_int_equal(c.at_ms, rw_ms(TCN_STR("2024-11-03T09:00")));
    assert_int_equal(c.by_ms, -3600000);
    assert_false(tcn_clock_changes_next(&i, &c));
    i = (struct tcn_clock_changes){zone("UTC"), 0, INT64_MAX};
    assert_false(tcn_clock_changes_next(&i, &c));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gaps_are_counted_and_the_first_shown), TEST(several_at_once_are_counted),
        TEST(without_rotations_it_is_one_gap),      TEST(it_ends_when_it_has_asked_enough),
        TEST(whether_a_schedule_names_a_rotation),  TEST(clocks_that_are_set),
    };

    return cmocka_run_group_tests_name("oncall_cover", tests, NULL, NULL);
}
