/* tocsin sync status: how it stands with each connector of tickets. */
#include "app/sync_cli.h"
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX 64
#define NAME_BYTES 65

static const char usage[] =
    "usage: tocsin sync status [--connector NAME] [--url URL] [--token-file FILE] [--ca-file "
    "FILE]\n"
    "\n"
    "  Tells of each connector with tickets how many of its links have a ticket, wait, are "
    "blocked, "
    "have lost it\n"
    "  or fail; when it was asked for changes and swept last, when its last webhook came and how "
    "many "
    "changes no\n"
    "  webhook told. The newest 10,000 links are looked at. Exit 1 when something is blocked, lost "
    "or "
    "failing.\n"
    "\n"
    "  --connector NAME   that one alone\n"
    "  --url URL          where Tocsin is (default: $TOCSIN_URL, else " TCN_ASK_URL ")\n"
    "  --token-file FILE  a token with the role viewer or more (default: $TOCSIN_TOKEN)\n"
    "  --ca-file FILE     who may sign its certificate (default: those of the system)\n";

struct row {
    char name[NAME_BYTES];
    unsigned linked, pending, blocked, lost, failing;
    json_t *connector; /* borrowed; NULL: it is not configured */
};

struct table {
    struct row rows[ROWS_MAX];
    size_t n;
};

static struct row *row_of(struct table *t, const char *name)
{
    size_t i = 0;

    while (i < t->n && strcmp(t->rows[i].name, name) != 0)
        i++;
    if (i == t->n && t->n < ROWS_MAX)
        snprintf(t->rows[t->n++].name, NAME_BYTES, "%s", name);
    return i < t->n ? &t->rows[i] : NULL;
}

static int count(void *ctx, const json_t *link, struct tcn_err *err)
{
    struct row *row = row_of(ctx, tcn_sync_text(link, "connector"));
    const char *state = tcn_sync_text(link, "state");
    const char *what = tcn_sync_text(json_object_get(link, "pending"), "waits_for");

    (void)err;
    if (!row)
        return 0;
    row->linked += strcmp(state, "LINKED") == 0;
    row->blocked += strcmp(state, "BLOCKED") == 0;
    row->lost += strcmp(state, "LOST") == 0;
    row->pending += strcmp(what, "nothing") != 0 && strcmp(what, "person") != 0;
    row->failing += json_integer_value(json_object_get(link, "failures")) > 0;
    return 0;
}

static void add_connectors(struct table *t, const json_t *list, const char *only)
{
    json_t *connector;
    size_t i;

    json_array_foreach(json_object_get(list, "items"), i, connector)
    {
        const char *name = tcn_sync_text(connector, "name");
        struct row *row;

        if (json_is_true(json_object_get(connector, "tickets")) &&
            (!only || strcmp(only, name) == 0) && (row = row_of(t, name)) != NULL)
            row->connector = connector;
    }
}

/* What is wrong with the connector itself; NULL: nothing. One that is gone is missed by what waits for it. */
static const char *trouble(const struct row *row)
{
    const char *feed = tcn_sync_text(json_object_get(row->connector, "feed"), "failing");

    if (!row->connector)
        return row->pending > 0 ? "not configured" : NULL;
    if (json_is_true(json_object_get(row->connector, "auth_failed")))
        return "its credentials are refused";
    if (strcmp(tcn_sync_text(row->connector, "breaker"), "closed") != 0)
        return "its calls fail";
    return *feed ? feed : NULL;
}

static bool is_well(const struct row *row)
{
    return row->blocked == 0 && row->lost == 0 && row->failing == 0 && !trouble(row);
}

static const char *in_short(const struct row *row)
{
    if (trouble(row))
        return trouble(row);
    if (!is_well(row))
        return "look at it";
    return row->connector ? "well" : "not configured any more";
}

static void print_row(const struct row *row)
{
    const json_t *feed = json_object_get(row->connector, "feed");
    char polled[TCN_SYNC_AGE], swept[TCN_SYNC_AGE], heard[TCN_SYNC_AGE];

    tcn_sync_age(feed, "polled_at", polled);
    tcn_sync_age(feed, "swept_at", swept);
    tcn_sync_age(feed, "heard_at", heard);
    printf("%-20s %7u %7u %7u %7u %7u  %6s %6s %7s %7lld  %s\n", row->name, row->linked,
           row->pending, row->blocked, row->lost, row->failing, polled, swept, heard,
           (long long)json_integer_value(json_object_get(feed, "missed")), in_short(row));
}

/* The exit status. */
static int print(const struct table *t, bool is_cut)
{
    bool all_well = true;

    printf("%-20s %7s %7s %7s %7s %7s  %6s %6s %7s %7s\n", "CONNECTOR", "LINKED", "PENDING",
           "BLOCKED", "LOST", "FAILING", "POLLED", "SWEPT", "WEBHOOK", "MISSED");
    for (size_t i = 0; i < t->n; i++) {
        print_row(&t->rows[i]);
        all_well &= is_well(&t->rows[i]);
    }
    if (t->n == 0)
        puts("no connector with tickets is configured");
    if (is_cut)
        puts("There are older links, which were not looked at.");
    return !all_well;
}

static int count_links(struct tcn_sync *s, struct table *t, bool *ret_is_cut, struct tcn_err *err)
{
    struct tcn_buf query;
    int r;

    tcn_buf_init(&query, 1024);
    tcn_buf_z(&query, "connector=");
    tcn_buf_percent(&query, tcn_str(s->connector ? s->connector : ""));
    r = tcn_sync_each(s, s->connector ? tcn_buf_view(&query).ptr : NULL, count, t, ret_is_cut, err);
    tcn_buf_done(&query);
    return r;
}

static int status(struct tcn_sync *s, struct tcn_err *err)
{
    struct table t = {.n = 0};
    json_t *connectors = NULL;
    bool is_cut = false;
    int r = tcn_ask_get(s->ask, "/v1/connectors", &connectors, err);

    if (r == 0) {
        add_connectors(&t, connectors, s->connector);
        r = count_links(s, &t, &is_cut, err);
    }
    if (r == 0 && s->connector && t.n == 0)
        r = tcn_fail(err, TCN_ENOTFOUND, "%s has no connector with tickets named %.64s",
                     tcn_ask_url(s->ask), s->connector);
    if (r == 0)
        r = print(&t, is_cut);
    json_decref(connectors);
    return r;
}

int tcn_sync_status_cli(int argc, char **argv)
{
    static const struct tcn_sync_verb verb = {"tocsin sync status", usage, TCN_SYNC_CONNECTOR,
                                              status};

    return tcn_sync_run(&verb, argc, argv);
}
