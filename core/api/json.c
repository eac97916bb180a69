#include "api/json.h"
#include "base/buf.h"
#include "base/datetime.h"
#include "engine/related_change.h"

#include <assert.h>

static void set(json_t *object, const char *name, json_t *value)
{
    int r = json_object_set_new(object, name, value);

    assert(r == 0);
    (void)r;
}

json_t *tcn_json_id(struct tcn_id id)
{
    char text[TCN_ID_TEXT];

    if (tcn_id_is_zero(id))
        return json_null();
    tcn_id_text(id, text);
    return json_string(text);
}

json_t *tcn_json_time(int64_t ms)
{
    char text[TCN_TIME_TEXT];

    if (ms == 0)
        return json_null();
    tcn_time_text(ms, text);
    return json_string(text);
}

json_t *tcn_json_text(const char *text)
{
    return text ? json_string(text) : json_null();
}

void tcn_incident_arn(const struct tcn_incident *incident, const char *account_id,
                      struct tcn_buf *ret)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(incident->id, id);
    tcn_buf_fmt(ret, "arn:aws:ssm-incidents::%s:incident-record/%s/%s", account_id,
                incident->response_plan, id);
}

static json_t *arn_json(const struct tcn_incident *incident, const char *account_id)
{
    struct tcn_buf arn;
    json_t *ret;

    tcn_buf_init(&arn, 512);
    tcn_incident_arn(incident, account_id, &arn);
    ret = json_string(arn.ptr);
    tcn_buf_done(&arn);
    return ret;
}

static json_t *tags_json(const struct tcn_tag *tags, size_t n)
{
    json_t *object = json_object();

    for (size_t i = 0; i < n; i++)
        set(object, tags[i].key, json_string(tags[i].value));
    return object;
}

static json_t *topics_json(const struct tcn_topics *topics)
{
    json_t *list = json_array();

    for (size_t i = 0; i < topics->n; i++)
        json_array_append_new(list, json_string(topics->arns[i]));
    return list;
}

static json_t *resolution_json(const struct tcn_incident *incident)
{
    const struct tcn_resolution *r = &incident->resolution;
    json_t *object;

    if (incident->status != TCN_STATUS_RESOLVED)
        return json_null();
    object = json_object();
    set(object, "code", tcn_json_text(r->code));
    set(object, "notes", tcn_json_text(r->notes));
    set(object, "by", tcn_json_text(r->by));
    return object;
}

static json_t *acknowledged_json(const struct tcn_incident *incident)
{
    json_t *object;

    if (incident->acknowledged_ms == 0)
        return json_null();
    object = json_object();
    set(object, "at", tcn_json_time(incident->acknowledged_ms));
    set(object, "by", tcn_json_text(incident->acknowledged_by));
    return object;
}

json_t *tcn_json_incident(const struct tcn_incident *incident, const char *account_id)
{
    json_t *object = json_object();
    bool is_bare = incident->is_bare;

    set(object, "id", tcn_json_id(incident->id));
    set(object, "arn", is_bare ? json_null() : arn_json(incident, account_id));
    set(object, "title", tcn_json_text(incident->title));
    set(object, "summary", tcn_json_text(incident->summary));
    set(object, "impact", is_bare ? json_null() : json_integer(incident->impact));
    set(object, "status", json_string(incident->status == TCN_STATUS_OPEN ? "OPEN" : "RESOLVED"));
    set(object, "acknowledged", acknowledged_json(incident));
    set(object, "dedupe", tcn_json_text(incident->dedupe_string));
    set(object, "response_plan", is_bare ? json_null() : tcn_json_text(incident->response_plan));
    set(object, "source", tcn_json_text(incident->source_name));
    set(object, "trigger_arn", tcn_json_text(incident->trigger_arn));
    set(object, "created_by", tcn_json_text(incident->created_by));
    set(object, "created_at", tcn_json_time(incident->created_ms));
    set(object, "modified_at", tcn_json_time(incident->modified_ms));
    set(object, "resolved_at", tcn_json_time(incident->resolved_ms));
    set(object, "resolution", resolution_json(incident));
    set(object, "previous", tcn_json_id(incident->previous));
    set(object, "storm", tcn_json_id(incident->storm));
    set(object, "is_storm", json_boolean(incident->is_storm));
    set(object, "is_engagement", json_boolean(is_bare));
    set(object, "tags", tags_json(incident->tags, incident->n_tags));
    set(object, "notification_targets", topics_json(&incident->notification_targets));
    set(object, "chat_channel", topics_json(&incident->chat_channel));
    return object;
}

