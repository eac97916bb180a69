#include "app/check_oncall.h"

#include "base/buf.h"
#include "base/datetime.h"
#include "engine/oncall_span.h"

#include <string.h>

#define DAYS 365
#define HOUR_MS INT64_C(3600000)
#define SHOWN 3 /* of one kind; behind them how many there are */
#define TIME_TEXT 32
#define NAME_BYTES 4096

/* As the clocks of the zone show it. */
static const char *time_of(const struct tcn_zone *z, int64_t unix_ms, char ret[TIME_TEXT])
{
    tcn_time_format(unix_ms + tcn_zone_offset_ms(z, unix_ms), "%Y-%m-%d %H:%M", ret, TIME_TEXT);
    return ret;
}

/* The spans of one kind. */
struct tally {
    size_t n;
    int64_t all_ms;
};

static void tell_span(const struct tcn_contact *schedule, const struct tcn_zone *z,
                      const struct tcn_oncall_span *span, FILE *out)
{
    char from[TIME_TEXT], until[TIME_TEXT];

    fprintf(out, "on call: %s: ", schedule->alias);
    if (span->n_rotations == 0)
        fputs("nobody", out);
    for (size_t i = 0; i < span->n_rotations; i++)
        fprintf(out, "%s\"%s\"", i > 0 ? " and " : "", span->rotations[i]);
    fprintf(out, "%s from %s to %s, %s\n", span->n_rotations > 1 ? " at once" : "",
            time_of(z, span->start_ms, from), time_of(z, span->end_ms, until), z->name);
}

static void count(struct tally *t, const struct tcn_contact *schedule, const struct tcn_zone *z,
                  const struct tcn_oncall_span *span, FILE *out)
{
    if (++t->n <= SHOWN)
        tell_span(schedule, z, span, out);
    t->all_ms += span->end_ms - span->start_ms;
}

static void tell_tally(const struct tcn_contact *schedule, const struct tally *t, const char *what,
                       FILE *out)
{
    if (t->n == 0)
        return;
    fprintf(out, "on call: %s: %s %zu times in %d days, %.1f h in all\n", schedule->alias, what,
            t->n, DAYS, (double)t->all_ms / (double)HOUR_MS);
}

/* The zone of its first rotation; NULL when it has none. */
static const struct tcn_zone *zone_of(const struct tcn_directory *dir,
                                      const struct tcn_contact *schedule)
{
    const struct tcn_roster *roster =
        schedule->n_rotations > 0 ? tcn_directory_roster(dir, schedule->rotations[0]) : NULL;

    return roster ? tcn_roster_rotation(roster)->zone : NULL;
}

static void check_schedule(const struct tcn_directory *dir, const struct tcn_contact *schedule,
                           int64_t now_ms, FILE *out)
{
    struct tcn_oncall_spans spans = {dir, schedule, now_ms, now_ms + DAYS * 24 * HOUR_MS};
    const struct tcn_zone *z = zone_of(dir, schedule);
    struct tally gaps = {0}, doubles = {0};
    struct tcn_oncall_span span;

    while (z && tcn_oncall_spans_next(&spans, &span)) {
        if (span.n_rotations == 0)
            count(&gaps, schedule, z, &span, out);
        else if (span.n_rotations > 1)
            count(&doubles, schedule, z, &span, out);
    }
    tell_tally(schedule, &gaps, "nobody", out);
    tell_tally(schedule, &doubles, "several rotations at once", out);
    if (z && gaps.n == 0)
        fprintf(out, "on call: %s: somebody at every moment of %d days\n", schedule->alias, DAYS);
}

static bool is_named(const struct tcn_directory *dir, const char *rotation)
{
    for (size_t i = 0; i < dir->n_contacts; i++)
        for (size_t k = 0; k < dir->contacts[i].n_rotations; k++)
            if (strcmp(dir->contacts[i].rotations[k], rotation) == 0)
                return true;
    return false;
}

/* As if a schedule had it alone: its gaps are told with the others, before somebody relies on it. */
static void check_unnamed(const struct tcn_directory *dir, const struct tcn_rotation *r,
                          int64_t now_ms, FILE *out)
{
    struct tcn_contact alone = {
        .type = TCN_ONCALL_SCHEDULE, .rotations = {r->alias}, .n_rotations = 1};
    struct tcn_buf name;

    if (is_named(dir, r->alias))
        return;
    tcn_buf_init(&name, NAME_BYTES);
    tcn_buf_fmt(&name, "\"%s\"", r->name);
    alone.alias = tcn_buf_view(&name).ptr;
    fprintf(out,
            "on call: %s: no schedule names it, so it pages nobody; add it to the RotationIds of "
            "one\n",
            alone.alias);
    check_schedule(dir, &alone, now_ms, out);
    tcn_buf_done(&name);
}

/* A turn over such a night is shorter or longer by as much. */
static void check_clocks(const struct tcn_rotation *r, int64_t now_ms, FILE *out)
{
    struct tcn_zone_period p = tcn_zone_period(r->zone, now_ms);
    char text[TIME_TEXT];

    while (p.until_ms < now_ms + DAYS * 24 * HOUR_MS) {
        int64_t before_ms = p.offset_ms, at_ms = p.until_ms, by_ms;

        p = tcn_zone_period(r->zone, at_ms);
        by_ms = p.offset_ms - before_ms;
        tcn_time_format(at_ms + before_ms, "%Y-%m-%d %H:%M", text, sizeof text);
        fprintf(out, "on call: \"%s\": clocks in %s are set %s by %.1f h on %s\n", r->name,
                r->zone->name, by_ms > 0 ? "forward" : "back",
                (double)(by_ms > 0 ? by_ms : -by_ms) / (double)HOUR_MS, text);
    }
}

void tcn_check_oncall(const struct tcn_directory *dir, int64_t now_ms, FILE *out)
{
    for (size_t i = 0; i < dir->n_contacts; i++)
        if (dir->contacts[i].type == TCN_ONCALL_SCHEDULE)
            check_schedule(dir, &dir->contacts[i], now_ms, out);
    for (size_t i = 0; i < dir->n_rosters; i++)
        check_unnamed(dir, tcn_roster_rotation(dir->rosters[i]), now_ms, out);
    for (size_t i = 0; i < dir->n_rosters; i++)
        check_clocks(tcn_roster_rotation(dir->rosters[i]), now_ms, out);
}
