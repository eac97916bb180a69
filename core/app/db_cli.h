/* tocsin db: what its commands share. Each db_cli_*.c is one or two of them. */
#ifndef TCN_APP_DB_CLI_H
#define TCN_APP_DB_CLI_H

#include "app/config.h"
#include "app/options.h"
#include "store/held.h"

/* argv[0] is the verb. They return the exit status as cli.h says. */
int tcn_db_check_cli(int argc, char **argv);
int tcn_db_backup_cli(int argc, char **argv);
int tcn_db_restore_cli(int argc, char **argv);
int tcn_db_hold_cli(int argc, char **argv);
int tcn_db_held_cli(int argc, char **argv);
int tcn_db_release_cli(int argc, char **argv);
int tcn_db_copy_cli(int argc, char **argv);
int tcn_db_reclaim_cli(int argc, char **argv);

/* Sets values[o], which has a place for each name, to what is given. 0, or what tcn_options_status() makes a status of;
 * a missing one of those whose bit (1 << o) is in needed is a misuse. */
int tcn_db_options(struct tcn_command_line *line, const char **values, unsigned needed);
/* The configuration, or NULL after its mistakes were told. */
struct tcn_config *tcn_db_config(const char *file, const char *data_dir);
/* A command whose options are --config FILE and --data DIR: reads them and acts; the exit status. */
int tcn_db_on_config(const char *command, const char *usage, int argc, char **argv,
                     int (*act)(const struct tcn_config *c));
struct tcn_store_options tcn_db_store(const struct tcn_config *c);
/* On a store that is shared: prints which server it is, which ones of the URL did not answer or were left behind, and who
 * works on it. 1: one that was left behind takes writes. */
int tcn_db_tell_server(struct tcn_store *s, struct tcn_err *err);
/* In a transaction of its own: begins held mode. */
int tcn_db_hold(struct tcn_store *s, struct tcn_held_count *ret, struct tcn_err *err);
void tcn_db_tell_held(const struct tcn_held_count *held);
/* Says it on standard error: "tocsin db VERB: MESSAGE"; 1. */
int tcn_db_fail(const char *verb, const struct tcn_err *err);

#endif
