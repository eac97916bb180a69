/* The options of a command, as people type them: "--name VALUE", "--name=VALUE", "--flag", "--help". */
#ifndef TCN_APP_OPTIONS_H
#define TCN_APP_OPTIONS_H

#include "base/zone.h"

#include <stddef.h>

/* What a command takes; the list ends with a NULL name. */
struct tcn_option_name {
    const char *name;  /* "--config" */
    const char *value; /* what stands behind it, "FILE"; NULL for a flag */
};

struct tcn_command_line {
    const char *command; /* "tocsin check" */
    const char *usage;   /* told for --help on standard output; after a mistake on standard error */
    const struct tcn_option_name *names;
    int argc;
    char **argv;
    int next; /* of argv: where the options begin */
};

enum { TCN_OPTIONS_END = -1, TCN_OPTIONS_HELP = -2, TCN_OPTIONS_MISUSE = -3 };

/* The index of the next option in names, and its value ("" for a flag). TCN_OPTIONS_END behind the last one.
 * TCN_OPTIONS_HELP and TCN_OPTIONS_MISUSE have said all there is to say; the command ends with tcn_options_status(). */
int tcn_options_next(struct tcn_command_line *line, const char **ret_value);
/* Says what is wrong with the command line, and how it is used; TCN_OPTIONS_MISUSE. */
int tcn_options_misuse(const struct tcn_command_line *line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A time as people write one: RFC 3339, or 2026-12-24T03:00 by the clocks of the zone. TCN_ESYNTAX. */
int tcn_options_time(const char *text, const struct tcn_zone *z, int64_t *ret_ms);
/* The exit status for HELP (0) and MISUSE (2). */
int tcn_options_status(int told);

#endif
