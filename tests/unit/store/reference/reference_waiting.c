/* What waits without an incident, and mutes, of the reference store. */
#include "reference.h"

static bool is_waiting(const void *row, const void *key)
{
    return strcmp(((const struct tcn_waiting *)row)->dedupe_key, key) == 0;
}

int ref_waiting_put(struct ref *r, const struct tcn_waiting *put)
{
    struct tcn_waiting *row = ref_find(&r->t[REF_WAITING], is_waiting, put->dedupe_key);
    int64_t since_ms = row ? row->since_ms : 0;

    if (put->due_ms == 0) {
        ref_remove(&r->t[REF_WAITING], is_waiting, put->dedupe_key);
        return 0;
    }
    if (!row)
        row = ref_add(&r->t[REF_WAITING]);
    *row = *put;
    if (put->since_ms == 0)
        row->since_ms = since_ms;
    return 0;
}

int ref_waiting_expect(struct ref *r, const struct tcn_waiting *waiting)
{
    return ref_find(&r->t[REF_WAITING], is_waiting, waiting->dedupe_key)
               ? 0
               : ref_waiting_put(r, waiting);
}

int ref_waiting_get(struct ref *r, const char *dedupe_key, struct tcn_arena *a,
                    struct tcn_waiting *ret)
{
    const struct tcn_waiting *row = ref_find(&r->t[REF_WAITING], is_waiting, dedupe_key);

    (void)a;
    if (!row)
        return TCN_ENOTFOUND;
    *ret = *row;
    return 0;
}

static bool is_due(const void *row, const void *now_ms)
{
    return ((const struct tcn_waiting *)row)->due_ms <= *(const int64_t *)now_ms;
}

static int first_due(const void *left, const void *right)
{
    return ref_compare(((const struct tcn_waiting *)left)->due_ms,
                       ((const struct tcn_waiting *)right)->due_ms);
}

/* Of equal times the stores go by a hash, which the reference has not. */
int ref_waiting_due(struct ref *r, int64_t now_ms, size_t limit, struct tcn_arena *a,
                    struct tcn_waiting **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_WAITING], is_due, &now_ms, first_due, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

int ref_waiting_next(struct ref *r, int64_t *ret_ms)
{
    const struct tcn_waiting *rows = (const void *)r->t[REF_WAITING].rows;

    *ret_ms = 0;
    for (size_t i = 0; i < r->t[REF_WAITING].n; i++)
        if (*ret_ms == 0 || rows[i].due_ms < *ret_ms)
            *ret_ms = rows[i].due_ms;
    return 0;
}

struct behind {
    enum tcn_waiting_kind kind;
    const char *after;
};

static bool is_behind(const void *row, const void *query)
{
    const struct tcn_waiting *w = row;
    const struct behind *b = query;

    return w->kind == b->kind && strcmp(w->dedupe_key, b->after) > 0;
}

static int by_key(const void *left, const void *right)
{
    return strcmp(((const struct tcn_waiting *)left)->dedupe_key,
                  ((const struct tcn_waiting *)right)->dedupe_key);
}

int ref_waiting_list(struct ref *r, enum tcn_waiting_kind kind, const char *after, size_t limit,
                     struct tcn_arena *a, struct tcn_waiting **ret, size_t *ret_n)
{
    const struct behind query = {kind, after};
    void **rows;

    *ret_n = ref_select(&r->t[REF_WAITING], is_behind, &query, by_key, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

int ref_waiting_unmute(struct ref *r, int64_t now_ms)
{
    struct tcn_waiting *rows = (void *)r->t[REF_WAITING].rows;

    for (size_t i = 0; i < r->t[REF_WAITING].n; i++)
        if (rows[i].kind == TCN_WAITING_MUTED && rows[i].due_ms > now_ms)
            rows[i].due_ms = now_ms;
    return 0;
}

/* -- mutes ------------------------------------------------------------------------------------------------------ */

int ref_mute_add(struct ref *r, const struct tcn_mute *mute)
{
    *(struct tcn_mute *)ref_add(&r->t[REF_MUTES]) = *mute;
    return 0;
}

static bool is_mute(const void *row, const void *id)
{
    return tcn_id_eq(((const struct tcn_mute *)row)->id, *(const struct tcn_id *)id);
}

int ref_mute_end(struct ref *r, struct tcn_id id, int64_t now_ms)
{
    struct tcn_mute *row = ref_find(&r->t[REF_MUTES], is_mute, &id);

    if (!row || row->end_ms <= now_ms)
        return TCN_ENOTFOUND;
    row->end_ms = now_ms;
    return 0;
}

static bool has_not_ended(const void *row, const void *now_ms)
{
    return ((const struct tcn_mute *)row)->end_ms > *(const int64_t *)now_ms;
}

static int first_end(const void *left, const void *right)
{
    const struct tcn_mute *a = left, *b = right;
    int order = ref_compare(a->end_ms, b->end_ms);

    return order ? order : ref_compare_ids(a->id, b->id);
}

int ref_mute_list(struct ref *r, int64_t now_ms, size_t limit, struct tcn_arena *a,
                  struct tcn_mute **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_MUTES], has_not_ended, &now_ms, first_end, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static bool has_ended(const void *row, const void *before_ms)
{
    return ((const struct tcn_mute *)row)->end_ms <= *(const int64_t *)before_ms;
}

int ref_mute_trim(struct ref *r, int64_t before_ms)
{
    ref_remove(&r->t[REF_MUTES], has_ended, &before_ms);
    return 0;
}
