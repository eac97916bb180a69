/* The forms of expressions: which one an object is, what members it may have, and its parts. */
#include "mapping/compile.h"
#include "base/nearest.h"

enum { DEFAULT_EACH = 500, MAX_OPTIONS = 6 };

struct form {
    const char *key;
    const char *options[MAX_OPTIONS + 1];
    const struct tcn_expr *(*compile)(struct tcn_compile *c, const struct tcn_node *n);
};

static const struct tcn_expr *compile_path(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_node path = tcn_node_member(n, "path");

    return tcn_compile_path(c, &path);
}

static const struct tcn_expr *compile_const(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_node value = tcn_node_member(n, "const");

    return tcn_compile_literal(c, &value);
}

static const struct tcn_expr *compile_template(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_node text = tcn_node_member(n, "template");
    bool is_strict = false;

    if (tcn_node_bool(n, "strict", TCN_OPTIONAL, &is_strict) < 0)
        return NULL;
    if (json_is_string(text.json))
        return tcn_compile_text(c, &text, is_strict);
    tcn_node_problem(&text, "must be text in double quotes");
    return NULL;
}

const struct tcn_expr *tcn_compile_object(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_OBJECT);
    struct tcn_pair *pairs;
    const char *key;
    json_t *value;
    size_t key_len, i = 0;
    bool ok = true;

    if (!x)
        return NULL;
    pairs = TCN_NEW_N(&c->m->arena, struct tcn_pair, json_object_size(n->json) + 1);
    json_object_keylen_foreach(n->json, key, key_len, value)
    {
        struct tcn_node member = tcn_node_member(n, key);

        pairs[i].key = (struct tcn_str){key, key_len};
        ok &= (pairs[i++].value = tcn_compile_expr(c, &member)) != NULL;
    }
    x->object.pairs = pairs;
    x->object.n = i;
    return ok ? x : NULL;
}

static const struct tcn_expr *compile_object_form(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_node object = tcn_node_member(n, "object");

    if (json_is_object(object.json))
        return tcn_compile_object(c, &object);
    tcn_node_problem(&object, "must be an object, whose members are expressions");
    return NULL;
}

/* The elements of list as expressions. */
static int compile_items(struct tcn_compile *c, const struct tcn_node *list, struct tcn_expr *x)
{
    size_t n = json_array_size(list->json);
    const struct tcn_expr **items = TCN_NEW_N(&c->m->arena, const struct tcn_expr *, n + 1);
    int r = 0;

    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(list, i);

        if (!(items[i] = tcn_compile_expr(c, &item)))
            r = TCN_EINVALID;
    }
    x->list.items = items;
    x->list.n = n;
    return r;
}

static const struct tcn_expr *compile_list(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_LIST);

    return x && compile_items(c, n, x) == 0 ? x : NULL;
}

static struct tcn_expr *compile_listed(struct tcn_compile *c, const struct tcn_node *n,
                                       enum tcn_form form, const char *key)
{
    struct tcn_expr *x = tcn_compile_new(c, n, form);
    struct tcn_node list = tcn_node_member(n, key);

    if (!x)
        return NULL;
    if (json_array_size(list.json) > 0)
        return compile_items(c, &list, x) == 0 ? x : NULL;
    tcn_node_problem(&list, json_is_array(list.json)
                                ? "is empty, and so says nothing: give it one expression or more"
                                : "must be a list of expressions: [ ... ]");
    return NULL;
}

static const struct tcn_expr *compile_first(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = compile_listed(c, n, TCN_FORM_FIRST, "first");
    struct tcn_node otherwise = tcn_node_member(n, "default");
    bool skips = true;

    if (tcn_node_bool(n, "skip_empty", TCN_OPTIONAL, &skips) < 0)
        return NULL;
    if (x)
        x->keeps_empty = !skips;
    if (!otherwise.json || !x)
        return x;
    return (x->list.otherwise = tcn_compile_expr(c, &otherwise)) ? x : NULL;
}

