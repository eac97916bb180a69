/* On-call rotations and their overrides. Names and ranges are those of CreateRotation and CreateRotationOverride of
 * ssm-contacts; where that sets no limit to a list, the caps are ours. */
#ifndef TCN_MODEL_ROTATION_H
#define TCN_MODEL_ROTATION_H

#include "base/id.h"
#include "base/zone.h"

#define TCN_ROTATION_CONTACTS_MAX 30
#define TCN_ROTATION_MULTIPLIER_MAX 100
#define TCN_ROTATION_SETTINGS_MAX 32
#define TCN_ROTATION_COVERAGES_MAX 24 /* of one day of the week */
#define TCN_ROTATION_OVERRIDES_MAX 1000

enum tcn_weekday {
    TCN_WEEKDAY_UNSET = 0,
    TCN_MON,
    TCN_TUE,
    TCN_WED,
    TCN_THU,
    TCN_FRI,
    TCN_SAT,
    TCN_SUN
};

/* HandOffTime: what a clock of the rotation's zone shows. */
struct tcn_clock_time {
    int hour, minute;
};

struct tcn_weekly_setting {
    enum tcn_weekday day;
    struct tcn_clock_time hand_off;
};

struct tcn_monthly_setting {
    int day; /* from 1; the last day of a month that has no such day */
    struct tcn_clock_time hand_off;
};

/* From start to end of the same day when end is later, else of the next day: equal times are 24 hours. An absent Start is
 * 00:00, an absent End is 24:00, which no End that is there can be. */
struct tcn_coverage_time {
    struct tcn_clock_time start, end;
};

struct tcn_day_coverage {
    bool is_listed; /* a key of ShiftCoverages; without times it covers nothing */
    const struct tcn_coverage_time *times;
    size_t n_times;
};

/* Exactly one of the three lists of settings has entries. */
struct tcn_recurrence {
    const struct tcn_clock_time *daily;
    size_t n_daily;
    const struct tcn_weekly_setting *weekly;
    size_t n_weekly;
    const struct tcn_monthly_setting *monthly;
    size_t n_monthly;
    int number_of_on_calls;
    int multiplier;                       /* how many days, weeks or months a turn lasts */
    struct tcn_day_coverage coverages[7]; /* Monday first; none of them listed: always covered */
};

struct tcn_rotation_override {
    struct tcn_id id;
    int64_t start_ms, end_ms, created_ms;
    const char *const *contacts; /* NewContactIds; none: nobody is on call */
    size_t n_contacts;
};

struct tcn_rotation {
    struct tcn_id id;  /* of its ARN */
    const char *alias; /* unique in the account: what the RotationIds of a schedule name */
    const char *name;
    const char *const *contacts; /* in shift order: aliases, or what a preview calls its members */
    size_t n_contacts;
    const struct tcn_zone *zone;
    int64_t start_ms; /* when it goes into effect */
    struct tcn_recurrence recurrence;
    const struct tcn_rotation_override *overrides; /* as they were stored, the oldest first */
    size_t n_overrides;
};

#endif
