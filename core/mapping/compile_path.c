/* Paths and templates: where the first name of a path leads, and texts with {{}} in them. */
#include "base/nearest.h"
#include "mapping/compile.h"
#include "mapping/setting.h"

enum { MAX_PARTS = 64, MAX_WORD = 64 };

/* clang-format off */
static const char *const root_names[TCN_ROOT_COUNT + 1] = {
    [TCN_ROOT_IN] = "in", [TCN_ROOT_HDR] = "hdr", [TCN_ROOT_ENV] = "env", [TCN_ROOT_OLD] = "old",
    [TCN_ROOT_VAR] = "var", [TCN_ROOT_SETTINGS] = "settings", [TCN_ROOT_EVENT] = "event",
    [TCN_ROOT_REMOTE] = "remote", [TCN_ROOT_NOW] = "now"};
/* clang-format on */

/* The members of the incident that expressions see. */
static const char *const env_names[] = {
    "id",         "short_id", "title",       "summary",    "impact",
    "status",     "ack",      "tags",        "resolution", "started_at",
    "url",        "related",  "account_id",  "assignee",   "response_plan",
    "dedupe_key", "source",   "resolved_at", NULL};

static int root_of(const struct tcn_compile *c, struct tcn_str name)
{
    for (int i = 0; i < TCN_ROOT_COUNT; i++)
        if ((c->roots & TCN_ROOT_BIT(i)) && tcn_str_eq(tcn_str(root_names[i]), name))
            return i;
    return -1;
}

static int local_of(const struct tcn_compile *c, struct tcn_str name)
{
    for (unsigned i = c->n_locals; i-- > 0;)
        if (tcn_str_eq(tcn_str(c->locals[i]), name))
            return (int)i;
    return -1;
}

static const char *zero_ended(struct tcn_compile *c, struct tcn_str s)
{
    return tcn_arena_strndup(&c->m->arena, s.ptr, s.len);
}

static struct tcn_steps without_first(struct tcn_steps s, size_t n)
{
    return (struct tcn_steps){s.steps + n, s.n - n};
}

static int unknown(const struct tcn_node *n, const char *what, const char *word,
                   const char *const names[])
{
    const char *nearest = tcn_nearest(word, names);
    struct tcn_buf list;
    int r;

    if (nearest)
        return tcn_node_problem(n, "there is no %s \"%.*s\"; did you mean \"%s\"?", what, MAX_WORD,
                                word, nearest);
    tcn_buf_init(&list, 600);
    tcn_buf_known(&list, word, names);
    r = tcn_node_problem(n, "there is no %s \"%.*s\"; %s%s", what, MAX_WORD, word,
                         names[0] ? "known are: " : "none is known here", tcn_buf_view(&list).ptr);
    tcn_buf_done(&list);
    return r;
}

static int unknown_root(struct tcn_compile *c, const struct tcn_node *n, struct tcn_str name)
{
    const char *names[TCN_ROOT_COUNT + TCN_LOCALS_MAX + 2] = {0};
    size_t count = 0;

    for (unsigned i = 0; i < c->n_locals; i++)
        names[count++] = c->locals[i];
    for (int i = 0; i < TCN_ROOT_COUNT; i++)
        if (c->roots & TCN_ROOT_BIT(i))
            names[count++] = root_names[i];
    return unknown(n, "root", zero_ended(c, name), names);
}

static int bind_var(struct tcn_compile *c, const struct tcn_node *n, struct tcn_path *path)
{
    const char *names[TCN_VARS_MAX + 1] = {0};
    struct tcn_str name;

    if (path->steps.n == 0 || path->steps.steps[0].kind != TCN_STEP_KEY)
        return tcn_node_problem(n, "var needs a name: write var.NAME");
    name = path->steps.steps[0].key;
    for (size_t i = 0; i < c->m->n_vars; i++) {
        if (tcn_str_eq(tcn_str(c->m->var_names[i]), name)) {
            path->slot = (unsigned)i;
            path->steps = without_first(path->steps, 1);
            return 0;
        }
    }
    memcpy(names, c->m->var_names, c->m->n_vars * sizeof names[0]);
    /* inside "var" the ones before are known: so there are no cycles */
    return unknown(n, "var above with the name", zero_ended(c, name), names);
}

