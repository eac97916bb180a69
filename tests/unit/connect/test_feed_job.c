/* What answers about a whole system mean for its links: which are read again, which are not, and where asking goes on. */
#include "connect/feeds_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define T0 INT64_C(1785690280000)
#define SURVEY_MAX 3

static const struct tcn_mapping_poll poll = {30000, 300000, 60000, 3600000};
static const struct tocsin_connector connector = {.survey_max = SURVEY_MAX};
static struct tcn_instance instance = {.sdk = {.name = "jira"}, .connector = &connector};
static struct tcn_store *store;
static struct tcn_arena arena;
static struct tcn_err err;
static struct tcn_feed_target target;
static int64_t now;

static int setup(void **state)
{
    struct tcn_store_options o = {
        .url = "sqlite::memory:", .account_id = "123456789012", .node = "test"};

    (void)state;
    now = T0;
    target = (struct tcn_feed_target){.instance = &instance, .policy = {&poll, true, true}};
    tcn_arena_init(&arena, 16u << 20);
    if (tcn_store_open(&o, now, &store, &err) < 0 || tcn_store_begin(store, &err) < 0)
        fail_msg("%s", err.msg);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_store_rollback(store);
    tcn_store_close(store);
    tcn_arena_done(&arena);
    return 0;
}

static struct tcn_id incident_id(unsigned no)
{
    const uint8_t rest[10] = {[9] = (uint8_t)no};

    return tcn_id_v7(T0, rest);
}

static struct tcn_id link_id(unsigned no)
{
    return tcn_id_child(incident_id(no), "jira", 0);
}

/* An incident and its record no, known at version "v1". */
static void add_record(unsigned no, enum tcn_incident_status status)
{
    char remote_id[16];
    const struct tcn_incident incident = {.id = incident_id(no),
                                          .status = status,
                                          .impact = 3,
                                          .title = "x",
                                          .response_plan = "web",
                                          .source = "s",
                                          .created_by = "s",
                                          .modified_by = "s",
                                          .created_ms = T0,
                                          .modified_ms = T0};
    const struct tcn_link link = {.id = link_id(no),
                                  .incident = incident_id(no),
                                  .connector = "jira",
                                  .state = TCN_LINK_LINKED,
                                  .remote_id = remote_id,
                                  .base_version = "v1"};

    snprintf(remote_id, sizeof remote_id, "%u", no);
    if (tcn_store_incident_put(store, &incident, &err) < 0 ||
        tcn_store_link_put(store, &link, &err) < 0)
        fail_msg("%s", err.msg);
}

/* "NO ...": those that are to be read again. */
static void expect_hints(unsigned n, const char *expect)
{
    char got[200] = "";

    for (unsigned no = 1; no <= n; no++) {
        struct tcn_link link;
        size_t len = strlen(got);

        assert_int_equal(tcn_store_link_get(store, link_id(no), &arena, &link, &err), 0);
        if (link.hints > link.hints_seen) {
            assert_int_equal(link.due_ms, now);
            snprintf(got + len, sizeof got - len, "%u ", no);
        }
    }
    assert_string_equal(got, expect);
}

/* The call that is to be made now; NULL: none is. */
static struct tcn_feed_run *claim(void)
{
    struct tcn_feed_job j = {.target = &target, .is_first = !target.is_made};
    struct tcn_feed_run *run;

    if (tcn_feed_job_claim(&j.base.job, store, now, &err) < 0)
        fail_msg("%s", err.msg);
    target.is_made = true;
    run = j.run;
    j.run = NULL;
    tcn_feed_job_reset(&j);
    return run;
}

/* Reports "ID=VERSION ..." */
static void report(struct tocsin_sink *sink, const char *records)
{
    char text[200], *save = NULL;

    snprintf(text, sizeof text, "%s", records);
    tcn_sink_init(sink);
    for (char *one = strtok_r(text, " ", &save); one; one = strtok_r(NULL, " ", &save)) {
        char *version = strchr(one, '=');

        *version++ = '\0';
        tcn_sink_report(sink, &(struct tocsin_record){.remote_id = one, .version = version});
    }
}

/* Takes the run; what the job did is in *ret. */
static void answer(struct tcn_feed_run *run, uint32_t outcome, const char *cursor, uint32_t step,
                   const char *records, struct tcn_feed_job *ret)
{
    *ret = (struct tcn_feed_job){.target = &target, .before = run};
    run->outcome = calloc(1, sizeof *run->outcome);
    run->outcome->verb = run->op.verb;
    run->outcome->result = (struct tocsin_result){.outcome = outcome, .step = step};
    snprintf(run->outcome->result.cursor, sizeof run->outcome->result.cursor, "%s", cursor);
    strcpy(run->outcome->result.reason, outcome == TOCSIN_OK ? "" : "it says no");
    report(&run->outcome->sink, records);
    if (tcn_feed_job_result(&ret->base.job, store, now, &err) < 0)
        fail_msg("%s", err.msg);
    tcn_feed_run_free(run);
    ret->before = NULL;
}

