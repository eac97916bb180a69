/* Feeds, conflicts and notes that were taken in, of the reference store. */
#include "reference.h"

#include <string.h>

static bool is_of_connector(const void *row, const void *query)
{
    return strcmp(((const struct tcn_feed *)row)->connector, query) == 0;
}

/* As due_ms of the row in a database. */
static int64_t due_of(const struct tcn_feed *f)
{
    if (f->poll_due_ms == 0 || f->sweep_due_ms == 0)
        return f->poll_due_ms + f->sweep_due_ms;
    return f->poll_due_ms < f->sweep_due_ms ? f->poll_due_ms : f->sweep_due_ms;
}

int ref_feed_make(struct ref *r, const char *connector, int64_t now_ms)
{
    struct ref_table *t = &r->t[REF_FEEDS];

    if (ref_find(t, is_of_connector, connector))
        return 0;
    *(struct tcn_feed *)ref_add(t) = (struct tcn_feed){
        .connector = connector, .since_ms = now_ms, .poll_due_ms = now_ms, .sweep_due_ms = now_ms};
    return 0;
}

int ref_feed_claim(struct ref *r, const char *connector, int64_t now_ms, struct tcn_arena *a,
                   struct tcn_feed *ret, bool *ret_is_ours)
{
    struct tcn_feed *row = ref_find(&r->t[REF_FEEDS], is_of_connector, connector);

    (void)a;
    *ret_is_ours = row && !row->is_in_flight && due_of(row) > 0 && due_of(row) <= now_ms;
    if (!*ret_is_ours)
        return 0;
    row->is_in_flight = true;
    row->epoch = r->epoch;
    *ret = *row;
    return 0;
}

int ref_feed_put(struct ref *r, const struct tcn_feed *feed)
{
    struct tcn_feed *row = ref_find(&r->t[REF_FEEDS], is_of_connector, feed->connector);
    int64_t heard_ms = row ? row->heard_ms : 0;

    if (!row)
        return 0;
    *row = *feed;
    row->heard_ms = heard_ms;
    row->is_in_flight = false;
    row->epoch = 0;
    return 0;
}

int ref_feed_heard(struct ref *r, const char *connector, int64_t now_ms)
{
    struct tcn_feed *row = ref_find(&r->t[REF_FEEDS], is_of_connector, connector);

    if (row && row->heard_ms < now_ms - 60000)
        row->heard_ms = now_ms;
    return 0;
}

int ref_feed_hasten(struct ref *r, const char *connector, int64_t now_ms)
{
    struct tcn_feed *row = ref_find(&r->t[REF_FEEDS], is_of_connector, connector);

    if (!row)
        return 0;
    if (row->sweep_due_ms == 0 || row->sweep_due_ms > now_ms)
        row->sweep_due_ms = now_ms;
    row->sweep_from = (struct tcn_id){{0}};
    row->is_of_closed = false;
    return 0;
}

static bool is_any(const void *row, const void *query)
{
    (void)row;
    (void)query;
    return true;
}

static int by_connector(const void *left, const void *right)
{
    return strcmp(((const struct tcn_feed *)left)->connector,
                  ((const struct tcn_feed *)right)->connector);
}

int ref_feed_list(struct ref *r, struct tcn_arena *a, struct tcn_feed **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_FEEDS], is_any, NULL, by_connector, TCN_FEEDS_MAX, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

/* -- records ------------------------------------------------------------------------------------------------------- */

struct wanted {
    const struct ref *r;
    const char *connector;
    const struct tcn_id *before, *since;
};

static bool is_incident(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_incident *)row)->id, *(const struct tcn_id *)query);
}

static bool is_wanted(const void *row, const void *query)
{
    const struct tcn_link *link = row;
    const struct wanted *w = query;
    const struct tcn_incident *i = ref_find(&w->r->t[REF_INCIDENTS], is_incident, &link->incident);

    if (!i || link->state != TCN_LINK_LINKED || strcmp(link->connector, w->connector) != 0 ||
        (w->before && ref_compare_ids(i->id, *w->before) >= 0))
        return false;
    return w->since ? i->status == TCN_STATUS_RESOLVED && ref_compare_ids(i->id, *w->since) >= 0
                    : i->status == TCN_STATUS_OPEN;
}

static int newest_first(const void *left, const void *right)
{
    return ref_compare_ids(((const struct tcn_link *)right)->incident,
                           ((const struct tcn_link *)left)->incident);
}

int ref_feed_records(struct ref *r, const char *connector, const struct tcn_id *before,
                     const struct tcn_id *since, size_t limit, struct tcn_arena *a,
                     struct tcn_known_record **ret, size_t *ret_n)
{
    const struct wanted wanted = {r, connector, before, since};
    void **rows;

    *ret_n = ref_select(&r->t[REF_LINKS], is_wanted, &wanted, newest_first, limit, a, &rows);
    *ret = TCN_NEW_N(a, struct tcn_known_record, *ret_n + 1);
    for (size_t i = 0; i < *ret_n; i++) {
        const struct tcn_link *link = rows[i];

        (*ret)[i] = (struct tcn_known_record){link->id, link->incident, link->remote_id,
                                              link->base_version};
    }
    return 0;
}

/* -- conflicts ------------------------------------------------------------------------------------------------------ */

static bool is_conflict(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_conflict_row *)row)->id, *(const struct tcn_id *)query);
}

int ref_conflict_add(struct ref *r, const struct tcn_conflict_row *row)
{
    struct ref_table *t = &r->t[REF_CONFLICTS];

    if (!ref_find(t, is_conflict, &row->id))
        *(struct tcn_conflict_row *)ref_add(t) = *row;
    return 0;
}

static bool is_conflict_of(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_conflict_row *)row)->link, *(const struct tcn_id *)query);
}

static int newest_conflict(const void *left, const void *right)
{
    const struct tcn_conflict_row *a = left, *b = right;
    int order = ref_compare(b->at_ms, a->at_ms);

    return order ? order : ref_compare_ids(b->id, a->id);
}

int ref_conflict_list(struct ref *r, struct tcn_id link, struct tcn_arena *a,
                      struct tcn_conflict_row **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_CONFLICTS], is_conflict_of, &link, newest_conflict,
                        TCN_CONFLICTS_OF_LINK_MAX, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static bool is_before(const void *row, const void *query)
{
    return ((const struct tcn_conflict_row *)row)->at_ms < *(const int64_t *)query;
}

int ref_conflict_prune(struct ref *r, int64_t before_ms, int64_t *ret_n)
{
    *ret_n = (int64_t)ref_remove(&r->t[REF_CONFLICTS], is_before, &before_ms);
    return 0;
}

/* -- notes ---------------------------------------------------------------------------------------------------------- */

static bool is_entry(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_entry *)row)->id, *(const struct tcn_id *)query);
}

int ref_entry_put(struct ref *r, const struct tcn_entry *entry)
{
    struct tcn_entry *row = ref_find(&r->t[REF_ENTRIES], is_entry, &entry->id);
    struct tcn_entry old = row ? *row : *entry;

    if (!row)
        row = ref_add(&r->t[REF_ENTRIES]);
    old.event = entry->event;
    old.hash = entry->hash;
    old.at_ms = entry->at_ms;
    *row = old;
    return 0;
}

int ref_entry_get(struct ref *r, struct tcn_id id, struct tcn_arena *a, struct tcn_entry *ret)
{
    const struct tcn_entry *row = ref_find(&r->t[REF_ENTRIES], is_entry, &id);

    (void)a;
    if (!row)
        return TCN_ENOTFOUND;
    *ret = *row;
    return 0;
}
