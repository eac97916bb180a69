/* The budget of a person, and what one message says of all that it held back. */
#ifndef TCN_APP_PAGE_DIGEST_H
#define TCN_APP_PAGE_DIGEST_H

#include "app/page_message.h"

#define TCN_DIGEST_LISTED 50 /* incidents with their links; the rest is a number */

/* The person's own, or that of the row's type of channel. 1, or 0: there is neither; or the store's error. */
int tcn_page_budget(const struct tcn_config *config, struct tcn_store *s,
                    const struct tcn_send_row *row, int64_t now_ms, struct tcn_send_budget *ret,
                    struct tcn_err *err);
/* Inside a job: the message "digest" of the channel's connector, each incident once, the most severe first. Messages of one
 * incident alone are its page. *ret NULL: it cannot be written. */
int tcn_page_digest(const struct tcn_config *config, const uint8_t ack_key[TCN_ACK_KEY],
                    struct tcn_store *s, const struct tcn_send_bundle *bundle,
                    struct tcn_arena *arena, json_t **ret, struct tcn_err *err);

#endif
