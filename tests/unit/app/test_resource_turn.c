/* Resources that commands make: what they are answered, what is in force then, and what is refused. */
#include "engine/oncall.h"
#include "resource_calls.h"
#include "store/resources.h"

#include <unistd.h>

static const char bob[] = "{\"Alias\":\"bob\",\"DisplayName\":\"Bob\",\"Type\":\"PERSONAL\","
                          "\"Plan\":{\"Stages\":[]}}";
static const char bobs_mail[] = "{\"ContactId\":\"bob\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
                                "\"DeliveryAddress\":{\"SimpleAddress\":\"bob@example.com\"}}";
static const char bobs_plan[] =
    "{\"Alias\":\"bob\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":5,"
    "\"Targets\":[{\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\","
    "\"RetryIntervalInMinutes\":1}}]}]}}";
static const char week[] =
    "{\"Name\":\"week\",\"ContactIds\":[\"ann\",\"bob\"],"
    "\"StartTime\":\"2026-08-03T09:00:00+02:00\",\"TimeZoneId\":\"Europe/Berlin\","
    "\"Recurrence\":{\"NumberOfOnCalls\":1,\"RecurrenceMultiplier\":1,\"WeeklySettings\":["
    "{\"DayOfWeek\":\"MON\",\"HandOffTime\":{\"HourOfDay\":9,\"MinuteOfHour\":0}}]}}";
static const char schedule[] = "{\"Alias\":\"oncall\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":"
                               "{\"RotationIds\":[\"week\"]}}";
static const char escalation[] =
    "{\"Alias\":\"team\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":5,"
    "\"Targets\":[{\"ContactTargetInfo\":{\"ContactId\":\"%s\",\"IsEssential\":true}}]}]}}";

static const char *team_of(const char *contact)
{
    static char text[512];

    snprintf(text, sizeof text, escalation, contact);
    return text;
}

static void make_bob(void)
{
    put(TCN_RESOURCE_CONTACT, bob, 201);
    put(TCN_RESOURCE_CHANNEL, bobs_mail, 201);
    put(TCN_RESOURCE_CONTACT, bobs_plan, 200);
}

/* At 2026-08-10T09:00Z, two hours into the second week of the rotation. */
static const char *who_is_on_call(void)
{
    static struct tcn_on_call people[TCN_ONCALL_MAX];
    const struct tcn_directory *d = in_force();

    assert_int_equal(
        tcn_oncall_at(d, tcn_directory_contact(d, "oncall"), INT64_C(1786352400000), people), 1);
    return people[0].person->alias;
}

static void test_the_file_alone_is_in_force_as_it_is(void **state)
{
    (void)state;
    assert_ptr_equal(in_force(), &file.dir);
}

static void test_what_is_made_is_in_force_at_once_beside_the_file(void **state)
{
    const struct tcn_contact *c;
    const struct tcn_channel *channel;

    (void)state;
    make_bob();
    c = tcn_directory_contact(in_force(), "bob");
    assert_non_null(c);
    assert_int_equal(c->plan.n_stages, 1);
    assert_int_equal(c->plan.stages[0].targets[0].retry_ms, 60000);
    channel = tcn_directory_channel(in_force(), "bob", "mail");
    assert_string_equal(channel->address, "bob@example.com");
    assert_true(channel->is_activated);
    assert_non_null(tcn_directory_contact(in_force(), "ann"));
    assert_non_null(tcn_directory_plan(in_force(), "critical"));
    assert_ptr_equal(in_force(), in_force()); /* it is read once */
}

