/* The loop's half of the lanes: who may claim, calls out, results to the store, the timer. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/lanes_internal.h"
#include "sys/log.h"

#include <assert.h>

#define RETRY_POST_MS 100
#define AGAIN_MS 1000 /* when something is due that cannot be claimed now */
#define FAILED_JOB_MS 2000

static void arm(struct event *ev, int64_t ms)
{
    struct timeval when = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(ev, &when);
}

/* -- jobs ----------------------------------------------------------------------------------------------------- */

static bool is_idle(const struct tcn_lanes *l)
{
    return l->jobs == 0 && !l->calling;
}

static void tell_idle(struct tcn_lanes *l)
{
    if (l->is_retired && l->idle && is_idle(l))
        arm(l->turn, 0);
}

static void free_job(struct tcn_lane_job *j)
{
    struct tcn_lanes *l = j->lanes;

    if (j->before)
        j->instance->busy--;
    tcn_lane_job_reset(j);
    tcn_lane_run_free(j->before);
    free(j);
    l->jobs--;
    tell_idle(l);
}

static void post(struct tcn_lane_job *j)
{
    struct tcn_lanes *l = j->lanes;

    if (tcn_storethread_post(l->options.store, &j->job) == 0)
        return;
    /* The queue is full: a result must not be lost, so it waits here. */
    j->waiting = l->refused;
    l->refused = j;
    arm(l->again, RETRY_POST_MS);
}

static void on_again(evutil_socket_t fd, short what, void *ctx)
{
    struct tcn_lanes *l = ctx;
    struct tcn_lane_job *list = l->refused, *next;

    (void)fd;
    (void)what;
    l->refused = NULL;
    for (; list; list = next) {
        next = list->waiting;
        post(list);
    }
}

/* Waits for what the store knows to be due next. */
static void arm_timer(struct tcn_lanes *l, int64_t due_ms)
{
    int64_t wait_ms = due_ms - tcn_hub_now(l->options.hub);

    if (due_ms > 0)
        arm(l->timer, wait_ms <= 0 ? AGAIN_MS : wait_ms);
}

static void log_failed(const struct tcn_lane_job *j, const struct tcn_err *err)
{
    tcn_log(TCN_LOG_ERROR, "connect", "store job failed", "instance",
            j->instance->source.instance->sdk.name, "job", j->limit ? "claim" : "result", "error",
            err ? err->msg : NULL, NULL);
}

static struct tcn_lane_job *make_job(struct tcn_lane_instance *i, tcn_job_run *run,
                                     tcn_job_done *done)
{
    struct tcn_lane_job *j = tcn_xcalloc(1, sizeof *j);

    j->job.run = run;
    j->job.done = done;
    j->lanes = i->lanes;
    j->instance = i;
    i->lanes->jobs++;
    return j;
}

/* -- calls ---------------------------------------------------------------------------------------------------- */

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err);

static void list_call(struct tcn_lanes *l, struct tcn_lane_run *run)
{
    run->next = l->calling;
    run->prev = &l->calling;
    if (l->calling)
        l->calling->prev = &run->next;
    l->calling = run;
}

static void unlist_call(struct tcn_lane_run *run)
{
    *run->prev = run->next;
    if (run->next)
        run->next->prev = run->prev;
    run->prev = NULL;
}

static void on_outcome(void *ctx, struct tcn_outcome *o)
{
    struct tcn_lane_run *run = ctx;
    struct tcn_lane_job *j = make_job(run->instance, tcn_lane_job_result, on_result);

    if (o->result.outcome != TOCSIN_OK)
        tcn_log(TCN_LOG_WARN, "connect", "call failed", "instance",
                run->instance->source.instance->sdk.name, "verb", tcn_verb_name(o->verb), "outcome",
                tcn_outcome_name(o->result.outcome), "reason", o->result.reason, NULL);
    run->outcome = o;
    unlist_call(run);
    j->before = run;
    post(j);
}

