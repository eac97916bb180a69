/* The default reading of an answer: what a connector gets from host->classify() before it looks at the body. */
#ifndef TCN_CONNECT_CLASSIFY_H
#define TCN_CONNECT_CLASSIFY_H

#include <stdbool.h>
#include <tocsin/connector.h>

#define TCN_RETRY_AFTER_MAX_S 3600u /* no remote may silence a lane for longer */

/* Sets outcome, retry_after_s and reason. Pure.
 *
 *   no connection                        RETRY: surely not sent
 *   lost after it may have been sent     UNKNOWN for CREATE, NOTE and SEND, else RETRY
 *   2xx                                  OK; with an HTML page in place of data: as lost (login pages, hibernation)
 *   3xx                                  RETRY: redirects are not followed
 *   401, 403 of a CHECK                  AUTH
 *   404, 410 with a remote_id            GONE
 *   409                                  CONFLICT
 *   429, 503 with Retry-After            RETRY, retry_after_s
 *   408, 425, 5xx                        as lost: a proxy may give up after the server did the work
 *   other 4xx                            REJECTED
 * For mail (RFC 5321): 2xx OK, 4xx RETRY, 530 534 535 538 AUTH (RFC 4954), other 5xx REJECTED.
 * Retry-After is read as seconds or HTTP date (RFC 9110 section 10.2.3), capped at an hour. */
void tcn_classify(const struct tocsin_op *op, const struct tocsin_response *response,
                  struct tocsin_result *result);

/* True for verbs whose repetition could leave a second trace: CREATE, NOTE, SEND. */
bool tcn_verb_leaves_trace(uint32_t verb);

/* "create", "find", ...: for logs and dead letters. */
const char *tcn_verb_name(uint32_t verb);
const char *tcn_outcome_name(uint32_t outcome);

#endif
