/* A clean end: no new requests, the last answers leave, what is accepted is durable, calls on their way are left to
 * the next start. */
#include "app/app.h"
#include "app/outbound.h"
#include "app/routes.h"
#include "sys/clock.h"

#include <stdlib.h>

#define DRAIN_MS 5000
#define LOOK_MS 10

static int64_t drain_until_us;

static void look(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval again = {0, LOOK_MS * 1000};
    struct tcn_app *app = arg;

    (void)fd;
    (void)what;
    if (app->server && tcn_server_stats(app->server)->open > 0 &&
        tcn_clock_mono_us() < drain_until_us)
        evtimer_add(app->closing, &again);
    else
        event_base_loopbreak(app->base);
}

void tcn_app_stop(struct tcn_app *app)
{
    static const struct timeval now = {0, 0};

    if (app->is_stopping)
        return;
    app->is_stopping = true;
    app->is_ready = false;
    tcn_log(TCN_LOG_INFO, "app", "stopping", NULL);
    if (app->server)
        tcn_server_drain(app->server);
    drain_until_us = tcn_clock_mono_us() + DRAIN_MS * INT64_C(1000);
    app->closing = evtimer_new(app->base, look, app);
    if (!app->closing || evtimer_add(app->closing, &now) < 0)
        event_base_loopbreak(app->base);
}

/* Certificates that were trusted under other roots are fetched again. */
static void renew_roots(struct tcn_app *app)
{
    tcn_fetcher_set_ca(app->fetcher, app->config->ca_file);
    tcn_sns_certs_free(app->certs);
    app->certs = tcn_sns_certs_new(&app->fetch, app->config->ca_file, tcn_clock_now_ms);
}

/* The old configuration stays in force, whole, when the new one has a mistake. */
void tcn_app_reload(struct tcn_app *app)
{
    struct tcn_config *fresh = NULL, *old = app->config;
    struct tcn_problems problems;
    struct tcn_err err;

    tcn_problems_init(&problems);
    if (tcn_config_load(app->options.config_file, app->options.data_dir, &problems, &fresh) < 0) {
        tcn_log(TCN_LOG_ERROR, "app", "configuration not reloaded: it has mistakes", "problems",
                problems.text.ptr, NULL);
    } else {
        app->config = fresh;
        tcn_log_set_level(fresh->log_level);
        tcn_outbound_reload(app);
        renew_roots(app);
        if (app->tls && tcn_tls_reload(app->tls, &err) < 0)
            tcn_log(TCN_LOG_ERROR, "app", "certificates not reloaded", "why", err.msg, NULL);
        tcn_app_changed(app);
        tcn_config_unref(old);
        tcn_log(TCN_LOG_INFO, "app", "configuration reloaded", NULL);
    }
    tcn_problems_done(&problems);
}
