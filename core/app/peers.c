#include "app/peers.h"
#include "app/app.h"
#include "app/peers_agree.h"
#include "base/datetime.h"
#include "base/xalloc.h"
#include "sys/clock.h"

#include <stdlib.h>

#define LOOK_MS 2000
#define LOOK_ARENA (1u << 20)

struct tcn_peers {
    struct event *look;
    struct tcn_arena arenas[2]; /* what the last look found, and room for the next one */
    size_t now;
    struct tcn_peer *list;
    size_t n;
    int64_t losses;
    int64_t looked_ms; /* 0: never */
    struct tcn_agree agree;
    bool has_looked, is_looking;
    bool is_asked; /* for another look, during one */
};

/* -- what changed ------------------------------------------------------------------------------------------- */

static const struct tcn_peer *find(const struct tcn_peer *list, size_t n, int64_t epoch)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].epoch == epoch)
            return &list[i];
    return NULL;
}

/* One that came and went between two looks is told as what it is now. */
static bool is_news(const struct tcn_peer *was, const struct tcn_peer *is)
{
    return !is->is_self && (!was || was->state != is->state);
}

size_t tcn_peers_compare(const struct tcn_peer *was, size_t n_was, const struct tcn_peer *is,
                         size_t n_is, struct tcn_peer_news ret[TCN_PEERS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < n_is && n < TCN_PEERS_MAX; i++)
        if (is_news(find(was, n_was, is[i].epoch), &is[i]))
            ret[n++] = (struct tcn_peer_news){is[i].state, &is[i]};
    return n;
}

/* -- telling ------------------------------------------------------------------------------------------------ */

static void tell(const struct tcn_peer_news *news)
{
    const struct tcn_peer *p = news->peer;
    char epoch[TCN_LOG_NUM], sends[TCN_LOG_NUM], links[TCN_LOG_NUM], seen[TCN_TIME_TEXT];

    tcn_log_num(p->epoch, epoch);
    tcn_time_text(p->seen_ms, seen);
    if (news->state == TCN_PEER_ALIVE)
        tcn_log(TCN_LOG_INFO, "nodes", "a node joined", "node", p->name, "region", p->region,
                "epoch", epoch, "version", p->version, "last_contact", seen, NULL);
    else if (news->state == TCN_PEER_STOPPED)
        tcn_log(TCN_LOG_INFO, "nodes", "a node stopped", "node", p->name, "region", p->region,
                "epoch", epoch, "last_contact", seen, NULL);
    else
        tcn_log(TCN_LOG_WARN, "nodes", "a node was taken over", "node", p->name, "region",
                p->region, "epoch", epoch, "by", p->ended_by, "last_contact", seen,
                "sends_in_flight", tcn_log_num(p->n_sends, sends), "links_held",
                tcn_log_num(p->n_links, links), NULL);
}

/* Who lives when this process starts is told as who is there; who had ended before is not told. */
static void tell_all(struct tcn_peers *p, const struct tcn_peer *list, size_t n)
{
    struct tcn_peer_news news[TCN_PEERS_MAX];
    size_t n_news = tcn_peers_compare(p->list, p->n, list, n, news);

    for (size_t i = 0; i < n_news; i++)
        if (p->has_looked || news[i].state == TCN_PEER_ALIVE)
            tell(&news[i]);
}

static void tell_of_configuration(struct tcn_peers *p)
{
    switch (tcn_agree_look(&p->agree, p->list, p->n, tcn_clock_mono_us())) {
    case TCN_AGREE_DIFFERS:
        tcn_log(TCN_LOG_WARN, "nodes",
                "nodes of one database have different configurations: what becomes of an alarm "
                "depends on who takes it",
                "others", p->agree.others, "own", p->agree.own, "do",
                "give all of them the same region, tokens, sources, connectors, channels and "
                "resources",
                NULL);
        break;
    case TCN_AGREE_AGAIN:
        tcn_log(TCN_LOG_INFO, "nodes", "the nodes have the same configuration again", "own",
                p->agree.own, NULL);
        break;
    case TCN_AGREE_NOTHING:
        break;
    }
}

void tcn_peers_promoted(void *ctx, const struct tcn_database *is)
{
    char timeline[TCN_LOG_NUM];

    (void)ctx;
    tcn_log(TCN_LOG_WARN, "store",
            "a standby was promoted, or the server was set back to a point in time: it is the "
            "database now",
            "host", is->host, "timeline", tcn_log_num(is->timeline, timeline), "system_identifier",
            is->system_id, "do",
            "when it may lack something (an asynchronous standby, an older copy, a point in time): "
            "what was accepted last is missing, and what was sent may be sent again: stop the "
            "nodes, tocsin db hold, and look at tocsin db held before they start",
            NULL);
}

/* -- looking ------------------------------------------------------------------------------------------------ */

struct look_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_arena *arena;   /* borrowed */
    struct tcn_config *config; /* a reference: what this node goes by */
    struct tcn_peer *list;
    size_t n;
    int64_t losses, now_ms;
};

