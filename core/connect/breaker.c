#include "connect/breaker.h"

#define CALLS_MIN 20u
#define IN_A_ROW 10u
#define GOOD_PROBES 2u

static void count(struct tcn_breaker *b, bool failed, int64_t now_ms)
{
    int64_t slot = now_ms / TCN_BREAKER_SLOT_MS;
    unsigned i = (unsigned)(slot % TCN_BREAKER_SLOTS);

    if (b->slots[i].slot != slot) {
        b->slots[i].slot = slot;
        b->slots[i].calls = b->slots[i].failures = 0;
    }
    b->slots[i].calls++;
    b->slots[i].failures += failed;
    b->in_a_row = failed ? b->in_a_row + 1 : 0;
}

static bool is_too_bad(const struct tcn_breaker *b, int64_t now_ms)
{
    int64_t oldest = now_ms / TCN_BREAKER_SLOT_MS - TCN_BREAKER_SLOTS;
    unsigned calls = 0, failures = 0;

    for (unsigned i = 0; i < TCN_BREAKER_SLOTS; i++) {
        if (b->slots[i].slot > oldest) {
            calls += b->slots[i].calls;
            failures += b->slots[i].failures;
        }
    }
    return b->in_a_row >= IN_A_ROW || (calls >= CALLS_MIN && failures * 2 >= calls);
}

static void open_for(struct tcn_breaker *b, int64_t open_ms, int64_t now_ms)
{
    b->state = TCN_BREAKER_OPEN;
    b->open_ms = open_ms;
    b->open_until_ms = now_ms + open_ms;
    b->good_probes = 0;
}

bool tcn_breaker_record(struct tcn_breaker *b, bool failed, int64_t now_ms)
{
    count(b, failed, now_ms);
    if (b->state != TCN_BREAKER_CLOSED || !is_too_bad(b, now_ms))
        return false;
    open_for(b, TCN_BREAKER_OPEN_FIRST_MS, now_ms);
    return true;
}

bool tcn_breaker_allows(const struct tcn_breaker *b)
{
    return b->state == TCN_BREAKER_CLOSED;
}

bool tcn_breaker_probe_due(struct tcn_breaker *b, int64_t now_ms)
{
    if (b->state == TCN_BREAKER_OPEN && now_ms >= b->open_until_ms)
        b->state = TCN_BREAKER_HALF_OPEN;
    return b->state == TCN_BREAKER_HALF_OPEN;
}

bool tcn_breaker_probed(struct tcn_breaker *b, bool failed, int64_t now_ms)
{
    int64_t longer = b->open_ms * 2;

    if (b->state == TCN_BREAKER_CLOSED)
        return false;
    if (failed) {
        open_for(b, longer > TCN_BREAKER_OPEN_MAX_MS ? TCN_BREAKER_OPEN_MAX_MS : longer, now_ms);
        return false;
    }
    if (++b->good_probes < GOOD_PROBES)
        return false;
    *b = (struct tcn_breaker){.state = TCN_BREAKER_CLOSED};
    return true;
}
