/* The page budget of a person (engine/budget.h), where messages are claimed. A message takes a token. When there is none its row
 * waits in the store for the next, and then all rows of that person and channel that were held back go as one message, the
 * digest. What is urgent waits for nothing. What a crash leaves in flight has its token already (is_paid).
 *
 * Nodes: who decides holds the name of the bucket, and nobody waits for it while he has rows, so that no two wait for each
 * other; a result waits for it, with nothing in hand but incidents, for which no claim waits once it has the name. */
#include "connect/sends_internal.h"

#include <assert.h>
#include <stdlib.h>

#define BUDGET_TEXT 64
#define ELSEWHERE_MS INT64_C(100) /* another node decides */
#define FLYING_MS INT64_C(1000)   /* the digest before is not answered yet */
/* One row comes with the token and brings the others, which come later. Were all due at once, each node would claim some of
 * them, and the digest of one would lack what the other has. */
#define BEHIND_MS INT64_C(500)

/* What was claimed of one person and channel. */
struct group {
    struct tcn_send_claim *c;
    const struct tcn_send_row *with;
    struct tcn_send_budget budget;
    int64_t full_ms;
    struct tcn_send_item *items; /* those that were held back, then those that shall be now */
    size_t n, size;
    bool has_token; /* for a bundle of them */
    bool is_full;   /* more wait than one digest tells of */
    int64_t not_before_ms;
};

const char *tcn_send_budget_text(struct tcn_arena *arena, const struct tcn_send_row *row,
                                 const struct tcn_page_budget *b)
{
    struct tcn_buf text;
    char room[BUDGET_TEXT];
    const char *ret;

    if (b->pages == 0)
        return tcn_arena_fmt(arena, "%s's budget", row->contact);
    tcn_buf_init_in(&text, sizeof room, room, sizeof room);
    tcn_budget_text(b, &text);
    ret = tcn_arena_fmt(arena, "%s's budget of %s", row->contact, tcn_buf_view(&text).ptr);
    tcn_buf_done(&text);
    return ret;
}

static const char *name_of(struct tcn_arena *a, const struct tcn_send_row *row)
{
    return tcn_arena_fmt(a, "%s/%s", row->contact, row->channel);
}

static bool take(struct group *g)
{
    return tcn_budget_take(&g->budget.bucket, g->c->now_ms, &g->full_ms);
}

/* -- what becomes of a row -------------------------------------------------------------------------------------- */

static int pay(const struct group *g, const struct tcn_send_row *row, int64_t held_ms,
               struct tcn_err *err)
{
    return row->is_paid ? 0 : tcn_store_send_pay(g->c->store, row->id, held_ms, err);
}

static int go_alone(const struct group *g, struct tcn_send_item *item, bool is_paid,
                    struct tcn_err *err)
{
    struct tcn_send_run *run = tcn_send_claim_run(g->c, &item->row, 1, item->payload);

    item->payload = NULL;
    run->budget = g->budget.bucket;
    run->is_paid = is_paid || item->row.is_paid;
    return run->is_paid ? pay(g, &item->row, 0, err) : 0;
}

static int hold(const struct group *g, const struct tcn_send_row *row, int64_t due_ms,
                struct tcn_err *err)
{
    const struct tcn_send_wait wait = {
        .due_ms = due_ms,
        .since_ms = g->c->now_ms,
        .note = tcn_arena_fmt(g->c->arena, "waits for %s",
                              tcn_send_budget_text(g->c->arena, row, &g->budget.bucket))};

    return tcn_store_send_hold(g->c->store, row->id, &wait, err);
}

static int64_t next_ms(const struct group *g)
{
    return tcn_budget_next_ms(&g->budget.bucket, g->c->now_ms, g->full_ms);
}

/* -- one by one ------------------------------------------------------------------------------------------------- */

