/* A connector under the host's own functions, without a network: what render() asks for and what interpret() makes of
 * an answer, as values that a table can name. test_cases.c and the fuzzer drive it. */
#ifndef TCN_TEST_KIT_H
#define TCN_TEST_KIT_H

#include "base/json.h"
#include "connect/host.h"
#include "connect/message.h"
#include "connect/registry.h"
#include "connect/request.h"
#include "connect/sink.h"

#include <stdio.h>
#include <stdlib.h>

#define KIT_SECRET "5ecret-of-the-test" /* the value of every secret: must never show up */

extern const struct tocsin_connector *(*const tocsin_static_connectors[])(void);

struct kit {
    struct tcn_instance *instance;
    struct tcn_problems problems; /* why kit_open failed */
    struct tcn_doc doc;
    char *text; /* owned: the configuration */
};

static inline const struct tocsin_connector *kit_connector(const char *name)
{
    for (size_t i = 0; tocsin_static_connectors[i]; i++)
        if (strcmp(tocsin_static_connectors[i]()->name, name) == 0)
            return tocsin_static_connectors[i]();
    return NULL;
}

static inline int kit_secret(void *ctx, const struct tcn_node *reference, struct tcn_buf *ret)
{
    (void)ctx;
    (void)reference;
    tcn_buf_z(ret, KIT_SECRET);
    return 0;
}

/* Every secret is configured unless options say "NAME": null, and none that takes a URL's place. Yours to json_decref(). */
static inline json_t *kit_config(const struct tocsin_connector *c, json_t *options, json_t *more)
{
    json_t *config = json_object(), *value;
    const char *name;
    void *next;

    for (const struct tocsin_option *o = c->options; o && o->name; o++)
        if (o->kind == TOCSIN_SECRET && (o->flags & TOCSIN_INSTEAD) == 0)
            json_object_set_new(config, o->name, json_pack("{s:s}", "env", "TEST"));
    if (options)
        json_object_update(config, options);
    if (more)
        json_object_update(config, more);
    json_object_foreach_safe(config, next, name, value) if (json_is_null(value))
        json_object_del(config, name);
    return config;
}

/* 0, or -1 with k->problems. kit_close() in either case. */
static inline int kit_open(struct kit *k, const char *connector, json_t *options, json_t *more)
{
    const struct tocsin_connector *c = kit_connector(connector);
    json_t *config = c ? kit_config(c, options, more) : NULL;
    struct tcn_node root;

    memset(k, 0, sizeof *k);
    tcn_problems_init(&k->problems);
    k->text = config ? json_dumps(config, 0) : NULL;
    json_decref(config);
    if (!k->text || tcn_doc_parse(&k->doc, "case", tcn_str(k->text), &k->problems) < 0)
        return -1;
    root = tcn_node_root(&k->doc);
    return tcn_instance_new(c, &tcn_host, "test", &root, kit_secret, NULL, &k->instance);
}

static inline void kit_close(struct kit *k)
{
    tcn_instance_free(k->instance);
    tcn_doc_done(&k->doc);
    tcn_problems_done(&k->problems);
    free(k->text);
    memset(k, 0, sizeof *k);
}

/* 0, or -1 with *ret_why, which lives as long as rq and k. tcn_request_done(rq) in either case. */
static inline int kit_render(struct kit *k, const struct tocsin_op *op, struct tocsin_request *rq,
                             const char **ret_why)
{
    int r;

    tcn_request_init(rq, k->instance, op->now_ms);
    k->instance->failure[0] = 0;
    r = k->instance->connector->render(&k->instance->sdk, op, rq);
    *ret_why = rq->fault.code < 0 ? rq->fault.msg : k->instance->failure;
    return r < 0 || rq->fault.code < 0 || !rq->method ? -1 : 0;
}

/* What auth() asked for, with [NAME] where the secret goes. */
static inline void kit_auth(const struct tocsin_request *rq, char *ret, size_t size)
{
    const struct tcn_auth *a = &rq->auth;
    const char *user = a->user ? a->user : "";

    ret[0] = 0;
    switch (a->place) {
    case TCN_AUTH_HEADER:
        snprintf(ret, size, "%s: %s[%s]", a->header, a->prefix, a->secret);
        break;
    case TCN_AUTH_BASIC:
        snprintf(ret, size, "Basic %s:[%s]", user, a->secret);
        break;
    case TCN_AUTH_BODY:
        snprintf(ret, size, "body %s [%s]", a->pointer, a->secret);
        break;
    case TCN_AUTH_SMTP:
        snprintf(ret, size, "smtp %s:[%s]", user, a->secret);
        break;
    case TCN_AUTH_TOKEN:
        snprintf(ret, size, "oauth2%s %s%s %s:[%s]", a->with_password ? "-password" : "", a->base,
                 a->path, user, a->secret);
        break;
    case TCN_AUTH_NONE:
    default:
        break;
    }
}

/* A response as the transfer hands it over: body parsed under the host's policy, headers in a message. */
struct kit_response {
    struct tocsin_response rs;
    struct tcn_message msg;
};

/* body is borrowed until kit_response_done(). */
static inline void kit_response_init(struct kit_response *r, uint32_t net, int status,
                                     struct tcn_str body, bool is_mail)
{
    struct tcn_err err;
    json_t *root = NULL;

    memset(r, 0, sizeof *r);
    tcn_message_init(&r->msg);
    r->msg.is_mail = is_mail;
    r->rs = (struct tocsin_response){.net = net, .body = body.ptr, .body_len = body.len};
    r->rs.msg = &r->msg;
    if (net != TOCSIN_NET_OK)
        return;
    r->rs.status = status;
    if (!is_mail && body.len > 0)
        (void)tcn_json_parse(body, &tcn_json_file, &root, &err);
    r->rs.json = root;
}

static inline void kit_response_done(struct kit_response *r)
{
    json_decref(r->rs.json);
    tcn_message_done(&r->msg);
}

/* interpret()'s return; sink is to be initialised and released by the caller. */
static inline int kit_interpret(struct kit *k, const struct tocsin_op *op,
                                const struct kit_response *r, struct tocsin_result *out,
                                struct tocsin_sink *sink)
{
    memset(out, 0, sizeof *out);
    k->instance->failure[0] = 0;
    return k->instance->connector->interpret(&k->instance->sdk, op, &r->rs, out, sink);
}

#endif
