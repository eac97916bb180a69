/* "maintenance_windows" of the resources. */
#ifndef TCN_APP_RESOURCES_WINDOW_H
#define TCN_APP_RESOURCES_WINDOW_H

#include "base/json.h"
#include "engine/directory.h"

/* Reads them into the directory; allocated from the arena. Every mistake becomes a problem of the document, and TCN_EINVALID. */
int tcn_resources_windows(const struct tcn_node *resources, struct tcn_arena *arena,
                          struct tcn_directory *ret);

#endif
