/* Conditions: an object with one member that names the test. */
#include "mapping/compile.h"

static const char *const test_names[] = {[TCN_TEST_EQ] = "eq",       [TCN_TEST_NE] = "ne",
                                         [TCN_TEST_LT] = "lt",       [TCN_TEST_LE] = "le",
                                         [TCN_TEST_GT] = "gt",       [TCN_TEST_GE] = "ge",
                                         [TCN_TEST_IN] = "in",       [TCN_TEST_HAS] = "has",
                                         [TCN_TEST_MATCH] = "match", [TCN_TEST_STARTS] = "starts",
                                         [TCN_TEST_AND] = "and",     [TCN_TEST_OR] = "or",
                                         [TCN_TEST_NOT] = "not",     NULL};

bool tcn_compile_is_test(const char *key)
{
    for (size_t i = 0; test_names[i]; i++)
        if (strcmp(test_names[i], key) == 0)
            return true;
    return false;
}

static int compile_two(struct tcn_compile *c, const struct tcn_node *n, struct tcn_cond *cond)
{
    struct tcn_node a = tcn_node_item(n, 0), b = tcn_node_item(n, 1);

    if (json_array_size(n->json) != 2)
        return tcn_node_problem(n, "must be a list of two expressions");
    cond->a = tcn_compile_expr(c, &a);
    cond->b = tcn_compile_expr(c, &b);
    return cond->a && cond->b ? 0 : TCN_EINVALID;
}

static int compile_match(struct tcn_compile *c, const struct tcn_node *n, struct tcn_cond *cond)
{
    struct tcn_node text = tcn_node_item(n, 0), pattern = tcn_node_item(n, 1);
    struct tcn_mapping *m = c->m;
    struct tcn_err err;

    if (json_array_size(n->json) != 2 || !json_is_string(pattern.json))
        return tcn_node_problem(n, "must be [expression, \"regular expression\"]");
    cond->a = tcn_compile_expr(c, &text);
    if (m->n_regexes == TCN_REGEXES_MAX)
        return tcn_node_problem(n, "the file has more than %d regular expressions",
                                TCN_REGEXES_MAX);
    if (tcn_regex_new(
            (struct tcn_str){json_string_value(pattern.json), json_string_length(pattern.json)},
            &m->regexes[m->n_regexes], &err) < 0)
        return tcn_node_problem(&pattern, "is no regular expression: %s", err.msg);
    cond->regex = m->regexes[m->n_regexes++];
    return cond->a ? 0 : TCN_EINVALID;
}

static int compile_parts(struct tcn_compile *c, const struct tcn_node *n, struct tcn_cond *cond)
{
    size_t count = json_array_size(n->json);
    const struct tcn_cond **parts = TCN_NEW_N(&c->m->arena, const struct tcn_cond *, count + 1);
    int r = 0;

    if (!json_is_array(n->json) || count == 0)
        return tcn_node_problem(n, "must be a list of conditions");
    for (size_t i = 0; i < count; i++) {
        struct tcn_node item = tcn_node_item(n, i);

        if (!(parts[i] = tcn_compile_cond(c, &item)))
            r = TCN_EINVALID;
    }
    cond->parts = parts;
    cond->n = count;
    return r;
}

static int compile_not(struct tcn_compile *c, const struct tcn_node *n, struct tcn_cond *cond)
{
    const struct tcn_cond **parts = TCN_NEW_N(&c->m->arena, const struct tcn_cond *, 1);

    parts[0] = tcn_compile_cond(c, n);
    cond->parts = parts;
    cond->n = 1;
    return parts[0] ? 0 : TCN_EINVALID;
}

static int compile_test(struct tcn_compile *c, const struct tcn_node *n, struct tcn_cond *cond)
{
    switch (cond->test) {
    case TCN_TEST_HAS:
        return (cond->a = tcn_compile_expr(c, n)) ? 0 : TCN_EINVALID;
    case TCN_TEST_MATCH:
        return compile_match(c, n, cond);
    case TCN_TEST_AND:
    case TCN_TEST_OR:
        return compile_parts(c, n, cond);
    case TCN_TEST_NOT:
        return compile_not(c, n, cond);
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
    return compile_two(c, n, cond);
}

const struct tcn_cond *tcn_compile_cond(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_cond *cond = TCN_NEW(&c->m->arena, struct tcn_cond);
    struct tcn_node operand;

    if (!json_is_object(n->json) || json_object_size(n->json) != 1) {
        tcn_node_problem(n, "must be a condition with one test, such as {\"eq\": [a, b]}");
        return NULL;
    }
    if (tcn_node_only(n, test_names) < 0)
        return NULL;
    operand = tcn_node_member(n, json_object_iter_key(json_object_iter(n->json)));
    while (strcmp(test_names[cond->test], operand.key) != 0)
        cond->test++;
    return compile_test(c, &operand, cond) < 0 ? NULL : cond;
}
