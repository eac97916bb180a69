/* The store thread's half of the pages: what becomes of their rows. What is claimed: send_claim.c. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/sends_internal.h"

#include <stdio.h>

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
    j->milestones = (struct tcn_milestones){0};
    j->next_due_ms = 0;
}

const char *tcn_send_channel_name(int type)
{
    static const char *const names[] = {"?", "e-mail", "SMS", "voice"};

    return names[type > 0 && type < TCN_SENDS_CHANNELS ? type : 0];
}

static const char *instance_name(const struct tcn_sends *s, int type)
{
    const struct tcn_instance *i =
        type > 0 && type < TCN_SENDS_CHANNELS ? s->options.channels[type] : NULL;

    return i ? i->sdk.name : tcn_send_channel_name(type);
}

/* The message is not kept: whoever read its link or code could acknowledge as the person it was for. A retry writes it
 * anew. */
static int bury(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                const struct tcn_outcome *o, const char *why, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_deadletter d = {
        .id = row->id,
        .incident = row->send_no > 0 ? row->incident : (struct tcn_id){{0}},
        .connector = instance_name(j->sends, row->channel_type),
        .operation = tcn_verb_name(TOCSIN_SEND),
        .reason = why,
        .request = row->send_no > 0
                       ? "(a page; its text is not kept, since it holds a link that acknowledges)"
                       : "(the code that activates a channel; it is not kept)",
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
    report->milestones = &j->milestones;
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
    struct tcn_send_report told = {.news = is_sent ? TCN_SEND_SENT : TCN_SEND_LOST,
                                   .note = note,
                                   .was_held = is_sent && row->held_ms != 0};
    int r =
        tcn_store_send_finish(s, row->id, is_sent ? TCN_SEND_DONE : TCN_SEND_FAILED, 0, note, err);

    return r < 0 ? r : report(j, s, row, &told, now_ms, err);
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

int tcn_send_job_give_up(struct tcn_send_job *j, struct tcn_store *s,
                         const struct tcn_send_row *row, const char *why, int64_t now_ms,
                         struct tcn_err *err)
{
    return give_up(j, s, row, NULL, why, now_ms, err);
}

/* From now on its tries are single ones. */
static int64_t later_attempts(const struct tcn_send_row *row)
{
    return row->attempt > TCN_SEND_TRIES ? row->attempt : TCN_SEND_TRIES;
}

/* Told first: what that drops of the page stays dropped. */
static int fail(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_outcome *o = j->before->outcome;
    const char *why = o->result.reason;
    struct tcn_send_report told = {.news = TCN_SEND_UNSENT, .note = why};
    int r = report(j, s, row, &told, now_ms, err);

    if (r < 0)
        return r;
    if (told.again_ms > 0)
        return tcn_store_send_again(s, row->id, told.again_ms, later_attempts(row), why, err);
    r = bury(j, s, row, o, why, now_ms, err);
    return r < 0 ? r : tcn_store_send_finish(s, row->id, TCN_SEND_FAILED, 0, why, err);
}

/* A page twice is better than none, but not more often. */
static int doubt(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                 int64_t due_ms, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_outcome *o = j->before->outcome;
    const char *why = o->result.reason;
    bool is_over = row->attempt >= TCN_SEND_DOUBTS;
    struct tcn_send_report told = {.news = TCN_SEND_DOUBTED, .note = why, .is_over = is_over};
    int r = is_over ? bury(j, s, row, o, why, now_ms, err) : 0;

    if (r == 0)
        r = tcn_store_send_finish(s, row->id, is_over ? TCN_SEND_FAILED : TCN_SEND_PENDING, due_ms,
                                  why, err);
    return r < 0 ? r : report(j, s, row, &told, now_ms, err);
}

/* As if it had not been claimed; the page is late all the same. */
static int hold_back(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                     int64_t now_ms, struct tcn_err *err)
{
    const char *why = j->before->outcome->result.reason;
    int r = tell(j, s, row, TCN_SEND_LATE, why, now_ms, err);

    return r < 0 ? r
                 : tcn_store_send_again(s, row->id, now_ms + FIRST_WAIT_MS, row->attempt - 1, why,
                                        err);
}

/* -- result --------------------------------------------------------------------------------------------------- */

/* Worth another try within seconds. */
static bool may_retry(const struct tcn_send_row *row, uint32_t o)
{
    return row->attempt < TCN_SEND_TRIES && (o == TOCSIN_RETRY || o == TOCSIN_CONFLICT);
}

static bool may_pass(uint32_t o)
{
    return o == TOCSIN_RETRY || o == TOCSIN_CONFLICT || o == TOCSIN_AUTH;
}

static int64_t wait_ms(const struct tcn_send_row *row, const struct tocsin_result *result)
{
    int64_t asked = (int64_t)result->retry_after_s * 1000, wait = FIRST_WAIT_MS;

    for (int64_t n = 1; n < row->attempt && wait < WAIT_MAX_MS; n++)
        wait *= 3;
    wait = asked > wait ? asked : wait;
    return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

/* What a message says of its way that a budget held back. */
static const char *way_of(struct tcn_send_run *run, const struct tcn_send_row *row)
{
    char with[40] = "alone";

    if (row->held_ms == 0)
        return run->outcome->result.reason;
    if (run->n_rows > 1)
        snprintf(with, sizeof with, "with %zu other%s", run->n_rows - 1,
                 run->n_rows == 2 ? "" : "s");
    return tcn_arena_fmt(&run->arena, "held back by %s, sent %s",
                         tcn_send_budget_text(&run->arena, row, &run->budget), with);
}

static int sent(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                int64_t now_ms, struct tcn_err *err)
{
    int r = tcn_store_deadletter_drop(s, row->id, err); /* of an earlier time it was given up */

    return r < 0 && r != TCN_ENOTFOUND
               ? r
               : finish(j, s, row, true, way_of(j->before, row), now_ms, err);
}

static int result_of(struct tcn_send_job *j, struct tcn_store *s, const struct tcn_send_row *row,
                     int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_outcome *o = j->before->outcome;
    const struct tocsin_result *result = &o->result;
    int64_t again_ms = now_ms + wait_ms(row, result);

    if (result->outcome == TOCSIN_OK)
        return sent(j, s, row, now_ms, err);
    if (j->before->is_held_back)
        return hold_back(j, s, row, now_ms, err);
    if (result->outcome == TOCSIN_UNKNOWN)
        return doubt(j, s, row, again_ms, now_ms, err);
    if (may_retry(row, result->outcome))
        return put_off(j, s, row, again_ms, result->reason, now_ms, err);
    if (may_pass(result->outcome))
        return fail(j, s, row, now_ms, err);
    return give_up(j, s, row, o, result->reason, now_ms, err);
}

/* Before their rows, as whoever drops one does; in the order that all take who need several. */
static int lock_incidents(struct tcn_store *s, const struct tcn_send_row *rows, size_t n,
                          struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++)
        if (i == 0 || !tcn_id_eq(rows[i].incident, rows[i - 1].incident))
            r = tcn_store_lock_incident(s, rows[i].incident, err);
    return r;
}

int tcn_send_job_result(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                        struct tcn_err *err)
{
    struct tcn_send_job *j = (struct tcn_send_job *)job;
    const struct tcn_send_run *run = j->before;
    int r;

    tcn_send_job_reset(j);
    r = lock_incidents(s, run->rows, run->n_rows, err);
    for (size_t i = 0; i < run->n_rows && r == 0; i++)
        r = result_of(j, s, &run->rows[i], now_ms, err);
    if (r == 0)
        r = tcn_send_budget_settle(run, s, err);
    return r < 0 ? r : tcn_store_next_due(s, &j->next_due_ms, err);
}

int tcn_send_job_waiting(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                         struct tcn_err *err)
{
    struct tcn_send_job *j = (struct tcn_send_job *)job;
    int r;

    tcn_send_job_reset(j);
    r = lock_incidents(s, j->waiting, j->n_waiting, err);
    for (size_t i = 0; i < j->n_waiting && r == 0; i++)
        r = tell(j, s, &j->waiting[i], j->news, "it is not answered yet", now_ms, err);
    return r < 0 ? r : tcn_store_next_due(s, &j->next_due_ms, err);
}

int tcn_sends_retry(struct tcn_store *s, struct tcn_id send, int64_t now_ms, struct tcn_err *err)
{
    return tcn_store_send_finish(s, send, TCN_SEND_PENDING, now_ms, "tried again by hand", err);
}
