/* Ties lanes and sends to the configuration, the engine and the timeline. */
#include "app/outbound.h"
#include "api/json.h"
#include "app/activation_turn.h"
#include "app/catalog.h"
#include "app/hear_turn.h"
#include "app/milestones.h"
#include "app/notice_message.h"
#include "app/notice_news.h"
#include "app/page_digest.h"
#include "app/page_message.h"
#include "app/remark.h"
#include "app/take_turn.h"
#include "app/turn.h"
#include "app/unreached.h"
#include "app/unserved.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "connect/feeds.h"
#include "connect/lanes.h"
#include "connect/notices.h"
#include "connect/registry.h"
#include "connect/sends.h"
#include "store/held.h"
#include "sys/clock.h"
#include "sys/random.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_POINTS 100 /* of a remote key in a title */

/* What serves one configuration. After a reload the old one runs out beside the new one. */
struct generation {
    struct tcn_app *app;
    struct tcn_config *config; /* a reference */
    struct tcn_hub *hub;
    struct tcn_lanes *lanes;
    struct tcn_feeds *feeds;
    struct tcn_sends *sends;
    struct tcn_notices *notices;
    int busy; /* of these four: those that did not say that they are idle */
    struct generation *next;
};

struct tcn_outbound {
    struct generation *newest; /* the rest of the list runs out */
};

/* -- what lanes tell ------------------------------------------------------------------------------------- */

static int on_note(void *ctx, struct tcn_store *s, struct tcn_id incident, const char *text,
                   const char *actor, bool to_tickets, int64_t now_ms, struct tcn_err *err)
{
    const struct generation *g = ctx;
    struct tcn_remark remark = {.text = text, .actor = actor, .to_tickets = to_tickets};

    return tcn_remark_write(s, &g->config->directory, incident, &remark, now_ms, err);
}

/* The record's address becomes a related item of the incident. */
static int on_linked(void *ctx, struct tcn_store *s, const struct tcn_link *link, const char *text,
                     int64_t now_ms, struct tcn_err *err)
{
    const struct generation *g = ctx;
    struct tcn_str key =
        tcn_utf8_cut(tcn_str(link->remote_key ? link->remote_key : ""), KEY_POINTS);
    const char *url = link->remote_url && link->remote_url[0] ? link->remote_url : NULL;
    char title[4 * KEY_POINTS + 100], actor[160];
    struct tcn_relation relation = {.url = url, .title = title, .text = text, .actor = actor};

    snprintf(title, sizeof title, "%.64s %.*s", link->connector, (int)key.len, key.ptr);
    snprintf(actor, sizeof actor, "connector:%.120s", link->connector);
    return tcn_relation_write(s, &g->config->directory, link->incident, &relation, now_ms, err);
}

static int on_take(void *ctx, struct tcn_store *s, const struct tcn_link *link,
                   const struct tcn_taken *taken, int64_t now_ms, struct tcn_err *err)
{
    const struct generation *g = ctx;

    return tcn_take_turn(s, &g->config->directory, link, taken, now_ms, err);
}

static int on_hear(void *ctx, struct tcn_store *s, const struct tcn_link *link,
                   const struct tcn_heard *heard, size_t n, int64_t now_ms, struct tcn_err *err)
{
    const struct generation *g = ctx;

    return tcn_hear_turn(s, &g->config->directory, link, heard, n, now_ms, err);
}

static void on_milestones(void *ctx, const struct tcn_milestones *milestones)
{
    const struct generation *g = ctx;

    tcn_milestones_tell(g->app, milestones);
}

static const char *on_url(void *ctx, struct tcn_id incident, struct tcn_arena *arena)
{
    const struct generation *g = ctx;

    return tcn_incident_url(g->config, incident, arena);
}

static void count_many(struct tcn_metrics *m, const char *connector, double n)
{
    char labels[100];

    snprintf(labels, sizeof labels, "connector=\"%s\"", connector);
    tcn_metrics_add(m, "tocsin_duplicate_remote_total", labels, n);
}

static void on_found_many(void *ctx, const char *connector)
{
    const struct generation *g = ctx;

    count_many(g->app->metrics, connector, 1);
}

