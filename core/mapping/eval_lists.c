/* Forms that make lists, objects and texts of many values. */
#include "mapping/eval_forms.h"

/* A member of an object as {"key": ..., "value": ...}. */
static struct tcn_value pair(struct tcn_eval *ev, const struct tcn_value_iter *it)
{
    struct tcn_member *members = tcn_work_array(&ev->work, 2, sizeof *members);

    if (!members)
        return TCN_ABSENT;
    members[0] = (struct tcn_member){TCN_STR("key"), tcn_value_str(it->key)};
    members[1] = (struct tcn_member){TCN_STR("value"), it->value};
    return (struct tcn_value){.kind = TCN_V_MAP, .map = {members, 2}};
}

/* The elements of an each, evaluated; a scalar counts as a list of itself. */
static struct tcn_value each_values(struct tcn_eval *ev, const struct tcn_expr *x,
                                    const struct tcn_value *of)
{
    bool is_map = tcn_value_is_map(of), is_many = is_map || tcn_value_is_list(of);
    size_t all = is_many ? tcn_value_count(of) : 1, n = 0;
    size_t max = all < x->each.max ? all : x->each.max;
    struct tcn_value_iter it = tcn_value_iter(of);
    struct tcn_value *items = tcn_work_array(&ev->work, max + 1, sizeof *items);
    struct tcn_value *local = &ev->locals[x->each.slot];

    if (!items)
        return TCN_ABSENT;
    for (size_t i = 0; i < max && tcn_work_spend(&ev->work, 1); i++) {
        if (is_many)
            tcn_value_next(&it);
        *local = !is_many ? *of : is_map ? pair(ev, &it) : it.value;
        items[n] = tcn_eval(ev, x->each.value);
        n += !tcn_value_is_absent(&items[n]);
    }
    *local = TCN_ABSENT;
    if (all > max && x->each.more) {
        local[1] = tcn_value_int((int64_t)(all - max));
        items[n] = tcn_eval(ev, x->each.more);
        n += !tcn_value_is_absent(&items[n]);
    }
    return (struct tcn_value){
        .kind = TCN_V_LIST, .n_cut = (all - max) & INT32_MAX, .list = {items, n}};
}

struct tcn_value tcn_eval_each(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value of = tcn_eval(ev, x->each.of), list;
    struct tcn_text t = {.work = &ev->work};

    if (tcn_value_is_absent(&of))
        return TCN_ABSENT;
    list = each_values(ev, x, &of);
    if (!x->each.has_sep || list.kind == TCN_V_ABSENT)
        return list;
    for (size_t i = 0; i < list.list.n; i++) {
        if (i)
            tcn_text_str(&t, x->each.sep);
        tcn_text_str(&t, tcn_value_text(&ev->work, &list.list.items[i]));
    }
    return tcn_value_built(tcn_text_done(&t));
}

static struct tcn_value first_of(const struct tcn_value *v, const char *const names[])
{
    struct tcn_value member = TCN_ABSENT;

    for (; *names && tcn_value_is_absent(&member); names++)
        member = tcn_value_member(v, tcn_str(*names));
    return member;
}

bool tcn_pair_of(const struct tcn_value *element, struct tcn_value *ret_key,
                 struct tcn_value *ret_value)
{
    static const char *const keys[] = {"key", "Key", "name", "Name", NULL};
    static const char *const values[] = {"value", "Value", NULL};

    *ret_key = first_of(element, keys);
    *ret_value = first_of(element, values);
    return ret_key->kind == TCN_V_STR && !tcn_value_is_absent(ret_value);
}

struct merge {
    struct tcn_member *members;
    size_t n;
};

static void merge_member(struct tcn_eval *ev, struct merge *m, struct tcn_str key,
                         struct tcn_value value)
{
    size_t i = 0;

    if (!tcn_work_spend(&ev->work, 1 + m->n / 8))
        return;
    while (i < m->n && !tcn_str_eq(m->members[i].key, key))
        i++;
    m->members[i] = (struct tcn_member){key, value};
    m->n += i == m->n;
}

