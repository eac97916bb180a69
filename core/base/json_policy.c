/* What may not become a tree. Plain text is read at once; for the rest one pass over the raw bytes counts levels and
 * values, because jansson allocates up to 80 times the size of a hostile text before it could be asked. */
#include "base/json_policy.h"

#include <stdarg.h>
#include <stdio.h>

const struct tcn_json_limits tcn_json_api = {256 * 1024, 20000, 64};
const struct tcn_json_limits tcn_json_source = {1024 * 1024, 80000, 64};
const struct tcn_json_limits tcn_json_file = {4 * 1024 * 1024, 400000, 64};

struct scan {
    const char *p, *end;
    size_t nodes;
    unsigned depth;
};

static void set_place(struct tcn_json_fault *fault, struct tcn_str text, size_t offset)
{
    size_t line_start = 0;

    fault->line = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text.ptr[i] != '\n')
            continue;
        fault->line++;
        line_start = i + 1;
    }
    fault->column = (int)(offset - line_start) + 1;
}

static int refuse(struct tcn_json_fault *fault, struct tcn_str text, size_t offset, int code,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static int refuse(struct tcn_json_fault *fault, struct tcn_str text, size_t offset, int code,
                  const char *fmt, ...)
{
    va_list args;

    set_place(fault, text, offset);
    fault->offset = offset;
    va_start(args, fmt);
    vsnprintf(fault->what, sizeof fault->what, fmt, args);
    va_end(args);
    return code;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* From behind the opening quote to behind the closing one, or to the end of the text. Stops on the backslash
 * of an escaped U+0000 and returns false. */
static bool skip_string(struct scan *s)
{
    const char *p = s->p, *end = s->end;

    while (p < end && *p != '"') {
        if (*p != '\\') {
            p++;
            continue;
        }
        if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0) {
            s->p = p;
            return false;
        }
        p += end - p >= 2 ? 2 : 1;
    }
    s->p = p < end ? p + 1 : end;
    return true;
}

/* Behind an opening bracket: its first element is a value that no comma announces. */
static void enter(struct scan *s)
{
    s->depth++;
    while (s->p < s->end && is_space(*s->p))
        s->p++;
    if (s->p < s->end && *s->p != ']' && *s->p != '}')
        s->nodes++;
}

/* Exact for well-formed text; for other text the counts do not matter, jansson refuses it. */
static int check_size(struct tcn_str text, const struct tcn_json_limits *limits,
                      struct tcn_json_fault *fault)
{
    struct scan s = {text.ptr, text.ptr + text.len, 1, 0};

    while (s.p < s.end) {
        const char *at = s.p++;

        switch (*at) {
        case '"':
            if (!skip_string(&s))
                return refuse(fault, text, (size_t)(s.p - text.ptr), TCN_ESYNTAX,
                              "\\u0000 is not allowed in text");
            continue;
        case '[':
        case '{':
            enter(&s);
            if (s.depth > limits->max_depth)
                return refuse(fault, text, (size_t)(at - text.ptr), TCN_EINVALID,
                              "more than %u levels of nesting", limits->max_depth);
            break;
        case ']':
        case '}':
            s.depth -= s.depth > 0;
            continue;
        case ',':
            s.nodes++;
            break;
        default:
            continue;
        }
        if (s.nodes > limits->max_nodes)
            return refuse(fault, text, (size_t)(at - text.ptr), TCN_ELIMIT, "more than %zu values",
                          limits->max_nodes);
    }
    return 0;
}

static int check_bytes(struct tcn_str text, const struct tcn_json_limits *limits,
                       struct tcn_json_fault *fault)
{
    const char *nul;

    if (text.len > limits->max_bytes)
        return refuse(fault, text, 0, TCN_ELIMIT, "more than %zu bytes", limits->max_bytes);
    if (text.len == 0)
        return refuse(fault, text, 0, TCN_ESYNTAX, "the text is empty");
    nul = memchr(text.ptr, 0, text.len);
    if (nul)
        return refuse(fault, text, (size_t)(nul - text.ptr), TCN_ESYNTAX,
                      "a NUL byte is not allowed");
    return 0;
}

int tcn_json_load(struct tcn_str text, const struct tcn_json_limits *limits, json_t **ret_root,
                  struct tcn_json_fault *fault)
{
    json_error_t error;
    json_t *root;
    int r;

    if ((r = check_bytes(text, limits, fault)) < 0)
        return r;
    if ((*ret_root = tcn_json_plain(text, limits)))
        return 0;
    if ((r = check_size(text, limits, fault)) < 0)
        return r;
    root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        fault->line = error.line > 0 ? error.line : 1;
        fault->column = error.column > 0 ? error.column : 1;
        fault->offset = error.position > 0 ? (size_t)error.position : 0;
        snprintf(fault->what, sizeof fault->what, "%s", error.text);
        return TCN_ESYNTAX;
    }
    *ret_root = root;
    return 0;
}

int tcn_json_parse(struct tcn_str text, const struct tcn_json_limits *limits, json_t **ret_root,
                   struct tcn_err *err)
{
    struct tcn_json_fault fault;
    int r = tcn_json_load(text, limits, ret_root, &fault);

    if (r == 0)
        return 0;
    return tcn_fail(err, r, "line %d, column %d: %s", fault.line, fault.column, fault.what);
}
