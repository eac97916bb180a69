/* The store thread's half of the notices: which event a topic is told next, and what became of the last one. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/notices_internal.h"
#include "store/notices.h"
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>

#define JOB_ARENA (16u << 20)
#define MESSAGE_ARENA (32u << 20) /* for the application */
#define RUN_ARENA (1u << 20)
#define FIRST_WAIT_MS INT64_C(1000)
#define WAIT_MAX_MS INT64_C(60000)

void tcn_notice_run_free(struct tcn_notice_run *r)
{
    if (!r)
        return;
    json_decref(r->op.payload);
    tcn_outcome_free(r->outcome);
    tcn_arena_done(&r->arena);
    free(r);
}

void tcn_notice_job_reset(struct tcn_notice_job *j)
{
    for (size_t i = 0; i < j->n_runs; i++)
        tcn_notice_run_free(j->runs[i]);
    j->n_runs = j->n_claimed = 0;
    j->next_due_ms = 0;
}

static int next_due(struct tcn_notice_job *j, struct tcn_store *s, struct tcn_err *err)
{
    return tcn_store_notice_next(s, j->target->instance->sdk.name, &j->next_due_ms, err);
}

/* -- how far it is told ------------------------------------------------------------------------------------------- */

/* The event of seq is done with, told or given up; whether there is another the next claim sees. */
static int go_on(struct tcn_store *s, const struct tcn_notice *notice, int64_t seq, int64_t due_ms,
                 struct tcn_err *err)
{
    const struct tcn_notice done = {.id = notice->id, .told_seq = seq, .due_ms = due_ms};

    return tcn_store_notice_put(s, &done, err);
}

struct end {
    struct tcn_id event;
    int64_t seq;
    const char *why;
    const struct tcn_outcome *outcome; /* NULL: it was not sent */
};

/* Of an event the topic is one, and each of its connectors: a letter each. */
static int bury(struct tcn_store *s, const struct tcn_notice *notice, const struct end *end,
                int64_t now_ms, struct tcn_err *err)
{
    struct tcn_deadletter d = {
        .id = tcn_notice_id(end->event, notice->topic, notice->connector),
        .incident = notice->incident,
        .connector = notice->connector,
        .operation = TCN_OPERATION_NOTIFY,
        .reason = end->why,
        .request = end->outcome ? end->outcome->request : NULL,
        .response = end->outcome ? end->outcome->response : NULL,
        .at_ms = now_ms,
    };

    return tcn_store_deadletter_put(s, &d, err);
}

static int tell(const struct tcn_notices *n, struct tcn_store *s,
                const struct tcn_notice_news *news, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_notices_app *app = &n->options.app;

    return app->tell(app->ctx, s, news, now_ms, err);
}

/* The line of the timeline comes first: that takes the incident's lock, which whoever makes this notice due has, too. */
static int give_up(const struct tcn_notices *n, struct tcn_store *s,
                   const struct tcn_notice *notice, const struct end *end, int64_t now_ms,
                   struct tcn_err *err)
{
    const struct tcn_notice_news news = {TCN_NOTICE_GIVEN_UP, notice, end->seq, end->why};
    int r = tell(n, s, &news, now_ms, err);

    if (r == 0)
        r = bury(s, notice, end, now_ms, err);
    return r < 0 ? r : go_on(s, notice, end->seq, now_ms, err);
}

/* -- claim -------------------------------------------------------------------------------------------------------- */

static struct tcn_notice_run *make_run(struct tcn_notice_job *j, const struct tcn_notice *notice,
                                       const struct tcn_notice_message *m)
{
    struct tcn_notice_run *run = tcn_xcalloc(1, sizeof *run);
    struct tcn_arena *a = &run->arena;
    char id[TCN_ID_TEXT];

    tcn_arena_init(a, RUN_ARENA);
    tcn_id_text(m->event, id);
    run->target = j->target;
    run->notice = *notice;
    run->notice.topic = tcn_arena_strdup(a, notice->topic);
    run->notice.connector = tcn_arena_strdup(a, notice->connector);
    run->notice.note = NULL;
    run->event = m->event;
    run->seq = m->seq;
    run->op = (struct tocsin_op){
        .verb = TOCSIN_SEND,
        .attempt = (uint32_t)notice->attempts + 1,
        .op_id = tcn_arena_strdup(a, id),
        .marker = "",
        .remote_id = "",
        .cursor = "",
        .payload = m->payload,
    };
    return run;
}

/* Without an event nobody misses anything. */
static int end_notice(const struct tcn_notices *n, struct tcn_store *s,
                      const struct tcn_notice *notice, const struct tcn_notice_message *m,
                      int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_notice_news news = {TCN_NOTICE_ENDED, notice, m->seq, m->over};
    int r = tcn_id_is_zero(m->event) ? 0 : tell(n, s, &news, now_ms, err);

    return r < 0 ? r : tcn_store_notice_drop(s, notice->id, err);
}

