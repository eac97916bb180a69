#include "app/options.h"
#include "base/datetime.h"
#include "base/nearest.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 16, NAME_MAX_LEN = 64 };

int tcn_options_status(int told)
{
    return told == TCN_OPTIONS_HELP ? 0 : 2;
}

int tcn_options_misuse(const struct tcn_command_line *line, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", line->command);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\n\n%s", line->usage);
    return TCN_OPTIONS_MISUSE;
}

static int unknown(const struct tcn_command_line *line, const char *word, size_t len)
{
    const char *names[NAMES_MAX + 2] = {NULL}, *near;
    char option[NAME_MAX_LEN + 1];
    size_t n = 0;

    snprintf(option, sizeof option, "%.*s", (int)len, word);
    while (n < NAMES_MAX && line->names[n].name) {
        names[n] = line->names[n].name;
        n++;
    }
    names[n] = "--help";
    near = tcn_nearest(option, names);
    return tcn_options_misuse(line, "there is no option \"%s\"%s%s%s", option,
                              near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int take_value(struct tcn_command_line *line, const struct tcn_option_name *o,
                      const char *equals, const char **ret_value)
{
    *ret_value = equals ? equals + 1 : "";
    if (!o->value)
        return equals ? tcn_options_misuse(line, "%s takes no value", o->name) : 0;
    if (!equals && (line->next == line->argc || strncmp(line->argv[line->next], "--", 2) == 0))
        return tcn_options_misuse(line, "%s needs a value: %s %s", o->name, o->name, o->value);
    if (!equals)
        *ret_value = line->argv[line->next++];
    return **ret_value ? 0
                       : tcn_options_misuse(line, "the value of %s is empty: %s %s", o->name,
                                            o->name, o->value);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int tcn_options_next(struct tcn_command_line *line, const char **ret_value)
{
    const char *word, *equals;
    size_t len;

    if (line->next >= line->argc)
        return TCN_OPTIONS_END;
    word = line->argv[line->next++];
    if (is_help(word))
        return fputs(line->usage, stdout) < 0 ? TCN_OPTIONS_MISUSE : TCN_OPTIONS_HELP;
    if (word[0] != '-')
        return tcn_options_misuse(line, "unexpected argument \"%s\"", word);
    equals = strchr(word, '=');
    len = equals ? (size_t)(equals - word) : strlen(word);
    for (int i = 0; line->names[i].name; i++)
        if (strlen(line->names[i].name) == len && memcmp(line->names[i].name, word, len) == 0) {
            int r = take_value(line, &line->names[i], equals, ret_value);

            return r < 0 ? r : i;
        }
    return unknown(line, word, len);
}

int tcn_options_time(const char *text, const struct tcn_zone *z, int64_t *ret_ms)
{
    static const char *const formats[] = {"%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"};

    if (tcn_time_rfc3339(tcn_str(text), ret_ms) == 0)
        return 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (tcn_time_parse(tcn_str(text), formats[i], ret_ms) == 0) {
            *ret_ms = tcn_zone_unix_ms(z, *ret_ms);
            return 0;
        }
    return TCN_ESYNTAX;
}
