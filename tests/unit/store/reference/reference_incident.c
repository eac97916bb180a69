/* Incidents, their timelines and engagements in the reference store. */
#include "reference.h"

#include <stdio.h>
#include <string.h>

/* -- incidents ---------------------------------------------------------------------------------------------- */

static bool is_incident(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_incident *)row)->id, *(const struct tcn_id *)query);
}

int ref_incident_get(struct ref *r, struct tcn_id id, struct tcn_arena *a, struct tcn_incident *ret)
{
    const struct tcn_incident *row = ref_find(&r->t[REF_INCIDENTS], is_incident, &id);

    (void)a;
    if (row)
        *ret = *row;
    return row ? 0 : TCN_ENOTFOUND;
}

int ref_incident_put(struct ref *r, const struct tcn_incident *incident)
{
    struct tcn_incident *row = ref_find_or_add(&r->t[REF_INCIDENTS], is_incident, &incident->id);

    *row = *incident;
    row->exists = true;
    return 0;
}

static int newest_incident(const void *left, const void *right)
{
    return ref_compare_ids(((const struct tcn_incident *)right)->id,
                           ((const struct tcn_incident *)left)->id);
}

static bool is_filtered(const void *row, const void *query)
{
    const struct tcn_incident *i = row;
    const struct tcn_incident_filter *f = query;

    return (f->status == TCN_STATUS_UNSET || f->status == i->status) &&
           (!i->is_bare || (f->and_bare && !f->dedupe_string)) &&
           (!f->dedupe_string || strcmp(f->dedupe_string, i->dedupe_string) == 0) &&
           (tcn_id_is_zero(f->before) || ref_compare_ids(i->id, f->before) < 0);
}

int ref_incident_list(struct ref *r, const struct tcn_incident_filter *filter, struct tcn_arena *a,
                      struct tcn_incident **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_INCIDENTS], is_filtered, filter, newest_incident, filter->limit,
                        a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static int youngest_incident(const void *left, const void *right)
{
    const struct tcn_incident *a = left, *b = right;
    int order = ref_compare(b->created_ms, a->created_ms);

    return order ? order : newest_incident(a, b);
}

static bool is_created_by(const struct tcn_incident *i, const struct tcn_incident_search *s)
{
    for (size_t k = 0; i->created_by && k < s->n_creators; k++)
        if (strcmp(i->created_by, s->creators[k]) == 0)
            return true;
    return s->n_creators == 0;
}

static bool is_searched(const void *row, const void *query)
{
    const struct tcn_incident *i = row;
    const struct tcn_incident_search *s = query;

    if (s->from) {
        struct tcn_incident from = {.id = s->from->id, .created_ms = s->from->created_ms};

        if (youngest_incident(&from, i) >= 0)
            return false;
    }
    return (s->status == TCN_STATUS_UNSET || s->status == i->status) &&
           (s->impacts == 0 ? i->impact > 0 : s->impacts & 1u << i->impact) &&
           is_created_by(i, s) && (s->after_ms == 0 || i->created_ms > s->after_ms) &&
           (s->before_ms == 0 || i->created_ms < s->before_ms);
}

int ref_incident_search(struct ref *r, const struct tcn_incident_search *search,
                        struct tcn_arena *a, struct tcn_incident **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_INCIDENTS], is_searched, search, youngest_incident, search->limit,
                        a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static bool is_open_of(const void *row, const void *query)
{
    const struct tcn_incident *i = row;

    return i->status == TCN_STATUS_OPEN && !i->is_bare && strcmp(i->dedupe_string, query) == 0;
}

int ref_incident_open_of(struct ref *r, const char *dedupe_string, struct tcn_id *ret_id)
{
    const struct ref_table *t = &r->t[REF_INCIDENTS];
    const struct tcn_incident *rows = (const void *)t->rows, *newest = NULL;

    for (size_t i = 0; i < t->n; i++)
        if (is_open_of(&rows[i], dedupe_string) &&
            (!newest || newest_incident(&rows[i], newest) < 0))
            newest = &rows[i];
    if (newest)
        *ret_id = newest->id;
    return newest ? 0 : TCN_ENOTFOUND;
}