static void test_an_id_stays_when_the_rest_changes(void **state)
{
    static const char moved[] = "{\"ContactId\":\"bob\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
                                "\"DeliveryAddress\":{\"SimpleAddress\":\"b@example.com\"}}";
    struct tcn_id before;

    (void)state;
    make_bob();
    before = tcn_directory_channel(in_force(), "bob", "mail")->id;
    put(TCN_RESOURCE_CHANNEL, moved, 200);
    assert_string_equal(tcn_directory_channel(in_force(), "bob", "mail")->address, "b@example.com");
    assert_true(tcn_id_eq(tcn_directory_channel(in_force(), "bob", "mail")->id, before));
    put(TCN_RESOURCE_CHANNEL,
        "{\"ContactId\":\"bob\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
        "\"DeliveryAddress\":{\"SimpleAddress\":\"b@example.com\"},"
        "\"Id\":\"6EBCC812-85F5-B7EB-8B2F-283E4D844308\"}",
        400);
    expect_error("bad_request", "Id", "for good");
}

static void test_rotations_and_their_people(void **state)
{

    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_CONTACT, schedule, 201);
    assert_string_equal(who_is_on_call(), "bob"); /* 2026-08-10T09:00Z, the second week */
    put(TCN_RESOURCE_OVERRIDE,
        "{\"RotationId\":\"week\",\"NewContactIds\":[\"ann\"],"
        "\"StartTime\":\"2026-08-10T09:00:00Z\",\"EndTime\":\"2026-08-10T17:00:00Z\"}",
        201);
    assert_string_equal(who_is_on_call(), "ann");
}

/* AWS makes contacts without stages, to give them channels and then their plan. */
static void test_a_contact_without_stages_pages_nobody(void **state)
{
    static const char *const types[] = {"PERSONAL", "ESCALATION", "ONCALL_SCHEDULE"};
    char body[128];

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snprintf(body, sizeof body, "{\"Alias\":\"c%zu\",\"Type\":\"%s\",\"Plan\":{}}", i,
                 types[i]);
        put(TCN_RESOURCE_CONTACT, body, 201);
        snprintf(body, sizeof body, "c%zu", i);
        assert_int_equal(tcn_directory_contact(in_force(), body)->plan.n_stages, 0);
        assert_int_equal(tcn_directory_contact(in_force(), body)->n_rotations, 0);
    }
    put(TCN_RESOURCE_CONTACT, "{\"Alias\":\"c0\",\"Type\":\"PERSONAL\"}", 400);
    expect_error("bad_request", "Plan", "is missing");
    put(TCN_RESOURCE_CONTACT, "{\"Alias\":\"c0\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stage\":[]}}",
        400);
    expect_error("bad_request", "Plan.Stage", "did you mean \"Stages\"");
}

static const char *start_of(const char *rotation)
{
    get(TCN_RESOURCE_ROTATION, rotation, 200);
    return tcn_arena_strdup(&arena, json_string_value(json_object_get(
                                        json_object_get(call.reply, "resource"), "StartTime")));
}

/* It is stored: what a reading means does not change with the time of the reading. */
static void test_a_rotation_without_a_start_begins_when_it_is_made(void **state)
{
    static const char plain[] =
        "{\"Name\":\"plain\",\"ContactIds\":[\"ann\"],\"TimeZoneId\":\"UTC\",\"Recurrence\":"
        "{\"NumberOfOnCalls\":1,\"RecurrenceMultiplier\":1,\"DailySettings\":[{\"HourOfDay\":9,"
        "\"MinuteOfHour\":0}]}}";
    int64_t made_ms = now = INT64_C(1786352400999);
    const struct tcn_roster *roster;
    const char *start;

    (void)state;
    put(TCN_RESOURCE_ROTATION, plain, 201);
    start = start_of("plain");
    assert_string_equal(start, "2026-08-10T09:00:00.000Z");
    now += INT64_C(40) * 86400000;
    put(TCN_RESOURCE_ROTATION, plain, 200);
    assert_string_equal(start_of("plain"), start);
    roster = tcn_directory_roster(in_force(), "plain");
    assert_int_equal(tcn_roster_rotation(roster)->start_ms, made_ms - 999);
    put(TCN_RESOURCE_ROTATION, week, 400); /* bob is not there; of what is refused nothing stays */
    put(TCN_RESOURCE_CONTACT, bob, 201);
    put(TCN_RESOURCE_ROTATION, week, 201);
    assert_string_equal(start_of("week"), "2026-08-03T09:00:00+02:00");
}

