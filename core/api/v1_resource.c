/* Resources that commands make, beside those of the configuration: requests, read; core/app executes them. */
#include "api/v1_query.h"

static int read_kind(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    static const char *const lists[] = {"contacts",           "contact_channels", "rotations",
                                        "rotation_overrides", "response_plans",   NULL};
    static const enum tcn_resource_kind kinds[] = {TCN_RESOURCE_CONTACT, TCN_RESOURCE_CHANNEL,
                                                   TCN_RESOURCE_ROTATION, TCN_RESOURCE_OVERRIDE,
                                                   TCN_RESOURCE_PLAN};
    struct tcn_command *c = &call->command;

    c->kind = kind;
    c->actor = call->actor;
    for (size_t i = 0; call->path_id && lists[i]; i++)
        if (strcmp(lists[i], call->path_id) == 0)
            c->resource.kind = kinds[i];
    if (c->resource.kind == TCN_RESOURCE_UNSET)
        return tcn_api_refuse(call, 404, "not_found", "kind",
                              "there are contacts, contact_channels, rotations, rotation_overrides "
                              "and response_plans"),
               -1;
    return 0;
}

static int read_named(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    call->command.resource.name = call->path_part;
    return read_kind(call, kind);
}

int tcn_v1_resources(struct tcn_api_call *call)
{
    struct tcn_resource_call *r = &call->command.resource;
    const char *next = tcn_api_query(call, "next");

    r->after = next ? next : "";
    if (read_kind(call, TCN_COMMAND_RESOURCE_LIST) < 0)
        return -1;
    return tcn_v1_limit(call, &r->limit);
}

int tcn_v1_resource(struct tcn_api_call *call)
{
    return read_named(call, TCN_COMMAND_RESOURCE_GET);
}

int tcn_v1_resource_put(struct tcn_api_call *call)
{
    if (read_kind(call, TCN_COMMAND_RESOURCE_PUT) < 0)
        return -1;
    if (!json_is_object(call->body))
        return tcn_v1_refuse(call, NULL, "send the resource as a JSON object");
    return 0;
}

int tcn_v1_resource_delete(struct tcn_api_call *call)
{
    static const char *const none[] = {NULL};

    if (read_named(call, TCN_COMMAND_RESOURCE_DELETE) < 0)
        return -1;
    return tcn_v1_only(call, none);
}

/* -- contact channels --------------------------------------------------------------------------------------------- */

static int read_channel(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    if (read_named(call, kind) < 0)
        return -1;
    if (call->command.resource.kind != TCN_RESOURCE_CHANNEL)
        return tcn_api_refuse(call, 404, "not_found", "kind", "only contact_channels have this"),
               -1;
    return 0;
}

static int read_empty(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    static const char *const none[] = {NULL};

    return read_channel(call, kind) < 0 ? -1 : tcn_v1_only(call, none);
}

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

    if (read_channel(call, TCN_COMMAND_CHANNEL_ACTIVATE) < 0 || tcn_v1_only(call, names) < 0)
        return -1;
    return tcn_v1_text(call, "code", true, 10, &call->command.accept.code);
}
