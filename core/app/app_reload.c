/* SIGHUP. The old configuration stays in force, whole, when the new one has a mistake; of a good one everything is in
 * force at once but for what the process takes only at its start, and that is told until it is as it was. */
#include "app/app.h"
#include "app/config_admin.h"
#include "app/door.h"
#include "app/outbound.h"
#include "app/peers.h"
#include "app/unheard.h"
#include "app/waiting.h"
#include "base/xalloc.h"
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_MAX = 4096, LIST_MAX_BYTES = 8192 };

static void put_listen(const struct tcn_config *c, struct tcn_buf *out)
{
    tcn_buf_z(out, c->listen);
}

/* The files are read again, whatever their names are; whether there is TLS is decided at start. */
static void put_tls(const struct tcn_config *c, struct tcn_buf *out)
{
    tcn_buf_z(out, c->tls_cert ? "with a certificate" : "without a certificate");
}

static void put_node(const struct tcn_config *c, struct tcn_buf *out)
{
    tcn_buf_z(out, c->node);
}

static void put_max_connections(const struct tcn_config *c, struct tcn_buf *out)
{
    tcn_buf_fmt(out, "%lld", (long long)c->limits.max_connections);
}

static void put_per_address(const struct tcn_config *c, struct tcn_buf *out)
{
    tcn_buf_fmt(out, "%lld", (long long)c->limits.per_address);
}

static void put_waiting(const struct tcn_config *c, struct tcn_buf *out)
{
    tcn_buf_fmt(out, "%lld", (long long)c->limits.waiting);
}

static void put_trusted(const struct tcn_config *c, struct tcn_buf *out)
{
    const char **list = c->limits.trusted_senders;

    for (size_t i = 0; list && list[i]; i++)
        tcn_buf_fmt(out, "%s%s", i ? "," : "", list[i]);
    if (!list || !list[0])
        tcn_buf_z(out, "none");
}

static void put_admin(const struct tcn_config *c, struct tcn_buf *out)
{
    tcn_config_admin_text(&c->admin, out);
}

/* What the process takes at its start, as text. */
static const struct {
    const char *path;
    void (*put)(const struct tcn_config *c, struct tcn_buf *out);
} fixed[TCN_FIXED] = {
    {"$.listen", put_listen},
    {"$.tls", put_tls},
    {"$.admin", put_admin},
    {"$.node", put_node},
    {"$.limits.max_connections", put_max_connections},
    {"$.limits.per_address", put_per_address},
    {"$.limits.waiting", put_waiting},
    {"$.limits.trusted_senders", put_trusted},
};

static char *text_of(const struct tcn_config *c, size_t i)
{
    struct tcn_buf text;
    char *ret;

    tcn_buf_init(&text, TEXT_MAX);
    fixed[i].put(c, &text);
    ret = tcn_xstrdup(tcn_buf_view(&text).ptr);
    tcn_buf_done(&text);
    return ret;
}

/* The name of the process and, where none is given, the address of its links are those that it really has. */
static void keep(const struct tcn_app *app, struct tcn_config *c)
{
    c->node = tcn_arena_strdup(&c->arena, app->node);
    if (c->is_url_by_default)
        c->public_url = tcn_arena_strdup(&c->arena, app->own_url);
}

void tcn_app_fix(struct tcn_app *app)
{
    bool is_configured = !app->options.listen && tcn_server_inherited((int)getpid()) <= 0;
    const char *listen = app->options.listen ? app->options.listen : app->config->listen;

    for (size_t i = is_configured ? 0 : 1; i < TCN_FIXED; i++)
        app->fixed[i] = text_of(app->config, i);
    app->node = tcn_xstrdup(app->config->node);
    if (asprintf(&app->own_url, "http%s://%s", app->config->tls_cert ? "s" : "", listen) < 0)
        abort();
    keep(app, app->config);
}

void tcn_app_unfix(struct tcn_app *app)
{
    for (size_t i = 0; i < TCN_FIXED; i++)
        free(app->fixed[i]);
    free(app->node);
    free(app->own_url);
}

