/* Sources and connectors: each gets its code, its mapping file and its secrets here. */
#include "app/config_parts.h"
#include "app/config_allow.h"
#include "app/config_digest.h"
#include "app/config_heartbeats.h"
#include "app/config_settings.h"
#include "app/config_url.h"
#include "app/names.h"
#include "app/shipped.h"
#include "connect/host.h"
#include "connect/registry.h"
#include "gateway/source.h"
#include "mapping/mapping.h"
#include "sys/file.h"

#include <assert.h>
#include <stdio.h>

#define NAMES_ARENA (1u << 20)

/* Runs the tests inside the file: a mapping that fails them is not used. */
static int check_mapping(const struct tcn_node *at, const char *name, struct tcn_mapping *m)
{
    struct tcn_buf report;
    size_t n = 0, failed = 0;
    int r;

    tcn_buf_init(&report, 65536);
    r = tcn_mapping_test(m, tcn_mapping_builtin_file, tcn_shipped_table(), &report, &n, &failed);
    if (r < 0)
        tcn_node_problem(at,
                         "%zu of %zu tests of mapping %s fail; see: tocsin map test --mapping %s",
                         failed, n, name, name);
    tcn_buf_done(&report);
    return r < 0 ? TCN_EINVALID : 0;
}

static int load_text(const struct tcn_node *at, const char *name, struct tcn_str text,
                     struct tcn_mapping **ret)
{
    struct tcn_mapping_lookup lookup = tcn_shipped_lookup();
    int r = tcn_mapping_load(name, text, &lookup, at->doc->problems, ret);

    if (r == 0 && check_mapping(at, name, *ret) < 0) {
        tcn_mapping_free(*ret);
        *ret = NULL;
        r = TCN_EINVALID;
    }
    return r;
}

static int load_file(const struct tcn_node *at, const char *path, struct tcn_mapping **ret)
{
    struct tcn_buf text;
    struct tcn_err err;
    int r;

    tcn_buf_init(&text, TCN_MAPPING_FILE_MAX);
    r = tcn_file_read(path, &text, &err);
    r = r < 0 ? tcn_node_problem(at, "%s", err.msg) : load_text(at, path, tcn_buf_view(&text), ret);
    tcn_buf_done(&text);
    return r;
}

static int no_such_mapping(const struct tcn_node *at, const char *folder, const char *name)
{
    struct tcn_arena arena;
    int r;

    tcn_arena_init(&arena, NAMES_ARENA);
    r = tcn_node_no_such(at, name,
                         "no mapping in the binary (a file of yours is named by its path)",
                         tcn_shipped_names(folder, &arena));
    tcn_arena_done(&arena);
    return r;
}

/* A name with a slash or ".json" is a file; any other is one of the mappings in the binary. */
static int load_mapping(const struct tcn_node *at, const char *folder, const char *name,
                        struct tcn_mapping **ret)
{
    struct tcn_str text;
    char path[300];

    if (tcn_config_is_mapping_file(name))
        return load_file(at, name, ret);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (tcn_mapping_builtin(tcn_shipped_table(), path, &text) < 0)
        return no_such_mapping(at, folder, name);
    return load_text(at, path, text, ret);
}

static const struct tocsin_connector *find_connector(const struct tcn_node *at)
{
    const struct tcn_registry *registry = tcn_shipped_registry();
    struct tcn_node node = tcn_node_member(at, "connector");
    const char *name = NULL;
    const struct tocsin_connector *c;

    if (tcn_node_text(at, "connector", TCN_NEED, &name) < 0)
        return NULL;
    c = tcn_registry_find(registry, name);
    if (!c)
        tcn_node_no_such(&node, name, "no kind of connector", tcn_registry_names(registry));
    return c;
}

/* The mapping of that name, or the connector's own. */
static int read_mapping(const struct tcn_node *at, const struct tocsin_connector *connector,
                        struct tcn_mapping **ret)
{
    struct tcn_node node = tcn_node_member(at, "mapping");
    const char *name = connector->name;

