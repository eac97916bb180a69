/* Whether an SNS topic delivers to a source, as far as its signed messages have told. */
#ifndef TCN_MODEL_SUBSCRIPTION_H
#define TCN_MODEL_SUBSCRIPTION_H

#include <stdint.h>

enum tcn_subscription_state {
    TCN_SUBSCRIPTION_UNSET = 0,
    TCN_SUBSCRIPTION_AWAITING, /* SNS waits for us to confirm with the token */
    TCN_SUBSCRIPTION_CONFIRMED,
    TCN_SUBSCRIPTION_ENDED,  /* somebody unsubscribed it */
    TCN_SUBSCRIPTION_FAILED, /* the confirmation was refused, or the token is too old */
    TCN_SUBSCRIPTION_PENDING /* SNS waits, and a person must say that it is to be confirmed */
};

struct tcn_subscription {
    const char *source, *topic; /* key */
    enum tcn_subscription_state state;
    const char *arn;   /* of the subscription; NULL: not told */
    const char *token; /* the newest that SNS sent; NULL: none */
    int64_t
        as_of_ms; /* SNS's clock: what it said up to here is in the state, and says nothing new */
    int64_t asked_ms; /* our clock: when the token came */
    int64_t attempts; /* confirmations sent */
    int64_t due_ms;   /* when the next one is; 0 = none */
    int64_t ended_ms; /* SNS's clock: an incident tells people that it ended; 0 = none does */
};

#endif
