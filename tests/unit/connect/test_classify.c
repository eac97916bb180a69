/* Every row of the table of errors. */
#include "rig.h"

#include "connect/classify.h"
#include "connect/message.h"

#define NOW INT64_C(1785690280000) /* 2026-08-02T17:04:40Z */

struct row {
    const char *name;
    uint32_t verb, net;
    int status;
    const char *header, *body, *remote_id;
    uint32_t outcome, retry_after_s;
};

#define HTTP TOCSIN_NET_OK

static const struct row rows[] = {
    {"not sent, create", TOCSIN_CREATE, TOCSIN_NET_NOT_SENT, 0, NULL, "", "", TOCSIN_RETRY, 0},
    {"not sent, get", TOCSIN_GET, TOCSIN_NET_NOT_SENT, 0, NULL, "", "x", TOCSIN_RETRY, 0},
    {"lost, create", TOCSIN_CREATE, TOCSIN_NET_MAYBE_SENT, 0, NULL, "", "", TOCSIN_UNKNOWN, 0},
    {"lost, note", TOCSIN_NOTE, TOCSIN_NET_MAYBE_SENT, 0, NULL, "", "x", TOCSIN_UNKNOWN, 0},
    {"lost, send", TOCSIN_SEND, TOCSIN_NET_MAYBE_SENT, 0, NULL, "", "", TOCSIN_UNKNOWN, 0},
    {"lost, write", TOCSIN_WRITE, TOCSIN_NET_MAYBE_SENT, 0, NULL, "", "x", TOCSIN_RETRY, 0},
    {"lost, find", TOCSIN_FIND, TOCSIN_NET_MAYBE_SENT, 0, NULL, "", "", TOCSIN_RETRY, 0},
    {"200", TOCSIN_GET, HTTP, 200, NULL, "{}", "x", TOCSIN_OK, 0},
    {"201", TOCSIN_CREATE, HTTP, 201, NULL, "{}", "", TOCSIN_OK, 0},
    {"202", TOCSIN_CREATE, HTTP, 202, NULL, "{}", "", TOCSIN_OK, 0},
    {"204", TOCSIN_WRITE, HTTP, 204, NULL, "", "x", TOCSIN_OK, 0},
    {"200 forgets Retry-After", TOCSIN_GET, HTTP, 200, "Retry-After: 5", "{}", "x", TOCSIN_OK, 0},
    {"plain ok", TOCSIN_SEND, HTTP, 200, "Content-Type: text/plain", "ok", "", TOCSIN_OK, 0},
    {"HTML by type, get", TOCSIN_GET, HTTP, 200, "Content-Type: text/html; charset=utf-8", "hello",
     "x", TOCSIN_RETRY, 0},
    {"HTML by look, create", TOCSIN_CREATE, HTTP, 200, NULL, " \n<!DOCTYPE html>", "",
     TOCSIN_UNKNOWN, 0},
    {"HTML, check", TOCSIN_CHECK, HTTP, 200, NULL, "<html>", "", TOCSIN_RETRY, 0},
    {"301", TOCSIN_CREATE, HTTP, 301, "Location: https://x", "", "", TOCSIN_RETRY, 0},
    {"302", TOCSIN_GET, HTTP, 302, NULL, "", "x", TOCSIN_RETRY, 0},
    {"400", TOCSIN_CREATE, HTTP, 400, NULL, "{}", "", TOCSIN_REJECTED, 0},
    {"401", TOCSIN_GET, HTTP, 401, NULL, "{}", "x", TOCSIN_AUTH, 0},
    {"403 of a check", TOCSIN_CHECK, HTTP, 403, NULL, "{}", "", TOCSIN_AUTH, 0},
    {"403 of a write", TOCSIN_WRITE, HTTP, 403, NULL, "{}", "x", TOCSIN_REJECTED, 0},
    {"404 of a get", TOCSIN_GET, HTTP, 404, NULL, "{}", "x", TOCSIN_GONE, 0},
    {"410 of a write", TOCSIN_WRITE, HTTP, 410, NULL, "{}", "x", TOCSIN_GONE, 0},
    {"404 of a create", TOCSIN_CREATE, HTTP, 404, NULL, "{}", "", TOCSIN_REJECTED, 0},
    {"404 of a find", TOCSIN_FIND, HTTP, 404, NULL, "{}", "", TOCSIN_REJECTED, 0},
    {"404 of a send", TOCSIN_SEND, HTTP, 404, NULL, "{}", "x", TOCSIN_REJECTED, 0},
    {"405", TOCSIN_WRITE, HTTP, 405, NULL, "", "x", TOCSIN_REJECTED, 0},
    {"408, create", TOCSIN_CREATE, HTTP, 408, NULL, "", "", TOCSIN_UNKNOWN, 0},
    {"408, get", TOCSIN_GET, HTTP, 408, NULL, "", "x", TOCSIN_RETRY, 0},
    {"409", TOCSIN_WRITE, HTTP, 409, NULL, "{}", "x", TOCSIN_CONFLICT, 0},
    {"413", TOCSIN_CREATE, HTTP, 413, NULL, "", "", TOCSIN_REJECTED, 0},
    {"422", TOCSIN_CREATE, HTTP, 422, NULL, "{}", "", TOCSIN_REJECTED, 0},
    {"425, note", TOCSIN_NOTE, HTTP, 425, NULL, "", "x", TOCSIN_UNKNOWN, 0},
    {"429", TOCSIN_CREATE, HTTP, 429, NULL, "", "", TOCSIN_RETRY, 0},
    {"429 seconds", TOCSIN_CREATE, HTTP, 429, "Retry-After: 120", "", "", TOCSIN_RETRY, 120},
    {"429 any case", TOCSIN_GET, HTTP, 429, "retry-after:  7 ", "", "x", TOCSIN_RETRY, 7},
    {"429 an age", TOCSIN_GET, HTTP, 429, "Retry-After: 86400", "", "x", TOCSIN_RETRY, 3600},
    {"429 huge", TOCSIN_GET, HTTP, 429, "Retry-After: 99999999999999999999", "", "x", TOCSIN_RETRY,
     0},
    {"429 date", TOCSIN_GET, HTTP, 429, "Retry-After: Sun, 02 Aug 2026 17:05:40 GMT", "", "x",
     TOCSIN_RETRY, 60},
    {"429 past date", TOCSIN_GET, HTTP, 429, "Retry-After: Sun, 02 Aug 2026 17:00:00 GMT", "", "x",
     TOCSIN_RETRY, 0},
    {"429 nonsense", TOCSIN_GET, HTTP, 429, "Retry-After: soon", "", "x", TOCSIN_RETRY, 0},
    {"429 negative", TOCSIN_GET, HTTP, 429, "Retry-After: -5", "", "x", TOCSIN_RETRY, 0},
    {"500, create", TOCSIN_CREATE, HTTP, 500, NULL, "{}", "", TOCSIN_UNKNOWN, 0},
    {"500, get", TOCSIN_GET, HTTP, 500, NULL, "{}", "x", TOCSIN_RETRY, 0},
    {"502, note", TOCSIN_NOTE, HTTP, 502, NULL, "<html>", "x", TOCSIN_UNKNOWN, 0},
    {"503, create", TOCSIN_CREATE, HTTP, 503, NULL, "", "", TOCSIN_UNKNOWN, 0},
    {"503 with Retry-After", TOCSIN_CREATE, HTTP, 503, "Retry-After: 9", "", "", TOCSIN_RETRY, 9},
    {"504, write", TOCSIN_WRITE, HTTP, 504, NULL, "", "x", TOCSIN_RETRY, 0},
    {"101", TOCSIN_CREATE, HTTP, 101, NULL, "", "", TOCSIN_UNKNOWN, 0},
    {"999", TOCSIN_CREATE, HTTP, 999, NULL, "", "", TOCSIN_UNKNOWN, 0},
};

