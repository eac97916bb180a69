/* From a run that fails to a smaller one that still does: steps are halved at the end and at the start, then whole kinds of
 * events are left out. Every step has chances of its own, so what is left stays as it was. */
#include "world.h"

#define TRIES 400

struct search {
    struct options best;
    run_fails *fails;
    int tries;
};

static bool try(struct search *s, const struct options *o)
{
    if (s->tries == TRIES)
        return false;
    s->tries++;
    if (!s->fails(o))
        return false;
    s->best = *o;
    return true;
}

/* Halves, quarters, ... single steps, off one end. */
static bool cut(struct search *s, int64_t off_start)
{
    bool is_smaller = false;

    for (int64_t d = (s->best.steps - s->best.from) / 2; d > 0; d /= 2)
        for (;;) {
            struct options o = s->best;

            o.from += off_start ? d : 0;
            o.steps -= off_start ? 0 : d;
            if (o.from > o.steps || !try(s, &o))
                break;
            is_smaller = true;
        }
    return is_smaller;
}

static bool drop_features(struct search *s)
{
    bool is_smaller = false;

    for (unsigned i = 0; i < FEATURES; i++) {
        struct options o = s->best;

        o.without |= 1u << i;
        if (o.without != s->best.without)
            is_smaller |= try(s, &o);
    }
    return is_smaller;
}

struct options minimise(const struct options *failed, run_fails *fails)
{
    struct search s = {*failed, fails, 0};
    bool is_smaller = true;

    while (is_smaller) {
        is_smaller = cut(&s, false);
        is_smaller |= drop_features(&s);
        is_smaller |= cut(&s, true);
    }
    return s.best;
}