static const char * override(const char *id, const char *who, const char *start, const char *end)
{
    static char text[400];

    snprintf(text, sizeof text,
             "{\"RotationId\":\"week\",\"NewContactIds\":[%s],\"StartTime\":\"%s\","
             "\"EndTime\":\"%s\"%s%s%s}",
             who, start, end, id ? ",\"Id\":\"" : "", id ? id : "", id ? "\"" : "");
    return text;
}

/* Spec incidents-contacts 7.2; now is 2026-08-02T17:04:40Z. */
static void test_an_override_is_made_for_what_is_to_come(void **state)
{
    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_OVERRIDE, override(NULL, "", "2026-08-02T12:00:00Z", "2026-08-02T17:00:00Z"),
        400);
    expect_error("bad_request", "EndTime", "");
    put(TCN_RESOURCE_OVERRIDE, override(NULL, "", "2026-08-10T09:00:00Z", "2026-08-10T09:29:00Z"),
        400);
    put(TCN_RESOURCE_OVERRIDE, override(NULL, "", "2027-08-10T09:00:00Z", "2027-08-10T10:00:00Z"),
        400);
    put(TCN_RESOURCE_CONTACT, "{\"Alias\":\"carl\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}",
        201);
    put(TCN_RESOURCE_OVERRIDE,
        override(NULL, "\"carl\"", "2026-08-10T09:00:00Z", "2026-08-10T17:00:00Z"), 400);
}

static void test_the_override_that_was_made_last_decides(void **state)
{
    static const char *const ids[] = {"ffffffff-0000-4000-8000-000000000000",
                                      "00000000-0000-4000-8000-000000000001"};

    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_CONTACT, schedule, 201);
    put(TCN_RESOURCE_OVERRIDE,
        override(ids[0], "\"ann\"", "2026-08-10T08:00:00Z", "2026-08-10T17:00:00Z"), 201);
    assert_string_equal(who_is_on_call(), "ann");
    now++;
    put(TCN_RESOURCE_OVERRIDE,
        override(ids[1], "\"bob\"", "2026-08-10T08:00:00Z", "2026-08-10T17:00:00Z"), 201);
    assert_string_equal(who_is_on_call(), "bob");
    drop(TCN_RESOURCE_OVERRIDE, ids[1], 200);
    assert_string_equal(who_is_on_call(), "ann");
}

static void test_old_overrides_go(void **state)
{
    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_OVERRIDE,
        override(NULL, "\"ann\"", "2026-08-10T08:00:00Z", "2026-08-10T17:00:00Z"), 201);
    now += INT64_C(410) * 86400000;
    put(TCN_RESOURCE_OVERRIDE,
        override(NULL, "\"ann\"", "2027-10-10T08:00:00Z", "2027-10-10T17:00:00Z"), 201);
    run(TCN_COMMAND_RESOURCE_LIST,
        (struct tcn_resource_call){.list = "rotation_overrides", .after = "", .limit = 10}, NULL);
    assert_int_equal(json_array_size(json_object_get(call.reply, "items")), 1);
}

static void test_what_the_file_declares_is_changed_there(void **state)
{
    (void)state;
    put(TCN_RESOURCE_CONTACT, "{\"Alias\":\"ann\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}",
        409);
    expect_error("declared", "name", "tocsin.json");
    drop(TCN_RESOURCE_PLAN, "critical", 409);
    expect_error("declared", "name", "tocsin.json");
    assert_ptr_equal(in_force(), &file.dir);
}

