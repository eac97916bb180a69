/* How far a topic is told: which event is next, how long a receiver that does not take it is asked, and what follows then. */
#include "connect/notices_internal.h"
#include "store/notices.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define T0 INT64_C(1785690280000)
#define TOPIC "arn:aws:sns:eu-central-1:123456789012:ops"

static struct tcn_store *store;
static struct tcn_arena arena;
static struct tcn_err err;
static struct tcn_notices notices;
static struct tcn_notice_target *target = &notices.targets[0];
static struct tcn_instance instance = {.sdk = {.name = "hook"}};
static const struct tcn_id incident = {{7}};
static int64_t now, last_seq; /* of the timeline, whose events are told if their number is odd */
static bool is_unwritable;
static const char *over;
static unsigned given_up, ended, late;
static const char *told_why;
static int64_t news_seq;

static int next(void *ctx, struct tcn_store *s, const struct tcn_notice *notice, int64_t now_ms,
                struct tcn_arena *a, struct tcn_notice_message *ret, struct tcn_err *e)
{
    (void)ctx;
    (void)s;
    (void)now_ms;
    (void)a;
    (void)e;
    for (ret->seq = notice->told_seq; ret->seq < last_seq && tcn_id_is_zero(ret->event);)
        if (++ret->seq % 2 == 1)
            ret->event = tcn_id_child(incident, "event", (uint64_t)ret->seq);
    ret->over = over;
    if (!tcn_id_is_zero(ret->event) && !is_unwritable && !over)
        ret->payload = json_pack("{s:I}", "seq", (json_int_t)ret->seq);
    return 0;
}

static int tell(void *ctx, struct tcn_store *s, const struct tcn_notice_news *news, int64_t now_ms,
                struct tcn_err *e)
{
    (void)ctx;
    (void)s;
    (void)now_ms;
    (void)e;
    assert_string_equal(news->notice->topic, TOPIC);
    told_why = tcn_arena_strdup(&arena, news->why);
    news_seq = news->seq;
    given_up += news->kind == TCN_NOTICE_GIVEN_UP;
    late += news->kind == TCN_NOTICE_LATE;
    ended += news->kind == TCN_NOTICE_ENDED;
    return 0;
}

static int setup(void **state)
{
    struct tcn_store_options o = {
        .url = "sqlite::memory:", .account_id = "123456789012", .node = "test"};
    struct tcn_notice notice = {.id = tcn_notice_id(incident, TOPIC, "hook"),
                                .incident = incident,
                                .topic = TOPIC,
                                .connector = "hook",
                                .due_ms = T0};

    (void)state;
    now = T0;
    last_seq = 5;
    is_unwritable = false;
    over = NULL;
    given_up = ended = late = 0;
    notices = (struct tcn_notices){.options = {.app = {.next = next, .tell = tell}}};
    *target = (struct tcn_notice_target){.notices = &notices, .instance = &instance};
    tcn_arena_init(&arena, 16u << 20);
    if (tcn_store_open(&o, now, &store, &err) < 0 || tcn_store_begin(store, &err) < 0 ||
        tcn_store_notice_wake(store, &notice, &err) < 0)
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

static struct tcn_notice row(void)
{
    struct tcn_notice *list;
    size_t n;

    assert_int_equal(tcn_store_notice_list(store, incident, &arena, &list, &n, &err), 0);
    assert_int_equal(n, 1);
    return *list;
}

/* The event that is to be told now; NULL: none is. */
static struct tcn_notice_run *claim(void)
{
    struct tcn_notice_job j = {.target = target, .limit = 4};
    struct tcn_notice_run *run;

    if (tcn_notice_job_claim(&j.base.job, store, now, &err) < 0)
        fail_msg("%s", err.msg);
    run = j.n_runs > 0 ? j.runs[0] : NULL;
    j.runs[0] = NULL;
    tcn_notice_job_reset(&j);
    return run;
}

/* Takes the run. */
static void result(struct tcn_notice_run *run, uint32_t outcome, uint32_t retry_after_s)
{
    struct tcn_notice_job j = {.target = target, .before = run};

    run->outcome = calloc(1, sizeof *run->outcome);
    run->outcome->verb = TOCSIN_SEND;
    run->outcome->result.outcome = outcome;
    run->outcome->result.retry_after_s = retry_after_s;
    strcpy(run->outcome->result.reason, outcome == TOCSIN_OK ? "" : "it says no");
    run->outcome->request = strdup("POST");
    if (tcn_notice_job_result(&j.base.job, store, now, &err) < 0)
        fail_msg("%s", err.msg);
    tcn_notice_job_reset(&j);
    tcn_notice_run_free(run);
}

static void answer(uint32_t outcome)
{
    struct tcn_notice_run *run = claim();

    assert_non_null(run);
    result(run, outcome, 0);
}

static void told_in_turn(void **state)
{
    char id[TCN_ID_TEXT];

    (void)state;
    for (int64_t seq = 1; seq <= 5; seq += 2) {
        struct tcn_notice_run *run = claim();

        assert_non_null(run);
        assert_null(claim()); /* one at a time */
        assert_int_equal(run->seq, seq);
        tcn_id_text(tcn_id_child(incident, "event", (uint64_t)seq), id);
        assert_string_equal(run->op.op_id, id);
        assert_int_equal(run->op.attempt, 1);
        assert_int_equal(json_integer_value(json_object_get(run->op.payload, "seq")), seq);
        result(run, TOCSIN_OK, 0);
        assert_int_equal(row().told_seq, seq);
        assert_int_equal(row().due_ms, now);
    }
    assert_null(claim());
    assert_int_equal(row().due_ms, 0);
    assert_int_equal(row().told_seq, 5);
}

/* What needs no telling at the end is passed, too. */
static void nothing_to_tell(void **state)
{
    (void)state;
    last_seq = 6;
    answer(TOCSIN_OK);
    answer(TOCSIN_OK);
    answer(TOCSIN_OK);
    assert_null(claim());
    assert_int_equal(row().told_seq, 6);
    assert_int_equal(row().due_ms, 0);
}

static void waits_get_longer(void **state)
{
    static const int64_t waits_s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};

    (void)state;
    for (size_t i = 0; i < sizeof waits_s / sizeof *waits_s; i++) {
        struct tcn_notice_run *run = claim();

        assert_int_equal(run->op.attempt, i + 1);
        assert_int_equal(run->seq, 1);
        result(run, i % 2 ? TOCSIN_RETRY : TOCSIN_UNKNOWN, 0);
        assert_int_equal(row().due_ms, now + waits_s[i] * 1000);
        assert_string_equal(row().note, "it says no");
        assert_null(claim());
        now = row().due_ms;
    }
    assert_int_equal(row().told_seq, 0);
    answer(TOCSIN_OK);
    assert_int_equal(row().attempts, 0); /* of the next event */
    assert_int_equal(row().since_ms, 0);
    assert_null(row().note);
}