/* A row that was gathered has no message yet. What cannot be written now is claimed anew, which tells why. */
static int write_message(const struct group *g, struct tcn_send_item *item, struct tcn_err *err)
{
    const struct tcn_sends_app *app = &g->c->job->sends->options.app;
    struct tcn_send_message m = {.payload = NULL};
    bool is_ours;
    int r;

    if (item->payload)
        return 0;
    if ((r = tcn_store_try_incident(g->c->store, item->row.incident, &is_ours, err)) < 0 ||
        !is_ours)
        return r;
    tcn_arena_reset(g->c->message);
    r = app->message(app->ctx, g->c->store, &item->row, g->c->now_ms, g->c->message, &m, err);
    item->payload = m.payload;
    return r;
}

static int go_or_wait(struct group *g, struct tcn_send_item *item, struct tcn_err *err)
{
    int r = write_message(g, item, err);

    if (r < 0)
        return r;
    if (!item->payload)
        return hold(g, &item->row, g->c->now_ms + ELSEWHERE_MS, err);
    if (item->row.is_paid || take(g))
        return go_alone(g, item, true, err);
    return hold(g, &item->row, next_ms(g), err);
}

static int go_one_by_one(struct group *g, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < g->n && r == 0; i++)
        r = go_or_wait(g, &g->items[i], err);
    return r;
}

/* -- in a bundle ------------------------------------------------------------------------------------------------ */

static int go_together(struct group *g, json_t *digest, const struct tcn_send_row *rows,
                       struct tcn_err *err)
{
    struct tcn_send_run *run = tcn_send_claim_run(g->c, rows, g->n, digest);
    int r = 0;

    run->budget = g->budget.bucket;
    run->is_paid = true;
    for (size_t i = 0; i < g->n && r == 0; i++)
        r = pay(g, &rows[i], g->c->now_ms, err);
    /* What it does not tell of need not be claimed to learn that there is no token. */
    return r == 0 && g->is_full
               ? tcn_store_send_defer(g->c->store, g->with, g->c->now_ms, next_ms(g), err)
               : r;
}

static int write_digest(const struct group *g, const struct tcn_send_row *rows, json_t **ret,
                        struct tcn_err *err)
{
    const struct tcn_sends_app *app = &g->c->job->sends->options.app;
    const struct tcn_send_bundle bundle = {rows, g->n, g->c->now_ms};

    tcn_arena_reset(g->c->message);
    return app->digest(app->ctx, g->c->store, &bundle, g->c->message, ret, err);
}

static int go_bundled(struct group *g, struct tcn_err *err)
{
    struct tcn_send_row *rows = TCN_NEW_N(g->c->arena, struct tcn_send_row, g->n + 1);
    json_t *digest = NULL;
    int r;

    for (size_t i = 0; i < g->n; i++) {
        rows[i] = g->items[i].row;
        rows[i].held_ms = rows[i].held_ms ? rows[i].held_ms : g->c->now_ms;
    }
    if (g->n > 1 && (r = write_digest(g, rows, &digest, err)) < 0)
        return r;
    if (digest)
        return go_together(g, digest, rows, err);
    if (g->has_token)
        tcn_budget_give_back(&g->budget.bucket, &g->full_ms); /* each takes its own */
    return go_one_by_one(g, err);
}

/* -- who goes --------------------------------------------------------------------------------------------------- */

static void add(struct group *g, const struct tcn_send_item *item)
{
    assert(g->n < g->size);
    g->items[g->n++] = *item;
}

