/* The head of a response: status line, framing, security headers, then what the handler adds. */
#include "gateway/reply.h"

#include "base/datetime.h"
#include "gateway/http1_internal.h"

#include <assert.h>
#include <stdio.h>

/* API answers are data: nothing in them may load, run or be framed. */
#define API_CSP "default-src 'none'; frame-ancestors 'none'"

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *tcn_reply_phrase(int status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Status";
}

bool tcn_reply_is_bodyless(int status)
{
    return status == 204 || status == 304;
}

static bool is_token(const char *z)
{
    if (!*z)
        return false;
    for (; *z; z++)
        if (!tcn_http1_is((unsigned char)*z, TCN_HTTP1_TOKEN))
            return false;
    return true;
}

static bool is_value(const char *z)
{
    for (; *z; z++)
        if (!tcn_http1_is((unsigned char)*z, TCN_HTTP1_VALUE))
            return false;
    return true;
}

static void add_header(struct tcn_buf *out, const char *name, const char *value)
{
    if (!is_token(name) || !is_value(value))
        return;
    tcn_buf_z(out, name);
    tcn_buf_z(out, ": ");
    tcn_buf_z(out, value);
    tcn_buf_z(out, "\r\n");
}

/* snprintf is slow enough to be seen in the cost of a request. */
static void add_number(struct tcn_buf *out, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    tcn_buf_add(out, digits + at, sizeof digits - at);
}

static void add_status(struct tcn_buf *out, int status)
{
    tcn_buf_str(out, TCN_STR("HTTP/1.1 "));
    add_number(out, (uint64_t)status);
    tcn_buf_char(out, ' ');
    tcn_buf_z(out, tcn_reply_phrase(status));
    tcn_buf_str(out, TCN_STR("\r\n"));
}

static void add_framing(struct tcn_buf *out, const struct tcn_reply *reply,
                        const struct tcn_reply_frame *frame)
{
    if (!tcn_reply_is_bodyless(reply->status)) {
        tcn_buf_str(out, TCN_STR("Content-Length: "));
        add_number(out, reply->body.len);
        tcn_buf_str(out, TCN_STR("\r\n"));
        add_header(out, "Content-Type",
                   reply->content_type ? reply->content_type : "application/json");
    }
    if (!frame->keeps_alive)
        tcn_buf_str(out, TCN_STR("Connection: close\r\n"));
    else if (frame->is_old)
        tcn_buf_str(out, TCN_STR("Connection: keep-alive\r\n"));
}

static void add_policy(struct tcn_buf *out, const struct tcn_reply *reply)
{
    add_header(out, "Cache-Control", reply->cache_control ? reply->cache_control : "no-store");
    add_header(out, "Content-Security-Policy", reply->csp ? reply->csp : API_CSP);
    tcn_buf_str(out,
                TCN_STR("X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"));
}

void tcn_reply_head(const struct tcn_reply *reply, const struct tcn_reply_frame *frame,
                    struct tcn_buf *out)
{
    assert(reply->status >= 200 && reply->status <= 599);
    add_status(out, reply->status);
    add_framing(out, reply, frame);
    add_policy(out, reply);
    if (frame->date.len) {
        tcn_buf_str(out, TCN_STR("Date: "));
        tcn_buf_str(out, frame->date);
        tcn_buf_str(out, TCN_STR("\r\n"));
    }
    if (reply->retry_after_s) {
        tcn_buf_str(out, TCN_STR("Retry-After: "));
        add_number(out, reply->retry_after_s);
        tcn_buf_str(out, TCN_STR("\r\n"));
    }
    for (size_t i = 0; i < reply->n_headers; i++)
        add_header(out, reply->headers[i].name, reply->headers[i].value);
    tcn_buf_str(out, TCN_STR("\r\n"));
}

void tcn_reply_date(int64_t unix_ms, char ret_text[TCN_REPLY_DATE])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tcn_civil c;
    int64_t day, month;

    tcn_civil_of(unix_ms, &c);
    day = (tcn_days_from_civil(c.year, c.month, c.day) % 7 + 7) % 7;
    month = c.month - 1;
    (void)snprintf(ret_text, TCN_REPLY_DATE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
                   days + 3 * day, (unsigned)c.day % 100, months + 3 * month,
                   (unsigned)c.year % 10000, (unsigned)c.hour % 100, (unsigned)c.minute % 100,
                   (unsigned)c.second % 100);
}
