/* One round trip: a rendered request with its secrets put in place, sent under the rules for hostile remotes, and
 * the answer, capped. Whether the request surely was not sent, or may have been, is told exactly. */
#ifndef TCN_CONNECT_TRANSFER_H
#define TCN_CONNECT_TRANSFER_H

#include "connect/pump.h"
#include "connect/request.h"

#define TCN_ANSWER_MAX (4u << 20) /* bytes of a response body */

struct tcn_transfer;
/* On the loop, exactly once, on a later turn; t is yours to free, also inside. */
typedef void tcn_transfer_done(void *ctx, struct tcn_transfer *t);

/* Copies what it needs of rq; rq->instance outlives the transfer. verb decides about connection reuse: libcurl sends a
 * request again by itself when a kept connection turns out dead, so verbs that leave a trace, and every POST, get a
 * fresh one. TCN_EINVALID (secret or URL unusable), TCN_EIO. */
int tcn_transfer_start(struct tcn_pump *p, const struct tocsin_request *rq, uint32_t verb,
                       tcn_transfer_done *done, void *ctx, struct tcn_transfer **ret,
                       struct tcn_err *err);
/* What came back, borrowed until the transfer is freed. Only after done. */
const struct tocsin_response *tcn_transfer_response(const struct tcn_transfer *t);
/* Cancels when it still runs: done is not called then. NULL is legal. */
void tcn_transfer_free(struct tcn_transfer *t);
/* Status, headers and body for people, without secrets. */
void tcn_transfer_record(const struct tcn_transfer *t, struct tcn_buf *ret);

#endif
