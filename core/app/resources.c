/* Contacts and channels of the configuration; response plans are in resources_plan.c. */
#include "app/resources.h"
#include "app/resources_plan.h"

#define MINUTE_MS INT64_C(60000)
#define PLAN_MINUTES_MAX 30  /* ssm-contacts: Stage.DurationInMinutes 0-30 */
#define RETRY_MINUTES_MAX 60 /* ssm-contacts: RetryIntervalInMinutes 0-60 */

static const char *const contact_types[] = {"PERSONAL", "ESCALATION", "ONCALL_SCHEDULE", NULL};
static const char *const channel_types[] = {"EMAIL", "SMS", "VOICE", NULL};

/* ssm-contacts: ContactAlias is 1-255 of [a-z0-9_-]. */
static bool is_alias(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= 255 && text[n] == 0;
}

static int read_minutes(const struct tcn_node *at, const char *key, int64_t max, int64_t *ret_ms)
{
    int64_t minutes = 0;
    int r = tcn_node_int(at, key, TCN_OPTIONAL, 0, max, &minutes);

    *ret_ms = minutes * MINUTE_MS;
    return r;
}

static int read_channel_target(const struct tcn_node *at, struct tcn_target *ret)
{
    static const char *const names[] = {"ContactChannelId", "RetryIntervalInMinutes", NULL};
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "ContactChannelId", TCN_NEED, &ret->channel);
    r |= read_minutes(at, "RetryIntervalInMinutes", RETRY_MINUTES_MAX, &ret->retry_ms);
    return r;
}

static int read_contact_target(const struct tcn_node *at, struct tcn_target *ret)
{
    static const char *const names[] = {"ContactId", "IsEssential", NULL};
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "ContactId", TCN_NEED, &ret->contact);
    r |= tcn_node_bool(at, "IsEssential", TCN_NEED, &ret->is_essential);
    return r;
}

static int read_target(const struct tcn_node *at, enum tcn_contact_type type,
                       struct tcn_target *ret)
{
    static const char *const names[] = {"ChannelTargetInfo", "ContactTargetInfo", NULL};
    struct tcn_node channel, contact;

    if (tcn_node_only(at, names) < 0 ||
        tcn_node_object(at, "ChannelTargetInfo", TCN_OPTIONAL, &channel) < 0 ||
        tcn_node_object(at, "ContactTargetInfo", TCN_OPTIONAL, &contact) < 0)
        return TCN_EINVALID;
    if (!channel.json == !contact.json)
        return tcn_node_problem(at, "give exactly one of ChannelTargetInfo and ContactTargetInfo");
    if (channel.json && type != TCN_PERSONAL)
        return tcn_node_problem(at, "an escalation plan engages contacts; use ContactTargetInfo");
    if (contact.json && type != TCN_ESCALATION)
        return tcn_node_problem(at, "a person's plan engages channels; use ChannelTargetInfo");
    return channel.json ? read_channel_target(&channel, ret) : read_contact_target(&contact, ret);
}

static int read_stage(const struct tcn_node *at, enum tcn_contact_type type, struct tcn_stage *ret)
{
    static const char *const names[] = {"DurationInMinutes", "Targets", NULL};
    struct tcn_node targets;
    size_t n;
    int r = tcn_node_only(at, names);

    r |= read_minutes(at, "DurationInMinutes", PLAN_MINUTES_MAX, &ret->duration_ms);
    if (tcn_node_array(at, "Targets", TCN_OPTIONAL, &targets) < 0)
        return TCN_EINVALID;
    n = json_array_size(targets.json);
    if (n > TCN_TARGETS_MAX)
        return tcn_node_problem(&targets, "%zu targets; at most %d", n, TCN_TARGETS_MAX);
    if (n == 0 && ret->duration_ms == 0)
        return tcn_node_problem(at, "a stage without targets must wait: give DurationInMinutes");
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&targets, i);

        r |= read_target(&item, type, &ret->targets[i]);
    }
    ret->n_targets = n;
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_plan(const struct tcn_node *contact, enum tcn_contact_type type,
                     struct tcn_plan *ret)
{
    static const char *const names[] = {"Stages", NULL};
    struct tcn_node plan, stages;
    size_t n;
    int r;

