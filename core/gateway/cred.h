/* Who may post to a source. Decides over the raw bytes, before anything is parsed; pure but for the secrets it was
 * configured with. Comparisons take the same time whatever differs. */
#ifndef TCN_GATEWAY_CRED_H
#define TCN_GATEWAY_CRED_H

#include "base/json.h"
#include "sys/secret.h"

#define TCN_CRED_SECRETS 4      /* valid at once, for rotation */
#define TCN_CRED_ALTERNATIVES 4 /* any of them lets a request in */
#define TCN_CRED_SIGNATURES 8   /* in one header */
#define TCN_CRED_NAMES 32       /* of client certificates */

enum tcn_cred_kind {
    TCN_CRED_UNSET = 0,
    TCN_CRED_BEARER, /* Authorization: Bearer SECRET (RFC 6750) */
    TCN_CRED_BASIC,  /* Authorization: Basic base64(USER:SECRET) (RFC 7617) */
    TCN_CRED_HEADER, /* HEADER: SECRET, as EventBridge API keys */
    TCN_CRED_HMAC,   /* HEADER: PREFIX hex or base64 of HMAC-SHA256(SECRET, body) */
    TCN_CRED_SNS,    /* the signature is inside the message: see sns.h */
    TCN_CRED_MTLS    /* a client certificate of one of these names */
};

enum tcn_cred_verdict {
    TCN_CRED_NO_VERDICT = 0,
    TCN_CRED_OK,
    TCN_CRED_MISSING,   /* 401: no credentials of the right kind */
    TCN_CRED_WRONG,     /* 403: credentials, but not ours */
    TCN_CRED_STALE,     /* 403: signed with a time that is too long ago, or ahead */
    TCN_CRED_MALFORMED, /* 400: cannot be read as credentials */
    TCN_CRED_REPEATED,  /* 400: their header is there more than once */
    TCN_CRED_IS_SNS     /* this request must be verified by sns.h */
};

struct tcn_cred {
    enum tcn_cred_kind kind;
    const char *user;   /* BASIC */
    const char *header; /* HEADER, HMAC */
    const char *prefix; /* HMAC: "sha256=", "v1=" or "" */
    bool is_base64;     /* HMAC: not hex */
    bool has_time;      /* HMAC: "t=SECONDS,v1=HEX" over "SECONDS.BODY" */
    int64_t max_age_ms; /* with has_time */
    struct tcn_secret secrets[TCN_CRED_SECRETS];
    size_t n_secrets;
    struct tcn_sns_policy *sns;        /* SNS: owned */
    const char *names[TCN_CRED_NAMES]; /* MTLS: hosts and URIs */
    size_t n_names;
    struct tcn_cred *second; /* SNS, MTLS: must hold beside it; owned, NULL without one */
};

struct tcn_cred_list {
    struct tcn_cred items[TCN_CRED_ALTERNATIVES];
    size_t n;
};

/* What a decision may look at. header tells how many fields of that name there are (2: or more), and yields the value when
 * it is one. */
struct tcn_cred_request {
    size_t (*header)(void *ctx, const char *name, const char **ret_value);
    void *ctx;
    struct tcn_str body;
    int64_t now_ms;
    const char *client_names; /* of the client certificate, a line each; NULL without one */
};

/* $.sources.NAME.auth: one object or an array of alternatives. Text is borrowed from the document. ret was zeroed, and
 * is yours to release either way. TCN_EINVALID, told to the document's problems. */
int tcn_cred_read(const struct tcn_node *node, struct tcn_cred_list *ret);
void tcn_cred_done(struct tcn_cred_list *list); /* wipes the secrets */

/* The best verdict of the alternatives; *ret_by is the one that gave it (the second credential beside it, when that did),
 * NULL with NO_VERDICT, when there are none. IS_SNS only when no other let it in, and the second credential holds when
 * there is one. */
enum tcn_cred_verdict tcn_cred_check(const struct tcn_cred_list *list,
                                     const struct tcn_cred_request *request,
                                     const struct tcn_cred **ret_by);
/* Whether the secret with this SHA-256 is one of them. */
bool tcn_cred_knows(const struct tcn_cred_list *list, const uint8_t sha256[32]);
/* Whether it is given under a scheme of HTTP, so that other credentials than these can be asked for with a 401. */
bool tcn_cred_has_scheme(const struct tcn_cred *a);
/* The value of WWW-Authenticate that a 401 must carry (RFC 9110 section 11.6.1); NULL when none fits. */
const char *tcn_cred_challenge(const struct tcn_cred_list *list);
const char *tcn_cred_kind_name(enum tcn_cred_kind kind);
/* Whether one of those names (a line each) is one that MTLS takes: a URI byte by byte, the name of a host in any case. */
bool tcn_cred_is_named(const struct tcn_cred *a, const char *client_names);
/* Whether an alternative asks for a client certificate. */
bool tcn_cred_needs_certificate(const struct tcn_cred_list *list);
/* The name of the header that a kind is in; NULL for SNS and MTLS. */
const char *tcn_cred_header(const struct tcn_cred *a);
/* Why a verdict turns a request away, for who sent it: where credentials belong and what form they have, never what
 * would be right. by as tcn_cred_check gave it; client_names as in the request. */
void tcn_cred_why(const struct tcn_cred_list *list, enum tcn_cred_verdict verdict,
                  const struct tcn_cred *by, const char *client_names, struct tcn_buf *ret);

#endif
