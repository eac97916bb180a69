/* Several stores and the reference side by side: what is asked of one is asked of all, and answered alike. */
#ifndef TCN_TESTS_STORE_CONFORMANCE_H
#define TCN_TESTS_STORE_CONFORMANCE_H

#include "reference/reference.h"
#include "rows_engaged.h"
#include "rows_feed.h"
#include "rows_notice.h"
#include "rows_resource.h"

#define DRIVERS_MAX 3
#define STORES_MAX (DRIVERS_MAX + 1)

struct bed {
    struct fixture f[DRIVERS_MAX];
    size_t drivers;
    size_t n; /* the drivers, and the reference last */
    struct ref ref;
    struct gen g;
    struct tcn_arena rows; /* lives as long as the reference, whose rows point into it */
    struct tcn_arena a;
    unsigned seed;
    const char *op;
    size_t conflicts, commits, steps;
    int codes[STORES_MAX];
    uint64_t told[STORES_MAX]; /* version of the resources */
};

#define EACH(b) for (size_t k = 0; k < (b)->n; k++)
#define EACH_DRIVER(b) for (size_t k = 0; k < (b)->drivers; k++)
static inline unsigned pick(struct bed *b, unsigned n)
{
    return (unsigned)rand_r(&b->seed) % n;
}

static inline struct tcn_id an_id(struct bed *b, uint32_t base, unsigned n)
{
    return id_of(base + pick(b, n));
}

/* -- transactions ------------------------------------------------------------------------------------------- */

static inline void begin(struct bed *b)
{
    EACH_DRIVER(b)
    OK(&b->f[k], tcn_store_begin(b->f[k].s, &b->f[k].err));
    ref_begin(&b->ref);
}

static inline void commit(struct bed *b)
{
    EACH_DRIVER(b)
    OK(&b->f[k], tcn_store_commit(b->f[k].s, &b->f[k].err));
    b->commits++;
}

static inline void rollback(struct bed *b)
{
    EACH_DRIVER(b)
    tcn_store_rollback(b->f[k].s);
    ref_rollback(&b->ref);
}

/* What only writes may answer later; a read makes it answer. */
static inline int settled(struct bed *b, size_t k, int r)
{
    const char *value;

    if (k == b->drivers || r < 0)
        return r;
    return tcn_store_meta_get(b->f[k].s, "none", &b->a, &value, &b->f[k].err);
}

/* The same code everywhere; one that ends the transaction ends all of them. */
static inline int same_code(struct bed *b, const int r[STORES_MAX], bool is_answer)
{
    int wanted = r[b->drivers];

    EACH_DRIVER(b)
    if (r[k] != wanted)
        fail_msg("step %zu, %s: store %zu answers %d, the reference %d: %s", b->steps, b->op, k,
                 r[k], wanted, r[k] < 0 ? b->f[k].err.msg : "");
    if (wanted < 0 && !is_answer) {
        rollback(b);
        begin(b);
        b->conflicts++;
    }
    return wanted;
}

#define CALL(b, k, what, ...)                                                                      \
    ((k) == (b)->drivers ? ref_##what(&(b)->ref, __VA_ARGS__)                                      \
                         : tcn_store_##what((b)->f[k].s, __VA_ARGS__, &(b)->f[k].err))
#define WRITE(b, what, ...)                                                                        \
    do {                                                                                           \
        int codes_[STORES_MAX];                                                                    \
        EACH(b)                                                                                    \
        codes_[k] = settled(b, k, CALL(b, k, what, __VA_ARGS__));                                  \
        same_code(b, codes_, false);                                                               \
    } while (0)
/* NOTFOUND and what the inbox knows are answers. */
#define ASK(b, what, ...)                                                                          \
    do {                                                                                           \
        EACH(b)                                                                                    \
        b->codes[k] = CALL(b, k, what, __VA_ARGS__);                                               \
        same_code(b, b->codes, true);                                                              \
    } while (0)
#define LIST(b, type, same, what, ...)                                                             \
    ROWS(b, type, same, what, __VA_ARGS__, &b->a, &list[k], &n[k])
#define ALL(b, type, same, what) ROWS(b, type, same, what, &b->a, &list[k], &n[k])
#define ROWS(b, type, same, what, ...)                                                             \
    do {                                                                                           \
        type *list[STORES_MAX] = {NULL};                                                           \
        size_t n[STORES_MAX] = {0};                                                                \
        ASK(b, what, __VA_ARGS__);                                                                 \
        EACH_DRIVER(b)                                                                             \
        {                                                                                          \
            if (n[k] != n[b->drivers])                                                             \
                fail_msg("step %zu, %s: store %zu has %zu rows, the reference %zu", (b)->steps,    \
                         (b)->op, k, n[k], n[b->drivers]);                                         \
            for (size_t i = 0; i < n[k]; i++)                                                      \
                same(&list[b->drivers][i], &list[k][i]);                                           \
        }                                                                                          \
    } while (0)

#endif
