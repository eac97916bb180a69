/* One libevent timer waits for the earliest row of the store; another one for the time of upkeep. */
#include "app/app.h"
#include "app/disk.h"
#include "app/milestones.h"
#include "app/outbound.h"
#include "app/timers.h"
#include "app/upkeep.h"
#include "app/waiting.h"
#include "sys/random.h"

#include <stdlib.h>

#define PAUSE_MS 200     /* between looks while something is overdue that cannot run yet */
#define LONGEST_MS 60000 /* the wall clock may be set: look again at least that often */
#define SHARED_MS 500    /* or another node left something */
#define UPKEEP_MS 60000
#define UPKEEP_PAUSE_MS 10 /* while there is more to forget: alarms come first */

static void schedule(struct tcn_app *app, int64_t delay_ms)
{
    struct timeval tv = {delay_ms / 1000, (delay_ms % 1000) * 1000};

    if (evtimer_add(app->timer, &tv) < 0)
        abort();
}

static int64_t delay_until(const struct tcn_app *app, int64_t next_ms, int64_t now_ms)
{
    int64_t longest = tcn_store_is_postgres(app->config->store) ? SHARED_MS : LONGEST_MS;
    int64_t delay = next_ms ? next_ms - now_ms : longest;

    if (delay < PAUSE_MS && next_ms <= now_ms)
        return PAUSE_MS;
    return delay > longest ? longest : delay < 1 ? 1 : delay;
}

static void note_lateness(struct tcn_app *app, const struct tcn_timer_job *job)
{
    if (job->late_ms <= app->max_late_ms)
        return;
    app->max_late_ms = job->late_ms;
    tcn_metrics_set(app->metrics, "tocsin_timer_late_seconds_max", "", (double)job->late_ms / 1000);
}

static int64_t next_of(const struct tcn_timer_job *job)
{
    bool is_waiting_first =
        job->waiting_ms != 0 && (job->next_ms == 0 || job->waiting_ms < job->next_ms);

    return is_waiting_first ? job->waiting_ms : job->next_ms;
}

/* While senders are turned away nobody's silence means anything. */
static int64_t listens_ms(const struct tcn_app *app)
{
    return tcn_disk_refusal(app) ? tcn_app_now_ms(app) : app->listens_ms;
}

static void run_timers(struct tcn_app *app);

static void finished(struct tcn_timer_job *job, int r, const struct tcn_err *err)
{
    struct tcn_app *app = job->ctx;
    /* An aggregate takes one step a job: what it makes due at once is not left to the pause. */
    bool again = app->is_timer_asked ||
                 (job->n_run > 0 && job->next_ms != 0 && job->next_ms <= tcn_app_now_ms(app));

    app->is_timer_running = app->is_timer_asked = false;
    if (r < 0) {
        tcn_log(TCN_LOG_ERROR, "timers", "due work could not run", "why", err->msg, NULL);
        schedule(app, 1000);
    } else {
        note_lateness(app, job);
        tcn_milestones_tell(app, &job->milestones);
        if (job->has_tickets)
            tcn_app_changed(app);
        schedule(app, delay_until(app, next_of(job), tcn_app_now_ms(app)));
        if (job->waiting_ms != 0 && job->waiting_ms <= tcn_app_now_ms(app))
            tcn_waiting_run(app, listens_ms(app));
    }
    tcn_config_unref(job->owner);
    tcn_timer_job_free(job);
    if (r == 0)
        tcn_outbound_wake(app);
    if (r == 0 && again)
        run_timers(app);
}

static void run_timers(struct tcn_app *app)
{
    struct tcn_command_world world = {&app->config->directory, NULL, app->config->policies,
                                      (uint32_t)tcn_random_u64(), NULL};
    struct tcn_timer_job *job;

    if (app->is_timer_running || app->is_stopping) {
        app->is_timer_asked = true;
        return;
    }
    job = tcn_timer_job_new(&world);
    job->finished = finished;
    job->ctx = app;
    job->listens_ms = listens_ms(app);
    job->owner = app->config;
    tcn_config_ref(app->config);
    app->is_timer_running = true;
    if (tcn_storethread_post(app->store, &job->job) == 0)
        return;
    app->is_timer_running = false;
    tcn_config_unref(job->owner);
    tcn_timer_job_free(job);
    schedule(app, PAUSE_MS);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    run_timers(arg);
}

/* -- upkeep ---------------------------------------------------------------------------------------------- */

static void schedule_upkeep(struct tcn_app *app, int64_t delay_ms)
{
    struct timeval tv = {delay_ms / 1000, (delay_ms % 1000) * 1000};

    if (evtimer_add(app->upkeep, &tv) < 0)
        abort();
}

static void upkeep_finished(struct tcn_upkeep_job *job, int r, const struct tcn_err *err)
{
    bool has_more = r == 0 && job->n_forgotten == TCN_UPKEEP_ROWS;

    if (r < 0)
        tcn_log(TCN_LOG_WARN, "upkeep", "old deliveries not forgotten", "why", err->msg, NULL);
    schedule_upkeep(job->ctx, has_more ? UPKEEP_PAUSE_MS : UPKEEP_MS);
    tcn_upkeep_job_free(job);
}

static void on_upkeep(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_upkeep_job *job = tcn_upkeep_job_new();
    struct tcn_app *app = arg;

    (void)fd;
    (void)what;
    job->finished = upkeep_finished;
    job->ctx = app;
    if (tcn_storethread_post(app->store, &job->job) == 0)
        return;
    tcn_upkeep_job_free(job);
    schedule_upkeep(app, UPKEEP_MS);
}

int tcn_app_timer_init(struct tcn_app *app, struct tcn_err *err)
{
    app->timer = evtimer_new(app->base, on_timer, app);
    app->upkeep = evtimer_new(app->base, on_upkeep, app);
    if (!app->timer || !app->upkeep)
        return tcn_fail(err, TCN_EIO, "cannot make a timer");
    schedule_upkeep(app, UPKEEP_MS);
    return 0;
}

void tcn_app_wake(struct tcn_app *app)
{
    run_timers(app);
}

void tcn_app_changed(struct tcn_app *app)
{
    tcn_settled_clear(app->settled);
}
