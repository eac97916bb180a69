/* Incidents by status, impact, creator and time: for each combination of what is equal an index has the rows in the order
 * of the list, and the lists are merged. */
#include "store/internal.h"

#include "base/vec.h"

#include <assert.h>
#include <stdlib.h>

enum { OF_IMPACT, OF_CREATOR };
#define PLACES "SELECT created_ms, id FROM incidents WHERE account_id = $1 AND "
/* created_ms > 0 is the condition of the indexes. */
#define BEHIND                                                                                     \
    "impact = $2 AND status = $3 AND created_ms > 0 AND created_ms > $4"                           \
    " AND (created_ms, id) < ($5, $6)"
#define NEWEST " ORDER BY created_ms DESC, id DESC LIMIT $7"
static const char *const sql[] = {
    [OF_IMPACT] = PLACES BEHIND NEWEST,
    [OF_CREATOR] = PLACES BEHIND " AND created_by = $8" NEWEST,
};
static const struct tcn_id first_id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

struct search {
    const struct tcn_incident_search *wanted;
    struct tcn_incident_place below; /* what every row is older than */
    struct tcn_arena *arena;
    TCN_VEC(struct tcn_incident_place) places;
};

/* The page begins behind the last row of the one before, or at before_ms. */
static struct tcn_incident_place first_below(const struct tcn_incident_search *w)
{
    if (w->from && (w->before_ms == 0 || w->from->created_ms < w->before_ms))
        return *w->from;
    if (w->before_ms != 0)
        return (struct tcn_incident_place){w->before_ms, first_id};
    return (struct tcn_incident_place){INT64_MAX, tcn_store_last_id};
}

/* One list: of this impact and status, and of this creator unless it is NULL. */
static int read_list(struct tcn_store *s, struct search *x, int64_t impact, int64_t status,
                     const char *creator, struct tcn_err *err)
{
    size_t no = creator ? OF_CREATOR : OF_IMPACT;
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_SEARCH, no, sql[no], &q, err)) < 0)
        return r;
    tcn_q_int(&q, impact);
    tcn_q_int(&q, status);
    tcn_q_int(&q, x->wanted->after_ms ? x->wanted->after_ms : INT64_MIN);
    tcn_q_int(&q, x->below.created_ms);
    tcn_q_id(&q, &x->below.id);
    tcn_q_int(&q, (int64_t)x->wanted->limit);
    if (creator)
        tcn_q_text(&q, creator);
    while ((r = tcn_query_step(&q, err)) == 1) {
        struct tcn_incident_place *place = TCN_VEC_PUSH(x->arena, &x->places);

        place->created_ms = tcn_c_int(&q);
        place->id = tcn_c_id(&q);
    }
    tcn_query_done(&q);
    return r < 0 ? r : tcn_query_row_ok(&q, err);
}

static int read_impacts(struct tcn_store *s, struct search *x, const char *creator,
                        struct tcn_err *err)
{
    const struct tcn_incident_search *w = x->wanted;
    int r = 0;

    for (int impact = 1; impact <= TCN_IMPACT_MAX; impact++)
        for (int status = TCN_STATUS_OPEN; status <= TCN_STATUS_RESOLVED && r == 0; status++)
            if ((w->impacts == 0 || w->impacts & 1u << impact) &&
                (w->status == TCN_STATUS_UNSET || (int)w->status == status))
                r = read_list(s, x, impact, status, creator, err);
    return r;
}

static int newest(const void *left, const void *right)
{
    const struct tcn_incident_place *a = left, *b = right;

    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms ? 1 : -1;
    return memcmp(b->id.b, a->id.b, sizeof a->id.b);
}

/* A creator may be named twice. */
static size_t merge(struct search *x)
{
    struct tcn_incident_place *p = x->places.items;
    size_t n = 0;

    if (x->places.n > 1)
        qsort(p, x->places.n, sizeof *p, newest);
    for (size_t i = 0; i < x->places.n && n < x->wanted->limit; i++)
        if (n == 0 || !tcn_id_eq(p[n - 1].id, p[i].id))
            p[n++] = p[i];
    return n;
}

int tcn_store_incident_search(struct tcn_store *s, const struct tcn_incident_search *search,
                              struct tcn_arena *a, struct tcn_incident **ret, size_t *ret_n,
                              struct tcn_err *err)
{
    struct search x = {.wanted = search, .below = first_below(search), .arena = a};
    size_t n;
    int r = 0;

    assert(search->n_creators <= TCN_SEARCH_CREATORS_MAX);
    if (search->n_creators == 0)
        r = read_impacts(s, &x, NULL, err);
    for (size_t i = 0; i < search->n_creators && r == 0; i++)
        r = read_impacts(s, &x, search->creators[i], err);
    if (r < 0)
        return r;
    n = merge(&x);
    *ret = TCN_NEW_N(a, struct tcn_incident, n);
    *ret_n = n;
    for (size_t i = 0; i < n && r == 0; i++)
        r = tcn_store_incident_get(s, x.places.items[i].id, a, &(*ret)[i], err);
    return r;
}
