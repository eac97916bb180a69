/* Alarms against a real store in memory: what a delivery opens, folds, resolves, and what it leaves alone. */
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
static struct tcn_arena_pool arenas;
static struct tcn_arena arena;
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
                                        .connectors = {"snow", "jira"},
                                        .n_connectors = 2};
static const struct tcn_directory directory = {.account_id = "123456789012",
                                               .region = "eu-central-1",
                                               .contacts = &alice,
                                               .n_contacts = 1,
                                               .plans = &plan,
                                               .n_plans = 1};
static const struct tcn_source_policy policy = {.name = "prom",
                                                .source = "alertmanager",
                                                .response_plan = "critical",
                                                .resolves = true,
                                                .reopen_window_ms = 900000,
                                                .mute_window_ms = 86400000,
                                                .echo_window_ms = 60000,
                                                .flap_count = 6,
                                                .flap_quiet_ms = 900000,
                                                .flap_update_ms = 600000,
                                                .storm_new = 30,
                                                .storm_window_ms = 300000};

static int setup(void **state)
{
    struct tcn_store_options o = {
        .url = "sqlite::memory:", .account_id = "123456789012", .node = "test"};
    struct tcn_err err;

    (void)state;
    now = T0;
    tcn_arena_init(&arena, 64u << 20);
    if (tcn_store_open(&o, now, &store, &err) < 0)
        fail_msg("%s", err.msg);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_store_close(store);
    tcn_arena_done(&arena);
    tcn_arena_pool_done(&arenas);
    return 0;
}

static struct tcn_intake_job *run_job(struct tcn_intake_job *job)
{
    struct tcn_err err = {0};

    assert_int_equal(tcn_store_begin(store, &err), 0);
    if (tcn_intake_run(&job->job, store, now, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(tcn_store_commit(store, &err), 0);
    return job;
}

static struct tcn_intake_job *make_job(const char *id, enum tcn_action action, const char *key,
                                       const char *title, int64_t clock_ms)
{
    struct tcn_intake_job *job = tcn_intake_new(&arenas, now);

    job->policy = &policy;
    job->declared = &directory;
    job->alarms = TCN_NEW(&job->arena, struct tcn_alarm);
    job->n_alarms = 1;
    *job->alarms = (struct tcn_alarm){.source = "prom",
                                      .delivery_id = id,
                                      .dedupe_key = key,
                                      .action = action,
                                      .state = "x",
                                      .clock_ms = clock_ms,
                                      .title = title,
                                      .raw = TCN_STR("{}")};
    job->inbox.source = "prom";
    job->inbox.delivery_id = id;
    job->inbox.peer = "127.0.0.1";
    job->inbox.subject = "bearer";
    job->inbox.body = TCN_STR("{}");
    return job;
}

static struct tcn_intake_job *deliver(const char *id, enum tcn_action action, const char *key,
                                      const char *title, int64_t clock_ms)
{
    return run_job(make_job(id, action, key, title, clock_ms));
}

static void deliver_body(const char *id, const char *key, struct tcn_str body, struct tcn_str raw)
{
    struct tcn_intake_job *job = make_job(id, TCN_ACTION_FIRE, key, "disk full", now);

    job->inbox.body = body;
    job->alarms[0].raw = raw;
    tcn_intake_free(run_job(job));
}

static struct tcn_intake_result result_of(struct tcn_intake_job *job)
{
    struct tcn_intake_result result = job->results[0];

    tcn_intake_free(job);
    return result;
}

static size_t links_of(struct tcn_id incident)
{
    struct tcn_link *links = NULL;
    struct tcn_err err;
    size_t n = 0;

    assert_int_equal(tcn_store_link_list(store, incident, 10, &arena, &links, &n, &err), 0);
    return n;
}

static struct tcn_incident incident_of(struct tcn_id id)
{
    struct tcn_incident incident = {0};
    struct tcn_err err;

    assert_int_equal(tcn_store_incident_get(store, id, &arena, &incident, &err), 0);
    return incident;
}

static size_t claim_sends(void)
{
    struct tcn_send_row *rows = NULL;
    struct tcn_err err;
    size_t n = 0;

    assert_int_equal(tcn_store_send_claim(store, now, 10, &arena, &rows, &n, &err), 0);
    return n;
}

static void test_an_alarm_opens_pages_and_links(void **state)
{
    struct tcn_intake_result result;
    struct tcn_incident incident;

    (void)state;
    result = result_of(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0));
    assert_int_equal(result.outcome, TCN_INTAKE_OPENED);
    incident = incident_of(result.incident);
    assert_string_equal(incident.title, "cpu high");
    assert_int_equal(incident.status, TCN_STATUS_OPEN);
    assert_int_equal(incident.impact, 1);
    assert_int_equal(links_of(result.incident), 2);
    assert_int_equal(claim_sends(), 1);
    assert_int_equal(claim_sends(), 0);
}

static void test_a_repeat_changes_nothing(void **state)
{
    struct tcn_intake_result first, again;
    struct tcn_intake_job *job;

    (void)state;
    first = result_of(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0));
    now += 60000;
    job = deliver("d2", TCN_ACTION_FIRE, "k", "cpu high", T0);
    assert_false(job->has_changed);
    again = result_of(job);
    assert_int_equal(again.outcome, TCN_INTAKE_NOTHING);
    assert_true(again.is_settled);
    assert_true(tcn_id_eq(again.incident, first.incident));
    assert_int_equal(links_of(first.incident), 2);
}

