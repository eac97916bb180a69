#include "engine/event_data.h"

#include <assert.h>

#define DATA_MAX (512u << 10) /* a summary of 8,000 code points, every byte escaped, and the rest */
#define NAME_POINTS 2000      /* longest name or message of ours that goes into eventData */

static void open_object(struct tcn_buf *b)
{
    tcn_buf_init(b, DATA_MAX);
    tcn_buf_char(b, '{');
}

static const char *close_object(const struct tcn_step *s, struct tcn_buf *b)
{
    const char *text;

    tcn_buf_char(b, '}');
    assert(tcn_buf_ok(b));
    text = tcn_arena_strndup(s->d->arena, b->ptr, b->len);
    tcn_buf_done(b);
    return text;
}

static void key(struct tcn_buf *b, const char *name)
{
    if (b->ptr[b->len - 1] != '{')
        tcn_buf_char(b, ',');
    tcn_buf_json(b, tcn_str(name));
    tcn_buf_char(b, ':');
}

static void member_str(struct tcn_buf *b, const char *name, struct tcn_str value)
{
    key(b, name);
    tcn_buf_json(b, value);
}

/* An absent value is an absent member. */
static void member(struct tcn_buf *b, const char *name, const char *value)
{
    if (value)
        member_str(b, name, tcn_utf8_cut(tcn_str(value), NAME_POINTS));
}

static const char *contact_arn(const struct tcn_step *s, const char *alias)
{
    const struct tcn_directory *d = s->directory;

    return d ? tcn_arena_fmt(s->d->arena, "arn:aws:ssm-contacts:%s:%s:contact/%s", d->region,
                             d->account_id, alias)
             : NULL;
}

static const char *child_arn(const struct tcn_step *s, const char *kind, const char *alias,
                             struct tcn_id id)
{
    const struct tcn_directory *d = s->directory;
    char text[TCN_ID_TEXT];

    if (!d)
        return NULL;
    tcn_id_text(id, text);
    return tcn_arena_fmt(s->d->arena, "arn:aws:ssm-contacts:%s:%s:%s/%s/%s", d->region,
                         d->account_id, kind, alias, text);
}

/* A person of the directory by ARN; other actors stay as they are (an API caller is an ARN already). */
static const char *actor_arn(const struct tcn_step *s, const char *actor)
{
    static const char prefix[] = "contact:";

    if (actor && s->directory && strncmp(actor, prefix, sizeof prefix - 1) == 0)
        return contact_arn(s, actor + sizeof prefix - 1);
    return actor;
}

const char *tcn_event_data_trigger(const struct tcn_step *s, const struct tcn_trigger *t,
                                   bool created_incident)
{
    struct tcn_str raw = tcn_utf8_cut_bytes(t->raw, TCN_RAW_DATA_MAX);
    struct tcn_buf b;

    open_object(&b);
    key(&b, "createdIncident");
    tcn_buf_z(&b, created_incident ? "true" : "false");
    member(&b, "incidentSource", t->source);
    member(&b, "triggerArn", t->trigger_arn);
    if (raw.len > 0 && tcn_utf8_ok(raw))
        member_str(&b, "rawData", raw);
    return close_object(s, &b);
}

const char *tcn_event_data_start(const struct tcn_step *s, const struct tcn_response_plan *plan)
{
    struct tcn_buf b;

    open_object(&b);
    member(&b, "incidentTitle", s->a->incident.title);
    key(&b, "contactsEngage");
    tcn_buf_char(&b, '[');
    for (size_t i = 0; plan && i < plan->n_engagements; i++) {
        const struct tcn_contact *c =
            s->directory ? tcn_directory_contact(s->directory, plan->engagements[i]) : NULL;

        tcn_buf_z(&b, i > 0 ? ",{" : "{");
        member(&b, "contactArn", contact_arn(s, plan->engagements[i]));
        member(&b, "contactName", c && c->display_name ? c->display_name : plan->engagements[i]);
        tcn_buf_char(&b, '}');
    }
    tcn_buf_char(&b, ']');
    member(&b, "triggerArn", s->a->incident.trigger_arn);
    return close_object(s, &b);
}

