#include "connect/draft.h"
#include "base/buf.h"
#include "connect/findings.h"
#include "connect/written.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IMPACTS 5
#define TEXT_MAX 1000

struct draft {
    json_t *base, *settings, *written;
    const struct tcn_mapping *m;
    json_t *patch, *told, *unmapped;
};

/* What lists call these things out of the box, in the order in which they are tried; the beginning of a label is enough. */
static const struct {
    const char *for_what;
    const char *labels[8];
} known[] = {
    {"OPEN", {"new", "open", "to do", NULL}},
    {"ACKED", {"in progress", "work in progress", "in process", "active", "assigned", NULL}},
    {"RESOLVED", {"resolved", "solved", "fixed", "done", "closed", NULL}},
    {"close_code", {"solution provided", "solved", "resolved", "fixed", "closed", NULL}},
};

__attribute__((format(printf, 2, 3))) static void say(json_t *to, const char *fmt, ...)
{
    char text[TEXT_MAX];
    size_t n;
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    n = tcn_utf8_prefix(tcn_str(text));
    json_array_append_new(to, json_stringn(text, n));
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* The member of that name as an object, made when it is missing. Borrowed. */
static json_t *object_in(json_t *parent, const char *name)
{
    json_t *object = json_object_get(parent, name);

    if (!object)
        json_object_set_new(parent, name, object = json_object());
    return object;
}

static bool has_text(json_t *list, const char *text)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (strcmp(json_string_value(item), text) == 0)
            return true;
    }
    return false;
}

/* -- lists ----------------------------------------------------------------------------------------------------------- */

/* The rank of an impact, from 0, among n values: the ends meet, and of fewer than five some serve twice. 2 and 3 never share
 * one: they are high and low where there is an urgency beside it, and what is read could not be written again. */
static size_t rank_of(size_t impact, size_t n)
{
    static const unsigned char few[][IMPACTS] = {
        {0, 0, 0, 0, 0}, {0, 0, 1, 1, 1}, {0, 0, 1, 1, 2}, {0, 0, 1, 2, 3}};

    return n < IMPACTS ? few[n - 1][impact] : impact * (n - 1) / (IMPACTS - 1);
}

static void draft_map(struct draft *d, json_t *choices)
{
    json_t *values = json_object_get(choices, "values"), *map = json_object(), *used = json_array();
    size_t n = json_array_size(values), i;
    const char *of = text_of(choices, "of");
    json_t *item;

    for (size_t impact = 0; impact < IMPACTS; impact++) {
        char key[2] = {(char)('1' + impact), '\0'};
        json_t *value = json_object_get(json_array_get(values, rank_of(impact, n)), "value");

        json_object_set(map, key, value);
        json_array_append(used, value);
    }
    json_object_set_new(object_in(object_in(d->patch, "tables"), of), "map", map);
    say(d->told, "tables.%s: impact 1 to 5 by the order of %s", of, text_of(choices, "where"));
    json_array_foreach(values, i, item)
    {
        if (!has_text(used, text_of(item, "value")))
            say(d->unmapped, "%s \"%s\": no impact is written as it, and none is read from it", of,
                text_of(item, "label"));
    }
    json_decref(used);
}

static const char *value_labelled(json_t *values, const char *for_what)
{
    json_t *item;
    size_t i;

    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        if (strcmp(known[k].for_what, for_what) != 0)
            continue;
        for (const char *const *label = known[k].labels; *label; label++)
            json_array_foreach(values, i, item)
            {
                if (strncasecmp(text_of(item, "label"), *label, strlen(*label)) == 0)
                    return text_of(item, "value");
            }
    }
    return NULL;
}

static json_t *class_with(json_t *old, const char *primary)
{
    json_t *accept = json_array(),
           *rest = json_is_array(old) ? old : json_object_get(old, "accept");
    json_t *item;
    size_t i;

    json_array_append_new(accept, json_string(primary));
    json_array_foreach(rest, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), primary) != 0)
            json_array_append(accept, item);
    }
    return json_pack("{s:s, s:o}", "primary", primary, "accept", accept);
}

static void draft_class(struct draft *d, json_t *choices, json_t *absent)
{
    const char *of = text_of(choices, "of"), *class, *primary, *value;
    json_t *classes =
        json_object_get(json_object_get(json_object_get(d->base, "tables"), of), "class");
    json_t *old;

    json_object_foreach(classes, class, old)
    {
        primary = tcn_mapping_status_primary(d->m, class);
        if (!primary || !has_text(absent, primary))
            continue;
        value = value_labelled(json_object_get(choices, "values"), class);
        if (!value) {
            say(d->unmapped, "%s for the status %s: none of %s says it", of, class,
                text_of(choices, "where"));
            continue;
        }
        json_object_set_new(object_in(object_in(object_in(d->patch, "tables"), of), "class"), class,
                            class_with(old, value));
        say(d->told, "tables.%s: %s is \"%s\", by its label", of, class, value);
    }
}

