/* What to do when an incident starts: the ResponsePlan of the ssm-incidents API. */
#ifndef TCN_MODEL_RESPONSE_PLAN_H
#define TCN_MODEL_RESPONSE_PLAN_H

#include "model/alarm.h"
#include "model/heartbeat.h"
#include "model/topic.h"

#define TCN_ENGAGEMENTS_MAX 5 /* quota of a response plan */
#define TCN_PLAN_CONNECTORS_MAX 16

struct tcn_response_plan {
    const char *name;
    const char *display_name;
    const char *title;         /* incidentTemplate.title, used when the alarm brings none */
    const char *summary;       /* may be NULL */
    int impact;                /* 1-5 */
    const char *dedupe_string; /* NULL: derived from the trigger */
    const char *engagements[TCN_ENGAGEMENTS_MAX]; /* contact aliases */
    size_t n_engagements;
    struct tcn_tag *tags; /* incidentTags */
    size_t n_tags;
    struct tcn_topics notification_targets, chat_channel;
    const char *connectors[TCN_PLAN_CONNECTORS_MAX]; /* instances that get a ticket */
    size_t n_connectors;
};

/* How a source's alarms are treated (spec sources 4.6, 7). */
struct tcn_source_policy {
    const char *name;
    const char *source;        /* IncidentRecordSource.source */
    const char *response_plan; /* name */
    const char **group_by;     /* names of tags: alarms alike in them share an incident */
    size_t n_group_by;
    bool resolves;            /* false: alarms never resolve an incident by themselves */
    int64_t reopen_window_ms; /* default 15 min */
    int64_t mute_window_ms;   /* default 24 h, after a "won't fix" */
    int64_t resolve_after_ms; /* default 0; 30 s advised for Alertmanager in HA */
    int64_t echo_window_ms;   /* default 60 s: "firing" as before, after "resolved", is held */
    int64_t
        stale_after_ms; /* default 0, off: nothing was heard of an alarm that fires for that long */
    int flap_count;     /* default 6 transitions in an hour */
    int64_t flap_quiet_ms;  /* default 15 min */
    int64_t flap_update_ms; /* default 10 min: at most one connector update while flapping */
    const struct tcn_heartbeat *heartbeats;
    size_t n_heartbeats;
    int storm_new;           /* default 30 new incidents ... */
    int64_t storm_window_ms; /* ... in 5 min */
};

/* The token bucket of the storm guard, kept per source. */
struct tcn_storm {
    double tokens;
    int64_t at_ms;          /* when tokens was computed */
    struct tcn_id incident; /* the running storm's incident, zero = none */
    int64_t attached;       /* alarms attached to it */
    int let_out; /* impact of the most severe one that opened alone all the same; 0 = none did */
};

#endif
