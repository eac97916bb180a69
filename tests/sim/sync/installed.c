/* What a configuration has: three connectors with their shipped mapping files, a response plan, a source. */
#include "program.h"

#include "app/shipped.h"
#include "base/xalloc.h"
#include "connect/host.h"

#include <stdio.h>
#include <stdlib.h>

static const struct configured {
    const char *connector, *config, *url;
} configured[SYSTEMS] = {
    [JIRA] =
        {"jira",
         "{\"url\": \"https://site.atlassian.net\", \"user\": \"bot@jira.example\", \"token\": "
         "{\"env\": \"T\"}, \"project\": \"OPS\"}",
         "https://site.atlassian.net"},
    [SNOW] = {"servicenow",
              "{\"url\": \"https://snow.example\", \"user\": \"bot\", \"password\": {\"env\": "
              "\"T\"}}",
              "https://snow.example"},
    [PAGER] = {"pagerduty",
               "{\"token\": {\"env\": \"T\"}, \"from\": \"bot@pager.example\", \"service\": "
               "\"PWEB001\"}",
               "https://pager.example"},
};

struct installed program_installed[SYSTEMS];

static struct {
    struct tcn_problems problems;
    struct tcn_doc docs[SYSTEMS];
    char *texts[SYSTEMS]; /* owned */
} read;

static struct tcn_response_plan plan = {
    .name = "web",
    .title = "Template",
    .impact = 3,
    .connectors = {"jira", "snow", "pager"},
    .n_connectors = SYSTEMS,
};
const struct tcn_directory program_directory = {
    .account_id = "111122223333", .region = "eu-central-1", .plans = &plan, .n_plans = 1};
struct tcn_source_policy program_policy = {
    .name = "prom",
    .source = "prom",
    .response_plan = "web",
    .resolves = true,
    .flap_count = 6,
    .flap_quiet_ms = 15 * MIN,
    .flap_update_ms = 10 * MIN,
    .mute_window_ms = 24 * HOUR,
    .storm_new = 1000,
    .storm_window_ms = 5 * MIN,
};

static int give_secret(void *ctx, const struct tcn_node *reference, struct tcn_buf *ret)
{
    (void)ctx;
    (void)reference;
    tcn_buf_z(ret, "s3cret-of-the-simulation");
    return 0;
}

static void install(enum system s)
{
    const struct tocsin_connector *c =
        tcn_registry_find(tcn_shipped_registry(), configured[s].connector);
    struct tcn_mapping_lookup lookup = tcn_shipped_lookup();
    char name[64];
    struct tcn_node root;
    struct tcn_str text;

    program_installed[s].url = configured[s].url;
    read.texts[s] = tcn_xstrdup(configured[s].config);
    if (tcn_doc_parse(&read.docs[s], "sim.json", tcn_str(read.texts[s]), &read.problems) < 0)
        fail("%s", read.problems.text.ptr);
    root = tcn_node_root(&read.docs[s]);
    if (tcn_instance_new(c, &tcn_host, system_names[s], &root, give_secret, NULL,
                         &program_installed[s].instance) < 0)
        fail("%s", read.problems.text.ptr);
    snprintf(name, sizeof name, "connectors/%s", configured[s].connector);
    if (tcn_mapping_builtin(tcn_shipped_table(), name, &text) < 0 ||
        tcn_mapping_load(name, text, &lookup, &read.problems, &program_installed[s].mapping) < 0)
        fail("%s: %s", name, read.problems.text.ptr);
}

void program_open(void)
{
    tcn_problems_init(&read.problems);
    for (enum system s = JIRA; s < SYSTEMS; s++)
        install(s);
}

void program_close(void)
{
    for (enum system s = JIRA; s < SYSTEMS; s++) {
        tcn_mapping_free(program_installed[s].mapping);
        tcn_instance_free(program_installed[s].instance);
        tcn_doc_done(&read.docs[s]);
        free(read.texts[s]);
    }
    tcn_problems_done(&read.problems);
    program_close_acts();
}
