/* connectors/jira: an issue on which more was said than one page holds. However many comments come between two LISTENs,
 * all are told, oldest first. */
#include "kit.h"
#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define STEPS_MAX 8 /* round trips the host allows */
#define FIRST_MS INT64_C(1785690600000)
#define APART_MS 60000
#define PAGE 100

/* An issue with n comments, a minute apart, and what was told of it. */
struct issue {
    struct kit kit;
    size_t n, calls;
    char cursor[TOCSIN_CURSOR_SIZE];
    size_t next;   /* the number of the comment that is to be told next */
    bool has_more; /* the last answer said so */
};

static void open_issue(struct issue *issue)
{
    json_t *options = json_pack("{s:s, s:s, s:s}", "url", "https://a.atlassian.net", "user", "u",
                                "project", "OPS");

    *issue = (struct issue){.n = 0};
    assert_int_equal(kit_open(&issue->kit, "jira", options, NULL), 0);
    json_decref(options);
}

static json_t *comment(size_t number)
{
    int64_t minute = (int64_t)number;
    char id[24], created[64], text[24];

    snprintf(id, sizeof id, "%zu", 20000 + number);
    snprintf(text, sizeof text, "c%zu", number);
    /* From 17:10 on the 2nd of August. */
    minute += 17 * 60 + 10;
    snprintf(created, sizeof created, "2026-08-%02dT%02d:%02d:00.000+0000",
             2 + (int)(minute / 1440), (int)(minute / 60 % 24), (int)(minute % 60));
    return json_pack("{s:s, s:s, s:s, s:{s:s}}", "id", id, "created", created, "body", text,
                     "author", "displayName", "Mia");
}

/* The page that the URL asks for, newest first, as text; yours to free(). */
static char *page(const struct issue *issue, const char *url)
{
    const char *start = strstr(url, "&startAt=");
    json_t *list = json_array(), *root = json_pack("{s:o}", "comments", list);
    size_t from, i;
    char *text;

    assert_non_null(start);
    assert_non_null(strstr(url, "orderBy=-created"));
    assert_non_null(strstr(url, "&maxResults=100"));
    from = strtoul(start + strlen("&startAt="), NULL, 10);
    for (i = from; i < issue->n && i < from + PAGE; i++)
        json_array_append_new(list, comment(issue->n - 1 - i));
    text = json_dumps(root, 0);
    json_decref(root);
    return text;
}

/* What LISTEN told of one comment. */
static void hear_one(struct kit *k, json_t *body, struct tocsin_sink *ret_sink)
{
    json_t *answer = json_pack("{s:[{s:s, s:s, s:o}]}", "comments", "id", "1", "created",
                               "2026-08-02T17:10:00.000+0000", "body", body);
    struct tocsin_op op = {.verb = TOCSIN_LISTEN, .remote_id = "10042", .cursor = ""};
    struct tocsin_result out;
    struct kit_response r;
    char *text = json_dumps(answer, 0);

    kit_response_init(&r, TOCSIN_NET_OK, 200, tcn_str(text), false);
    tcn_sink_init(ret_sink);
    assert_int_equal(kit_interpret(k, &op, &r, &out, ret_sink), 0);
    assert_int_equal(out.outcome, TOCSIN_OK);
    assert_int_equal(ret_sink->n_updates, 1);
    kit_response_done(&r);
    free(text);
    json_decref(answer);
}

/* One round trip; true when the connector wants another. */
static bool exchange(struct issue *issue, struct tocsin_op *op, struct tocsin_sink *sink)
{
    struct tocsin_request rq;
    struct tocsin_result out;
    struct kit_response r;
    const char *why;
    char *body;

    assert_int_equal(kit_render(&issue->kit, op, &rq, &why), 0);
    body = page(issue, rq.url.ptr);
    tcn_request_done(&rq);
    kit_response_init(&r, TOCSIN_NET_OK, 200, tcn_str(body), false);
    tcn_sink_init(sink);
    assert_int_equal(kit_interpret(&issue->kit, op, &r, &out, sink), 0);
    kit_response_done(&r);
    free(body);
    memcpy(issue->cursor, out.cursor, sizeof issue->cursor);
    op->step = out.step;
    issue->has_more = out.outcome == TOCSIN_OK && out.step != 0;
    assert_true(out.outcome == TOCSIN_OK || out.outcome == TOCSIN_MORE);
    return out.outcome == TOCSIN_MORE;
}

