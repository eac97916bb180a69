/* tocsin connector probe: what an instance lacks, before the first incident finds out. */
#include "app/cli.h"
#include "app/config.h"
#include "app/options.h"
#include "app/probe.h"
#include "app/probe_draft.h"
#include "connect/record.h"
#include "sys/log.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

static const char usage[] =
    "usage: tocsin connector probe NAME --config FILE [--mapping OUT.json] [--data DIR]\n"
    "\n"
    "  Calls the ticket system that the configuration calls NAME and tells what does not fit: "
    "URL,\n"
    "  credentials, rights, clock and time zone, choice lists and fields that the mapping writes "
    "and\n"
    "  the instance does not have. It reads only, and nothing is changed there. One line a "
    "finding:\n"
    "  what is wrong, then what to look at, then what is fine. Exit status 1: something is wrong.\n"
    "\n"
    "  --config FILE   the configuration; - is standard input\n"
    "  --mapping OUT   writes a mapping file with what must differ from the one in the binary, "
    "and\n"
    "                  tells what could not be mapped; a file that is there is not written over\n"
    "  --data DIR      where serve will keep the store (default: data)\n";

struct order {
    const char *name, *config, *mapping, *data;
};

/* What a remote said goes to a terminal. */
static void print_findings(const struct tcn_connector_config *c, const struct tcn_findings *f)
{
    static const char *const words[] = {"wrong", "look", "fine"};
    char line[LINE_MAX_BYTES];

    for (enum tcn_finding_level level = TCN_WRONG; level <= TCN_FINE; level++)
        for (size_t i = 0; i < f->n; i++) {
            if (f->items[i].level != level)
                continue;
            tcn_record_line(c->instance, f->items[i].text, line, sizeof line);
            printf("%-6s %s\n", words[level], line);
        }
}

static int probe(const struct order *o, const struct tcn_connector_config *c)
{
    struct tcn_findings findings = {.n = 0};
    struct tcn_err err = {0};
    json_t *facts = NULL;
    int r = tcn_probe(c, &findings, &facts, &err);

    if (r < 0)
        fprintf(stderr, "tocsin connector probe: %s\n", err.msg);
    print_findings(c, &findings);
    if (r == 0 && o->mapping)
        r = tcn_probe_draft(c, facts, o->mapping);
    r = r < 0 || tcn_findings_has(&findings, TCN_WRONG);
    json_decref(facts);
    tcn_findings_done(&findings);
    return r;
}

static int no_such(const struct tcn_config *c, const char *name)
{
    fprintf(stderr, "tocsin connector probe: the configuration has no connector \"%s\"; there %s",
            name, c->n_connectors ? "are:" : "is none");
    for (size_t i = 0; i < c->n_connectors; i++)
        fprintf(stderr, " %s", c->connectors[i].name);
    fputc('\n', stderr);
    return 1;
}

static int load_and_probe(const struct order *o)
{
    struct tcn_problems problems, warnings;
    const struct tcn_connector_config *connector;
    struct tcn_config *c = NULL;
    int r;

    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    r = tcn_config_load(o->config, o->data, &problems, &warnings, &c);
    fputs(tcn_buf_view(&problems.text).ptr, stderr);
    if (r == 0) {
        connector = tcn_config_connector(c, o->name);
        r = connector ? probe(o, connector) : no_such(c, o->name);
    }
    tcn_config_unref(c);
    tcn_problems_done(&warnings);
    tcn_problems_done(&problems);
    return r != 0;
}

static int read_options(struct tcn_command_line *line, struct order *o)
{
    const char **const values[] = {&o->config, &o->mapping, &o->data};
    const char *value;
    int n;

    while ((n = tcn_options_next(line, &value)) >= 0)
        *values[n] = value;
    if (n == TCN_OPTIONS_END && !o->config)
        n = tcn_options_misuse(line, "--config FILE is missing");
    return n;
}

int tcn_connector_cli(int argc, char **argv)
{
    static const struct tcn_option_name names[] = {
        {"--config", "FILE"}, {"--mapping", "OUT"}, {"--data", "DIR"}, {NULL, NULL}};
    bool is_probe = argc > 2 && strcmp(argv[1], "probe") == 0 && argv[2][0] != '-';
    struct tcn_command_line line = {"tocsin connector probe", usage, names, argc, argv,
                                    is_probe ? 3 : 1};
    struct order o = {.name = is_probe ? argv[2] : NULL, .data = "data"};
    int r;

    if (!is_probe && argc > 1 && argv[1][0] != '-')
        r = tcn_options_misuse(&line,
                               strcmp(argv[1], "probe") == 0
                                   ? "the name of a connector is missing"
                                   : "there is one thing to do with a connector: probe NAME");
    else
        r = read_options(&line, &o);
    if (r == TCN_OPTIONS_END && !is_probe)
        r = tcn_options_misuse(&line, "probe NAME is missing");
    if (r != TCN_OPTIONS_END)
        return tcn_options_status(r);
    signal(SIGPIPE, SIG_IGN);
    tcn_log_set_level(TCN_LOG_ERROR);
    return load_and_probe(&o);
}
