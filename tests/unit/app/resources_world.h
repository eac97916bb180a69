/* `resources` of a configuration, read from a text. */
#ifndef TCN_TESTS_RESOURCES_WORLD_H
#define TCN_TESTS_RESOURCES_WORLD_H

#include "app/resources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

struct resources {
    struct tcn_arena arena;
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_directory dir;
    int r; /* of tcn_resources_read */
};

static inline void read_resources(struct resources *f, const char *text,
                                  const struct tcn_connector_names *connectors)
{
    struct tcn_node root;

    memset(f, 0, sizeof *f);
    tcn_arena_init(&f->arena, 64u << 20);
    tcn_problems_init(&f->problems);
    assert_int_equal(tcn_doc_parse(&f->doc, "t.json", tcn_str(text), &f->problems), 0);
    root = tcn_node_root(&f->doc);
    f->r = tcn_resources_read(&root, connectors, &f->arena, &f->dir);
}

/* Of a configuration whose connectors nobody asks for, and that is right. */
static inline void read_good_resources(struct resources *f, const char *text)
{
    static const struct tcn_connector_names none = {NULL, NULL, NULL, NULL};

    read_resources(f, text, &none);
    assert_string_equal(f->problems.text.ptr, "");
    assert_int_equal(f->r, 0);
}

static inline void release_resources(struct resources *f)
{
    tcn_doc_done(&f->doc);
    tcn_problems_done(&f->problems);
    tcn_arena_done(&f->arena);
}

#endif
