#include "app/mute_turn.h"

#include "api/json.h"
#include "sys/random.h"

#define PAST_MS INT64_C(604800000) /* what ended is kept a week */

/* 0, or refused. */
static int check(struct tcn_api_call *call, const struct tcn_mute *mute, size_t n_there,
                 int64_t now_ms)
{
    if (n_there >= TCN_MUTES_MAX)
        return tcn_api_refuse(call, 409, "limit", NULL, "there are %d mutes already; end some",
                              TCN_MUTES_MAX),
               -1;
    if (mute->end_ms <= now_ms || mute->end_ms <= mute->start_ms)
        return tcn_api_refuse(call, 400, "bad_request", "ends_at", "\"ends_at\" is not after %s",
                              mute->end_ms <= now_ms ? "now" : "\"starts_at\""),
               -1;
    if (mute->end_ms - now_ms > TCN_MUTE_MAX_MS)
        return tcn_api_refuse(call, 400, "bad_request", "ends_at",
                              "\"ends_at\" is more than 366 days away: nobody would remember it"),
               -1;
    return 0;
}

static int add(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_mute mute = call->command.mute;
    const struct tcn_mutes *there = NULL;
    int r = tcn_store_mutes(s, now_ms, &there, err);

    if (r < 0)
        return r;
    mute.id = tcn_random_id(now_ms);
    mute.created_ms = now_ms;
    if (mute.start_ms == 0)
        mute.start_ms = now_ms;
    if (mute.end_ms == 0)
        mute.end_ms = mute.start_ms + call->command.duration_ms;
    if (check(call, &mute, there->n, now_ms) < 0)
        return 0;
    if ((r = tcn_store_mute_trim(s, now_ms - PAST_MS, err)) < 0 ||
        (r = tcn_store_mute_add(s, &mute, err)) < 0)
        return r;
    call->status = 201;
    call->reply = tcn_json_mute(&mute, now_ms);
    return 0;
}

static int end(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    int r = tcn_store_mute_end(s, call->command.mute.id, now_ms, err);

    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(call, 404, "not_found", "id",
                              "no mute with this id is left; it may have ended");
    if (r < 0 || (r = tcn_store_waiting_unmute(s, now_ms, err)) < 0)
        return r;
    call->status = 200;
    call->reply = json_pack("{s:s}", "status", "ended");
    return 0;
}

int tcn_mute_execute(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms,
                     struct tcn_command_result *ret, struct tcn_err *err)
{
    int r = call->command.kind == TCN_COMMAND_MUTE ? add(call, s, now_ms, err)
                                                   : end(call, s, now_ms, err);

    ret->has_changed = r == 0 && call->status < 300;
    return r;
}
