#include "app/settled.h"
#include "base/text.h"
#include "base/xalloc.h"

#include <stdlib.h>

#define SETS 4096 /* of WAYS entries: 16,384 bodies in about 1.8 MB */
#define WAYS 4
#define LANES 65536 /* generations; two keys that share one only void each other's entries */

struct entry {
    uint8_t digest[32];
    struct tcn_settled_fact fact;
    int64_t until_ms; /* 0 = free */
    uint32_t lane, generation, era;
};

struct tcn_settled {
    uint32_t era; /* of everything */
    uint32_t generations[LANES];
    struct entry entries[SETS][WAYS];
};

struct tcn_settled *tcn_settled_new(void)
{
    return tcn_xcalloc(1, sizeof(struct tcn_settled));
}

void tcn_settled_free(struct tcn_settled *s)
{
    free(s);
}

void tcn_settled_digest(const char *source, struct tcn_str fields, struct tcn_str body,
                        uint8_t ret_digest[32])
{
    uint8_t all[96];

    tcn_sha256(source, strlen(source), all);
    tcn_sha256(fields.ptr, fields.len, all + 32);
    tcn_sha256(body.ptr, body.len, all + 64);
    tcn_sha256(all, sizeof all, ret_digest);
}

static uint32_t word(const uint8_t *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* FNV-1a: a bad spread costs only needless work, see LANES. */
static uint32_t lane_of(const char *dedupe_key)
{
    uint32_t h = 2166136261u;

    for (; *dedupe_key; dedupe_key++)
        h = (h ^ (uint8_t)*dedupe_key) * 16777619u;
    return (h ^ (h >> 16)) % LANES;
}

static bool is_live(const struct tcn_settled *s, const struct entry *e, int64_t now_ms)
{
    return e->until_ms > now_ms && e->until_ms <= now_ms + TCN_SETTLED_MS && e->era == s->era &&
           e->generation == s->generations[e->lane];
}

bool tcn_settled_has(const struct tcn_settled *s, const uint8_t digest[32], int64_t now_ms,
                     struct tcn_settled_fact *ret)
{
    const struct entry *set = s->entries[word(digest) % SETS];

    for (size_t i = 0; i < WAYS; i++) {
        if (memcmp(set[i].digest, digest, 32) == 0 && is_live(s, &set[i], now_ms)) {
            *ret = set[i].fact;
            return true;
        }
    }
    return false;
}

/* The same body's entry, else a dead one, else the one that ends first. */
static struct entry *place(struct tcn_settled *s, const uint8_t digest[32], int64_t now_ms)
{
    struct entry *set = s->entries[word(digest) % SETS], *best = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (memcmp(set[i].digest, digest, 32) == 0)
            return &set[i];
        if (!is_live(s, &set[i], now_ms) ||
            (is_live(s, best, now_ms) && set[i].until_ms < best->until_ms))
            best = &set[i];
    }
    return best;
}

void tcn_settled_add(struct tcn_settled *s, const uint8_t digest[32], const char *dedupe_key,
                     const struct tcn_settled_fact *fact, int64_t now_ms)
{
    struct entry *e = place(s, digest, now_ms);
    uint32_t lane = lane_of(dedupe_key);

    memcpy(e->digest, digest, 32);
    e->fact = *fact;
    e->until_ms = now_ms + TCN_SETTLED_MS;
    e->lane = lane;
    e->generation = s->generations[lane];
    e->era = s->era;
}

void tcn_settled_touch(struct tcn_settled *s, const char *dedupe_key)
{
    s->generations[lane_of(dedupe_key)]++;
}

void tcn_settled_clear(struct tcn_settled *s)
{
    s->era++;
}
