/* engine/rotation.c: who is on call at an instant, and the worked examples of the rules. */
#include "rotation_world.h"

static const struct rw_case examples[] = {
    {"1: clocks are set forward",
     {.zone = "America/Los_Angeles",
      .start = "2024-03-08T17:00",
      .contacts = "ABC",
      .settings = "09:00"},
     "2024-03-08T17:00",
     "2024-03-12T16:00",
     "A 03-08T17:00/03-09T17:00 B 03-09T17:00/03-10T16:00 C 03-10T16:00/03-11T16:00 A "
     "03-11T16:00/03-12T16:00"},
    {"2: clocks are set back",
     {.zone = "America/Los_Angeles",
      .start = "2024-11-01T16:00",
      .contacts = "AB",
      .settings = "09:00"},
     "2024-11-01T16:00",
     "2024-11-04T17:00",
     "A 11-01T16:00/11-02T16:00 B 11-02T16:00/11-03T17:00 A 11-03T17:00/11-04T17:00"},
    {"3: two weeks",
     {.zone = "UTC",
      .start = "2024-01-01T09:00",
      .contacts = "ABC",
      .settings = "MON 09:00",
      .multiplier = 2},
     "2024-01-01T09:00",
     "2024-02-12T09:01",
     "A 01-01T09:00/01-15T09:00 B 01-15T09:00/01-29T09:00 C 01-29T09:00/02-12T09:00 A "
     "02-12T09:00/02-26T09:00"},
    {"4: two weeks from the middle of one",
     {.zone = "UTC",
      .start = "2024-01-03T12:00",
      .contacts = "AB",
      .settings = "MON 09:00",
      .multiplier = 2},
     "2024-01-03T12:00",
     "2024-02-12T09:00",
     "A 01-03T12:00/01-15T09:00 B 01-15T09:00/01-29T09:00 A 01-29T09:00/02-12T09:00"},
    {"5: the 31st of any month",
     {.zone = "UTC", .start = "2024-01-31T08:00", .contacts = "AB", .settings = "31 08:00"},
     "2024-01-31T08:00",
     "2024-05-31T08:00",
     "A 01-31T08:00/02-29T08:00 B 02-29T08:00/03-31T08:00 A 03-31T08:00/04-30T08:00 B "
     "04-30T08:00/05-31T08:00"},
    {"6: office hours",
     {.zone = "Europe/Dublin",
      .start = "2024-01-04T00:00",
      .contacts = "ABC",
      .settings = "00:00",
      .coverage =
          "MON 09:00-17:00,TUE 09:00-17:00,WED 09:00-17:00,THU 09:00-17:00,FRI 09:00-17:00"},
     "2024-01-04T00:00",
     "2024-01-10T00:00",
     "A 01-04T09:00/01-04T17:00 B 01-05T09:00/01-05T17:00 B 01-08T09:00/01-08T17:00 C "
     "01-09T09:00/01-09T17:00"},
    {"7: nights, over a hand-off",
     {.zone = "UTC",
      .start = "2024-01-01T00:00",
      .contacts = "AB",
      .settings = "MON 00:00",
      .coverage = "ALL 22:00-06:00"},
     "2024-01-06T23:00",
     "2024-01-08T07:00",
     "A 01-06T22:00/01-07T06:00 A 01-07T22:00/01-08T00:00 B 01-08T00:00/01-08T06:00"},
    {"8: two on call",
     {.zone = "UTC",
      .start = "2024-01-01T00:00",
      .contacts = "ABCDE",
      .settings = "00:00",
      .on_calls = 2},
     "2024-01-01T00:00",
     "2024-01-07T00:00",
     "AB 01-01T00:00/01-02T00:00 CD 01-02T00:00/01-03T00:00 EA 01-03T00:00/01-04T00:00 BC "
     "01-04T00:00/01-05T00:00 DE 01-05T00:00/01-06T00:00 AB 01-06T00:00/01-07T00:00"},
    {"9: week and weekend",
     {.zone = "Europe/Oslo",
      .start = "2024-06-10T07:00",
      .contacts = "AB",
      .settings = "MON 09:00,FRI 16:00"},
     "2024-06-10T07:00",
     "2024-06-21T14:00",
     "A 06-10T07:00/06-14T14:00 B 06-14T14:00/06-17T07:00 A 06-17T07:00/06-21T14:00"},
    {"10: an override over hand-offs",
     {.zone = "UTC",
      .start = "2024-01-01T00:00",
      .contacts = "ABC",
      .settings = "00:00",
      .overrides = "2024-01-02T12:00 2024-01-04T06:00 C"},
     "2024-01-01T00:00",
     "2024-01-05T00:00",
     "A 01-01T00:00/01-02T00:00 B 01-02T00:00/01-02T12:00 C(B) 01-02T12:00/01-03T00:00 C(C) "
     "01-03T00:00/01-04T00:00 C(A) 01-04T00:00/01-04T06:00 A 01-04T06:00/01-05T00:00"},
    {"11: an override over a weekend",
     {.zone = "Europe/Dublin",
      .start = "2024-01-04T00:00",
      .contacts = "ABC",
      .settings = "00:00",
      .coverage = "MON 09:00-17:00,TUE 09:00-17:00,WED 09:00-17:00,THU 09:00-17:00,FRI 09:00-17:00",
      .overrides = "2024-01-05T00:00 2024-01-08T12:00 C"},
     "2024-01-04T00:00",
     "2024-01-09T00:00",
     "A 01-04T09:00/01-04T17:00 C(B) 01-05T09:00/01-05T17:00 C(B) 01-08T09:00/01-08T12:00 B "
     "01-08T12:00/01-08T17:00"},
    {"12: at a time that is left out",
     {.zone = "America/Los_Angeles",
      .start = "2024-03-09T10:30",
      .contacts = "AB",
      .settings = "02:30"},
     "2024-03-09T10:30",
     "2024-03-12T09:30",
     "A 03-09T10:30/03-10T10:30 B 03-10T10:30/03-11T09:30 A 03-11T09:30/03-12T09:30"},
    {"13: at a time that comes twice",
     {.zone = "America/Los_Angeles",
      .start = "2024-11-02T08:30",
      .contacts = "AB",
      .settings = "01:30"},
     "2024-11-02T08:30",
     "2024-11-04T09:30",
     "A 11-02T08:30/11-03T08:30 B 11-03T08:30/11-04T09:30"},
    {"14: windows of a whole day",
     {.zone = "UTC",
      .start = "2024-01-01T11:00",
      .contacts = "AB",
      .settings = "MON 11:00",
      .coverage = "ALL 11:00-11:00"},
     "2024-01-01T11:00",
     "2024-01-15T11:00",
     "A 01-01T11:00/01-08T11:00 B 01-08T11:00/01-15T11:00"},
    {"15: a start between hand-offs",
     {.zone = "UTC", .start = "2024-01-01T14:37", .contacts = "AB", .settings = "09:00"},
     "2024-01-01T14:37",
     "2024-01-03T09:00",
     "A 01-01T14:37/01-02T09:00 B 01-02T09:00/01-03T09:00"},
};

