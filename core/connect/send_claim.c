/* What is due becomes messages. Whether the budget of its person lets a message go: send_budget.c. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/sends_internal.h"

#include <stdlib.h>

#define JOB_ARENA (16u << 20)
#define MESSAGE_ARENA (32u << 20) /* for the application: an incident with its engagements */
#define RUN_ARENA (1u << 20)

static int by_incident(const void *left, const void *right)
{
    const struct tcn_send_row *a = left, *b = right;
    int order = memcmp(a->incident.b, b->incident.b, sizeof a->incident.b);

    return order ? order : memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

static struct tcn_send_row copy_row(struct tcn_arena *a, const struct tcn_send_row *row)
{
    struct tcn_send_row copy = *row;

    copy.contact = tcn_arena_strdup(a, row->contact);
    copy.channel = tcn_arena_strdup(a, row->channel);
    copy.note = NULL;
    return copy;
}

static void copy_rows(struct tcn_send_run *run, const struct tcn_send_row *rows, size_t n)
{
    run->rows = TCN_NEW_N(&run->arena, struct tcn_send_row, n);
    run->n_rows = n;
    for (size_t i = 0; i < n; i++)
        run->rows[i] = copy_row(&run->arena, &rows[i]);
    run->row = run->rows[0];
    qsort(run->rows, n, sizeof *run->rows, by_incident);
}

/* A message is known by its rows: one that tells of more than an earlier one must not be taken for its repetition. */
static struct tcn_id message_id(const struct tcn_send_row *rows, size_t n)
{
    struct tcn_id id = rows[0].id;
    char next[TCN_ID_TEXT];

    for (size_t i = 1; i < n; i++) {
        tcn_id_text(rows[i].id, next);
        id = tcn_id_child(id, next, i);
    }
    return id;
}

struct tcn_send_run *tcn_send_claim_run(struct tcn_send_claim *c, const struct tcn_send_row *rows,
                                        size_t n, json_t *payload)
{
    struct tcn_send_run *run = tcn_xcalloc(1, sizeof *run);
    struct tcn_arena *a = &run->arena;
    char id[TCN_ID_TEXT], incident[TCN_ID_TEXT];

    tcn_arena_init(a, RUN_ARENA);
    tcn_id_text(message_id(rows, n), id);
    tcn_id_text(rows[0].incident, incident);
    run->sends = c->job->sends;
    run->channel = &c->job->sends->channels[rows[0].channel_type];
    copy_rows(run, rows, n);
    run->op = (struct tocsin_op){
        .verb = TOCSIN_SEND,
        .attempt = (uint32_t)rows[0].attempt,
        .op_id = tcn_arena_strdup(a, id),
        .marker = "",
        .remote_id = "",
        .cursor = "",
        .payload = payload,
        /* Groups the messages of one incident. */
        .incident = n == 1 && rows[0].send_no > 0 ? json_pack("{s:s}", "id", incident) : NULL,
    };
    c->job->runs[c->job->n_runs++] = run;
    return run;
}

static int claim_one(struct tcn_send_claim *c, const struct tcn_send_row *row, struct tcn_err *err)
{
    const struct tcn_sends_options *o = &c->job->sends->options;
    struct tcn_send_message m = {.why = "the message cannot be written"};
    struct tcn_send_budget budget;
    int type = row->channel_type, r;

    if (type <= 0 || type >= TCN_SENDS_CHANNELS || !o->channels[type])
        return tcn_send_job_give_up(c->job, c->store, row,
                                    tcn_arena_fmt(c->message, "no connector is configured for %s",
                                                  tcn_send_channel_name(type)),
                                    c->now_ms, err);
    r = o->app.message(o->app.ctx, c->store, row, c->now_ms, c->message, &m, err);
    if (r < 0)
        return r;
    if (!m.payload)
        return tcn_send_job_give_up(c->job, c->store, row, m.why, c->now_ms, err);
    if (o->app.budget &&
        (r = o->app.budget(o->app.ctx, c->store, row, c->now_ms, &budget, err)) < 0)
        return r;
    if (o->app.budget && r > 0)
        c->items[c->n++] = (struct tcn_send_item){*row, m.payload, m.is_urgent, false};
    else
        tcn_send_claim_run(c, row, 1, m.payload);
    return 0;
}

static int claim_all(struct tcn_send_claim *c, struct tcn_err *err)
{
    struct tcn_send_job *j = c->job;
    struct tcn_send_row *rows = NULL;
    int r =
        tcn_store_send_claim(c->store, c->now_ms, j->limit, c->arena, &rows, &j->n_claimed, err);

    for (size_t i = 0; r == 0 && i < j->n_claimed; i++) {
        tcn_arena_reset(c->message); /* what one message needed */
        r = claim_one(c, &rows[i], err);
    }
    return r < 0 ? r : tcn_send_claim_budgets(c, err);
}

int tcn_send_job_claim(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                       struct tcn_err *err)
{
    struct tcn_send_job *j = (struct tcn_send_job *)job;
    struct tcn_arena arena, message;
    struct tcn_send_claim c = {
        .job = j, .store = s, .now_ms = now_ms, .arena = &arena, .message = &message};
    int r;

    tcn_send_job_reset(j);
    tcn_arena_init(&arena, JOB_ARENA);
    tcn_arena_init(&message, MESSAGE_ARENA);
    r = claim_all(&c, err);
    for (size_t i = 0; i < c.n; i++)
        json_decref(c.items[i].payload); /* of those that wait */
    if (r == 0)
        r = tcn_store_next_due(s, &j->next_due_ms, err);
    tcn_arena_done(&message);
    tcn_arena_done(&arena);
    return r;
}
