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

#define LOCAL_TEXT 32

static const char usage[] =
    "usage: tocsin explain INCIDENT --config FILE [--tz ZONE] [--data DIR]\n"
    "\n"
    "  Tells of every page of an incident, sent or not, when and by which rule: stage, shift, "
    "override,\n"
    "  acknowledgement, mute. It reads the store only, and runs beside a server, or without one.\n"
    "\n"
    "  INCIDENT         its id, as mails, tickets and /v1/incidents have it, or its ARN\n"
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

static void local_text(int64_t ms, const struct tcn_zone *z, char ret_text[LOCAL_TEXT])
{
    tcn_time_format(ms + tcn_zone_offset_ms(z, ms), "%Y-%m-%d %H:%M:%S", ret_text, LOCAL_TEXT);
}

static void print_time(const char *utc, const struct tcn_zone *z)
{
    char text[LOCAL_TEXT] = "-";
    int64_t ms;

    if (utc && tcn_time_rfc3339(tcn_str(utc), &ms) == 0)
        local_text(ms, z, text);
    printf("%-19s  ", text);
}

/* As tcn_time_text writes one, and no other. */
static bool is_time(const char *text, int64_t *ret_ms)
{
    const struct tcn_str head = {text, TCN_TIME_TEXT - 1};

    return strnlen(text, head.len) == head.len && text[10] == 'T' && text[head.len - 1] == 'Z' &&
           tcn_time_rfc3339(head, ret_ms) == 0;
}

/* With the times in it by the clocks of the zone, too. */
static void print_sentence(const char *text, const struct tcn_zone *z)
{
    char local[LOCAL_TEXT];
    int64_t ms;

    while (*text) {
        if (!is_time(text, &ms)) {
            putchar(*text++);
            continue;
        }
        local_text(ms, z, local);
        fputs(local, stdout);
        text += TCN_TIME_TEXT - 1;
    }
    putchar('\n');
}

static void print_line(const json_t *line, const struct tcn_zone *z)
{
    static const struct {
        const char *what, *says;
    } words[] = {{"PAGED", "paged "}, {"NOT_PAGED", "did not page "}, {"WILL_PAGE", "will page "}};
    const char *what = text_of(line, "what"), *channel = text_of(line, "channel");
    const char *why = text_of(line, "why");

    print_time(text_of(line, "at"), z);
    for (size_t i = 0; what && i < sizeof words / sizeof *words; i++)
        if (strcmp(what, words[i].what) == 0)
            printf("%s%s%s%s: ", words[i].says, text_of(line, "contact"), channel ? " by " : "",
                   channel ? channel : "");
    print_sentence(why ? why : "", z);
}

static void print(const json_t *told, const char *zone, const struct tcn_zone *z)
{
    json_t *line;
    size_t i;

    printf("%s (times in %s)\n", text_of(told, "title"), zone);
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
        if (r == TCN_ENOTFOUND)
            r = tcn_fail(err, r, "the store has no incident with this id");
        tcn_store_rollback(s);
    }
    tcn_store_close(s);
    return r;
}

static int explain(const struct tcn_config *c, struct tcn_id id, const char *zone,
                   const struct tcn_zone *z)
{
    struct tcn_arena arena;
    struct tcn_err err = {0};
    json_t *told = NULL;
    int r;

    tcn_arena_init(&arena, TCN_TURN_ARENA);
    r = read_store(c, id, &arena, &told, &err);
    if (r == 0)
        print(told, zone, z);
    else
        fprintf(stderr, "tocsin explain: %s\n", err.msg);
    json_decref(told);
    tcn_arena_done(&arena);
    return r < 0;
}

/* An id in capitals, too, or an ARN of an incident, whose end is its id. */
static int parse_incident(const char *text, struct tcn_id *ret)
{
    const char *slash = strrchr(text, '/');
    bool is_arn = strncmp(text, "arn:", 4) == 0 && strstr(text, ":incident-record/") && slash;
    const char *id = is_arn ? slash + 1 : text;
    char lower[TCN_ID_TEXT];
    size_t n = strlen(id);

    if (n != sizeof lower - 1)
        return TCN_ESYNTAX;
    for (size_t i = 0; i <= n; i++)
        lower[i] = (char)(id[i] >= 'A' && id[i] <= 'F' ? id[i] - 'A' + 'a' : id[i]);
    return tcn_id_parse(tcn_str(lower), ret);
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

    if (parse_incident(incident, &id) < 0)
        return tcn_options_status(
            tcn_options_misuse(line, "\"%.80s\" is no id of an incident", incident));
    tcn_arena_init(&arena, 1u << 20);
    if (tcn_zone_load(values[TZ], &arena, &z, &err) < 0)
        status = tcn_options_status(tcn_options_misuse(line, "--tz: %s", err.msg));
    else if ((c = tcn_db_config(values[CONFIG], values[DATA])) == NULL)
        status = 1;
    else
        status = explain(c, id, values[TZ], z);
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
