/* sys/zone.c: zones of the database of this machine, against laws that are known, and names that are refused. */
#include "../base/cases.h"

#include "base/datetime.h"
#include "sys/zone.h"

#include <string.h>

enum { ARENA = 1 << 20 };

static void offsets(void **state)
{
    static const struct {
        const char *zone, *utc;
        int minutes;
    } cases[] = {
        {"Europe/Berlin", "1970-01-01T00:00:00Z", 60},
        {"Europe/Berlin", "1979-07-01T00:00:00Z", 60}, /* summer time came back in 1980 */
        {"Europe/Berlin", "1980-07-01T00:00:00Z", 120},
        {"Europe/Berlin", "2026-03-29T00:59:59Z", 60},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", 120},
        {"Europe/Berlin", "2026-10-25T00:59:59Z", 120},
        {"Europe/Berlin", "2026-10-25T01:00:00Z", 60},
        /* 2037 is the last year that a file of the database tells without its rule */
        {"Europe/Berlin", "2038-07-01T00:00:00Z", 120},
        {"Europe/Berlin", "2099-12-31T00:00:00Z", 60},
        {"Europe/Berlin", "2100-03-28T00:59:59Z", 60},
        {"Europe/Berlin", "2100-03-28T01:00:00Z", 120},
        /* summer is standard time there, and winter an hour less: offset 0, which GLib misreads in a rule */
        {"Europe/Dublin", "2026-01-01T00:00:00Z", 0},
        {"Europe/Dublin", "2026-07-01T00:00:00Z", 60},
        {"Europe/Dublin", "2038-01-01T00:00:00Z", 0},
        {"Europe/Dublin", "2050-07-01T00:00:00Z", 60},
        {"Europe/Dublin", "2050-12-01T00:00:00Z", 0},
        {"America/New_York", "2026-03-08T06:59:59Z", -300},
        {"America/New_York", "2026-03-08T07:00:00Z", -240},
        {"America/New_York", "2050-07-01T00:00:00Z", -240},
        {"Australia/Sydney", "2026-01-01T00:00:00Z", 660},
        {"Australia/Sydney", "2026-07-01T00:00:00Z", 600},
        {"Australia/Sydney", "2060-01-01T00:00:00Z", 660},
        {"Australia/Lord_Howe", "2026-07-01T00:00:00Z", 630},
        {"America/Santiago", "2026-01-01T00:00:00Z", -180},
        {"Asia/Kolkata", "2026-07-01T00:00:00Z", 330},
        {"Asia/Kathmandu", "2026-07-01T00:00:00Z", 345},
        {"Asia/Tokyo", "2090-07-01T00:00:00Z", 540},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", -600},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", 840},
        {"Africa/Casablanca", "2026-07-01T00:00:00Z", 60},
        {"Etc/UTC", "2026-07-01T00:00:00Z", 0},
        {"UTC", "2026-07-01T00:00:00Z", 0},
        {"Etc/GMT+5", "2026-07-01T00:00:00Z", -300}, /* POSIX counts to the west */
        {"US/Pacific", "2026-07-01T00:00:00Z", -420},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        const struct tcn_zone *z;
        struct tcn_arena arena;
        struct tcn_err err;
        int64_t ms = 0;

        tcn_arena_init(&arena, ARENA);
        if (tcn_zone_load(cases[i].zone, &arena, &z, &err) < 0)
            fail_msg("%s: %s", cases[i].zone, err.msg);
        assert_string_equal(z->name, cases[i].zone);
        assert_int_equal(tcn_time_rfc3339(tcn_str(cases[i].utc), &ms), 0);
        if (tcn_zone_offset_ms(z, ms) != cases[i].minutes * INT64_C(60000))
            fail_msg("%s at %s: %lld ms", cases[i].zone, cases[i].utc,
                     (long long)tcn_zone_offset_ms(z, ms));
        tcn_arena_done(&arena);
    }
}

