/* Between two edges of overrides one of them decides; neighbours that name the same contacts are one piece. */
#include "engine/rotation_override.h"
#include "engine/rotation_turn.h"

#include <stdlib.h>

/* NULL when none contains the instant. */
static const struct tcn_rotation_override *decider(const struct tcn_rotation *r, int64_t at_ms)
{
    const struct tcn_rotation_override *found = NULL;

    for (size_t i = 0; i < r->n_overrides; i++) {
        const struct tcn_rotation_override *o = &r->overrides[i];

        if (o->start_ms <= at_ms && at_ms < o->end_ms &&
            (!found || o->created_ms >= found->created_ms))
            found = o;
    }
    return found;
}

static bool name_the_same(const struct tcn_rotation_override *a,
                          const struct tcn_rotation_override *b)
{
    size_t i = 0;

    if (a->n_contacts != b->n_contacts)
        return false;
    while (i < a->n_contacts && strcmp(a->contacts[i], b->contacts[i]) == 0)
        i++;
    return i == a->n_contacts;
}

static size_t find_edges(const struct tcn_rotation *r, int64_t *edges)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_overrides; i++) {
        edges[n++] = r->overrides[i].start_ms;
        edges[n++] = r->overrides[i].end_ms;
    }
    qsort(edges, n, sizeof *edges, tcn_instants_ascending);
    return n;
}

/* Appends what lies between two edges; n is how many pieces there are before. */
static size_t add_piece(struct tcn_override_piece *pieces, size_t n, struct tcn_override_piece p)
{
    struct tcn_override_piece *last = n ? &pieces[n - 1] : NULL;

    if (!p.by || p.start_ms == p.end_ms)
        return n;
    if (last && last->end_ms == p.start_ms && name_the_same(last->by, p.by)) {
        last->end_ms = p.end_ms;
        return n;
    }
    pieces[n] = p;
    return n + 1;
}

void tcn_overrides_prepare(const struct tcn_rotation *r, struct tcn_arena *arena,
                           struct tcn_override_pieces *ret)
{
    int64_t *edges = TCN_NEW_N(arena, int64_t, 2 * r->n_overrides + 1);
    struct tcn_override_piece *pieces =
        TCN_NEW_N(arena, struct tcn_override_piece, 2 * r->n_overrides + 1);
    size_t n_edges = find_edges(r, edges), n = 0;

    for (size_t i = 0; i + 1 < n_edges; i++)
        n = add_piece(pieces, n,
                      (struct tcn_override_piece){edges[i], edges[i + 1], decider(r, edges[i])});
    *ret = (struct tcn_override_pieces){pieces, n};
}

size_t tcn_override_piece_at(const struct tcn_override_pieces *p, int64_t at_ms)
{
    size_t low = 0, high = p->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->items[middle].end_ms <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
