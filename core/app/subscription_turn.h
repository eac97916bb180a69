/* What subscriptions change in the store, and the alarm about one that ended. Inside store jobs. */
#ifndef TCN_APP_SUBSCRIPTION_TURN_H
#define TCN_APP_SUBSCRIPTION_TURN_H

#include "app/commands.h"
#include "app/intake.h"
#include "gateway/sns_subscription.h"
#include "gateway/source.h"

/* Makes the alarm about a topic the only one of job: FIRE that it was unsubscribed, RESOLVE that it delivers again. */
void tcn_subscription_alarm(struct tcn_intake_job *job, const struct tcn_subscription *row,
                            enum tcn_action action, int64_t clock_ms);
/* Writes the row; when it is confirmed and an incident tells that it had ended, that one is resolved by job (NULL: the
 * source is not configured any more). */
int tcn_subscription_write(struct tcn_store *s, struct tcn_subscription *row,
                           struct tcn_intake_job *job, int64_t now_ms, struct tcn_err *err);

/* A message of the source, taken into its row. job runs before the row is written when *ret_news is TCN_SNS_ENDED. */
struct tcn_subscription_message {
    const char *source, *arn;
    const struct tcn_sns_message *sns;
    enum tcn_sns_confirm confirm;
};
int tcn_subscription_take(struct tcn_store *s, const struct tcn_subscription_message *m,
                          struct tcn_intake_job *job, int64_t now_ms, enum tcn_sns_news *ret_news,
                          struct tcn_err *err);

/* Up to limit confirmations that are due, in a: they are counted and leased. *ret_next_ms: the earliest of the rest. */
int tcn_subscription_claim(struct tcn_store *s, size_t limit, int64_t now_ms, struct tcn_arena *a,
                           struct tcn_subscription **ret, size_t *ret_n, int64_t *ret_next_ms,
                           struct tcn_err *err);

struct tcn_subscription_outcome {
    const struct tcn_subscription *sent; /* as it was claimed */
    const char *arn;                     /* NULL: it failed */
    bool is_final;
};
/* *ret_state: what the row is after it. */
int tcn_subscription_finish(struct tcn_store *s, const struct tcn_subscription_outcome *o,
                            struct tcn_intake_job *job, int64_t now_ms,
                            enum tcn_subscription_state *ret_state, struct tcn_err *err);

/* As tcn_command_execute, for TCN_COMMAND_SUBSCRIPTION_CONFIRM: answers with the row, whose confirmation is due then. */
int tcn_subscription_confirm(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms,
                             struct tcn_command_result *ret, struct tcn_err *err);

#endif
