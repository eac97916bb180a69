/* $.channels, and what the connectors say to the addresses of $.resources.contact_channels. */
#include "app/config_channels.h"
#include "app/shipped.h"
#include "connect/instance.h"

#include <string.h>

static const char *const types[] = {"EMAIL", "SMS", "VOICE", NULL}; /* from TCN_EMAIL on */

static const char *name_of(enum tcn_channel_type type)
{
    return types[type - TCN_EMAIL];
}

/* TCN_CHANNEL_UNSET: none of that name. */
static enum tcn_channel_type type_of(const char *name)
{
    for (int i = 0; name && types[i]; i++)
        if (strcmp(types[i], name) == 0)
            return (enum tcn_channel_type)(i + TCN_EMAIL);
    return TCN_CHANNEL_UNSET;
}

static enum tocsin_channel sdk_channel(enum tcn_channel_type type)
{
    return (enum tocsin_channel)(type - TCN_EMAIL + TOCSIN_EMAIL);
}

static const struct tocsin_connector *kind_for(enum tcn_channel_type type)
{
    return tcn_registry_reaching(tcn_shipped_registry(), sdk_channel(type));
}

/* -- $.channels --------------------------------------------------------------------------------------------- */

static const char **connector_names(struct tcn_config *c)
{
    const char **names = TCN_NEW_N(&c->arena, const char *, c->n_connectors + 1);

    for (size_t i = 0; i < c->n_connectors; i++)
        names[i] = c->connectors[i].name;
    return names;
}

static int check_reach(const struct tcn_node *node, const struct tcn_instance *instance,
                       const char *name, enum tcn_channel_type type)
{
    const struct tocsin_connector *kind = kind_for(type);

    if (!tcn_instance_can(instance, TOCSIN_SEND))
        return tcn_node_problem(node,
                                "\"%s\" cannot send messages to persons; name one that can, such "
                                "as an smtp connector",
                                name);
    if (tcn_connector_reaches(instance->connector, sdk_channel(type)))
        return 0;
    if (kind)
        return tcn_node_problem(node, "\"%s\" sends no %s; name a connector of the kind %s", name,
                                name_of(type), kind->name);
    return tcn_node_problem(node,
                            "\"%s\" sends no %s, and no kind of connector does yet; take \"%s\" "
                            "out, and give its persons channels of the Type EMAIL",
                            name, name_of(type), name_of(type));
}

static int use_connector(const struct tcn_node *at, const char *name, enum tcn_channel_type type,
                         struct tcn_config *c)
{
    const struct tcn_connector_config *connector = tcn_config_connector(c, name);
    struct tcn_node node = tcn_node_member(at, "connector");

    if (!c->connectors)
        return TCN_EINVALID; /* they could not be read */
    if (!connector)
        return tcn_node_no_such(&node, name, "no connector under $.connectors", connector_names(c));
    if (!connector->instance)
        return TCN_EINVALID; /* its own mistakes are told already */
    if (check_reach(&node, connector->instance, name, type) < 0)
        return TCN_EINVALID;
    c->channel_connector[type] = connector->name;
    return 0;
}

static int read_budget(const struct tcn_node *channel, struct tcn_page_budget *ret)
{
    static const char *const names[] = {"pages", "per_seconds", NULL};
    int64_t pages = 1, seconds = 1;
    struct tcn_node at;
    int r;

    if ((r = tcn_node_object(channel, "budget", TCN_OPTIONAL, &at)) < 0 || !at.json)
        return r;
    r = tcn_node_only(&at, names);
    r |= tcn_node_int(&at, "pages", TCN_NEED, 1, TCN_BUDGET_PAGES_MAX, &pages);
    r |= tcn_node_int(&at, "per_seconds", TCN_NEED, 1, TCN_BUDGET_MINUTES_MAX * 60, &seconds);
    if (r < 0)
        return TCN_EINVALID;
    if (seconds * 1000 / pages < TCN_BUDGET_INTERVAL_MS)
        return tcn_node_problem(&at, "is more than a page in %d ms; leave it out, if that is meant",
                                TCN_BUDGET_INTERVAL_MS);
    *ret = (struct tcn_page_budget){pages, seconds * 1000};
    return 0;
}

