/* A parsed file, places in it, and the list of what is wrong with it. */
#include "base/json_policy.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum { MAX_CHAIN = 128, MAX_PATH = 1024, MAX_LINE = 2048 };

void tcn_problems_init(struct tcn_problems *p)
{
    p->n = 0;
    tcn_buf_init(&p->text, (TCN_MAX_PROBLEMS + 1) * (size_t)MAX_LINE);
}

void tcn_problems_done(struct tcn_problems *p)
{
    tcn_buf_done(&p->text);
    p->n = 0;
}

static void add_line(struct tcn_problems *p, char *line)
{
    p->n++;
    if (p->n > TCN_MAX_PROBLEMS + 1)
        return;
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    tcn_buf_z(&p->text,
              p->n > TCN_MAX_PROBLEMS ? "more problems are not shown; solve these first" : line);
    tcn_buf_char(&p->text, '\n');
}

void tcn_problems_add(struct tcn_problems *p, const char *fmt, ...)
{
    char line[MAX_LINE - 1];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    line[tcn_utf8_prefix(tcn_str(line))] = '\0';
    add_line(p, line);
}

int tcn_doc_parse(struct tcn_doc *doc, const char *file, struct tcn_str text,
                  struct tcn_problems *problems)
{
    struct tcn_json_fault fault;
    int r;

    *doc = (struct tcn_doc){.file = file, .text = text, .problems = problems};
    r = tcn_json_load(text, &tcn_json_file, &doc->root, &fault);
    if (r < 0)
        tcn_problems_add(problems, "%s:%d: column %d: %s", file, fault.line, fault.column,
                         fault.what);
    return r;
}

void tcn_doc_done(struct tcn_doc *doc)
{
    json_decref(doc->root);
    doc->root = NULL;
}

struct tcn_node tcn_node_root(const struct tcn_doc *doc)
{
    return (struct tcn_node){.doc = doc, .json = doc->root};
}

struct tcn_node tcn_node_member(const struct tcn_node *parent, const char *key)
{
    return (struct tcn_node){
        .doc = parent->doc,
        .parent = parent,
        .key = key,
        .json = json_object_get(parent->json, key),
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

int tcn_node_problem(const struct tcn_node *n, const char *fmt, ...)
{
    char what[MAX_LINE / 2];
    struct tcn_buf path;
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    tcn_buf_init(&path, MAX_PATH);
    tcn_node_path(n, &path);
    tcn_problems_add(n->doc->problems, "%s:%d: %s: %s", n->doc->file, tcn_node_line(n),
                     tcn_buf_view(&path).ptr, what);
    tcn_buf_done(&path);
    return TCN_EINVALID;
}
