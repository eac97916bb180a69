/* A parsed file and places in it. */
#include "base/json_policy.h"
#include "base/json_slips.h"
#include "base/xalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_CHAIN = 128, MAX_PATH = 1024, MAX_WHAT = 1024 };

/* Editors on Windows write it in front. */
static struct tcn_str without_mark(struct tcn_str text)
{
    static const struct tcn_str mark = {"\xef\xbb\xbf", 3};

    if (!tcn_str_starts(text, mark))
        return text;
    return (struct tcn_str){text.ptr + mark.len, text.len - mark.len};
}

int tcn_doc_parse(struct tcn_doc *doc, const char *file, struct tcn_str text,
                  struct tcn_problems *problems)
{
    struct tcn_json_fault fault;
    int r;

    text = without_mark(text);
    *doc = (struct tcn_doc){.file = file, .text = text, .problems = problems};
    r = tcn_json_load(text, &tcn_json_file, &doc->root, &fault);
    if (r < 0)
        tcn_problems_add(problems, "%s:%d: column %d: %s%s", file, fault.line, fault.column,
                         fault.what, tcn_json_hint(text, &fault));
    else
        doc->slips = tcn_xcalloc(1, sizeof *doc->slips);
    return r;
}

void tcn_doc_done(struct tcn_doc *doc)
{
    json_decref(doc->root);
    doc->root = NULL;
    free(doc->slips);
    doc->slips = NULL;
}

struct tcn_node tcn_node_root(const struct tcn_doc *doc)
{
    return (struct tcn_node){.doc = doc, .json = doc->root};
}

struct tcn_node tcn_node_member(const struct tcn_node *parent, const char *key)
{
    json_t *json = json_object_get(parent->json, key);
    const char *written = json ? NULL : tcn_slips_find(parent, key);

    return (struct tcn_node){
        .doc = parent->doc,
        .parent = parent,
        .key = written ? written : key,
        .json = written ? json_object_get(parent->json, written) : json,
    };
}

struct tcn_node tcn_node_item(const struct tcn_node *parent, size_t index)
{
    return (struct tcn_node){
        .doc = parent->doc,
        .parent = parent,
        .index = index,
        .json = json_array_get(parent->json, index),
    };
}

static bool is_plain_name(const char *key)
{
    for (const char *p = key; *p; p++) {
        bool is_letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
        bool is_inner = (*p >= '0' && *p <= '9') || *p == '-';

        if (!is_letter && !(is_inner && p > key))
            return false;
    }
    return *key != '\0';
}

static void add_step(const struct tcn_node *n, struct tcn_buf *out)
{
    if (!n->key) {
        tcn_buf_fmt(out, "[%zu]", n->index);
    } else if (is_plain_name(n->key)) {
        tcn_buf_fmt(out, ".%s", n->key);
    } else {
        tcn_buf_char(out, '[');
        tcn_buf_json(out, tcn_str(n->key));
        tcn_buf_char(out, ']');
    }
}

void tcn_node_path(const struct tcn_node *n, struct tcn_buf *out)
{
    const struct tcn_node *chain[MAX_CHAIN];
    size_t depth = 0;

    for (; n->parent; n = n->parent) {
        assert(depth < MAX_CHAIN);
        chain[depth++] = n;
    }
    tcn_buf_char(out, '$');
    while (depth > 0)
        add_step(chain[--depth], out);
}

static void add(const struct tcn_node *n, struct tcn_problems *p, const char *mark, const char *fmt,
                va_list args) __attribute__((format(printf, 4, 0)));

static void add(const struct tcn_node *n, struct tcn_problems *p, const char *mark, const char *fmt,
                va_list args)
{
    char what[MAX_WHAT], text[MAX_WHAT + 16];
    struct tcn_buf path;

    if (p->lines > TCN_MAX_PROBLEMS) { /* not shown, so its place is not looked for */
        p->n++;
        return;
    }
    vsnprintf(what, sizeof what, fmt, args);
    snprintf(text, sizeof text, "%s%s", mark, what);
    tcn_buf_init(&path, MAX_PATH);
    tcn_node_path(n, &path);
    tcn_problems_add_at(p, n->doc->file, tcn_node_line(n), tcn_buf_view(&path).ptr, text);
    tcn_buf_done(&path);
}

int tcn_node_problem(const struct tcn_node *n, const char *fmt, ...)
{
    va_list args;

    if (tcn_slips_has(n))
        return TCN_EINVALID;
    va_start(args, fmt);
    add(n, n->doc->problems, "", fmt, args);
    va_end(args);
    return TCN_EINVALID;
}

void tcn_node_warning(const struct tcn_node *n, const char *fmt, ...)
{
    va_list args;

    if (!n->doc->warnings || tcn_slips_has(n))
        return;
    va_start(args, fmt);
    add(n, n->doc->warnings, "warning: ", fmt, args);
    va_end(args);
}