    if (tcn_node_text(at, "mapping", TCN_OPTIONAL, &name) < 0)
        return TCN_EINVALID;
    node = node.json ? node : *at;
    if (load_mapping(&node, "connectors", name, ret) < 0)
        return TCN_EINVALID;
    if (tcn_mapping_kind(*ret) != TCN_MAPPING_CONNECTOR)
        return tcn_node_problem(&node, "%s is a mapping of a source, not of a connector", name);
    if (strcmp(tcn_mapping_driver(*ret), connector->name) != 0)
        return tcn_node_problem(&node, "%s is a mapping for the connector %s, not for %s", name,
                                tcn_mapping_driver(*ret), connector->name);
    return 0;
}

/* One that could not be made is believed to have tickets, so that plans which name it are not mistakes, too. */
static int read_connector(const struct tcn_node *at, struct tcn_connector_config *ret)
{
    const struct tocsin_connector *connector;
    int r;

    ret->name = at->key;
    ret->has_tickets = ret->is_unknown = true;
    if (!json_is_object(at->json))
        return tcn_node_problem(at, "must be an object with \"connector\" and its options");
    if (!(connector = find_connector(at)))
        return TCN_EINVALID;
    ret->is_unknown = false;
    r = read_mapping(at, connector, &ret->mapping);
    r |= tcn_instance_new(connector, &tcn_host, at->key, at, NULL, NULL, &ret->instance);
    if (ret->instance)
        r |= tcn_config_urls(at, ret->instance) | tcn_config_allow(at, ret->instance);
    r |= tcn_config_connector_settings(at, connector, ret);
    ret->has_tickets = ret->instance ? tcn_instance_can(ret->instance, TOCSIN_CREATE)
                                     : (connector->caps & TOCSIN_CAN(TOCSIN_CREATE)) != 0;
    return r < 0 ? TCN_EINVALID : 0;
}

int tcn_config_connectors(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_node all;
    const char *name;
    json_t *value;
    int r = 0;

    if (tcn_node_object(root, "connectors", TCN_OPTIONAL, &all) < 0)
        return TCN_EINVALID;
    if (json_object_size(all.json) > TCN_CONNECTORS_MAX)
        return tcn_node_problem(&all, "at most %d connectors", TCN_CONNECTORS_MAX);
    c->connectors =
        TCN_NEW_N(&c->arena, struct tcn_connector_config, json_object_size(all.json) + 1);
    json_object_foreach(all.json, name, value)
    {
        struct tcn_node at = tcn_node_member(&all, name);

        if (!tcn_source_is_name(name))
            r |= tcn_node_problem(&at, "name a connector with 1-64 of a-z 0-9 -");
        r |= read_connector(&at, &c->connectors[c->n_connectors++]);
    }
    return r < 0 ? TCN_EINVALID : 0;
}

/* plans NULL: they could not be read. */
static int check_plan(const struct tcn_node *at, struct tcn_names *plans, const char *plan)
{
    struct tcn_node node = tcn_node_member(at, "response_plan");

    if (!plan || !plans || tcn_names_know(plans, plan))
        return 0;
    return tcn_node_no_such(&node, plan, "no plan under $.resources.response_plans", plans->items);
}

/* Without an authority nobody is asked for a certificate. */
static int check_certificates(const struct tcn_node *at, const struct tcn_source *source,
                              const struct tcn_config *c)
{
    struct tcn_node auth = tcn_node_member(at, "auth");

    if (c->tls_client_ca || !tcn_cred_needs_certificate(&source->auth))
        return 0;
    return tcn_node_problem(
        &auth, "takes client certificates, which nobody is asked for; add client_ca_file to $.tls");
}

