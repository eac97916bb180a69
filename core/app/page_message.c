#include "app/page_message.h"
#include "app/catalog.h"
#include "app/turn.h"
#include "base/datetime.h"
#include "connect/want.h"
#include "engine/budget.h"

#include <assert.h>
#include <string.h>

#define ENGAGED_LINES 20 /* of one instant */

const char *tcn_incident_url(const struct tcn_config *config, struct tcn_id incident,
                             struct tcn_arena *arena)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(incident, id);
    return tcn_arena_fmt(arena, "%s/v1/incidents/%s", config->public_url, id);
}

const struct tcn_page *tcn_page_among(const struct tcn_engagement *e, size_t n, struct tcn_id id)
{
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < e[i].n_pages; p++)
            if (tcn_id_eq(e[i].pages[p].id, id))
                return &e[i].pages[p];
    return NULL;
}

const char *tcn_page_ack_url(const struct tcn_config *config, const uint8_t ack_key[TCN_ACK_KEY],
                             struct tcn_id page, struct tcn_arena *arena)
{
    char token[TCN_ACK_TEXT];

    tcn_ack_token(ack_key, page, token);
    return tcn_arena_fmt(arena, "%s/ack/%s", config->public_url, token);
}

const char *tcn_page_name(const struct tcn_directory *directory, const char *alias)
{
    const struct tcn_contact *contact = tcn_directory_contact(directory, alias);

    return contact && contact->display_name ? contact->display_name : alias;
}

/* -- what it is about ------------------------------------------------------------------------------------------- */

static bool is_read_by_others(const struct tcn_send_row *row)
{
    return row->channel_type == TCN_SMS || row->channel_type == TCN_VOICE;
}

static void tell(const struct tcn_engagement_text *text, bool is_public,
                 struct tcn_incident *incident, struct tcn_arena *arena)
{
    if (!is_public) {
        incident->title = text->subject;
        incident->summary = text->content;
        return;
    }
    incident->title = text->public_subject
                          ? text->public_subject
                          : tcn_arena_fmt(arena, "Incident engagement from %s", text->sender);
    incident->summary = text->public_content;
}

int tcn_page_told(struct tcn_store *s, const struct tcn_send_row *row,
                  struct tcn_incident *incident, struct tcn_arena *arena, const char **ret_sender,
                  struct tcn_err *err)
{
    struct tcn_engaged engaged = {.text = {.sender = NULL}};
    int r = tcn_store_engaged_by_page(s, row->page, arena, &engaged, err);

    *ret_sender = engaged.text.sender;
    if (engaged.text.sender)
        tell(&engaged.text, is_read_by_others(row), incident, arena);
    if (incident->is_bare)
        incident->response_plan = NULL; /* which is not a plan without a name */
    return r == TCN_ENOTFOUND ? 0 : r;
}

/* -- why it is sent --------------------------------------------------------------------------------------------- */

static const struct tcn_engagement *engagement_of(const struct tcn_aggregate *a, struct tcn_id page)
{
    for (size_t i = 0; i < a->n_engagements; i++)
        if (tcn_page_among(&a->engagements[i], 1, page))
            return &a->engagements[i];
    return NULL;
}

/* Of "ACTOR engages CONTACT: WHY" the two ends; NULL: it is another sentence. */
static const char *read_engaged(const char *text, const char *contact, struct tcn_arena *arena)
{
    const char *verb = tcn_arena_fmt(arena, " engages %s", contact),
               *found = text ? strstr(text, verb) : NULL,
               *rest = found ? found + strlen(verb) : NULL;

    if (!rest || (*rest != '\0' && *rest != ':'))
        return NULL;
    return tcn_arena_fmt(arena, "engaged by %.*s%s", (int)(found - text), text, rest);
}

/* The line that was written with the engagement tells. *ret stays: it is one of the plan's. */
static int find_engaged(struct tcn_store *s, const struct tcn_incident *incident,
                        const struct tcn_engagement *e, struct tcn_arena *arena, const char **ret,
                        struct tcn_err *err)
{
    static const char *const types[] = {TCN_EVENT_TOCSIN};
    const struct tcn_event_filter filter = {.after_ms = e->start_ms - 1,
                                            .before_ms = e->start_ms + 1,
                                            .types = types,
                                            .n_types = 1,
                                            .oldest_first = true,
                                            .limit = ENGAGED_LINES};
    struct tcn_event *events = NULL;
    const char *told = NULL;
    size_t n = 0;
    int r;

    if (e->start_ms == incident->created_ms)
        return 0;
    r = tcn_store_event_page(s, incident->id, &filter, arena, &events, &n, err);
    for (size_t i = 0; r == 0 && !told && i < n; i++)
        told = read_engaged(events[i].text, e->contact, arena);
    if (told)
        *ret = told;
    return r;
}

