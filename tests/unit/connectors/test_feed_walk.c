/* The feeds of ServiceNow, Jira and PagerDuty against remotes that change while they are read: whatever is changed, and however late
 * it is seen, the version that stays is told; by clocks that differ, and over restarts, of which only the cursor is left. */
#include "../../../connectors/reply.h"
#include "base/text.h"
#include "kit.h"
#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define RECORDS 260 /* some pages of them */
#define START_MS INT64_C(1785690600000)
#define HOUR_MS INT64_C(3600000)
#define OVERLAP_MS 5000
#define LATE_MS                                                                                    \
    3900 /* so much earlier than it is seen a change may be dated; seconds are cut off, too */
#define POLL_MS 30000
#define POLLS 20
#define CALLS_MAX 600 /* of one poll */
#define STORIES 24
#define LOG_MAX 40000
#define PAGE 100

/* Times are the remote's, in seconds. */
struct change {
    int64_t at_s;
    unsigned record;
};

struct world {
    struct kit kit;
    uint64_t random;
    int64_t now_ms, skew_ms; /* ours; the remote's clock is skew_ms later */
    bool tells_date;
    struct change log[LOG_MAX]; /* by time, as PagerDuty keeps it */
    size_t n;
    int64_t at_s[RECORDS];                    /* of the last change, as ServiceNow keeps it */
    unsigned version[RECORDS], told[RECORDS]; /* made, told last */
    char cursor[TOCSIN_CURSOR_SIZE];
    const json_t *asked;                               /* the body of the call */
    char *(*answer)(struct world *w, const char *url); /* yours to free() */
};

static struct world world;

static unsigned pick(struct world *w, unsigned below)
{
    w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(w->random >> 33) % below;
}

static int64_t their_now_ms(const struct world *w)
{
    return w->now_ms + w->skew_ms;
}

/* Seen from now on, though it may be dated earlier: its transaction took that long. */
static void change_one(struct world *w, unsigned record)
{
    int64_t at_s = (their_now_ms(w) - (pick(w, 4) == 0 ? (int)pick(w, LATE_MS) : 0)) / 1000;
    size_t i = w->n++;

    assert_true(w->n <= LOG_MAX);
    for (; i > 0 && w->log[i - 1].at_s > at_s; i--)
        w->log[i] = w->log[i - 1];
    w->log[i] = (struct change){at_s, record};
    w->at_s[record] = at_s;
    w->version[record]++;
}

static void change_some(struct world *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        change_one(w, pick(w, RECORDS));
}

static void add_date(const struct world *w, struct tcn_message *msg)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char time[TCN_REPLY_TIME_SIZE], line[64];

    tcn_reply_time_text(their_now_ms(w), time);
    snprintf(line, sizeof line, "Date: Sun, %.2s %s %.4s %s GMT", time + 8,
             months[atoi(time + 5) - 1], time, time + 11);
    assert_true(tcn_message_add(msg, tcn_str(line)));
}

static void learn(struct world *w, const struct tocsin_sink *sink)
{
    for (size_t i = 0; i < sink->n_records; i++) {
        const struct tocsin_record *r = &sink->records[i];

        w->told[strtoul(r->remote_id + 1, NULL, 16)] =
            (unsigned)strtoul(strrchr(r->version, 'v') + 1, NULL, 10);
    }
}

static char *answer_to(struct world *w, const struct tocsin_request *rq)
{
    struct tcn_buf url;
    char *body;

    tcn_buf_init(&url, 9000);
    assert_int_equal(tcn_unpercent(tcn_buf_view(&rq->url), &url), 0);
    w->asked = rq->body;
    body = w->answer(w, url.ptr);
    tcn_buf_done(&url);
    return body;
}

/* One call; true when the feed is to go on. */
static bool call(struct world *w, struct tocsin_op *op)
{
    struct tocsin_request rq;
    struct tocsin_result out;
    struct tocsin_sink sink;
    struct kit_response r;
    const char *why;
    char *body;

    op->now_ms = w->now_ms += pick(w, 400);
    if (kit_render(&w->kit, op, &rq, &why) < 0)
        fail_msg("%s", why);
    body = answer_to(w, &rq);
    tcn_request_done(&rq);
    kit_response_init(&r, TOCSIN_NET_OK, 200, tcn_str(body), false);
    if (w->tells_date)
        add_date(w, &r.msg);
    tcn_sink_init(&sink);
    assert_int_equal(kit_interpret(&w->kit, op, &r, &out, &sink), 0);
    if (out.outcome != TOCSIN_OK && out.outcome != TOCSIN_MORE)
        fail_msg("%u: %s", out.outcome, out.reason);
    learn(w, &sink);
    tcn_sink_done(&sink);
    kit_response_done(&r);
    free(body);
    memcpy(w->cursor, out.cursor, sizeof w->cursor);
    op->step = out.outcome == TOCSIN_MORE ? out.step : 0; /* the host begins anew after OK */
    return out.outcome == TOCSIN_MORE || out.step > 0;
}

