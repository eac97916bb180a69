/* Option tables of the SDK: checked once when the connector is registered, filled once for each instance. */
#ifndef TCN_CONNECT_OPTION_H
#define TCN_CONNECT_OPTION_H

#include "base/arena.h"
#include "base/json.h"
#include <tocsin/connector.h>

/* Names legal and unique, kinds and flags known, defaults that parse, places inside the state. options may be NULL.
 * TCN_EINVALID. */
int tcn_option_table_check(const char *connector, const struct tocsin_option *options,
                           size_t state_size, struct tcn_err *err);

/* The row of that name, NULL when there is none. */
const struct tocsin_option *tcn_option_find(const struct tocsin_option *options, const char *name);

/* Fills state from the members of config: every mistake becomes a problem of the document with its line (wrong type,
 * missing, a URL that may not be used). Text lives in arena. Secrets are left to the caller. Unknown members are
 * the caller's business too, because it knows the other tables. TCN_EINVALID when anything was wrong. */
int tcn_option_fill(const struct tocsin_option *options, const struct tcn_node *config,
                    struct tcn_arena *arena, void *state);

/* The default of a row as number: MSEC in milliseconds, INT, BOOL; 0 when it has none. */
int64_t tcn_option_default(const struct tocsin_option *option);

#endif
