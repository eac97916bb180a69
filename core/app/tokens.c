#include "app/tokens.h"
#include "app/config.h"
#include "base/text.h"
#include "sys/hmac.h"
#include "sys/secret.h"

#define TOKEN_MIN 16 /* characters; what a person would type is guessed */

static const char *const roles[] = {"viewer", "responder", "manager", "admin", NULL};

static int read_secret(const struct tcn_node *at, struct tcn_token *ret)
{
    struct tcn_node node = tcn_node_member(at, "token");
    struct tcn_secret secret = {0};
    int r;

    if (!json_is_object(at->json))
        return TCN_EINVALID; /* told */
    if (!node.json)
        return tcn_node_problem(at, "needs \"token\": {\"env\": \"NAME\"} or {\"file\": \"PATH\"}");
    if ((r = tcn_secret_load(&node, &secret)) < 0)
        return r;
    if (secret.len < TOKEN_MIN)
        r = tcn_node_problem(&node,
                             "the token has fewer than %d characters; make one with: "
                             "openssl rand -hex 32",
                             TOKEN_MIN);
    else
        tcn_sha256(secret.ptr, secret.len, ret->sha256);
    tcn_secret_done(&secret);
    return r;
}

static int read_name(const struct tcn_node *at, struct tcn_token *ret)
{
    struct tcn_node node = tcn_node_member(at, "name");

    if (tcn_node_text(at, "name", TCN_NEED, &ret->name) < 0)
        return TCN_EINVALID;
    if (!tcn_config_is_name(ret->name))
        return tcn_node_problem(&node, "name a token with 1-64 of a-z A-Z 0-9 . - _");
    return tcn_node_unique(at, "name");
}

static int read_token(const struct tcn_node *at, struct tcn_token *ret)
{
    static const char *const names[] = {"name", "role", "token", NULL};
    int role = 0, r = tcn_node_only(at, names);

    r |= read_name(at, ret);
    r |= tcn_node_choice(at, "role", TCN_NEED, roles, &role);
    r |= read_secret(at, ret);
    ret->role = (enum tcn_role)(role + TCN_VIEWER);
    return r < 0 ? TCN_EINVALID : 0;
}

/* Who bears it would have the role of the one or of the other. */
static int check_unique(const struct tcn_node *item, const struct tcn_tokens *earlier,
                        const struct tcn_token *token)
{
    struct tcn_node node = tcn_node_member(item, "token");

    for (size_t i = 0; i < earlier->n; i++)
        if (tcn_equal_ct(earlier->items[i].sha256, token->sha256, sizeof token->sha256))
            return tcn_node_problem(&node,
                                    "is the secret of token \"%s\", too; give each its own, made "
                                    "with: openssl rand -hex 32",
                                    earlier->items[i].name);
    return 0;
}

int tcn_tokens_read(const struct tcn_node *node, struct tcn_arena *arena, struct tcn_tokens *ret)
{
    size_t n = json_array_size(node->json);
    int r = 0;

    if (n > TCN_TOKENS_MAX)
        return tcn_node_problem(node, "%zu tokens; at most %d", n, TCN_TOKENS_MAX);
    ret->items = TCN_NEW_N(arena, struct tcn_token, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(node, i);

        if (read_token(&item, &ret->items[ret->n]) < 0 ||
            check_unique(&item, ret, &ret->items[ret->n]) < 0)
            r = TCN_EINVALID;
        else
            ret->n++;
    }
    return r;
}

const struct tcn_token *tcn_tokens_find(const struct tcn_tokens *tokens, struct tcn_str header)
{
    const struct tcn_token *found = NULL;
    struct tcn_str scheme;
    uint8_t digest[32];

    if (!tcn_str_cut(&header, ' ', &scheme) || !tcn_str_case_eq(scheme, TCN_STR("Bearer")))
        return NULL;
    header = tcn_str_trim(header);
    tcn_sha256(header.ptr, header.len, digest);
    for (size_t i = 0; i < tokens->n; i++)
        if (tcn_equal_ct(digest, tokens->items[i].sha256, sizeof digest))
            found = &tokens->items[i];
    return found;
}
