#include "engine/published.h"
#include "fixture.h"

static const struct {
    const char *type, *data;
    bool is_told;
} rows[] = {
    {TCN_EVENT_TRIGGER, "{\"createdIncident\":true}", true},
    {TCN_EVENT_TRIGGER, "{\"createdIncident\":false,\"incidentSource\":\"x\"}", false},
    {TCN_EVENT_START, "{}", true},
    {TCN_EVENT_UPDATE, "{}", true},
    {TCN_EVENT_PAGE, "{}", true},
    {TCN_EVENT_ACK, "{}", true},
    {TCN_EVENT_NOTE, "{\"author\":\"x\"}", true},
    {TCN_EVENT_CUSTOM, "text", true},
    {TCN_EVENT_CUSTOM, "{\"createdIncident\":false}", true},
    {TCN_EVENT_TOCSIN, "{\"message\":\"Ticket INC1 was created\"}", false},
    {TCN_EVENT_TOCSIN, "{\"author\":\"token:ann\",\"text\":\"acknowledged\"}", true},
    {TCN_EVENT_TOCSIN, NULL, false},
    {"Something Else", "{}", false},
};

static void every_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct tcn_event e = {.type = rows[i].type, .data = rows[i].data};

        if (tcn_event_is_published(&e) != rows[i].is_told)
            fail_msg("%s %s", rows[i].type, rows[i].data);
    }
}

/* The events as they are made: what is told of an incident that opens twice and is answered by somebody who had no page. */
static void as_they_are_made(void **state)
{
    struct fixture f;
    size_t told = 0;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    for (size_t i = 0; i < f.d.events.n; i++)
        told += tcn_event_is_published(&f.d.events.items[i]);
    assert_int_equal(told, 3); /* and the page of ann */
    assert_int_equal(f.d.events.n, 3);
    fx_begin(&f);
    assert_int_equal(
        tcn_engine_acknowledge(&f.a, (struct tcn_id){{0}}, "token:x", NULL, f.now, &f.d), 0);
    assert_int_equal(f.d.events.n, 1);
    assert_true(tcn_event_is_published(&f.d.events.items[0]));
    fx_done(&f);
}

static void topics_of_an_incident(void **state)
{
    static const char *const targets[] = {"a", "b", "a"}, *const chat[] = {"b", "c"};
    const struct tcn_incident i = {.notification_targets = {targets, 3}, .chat_channel = {chat, 2}},
                              none = {.exists = true};
    const char *got[TCN_TOPICS_OF_INCIDENT_MAX];

    (void)state;
    assert_int_equal(tcn_incident_topics(&i, got), 3);
    assert_string_equal(got[0], "a");
    assert_string_equal(got[1], "b");
    assert_string_equal(got[2], "c");
    assert_int_equal(tcn_incident_topics(&none, got), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type),
        cmocka_unit_test(as_they_are_made),
        cmocka_unit_test(topics_of_an_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
