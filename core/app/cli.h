/* One function a command of the command line. argv[0] is the command's name. They return the exit status: 0 done,
 * 1 failed, 2 wrongly used. */
#ifndef TCN_APP_CLI_H
#define TCN_APP_CLI_H

int tcn_serve_cli(int argc, char **argv);
int tcn_check_cli(int argc, char **argv);
int tcn_simulate_cli(int argc, char **argv);  /* simulate_cli.c */
int tcn_shifts_cli(int argc, char **argv);    /* shifts_cli.c */
int tcn_explain_cli(int argc, char **argv);   /* explain_cli.c */
int tcn_map_cli(int argc, char **argv);       /* map_cli.c */
int tcn_connector_cli(int argc, char **argv); /* connector_cli.c */
int tcn_db_cli(int argc, char **argv);        /* db_cli.c */
int tcn_sync_cli(int argc, char **argv);      /* sync_cli.c */

#endif
