#include "app/resources_plan.h"

#include "engine/arn.h"

/* ssm-incidents: ResponsePlanName is 1-200 of [a-zA-Z0-9-_]. */
static bool is_plan_name(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    return n > 0 && n <= 200 && text[n] == 0;
}

static int read_texts(const struct tcn_node *parent, const char *key, size_t max, const char *ret[],
                      size_t *ret_n)
{
    struct tcn_node list;
    size_t n;

    if (tcn_node_array(parent, key, TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    n = json_array_size(list.json);
    if (n > max)
        return tcn_node_problem(&list, "%zu entries; at most %zu", n, max);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if (!json_is_string(item.json))
            return tcn_node_problem(&item, "must be text in double quotes");
        ret[i] = json_string_value(item.json);
    }
    *ret_n = n;
    return 0;
}

int tcn_resources_tags(const struct tcn_node *parent, const char *key, struct tcn_arena *arena,
                       struct tcn_tag **ret, size_t *ret_n)
{
    struct tcn_node object;
    const char *name;
    json_t *value;
    size_t n;

    if (tcn_node_object(parent, key, TCN_OPTIONAL, &object) < 0)
        return TCN_EINVALID;
    n = json_object_size(object.json);
    if (n > TCN_TAGS_MAX)
        return tcn_node_problem(&object, "%zu tags; at most %d", n, TCN_TAGS_MAX);
    *ret = TCN_NEW_N(arena, struct tcn_tag, n + 1);
    json_object_foreach(object.json, name, value)
    {
        struct tcn_node tag = tcn_node_member(&object, name);

        if (!json_is_string(value))
            return tcn_node_problem(&tag, "must be text in double quotes");
        (*ret)[*ret_n].key = name;
        (*ret)[(*ret_n)++].value = json_string_value(value);
    }
    return 0;
}

static int check_lengths(const struct tcn_node *t, const struct tcn_response_plan *plan)
{
    struct tcn_node title = tcn_node_member(t, "title"), summary = tcn_node_member(t, "summary"),
                    dedupe = tcn_node_member(t, "dedupeString");
    int r = 0;

    if (plan->title && tcn_utf8_count(tcn_str(plan->title)) > TCN_TITLE_MAX)
        r |= tcn_node_problem(&title, "title is longer than %d characters", TCN_TITLE_MAX);
    if (plan->summary && tcn_utf8_count(tcn_str(plan->summary)) > TCN_SUMMARY_MAX)
        r |= tcn_node_problem(&summary, "summary is longer than %d characters", TCN_SUMMARY_MAX);
    if (plan->dedupe_string && strlen(plan->dedupe_string) > TCN_DEDUPE_MAX)
        r |= tcn_node_problem(&dedupe, "dedupeString is longer than %d bytes", TCN_DEDUPE_MAX);
    return r;
}

/* The topic of an element: itself, or its member key. */
static const char *topic_of(const struct tcn_node *item, const char *key)
{
    return json_string_value(key ? json_object_get(item->json, key) : item->json);
}

static int read_topics(const struct tcn_node *list, const char *key, struct tcn_arena *arena,
                       struct tcn_topics *ret)
{
    size_t n = json_array_size(list->json);
    const char **arns = TCN_NEW_N(arena, const char *, n + 1);
    int r = 0;

    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(list, i);

        arns[i] = topic_of(&item, key);
        if (!arns[i] || (key && json_object_size(item.json) != 1))
            r |= tcn_node_problem(&item, key ? "must be {\"%s\": ARN}" : "must be text", key);
        else if (!tcn_is_topic_arn(arns[i]))
            r |= tcn_node_problem(&item, "\"%s\" is not " TCN_TOPIC_ARN_FORM, arns[i]);
    }
    if (r == 0)
        *ret = (struct tcn_topics){arns, n};
    return r;
}

static int read_targets(const struct tcn_node *t, struct tcn_arena *arena,
                        struct tcn_response_plan *ret)
{
    struct tcn_node list;