int tcn_page_reason(struct tcn_store *s, const struct tcn_aggregate *a,
                    const struct tcn_send_row *row, struct tcn_arena *arena, const char **ret,
                    struct tcn_err *err)
{
    const struct tcn_engagement *e = engagement_of(a, row->page);
    const char *by = a->incident.acknowledged_by;

    *ret = "engaged by the response plan";
    if (row->send_no <= 1)
        return e ? find_engaged(s, &a->incident, e, arena, ret, err) : 0;
    *ret = a->incident.acknowledged_ms == 0 || !by
               ? "not acknowledged yet"
               : tcn_arena_fmt(arena, "acknowledged by %s, and not by you", by);
    return 0;
}

/* -- the message ------------------------------------------------------------------------------------------------ */

/* What it is made of. */
struct parts {
    const struct tcn_config *config;
    const struct tcn_directory *directory; /* in force */
    const uint8_t *ack_key;
    const struct tcn_incident *incident;
    const struct tcn_send_row *row;
    const struct tcn_page *page;
    const struct tcn_channel *channel;
    const char *why;
};

/* The root "event" of the mapping: the page as its text may use it. */
static json_t *event_json(const struct parts *p, int64_t now_ms, struct tcn_arena *arena)
{
    char at[TCN_TIME_TEXT];

    tcn_time_text(now_ms, at);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "kind", "page", "contact",
                     p->row->contact, "name", tcn_page_name(p->directory, p->row->contact), "to",
                     p->channel->address, "at", at, "code", p->page->accept_code, "send_no",
                     (json_int_t)p->row->send_no, "reason", p->why, "ack_url",
                     tcn_page_ack_url(p->config, p->ack_key, p->page->id, arena));
}

static json_t *evaluate(const struct parts *p, int64_t now_ms, struct tcn_arena *arena)
{
    const struct tcn_connector_config *c =
        tcn_config_connector(p->config, p->config->channel_connector[p->row->channel_type]);
    struct tcn_mapping_env env = {.now_ms = now_ms};
    json_t *message;

    assert(c);
    env.env = tcn_incident_json(p->incident, p->config->account_id,
                                tcn_incident_url(p->config, p->incident->id, arena));
    env.event = event_json(p, now_ms, arena);
    message = tcn_mapping_message(c->mapping, "page", &env);
    if (message)
        json_object_set_new(message, "to", json_string(p->channel->address));
    json_decref(env.env);
    json_decref(env.event);
    return message;
}

static int refuse(struct tcn_arena *arena, struct tcn_send_message *ret, const char *why,
                  const char *what)
{
    ret->payload = NULL;
    ret->why = tcn_arena_fmt(arena, "%s: %s", what, why);
    return 0;
}

int tcn_page_message(const struct tcn_config *config, const uint8_t ack_key[TCN_ACK_KEY],
                     struct tcn_store *s, const struct tcn_send_row *row, int64_t now_ms,
                     struct tcn_arena *arena, struct tcn_send_message *ret, struct tcn_err *err)
{
    const struct tcn_channel *channel;
    struct tcn_aggregate *a = TCN_NEW(arena, struct tcn_aggregate);
    struct parts p = {.config = config, .ack_key = ack_key, .incident = &a->incident, .row = row};
    const char *sender = NULL;
    int r = tcn_catalog_fresh(s, &config->directory, now_ms, &p.directory, err);

    if (r < 0)
        return r;
    /* The address is read at each send, so that a corrected number is used at once. */
    p.channel = channel = tcn_directory_channel(p.directory, row->contact, row->channel);
    if (!channel || !channel->is_activated)
        return refuse(arena, ret, "the channel is gone or not activated", row->channel);
    if (!config->channel_connector[row->channel_type])
        return refuse(arena, ret, "no connector sends such pages; see $.channels", row->channel);
    r = tcn_turn_load(s, row->incident, arena, a, err);
    if (r == TCN_ENOTFOUND) /* as an error it would hold back every other page, for ever */
        return refuse(arena, ret, "its incident is not in the store", row->channel);
    if (r < 0)
        return r;
    if (!(p.page = tcn_page_among(a->engagements, a->n_engagements, row->page)))
        return refuse(arena, ret, "its page is not in the store", row->channel);
    if ((r = tcn_page_reason(s, a, row, arena, &p.why, err)) < 0 ||
        (r = tcn_page_told(s, row, &a->incident, arena, &sender, err)) < 0)
        return r;
    if (sender && row->send_no <= 1)
        p.why = tcn_arena_fmt(arena, "engaged by %s", sender);
    ret->is_urgent = a->incident.impact == TCN_IMPACT_URGENT;
    ret->payload = evaluate(&p, now_ms, arena);
    if (!ret->payload)
        ret->why = "the mapping of the channel's connector makes no message \"page\"";
    return 0;
}
