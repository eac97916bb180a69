#include "app/links.h"
#include "api/json.h"
#include "app/config.h"
#include "app/remark.h"
#include "connect/lanes.h"
#include "store/feeds.h"

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

int tcn_link_unknown(struct tcn_api_call *call)
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
        return tcn_link_unknown(call);
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
        return tcn_link_unknown(call);
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

/* -- sweeps ------------------------------------------------------------------------------------------------------- */

static int find_feed(struct tcn_store *s, const char *connector, struct tcn_arena *arena,
                     const struct tcn_feed **ret, struct tcn_err *err)
{
    struct tcn_feed *rows = NULL;
    size_t n = 0;
    int r = tcn_store_feed_list(s, arena, &rows, &n, err);

    *ret = NULL;
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].connector, connector) == 0)
            *ret = &rows[i];
    return r;
}

int tcn_sweep(struct tcn_api_call *call, const struct tcn_command_world *world, struct tcn_store *s,
              int64_t now_ms, struct tcn_command_result *ret, struct tcn_err *err)
{
    const char *name = call->command.connector;
    const struct tcn_feed *feed;
    int r;

    if (!world->config || !tcn_config_connector(world->config, name))
        return tcn_api_refuse(call, 404, "not_found", "name",
                              "no connector is configured under this name; GET /v1/connectors "
                              "lists them");
    if ((r = find_feed(s, name, call->arena, &feed, err)) < 0)
        return r;
    if (!feed)
        return tcn_api_refuse(call, 409, "not_swept", "name",
                              "the records of this connector are not swept: it has none that can "
                              "be read");
    if (feed->is_in_flight) /* what its call brings says when it is due next */
        return tcn_api_refuse(call, 409, "busy", "name",
                              "this connector is asked for what changed right now; try again in a "
                              "moment");
    if ((r = tcn_store_feed_hasten(s, name, now_ms, err)) < 0)
        return r;
    ret->has_changed = true;
    call->status = 200;
    call->reply = json_pack("{s:s, s:s, s:o}", "status", "sweeping", "connector", name, "swept_at",
                            tcn_json_time(feed->swept_ms));
    return 0;
}
