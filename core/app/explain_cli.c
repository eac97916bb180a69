/* tocsin explain: why each page of an incident was sent, or was not. */
#include "api/api.h"
#include "app/catalog.h"
#include "app/cli.h"
#include "app/db_cli.h"
#include "app/turn.h"
#include "base/datetime.h"
#include "sys/clock.h"
#include "sys/zone.h"

#include <stdio.h>

static const char usage[] =
    "usage: tocsin explain INCIDENT --config FILE [--tz ZONE] [--data DIR]\n"
    "\n"
    "  Tells of every page of an incident, sent or not, when and by which rule: stage, shift, "
    "override,\n"
    "  acknowledgement, mute. It reads the store only, and runs beside a server, or without one.\n"
    "\n"
    "  INCIDENT         its id, as mails, tickets and /v1/incidents have it\n"
    "  --config FILE    the configuration that names the store\n"
    "  --tz ZONE        the time zone of times, such as Europe/Berlin (default: UTC)\n"
    "  --data DIR       where the store is kept (default: data)\n";

enum option { CONFIG, TZ, DATA, N_OPTIONS };

static const struct tcn_option_name names[] = {[CONFIG] = {"--config", "FILE"},
                                               [TZ] = {"--tz", "ZONE"},
                                               [DATA] = {"--data", "DIR"},
                                               {NULL, NULL}};

static const char *text_of(const json_t *line, const char *name)
{
    return json_string_value(json_object_get(line, name));
}

static void print_time(const char *utc, const struct tcn_zone *z)
{
    char text[32] = "-";
    int64_t ms;

    if (utc && tcn_time_rfc3339(tcn_str(utc), &ms) == 0)
        tcn_time_format(ms + tcn_zone_offset_ms(z, ms), "%Y-%m-%d %H:%M:%S", text, sizeof text);
    printf("%-19s  ", text);
}

static void print_line(const json_t *line, const struct tcn_zone *z)
{
    static const struct {
        const char *what, *says;
    } words[] = {{"PAGED", "paged "}, {"NOT_PAGED", "did not page "}, {"WILL_PAGE", "will page "}};
    const char *what = text_of(line, "what"), *channel = text_of(line, "channel");

    print_time(text_of(line, "at"), z);
    for (size_t i = 0; what && i < sizeof words / sizeof *words; i++)
        if (strcmp(what, words[i].what) == 0)
            printf("%s%s%s%s: ", words[i].says, text_of(line, "contact"), channel ? " by " : "",
                   channel ? channel : "");
    printf("%s\n", text_of(line, "why"));
}

static void print(const json_t *told, const struct tcn_zone *z)
{
    json_t *line;
    size_t i;

    printf("%s\n", text_of(told, "title"));
    json_array_foreach(json_object_get(told, "lines"), i, line) print_line(line, z);
    if (json_is_true(json_object_get(told, "is_cut")))
        puts("... there is more");
}

static int read_store(const struct tcn_config *c, struct tcn_id id, struct tcn_arena *arena,
                      json_t **ret, struct tcn_err *err)
{
    const struct tcn_store_options o = tcn_db_store(c);
    const struct tcn_directory *directory;
    struct tcn_store *s = NULL;
    int r;

    if ((r = tcn_store_visit(&o, false, &s, err)) < 0)
        return r;
    if ((r = tcn_store_begin(s, err)) == 0) {
        r = tcn_catalog_of(s, &c->directory, tcn_clock_now_ms(), &directory, err);
        if (r == 0)
            r = tcn_api_explain(s, directory, id, arena, ret, err);
        tcn_store_rollback(s);
    }
    tcn_store_close(s);
    return r;
}

static int explain(const struct tcn_config *c, struct tcn_id id, const struct tcn_zone *z)
{
    struct tcn_arena arena;
    struct tcn_err err = {0};
    json_t *told = NULL;
    int r;

    tcn_arena_init(&arena, TCN_TURN_ARENA);
    r = read_store(c, id, &arena, &told, &err);
    if (r == 0)
        print(told, z);
    else
        fprintf(stderr, "tocsin explain: %s\n",
                r == TCN_ENOTFOUND ? "the store has no incident with this id" : err.msg);
    json_decref(told);
    tcn_arena_done(&arena);
    return r < 0;
}

static int run(const struct tcn_command_line *line, const char *incident,
               const char *const values[])
{
    const struct tcn_zone *z = NULL;
    struct tcn_config *c = NULL;
    struct tcn_arena arena;
    struct tcn_err err = {0};
    struct tcn_id id;
    int status;

    if (tcn_id_parse(tcn_str(incident), &id) < 0)
        return tcn_options_status(
            tcn_options_misuse(line, "\"%.80s\" is no id of an incident", incident));
    tcn_arena_init(&arena, 1u << 20);
    if (tcn_zone_load(values[TZ], &arena, &z, &err) < 0)
        status = tcn_options_status(tcn_options_misuse(line, "--tz: %s", err.msg));
    else if ((c = tcn_db_config(values[CONFIG], values[DATA])) == NULL)
        status = 1;
    else
        status = explain(c, id, z);
    tcn_config_unref(c);
    tcn_arena_done(&arena);
    return status;
}

int tcn_explain_cli(int argc, char **argv)
{
    bool has_incident = argc > 1 && argv[1][0] != '-';
    struct tcn_command_line line = {"tocsin explain",    usage, names, argc, argv,
                                    has_incident ? 2 : 1};
    const char *values[N_OPTIONS] = {[TZ] = "UTC", [DATA] = "data"}, *value;
    int o;

    while ((o = tcn_options_next(&line, &value)) >= 0)
        values[o] = value;
    if (o == TCN_OPTIONS_END && !has_incident)
        o = tcn_options_misuse(&line, "INCIDENT is missing");
    else if (o == TCN_OPTIONS_END && !values[CONFIG])
        o = tcn_options_misuse(&line, "--config FILE is missing");
    return o == TCN_OPTIONS_END ? run(&line, argv[1], values) : tcn_options_status(o);
}
