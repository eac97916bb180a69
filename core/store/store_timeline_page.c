/* A timeline in the order in which things happened, filtered. What people write has any time, so that order is in no index:
 * one would cost every alarm three more entries, and a timeline ends at a quota. */
#include "store/internal.h"

#include "base/buf.h"
#include "base/vec.h"

#include <stdlib.h>

#define ESCAPED_BYTES ((size_t)16 << 10) /* of a reference as JSON */

enum { HEADS, HEADS_WITH_REFERENCES };
#define WHERE_OF                                                                                   \
    " FROM events WHERE account_id = $1 AND incident = $2 AND event_ms > $3 AND event_ms < $4"     \
    " ORDER BY seq DESC LIMIT $5"
/* References lie behind the data in a row: they are read when they are asked for. */
static const char *const sql[] = {
    [HEADS] = "SELECT event_ms, seq, type" WHERE_OF,
    [HEADS_WITH_REFERENCES] = "SELECT event_ms, seq, type, refs" WHERE_OF,
};

struct page {
    const struct tcn_event_filter *filter;
    const char **needles; /* of filter->references, as they stand in a row */
    struct tcn_arena *arena;
    TCN_VEC(struct tcn_event_place) places;
};

/* ":"ARN"": every reference is the value of a member. */
static const char *needle_of(const char *reference, struct tcn_arena *a)
{
    struct tcn_buf b;
    const char *ret;

    tcn_buf_init(&b, ESCAPED_BYTES);
    tcn_buf_char(&b, ':');
    tcn_buf_json(&b, tcn_str(reference));
    ret = tcn_buf_ok(&b) ? tcn_arena_strndup(a, b.ptr, b.len) : NULL;
    tcn_buf_done(&b);
    return ret;
}

static void make_needles(struct page *p)
{
    const struct tcn_event_filter *f = p->filter;

    p->needles = TCN_NEW_N(p->arena, const char *, f->n_references);
    for (size_t i = 0; i < f->n_references; i++)
        p->needles[i] = needle_of(f->references[i], p->arena);
}

static bool is_of_types(const struct tcn_event_filter *f, struct tcn_str type)
{
    for (size_t i = 0; i < f->n_types; i++)
        if (tcn_str_eq(type, tcn_str(f->types[i])))
            return true;
    return f->n_types == 0;
}

static bool refers(const struct page *p, struct tcn_str references)
{
    for (size_t i = 0; references.len > 0 && i < p->filter->n_references; i++)
        if (p->needles[i] &&
            memmem(references.ptr, references.len, p->needles[i], strlen(p->needles[i])))
            return true;
    return p->filter->n_references == 0;
}

/* Negative: a comes before b when the oldest are first. */
static int compare(const struct tcn_event_place *a, const struct tcn_event_place *b)
{
    if (a->event_ms != b->event_ms)
        return a->event_ms < b->event_ms ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int oldest(const void *a, const void *b)
{
    return compare(a, b);
}

static int newest(const void *a, const void *b)
{
    return compare(b, a);
}

static bool is_behind(const struct tcn_event_filter *f, const struct tcn_event_place *place)
{
    int order = f->from ? compare(place, f->from) : 0;

    return !f->from || (f->oldest_first ? order > 0 : order < 0);
}

static void read_head(struct tcn_query *q, struct page *p)
{
    struct tcn_event_place place = {.event_ms = tcn_c_int(q), .seq = 0};
    bool fits;

    place.seq = tcn_c_int(q);
    fits = is_of_types(p->filter, tcn_c_view(q)) && is_behind(p->filter, &place);
    if (fits && p->filter->n_references > 0)
        fits = refers(p, tcn_c_view(q));
    if (fits)
        *TCN_VEC_PUSH(p->arena, &p->places) = place;
}

static int read_heads(struct tcn_store *s, struct tcn_id incident, struct page *p,
                      struct tcn_err *err)
{
    const struct tcn_event_filter *f = p->filter;
    size_t no = f->n_references > 0 ? HEADS_WITH_REFERENCES : HEADS;
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_TIMELINE_PAGE, no, sql[no], &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, f->after_ms ? f->after_ms : INT64_MIN);
    tcn_q_int(&q, f->before_ms ? f->before_ms : INT64_MAX);
    tcn_q_int(&q, TCN_TIMELINE_READ);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_head(&q, p);
    tcn_query_done(&q);
    return r;
}

static int read_events(struct tcn_store *s, struct tcn_id incident, const struct page *p,
                       struct tcn_event *ret, size_t n, struct tcn_err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct tcn_event *event = NULL;
        size_t found = 0;
        int r = tcn_store_event_list(s, incident, p->places.items[i].seq - 1, 1, p->arena, &event,
                                     &found, err);

        if (r < 0)
            return r;
        if (found == 0 || event->seq != p->places.items[i].seq)
            return tcn_fail(err, TCN_EBUSY, "the timeline changed while it was read");
        ret[i] = *event;
    }
    return 0;
}

int tcn_store_event_page(struct tcn_store *s, struct tcn_id incident,
                         const struct tcn_event_filter *filter, struct tcn_arena *a,
                         struct tcn_event **ret, size_t *ret_n, struct tcn_err *err)
{
    struct page p = {.filter = filter, .arena = a};
    size_t n;
    int r;

    make_needles(&p);
    if ((r = read_heads(s, incident, &p, err)) < 0)
        return r;
    n = p.places.n;
    if (n > 1)
        qsort(p.places.items, n, sizeof *p.places.items, filter->oldest_first ? oldest : newest);
    if (n > filter->limit)
        n = filter->limit;
    *ret = TCN_NEW_N(a, struct tcn_event, n);
    *ret_n = n;
    return read_events(s, incident, &p, *ret, n, err);
}