static void merge_value(struct tcn_eval *ev, const struct tcn_expr *x, struct merge *m,
                        const struct tcn_value *v)
{
    struct tcn_value_iter it = tcn_value_iter(v);
    bool is_map = tcn_value_is_map(v);
    struct tcn_value key, value;

    if (!is_map && !tcn_value_is_list(v) && !tcn_value_is_empty(v))
        tcn_odd_note(&ev->odd, x->where, "is no object to merge", v);
    while (tcn_value_next(&it)) {
        if (is_map && it.value.kind != TCN_V_ABSENT)
            merge_member(ev, m, it.key, it.value);
        else if (!is_map && tcn_pair_of(&it.value, &key, &value))
            merge_member(ev, m, key.s, value);
        else if (!is_map)
            tcn_odd_note(&ev->odd, x->where, "is no pair of a key and a value", &it.value);
    }
}

struct tcn_value tcn_eval_merge(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value *values = tcn_work_array(&ev->work, x->list.n, sizeof *values);
    struct merge m = {0};
    size_t size = 0, present = 0;

    for (size_t i = 0; values && i < x->list.n; i++) {
        values[i] = tcn_eval(ev, x->list.items[i]);
        size += tcn_value_count(&values[i]);
        present += !tcn_value_is_absent(&values[i]);
    }
    if (!present || !(m.members = tcn_work_array(&ev->work, size + 1, sizeof *m.members)))
        return TCN_ABSENT;
    for (size_t i = 0; i < x->list.n; i++)
        merge_value(ev, x->list.items[i], &m, &values[i]);
    return (struct tcn_value){.kind = TCN_V_MAP, .map = {m.members, m.n}};
}

static struct tcn_value concat_lists(struct tcn_eval *ev, const struct tcn_value *values, size_t n)
{
    struct tcn_value *items, out = {.kind = TCN_V_LIST};
    size_t size = 0;

    for (size_t i = 0; i < n; i++)
        size += tcn_value_is_list(&values[i]) ? tcn_value_count(&values[i]) : 1;
    if (!(items = tcn_work_array(&ev->work, size, sizeof *items)) ||
        !tcn_work_spend(&ev->work, size))
        return TCN_ABSENT;
    out.list.items = items;
    for (size_t i = 0; i < n; i++) {
        struct tcn_value_iter it = tcn_value_iter(&values[i]);

        if (values[i].kind == TCN_V_LIST)
            out.n_cut = (out.n_cut + values[i].n_cut) & INT32_MAX;
        if (!tcn_value_is_list(&values[i]))
            items[out.list.n++] = values[i];
        while (tcn_value_is_list(&values[i]) && tcn_value_next(&it))
            items[out.list.n++] = it.value;
    }
    return out;
}

/* Lists when one of the values is a list, else text. */
struct tcn_value tcn_eval_concat(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value *values = tcn_work_array(&ev->work, x->list.n, sizeof *values);
    struct tcn_str *texts = tcn_work_array(&ev->work, x->list.n, sizeof *texts);
    bool has_list = false;
    size_t n = 0;

    for (size_t i = 0; values && texts && i < x->list.n; i++) {
        values[n] = tcn_eval(ev, x->list.items[i]);
        has_list |= tcn_value_is_list(&values[n]);
        n += !tcn_value_is_absent(&values[n]);
    }
    if (n == 0)
        return TCN_ABSENT;
    if (has_list)
        return concat_lists(ev, values, n);
    for (size_t i = 0; i < n; i++)
        texts[i] = tcn_value_text(&ev->work, &values[i]);
    return tcn_eval_join(ev, texts, n);
}

struct tcn_value tcn_eval_extreme(struct tcn_eval *ev, const struct tcn_expr *x, int wanted)
{
    struct tcn_value of = tcn_eval(ev, x->of), best = TCN_ABSENT;
    struct tcn_value_iter it = tcn_value_iter(&of);
    int order;

    if (!tcn_value_is_list(&of))
        return of;
    while (tcn_value_next(&it) && tcn_work_spend(&ev->work, 1)) {
        if (tcn_value_is_absent(&it.value))
            continue;
        if (best.kind == TCN_V_ABSENT ||
            (tcn_value_cmp(&ev->work, &it.value, &best, &order) && order * wanted > 0))
            best = it.value;
    }
    return best;
}
