#include "app/resources_rotation.h"

#include "app/resources_recurrence.h"
#include "app/resources_zone.h"
#include "base/datetime.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define FIELD_DEPTH_MAX 8 /* steps of a path within a rotation */

struct override {
    const char *rotation; /* its name; NULL: it could not be read */
    struct tcn_rotation_override value;
};

/* What there is, while it is read. */
struct reading {
    struct tcn_arena *arena;    /* borrowed, like the two below */
    struct tcn_names *contacts; /* that are written */
    struct tcn_directory *dir;  /* with the contacts that were read */
    struct tcn_zones_read zones;
    struct tcn_rotation *rotations; /* that are right */
    size_t n_rotations;
    struct override *overrides;
    size_t n_overrides;
    struct tcn_names *names; /* of rotations that are written */
    bool has_strangers;      /* on call and no person: told, and passed over by who asks who is */
};

/* -- values ----------------------------------------------------------------------------------------------------- */

static int read_time(const struct tcn_node *at, const char *key, int64_t *ret_ms)
{
    struct tcn_node node = tcn_node_member(at, key);
    const char *text = NULL;
    int r = tcn_node_text(at, key, TCN_NEED, &text);

    if (r < 0 || !text)
        return r;
    if (tcn_time_rfc3339(tcn_str(text), ret_ms) < 0)
        return tcn_node_problem(&node, "\"%s\" is no time; write it as 2026-08-02T09:00:00+02:00",
                                text);
    return 0;
}

/* ssm-contacts: only persons are in a rotation. */
static int check_person(const struct tcn_node *item, struct reading *in)
{
    const char *alias = json_string_value(item->json);
    const struct tcn_contact *c = tcn_directory_contact(in->dir, alias);

    if (!alias)
        return tcn_node_problem(item, "must be text in double quotes");
    if (c ? c->type != TCN_ESCALATION && c->type != TCN_ONCALL_SCHEDULE
          : tcn_names_know(in->contacts, alias))
        return 0;
    in->has_strangers = true;
    if (c)
        tcn_node_problem(item, "\"%s\" is not PERSONAL; only persons are on call", alias);
    else
        tcn_names_no_such(item, alias, "contact", "contacts", in->contacts);
    return 0;
}

static int read_people(const struct tcn_node *parent, const char *key, struct reading *in,
                       const char *const **ret, size_t *ret_n)
{
    struct tcn_node list;
    const char **people;
    size_t n;
    int r = tcn_node_array(parent, key, TCN_NEED, &list);

    n = json_array_size(list.json);
    people = TCN_NEW_N(in->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= check_person(&item, in);
        people[i] = json_string_value(item.json);
    }
    *ret = people;
    *ret_n = n;
    return r < 0 ? TCN_EINVALID : 0;
}

/* -- a rotation ------------------------------------------------------------------------------------------------- */

/* ssm-contacts: RotationName is 1-255 of letters, digits, _ - . and white space. */
static int check_name(const struct tcn_node *at, const char *name)
{
    struct tcn_node node = tcn_node_member(at, "Name");
    size_t n = 0;

    while (name && (isalnum((unsigned char)name[n]) || strchr("_-. ", name[n] ? name[n] : '/')))
        n++;
    if (!name)
        return 0;
    if (n == 0 || n > 255 || name[n])
        return tcn_node_problem(&node, "Name \"%s\": use 1-255 letters, digits, spaces, _ - and .",
                                name);
    return tcn_node_unique(at, "Name");
}

/* The first step of a path as "Recurrence.WeeklySettings[1].DayOfWeek"; returns what is left of it. */
static const char *step_into(const struct tcn_node *at, const char *path, char key[TCN_FIELD_PATH],
                             struct tcn_node *ret)
{
    size_t n = strcspn(path, ".[");
    char *end;

    if (*path == '[') {
        *ret = tcn_node_item(at, strtoul(path + 1, &end, 10));
        path = end + 1;
    } else {
        snprintf(key, TCN_FIELD_PATH, "%.*s", (int)n, path);
        *ret = tcn_node_member(at, key);
        path += n;
    }
    return *path == '.' ? path + 1 : path;
}

static void tell_at(const struct tcn_node *at, const struct tcn_field_problem *problem)
{
    struct tcn_node nodes[FIELD_DEPTH_MAX];
    char keys[FIELD_DEPTH_MAX][TCN_FIELD_PATH];
    const char *path = problem->path;

    for (size_t i = 0; *path && i < FIELD_DEPTH_MAX; i++) {
        path = step_into(at, path, keys[i], &nodes[i]);
        at = &nodes[i];
    }
    tcn_node_problem(at, "%s", problem->text);
}