/* Each is refused for what the file would be refused for, at the same path, and changes nothing. */
static void test_mistakes(void **state)
{
    static const struct {
        enum tcn_resource_kind kind;
        const char *body, *field, *part;
    } rows[] = {
        {TCN_RESOURCE_CONTACT, "{\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}", "Alias", ""},
        {TCN_RESOURCE_CONTACT, "{\"Alias\":\"Bob\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}",
         "Alias", "a-z"},
        {TCN_RESOURCE_CONTACT,
         "{\"Alias\":\"x\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":31}]}"
         "}",
         "Plan.Stages[0].DurationInMinutes", "30"},
        {TCN_RESOURCE_CONTACT,
         "{\"Alias\":\"x\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":3,"
         "\"Targets\":[{\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\"}}]}]}}",
         "Plan.Stages[0].Targets[0].ChannelTargetInfo.ContactChannelId", "no channel of x"},
        {TCN_RESOURCE_CONTACT,
         "{\"Alias\":\"x\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":3,"
         "\"Targets\":[{\"ContactTargetInfo\":{\"ContactId\":\"anm\",\"IsEssential\":true}}]}]}}",
         "Plan.Stages[0].Targets[0].ContactTargetInfo.ContactId",
         "\"anm\" is no contact that is there; did you mean \"ann\"?"},
        {TCN_RESOURCE_CONTACT,
         "{\"Alias\":\"x\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":{\"RotationIds\":[\"none\"]}}",
         "Plan.RotationIds[0]", "no rotation"},
        {TCN_RESOURCE_CONTACT, "{\"Alias\":\"x\",\"Typ\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}",
         "Typ", "did you mean \"Type\"?"},
        {TCN_RESOURCE_CHANNEL,
         "{\"ContactId\":\"carl\",\"Name\":\"m\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"
         "{\"SimpleAddress\":\"c@d\"}}",
         "ContactId", "no contact"},
        {TCN_RESOURCE_CHANNEL,
         "{\"ContactId\":\"ann\",\"Name\":\"sms\",\"Type\":\"SMS\",\"DeliveryAddress\":"
         "{\"SimpleAddress\":\"0170\"}}",
         "DeliveryAddress.SimpleAddress", "+COUNTRYNUMBER"},
        {TCN_RESOURCE_CHANNEL,
         "{\"ContactId\":\"ann\",\"Name\":\"\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"
         "{\"SimpleAddress\":\"c@d\"}}",
         "Name", "use letters"},
        {TCN_RESOURCE_CHANNEL,
         "{\"ContactId\":\"ann\",\"Name\":\"a/b\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"
         "{\"SimpleAddress\":\"c@d\"}}",
         "Name", "use letters"},
        {TCN_RESOURCE_CHANNEL,
         "{\"ContactId\":\"ann\",\"Name\":\"b\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"
         "{\"SimpleAddress\":\"c@d\"},\"Id\":\"00000000-0000-0000-0000-000000000000\"}",
         "Id", "UUID"},
        {TCN_RESOURCE_CHANNEL,
         "{\"ContactId\":\"ann\",\"Name\":\"a\\nb\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"
         "{\"SimpleAddress\":\"c@d\"}}",
         "Name", "control characters"},
        {TCN_RESOURCE_ROTATION,
         "{\"Name\":\"r\",\"ContactIds\":[\"ann\"],\"StartTime\":\"2026-08-03T09:00:00Z\","
         "\"TimeZoneId\":\"Europe/Olso\",\"Recurrence\":{\"NumberOfOnCalls\":1,"
         "\"RecurrenceMultiplier\":1,\"DailySettings\":[{\"HourOfDay\":9,\"MinuteOfHour\":0}]}}",
         "TimeZoneId", "Europe/Oslo"},
        {TCN_RESOURCE_ROTATION,
         "{\"Name\":\"r\",\"ContactIds\":[\"ann\"],\"Id\":\"7\",\"StartTime\":\"2026-08-03T09:00:"
         "00Z\","
         "\"TimeZoneId\":\"Europe/Oslo\",\"Recurrence\":{\"NumberOfOnCalls\":1,"
         "\"RecurrenceMultiplier\":1,\"DailySettings\":[{\"HourOfDay\":9,\"MinuteOfHour\":0}]}}",
         "Id", "UUID"},
        {TCN_RESOURCE_OVERRIDE,
         "{\"RotationId\":\"no\",\"NewContactIds\":[],\"StartTime\":\"2026-08-03T09:00:00Z\","
         "\"EndTime\":\"2026-08-03T10:00:00Z\"}",
         "RotationId", "no rotation"},
        {TCN_RESOURCE_PLAN, "{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":6}}",
         "incidentTemplate.impact", "5"},
        {TCN_RESOURCE_PLAN,
         "{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
         "\"engagements\":[\"nobody\"]}",
         "engagements[0]", "no contact"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put(rows[i].kind, rows[i].body, 400);
        expect_error("bad_request", rows[i].field, rows[i].part);
        assert_ptr_equal(in_force(), &file.dir);
    }
}

