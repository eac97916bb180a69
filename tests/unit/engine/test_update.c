#include "fixture.h"

static char long_text[TCN_SUMMARY_MAX + 2];

#define OPS "arn:aws:sns:eu-central-1:123456789012:ops"
#define DEV "arn:aws:sns:eu-central-1:123456789012:dev"

static const char *const topic_arns[] = {OPS, DEV, OPS, DEV, OPS, DEV, OPS, DEV, OPS, DEV, OPS},
                         *const odd_arns[] = {"arn:aws:sqs:eu-central-1:123456789012:ops"};
static const struct tcn_topics no_topics = {NULL, 0}, two_topics = {topic_arns, 2},
                               six_topics = {topic_arns, 6}, eleven_topics = {topic_arns, 11},
                               odd_topics = {odd_arns, 1};

static const struct {
    const char *name;
    struct tcn_incident_update update;
    int r;
    const char *names; /* part of the message, or of the event's data */
} rows[] = {
    {"title", {.title = "t"}, 0, "\"attributeName\":\"title\""},
    {"summary", {.summary = "s"}, 0, "\"attributeName\":\"summary\""},
    {"summary removed", {.summary = ""}, 0, "\"newValue\":\"\""},
    {"impact", {.impact = 1}, 0, "\"attributeName\":\"impact\",\"newValue\":\"1\""},
    {"resolved", {.status = TCN_STATUS_RESOLVED}, 0, "\"newValue\":\"RESOLVED\""},
    {"nothing", {.impact = 0}, 0, NULL},
    {"the same title", {.title = "cpu"}, 0, NULL},
    {"the same impact", {.impact = 3}, 0, NULL},
    {"the same status", {.status = TCN_STATUS_OPEN}, 0, NULL},
    {"targets",
     {.notification_targets = &two_topics},
     0,
     "{\"attributeName\":\"notificationTargets\",\"newValue\":\"[{\\\"snsTopicArn\\\":\\\"" OPS
     "\\\"},{\\\"snsTopicArn\\\":\\\"" DEV "\\\"}]\"}"},
    {"chat channel",
     {.chat_channel = &two_topics},
     0,
     "{\"attributeName\":\"chatChannel\",\"newValue\":\"{\\\"chatbotSns\\\":[\\\"" OPS
     "\\\",\\\"" DEV "\\\"]}\"}"},
    {"ten targets", {.notification_targets = &(struct tcn_topics){topic_arns, 10}}, 0, OPS},
    {"no topics where none are",
     {.notification_targets = &no_topics, .chat_channel = &no_topics},
     0,
     NULL},
    {"eleven targets",
     {.notification_targets = &eleven_topics},
     TCN_EINVALID,
     "notificationTargets"},
    {"six topics for chat", {.chat_channel = &six_topics}, TCN_EINVALID, "chatChannel"},
    {"a queue", {.notification_targets = &odd_topics}, TCN_EINVALID, "the ARN of a topic"},
    {"empty title", {.title = ""}, TCN_EINVALID, "title"},
    {"long title", {.title = long_text}, TCN_EINVALID, "title"},
    {"long summary", {.summary = long_text}, TCN_EINVALID, "summary"},
    {"title that is not UTF-8", {.title = "\xFF"}, TCN_EINVALID, "title"},
    {"impact 6", {.impact = 6}, TCN_EINVALID, "impact"},
    {"impact -1", {.impact = -1}, TCN_EINVALID, "impact"},
    {"a status of another kind", {.status = (enum tcn_incident_status)9}, TCN_EINVALID, "status"},
};

/* On the timeline, where people read what was changed. */
static void what_was_changed_is_named(void **state)
{
    static const struct {
        struct tcn_incident_update update;
        const char *text;
    } told[] = {
        {{.title = "t", .impact = 1}, "changed by ann: title, impact 3 -> 1"},
        {{.summary = "s"}, "changed by ann: summary"},
        {{.notification_targets = &two_topics, .chat_channel = &two_topics},
         "changed by ann: notificationTargets, chatChannel"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        struct tcn_incident_update update = told[i].update;
        struct tcn_err err = {0};
        struct fixture f;

        fx_init(&f);
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        f.now += MIN;
        fx_begin(&f);
        update.actor = "ann";
        assert_int_equal(tcn_engine_update(&f.a, &update, f.now, &f.d, &err), 0);
        assert_string_equal(f.d.events.items[f.d.events.n - 1].text, told[i].text);
        fx_done(&f);
    }
}

static void every_update(void **state)
{
    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tcn_err err = {0};
        struct fixture f;
        int r;

        fx_init(&f);
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        f.now += MIN;
        fx_begin(&f);
        r = tcn_engine_update(&f.a, &rows[i].update, f.now, &f.d, &err);
        if (r != rows[i].r)
            fail_msg("%s: %d", rows[i].name, r);
        if (r < 0)
            assert_non_null(strstr(err.msg, rows[i].names));
        if (r == 0 && rows[i].names)
            assert_non_null(strstr(fx_event(&f, TCN_EVENT_UPDATE, NULL)->data, rows[i].names));
        if (r < 0 || !rows[i].names)
            assert_true(fx_wrote_nothing(&f));
        fx_done(&f);
    }
}

