/* Parts of the loader. Each tells its problems to the node's document. */
#ifndef TCN_MAPPING_LOAD_H
#define TCN_MAPPING_LOAD_H

#include "mapping/compile.h"

void tcn_load_source(struct tcn_compile *c, const struct tcn_node *root);
void tcn_load_connector(struct tcn_compile *c, const struct tcn_node *root);
void tcn_load_status(struct tcn_compile *c, const struct tcn_node *root);
void tcn_load_notes(struct tcn_compile *c, const struct tcn_node *root);
/* What is written must be read back as the same value, and stay so. */
void tcn_load_check_round_trips(struct tcn_compile *c, const struct tcn_node *root);
/* The members of a test are known and name things that exist. */
void tcn_load_check_tests(struct tcn_compile *c, const struct tcn_node *root);

/* Lays base under doc->root, RFC 7386, for as long as the result "extends" another. */
int tcn_load_extend(struct tcn_doc *doc, tcn_mapping_resolver *resolve, void *ctx);

/* Roots of the sections. */
#define TCN_ROOTS_BODY                                                                             \
    (TCN_ROOT_BIT(TCN_ROOT_IN) | TCN_ROOT_BIT(TCN_ROOT_HDR) | TCN_ROOT_BIT(TCN_ROOT_VAR) |         \
     TCN_ROOT_BIT(TCN_ROOT_SETTINGS) | TCN_ROOT_BIT(TCN_ROOT_NOW))
#define TCN_ROOTS_ENV                                                                              \
    (TCN_ROOT_BIT(TCN_ROOT_ENV) | TCN_ROOT_BIT(TCN_ROOT_OLD) | TCN_ROOT_BIT(TCN_ROOT_VAR) |        \
     TCN_ROOT_BIT(TCN_ROOT_SETTINGS) | TCN_ROOT_BIT(TCN_ROOT_NOW))
#define TCN_ROOTS_RECORD (TCN_ROOTS_ENV | TCN_ROOT_BIT(TCN_ROOT_IN) | TCN_ROOT_BIT(TCN_ROOT_REMOTE))

#endif
