#include "app/unserved.h"
#include "base/xalloc.h"
#include "connect/instance.h"
#include "connect/registry.h"
#include "store/notices.h"

#include <stdlib.h>

#define CONNECTORS_MAX 256
#define ARENA 65536

struct waiting {
    struct tcn_connector_waiting *list;
    size_t n;
};

struct look_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_arena arena;
    struct waiting tickets, notices;
};

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;
    int r;

    (void)now_ms;
    tcn_arena_reset(&j->arena);
    r = tcn_store_link_waiting(s, CONNECTORS_MAX, &j->arena, &j->tickets.list, &j->tickets.n, err);
    if (r < 0)
        return r;
    return tcn_store_notice_waiting(s, CONNECTORS_MAX, &j->arena, &j->notices.list, &j->notices.n,
                                    err);
}

static bool has_tickets(const struct tcn_config *config, const char *connector)
{
    const struct tcn_connector_config *c = tcn_config_connector(config, connector);

    return c && c->has_tickets;
}

static bool tells_topics(const struct tcn_config *config, const char *connector)
{
    const struct tcn_connector_config *c = tcn_config_connector(config, connector);

    return c && tcn_connector_reaches(c->instance->connector, TOCSIN_TOPIC);
}

static void warn_of_tickets(const struct tcn_connector_waiting *waiting)
{
    char n[TCN_LOG_NUM];

    tcn_log(
        TCN_LOG_WARN, "app", "tickets wait for a connector that is not configured", "connector",
        waiting->connector, "tickets", tcn_log_num(waiting->n, n), "do",
        "configure it again, with tickets, under this name and send SIGHUP: they go on. Without "
        "it they wait on and are in step no more",
        NULL);
}

static void warn_of_notices(const struct tcn_connector_waiting *waiting)
{
    char n[TCN_LOG_NUM];

    tcn_log(TCN_LOG_WARN, "app", "topics wait for a connector that is not configured", "connector",
            waiting->connector, "notices", tcn_log_num(waiting->n, n), "do",
            "configure it again under this name and send SIGHUP: what happened meanwhile is told. "
            "Without it nobody is told",
            NULL);
}

static void tell(const struct look_job *j)
{
    const struct tcn_config *config = j->app->config;

    for (size_t i = 0; i < j->tickets.n; i++)
        if (!has_tickets(config, j->tickets.list[i].connector))
            warn_of_tickets(&j->tickets.list[i]);
    for (size_t i = 0; i < j->notices.n; i++)
        if (!tells_topics(config, j->notices.list[i].connector))
            warn_of_notices(&j->notices.list[i]);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;

    (void)err;
    if (r == 0)
        tell(j);
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
