/* tocsin check: everything wrong at once. */
#include "app/check_oncall.h"
#include "app/check_window.h"
#include "app/cli.h"
#include "app/config.h"
#include "app/options.h"
#include "store/store.h"
#include "sys/clock.h"

#include <stdio.h>

static const char usage[] =
    "usage: tocsin check --config FILE [--data DIR]\n"
    "\n"
    "  Tells everything that is wrong with a configuration, one line a mistake, in the order of "
    "the\n"
    "  file: FILE:LINE: PATH: what is wrong; what to do. Exit status 0: good, 1: not. Behind them "
    "the\n"
    "  warnings, which change no exit status: FILE:LINE: PATH: warning: what is hardly meant.\n"
    "  Of a good one, when within 365 days nobody is on call, or several rotations are;\n"
    "  and when its maintenance windows are open next.\n"
    "  Nothing is called and no database asked; that is: tocsin db check --config FILE\n"
    "\n"
    "  --config FILE   the configuration; - is standard input\n"
    "  --data DIR      where serve will keep the store (default: data)\n";

static void tell(const struct tcn_config *c, const char *file)
{
    printf("%s: good. %zu sources, %zu connectors, %zu contacts, %zu response plans.\n", file,
           c->n_sources, c->n_connectors, c->directory.n_contacts, c->directory.n_plans);
    if (tcn_store_is_postgres(c->store))
        printf("The database was not asked: tocsin db check --config %s does that.\n", file);
    tcn_check_oncall(&c->directory, tcn_clock_now_ms(), stdout);
    tcn_check_windows(&c->directory, tcn_clock_now_ms(), stdout);
}

static int check(const char *file, const char *data)
{
    struct tcn_problems problems, warnings;
    struct tcn_config *c = NULL;
    int r;

    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    r = tcn_config_load(file, data, &problems, &warnings, &c);
    fputs(tcn_buf_view(&problems.text).ptr, stderr);
    fputs(tcn_buf_view(&warnings.text).ptr, stderr);
    if (r == 0)
        tell(c, file);
    tcn_config_unref(c);
    tcn_problems_done(&warnings);
    tcn_problems_done(&problems);
    return r < 0;
}

int tcn_check_cli(int argc, char **argv)
{
    static const struct tcn_option_name names[] = {
        {"--config", "FILE"}, {"--data", "DIR"}, {NULL, NULL}};
    struct tcn_command_line line = {"tocsin check", usage, names, argc, argv, 1};
    const char *values[] = {NULL, "data"}, *value;
    int o;

    while ((o = tcn_options_next(&line, &value)) >= 0)
        values[o] = value;
    if (o == TCN_OPTIONS_END && !values[0])
        o = tcn_options_misuse(&line, "--config FILE is missing");
    return o == TCN_OPTIONS_END ? check(values[0], values[1]) : tcn_options_status(o);
}