    if (tcn_node_object(contact, "Plan", TCN_NEED, &plan) < 0 || tcn_node_only(&plan, names) < 0 ||
        tcn_node_array(&plan, "Stages", TCN_NEED, &stages) < 0)
        return TCN_EINVALID;
    n = json_array_size(stages.json);
    if (n > TCN_STAGES_MAX)
        return tcn_node_problem(&stages, "%zu stages; at most %d", n, TCN_STAGES_MAX);
    r = 0;
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&stages, i);

        r |= read_stage(&item, type, &ret->stages[i]);
    }
    ret->n_stages = n;
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_contact(const struct tcn_node *at, const struct tcn_directory *known,
                        struct tcn_contact *ret)
{
    static const char *const names[] = {"Alias", "DisplayName", "Type", "Plan", "TimeZone", NULL};
    int type = 0, r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "Alias", TCN_NEED, &ret->alias);
    r |= tcn_node_text(at, "DisplayName", TCN_OPTIONAL, &ret->display_name);
    r |= tcn_node_text(at, "TimeZone", TCN_OPTIONAL, &ret->time_zone);
    if (tcn_node_choice(at, "Type", TCN_NEED, contact_types, &type) < 0)
        return TCN_EINVALID;
    ret->type = (enum tcn_contact_type)(type + 1);
    if (ret->alias && !is_alias(ret->alias))
        r |= tcn_node_problem(at, "Alias \"%s\": use 1-255 of a-z 0-9 _ -", ret->alias);
    if (ret->alias && tcn_directory_contact(known, ret->alias))
        r |= tcn_node_problem(at, "Alias \"%s\" is used twice", ret->alias);
    if (ret->type == TCN_ONCALL_SCHEDULE)
        r |= tcn_node_problem(at, "on-call schedules are not supported yet; engage PERSONAL "
                                  "contacts or an ESCALATION plan");
    else
        r |= read_plan(at, ret->type, &ret->plan);
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_contacts(const struct tcn_node *list, struct tcn_arena *arena,
                         struct tcn_directory *dir)
{
    size_t n = json_array_size(list->json);
    int r = 0;

    if (n > TCN_CONTACTS_MAX)
        return tcn_node_problem(list, "%zu contacts; at most %d", n, TCN_CONTACTS_MAX);
    dir->contacts = TCN_NEW_N(arena, struct tcn_contact, n ? n : 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(list, i);
        struct tcn_contact *c = &dir->contacts[dir->n_contacts];

        if (read_contact(&item, dir, c) < 0)
            r = TCN_EINVALID;
        if (c->alias) {
            c->channels = TCN_NEW_N(arena, struct tcn_channel, TCN_CHANNELS_MAX);
            dir->n_contacts++;
        }
    }
    return r;
}

static struct tcn_contact *find_contact(struct tcn_directory *dir, const char *alias)
{
    for (size_t i = 0; i < dir->n_contacts; i++)
        if (strcmp(dir->contacts[i].alias, alias) == 0)
            return &dir->contacts[i];
    return NULL;
}

static int read_address(const struct tcn_node *at, struct tcn_channel *ret)
{
    static const char *const names[] = {"SimpleAddress", NULL};
    struct tcn_node address;

    if (tcn_node_object(at, "DeliveryAddress", TCN_NEED, &address) < 0 ||
        tcn_node_only(&address, names) < 0 ||
        tcn_node_text(&address, "SimpleAddress", TCN_NEED, &ret->address) < 0)
        return TCN_EINVALID;
    if (ret->type == TCN_EMAIL && !strchr(ret->address, '@'))
        return tcn_node_problem(&address, "\"%s\" is no mail address", ret->address);
    if (ret->type != TCN_EMAIL && ret->address[0] != '+')
        return tcn_node_problem(&address, "\"%s\": write telephone numbers as +COUNTRYNUMBER",
                                ret->address);
    return strpbrk(ret->address, "\r\n") ? tcn_node_problem(&address, "line breaks in an address")
                                         : 0;
}

static int read_channel(const struct tcn_node *at, struct tcn_channel *ret)
{
    static const char *const names[] = {"ContactId",       "Name", "Type", "DeliveryAddress",
                                        "DeferActivation", NULL};
    bool is_deferred = false;
    int type = 0, r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "ContactId", TCN_NEED, &ret->contact);
    r |= tcn_node_text(at, "Name", TCN_NEED, &ret->name);
    r |= tcn_node_bool(at, "DeferActivation", TCN_OPTIONAL, &is_deferred);
    r |= tcn_node_choice(at, "Type", TCN_NEED, channel_types, &type);
    ret->type = (enum tcn_channel_type)(type + 1);
    ret->is_activated = !is_deferred;
    if (r == 0)
        r = read_address(at, ret);
    return r < 0 ? TCN_EINVALID : 0;
}

