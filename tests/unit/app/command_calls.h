/* Commands of the API as turns, without HTTP: one call, and what it was answered. */
#ifndef TCN_TEST_APP_COMMAND_CALLS_H
#define TCN_TEST_APP_COMMAND_CALLS_H

#include "app/commands.h"
#include "turns.h"

static const struct tcn_source_policy *const policies[] = {&policy, NULL};
static struct tcn_api_call call;
static struct tcn_command_result result;

static inline void execute(struct tcn_command command)
{
    struct tcn_command_world world = {&directory, &directory, policies, 1, NULL};

    json_decref(call.reply);
    call = (struct tcn_api_call){.arena = &arena, .account_id = "123456789012", .command = command};
    call.command.actor = call.command.custom.actor = "token:test";
    if (tcn_command_execute(&call, &world, store, now, &result, &err) < 0)
        fail_msg("%s", err.msg);
    assert_non_null(call.reply);
}

static inline void execute_for(struct tcn_command command, int status)
{
    execute(command);
    if (call.status != status)
        fail_msg("%d: %s", call.status, json_dumps(call.reply, 0));
}

static inline void drop_reply(void)
{
    json_decref(call.reply);
    call.reply = NULL;
}

static inline const char *text_of(const char *member)
{
    return json_string_value(json_object_get(call.reply, member));
}

static inline const char *error_of(const char *member)
{
    return json_string_value(json_object_get(json_object_get(call.reply, "error"), member));
}

#endif
