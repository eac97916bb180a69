/* Addresses of peers, and rules over them. */
#include "gateway/server_address.h"

#include "base/xalloc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAPPED_BITS = 96, GROUP_BYTES = 8 };

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(struct tcn_address a)
{
    return memcmp(a.b, mapped, sizeof mapped) == 0;
}

static struct tcn_address map4(const void *four)
{
    struct tcn_address a;

    memcpy(a.b, mapped, sizeof mapped);
    memcpy(a.b + sizeof mapped, four, 4);
    return a;
}

void tcn_address_text(struct tcn_address a, char ret[TCN_PEER_TEXT])
{
    const char *text;

    if (is_mapped(a))
        text = inet_ntop(AF_INET, a.b + sizeof mapped, ret, TCN_PEER_TEXT);
    else
        text = inet_ntop(AF_INET6, a.b, ret, TCN_PEER_TEXT);
    if (!text)
        ret[0] = '\0';
}

/* sockaddr is copied out of: its real type decides the alignment. */
void tcn_peer_of(const struct sockaddr *sa, struct tcn_peer *ret)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    memset(ret, 0, sizeof *ret);
    ret->has_address = sa->sa_family == AF_INET || sa->sa_family == AF_INET6;
    if (sa->sa_family == AF_INET) {
        memcpy(&v4, sa, sizeof v4);
        ret->address = map4(&v4.sin_addr);
    } else if (sa->sa_family == AF_INET6) {
        memcpy(&v6, sa, sizeof v6);
        memcpy(ret->address.b, &v6.sin6_addr, sizeof ret->address.b);
    }
    if (ret->has_address)
        tcn_address_text(ret->address, ret->text);
    else
        (void)snprintf(ret->text, sizeof ret->text, "unix");
}

struct tcn_address tcn_address_group(struct tcn_address a)
{
    if (!is_mapped(a))
        memset(a.b + GROUP_BYTES, 0, sizeof a.b - GROUP_BYTES);
    return a;
}

size_t tcn_address_count(const struct tcn_address *all, size_t n, struct tcn_address group)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += memcmp(all[i].b, group.b, sizeof group.b) == 0;
    return count;
}

static bool parse_address(struct tcn_str s, struct tcn_address *ret, unsigned *ret_bits)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t four[4];

    if (s.len >= sizeof text || memchr(s.ptr, '\0', s.len))
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    if (inet_pton(AF_INET, text, four) == 1) {
        *ret = map4(four);
        *ret_bits = 32;
        return true;
    }
    *ret_bits = 128;
    return inet_pton(AF_INET6, text, ret->b) == 1;
}

bool tcn_address_read(struct tcn_str text, struct tcn_address *ret)
{
    unsigned width;

    return parse_address(text, ret, &width);
}

static int parse_rule(const char *rule, struct tcn_address *ret, unsigned *ret_bits)
{
    struct tcn_str rest = tcn_str(rule), head = rest;
    unsigned width;
    uint64_t bits;
    bool has_bits = tcn_str_cut(&rest, '/', &head);

    if (!parse_address(head, ret, &width))
        return TCN_EINVALID;
    bits = width;
    if (has_bits && tcn_str_u64(rest, width, &bits) < 0)
        return TCN_EINVALID;
    *ret_bits = (unsigned)bits + (width == 32 ? MAPPED_BITS : 0);
    return 0;
}

int tcn_address_rules_init(struct tcn_address_rules *r, const char *const *list,
                           struct tcn_err *err)
{
    size_t n = 0;

    *r = (struct tcn_address_rules){0};
    while (list && list[n])
        n++;
    if (n > TCN_ADDRESS_RULES_MAX)
        return tcn_fail(err, TCN_ELIMIT, "more than %d addresses", TCN_ADDRESS_RULES_MAX);
    r->items = tcn_xcalloc(n ? n : 1, sizeof *r->items);
    for (r->n = 0; r->n < n; r->n++)
        if (parse_rule(list[r->n], &r->items[r->n].address, &r->items[r->n].bits) < 0) {
            tcn_fail(err, TCN_EINVALID, "%s is no address and no CIDR", list[r->n]);
            tcn_address_rules_done(r);
            return TCN_EINVALID;
        }
    return 0;
}

void tcn_address_rules_done(struct tcn_address_rules *r)
{
    free(r->items);
    *r = (struct tcn_address_rules){0};
}

static bool same_prefix(struct tcn_address a, struct tcn_address b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    if (memcmp(a.b, b.b, bytes) != 0)
        return false;
    return rest == 0 || ((a.b[bytes] ^ b.b[bytes]) & mask) == 0;
}

bool tcn_address_rules_match(const struct tcn_address_rules *r, struct tcn_address a)
{
    for (size_t i = 0; i < r->n; i++)
        if (same_prefix(r->items[i].address, a, r->items[i].bits))
            return true;
    return false;
}
