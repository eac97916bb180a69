#include "app/page_message.h"
#include "app/turn.h"
#include "base/datetime.h"
#include "connect/want.h"
#include "engine/budget.h"

#include <assert.h>

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

const char *tcn_page_name(const struct tcn_config *config, const char *alias)
{
    const struct tcn_contact *contact = tcn_directory_contact(&config->directory, alias);

    return contact && contact->display_name ? contact->display_name : alias;
}

const char *tcn_page_reason(const struct tcn_incident *incident, int64_t send_no,
                            struct tcn_arena *arena)
{
    if (send_no <= 1)
        return "engaged by the response plan";
    if (incident->acknowledged_ms == 0 || !incident->acknowledged_by)
        return "not acknowledged yet";
    return tcn_arena_fmt(arena, "acknowledged by %s, and not by you", incident->acknowledged_by);
}

/* The root "event" of the mapping: the page as its text may use it. */
static json_t *event_json(const struct tcn_config *config, const struct tcn_send_row *row,
                          const struct tcn_page *page, const struct tcn_channel *channel,
                          const char *why, int64_t now_ms)
{
    char at[TCN_TIME_TEXT];

    tcn_time_text(now_ms, at);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "kind", "page", "contact",
                     row->contact, "name", tcn_page_name(config, row->contact), "to",
                     channel->address, "at", at, "code", page->accept_code, "send_no",
                     (json_int_t)row->send_no, "reason", why);
}

static json_t *evaluate(const struct tcn_config *config, const uint8_t ack_key[TCN_ACK_KEY],
                        const struct tcn_aggregate *a, const struct tcn_send_row *row,
                        const struct tcn_page *page, const struct tcn_channel *channel,
                        int64_t now_ms, struct tcn_arena *arena)
{
    const struct tcn_connector_config *c =
        tcn_config_connector(config, config->channel_connector[row->channel_type]);
    struct tcn_mapping_env env = {.now_ms = now_ms};
    json_t *message;

    assert(c);
    env.env = tcn_incident_json(&a->incident, config->account_id,
                                tcn_incident_url(config, a->incident.id, arena));
    env.event = event_json(config, row, page, channel,
                           tcn_page_reason(&a->incident, row->send_no, arena), now_ms);
    json_object_set_new(env.event, "ack_url",
                        json_string(tcn_page_ack_url(config, ack_key, page->id, arena)));
    message = tcn_mapping_message(c->mapping, "page", &env);
    if (message)
        json_object_set_new(message, "to", json_string(channel->address));
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
    /* The address is read at each send, so that a corrected number is used at once. */
    const struct tcn_channel *channel =
        tcn_directory_channel(&config->directory, row->contact, row->channel);
    struct tcn_aggregate *a = TCN_NEW(arena, struct tcn_aggregate);
    const struct tcn_page *page;
    int r;

    if (!channel || !channel->is_activated)
        return refuse(arena, ret, "the channel is gone or not activated", row->channel);
    if (!config->channel_connector[row->channel_type])
        return refuse(arena, ret, "no connector sends such pages; see $.channels", row->channel);
    r = tcn_turn_load(s, row->incident, arena, a, err);
    if (r == TCN_ENOTFOUND) /* as an error it would hold back every other page, for ever */
        return refuse(arena, ret, "its incident is not in the store", row->channel);
    if (r < 0)
        return r;
    if (!(page = tcn_page_among(a->engagements, a->n_engagements, row->page)))
        return refuse(arena, ret, "its page is not in the store", row->channel);
    ret->is_urgent = a->incident.impact == TCN_IMPACT_URGENT;
    ret->payload = evaluate(config, ack_key, a, row, page, channel, now_ms, arena);
    if (!ret->payload)
        ret->why = "the mapping of the channel's connector makes no message \"page\"";
    return 0;
}