static void as_long_as_it_asked(void **state)
{
    (void)state;
    result(claim(), TOCSIN_RETRY, 90);
    assert_int_equal(row().due_ms, now + 90000);
    now += 90000;
    result(claim(), TOCSIN_RETRY, 1); /* never sooner than without */
    assert_int_equal(row().due_ms, now + 2000);
}

/* Once an event, as soon as it is sure. */
static void late_is_told_once(void **state)
{
    (void)state;
    for (int64_t tries = 1; tries <= 12; tries++) {
        answer(TOCSIN_RETRY);
        assert_int_equal(late, row().due_ms - T0 >= TCN_NOTICE_LATE_MS);
        now = row().due_ms;
    }
    assert_int_equal(late, 1);
    assert_int_equal(news_seq, 1);
    assert_string_equal(told_why, "it says no");
    answer(TOCSIN_OK);
    now++;
    result(claim(), TOCSIN_RETRY, 59);
    assert_int_equal(late, 1);
    now = row().due_ms;
    result(claim(), TOCSIN_RETRY, 600);
    assert_int_equal(late, 2);
    assert_int_equal(news_seq, 3);
    now = row().due_ms;
    result(claim(), TOCSIN_RETRY, 0);
    assert_int_equal(late, 2);
}

static void late_at_once(void **state)
{
    (void)state;
    result(claim(), TOCSIN_RETRY, 60);
    assert_int_equal(late, 1);
    now = row().due_ms;
    answer(TOCSIN_RETRY);
    assert_int_equal(late, 1);
}

/* This process was away in between. */
static void late_after_a_while(void **state)
{
    (void)state;
    answer(TOCSIN_RETRY);
    now += TCN_NOTICE_LATE_MS;
    answer(TOCSIN_RETRY);
    assert_int_equal(late, 1);
}

static void held_back(void)
{
    struct tcn_notice_run *run = claim();

    assert_non_null(run);
    run->is_held_back = true;
    result(run, TOCSIN_RETRY, 0);
}

