/* What the process knows of itself: /v1/sources, /v1/connectors, /healthz, /metrics. */
#ifndef TCN_APP_STATE_H
#define TCN_APP_STATE_H

#include "api/api.h"
#include "app/app.h"

json_t *tcn_state_json(struct tcn_app *app, enum tcn_api_state which);
/* Before /v1/connectors is answered: what waits is asked of the store. answer comes in TCN_LOOK_MS whatever the store does, maybe
 * during this call; what was known before stays then. */
void tcn_state_ask(struct tcn_app *app, struct tcn_request *rq,
                   void (*answer)(struct tcn_app *app, struct tcn_request *rq, void *ctx),
                   void *ctx);

#endif
