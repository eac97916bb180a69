#include "app/take_turn.h"

#include "app/amendment.h"
#include "app/remark.h"
#include "engine/milestone.h"

/* One record's news on its way into the incident. */
struct take {
    const struct tcn_link *link;
    const struct tcn_taken *taken;
    const char *actor;
    struct tcn_amendment c;
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
    tcn_remark_add(&x->c.d, &(struct tcn_remark){.text = text, .actor = x->actor}, x->now_ms);
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
    int r = tcn_engine_update(&x->c.a, &update, x->now_ms, &x->c.d, &why);

    if (r == TCN_EINVALID)
        tell(x, tcn_arena_fmt(&x->c.arena, "%s in %s was changed to what no incident can hold: %s",
                              name_of(x), x->link->connector, why.msg));
    else if (r < 0)
        *err = why;
    return r == TCN_EINVALID ? 0 : r;
}

static void take_assignee(struct take *x)
{
    const char *assignee = text_of(x, "assignee");

    if (assignee)
        tell(x, tcn_arena_fmt(&x->c.arena, "%s in %s is assigned to %s", name_of(x),
                              x->link->connector, assignee));
}

/* True when its alarms have another incident by now, which is open: two would share what they say. */
static int is_succeeded(struct take *x, struct tcn_store *s, bool *ret, struct tcn_err *err)
{
    struct tcn_id other;
    char id[TCN_ID_TEXT];
    int r = tcn_turn_other_open(s, &x->c.a.incident, &other, err);

    *ret = r == 0;
    if (r == 0) {
        tcn_id_text(other, id);
        tell(x, tcn_arena_fmt(&x->c.arena,
                              "%s in %s was opened again. This incident stays resolved, for "
                              "incident %s is open with the same dedupe string",
                              name_of(x), x->link->connector, id));
    }
    return r == TCN_ENOTFOUND ? 0 : r;
}

static int take_status(struct take *x, struct tcn_store *s, struct tcn_err *err)
{
    json_t *resolution = json_object_get(x->taken->fields, "resolution");
    struct tcn_incident_update update = {.actor = x->actor};
    bool is_over = false;
    int r = 0;

    if (x->taken->status != TCN_CLASS_RESOLVED && x->taken->status != TCN_CLASS_UNSET)
        r = is_succeeded(x, s, &is_over, err);
    if (r < 0 || is_over || x->taken->status == TCN_CLASS_UNSET)
        return r;
    update.status = x->taken->status == TCN_CLASS_RESOLVED ? TCN_STATUS_RESOLVED : TCN_STATUS_OPEN;
    update.resolution =
        (struct tcn_resolution){.code = json_string_value(json_object_get(resolution, "code")),
                                .notes = json_string_value(json_object_get(resolution, "notes")),
                                .by = x->actor};
    r = tcn_engine_update(&x->c.a, &update, x->now_ms, &x->c.d, err);
    if (r == 0 && x->taken->status == TCN_CLASS_ACKED)
        r = tcn_engine_acknowledge(&x->c.a, (struct tcn_id){{0}}, x->actor, NULL, x->now_ms,
                                   &x->c.d);
    return r;
}

static int take(struct take *x, struct tcn_store *s, struct tcn_err *err)
{
    int r;

    x->actor = TCN_JOIN(&x->c.arena, "connector:", x->link->connector);
    if ((r = take_texts(x, err)) < 0 || (r = take_status(x, s, err)) < 0)
        return r;
    take_assignee(x);
    x->c.d.next_due_ms = tcn_engine_next_due(&x->c.a);
    tcn_milestones_note(x->taken->milestones, &x->c.d);
    return 0;
}

int tcn_take_turn(struct tcn_store *s, const struct tcn_directory *declared,
                  const struct tcn_link *link, const struct tcn_taken *taken, int64_t now_ms,
                  struct tcn_err *err)
{
    struct take x = {.link = link, .taken = taken, .now_ms = now_ms};
    int r = tcn_amendment_begin(&x.c, s, declared, link->incident, now_ms, err);

    if (r == 0)
        r = take(&x, s, err);
    return tcn_amendment_end(&x.c, s, r, now_ms, err);
}