/* Creates and status before texts before notes, should places be scarce. */
static int rank(const struct tcn_lane_run *r)
{
    if (r->op.verb == TOCSIN_CREATE || r->step.class != TCN_CLASS_UNSET)
        return 0;
    return r->op.verb == TOCSIN_NOTE || r->op.verb == TOCSIN_NOTE_FIND ? 2 : 1;
}

static void start_calls(struct tcn_lane_job *j)
{
    for (int wanted = 0; wanted <= 2; wanted++) {
        for (size_t i = 0; i < j->n_runs; i++) {
            struct tcn_lane_run *run = j->runs[i];

            if (!run || rank(run) != wanted)
                continue;
            j->runs[i] = NULL;
            j->instance->busy++;
            list_call(j->lanes, run);
            tcn_port_call(j->instance->port, &run->op, on_outcome, run);
        }
    }
    j->n_runs = 0;
}

/* A retired lane does not wait for its next try: whoever claims now must hear of it. */
static bool must_tell(const struct tcn_lane_job *j)
{
    return j->has_news || (j->lanes->is_retired && j->next_due_ms > 0);
}

static void finish_job(struct tcn_lane_job *j, bool is_again)
{
    struct tcn_lane_instance *i = j->instance;
    struct tcn_lanes *l = j->lanes;

    /* A retired lane finishes what it began; after a stop the calls are not made, their intents are durable. */
    if (!l->is_stopped)
        start_calls(j);
    if (!l->is_stopped && must_tell(j) && l->options.app.changed)
        l->options.app.changed(l->options.app.ctx);
    if (!l->is_retired)
        arm_timer(l, j->next_due_ms);
    if (is_again || i->is_asked)
        tcn_lanes_wake(l);
    free_job(j);
}

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_lane_job *j = (struct tcn_lane_job *)job;
    struct tcn_lanes *l = j->lanes;

    if (r < 0 && !l->is_stopped) {
        /* What the remote did must be written down: the lane waits with it, its lease holds. */
        log_failed(j, err);
        j->waiting = l->refused;
        l->refused = j;
        arm(l->again, FAILED_JOB_MS);
        return;
    }
    finish_job(j, j->next_due_ms > 0 && j->next_due_ms <= tcn_hub_now(l->options.hub));
}

/* -- claims --------------------------------------------------------------------------------------------------- */

static void on_claimed(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_lane_job *j = (struct tcn_lane_job *)job;
    struct tcn_lane_instance *i = j->instance;
    bool is_full = r == 0 && j->n_claimed == j->limit;

    i->is_claiming = false;
    if (r < 0) {
        log_failed(j, err);
        tcn_lane_job_reset(j);
        j->next_due_ms = tcn_hub_now(i->lanes->options.hub) + FAILED_JOB_MS;
    }
    finish_job(j, is_full);
}

static void post_claim(struct tcn_lane_instance *i, unsigned room)
{
    struct tcn_lane_job *j = make_job(i, tcn_lane_job_claim, on_claimed);

    j->limit = room < TCN_LANE_CLAIM_MAX ? room : TCN_LANE_CLAIM_MAX;
    i->is_claiming = true;
    i->is_asked = false;
    post(j);
}

static void claim(struct tcn_lane_instance *i)
{
    size_t places = (size_t)i->source.instance->limits.concurrency;
    unsigned room;

    if (i->is_claiming) {
        i->is_asked = true;
        return;
    }
    room = tcn_port_room(i->port);
    places = places > i->busy ? places - i->busy : 0;
    if (room > 0 && places > 0)
        post_claim(i, room < places ? room : (unsigned)places);
    else
        i->is_asked = true; /* again when a place is free */
}

/* Once; it may free the lanes. */
static void call_idle(struct tcn_lanes *l)
{
    void (*idle)(void *ctx) = is_idle(l) ? l->idle : NULL;

    if (!idle)
        return;
    l->idle = NULL;
    idle(l->idle_ctx);
}

