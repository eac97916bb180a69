/* Which addresses the host may call. Connectors and mapping files put values into URLs, and names resolve to what
 * their owner likes: the decision is taken on the socket address, after resolving, for every connection.
 * Classes follow the IANA special-purpose registries (RFC 6890 and updates). Pure. */
#ifndef TCN_CONNECT_SSRF_H
#define TCN_CONNECT_SSRF_H

#include "base/err.h"
#include "base/str.h"
#include <sys/socket.h>

enum tcn_addr_class {
    TCN_ADDR_UNSET = 0, /* not an address */
    TCN_ADDR_GLOBAL,
    TCN_ADDR_LOOPBACK, /* 127/8, ::1 */
    TCN_ADDR_PRIVATE,  /* 10/8, 172.16/12, 192.168/16, 100.64/10 (RFC 6598), fc00::/7, fec0::/10 */
    TCN_ADDR_NEVER /* link-local and cloud metadata, unspecified, multicast, broadcast, reserved, documentation */
};

/* IPv4 inside IPv6 (mapped ::ffff:0:0/96, compatible ::/96, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, 6to4 2002::/16,
 * Teredo 2001::/32) is judged by the IPv4 address it carries, and is never better than it. */
enum tcn_addr_class tcn_ssrf_class(const struct sockaddr *addr);
/* The class of a literal address; UNSET for names and for spellings that only some resolvers accept. */
enum tcn_addr_class tcn_ssrf_class_text(const char *literal);

#define TCN_ALLOW_MAX 32

/* One line of an allow-list. A host name lets that host have PRIVATE addresses, never LOOPBACK or NEVER ones: its
 * owner controls what it resolves to. "localhost" lets LOOPBACK through for URLs that say localhost or a loopback
 * address; an address or a CIDR block lets through what it covers, whatever its class. */
struct tcn_allow {
    char host[254]; /* "" for an address block */
    uint8_t bytes[16];
    int family; /* AF_INET or AF_INET6 */
    unsigned bits;
};
struct tcn_guard {
    struct tcn_allow items[TCN_ALLOW_MAX];
    size_t n;
};

/* Adds "host.example", "localhost", "10.1.0.0/16", "::1". TCN_ESYNTAX, TCN_ELIMIT. */
int tcn_guard_add(struct tcn_guard *g, const char *text, struct tcn_err *err);
/* host is the name that the URL gave, lower case. */
bool tcn_guard_allows(const struct tcn_guard *g, const char *host, const struct sockaddr *addr);

#endif
