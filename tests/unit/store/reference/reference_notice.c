/* Notices of the reference store. */
#include "reference.h"

#include <string.h>

static bool has_id(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_notice *)row)->id, *(const struct tcn_id *)query);
}

int ref_notice_wake(struct ref *r, const struct tcn_notice *notice)
{
    struct ref_table *t = &r->t[REF_NOTICES];
    struct tcn_notice *row = ref_find(t, has_id, &notice->id);

    if (row && row->due_ms)
        return 0;
    if (row) {
        row->due_ms = notice->due_ms;
        row->told_seq = row->told_seq > notice->told_seq ? row->told_seq : notice->told_seq;
        return 0;
    }
    row = ref_find_or_add(t, has_id, &notice->id);
    *row = *notice;
    row->attempts = row->since_ms = row->epoch = 0;
    row->note = NULL;
    row->is_in_flight = false;
    return 0;
}

int ref_notice_put(struct ref *r, const struct tcn_notice *notice)
{
    struct tcn_notice *row = ref_find(&r->t[REF_NOTICES], has_id, &notice->id);

    if (!row)
        return 0;
    row->told_seq = notice->told_seq;
    row->due_ms = notice->due_ms;
    row->attempts = notice->attempts;
    row->since_ms = notice->since_ms;
    row->note = notice->note;
    row->is_in_flight = false;
    row->epoch = 0;
    return 0;
}

int ref_notice_back(struct ref *r, const struct tcn_notice *notice, int64_t told_seq,
                    int64_t due_ms, bool *ret_is_back)
{
    struct tcn_notice *row = ref_find(&r->t[REF_NOTICES], has_id, &notice->id);

    *ret_is_back = row && row->told_seq == notice->told_seq && !row->is_in_flight;
    if (!*ret_is_back)
        return 0;
    row->told_seq = told_seq;
    row->due_ms = due_ms;
    row->attempts = row->since_ms = 0;
    row->note = NULL;
    return 0;
}

int ref_notice_drop(struct ref *r, struct tcn_id id)
{
    ref_remove(&r->t[REF_NOTICES], has_id, &id);
    return 0;
}

struct claim {
    const char *connector;
    int64_t now_ms;
};

static bool is_due(const void *row, const void *query)
{
    const struct tcn_notice *n = row;
    const struct claim *c = query;

    return n->due_ms > 0 && n->due_ms <= c->now_ms && !n->is_in_flight &&
           strcmp(n->connector, c->connector) == 0;
}

static int by_due(const void *left, const void *right)
{
    const struct tcn_notice *a = left, *b = right;

    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

int ref_notice_claim(struct ref *r, const char *connector, int64_t now_ms, size_t limit,
                     struct tcn_arena *a, struct tcn_notice **ret, size_t *ret_n)
{
    const struct claim claim = {connector, now_ms};
    void **rows;

    *ret_n = ref_select(&r->t[REF_NOTICES], is_due, &claim, by_due, limit, a, &rows);
    for (size_t i = 0; i < *ret_n; i++) {
        struct tcn_notice *row = rows[i];

        row->is_in_flight = true;
        row->epoch = r->epoch;
    }
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

int ref_notice_next(struct ref *r, const char *connector, int64_t *ret_ms)
{
    const struct claim claim = {connector, INT64_MAX};
    const struct ref_table *t = &r->t[REF_NOTICES];
    const struct tcn_notice *rows = (const void *)t->rows;

    *ret_ms = 0;
    for (size_t i = 0; i < t->n; i++)
        if (is_due(&rows[i], &claim) && (*ret_ms == 0 || rows[i].due_ms < *ret_ms))
            *ret_ms = rows[i].due_ms;
    return 0;
}

static bool is_of(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_notice *)row)->incident, *(const struct tcn_id *)query);
}

static int by_topic(const void *left, const void *right)
{
    const struct tcn_notice *a = left, *b = right;
    int order = strcmp(a->topic, b->topic);

    return order ? order : strcmp(a->connector, b->connector);
}

int ref_notice_list(struct ref *r, struct tcn_id incident, struct tcn_arena *a,
                    struct tcn_notice **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_NOTICES], is_of, &incident, by_topic, TCN_NOTICES_OF_INCIDENT_MAX,
                        a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static bool waits(const void *row, const void *query)
{
    const struct tcn_notice *n = row;

    (void)query;
    return n->due_ms > 0 && (!n->is_in_flight || n->attempts > 0);
}

static int by_connector(const void *left, const void *right)
{
    return strcmp(((const struct tcn_notice *)left)->connector,
                  ((const struct tcn_notice *)right)->connector);
}

int ref_notice_waiting(struct ref *r, size_t limit, struct tcn_arena *a,
                       struct tcn_connector_waiting **ret, size_t *ret_n)
{
    void **rows;
    size_t all = ref_select(&r->t[REF_NOTICES], waits, NULL, by_connector, SIZE_MAX, a, &rows);

    *ret = TCN_NEW_N(a, struct tcn_connector_waiting, all + 1);
    *ret_n = 0;
    for (size_t i = 0; i < all; i++) {
        const struct tcn_notice *notice = rows[i];

        if (i == 0 || by_connector(rows[i - 1], notice) != 0)
            (*ret)[(*ret_n)++] = (struct tcn_connector_waiting){.connector = notice->connector};
        ref_waits(&(*ret)[*ret_n - 1], notice->since_ms > 0 ? notice->since_ms : notice->due_ms);
    }
    *ret_n = *ret_n < limit ? *ret_n : limit;
    return 0;
}
