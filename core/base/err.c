/* Fills error messages so that they are always one line of valid UTF-8, whatever was quoted in them. */
#include "base/err.h"
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static void make_one_line(char *msg, bool was_cut)
{
    size_t len = strlen(msg), at = 0;

    for (;;) {
        at += tcn_utf8_prefix((struct tcn_str){msg + at, len - at});
        if (at == len)
            break;
        /* at most three bytes of a code point are left when the text was cut inside it */
        if (was_cut && len - at < 4) {
            msg[at] = '\0';
            break;
        }
        msg[at++] = '?';
    }
    for (char *p = msg; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

int tcn_fail(struct tcn_err *err, int code, const char *fmt, ...)
{
    va_list args;
    int n;

    assert(code < 0);
    if (!err)
        return code;
    err->code = code;
    va_start(args, fmt);
    n = vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    make_one_line(err->msg, n >= (int)sizeof err->msg);
    return code;
}

const char *tcn_code_name(int code)
{
    static const char *const names[] = {
        "ok",
        "not found",
        "conflict",
        "limit reached",
        "syntax error",
        "invalid",
        "input or output error",
        "busy",
        "not authorised",
        "disk full",
    };

    if (code > 0 || code < TCN_EFULL)
        return "unknown error";
    return names[-code];
}
