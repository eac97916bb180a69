/* The settings of a file: what its expressions may read, and what a configuration may set. */
#ifndef TCN_MAPPING_SETTING_H
#define TCN_MAPPING_SETTING_H

#include "mapping/compile.h"

/* Compiles "settings"; the defaults become m->defaults. Before everything that reads them. */
void tcn_load_settings(struct tcn_compile *c, const struct tcn_node *root);
/* The setting of that name; NULL when the file declares none. */
const struct tcn_setting *tcn_setting_find(const struct tcn_mapping *m, struct tcn_str name);
/* A path that reads what no setting is; TCN_EINVALID. */
int tcn_setting_unknown(const struct tcn_mapping *m, const struct tcn_node *n, const char *name);
/* The "settings" of a test inside the file, which stand for the options of the connector, too. */
void tcn_load_check_test_settings(const struct tcn_mapping *m, const struct tcn_node *test);

#endif
