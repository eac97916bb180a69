#include "app/unserved.h"
#include "base/xalloc.h"

#include <stdlib.h>

#define CONNECTORS_MAX 256
#define ARENA 65536

struct look_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_arena arena;
    struct tcn_link_waiting *list;
    size_t n;
};

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;

    (void)now_ms;
    tcn_arena_reset(&j->arena);
    return tcn_store_link_waiting(s, CONNECTORS_MAX, &j->arena, &j->list, &j->n, err);
}

static bool is_served(const struct tcn_config *config, const char *connector)
{
    const struct tcn_connector_config *c = tcn_config_connector(config, connector);

    return c && c->has_tickets;
}

static void warn(const struct tcn_link_waiting *waiting)
{
    char n[TCN_LOG_NUM];

    tcn_log(
        TCN_LOG_WARN, "app", "tickets wait for a connector that is not configured", "connector",
        waiting->connector, "tickets", tcn_log_num(waiting->n, n), "do",
        "configure it again, with tickets, under this name and send SIGHUP: they go on. Without "
        "it they wait on and are in step no more",
        NULL);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;

    (void)err;
    for (size_t i = 0; r == 0 && i < j->n; i++)
        if (!is_served(j->app->config, j->list[i].connector))
            warn(&j->list[i]);
    tcn_arena_done(&j->arena);
    free(j);
}

void tcn_unserved_look(struct tcn_app *app)
{
    struct look_job *j = tcn_xcalloc(1, sizeof *j);

    j->job = (struct tcn_job){.run = run, .done = done};
    j->app = app;
    tcn_arena_init(&j->arena, ARENA);
    if (tcn_storethread_post(app->store, &j->job) == 0)
        return;
    tcn_arena_done(&j->arena);
    free(j);
}
