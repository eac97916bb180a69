/* See reply.h. Nothing here knows a vendor. */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_S 86400
#define LAST_MS INT64_C(253402300799000) /* 9999-12-31T23:59:59Z */
#define BLANK " \t\r\n"
#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

const char *tcn_reply_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

int tcn_reply_id_ok(const char *id)
{
    size_t n = strspn(id, ALNUM "_-");

    return n > 0 && n <= 64 && id[n] == 0;
}

int tcn_reply_line_ok(const char *text, size_t max)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return 0;
    return n > 0 && n <= max;
}

int tcn_reply_url_ok(const char *url)
{
    size_t n = strlen(url);

    return (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0) && n >= 10 &&
           tcn_reply_line_ok(url, 500) && strcspn(url, " \"'<>\\`") == n;
}

/* The length of the UTF-8 sequence at p (RFC 3629 section 4), 0 when there is none. */
static size_t sequence(const unsigned char *p)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 4;

    if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

/* Copies what fits: whole code points, control characters and those in also as blanks, other bytes as '?'. */
static void copy_clean(char *dst, size_t size, const char *text, const char *also)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t used = 0;

    while (*p) {
        size_t n = sequence(p), step = n ? n : 1;

        if (used + step >= size)
            break;
        if (n > 1)
            memcpy(dst + used, p, n);
        else
            dst[used] = n == 0 ? '?' : *p < 0x20 || *p == 0x7f || strchr(also, *p) ? ' ' : (char)*p;
        used += step;
        p += step;
    }
    dst[used] = 0;
}

size_t tcn_reply_points(const char *text, size_t max)
{
    size_t points = 0, n = 0;

    for (; text[n]; n++)
        if (((unsigned char)text[n] & 0xc0) != 0x80 && ++points > max)
            break;
    return n;
}

void tcn_reply_plain(char *dst, size_t size, const char *text)
{
    copy_clean(dst, size, text, "\"\\");
}

void tcn_reply_set(struct tocsin_result *out, enum tocsin_outcome outcome, const char *fmt, ...)
{
    char line[1024];
    va_list args;

    va_start(args, fmt);
    if (vsnprintf(line, sizeof line, fmt, args) < 0)
        line[0] = 0;
    va_end(args);
    out->outcome = outcome;
    copy_clean(out->reason, sizeof out->reason, line, "");
}

void tcn_reply_unreadable(const struct tocsin_op *op, struct tocsin_result *out, const char *who)
{
    int makes = op->verb == TOCSIN_CREATE || op->verb == TOCSIN_NOTE || op->verb == TOCSIN_SEND;

    tcn_reply_set(out, makes ? TOCSIN_UNKNOWN : TOCSIN_RETRY,
                  "%s answered with something that is not its API: a login page, a proxy or an "
                  "instance that sleeps",
                  who);
}

/* Digits only, at most 12 of them. */
static int64_t digits(const char *text)
{
    size_t n = text ? strspn(text, "0123456789") : 0;
    int64_t value = 0;

    if (n == 0 || n > 12 || text[n] != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

static uint32_t wait_s(int64_t seconds)
{
    if (seconds <= 0)
        return 0;
    return seconds > DAY_S ? DAY_S : (uint32_t)seconds;
}

uint32_t tcn_reply_after_seconds(const char *text)
{
    return wait_s(digits(text));
}

uint32_t tcn_reply_after_unix(const char *text, int64_t now_ms)
{
    int64_t at = digits(text);

    return at < 0 ? 0 : wait_s(at - now_ms / 1000);
}

/* Days since 1970-01-01 of a Gregorian date; years are counted from March so that leap days come last. */
static int64_t days(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

uint32_t tcn_reply_after_rfc3339(const char *text, int64_t now_ms)
{
    int y, mo, d, h, mi, s = 0, used = 0;
    int64_t at;

    if (!text || strlen(text) > 40 ||
        sscanf(text, "%4d-%2d-%2dT%2d:%2d%n", &y, &mo, &d, &h, &mi, &used) < 5 || used != 16)
        return 0;
    if (text[used] == ':' && sscanf(text + used, ":%2d", &s) < 1)
        return 0;
    if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || mi < 0 || s < 0 ||
        text[strlen(text) - 1] != 'Z')
        return 0;
    at = ((days(y, mo, d) * 24 + h) * 60 + mi) * 60 + s;
    return wait_s(at - now_ms / 1000);
}

/* Minutes east of UTC; -1 when it is no zone. No zone is UTC. */
static int zone_minutes(const char *zone, int *ret)
{
    int h = 0, m = 0, used = 0;

    *ret = 0;
    if (zone[0] == 0 || strcmp(zone, "Z") == 0)
        return 0;
    if ((zone[0] != '+' && zone[0] != '-') || sscanf(zone + 1, "%2d%n", &h, &used) < 1 || used != 2)
        return -1;
    zone += zone[3] == ':' ? 4 : 3;
    if (strlen(zone) != 2 || strspn(zone, "0123456789") != 2 || sscanf(zone, "%2d", &m) < 1)
        return -1;
    *ret = h * 60 + m;
    return 0;
}

int64_t tcn_reply_time_ms(const char *text)
{
    int y, mo, d, h, mi, s, used = 0, east, points, ms = 0;
    char sep;

    if (!text || strlen(text) > 40 ||
        sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &y, &mo, &d, &sep, &h, &mi, &s, &used) < 7 ||
        used != 19 || (sep != 'T' && sep != ' ') || y < 1970 || mo < 1 || mo > 12 || d < 1 ||
        d > 31 || h < 0 || mi < 0 || s < 0)
        return 0;
    text += used;
    if (*text == '.') {
        points = (int)strspn(text + 1, "0123456789");
        if (points == 0 || sscanf(text, ".%3d", &ms) < 1)
            return 0;
        for (int i = points; i < 3; i++)
            ms *= 10;
        text += 1 + points;
    }
    if (zone_minutes(text, &east) < 0)
        return 0;
    if (*text == '-')
        east = -east;
    return (((days(y, mo, d) * 24 + h) * 60 + mi - east) * 60 + s) * 1000 + ms;
}

static int month_of(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++)
        if (strncmp(names + (size_t)i * 3, name, 3) == 0)
            return i + 1;
    return 0;
}

