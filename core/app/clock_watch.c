#include "app/clock_watch.h"
#include "base/xalloc.h"
#include "sys/clock.h"

#include <stdlib.h>

#define LOOK_MS 1000
#define MOMENT_MS 2000 /* as much as nodes may differ */
#define UNKNOWN (-1)

struct tcn_clock_watch_state {
    struct event *look;
    struct tcn_clock_watch clock;
    int64_t owed_ms;  /* set back by that, and the store does not know it */
    bool has_started; /* the store's own times were looked at */
    bool is_at_work, is_told_failing;
    bool is_told_wrong; /* this machine's clock is not the store's */
};

struct job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    int64_t asked_ms, by_ms;
};

/* Then the store's clock is its server's, and looked after with its rows (store/store_time.c). */
static bool is_shared(const struct tcn_app *app)
{
    return tcn_store_is_postgres(app->config->store);
}

int tcn_clock_watch_apply(struct tcn_store *s, int64_t now_ms, int64_t *by_ms, struct tcn_err *err)
{
    int64_t newest_ms = 0;
    int r = 0;

    if ((r = tcn_store_clock_alone(s, err)) < 0)
        return r;
    if (*by_ms == UNKNOWN) {
        r = tcn_store_newest(s, &newest_ms, err);
        *by_ms = newest_ms - now_ms;
    }
    if (r < 0 || *by_ms < MOMENT_MS) {
        *by_ms = 0;
        return r < 0 ? r : tcn_store_clock_mark(s, now_ms, err);
    }
    return tcn_store_clock_back(s, now_ms, *by_ms, err);
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct job *j = (struct job *)base;

    j->by_ms = j->asked_ms;
    return tcn_clock_watch_apply(s, now_ms, &j->by_ms, err);
}

void tcn_clock_watch_told(void *ctx, int64_t by_ms)
{
    struct tcn_app *app = ctx;
    char seconds[TCN_LOG_NUM];

    tcn_log(TCN_LOG_WARN, "app",
            "the clock was set back: what waits for a time comes that much earlier by it",
            "seconds", tcn_log_num(by_ms / 1000, seconds), "whose",
            is_shared(app) ? "the database's" : "this machine's", NULL);
    if (app->listens_ms > tcn_app_now_ms(app))
        app->listens_ms = tcn_app_now_ms(app);
    tcn_app_changed(app);
    tcn_app_wake(app);
}

/* Once: the next look tries again. */
static void tell_failing(struct tcn_clock_watch_state *w, const struct tcn_err *err)
{
    if (!w->is_told_failing)
        tcn_log(TCN_LOG_ERROR, "app",
                "whether the clock was set back could not be settled with the store; tried again",
                "why", err->msg, NULL);
    w->is_told_failing = true;
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct job *j = (struct job *)base;
    struct tcn_clock_watch_state *w = j->app->clock_watch;

    w->is_at_work = false;
    if (r < 0) {
        tell_failing(w, err);
    } else {
        w->is_told_failing = false;
        w->owed_ms -= j->asked_ms == UNKNOWN ? 0 : j->asked_ms;
        w->has_started = true;
        if (j->by_ms > 0)
            tcn_clock_watch_told(j->app, j->by_ms);
    }
    free(j);
}

static void post(struct tcn_app *app, int64_t asked_ms)
{
    struct tcn_clock_watch_state *w = app->clock_watch;
    struct job *j = tcn_xcalloc(1, sizeof *j);

    *j = (struct job){.job = {.run = run, .done = done}, .app = app, .asked_ms = asked_ms};
    w->is_at_work = tcn_storethread_post(app->store, &j->job) == 0;
    if (!w->is_at_work)
        free(j); /* the next look tries again */
}

/* Nothing goes by it; but a machine whose clock is wrong is not as it should be, or the database's is not. */
static void compare(struct tcn_app *app)
{
    struct tcn_clock_watch_state *w = app->clock_watch;
    int64_t ahead_ms = tcn_clock_now_ms() - tcn_app_now_ms(app);
    bool is_wrong = ahead_ms > MOMENT_MS || ahead_ms < -MOMENT_MS;
    char ms[TCN_LOG_NUM];

    tcn_metrics_set(app->metrics, "tocsin_clock_ahead_seconds", "", (double)ahead_ms / 1000);
    if (is_wrong == w->is_told_wrong)
        return;
    w->is_told_wrong = is_wrong;
    tcn_log_num(ahead_ms, ms);
    if (is_wrong)
        tcn_log(
            TCN_LOG_ERROR, "app",
            "this machine's clock and the database's differ: due times go by the database's, and "
            "a start is refused while it lasts",
            "ahead_ms", ms, "do", "set them alike; timedatectl shows whether NTP runs", NULL);
    else
        tcn_log(TCN_LOG_INFO, "app", "this machine's clock and the database's agree again",
                "ahead_ms", ms, NULL);
}

static void look(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_app *app = arg;
    struct tcn_clock_watch_state *w = app->clock_watch;

    (void)fd;
    (void)what;
    if (is_shared(app))
        compare(app);
    else
        w->owed_ms += tcn_clock_set_back(&w->clock, tcn_clock_now_ms(), tcn_clock_mono_us());
    if ((!w->has_started || w->owed_ms >= MOMENT_MS) && !w->is_at_work && !app->is_stopping)
        post(app, w->has_started ? w->owed_ms : UNKNOWN);
}

bool tcn_clock_watch_is_settled(struct tcn_app *app)
{
    const struct tcn_clock_watch_state *w = app->clock_watch;

    look(-1, 0, app);
    return w->has_started && w->owed_ms < MOMENT_MS && !w->is_at_work;
}

void tcn_clock_watch_mark(struct tcn_app *app)
{
    if (app->clock_watch && !app->clock_watch->is_at_work)
        post(app, 0);
}

void tcn_clock_watch_start(struct tcn_app *app)
{
    static const struct timeval every = {LOOK_MS / 1000, LOOK_MS % 1000 * 1000};
    struct tcn_clock_watch_state *w = tcn_xcalloc(1, sizeof *w);

    app->clock_watch = w;
    w->look = event_new(app->base, -1, EV_PERSIST, look, app);
    if (!w->look || event_add(w->look, &every) < 0)
        abort();
    look(-1, 0, app);
}

void tcn_clock_watch_stop(struct tcn_app *app)
{
    if (!app->clock_watch)
        return;
    event_free(app->clock_watch->look);
    free(app->clock_watch);
    app->clock_watch = NULL;
}
