/* Dead letters and subscriptions in the reference store. */
#include "reference.h"

#include <string.h>

static bool is_letter(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_deadletter *)row)->id, *(const struct tcn_id *)query);
}

int ref_deadletter_put(struct ref *r, const struct tcn_deadletter *d)
{
    struct tcn_deadletter *row = ref_find_or_add(&r->t[REF_DEADLETTERS], is_letter, &d->id);

    *row = *d;
    return 0;
}

int ref_deadletter_get(struct ref *r, struct tcn_id id, struct tcn_arena *a,
                       struct tcn_deadletter *ret)
{
    const struct tcn_deadletter *row = ref_find(&r->t[REF_DEADLETTERS], is_letter, &id);

    (void)a;
    if (row)
        *ret = *row;
    return row ? 0 : TCN_ENOTFOUND;
}

int ref_deadletter_drop(struct ref *r, struct tcn_id id)
{
    return ref_remove(&r->t[REF_DEADLETTERS], is_letter, &id) ? 0 : TCN_ENOTFOUND;
}

static bool is_letter_of(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_deadletter *)row)->link, *(const struct tcn_id *)query);
}

int ref_deadletter_clear(struct ref *r, struct tcn_id link)
{
    ref_remove(&r->t[REF_DEADLETTERS], is_letter_of, &link);
    return 0;
}

static int newest_letter(const void *left, const void *right)
{
    const struct tcn_deadletter *a = left, *b = right;
    int order = ref_compare(b->at_ms, a->at_ms);

    return order ? order : ref_compare_ids(b->id, a->id);
}

static bool is_listed_letter(const void *row, const void *before)
{
    return !before || newest_letter(before, row) < 0;
}

int ref_deadletter_list(struct ref *r, const struct tcn_deadletter *before, size_t limit,
                        struct tcn_arena *a, struct tcn_deadletter **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_DEADLETTERS], is_listed_letter, before, newest_letter, limit, a,
                        &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

/* -- subscriptions ------------------------------------------------------------------------------------------ */

static bool is_subscription(const void *row, const void *query)
{
    const struct tcn_subscription *a = row, *b = query;

    return strcmp(a->source, b->source) == 0 && strcmp(a->topic, b->topic) == 0;
}

int ref_subscription_get(struct ref *r, const char *source, const char *topic, struct tcn_arena *a,
                         struct tcn_subscription *ret)
{
    struct tcn_subscription none = {.source = source, .topic = topic};
    const struct tcn_subscription *row = ref_find(&r->t[REF_SUBSCRIPTIONS], is_subscription, &none);

    (void)a;
    *ret = row ? *row : none;
    return 0;
}

int ref_subscription_put(struct ref *r, const struct tcn_subscription *put)
{
    struct tcn_subscription *row = ref_find_or_add(&r->t[REF_SUBSCRIPTIONS], is_subscription, put);

    *row = *put;
    return 0;
}

static bool is_due_subscription(const void *row, const void *now_ms)
{
    const struct tcn_subscription *s = row;

    return s->due_ms > 0 && s->due_ms <= *(const int64_t *)now_ms;
}

static int by_key(const void *left, const void *right)
{
    const struct tcn_subscription *a = left, *b = right;
    int order = strcmp(a->source, b->source);

    return order ? order : strcmp(a->topic, b->topic);
}

static int first_subscription(const void *left, const void *right)
{
    const struct tcn_subscription *a = left, *b = right;
    int order = ref_compare(a->due_ms, b->due_ms);

    return order ? order : by_key(a, b);
}

int ref_subscription_due(struct ref *r, int64_t now_ms, size_t limit, struct tcn_arena *a,
                         struct tcn_subscription **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_SUBSCRIPTIONS], is_due_subscription, &now_ms, first_subscription,
                        limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static bool is_behind(const void *row, const void *after)
{
    return by_key(after, row) < 0;
}

int ref_subscription_list(struct ref *r, const struct tcn_subscription *after, size_t limit,
                          struct tcn_arena *a, struct tcn_subscription **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_SUBSCRIPTIONS], is_behind, after, by_key, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

int ref_subscription_next(struct ref *r, int64_t *ret_ms)
{
    const struct tcn_subscription *rows = (const void *)r->t[REF_SUBSCRIPTIONS].rows;

    *ret_ms = 0;
    for (size_t i = 0; i < r->t[REF_SUBSCRIPTIONS].n; i++)
        if (rows[i].due_ms > 0 && (*ret_ms == 0 || rows[i].due_ms < *ret_ms))
            *ret_ms = rows[i].due_ms;
    return 0;
}