static void count_conflicts(struct tcn_metrics *m, const char *connector,
                            const size_t n[TCN_WINNERS])
{
    char labels[120];

    for (int w = 0; w < TCN_WINNERS; w++) {
        snprintf(labels, sizeof labels, "connector=\"%s\",winner=\"%s\"", connector,
                 tcn_winner_name((enum tcn_winner)w));
        tcn_metrics_add(m, "tocsin_sync_conflicts_total", labels, (double)n[w]);
    }
}

static void on_conflicts(void *ctx, const char *connector, const size_t n[TCN_WINNERS])
{
    const struct generation *g = ctx;

    count_conflicts(g->app->metrics, connector, n);
}

static void on_changed(void *ctx)
{
    const struct generation *g = ctx;

    tcn_app_wake(g->app);
}

/* -- what feeds tell ------------------------------------------------------------------------------------- */

static void on_missed(void *ctx, const char *connector, size_t n)
{
    const struct generation *g = ctx;
    char labels[100];

    snprintf(labels, sizeof labels, "connector=\"%s\"", connector);
    tcn_metrics_add(g->app->metrics, "tocsin_webhooks_missed_total", labels, (double)n);
}

/* -- what sends tell ------------------------------------------------------------------------------------- */

static int on_message(void *ctx, struct tcn_store *s, const struct tcn_send_row *row,
                      int64_t now_ms, struct tcn_arena *arena, struct tcn_send_message *ret,
                      struct tcn_err *err)
{
    const struct generation *g = ctx;

    if (tcn_activation_is_send(row))
        return tcn_activation_message(g->config, s, row, now_ms, arena, ret, err);
    return tcn_page_message(g->config, g->app->ack_key, s, row, now_ms, arena, ret, err);
}

static int on_budget(void *ctx, struct tcn_store *s, const struct tcn_send_row *row, int64_t now_ms,
                     struct tcn_send_budget *ret, struct tcn_err *err)
{
    const struct generation *g = ctx;

    return tcn_page_budget(g->config, s, row, now_ms, ret, err);
}

static int on_digest(void *ctx, struct tcn_store *s, const struct tcn_send_bundle *bundle,
                     struct tcn_arena *arena, json_t **ret, struct tcn_err *err)
{
    const struct generation *g = ctx;

    return tcn_page_digest(g->config, g->app->ack_key, s, bundle, arena, ret, err);
}

static int note_end(struct tcn_aggregate *a, const struct tcn_send_row *row, int64_t now_ms,
                    const struct tcn_send_report *report, struct tcn_decision *d)
{
    int r =
        tcn_engine_send_result(a, row->page, report->news == TCN_SEND_SENT ? TCN_SENT : TCN_ERROR,
                               report->note, now_ms, d);

    return r < 0 || !report->was_held ? r
                                      : tcn_engine_send_held(a, row->page, report->note, now_ms, d);
}

static int note_result(struct tcn_aggregate *a, const struct tcn_send_row *row, int64_t now_ms,
                       const struct tcn_send_report *report, struct tcn_decision *d)
{
    const struct tcn_send_failure failure = {row->page, row->send_no, report->note,
                                             row->attempt > TCN_SEND_TRIES};
    const struct tcn_send_doubt doubt = {row->page, report->note, report->is_over};

    if (report->news == TCN_SEND_DOUBTED)
        return tcn_engine_send_doubted(a, &doubt, now_ms, d);
    if (report->news == TCN_SEND_LATE)
        return tcn_engine_send_late(a, row->page, now_ms, d);
    if (report->news == TCN_SEND_UNSENT)
        return tcn_engine_send_failed(a, &failure, now_ms, d);
    return note_end(a, row, now_ms, report, d);
}

/* What its failure brings forward, unless older steps of the incident wait for tocsin db release. */
static int run_due(struct tcn_store *s, struct tcn_aggregate *a, int64_t now_ms,
                   struct tcn_decision *d, struct tcn_err *err)
{
    int64_t before_ms = 0, due_ms = tcn_engine_next_due(a);
    int r = tcn_store_held_before(s, &before_ms, err);

    if (r == 0 && (due_ms == 0 || due_ms > before_ms))
        tcn_engine_pages(a, d->directory, (uint32_t)tcn_random_u64(), now_ms, d);
    return r;
}

static int on_result(void *ctx, struct tcn_store *s, const struct tcn_send_row *row, int64_t now_ms,
                     struct tcn_send_report *report, struct tcn_err *err)
{
    const struct generation *g = ctx;
    struct tcn_aggregate *a;
    struct tcn_decision d;
    struct tcn_arena arena;
    int r;

