/* Running expressions. Recursion follows the mapping file, whose depth its parser bounds; loops over the input are
 * counted against the budget. */
#include "mapping/compile.h"
#include "mapping/markdown.h"

#include <stdlib.h>

enum { INLINE_PARTS = 64, BYTES_A_STEP = 32 };

void tcn_eval_init(struct tcn_eval *ev, const struct tcn_mapping *m, struct tcn_arena *arena,
                   size_t bytes)
{
    memset(ev, 0, sizeof *ev);
    tcn_work_init(&ev->work, arena, bytes);
    ev->m = m;
    if (m->n_vars) {
        ev->vars = tcn_work_array(&ev->work, m->n_vars, sizeof *ev->vars);
        ev->var_known = tcn_work_alloc(&ev->work, m->n_vars);
    }
}

void tcn_eval_done(struct tcn_eval *ev)
{
    for (size_t i = 0; i < ev->n_trees; i++)
        json_decref(ev->trees[i]);
    tcn_regex_memory_free(ev->regex_memory);
    ev->n_trees = 0;
    ev->regex_memory = NULL;
}

static void trace_took(struct tcn_eval *ev, const struct tcn_expr *x)
{
    if (ev->trace)
        ev->trace->took = x->where;
}

static void trace_absent(struct tcn_eval *ev, const struct tcn_path *path)
{
    struct tcn_trace *t = ev->trace;

    if (!t || t->n_absent == TCN_ABSENT_MAX)
        return;
    for (size_t i = 0; i < t->n_absent; i++)
        if (strcmp(t->absent[i], path->text) == 0)
            return;
    ev->absent[t->n_absent++] = path->text;
    t->absent = ev->absent;
}

static void soft(struct tcn_eval *ev, const char *what)
{
    if (!ev->soft)
        ev->soft = what;
}

/* Header values come from the network as they are: what is no UTF-8 is absent. */
static struct tcn_value header(struct tcn_eval *ev, struct tcn_str name)
{
    for (size_t i = 0; i < ev->n_headers && tcn_work_spend(&ev->work, 1); i++) {
        struct tcn_str value = ev->headers[i].value;

        if (tcn_str_case_eq(ev->headers[i].name, name))
            return tcn_utf8_ok(value) && !memchr(value.ptr, '\0', value.len) ? tcn_value_str(value)
                                                                             : TCN_ABSENT;
    }
    return TCN_ABSENT;
}

/* Vars are evaluated when first asked for, once; the locals around are not seen by them. */
static struct tcn_value var(struct tcn_eval *ev, unsigned slot)
{
    if (!ev->vars || !ev->var_known)
        return TCN_ABSENT;
    if (!ev->var_known[slot]) {
        struct tcn_value outside[TCN_LOCALS_MAX + 1];

        memcpy(outside, ev->locals, sizeof outside);
        ev->vars[slot] = tcn_eval(ev, ev->m->vars[slot]);
        ev->var_known[slot] = 1;
        memcpy(ev->locals, outside, sizeof outside);
    }
    return ev->vars[slot];
}

static struct tcn_value settings(struct tcn_eval *ev, struct tcn_steps steps)
{
    struct tcn_value v =
        tcn_path_walk(&ev->work, tcn_value_of_json(ev->roots[TCN_ROOT_SETTINGS]), steps);

    if (v.kind != TCN_V_ABSENT)
        return v;
    return tcn_path_walk(&ev->work, tcn_value_of_json(ev->m->settings), steps);
}

struct tcn_value tcn_eval_path(struct tcn_eval *ev, const struct tcn_path *path)
{
    switch (path->root) {
    case TCN_ROOT_HDR:
        return header(ev, path->steps.steps[0].key);
    case TCN_ROOT_VAR:
        return tcn_path_walk(&ev->work, var(ev, path->slot), path->steps);
    case TCN_ROOT_NOW:
        return tcn_value_time(ev->now_ms);
    case TCN_ROOT_SETTINGS:
        return settings(ev, path->steps);
    case TCN_ROOT_LOCAL:
        return tcn_path_walk(&ev->work, ev->locals[path->slot], path->steps);
    case TCN_ROOT_IN:
    case TCN_ROOT_ENV:
    case TCN_ROOT_OLD:
    case TCN_ROOT_EVENT:
    case TCN_ROOT_REMOTE:
        break;
    }
    return tcn_path_walk(&ev->work, tcn_value_of_json(ev->roots[path->root]), path->steps);
}

static struct tcn_value eval_part(struct tcn_eval *ev, const struct tcn_part *part)
{
    struct tcn_value v;