static void test_what_breaks_something_else_is_refused(void **state)
{
    (void)state;
    make_bob();
    put(TCN_RESOURCE_CONTACT, team_of("bob"), 201);
    put(TCN_RESOURCE_CONTACT,
        "{\"Alias\":\"bob\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[]}}", 400);
    expect_error("bad_request", "Type", "PERSONAL for good");
    put(TCN_RESOURCE_CHANNEL,
        "{\"ContactId\":\"bob\",\"Name\":\"second\",\"Type\":\"EMAIL\","
        "\"DeliveryAddress\":{\"SimpleAddress\":\"bob@example.com\"}}",
        409);
    expect_error("conflict", "DeliveryAddress", "bob:mail");
}

static void test_what_is_used_is_not_deleted(void **state)
{
    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_CONTACT, schedule, 201);
    put(TCN_RESOURCE_CONTACT, team_of("bob"), 201);
    drop(TCN_RESOURCE_CONTACT, "bob", 409);
    expect_error("in_use", "name", "contact \"team\", rotation \"week\"");
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(call.reply, "error"), "used_by")), 2);
    drop(TCN_RESOURCE_CHANNEL, "bob:mail", 409);
    expect_error("in_use", "name", "contact \"bob\"");
    drop(TCN_RESOURCE_ROTATION, "week", 409);
    expect_error("in_use", "name", "contact \"oncall\"");
    drop(TCN_RESOURCE_CONTACT, "bib", 404);
    expect_error("not_found", "name", "did you mean \"bob\"?");
}

/* An override is known by its Id, which is what deletes it. */
static void test_an_override_in_use_is_told_by_its_id(void **state)
{
    static const char of_ann[] =
        "{\"Name\":\"week\",\"ContactIds\":[\"ann\"],\"TimeZoneId\":\"UTC\",\"Recurrence\":{"
        "\"NumberOfOnCalls\":1,\"RecurrenceMultiplier\":1,\"DailySettings\":[{\"HourOfDay\":9,"
        "\"MinuteOfHour\":0}]}}";
    static const char id[] = "01020304-0506-4708-890a-0b0c0d0e0f10";
    const json_t *users, *user;

    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_OVERRIDE,
        override(id, "\"bob\"", "2026-08-10T08:00:00Z", "2026-08-10T17:00:00Z"), 201);
    put(TCN_RESOURCE_ROTATION, of_ann, 409);
    drop(TCN_RESOURCE_CONTACT, "bob", 409);
    expect_error("in_use", "name", "rotation \"week\", rotation override of rotation \"week\"");
    users = json_object_get(json_object_get(call.reply, "error"), "used_by");
    assert_int_equal(json_array_size(users), 2);
    user = json_array_get(users, 1);
    assert_string_equal(json_string_value(json_object_get(user, "kind")), "rotation_overrides");
    assert_string_equal(json_string_value(json_object_get(user, "name")), id);
    drop(TCN_RESOURCE_OVERRIDE, id, 200);
    drop(TCN_RESOURCE_CONTACT, "bob", 409);
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(call.reply, "error"), "used_by")), 1);
}