    if (tcn_activation_is_send(row)) {
        tcn_activation_told(row, report);
        return 0;
    }
    tcn_arena_init(&arena, TCN_TURN_ARENA);
    a = TCN_NEW(&arena, struct tcn_aggregate);
    tcn_decision_init(&d, &arena);
    d.subject = a;
    if ((r = tcn_catalog_of(s, &g->config->directory, now_ms, &d.directory, err)) == 0)
        r = tcn_turn_load(s, row->incident, &arena, a, err);
    if (r == 0 && (r = note_result(a, row, now_ms, report, &d)) == 0 &&
        (r = run_due(s, a, now_ms, &d, err)) == 0) {
        tcn_milestones_note(report->milestones, &d);
        report->again_ms = d.again_ms;
        r = tcn_turn_write(s, &d, NULL, now_ms, err);
    }
    tcn_arena_done(&arena);
    return r == TCN_ENOTFOUND ? 0 : r;
}

/* -- what notices tell ------------------------------------------------------------------------------------ */

static int on_next(void *ctx, struct tcn_store *s, const struct tcn_notice *notice, int64_t now_ms,
                   struct tcn_arena *arena, struct tcn_notice_message *ret, struct tcn_err *err)
{
    const struct generation *g = ctx;

    return tcn_notice_next(g->config, s, notice, now_ms, arena, ret, err);
}

static int on_news(void *ctx, struct tcn_store *s, const struct tcn_notice_news *news,
                   int64_t now_ms, struct tcn_err *err)
{
    const struct generation *g = ctx;

    return tcn_notice_tell(&g->config->directory, s, news, now_ms, err);
}

/* -- generations ------------------------------------------------------------------------------------------ */

static void make_lanes(struct generation *g)
{
    struct tcn_lanes_item items[TCN_LANES_MAX];
    struct tcn_lanes_options o = {
        .base = g->app->base,
        .hub = g->hub,
        .store = g->app->store,
        .account_id = g->config->account_id,
        .app = {g, on_note, on_linked, on_take, on_hear, on_url, on_milestones, on_found_many,
                on_conflicts, on_changed},
        .items = items,
    };

    for (size_t i = 0; i < g->config->n_connectors && o.n_items < TCN_LANES_MAX; i++)
        if (g->config->connectors[i].has_tickets)
            items[o.n_items++] = (struct tcn_lanes_item){g->config->connectors[i].instance,
                                                         g->config->connectors[i].mapping,
                                                         g->config->connectors[i].settings};
    g->lanes = tcn_lanes_new(&o);
}

static void make_feeds(struct generation *g)
{
    const struct tcn_feeds_options o = {
        .base = g->app->base,
        .hub = g->hub,
        .store = g->app->store,
        .lanes = g->lanes,
        .app = {g, on_changed, on_missed},
    };

    g->feeds = tcn_feeds_new(&o);
}

static void make_sends(struct generation *g)
{
    struct tcn_sends_options o = {
        .base = g->app->base,
        .hub = g->hub,
        .store = g->app->store,
        .app = {g, on_message, on_budget, on_digest, on_result, on_milestones, on_changed},
    };

    for (size_t t = 0; t < TCN_SENDS_CHANNELS; t++) {
        const char *name = g->config->channel_connector[t];

        if (name)
            o.channels[t] = tcn_config_connector(g->config, name)->instance;
    }
    g->sends = tcn_sends_new(&o);
}

static void make_notices(struct generation *g)
{
    struct tcn_notices_options o = {
        .base = g->app->base,
        .hub = g->hub,
        .store = g->app->store,
        .app = {g, on_next, on_news, on_changed},
    };

    for (size_t i = 0; i < g->config->n_connectors && o.n_targets < TCN_NOTICE_TARGETS_MAX; i++) {
        struct tcn_instance *instance = g->config->connectors[i].instance;

        if (tcn_connector_reaches(instance->connector, TOCSIN_TOPIC))
            o.targets[o.n_targets++] = instance;
    }
    g->notices = tcn_notices_new(&o);
}

static int64_t now_ms(void *ctx)
{
    return tcn_app_now_ms(ctx);
}

static struct generation *generation_new(struct tcn_app *app)
{
    struct generation *g = tcn_xcalloc(1, sizeof *g);

