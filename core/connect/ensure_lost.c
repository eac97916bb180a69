/* A record that is gone: when it counts as lost, and whether another one takes its place. */
#include "base/datetime.h"
#include "base/text.h"
#include "connect/ensure.h"
#include "connect/ring.h"

#include <stdio.h>

#define GONE_TRIES 3
#define GONE_GAP_MS (TCN_ENSURE_GONE_MS / 2)
#define NAME_POINTS 60u

/* From when on another record may take its place; 0 = never. A remote, or a person, that ends whatever is made gets one a day. */
static int64_t another_from(const struct tcn_ensure *e)
{
    const struct tcn_wanted *w = e->wanted;
    int64_t from_ms = e->link->last_attempt_ms + TCN_ENSURE_ANEW_MS;

    if (w->status == TCN_CLASS_RESOLVED || !w->is_wanted || !tcn_ensure_can(e, TOCSIN_CREATE))
        return 0;
    if (e->link->recreated == 0 || e->link->last_attempt_ms > e->now_ms)
        return e->now_ms;
    return from_ms > e->now_ms ? from_ms : e->now_ms;
}

/* The same of one that is lost. */
static int64_t anew_from(const struct tcn_ensure *e)
{
    return e->wanted->when_lost == TCN_LOST_RECREATE ? another_from(e) : 0;
}

/* What was known of the record goes; its mark is another from now on, so that no search finds the one that is gone. A store
 * that was restored may not know what was made under that mark: it is looked for first. */
static void begin_anew(struct tcn_ensure *e)
{
    struct tcn_link *link = e->link;
    bool was_told = tcn_ring_last(link, "#dead") > 0;

    link->recreated++;
    link->state = TCN_LINK_CREATING;
    link->is_uncertain = true;
    link->create_attempts = 0;
    link->remote_id = link->remote_key = link->remote_url = NULL;
    link->base = link->base_version = link->base_status = NULL;
    link->done_revision = link->notes_seq = link->notes_written = link->pending_note_seq = 0;
    link->last_read_ms = link->last_write_ms = 0;
    link->hints_seen = link->hints;
    link->fail_count = link->first_fail_ms = 0;
    link->blocked_reason = link->pushed = NULL;
    if (was_told) /* its dead letters go when the new record is there */
        tcn_ring_add(link, "#dead", NULL, e->now_ms, e->arena);
}

bool tcn_ensure_follow(struct tcn_ensure *e)
{
    struct tcn_link *link = e->link;
    const char *key = link->remote_key && link->remote_key[0] ? link->remote_key : "The record";
    int64_t told_seq = link->notes_seq;

    if (another_from(e) != e->now_ms)
        return false;
    tcn_ensure_say(e, true, "%.*s in %s is closed for good: another record follows it",
                   (int)tcn_utf8_cut(tcn_str(key), NAME_POINTS).len, key, link->connector);
    begin_anew(e);
    link->notes_seq = told_seq; /* what was told stands in the one that is closed */
    return true;
}

static void say_lost(struct tcn_ensure *e, int64_t from_ms)
{
    const struct tcn_link *link = e->link;
    const char *key = link->remote_key && link->remote_key[0] ? link->remote_key : "The record";
    int key_len = (int)tcn_utf8_cut(tcn_str(key), NAME_POINTS).len;
    int id_len = (int)tcn_utf8_cut(tcn_str(link->remote_id), NAME_POINTS).len;
    char at[TCN_TIME_TEXT], what[160];

    tcn_time_text(from_ms, at);
    if (from_ms == 0)
        snprintf(what, sizeof what, "it is no longer kept in step");
    else if (from_ms <= e->now_ms)
        snprintf(what, sizeof what, "a new one takes its place");
    else
        snprintf(what, sizeof what,
                 "a new one takes its place after %s, because it was made anew within a day", at);
    tcn_ensure_say(e, false, "%.*s of %s (id %.*s) does not exist any more: %s", key_len, key,
                   link->connector, id_len, link->remote_id, what);
}

static bool become_lost(struct tcn_ensure *e)
{
    int64_t from_ms = anew_from(e);

    e->link->state = TCN_LINK_LOST;
    e->link->blocked_reason = tcn_arena_fmt(e->arena, "the remote record is gone");
    say_lost(e, from_ms);
    if (from_ms == e->now_ms)
        begin_anew(e);
    return tcn_ensure_rest_until(e, from_ms);
}

/* 404 can be index lag or a permission blip: three times over ten minutes make it true. Every change of the incident wakes
 * the lane: what it sees sooner says nothing new. */
bool tcn_ensure_gone(struct tcn_ensure *e)
{
    struct tcn_link *link = e->link;
    int64_t last_ms = tcn_ring_last(link, "#gone");

    if (last_ms <= e->now_ms && e->now_ms - last_ms < GONE_GAP_MS)
        return tcn_ensure_rest_until(e, last_ms + GONE_GAP_MS);
    tcn_ring_add(link, "#gone", NULL, e->now_ms, e->arena);
    if (tcn_ring_count(link, "#gone", NULL, 0) < GONE_TRIES)
        return tcn_ensure_rest_until(e, e->now_ms + GONE_GAP_MS);
    return become_lost(e);
}

void tcn_ensure_plan_lost(struct tcn_ensure *e, struct tcn_step *s)
{
    int64_t from_ms = anew_from(e);

    if (from_ms == e->now_ms)
        begin_anew(e);
    tcn_ensure_rest(e, s, from_ms == 0 ? TCN_STEP_DONE : TCN_STEP_WAIT, from_ms);
}
