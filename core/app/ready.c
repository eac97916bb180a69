#include "app/ready.h"
#include "app/disk.h"
#include "app/look.h"
#include "app/routes.h"
#include "app/trouble.h"
#include "sys/clock.h"

#include <assert.h>
#include <stdio.h>

#define FRESH_MS 1000 /* for so long what a try came to is believed */
/* So many deliveries in a row, for so long, and nothing was accepted in between: it is not they. */
#define FAILED_MIN 3
#define FAILED_MS 2000
/* After so long without another one a try that comes to something says that it is over. */
#define OVER_MS 5000
#define TRIES_MIN 2 /* one may meet a lock that is there for a moment */
/* So long nothing that was asked came to anything: what is slow under load is quicker, and so is one lock of another session's
 * that one job waits for in vain (2 s), which is not everybody's. */
#define SILENT_MS 2500

/* -- what the store has not answered ------------------------------------------------------------------------- */

void tcn_ready_asked(struct tcn_app *app)
{
    struct tcn_ready *k = &app->ready;

    k->n_asked++;
    if (k->silent_us == 0)
        k->silent_us = tcn_clock_mono_us();
}

/* Who is told to come again knows as much as before; that a database is away or hangs is told by itself. */
void tcn_ready_answered(struct tcn_app *app, int r)
{
    struct tcn_ready *k = &app->ready;
    char trouble[TCN_TROUBLE];

    assert(k->n_asked > 0);
    k->n_asked--;
    if (r == TCN_EBUSY && !tcn_trouble(app, trouble)) {
        k->n_busy++;
        return;
    }
    k->n_busy = 0;
    k->silent_us = k->n_asked > 0 ? tcn_clock_mono_us() : 0;
}

static int64_t silent_ms(const struct tcn_ready *k)
{
    return k->silent_us ? (tcn_clock_mono_us() - k->silent_us) / 1000 : 0;
}

static bool is_silent(const struct tcn_ready *k)
{
    return silent_ms(k) >= SILENT_MS;
}

/* -- what it has refused ------------------------------------------------------------------------------------- */

static bool is_failing(const struct tcn_ready *k)
{
    return k->n_failed >= FAILED_MIN &&
           tcn_clock_mono_us() - k->failing_us >= FAILED_MS * INT64_C(1000);
}

/* Alarms are refused by the database itself, which answers. */
static bool is_refusing(const struct tcn_ready *k)
{
    return k->n_tries_failed >= TRIES_MIN || is_failing(k) || (is_silent(k) && k->n_busy > 0);
}

static const char *silence(const struct tcn_app *app)
{
    return tcn_store_is_postgres(app->config->store)
               ? "the database is held up by a lock, or is slow"
               : "the disk is slow, or another program has locked the database";
}

/* Once, and when it is over. */
static void tell(struct tcn_app *app)
{
    struct tcn_ready *k = &app->ready;
    char trouble[TCN_TROUBLE];

    if ((is_refusing(k) || is_silent(k)) == k->is_told || tcn_trouble(app, trouble))
        return;
    k->is_told = !k->is_told;
    if (k->is_told && !is_refusing(k))
        tcn_log(TCN_LOG_ERROR, "store", "the store answers no alarm: this node is not ready", "why",
                silence(app), NULL);
    else if (k->is_told)
        tcn_log(TCN_LOG_ERROR, "store",
                "the database refuses what an alarm writes: this node is not ready", "why", k->why,
                NULL);
    else
        tcn_log(TCN_LOG_INFO, "store", "the database takes alarms again", NULL);
    app->listens_ms = tcn_app_now_ms(app); /* who was turned away is not silent */
}

void tcn_ready_accepted(struct tcn_app *app)
{
    app->ready.n_failed = 0;
    tell(app);
}

