#include "engine/event_data.h"
#include "engine/related_change.h"

#include <assert.h>

#define DATA_MAX (512u << 10) /* a summary of 8,000 code points, every byte escaped, and the rest */
#define NAME_POINTS 2000      /* longest name or message of ours that goes into eventData */
#define ROOM 1024             /* for most of them: what is longer is allocated */

/* What stands before a value. */
#define KEY(name) TCN_STR(",\"" name "\":")

static void open_object(struct tcn_buf *b, char room[ROOM])
{
    tcn_buf_init_in(b, DATA_MAX, room, ROOM);
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

/* The first has no comma before it. */
static void add_key(struct tcn_buf *b, struct tcn_str key)
{
    size_t comma = b->ptr[b->len - 1] == '{';

    tcn_buf_add(b, key.ptr + comma, key.len - comma);
}

static void member_str(struct tcn_buf *b, struct tcn_str key, struct tcn_str value)
{
    add_key(b, key);
    tcn_buf_json(b, value);
}

/* An absent value is an absent member. */
static void member(struct tcn_buf *b, struct tcn_str key, const char *value)
{
    if (value)
        member_str(b, key, tcn_utf8_cut(tcn_str(value), NAME_POINTS));
}

static const char *contact_arn(const struct tcn_step *s, const char *alias)
{
    const struct tcn_directory *d = s->directory;

    return d ? TCN_JOIN(s->d->arena, "arn:aws:ssm-contacts:", d->region, ":", d->account_id,
                        ":contact/", alias)
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
    return TCN_JOIN(s->d->arena, "arn:aws:ssm-contacts:", d->region, ":", d->account_id, ":", kind,
                    "/", alias, "/", text);
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
    struct tcn_str raw = t->is_stated ? tcn_utf8_cut(t->raw, TCN_RAW_DATA_MAX)
                                      : tcn_utf8_cut_bytes(t->raw, TCN_RAW_DATA_MAX);
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    add_key(&b, KEY("createdIncident"));
    tcn_buf_z(&b, created_incident ? "true" : "false");
    member(&b, KEY("incidentSource"), t->source);
    member(&b, KEY("triggerArn"), t->trigger_arn);
    if (raw.len > 0 && tcn_utf8_ok(raw))
        member_str(&b, KEY("rawData"), raw);
    return close_object(s, &b);
}

const char *tcn_event_data_start(const struct tcn_step *s, const struct tcn_response_plan *plan)
{
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    member(&b, KEY("incidentTitle"), s->a->incident.title);
    add_key(&b, KEY("contactsEngage"));
    tcn_buf_char(&b, '[');
    for (size_t i = 0; plan && i < plan->n_engagements; i++) {
        const struct tcn_contact *c =
            s->directory ? tcn_directory_contact(s->directory, plan->engagements[i]) : NULL;

        tcn_buf_z(&b, i > 0 ? ",{" : "{");
        member(&b, KEY("contactArn"), contact_arn(s, plan->engagements[i]));
        member(&b, KEY("contactName"),
               c && c->display_name ? c->display_name : plan->engagements[i]);
        tcn_buf_char(&b, '}');
    }
    tcn_buf_char(&b, ']');
    member(&b, KEY("triggerArn"), s->a->incident.trigger_arn);
    return close_object(s, &b);
}

const char *tcn_event_data_update(const struct tcn_step *s, const struct tcn_attribute *attributes,
                                  size_t n, const char *actor)
{
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    member(&b, KEY("modifiedBy"), actor_arn(s, actor));
    add_key(&b, KEY("modifiedAttributes"));
    tcn_buf_char(&b, '[');
    for (size_t i = 0; i < n; i++) {
        tcn_buf_z(&b, i > 0 ? ",{" : "{");
        member(&b, KEY("attributeName"), attributes[i].name);
        member_str(&b, KEY("newValue"),
                   tcn_utf8_cut(tcn_str(attributes[i].value), TCN_SUMMARY_MAX));
        tcn_buf_char(&b, '}');
    }
    tcn_buf_char(&b, ']');
    member(&b, KEY("incidentTitle"), s->a->incident.title);
    return close_object(s, &b);
}

/* [OPEN"ARN"CLOSE, ...] */
static void add_topics(struct tcn_buf *b, const struct tcn_topics *topics, const char *open,
                       const char *close)
{
    tcn_buf_char(b, '[');
    for (size_t i = 0; i < topics->n; i++) {
        tcn_buf_z(b, i > 0 ? "," : "");
        tcn_buf_z(b, open);
        tcn_buf_json(b, tcn_str(topics->arns[i]));
        tcn_buf_z(b, close);
    }
    tcn_buf_char(b, ']');
}

const char *tcn_event_data_targets(const struct tcn_step *s, const struct tcn_topics *topics)
{
    struct tcn_buf b;
    char room[ROOM];
    const char *text;

    tcn_buf_init_in(&b, DATA_MAX, room, ROOM);
    add_topics(&b, topics, "{\"snsTopicArn\":", "}");
    assert(tcn_buf_ok(&b));
    text = tcn_arena_strndup(s->d->arena, b.ptr, b.len);
    tcn_buf_done(&b);
    return text;
}

const char *tcn_event_data_chat(const struct tcn_step *s, const struct tcn_topics *topics)
{
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    add_key(&b, topics->n > 0 ? KEY("chatbotSns") : KEY("empty"));
    if (topics->n > 0)
        add_topics(&b, topics, "", "");
    else
        tcn_buf_z(&b, "{}");
    return close_object(s, &b);
}

/* A value that is a structure is a JSON text already. */
static void add_value(struct tcn_buf *b, const struct tcn_related_item *item)
{
    tcn_buf_json(b, tcn_str(item->value_kind));
    tcn_buf_char(b, ':');
    if (strcmp(item->value_kind, TCN_RELATED_DETAIL) == 0)
        tcn_buf_z(b, item->value);
    else
        tcn_buf_json(b, tcn_utf8_cut(tcn_str(item->value), NAME_POINTS));
}

/* Type and value, without braces. */
static void identifier(struct tcn_buf *b, const struct tcn_related_item *item)
{
    member(b, KEY("type"), item->type);
    tcn_buf_z(b, ",\"value\":{");
    if (item->value)
        add_value(b, item);
    tcn_buf_char(b, '}');
}

const char *tcn_event_item_added(const struct tcn_step *s, const struct tcn_related_item *item)
{
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    tcn_buf_z(&b, "\"itemToAdd\":{\"identifier\":{");
    identifier(&b, item);
    tcn_buf_char(&b, '}');
    member(&b, KEY("title"), item->title);
    tcn_buf_char(&b, '}');
    return close_object(s, &b);
}

const char *tcn_event_item_removed(const struct tcn_step *s, const struct tcn_related_item *item)
{
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    tcn_buf_z(&b, "\"itemToRemove\":{");
    identifier(&b, item);
    tcn_buf_char(&b, '}');
    return close_object(s, &b);
}

const char *tcn_event_data_related(const struct tcn_step *s, const struct tcn_related_item *item,
                                   const char *actor)
{
    const struct tcn_attribute added = {"relatedItems", tcn_event_item_added(s, item)};

    return tcn_event_data_update(s, &added, 1, actor);
}

const char *tcn_event_data_page(const struct tcn_step *s, const struct tcn_engagement *e,
                                const struct tcn_page *p, const char *note)
{
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    member(&b, KEY("contactArn"), contact_arn(s, p->contact));
    member(&b, KEY("engagementArn"), child_arn(s, "engagement", e->contact, e->id));
    member(&b, KEY("pageArn"), child_arn(s, "page", p->contact, p->id));
    member(&b, KEY("contactName"), p->contact);
    member(&b, KEY("channelName"), p->channel);
    if (note)
        member_str(&b, KEY("note"), tcn_utf8_cut(tcn_str(note), TCN_NOTE_MAX));
    return close_object(s, &b);
}

const char *tcn_event_data_message(const struct tcn_step *s, const char *message)
{
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    member(&b, KEY("message"), message);
    return close_object(s, &b);
}

const char *tcn_event_data_note(const struct tcn_step *s, const char *text, const char *actor,
                                bool is_private)
{
    struct tcn_buf b;
    char room[ROOM];

    open_object(&b, room);
    member(&b, KEY("author"), actor_arn(s, actor));
    member_str(&b, KEY("text"), tcn_utf8_cut(tcn_str(text), TCN_NOTE_MAX));
    if (is_private)
        tcn_buf_z(&b, ",\"private\":true");
    return close_object(s, &b);
}

static const char *reference(const struct tcn_step *s, const char *arn)
{
    struct tcn_buf b;
    char room[ROOM];
    const char *text;

    if (!arn)
        return NULL;
    tcn_buf_init_in(&b, DATA_MAX, room, ROOM);
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
    return reference(s, TCN_JOIN(s->d->arena, "arn:aws:ssm-incidents::", s->directory->account_id,
                                 ":incident-record/", i->response_plan, "/", id));
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
