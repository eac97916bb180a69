/* Growth of the arena array: doubling, so that n appends copy at most 2n elements. */
#include "base/vec.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_ITEMS = 8, FIRST_BYTES = 2048 };

/* Fewer of large ones: an escalation plan alone is some kilobytes, and most lists of such have one or two. */
static size_t first_size(size_t item_size)
{
    return item_size * FIRST_ITEMS <= FIRST_BYTES ? FIRST_ITEMS
           : item_size < FIRST_BYTES              ? FIRST_BYTES / item_size
                                                  : 1;
}

void *tcn_vec_grow(struct tcn_arena *a, void *items, size_t n, size_t *size, size_t item_size)
{
    size_t bigger = *size ? *size * 2 : first_size(item_size);
    void *moved;

    assert(n <= *size);
    if (n < *size)
        return items;
    if (bigger < *size)
        abort();
    moved = tcn_arena_calloc(a, bigger, item_size);
    if (n)
        memcpy(moved, items, n * item_size);
    *size = bigger;
    return moved;
}