static void test_a_known_delivery_is_a_duplicate(void **state)
{
    struct tcn_intake_job *job;

    (void)state;
    tcn_intake_free(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0));
    /* The same id with other words: a forged or broken retry must not change what was accepted. */
    job = deliver("d1", TCN_ACTION_RESOLVE, "k", "cpu high", T0 + 1000);
    assert_true(job->is_duplicate);
    assert_false(job->has_changed);
    tcn_intake_free(job);
}

/* Neither the one that it would open now, which nobody ever made, nor one that another delivery opened meanwhile. */
static void test_a_duplicate_names_no_incident(void **state)
{
    struct tcn_intake_job *job;

    (void)state;
    tcn_intake_free(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0));
    now += 1000;
    tcn_intake_free(deliver("d2", TCN_ACTION_RESOLVE, "k", "cpu high", T0 + 1000));
    now += 3600000;
    for (int i = 0; i < 2; i++) {
        job = deliver("d1", TCN_ACTION_FIRE, "k", "cpu higher", T0 + 4000000 + i);
        assert_true(job->is_duplicate);
        assert_true(tcn_id_is_zero(job->results[0].incident));
        tcn_intake_free(job);
        tcn_intake_free(deliver("d3", TCN_ACTION_FIRE, "k", "cpu high", T0 + 4000000));
    }
}

/* Only the sender's id tells a replay of what changed nothing then from news. */
static void test_a_delivery_that_changed_nothing_is_known(void **state)
{
    struct tcn_intake_job *job;
    struct tcn_id incident;

    (void)state;
    incident = result_of(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0)).incident;
    job = deliver("d2", TCN_ACTION_FIRE, "k", "cpu high", T0);
    assert_false(job->has_changed || job->is_duplicate);
    assert_true(tcn_id_eq(job->results[0].incident, incident));
    tcn_intake_free(job);
    now += 1000;
    tcn_intake_free(deliver("d3", TCN_ACTION_RESOLVE, "k", "cpu high", T0 + 1000));
    now += 3600000;
    job = deliver("d2", TCN_ACTION_FIRE, "k", "cpu high", now);
    assert_true(job->is_duplicate);
    assert_false(job->has_changed);
    tcn_intake_free(job);
    assert_int_equal(incident_of(incident).status, TCN_STATUS_RESOLVED);
}

static void test_ok_resolves_and_stops_paging(void **state)
{
    struct tcn_intake_result opened, resolved;
    struct tcn_incident incident;

    (void)state;
    opened = result_of(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0));
    now += 1000;
    resolved = result_of(deliver("d2", TCN_ACTION_RESOLVE, "k", "cpu high", T0 + 1000));
    assert_int_equal(resolved.outcome, TCN_INTAKE_RESOLVED);
    assert_true(tcn_id_eq(resolved.incident, opened.incident));
    incident = incident_of(opened.incident);
    assert_int_equal(incident.status, TCN_STATUS_RESOLVED);
    assert_int_equal(incident.resolved_ms, now);
    /* The page that had not left yet is not sent any more. */
    assert_int_equal(claim_sends(), 0);
}

static void test_late_words_do_not_regress_the_state(void **state)
{
    struct tcn_intake_result opened, late;

    (void)state;
    opened = result_of(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0));
    late = result_of(deliver("d2", TCN_ACTION_RESOLVE, "k", "cpu high", T0 - 5000));
    assert_int_equal(late.outcome, TCN_INTAKE_LATE);
    assert_int_equal(incident_of(opened.incident).status, TCN_STATUS_OPEN);
}

