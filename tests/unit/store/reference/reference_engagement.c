/* Engagements, pages and receipts in the reference store. */
#include "reference.h"

static bool is_engagement(const void *row, const void *query)
{
    const struct ref_engagement *a = row, *b = query;

    return tcn_id_eq(a->incident, b->incident) && a->engagement.no == b->engagement.no;
}

/* Runs and pages are never removed: who puts fewer than there were means something else. */
int ref_engagement_put(struct ref *r, struct tcn_id incident, const struct tcn_engagement *e)
{
    struct ref_engagement put = {incident, *e};
    struct ref_engagement *row = ref_find_or_add(&r->t[REF_ENGAGEMENTS], is_engagement, &put);

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
