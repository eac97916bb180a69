/* The loop's half of the pages: claims, places of the connectors, calls, results. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/sends_internal.h"
#include "sys/log.h"

#include <assert.h>
#include <stdlib.h>

#define FAILED_JOB_MS 1000
#define PATIENCE_MS INT64_C(35000) /* with a call, at most */
#define BEYOND_TIMEOUT_MS 5000     /* what goes on so long after it waits for the answer alone */

/* -- jobs ----------------------------------------------------------------------------------------------------- */

static struct tcn_send_job *make_job(struct tcn_sends *s, tcn_job_run *run, tcn_job_done *done)
{
    struct tcn_send_job *j = tcn_worker_begin(&s->worker, sizeof *j, run, done);

    j->sends = s;
    return j;
}

static void free_job(struct tcn_send_job *j)
{
    struct tcn_sends *s = j->sends;

    tcn_send_job_reset(j);
    tcn_send_run_free(j->before);
    free(j->waiting);
    free(j);
    tcn_worker_end(&s->worker);
}

static void log_end(const struct tcn_send_job *j, int r, const struct tcn_err *err)
{
    tcn_worker_log(&j->sends->worker, NULL, j->limit ? "claim of pages" : "result of a page", r,
                   err);
}

/* -- calls ---------------------------------------------------------------------------------------------------- */

static void add_active(struct tcn_sends *s, struct tcn_send_run *run)
{
    struct tcn_send_run **at = &s->active;

    while (*at) /* first come, first served; at most TCN_SENDS_MAX */
        at = &(*at)->next;
    run->next = NULL;
    run->prev = at;
    *at = run;
    s->n_active++;
}

static void remove_active(struct tcn_send_run *run)
{
    *run->prev = run->next;
    if (run->next)
        run->next->prev = run->prev;
    run->prev = NULL;
    run->sends->n_active--;
}

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err);
static void start_calls(struct tcn_sends *s);

/* Whose page it was, by names: an address or a link is for nobody who reads logs. */
static void log_unsent(const struct tcn_send_run *run, const struct tcn_outcome *o)
{
    char incident[TCN_ID_TEXT], attempt[TCN_LOG_NUM], pages[TCN_LOG_NUM];

    tcn_id_text(run->row.incident, incident);
    tcn_log(TCN_LOG_WARN, "connect",
            o->result.outcome == TOCSIN_UNKNOWN ? "page may have arrived" : "page not sent",
            "instance", tcn_port_instance(run->channel->same->port)->sdk.name, "incident", incident,
            "contact", run->row.contact, "channel", run->row.channel, "attempt",
            tcn_log_num(run->row.attempt, attempt), "outcome", tcn_outcome_name(o->result.outcome),
            "reason", o->result.reason, "pages", tcn_log_num((int64_t)run->n_rows, pages), NULL);
}

static void leave_place(struct tcn_send_run *run)
{
    run->channel->same->calling -= run->has_place;
    run->has_place = false;
}

static void on_outcome(void *ctx, struct tcn_outcome *o)
{
    struct tcn_send_run *run = ctx;
    struct tcn_sends *s = run->sends;
    struct tcn_send_job *j = make_job(s, tcn_send_job_result, on_result);

    if (o->result.outcome != TOCSIN_OK)
        log_unsent(run, o);
    run->is_held_back = o->net == TOCSIN_NET_NOT_SENT && o->result.outcome == TOCSIN_RETRY &&
                        !tcn_hub_may_act(s->options.hub);
    leave_place(run);
    event_free(run->patience);
    run->patience = NULL;
    run->outcome = o;
    remove_active(run);
    j->before = run;
    tcn_worker_post(&s->worker, &j->base);
    start_calls(s);
}

/* The timeout is over, so that the text is with the server; or half a minute is, and the next channel is due. */
static int64_t patience_ms(const struct tcn_send_run *run, enum tcn_send_news *ret)
{
    int64_t ms = tcn_port_instance(run->channel->same->port)->limits.timeout_ms + BEYOND_TIMEOUT_MS;

    *ret = ms <= PATIENCE_MS ? TCN_SEND_DOUBTED : TCN_SEND_LATE;
    return ms <= PATIENCE_MS ? ms : PATIENCE_MS;
}

