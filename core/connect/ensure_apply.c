/* What a call brought: the link row learns it, and it is decided whether the lane goes on, rests or gives up. */
#include "base/datetime.h"
#include "base/text.h"
#include "connect/classify.h"
#include "connect/ensure.h"
#include "connect/lane_wait.h"
#include "connect/retry.h"
#include "connect/ring.h"

#include <inttypes.h>
#include <stdio.h>

#define QUICK_CONFLICTS 3u
#define NAME_POINTS 40u
#define OTHERS_NAMED 5u
#define OTHERS_BYTES 1024u
#define AUTH_GAP_MS INT64_C(1000)
#define TOLD_EVERY_MS INT64_C(600000) /* answers that alternate with good ones fill no timeline */

bool tcn_ensure_rest_until(struct tcn_ensure *e, int64_t due_ms)
{
    e->link->is_in_flight = false;
    e->link->due_ms = due_ms;
    return false;
}

/* Unless the incident changed while the call was out: then that was the change waited for. */
static bool rest_until_change(struct tcn_ensure *e, const struct tcn_step *step)
{
    return tcn_ensure_rest_until(e, e->wanted->revision > step->revision ? e->now_ms : 0);
}

/* Surely not done, whatever the connector thinks of the answer. */
static bool surely_not_done(const struct tcn_learned *got)
{
    uint32_t o = got->result->outcome;

    if (o == TOCSIN_REJECTED && got->n_bad_fields > 0) /* the remote itself has said so */
        return true;
    return !got->may_have_written && (got->net == TOCSIN_NET_NOT_SENT || o == TOCSIN_REJECTED ||
                                      o == TOCSIN_AUTH || o == TOCSIN_GONE || got->status == 429);
}

static void bury(struct tcn_ensure *e, const char *verb, const char *reason)
{
    e->effects->deadletter = tcn_arena_fmt(e->arena, "%s: %s", verb, reason);
    e->progress->had_deadletter = true;
    tcn_ring_add(e->link, "#dead", verb, e->now_ms, e->arena);
}

/* Told to people once a day of failing, not at every try. */
static void bury_if_old(struct tcn_ensure *e, const struct tcn_step *step,
                        const struct tcn_learned *got)
{
    struct tcn_link *link = e->link;
    char hash[24];

    if (e->now_ms - link->first_fail_ms < TCN_ENSURE_DEAD_MS)
        return;
    snprintf(hash, sizeof hash, "%" PRId64, link->first_fail_ms);
    if (tcn_ring_count(link, "#dead24", hash, 0) > 0)
        return;
    tcn_ring_add(link, "#dead24", hash, e->now_ms, e->arena);
    bury(e, tcn_verb_name(step->verb), got->result->reason);
    tcn_ensure_say(e, false, "Not synced to %s for a day: %s", link->connector,
                   got->result->reason);
}

/* What only the owner of the remote or of the configuration can mend: told once, not at every try. */
static const char *remark(const struct tcn_learned *got, int64_t delay_ms)
{
    if (got->status >= 300 && got->status < 400)
        return "#redirect";
    return (got->status == 429 || got->result->retry_after_s > 0) && delay_ms >= TCN_ENSURE_TOLD_MS
               ? "#wait"
               : NULL;
}

static void say_delay(struct tcn_ensure *e, const struct tcn_learned *got, int64_t delay_ms)
{
    struct tcn_link *link = e->link;
    const char *mark = remark(got, delay_ms);
    char failing_since[24], at[TCN_TIME_TEXT], text[500];

    if (!mark || e->now_ms - tcn_ring_last(link, mark) < TOLD_EVERY_MS)
        return;
    snprintf(failing_since, sizeof failing_since, "%" PRId64, link->first_fail_ms);
    tcn_time_text(e->now_ms + delay_ms, at);
    snprintf(text, sizeof text, "Not synced to %s yet: %s; tried again after %s", link->connector,
             got->result->reason, at);
    tcn_ensure_say_once(e, mark, failing_since, false, text);
}

/* What nobody has asked for, such as a remote that cannot be reached. */
static void say_failing(struct tcn_ensure *e, const struct tcn_learned *got, int64_t delay_ms)
{
    struct tcn_link *link = e->link;

    if (!remark(got, delay_ms) && e->now_ms - link->first_fail_ms >= TCN_WAIT_TOLD_MS &&
        tcn_wait_must_tell(link, e->now_ms, e->arena))
        tcn_ensure_say(e, false, "Not synced to %s yet: %s; it is tried again by itself",
                       link->connector, got->result->reason);
}

