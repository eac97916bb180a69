#include "connect/feed.h"

/* A cursor that is missing is as old as the feed. */
static bool is_stale(const struct tcn_feed *f, int64_t now_ms)
{
    int64_t from_ms = f->polled_ms > f->since_ms ? f->polled_ms : f->since_ms;

    return now_ms - from_ms > TCN_FEED_STALE_MS;
}

static void begin_anew(struct tcn_feed *f, int64_t now_ms)
{
    f->cursor = NULL;
    f->since_ms = now_ms;
    f->sweep_from = (struct tcn_id){{0}};
    f->is_of_closed = false;
    f->sweep_due_ms = now_ms;
}

/* Nobody waits for what it would tell. More pages of one that began do not wait, nor does one that failed. */
static bool is_idle(const struct tcn_feed *f, const struct tcn_feed_policy *p, bool is_active,
                    int64_t now_ms)
{
    return !is_active && f->polled_ms > 0 && f->poll_due_ms > f->polled_ms && f->fail_count == 0 &&
           now_ms - f->polled_ms < p->poll->idle_ms;
}

static bool is_due(int64_t due_ms, int64_t now_ms)
{
    return due_ms > 0 && due_ms <= now_ms;
}

/* Polls that follow each other closely let a group of the sweep in between. */
static bool is_turn_of_sweep(const struct tcn_feed *f, int64_t now_ms)
{
    return is_due(f->sweep_due_ms, now_ms) &&
           (!is_due(f->poll_due_ms, now_ms) || f->polled_ms > f->sweep_due_ms);
}

enum tcn_feed_task tcn_feed_next(struct tcn_feed *f, const struct tcn_feed_policy *p,
                                 bool is_active, int64_t now_ms)
{
    if (!p->can_poll)
        f->poll_due_ms = 0;
    else if (is_stale(f, now_ms))
        begin_anew(f, now_ms);
    if (is_due(f->poll_due_ms, now_ms) && is_idle(f, p, is_active, now_ms))
        f->poll_due_ms = now_ms + p->poll->active_ms;
    if (is_turn_of_sweep(f, now_ms))
        return TCN_FEED_SWEEP;
    return is_due(f->poll_due_ms, now_ms) ? TCN_FEED_POLL : TCN_FEED_REST;
}

int64_t tcn_feed_due(const struct tcn_feed *f)
{
    if (f->poll_due_ms == 0 || f->sweep_due_ms == 0)
        return f->poll_due_ms ? f->poll_due_ms : f->sweep_due_ms;
    return f->poll_due_ms < f->sweep_due_ms ? f->poll_due_ms : f->sweep_due_ms;
}

static void well(struct tcn_feed *f)
{
    f->fail_count = 0;
    f->note = NULL;
}

void tcn_feed_polled(struct tcn_feed *f, const struct tcn_feed_policy *p, const char *cursor,
                     bool has_more, int64_t now_ms)
{
    well(f);
    f->cursor = cursor;
    f->polled_ms = now_ms;
    f->poll_due_ms = now_ms + (has_more ? 0 : p->poll->active_ms);
}

bool tcn_feed_found(struct tcn_feed *f, size_t unannounced, int64_t now_ms)
{
    bool were_dead = f->missed > TCN_FEED_MISSED_MAX;

    /* They come again; or what was missed was some time ago, and little. */
    if (f->heard_ms > f->missed_ms || (!were_dead && now_ms - f->missed_ms > TCN_FEED_MISSED_MS))
        f->missed = 0;
    if (unannounced == 0)
        return false;
    if (f->missed == 0)
        f->missed_ms = now_ms;
    f->missed += (int64_t)unannounced;
    return !were_dead && f->missed > TCN_FEED_MISSED_MAX;
}

/* Open ones are through: once a day the closed ones follow. */
static bool goes_on_with_closed(const struct tcn_feed *f, int64_t now_ms)
{
    return !f->is_of_closed && now_ms - f->closed_ms >= TCN_FEED_CLOSED_MS;
}

static void end_sweep(struct tcn_feed *f, const struct tcn_feed_policy *p, int64_t now_ms)
{
    if (f->is_of_closed)
        f->closed_ms = now_ms;
    f->is_of_closed = false;
    f->swept_ms = now_ms;
    f->sweep_due_ms = now_ms + p->poll->sweep_ms;
}

void tcn_feed_swept(struct tcn_feed *f, const struct tcn_feed_policy *p, struct tcn_id last,
                    int64_t now_ms)
{
    well(f);
    f->sweep_from = last;
    f->sweep_due_ms = now_ms;
    if (!tcn_id_is_zero(last)) {
        f->sweep_due_ms += p->can_survey ? 0 : TCN_FEED_PACE_MS;
    } else if (goes_on_with_closed(f, now_ms)) {
        f->is_of_closed = true;
    } else {
        end_sweep(f, p, now_ms);
    }
}

/* A cursor may be what the remote refuses: tokens of pages expire. */
static void forget_cursor(struct tcn_feed *f)
{
    if (!f->cursor)
        return;
    f->cursor = NULL;
    if (f->polled_ms > f->since_ms)
        f->since_ms = f->polled_ms;
}

void tcn_feed_failed(struct tcn_feed *f, enum tcn_feed_task task, const char *reason,
                     bool is_refused, int64_t delay_ms, int64_t now_ms)
{
    f->fail_count++;
    f->note = reason;
    if (is_refused && task == TCN_FEED_POLL)
        forget_cursor(f);
    if (task == TCN_FEED_POLL)
        f->poll_due_ms = now_ms + delay_ms;
    else
        f->sweep_due_ms = now_ms + delay_ms;
}
