/* Which topics become due with what happens to an incident, and what they are told of it. */
#include "app/notice_message.h"
#include "app/notice_news.h"
#include "app/notice_turn.h"
#include "app/remark.h"
#include "app/resources.h"
#include "command_calls.h"
#include "store/notices.h"

#define OPS "arn:aws:sns:eu-central-1:123456789012:ops"
#define CHAT "arn:aws:sns:eu-central-1:123456789012:chat"
#define OTHER "arn:aws:sns:eu-central-1:123456789012:other"

static const char *const targets[] = {OPS, OTHER}, *const chat[] = {CHAT};
static struct tcn_topic topics[] = {
    {.arn = OPS, .connectors = {"hook"}, .n_connectors = 1},
    {.arn = CHAT, .connectors = {"hook", "second"}, .n_connectors = 2},
};
static struct tcn_declared declared = {.topics = {topics, 2}};
static struct tcn_config config;

static int told_setup(void **state)
{
    plan.notification_targets = (struct tcn_topics){targets, 2};
    plan.chat_channel = (struct tcn_topics){chat, 1};
    directory.declared = &declared;
    config = (struct tcn_config){.account_id = "123456789012",
                                 .region = "eu-central-1",
                                 .public_url = "https://tocsin.example",
                                 .directory = directory};
    return setup(state);
}

static int told_teardown(void **state)
{
    drop_reply();
    return teardown(state);
}

/* "NAME/CONNECTOR:TOLD ", with * when it is due. */
static const char *noticed(struct tcn_id incident)
{
    struct tcn_notice *list = NULL;
    const char *ret = "";
    size_t n = 0;

    assert_int_equal(tcn_store_notice_list(store, incident, &arena, &list, &n, &err), 0);
    for (size_t i = 0; i < n; i++)
        ret = tcn_arena_fmt(&arena, "%s%s/%s:%d%s ", ret, strrchr(list[i].topic, ':') + 1,
                            list[i].connector, (int)list[i].told_seq, list[i].due_ms ? "*" : "");
    return ret;
}

/* They have been told all that there is. */
static void tell_all(struct tcn_id incident)
{
    struct tcn_notice *list = NULL;
    size_t n = 0;

    assert_int_equal(tcn_store_notice_list(store, incident, &arena, &list, &n, &err), 0);
    for (size_t i = 0; i < n; i++) {
        list[i].told_seq = load(incident).incident.event_seq;
        list[i].due_ms = 0;
        assert_int_equal(tcn_store_notice_put(store, &list[i], &err), 0);
    }
}

static void due_when_it_opens(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);

    (void)state;
    assert_string_equal(noticed(incident), "chat/hook:0* chat/second:0* ops/hook:0* ");
}

static void none_without_topics(void **state)
{
    struct tcn_id incident;

    (void)state;
    plan.notification_targets = plan.chat_channel = (struct tcn_topics){0};
    incident = alarm_of("k", TCN_ACTION_FIRE);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_ACKNOWLEDGE, .incident = incident}, 200);
    assert_string_equal(noticed(incident), "");
}

static void due_with_what_is_told(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    const struct tcn_remark remark = {.text = "The ticket waits", .actor = "tocsin"};
    int64_t seq;

    (void)state;
    tell_all(incident);
    assert_int_equal(tcn_remark_write(store, &directory, incident, &remark, now, &err), 0);
    assert_null(strchr(noticed(incident), '*'));
    seq = load(incident).incident.event_seq;
    execute_for(
        (struct tcn_command){.kind = TCN_COMMAND_NOTE, .incident = incident, .text = "a note"},
        200);
    assert_string_equal(noticed(incident),
                        tcn_arena_fmt(&arena, "chat/hook:%d* chat/second:%d* ops/hook:%d* ",
                                      (int)seq, (int)seq, (int)seq));
}

