/* Which confirmations are answered: tables of what was known, what SNS says, and what follows. */
#include "gateway/sns_subscription.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define T0 INT64_C(1785690280000) /* SNS's clock */
#define OURS (T0 + 3600000)       /* ours is an hour ahead: only differences of it may count */
#define TOPIC "arn:aws:sns:eu-central-1:123456789012:ops-alarms"
#define N_OF(table) (sizeof(table) / sizeof *(table))

static struct tcn_sns_message message(enum tcn_sns_type type, int64_t time_ms, const char *token)
{
    return (struct tcn_sns_message){
        .type = type, .topic = TCN_STR_INIT(TOPIC), .token = tcn_str(token), .time_ms = time_ms};
}

static struct tcn_subscription known(enum tcn_subscription_state state)
{
    struct tcn_subscription row = {.source = "cloudwatch", .topic = TOPIC, .state = state};

    if (state != TCN_SUBSCRIPTION_UNSET) {
        row.as_of_ms = T0;
        row.asked_ms = OURS;
        row.arn = TOPIC ":1";
        row.token = "old";
        row.attempts = 1;
    }
    if (state == TCN_SUBSCRIPTION_AWAITING)
        row.due_ms = OURS + TCN_SNS_LEASE_MS;
    return row;
}

static const enum tcn_subscription_state all_states[] = {
    TCN_SUBSCRIPTION_UNSET, TCN_SUBSCRIPTION_AWAITING, TCN_SUBSCRIPTION_CONFIRMED,
    TCN_SUBSCRIPTION_ENDED, TCN_SUBSCRIPTION_FAILED,   TCN_SUBSCRIPTION_PENDING};

static void test_a_confirmation(void **state)
{
    static const struct {
        const char *name, *token;
        enum tcn_subscription_state before;
        int64_t later_ms; /* than what is known */
        enum tcn_sns_news news;
    } cases[] = {
        {"the first one", "new", TCN_SUBSCRIPTION_UNSET, 0, TCN_SNS_AWAITS},
        {"a replay while it is awaited", "old", TCN_SUBSCRIPTION_AWAITING, 0, TCN_SNS_NO_NEWS},
        {"the same token, made later", "old", TCN_SUBSCRIPTION_AWAITING, 1, TCN_SNS_NO_NEWS},
        {"asked once more", "new", TCN_SUBSCRIPTION_AWAITING, 1, TCN_SNS_AWAITS},
        {"made before it was confirmed", "new", TCN_SUBSCRIPTION_CONFIRMED, -1, TCN_SNS_NO_NEWS},
        {"made as it was confirmed", "new", TCN_SUBSCRIPTION_CONFIRMED, 0, TCN_SNS_NO_NEWS},
        {"the token it was confirmed with", "old", TCN_SUBSCRIPTION_CONFIRMED, 1, TCN_SNS_NO_NEWS},
        {"made anew", "new", TCN_SUBSCRIPTION_CONFIRMED, 1, TCN_SNS_AWAITS},
        {"of before the end", "new", TCN_SUBSCRIPTION_ENDED, -1, TCN_SNS_NO_NEWS},
        {"after the end", "new", TCN_SUBSCRIPTION_ENDED, 1, TCN_SNS_AWAITS},
        {"what had failed", "new", TCN_SUBSCRIPTION_FAILED, 0, TCN_SNS_NO_NEWS},
        {"after it had failed", "old", TCN_SUBSCRIPTION_FAILED, 1, TCN_SNS_AWAITS},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_subscription row = known(cases[i].before), before = row;
        struct tcn_sns_message m =
            message(TCN_SNS_SUBSCRIPTION, T0 + cases[i].later_ms, cases[i].token);

        if (tcn_sns_subscription_told(&row, &m, NULL, TCN_SNS_AUTO, OURS + 5) != cases[i].news)
            fail_msg("%s", cases[i].name);
        if (cases[i].news == TCN_SNS_NO_NEWS) {
            assert_memory_equal(&row, &before, sizeof row);
            continue;
        }
        assert_int_equal(row.state, TCN_SUBSCRIPTION_AWAITING);
        assert_string_equal(row.token, cases[i].token);
        assert_int_equal(row.as_of_ms, m.time_ms);
        assert_int_equal(row.asked_ms, OURS + 5);
        /* A call that is out is waited for: what it brings is for all calls of Subscribe before it. */
        assert_int_equal(row.due_ms, cases[i].before == TCN_SUBSCRIPTION_AWAITING
                                         ? OURS + TCN_SNS_LEASE_MS
                                         : OURS + 5);
    }
}