static json_t *parsed(const char *text)
{
    json_t *value = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

    return value ? value : tcn_json_text(text);
}

json_t *tcn_json_event(const struct tcn_event *event)
{
    json_t *object = json_object();

    set(object, "id", tcn_json_id(event->id));
    set(object, "at", tcn_json_time(event->event_ms));
    set(object, "type", tcn_json_text(event->type));
    set(object, "text", tcn_json_text(event->text));
    set(object, "actor", tcn_json_text(event->actor));
    set(object, "data", parsed(event->data));
    set(object, "updated_at", tcn_json_time(event->updated_ms));
    set(object, "references", event->references ? parsed(event->references) : json_array());
    return object;
}

json_t *tcn_json_page(const struct tcn_page *page)
{
    json_t *object = json_object();

    set(object, "id", tcn_json_id(page->id));
    set(object, "contact", tcn_json_text(page->contact));
    set(object, "channel", tcn_json_text(page->channel));
    set(object, "sends", json_integer(page->sends));
    set(object, "next_send_at", tcn_json_time(page->next_send_ms));
    set(object, "sent_at", tcn_json_time(page->lost_ms ? 0 : page->sent_ms));
    set(object, "delivered_at", tcn_json_time(page->delivered_ms));
    set(object, "read_at", tcn_json_time(page->read_ms));
    return object;
}

json_t *tcn_json_receipt(const struct tcn_receipt *receipt)
{
    static const char *const names[] = {"UNSET", "DELIVERED", "ERROR", "READ", "SENT", "STOP"};
    json_t *object = json_object();

    assert((size_t)receipt->type < sizeof names / sizeof *names);
    set(object, "type", json_string(names[receipt->type]));
    set(object, "at", tcn_json_time(receipt->time_ms));
    set(object, "channel", tcn_json_text(receipt->channel));
    set(object, "note", tcn_json_text(receipt->note));
    return object;
}

static json_t *contact_type(enum tcn_contact_type type)
{
    static const char *const names[] = {"UNSET", "PERSONAL", "ESCALATION", "ONCALL_SCHEDULE"};

    assert((size_t)type < sizeof names / sizeof *names);
    return json_string(names[type]);
}

json_t *tcn_json_engaged(const struct tcn_engaged *engaged)
{
    json_t *object = json_object();

    set(object, "id", tcn_json_id(engaged->id));
    set(object, "incident", engaged->is_bare ? json_null() : tcn_json_id(engaged->incident));
    set(object, "incident_text", tcn_json_text(engaged->text.incident));
    set(object, "record", tcn_json_id(engaged->incident));
    set(object, "contact", tcn_json_text(engaged->contact));
    set(object, "type", contact_type(engaged->type));
    set(object, "sender", tcn_json_text(engaged->text.sender));
    set(object, "started_at", tcn_json_time(engaged->start_ms));
    set(object, "stopped_at", tcn_json_time(engaged->stop_ms));
    set(object, "next_stage_at", tcn_json_time(engaged->next_stage_ms));
    return object;
}

json_t *tcn_json_engagement(const struct tcn_engagement *engagement, json_t *pages)
{
    json_t *object = json_object();

    set(object, "id", tcn_json_id(engagement->id));
    set(object, "contact", tcn_json_text(engagement->contact));
    set(object, "type", contact_type(engagement->type));
    set(object, "started_at", tcn_json_time(engagement->start_ms));
    set(object, "stopped_at", tcn_json_time(engagement->stop_ms));
    set(object, "next_stage_at", tcn_json_time(engagement->next_stage_ms));
    set(object, "pages", pages);
    return object;
}

const char *tcn_json_link_state(enum tcn_link_state state)
{
    static const char *const names[] = {"NONE", "CREATING", "LINKED",
                                        "LOST", "UNLINKED", "BLOCKED"};

    assert((size_t)state < sizeof names / sizeof *names);
    return names[state];
}

