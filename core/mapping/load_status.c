/* The sections status and notes of a connector. */
#include "mapping/load.h"

static const char *const locals[] = {"OPEN", "ACKED", "RESOLVED", NULL};
static const char *const direction_names[] = {"off", "out", "in", "both", NULL};
static const char *const by_names[] = {"value", "statusCategory", NULL};

enum { N_LOCALS = 3, MAX_STEPS = 8, MAX_NOTES = 1000000 };

/* By index of locals. */
static void order_classes(struct tcn_compile *c, const struct tcn_class *classes, size_t n)
{
    struct tcn_class *ordered = TCN_NEW_N(&c->m->arena, struct tcn_class, N_LOCALS);

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < N_LOCALS; k++)
            if (strcmp(locals[k], classes[i].local) == 0)
                ordered[k] = classes[i];
    c->m->status.classes = ordered;
}

static void need_open_and_resolved(const struct tcn_node *n, const struct tcn_status_rule *rule)
{
    if (!rule->classes[0].local || !rule->classes[2].local)
        tcn_node_problem(n, "needs the classes OPEN and RESOLVED");
}

static void use_table(struct tcn_compile *c, const struct tcn_node *status, const char *name)
{
    struct tcn_node root = tcn_node_root(status->doc), at = tcn_node_member(status, "table");
    struct tcn_node tables = tcn_node_member(&root, "tables"),
                    table = tcn_node_member(&tables, name),
                    classes = tcn_node_member(&table, "class");

    for (size_t i = 0; i < c->m->n_tables; i++) {
        const struct tcn_table *t = &c->m->tables[i];

        if (strcmp(t->name, name) != 0)
            continue;
        if (t->n_classes == 0) {
            tcn_node_problem(&at, "the table \"%.60s\" has no \"class\"", name);
        } else if (tcn_node_only(&classes, locals) == 0) {
            order_classes(c, t->classes, t->n_classes);
            need_open_and_resolved(&classes, &c->m->status);
        }
        return;
    }
    tcn_node_problem(&at, "there is no table \"%.60s\"; add it to \"tables\"", name);
}

static void load_classes(struct tcn_compile *c, const struct tcn_node *status)
{
    struct tcn_node inline_classes;
    struct tcn_class *classes;
    const char *table = NULL;
    size_t n;

    tcn_node_text(status, "table", TCN_OPTIONAL, &table);
    if (tcn_node_object(status, "class", TCN_OPTIONAL, &inline_classes) < 0)
        return;
    if (table && inline_classes.json)
        tcn_node_problem(&inline_classes, "stands beside \"table\"; give one of them");
    else if (table)
        use_table(c, status, table);
    else if (!inline_classes.json)
        tcn_node_problem(status, "needs \"table\" or \"class\"");
    else if (tcn_classes_compile(&inline_classes, &c->m->arena, locals, &classes, &n) == 0) {
        order_classes(c, classes, n);
        need_open_and_resolved(&inline_classes, &c->m->status);
    }
}

static bool is_names(json_t *json)
{
    for (size_t i = 0; i < json_array_size(json); i++)
        if (!json_is_string(json_array_get(json, i)))
            return false;
    return json_is_array(json);
}

/* Names of fields whose values must travel in the same call, or the values themselves. */
static void load_with(struct tcn_compile *c, const struct tcn_node *status)
{
    struct tcn_node with;

    if (tcn_node_object(status, "with", TCN_OPTIONAL, &with) < 0 || !with.json)
        return;
    tcn_node_only(&with, locals);
    c->roots = TCN_ROOTS_ENV;
    for (size_t i = 0; i < N_LOCALS; i++) {
        struct tcn_node n = tcn_node_member(&with, locals[i]);

        if (!n.json)
            continue;
        if (!is_names(n.json)) {
            c->m->status.with[i] = tcn_compile_expr(c, &n);
            continue;
        }
        c->m->status.with_fields[i] = tcn_compile_names(c, &with, locals[i]);
        for (size_t k = 0; k < json_array_size(n.json); k++) {
            struct tcn_node item = tcn_node_item(&n, k);

            if (tcn_mapping_field_find(c->m, json_string_value(item.json)) < 0)
                tcn_node_problem(&item, "there is no field \"%.60s\" in \"fields\"",
                                 json_string_value(item.json));
        }
    }
}

static void load_prefer(struct tcn_compile *c, const struct tcn_node *status)
{
    struct tcn_node prefer;

    if (tcn_node_object(status, "prefer", TCN_OPTIONAL, &prefer) < 0 || !prefer.json)
        return;
    tcn_node_only(&prefer, locals);
    for (size_t i = 0; i < N_LOCALS; i++) {
        if (tcn_compile_names(c, &prefer, locals[i]))
            c->m->status.prefer[i] = json_object_get(prefer.json, locals[i]);
    }
}