static const struct row mail_rows[] = {
    {"250", TOCSIN_SEND, HTTP, 250, NULL, "", "", TOCSIN_OK, 0},
    {"421", TOCSIN_SEND, HTTP, 421, NULL, "", "", TOCSIN_RETRY, 0},
    {"450", TOCSIN_SEND, HTTP, 450, NULL, "", "", TOCSIN_RETRY, 0},
    {"454", TOCSIN_SEND, HTTP, 454, NULL, "", "", TOCSIN_RETRY, 0},
    {"530", TOCSIN_SEND, HTTP, 530, NULL, "", "", TOCSIN_AUTH, 0},
    {"535", TOCSIN_SEND, HTTP, 535, NULL, "", "", TOCSIN_AUTH, 0},
    {"550", TOCSIN_SEND, HTTP, 550, NULL, "", "", TOCSIN_REJECTED, 0},
    {"554", TOCSIN_SEND, HTTP, 554, NULL, "", "", TOCSIN_REJECTED, 0},
    {"354", TOCSIN_SEND, HTTP, 354, NULL, "", "", TOCSIN_UNKNOWN, 0},
    {"lost", TOCSIN_SEND, TOCSIN_NET_MAYBE_SENT, 0, NULL, "", "", TOCSIN_UNKNOWN, 0},
};

