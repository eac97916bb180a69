#include "app/auditor.h"

#include "app/audit.h"
#include "app/unreached.h"
#include "base/datetime.h"
#include "base/xalloc.h"
#include "sys/clock.h"
#include "sys/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_MS 1000
#define LATE_US (TCN_AUDIT_LATE_MS * INT64_C(1000)) /* what is late for so long is stuck */
#define WELL_US INT64_C(30000000)                   /* and over when nothing was for so long */
#define ARENA (64u << 20)
#define TEXT_MAX 400

struct tcn_auditor {
    struct event *look;
    struct tcn_id before;
    int64_t late_us, well_us; /* monotonic: since when; 0 = not */
    int64_t asked_us;         /* when the look began that is not back; 0 = none */
    bool is_told;             /* in the log and as an alarm */
    bool
        is_settled; /* that all is well was told to the store, as another run may have left the alarm firing */
    bool is_told_stuck;
};

struct audit_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_config *config; /* a reference */
    struct tcn_arena arena;
    struct tcn_audit audit;
    struct tcn_audit_alarm alarm;
    char what[TEXT_MAX];
};

static void job_free(struct audit_job *j)
{
    tcn_config_unref(j->config);
    tcn_arena_done(&j->arena);
    free(j);
}

static struct audit_job *job_new(struct tcn_app *app)
{
    struct audit_job *j = tcn_xcalloc(1, sizeof *j);

    j->app = app;
    j->config = app->config;
    tcn_config_ref(j->config);
    tcn_arena_init(&j->arena, ARENA);
    return j;
}

/* -- telling ---------------------------------------------------------------------------------------------------- */

static int run_tell(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct audit_job *j = (struct audit_job *)base;

    tcn_arena_reset(&j->arena);
    j->alarm.unreached.n = 0;
    return tcn_audit_tell(s, now_ms, &j->arena, &j->alarm, err);
}

static void told(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct audit_job *j = (struct audit_job *)base;
    struct tcn_app *app = j->app;
    bool has_changed = r == 0 && j->alarm.has_changed;

    if (r < 0)
        tcn_log(TCN_LOG_ERROR, "auditor", "no incident could be made of it", "why", err->msg, NULL);
    else
        tcn_unreached_tell(app, &j->alarm.unreached);
    job_free(j);
    if (has_changed) {
        tcn_app_changed(app);
        tcn_app_wake(app);
    }
}

/* what NULL: all is well. */
static void make_alarm(struct tcn_app *app, const char *what)
{
    struct audit_job *j;

    if (!app->config->auditor.response_plan)
        return;
    j = job_new(app);
    j->job = (struct tcn_job){.run = run_tell, .done = told};
    if (what)
        snprintf(j->what, sizeof j->what, "%s", what);
    j->alarm = (struct tcn_audit_alarm){.what = what ? j->what : NULL,
                                        .policy = &j->config->auditor,
                                        .directory = &j->config->directory,
                                        .new_id = tcn_random_id(tcn_app_now_ms(app)),
                                        .salt = (uint32_t)tcn_random_u64()};
    if (tcn_storethread_post(app->store, &j->job) < 0)
        job_free(j);
}

static void write_what(const struct tcn_overdue *o, char *ret, size_t size)
{
    char step[TCN_TIME_TEXT] = "", page[TCN_TIME_TEXT] = "";
    int n = 0;

    tcn_time_text(o->first_step_ms, step);
    tcn_time_text(o->first_page_ms, page);
    *ret = '\0';
    if (o->steps > 0)
        n = snprintf(ret, size,
                     "%" PRId64 "%s steps of engagements should have run, the first at %s. ",
                     o->steps, o->steps == TCN_OVERDUE_MAX ? " or more" : "", step);
    if (o->pages > 0 && n >= 0 && (size_t)n < size)
        snprintf(ret + n, size - (size_t)n,
                 "%" PRId64 "%s pages are due since %s and were not given to their connector.",
                 o->pages, o->pages == TCN_OVERDUE_MAX ? " or more" : "", page);
}

static void tell_late(struct tcn_app *app, const struct tcn_overdue *overdue)
{
    char what[TEXT_MAX];

    write_what(overdue, what, sizeof what);
    tcn_log(TCN_LOG_ERROR, "auditor", "what is due does not happen", "what", what, "do",
            "look at the lines before this one, at the load of this machine, the mail server and "
            "the database",
            NULL);
    make_alarm(app, what);
    app->auditor->is_told = true;
}

