/* What is well-formed and hardly meant. */
#ifndef TCN_APP_RESOURCES_DOUBT_H
#define TCN_APP_RESOURCES_DOUBT_H

#include "base/json.h"
#include "engine/directory.h"

/* After the resources are read: a warning for each repetition that never comes, and for each person whom a response plan pages
 * twice at once. Of what could not be read nothing is told. */
void tcn_resources_doubt(const struct tcn_node *resources, const struct tcn_directory *dir);

#endif
