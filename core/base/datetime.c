/* Calendar arithmetic and the texts of points in time. Leap seconds: 23:59:60 UTC is the second after it. */
#include "base/datetime.h"
#include "base/err.h"

#define DAY_MS INT64_C(86400000)
#define FIRST_MS INT64_C(-62135596800000) /* 0001-01-01T00:00:00.000Z */
#define LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */

int64_t tcn_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Years begin in March here, so that the leap day is the last of its year: month m of such a year starts
 * at day (153 m + 2) / 5, and 400 of them have 146097 days. 719468 days lie between 0000-03-01 and 1970. */
int64_t tcn_days_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t m = month > 2 ? month - 3 : month + 9;
    int64_t era = tcn_floor_div(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * m + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of_days(int64_t days, struct tcn_civil *c)
{
    int64_t since = days + 719468, era = tcn_floor_div(since, 146097), n = since - era * 146097;
    int64_t of_era = (n - n / 1460 + n / 36524 - n / 146096) / 365;
    int64_t of_year = n - (365 * of_era + of_era / 4 - of_era / 100);
    int64_t m = (5 * of_year + 2) / 153;

    c->day = (int)(of_year - (153 * m + 2) / 5 + 1);
    c->month = (int)(m < 10 ? m + 3 : m - 9);
    c->year = (int)(era * 400 + of_era + (c->month <= 2));
}

void tcn_civil_of(int64_t unix_ms, struct tcn_civil *ret_civil)
{
    int64_t days = tcn_floor_div(unix_ms, DAY_MS);
    int ms = (int)(unix_ms - days * DAY_MS);

    date_of_days(days, ret_civil);
    ret_civil->hour = ms / 3600000;
    ret_civil->minute = ms / 60000 % 60;
    ret_civil->second = ms / 1000 % 60;
    ret_civil->ms = ms % 1000;
}

int64_t tcn_civil_to_ms(const struct tcn_civil *c)
{
    return tcn_days_from_civil(c->year, c->month, c->day) * DAY_MS +
           ((c->hour * 60 + c->minute) * INT64_C(60) + c->second) * 1000 + c->ms;
}

static int64_t clamp(int64_t ms)
{
    return ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
}

static char *put_number(char *p, int width, int value)
{
    for (int i = width - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + width;
}

void tcn_time_text(int64_t unix_ms, char ret_text[TCN_TIME_TEXT])
{
    struct tcn_civil c;
    char *p = ret_text;

    tcn_civil_of(clamp(unix_ms), &c);
    p = put_number(p, 4, c.year);
    *p++ = '-';
    p = put_number(p, 2, c.month);
    *p++ = '-';
    p = put_number(p, 2, c.day);
    *p++ = 'T';
    p = put_number(p, 2, c.hour);
    *p++ = ':';
    p = put_number(p, 2, c.minute);
    *p++ = ':';
    p = put_number(p, 2, c.second);
    *p++ = '.';
    p = put_number(p, 3, c.ms);
    *p++ = 'Z';
    *p = '\0';
}

/* What is left to read, and whether something did not fit. */
struct reader {
    struct tcn_str rest;
    bool failed;
};

static char peek(const struct reader *r)
{
    return r->rest.len ? r->rest.ptr[0] : '\0';
}

static bool at_digit(const struct reader *r)
{
    return peek(r) >= '0' && peek(r) <= '9';
}

static void step(struct reader *r)
{
    r->rest = (struct tcn_str){r->rest.ptr + 1, r->rest.len - 1};
}

static bool take(struct reader *r, char c)
{
    if (r->rest.len == 0 || r->rest.ptr[0] != c)
        return false;
    step(r);
    return true;
}

static void need(struct reader *r, char c)
{
    if (!take(r, c))
        r->failed = true;
}

static int take_number(struct reader *r, int min_digits, int max_digits)
{
    int value = 0, n = 0;

    for (; n < max_digits && at_digit(r); n++) {
        value = value * 10 + (peek(r) - '0');
        step(r);
    }
    if (n < min_digits)
        r->failed = true;
    return value;
}

/* One digit or more; what is finer than a millisecond is cut. */
static int take_fraction(struct reader *r)
{
    int ms = 0, weight = 100;

    if (!at_digit(r))
        r->failed = true;
    for (; at_digit(r); weight /= 10) {
        ms += (peek(r) - '0') * weight;
        step(r);
    }
    return ms;
}

enum colon { COLON_NEVER, COLON_ALWAYS, COLON_MAYBE };

/* Z, +hh:mm or +hhmm, in minutes east of UTC. */
static int take_offset(struct reader *r, enum colon colon)
{
    bool west = peek(r) == '-';
    int hours, minutes;

    if (take(r, 'Z') || take(r, 'z'))
        return 0;
    if (!take(r, '-'))
        need(r, '+');
    hours = take_number(r, 2, 2);
    if (colon == COLON_ALWAYS)
        need(r, ':');
    else if (colon == COLON_MAYBE)
        take(r, ':');
    minutes = take_number(r, 2, 2);
    if (hours > 23 || minutes > 59)
        r->failed = true;
    return (west ? -1 : 1) * (hours * 60 + minutes);
}

int tcn_days_of_month(int year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool is_real(const struct tcn_civil *c)
{
    return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= tcn_days_of_month(c->year, c->month) && c->hour <= 23 && c->minute <= 59 &&
           c->second <= 60;
}

static int finish(const struct reader *r, const struct tcn_civil *c, int offset, int64_t *ret_ms)
{
    int64_t ms;

    if (r->failed || r->rest.len || !is_real(c))
        return TCN_ESYNTAX;
    ms = tcn_civil_to_ms(c) - offset * INT64_C(60000);
    if (c->second == 60 && (ms - c->ms) % DAY_MS != 0)
        return TCN_ESYNTAX;
    /* an offset may lead out of the years that can be written */
    if (ms < FIRST_MS || ms > LAST_MS)
        return TCN_ESYNTAX;
    *ret_ms = ms;
    return 0;
}

static int parse_internet(struct tcn_str text, enum colon colon, int64_t *ret_ms)
{
    struct reader r = {text, false};
    struct tcn_civil c = {0};
    int offset;

    c.year = take_number(&r, 4, 4);
    need(&r, '-');
    c.month = take_number(&r, 2, 2);
    need(&r, '-');
    c.day = take_number(&r, 2, 2);
    if (!take(&r, 't'))
        need(&r, 'T');
    c.hour = take_number(&r, 2, 2);
    need(&r, ':');
    c.minute = take_number(&r, 2, 2);
    need(&r, ':');
    c.second = take_number(&r, 2, 2);
    if (take(&r, '.'))
        c.ms = take_fraction(&r);
    offset = take_offset(&r, colon);
    return finish(&r, &c, offset, ret_ms);
}

int tcn_time_rfc3339(struct tcn_str text, int64_t *ret_ms)
{
    return parse_internet(text, COLON_ALWAYS, ret_ms);
}

int tcn_time_iso_basic_offset(struct tcn_str text, int64_t *ret_ms)
{
    return parse_internet(text, COLON_NEVER, ret_ms);
}

static bool directives_are(const char *format, const char *allowed)
{
    for (; *format; format++)
        if (*format == '%' && (*++format == '\0' || !strchr(allowed, *format)))
            return false;
    return true;
}

static void read_directive(struct reader *r, char directive, struct tcn_civil *c, int *offset)
{
    switch (directive) {
    case 'Y':
        c->year = take_number(r, 1, 4);
        break;
    case 'm':
        c->month = take_number(r, 1, 2);
        break;
    case 'd':
        c->day = take_number(r, 1, 2);
        break;
    case 'H':
        c->hour = take_number(r, 1, 2);
        break;
    case 'M':
        c->minute = take_number(r, 1, 2);
        break;
    case 'S':
        c->second = take_number(r, 1, 2);
        break;
    case 'f':
        c->ms = take_fraction(r);
        break;
    case 'z':
        *offset = take_offset(r, COLON_MAYBE);
        break;
    default:
        need(r, '%');
        break;
    }
}

int tcn_time_parse(struct tcn_str text, const char *format, int64_t *ret_ms)
{
    struct reader r = {text, false};
    struct tcn_civil c = {0};
    int offset = 0;

    if (!directives_are(format, "YmdHMSfz%") || !strstr(format, "%Y") || !strstr(format, "%m") ||
        !strstr(format, "%d"))
        return TCN_EINVALID;
    for (; *format && !r.failed; format++) {
        if (*format == '%')
            read_directive(&r, *++format, &c, &offset);
        else
            need(&r, *format);
    }
    return finish(&r, &c, offset, ret_ms);
}

static int field(const struct tcn_civil *c, char directive)
{
    switch (directive) {
    case 'Y':
        return c->year;
    case 'm':
        return c->month;
    case 'd':
        return c->day;
    case 'H':
        return c->hour;
    case 'M':
        return c->minute;
    default:
        return c->second;
    }
}

int tcn_time_format(int64_t unix_ms, const char *format, char *ret_text, size_t size)
{
    struct tcn_civil c;
    size_t len = 0;

    if (!directives_are(format, "YmdHMS%"))
        return TCN_EINVALID;
    tcn_civil_of(clamp(unix_ms), &c);
    for (; *format; format++) {
        bool is_field = format[0] == '%' && format[1] != '%';
        size_t width = !is_field ? 1 : format[1] == 'Y' ? 4 : 2;

        if (size - len <= width)
            return TCN_ELIMIT;
        if (*format == '%')
            format++;
        if (is_field)
            put_number(ret_text + len, (int)width, field(&c, *format));
        else
            ret_text[len] = *format;
        len += width;
    }
    if (len >= size)
        return TCN_ELIMIT;
    ret_text[len] = '\0';
    return 0;
}