void tcn_ready_failed(struct tcn_app *app, const struct tcn_err *why)
{
    struct tcn_ready *k = &app->ready;
    char trouble[TCN_TROUBLE];

    if (tcn_trouble(app, trouble))
        return; /* which is told by itself, and says more */
    k->failed_us = tcn_clock_mono_us();
    if (k->n_failed++ == 0)
        k->failing_us = k->failed_us;
    snprintf(k->why, sizeof k->why, "%s", why->msg);
    tell(app);
}

void tcn_ready_metrics(const struct tcn_app *app, struct tcn_metrics *m)
{
    tcn_metrics_set(m, "tocsin_database_refuses", "", is_refusing(&app->ready));
}

/* False when an alarm would be accepted, as far as it is known. */
static bool refusal(const struct tcn_app *app, char *ret_text, size_t size)
{
    const char *disk = app->is_ready ? tcn_disk_refusal(app) : NULL;
    char trouble[TCN_TROUBLE];

    if (!app->is_ready)
        snprintf(ret_text, size, "not ready");
    else if (disk)
        snprintf(ret_text, size, "%s: alarms are not accepted", disk);
    else if (tcn_trouble(app, trouble))
        snprintf(ret_text, size, "%s: alarms are not accepted", trouble);
    else if (is_refusing(&app->ready))
        snprintf(ret_text, size, "the database refuses what an alarm writes: %s",
                 tcn_trouble_in_public(app->ready.why));
    else if (is_silent(&app->ready))
        snprintf(ret_text, size, "%s: no alarm was answered for %lld s", silence(app),
                 (long long)silent_ms(&app->ready) / 1000);
    else
        return false;
    return true;
}

static void answer(struct tcn_app *app, struct tcn_request *rq, void *ctx)
{
    char why[TCN_ERR_MSG + 60];

    (void)ctx;
    tell(app);
    if (refusal(app, why, sizeof why))
        tcn_answer_busy(rq, why);
    else
        tcn_answer_text(rq, 200, "text/plain; charset=utf-8", NULL, TCN_STR("ready\n"));
}

/* -- a try --------------------------------------------------------------------------------------------------- */

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    char text[24];
    int r;

    (void)base;
    snprintf(text, sizeof text, "%lld", (long long)now_ms);
    r = tcn_store_meta_put(s, "ready_probe", text, err);
    return r < 0 ? r : tcn_store_try_tables(s, err);
}

static void heard(struct tcn_look *look, int r, const struct tcn_err *err)
{
    struct tcn_ready *k = &look->app->ready;
    bool is_over = false;
    char trouble[TCN_TROUBLE];

    k->is_asked = false;
    k->tried_us = tcn_clock_mono_us();
    tcn_ready_answered(look->app, r);
    if (r < 0 && tcn_trouble(look->app, trouble))
        return;
    if (r < 0) {
        k->n_tries_failed += r == TCN_EBUSY ? 1 : TRIES_MIN;
        snprintf(k->why, sizeof k->why, "%s", err->msg);
    } else {
        /* What tries met, deliveries did. */
        is_over = k->n_tries_failed > 0 || k->tried_us - k->failed_us >= OVER_MS * INT64_C(1000);
        k->n_tries_failed = 0;
    }
    if (is_over)
        k->n_failed = 0;
    tell(look->app);
}

/* Nobody needs credentials to ask, and a try is a write: one at a time, one a second. */
static bool may_try(const struct tcn_app *app)
{
    const struct tcn_ready *k = &app->ready;

    return app->is_ready && !tcn_disk_refusal(app) && !k->is_asked &&
           tcn_clock_mono_us() - k->tried_us >= FRESH_MS * INT64_C(1000);
}

void tcn_route_ready(struct tcn_app *app, struct tcn_request *rq)
{
    const struct tcn_look look = {.job = {.run = run}, .answer = answer, .heard = heard};
    char why[TCN_TROUBLE];

    if (!may_try(app) || tcn_trouble(app, why)) {
        answer(app, rq, NULL);
        return;
    }
    app->ready.is_asked = tcn_look(app, rq, &look);
    if (app->ready.is_asked)
        tcn_ready_asked(app);
    else
        tcn_answer_refused(app, rq);
}
