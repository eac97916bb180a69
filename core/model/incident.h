/* The incident record and its timeline, in the terms of the ssm-incidents API. */
#ifndef TCN_MODEL_INCIDENT_H
#define TCN_MODEL_INCIDENT_H

#include "model/alarm.h"
#include "model/topic.h"

#define TCN_NOTE_MAX 8000 /* code points of a note by a person */

enum tcn_incident_status { TCN_STATUS_UNSET = 0, TCN_STATUS_OPEN, TCN_STATUS_RESOLVED };

struct tcn_resolution {
    const char *
        code; /* "alarm_ok" "source_silent" "split_out" "manual" "wont_fix", or the word of a person or a remote */
    const char *notes;
    const char *by; /* actor: "source:NAME", "user:NAME", "contact:ALIAS", "connector:NAME" */
};

/* All text owned by the arena it was loaded into. */
struct tcn_incident {
    struct tcn_id id;
    bool exists;
    const char *response_plan; /* name */
    const char *title, *summary;
    int impact;
    enum tcn_incident_status status;
    const char *dedupe_string; /* IncidentRecord.dedupeString, always present */
    const char *source;        /* IncidentRecordSource.source: aws.cloudwatch, alertmanager ... */
    const char *source_name;   /* the configured source, NULL for manual starts */
    const char *trigger_arn, *created_by, *modified_by;
    int64_t created_ms, modified_ms, resolved_ms; /* resolved 0 while OPEN */
    int64_t acknowledged_ms; /* first acknowledgement, 0 = none; lasts until reopened */
    const char *acknowledged_by;
    /* Since when nobody (once acknowledged: of those engaged since) is reached nor left to page; 0 = somebody may be. */
    int64_t unreached_ms;
    struct tcn_resolution resolution;
    struct tcn_id previous; /* the incident this one follows, zero = none */
    struct tcn_id storm;    /* the storm incident that it was attached to */
    bool is_storm;          /* it collects the alarms of a storm */
    bool
        is_bare; /* no incident to anybody: it carries one engagement that was started without one */
    struct tcn_tag *tags;
    size_t n_tags;
    struct tcn_topics notification_targets, chat_channel; /* told of what happens to it */
    int64_t revision;    /* grows with every change that connectors must see */
    int64_t event_seq;   /* last timeline sequence number used */
    int64_t related_seq; /* how many related items it has, whoever added them */
};

/* Event types: spec incidents-contacts 8.5. */
#define TCN_EVENT_TRIGGER "SSM Incident Trigger"
#define TCN_EVENT_START "SSM Incident Start"
#define TCN_EVENT_UPDATE "SSM Incident Record Update"
#define TCN_EVENT_PAGE "SSM Contacts Page for Incident"
#define TCN_EVENT_ACK "SSM Contacts Page Acknowledgement for Incident"
#define TCN_EVENT_NOTE "Note"
#define TCN_EVENT_CUSTOM "Custom Event"
/* Tocsin's own, for what AWS has no word for. */
#define TCN_EVENT_TOCSIN "Tocsin Event"

struct tcn_event {
    struct tcn_id id;
    int64_t seq;
    int64_t event_ms, updated_ms;
    const char *type;
    const char *data;       /* eventData: a JSON text */
    const char *text;       /* one sentence for people and for tickets; NULL = none */
    const char *actor;      /* who caused it */
    bool to_tickets;        /* written to the remote tickets as a note */
    const char *references; /* JSON array of eventReferences, NULL = none */
};

/* RelatedItem of ssm-incidents. */
struct tcn_related_item {
    char generated_id[80]; /* related-item/<TYPE>/<32 upper-case hex> */
    const char *
        type; /* ANALYSIS INCIDENT METRIC PARENT ATTACHMENT OTHER AUTOMATION INVOLVED_RESOURCE TASK */
    const char *value_kind; /* arn url metricDefinition */
    const char *value;
    const char *title;
    int64_t seq; /* its place in the list; 0 = after those that are there */
};

#endif
