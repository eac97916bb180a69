/* From a configuration to a listening process. The door opens only when the store is ready. */
#include "app/app.h"
#include "app/auditor.h"
#include "app/clock_watch.h"
#include "app/disk.h"
#include "app/door.h"
#include "app/held.h"
#include "app/outbound.h"
#include "app/peers.h"
#include "app/recheck.h"
#include "app/servers.h"
#include "app/subscriptions.h"
#include "app/trouble.h"
#include "app/unheard.h"
#include "app/waiting.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "store/reader.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/random.h"

#include <stdlib.h>

int64_t tcn_app_now_ms(const struct tcn_app *app)
{
    return app->store ? tcn_storethread_now_ms(app->store) : tcn_clock_now_ms();
}

static void on_away(void *ctx, bool is_away, const char *why)
{
    struct tcn_app *app = ctx;

    if (is_away) {
        tcn_log(TCN_LOG_ERROR, "store", "the database is away: senders are told to come again",
                "why", why, NULL);
        return;
    }
    app->listens_ms = tcn_app_now_ms(app);
    tcn_log(TCN_LOG_INFO, "store", "the database is back", NULL);
    tcn_app_wake(app);
}

/* Another node is dead; peers.c tells which. */
static void on_taken(void *ctx)
{
    tcn_app_wake(ctx);
}

static bool may_act(void *ctx)
{
    struct tcn_app *app = ctx;

    return !app->store || tcn_storethread_may_act(app->store);
}

static void tell_doubts(struct tcn_app *app)
{
    struct tcn_start_doubts doubts;

    tcn_storethread_start_doubts(app->store, &doubts);
    if (*doubts.other_account)
        tcn_log(TCN_LOG_WARN, "store",
                "nodes of another account work on this database: they share nothing with this one, "
                "and an alarm that comes to both opens an incident in each",
                "account_id", app->config->account_id, "other", doubts.other_account, "node",
                doubts.other_node, "do", "give all nodes the same \"account_id\"", NULL);
    if (doubts.has_lost)
        tcn_log(TCN_LOG_WARN, "store",
                "the server that was promoted lacks what this node had written last: alarms that "
                "were accepted then are missing, and when they come again they open incidents with "
                "tickets and pages of their own beside what was made for them; other tickets that "
                "may have been made are looked up before they are made, other pages may be sent "
                "again",
                NULL);
    if (*doubts.stands_still_at)
        tcn_log(TCN_LOG_WARN, "store",
                "a process with this node's name is still connected to the database and stands "
                "still: this one has taken its place",
                "node", app->config->node, "from", doubts.stands_still_at, "do",
                "end that one, if it is there; nothing, when its machine failed", NULL);
    if (*doubts.policies)
        tcn_log(TCN_LOG_WARN, "store", doubts.policies, NULL);
}

/* What is not as it should be, and no reason not to start. */
static void tell_of_database(struct tcn_app *app)
{
    struct tcn_storethread_stats stats;

    tcn_storethread_stats(app->store, &stats);
    if (*stats.database.unkept)
        tcn_log(TCN_LOG_WARN, "store",
                "which server has the database cannot be kept for the next start", "why",
                stats.database.unkept, NULL);
    if (!*stats.database.system_id || stats.database.timeline == 0)
        tcn_log(TCN_LOG_WARN, "store",
                "the database's server does not tell this role which one it is: a stranger, or a "
                "primary that a promotion left behind, may be taken for the right one",
                "do",
                "as a superuser, in this database: GRANT EXECUTE ON FUNCTION pg_control_system(), "
                "pg_walfile_name(pg_lsn) TO the role",
                NULL);
    if (stats.database.bypasses_policies)
        tcn_log(
            TCN_LOG_WARN, "store",
            "the store's role is a superuser or has BYPASSRLS, so that the database does not keep "
            "accounts apart: use a role without either that owns the tables",
            NULL);
    tell_doubts(app);
}

static int take_data_dir(struct tcn_app *app, struct tcn_err *err)
{
    const char *path = app->options.data_dir;
    int r = tcn_dir_make(path, err);

    if (r == 0 && (r = tcn_dir_own(path, &app->data_lock, err)) == TCN_EBUSY)
        tcn_fail(err, r,
                 "another tocsin uses the data folder %s: give each node one of its own (--data)",
                 path);
    return r;
}

static int start_store(struct tcn_app *app, struct tcn_err *err)
{
    struct tcn_storethread_options o = {.store = {.url = app->config->store,
                                                  .account_id = app->config->account_id,
                                                  .node = app->config->node,
                                                  .region = app->config->node_region,
                                                  .version = TOCSIN_VERSION,
                                                  .config = app->config->digest,
                                                  .clock_slack_ms = TCN_STORE_CLOCK_SLACK_MS,
                                                  .needs_name = true,
                                                  .folder = app->options.data_dir,
                                                  .password = app->config->store_password.ptr},
                                        .max_waiting = (size_t)app->config->limits.waiting,
                                        .on_full = tcn_disk_told,
                                        .full_ctx = app,
                                        .on_gone = tcn_disk_gone,
                                        .gone_ctx = app,
                                        .on_away = on_away,
                                        .away_ctx = app,
                                        .on_stall = tcn_trouble_told,
                                        .stall_ctx = app,
                                        .on_taken = on_taken,
                                        .taken_ctx = app,
                                        .on_promoted = tcn_peers_promoted,
                                        .promoted_ctx = app,
                                        .on_set_back = tcn_clock_watch_told,
                                        .set_back_ctx = app};
    int r = take_data_dir(app, err);

    /* There it is the node from the first moment: a process of the same name that runs would end for one that cannot
     * serve. */
    if (r == 0 && tcn_store_is_postgres(app->config->store))
        r = tcn_door_try(app, err);
    if (r < 0 || (r = tcn_storethread_start(app->base, &o, &app->store, err)) < 0)
        return r;
    if (!tcn_store_is_postgres(app->config->store))
        return 0;
    tcn_pump_guard(app->pump, may_act, app);
    tell_of_database(app);
    if ((r = tcn_servers_start(app, &o.store, err)) < 0)
        return r;
    return tcn_reader_start(app->base, &o.store, &app->reader, err);
}

