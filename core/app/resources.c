/* Contacts of the configuration; their channels are in resources_channel.c, rotations and schedules in resources_rotation.c,
 * response plans in resources_plan.c. */
#include "app/resources.h"
#include "app/resources_channel.h"
#include "app/resources_plan.h"
#include "app/resources_rotation.h"
#include "app/resources_window.h"

#include <stdio.h>

#define MINUTE_MS INT64_C(60000)
#define NAME_MAX_POINTS 255  /* ssm-contacts: ContactName */
#define PLAN_MINUTES_MAX 30  /* ssm-contacts: Stage.DurationInMinutes 0-30 */
#define RETRY_MINUTES_MAX 60 /* ssm-contacts: RetryIntervalInMinutes 0-60 */

static const char *const contact_types[] = {"PERSONAL", "ESCALATION", "ONCALL_SCHEDULE", NULL};

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
    int r = tcn_node_only(at, names);

    if (tcn_node_object(at, "ChannelTargetInfo", TCN_OPTIONAL, &channel) < 0 ||
        tcn_node_object(at, "ContactTargetInfo", TCN_OPTIONAL, &contact) < 0)
        return TCN_EINVALID;
    if (!channel.json == !contact.json)
        return r < 0 ? r
                     : tcn_node_problem(at, "give exactly one of ChannelTargetInfo and "
                                            "ContactTargetInfo");
    if (channel.json && type == TCN_ESCALATION)
        return tcn_node_problem(&channel, "an escalation plan engages contacts; use "
                                          "ContactTargetInfo");
    if (contact.json && type == TCN_PERSONAL)
        return tcn_node_problem(&contact, "a person's plan engages channels; use "
                                          "ChannelTargetInfo");
    r |= channel.json ? read_channel_target(&channel, ret) : read_contact_target(&contact, ret);
    return r < 0 ? TCN_EINVALID : 0;
}

/* A target is what it engages, however that is engaged. */
static int check_once(const struct tcn_node *target, const char *kind, const char *key)
{
    struct tcn_node of = tcn_node_member(target, kind), id = tcn_node_member(&of, key);

    for (size_t i = 0; json_is_string(id.json) && i < target->index; i++) {
        struct tcn_node earlier = tcn_node_item(target->parent, i),
                        its = tcn_node_member(&earlier, kind), other = tcn_node_member(&its, key);

        if (json_equal(other.json, id.json))
            return tcn_node_twice(&id, &other);
    }
    return 0;
}

static int read_stage(const struct tcn_node *at, enum tcn_contact_type type,
                      struct tcn_arena *arena, struct tcn_stage *ret)
{
    static const char *const names[] = {"DurationInMinutes", "Targets", NULL};
    struct tcn_target *made;
    struct tcn_node targets;
    size_t n;
    int r = tcn_node_only(at, names);

    r |= read_minutes(at, "DurationInMinutes", PLAN_MINUTES_MAX, &ret->duration_ms);
    if (tcn_node_array(at, "Targets", TCN_OPTIONAL, &targets) < 0)
        return TCN_EINVALID;
    n = json_array_size(targets.json);
    if (n > TCN_TARGETS_MAX)
        return tcn_node_problem(&targets, "%zu targets; at most %d", n, TCN_TARGETS_MAX);
    if (n == 0 && ret->duration_ms == 0 && r == 0)
        return tcn_node_problem(at, "a stage without targets must wait: give DurationInMinutes");
    ret->targets = made = TCN_NEW_N(arena, struct tcn_target, n);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&targets, i);

        r |= read_target(&item, type, &made[i]);
        r |= check_once(&item, "ChannelTargetInfo", "ContactChannelId");
        r |= check_once(&item, "ContactTargetInfo", "ContactId");
    }
    ret->n_targets = n;
    return r < 0 ? TCN_EINVALID : 0;
}

/* Without stages it pages nobody yet: AWS makes contacts so, to add their channels and then the stages. */
static int read_plan(const struct tcn_node *contact, enum tcn_contact_type type,
                     struct tcn_arena *arena, struct tcn_plan *ret)
{
    static const char *const names[] = {"Stages", NULL};
    struct tcn_node plan, stages;
    struct tcn_stage *made;
    size_t n;
    int r;

