/* The signs of life that sources owe. */
#include "api/json.h"
#include "api/v1_query.h"
#include "engine/wake.h"

/* Without a row it is missing, or was not expected before this configuration. */
static int state_of(struct tcn_api_call *call, struct tcn_store *s, const char *key,
                    struct tcn_waiting *ret_row, const char **ret, struct tcn_err *err)
{
    struct tcn_lane lane;
    int r = tcn_store_waiting_get(s, key, call->arena, ret_row, err);

    if (r == TCN_ENOTFOUND)
        *ret_row = (struct tcn_waiting){0};
    else if (r < 0)
        return r;
    if ((r = tcn_store_lane_get(s, key, key, call->arena, &lane, NULL, err)) < 0)
        return r;
    *ret = lane.is_firing ? "MISSING" : ret_row->since_ms ? "ALIVE" : "NEVER_SEEN";
    return 0;
}

static int add(struct tcn_api_call *call, struct tcn_store *s,
               const struct tcn_source_policy *policy, const struct tcn_heartbeat *h, json_t *items,
               struct tcn_err *err)
{
    const char *key = tcn_heartbeat_key(policy, h, call->arena), *state = NULL;
    struct tcn_waiting row;
    int r = state_of(call, s, key, &row, &state, err);

    if (r < 0)
        return r;
    json_array_append_new(items, json_pack("{s:s,s:s,s:s,s:I,s:o,s:o}", "source", policy->name,
                                           "name", h->name, "state", state, "missing_after_seconds",
                                           (json_int_t)(h->missing_after_ms / 1000), "last_sign_at",
                                           tcn_json_time(row.since_ms), "due_at",
                                           tcn_json_time(row.due_ms)));
    return 0;
}

int tcn_v1_heartbeats(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    json_t *items = json_array();
    int r = 0;

    for (const struct tcn_source_policy *const *p = call->policies; *p && r == 0; p++)
        for (size_t i = 0; i < (*p)->n_heartbeats && r == 0; i++)
            r = add(call, s, *p, &(*p)->heartbeats[i], items, err);
    if (r == 0)
        return tcn_v1_answer(call, json_pack("{s:o}", "items", items));
    json_decref(items);
    return r;
}
