/* Contacts, channels and plans of the ssm-contacts API. */
#ifndef TCN_MODEL_CONTACT_H
#define TCN_MODEL_CONTACT_H

#include "base/id.h"

#define TCN_STAGES_MAX 10
#define TCN_TARGETS_MAX 10
#define TCN_ROTATIONS_MAX 8 /* of a schedule */

enum tcn_contact_type { TCN_CONTACT_UNSET = 0, TCN_PERSONAL, TCN_ESCALATION, TCN_ONCALL_SCHEDULE };
enum tcn_channel_type { TCN_CHANNEL_UNSET = 0, TCN_EMAIL, TCN_SMS, TCN_VOICE };
#define TCN_CHANNEL_TYPES 4

struct tcn_channel {
    struct tcn_id id;
    const char *contact; /* alias */
    const char *name;    /* unique within the contact */
    enum tcn_channel_type type;
    const char *address;
    bool is_activated;
};

/* Exactly one of channel and contact is set. */
struct tcn_target {
    const char *channel; /* name of the contact's own channel */
    int64_t retry_ms;    /* 0 = send once */
    const char *contact; /* alias */
    bool is_essential;   /* an acknowledgement stops the escalation */
};

struct tcn_stage {
    int64_t duration_ms;
    const struct tcn_target *targets;
    size_t n_targets; /* at most TCN_TARGETS_MAX */
};

/* Never changes once it is made: a plan that is edited is another one. A copy of this struct shares the stages, which belong to
 * whatever made them, as the texts in them do: the directory, or the arena into which an aggregate was read. */
struct tcn_plan {
    const struct tcn_stage *stages;
    size_t n_stages; /* at most TCN_STAGES_MAX */
};

/* So many messages by one channel within that time; what is more waits. The least interval is TCN_BUDGET_INTERVAL_MS. */
#define TCN_BUDGET_PAGES_MAX 1000
#define TCN_BUDGET_MINUTES_MAX 1440
#define TCN_BUDGET_INTERVAL_MS 60
struct tcn_page_budget {
    int64_t pages, per_ms; /* pages 0: there is no limit */
};

struct tcn_contact {
    const char
        *alias; /* unique in the account: arn:aws:ssm-contacts:REGION:ACCOUNT:contact/ALIAS */
    const char *display_name;
    enum tcn_contact_type type;
    struct tcn_plan plan;
    const char *rotations[TCN_ROTATIONS_MAX]; /* RotationIds of a schedule: aliases */
    size_t n_rotations;
    struct tcn_channel *channels;
    size_t n_channels;
    struct tcn_page_budget budget; /* her own */
};

#endif
