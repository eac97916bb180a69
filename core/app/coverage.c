#include "app/coverage.h"

#include "api/json.h"
#include "api/v1_query.h"
#include "app/resource_json.h"
#include "base/text.h"
#include "engine/oncall_cover.h"

#define SPAN_DEFAULT_MS (INT64_C(365) * 86400000)
/* How often rotations are asked for a shift, at some 0.3 us: for one item, and for a page, which ends behind the item with
 * which it has come to that. The store's thread does nothing else meanwhile. */
#define ASKED_MAX 25000

/* Whose a flaw is: of an override its rotation's. */
struct owner {
    enum tcn_resource_kind kind; /* UNSET: of no item */
    const char *name;
};

struct coverage {
    struct tcn_api_call *call;
    const struct tcn_view *view;
    struct tcn_element *contacts, *rotations;
    size_t n_contacts, n_rotations;
    const struct owner *owners; /* of the view's flaws */
    int64_t from_ms, until_ms;
    const char *schedule, *rotation; /* those alone; both NULL: all */
    /* Of the token: the item that was shown last; UNSET: from the first. */
    enum tcn_resource_kind after_kind;
    const char *after;
    size_t limit, n_asked;
    json_t *items, *next;
};

static const char *text_of(const json_t *element, const char *key)
{
    const char *text = json_string_value(json_object_get(element, key));

    return text ? text : "";
}

static bool is_schedule(const json_t *contact)
{
    return strcmp(text_of(contact, "Type"), "ONCALL_SCHEDULE") == 0;
}

/* -- flaws -------------------------------------------------------------------------------------------------------- */

static size_t elements_of(const struct coverage *c, enum tcn_resource_kind kind,
                          struct tcn_element **ret)
{
    return tcn_elements(c->view, tcn_section_of(kind), c->call->arena, ret);
}

/* Of an override whose rotation is gone nobody's. */
static struct owner owner_of(const struct coverage *c, const struct tcn_flaw *flaw,
                             const struct tcn_element *element)
{
    struct owner owner = {.kind = flaw->kind};

    if (!element)
        return (struct owner){0};
    owner.name = element->name;
    if (flaw->kind == TCN_RESOURCE_OVERRIDE) {
        owner.kind = TCN_RESOURCE_ROTATION;
        owner.name = text_of(element->json, "RotationId");
        if (!tcn_element_named(c->rotations, c->n_rotations, owner.name))
            owner.kind = TCN_RESOURCE_UNSET;
    }
    return owner;
}

static void own_flaws(struct coverage *c, enum tcn_resource_kind kind, struct owner *owners)
{
    struct tcn_element *elements;
    size_t n = elements_of(c, kind, &elements);

    for (size_t i = 0; i < c->view->n_flaws; i++) {
        const struct tcn_flaw *f = &c->view->flaws[i];

        if (f->kind == kind && f->name)
            owners[i] = owner_of(c, f, tcn_element_named(elements, n, f->name));
    }
}

static void find_owners(struct coverage *c)
{
    struct owner *owners = TCN_NEW_N(c->call->arena, struct owner, c->view->n_flaws + 1);

    c->owners = owners;
    if (c->view->n_flaws == 0)
        return;
    own_flaws(c, TCN_RESOURCE_CONTACT, owners);
    own_flaws(c, TCN_RESOURCE_ROTATION, owners);
    own_flaws(c, TCN_RESOURCE_OVERRIDE, owners);
}

static json_t *flaw_json(const struct tcn_flaw *f)
{
    return json_pack("{s:s?, s:s?, s:s, s:s}", "kind",
                     f->kind ? tcn_section_of(f->kind)->list : NULL, "name", f->name, "field",
                     f->field, "what", f->what);
}

static json_t *flaws_of(const struct coverage *c, enum tcn_resource_kind kind, const char *name)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->view->n_flaws; i++)
        if (c->owners[i].kind == kind && strcmp(c->owners[i].name, name) == 0)
            json_array_append_new(list, flaw_json(&c->view->flaws[i]));
    return list;
}

/* Of lists that are too long, and of what they leave out. */
static json_t *flaws_of_no_item(const struct coverage *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->view->n_flaws; i++) {
        const struct tcn_flaw *f = &c->view->flaws[i];

        if (!c->owners[i].kind && f->kind != TCN_RESOURCE_CHANNEL && f->kind != TCN_RESOURCE_PLAN)
            json_array_append_new(list, flaw_json(f));
    }
    return list;
}

/* -- items -------------------------------------------------------------------------------------------------------- */

