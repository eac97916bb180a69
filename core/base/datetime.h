/* Dates and times as text and Unix milliseconds UTC; the proleptic Gregorian calendar. Pure: no zone database. */
#ifndef TCN_BASE_DATETIME_H
#define TCN_BASE_DATETIME_H

#include "base/str.h"

#define TCN_TIME_TEXT 25 /* 2026-08-02T17:04:40.989Z and NUL */

struct tcn_civil {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second, ms;
};

int64_t tcn_days_from_civil(int year, int month, int day); /* days since 1970-01-01 */
int tcn_days_of_month(int year, int month);
/* The quotient rounded down, so that days, weeks and months before 1970 are counted as those after it; b > 0. */
int64_t tcn_floor_div(int64_t a, int64_t b);
void tcn_civil_of(int64_t unix_ms, struct tcn_civil *ret_civil);
int64_t tcn_civil_to_ms(const struct tcn_civil *c);
/* RFC 3339 with milliseconds and Z; what lies outside the years 0001-9999 is written as their first or last ms. */
void tcn_time_text(int64_t unix_ms, char ret_text[TCN_TIME_TEXT]);
/* RFC 3339: fraction of any length (cut to ms), Z or +hh:mm; year 0001-9999, also in UTC. The leap second
 * 23:59:60 UTC is the second after it. TCN_ESYNTAX. */
int tcn_time_rfc3339(struct tcn_str text, int64_t *ret_ms);
/* The same with an offset without colon, as CloudWatch writes it: 2026-08-02T17:04:40.989+0000. */
int tcn_time_iso_basic_offset(struct tcn_str text, int64_t *ret_ms);
/* strptime's %Y %m %d %H %M %S %f (fraction) %z %% and literal text; without %z the time is UTC.
 * %z takes Z, +hh:mm and +hhmm; numbers may lack leading zeros. TCN_EINVALID for another directive or a format
 * without %Y, %m or %d, whatever the text; TCN_ESYNTAX. */
int tcn_time_parse(struct tcn_str text, const char *format, int64_t *ret_ms);
/* strftime's %Y %m %d %H %M %S and %% in UTC. TCN_EINVALID for another directive, TCN_ELIMIT when it does not fit
 * (ret_text is then unfinished); years as in tcn_time_text. */
int tcn_time_format(int64_t unix_ms, const char *format, char *ret_text, size_t size);

#endif
