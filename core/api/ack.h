/* The acknowledge link of a page: a token that names one page and proves that Tocsin made it, and the small HTML
 * pages behind it. GET shows, POST acknowledges, so that a mail scanner that follows links changes nothing. */
#ifndef TCN_API_ACK_H
#define TCN_API_ACK_H

#include "base/buf.h"
#include "base/err.h"
#include "model/engagement.h"
#include "model/incident.h"

#define TCN_ACK_KEY 32  /* bytes */
#define TCN_ACK_TEXT 44 /* 32 bytes in base64url without padding, and NUL */
#define TCN_ACK_DAYS 7  /* a link works that long after the page's first send */

/* Page id (16 bytes) and the first 16 bytes of its HMAC-SHA256 under the store's key: 128 bits to guess. */
void tcn_ack_token(const uint8_t key[TCN_ACK_KEY], struct tcn_id page, char ret[TCN_ACK_TEXT]);
/* TCN_EAUTH when the token was not made with this key. */
int tcn_ack_read(const uint8_t key[TCN_ACK_KEY], struct tcn_str token, struct tcn_id *ret_page);

enum tcn_ack_view { TCN_ACK_ASK = 1, TCN_ACK_DONE, TCN_ACK_RESOLVED, TCN_ACK_EXPIRED };
/* A whole HTML document; every text of the incident is escaped. */
void tcn_ack_page(struct tcn_buf *out, enum tcn_ack_view view, const struct tcn_incident *incident,
                  const struct tcn_page *page);
/* While the store cannot be asked. is_post: somebody wanted to acknowledge; is_undecided: which may be done. */
void tcn_ack_unavailable(struct tcn_buf *out, bool is_post, bool is_undecided);
/* For a link that is not ours, or too old to be known. */
void tcn_ack_unknown(struct tcn_buf *out);

#endif
