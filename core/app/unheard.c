#include "app/unheard.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/remark.h"
#include "base/xalloc.h"
#include "gateway/source.h"

#include <stdlib.h>

#define SOURCES_MAX 256
#define BATCH 16 /* incidents of a job; other work comes between */
#define ARENA 262144

struct look_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_config *config; /* a reference: that of the look */
    struct tcn_arena arena;
    bool is_told; /* in the log */
    /* Results. */
    struct tcn_source_waiting *list;
    size_t n, n_written;
};

static bool is_served(const struct tcn_config *config, const char *source)
{
    return tcn_policy_of(config->policies, source) != NULL;
}

/* What one source of the scope "all" told of, another can end. */
static bool has_shared(const struct tcn_config *config)
{
    for (size_t i = 0; i < config->n_sources; i++)
        if (config->sources[i]->scope == TCN_SCOPE_ALL)
            return true;
    return false;
}

static int write_lines(struct look_job *j, struct tcn_store *s, const char *source, int64_t now_ms,
                       struct tcn_err *err)
{
    struct tcn_remark remark = {
        .text = tcn_arena_fmt(&j->arena,
                              "an alarm of source %s fires, which is not configured any more: "
                              "nobody tells when it is over; resolve this incident by hand, or "
                              "configure the source under this name again",
                              source)};
    struct tcn_id ids[BATCH];
    size_t n = 0;
    int r;

    /* Another node that looks at the same time waits, and finds the lines. */
    if ((r = tcn_store_lock_name(s, "unheard", source, err)) == 0)
        r = tcn_store_source_untold(s, source, !has_shared(j->config), remark.text,
                                    BATCH - j->n_written, ids, &n, err);
    for (size_t i = 0; i < n && r == 0; i++)
        r = tcn_remark_write(s, &j->config->directory, ids[i], &remark, now_ms, err);
    j->n_written += n;
    return r;
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;
    int r;

    tcn_arena_reset(&j->arena);
    j->n_written = 0;
    r = tcn_store_source_waiting(s, !has_shared(j->config), SOURCES_MAX, &j->arena, &j->list, &j->n,
                                 err);
    for (size_t i = 0; i < j->n && r == 0 && j->n_written < BATCH; i++)
        if (!is_served(j->config, j->list[i].source))
            r = write_lines(j, s, j->list[i].source, now_ms, err);
    return r;
}

static void warn(const struct tcn_source_waiting *waiting)
{
    char n[TCN_LOG_NUM];

    tcn_log(TCN_LOG_WARN, "app", "incidents wait for a source that is not configured", "source",
            waiting->source, "incidents", tcn_log_num(waiting->n, n), "do",
            "resolve them by hand, or configure the source under this name again and send SIGHUP: "
            "nobody else tells when their alarms are over",
            NULL);
}

static void look_free(struct look_job *j)
{
    tcn_config_unref(j->config);
    tcn_arena_done(&j->arena);
    free(j);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;

    (void)err;
    for (size_t i = 0; r == 0 && !j->is_told && i < j->n; i++)
        if (!is_served(j->config, j->list[i].source))
            warn(&j->list[i]);
    j->is_told = true;
    if (r == 0 && j->n_written == BATCH && tcn_storethread_post(j->app->store, &j->job) == 0)
        return;
    look_free(j);
}

void tcn_unheard_look(struct tcn_app *app)
{
    struct look_job *j = tcn_xcalloc(1, sizeof *j);

    j->job = (struct tcn_job){.run = run, .done = done};
    j->app = app;
    j->config = app->config;
    tcn_config_ref(j->config);
    tcn_arena_init(&j->arena, ARENA);
    if (tcn_storethread_post(app->store, &j->job) < 0)
        look_free(j);
}
