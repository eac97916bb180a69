/* Bearer tokens of people and programs that use the API. */
#ifndef TCN_APP_TOKENS_H
#define TCN_APP_TOKENS_H

#include "api/api.h"
#include "base/json.h"

#define TCN_TOKENS_MAX 200

struct tcn_token {
    const char *name; /* for logs and timelines: token:NAME */
    enum tcn_role role;
    uint8_t sha256[32]; /* the token itself is not kept */
};

struct tcn_tokens {
    struct tcn_token *items;
    size_t n;
};

/* $.tokens: [{"name", "role", "token": {"env"|"file"}}]. Allocated from the arena. */
int tcn_tokens_read(const struct tcn_node *node, struct tcn_arena *arena, struct tcn_tokens *ret);
/* The value of an Authorization header (RFC 6750 section 2.1). NULL for none of ours. Every token is compared, so
 * that the time tells nothing. */
const struct tcn_token *tcn_tokens_find(const struct tcn_tokens *tokens, struct tcn_str header);

#endif