static json_t *names_json(const char *const *names, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *span_json(const struct tcn_oncall_span *span)
{
    json_t *object = json_pack("{s:o, s:o}", "start", tcn_json_time(span->start_ms), "end",
                               tcn_json_time(span->end_ms));

    if (span->n_rotations > 0)
        json_object_set_new(object, "rotations", names_json(span->rotations, span->n_rotations));
    return object;
}

static json_t *tally_json(const struct tcn_oncall_cover *cover, bool of_gaps)
{
    const struct tcn_oncall_tally *t = of_gaps ? &cover->gaps : &cover->doubles;
    json_t *first = json_array();

    for (size_t i = 0; i < cover->n_shown; i++)
        if ((cover->shown[i].n_rotations == 0) == of_gaps)
            json_array_append_new(first, span_json(&cover->shown[i]));
    return json_pack("{s:I, s:I, s:o}", "count", (json_int_t)t->n, "seconds",
                     (json_int_t)(t->all_ms / 1000), "first", first);
}

static struct tcn_oncall_cover cover_of(struct coverage *c, const struct tcn_contact *schedule)
{
    struct tcn_oncall_cover cover;

    tcn_oncall_cover(&c->view->directory, schedule, c->from_ms, c->until_ms, ASKED_MAX, &cover);
    c->n_asked += cover.n_asked;
    return cover;
}

static void set_span(const struct coverage *c, json_t *item, int64_t until_ms)
{
    json_object_set_new(item, "from", tcn_json_time(c->from_ms));
    json_object_set_new(item, "until", tcn_json_time(until_ms));
    json_object_set_new(item, "is_cut", json_boolean(until_ms < c->until_ms));
}

/* One that cannot be read puts nobody on call. */
static json_t *schedule_json(struct coverage *c, const char *name)
{
    static const struct tcn_contact none = {.type = TCN_ONCALL_SCHEDULE};
    const struct tcn_contact *found = tcn_directory_contact(&c->view->directory, name),
                             *schedule = found ? found : &none;
    struct tcn_oncall_cover cover = cover_of(c, schedule);
    json_t *item = json_pack("{s:s, s:o}", "schedule", name, "rotations",
                             names_json(schedule->rotations, schedule->n_rotations));

    set_span(c, item, cover.until_ms);
    json_object_set_new(item, "gaps", tally_json(&cover, true));
    json_object_set_new(item, "doubles", tally_json(&cover, false));
    json_object_set_new(item, "flaws", flaws_of(c, TCN_RESOURCE_CONTACT, name));
    return item;
}

static json_t *schedules_json(const struct tcn_directory *d, const char *rotation)
{
    json_t *list = json_array();

    for (size_t i = 0; i < d->n_contacts; i++)
        if (tcn_oncall_is_in(&d->contacts[i], rotation))
            json_array_append_new(list, json_string(d->contacts[i].alias));
    return list;
}

static json_t *clocks_json(const struct coverage *c, const struct tcn_zone *zone, int64_t until_ms)
{
    struct tcn_clock_changes i = {zone, c->from_ms, until_ms};
    struct tcn_clock_change change;
    json_t *list = json_array();

    while (zone && tcn_clock_changes_next(&i, &change))
        json_array_append_new(list, json_pack("{s:o, s:I}", "at", tcn_json_time(change.at_ms),
                                              "by_seconds", (json_int_t)(change.by_ms / 1000)));
    return list;
}

/* The gaps of one that no schedule names are told before somebody relies on it; those of the others are their schedules'.
 * One that cannot be read has a flaw, and no zone. */
static json_t *rotation_json(struct coverage *c, const char *name)
{
    const struct tcn_directory *d = &c->view->directory;
    const struct tcn_roster *roster = tcn_directory_roster(d, name);
    const struct tcn_zone *zone = roster ? tcn_roster_rotation(roster)->zone : NULL;
    const struct tcn_contact alone = tcn_oncall_alone(name);
    bool is_used = tcn_oncall_is_used(d, name);
    struct tcn_oncall_cover cover = {.until_ms = c->until_ms};
    json_t *item = json_pack("{s:s, s:s?, s:o}", "rotation", name, "time_zone",
                             zone ? zone->name : NULL, "schedules", schedules_json(d, name));

    if (!is_used)
        cover = cover_of(c, &alone);
    set_span(c, item, cover.until_ms);
    json_object_set_new(item, "gaps", is_used ? json_null() : tally_json(&cover, true));
    json_object_set_new(item, "clocks", clocks_json(c, zone, cover.until_ms));
    json_object_set_new(item, "flaws", flaws_of(c, TCN_RESOURCE_ROTATION, name));
    return item;
}

/* -- pages -------------------------------------------------------------------------------------------------------- */

/* A name may have spaces; what stands for it in a token can be written into an address. */
static json_t *token(const struct coverage *c)
{
    char *hex = TCN_NEW_N(c->call->arena, char, 2 * strlen(c->after) + 1);

    tcn_hex((const uint8_t *)c->after, strlen(c->after), hex);
    return json_sprintf("%c%s", c->after_kind == TCN_RESOURCE_ROTATION ? 'r' : 's', hex);
}

static int read_token(struct coverage *c)
{
    const char *next = tcn_api_query(c->call, "next");
    struct tcn_str hex = next && *next ? tcn_str(next + 1) : (struct tcn_str){0};
    char *name = TCN_NEW_N(c->call->arena, char, hex.len / 2 + 1);

    if (!next)
        return 0;
    if ((*next != 's' && *next != 'r') || tcn_unhex(hex, (uint8_t *)name, hex.len / 2) < 0)
        return tcn_v1_refuse_next(c->call);
    c->after_kind = *next == 'r' ? TCN_RESOURCE_ROTATION : TCN_RESOURCE_CONTACT;
    c->after = name;
    return 0;
}

static bool is_wanted(const struct coverage *c, enum tcn_resource_kind kind, const char *name)
{
    const char *wanted = kind == TCN_RESOURCE_CONTACT ? c->schedule : c->rotation;

    if (c->after_kind == TCN_RESOURCE_ROTATION && kind == TCN_RESOURCE_CONTACT)
        return false;
    if (c->after_kind == kind && strcmp(name, c->after) <= 0)
        return false;
    return wanted ? strcmp(wanted, name) == 0 : !c->schedule && !c->rotation;
}

static void add(struct coverage *c, enum tcn_resource_kind kind, const char *name)
{
    if (json_array_size(c->items) == c->limit || c->n_asked >= ASKED_MAX) {
        c->next = token(c);
        return;
    }
    json_array_append_new(c->items, kind == TCN_RESOURCE_CONTACT ? schedule_json(c, name)
                                                                 : rotation_json(c, name));
    c->after_kind = kind;
    c->after = name;
}

static void add_all(struct coverage *c)
{
    for (size_t i = 0; i < c->n_contacts && !c->next; i++)
        if (is_schedule(c->contacts[i].json) &&
            is_wanted(c, TCN_RESOURCE_CONTACT, c->contacts[i].name))
            add(c, TCN_RESOURCE_CONTACT, c->contacts[i].name);
    for (size_t i = 0; i < c->n_rotations && !c->next; i++)
        if (is_wanted(c, TCN_RESOURCE_ROTATION, c->rotations[i].name))
            add(c, TCN_RESOURCE_ROTATION, c->rotations[i].name);
}

/* -- the request -------------------------------------------------------------------------------------------------- */

static int check_name(const struct coverage *c, const char *member, const char *name, bool is_there)
{
    if (!name || is_there)
        return 0;
    return tcn_api_refuse(c->call, 404, "not_found", member, "there is no %s of this name", member),
           -1;
}

/* 0, or refused. */
static int read_wanted(struct coverage *c)
{
    const struct tcn_element *schedule = NULL, *rotation = NULL;

    c->schedule = tcn_api_query(c->call, "schedule");
    c->rotation = tcn_api_query(c->call, "rotation");
    if (c->schedule)
        schedule = tcn_element_named(c->contacts, c->n_contacts, c->schedule);
    if (c->rotation)
        rotation = tcn_element_named(c->rotations, c->n_rotations, c->rotation);
    if (check_name(c, "schedule", c->schedule, schedule && is_schedule(schedule->json)) < 0)
        return -1;
    return check_name(c, "rotation", c->rotation, rotation);
}

int tcn_coverage_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                         struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct coverage c = {.call = call};
    json_t *others;
    int r;

    if ((r = tcn_catalog_view(s, world->declared, now_ms, &c.view, err)) < 0)
        return r;
    c.n_contacts = elements_of(&c, TCN_RESOURCE_CONTACT, &c.contacts);
    c.n_rotations = elements_of(&c, TCN_RESOURCE_ROTATION, &c.rotations);
    if (tcn_v1_limit(call, &c.limit) < 0 ||
        tcn_v1_span(call, SPAN_DEFAULT_MS, &c.from_ms, &c.until_ms) < 0 || read_wanted(&c) < 0 ||
        read_token(&c) < 0)
        return 0;
    find_owners(&c);
    others = c.after_kind ? json_array() : flaws_of_no_item(&c);
    c.items = json_array();
    add_all(&c);
    return tcn_v1_answer(call, json_pack("{s:o, s:o, s:o}", "items", c.items, "flaws", others,
                                         "next", c.next ? c.next : json_null()));
}