/* What is said of one instant: the shift, or the next one. */
static void at_an_instant(void **state)
{
    static const struct rw_text office = {.zone = "UTC",
                                          .start = "2024-01-01T00:00",
                                          .contacts = "AB",
                                          .settings = "00:00",
                                          .coverage = "MON 09:00-17:00,FRI 09:00-17:00",
                                          .overrides = "2024-01-05T10:00 2024-01-05T12:00 -"};
    static const struct {
        const char *name, *at, *shift;
        bool is_on_call;
    } cases[] = {
        {"before the start", "2020-01-01T00:00", "A 01-01T09:00/01-01T17:00", false},
        {"before the first window", "2024-01-01T08:59", "A 01-01T09:00/01-01T17:00", false},
        {"its first minute", "2024-01-01T09:00", "A 01-01T09:00/01-01T17:00", true},
        {"its last minute", "2024-01-01T16:59", "A 01-01T09:00/01-01T17:00", true},
        {"its end", "2024-01-01T17:00", "A 01-05T09:00/01-05T10:00", false},
        {"an override that names nobody", "2024-01-05T10:00", "-(A) 01-05T10:00/01-05T12:00", true},
        {"after it", "2024-01-05T12:00", "A 01-05T12:00/01-05T17:00", true},
    };
    const struct tcn_roster *roster;
    struct rw w;

    (void)state;
    rw_init(&w, &office);
    roster = tcn_roster_prepare(&w.r, &w.arena);
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t at_ms = rw_ms(tcn_str(cases[i].at));
        struct tcn_shift shift;
        struct tcn_buf said;

        tcn_buf_init(&said, 200);
        if (!tcn_roster_shift(roster, at_ms, &shift))
            fail_msg("%s", cases[i].name);
        rw_say_shift(&said, &shift);
        if (!tcn_str_eq(tcn_buf_view(&said), tcn_str(cases[i].shift)) ||
            (shift.start_ms <= at_ms) != cases[i].is_on_call)
            fail_msg("%s: %.*s", cases[i].name, (int)said.len, said.ptr);
        tcn_buf_done(&said);
    }
    rw_done(&w);
}

/* However far an instant is. */
static void at_the_ends_of_time(void **state)
{
    static const struct rw_text daily = {
        .zone = "UTC", .start = "2024-01-01T00:00", .contacts = "AB", .settings = "00:00"};
    const struct tcn_roster *roster;
    struct tcn_shift shift;
    struct rw w;

    (void)state;
    rw_init(&w, &daily);
    roster = tcn_roster_prepare(&w.r, &w.arena);
    assert_ptr_equal(tcn_roster_rotation(roster), &w.r);
    assert_true(tcn_roster_shift(roster, INT64_MIN, &shift));
    assert_int_equal(shift.start_ms, w.r.start_ms);
    assert_true(tcn_roster_shift(roster, TCN_ROTATION_END_MS - 1, &shift));
    assert_int_equal(shift.end_ms, TCN_ROTATION_END_MS);
    assert_false(tcn_roster_shift(roster, TCN_ROTATION_END_MS, &shift));
    assert_false(tcn_roster_shift(roster, INT64_MAX, &shift));
    rw_done(&w);
}

static void check_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(examples); i++)
        rw_check_case(&examples[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_examples),
        cmocka_unit_test(at_an_instant),
        cmocka_unit_test(at_the_ends_of_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
