#include "app/resources_reach.h"
#include "app/resources.h"

#include <string.h>

struct reach {
    const struct tcn_directory *dir;
    const struct tcn_source_policy *const *policies;
    bool has_readers;
};

/* The name of a source whose alarms go to that plan; NULL: none. */
static const char *source_of_plan(const struct reach *x, const char *plan)
{
    for (size_t i = 0; x->policies[i]; i++)
        if (x->policies[i]->response_plan && strcmp(x->policies[i]->response_plan, plan) == 0)
            return x->policies[i]->name;
    return NULL;
}

static bool is_target_of(const struct tcn_contact *contact, const char *alias)
{
    for (size_t s = 0; contact && s < contact->plan.n_stages; s++)
        for (size_t t = 0; t < contact->plan.stages[s].n_targets; t++) {
            const char *target = contact->plan.stages[s].targets[t].contact;

            if (target && strcmp(target, alias) == 0)
                return true;
        }
    return false;
}

/* Directly, or as a target of an escalation plan. */
static bool engages(const struct reach *x, const struct tcn_response_plan *plan, const char *alias)
{
    for (size_t i = 0; i < plan->n_engagements; i++)
        if (strcmp(plan->engagements[i], alias) == 0 ||
            is_target_of(tcn_directory_contact(x->dir, plan->engagements[i]), alias))
            return true;
    return false;
}

static const char *source_of_contact(const struct reach *x, const char *alias)
{
    for (size_t i = 0; i < x->dir->n_plans; i++) {
        const char *source = source_of_plan(x, x->dir->plans[i].name);

        if (source && engages(x, &x->dir->plans[i], alias))
            return source;
    }
    return NULL;
}

static int tell(const struct tcn_node *at, const char *source, const char *what, const char *remedy)
{
    if (source)
        return tcn_node_problem(at, "%s, and source \"%s\" relies on it; %s", what, source, remedy);
    tcn_node_warning(at, "%s; %s", what, remedy);
    return 0;
}

/* Nothing is sent to a channel that is never activated. Of a target with another mistake nothing is told here. */
static bool may_reach(const struct reach *x, const char *alias, const struct tcn_node *target)
{
    struct tcn_node of = tcn_node_member(target, "ChannelTargetInfo"),
                    id = tcn_node_member(&of, "ContactChannelId");
    const char *name = json_string_value(id.json);
    const struct tcn_channel *channel = name ? tcn_directory_channel(x->dir, alias, name) : NULL;

    return !channel || channel->is_activated;
}

/* How many targets there are; *ret_reached: that may be reached. */
static size_t count_targets(const struct reach *x, const char *alias, const struct tcn_node *stages,
                            size_t *ret_reached)
{
    size_t n = 0;

    *ret_reached = 0;
    for (size_t s = 0; s < json_array_size(stages->json); s++) {
        struct tcn_node stage = tcn_node_item(stages, s),
                        targets = tcn_node_member(&stage, "Targets");

        if (!json_is_object(stage.json) || (targets.json && !json_is_array(targets.json)))
            *ret_reached += 1; /* told */
        for (size_t t = 0; t < json_array_size(targets.json); t++, n++) {
            struct tcn_node target = tcn_node_item(&targets, t);

            *ret_reached += may_reach(x, alias, &target);
        }
    }
    return n;
}

static int judge_schedule(const struct tcn_node *list, const struct reach *x, const char *alias)
{
    if (json_array_size(list->json) > 0)
        return 0;
    return tell(list, source_of_contact(x, alias), "puts nobody on call: it has no rotation",
                "name one of $.resources.rotations");
}

/* Absent, it is empty. */
static bool is_list_in(const struct tcn_node *plan, const struct tcn_node *list)
{
    return json_is_object(plan->json) && (!list->json || json_is_array(list->json));
}

