/* Subscriptions in the store: each message with what it changes in one transaction, and an incident about an end. */
#include "app/subscription_turn.h"
#include "turns.h"

#define TOPIC "arn:aws:sns:eu-central-1:123456789012:ops-alarms"

static struct tcn_intake_job *job_of(const char *delivery_id)
{
    struct tcn_intake_job *job = tcn_intake_new(&arenas, now);

    job->policy = &policy;
    job->declared = &directory;
    job->inbox.source = "prom";
    job->inbox.delivery_id = delivery_id;
    job->inbox.body = TCN_STR("{}");
    return job;
}

/* One message; its incident when it opened or resolved one. */
static enum tcn_sns_news tell(const char *id, enum tcn_sns_type type, int64_t time_ms,
                              const char *token, struct tcn_id *ret_incident)
{
    struct tcn_sns_message sns = {
        .type = type, .topic = TCN_STR_INIT(TOPIC), .token = tcn_str(token), .time_ms = time_ms};
    struct tcn_subscription_message m = {
        .source = "prom", .arn = TOPIC ":1", .sns = &sns, .confirm = TCN_SNS_AUTO};
    struct tcn_intake_job *job = job_of(id);
    enum tcn_sns_news news = TCN_SNS_NO_NEWS;

    if (tcn_subscription_take(store, &m, job, now, &news, &err) < 0)
        fail_msg("%s", err.msg);
    if (ret_incident)
        *ret_incident = job->n_alarms ? job->results[0].incident : (struct tcn_id){{0}};
    tcn_intake_free(job);
    return news;
}

static struct tcn_subscription row_of(void)
{
    struct tcn_subscription row;

    assert_int_equal(tcn_store_subscription_get(store, "prom", TOPIC, &arena, &row, &err), 0);
    return row;
}

static size_t claim(struct tcn_subscription **ret)
{
    int64_t next = 0;
    size_t n = 0;

    assert_int_equal(tcn_subscription_claim(store, 4, now, &arena, ret, &n, &next, &err), 0);
    return n;
}

static enum tcn_subscription_state finish(const struct tcn_subscription *sent, const char *arn)
{
    struct tcn_subscription_outcome o = {.sent = sent, .arn = arn};
    enum tcn_subscription_state after = TCN_SUBSCRIPTION_UNSET;
    struct tcn_intake_job *job = job_of(NULL);

    if (tcn_subscription_finish(store, &o, job, now, &after, &err) < 0)
        fail_msg("%s", err.msg);
    tcn_intake_free(job);
    return after;
}

static size_t kept(void)
{
    struct tcn_inbox *rows;
    size_t n = 0;

    assert_int_equal(tcn_store_inbox_list(store, TCN_INBOX_APPLIED, 0, 99, &arena, &rows, &n, &err),
                     0);
    return n;
}

static void test_from_the_message_to_the_subscription(void **state)
{
    struct tcn_subscription *sent;

    (void)state;
    assert_int_equal(tell("m1", TCN_SNS_SUBSCRIPTION, T0, "token", NULL), TCN_SNS_AWAITS);
    assert_int_equal(kept(), 1);
    assert_int_equal(claim(&sent), 1);
    assert_string_equal(sent[0].token, "token");
    assert_int_equal(row_of().attempts, 1);
    assert_int_equal(claim(&sent), 0); /* it is out */
    now += TCN_SNS_LEASE_MS;
    assert_int_equal(claim(&sent), 1); /* nobody told what became of it */
    assert_int_equal(finish(&sent[0], NULL), TCN_SUBSCRIPTION_AWAITING);
    now = row_of().due_ms;
    assert_int_equal(claim(&sent), 1);
    assert_int_equal(sent[0].attempts, 3);
    assert_int_equal(finish(&sent[0], TOPIC ":1"), TCN_SUBSCRIPTION_CONFIRMED);
    assert_string_equal(row_of().arn, TOPIC ":1");
    now += 3600000;
    assert_int_equal(claim(&sent), 0);
}

static void test_a_repeated_message(void **state)
{
    struct tcn_subscription *sent;

    (void)state;
    tell("m1", TCN_SNS_SUBSCRIPTION, T0, "token", NULL);
    assert_int_equal(claim(&sent), 1);
    assert_int_equal(tell("m1", TCN_SNS_SUBSCRIPTION, T0 + 1, "other", NULL), TCN_SNS_NO_NEWS);
    assert_string_equal(row_of().token, "token");
    assert_int_equal(kept(), 1);
}

