#include "app/resource_json.h"

#include "base/datetime.h"
#include "store/resources.h"

#include <stdlib.h>

const struct tcn_section *tcn_resource_section(struct tcn_api_call *call)
{
    const struct tcn_section *section = tcn_section_named(call->command.resource.list);
    const char *all = "";

    for (size_t i = 0; !section && i < TCN_SECTIONS; i++)
        all = tcn_arena_fmt(call->arena, "%s%s%s", all,
                            i == 0                  ? ""
                            : i == TCN_SECTIONS - 1 ? " and "
                                                    : ", ",
                            tcn_sections[i].list);
    if (!section)
        tcn_api_refuse(call, 404, "not_found", "kind", "there are %s", all);
    return section;
}

static int by_name(const void *left, const void *right)
{
    const struct tcn_element *a = left, *b = right;

    return strcmp(a->name, b->name);
}

size_t tcn_elements(const struct tcn_view *view, const struct tcn_section *section,
                    struct tcn_arena *arena, struct tcn_element **ret)
{
    const json_t *list = json_object_get(view->lists, section->list);
    size_t of_file =
               json_array_size(json_object_get(view->directory.declared->resources, section->list)),
           n = 0;

    *ret = TCN_NEW_N(arena, struct tcn_element, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *json = json_array_get(list, i);
        const char *name = tcn_section_name(section, json, arena);

        if (name)
            (*ret)[n++] = (struct tcn_element){name, json, i < of_file};
    }
    qsort(*ret, n, sizeof **ret, by_name);
    return n;
}

const struct tcn_element *tcn_element_named(const struct tcn_element *elements, size_t n,
                                            const char *name)
{
    const struct tcn_element key = {.name = name};

    return n > 0 ? bsearch(&key, elements, n, sizeof key, by_name) : NULL;
}

static json_t *flaws_json(const struct tcn_view *view, const struct tcn_section *section,
                          const char *name)
{
    json_t *items = json_array();

    for (size_t i = 0; i < view->n_flaws; i++) {
        const struct tcn_flaw *f = &view->flaws[i];

        if (f->kind == section->kind && f->name && strcmp(f->name, name) == 0)
            json_array_append_new(items,
                                  json_pack("{s:s, s:s}", "field", f->field, "what", f->what));
    }
    return items;
}

static void add_time(json_t *object, const char *key, int64_t ms)
{
    char text[TCN_TIME_TEXT];

    tcn_time_text(ms, text);
    json_object_set_new(object, key, json_string(text));
}

static void add_row(json_t *object, const struct tcn_resource *row)
{
    add_time(object, "created_at", row->created_ms);
    json_object_set_new(object, "created_by", json_string(row->created_by));
    add_time(object, "modified_at", row->modified_ms);
    json_object_set_new(object, "modified_by", json_string(row->modified_by));
}

static void add_activation(json_t *object, const struct tcn_view *view, const json_t *element)
{
    const struct tcn_channel *c = tcn_directory_channel(
        &view->directory, json_string_value(json_object_get(element, "ContactId")),
        json_string_value(json_object_get(element, "Name")));

    json_object_set_new(object, "activated", json_boolean(c && c->is_activated));
}

int tcn_resource_json(struct tcn_store *s, const struct tcn_view *view,
                      const struct tcn_section *section, const struct tcn_element *element,
                      struct tcn_arena *arena, json_t **ret, struct tcn_err *err)
{
    struct tcn_resource row;
    json_t *object;
    int r = 0;

    if (!element->is_of_file)
        r = tcn_store_resource_get(s, section->kind, element->name, arena, &row, err);
    if (r < 0)
        return r;
    object = json_pack("{s:s, s:s}", "kind", section->list, "name", element->name);
    if (element->is_of_file)
        json_object_set_new(object, "declared_in", json_string(view->directory.declared->file));
    else
        add_row(object, &row);
    if (section->kind == TCN_RESOURCE_CHANNEL)
        add_activation(object, view, element->json);
    json_object_set_new(object, "flaws", flaws_json(view, section, element->name));
    json_object_set(object, "resource", element->json);
    *ret = object;
    return 0;
}
