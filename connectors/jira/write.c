/* WRITE as a small machine, one round trip a step:
 *
 *   PUT    the fields; the answer shows the issue and its status        (skipped when there are no fields)
 *   LOOK   read the issue: there already? then done                     (skipped when PUT showed it)
 *   LIST   ask for the transitions and choose one
 *   APPLY  post it; on to LIST when it was a step in between, else to a last LOOK, which reports the new version
 *
 * At most 3 transitions, so at most 8 round trips. Every step may be repeated: LOOK comes before what would fail twice. */
#include "jira.h"

#include <stdio.h>

#define STEPS_MAX 3

enum phase { PHASE_START = 0, PHASE_LOOK, PHASE_LIST, PHASE_APPLY };

static json_t *status_of(const struct tocsin_op *op)
{
    json_t *status = json_object_get(op->payload, "status");

    return json_is_object(status) && tcn_jira_goal(status)[0] ? status : NULL;
}

static int has_fields(const struct tocsin_op *op)
{
    return json_object_size(json_object_get(op->payload, "fields")) > 0;
}

static enum phase phase_of(const struct tocsin_op *op)
{
    if (op->step == PHASE_START)
        return has_fields(op) ? PHASE_START : PHASE_LOOK;
    return op->step == PHASE_LIST || op->step == PHASE_APPLY ? (enum phase)op->step : PHASE_LOOK;
}

/* ---- requests ---- */

/* Data Center never shows the issue, and refuses to be told about mails by who administers nothing. */
static int ask_for_issue(const struct tocsin_instance *in, struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    if (in->host->query(rq, "returnIssue", "true") < 0)
        return -1;
    return in->host->query(rq, "notifyUsers", j->notify_users ? "true" : "false");
}

static int put_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                      struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    json_t *body;
    int r;

    if (TOCSIN_REQUEST(in->host, rq, "PUT", j->url, TCN_JIRA_ISSUE, j->api, op->remote_id) < 0 ||
        (!j->is_datacenter && ask_for_issue(in, rq) < 0))
        return -1;
    body = json_pack("{s:o}", "fields", tcn_jira_fields(j, json_object_get(op->payload, "fields")));
    r = in->host->set_json(rq, body);
    json_decref(body);
    return r;
}

static int look_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    if (TOCSIN_REQUEST(in->host, rq, "GET", j->url, TCN_JIRA_ISSUE, j->api, op->remote_id) < 0)
        return -1;
    return in->host->query(rq, "fields", TCN_JIRA_FIELDS);
}

static int list_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    if (TOCSIN_REQUEST(in->host, rq, "GET", j->url, TCN_JIRA_ISSUE "/transitions", j->api,
                       op->remote_id) < 0)
        return -1;
    return in->host->query(rq, "expand", "transitions.fields");
}

static json_t *screen_fields(const struct tocsin_op *op, const struct tcn_jira_way *way)
{
    json_t *with = json_object_get(json_object_get(op->payload, "status"), "with");
    json_t *fields = json_object();

    for (size_t i = 0; i < TCN_JIRA_WITH_MAX && way->with[i][0]; i++)
        if (json_object_get(with, way->with[i]))
            json_object_set(fields, way->with[i], json_object_get(with, way->with[i]));
    if (way->resolution[0])
        json_object_set_new(fields, "resolution", json_pack("{s:s}", "id", way->resolution));
    return fields;
}

static int apply_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    struct tcn_jira_way way;
    json_t *body, *with, *fields;
    int r;

    if (tcn_jira_way_read(&way, op->cursor) < 0 || !tcn_reply_id_ok(way.transition))
        return in->host->fail(in, "no transition was chosen");
    if (TOCSIN_REQUEST(in->host, rq, "POST", j->url, TCN_JIRA_ISSUE "/transitions", j->api,
                       op->remote_id) < 0)
        return -1;
    body = json_pack("{s:{s:s}}", "transition", "id", way.transition);
    with = screen_fields(op, &way);
    fields = tcn_jira_fields(j, with);
    json_decref(with);
    if (json_object_size(fields) > 0)
        json_object_set(body, "fields", fields);
    r = in->host->set_json(rq, body);
    json_decref(fields);
    json_decref(body);
    return r;
}

int tcn_jira_write_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                          struct tocsin_request *rq)
{
    if (tcn_jira_need_id(in, op) < 0)
        return -1;
    if (!has_fields(op) && !status_of(op))
        return in->host->fail(in, "there is nothing to write");
    switch (phase_of(op)) {
    case PHASE_START:
        return put_render(in, op, rq);
    case PHASE_LIST:
        return list_render(in, op, rq);
    case PHASE_APPLY:
        return apply_render(in, op, rq);
    case PHASE_LOOK:
    default:
        return look_render(in, op, rq);
    }
}

/* ---- replies ---- */

