/* tocsin sync VERB: which one, and what they share. */
#include "app/sync_cli.h"
#include "app/cli.h"
#include "app/options.h"
#include "app/verbs.h"
#include "base/buf.h"
#include "base/datetime.h"
#include "base/id.h"
#include "sys/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 200
#define VALUE_POINTS 100u

static const struct tcn_cli_verb verbs[] = {
    {"status", tcn_sync_status_cli, "how it stands with each connector; exit 1: not well"},
    {"diff", tcn_sync_diff_cli, "what an incident and its tickets hold, and by which rules"},
    {"repair", tcn_sync_repair_cli, "reads tickets again, so that both sides become equal"},
    {"retry", tcn_sync_retry_cli, "tries again what waits for a person"},
};

int tcn_sync_cli(int argc, char **argv)
{
    static const struct tcn_cli_verbs all = {
        .command = "tocsin sync",
        .items = verbs,
        .n = sizeof verbs / sizeof *verbs,
        .more =
            "  They ask a running server: TOCSIN_URL or --url says where it is, TOCSIN_TOKEN or "
            "--token-file\n"
            "  as whom.\n",
    };

    return tcn_cli_verbs_run(&all, argc, argv);
}

/* -- the command line ---------------------------------------------------------------------------------------------- */

enum option { URL, TOKEN, CA, CONNECTOR, READ, N_OPTIONS };

static const struct tcn_option_name names[N_OPTIONS + 1] = {[URL] = {"--url", "URL"},
                                                            [TOKEN] = {"--token-file", "FILE"},
                                                            [CA] = {"--ca-file", "FILE"},
                                                            [CONNECTOR] = {"--connector", "NAME"},
                                                            [READ] = {"--read", NULL}};

/* An id, or an ARN, whose end is one; in small letters. */
static bool read_subject(const char *text, char ret[TCN_ID_TEXT])
{
    const char *slash = strrchr(text, '/'), *id = slash ? slash + 1 : text;
    struct tcn_id parsed;
    size_t n = strlen(id);

    if (n != TCN_ID_TEXT - 1)
        return false;
    for (size_t i = 0; i <= n; i++)
        ret[i] = (char)(id[i] >= 'A' && id[i] <= 'F' ? id[i] - 'A' + 'a' : id[i]);
    return tcn_id_parse(tcn_str(ret), &parsed) == 0;
}

/* What stands behind the names is what only some verbs take. */
static int check(const struct tcn_sync_verb *verb, const struct tcn_command_line *line,
                 const char *subject, const char *const values[])
{
    char id[TCN_ID_TEXT];

    if (values[CONNECTOR] && !(verb->takes & TCN_SYNC_CONNECTOR))
        return tcn_options_misuse(line, "--connector is not known here");
    if (values[READ] && !(verb->takes & TCN_SYNC_READ))
        return tcn_options_misuse(line, "--read is not known here");
    if (subject && values[CONNECTOR])
        return tcn_options_misuse(line, "either an id or --connector, not both");
    if ((verb->takes & TCN_SYNC_NEEDS_ONE) && !subject && !values[CONNECTOR])
        return tcn_options_misuse(line, verb->takes & TCN_SYNC_CONNECTOR
                                            ? "say which: an id or --connector NAME"
                                            : "LINK|INCIDENT is missing");
    if (subject && !read_subject(subject, id))
        return tcn_options_misuse(line, "\"%.80s\" is no id of a link or an incident", subject);
    return 0;
}

static int run(const struct tcn_sync_verb *verb, const char *subject, const char *const values[])
{
    const struct tcn_ask_options o = {values[URL], values[TOKEN], values[CA]};
    struct tcn_sync s = {
        .command = verb->command, .connector = values[CONNECTOR], .reads = values[READ] != NULL};
    char id[TCN_ID_TEXT];
    struct tcn_err err = {0};
    int r;

    if (subject && read_subject(subject, id))
        s.subject = id;
    r = tcn_ask_open(&o, &s.ask, &err);
    if (r == 0)
        r = verb->act(&s, &err);
    if (r < 0)
        fprintf(stderr, "%s: %s\n", verb->command, err.msg);
    tcn_ask_close(s.ask);
    return r < 0 ? 1 : r;
}

