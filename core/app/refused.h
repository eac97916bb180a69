/* What was turned away: counted each time, told in the log once a second and kind. */
#ifndef TCN_APP_REFUSED_H
#define TCN_APP_REFUSED_H

#include "app/app.h"

/* route and reason become labels: they come from the program or its configuration, never from who sent the request. */
struct tcn_refused {
    const char *route;  /* "/sources/prom", "/ack/{token}"; NULL: before a route was known */
    const char *reason; /* "unauthorized", "bad_method": one of a fixed set */
    int status;         /* 0: nobody was answered */
    const char *peer;
    const char *why; /* for the log: what was wrong; NULL when the reason says it */
};

/* Adds one to tocsin_refused_total{route,reason} and writes a line, unless one of this kind was written just now. Answers
 * nobody. */
void tcn_refused(struct tcn_app *app, const struct tcn_refused *refused);

#endif
