/* A question to the store by somebody who waits for a moment only: what is known by then is the answer. */
#ifndef TCN_APP_LOOK_H
#define TCN_APP_LOOK_H

#include "app/app.h"
#include "app/feed_state.h"

#define TCN_LOOK_MS 250

struct tcn_look {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_request *rq; /* owned; NULL once it is answered */
    struct event *patience; /* owned */
    /* Answers rq, which it then owns; called once. */
    void (*answer)(struct tcn_app *app, struct tcn_request *rq, void *ctx);
    void *ctx; /* of answer */
    /* On the loop, with what came of it, before the answer when that is in time. */
    void (*heard)(struct tcn_look *look, int r, const struct tcn_err *err);
    int64_t n;                  /* for run and heard */
    struct tcn_backlog backlog; /* likewise */
    struct tcn_feed_state feeds;
};

/* Asks, and answers within TCN_LOOK_MS whatever comes of it. False: the store takes no question; rq stays the caller's. */
bool tcn_look(struct tcn_app *app, struct tcn_request *rq, const struct tcn_look *wanted);

#endif