static void draft_setting(struct draft *d, json_t *choices)
{
    const char *of = text_of(choices, "of");
    const char *value = value_labelled(json_object_get(choices, "values"), of);

    if (!value) {
        say(d->unmapped, "%s: none of %s says by its label that it is meant: set settings.%s", of,
            text_of(choices, "where"), of);
        return;
    }
    json_object_set_new(object_in(object_in(d->patch, "settings"), of), "default",
                        json_string(value));
    say(d->told, "settings.%s: \"%s\", by its label", of, value);
}

static void draft_choices(struct draft *d, json_t *choices)
{
    const char *of = text_of(choices, "of");
    json_t *table = json_object_get(json_object_get(d->base, "tables"), of);
    json_t *absent = tcn_findings_absent(d->written, choices);
    bool is_optional = json_is_true(json_object_get(choices, "is_optional"));
    size_t n = json_array_size(json_object_get(choices, "values"));

    if (json_array_size(absent) == 0)
        ;
    else if (n == 0 || (n == 1 && is_optional))
        say(d->unmapped, "%s: with %zu values %s tell no impact from another", of, n,
            text_of(choices, "where"));
    else if (json_object_get(table, "class"))
        draft_class(d, choices, absent);
    else if (json_object_get(table, "map"))
        draft_map(d, choices);
    else if (json_object_get(json_object_get(d->base, "settings"), of))
        draft_setting(d, choices);
    else
        say(d->unmapped, "%s: it is written from no table and no setting of that name", of);
    json_decref(absent);
}

/* -- fields ---------------------------------------------------------------------------------------------------------- */

static json_t *field_named(json_t *fields, const char *name)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(fields, "fields"), i, item)
    {
        if (strcmp(text_of(item, "name"), name) == 0)
            return item;
    }
    return NULL;
}

/* A record whose mark is not kept would never be found again. */
static bool holds_mark(const struct draft *d, json_t *member)
{
    const char *mark = text_of(json_object_get(d->base, "find"), "value");
    char *text = json_dumps(member, JSON_ENCODE_ANY);
    bool holds = *mark && text && strstr(text, mark);

    free(text);
    return holds;
}

static const struct tcn_mapping_field *field_alone(const struct draft *d, const char *remote)
{
    for (size_t i = 0; i < tcn_mapping_field_count(d->m); i++) {
        const struct tcn_mapping_field *f = tcn_mapping_field(d->m, i);

        if (f->n_remote == 1 && strcmp(f->remote[0], remote) == 0)
            return f;
    }
    return NULL;
}

static void leave_out(struct draft *d, const char *name, const char *where)
{
    json_t *member = json_object_get(json_object_get(d->base, "create"), name);
    const struct tcn_mapping_field *f = field_alone(d, name);

    if (member && !holds_mark(d, member))
        json_object_set_new(object_in(d->patch, "create"), name, json_null());
    else if (!member && f)
        json_object_set_new(object_in(d->patch, "fields"), f->name, json_null());
    else {
        say(d->unmapped, "%s: it is not on %s, and cannot be left out: put it there", name, where);
        return;
    }
    say(d->told, "%s: left out, it is not on %s", name, where);
}

static void draft_fields(struct draft *d, json_t *fields)
{
    json_t *create = json_object_get(d->written, "create"), *item;
    const char *name;
    size_t i;

    json_object_foreach(create, name, item)
    {
        if (json_is_true(json_object_get(fields, "is_whole")) && !field_named(fields, name))
            leave_out(d, name, text_of(fields, "where"));
    }
    json_array_foreach(json_object_get(fields, "fields"), i, item)
    {
        name = text_of(item, "name");
        if (json_is_true(json_object_get(item, "required")) && !json_object_get(create, name))
            say(d->unmapped, "%s (\"%s\") is required: add \"create\": {\"%s\": ...}", name,
                text_of(item, "label"), name);
    }
}

/* -- all ------------------------------------------------------------------------------------------------------------- */

static void tell_unread(struct draft *d, json_t *choices)
{
    json_t *unread = tcn_findings_unread(d->m, d->settings, choices), *item;
    const char *of = text_of(choices, "of");
    size_t i;

    if (json_object_get(json_object_get(d->patch, "tables"), of)) {
        json_decref(unread); /* what of it is not mapped was told */
        return;
    }
    json_array_foreach(unread, i, item)
    {
        say(d->unmapped, "%s \"%s\": nothing is read from it", *of ? of : "status",
            json_string_value(item));
    }
    json_decref(unread);
}

json_t *tcn_draft(json_t *base, const struct tcn_mapping *m, json_t *settings, json_t *facts,
                  json_t *told, json_t *unmapped)
{
    struct draft d = {.base = base,
                      .settings = settings,
                      .m = m,
                      .patch = json_object(),
                      .told = told,
                      .unmapped = unmapped,
                      .written = tcn_written(m, settings)};
    json_t *fact, *value;
    size_t i;

    json_array_foreach(facts, i, fact)
    {
        const char *name = text_of(fact, "name");

        value = json_object_get(fact, "value");
        if (strcmp(name, "choices") == 0)
            draft_choices(&d, value);
        if (strcmp(name, "choices") == 0 ||
            (strcmp(name, "status") == 0 && tcn_mapping_has_status(m)))
            tell_unread(&d, value);
        if (strcmp(name, "fields") == 0)
            draft_fields(&d, value);
    }
    json_decref(d.written);
    return d.patch;
}