int tcn_sync_run(const struct tcn_sync_verb *verb, int argc, char **argv)
{
    bool has_subject = (verb->takes & TCN_SYNC_SUBJECT) && argc > 1 && argv[1][0] != '-';
    struct tcn_command_line line = {verb->command, verb->usage, names,
                                    argc,          argv,        has_subject ? 2 : 1};
    const char *values[N_OPTIONS] = {NULL}, *value, *subject = has_subject ? argv[1] : NULL;
    int o;

    while ((o = tcn_options_next(&line, &value)) >= 0)
        values[o] = value;
    if (o == TCN_OPTIONS_END)
        o = check(verb, &line, subject, values);
    return o == 0 ? run(verb, subject, values) : tcn_options_status(o);
}

/* -- links --------------------------------------------------------------------------------------------------------- */

static int get(struct tcn_sync *s, json_t **ret, struct tcn_err *err, const char *before,
               const char *id)
{
    struct tcn_buf path;
    int r;

    tcn_buf_init(&path, 1024);
    tcn_buf_z(&path, before);
    tcn_buf_z(&path, id);
    r = tcn_ask_get(s->ask, tcn_buf_view(&path).ptr, ret, err);
    tcn_buf_done(&path);
    return r;
}

int tcn_sync_link(struct tcn_sync *s, const char *id, json_t **ret, struct tcn_err *err)
{
    return get(s, ret, err, "/v1/links/", id);
}

static int links_of_incident(struct tcn_sync *s, json_t *list, struct tcn_err *err)
{
    json_t *incident = NULL, *brief, *link;
    size_t i;
    int r = get(s, &incident, err, "/v1/incidents/", s->subject);

    if (r == TCN_ENOTFOUND)
        return tcn_fail(err, r, "%s has no link and no incident with the id %s",
                        tcn_ask_url(s->ask), s->subject);
    json_array_foreach(json_object_get(incident, "links"), i, brief)
    {
        if (r < 0 || (r = tcn_sync_link(s, tcn_sync_text(brief, "id"), &link, err)) < 0)
            break;
        json_array_append_new(list, link);
    }
    json_decref(incident);
    return r;
}

int tcn_sync_links(struct tcn_sync *s, json_t **ret, struct tcn_err *err)
{
    json_t *list = json_array(), *link;
    int r = tcn_sync_link(s, s->subject, &link, err);

    if (r == 0)
        json_array_append_new(list, link);
    else if (r == TCN_ENOTFOUND)
        r = links_of_incident(s, list, err);
    if (r < 0)
        json_decref(list);
    else
        *ret = list;
    return r;
}

/* One page; *next becomes the token of the one after it, "" at the end. */
static int each_of_page(struct tcn_sync *s, const char *query, char next[64],
                        int (*each)(void *ctx, const json_t *link, struct tcn_err *err), void *ctx,
                        struct tcn_err *err)
{
    json_t *page = NULL, *link;
    struct tcn_buf path;
    size_t i;
    int r;

    tcn_buf_init(&path, 1024);
    tcn_buf_fmt(&path, "/v1/links?limit=200%s%s%s%s", query ? "&" : "", query ? query : "",
                *next ? "&next=" : "", next);
    r = tcn_ask_get(s->ask, tcn_buf_view(&path).ptr, &page, err);
    tcn_buf_done(&path);
    snprintf(next, 64, "%s", r < 0 ? "" : tcn_sync_text(page, "next"));
    json_array_foreach(json_object_get(page, "items"), i, link)
    {
        if (r == 0)
            r = each(ctx, link, err);
    }
    json_decref(page);
    return r;
}

