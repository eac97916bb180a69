/* A store in memory and a small configuration, for tests of the jobs that make turns. */
#ifndef TCN_TEST_APP_TURNS_H
#define TCN_TEST_APP_TURNS_H

#include "app/intake.h"
#include "app/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define T0 INT64_C(1785690280000)

static struct tcn_store *store;
static struct tcn_arena arena; /* of the test */
static struct tcn_arena_pool arenas;
static struct tcn_err err;
static int64_t now;

static struct tcn_channel mail = {
    .contact = "alice", .name = "mail", .type = TCN_EMAIL, .address = "a@b", .is_activated = true};
static const struct tcn_target by_mail = {.channel = "mail", .retry_ms = 60000};
static const struct tcn_stage stage = {.duration_ms = 300000, .targets = &by_mail, .n_targets = 1};
static struct tcn_contact alice = {.alias = "alice",
                                   .type = TCN_PERSONAL,
                                   .channels = &mail,
                                   .n_channels = 1,
                                   .plan = {&stage, 1}};
static struct tcn_response_plan plan = {.name = "critical",
                                        .title = "t",
                                        .impact = 1,
                                        .engagements = {"alice"},
                                        .n_engagements = 1,
                                        .connectors = {"jira"},
                                        .n_connectors = 1};
static struct tcn_directory directory = {.account_id = "123456789012",
                                         .region = "eu-central-1",
                                         .contacts = &alice,
                                         .n_contacts = 1,
                                         .plans = &plan,
                                         .n_plans = 1};
static struct tcn_source_policy policy;
static struct tcn_tag alarm_tag = {"team", "shop"};
static struct tcn_related alarm_link = {"runbook", "What to do", "https://runbooks.test/cpu"};

static inline int setup(void **state)
{
    struct tcn_store_options o = {
        .url = "sqlite::memory:", .account_id = "123456789012", .node = "test"};

    (void)state;
    policy = (struct tcn_source_policy){.name = "prom",
                                        .source = "alertmanager",
                                        .response_plan = "critical",
                                        .resolves = true,
                                        .reopen_window_ms = 900000,
                                        .mute_window_ms = 86400000,
                                        .echo_window_ms = 60000};
    plan.dedupe_string = NULL;
    plan.name = "critical";
    plan.n_engagements = 1;
    plan.n_connectors = 1;
    now = T0;
    tcn_arena_init(&arena, 64u << 20);
    if (tcn_store_open(&o, now, &store, &err) < 0 || tcn_store_begin(store, &err) < 0)
        fail_msg("%s", err.msg);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    tcn_store_rollback(store);
    tcn_store_close(store);
    tcn_arena_done(&arena);
    tcn_arena_pool_done(&arenas);
    return 0;
}

/* One alarm of that key through the intake, with the sender's time; the incident it is about. */
static inline struct tcn_id alarm_at(const char *key, enum tcn_action action, int64_t clock_ms)
{
    struct tcn_intake_job *job = tcn_intake_new(&arenas, now);
    struct tcn_id incident;

    job->policy = &policy;
    job->declared = &directory;
    job->alarms = TCN_NEW(&job->arena, struct tcn_alarm);
    job->n_alarms = 1;
    *job->alarms = (struct tcn_alarm){.source = "prom",
                                      .dedupe_key = key,
                                      .action = action,
                                      .state = "x",
                                      .clock_ms = clock_ms,
                                      .title = "cpu high",
                                      .trigger_arn = "arn:aws:cloudwatch:eu-west-1:1:alarm:cpu",
                                      .tags = &alarm_tag,
                                      .n_tags = 1,
                                      .related = &alarm_link,
                                      .n_related = 1,
                                      .raw = TCN_STR("{}")};
    job->inbox.source = "prom";
    job->inbox.delivery_id =
        tcn_arena_fmt(&job->arena, "%s-%d-%lld", key, (int)action, (long long)now);
    job->inbox.body = TCN_STR("{}");
    if (tcn_intake_run(&job->job, store, now, &err) < 0)
        fail_msg("%s", err.msg);
    incident = job->results[0].incident;
    tcn_intake_free(job);
    return incident;
}

/* The sender tells no time. */
static inline struct tcn_id alarm_of(const char *key, enum tcn_action action)
{
    return alarm_at(key, action, 0);
}

static inline struct tcn_aggregate load(struct tcn_id incident)
{
    struct tcn_aggregate a;

    if (tcn_turn_load(store, incident, &arena, &a, &err) < 0)
        fail_msg("%s", err.msg);
    return a;
}

static inline size_t claim_sends(void)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    assert_int_equal(tcn_store_send_claim(store, now, 1000, &arena, &rows, &n, &err), 0);
    return n;
}

static inline int64_t next_due(void)
{
    int64_t ms = -1;

    assert_int_equal(tcn_store_next_due(store, &ms, &err), 0);
    return ms;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
