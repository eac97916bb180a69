#include "engine/custom_event.h"
#include "base/datetime.h"
#include "base/text.h"
#include "engine/arn.h"
#include "engine/event_data.h"

#define REFERENCES_BYTES ((size_t)64 << 10) /* ten of a thousand code points, escaped */

/* -- what may be written ------------------------------------------------------------------------------------------ */

static bool is_of_people(const char *type)
{
    return strcmp(type, TCN_EVENT_CUSTOM) == 0 || strcmp(type, TCN_EVENT_NOTE) == 0;
}

static int check_data(const char *data, struct tcn_err *err)
{
    if (!tcn_utf8_ok(tcn_str(data)))
        return tcn_fail(err, TCN_EINVALID, "data is not UTF-8");
    if (tcn_utf8_count(tcn_str(data)) > TCN_EVENT_DATA_MAX)
        return tcn_fail(err, TCN_EINVALID, "data is longer than %d characters as JSON text",
                        TCN_EVENT_DATA_MAX);
    return 0;
}

static int check_references(const struct tcn_custom_event *e, struct tcn_err *err)
{
    if (e->n_references > TCN_EVENT_REFERENCES_MAX)
        return tcn_fail(err, TCN_EINVALID, "more than %d references", TCN_EVENT_REFERENCES_MAX);
    for (size_t i = 0; i < e->n_references; i++) {
        const struct tcn_event_reference *r = &e->references[i];

        if (!r->resource == !r->related)
            return tcn_fail(err, TCN_EINVALID,
                            "reference %zu is not either a resource or a related item", i + 1);
        if (r->resource && !tcn_is_arn(r->resource))
            return tcn_fail(err, TCN_EINVALID, "the resource of reference %zu is not " TCN_ARN_FORM,
                            i + 1);
    }
    return 0;
}

int tcn_custom_event_check(const struct tcn_custom_event *event, const char **ret_field,
                           struct tcn_err *err)
{
    int r = 0;

    *ret_field = "type";
    if (event->type && !is_of_people(event->type))
        return tcn_fail(err, TCN_EINVALID,
                        "type is neither \"" TCN_EVENT_CUSTOM "\" nor \"" TCN_EVENT_NOTE
                        "\": the other types are of what happened");
    *ret_field = "event_ms";
    if (event->event_ms < 0)
        return tcn_fail(err, TCN_EINVALID, "event time is before 1970");
    *ret_field = "data";
    if (event->data && (r = check_data(event->data, err)) < 0)
        return r;
    *ret_field = "references";
    return check_references(event, err);
}

static bool has_item(const struct tcn_custom_event_turn *t, const char *generated_id)
{
    for (size_t i = 0; i < t->n_related; i++)
        if (strcmp(t->related[i].generated_id, generated_id) == 0)
            return true;
    return false;
}

static int check_all(const struct tcn_custom_event_turn *t, const struct tcn_custom_event *e,
                     struct tcn_err *err)
{
    const char *field;
    int r;

    if (!t->aggregate->incident.exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if ((r = tcn_custom_event_check(e, &field, err)) < 0)
        return r;
    for (size_t i = 0; i < e->n_references; i++)
        if (e->references[i].related && !has_item(t, e->references[i].related))
            return tcn_fail(err, TCN_EINVALID,
                            "reference %zu: the incident has no related item with this id", i + 1);
    return 0;
}

/* -- eventReferences ---------------------------------------------------------------------------------------------- */

static void add_reference(struct tcn_buf *b, const struct tcn_event_reference *r)
{
    tcn_buf_z(b, r->resource ? "{\"resource\":" : "{\"relatedItemId\":");
    tcn_buf_json(b, tcn_str(r->resource ? r->resource : r->related));
    tcn_buf_char(b, '}');
}

/* NULL: there are none. */
static const char *references_text(const struct tcn_custom_event *e, struct tcn_arena *arena)
{
    const char *text;
    struct tcn_buf b;

    if (e->n_references == 0)
        return NULL;
    tcn_buf_init(&b, REFERENCES_BYTES);
    for (size_t i = 0; i < e->n_references; i++) {
        tcn_buf_char(&b, i > 0 ? ',' : '[');
        add_reference(&b, &e->references[i]);
    }
    tcn_buf_char(&b, ']');
    text = tcn_arena_strndup(arena, b.ptr, b.len);
    tcn_buf_done(&b);
    return text;
}

/* -- decisions ---------------------------------------------------------------------------------------------------- */

static int check_room(const struct tcn_incident *i, struct tcn_err *err)
{
    if (i->event_seq >= TCN_EVENTS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "the timeline has %d events already", TCN_EVENTS_MAX);
    return 0;
}

int tcn_engine_event_create(const struct tcn_custom_event_turn *turn,
                            const struct tcn_custom_event *event, int64_t now_ms,
                            struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(turn->aggregate, ret->directory, 0, now_ms, ret);
    struct tcn_incident *i = &turn->aggregate->incident;
    struct tcn_event *e;
    int r;

    if ((r = check_all(turn, event, err)) < 0 || (r = check_room(i, err)) < 0)
        return r;
    e = tcn_decision_event(ret, i, now_ms, event->type ? event->type : TCN_EVENT_CUSTOM,
                           tcn_arena_strdup(ret->arena, event->data ? event->data : "\"\""),
                           tcn_arena_strdup(ret->arena, event->text),
                           tcn_arena_strdup(ret->arena, event->actor));
    e->event_ms = event->event_ms ? event->event_ms : now_ms;
    e->references = references_text(event, ret->arena);
    tcn_step_end(&s);
    return 0;
}

static int check_known(const struct tcn_event *known, const char *what, struct tcn_err *err)
{
    if (is_of_people(known->type))
        return 0;
    return tcn_fail(err, TCN_ECONFLICT,
                    "an event of the type \"%s\" says what happened and cannot be %s; only "
                    "\"" TCN_EVENT_CUSTOM "\" and \"" TCN_EVENT_NOTE "\" can",
                    known->type, what);
}

static bool differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

/* The data of a note for the tickets has a sentence always. */
static void change_data(struct tcn_event *e, const struct tcn_custom_event *change,
                        struct tcn_arena *arena)
{
    e->data = tcn_arena_strdup(arena, change->data);
    e->text = tcn_arena_strdup(arena, change->text);
    if (e->to_tickets && !e->text)
        e->text = e->data;
}

/* Returns which members differ, for people; "" is none. */
static const char *apply(struct tcn_event *e, const struct tcn_custom_event *change,
                         struct tcn_arena *arena)
{
    const char *references = references_text(change, arena);
    bool time = change->event_ms != 0 && change->event_ms != e->event_ms;
    bool type = change->type && differs(change->type, e->type);
    bool data = change->data && differs(change->data, e->data);
    bool refs = change->has_references && differs(references, e->references);
    const char *all;

