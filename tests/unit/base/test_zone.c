/* base/zone.c: the two ways between local time and UTC, over clocks that are set forward, back and by a whole day. */
#include "cases.h"

#include "base/datetime.h"
#include "base/zone.h"

#include <string.h>

#define HOUR 3600

/* What the law of the place says, written by hand. Times are of the database 2025b. */
static const struct tcn_zone_change berlin[] = {
    {1774746000, 2 * HOUR}, /* 2026-03-29T01:00Z */
    {1792890000, 1 * HOUR}, /* 2026-10-25T01:00Z */
};
static const struct tcn_zone_change lord_howe[] = {
    {1775314800, 10 * HOUR + HOUR / 2}, /* 2026-04-04T15:00Z: back by half an hour */
    {1791041400, 11 * HOUR},            /* 2026-10-03T15:30Z: forward by half an hour */
};
static const struct tcn_zone_change apia[] = {
    {1325239200, 14 * HOUR}, /* 2011-12-30T10:00Z: from -10, the 30th was left out */
};
/* Two changes within hours of each other, of which the second takes the first back. */
static const struct tcn_zone_change hasty[] = {{1000000, 3 * HOUR}, {1003600, 1 * HOUR}};

static const struct tcn_zone zones[] = {
    {"Europe/Berlin", 1 * HOUR, berlin, 2},
    {"Australia/Lord_Howe", 11 * HOUR, lord_howe, 2},
    {"Pacific/Apia", -10 * HOUR, apia, 1},
    {"Hasty", 1 * HOUR, hasty, 2},
    {"Asia/Kolkata", 5 * HOUR + HOUR / 2, NULL, 0},
};

static const struct tcn_zone *zone(const char *name)
{
    for (size_t i = 0; i < N_OF(zones); i++)
        if (strcmp(zones[i].name, name) == 0)
            return &zones[i];
    fail_msg("%s", name);
    return NULL;
}

static int64_t ms_of(const char *text)
{
    int64_t ms = 0;

    if (tcn_time_parse(tcn_str(text), "%Y-%m-%dT%H:%M:%S", &ms) < 0)
        fail_msg("%s", text);
    return ms;
}

static void expect(const char *name, int64_t ms, const char *want)
{
    char text[TCN_TIME_TEXT];

    tcn_time_text(ms, text);
    if (strncmp(text, want, strlen(want)) != 0)
        fail_msg("%s: %s, wanted %s", name, text, want);
}