static int check_env(struct tcn_compile *c, const struct tcn_node *n, const struct tcn_path *path)
{
    struct tcn_str name;

    if (path->steps.n == 0 || path->steps.steps[0].kind != TCN_STEP_KEY)
        return 0;
    name = path->steps.steps[0].key;
    for (size_t i = 0; env_names[i]; i++)
        if (tcn_str_eq(tcn_str(env_names[i]), name))
            return 0;
    return unknown(n, "member of env", zero_ended(c, name), env_names);
}

/* Settings have no members. */
static int check_setting(struct tcn_compile *c, const struct tcn_node *n,
                         const struct tcn_path *path)
{
    if (path->steps.n != 1 || path->steps.steps[0].kind != TCN_STEP_KEY)
        return tcn_node_problem(n, "settings needs the name of one setting: write settings.NAME");
    if (tcn_setting_find(c->m, path->steps.steps[0].key))
        return 0;
    return tcn_setting_unknown(c->m, n, zero_ended(c, path->steps.steps[0].key));
}

static int bind_root(struct tcn_compile *c, const struct tcn_node *n, struct tcn_path *path)
{
    if (path->root == TCN_ROOT_VAR)
        return bind_var(c, n, path);
    if (path->root == TCN_ROOT_ENV)
        return check_env(c, n, path);
    if (path->root == TCN_ROOT_SETTINGS)
        return check_setting(c, n, path);
    if (path->root == TCN_ROOT_HDR &&
        (path->steps.n != 1 || path->steps.steps[0].kind != TCN_STEP_KEY))
        return tcn_node_problem(n, "hdr needs the name of one header: write hdr.x-name");
    if (path->root == TCN_ROOT_NOW && path->steps.n)
        return tcn_node_problem(n, "now has no members");
    return 0;
}

/* Finds what the first name means and cuts it off. */
static int bind(struct tcn_compile *c, const struct tcn_node *n, struct tcn_path *path)
{
    const struct tcn_step *first = &path->steps.steps[0];
    bool has_body = c->roots & TCN_ROOT_BIT(TCN_ROOT_IN);
    int local, root;

    if (path->steps.n == 0 || first->kind != TCN_STEP_KEY) {
        if (!has_body)
            return tcn_node_problem(n, "there is no body here for a JSON Pointer to point into");
        path->root = TCN_ROOT_IN;
        return 0;
    }
    if ((local = local_of(c, first->key)) >= 0) {
        path->root = TCN_ROOT_LOCAL;
        path->slot = (unsigned)local;
        path->steps = without_first(path->steps, 1);
        return 0;
    }
    if ((root = root_of(c, first->key)) >= 0) {
        path->root = (enum tcn_root)root;
        path->steps = without_first(path->steps, 1);
        return bind_root(c, n, path);
    }
    path->root = TCN_ROOT_IN;
    return has_body ? 0 : unknown_root(c, n, first->key);
}

static const struct tcn_path *take_path(struct tcn_compile *c, const struct tcn_node *n,
                                        struct tcn_str *text)
{
    struct tcn_path *path = TCN_NEW(&c->m->arena, struct tcn_path);
    const char *start = text->ptr;
    struct tcn_str written;
    struct tcn_err err;

    if (tcn_path_parse(text, &c->m->arena, &path->steps, &err) < 0) {
        tcn_node_problem(n, "%s", err.msg);
        return NULL;
    }
    written = tcn_str_trim((struct tcn_str){start, (size_t)(text->ptr - start)});
    path->text = zero_ended(c, written);
    return bind(c, n, path) < 0 ? NULL : path;
}