static int tell_all(const struct tcn_node *at, const struct tcn_field_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++)
        tell_at(at, &problems->items[i]);
    return problems->n > 0 ? TCN_EINVALID : 0;
}

static int read_rotation(const struct tcn_node *at, struct reading *in, struct tcn_rotation *ret)
{
    static const char *const names[] = {"Name",       "ContactIds", "StartTime", "TimeZoneId",
                                        "Recurrence", "Id",         NULL};
    struct tcn_field_problems problems = {.arena = in->arena};
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "Name", TCN_NEED, &ret->name);
    r |= check_name(at, ret->name);
    r |= read_people(at, "ContactIds", in, &ret->contacts, &ret->n_contacts);
    /* What is applied again at each start has no time of creation; what a command makes has been given its start. */
    r |= read_time(at, "StartTime", &ret->start_ms);
    r |= tcn_resources_zone(at, "TimeZoneId", &in->zones, in->arena, &ret->zone);
    r |= tcn_resources_recurrence(at, in->arena, &ret->recurrence);
    ret->alias = ret->name;
    ret->id = tcn_id_child((struct tcn_id){{0}}, ret->name ? ret->name : "", 0);
    r |= tcn_names_id(at, &ret->id);
    if (r < 0)
        return TCN_EINVALID;
    tcn_rotation_check(ret, &problems);
    return tell_all(at, &problems);
}

/* -- overrides -------------------------------------------------------------------------------------------------- */

static const struct tcn_rotation *find(const struct reading *in, const char *name)
{
    for (size_t i = 0; name && i < in->n_rotations; i++)
        if (strcmp(in->rotations[i].name, name) == 0)
            return &in->rotations[i];
    return NULL;
}

/* Written into a file it may lie in the past, or far ahead: it is read at every start. */
static int check_override(const struct tcn_node *at, const struct reading *in,
                          const struct override *o)
{
    struct tcn_field_problems problems = {.arena = in->arena};
    const struct tcn_rotation *rotation = find(in, o->rotation);
    struct tcn_node node = tcn_node_member(at, "RotationId");

    if (!rotation && tcn_names_know(in->names, o->rotation))
        return 0; /* it is wrong itself */
    if (!rotation)
        return tcn_names_no_such(&node, o->rotation, "rotation", "rotations", in->names);
    tcn_rotation_check_override(rotation, &o->value, o->value.start_ms, &problems);
    return tell_all(at, &problems);
}

static int read_override(const struct tcn_node *at, struct reading *in, struct override *ret)
{
    static const char *const names[] = {"RotationId", "NewContactIds", "StartTime", "EndTime", "Id",
                                        NULL};
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "RotationId", TCN_NEED, &ret->rotation);
    r |= read_people(at, "NewContactIds", in, &ret->value.contacts, &ret->value.n_contacts);
    r |= read_time(at, "StartTime", &ret->value.start_ms);
    r |= read_time(at, "EndTime", &ret->value.end_ms);
    if (r < 0 || !ret->rotation)
        return TCN_EINVALID;
    ret->value.id = tcn_id_child((struct tcn_id){{0}}, ret->rotation, at->index);
    r = tcn_names_id(at, &ret->value.id);
    return r | check_override(at, in, ret);
}

static int read_overrides(const struct tcn_node *list, struct reading *in)
{
    size_t n = json_array_size(list->json);
    int r = 0;

    if (n > TCN_ROTATION_OVERRIDES_MAX)
        return tcn_node_problem(list, "%zu overrides; at most %d", n, TCN_ROTATION_OVERRIDES_MAX);
    in->overrides = TCN_NEW_N(in->arena, struct override, n + 1);
    for (; in->n_overrides < n; in->n_overrides++) {
        struct tcn_node item = tcn_node_item(list, in->n_overrides);

        r |= read_override(&item, in, &in->overrides[in->n_overrides]);
    }
    return r < 0 ? TCN_EINVALID : 0;
}

static void give_overrides(const struct reading *in, struct tcn_rotation *rotation)
{
    struct tcn_rotation_override *mine =
        TCN_NEW_N(in->arena, struct tcn_rotation_override, in->n_overrides + 1);

    rotation->overrides = mine;
    for (size_t i = 0; i < in->n_overrides; i++)
        if (in->overrides[i].rotation && strcmp(in->overrides[i].rotation, rotation->name) == 0)
            mine[rotation->n_overrides++] = in->overrides[i].value;
}