    if (tcn_node_array(t, "notificationTargets", TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    if (json_array_size(list.json) > TCN_TARGET_TOPICS_MAX)
        return tcn_node_problem(&list, "%zu topics; at most %d", json_array_size(list.json),
                                TCN_TARGET_TOPICS_MAX);
    return read_topics(&list, "snsTopicArn", arena, &ret->notification_targets);
}

/* A union: {"chatbotSns": [ARN, ...]}, or {"empty": {}} for none. */
static int read_chat(const struct tcn_node *at, struct tcn_arena *arena,
                     struct tcn_response_plan *ret)
{
    static const char *const names[] = {"chatbotSns", "empty", NULL};
    struct tcn_node chat, list, empty;
    size_t n;

    if (tcn_node_object(at, "chatChannel", TCN_OPTIONAL, &chat) < 0)
        return TCN_EINVALID;
    if (!chat.json)
        return 0;
    if (tcn_node_only(&chat, names) < 0 ||
        tcn_node_object(&chat, "empty", TCN_OPTIONAL, &empty) < 0 ||
        tcn_node_array(&chat, "chatbotSns", TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    if (!empty.json == !list.json)
        return tcn_node_problem(&chat, "give exactly one of chatbotSns and empty");
    n = json_array_size(list.json);
    if (list.json && (n == 0 || n > TCN_CHAT_TOPICS_MAX))
        return tcn_node_problem(&list, "name 1 to %d topics", TCN_CHAT_TOPICS_MAX);
    return read_topics(&list, NULL, arena, &ret->chat_channel);
}

static int read_template(const struct tcn_node *at, struct tcn_arena *arena,
                         struct tcn_response_plan *ret)
{
    static const char *const names[] = {
        "title", "impact", "summary", "dedupeString", "incidentTags", "notificationTargets", NULL};
    struct tcn_node t;
    int64_t impact = 3;
    int r;

    if (tcn_node_object(at, "incidentTemplate", TCN_NEED, &t) < 0)
        return TCN_EINVALID;
    r = tcn_node_only(&t, names);
    r |= tcn_node_text(&t, "title", TCN_NEED, &ret->title);
    r |= tcn_node_text(&t, "summary", TCN_OPTIONAL, &ret->summary);
    r |= tcn_node_text(&t, "dedupeString", TCN_OPTIONAL, &ret->dedupe_string);
    r |= tcn_node_int(&t, "impact", TCN_NEED, 1, TCN_IMPACT_MAX, &impact);
    r |= tcn_resources_tags(&t, "incidentTags", arena, &ret->tags, &ret->n_tags);
    r |= read_targets(&t, arena, ret);
    ret->impact = (int)impact;
    r |= check_lengths(&t, ret);
    return r < 0 ? TCN_EINVALID : 0;
}

static bool is_one_of(const char *const names[], const char *word)
{
    for (; *names; names++)
        if (strcmp(*names, word) == 0)
            return true;
    return false;
}

/* Who is named a second time is paged a second time. */
static int check_once(const struct tcn_node *item)
{
    for (size_t i = 0; json_is_string(item->json) && i < item->index; i++) {
        struct tcn_node other = tcn_node_item(item->parent, i);

        if (json_equal(other.json, item->json))
            return tcn_node_twice(item, &other);
    }
    return 0;
}

static int check_engaged(const struct tcn_node *item, struct tcn_names *contacts)
{
    const char *alias = json_string_value(item->json);

    return !alias || tcn_names_know(contacts, alias)
               ? 0
               : tcn_names_no_such(item, alias, "contact", "contacts", contacts);
}

static int check_engagements(const struct tcn_node *at, struct tcn_names *contacts)
{
    struct tcn_node list = tcn_node_member(at, "engagements");
    int r = 0;

    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if (check_once(&item) < 0)
            r = TCN_EINVALID;
        else if (contacts)
            r |= check_engaged(&item, contacts);
    }
    return r;
}

static int check_connector(const struct tcn_node *item, const struct tcn_connector_names *known)
{
    const char *name = json_string_value(item->json);

    if (!name || is_one_of(known->with_tickets, name) || is_one_of(known->unknown, name))
        return 0;
    if (is_one_of(known->without, name))
        return tcn_node_problem(item,
                                "\"%s\" has no tickets, it only sends; take it out here and name "
                                "it in %s",
                                name,
                                is_one_of(known->of_topics, name) ? "$.topics" : "$.channels");
    return tcn_node_no_such(item, name, "no connector with tickets under $.connectors",
                            known->with_tickets);
}

static int check_connectors(const struct tcn_node *at, const struct tcn_connector_names *known)
{
    struct tcn_node list = tcn_node_member(at, "connectors");
    int r = 0;

    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if (check_once(&item) < 0)
            r = TCN_EINVALID;
        else if (known->with_tickets)
            r |= check_connector(&item, known);
    }
    return r;
}

static int check_name(const struct tcn_node *at, const char *name)
{
    struct tcn_node node = tcn_node_member(at, "name");

    if (!name)
        return 0;
    if (!is_plan_name(name))
        return tcn_node_problem(&node, "name \"%s\": use 1-200 of a-z A-Z 0-9 _ -", name);
    return tcn_node_unique(at, "name");
}

static int read_plan(const struct tcn_node *at, struct tcn_arena *arena,
                     struct tcn_response_plan *ret)
{
    static const char *const names[] = {"name",        "displayName", "incidentTemplate",
                                        "engagements", "connectors",  "chatChannel",
                                        NULL};
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "name", TCN_NEED, &ret->name);
    r |= tcn_node_text(at, "displayName", TCN_OPTIONAL, &ret->display_name);
    r |= read_template(at, arena, ret);
    r |= read_chat(at, arena, ret);
    r |= read_texts(at, "engagements", TCN_ENGAGEMENTS_MAX, ret->engagements, &ret->n_engagements);
    r |= read_texts(at, "connectors", TCN_PLAN_CONNECTORS_MAX, ret->connectors, &ret->n_connectors);
    r |= check_name(at, ret->name);
    return r < 0 ? TCN_EINVALID : 0;
}

int tcn_resources_plans(const struct tcn_node *list, struct tcn_names *contacts,
                        const struct tcn_connector_names *connectors, struct tcn_arena *arena,
                        struct tcn_directory *dir)
{
    size_t n = json_array_size(list->json);
    int r = 0;

    if (n > TCN_PLANS_MAX)
        return tcn_node_problem(list, "%zu response plans; at most %d", n, TCN_PLANS_MAX);
    dir->plans = TCN_NEW_N(arena, struct tcn_response_plan, n ? n : 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(list, i);
        struct tcn_response_plan *plan = &dir->plans[dir->n_plans];

        r |= read_plan(&item, arena, plan);
        r |= check_engagements(&item, contacts);
        r |= check_connectors(&item, connectors);
        if (plan->name)
            dir->n_plans++;
    }
    return r < 0 ? TCN_EINVALID : 0;
}
