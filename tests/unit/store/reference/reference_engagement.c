/* Engagements, pages and receipts in the reference store. */
#include "reference.h"

#include <string.h>

static bool is_engagement(const void *row, const void *query)
{
    const struct ref_engagement *a = row, *b = query;

    return tcn_id_eq(a->incident, b->incident) && a->engagement.no == b->engagement.no;
}

/* Runs and pages are never removed: who puts fewer than there were means something else. */
int ref_engagement_put(struct ref *r, struct tcn_id incident, const struct tcn_engagement *e)
{
    struct ref_engagement put = {.incident = incident, .engagement = *e};
    struct ref_engagement *row = ref_find_or_add(&r->t[REF_ENGAGEMENTS], is_engagement, &put);

    if (row->is_written) /* its text never changes */
        put.engagement.text = row->engagement.text;
    put.is_written = true;
    if (e->n_runs < row->engagement.n_runs || e->n_pages < row->engagement.n_pages)
        return TCN_EINVALID;
    *row = put;
    return 0;
}

static bool is_engagement_of(const void *row, const void *query)
{
    return tcn_id_eq(((const struct ref_engagement *)row)->incident, *(const struct tcn_id *)query);
}

static int by_no(const void *left, const void *right)
{
    return ref_compare(((const struct ref_engagement *)left)->engagement.no,
                       ((const struct ref_engagement *)right)->engagement.no);
}

int ref_engagement_list(struct ref *r, struct tcn_id incident, struct tcn_arena *a,
                        struct tcn_engagement **ret, size_t *ret_n)
{
    void **rows;

    *ret_n =
        ref_select(&r->t[REF_ENGAGEMENTS], is_engagement_of, &incident, by_no, SIZE_MAX, a, &rows);
    *ret = ref_copy(rows, *ret_n, offsetof(struct ref_engagement, engagement), sizeof **ret, a);
    return 0;
}

static bool has_page(const void *row, const void *query)
{
    const struct tcn_engagement *e = &((const struct ref_engagement *)row)->engagement;

    for (size_t i = 0; i < e->n_pages; i++)
        if (tcn_id_eq(e->pages[i].id, *(const struct tcn_id *)query))
            return true;
    return false;
}

static struct tcn_engaged engaged_of(struct ref *r, const struct ref_engagement *row)
{
    static const struct tcn_engagement_text none;
    const struct tcn_engagement *e = &row->engagement;
    struct tcn_incident incident = {.is_bare = false};

    (void)ref_incident_get(r, row->incident, NULL, &incident);
    return (struct tcn_engaged){.id = e->id,
                                .incident = row->incident,
                                .is_bare = incident.is_bare,
                                .no = e->no,
                                .contact = e->contact,
                                .type = e->type,
                                .start_ms = e->start_ms,
                                .stop_ms = e->stop_ms,
                                .next_stage_ms = e->next_stage_ms,
                                .text = e->text ? *e->text : none};
}

static int find_engaged(struct ref *r, bool (*is)(const void *, const void *), struct tcn_id id,
                        struct tcn_engaged *ret)
{
    const struct ref_engagement *row = ref_find(&r->t[REF_ENGAGEMENTS], is, &id);

    if (row)
        *ret = engaged_of(r, row);
    return row ? 0 : TCN_ENOTFOUND;
}

static bool has_id(const void *row, const void *query)
{
    return tcn_id_eq(((const struct ref_engagement *)row)->engagement.id,
                     *(const struct tcn_id *)query);
}

int ref_engaged_find(struct ref *r, struct tcn_id engagement, struct tcn_arena *a,
                     struct tcn_engaged *ret)
{
    (void)a;
    return find_engaged(r, has_id, engagement, ret);
}

int ref_engaged_by_page(struct ref *r, struct tcn_id page, struct tcn_arena *a,
                        struct tcn_engaged *ret)
{
    (void)a;
    return find_engaged(r, has_page, page, ret);
}

static int youngest(const void *left, const void *right)
{
    const struct tcn_engagement *a = &((const struct ref_engagement *)left)->engagement,
                                *b = &((const struct ref_engagement *)right)->engagement;
    int order = ref_compare(b->start_ms, a->start_ms);

    return order ? order : ref_compare_ids(b->id, a->id);
}

static bool is_wanted(const void *row, const void *query)
{
    const struct ref_engagement *x = row;
    const struct tcn_engaged_filter *f = query;
    const struct tcn_engagement_text *text = x->engagement.text;
    int64_t start_ms = x->engagement.start_ms;

    if (f->after) {
        struct ref_engagement after = {.engagement = {.id = f->after->id}};

        after.engagement.start_ms = f->after->start_ms;
        if (youngest(&after, x) >= 0)
            return false;
    }
    return (tcn_id_is_zero(f->incident) || tcn_id_eq(f->incident, x->incident)) &&
           (!f->text || (text && text->incident && strcmp(f->text, text->incident) == 0)) &&
           (f->from_ms == 0 || start_ms >= f->from_ms) &&
           (f->until_ms == 0 || start_ms < f->until_ms);
}

int ref_engaged_list(struct ref *r, const struct tcn_engaged_filter *filter, struct tcn_arena *a,
                     struct tcn_engaged **ret, size_t *ret_n)
{
    void **rows;

    *ret_n =
        ref_select(&r->t[REF_ENGAGEMENTS], is_wanted, filter, youngest, filter->limit, a, &rows);
    *ret = TCN_NEW_N(a, struct tcn_engaged, *ret_n);
    for (size_t i = 0; i < *ret_n; i++)
        (*ret)[i] = engaged_of(r, rows[i]);
    return 0;
}

int ref_page_incident(struct ref *r, struct tcn_id page, struct tcn_id *ret_incident)
{
    const struct ref_engagement *row = ref_find(&r->t[REF_ENGAGEMENTS], has_page, &page);

    if (row)
        *ret_incident = row->incident;
    return row ? 0 : TCN_ENOTFOUND;
}

int ref_receipt_add(struct ref *r, const struct tcn_receipt *receipt)
{
    struct tcn_receipt *row = ref_add(&r->t[REF_RECEIPTS]);

    *row = *receipt;
    return 0;
}

static bool is_receipt_of(const void *row, const void *query)
{
    return tcn_id_eq(((const struct tcn_receipt *)row)->page, *(const struct tcn_id *)query);
}

int ref_receipt_list(struct ref *r, struct tcn_id page, struct tcn_arena *a,
                     struct tcn_receipt **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_RECEIPTS], is_receipt_of, &page, NULL, SIZE_MAX, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}
