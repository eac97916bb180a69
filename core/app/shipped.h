/* What is linked into the binary: mapping files and connectors. */
#ifndef TCN_APP_SHIPPED_H
#define TCN_APP_SHIPPED_H

#include "base/arena.h"
#include "base/embedded.h"
#include "connect/registry.h"
#include "mapping/mapping.h"

/* The table of mapping files, as ctx of tcn_mapping_builtin. */
void *tcn_shipped_table(void);
/* What mapping files may name: each other, and the time zones of this machine. */
struct tcn_mapping_lookup tcn_shipped_lookup(void);
/* The names of those in a folder ("sources", "connectors"), ended by NULL, allocated from the arena. */
const char *const *tcn_shipped_names(const char *folder, struct tcn_arena *arena);
/* The static connectors, checked; made at the first call and kept until exit. */
const struct tcn_registry *tcn_shipped_registry(void);

#endif
