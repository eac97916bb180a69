/* The only file that reads clocks. Everything else gets the time as an argument. */
#ifndef TCN_SYS_CLOCK_H
#define TCN_SYS_CLOCK_H

#include <stdint.h>

int64_t tcn_clock_now_ms(void);  /* Unix time, UTC */
int64_t tcn_clock_mono_us(void); /* monotonic, from an arbitrary start; for durations */
int64_t tcn_clock_boot_us(void); /* the same, and it goes on while the machine is suspended */

/* What the wall clock did against the monotonic one. A zeroed one is new. */
struct tcn_clock_watch {
    int64_t ahead_us; /* of the monotonic clock, at the last look; 0 = there was none */
};
/* By how many milliseconds the wall clock was set back since the last look; 0 = it was not. Slower than real time (a daemon
 * that slews it) is not set back. */
int64_t tcn_clock_set_back(struct tcn_clock_watch *w, int64_t now_ms, int64_t mono_us);

#endif
