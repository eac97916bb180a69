#include "app/config_topics.h"

#include "app/notice_try.h"
#include "app/shipped.h"
#include "connect/instance.h"
#include "connect/registry.h"
#include "engine/arn.h"
#include "mapping/mapping.h"

const char *const *tcn_config_topic_connectors(struct tcn_config *c)
{
    const char **names = TCN_NEW_N(&c->arena, const char *, c->n_connectors + 1);
    size_t n = 0;

    for (size_t i = 0; i < c->n_connectors; i++)
        if (c->connectors[i].instance &&
            tcn_connector_reaches(c->connectors[i].instance->connector, TOCSIN_TOPIC))
            names[n++] = c->connectors[i].name;
    return names;
}

/* item is of $.topics.ARN.connectors. Of a file with mistakes before this one no message is tried. */
static int check_message(const struct tcn_node *item, const struct tcn_connector_config *connector,
                         struct tcn_config *c)
{
    const char *why;

    if (!tcn_mapping_has_message(connector->mapping, "notification"))
        return tcn_node_problem(item,
                                "the mapping %s of \"%s\" has no message \"notification\"; without "
                                "it a topic cannot be told",
                                tcn_mapping_name(connector->mapping), connector->name);
    if (c->doc.problems->n > 0)
        return 0;
    why = tcn_notice_try(c, connector, item->parent->parent->key);
    return why ? tcn_node_problem(
                     item,
                     "the message \"notification\" of the mapping %s cannot be sent by "
                     "\"%s\": %s",
                     tcn_mapping_name(connector->mapping), connector->name, why)
               : 0;
}

static int check_connector(const struct tcn_node *item, const char *name, struct tcn_config *c)
{
    const struct tcn_connector_config *connector = tcn_config_connector(c, name);
    const struct tocsin_connector *kind =
        tcn_registry_reaching(tcn_shipped_registry(), TOCSIN_TOPIC);

    if (!c->connectors)
        return TCN_EINVALID; /* they could not be read */
    if (!connector)
        return tcn_node_no_such(item, name, "no connector under $.connectors",
                                tcn_config_topic_connectors(c));
    if (!connector->instance || !connector->mapping)
        return TCN_EINVALID; /* its own mistakes are told already */
    if (tcn_connector_reaches(connector->instance->connector, TOCSIN_TOPIC))
        return check_message(item, connector, c);
    return tcn_node_problem(item, "\"%s\" tells no topics; name a connector of the kind %s", name,
                            kind ? kind->name : "webhook");
}

static int check_once(const struct tcn_node *item)
{
    for (size_t i = 0; i < item->index; i++) {
        struct tcn_node other = tcn_node_item(item->parent, i);

        if (json_equal(other.json, item->json))
            return tcn_node_twice(item, &other);
    }
    return 0;
}

static int read_connectors(const struct tcn_node *at, struct tcn_config *c, struct tcn_topic *ret)
{
    struct tcn_node list;
    size_t n;
    int r = 0;

    if (tcn_node_array(at, "connectors", TCN_NEED, &list) < 0)
        return TCN_EINVALID;
    n = json_array_size(list.json);
    if (n == 0 || n > TCN_TOPIC_CONNECTORS_MAX)
        return tcn_node_problem(&list, "name 1 to %d connectors", TCN_TOPIC_CONNECTORS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);
        const char *name = json_string_value(item.json);

        if (!name)
            return tcn_node_problem(&item, "must be text in double quotes");
        r |= check_once(&item);
        r |= check_connector(&item, name, c);
        ret->connectors[ret->n_connectors++] = name;
    }
    return r;
}

static int read_topic(const struct tcn_node *at, struct tcn_config *c, struct tcn_topic *ret)
{
    static const char *const names[] = {"connectors", NULL};
    int r = 0;

    ret->arn = at->key;
    if (!tcn_is_topic_arn(at->key))
        r = tcn_node_problem(at, "name a topic by " TCN_TOPIC_ARN_FORM);
    if (!json_is_object(at->json))
        return tcn_node_problem(at, "must be an object with \"connectors\"");
    r |= tcn_node_only(at, names);
    return r | read_connectors(at, c, ret);
}

int tcn_config_topics(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_topic_list *topics = &c->declared.topics;
    struct tcn_topic *items;
    struct tcn_node all;
    const char *arn;
    json_t *value;
    int r = 0;

    if (tcn_node_object(root, "topics", TCN_OPTIONAL, &all) < 0)
        return TCN_EINVALID;
    if (json_object_size(all.json) > TCN_TOPICS_MAX)
        return tcn_node_problem(&all, "%zu topics; at most %d", json_object_size(all.json),
                                TCN_TOPICS_MAX);
    items = TCN_NEW_N(&c->arena, struct tcn_topic, json_object_size(all.json) + 1);
    topics->items = items;
    json_object_foreach(all.json, arn, value)
    {
        struct tcn_node at = tcn_node_member(&all, arn);

        r |= read_topic(&at, c, &items[topics->n++]);
    }
    return r < 0 ? TCN_EINVALID : 0;
}
