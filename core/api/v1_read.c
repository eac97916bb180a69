/* Members of queries and bodies that several operations read. */
#include "api/v1_query.h"
#include "base/datetime.h"
#include "base/text.h"

#include <stdlib.h>

#define TOKEN_MAX 128 /* ssm-incidents ClientToken */

int tcn_v1_refuse(struct tcn_api_call *call, const char *field, const char *why)
{
    tcn_api_refuse(call, 400, "bad_request", field, "%s", why);
    return -1;
}

int tcn_v1_time(struct tcn_api_call *call, const char *name, int64_t *ret_ms)
{
    const char *text = tcn_api_query(call, name);

    if (text && tcn_time_rfc3339(tcn_str(text), ret_ms) < 0)
        return tcn_v1_refuse(call, name, "is no time; write it as 2026-08-02T09:00:00Z");
    return 0;
}

int tcn_v1_happened(struct tcn_api_call *call, const char *name, int64_t *ret_ms)
{
    const char *text = NULL;

    if (tcn_v1_text(call, name, false, TCN_TIME_TEXT * 2, &text) < 0)
        return -1;
    if (text && (tcn_time_rfc3339(tcn_str(text), ret_ms) < 0 || *ret_ms <= 0))
        return tcn_v1_refuse(call, name,
                             "is no time since 1970; write it as 2026-08-02T09:00:00+02:00");
    return 0;
}

int tcn_v1_bound(struct tcn_api_call *call, const char *name, int64_t *ret_ms)
{
    if (tcn_v1_time(call, name, ret_ms) < 0)
        return -1;
    if (*ret_ms == 0 && tcn_api_query(call, name))
        *ret_ms = -1;
    return 0;
}

int tcn_v1_words(struct tcn_api_call *call, const char *name, const char **ret, size_t *ret_n)
{
    const char *text = tcn_api_query(call, name);
    struct tcn_str rest = text ? tcn_str(text) : (struct tcn_str){0}, word;
    bool is_last = !text;

    for (*ret_n = 0; !is_last;) {
        if (*ret_n == TCN_V1_WORDS)
            return tcn_api_refuse(call, 400, "bad_request", name, "\"%s\" takes at most %d words",
                                  name, TCN_V1_WORDS),
                   -1;
        is_last = !tcn_str_cut(&rest, ',', &word);
        ret[(*ret_n)++] = tcn_arena_str(call->arena, is_last ? rest : word).ptr;
    }
    return 0;
}

/* What was sent but for the token; whose it is, the path tells. */
static const char *canonical(struct tcn_api_call *call)
{
    json_t *rest = json_copy(call->body);
    char hex[65], *text;

    json_object_del(rest, "client_token");
    text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(rest);
    tcn_sha256_hex(tcn_str(text), hex);
    free(text);
    return tcn_arena_fmt(call->arena, "%s %s", call->path_part ? call->path_part : "", hex);
}

int tcn_v1_client_token(struct tcn_api_call *call)
{
    struct tcn_command *c = &call->command;

    if (tcn_v1_text(call, "client_token", false, TOKEN_MAX, &c->client_token) < 0)
        return -1;
    if (c->client_token)
        c->request = canonical(call);
    return 0;
}
