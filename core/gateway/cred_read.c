/* Authentication of a source as the configuration says it. */
#include "base/xalloc.h"
#include "gateway/cred.h"
#include "gateway/sns.h"

#include <stdlib.h>

#define MAX_AGE_MS INT64_C(300000) /* Svix, Stripe and Slack use five minutes */
#define MAX_AGE_LIMIT_MS INT64_C(86400000)
#define SECRET_MIN 8
#define NAME_MAX_BYTES 255

static const char *const kinds[] = {"bearer", "basic", "header", "hmac", "sns", "mtls", NULL};

const char *tcn_cred_kind_name(enum tcn_cred_kind kind)
{
    return kind == TCN_CRED_UNSET ? "none" : kinds[kind - TCN_CRED_BEARER];
}

static int read_secret(const struct tcn_node *at, struct tcn_cred *a)
{
    struct tcn_secret *secret = &a->secrets[a->n_secrets];
    int r = tcn_secret_load(at, secret);

    if (r < 0)
        return r;
    a->n_secrets++;
    return secret->len < SECRET_MIN
               ? tcn_node_problem(at,
                                  "the secret has fewer than %d bytes; make one with: openssl "
                                  "rand -hex 32",
                                  SECRET_MIN)
               : 0;
}

/* "secret": one reference, or "secrets": several of which any is valid. */
static int read_secrets(const struct tcn_node *at, struct tcn_cred *a)
{
    struct tcn_node one = tcn_node_member(at, "secret"), list;
    int r = 0;

    if (tcn_node_array(at, "secrets", TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    if (!one.json && json_array_size(list.json) == 0)
        return tcn_node_problem(at,
                                "needs \"secret\": {\"env\": \"NAME\"} or {\"file\": \"PATH\"}");
    if (json_array_size(list.json) + (one.json ? 1u : 0u) > TCN_CRED_SECRETS)
        return tcn_node_problem(at, "at most %d secrets", TCN_CRED_SECRETS);
    if (one.json)
        r |= read_secret(&one, a);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_secret(&item, a);
    }
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_basic(const struct tcn_node *at, struct tcn_cred *a)
{
    static const char *const names[] = {"kind", "user", "secret", "secrets", NULL};
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "user", TCN_NEED, &a->user);
    if (a->user && strchr(a->user, ':'))
        r |= tcn_node_problem(at, "a user name of Basic has no colon (RFC 7617)");
    return r | read_secrets(at, a);
}

/* The name of a header field is a token (RFC 9110 section 5.6.2); another one would never be found. */
static int read_field_name(const struct tcn_node *at, int need, const char **ret)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct tcn_node node = tcn_node_member(at, "header");
    int r = tcn_node_text(at, "header", need, ret);

    if (r < 0 || !*ret || (**ret && strspn(*ret, token) == strlen(*ret)))
        return r;
    return tcn_node_problem(&node, "is no name of a header field; write it as in X-Api-Key");
}

static int read_max_age(const struct tcn_node *at, struct tcn_cred *a)
{
    struct tcn_node node = tcn_node_member(at, "max_age");
    int r = tcn_node_duration(at, "max_age", TCN_OPTIONAL, &a->max_age_ms);

    if (r < 0 || !node.json)
        return r;
    if (!a->has_time)
        return tcn_node_problem(&node, "needs \"timestamp\": true; without it nothing has an age");
    if (a->max_age_ms < 1000 || a->max_age_ms > MAX_AGE_LIMIT_MS)
        return tcn_node_problem(&node, "is out of range; use 1s to 1d");
    return 0;
}

static int read_header(const struct tcn_node *at, struct tcn_cred *a)
{
    static const char *const names[] = {"kind", "header", "secret", "secrets", NULL};
    int r = tcn_node_only(at, names);

    a->header = "X-Api-Key";
    r |= read_field_name(at, TCN_OPTIONAL, &a->header);
    return r | read_secrets(at, a);
}

static int read_hmac(const struct tcn_node *at, struct tcn_cred *a)
{
    static const char *const names[] = {"kind",    "header", "prefix",  "encoding", "timestamp",
                                        "max_age", "secret", "secrets", NULL};
    static const char *const encodings[] = {"hex", "base64", NULL};
    int encoding = 0, r = tcn_node_only(at, names);

    a->prefix = "";
    a->max_age_ms = MAX_AGE_MS;
    r |= read_field_name(at, TCN_NEED, &a->header);
    r |= tcn_node_text(at, "prefix", TCN_OPTIONAL, &a->prefix);
    r |= tcn_node_choice(at, "encoding", TCN_OPTIONAL, encodings, &encoding);
    r |= tcn_node_bool(at, "timestamp", TCN_OPTIONAL, &a->has_time);
    r |= read_max_age(at, a);
    a->is_base64 = encoding == 1;
    return r | read_secrets(at, a);
}

