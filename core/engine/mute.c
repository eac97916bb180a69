#include "engine/mute.h"

#include "base/datetime.h"
#include "engine/directory.h"

#define DAY_MS INT64_C(86400000)
#define WEEK_DAYS 7
/* The local date of an instant is off by a day at most from what a span around it began on. */
#define DATES_AROUND 2

/* -- matchers --------------------------------------------------------------------------------------------------- */

/* Each * first stands for nothing, and takes one byte more whenever what follows it does not fit. */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *taken = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            taken = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++taken;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool fits_any(const struct tcn_matcher *m, const char *text)
{
    for (size_t i = 0; text && i < m->n_values; i++)
        if (fits(m->values[i], text))
            return true;
    return false;
}

static bool matches(const struct tcn_matcher *m, const struct tcn_alarm *alarm)
{
    for (size_t i = 0; i < alarm->n_tags; i++)
        if (strcmp(alarm->tags[i].key, m->name) == 0 && fits_any(m, alarm->tags[i].value))
            return true;
    return strcmp(m->name, "source") == 0 && fits_any(m, alarm->source);
}

bool tcn_match_alarm(const struct tcn_match *match, const struct tcn_alarm *alarm)
{
    for (size_t i = 0; i < match->n; i++)
        if (!matches(&match->items[i], alarm))
            return false;
    return true;
}

/* -- windows ---------------------------------------------------------------------------------------------------- */

/* 1970-01-01 was a Thursday. */
static bool is_its_day(const struct tcn_window *w, int64_t date)
{
    return w->days[((date + 3) % WEEK_DAYS + WEEK_DAYS) % WEEK_DAYS];
}

static bool span_of(const struct tcn_window *w, int64_t date, struct tcn_window_span *ret)
{
    int64_t of_day_ms = (w->start.hour * 60 + w->start.minute) * INT64_C(60000);

    ret->start_ms = tcn_zone_unix_ms(w->zone, date * DAY_MS + of_day_ms);
    ret->end_ms = ret->start_ms + w->duration_ms;
    return is_its_day(w, date) && ret->start_ms < w->until_ms;
}

bool tcn_window_span(const struct tcn_window *w, int64_t at_ms, struct tcn_window_span *ret)
{
    int64_t today =
        tcn_floor_div(at_ms + tcn_zone_offset_ms(w->zone, at_ms), DAY_MS); /* a local date */
    int64_t first = today - w->duration_ms / DAY_MS - DATES_AROUND;
    struct tcn_window_span span, held = {0}, next = {0};

    for (int64_t date = first; date <= today + WEEK_DAYS + DATES_AROUND; date++) {
        if (!span_of(w, date, &span) || span.end_ms <= at_ms)
            continue;
        if (span.start_ms <= at_ms)
            held = span; /* the later one ends later */
        else if (next.end_ms == 0)
            next = span;
    }
    *ret = held.end_ms ? held : next;
    return ret->end_ms != 0;
}

/* -- both ------------------------------------------------------------------------------------------------------- */

static void take_later(struct tcn_muting *best, struct tcn_muting other)
{
    if (other.until_ms > best->until_ms)
        *best = other;
}

static void look_at_windows(const struct tcn_directory *d, const struct tcn_alarm *alarm,
                            int64_t now_ms, struct tcn_muting *best)
{
    struct tcn_window_span span;

    for (size_t i = 0; i < d->n_windows; i++) {
        const struct tcn_window *w = &d->windows[i];

        if (tcn_match_alarm(&w->match, alarm) && tcn_window_span(w, now_ms, &span) &&
            span.start_ms <= now_ms)
            take_later(best, (struct tcn_muting){
                                 .name = w->name, .owner = w->owner, .until_ms = span.end_ms});
    }
}

bool tcn_mute_find(const struct tcn_mutes *mutes, const struct tcn_directory *directory,
                   const struct tcn_alarm *alarm, int64_t now_ms, struct tcn_muting *ret)
{
    *ret = (struct tcn_muting){0};
    for (size_t i = 0; mutes && i < mutes->n; i++) {
        const struct tcn_mute *m = &mutes->items[i];

        if (m->start_ms <= now_ms && now_ms < m->end_ms && tcn_match_alarm(&m->match, alarm))
            take_later(ret,
                       (struct tcn_muting){.owner = m->owner, .id = m->id, .until_ms = m->end_ms});
    }
    if (directory)
        look_at_windows(directory, alarm, now_ms, ret);
    return ret->until_ms != 0;
}