    if (tcn_node_object(contact, "Plan", TCN_NEED, &plan) < 0 || !plan.json)
        return TCN_EINVALID;
    r = tcn_node_only(&plan, names);
    if (tcn_node_array(&plan, "Stages", TCN_OPTIONAL, &stages) < 0)
        return TCN_EINVALID;
    n = json_array_size(stages.json);
    if (n > TCN_STAGES_MAX)
        return tcn_node_problem(&stages, "%zu stages; at most %d", n, TCN_STAGES_MAX);
    ret->stages = made = TCN_NEW_N(arena, struct tcn_stage, n);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&stages, i);

        r |= read_stage(&item, type, arena, &made[i]);
    }
    ret->n_stages = n;
    return r < 0 ? TCN_EINVALID : 0;
}

static int check_alias(const struct tcn_node *at, const char *alias)
{
    struct tcn_node node = tcn_node_member(at, "Alias");

    if (!alias)
        return 0;
    if (!is_alias(alias))
        return tcn_node_problem(&node, "Alias \"%s\": use 1-255 of a-z 0-9 _ -", alias);
    return tcn_node_unique(at, "Alias");
}

/* A contact whose type is wrong has none: its plan may then engage whatever it likes. */
static int read_type(const struct tcn_node *at, struct tcn_contact *ret)
{
    int type = -1, r = tcn_node_choice(at, "Type", TCN_NEED, contact_types, &type);

    ret->type = (enum tcn_contact_type)(type + 1);
    return r;
}

/* Ours: the API of AWS has none. */
static int read_budget(const struct tcn_node *contact, enum tcn_contact_type type,
                       struct tcn_page_budget *ret)
{
    static const char *const names[] = {"Pages", "PerMinutes", NULL};
    struct tcn_node budget;
    int64_t minutes = 0;
    int r;

    if ((r = tcn_node_object(contact, "PageBudget", TCN_OPTIONAL, &budget)) < 0 || !budget.json)
        return r;
    if (type != TCN_CONTACT_UNSET && type != TCN_PERSONAL)
        return tcn_node_problem(&budget, "only persons are paged; give each PERSONAL contact its "
                                         "own PageBudget");
    r = tcn_node_only(&budget, names);
    r |= tcn_node_int(&budget, "Pages", TCN_NEED, 1, TCN_BUDGET_PAGES_MAX, &ret->pages);
    r |= tcn_node_int(&budget, "PerMinutes", TCN_NEED, 1, TCN_BUDGET_MINUTES_MAX, &minutes);
    ret->per_ms = minutes * MINUTE_MS;
    return r;
}

static int read_contact(const struct tcn_node *at, struct tcn_arena *arena, struct tcn_contact *ret)
{
    static const char *const names[] = {"Alias", "DisplayName", "Type", "Plan", "PageBudget", NULL};
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "Alias", TCN_NEED, &ret->alias);
    r |= tcn_node_text(at, "DisplayName", TCN_OPTIONAL, &ret->display_name);
    r |= tcn_names_plain(at, "DisplayName", NAME_MAX_POINTS);
    r |= read_type(at, ret);
    r |= check_alias(at, ret->alias);
    r |= read_budget(at, ret->type, &ret->budget);
    r |= ret->type == TCN_ONCALL_SCHEDULE ? tcn_resources_schedule(at, ret)
                                          : read_plan(at, ret->type, arena, &ret->plan);
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

        if (read_contact(&item, arena, c) < 0)
            r = TCN_EINVALID;
        if (c->alias) {
            c->channels = TCN_NEW_N(arena, struct tcn_channel, TCN_CHANNELS_MAX);
            dir->n_contacts++;
        }
    }
    return r;
}

/* What references are judged by. */
struct known {
    const struct tcn_directory *dir;
    struct tcn_names contacts, orphans, rotations;
};

static int check_contact_target(const struct tcn_node *at, struct known *known)
{
    struct tcn_node node = tcn_node_member(at, "ContactId");
    const char *alias = json_string_value(node.json);
    const struct tcn_contact *engaged = alias ? tcn_directory_contact(known->dir, alias) : NULL;

    if (!alias)
        return 0;
    if (!engaged)
        return tcn_names_know(&known->contacts, alias)
                   ? 0
                   : tcn_names_no_such(&node, alias, "contact", "contacts", &known->contacts);
    return engaged->type == TCN_ESCALATION
               ? tcn_node_problem(
                     &node, "\"%s\" is another escalation plan; engage persons or schedules", alias)
               : 0;
}

