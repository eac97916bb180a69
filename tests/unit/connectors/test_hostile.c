/* Every connector, every verb, every status, every kind of body: whatever a remote answers, the outcome is one that
 * the host can act on. */
#include "drive.h"
#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DEEP 2000

static const int statuses[] = {0,   100, 200, 201, 202, 204, 250, 301, 302, 304, 400, 401, 402,
                               403, 404, 405, 406, 408, 409, 410, 413, 415, 422, 423, 425, 429,
                               451, 500, 501, 502, 503, 504, 535, 550, 599, 999, -1};

/* Members that decoders look for, each of every wrong type. */
static const char *const keys[] = {
    "result", "issues",   "incidents",     "incident", "service",  "priorities",  "notes",
    "note",   "comments", "transitions",   "error",    "errors",   "log_entries", "more",
    "id",     "fields",   "errorMessages", "status",   "accountId"};
static const char *const values[] = {
    "null",
    "true",
    "-1",
    "1e300",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[null, 1, \"x\", [], {}]",
    "{\"sys_id\": {}, \"id\": [], \"fields\": {\"status\": {\"statusCategory\": []}}}",
    "[{\"id\": \"10042\", \"fields\": 1, \"to\": 7, \"properties\": {}, \"content\": 1}]",
    "{\"id\": \"10042\", \"sys_id\": \"10042\", \"message\": [], \"detail\": {}, \"errors\": 1}"};

static const char *const bodies[] = {
    "",
    " ",
    "null",
    "[]",
    "{}",
    "\"text\"",
    "0",
    "{\"a\":",
    "<html><body>Log in</body></html>",
    "{\"result\": \"\\ud800\"}",
    "{\"a\": 1, \"a\": 2}",
    "\xff\xfe\x00",
    "{\"error\": {\"message\": \"a\\r\\nb\\u0001\\u001b[31m\", \"detail\": \"\\u202e\"}}",
    "{\"errors\": {\"\": \"\", \"a\\nb\": 1}, \"errorMessages\": [\"\\u0007\"]}"};

static void play_body_with(struct kit *k, struct tcn_str body, const int *list, size_t n)
{
    for (size_t s = 0; s < n; s++)
        for (uint32_t verb = TOCSIN_CHECK; verb <= TOCSIN_PROBE; verb++) {
            struct drive_answer a = {TOCSIN_NET_OK, list[s],
                                     TCN_STR("Retry-After: 99999999999\nRateLimit-Reason: \x7f\n"),
                                     body};

            drive_play(k, verb, &a, 1);
        }
}

static void play_body(struct kit *k, struct tcn_str body)
{
    play_body_with(k, body, statuses, sizeof statuses / sizeof statuses[0]);
}

static void each_target(void (*play)(struct kit *))
{
    for (size_t t = 0; t < DRIVE_TARGETS; t++) {
        struct kit k;

        if (drive_open(&k, &drive_targets[t]) < 0)
            fail_msg("%s: %s", drive_targets[t].name, k.problems.text.ptr);
        play(&k);
        kit_close(&k);
    }
}

static void play_bodies(struct kit *k)
{
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        play_body(k, tcn_str(bodies[i]));
}

static void any_body_with_any_status(void **state)
{
    (void)state;
    each_target(play_bodies);
}

static void play_members(struct kit *k)
{
    static const int some[] = {200, 201, 400, 403, 429};
    char body[400];

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            snprintf(body, sizeof body, "{\"id\": \"10042\", \"key\": \"A-1\", \"%s%s\": %s}",
                     strcmp(keys[i], "id") == 0 ? "x" : "", keys[i], values[j]);
            play_body_with(k, tcn_str(body), some, sizeof some / sizeof some[0]);
        }
}

static void any_type_in_any_member(void **state)
{
    (void)state;
    each_target(play_members);
}

static void play_large(struct kit *k)
{
    static const int some[] = {200, 400};
    struct tcn_buf body;

    tcn_buf_init(&body, 4u << 20);
    tcn_buf_z(&body, "{\"id\": \"10042\", \"fields\": {\"updated\": \"");
    for (size_t i = 0; i < 100000; i++)
        tcn_buf_z(&body, "\xc3\xbc");
    tcn_buf_z(&body, "\"}, \"errorMessages\": [\"");
    for (size_t i = 0; i < 100000; i++)
        tcn_buf_z(&body, "\xc3\xbc");
    tcn_buf_z(&body, "\"]}");
    assert_true(tcn_buf_ok(&body));
    play_body_with(k, tcn_buf_view(&body), some, 2);
    tcn_buf_clear(&body);
    for (size_t i = 0; i < DEEP; i++)
        tcn_buf_z(&body, "{\"result\":[");
    play_body_with(k, tcn_buf_view(&body), some, 2);
    tcn_buf_done(&body);
}

static void large_and_deep(void **state)
{
    (void)state;
    each_target(play_large);
}

static void play_nets(struct kit *k)
{
    for (uint32_t net = TOCSIN_NET_NOT_SENT; net <= TOCSIN_NET_MAYBE_SENT; net++)
        for (uint32_t verb = TOCSIN_CHECK; verb <= TOCSIN_PROBE; verb++) {
            struct drive_answer a = {net, 0, TCN_STR(""), TCN_STR("")};

            drive_play(k, verb, &a, 1);
        }
}

static void no_answer(void **state)
{
    (void)state;
    each_target(play_nets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_body_with_any_status),
        cmocka_unit_test(any_type_in_any_member),
        cmocka_unit_test(large_and_deep),
        cmocka_unit_test(no_answer),
    };

    tcn_log_set_level(TCN_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