static void check_row(const struct row *r, bool is_mail)
{
    struct tcn_message m;
    struct tocsin_op op = {.verb = r->verb, .remote_id = r->remote_id, .now_ms = NOW};
    struct tocsin_response rs = {.net = r->net,
                                 .status = r->status,
                                 .body = r->body,
                                 .body_len = strlen(r->body),
                                 .msg = &m};
    struct tocsin_result result = {0};

    tcn_message_init(&m);
    m.is_mail = is_mail;
    if (r->header)
        assert_true(tcn_message_add(&m, tcn_str(r->header)));
    rs.json = r->body[0] == '{' ? json_loads(r->body, 0, NULL) : NULL;
    tcn_classify(&op, &rs, &result);
    if (result.outcome != r->outcome || result.retry_after_s != r->retry_after_s ||
        !result.reason[0])
        fail_msg("%s: %s, %u s, %s", r->name, tcn_outcome_name(result.outcome),
                 result.retry_after_s, result.reason);
    json_decref(rs.json);
    tcn_message_done(&m);
}

static void table(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i], false);
    for (size_t i = 0; i < sizeof mail_rows / sizeof mail_rows[0]; i++)
        check_row(&mail_rows[i], true);
}

/* Whatever comes, there is an outcome, and a create is never called undone when it may have been done. */
static void total(void **unused)
{
    (void)unused;
    for (int status = 0; status < 1000; status++) {
        for (uint32_t verb = TOCSIN_CHECK; verb <= TOCSIN_SEND; verb++) {
            struct tocsin_op op = {.verb = verb, .remote_id = "x", .now_ms = NOW};
            struct tocsin_response rs = {.net = HTTP, .status = status, .body = ""};
            struct tocsin_result result = {0};

            tcn_classify(&op, &rs, &result);
            assert_in_range(result.outcome, TOCSIN_OK, TOCSIN_CONFLICT);
            if (tcn_verb_leaves_trace(verb) && status >= 500)
                assert_int_equal(result.outcome, TOCSIN_UNKNOWN);
        }
    }
}

static void names(void **unused)
{
    (void)unused;
    assert_string_equal(tcn_verb_name(TOCSIN_SEND), "send");
    assert_string_equal(tcn_verb_name(TOCSIN_NOTE_FIND), "note_find");
    assert_string_equal(tcn_verb_name(TOCSIN_PROBE), "probe");
    assert_string_equal(tcn_verb_name(99), "?");
    assert_string_equal(tcn_outcome_name(TOCSIN_MORE), "more");
    assert_string_equal(tcn_outcome_name(0), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(total),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