static int check_channel_target(const struct tcn_node *at, struct known *known,
                                const struct tcn_contact *owner)
{
    struct tcn_node node = tcn_node_member(at, "ContactChannelId");
    const char *names[TCN_CHANNELS_MAX + 1] = {NULL}, *name = json_string_value(node.json);
    char problem[300];

    if (!name || tcn_directory_channel(known->dir, owner->alias, name) ||
        tcn_names_know(&known->orphans, name))
        return 0;
    for (size_t i = 0; i < owner->n_channels; i++)
        names[i] = owner->channels[i].name;
    snprintf(problem, sizeof problem, "no channel of %s%s", owner->alias,
             *at->doc->file ? " under $.resources.contact_channels" : "");
    return tcn_node_no_such(&node, name, problem, names);
}

/* A target of the wrong kind was told when it was read. */
static int check_target(const struct tcn_node *at, struct known *known,
                        const struct tcn_contact *owner)
{
    struct tcn_node channel = tcn_node_member(at, "ChannelTargetInfo"),
                    contact = tcn_node_member(at, "ContactTargetInfo");
    int r = 0;

    if (owner->type != TCN_ESCALATION)
        r |= check_channel_target(&channel, known, owner);
    if (owner->type != TCN_PERSONAL)
        r |= check_contact_target(&contact, known);
    return r;
}

static int check_plan(const struct tcn_node *contact, struct known *known)
{
    struct tcn_node plan = tcn_node_member(contact, "Plan"),
                    node = tcn_node_member(contact, "Alias"),
                    stages = tcn_node_member(&plan, "Stages");
    const char *alias = json_string_value(node.json);
    const struct tcn_contact *owner = alias ? tcn_directory_contact(known->dir, alias) : NULL;
    int r = 0;

    if (!owner || owner->type == TCN_ONCALL_SCHEDULE)
        return 0;
    for (size_t s = 0; s < json_array_size(stages.json); s++) {
        struct tcn_node stage = tcn_node_item(&stages, s),
                        targets = tcn_node_member(&stage, "Targets");

        for (size_t t = 0; t < json_array_size(targets.json); t++) {
            struct tcn_node target = tcn_node_item(&targets, t);

            r |= check_target(&target, known, owner);
        }
    }
    return r;
}

/* References can be checked only when every contact and channel is known. */
static int check_references(const struct tcn_node *list, struct known *known)
{
    int r = 0;

    for (size_t i = 0; i < json_array_size(list->json); i++) {
        struct tcn_node item = tcn_node_item(list, i);

        r |= check_plan(&item, known);
    }
    return r;
}

/* Contacts, their channels, and what they refer to. Without the contacts the rest cannot be judged. */
static int read_people(const struct tcn_node *node, struct tcn_arena *arena,
                       struct tcn_directory *ret, struct known *known)
{
    struct tcn_node contacts, channels;
    int r = tcn_node_array(node, "contacts", TCN_OPTIONAL, &contacts),
        of_channels = tcn_node_array(node, "contact_channels", TCN_OPTIONAL, &channels);

    if (r < 0 || (r = read_contacts(&contacts, arena, ret), !ret->contacts))
        return TCN_EINVALID;
    tcn_directory_make_index(ret,
                             arena); /* for all that refers to contacts; made anew at the end */
    tcn_names_of(&known->contacts, &contacts, "Alias", arena);
    if (of_channels < 0)
        return TCN_EINVALID;
    tcn_names_init(&known->orphans, json_array_size(channels.json), arena);
    r |= tcn_resources_channels(&channels, &known->contacts, ret, &known->orphans);
    r |= check_references(&contacts, known);
    r |= tcn_resources_rotations(node, &known->contacts, arena, ret, &known->rotations);
    r |= tcn_resources_check_schedules(&contacts, &known->rotations);
    return r;
}

int tcn_resources_read(const struct tcn_node *node, const struct tcn_connector_names *connectors,
                       struct tcn_arena *arena, struct tcn_directory *ret)
{
    static const char *const names[] = {
        "contacts",       "contact_channels",    "rotations", "rotation_overrides",
        "response_plans", "maintenance_windows", NULL};
    struct known known = {.dir = ret};
    struct tcn_node plans;
    int r = tcn_node_only(node, names);

    r |= read_people(node, arena, ret, &known);
    r |= tcn_resources_windows(node, arena, ret);
    if (tcn_node_array(node, "response_plans", TCN_OPTIONAL, &plans) < 0)
        return TCN_EINVALID;
    r |= tcn_resources_plans(&plans, known.contacts.items ? &known.contacts : NULL, connectors,
                             arena, ret);
    tcn_directory_make_index(ret, arena);
    return r < 0 ? TCN_EINVALID : 0;
}
