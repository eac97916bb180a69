/* The connectors this process knows. A connector that is linked in passes the same checks as a loaded module would:
 * an SDK of another major version, a newer minor version, capabilities without their functions are refused. */
#ifndef TCN_CONNECT_REGISTRY_H
#define TCN_CONNECT_REGISTRY_H

#include "base/err.h"
#include <stdbool.h>
#include <tocsin/connector.h>

#define TCN_CONNECTORS_MAX 64
#define TCN_STATE_MAX 65536 /* bytes of connector state an instance may ask for */
#define TCN_OPTIONS_MAX 64

struct tcn_registry;

struct tcn_registry *tcn_registry_new(void);
void tcn_registry_free(struct tcn_registry *r);

/* Everything a module must keep to: ABI, size, name, capabilities that agree with the functions, a create that can
 * be looked up again, a kind of channel for what sends, options that fit the state. TCN_EINVALID; err says which rule and both version numbers. */
int tcn_connector_check(const struct tocsin_connector *c, struct tcn_err *err);

/* Checks and adds; what lies past c->size reads as absent. c and what it points to outlive the registry.
 * TCN_EINVALID, TCN_ECONFLICT (name taken), TCN_ELIMIT. */
int tcn_registry_add(struct tcn_registry *r, const struct tocsin_connector *c, struct tcn_err *err);

/* NULL when there is none of that name. */
const struct tocsin_connector *tcn_registry_find(const struct tcn_registry *r, const char *name);

/* Whether a connector of the registry can send to channels of that kind. */
bool tcn_connector_reaches(const struct tocsin_connector *c, enum tocsin_channel channel);
/* The first that can; NULL: none. */
const struct tocsin_connector *tcn_registry_reaching(const struct tcn_registry *r,
                                                     enum tocsin_channel channel);

/* All names in order of arrival, ended by NULL: for lists and for tcn_nearest(). */
const char *const *tcn_registry_names(const struct tcn_registry *r);

#endif
