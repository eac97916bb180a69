#include "app/unheard.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/remark.h"
#include "base/xalloc.h"
#include "gateway/source.h"

#include <stdlib.h>

#define SOURCES_MAX 256
#define SLICE 2000 /* incidents of a job that looks, about 10 ms; other work comes between */
#define BATCH 16   /* of one that writes */
#define ARENA 262144

struct look_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_config *config;     /* a reference: that of the look */
    struct tcn_arena arena, names; /* of one run; of the list */
    bool is_told;                  /* in the log */
    /* What was found so far, and where the next look begins. */
    struct tcn_source_waiting list[SOURCES_MAX];
    size_t n;
    struct tcn_id after;
    bool is_complete;
    /* Results. */
    struct tcn_source_waiting *found;
    size_t n_found, n_written;
    struct tcn_id next;
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

static int look(struct look_job *j, struct tcn_store *s, struct tcn_err *err)
{
    j->next = j->after;
    return tcn_store_source_waiting(s, !has_shared(j->config), &j->next, SLICE, &j->arena,
                                    &j->found, &j->n_found, err);
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;
    int r = 0;

    tcn_arena_reset(&j->arena);
    j->n_written = 0;
    if (!j->is_complete)
        return look(j, s, err);
    for (size_t i = 0; i < j->n && r == 0 && j->n_written < BATCH; i++)
        r = write_lines(j, s, j->list[i].source, now_ms, err);
    return r;
}

/* Those that are not served. */
static void add(struct look_job *j, const struct tcn_source_waiting *found)
{
    for (size_t i = 0; i < j->n; i++)
        if (strcmp(j->list[i].source, found->source) == 0) {
            j->list[i].n += found->n;
            return;
        }
    if (j->n < SOURCES_MAX && !is_served(j->config, found->source))
        j->list[j->n++] =
            (struct tcn_source_waiting){tcn_arena_strdup(&j->names, found->source), found->n};
}

static void add_slice(struct look_job *j)
{
    for (size_t i = 0; i < j->n_found; i++)
        add(j, &j->found[i]);
    j->after = j->next;
    j->is_complete = tcn_id_is_zero(j->next);
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
    tcn_arena_done(&j->names);
    free(j);
}

static void tell(struct look_job *j)
{
    for (size_t i = 0; !j->is_told && i < j->n; i++)
        warn(&j->list[i]);
    j->is_told = true;
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;
    bool has_more = r == 0 && (!j->is_complete || j->n_written == BATCH);

    (void)err;
    if (r == 0 && !j->is_complete) {
        add_slice(j);
        has_more = !j->is_complete || j->n > 0;
    }
    if (r == 0 && j->is_complete)
        tell(j);
    if (!has_more || tcn_storethread_post(j->app->store, &j->job) < 0)
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
    tcn_arena_init(&j->names, ARENA);
    if (tcn_storethread_post(app->store, &j->job) < 0)
        look_free(j);
}
