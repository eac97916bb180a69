/* Secrets by reference: {"env": "NAME"} or {"file": "PATH"}, never inline. */
#ifndef TCN_SYS_SECRET_H
#define TCN_SYS_SECRET_H

#include "base/json.h"

#define TCN_SECRET_MAX 65536

/* Owned bytes that are wiped when released. */
struct tcn_secret {
    char *ptr; /* NUL-terminated, NULL while unset */
    size_t len;
};

/* Resolves the reference at node; trailing line ends are trimmed. Every mistake (inline text, missing variable or
 * file, empty, a NUL byte, readable by everybody) is added to the document's problems; *ret then stays as it was. */
int tcn_secret_load(const struct tcn_node *node, struct tcn_secret *ret);
void tcn_secret_set(struct tcn_secret *s, const char *bytes, size_t len); /* copies */
void tcn_secret_done(struct tcn_secret *s); /* wipes; legal on a zeroed struct */
struct tcn_str tcn_secret_view(const struct tcn_secret *s);

#endif
