/* A mapping file from text to program: skeleton, tables, vars, then the sections of its kind. */
#include "mapping/load.h"
#include "base/xalloc.h"
#include "mapping/setting.h"

#include <stdlib.h>

#define COMPILED_MAX (64u * 1024 * 1024)

static const char *const kinds[] = {"source", "connector", NULL};

static const char *const source_keys[] = {
    "$schema", "mapping", "kind", "name",  "description", "extends", "settings", "auth",  "tables",
    "var",     "match",   "when", "rules", "event",       "each",    "as",       "tests", NULL};
static const char *const connector_keys[] = {
    "$schema", "mapping", "kind", "name",   "description", "extends", "driver", "settings",
    "tables",  "var",     "when", "record", "create",      "fields",  "status", "notes",
    "find",    "inbound", "poll", "links",  "messages",    "tests",   NULL};

static bool is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n >= 1 && n <= 64 && name[n] == '\0' && name[0] != '-';
}

static void load_head(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_mapping *m = c->m;
    struct tcn_node name;
    const char *ignored;
    int64_t version;
    int kind = -1;

    tcn_node_int(root, "mapping", TCN_NEED, 1, 1, &version);
    tcn_node_choice(root, "kind", TCN_NEED, kinds, &kind);
    if (kind >= 0)
        tcn_node_only(root, kind + 1 == TCN_MAPPING_SOURCE ? source_keys : connector_keys);
    tcn_node_text(root, "$schema", TCN_OPTIONAL, &ignored);
    tcn_node_text(root, "description", TCN_OPTIONAL, &ignored);
    m->kind = (enum tcn_mapping_kind)(kind + 1);
    name = tcn_node_member(root, "name");
    if (tcn_node_text(root, "name", TCN_NEED, &m->name) == 0 && !is_name(m->name))
        tcn_node_problem(&name, "must be of a-z, 0-9 and -, at most 64 characters");
    if (m->kind == TCN_MAPPING_CONNECTOR)
        tcn_node_text(root, "driver", TCN_NEED, &m->driver);
}

static void load_tables(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_table *tables;
    struct tcn_node section;
    const char *key;
    json_t *value;

    if (tcn_node_object(root, "tables", TCN_OPTIONAL, &section) < 0 || !section.json)
        return;
    if (json_object_size(section.json) > TCN_TABLES_MAX) {
        tcn_node_problem(&section, "has more than %d tables", TCN_TABLES_MAX);
        return;
    }
    c->m->tables = tables = TCN_NEW_N(&c->m->arena, struct tcn_table, TCN_TABLES_MAX);
    json_object_foreach(section.json, key, value)
    {
        struct tcn_node n = tcn_node_member(&section, key);

        /* a wrong table keeps its name, so that its users are not called wrong too */
        tables[c->m->n_tables].name = key;
        tcn_table_compile(&n, &c->m->arena, &tables[c->m->n_tables++]);
    }
}

static void load_vars(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_mapping *m = c->m;
    struct tcn_node section;
    const char *key;
    json_t *value;

    if (tcn_node_object(root, "var", TCN_OPTIONAL, &section) < 0 || !section.json)
        return;
    if (json_object_size(section.json) > TCN_VARS_MAX) {
        tcn_node_problem(&section, "has more than %d vars", TCN_VARS_MAX);
        return;
    }
    c->roots = m->kind == TCN_MAPPING_SOURCE ? TCN_ROOTS_BODY
                                             : TCN_ROOTS_RECORD | TCN_ROOT_BIT(TCN_ROOT_EVENT);
    json_object_foreach(section.json, key, value)
    {
        struct tcn_node n = tcn_node_member(&section, key);
        const struct tcn_expr *x = tcn_compile_expr(c, &n);

        m->var_names[m->n_vars] = key;
        m->vars[m->n_vars++] = x;
    }
}

static void load_root(struct tcn_compile *c, const struct tcn_node *root)
{
    load_head(c, root);
    if (c->m->kind == TCN_MAPPING_UNSET)
        return;
    tcn_load_settings(c, root);
    load_tables(c, root);
    load_vars(c, root);
    if (c->m->kind == TCN_MAPPING_SOURCE)
        tcn_load_source(c, root);
    else
        tcn_load_connector(c, root);
    tcn_load_check_tests(c, root);
}

static struct tcn_mapping *new_mapping(const char *file)
{
    struct tcn_mapping *m = tcn_xcalloc(1, sizeof *m);

    tcn_arena_init(&m->arena, COMPILED_MAX);
    m->file = tcn_arena_strdup(&m->arena, file);
    return m;
}

void tcn_mapping_free(struct tcn_mapping *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_regexes; i++)
        tcn_regex_free(m->regexes[i]);
    json_decref(m->defaults);
    json_decref(m->root);
    tcn_arena_done(&m->arena);
    free(m);
}

static int load_doc(struct tcn_doc *doc, const struct tcn_mapping_lookup *lookup,
                    struct tcn_mapping *m)
{
    struct tcn_compile c = {.m = m, .zones = {.find = lookup->zone, .arena = &m->arena}};
    struct tcn_node root;
    const size_t before = doc->problems->n;

    if (!json_is_object(doc->root)) {
        root = tcn_node_root(doc);
        return tcn_node_problem(&root, "must be an object: {\"mapping\": 1, ...}");
    }
    if (tcn_load_extend(doc, lookup->resolve, lookup->ctx) < 0)
        return TCN_EINVALID;
    root = tcn_node_root(doc);
    load_root(&c, &root);
    m->root = json_incref(doc->root);
    if (doc->problems->n == before && m->kind == TCN_MAPPING_CONNECTOR)
        tcn_load_check_round_trips(&c, &root);
    return doc->problems->n == before ? 0 : TCN_EINVALID;
}

int tcn_mapping_load(const char *file, struct tcn_str text, const struct tcn_mapping_lookup *lookup,
                     struct tcn_problems *p, struct tcn_mapping **ret)
{
    static const struct tcn_mapping_lookup nothing;
    struct tcn_mapping *m;
    struct tcn_doc doc;
    int r;

    if (text.len > TCN_MAPPING_FILE_MAX) {
        tcn_problems_add(p, "%s:1: a mapping file of more than %u KiB", file,
                         TCN_MAPPING_FILE_MAX / 1024);
        return TCN_ELIMIT;
    }
    if ((r = tcn_doc_parse(&doc, file, text, p)) < 0)
        return r;
    m = new_mapping(file);
    r = load_doc(&doc, lookup ? lookup : &nothing, m);
    tcn_doc_done(&doc);
    if (r == 0)
        *ret = m;
    else
        tcn_mapping_free(m);
    return r;
}

const char *tcn_mapping_name(const struct tcn_mapping *m)
{
    return m->name;
}

enum tcn_mapping_kind tcn_mapping_kind(const struct tcn_mapping *m)
{
    return m->kind;
}

const char *tcn_mapping_driver(const struct tcn_mapping *m)
{
    return m->driver;
}

json_t *tcn_mapping_settings(const struct tcn_mapping *m)
{
    return m->defaults;
}
