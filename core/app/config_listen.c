#include "app/config_listen.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Brackets around IPv6; numbers and dots are an IPv4 address. */
static bool is_host(struct tcn_str host)
{
    char text[256];
    struct in6_addr v6;
    struct in_addr v4;
    bool in_brackets = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';

    if (host.len >= sizeof text)
        return false;
    if (in_brackets)
        host = (struct tcn_str){host.ptr + 1, host.len - 2};
    snprintf(text, sizeof text, "%.*s", (int)host.len, host.ptr);
    if (in_brackets)
        return inet_pton(AF_INET6, text, &v6) == 1;
    if (strspn(text, "0123456789.") == host.len && host.len > 0)
        return inet_pton(AF_INET, text, &v4) == 1;
    return !strpbrk(text, ":/[] \t");
}

static bool is_listen(const char *text)
{
    struct tcn_str port = tcn_str(text);
    const char *colon = strrchr(text, ':');
    uint64_t number;

    if (tcn_str_starts(port, TCN_STR("unix:")))
        return port.len > strlen("unix:");
    if (!colon || tcn_str_u64(tcn_str(colon + 1), 65535, &number) < 0)
        return false;
    return is_host((struct tcn_str){text, (size_t)(colon - text)});
}

int tcn_config_listen(const struct tcn_node *parent, const char *key, int need, const char **ret)
{
    struct tcn_node at = tcn_node_member(parent, key);
    const char *text = NULL;

    if (tcn_node_text(parent, key, need, &text) < 0)
        return TCN_EINVALID;
    if (!text)
        return 0;
    *ret = text;
    return is_listen(text) ? 0
                           : tcn_node_problem(&at,
                                              "\"%s\" is no address; write HOST:PORT, for "
                                              "example 0.0.0.0:8080 or [::]:8080",
                                              text);
}
