/* Model structs as the JSON of the native API. Results are the caller's to json_decref(). */
#ifndef TCN_API_JSON_H
#define TCN_API_JSON_H

#include "base/buf.h"
#include "model/conflict.h"
#include "model/engagement.h"
#include "model/incident.h"
#include "model/link.h"
#include "store/engaged.h"
#include "store/store.h"

json_t *tcn_json_id(struct tcn_id id);   /* null for zero */
json_t *tcn_json_time(int64_t ms);       /* RFC 3339, null for 0 */
json_t *tcn_json_text(const char *text); /* null for NULL */
json_t *tcn_json_incident(const struct tcn_incident *incident, const char *account_id);
json_t *tcn_json_event(const struct tcn_event *event);
json_t *tcn_json_page(const struct tcn_page *page);
json_t *tcn_json_receipt(const struct tcn_receipt *receipt);
json_t *tcn_json_engagement(const struct tcn_engagement *engagement, json_t *pages);
/* Without its texts and pages. */
json_t *tcn_json_engaged(const struct tcn_engaged *engaged);
json_t *tcn_json_storm_alarm(const struct tcn_storm_alarm *alarm);
json_t *tcn_json_mute(const struct tcn_mute *mute, int64_t now_ms);
const char *tcn_json_link_state(enum tcn_link_state state); /* "LINKED" */
json_t *tcn_json_link(const struct tcn_link *link);
json_t *tcn_json_conflict(const struct tcn_conflict_row *row);
json_t *tcn_json_related(const struct tcn_related_item *item);
/* Without the token, which confirms. */
json_t *tcn_json_subscription(const struct tcn_subscription *row);
json_t *tcn_json_deadletter(const struct tcn_deadletter *letter);
/* arn:aws:ssm-incidents::ACCOUNT:incident-record/PLAN/ID */
void tcn_incident_arn(const struct tcn_incident *incident, const char *account_id,
                      struct tcn_buf *ret);

#endif
