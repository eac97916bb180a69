/* A clean end: no new requests, the last answers leave, what is accepted is durable, calls on their way are left to
 * the next start. */
#include "app/app.h"
#include "app/outbound.h"
#include "app/routes.h"
#include "sys/clock.h"

#include <stdlib.h>
#include <string.h>

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

static bool differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

/* What the process was started with: the rows of the store belong to its account. */
static void check_fixed(const struct tcn_config *old, const struct tcn_config *fresh,
                        struct tcn_problems *problems)
{
    if (differs(old->account_id, fresh->account_id))
        tcn_problems_add(problems, "$.account_id: cannot change while tocsin runs; restart it");
    if (differs(old->store, fresh->store) ||
        differs(old->store_password.ptr, fresh->store_password.ptr))
        tcn_problems_add(problems, "$.store: cannot change while tocsin runs; restart it");
}

static void tell_late(const struct tcn_config *old, const struct tcn_config *fresh)
{
    if (differs(old->listen, fresh->listen) || differs(old->tls_cert, fresh->tls_cert) ||
        differs(old->tls_key, fresh->tls_key) || differs(old->tls_client_ca, fresh->tls_client_ca))
        tcn_log(TCN_LOG_WARN, "app", "listen and the files of tls change at the next start", NULL);
}

static void use(struct tcn_app *app, struct tcn_config *fresh)
{
    struct tcn_config *old = app->config;
    struct tcn_err err;

    tell_late(old, fresh);
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

static void load(struct tcn_app *app)
{
    struct tcn_config *fresh = NULL;
    struct tcn_problems problems;

    tcn_problems_init(&problems);
    if (tcn_config_load(app->options.config_file, app->options.data_dir, &problems, &fresh) == 0)
        check_fixed(app->config, fresh, &problems);
    if (fresh && problems.n == 0) {
        use(app, fresh);
    } else {
        tcn_config_unref(fresh);
        tcn_log(TCN_LOG_ERROR, "app", "configuration not reloaded: it has mistakes", "problems",
                problems.text.ptr, NULL);
    }
    tcn_problems_done(&problems);
}

/* The old configuration stays in force, whole, when the new one has a mistake. */
void tcn_app_reload(struct tcn_app *app)
{
    if (app->is_stopping)
        return;
    if (app->is_ready)
        load(app);
    else
        app->is_reload_asked = true;
}
