/* Ids: how their bytes are made (RFC 9562) and written. */
#include "base/id.h"
#include "base/err.h"

#include <assert.h>

enum { TIME_BYTES = 6 };

static void set_version(struct tcn_id *id, unsigned version)
{
    id->b[6] = (uint8_t)((id->b[6] & 0x0f) | version << 4);
    id->b[8] = (uint8_t)((id->b[8] & 0x3f) | 0x80);
}

struct tcn_id tcn_id_v7(int64_t unix_ms, const uint8_t random[10])
{
    struct tcn_id id;

    assert(unix_ms >= 0 && unix_ms < (int64_t)1 << 48);
    for (int i = 0; i < TIME_BYTES; i++)
        id.b[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
    memcpy(id.b + TIME_BYTES, random, 10);
    set_version(&id, 7);
    return id;
}

/* A bijection of 64 bits in which every input bit moves about half of the output bits. */
static inline uint64_t scramble(uint64_t x)
{
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

struct mix {
    uint64_t a, b;
};

static inline void mix_in(struct mix *m, uint64_t word)
{
    m->a = scramble(m->a ^ word);
    m->b = scramble(m->b + m->a + (word << 32 | word >> 32));
}

/* The first is the lowest; one load where the machine has it so. */
static uint64_t load_eight(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static uint64_t load_word(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t word = 0;

    if (n == 8)
        return load_eight(p);

    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

struct tcn_id tcn_id_child(struct tcn_id parent, const char *kind, uint64_t ordinal)
{
    struct mix m = {UINT64_C(0x746f6373696e2e69), UINT64_C(0x642e6368696c6420)};
    size_t len = strlen(kind);
    struct tcn_id id = parent;

    mix_in(&m, load_eight(parent.b));
    mix_in(&m, load_eight(parent.b + 8));
    mix_in(&m, ordinal);
    mix_in(&m, len);
    for (size_t i = 0; i < len; i += 8)
        mix_in(&m, load_word(kind + i, len - i < 8 ? len - i : 8));
    for (int i = TIME_BYTES; i < 8; i++)
        id.b[i] = (uint8_t)(m.b >> (8 * i));
    for (int i = 8; i < 16; i++)
        id.b[i] = (uint8_t)(m.a >> (8 * (i - 8)));
    set_version(&id, 8);
    return id;
}

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

void tcn_id_text(struct tcn_id id, char ret_text[TCN_ID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *out = ret_text;

    for (size_t i = 0; i < sizeof id.b; i++) {
        if (is_dash_place((size_t)(out - ret_text)))
            *out++ = '-';
        *out++ = digits[id.b[i] >> 4];
        *out++ = digits[id.b[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int tcn_id_parse(struct tcn_str text, struct tcn_id *ret_id)
{
    struct tcn_id id = {{0}};
    size_t nibble = 0;

    if (text.len != TCN_ID_TEXT - 1)
        return TCN_ESYNTAX;
    for (size_t i = 0; i < text.len; i++) {
        int value = hex_value(text.ptr[i]);

        if (is_dash_place(i) ? text.ptr[i] != '-' : value < 0)
            return TCN_ESYNTAX;
        if (is_dash_place(i))
            continue;
        id.b[nibble / 2] = (uint8_t)(id.b[nibble / 2] << 4 | value);
        nibble++;
    }
    *ret_id = id;
    return 0;
}

void tcn_id_short(struct tcn_id id, char ret_text[27])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

    for (size_t i = 0; i < 26; i++) {
        size_t bit = i * 5, byte = bit / 8;
        unsigned pair = (unsigned)id.b[byte] << 8 | (byte < 15 ? id.b[byte + 1] : 0U);

        ret_text[i] = letters[pair >> (11 - bit % 8) & 31];
    }
    ret_text[26] = '\0';
}
