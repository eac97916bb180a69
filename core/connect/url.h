/* URLs that the host may call: what a base looks like, how a path is put behind it. */
#ifndef TCN_CONNECT_URL_H
#define TCN_CONNECT_URL_H

#include "base/buf.h"
#include "base/err.h"

#define TCN_URL_MAX 8192
#define TCN_URL_HOST_MAX 254

enum tcn_scheme { TCN_SCHEME_UNSET = 0, TCN_HTTPS, TCN_HTTP, TCN_SMTP, TCN_SMTPS };

struct tcn_url {
    enum tcn_scheme scheme;
    char host[TCN_URL_HOST_MAX]; /* lower case; IPv6 without brackets */
    uint16_t port;               /* the scheme's default when not told */
    bool has_query;
};

/* https, http, smtp or smtps; no user info, no fragment, no control characters, no blanks; http only to a host
 * that names this machine. TCN_EINVALID. The text of the URL is never part of the message: it may be a secret. */
int tcn_url_parse(const char *text, struct tcn_url *ret, struct tcn_err *err);
int tcn_url_check(const char *text, struct tcn_err *err);

/* "localhost", 127.0.0.0/8 or ::1 as written. What a name resolves to is checked when the socket is opened. */
bool tcn_url_is_loopback(const struct tcn_url *url);

/* Appends the template path[0], each "{}" replaced by the next argument, percent-encoded (RFC 3986 section 2.3), so
 * that no value can leave its segment: an argument before the '?' may be neither empty nor "." nor "..".
 * path ends with NULL. TCN_EINVALID, also for a wrong number of arguments. */
int tcn_url_path(struct tcn_buf *url, const char *const path[], struct tcn_err *err);

#endif
