#include "app/resources_channel.h"

#define NAME_MAX_POINTS 255 /* ssm-contacts: ChannelName */

static const char *const channel_types[] = {"EMAIL", "SMS", "VOICE", NULL};

static struct tcn_contact *find_contact(struct tcn_directory *dir, const char *alias)
{
    for (size_t i = 0; i < dir->n_contacts; i++)
        if (strcmp(dir->contacts[i].alias, alias) == 0)
            return &dir->contacts[i];
    return NULL;
}

/* Whether it can be sent to is what sends says: config_channels.c. */
static int read_address(const struct tcn_node *at, struct tcn_channel *ret)
{
    static const char *const names[] = {"SimpleAddress", NULL};
    struct tcn_node object, node;
    int r;

    if (tcn_node_object(at, "DeliveryAddress", TCN_NEED, &object) < 0 || !object.json)
        return TCN_EINVALID;
    r = tcn_node_only(&object, names);
    if (tcn_node_text(&object, "SimpleAddress", TCN_NEED, &ret->address) < 0)
        return TCN_EINVALID;
    node = tcn_node_member(&object, "SimpleAddress");
    if (strpbrk(ret->address, "\r\n"))
        return tcn_node_problem(&node, "line breaks in an address");
    if (ret->type > TCN_EMAIL && ret->address[0] != '+')
        return tcn_node_problem(&node, "\"%s\": write telephone numbers as +COUNTRYNUMBER",
                                ret->address);
    return r;
}

/* ssm-contacts: ChannelName, whose letters are those of all scripts. */
static bool is_name(const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _-.";
    size_t n = 0;

    while (text[n] && ((unsigned char)text[n] >= 0x80 || strchr(plain, text[n])))
        n++;
    return n > 0 && text[n] == '\0';
}

static int read_channel(const struct tcn_node *at, struct tcn_channel *ret)
{
    static const char *const names[] = {"ContactId",       "Name", "Type", "DeliveryAddress",
                                        "DeferActivation", "Id",   NULL};
    struct tcn_node name = tcn_node_member(at, "Name");
    bool is_deferred = false;
    int type = -1, r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "ContactId", TCN_NEED, &ret->contact);
    r |= tcn_node_text(at, "Name", TCN_NEED, &ret->name);
    r |= tcn_node_bool(at, "DeferActivation", TCN_OPTIONAL, &is_deferred);
    r |= tcn_node_choice(at, "Type", TCN_NEED, channel_types, &type);
    ret->type = (enum tcn_channel_type)(type + 1);
    ret->is_activated = !is_deferred;
    r |= tcn_names_id(at, &ret->id);
    r |= tcn_names_plain(at, "Name", NAME_MAX_POINTS);
    if (ret->name && !is_name(ret->name))
        r |= tcn_node_problem(&name, "use letters, digits, spaces, _ - and .");
    r |= read_address(at, ret);
    return r < 0 ? TCN_EINVALID : 0;
}

/* A channel with another mistake is there all the same: the plan that uses it is right. */
static int give(const struct tcn_node *at, const struct tcn_directory *dir,
                struct tcn_contact *owner, const struct tcn_channel *channel)
{
    struct tcn_channel *kept = &owner->channels[owner->n_channels];
    struct tcn_node of = tcn_node_member(at, "ContactId"), name = tcn_node_member(at, "Name");

    if (owner->type != TCN_PERSONAL && owner->type != TCN_CONTACT_UNSET)
        return tcn_node_problem(&of, "%s is not PERSONAL; only persons have channels",
                                owner->alias);
    if (tcn_directory_channel(dir, owner->alias, channel->name))
        return tcn_node_problem(&name, "%s has two channels named \"%s\"; rename one", owner->alias,
                                channel->name);
    if (owner->n_channels == TCN_CHANNELS_MAX)
        return tcn_node_problem(at, "%s has more than %d channels", owner->alias, TCN_CHANNELS_MAX);
    *kept = *channel;
    kept->contact = owner->alias;
    if (tcn_id_is_zero(kept->id))
        kept->id = tcn_id_child((struct tcn_id){{0}}, channel->name, owner->n_channels);
    owner->n_channels++;
    return 0;
}

static int add_channel(const struct tcn_node *at, struct tcn_names *aliases,
                       struct tcn_directory *dir, struct tcn_names *orphans)
{
    struct tcn_channel channel = {0};
    int r = read_channel(at, &channel);
    struct tcn_contact *owner = channel.contact ? find_contact(dir, channel.contact) : NULL;
    struct tcn_node of = tcn_node_member(at, "ContactId");

    if (owner && channel.name)
        return r | give(at, dir, owner, &channel);
    tcn_names_add(orphans, channel.name);
    if (!channel.contact || tcn_names_know(aliases, channel.contact))
        return r;
    return tcn_names_no_such(&of, channel.contact, "contact", "contacts", aliases);
}

int tcn_resources_channels(const struct tcn_node *list, struct tcn_names *aliases,
                           struct tcn_directory *dir, struct tcn_names *orphans)
{
    int r = 0;

    for (size_t i = 0; i < json_array_size(list->json); i++) {
        struct tcn_node item = tcn_node_item(list, i);

        r |= add_channel(&item, aliases, dir, orphans);
    }
    return r < 0 ? TCN_EINVALID : 0;
}
