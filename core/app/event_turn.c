#include "app/event_turn.h"

#include "api/json.h"
#include "app/once.h"
#include "app/turn.h"

struct event_job {
    struct tcn_api_call *call;
    struct tcn_store *s;
    int64_t now_ms;
    struct tcn_once once;
    struct tcn_custom_event_turn turn;
    struct tcn_event known;
    struct tcn_decision d;
};

static enum tcn_command_kind kind_of(const struct event_job *j)
{
    return j->call->command.kind;
}

static int refuse(const struct event_job *j, int status, const char *code, const char *field,
                  const char *why)
{
    tcn_api_refuse(j->call, status, code, field, "%s", why);
    return TCN_EINVALID;
}

/* -- answers ------------------------------------------------------------------------------------------------------ */

static int answer_event(const struct event_job *j, int status, const struct tcn_event *event)
{
    j->call->status = status;
    j->call->reply = tcn_json_event(event);
    return 0;
}

static int answer_word(const struct event_job *j, struct tcn_id id, const char *word)
{
    j->call->status = 200;
    j->call->reply = json_pack("{s:o, s:s}", "id", tcn_json_id(id), "status", word);
    return 0;
}

/* It was done before: as it is now. */
static int answer_again(struct event_job *j, const char *result, struct tcn_err *err)
{
    struct tcn_id id = {{0}};
    int r;

    (void)tcn_id_parse(tcn_str(result), &id);
    if (kind_of(j) == TCN_COMMAND_EVENT_DELETE)
        return answer_word(j, id, "deleted");
    r = tcn_store_event_find(j->s, j->once.incident, id, j->call->arena, &j->known, err);
    if (r == TCN_ENOTFOUND)
        return answer_word(j, id, "deleted");
    return r < 0 ? r : answer_event(j, 200, &j->known);
}

/* -- the turn ----------------------------------------------------------------------------------------------------- */

static int load(struct event_job *j, struct tcn_err *err)
{
    struct tcn_arena *arena = j->call->arena;
    struct tcn_id incident = j->call->command.incident;
    struct tcn_related_item *related = NULL;
    int r;

    j->turn.aggregate = TCN_NEW(arena, struct tcn_aggregate);
    r = tcn_turn_load(j->s, incident, arena, j->turn.aggregate, err);
    if (r == TCN_ENOTFOUND)
        return refuse(j, 404, "not_found", "id", "there is no incident with this id");
    if (r < 0)
        return r;
    r = tcn_store_related_list(j->s, incident, arena, &related, &j->turn.n_related, err);
    j->turn.related = related;
    return r;
}

/* *ret_is_there false: the call is answered. */
static int find_event(struct event_job *j, bool *ret_is_there, struct tcn_err *err)
{
    const struct tcn_command *c = &j->call->command;
    int r;

    *ret_is_there = true;
    if (c->kind == TCN_COMMAND_EVENT_CREATE)
        return 0;
    j->turn.known = &j->known;
    r = tcn_store_event_find(j->s, c->incident, c->event, j->call->arena, &j->known, err);
    if (r != TCN_ENOTFOUND)
        return r;
    *ret_is_there = false;
    if (c->kind == TCN_COMMAND_EVENT_DELETE)
        return answer_word(j, c->event, "unchanged");
    return refuse(j, 404, "not_found", "event", "the incident has no event with this id");
}

static int decide(struct event_job *j, struct tcn_err *why)
{
    const struct tcn_command *c = &j->call->command;

    if (c->kind == TCN_COMMAND_EVENT_CREATE)
        return tcn_engine_event_create(&j->turn, &c->custom, j->now_ms, &j->d, why);
    if (c->kind == TCN_COMMAND_EVENT_UPDATE)
        return tcn_engine_event_update(&j->turn, &c->custom, j->now_ms, &j->d, why);
    return tcn_engine_event_delete(&j->turn, c->actor, j->now_ms, &j->d, why);
}

static int refuse_decision(const struct event_job *j, int r, const struct tcn_err *why)
{
    if (r == TCN_EINVALID)
        return refuse(j, 400, "bad_request", "references", why->msg);
    return refuse(j, 409, "not_allowed", r == TCN_ECONFLICT ? "event" : NULL, why->msg);
}

static const struct tcn_event *outcome(const struct event_job *j)
{
    if (kind_of(j) == TCN_COMMAND_EVENT_CREATE)
        return &j->d.events.items[j->d.events.n - 1];
    return j->d.rewritten.n > 0 ? &j->d.rewritten.items[0] : &j->known;
}

static int answer(const struct event_job *j)
{
    if (kind_of(j) == TCN_COMMAND_EVENT_DELETE)
        return answer_word(j, j->known.id, "deleted");
    return answer_event(j, kind_of(j) == TCN_COMMAND_EVENT_CREATE ? 201 : 200, outcome(j));
}

static int write(struct event_job *j, struct tcn_err *err)
{
    struct tcn_err why = {0};
    struct tcn_id about;
    char id[TCN_ID_TEXT];
    int r = decide(j, &why);

    if (r < 0)
        return refuse_decision(j, r, &why);
    about = kind_of(j) == TCN_COMMAND_EVENT_DELETE ? j->known.id : outcome(j)->id;
    tcn_id_text(about, id);
    if ((r = tcn_turn_write(j->s, &j->d, NULL, j->now_ms, err)) < 0 ||
        (r = tcn_once_keep(j->s, &j->once, id, j->now_ms, j->call->arena, err)) < 0)
        return r;
    return answer(j);
}

static int run(struct event_job *j, struct tcn_err *err)
{
    enum tcn_once_is is = TCN_ONCE_NEW;
    const char *result = NULL;
    bool is_there = false;
    int r;

    if ((r = load(j, err)) < 0 ||
        (r = tcn_once_look(j->s, &j->once, j->now_ms, j->call->arena, &is, &result, err)) < 0)
        return r;
    if (is == TCN_ONCE_AGAIN)
        return answer_again(j, result, err);
    if (is == TCN_ONCE_OTHER)
        return refuse(j, 409, "conflict", "client_token", TCN_ONCE_WHY);
    r = find_event(j, &is_there, err);
    return r < 0 || !is_there ? r : write(j, err);
}

static const char *operation_of(enum tcn_command_kind kind)
{
    return kind == TCN_COMMAND_EVENT_CREATE   ? "CreateTimelineEvent"
           : kind == TCN_COMMAND_EVENT_UPDATE ? "UpdateTimelineEvent"
                                              : "DeleteTimelineEvent";
}

int tcn_event_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                      struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                      struct tcn_err *err)
{
    struct tcn_command *c = &call->command;
    struct event_job j = {.call = call, .s = s, .now_ms = now_ms};
    int r;

    j.once = (struct tcn_once){.incident = c->incident,
                               .operation = operation_of(c->kind),
                               .token = c->client_token,
                               .request = c->request};
    tcn_decision_init(&j.d, call->arena);
    j.d.directory = world->directory;
    r = run(&j, err);
    ret->has_changed = r == 0 && (j.d.events.n > 0 || j.d.rewritten.n > 0);
    return call->reply ? 0 : r;
}