static const struct tcn_expr *compile_merge(struct tcn_compile *c, const struct tcn_node *n)
{
    return compile_listed(c, n, TCN_FORM_MERGE, "merge");
}

static const struct tcn_expr *compile_concat(struct tcn_compile *c, const struct tcn_node *n)
{
    return compile_listed(c, n, TCN_FORM_CONCAT, "concat");
}

static const struct tcn_table *find_table(struct tcn_compile *c, const struct tcn_node *n)
{
    const char *names[TCN_TABLES_MAX + 1] = {0}, *nearest, *name = json_string_value(n->json);

    if (!name) {
        tcn_node_problem(n, "must be the name of a table");
        return NULL;
    }
    for (size_t i = 0; i < c->m->n_tables; i++) {
        names[i] = c->m->tables[i].name;
        if (strcmp(names[i], name) == 0)
            return &c->m->tables[i];
    }
    nearest = tcn_nearest(name, names);
    tcn_node_problem(n, "there is no table \"%.60s\"%s%s%s", name,
                     nearest ? "; did you mean \"" : "",
                     nearest ? nearest : "; add it to \"tables\"", nearest ? "\"?" : "");
    return NULL;
}

static const struct tcn_expr *compile_table(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_TABLE);
    struct tcn_node name = tcn_node_member(n, "table");

    if (!x)
        return NULL;
    x->table.table = find_table(c, &name);
    x->table.of = tcn_compile_need(c, n, "of");
    if (tcn_node_bool(n, "reverse", TCN_OPTIONAL, &x->is_reverse) < 0)
        return NULL;
    return x->table.table && x->table.of ? x : NULL;
}

static int compile_branch(struct tcn_compile *c, const struct tcn_node *n,
                          struct tcn_branch *branch)
{
    static const char *const names[] = {"if", "then", NULL};
    struct tcn_node when = tcn_node_member(n, "if");

    if (!json_is_object(n->json))
        return tcn_node_problem(n, "must be {\"if\": condition, \"then\": expression}");
    if (tcn_node_only(n, names) < 0)
        return TCN_EINVALID;
    if (!when.json)
        return tcn_node_problem(n, "needs \"if\"");
    branch->when = tcn_compile_cond(c, &when);
    branch->value = tcn_compile_need(c, n, "then");
    return branch->when && branch->value ? 0 : TCN_EINVALID;
}

static const struct tcn_expr *compile_case(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_CASE);
    struct tcn_node list = tcn_node_member(n, "case"), otherwise = tcn_node_member(n, "else");
    struct tcn_branch *branches;
    bool ok = x != NULL;

    if (!json_is_array(list.json)) {
        tcn_node_problem(&list, "must be a list of {\"if\": condition, \"then\": expression}");
        return NULL;
    }
    branches = TCN_NEW_N(&c->m->arena, struct tcn_branch, json_array_size(list.json) + 1);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        ok &= compile_branch(c, &item, &branches[i]) == 0;
    }
    if (!ok)
        return NULL;
    x->cases.branches = branches;
    x->cases.n = json_array_size(list.json);
    if (otherwise.json && !(x->cases.otherwise = tcn_compile_expr(c, &otherwise)))
        return NULL;
    return x;
}

/* value and more see the names that "as" binds, of does not. */
static int compile_each_body(struct tcn_compile *c, const struct tcn_node *n, struct tcn_expr *x)
{
    const char *as = "item";
    unsigned outer = c->n_locals;

    if (tcn_node_text(n, "as", TCN_OPTIONAL, &as) < 0 || tcn_compile_bind(c, n, as) < 0)
        return TCN_EINVALID;
    x->each.slot = outer;
    x->each.value = tcn_compile_need(c, n, "value");
    c->locals[c->n_locals++] = "more";
    x->each.more = tcn_compile_member(c, n, "more");
    c->n_locals = outer;
    return x->each.value && (x->each.more || !json_object_get(n->json, "more")) ? 0 : TCN_EINVALID;
}

