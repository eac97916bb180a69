/* Every option of a transfer, in one place to review. What is not set here keeps libcurl's default, which is: no
 * cookies, no redirects, no HTTP/0.9, no compressed answers, no .netrc. */
#include "connect/classify.h"
#include "connect/transfer_internal.h"

#include <openssl/crypto.h>
#include <strings.h>

static const char *const scheme_names[] = {[TCN_SCHEME_UNSET] = "",
                                           [TCN_HTTPS] = "https",
                                           [TCN_HTTP] = "http",
                                           [TCN_SMTP] = "smtp",
                                           [TCN_SMTPS] = "smtps"};

int tcn_transfer_header(struct tcn_transfer *t, const char *line, struct tcn_err *err)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (!longer)
        return tcn_fail(err, TCN_EIO, "no memory for a header");
    t->headers = longer;
    return 0;
}

static bool has_header(const struct tocsin_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->n_headers; i++)
        if (strcasecmp(rq->headers[i].name, name) == 0)
            return true;
    return false;
}

static int add_auth(struct tcn_transfer *t, const struct tocsin_request *rq, struct tcn_err *err)
{
    struct tcn_buf line;
    int r;

    tcn_buf_init(&line, 2 * TCN_SECRET_MAX);
    r = tcn_request_auth_header(rq, &line, err);
    if (r == 0 && line.len > 0)
        r = tcn_transfer_header(t, line.ptr, err);
    OPENSSL_cleanse(line.ptr, line.len);
    tcn_buf_done(&line);
    return r;
}

static const char *content_type(const struct tocsin_request *rq)
{
    if (rq->n_form > 0)
        return "Content-Type: application/x-www-form-urlencoded";
    return rq->body ? "Content-Type: application/json" : "Content-Type:";
}

static int add_headers(struct tcn_transfer *t, const struct tocsin_request *rq, struct tcn_err *err)
{
    struct tcn_buf line;
    int r = 0;

    for (size_t i = 0; i < rq->n_headers && r == 0; i++) {
        tcn_buf_init(&line, TCN_HEADER_VALUE_MAX + 128);
        /* libcurl drops "Name:" and sends "Name;" as an empty header. */
        tcn_buf_fmt(&line, rq->headers[i].value[0] ? "%s: %s" : "%s;%s", rq->headers[i].name,
                    rq->headers[i].value);
        r = tcn_transfer_header(t, line.ptr, err);
        tcn_buf_done(&line);
    }
    if (r == 0 && !has_header(rq, "Accept"))
        r = tcn_transfer_header(t, "Accept: application/json", err);
    if (r == 0 && !has_header(rq, "Content-Type"))
        r = tcn_transfer_header(t, content_type(rq), err);
    if (r == 0)
        r = tcn_transfer_header(t, "Expect:", err);
    return r < 0 ? r : add_auth(t, rq, err);
}

static int set_http(struct tcn_transfer *t, const struct tocsin_request *rq, struct tcn_err *err)
{
    CURL *c = t->wait.easy;
    bool is_get = strcmp(rq->method, "GET") == 0, is_head = strcmp(rq->method, "HEAD") == 0;
    int r;

    if ((r = tcn_request_body(rq, &t->request_body, err)) < 0 || (r = add_headers(t, rq, err)) < 0)
        return r;
    if (!is_get && !is_head) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->request_body.ptr);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->request_body.len);
    }
    curl_easy_setopt(c, CURLOPT_NOBODY, is_head ? 1L : 0L);
    if (!is_head)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
    /* One request at a time on a connection: what a lost answer means stays simple. */
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return 0;
}

static void set_trust(struct tcn_transfer *t)
{
    CURL *c = t->wait.easy;

    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, scheme_names[t->url.scheme]);
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    if (t->instance->ca_file) {
        curl_easy_setopt(c, CURLOPT_CAINFO, t->instance->ca_file);
        /* Else the folder that libcurl was built with is trusted beside it. */
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, tcn_transfer_on_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, tcn_transfer_on_request);
    curl_easy_setopt(c, CURLOPT_PREREQDATA, t);
}

static void set_bounds(struct tcn_transfer *t)
{
    CURL *c = t->wait.easy;

    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)t->instance->limits.connect_timeout_ms);
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     (long)(t->instance->limits.timeout_ms / 1000));
    /* The whole round trip: it bounds a remote that drips, too. */
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)t->instance->limits.timeout_ms);
    /* Announced lengths only; chunked answers are counted in the write function. */
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)TCN_ANSWER_MAX);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
}

static void set_sinks(struct tcn_transfer *t)
{
    CURL *c = t->wait.easy;

    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, tcn_transfer_on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, tcn_transfer_on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->curl_error);
}

/* libcurl sends again by itself what a kept connection did not answer: not what must not be repeated unasked, a POST whatever
 * it is for (RFC 9110 section 9.2.2). */
static bool wants_fresh(const struct tcn_transfer *t, const struct tocsin_request *rq)
{
    return tcn_verb_leaves_trace(t->verb) || (!rq->is_mail && strcmp(rq->method, "POST") == 0);
}

int tcn_transfer_options(struct tcn_transfer *t, const struct tocsin_request *rq,
                         struct tcn_err *err)
{
    int r;

    if ((r = tcn_request_url(rq, &t->request_url, err)) < 0 ||
        (r = tcn_url_parse(t->request_url.ptr, &t->url, err)) < 0)
        return r;
    t->only_loopback =
        t->url.scheme == TCN_HTTP || (t->url.scheme == TCN_SMTP && tcn_url_is_loopback(&t->url));
    if (rq->is_mail != (t->url.scheme == TCN_SMTP || t->url.scheme == TCN_SMTPS))
        return tcn_fail(err, TCN_EINVALID, "URL is of another kind than the request");
    curl_easy_setopt(t->wait.easy, CURLOPT_URL, t->request_url.ptr);
    set_trust(t);
    set_bounds(t);
    set_sinks(t);
    curl_easy_setopt(t->wait.easy, CURLOPT_FRESH_CONNECT, wants_fresh(t, rq) ? 1L : 0L);
    return rq->is_mail ? tcn_transfer_mail(t, rq, err) : set_http(t, rq, err);
}