static void go(struct tocsin_result *out, enum phase phase, const struct tcn_jira_way *way)
{
    if (tcn_jira_way_write(way, out->cursor, sizeof out->cursor) < 0) {
        tcn_reply_set(out, TOCSIN_REJECTED, "the transition needs more fields than can be sent");
        return;
    }
    tcn_reply_set(out, TOCSIN_MORE, "%s", "");
    out->step = (uint32_t)phase;
}

/* Where the issue is: done, or on to the list of transitions. */
static void arrived(const struct tocsin_op *op, json_t *issue, struct tcn_jira_way *way,
                    struct tocsin_result *out)
{
    json_t *now = json_object_get(json_object_get(issue, "fields"), "status");
    json_t *status = status_of(op);
    const char *category = tcn_reply_text(json_object_get(now, "statusCategory"), "key");

    if (!status || tcn_jira_wanted(status, category))
        return;
    tcn_jira_way_at(way, now);
    if (way->hops > 0)
        tcn_reply_set(out, TOCSIN_CONFLICT, "the issue went on to \"%s\" by itself", way->from);
    else
        go(out, PHASE_LIST, way);
}

/* Only the last look is reported: what an earlier one saw is old by then. */
static void read_issue(const struct tocsin_instance *in, const struct tocsin_op *op,
                       const struct tocsin_response *rs, struct tcn_jira_way *way,
                       struct tocsin_result *out, struct tocsin_sink *sink)
{
    if (!tcn_jira_is_issue(rs->json, op->remote_id)) {
        tcn_reply_unreadable(op, out, TCN_JIRA);
        return;
    }
    arrived(op, rs->json, way, out);
    if (out->outcome != TOCSIN_MORE)
        (void)tcn_jira_report(in, sink, op->remote_id, rs->json);
}

static void read_put(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tcn_jira_way *way,
                     struct tocsin_result *out, struct tocsin_sink *sink)
{
    if (rs->status != 204) {
        read_issue(in, op, rs, way, out, sink);
    } else if (status_of(op)) {
        way->is_blind = 1;
        go(out, PHASE_LOOK, way);
    }
}

static void read_list(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tcn_jira_way *way,
                      struct tocsin_result *out)
{
    const struct tcn_jira *j = in->state;
    int64_t most = j->max_steps < STEPS_MAX ? j->max_steps : STEPS_MAX;
    json_t *transitions = json_object_get(rs->json, "transitions");
    char why[256];

    if (!json_is_array(transitions)) {
        tcn_reply_unreadable(op, out, TCN_JIRA);
    } else if (way->hops >= most) {
        tcn_reply_set(out, TOCSIN_REJECTED, "%s is more than %d transitions away, now in \"%s\"",
                      tcn_jira_goal(status_of(op)), (int)most, way->from);
    } else if (tcn_jira_choose(transitions, status_of(op), way->hops + 1 < most, way, why,
                               sizeof why) < 0) {
        tcn_reply_set(out, TOCSIN_REJECTED, "%s", why);
    } else {
        go(out, PHASE_APPLY, way);
    }
}

static void read_apply(const struct tocsin_op *op, const struct tocsin_response *rs,
                       struct tcn_jira_way *way, struct tocsin_result *out)
{
    int there = tcn_jira_wanted(status_of(op), way->reaches);

    if (rs->status != 204) {
        tcn_reply_unreadable(op, out, TCN_JIRA);
        return;
    }
    way->hops++;
    way->transition[0] = way->reaches[0] = way->resolution[0] = 0;
    memset(way->with, 0, sizeof way->with);
    /* The eighth round trip is spent: the host reads the issue before the next write anyway. */
    if (there && way->is_blind && way->hops == STEPS_MAX)
        return;
    go(out, there ? PHASE_LOOK : PHASE_LIST, way);
}

/* A transition that was posted before and whose answer was lost is refused the second time: look where we are. */
static int was_applied(const struct tocsin_op *op, const struct tocsin_response *rs)
{
    return op->attempt > 1 && phase_of(op) == PHASE_APPLY && rs->status == 400 &&
           json_object_size(json_object_get(rs->json, "errors")) == 0;
}

void tcn_jira_write_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                         const struct tocsin_response *rs, struct tocsin_result *out,
                         struct tocsin_sink *sink)
{
    struct tcn_jira_way way;

    if (tcn_jira_way_read(&way, op->cursor) < 0) {
        tcn_reply_set(out, TOCSIN_CONFLICT, "the step's cursor is unreadable: begin again");
        return;
    }
    if (out->outcome != TOCSIN_OK) {
        tcn_jira_refused(in, op, rs, out, sink);
        if (was_applied(op, rs))
            tcn_reply_set(out, TOCSIN_CONFLICT, "the transition may have been done before");
        return;
    }
    switch (phase_of(op)) {
    case PHASE_START:
        read_put(in, op, rs, &way, out, sink);
        break;
    case PHASE_LIST:
        read_list(in, op, rs, &way, out);
        break;
    case PHASE_APPLY:
        read_apply(op, rs, &way, out);
        break;
    case PHASE_LOOK:
    default:
        read_issue(in, op, rs, &way, out, sink);
        break;
    }
}