static void poll(struct world *w, unsigned busy)
{
    json_t *payload =
        json_pack("{s:I, s:i}", "since_ms", (json_int_t)START_MS, "overlap_ms", OVERLAP_MS);
    struct tocsin_op op = {.verb = TOCSIN_POLL,
                           .attempt = 1,
                           .op_id = "op-1",
                           .marker = "",
                           .remote_id = "",
                           .cursor = w->cursor,
                           .payload = payload};
    size_t calls = 0;

    while (call(w, &op)) {
        assert_true(++calls < CALLS_MAX);
        change_some(w, pick(w, busy + 1));
    }
    json_decref(payload);
}

static void check_told(const struct world *w, uint64_t seed)
{
    for (unsigned i = 0; i < RECORDS; i++)
        if (w->told[i] != w->version[i])
            fail_msg("story %llu: record %u is at %u, told was %u", (unsigned long long)seed, i,
                     w->version[i], w->told[i]);
}

/* For minutes nobody asks. */
static void away(struct world *w)
{
    for (int i = 0; i < 10; i++) {
        w->now_ms += POLL_MS;
        change_some(w, pick(w, 60));
    }
}

/* n changes at a time are made before some polls, and some during them. */
static void story(const char *connector, const char *options,
                  char *(*answer)(struct world *, const char *), uint64_t seed, int64_t skew_ms)
{
    static const unsigned bursts[] = {0, 0, 1, 5, 40, 150, 400};
    json_t *config = json_loads(options, 0, NULL);
    struct world *w = &world;

    memset(w, 0, sizeof *w);
    w->random = seed;
    w->now_ms = START_MS;
    w->skew_ms = skew_ms;
    w->tells_date = skew_ms != 0 || pick(w, 2) == 0;
    w->answer = answer;
    assert_int_equal(kit_open(&w->kit, connector, config, NULL), 0);
    for (int i = 0; i < POLLS; i++) {
        poll(w, pick(w, 2) ? 6 : 0);
        if (pick(w, 4) == 0)
            away(w);
        w->now_ms += POLL_MS - (int)pick(w, 1000);
        change_some(w, bursts[pick(w, sizeof bursts / sizeof bursts[0])]);
        w->now_ms += pick(w, 1000);
    }
    poll(w, 0);
    check_told(w, seed);
    kit_close(&w->kit);
    json_decref(config);
}

static char *dumped(json_t *root)
{
    char *text = json_dumps(root, 0);

    json_decref(root);
    return text;
}

/* The day and the time of day that follow word, as both write them; 0 without word. */
static int64_t time_after(const char *url, const char *word)
{
    const char *at = strstr(url, word);
    char time[TCN_REPLY_TIME_SIZE];

    if (!at)
        return 0;
    at += strcspn(at, "0123456789");
    snprintf(time, sizeof time, "%.10s %.8s", at, at + 10 + strcspn(at + 10, "0123456789"));
    assert_true(tcn_reply_time_ms(time) > 0);
    return tcn_reply_time_ms(time) / 1000;
}

/* ---- ServiceNow ---- */

static void sn_id(unsigned record, char ret[40])
{
    snprintf(ret, 40, "r%031x", record);
}

static int by_time_and_id(const void *a, const void *b)
{
    const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    if (world.at_s[x] != world.at_s[y])
        return world.at_s[x] < world.at_s[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* The conditions of the query that a page makes; anything else in it fails the test that renders it. */
static bool sn_matches(const struct world *w, const char *url, unsigned record)
{
    const char *behind = strstr(url, "^ORsys_id>");
    int64_t from_s = time_after(url, "sys_updated_on>="),
            over_s = time_after(url, "sys_updated_on>javascript");
    char id[40];

    sn_id(record, id);
    if (w->version[record] == 0 || w->at_s[record] < from_s)
        return false;
    return !behind || w->at_s[record] > over_s ||
           strncmp(id, behind + strlen("^ORsys_id>"), 32) > 0;
}

static char *servicenow_answer(struct world *w, const char *url)
{
    json_t *rows = json_array();
    unsigned found[RECORDS];
    size_t n = 0;

    if (strstr(url, "/sys_user?"))
        json_array_append_new(rows, json_pack("{s:s}", "time_zone", "GMT"));
    else
        for (unsigned i = 0; i < RECORDS; i++)
            if (sn_matches(w, url, i))
                found[n++] = i;
    qsort(found, n, sizeof found[0], by_time_and_id);
    for (size_t i = 0; i < n && i < PAGE; i++) {
        char id[40], version[24], time[TCN_REPLY_TIME_SIZE];

        sn_id(found[i], id);
        snprintf(version, sizeof version, "v%u", w->version[found[i]]);
        tcn_reply_time_text(w->at_s[found[i]] * 1000, time);
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s}", "sys_id", id, "sys_mod_count",
                                              version, "sys_updated_on", time, "correlation_id",
                                              "tocsin:1"));
    }
    return dumped(json_pack("{s:o}", "result", rows));
}

