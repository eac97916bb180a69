/* A request as a remote reads it. */
#include "sync.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

const char *call_query(const struct call *c, const char *name)
{
    for (size_t i = 0; i < c->n_query; i++)
        if (strcmp(c->names[i], name) == 0)
            return c->values[i];
    return "";
}

bool call_is(const struct call *c, const char *method, const char *path)
{
    size_t n = 0;

    if (strcmp(c->method, method) != 0)
        return false;
    while (*path == '/') {
        size_t len = strcspn(++path, "/");

        if (n == c->n_segments)
            return false;
        if (strncmp(path, "{}", len) != 0 &&
            (strlen(c->segments[n]) != len || strncmp(c->segments[n], path, len) != 0))
            return false;
        n++;
        path += len;
    }
    return n == c->n_segments;
}

void answer_header(struct answer *a, const char *fmt, ...)
{
    va_list args;

    if (a->n_headers == HEADERS_MAX)
        fail("an answer has too many headers");
    va_start(args, fmt);
    vsnprintf(a->headers[a->n_headers++], sizeof a->headers[0], fmt, args);
    va_end(args);
}