static struct tcn_feed row(void)
{
    struct tcn_feed *list;
    size_t n;

    assert_int_equal(tcn_store_feed_list(store, &arena, &list, &n, &err), 0);
    assert_int_equal(n, 1);
    return list[0];
}

static void what_changed_is_read_again(void **state)
{
    struct tcn_feed_job j;
    struct tcn_feed_run *run;

    (void)state;
    add_record(1, TCN_STATUS_OPEN);
    add_record(2, TCN_STATUS_OPEN);
    add_record(3, TCN_STATUS_RESOLVED);
    run = claim();
    assert_int_equal(run->op.verb, TOCSIN_POLL);
    assert_string_equal(run->op.cursor, "");
    assert_int_equal(json_integer_value(json_object_get(run->op.payload, "since_ms")), T0);
    assert_int_equal(json_integer_value(json_object_get(run->op.payload, "overlap_ms")), 60000);
    answer(run, TOCSIN_OK, "c1", 0, "1=v1 2=v2 3=v7 99=v1", &j);
    expect_hints(3, "2 3 ");
    assert_int_equal(j.n_hints, 2);
    assert_string_equal(row().cursor, "c1");
    assert_int_equal(row().poll_due_ms, T0 + 30000);
}

/* People have merged two records: both incidents hear of it. */
static void a_record_of_two_incidents_is_read_for_both(void **state)
{
    struct tcn_feed_job j;
    struct tcn_link link;

    (void)state;
    add_record(1, TCN_STATUS_OPEN);
    add_record(2, TCN_STATUS_OPEN);
    assert_int_equal(tcn_store_link_get(store, link_id(1), &arena, &link, &err), 0);
    link.remote_id = "2";
    assert_int_equal(tcn_store_link_put(store, &link, &err), 0);
    answer(claim(), TOCSIN_OK, "c1", 0, "2=v2", &j);
    expect_hints(2, "1 2 ");
}

static void a_version_that_is_not_told_is_looked_up(void **state)
{
    struct tcn_feed_job j;

    (void)state;
    add_record(1, TCN_STATUS_OPEN);
    answer(claim(), TOCSIN_OK, "c1", 0, "1=", &j);
    expect_hints(1, "1 ");
}

static void pages_follow_at_once_but_never_the_same(void **state)
{
    struct tcn_feed_job j;
    struct tcn_feed_run *run;

    (void)state;
    answer(claim(), TOCSIN_OK, "c1", 1, "", &j);
    run = claim();
    assert_int_equal(run->op.verb, TOCSIN_POLL);
    assert_string_equal(run->op.cursor, "c1");
    answer(run, TOCSIN_OK, "c1", 1, "", &j);
    assert_int_equal(row().poll_due_ms, T0 + 30000);
}

static void what_no_webhook_told_is_counted(void **state)
{
    struct tcn_feed_job j;
    struct tcn_link link;

    (void)state;
    for (unsigned no = 1; no <= 6; no++)
        add_record(no, TCN_STATUS_OPEN);
    /* One was told by a webhook, one written by us just now. */
    assert_int_equal(tcn_store_link_get(store, link_id(1), &arena, &link, &err), 0);
    link.hints++;
    assert_int_equal(tcn_store_link_put(store, &link, &err), 0);
    assert_int_equal(tcn_store_link_get(store, link_id(2), &arena, &link, &err), 0);
    link.last_write_ms = now - 1000;
    assert_int_equal(tcn_store_link_put(store, &link, &err), 0);
    answer(claim(), TOCSIN_OK, "c1", 0, "1=v2 2=v2 3=v2 4=v2 5=v2 6=v2", &j);
    assert_int_equal(j.n_hints, 6);
    assert_int_equal(j.n_missed, 4);
    assert_true(j.looks_dead);
    assert_int_equal(row().missed, 4);
}

static void a_failed_poll_keeps_its_place(void **state)
{
    struct tcn_feed_job j;

    (void)state;
    answer(claim(), TOCSIN_OK, "c1", 1, "", &j);
    answer(claim(), TOCSIN_RETRY, "c9", 0, "", &j);
    assert_string_equal(row().cursor, "c1");
    assert_string_equal(row().note, "it says no");
    assert_int_equal(row().fail_count, 1);
    now = row().poll_due_ms;
    answer(claim(), TOCSIN_REJECTED, "", 0, "", &j);
    assert_null(row().cursor);
    assert_true(row().poll_due_ms >= now + 300000);
}