json_t *tcn_json_link(const struct tcn_link *link)
{
    json_t *object = json_object();

    set(object, "id", tcn_json_id(link->id));
    set(object, "connector", tcn_json_text(link->connector));
    set(object, "incident", tcn_json_id(link->incident));
    set(object, "state", json_string(tcn_json_link_state(link->state)));
    set(object, "remote_id", tcn_json_text(link->remote_id));
    set(object, "remote_key", tcn_json_text(link->remote_key));
    set(object, "remote_url", tcn_json_text(link->remote_url));
    set(object, "last_read_at", tcn_json_time(link->last_read_ms));
    set(object, "last_write_at", tcn_json_time(link->last_write_ms));
    set(object, "due_at", tcn_json_time(link->due_ms));
    set(object, "failures", json_integer(link->fail_count));
    set(object, "blocked", tcn_json_text(link->blocked_reason));
    return object;
}

json_t *tcn_json_conflict(const struct tcn_conflict_row *row)
{
    json_t *object = json_object();

    set(object, "field", tcn_json_text(row->field));
    set(object, "base", parsed(row->base));
    set(object, "local", parsed(row->local));
    set(object, "remote", parsed(row->remote));
    set(object, "winner", tcn_json_text(row->winner));
    set(object, "at", tcn_json_time(row->at_ms));
    return object;
}

json_t *tcn_json_storm_alarm(const struct tcn_storm_alarm *alarm)
{
    json_t *object = json_object();

    set(object, "id", tcn_json_id(alarm->id));
    set(object, "key", tcn_json_text(alarm->dedupe_key));
    set(object, "source", tcn_json_text(alarm->source));
    set(object, "state", json_string(alarm->is_firing ? "FIRING" : "OK"));
    set(object, "title", tcn_json_text(alarm->told.title));
    set(object, "summary", tcn_json_text(alarm->told.summary));
    set(object, "impact", json_integer(alarm->told.impact));
    set(object, "joined_at", tcn_json_time(alarm->joined_ms));
    return object;
}

json_t *tcn_json_related(const struct tcn_related_item *item)
{
    bool is_detail = item->value_kind && strcmp(item->value_kind, TCN_RELATED_DETAIL) == 0;
    json_t *object = json_object();

    set(object, "id", json_string(item->generated_id));
    set(object, "type", tcn_json_text(item->type));
    set(object, "kind", tcn_json_text(item->value_kind));
    set(object, "title", tcn_json_text(item->title));
    set(object, "value", is_detail ? parsed(item->value) : tcn_json_text(item->value));
    return object;
}

json_t *tcn_json_subscription(const struct tcn_subscription *row)
{
    static const char *const names[] = {"UNSET", "AWAITING", "CONFIRMED",
                                        "ENDED", "FAILED",   "PENDING"};
    json_t *object = json_object();

    assert((size_t)row->state < sizeof names / sizeof *names);
    set(object, "source", tcn_json_text(row->source));
    set(object, "topic", tcn_json_text(row->topic));
    set(object, "state", json_string(names[row->state]));
    set(object, "arn", tcn_json_text(row->arn));
    set(object, "as_of", tcn_json_time(row->as_of_ms));
    set(object, "asked_at", tcn_json_time(row->asked_ms));
    set(object, "attempts", json_integer(row->attempts));
    set(object, "due_at", tcn_json_time(row->due_ms));
    set(object, "ended_at", tcn_json_time(row->ended_ms));
    return object;
}

json_t *tcn_json_deadletter(const struct tcn_deadletter *letter)
{
    json_t *object = json_object();

    set(object, "id", tcn_json_id(letter->id));
    set(object, "incident", tcn_json_id(letter->incident));
    set(object, "connector", tcn_json_text(letter->connector));
    set(object, "operation", tcn_json_text(letter->operation));
    set(object, "reason", tcn_json_text(letter->reason));
    set(object, "request", tcn_json_text(letter->request));
    set(object, "response", tcn_json_text(letter->response));
    set(object, "at", tcn_json_time(letter->at_ms));
    return object;
}