/* As the configuration is when it happens. */
static void a_topic_that_is_configured_later(void **state)
{
    struct tcn_id incident;
    int seq;

    (void)state;
    declared.topics.n = 0;
    incident = alarm_of("k", TCN_ACTION_FIRE);
    assert_string_equal(noticed(incident), "");
    declared.topics.n = 1;
    seq = (int)load(incident).incident.event_seq;
    execute_for((struct tcn_command){.kind = TCN_COMMAND_RESOLVE, .incident = incident}, 200);
    declared.topics.n = 2;
    assert_string_equal(noticed(incident), tcn_arena_fmt(&arena, "ops/hook:%d* ", seq));
}

static void topics_that_go_are_told_no_more(void **state)
{
    static const struct tcn_topics none = {0}, again = {targets, 1};
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    int seq;

    (void)state;
    tell_all(incident);
    seq = (int)load(incident).incident.event_seq;
    execute_for((struct tcn_command){.kind = TCN_COMMAND_UPDATE,
                                     .incident = incident,
                                     .update = {.notification_targets = &none}},
                200);
    assert_string_equal(noticed(incident),
                        tcn_arena_fmt(&arena, "chat/hook:%d* chat/second:%d* ", seq, seq));
    execute_for((struct tcn_command){.kind = TCN_COMMAND_UPDATE,
                                     .incident = incident,
                                     .update = {.notification_targets = &again}},
                200);
    assert_string_equal(
        noticed(incident),
        tcn_arena_fmt(&arena, "chat/hook:%d* chat/second:%d* ops/hook:%d* ", seq, seq, seq + 1));
}

/* Those that wait are left to the claim, which tells people of it. */
static void what_waits_is_not_dropped_unseen(void **state)
{
    static const struct tcn_topics none = {0};
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);

    (void)state;
    execute_for((struct tcn_command){.kind = TCN_COMMAND_UPDATE,
                                     .incident = incident,
                                     .update = {.notification_targets = &none}},
                200);
    assert_string_equal(noticed(incident), "chat/hook:0* chat/second:0* ops/hook:0* ");
}

/* A pair that the configuration had not for a while is told what happens from then on. */
static void a_connector_that_comes_back(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    int told, seq;

    (void)state;
    tell_all(incident);
    told = (int)load(incident).incident.event_seq;
    topics[1].n_connectors = 1;
    execute_for(
        (struct tcn_command){.kind = TCN_COMMAND_NOTE, .incident = incident, .text = "meanwhile"},
        200);
    topics[1].n_connectors = 2;
    seq = (int)load(incident).incident.event_seq;
    execute_for((struct tcn_command){.kind = TCN_COMMAND_RESOLVE, .incident = incident}, 200);
    assert_string_equal(
        noticed(incident),
        tcn_arena_fmt(&arena, "chat/hook:%d* chat/second:%d* ops/hook:%d* ", told, seq, told));
}

/* -- the message -------------------------------------------------------------------------------------------------- */

static struct tcn_notice_message next_after(struct tcn_id incident, int64_t seq)
{
    const struct tcn_notice notice = {
        .incident = incident, .topic = OPS, .connector = "hook", .told_seq = seq};
    struct tcn_notice_message ret = {.why = "?"};

    if (tcn_notice_next(&config, store, &notice, now, &arena, &ret, &err) < 0)
        fail_msg("%s", err.msg);
    return ret;
}

/* Without the connector's mapping none is written, and what is next is known all the same. */
static void what_is_next(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    int64_t last = load(incident).incident.event_seq;
    struct tcn_notice_message m = next_after(incident, 0);

    (void)state;
    assert_int_equal(m.seq, 1);
    assert_false(tcn_id_is_zero(m.event));
    assert_null(m.payload);
    assert_string_equal(m.why, "the mapping of the connector makes no message \"notification\"");
    m = next_after(incident, last);
    assert_int_equal(m.seq, last);
    assert_true(tcn_id_is_zero(m.event));
    m = next_after((struct tcn_id){{9}}, 3);
    assert_int_equal(m.seq, 3);
    assert_true(tcn_id_is_zero(m.event));
}