/* A person who asks for the confirmation again does not wait out a long pause. */
static void test_a_pause_is_cut_short(void **state)
{
    struct tcn_subscription row = known(TCN_SUBSCRIPTION_AWAITING);
    struct tcn_sns_message m = message(TCN_SNS_SUBSCRIPTION, T0 + 1, "new");

    (void)state;
    row.due_ms = OURS + TCN_SNS_RETRY_MAX_MS;
    assert_int_equal(tcn_sns_subscription_told(&row, &m, NULL, TCN_SNS_AUTO, OURS), TCN_SNS_AWAITS);
    assert_int_equal(row.due_ms, OURS + TCN_SNS_LEASE_MS);
}

static void test_never(void **state)
{
    struct tcn_sns_message m = message(TCN_SNS_SUBSCRIPTION, T0 + 1, "new");

    (void)state;
    for (size_t i = 0; i < N_OF(all_states); i++) {
        struct tcn_subscription row = known(all_states[i]), before = row;

        assert_int_equal(tcn_sns_subscription_told(&row, &m, NULL, TCN_SNS_NEVER, OURS),
                         TCN_SNS_NOT_WANTED);
        assert_memory_equal(&row, &before, sizeof row);
    }
}

/* It is kept until one says so, and a replay is no news meanwhile. */
static void test_only_by_a_person(void **state)
{
    struct tcn_sns_message m = message(TCN_SNS_SUBSCRIPTION, T0 + 1, "new");

    (void)state;
    for (size_t i = 0; i < N_OF(all_states); i++) {
        struct tcn_subscription row = known(all_states[i]);

        assert_int_equal(tcn_sns_subscription_told(&row, &m, NULL, TCN_SNS_MANUAL, OURS),
                         TCN_SNS_NEEDS_PERSON);
        assert_int_equal(row.state, TCN_SUBSCRIPTION_PENDING);
        assert_int_equal(row.due_ms, 0);
        assert_string_equal(row.token, "new");
        assert_int_equal(tcn_sns_subscription_told(&row, &m, NULL, TCN_SNS_MANUAL, OURS),
                         TCN_SNS_NO_NEWS);
        assert_true(tcn_sns_subscription_wanted(&row, OURS + 5));
        assert_int_equal(row.state, TCN_SUBSCRIPTION_AWAITING);
        assert_int_equal(row.due_ms, OURS + 5);
        assert_int_equal(row.attempts, 0);
        assert_false(tcn_sns_subscription_wanted(&row, OURS + 6)); /* it is on its way */
    }
}

static void test_what_a_person_cannot_want(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(all_states); i++) {
        enum tcn_subscription_state s = all_states[i];
        struct tcn_subscription row = known(s), old = row, none = row;
        bool may = s == TCN_SUBSCRIPTION_PENDING || s == TCN_SUBSCRIPTION_FAILED;

        assert_int_equal(tcn_sns_subscription_wanted(&row, OURS + TCN_SNS_TOKEN_MS), may);
        assert_false(tcn_sns_subscription_wanted(&old, OURS + TCN_SNS_TOKEN_MS + 1));
        none.token = NULL;
        assert_false(tcn_sns_subscription_wanted(&none, OURS));
    }
}

static void test_an_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * N_OF(all_states); i++) {
        struct tcn_subscription row = known(all_states[i / 2]);
        struct tcn_sns_message m =
            message(TCN_SNS_UNSUBSCRIPTION, T0 + (int64_t)(i % 2), "subscribes again");
        bool is_news = i % 2 == 1 || row.state == TCN_SUBSCRIPTION_UNSET;

        assert_int_equal(tcn_sns_subscription_told(&row, &m, NULL, TCN_SNS_AUTO, OURS),
                         is_news ? TCN_SNS_ENDED : TCN_SNS_NO_NEWS);
        if (!is_news)
            continue;
        assert_int_equal(row.state, TCN_SUBSCRIPTION_ENDED);
        assert_null(row.token); /* it would subscribe again */
        assert_int_equal(row.due_ms, 0);
        assert_int_equal(row.as_of_ms, m.time_ms);
        assert_int_equal(row.ended_ms, m.time_ms);
    }
}