/* What was never tried is not late; what was is, whatever keeps it. */
static void late_while_held_back(void **state)
{
    (void)state;
    held_back();
    now = row().due_ms + TCN_NOTICE_LATE_MS;
    held_back();
    assert_int_equal(late, 0);
    now = row().due_ms;
    answer(TOCSIN_RETRY);
    now += TCN_NOTICE_LATE_MS;
    held_back();
    assert_int_equal(late, 1);
    now = row().due_ms;
    answer(TOCSIN_RETRY);
    assert_int_equal(late, 1);
}

static void letters(const char *reason)
{
    struct tcn_deadletter *list;
    size_t n;

    assert_int_equal(tcn_store_deadletter_list(store, NULL, 9, &arena, &list, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_string_equal(list->operation, TCN_OPERATION_NOTIFY);
    assert_string_equal(list->connector, "hook");
    assert_string_equal(list->reason, reason);
    assert_true(tcn_id_eq(list->incident, incident));
}

static void an_hour_and_then_the_next(void **state)
{
    unsigned tries = 0;

    (void)state;
    while (given_up == 0) {
        answer(TOCSIN_AUTH);
        assert_in_range(++tries, 1, 80);
        now = row().due_ms;
    }
    assert_in_range(now - T0, TCN_NOTICE_TRIED_MS - 60000, TCN_NOTICE_TRIED_MS);
    assert_in_range(tries, 60, 70);
    letters("it says no");
    assert_int_equal(row().told_seq, 1);
    result(claim(), TOCSIN_OK, 0);
    assert_int_equal(row().told_seq, 3);
    assert_int_equal(given_up, 1);
}

/* This process was away: the receiver may have been well meanwhile. */
static void some_tries_at_least(void **state)
{
    unsigned tries = 1;

    (void)state;
    answer(TOCSIN_RETRY);
    now += 10 * TCN_NOTICE_TRIED_MS;
    while (given_up == 0) {
        answer(TOCSIN_RETRY);
        tries++;
        now = row().due_ms;
    }
    assert_int_equal(tries, TCN_NOTICE_TRIES_MIN);
}

static void refused_is_given_up(void **state)
{
    (void)state;
    answer(TOCSIN_REJECTED);
    assert_int_equal(given_up, 1);
    assert_string_equal(told_why, "it says no");
    assert_int_equal(news_seq, 1);
    letters("it says no");
    assert_int_equal(row().told_seq, 1);
    assert_int_equal(row().due_ms, now);
}

static void unwritable_is_given_up(void **state)
{
    (void)state;
    is_unwritable = true;
    last_seq = 1;
    assert_null(claim());
    assert_int_equal(given_up, 1);
    letters("the message cannot be written");
    assert_null(claim());
    assert_int_equal(row().due_ms, 0);
}

static void held_back_is_no_try(void **state)
{
    (void)state;
    held_back();
    assert_int_equal(row().attempts, 0);
    assert_int_equal(row().due_ms, now + 1000);
}

static size_t n_rows(void)
{
    struct tcn_notice *list;
    size_t n;

    assert_int_equal(tcn_store_notice_list(store, incident, &arena, &list, &n, &err), 0);
    return n;
}

/* What waits for a pair that is no more is told to people, and then forgotten. */
static void over_is_ended(void **state)
{
    (void)state;
    answer(TOCSIN_OK);
    over = "nobody wants it";
    assert_null(claim());
    assert_int_equal(n_rows(), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(given_up, 0);
    assert_int_equal(news_seq, 3);
    assert_string_equal(told_why, "nobody wants it");
    assert_null(claim());
}

/* The call that was on its way is heard out, and is the last. */
static void over_while_it_is_told(void **state)
{
    struct tcn_notice_run *run = claim();

    (void)state;
    over = "nobody wants it";
    result(run, TOCSIN_RETRY, 0);
    now = row().due_ms;
    assert_null(claim());
    assert_int_equal(n_rows(), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(news_seq, 1);
}

static void over_with_nothing_left(void **state)
{
    (void)state;
    last_seq = 1;
    answer(TOCSIN_OK);
    over = "nobody wants it";
    assert_null(claim());
    assert_int_equal(n_rows(), 0);
    assert_int_equal(ended, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(told_in_turn),
        CASE(nothing_to_tell),
        CASE(waits_get_longer),
        CASE(as_long_as_it_asked),
        CASE(an_hour_and_then_the_next),
        CASE(some_tries_at_least),
        CASE(refused_is_given_up),
        CASE(unwritable_is_given_up),
        CASE(held_back_is_no_try),
        CASE(late_is_told_once),
        CASE(late_at_once),
        CASE(late_after_a_while),
        CASE(late_while_held_back),
        CASE(over_is_ended),
        CASE(over_while_it_is_told),
        CASE(over_with_nothing_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
