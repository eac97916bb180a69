#include "engine/step.h"
#include "engine/engine.h"
#include "engine/event_data.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define SENTENCE_MAX 4096

/* Another lane, or a person, may have resolved the incident while this lane waited or flapped. */
static void forget_stale(struct tcn_aggregate *a)
{
    if (!tcn_aggregate_is_joined(a) || tcn_aggregate_is_open(a))
        return;
    a->lane.resolve_due_ms = 0;
    a->lane.is_flapping = false;
    a->lane.flap_told_ms = 0;
    a->lane.stale_due_ms = 0;
}

struct tcn_step tcn_step_begin(struct tcn_aggregate *a, const struct tcn_directory *directory,
                               uint32_t salt, int64_t now_ms, struct tcn_decision *ret)
{
    assert(now_ms > 0);
    forget_stale(a);
    ret->subject = a;
    if (directory)
        ret->directory = directory;
    return (struct tcn_step){a, ret->directory, salt, now_ms, ret};
}

/* A stage without targets changes an engagement and nothing else: it must be written all the same. */
void tcn_step_end(const struct tcn_step *s)
{
    const struct tcn_aggregate *a = s->d->subject;

    for (size_t i = 0; i < a->n_engagements; i++)
        s->d->incident_changed |= a->engagements[i].is_dirty;
    s->d->next_due_ms = tcn_engine_next_due(a);
}

/* A sentence that is too long loses its last code point too, since that may be cut in the middle. */
__attribute__((format(printf, 2, 0))) static const char *sentence(const struct tcn_step *s,
                                                                  const char *fmt, va_list args)
{
    char text[SENTENCE_MAX];
    int n = vsnprintf(text, sizeof text, fmt, args);
    size_t len = n < 0 ? 0 : (size_t)n;

    if (len >= sizeof text) {
        len = sizeof text - 1;
        while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
            len--;
        if (len > 0)
            len--;
    }
    return tcn_arena_strndup(s->d->arena, text, len);
}

static struct tcn_event *say(const struct tcn_step *s, const char *text)
{
    return tcn_decision_event(s->d, &s->a->incident, s->now_ms, TCN_EVENT_TOCSIN,
                              tcn_event_data_message(s, text), text, "tocsin");
}

void tcn_step_say(const struct tcn_step *s, bool to_tickets, const char *fmt, ...)
{
    va_list args;
    const char *text;

    va_start(args, fmt);
    text = sentence(s, fmt, args);
    va_end(args);
    say(s, text)->to_tickets = to_tickets;
    if (to_tickets)
        tcn_decision_tell_tickets(s->d, &s->a->incident);
}

void tcn_step_say_again(const struct tcn_step *s, const char *fmt, ...)
{
    va_list args;

    if (!tcn_step_has_room(s))
        return;
    va_start(args, fmt);
    say(s, sentence(s, fmt, args));
    va_end(args);
}

bool tcn_step_has_room(const struct tcn_step *s)
{
    return s->a->incident.event_seq < TCN_EVENTS_MAX - TCN_EVENTS_OF_PEOPLE;
}

const char *tcn_step_source_actor(const struct tcn_step *s, const char *name)
{
    return TCN_JOIN(s->d->arena, "source:", name);
}

const char *tcn_step_cut(const struct tcn_step *s, const char *text, size_t max_points)
{
    struct tcn_str cut;

    if (!text)
        return NULL;
    cut = tcn_utf8_cut(tcn_str(text), max_points);
    return tcn_arena_strndup(s->d->arena, cut.ptr, cut.len);
}