static int judge_contact(const struct tcn_node *at, const struct reach *x)
{
    struct tcn_node alias = tcn_node_member(at, "Alias"), plan = tcn_node_member(at, "Plan"),
                    stages = tcn_node_member(&plan, "Stages"),
                    rotations = tcn_node_member(&plan, "RotationIds");
    const char *name = json_string_value(alias.json);
    const struct tcn_contact *contact = name ? tcn_directory_contact(x->dir, name) : NULL;
    size_t reached, n;

    if (!name || !is_list_in(&plan, &stages) || !is_list_in(&plan, &rotations))
        return 0; /* told */
    if (contact && contact->type == TCN_ONCALL_SCHEDULE)
        return judge_schedule(&rotations, x, name);
    n = count_targets(x, name, &stages, &reached);
    if (reached > 0)
        return 0;
    if (n == 0)
        return tell(&stages, source_of_contact(x, name), "pages nobody: no stage has a target",
                    "add {\"DurationInMinutes\": ..., \"Targets\": [...]}");
    /* Whether one is, the store knows. */
    tcn_node_warning(&stages,
                     "pages nobody until one of its channels is activated by the code that "
                     "is sent to it; or take \"DeferActivation\" out of one");
    return 0;
}

static bool is_empty_list(const struct tcn_node *parent, const char *key)
{
    struct tcn_node list = tcn_node_member(parent, key);

    return !list.json || (json_is_array(list.json) && json_array_size(list.json) == 0);
}

static bool knows_one(const struct reach *x, const struct tcn_topics *named)
{
    for (size_t i = 0; x->dir->declared && i < named->n; i++)
        if (tcn_topic_named(&x->dir->declared->topics, named->arns[i]))
            return true;
    return false;
}

/* One of its topics has connectors. */
static bool tells_topics(const struct reach *x, const char *plan)
{
    const struct tcn_response_plan *p = tcn_directory_plan(x->dir, plan);

    return p && (knows_one(x, &p->notification_targets) || knows_one(x, &p->chat_channel));
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t")] == '\0';
}

static int judge_plan(const struct tcn_node *at, const struct reach *x)
{
    struct tcn_node name = tcn_node_member(at, "name"),
                    of = tcn_node_member(at, "incidentTemplate"),
                    title = tcn_node_member(&of, "title"),
                    engagements = tcn_node_member(at, "engagements");

    if (!json_is_string(name.json))
        return 0; /* told */
    if (json_is_string(title.json) && is_blank(json_string_value(title.json)))
        tcn_node_warning(&title, "is empty; an alarm that brings no title is called \"Alarm from "
                                 "SOURCE\": write what is wrong when this plan is used");
    if (!is_empty_list(at, "engagements") || !is_empty_list(at, "connectors") ||
        tells_topics(x, json_string_value(name.json)))
        return 0;
    return tell(engagements.json ? &engagements : at,
                x->has_readers ? NULL : source_of_plan(x, json_string_value(name.json)),
                x->has_readers ? "only who asks the API learns of its incidents"
                               : "nobody learns of its incidents",
                "name a contact to engage, or a connector");
}

int tcn_resources_reach(const struct tcn_node *resources, const struct tcn_directory *dir,
                        const struct tcn_source_policy *const policies[], bool has_readers)
{
    struct tcn_node contacts = tcn_node_member(resources, "contacts"),
                    plans = tcn_node_member(resources, "response_plans");
    struct reach x = {dir, policies, has_readers};
    int r = 0;

    for (size_t i = 0; dir->contacts && i < json_array_size(contacts.json); i++) {
        struct tcn_node item = tcn_node_item(&contacts, i);

        r |= judge_contact(&item, &x);
    }
    for (size_t i = 0; dir->plans && i < json_array_size(plans.json); i++) {
        struct tcn_node item = tcn_node_item(&plans, i);

        r |= judge_plan(&item, &x);
    }
    return r < 0 ? TCN_EINVALID : 0;
}
