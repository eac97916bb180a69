#include "app/config_url.h"
#include "connect/ssrf.h"
#include "connect/url.h"

#include <arpa/inet.h>

#include <stdio.h>

enum { LABEL_MAX = 63 };

static bool is_label(struct tcn_str label)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

    if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!strchr(legal, label.ptr[i]))
            return false;
    return true;
}

/* RFC 1123 section 2.1; underscores are found in private names. A dot at the end is legal. */
static bool is_host_name(struct tcn_str host)
{
    struct tcn_str label;

    if (tcn_str_ends(host, TCN_STR(".")))
        host.len--;
    while (tcn_str_cut(&host, '.', &label))
        if (!is_label(label))
            return false;
    return is_label(host); /* what no dot is after */
}

/* libcurl reads "https:///x" as https://x. */
static int check_host(const struct tcn_node *at, const char *text, const struct tcn_url *url)
{
    const char *after = strstr(text, "://");

    if (after && after[3] == '/')
        return tcn_node_problem(at, "URL has no host: write two slashes, then the host");
    if (strchr(url->host, ':') || is_host_name(tcn_str(url->host)))
        return 0;
    return tcn_node_problem(at, "\"%.100s\" is no name of a host", url->host);
}

/* The reader of URLs takes http for this machine only; here the scheme is how browsers come. */
static int parse_public(const char *text, struct tcn_url *ret, struct tcn_err *err)
{
    static const char plain[] = "http://";
    char secure[TCN_URL_MAX + 1];

    if (strncmp(text, plain, strlen(plain)) != 0)
        return tcn_url_parse(text, ret, err);
    snprintf(secure, sizeof secure, "https://%s", text + strlen(plain));
    return tcn_url_parse(secure, ret, err);
}

int tcn_config_public_url(const struct tcn_node *at, const char *text)
{
    struct tcn_url url;
    struct tcn_err err;

    if (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)
        return tcn_node_problem(at, "\"%.100s\": write https://HOST or http://HOST", text);
    if (parse_public(text, &url, &err) < 0)
        return tcn_node_problem(at, "%s", err.msg);
    if (url.has_query)
        return tcn_node_problem(at, "URL has a query (?); paths are added to it");
    return check_host(at, text, &url);
}

static bool has_path(const char *text)
{
    const char *host = strstr(text, "://"), *path = host ? strchr(host + 3, '/') : NULL;

    return path && path[1] != '\0';
}

/* The address that the host is without asking a resolver. */
static bool is_literal(const char *host, struct sockaddr_storage *ret)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ret;

    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4->sin_addr) == 1)
        ret->ss_family = AF_INET;
    else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1)
        ret->ss_family = AF_INET6;
    return ret->ss_family != 0;
}

/* What would be refused at every call; a name is judged when it is resolved. */
static void judge_reach(const struct tcn_node *at, const struct tcn_url *url,
                        const struct tcn_guard *guard)
{
    struct sockaddr_storage address;

    if (!is_literal(url->host, &address) ||
        tcn_guard_allows(guard, url->host, (struct sockaddr *)&address))
        return;
    tcn_node_warning(at,
                     "%s is no public address and will not be called; when it is meant, add "
                     "\"allow\": [\"%s\"] to the connector",
                     url->host, url->host);
}

static int check_option(const struct tcn_node *at, const char *text, const struct tcn_guard *guard)
{
    struct tcn_url url;
    struct tcn_err err;

    if (tcn_url_parse(text, &url, &err) < 0 || check_host(at, text, &url) < 0)
        return TCN_EINVALID; /* told */
    if (url.has_query)
        return tcn_node_problem(at, "URL has a query (?); paths are added to it");
    if ((url.scheme == TCN_SMTP || url.scheme == TCN_SMTPS) && has_path(text))
        return tcn_node_problem(at, "URL of a mail server has a path; take it out");
    judge_reach(at, &url, guard);
    return 0;
}

int tcn_config_urls(const struct tcn_node *connector, const struct tcn_instance *instance)
{
    int r = 0;

    for (const struct tocsin_option *o = instance->connector->options; o && o->name; o++) {
        struct tcn_node at = tcn_node_member(connector, o->name);
        const char *text = o->kind == TOCSIN_URL ? json_string_value(at.json) : NULL;

        if (text)
            r |= check_option(&at, text, &instance->guard);
    }
    return r;
}
