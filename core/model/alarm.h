/* The normalized alarm: what every source's mapping yields, and the state kept for each dedupe key. */
#ifndef TCN_MODEL_ALARM_H
#define TCN_MODEL_ALARM_H

#include "base/id.h"
#include <jansson.h>

#define TCN_IMPACT_MAX 5       /* from 1 (critical) to 5 (none): ssm-incidents */
#define TCN_TITLE_MAX 200      /* code points; ssm-incidents IncidentTitle */
#define TCN_SUMMARY_MAX 8000   /* code points; ssm-incidents IncidentSummary */
#define TCN_DEDUPE_MAX 1000    /* bytes; ssm-incidents DedupeString */
#define TCN_RAW_DATA_MAX 10000 /* bytes, of a start by hand code points; ssm-incidents RawData */
#define TCN_ITEMS_MAX 500      /* items of one alarm group */
#define TCN_RELATED_MAX 50     /* related items of an incident, ssm-incidents quota */
#define TCN_TAGS_MAX 50

enum tcn_action {
    TCN_ACTION_UNSET = 0,
    TCN_ACTION_FIRE,
    TCN_ACTION_RESOLVE,
    TCN_ACTION_UPDATE, /* changes texts, never the state */
    TCN_ACTION_IGNORE
};

enum tcn_item_status { TCN_ITEM_UNSET = 0, TCN_ITEM_FIRING, TCN_ITEM_RESOLVED, TCN_ITEM_UNKNOWN };

/* One member of an alarm group (an alert of Alertmanager, a dimension of CloudWatch). */
struct tcn_item {
    const char *key; /* fingerprint; unique in the group */
    const char *title;
    enum tcn_item_status status; /* UNSET for items without a state of their own */
    int64_t since_ms, ended_ms;  /* 0 = not told */
    int64_t seen_ms;             /* when Tocsin last heard of it */
    int64_t echo_ms; /* over, and told to fire all the same then: an echo, or true; 0 = not */
};

struct tcn_related {
    const char *kind; /* metric url arn runbook task */
    const char *title;
    const char *value;
};

struct tcn_tag {
    const char *key, *value;
};

/* What one delivery says of one alarm. All text is NUL-terminated UTF-8 in the arena of the turn; NULL = not told. */
struct tcn_alarm {
    const char *source;      /* configured name: POST /sources/NAME */
    const char *delivery_id; /* the sender's id of this delivery, stable over its retries */
    const char *dedupe_key;  /* names the alarm; <= TCN_DEDUPE_MAX bytes */
    enum tcn_action action;
    const char *state; /* the sender's own word: ALARM, firing */
    int64_t clock_ms;  /* the sender's time of the state; orders events of one key; 0 = not told */
    const char *title, *summary;
    int impact;              /* 1-5, 0 = not told */
    const char *trigger_arn; /* resources[0] when it is an ARN */
    struct tcn_tag *tags;
    size_t n_tags;
    const char **resources;
    size_t n_resources;
    struct tcn_item *items;
    size_t n_items;
    size_t n_items_unread; /* the list has more than TCN_ITEMS_MAX: these were not read */
    bool is_group; /* items carry states of their own: the incident fires while any of them does */
    bool is_truncated; /* the sender cut the list: never resolve from it */
    struct tcn_related *related;
    size_t n_related;
    struct tcn_str raw;        /* the delivery as received, for rawData */
    const char *mapping_error; /* set when the mapping failed and the rest is what could be known */
};

#define TCN_FLAP_RING 16

/* 2000-01-01: the time of an alarm before it is none, for its sender has no clock, or none that was set. */
#define TCN_CLOCK_FIRST_MS INT64_C(946684800000)

/* What Tocsin remembers of a dedupe key: the lane of spec sources 7. One row, loaded and written by the turn. */
struct tcn_lane {
    const char *dedupe_key; /* with account_id the key of the row */
    const char *source;
    bool exists; /* false: nothing was ever heard of this key */
    bool is_firing;
    struct tcn_id incident; /* open, or the last one; zero = none */
    int64_t clock_ms;       /* newest sender clock accepted */
    int64_t received_ms;    /* when that was */
    int64_t resolved_ms;    /* when the incident was last resolved by this lane, 0 = never */
    int64_t mute_until_ms;  /* it fires while it is muted, which is noted until then; 0 = not */
    int64_t resolve_due_ms; /* resolve delay or flap quiet running: resolve then; 0 = none */
    int64_t
        stale_due_ms; /* it fires, and is taken to be over then unless heard of before; 0 = never */
    int64_t echo_ms;  /* the same of an alarm without items */
    int64_t echo_due_ms; /* what was taken for an echo fires then, unless withdrawn; 0 = none */
    int64_t opened_ms;
    char content_sha256[65]; /* of the texts and impact last applied: a repeat compares equal */
    int64_t transitions_ms[TCN_FLAP_RING]; /* newest first, 0 = unused */
    bool is_flapping;
    int64_t flap_told_ms;   /* last connector update while flapping */
    struct tcn_item *items; /* of a group */
    size_t n_items;
    int64_t revision; /* optimistic check of the store */
};

/* What an alarm said that has no incident of its own yet, for the one that it would open. */
struct tcn_told_alarm {
    const char *title, *summary; /* NULL: it told none */
    int impact;                  /* of that incident */
    const char *trigger_arn;     /* the same, as are its tags and related items */
    struct tcn_tag *tags;
    size_t n_tags;               /* <= TCN_TAGS_MAX */
    struct tcn_related *related; /* resources too, of kind "arn" */
    size_t n_related;            /* <= TCN_RELATED_MAX */
};

/* One that is attached to a storm, or was. */
struct tcn_storm_alarm {
    struct tcn_id id;                /* of its lane, the same in every storm */
    const char *dedupe_key, *source; /* of its lane */
    bool is_firing;                  /* the same */
    int64_t joined_ms;
    struct tcn_told_alarm told;
};

#endif
