#include "app/metrics.h"
#include "base/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const struct kind {
    const char *name, *type, *help;
} kinds[] = {
    {"tocsin_deliveries_total", "counter",
     "Deliveries of alarms by source and what became of them."},
    {"tocsin_webhooks_total", "counter",
     "Webhooks of ticket systems by connector and what became of them."},
    {"tocsin_webhooks_missed_total", "counter",
     "Changes in ticket systems by connector that were found by asking and that no webhook had "
     "told."},
    {"tocsin_mapping_losses_total", "counter",
     "What mappings could not pass on whole, by source: texts cut, values in no table, lists over "
     "their cap."},
    {"tocsin_sns_confirmations_total", "counter",
     "Messages of SNS about subscriptions, and confirmations sent, by source and what they "
     "brought."},
    {"tocsin_incidents_open", "gauge", "Incidents with status OPEN."},
    {"tocsin_incidents_created_total", "counter", "Incidents by response plan and impact."},
    {"tocsin_incidents_acknowledged_total", "counter", "Those that got a first answer."},
    {"tocsin_incidents_resolved_total", "counter", "Those that were resolved."},
    {"tocsin_acknowledge_seconds_total", "counter",
     "From the start of an incident's engagement to its first answer; by "
     "tocsin_incidents_acknowledged_total it is the mean time to acknowledge."},
    {"tocsin_resolve_seconds_total", "counter",
     "From an incident's start to its resolution; by tocsin_incidents_resolved_total it is the "
     "mean time to resolve."},
    {"tocsin_nobody_reached_total", "counter",
     "Incidents of which nobody could be told: no page got through, and nobody was left to page."},
    {"tocsin_nobody_answered_total", "counter",
     "Ends of the plans of incidents that nobody had answered: nobody is paged any more."},
    {"tocsin_requests_total", "counter", "HTTP requests that reached a handler."},
    {"tocsin_refused_total", "counter",
     "Requests and connections turned away, by reason, and by route when one was known."},
    {"tocsin_connections_open", "gauge", "Connections now."},
    {"tocsin_connections_total", "counter", "Connections accepted."},
    {"tocsin_api_total", "counter", "API calls by route and status."},
    {"tocsin_connector_calls_total", "counter", "Operations that a connector was asked to do."},
    {"tocsin_connector_failures_total", "counter", "Operations of a connector that failed."},
    {"tocsin_connector_held", "gauge",
     "1 while the breaker is open or credentials are refused: tickets wait, pages and topics are "
     "tried."},
    {"tocsin_notices_waiting", "gauge", "Topics of incidents that wait to be told by a connector."},
    {"tocsin_notices_oldest_seconds", "gauge",
     "For how long the topic that waits longest has been waiting."},
    {"tocsin_duplicate_remote_total", "counter",
     "Searches of a ticket system that found more than one record of an incident; its timeline "
     "names them."},
    {"tocsin_sync_conflicts_total", "counter",
     "Fields that both an incident and its record had changed, by connector and by who won."},
    {"tocsin_commands_total", "counter", "Commands of persons and programs by kind."},
    {"tocsin_store_jobs_total", "counter", "Jobs of the store thread."},
    {"tocsin_store_commits_total", "counter", "Transactions of the store thread; jobs share them."},
    {"tocsin_store_failures_total", "counter", "Jobs that the store could not do."},
    {"tocsin_store_waiting", "gauge", "Jobs that wait for the store thread."},
    {"tocsin_timer_late_seconds_max", "gauge", "Largest lateness of due work since the start."},
    {"tocsin_overdue_steps", "gauge",
     "Steps of engagements that should have run more than 5 s ago, as the auditor sees it."},
    {"tocsin_overdue_pages", "gauge",
     "Pages that are due for more than 5 s and not given to their connector."},
    {"tocsin_audit_findings_total", "counter",
     "Incidents without a timer for what is due, or without messages that were decided."},
    {"tocsin_database_away", "gauge", "1 while the store's database cannot be reached."},
    {"tocsin_database_connections_lost_total", "counter", "Connections to it that broke."},
    {"tocsin_database_commits_undecided_total", "counter",
     "Commits that broke with one; what became of them was looked up."},
    {"tocsin_database_contact_age_seconds", "gauge", "Time since its last answer."},
    {"tocsin_database_primary", "gauge", "1 while the server in use is the primary."},
    {"tocsin_database_timeline", "gauge",
     "Timeline of the server in use, or last in use; grows when a standby is promoted."},
    {"tocsin_database_stalled_seconds", "gauge",
     "For how long an answer of it is waited for, when that is more than 3 s."},
    {"tocsin_database_refuses", "gauge",
     "1 while it refuses what every alarm writes: rights, locks, or another reason."},
    {"tocsin_database_split", "gauge",
     "1 while more than one server of the store's URL takes writes: what one of them takes is "
     "lost."},
    {"tocsin_database_servers_unmet", "gauge",
     "Servers of the store's URL that did not answer when all were asked, once a minute."},
    {"tocsin_database_promotions_total", "counter",
     "Promotions of a standby seen since the start."},
    {"tocsin_clock_ahead_seconds", "gauge",
     "By how much this machine's clock is ahead of the database's, by which due times go."},
    {"tocsin_nodes_alive", "gauge", "Nodes that work on the store, with this one."},
    {"tocsin_nodes_config_differs", "gauge",
     "Other nodes that work and have another configuration than this one."},
    {"tocsin_nodes_taken_over_total", "counter", "Other nodes whose work this one took over."},
    {"tocsin_node_lost_its_lease", "gauge",
     "How often another node took this one over in the last 7 days."},
    {"tocsin_held", "gauge", "What was due before a restore and waits for tocsin db release."},
    {"tocsin_disk_full", "gauge", "1 while the store has no space."},
    {"tocsin_database_gone", "gauge", "1 once the store's file was removed or replaced."},
    {"tocsin_start_time_seconds", "gauge", "Unix time of the start."},
    {"tocsin_info", "gauge", "Version and node, always 1."},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

struct series {
    char *labels; /* owned */
    double value;
};

struct tcn_metrics {
    struct {
        struct series *items; /* owned */
        size_t n, size;
    } kinds[N_KINDS];
    size_t n;
};

struct tcn_metrics *tcn_metrics_new(void)
{
    return tcn_xcalloc(1, sizeof(struct tcn_metrics));
}

void tcn_metrics_free(struct tcn_metrics *m)
{
    if (!m)
        return;
    for (size_t k = 0; k < N_KINDS; k++) {
        for (size_t i = 0; i < m->kinds[k].n; i++)
            free(m->kinds[k].items[i].labels);
        free(m->kinds[k].items);
    }
    free(m);
}

static size_t kind_of(const char *name)
{
    size_t k = 0;

    while (k < N_KINDS && strcmp(kinds[k].name, name) != 0)
        k++;
    assert(k < N_KINDS);
    return k;
}

static struct series *find(const struct tcn_metrics *m, size_t k, const char *labels)
{
    for (size_t i = 0; i < m->kinds[k].n; i++)
        if (strcmp(m->kinds[k].items[i].labels, labels) == 0)
            return &m->kinds[k].items[i];
    return NULL;
}

static struct series *find_or_add(struct tcn_metrics *m, const char *name, const char *labels)
{
    size_t k = kind_of(name);
    struct series *s = find(m, k, labels);

    if (s || m->n >= TCN_SERIES_MAX)
        return s;
    if (m->kinds[k].n == m->kinds[k].size) {
        m->kinds[k].size = m->kinds[k].size ? m->kinds[k].size * 2 : 4;
        m->kinds[k].items = tcn_xrealloc(m->kinds[k].items, m->kinds[k].size, sizeof *s);
    }
    m->n++;
    s = &m->kinds[k].items[m->kinds[k].n++];
    *s = (struct series){.labels = tcn_xstrdup(labels)};
    return s;
}

void tcn_metrics_add(struct tcn_metrics *m, const char *name, const char *labels, double value)
{
    struct series *s = find_or_add(m, name, labels);

    if (s)
        s->value += value;
}

void tcn_metrics_set(struct tcn_metrics *m, const char *name, const char *labels, double value)
{
    struct series *s = find_or_add(m, name, labels);

    if (s)
        s->value = value;
}

void tcn_metrics_clear(struct tcn_metrics *m, const char *name)
{
    size_t k = kind_of(name);

    for (size_t i = 0; i < m->kinds[k].n; i++)
        free(m->kinds[k].items[i].labels);
    m->n -= m->kinds[k].n;
    m->kinds[k].n = 0;
}

double tcn_metrics_get(const struct tcn_metrics *m, const char *name, const char *labels)
{
    const struct series *s = find(m, kind_of(name), labels);

    return s ? s->value : 0;
}

/* As short as it can be read back without loss. */
static void add_number(struct tcn_buf *out, double value)
{
    enum { SHORT = 15, EXACT = 17 }; /* decimal digits that a double keeps, that a double needs */
    char text[32];

    for (int digits = SHORT; digits <= EXACT; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    tcn_buf_z(out, text);
}

static void write_kind(const struct tcn_metrics *m, size_t k, struct tcn_buf *out)
{
    tcn_buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", kinds[k].name, kinds[k].help, kinds[k].name,
                kinds[k].type);
    for (size_t i = 0; i < m->kinds[k].n; i++) {
        const struct series *s = &m->kinds[k].items[i];

        if (*s->labels)
            tcn_buf_fmt(out, "%s{%s} ", kinds[k].name, s->labels);
        else
            tcn_buf_fmt(out, "%s ", kinds[k].name);
        add_number(out, s->value);
        tcn_buf_z(out, "\n");
    }
}

void tcn_metrics_write(const struct tcn_metrics *m, struct tcn_buf *out)
{
    for (size_t k = 0; k < N_KINDS; k++)
        if (m->kinds[k].n > 0)
            write_kind(m, k, out);
}
