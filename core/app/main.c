/* The command line: which command, and what to say when there is none. */
#include "app/cli.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command */
    const char *usage, *help;
} commands[] = {
    {"serve", tcn_serve_cli, "--config FILE [--listen HOST:PORT] [--data DIR]",
     "run in the foreground; SIGTERM stops, SIGHUP reads the configuration again"},
    {"check", tcn_check_cli, "--config FILE [--data DIR]",
     "tell everything that is wrong with a configuration"},
    {"simulate", tcn_simulate_cli, "--config FILE --plan NAME --at TIME [--for 2h] [--tz ZONE]",
     "who would be paged when, and by which rule"},
    {"shifts", tcn_shifts_cli,
     "--config FILE [--rotation NAME] [--from TIME] [--for 14d] [--tz ZONE]",
     "the shifts of on-call rotations, before a configuration is in force"},
    {"explain", tcn_explain_cli, "INCIDENT --config FILE [--tz ZONE] [--data DIR]",
     "why each page of an incident was sent, or was not"},
    {"map", tcn_map_cli, "run|test|explain --mapping FILE|NAME",
     "try a mapping file; payload on stdin"},
    {"connector", tcn_connector_cli, "probe NAME --config FILE [--mapping OUT]",
     "what a ticket system lacks that the mapping needs, and a mapping file for it"},
    {"sync", tcn_sync_cli, "status|diff|repair|retry ...",
     "how incidents and their tickets stand to each other, asked of a running server"},
    {"db", tcn_db_cli, "check|backup|restore|held|release|hold|copy|reclaim ...",
     "look after the store: integrity, backups, moving between SQLite and PostgreSQL"},
};

#define N_COMMANDS (sizeof commands / sizeof *commands)

static int usage(FILE *out)
{
    fprintf(out, "tocsin: the incident gateway that cannot lose an alarm or fork a ticket\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  tocsin %s %s\n      %s\n", commands[i].name, commands[i].usage,
                commands[i].help);
    fprintf(out, "  tocsin version\n  tocsin help [COMMAND]\n");
    return out == stdout ? 0 : 2;
}

static int unknown(const char *name)
{
    const char *names[N_COMMANDS + 3] = {NULL}, *near;

    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    names[N_COMMANDS] = "version";
    names[N_COMMANDS + 1] = "help";
    near = tcn_nearest(name, names);
    fprintf(stderr, "tocsin: there is no command \"%s\"%s%s%s\n\n", name,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return usage(stderr);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* "help", or "help COMMAND". */
static int help(const char *name)
{
    char word[] = "help", option[] = "--help";
    char *argv[] = {word, option, NULL};
    const struct command *command;

    if (!name || strcmp(name, "help") == 0 || strcmp(name, "version") == 0)
        return usage(stdout);
    command = find(name);
    return command ? command->run(2, argv) : unknown(name);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    const struct command *command = name ? find(name) : NULL;

    if (!name)
        return usage(stderr);
    if (command)
        return command->run(argc - 1, argv + 1);
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0)
        return printf("tocsin %s\n", TOCSIN_VERSION) < 0;
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    return unknown(name);
}
