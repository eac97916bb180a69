/* The building half of the host: what render() asks for, checked. Secrets are placed in placement.c. */
#include "connect/request.h"
#include "connect/address.h"

#include <strings.h>

#define REQUEST_ARENA (2u << 20)
#define BODY_DEPTH_MAX 64

void tcn_request_init(struct tocsin_request *rq, const struct tcn_instance *i, int64_t now_ms)
{
    *rq = (struct tocsin_request){.instance = i, .now_ms = now_ms};
    tcn_arena_init(&rq->arena, REQUEST_ARENA);
    tcn_buf_init(&rq->url, TCN_URL_MAX);
}

void tcn_request_done(struct tocsin_request *rq)
{
    json_decref(rq->body);
    tcn_buf_done(&rq->url);
    tcn_arena_done(&rq->arena);
    *rq = (struct tocsin_request){0};
}

/* Keeps the first fault: later ones follow from it. */
static int fault(struct tocsin_request *rq, const char *what, const char *which)
{
    if (rq->fault.code == 0)
        tcn_fail(&rq->fault, TCN_EINVALID, "%s: %.120s", what, which ? which : "-");
    return -1;
}

/* RFC 9110 section 5.6.2. */
static bool is_token(const char *text)
{
    static const char legal[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t n = text ? strspn(text, legal) : 0;

    return n > 0 && n <= 64 && text[n] == 0;
}

static bool is_field_value(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if ((*p < ' ' && *p != '\t') || *p == 0x7f)
            return false;
    return strlen(text) <= TCN_HEADER_VALUE_MAX;
}

static int set_base(struct tocsin_request *rq, const char *base, const char *const path[])
{
    struct tcn_str text = tcn_str(base);
    struct tcn_url url;

    if (base[0] == '@') {
        rq->base_secret = tcn_arena_strdup(&rq->arena, base + 1);
        if (!tcn_instance_secret(rq->instance, rq->base_secret))
            return fault(rq, "no secret option of that name", base);
        return 0;
    }
    if (tcn_url_parse(base, &url, &rq->fault) < 0)
        return -1;
    if (url.has_query && path[0][0])
        return fault(rq, "base URL has a query and a path is to follow", path[0]);
    while (path[0][0] && text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    rq->base = tcn_arena_strdup(&rq->arena, base);
    tcn_buf_str(&rq->url, text);
    return 0;
}

int tcn_request_request(struct tocsin_request *rq, const char *method, const char *base,
                        const char *const path[])
{
    if (rq->method)
        return fault(rq, "request() was called twice", method);
    if (!is_token(method) || strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(method))
        return fault(rq, "illegal method", method);
    if (!base || !path || !path[0])
        return fault(rq, "request() needs a base and a path", method);
    if (set_base(rq, base, path) < 0 || tcn_url_path(&rq->url, path, &rq->fault) < 0)
        return -1;
    rq->method = tcn_arena_strdup(&rq->arena, method);
    rq->has_query = memchr(rq->url.ptr, '?', rq->url.len) != NULL;
    return 0;
}

int tcn_request_query(struct tocsin_request *rq, const char *name, const char *value)
{
    if (!rq->method || rq->is_mail)
        return fault(rq, "query() before request()", name);
    if (!name || !name[0] || !value)
        return fault(rq, "query() needs a name and a value", name);
    tcn_buf_char(&rq->url, rq->has_query ? '&' : '?');
    rq->has_query = true;
    tcn_buf_percent(&rq->url, tcn_str(name));
    tcn_buf_char(&rq->url, '=');
    tcn_buf_percent(&rq->url, tcn_str(value));
    return tcn_buf_ok(&rq->url) ? 0 : fault(rq, "URL is too long", name);
}

/* Framing and identity are the host's; credentials come by auth() only. */
static bool is_host_header(const char *name)
{
    static const char *const names[] = {"Host",       "Content-Length", "Transfer-Encoding",
                                        "Connection", "Authorization",  "Proxy-Authorization",
                                        "Expect",     "Upgrade",        "TE",
                                        "Trailer",    "Cookie",         "Accept-Encoding"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

int tcn_request_set_header(struct tocsin_request *rq, const char *name, const char *value)
{
    if (!is_token(name) || is_host_header(name))
        return fault(rq, "header that a connector may not set", name);
    if (!value || !is_field_value(value))
        return fault(rq, "header value with control characters, or too long", name);
    if (rq->n_headers == TCN_HEADERS_MAX)
        return fault(rq, "too many headers", name);
    rq->headers[rq->n_headers].name = tcn_arena_strdup(&rq->arena, name);
    rq->headers[rq->n_headers++].value = tcn_arena_strdup(&rq->arena, value);
    return 0;
}

int tcn_request_set_json(struct tocsin_request *rq, const json_t *body)
{
    if (!json_is_object(body) && !json_is_array(body))
        return fault(rq, "set_json() needs an object or an array", NULL);
    json_decref(rq->body);
    rq->body = json_deep_copy(body);
    return rq->body ? 0 : fault(rq, "set_json() could not copy the body", NULL);
}

int tcn_request_form(struct tocsin_request *rq, const char *name, const char *value,
                     const char *secret_option)
{
    const struct tcn_secret *secret =
        secret_option ? tcn_instance_secret(rq->instance, secret_option) : NULL;

    if (rq->n_form == TCN_FORM_MAX)
        return fault(rq, "too many fields of a form", name);
    if (!value && (!secret || !secret->ptr))
        return fault(rq, "secret is not set", secret_option);
    rq->form[rq->n_form].name = tcn_arena_strdup(&rq->arena, name);
    rq->form[rq->n_form].value = tcn_arena_strdup(&rq->arena, value);
    rq->form[rq->n_form++].secret = tcn_arena_strdup(&rq->arena, secret_option);
    return 0;
}

static int copy_mail(struct tocsin_request *rq, const struct tocsin_mail *m)
{
    struct tcn_arena *a = &rq->arena;

    if (tcn_address_check(m->from, &rq->fault) < 0 || tcn_address_check(m->to, &rq->fault) < 0)
        return -1;
    if (!m->subject || !m->text || !is_field_value(m->subject))
        return fault(rq, "mail needs a text and a subject of one line", m->subject);
    if (!tcn_message_id_ok(m->message_id) || (m->in_reply_to && !tcn_message_id_ok(m->in_reply_to)))
        return fault(rq, "mail needs legal message ids", m->message_id);
    if (strlen(m->text) > TCN_BODY_MAX || (m->html && strlen(m->html) > TCN_BODY_MAX))
        return fault(rq, "mail is too long", NULL);
    rq->mail = (struct tocsin_mail){
        .from = tcn_arena_strdup(a, m->from),
        .to = tcn_arena_strdup(a, m->to),
        .subject = tcn_arena_strdup(a, m->subject),
        .text = tcn_arena_strdup(a, m->text),
        .html = tcn_arena_strdup(a, m->html),
        .message_id = tcn_arena_strdup(a, m->message_id),
        .in_reply_to = tcn_arena_strdup(a, m->in_reply_to),
    };
    return 0;
}

int tcn_request_mail(struct tocsin_request *rq, const char *base, const struct tocsin_mail *mail)
{
    struct tcn_url url;

    if (rq->method)
        return fault(rq, "mail() after request() or mail()", NULL);
    if (!base || !mail)
        return fault(rq, "mail() needs a base and a mail", base);
    if (tcn_url_parse(base, &url, &rq->fault) < 0)
        return -1;
    if (url.scheme != TCN_SMTP && url.scheme != TCN_SMTPS)
        return fault(rq, "mail() needs smtp:// or smtps://", NULL);
    if (copy_mail(rq, mail) < 0)
        return -1;
    tcn_buf_z(&rq->url, base);
    rq->method = "MAIL";
    rq->is_mail = true;
    return 0;
}

/* "oauth2:/PATH" and "oauth2-password:/PATH". */
static bool read_token_scheme(struct tocsin_request *rq, const char *scheme, struct tcn_auth *ret)
{
    const char *path = strchr(scheme, ':');
    struct tcn_str kind = {scheme, path ? (size_t)(path - scheme) : 0};

    ret->with_password = tcn_str_eq(kind, TCN_STR("oauth2-password"));
    if ((!ret->with_password && !tcn_str_eq(kind, TCN_STR("oauth2"))) || path[1] != '/')
        return false;
    *ret = (struct tcn_auth){.place = TCN_AUTH_TOKEN,
                             .with_password = ret->with_password,
                             .base = rq->base,
                             .path = tcn_arena_strdup(&rq->arena, path + 1)};
    return true;
}

/* Where the scheme puts the secret; false for a scheme that does not exist. */
static bool read_scheme(struct tocsin_request *rq, const char *scheme, struct tcn_auth *ret)
{
    struct tcn_arena *a = &rq->arena;

    if (strcmp(scheme, "Basic") == 0)
        ret->place = TCN_AUTH_BASIC;
    else if (strcmp(scheme, "smtp") == 0)
        ret->place = TCN_AUTH_SMTP;
    else if (strncmp(scheme, "body:/", 6) == 0)
        *ret =
            (struct tcn_auth){.place = TCN_AUTH_BODY, .pointer = tcn_arena_strdup(a, scheme + 5)};
    else if (strncmp(scheme, "header:", 7) == 0 && is_token(scheme + 7))
        *ret = (struct tcn_auth){
            .place = TCN_AUTH_HEADER, .header = tcn_arena_strdup(a, scheme + 7), .prefix = ""};
    else if (strcmp(scheme, "Bearer") == 0)
        *ret = (struct tcn_auth){
            .place = TCN_AUTH_HEADER, .header = "Authorization", .prefix = "Bearer "};
    else if (strcmp(scheme, "Token token=") == 0)
        *ret = (struct tcn_auth){
            .place = TCN_AUTH_HEADER, .header = "Authorization", .prefix = "Token token="};
    else
        return read_token_scheme(rq, scheme, ret);
    return true;
}

static int check_user(struct tocsin_request *rq, const struct tcn_auth *auth)
{
    if (auth->place == TCN_AUTH_BASIC && (!auth->user || strchr(auth->user, ':')))
        return fault(rq, "Basic needs a user without colon", auth->user);
    if (auth->place == TCN_AUTH_TOKEN && (!auth->base || !auth->user || !auth->user[0]))
        return fault(rq, "a token needs a client, and a URL that is no secret", auth->user);
    if (auth->user && !is_field_value(auth->user))
        return fault(rq, "user has control characters", NULL);
    if ((auth->place == TCN_AUTH_SMTP) != rq->is_mail)
        return fault(rq, "auth scheme \"smtp\" is for mail, and mail has no other", NULL);
    return 0;
}

int tcn_request_auth(struct tocsin_request *rq, const char *scheme, const char *user_option,
                     const char *secret_option)
{
    struct tcn_auth auth = {0};
    const struct tcn_secret *secret;

    if (!rq->method)
        return fault(rq, "auth() before request() or mail()", scheme);
    if (!scheme || !read_scheme(rq, scheme, &auth))
        return fault(rq, "unknown auth scheme", scheme);
    secret = secret_option ? tcn_instance_secret(rq->instance, secret_option) : NULL;
    if (!secret)
        return fault(rq, "auth() names no secret option of this connector", secret_option);
    if (!secret->ptr) /* optional and not configured: no credentials */
        return 0;
    auth.secret = tcn_arena_strdup(&rq->arena, secret_option);
    auth.user = user_option ? tcn_instance_text(rq->instance, user_option) : NULL;
    if (check_user(rq, &auth) < 0)
        return -1;
    rq->auth = auth;
    return 0;
}
