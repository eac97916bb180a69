/* What a connector's render() builds: a request with places for secrets, never with the secrets. It becomes bytes
 * only in transfer.c, and what is recorded for people is written from here, where there is nothing to leak. */
#ifndef TCN_CONNECT_REQUEST_H
#define TCN_CONNECT_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "connect/instance.h"
#include "connect/url.h"

#define TCN_HEADERS_MAX 32
#define TCN_HEADER_VALUE_MAX 8192
#define TCN_BODY_MAX (1u << 20)
#define TCN_FORM_MAX 8

enum tcn_auth_place {
    TCN_AUTH_NONE = 0,
    TCN_AUTH_HEADER, /* prefix + secret in a header */
    TCN_AUTH_BASIC,
    TCN_AUTH_BODY, /* at a JSON pointer */
    TCN_AUTH_SMTP,
    TCN_AUTH_TOKEN /* one that is asked for first, see token.h */
};

struct tcn_auth {
    enum tcn_auth_place place;
    const char *header, *prefix, *pointer; /* as the place needs them; arena */
    const char *user;                      /* Basic, smtp, token; may be NULL for smtp */
    const char *secret;                    /* name of the option */
    const char *base, *path;               /* token: where it is asked for */
    bool with_password;                    /* token: with the options user and password, too */
};

struct tocsin_request {
    const struct tcn_instance *instance; /* borrowed */
    int64_t now_ms;
    struct tcn_arena arena;  /* of the texts below */
    const char *method;      /* NULL until request() or mail() was called */
    const char *base_secret; /* option whose value is the base, NULL when the URL is no secret */
    const char *base;        /* else the base; arena */
    struct tcn_buf url;      /* the whole URL, or what follows the secret base */
    bool has_query;
    struct {
        const char *name, *value;
    } headers[TCN_HEADERS_MAX];
    size_t n_headers;
    json_t *body; /* owned; NULL = none */
    struct {
        const char *name;
        const char *value;  /* arena; NULL: of a secret */
        const char *secret; /* name of the option */
    } form[TCN_FORM_MAX];   /* the body of a form; the host's own requests only */
    size_t n_form;
    struct tcn_auth auth;
    bool is_mail;
    struct tocsin_mail mail; /* texts in arena */
    struct tcn_err fault;    /* the first mistake of render(); code 0 = none */
};

void tcn_request_init(struct tocsin_request *rq, const struct tcn_instance *i, int64_t now_ms);
void tcn_request_done(struct tocsin_request *rq);

/* The functions behind struct tocsin_host of the same names: 0, or -1 with rq->fault set. */
int tcn_request_request(struct tocsin_request *rq, const char *method, const char *base,
                        const char *const path[]);
int tcn_request_query(struct tocsin_request *rq, const char *name, const char *value);
int tcn_request_set_header(struct tocsin_request *rq, const char *name, const char *value);
int tcn_request_set_json(struct tocsin_request *rq, const json_t *body);
int tcn_request_mail(struct tocsin_request *rq, const char *base, const struct tocsin_mail *mail);
int tcn_request_auth(struct tocsin_request *rq, const char *scheme, const char *user_option,
                     const char *secret_option);

/* A field of a form, with a value or with that of a secret option: 0, or -1 with rq->fault set. */
int tcn_request_form(struct tocsin_request *rq, const char *name, const char *value,
                     const char *secret_option);

/* -- with the secrets in place: for transfer.c; wipe what they fill --------------------------------------- */
/* The URL to call. TCN_EINVALID. */
int tcn_request_url(const struct tocsin_request *rq, struct tcn_buf *ret, struct tcn_err *err);
/* "Name: value" of the authentication; empty when it is not a header. TCN_EINVALID. */
int tcn_request_auth_header(const struct tocsin_request *rq, struct tcn_buf *ret,
                            struct tcn_err *err);
/* The body as JSON text or as a form; empty when there is none. TCN_EINVALID, TCN_ELIMIT. */
int tcn_request_body(const struct tocsin_request *rq, struct tcn_buf *ret, struct tcn_err *err);

/* Request line, headers and body with "[secret NAME]" where secrets go, as tcn_record_text() leaves them. */
void tcn_request_record(const struct tocsin_request *rq, struct tcn_buf *ret);

#endif
