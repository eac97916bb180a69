/* Resources that commands make, beside those of the configuration: requests, read; core/app executes them. */
#include "api/v1_query.h"

static void read_list(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    struct tcn_command *c = &call->command;

    c->kind = kind;
    c->actor = call->actor;
    c->resource.list = call->path_id;
}

static void read_named(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    call->command.resource.name = call->path_part;
    read_list(call, kind);
}

static int read_empty(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    static const char *const none[] = {NULL};

    read_named(call, kind);
    return tcn_v1_only(call, none);
}

int tcn_v1_resources(struct tcn_api_call *call)
{
    struct tcn_resource_call *r = &call->command.resource;
    const char *next = tcn_api_query(call, "next");

    r->after = next ? next : "";
    read_list(call, TCN_COMMAND_RESOURCE_LIST);
    return tcn_v1_limit(call, &r->limit);
}

int tcn_v1_resource(struct tcn_api_call *call)
{
    read_named(call, TCN_COMMAND_RESOURCE_GET);
    return 0;
}

int tcn_v1_resource_put(struct tcn_api_call *call)
{
    read_list(call, TCN_COMMAND_RESOURCE_PUT);
    if (!json_is_object(call->body))
        return tcn_v1_refuse(call, NULL, "send the resource as a JSON object");
    return 0;
}

int tcn_v1_resource_delete(struct tcn_api_call *call)
{
    return read_empty(call, TCN_COMMAND_RESOURCE_DELETE);
}

/* -- contact channels --------------------------------------------------------------------------------------------- */

int tcn_v1_channel_send_code(struct tcn_api_call *call)
{
    return read_empty(call, TCN_COMMAND_CHANNEL_SEND_CODE);
}

int tcn_v1_channel_deactivate(struct tcn_api_call *call)
{
    return read_empty(call, TCN_COMMAND_CHANNEL_DEACTIVATE);
}

int tcn_v1_channel_activate(struct tcn_api_call *call)
{
    static const char *const names[] = {"code", NULL};

    read_named(call, TCN_COMMAND_CHANNEL_ACTIVATE);
    if (tcn_v1_only(call, names) < 0)
        return -1;
    return tcn_v1_text(call, "code", true, 10, &call->command.accept.code);
}
