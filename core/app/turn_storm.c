/* The bucket of a source, and the storm that it is in. */
#include "app/turn.h"

/* Two nodes must not begin a storm each: near its end a bucket is looked at alone. */
static int load_bucket(struct tcn_store *s, const char *source, struct tcn_storm *ret,
                       struct tcn_err *err)
{
    int r = tcn_store_storm_get(s, source, ret, err);

    if (r < 0 || ret->at_ms == 0 || ret->tokens >= 2 || !tcn_store_is_shared(s))
        return r;
    r = tcn_store_lock_name(s, "storm", source, err);
    return r < 0 ? r : tcn_store_storm_reread(s, source, ret, err);
}

int tcn_turn_load_bucket(struct tcn_store *s, const struct tcn_source_policy *policy,
                         struct tcn_arena *arena, struct tcn_storm *storm,
                         struct tcn_aggregate **ret, struct tcn_err *err)
{
    int r = load_bucket(s, policy->name, storm, err);

    *ret = NULL;
    if (r < 0 || tcn_id_is_zero(storm->incident))
        return r;
    *ret = TCN_NEW(arena, struct tcn_aggregate);
    r = tcn_turn_load_storm(s, storm->incident, arena, *ret, err);
    if (r != TCN_ENOTFOUND)
        return r;
    *ret = NULL;
    return 0;
}
