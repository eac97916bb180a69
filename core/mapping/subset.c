/* Comparing trees member by member. Depth is bounded by the parser of the mapping file. */
#include "mapping/subset.h"

enum { MAX_SHOWN = 160 };

struct place {
    const struct place *parent;
    const char *key; /* NULL: index */
    size_t index;
};

static void show(struct tcn_buf *why, json_t *value)
{
    char text[MAX_SHOWN + 4];
    size_t n;

    if (!value) {
        tcn_buf_z(why, "absent");
        return;
    }
    n = json_dumpb(value, text, MAX_SHOWN, JSON_ENCODE_ANY | JSON_COMPACT);
    if (n > MAX_SHOWN)
        n = tcn_utf8_prefix((struct tcn_str){text, MAX_SHOWN});
    tcn_buf_add(why, text, n);
    if (n == MAX_SHOWN)
        tcn_buf_z(why, "...");
}

static void show_place(struct tcn_buf *why, const struct place *at)
{
    if (!at->parent) {
        tcn_buf_char(why, '$');
        return;
    }
    show_place(why, at->parent);
    if (at->key)
        tcn_buf_fmt(why, ".%s", at->key);
    else
        tcn_buf_fmt(why, "[%zu]", at->index);
}

static bool differ(json_t *want, json_t *got, const struct place *at, struct tcn_buf *why)
{
    show_place(why, at);
    tcn_buf_z(why, ": wanted ");
    show(why, want);
    tcn_buf_z(why, ", is ");
    show(why, got);
    return false;
}

static bool holds(json_t *want, json_t *got, const struct place *at, struct tcn_buf *why)
{
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_null(want))
        return !got || json_is_null(got) || differ(want, got, at, why);
    if (json_is_number(want) && json_is_number(got)) {
        double a = json_number_value(want), b = json_number_value(got);

        return (a <= b && a >= b) || differ(want, got, at, why);
    }
    if (!got || json_typeof(want) != json_typeof(got))
        return differ(want, got, at, why);
    json_object_foreach(want, key, value)
    {
        if (!holds(value, json_object_get(got, key), &(struct place){at, key, 0}, why))
            return false;
    }
    json_array_foreach(want, i, value)
    {
        if (!holds(value, json_array_get(got, i), &(struct place){at, NULL, i}, why))
            return false;
    }
    return json_is_object(want) || json_is_array(want) || json_equal(want, got) ||
           differ(want, got, at, why);
}

bool tcn_subset(json_t *want, json_t *got, struct tcn_buf *why)
{
    return holds(want, got, &(struct place){0}, why);
}