static char *logged_while(void (*act)(void))
{
    int saved = dup(STDERR_FILENO);
    FILE *sink = tmpfile();
    char *text = tcn_arena_alloc(&arena, 65536);
    size_t n;

    assert_non_null(sink);
    dup2(fileno(sink), STDERR_FILENO);
    act();
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(sink);
    n = fread(text, 1, 65535, sink);
    fclose(sink);
    text[n] = '\0';
    return text;
}

static void read_what_is_in_force(void)
{
    (void)in_force();
}

/* As another version may have stored it: an address that cannot be right. */
static void store_channel(const char *name, const char *address)
{
    struct tcn_resource row = {
        .kind = TCN_RESOURCE_CHANNEL,
        .name = tcn_arena_fmt(&arena, "bob:%s", name),
        .body = tcn_arena_fmt(&arena,
                              "{\"ContactId\":\"bob\",\"Name\":\"%s\",\"Type\":\"SMS\","
                              "\"DeliveryAddress\":{\"SimpleAddress\":\"%s\"}}",
                              name, address),
        .created_by = "token:test",
        .modified_by = "token:test",
        .created_ms = now,
        .modified_ms = now,
    };

    row.id = tcn_id_child((struct tcn_id){{0}}, name, 1);
    assert_int_equal(tcn_store_resource_put(store, &row, &err), 0);
}

static void test_the_log_has_no_addresses(void **state)
{
    const json_t *flaws;
    const char *log;

    (void)state;
    make_bob();
    store_channel("phone", "0151 \\\"234\\\" 5678");
    store_channel("lines", "+49151\\n9876");
    log = logged_while(read_what_is_in_force);
    assert_non_null(strstr(log, "kind=contact_channels name=bob:phone"));
    assert_non_null(strstr(log, "why=\"write telephone numbers as +COUNTRYNUMBER\""));
    assert_non_null(strstr(log, "name=bob:lines"));
    assert_null(strstr(log, "0151"));
    assert_null(strstr(log, "5678"));
    assert_null(strstr(log, "9876"));
    /* Who asks for the channel is told it whole, and the log has it once. */
    get(TCN_RESOURCE_CHANNEL, "bob:phone", 200);
    flaws = json_object_get(call.reply, "flaws");
    assert_non_null(
        strstr(json_string_value(json_object_get(json_array_get(flaws, 0), "what")), "0151"));
    assert_string_equal(logged_while(read_what_is_in_force), "");
}

static void test_parts_go_with_the_whole(void **state)
{
    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_OVERRIDE,
        "{\"RotationId\":\"week\",\"NewContactIds\":[],\"StartTime\":\"2026-08-10T09:00:00Z\","
        "\"EndTime\":\"2026-08-10T17:00:00Z\"}",
        201);
    drop(TCN_RESOURCE_ROTATION, "week", 200);
    drop(TCN_RESOURCE_CONTACT, "bob", 200);
    run(TCN_COMMAND_RESOURCE_LIST,
        (struct tcn_resource_call){.list = "rotation_overrides", .after = "", .limit = 10}, NULL);
    assert_int_equal(json_array_size(json_object_get(call.reply, "items")), 0);
    get(TCN_RESOURCE_CHANNEL, "bob:mail", 404);
    assert_ptr_equal(in_force(), &file.dir);
}

static void test_a_list_that_is_none(void **state)
{
    static const char all[] =
        "there are contacts, contact_channels, rotations, rotation_overrides and response_plans";
    static const enum tcn_command_kind kinds[] = {
        TCN_COMMAND_RESOURCE_LIST, TCN_COMMAND_RESOURCE_GET, TCN_COMMAND_RESOURCE_PUT,
        TCN_COMMAND_RESOURCE_DELETE, TCN_COMMAND_CHANNEL_SEND_CODE};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        run(kinds[i],
            (struct tcn_resource_call){
                .list = "maintenance_windows", .name = "ann", .after = "", .limit = 1},
            bob);
        expect_status(404);
        expect_error("not_found", "kind", all);
        assert_false(result.has_changed);
    }
}

