/* What the compiler of every section needs: new nodes and members. */
#include "mapping/compile.h"

enum { MAX_PATH_TEXT = 1024 };

const char *tcn_compile_where(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_buf path;
    const char *where;

    tcn_buf_init(&path, MAX_PATH_TEXT);
    tcn_node_path(n, &path);
    where = tcn_arena_strdup(&c->m->arena, tcn_buf_view(&path).ptr);
    tcn_buf_done(&path);
    return where;
}

struct tcn_expr *tcn_compile_new(struct tcn_compile *c, const struct tcn_node *n,
                                 enum tcn_form form)
{
    struct tcn_expr *x;

    if (++c->n_nodes > TCN_EXPR_NODES_MAX) {
        if (c->n_nodes == TCN_EXPR_NODES_MAX + 1)
            tcn_node_problem(n, "the file has more than %d expressions", TCN_EXPR_NODES_MAX);
        return NULL;
    }
    x = TCN_NEW(&c->m->arena, struct tcn_expr);
    x->form = form;
    x->where = tcn_compile_where(c, n);
    return x;
}

const struct tcn_expr *tcn_compile_literal(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_expr *x = tcn_compile_new(c, n, TCN_FORM_LITERAL);

    if (x)
        x->literal = tcn_value_of_json(n->json);
    return x;
}

const struct tcn_expr *tcn_compile_need(struct tcn_compile *c, const struct tcn_node *parent,
                                        const char *key)
{
    struct tcn_node n = tcn_node_member(parent, key);

    if (n.json)
        return tcn_compile_expr(c, &n);
    tcn_node_problem(parent, "needs \"%s\"", key);
    return NULL;
}

const struct tcn_expr *tcn_compile_member(struct tcn_compile *c, const struct tcn_node *parent,
                                          const char *key)
{
    struct tcn_node n = tcn_node_member(parent, key);

    return n.json ? tcn_compile_expr(c, &n) : NULL;
}

const struct tcn_cond *tcn_compile_member_cond(struct tcn_compile *c, const struct tcn_node *parent,
                                               const char *key)
{
    struct tcn_node n = tcn_node_member(parent, key);

    return n.json ? tcn_compile_cond(c, &n) : NULL;
}

const char *const *tcn_compile_names(struct tcn_compile *c, const struct tcn_node *parent,
                                     const char *key)
{
    struct tcn_node list;
    const char **names;
    size_t n;

    if (tcn_node_array(parent, key, TCN_OPTIONAL, &list) < 0 || !list.json)
        return NULL;
    n = json_array_size(list.json);
    names = TCN_NEW_N(&c->m->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if (!(names[i] = json_string_value(item.json))) {
            tcn_node_problem(&item, "must be text in double quotes");
            return NULL;
        }
    }
    return names;
}
