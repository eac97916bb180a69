/* What every operation needs of its call: refusals, query parameters, ids. */
#include "api/api.h"
#include "base/buf.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

const char *tcn_role_name(enum tcn_role role)
{
    static const char *const names[] = {"none", "viewer", "responder", "manager", "admin"};

    assert((size_t)role < sizeof names / sizeof *names);
    return names[role];
}

int tcn_api_refuse(struct tcn_api_call *call, int status, const char *code, const char *field,
                   const char *fmt, ...)
{
    char message[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    /* What was cut may end within a code point, and is no JSON text then. */
    message[tcn_utf8_prefix(tcn_str(message))] = '\0';
    json_decref(call->reply);
    call->status = status;
    call->reply = json_pack("{s:{s:s, s:s, s:s?}}", "error", "code", code, "message", message,
                            "field", field);
    return 0;
}

static const char *decode(struct tcn_api_call *call, struct tcn_str value)
{
    struct tcn_buf text;
    const char *ret = NULL;

    tcn_buf_init(&text, 4096);
    if (tcn_unpercent(value, &text) == 0 && tcn_buf_ok(&text))
        ret = tcn_arena_str(call->arena, tcn_buf_view(&text)).ptr;
    tcn_buf_done(&text);
    return ret;
}

const char *tcn_api_query(struct tcn_api_call *call, const char *name)
{
    struct tcn_str rest = call->query, pair;

    while (rest.len > 0) {
        struct tcn_str key, value;

        if (!tcn_str_cut(&rest, '&', &pair)) {
            pair = rest;
            rest = (struct tcn_str){0};
        }
        value = pair;
        if (tcn_str_cut(&value, '=', &key) && tcn_str_eq(key, tcn_str(name)))
            return decode(call, value);
    }
    return NULL;
}

int tcn_api_id(struct tcn_api_call *call, struct tcn_id *ret)
{
    if (call->path_id && tcn_id_parse(tcn_str(call->path_id), ret) == 0)
        return 0;
    tcn_api_refuse(call, 404, "not_found", "id", "\"%s\" is no id", call->path_id);
    return TCN_EINVALID;
}
