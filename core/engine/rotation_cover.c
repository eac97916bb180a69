/* Coverage repeats every week as long as nobody sets the clocks: then a time of the week is looked up among the united spans.
 * Near a change each window is turned into instants by itself, and what they cover is followed from one to the next. */
#include "engine/rotation_cover.h"
#include "base/datetime.h"
#include "engine/rotation_turn.h"

#include <stdlib.h>

#define MINUTE_MS INT64_C(60000)
#define WEEK_MS (7 * TCN_DAY_MS)
/* A window of so many dates before the local one may still go on, one of so many later dates may have begun: windows last a day
 * at most, and clocks are set by a day or so. */
#define DATES_BEFORE 3
#define DATES_AFTER 3
/* Coverage that clocks leave out comes again a week later. */
#define DATES_AHEAD 24

/* ---- preparation ---- */

static int64_t of_day_ms(const struct tcn_clock_time *t)
{
    return (t->hour * 60 + t->minute) * MINUTE_MS;
}

static struct tcn_week_span span_of(size_t day, const struct tcn_coverage_time *t)
{
    int64_t start = of_day_ms(&t->start), end = of_day_ms(&t->end),
            date = (int64_t)day * TCN_DAY_MS;

    return (struct tcn_week_span){date + start, date + end + (end > start ? 0 : TCN_DAY_MS)};
}

static size_t add_day(struct tcn_cover *c, size_t day, const struct tcn_day_coverage *of,
                      struct tcn_arena *arena)
{
    struct tcn_week_span *windows = TCN_NEW_N(arena, struct tcn_week_span, of->n_times + 1);

    for (size_t i = 0; i < of->n_times; i++)
        windows[i] = span_of(day, &of->times[i]);
    c->windows[day] = windows;
    return c->n_windows[day] = of->n_times;
}

static int by_start(const void *a, const void *b)
{
    const struct tcn_week_span *x = a, *y = b;

    return x->start_ms < y->start_ms ? -1 : x->start_ms > y->start_ms;
}

/* Returns how many are left. */
static size_t unite(struct tcn_week_span *spans, size_t n)
{
    size_t last = 0;

    qsort(spans, n, sizeof *spans, by_start);
    for (size_t i = 1; i < n; i++) {
        if (spans[i].start_ms > spans[last].end_ms)
            spans[++last] = spans[i];
        else if (spans[i].end_ms > spans[last].end_ms)
            spans[last].end_ms = spans[i].end_ms;
    }
    return last + 1;
}

/* The week before is there for what goes on in this one, the two after it for what comes next and is whole. */
static void unite_weeks(struct tcn_cover *c, size_t n_windows, struct tcn_arena *arena)
{
    struct tcn_week_span *spans = TCN_NEW_N(arena, struct tcn_week_span, 4 * n_windows);
    size_t n = 0;

    for (int64_t week = -1; week <= 2; week++)
        for (size_t day = 0; day < 7; day++)
            for (size_t i = 0; i < c->n_windows[day]; i++) {
                struct tcn_week_span s = c->windows[day][i];

                spans[n++] =
                    (struct tcn_week_span){s.start_ms + week * WEEK_MS, s.end_ms + week * WEEK_MS};
            }
    c->spans = spans;
    c->n_spans = unite(spans, n);
    c->is_whole_week = c->n_spans == 1;
}

void tcn_cover_prepare(const struct tcn_rotation *r, struct tcn_arena *arena, struct tcn_cover *ret)
{
    bool any_listed = false;
    size_t n_windows = 0;

    *ret = (struct tcn_cover){.zone = r->zone};
    for (size_t day = 0; day < 7; day++) {
        const struct tcn_day_coverage *of = &r->recurrence.coverages[day];

        any_listed = any_listed || of->is_listed;
        if (of->is_listed)
            n_windows += add_day(ret, day, of, arena);
    }
    ret->is_always = !any_listed;
    ret->is_never = any_listed && n_windows == 0;
    if (n_windows)
        unite_weeks(ret, n_windows, arena);
}

/* ---- far from changes ---- */

struct place {
    struct tcn_zone_period period;
    int64_t monday_ms; /* the instant of time 0 of the week */
    bool is_plain;     /* spans say what is covered, around here */
};

static struct place place_of(const struct tcn_cover *c, int64_t at_ms)
{
    struct place p = {.period = tcn_zone_period(c->zone, at_ms)};
    int64_t local = at_ms + p.period.offset_ms;

    p.monday_ms =
        at_ms - (local - tcn_floor_div(local + 3 * TCN_DAY_MS, WEEK_MS) * WEEK_MS + 3 * TCN_DAY_MS);
    p.is_plain = tcn_is_far_from_changes(&p.period, at_ms);
    return p;
}

/* The span that contains the instant or comes next; of the whole week it is the period. */
static struct tcn_week_span plain_span(const struct tcn_cover *c, const struct place *p,
                                       int64_t at_ms)
{
    size_t low = 0, high = c->n_spans - 1;

    if (c->is_whole_week)
        return (struct tcn_week_span){p->period.from_ms, p->period.until_ms};
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c->spans[middle].end_ms <= at_ms - p->monday_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct tcn_week_span){p->monday_ms + c->spans[low].start_ms,
                                  p->monday_ms + c->spans[low].end_ms};
}

static int64_t first_plain(const struct place *p)
{
    return p->period.from_ms + TCN_CHANGE_NEAR_MS + 1;
}

