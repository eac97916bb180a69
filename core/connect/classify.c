/* F8's table of errors as code; what is done about an outcome is decided in ensure.c and gate.c. */
#include "connect/classify.h"
#include "base/str.h"
#include "connect/message.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

static const char *const verb_names[] = {"?",      "check",  "find",      "get",  "create",
                                         "write",  "note",   "note_find", "poll", "send",
                                         "survey", "listen", "probe"};
_Static_assert(sizeof verb_names / sizeof verb_names[0] == TOCSIN_PROBE + 1, "a verb has no name");
static const char *const outcome_names[] = {"?",    "ok",   "retry",    "rejected", "unknown",
                                            "auth", "gone", "conflict", "more"};

const char *tcn_verb_name(uint32_t verb)
{
    return verb_names[verb < sizeof verb_names / sizeof verb_names[0] ? verb : 0];
}

const char *tcn_outcome_name(uint32_t outcome)
{
    return outcome_names[outcome < sizeof outcome_names / sizeof outcome_names[0] ? outcome : 0];
}

bool tcn_verb_leaves_trace(uint32_t verb)
{
    return verb == TOCSIN_CREATE || verb == TOCSIN_NOTE || verb == TOCSIN_SEND;
}

static void set(struct tocsin_result *r, enum tocsin_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void set(struct tocsin_result *r, enum tocsin_outcome outcome, const char *fmt, ...)
{
    va_list args;

    r->outcome = outcome;
    va_start(args, fmt);
    vsnprintf(r->reason, sizeof r->reason, fmt, args);
    va_end(args);
}

/* It may have happened: only verbs that leave a trace must care. */
static enum tocsin_outcome lost(const struct tocsin_op *op)
{
    return tcn_verb_leaves_trace(op->verb) ? TOCSIN_UNKNOWN : TOCSIN_RETRY;
}

static uint32_t retry_after(const struct tcn_message *m, int64_t now_ms)
{
    const char *text = tcn_message_header(m, "Retry-After");
    uint64_t seconds;
    int64_t date_s;
    int r;

    if (!text)
        return 0;
    r = tcn_str_u64(tcn_str(text), UINT32_MAX, &seconds);
    if (r < 0) {
        date_s = (int64_t)curl_getdate(text, NULL);
        if (date_s < 0 || date_s * 1000 <= now_ms)
            return 0;
        seconds = (uint64_t)((date_s * 1000 - now_ms + 999) / 1000);
    }
    return seconds > TCN_RETRY_AFTER_MAX_S ? TCN_RETRY_AFTER_MAX_S : (uint32_t)seconds;
}

static void classify_net(const struct tocsin_op *op, const struct tocsin_response *rs,
                         const struct tcn_message *m, struct tocsin_result *r)
{
    const char *why = m && m->transport[0] ? m->transport : "no answer";

    if (rs->net == TOCSIN_NET_NOT_SENT)
        set(r, TOCSIN_RETRY, "not sent: %s", why);
    else
        set(r, lost(op), "sent, but the answer was lost: %s", why);
}

static void classify_mail(const struct tocsin_op *op, int status, struct tocsin_result *r)
{
    if (status >= 200 && status < 300)
        set(r, TOCSIN_OK, "the mail server answered %d", status);
    else if (status >= 400 && status < 500)
        set(r, TOCSIN_RETRY, "the mail server answered %d", status);
    else if (status == 530 || status == 534 || status == 535 || status == 538)
        set(r, TOCSIN_AUTH, "the mail server answered %d: check user and password", status);
    else if (status >= 500)
        set(r, TOCSIN_REJECTED, "the mail server answered %d", status);
    else
        set(r, lost(op), "the mail server answered %d", status);
}

static bool is_html(const struct tocsin_response *rs, const struct tcn_message *m)
{
    const char *type = tcn_message_header(m, "Content-Type");
    size_t i = 0;

    if (rs->json || rs->body_len == 0)
        return false;
    if (type && strncasecmp(type, "text/html", 9) == 0)
        return true;
    while (i < rs->body_len && strchr(" \t\r\n", rs->body[i]))
        i++;
    return i < rs->body_len && rs->body[i] == '<';
}

static bool names_record(const struct tocsin_op *op)
{
    return op->remote_id && op->remote_id[0] && op->verb != TOCSIN_SEND &&
           op->verb != TOCSIN_CREATE;
}

static void classify_4xx(const struct tocsin_op *op, int status, struct tocsin_result *r)
{
    bool is_check = op->verb == TOCSIN_CHECK;

    if (status == 401 || (status == 403 && is_check))
        set(r, TOCSIN_AUTH, "the remote answered %d: check the credentials", status);
    else if ((status == 404 || status == 410) && names_record(op))
        set(r, TOCSIN_GONE, "the remote answered %d", status);
    else if (status == 409)
        set(r, TOCSIN_CONFLICT, "the remote answered 409");
    else if (status == 429)
        set(r, TOCSIN_RETRY, "the remote answered 429: too many calls");
    else if (status == 408 || status == 425)
        set(r, lost(op), "the remote answered %d", status);
    else
        set(r, TOCSIN_REJECTED, "the remote answered %d", status);
}

static void classify_http(const struct tocsin_op *op, const struct tocsin_response *rs,
                          const struct tcn_message *m, struct tocsin_result *r)
{
    int status = rs->status;

    if (status >= 200 && status < 300 && is_html(rs, m))
        set(r, lost(op), "the remote answered %d with a web page instead of data", status);
    else if (status >= 200 && status < 300)
        set(r, TOCSIN_OK, "the remote answered %d", status);
    else if (status >= 300 && status < 400)
        set(r, TOCSIN_RETRY, "the remote answered %d: redirects are not followed, check the URL",
            status);
    else if (status >= 400 && status < 500)
        classify_4xx(op, status, r);
    else if (status == 503 && r->retry_after_s > 0)
        set(r, TOCSIN_RETRY, "the remote answered 503: come again in %u s", r->retry_after_s);
    else
        set(r, lost(op), "the remote answered %d", status);
}

void tcn_classify(const struct tocsin_op *op, const struct tocsin_response *response,
                  struct tocsin_result *result)
{
    const struct tcn_message *m = response->msg;

    result->retry_after_s = 0;
    if (response->net != TOCSIN_NET_OK) {
        classify_net(op, response, m, result);
        return;
    }
    if (m && m->is_mail) {
        classify_mail(op, response->status, result);
        return;
    }
    result->retry_after_s = retry_after(m, op->now_ms);
    classify_http(op, response, m, result);
    if (result->outcome == TOCSIN_OK)
        result->retry_after_s = 0;
}