/* The run may be gone before the job runs. */
static void keep_waiting(struct tcn_send_job *j, const struct tcn_send_run *run)
{
    j->n_waiting = run->n_rows;
    j->waiting = tcn_xcalloc(run->n_rows, sizeof *j->waiting);
    for (size_t i = 0; i < run->n_rows; i++) {
        j->waiting[i] = run->rows[i];
        j->waiting[i].contact = j->waiting[i].channel = NULL;
    }
}

static void on_patience(evutil_socket_t fd, short what, void *ctx)
{
    struct tcn_send_run *run = ctx;
    struct tcn_send_job *j = make_job(run->sends, tcn_send_job_waiting, on_result);
    enum tcn_send_news news;

    (void)fd;
    (void)what;
    keep_waiting(j, run);
    (void)patience_ms(run, &news);
    j->news = news;
    tcn_worker_post(&run->sends->worker, &j->base);
    if (news != TCN_SEND_DOUBTED)
        return;
    leave_place(run); /* minutes may pass, and other pages do not wait for that */
    start_calls(run->sends);
    tcn_sends_wake(run->sends);
}

static void start_patience(struct tcn_send_run *run)
{
    enum tcn_send_news news;
    int64_t ms = patience_ms(run, &news);
    struct timeval when = {ms / 1000, (ms % 1000) * 1000};

    run->patience = evtimer_new(run->sends->options.base, on_patience, run);
    if (!run->patience || evtimer_add(run->patience, &when) < 0)
        abort(); /* as every allocation of this program */
}

static bool has_place(const struct tcn_send_channel *c)
{
    return c->calling < (size_t)tcn_port_instance(c->port)->limits.concurrency;
}

static void start_calls(struct tcn_sends *s)
{
    for (struct tcn_send_run *run = s->active; run; run = run->next) {
        struct tcn_send_channel *c = run->channel->same;

        if (run->is_calling || !has_place(c))
            continue;
        run->is_calling = true;
        run->has_place = true;
        c->calling++;
        start_patience(run);
        tcn_port_call(c->port, &run->op, on_outcome, run);
    }
}

/* -- claims --------------------------------------------------------------------------------------------------- */

/* Retired sends do not wait for the next try: whoever claims now must hear of it. */
static bool must_tell(const struct tcn_send_job *j)
{
    return j->has_news || (j->sends->worker.is_retired && j->next_due_ms > 0);
}

static void finish_job(struct tcn_send_job *j, bool is_again)
{
    struct tcn_sends *s = j->sends;

    for (size_t i = 0; i < j->n_runs && !s->worker.is_stopped; i++) {
        add_active(s, j->runs[i]);
        j->runs[i] = NULL;
    }
    if (!s->worker.is_stopped) {
        j->n_runs = 0;
        start_calls(s);
        if (must_tell(j) && s->options.app.changed)
            s->options.app.changed(s->options.app.ctx);
    }
    if (s->options.app.milestones)
        s->options.app.milestones(s->options.app.ctx, &j->milestones);
    tcn_worker_wake_at(&s->worker, j->next_due_ms);
    if (is_again || s->is_asked)
        tcn_sends_wake(s);
    free_job(j);
}

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_send_job *j = (struct tcn_send_job *)job;

    log_end(j, r, err);
    if (r < 0 && !j->sends->worker.is_stopped) {
        tcn_worker_post_later(&j->sends->worker, &j->base, FAILED_JOB_MS);
        return;
    }
    finish_job(j, j->next_due_ms > 0 && j->next_due_ms <= tcn_hub_now(j->sends->options.hub));
}

static void on_claimed(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_send_job *j = (struct tcn_send_job *)job;
    bool is_full = r == 0 && j->n_claimed == j->limit;

    j->sends->is_claiming = false;
    log_end(j, r, err);
    if (r < 0) {
        tcn_send_job_reset(j);
        j->next_due_ms = tcn_hub_now(j->sends->options.hub) + FAILED_JOB_MS;
    }
    finish_job(j, is_full);
}

