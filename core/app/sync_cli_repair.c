/* tocsin sync repair and retry: tickets read again, and what waits for a person tried again. */
#include "app/sync_cli.h"
#include "base/buf.h"
#include "sys/clock.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 500
#define SWEEP_MS INT64_C(60000)
#define RETRIES_MAX 500

#define COMMON                                                                                     \
    "  --url URL          where Tocsin is (default: $TOCSIN_URL, else " TCN_ASK_URL ")\n"          \
    "  --ca-file FILE     who may sign its certificate (default: those of the system)\n"

/* -- repair -------------------------------------------------------------------------------------------------------- */

static const char repair_usage[] =
    "usage: tocsin sync repair LINK|INCIDENT|--connector NAME [--url URL] [--token-file FILE]\n"
    "                          [--ca-file FILE]\n"
    "\n"
    "  Has the tickets read now. What people have changed there is taken, what they lack is "
    "written, "
    "by the rules\n"
    "  that tocsin sync diff tells. Of a connector, the tickets of all open incidents are compared "
    "with what is\n"
    "  known of them, and those that differ are read.\n"
    "\n"
    "  LINK|INCIDENT      an id of GET /v1/links, or of an incident for all of its tickets, or its "
    "ARN\n"
    "  --connector NAME   all tickets of that connector\n"
    "  --token-file FILE  a token with the role responder, with --connector manager (default: "
    "$TOCSIN_TOKEN)\n" COMMON;

static json_t *find_field(const json_t *link, const char *name)
{
    json_t *field;
    size_t i;

    json_array_foreach(json_object_get(link, "fields"), i, field)
    {
        if (strcmp(tcn_sync_text(field, "field"), name) == 0)
            return field;
    }
    return NULL;
}

/* Whether that side of the field is another one now. */
static bool print_change(const json_t *was, const json_t *is, const char *side, const char *where)
{
    json_t *before = json_object_get(was, side), *after = json_object_get(is, side);

    if (json_equal(before, after))
        return false;
    printf("  %s %s: ", tcn_sync_text(is, "field"), where);
    tcn_sync_print_value(before);
    printf(" -> ");
    tcn_sync_print_value(after);
    printf("\n");
    return true;
}

static void print_changes(const json_t *was, const json_t *is)
{
    bool has_changed = false;
    json_t *field;
    size_t i;

    tcn_sync_print_name(is);
    printf(": read%s\n", *tcn_sync_text(is, "blocked") ? ", and waits for a person" : "");
    json_array_foreach(json_object_get(is, "fields"), i, field)
    {
        const json_t *before = find_field(was, tcn_sync_text(field, "field"));

        has_changed |= print_change(before, field, "local", "here");
        has_changed |= print_change(before, field, "base", "there");
    }
    if (!has_changed)
        puts("  nothing was to be changed");
}

/* 1: it could not be read yet. */
static int repair_one(struct tcn_sync *s, const json_t *link, struct tcn_err *err)
{
    json_t *fresh = NULL;
    int r = tcn_sync_read(s, tcn_sync_text(link, "id"), &fresh, err);

    if (r == 0)
        print_changes(link, fresh);
    json_decref(fresh);
    if (r != TCN_EBUSY && r != TCN_ECONFLICT)
        return r;
    tcn_sync_print_name(link);
    printf(": %s\n", err->msg);
    return 1;
}

static int repair_links(struct tcn_sync *s, struct tcn_err *err)
{
    json_t *links = NULL;
    int r = tcn_sync_links(s, &links, err), status = 0;

    for (size_t i = 0; r >= 0 && i < json_array_size(links); i++) {
        r = repair_one(s, json_array_get(links, i), err);
        status |= r > 0;
    }
    if (r >= 0 && json_array_size(links) == 0)
        puts("the incident has no tickets");
    json_decref(links);
    return r < 0 ? r : status;
}

static int post_sweep(struct tcn_sync *s, json_t **ret, struct tcn_err *err)
{
    struct tcn_buf path;
    int r;

    tcn_buf_init(&path, 1024);
    tcn_buf_z(&path, "/v1/connectors/");
    tcn_buf_percent(&path, tcn_str(s->connector));
    tcn_buf_z(&path, "/sweep");
    r = tcn_ask_post(s->ask, tcn_buf_view(&path).ptr, ret, err);
    tcn_buf_done(&path);
    return r;
}

/* While the connector is being asked something else, the server says so. */
static int ask_for_sweep(struct tcn_sync *s, int64_t until_us, json_t **ret, struct tcn_err *err)
{
    int r;

    while ((r = post_sweep(s, ret, err)) == TCN_EBUSY && tcn_clock_mono_us() < until_us)
        poll(NULL, 0, LOOK_MS);
    return r;
}

