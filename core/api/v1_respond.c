/* Incidents by hand, and who is engaged for them: requests, read and checked; core/app executes them. */
#include "api/v1_query.h"
#include "engine/arn.h"

#define WORD_MAX 2048   /* of a name or an ARN */
#define REASON_MAX 1024 /* ssm-contacts: StopReason; ReceiptInfo has 2,048 */
#define SOURCE_MAX 50   /* ssm-incidents: IncidentSource */

static void is_command(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    call->command.kind = kind;
    call->command.actor = call->actor;
}

static int read_impact(struct tcn_api_call *call, int *ret)
{
    json_t *value = json_object_get(call->body, "impact");

    if (!value)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > 5)
        return tcn_v1_refuse(call, "impact",
                             "\"impact\" must be a number from 1 (critical) to 5 (none)");
    *ret = (int)json_integer_value(value);
    return 0;
}

/* As it is, control characters too: what a program wrote, for programs. */
static int read_raw(struct tcn_api_call *call, const char **ret)
{
    json_t *value = json_object_get(call->body, "raw_data");

    if (!value)
        return 0;
    if (!json_is_string(value) ||
        tcn_utf8_count(tcn_str(json_string_value(value))) > TCN_RAW_DATA_MAX)
        return tcn_api_refuse(call, 400, "bad_request", "raw_data",
                              "\"raw_data\" must be text of at most %d characters",
                              TCN_RAW_DATA_MAX),
               -1;
    *ret = tcn_arena_strdup(call->arena, json_string_value(value));
    return 0;
}

/* What ssm-incidents calls triggerDetails, but for the source. */
static int read_trigger(struct tcn_api_call *call, struct tcn_start *s)
{
    return tcn_v1_text(call, "trigger_arn", false, WORD_MAX, &s->trigger_arn) < 0 ||
                   tcn_v1_happened(call, "detected_at", &s->detected_ms) < 0 ||
                   read_raw(call, &s->raw_data) < 0
               ? -1
               : 0;
}

int tcn_v1_start(struct tcn_api_call *call)
{
    static const char *const names[] = {"response_plan", "title",       "impact",   "source",
                                        "trigger_arn",   "detected_at", "raw_data", "related_items",
                                        "client_token",  NULL};
    struct tcn_start *s = &call->command.start;

    is_command(call, TCN_COMMAND_START);
    s->actor = call->actor;
    if (tcn_v1_only(call, names) < 0 ||
        tcn_v1_text(call, "response_plan", true, WORD_MAX, &s->response_plan) < 0 ||
        tcn_v1_text(call, "title", false, TCN_TITLE_MAX, &s->title) < 0 ||
        tcn_v1_text(call, "source", false, SOURCE_MAX, &s->source) < 0 ||
        read_trigger(call, s) < 0 || read_impact(call, &s->impact) < 0 ||
        tcn_v1_related_items(call, "related_items", &s->related, &s->n_related) < 0)
        return -1;
    return tcn_v1_client_token(call);
}

/* A list of ARNs, which may be empty; *ret stays when it is not there. */
static int read_topics(struct tcn_api_call *call, const char *name, size_t max,
                       const struct tcn_topics **ret)
{
    json_t *list = json_object_get(call->body, name);
    size_t n = json_array_size(list);
    struct tcn_topics *topics = TCN_NEW(call->arena, struct tcn_topics);
    const char **arns = TCN_NEW_N(call->arena, const char *, max + 1);

    if (!list)
        return 0;
    if (!json_is_array(list) || n > max)
        return tcn_api_refuse(call, 400, "bad_request", name,
                              "\"%s\" must be a list of at most %zu ARNs of topics", name, max),
               -1;
    for (size_t i = 0; i < n; i++) {
        arns[i] = json_string_value(json_array_get(list, i));
        if (!arns[i] || !tcn_is_topic_arn(arns[i]))
            return tcn_v1_refuse(call, name, "each must be " TCN_TOPIC_ARN_FORM);
    }
    *topics = (struct tcn_topics){arns, n};
    *ret = topics;
    return 0;
}

