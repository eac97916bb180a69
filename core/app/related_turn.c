#include "app/related_turn.h"

#include "api/json.h"
#include "app/once.h"
#include "app/turn.h"
#include "engine/related_change.h"

#define LINKS_MAX 200 /* of an incident */

struct related_job {
    struct tcn_api_call *call;
    struct tcn_store *s;
    int64_t now_ms;
    struct tcn_once once;
    struct tcn_related_turn turn;
    const struct tcn_related_item *known; /* the one that this is about; NULL: it is not there */
    const char *owner;
    struct tcn_decision d;
};

static bool is_add(const struct related_job *j)
{
    return j->call->command.kind == TCN_COMMAND_RELATED_ADD;
}

static const char *id_of(const struct related_job *j)
{
    return j->call->command.related.generated_id;
}

static int refuse(const struct related_job *j, int status, const char *code, const char *field,
                  const char *why)
{
    tcn_api_refuse(j->call, status, code, field, "%s", why);
    return TCN_EINVALID;
}

/* -- what is there ------------------------------------------------------------------------------------------------ */

static int list(struct related_job *j, struct tcn_err *err)
{
    struct tcn_related_item *rows = NULL;
    int r = tcn_store_related_list(j->s, j->once.incident, j->call->arena, &rows, &j->turn.n_known,
                                   err);

    j->turn.known = rows;
    j->known = NULL;
    for (size_t i = 0; r == 0 && i < j->turn.n_known; i++)
        if (strcmp(rows[i].generated_id, id_of(j)) == 0)
            j->known = &rows[i];
    return r;
}

/* The sync keeps the address of a ticket that the incident is linked with. */
static int find_owner(struct related_job *j, struct tcn_err *err)
{
    struct tcn_link *links = NULL;
    size_t n = 0;
    int r;

    if (is_add(j) || !j->known || strcmp(j->known->value_kind, "url") != 0)
        return 0;
    r = tcn_store_link_list(j->s, j->once.incident, LINKS_MAX, j->call->arena, &links, &n, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        if (links[i].remote_url && strcmp(links[i].remote_url, j->known->value) == 0)
            j->owner = links[i].connector;
    return r;
}

static int load(struct related_job *j, struct tcn_err *err)
{
    int r;

    j->turn.actor = j->call->command.actor;
    j->turn.aggregate = TCN_NEW(j->call->arena, struct tcn_aggregate);
    r = tcn_turn_load(j->s, j->once.incident, j->call->arena, j->turn.aggregate, err);
    if (r == TCN_ENOTFOUND)
        return refuse(j, 404, "not_found", "id", "there is no incident with this id");
    if (r < 0 || (r = list(j, err)) < 0)
        return r;
    return find_owner(j, err);
}

/* -- answers ------------------------------------------------------------------------------------------------------ */

static int answer_word(const struct related_job *j, const char *word)
{
    j->call->status = 200;
    j->call->reply = json_pack("{s:s, s:s}", "id", id_of(j), "status", word);
    return 0;
}

static int answer_item(const struct related_job *j, int status)
{
    if (!j->known)
        return answer_word(j, "removed");
    j->call->status = status;
    j->call->reply = tcn_json_related(j->known);
    return 0;
}

/* -- the turn ----------------------------------------------------------------------------------------------------- */

static int decide(struct related_job *j, struct tcn_err *why)
{
    if (is_add(j))
        return tcn_engine_related_add(&j->turn, &j->call->command.related, j->now_ms, &j->d, why);
    return tcn_engine_related_remove(&j->turn, id_of(j), j->owner, j->now_ms, &j->d, why);
}

static int write(struct related_job *j, struct tcn_err *err)
{
    bool was_there = j->known;
    struct tcn_err why = {0};
    int r;

    if (decide(j, &why) < 0)
        return refuse(j, 409, "not_allowed", NULL, why.msg);
    if ((r = tcn_turn_write(j->s, &j->d, NULL, j->now_ms, err)) < 0 ||
        (r = tcn_once_keep(j->s, &j->once, id_of(j), j->now_ms, j->call->arena, err)) < 0)
        return r;
    if (!is_add(j))
        return answer_word(j, was_there ? "removed" : "unchanged");
    return (r = list(j, err)) < 0 ? r : answer_item(j, was_there ? 200 : 201);
}

static int run(struct related_job *j, struct tcn_err *err)
{
    enum tcn_once_is is = TCN_ONCE_NEW;
    const char *result = NULL;
    int r;

    if ((r = load(j, err)) < 0 ||
        (r = tcn_once_look(j->s, &j->once, j->now_ms, j->call->arena, &is, &result, err)) < 0)
        return r;
    if (is == TCN_ONCE_OTHER)
        return refuse(j, 409, "conflict", "client_token", TCN_ONCE_WHY);
    if (is == TCN_ONCE_AGAIN)
        return is_add(j) ? answer_item(j, 200) : answer_word(j, "removed");
    return write(j, err);
}

int tcn_related_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                        struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                        struct tcn_err *err)
{
    struct tcn_command *c = &call->command;
    struct related_job j = {.call = call, .s = s, .now_ms = now_ms};
    int r;

    /* One operation of ssm-incidents does both. */
    j.once = (struct tcn_once){.incident = c->incident,
                               .operation = "UpdateRelatedItems",
                               .token = c->client_token,
                               .request = c->request};
    tcn_decision_init(&j.d, call->arena);
    j.d.directory = world->directory;
    r = run(&j, err);
    ret->has_changed = r == 0 && j.d.events.n > 0;
    return call->reply ? 0 : r;
}
