/* What time it is for a store. Where a server has it, its clock is the time of all nodes. That clock may be set back, or a
 * standby be promoted whose clock is behind. Then a node goes on by the time that it had, until the rows are moved by as
 * much: by itself or by another node, whoever comes first. How much was ever taken from the rows is a number in the store,
 * so that each knows what the others did. */
#include "store/internal.h"

#include "base/text.h"
#include "sys/clock.h"
#include "sys/clock_far.h"

#include <inttypes.h>
#include <stdio.h>

#define TAKEN_BACK "clock_taken_back_ms"

static struct tcn_clock_far *clock_of(const struct tcn_store *s)
{
    return s->driver->clock ? s->driver->clock(s->db) : NULL;
}

int64_t tcn_store_now_ms(const struct tcn_store *s)
{
    const struct tcn_clock_far *far = clock_of(s);

    return far ? tcn_clock_far_now_ms(far, tcn_clock_boot_us()) : tcn_clock_now_ms();
}

int64_t tcn_store_ahead_us(const struct tcn_store *s)
{
    const struct tcn_clock_far *far = clock_of(s);

    return far ? far->ahead_us : 0;
}

/* -- how much was taken from the rows --------------------------------------------------------------------------- */

static int read_taken(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    const char *text = NULL;
    struct tcn_arena a;
    uint64_t ms = 0;
    int r;

    tcn_arena_init(&a, 4096);
    if ((r = tcn_store_meta_get(s, TAKEN_BACK, &a, &text, err)) == 0) {
        if (text && tcn_str_u64(tcn_str(text), INT64_MAX, &ms) < 0)
            r = tcn_fail(err, TCN_EINVALID, "the store's " TAKEN_BACK " is damaged");
        *ret_ms = (int64_t)ms;
    }
    tcn_arena_done(&a);
    return r;
}

int tcn_store_clock_alone(struct tcn_store *s, struct tcn_err *err)
{
    return clock_of(s) ? tcn_store_lock_name(s, "meta", TAKEN_BACK, err) : 0;
}

int tcn_store_clock_took(struct tcn_store *s, int64_t by_ms, struct tcn_err *err)
{
    int64_t taken_ms = 0;
    char text[24];
    int r;

    if (!clock_of(s))
        return 0;
    if ((r = read_taken(s, &taken_ms, err)) < 0)
        return r;
    s->took_ms += by_ms;
    snprintf(text, sizeof text, "%" PRId64, taken_ms + by_ms);
    return tcn_store_meta_put(s, TAKEN_BACK, text, err);
}

int tcn_store_clock_first(struct tcn_store *s, struct tcn_err *err)
{
    int r;

    if (!clock_of(s))
        return 0;
    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    r = read_taken(s, &s->taken_back_ms, err);
    tcn_store_rollback(s);
    return r;
}

/* -- the clock was set back ------------------------------------------------------------------------------------- */

/* What others took since this process read it last is not taken again. */
static int take_rest(struct tcn_store *s, int64_t back_ms, int64_t *ret_others_ms,
                     struct tcn_err *err)
{
    int64_t taken_ms = 0, rest_ms;
    int r;

    if ((r = tcn_store_clock_alone(s, err)) < 0 || (r = read_taken(s, &taken_ms, err)) < 0)
        return r;
    *ret_others_ms = taken_ms - s->taken_back_ms;
    rest_ms = back_ms - *ret_others_ms;
    if (rest_ms < TCN_CLOCK_FAR_MOMENT_MS)
        return 0;
    return tcn_store_clock_back(s, tcn_store_now_ms(s) - back_ms, rest_ms, err);
}

int tcn_store_clock_settle(struct tcn_store *s, int64_t *ret_back_ms, struct tcn_err *err)
{
    struct tcn_clock_far *far = clock_of(s);
    int64_t back_ms = far ? tcn_clock_far_back_ms(far) : 0, others_ms = 0;
    int r;

    *ret_back_ms = 0;
    if (back_ms == 0)
        return 0;
    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    if ((r = take_rest(s, back_ms, &others_ms, err)) < 0)
        tcn_store_rollback(s);
    else if ((r = tcn_store_commit(s, err)) == TCN_UNDECIDED)
        r = TCN_EBUSY; /* the next try reads what became of it */
    if (r < 0)
        return r;
    s->taken_back_ms += others_ms;
    tcn_clock_far_follow(far);
    *ret_back_ms = back_ms;
    return 0;
}