static const struct tcn_expr *compile_each(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_EACH);
    int64_t max = DEFAULT_EACH;
    const char *sep = NULL;
    int r;

    if (!x)
        return NULL;
    x->each.of = tcn_compile_need(c, n, "each");
    r = compile_each_body(c, n, x);
    if (tcn_node_int(n, "max", TCN_OPTIONAL, 1, TCN_EACH_MAX, &max) < 0 ||
        tcn_node_text(n, "sep", TCN_OPTIONAL, &sep) < 0)
        return NULL;
    x->each.max = (size_t)max;
    x->each.has_sep = sep != NULL;
    x->each.sep = tcn_str(sep);
    return r == 0 && x->each.of ? x : NULL;
}

static const struct tcn_expr *compile_of(struct tcn_compile *c, const struct tcn_node *n,
                                         enum tcn_form form, const char *key)
{
    struct tcn_expr *x = tcn_compile_new(c, n, form);

    return x && (x->of = tcn_compile_need(c, n, key)) ? x : NULL;
}

static const struct tcn_expr *compile_hash(struct tcn_compile *c, const struct tcn_node *n)
{
    static const char *const algorithms[] = {"sha256", NULL};
    int alg = 0;

    if (tcn_node_choice(n, "alg", TCN_OPTIONAL, algorithms, &alg) < 0)
        return NULL;
    return compile_of(c, n, TCN_FORM_HASH, "hash");
}

static const struct tcn_expr *compile_json(struct tcn_compile *c, const struct tcn_node *n)
{
    return compile_of(c, n, TCN_FORM_JSON, "json");
}

static const struct tcn_expr *compile_adf(struct tcn_compile *c, const struct tcn_node *n)
{
    return compile_of(c, n, TCN_FORM_ADF, "adf");
}

static const struct tcn_expr *compile_markdown(struct tcn_compile *c, const struct tcn_node *n)
{
    return compile_of(c, n, TCN_FORM_MARKDOWN, "markdown");
}

static const struct tcn_expr *compile_min(struct tcn_compile *c, const struct tcn_node *n)
{
    return compile_of(c, n, TCN_FORM_MIN, "min");
}

static const struct tcn_expr *compile_max(struct tcn_compile *c, const struct tcn_node *n)
{
    return compile_of(c, n, TCN_FORM_MAX, "max");
}

static const struct tcn_expr *compile_time(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_TIME);
    struct tcn_moment_rule *rule = TCN_NEW(&c->m->arena, struct tcn_moment_rule);
    int r = tcn_moment_compile(n, &c->zones, rule);

    if (!x)
        return NULL;
    x->time.rule = rule;
    x->time.of = tcn_compile_need(c, n, "time");
    return x->time.of && r == 0 ? x : NULL;
}

static const struct form forms[] = {
    {"path", {"path"}, compile_path},
    {"const", {"const"}, compile_const},
    {"template", {"template", "strict"}, compile_template},
    {"object", {"object"}, compile_object_form},
    {"first", {"first", "default", "skip_empty"}, compile_first},
    {"table", {"table", "of", "reverse"}, compile_table},
    {"case", {"case", "else"}, compile_case},
    {"each", {"each", "as", "value", "max", "sep", "more"}, compile_each},
    {"merge", {"merge"}, compile_merge},
    {"concat", {"concat"}, compile_concat},
    {"hash", {"hash", "alg"}, compile_hash},
    {"json", {"json"}, compile_json},
    {"adf", {"adf"}, compile_adf},
    {"markdown", {"markdown"}, compile_markdown},
    {"min", {"min"}, compile_min},
    {"max", {"max"}, compile_max},
    {"time", {"time", "formats", "tz", "zero", "out"}, compile_time},
};
enum { N_FORMS = sizeof forms / sizeof forms[0] };

static const struct form *form_named(const char *key)
{
    for (size_t i = 0; i < N_FORMS; i++)
        if (strcmp(forms[i].key, key) == 0)
            return &forms[i];
    return NULL;
}

