/* Asks one configured connector what its instance is like: CHECK, then PROBE, on a loop of its own. */
#ifndef TCN_APP_PROBE_H
#define TCN_APP_PROBE_H

#include "app/config.h"
#include "connect/findings.h"

/* Calls the instance and adds what it found to ret, which is zeroed by the caller. *ret_facts, yours: what the instance told, an
 * array, maybe empty. Takes as long as the calls do. TCN_EIO when nothing can be called at all; err says why. */
int tcn_probe(const struct tcn_connector_config *c, struct tcn_findings *ret, json_t **ret_facts,
              struct tcn_err *err);

#endif
