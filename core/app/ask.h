/* Questions to a running server, for commands of the command line: one at a time, waited for. */
#ifndef TCN_APP_ASK_H
#define TCN_APP_ASK_H

#include "base/err.h"

#include <jansson.h>

#define TCN_ASK_URL "http://127.0.0.1:8080" /* where serve listens unless it is told otherwise */

struct tcn_ask;

/* Borrowed; each may be NULL. */
struct tcn_ask_options {
    const char *url; /* else $TOCSIN_URL, else TCN_ASK_URL */
    const char
        *token_file; /* else $TOCSIN_TOKEN: a token is never an argument, which others can read */
    const char *ca_file; /* else the roots of the system */
};

/* TCN_EINVALID; those of tcn_file_read(). Nothing is asked yet. */
int tcn_ask_open(const struct tcn_ask_options *options, struct tcn_ask **ret, struct tcn_err *err);
void tcn_ask_close(struct tcn_ask *a); /* NULL is legal */
const char *tcn_ask_url(const struct tcn_ask *a);
/* path with its query, "/v1/links". 0 and the answer, which is yours, for a 2xx. Else what the server says is wrong: TCN_ENOTFOUND
 * (404), TCN_EBUSY (the code "busy"), TCN_ECONFLICT (another 409), TCN_EINVALID; or TCN_EIO: it does not answer, or not as Tocsin does. */
int tcn_ask_get(struct tcn_ask *a, const char *path, json_t **ret, struct tcn_err *err);
/* The same of a POST without a body. */
int tcn_ask_post(struct tcn_ask *a, const char *path, json_t **ret, struct tcn_err *err);

#endif
