/* One delivery on its way from the front door to the store: authenticated over its raw bytes, parsed, mapped. */
#ifndef TCN_APP_DELIVERY_H
#define TCN_APP_DELIVERY_H

#include "app/app.h"
#include "app/intake.h"
#include "gateway/sns_subscription.h"
#include "gateway/source.h"

#define TCN_DELIVERY_HEADERS_MAX 64

struct tcn_delivery_state {
    struct tcn_app *app;
    struct tcn_config *config; /* a reference: source and policy live in it */
    struct tcn_request *rq;    /* owned */
    const struct tcn_source *source;
    const char *subject; /* how the sender was authenticated */
    json_t *root;        /* owned; NULL until parsed */
    struct tcn_sns_message sns;
    const struct tcn_sns_policy *sns_policy;
    enum tcn_sns_news news; /* of a control message, when it is durable */
    struct event *patience; /* while a certificate is fetched */
    bool is_answered;
    bool has_digest;
    uint8_t digest[32];     /* of all that a mapping can see */
    struct tcn_arena arena; /* header values that need an end */
};

/* Takes rq over and answers it, now or later. */
void tcn_delivery_take(struct tcn_app *app, const struct tcn_source *source,
                       struct tcn_request *rq);

/* The steps, in order; each answers and frees on its way out. */
void tcn_delivery_read(struct tcn_delivery_state *d);       /* parses it, and submits it */
void tcn_delivery_verify_sns(struct tcn_delivery_state *d); /* delivery_sns.c */
void tcn_delivery_submit(struct tcn_delivery_state *d);     /* delivery_submit.c */
/* A control message of SNS: it and what it changes are durable first, then tcn_delivery_control tells what that was. */
void tcn_delivery_keep(struct tcn_delivery_state *d);    /* delivery_submit.c */
void tcn_delivery_control(struct tcn_delivery_state *d); /* delivery_sns.c */

/* The only value of a header field, in d->arena; NULL when it is absent or repeated. */
const char *tcn_delivery_header(struct tcn_delivery_state *d, const char *name);
void tcn_delivery_refuse(struct tcn_delivery_state *d, int status, const char *code,
                         const char *why);
/* A job of it failed. */
void tcn_delivery_fail(struct tcn_delivery_state *d, int r, const struct tcn_err *err);
/* Nobody knows in time what becomes of it: its sender must come again, and it goes on. */
void tcn_delivery_late(struct tcn_delivery_state *d);
/* It must come again. why NULL: as the store says. */
void tcn_delivery_refuse_for_now(struct tcn_delivery_state *d, const char *why);
/* It repeats what is known of the incident, and changes nothing. */
void tcn_delivery_repeat(struct tcn_delivery_state *d, struct tcn_id incident);
void tcn_delivery_free(struct tcn_delivery_state *d);
/* What the log lines of one kind and source say of those that were not written. */
struct tcn_left_out {
    const char *key; /* "suppressed"; NULL, which ends a line, when there are none */
    char text[TCN_LOG_NUM];
};
/* False when a line of this reason about the source was written just now. */
bool tcn_delivery_may_tell(struct tcn_delivery_state *d, const char *reason,
                           struct tcn_left_out *ret);
/* Adds one to tocsin_deliveries_total{source,result}. */
void tcn_delivery_count(struct tcn_app *app, const struct tcn_source *source, const char *result);

#endif
