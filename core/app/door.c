#include "app/door.h"
#include "app/config_tls.h"
#include "app/refused.h"
#include "app/routes.h"
#include "sys/clock.h"

#include <unistd.h>

#define ON_ADMIN (TCN_PART_ALL & ~(unsigned)TCN_PART_SOURCES)

static int64_t clock_now(void *ctx)
{
    (void)ctx;
    return tcn_clock_now_ms();
}

static void on_refused(void *ctx, const struct tcn_server_refused *refused)
{
    char route[TCN_ROUTE_LABEL];

    tcn_refused(ctx, &(struct tcn_refused){.route = tcn_routes_label(ctx, refused->path, route),
                                           .reason = tcn_refusal_label(refused->why),
                                           .status = tcn_refusal_status(refused->why),
                                           .peer = refused->peer,
                                           .why = tcn_refusal_sentence(refused->why)});
}

int tcn_door_make(struct tcn_app *app, struct tcn_err *err)
{
    const struct tcn_config_admin *admin = &app->config->admin;
    int r;

    app->router = tcn_router_new();
    r = tcn_routes_add(app->router, TCN_PART_ALL & ~admin->only_here, err);
    if (r < 0 || !admin->listen)
        return r;
    app->admin_router = tcn_router_new();
    return tcn_routes_add(app->admin_router, ON_ADMIN, err);
}

static int make_tls(struct tcn_app *app, struct tcn_err *err)
{
    struct tcn_tls_files files = tcn_config_tls_files(app->config);

    return files.cert ? tcn_tls_new(&files, &app->tls, err) : 0;
}

static void init_options(struct tcn_app *app, struct tcn_server_options *o)
{
    tcn_server_options_init(o);
    o->on_request = tcn_routes_serve;
    o->on_refused = on_refused;
    o->now_ms = clock_now;
    o->ctx = app;
}

/* What the listener for operators may need is not the public's to take. */
static int make_public(struct tcn_app *app, struct tcn_err *err)
{
    const struct tcn_config *c = app->config;
    struct tcn_server_options o;

    init_options(app, &o);
    o.max_connections = (size_t)c->limits.max_connections;
    o.max_per_address = (size_t)c->limits.per_address;
    o.trusted = c->limits.trusted_senders;
    o.reserve_fds += (size_t)c->admin.max_connections;
    return tcn_server_new(app->base, app->router, &o, &app->server, err);
}

static int make_admin(struct tcn_app *app, struct tcn_err *err)
{
    struct tcn_server_options o;

    init_options(app, &o);
    o.max_connections = o.max_per_address = (size_t)app->config->admin.max_connections;
    return tcn_server_new(app->base, app->admin_router, &o, &app->admin, err);
}

static int set_proxies(struct tcn_app *app, struct tcn_err *err)
{
    const char *const *list = app->config->trusted_proxies;
    int r = tcn_server_set_proxies(app->server, list, err);

    return r < 0 || !app->admin ? r : tcn_server_set_proxies(app->admin, list, err);
}

static const char *public_address(const struct tcn_app *app)
{
    return app->options.listen ? app->options.listen : app->config->listen;
}

int tcn_door_try(const struct tcn_app *app, struct tcn_err *err)
{
    const char *admin = app->config->admin.listen;
    int r = 0;

    if (tcn_server_inherited((int)getpid()) == 0)
        r = tcn_server_try(public_address(app), err);
    return r < 0 || !admin ? r : tcn_server_try(admin, err);
}

static int listen_public(struct tcn_app *app, struct tcn_err *err)
{
    struct tcn_server_listener l = {.address = public_address(app), .fd = -1, .tls = app->tls};

    if (tcn_server_inherited((int)getpid()) > 0) {
        l.address = NULL;
        l.fd = 3; /* sd_listen_fds(3): the first passed descriptor */
    }
    return tcn_server_listen(app->server, &l, err);
}

static int open_admin(struct tcn_app *app, struct tcn_err *err)
{
    const struct tcn_config_admin *admin = &app->config->admin;
    struct tcn_server_listener l = {
        .address = admin->listen, .fd = -1, .tls = admin->has_tls ? app->tls : NULL};
    int r;

    if (!admin->listen)
        return 0;
    r = make_admin(app, err);
    return r < 0 ? r : tcn_server_listen(app->admin, &l, err);
}

int tcn_door_open(struct tcn_app *app, struct tcn_err *err)
{
    int r;

    if ((r = make_tls(app, err)) < 0 || (r = make_public(app, err)) < 0 ||
        (r = listen_public(app, err)) < 0 || (r = open_admin(app, err)) < 0)
        return r;
    return set_proxies(app, err);
}

void tcn_door_renew(struct tcn_app *app)
{
    struct tcn_tls_files files = tcn_config_tls_files(app->config);
    struct tcn_err err;

    if (app->tls && files.cert && tcn_tls_reload(app->tls, &files, &err) < 0)
        tcn_log(TCN_LOG_ERROR, "app", "certificates not reloaded", "why", err.msg, NULL);
    if (set_proxies(app, &err) < 0)
        tcn_log(TCN_LOG_ERROR, "app", "trusted proxies not reloaded", "why", err.msg, NULL);
}

void tcn_door_drain(struct tcn_app *app)
{
    if (app->server)
        tcn_server_drain(app->server);
    if (app->admin)
        tcn_server_drain(app->admin);
}

size_t tcn_door_connections(const struct tcn_app *app)
{
    size_t n = app->server ? tcn_server_stats(app->server)->open : 0;

    return n + (app->admin ? tcn_server_stats(app->admin)->open : 0);
}

void tcn_door_metrics(const struct tcn_app *app, struct tcn_metrics *m)
{
    static const struct tcn_server_stats none;
    const struct tcn_server_stats *a = tcn_server_stats(app->server);
    const struct tcn_server_stats *b = app->admin ? tcn_server_stats(app->admin) : &none;

    tcn_metrics_set(m, "tocsin_requests_total", "", (double)(a->requests + b->requests));
    tcn_metrics_set(m, "tocsin_connections_total", "", (double)(a->accepted + b->accepted));
    tcn_metrics_set(m, "tocsin_connections_open", "", (double)tcn_door_connections(app));
}

void tcn_door_free(struct tcn_app *app)
{
    tcn_server_free(app->server);
    tcn_server_free(app->admin);
    app->server = app->admin = NULL;
}
