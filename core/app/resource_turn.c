#include "app/resource_turn.h"

#include "app/names.h"
#include "app/resource_json.h"
#include "app/resource_override.h"
#include "base/datetime.h"
#include "base/nearest.h"
#include "engine/directory_use.h"
#include "store/resources.h"
#include "sys/random.h"

#include <stdio.h>
#include <stdlib.h>

#define USERS_TOLD 5

/* A command on its way. */
struct turn {
    struct tcn_api_call *call;
    const struct tcn_directory *declared;
    struct tcn_store *s;
    int64_t now_ms;
    const struct tcn_section *section;
    const struct tcn_view *view;
    struct tcn_element *elements; /* of the section */
    size_t n;
};

/* Two nodes that change at once could each break what the other relies on. */
static int lock(struct turn *t, struct tcn_err *err)
{
    int r = tcn_store_lock_name(t->s, "resources", "", err);

    tcn_store_resources_forget(t->s);
    return r;
}

static int look(struct turn *t, struct tcn_err *err)
{
    int r = tcn_catalog_view(t->s, t->declared, t->now_ms, &t->view, err);

    if (r == 0)
        t->n = tcn_elements(t->view, t->section, t->call->arena, &t->elements);
    return r;
}

static const struct tcn_element *find(const struct turn *t, const char *name)
{
    return name ? tcn_element_named(t->elements, t->n, name) : NULL;
}

static int refuse_unknown(struct turn *t, const char *name)
{
    const char **names = TCN_NEW_N(t->call->arena, const char *, t->n + 1), *near;

    for (size_t i = 0; i < t->n; i++)
        names[i] = t->elements[i].name;
    near = tcn_nearest(name, names);
    return tcn_api_refuse(t->call, 404, "not_found", "name", "there is no %s \"%.100s\"%s%s%s",
                          t->section->word, name, near ? "; did you mean \"" : "", near ? near : "",
                          near ? "\"?" : "");
}

/* -- answers ------------------------------------------------------------------------------------------------------ */

static int answer(struct turn *t, const char *name, int status, struct tcn_err *err)
{
    const struct tcn_element *element = find(t, name);
    int r;

    if (!element)
        return refuse_unknown(t, name);
    r = tcn_resource_json(t->s, t->view, t->section, element, t->call->arena, &t->call->reply, err);
    t->call->status = status;
    return r;
}

static int list(struct turn *t, struct tcn_err *err)
{
    const struct tcn_resource_call *c = &t->call->command.resource;
    json_t *items = json_array(), *item = NULL;
    size_t i = 0, n = 0;
    int r = 0;

    while (i < t->n && strcmp(t->elements[i].name, c->after) <= 0)
        i++;
    for (; i < t->n && n < c->limit && r == 0; i++, n++)
        if ((r = tcn_resource_json(t->s, t->view, t->section, &t->elements[i], t->call->arena,
                                   &item, err)) == 0)
            json_array_append_new(items, item);
    t->call->reply = json_pack("{s:o, s:s?}", "items", items, "next",
                               i < t->n && n > 0 ? t->elements[i - 1].name : NULL);
    t->call->status = 200;
    return r;
}

/* -- put ---------------------------------------------------------------------------------------------------------- */

static int refuse_declared(struct turn *t, const char *name)
{
    return tcn_api_refuse(t->call, 409, "declared", "name",
                          "%s \"%.100s\" is declared in %s; change it there and send SIGHUP",
                          t->section->word, name, t->declared->declared->file);
}

static int refuse_flaw(struct turn *t, const struct tcn_flaw *flaw)
{
    if (flaw->is_own || !flaw->kind)
        return tcn_api_refuse(t->call, 400, "bad_request", *flaw->field ? flaw->field : NULL, "%s",
                              flaw->what);
    return tcn_api_refuse(t->call, 409, "in_use", NULL, "%s \"%.100s\" would be wrong, %s: %s",
                          tcn_section_of(flaw->kind)->word, flaw->name ? flaw->name : "",
                          flaw->field, flaw->what);
}

static const char *member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* Type is for life, as of UpdateContact and UpdateContactChannel (spec incidents-contacts 3.3). */
static bool keeps_type(const struct turn *t, const struct tcn_element *before)
{
    bool has_type =
        t->section->kind == TCN_RESOURCE_CONTACT || t->section->kind == TCN_RESOURCE_CHANNEL;

    return !has_type || strcmp(member(before->json, "Type"), member(t->call->body, "Type")) == 0;
}

