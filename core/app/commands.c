#include "app/commands.h"
#include "app/activation_turn.h"
#include "app/coverage.h"
#include "app/engagement_turn.h"
#include "app/event_turn.h"
#include "app/letters.h"
#include "app/link_view.h"
#include "app/links.h"
#include "app/mute_turn.h"
#include "app/once.h"
#include "app/page_message.h"
#include "app/related_turn.h"
#include "app/resource_turn.h"
#include "app/split.h"
#include "app/start_turn.h"
#include "app/subscription_turn.h"
#include "app/turn.h"

const struct tcn_source_policy *tcn_policy_of(const struct tcn_source_policy *const *policies,
                                              const char *source_name)
{
    for (; source_name && policies && *policies; policies++)
        if (strcmp((*policies)->name, source_name) == 0)
            return *policies;
    return NULL;
}

static int decide(struct tcn_aggregate *a, const struct tcn_command *c,
                  const struct tcn_command_world *world, int64_t now_ms, struct tcn_decision *d,
                  struct tcn_err *err)
{
    struct tcn_incident_update update = {.actor = c->actor};

    switch (c->kind) {
    case TCN_COMMAND_ACKNOWLEDGE:
        return tcn_engine_acknowledge(a, c->page, c->actor, c->text, now_ms, d);
    case TCN_COMMAND_NOTE:
        return tcn_engine_note(a, c->text, c->actor, now_ms, d, err);
    case TCN_COMMAND_UPDATE:
        update = c->update;
        break;
    case TCN_COMMAND_ENGAGE:
        return tcn_engine_engage(a, &(struct tcn_engage){c->contact, c->actor, c->text, NULL},
                                 world->directory, world->salt, now_ms, d, err);
    case TCN_COMMAND_DISENGAGE:
        return tcn_engine_disengage(a, &(struct tcn_disengage){c->engagement, c->actor, c->text},
                                    now_ms, d);
    case TCN_COMMAND_ACCEPT:
        return tcn_engine_accept(a, &c->accept, world->directory, now_ms, d, err);
    case TCN_COMMAND_TAG:
        return tcn_engine_tag(a, &c->tags, now_ms, d, err);
    case TCN_COMMAND_RESOLVE:
        update.status = TCN_STATUS_RESOLVED;
        update.resolution = (struct tcn_resolution){
            .code = c->code ? c->code : "manual", .notes = c->text, .by = c->actor};
        break;
    case TCN_COMMAND_REOPEN:
        update.status = TCN_STATUS_OPEN;
        break;
    case TCN_COMMAND_NONE:
    case TCN_COMMAND_LETTER_RETRY:
    case TCN_COMMAND_LETTER_DROP:
    case TCN_COMMAND_QUARANTINE_DROP:
    case TCN_COMMAND_LINK_RETRY:
    case TCN_COMMAND_LINK_READ:
    case TCN_COMMAND_LINK_GET:
    case TCN_COMMAND_SWEEP:
    case TCN_COMMAND_SPLIT:
    case TCN_COMMAND_MUTE:
    case TCN_COMMAND_MUTE_END:
    case TCN_COMMAND_START:
    case TCN_COMMAND_ENGAGEMENT_START:
    case TCN_COMMAND_ENGAGEMENT_STOP:
    case TCN_COMMAND_SUBSCRIPTION_CONFIRM:
    case TCN_COMMAND_EVENT_CREATE:
    case TCN_COMMAND_EVENT_UPDATE:
    case TCN_COMMAND_EVENT_DELETE:
    case TCN_COMMAND_RELATED_ADD:
    case TCN_COMMAND_RELATED_REMOVE:
    case TCN_COMMAND_COVERAGE:
    case TCN_COMMAND_RESOURCE_LIST:
    case TCN_COMMAND_RESOURCE_GET:
    case TCN_COMMAND_RESOURCE_PUT:
    case TCN_COMMAND_RESOURCE_DELETE:
    case TCN_COMMAND_CHANNEL_SEND_CODE:
    case TCN_COMMAND_CHANNEL_ACTIVATE:
    case TCN_COMMAND_CHANNEL_DEACTIVATE:
    default:
        return tcn_fail(err, TCN_EINVALID, "not a command on an incident");
    }
    return tcn_engine_update(a, &update, now_ms, d, err);
}

/* Acknowledged or resolved already: what the person wrote is kept all the same. */
static int keep_note(struct tcn_aggregate *a, const struct tcn_command *c, int64_t now_ms,
                     struct tcn_decision *d, struct tcn_err *err)
{
    bool is_answer = c->kind == TCN_COMMAND_ACKNOWLEDGE || c->kind == TCN_COMMAND_RESOLVE;

    if (d->events.n > 0 || !c->text || !is_answer)
        return 0;
    return tcn_engine_note(a, c->text, c->actor, now_ms, d, err);
}

