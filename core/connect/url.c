/* Reads URLs with libcurl's own parser, so that what is checked is what is called. */
#include "connect/url.h"
#include "connect/ssrf.h"

#include <ctype.h>
#include <curl/curl.h>

#define PATH_ARGS_MAX 16

static const struct {
    const char *name;
    enum tcn_scheme scheme;
    uint16_t port;
} schemes[] = {{"https", TCN_HTTPS, 443},
               {"http", TCN_HTTP, 80},
               {"smtp", TCN_SMTP, 25},
               {"smtps", TCN_SMTPS, 465}};

/* The part as owned text, NULL when the URL has none. */
static char *url_part(CURLU *u, CURLUPart what)
{
    char *text = NULL;

    return curl_url_get(u, what, &text, 0) == CURLUE_OK ? text : NULL;
}

static int read_scheme(CURLU *u, struct tcn_url *ret, struct tcn_err *err)
{
    char *name = url_part(u, CURLUPART_SCHEME);

    for (size_t i = 0; name && i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strcmp(schemes[i].name, name) == 0) {
            ret->scheme = schemes[i].scheme;
            ret->port = schemes[i].port;
        }
    }
    curl_free(name);
    return ret->scheme ? 0
                       : tcn_fail(err, TCN_EINVALID, "URL must be https (or smtp, smtps for mail)");
}

static int read_host(CURLU *u, struct tcn_url *ret, struct tcn_err *err)
{
    char *host = url_part(u, CURLUPART_HOST);
    size_t n = host ? strlen(host) : 0, skip = n > 2 && host[0] == '[' ? 1 : 0;
    int r = 0;

    if (n == 0 || n >= sizeof ret->host)
        r = tcn_fail(err, TCN_EINVALID, "URL has no host, or a very long one");
    for (size_t i = skip; r == 0 && i + skip < n; i++)
        ret->host[i - skip] = (char)tolower((unsigned char)host[i]);
    curl_free(host);
    return r;
}

static int read_port(CURLU *u, struct tcn_url *ret, struct tcn_err *err)
{
    char *text = url_part(u, CURLUPART_PORT);
    uint64_t port = ret->port;
    int r = 0;

    if (text && (tcn_str_u64(tcn_str(text), 65535, &port) < 0 || port == 0))
        r = tcn_fail(err, TCN_EINVALID, "URL has a port that is none");
    ret->port = (uint16_t)port;
    curl_free(text);
    return r;
}

static int refuse_parts(CURLU *u, struct tcn_url *ret, struct tcn_err *err)
{
    char *user = url_part(u, CURLUPART_USER), *password = url_part(u, CURLUPART_PASSWORD);
    char *fragment = url_part(u, CURLUPART_FRAGMENT), *query = url_part(u, CURLUPART_QUERY);
    int r = 0;

    if (user || password)
        r = tcn_fail(err, TCN_EINVALID, "URL carries a user or password: use the options for them");
    else if (fragment)
        r = tcn_fail(err, TCN_EINVALID, "URL has a fragment (#)");
    ret->has_query = query != NULL;
    curl_free(user);
    curl_free(password);
    curl_free(fragment);
    curl_free(query);
    return r;
}

static bool is_printable_ascii(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return false;
    return true;
}

static int read_parts(CURLU *u, const char *text, struct tcn_url *ret, struct tcn_err *err)
{
    int r;

    if (strlen(text) >= TCN_URL_MAX || !is_printable_ascii(text))
        return tcn_fail(err, TCN_EINVALID, "URL is too long or has characters that need encoding");
    if (!strstr(text, "://"))
        return tcn_fail(err, TCN_EINVALID,
                        "URL has no scheme: write https://HOST, or smtps://HOST for mail");
    /* libcurl would ignore empty user info: "https://@host". */
    if (curl_url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK)
        return tcn_fail(err, TCN_EINVALID,
                        "URL is not well formed, or carries a user: want https://HOST");
    if ((r = read_scheme(u, ret, err)) < 0 || (r = read_host(u, ret, err)) < 0 ||
        (r = read_port(u, ret, err)) < 0)
        return r;
    return refuse_parts(u, ret, err);
}

int tcn_url_parse(const char *text, struct tcn_url *ret, struct tcn_err *err)
{
    struct tcn_url url = {0};
    CURLU *u = curl_url();
    int r;

    if (!u)
        return tcn_fail(err, TCN_ELIMIT, "out of memory");
    r = read_parts(u, text, &url, err);
    curl_url_cleanup(u);
    if (r == 0 && url.scheme == TCN_HTTP && !tcn_url_is_loopback(&url))
        r = tcn_fail(err, TCN_EINVALID, "URL is http and not on this machine: use https");
    if (r == 0)
        *ret = url;
    return r;
}

int tcn_url_check(const char *text, struct tcn_err *err)
{
    struct tcn_url url;

    return tcn_url_parse(text, &url, err);
}

bool tcn_url_is_loopback(const struct tcn_url *url)
{
    return strcmp(url->host, "localhost") == 0 ||
           tcn_ssrf_class_text(url->host) == TCN_ADDR_LOOPBACK;
}

static bool argument_ok(const char *arg, bool in_path)
{
    return !in_path || (arg[0] && strcmp(arg, ".") != 0 && strcmp(arg, "..") != 0);
}

int tcn_url_path(struct tcn_buf *url, const char *const path[], struct tcn_err *err)
{
    const char *p = path[0];
    size_t next = 1;

    if (p[0] && p[0] != '/' && p[0] != '?')
        return tcn_fail(err, TCN_EINVALID, "path \"%.80s\" must start with /", p);
    while (*p) {
        if (p[0] != '{' || p[1] != '}') {
            tcn_buf_char(url, *p++);
            continue;
        }
        if (next > PATH_ARGS_MAX || !path[next])
            return tcn_fail(err, TCN_EINVALID, "path \"%.80s\" has more {} than arguments",
                            path[0]);
        if (!argument_ok(path[next], !memchr(path[0], '?', (size_t)(p - path[0]))))
            return tcn_fail(err, TCN_EINVALID, "argument %zu of path \"%.80s\" is empty or dots",
                            next, path[0]);
        tcn_buf_percent(url, tcn_str(path[next++]));
        p += 2;
    }
    if (path[next])
        return tcn_fail(err, TCN_EINVALID, "path \"%.80s\" has fewer {} than arguments", path[0]);
    return tcn_buf_ok(url) ? 0
                           : tcn_fail(err, TCN_ELIMIT, "URL is longer than %d bytes", TCN_URL_MAX);
}
