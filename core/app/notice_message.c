#include "app/notice_message.h"

#include "api/json.h"
#include "app/notice_news.h"
#include "app/page_message.h"
#include "base/datetime.h"
#include "connect/want.h"
#include "engine/published.h"
#include "mapping/mapping.h"
#include "store/store.h"

#define EVENTS 20 /* looked at together */
#define EVENTS_ARENA (16u << 20)

/* -- the message -------------------------------------------------------------------------------------------------- */

/* What Tocsin says itself comes last, so that the data of a custom event can say nothing in its place. The data of others may have
 * the title as it was then. */
static void add_own(json_t *detail, const struct tcn_incident *incident,
                    const struct tcn_event *event)
{
    if (strcmp(event->type, TCN_EVENT_CUSTOM) == 0 || !json_object_get(detail, "incidentTitle"))
        json_object_set_new(detail, "incidentTitle", json_string(incident->title));
    json_object_del(detail, "actor");
    if (event->actor)
        json_object_set_new(detail, "actor", json_string(event->actor));
    /* Its data has the note alone, and its type does not say that somebody acknowledged. */
    if (strcmp(event->type, TCN_EVENT_TOCSIN) == 0 && event->text)
        json_object_set_new(detail, "text", json_string(event->text));
}

static json_t *detail_of(const struct tcn_incident *incident, const struct tcn_event *event)
{
    json_t *data = event->data ? json_loads(event->data, JSON_DECODE_ANY, NULL) : NULL;
    json_t *detail = json_object();

    if (json_is_object(data))
        json_object_update(detail, data);
    else
        json_object_set_new(detail, "eventData", json_string(event->data ? event->data : ""));
    add_own(detail, incident, event);
    json_decref(data);
    return detail;
}

json_t *tcn_notice_envelope(const struct tcn_config *config, const struct tcn_incident *incident,
                            const struct tcn_event *event)
{
    char id[TCN_ID_TEXT], time[TCN_TIME_TEXT];
    struct tcn_buf arn;
    json_t *envelope;

    tcn_id_text(event->id, id);
    tcn_time_text(event->event_ms, time);
    tcn_buf_init(&arn, 512);
    tcn_incident_arn(incident, config->account_id, &arn);
    envelope = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:o}", "version", "0", "id",
                         id, "detail-type", event->type, "source", "aws.ssm-incidents", "account",
                         config->account_id, "time", time, "region", config->region, "resources",
                         arn.ptr, "detail", detail_of(incident, event));
    tcn_buf_done(&arn);
    return envelope;
}

json_t *tcn_notice_payload(const struct tcn_config *config, const struct tcn_incident *incident,
                           const struct tcn_event *event, const struct tcn_notice *notice,
                           int64_t now_ms, struct tcn_arena *arena)
{
    const struct tcn_connector_config *c = tcn_config_connector(config, notice->connector);
    struct tcn_mapping_env env = {.now_ms = now_ms};
    json_t *message;

    env.env = tcn_incident_json(incident, config->account_id,
                                tcn_incident_url(config, incident->id, arena));
    env.event =
        json_pack("{s:s, s:s?, s:s?, s:o}", "topic", notice->topic, "text", event->text, "actor",
                  event->actor, "envelope", tcn_notice_envelope(config, incident, event));
    message = c ? tcn_mapping_message(c->mapping, "notification", &env) : NULL;
    if (message)
        json_object_set_new(message, "to", json_string(notice->topic));
    json_decref(env.env);
    json_decref(env.event);
    return message;
}

/* -- the next one ------------------------------------------------------------------------------------------------- */

struct search {
    const struct tcn_config *config;
    struct tcn_store *s;
    const struct tcn_notice *notice;
    const struct tcn_incident *incident;
    int64_t now_ms;
    struct tcn_arena *arena; /* of the caller */
    struct tcn_arena events; /* of those that are looked at */
    struct tcn_notice_message *ret;
};

static void take(struct search *x, const struct tcn_event *event)
{
    x->ret->event = event->id;
    if (x->ret->over)
        return;
    x->ret->payload =
        tcn_notice_payload(x->config, x->incident, event, x->notice, x->now_ms, x->arena);
    if (!x->ret->payload)
        x->ret->why = "the mapping of the connector makes no message \"notification\"";
}

/* *ret_n: how many were looked at; the timeline of an incident has an end. */
static int look(struct search *x, size_t *ret_n, struct tcn_err *err)
{
    struct tcn_event *events = NULL;
    int r;

    tcn_arena_reset(&x->events);
    *ret_n = 0;
    r = tcn_store_event_list(x->s, x->incident->id, x->ret->seq, EVENTS, &x->events, &events, ret_n,
                             err);
    for (size_t i = 0; i < *ret_n && r == 0 && tcn_id_is_zero(x->ret->event); i++) {
        x->ret->seq = events[i].seq;
        if (tcn_event_is_published(&events[i]))
            take(x, &events[i]);
    }
    return r;
}

int tcn_notice_next(const struct tcn_config *config, struct tcn_store *s,
                    const struct tcn_notice *notice, int64_t now_ms, struct tcn_arena *arena,
                    struct tcn_notice_message *ret, struct tcn_err *err)
{
    struct tcn_incident incident;
    struct search x = {config, s, notice, &incident, now_ms, arena, {0}, ret};
    size_t n = EVENTS;
    int r = tcn_store_incident_get(s, notice->incident, arena, &incident, err);

    ret->seq = notice->told_seq;
    if (r == TCN_ENOTFOUND)
        return 0;
    if (r == 0)
        ret->over = tcn_notice_why_over(&config->directory, &incident, notice);
    tcn_arena_init(&x.events, EVENTS_ARENA);
    while (r == 0 && n == EVENTS && tcn_id_is_zero(ret->event))
        r = look(&x, &n, err);
    tcn_arena_done(&x.events);
    return r;
}