static void tell_well(struct tcn_app *app)
{
    if (app->auditor->is_told)
        tcn_log(TCN_LOG_INFO, "auditor", "what is due happens again", NULL);
    make_alarm(app, NULL);
    app->auditor->is_told = false;
    app->auditor->is_settled = true;
}

/* -- looking ---------------------------------------------------------------------------------------------------- */

static void judge(struct tcn_app *app, const struct tcn_overdue *o, int64_t now_us)
{
    struct tcn_auditor *a = app->auditor;

    tcn_metrics_set(app->metrics, "tocsin_overdue_steps", "", (double)o->steps);
    tcn_metrics_set(app->metrics, "tocsin_overdue_pages", "", (double)o->pages);
    if (o->steps == 0 && o->pages == 0) {
        a->late_us = 0;
        a->well_us = a->well_us ? a->well_us : now_us;
        if ((a->is_told || !a->is_settled) && now_us - a->well_us >= WELL_US)
            tell_well(app);
        return;
    }
    a->well_us = 0;
    a->late_us = a->late_us ? a->late_us : now_us;
    if (!a->is_told && now_us - a->late_us >= LATE_US)
        tell_late(app, o);
}

static void tell_findings(struct tcn_app *app, const struct tcn_audit *audit)
{
    char n[TCN_LOG_NUM], id[TCN_ID_TEXT];

    tcn_metrics_add(app->metrics, "tocsin_audit_findings_total", "",
                    (double)(audit->n_repaired + audit->n_lost));
    if (audit->n_repaired > 0)
        tcn_log(TCN_LOG_ERROR, "auditor", "incidents had no timer for what is due; it is set",
                "incidents", tcn_log_num((int64_t)audit->n_repaired, n), NULL);
    if (audit->n_lost == 0)
        return;
    tcn_id_text(audit->lost, id);
    tcn_log(TCN_LOG_ERROR, "auditor", "messages of pages that were decided are not in the store",
            "incident", id, "do", "run: tocsin db check", NULL);
}

static int run_look(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct audit_job *j = (struct audit_job *)base;

    tcn_arena_reset(&j->arena);
    return tcn_audit_look(s, now_ms, &j->arena, &j->audit, err);
}

static void looked(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct audit_job *j = (struct audit_job *)base;
    struct tcn_app *app = j->app;
    struct tcn_auditor *a = app->auditor;

    (void)err; /* that the store fails is told elsewhere, and means nothing here */
    if (a) {
        a->asked_us = 0;
        a->is_told_stuck = false;
    }
    if (a && r == 0) {
        a->before = j->audit.before;
        judge(app, &j->audit.overdue, tcn_clock_mono_us());
        tell_findings(app, &j->audit);
    }
    job_free(j);
}

/* The store's thread takes no work, or does not come back: of that no incident can be made here. */
static void judge_thread(struct tcn_app *app)
{
    struct tcn_auditor *a = app->auditor;

    if (a->is_told_stuck || tcn_clock_mono_us() - a->asked_us < LATE_US)
        return;
    a->is_told_stuck = true;
    tcn_log(TCN_LOG_ERROR, "auditor", "the store has not answered for 5 s: nothing can happen",
            "do", "look at the disk, or at the database", NULL);
}

static void look(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_app *app = arg;
    struct audit_job *j;

    (void)fd;
    (void)what;
    if (app->is_stopping)
        return;
    if (app->auditor->asked_us != 0) {
        judge_thread(app);
        return;
    }
    j = job_new(app);
    j->job = (struct tcn_job){.run = run_look, .done = looked};
    j->audit.before = app->auditor->before;
    if (tcn_storethread_post(app->store, &j->job) == 0)
        app->auditor->asked_us = tcn_clock_mono_us();
    else
        job_free(j);
}

void tcn_auditor_start(struct tcn_app *app)
{
    static const struct timeval every = {LOOK_MS / 1000, LOOK_MS % 1000 * 1000};

    app->auditor = tcn_xcalloc(1, sizeof *app->auditor);
    app->auditor->look = event_new(app->base, -1, EV_PERSIST, look, app);
    if (!app->auditor->look || event_add(app->auditor->look, &every) < 0)
        abort();
}

void tcn_auditor_stop(struct tcn_app *app)
{
    if (!app->auditor)
        return;
    event_free(app->auditor->look);
    free(app->auditor);
    app->auditor = NULL;
}