static void test_refire_reopens_within_the_window_and_opens_anew_after(void **state)
{
    struct tcn_intake_result first, again, later;

    (void)state;
    first = result_of(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0));
    now += 1000;
    tcn_intake_free(deliver("d2", TCN_ACTION_RESOLVE, "k", "cpu high", T0 + 1000));
    now += 120000;
    again = result_of(deliver("d3", TCN_ACTION_FIRE, "k", "cpu high", T0 + 121000));
    assert_int_equal(again.outcome, TCN_INTAKE_REOPENED);
    assert_true(tcn_id_eq(again.incident, first.incident));
    now += 1000;
    tcn_intake_free(deliver("d4", TCN_ACTION_RESOLVE, "k", "cpu high", T0 + 122000));
    now += 7200000;
    later = result_of(deliver("d5", TCN_ACTION_FIRE, "k", "cpu high", now));
    assert_int_equal(later.outcome, TCN_INTAKE_OPENED);
    assert_false(tcn_id_eq(later.incident, first.incident));
    assert_true(tcn_id_eq(incident_of(later.incident).previous, first.incident));
    assert_int_equal(links_of(later.incident), 2);
}

/* Written before it is answered, and never taken for a repeat that needs no look. */
static void test_an_echo_is_held(void **state)
{
    struct tcn_intake_result held, again, withdrawn;
    struct tcn_intake_job *job;

    (void)state;
    tcn_intake_free(deliver("d1", TCN_ACTION_FIRE, "k", "cpu high", T0));
    tcn_intake_free(deliver("d2", TCN_ACTION_RESOLVE, "k", "cpu high", T0));
    job = deliver("d3", TCN_ACTION_FIRE, "k", "cpu high", T0);
    assert_true(job->has_changed);
    assert_true(job->makes_work);
    held = result_of(job);
    assert_int_equal(held.outcome, TCN_INTAKE_HELD);
    assert_string_equal(tcn_intake_name(held.outcome), "held");
    again = result_of(deliver("d4", TCN_ACTION_FIRE, "k", "cpu high", T0));
    assert_int_equal(again.outcome, TCN_INTAKE_NOTHING);
    assert_false(held.is_settled || again.is_settled);
    withdrawn = result_of(deliver("d5", TCN_ACTION_RESOLVE, "k", "cpu high", T0));
    assert_int_equal(withdrawn.outcome, TCN_INTAKE_IGNORED);
}

static void test_ok_of_an_unknown_alarm_is_ignored(void **state)
{
    struct tcn_intake_job *job;

    (void)state;
    job = deliver("d1", TCN_ACTION_RESOLVE, "k", "cpu high", T0);
    assert_int_equal(job->results[0].outcome, TCN_INTAKE_IGNORED);
    tcn_intake_free(job);
}

/* More new alarms than the guard allows become one storm incident, and none is lost. */
static void test_a_storm_is_one_incident(void **state)
{
    struct tcn_id storm = {{0}};
    size_t opened = 0, attached = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        char id[16], key[16];
        struct tcn_intake_result result;

        snprintf(id, sizeof id, "d%d", i);
        snprintf(key, sizeof key, "k%d", i);
        result = result_of(deliver(id, TCN_ACTION_FIRE, key, key, T0 + i));
        opened += result.outcome == TCN_INTAKE_OPENED;
        if (result.outcome == TCN_INTAKE_STORM) {
            attached++;
            if (tcn_id_is_zero(storm))
                storm = result.incident;
            assert_true(tcn_id_eq(storm, result.incident));
        }
    }
    assert_int_equal(opened + attached, 100);
    assert_in_range(opened, 30, 32);
    assert_true(incident_of(storm).is_storm);
    assert_int_equal(links_of(storm), 2);
}

/* One delivery of n alarms, as a large group of Alertmanager is when every alert has an identity of its own. */
static struct tcn_intake_job *deliver_many(const char *id, enum tcn_action action, size_t n)
{
    struct tcn_intake_job *job = tcn_intake_new(&arenas, now);

    job->policy = &policy;
    job->declared = &directory;
    job->alarms = TCN_NEW_N(&job->arena, struct tcn_alarm, n);
    job->n_alarms = n;
    for (size_t i = 0; i < n; i++)
        job->alarms[i] = (struct tcn_alarm){.source = "prom",
                                            .delivery_id = id,
                                            .dedupe_key = tcn_arena_fmt(&job->arena, "key-%zu", i),
                                            .action = action,
                                            .state = "x",
                                            .clock_ms = now,
                                            .title = "disk full",
                                            .raw = TCN_STR("{}")};
    job->inbox.source = "prom";
    job->inbox.delivery_id = id;
    job->inbox.body = TCN_STR("{}");
    return run_job(job);
}

