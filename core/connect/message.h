/* A received HTTP head, seen by connectors as the opaque "msg" of responses and of inbound requests. */
#ifndef TCN_CONNECT_MESSAGE_H
#define TCN_CONNECT_MESSAGE_H

#include "base/arena.h"
#include "base/str.h"

#define TCN_MESSAGE_HEADERS_MAX 128
#define TCN_MESSAGE_HEAD_MAX 65536 /* bytes of all header lines */

struct tcn_message {
    struct tcn_arena arena;
    size_t head_bytes;
    bool is_mail; /* status is an SMTP reply code */
    struct {
        const char *name, *value;
    } headers[TCN_MESSAGE_HEADERS_MAX];
    size_t n_headers;
    char transport[320]; /* why there is no answer, scrubbed; "" when there is one */
};

void tcn_message_init(struct tcn_message *m);
void tcn_message_done(struct tcn_message *m);
/* Forgets the headers: another response head begins (after 100 Continue). */
void tcn_message_reset(struct tcn_message *m);
/* Adds one "Name: value" line, blanks around the value removed. False when a cap is reached. */
bool tcn_message_add(struct tcn_message *m, struct tcn_str line);
/* The first header of that name in any case, NULL when there is none. m may be NULL. */
const char *tcn_message_header(const struct tcn_message *m, const char *name);

#endif
