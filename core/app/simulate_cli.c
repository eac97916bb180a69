/* tocsin simulate: who would be paged when. */
#include "app/cli.h"
#include "app/config.h"
#include "app/options.h"
#include "app/simulate.h"
#include "base/datetime.h"
#include "sys/zone.h"

#include <stdio.h>

#define FOR_DEFAULT "2h"
#define FOR_MAX_MS (INT64_C(31) * 86400000)

static const char usage[] =
    "usage: tocsin simulate --config FILE --plan NAME --at TIME [options]\n"
    "\n"
    "  Lets an alarm fire whose incident nobody answers, and tells who is paged when, on which "
    "channel, and by\n"
    "  which rule. Nothing is sent, and no store is opened: mutes that people made are not looked "
    "at,\n"
    "  maintenance windows are.\n"
    "\n"
    "  --config FILE    the configuration; - is standard input\n"
    "  --plan NAME      a response plan, or a contact, an escalation plan or an on-call schedule "
    "alone\n"
    "  --at TIME        2026-12-24T03:00 by the clocks of --tz, or with an offset: "
    "2026-12-24T03:00:00+01:00\n"
    "  --for DURATION   how long nobody answers, up to 31d (default: " FOR_DEFAULT ")\n"
    "  --tz ZONE        the time zone of times, such as Europe/Berlin (default: UTC)\n"
    "  --source NAME    the source of the alarm, for maintenance windows that match it\n"
    "  --tag KEY=VALUE  a tag of the alarm, for the same; may be given more than once\n"
    "  --data DIR       where serve keeps the store (default: data)\n";

enum option { CONFIG, PLAN, AT, FOR, TZ, SOURCE, TAG, DATA, N_OPTIONS };

static const struct tcn_option_name names[] = {
    [CONFIG] = {"--config", "FILE"}, [PLAN] = {"--plan", "NAME"}, [AT] = {"--at", "TIME"},
    [FOR] = {"--for", "DURATION"},   [TZ] = {"--tz", "ZONE"},     [SOURCE] = {"--source", "NAME"},
    [TAG] = {"--tag", "KEY=VALUE"},  [DATA] = {"--data", "DIR"},  {NULL, NULL},
};

static int read_when(const struct tcn_command_line *line, const char *const values[],
                     struct tcn_arena *arena, struct tcn_simulation *ret)
{
    struct tcn_err err = {0};

    if (tcn_zone_load(values[TZ], arena, &ret->zone, &err) < 0)
        return tcn_options_misuse(line, "--tz: %s", err.msg);
    if (tcn_options_time(values[AT], ret->zone, &ret->from_ms) < 0)
        return tcn_options_misuse(line, "--at: \"%s\" is no time; write it as 2026-12-24T03:00",
                                  values[AT]);
    if (tcn_str_duration(tcn_str(values[FOR]), &ret->for_ms) < 0 || ret->for_ms < 0 ||
        ret->for_ms > FOR_MAX_MS)
        return tcn_options_misuse(line, "--for: \"%s\" is no duration up to 31d; write it as 90m",
                                  values[FOR]);
    return 0;
}

static int read_tag(const struct tcn_command_line *line, const char *text, struct tcn_arena *arena,
                    struct tcn_simulation *ret)
{
    struct tcn_str rest = tcn_str(text), key;
    struct tcn_alarm *a = &ret->alarm;

    if (!tcn_str_cut(&rest, '=', &key) || key.len == 0)
        return tcn_options_misuse(line, "--tag: \"%s\" is no tag; write it as KEY=VALUE", text);
    if (a->n_tags == TCN_TAGS_MAX)
        return tcn_options_misuse(line, "--tag: at most %d", TCN_TAGS_MAX);
    a->tags[a->n_tags++] = (struct tcn_tag){tcn_arena_str(arena, key).ptr, rest.ptr};
    return TCN_OPTIONS_END;
}

static int simulate(const char *const values[], struct tcn_simulation *s)
{
    struct tcn_problems problems, warnings; /* `tocsin check` tells those */
    struct tcn_config *c = NULL;
    struct tcn_err err = {0};
    int r;

    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    r = tcn_config_load(values[CONFIG], values[DATA], &problems, &warnings, &c);
    fputs(tcn_buf_view(&problems.text).ptr, stderr);
    if (r == 0) {
        s->directory = &c->directory;
        if ((r = tcn_simulate(s, stdout, &err)) < 0)
            fprintf(stderr, "tocsin: %s\n", err.msg);
    }
    tcn_config_unref(c);
    tcn_problems_done(&warnings);
    tcn_problems_done(&problems);
    return r < 0;
}

static int run(const struct tcn_command_line *line, const char *const values[],
               struct tcn_simulation *s, struct tcn_arena *arena)
{
    int r = read_when(line, values, arena, s);

    s->plan = values[PLAN];
    s->alarm.source = values[SOURCE];
    return r < 0 ? tcn_options_status(r) : simulate(values, s);
}

static int read_line(struct tcn_command_line *line, const char *values[], struct tcn_arena *arena,
                     struct tcn_simulation *ret)
{
    const char *value;
    int o, told = TCN_OPTIONS_END;

    while (told == TCN_OPTIONS_END && (o = tcn_options_next(line, &value)) != TCN_OPTIONS_END) {
        if (o < 0)
            return o;
        values[o] = value;
        if (o == TAG)
            told = read_tag(line, value, arena, ret);
    }
    for (int i = CONFIG; told == TCN_OPTIONS_END && i <= AT; i++)
        if (!values[i])
            told = tcn_options_misuse(line, "%s %s is missing", names[i].name, names[i].value);
    return told;
}

int tcn_simulate_cli(int argc, char **argv)
{
    struct tcn_command_line line = {"tocsin simulate", usage, names, argc, argv, 1};
    const char *values[N_OPTIONS] = {
        [FOR] = FOR_DEFAULT, [TZ] = "UTC", [SOURCE] = "", [DATA] = "data"};
    struct tcn_tag tags[TCN_TAGS_MAX];
    struct tcn_simulation s = {.alarm = {.tags = tags}};
    struct tcn_arena arena;
    int r;

    tcn_arena_init(&arena, 1u << 20);
    r = read_line(&line, values, &arena, &s);
    r = r == TCN_OPTIONS_END ? run(&line, values, &s, &arena) : tcn_options_status(r);
    tcn_arena_done(&arena);
    return r;
}
