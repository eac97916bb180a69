/* The circuit breaker of one instance: a remote that fails is left alone for a while, then probed by CHECK, never by
 * a write. Opens when at least half of 20 or more calls within a minute were transient failures, or 10 in a row;
 * stays open 15 s, doubling to 5 min while probes fail; two good probes close it. Pure. */
#ifndef TCN_CONNECT_BREAKER_H
#define TCN_CONNECT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define TCN_BREAKER_SLOTS 12
#define TCN_BREAKER_SLOT_MS INT64_C(5000)
#define TCN_BREAKER_OPEN_FIRST_MS INT64_C(15000)
#define TCN_BREAKER_OPEN_MAX_MS INT64_C(300000)

enum tcn_breaker_state { TCN_BREAKER_CLOSED = 0, TCN_BREAKER_OPEN, TCN_BREAKER_HALF_OPEN };

/* Zeroed: closed, nothing seen. */
struct tcn_breaker {
    enum tcn_breaker_state state;
    int64_t open_until_ms, open_ms; /* open_ms: how long the present opening lasts */
    unsigned in_a_row, good_probes;
    struct {
        int64_t slot; /* time / TCN_BREAKER_SLOT_MS */
        unsigned calls, failures;
    } slots[TCN_BREAKER_SLOTS];
};

/* The result of an ordinary call. True when it opened the breaker. Late results of calls that began before count. */
bool tcn_breaker_record(struct tcn_breaker *b, bool failed, int64_t now_ms);
/* Ordinary calls may go out. */
bool tcn_breaker_allows(const struct tcn_breaker *b);
/* A probe is due: the opening is over. Turns OPEN into HALF_OPEN. */
bool tcn_breaker_probe_due(struct tcn_breaker *b, int64_t now_ms);
/* The result of a probe. True when it closed the breaker. */
bool tcn_breaker_probed(struct tcn_breaker *b, bool failed, int64_t now_ms);

#endif
