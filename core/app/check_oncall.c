#include "app/check_oncall.h"

#include "base/buf.h"
#include "base/datetime.h"
#include "engine/oncall_cover.h"

#include <string.h>

#define DAYS 365
#define HOUR_MS INT64_C(3600000)
#define TIME_TEXT 32
#define NAME_BYTES 4096

/* As the clocks of the zone show it. */
static const char *time_of(const struct tcn_zone *z, int64_t unix_ms, char ret[TIME_TEXT])
{
    tcn_time_format(unix_ms + tcn_zone_offset_ms(z, unix_ms), "%Y-%m-%d %H:%M", ret, TIME_TEXT);
    return ret;
}

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

static void tell_tally(const struct tcn_contact *schedule, const struct tcn_oncall_tally *t,
                       const char *what, FILE *out)
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
    const struct tcn_zone *z = zone_of(dir, schedule);
    struct tcn_oncall_cover cover;

    if (!z)
        return;
    tcn_oncall_cover(dir, schedule, now_ms, now_ms + DAYS * 24 * HOUR_MS, SIZE_MAX, &cover);
    for (size_t i = 0; i < cover.n_shown; i++)
        tell_span(schedule, z, &cover.shown[i], out);
    tell_tally(schedule, &cover.gaps, "nobody", out);
    tell_tally(schedule, &cover.doubles, "several rotations at once", out);
    if (cover.gaps.n == 0)
        fprintf(out, "on call: %s: somebody at every moment of %d days\n", schedule->alias, DAYS);
}

/* As if a schedule had it alone: its gaps are told with the others, before somebody relies on it. */
static void check_unnamed(const struct tcn_directory *dir, const struct tcn_rotation *r,
                          int64_t now_ms, FILE *out)
{
    struct tcn_contact alone = tcn_oncall_alone(r->alias);
    struct tcn_buf name;

    if (tcn_oncall_is_used(dir, r->alias))
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

static void check_clocks(const struct tcn_rotation *r, int64_t now_ms, FILE *out)
{
    struct tcn_clock_changes i = {r->zone, now_ms, now_ms + DAYS * 24 * HOUR_MS};
    struct tcn_clock_change c;
    char text[TIME_TEXT];

    while (tcn_clock_changes_next(&i, &c)) {
        tcn_time_format(c.at_ms + c.before_ms, "%Y-%m-%d %H:%M", text, sizeof text);
        fprintf(out, "on call: \"%s\": clocks in %s are set %s by %.1f h on %s\n", r->name,
                r->zone->name, c.by_ms > 0 ? "forward" : "back",
                (double)(c.by_ms > 0 ? c.by_ms : -c.by_ms) / (double)HOUR_MS, text);
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