static void servicenow(void **state)
{
    static const int64_t skews[] = {0, 0, -3 * HOUR_MS, 3 * HOUR_MS};

    (void)state;
    for (uint64_t seed = 1; seed <= STORIES; seed++)
        story("servicenow", "{\"url\": \"https://a.example\", \"user\": \"u\"}", servicenow_answer,
              seed, skews[seed % 4]);
}

/* ---- Jira ---- */

/* From the minute of so many minutes before its now; anything else in the query fails the test. */
static int64_t jira_from_s(const struct world *w, const char *jql)
{
    static const char head[] = "project = \"OPS\" AND labels = \"tocsin\" AND updated >= -";
    static const char tail[] = "m ORDER BY updated DESC, key DESC";
    char *end;
    int64_t minutes;

    assert_int_equal(strncmp(jql, head, strlen(head)), 0);
    minutes = strtoll(jql + strlen(head), &end, 10);
    assert_string_equal(end, tail);
    return (their_now_ms(w) / 60000 - minutes) * 60;
}

static int newest_first(const void *a, const void *b)
{
    return by_time_and_id(b, a);
}

static size_t jira_found(const struct world *w, const char *jql, unsigned ret[RECORDS])
{
    int64_t from_s = jira_from_s(w, jql);
    size_t n = 0;

    for (unsigned i = 0; i < RECORDS; i++)
        if (w->version[i] > 0 && w->at_s[i] >= from_s)
            ret[n++] = i;
    qsort(ret, n, sizeof ret[0], newest_first);
    return n;
}

static json_t *jira_page(const struct world *w, const unsigned *found, size_t from, size_t n)
{
    json_t *issues = json_array();

    for (size_t i = from; i < n && i < from + PAGE; i++) {
        char id[16], version[24];

        snprintf(id, sizeof id, "Q%x", found[i]);
        snprintf(version, sizeof version, "v%u", w->version[found[i]]);
        json_array_append_new(issues, json_pack("{s:s, s:s, s:{s:s}}", "id", id, "key", "OPS-1",
                                                "fields", "updated", version));
    }
    return issues;
}

static const char *asked(const struct world *w, const char *name)
{
    const char *text = json_string_value(json_object_get(w->asked, name));

    return text ? text : "";
}

/* Pages by tokens "PLACE|QUERY": by the row that was last, as the cloud has them, or by a count of rows, the worst there could be. */
static char *jira_by_token(struct world *w, bool is_counted)
{
    const char *jql = asked(w, "jql"), *token = asked(w, "nextPageToken");
    unsigned found[RECORDS], record = 0;
    size_t n = jira_found(w, jql, found), from = 0;
    long long at_s = 0;
    char next[300];

    if (token[0]) {
        assert_string_equal(strchr(token, '|') + 1, jql);
        if (is_counted)
            from = strtoul(token, NULL, 10);
        else
            assert_int_equal(sscanf(token, "%lld.%u", &at_s, &record), 2);
        while (!is_counted && from < n &&
               (w->at_s[found[from]] > at_s ||
                (w->at_s[found[from]] == at_s && found[from] >= record)))
            from++;
    }
    if (n <= from + PAGE)
        return dumped(json_pack("{s:o, s:b}", "issues", jira_page(w, found, from, n), "isLast", 1));
    if (is_counted)
        snprintf(next, sizeof next, "%zu|%s", from + PAGE, jql);
    else
        snprintf(next, sizeof next, "%lld.%u|%s", (long long)w->at_s[found[from + PAGE - 1]],
                 found[from + PAGE - 1], jql);
    return dumped(
        json_pack("{s:o, s:s}", "issues", jira_page(w, found, from, n), "nextPageToken", next));
}

