/* The store thread's half of the pages. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/sends_internal.h"

#include <stdio.h>

#define JOB_ARENA (16u << 20)
#define MESSAGE_ARENA (32u << 20) /* for the application: an incident with its engagements */
#define RUN_ARENA (1u << 20)
#define FIRST_WAIT_MS INT64_C(1000)
#define WAIT_MAX_MS INT64_C(10000)

void tcn_send_run_free(struct tcn_send_run *r)
{
    if (!r)
        return;
    if (r->patience)
        event_free(r->patience);
    json_decref(r->op.payload);
    json_decref(r->op.incident);
    tcn_outcome_free(r->outcome);
    tcn_arena_done(&r->arena);
    free(r);
}

void tcn_send_job_reset(struct tcn_send_job *j)
{
    for (size_t i = 0; i < j->n_runs; i++)
        tcn_send_run_free(j->runs[i]);
    j->n_runs = j->n_claimed = 0;
    j->has_news = false;
    j->unreached.n = 0;
    j->next_due_ms = 0;
}

static const char *channel_name(int type)
{
    static const char *const names[] = {"?", "e-mail", "SMS", "voice"};

    return names[type > 0 && type < TCN_SENDS_CHANNELS ? type : 0];
}

static const char *instance_name(const struct tcn_sends *s, int type)
{
    const struct tcn_instance *i =
        type > 0 && type < TCN_SENDS_CHANNELS ? s->options.channels[type] : NULL;

    return i ? i->sdk.name : channel_name(type);
}

/* The message is not kept: whoever read its link or code could acknowledge as the person it was for. A retry writes it
 * anew. */
static int bury(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                const struct tcn_outcome *o, const char *why, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_deadletter d = {
        .id = row->id,
        .incident = row->incident,
        .connector = instance_name(j->sends, row->channel_type),
        .operation = tcn_verb_name(TOCSIN_SEND),
        .reason = why,
        .request = "(a page; its text is not kept, since it holds a link that acknowledges)",
        .response = o ? o->response : NULL,
        .at_ms = now_ms,
    };

    return tcn_store_deadletter_put(s, &d, err);
}

static int report(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                  struct tcn_send_report *report, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_sends_app *app = &j->sends->options.app;

    j->has_news = true;
    report->unreached = &j->unreached;
    return app->result(app->ctx, s, row, now_ms, report, err);
}

static int tell(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                enum tcn_send_news news, const char *note, int64_t now_ms, struct tcn_err *err)
{
    return report(j, s, row, &(struct tcn_send_report){.news = news, .note = note}, now_ms, err);
}

static int finish(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                  bool is_sent, const char *note, int64_t now_ms, struct tcn_err *err)
{
    int r =
        tcn_store_send_finish(s, row->id, is_sent ? TCN_SEND_DONE : TCN_SEND_FAILED, 0, note, err);

    return r < 0 ? r : tell(j, s, row, is_sent ? TCN_SEND_SENT : TCN_SEND_LOST, note, now_ms, err);
}

static int put_off(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                   int64_t due_ms, const char *note, int64_t now_ms, struct tcn_err *err)
{
    int r = tcn_store_send_finish(s, row->id, TCN_SEND_PENDING, due_ms, note, err);

    return r < 0 ? r : tell(j, s, row, TCN_SEND_LATE, note, now_ms, err);
}

static int give_up(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                   const struct tcn_outcome *o, const char *why, int64_t now_ms,
                   struct tcn_err *err)
{
    int r = bury(j, s, row, o, why, now_ms, err);

    return r < 0 ? r : finish(j, s, row, false, why, now_ms, err);
}

/* From now on its tries are single ones. */
static int64_t later_attempts(const struct tcn_send_row *row)
{
    return row->attempt > TCN_SEND_TRIES ? row->attempt : TCN_SEND_TRIES;
}

