#include "app/section.h"

#include "app/resources.h"
#include "app/resources_rotation.h"

#include <assert.h>
#include <string.h>

/* A channel is of a contact, which has so many at most. */
const struct tcn_section tcn_sections[TCN_SECTIONS] = {
    {TCN_RESOURCE_CONTACT, "contacts", "contact", TCN_CONTACTS_MAX, false},
    {TCN_RESOURCE_CHANNEL, "contact_channels", "contact channel",
     (size_t)TCN_CONTACTS_MAX *TCN_CHANNELS_MAX, true},
    {TCN_RESOURCE_ROTATION, "rotations", "rotation", TCN_RESOURCE_ROTATIONS_MAX, true},
    {TCN_RESOURCE_OVERRIDE, "rotation_overrides", "rotation override", TCN_ROTATION_OVERRIDES_MAX,
     true},
    {TCN_RESOURCE_PLAN, "response_plans", "response plan", TCN_PLANS_MAX, false},
};

const struct tcn_section *tcn_section_of(enum tcn_resource_kind kind)
{
    size_t i = 0;

    while (i < TCN_SECTIONS - 1 && tcn_sections[i].kind != kind)
        i++;
    assert(tcn_sections[i].kind == kind);
    return &tcn_sections[i];
}

const struct tcn_section *tcn_section_named(const char *list)
{
    for (size_t i = 0; list && i < TCN_SECTIONS; i++)
        if (strcmp(tcn_sections[i].list, list) == 0)
            return &tcn_sections[i];
    return NULL;
}

static const char *text_of(const json_t *element, const char *key)
{
    return json_string_value(json_object_get(element, key));
}

const char *tcn_section_name(const struct tcn_section *section, const json_t *element,
                             struct tcn_arena *arena)
{
    const char *owner = text_of(element, "ContactId"), *name = NULL;

    switch (section->kind) {
    case TCN_RESOURCE_CONTACT:
        name = text_of(element, "Alias");
        break;
    case TCN_RESOURCE_CHANNEL:
        name = text_of(element, "Name");
        return owner && name ? tcn_arena_fmt(arena, "%s:%s", owner, name) : NULL;
    case TCN_RESOURCE_ROTATION:
        name = text_of(element, "Name");
        break;
    case TCN_RESOURCE_OVERRIDE:
        name = text_of(element, "Id");
        break;
    case TCN_RESOURCE_PLAN:
        name = text_of(element, "name");
        break;
    case TCN_RESOURCE_UNSET:
    default:
        break;
    }
    return name ? tcn_arena_strdup(arena, name) : NULL;
}
