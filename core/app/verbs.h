/* A command with verbs: "tocsin db VERB ...". */
#ifndef TCN_APP_VERBS_H
#define TCN_APP_VERBS_H

#include <stddef.h>

struct tcn_cli_verb {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the verb; the exit status as cli.h says */
    const char *help;
};

struct tcn_cli_verbs {
    const char *command; /* "tocsin db" */
    const struct tcn_cli_verb *items;
    size_t n;         /* TCN_CLI_VERBS_MAX at most */
    const char *more; /* what --help says behind the list */
};
#define TCN_CLI_VERBS_MAX 16

/* Runs the verb that argv[1] names, or tells which ones there are; the exit status. */
int tcn_cli_verbs_run(const struct tcn_cli_verbs *verbs, int argc, char **argv);

#endif
