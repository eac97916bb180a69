/* The command line: which command, and what to say when there is none. */
#include "app/cli.h"

#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command */
    const char *usage, *help;
} commands[] = {
    {"serve", tcn_serve_cli, "--config FILE [--listen HOST:PORT] [--data DIR]",
     "run in the foreground; SIGTERM stops, SIGHUP reads the configuration again"},
    {"check", tcn_check_cli, "--config FILE", "tell everything that is wrong with a configuration"},
    {"map", tcn_map_cli, "run|test|explain --mapping FILE|NAME",
     "try a mapping file; payload on stdin"},
};

static int usage(FILE *out)
{
    fprintf(out, "tocsin: the incident gateway that cannot lose an alarm or fork a ticket\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  tocsin %s %s\n      %s\n", commands[i].name, commands[i].usage,
                commands[i].help);
    fprintf(out, "  tocsin version\n  tocsin help\n");
    return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0)
        return printf("tocsin %s\n", TOCSIN_VERSION) < 0;
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0)
        return usage(stdout);
    if (*name)
        fprintf(stderr, "tocsin: there is no command \"%s\"\n\n", name);
    return usage(stderr);
}