static void test_a_delivery(void **state)
{
    static const struct {
        const char *name, *arn;
        enum tcn_subscription_state before;
        int64_t later_ms;
        enum tcn_sns_news news;
        const char *after; /* the ARN that is known then */
    } cases[] = {
        {"the first one", TOPIC ":7", TCN_SUBSCRIPTION_UNSET, 0, TCN_SNS_DELIVERS, TOPIC ":7"},
        {"without the header", NULL, TCN_SUBSCRIPTION_UNSET, 0, TCN_SNS_DELIVERS, NULL},
        {"of another topic", "arn:aws:sns:eu-central-1:1:x:7", TCN_SUBSCRIPTION_UNSET, 0,
         TCN_SNS_DELIVERS, NULL},
        {"of a longer topic", TOPIC "x:7", TCN_SUBSCRIPTION_UNSET, 0, TCN_SNS_DELIVERS, NULL},
        {"of no subscription", TOPIC ":", TCN_SUBSCRIPTION_UNSET, 0, TCN_SNS_DELIVERS, NULL},
        {"the next one", TOPIC ":1", TCN_SUBSCRIPTION_CONFIRMED, 1, TCN_SNS_NO_NEWS, TOPIC ":1"},
        {"the next without the header", NULL, TCN_SUBSCRIPTION_CONFIRMED, 1, TCN_SNS_NO_NEWS,
         TOPIC ":1"},
        {"by another one", TOPIC ":2", TCN_SUBSCRIPTION_CONFIRMED, 1, TCN_SNS_DELIVERS, TOPIC ":2"},
        {"by an older one", TOPIC ":2", TCN_SUBSCRIPTION_CONFIRMED, 0, TCN_SNS_NO_NEWS, TOPIC ":1"},
        {"perhaps by another one", TOPIC ":1", TCN_SUBSCRIPTION_AWAITING, 1, TCN_SNS_NO_NEWS,
         TOPIC ":1"},
        {"published before the end", TOPIC ":1", TCN_SUBSCRIPTION_ENDED, 0, TCN_SNS_NO_NEWS,
         TOPIC ":1"},
        {"published after the end", TOPIC ":2", TCN_SUBSCRIPTION_ENDED, 1, TCN_SNS_DELIVERS,
         TOPIC ":2"},
        {"a person confirmed it", TOPIC ":2", TCN_SUBSCRIPTION_FAILED, 1, TCN_SNS_DELIVERS,
         TOPIC ":2"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_subscription row = known(cases[i].before);
        struct tcn_sns_message m = message(TCN_SNS_NOTIFICATION, T0 + cases[i].later_ms, "");

        if (tcn_sns_subscription_told(&row, &m, cases[i].arn, TCN_SNS_MANUAL, OURS) !=
            cases[i].news)
            fail_msg("%s", cases[i].name);
        assert_string_equal(row.arn ? row.arn : "-", cases[i].after ? cases[i].after : "-");
        if (cases[i].news == TCN_SNS_DELIVERS) {
            assert_int_equal(row.state, TCN_SUBSCRIPTION_CONFIRMED);
            assert_int_equal(row.as_of_ms, m.time_ms);
        }
    }
}

/* What SNS made up to then belongs to the subscription that was confirmed; a second later it does not. */
static void test_confirmed(void **state)
{
    struct tcn_subscription sent = known(TCN_SUBSCRIPTION_AWAITING), row = sent;
    struct tcn_sns_message before = message(TCN_SNS_SUBSCRIPTION, T0 + 2000, "b");
    struct tcn_sns_message after = message(TCN_SNS_SUBSCRIPTION, T0 + 2001, "c");

    (void)state;
    assert_true(tcn_sns_subscription_confirmed(&row, &sent, TOPIC ":9", OURS + 2000));
    assert_int_equal(row.state, TCN_SUBSCRIPTION_CONFIRMED);
    assert_string_equal(row.arn, TOPIC ":9");
    assert_int_equal(row.due_ms, 0);
    assert_int_equal(tcn_sns_subscription_told(&row, &before, NULL, TCN_SNS_AUTO, OURS + 9000),
                     TCN_SNS_NO_NEWS);
    assert_int_equal(tcn_sns_subscription_told(&row, &after, NULL, TCN_SNS_AUTO, OURS + 9000),
                     TCN_SNS_AWAITS);
}

static void test_confirmed_while_something_came(void **state)
{
    static const struct {
        const char *name;
        enum tcn_sns_type type;
        int64_t later_ms;
        enum tcn_subscription_state after;
    } cases[] = {
        {"a second call before", TCN_SNS_SUBSCRIPTION, 1999, TCN_SUBSCRIPTION_CONFIRMED},
        {"a second call after", TCN_SNS_SUBSCRIPTION, 2001, TCN_SUBSCRIPTION_AWAITING},
        {"the end of an older one", TCN_SNS_UNSUBSCRIPTION, 1999, TCN_SUBSCRIPTION_CONFIRMED},
        {"its own end", TCN_SNS_UNSUBSCRIPTION, 2001, TCN_SUBSCRIPTION_ENDED},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_subscription sent = known(TCN_SUBSCRIPTION_AWAITING), row = sent;
        struct tcn_sns_message m = message(cases[i].type, T0 + cases[i].later_ms, "second");

        tcn_sns_subscription_told(&row, &m, NULL, TCN_SNS_AUTO, OURS + 1999);
        if (tcn_sns_subscription_confirmed(&row, &sent, TOPIC ":9", OURS + 2000) !=
            (cases[i].after == TCN_SUBSCRIPTION_CONFIRMED))
            fail_msg("%s", cases[i].name);
        assert_int_equal(row.state, cases[i].after);
        assert_int_equal(row.due_ms > 0, cases[i].after == TCN_SUBSCRIPTION_AWAITING);
    }
}

/* Our clock was set back meanwhile. */
static void test_time_does_not_run_backwards(void **state)
{
    struct tcn_subscription sent = known(TCN_SUBSCRIPTION_AWAITING), row = sent;

    (void)state;
    assert_true(tcn_sns_subscription_confirmed(&row, &sent, TOPIC ":9", OURS - 999999));
    assert_int_equal(row.as_of_ms, T0);
}

static void test_failed(void **state)
{
    static const int64_t delays_ms[] = {30000, 60000, 120000, 240000, 480000, 900000, 900000};
    struct tcn_subscription row = known(TCN_SUBSCRIPTION_AWAITING), sent;
    int64_t now = OURS;

    (void)state;
    for (size_t i = 0; i < N_OF(delays_ms); i++) {
        sent = row;
        assert_true(tcn_sns_subscription_failed(&row, &sent, false, now));
        assert_int_equal(row.due_ms, now + delays_ms[i]);
        now = row.due_ms;
        row.attempts++;
    }
    assert_false(tcn_sns_subscription_failed(&row, &sent, false, OURS + TCN_SNS_TOKEN_MS + 1));
    assert_int_equal(row.state, TCN_SUBSCRIPTION_FAILED);
    assert_int_equal(row.due_ms, 0);
    row = known(TCN_SUBSCRIPTION_AWAITING);
    assert_false(tcn_sns_subscription_failed(&row, &sent, true, OURS));
    assert_int_equal(row.state, TCN_SUBSCRIPTION_FAILED);
}

/* What became of an older token says nothing of a newer one, nor of what is over. */
static void test_failed_while_something_came(void **state)
{
    static const enum tcn_sns_type types[] = {TCN_SNS_SUBSCRIPTION, TCN_SNS_UNSUBSCRIPTION};

    (void)state;
    for (size_t i = 0; i < N_OF(types); i++) {
        struct tcn_subscription sent = known(TCN_SUBSCRIPTION_AWAITING), row = sent, told;
        struct tcn_sns_message m = message(types[i], T0 + 1, "second");

        tcn_sns_subscription_told(&row, &m, NULL, TCN_SNS_AUTO, OURS);
        told = row;
        assert_true(tcn_sns_subscription_failed(&row, &sent, true, OURS));
        assert_memory_equal(&row, &told, sizeof row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_confirmation),
        cmocka_unit_test(test_a_pause_is_cut_short),
        cmocka_unit_test(test_never),
        cmocka_unit_test(test_only_by_a_person),
        cmocka_unit_test(test_what_a_person_cannot_want),
        cmocka_unit_test(test_an_end),
        cmocka_unit_test(test_a_delivery),
        cmocka_unit_test(test_confirmed),
        cmocka_unit_test(test_confirmed_while_something_came),
        cmocka_unit_test(test_time_does_not_run_backwards),
        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_failed_while_something_came),
    };

    return cmocka_run_group_tests_name("sns_subscription", tests, NULL, NULL);
}