/* Where the record keeps its status, unless "in" tells. */
static void load_in(struct tcn_compile *c, const struct tcn_node *status, int by)
{
    struct tcn_status_rule *rule = &c->m->status;
    struct tcn_expr *x;
    struct tcn_path *path;
    struct tcn_err err;
    struct tcn_str text;

    c->roots = TCN_ROOTS_RECORD;
    if ((rule->in = tcn_compile_member(c, status, "in")) || json_object_get(status->json, "in"))
        return;
    if (by == 0 && !rule->remote) {
        tcn_node_problem(status, "needs \"remote\": the name of the member that holds the status");
        return;
    }
    text = by == 1 ? TCN_STR("fields.status.statusCategory.key") : tcn_str(rule->remote);
    x = tcn_compile_new(c, status, TCN_FORM_PART);
    path = TCN_NEW(&c->m->arena, struct tcn_path);
    if (!x || tcn_path_parse(&text, &c->m->arena, &path->steps, &err) < 0 || text.len) {
        tcn_node_problem(status, "\"remote\" must be a path in the record");
        return;
    }
    path->root = TCN_ROOT_IN;
    path->text = rule->remote ? rule->remote : "fields.status.statusCategory.key";
    x->part.path = path;
    rule->in = x;
}

void tcn_load_status(struct tcn_compile *c, const struct tcn_node *root)
{
    static const char *const keys[] = {"remote",   "direction", "by",   "table",
                                       "class",    "in",        "with", "prefer",
                                       "terminal", "max_steps", NULL};
    struct tcn_status_rule *rule = &c->m->status;
    int direction = TCN_DIRECTION_BOTH, by = 0;
    struct tcn_node status;

    if (tcn_node_object(root, "status", TCN_OPTIONAL, &status) < 0 || !status.json)
        return;
    rule->exists = true;
    tcn_node_only(&status, keys);
    tcn_node_text(&status, "remote", TCN_OPTIONAL, &rule->remote);
    tcn_node_choice(&status, "direction", TCN_OPTIONAL, direction_names, &direction);
    tcn_node_choice(&status, "by", TCN_OPTIONAL, by_names, &by);
    tcn_node_int(&status, "max_steps", TCN_OPTIONAL, 1, MAX_STEPS, &rule->max_steps);
    rule->direction = (enum tcn_direction)direction;
    rule->terminal = tcn_compile_names(c, &status, "terminal");
    load_classes(c, &status);
    load_with(c, &status);
    load_prefer(c, &status);
    load_in(c, &status, by);
}

static void load_notes_out(struct tcn_compile *c, const struct tcn_node *notes)
{
    static const char *const keys[] = {"remote", "template", "only", "format",
                                       "marker", "max",      NULL};
    static const char *const formats[] = {"text", "adf", NULL};
    struct tcn_notes_rule *rule = &c->m->notes;
    struct tcn_node out, text;
    const char *marker;
    int format = 0;

    if (tcn_node_object(notes, "out", TCN_OPTIONAL, &out) < 0 || !out.json)
        return;
    rule->has_out = true;
    tcn_node_only(&out, keys);
    tcn_node_text(&out, "remote", TCN_OPTIONAL, &rule->remote);
    tcn_node_text(&out, "marker", TCN_OPTIONAL, &marker);
    tcn_node_choice(&out, "format", TCN_OPTIONAL, formats, &format);
    rule->format = formats[format];
    rule->only = tcn_compile_names(c, &out, "only");
    tcn_node_int(&out, "max", TCN_OPTIONAL, 1, MAX_NOTES, &rule->max);
    c->roots = TCN_ROOTS_ENV | TCN_ROOT_BIT(TCN_ROOT_EVENT);
    text = tcn_node_member(&out, "template");
    if (text.json && !json_is_string(text.json))
        tcn_node_problem(&text, "must be text in double quotes");
    else if (text.json)
        rule->text = tcn_compile_text(c, &text, false);
}

static void load_notes_in(struct tcn_compile *c, const struct tcn_node *notes)
{
    static const char *const keys[] = {"from", "private", "private_when", NULL};
    struct tcn_notes_rule *rule = &c->m->notes;
    struct tcn_node in;

    if (tcn_node_object(notes, "in", TCN_OPTIONAL, &in) < 0 || !in.json)
        return;
    rule->has_in = true;
    tcn_node_only(&in, keys);
    rule->from = tcn_compile_names(c, &in, "from");
    rule->is_private = tcn_compile_names(c, &in, "private");
    c->roots = TCN_ROOTS_RECORD;
    rule->private_when = tcn_compile_member_cond(c, &in, "private_when");
}

void tcn_load_notes(struct tcn_compile *c, const struct tcn_node *root)
{
    static const char *const keys[] = {"out", "in", NULL};
    struct tcn_node notes;

    if (tcn_node_object(root, "notes", TCN_OPTIONAL, &notes) < 0 || !notes.json)
        return;
    tcn_node_only(&notes, keys);
    load_notes_out(c, &notes);
    load_notes_in(c, &notes);
}
