#include "app/subscription_turn.h"
#include "api/json.h"

static const char *name_of(const char *topic)
{
    const char *colon = strrchr(topic, ':');

    return colon ? colon + 1 : topic;
}

static const char *const what_to_do =
    "SNS told that the subscription was cancelled, by its UnsubscribeURL or by another account. "
    "Alarms of this topic do "
    "not arrive any more. When that was not meant: subscribe the address of the source to the "
    "topic again; the "
    "confirmation is automatic and resolves this incident. Tocsin never subscribes again by "
    "itself.";

void tcn_subscription_alarm(struct tcn_intake_job *job, const struct tcn_subscription *row,
                            enum tcn_action action, int64_t clock_ms)
{
    struct tcn_alarm *alarm = TCN_NEW(&job->arena, struct tcn_alarm);

    *alarm = (struct tcn_alarm){
        .source = row->source,
        .delivery_id = job->inbox.delivery_id,
        .dedupe_key =
            tcn_arena_fmt(&job->arena, "*sns-subscription/%s/%s", row->source, row->topic),
        .action = action,
        .state = action == TCN_ACTION_FIRE ? "unsubscribed" : "delivers",
        .clock_ms = clock_ms,
        .title = tcn_arena_fmt(&job->arena, "SNS topic %.100s was unsubscribed from %s",
                               name_of(row->topic), row->source),
        .summary = what_to_do,
        .trigger_arn = tcn_arena_strdup(&job->arena, row->topic),
        .raw = TCN_STR("{}")};
    job->alarms = alarm;
    job->n_alarms = 1;
}

/* What the alarm of a row needs when no delivery brought it. */
static void resolve_alarm(struct tcn_intake_job *job, const struct tcn_subscription *row)
{
    job->inbox.source = row->source;
    job->inbox.subject = "sns";
    job->inbox.body = TCN_STR("{}");
    tcn_subscription_alarm(job, row, TCN_ACTION_RESOLVE, row->as_of_ms);
}

int tcn_subscription_write(struct tcn_store *s, struct tcn_subscription *row,
                           struct tcn_intake_job *job, int64_t now_ms, struct tcn_err *err)
{
    int r = 0;

    if (row->state == TCN_SUBSCRIPTION_CONFIRMED && row->ended_ms != 0 && job) {
        resolve_alarm(job, row);
        if ((r = tcn_intake_run(&job->job, s, now_ms, err)) < 0)
            return r;
        row->ended_ms = 0;
    }
    return tcn_store_subscription_put(s, row, err);
}

/* A control message is remembered first, so that a repeat does nothing; the alarm remembers it by itself. */
static int run_alarms(struct tcn_store *s, const struct tcn_subscription *row,
                      struct tcn_intake_job *job, enum tcn_sns_news news, int64_t now_ms,
                      struct tcn_err *err)
{
    if (news != TCN_SNS_ENDED)
        return tcn_intake_keep(&job->job, s, now_ms, err);
    tcn_subscription_alarm(job, row, TCN_ACTION_FIRE, row->ended_ms);
    return tcn_intake_run(&job->job, s, now_ms, err);
}

int tcn_subscription_take(struct tcn_store *s, const struct tcn_subscription_message *m,
                          struct tcn_intake_job *job, int64_t now_ms, enum tcn_sns_news *ret_news,
                          struct tcn_err *err)
{
    bool is_control = m->sns->type != TCN_SNS_NOTIFICATION;
    struct tcn_arena *a = &job->arena;
    const char *topic = tcn_arena_str(a, m->sns->topic).ptr;
    struct tcn_subscription row;
    int r;

    if ((r = tcn_store_lock_name(s, "subscription", topic, err)) < 0 ||
        (r = tcn_store_subscription_get(s, m->source, topic, a, &row, err)) < 0)
        return r;
    *ret_news = tcn_sns_subscription_told(&row, m->sns, m->arn, m->confirm, now_ms);
    if (is_control && (r = run_alarms(s, &row, job, *ret_news, now_ms, err)) < 0)
        return r;
    if (is_control && job->is_duplicate)
        *ret_news = TCN_SNS_NO_NEWS;
    if (*ret_news == TCN_SNS_NO_NEWS || *ret_news == TCN_SNS_NOT_WANTED)
        return 0;
    return tcn_subscription_write(s, &row, is_control ? NULL : job, now_ms, err);
}

int tcn_subscription_claim(struct tcn_store *s, size_t limit, int64_t now_ms, struct tcn_arena *a,
                           struct tcn_subscription **ret, size_t *ret_n, int64_t *ret_next_ms,
                           struct tcn_err *err)
{
    int r = tcn_store_subscription_due(s, now_ms, limit, a, ret, ret_n, err);

    for (size_t i = 0; i < *ret_n && r == 0; i++) {
        (*ret)[i].attempts++;
        (*ret)[i].due_ms = now_ms + TCN_SNS_LEASE_MS;
        r = tcn_store_subscription_put(s, &(*ret)[i], err);
    }
    return r < 0 ? r : tcn_store_subscription_next(s, ret_next_ms, err);
}

int tcn_subscription_finish(struct tcn_store *s, const struct tcn_subscription_outcome *o,
                            struct tcn_intake_job *job, int64_t now_ms,
                            enum tcn_subscription_state *ret_state, struct tcn_err *err)
{
    struct tcn_subscription row;
    int r;

    if ((r = tcn_store_lock_name(s, "subscription", o->sent->topic, err)) < 0 ||
        (r = tcn_store_subscription_get(s, o->sent->source, o->sent->topic, &job->arena, &row,
                                        err)) < 0)
        return r;
    if (o->arn)
        tcn_sns_subscription_confirmed(&row, o->sent, o->arn, now_ms);
    else
        tcn_sns_subscription_failed(&row, o->sent, o->is_final, now_ms);
    *ret_state = row.state;
    return tcn_subscription_write(s, &row, job->policy ? job : NULL, now_ms, err);
}

int tcn_subscription_confirm(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms,
                             struct tcn_command_result *ret, struct tcn_err *err)
{
    const struct tcn_command *c = &call->command;
    struct tcn_subscription row;
    int r;

    if ((r = tcn_store_lock_name(s, "subscription", c->topic, err)) < 0 ||
        (r = tcn_store_subscription_get(s, c->source, c->topic, call->arena, &row, err)) < 0)
        return r;
    if (row.state == TCN_SUBSCRIPTION_UNSET)
        return tcn_api_refuse(call, 404, "not_found", "topic",
                              "nothing is known of this topic at this source; GET "
                              "/v1/subscriptions lists what is");
    if (!tcn_sns_subscription_wanted(&row, now_ms))
        return tcn_api_refuse(call, 409, "not_allowed", NULL,
                              "no confirmation waits for a person, or SNS takes its token no more "
                              "(after 3 days): request the confirmation again in SNS");
    if ((r = tcn_store_subscription_put(s, &row, err)) < 0)
        return r;
    ret->has_changed = true;
    call->status = 200;
    call->reply = tcn_json_subscription(&row);
    return 0;
}