/* The next claim is due at once, not after the lease of another one. */
static void test_what_is_due_next(void **state)
{
    struct tcn_subscription *rows;
    int64_t next = -1;
    size_t n;

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct tcn_subscription row = {.source = "prom",
                                       .topic = tcn_arena_fmt(&arena, "t%d", i),
                                       .state = TCN_SUBSCRIPTION_AWAITING,
                                       .due_ms = now};

        assert_int_equal(tcn_store_subscription_put(store, &row, &err), 0);
    }
    assert_int_equal(tcn_subscription_claim(store, 2, now, &arena, &rows, &n, &next, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(next, now);
}

static void test_an_end_opens_an_incident(void **state)
{
    struct tcn_id incident, again;
    struct tcn_aggregate a;

    (void)state;
    assert_int_equal(tell("e1", TCN_SNS_UNSUBSCRIPTION, T0, "x", &incident), TCN_SNS_ENDED);
    a = load(incident);
    assert_int_equal(a.incident.status, TCN_STATUS_OPEN);
    assert_string_equal(a.incident.title, "SNS topic ops-alarms was unsubscribed from prom");
    assert_int_equal(claim_sends(), 1);
    assert_int_equal(tell("e1", TCN_SNS_UNSUBSCRIPTION, T0, "x", &again), TCN_SNS_NO_NEWS);
    assert_true(tcn_id_is_zero(again));
    assert_null(row_of().token);
    assert_int_equal(tell("e0", TCN_SNS_UNSUBSCRIPTION, T0 - 1, "x", &again), TCN_SNS_NO_NEWS);
    assert_true(tcn_id_is_zero(again));
}

static void expect_resolved(struct tcn_id incident)
{
    assert_int_equal(load(incident).incident.status, TCN_STATUS_RESOLVED);
    assert_int_equal(row_of().ended_ms, 0);
}

static void test_a_confirmation_resolves_it(void **state)
{
    struct tcn_subscription *sent;
    struct tcn_id incident;

    (void)state;
    tell("e1", TCN_SNS_UNSUBSCRIPTION, T0, "x", &incident);
    now += 60000;
    assert_int_equal(tell("m1", TCN_SNS_SUBSCRIPTION, T0 + 50000, "t", NULL), TCN_SNS_AWAITS);
    assert_int_equal(load(incident).incident.status, TCN_STATUS_OPEN);
    assert_int_equal(claim(&sent), 1);
    assert_int_equal(finish(&sent[0], TOPIC ":2"), TCN_SUBSCRIPTION_CONFIRMED);
    expect_resolved(incident);
}

static void test_a_delivery_resolves_it(void **state)
{
    struct tcn_id incident;

    (void)state;
    tell("e1", TCN_SNS_UNSUBSCRIPTION, T0, "x", &incident);
    now += 60000;
    assert_int_equal(tell("n0", TCN_SNS_NOTIFICATION, T0 - 1, "", NULL), TCN_SNS_NO_NEWS);
    assert_int_equal(load(incident).incident.status, TCN_STATUS_OPEN);
    assert_int_equal(tell("n1", TCN_SNS_NOTIFICATION, T0 + 50000, "", NULL), TCN_SNS_DELIVERS);
    expect_resolved(incident);
}

/* A notification is not remembered here: the intake does that, with its alarm. */
static void test_a_delivery_is_not_kept(void **state)
{
    (void)state;
    assert_int_equal(tell("n1", TCN_SNS_NOTIFICATION, T0, "", NULL), TCN_SNS_DELIVERS);
    assert_int_equal(kept(), 0);
    assert_int_equal(tell("n1", TCN_SNS_NOTIFICATION, T0 + 1, "", NULL), TCN_SNS_NO_NEWS);
}

/* A job that was rolled back runs again with what is left in it of its first run. */
static void test_a_job_that_runs_twice(void **state)
{
    struct tcn_sns_message sns = {.type = TCN_SNS_UNSUBSCRIPTION,
                                  .topic = TCN_STR_INIT(TOPIC),
                                  .token = TCN_STR_INIT("x"),
                                  .time_ms = T0};
    struct tcn_subscription_message m = {.source = "prom", .sns = &sns};
    struct tcn_intake_job *job = job_of("e1");
    enum tcn_sns_news news;

    (void)state;
    assert_int_equal(tcn_subscription_take(store, &m, job, now, &news, &err), 0);
    tcn_store_rollback(store);
    assert_int_equal(tcn_store_begin(store, &err), 0);
    assert_int_equal(tcn_subscription_take(store, &m, job, now, &news, &err), 0);
    assert_int_equal(news, TCN_SNS_ENDED);
    assert_int_equal(load(job->results[0].incident).incident.status, TCN_STATUS_OPEN);
    assert_int_equal(claim_sends(), 1);
    tcn_intake_free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_from_the_message_to_the_subscription),
        CASE(test_a_repeated_message),
        CASE(test_what_is_due_next),
        CASE(test_an_end_opens_an_incident),
        CASE(test_a_confirmation_resolves_it),
        CASE(test_a_delivery_resolves_it),
        CASE(test_a_delivery_is_not_kept),
        CASE(test_a_job_that_runs_twice),
    };

    return cmocka_run_group_tests_name("subscription_turn", tests, NULL, NULL);
}
