/* A time zone as data: its offset from UTC, and the instants at which that changes. Who reads the database of zones is
 * core/sys; reckoning with one needs nothing else than this. */
#ifndef TCN_BASE_ZONE_H
#define TCN_BASE_ZONE_H

#include "base/arena.h"
#include "base/err.h"

#define TCN_ZONE_CHANGES_MAX 1024
#define TCN_ZONE_OFFSET_MAX_S (26 * 3600) /* no zone is farther from UTC, east or west */

struct tcn_zone_change {
    int64_t at_s;     /* Unix seconds */
    int32_t offset_s; /* from then on, east of UTC */
};

struct tcn_zone {
    const char *name;
    int32_t first_offset_s; /* before the first change */
    const struct tcn_zone_change
        *changes; /* the earliest first; the last holds for all time after it */
    size_t n_changes;
};

/* Yields the zone of that name of the IANA database ("Europe/Berlin"), allocated from the arena. A negative TCN_E* when
 * there is none that is read: err then says why and what to write instead. */
typedef int tcn_zone_finder(const char *name, struct tcn_arena *arena, const struct tcn_zone **ret,
                            struct tcn_err *err);

/* What is added to UTC at that instant to have the local time. */
int64_t tcn_zone_offset_ms(const struct tcn_zone *z, int64_t unix_ms);
/* The time around that instant in which the clocks were not set: from from_ms until before until_ms (INT64_MIN and
 * INT64_MAX when there is no change before or after it). */
struct tcn_zone_period {
    int64_t from_ms, until_ms, offset_ms;
};
struct tcn_zone_period tcn_zone_period(const struct tcn_zone *z, int64_t unix_ms);
/* The instant at which the clocks of the zone show local_ms, which is written as if they showed UTC. Of two such instants
 * (clocks were set back) it is the first. When there is none (clocks were set forward over it) it is the one at which they
 * would have shown it, had nobody set them: an hour that was left out is read as the hour after it. */
int64_t tcn_zone_unix_ms(const struct tcn_zone *z, int64_t local_ms);

#endif
