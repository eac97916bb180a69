/* What people write at the record. It is heard before the record is read, so that a hint counts as seen only when both are done: a
 * crash in between does both again, and the host knows each note by its id. */
#include "connect/ensure.h"
#include "connect/ring.h"

#define PAGES_MAX 10u /* of one run; the next hint goes on */
#define TRIES_MAX                                                                                  \
    3 /* then the record is read without them: its status must not wait for its notes */

bool tcn_ensure_plan_listen(struct tcn_ensure *e, struct tcn_step *s)
{
    if (!e->wanted->listen || !tcn_ensure_can(e, TOCSIN_LISTEN) || e->progress->has_listened)
        return false;
    s->payload = json_incref(e->wanted->listen);
    tcn_ensure_call(e, s, TOCSIN_LISTEN, "listen", e->progress->listens);
    return true;
}

bool tcn_ensure_listened(struct tcn_ensure *e, const struct tcn_learned *got)
{
    const struct tocsin_result *result = got->result;
    bool has_more = result->step != 0 && ++e->progress->listens < PAGES_MAX;

    if (result->cursor[0])
        e->link->heard = tcn_arena_strdup(e->arena, result->cursor);
    e->progress->has_listened = !has_more;
    tcn_ring_drop(e->link, "#deaf", e->arena);
    return true;
}

static void say_deaf(struct tcn_ensure *e, const char *reason)
{
    char hash[TCN_RING_HASH];
    json_t *text = json_string(reason);

    tcn_ring_hash(text, hash);
    json_decref(text);
    tcn_ensure_say_once(e, "#deaf", hash, false,
                        tcn_arena_fmt(e->arena, "Notes written in %s are not taken over: %s",
                                      e->link->connector, reason));
}

bool tcn_ensure_is_deaf(struct tcn_ensure *e, const struct tcn_learned *got)
{
    uint32_t outcome = got->result->outcome;
    bool is_refused = outcome == TOCSIN_REJECTED;

    if (is_refused)
        say_deaf(e, got->result->reason);
    /* Of a record that is gone the reading tells. */
    e->progress->has_listened = is_refused || outcome == TOCSIN_GONE ||
                                (outcome != TOCSIN_AUTH && e->link->fail_count >= TRIES_MAX);
    return e->progress->has_listened;
}
