/* Mail on threads of its own: at the end of a message libcurl 7.88 waits for the server's answer, and for the answer
 * to QUIT, inside its multi interface too (smtp_done() "should be non-blocking" by its own comment). On the loop that
 * would stop everything for as long as a mail server thinks. How long that may be: transfer_dialogue.c. */
#ifndef TCN_CONNECT_MAILER_H
#define TCN_CONNECT_MAILER_H

#include "connect/pump.h"

#define TCN_MAILER_THREADS 32 /* as many as a connector may have calls at a time */

struct tcn_mailer;

/* Threads are started when there is work. TCN_EIO. */
int tcn_mailer_new(struct event_base *base, struct tcn_mailer **ret, struct tcn_err *err);
/* Nothing may be queued or running. NULL is legal. */
void tcn_mailer_free(struct tcn_mailer *m);

/* Runs wait->easy on a thread; done is called on the loop. The handle comes from curl_easy_init(), not from the
 * pump's pool: what that shares is the loop's. */
void tcn_mailer_start(struct tcn_mailer *m, struct tcn_pump_wait *wait);
/* Every mail ends within about a second, as one whose answer was lost; done is called. */
void tcn_mailer_end(struct tcn_mailer *m);
/* Returns when no thread touches the handle any more: about a second at most. done will not be called. */
void tcn_mailer_cancel(struct tcn_mailer *m, struct tcn_pump_wait *wait);

#endif
