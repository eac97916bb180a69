/* A request as a remote reads it. */
#include "sync.h"

#include "base/xalloc.h"
#include "connect/request.h"

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

static int digit(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0';
}

static void decode(char *text)
{
    char *to = text;

    for (const char *at = text; *at; at++, to++) {
        *to = *at;
        if (*at == '%') {
            *to = (char)(digit(at[1]) * 16 + digit(at[2]));
            at += 2;
        }
    }
    *to = '\0';
}

static void read_query(struct call *c, char *query)
{
    char *save = NULL;

    for (char *part = strtok_r(query, "&", &save); part; part = strtok_r(NULL, "&", &save)) {
        char *value = strchr(part, '=');

        if (!value || c->n_query == QUERY_MAX)
            fail("a query has no value, or too many");
        *value++ = '\0';
        decode(part);
        decode(value);
        c->names[c->n_query] = part;
        c->values[c->n_query++] = value;
    }
}

/* https://HOST/SEGMENT/SEGMENT?NAME=VALUE&... */
void call_read(struct call *c, const struct tocsin_request *rq)
{
    char *path, *query, *save = NULL;

    snprintf(c->method, sizeof c->method, "%s", rq->method);
    c->text = tcn_xstrndup(rq->url.ptr, rq->url.len);
    c->body = json_incref(rq->body);
    path = strstr(c->text, "://");
    path = path ? strchr(path + 3, '/') : NULL;
    if (!path || rq->auth.place == TCN_AUTH_NONE)
        fail("a call has no path, or no credentials");
    if ((query = strchr(path, '?')) != NULL)
        *query++ = '\0';
    for (char *s = strtok_r(path, "/", &save); s; s = strtok_r(NULL, "/", &save)) {
        if (c->n_segments == SEGMENTS_MAX)
            fail("a path is too deep");
        decode(s);
        c->segments[c->n_segments++] = s;
    }
    if (query)
        read_query(c, query);
}