/* After a reload the row is of before; what was found then shows what is. */
static int agree(const struct look_job *j, struct tcn_store *s, struct tcn_err *err)
{
    const struct tcn_config *c = j->config;
    struct tcn_peer *self = NULL;

    for (size_t i = 0; i < j->n; i++)
        if (j->list[i].is_self)
            self = &j->list[i];
    if (!self || (strcmp(self->config ? self->config : "", c->digest) == 0 &&
                  strcmp(self->region ? self->region : "", c->node_region) == 0))
        return 0;
    self->config = tcn_arena_strdup(j->arena, c->digest);
    self->region = tcn_arena_strdup(j->arena, c->node_region);
    return tcn_store_peer_agrees(s, c->node_region, c->digest, err);
}

static int run_look(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;
    int r;

    j->now_ms = now_ms;
    tcn_arena_reset(j->arena);
    j->n = 0;
    r = tcn_store_peer_list(s, j->arena, &j->list, &j->n, err);
    if (r < 0 || (r = tcn_store_peer_work(s, j->list, j->n, err)) < 0 || (r = agree(j, s, err)) < 0)
        return r;
    return tcn_store_peer_losses(s, &j->losses, err);
}

static void arm(struct tcn_app *app, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    if (evtimer_add(app->peers->look, &tv) < 0)
        abort();
}

static void note(struct tcn_peers *p, const struct look_job *j)
{
    tell_all(p, j->list, j->n);
    p->now = !p->now;
    p->list = j->list;
    p->n = j->n;
    p->losses = j->losses;
    p->has_looked = true;
    p->looked_ms = j->now_ms;
    tell_of_configuration(p);
}

/* A look that failed is told by what else fails; the next one comes. */
static void look_done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;
    struct tcn_app *app = j->app;

    (void)err;
    if (r == 0)
        note(app->peers, j);
    tcn_config_unref(j->config);
    free(j);
    app->peers->is_looking = false;
    if (app->is_stopping)
        return;
    if (app->peers->is_asked)
        arm(app, 0);
    else if (r < 0 || tcn_store_is_postgres(app->config->store))
        arm(app, LOOK_MS);
    app->peers->is_asked = false;
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_app *app = arg;
    struct look_job *j = tcn_xcalloc(1, sizeof *j);

    (void)fd;
    (void)what;
    *j = (struct look_job){.job = {.run = run_look, .done = look_done},
                           .app = app,
                           .config = app->config,
                           .arena = &app->peers->arenas[!app->peers->now]};
    tcn_config_ref(app->config);
    app->peers->is_looking = tcn_storethread_post(app->store, &j->job) == 0;
    if (app->peers->is_looking)
        return;
    tcn_config_unref(j->config);
    free(j);
    arm(app, LOOK_MS);
}

void tcn_peers_reloaded(struct tcn_app *app)
{
    if (app->peers->is_looking)
        app->peers->is_asked = true;
    else
        arm(app, 0);
}

int64_t tcn_peers_known(const struct tcn_app *app, const struct tcn_peer **ret, size_t *ret_n)
{
    *ret = app->peers ? app->peers->list : NULL;
    *ret_n = app->peers ? app->peers->n : 0;
    return app->peers ? app->peers->looked_ms : 0;
}

void tcn_peers_start(struct tcn_app *app)
{
    struct tcn_peers *p = app->peers = tcn_xcalloc(1, sizeof *p);

    tcn_arena_init(&p->arenas[0], LOOK_ARENA);
    tcn_arena_init(&p->arenas[1], LOOK_ARENA);
    p->look = evtimer_new(app->base, on_look, app);
    if (!p->look)
        abort();
    arm(app, 0);
}

void tcn_peers_stop(struct tcn_app *app)
{
    if (!app->peers)
        return;
    event_free(app->peers->look);
    tcn_arena_done(&app->peers->arenas[0]);
    tcn_arena_done(&app->peers->arenas[1]);
    free(app->peers);
    app->peers = NULL;
}

/* -- metrics ------------------------------------------------------------------------------------------------ */

static size_t n_alive(const struct tcn_peers *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        n += p->list[i].state == TCN_PEER_ALIVE;
    return n;
}

static void database_metrics(struct tcn_metrics *m, const struct tcn_storethread_stats *store)
{
    if (store->contact_us == 0)
        return; /* it is in this process */
    tcn_metrics_set(m, "tocsin_database_contact_age_seconds", "",
                    (double)(tcn_clock_mono_us() - store->contact_us) / 1e6);
    tcn_metrics_set(m, "tocsin_database_primary", "",
                    strcmp(store->database.role, "primary") == 0 && !store->is_away);
    tcn_metrics_set(m, "tocsin_database_timeline", "", (double)store->database.timeline);
    tcn_metrics_set(m, "tocsin_database_promotions_total", "", (double)store->database.promotions);
}

void tcn_peers_metrics(struct tcn_app *app)
{
    struct tcn_storethread_stats store;
    struct tcn_metrics *m = app->metrics;

    tcn_storethread_stats(app->store, &store);
    tcn_metrics_set(m, "tocsin_nodes_taken_over_total", "", (double)store.taken_over);
    database_metrics(m, &store);
    if (!app->peers || !app->peers->has_looked)
        return;
    tcn_metrics_set(m, "tocsin_nodes_alive", "", (double)n_alive(app->peers));
    tcn_metrics_set(m, "tocsin_nodes_config_differs", "", (double)app->peers->agree.n);
    tcn_metrics_set(m, "tocsin_node_lost_its_lease", "", (double)app->peers->losses);
}
