/* Requests that want something changed, read and checked; core/app executes them. */
#include "api/v1_query.h"

#define NOTE_MAX 8000 /* code points, as the timeline takes them; CRLF counts as one */
#define CODE_MAX 100  /* of a resolution code */
#define WORD_MAX 2048 /* of a name or an ARN */

int tcn_v1_only(struct tcn_api_call *call, const char *const names[])
{
    const char *key;
    json_t *value;

    if (!call->body)
        return 0;
    if (!json_is_object(call->body))
        return tcn_api_refuse(call, 400, "bad_request", NULL, "the body must be a JSON object"), -1;
    json_object_foreach(call->body, key, value)
    {
        size_t i = 0;

        while (names[i] && strcmp(names[i], key) != 0)
            i++;
        if (!names[i])
            return tcn_api_refuse_unknown(call, tcn_str(key), names), -1;
    }
    return 0;
}

/* Unicode category Cc, but for what lines and columns are made of. */
static bool is_control(uint32_t point)
{
    return point != '\n' && point != '\t' && (point < 0x20 || (point >= 0x7f && point < 0xa0));
}

/* Property White_Space, and the two that are as wide as nothing. */
static bool is_space(uint32_t point)
{
    static const uint32_t others[] = {0xa0,   0x1680, 0x2028, 0x2029, 0x202f,
                                      0x205f, 0x2060, 0x3000, 0xfeff};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (point == others[i])
            return true;
    return point == ' ' || point == '\t' || point == '\n' || (point >= 0x2000 && point <= 0x200b);
}

static int check_text(struct tcn_api_call *call, const char *name, const char *text)
{
    struct tcn_str rest = tcn_str(text);
    bool is_blank = true;
    uint32_t point;

    for (size_t n = 1; tcn_utf8_next(&rest, &point); n++) {
        if (is_control(point))
            return tcn_api_refuse(call, 400, "bad_request", name,
                                  "character %zu is the control character U+%04X; of those only "
                                  "line feeds and tabs are taken",
                                  n, (unsigned)point),
                   -1;
        is_blank &= is_space(point);
    }
    if (is_blank)
        return tcn_api_refuse(call, 400, "bad_request", name, "is blank"), -1;
    return 0;
}

/* Text fields of browsers and Windows end lines with CRLF; here a line ends with LF. A lone CR stays and is refused. */
static const char *with_line_feeds(struct tcn_api_call *call, const char *text)
{
    char *copy = tcn_arena_strdup(call->arena, text), *to = copy;

    for (const char *from = copy; *from; from++)
        if (from[0] != '\r' || from[1] != '\n')
            *to++ = *from;
    *to = '\0';
    return copy;
}

int tcn_v1_text(struct tcn_api_call *call, const char *name, bool is_needed, size_t max,
                const char **ret)
{
    json_t *value = json_object_get(call->body, name);
    const char *text;

    if (!value && !is_needed)
        return 0;
    if (!json_is_string(value) || (is_needed && json_string_length(value) == 0))
        return tcn_api_refuse(call, 400, "bad_request", name, "\"%s\" must be text%s", name,
                              is_needed ? " and not empty" : ""),
               -1;
    text = with_line_feeds(call, json_string_value(value));
    if (tcn_utf8_count(tcn_str(text)) > max)
        return tcn_api_refuse(call, 400, "bad_request", name,
                              "\"%s\" is longer than %zu characters", name, max),
               -1;
    if (*text == '\0')
        return 0;
    if (check_text(call, name, text) < 0)
        return -1;
    *ret = text;
    return 0;
}

int tcn_v1_line(struct tcn_api_call *call, const char *name, bool is_needed, size_t max,
                const char **ret)
{
    const char *text = NULL;

    if (tcn_v1_text(call, name, is_needed, max, &text) < 0)
        return -1;
    if (text && strpbrk(text, "\n\t"))
        return tcn_api_refuse(call, 400, "bad_request", name,
                              "\"%s\" is one line without tabs, of at most %zu characters", name,
                              max),
               -1;
    *ret = text ? text : *ret;
    return 0;
}

