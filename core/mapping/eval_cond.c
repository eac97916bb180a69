/* Conditions. Absent values compare equal to absent ones only, and are in no order. */
#include "mapping/eval_forms.h"

enum { BYTES_A_STEP = 32 };

static bool eval_match(struct tcn_eval *ev, const struct tcn_cond *c)
{
    struct tcn_value v = tcn_eval(ev, c->a);
    struct tcn_str text = tcn_value_text(&ev->work, &v);
    bool gave_up, matches;

    if (tcn_value_is_absent(&v) || !text.ptr ||
        !tcn_work_spend(&ev->work, 4 + text.len / BYTES_A_STEP))
        return false;
    if (!ev->regex_memory)
        ev->regex_memory = tcn_regex_memory_new();
    matches = tcn_regex_match(c->regex, ev->regex_memory, text, &gave_up);
    if (gave_up) {
        tcn_eval_limit(ev, "a regular expression took too many steps");
        tcn_work_spend(&ev->work, TCN_WORK_STEPS / 16);
    }
    return matches;
}

static bool eval_in(struct tcn_eval *ev, const struct tcn_value *a, const struct tcn_value *b)
{
    struct tcn_value_iter it = tcn_value_iter(b);

    if (!tcn_value_is_list(b))
        return tcn_value_eq(&ev->work, a, b);
    while (tcn_value_next(&it) && tcn_work_spend(&ev->work, 1))
        if (tcn_value_eq(&ev->work, a, &it.value))
            return true;
    return false;
}

static bool eval_order(struct tcn_eval *ev, enum tcn_test test, const struct tcn_value *a,
                       const struct tcn_value *b)
{
    int order;

    if (!tcn_value_cmp(&ev->work, a, b, &order))
        return false;
    return test == TCN_TEST_LT   ? order < 0
           : test == TCN_TEST_LE ? order <= 0
           : test == TCN_TEST_GT ? order > 0
                                 : order >= 0;
}

static bool eval_two(struct tcn_eval *ev, const struct tcn_cond *c)
{
    struct tcn_value a = tcn_eval(ev, c->a), b = tcn_eval(ev, c->b);

    if (c->test == TCN_TEST_EQ)
        return tcn_value_eq(&ev->work, &a, &b);
    if (c->test == TCN_TEST_NE)
        return !tcn_value_eq(&ev->work, &a, &b);
    if (tcn_value_is_absent(&a) || tcn_value_is_absent(&b))
        return false;
    if (c->test == TCN_TEST_IN)
        return eval_in(ev, &a, &b);
    if (c->test == TCN_TEST_STARTS)
        return tcn_str_starts(tcn_value_text(&ev->work, &a), tcn_value_text(&ev->work, &b));
    return eval_order(ev, c->test, &a, &b);
}

/* AND stops at the first false, OR at the first true. */
static bool eval_parts(struct tcn_eval *ev, const struct tcn_cond *c, bool stops_at)
{
    for (size_t i = 0; i < c->n; i++)
        if (tcn_eval_cond(ev, c->parts[i]) == stops_at)
            return stops_at;
    return !stops_at;
}

static bool eval_test(struct tcn_eval *ev, const struct tcn_cond *c)
{
    struct tcn_value v;

    if (!tcn_work_spend(&ev->work, 1))
        return false;
    switch (c->test) {
    case TCN_TEST_AND:
        return eval_parts(ev, c, false);
    case TCN_TEST_OR:
        return eval_parts(ev, c, true);
    case TCN_TEST_NOT:
        return !tcn_eval_cond(ev, c->parts[0]);
    case TCN_TEST_HAS:
        v = tcn_eval(ev, c->a);
        return !tcn_value_is_absent(&v);
    case TCN_TEST_MATCH:
        return eval_match(ev, c);
    case TCN_TEST_EQ:
    case TCN_TEST_NE:
    case TCN_TEST_LT:
    case TCN_TEST_LE:
    case TCN_TEST_GT:
    case TCN_TEST_GE:
    case TCN_TEST_IN:
    case TCN_TEST_STARTS:
        break;
    }
    return eval_two(ev, c);
}

/* To look whether something is there, and of which kind, is what a condition is for: what it cannot read is no mistake. */
bool tcn_eval_cond(struct tcn_eval *ev, const struct tcn_cond *c)
{
    struct tcn_odd odd;
    bool holds;

    if (!c)
        return true;
    odd = ev->odd;
    holds = eval_test(ev, c);
    ev->odd = odd;
    return holds;
}
