/* Puts the secrets where the request asks for them, as late as possible; and writes the request without them. */
#include "base/text.h"
#include "connect/record.h"
#include "connect/request.h"
#include "connect/token.h"
#include "sys/random.h"

#include <openssl/crypto.h>

#define MARK_TEXT 33
#define POINTER_DEPTH_MAX 16

static const struct tcn_secret *auth_secret(const struct tocsin_request *rq)
{
    return rq->auth.secret ? tcn_instance_secret(rq->instance, rq->auth.secret) : NULL;
}

/* What goes into one line must not end it. */
static bool is_one_line(const struct tcn_secret *s)
{
    for (size_t i = 0; i < s->len; i++)
        if ((unsigned char)s->ptr[i] < ' ' || s->ptr[i] == 0x7f)
            return false;
    return true;
}

int tcn_request_url(const struct tocsin_request *rq, struct tcn_buf *ret, struct tcn_err *err)
{
    const struct tcn_secret *base;
    struct tcn_url url;

    if (rq->base_secret) {
        base = tcn_instance_secret(rq->instance, rq->base_secret);
        if (!base->ptr || !is_one_line(base))
            return tcn_fail(err, TCN_EINVALID, "secret %s is not set, or no URL", rq->base_secret);
        tcn_buf_str(ret, tcn_secret_view(base));
        /* A query argument goes behind the query that the secret URL has already. */
        if (rq->url.len > 0 && rq->url.ptr[0] == '?' && strchr(base->ptr, '?')) {
            tcn_buf_char(ret, '&');
            tcn_buf_add(ret, rq->url.ptr + 1, rq->url.len - 1);
            return tcn_url_parse(ret->ptr, &url, err);
        }
    }
    tcn_buf_str(ret, tcn_buf_view(&rq->url));
    if (!tcn_buf_ok(ret))
        return tcn_fail(err, TCN_ELIMIT, "URL is longer than %d bytes", TCN_URL_MAX);
    return tcn_url_parse(ret->ptr, &url, err);
}

static void add_basic(const struct tocsin_request *rq, const struct tcn_secret *s,
                      struct tcn_buf *ret)
{
    struct tcn_buf plain;

    tcn_buf_init(&plain, TCN_SECRET_MAX + 1024);
    tcn_buf_fmt(&plain, "%s:", rq->auth.user);
    tcn_buf_str(&plain, tcn_secret_view(s));
    tcn_buf_z(ret, "Authorization: Basic ");
    tcn_base64(ret, plain.ptr, plain.len);
    OPENSSL_cleanse(plain.ptr, plain.len);
    tcn_buf_done(&plain);
}

static int add_token(const struct tocsin_request *rq, struct tcn_buf *ret, struct tcn_err *err)
{
    struct tcn_str token = tcn_token_view(rq->instance);

    if (!token.ptr)
        return tcn_fail(err, TCN_EIO, "there is no access token any more");
    tcn_buf_z(ret, "Authorization: Bearer ");
    tcn_buf_str(ret, token);
    return 0;
}

int tcn_request_auth_header(const struct tocsin_request *rq, struct tcn_buf *ret,
                            struct tcn_err *err)
{
    const struct tcn_secret *s = auth_secret(rq);

    if (rq->auth.place == TCN_AUTH_TOKEN)
        return add_token(rq, ret, err);
    if (!s || (rq->auth.place != TCN_AUTH_HEADER && rq->auth.place != TCN_AUTH_BASIC))
        return 0;
    if (rq->auth.place == TCN_AUTH_BASIC) {
        add_basic(rq, s, ret);
    } else {
        if (!is_one_line(s))
            return tcn_fail(err, TCN_EINVALID, "secret %s has control characters", rq->auth.secret);
        tcn_buf_fmt(ret, "%s: %s", rq->auth.header, rq->auth.prefix);
        tcn_buf_str(ret, tcn_secret_view(s));
    }
    return tcn_buf_ok(ret) ? 0 : tcn_fail(err, TCN_ELIMIT, "credentials are too long");
}

/* "~1" is "/", "~0" is "~" (RFC 6901 section 4). */
static bool unescape(struct tcn_str token, char *ret, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < token.len; i++) {
        char c = token.ptr[i];

        if (c == '~')
            c = ++i < token.len && (token.ptr[i] == '0' || token.ptr[i] == '1')
                    ? (token.ptr[i] == '0' ? '~' : '/')
                    : 0;
        if (c == 0 || n + 1 >= size)
            return false;
        ret[n++] = c;
    }
    ret[n] = 0;
    return n > 0;
}

/* Sets pointer in body to text; objects that are missing on the way are made. */
static int pointer_set(json_t *body, const char *pointer, const char *text, struct tcn_err *err)
{
    struct tcn_str rest = tcn_str(pointer + 1), token;
    char name[128];

    for (unsigned depth = 0; depth < POINTER_DEPTH_MAX; depth++) {
        bool is_last = !tcn_str_cut(&rest, '/', &token);
        json_t *next;

        if (!unescape(is_last ? rest : token, name, sizeof name) || !json_is_object(body))
            break;
        if (is_last)
            return json_object_set_new(body, name, json_string(text)) == 0 ? 0 : TCN_ELIMIT;
        next = json_object_get(body, name);
        if (!next && json_object_set_new(body, name, json_object()) == 0)
            next = json_object_get(body, name);
        body = next;
    }
    return tcn_fail(err, TCN_EINVALID, "secret cannot be put at %s of the body", pointer);
}