static void changes_are_real_and_in_order(void **state)
{
    static const struct {
        const char *zone;
        size_t least, most;
    } cases[] = {
        {"Europe/Berlin", 240, 270}, {"America/New_York", 255, 270}, {"Asia/Kolkata", 0, 0},
        {"Etc/GMT-14", 0, 0},        {"Africa/Casablanca", 60, 400}, {"Asia/Tokyo", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        const struct tcn_zone *z;
        struct tcn_arena arena;
        int32_t before;

        tcn_arena_init(&arena, ARENA);
        assert_int_equal(tcn_zone_load(cases[i].zone, &arena, &z, NULL), 0);
        CHECK(cases[i].zone, z->n_changes >= cases[i].least && z->n_changes <= cases[i].most);
        before = z->first_offset_s;
        for (size_t k = 0; k < z->n_changes; k++) {
            CHECK(cases[i].zone, z->changes[k].offset_s != before);
            CHECK(cases[i].zone, k == 0 || z->changes[k].at_s > z->changes[k - 1].at_s);
            before = z->changes[k].offset_s;
        }
        tcn_arena_done(&arena);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *name, *zone;
        int code;
        const char *message;
    } cases[] = {
        {"a slip", "Europe/Berln", TCN_ENOTFOUND,
         "there is no time zone \"Europe/Berln\"; did you mean \"Europe/Berlin\"?"},
        {"letters in another case", "europe/berlin", TCN_ENOTFOUND,
         "there is no time zone \"europe/berlin\"; did you mean \"Europe/Berlin\"?"},
        {"a place alone", "Berlin", TCN_ENOTFOUND, "did you mean \"Europe/Berlin\"?"},
        {"a place with a blank", "New York", TCN_ENOTFOUND, "did you mean \"America/New_York\"?"},
        {"another area", "Europe/Tokyo", TCN_ENOTFOUND, "there is no time zone \"Europe/Tokyo\""},
        {"nothing near", "Utopia/Nowhere_At_All", TCN_ENOTFOUND,
         "write a name of the IANA database such as \"Europe/Berlin\", or an offset such as "
         "\"+02:00\""},
        {"empty", "", TCN_ENOTFOUND, "there is no time zone \"\"; write"},
        {"an abbreviation", "CET", TCN_EINVALID, "\"CET\" is an abbreviation and no time zone"},
        {"an abbreviation that moves", "EST5EDT", TCN_EINVALID, "\"EST5EDT\" is an abbreviation"},
        {"an abbreviation of no zone", "CEST", TCN_ENOTFOUND,
         "\"CEST\" is an abbreviation and no time zone; write the place's, such as "
         "\"Europe/Berlin\""},
        {"letters that are none", "XYZQ", TCN_ENOTFOUND, "there is no time zone \"XYZQ\""},
        {"an old name", "Japan", TCN_EINVALID,
         "\"Japan\" is an old name of a time zone; write "
         "\"Asia/Tokyo\""},
        {"a path", "/usr/share/zoneinfo/Europe/Berlin", TCN_ENOTFOUND, "there is no time zone"},
        {"a path that climbs", "../zoneinfo/Europe/Berlin", TCN_ENOTFOUND, "there is no time zone"},
        {"another folder of the database", "right/Europe/Berlin", TCN_ENOTFOUND,
         "there is no time zone \"right/Europe/Berlin\""},
        {"a file that is no zone", "tzdata.zi", TCN_ENOTFOUND, "there is no time zone"},
        {"a rule", "CET-1CEST,M3.5.0,M10.5.0/3", TCN_ENOTFOUND, "there is no time zone"},
        {"a rule in a colon", ":Europe/Berlin", TCN_ENOTFOUND, "did you mean \"Europe/Berlin\"?"},
        {"an offset", "+02:00", TCN_ENOTFOUND, "there is no time zone \"+02:00\""},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        const struct tcn_zone *z = NULL;
        struct tcn_arena arena;
        struct tcn_err err;

        tcn_arena_init(&arena, ARENA);
        CHECK(cases[i].name, tcn_zone_load(cases[i].zone, &arena, &z, &err) == cases[i].code);
        if (!strstr(err.msg, cases[i].message))
            fail_msg("%s: %s", cases[i].name, err.msg);
        CHECK(cases[i].name, z == NULL);
        tcn_arena_done(&arena);
    }
}

/* However long a name is, the message is one line that fits. */
static void a_very_long_name(void **state)
{
    const struct tcn_zone *z;
    struct tcn_arena arena;
    struct tcn_err err;
    char name[5000];

    (void)state;
    memset(name, 'A', sizeof name);
    name[7] = '/';
    name[sizeof name - 1] = '\0';
    tcn_arena_init(&arena, ARENA);
    assert_int_equal(tcn_zone_load(name, &arena, &z, &err), TCN_ENOTFOUND);
    assert_non_null(strstr(err.msg, "or an offset such as"));
    tcn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets),
        cmocka_unit_test(changes_are_real_and_in_order),
        cmocka_unit_test(refused),
        cmocka_unit_test(a_very_long_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