    if (!part->path)
        return tcn_value_str(part->literal);
    v = tcn_eval_path(ev, part->path);
    if (v.kind == TCN_V_ABSENT)
        trace_absent(ev, part->path);
    for (size_t i = 0; i < part->n_filters; i++)
        v = tcn_filter_apply(&ev->work, &part->filters[i], v);
    return v;
}

/* One allocation of the exact length. */
static struct tcn_value join_texts(struct tcn_eval *ev, const struct tcn_str *texts, size_t n)
{
    size_t len = 0;
    char *p, *at;

    for (size_t i = 0; i < n; i++)
        len += texts[i].len;
    if (len > TCN_MAPPING_OUTPUT_MAX) {
        ev->work.spent = "a text of more than 1 MiB";
        return TCN_ABSENT;
    }
    if (!tcn_work_spend(&ev->work, n + len / BYTES_A_STEP) ||
        !(p = tcn_work_alloc(&ev->work, len + 1)))
        return TCN_ABSENT;
    at = p;
    for (size_t i = 0; i < n; i++) {
        if (texts[i].len)
            memcpy(at, texts[i].ptr, texts[i].len);
        at += texts[i].len;
    }
    *at = '\0';
    return tcn_value_built((struct tcn_str){p, len});
}

static struct tcn_value eval_template(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_str texts[INLINE_PARTS];

    for (size_t i = 0; i < x->text.n; i++) {
        struct tcn_value v;

        if (!x->text.parts[i].path) {
            texts[i] = x->text.parts[i].literal;
            continue;
        }
        v = eval_part(ev, &x->text.parts[i]);
        texts[i] = tcn_value_text(&ev->work, &v);
        if (x->is_strict && tcn_value_is_empty(&v))
            return TCN_ABSENT;
    }
    return join_texts(ev, texts, x->text.n);
}

static struct tcn_value eval_list(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value *items = tcn_work_array(&ev->work, x->list.n, sizeof *items);
    size_t n = 0;

    for (size_t i = 0; items && i < x->list.n; i++) {
        items[n] = tcn_eval(ev, x->list.items[i]);
        n += items[n].kind != TCN_V_ABSENT;
    }
    return items ? (struct tcn_value){.kind = TCN_V_LIST, .list = {items, n}} : TCN_ABSENT;
}

static struct tcn_value eval_object(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_member *members = tcn_work_array(&ev->work, x->object.n, sizeof *members);
    size_t n = 0;

    for (size_t i = 0; members && i < x->object.n; i++) {
        members[n].key = x->object.pairs[i].key;
        members[n].value = tcn_eval(ev, x->object.pairs[i].value);
        n += members[n].value.kind != TCN_V_ABSENT;
    }
    return members ? (struct tcn_value){.kind = TCN_V_MAP, .map = {members, n}} : TCN_ABSENT;
}

static struct tcn_value eval_first(struct tcn_eval *ev, const struct tcn_expr *x)
{
    for (size_t i = 0; i < x->list.n; i++) {
        struct tcn_value v = tcn_eval(ev, x->list.items[i]);

        if (x->keeps_empty ? !tcn_value_is_absent(&v) : !tcn_value_is_empty(&v))
            return v;
    }
    return tcn_eval(ev, x->list.otherwise);
}

static struct tcn_value eval_table(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value of = tcn_eval(ev, x->table.of), v;
    struct tcn_str text;

    if (tcn_value_is_absent(&of))
        return TCN_ABSENT;
    text = tcn_value_text(&ev->work, &of);
    if (!text.ptr || !tcn_work_spend(&ev->work, 1))
        return TCN_ABSENT;
    trace_took(ev, x);
    v = x->is_reverse ? tcn_table_back(x->table.table, text)
                      : tcn_table_forth(x->table.table, text);
    if (v.kind != TCN_V_ABSENT || x->is_reverse)
        return v;
    if (x->table.table->otherwise.kind == TCN_V_ABSENT)
        ev->counts.table_misses++;
    return x->table.table->otherwise;
}

static struct tcn_value eval_case(struct tcn_eval *ev, const struct tcn_expr *x)
{
    for (size_t i = 0; i < x->cases.n; i++)
        if (tcn_eval_cond(ev, x->cases.branches[i].when))
            return tcn_eval(ev, x->cases.branches[i].value);
    return tcn_eval(ev, x->cases.otherwise);
}

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
    return (struct tcn_value){.kind = TCN_V_LIST, .is_cut = all > max, .list = {items, n}};
}

static struct tcn_value eval_each(struct tcn_eval *ev, const struct tcn_expr *x)
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

