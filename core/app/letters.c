#include "app/letters.h"
#include "api/json.h"
#include "app/notice_letters.h"
#include "app/remark.h"
#include "app/turn.h"
#include "connect/lanes.h"
#include "connect/sends.h"

/* Why its person is not to be paged any more; NULL: is. */
static const char *why_over(const struct tcn_aggregate *a, struct tcn_id send, int64_t now_ms)
{
    if (a->incident.status != TCN_STATUS_OPEN)
        return "it is resolved";
    if (tcn_engine_is_awaited(a, send, now_ms))
        return NULL;
    return a->incident.acknowledged_ms != 0 ? "it is acknowledged" : "the page is stopped";
}

/* A mail that says "you are paged" would be untrue. ret is NULL when the page is still to be sent. */
static int look_over(struct tcn_api_call *call, struct tcn_store *s,
                     const struct tcn_deadletter *letter, int64_t now_ms, const char **ret,
                     struct tcn_err *err)
{
    struct tcn_aggregate *a = TCN_NEW(call->arena, struct tcn_aggregate);
    int r = tcn_turn_load(s, letter->incident, call->arena, a, err);

    *ret = r == 0 ? why_over(a, letter->id, now_ms) : NULL;
    return r == TCN_ENOTFOUND ? 0 : r;
}

/* A dead letter without a link is of a page, and has its send's id. */
static int retry(struct tcn_api_call *call, const struct tcn_deadletter *letter,
                 struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    int r = tcn_id_is_zero(letter->link) ? tcn_sends_retry(s, letter->id, now_ms, err)
                                         : tcn_lanes_retry(s, letter->link, now_ms, err);

    if (r < 0 && r != TCN_ENOTFOUND)
        return r;
    call->reply = json_pack("{s:s}", "status", "retrying");
    return 0;
}

static bool is_at_work(const struct tcn_link *link)
{
    return link->due_ms > 0 || link->is_in_flight;
}

static bool is_over(const struct tcn_link *link)
{
    return link->state == TCN_LINK_BLOCKED || link->state == TCN_LINK_LOST ||
           link->state == TCN_LINK_UNLINKED;
}

/* What the ticket is without the letter. Dropping decides nothing about it: a lane is led by the incident alone. */
static const char *outlook(struct tcn_arena *arena, const struct tcn_link *link)
{
    const char *key = link->remote_key ? link->remote_key : link->remote_id;

    if (is_over(link))
        return tcn_arena_fmt(arena, "nothing is written to %s for this incident any more",
                             link->connector);
    if (is_at_work(link))
        return tcn_arena_fmt(arena, "%s is still being tried for this incident", link->connector);
    if (key)
        return tcn_arena_fmt(arena,
                             "%s in %s stays as it is; the next change of the incident writes all "
                             "that differs",
                             key, link->connector);
    return tcn_arena_fmt(arena,
                         "%s has no ticket for this incident; the next change of the incident "
                         "tries to create one",
                         link->connector);
}

static int answer_drop(struct tcn_api_call *call, const struct tcn_deadletter *letter,
                       struct tcn_store *s, const char **ret_message, struct tcn_err *err)
{
    struct tcn_link link;
    int r = tcn_id_is_zero(letter->link)
                ? TCN_ENOTFOUND
                : tcn_store_link_get(s, letter->link, call->arena, &link, err);

    if (r < 0 && r != TCN_ENOTFOUND)
        return r;
    *ret_message = r == 0                         ? outlook(call->arena, &link)
                   : tcn_notice_is_letter(letter) ? "its topic stays untold"
                   : tcn_id_is_zero(letter->link) ? "the page stays unsent"
                                                  : "it was about a ticket that is no more";
    call->reply = json_pack("{s:s, s:s, s:o}", "status", "dropped", "message", *ret_message, "link",
                            r == 0 ? tcn_json_link(&link) : json_null());
    return 0;
}

static int drop(struct tcn_api_call *call, const struct tcn_deadletter *letter,
                const struct tcn_command_world *world, struct tcn_store *s, int64_t now_ms,
                struct tcn_err *err)
{
    struct tcn_remark remark = {.actor = call->command.actor};
    const char *message = "";
    int r = answer_drop(call, letter, s, &message, err);

    if (r < 0)
        return r;
    remark.text = tcn_arena_fmt(call->arena, "Gave up the %s that %s had refused: %s",
                                letter->operation, letter->connector, message);
    return tcn_remark_write(s, world->declared, letter->incident, &remark, now_ms, err);
}

int tcn_letter_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                       struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                       struct tcn_err *err)
{
    struct tcn_deadletter letter = {0};
    const char *over = NULL;
    int r = tcn_store_deadletter_get(s, call->command.letter, call->arena, &letter, err);

    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(
            call, 404, "not_found", "id",
            "there is no dead letter with this id; it may have been retried or dropped");
    if (r < 0)
        return r;
    if (call->command.kind == TCN_COMMAND_LETTER_RETRY && tcn_notice_is_letter(&letter)) {
        r = tcn_notice_retry(call, world, &letter, s, now_ms, err);
        ret->has_changed = r == 0 && call->status == 200;
        return r;
    }
    if (call->command.kind == TCN_COMMAND_LETTER_RETRY && tcn_id_is_zero(letter.link) &&
        (r = look_over(call, s, &letter, now_ms, &over, err)) < 0)
        return r;
    if (over)
        return tcn_api_refuse(call, 409, "not_waiting", "id",
                              "this person is not paged for the incident any more: %s; drop the "
                              "dead letter",
                              over);
    r = call->command.kind == TCN_COMMAND_LETTER_RETRY ? retry(call, &letter, s, now_ms, err)
                                                       : drop(call, &letter, world, s, now_ms, err);
    if (r < 0 || (r = tcn_store_deadletter_drop(s, letter.id, err)) < 0)
        return r;
    ret->has_changed = true;
    call->status = 200;
    return 0;
}