/* Whoever lets clients come without a certificate means that some source looks for one. */
static void judge_certificates(const struct tcn_node *root, const struct tcn_config *c)
{
    struct tcn_node tls = tcn_node_member(root, "tls"),
                    at = tcn_node_member(&tls, "client_certificates");

    for (size_t i = 0; i < c->n_sources; i++)
        if (tcn_cred_needs_certificate(&c->sources[i]->auth))
            return;
    if (c->are_certificates_optional)
        tcn_node_warning(
            &at,
            "no source has the auth mtls, so that certificates let nobody in and keep nobody out");
}

static int read_source(const struct tcn_node *at, struct tcn_names *plans, struct tcn_config *c)
{
    struct tcn_source *source = NULL;
    int r = tcn_source_read(at, load_mapping, &source);

    c->sources[c->n_sources] = source;
    c->policies[c->n_sources++] = &source->policy;
    r |= tcn_config_source_settings(at, source->mapping);
    if (json_is_object(at->json))
        r |= tcn_config_heartbeats(at, &c->arena, &source->policy);
    r |= check_certificates(at, source, c);
    r |= check_plan(at, plans, source->policy.response_plan);
    return r < 0 ? TCN_EINVALID : 0;
}

/* What Tocsin tells of itself takes the way of any alarm. */
static int read_auditor(const struct tcn_node *root, struct tcn_names *plans, struct tcn_config *c)
{
    static const char *const names[] = {"response_plan", NULL};
    struct tcn_node at, all = tcn_node_member(root, "sources"),
                        own = tcn_node_member(&all, TCN_AUDITOR);
    int r = tcn_node_object(root, "auditor", TCN_OPTIONAL, &at);

    if (r < 0 || !at.json)
        return r;
    c->auditor = (struct tcn_source_policy){.name = TCN_AUDITOR,
                                            .source = TCN_AUDITOR,
                                            .resolves = true,
                                            .reopen_window_ms = TCN_AUDITOR_REOPENS_MS,
                                            .flap_count = TCN_FLAP_RING,
                                            .storm_new = 1,
                                            .storm_window_ms = 1000};
    r = tcn_node_only(&at, names);
    r |= tcn_node_text(&at, "response_plan", TCN_NEED, &c->auditor.response_plan);
    if (c->auditor.response_plan)
        r |= check_plan(&at, plans, c->auditor.response_plan);
    if (own.json)
        r |= tcn_node_problem(&own, "\"" TCN_AUDITOR "\" is the name of what the auditor tells; "
                                    "give the source another");
    c->policies[c->n_sources] = &c->auditor;
    return r < 0 ? TCN_EINVALID : 0;
}

int tcn_config_sources(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_node all, resources = tcn_node_member(root, "resources"),
                         list = tcn_node_member(&resources, "response_plans");
    struct tcn_names plans;
    const char *name;
    json_t *value;
    size_t n;
    int r = 0;

    if (tcn_node_object(root, "sources", TCN_OPTIONAL, &all) < 0)
        return TCN_EINVALID;
    n = json_object_size(all.json);
    if (n > TCN_SOURCES_MAX)
        return tcn_node_problem(&all, "%zu sources; at most %d", n, TCN_SOURCES_MAX);
    c->sources = TCN_NEW_N(&c->arena, struct tcn_source *, n + 1);
    c->policies = TCN_NEW_N(&c->arena, const struct tcn_source_policy *, n + 2);
    tcn_names_of(&plans, &list, "name", &c->arena);
    json_object_foreach(all.json, name, value)
    {
        struct tcn_node at = tcn_node_member(&all, name);

        r |= read_source(&at, c->directory.plans ? &plans : NULL, c);
    }
    r |= read_auditor(root, c->directory.plans ? &plans : NULL, c);
    judge_certificates(root, c);
    return r < 0 ? TCN_EINVALID : 0;
}

void tcn_config_parts_done(struct tcn_config *c)
{
    for (size_t i = 0; i < c->n_sources; i++)
        tcn_source_free(c->sources[i]);
    for (size_t i = 0; i < c->n_connectors; i++) {
        tcn_instance_free(c->connectors[i].instance);
        tcn_mapping_free(c->connectors[i].mapping);
        json_decref(c->connectors[i].settings);
    }
}
