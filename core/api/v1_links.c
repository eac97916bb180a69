/* Links: what each waits for, what it lacks, what was fought about. The list, and what one of them is told as. */
#include "api/json.h"
#include "api/v1_query.h"

#include <assert.h>

/* A filter looks at so many links a page, however few of them fit: the next page goes on behind those. */
#define BATCH 200
#define BATCHES_MAX 10
#define BATCH_ARENA (64u << 20)

struct wanted {
    const char *connector; /* NULL: all */
    int state;             /* -1: any */
    int is_blocked;        /* -1: either */
    size_t limit;
};

struct page {
    const struct tcn_link *after; /* NULL, or: */
    struct tcn_link last;         /* the last one that was looked at, without most of it */
    json_t *items;
    bool is_end;
};

/* -- one of them -------------------------------------------------------------------------------------------------- */

static bool needs_person(const struct tcn_link *link)
{
    return link->state == TCN_LINK_BLOCKED || link->state == TCN_LINK_LOST ||
           link->state == TCN_LINK_UNLINKED;
}

static const char *why_not_called(const struct tcn_api_call *call, const struct tcn_link *link)
{
    return json_string_value(json_object_get(call->sights.waits, link->connector));
}

/* What it waits for, in a word; *ret_why says more, NULL = there is no more to say. */
static const char *waits_for(const struct tcn_api_call *call, const struct tcn_link *link,
                             const char **ret_why)
{
    *ret_why = link->blocked_reason;
    if (needs_person(link))
        return "person";
    if (link->is_in_flight)
        return "answer";
    if (link->due_ms == 0)
        return "nothing";
    if (why_not_called(call, link)) {
        *ret_why = why_not_called(call, link);
        return "connector";
    }
    return "time";
}

static json_t *pending_json(const struct tcn_api_call *call, const struct tcn_link *link,
                            const struct tcn_link_behind *behind)
{
    const char *why, *what = waits_for(call, link, &why);

    return json_pack("{s:s, s:o, s:s?, s:I, s:I}", "waits_for", what, "due_at",
                     tcn_json_time(link->due_ms), "why", why, "notes", (json_int_t)behind->notes,
                     "hints", (json_int_t)(link->hints - link->hints_seen));
}

json_t *tcn_api_link_json(const struct tcn_api_call *call, const struct tcn_link *link,
                          const struct tcn_link_behind *behind)
{
    json_t *object = tcn_json_link(link), *resting = NULL;

    if (call->sights.resting)
        resting = call->sights.resting(link, call->now_ms);
    json_object_set_new(object, "failing_since", tcn_json_time(link->first_fail_ms));
    json_object_set_new(object, "pending", pending_json(call, link, behind));
    json_object_set_new(object, "resting", resting ? resting : json_array());
    json_object_set_new(object, "conflicts_count", json_integer(behind->conflicts));
    return object;
}

/* -- the list ----------------------------------------------------------------------------------------------------- */

static int read_state(struct tcn_api_call *call, int *ret)
{
    const char *state = tcn_api_query(call, "state");

    *ret = -1;
    for (int i = TCN_LINK_NONE; state && i <= TCN_LINK_BLOCKED; i++)
        if (strcmp(state, tcn_json_link_state((enum tcn_link_state)i)) == 0)
            *ret = i;
    if (state && *ret < 0)
        return tcn_v1_refuse(call, "state",
                             "state must be NONE, CREATING, LINKED, LOST, UNLINKED or BLOCKED");
    return 0;
}

static int read_blocked(struct tcn_api_call *call, int *ret)
{
    const char *blocked = tcn_api_query(call, "blocked");

    *ret = !blocked ? -1 : strcmp(blocked, "true") == 0;
    if (blocked && !*ret && strcmp(blocked, "false") != 0)
        return tcn_v1_refuse(call, "blocked", "blocked must be true or false");
    return 0;
}

static int read_wanted(struct tcn_api_call *call, struct wanted *ret)
{
    ret->connector = tcn_api_query(call, "connector");
    if (tcn_v1_limit(call, &ret->limit) < 0 || read_state(call, &ret->state) < 0)
        return -1;
    return read_blocked(call, &ret->is_blocked);
}

