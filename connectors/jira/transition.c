/* Which transition to take. Ids and names differ by workflow and are translated, so the choice goes by the category
 * of the status a transition leads to; names only decide between several that fit. */
#include "jira.h"

#include <stdio.h>

#define TRANSITIONS_MAX 100
#define NAMES_MAX 32

static const struct {
    const char *status, *category;
} categories[] = {{"OPEN", "new"}, {"ACKED", "indeterminate"}, {"RESOLVED", "done"}};

const char *tcn_jira_goal(json_t *status)
{
    const char *value = tcn_reply_text(status, "value");
    const char *accept = json_string_value(json_array_get(json_object_get(status, "accept"), 0));
    const char *name = tcn_reply_text(status, "class");

    if (value[0])
        return value;
    for (size_t i = 0; !accept && i < sizeof categories / sizeof categories[0]; i++)
        if (strcmp(name, categories[i].status) == 0)
            return categories[i].category;
    return accept ? accept : "";
}

int tcn_jira_wanted(json_t *status, const char *category)
{
    json_t *accept = json_object_get(status, "accept"), *item;
    size_t i;

    if (!category[0])
        return 0;
    json_array_foreach(accept, i, item) if (json_is_string(item) && strcmp(json_string_value(item),
                                                                           category) == 0) return 1;
    return strcmp(tcn_jira_goal(status), category) == 0;
}

static const char *category_of(json_t *transition)
{
    json_t *to = json_object_get(transition, "to");
    const char *key = tcn_reply_text(json_object_get(to, "statusCategory"), "key");

    return tcn_reply_id_ok(key) ? key : "";
}

/* Place of the transition among the preferred names: its status' name counts before its own. */
static int preference(json_t *transition, json_t *prefer)
{
    const char *status = tcn_reply_text(json_object_get(transition, "to"), "name");
    const char *own = tcn_reply_text(transition, "name");
    json_t *item;
    size_t i;

    json_array_foreach(prefer, i, item)
    {
        const char *name = json_is_string(item) ? json_string_value(item) : "";

        if (i == NAMES_MAX)
            break;
        if (strcmp(name, status) == 0)
            return (int)i;
        if (strcmp(name, own) == 0)
            return (int)i + NAMES_MAX;
    }
    return 2 * NAMES_MAX;
}

/* 1 when the field's list of allowed values has the wanted one, or there is no list. */
static int is_allowed(json_t *field, json_t *wanted)
{
    json_t *allowed = json_object_get(field, "allowedValues"), *item;
    const char *name = tcn_reply_text(wanted, "name"), *id = tcn_reply_text(wanted, "id");
    size_t i;

    if (!json_is_array(allowed))
        return 1;
    json_array_foreach(allowed, i,
                       item) if ((name[0] && strcmp(tcn_reply_text(item, "name"), name) == 0) ||
                                 (id[0] && strcmp(tcn_reply_text(item, "id"), id) == 0)) return 1;
    return 0;
}

static int is_required(json_t *field)
{
    return json_is_true(json_object_get(field, "required")) &&
           !json_is_true(json_object_get(field, "hasDefaultValue"));
}

static const char *first_allowed(json_t *field)
{
    return tcn_reply_text(json_array_get(json_object_get(field, "allowedValues"), 0), "id");
}

static int add_with(struct tcn_jira_way *way, const char *name)
{
    for (size_t i = 0; i < TCN_JIRA_WITH_MAX; i++)
        if (!way->with[i][0])
            return tocsin_copy(way->with[i], sizeof way->with[i], name);
    return -1;
}

/* The field's value out of "with", or an allowed resolution; -1 when the screen needs what we do not have. */
static int fill_field(const char *name, json_t *field, json_t *with, int is_goal,
                      struct tcn_jira_way *way)
{
    json_t *value = json_object_get(with, name);
    int required = is_required(field);

    if (value && (is_goal || required) && !(json_is_null(value) && required) &&
        (json_is_null(value) || strcmp(name, "resolution") != 0 || is_allowed(field, value)))
        return add_with(way, name);
    if (!required && !(value && is_goal && !json_is_null(value)))
        return 0;
    if (strcmp(name, "resolution") == 0 && tcn_reply_id_ok(first_allowed(field)) &&
        tocsin_copy(way->resolution, sizeof way->resolution, first_allowed(field)) == 0)
        return 0;
    return required ? -1 : 0;
}

/* Fills with and resolution for the transition's screen; -1 and why when it asks for more. */
static int fill_screen(json_t *transition, json_t *status, struct tcn_jira_way *way, char *why,
                       size_t size)
{
    int is_goal = tcn_jira_wanted(status, category_of(transition));
    json_t *with = json_object_get(status, "with"), *fields = json_object_get(transition, "fields");
    json_t *field;
    const char *name;

    memset(way->with, 0, sizeof way->with);
    way->resolution[0] = 0;
    json_object_foreach(fields, name, field)
    {
        const char *label = tcn_reply_text(field, "name");

        if (fill_field(name, field, with, is_goal, way) == 0)
            continue;
        snprintf(
            why, size,
            "transition \"%.60s\" needs the field \"%.60s\": give %.40s a value in status.with "
            "of the mapping",
            tcn_reply_text(transition, "name"), label[0] ? label : name, name);
        return -1;
    }
    return 0;
}

static int was_seen(const struct tcn_jira_way *way, const char *status_id)
{
    for (size_t i = 0; i < TCN_JIRA_SEEN_MAX; i++)
        if (way->seen[i][0] && strcmp(way->seen[i], status_id) == 0)
            return 1;
    return 0;
}

