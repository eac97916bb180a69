/* What connectors tell: copied, capped, and never more than there is room for. */
#include "connect/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct tocsin_sink sink;
static char *huge; /* more than one text may have */

static int setup(void **state)
{
    (void)state;
    tcn_sink_init(&sink);
    huge = malloc(100001);
    memset(huge, 'x', 100000);
    huge[100000] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_sink_done(&sink);
    free(huge);
    return 0;
}

static void test_a_record_is_copied(void **state)
{
    char id[] = "abc";
    json_t *fields = json_pack("{s:s}", "a", "b");
    struct tocsin_record record = {.remote_id = id, .remote_key = "OPS-1", .fields = fields};

    (void)state;
    assert_int_equal(tcn_sink_report(&sink, &record), 0);
    id[0] = 'z';
    json_decref(fields);
    assert_string_equal(sink.records[0].remote_id, "abc");
    assert_string_equal(sink.records[0].remote_key, "OPS-1");
    assert_string_equal(sink.records[0].remote_url, "");
    assert_string_equal(json_string_value(json_object_get(sink.records[0].fields, "a")), "b");
}

static void test_what_is_no_record_is_refused(void **state)
{
    static const char *const ids[] = {NULL, "", "\xff"};

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(tcn_sink_report(&sink, &(struct tocsin_record){.remote_id = ids[i]}), -1);
    assert_int_equal(sink.n_records, 0);
    assert_int_equal(tcn_sink_bad_field(&sink, "", "m"), -1);
    assert_int_equal(tcn_sink_bad_field(&sink, NULL, "m"), -1);
}

/* Texts end up in JSON and on timelines. */
static void test_texts_are_whole_code_points(void **state)
{
    struct tocsin_update update = {.change = TOCSIN_SAID,
                                   .text = huge,
                                   .actor = "a\xff"
                                            "b"};

    (void)state;
    for (size_t i = 0; i + 3 <= 100000; i += 3)
        memcpy(huge + i, "\xe2\x82\xac", 3);
    assert_int_equal(tcn_sink_emit(&sink, &update), 0);
    assert_true(tcn_utf8_ok(tcn_str(sink.updates[0].text)));
    assert_in_range(strlen(sink.updates[0].text), 32700, 32768);
    assert_string_equal(sink.updates[0].actor, "a");
}

/* A connector that tells more than can be kept is refused; the process goes on. */
static void test_too_much_is_refused(void **state)
{
    struct tocsin_record record = {huge, huge, huge, huge, NULL, 0};
    struct tocsin_update update = {TOCSIN_SAID, huge, huge, huge, huge, huge, 0, NULL};
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < TCN_RECORDS_MAX + 1; i++)
        refused += tcn_sink_report(&sink, &record) < 0;
    assert_int_equal(sink.n_records + refused, TCN_RECORDS_MAX + 1);
    assert_in_range(sink.n_records, 50, TCN_RECORDS_MAX);
    tcn_sink_reset(&sink);
    for (size_t i = refused = 0; i < TCN_UPDATES_MAX + 1; i++)
        refused += tcn_sink_emit(&sink, &update) < 0;
    assert_int_equal(sink.n_updates + refused, TCN_UPDATES_MAX + 1);
    for (size_t i = 0; i < TCN_BAD_FIELDS_MAX + 1; i++)
        refused += tcn_sink_bad_field(&sink, huge, huge) < 0;
    assert_int_equal(sink.n_updates + sink.n_bad_fields + refused,
                     TCN_UPDATES_MAX + TCN_BAD_FIELDS_MAX + 2);
    tcn_sink_reset(&sink);
    assert_int_equal(tcn_sink_report(&sink, &record), 0);
}

static void test_only_successes_may_be_replied(void **state)
{
    (void)state;
    assert_int_equal(tcn_sink_reply(&sink, 199, NULL), -1);
    assert_int_equal(tcn_sink_reply(&sink, 302, NULL), -1);
    assert_int_equal(tcn_sink_reply(&sink, 204, NULL), 0);
    assert_int_equal(sink.reply_status, 204);
}

/* What a probe tells is needed after its last step, and is told together. */
static void test_facts_outlive_a_step(void **state)
{
    json_t *value = json_pack("{s:s}", "name", "tocsin");

    (void)state;
    assert_int_equal(tcn_sink_tell(&sink, "account", value), 0);
    json_object_set_new(value, "name", json_string("changed"));
    tcn_sink_reset(&sink);
    assert_int_equal(tcn_sink_tell(&sink, "server", value), 0);
    json_decref(value);
    assert_int_equal(json_array_size(sink.facts), 2);
    value = json_object_get(json_array_get(sink.facts, 0), "value");
    assert_string_equal(json_string_value(json_object_get(value, "name")), "tocsin");
}

static void test_facts_have_a_cap(void **state)
{
    json_t *much = json_string(huge), *little = json_true();
    int n = 0;

    (void)state;
    assert_int_equal(tcn_sink_tell(&sink, "", little), -1);
    assert_int_equal(tcn_sink_tell(&sink, "a", NULL), -1);
    while (tcn_sink_tell(&sink, "a", much) == 0)
        n++;
    assert_int_equal(n, TCN_FACTS_BYTES_MAX / 100002);
    for (; n < TCN_FACTS_MAX; n++)
        assert_int_equal(tcn_sink_tell(&sink, "a", little), 0);
    assert_int_equal(tcn_sink_tell(&sink, "a", little), -1);
    json_decref(much);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_record_is_copied),
        CASE(test_what_is_no_record_is_refused),
        CASE(test_texts_are_whole_code_points),
        CASE(test_too_much_is_refused),
        CASE(test_only_successes_may_be_replied),
        CASE(test_facts_outlive_a_step),
        CASE(test_facts_have_a_cap),
    };

    return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