/* -- all of them ------------------------------------------------------------------------------------------------ */

static int read_rotations(const struct tcn_node *list, struct reading *in)
{
    size_t n = json_array_size(list->json);
    int r = 0;

    if (n > TCN_RESOURCE_ROTATIONS_MAX)
        return tcn_node_problem(list, "%zu rotations; at most %d", n, TCN_RESOURCE_ROTATIONS_MAX);
    in->rotations = TCN_NEW_N(in->arena, struct tcn_rotation, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(list, i);
        struct tcn_rotation *rotation = &in->rotations[in->n_rotations];

        if (read_rotation(&item, in, rotation) < 0)
            r = TCN_EINVALID;
        else
            in->n_rotations++;
    }
    return r;
}

static void make_rosters(struct reading *in)
{
    in->dir->rosters = TCN_NEW_N(in->arena, const struct tcn_roster *, in->n_rotations + 1);
    for (size_t i = 0; i < in->n_rotations; i++) {
        give_overrides(in, &in->rotations[i]);
        in->dir->rosters[in->dir->n_rosters++] = tcn_roster_prepare(&in->rotations[i], in->arena);
    }
}

int tcn_resources_rotations(const struct tcn_node *resources, struct tcn_names *contacts,
                            struct tcn_arena *arena, struct tcn_directory *dir,
                            struct tcn_names *ret_names)
{
    struct reading in = {.arena = arena, .contacts = contacts, .dir = dir, .names = ret_names};
    struct tcn_node rotations, overrides;
    int r = tcn_node_array(resources, "rotations", TCN_OPTIONAL, &rotations);

    r |= tcn_node_array(resources, "rotation_overrides", TCN_OPTIONAL, &overrides);
    tcn_names_of(ret_names, &rotations, "Name", arena);
    r |= read_rotations(&rotations, &in);
    r |= read_overrides(&overrides, &in);
    make_rosters(&in);
    return r < 0 || in.has_strangers ? TCN_EINVALID : 0;
}

/* -- schedules -------------------------------------------------------------------------------------------------- */

int tcn_resources_schedule(const struct tcn_node *contact, struct tcn_contact *ret)
{
    static const char *const names[] = {"RotationIds", NULL};
    struct tcn_node plan, list;
    int r;

    if (tcn_node_object(contact, "Plan", TCN_NEED, &plan) < 0 || !plan.json)
        return TCN_EINVALID;
    r = tcn_node_only(&plan, names);
    if (tcn_node_array(&plan, "RotationIds", TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    if (json_array_size(list.json) > TCN_ROTATIONS_MAX)
        return tcn_node_problem(&list, "%zu rotations; at most %d", json_array_size(list.json),
                                TCN_ROTATIONS_MAX);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if ((ret->rotations[ret->n_rotations] = json_string_value(item.json)) != NULL)
            ret->n_rotations++;
        else
            r |= tcn_node_problem(&item, "must be text in double quotes");
    }
    return r < 0 ? TCN_EINVALID : 0;
}

/* A rotation that is named twice would put its people on call once: it is a slip. */
static int check_reference(const struct tcn_node *item, struct tcn_names *rotations)
{
    const char *name = json_string_value(item->json);

    for (size_t i = 0; name && i < item->index; i++) {
        struct tcn_node other = tcn_node_item(item->parent, i);

        if (json_equal(other.json, item->json))
            return tcn_node_twice(item, &other);
    }
    return !name || tcn_names_know(rotations, name)
               ? 0
               : tcn_names_no_such(item, name, "rotation", "rotations", rotations);
}

static int check_schedule(const struct tcn_node *contact, struct tcn_names *rotations)
{
    struct tcn_node type = tcn_node_member(contact, "Type"),
                    plan = tcn_node_member(contact, "Plan"),
                    list = tcn_node_member(&plan, "RotationIds");
    const char *name = json_string_value(type.json);
    int r = 0;

    if (!name || strcmp(name, "ONCALL_SCHEDULE") != 0)
        return 0;
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= check_reference(&item, rotations);
    }
    return r;
}

int tcn_resources_check_schedules(const struct tcn_node *contacts, struct tcn_names *rotations)
{
    int r = 0;

    for (size_t i = 0; i < json_array_size(contacts->json); i++) {
        struct tcn_node item = tcn_node_item(contacts, i);

        r |= check_schedule(&item, rotations);
    }
    return r < 0 ? TCN_EINVALID : 0;
}
