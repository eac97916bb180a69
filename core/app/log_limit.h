/* Which of many equal log lines is written: one a second and key. A sender in a loop neither fills the disk nor hides what
 * others did; what was left out is told as a number in the next line. No clock, no allocation. */
#ifndef TCN_APP_LOG_LIMIT_H
#define TCN_APP_LOG_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCN_LOG_LIMIT_KEYS 128
#define TCN_LOG_LIMIT_WHERE 96 /* bytes of each text that count, NUL included */
#define TCN_LOG_LIMIT_REASON 32
#define TCN_LOG_LIMIT_MS 1000

struct tcn_log_limit_key {
    char where[TCN_LOG_LIMIT_WHERE], reason[TCN_LOG_LIMIT_REASON];
    int64_t next_ms;     /* the earliest time of its next line */
    uint64_t suppressed; /* since its last line */
};

/* A zeroed one knows no key. */
struct tcn_log_limit {
    struct tcn_log_limit_key keys[TCN_LOG_LIMIT_KEYS];
    size_t n;
    struct tcn_log_limit_key rest; /* shared by keys that find no room */
};

/* True when the line may be written now: *ret_suppressed is then the number of lines of this key that were not, since
 * its last one. now_ms is monotonic. Keys beyond the cap take the place of one that rests, or share one. */
bool tcn_log_limit_pass(struct tcn_log_limit *limit, const char *where, const char *reason,
                        int64_t now_ms, uint64_t *ret_suppressed);

#endif
