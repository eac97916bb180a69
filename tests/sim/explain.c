/* What the engine tells of an incident when everything is over: each page once, as paged, and nothing that is still to come. */
#include "engine/explain.h"
#include "world.h"

#define MEMORY (64u << 20)

static size_t count_pages(const struct incident_row *row, const struct tcn_explained *x)
{
    size_t n = 0;

    for (size_t i = 0; i < row->n_engagements; i++) {
        const struct tcn_engagement *e = &row->engagements[i];

        for (size_t k = 0; k < e->n_pages; k++)
            n += !x || (strcmp(e->pages[k].contact, x->contact) == 0 &&
                        strcmp(e->pages[k].channel, x->channel) == 0);
    }
    return n;
}

static void check_line(struct world *w, const struct incident_row *row,
                       const struct tcn_explained *x)
{
    if (x->kind == TCN_WILL_PAGE)
        fail(w, "%s will be paged after days of quiet: %s", x->contact, x->why);
    if (x->kind == TCN_PAGED && (!x->channel || count_pages(row, x) == 0))
        fail(w, "%s was paged, it is told, and was not: %s", x->contact, x->why);
}

void explain_check(struct world *w, const struct incident_row *row)
{
    const struct tcn_aggregate a = {.incident = row->incident,
                                    .engagements = row->engagements,
                                    .n_engagements = row->n_engagements};
    struct tcn_explanation told;
    struct tcn_arena memory;
    size_t paged = 0;

    tcn_arena_init(&memory, MEMORY);
    tcn_engine_explain(&a, &w->directory, &memory, &told);
    for (size_t i = 0; i < told.lines.n; i++) {
        check_line(w, row, &told.lines.items[i]);
        paged += told.lines.items[i].kind == TCN_PAGED;
    }
    if (paged != count_pages(row, NULL) && !told.is_cut)
        fail(w, "%zu pages are told of %zu", paged, count_pages(row, NULL));
    tcn_arena_done(&memory);
}