/* Nobody is paged and nobody can have been the first: told, rather than answered as if it had been noted. */
static bool is_too_late(const struct tcn_aggregate *a, const struct tcn_command *c)
{
    return c->kind == TCN_COMMAND_ACKNOWLEDGE && a->incident.status == TCN_STATUS_RESOLVED &&
           a->incident.acknowledged_ms == 0;
}

/* Of what an answer by code names, only the channel is known before it is judged. False: the call is answered. */
static bool has_its_channel(struct tcn_api_call *call, const struct tcn_directory *directory,
                            const struct tcn_aggregate *a)
{
    const struct tcn_accept *accept = &call->command.accept;
    const struct tcn_page *page = tcn_page_among(a->engagements, a->n_engagements, accept->page);

    if (call->command.kind != TCN_COMMAND_ACCEPT || !accept->channel || !page ||
        tcn_directory_channel(directory, page->contact, accept->channel))
        return true;
    tcn_api_refuse(call, 400, "bad_request", "channel", "%s has no channel \"%.100s\"",
                   page->contact, accept->channel);
    return false;
}

/* What is about a page alone says of which incident it is. */
static int find_page(struct tcn_command *c, struct tcn_store *s, struct tcn_err *err)
{
    return c->kind == TCN_COMMAND_ACCEPT
               ? tcn_store_page_incident(s, c->accept.page, &c->incident, err)
               : 0;
}

static int refuse_decision(struct tcn_api_call *call, int r, const struct tcn_err *why)
{
    static const struct {
        enum tcn_command_kind kind;
        const char *field, *missing;
    } about[] = {{TCN_COMMAND_ENGAGE, "contact", NULL},
                 {TCN_COMMAND_DISENGAGE, "engagement", "the incident has no such engagement"},
                 {TCN_COMMAND_ACKNOWLEDGE, "page", "the incident has no such page"}};
    const char *field = NULL, *missing = why->msg;

    for (size_t i = 0; i < sizeof about / sizeof *about; i++)
        if (about[i].kind == call->command.kind) {
            field = about[i].field;
            missing = about[i].missing ? about[i].missing : missing;
        }
    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(call, 404, "not_found", field, "%s", missing);
    if (r == TCN_EINVALID && call->command.kind == TCN_COMMAND_ACCEPT)
        return tcn_api_refuse(call, 400, "bad_request", "code", "%s", why->msg);
    return tcn_api_refuse(call, 409, "not_allowed", NULL, "%s", why->msg);
}

/* Of what would be done twice; another command has no token. */
static struct tcn_once once_of(const struct tcn_api_call *call)
{
    const struct tcn_command *c = &call->command;

    return (struct tcn_once){.incident = c->incident,
                             .operation = c->kind == TCN_COMMAND_ENGAGE ? "Engage" : "Note",
                             .token = c->client_token,
                             .request = c->request};
}

/* *ret_is_told: the call is answered, with the incident as it is now when it was done before. */
static int tell_again(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms,
                      bool *ret_is_told, struct tcn_err *err)
{
    const struct tcn_once once = once_of(call);
    enum tcn_once_is is = TCN_ONCE_NEW;
    const char *result = NULL;
    int r = tcn_once_look(s, &once, now_ms, call->arena, &is, &result, err);

    if (r < 0)
        return r;
    *ret_is_told = is != TCN_ONCE_NEW;
    if (is == TCN_ONCE_OTHER)
        return tcn_api_refuse(call, 409, "conflict", "client_token", TCN_ONCE_WHY);
    return is == TCN_ONCE_AGAIN ? tcn_api_incident(call, s, once.incident, err) : 0;
}

/* *ret_is_refused: the call is answered. */
static int refuse_second_open(struct tcn_api_call *call, const struct tcn_aggregate *a,
                              struct tcn_store *s, bool *ret_is_refused, struct tcn_err *err)
{
    char id[TCN_ID_TEXT];
    struct tcn_id open;
    int r;

    if (call->command.kind != TCN_COMMAND_REOPEN)
        return 0;
    r = tcn_turn_other_open(s, &a->incident, &open, err);
    if (r < 0)
        return r == TCN_ENOTFOUND ? 0 : r;
    *ret_is_refused = true;
    tcn_id_text(open, id);
    return tcn_api_refuse(call, 409, "already_open", NULL,
                          "incident %s is open with the same dedupe string", id);
}

static int write_decision(struct tcn_api_call *call, struct tcn_store *s, struct tcn_decision *d,
                          int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_once once = once_of(call);
    int r = tcn_turn_write(s, d, NULL, now_ms, err);

    if (r < 0 || (r = tcn_once_keep(s, &once, "", now_ms, call->arena, err)) < 0)
        return r;
    return tcn_api_incident(call, s, d->subject->incident.id, err);
}

/* What need not be decided. *ret_is_told: the call is answered. */
static int answer_before(struct tcn_api_call *call, const struct tcn_aggregate *a,
                         struct tcn_store *s, int64_t now_ms, bool *ret_is_told,
                         struct tcn_err *err)
{
    int r = tell_again(call, s, now_ms, ret_is_told, err);

