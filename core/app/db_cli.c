/* tocsin db VERB: which one, and what they share. */
#include "app/db_cli.h"
#include "app/cli.h"
#include "app/verbs.h"

#include <stdio.h>

static const struct tcn_cli_verb verbs[] = {
    {"check", tcn_db_check_cli, "looks for damage and contradictions, beside a running server"},
    {"backup", tcn_db_backup_cli, "copies a SQLite store into a file, beside a running server"},
    {"restore", tcn_db_restore_cli, "makes a backup the store, in held mode"},
    {"held", tcn_db_held_cli, "lists what held mode holds back"},
    {"release", tcn_db_release_cli, "sends or drops what is held"},
    {"hold", tcn_db_hold_cli, "begins held mode after a restore by other means"},
    {"copy", tcn_db_copy_cli, "moves a store from SQLite to PostgreSQL or back"},
    {"reclaim", tcn_db_reclaim_cli, "lets a store that was moved away be started again"},
};

int tcn_db_cli(int argc, char **argv)
{
    static const struct tcn_cli_verbs all = {
        .command = "tocsin db",
        .items = verbs,
        .n = sizeof verbs / sizeof *verbs,
        .more = "",
    };

    return tcn_cli_verbs_run(&all, argc, argv);
}

int tcn_db_options(struct tcn_command_line *line, const char **values, unsigned needed)
{
    const char *value;
    int o;

    while ((o = tcn_options_next(line, &value)) >= 0)
        values[o] = value;
    if (o != TCN_OPTIONS_END)
        return o;
    for (int i = 0; line->names[i].name; i++)
        if ((needed & 1u << i) && !values[i])
            return tcn_options_misuse(line, "%s %s is missing", line->names[i].name,
                                      line->names[i].value);
    return 0;
}

struct tcn_config *tcn_db_config(const char *file, const char *data_dir)
{
    struct tcn_problems problems, warnings;
    struct tcn_config *c = NULL;

    tcn_problems_init(&problems);
    tcn_problems_init(&warnings); /* tocsin check tells them */
    if (tcn_config_load(file, data_dir, &problems, &warnings, &c) < 0)
        fputs(problems.text.ptr, stderr);
    tcn_problems_done(&warnings);
    tcn_problems_done(&problems);
    return c;
}

int tcn_db_on_config(const char *command, const char *usage, int argc, char **argv,
                     int (*act)(const struct tcn_config *c))
{
    enum { CONFIG, DATA };
    static const struct tcn_option_name names[] = {
        [CONFIG] = {"--config", "FILE"}, [DATA] = {"--data", "DIR"}, {NULL, NULL}};
    struct tcn_command_line line = {command, usage, names, argc, argv, 1};
    const char *values[] = {[CONFIG] = NULL, [DATA] = "data"};
    struct tcn_config *c;
    int r = tcn_db_options(&line, values, 1u << CONFIG), status;

    if (r < 0)
        return tcn_options_status(r);
    if (!(c = tcn_db_config(values[CONFIG], values[DATA])))
        return 1;
    status = act(c);
    tcn_config_unref(c);
    return status;
}

struct tcn_store_options tcn_db_store(const struct tcn_config *c)
{
    return (struct tcn_store_options){.url = c->store,
                                      .account_id = c->account_id,
                                      .node = c->node,
                                      .folder = c->data_dir,
                                      .password = c->store_password.ptr};
}

int tcn_db_fail(const char *verb, const struct tcn_err *err)
{
    fprintf(stderr, "tocsin db %s: %s\n", verb, err->msg);
    return 1;
}