/* -- the secret of acknowledge links, made once a store ------------------------------------------------- */

struct key_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_arena arena;
    uint8_t fresh[TCN_ACK_KEY], key[TCN_ACK_KEY];
};

static int make_key(struct key_job *j, struct tcn_store *s, struct tcn_err *err)
{
    char hex[2 * TCN_ACK_KEY + 1];

    memcpy(j->key, j->fresh, TCN_ACK_KEY);
    tcn_hex(j->key, TCN_ACK_KEY, hex);
    return tcn_store_meta_put(s, "ack_key", hex, err);
}

static int run_key(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct key_job *j = (struct key_job *)base;
    const char *hex = NULL;
    int r;

    (void)now_ms;
    tcn_arena_reset(&j->arena);
    if ((r = tcn_store_lock_name(s, "meta", "ack_key", err)) < 0 ||
        (r = tcn_store_meta_get(s, "ack_key", &j->arena, &hex, err)) < 0)
        return r;
    if (!hex)
        return make_key(j, s, err);
    return tcn_unhex(tcn_str(hex), j->key, TCN_ACK_KEY) < 0
               ? tcn_fail(err, TCN_EINVALID, "the store's ack_key is damaged")
               : 0;
}

static int open_door(struct tcn_app *app, struct tcn_err *err);

static void key_done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct key_job *j = (struct key_job *)base;
    struct tcn_app *app = j->app;
    struct tcn_err why = {0};

    memcpy(app->ack_key, j->key, TCN_ACK_KEY);
    tcn_arena_done(&j->arena);
    free(j);
    if (app->is_stopping) /* told to stop before the door was open */
        return;
    if (r < 0)
        why = *err;
    else
        r = open_door(app, &why);
    if (r == 0)
        return;
    tcn_log(TCN_LOG_ERROR, "app", "cannot start", "why", why.msg, NULL);
    app->exit_code = 1;
    tcn_app_stop(app);
}

static int post_key_job(struct tcn_app *app, struct tcn_err *err)
{
    struct key_job *j = tcn_xcalloc(1, sizeof *j);

    j->app = app;
    j->job.run = run_key;
    j->job.done = key_done;
    tcn_arena_init(&j->arena, 65536);
    tcn_random_bytes(j->fresh, sizeof j->fresh);
    if (tcn_storethread_post(app->store, &j->job) == 0)
        return 0;
    free(j);
    return tcn_fail(err, TCN_EBUSY, "the store takes no work");
}

/* -- the door ------------------------------------------------------------------------------------------- */

static int open_door(struct tcn_app *app, struct tcn_err *err)
{
    struct tcn_storethread_stats stats;
    char epoch[TCN_LOG_NUM], took[TCN_LOG_NUM];
    int r;

    if ((r = tcn_door_open(app, err)) < 0)
        return r;
    tcn_outbound_start(app);
    tcn_unheard_look(app);
    tcn_waiting_follow(app);
    tcn_clock_watch_start(app);
    tcn_held_start(app);
    tcn_auditor_start(app);
    tcn_peers_start(app);
    tcn_storethread_stats(app->store, &stats);
    app->epoch = stats.epoch;
    app->is_ready = true;
    app->listens_ms = tcn_app_now_ms(app);
    tcn_log(TCN_LOG_INFO, "app", "ready", "listen",
            app->options.listen ? app->options.listen : app->config->listen, "admin",
            app->config->admin.listen ? app->config->admin.listen : "none", "store",
            app->config->store, "node", app->config->node, "region", app->config->node_region,
            "database", stats.database.role, "host",
            *stats.database.host ? stats.database.host : NULL, "epoch",
            tcn_log_num(app->epoch, epoch), "took_ms",
            tcn_log_num(tcn_clock_now_ms() - app->started_ms, took), NULL);
    tcn_app_wake(app);
    tcn_subscriptions_wake(app->subscriptions);
    if (app->is_reload_asked)
        tcn_app_reload(app);
    return 0;
}

static int make_outside(struct tcn_app *app, struct tcn_err *err)
{
    int r = tcn_pump_new(app->base, &app->pump, err);

    if (r < 0)
        return r;
    app->fetcher = tcn_fetcher_new(app->base, app->pump, app->config->ca_file);
    app->fetch = (struct tcn_fetch_port){app->fetcher, tcn_fetcher_get};
    app->certs = tcn_sns_certs_new(&app->fetch, app->config->ca_file, tcn_clock_now_ms);
    app->subscriptions = tcn_subscriptions_new(app);
    return 0;
}

int tcn_app_start(struct tcn_app *app, struct tcn_err *err)
{
    int r;

    tcn_app_fix(app);
    app->started_ms = tcn_clock_now_ms();
    app->n_open = -1;
    app->metrics = tcn_metrics_new();
    app->settled = tcn_settled_new();
    app->rechecks = tcn_rechecks_new(app);
    tcn_metrics_set(app->metrics, "tocsin_start_time_seconds", "", (double)app->started_ms / 1000);
    if ((r = tcn_door_make(app, err)) < 0 || (r = tcn_app_timer_init(app, err)) < 0 ||
        (r = make_outside(app, err)) < 0 || (r = start_store(app, err)) < 0)
        return r;
    return post_key_job(app, err);
}