int ref_incident_count(struct ref *r, enum tcn_incident_status status, int64_t *ret)
{
    const struct ref_table *t = &r->t[REF_INCIDENTS];
    struct tcn_incident_filter filter = {.status = status};

    *ret = 0;
    for (size_t i = 0; i < t->n; i++)
        *ret += is_filtered(t->rows + i * t->row, &filter);
    return 0;
}

/* -- timelines ---------------------------------------------------------------------------------------------- */

static bool is_event(const void *row, const void *query)
{
    const struct ref_event *a = row, *b = query;

    return tcn_id_eq(a->incident, b->incident) && a->event.seq == b->event.seq;
}

int ref_event_add(struct ref *r, struct tcn_id incident, const struct tcn_event *event)
{
    struct ref_event added = {incident, *event}, *row;

    if ((row = ref_find(&r->t[REF_EVENTS], is_event, &added)))
        return tcn_id_eq(row->event.id, event->id) ? 0 : TCN_ECONFLICT;
    row = ref_add(&r->t[REF_EVENTS]);
    *row = added;
    return 0;
}

int ref_events_add(struct ref *r, struct tcn_id incident, const struct tcn_event *events, size_t n)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < n; i++)
        code = ref_event_add(r, incident, &events[i]);
    return code;
}

/* The numbers are those of neither end. */
struct span {
    struct tcn_id incident;
    int64_t after, before;
};

static bool is_in_span(const void *row, const void *query)
{
    const struct ref_event *a = row;
    const struct span *span = query;

    return tcn_id_eq(a->incident, span->incident) && a->event.seq > span->after &&
           a->event.seq < span->before;
}

static int oldest_event(const void *left, const void *right)
{
    return ref_compare(((const struct ref_event *)left)->event.seq,
                       ((const struct ref_event *)right)->event.seq);
}

static int newest_event(const void *left, const void *right)
{
    return oldest_event(right, left);
}

static int list_events(struct ref *r, struct span span, ref_order *order, size_t limit,
                       struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_EVENTS], is_in_span, &span, order, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, offsetof(struct ref_event, event), sizeof **ret, a);
    return 0;
}

int ref_event_list(struct ref *r, struct tcn_id incident, int64_t after_seq, size_t limit,
                   struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n)
{
    struct span span = {incident, after_seq, INT64_MAX};

    return list_events(r, span, oldest_event, limit, a, ret, ret_n);
}

int ref_event_newest(struct ref *r, struct tcn_id incident, int64_t before_seq, size_t limit,
                     struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n)
{
    struct span span = {incident, INT64_MIN, before_seq ? before_seq : INT64_MAX};

    return list_events(r, span, newest_event, limit, a, ret, ret_n);
}

static bool is_event_of_id(const void *row, const void *query)
{
    const struct ref_event *a = row, *b = query;

    return tcn_id_eq(a->incident, b->incident) && tcn_id_eq(a->event.id, b->event.id);
}

int ref_event_find(struct ref *r, struct tcn_id incident, struct tcn_id id, struct tcn_arena *a,
                   struct tcn_event *ret)
{
    struct ref_event wanted = {incident, {.id = id}};
    const struct ref_event *row = ref_find(&r->t[REF_EVENTS], is_event_of_id, &wanted);

    (void)a;
    if (row)
        *ret = row->event;
    return row ? 0 : TCN_ENOTFOUND;
}

int ref_event_rewrite(struct ref *r, struct tcn_id incident, const struct tcn_event *event)
{
    struct ref_event wanted = {incident, *event};
    struct ref_event *row = ref_find(&r->t[REF_EVENTS], is_event, &wanted);

    if (row)
        *row = wanted;
    return row ? 0 : TCN_ECONFLICT;
}

struct of_filter {
    struct tcn_id incident;
    const struct tcn_event_filter *f;
};

static int earlier_event(const void *left, const void *right)
{
    const struct tcn_event *a = &((const struct ref_event *)left)->event;
    const struct tcn_event *b = &((const struct ref_event *)right)->event;
    int order = ref_compare(a->event_ms, b->event_ms);

    return order ? order : ref_compare(a->seq, b->seq);
}

static int later_event(const void *left, const void *right)
{
    return earlier_event(right, left);
}

static bool is_one_of(const char *text, const char *const *of, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, of[i]) == 0)
            return true;
    return n == 0;
}