static int64_t last_plain(const struct place *p)
{
    return p->period.until_ms - TCN_CHANGE_NEAR_MS - 1;
}

/* ---- near changes ---- */

static int64_t date_of(const struct tcn_cover *c, int64_t at_ms)
{
    return tcn_floor_div(at_ms + tcn_zone_offset_ms(c->zone, at_ms), TCN_DAY_MS);
}

static size_t weekday_of(int64_t date)
{
    return (size_t)(date + 3 - tcn_floor_div(date + 3, 7) * 7);
}

static struct tcn_week_span window_on(const struct tcn_cover *c, int64_t date, size_t i)
{
    size_t day = weekday_of(date);
    struct tcn_week_span s = c->windows[day][i];
    int64_t monday_ms = (date - (int64_t)day) * TCN_DAY_MS;

    return (struct tcn_week_span){tcn_zone_unix_ms(c->zone, monday_ms + s.start_ms),
                                  tcn_zone_unix_ms(c->zone, monday_ms + s.end_ms)};
}

/* The latest end of the windows that contain the instant; the instant when none does. */
static int64_t step_on(const struct tcn_cover *c, int64_t at_ms)
{
    int64_t today = date_of(c, at_ms), end_ms = at_ms;

    for (int64_t date = today - DATES_BEFORE; date <= today + DATES_AFTER; date++)
        for (size_t i = 0; i < c->n_windows[weekday_of(date)]; i++) {
            struct tcn_week_span w = window_on(c, date, i);

            if (w.start_ms <= at_ms && w.end_ms > end_ms)
                end_ms = w.end_ms;
        }
    return end_ms;
}

/* The earliest start of the windows that contain what is just before the instant; the instant when none does. */
static int64_t step_back(const struct tcn_cover *c, int64_t at_ms)
{
    int64_t today = date_of(c, at_ms), start_ms = at_ms;

    for (int64_t date = today - DATES_BEFORE; date <= today + DATES_AFTER; date++)
        for (size_t i = 0; i < c->n_windows[weekday_of(date)]; i++) {
            struct tcn_week_span w = window_on(c, date, i);

            if (w.end_ms >= at_ms && w.start_ms < start_ms)
                start_ms = w.start_ms;
        }
    return start_ms;
}

/* The windows of a date and of all that follow begin after this. */
static int64_t earliest_ms(int64_t date)
{
    return date * TCN_DAY_MS - TCN_ZONE_OFFSET_MAX_S * INT64_C(1000);
}

static int64_t search_on(const struct tcn_cover *c, int64_t at_ms)
{
    int64_t today = date_of(c, at_ms), found_ms = INT64_MAX;

    for (int64_t date = today - DATES_BEFORE;
         date <= today + DATES_AHEAD && earliest_ms(date) < found_ms && found_ms > at_ms; date++)
        for (size_t i = 0; i < c->n_windows[weekday_of(date)]; i++) {
            struct tcn_week_span w = window_on(c, date, i);

            if (w.end_ms > at_ms && w.end_ms > w.start_ms && w.start_ms < found_ms)
                found_ms = w.start_ms;
        }
    return found_ms > at_ms ? found_ms : at_ms;
}

/* ---- both ---- */

int64_t tcn_cover_from(const struct tcn_cover *c, int64_t at_ms)
{
    struct tcn_week_span s;
    struct place p;

    if (c->is_always)
        return at_ms;
    if (c->is_never)
        return TCN_ROTATION_END_MS;
    p = place_of(c, at_ms);
    if (!p.is_plain)
        return search_on(c, at_ms);
    s = plain_span(c, &p, at_ms);
    if (s.start_ms <= at_ms)
        return at_ms;
    return s.start_ms <= last_plain(&p) ? s.start_ms : search_on(c, at_ms);
}

int64_t tcn_cover_since(const struct tcn_cover *c, int64_t at_ms, int64_t since_ms)
{
    int64_t before_ms = INT64_MAX;

    if (c->is_always)
        return since_ms;
    while (at_ms > since_ms && at_ms < before_ms) {
        struct place p = place_of(c, at_ms - 1);

        before_ms = at_ms;
        if (p.is_plain) {
            struct tcn_week_span s = plain_span(c, &p, at_ms - 1);

            at_ms = s.start_ms > at_ms ? at_ms : s.start_ms;
            if (at_ms >= first_plain(&p))
                break;
            at_ms = first_plain(&p);
        } else {
            at_ms = step_back(c, at_ms);
        }
    }
    return at_ms > since_ms ? at_ms : since_ms;
}

int64_t tcn_cover_until(const struct tcn_cover *c, int64_t at_ms, int64_t until_ms)
{
    int64_t before_ms = INT64_MIN;

    if (c->is_always)
        return until_ms;
    while (at_ms < until_ms && at_ms > before_ms) {
        struct place p = place_of(c, at_ms);

        before_ms = at_ms;
        if (p.is_plain) {
            struct tcn_week_span s = plain_span(c, &p, at_ms);

            at_ms = s.start_ms > at_ms ? at_ms : s.end_ms;
            if (at_ms <= last_plain(&p))
                break;
            at_ms = last_plain(&p) + 1;
        } else {
            at_ms = step_on(c, at_ms);
        }
    }
    return at_ms < until_ms ? at_ms : until_ms;
}