static int dump(const json_t *body, struct tcn_buf *ret, struct tcn_err *err)
{
    char *text = json_dumps(body, JSON_COMPACT);

    if (!text)
        return tcn_fail(err, TCN_EINVALID, "body is no JSON");
    tcn_buf_z(ret, text);
    free(text);
    return tcn_buf_ok(ret)
               ? 0
               : tcn_fail(err, TCN_ELIMIT, "body is longer than %u bytes", TCN_BODY_MAX);
}

/* The body with text at the place of the secret. */
static int dump_with(const struct tocsin_request *rq, const char *text, struct tcn_buf *ret,
                     struct tcn_err *err)
{
    json_t *copy = rq->body ? json_deep_copy(rq->body) : json_object();
    int r = copy ? pointer_set(copy, rq->auth.pointer, text, err) : TCN_ELIMIT;

    if (r == 0)
        r = dump(copy, ret, err);
    json_decref(copy);
    return r;
}

/* The secret is spliced into the text, so that no JSON tree holds a copy that nobody wipes. The mark is random:
 * nothing in an alarm can be mistaken for it. */
static int splice(const struct tocsin_request *rq, struct tcn_buf *ret, struct tcn_err *err)
{
    struct tcn_buf marked;
    uint8_t random[16];
    char mark[MARK_TEXT];
    const char *at;
    int r;

    tcn_random_bytes(random, sizeof random);
    tcn_hex(random, sizeof random, mark);
    tcn_buf_init(&marked, TCN_BODY_MAX);
    r = dump_with(rq, mark, &marked, err);
    if (r == 0) {
        at = strstr(marked.ptr, mark);
        tcn_buf_add(ret, marked.ptr, (size_t)(at - marked.ptr) - 1);
        tcn_buf_json(ret, tcn_secret_view(auth_secret(rq)));
        tcn_buf_z(ret, at + MARK_TEXT);
        r = tcn_buf_ok(ret) ? 0 : tcn_fail(err, TCN_ELIMIT, "body is too long");
    }
    tcn_buf_done(&marked);
    return r;
}

/* application/x-www-form-urlencoded; marks stand for the secrets where people are to see it. */
static int add_form(const struct tocsin_request *rq, bool has_marks, struct tcn_buf *ret,
                    struct tcn_err *err)
{
    for (size_t i = 0; i < rq->n_form; i++) {
        const char *value = rq->form[i].value, *secret = rq->form[i].secret;

        tcn_buf_fmt(ret, "%s%s=", i ? "&" : "", rq->form[i].name);
        if (value)
            tcn_buf_percent(ret, tcn_str(value));
        else if (has_marks)
            tcn_buf_fmt(ret, "[secret %s]", secret);
        else
            tcn_buf_percent(ret, tcn_secret_view(tcn_instance_secret(rq->instance, secret)));
    }
    return tcn_buf_ok(ret) ? 0 : tcn_fail(err, TCN_ELIMIT, "form is too long");
}

int tcn_request_body(const struct tocsin_request *rq, struct tcn_buf *ret, struct tcn_err *err)
{
    if (rq->n_form > 0)
        return add_form(rq, false, ret, err);
    if (rq->auth.place == TCN_AUTH_BODY && auth_secret(rq))
        return splice(rq, ret, err);
    return rq->body ? dump(rq->body, ret, err) : 0;
}

static void record_headers(const struct tocsin_request *rq, struct tcn_buf *out)
{
    for (size_t i = 0; i < rq->n_headers; i++)
        tcn_buf_fmt(out, "%s: %s\n", rq->headers[i].name, rq->headers[i].value);
    if (rq->auth.place == TCN_AUTH_HEADER)
        tcn_buf_fmt(out, "%s: %s[secret %s]\n", rq->auth.header, rq->auth.prefix, rq->auth.secret);
    else if (rq->auth.place == TCN_AUTH_BASIC || rq->auth.place == TCN_AUTH_SMTP)
        tcn_buf_fmt(out, "Authorization: Basic %s:[secret %s]\n",
                    rq->auth.user ? rq->auth.user : "", rq->auth.secret);
    else if (rq->auth.place == TCN_AUTH_TOKEN)
        tcn_buf_z(out, "Authorization: Bearer [secret " TCN_TOKEN_NAME "]\n");
}

static void record_body(const struct tocsin_request *rq, struct tcn_buf *out)
{
    char mark[160];
    int r;

    tcn_buf_char(out, '\n');
    if (rq->is_mail) {
        tcn_buf_fmt(out, "From: %s\nTo: %s\nSubject: %s\n\n%s", rq->mail.from, rq->mail.to,
                    rq->mail.subject, rq->mail.text);
        return;
    }
    if (rq->auth.place == TCN_AUTH_BODY) {
        snprintf(mark, sizeof mark, "[secret %s]", rq->auth.secret);
        r = dump_with(rq, mark, out, NULL);
    } else if (rq->n_form > 0) {
        r = add_form(rq, true, out, NULL);
    } else {
        r = rq->body ? dump(rq->body, out, NULL) : 0;
    }
    if (r < 0)
        tcn_buf_z(out, "(body cannot be shown)");
}

void tcn_request_record(const struct tocsin_request *rq, struct tcn_buf *ret)
{
    struct tcn_buf whole;

    tcn_buf_init(&whole, 2 * TCN_BODY_MAX);
    tcn_buf_fmt(&whole, "%s ", rq->method ? rq->method : "-");
    if (rq->base_secret)
        tcn_buf_fmt(&whole, "[secret %s]", rq->base_secret);
    tcn_buf_str(&whole, tcn_buf_view(&rq->url));
    tcn_buf_char(&whole, '\n');
    record_headers(rq, &whole);
    record_body(rq, &whole);
    /* A connector cannot put a secret into the text, but an alarm or an option may contain the same characters. */
    tcn_record_text(rq->instance, tcn_buf_view(&whole), ret);
    tcn_buf_done(&whole);
}