/* The length of the body that the inbox holds of a delivery; -1 = not received. */
static int kept_len(const char *delivery_id)
{
    struct tcn_inbox *rows = NULL;
    struct tcn_err err;
    size_t n = 0;

    assert_int_equal(
        tcn_store_inbox_list(store, TCN_INBOX_APPLIED, 0, 100, &arena, &rows, &n, &err), 0);
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].delivery_id, delivery_id) == 0)
            return (int)rows[i].body.len;
    return -1;
}

static void test_a_body_is_kept_once(void **state)
{
    static char large[TCN_RAW_DATA_MAX + 2];
    struct tcn_str body = {large, sizeof large - 1};

    (void)state;
    memset(large, 'x', body.len);
    deliver_body("whole", "a", TCN_STR("{\"a\":1}"), TCN_STR("{\"a\":1}"));
    assert_int_equal(kept_len("whole"), 0);
    deliver_body("a part", "b", TCN_STR("{\"a\":1}"), TCN_STR("{}"));
    assert_int_equal(kept_len("a part"), 7);
    deliver_body("too long", "c", body, body);
    assert_int_equal(kept_len("too long"), body.len);
    deliver_body("binary", "d", TCN_STR("\xff"), TCN_STR("\xff"));
    assert_int_equal(kept_len("binary"), 1);
    tcn_intake_free(deliver("resolve", TCN_ACTION_RESOLVE, "a", "t", now));
    assert_int_equal(kept_len("resolve"), 2); /* its event holds no raw data */
    tcn_intake_free(deliver_many("many", TCN_ACTION_FIRE, 2));
    assert_int_equal(kept_len("many"), 2);
}

/* The plan's own dedupe string makes one incident of them: what a turn holds must not grow with its lanes. */
static void test_a_thousand_alarms_of_one_incident(void **state)
{
    struct tcn_intake_job *job;
    struct tcn_id incident;

    (void)state;
    plan.dedupe_string = "all";
    job = deliver_many("d1", TCN_ACTION_FIRE, 1000);
    assert_int_equal(job->results[0].outcome, TCN_INTAKE_OPENED);
    assert_int_equal(job->results[999].outcome, TCN_INTAKE_FOLDED);
    incident = job->results[0].incident;
    tcn_intake_free(job);
    now += 1000;
    job = deliver_many("d2", TCN_ACTION_RESOLVE, 999);
    tcn_intake_free(job);
    assert_int_equal(incident_of(incident).status, TCN_STATUS_OPEN); /* the last one fires */
    now += 1000;
    job = deliver_many("d3", TCN_ACTION_RESOLVE, 1000);
    assert_int_equal(job->results[999].outcome, TCN_INTAKE_RESOLVED);
    tcn_intake_free(job);
    assert_int_equal(incident_of(incident).status, TCN_STATUS_RESOLVED);
    plan.dedupe_string = NULL;
}

/* Thousands of lanes point to the incident of a storm. */
static void test_a_storm_of_thousands(void **state)
{
    struct tcn_intake_job *job;
    size_t attached = 0;

    (void)state;
    tcn_intake_free(deliver_many("d1", TCN_ACTION_FIRE, 5000));
    now += 1000;
    job = deliver_many("d2", TCN_ACTION_RESOLVE, 5000);
    for (size_t i = 0; i < 5000; i++)
        attached += tcn_id_eq(job->results[i].incident, job->results[4999].incident);
    assert_in_range(attached, 4960, 4980);
    assert_int_equal(job->results[4999].outcome, TCN_INTAKE_RESOLVED);
    tcn_intake_free(job);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_alarm_opens_pages_and_links),
        CASE(test_a_repeat_changes_nothing),
        CASE(test_a_known_delivery_is_a_duplicate),
        CASE(test_a_duplicate_names_no_incident),
        CASE(test_a_delivery_that_changed_nothing_is_known),
        CASE(test_ok_resolves_and_stops_paging),
        CASE(test_late_words_do_not_regress_the_state),
        CASE(test_refire_reopens_within_the_window_and_opens_anew_after),
        CASE(test_an_echo_is_held),
        CASE(test_ok_of_an_unknown_alarm_is_ignored),
        CASE(test_a_storm_is_one_incident),
        CASE(test_a_body_is_kept_once),
        CASE(test_a_thousand_alarms_of_one_incident),
        CASE(test_a_storm_of_thousands),
    };

    return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