static int by_wait(const void *left, const void *right)
{
    const struct tcn_send_row *a = &((const struct tcn_send_item *)left)->row,
                              *b = &((const struct tcn_send_item *)right)->row;

    if (a->held_ms != b->held_ms)
        return a->held_ms < b->held_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

/* Those that wait and were not claimed. One by one only as many, so that who waits longest is among them. */
static int gather(struct group *g, struct tcn_err *err)
{
    size_t more = g->budget.can_bundle ? TCN_DIGEST_MAX - g->c->n : g->n, n = 0;
    struct tcn_send_row *rows = NULL;
    int r = tcn_store_send_gather(g->c->store, g->with, more, g->c->arena, &rows, &n, err);

    g->is_full = n == more;
    for (size_t i = 0; i < n && r == 0; i++)
        add(g, &(struct tcn_send_item){.row = rows[i]});
    qsort(g->items, g->n, sizeof *g->items, by_wait);
    return r;
}

static size_t count_paid(const struct group *g)
{
    size_t n = 0;

    for (size_t i = 0; i < g->n; i++)
        n += g->items[i].row.is_paid;
    return n;
}

/* One digest at a time. What is paid among the claimed is in flight nowhere else. */
static int may_bundle(struct group *g, bool *ret, struct tcn_err *err)
{
    size_t paid = count_paid(g);
    int64_t flying = 0;
    int r = tcn_store_send_flying(g->c->store, g->with, &flying, err);

    if (r < 0)
        return r;
    *ret = false;
    if (flying > (int64_t)paid) {
        g->not_before_ms = g->c->now_ms + FLYING_MS;
        return 0;
    }
    g->has_token = paid == 0 && take(g);
    *ret = paid > 0 || g->has_token;
    return *ret ? gather(g, err) : 0;
}

static int wait_all(const struct group *g, struct tcn_err *err)
{
    struct tcn_store *s = g->c->store;
    int64_t now_ms = g->c->now_ms, due_ms = next_ms(g);
    bool has_next = false;
    int r;

    if (due_ms < g->not_before_ms)
        due_ms = g->not_before_ms;
    r = tcn_store_send_next(s, g->with, now_ms, due_ms, &has_next, err);
    for (size_t i = 0; i < g->n && r == 0; i++)
        r = hold(g, &g->items[i].row, i == 0 && !has_next ? due_ms : due_ms + BEHIND_MS, err);
    return r < 0 ? r : tcn_store_send_defer(s, g->with, now_ms, due_ms + BEHIND_MS, err);
}

/* Before anything else, and with no token where there is none. */
static int go_urgent(struct group *g, struct tcn_send_item *item, struct tcn_err *err)
{
    return go_alone(g, item, item->row.is_paid || take(g), err);
}

/* What is new takes what there is of tokens, the rest joins those that wait. */
static int go_new(struct group *g, struct tcn_send_item *item, struct tcn_err *err)
{
    if (item->row.is_paid || take(g))
        return go_alone(g, item, true, err);
    add(g, item);
    item->payload = NULL;
    return 0;
}

static int join_held(struct group *g, struct tcn_send_item *item, struct tcn_err *err)
{
    (void)err;
    add(g, item);
    item->payload = NULL;
    return 0;
}

static bool is_of(const struct group *g, const struct tcn_send_item *item)
{
    return !item->is_decided && strcmp(item->row.contact, g->with->contact) == 0 &&
           strcmp(item->row.channel, g->with->channel) == 0;
}

static bool is_any(const struct tcn_send_item *item)
{
    (void)item;
    return true;
}

static bool is_urgent(const struct tcn_send_item *item)
{
    return item->is_urgent;
}

static bool is_held(const struct tcn_send_item *item)
{
    return item->row.held_ms != 0;
}

static int each(struct group *g, bool (*is)(const struct tcn_send_item *item),
                int (*act)(struct group *g, struct tcn_send_item *item, struct tcn_err *err),
                struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < g->c->n && r == 0; i++) {
        struct tcn_send_item *item = &g->c->items[i];

        if (!is_of(g, item) || !is(item))
            continue;
        item->is_decided = true;
        r = act(g, item, err);
    }
    return r;
}

static void forget(struct group *g)
{
    for (size_t i = 0; i < g->n; i++)
        json_decref(g->items[i].payload);
    g->n = 0;
}