static int claim_one(struct tcn_notice_job *j, struct tcn_store *s, const struct tcn_notice *notice,
                     int64_t now_ms, struct tcn_arena *arena, struct tcn_err *err)
{
    const struct tcn_notices *n = j->target->notices;
    const struct tcn_notices_app *app = &n->options.app;
    struct tcn_notice_message m = {.why = "the message cannot be written"};
    int r = app->next(app->ctx, s, notice, now_ms, arena, &m, err);

    if (r < 0)
        return r;
    if (m.over)
        return end_notice(n, s, notice, &m, now_ms, err);
    if (tcn_id_is_zero(m.event))
        return go_on(s, notice, m.seq, 0, err);
    if (!m.payload)
        return give_up(n, s, notice, &(struct end){m.event, m.seq, m.why, NULL}, now_ms, err);
    j->runs[j->n_runs++] = make_run(j, notice, &m);
    return 0;
}

static int claim_all(struct tcn_notice_job *j, struct tcn_store *s, int64_t now_ms,
                     struct tcn_arena *arena, struct tcn_arena *message, struct tcn_err *err)
{
    struct tcn_notice *notices = NULL;
    int r = tcn_store_notice_claim(s, j->target->instance->sdk.name, now_ms, j->limit, arena,
                                   &notices, &j->n_claimed, err);

    for (size_t i = 0; r == 0 && i < j->n_claimed; i++) {
        tcn_arena_reset(message); /* what one message needed */
        r = claim_one(j, s, &notices[i], now_ms, message, err);
    }
    return r < 0 ? r : next_due(j, s, err);
}

int tcn_notice_job_claim(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                         struct tcn_err *err)
{
    struct tcn_notice_job *j = (struct tcn_notice_job *)job;
    struct tcn_arena arena, message;
    int r;

    assert(j->limit <= TCN_NOTICE_CLAIM_MAX);
    tcn_notice_job_reset(j);
    tcn_arena_init(&arena, JOB_ARENA);
    tcn_arena_init(&message, MESSAGE_ARENA);
    r = claim_all(j, s, now_ms, &arena, &message, err);
    tcn_arena_done(&message);
    tcn_arena_done(&arena);
    return r;
}

/* -- result ------------------------------------------------------------------------------------------------------- */

/* 1, 2, 4 ... 60 s, or what the receiver asked for. */
static int64_t wait_ms(int64_t attempts, const struct tocsin_result *result)
{
    int64_t asked = (int64_t)result->retry_after_s * 1000, wait = FIRST_WAIT_MS;

    for (int64_t i = 1; i < attempts && wait < WAIT_MAX_MS; i++)
        wait *= 2;
    wait = wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
    return asked > wait ? asked : wait;
}

static bool may_pass(uint32_t outcome)
{
    return outcome == TOCSIN_RETRY || outcome == TOCSIN_CONFLICT || outcome == TOCSIN_AUTH ||
           outcome == TOCSIN_UNKNOWN; /* told twice is better than not at all */
}

static bool is_over(const struct tcn_notice *tried)
{
    return tried->attempts >= TCN_NOTICE_TRIES_MIN &&
           tried->due_ms - tried->since_ms > TCN_NOTICE_TRIED_MS;
}

/* Between this try, or the first, and the next one lies the end of its first minute: true once an event. */
static bool is_late_now(const struct tcn_notice *before, const struct tcn_notice *tried)
{
    int64_t late_ms = tried->since_ms + TCN_NOTICE_LATE_MS;

    return tried->since_ms > 0 && tried->due_ms >= late_ms &&
           (before->since_ms == 0 || before->due_ms < late_ms);
}

static int wait_on(const struct tcn_notice_run *run, struct tcn_store *s,
                   const struct tcn_notice *tried, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_notice_news news = {TCN_NOTICE_LATE, tried, run->seq, tried->note};
    int r =
        is_late_now(&run->notice, tried) ? tell(run->target->notices, s, &news, now_ms, err) : 0;

    return r < 0 ? r : tcn_store_notice_put(s, tried, err);
}

static int fail(const struct tcn_notice_run *run, struct tcn_store *s, int64_t now_ms,
                struct tcn_err *err)
{
    const struct tocsin_result *result = &run->outcome->result;
    struct tcn_notice tried = run->notice;

    tried.attempts++;
    tried.since_ms = tried.since_ms ? tried.since_ms : now_ms;
    tried.due_ms = now_ms + wait_ms(tried.attempts, result);
    tried.note = result->reason;
    if (may_pass(result->outcome) && !is_over(&tried))
        return wait_on(run, s, &tried, now_ms, err);
    return give_up(run->target->notices, s, &run->notice,
                   &(struct end){run->event, run->seq, result->reason, run->outcome}, now_ms, err);
}

/* As if it had not been claimed. */
static int hold_back(const struct tcn_notice_run *run, struct tcn_store *s, int64_t now_ms,
                     struct tcn_err *err)
{
    struct tcn_notice notice = run->notice;

    notice.due_ms = now_ms + FIRST_WAIT_MS;
    notice.note = run->outcome->result.reason;
    return wait_on(run, s, &notice, now_ms, err);
}

int tcn_notice_job_result(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                          struct tcn_err *err)
{
    struct tcn_notice_job *j = (struct tcn_notice_job *)job;
    const struct tcn_notice_run *run = j->before;
    int r;

    tcn_notice_job_reset(j);
    if (run->outcome->result.outcome == TOCSIN_OK)
        r = go_on(s, &run->notice, run->seq, now_ms, err);
    else if (run->is_held_back)
        r = hold_back(run, s, now_ms, err);
    else
        r = fail(run, s, now_ms, err);
    return r < 0 ? r : next_due(j, s, err);
}
