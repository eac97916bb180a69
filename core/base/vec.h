/* A growing array in an arena: struct { T *items; size_t n, size; }. For lists that a decision hands back. */
#ifndef TCN_BASE_VEC_H
#define TCN_BASE_VEC_H

#include "base/arena.h"

#define TCN_VEC(T)                                                                                 \
    struct {                                                                                       \
        T *items;                                                                                  \
        size_t n, size;                                                                            \
    }

/* Appends a zeroed element and yields its address; elements move when the vector grows. */
#define TCN_VEC_PUSH(arena, v)                                                                     \
    ((v)->items = tcn_vec_grow((arena), (v)->items, (v)->n, &(v)->size, sizeof *(v)->items),       \
     &(v)->items[(v)->n++])

void *tcn_vec_grow(struct tcn_arena *a, void *items, size_t n, size_t *size, size_t item_size);

#endif
