#include "app/split.h"
#include "app/turn.h"
#include "engine/split.h"
#include "sys/random.h"

#include <string.h>

struct split {
    struct tcn_api_call *call;
    struct tcn_store *s;
    struct tcn_split in;
    struct tcn_storm_alarm alarm;
    struct tcn_aggregate own, storm; /* the alarm's, and the one that it leaves */
    struct tcn_command_result *ret;
};

static int refuse(const struct split *x, int status, const char *code, const char *field,
                  const char *why)
{
    tcn_api_refuse(x->call, status, code, field, "%s", why);
    return TCN_EINVALID;
}

static const struct tcn_response_plan *plan_of(const struct tcn_split *in)
{
    return in->policy ? tcn_directory_plan(in->directory, in->policy->response_plan) : NULL;
}

static int find_alarm(struct split *x, struct tcn_err *err)
{
    const struct tcn_command *c = &x->call->command;
    struct tcn_incident storm;
    int r = tcn_store_incident_get(x->s, c->incident, x->call->arena, &storm, err);

    if (r == TCN_ENOTFOUND)
        return refuse(x, 404, "not_found", "id", "there is no incident with this id");
    if (r < 0)
        return r;
    if (!storm.is_storm)
        return refuse(
            x, 409, "not_a_storm", NULL,
            "only the incident of a storm has alarms that can be split out; this is none");
    r = tcn_store_storm_alarm_get(x->s, c->incident, c->alarm, x->call->arena, &x->alarm, err);
    if (r == TCN_ENOTFOUND)
        return refuse(x, 404, "not_found", "alarm",
                      "no alarm with this id is attached to the storm; GET "
                      "/v1/incidents/ID/alarms lists those that are");
    return r;
}

/* With the lane in hand nobody else moves it. */
static int load_own(struct split *x, struct tcn_err *err)
{
    const struct tcn_alarm alarm = {.dedupe_key = x->alarm.dedupe_key, .source = x->alarm.source};
    int r;

    if (!plan_of(&x->in))
        return refuse(x, 409, "no_plan", "alarm",
                      "the source of the alarm, or its response plan, is not in the "
                      "configuration any more");
    r = tcn_turn_load_alone(x->s, &alarm, plan_of(&x->in), x->in.policy, x->call->arena, &x->own,
                            &x->in.dedupe_string, err);
    if (r < 0)
        return r;
    if (!x->own.lane.is_firing || !tcn_id_eq(x->own.lane.incident, x->in.storm))
        return refuse(x, 409, "not_firing", "alarm", "the alarm is over: nothing is left to open");
    return 0;
}

static int write(struct split *x, const struct tcn_decision *d, struct tcn_err *err)
{
    tcn_milestones_note(&x->ret->milestones, d);
    return tcn_turn_write(x->s, d, plan_of(&x->in), x->in.now_ms, err);
}

static int move(struct split *x, struct tcn_err *err)
{
    struct tcn_decision d;
    int r;

    tcn_decision_init(&d, x->call->arena);
    tcn_engine_split(&x->own, &x->in, &d);
    if ((r = write(x, &d, err)) < 0 ||
        (r = tcn_turn_load_storm(x->s, x->in.storm, x->call->arena, &x->storm, err)) < 0)
        return r;
    tcn_decision_init(&d, x->call->arena);
    tcn_engine_split_off(&x->storm, &x->in, x->own.incident.id, &d);
    return write(x, &d, err);
}

int tcn_split_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                      struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                      struct tcn_err *err)
{
    struct split x = {.call = call, .s = s, .ret = ret};
    int r;

    x.in = (struct tcn_split){
        .alarm = &x.alarm,
        .storm = call->command.incident,
        .new_id = tcn_random_id(now_ms),
        .directory = world->directory,
        .actor = call->command.actor,
        .salt = world->salt,
        .now_ms = now_ms,
    };
    r = find_alarm(&x, err);
    x.in.policy = tcn_policy_of(world->policies, x.alarm.source);
    if (r < 0 || (r = load_own(&x, err)) < 0 || (r = move(&x, err)) < 0)
        return call->reply ? 0 : r;
    ret->has_changed = true;
    return tcn_api_incident(call, s, x.own.incident.id, err);
}
