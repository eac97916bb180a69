/* The operations behind the rows of v1.c. */
#ifndef TCN_API_V1_QUERY_H
#define TCN_API_V1_QUERY_H

#include "api/api.h"

int tcn_v1_incidents(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_events(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_alarms(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_links(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_deadletters(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_subscriptions(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_quarantine(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_explain(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_oncall(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_shifts(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
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
int tcn_v1_letter_retry(struct tcn_api_call *call);
int tcn_v1_letter_drop(struct tcn_api_call *call);
int tcn_v1_quarantine_drop(struct tcn_api_call *call);
int tcn_v1_start(struct tcn_api_call *call);
int tcn_v1_update(struct tcn_api_call *call);
int tcn_v1_engage(struct tcn_api_call *call);
int tcn_v1_disengage(struct tcn_api_call *call);
int tcn_v1_accept(struct tcn_api_call *call);
int tcn_v1_mute(struct tcn_api_call *call);
int tcn_v1_mute_end(struct tcn_api_call *call);
int tcn_v1_subscription_confirm(struct tcn_api_call *call);

/* "limit" of the query, or the usual number. -1: refused. */
int tcn_v1_limit(struct tcn_api_call *call, size_t *ret);
/* Of the body: members that are not named are refused, so that a typo is not silently ignored. -1: refused. */
int tcn_v1_only(struct tcn_api_call *call, const char *const names[]);
/* The text of a member, without control characters, with LF for CRLF; at most max code points. A text that may be missing may be
 * empty too, which is the same: *ret stays. -1: refused. */
int tcn_v1_text(struct tcn_api_call *call, const char *name, bool is_needed, size_t max,
                const char **ret);

/* 200 with this reply, which becomes the call's. Returns 0. */
int tcn_v1_answer(struct tcn_api_call *call, json_t *reply);
/* 404. Returns 0. */
int tcn_v1_no_incident(struct tcn_api_call *call);
/* At most limit events before that number (0 = from the newest), newest first, and the token of those before them, which
 * is JSON null when there are none; both are the caller's. */
int tcn_v1_newest_events(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id incident,
                         int64_t before_seq, size_t limit, json_t **ret_items, json_t **ret_next,
                         struct tcn_err *err);

#endif
