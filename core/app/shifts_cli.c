/* tocsin shifts: who is on call when by a configuration file, be it in force or not. */
#include "app/cli.h"
#include "app/config.h"
#include "app/options.h"
#include "base/datetime.h"
#include "engine/rotation.h"
#include "sys/clock.h"
#include "sys/zone.h"

#include <stdio.h>

#define FOR_DEFAULT "14d"
#define DAY_MS INT64_C(86400000)
#define FOR_MAX_MS (400 * DAY_MS) /* as /v1/shifts */
#define TIME_TEXT 32

static const char usage[] =
    "usage: tocsin shifts --config FILE [options]\n"
    "\n"
    "  Lists the shifts of on-call rotations as the file has them, overrides included: to look at "
    "before it is\n"
    "  in force. No store is opened.\n"
    "\n"
    "  --config FILE    the configuration; - is standard input\n"
    "  --rotation NAME  that one alone (default: all)\n"
    "  --from TIME      2026-12-24T03:00 by the rotation's clocks, or with an offset (default: "
    "now)\n"
    "  --for DURATION   how long, up to 400d (default: " FOR_DEFAULT ")\n"
    "  --tz ZONE        the time zone of times (default: the rotation's)\n"
    "  --data DIR       where serve keeps the store (default: data)\n";

enum option { CONFIG, ROTATION, FROM, FOR, TZ, DATA, N_OPTIONS };

static const struct tcn_option_name names[] = {
    [CONFIG] = {"--config", "FILE"},
    [ROTATION] = {"--rotation", "NAME"},
    [FROM] = {"--from", "TIME"},
    [FOR] = {"--for", "DURATION"},
    [TZ] = {"--tz", "ZONE"},
    [DATA] = {"--data", "DIR"},
    {NULL, NULL},
};

struct shifts {
    const struct tcn_command_line *line;
    const char *const *values;
    const struct tcn_zone *zone; /* NULL: each rotation's */
    int64_t for_ms;
};

/* -- what is shown ------------------------------------------------------------------------------------------------ */

static void print_time(const struct tcn_zone *z, int64_t unix_ms)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    int64_t local_ms = unix_ms + tcn_zone_offset_ms(z, unix_ms);
    int64_t day = tcn_floor_div(local_ms, DAY_MS); /* the first of 1970 was a Thursday */
    char text[TIME_TEXT];

    tcn_time_format(local_ms, "%Y-%m-%d %H:%M", text, sizeof text);
    printf("%s %s", days[((day % 7) + 7) % 7], text);
}

static void print_names(const char *const *people, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%s%s", i > 0 ? ", " : "", people[i]);
    if (n == 0)
        printf("nobody");
}

static void print_shift(const struct tcn_zone *z, const struct tcn_shift *shift)
{
    printf("  ");
    print_time(z, shift->start_ms);
    printf(" - ");
    print_time(z, shift->end_ms);
    printf("  ");
    print_names(shift->contacts, shift->n_contacts);
    if (shift->type == TCN_SHIFT_OVERRIDDEN) {
        printf(", instead of ");
        print_names(shift->overridden, shift->n_overridden);
    }
    printf("\n");
}

/* Those between two shifts are nobody's. */
static void print_all(const struct tcn_roster *roster, const struct tcn_zone *z, int64_t from_ms,
                      int64_t until_ms)
{
    struct tcn_shifts i = {roster, from_ms, until_ms};
    int64_t covered_ms = from_ms;
    struct tcn_shift shift;

    while (tcn_shifts_next(&i, &shift)) {
        if (shift.start_ms > covered_ms)
            print_shift(z, &(struct tcn_shift){.start_ms = covered_ms, .end_ms = shift.start_ms});
        print_shift(z, &shift);
        covered_ms = shift.end_ms;
    }
    if (covered_ms < until_ms)
        print_shift(z, &(struct tcn_shift){.start_ms = covered_ms, .end_ms = until_ms});
}

/* -- what is asked for -------------------------------------------------------------------------------------------- */

static int show(const struct shifts *s, const struct tcn_roster *roster)
{
    const struct tcn_rotation *r = tcn_roster_rotation(roster);
    const struct tcn_zone *z = s->zone ? s->zone : r->zone;
    const char *from = s->values[FROM];
    int64_t from_ms = tcn_clock_now_ms();

    if (from && tcn_options_time(from, z, &from_ms) < 0)
        return tcn_options_misuse(s->line,
                                  "--from: \"%s\" is no time; write it as 2026-12-24T03:00", from);
    printf("%s (times of %s)\n", r->alias, z->name);
    print_all(roster, z, from_ms, from_ms + s->for_ms);
    return 0;
}

static int show_all(const struct shifts *s, const struct tcn_directory *d)
{
    const char *wanted = s->values[ROTATION];
    int r = 0;

    if (wanted && !tcn_directory_roster(d, wanted))
        return tcn_options_misuse(s->line, "--rotation: the file has no rotation \"%s\"", wanted);
    for (size_t i = 0; i < d->n_rosters && r == 0; i++)
        if (!wanted || strcmp(wanted, tcn_roster_rotation(d->rosters[i])->alias) == 0)
            r = show(s, d->rosters[i]);
    return r;
}

static int load_and_show(const struct shifts *s)
{
    struct tcn_problems problems, warnings; /* `tocsin check` tells those */
    struct tcn_config *c = NULL;
    int r;

    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    r = tcn_config_load(s->values[CONFIG], s->values[DATA], &problems, &warnings, &c);
    fputs(tcn_buf_view(&problems.text).ptr, stderr);
    r = r < 0 ? 1 : show_all(s, &c->directory);
    tcn_config_unref(c);
    tcn_problems_done(&warnings);
    tcn_problems_done(&problems);
    return r < 0 ? tcn_options_status(r) : r;
}

static int read_span(struct shifts *s, struct tcn_arena *arena)
{
    struct tcn_err err = {0};
    const char *tz = s->values[TZ], *span = s->values[FOR];

    if (tz && tcn_zone_load(tz, arena, &s->zone, &err) < 0)
        return tcn_options_misuse(s->line, "--tz: %s", err.msg);
    if (tcn_str_duration(tcn_str(span), &s->for_ms) < 0 || s->for_ms <= 0 || s->for_ms > FOR_MAX_MS)
        return tcn_options_misuse(s->line,
                                  "--for: \"%s\" is no duration up to 400d; write it as 14d", span);
    return 0;
}

int tcn_shifts_cli(int argc, char **argv)
{
    struct tcn_command_line line = {"tocsin shifts", usage, names, argc, argv, 1};
    const char *values[N_OPTIONS] = {[FOR] = FOR_DEFAULT, [DATA] = "data"}, *value;
    struct shifts s = {.line = &line, .values = values};
    struct tcn_arena arena;
    int o, r;

    while ((o = tcn_options_next(&line, &value)) >= 0)
        values[o] = value;
    if (o == TCN_OPTIONS_END && !values[CONFIG])
        o = tcn_options_misuse(&line, "--config FILE is missing");
    if (o != TCN_OPTIONS_END)
        return tcn_options_status(o);
    tcn_arena_init(&arena, 1u << 20);
    r = read_span(&s, &arena);
    r = r < 0 ? tcn_options_status(r) : load_and_show(&s);
    tcn_arena_done(&arena);
    return r;
}
