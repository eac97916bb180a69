/* Events that a topic was not told of, tried again: in order, or not at all. */
#include "app/notice_news.h"
#include "app/resources.h"
#include "command_calls.h"
#include "engine/published.h"
#include "store/notices.h"

#define OPS "arn:aws:sns:eu-central-1:123456789012:ops"
#define LETTERS 8

static const char *const targets[] = {OPS};
static struct tcn_topic topics[] = {
    {.arn = OPS, .connectors = {"other", "hook"}, .n_connectors = 2}};
static struct tcn_declared declared = {.topics = {topics, 1}};
static struct tcn_id incident;
/* Of published events, oldest first. */
static struct tcn_id letters[LETTERS];
static int64_t seqs[LETTERS];
static size_t n_letters;

static void note(const char *text)
{
    execute_for((struct tcn_command){.kind = TCN_COMMAND_NOTE, .incident = incident, .text = text},
                200);
}

static struct tcn_notice notice(void)
{
    struct tcn_notice *list = NULL;
    size_t n = 0;

    assert_int_equal(tcn_store_notice_list(store, incident, &arena, &list, &n, &err), 0);
    assert_int_equal(n, 2);
    return list[0];
}

static void bury(struct tcn_id id)
{
    const struct tcn_deadletter letter = {.id = id,
                                          .incident = incident,
                                          .connector = "hook",
                                          .operation = TCN_OPERATION_NOTIFY,
                                          .reason = "it says no",
                                          .at_ms = now};

    assert_int_equal(tcn_store_deadletter_put(store, &letter, &err), 0);
}

/* Every event is given up. */
static void bury_all(void)
{
    struct tcn_event *events = NULL;
    struct tcn_notice row = notice();
    size_t n = 0;

    assert_int_equal(tcn_store_event_list(store, incident, 0, 100, &arena, &events, &n, &err), 0);
    n_letters = 0;
    for (size_t i = 0; i < n; i++) {
        if (!tcn_event_is_published(&events[i]))
            continue;
        assert_true(n_letters < LETTERS);
        seqs[n_letters] = events[i].seq;
        letters[n_letters] = tcn_notice_id(events[i].id, OPS, "hook");
        bury(letters[n_letters++]);
        row.told_seq = events[i].seq;
    }
    row.due_ms = 0;
    assert_int_equal(tcn_store_notice_put(store, &row, &err), 0);
}

static int told_setup(void **state)
{
    plan.notification_targets = (struct tcn_topics){targets, 1};
    plan.chat_channel = (struct tcn_topics){0};
    directory.declared = &declared;
    topics[0].n_connectors = 2;
    if (setup(state) < 0)
        return -1;
    incident = alarm_of("k", TCN_ACTION_FIRE);
    note("first");
    note("second");
    bury_all();
    assert_true(n_letters >= 4);
    return 0;
}

static int told_teardown(void **state)
{
    drop_reply();
    return teardown(state);
}

static size_t left(void)
{
    struct tcn_deadletter row;
    size_t n = 0;

    for (size_t i = 0; i < n_letters; i++)
        n += tcn_store_deadletter_get(store, letters[i], &arena, &row, &err) == 0;
    return n;
}

static void retry(size_t i, int status)
{
    execute_for((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = letters[i]},
                status);
}

static void refused(size_t i, const char *why)
{
    struct tcn_notice before = notice();
    size_t n = left();

    retry(i, 409);
    assert_string_equal(error_of("message"), why);
    assert_false(result.has_changed);
    assert_int_equal(left(), n);
    assert_int_equal(notice().told_seq, before.told_seq);
    assert_int_equal(notice().due_ms, before.due_ms);
}

static void all_that_follows(void **state)
{
    (void)state;
    now += 5;
    retry(1, 200);
    assert_string_equal(text_of("status"), "retrying");
    assert_string_equal(text_of("message"),
                        tcn_arena_fmt(&arena, "events told again, in order: %zu", n_letters - 1));
    assert_true(result.has_changed);
    assert_int_equal(left(), 1);
    assert_int_equal(notice().told_seq, seqs[1] - 1);
    assert_int_equal(notice().due_ms, now);
    retry(0, 200); /* what comes later is not told yet */
    assert_int_equal(notice().told_seq, seqs[0] - 1);
    execute((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = letters[1]});
    assert_int_equal(call.status, 404);
}

static void the_last_one(void **state)
{
    (void)state;
    retry(n_letters - 1, 200);
    assert_int_equal(left(), n_letters - 1);
    assert_int_equal(notice().told_seq, seqs[n_letters - 1] - 1);
}

/* Events that wait are told after it. */
static void while_more_waits(void **state)
{
    struct tcn_id incident_letter = letters[n_letters - 1];

    (void)state;
    note("third");
    assert_int_not_equal(notice().due_ms, 0);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_LETTER_RETRY, .letter = incident_letter},
                200);
    assert_int_equal(notice().told_seq, seqs[n_letters - 1] - 1);
}

static void what_was_told_later(void **state)
{
    const char *why =
        "its topic was told what came later, or that was given up for good, and order "
        "is kept; drop the dead letter, what happened is on the timeline";

    (void)state;
    assert_int_equal(tcn_store_deadletter_drop(store, letters[2], &err), 0);
    refused(1, why);
    retry(3, 200);
}

static void while_it_is_told(void **state)
{
    struct tcn_notice *claimed;
    size_t n;

    (void)state;
    note("third");
    assert_int_equal(tcn_store_notice_claim(store, "hook", now, 9, &arena, &claimed, &n, &err), 0);
    assert_int_equal(n, 1);
    refused(1,
            "a later event is on its way to its topic just now; try again when that is answered");
}

static void a_pair_that_is_no_more(void **state)
{
    (void)state;
    topics[0].n_connectors = 1;
    refused(1,
            "its topic is not told by hook any more: $.topics does not name this connector there "
            "any more; drop the dead letter");
    topics[0].n_connectors = 2;
    assert_int_equal(tcn_store_notice_drop(store, tcn_notice_id(incident, OPS, "hook"), &err), 0);
    retry(1, 409);
    assert_string_equal(error_of("message"), "its topic is not told by hook any more: that has "
                                             "ended; drop the dead letter");
    assert_int_equal(left(), n_letters);
}

#define TOLD(f) cmocka_unit_test_setup_teardown(f, told_setup, told_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOLD(all_that_follows),    TOLD(the_last_one),     TOLD(while_more_waits),
        TOLD(what_was_told_later), TOLD(while_it_is_told), TOLD(a_pair_that_is_no_more),
    };

    return cmocka_run_group_tests_name("notice_letters", tests, NULL, NULL);
}
