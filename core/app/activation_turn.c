#include "app/activation_turn.h"

#include "app/page_message.h"
#include "app/resource_json.h"
#include "base/datetime.h"
#include "engine/activation.h"
#include "mapping/mapping.h"
#include "store/resources.h"
#include "sys/log.h"
#include "sys/random.h"

#include <stdio.h>
#include <stdlib.h>

/* A command on its way, on one channel. */
struct turn {
    struct tcn_api_call *call;
    struct tcn_store *s;
    const struct tcn_directory *declared;
    int64_t now_ms;
    const struct tcn_section *section;
    const struct tcn_view *view;
    const struct tcn_element *element;
    const struct tcn_channel *channel;
    struct tcn_id hash; /* of its address */
    struct tcn_channel_state state;
};

static int load_state(struct tcn_store *s, const struct tcn_channel *channel,
                      struct tcn_arena *arena, struct tcn_channel_state *ret, struct tcn_err *err)
{
    int r = tcn_store_channel_state_get(s, channel->contact, channel->name, arena, ret, err);

    if (r == TCN_ENOTFOUND)
        *ret = (struct tcn_channel_state){.contact = channel->contact, .channel = channel->name};
    return r == TCN_ENOTFOUND ? 0 : r;
}

static int view(struct turn *t, struct tcn_err *err)
{
    struct tcn_arena *arena = t->call->arena;
    struct tcn_element *elements;
    size_t n;
    int r = tcn_catalog_view(t->s, t->declared, t->now_ms, &t->view, err);

    if (r < 0)
        return r;
    n = tcn_elements(t->view, t->section, arena, &elements);
    t->element = tcn_element_named(elements, n, t->call->command.resource.name);
    if (!t->element)
        return 0;
    t->channel = tcn_directory_channel(
        &t->view->directory, json_string_value(json_object_get(t->element->json, "ContactId")),
        json_string_value(json_object_get(t->element->json, "Name")));
    return 0;
}

static int answer(struct turn *t, struct tcn_err *err)
{
    int r = view(t, err);

    t->call->status = 200;
    return r < 0 ? r
                 : tcn_resource_json(t->s, t->view, t->section, t->element, t->call->arena,
                                     &t->call->reply, err);
}

/* -- commands ----------------------------------------------------------------------------------------------------- */

static int add_send(const struct turn *t, struct tcn_err *err)
{
    const struct tcn_id id = tcn_random_id(t->now_ms);
    const struct tcn_send_row row = {.id = id,
                                     .page = id,
                                     .incident = id,
                                     .due_ms = t->now_ms,
                                     .contact = t->channel->contact,
                                     .channel = t->channel->name,
                                     .channel_type = (int)t->channel->type};

    return tcn_store_send_add(t->s, &row, err);
}

static json_t *sent_json(int64_t now_ms)
{
    char text[TCN_TIME_TEXT];

    tcn_time_text(now_ms + TCN_ACTIVATION_LIFE_MS, text);
    return json_pack("{s:s, s:s}", "status", "queued", "expires_at", text);
}

static int send_code(struct turn *t, struct tcn_err *err)
{
    const char *code =
        tcn_arena_fmt(t->call->arena, "%06u", (unsigned)(tcn_random_u64() % 1000000));
    struct tcn_err why;
    int r;

    if (t->channel->is_activated)
        return tcn_api_refuse(t->call, 409, "not_allowed", NULL,
                              "\"%.100s\" is activated; a code would prove nothing",
                              t->element->name);
    if (tcn_activation_send(&t->state, t->hash, code, t->now_ms, &why) < 0)
        return tcn_api_refuse(t->call, 409, "limit", NULL, "%s", why.msg);
    if ((r = tcn_store_channel_state_put(t->s, &t->state, err)) < 0 || (r = add_send(t, err)) < 0)
        return r;
    t->call->status = 202;
    t->call->reply = sent_json(t->now_ms);
    return 0;
}

/* A wrong code was counted: that is written before it is refused. */
static int activate(struct turn *t, struct tcn_err *err)
{
    struct tcn_err why;
    int told, r = 0;

    if (t->channel->is_activated)
        return answer(t, err);
    told =
        tcn_activation_confirm(&t->state, t->hash, t->call->command.accept.code, t->now_ms, &why);
    if (told == 0 || told == TCN_EAUTH)
        r = tcn_store_channel_state_put(t->s, &t->state, err);
    if (r < 0)
        return r;
    return told < 0 ? tcn_api_refuse(t->call, 400, "bad_request", "code", "%s", why.msg)
                    : answer(t, err);
}

static bool is_deferred(const struct turn *t)
{
    return json_is_true(json_object_get(t->element->json, "DeferActivation"));
}

/* Whoever made it answered for its address; from now on a code does. */
static int defer(struct turn *t, struct tcn_err *err)
{
    struct tcn_resource row;
    json_t *body;
    char *text;
    int r = tcn_store_resource_get(t->s, TCN_RESOURCE_CHANNEL, t->element->name, t->call->arena,
                                   &row, err);

    if (r < 0 || !(body = json_loads(row.body, 0, NULL)))
        return r;
    json_object_set_new(body, "DeferActivation", json_true());
    text = json_dumps(body, JSON_COMPACT);
    row.body = tcn_arena_strdup(t->call->arena, text);
    row.modified_by = t->call->actor;
    row.modified_ms = t->now_ms;
    free(text);
    json_decref(body);
    return tcn_store_resource_put(t->s, &row, err);
}