static const char *over_of(struct tcn_id incident, const char *topic, const char *connector)
{
    const struct tcn_notice notice = {.incident = incident, .topic = topic, .connector = connector};
    struct tcn_notice_message m = {.why = "?"};

    if (tcn_notice_next(&config, store, &notice, now, &arena, &m, &err) < 0)
        fail_msg("%s", err.msg);
    assert_false(tcn_id_is_zero(m.event));
    assert_null(m.payload);
    return m.over ? m.over : "";
}

static void who_is_told_no_more(void **state)
{
    static const struct tcn_topics none = {0};
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    const char *gone = "$.topics does not name this connector there any more";

    (void)state;
    assert_string_equal(over_of(incident, OPS, "hook"), "");
    assert_string_equal(over_of(incident, CHAT, "second"), "");
    assert_string_equal(over_of(incident, OPS, "second"), gone);
    assert_string_equal(over_of(incident, OTHER, "hook"), gone);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_UPDATE,
                                     .incident = incident,
                                     .update = {.notification_targets = &none}},
                200);
    assert_string_equal(over_of(incident, OPS, "hook"),
                        "the incident does not name this topic any more");
}

/* -- the line of the timeline ------------------------------------------------------------------------------------- */

static const char *line_of(struct tcn_id incident, enum tcn_notice_news_kind kind)
{
    const struct tcn_notice notice = {.incident = incident, .topic = OPS, .connector = "hook"};
    const struct tcn_notice_news news = {kind, &notice, 2, "it says no"};
    struct tcn_event *event = NULL;
    size_t n = 0;

    assert_int_equal(tcn_notice_tell(&directory, store, &news, now, &err), 0);
    assert_int_equal(tcn_store_event_newest(store, incident, 0, 1, &arena, &event, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_string_equal(event->actor, "tocsin");
    assert_false(event->to_tickets);
    return event->text;
}

/* They name the event as its receiver would have seen it. */
static void what_people_read(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);

    (void)state;
    assert_string_equal(line_of(incident, TCN_NOTICE_GIVEN_UP), OPS
                        " was not told of \"SSM Incident Start\" of 2026-08-02T17:04:40.000Z by "
                        "hook: it says no; see the dead letters");
    assert_string_equal(line_of(incident, TCN_NOTICE_ENDED),
                        OPS " is not told by hook any more, for it says no: what happened from "
                            "\"SSM Incident Start\" of 2026-08-02T17:04:40.000Z on is not told");
    assert_string_equal(line_of(incident, TCN_NOTICE_LATE),
                        OPS " is not told of \"SSM Incident Start\" of 2026-08-02T17:04:40.000Z by "
                            "hook yet: it says no; it is tried again by itself");
    assert_int_equal(
        tcn_notice_tell(
            &directory, store,
            &(struct tcn_notice_news){
                TCN_NOTICE_ENDED,
                &(struct tcn_notice){.topic = OPS, .connector = "hook", .incident = {{9}}}, 1, "x"},
            now, &err),
        0);
}

/* Lines of Tocsin's own are passed, however many there are. */
static void what_is_not_told_is_passed(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    const struct tcn_remark remark = {.text = "The ticket waits", .actor = "tocsin"};
    int64_t last = load(incident).incident.event_seq;

    (void)state;
    for (int i = 0; i < 45; i++)
        assert_int_equal(tcn_remark_write(store, &directory, incident, &remark, now, &err), 0);
    assert_int_equal(next_after(incident, last).seq, last + 45);
    assert_true(tcn_id_is_zero(next_after(incident, last).event));
    execute_for(
        (struct tcn_command){.kind = TCN_COMMAND_NOTE, .incident = incident, .text = "a note"},
        200);
    assert_int_equal(next_after(incident, last).seq, last + 46);
    assert_false(tcn_id_is_zero(next_after(incident, last).event));
}

static json_t *enveloped_as(const char *type, const char *data)
{
    const struct tcn_incident incident = {
        .id = {{1}}, .exists = true, .title = "cpu high", .response_plan = "web"};
    const struct tcn_event event = {.id = {{2}},
                                    .event_ms = T0,
                                    .type = type,
                                    .data = data,
                                    .text = "said so",
                                    .actor = "token:x"};

    return tcn_notice_envelope(&config, &incident, &event);
}

static void expect(const char *type, const char *data, const char *detail)
{
    json_t *envelope = enveloped_as(type, data), *want = json_loads(detail, 0, NULL);

    assert_non_null(want);
    if (!json_equal(json_object_get(envelope, "detail"), want))
        fail_msg("%s: %s", data, json_dumps(json_object_get(envelope, "detail"), 0));
    json_decref(envelope);
    json_decref(want);
}

static void envelopes(void **state)
{
    json_t *e = enveloped_as(TCN_EVENT_CUSTOM, "{}");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(e, "id")),
                        "02000000-0000-0000-0000-000000000000");
    assert_string_equal(json_string_value(json_object_get(e, "detail-type")), TCN_EVENT_CUSTOM);
    assert_string_equal(json_string_value(json_object_get(e, "region")), "eu-central-1");
    assert_string_equal(json_string_value(json_object_get(e, "time")), "2026-08-02T17:04:40.000Z");
    assert_string_equal(json_string_value(json_array_get(json_object_get(e, "resources"), 0)),
                        "arn:aws:ssm-incidents::123456789012:incident-record/web/"
                        "01000000-0000-0000-0000-000000000000");
    json_decref(e);
    expect(TCN_EVENT_NOTE, "{\"a\":[1]}",
           "{\"incidentTitle\":\"cpu high\",\"actor\":\"token:x\",\"a\":[1]}");
    expect(TCN_EVENT_START, "{\"incidentTitle\":\"as it was\"}",
           "{\"incidentTitle\":\"as it was\",\"actor\":\"token:x\"}");
    expect(TCN_EVENT_CUSTOM, "\"free\"",
           "{\"incidentTitle\":\"cpu high\",\"actor\":\"token:x\",\"eventData\":\"\\\"free\\\"\"}");
    expect(TCN_EVENT_CUSTOM, "no JSON",
           "{\"incidentTitle\":\"cpu high\",\"actor\":\"token:x\",\"eventData\":\"no JSON\"}");
}