/* "$.listen: a:1 stays in force, a:2 needs a restart" for each that differs. */
static void list_waiting(const struct tcn_app *app, const struct tcn_config *fresh,
                         struct tcn_buf *out)
{
    for (size_t i = 0; i < TCN_FIXED; i++) {
        char *text = text_of(fresh, i);

        if (app->fixed[i] && strcmp(app->fixed[i], text) != 0)
            tcn_buf_fmt(out, "%s%s: %s stays in force, %s needs a restart", out->len ? "; " : "",
                        fixed[i].path, app->fixed[i], text);
        free(text);
    }
}

void tcn_app_tell_warnings(const struct tcn_problems *warnings)
{
    struct tcn_str rest = tcn_buf_view(&warnings->text), line;
    char text[TEXT_MAX];

    while (tcn_str_cut(&rest, '\n', &line)) {
        snprintf(text, sizeof text, "%.*s", (int)line.len, line.ptr);
        tcn_log(TCN_LOG_WARN, "app", "the configuration is good, but", "what", text, NULL);
    }
}

static bool differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

static void refuse(struct tcn_config *fresh, const char *member)
{
    struct tcn_node root = tcn_node_root(&fresh->doc), at = tcn_node_member(&root, member);

    tcn_node_problem(&at, "cannot change while tocsin runs; restart it");
}

/* The rows of the store belong to its account: such a change is none that could wait. */
static void check_store(const struct tcn_config *old, struct tcn_config *fresh,
                        struct tcn_problems *problems)
{
    fresh->doc.problems = problems;
    if (differs(old->account_id, fresh->account_id))
        refuse(fresh, "account_id");
    if (differs(old->store, fresh->store) ||
        differs(old->store_password.ptr, fresh->store_password.ptr))
        refuse(fresh, "store");
    fresh->doc.problems = NULL;
}

/* Certificates that were trusted under other roots are fetched again. */
static void renew_roots(struct tcn_app *app)
{
    tcn_fetcher_set_ca(app->fetcher, app->config->ca_file);
    tcn_sns_certs_free(app->certs);
    app->certs = tcn_sns_certs_new(&app->fetch, app->config->ca_file, tcn_clock_now_ms);
}

static void tell(const struct tcn_buf *waiting)
{
    if (waiting->len == 0)
        tcn_log(TCN_LOG_INFO, "app", "configuration reloaded", NULL);
    else
        tcn_log(TCN_LOG_WARN, "app", "configuration reloaded, but for what needs a restart",
                "not_applied", tcn_buf_view(waiting).ptr, NULL);
}

static void use(struct tcn_app *app, struct tcn_config *fresh)
{
    struct tcn_config *old = app->config;
    struct tcn_buf waiting;

    tcn_buf_init(&waiting, LIST_MAX_BYTES);
    list_waiting(app, fresh, &waiting);
    keep(app, fresh);
    app->config = fresh;
    tcn_log_set_level(fresh->log_level);
    tcn_outbound_reload(app);
    tcn_unheard_look(app);
    tcn_waiting_follow(app);
    renew_roots(app);
    tcn_door_renew(app);
    tcn_app_changed(app);
    tcn_peers_reloaded(app);
    tcn_config_unref(old);
    tell(&waiting);
    tcn_buf_done(&waiting);
}

static void load(struct tcn_app *app, struct tcn_problems *problems, struct tcn_problems *warnings)
{
    struct tcn_config *fresh = NULL;

    if (tcn_config_load(app->options.config_file, app->options.data_dir, problems, warnings,
                        &fresh) == 0)
        check_store(app->config, fresh, problems);
    if (fresh && problems->n == 0) {
        tcn_app_tell_warnings(warnings);
        use(app, fresh);
        return;
    }
    tcn_config_unref(fresh);
    tcn_log(TCN_LOG_ERROR, "app", "configuration not reloaded: it has mistakes", "problems",
            problems->text.ptr, NULL);
}

void tcn_app_reload(struct tcn_app *app)
{
    struct tcn_problems problems, warnings;

    if (app->is_stopping)
        return;
    if (!app->is_ready) {
        app->is_reload_asked = true;
        return;
    }
    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    load(app, &problems, &warnings);
    tcn_problems_done(&problems);
    tcn_problems_done(&warnings);
}