    if (time)
        e->event_ms = change->event_ms;
    if (type)
        e->type = tcn_arena_strdup(arena, change->type);
    if (data)
        change_data(e, change, arena);
    if (refs)
        e->references = references;
    all = tcn_arena_fmt(arena, "%s%s%s%s", time ? ", time" : "", type ? ", type" : "",
                        data ? ", data" : "", refs ? ", references" : "");
    return *all ? all + 2 : all;
}

/* One of Tocsin's own, by whoever changed something. */
static void tell(const struct tcn_step *s, const char *text, const char *actor)
{
    tcn_decision_event(s->d, &s->a->incident, s->now_ms, TCN_EVENT_TOCSIN,
                       tcn_event_data_message(s, text), text, actor);
}

int tcn_engine_event_update(const struct tcn_custom_event_turn *turn,
                            const struct tcn_custom_event *change, int64_t now_ms,
                            struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(turn->aggregate, ret->directory, 0, now_ms, ret);
    const char *actor = tcn_arena_strdup(ret->arena, change->actor), *members;
    struct tcn_event e = *turn->known;
    char id[TCN_ID_TEXT];
    int r;

    if ((r = check_all(turn, change, err)) < 0 || (r = check_known(&e, "changed", err)) < 0)
        return r;
    members = apply(&e, change, ret->arena);
    if (*members && (r = check_room(&turn->aggregate->incident, err)) < 0)
        return r;
    if (*members) {
        e.updated_ms = now_ms > e.updated_ms ? now_ms : e.updated_ms;
        *TCN_VEC_PUSH(ret->arena, &ret->rewritten) = e;
        tcn_id_text(e.id, id);
        tell(&s,
             tcn_arena_fmt(ret->arena, "%s changed the event %s: %s", actor ? actor : "somebody",
                           id, members),
             actor);
    }
    tcn_step_end(&s);
    return 0;
}

/* A timeline that is full can lose what somebody should not have written: nothing is added. */
static struct tcn_event deleted(const struct tcn_step *s, const struct tcn_event *known,
                                const char *actor)
{
    char id[TCN_ID_TEXT], at[TCN_TIME_TEXT];
    const char *text;

    tcn_id_text(known->id, id);
    tcn_time_text(known->event_ms, at);
    text = tcn_arena_fmt(s->d->arena, "%s deleted the event %s, a %s of %s by %s",
                         actor ? actor : "somebody", id, known->type, at,
                         known->actor ? known->actor : "somebody");
    return (struct tcn_event){.id = tcn_id_child(known->id, "deleted", 0),
                              .seq = known->seq,
                              .event_ms = s->now_ms,
                              .updated_ms = s->now_ms,
                              .type = TCN_EVENT_TOCSIN,
                              .data = tcn_event_data_message(s, text),
                              .text = text,
                              .actor = actor};
}

int tcn_engine_event_delete(const struct tcn_custom_event_turn *turn, const char *actor,
                            int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(turn->aggregate, ret->directory, 0, now_ms, ret);
    int r;

    if (!turn->aggregate->incident.exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if ((r = check_known(turn->known, "deleted", err)) < 0)
        return r;
    *TCN_VEC_PUSH(ret->arena, &ret->rewritten) =
        deleted(&s, turn->known, tcn_arena_strdup(ret->arena, actor));
    ret->incident_changed = true;
    tcn_step_end(&s);
    return 0;
}
