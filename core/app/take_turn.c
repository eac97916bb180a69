#include "app/take_turn.h"

#include "app/catalog.h"
#include "app/turn.h"
#include "engine/milestone.h"

#include <stdlib.h>

/* One record's news on its way into the incident. */
struct take {
    const struct tcn_link *link;
    const struct tcn_taken *taken;
    const char *actor;
    struct tcn_arena arena;
    struct tcn_aggregate a;
    struct tcn_decision d;
    int64_t now_ms;
};

static const char *text_of(const struct take *x, const char *field)
{
    return json_string_value(json_object_get(x->taken->fields, field));
}

static const char *name_of(const struct take *x)
{
    const char *key = x->link->remote_key;

    return key && key[0] ? key : "The record";
}

static void tell(struct take *x, const char *text)
{
    json_t *data = json_pack("{s:s}", "message", text);
    char *dumped = json_dumps(data, JSON_COMPACT);

    tcn_decision_event(&x->d, &x->a.incident, x->now_ms, TCN_EVENT_TOCSIN,
                       tcn_arena_strdup(&x->arena, dumped), text, x->actor);
    free(dumped);
    json_decref(data);
}

/* Texts and impact: the record's people may have written what no incident takes. */
static int take_texts(struct take *x, struct tcn_err *err)
{
    const struct tcn_incident_update update = {
        .title = text_of(x, "title"),
        .summary = text_of(x, "summary"),
        .impact = (int)json_integer_value(json_object_get(x->taken->fields, "impact")),
        .actor = x->actor,
    };
    struct tcn_err why;
    int r = tcn_engine_update(&x->a, &update, x->now_ms, &x->d, &why);

    if (r == TCN_EINVALID)
        tell(x, tcn_arena_fmt(&x->arena, "%s in %s was changed to what no incident can hold: %s",
                              name_of(x), x->link->connector, why.msg));
    else if (r < 0)
        *err = why;
    return r == TCN_EINVALID ? 0 : r;
}

static void take_assignee(struct take *x)
{
    const char *assignee = text_of(x, "assignee");

    if (assignee)
        tell(x, tcn_arena_fmt(&x->arena, "%s in %s is assigned to %s", name_of(x),
                              x->link->connector, assignee));
}

static int take_status(struct take *x, struct tcn_err *err)
{
    json_t *resolution = json_object_get(x->taken->fields, "resolution");
    struct tcn_incident_update update = {.actor = x->actor};
    int r;

    if (x->taken->status == TCN_CLASS_UNSET)
        return 0;
    update.status = x->taken->status == TCN_CLASS_RESOLVED ? TCN_STATUS_RESOLVED : TCN_STATUS_OPEN;
    update.resolution =
        (struct tcn_resolution){.code = json_string_value(json_object_get(resolution, "code")),
                                .notes = json_string_value(json_object_get(resolution, "notes")),
                                .by = x->actor};
    r = tcn_engine_update(&x->a, &update, x->now_ms, &x->d, err);
    if (r == 0 && x->taken->status == TCN_CLASS_ACKED)
        r = tcn_engine_acknowledge(&x->a, (struct tcn_id){{0}}, x->actor, NULL, x->now_ms, &x->d);
    return r;
}

static int take(struct take *x, struct tcn_store *s, const struct tcn_directory *declared,
                struct tcn_err *err)
{
    int r;

    x->actor = TCN_JOIN(&x->arena, "connector:", x->link->connector);
    tcn_decision_init(&x->d, &x->arena);
    x->d.subject = &x->a;
    if ((r = tcn_catalog_of(s, declared, x->now_ms, &x->d.directory, err)) < 0 ||
        (r = tcn_turn_load(s, x->link->incident, &x->arena, &x->a, err)) < 0 ||
        (r = take_texts(x, err)) < 0 || (r = take_status(x, err)) < 0)
        return r;
    take_assignee(x);
    x->d.next_due_ms = tcn_engine_next_due(&x->a);
    tcn_milestones_note(x->taken->milestones, &x->d);
    return tcn_turn_write(s, &x->d, NULL, x->now_ms, err);
}

int tcn_take_turn(struct tcn_store *s, const struct tcn_directory *declared,
                  const struct tcn_link *link, const struct tcn_taken *taken, int64_t now_ms,
                  struct tcn_err *err)
{
    struct take x = {.link = link, .taken = taken, .now_ms = now_ms};
    int r;

    tcn_arena_init(&x.arena, TCN_TURN_ARENA);
    r = take(&x, s, declared, err);
    tcn_arena_done(&x.arena);
    return r == TCN_ENOTFOUND ? 0 : r;
}