static void merge_value(struct tcn_eval *ev, struct merge *m, const struct tcn_value *v)
{
    struct tcn_value_iter it = tcn_value_iter(v);
    bool is_map = tcn_value_is_map(v);
    struct tcn_value key, value;

    while (tcn_value_next(&it)) {
        if (is_map && it.value.kind != TCN_V_ABSENT)
            merge_member(ev, m, it.key, it.value);
        else if (!is_map && tcn_pair_of(&it.value, &key, &value))
            merge_member(ev, m, key.s, value);
    }
}

static struct tcn_value eval_merge(struct tcn_eval *ev, const struct tcn_expr *x)
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
        merge_value(ev, &m, &values[i]);
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

        out.is_cut |= values[i].kind == TCN_V_LIST && values[i].is_cut;
        if (!tcn_value_is_list(&values[i]))
            items[out.list.n++] = values[i];
        while (tcn_value_is_list(&values[i]) && tcn_value_next(&it))
            items[out.list.n++] = it.value;
    }
    return out;
}

/* Lists when one of the values is a list, else text. */
static struct tcn_value eval_concat(struct tcn_eval *ev, const struct tcn_expr *x)
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
    return join_texts(ev, texts, n);
}

static struct tcn_value eval_json(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value of = tcn_eval(ev, x->of);
    struct tcn_str text;
    json_t *tree;

    if (of.kind != TCN_V_STR)
        return of;
    text = of.s;
    if (ev->n_trees == TCN_TREES_MAX || !tcn_work_spend(&ev->work, text.len / 4)) {
        soft(ev, "more JSON texts than are read");
        return TCN_ABSENT;
    }
    if (tcn_json_parse(text, &tcn_json_source, &tree, NULL) < 0) {
        soft(ev, "a text that should hold JSON does not");
        return TCN_ABSENT;
    }
    ev->trees[ev->n_trees++] = tree;
    return tcn_value_of_json(tree);
}

static struct tcn_value eval_extreme(struct tcn_eval *ev, const struct tcn_expr *x, int wanted)
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

static struct tcn_value eval_adf(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value of = tcn_eval(ev, x->of);
    struct tcn_str text = tcn_value_text(&ev->work, &of);

    return tcn_value_is_absent(&of) || !text.ptr ? TCN_ABSENT : tcn_markdown_adf(&ev->work, text);
}

static struct tcn_value eval_form(struct tcn_eval *ev, const struct tcn_expr *x)
{
    switch (x->form) {
    case TCN_FORM_LITERAL:
        return x->literal;
    case TCN_FORM_PART:
        return eval_part(ev, &x->part);
    case TCN_FORM_TEMPLATE:
        return eval_template(ev, x);
    case TCN_FORM_LIST:
        return eval_list(ev, x);
    case TCN_FORM_OBJECT:
        return eval_object(ev, x);
    case TCN_FORM_FIRST:
        return eval_first(ev, x);
    case TCN_FORM_TABLE:
        return eval_table(ev, x);
    case TCN_FORM_CASE:
        return eval_case(ev, x);
    case TCN_FORM_EACH:
        return eval_each(ev, x);
    case TCN_FORM_MERGE:
        return eval_merge(ev, x);
    case TCN_FORM_CONCAT:
        return eval_concat(ev, x);
    case TCN_FORM_HASH:
        return tcn_value_sha256(&ev->work, tcn_eval(ev, x->of));
    case TCN_FORM_JSON:
        return eval_json(ev, x);
    case TCN_FORM_ADF:
        return eval_adf(ev, x);
    case TCN_FORM_MIN:
        return eval_extreme(ev, x, -1);
    case TCN_FORM_MAX:
        return eval_extreme(ev, x, 1);
    case TCN_FORM_TIME:
        break;
    }
    return tcn_moment_of(&ev->work, x->time.rule, tcn_eval(ev, x->time.of));
}

static bool passes_through(enum tcn_form form)
{
    return form == TCN_FORM_FIRST || form == TCN_FORM_CASE || form == TCN_FORM_TABLE;
}

struct tcn_value tcn_eval(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value v;

    if (!x || !tcn_work_spend(&ev->work, 1))
        return TCN_ABSENT;
    v = eval_form(ev, x);
    if (!passes_through(x->form))
        trace_took(ev, x);
    return v;
}

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
        soft(ev, "a regular expression took too many steps");
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

bool tcn_eval_cond(struct tcn_eval *ev, const struct tcn_cond *c)
{
    struct tcn_value v;

    if (!c)
        return true;
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