static void one_event_for_all_members(void **state)
{
    const struct tcn_incident_update u = {.status = TCN_STATUS_RESOLVED,
                                          .title = "t",
                                          .summary = "s",
                                          .impact = 5,
                                          .resolution = {.code = "fixed", .notes = "rebooted"},
                                          .actor = "user:ann"};
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_begin(&f);
    assert_int_equal(tcn_engine_update(&f.a, &u, f.now + MIN, &f.d, NULL), 0);
    assert_int_equal(f.d.events.n, 1);
    assert_true(f.d.events.items[0].to_tickets);
    assert_non_null(fx_event(&f, TCN_EVENT_UPDATE, "resolved by user:ann: rebooted"));
    assert_string_equal(f.a.incident.resolution.code, "fixed");
    assert_string_equal(f.a.incident.resolution.by, "user:ann");
    assert_true(f.a.engagements[0].stop_ms != 0);
    assert_int_equal(f.a.incident.revision, 2);
    fx_done(&f);
}

static void update_topics(struct fixture *f, const struct tcn_topics *targets,
                          const struct tcn_topics *chat)
{
    const struct tcn_incident_update u = {
        .notification_targets = targets, .chat_channel = chat, .actor = "user:ann"};

    fx_begin(f);
    assert_int_equal(tcn_engine_update(&f->a, &u, f->now, &f->d, NULL), 0);
}

static void topics_come_and_go(void **state)
{
    const struct tcn_incident *i;
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    i = &f.a.incident;
    update_topics(&f, &two_topics, NULL);
    assert_int_equal(i->notification_targets.n, 2);
    assert_string_equal(i->notification_targets.arns[1], DEV);
    assert_int_equal(i->chat_channel.n, 0);
    update_topics(&f, &two_topics, NULL);
    assert_int_equal(f.d.events.n, 0);
    update_topics(&f, &(struct tcn_topics){topic_arns + 1, 2}, &two_topics);
    assert_int_equal(f.d.events.n, 1);
    assert_string_equal(i->notification_targets.arns[0], DEV);
    update_topics(&f, &no_topics, &no_topics);
    assert_int_equal(i->notification_targets.n + i->chat_channel.n, 0);
    assert_non_null(
        strstr(fx_event(&f, TCN_EVENT_UPDATE, NULL)->data, "\"newValue\":\"{\\\"empty\\\":{}}\""));
    assert_non_null(strstr(fx_event(&f, TCN_EVENT_UPDATE, NULL)->data,
                           "\"attributeName\":\"notificationTargets\",\"newValue\":\"[]\""));
    fx_done(&f);
}

static void second_resolve_keeps_the_time(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    f.now += MIN;
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(f.a.incident.resolved_ms, T0);
    fx_done(&f);
}

static void person_reopens_and_wakes_nobody(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    fx_status(&f, TCN_STATUS_RESOLVED, "wont_fix");
    fx_status(&f, TCN_STATUS_OPEN, NULL);
    assert_int_equal(f.a.incident.resolved_ms, 0);
    assert_int_equal(f.a.incident.acknowledged_ms, 0);
    assert_int_equal(f.a.n_engagements, 1);
    assert_int_equal(f.n_sends, 1);
    /* The OK of an alarm that fired all the time resolves it; a repeat of the OK does not once it is reopened. */
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0), TCN_INTAKE_RESOLVED);
    fx_status(&f, TCN_STATUS_OPEN, NULL);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0), TCN_INTAKE_NOTHING);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

static void notes(void **state)
{
    struct fixture f;
    struct tcn_err err;

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    fx_init(&f);
    fx_begin(&f);
    assert_int_equal(tcn_engine_note(&f.a, "x", "user:ann", T0, &f.d, &err), TCN_ENOTFOUND);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_begin(&f);
    assert_int_equal(tcn_engine_note(&f.a, "", "user:ann", T0, &f.d, &err), TCN_EINVALID);
    assert_int_equal(tcn_engine_note(&f.a, NULL, "user:ann", T0, &f.d, &err), TCN_EINVALID);
    assert_int_equal(tcn_engine_note(&f.a, long_text, "user:ann", T0, &f.d, &err), TCN_EINVALID);
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(tcn_engine_note(&f.a, "it is \"the\" disk", "contact:ann", T0, &f.d, &err), 0);
    assert_true(f.d.tickets_due && f.d.events.items[0].to_tickets);
    assert_string_equal(f.d.events.items[0].text, "it is \"the\" disk");
    assert_string_equal(
        f.d.events.items[0].data,
        "{\"author\":\"arn:aws:ssm-contacts:us-east-1:111122223333:contact/ann\",\"text\":\"it is "
        "\\\"the\\\" disk\"}");
    f.a.incident.event_seq = TCN_EVENTS_MAX - 1; /* what senders say ended before */
    assert_int_equal(tcn_engine_note(&f.a, "x", NULL, T0, &f.d, &err), 0);
    assert_int_equal(tcn_engine_note(&f.a, "x", NULL, T0, &f.d, &err), TCN_ELIMIT);
    fx_done(&f);
}

static void no_incident(void **state)
{
    const struct tcn_incident_update u = {.impact = 1};
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_begin(&f);
    assert_int_equal(tcn_engine_update(&f.a, &u, T0, &f.d, NULL), TCN_ENOTFOUND);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_update),
        cmocka_unit_test(what_was_changed_is_named),
        cmocka_unit_test(one_event_for_all_members),
        cmocka_unit_test(topics_come_and_go),
        cmocka_unit_test(second_resolve_keeps_the_time),
        cmocka_unit_test(person_reopens_and_wakes_nobody),
        cmocka_unit_test(notes),
        cmocka_unit_test(no_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