int tcn_v1_update(struct tcn_api_call *call)
{
    static const char *const names[] = {"title",        "summary", "impact", "notification_targets",
                                        "chat_channel", NULL};
    struct tcn_incident_update *u = &call->command.update;

    is_command(call, TCN_COMMAND_UPDATE);
    u->actor = call->actor;
    if (tcn_v1_only(call, names) < 0 || tcn_api_id(call, &call->command.incident) < 0 ||
        tcn_v1_text(call, "title", false, TCN_TITLE_MAX, &u->title) < 0 ||
        tcn_v1_text(call, "summary", false, TCN_SUMMARY_MAX, &u->summary) < 0 ||
        read_impact(call, &u->impact) < 0 ||
        read_topics(call, "notification_targets", TCN_TARGET_TOPICS_MAX, &u->notification_targets) <
            0 ||
        read_topics(call, "chat_channel", TCN_CHAT_TOPICS_MAX, &u->chat_channel) < 0)
        return -1;
    if (!u->title && !u->summary && u->impact == 0 && !u->notification_targets && !u->chat_channel)
        return tcn_v1_refuse(call, "title",
                             "give \"title\", \"summary\", \"impact\", "
                             "\"notification_targets\" or \"chat_channel\"");
    return 0;
}

int tcn_v1_engage(struct tcn_api_call *call)
{
    static const char *const names[] = {"contact", "reason", "client_token", NULL};
    struct tcn_command *c = &call->command;

    is_command(call, TCN_COMMAND_ENGAGE);
    if (tcn_v1_only(call, names) < 0 ||
        tcn_v1_text(call, "contact", true, WORD_MAX, &c->contact) < 0 ||
        tcn_v1_text(call, "reason", false, REASON_MAX, &c->text) < 0 ||
        tcn_v1_client_token(call) < 0)
        return -1;
    return tcn_api_id(call, &c->incident);
}

static int read_engagement(struct tcn_api_call *call)
{
    const char *id = NULL;

    if (tcn_v1_text(call, "engagement", true, TCN_ID_TEXT, &id) < 0)
        return -1;
    if (tcn_id_parse(tcn_str(id), &call->command.engagement) < 0)
        return tcn_v1_refuse(call, "engagement",
                             "\"engagement\" must be the id of one of the incident's engagements");
    return 0;
}

int tcn_v1_disengage(struct tcn_api_call *call)
{
    static const char *const names[] = {"engagement", "reason", NULL};
    struct tcn_command *c = &call->command;

    is_command(call, TCN_COMMAND_DISENGAGE);
    if (tcn_v1_only(call, names) < 0 || read_engagement(call) < 0 ||
        tcn_v1_text(call, "reason", false, REASON_MAX, &c->text) < 0)
        return -1;
    return tcn_api_id(call, &c->incident);
}

/* -- a page is answered by its code --------------------------------------------------------------------------- */

static int read_type(struct tcn_api_call *call)
{
    const char *type = "READ";

    if (tcn_v1_text(call, "type", false, 16, &type) < 0)
        return -1;
    if (strcmp(type, "READ") != 0 && strcmp(type, "DELIVERED") != 0)
        return tcn_v1_refuse(call, "type", "\"type\" must be READ (answered) or DELIVERED");
    call->command.accept.type = strcmp(type, "READ") == 0 ? TCN_READ : TCN_DELIVERED;
    return 0;
}

static int read_validation(struct tcn_api_call *call)
{
    const char *word = call->ignores_codes ? "IGNORE" : "ENFORCE";

    if (tcn_v1_text(call, "code_validation", false, 16, &word) < 0)
        return -1;
    if (strcmp(word, "ENFORCE") != 0 && strcmp(word, "IGNORE") != 0)
        return tcn_v1_refuse(call, "code_validation",
                             "\"code_validation\" must be ENFORCE or IGNORE");
    call->command.accept.is_enforced = strcmp(word, "ENFORCE") == 0;
    return 0;
}

int tcn_v1_accept(struct tcn_api_call *call)
{
    static const char *const names[] = {"code", "code_validation", "type", "channel", "note", NULL};
    struct tcn_accept *a = &call->command.accept;

    is_command(call, TCN_COMMAND_ACCEPT);
    if (tcn_v1_only(call, names) < 0 || tcn_v1_text(call, "code", true, 10, &a->code) < 0 ||
        read_validation(call) < 0 || read_type(call) < 0 ||
        tcn_v1_text(call, "channel", false, WORD_MAX, &a->channel) < 0 ||
        tcn_v1_text(call, "note", false, TCN_NOTE_MAX, &a->note) < 0)
        return -1;
    return tcn_api_id(call, &a->page);
}
