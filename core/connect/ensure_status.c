/* The status of an incident and of its record: who has changed it, what is taken over, what is written, what is told. */
#include "connect/ensure.h"
#include "connect/ring.h"

#include <stdio.h>

static bool is_our_class(struct tcn_ensure *e, enum tcn_class class)
{
    json_t *tries = tcn_ring_tries(e->link, TCN_RING_STATUS);
    bool found = false;

    for (size_t i = 0; i < json_array_size(tries) && class != TCN_CLASS_UNSET && !found; i++)
        found = tcn_class_parse(json_string_value(json_array_get(tries, i))) == class;
    json_decref(tries);
    return found;
}

static bool has_tries(struct tcn_ensure *e)
{
    json_t *tries = tcn_ring_tries(e->link, TCN_RING_STATUS);
    size_t n = json_array_size(tries);

    json_decref(tries);
    return n > 0;
}

/* A status of which our write needs several steps, and did not make all of them: what it left behind is nobody's work. */
static bool is_halfway(struct tcn_ensure *e, enum tcn_class seen)
{
    return e->progress->record && e->wanted->status_steps > 1 &&
           (seen == TCN_CLASS_OPEN || seen == TCN_CLASS_ACKED) &&
           seen != tcn_class_parse(e->link->base_status) && has_tries(e) && !is_our_class(e, seen);
}

static void status_input(struct tcn_ensure *e, struct tcn_status_input *ret)
{
    const struct tcn_wanted *w = e->wanted;
    struct tcn_remote_status seen = {.class = tcn_class_parse(e->link->base_status)};

    seen.accepts = seen.class == w->status;
    if (e->progress->record && w->lens.status)
        w->lens.status(w->lens.ctx, e->progress->record, w->status, &seen);
    if (e->progress->record && is_our_class(e, seen.class))
        e->link->base_status = tcn_class_name(seen.class);
    *ret = (struct tcn_status_input){
        .base = tcn_class_parse(e->link->base_status),
        .local = w->status,
        .remote = seen.class,
        .accepts = seen.accepts,
        .is_terminal = seen.is_terminal,
        .is_halfway = is_halfway(e, seen.class),
        .by_alarm = w->by_alarm,
        .is_firing = w->is_firing,
        .direction = w->status_direction,
        .auto_resolve = w->auto_resolve,
        .while_firing = w->while_firing,
    };
}

static const char *record_name(const struct tcn_ensure *e)
{
    return e->link->remote_key && e->link->remote_key[0] ? e->link->remote_key : "the record";
}

static void say_status(struct tcn_ensure *e, enum tcn_status_note note)
{
    const char *key = record_name(e);
    char text[300], hash[24];

    if (note == TCN_NOTE_NONE)
        return;
    snprintf(hash, sizeof hash, "%d.%lld", (int)note, (long long)e->wanted->resolved_ms);
    if (note == TCN_NOTE_ALARM_OK)
        snprintf(text, sizeof text,
                 "The alarm is over. Somebody works on %s in %s: its status stays.", key,
                 e->link->connector);
    else if (note == TCN_NOTE_STILL_FIRING)
        snprintf(text, sizeof text, "%s was resolved in %s, but the alarm is still firing.", key,
                 e->link->connector);
    else if (note == TCN_NOTE_STAYS_ACKED)
        snprintf(text, sizeof text,
                 "%s in %s is not worked on any more. The incident stays acknowledged.", key,
                 e->link->connector);
    else
        snprintf(text, sizeof text, "%s in %s is closed for good: its status cannot follow.", key,
                 e->link->connector);
    tcn_ensure_say_once(e, "#status", hash,
                        note == TCN_NOTE_ALARM_OK || note == TCN_NOTE_STILL_FIRING, text);
}

/* Resolved over there while the alarm fires, and opened again. */
static bool is_reopened(const struct tcn_status_input *in, const struct tcn_status_merge *m)
{
    return m->verdict == TCN_MERGE_PUSH && !m->is_conflict && !in->is_halfway &&
           in->base != TCN_CLASS_UNSET && in->remote != in->base;
}

static void say_reopened(struct tcn_ensure *e)
{
    tcn_ensure_say(e, true,
                   "%s was resolved in %s, but the alarm is still firing: it is opened again.",
                   record_name(e), e->link->connector);
}

static json_t *class_json(enum tcn_class class)
{
    return class == TCN_CLASS_UNSET ? NULL : json_string(tcn_class_name(class));
}

/* They differ, and not because only one side has changed: who has changed what, and what became of it. */
static void meet_status(struct tcn_ensure *e, const struct tcn_status_input *in,
                        const struct tcn_status_merge *m, enum tcn_winner winner)
{
    struct tcn_clash clash = {TCN_RING_STATUS, class_json(in->base), class_json(in->local),
                              class_json(in->remote), winner};
    bool is_told = m->note != TCN_NOTE_NONE; /* by say_status() */

    if (!is_told && !m->is_conflict && !is_reopened(in, m))
        tcn_ensure_no_conflict(e, clash.field);
    else if (tcn_ensure_conflict(e, &clash) && !is_told)
        m->is_conflict ? tcn_ensure_say_conflict(e, &clash) : say_reopened(e);
    json_decref(clash.base);
    json_decref(clash.local);
    json_decref(clash.remote);
}

json_t *tcn_ensure_push_status(struct tcn_ensure *e, const struct tcn_status_input *in,
                               const struct tcn_status_merge *m, struct tcn_step *step)
{
    json_t *payload = NULL;

    say_status(e, m->note);
    if (m->verdict == TCN_MERGE_AGREE)
        e->link->base_status = tcn_class_name(e->wanted->status);
    if (m->verdict == TCN_MERGE_PUSH && (payload = tcn_ensure_status_payload(e, m->value)) != NULL)
        step->class = m->value;
    meet_status(e, in, m, payload ? TCN_WINNER_LOCAL : TCN_WINNER_NONE);
    return payload;
}

void tcn_ensure_meet_status(struct tcn_ensure *e, struct tcn_status_input *ret_in,
                            struct tcn_status_merge *ret)
{
    status_input(e, ret_in);
    tcn_merge_status(ret_in, ret);
}

enum tcn_class tcn_ensure_take_status(struct tcn_ensure *e, const struct tcn_status_input *in,
                                      const struct tcn_status_merge *m)
{
    meet_status(e, in, m, TCN_WINNER_REMOTE);
    e->link->base_status = tcn_class_name(m->value);
    return m->value;
}
