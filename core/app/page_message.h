/* What a page says: the mapping file of its channel's connector applied to the incident and the page. */
#ifndef TCN_APP_PAGE_MESSAGE_H
#define TCN_APP_PAGE_MESSAGE_H

#include "api/ack.h"
#include "app/config.h"
#include "store/store.h"

/* Inside a job. *ret NULL: it cannot be written, *ret_why (in the arena) tells people why. */
int tcn_page_message(const struct tcn_config *config, const uint8_t ack_key[TCN_ACK_KEY],
                     struct tcn_store *s, const struct tcn_send_row *row, int64_t now_ms,
                     struct tcn_arena *arena, json_t **ret, const char **ret_why,
                     struct tcn_err *err);
/* PUBLIC_URL/console/#/incidents/ID, in the arena. */
const char *tcn_incident_url(const struct tcn_config *config, struct tcn_id incident,
                             struct tcn_arena *arena);

/* Why this message of the page is sent, for its text. What a person answers ends that person's pages and no other's (spec
 * incidents-contacts 5.5), so somebody may have acknowledged before. */
const char *tcn_page_reason(const struct tcn_incident *incident, int64_t send_no,
                            struct tcn_arena *arena);

#endif