    g->app = app;
    g->hub = tcn_hub_new(app->base, app->pump, now_ms, app);
    g->config = app->config;
    tcn_config_ref(g->config);
    make_lanes(g);
    make_feeds(g);
    make_sends(g);
    make_notices(g);
    return g;
}

static void generation_free(struct generation *g)
{
    tcn_feeds_free(g->feeds);
    tcn_lanes_free(g->lanes);
    tcn_sends_free(g->sends);
    tcn_notices_free(g->notices);
    tcn_hub_free(g->hub);
    tcn_config_unref(g->config);
    free(g);
}

void tcn_outbound_start(struct tcn_app *app)
{
    app->outbound = tcn_xcalloc(1, sizeof *app->outbound);
    app->outbound->newest = generation_new(app);
    tcn_unreached_init(app);
    tcn_unserved_look(app);
}

static void on_idle(void *ctx)
{
    struct generation *g = ctx, **p = &g->app->outbound->newest;

    if (--g->busy > 0)
        return;
    while (*p != g)
        p = &(*p)->next;
    *p = g->next;
    generation_free(g);
}

/* What the lanes had in hand is done, or waits. */
static void on_lanes_idle(void *ctx)
{
    struct generation *g = ctx;

    tcn_unserved_look(g->app);
    on_idle(g);
}

void tcn_outbound_reload(struct tcn_app *app)
{
    struct generation *old = app->outbound->newest, *fresh = generation_new(app);

    fresh->next = old;
    app->outbound->newest = fresh;
    old->busy = 4;
    tcn_feeds_retire(old->feeds, on_idle, old);
    tcn_lanes_retire(old->lanes, on_lanes_idle, old);
    tcn_sends_retire(old->sends, on_idle, old);
    tcn_notices_retire(old->notices, on_idle, old);
    tcn_outbound_wake(app);
}

void tcn_outbound_wake(struct tcn_app *app)
{
    if (!app->outbound || !app->outbound->newest || app->is_stopping)
        return;
    tcn_lanes_wake(app->outbound->newest->lanes);
    tcn_sends_wake(app->outbound->newest->sends);
    tcn_notices_wake(app->outbound->newest->notices);
}

void tcn_outbound_sweep(struct tcn_app *app, const char *connector)
{
    if (app->outbound && app->outbound->newest && !app->is_stopping)
        tcn_feeds_hasten(app->outbound->newest->feeds, connector);
}

void tcn_outbound_drain(struct tcn_app *app, void (*drained)(void *ctx), void *ctx)
{
    if (app->outbound && app->outbound->newest)
        tcn_sends_retire(app->outbound->newest->sends, drained, ctx);
    else
        drained(ctx);
}

void tcn_outbound_stop(struct tcn_app *app)
{
    tcn_pump_end_mails(app->pump);
    for (struct generation *g = app->outbound ? app->outbound->newest : NULL; g; g = g->next) {
        tcn_feeds_stop(g->feeds);
        tcn_lanes_stop(g->lanes);
        tcn_sends_stop(g->sends);
        tcn_notices_stop(g->notices);
    }
}

void tcn_outbound_free(struct tcn_app *app)
{
    struct generation *g = app->outbound ? app->outbound->newest : NULL, *next;

    for (; g; g = next) {
        next = g->next;
        generation_free(g);
    }
    free(app->outbound);
    app->outbound = NULL;
}

/* -- health ------------------------------------------------------------------------------------------------ */

static json_t *health_json(const struct tcn_app *app, const struct tcn_connector_config *c,
                           const struct tcn_port_health *h)
{
    static const char *const breakers[] = {"closed", "open", "half-open"};
    const struct tcn_backlog_row *waiting = tcn_backlog_of(&app->backlog, c->name);

    return json_pack("{s:s, s:s, s:b, s:s, s:b, s:i, s:I, s:I, s:s?, s:I, s:o, s:o}", "name",
                     c->name, "connector", c->instance->connector->name, "tickets", c->has_tickets,
                     "breaker", breakers[h->breaker], "auth_failed", h->is_auth_failed, "in_flight",
                     (int)h->in_flight, "calls", (json_int_t)h->calls, "failures",
                     (json_int_t)h->failures, "last_failure",
                     h->last_failure[0] ? h->last_failure : NULL, "notices_waiting",
                     waiting ? (json_int_t)waiting->n : 0, "notices_waiting_since",
                     tcn_json_time(waiting ? waiting->since_ms : 0), "feed",
                     tcn_feed_state_json(&app->feeds, c->name));
}

