/* Where secrets come from. Nothing here puts one into a message. */
#include "sys/secret.h"
#include "base/arena.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "sys/file.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { VARIABLES_MAX = 1000, VARIABLES_ARENA = 4 << 20 };

void tcn_secret_done(struct tcn_secret *s)
{
    if (s->ptr)
        OPENSSL_cleanse(s->ptr, s->len);
    free(s->ptr);
    *s = (struct tcn_secret){0};
}

void tcn_secret_set(struct tcn_secret *s, const char *bytes, size_t len)
{
    assert(bytes != s->ptr || !bytes);
    tcn_secret_done(s);
    s->ptr = tcn_xstrndup(bytes, len);
    s->len = len;
}

struct tcn_str tcn_secret_view(const struct tcn_secret *s)
{
    return (struct tcn_str){s->ptr ? s->ptr : "", s->len};
}

static int take(const struct tcn_node *at, const char *where, struct tcn_str bytes,
                struct tcn_secret *ret)
{
    while (bytes.len > 0 && (bytes.ptr[bytes.len - 1] == '\n' || bytes.ptr[bytes.len - 1] == '\r'))
        bytes.len--;
    if (bytes.len == 0)
        return tcn_node_problem(at, "%s is empty; put the secret there", where);
    /* Libraries that take C strings would use the part before it. */
    if (memchr(bytes.ptr, 0, bytes.len))
        return tcn_node_problem(at, "the secret has a NUL byte; keep it as hex or base64 text");
    if (memchr(bytes.ptr, '\n', bytes.len) || memchr(bytes.ptr, '\r', bytes.len))
        return tcn_node_problem(at, "%s has more than one line; leave only the secret in it",
                                where);
    if (tcn_str_trim(bytes).len < bytes.len)
        tcn_node_warning(at, "%s begins or ends with blanks, which count as part of the secret",
                         where);
    tcn_secret_set(ret, bytes.ptr, bytes.len);
    return 0;
}

/* Names only: no value leaves the environment here. */
static const char **variables(struct tcn_arena *arena)
{
    const char **names = TCN_NEW_N(arena, const char *, VARIABLES_MAX + 1);
    size_t n = 0;

    for (char **v = environ; v && *v && n < VARIABLES_MAX; v++)
        names[n++] = tcn_arena_str(arena, (struct tcn_str){*v, strcspn(*v, "=")}).ptr;
    return names;
}

static int not_set(const struct tcn_node *at, const char *name)
{
    struct tcn_arena arena;
    const char *near;

    tcn_arena_init(&arena, VARIABLES_ARENA);
    near = tcn_nearest(name, variables(&arena));
    if (near)
        tcn_node_problem(at,
                         "environment variable %s is not set; export it, or did you mean \"%s\"?",
                         name, near);
    else
        tcn_node_problem(at,
                         "environment variable %s is not set; export it or use "
                         "{\"file\": \"PATH\"}",
                         name);
    tcn_arena_done(&arena);
    return TCN_EINVALID;
}

static int from_env(const struct tcn_node *at, const char *name, struct tcn_secret *ret)
{
    const char *value = getenv(name);
    char where[300];

    if (!value)
        return not_set(at, name);
    snprintf(where, sizeof where, "environment variable %s", name);
    return take(at, where, tcn_str(value), ret);
}

static int from_file(const struct tcn_node *at, const char *path, struct tcn_secret *ret)
{
    struct tcn_buf text;
    struct tcn_err err;
    int r;

    tcn_buf_init(&text, TCN_SECRET_MAX);
    r = tcn_file_read(path, &text, &err);
    if (r < 0)
        r = tcn_node_problem(at, "%s", err.msg);
    else if (tcn_file_is_exposed(path))
        r = tcn_node_problem(at, "%s can be read by everybody on this machine; chmod 0400 %s", path,
                             path);
    else
        r = take(at, path, tcn_buf_view(&text), ret);
    if (text.size > 0)
        OPENSSL_cleanse(text.ptr, text.len);
    tcn_buf_done(&text);
    return r;
}

int tcn_secret_load(const struct tcn_node *node, struct tcn_secret *ret)
{
    static const char *const names[] = {"env", "file", NULL};
    struct tcn_node in_env, in_file;
    const char *env = NULL, *file = NULL;
    int r;

    if (!json_is_object(node->json))
        return tcn_node_problem(node, "a secret is never in the file itself; write {\"env\": "
                                      "\"NAME\"} or {\"file\": \"PATH\"}");
    if ((r = tcn_node_only(node, names)) < 0 ||
        (r = tcn_node_text(node, "env", TCN_OPTIONAL, &env)) < 0 ||
        (r = tcn_node_text(node, "file", TCN_OPTIONAL, &file)) < 0)
        return r;
    if (!env == !file)
        return tcn_node_problem(node, "give either \"env\" or \"file\"");
    in_env = tcn_node_member(node, "env");
    in_file = tcn_node_member(node, "file");
    return env ? from_env(&in_env, env, ret) : from_file(&in_file, file, ret);
}
