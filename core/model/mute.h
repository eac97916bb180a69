/* What keeps alarms from waking anybody for a time: mutes, which people make as they need them, and maintenance windows, which
 * come again. Both have an owner and an end. What fires meanwhile and still does when they are over wakes somebody then. */
#ifndef TCN_MODEL_MUTE_H
#define TCN_MODEL_MUTE_H

#include "base/id.h"
#include "base/zone.h"
#include "model/rotation.h"

#define TCN_MATCHERS_MAX 10
#define TCN_MATCHER_VALUES_MAX 20
#define TCN_MATCHER_TEXT_MAX 256 /* bytes of a name or a value */
#define TCN_MUTES_MAX 1000       /* that have not ended */
#define TCN_MUTE_TEXT_MAX 1000   /* code points of owner or comment */
#define TCN_MUTE_MAX_MS (INT64_C(366) * 86400000)
#define TCN_WINDOWS_MAX 200
#define TCN_WINDOW_MAX_MS (INT64_C(7) * 86400000)

/* One of the values, in which * stands for any text, must be that of the tag; "source" is the name of the source, unless the
 * alarm has a tag of that name which matches. */
struct tcn_matcher {
    const char *name;
    const char *const *values;
    size_t n_values;
};

/* All of them must match; none at all matches every alarm. */
struct tcn_match {
    const struct tcn_matcher *items;
    size_t n;
};

struct tcn_mute {
    struct tcn_id id;
    struct tcn_match match;
    const char *owner, *comment;
    const char *created_by; /* actor */
    int64_t created_ms, start_ms, end_ms;
};

/* On each of the days a span begins at that local time and lasts so long. */
struct tcn_window {
    const char *name;
    const char *owner, *comment;
    struct tcn_match match;
    const struct tcn_zone *zone;
    bool days[7]; /* Monday first */
    struct tcn_clock_time start;
    int64_t duration_ms;
    int64_t until_ms; /* none begins from then on */
};

struct tcn_mutes {
    const struct tcn_mute *items;
    size_t n;
};

#endif