static char *jira_by_row(struct world *w, const char *url)
{
    assert_non_null(strstr(url, "/rest/api/3/search/jql"));
    return jira_by_token(w, false);
}

static char *jira_by_count(struct world *w, const char *url)
{
    (void)url;
    return jira_by_token(w, true);
}

static char *jira_datacenter(struct world *w, const char *url)
{
    size_t from = (size_t)json_integer_value(json_object_get(w->asked, "startAt"));
    unsigned found[RECORDS];
    size_t n = jira_found(w, asked(w, "jql"), found);

    assert_non_null(strstr(url, "/rest/api/2/search"));
    return dumped(json_pack("{s:I, s:I, s:o}", "startAt", (json_int_t)from, "total", (json_int_t)n,
                            "issues", jira_page(w, found, from, n)));
}

static void jira(void **state)
{
    static const int64_t skews[] = {0, 0, -3 * HOUR_MS, 3 * HOUR_MS};
    static const char cloud[] =
        "{\"url\": \"https://a.atlassian.net\", \"user\": \"u\", \"project\": \"OPS\"}";

    (void)state;
    for (uint64_t seed = 1; seed <= STORIES; seed++) {
        story("jira", cloud, jira_by_row, seed, skews[seed % 4]);
        story("jira", cloud, jira_by_count, seed, skews[seed % 4]);
        story("jira", "{\"url\": \"https://a.example\", \"project\": \"OPS\"}", jira_datacenter,
              seed, skews[seed % 4]);
    }
}

/* ---- PagerDuty ---- */

static json_t *pd_entry(const struct world *w, const struct change *c)
{
    char id[16], status[24], time[TCN_REPLY_TIME_SIZE], now[TCN_REPLY_TIME_SIZE];

    snprintf(id, sizeof id, "Q%x", c->record);
    snprintf(status, sizeof status, "v%u", w->version[c->record]);
    tcn_reply_time_text(c->at_s * 1000, time);
    tcn_reply_time_text(w->at_s[c->record] * 1000, now);
    return json_pack("{s:s, s:s, s:{s:s, s:s, s:s}}", "type", "assign_log_entry", "created_at",
                     time, "incident", "id", id, "status", status, "updated_at", now);
}

static char *pagerduty_answer(struct world *w, const char *url)
{
    int64_t since_s = time_after(url, "since="), until_s = time_after(url, "until=");
    size_t offset = strtoul(strstr(url, "&offset=") + 8, NULL, 10), skip = offset, rows = 0;
    json_t *entries = json_array();
    bool more = false;

    assert_true(offset + PAGE <= 10000);
    for (size_t i = w->n; i-- > 0 && !more;) {
        if (w->log[i].at_s < since_s || w->log[i].at_s >= until_s || (skip > 0 && skip--))
            continue;
        more = rows == PAGE;
        if (rows++ < PAGE)
            json_array_append_new(entries, pd_entry(w, &w->log[i]));
    }
    return dumped(json_pack("{s:o, s:b}", "log_entries", entries, "more", more));
}

#define PD_OPTIONS "{\"from\": \"a@b.example\", \"service\": \"PWIXJZS\"}"

static void pagerduty(void **state)
{
    static const int64_t skews[] = {0, 0, -3 * HOUR_MS, 3 * HOUR_MS};

    (void)state;
    for (uint64_t seed = 1; seed <= STORIES; seed++)
        story("pagerduty", PD_OPTIONS, pagerduty_answer, seed, skews[seed % 4]);
}

/* While Tocsin was away more was logged than its offsets reach. */
static void pagerduty_after_a_flood(void **state)
{
    json_t *config = json_loads(PD_OPTIONS, 0, NULL);
    struct world *w = &world;

    (void)state;
    memset(w, 0, sizeof *w);
    w->now_ms = START_MS;
    w->answer = pagerduty_answer;
    assert_int_equal(kit_open(&w->kit, "pagerduty", config, NULL), 0);
    for (unsigned i = 0; i < RECORDS; i++)
        change_one(w, i); /* once, and the first of all */
    for (int i = 0; i < 2500; i++) {
        w->now_ms += 500;
        for (int j = 0; j < 10; j++)
            change_one(w, pick(w, 20));
    }
    w->now_ms += POLL_MS;
    poll(w, 0);
    check_told(w, 0);
    kit_close(&w->kit);
    json_decref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servicenow),
        cmocka_unit_test(jira),
        cmocka_unit_test(pagerduty),
        cmocka_unit_test(pagerduty_after_a_flood),
    };

    tcn_log_set_level(TCN_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
