/* What every operation needs of its call: refusals, query parameters, ids. */
#include "api/api.h"
#include "base/buf.h"
#include "base/nearest.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define NAMES_MAX 128 /* bytes of a list of names in a message */
#define NAME_SHOWN 64 /* code points of a name that somebody sent */

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

/* What somebody sent, short enough for a message, and UTF-8. */
static const char *shown(struct tcn_api_call *call, struct tcn_str text)
{
    text.len = tcn_utf8_prefix(text);
    return tcn_arena_str(call->arena, tcn_utf8_cut(text, NAME_SHOWN)).ptr;
}

int tcn_api_refuse_unknown(struct tcn_api_call *call, struct tcn_str name,
                           const char *const names[])
{
    const char *field = shown(call, name);
    const char *nearest = tcn_nearest(field, names);
    struct tcn_buf all;

    if (nearest)
        return tcn_api_refuse(call, 400, "bad_request", field,
                              "\"%s\" is not known here; did you mean \"%s\"?", field, nearest);
    tcn_buf_init(&all, NAMES_MAX);
    tcn_buf_names(&all, names, SIZE_MAX);
    tcn_api_refuse(call, 400, "bad_request", field, "\"%s\" is not known here; %s%s", field,
                   *names ? "use " : "leave it out", all.ptr);
    tcn_buf_done(&all);
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

struct member {
    struct tcn_str name, value; /* raw; a value without ptr: there is no '=' */
};

/* Empty ones, as in "a=1&&b=2", are none. */
static bool next_member(struct tcn_str *rest, struct member *ret)
{
    struct tcn_str pair = {0};

    while (pair.len == 0 && rest->len > 0) {
        if (!tcn_str_cut(rest, '&', &pair)) {
            pair = *rest;
            *rest = (struct tcn_str){0};
        }
    }
    *ret = (struct member){pair, {0}};
    if (tcn_str_cut(&pair, '=', &ret->name))
        ret->value = pair;
    return ret->name.len > 0 || ret->value.ptr;
}

static size_t index_of(struct tcn_str name, const char *const names[])
{
    size_t i = 0;

    while (names[i] && !tcn_str_eq(name, tcn_str(names[i])))
        i++;
    return i;
}

static int check_member(struct tcn_api_call *call, const struct member *m,
                        const char *const names[], uint32_t *seen)
{
    size_t i = index_of(m->name, names);
    const char *value;

    assert(i < 32);
    if (!names[i])
        return tcn_api_refuse_unknown(call, m->name, names);
    if (*seen & UINT32_C(1) << i)
        return tcn_api_refuse(call, 400, "bad_request", names[i],
                              "\"%s\" is there more than once; give it once", names[i]);
    *seen |= UINT32_C(1) << i;
    value = m->value.ptr ? decode(call, m->value) : NULL;
    if (!value || !tcn_utf8_ok(tcn_str(value)))
        return tcn_api_refuse(call, 400, "bad_request", names[i],
                              "\"%s\" has no value that can be read; write %s=VALUE in "
                              "percent-encoded UTF-8, at most 4096 bytes",
                              names[i], names[i]);
    return 0;
}

int tcn_api_query_only(struct tcn_api_call *call, const char *const names[])
{
    static const char *const none[] = {NULL};
    struct tcn_str rest = call->query;
    struct member m;
    uint32_t seen = 0;

    call->status = 0;
    while (call->status == 0 && next_member(&rest, &m))
        check_member(call, &m, names ? names : none, &seen);
    return call->status == 0 ? 0 : TCN_EINVALID;
}

const char *tcn_api_query(struct tcn_api_call *call, const char *name)
{
    struct tcn_str rest = call->query;
    struct member m;

    while (next_member(&rest, &m))
        if (m.value.ptr && tcn_str_eq(m.name, tcn_str(name)))
            return decode(call, m.value);
    return NULL;
}

int tcn_api_id(struct tcn_api_call *call, struct tcn_id *ret)
{
    if (call->path_id && tcn_id_parse(tcn_str(call->path_id), ret) == 0)
        return 0;
    tcn_api_refuse(call, 404, "not_found", "id",
                   "\"%s\" is no id; an id is 36 characters, as \"id\" of the items of a list",
                   shown(call, tcn_str(call->path_id)));
    return TCN_EINVALID;
}