/* Of the tests' rows each has one reference at most. */
static bool refers_to_one_of(const char *references, const char *const *of, size_t n)
{
    char text[100];

    for (size_t i = 0; references && i < n; i++) {
        snprintf(text, sizeof text, "[{\"resource\":\"%s\"}]", of[i]);
        if (strcmp(references, text) == 0)
            return true;
    }
    return n == 0;
}

static bool is_on_page(const void *row, const void *query)
{
    const struct of_filter *q = query;
    const struct ref_event *r = row;
    struct ref_event from = {.event = {.seq = 0}};

    if (q->f->from) {
        from.event.event_ms = q->f->from->event_ms;
        from.event.seq = q->f->from->seq;
        if (q->f->oldest_first ? earlier_event(r, &from) <= 0 : later_event(r, &from) <= 0)
            return false;
    }
    return tcn_id_eq(r->incident, q->incident) &&
           (q->f->after_ms == 0 || r->event.event_ms > q->f->after_ms) &&
           (q->f->before_ms == 0 || r->event.event_ms < q->f->before_ms) &&
           is_one_of(r->event.type, q->f->types, q->f->n_types) &&
           refers_to_one_of(r->event.references, q->f->references, q->f->n_references);
}

int ref_event_page(struct ref *r, struct tcn_id incident, const struct tcn_event_filter *filter,
                   struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n)
{
    struct of_filter query = {incident, filter};
    void **rows;

    *ret_n =
        ref_select(&r->t[REF_EVENTS], is_on_page, &query,
                   filter->oldest_first ? earlier_event : later_event, filter->limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, offsetof(struct ref_event, event), sizeof **ret, a);
    return 0;
}

static bool is_related(const void *row, const void *query)
{
    const struct ref_related *a = row, *b = query;

    return tcn_id_eq(a->incident, b->incident) &&
           strcmp(a->item.generated_id, b->item.generated_id) == 0;
}

static int64_t last_place(const struct ref_table *t, struct tcn_id incident)
{
    const struct ref_related *rows = (const void *)t->rows;
    int64_t last = 0;

    for (size_t i = 0; i < t->n; i++)
        if (tcn_id_eq(rows[i].incident, incident) && rows[i].item.seq > last)
            last = rows[i].item.seq;
    return last;
}

int ref_related_put(struct ref *r, struct tcn_id incident, const struct tcn_related_item *item)
{
    struct ref_table *t = &r->t[REF_RELATED];
    struct ref_related put = {incident, *item}, *row = ref_find(t, is_related, &put);

    if (row)
        put.item.seq = row->item.seq;
    else if (item->seq == 0)
        put.item.seq = last_place(t, incident) + 1;
    if (!row)
        row = ref_add(t);
    *row = put;
    return 0;
}

int ref_related_put_all(struct ref *r, struct tcn_id incident, const struct tcn_related_item *items,
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        ref_related_put(r, incident, &items[i]);
    return 0;
}

int ref_related_add_all(struct ref *r, struct tcn_id incident, const struct tcn_related_item *items,
                        size_t n)
{
    return ref_related_put_all(r, incident, items, n);
}

int ref_related_drop(struct ref *r, struct tcn_id incident, const char *generated_id)
{
    struct ref_related wanted = {.incident = incident};

    snprintf(wanted.item.generated_id, sizeof wanted.item.generated_id, "%s", generated_id);
    ref_remove(&r->t[REF_RELATED], is_related, &wanted);
    return 0;
}

static bool is_related_of(const void *row, const void *query)
{
    return tcn_id_eq(((const struct ref_related *)row)->incident, *(const struct tcn_id *)query);
}

static int by_place(const void *left, const void *right)
{
    const struct ref_related *a = left, *b = right;
    int order = ref_compare(a->item.seq, b->item.seq);

    return order ? order : strcmp(a->item.generated_id, b->item.generated_id);
}

int ref_related_list(struct ref *r, struct tcn_id incident, struct tcn_arena *a,
                     struct tcn_related_item **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_RELATED], is_related_of, &incident, by_place, SIZE_MAX, a, &rows);
    *ret = ref_copy(rows, *ret_n, offsetof(struct ref_related, item), sizeof **ret, a);
    return 0;
}
