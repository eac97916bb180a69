/* The routes of the native API, each with the least role that may use it. */
#include "api/v1_query.h"

static const char *const of_pages[] = {"limit", "next", NULL};
static const char *const of_incidents[] = {"status",     "dedupe",        "impact",
                                           "created_by", "created_after", "created_before",
                                           "limit",      "next",          NULL};
static const char *const of_timeline[] = {"after", "before", "type", "reference",
                                          "order", "limit",  "next", NULL};
static const char *const of_oncall[] = {"at", NULL};
static const char *const of_shifts[] = {"rotation", "from", "until", "limit", "next", NULL};
static const char *const of_links[] = {"connector", "limit", "next", NULL};

const struct tcn_api_route tcn_api_v1[] = {
    {"GET", "/v1/incidents", TCN_VIEWER, of_incidents, .query = tcn_v1_incidents},
    {"POST", "/v1/incidents", TCN_RESPONDER, .command = tcn_v1_start},
    {"GET", "/v1/incidents/{id}", TCN_VIEWER, .query = tcn_v1_incident},
    {"POST", "/v1/incidents/{id}/update", TCN_RESPONDER, .command = tcn_v1_update},
    {"POST", "/v1/incidents/{id}/engage", TCN_RESPONDER, .command = tcn_v1_engage},
    {"POST", "/v1/incidents/{id}/disengage", TCN_RESPONDER, .command = tcn_v1_disengage},
    {"POST", "/v1/pages/{id}/accept", TCN_RESPONDER, .command = tcn_v1_accept},
    {"GET", "/v1/incidents/{id}/events", TCN_VIEWER, of_pages, .query = tcn_v1_events},
    {"POST", "/v1/incidents/{id}/events", TCN_RESPONDER, .command = tcn_v1_event_create},
    {"GET", "/v1/incidents/{id}/events/{event}", TCN_VIEWER, .query = tcn_v1_event},
    {"POST", "/v1/incidents/{id}/events/{event}/update", TCN_RESPONDER,
     .command = tcn_v1_event_update},
    {"POST", "/v1/incidents/{id}/events/{event}/delete", TCN_RESPONDER,
     .command = tcn_v1_event_delete},
    {"GET", "/v1/incidents/{id}/related", TCN_VIEWER, of_pages, .query = tcn_v1_related},
    {"POST", "/v1/incidents/{id}/related", TCN_RESPONDER, .command = tcn_v1_related_add},
    {"POST", "/v1/incidents/{id}/related/remove", TCN_RESPONDER, .command = tcn_v1_related_remove},
    {"GET", "/v1/incidents/{id}/timeline", TCN_VIEWER, of_timeline, .query = tcn_v1_timeline},
    {"GET", "/v1/incidents/{id}/alarms", TCN_VIEWER, of_pages, .query = tcn_v1_alarms},
    {"GET", "/v1/incidents/{id}/explain", TCN_VIEWER, .query = tcn_v1_explain},
    {"POST", "/v1/incidents/{id}/split", TCN_RESPONDER, .command = tcn_v1_split},
    {"POST", "/v1/incidents/{id}/acknowledge", TCN_RESPONDER, .command = tcn_v1_acknowledge},
    {"POST", "/v1/incidents/{id}/resolve", TCN_RESPONDER, .command = tcn_v1_resolve},
    {"POST", "/v1/incidents/{id}/reopen", TCN_RESPONDER, .command = tcn_v1_reopen},
    {"POST", "/v1/incidents/{id}/notes", TCN_RESPONDER, .command = tcn_v1_note},
    {"GET", "/v1/links", TCN_VIEWER, of_links, .query = tcn_v1_links},
    {"POST", "/v1/links/{id}/retry", TCN_MANAGER, .command = tcn_v1_link_retry},
    {"GET", "/v1/deadletters", TCN_VIEWER, of_pages, .query = tcn_v1_deadletters},
    {"POST", "/v1/deadletters/{id}/retry", TCN_MANAGER, .command = tcn_v1_letter_retry},
    {"POST", "/v1/deadletters/{id}/drop", TCN_MANAGER, .command = tcn_v1_letter_drop},
    {"GET", "/v1/quarantine", TCN_VIEWER, of_pages, .query = tcn_v1_quarantine},
    {"POST", "/v1/quarantine/{id}/drop", TCN_MANAGER, .command = tcn_v1_quarantine_drop},
    {"GET", "/v1/subscriptions", TCN_VIEWER, of_pages, .query = tcn_v1_subscriptions},
    {"POST", "/v1/subscriptions/confirm", TCN_MANAGER, .command = tcn_v1_subscription_confirm},
    {"GET", "/v1/oncall", TCN_VIEWER, of_oncall, .query = tcn_v1_oncall},
    {"GET", "/v1/shifts", TCN_VIEWER, of_shifts, .query = tcn_v1_shifts},
    {"GET", "/v1/resources/{kind}", TCN_VIEWER, of_pages, .look = tcn_v1_resources},
    {"POST", "/v1/resources/{kind}", TCN_MANAGER, .command = tcn_v1_resource_put},
    {"GET", "/v1/resources/{kind}/{name}", TCN_VIEWER, .look = tcn_v1_resource},
    {"POST", "/v1/resources/{kind}/{name}/delete", TCN_MANAGER, .command = tcn_v1_resource_delete},
    {"GET", "/v1/mutes", TCN_VIEWER, .query = tcn_v1_mutes},
    {"POST", "/v1/mutes", TCN_RESPONDER, .command = tcn_v1_mute},
    {"POST", "/v1/mutes/{id}/end", TCN_RESPONDER, .command = tcn_v1_mute_end},
    {"GET", "/v1/muted", TCN_VIEWER, of_pages, .query = tcn_v1_muted},
    {"GET", "/v1/heartbeats", TCN_VIEWER, .query = tcn_v1_heartbeats},
    {"GET", "/v1/sources", TCN_VIEWER, .state = TCN_STATE_SOURCES},
    {"GET", "/v1/connectors", TCN_VIEWER, .state = TCN_STATE_CONNECTORS},
    {"GET", "/v1/nodes", TCN_VIEWER, .query = tcn_v1_nodes, .away = TCN_STATE_NODES},
    {0},
};
