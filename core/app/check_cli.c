/* tocsin check: everything wrong at once. */
#include "app/catalog.h"
#include "app/check_oncall.h"
#include "app/check_window.h"
#include "app/cli.h"
#include "app/config.h"
#include "app/db_cli.h"
#include "app/options.h"
#include "store/store.h"
#include "sys/clock.h"

#include <stdio.h>

static const char usage[] =
    "usage: tocsin check --config FILE [--in-force] [--data DIR]\n"
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
    "  --in-force      of schedules and rotations tells what is in force, those that commands "
    "made\n"
    "                  included: for that the store is read, beside a server or without one\n"
    "  --data DIR      where serve will keep the store (default: data)\n";

static int read_in_force(const struct tcn_config *c, struct tcn_store *s, struct tcn_err *err)
{
    int64_t now_ms = tcn_clock_now_ms();
    const struct tcn_directory *directory;
    int r = tcn_store_begin(s, err);

    if (r < 0)
        return r;
    if ((r = tcn_catalog_of(s, &c->directory, now_ms, &directory, err)) == 0)
        tcn_check_oncall(directory, now_ms, stdout);
    tcn_store_rollback(s);
    return r;
}

static int tell_in_force(const struct tcn_config *c)
{
    const struct tcn_store_options o = tcn_db_store(c);
    struct tcn_store *s = NULL;
    struct tcn_err err = {0};
    int r = tcn_store_visit(&o, false, &s, &err);

    if (r == 0)
        r = read_in_force(c, s, &err);
    if (r < 0)
        fprintf(stderr, "tocsin check: %s\n", err.msg);
    tcn_store_close(s);
    return r;
}

static int tell(const struct tcn_config *c, const char *file, bool is_in_force)
{
    int r = 0;

    printf("%s: good. %zu sources, %zu connectors, %zu contacts, %zu response plans.\n", file,
           c->n_sources, c->n_connectors, c->directory.n_contacts, c->directory.n_plans);
    if (tcn_store_is_postgres(c->store) && !is_in_force)
        printf("The database was not asked: tocsin db check --config %s does that.\n", file);
    if (is_in_force)
        r = tell_in_force(c);
    else
        tcn_check_oncall(&c->directory, tcn_clock_now_ms(), stdout);
    tcn_check_windows(&c->directory, tcn_clock_now_ms(), stdout);
    return r;
}

static int check(const char *file, const char *data, bool is_in_force)
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
        r = tell(c, file, is_in_force);
    tcn_config_unref(c);
    tcn_problems_done(&warnings);
    tcn_problems_done(&problems);
    return r < 0;
}

int tcn_check_cli(int argc, char **argv)
{
    static const struct tcn_option_name names[] = {
        {"--config", "FILE"}, {"--data", "DIR"}, {"--in-force", NULL}, {NULL, NULL}};
    struct tcn_command_line line = {"tocsin check", usage, names, argc, argv, 1};
    const char *values[] = {NULL, "data", NULL}, *value;
    int o;

    while ((o = tcn_options_next(&line, &value)) >= 0)
        values[o] = value;
    if (o == TCN_OPTIONS_END && !values[0])
        o = tcn_options_misuse(&line, "--config FILE is missing");
    return o == TCN_OPTIONS_END ? check(values[0], values[1], values[2] != NULL)
                                : tcn_options_status(o);
}
