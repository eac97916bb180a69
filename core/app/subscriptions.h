/* Subscriptions of SNS: which are known, and the confirmations that are sent for those that wait. A confirmation is a
 * row before it is a call, and what it brought is a row again: a crash in between sends it once more. */
#ifndef TCN_APP_SUBSCRIPTIONS_H
#define TCN_APP_SUBSCRIPTIONS_H

#include "app/app.h"
#include "app/delivery.h"

struct tcn_subscriptions *tcn_subscriptions_new(struct tcn_app *app);
/* After the store thread and the fetcher have ended. */
void tcn_subscriptions_free(struct tcn_subscriptions *s);
/* Rows may have become due. Cheap. */
void tcn_subscriptions_wake(struct tcn_subscriptions *s);
/* A verified notification: tells that its topic delivers, and by which subscription. Asks the store only when that is not
 * known yet. */
void tcn_subscriptions_saw(struct tcn_subscriptions *s, struct tcn_delivery_state *d);

/* tcn_job_run of a control message in place of tcn_intake_keep: job->ctx is its tcn_delivery_state, whose news it sets.
 * What ends a subscription opens an incident by the source's response plan, in the same transaction. */
int tcn_subscriptions_control(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                              struct tcn_err *err);

#endif
