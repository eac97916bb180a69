/* Judges addresses; opening sockets is the business of transfer.c. */
#include "connect/ssrf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>

struct block {
    uint8_t bytes[16];
    unsigned bits;
    enum tcn_addr_class class;
};

/* First match wins. https://www.iana.org/assignments/iana-ipv4-special-registry */
static const struct block blocks4[] = {
    {{0}, 8, TCN_ADDR_NEVER},                 /* this network, RFC 791 */
    {{10}, 8, TCN_ADDR_PRIVATE},              /* RFC 1918 */
    {{100, 64}, 10, TCN_ADDR_PRIVATE},        /* carrier-grade NAT, RFC 6598 */
    {{127}, 8, TCN_ADDR_LOOPBACK},            /* RFC 1122 */
    {{169, 254}, 16, TCN_ADDR_NEVER},         /* link-local, RFC 3927; cloud metadata */
    {{172, 16}, 12, TCN_ADDR_PRIVATE},        /* RFC 1918 */
    {{192, 0, 0}, 24, TCN_ADDR_NEVER},        /* protocol assignments, RFC 6890 */
    {{192, 0, 2}, 24, TCN_ADDR_NEVER},        /* documentation, RFC 5737 */
    {{192, 31, 196}, 24, TCN_ADDR_NEVER},     /* AS112, RFC 7535 */
    {{192, 52, 193}, 24, TCN_ADDR_NEVER},     /* AMT, RFC 7450 */
    {{192, 88, 99}, 24, TCN_ADDR_NEVER},      /* 6to4 relay, RFC 7526 */
    {{192, 168}, 16, TCN_ADDR_PRIVATE},       /* RFC 1918 */
    {{192, 175, 48}, 24, TCN_ADDR_NEVER},     /* AS112, RFC 7534 */
    {{198, 18}, 15, TCN_ADDR_NEVER},          /* benchmarking, RFC 2544 */
    {{198, 51, 100}, 24, TCN_ADDR_NEVER},     /* documentation */
    {{203, 0, 113}, 24, TCN_ADDR_NEVER},      /* documentation */
    {{168, 63, 129, 16}, 32, TCN_ADDR_NEVER}, /* Azure's platform address (wire server) */
    {{224}, 3, TCN_ADDR_NEVER},               /* multicast, reserved, broadcast */
};

/* https://www.iana.org/assignments/iana-ipv6-special-registry; carriers of IPv4 are looked at before. */
static const struct block blocks6[] = {
    {{0}, 128, TCN_ADDR_NEVER}, /* unspecified */
    {{[15] = 1}, 128, TCN_ADDR_LOOPBACK},
    {{0x01, 0}, 64, TCN_ADDR_NEVER},                /* discard, RFC 6666 */
    {{0xfd, 0x00, 0x0e, 0xc2}, 32, TCN_ADDR_NEVER}, /* EC2 metadata fd00:ec2::254 */
    {{0xfc}, 7, TCN_ADDR_PRIVATE},                  /* unique local, RFC 4193 */
    {{0xfe, 0x80}, 10, TCN_ADDR_NEVER},             /* link-local */
    {{0xfe, 0xc0}, 10, TCN_ADDR_PRIVATE},           /* site-local, RFC 3879 */
    {{0xff}, 8, TCN_ADDR_NEVER},                    /* multicast */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, TCN_ADDR_NEVER}, /* documentation */
    {{0x3f, 0xff}, 20, TCN_ADDR_NEVER},             /* documentation, RFC 9637 */
    {{0x20, 0x01}, 23, TCN_ADDR_NEVER},             /* protocol assignments, ORCHID */
    {{0x20}, 3, TCN_ADDR_GLOBAL},                   /* 2000::/3 is what is handed out */
};

/* Where an IPv6 prefix carries an IPv4 address. */
static const struct {
    uint8_t prefix[12];
    unsigned bits, at;
    bool is_inverted;
} carriers[] = {
    {{[10] = 0xff, [11] = 0xff}, 96, 12, false}, /* mapped, RFC 4291 */
    {{[8] = 0xff, [9] = 0xff}, 96, 12, false},   /* translated ::ffff:0:0:0/96, RFC 2765 */
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12, false},   /* NAT64, RFC 6052 */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, 12, false}, /* local NAT64, RFC 8215 */
    {{0x20, 0x02}, 16, 2, false},                          /* 6to4, RFC 3056 */
    {{0x20, 0x01, 0x00, 0x00}, 32, 12, true},              /* Teredo, RFC 4380 */
};