/* Who writes a custom event can neither rename the incident nor be somebody else. */
static void what_data_cannot_say(void **state)
{
    (void)state;
    expect(TCN_EVENT_CUSTOM,
           "{\"incidentTitle\":\"all is well\",\"actor\":\"token:boss\",\"author\":\"boss\"}",
           "{\"incidentTitle\":\"cpu high\",\"actor\":\"token:x\",\"author\":\"boss\"}");
}

/* Its data has the note alone. */
static void what_was_acknowledged_says_so(void **state)
{
    (void)state;
    expect(TCN_EVENT_TOCSIN, "{\"author\":\"token:x\",\"text\":\"on it\"}",
           "{\"incidentTitle\":\"cpu high\",\"actor\":\"token:x\",\"author\":\"token:x\",\"text\":"
           "\"said so\"}");
}

#define TOLD(f) cmocka_unit_test_setup_teardown(f, told_setup, told_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOLD(due_when_it_opens),
        TOLD(none_without_topics),
        TOLD(due_with_what_is_told),
        TOLD(a_topic_that_is_configured_later),
        TOLD(topics_that_go_are_told_no_more),
        TOLD(what_waits_is_not_dropped_unseen),
        TOLD(a_connector_that_comes_back),
        TOLD(what_is_next),
        TOLD(who_is_told_no_more),
        TOLD(what_people_read),
        TOLD(what_is_not_told_is_passed),
        TOLD(envelopes),
        TOLD(what_data_cannot_say),
        TOLD(what_was_acknowledged_says_so),
    };

    return cmocka_run_group_tests_name("notice_turn", tests, NULL, NULL);
}
