/* POLL: the issues with our label that changed of late. How far back is told in minutes before now, so that neither the
 * account's time zone nor a difference between the clocks matters. The newest come first: an issue that changes while
 * pages are read moves to where it was read already or will be next time, and pushes none out of sight. */
#include "jira.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE 100
#define MINUTE_MS 60000
#define MINUTES_MAX INT64_C(5256000) /* ten years */
#define TIME_MAX INT64_C(1000000000000000)

/* What op->cursor says: "FROM", or "FROM BEGAN MINUTES TOKEN" while a round of several pages is under way. */
struct round {
    int64_t from_ms;  /* all that changed before it was told, by our clock */
    int64_t began_ms; /* 0: no round is under way */
    int64_t minutes;  /* the same for all pages: a token belongs to its query */
    const char *token;
};

static int64_t member(const struct tocsin_op *op, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(op->payload, key));

    return n < 0 ? 0 : n > TIME_MAX ? TIME_MAX : (int64_t)n;
}

/* A number of the cursor; *ret_rest is what follows it, NULL when there was none. */
static int64_t number(const char *text, const char **ret_rest)
{
    size_t n = text ? strspn(text, "0123456789") : 0;

    if (n == 0 || n > 15) {
        *ret_rest = NULL;
        return 0;
    }
    *ret_rest = text[n] == ' ' ? text + n + 1 : text + n;
    return strtoll(text, NULL, 10);
}

/* Rounded up, and one more: Jira may take the beginning of the minute, the call its time. */
static int64_t minutes_since(const struct tocsin_op *op, int64_t from_ms)
{
    int64_t ms = (op->now_ms > from_ms ? op->now_ms - from_ms : 0) + member(op, "overlap_ms");
    int64_t minutes = (ms + MINUTE_MS - 1) / MINUTE_MS + 1;

    return minutes > MINUTES_MAX ? MINUTES_MAX : minutes;
}

static struct round read_round(const struct tocsin_op *op)
{
    const char *rest = NULL;
    struct round r = {.from_ms = number(op->cursor, &rest), .token = ""};

    if (!rest)
        return (struct round){.from_ms = member(op, "since_ms"), .token = ""};
    r.began_ms = number(rest, &rest);
    r.minutes = number(rest, &rest);
    if (rest)
        r.token = rest;
    else
        r.began_ms = 0;
    return r;
}

int tcn_jira_poll_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    struct round round = read_round(op);
    int64_t minutes = round.began_ms ? round.minutes : minutes_since(op, round.from_ms);
    json_t *fields = json_pack("[s]", "updated");
    char jql[512];
    int r;

    snprintf(jql, sizeof jql,
             "project = \"%s\" AND labels = \"%s\" AND updated >= -%" PRId64
             "m ORDER BY updated DESC, key DESC",
             j->project, j->label, minutes);
    r = tcn_jira_search(in, rq,
                        &(struct tcn_jira_search){
                            .jql = jql, .fields = fields, .most = PAGE, .token = round.token});
    json_decref(fields);
    return r;
}

/* All up to when the round began was told; by its first answer, less the time that one may have taken. */
static void finish(const struct tocsin_instance *in, const struct tocsin_op *op,
                   const struct round *round, struct tocsin_result *out)
{
    const struct tcn_jira *j = in->state;
    int64_t began = round->began_ms ? round->began_ms : op->now_ms - j->timeout;

    snprintf(out->cursor, sizeof out->cursor, "%" PRId64,
             began > round->from_ms ? began : round->from_ms);
}

/* The next poll begins where this one did. */
static void begin_again(const struct round *round, struct tocsin_result *out, const char *why)
{
    tcn_reply_set(out, TOCSIN_OK, "%s: what is left of the pages is asked again next time", why);
    snprintf(out->cursor, sizeof out->cursor, "%" PRId64, round->from_ms);
}

/* The first page of several is asked once more, by the words that the others will have: how many minutes it was asked
 * for is not known any more when its answer is read. */
static void go_on(const struct tocsin_instance *in, const struct tocsin_op *op,
                  const struct round *round, const char *token, struct tocsin_result *out)
{
    const struct tcn_jira *j = in->state;
    int is_first = round->began_ms == 0;
    int64_t began = is_first ? op->now_ms - j->timeout : round->began_ms;
    int64_t minutes = is_first ? minutes_since(op, round->from_ms) : round->minutes;
    int n = snprintf(out->cursor, sizeof out->cursor, "%" PRId64 " %" PRId64 " %" PRId64 " %s",
                     round->from_ms, began > 0 ? began : 1, minutes, is_first ? "" : token);

    if (n < 0 || (size_t)n >= sizeof out->cursor || !tcn_reply_line_ok(token, sizeof out->cursor) ||
        strcmp(token, round->token) == 0)
        begin_again(round, out, "the token of the next page cannot be used");
    else
        out->step = 1;
}

static void read_page(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct round *round, json_t *answer, struct tocsin_result *out,
                      struct tocsin_sink *sink)
{
    json_t *issues = json_object_get(answer, "issues"), *issue;
    char place[TCN_JIRA_PLACE_SIZE];
    const char *token;
    size_t i;

    if (!json_is_array(issues)) {
        tcn_reply_unreadable(op, out, TCN_JIRA);
        return;
    }
    json_array_foreach(issues, i, issue) if (i < TCN_REPLY_ROWS_MAX)(void)
        tcn_jira_report_version(in, sink, issue);
    token = tcn_jira_next_page(in->state, answer, place);
    if (token[0])
        go_on(in, op, round, token, out);
    else
        finish(in, op, round, out);
}

void tcn_jira_poll_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    struct round round = read_round(op);

    if (out->outcome == TOCSIN_OK) {
        read_page(in, op, &round, rs->json, out, sink);
        return;
    }
    tcn_jira_refused(in, op, rs, out, sink);
    if (rs->status == 400 && round.token[0])
        begin_again(&round, out, "the token of the next page is no longer taken");
}
