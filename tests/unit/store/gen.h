/* Distinct values, for members that no two rows of a test shall have alike. */
#ifndef TCN_TESTS_STORE_GEN_H
#define TCN_TESTS_STORE_GEN_H

#include "model/topic.h"
#include "store_test.h"

struct gen {
    struct tcn_arena *a;
    int64_t n;
};

static inline int64_t g_int(struct gen *g)
{
    return ++g->n * 1000003;
}

static inline const char *g_text(struct gen *g)
{
    return tcn_arena_fmt(g->a, "t%lld \"q\" \\ ' $1 \xC3\xA9\n", (long long)++g->n);
}

static inline struct tcn_id g_id(struct gen *g)
{
    return id_of((uint32_t)++g->n);
}

static inline struct tcn_topics gen_topics(struct gen *g, size_t n)
{
    const char **arns = TCN_NEW_N(g->a, const char *, n);

    for (size_t i = 0; i < n; i++)
        arns[i] = g_text(g);
    return (struct tcn_topics){arns, n};
}

static inline void same_topics(const struct tcn_topics *a, const struct tcn_topics *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        assert_string_equal(a->arns[i], b->arns[i]);
}

#endif