const char *tcn_event_data_update(const struct tcn_step *s, const struct tcn_attribute *attributes,
                                  size_t n, const char *actor)
{
    struct tcn_buf b;

    open_object(&b);
    member(&b, "modifiedBy", actor_arn(s, actor));
    key(&b, "modifiedAttributes");
    tcn_buf_char(&b, '[');
    for (size_t i = 0; i < n; i++) {
        tcn_buf_z(&b, i > 0 ? ",{" : "{");
        member(&b, "attributeName", attributes[i].name);
        member_str(&b, "newValue", tcn_utf8_cut(tcn_str(attributes[i].value), TCN_SUMMARY_MAX));
        tcn_buf_char(&b, '}');
    }
    tcn_buf_char(&b, ']');
    member(&b, "incidentTitle", s->a->incident.title);
    return close_object(s, &b);
}

/* As ssm-incidents prints an item that was added. */
static const char *item_to_add(const struct tcn_step *s, const struct tcn_related_item *item)
{
    struct tcn_buf b;

    open_object(&b);
    tcn_buf_z(&b, "\"itemToAdd\":{\"identifier\":{");
    member(&b, "type", item->type);
    tcn_buf_z(&b, ",\"value\":{");
    member(&b, item->value_kind, item->value);
    tcn_buf_z(&b, "}}");
    member(&b, "title", item->title);
    tcn_buf_char(&b, '}');
    return close_object(s, &b);
}

const char *tcn_event_data_related(const struct tcn_step *s, const struct tcn_related_item *item,
                                   const char *actor)
{
    const struct tcn_attribute added = {"relatedItems", item_to_add(s, item)};

    return tcn_event_data_update(s, &added, 1, actor);
}

const char *tcn_event_data_page(const struct tcn_step *s, const struct tcn_engagement *e,
                                const struct tcn_page *p, const char *note)
{
    struct tcn_buf b;

    open_object(&b);
    member(&b, "contactArn", contact_arn(s, p->contact));
    member(&b, "engagementArn", child_arn(s, "engagement", e->contact, e->id));
    member(&b, "pageArn", child_arn(s, "page", p->contact, p->id));
    member(&b, "contactName", p->contact);
    member(&b, "channelName", p->channel);
    if (note)
        member_str(&b, "note", tcn_utf8_cut(tcn_str(note), TCN_NOTE_MAX));
    return close_object(s, &b);
}

const char *tcn_event_data_message(const struct tcn_step *s, const char *message)
{
    struct tcn_buf b;

    open_object(&b);
    member(&b, "message", message);
    return close_object(s, &b);
}

const char *tcn_event_data_note(const struct tcn_step *s, const char *text, const char *actor)
{
    struct tcn_buf b;

    open_object(&b);
    member(&b, "author", actor_arn(s, actor));
    member_str(&b, "text", tcn_utf8_cut(tcn_str(text), TCN_NOTE_MAX));
    return close_object(s, &b);
}

static const char *reference(const struct tcn_step *s, const char *arn)
{
    struct tcn_buf b;
    const char *text;

    if (!arn)
        return NULL;
    tcn_buf_init(&b, DATA_MAX);
    tcn_buf_z(&b, "[{\"resource\":");
    tcn_buf_json(&b, tcn_str(arn));
    tcn_buf_z(&b, "}]");
    text = tcn_arena_strndup(s->d->arena, b.ptr, b.len);
    tcn_buf_done(&b);
    return text;
}

const char *tcn_event_ref_incident(const struct tcn_step *s)
{
    const struct tcn_incident *i = &s->a->incident;
    char id[TCN_ID_TEXT];

    if (!s->directory)
        return NULL;
    tcn_id_text(i->id, id);
    return reference(s,
                     tcn_arena_fmt(s->d->arena, "arn:aws:ssm-incidents::%s:incident-record/%s/%s",
                                   s->directory->account_id, i->response_plan, id));
}

const char *tcn_event_ref_related(const struct tcn_step *s, const struct tcn_related_item *item)
{
    const char *incident = tcn_event_ref_incident(s);

    if (!incident)
        return NULL;
    return tcn_arena_fmt(s->d->arena, "%.*s,{\"relatedItemId\":\"%s\"}]", (int)strlen(incident) - 1,
                         incident, item->generated_id);
}

const char *tcn_event_ref_engagement(const struct tcn_step *s, const struct tcn_engagement *e)
{
    return reference(s, child_arn(s, "engagement", e->contact, e->id));
}
