/* What a person or an API call changes in an incident: status, texts, impact, notes (spec incidents-contacts 8.4). */
#include "engine/arn.h"
#include "engine/engine.h"
#include "engine/event_data.h"
#include "engine/incident.h"

#define CHANGES_MAX 6

struct changes {
    struct tcn_attribute items[CHANGES_MAX];
    size_t n;
    int impact_before;
};

static int check_text(const char *text, const char *name, bool may_be_empty, size_t max,
                      struct tcn_err *err)
{
    if (!text)
        return 0;
    if (!text[0] && !may_be_empty)
        return tcn_fail(err, TCN_EINVALID, "%s is empty", name);
    if (!tcn_utf8_ok(tcn_str(text)))
        return tcn_fail(err, TCN_EINVALID, "%s is not UTF-8", name);
    if (tcn_utf8_count(tcn_str(text)) > max)
        return tcn_fail(err, TCN_EINVALID, "%s is longer than %zu characters", name, max);
    return 0;
}

static int check_topics(const struct tcn_topics *topics, const char *name, size_t max,
                        struct tcn_err *err)
{
    if (!topics)
        return 0;
    if (topics->n > max)
        return tcn_fail(err, TCN_EINVALID, "%s has more than %zu topics", name, max);
    for (size_t i = 0; i < topics->n; i++)
        if (!tcn_is_topic_arn(topics->arns[i]))
            return tcn_fail(err, TCN_EINVALID, "%s: \"%.100s\" is not " TCN_TOPIC_ARN_FORM, name,
                            topics->arns[i]);
    return 0;
}

static int check(const struct tcn_incident_update *u, struct tcn_err *err)
{
    int r;

    if (u->status != TCN_STATUS_UNSET && u->status != TCN_STATUS_OPEN &&
        u->status != TCN_STATUS_RESOLVED)
        return tcn_fail(err, TCN_EINVALID, "status is neither OPEN nor RESOLVED");
    if (u->impact < 0 || u->impact > TCN_IMPACT_MAX)
        return tcn_fail(err, TCN_EINVALID, "impact is not in 1-5");
    if ((r = check_text(u->title, "title", false, TCN_TITLE_MAX, err)) < 0 ||
        (r = check_topics(u->notification_targets, "notificationTargets", TCN_TARGET_TOPICS_MAX,
                          err)) < 0 ||
        (r = check_topics(u->chat_channel, "chatChannel", TCN_CHAT_TOPICS_MAX, err)) < 0)
        return r;
    return check_text(u->summary, "summary", true, TCN_SUMMARY_MAX, err);
}

/* Reopened, nothing would ever be due of it. */
static int check_bare(const struct tcn_incident *i, const struct tcn_incident_update *u,
                      struct tcn_err *err)
{
    if (!i->is_bare || (u->status != TCN_STATUS_OPEN && !u->title && !u->summary && u->impact == 0))
        return 0;
    return tcn_fail(err, TCN_ECONFLICT,
                    "this is an engagement without an incident: it can be stopped, and nothing "
                    "else of it changed");
}

static void add(struct changes *c, const char *name, const char *value)
{
    c->items[c->n++] = (struct tcn_attribute){name, value};
}

static bool differs(const char *told, const char *known)
{
    return told && strcmp(told, known ? known : "") != 0;
}

static bool are_same(const struct tcn_topics *a, const struct tcn_topics *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (strcmp(a->arns[i], b->arns[i]) != 0)
            return false;
    return a->n == b->n;
}

/* Whether they are others. */
static bool change_topics(const struct tcn_step *s, const struct tcn_topics *told,
                          struct tcn_topics *known)
{
    const char **arns;

    if (!told || are_same(told, known))
        return false;
    arns = TCN_NEW_N(s->d->arena, const char *, told->n + 1);
    for (size_t i = 0; i < told->n; i++)
        arns[i] = tcn_arena_strdup(s->d->arena, told->arns[i]);
    *known = (struct tcn_topics){arns, told->n};
    s->d->topics_changed = true;
    return true;
}

static void change_record(const struct tcn_step *s, const struct tcn_incident_update *u,
                          struct changes *c)
{
    struct tcn_incident *i = &s->a->incident;

