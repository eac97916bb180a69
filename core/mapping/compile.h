/* From nodes of a mapping file to expressions. Every function tells its problems to the node's document and returns
 * NULL for what cannot be compiled; the caller goes on, so that everything wrong is told at once. */
#ifndef TCN_MAPPING_COMPILE_H
#define TCN_MAPPING_COMPILE_H

#include "mapping/program.h"

struct tcn_compile {
    struct tcn_mapping *m;
    unsigned roots; /* TCN_ROOT_BIT of those that this section has */
    const char *locals[TCN_LOCALS_MAX + 1];
    unsigned n_locals;
    size_t n_nodes;
    struct tcn_zones zones;
};

const struct tcn_expr *tcn_compile_expr(struct tcn_compile *c, const struct tcn_node *n);
/* key names the test of a condition: "eq", "has" ... */
bool tcn_compile_is_test(const char *key);
const struct tcn_cond *tcn_compile_cond(struct tcn_compile *c, const struct tcn_node *n);
/* A string with or without {{; is_strict as in {"template": ..., "strict": true}. */
const struct tcn_expr *tcn_compile_text(struct tcn_compile *c, const struct tcn_node *n,
                                        bool is_strict);
/* A path that stands alone. */
const struct tcn_expr *tcn_compile_path(struct tcn_compile *c, const struct tcn_node *n);

/* The value as it stands in the file. */
const struct tcn_expr *tcn_compile_literal(struct tcn_compile *c, const struct tcn_node *n);
/* The member key of parent; its absence is a problem. */
const struct tcn_expr *tcn_compile_need(struct tcn_compile *c, const struct tcn_node *parent,
                                        const char *key);
/* The member key of parent; NULL without a problem when it is absent. */
const struct tcn_expr *tcn_compile_member(struct tcn_compile *c, const struct tcn_node *parent,
                                          const char *key);
const struct tcn_cond *tcn_compile_member_cond(struct tcn_compile *c, const struct tcn_node *parent,
                                               const char *key);
/* An object whose members are expressions, whatever their names. */
const struct tcn_expr *tcn_compile_object(struct tcn_compile *c, const struct tcn_node *n);
/* A new node of that form, counted; NULL with a problem when the file is too large. */
struct tcn_expr *tcn_compile_new(struct tcn_compile *c, const struct tcn_node *n,
                                 enum tcn_form form);
/* True when the file's expression is one of the forms, not a plain object. */
bool tcn_compile_is_form(json_t *json);
const char *tcn_compile_where(struct tcn_compile *c, const struct tcn_node *n);
/* A name for "as": no root, not bound yet. TCN_EINVALID. */
int tcn_compile_bind(struct tcn_compile *c, const struct tcn_node *n, const char *name);
/* Texts of an array, ended by NULL; NULL when absent or wrong (then with a problem). */
const char *const *tcn_compile_names(struct tcn_compile *c, const struct tcn_node *parent,
                                     const char *key);

#endif