/* ConflictException of CreateContactChannel: the contact has another channel of that type and address. */
static const char *twin_of(const struct turn *t, const char *name)
{
    const json_t *address = json_object_get(t->call->body, "DeliveryAddress"),
                 *owner = json_object_get(t->call->body, "ContactId"),
                 *type = json_object_get(t->call->body, "Type");

    for (size_t i = 0; t->section->kind == TCN_RESOURCE_CHANNEL && i < t->n; i++) {
        const struct tcn_element *e = &t->elements[i];

        if (strcmp(e->name, name) != 0 &&
            json_equal(json_object_get(e->json, "ContactId"), owner) &&
            json_equal(json_object_get(e->json, "Type"), type) &&
            json_equal(json_object_get(e->json, "DeliveryAddress"), address))
            return e->name;
    }
    return NULL;
}

/* One that cannot be read is a flaw of the element. */
static struct tcn_id sent_id(const struct turn *t, struct tcn_id absent)
{
    const char *text = json_string_value(json_object_get(t->call->body, "Id"));
    struct tcn_id id = absent;

    if (text)
        (void)tcn_names_uuid(text, &id);
    return id;
}

/* What it was made with stays: its id and who made it. */
static int begin_row(struct turn *t, const char *name, struct tcn_resource *ret,
                     struct tcn_err *err)
{
    int r = tcn_store_resource_get(t->s, t->section->kind, name, t->call->arena, ret, err);

    if (r == TCN_ENOTFOUND) {
        *ret = (struct tcn_resource){.kind = t->section->kind,
                                     .name = name,
                                     .id = sent_id(t, tcn_random_id(t->now_ms)),
                                     .created_by = t->call->actor,
                                     .created_ms = t->now_ms};
        r = 0;
    }
    ret->modified_by = t->call->actor;
    ret->modified_ms = t->now_ms;
    return r;
}

static int write(struct turn *t, struct tcn_resource *row, struct tcn_err *err)
{
    json_t *body = json_copy(t->call->body);
    char *text;
    int r;

    json_object_del(body, "Id"); /* the row's */
    text = json_dumps(body, JSON_COMPACT);
    row->body = tcn_arena_strdup(t->call->arena, text);
    free(text);
    json_decref(body);
    if ((r = tcn_store_resource_put(t->s, row, err)) < 0 ||
        (r = tcn_catalog_take(t->s, t->now_ms, err)) < 0)
        return r;
    return look(t, err);
}

static int refuse_size(struct turn *t)
{
    char *text = json_dumps(t->call->body, JSON_COMPACT);
    size_t n = strlen(text);

    free(text);
    if (n <= TCN_RESOURCE_BODY_MAX)
        return 0;
    return tcn_api_refuse(t->call, 413, "too_large", NULL,
                          "the resource has %zu bytes as JSON; at most %d", n,
                          TCN_RESOURCE_BODY_MAX),
           -1;
}

/* 0, or refused. */
static int check(struct turn *t, const char *name, const struct tcn_element *before)
{
    const char *twin = twin_of(t, name);

    if (before && before->is_of_file)
        return refuse_declared(t, name), -1;
    if (before && !keeps_type(t, before))
        return tcn_api_refuse(t->call, 400, "bad_request", "Type",
                              "\"%s\" is %.40s for good; delete it and make another one", name,
                              member(before->json, "Type")),
               -1;
    if (!before && t->n >= t->section->max)
        return tcn_api_refuse(t->call, 409, "limit", NULL, "there are %zu %s already",
                              t->section->max, t->section->list),
               -1;
    if (twin)
        return tcn_api_refuse(t->call, 409, "conflict", "DeliveryAddress",
                              "\"%.100s\" has this address already", twin),
               -1;
    return refuse_size(t);
}

/* An override is known by its Id, and one that is new may come without. */
static const char *settle_name(struct turn *t)
{
    const json_t *sent = json_object_get(t->call->body, "Id");
    struct tcn_id id = sent_id(t, (struct tcn_id){{0}});
    char text[TCN_ID_TEXT];

    if (t->section->kind == TCN_RESOURCE_OVERRIDE && (!sent || !tcn_id_is_zero(id))) {
        tcn_id_text(sent ? id : tcn_random_id(t->now_ms), text);
        json_object_set_new(t->call->body, "Id", json_string(text));
    }
    return tcn_section_name(t->section, t->call->body, t->call->arena);
}