static bool in_block(const uint8_t *bytes, const uint8_t *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(bytes, prefix, whole) != 0)
        return false;
    return rest == 0 || ((bytes[whole] ^ prefix[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}

static enum tcn_addr_class class4(const uint8_t *bytes)
{
    for (size_t i = 0; i < sizeof blocks4 / sizeof blocks4[0]; i++)
        if (in_block(bytes, blocks4[i].bytes, blocks4[i].bits))
            return blocks4[i].class;
    return TCN_ADDR_GLOBAL;
}

/* UNSET when the address carries no IPv4 address. */
static enum tcn_addr_class class_carried(const uint8_t *bytes)
{
    static const uint8_t zero[12];
    uint8_t inner[4];

    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
        if (!in_block(bytes, carriers[i].prefix, carriers[i].bits))
            continue;
        for (size_t j = 0; j < 4; j++)
            inner[j] = (uint8_t)(bytes[carriers[i].at + j] ^ (carriers[i].is_inverted ? 0xff : 0));
        return class4(inner);
    }
    /* IPv4-compatible ::/96 (RFC 4291, deprecated), but neither :: nor ::1. */
    if (memcmp(bytes, zero, sizeof zero) == 0 && (bytes[12] | bytes[13] | bytes[14]) != 0)
        return class4(bytes + 12);
    return TCN_ADDR_UNSET;
}

static enum tcn_addr_class class6(const uint8_t *bytes)
{
    enum tcn_addr_class carried = class_carried(bytes);

    if (carried != TCN_ADDR_UNSET)
        return carried;
    for (size_t i = 0; i < sizeof blocks6 / sizeof blocks6[0]; i++)
        if (in_block(bytes, blocks6[i].bytes, blocks6[i].bits))
            return blocks6[i].class;
    return TCN_ADDR_NEVER; /* outside of 2000::/3: not handed out */
}

/* The bytes of the address; NULL for other families. */
static const uint8_t *address_bytes(const struct sockaddr *addr, uint8_t ret[16])
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (addr->sa_family == AF_INET) {
        memcpy(&v4, addr, sizeof v4);
        memcpy(ret, &v4.sin_addr, 4);
        return ret;
    }
    if (addr->sa_family == AF_INET6) {
        memcpy(&v6, addr, sizeof v6);
        memcpy(ret, &v6.sin6_addr, 16);
        return ret;
    }
    return NULL;
}

enum tcn_addr_class tcn_ssrf_class(const struct sockaddr *addr)
{
    uint8_t bytes[16];

    if (!address_bytes(addr, bytes))
        return TCN_ADDR_NEVER;
    return addr->sa_family == AF_INET ? class4(bytes) : class6(bytes);
}

enum tcn_addr_class tcn_ssrf_class_text(const char *literal)
{
    uint8_t bytes[16];

    if (inet_pton(AF_INET, literal, bytes) == 1)
        return class4(bytes);
    return inet_pton(AF_INET6, literal, bytes) == 1 ? class6(bytes) : TCN_ADDR_UNSET;
}

static bool host_ok(const char *host)
{
    size_t n = strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._");

    return n > 0 && host[n] == 0 && host[0] != '.' && host[0] != '-';
}

/* True when text is an address or a block. */
static bool parse_block(const char *text, struct tcn_allow *ret)
{
    struct tcn_str rest = tcn_str(text), head = rest;
    uint64_t bits = 128;
    char address[64];

    if (tcn_str_cut(&rest, '/', &head) && tcn_str_u64(rest, 128, &bits) < 0)
        return false;
    if (head.len >= sizeof address)
        return false;
    memcpy(address, head.ptr, head.len);
    address[head.len] = 0;
    if (inet_pton(AF_INET, address, ret->bytes) == 1)
        ret->family = AF_INET;
    else if (inet_pton(AF_INET6, address, ret->bytes) == 1)
        ret->family = AF_INET6;
    else
        return false;
    if (ret->family == AF_INET && head.len == strlen(text))
        bits = 32;
    ret->bits = (unsigned)bits;
    return ret->family == AF_INET6 || bits <= 32;
}

int tcn_guard_add(struct tcn_guard *g, const char *text, struct tcn_err *err)
{
    struct tcn_allow item = {0};
    size_t n = strlen(text);

    if (g->n == TCN_ALLOW_MAX)
        return tcn_fail(err, TCN_ELIMIT, "more than %d entries", TCN_ALLOW_MAX);
    if (!parse_block(text, &item)) {
        item = (struct tcn_allow){0};
        for (size_t i = 0; i < n && i < sizeof item.host - 1; i++)
            item.host[i] = (char)tolower((unsigned char)text[i]);
        /* The last label of a name is never a number: 127.1 and 2130706433 are addresses in disguise. */
        if (n >= sizeof item.host || !host_ok(item.host) || strchr(text, '/') ||
            isdigit((unsigned char)(strrchr(item.host, '.') ? strrchr(item.host, '.')[1]
                                                            : item.host[0])))
            return tcn_fail(err, TCN_ESYNTAX,
                            "\"%.80s\" is neither a host name nor an address nor ADDRESS/BITS",
                            text);
    }
    g->items[g->n++] = item;
    return 0;
}

static bool item_allows(const struct tcn_allow *item, const char *host, const struct sockaddr *addr,
                        enum tcn_addr_class class)
{
    uint8_t bytes[16];

    if (!item->host[0])
        return addr->sa_family == item->family && address_bytes(addr, bytes) &&
               in_block(bytes, item->bytes, item->bits);
    if (class == TCN_ADDR_LOOPBACK)
        return strcmp(item->host, "localhost") == 0 &&
               (strcmp(host, "localhost") == 0 || tcn_ssrf_class_text(host) == TCN_ADDR_LOOPBACK);
    return class == TCN_ADDR_PRIVATE && strcmp(item->host, host) == 0 &&
           strcmp(host, "localhost") != 0;
}

bool tcn_guard_allows(const struct tcn_guard *g, const char *host, const struct sockaddr *addr)
{
    enum tcn_addr_class class = tcn_ssrf_class(addr);

    if (class == TCN_ADDR_GLOBAL)
        return true;
    for (size_t i = 0; i < g->n; i++)
        if (item_allows(&g->items[i], host, addr, class))
            return true;
    return false;
}
