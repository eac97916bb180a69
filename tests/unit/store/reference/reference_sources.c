/* What fires, by who told so, in the reference store: each question walks all lanes. */
#include "reference.h"

#include <string.h>

static bool is_of(const void *row, const void *id)
{
    return tcn_id_eq(((const struct tcn_incident *)row)->id, *(const struct tcn_id *)id);
}

static bool is_open(struct ref *r, struct tcn_id id)
{
    const struct tcn_incident *incident = ref_find(&r->t[REF_INCIDENTS], is_of, &id);

    return incident && incident->status == TCN_STATUS_OPEN;
}

/* That lane keeps that incident open for that source. */
static bool keeps(struct ref *r, const struct tcn_lane *lane, const char *source, bool with_shared,
                  struct tcn_id id)
{
    return lane->is_firing && tcn_id_eq(lane->incident, id) && strcmp(lane->source, source) == 0 &&
           (with_shared || strncmp(lane->dedupe_key, "*/", 2) != 0) && is_open(r, id);
}

static bool any_keeps(struct ref *r, const char *source, bool with_shared, struct tcn_id id)
{
    const struct tcn_lane *lanes = (const void *)r->t[REF_LANES].rows;

    for (size_t i = 0; i < r->t[REF_LANES].n; i++)
        if (keeps(r, &lanes[i], source, with_shared, id))
            return true;
    return false;
}

static bool is_open_behind(const void *row, const void *after)
{
    const struct tcn_incident *incident = row;

    return incident->status == TCN_STATUS_OPEN &&
           ref_compare_ids(incident->id, *(const struct tcn_id *)after) > 0;
}

static int by_id(const void *left, const void *right)
{
    return ref_compare_ids(((const struct tcn_incident *)left)->id,
                           ((const struct tcn_incident *)right)->id);
}

static int by_source(const void *left, const void *right)
{
    return strcmp(((const struct tcn_lane *)left)->source,
                  ((const struct tcn_lane *)right)->source);
}

static bool any(const void *row, const void *query)
{
    (void)row;
    (void)query;
    return true;
}

int ref_source_waiting(struct ref *r, bool with_shared, struct tcn_id *after, size_t slice,
                       struct tcn_arena *a, struct tcn_source_waiting **ret, size_t *ret_n)
{
    const struct ref_table *t = &r->t[REF_LANES];
    void **open, **lanes;
    size_t n_open = ref_select(&r->t[REF_INCIDENTS], is_open_behind, after, by_id, slice, a, &open);
    size_t n_lanes = ref_select(t, any, NULL, by_source, t->n, a, &lanes), n = 0;

    *ret = TCN_NEW_N(a, struct tcn_source_waiting, n_lanes + 1);
    for (size_t i = 0; i < n_lanes; i++) {
        struct tcn_source_waiting row = {.source = ((const struct tcn_lane *)lanes[i])->source};

        if (i > 0 && by_source(lanes[i - 1], lanes[i]) == 0)
            continue;
        for (size_t k = 0; k < n_open; k++)
            row.n +=
                any_keeps(r, row.source, with_shared, ((const struct tcn_incident *)open[k])->id);
        if (row.n > 0)
            (*ret)[n++] = row;
    }
    *ret_n = n;
    *after = n_open == slice ? ((const struct tcn_incident *)open[n_open - 1])->id
                             : (struct tcn_id){{0}};
    return 0;
}

static bool is_told(struct ref *r, struct tcn_id id, const char *text)
{
    const struct ref_event *events = (const void *)r->t[REF_EVENTS].rows;

    for (size_t i = 0; i < r->t[REF_EVENTS].n; i++)
        if (tcn_id_eq(events[i].incident, id) && strcmp(events[i].event.text, text) == 0)
            return true;
    return false;
}

int ref_source_untold(struct ref *r, const char *source, bool with_shared, const char *text,
                      size_t limit, struct tcn_id *ret_ids, size_t *ret_n)
{
    const struct tcn_id zero = {{0}};
    const struct ref_table *t = &r->t[REF_INCIDENTS];
    struct tcn_arena a;
    void **open;
    size_t n_open, n = 0;

    tcn_arena_init(&a, (size_t)1 << 20);
    n_open = ref_select(t, is_open_behind, &zero, by_id, t->n, &a, &open);
    for (size_t i = 0; i < n_open && n < limit; i++) {
        struct tcn_id id = ((const struct tcn_incident *)open[i])->id;

        if (any_keeps(r, source, with_shared, id) && !is_told(r, id, text))
            ret_ids[n++] = id;
    }
    tcn_arena_done(&a);
    *ret_n = n;
    return 0;
}
