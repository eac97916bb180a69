#include "app/resources_plan.h"
#include "app/resources.h"
#include "base/nearest.h"

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
            return tcn_node_problem(&item, "must be text");
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
        if (!json_is_string(value))
            return tcn_node_problem(&object, "tag \"%s\" must be text", name);
        (*ret)[*ret_n].key = name;
        (*ret)[(*ret_n)++].value = json_string_value(value);
    }
    return 0;
}

static int read_template(const struct tcn_node *at, struct tcn_arena *arena,
                         struct tcn_response_plan *ret)
{
    static const char *const names[] = {"title",        "impact",       "summary",
                                        "dedupeString", "incidentTags", NULL};
    struct tcn_node t;
    int64_t impact = 3;
    int r;

    if (tcn_node_object(at, "incidentTemplate", TCN_NEED, &t) < 0)
        return TCN_EINVALID;
    r = tcn_node_only(&t, names);
    r |= tcn_node_text(&t, "title", TCN_NEED, &ret->title);
    r |= tcn_node_text(&t, "summary", TCN_OPTIONAL, &ret->summary);
    r |= tcn_node_text(&t, "dedupeString", TCN_OPTIONAL, &ret->dedupe_string);
    r |= tcn_node_int(&t, "impact", TCN_NEED, 1, 5, &impact);
    r |= tcn_resources_tags(&t, "incidentTags", arena, &ret->tags, &ret->n_tags);
    ret->impact = (int)impact;
    if (ret->title && tcn_utf8_count(tcn_str(ret->title)) > TCN_TITLE_MAX)
        r |= tcn_node_problem(&t, "title is longer than %d characters", TCN_TITLE_MAX);
    if (ret->dedupe_string && strlen(ret->dedupe_string) > TCN_DEDUPE_MAX)
        r |= tcn_node_problem(&t, "dedupeString is longer than %d bytes", TCN_DEDUPE_MAX);
    return r < 0 ? TCN_EINVALID : 0;
}

static const char *nearest_contact(const struct tcn_directory *dir, const char *alias,
                                   struct tcn_arena *arena)
{
    const char **names = TCN_NEW_N(arena, const char *, dir->n_contacts + 1);

    for (size_t i = 0; i < dir->n_contacts; i++)
        names[i] = dir->contacts[i].alias;
    return tcn_nearest(alias, names);
}

static int check_engagements(const struct tcn_node *at, const struct tcn_directory *dir,
                             const struct tcn_response_plan *plan, struct tcn_arena *arena)
{
    int r = 0;

    for (size_t i = 0; i < plan->n_engagements; i++) {
        const char *alias = plan->engagements[i], *near;

        if (tcn_directory_contact(dir, alias))
            continue;
        near = nearest_contact(dir, alias, arena);
        r = tcn_node_problem(at, "engagements: \"%s\" is no contact of this file%s%s%s", alias,
                             near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    return r;
}

static int check_connectors(const struct tcn_node *at, const char *const connectors[],
                            const struct tcn_response_plan *plan)
{
    int r = 0;

    for (size_t i = 0; i < plan->n_connectors; i++) {
        const char *name = plan->connectors[i], *near;
        size_t k = 0;

        while (connectors[k] && strcmp(connectors[k], name) != 0)
            k++;
        if (connectors[k])
            continue;
        near = tcn_nearest(name, connectors);
        r = tcn_node_problem(at, "connectors: \"%s\" is not under $.connectors%s%s%s", name,
                             near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    return r;
}

static int read_plan(const struct tcn_node *at, const char *const connectors[],
                     struct tcn_arena *arena, const struct tcn_directory *dir,
                     struct tcn_response_plan *ret)
{
    static const char *const names[] = {"name",        "displayName", "incidentTemplate",
                                        "engagements", "connectors",  NULL};
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "name", TCN_NEED, &ret->name);
    r |= tcn_node_text(at, "displayName", TCN_OPTIONAL, &ret->display_name);
    r |= read_template(at, arena, ret);
    r |= read_texts(at, "engagements", TCN_ENGAGEMENTS_MAX, ret->engagements, &ret->n_engagements);
    r |= read_texts(at, "connectors", TCN_PLAN_CONNECTORS_MAX, ret->connectors, &ret->n_connectors);
    if (ret->name && !is_plan_name(ret->name))
        r |= tcn_node_problem(at, "name \"%s\": use 1-200 of a-z A-Z 0-9 _ -", ret->name);
    if (ret->name && tcn_directory_plan(dir, ret->name))
        r |= tcn_node_problem(at, "name \"%s\" is used twice", ret->name);
    r |= check_engagements(at, dir, ret, arena);
    r |= check_connectors(at, connectors, ret);
    return r < 0 ? TCN_EINVALID : 0;
}

int tcn_resources_plans(const struct tcn_node *list, const char *const connectors[],
                        struct tcn_arena *arena, struct tcn_directory *dir)
{
    size_t n = json_array_size(list->json);
    int r = 0;

    if (n > TCN_PLANS_MAX)
        return tcn_node_problem(list, "%zu response plans; at most %d", n, TCN_PLANS_MAX);
    dir->plans = TCN_NEW_N(arena, struct tcn_response_plan, n ? n : 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(list, i);
        struct tcn_response_plan *plan = &dir->plans[dir->n_plans];

        if (read_plan(&item, connectors, arena, dir, plan) < 0)
            r = TCN_EINVALID;
        if (plan->name)
            dir->n_plans++;
    }
    return r;
}
