#include "sys/log.h"
#include "base/buf.h"
#include "base/datetime.h"
#include "sys/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_CAP 4096
#define VALUE_CAP 1024

static _Atomic int least_level = TCN_LOG_INFO;

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

static bool is_plain(const char *value)
{
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == '"' || *p == '=' || *p == '\\')
            return false;
    return *value != 0;
}

static void add_value(struct tcn_buf *line, const char *value)
{
    struct tcn_str v = tcn_str(value ? value : "-");

    if (v.len > VALUE_CAP)
        v = tcn_utf8_cut(v, VALUE_CAP / 4);
    if (value && v.len == strlen(v.ptr) && is_plain(v.ptr))
        tcn_buf_str(line, v);
    else
        tcn_buf_json(line, v);
}

static void add_field(struct tcn_buf *line, const char *name, const char *value)
{
    tcn_buf_char(line, ' ');
    tcn_buf_z(line, name);
    tcn_buf_char(line, '=');
    add_value(line, value);
}

void tcn_log(enum tcn_log_level level, const char *part, const char *event, ...)
{
    struct tcn_buf line;
    char when[TCN_TIME_TEXT];
    const char *name;
    va_list fields;
    ssize_t written;

    if ((int)level < least_level)
        return;
    tcn_buf_init(&line, LINE_CAP);
    tcn_time_text(tcn_clock_now_ms(), when);
    tcn_buf_fmt(&line, "time=%s level=%s part=%s msg=", when, level_names[level], part);
    add_value(&line, event);
    va_start(fields, event);
    while ((name = va_arg(fields, const char *)) != NULL)
        add_field(&line, name, va_arg(fields, const char *));
    va_end(fields);
    if (tcn_buf_ok(&line))
        tcn_buf_char(&line, '\n');
    else
        line.ptr[line.len - 1] = '\n';
    /* There is nobody to tell when standard error itself fails. */
    written = write(STDERR_FILENO, line.ptr, line.len);
    (void)written;
    tcn_buf_done(&line);
}

const char *tcn_log_num(int64_t value, char buf[TCN_LOG_NUM])
{
    snprintf(buf, TCN_LOG_NUM, "%" PRId64, value);
    return buf;
}
