/* A mapping file for the instance that was probed: what must differ from the one in the binary. */
#ifndef TCN_APP_PROBE_DRAFT_H
#define TCN_APP_PROBE_DRAFT_H

#include "app/config.h"

/* Writes the draft to path, which must not be there, and tells on standard output what it maps and what it could not. Nothing
 * is written when the mapping of the binary fits, or when the draft is not a good one. -1 after a line on standard error. */
int tcn_probe_draft(const struct tcn_connector_config *c, json_t *facts, const char *path);

#endif
