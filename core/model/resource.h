/* What commands made beside the configuration, and whether addresses of contact channels are proven. */
#ifndef TCN_MODEL_RESOURCE_H
#define TCN_MODEL_RESOURCE_H

#include "base/id.h"
#include "model/alarm.h"

#define TCN_RESOURCE_BODY_MAX 65536 /* bytes */
#define TCN_CHANNEL_STATES_MAX 50000

/* A resource that a command made, beside those of the configuration. */
enum tcn_resource_kind {
    TCN_RESOURCE_UNSET = 0,
    TCN_RESOURCE_CONTACT,
    TCN_RESOURCE_CHANNEL,
    TCN_RESOURCE_ROTATION,
    TCN_RESOURCE_OVERRIDE,
    TCN_RESOURCE_PLAN
};
struct tcn_resource {
    enum tcn_resource_kind kind;
    const char *name; /* unique within account and kind */
    struct tcn_id id; /* of its ARN, which keeps when it is renamed */
    const char *body; /* JSON object, as an element of the configuration's list would be */
    struct tcn_tag *tags;
    size_t n_tags;
    const char *created_by, *modified_by; /* actors */
    int64_t created_ms, modified_ms;
};

/* Of a contact channel, be it of the configuration or made by a command. Codes are sent to the address; whoever tells the newest
 * one has proven that it is theirs. */
struct tcn_channel_state {
    const char *contact, *channel;
    struct tcn_id address_hash; /* another address has proven nothing */
    bool is_activated;
    const char *code; /* a secret: never in a log; NULL: none is out */
    int64_t code_ms;  /* when it was sent */
    int64_t tries;    /* wrong answers to it */
    int64_t sent;     /* codes since sent_from_ms */
    int64_t sent_from_ms;
    int64_t changed_ms;
};

#endif