static int read_bearer(const struct tcn_node *at, struct tcn_cred *a)
{
    static const char *const names[] = {"kind", "secret", "secrets", NULL};

    return tcn_node_only(at, names) | read_secrets(at, a);
}

static int read_kind(const struct tcn_node *at, const char *const *allowed, struct tcn_cred *a)
{
    int kind = 0;

    if (!json_is_object(at->json))
        return tcn_node_problem(at, "must be an object with \"kind\"");
    if (tcn_node_choice(at, "kind", TCN_NEED, allowed, &kind) < 0)
        return TCN_EINVALID;
    a->kind = (enum tcn_cred_kind)(kind + TCN_CRED_BEARER);
    return 0;
}

/* "and": what the request must bring beside the signature or the certificate. SNS itself can send a user and password
 * only; a proxy in front of Tocsin may add the others. */
static int read_second(const struct tcn_node *first, struct tcn_cred **ret)
{
    static const char *const seconds[] = {"bearer", "basic", "header", NULL};
    struct tcn_node at = tcn_node_member(first, TCN_SNS_SECOND);

    if (!at.json)
        return 0;
    *ret = tcn_xcalloc(1, sizeof **ret);
    if (read_kind(&at, seconds, *ret) < 0)
        return TCN_EINVALID;
    if ((*ret)->kind == TCN_CRED_BASIC)
        return read_basic(&at, *ret);
    return (*ret)->kind == TCN_CRED_HEADER ? read_header(&at, *ret) : read_bearer(&at, *ret);
}

/* Exact names: what a pattern would let in depends on what an authority signs later. */
static int read_name(const struct tcn_node *item, struct tcn_cred *a)
{
    const char *name = json_string_value(item->json);

    if (!name)
        return tcn_node_problem(item, "must be text: the name of a host, or a URI");
    for (const char *p = name; *p; p++)
        if (*p <= ' ' || *p > '~')
            return tcn_node_problem(item,
                                    "has a character that a name in a certificate cannot have");
    if (strchr(name, '*'))
        return tcn_node_problem(item, "is no exact name; write each name that may post");
    if (!*name || strlen(name) > NAME_MAX_BYTES)
        return tcn_node_problem(item, "must have 1 to %d bytes", NAME_MAX_BYTES);
    a->names[a->n_names++] = name;
    return 0;
}

static int read_mtls(const struct tcn_node *at, struct tcn_cred *a)
{
    static const char *const names[] = {"kind", "names", TCN_SNS_SECOND, NULL};
    struct tcn_node list;
    int r = tcn_node_only(at, names);
    size_t n;

    if (tcn_node_array(at, "names", TCN_NEED, &list) < 0)
        return TCN_EINVALID;
    n = json_array_size(list.json);
    if (list.json && (n == 0 || n > TCN_CRED_NAMES))
        return tcn_node_problem(&list, "give 1 to %d names", TCN_CRED_NAMES);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_name(&item, a);
    }
    return r | read_second(at, &a->second);
}

static int read_one(const struct tcn_node *at, struct tcn_cred *a)
{
    if (read_kind(at, kinds, a) < 0)
        return TCN_EINVALID;
    switch (a->kind) {
    case TCN_CRED_BASIC:
        return read_basic(at, a);
    case TCN_CRED_HEADER:
        return read_header(at, a);
    case TCN_CRED_HMAC:
        return read_hmac(at, a);
    case TCN_CRED_SNS:
        return tcn_sns_policy_read(at, &a->sns) | read_second(at, &a->second);
    case TCN_CRED_MTLS:
        return read_mtls(at, a);
    case TCN_CRED_UNSET:
    case TCN_CRED_BEARER:
    default:
        return read_bearer(at, a);
    }
}

int tcn_cred_read(const struct tcn_node *node, struct tcn_cred_list *ret)
{
    size_t n = json_array_size(node->json);
    int r = 0;

    if (!node->json)
        return tcn_node_problem(node,
                                "a source must say who may post to it; for example {\"kind\": "
                                "\"bearer\", \"secret\": {\"env\": \"NAME\"}}");
    if (!json_is_array(node->json)) {
        ret->n = 1;
        return read_one(node, &ret->items[0]) < 0 ? TCN_EINVALID : 0;
    }
    if (n == 0 || n > TCN_CRED_ALTERNATIVES)
        return tcn_node_problem(node, "give 1 to %d alternatives", TCN_CRED_ALTERNATIVES);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(node, i);

        ret->n = i + 1;
        r |= read_one(&item, &ret->items[i]);
    }
    return r < 0 ? TCN_EINVALID : 0;
}

static void wipe(struct tcn_cred *a)
{
    for (size_t i = 0; i < a->n_secrets; i++)
        tcn_secret_done(&a->secrets[i]);
}

void tcn_cred_done(struct tcn_cred_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        wipe(&list->items[i]);
        if (list->items[i].second)
            wipe(list->items[i].second);
        free(list->items[i].second);
        tcn_sns_policy_free(list->items[i].sns);
    }
    *list = (struct tcn_cred_list){0};
}