static void on_turn(evutil_socket_t fd, short what, void *ctx)
{
    struct tcn_lanes *l = ctx;

    (void)fd;
    (void)what;
    if (l->is_retired) {
        call_idle(l);
        return;
    }
    for (size_t n = 0; n < l->n_items; n++)
        claim(&l->items[(l->first + n) % l->n_items]);
    l->first = l->n_items > 0 ? (l->first + 1) % l->n_items : 0;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    tcn_lanes_wake(ctx);
}

static void on_ready(void *ctx)
{
    struct tcn_lane_instance *i = ctx;

    if (!i->lanes->is_retired && i->is_asked)
        claim(i);
}

void tcn_lanes_wake(struct tcn_lanes *l)
{
    if (!l->is_retired && !evtimer_pending(l->turn, NULL))
        arm(l->turn, 0);
}

/* -- life ----------------------------------------------------------------------------------------------------- */

static void set_item(struct tcn_lanes *l, size_t n, const struct tcn_lanes_item *item)
{
    struct tcn_lane_instance *i = &l->items[n];

    i->lanes = l;
    i->source = (struct tcn_want_source){
        .instance = item->instance,
        .mapping = item->mapping,
        .settings = item->settings,
        .account_id = l->options.account_id,
        .url = l->options.app.url,
        .ctx = l->options.app.ctx,
    };
    i->port = tcn_port_new(l->options.base, l->options.hub, item->instance, on_ready, i);
}

struct tcn_lanes *tcn_lanes_new(const struct tcn_lanes_options *options)
{
    struct tcn_lanes *l = tcn_xcalloc(1, sizeof *l);

    assert(options->n_items <= TCN_LANES_MAX);
    l->options = *options;
    l->options.items = NULL;
    l->items = tcn_xcalloc(options->n_items ? options->n_items : 1, sizeof *l->items);
    l->turn = evtimer_new(options->base, on_turn, l);
    l->timer = evtimer_new(options->base, on_timer, l);
    l->again = evtimer_new(options->base, on_again, l);
    if (!l->turn || !l->timer || !l->again)
        abort();
    for (; l->n_items < options->n_items; l->n_items++)
        set_item(l, l->n_items, &options->items[l->n_items]);
    tcn_lanes_wake(l);
    return l;
}

void tcn_lanes_retire(struct tcn_lanes *l, void (*idle)(void *ctx), void *ctx)
{
    l->is_retired = true;
    l->idle = idle;
    l->idle_ctx = ctx;
    evtimer_del(l->timer);
    evtimer_del(l->turn);
    tell_idle(l);
}

static void drop_refused(struct tcn_lanes *l)
{
    struct tcn_lane_job *next;

    for (struct tcn_lane_job *j = l->refused; j; j = next) {
        next = j->waiting;
        free_job(j);
    }
    l->refused = NULL;
}

void tcn_lanes_stop(struct tcn_lanes *l)
{
    struct tcn_lane_run *run;

    tcn_lanes_retire(l, NULL, NULL);
    l->is_stopped = true;
    evtimer_del(l->again);
    for (size_t n = 0; n < l->n_items; n++) {
        tcn_port_free(l->items[n].port);
        l->items[n].port = NULL;
    }
    while ((run = l->calling) != NULL) {
        unlist_call(run);
        tcn_lane_run_free(run);
    }
    drop_refused(l);
}

void tcn_lanes_free(struct tcn_lanes *l)
{
    if (!l)
        return;
    tcn_lanes_stop(l);
    assert(l->jobs == 0);
    event_free(l->turn);
    event_free(l->timer);
    event_free(l->again);
    free(l->items);
    free(l);
}

bool tcn_lanes_health(const struct tcn_lanes *l, const char *instance, struct tcn_port_health *ret)
{
    for (size_t n = 0; n < l->n_items; n++) {
        if (l->items[n].port && strcmp(l->items[n].source.instance->sdk.name, instance) == 0) {
            tcn_port_health(l->items[n].port, ret);
            return true;
        }
    }
    return false;
}
