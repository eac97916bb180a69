/* Hex, base64, percent coding and SHA-256. Decoders are strict: one text for one value (RFC 4648 section 3.5). */
/* SHA256() of OpenSSL 3 looks its algorithm up by name and under a lock at every call, which costs ten times a short
 * hash; what it then calls is deprecated for applications that want a choice of algorithms. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/text.h"
#include "base/err.h"

#include <assert.h>
#include <openssl/sha.h>

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void tcn_hex(const uint8_t *bytes, size_t n, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int tcn_unhex(struct tcn_str text, uint8_t *ret_bytes, size_t n)
{
    if (text.len / 2 != n || text.len % 2)
        return TCN_ESYNTAX;
    for (size_t i = 0; i < text.len; i++)
        if (hex_value(text.ptr[i]) < 0)
            return TCN_ESYNTAX;
    for (size_t i = 0; i < n; i++)
        ret_bytes[i] = (uint8_t)(hex_value(text.ptr[2 * i]) << 4 | hex_value(text.ptr[2 * i + 1]));
    return 0;
}

static void encode(struct tcn_buf *out, const uint8_t *p, size_t n, const char *letters, bool pad)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        unsigned group = (unsigned)p[i] << 16;
        char text[4];

        if (have > 1)
            group |= (unsigned)p[i + 1] << 8;
        if (have > 2)
            group |= p[i + 2];
        for (unsigned k = 0; k < 4; k++)
            text[k] = k <= have ? letters[group >> (18 - 6 * k) & 63] : '=';
        tcn_buf_add(out, text, pad ? 4 : have + 1);
    }
}

void tcn_base64(struct tcn_buf *out, const void *bytes, size_t n)
{
    encode(out, bytes, n, standard, true);
}

void tcn_base64url(struct tcn_buf *out, const void *bytes, size_t n)
{
    encode(out, bytes, n, for_url, false);
}

static int letter_value(const char *letters, char c)
{
    const char *at = c ? strchr(letters, c) : NULL;

    return at ? (int)(at - letters) : -1;
}

/* Decodes 2 to 4 letters; the bits that fill no byte must be zero. */
static int decode_group(const char *text, size_t n, const char *letters, struct tcn_buf *out)
{
    unsigned group = 0, spare_bits = n == 2 ? 4 : n == 3 ? 2 : 0;
    char bytes[3];

    for (size_t i = 0; i < n; i++) {
        int value = letter_value(letters, text[i]);

        if (value < 0)
            return TCN_ESYNTAX;
        group = group << 6 | (unsigned)value;
    }
    if (group & ((1U << spare_bits) - 1))
        return TCN_ESYNTAX;
    group >>= spare_bits;
    for (size_t i = 0; i < n - 1; i++)
        bytes[i] = (char)(group >> (8 * (n - 2 - i)) & 255);
    tcn_buf_add(out, bytes, n - 1);
    return 0;
}

static void cut_back(struct tcn_buf *out, size_t len)
{
    if (out->len == len)
        return;
    out->len = len;
    out->ptr[len] = '\0';
}

/* text carries no padding. Leaves out as it was on failure. */
static int decode(struct tcn_str text, const char *letters, struct tcn_buf *out)
{
    size_t before = out->len;
    int r = text.len % 4 == 1 ? TCN_ESYNTAX : 0;

    for (size_t i = 0; i < text.len && r == 0; i += 4)
        r = decode_group(text.ptr + i, text.len - i < 4 ? text.len - i : 4, letters, out);
    if (r == 0 && !tcn_buf_ok(out))
        r = TCN_ELIMIT;
    if (r < 0)
        cut_back(out, before);
    return r;
}

int tcn_unbase64(struct tcn_str text, struct tcn_buf *ret_bytes)
{
    if (text.len % 4)
        return TCN_ESYNTAX;
    if (tcn_str_ends(text, TCN_STR("==")))
        text.len -= 2;
    else if (tcn_str_ends(text, TCN_STR("=")))
        text.len -= 1;
    return decode(text, standard, ret_bytes);
}

int tcn_unbase64url(struct tcn_str text, struct tcn_buf *ret_bytes)
{
    return decode(text, for_url, ret_bytes);
}

/* The byte at text[*at], decoded; moves *at behind it. 0 when it is NUL or a bad escape. */
static char next_byte(struct tcn_str text, size_t *at)
{
    char c = text.ptr[(*at)++];
    int high, low;

    if (c != '%')
        return c;
    if (text.len - *at < 2)
        return 0;
    high = hex_value(text.ptr[(*at)++]);
    low = hex_value(text.ptr[(*at)++]);
    return (char)(high < 0 || low < 0 ? 0 : high << 4 | low);
}

int tcn_unpercent(struct tcn_str text, struct tcn_buf *ret_text)
{
    size_t before = ret_text->len, at = 0;
    int r = 0;

    while (at < text.len && r == 0) {
        char c = next_byte(text, &at);

        if (c == 0)
            r = TCN_ESYNTAX;
        else
            tcn_buf_char(ret_text, c);
    }
    if (r == 0 && !tcn_buf_ok(ret_text))
        r = TCN_ELIMIT;
    if (r < 0)
        cut_back(ret_text, before);
    return r;
}

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct tcn_hash), "its state fits");

static SHA256_CTX *state_of(struct tcn_hash *d)
{
    return (SHA256_CTX *)(void *)d->state;
}

/* They have no way to fail. */
static void succeeded(int ok)
{
    assert(ok);
    (void)ok;
}

void tcn_hash_begin(struct tcn_hash *d)
{
    succeeded(SHA256_Init(state_of(d)));
}

void tcn_hash_add(struct tcn_hash *d, const void *bytes, size_t n)
{
    succeeded(SHA256_Update(state_of(d), n ? bytes : "", n));
}

void tcn_hash_end(struct tcn_hash *d, uint8_t ret_digest[32])
{
    succeeded(SHA256_Final(ret_digest, state_of(d)));
}

void tcn_sha256(const void *bytes, size_t n, uint8_t ret_digest[32])
{
    struct tcn_hash d;

    tcn_hash_begin(&d);
    tcn_hash_add(&d, bytes, n);
    tcn_hash_end(&d, ret_digest);
}

void tcn_sha256_hex(struct tcn_str s, char ret_hex[65])
{
    uint8_t digest[32];

    tcn_sha256(s.ptr, s.len, digest);
    tcn_hex(digest, sizeof digest, ret_hex);
}
