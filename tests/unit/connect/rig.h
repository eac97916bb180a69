/* What the tests of the connector host share: an instance from JSON text, secrets from a table. */
#ifndef TCN_TEST_RIG_H
#define TCN_TEST_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "connect/host.h"
#include "connect/instance.h"
#include <stdio.h>
#include <stdlib.h>

#define CANARY "c4nary-\"s\\ecret/=&" /* has characters that every coding changes */

struct rig {
    struct tcn_problems problems;
    struct tcn_doc doc;
    char *text; /* owned */
    struct tcn_instance *instance;
};

/* {"env": "CANARY"} is the canary, {"env": "OTHER"} another word; anything else cannot be had. */
static inline int rig_secret(void *ctx, const struct tcn_node *reference, struct tcn_buf *ret)
{
    const char *name = json_string_value(json_object_get(reference->json, "env"));

    (void)ctx;
    if (name && strcmp(name, "CANARY") == 0)
        tcn_buf_z(ret, CANARY);
    else if (name && strcmp(name, "URL") == 0)
        tcn_buf_z(ret, "https://hooks.example/services/T0/B0/canary-token");
    else if (name && strcmp(name, "LINES") == 0)
        tcn_buf_z(ret, "two\r\nlines");
    else if (name && strcmp(name, "OTHER") == 0)
        tcn_buf_z(ret, "another-word");
    else
        return tcn_node_problem(reference, "no such secret");
    return 0;
}

static inline int rig_try(struct rig *r, const struct tocsin_connector *c, const char *config)
{
    struct tcn_node root;
    int code;

    *r = (struct rig){.text = strdup(config)};
    tcn_problems_init(&r->problems);
    assert_int_equal(tcn_doc_parse(&r->doc, "test.json", tcn_str(r->text), &r->problems), 0);
    root = tcn_node_root(&r->doc);
    code = tcn_instance_new(c, &tcn_host, "test", &root, rig_secret, NULL, &r->instance);
    return code;
}

static inline void rig_init(struct rig *r, const struct tocsin_connector *c, const char *config)
{
    if (rig_try(r, c, config) < 0)
        fail_msg("%s", r->problems.text.ptr);
}

static inline void rig_done(struct rig *r)
{
    tcn_instance_free(r->instance);
    tcn_doc_done(&r->doc);
    tcn_problems_done(&r->problems);
    free(r->text);
}

#endif
