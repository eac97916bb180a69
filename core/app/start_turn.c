#include "app/start_turn.h"

#include "app/once.h"
#include "app/turn.h"
#include "base/nearest.h"
#include "sys/random.h"

/* The open incident with the dedupe string, if there is one, and its related items when some may come. */
static int load_open(struct tcn_api_call *call, struct tcn_store *s, const char *dedupe,
                     struct tcn_aggregate *ret, struct tcn_err *err)
{
    struct tcn_id open;
    int r;

    *ret = (struct tcn_aggregate){0};
    if ((r = tcn_store_lock_name(s, "open", dedupe, err)) < 0)
        return r;
    r = tcn_store_incident_open_of(s, dedupe, &open, err);
    if (r == TCN_ENOTFOUND)
        return 0;
    if (r < 0 || (r = tcn_turn_load(s, open, call->arena, ret, err)) < 0)
        return r;
    return call->command.start.n_related > 0 ? tcn_turn_load_related(s, call->arena, ret, err) : 0;
}

static int refuse_plan(struct tcn_api_call *call, const struct tcn_directory *d)
{
    const char **names = TCN_NEW_N(call->arena, const char *, d->n_plans + 1);
    const char *near;

    for (size_t i = 0; i < d->n_plans; i++)
        names[i] = d->plans[i].name;
    near = tcn_nearest(call->command.start.response_plan, names);
    return tcn_api_refuse(call, 404, "not_found", "response_plan",
                          "there is no response plan \"%.100s\"%s%s%s",
                          call->command.start.response_plan, near ? "; did you mean \"" : "",
                          near ? near : "", near ? "\"?" : "");
}

/* -- a request that may have come before ---------------------------------------------------------------------------- */

static struct tcn_once once_of(const struct tcn_api_call *call)
{
    return (struct tcn_once){.operation = "StartIncident",
                             .token = call->command.client_token,
                             .request = call->command.request};
}

static int keep_token(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id started,
                      int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_once once = once_of(call);
    char id[TCN_ID_TEXT];

    tcn_id_text(started, id);
    return tcn_once_keep(s, &once, id, now_ms, call->arena, err);
}

/* Whatever has become of it, and of its plan. */
static int answer_again(struct tcn_api_call *call, struct tcn_store *s, const char *result,
                        struct tcn_err *err)
{
    struct tcn_id id = {{0}};

    (void)tcn_id_parse(tcn_str(result), &id);
    return tcn_api_incident(call, s, id, err);
}

/* -- the turn ----------------------------------------------------------------------------------------------------- */

static int refuse_start(struct tcn_api_call *call, const struct tcn_err *why)
{
    return why->code == TCN_ELIMIT
               ? tcn_api_refuse(call, 409, "limit", "related_items", "%s", why->msg)
               : tcn_api_refuse(call, 400, "bad_request", "title", "%s", why->msg);
}

static int decide(struct tcn_api_call *call, const struct tcn_command_world *world,
                  const struct tcn_response_plan *plan, struct tcn_store *s, int64_t now_ms,
                  struct tcn_command_result *ret, struct tcn_err *err)
{
    const struct tcn_start *start = &call->command.start;
    struct tcn_aggregate *a = TCN_NEW(call->arena, struct tcn_aggregate);
    struct tcn_id id = tcn_random_id(now_ms);
    enum tcn_intake outcome;
    struct tcn_decision d;
    struct tcn_buf dedupe;
    int r;

    tcn_buf_init(&dedupe, TCN_DEDUPE_MAX + 1);
    tcn_engine_start_dedupe_string(start, plan, id, &dedupe);
    r = load_open(call, s, tcn_arena_strndup(call->arena, dedupe.ptr ? dedupe.ptr : "", dedupe.len),
                  a, err);
    tcn_buf_done(&dedupe);
    if (r < 0)
        return r;
    tcn_decision_init(&d, call->arena);
    outcome = tcn_engine_start(start, world->directory, id, world->salt, now_ms, a, &d, err);
    if (outcome == TCN_INTAKE_UNSET)
        return refuse_start(call, err);
    tcn_milestones_note(&ret->milestones, &d);
    if ((r = tcn_turn_write(s, &d, plan, now_ms, err)) < 0 ||
        (r = keep_token(call, s, a->incident.id, now_ms, err)) < 0 ||
        (r = tcn_api_incident(call, s, a->incident.id, err)) < 0)
        return r;
    ret->has_changed = true;
    call->status = outcome == TCN_INTAKE_OPENED ? 201 : 200;
    return 0;
}

int tcn_start_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                      struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                      struct tcn_err *err)
{
    const struct tcn_response_plan *plan =
        tcn_directory_plan(world->directory, call->command.start.response_plan);
    const struct tcn_once once = once_of(call);
    enum tcn_once_is is = TCN_ONCE_NEW;
    const char *result = NULL;
    int r = tcn_once_look(s, &once, now_ms, call->arena, &is, &result, err);

    if (r < 0)
        return r;
    if (is == TCN_ONCE_AGAIN)
        return answer_again(call, s, result, err);
    if (is == TCN_ONCE_OTHER)
        return tcn_api_refuse(call, 409, "conflict", "client_token", TCN_ONCE_WHY);
    return plan ? decide(call, world, plan, s, now_ms, ret, err)
                : refuse_plan(call, world->directory);
}
