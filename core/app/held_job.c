/* What becomes of held pages and tickets, in the transactions of the process that owns the store. */
#include "app/catalog.h"
#include "app/held.h"
#include "app/remark.h"
#include "app/turn.h"
#include "base/xalloc.h"

#include <stdlib.h>

#define ACTOR "tocsin db release"

static const char told_released[] = "What was due before the restore is done now.";
static const char told_dropped[] =
    "Held pages of before the restore are not sent, and nobody is paged for it any more.";
static const char told_tickets[] = "Held changes of before the restore are not written to tickets.";

/* One incident of a request. */
struct part {
    struct tcn_held_job *job;
    struct tcn_store *store;
    const struct tcn_held_request *request;
    struct tcn_aggregate *aggregate;
    struct tcn_decision d;
    int64_t now_ms;
};

static void tell(struct part *p, const char *text)
{
    tcn_remark_add(&p->d, &(struct tcn_remark){.text = text, .actor = ACTOR}, p->now_ms);
}

static int drop_pages(struct part *p, bool *ret_dropped, struct tcn_err *err)
{
    int64_t n = 0;
    int r;

    *ret_dropped = false;
    if (p->request->drop_before_ms == 0)
        return 0;
    r = tcn_store_held_paging(p->store, p->aggregate->incident.id, p->request->drop_before_ms, &n,
                              err);
    if (r < 0 || n == 0)
        return r;
    *ret_dropped = true;
    tcn_engine_stop_paging(p->aggregate, p->now_ms, &p->d);
    tell(p, told_dropped);
    return 0;
}

static int drop_tickets(struct part *p, struct tcn_err *err)
{
    int64_t n = 0;
    int r;

    if (!p->request->drops_tickets)
        return 0;
    r = tcn_store_held_drop_tickets(p->store, p->aggregate->incident.id, &n, err);
    if (r == 0 && n > 0)
        tell(p, told_tickets);
    return r;
}

static int decide(struct part *p, struct tcn_err *err)
{
    bool dropped;
    int r;

    if ((r = drop_pages(p, &dropped, err)) < 0 || (r = drop_tickets(p, err)) < 0)
        return r;
    if (p->request->is_release && !dropped)
        tell(p, told_released);
    if (p->d.events.n == 0)
        return 0;
    p->d.next_due_ms = tcn_engine_next_due(p->aggregate);
    return tcn_turn_write(p->store, &p->d, NULL, p->now_ms, err);
}

static int do_one(struct tcn_held_job *job, struct tcn_store *s,
                  const struct tcn_held_request *request, struct tcn_id id, int64_t now_ms,
                  struct tcn_err *err)
{
    struct part p = {.job = job, .store = s, .request = request, .now_ms = now_ms};
    int r;

    tcn_arena_reset(&job->arena);
    p.aggregate = TCN_NEW(&job->arena, struct tcn_aggregate);
    tcn_decision_init(&p.d, &job->arena);
    p.d.subject = p.aggregate;
    p.d.directory = job->directory;
    r = tcn_turn_load(s, id, &job->arena, p.aggregate, err);
    if (r == TCN_ENOTFOUND) /* the code of a channel: of no incident */
        return request->drop_before_ms == 0
                   ? 0
                   : tcn_store_send_drop(s, id, (struct tcn_id){{0}}, told_dropped, err);
    return r < 0 ? r : decide(&p, err);
}

/* The place reached is written with what was done, so that a crash repeats nothing. */
static int do_batch(struct tcn_held_job *job, struct tcn_store *s, struct tcn_held_request *request,
                    int64_t now_ms, struct tcn_err *err)
{
    struct tcn_id ids[TCN_HELD_BATCH];
    size_t n = 0;
    int r = tcn_store_held_incidents(s, request->at, TCN_HELD_BATCH, ids, &n, err);

    for (size_t i = 0; i < n && r == 0; i++)
        r = do_one(job, s, request, ids[i], now_ms, err);
    if (r < 0)
        return r;
    job->was_asked = true;
    job->has_more = n == TCN_HELD_BATCH;
    job->incidents = request->incidents += (int64_t)n;
    if (job->has_more) {
        request->at = ids[n - 1];
        return tcn_store_held_ask(s, request, err);
    }
    if (request->is_release) {
        job->before_ms = 0;
        r = tcn_store_held_set(s, 0, err);
    }
    return r < 0 ? r : tcn_store_held_answer(s, err);
}

/* A clock that was set back must not hold what is new. What is held has the times of the clock before until they are moved
 * (clock_watch.c). */
static int mind_clock(struct tcn_held_job *job, struct tcn_store *s, int64_t now_ms,
                      struct tcn_err *err)
{
    if (job->before_ms == 0 || job->before_ms < now_ms)
        return 0;
    job->is_set_back = true;
    job->before_ms = now_ms - 1;
    return tcn_store_held_set(s, job->before_ms, err);
}

static int count(struct tcn_held_job *job, struct tcn_store *s, struct tcn_err *err)
{
    const struct tcn_held_count *c = &job->count;
    int r = tcn_store_held_count(s, &job->count, err);

    if (r < 0 || job->is_set_back || c->pages + c->steps + c->tickets + c->notices > 0)
        return r;
    job->before_ms = 0; /* people have answered all of it */
    return tcn_store_held_set(s, 0, err);
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_held_job *job = (struct tcn_held_job *)base;
    struct tcn_held_request request = {.at = {{0}}};
    bool is_asked = false;
    int r;

    job->was_asked = job->has_more = job->is_set_back = false;
    job->count = (struct tcn_held_count){0};
    if ((r = tcn_catalog_of(s, job->declared, now_ms, &job->directory, err)) < 0 ||
        (r = tcn_store_held_before(s, &job->before_ms, err)) < 0 ||
        (r = mind_clock(job, s, now_ms, err)) < 0 ||
        (r = tcn_store_held_asked(s, &request, &is_asked, err)) < 0 ||
        (is_asked && (r = do_batch(job, s, &request, now_ms, err)) < 0))
        return r;
    return job->before_ms == 0 ? 0 : count(job, s, err);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct tcn_held_job *job = (struct tcn_held_job *)base;

    job->finished(job, r, err);
}

struct tcn_held_job *tcn_held_job_new(const struct tcn_directory *declared)
{
    struct tcn_held_job *job = tcn_xcalloc(1, sizeof *job);

    tcn_arena_init(&job->arena, TCN_TURN_ARENA);
    job->job.run = run;
    job->job.done = done;
    job->declared = declared;
    return job;
}

void tcn_held_job_free(struct tcn_held_job *job)
{
    if (!job)
        return;
    tcn_arena_done(&job->arena);
    free(job);
}