static int go_held_alone(struct group *g, struct tcn_err *err)
{
    int r = gather(g, err);

    if (r == 0)
        r = go_one_by_one(g, err);
    forget(g);
    return r;
}

static int decide(struct group *g, struct tcn_err *err)
{
    bool goes = false;
    int r = each(g, is_urgent, go_urgent, err);

    if (r == 0)
        r = each(g, is_held, join_held, err);
    if (r == 0 && g->n > 0)
        r = g->budget.can_bundle ? may_bundle(g, &goes, err) : go_held_alone(g, err);
    if (r == 0)
        r = each(g, is_any, go_new, err);
    if (r == 0 && g->n > 0)
        r = goes ? go_bundled(g, err) : wait_all(g, err);
    return r;
}

static int decide_and_keep(struct group *g, struct tcn_err *err)
{
    struct tcn_store *s = g->c->store;
    const char *contact = g->with->contact, *channel = g->with->channel;
    int64_t before_ms;
    int r;

    if ((r = tcn_store_budget_get(s, contact, channel, &g->full_ms, err)) < 0)
        return r;
    before_ms = g->full_ms;
    if ((r = decide(g, err)) < 0 || g->full_ms == before_ms)
        return r;
    return tcn_store_budget_put(s, contact, channel, g->full_ms, err);
}

static int go_untold(struct group *g, struct tcn_send_item *item, struct tcn_err *err)
{
    return go_alone(g, item, false, err);
}

/* As if it had not been claimed. */
static int put_back(struct group *g, struct tcn_send_item *item, struct tcn_err *err)
{
    return tcn_store_send_again(g->c->store, item->row.id, g->c->now_ms + ELSEWHERE_MS,
                                item->row.attempt - 1, item->row.note, err);
}

static int leave_to_others(struct group *g, struct tcn_err *err)
{
    int r = each(g, is_urgent, go_untold, err);

    return r < 0 ? r : each(g, is_any, put_back, err);
}

static int decide_group(struct tcn_send_claim *c, const struct tcn_send_item *first,
                        struct tcn_err *err)
{
    const struct tcn_sends_app *app = &c->job->sends->options.app;
    struct group g = {.c = c, .with = &first->row, .size = c->n + TCN_DIGEST_MAX};
    bool is_ours;
    int r;

    if ((r = app->budget(app->ctx, c->store, &first->row, c->now_ms, &g.budget, err)) < 0)
        return r;
    g.items = TCN_NEW_N(c->arena, struct tcn_send_item, g.size);
    r = tcn_store_try_name(c->store, "budget", name_of(c->arena, &first->row), &is_ours, err);
    if (r == 0)
        r = is_ours ? decide_and_keep(&g, err) : leave_to_others(&g, err);
    forget(&g);
    return r;
}

int tcn_send_claim_budgets(struct tcn_send_claim *c, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < c->n && r == 0; i++)
        if (!c->items[i].is_decided)
            r = decide_group(c, &c->items[i], err);
    return r;
}

/* -- result ----------------------------------------------------------------------------------------------------- */

int tcn_send_budget_settle(const struct tcn_send_run *run, struct tcn_store *s, struct tcn_err *err)
{
    uint32_t o = run->outcome->result.outcome;
    const struct tcn_send_row *row = &run->row;
    int64_t full_ms = 0;
    struct tcn_arena a;
    int r;

    if (!run->is_paid || o == TOCSIN_OK || o == TOCSIN_UNKNOWN)
        return 0;
    tcn_arena_init(&a, 4096);
    r = tcn_store_lock_name(s, "budget", name_of(&a, row), err);
    if (r == 0)
        r = tcn_store_budget_get(s, row->contact, row->channel, &full_ms, err);
    tcn_arena_done(&a);
    if (r < 0)
        return r;
    tcn_budget_give_back(&run->budget, &full_ms);
    return tcn_store_budget_put(s, row->contact, row->channel, full_ms, err);
}
