#include "engine/hear.h"

#include "base/text.h"
#include "engine/custom_event.h"
#include "engine/event_data.h"

static const char *text_of(const struct tcn_heard_note *note, struct tcn_arena *arena)
{
    return tcn_arena_str(arena, tcn_utf8_cut(tcn_str(note->text), TCN_NOTE_MAX)).ptr;
}

static int check(const struct tcn_incident *i, const struct tcn_heard_note *note,
                 struct tcn_err *err)
{
    if (!i->exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if (!note->text || !note->text[0] || !tcn_utf8_ok(tcn_str(note->text)))
        return tcn_fail(err, TCN_EINVALID, "the note has no text that can be shown");
    if (i->event_seq >= TCN_EVENTS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "the timeline has %d events already", TCN_EVENTS_MAX);
    return 0;
}

int tcn_engine_hear(struct tcn_aggregate *aggregate, const struct tcn_heard_note *note,
                    int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_incident *i = &aggregate->incident;
    struct tcn_event *e;
    int r = check(i, note, err);

    if (r < 0)
        return r;
    e = tcn_decision_event(ret, i, now_ms, TCN_EVENT_NOTE,
                           tcn_event_data_note(&s, note->text, note->actor, note->is_private),
                           text_of(note, ret->arena), tcn_arena_strdup(ret->arena, note->actor));
    if (note->at_ms > 0 && note->at_ms < now_ms)
        e->event_ms = note->at_ms;
    e->to_tickets = true;
    tcn_decision_tell_tickets(ret, i);
    tcn_step_end(&s);
    return 0;
}

int tcn_engine_hear_again(struct tcn_aggregate *aggregate, const struct tcn_event *known,
                          const struct tcn_heard_note *note, int64_t now_ms,
                          struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    const struct tcn_custom_event_turn turn = {.aggregate = aggregate, .known = known};
    struct tcn_custom_event change = {.actor = note->actor};
    int r = check(&aggregate->incident, note, err);

    if (r < 0)
        return r;
    change.data = tcn_event_data_note(&s, note->text, note->actor, note->is_private);
    change.text = text_of(note, ret->arena);
    return tcn_engine_event_update(&turn, &change, now_ms, ret, err);
}
