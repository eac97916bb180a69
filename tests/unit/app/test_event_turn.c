/* Timeline events by hand, as turns: what is written, what a repeat does, what is refused. */
#include "command_calls.h"

static struct tcn_event *events_of(struct tcn_id incident, size_t *ret_n)
{
    struct tcn_event *events;

    assert_int_equal(tcn_store_event_list(store, incident, 0, 1000, &arena, &events, ret_n, &err),
                     0);
    return events;
}

static struct tcn_id reply_id(void)
{
    struct tcn_id id;

    assert_int_equal(tcn_id_parse(tcn_str(text_of("id")), &id), 0);
    return id;
}

static struct tcn_command creation(struct tcn_id incident, const char *data, const char *token)
{
    return (struct tcn_command){.kind = TCN_COMMAND_EVENT_CREATE,
                                .incident = incident,
                                .custom = {.data = data, .event_ms = T0 - 5000},
                                .client_token = token,
                                .request = data};
}

static struct tcn_command about(enum tcn_command_kind kind, struct tcn_id incident,
                                struct tcn_id event)
{
    return (struct tcn_command){.kind = kind, .incident = incident, .event = event};
}

static void test_the_life_of_an_event(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE), id;
    struct tcn_command change;
    struct tcn_event *events;
    size_t before, n;

    (void)state;
    events_of(incident, &before);
    execute_for(creation(incident, "\"drill\"", NULL), 201);
    id = reply_id();
    assert_true(result.has_changed);
    assert_string_equal(text_of("data"), "drill");
    assert_string_equal(text_of("at"), "2026-08-02T17:04:35.000Z");
    assert_string_equal(text_of("actor"), "token:test");
    change = about(TCN_COMMAND_EVENT_UPDATE, incident, id);
    change.custom.data = "{\"a\":1}";
    now += 1000;
    execute_for(change, 200);
    assert_true(tcn_id_eq(reply_id(), id));
    execute_for(change, 200);
    assert_false(result.has_changed);
    events = events_of(incident, &n);
    assert_int_equal(n, before + 2);
    assert_string_equal(events[before].data, "{\"a\":1}");
    assert_int_equal(events[before].updated_ms, now);
    assert_string_equal(events[before + 1].actor, "token:test");
    execute_for(about(TCN_COMMAND_EVENT_DELETE, incident, id), 200);
    assert_string_equal(text_of("status"), "deleted");
    events = events_of(incident, &n);
    assert_int_equal(n, before + 2); /* as many as incident.event_seq says */
    assert_int_equal(load(incident).incident.event_seq, (int64_t)n);
    assert_string_equal(events[before].type, TCN_EVENT_TOCSIN);
    execute_for(about(TCN_COMMAND_EVENT_DELETE, incident, id), 200);
    assert_string_equal(text_of("status"), "unchanged");
    assert_false(result.has_changed);
    execute_for(change, 404);
    assert_string_equal(error_of("field"), "event");
    drop_reply();
}

static void test_a_repeat_makes_nothing_twice(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE), id;
    size_t before, n;

    (void)state;
    events_of(incident, &before);
    execute_for(creation(incident, "\"a\"", "t"), 201);
    id = reply_id();
    execute_for(creation(incident, "\"a\"", "t"), 200);
    assert_true(tcn_id_eq(reply_id(), id));
    assert_false(result.has_changed);
    execute_for(creation(incident, "\"b\"", "t"), 409);
    assert_string_equal(error_of("field"), "client_token");
    execute_for(creation(incident, "\"a\"", "u"), 201);
    assert_false(tcn_id_eq(reply_id(), id));
    events_of(incident, &n);
    assert_int_equal(n, before + 2);
    execute_for(about(TCN_COMMAND_EVENT_DELETE, incident, id), 200);
    execute_for(creation(incident, "\"a\"", "t"), 200); /* deleted since, and not made again */
    assert_string_equal(text_of("status"), "deleted");
    assert_true(tcn_id_eq(reply_id(), id));
    drop_reply();
}

/* The change of somebody else meanwhile stays. */
static void test_a_repeated_change(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE), id;
    struct tcn_command mine, other;

    (void)state;
    execute_for(creation(incident, "1", NULL), 201);
    id = reply_id();
    mine = about(TCN_COMMAND_EVENT_UPDATE, incident, id);
    mine.custom.data = mine.request = "2";
    mine.client_token = "t";
    other = about(TCN_COMMAND_EVENT_UPDATE, incident, id);
    other.custom.data = "3";
    execute_for(mine, 200);
    execute_for(other, 200);
    execute_for(mine, 200);
    assert_int_equal(json_integer_value(json_object_get(call.reply, "data")), 3);
    drop_reply();
}

/* A refused request is not remembered by its token. */
static void test_what_is_refused(void **state)
{
    const struct tcn_event_reference none = {.related = "related-item/OTHER/0"};
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_command bad = creation(incident, "1", "t"), start;
    struct tcn_event *events;
    size_t n;

    (void)state;
    execute_for(creation((struct tcn_id){{9}}, "1", NULL), 404);
    assert_string_equal(error_of("field"), "id");
    bad.custom.references = &none;
    bad.custom.n_references = 1;
    execute_for(bad, 400);
    assert_string_equal(error_of("field"), "references");
    execute_for(creation(incident, "1", "t"), 201);
    events = events_of(incident, &n);
    start = about(TCN_COMMAND_EVENT_UPDATE, incident, events[1].id);
    start.custom.data = "1";
    execute_for(start, 409);
    assert_non_null(strstr(error_of("message"), TCN_EVENT_START));
    execute_for(about(TCN_COMMAND_EVENT_DELETE, incident, events[1].id), 409);
    assert_string_equal(error_of("field"), "event");
    drop_reply();
}

static void test_a_reference_to_an_item(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_related_item *items;
    struct tcn_event_reference ref = {NULL, NULL};
    struct tcn_command command = creation(incident, "1", NULL);
    json_t *references;
    size_t n;

    (void)state;
    assert_int_equal(tcn_store_related_list(store, incident, &arena, &items, &n, &err), 0);
    assert_int_equal(n, 1);
    ref.related = items[0].generated_id;
    command.custom.references = &ref;
    command.custom.n_references = 1;
    execute_for(command, 201);
    references = json_object_get(call.reply, "references");
    assert_int_equal(json_array_size(references), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(references, 0), "relatedItemId")),
        items[0].generated_id);
    drop_reply();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_life_of_an_event),   CASE(test_a_repeat_makes_nothing_twice),
        CASE(test_a_repeated_change),      CASE(test_what_is_refused),
        CASE(test_a_reference_to_an_item),
    };

    return cmocka_run_group_tests_name("event turns", tests, NULL, NULL);
}