int64_t tcn_reply_date_ms(const char *text)
{
    char month[4];
    int d, y, h, mi, s, used = 0, m;

    if (!text || sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &d, month, &y,
                        &h, &mi, &s, &used) < 6)
        return 0;
    m = strlen(month) == 3 ? month_of(month) : 0;
    if (used != 29 || text[used] != 0 || m == 0 || y < 1970 || d < 1 || d > 31 || h < 0 || mi < 0 ||
        s < 0)
        return 0;
    return (((days(y, m, d) * 24 + h) * 60 + mi) * 60 + s) * 1000;
}

int64_t tcn_reply_now_ms(const struct tocsin_instance *in, const struct tocsin_op *op,
                         const struct tocsin_response *rs)
{
    int64_t date_ms = tcn_reply_date_ms(in->host->header(rs->msg, "Date"));

    return date_ms > 0 ? date_ms : op->now_ms;
}

/* The date of a day, by the same counting: "Low-Level Date Algorithms" of Howard Hinnant, days_from_civil() and back. */
static void date_of(int64_t day, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = day + 719468, era = z / 146097, of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100),
            month = (5 * of_year + 2) / 153;

    *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year + era * 400 + (*ret_month <= 2));
}

void tcn_reply_time_text(int64_t ms, char ret[TCN_REPLY_TIME_SIZE])
{
    int64_t s = ms < 0 ? 0 : ms > LAST_MS ? LAST_MS / 1000 : ms / 1000;
    unsigned of_day = (unsigned)(s % DAY_S);
    int y, m, d;

    date_of(s / DAY_S, &y, &m, &d);
    snprintf(ret, TCN_REPLY_TIME_SIZE, "%04u-%02u-%02u %02u:%02u:%02u", (unsigned)y % 10000,
             (unsigned)m % 100, (unsigned)d % 100, of_day / 3600 % 24, of_day / 60 % 60,
             of_day % 60);
}

/* The first characters of an event id are the time of its incident, which all its events share. */
#define SHARED_LEN 13

static int tells_apart(const char *part, size_t len, const char *event_id)
{
    char word[64];
    const char *at;

    if (len < 4 || len >= sizeof word)
        return 0;
    memcpy(word, part, len);
    word[len] = 0;
    at = strstr(event_id, word);
    return at && ((size_t)(at - event_id) + len > SHARED_LEN || len == strlen(event_id));
}

#define HEAD "[tocsin "
#define HEAD_LEN (sizeof HEAD - 1)

/* Linear in text whatever it holds: the end of a footer is looked for nearby only. */
static int has_footer(const char *text, const char *event_id)
{
    for (const char *at = text; (at = strstr(at, HEAD)) != NULL;) {
        const char *end;

        at += HEAD_LEN;
        end = memchr(at, ']', strnlen(at, 64));
        if (end && tells_apart(at, (size_t)(end - at), event_id))
            return 1;
    }
    return 0;
}

/* text without CR and without blanks at its end; NULL without memory. Yours to free(). */
static char *unified(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    size_t n = 0;

    for (; copy && *text; text++)
        if (*text != '\r')
            copy[n++] = *text;
    while (copy && n > 0 && strchr(" \t\n", copy[n - 1]))
        n--;
    if (copy)
        copy[n] = 0;
    return copy;
}

static int holds(const char *entry, const char *text)
{
    char *in = unified(entry), *what = unified(text);
    int found = in && what && what[0] && strstr(in, what);

    free(what);
    free(in);
    return found;
}

int tcn_reply_is_note(const json_t *payload, const char *entry)
{
    const char *text = tcn_reply_text(payload, "text");
    const char *event_id = tcn_reply_text(payload, "event_id");

    if (has_footer(entry, event_id))
        return 1;
    return !has_footer(text, event_id) && holds(entry, text);
}

/* The footer at text, which ends before *ret_end; 0 when there is none. */
static int footer_at(const char *text, char ret[TCN_REPLY_MARK_SIZE], const char **ret_end)
{
    size_t n;

    if (strncmp(text, HEAD, HEAD_LEN) != 0)
        return 0;
    text += HEAD_LEN;
    n = strspn(text, ALNUM "-");
    if (n < 4 || n >= TCN_REPLY_MARK_SIZE || text[n] != ']')
        return 0;
    memcpy(ret, text, n);
    ret[n] = 0;
    *ret_end = text + n + 1;
    return 1;
}

void tcn_reply_mark(const char *text, char ret[TCN_REPLY_MARK_SIZE])
{
    const char *last = NULL, *end;

    ret[0] = 0;
    text += strspn(text, BLANK);
    for (const char *at = text; (at = strstr(at, HEAD)) != NULL; at += HEAD_LEN)
        last = at;
    if (!last || (footer_at(last, ret, &end) && end[strspn(end, BLANK)] == 0))
        return;
    ret[0] = 0;
    (void)footer_at(text, ret, &end);
}
