#include "app/notice_try.h"

#include "app/notice_message.h"
#include "connect/request.h"
#include "mapping/mapping.h"

#define NOW_MS INT64_C(1785690280000) /* some time: nothing is sent */

static const struct {
    const char *type, *data;
} samples[] = {
    {TCN_EVENT_NOTE, "{\"author\":\"token:you\",\"text\":\"a note\"}"},
    {TCN_EVENT_TRIGGER, "{\"createdIncident\":true,\"incidentSource\":\"prom\","
                        "\"triggerArn\":\"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a\","
                        "\"rawData\":\"{}\"}"},
    {TCN_EVENT_START, "{\"contactsEngage\":[{\"contactArn\":\"arn:aws:ssm-contacts:eu-central-1:"
                      "123456789012:contact/ann\",\"contactName\":\"ann\"}]}"},
    {TCN_EVENT_UPDATE, "{\"modifiedBy\":\"token:you\",\"modifiedAttributes\":[{\"attributeName\":"
                       "\"status\",\"newValue\":\"RESOLVED\"}]}"},
    {TCN_EVENT_PAGE, "{\"contactName\":\"ann\",\"channelName\":\"mail\"}"},
    {TCN_EVENT_ACK, "{\"contactName\":\"ann\",\"channelName\":\"mail\",\"note\":\"on it\"}"},
    {TCN_EVENT_TOCSIN, "{\"author\":\"token:you\",\"text\":\"on it\"}"},
    {TCN_EVENT_CUSTOM, "{\"step\":\"deploy\"}"},
};

/* The payload is taken. */
static const char *render(const struct tcn_connector_config *c, json_t *payload,
                          struct tcn_arena *arena)
{
    struct tocsin_op op = {.verb = TOCSIN_SEND,
                           .attempt = 1,
                           .op_id = "00000000-0000-8000-8000-000000000000",
                           .marker = "",
                           .remote_id = "",
                           .cursor = "",
                           .payload = payload,
                           .now_ms = NOW_MS};
    struct tocsin_request request;
    const char *why = NULL;
    int r;

    c->instance->failure[0] = 0;
    tcn_request_init(&request, c->instance, NOW_MS);
    r = c->instance->connector->render(&c->instance->sdk, &op, &request);
    if (request.fault.code < 0)
        why = tcn_arena_strdup(arena, request.fault.msg);
    else if (r < 0 || !request.method)
        why = tcn_arena_strdup(arena, c->instance->failure);
    tcn_request_done(&request);
    json_decref(payload);
    return why;
}

static const char *try_one(struct tcn_config *config, const struct tcn_connector_config *c,
                           const char *topic, size_t i)
{
    const struct tcn_incident incident = {.id = {{1}},
                                          .exists = true,
                                          .title = "cpu high",
                                          .summary = "of web-1",
                                          .impact = 3,
                                          .status = TCN_STATUS_OPEN,
                                          .source = "prom",
                                          .response_plan = "web",
                                          .created_ms = NOW_MS};
    const struct tcn_event event = {.id = {{2}},
                                    .seq = 1,
                                    .event_ms = NOW_MS,
                                    .type = samples[i].type,
                                    .data = samples[i].data,
                                    .text = "what happened",
                                    .actor = "token:you"};
    const struct tcn_notice notice = {.topic = topic, .connector = c->name};
    json_t *payload =
        tcn_notice_payload(config, &incident, &event, &notice, NOW_MS, &config->arena);

    return payload ? render(c, payload, &config->arena) : "its mapping makes none";
}

const char *tcn_notice_try(struct tcn_config *config, const struct tcn_connector_config *c,
                           const char *topic)
{
    const char *why = "";

    for (size_t i = 0; why && i < sizeof samples / sizeof *samples; i++)
        why = try_one(config, c, topic, i);
    return why;
}