const struct tcn_expr *tcn_compile_path(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_PART);
    struct tcn_str text;

    if (!x)
        return NULL;
    if (!json_is_string(n->json)) {
        tcn_node_problem(n, "must be a path in double quotes");
        return NULL;
    }
    text = (struct tcn_str){json_string_value(n->json), json_string_length(n->json)};
    if (!(x->part.path = take_path(c, n, &text)))
        return NULL;
    if (text.len == 0)
        return x;
    tcn_node_problem(n, "\"%.20s\" is not expected in a path; filters stand in \"{{path|filter}}\"",
                     text.ptr);
    return NULL;
}

/* After "{{"; leaves text behind "}}". */
static int take_braces(struct tcn_compile *c, const struct tcn_node *n, struct tcn_str *text,
                       struct tcn_part *part)
{
    struct tcn_filter *filters;
    struct tcn_err err;

    if (!(part->path = take_path(c, n, text)))
        return TCN_EINVALID;
    if (tcn_filters_parse(text, &c->m->arena, &filters, &part->n_filters, &err) < 0)
        return tcn_node_problem(n, "%s", err.msg);
    part->filters = filters;
    if (!tcn_str_starts(*text, TCN_STR("}}")))
        return tcn_node_problem(n, "a \"{{\" is not closed by \"}}\"");
    *text = (struct tcn_str){text->ptr + 2, text->len - 2};
    return 0;
}

static size_t literal_length(struct tcn_str text)
{
    size_t n = 0;

    while (n < text.len && !(text.ptr[n] == '{' && n + 1 < text.len && text.ptr[n + 1] == '{'))
        n++;
    return n;
}

static int take_parts(struct tcn_compile *c, const struct tcn_node *n, struct tcn_str text,
                      struct tcn_part parts[MAX_PARTS], size_t *ret_n)
{
    size_t count = 0;

    while (text.len) {
        struct tcn_part *part = &parts[count];
        size_t len = literal_length(text);

        if (count++ == MAX_PARTS)
            return tcn_node_problem(n, "has more than %d parts", MAX_PARTS);
        *part = (struct tcn_part){.literal = {text.ptr, len}};
        text = (struct tcn_str){text.ptr + len, text.len - len};
        if (len)
            continue;
        text = (struct tcn_str){text.ptr + 2, text.len - 2};
        if (take_braces(c, n, &text, part) < 0)
            return TCN_EINVALID;
    }
    *ret_n = count;
    return 0;
}

const struct tcn_expr *tcn_compile_text(struct tcn_compile *c, const struct tcn_node *n,
                                        bool is_strict)
{
    struct tcn_str text = {json_string_value(n->json), json_string_length(n->json)};
    struct tcn_part parts[MAX_PARTS + 1];
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_TEMPLATE);
    size_t count = 0;

    if (!x)
        return NULL;
    if (literal_length(text) == text.len) {
        x->form = TCN_FORM_LITERAL;
        x->literal = tcn_value_str(text);
        return x;
    }
    if (take_parts(c, n, text, parts, &count) < 0)
        return NULL;
    x->is_strict = is_strict;
    if (count == 1) {
        x->form = TCN_FORM_PART;
        x->part = parts[0];
        return x;
    }
    x->text.parts = tcn_arena_memdup(&c->m->arena, parts, count * sizeof parts[0]);
    x->text.n = count;
    return x;
}

int tcn_compile_bind(struct tcn_compile *c, const struct tcn_node *n, const char *name)
{
    struct tcn_node at = tcn_node_member(n, "as");

    for (int i = 0; i < TCN_ROOT_COUNT; i++)
        if (strcmp(root_names[i], name) == 0)
            return tcn_node_problem(&at, "\"%s\" has a meaning already; take another name", name);
    if (local_of(c, tcn_str(name)) >= 0)
        return tcn_node_problem(&at, "\"%s\" is bound outside already; take another name", name);
    if (c->n_locals + 1 >= TCN_LOCALS_MAX)
        return tcn_node_problem(n, "more than %d \"each\" inside each other", TCN_LOCALS_MAX / 2);
    c->locals[c->n_locals++] = name;
    return 0;
}