    if (differs(u->title, i->title)) {
        i->title = tcn_arena_strdup(s->d->arena, u->title);
        add(c, "title", i->title);
    }
    if (differs(u->summary, i->summary)) {
        i->summary = tcn_arena_strdup(s->d->arena, u->summary);
        add(c, "summary", i->summary);
    }
    if (u->impact != 0 && u->impact != i->impact) {
        c->impact_before = i->impact;
        i->impact = u->impact;
        add(c, "impact", tcn_arena_fmt(s->d->arena, "%d", u->impact));
    }
    if (change_topics(s, u->notification_targets, &i->notification_targets))
        add(c, "notificationTargets", tcn_event_data_targets(s, &i->notification_targets));
    if (change_topics(s, u->chat_channel, &i->chat_channel))
        add(c, "chatChannel", tcn_event_data_chat(s, &i->chat_channel));
}

/* Returns the sentence for people, NULL when the status stays. */
static const char *change_status(const struct tcn_step *s, const struct tcn_incident_update *u,
                                 const char *actor, struct changes *c)
{
    struct tcn_resolution resolution = u->resolution;
    const char *notes = resolution.notes;

    if (u->status == TCN_STATUS_UNSET || u->status == s->a->incident.status)
        return NULL;
    if (u->status == TCN_STATUS_OPEN) {
        tcn_incident_set_open(s);
        add(c, "status", "OPEN");
        return tcn_arena_fmt(s->d->arena, "reopened by %s", actor);
    }
    if (!resolution.by)
        resolution.by = actor;
    tcn_incident_set_resolved(s, &resolution);
    add(c, "status", "RESOLVED");
    return tcn_arena_fmt(s->d->arena, "resolved by %s%s%s", actor, notes ? ": " : "",
                         notes ? notes : "");
}

/* "changed by ann: title, impact 3 -> 1"; the texts are in the event's data. */
static const char *change_text(const struct tcn_step *s, const struct changes *c, const char *actor)
{
    const char *text = TCN_JOIN(s->d->arena, "changed by ", actor);

    for (size_t i = 0; i < c->n; i++) {
        bool is_impact = strcmp(c->items[i].name, "impact") == 0;

        text = TCN_JOIN(s->d->arena, text, i == 0 ? ": " : ", ", c->items[i].name);
        if (is_impact)
            text = tcn_arena_fmt(s->d->arena, "%s %d -> %s", text, c->impact_before,
                                 c->items[i].value);
    }
    return text;
}

int tcn_engine_update(struct tcn_aggregate *aggregate, const struct tcn_incident_update *update,
                      int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    const char *actor = update->actor ? update->actor : "somebody";
    struct changes c = {.n = 0};
    const char *told;
    int r;

    if (!aggregate->incident.exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if ((r = check(update, err)) < 0 || (r = check_bare(&aggregate->incident, update, err)) < 0)
        return r;
    change_record(&s, update, &c);
    told = change_status(&s, update, actor, &c);
    if (c.n > 0)
        tcn_incident_modified(&s, c.items, c.n, actor, told ? told : change_text(&s, &c, actor))
            ->to_tickets = told != NULL;
    tcn_step_end(&s);
    return 0;
}

int tcn_engine_note(struct tcn_aggregate *aggregate, const char *text, const char *actor,
                    int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_incident *i = &aggregate->incident;
    int r;

    if (!i->exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if (!text)
        return tcn_fail(err, TCN_EINVALID, "text is missing");
    if ((r = check_text(text, "text", false, TCN_NOTE_MAX, err)) < 0)
        return r;
    if (i->event_seq >= TCN_EVENTS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "the timeline has %d events already", TCN_EVENTS_MAX);
    tcn_decision_event(ret, i, now_ms, TCN_EVENT_NOTE, tcn_event_data_note(&s, text, actor, false),
                       tcn_arena_strdup(ret->arena, text), tcn_arena_strdup(ret->arena, actor))
        ->to_tickets = true;
    tcn_decision_tell_tickets(ret, i);
    tcn_step_end(&s);
    return 0;
}
