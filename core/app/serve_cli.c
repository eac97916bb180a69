/* tocsin serve: builds the process, runs its loop, takes it down in the reverse order. */
#include "app/app.h"
#include "app/auditor.h"
#include "app/cli.h"
#include "app/clock_watch.h"
#include "app/door.h"
#include "app/held.h"
#include "app/options.h"
#include "app/outbound.h"
#include "app/peers.h"
#include "app/recheck.h"
#include "app/servers.h"
#include "app/subscriptions.h"
#include "store/reader.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct tcn_app *app = arg;

    (void)what;
    if (number == SIGHUP)
        tcn_app_reload(app);
    else
        tcn_app_stop(app);
}

static const int watched[] = {SIGTERM, SIGINT, SIGHUP};

/* What comes before the loop can hear of it waits: SIGHUP would end the process. */
static void hold_signals(int how)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        sigaddset(&set, watched[i]);
    pthread_sigmask(how, &set, NULL);
}

static int watch_signals(struct tcn_app *app)
{
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        app->signals[i] = evsignal_new(app->base, watched[i], on_signal, app);
        if (!app->signals[i] || event_add(app->signals[i], NULL) < 0)
            return -1;
    }
    hold_signals(SIG_UNBLOCK);
    return 0;
}

static struct event_base *new_base(void)
{
    struct event_config *c = event_config_new();
    struct event_base *base = NULL;

    if (c && event_config_set_flag(c, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
        base = event_base_new_with_config(c);
    if (c)
        event_config_free(c);
    return base;
}

static void release(struct tcn_app *app)
{
    tcn_outbound_stop(app);
    tcn_rechecks_flush(app->rechecks);
    tcn_servers_stop(app);
    tcn_reader_stop(app->reader);
    app->reader = NULL;
    /* The thread hands its last jobs back to a server that is still there. */
    if (app->store)
        tcn_storethread_stop(app->store);
    app->store = NULL;
    tcn_clock_watch_stop(app);
    tcn_held_stop(app);
    tcn_auditor_stop(app);
    tcn_peers_stop(app);
    tcn_outbound_free(app);
    tcn_sns_certs_free(app->certs);
    tcn_fetcher_free(app->fetcher);
    tcn_subscriptions_free(app->subscriptions);
    tcn_door_free(app);
    if (app->pump)
        tcn_pump_free(app->pump);
    for (size_t i = 0; i < 3; i++)
        if (app->signals[i])
            event_free(app->signals[i]);
    if (app->closing)
        event_free(app->closing);
    if (app->timer)
        event_free(app->timer);
    if (app->upkeep)
        event_free(app->upkeep);
    tcn_router_free(app->router);
    tcn_router_free(app->admin_router);
    tcn_tls_free(app->tls);
    tcn_rechecks_free(app->rechecks);
    tcn_settled_free(app->settled);
    tcn_arena_pool_done(&app->arenas);
    tcn_metrics_free(app->metrics);
    tcn_config_unref(app->config);
    tcn_app_unfix(app);
    if (app->base)
        event_base_free(app->base);
    if (app->data_lock >= 0)
        close(app->data_lock);
}

static int fail(struct tcn_app *app, const char *why)
{
    tcn_log(TCN_LOG_ERROR, "app", "cannot start", "why", why, NULL);
    release(app);
    return 1;
}

/* Mistakes are told as check tells them; there is no log of a process that never was. */
static int load(const struct tcn_app_options *o, struct tcn_config **ret)
{
    struct tcn_problems problems, warnings;
    int r;

    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    r = tcn_config_load(o->config_file, o->data_dir, &problems, &warnings, ret);
    if (r < 0) {
        fputs(tcn_buf_view(&problems.text).ptr, stderr);
    } else {
        tcn_log_set_level((*ret)->log_level);
        tcn_app_tell_warnings(&warnings);
    }
    tcn_problems_done(&problems);
    tcn_problems_done(&warnings);
    return r;
}

int tcn_app_run(const struct tcn_app_options *options)
{
    struct tcn_app app = {.options = *options, .data_lock = -1};
    struct tcn_err err;
    int r;

    hold_signals(SIG_BLOCK);
    if (load(options, &app.config) < 0)
        return 1;
    if (!(app.base = new_base()) || watch_signals(&app) < 0)
        return fail(&app, "no event loop");
    if (tcn_app_start(&app, &err) < 0)
        return fail(&app, err.msg);
    event_base_dispatch(app.base);
    r = app.exit_code;
    release(&app);
    return r;
}

static const char usage[] =
    "usage: tocsin serve --config FILE [--listen HOST:PORT] [--data DIR]\n"
    "\n"
    "  Runs in the foreground; log lines go to standard error. SIGTERM stops it, SIGHUP reads the\n"
    "  configuration again.\n"
    "\n"
    "  --config FILE        the configuration; try it with: tocsin check --config FILE\n"
    "  --listen HOST:PORT   instead of the \"listen\" of the configuration\n"
    "  --data DIR           where the store is kept (default: data)\n";

int tcn_serve_cli(int argc, char **argv)
{
    static const struct tcn_option_name names[] = {
        {"--config", "FILE"}, {"--listen", "HOST:PORT"}, {"--data", "DIR"}, {NULL, NULL}};
    struct tcn_command_line line = {"tocsin serve", usage, names, argc, argv, 1};
    const char *values[] = {NULL, NULL, "data"}, *value;
    struct tcn_app_options options;
    int o;

    while ((o = tcn_options_next(&line, &value)) >= 0)
        values[o] = value;
    if (o == TCN_OPTIONS_END && !values[0])
        o = tcn_options_misuse(&line, "--config FILE is missing");
    if (o != TCN_OPTIONS_END)
        return tcn_options_status(o);
    options = (struct tcn_app_options){
        .config_file = values[0], .listen = values[1], .data_dir = values[2]};
    /* No core file and no debugger may read the secrets of this process. */
    prctl(PR_SET_DUMPABLE, 0);
    return tcn_app_run(&options);
}
