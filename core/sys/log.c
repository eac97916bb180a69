/* A line is built whole, and written at once or with others that are whole. What comes from outside is quoted so that
 * it can neither end a line or a value, nor steer or disguise itself on a terminal. */
#include "sys/log.h"
#include "base/buf.h"
#include "base/datetime.h"
#include "sys/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_CAP PIPE_BUF /* line end included: up to here a write(2) to a pipe is not torn */
#define VALUE_CAP 1024    /* escapes included */

static _Atomic int least_level = TCN_LOG_INFO;

static _Thread_local struct {
    bool is_holding;
    size_t len;
    char bytes[LINE_CAP];
} held;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void tcn_log_set_level(enum tcn_log_level least)
{
    least_level = (int)least;
}

int tcn_log_level_parse(const char *word, enum tcn_log_level *ret)
{
    for (int i = TCN_LOG_DEBUG; i <= TCN_LOG_ERROR; i++) {
        if (strcmp(word, level_names[i]) == 0) {
            *ret = (enum tcn_log_level)i;
            return 0;
        }
    }
    return -1;
}

static bool is_plain(struct tcn_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];

        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return false;
    }
    /* "-" alone stands for a value that is not there. */
    return value.len > 0 && value.len <= VALUE_CAP && !tcn_str_eq(value, TCN_STR("-"));
}

/* Length of the code point that s begins with, 0 when it is no UTF-8. */
static size_t point_len(struct tcn_str s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    return n <= s.len && tcn_utf8_ok((struct tcn_str){s.ptr, n}) ? n : 0;
}

static unsigned point_of(const char *p, size_t n)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned point = (unsigned char)p[0] & first_bits[n];

    for (size_t i = 1; i < n; i++)
        point = point << 6 | ((unsigned char)p[i] & 0x3f);
    return point;
}

/* C0 and C1 controls, line and paragraph separators, and what changes the direction of text. */
static bool is_hostile(unsigned point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c ||
           (point >= 0x200e && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069);
}

/* Appends the first code point of s, as a JSON string would hold it; returns what is left. */
static struct tcn_str add_point(struct tcn_buf *line, struct tcn_str s)
{
    size_t n = point_len(s);
    unsigned point = n ? point_of(s.ptr, n) : 0xfffd;

    if (point == '"' || point == '\\')
        tcn_buf_fmt(line, "\\%c", (char)point);
    else if (point == '\n')
        tcn_buf_z(line, "\\n");
    else if (n == 0 || is_hostile(point))
        tcn_buf_fmt(line, "\\u%04x", point);
    else
        tcn_buf_add(line, s.ptr, n);
    n += n == 0;
    return (struct tcn_str){s.ptr + n, s.len - n};
}

static void add_quoted(struct tcn_buf *line, struct tcn_str value)
{
    size_t start = line->len;

    tcn_buf_char(line, '"');
    while (value.len > 0 && tcn_buf_ok(line) && line->len - start < VALUE_CAP)
        value = add_point(line, value);
    tcn_buf_z(line, value.len > 0 ? "...\"" : "\"");
}

static void add_value(struct tcn_buf *line, const char *value)
{
    if (!value)
        tcn_buf_char(line, '-');
    else if (is_plain(tcn_str(value)))
        tcn_buf_z(line, value);
    else
        add_quoted(line, tcn_str(value));
}

/* Whole or not at all: a line that is full loses its last fields, never a part of one. */
static void add_field(struct tcn_buf *line, const char *name, const char *value)
{
    size_t before = line->len;

    tcn_buf_char(line, ' ');
    tcn_buf_z(line, name);
    tcn_buf_char(line, '=');
    add_value(line, value);
    if (!tcn_buf_ok(line))
        line->len = before;
}

/* There is nobody to tell when standard error itself fails. */
static void write_all(const char *bytes, size_t len)
{
    ssize_t n;

    do
        n = write(STDERR_FILENO, bytes, len);
    while (n < 0 && errno == EINTR);
}

static void write_held(void)
{
    if (held.len > 0)
        write_all(held.bytes, held.len);
    held.len = 0;
}

static void write_line(enum tcn_log_level level, const struct tcn_buf *line)
{
    if (!held.is_holding || level >= TCN_LOG_WARN || line->len > sizeof held.bytes - held.len)
        write_held();
    if (!held.is_holding || level >= TCN_LOG_WARN) {
        write_all(line->ptr, line->len);
        return;
    }
    memcpy(held.bytes + held.len, line->ptr, line->len);
    held.len += line->len;
}

void tcn_log_hold(void)
{
    held.is_holding = true;
}

void tcn_log_release(void)
{
    held.is_holding = false;
    write_held();
}

void tcn_log(enum tcn_log_level level, const char *part, const char *event, ...)
{
    struct tcn_buf line;
    char when[TCN_TIME_TEXT];
    const char *name;
    va_list fields;

    if ((int)level < least_level)
        return;
    tcn_buf_init(&line, LINE_CAP - 1);
    tcn_time_text(tcn_clock_now_ms(), when);
    tcn_buf_fmt(&line, "time=%s level=%s part=%s", when, level_names[level], part);
    add_field(&line, "msg", event);
    va_start(fields, event);
    while ((name = va_arg(fields, const char *)) != NULL)
        add_field(&line, name, va_arg(fields, const char *));
    va_end(fields);
    /* The byte of the NUL that every buffer ends with; the cap leaves it free. */
    line.ptr[line.len++] = '\n';
    write_line(level, &line);
    tcn_buf_done(&line);
}

const char *tcn_log_num(int64_t value, char buf[TCN_LOG_NUM])
{
    snprintf(buf, TCN_LOG_NUM, "%" PRId64, value);
    return buf;
}