static void test_lists_are_of_both_and_in_pages(void **state)
{
    struct tcn_resource_call of = {.list = "contacts", .after = "", .limit = 1};
    json_t *items;

    (void)state;
    put(TCN_RESOURCE_CONTACT, bob, 201);
    run(TCN_COMMAND_RESOURCE_LIST, of, NULL);
    items = json_object_get(call.reply, "items");
    assert_int_equal(json_array_size(items), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "declared_in")),
                        "tocsin.json");
    assert_string_equal(json_string_value(json_object_get(call.reply, "next")), "ann");
    of.after = "ann";
    run(TCN_COMMAND_RESOURCE_LIST, of, NULL);
    items = json_object_get(call.reply, "items");
    assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "created_by")),
                        "token:test");
    assert_true(json_is_null(json_object_get(call.reply, "next")));
}

/* Another file is in force after a reload, and what was made before stays. */
static void reload(struct resources *kept, const char *text)
{
    *kept = file;
    use_file(text);
}

static void test_the_file_wins_and_what_was_made_waits(void **state)
{
    static const char with_bob[] =
        "{\"contacts\":[{\"Alias\":\"bob\",\"DisplayName\":\"File\",\"Type\":\"PERSONAL\","
        "\"Plan\":{\"Stages\":[]}}]}";
    struct resources before, between;

    (void)state;
    put(TCN_RESOURCE_CONTACT, bob, 201);
    reload(&before, with_bob);
    assert_string_equal(tcn_directory_contact(in_force(), "bob")->display_name, "File");
    put(TCN_RESOURCE_CONTACT, bob, 409);
    reload(&between, "{}");
    assert_string_equal(tcn_directory_contact(in_force(), "bob")->display_name, "Bob");
    release_resources(&before);
    release_resources(&between);
}

static void test_what_a_new_file_leaves_without_is_told_and_stays(void **state)
{
    struct resources before;

    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_CONTACT, schedule, 201);
    reload(&before, "{}"); /* without ann, who is in the rotation */
    assert_string_equal(who_is_on_call(), "bob");
    get(TCN_RESOURCE_ROTATION, "week", 200);
    assert_int_equal(json_array_size(json_object_get(call.reply, "flaws")), 1);
    put(TCN_RESOURCE_CONTACT, team_of("bob"), 201); /* nobody is kept from other work by it */
    release_resources(&before);
}

/* What is no resource of the file holds beside those of commands, too. */
static void test_the_budgets_of_channels_stay(void **state)
{
    (void)state;
    file.dir.budgets[TCN_EMAIL] = (struct tcn_page_budget){5, 60000};
    put(TCN_RESOURCE_CONTACT, bob, 201);
    assert_ptr_not_equal(in_force(), &file.dir);
    assert_int_equal(in_force()->budgets[TCN_EMAIL].pages, 5);
}

/* -- a full list -------------------------------------------------------------------------------------------------- */

/* A file with so many contacts, c0000 and on, behind whom there is room for one of a command's. */
static void use_many(size_t n)
{
    static char text[200000];
    size_t at = (size_t)snprintf(text, sizeof text, "{\"contacts\":[");

    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "%s{\"Alias\":\"c%04zu\",\"Type\":\"PERSONAL\",\"Plan\":"
                               "{\"Stages\":[]}}",
                               i ? "," : "", i);
    snprintf(text + at, sizeof text - at, "]}");
    use_file(text);
}

static void test_a_full_list_takes_no_more_and_what_is_there_is_changed(void **state)
{
    static const char ann2[] =
        "{\"Alias\":\"ann2\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}";
    struct resources before = file, between, full;

    (void)state;
    use_many(TCN_CONTACTS_MAX - 1);
    put(TCN_RESOURCE_CONTACT, bob, 201);
    put(TCN_RESOURCE_CONTACT, ann2, 409);
    expect_error("limit", NULL, "1000 contacts");
    put(TCN_RESOURCE_CONTACT, bob, 200);
    put(TCN_RESOURCE_CONTACT, bobs_plan,
        400); /* whose channel is not there: judged, however full it is */
    between = file;
    use_many(TCN_CONTACTS_MAX);
    assert_null(tcn_directory_contact(in_force(), "bob"));
    put(TCN_RESOURCE_CONTACT, bob, 409);
    full = file;
    use_file(file_text);
    assert_non_null(tcn_directory_contact(in_force(), "bob"));
    release_resources(&before);
    release_resources(&between);
    release_resources(&full);
}

