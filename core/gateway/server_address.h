/* Where a connection comes from: as text, and as what the cap per address counts. */
#ifndef TCN_GATEWAY_SERVER_ADDRESS_H
#define TCN_GATEWAY_SERVER_ADDRESS_H

#include "base/err.h"
#include "gateway/server_request.h"

#include <sys/socket.h>

#define TCN_ADDRESS_RULES_MAX 256

/* IPv6, or IPv4 mapped into it (RFC 4291 section 2.5.5.2); all zeroes: no address (unix sockets). */
struct tcn_address {
    uint8_t b[16];
};

struct tcn_peer {
    struct tcn_address address;
    bool has_address;
    char text[TCN_PEER_TEXT];
};

void tcn_peer_of(const struct sockaddr *sa, struct tcn_peer *ret);
/* The whole text is one address: four decimal numbers, or IPv6 without brackets and zone. */
bool tcn_address_read(struct tcn_str text, struct tcn_address *ret);
/* IPv4 that is mapped into IPv6 is written as IPv4. */
void tcn_address_text(struct tcn_address a, char ret[TCN_PEER_TEXT]);
/* What one sender can cheaply have many of counts as one: the /64 of an IPv6 address. */
struct tcn_address tcn_address_group(struct tcn_address a);
size_t tcn_address_count(const struct tcn_address *all, size_t n, struct tcn_address group);

struct tcn_address_rules {
    struct {
        struct tcn_address address;
        unsigned bits;
    } * items; /* owned */
    size_t n;
};

/* "10.0.0.0/8", "192.0.2.7", "2001:db8::/32"; NULL ends, list may be NULL. TCN_EINVALID, TCN_ELIMIT. */
int tcn_address_rules_init(struct tcn_address_rules *r, const char *const *list,
                           struct tcn_err *err);
void tcn_address_rules_done(struct tcn_address_rules *r);
bool tcn_address_rules_match(const struct tcn_address_rules *r, struct tcn_address a);

#endif
