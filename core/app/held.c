/* The loop's half of held mode: a look a second, what is told, and who is woken. */
#include "app/held.h"
#include "app/app.h"
#include "app/clock_watch.h"
#include "base/xalloc.h"

#include <stdlib.h>

#define LOOK_MS 1000

struct tcn_held {
    struct event *look;
    struct tcn_config *config; /* a reference, while a job works with its directory */
    bool was_told;
};

static void arm(struct tcn_app *app, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    if (evtimer_add(app->held->look, &tv) < 0)
        abort();
}

static void show(struct tcn_app *app, const struct tcn_held_count *count)
{
    tcn_metrics_set(app->metrics, "tocsin_held", "kind=\"pages\"", (double)count->pages);
    tcn_metrics_set(app->metrics, "tocsin_held", "kind=\"steps\"", (double)count->steps);
    tcn_metrics_set(app->metrics, "tocsin_held", "kind=\"tickets\"", (double)count->tickets);
    tcn_metrics_set(app->metrics, "tocsin_held", "kind=\"notices\"", (double)count->notices);
}

static void warn(struct tcn_app *app, const struct tcn_held_count *count)
{
    char pages[TCN_LOG_NUM], steps[TCN_LOG_NUM], tickets[TCN_LOG_NUM], notices[TCN_LOG_NUM];

    if (app->held->was_told)
        return;
    app->held->was_told = true;
    tcn_log(TCN_LOG_WARN, "held",
            "the store was restored: what was due before is not sent; new alarms page", "pages",
            tcn_log_num(count->pages, pages), "steps", tcn_log_num(count->steps, steps), "tickets",
            tcn_log_num(count->tickets, tickets), "notices", tcn_log_num(count->notices, notices),
            "do", "see them with tocsin db held, then tocsin db release", NULL);
}

static void tell(struct tcn_app *app, const struct tcn_held_job *job)
{
    char n[TCN_LOG_NUM];

    show(app, &job->count);
    if (job->was_asked && !job->has_more) {
        tcn_log(TCN_LOG_INFO, "held", "did what tocsin db release asked for", "incidents",
                tcn_log_num(job->incidents, n), NULL);
        tcn_app_changed(app);
        tcn_app_wake(app);
    }
    if (job->before_ms != 0)
        warn(app, &job->count);
    else if (app->held->was_told)
        tcn_log(TCN_LOG_INFO, "held", "nothing is held any more", NULL);
}

static void finished(struct tcn_held_job *job, int r, const struct tcn_err *err)
{
    struct tcn_app *app = job->ctx;
    bool is_held = r < 0 || job->before_ms != 0, has_more = r == 0 && job->has_more;

    if (r < 0)
        tcn_log(TCN_LOG_ERROR, "held", "cannot look for what is held", "why", err->msg, NULL);
    else
        tell(app, job);
    tcn_config_unref(app->held->config);
    app->held->config = NULL;
    tcn_held_job_free(job);
    if (is_held && !app->is_stopping)
        arm(app, has_more ? 0 : LOOK_MS);
}

static bool post(struct tcn_app *app)
{
    struct tcn_held_job *job = tcn_held_job_new(&app->config->directory);

    job->finished = finished;
    job->ctx = app;
    app->held->config = app->config;
    tcn_config_ref(app->config);
    if (tcn_storethread_post(app->store, &job->job) == 0)
        return true;
    tcn_config_unref(app->held->config);
    app->held->config = NULL;
    tcn_held_job_free(job);
    return false;
}

/* While the times of the store are of a clock that was set back, what is held does not look so. */
static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_app *app = arg;

    (void)fd;
    (void)what;
    if (!tcn_clock_watch_is_settled(app) || !post(app))
        arm(app, LOOK_MS);
}

void tcn_held_start(struct tcn_app *app)
{
    app->held = tcn_xcalloc(1, sizeof *app->held);
    app->held->look = evtimer_new(app->base, on_look, app);
    if (!app->held->look)
        abort();
    arm(app, 0);
}

void tcn_held_stop(struct tcn_app *app)
{
    if (!app->held)
        return;
    event_free(app->held->look);
    free(app->held);
    app->held = NULL;
}