static void test_the_past_keeps_nobody(void **state)
{
    static const char of_ann[] =
        "{\"Name\":\"week\",\"ContactIds\":[\"ann\"],"
        "\"StartTime\":\"2026-08-03T09:00:00+02:00\",\"TimeZoneId\":\"Europe/Berlin\","
        "\"Recurrence\":{\"NumberOfOnCalls\":1,\"RecurrenceMultiplier\":1,\"WeeklySettings\":["
        "{\"DayOfWeek\":\"MON\",\"HandOffTime\":{\"HourOfDay\":9,\"MinuteOfHour\":0}}]}}";

    (void)state;
    make_bob();
    put(TCN_RESOURCE_ROTATION, week, 201);
    put(TCN_RESOURCE_OVERRIDE,
        override(NULL, "\"bob\"", "2026-08-10T08:00:00Z", "2026-08-10T17:00:00Z"), 201);
    put(TCN_RESOURCE_ROTATION, of_ann, 409);
    expect_error("in_use", NULL, "rotation override");
    now += INT64_C(30) * 86400000;
    put(TCN_RESOURCE_ROTATION, of_ann, 200);
    drop(TCN_RESOURCE_CONTACT, "bob", 200);
    run(TCN_COMMAND_RESOURCE_LIST,
        (struct tcn_resource_call){.list = "rotation_overrides", .after = "", .limit = 10}, NULL);
    assert_int_equal(json_array_size(json_object_get(call.reply, "items")), 0);
}

static void test_a_rollback_takes_back_what_is_in_force(void **state)
{
    (void)state;
    assert_int_equal(tcn_store_commit(store, &err), 0);
    assert_int_equal(tcn_store_begin(store, &err), 0);
    put(TCN_RESOURCE_CONTACT, bob, 201);
    assert_non_null(tcn_directory_contact(in_force(), "bob"));
    tcn_store_rollback(store);
    assert_int_equal(tcn_store_begin(store, &err), 0);
    assert_null(tcn_directory_contact(in_force(), "bob"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, resource_setup, resource_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_file_alone_is_in_force_as_it_is),
        TEST(test_what_is_made_is_in_force_at_once_beside_the_file),
        TEST(test_an_id_stays_when_the_rest_changes),
        TEST(test_rotations_and_their_people),
        TEST(test_a_contact_without_stages_pages_nobody),
        TEST(test_a_rotation_without_a_start_begins_when_it_is_made),
        TEST(test_an_override_is_made_for_what_is_to_come),
        TEST(test_the_override_that_was_made_last_decides),
        TEST(test_old_overrides_go),
        TEST(test_what_the_file_declares_is_changed_there),
        TEST(test_mistakes),
        TEST(test_what_breaks_something_else_is_refused),
        TEST(test_what_is_used_is_not_deleted),
        TEST(test_an_override_in_use_is_told_by_its_id),
        TEST(test_the_log_has_no_addresses),
        TEST(test_parts_go_with_the_whole),
        TEST(test_a_list_that_is_none),
        TEST(test_lists_are_of_both_and_in_pages),
        TEST(test_the_file_wins_and_what_was_made_waits),
        TEST(test_what_a_new_file_leaves_without_is_told_and_stays),
        TEST(test_the_budgets_of_channels_stay),
        TEST(test_a_full_list_takes_no_more_and_what_is_there_is_changed),
        TEST(test_the_past_keeps_nobody),
        TEST(test_a_rollback_takes_back_what_is_in_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