/* Links stay, so the last one of a page can be looked up by its id. */
static int read_place(struct tcn_api_call *call, struct tcn_store *s, struct page *p,
                      struct tcn_err *err)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_id id;
    int r;

    if (!next)
        return 0;
    if (tcn_id_parse(tcn_str(next), &id) < 0)
        return tcn_v1_refuse_next(call), TCN_EINVALID;
    r = tcn_store_link_get(s, id, call->arena, &p->last, err);
    if (r == TCN_ENOTFOUND)
        return tcn_v1_refuse_next(call), TCN_EINVALID;
    p->after = &p->last;
    return r;
}

static bool fits(const struct wanted *w, const struct tcn_link *link)
{
    bool is_blocked = link->blocked_reason != NULL;

    return (w->state < 0 || w->state == (int)link->state) &&
           (w->is_blocked < 0 || w->is_blocked == (int)is_blocked);
}

static const struct tcn_link_behind *find_behind(const struct tcn_link_behind *rows, size_t n,
                                                 struct tcn_id link)
{
    static const struct tcn_link_behind none = {.notes = 0};

    for (size_t i = 0; i < n; i++)
        if (tcn_id_eq(rows[i].link, link))
            return &rows[i];
    return &none; /* it is newer than the answer about what links lack */
}

struct batch {
    struct tcn_link *links;
    size_t n, size;
    struct tcn_link_behind *behind;
    size_t n_behind;
};

static void move_on(struct tcn_api_call *call, struct page *p, const struct tcn_link *link)
{
    p->last = (struct tcn_link){.id = link->id,
                                .incident = link->incident,
                                .connector = tcn_arena_strdup(call->arena, link->connector)};
    p->after = &p->last;
}

static void add_items(struct tcn_api_call *call, const struct wanted *w, const struct batch *b,
                      struct page *p)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct tcn_link *link = &b->links[i];

        if (json_array_size(p->items) == w->limit)
            return;
        move_on(call, p, link);
        if (fits(w, link))
            json_array_append_new(
                p->items,
                tcn_api_link_json(call, link, find_behind(b->behind, b->n_behind, link->id)));
    }
    p->is_end = b->n < b->size;
}

static int add_batch(struct tcn_api_call *call, struct tcn_store *s, const struct wanted *w,
                     struct page *p, struct tcn_err *err)
{
    bool is_filtered = w->state >= 0 || w->is_blocked >= 0;
    struct batch b = {.size = is_filtered ? BATCH : w->limit + 1};
    struct tcn_arena arena;
    int r;

    tcn_arena_init(&arena, BATCH_ARENA);
    r = tcn_store_link_newest(s, w->connector, p->after, b.size, &arena, &b.links, &b.n, err);
    if (r == 0)
        r = tcn_store_link_behind_list(s, w->connector, p->after, b.size, &arena, &b.behind,
                                       &b.n_behind, err);
    if (r == 0)
        add_items(call, w, &b, p);
    tcn_arena_done(&arena);
    return r;
}

int tcn_v1_links(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct page p = {.after = NULL};
    struct wanted w;
    json_t *next;
    int r;

    if (read_wanted(call, &w) < 0)
        return 0;
    if ((r = read_place(call, s, &p, err)) < 0)
        return call->reply ? 0 : r;
    p.items = json_array();
    for (int i = 0; r == 0 && i < BATCHES_MAX && !p.is_end && json_array_size(p.items) < w.limit;
         i++)
        r = add_batch(call, s, &w, &p, err);
    if (r < 0) {
        json_decref(p.items);
        return r;
    }
    next = p.is_end || !p.after ? json_null() : tcn_json_id(p.after->id);
    return tcn_v1_answer(call, json_pack("{s:o, s:o}", "items", p.items, "next", next));
}

/* -- what is asked for by id, and answered by core/app ------------------------------------------------------------- */

int tcn_v1_link(struct tcn_api_call *call)
{
    call->command.kind = TCN_COMMAND_LINK_GET;
    return tcn_api_id(call, &call->command.link);
}

int tcn_v1_sweep(struct tcn_api_call *call)
{
    static const char *const names[] = {NULL};

    if (tcn_v1_only(call, names) < 0)
        return -1;
    call->command.kind = TCN_COMMAND_SWEEP;
    call->command.actor = call->actor;
    call->command.connector = tcn_arena_strdup(call->arena, call->path_id);
    return 0;
}