static bool has_option(const struct form *form, const char *key)
{
    for (size_t i = 0; form->options[i]; i++)
        if (strcmp(form->options[i], key) == 0)
            return true;
    return false;
}

/* {"max": 5, "each": ...}: an option of another form that is there, wherever the two stand. */
static bool is_option(json_t *json, const char *key)
{
    const char *other;
    json_t *value;

    json_object_foreach(json, other, value)
    {
        const struct form *form = form_named(other);

        if (form && strcmp(other, key) != 0 && has_option(form, key))
            return true;
    }
    return false;
}

/* The first member that names a form. */
static const struct form *form_of(json_t *json)
{
    const char *key;
    json_t *value;

    json_object_foreach(json, key, value)
    {
        const struct form *form = form_named(key);

        if (form && !is_option(json, key))
            return form;
    }
    return NULL;
}

bool tcn_compile_is_form(json_t *json)
{
    return form_of(json) != NULL;
}

/* Same length and one letter else or two swapped, or one letter more or less. */
static bool is_one_off(const char *a, const char *b)
{
    size_t i = 0, la = strlen(a), lb = strlen(b);

    while (a[i] && a[i] == b[i])
        i++;
    if (la == lb)
        return strcmp(a + i + 1, b + i + 1) == 0 ||
               (a[i + 1] && a[i] == b[i + 1] && a[i + 1] == b[i] &&
                strcmp(a + i + 2, b + i + 2) == 0);
    return la + 1 == lb ? strcmp(a + i, b + i + 1) == 0
                        : la == lb + 1 && strcmp(a + i + 1, b + i) == 0;
}

/* {"pth": "x"}: a plain object, but surely not meant as one. */
static const struct form *misspelt(json_t *json)
{
    for (size_t i = 0; i < N_FORMS; i++) {
        const struct form *form = &forms[i];
        size_t near = 0, others = 0;
        const char *key;
        json_t *value;

        json_object_foreach(json, key, value)
        {
            if (strlen(form->key) > 3 && is_one_off(key, form->key))
                near++;
            else if (!has_option(form, key))
                others++;
        }
        if (near == 1 && others == 0)
            return form;
    }
    return NULL;
}

/* {"eq": [a, b]} where a value is wanted would be an object with a list. */
static bool is_test(json_t *json)
{
    const char *key = json_object_iter_key(json_object_iter(json));

    return json_object_size(json) == 1 && tcn_compile_is_test(key) &&
           (json_is_array(json_object_get(json, key)) ||
            tcn_compile_is_form(json_object_get(json, key)));
}

static void tell_test(const struct tcn_node *n)
{
    tcn_node_problem(n,
                     "\"%s\" is a test and gives no value; write {\"case\": [{\"if\": {...}, "
                     "\"then\": a}], \"else\": b}. A plain object with such a member is written "
                     "{\"object\": {...}}",
                     json_object_iter_key(json_object_iter(n->json)));
}

static const struct tcn_expr *compile_braced(struct tcn_compile *c, const struct tcn_node *n)
{
    const struct form *form = form_of(n->json), *meant;

    if (form)
        return tcn_node_only(n, form->options) < 0 ? NULL : form->compile(c, n);
    if (is_test(n->json)) {
        tell_test(n);
        return NULL;
    }
    if ((meant = misspelt(n->json))) {
        tcn_node_problem(
            n,
            "\"%s\" is no form; did you mean \"%s\"? A plain object with such a member "
            "is written {\"object\": {...}}",
            json_object_iter_key(json_object_iter(n->json)), meant->key);
        return NULL;
    }
    return tcn_compile_object(c, n);
}

const struct tcn_expr *tcn_compile_expr(struct tcn_compile *c, const struct tcn_node *n)
{
    if (json_is_string(n->json))
        return tcn_compile_text(c, n, false);
    if (json_is_array(n->json))
        return compile_list(c, n);
    if (json_is_object(n->json))
        return compile_braced(c, n);
    return tcn_compile_literal(c, n);
}
