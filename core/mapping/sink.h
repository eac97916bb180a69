/* Values into the typed members of an alarm. A value that does not fit is left out and told. */
#ifndef TCN_MAPPING_SINK_H
#define TCN_MAPPING_SINK_H

#include "mapping/program.h"

struct tcn_sink {
    struct tcn_eval *ev;
    struct tcn_arena *arena;
    struct tcn_alarm *alarm;
    size_t n_errors; /* told so far */
};

/* Evaluates each expression of the rule into the alarm. */
void tcn_sink_rule(struct tcn_sink *s, const struct tcn_rule *rule);
/* Makes an alarm of what could not be read, so that somebody sees it. number tells alarms of one body apart. */
void tcn_sink_unreadable(struct tcn_sink *s, const struct tcn_mapping_input *in, size_t number);

/* The parts of tcn_sink_rule that lists take. */
void tcn_sink_items(struct tcn_sink *s, const struct tcn_expr *x);
void tcn_sink_related(struct tcn_sink *s, const struct tcn_expr *x);
/* Adds to what is told of this alarm; value is what was read, TCN_ABSENT when there is none to show. The same is told
 * once, and a few suffice. */
void tcn_sink_error(struct tcn_sink *s, const char *where, const char *what,
                    struct tcn_value value);
/* Evaluates, and tells what could not be read on the way. */
struct tcn_value tcn_sink_eval(struct tcn_sink *s, const struct tcn_expr *x);
/* NUL-terminated in the arena, cut to max code points; NULL when absent or empty. */
const char *tcn_sink_text(struct tcn_sink *s, const struct tcn_value *v, size_t max_points);
/* 0 when absent; a text must be RFC 3339. */
int64_t tcn_sink_time(struct tcn_sink *s, const char *where, const struct tcn_value *v);
void tcn_sink_add_related(struct tcn_sink *s, const char *kind, const char *title,
                          const char *value);

#endif
