/* Mutes that people make and end, what waits because of them, and whether they hold, by brute force. */
#include "world.h"

#include <stdio.h>

#define ARENA_MAX (1u << 20)

/* That of all goes by a tag that heartbeats do not have. */
static bool holds(const struct sim_mute *m, const struct key_row *k, int64_t now)
{
    return m->mute.start_ms <= now && now < m->mute.end_ms &&
           (m->source < 0 ? !k->is_beat : m->source == k->source);
}

bool mutes_hold(const struct world *w, const struct key_row *k)
{
    for (size_t i = 0; i < w->mutes.n; i++)
        if (holds(&w->muting[i], k, now_of(w)))
            return true;
    return false;
}

static void drop(struct world *w, size_t at)
{
    w->muting[at] = w->muting[--w->mutes.n];
}

/* By the name of its source, or by the tag that every alarm of a sender has. */
static void match(const struct world *w, struct sim_mute *m)
{
    static const char *const of_shop[] = {"sh*p"};

    m->value = m->source < 0 ? of_shop[0] : w->policies[m->source].name;
    m->matcher = (struct tcn_matcher){m->source < 0 ? "team" : "source", &m->value, 1};
    m->mute.match = (struct tcn_match){&m->matcher, 1};
}

/* Those that are over are gone, as in the store. The others are a list for the engine, and may have moved. */
const struct tcn_mutes *mutes_now(struct world *w)
{
    for (size_t i = w->mutes.n; i > 0; i--)
        if (w->muting[i - 1].mute.end_ms <= now_of(w))
            drop(w, i - 1);
    for (size_t i = 0; i < w->mutes.n; i++) {
        match(w, &w->muting[i]);
        w->mute_items[i] = w->muting[i].mute;
    }
    w->mutes.items = w->mute_items;
    return &w->mutes;
}

static void make(struct world *w)
{
    struct sim_mute *m = &w->muting[w->mutes.n++];

    *m = (struct sim_mute){.source = (int)rng_below(&w->rng, MAX_SOURCES + 1) - 1};
    m->mute.id = tcn_id_child((struct tcn_id){{3}}, "mute", rng_next(&w->rng));
    m->mute.owner = "owner";
    m->mute.start_ms = now_of(w) + (rng_chance(&w->rng, 30) ? rng_below(&w->rng, HOUR) : 0);
    m->mute.end_ms = m->mute.start_ms + 1 + rng_below(&w->rng, 2 * HOUR);
}

void mutes_change(struct world *w)
{
    mutes_now(w);
    if (w->mutes.n > 0 && rng_chance(&w->rng, 50))
        drop(w, (size_t)rng_below(&w->rng, (int64_t)w->mutes.n));
    else if (w->mutes.n < MAX_MUTES)
        make(w);
}

void mutes_end(struct world *w)
{
    w->mutes.n = 0;
}

/* -- what waits -------------------------------------------------------------------------------------------------- */

static void keep_texts(struct key_row *key)
{
    struct tcn_waiting *k = &key->waiting;

    k->dedupe_key = key->name;
    k->why = tcn_arena_strdup(&key->waits, k->why);
    k->source = tcn_arena_strdup(&key->waits, k->source);
    k->told.title = tcn_arena_strdup(&key->waits, k->told.title);
    k->told.summary = tcn_arena_strdup(&key->waits, k->told.summary);
    k->told.trigger_arn = tcn_arena_strdup(&key->waits, k->told.trigger_arn);
    k->told.tags = copy_tags(&key->waits, k->told.tags, k->told.n_tags);
}

static int is_muted(const struct tcn_waiting *row)
{
    return row->due_ms != 0 && row->kind == TCN_WAITING_MUTED;
}

/* A row without a time of its own keeps the one that it has. */
void mutes_commit(struct world *w, struct key_row *key, const struct tcn_decision *d)
{
    const struct tcn_waiting *is = &d->waiting;
    int64_t since_ms = is->since_ms ? is->since_ms : key->waiting.since_ms;
    struct tcn_arena before = key->waits;

    if (strcmp(is->dedupe_key, key->name) != 0)
        fail(w, "%s waits because of %s", is->dedupe_key, key->name);
    w->n_waiting += is_muted(is) - is_muted(&key->waiting);
    tcn_arena_init(&key->waits, ARENA_MAX);
    key->waiting = (struct tcn_waiting){0};
    if (is->due_ms != 0) {
        key->waiting = *is;
        key->waiting.since_ms = since_ms;
        keep_texts(key);
    }
    tcn_arena_done(&before);
}

static void take_earlier(struct key_row **next, struct key_row *k)
{
    if (is_muted(&k->waiting) && (!*next || k->waiting.due_ms < (*next)->waiting.due_ms))
        *next = k;
}

struct key_row *mutes_next(struct world *w)
{
    struct key_row *next = NULL;

    for (size_t i = 0; w->n_waiting > 0 && i < w->n_keys; i++)
        take_earlier(&next, &w->keys[i]);
    for (size_t i = 0; i < MAX_BEATS; i++)
        take_earlier(&next, &w->beats[i].key);
    return next;
}

void mutes_done(struct world *w)
{
    for (size_t i = 0; i < w->n_keys; i++)
        tcn_arena_done(&w->keys[i].waits);
}