static int add_channel(const struct tcn_node *at, struct tcn_directory *dir)
{
    struct tcn_channel channel = {0};
    struct tcn_contact *owner;

    if (read_channel(at, &channel) < 0)
        return TCN_EINVALID;
    owner = find_contact(dir, channel.contact);
    if (!owner)
        return tcn_node_problem(at, "ContactId \"%s\" is no contact of this file", channel.contact);
    if (owner->type != TCN_PERSONAL)
        return tcn_node_problem(at, "only PERSONAL contacts have channels");
    if (tcn_directory_channel(dir, owner->alias, channel.name))
        return tcn_node_problem(at, "%s has two channels named \"%s\"", owner->alias, channel.name);
    if (owner->n_channels == TCN_CHANNELS_MAX)
        return tcn_node_problem(at, "%s has more than %d channels", owner->alias, TCN_CHANNELS_MAX);
    channel.contact = owner->alias;
    channel.id = tcn_id_child((struct tcn_id){{0}}, channel.name, owner->n_channels);
    owner->channels[owner->n_channels++] = channel;
    return 0;
}

static int read_channels(const struct tcn_node *list, struct tcn_directory *dir)
{
    int r = 0;

    for (size_t i = 0; i < json_array_size(list->json); i++) {
        struct tcn_node item = tcn_node_item(list, i);

        if (add_channel(&item, dir) < 0)
            r = TCN_EINVALID;
    }
    return r;
}

static int check_target(const struct tcn_node *list, const struct tcn_directory *dir,
                        const struct tcn_contact *owner, const struct tcn_target *target)
{
    const struct tcn_contact *engaged;

    if (target->channel)
        return tcn_directory_channel(dir, owner->alias, target->channel)
                   ? 0
                   : tcn_node_problem(list, "%s's plan uses channel \"%s\", which %s does not have",
                                      owner->alias, target->channel, owner->alias);
    engaged = tcn_directory_contact(dir, target->contact);
    if (!engaged)
        return tcn_node_problem(list, "%s's plan engages \"%s\", which is no contact of this file",
                                owner->alias, target->contact);
    return engaged->type == TCN_ESCALATION
               ? tcn_node_problem(list,
                                  "%s's plan engages %s, another escalation plan; engage "
                                  "persons or schedules",
                                  owner->alias, engaged->alias)
               : 0;
}

/* References can be checked only when every contact and channel is known. */
static int check_references(const struct tcn_node *list, const struct tcn_directory *dir)
{
    int r = 0;

    for (size_t c = 0; c < dir->n_contacts; c++) {
        const struct tcn_contact *owner = &dir->contacts[c];

        for (size_t s = 0; s < owner->plan.n_stages; s++)
            for (size_t t = 0; t < owner->plan.stages[s].n_targets; t++) {
                const struct tcn_target *target = &owner->plan.stages[s].targets[t];

                if ((target->channel || target->contact) &&
                    check_target(list, dir, owner, target) < 0)
                    r = TCN_EINVALID;
            }
    }
    return r;
}

int tcn_resources_read(const struct tcn_node *node, const char *const connectors[],
                       struct tcn_arena *arena, struct tcn_directory *ret)
{
    static const char *const names[] = {"contacts", "contact_channels", "response_plans", NULL};
    struct tcn_node contacts, channels, plans;
    int r;

    if (!node->json)
        return 0;
    r = tcn_node_only(node, names);
    if (tcn_node_array(node, "contacts", TCN_OPTIONAL, &contacts) < 0 ||
        tcn_node_array(node, "contact_channels", TCN_OPTIONAL, &channels) < 0 ||
        tcn_node_array(node, "response_plans", TCN_OPTIONAL, &plans) < 0)
        return TCN_EINVALID;
    r |= read_contacts(&contacts, arena, ret);
    r |= read_channels(&channels, ret);
    r |= check_references(&contacts, ret);
    r |= tcn_resources_plans(&plans, connectors, arena, ret);
    return r < 0 ? TCN_EINVALID : 0;
}
