#include "app/probe.h"
#include "connect/exchange.h"

#include <event2/event.h>

struct probe {
    const struct tcn_connector_config *c;
    struct tcn_hub *hub;
    struct event_base *base;
    struct tcn_findings *findings;
    json_t *facts; /* owned */
};

/* What an outcome that is not OK means to who has just written the configuration. */
static const char *advice(uint32_t outcome)
{
    switch (outcome) {
    case TOCSIN_AUTH:
        return ": check the user and the secret, and what the account may do";
    case TOCSIN_RETRY:
    case TOCSIN_UNKNOWN:
        return ": check the URL, and that this host may reach it";
    default:
        return "";
    }
}

static void failed(struct probe *p, const char *what, const struct tcn_outcome *o)
{
    tcn_findings_add(p->findings, TCN_WRONG, "%s: %s%s", what,
                     o->result.reason[0] ? o->result.reason : "it failed without a reason",
                     advice(o->result.outcome));
}

static void probed(void *ctx, struct tcn_outcome *o)
{
    struct probe *p = ctx;

    if (o->result.outcome != TOCSIN_OK)
        failed(p, "asking further", o);
    if (o->sink.facts) {
        json_decref(p->facts);
        p->facts = json_incref(o->sink.facts);
    }
    tcn_outcome_free(o);
    event_base_loopbreak(p->base);
}

static void start(struct probe *p, enum tocsin_verb verb, tcn_exchange_done *done)
{
    struct tocsin_op op = {
        .verb = verb, .attempt = 1, .op_id = "probe", .marker = "", .remote_id = "", .cursor = ""};

    tcn_exchange_start(p->hub, p->c->instance, &op, done, p);
}

/* One that was refused may still tell why: a field is missing, say. Without an answer or a right there is no more to ask. */
static void checked(void *ctx, struct tcn_outcome *o)
{
    struct probe *p = ctx;
    uint32_t outcome = o->result.outcome;
    bool goes_on = outcome == TOCSIN_OK || outcome == TOCSIN_REJECTED;
    bool can_probe = tcn_instance_can(p->c->instance, TOCSIN_PROBE);

    if (outcome != TOCSIN_OK)
        failed(p, "the check of URL and credentials", o);
    else
        tcn_findings_add(p->findings, TCN_FINE, "URL and credentials work");
    if (outcome == TOCSIN_OK && o->result.reason[0] && !can_probe)
        tcn_findings_add(p->findings, TCN_LOOK, "%s", o->result.reason);
    tcn_outcome_free(o);
    if (goes_on && can_probe)
        start(p, TOCSIN_PROBE, probed);
    else
        event_base_loopbreak(p->base);
}

static int ask(struct probe *p, struct tcn_err *err)
{
    struct tcn_pump *pump = NULL;
    int r = tcn_pump_new(p->base, &pump, err);

    if (r < 0)
        return r;
    p->hub = tcn_hub_new(p->base, pump, NULL, NULL);
    start(p, TOCSIN_CHECK, checked);
    if (event_base_dispatch(p->base) < 0)
        r = tcn_fail(err, TCN_EIO, "the event loop failed");
    tcn_hub_free(p->hub);
    tcn_pump_free(pump);
    return r;
}

int tcn_probe(const struct tcn_connector_config *c, struct tcn_findings *ret, json_t **ret_facts,
              struct tcn_err *err)
{
    struct probe p = {.c = c, .findings = ret, .facts = json_array(), .base = event_base_new()};
    int r = 0;

    if (!tcn_instance_can(c->instance, TOCSIN_CHECK))
        tcn_findings_add(ret, TCN_LOOK,
                         "connector %s can be asked nothing without sending something",
                         c->instance->connector->name);
    else if (!p.base)
        r = tcn_fail(err, TCN_EIO, "there is no event loop");
    else
        r = ask(&p, err);
    if (p.base)
        event_base_free(p.base);
    if (r == 0 && json_array_size(p.facts) > 0)
        tcn_findings_of(c->mapping, c->settings, p.facts, ret);
    *ret_facts = p.facts;
    return r;
}