static bool find_health(const struct generation *g, const struct tcn_connector_config *c,
                        struct tcn_port_health *ret)
{
    *ret = (struct tcn_port_health){0};
    if (c->has_tickets)
        return tcn_lanes_health(g->lanes, c->name, ret);
    return tcn_sends_health(g->sends, c->name, ret) || tcn_notices_health(g->notices, c->name, ret);
}

json_t *tcn_outbound_json(struct tcn_app *app)
{
    const struct generation *g = app->outbound->newest;
    json_t *items = json_array();
    struct tcn_port_health h;

    for (size_t i = 0; i < g->config->n_connectors; i++)
        if (find_health(g, &g->config->connectors[i], &h))
            json_array_append_new(items, health_json(app, &g->config->connectors[i], &h));
    return items;
}

json_t *tcn_outbound_waits(struct tcn_app *app)
{
    const struct generation *g = app->outbound ? app->outbound->newest : NULL;
    json_t *waits = json_object();
    char why[400];

    for (size_t i = 0; g && i < g->config->n_connectors; i++)
        if (tcn_lanes_shut(g->lanes, g->config->connectors[i].name, why, sizeof why))
            json_object_set_new(waits, g->config->connectors[i].name, json_string(why));
    return waits;
}

/* Those of connectors that are gone go. */
static const char *const connector_series[] = {
    "tocsin_connector_calls_total", "tocsin_connector_failures_total", "tocsin_connector_held"};

static void waiting_metrics(const struct tcn_app *app, struct tcn_metrics *m,
                            const struct tcn_backlog_row *row)
{
    double age_s = row->n > 0 ? (double)(tcn_app_now_ms(app) - row->since_ms) / 1000 : 0;
    char labels[100];

    snprintf(labels, sizeof labels, "connector=\"%s\"", row->connector);
    tcn_metrics_set(m, "tocsin_notices_waiting", labels, (double)row->n);
    tcn_metrics_set(m, "tocsin_notices_oldest_seconds", labels, age_s > 0 ? age_s : 0);
}

/* Connectors for which nothing waits, and those that the configuration has not any more, are told as well. */
static void backlog_metrics(const struct tcn_app *app, struct tcn_metrics *m)
{
    const struct tcn_config *config = app->outbound->newest->config;

    tcn_metrics_clear(m, "tocsin_notices_waiting");
    tcn_metrics_clear(m, "tocsin_notices_oldest_seconds");
    for (size_t i = 0; app->backlog.is_known && i < config->n_connectors; i++) {
        const struct tcn_connector_config *c = &config->connectors[i];
        struct tcn_backlog_row none = {.n = 0};

        snprintf(none.connector, sizeof none.connector, "%s", c->name);
        if (tcn_connector_reaches(c->instance->connector, TOCSIN_TOPIC))
            waiting_metrics(app, m, &none);
    }
    for (size_t i = 0; i < app->backlog.n; i++)
        waiting_metrics(app, m, &app->backlog.rows[i]);
}

/* A rate begins with a 0. */
static void begin_rates(struct tcn_metrics *m, const char *connector)
{
    const size_t none[TCN_WINNERS] = {0};

    count_many(m, connector, 0);
    count_conflicts(m, connector, none);
}

void tcn_outbound_metrics(struct tcn_app *app, struct tcn_metrics *m)
{
    const struct generation *g = app->outbound->newest;
    struct tcn_port_health h;
    char labels[100];

    backlog_metrics(app, m);
    for (size_t i = 0; i < sizeof connector_series / sizeof *connector_series; i++)
        tcn_metrics_clear(m, connector_series[i]);
    for (size_t i = 0; i < g->config->n_connectors; i++) {
        if (!find_health(g, &g->config->connectors[i], &h))
            continue;
        snprintf(labels, sizeof labels, "connector=\"%s\"", g->config->connectors[i].name);
        tcn_metrics_set(m, "tocsin_connector_calls_total", labels, (double)h.calls);
        tcn_metrics_set(m, "tocsin_connector_failures_total", labels, (double)h.failures);
        tcn_metrics_set(m, "tocsin_connector_held", labels,
                        h.is_auth_failed || h.breaker != TCN_BREAKER_CLOSED);
        if (g->config->connectors[i].has_tickets)
            begin_rates(m, g->config->connectors[i].name);
    }
}
