/* Tables of the reference store, and its transactions. */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

static const size_t row_sizes[REF_KINDS] = {
    [REF_INBOX] = sizeof(struct tcn_inbox),
    [REF_LANES] = sizeof(struct tcn_lane),
    [REF_STORMS] = sizeof(struct ref_storm),
    [REF_STORM_ALARMS] = sizeof(struct ref_storm_alarm),
    [REF_META] = sizeof(struct ref_meta),
    [REF_INCIDENTS] = sizeof(struct tcn_incident),
    [REF_EVENTS] = sizeof(struct ref_event),
    [REF_RELATED] = sizeof(struct ref_related),
    [REF_ENGAGEMENTS] = sizeof(struct ref_engagement),
    [REF_RECEIPTS] = sizeof(struct tcn_receipt),
    [REF_SENDS] = sizeof(struct tcn_send_row),
    [REF_TIMERS] = sizeof(struct ref_timer),
    [REF_LINKS] = sizeof(struct tcn_link),
    [REF_DEADLETTERS] = sizeof(struct tcn_deadletter),
    [REF_SUBSCRIPTIONS] = sizeof(struct tcn_subscription),
    [REF_WAITING] = sizeof(struct tcn_waiting),
    [REF_MUTES] = sizeof(struct tcn_mute),
    [REF_RESOURCES] = sizeof(struct tcn_resource),
    [REF_CHANNEL_STATES] = sizeof(struct tcn_channel_state),
    [REF_NOTICES] = sizeof(struct tcn_notice),
    [REF_FEEDS] = sizeof(struct tcn_feed),
    [REF_CONFLICTS] = sizeof(struct tcn_conflict_row),
    [REF_ENTRIES] = sizeof(struct tcn_entry),
    [REF_BUDGETS] = sizeof(struct ref_budget),
};

void ref_init(struct ref *r, int64_t epoch)
{
    *r = (struct ref){.epoch = epoch, .version = 1};
    for (size_t i = 0; i < REF_KINDS; i++)
        r->t[i].row = row_sizes[i];
}

void ref_done(struct ref *r)
{
    for (size_t i = 0; i < REF_KINDS; i++) {
        free(r->t[i].rows);
        free(r->t[i].before);
    }
}

/* Both have room for the same number of rows. */
static void grow(struct ref_table *t)
{
    if (t->n < t->size)
        return;
    t->size = 2 * t->size + 16;
    t->rows = realloc(t->rows, t->size * t->row);
    t->before = realloc(t->before, t->size * t->row);
    if (!t->rows || !t->before)
        abort();
}

void ref_begin(struct ref *r)
{
    r->has_changed = false;
    for (size_t i = 0; i < REF_KINDS; i++) {
        struct ref_table *t = &r->t[i];

        if ((t->n_before = t->n) > 0)
            memcpy(t->before, t->rows, t->n * t->row);
    }
}

void ref_rollback(struct ref *r)
{
    r->version += r->has_changed;
    for (size_t i = 0; i < REF_KINDS; i++) {
        struct ref_table *t = &r->t[i];

        if ((t->n = t->n_before) > 0)
            memcpy(t->rows, t->before, t->n * t->row);
    }
}

void *ref_find(const struct ref_table *t, ref_match *match, const void *query)
{
    for (size_t i = 0; i < t->n; i++)
        if (match(t->rows + i * t->row, query))
            return t->rows + i * t->row;
    return NULL;
}

void *ref_find_or_add(struct ref_table *t, ref_match *match, const void *query)
{
    void *row = ref_find(t, match, query);

    return row ? row : ref_add(t);
}

void *ref_add(struct ref_table *t)
{
    grow(t);
    return memset(t->rows + t->n++ * t->row, 0, t->row);
}

size_t ref_remove(struct ref_table *t, ref_match *match, const void *query)
{
    size_t before = t->n;

    for (size_t i = t->n; i > 0; i--) {
        char *row = t->rows + (i - 1) * t->row;

        if (match(row, query))
            memmove(row, row + t->row, (t->n-- - i) * t->row);
    }
    return before - t->n;
}

/* Later ones go behind their equals. */
static void insert(void **rows, size_t n, void *row, ref_order *order)
{
    for (; order && n > 0 && order(rows[n - 1], row) > 0; n--)
        rows[n] = rows[n - 1];
    rows[n] = row;
}

size_t ref_select(const struct ref_table *t, ref_match *match, const void *query, ref_order *order,
                  size_t limit, struct tcn_arena *a, void ***ret)
{
    size_t n = 0;

    *ret = TCN_NEW_N(a, void *, t->n + 1);
    for (size_t i = 0; i < t->n; i++)
        if (match(t->rows + i * t->row, query))
            insert(*ret, n++, t->rows + i * t->row, order);
    return n < limit ? n : limit;
}

void *ref_copy(void *const *rows, size_t n, size_t offset, size_t size, struct tcn_arena *a)
{
    char *copies = tcn_arena_alloc(a, (n + 1) * size);

    for (size_t i = 0; i < n; i++)
        memcpy(copies + i * size, (const char *)rows[i] + offset, size);
    return copies;
}

int ref_compare(int64_t left, int64_t right)
{
    return (left > right) - (left < right);
}

int ref_compare_ids(struct tcn_id left, struct tcn_id right)
{
    return memcmp(left.b, right.b, sizeof left.b);
}
