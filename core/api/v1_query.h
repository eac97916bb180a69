/* The operations behind the rows of v1.c. */
#ifndef TCN_API_V1_QUERY_H
#define TCN_API_V1_QUERY_H

#include "api/api.h"

int tcn_v1_incidents(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_events(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_event(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_timeline(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_related(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_findings(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_alarms(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_engagements(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_engagement(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_links(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_deadletters(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_subscriptions(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_quarantine(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_explain(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_oncall(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_shifts(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_overrides(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_mutes(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_muted(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_heartbeats(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_nodes(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);

int tcn_v1_acknowledge(struct tcn_api_call *call);
int tcn_v1_resolve(struct tcn_api_call *call);
int tcn_v1_reopen(struct tcn_api_call *call);
int tcn_v1_split(struct tcn_api_call *call);
int tcn_v1_note(struct tcn_api_call *call);
int tcn_v1_link_retry(struct tcn_api_call *call);
int tcn_v1_link_read(struct tcn_api_call *call);
int tcn_v1_link(struct tcn_api_call *call);
int tcn_v1_sweep(struct tcn_api_call *call);
int tcn_v1_letter_retry(struct tcn_api_call *call);
int tcn_v1_letter_drop(struct tcn_api_call *call);
int tcn_v1_quarantine_drop(struct tcn_api_call *call);
int tcn_v1_start(struct tcn_api_call *call);
int tcn_v1_update(struct tcn_api_call *call);
int tcn_v1_engage(struct tcn_api_call *call);
int tcn_v1_disengage(struct tcn_api_call *call);
int tcn_v1_engagement_start(struct tcn_api_call *call);
int tcn_v1_engagement_stop(struct tcn_api_call *call);
int tcn_v1_accept(struct tcn_api_call *call);
int tcn_v1_event_create(struct tcn_api_call *call);
int tcn_v1_event_update(struct tcn_api_call *call);
int tcn_v1_event_delete(struct tcn_api_call *call);
int tcn_v1_related_add(struct tcn_api_call *call);
int tcn_v1_related_remove(struct tcn_api_call *call);
int tcn_v1_tag(struct tcn_api_call *call);
int tcn_v1_untag(struct tcn_api_call *call);
int tcn_v1_mute(struct tcn_api_call *call);
int tcn_v1_mute_end(struct tcn_api_call *call);
int tcn_v1_resources(struct tcn_api_call *call);
int tcn_v1_resource(struct tcn_api_call *call);
int tcn_v1_resource_put(struct tcn_api_call *call);
int tcn_v1_resource_delete(struct tcn_api_call *call);
int tcn_v1_coverage(struct tcn_api_call *call);
int tcn_v1_channel_send_code(struct tcn_api_call *call);
int tcn_v1_channel_activate(struct tcn_api_call *call);
int tcn_v1_channel_deactivate(struct tcn_api_call *call);
int tcn_v1_subscription_confirm(struct tcn_api_call *call);

/* 400 about that member of the query or the body. Returns -1. */
int tcn_v1_refuse(struct tcn_api_call *call, const char *field, const char *why);
/* The call is that command of its actor, on the incident of the path. -1: refused. */
int tcn_v1_on_incident(struct tcn_api_call *call, enum tcn_command_kind kind);
/* "limit" of the query, or the usual number. -1: refused. */
int tcn_v1_limit(struct tcn_api_call *call, size_t *ret);
/* Of the body: members that are not named are refused, so that a typo is not silently ignored. -1: refused. */
int tcn_v1_only(struct tcn_api_call *call, const char *const names[]);
/* The text of a member, without control characters, with LF for CRLF; at most max code points. A text that may be missing may be
 * empty too, which is the same: *ret stays. -1: refused. */
int tcn_v1_text(struct tcn_api_call *call, const char *name, bool is_needed, size_t max,
                const char **ret);

/* The same of one line: line feeds and tabs are refused, too. */
int tcn_v1_line(struct tcn_api_call *call, const char *name, bool is_needed, size_t max,
                const char **ret);

/* "client_token" of the body, and by what a repeated request is known: all else that was sent. -1: refused. */
int tcn_v1_client_token(struct tcn_api_call *call);
/* Of the body: related items as POST /v1/incidents/ID/related takes one, with their ids; *ret and *ret_n stay when there is no
 * such member. -1: refused. */
int tcn_v1_related_items(struct tcn_api_call *call, const char *name,
                         const struct tcn_related_item **ret, size_t *ret_n);
/* Of the body: when something happened, past or to come; *ret_ms stays when it is not there. -1: refused. */
int tcn_v1_happened(struct tcn_api_call *call, const char *name, int64_t *ret_ms);
/* Of the query: a time as of RFC 3339; *ret_ms stays when it is not there. -1: refused. */
int tcn_v1_time(struct tcn_api_call *call, const char *name, int64_t *ret_ms);
/* The same as a bound: never 0, which is none. */
int tcn_v1_bound(struct tcn_api_call *call, const char *name, int64_t *ret_ms);
/* "from" and "until" of the query: from now for default_ms, unless told; 400 days at most. -1: refused. */
int tcn_v1_span(struct tcn_api_call *call, int64_t default_ms, int64_t *ret_from_ms,
                int64_t *ret_until_ms);
/* Of the query: words with commas between them, at most TCN_V1_WORDS; *ret_n 0 when it is not there. -1: refused. */
#define TCN_V1_WORDS 20
int tcn_v1_words(struct tcn_api_call *call, const char *name, const char **ret, size_t *ret_n);
/* "next" is none that was handed out: 400. Returns -1. */
int tcn_v1_refuse_next(struct tcn_api_call *call);
/* Of all events of an answer only so much data is shown; those beyond have none. *left: of it. */
#define TCN_V1_DATA_BYTES (2u << 20)
void tcn_v1_cut_data(struct tcn_event *event, size_t *left);

/* 200 with this reply, which becomes the call's. Returns 0. */
int tcn_v1_answer(struct tcn_api_call *call, json_t *reply);
/* 404. Returns 0. */
int tcn_v1_no_incident(struct tcn_api_call *call);
/* Adds the pages of the engagement to list, each with its receipts and how its person was come to. */
int tcn_v1_pages(struct tcn_api_call *call, struct tcn_store *s, const struct tcn_engagement *e,
                 json_t *list, struct tcn_err *err);
/* At most limit events before that number (0 = from the newest), newest first, and the token of those before them, which
 * is JSON null when there are none; both are the caller's. */
int tcn_v1_newest_events(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id incident,
                         int64_t before_seq, size_t limit, json_t **ret_items, json_t **ret_next,
                         struct tcn_err *err);

#endif
