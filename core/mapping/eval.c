/* Running expressions. Recursion follows the mapping file, whose depth its parser bounds; loops over the input are
 * counted against the budget. */
#include "mapping/eval_forms.h"
#include "mapping/markdown.h"

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
        ev->var_odds = tcn_work_array(&ev->work, m->n_vars, sizeof *ev->var_odds);
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

void tcn_eval_limit(struct tcn_eval *ev, const char *what)
{
    if (!ev->limit)
        ev->limit = what;
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

/* The locals around are not seen by it. */
static void eval_var(struct tcn_eval *ev, unsigned slot)
{
    struct tcn_value outside[TCN_LOCALS_MAX + 1];
    struct tcn_odd odd = ev->odd;

    memcpy(outside, ev->locals, sizeof outside);
    ev->odd = (struct tcn_odd){0};
    ev->vars[slot] = tcn_eval(ev, ev->m->vars[slot]);
    ev->var_odds[slot] = ev->odd;
    ev->var_known[slot] = 1;
    ev->odd = odd;
    memcpy(ev->locals, outside, sizeof outside);
}

/* Evaluated when first asked for, once. What it could not read is told wherever it is used. */
static struct tcn_value var(struct tcn_eval *ev, unsigned slot)
{
    if (!ev->vars || !ev->var_known || !ev->var_odds)
        return TCN_ABSENT;
    if (!ev->var_known[slot])
        eval_var(ev, slot);
    tcn_odd_keep(&ev->odd, &ev->var_odds[slot]);
    return ev->vars[slot];
}

static struct tcn_value settings(struct tcn_eval *ev, struct tcn_steps steps)
{
    struct tcn_value v =
        tcn_path_walk(&ev->work, tcn_value_of_json(ev->roots[TCN_ROOT_SETTINGS]), steps, NULL);

    if (v.kind != TCN_V_ABSENT)
        return v;
    return tcn_path_walk(&ev->work, tcn_value_of_json(ev->m->defaults), steps, NULL);
}

static struct tcn_value walk(struct tcn_eval *ev, const struct tcn_path *path,
                             struct tcn_value from)
{
    struct tcn_value misfit = TCN_ABSENT;
    struct tcn_value v = tcn_path_walk(&ev->work, from, path->steps, &misfit);

    if (misfit.kind != TCN_V_ABSENT)
        tcn_odd_note(&ev->odd, path->text, "is looked for in what has no such members", &misfit);
    return v;
}

struct tcn_value tcn_eval_path(struct tcn_eval *ev, const struct tcn_path *path)
{
    switch (path->root) {
    case TCN_ROOT_HDR:
        return header(ev, path->steps.steps[0].key);
    case TCN_ROOT_VAR:
        return walk(ev, path, var(ev, path->slot));
    case TCN_ROOT_NOW:
        return tcn_value_time(ev->now_ms);
    case TCN_ROOT_SETTINGS:
        return settings(ev, path->steps);
    case TCN_ROOT_LOCAL:
        return walk(ev, path, ev->locals[path->slot]);
    case TCN_ROOT_IN:
    case TCN_ROOT_ENV:
    case TCN_ROOT_OLD:
    case TCN_ROOT_EVENT:
    case TCN_ROOT_REMOTE:
        break;
    }
    return walk(ev, path, tcn_value_of_json(ev->roots[path->root]));
}

static struct tcn_value eval_part(struct tcn_eval *ev, const struct tcn_part *part)
{
    struct tcn_value v;

    if (!part->path)
        return tcn_value_str(part->literal);
    v = tcn_eval_path(ev, part->path);
    if (v.kind == TCN_V_ABSENT)
        trace_absent(ev, part->path);
    for (size_t i = 0; i < part->n_filters; i++) {
        if (tcn_filter_is_misfit(&ev->work, &part->filters[i], &v))
            tcn_odd_note(&ev->odd, part->path->text, "is no ARN", &v);
        v = tcn_filter_apply(&ev->work, &part->filters[i], v);
    }
    return v;
}

struct tcn_value tcn_eval_join(struct tcn_eval *ev, const struct tcn_str *texts, size_t n)
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
    return tcn_eval_join(ev, texts, x->text.n);
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

/* Another way to read the same makes up for what could not be read before it; a default does not. */
static struct tcn_value eval_first(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_odd before = ev->odd, missed = before;

    for (size_t i = 0; i < x->list.n; i++) {
        struct tcn_value v;

        ev->odd = before;
        v = tcn_eval(ev, x->list.items[i]);
        if (x->keeps_empty ? !tcn_value_is_absent(&v) : !tcn_value_is_empty(&v))
            return v;
        tcn_odd_keep(&missed, &ev->odd);
    }
    ev->odd = missed;
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
    if (x->table.table->otherwise.kind == TCN_V_ABSENT && text.len) {
        ev->counts.table_misses++;
        tcn_odd_note(&ev->odd, x->where, "is not in the table", &of);
    }
    return x->table.table->otherwise;
}

static struct tcn_value eval_case(struct tcn_eval *ev, const struct tcn_expr *x)
{
    for (size_t i = 0; i < x->cases.n; i++)
        if (tcn_eval_cond(ev, x->cases.branches[i].when))
            return tcn_eval(ev, x->cases.branches[i].value);
    return tcn_eval(ev, x->cases.otherwise);
}

static struct tcn_value eval_json(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value of = tcn_eval(ev, x->of);
    struct tcn_str text;
    json_t *tree;

    if (of.kind != TCN_V_STR)
        return of;
    text = of.s;
    if (ev->n_trees == TCN_TREES_MAX || !tcn_work_spend(&ev->work, text.len)) {
        tcn_eval_limit(ev, "more JSON texts than are read");
        return TCN_ABSENT;
    }
    if (tcn_json_parse(text, &tcn_json_source, &tree, NULL) < 0) {
        tcn_odd_note(&ev->odd, x->where, "a text that should hold JSON does not", &of);
        return TCN_ABSENT;
    }
    ev->trees[ev->n_trees++] = tree;
    return tcn_value_of_json(tree);
}

static struct tcn_value eval_adf(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value of = tcn_eval(ev, x->of);
    struct tcn_str text = tcn_value_text(&ev->work, &of);

    return tcn_value_is_absent(&of) || !text.ptr ? TCN_ABSENT : tcn_markdown_adf(&ev->work, text);
}

/* A text is markdown already. */
static struct tcn_value eval_markdown(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value of = tcn_eval(ev, x->of);

    return tcn_value_is_map(&of) ? tcn_adf_markdown(&ev->work, of) : of;
}

static struct tcn_value eval_time(struct tcn_eval *ev, const struct tcn_expr *x)
{
    struct tcn_value of = tcn_eval(ev, x->time.of);
    struct tcn_value v = tcn_moment_of(&ev->work, x->time.rule, of);

    if (v.kind == TCN_V_ABSENT && !tcn_moment_is_zero(x->time.rule, &of))
        tcn_odd_note(&ev->odd, x->where, "is no time in one of its formats", &of);
    return v;
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
        return tcn_eval_each(ev, x);
    case TCN_FORM_MERGE:
        return tcn_eval_merge(ev, x);
    case TCN_FORM_CONCAT:
        return tcn_eval_concat(ev, x);
    case TCN_FORM_HASH:
        return tcn_value_sha256(&ev->work, tcn_eval(ev, x->of));
    case TCN_FORM_JSON:
        return eval_json(ev, x);
    case TCN_FORM_ADF:
        return eval_adf(ev, x);
    case TCN_FORM_MARKDOWN:
        return eval_markdown(ev, x);
    case TCN_FORM_MIN:
        return tcn_eval_extreme(ev, x, -1);
    case TCN_FORM_MAX:
        return tcn_eval_extreme(ev, x, 1);
    case TCN_FORM_TIME:
        break;
    }
    return eval_time(ev, x);
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
