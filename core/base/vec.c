/* Growth of the arena array: doubling, so that n appends copy at most 2n elements. */
#include "base/vec.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_ITEMS = 4 };

void *tcn_vec_grow(struct tcn_arena *a, void *items, size_t n, size_t *size, size_t item_size)
{
    size_t bigger = *size ? *size * 2 : FIRST_ITEMS;

    assert(n <= *size);
    if (n < *size)
        return items;
    if (bigger < *size || bigger > SIZE_MAX / item_size)
        abort();
    *size = bigger;
    return tcn_arena_more(a, items, n * item_size, (bigger - n) * item_size);
}
