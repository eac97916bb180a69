/* What the front door serves: one function a group of paths. */
#ifndef TCN_APP_ROUTES_H
#define TCN_APP_ROUTES_H

#include "app/app.h"

/* Fills the router with the paths of those parts (enum tcn_part); every path of the program is named here. */
int tcn_routes_add(struct tcn_router *router, unsigned parts, struct tcn_err *err);
/* The route that a raw path leads to, whatever the method, for counters and logs: "/sources/NAME" of a configured source,
 * else the route's pattern, in buf; NULL when it leads nowhere. */
#define TCN_ROUTE_LABEL 100
const char *tcn_routes_label(const struct tcn_app *app, struct tcn_str path,
                             char buf[TCN_ROUTE_LABEL]);
/* The server's handler; ctx is the app. Owns rq. */
void tcn_routes_serve(void *ctx, struct tcn_request *rq);

/* Each owns rq and answers it, now or on a later turn. */
void tcn_route_api(struct tcn_app *app, struct tcn_request *rq, const struct tcn_api_route *route);
void tcn_route_ack(struct tcn_app *app, struct tcn_request *rq);
void tcn_route_hook(struct tcn_app *app, struct tcn_request *rq);
void tcn_route_health(struct tcn_request *rq);
void tcn_route_metrics(struct tcn_app *app, struct tcn_request *rq);

/* Any type; csp NULL is the strict default. */
void tcn_answer_text(struct tcn_request *rq, int status, const char *type, const char *csp,
                     struct tcn_str body);
#define TCN_RETRY_AFTER_S 5
/* Answers and frees rq. The error form is {"error": {"code", "message"}}. */
void tcn_answer_json(struct tcn_request *rq, int status, json_t *body /* stolen */);
void tcn_answer_error(struct tcn_request *rq, int status, const char *code, const char *message);
/* 503 with Retry-After: the sender must try again; every sender does so on 5xx, not all on 429. */
void tcn_answer_busy(struct tcn_request *rq, const char *message);
void tcn_answer_refused(struct tcn_app *app,
                        struct tcn_request *rq); /* the same, why the store takes no job */
/* The same while rq is still needed: what becomes of it is not known yet, and what is answered later goes nowhere. what: how
 * the sender finds out. */
void tcn_answer_late(struct tcn_app *app, struct tcn_request *rq, const char *what);
/* 401 with that WWW-Authenticate. */
void tcn_answer_challenge(struct tcn_request *rq, const char *challenge, const char *message);
#define TCN_ANSWER_IDS 16
/* {"status": ..., "incidents": [ids]}: what a sender may keep as a reference. */
void tcn_answer_delivery(struct tcn_request *rq, int status, const char *word,
                         const struct tcn_id *incidents, size_t n);
/* A failed job as an answer. */
void tcn_answer_failure(struct tcn_app *app, struct tcn_request *rq, int r,
                        const struct tcn_err *err);

#endif