/* *ret_is_swept: the sweep after the one that ended then is through. */
static int look(struct tcn_sync *s, const char *before, bool *ret_is_swept, struct tcn_err *err)
{
    json_t *list = NULL, *connector;
    size_t i;
    int r = tcn_ask_get(s->ask, "/v1/connectors", &list, err);

    *ret_is_swept = false;
    json_array_foreach(json_object_get(list, "items"), i, connector)
    {
        const char *at = tcn_sync_text(json_object_get(connector, "feed"), "swept_at");

        if (strcmp(tcn_sync_text(connector, "name"), s->connector) == 0)
            *ret_is_swept = *at && strcmp(at, before) != 0;
    }
    json_decref(list);
    return r;
}

static int repair_connector(struct tcn_sync *s, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + SWEEP_MS * 1000;
    json_t *answer = NULL;
    bool is_swept = false;
    int r = ask_for_sweep(s, until_us, &answer, err);

    while (r == 0 && (r = look(s, tcn_sync_text(answer, "swept_at"), &is_swept, err)) == 0 &&
           !is_swept && tcn_clock_mono_us() < until_us)
        poll(NULL, 0, LOOK_MS);
    json_decref(answer);
    if (r < 0)
        return r;
    puts(is_swept
             ? "Swept: the tickets that differ are read. tocsin sync status tells when none waits "
               "any more."
             : "Asked. The sweep is not through yet; it goes on by itself.");
    return !is_swept;
}

static int repair(struct tcn_sync *s, struct tcn_err *err)
{
    return s->connector ? repair_connector(s, err) : repair_links(s, err);
}

int tcn_sync_repair_cli(int argc, char **argv)
{
    static const struct tcn_sync_verb verb = {
        "tocsin sync repair", repair_usage,
        TCN_SYNC_SUBJECT | TCN_SYNC_CONNECTOR | TCN_SYNC_NEEDS_ONE, repair};

    return tcn_sync_run(&verb, argc, argv);
}

/* -- retry --------------------------------------------------------------------------------------------------------- */

static const char retry_usage[] =
    "usage: tocsin sync retry LINK|INCIDENT|--connector NAME [--url URL] [--token-file FILE]\n"
    "                         [--ca-file FILE]\n"
    "\n"
    "  Tries again what is blocked, lost or failing: the ticket is looked at anew, and all that "
    "differs is written.\n"
    "  Of a connector, at most 500 links, the newest first.\n"
    "\n"
    "  LINK|INCIDENT      an id of GET /v1/links, or of an incident for all of its tickets, or its "
    "ARN\n"
    "  --connector NAME   all of that connector\n"
    "  --token-file FILE  a token with the role manager (default: $TOCSIN_TOKEN)\n" COMMON;

struct retries {
    struct tcn_sync *sync;
    unsigned n;
};

static int retry_one(void *ctx, const json_t *link, struct tcn_err *err)
{
    struct retries *t = ctx;
    json_t *answer = NULL;
    char path[100];
    int r;

    if (t->n == RETRIES_MAX)
        return 0;
    snprintf(path, sizeof path, "/v1/links/%.40s/retry", tcn_sync_text(link, "id"));
    if ((r = tcn_ask_post(t->sync->ask, path, &answer, err)) < 0)
        return r;
    t->n++;
    tcn_sync_print_name(link);
    if (strcmp(tcn_sync_text(answer, "status"), "retrying") == 0)
        printf(" is tried again%s%s\n", *tcn_sync_text(link, "blocked") ? "; it was: " : "",
               tcn_sync_text(link, "blocked"));
    else
        printf(": %s\n", tcn_sync_text(answer, "message"));
    json_decref(answer);
    return 0;
}

static int retry_connector(struct tcn_sync *s, struct retries *t, struct tcn_err *err)
{
    struct tcn_buf query;
    bool is_cut = false;
    int r;

    tcn_buf_init(&query, 1024);
    tcn_buf_z(&query, "blocked=true&connector=");
    tcn_buf_percent(&query, tcn_str(s->connector));
    r = tcn_sync_each(s, tcn_buf_view(&query).ptr, retry_one, t, &is_cut, err);
    tcn_buf_done(&query);
    if (r < 0)
        return r;
    printf("%u of %.64s are tried again%s\n", t->n, s->connector,
           is_cut || t->n == RETRIES_MAX ? "; there may be more: ask once more" : "");
    return 0;
}

static int retry(struct tcn_sync *s, struct tcn_err *err)
{
    struct retries t = {s, 0};
    json_t *links = NULL;
    int r;

    if (s->connector)
        return retry_connector(s, &t, err);
    r = tcn_sync_links(s, &links, err);
    for (size_t i = 0; r == 0 && i < json_array_size(links); i++)
        r = retry_one(&t, json_array_get(links, i), err);
    if (r == 0 && json_array_size(links) == 0)
        puts("the incident has no tickets");
    json_decref(links);
    return r;
}

int tcn_sync_retry_cli(int argc, char **argv)
{
    static const struct tcn_sync_verb verb = {
        "tocsin sync retry", retry_usage,
        TCN_SYNC_SUBJECT | TCN_SYNC_CONNECTOR | TCN_SYNC_NEEDS_ONE, retry};

    return tcn_sync_run(&verb, argc, argv);
}
