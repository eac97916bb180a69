/* The only file that reads clocks. Everything else gets the time as an argument. */
#ifndef TCN_SYS_CLOCK_H
#define TCN_SYS_CLOCK_H

#include <stdint.h>

int64_t tcn_clock_now_ms(void);  /* Unix time, UTC */
int64_t tcn_clock_mono_us(void); /* monotonic, from an arbitrary start; for durations */

#endif