/* What is known already may be told again; what is new comes in order and without a gap. */
static void take(struct issue *issue, const struct tocsin_sink *sink)
{
    for (size_t i = 0; i < sink->n_updates; i++) {
        size_t number = strtoul(sink->updates[i].event_id, NULL, 10) - 20000;

        assert_true(number <= issue->next);
        assert_int_equal(sink->updates[i].at_ms, FIRST_MS + (int64_t)number * APART_MS);
        if (number == issue->next)
            issue->next++;
    }
}

static void hear(struct issue *issue)
{
    struct tocsin_op op = {.verb = TOCSIN_LISTEN,
                           .attempt = 1,
                           .op_id = "op-1",
                           .marker = "",
                           .remote_id = "10042",
                           .cursor = issue->cursor,
                           .now_ms = FIRST_MS};
    struct tocsin_sink sink;
    size_t steps = 1;

    while (exchange(issue, &op, &sink)) {
        assert_true(steps++ < STEPS_MAX);
        assert_int_equal(sink.n_updates, 0);
        tcn_sink_done(&sink);
    }
    issue->calls++;
    take(issue, &sink);
    tcn_sink_done(&sink);
}

static void all_are_told(void **state)
{
    static const size_t counts[] = {0, 1, 2, 99, 100, 101, 150, 199, 200, 201, 250, 499, 599};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct issue issue;

        open_issue(&issue);
        issue.n = 10;
        hear(&issue);
        assert_int_equal(issue.next, 10);
        issue.n += counts[i];
        do
            hear(&issue);
        while (issue.has_more);
        assert_int_equal(issue.next, issue.n);
        assert_true(issue.calls <= 2 + counts[i] / (PAGE - 1));
        hear(&issue);
        assert_int_equal(issue.next, issue.n);
        assert_false(issue.has_more);
        kit_close(&issue.kit);
    }
}

/* At first what was said before is history: the newest hundred are enough. */
static void the_first_time(void **state)
{
    struct issue issue;

    (void)state;
    open_issue(&issue);
    issue.n = 1000;
    issue.next = 900;
    hear(&issue);
    assert_int_equal(issue.next, 1000);
    assert_false(issue.has_more);
    kit_close(&issue.kit);
}

/* Of text and of nodes that have no end so much as is kept, and a sign that there was more. */
static void a_long_comment(void **state)
{
    json_t *nodes = json_array(), *node = json_pack("{s:s, s:s}", "type", "text", "text", "x");
    static char text[50000];
    struct tocsin_sink sink;
    struct issue issue;
    const char *told;

    (void)state;
    open_issue(&issue);
    for (size_t i = 1; i < sizeof text - 2; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    text[0] = 'a';
    hear_one(&issue.kit, json_string(text), &sink);
    told = sink.updates[0].text;
    assert_in_range(strlen(told), 32760, 32767);
    assert_true(tcn_utf8_ok(tcn_str(told)));
    assert_string_equal(told + strlen(told) - 5, "\xc3\xbc\xe2\x80\xa6");
    tcn_sink_done(&sink);
    for (size_t i = 0; i < 30000; i++)
        json_array_append(nodes, node);
    json_decref(node);
    hear_one(&issue.kit, json_pack("{s:s, s:o}", "type", "doc", "content", nodes), &sink);
    told = sink.updates[0].text;
    assert_int_equal(strspn(told, "x"), 20000);
    assert_string_equal(told + 20000, "\xe2\x80\xa6");
    tcn_sink_done(&sink);
    kit_close(&issue.kit);
}

static void an_issue_without_comments(void **state)
{
    struct issue issue;

    (void)state;
    open_issue(&issue);
    hear(&issue);
    issue.n = 130;
    do
        hear(&issue);
    while (issue.has_more);
    assert_int_equal(issue.next, 130);
    kit_close(&issue.kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_told),
        cmocka_unit_test(the_first_time),
        cmocka_unit_test(an_issue_without_comments),
        cmocka_unit_test(a_long_comment),
    };

    tcn_log_set_level(TCN_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
