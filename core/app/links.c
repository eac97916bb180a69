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

    return tcn_remark_write(s, world->declared, link->incident, &remark, now_ms, err);
}

/* It was given up, is stopped, or has something to do. */
static bool is_unfinished(const struct tcn_link *link)
{
    bool is_stopped = link->state == TCN_LINK_BLOCKED || link->state == TCN_LINK_LOST ||
                      link->state == TCN_LINK_UNLINKED;

    return is_stopped || link->blocked_reason || link->due_ms > 0 || link->is_in_flight;
}

static int answer_finished(struct tcn_api_call *call, const struct tcn_link *link)
{
    const char *key = link->remote_key ? link->remote_key : link->remote_id;
    const char *why =
        key ? tcn_arena_fmt(call->arena, "%s in %s has all that this incident has for it", key,
                            link->connector)
            : tcn_arena_fmt(call->arena, "no ticket in %s is wanted for this incident",
                            link->connector);

    call->status = 200;
    call->reply = json_pack("{s:s, s:o, s:o}", "status", "unchanged", "message",
                            json_sprintf("%s; there is nothing to try again", why), "link",
                            tcn_json_link(link));
    return 0;
}

static int refuse_unknown(struct tcn_api_call *call)
{
    return tcn_api_refuse(call, 404, "not_found", "id",
                          "there is no link with this id; GET /v1/links lists them");
}

int tcn_link_retry(struct tcn_api_call *call, const struct tcn_command_world *world,
                   struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                   struct tcn_err *err)
{
    struct tcn_id id = call->command.link;
    struct tcn_link link = {0};
    int r = tcn_store_link_get(s, id, call->arena, &link, err);

    if (r == TCN_ENOTFOUND)
        return refuse_unknown(call);
    if (r == 0 && !is_unfinished(&link))
        return answer_finished(call, &link);
    if (r < 0 || (r = tcn_lanes_retry(s, id, now_ms, err)) < 0 ||
        (r = tell(call, &link, world, s, now_ms, err)) < 0 ||
        (r = tcn_store_link_get(s, id, call->arena, &link, err)) < 0)
        return r;
    ret->has_changed = true;
    call->status = 200;
    call->reply = json_pack("{s:s, s:o}", "status", "retrying", "link", tcn_json_link(&link));
    return 0;
}

int tcn_link_read(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms,
                  struct tcn_command_result *ret, struct tcn_err *err)
{
    struct tcn_link link = {0};
    int r = tcn_store_link_get(s, call->command.link, call->arena, &link, err);

    if (r == TCN_ENOTFOUND)
        return refuse_unknown(call);
    if (r == 0 && (link.state != TCN_LINK_LINKED || !link.remote_id))
        return tcn_api_refuse(call, 409, "not_linked", "id",
                              "this link has no record in %s to read; POST /v1/links/ID/retry "
                              "tries it again",
                              link.connector);
    if (r < 0 || (r = tcn_lanes_read(s, &link, now_ms, err)) < 0 ||
        (r = tcn_store_link_get(s, link.id, call->arena, &link, err)) < 0)
        return r;
    ret->has_changed = true;
    call->status = 200;
    call->reply = json_pack("{s:s, s:o}", "status", "reading", "link", tcn_json_link(&link));
    return 0;
}
