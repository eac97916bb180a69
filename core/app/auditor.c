#include "app/auditor.h"

#include "app/audit.h"
#include "app/milestones.h"
#include "base/datetime.h"
#include "base/xalloc.h"
#include "sys/clock.h"
#include "sys/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_MS 1000
#define LATE_US (TCN_AUDIT_LATE_MS * INT64_C(1000)) /* for what was late when work began */
#define GAP_US INT64_C(2000000)   /* a look that took longer: nothing could happen meanwhile */
#define WELL_US INT64_C(30000000) /* it is over when nothing was late for so long */
#define ARENA (64u << 20)
#define TEXT_MAX 400

struct tcn_auditor {
    struct event *look;
    struct tcn_id before;
    int64_t able_us;  /* monotonic: since when each look came back at once */
    int64_t well_us;  /* monotonic: since when nothing is late; 0 = something is */
    int64_t asked_us; /* when the look began that is not back; 0 = none */
    struct {
        bool is_told; /* in the log and as an alarm */
        bool
            is_settled; /* that all is well was told to the store: another run may have left the alarm firing */
    } late, rows;
    bool is_found; /* rows were lacking, in this walk over the open incidents */
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
    j->alarm.milestones = (struct tcn_milestones){0};
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
        tcn_milestones_tell(app, &j->alarm.milestones);
    job_free(j);
    if (has_changed) {
        tcn_app_changed(app);
        tcn_app_wake(app);
    }
}

/* what NULL: all is well. */
static void make_alarm(struct tcn_app *app, enum tcn_audit_kind kind, const char *what)
{
    struct audit_job *j;

    if (!app->config->auditor.response_plan)
        return;
    j = job_new(app);
    j->job = (struct tcn_job){.run = run_tell, .done = told};
    if (what)
        snprintf(j->what, sizeof j->what, "%s", what);
    j->alarm = (struct tcn_audit_alarm){.kind = kind,
                                        .what = what ? j->what : NULL,
                                        .policy = &j->config->auditor,
                                        .declared = &j->config->directory,
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
    make_alarm(app, TCN_AUDIT_LATE, what);
    app->auditor->late.is_told = true;
}

static void tell_well(struct tcn_app *app)
{
    if (app->auditor->late.is_told)
        tcn_log(TCN_LOG_INFO, "auditor", "what is due happens again", NULL);
    make_alarm(app, TCN_AUDIT_LATE, NULL);
    app->auditor->late.is_told = false;
    app->auditor->late.is_settled = true;
}

/* -- looking ---------------------------------------------------------------------------------------------------- */

/* After a start, or when the store was away, there is time to catch up. */
static void judge(struct tcn_app *app, const struct tcn_overdue *o, int64_t now_us)
{
    struct tcn_auditor *a = app->auditor;

    tcn_metrics_set(app->metrics, "tocsin_overdue_steps", "", (double)o->steps);
    tcn_metrics_set(app->metrics, "tocsin_overdue_pages", "", (double)o->pages);
    if (o->steps == 0 && o->pages == 0) {
        a->well_us = a->well_us ? a->well_us : now_us;
        if ((a->late.is_told || !a->late.is_settled) && now_us - a->well_us >= WELL_US)
            tell_well(app);
        return;
    }
    a->well_us = 0;
    if (!a->late.is_told && now_us - a->able_us >= LATE_US)
        tell_late(app, o);
}

static void log_findings(struct tcn_app *app, const struct tcn_audit *audit, const char *lost)
{
    char n[TCN_LOG_NUM];

    tcn_metrics_add(app->metrics, "tocsin_audit_findings_total", "",
                    (double)(audit->n_repaired + audit->n_lost));
    if (audit->n_repaired > 0)
        tcn_log(TCN_LOG_ERROR, "auditor", "incidents had no timer for what is due; it is set",
                "incidents", tcn_log_num((int64_t)audit->n_repaired, n), NULL);
    if (audit->n_lost > 0)
        tcn_log(TCN_LOG_ERROR, "auditor",
                "messages of pages that were decided are not in the store", "incident", lost, "do",
                "run: tocsin db check", NULL);
}

static void tell_findings(struct tcn_app *app, const struct tcn_audit *audit)
{
    char what[TEXT_MAX], lost[TCN_ID_TEXT];

    tcn_id_text(audit->lost, lost);
    log_findings(app, audit, lost);
    app->auditor->is_found = true;
    if (app->auditor->rows.is_told)
        return;
    if (audit->n_lost > 0)
        snprintf(what, sizeof what,
                 "Messages of pages of incident %s were decided and are not in the store: they "
                 "reach nobody. Run: tocsin db check.",
                 lost);
    else
        snprintf(what, sizeof what,
                 "%zu incidents had no timer for what is due: their next step would not have run. "
                 "It is set now. Run: tocsin db check.",
                 audit->n_repaired);
    make_alarm(app, TCN_AUDIT_ROWS, what);
    app->auditor->rows.is_told = true;
}

/* It is over when a whole walk has found nothing. */
static void judge_rows(struct tcn_app *app, const struct tcn_audit *audit)
{
    struct tcn_auditor *a = app->auditor;

    if (audit->n_repaired + audit->n_lost > 0)
        tell_findings(app, audit);
    if (!tcn_id_is_zero(audit->before))
        return;
    if (!a->is_found && (a->rows.is_told || !a->rows.is_settled)) {
        make_alarm(app, TCN_AUDIT_ROWS, NULL);
        a->rows.is_told = false;
        a->rows.is_settled = true;
    }
    a->is_found = false;
}

static int run_look(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct audit_job *j = (struct audit_job *)base;

    tcn_arena_reset(&j->arena);
    return tcn_audit_look(s, now_ms, &j->arena, &j->audit, err);
}

static void came_back(struct tcn_auditor *a, int r, int64_t now_us)
{
    if (r < 0 || now_us - a->asked_us >= GAP_US)
        a->able_us = now_us;
    a->asked_us = 0;
    a->is_told_stuck = false;
}

static void looked(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct audit_job *j = (struct audit_job *)base;
    struct tcn_app *app = j->app;
    struct tcn_auditor *a = app->auditor;
    int64_t now_us = tcn_clock_mono_us();

    (void)err; /* that the store fails is told elsewhere, and means nothing here */
    if (a)
        came_back(a, r, now_us);
    if (a && r == 0) {
        a->before = j->audit.before;
        judge(app, &j->audit.overdue, now_us);
        judge_rows(app, &j->audit);
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
    app->auditor->able_us = tcn_clock_mono_us();
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