static void local_times_are_read(void **state)
{
    static const struct {
        const char *name, *zone, *local, *utc;
    } cases[] = {
        {"winter", "Europe/Berlin", "2026-01-15T12:00:00", "2026-01-15T11:00:00"},
        {"summer", "Europe/Berlin", "2026-07-15T12:00:00", "2026-07-15T10:00:00"},
        {"last second before the gap", "Europe/Berlin", "2026-03-29T01:59:59",
         "2026-03-29T00:59:59"},
        {"first second of the gap", "Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:00:00"},
        {"in the gap, read as the hour after it", "Europe/Berlin", "2026-03-29T02:30:00",
         "2026-03-29T01:30:00"},
        {"first second after the gap", "Europe/Berlin", "2026-03-29T03:00:00",
         "2026-03-29T01:00:00"},
        {"last second before the overlap", "Europe/Berlin", "2026-10-25T01:59:59",
         "2026-10-24T23:59:59"},
        {"in the overlap, the first of two", "Europe/Berlin", "2026-10-25T02:30:00",
         "2026-10-25T00:30:00"},
        {"last second of the overlap", "Europe/Berlin", "2026-10-25T02:59:59",
         "2026-10-25T00:59:59"},
        {"first second after the overlap", "Europe/Berlin", "2026-10-25T03:00:00",
         "2026-10-25T02:00:00"},
        {"long before all changes", "Europe/Berlin", "1960-07-01T00:00:00", "1960-06-30T23:00:00"},
        {"long after all changes", "Europe/Berlin", "2200-07-01T00:00:00", "2200-06-30T23:00:00"},
        {"summer in January", "Australia/Lord_Howe", "2026-01-15T12:00:00", "2026-01-15T01:00:00"},
        {"winter in July", "Australia/Lord_Howe", "2026-07-15T12:00:00", "2026-07-15T01:30:00"},
        {"overlap of half an hour", "Australia/Lord_Howe", "2026-04-05T01:45:00",
         "2026-04-04T14:45:00"},
        {"gap of half an hour", "Australia/Lord_Howe", "2026-10-04T02:15:00",
         "2026-10-03T15:45:00"},
        {"a day that was left out", "Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00"},
        {"the day after it", "Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00"},
        {"gap and overlap within an hour", "Hasty", "1970-01-12T15:46:40", "1970-01-12T14:46:40"},
        {"no changes", "Asia/Kolkata", "2026-07-15T12:00:00", "2026-07-15T06:30:00"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        expect(cases[i].name, tcn_zone_unix_ms(zone(cases[i].zone), ms_of(cases[i].local)),
               cases[i].utc);
}

static void local_times_are_written(void **state)
{
    static const struct {
        const char *name, *zone, *utc, *local;
    } cases[] = {
        {"winter", "Europe/Berlin", "2026-01-15T11:00:00", "2026-01-15T12:00:00"},
        {"last second of winter time", "Europe/Berlin", "2026-03-29T00:59:59",
         "2026-03-29T01:59:59"},
        {"first second of summer time", "Europe/Berlin", "2026-03-29T01:00:00",
         "2026-03-29T03:00:00"},
        {"last second of summer time", "Europe/Berlin", "2026-10-25T00:59:59",
         "2026-10-25T02:59:59"},
        {"first second of winter time", "Europe/Berlin", "2026-10-25T01:00:00",
         "2026-10-25T02:00:00"},
        {"south", "Australia/Lord_Howe", "2026-12-24T12:00:00", "2026-12-24T23:00:00"},
        {"over the date line", "Pacific/Apia", "2011-12-30T09:59:59", "2011-12-29T23:59:59"},
        {"and after it", "Pacific/Apia", "2011-12-30T10:00:00", "2011-12-31T00:00:00"},
        {"no changes", "Asia/Kolkata", "2026-07-15T06:30:00", "2026-07-15T12:00:00"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t ms = ms_of(cases[i].utc);

        expect(cases[i].name, ms + tcn_zone_offset_ms(zone(cases[i].zone), ms), cases[i].local);
    }
}

/* Every quarter of an hour around the changes: what is written is read back, or an earlier instant that is written the
 * same. */
static void there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(zones); i++) {
        for (size_t k = 0; k < zones[i].n_changes; k++) {
            int64_t change_ms = zones[i].changes[k].at_s * 1000;

            for (int64_t ms = change_ms - 172800000; ms < change_ms + 172800000; ms += 900000) {
                int64_t local = ms + tcn_zone_offset_ms(&zones[i], ms);
                int64_t back = tcn_zone_unix_ms(&zones[i], local);

                CHECK(zones[i].name, back <= ms);
                CHECK(zones[i].name, back + tcn_zone_offset_ms(&zones[i], back) == local);
            }
        }
    }
}

static void milliseconds_stay(void **state)
{
    (void)state;
    assert_int_equal(tcn_zone_unix_ms(zone("Europe/Berlin"), INT64_C(1792900799999)),
                     INT64_C(1792897199999));
    assert_int_equal(tcn_zone_offset_ms(zone("Europe/Berlin"), INT64_C(1792889999999)), 7200000);
    assert_int_equal(tcn_zone_offset_ms(zone("Europe/Berlin"), INT64_C(1792890000000)), 3600000);
}

static void periods_are_between_changes(void **state)
{
    static const struct {
        const char *name, *zone, *utc, *from, *until;
        int offset_s;
    } cases[] = {
        {"before all changes", "Europe/Berlin", "2026-03-29T00:59:59", NULL, "2026-03-29T01:00:00",
         HOUR},
        {"first second", "Europe/Berlin", "2026-03-29T01:00:00", "2026-03-29T01:00:00",
         "2026-10-25T01:00:00", 2 * HOUR},
        {"last second", "Europe/Berlin", "2026-10-25T00:59:59", "2026-03-29T01:00:00",
         "2026-10-25T01:00:00", 2 * HOUR},
        {"after all changes", "Europe/Berlin", "2030-07-01T00:00:00", "2026-10-25T01:00:00", NULL,
         HOUR},
        {"no changes", "Asia/Kolkata", "2026-07-15T06:30:00", NULL, NULL, 5 * HOUR + HOUR / 2},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_zone_period p = tcn_zone_period(zone(cases[i].zone), ms_of(cases[i].utc));

        CHECK(cases[i].name, p.from_ms == (cases[i].from ? ms_of(cases[i].from) : INT64_MIN));
        CHECK(cases[i].name, p.until_ms == (cases[i].until ? ms_of(cases[i].until) : INT64_MAX));
        CHECK(cases[i].name, p.offset_ms == cases[i].offset_s * INT64_C(1000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_times_are_read), cmocka_unit_test(local_times_are_written),
        cmocka_unit_test(there_and_back),       cmocka_unit_test(periods_are_between_changes),
        cmocka_unit_test(milliseconds_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
