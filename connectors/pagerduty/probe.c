/* PROBE: the service and what it does by itself, the priorities of the account, the user who writes. */
#include "../probe.h"
#include "pagerduty.h"

#include <strings.h>

/* ---- the service ---- */

static int service_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;

    (void)op;
    if (TOCSIN_REQUEST(in->host, rq, "GET", p->url, "/services/{}", p->service) < 0)
        return -1;
    return tcn_pd_dress_read(in->host, rq);
}

/* What the service does without us is news from a person to us: PagerDuty does not tell them apart. */
static void say_timeouts(const struct tocsin_instance *in, json_t *service,
                         struct tocsin_sink *sink)
{
    json_int_t resolve = json_integer_value(json_object_get(service, "auto_resolve_timeout"));
    json_int_t ack = json_integer_value(json_object_get(service, "acknowledgement_timeout"));

    if (resolve > 0)
        tcn_probe_say(
            in, sink, "look",
            "the service resolves incidents by itself after %lld minutes, while the alarm "
            "may still fire: turn its auto-resolve off",
            (long long)(resolve / 60));
    if (ack > 0)
        tcn_probe_say(in, sink, "look",
                      "the service takes acknowledgements back after %lld minutes: PagerDuty and "
                      "Tocsin then page again each by its own plan",
                      (long long)(ack / 60));
}

static int service_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    const struct tcn_pd *p = in->state;
    json_t *service = json_object_get(rs->json, "service");
    const char *policy = tcn_reply_text(json_object_get(service, "escalation_policy"), "summary");

    (void)out;
    if (strcmp(tcn_reply_text(service, "id"), p->service) != 0)
        return -1;
    tcn_probe_clock(in, op, rs, sink);
    if (strcmp(tcn_reply_text(service, "status"), "disabled") == 0)
        tcn_probe_say(in, sink, "wrong", "service %.80s is disabled: enable it, or it pages nobody",
                      tcn_reply_text(service, "name"));
    else
        tcn_probe_say(in, sink, "fine",
                      "incidents go to the service %.80s, escalation policy %.80s",
                      tcn_reply_text(service, "name"), policy[0] ? policy : "(none)");
    say_timeouts(in, service, sink);
    return 0;
}

/* ---- priorities ---- */

static int priorities_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                          struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;

    (void)op;
    if (TOCSIN_REQUEST(in->host, rq, "GET", p->url, "/priorities") < 0 ||
        in->host->query(rq, "limit", "100") < 0)
        return -1;
    return tcn_pd_dress_read(in->host, rq);
}

/* The list begins with the most severe (REST API v2, "List priorities"). Incidents show a priority by its summary. */
static json_t *values_of(json_t *list)
{
    json_t *values = json_array(), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *name = tcn_reply_text(item, "name");

        if (!name[0])
            name = tcn_reply_text(item, "summary");
        if (name[0] && i < TCN_PROBE_ROWS_MAX)
            json_array_append_new(values, json_pack("{s:s, s:s, s:s, s:{s:{s:s}}}", "value", name,
                                                    "label", name, "id", tcn_reply_text(item, "id"),
                                                    "record", "priority", "summary", name));
    }
    return values;
}

static int priorities_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                           const struct tocsin_response *rs, struct tocsin_result *out,
                           struct tocsin_sink *sink)
{
    json_t *list = json_object_get(rs->json, "priorities");

    (void)op;
    (void)out;
    if (!json_is_array(list))
        return -1;
    tcn_probe_tell(in, sink, "choices",
                   json_pack("{s:s, s:s, s:b, s:o}", "of", "priority", "where",
                             "the priorities of the account", "is_optional", 1, "values",
                             values_of(list)));
    return 0;
}

/* ---- the user ---- */

static int user_ask(const struct tocsin_instance *in, const struct tocsin_op *op,
                    struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;

    (void)op;
    if (TOCSIN_REQUEST(in->host, rq, "GET", p->url, "/users") < 0 ||
        in->host->query(rq, "query", p->from) < 0 || in->host->query(rq, "limit", "100") < 0)
        return -1;
    return tcn_pd_dress_read(in->host, rq);
}

static json_t *user_with(json_t *users, const char *email)
{
    json_t *user;
    size_t i;

    json_array_foreach(users, i,
                       user) if (strcasecmp(tcn_reply_text(user, "email"), email) == 0) return user;
    return NULL;
}

static int user_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    const struct tcn_pd *p = in->state;
    json_t *users = json_object_get(rs->json, "users"), *user = user_with(users, p->from);

    (void)op;
    (void)out;
    if (!json_is_array(users))
        return -1;
    if (!user) {
        tcn_probe_say(in, sink, "wrong",
                      "no user of the account has the e-mail %.254s: PagerDuty refuses what is "
                      "written in its name; set the option from to that of a user",
                      p->from);
        return 0;
    }
    tcn_probe_tell(in, sink, "account",
                   json_pack("{s:s, s:s}", "name", tcn_reply_text(user, "name"), "time_zone",
                             tcn_reply_text(user, "time_zone")));
    return 0;
}

/* ---- all ---- */

static const struct tcn_probe_step steps[] = {
    {service_ask, service_read, NULL},
    {priorities_ask, priorities_read,
     "the account shows no priorities: the urgency tells how severe an incident is"},
    {user_ask, user_read,
     "the token may not list users: see to it that from is the e-mail of a user of the account"},
};
#define STEPS (sizeof steps / sizeof steps[0])

int tcn_pd_probe_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    return tcn_probe_ask(steps, STEPS, in, op, rq);
}

void tcn_pd_probe_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                       const struct tocsin_response *rs, struct tocsin_result *out,
                       struct tocsin_sink *sink)
{
    if (!tcn_probe_read(steps, STEPS, in, op, rs, out, sink, TCN_PD))
        tcn_pd_refused(in, op, rs, out, sink);
}
