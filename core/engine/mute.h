/* Whether an alarm is muted now, by whom, and until when. */
#ifndef TCN_ENGINE_MUTE_H
#define TCN_ENGINE_MUTE_H

#include "model/alarm.h"
#include "model/mute.h"

struct tcn_directory;

/* Whether the alarm is one of those that match describes; tags that a matcher names and the alarm has not match nothing. */
bool tcn_match_alarm(const struct tcn_match *match, const struct tcn_alarm *alarm);

/* The span of the window that holds at_ms, or else the next one that begins after it; false when there is none any more. A span
 * begins at the local time of its day as a clock of the zone first shows it, and lasts by elapsed time. Of spans that overlap,
 * the one that ends last. until_ms cuts no span that began before it. */
struct tcn_window_span {
    int64_t start_ms, end_ms;
};
bool tcn_window_span(const struct tcn_window *w, int64_t at_ms, struct tcn_window_span *ret);

struct tcn_muting {
    const char *name;  /* of the window; NULL: a mute */
    const char *owner; /* borrowed from it, like the name */
    struct tcn_id id;  /* of the mute; zero: a window */
    int64_t until_ms;
};
/* Of all mutes and windows that hold the alarm at now_ms, the one that ends last. directory brings the windows. mutes may be
 * NULL. */
bool tcn_mute_find(const struct tcn_mutes *mutes, const struct tcn_directory *directory,
                   const struct tcn_alarm *alarm, int64_t now_ms, struct tcn_muting *ret);

#endif