static void no_poll(void)
{
    target.policy.can_poll = false;
}

static void a_sweep_asks_for_many_at_once(void **state)
{
    struct tcn_feed_job j;
    struct tcn_feed_run *run;

    (void)state;
    no_poll();
    for (unsigned no = 1; no <= 5; no++)
        add_record(no, TCN_STATUS_OPEN);
    run = claim();
    assert_int_equal(run->op.verb, TOCSIN_SURVEY);
    assert_int_equal(json_array_size(json_object_get(run->op.payload, "ids")), SURVEY_MAX);
    answer(run, TOCSIN_OK, "", 0, "5=v1 4=v2", &j); /* 3 is not there */
    expect_hints(5, "3 4 ");
    run = claim();
    assert_int_equal(json_array_size(json_object_get(run->op.payload, "ids")), 2);
    answer(run, TOCSIN_OK, "", 0, "1=v1 2=v1", &j);
    expect_hints(5, "3 4 ");
    assert_null(claim()); /* the end of the open ones */
    assert_true(row().is_of_closed);
    assert_null(claim());
    assert_int_equal(row().swept_ms, T0);
    assert_int_equal(row().sweep_due_ms, T0 + 3600000);
}

static void closed_ones_of_late_are_swept_too(void **state)
{
    struct tcn_feed_job j;
    struct tcn_feed_run *run;

    (void)state;
    no_poll();
    add_record(1, TCN_STATUS_RESOLVED);
    assert_null(claim());
    run = claim();
    assert_int_equal(json_array_size(json_object_get(run->op.payload, "ids")), 1);
    answer(run, TOCSIN_OK, "", 0, "1=v2", &j);
    expect_hints(1, "1 ");
}

/* Our own write came between the question and the answer. */
static void what_was_ours_meanwhile_is_no_change(void **state)
{
    struct tcn_feed_job j;
    struct tcn_feed_run *run;
    struct tcn_link link;

    (void)state;
    no_poll();
    add_record(1, TCN_STATUS_OPEN);
    run = claim();
    assert_int_equal(tcn_store_link_get(store, link_id(1), &arena, &link, &err), 0);
    link.base_version = "v2";
    assert_int_equal(tcn_store_link_put(store, &link, &err), 0);
    answer(run, TOCSIN_OK, "", 0, "1=v2", &j);
    expect_hints(1, "");
}

static void records_are_read_one_by_one_where_there_are_no_surveys(void **state)
{
    struct tcn_link link;

    (void)state;
    no_poll();
    target.policy.can_survey = false;
    for (unsigned no = 1; no <= TCN_FEED_ONE_BY_ONE + 1; no++)
        add_record(no, TCN_STATUS_OPEN);
    assert_null(claim());
    assert_int_equal(row().sweep_due_ms, T0 + TCN_FEED_PACE_MS);
    expect_hints(3, "2 3 ");
    assert_null(claim());
    expect_hints(3, "2 3 ");
    now += TCN_FEED_PACE_MS;
    assert_null(claim());
    assert_int_equal(tcn_store_link_get(store, link_id(1), &arena, &link, &err), 0);
    assert_int_equal(link.hints, 1);
}

/* What is in flight of a process that lives is asked by nobody else. */
static void one_process_asks(void **state)
{
    struct tcn_feed_run *run;

    (void)state;
    run = claim();
    assert_non_null(run);
    assert_null(claim());
    tcn_feed_run_free(run);
}

static void the_first_look_of_a_process_sweeps(void **state)
{
    struct tcn_feed_job j;

    (void)state;
    no_poll();
    assert_null(claim());
    assert_null(claim());
    assert_int_equal(row().sweep_due_ms, T0 + 3600000);
    target.is_made = false;
    now += 5;
    add_record(1, TCN_STATUS_OPEN);
    answer(claim(), TOCSIN_OK, "", 0, "1=v1", &j);
}

#define IN_STORE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(what_changed_is_read_again),
        IN_STORE(a_record_of_two_incidents_is_read_for_both),
        IN_STORE(a_version_that_is_not_told_is_looked_up),
        IN_STORE(pages_follow_at_once_but_never_the_same),
        IN_STORE(what_no_webhook_told_is_counted),
        IN_STORE(a_failed_poll_keeps_its_place),
        IN_STORE(a_sweep_asks_for_many_at_once),
        IN_STORE(closed_ones_of_late_are_swept_too),
        IN_STORE(what_was_ours_meanwhile_is_no_change),
        IN_STORE(records_are_read_one_by_one_where_there_are_no_surveys),
        IN_STORE(one_process_asks),
        IN_STORE(the_first_look_of_a_process_sweeps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