/* Told first: what that drops of the page stays dropped. */
static int fail(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_run *run,
                int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_send_row *row = &run->row;
    const char *why = run->outcome->result.reason;
    struct tcn_send_report told = {.news = TCN_SEND_UNSENT, .note = why};
    int r = report(j, s, row, &told, now_ms, err);

    if (r < 0)
        return r;
    if (told.again_ms > 0)
        return tcn_store_send_again(s, row->id, told.again_ms, later_attempts(row), why, err);
    r = bury(j, s, row, run->outcome, why, now_ms, err);
    return r < 0 ? r : tcn_store_send_finish(s, row->id, TCN_SEND_FAILED, 0, why, err);
}

/* A page twice is better than none, but not more often. */
static int doubt(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_run *run,
                 int64_t due_ms, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_send_row *row = &run->row;
    const char *why = run->outcome->result.reason;
    bool is_over = row->attempt >= TCN_SEND_DOUBTS;
    struct tcn_send_report told = {.news = TCN_SEND_DOUBTED, .note = why, .is_over = is_over};
    int r = is_over ? bury(j, s, row, run->outcome, why, now_ms, err) : 0;

    if (r == 0)
        r = tcn_store_send_finish(s, row->id, is_over ? TCN_SEND_FAILED : TCN_SEND_PENDING, due_ms,
                                  why, err);
    return r < 0 ? r : report(j, s, row, &told, now_ms, err);
}

/* As if it had not been claimed; the page is late all the same. */
static int hold_back(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_run *run,
                     int64_t now_ms, struct tcn_err *err)
{
    const char *why = run->outcome->result.reason;
    int r = tell(j, s, &run->row, TCN_SEND_LATE, why, now_ms, err);

    return r < 0 ? r
                 : tcn_store_send_again(s, run->row.id, now_ms + FIRST_WAIT_MS,
                                        run->row.attempt - 1, why, err);
}

/* -- claim ---------------------------------------------------------------------------------------------------- */

static void add_run(struct tcn_send_job *j, const struct tcn_send_row *row, json_t *payload)
{
    struct tcn_send_run *run = tcn_xcalloc(1, sizeof *run);
    struct tcn_arena *a = &run->arena;
    char id[TCN_ID_TEXT], incident[TCN_ID_TEXT];

    tcn_arena_init(a, RUN_ARENA);
    tcn_id_text(row->id, id);
    tcn_id_text(row->incident, incident);
    run->sends = j->sends;
    run->channel = &j->sends->channels[row->channel_type];
    run->row = *row;
    run->row.contact = tcn_arena_strdup(a, row->contact);
    run->row.channel = tcn_arena_strdup(a, row->channel);
    run->row.note = NULL;
    run->op = (struct tocsin_op){
        .verb = TOCSIN_SEND,
        .attempt = (uint32_t)row->attempt,
        .op_id = tcn_arena_strdup(a, id),
        .marker = "",
        .remote_id = "",
        .cursor = "",
        .payload = payload,
        .incident = json_pack("{s:s}", "id", incident), /* groups the messages of one incident */
    };
    j->runs[j->n_runs++] = run;
}

static int claim_one(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                     struct tcn_arena *arena, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_sends_app *app = &j->sends->options.app;
    const char *why = "the message cannot be written";
    json_t *payload = NULL;
    int type = row->channel_type, r;

    if (type <= 0 || type >= TCN_SENDS_CHANNELS || !j->sends->options.channels[type])
        return give_up(
            j, s, row, NULL,
            tcn_arena_fmt(arena, "no connector is configured for %s", channel_name(type)), now_ms,
            err);
    if ((r = app->message(app->ctx, s, row, now_ms, arena, &payload, &why, err)) < 0)
        return r;
    if (!payload)
        return give_up(j, s, row, NULL, why, now_ms, err);
    add_run(j, row, payload);
    return 0;
}

