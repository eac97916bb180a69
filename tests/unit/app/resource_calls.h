/* Commands on resources, beside a small file of resources: what they are answered, and what is in force then. */
#ifndef TCN_TEST_APP_RESOURCE_CALLS_H
#define TCN_TEST_APP_RESOURCE_CALLS_H

#include "app/catalog.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/section.h"
#include "resources_world.h"
#include "turns.h"

static const char file_text[] =
    "{\"contacts\":["
    "{\"Alias\":\"ann\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":5,"
    "\"Targets\":[{\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\"}}]}]}}],"
    "\"contact_channels\":[{\"ContactId\":\"ann\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
    "\"DeliveryAddress\":{\"SimpleAddress\":\"ann@example.com\"},\"DeferActivation\":true}],"
    "\"response_plans\":[{\"name\":\"critical\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1}"
    ","
    "\"engagements\":[\"ann\"]}]}";

static struct resources file;
static struct tcn_declared declared;
static struct tcn_api_call call;
static struct tcn_command_result result;

static inline void use_file(const char *text)
{
    static const struct tcn_connector_names none = {NULL, NULL, NULL, NULL};

    static uint64_t serial;

    read_resources(&file, text, &none);
    declared = (struct tcn_declared){
        .serial = ++serial, .file = "tocsin.json", .resources = file.doc.root, .connectors = none};
    file.dir.declared = &declared;
    file.dir.account_id = "123456789012";
    file.dir.region = "eu-central-1";
}

static inline int resource_setup(void **state)
{
    use_file(file_text);
    return setup(state);
}

static inline int resource_teardown(void **state)
{
    json_decref(call.reply);
    json_decref(call.body);
    call = (struct tcn_api_call){0};
    teardown(state);
    release_resources(&file);
    return 0;
}

static inline const struct tcn_directory *in_force(void)
{
    const struct tcn_directory *d = NULL;

    if (tcn_catalog_of(store, &file.dir, now, &d, &err) < 0)
        fail_msg("%s", err.msg);
    return d;
}

static inline void run(enum tcn_command_kind kind, struct tcn_resource_call of, const char *body)
{
    struct tcn_command_world world = {&file.dir, in_force(), NULL, 1, NULL};

    json_decref(call.reply);
    json_decref(call.body);
    call = (struct tcn_api_call){.arena = &arena, .actor = "token:test"};
    call.now_ms = now;
    call.command.kind = kind;
    call.command.resource = of;
    call.body = body ? json_loads(body, 0, NULL) : NULL;
    if (body && !call.body)
        fail_msg("the test's own body is no JSON: %s", body);
    if (tcn_command_execute(&call, &world, store, now, &result, &err) < 0)
        fail_msg("%s", err.msg);
    assert_non_null(call.reply);
}

static inline void expect_status(int status)
{
    char *text;

    if (call.status == status)
        return;
    text = json_dumps(call.reply, 0);
    fail_msg("%d instead of %d: %s", call.status, status, text);
}

static inline void put(enum tcn_resource_kind kind, const char *body, int status)
{
    run(TCN_COMMAND_RESOURCE_PUT, (struct tcn_resource_call){.list = tcn_section_of(kind)->list},
        body);
    expect_status(status);
    assert_int_equal(result.has_changed, status < 300);
}

static inline void drop(enum tcn_resource_kind kind, const char *name, int status)
{
    run(TCN_COMMAND_RESOURCE_DELETE,
        (struct tcn_resource_call){.list = tcn_section_of(kind)->list, .name = name}, NULL);
    expect_status(status);
    assert_int_equal(result.has_changed, status < 300);
}

static inline void get(enum tcn_resource_kind kind, const char *name, int status)
{
    run(TCN_COMMAND_RESOURCE_GET,
        (struct tcn_resource_call){.list = tcn_section_of(kind)->list, .name = name}, NULL);
    expect_status(status);
}

static inline void expect_error(const char *code, const char *field, const char *part)
{
    const json_t *error = json_object_get(call.reply, "error");
    const char *message = json_string_value(json_object_get(error, "message"));

    assert_string_equal(json_string_value(json_object_get(error, "code")), code);
    if (field)
        assert_string_equal(json_string_value(json_object_get(error, "field")), field);
    if (!message || !strstr(message, part))
        fail_msg("\"%s\" does not say \"%s\"", message ? message : "", part);
}

#endif