    return r < 0 || *ret_is_told ? r : refuse_second_open(call, a, s, ret_is_told, err);
}

static int on_incident(struct tcn_api_call *call, const struct tcn_command_world *world,
                       struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                       struct tcn_err *err)
{
    struct tcn_aggregate *a = TCN_NEW(call->arena, struct tcn_aggregate);
    struct tcn_decision d;
    struct tcn_err why = {0};
    bool is_told = false;
    int r = find_page(&call->command, s, err);

    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(call, 404, "not_found", "id", "there is no page with this id");
    if (r < 0)
        return r;
    r = tcn_turn_load(s, call->command.incident, call->arena, a, err);
    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(call, 404, "not_found", "id", "there is no incident with this id");
    if (r < 0)
        return r;
    if (is_too_late(a, &call->command))
        return tcn_api_refuse(call, 409, "already_resolved", NULL,
                              "the incident is resolved, nobody waits for an answer to it; POST "
                              "/v1/incidents/ID/notes leaves a word, /reopen opens it again");
    if (!has_its_channel(call, world->directory, a))
        return 0;
    if ((r = answer_before(call, a, s, now_ms, &is_told, err)) < 0 || is_told)
        return r;
    tcn_decision_init(&d, call->arena);
    d.subject = a;
    d.directory = world->directory;
    r = decide(a, &call->command, world, now_ms, &d, &why);
    if (r == 0)
        r = keep_note(a, &call->command, now_ms, &d, &why);
    if (r < 0)
        return refuse_decision(call, r, &why);
    tcn_milestones_note(&ret->milestones, &d);
    ret->has_changed = d.incident_changed || d.events.n > 0;
    return write_decision(call, s, &d, now_ms, err);
}

static int drop_quarantined(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    int r = tcn_store_quarantine_drop(s, call->command.letter, err);

    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(call, 404, "not_found", "id",
                              "nothing in quarantine has this id; it may have been dropped");
    if (r < 0)
        return r;
    call->status = 200;
    call->reply = json_pack("{s:s}", "status", "dropped");
    return 0;
}

int tcn_command_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                        struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                        struct tcn_err *err)
{
    *ret = (struct tcn_command_result){0};
    switch (call->command.kind) {
    case TCN_COMMAND_LETTER_RETRY:
    case TCN_COMMAND_LETTER_DROP:
        return tcn_letter_execute(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_LINK_RETRY:
        return tcn_link_retry(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_LINK_READ:
        return tcn_link_read(call, s, now_ms, ret, err);
    case TCN_COMMAND_LINK_GET:
        return tcn_link_view(call, world, s, err);
    case TCN_COMMAND_SWEEP:
        return tcn_sweep(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_QUARANTINE_DROP:
        return drop_quarantined(call, s, err);
    case TCN_COMMAND_SUBSCRIPTION_CONFIRM:
        return tcn_subscription_confirm(call, s, now_ms, ret, err);
    case TCN_COMMAND_SPLIT:
        return tcn_split_execute(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_MUTE:
    case TCN_COMMAND_MUTE_END:
        return tcn_mute_execute(call, s, now_ms, ret, err);
    case TCN_COMMAND_START:
        return tcn_start_execute(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_ENGAGEMENT_START:
    case TCN_COMMAND_ENGAGEMENT_STOP:
        return tcn_engagement_execute(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_EVENT_CREATE:
    case TCN_COMMAND_EVENT_UPDATE:
    case TCN_COMMAND_EVENT_DELETE:
        return tcn_event_execute(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_RELATED_ADD:
    case TCN_COMMAND_RELATED_REMOVE:
        return tcn_related_execute(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_COVERAGE:
        return tcn_coverage_execute(call, world, s, now_ms, err);
    case TCN_COMMAND_RESOURCE_LIST:
    case TCN_COMMAND_RESOURCE_GET:
    case TCN_COMMAND_RESOURCE_PUT:
    case TCN_COMMAND_RESOURCE_DELETE:
        return tcn_resource_execute(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_CHANNEL_SEND_CODE:
    case TCN_COMMAND_CHANNEL_ACTIVATE:
    case TCN_COMMAND_CHANNEL_DEACTIVATE:
        return tcn_activation_execute(call, world, s, now_ms, ret, err);
    case TCN_COMMAND_NONE:
    case TCN_COMMAND_ACKNOWLEDGE:
    case TCN_COMMAND_RESOLVE:
    case TCN_COMMAND_REOPEN:
    case TCN_COMMAND_NOTE:
    case TCN_COMMAND_UPDATE:
    case TCN_COMMAND_ENGAGE:
    case TCN_COMMAND_DISENGAGE:
    case TCN_COMMAND_ACCEPT:
    case TCN_COMMAND_TAG:
    default:
        return on_incident(call, world, s, now_ms, ret, err);
    }
}
