#include "engine/match_read.h"

#include <string.h>

static bool is_text(const json_t *value)
{
    size_t len = json_string_length(value);

    return len > 0 && len <= TCN_MATCHER_TEXT_MAX;
}

static const char *read_values(const json_t *value, struct tcn_arena *arena,
                               struct tcn_matcher *ret)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    const char **texts = TCN_NEW_N(arena, const char *, n ? n : 1);

    if (n == 0 || n > TCN_MATCHER_VALUES_MAX)
        return "must be a text, or a list of 1 to 20 texts";
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;

        if (!is_text(item))
            return "must be a text of 1 to 256 bytes, or a list of such texts";
        texts[i] = json_string_value(item);
    }
    ret->values = texts;
    ret->n_values = n;
    return NULL;
}

const char *tcn_match_read(const json_t *json, struct tcn_arena *arena, struct tcn_match *ret,
                           const char **ret_name)
{
    struct tcn_matcher *items = TCN_NEW_N(arena, struct tcn_matcher, TCN_MATCHERS_MAX);
    const char *key, *why;
    json_t *value;

    *ret = (struct tcn_match){.items = items};
    *ret_name = NULL;
    if (!json_is_object(json))
        return "must be an object of names and values, as {\"service\": \"db-*\"}";
    if (json_object_size(json) == 0)
        return "must name something; {\"source\": \"*\"} is every alarm";
    if (json_object_size(json) > TCN_MATCHERS_MAX)
        return "has more than 10 names";
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        *ret_name = key;
        if (!*key || strlen(key) > TCN_MATCHER_TEXT_MAX)
            return "is no name of a tag: use 1 to 256 bytes";
        items[ret->n].name = key;
        if ((why = read_values(value, arena, &items[ret->n])) != NULL)
            return why;
        ret->n++;
    }
    return NULL;
}

json_t *tcn_match_json(const struct tcn_match *match)
{
    json_t *object = json_object();

    for (size_t i = 0; i < match->n; i++) {
        const struct tcn_matcher *m = &match->items[i];
        json_t *values = json_array();

        for (size_t k = 0; k < m->n_values; k++)
            json_array_append_new(values, json_string(m->values[k]));
        json_object_set_new(object, m->name, values);
    }
    return object;
}
