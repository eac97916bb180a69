#include "app/config_settings.h"
#include "connect/instance.h"
#include "mapping/mapping.h"

int tcn_config_source_settings(const struct tcn_node *source, const struct tcn_mapping *mapping)
{
    struct tcn_node settings = tcn_node_member(source, "settings");

    if (!mapping || !json_is_object(settings.json))
        return 0; /* told */
    return tcn_mapping_check_settings(mapping, &settings);
}

static const struct tocsin_option *find_option(const struct tocsin_connector *connector,
                                               const char *name)
{
    for (const struct tocsin_option *o = connector->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

/* A mapping never sees a secret. */
static int check_options(const struct tcn_node *at, const struct tocsin_connector *connector,
                         const struct tcn_mapping *mapping)
{
    struct tcn_node node = tcn_node_member(at, "mapping");
    int r = 0;

    for (const char *const *name = tcn_mapping_options(mapping); *name; name++) {
        const struct tocsin_option *o = find_option(connector, *name);

        if (!o || o->kind == TOCSIN_SECRET)
            r = tcn_node_problem(node.json ? &node : at,
                                 "the mapping %s reads the option \"%s\", which the connector %s "
                                 "does not have for it",
                                 tcn_mapping_name(mapping), *name, connector->name);
    }
    return r;
}

/* As configured, else the default of a text. */
static json_t *option_value(const struct tcn_node *at, const struct tcn_connector_config *c,
                            const char *name)
{
    json_t *value = json_object_get(at->json, name);
    const char *text = value || !c->instance ? NULL : tcn_instance_text(c->instance, name);

    return value ? json_incref(value) : text && *text ? json_string(text) : NULL;
}

static json_t *merge(const struct tcn_node *at, const struct tcn_connector_config *c,
                     json_t *settings)
{
    json_t *ret = json_object();

    for (const char *const *name = tcn_mapping_options(c->mapping); *name; name++)
        json_object_set_new(ret, *name, option_value(at, c, *name));
    json_object_update(ret, settings);
    return ret;
}

int tcn_config_connector_settings(const struct tcn_node *at,
                                  const struct tocsin_connector *connector,
                                  struct tcn_connector_config *ret)
{
    struct tcn_node settings;
    int r = tcn_node_object(at, "settings", TCN_OPTIONAL, &settings);

    if (r < 0 || !ret->mapping)
        return r;
    r = check_options(at, connector, ret->mapping);
    r |= tcn_mapping_check_settings(ret->mapping, &settings);
    if (r == 0)
        ret->settings = merge(at, ret, settings.json);
    return r < 0 ? TCN_EINVALID : 0;
}