int tcn_v1_on_incident(struct tcn_api_call *call, enum tcn_command_kind kind)
{
    struct tcn_command *c = &call->command;

    if (tcn_api_id(call, &c->incident) < 0)
        return -1;
    c->kind = kind;
    c->actor = call->actor;
    return 0;
}

int tcn_v1_acknowledge(struct tcn_api_call *call)
{
    static const char *const names[] = {"note", NULL};

    if (tcn_v1_only(call, names) < 0 ||
        tcn_v1_text(call, "note", false, NOTE_MAX, &call->command.text) < 0)
        return -1;
    return tcn_v1_on_incident(call, TCN_COMMAND_ACKNOWLEDGE);
}

int tcn_v1_resolve(struct tcn_api_call *call)
{
    static const char *const names[] = {"code", "notes", NULL};

    if (tcn_v1_only(call, names) < 0 ||
        /* A word of a table and of the remote's choice list. */
        tcn_v1_line(call, "code", false, CODE_MAX, &call->command.code) < 0 ||
        tcn_v1_text(call, "notes", false, NOTE_MAX, &call->command.text) < 0)
        return -1;
    return tcn_v1_on_incident(call, TCN_COMMAND_RESOLVE);
}

int tcn_v1_reopen(struct tcn_api_call *call)
{
    static const char *const names[] = {NULL};

    return tcn_v1_only(call, names) < 0 ? -1 : tcn_v1_on_incident(call, TCN_COMMAND_REOPEN);
}

int tcn_v1_note(struct tcn_api_call *call)
{
    static const char *const names[] = {"text", "client_token", NULL};

    if (tcn_v1_only(call, names) < 0 ||
        tcn_v1_text(call, "text", true, NOTE_MAX, &call->command.text) < 0 ||
        tcn_v1_client_token(call) < 0)
        return -1;
    return tcn_v1_on_incident(call, TCN_COMMAND_NOTE);
}

int tcn_v1_split(struct tcn_api_call *call)
{
    static const char *const names[] = {"alarm", NULL};
    const char *alarm = NULL;

    if (tcn_v1_only(call, names) < 0 || tcn_v1_text(call, "alarm", true, TCN_ID_TEXT, &alarm) < 0)
        return -1;
    if (tcn_id_parse(tcn_str(alarm), &call->command.alarm) < 0)
        return tcn_api_refuse(call, 400, "bad_request", "alarm",
                              "\"alarm\" must be an id of GET /v1/incidents/ID/alarms"),
               -1;
    return tcn_v1_on_incident(call, TCN_COMMAND_SPLIT);
}

/* What is about nothing but the id in the path. */
static int about(struct tcn_api_call *call, enum tcn_command_kind kind, struct tcn_id *ret_id)
{
    static const char *const names[] = {NULL};

    if (tcn_v1_only(call, names) < 0 || tcn_api_id(call, ret_id) < 0)
        return -1;
    call->command.kind = kind;
    call->command.actor = call->actor;
    return 0;
}

int tcn_v1_link_retry(struct tcn_api_call *call)
{
    return about(call, TCN_COMMAND_LINK_RETRY, &call->command.link);
}

int tcn_v1_link_read(struct tcn_api_call *call)
{
    return about(call, TCN_COMMAND_LINK_READ, &call->command.link);
}

int tcn_v1_letter_retry(struct tcn_api_call *call)
{
    return about(call, TCN_COMMAND_LETTER_RETRY, &call->command.letter);
}

int tcn_v1_letter_drop(struct tcn_api_call *call)
{
    return about(call, TCN_COMMAND_LETTER_DROP, &call->command.letter);
}

int tcn_v1_quarantine_drop(struct tcn_api_call *call)
{
    return about(call, TCN_COMMAND_QUARANTINE_DROP, &call->command.letter);
}

int tcn_v1_subscription_confirm(struct tcn_api_call *call)
{
    static const char *const names[] = {"source", "topic", NULL};
    struct tcn_command *c = &call->command;

    if (tcn_v1_only(call, names) < 0 ||
        tcn_v1_text(call, "source", true, WORD_MAX, &c->source) < 0 ||
        tcn_v1_text(call, "topic", true, WORD_MAX, &c->topic) < 0)
        return -1;
    c->kind = TCN_COMMAND_SUBSCRIPTION_CONFIRM;
    c->actor = call->actor;
    return 0;
}