/* Whether it was. */
static bool refuse_override(struct turn *t)
{
    const struct tcn_field_problem *problem = NULL;

    if (t->section->kind == TCN_RESOURCE_OVERRIDE)
        tcn_override_check(t->view, t->call->body, t->now_ms, t->call->arena, &problem);
    if (problem)
        tcn_api_refuse(t->call, 400, "bad_request", problem->path, "%s", problem->text);
    return problem != NULL;
}

/* A channel that waits for its code does so until somebody answers for it in so many words. */
static void keep_deferred(const struct turn *t, const struct tcn_element *before)
{
    if (t->section->kind == TCN_RESOURCE_CHANNEL && before &&
        json_is_true(json_object_get(before->json, "DeferActivation")) &&
        !json_object_get(t->call->body, "DeferActivation"))
        json_object_set_new(t->call->body, "DeferActivation", json_true());
}

/* Absent, a rotation begins when it is made, to the second, and what is put in its place begins as it did: CreateRotation and
 * UpdateRotation (spec incidents-contacts 7.2). The row has it, so that a later reading means the same. */
static void settle_start(struct turn *t, const struct tcn_element *before)
{
    char text[TCN_TIME_TEXT];

    if (t->section->kind != TCN_RESOURCE_ROTATION || json_object_get(t->call->body, "StartTime"))
        return;
    tcn_time_text(t->now_ms - t->now_ms % 1000, text);
    json_object_set_new(t->call->body, "StartTime",
                        before ? json_incref(json_object_get(before->json, "StartTime"))
                               : json_string(text));
}

static int put(struct turn *t, struct tcn_command_result *ret, struct tcn_err *err)
{
    const char *name = settle_name(t);
    const struct tcn_element *before = find(t, name);
    const struct tcn_flaw *flaw = NULL;
    struct tcn_resource row;
    struct tcn_change change = {.kind = t->section->kind, .name = name, .body = t->call->body};
    int r;

    if (!name)
        change.name = "";
    else if (check(t, name, before) < 0)
        return 0;
    keep_deferred(t, before);
    settle_start(t, before);
    if ((r = begin_row(t, change.name, &row, err)) < 0)
        return r;
    if (!tcn_id_eq(sent_id(t, row.id), row.id))
        return tcn_api_refuse(t->call, 400, "bad_request", "Id",
                              "\"%.100s\" has another Id, for good; leave it out", name);
    change.id = row.id;
    if ((r = tcn_catalog_try(t->s, t->declared, &change, t->now_ms, t->call->arena, &flaw, err)) <
        0)
        return r;
    if (flaw)
        return refuse_flaw(t, flaw);
    if (refuse_override(t))
        return 0;
    if ((r = write(t, &row, err)) < 0)
        return r;
    ret->has_changed = true;
    return answer(t, name, before ? 200 : 201, err);
}

/* -- delete ------------------------------------------------------------------------------------------------------- */

static json_t *use_json(const struct tcn_use *use)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(use->id, id);
    return json_pack("{s:s, s:s}", "kind", tcn_section_of(use->kind)->list, "name",
                     use->kind == TCN_RESOURCE_OVERRIDE ? id : use->name);
}

static int refuse_used(struct turn *t, const char *name, const struct tcn_use *uses, size_t n)
{
    json_t *users = json_array();
    struct tcn_buf text;

    tcn_buf_init(&text, 400);
    for (size_t i = 0; i < n && i < USERS_TOLD; i++) {
        const char *word = tcn_section_of(uses[i].kind)->word;

        tcn_buf_fmt(&text, "%s%s %s\"%.60s\"", i ? ", " : "", word,
                    uses[i].kind == TCN_RESOURCE_OVERRIDE ? "of rotation " : "", uses[i].name);
        json_array_append_new(users, use_json(&uses[i]));
    }
    tcn_api_refuse(t->call, 409, "in_use", "name", "%s \"%.100s\" is used by %s%s",
                   t->section->word, name, tcn_buf_view(&text).ptr,
                   n > USERS_TOLD ? " and others" : "");
    json_object_set_new(json_object_get(t->call->reply, "error"), "used_by", users);
    tcn_buf_done(&text);
    return 0;
}