/* What is claimed beyond the free places would wait here, deaf to an acknowledgement. Without any channel the rows
 * are claimed to be refused. */
static size_t free_places(const struct tcn_sends *s)
{
    size_t most = TCN_SENDS_MAX - s->n_active, n = 0;
    bool has_port = false;

    for (size_t type = 0; type < TCN_SENDS_CHANNELS; type++) {
        const struct tcn_send_channel *c = &s->channels[type];
        size_t places = c->port ? (size_t)tcn_port_instance(c->port)->limits.concurrency : 0;

        has_port |= c->port != NULL;
        n += places > c->calling ? places - c->calling : 0;
    }
    return has_port && n < most ? n : most;
}

static void look(void *ctx)
{
    struct tcn_sends *s = ctx;
    struct tcn_send_job *j;
    size_t places = free_places(s);

    if (s->is_claiming || places == 0) {
        s->is_asked = true;
        return;
    }
    s->is_claiming = true;
    s->is_asked = false;
    j = make_job(s, tcn_send_job_claim, on_claimed);
    j->limit = places;
    tcn_worker_post(&s->worker, &j->base);
}

static bool is_calling(void *ctx)
{
    return ((const struct tcn_sends *)ctx)->active != NULL;
}

void tcn_sends_wake(struct tcn_sends *s)
{
    tcn_worker_wake(&s->worker);
}

/* -- life ----------------------------------------------------------------------------------------------------- */

static void on_ready(void *ctx)
{
    start_calls(ctx);
}

/* Channels of one instance share its port. */
static void set_channel(struct tcn_sends *s, size_t type)
{
    struct tcn_send_channel *c = &s->channels[type];

    c->sends = s;
    if (!s->options.channels[type])
        return;
    for (size_t n = 0; n < type && !c->same; n++)
        if (s->options.channels[n] == s->options.channels[type])
            c->same = s->channels[n].same;
    if (c->same)
        return;
    c->same = c;
    c->port = tcn_port_new(s->options.base, s->options.hub, s->options.channels[type],
                           TCN_PORT_PAGES, on_ready, s);
}

struct tcn_sends *tcn_sends_new(const struct tcn_sends_options *options)
{
    struct tcn_sends *s = tcn_xcalloc(1, sizeof *s);

    assert(options->app.message && options->app.result);
    s->options = *options;
    s->worker = (struct tcn_worker){.hub = options->hub,
                                    .store = options->store,
                                    .is_calling = is_calling,
                                    .look = look,
                                    .ctx = s};
    tcn_worker_init(&s->worker, options->base);
    for (size_t type = 0; type < TCN_SENDS_CHANNELS; type++)
        set_channel(s, type);
    tcn_sends_wake(s);
    return s;
}

void tcn_sends_retire(struct tcn_sends *s, void (*idle)(void *ctx), void *ctx)
{
    tcn_worker_retire(&s->worker, idle, ctx);
}

void tcn_sends_stop(struct tcn_sends *s)
{
    struct tcn_worker_job *job;
    struct tcn_send_run *run;

    tcn_worker_stop(&s->worker);
    for (size_t type = 0; type < TCN_SENDS_CHANNELS; type++) {
        tcn_port_free(s->channels[type].port);
        s->channels[type].port = NULL;
    }
    while ((run = s->active) != NULL) {
        remove_active(run);
        tcn_send_run_free(run);
    }
    while ((job = tcn_worker_take_refused(&s->worker)) != NULL)
        free_job((struct tcn_send_job *)job);
}

void tcn_sends_free(struct tcn_sends *s)
{
    if (!s)
        return;
    tcn_sends_stop(s);
    tcn_worker_done(&s->worker);
    free(s);
}

bool tcn_sends_health(const struct tcn_sends *s, const char *instance, struct tcn_port_health *ret)
{
    for (size_t type = 0; type < TCN_SENDS_CHANNELS; type++) {
        if (s->channels[type].port && strcmp(s->options.channels[type]->sdk.name, instance) == 0) {
            tcn_port_health(s->channels[type].port, ret);
            return true;
        }
    }
    return false;
}
