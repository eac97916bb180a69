/* What a topic is told of an event: a message in the shape of EventBridge, as ssm-incidents sends it. */
#ifndef TCN_APP_NOTICE_MESSAGE_H
#define TCN_APP_NOTICE_MESSAGE_H

#include "app/config.h"
#include "connect/notices.h"

/* {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}; the caller's. detail has the
 * members of the event's data, or eventData when that is no object, incidentTitle, actor, and of a Tocsin Event its line as text. */
json_t *tcn_notice_envelope(const struct tcn_config *config, const struct tcn_incident *incident,
                            const struct tcn_event *event);

/* What SEND takes of it, by the mapping of the notice's connector; the caller's. NULL: that makes none. */
json_t *tcn_notice_payload(const struct tcn_config *config, const struct tcn_incident *incident,
                           const struct tcn_event *event, const struct tcn_notice *notice,
                           int64_t now_ms, struct tcn_arena *arena);

/* As struct tcn_notices_app wants it. */
int tcn_notice_next(const struct tcn_config *config, struct tcn_store *s,
                    const struct tcn_notice *notice, int64_t now_ms, struct tcn_arena *arena,
                    struct tcn_notice_message *ret, struct tcn_err *err);

#endif
