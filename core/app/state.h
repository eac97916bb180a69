/* What the process knows of itself: /v1/sources, /v1/connectors, /healthz, /metrics. */
#ifndef TCN_APP_STATE_H
#define TCN_APP_STATE_H

#include "api/api.h"
#include "app/app.h"

json_t *tcn_state_json(struct tcn_app *app, enum tcn_api_state which);

#endif
