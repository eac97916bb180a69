#include "app/engagement_turn.h"

#include "app/once.h"
#include "app/turn.h"
#include "sys/random.h"

struct engaging {
    struct tcn_api_call *call;
    const struct tcn_command_world *world;
    struct tcn_store *s;
    int64_t now_ms;
    struct tcn_command_result *ret;
    struct tcn_aggregate *a;
    struct tcn_decision d;
};

/* -- what both do ------------------------------------------------------------------------------------------------ */

/* TCN_ENOTFOUND: the call is answered, about that member. */
static int load(struct engaging *x, struct tcn_id incident, const char *field, struct tcn_err *err)
{
    int r = tcn_turn_load(x->s, incident, x->call->arena, x->a, err);

    if (r == TCN_ENOTFOUND)
        tcn_api_refuse(x->call, 404, "not_found", field, "there is no incident with this id");
    return r;
}

static int write(struct engaging *x, struct tcn_err *err)
{
    tcn_milestones_note(&x->ret->milestones, &x->d);
    x->ret->has_changed = x->d.incident_changed || x->d.events.n > 0;
    return tcn_turn_write(x->s, &x->d, NULL, x->now_ms, err);
}

/* -- start -------------------------------------------------------------------------------------------------------- */

static struct tcn_once once_of(const struct tcn_api_call *call)
{
    return (struct tcn_once){.operation = "StartEngagement",
                             .token = call->command.client_token,
                             .request = call->command.request};
}

static int refuse_start(struct engaging *x, int r, const struct tcn_err *why)
{
    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(x->call, 404, "not_found", "contact", "%s", why->msg);
    return tcn_api_refuse(x->call, 409, "not_allowed", "incident", "%s", why->msg);
}

static int decide_start(struct engaging *x, struct tcn_err *why)
{
    const struct tcn_command *c = &x->call->command;
    const struct tcn_engage engage = {c->contact, c->actor, NULL, &c->engaged};

    if (tcn_id_is_zero(c->incident))
        return tcn_engine_engage_alone(x->a, &engage, x->world->directory, tcn_random_id(x->now_ms),
                                       x->world->salt, x->now_ms, &x->d, why);
    return tcn_engine_engage(x->a, &engage, x->world->directory, x->world->salt, x->now_ms, &x->d,
                             why);
}

static int keep_token(struct engaging *x, struct tcn_id started, struct tcn_err *err)
{
    const struct tcn_once once = once_of(x->call);
    char id[TCN_ID_TEXT];

    tcn_id_text(started, id);
    return tcn_once_keep(x->s, &once, id, x->now_ms, x->call->arena, err);
}

static int start(struct engaging *x, struct tcn_err *err)
{
    struct tcn_id incident = x->call->command.incident, started;
    struct tcn_err why = {0};
    int r = tcn_id_is_zero(incident) ? 0 : load(x, incident, "incident", err);

    if (r < 0)
        return x->call->reply ? 0 : r;
    if ((r = decide_start(x, &why)) < 0)
        return refuse_start(x, r, &why);
    started = x->a->engagements[x->a->n_engagements - 1].id;
    if ((r = write(x, err)) < 0 || (r = keep_token(x, started, err)) < 0 ||
        (r = tcn_api_engagement(x->call, x->s, started, err)) < 0)
        return r;
    x->call->status = 201;
    return 0;
}

static int start_once(struct engaging *x, struct tcn_err *err)
{
    const struct tcn_once once = once_of(x->call);
    enum tcn_once_is is = TCN_ONCE_NEW;
    struct tcn_id id = {{0}};
    const char *result = NULL;
    int r = tcn_once_look(x->s, &once, x->now_ms, x->call->arena, &is, &result, err);

    if (r < 0)
        return r;
    if (is == TCN_ONCE_OTHER)
        return tcn_api_refuse(x->call, 409, "conflict", "client_token", TCN_ONCE_WHY);
    if (is == TCN_ONCE_NEW)
        return start(x, err);
    (void)tcn_id_parse(tcn_str(result), &id);
    return tcn_api_engagement(x->call, x->s, id, err);
}

/* -- stop --------------------------------------------------------------------------------------------------------- */

static int stop(struct engaging *x, struct tcn_err *err)
{
    const struct tcn_command *c = &x->call->command;
    struct tcn_engaged e;
    int r = tcn_store_engaged_find(x->s, c->engagement, x->call->arena, &e, err);

    if (r == TCN_ENOTFOUND)
        return tcn_api_engagement(x->call, x->s, c->engagement, err);
    if (r < 0 || (r = load(x, e.incident, "id", err)) < 0)
        return x->call->reply ? 0 : r;
    r = tcn_engine_disengage(x->a, &(struct tcn_disengage){c->engagement, c->actor, c->text},
                             x->now_ms, &x->d);
    if (r < 0)
        return tcn_fail(err, TCN_EIO, "the store has an engagement that its incident has not");
    r = write(x, err);
    return r < 0 ? r : tcn_api_engagement(x->call, x->s, c->engagement, err);
}

int tcn_engagement_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                           struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                           struct tcn_err *err)
{
    struct engaging x = {.call = call, .world = world, .s = s, .now_ms = now_ms, .ret = ret};

    x.a = TCN_NEW(call->arena, struct tcn_aggregate);
    tcn_decision_init(&x.d, call->arena);
    x.d.subject = x.a;
    x.d.directory = world->directory;
    return call->command.kind == TCN_COMMAND_ENGAGEMENT_START ? start_once(&x, err) : stop(&x, err);
}