int tcn_send_job_claim(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                       struct tcn_err *err)
{
    struct tcn_send_job *j = (struct tcn_send_job *)job;
    struct tcn_send_row *rows = NULL;
    struct tcn_arena arena, message;
    int r;

    tcn_send_job_reset(j);
    tcn_arena_init(&arena, JOB_ARENA);
    tcn_arena_init(&message, MESSAGE_ARENA);
    r = tcn_store_send_claim(s, now_ms, j->limit, &arena, &rows, &j->n_claimed, err);
    for (size_t i = 0; r == 0 && i < j->n_claimed; i++) {
        tcn_arena_reset(&message); /* what one message needed */
        r = claim_one(j, s, &rows[i], &message, now_ms, err);
    }
    if (r == 0)
        r = tcn_store_next_due(s, &j->next_due_ms, err);
    tcn_arena_done(&message);
    tcn_arena_done(&arena);
    return r;
}

/* -- result --------------------------------------------------------------------------------------------------- */

/* Worth another try within seconds. */
static bool may_retry(const struct tcn_send_run *run)
{
    uint32_t o = run->outcome->result.outcome;

    return run->row.attempt < TCN_SEND_TRIES && (o == TOCSIN_RETRY || o == TOCSIN_CONFLICT);
}

static bool may_pass(const struct tcn_send_run *run)
{
    uint32_t o = run->outcome->result.outcome;

    return o == TOCSIN_RETRY || o == TOCSIN_CONFLICT || o == TOCSIN_AUTH;
}

static int64_t wait_ms(const struct tcn_send_run *run)
{
    int64_t asked = (int64_t)run->outcome->result.retry_after_s * 1000, wait = FIRST_WAIT_MS;

    for (int64_t n = 1; n < run->row.attempt && wait < WAIT_MAX_MS; n++)
        wait *= 3;
    wait = asked > wait ? asked : wait;
    return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

static int result_of(struct tcn_send_job *j, struct tcn_store *s, int64_t now_ms,
                     struct tcn_err *err)
{
    const struct tcn_send_run *run = j->before;
    const struct tocsin_result *result = &run->outcome->result;
    int r;

    if (result->outcome == TOCSIN_OK) {
        r = tcn_store_deadletter_drop(s, run->row.id, err); /* of an earlier time it was given up */
        return r < 0 && r != TCN_ENOTFOUND
                   ? r
                   : finish(j, s, &run->row, true, result->reason, now_ms, err);
    }
    if (run->is_held_back)
        return hold_back(j, s, run, now_ms, err);
    if (result->outcome == TOCSIN_UNKNOWN)
        return doubt(j, s, run, now_ms + wait_ms(run), now_ms, err);
    if (may_retry(run))
        return put_off(j, s, &run->row, now_ms + wait_ms(run), result->reason, now_ms, err);
    if (may_pass(run))
        return fail(j, s, run, now_ms, err);
    return give_up(j, s, &run->row, run->outcome, result->reason, now_ms, err);
}

int tcn_send_job_result(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                        struct tcn_err *err)
{
    struct tcn_send_job *j = (struct tcn_send_job *)job;
    int r;

    tcn_send_job_reset(j);
    /* Before its row, as whoever drops it does. */
    r = tcn_store_lock_incident(s, j->before->row.incident, err);
    if (r == 0)
        r = result_of(j, s, now_ms, err);
    return r < 0 ? r : tcn_store_next_due(s, &j->next_due_ms, err);
}

int tcn_send_job_waiting(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                         struct tcn_err *err)
{
    struct tcn_send_job *j = (struct tcn_send_job *)job;
    int r;

    tcn_send_job_reset(j);
    r = tcn_store_lock_incident(s, j->waiting.incident, err);
    if (r == 0)
        r = tell(j, s, &j->waiting, j->news, "it is not answered yet", now_ms, err);
    return r < 0 ? r : tcn_store_next_due(s, &j->next_due_ms, err);
}

int tcn_sends_retry(struct tcn_store *s, struct tcn_id send, int64_t now_ms, struct tcn_err *err)
{
    return tcn_store_send_finish(s, send, TCN_SEND_PENDING, now_ms, "tried again by hand", err);
}