/* Lower is better, -1 is not to be taken. A resolved issue tells its customers: "done" is never a way through. */
static int rank(json_t *transition, json_t *status, int may_detour, const struct tcn_jira_way *way)
{
    const char *category = category_of(transition);
    json_t *to = json_object_get(transition, "to");
    int direct = tcn_jira_wanted(status, category);

    if (!tcn_reply_id_ok(tcn_reply_text(transition, "id")) ||
        strlen(tcn_reply_text(transition, "id")) >= sizeof way->transition ||
        json_is_false(json_object_get(transition, "isAvailable")))
        return -1;
    if (direct)
        return (strcmp(category, tcn_jira_goal(status)) == 0 ? 0 : 200) +
               preference(transition, json_object_get(status, "prefer"));
    if (!may_detour || !category[0] || strcmp(category, "done") == 0 ||
        was_seen(way, tcn_reply_text(to, "id")))
        return -1;
    return strcmp(category, "indeterminate") == 0 ? 1000 : 1001;
}

void tcn_jira_way_at(struct tcn_jira_way *way, json_t *status)
{
    const char *id = tcn_reply_text(status, "id");

    for (size_t i = 0; i < TCN_JIRA_SEEN_MAX && tcn_reply_id_ok(id) && !was_seen(way, id); i++)
        if (!way->seen[i][0])
            (void)tocsin_copy(way->seen[i], sizeof way->seen[i], id);
    tcn_reply_plain(way->from, sizeof way->from, tcn_reply_text(status, "name"));
}

static void take(json_t *transition, struct tcn_jira_way *way)
{
    json_t *to = json_object_get(transition, "to");

    (void)tocsin_copy(way->transition, sizeof way->transition, tcn_reply_text(transition, "id"));
    (void)tocsin_copy(way->reaches, sizeof way->reaches, category_of(transition));
    tcn_jira_way_at(way, to);
}

int tcn_jira_choose(json_t *transitions, json_t *status, int may_detour, struct tcn_jira_way *way,
                    char *why, size_t size)
{
    json_t *best = NULL, *item;
    int best_rank = -1;
    size_t i;

    snprintf(why, size, "no transition to %.40s from \"%s\"", tcn_jira_goal(status), way->from);
    json_array_foreach(transitions, i, item)
    {
        struct tcn_jira_way trial = *way;
        int r = i < TRANSITIONS_MAX ? rank(item, status, may_detour, way) : -1;

        if (r < 0 || (best && r >= best_rank) || fill_screen(item, status, &trial, why, size) < 0)
            continue;
        best = item;
        best_rank = r;
    }
    if (!best || fill_screen(best, status, way, why, size) < 0)
        return -1;
    take(best, way);
    return 0;
}

/* ---- the cursor ---- */

static void read_list(json_t *list, char *slots, size_t n_slots, size_t slot_size)
{
    for (size_t i = 0; i < n_slots && i < json_array_size(list); i++)
        (void)tocsin_copy(slots + i * slot_size, slot_size,
                          json_string_value(json_array_get(list, i)));
}

int tcn_jira_way_read(struct tcn_jira_way *way, const char *cursor)
{
    json_t *root;
    json_int_t hops;

    memset(way, 0, sizeof *way);
    if (!cursor[0])
        return 0;
    if (!(root = json_loads(cursor, 0, NULL)))
        return -1;
    hops = json_integer_value(json_object_get(root, "n"));
    way->hops = hops < 0 || hops > 8 ? 8 : (int)hops;
    way->is_blind = json_is_true(json_object_get(root, "b"));
    (void)tocsin_copy(way->from, sizeof way->from, tcn_reply_text(root, "f"));
    (void)tocsin_copy(way->transition, sizeof way->transition, tcn_reply_text(root, "t"));
    (void)tocsin_copy(way->reaches, sizeof way->reaches, tcn_reply_text(root, "c"));
    (void)tocsin_copy(way->resolution, sizeof way->resolution, tcn_reply_text(root, "r"));
    read_list(json_object_get(root, "s"), way->seen[0], TCN_JIRA_SEEN_MAX, sizeof way->seen[0]);
    read_list(json_object_get(root, "w"), way->with[0], TCN_JIRA_WITH_MAX, sizeof way->with[0]);
    json_decref(root);
    return 0;
}

static json_t *write_list(const char *slots, size_t n_slots, size_t slot_size)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n_slots && slots[i * slot_size]; i++)
        json_array_append_new(list, json_string(slots + i * slot_size));
    return list;
}

int tcn_jira_way_write(const struct tcn_jira_way *way, char *ret_cursor, size_t size)
{
    json_t *root = json_object();
    size_t n;

    json_object_set_new(root, "n", json_integer(way->hops));
    if (way->is_blind)
        json_object_set_new(root, "b", json_true());
    json_object_set_new(root, "f", json_string(way->from));
    json_object_set_new(root, "t", json_string(way->transition));
    json_object_set_new(root, "c", json_string(way->reaches));
    json_object_set_new(root, "r", json_string(way->resolution));
    json_object_set_new(root, "s",
                        write_list(way->seen[0], TCN_JIRA_SEEN_MAX, sizeof way->seen[0]));
    json_object_set_new(root, "w",
                        write_list(way->with[0], TCN_JIRA_WITH_MAX, sizeof way->with[0]));
    n = json_dumpb(root, ret_cursor, size - 1, JSON_COMPACT);
    json_decref(root);
    if (n == 0 || n >= size) {
        ret_cursor[0] = 0;
        return -1;
    }
    ret_cursor[n] = 0;
    return 0;
}