static int deactivate(struct turn *t, struct tcn_err *err)
{
    int r = 0;

    if (!is_deferred(t) && t->element->is_of_file)
        return tcn_api_refuse(t->call, 409, "declared", "name",
                              "\"%.100s\" is activated by %s; set \"DeferActivation\" there",
                              t->element->name, t->declared->declared->file);
    t->state.address_hash = t->hash;
    tcn_activation_end(&t->state, t->now_ms);
    if (!is_deferred(t))
        r = defer(t, err);
    if (r < 0 || (r = tcn_store_channel_state_put(t->s, &t->state, err)) < 0)
        return r;
    return answer(t, err);
}

int tcn_activation_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                           struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                           struct tcn_err *err)
{
    struct turn t = {.call = call,
                     .s = s,
                     .declared = world->declared,
                     .now_ms = now_ms,
                     .section = tcn_resource_section(call)};
    int r;

    if (!t.section)
        return 0;
    if (t.section->kind != TCN_RESOURCE_CHANNEL)
        return tcn_api_refuse(call, 404, "not_found", "kind", "only contact_channels have this");
    r = tcn_store_lock_name(s, "resources", "", err);
    tcn_store_resources_forget(s);
    if (r < 0 || (r = view(&t, err)) < 0)
        return r;
    if (!t.channel)
        return tcn_api_refuse(call, 404, "not_found", "name",
                              "there is no contact channel \"%.100s\"",
                              call->command.resource.name);
    t.hash = tcn_catalog_address_hash(t.channel->address);
    if ((r = load_state(s, t.channel, call->arena, &t.state, err)) < 0)
        return r;
    if (call->command.kind == TCN_COMMAND_CHANNEL_SEND_CODE)
        r = send_code(&t, err);
    else
        r = call->command.kind == TCN_COMMAND_CHANNEL_ACTIVATE ? activate(&t, err)
                                                               : deactivate(&t, err);
    ret->has_changed = r == 0 && call->status < 300;
    return r;
}

/* -- the message -------------------------------------------------------------------------------------------------- */

bool tcn_activation_is_send(const struct tcn_send_row *row)
{
    return row->send_no == 0;
}

void tcn_activation_told(const struct tcn_send_row *row, const struct tcn_send_report *report)
{
    if (report->news == TCN_SEND_LOST || report->news == TCN_SEND_UNSENT)
        tcn_log(TCN_LOG_WARN, "app", "an activation code could not be sent", "contact",
                row->contact, "channel", row->channel, "why", report->note, NULL);
}

static json_t *event_json(const struct tcn_channel *channel, const char *name,
                          const struct tcn_channel_state *state)
{
    char at[TCN_TIME_TEXT], until[TCN_TIME_TEXT];

    tcn_time_text(state->code_ms, at);
    tcn_time_text(state->code_ms + TCN_ACTIVATION_LIFE_MS, until);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "kind", "activation", "contact",
                     channel->contact, "name", name, "channel", channel->name, "to",
                     channel->address, "code", state->code, "at", at, "expires_at", until);
}

static json_t *evaluate(const struct tcn_config *config, const struct tcn_channel *channel,
                        const char *name, const struct tcn_channel_state *state, int64_t now_ms)
{
    const char *connector = config->channel_connector[channel->type];
    const struct tcn_connector_config *c =
        connector ? tcn_config_connector(config, connector) : NULL;
    struct tcn_mapping_env env = {.now_ms = now_ms, .env = json_object()};
    json_t *message;

    env.event = event_json(channel, name, state);
    message = c ? tcn_mapping_message(c->mapping, "activation", &env) : NULL;
    if (message)
        json_object_set_new(message, "to", json_string(channel->address));
    json_decref(env.env);
    json_decref(env.event);
    return message;
}

int tcn_activation_message(const struct tcn_config *config, struct tcn_store *s,
                           const struct tcn_send_row *row, int64_t now_ms, struct tcn_arena *arena,
                           struct tcn_send_message *ret, struct tcn_err *err)
{
    const struct tcn_directory *directory;
    const struct tcn_channel *channel;
    struct tcn_channel_state state;
    int r = tcn_catalog_fresh(s, &config->directory, now_ms, &directory, err);

    if (r < 0)
        return r;
    ret->payload = NULL;
    ret->is_urgent = true;
    ret->why = "the channel is gone";
    if (!(channel = tcn_directory_channel(directory, row->contact, row->channel)))
        return 0;
    if ((r = load_state(s, channel, arena, &state, err)) < 0)
        return r;
    ret->why = "no code is out for the channel's address any more";
    if (!tcn_activation_is_out(&state, tcn_catalog_address_hash(channel->address), now_ms))
        return 0;
    ret->why = "the mapping of the channel's connector makes no message \"activation\"";
    ret->payload =
        evaluate(config, channel, tcn_page_name(directory, channel->contact), &state, now_ms);
    return 0;
}