int tcn_sync_each(struct tcn_sync *s, const char *query,
                  int (*each)(void *ctx, const json_t *link, struct tcn_err *err), void *ctx,
                  bool *ret_is_cut, struct tcn_err *err)
{
    char next[64] = "";
    int r = 0;

    for (int page = 0; r == 0 && page < TCN_SYNC_PAGES_MAX && (page == 0 || *next); page++)
        r = each_of_page(s, query, next, each, ctx, err);
    *ret_is_cut = *next != '\0';
    return r;
}

/* -- readings ------------------------------------------------------------------------------------------------------ */

static const json_t *pending(const json_t *link)
{
    return json_object_get(link, "pending");
}

static bool rests(const json_t *link)
{
    const char *what = tcn_sync_text(pending(link), "waits_for");

    if (strcmp(what, "person") == 0)
        return true;
    return strcmp(what, "nothing") == 0 &&
           json_integer_value(json_object_get(pending(link), "hints")) == 0;
}

/* What keeps a lane for longer than anybody waits for it. */
static bool is_stuck(const json_t *link)
{
    return strcmp(tcn_sync_text(pending(link), "waits_for"), "connector") == 0 ||
           json_integer_value(json_object_get(link, "failures")) > 0;
}

static int wait_for(struct tcn_sync *s, const char *id, json_t **ret, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + TCN_SYNC_WAIT_MS * 1000;
    int r;

    while ((r = tcn_sync_link(s, id, ret, err)) == 0 && !rests(*ret)) {
        if (is_stuck(*ret) || tcn_clock_mono_us() > until_us)
            return tcn_fail(err, TCN_EBUSY, "not read yet: %s",
                            *tcn_sync_text(pending(*ret), "why")
                                ? tcn_sync_text(pending(*ret), "why")
                                : "its lane is at work");
        json_decref(*ret);
        poll(NULL, 0, LOOK_MS);
    }
    return r;
}

int tcn_sync_read(struct tcn_sync *s, const char *id, json_t **ret, struct tcn_err *err)
{
    char path[100];
    json_t *answer;
    int r;

    snprintf(path, sizeof path, "/v1/links/%.40s/read", id);
    if ((r = tcn_ask_post(s->ask, path, &answer, err)) < 0)
        return r;
    json_decref(answer);
    return wait_for(s, id, ret, err);
}

/* -- how it is told ------------------------------------------------------------------------------------------------- */

const char *tcn_sync_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

void tcn_sync_print_name(const json_t *link)
{
    const char *key = tcn_sync_text(link, "remote_key"), *id = tcn_sync_text(link, "remote_id");

    printf("%s in %s", *key ? key : *id ? id : "no ticket", tcn_sync_text(link, "connector"));
}

void tcn_sync_print_value(const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    struct tcn_str all = tcn_str(text ? text : ""), cut = tcn_utf8_cut(all, VALUE_POINTS);

    if (json_is_null(value) || !value)
        printf("nothing");
    else
        printf("%.*s%s", (int)cut.len, cut.ptr, cut.len < all.len ? "..." : "");
    free(text);
}

void tcn_sync_age(const json_t *object, const char *name, char ret[TCN_SYNC_AGE])
{
    static const struct {
        int64_t s;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    int64_t at_ms = 0, age_s;

    snprintf(ret, TCN_SYNC_AGE, "-");
    if (tcn_time_rfc3339(tcn_str(tcn_sync_text(object, name)), &at_ms) < 0)
        return;
    age_s = (tcn_clock_now_ms() - at_ms) / 1000;
    if (age_s < 0)
        age_s = 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (age_s >= 2 * units[i].s || units[i].s == 1) {
            snprintf(ret, TCN_SYNC_AGE, "%lld%c", (long long)(age_s / units[i].s), units[i].unit);
            return;
        }
}
