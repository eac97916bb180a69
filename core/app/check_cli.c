/* tocsin check: everything wrong at once. */
#include "app/cli.h"
#include "app/config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static int usage(void)
{
    fprintf(stderr, "usage: tocsin check --config FILE [--data DIR]\n");
    return 2;
}

static void tell(const struct tcn_config *c, const char *file)
{
    printf("%s: good. %zu sources, %zu connectors, %zu contacts, %zu response plans.\n", file,
           c->n_sources, c->n_connectors, c->directory.n_contacts, c->directory.n_plans);
}

static int check(const char *file, const char *data)
{
    struct tcn_problems problems;
    struct tcn_config *c = NULL;
    int r;

    tcn_problems_init(&problems);
    r = tcn_config_load(file, data, &problems, &c);
    if (r < 0)
        fputs(problems.text.ptr, stderr);
    else
        tell(c, file);
    tcn_config_unref(c);
    tcn_problems_done(&problems);
    return r < 0;
}

int tcn_check_cli(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"data", required_argument, NULL, 'd'}, {0}};
    const char *file = NULL, *data = "data";
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (o == 'c')
            file = optarg;
        else if (o == 'd')
            data = optarg;
        else
            return usage();
    }
    return file && optind == argc ? check(file, data) : usage();
}