static int read_channel(const struct tcn_node *all, enum tcn_channel_type type,
                        struct tcn_config *c)
{
    static const char *const names[] = {"connector", "budget", NULL};
    const char *name = NULL;
    struct tcn_node at;
    int r;

    if (tcn_node_object(all, name_of(type), TCN_OPTIONAL, &at) < 0)
        return TCN_EINVALID;
    if (!at.json)
        return 0;
    r = tcn_node_only(&at, names);
    r |= read_budget(&at, &c->directory.budgets[type]);
    if (tcn_node_text(&at, "connector", TCN_NEED, &name) < 0)
        return TCN_EINVALID;
    return r | use_connector(&at, name, type, c);
}

int tcn_config_channels(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_node all;
    int r;

    if (tcn_node_object(root, "channels", TCN_OPTIONAL, &all) < 0)
        return TCN_EINVALID;
    if (!all.json)
        return 0;
    r = tcn_node_only(&all, types);
    for (int i = 0; types[i]; i++)
        r |= read_channel(&all, (enum tcn_channel_type)(i + TCN_EMAIL), c);
    return r < 0 ? TCN_EINVALID : 0;
}

/* -- $.resources.contact_channels --------------------------------------------------------------------------- */

static int nothing_sends(const struct tcn_node *node, enum tcn_channel_type type)
{
    if (!kind_for(type))
        return tcn_node_problem(node,
                                "nothing sends %s, and no kind of connector does yet; make it a "
                                "channel of the Type EMAIL",
                                name_of(type));
    return tcn_node_problem(node,
                            "nothing sends %s; name a connector that does in $.channels.%s: "
                            "{\"connector\": NAME}",
                            name_of(type), name_of(type));
}

/* Told at the first channel of the type. */
static int check_sender(const struct tcn_node *list, const struct tcn_node *all,
                        enum tcn_channel_type type)
{
    if (tcn_node_member(all, name_of(type)).json)
        return 0;
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        struct tcn_node item = tcn_node_item(list, i), node = tcn_node_member(&item, "Type");

        if (type_of(json_string_value(node.json)) == type)
            return nothing_sends(&node, type);
    }
    return 0;
}

/* What sends to that type, or will once a connector is named for it. */
static const struct tocsin_connector *judge_of(const struct tcn_config *c,
                                               enum tcn_channel_type type)
{
    const char *name = c->channel_connector[type];

    return name ? tcn_config_connector(c, name)->instance->connector : kind_for(type);
}

static int check_address(const struct tcn_node *channel, const struct tcn_config *c)
{
    struct tcn_node type_at = tcn_node_member(channel, "Type"),
                    delivery = tcn_node_member(channel, "DeliveryAddress"),
                    node = tcn_node_member(&delivery, "SimpleAddress");
    enum tcn_channel_type type = type_of(json_string_value(type_at.json));
    const char *address = json_string_value(node.json), *fault = NULL;
    const struct tocsin_connector *judge = type ? judge_of(c, type) : NULL;

    if (address && strpbrk(address, "\r\n"))
        return 0; /* told */
    if (address && judge && judge->address_fault)
        fault = judge->address_fault(sdk_channel(type), address);
    return fault ? tcn_node_problem(&node, "\"%s\" %s", address, fault) : 0;
}

int tcn_config_senders(const struct tcn_node *root, const struct tcn_config *c)
{
    struct tcn_node all = tcn_node_member(root, "channels"),
                    resources = tcn_node_member(root, "resources"),
                    list = tcn_node_member(&resources, "contact_channels");
    int r = 0;

    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= check_address(&item, c);
    }
    if (!c->connectors || (all.json && !json_is_object(all.json)))
        return r; /* told */
    for (int i = 0; types[i]; i++)
        r |= check_sender(&list, &all, (enum tcn_channel_type)(i + TCN_EMAIL));
    return r;
}

void tcn_config_judge_channels(const struct tcn_node *list, const struct tcn_config *c)
{
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        struct tcn_node item = tcn_node_item(list, i), node = tcn_node_member(&item, "Type");
        enum tcn_channel_type type = type_of(json_string_value(node.json));

        check_address(&item, c);
        if (type && !c->channel_connector[type])
            nothing_sends(&node, type);
    }
}