static bool fail_transient(struct tcn_ensure *e, const struct tcn_step *step,
                           const struct tcn_learned *got)
{
    struct tcn_link *link = e->link;
    int64_t delay = tcn_retry_delay_ms(link->fail_count, got->result->retry_after_s, e->random);

    if (step->verb == TOCSIN_CREATE && link->is_uncertain)
        link->last_attempt_ms = e->now_ms; /* it may arrive, or be worked on, until now */
    if (link->first_fail_ms == 0)
        link->first_fail_ms = e->now_ms;
    link->fail_count++;
    link->blocked_reason = tcn_arena_strdup(e->arena, got->result->reason);
    bury_if_old(e, step, got);
    say_delay(e, got, delay);
    say_failing(e, got, delay);
    if (e->now_ms - link->first_fail_ms >= TCN_ENSURE_STOP_MS)
        return rest_until_change(e, step);
    return tcn_ensure_rest_until(e, e->now_ms + delay);
}

/* Without a record there is nothing else to do. Until something changes. */
static bool give_up_create(struct tcn_ensure *e, const struct tcn_step *step)
{
    struct tcn_link *link = e->link;

    if (step->verb == TOCSIN_CREATE && !link->is_uncertain) {
        link->state = TCN_LINK_NONE;
        link->create_attempts = 0;
    }
    link->done_revision = step->revision;
    return rest_until_change(e, step);
}

/* The remote will never take it as it is: told to people; the next change of the incident tries again. */
static bool fail_permanent(struct tcn_ensure *e, const struct tcn_step *step,
                           const struct tcn_learned *got, bool blocks)
{
    struct tcn_link *link = e->link;

    bury(e, tcn_verb_name(step->verb), got->result->reason);
    tcn_ensure_say(e, false, "Not synced to %s: %s", link->connector, got->result->reason);
    link->blocked_reason = tcn_arena_strdup(e->arena, got->result->reason);
    if (blocks) {
        link->state = TCN_LINK_BLOCKED;
        return tcn_ensure_rest_until(e, 0);
    }
    if (step->verb == TOCSIN_CREATE || step->verb == TOCSIN_FIND)
        return give_up_create(e, step);
    if (step->verb == TOCSIN_NOTE_FIND) {
        link->pending_note_seq = 0; /* what cannot be looked up is written at least once */
        tcn_ensure_count_note(e);
        return true;
    }
    link->done_revision = step->revision;
    e->progress->gave_up_write = true;
    if (step->verb == TOCSIN_WRITE) {
        tcn_ring_drop(link, TCN_RING_REFUSED, e->arena);
        tcn_ring_add(link, TCN_RING_REFUSED, step->refusal, e->now_ms, e->arena);
    }
    return true;
}

static bool fail_rejected(struct tcn_ensure *e, const struct tcn_step *step,
                          const struct tcn_learned *got)
{
    bool is_required = false;

    if (got->n_bad_fields > 0 && e->progress->drops == 0 && tcn_ensure_drop(e, got, &is_required)) {
        e->progress->drops++;
        return true;
    }
    return fail_permanent(e, step, got, is_required);
}

static bool fail_conflict(struct tcn_ensure *e, const struct tcn_step *step,
                          const struct tcn_learned *got)
{
    struct tcn_progress *p = e->progress;

    if (++p->conflicts > QUICK_CONFLICTS)
        return fail_transient(e, step, got);
    /* Read again, merge again; a create is looked up first. */
    json_decref(p->record);
    p->record = NULL;
    p->found_none = false;
    e->link->last_read_ms = 0;
    return true;
}

/* Everything but OK. */
static bool fail(struct tcn_ensure *e, const struct tcn_step *step, const struct tcn_learned *got)
{
    switch ((enum tocsin_outcome)got->result->outcome) {
    case TOCSIN_REJECTED:
        return fail_rejected(e, step, got);
    case TOCSIN_GONE:
        return e->link->remote_id && e->link->remote_id[0] ? tcn_ensure_gone(e)
                                                           : fail_rejected(e, step, got);
    case TOCSIN_CONFLICT:
        return fail_conflict(e, step, got);
    case TOCSIN_AUTH:
        /* The instance pauses until a CHECK succeeds; this lane is then simply due. */
        e->link->blocked_reason = tcn_arena_strdup(e->arena, got->result->reason);
        return tcn_ensure_rest_until(e, e->now_ms + AUTH_GAP_MS);
    case TOCSIN_OK:
    case TOCSIN_RETRY:
    case TOCSIN_UNKNOWN:
    case TOCSIN_MORE:
    default:
        e->link->last_read_ms =
            0; /* a write may have arrived: what we believe of the remote is void */
        return fail_transient(e, step, got);
    }
}

/* -- successes ------------------------------------------------------------------------------------------------ */

