/* The loop's half of the lanes: who may claim, calls out, results to the store, the timer. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/lanes_internal.h"
#include "sys/log.h"

#include <assert.h>
#include <stdio.h>

#define FAILED_JOB_MS 2000
#define SHUT_LOOK_MS 5000 /* those that wait are told in groups of TCN_LANE_CLAIM_MAX */

/* -- jobs ----------------------------------------------------------------------------------------------------- */

static void free_job(struct tcn_lane_job *j)
{
    struct tcn_lanes *l = j->lanes;

    if (j->before)
        j->instance->busy--;
    tcn_lane_job_reset(j);
    tcn_lane_run_free(j->before);
    free(j);
    tcn_worker_end(&l->worker);
}

static void log_end(const struct tcn_lane_job *j, int r, const struct tcn_err *err)
{
    tcn_worker_log(&j->lanes->worker, j->instance->source.instance->sdk.name,
                   j->limit ? "claim" : "result", r, err);
}

static struct tcn_lane_job *make_job(struct tcn_lane_instance *i, tcn_job_run *run,
                                     tcn_job_done *done)
{
    struct tcn_lane_job *j = tcn_worker_begin(&i->lanes->worker, sizeof *j, run, done);

    j->lanes = i->lanes;
    j->instance = i;
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
    tcn_worker_post(&j->lanes->worker, &j->base);
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
    return j->has_news || (j->lanes->worker.is_retired && j->next_due_ms > 0);
}

static void claim_if_asked(struct tcn_lane_instance *i);

