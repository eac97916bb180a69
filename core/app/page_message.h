/* What a page says: the mapping file of its channel's connector applied to the incident and the page. */
#ifndef TCN_APP_PAGE_MESSAGE_H
#define TCN_APP_PAGE_MESSAGE_H

#include "api/ack.h"
#include "app/config.h"
#include "app/turn.h"
#include "connect/sends.h"
#include "store/engaged.h"
#include "store/store.h"

/* Inside a job. */
int tcn_page_message(const struct tcn_config *config, const uint8_t ack_key[TCN_ACK_KEY],
                     struct tcn_store *s, const struct tcn_send_row *row, int64_t now_ms,
                     struct tcn_arena *arena, struct tcn_send_message *ret, struct tcn_err *err);
/* What the page says the incident is: where its engagement has texts of its own, title and summary become those. To a channel that
 * others can read (SMS, VOICE) only its public ones, or that its sender engages. *ret_sender, in the arena: NULL, it was told
 * nothing. Inside a job. */
int tcn_page_told(struct tcn_store *s, const struct tcn_send_row *row,
                  struct tcn_incident *incident, struct tcn_arena *arena, const char **ret_sender,
                  struct tcn_err *err);
/* NULL: none of theirs. */
const struct tcn_page *tcn_page_among(const struct tcn_engagement *e, size_t n, struct tcn_id id);
/* The link that answers the page, in the arena; how its text calls the person. */
const char *tcn_page_ack_url(const struct tcn_config *config, const uint8_t ack_key[TCN_ACK_KEY],
                             struct tcn_id page, struct tcn_arena *arena);
const char *tcn_page_name(const struct tcn_directory *directory, const char *alias);
/* PUBLIC_URL/console/#/incidents/ID, in the arena. */
const char *tcn_incident_url(const struct tcn_config *config, struct tcn_id incident,
                             struct tcn_arena *arena);

/* Why this message of a page is sent, for its text; in the arena. The first says who engaged the person: the response plan, or
 * somebody with a reason, as the timeline has it. What a person answers ends that person's pages and no other's (spec
 * incidents-contacts 5.5), so of the others somebody may have acknowledged before. */
int tcn_page_reason(struct tcn_store *s, const struct tcn_aggregate *a,
                    const struct tcn_send_row *row, struct tcn_arena *arena, const char **ret,
                    struct tcn_err *err);

#endif