static const char *keep_text(struct tcn_ensure *e, const char *fresh, const char *old)
{
    return fresh && fresh[0] ? tcn_arena_strdup(e->arena, fresh) : old;
}

/* What a record says of itself. */
static void meet(struct tcn_ensure *e, const struct tocsin_record *r)
{
    struct tcn_link *link = e->link;

    link->remote_id = keep_text(e, r->remote_id, link->remote_id);
    link->remote_key = keep_text(e, r->remote_key, link->remote_key);
    link->remote_url = keep_text(e, r->remote_url, link->remote_url);
    link->base_version = keep_text(e, r->version, link->base_version);
    if (!r->fields)
        return;
    json_decref(e->progress->record);
    e->progress->record = json_incref(r->fields);
    e->progress->changed_ms = r->changed_ms;
    link->last_read_ms = e->now_ms;
}

static void succeed(struct tcn_ensure *e)
{
    e->link->fail_count = 0;
    e->link->first_fail_ms = 0;
    if (!e->progress->gave_up_write && tcn_ring_last(e->link, TCN_RING_REFUSED) == 0)
        e->link->blocked_reason = NULL;
    tcn_ring_drop(e->link, "#gone", e->arena);
}

/* A call that changed the remote went through: what was told to people before is over. */
static void forgive(struct tcn_ensure *e)
{
    if (e->progress->had_deadletter || tcn_ring_last(e->link, "#dead") == 0)
        return;
    tcn_ring_drop(e->link, "#dead", e->arena);
    tcn_ring_drop(e->link, "#dead24", e->arena);
    e->effects->clear_deadletters = true;
}

static void become_linked(struct tcn_ensure *e, const struct tocsin_record *r, const char *how)
{
    struct tcn_link *link = e->link;

    meet(e, r);
    link->state = TCN_LINK_LINKED;
    link->is_uncertain = false;
    e->effects->linked =
        tcn_arena_fmt(e->arena, "%s %s in %s", how,
                      link->remote_key && link->remote_key[0] ? link->remote_key : link->remote_id,
                      link->connector);
}

static bool created(struct tcn_ensure *e, const struct tcn_step *step,
                    const struct tcn_learned *got)
{
    struct tocsin_result lost = {.outcome = TOCSIN_UNKNOWN,
                                 .reason = "created, but the answer names no record"};
    struct tcn_learned unknown = *got;

    if (got->n_records == 0) {
        unknown.result = &lost;
        return fail_transient(e, step, &unknown);
    }
    become_linked(e, &got->records[0], "Created");
    tcn_ensure_written(e, step, &(struct tcn_echo){&got->records[0], false});
    if (got->result->reason[0]) /* the record is there, and not all as it was to be */
        tcn_ensure_say(e, false, "%s: %s", e->link->connector, got->result->reason);
    forgive(e);
    return true;
}

static struct tcn_str name_of(const struct tocsin_record *r)
{
    return tcn_utf8_cut(tcn_str(r->remote_key && r->remote_key[0] ? r->remote_key : r->remote_id),
                        NAME_POINTS);
}

/* A person must look at the others, and close them. */
static void say_many(struct tcn_ensure *e, const struct tcn_learned *got)
{
    struct tcn_str kept = name_of(&got->records[0]);
    struct tcn_buf others;

    tcn_buf_init(&others, OTHERS_BYTES);
    for (size_t i = 1; i < got->n_records && i <= OTHERS_NAMED; i++) {
        tcn_buf_z(&others, i > 1 ? ", " : "");
        tcn_buf_str(&others, name_of(&got->records[i]));
    }
    if (got->n_records > OTHERS_NAMED + 1)
        tcn_buf_fmt(&others, " and %zu more", got->n_records - OTHERS_NAMED - 1);
    tcn_ensure_say(e, false,
                   "%zu records of %s carry this incident's mark; %.*s, the oldest, is kept in "
                   "step, and nothing is written to %s",
                   got->n_records, e->link->connector, (int)kept.len, kept.ptr, others.ptr);
    tcn_buf_done(&others);
    e->effects->found_many = true;
}

static bool found(struct tcn_ensure *e, const struct tcn_step *step, const struct tcn_learned *got)
{
    if (got->n_records == 0) {
        e->progress->found_none = true;
        e->progress->found_none_ms = step->started_ms;
        return true;
    }
    become_linked(e, &got->records[0], "Found");
    if (got->n_records > 1)
        say_many(e, got);
    return true;
}

