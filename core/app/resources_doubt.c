#include "app/resources_doubt.h"
#include "app/resources.h"

#include <string.h>

/* -- a repetition that never comes -------------------------------------------------------------------------- */

static json_int_t minutes_of(const struct tcn_node *parent, const char *key)
{
    struct tcn_node node = tcn_node_member(parent, key);

    return json_integer_value(node.json);
}

/* The engine repeats strictly inside the stage. */
static void judge_target(const struct tcn_node *target, json_int_t stage_minutes)
{
    struct tcn_node of = tcn_node_member(target, "ChannelTargetInfo"),
                    retry = tcn_node_member(&of, "RetryIntervalInMinutes");
    json_int_t minutes = json_integer_value(retry.json);

    if (minutes > 0 && minutes >= stage_minutes)
        tcn_node_warning(&retry,
                         "nothing is sent again within the %lld minutes of the stage; use less, or "
                         "give it a longer DurationInMinutes",
                         (long long)stage_minutes);
}

static void judge_stage(const struct tcn_node *stage)
{
    struct tcn_node targets = tcn_node_member(stage, "Targets");

    for (size_t i = 0; i < json_array_size(targets.json); i++) {
        struct tcn_node target = tcn_node_item(&targets, i);

        judge_target(&target, minutes_of(stage, "DurationInMinutes"));
    }
}

static void judge_contact(const struct tcn_node *contact)
{
    struct tcn_node plan = tcn_node_member(contact, "Plan"),
                    stages = tcn_node_member(&plan, "Stages");

    for (size_t i = 0; i < json_array_size(stages.json); i++) {
        struct tcn_node stage = tcn_node_item(&stages, i);

        judge_stage(&stage);
    }
}

/* -- a person who is paged twice ---------------------------------------------------------------------------- */

static bool is_in_stage(const struct tcn_stage *stage, const char *person)
{
    for (size_t i = 0; i < stage->n_targets; i++)
        if (stage->targets[i].contact && strcmp(stage->targets[i].contact, person) == 0)
            return true;
    return false;
}

/* The contact is that person, or an escalation plan that begins with him. */
static bool pages_at_once(const struct tcn_contact *contact, const char *person)
{
    size_t i = 0;

    if (strcmp(contact->alias, person) == 0)
        return true;
    for (; contact->type == TCN_ESCALATION && i < contact->plan.n_stages; i++) {
        if (is_in_stage(&contact->plan.stages[i], person))
            return true;
        if (contact->plan.stages[i].duration_ms > 0)
            break;
    }
    return false;
}

/* An earlier engagement of the plan that pages the person at once, too; NULL: none does. */
static const char *also_paged_by(const struct tcn_directory *dir,
                                 const struct tcn_response_plan *plan, size_t before,
                                 const char *person)
{
    for (size_t i = 0; i < before; i++) {
        const struct tcn_contact *other = tcn_directory_contact(dir, plan->engagements[i]);

        if (other && pages_at_once(other, person))
            return other->alias;
    }
    return NULL;
}

static void judge_person(const struct tcn_node *item, const struct tcn_directory *dir,
                         const struct tcn_response_plan *plan, const char *person)
{
    const char *other = also_paged_by(dir, plan, item->index, person);

    if (other)
        tcn_node_warning(item,
                         "pages \"%s\" at once, as \"%s\" does: every page comes twice; take one "
                         "of them out, or let one begin later",
                         person, other);
}

static void judge_engagement(const struct tcn_node *item, const struct tcn_directory *dir,
                             const struct tcn_response_plan *plan)
{
    const struct tcn_contact *engaged = tcn_directory_contact(dir, plan->engagements[item->index]);

    for (size_t i = 0; engaged && i < dir->n_contacts; i++) {
        const struct tcn_contact *person = &dir->contacts[i];

        if (person->type == TCN_PERSONAL && pages_at_once(engaged, person->alias))
            judge_person(item, dir, plan, person->alias);
    }
}

/* -- topics that reach nobody -------------------------------------------------------------------------------- */

/* Plans are imported with the topics that they have, so that this is no mistake. */
static void judge_topics(const struct tcn_node *list, const char *key,
                         const struct tcn_directory *dir)
{
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        struct tcn_node item = tcn_node_item(list, i);
        const char *arn = json_string_value(key ? json_object_get(item.json, key) : item.json);

        if (arn && dir->declared && !tcn_topic_named(&dir->declared->topics, arn))
            tcn_node_warning(&item,
                             "$.topics has no \"%s\", so that nobody is told by it; add it there "
                             "with its connectors",
                             arn);
    }
}

static void judge_plan_topics(const struct tcn_node *at, const struct tcn_directory *dir)
{
    struct tcn_node template = tcn_node_member(at, "incidentTemplate"),
                    targets = tcn_node_member(&template, "notificationTargets"),
                    chat = tcn_node_member(at, "chatChannel"),
                    topics = tcn_node_member(&chat, "chatbotSns");

    judge_topics(&targets, "snsTopicArn", dir);
    judge_topics(&topics, NULL, dir);
}

static void judge_plan(const struct tcn_node *at, const struct tcn_directory *dir)
{
    struct tcn_node name = tcn_node_member(at, "name"),
                    engagements = tcn_node_member(at, "engagements");
    const struct tcn_response_plan *plan = tcn_directory_plan(dir, json_string_value(name.json));

    for (size_t i = 0; plan && i < plan->n_engagements; i++) {
        struct tcn_node item = tcn_node_item(&engagements, i);

        judge_engagement(&item, dir, plan);
    }
}

void tcn_resources_doubt(const struct tcn_node *resources, const struct tcn_directory *dir)
{
    struct tcn_node contacts = tcn_node_member(resources, "contacts"),
                    plans = tcn_node_member(resources, "response_plans");

    for (size_t i = 0; dir->contacts && i < json_array_size(contacts.json); i++) {
        struct tcn_node item = tcn_node_item(&contacts, i);

        judge_contact(&item);
    }
    for (size_t i = 0; dir->plans && i < json_array_size(plans.json); i++) {
        struct tcn_node item = tcn_node_item(&plans, i);

        judge_plan(&item, dir);
        judge_plan_topics(&item, dir);
    }
}