static void finish_job(struct tcn_lane_job *j, bool is_again)
{
    struct tcn_lane_instance *i = j->instance;
    struct tcn_lanes *l = j->lanes;

    if (l->options.app.milestones)
        l->options.app.milestones(l->options.app.ctx, &j->milestones);
    if (j->found_many && l->options.app.found_many)
        l->options.app.found_many(l->options.app.ctx, i->source.instance->sdk.name);
    if (l->options.app.conflicts)
        l->options.app.conflicts(l->options.app.ctx, i->source.instance->sdk.name, j->conflicts);
    /* A retired lane finishes what it began; after a stop the calls are not made, their intents are durable. */
    if (!l->worker.is_stopped)
        start_calls(j);
    if (!l->worker.is_stopped && must_tell(j) && l->options.app.changed)
        l->options.app.changed(l->options.app.ctx);
    tcn_worker_wake_at(&l->worker, j->next_due_ms);
    if (is_again)
        tcn_lanes_wake(l);
    free_job(j);
    /* That one alone: were all woken, two whose claims are out by turns would ask each other for ever. */
    claim_if_asked(i);
}

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_lane_job *j = (struct tcn_lane_job *)job;
    struct tcn_lanes *l = j->lanes;

    log_end(j, r, err);
    if (r < 0 && !l->worker.is_stopped) {
        /* What the remote did must be written down: the lane waits with it, its lease holds. */
        tcn_worker_post_later(&l->worker, &j->base, FAILED_JOB_MS);
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
    log_end(j, r, err);
    if (r < 0) {
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
    tcn_worker_post(&i->lanes->worker, &j->base);
}

/* -- instances that are not called --------------------------------------------------------------------------- */

static void on_told(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_lane_job *j = (struct tcn_lane_job *)job;

    j->instance->is_telling = false;
    log_end(j, r, err);
    if (r < 0)
        tcn_lane_job_reset(j);
    finish_job(j, false);
}

static bool is_shut(const struct tcn_lane_instance *i, char *ret_why, size_t size)
{
    struct tcn_port_health h;

    tcn_port_health(i->port, &h);
    snprintf(ret_why, size, "%s (%s)",
             h.is_auth_failed ? "its credentials are refused" : "its calls fail", h.last_failure);
    return h.is_auth_failed || h.breaker != TCN_BREAKER_CLOSED;
}

/* Lanes that are due and cannot be claimed come to no call that could tell why. */
static void tell_waiting(struct tcn_lane_instance *i)
{
    struct timeval when = {SHUT_LOOK_MS / 1000, 0};
    int64_t now_ms = tcn_hub_now(i->lanes->options.hub);
    struct tcn_lane_job *j;
    char why[sizeof j->shut];

    if (!is_shut(i, why, sizeof why))
        return;
    evtimer_add(i->lanes->shut, &when);
    if (i->is_telling || now_ms < i->tell_ms)
        return;
    i->is_telling = true;
    i->tell_ms = now_ms + SHUT_LOOK_MS;
    j = make_job(i, tcn_lane_job_wait, on_told);
    j->limit = TCN_LANE_CLAIM_MAX;
    memcpy(j->shut, why, sizeof why);
    tcn_worker_post(&i->lanes->worker, &j->base);
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
    else {
        i->is_asked = true; /* again when a place is free */
        tell_waiting(i);
    }
}

static void look(void *ctx)
{
    struct tcn_lanes *l = ctx;

    for (size_t n = 0; n < l->n_items; n++)
        claim(&l->items[(l->first + n) % l->n_items]);
    l->first = l->n_items > 0 ? (l->first + 1) % l->n_items : 0;
}

static bool is_calling(void *ctx)
{
    return ((const struct tcn_lanes *)ctx)->calling != NULL;
}

static void claim_if_asked(struct tcn_lane_instance *i)
{
    if (!i->lanes->worker.is_retired && !i->lanes->worker.is_stopped && i->is_asked)
        claim(i);
}

static void on_ready(void *ctx)
{
    claim_if_asked(ctx);
}

static void on_shut(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    tcn_lanes_wake(ctx);
}

void tcn_lanes_wake(struct tcn_lanes *l)
{
    tcn_worker_wake(&l->worker);
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
    i->port = tcn_port_new(l->options.base, l->options.hub, item->instance, TCN_PORT_TICKETS,
                           on_ready, i);
}

struct tcn_lanes *tcn_lanes_new(const struct tcn_lanes_options *options)
{
    struct tcn_lanes *l = tcn_xcalloc(1, sizeof *l);

    assert(options->n_items <= TCN_LANES_MAX);
    l->options = *options;
    l->options.items = NULL;
    l->items = tcn_xcalloc(options->n_items ? options->n_items : 1, sizeof *l->items);
    l->worker = (struct tcn_worker){.hub = options->hub,
                                    .store = options->store,
                                    .is_calling = is_calling,
                                    .look = look,
                                    .ctx = l};
    tcn_worker_init(&l->worker, options->base);
    if (!(l->shut = evtimer_new(options->base, on_shut, l)))
        abort();
    for (; l->n_items < options->n_items; l->n_items++)
        set_item(l, l->n_items, &options->items[l->n_items]);
    tcn_lanes_wake(l);
    return l;
}

void tcn_lanes_retire(struct tcn_lanes *l, void (*idle)(void *ctx), void *ctx)
{
    tcn_worker_retire(&l->worker, idle, ctx);
}

void tcn_lanes_stop(struct tcn_lanes *l)
{
    struct tcn_worker_job *job;
    struct tcn_lane_run *run;

    tcn_worker_stop(&l->worker);
    evtimer_del(l->shut);
    for (size_t n = 0; n < l->n_items; n++) {
        tcn_port_free(l->items[n].port);
        l->items[n].port = NULL;
    }
    while ((run = l->calling) != NULL) {
        unlist_call(run);
        tcn_lane_run_free(run);
    }
    while ((job = tcn_worker_take_refused(&l->worker)) != NULL)
        free_job((struct tcn_lane_job *)job);
}

void tcn_lanes_free(struct tcn_lanes *l)
{
    if (!l)
        return;
    tcn_lanes_stop(l);
    tcn_worker_done(&l->worker);
    event_free(l->shut);
    free(l->items);
    free(l);
}

size_t tcn_lanes_count(const struct tcn_lanes *l)
{
    return l->n_items;
}

struct tcn_port *tcn_lanes_port(const struct tcn_lanes *l, size_t n,
                                const struct tcn_mapping **ret_mapping)
{
    *ret_mapping = l->items[n].source.mapping;
    return l->items[n].port;
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

bool tcn_lanes_shut(const struct tcn_lanes *l, const char *instance, char *ret_why, size_t size)
{
    for (size_t n = 0; n < l->n_items; n++)
        if (l->items[n].port && strcmp(l->items[n].source.instance->sdk.name, instance) == 0)
            return is_shut(&l->items[n], ret_why, size);
    return false;
}