static int drop_element(struct turn *t, const struct tcn_section *section, const char *name,
                        const json_t *element, struct tcn_err *err)
{
    int r = tcn_store_resource_drop(t->s, section->kind, name, err);

    if (r == 0 && section->kind == TCN_RESOURCE_CHANNEL)
        r = tcn_store_channel_state_drop(t->s, member(element, "ContactId"),
                                         member(element, "Name"), err);
    return r;
}

static bool refers(const json_t *element, const char *key, const char *name)
{
    const json_t *value = json_object_get(element, key);

    for (size_t i = 0; i < json_array_size(value); i++)
        if (strcmp(json_string_value(json_array_get(value, i)), name) == 0)
            return true;
    return json_is_string(value) && strcmp(json_string_value(value), name) == 0;
}

/* What is a part of it goes with it: channels of a contact, overrides of a rotation, and those that are over of whoever had
 * them. */
static int drop_parts(struct turn *t, enum tcn_resource_kind kind, const char *key,
                      const char *name, struct tcn_err *err)
{
    const struct tcn_section *section = tcn_section_of(kind);
    struct tcn_element *parts;
    size_t n = tcn_elements(t->view, section, t->call->arena, &parts);
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++)
        if (!parts[i].is_of_file && refers(parts[i].json, key, name))
            r = drop_element(t, section, parts[i].name, parts[i].json, err);
    return r;
}

static int drop_all(struct turn *t, const struct tcn_element *element, struct tcn_err *err)
{
    int r = 0;

    if (t->section->kind == TCN_RESOURCE_CONTACT)
        r = drop_parts(t, TCN_RESOURCE_CHANNEL, "ContactId", element->name, err);
    if (r == 0 && t->section->kind == TCN_RESOURCE_CONTACT)
        r = drop_parts(t, TCN_RESOURCE_OVERRIDE, "NewContactIds", element->name, err);
    if (r == 0 && t->section->kind == TCN_RESOURCE_ROTATION)
        r = drop_parts(t, TCN_RESOURCE_OVERRIDE, "RotationId", element->name, err);
    return r < 0 ? r : drop_element(t, t->section, element->name, element->json, err);
}

static int delete (struct turn *t, struct tcn_command_result *ret, struct tcn_err *err)
{
    const char *name = t->call->command.resource.name;
    const struct tcn_element *element = find(t, name);
    struct tcn_use uses[USERS_TOLD];
    size_t n;
    int r;

    if (!element)
        return refuse_unknown(t, name);
    if (element->is_of_file)
        return refuse_declared(t, name);
    n = tcn_directory_uses(&t->view->directory, t->section->kind, name, t->now_ms, uses,
                           USERS_TOLD);
    if (n > 0)
        return refuse_used(t, name, uses, n);
    if ((r = drop_all(t, element, err)) < 0)
        return r;
    ret->has_changed = true;
    t->call->status = 200;
    t->call->reply = json_pack("{s:s}", "status", "deleted");
    return 0;
}

int tcn_resource_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                         struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                         struct tcn_err *err)
{
    const struct tcn_resource_call *c = &call->command.resource;
    struct turn t = {.call = call,
                     .declared = world->declared,
                     .s = s,
                     .now_ms = now_ms,
                     .section = tcn_resource_section(call)};
    bool is_change = call->command.kind == TCN_COMMAND_RESOURCE_PUT ||
                     call->command.kind == TCN_COMMAND_RESOURCE_DELETE;
    int r;

    if (!t.section)
        return 0;
    r = is_change ? lock(&t, err) : 0;
    if (r < 0 || (r = look(&t, err)) < 0)
        return r;
    if (is_change && t.section->kind == TCN_RESOURCE_OVERRIDE &&
        ((r = tcn_override_trim(s, t.elements, t.n, now_ms, err)) < 0 || (r = look(&t, err)) < 0))
        return r;
    if (call->command.kind == TCN_COMMAND_RESOURCE_PUT)
        return put(&t, ret, err);
    if (call->command.kind == TCN_COMMAND_RESOURCE_DELETE)
        return delete (&t, ret, err);
    return call->command.kind == TCN_COMMAND_RESOURCE_GET ? answer(&t, c->name, 200, err)
                                                          : list(&t, err);
}
