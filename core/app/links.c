#include "app/links.h"
#include "api/json.h"
#include "app/remark.h"
#include "connect/lanes.h"

static int tell(const struct tcn_api_call *call, const struct tcn_link *link,
                const struct tcn_command_world *world, struct tcn_store *s, int64_t now_ms,
                struct tcn_err *err)
{
    const struct tcn_remark remark = {
        .actor = call->command.actor,
        .text = tcn_arena_fmt(call->arena, "%s is tried again for this incident: asked for by %s",
                              link->connector, call->command.actor)};

    return tcn_remark_write(s, world->directory, link->incident, &remark, now_ms, err);
}

int tcn_link_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                     struct tcn_store *s, int64_t now_ms, bool *ret_changed, struct tcn_err *err)
{
    struct tcn_id id = call->command.link;
    struct tcn_link link = {0};
    int r = tcn_store_link_get(s, id, call->arena, &link, err);

    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(call, 404, "not_found", "id",
                              "there is no link with this id; GET /v1/links lists them");
    if (r < 0 || (r = tcn_lanes_retry(s, id, now_ms, err)) < 0 ||
        (r = tell(call, &link, world, s, now_ms, err)) < 0 ||
        (r = tcn_store_link_get(s, id, call->arena, &link, err)) < 0)
        return r;
    *ret_changed = true;
    call->status = 200;
    call->reply = json_pack("{s:s, s:o}", "status", "retrying", "link", tcn_json_link(&link));
    return 0;
}
