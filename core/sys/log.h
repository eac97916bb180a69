/* One line a fact, "key=value" fields, on standard error. Values are escaped: nothing from outside can forge a
 * line, end a value, or send controls to the terminal of a reader. A value keeps about 1 KiB, a line 4 KiB; what does
 * not fit is cut with "..." or left out. Library layers do not log; connect, gateway and app do. Thread-safe: no
 * write(2) tears a line. */
#ifndef TCN_SYS_LOG_H
#define TCN_SYS_LOG_H

#include <stdint.h>

enum tcn_log_level { TCN_LOG_DEBUG = 0, TCN_LOG_INFO, TCN_LOG_WARN, TCN_LOG_ERROR };

void tcn_log_set_level(enum tcn_log_level least);
/* -1 when the word is none of debug info warn error. */
int tcn_log_level_parse(const char *word, enum tcn_log_level *ret);

/* tcn_log(TCN_LOG_INFO, "gateway", "listening", "addr", "127.0.0.1:8080", NULL): name and value pairs of text, ended
 * by NULL; a NULL value is written as -, the text "-" in quotes. part and names are ours and written as they are.
 * Never give it a secret. */
void tcn_log(enum tcn_log_level level, const char *part, const char *event, ...)
    __attribute__((sentinel));

/* Until the release, lines below a warning are gathered and written a few at once: for a thread that is about to tell many.
 * Lines of a thread stay in their order, and none is held when a warning or an error is written. Calls do not nest. */
void tcn_log_hold(void);
void tcn_log_release(void);

/* A number as text for tcn_log; the buffer is the caller's. */
#define TCN_LOG_NUM 24
const char *tcn_log_num(int64_t value, char buf[TCN_LOG_NUM]);

#endif
