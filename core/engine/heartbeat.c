#include "engine/mute.h"
#include "engine/wake.h"

#define SLACK_MAX_MS INT64_C(30000)
#define SLACK_PART 10 /* of the time after which it is missing */

const struct tcn_heartbeat *tcn_heartbeat_of(const struct tcn_source_policy *policy,
                                             const struct tcn_alarm *alarm)
{
    for (size_t i = 0; i < policy->n_heartbeats; i++) {
        const struct tcn_heartbeat *h = &policy->heartbeats[i];

        if (h->match.n > 0 && tcn_match_alarm(&h->match, alarm))
            return h;
    }
    return NULL;
}

/* Keys of senders begin with the name of a source or "*". */
const char *tcn_heartbeat_key(const struct tcn_source_policy *policy,
                              const struct tcn_heartbeat *heartbeat, struct tcn_arena *arena)
{
    return tcn_arena_fmt(arena, "!/%s/%s", policy->name, heartbeat->name);
}

const struct tcn_heartbeat *tcn_heartbeat_named(const struct tcn_source_policy *policy,
                                                const char *dedupe_key)
{
    const char *name = strrchr(dedupe_key, '/');

    for (size_t i = 0; name && i < policy->n_heartbeats; i++)
        if (strcmp(policy->heartbeats[i].name, name + 1) == 0)
            return &policy->heartbeats[i];
    return NULL;
}

static const char *after(const struct tcn_heartbeat *h, struct tcn_arena *arena)
{
    return tcn_arena_fmt(arena, "%lld s", (long long)(h->missing_after_ms / 1000));
}

struct tcn_alarm tcn_heartbeat_alarm(const struct tcn_source_policy *policy,
                                     const struct tcn_heartbeat *heartbeat, bool is_missing,
                                     struct tcn_arena *arena)
{
    struct tcn_tag *tag = TCN_NEW(arena, struct tcn_tag);

    *tag = (struct tcn_tag){"heartbeat", heartbeat->name};
    return (struct tcn_alarm){
        .source = policy->name,
        .dedupe_key = tcn_heartbeat_key(policy, heartbeat, arena),
        .action = is_missing ? TCN_ACTION_FIRE : TCN_ACTION_RESOLVE,
        .state = is_missing ? "missing" : "a sign of life",
        .title = heartbeat->title ? heartbeat->title
                                  : tcn_arena_fmt(arena, "No sign of life: %s of %s",
                                                  heartbeat->name, policy->name),
        .summary = tcn_arena_fmt(arena,
                                 "The heartbeat %s of source %s was not heard of for %s. What it "
                                 "watches over, or the way from there to here, is broken: alarms "
                                 "of that source may be missing, too.",
                                 heartbeat->name, policy->name, after(heartbeat, arena)),
        .impact = heartbeat->impact,
        .tags = tag,
        .n_tags = 1,
    };
}

static int64_t slack_ms(const struct tcn_heartbeat *h)
{
    int64_t slack = h->missing_after_ms / SLACK_PART;

    return slack > SLACK_MAX_MS ? SLACK_MAX_MS : slack;
}

int64_t tcn_heartbeat_due(const struct tcn_heartbeat *heartbeat, int64_t now_ms)
{
    return now_ms + heartbeat->missing_after_ms + slack_ms(heartbeat);
}

static void wait_until(const struct tcn_intake_input *in, int64_t since_ms, int64_t due_ms,
                       struct tcn_decision *ret)
{
    ret->waiting = (struct tcn_waiting){
        .dedupe_key = in->alarm->dedupe_key,
        .source = in->alarm->source,
        .kind = TCN_WAITING_HEARTBEAT,
        .due_ms = due_ms,
        .since_ms = since_ms,
    };
    ret->waiting_changed = true;
}

static bool is_fresh(const struct tcn_heartbeat *h, int64_t known_ms, int64_t now_ms)
{
    return known_ms >= now_ms + h->missing_after_ms && known_ms <= tcn_heartbeat_due(h, now_ms);
}

enum tcn_intake tcn_engine_alive(const struct tcn_intake_input *in,
                                 const struct tcn_heartbeat *heartbeat, int64_t known_ms,
                                 struct tcn_aggregate *aggregate, struct tcn_decision *ret)
{
    bool was_missing = aggregate->lane.is_firing;
    enum tcn_intake verdict = tcn_engine_alarm(in, aggregate, NULL, NULL, ret);

    if (was_missing || !is_fresh(heartbeat, known_ms, in->now_ms))
        wait_until(in, in->now_ms, tcn_heartbeat_due(heartbeat, in->now_ms), ret);
    return was_missing ? verdict : TCN_INTAKE_ALIVE;
}

enum tcn_intake tcn_engine_missing(const struct tcn_intake_input *in,
                                   const struct tcn_heartbeat *heartbeat,
                                   struct tcn_aggregate *aggregate, struct tcn_decision *ret)
{
    const struct tcn_waiting over = {.dedupe_key = in->alarm->dedupe_key};
    int64_t earliest = aggregate->listens_ms + heartbeat->missing_after_ms;
    enum tcn_intake verdict;

    if (aggregate->listens_ms != 0 && earliest > in->now_ms) {
        ret->subject = aggregate;
        ret->next_due_ms = tcn_engine_next_due(aggregate);
        wait_until(in, 0, earliest, ret);
        return TCN_INTAKE_NOTHING;
    }
    verdict = tcn_engine_alarm(in, aggregate, NULL, NULL, ret);
    tcn_waiting_end(ret, &over);
    return verdict;
}