/* It answers with another record: the one that this was merged into. */
static void say_moved(struct tcn_ensure *e, const struct tocsin_record *r)
{
    struct tcn_link *link = e->link;
    const char *key = link->remote_key && link->remote_key[0] ? link->remote_key : link->remote_id;

    if (strcmp(r->remote_id, link->remote_id) == 0)
        return;
    e->effects->linked = tcn_arena_fmt(
        e->arena, "%.*s in %s was merged into %.*s, which is kept in step from now on",
        (int)tcn_utf8_cut(tcn_str(key), NAME_POINTS).len, key, link->connector, (int)name_of(r).len,
        name_of(r).ptr);
    link->remote_key = link->remote_url = NULL;
}

static bool got_record(struct tcn_ensure *e, const struct tcn_step *step,
                       const struct tcn_learned *got)
{
    struct tocsin_result lost = {.outcome = TOCSIN_RETRY, .reason = "the answer names no record"};
    struct tcn_learned unknown = *got;

    if (got->n_records == 0 || !got->records[0].fields) {
        unknown.result = &lost;
        return fail_transient(e, step, &unknown);
    }
    say_moved(e, &got->records[0]);
    meet(e, &got->records[0]);
    e->progress->is_new = true;
    if (step->hints > e->link->hints_seen)
        e->link->hints_seen = step->hints;
    return true;
}

static bool written(struct tcn_ensure *e, const struct tcn_step *step,
                    const struct tcn_learned *got)
{
    const struct tocsin_record *echo = got->n_records > 0 ? &got->records[0] : NULL;

    if (echo)
        meet(e, echo);
    tcn_ensure_written(e, step, &(struct tcn_echo){echo, got->may_have_written});
    /* What was just written is what the remote holds, as far as we can know. */
    if (!echo || !echo->fields) {
        json_decref(e->progress->record);
        e->progress->record = NULL;
    }
    e->link->last_read_ms = e->now_ms;
    e->link->done_revision = step->revision;
    tcn_ring_drop(e->link, TCN_RING_REFUSED, e->arena);
    forgive(e);
    return true;
}

static bool noted(struct tcn_ensure *e, const struct tcn_step *step)
{
    if (step->note_seq > e->link->notes_seq)
        e->link->notes_seq = step->note_seq;
    e->link->pending_note_seq = 0;
    tcn_ensure_count_note(e);
    e->link->last_write_ms = e->now_ms;
    forgive(e);
    return true;
}

static bool succeed_with(struct tcn_ensure *e, const struct tcn_step *step,
                         const struct tcn_learned *got)
{
    if (step->verb != TOCSIN_LISTEN) /* what is heard tells nothing of the record */
        succeed(e);
    switch (step->verb) {
    case TOCSIN_CREATE:
        return created(e, step, got);
    case TOCSIN_FIND:
        return found(e, step, got);
    case TOCSIN_GET:
        return got_record(e, step, got);
    case TOCSIN_WRITE:
        return written(e, step, got);
    case TOCSIN_LISTEN:
        return tcn_ensure_listened(e, got);
    default: /* NOTE, and NOTE_FIND that found it */
        return noted(e, step);
    }
}

/* -- notes that failed ---------------------------------------------------------------------------------------- */

static bool note_failed(struct tcn_ensure *e, const struct tcn_step *step,
                        const struct tcn_learned *got)
{
    struct tcn_link *link = e->link;

    if (surely_not_done(got))
        link->pending_note_seq = 0;
    else
        tcn_ensure_note_doubted(e);
    if (got->result->outcome != TOCSIN_REJECTED)
        return fail(e, step, got);
    /* One note that the remote refuses must not keep back those after it. */
    link->notes_seq = step->note_seq;
    bury(e, "note", got->result->reason);
    tcn_ensure_say(e, false, "A note was not taken by %s: %s", link->connector,
                   got->result->reason);
    return true;
}

bool tcn_ensure_apply(struct tcn_ensure *e, const struct tcn_step *step,
                      const struct tcn_learned *got)
{
    bool ok = got->result->outcome == TOCSIN_OK;

    if (ok)
        return succeed_with(e, step, got);
    if (step->verb == TOCSIN_NOTE)
        return note_failed(e, step, got);
    if (step->verb == TOCSIN_FIND && got->result->outcome == TOCSIN_GONE)
        return found(e, step, &(struct tcn_learned){.result = got->result});
    if (step->verb == TOCSIN_NOTE_FIND && got->result->outcome == TOCSIN_GONE)
        return tcn_ensure_note_missing(e, step);
    if (step->verb == TOCSIN_LISTEN && tcn_ensure_is_deaf(e, got))
        return true;
    if (step->verb == TOCSIN_CREATE && surely_not_done(got)) {
        e->link->is_uncertain = false;
        e->link->create_attempts--; /* it was none */
    }
    return fail(e, step, got);
}
