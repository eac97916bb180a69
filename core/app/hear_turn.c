#include "app/hear_turn.h"

#include "app/amendment.h"
#include "connect/ring.h"
#include "engine/hear.h"
#include "store/feeds.h"

/* The notes of one record on their way into the incident. */
struct hearing {
    const struct tcn_link *link;
    struct tcn_store *s;
    struct tcn_amendment c;
    int64_t now_ms;
};

/* "connector:jira/Ann Smith" */
static const char *actor_of(struct hearing *h, const struct tcn_heard *heard)
{
    return heard->by[0] ? TCN_JOIN(&h->c.arena, "connector:", h->link->connector, "/", heard->by)
                        : TCN_JOIN(&h->c.arena, "connector:", h->link->connector);
}

static int put(struct hearing *h, struct tcn_entry *entry, const char *hash, struct tcn_err *err)
{
    entry->hash = tcn_arena_strdup(&h->c.arena, hash);
    entry->at_ms = h->now_ms;
    return tcn_store_entry_put(h->s, entry, err);
}

/* What the timeline has no room for, or nobody could read, is no error: it stays in the record. */
static int refused(int r, const struct tcn_err *why, struct tcn_err *err)
{
    if (r == TCN_EINVALID || r == TCN_ELIMIT || r == TCN_ECONFLICT)
        return 0;
    *err = *why;
    return r;
}

static int add(struct hearing *h, const struct tcn_heard_note *note, struct tcn_entry *entry,
               const char *hash, struct tcn_err *err)
{
    struct tcn_err why;
    int r = tcn_engine_hear(&h->c.a, note, h->now_ms, &h->c.d, &why);

    if (r < 0)
        return refused(r, &why, err);
    entry->link = h->link->id;
    entry->incident = h->link->incident;
    entry->event = h->c.d.events.items[h->c.d.events.n - 1].id;
    return put(h, entry, hash, err);
}

static int change(struct hearing *h, const struct tcn_heard_note *note, struct tcn_entry *entry,
                  const char *hash, struct tcn_err *err)
{
    struct tcn_event *known = TCN_NEW(&h->c.arena, struct tcn_event);
    struct tcn_err why;
    int r = tcn_store_event_find(h->s, entry->incident, entry->event, &h->c.arena, known, err);

    if (r == 0 && (r = tcn_engine_hear_again(&h->c.a, known, note, h->now_ms, &h->c.d, &why)) < 0)
        r = refused(r, &why, err);
    if (r == TCN_ENOTFOUND) /* somebody deleted it here */
        r = 0;
    return r < 0 ? r : put(h, entry, hash, err);
}

static int take(struct hearing *h, const struct tcn_heard *heard, struct tcn_err *err)
{
    const struct tcn_heard_note note = {heard->text, actor_of(h, heard), heard->is_private,
                                        heard->at_ms};
    struct tcn_entry entry = {.id = tcn_entry_id(h->link->id, heard->entry)};
    json_t *text = json_string(heard->text);
    char hash[TCN_RING_HASH];
    int r;

    tcn_ring_hash(text, hash);
    json_decref(text);
    r = tcn_store_entry_get(h->s, entry.id, &h->c.arena, &entry, err);
    if (r == TCN_ENOTFOUND)
        return add(h, &note, &entry, hash, err);
    if (r < 0 || strcmp(entry.hash, hash) == 0)
        return r;
    return change(h, &note, &entry, hash, err);
}

int tcn_hear_turn(struct tcn_store *s, const struct tcn_directory *declared,
                  const struct tcn_link *link, const struct tcn_heard *heard, size_t n,
                  int64_t now_ms, struct tcn_err *err)
{
    struct hearing h = {.link = link, .s = s, .now_ms = now_ms};
    int r = tcn_amendment_begin(&h.c, s, declared, link->incident, now_ms, err);

    for (size_t i = 0; i < n && r == 0; i++)
        r = take(&h, &heard[i], err);
    if (r == 0)
        h.c.d.next_due_ms = tcn_engine_next_due(&h.c.a);
    return tcn_amendment_end(&h.c, s, r, now_ms, err);
}
