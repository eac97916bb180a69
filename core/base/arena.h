/* Memory of one turn: many small allocations, one release. Aborts on OOM like tcn_x*, and at its cap. */
#ifndef TCN_BASE_ARENA_H
#define TCN_BASE_ARENA_H

#include "base/str.h"

struct tcn_arena {
    struct tcn_arena_block *head;
    size_t used, cap;
};

void tcn_arena_init(struct tcn_arena *a, size_t cap_bytes);
void tcn_arena_done(struct tcn_arena *a);                /* legal on a zeroed struct */
void tcn_arena_reset(struct tcn_arena *a);               /* empties, may keep one block */
void *tcn_arena_alloc(struct tcn_arena *a, size_t size); /* zeroed, aligned for any type */
void *tcn_arena_calloc(struct tcn_arena *a, size_t n,
                       size_t size); /* overflow of n * size aborts */
/* The size bytes of p and more zeroed ones behind them. */
void *tcn_arena_more(struct tcn_arena *a, const void *p, size_t size, size_t more);
char *tcn_arena_strdup(struct tcn_arena *a, const char *z); /* NULL stays NULL */
char *tcn_arena_strndup(struct tcn_arena *a, const char *p, size_t len);
struct tcn_str tcn_arena_str(struct tcn_arena *a, struct tcn_str s); /* a NUL follows the copy */
char *tcn_arena_fmt(struct tcn_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* At most TCN_JOIN_MAX texts, one behind the other; NULL is an empty one. Where a format has nothing but %s this takes a tenth of
 * its time. */
#define TCN_JOIN_MAX 12
char *tcn_arena_join(struct tcn_arena *a, const char *const parts[], size_t n);
#define TCN_JOIN(arena, ...)                                                                       \
    tcn_arena_join((arena), (const char *const[]){__VA_ARGS__},                                    \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
void *tcn_arena_memdup(struct tcn_arena *a, const void *p, size_t size);

/* Arenas of work that is done, each with a block for the work to come. Of one thread; an arena that was taken is its
 * taker's, wherever that is. Legal when zeroed. */
#define TCN_ARENA_SPARES 128
struct tcn_arena_pool {
    size_t n;
    struct tcn_arena spare[TCN_ARENA_SPARES]; /* owned */
};
void tcn_arena_take(struct tcn_arena_pool *p, size_t cap_bytes, struct tcn_arena *ret);
/* Ends it: as tcn_arena_done(), unless it is worth keeping. */
void tcn_arena_give(struct tcn_arena_pool *p, struct tcn_arena *a);
void tcn_arena_pool_done(struct tcn_arena_pool *p);

#define TCN_NEW(arena, type) ((type *)tcn_arena_alloc((arena), sizeof(type)))
#define TCN_NEW_N(arena, type, n) ((type *)tcn_arena_calloc((arena), (size_t)(n), sizeof(type)))

#endif
