#include "app/verbs.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

static int usage(const struct tcn_cli_verbs *verbs, FILE *out)
{
    fprintf(out, "usage: %s VERB ...\n\n", verbs->command);
    for (size_t i = 0; i < verbs->n; i++)
        fprintf(out, "  %-8s %s\n", verbs->items[i].name, verbs->items[i].help);
    fprintf(out, "\n%s  %s VERB --help tells the options of one.\n", verbs->more, verbs->command);
    return out == stdout ? 0 : 2;
}

static int unknown(const struct tcn_cli_verbs *verbs, const char *word)
{
    const char *names[TCN_CLI_VERBS_MAX + 1] = {NULL}, *near;

    for (size_t i = 0; i < verbs->n && i < TCN_CLI_VERBS_MAX; i++)
        names[i] = verbs->items[i].name;
    near = tcn_nearest(word, names);
    fprintf(stderr, "%s: there is no \"%s\"%s%s%s\n\n", verbs->command, word,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return usage(verbs, stderr);
}

int tcn_cli_verbs_run(const struct tcn_cli_verbs *verbs, int argc, char **argv)
{
    if (argc < 2)
        return usage(verbs, stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(verbs, stdout);
    for (size_t i = 0; i < verbs->n; i++)
        if (strcmp(argv[1], verbs->items[i].name) == 0)
            return verbs->items[i].run(argc - 1, argv + 1);
    return unknown(verbs, argv[1]);
}
