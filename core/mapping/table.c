/* Compiling, checking and asking value tables. */
#include "mapping/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_ROWS = 2000, MAX_ACCEPT = 50, MAX_TEXT = 32 };

static int compare(const void *a, const void *b)
{
    const struct tcn_table_entry *x = a, *y = b;
    int r = tcn_str_cmp(x->from, y->from);

    return r ? r : (x < y ? -1 : x > y);
}

static const struct tcn_table_entry *search(const struct tcn_table_entry *rows, size_t n,
                                            struct tcn_str from)
{
    size_t low = 0;

    while (low < n) {
        size_t middle = low + (n - low) / 2;
        int r = tcn_str_cmp(rows[middle].from, from);

        if (r == 0)
            return &rows[middle];
        if (r < 0)
            low = middle + 1;
        else
            n = middle;
    }
    return NULL;
}

struct tcn_value tcn_table_forth(const struct tcn_table *t, struct tcn_str from)
{
    const struct tcn_table_entry *row = search(t->forth, t->n_forth, from);

    return row ? row->to : TCN_ABSENT;
}

struct tcn_value tcn_table_back(const struct tcn_table *t, struct tcn_str to)
{
    const struct tcn_table_entry *row;

    for (size_t i = 0; i < t->n_classes; i++)
        if (tcn_class_accepts(&t->classes[i], to))
            return tcn_value_str(tcn_str(t->classes[i].local));
    row = search(t->back, t->n_back, to);
    return row ? row->to : TCN_ABSENT;
}

bool tcn_class_accepts(const struct tcn_class *c, struct tcn_str remote)
{
    for (const char *const *p = c->accept; *p; p++)
        if (tcn_str_eq(tcn_str(*p), remote))
            return true;
    return false;
}

/* Text of a scalar of the file; NULL for null, lists and objects. */
static const char *scalar_text(struct tcn_arena *arena, json_t *json)
{
    if (json_is_string(json))
        return json_string_value(json);
    if (json_is_boolean(json))
        return json_is_true(json) ? "true" : "false";
    if (json_is_integer(json))
        return tcn_arena_fmt(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
    return json_is_real(json) ? tcn_arena_fmt(arena, "%.15g", json_real_value(json)) : NULL;
}

/* Keeps the first of each run of equal keys: the first in the file, because equal keys keep their order. */
static size_t keep_first(struct tcn_table_entry *rows, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !tcn_str_eq(rows[kept - 1].from, rows[i].from))
            rows[kept++] = rows[i];
    return kept;
}

/* Stable: rows are few, and qsort is not. */
static void sort_back(struct tcn_table_entry *rows, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct tcn_table_entry row = rows[i];
        size_t j = i;

        for (; j > 0 && tcn_str_cmp(rows[j - 1].from, row.from) > 0; j--)
            rows[j] = rows[j - 1];
        rows[j] = row;
    }
}

static int compile_map(const struct tcn_node *map, struct tcn_arena *arena, struct tcn_table *t)
{
    const size_t size = json_object_size(map->json);
    const char *key, *text;
    json_t *value;
    size_t key_len;

    if (size > MAX_ROWS)
        return tcn_node_problem(map, "has more than %d rows", MAX_ROWS);
    t->forth = TCN_NEW_N(arena, struct tcn_table_entry, size + 1);
    t->back = TCN_NEW_N(arena, struct tcn_table_entry, size + 1);
    json_object_keylen_foreach(map->json, key, key_len, value)
    {
        struct tcn_str name = {key, key_len};

        t->forth[t->n_forth++] = (struct tcn_table_entry){name, tcn_value_of_json(value)};
        if ((text = scalar_text(arena, value)))
            t->back[t->n_back++] = (struct tcn_table_entry){tcn_str(text), tcn_value_str(name)};
    }
    if (t->n_forth)
        qsort(t->forth, t->n_forth, sizeof *t->forth, compare);
    sort_back(t->back, t->n_back);
    t->n_back = keep_first(t->back, t->n_back);
    return 0;
}

static int compile_accept(const struct tcn_node *list, struct tcn_arena *arena, struct tcn_class *c)
{
    size_t size = json_array_size(list->json), n = 0;
    const char **accept = TCN_NEW_N(arena, const char *, size + 2);

    if (size > MAX_ACCEPT)
        return tcn_node_problem(list, "has more than %d values", MAX_ACCEPT);
    for (size_t i = 0; i < size; i++) {
        struct tcn_node item = tcn_node_item(list, i);

        if (!(accept[n++] = scalar_text(arena, item.json)))
            return tcn_node_problem(&item, "must be a text or number");
    }
    if (!c->primary) {
        if (n == 0)
            return tcn_node_problem(list, "is empty; its first value is the one that is written");
        c->primary = accept[0];
        c->value = tcn_value_of_json(json_array_get(list->json, 0));
    }
    c->accept = accept;
    if (!tcn_class_accepts(c, tcn_str(c->primary)))
        return tcn_node_problem(list, "must hold the primary value \"%s\" itself", c->primary);
    return 0;
}

/* ["new", "open"], the first being the primary, or {"primary": "1", "accept": ["1", "3"]}. */
static int compile_class(const struct tcn_node *n, struct tcn_arena *arena, struct tcn_class *c)
{
    static const char *const names[] = {"primary", "accept", NULL};
    struct tcn_node primary, accept;

    if (json_is_array(n->json))
        return compile_accept(n, arena, c);
    if (!json_is_object(n->json))
        return tcn_node_problem(n, "must be a list of remote values, or "
                                   "{\"primary\": value, \"accept\": [values]}");
    if (tcn_node_only(n, names) < 0 || tcn_node_array(n, "accept", TCN_NEED, &accept) < 0)
        return TCN_EINVALID;
    primary = tcn_node_member(n, "primary");
    if (!(c->primary = scalar_text(arena, primary.json)))
        return tcn_node_problem(&primary, "must be a text or number");
    c->value = tcn_value_of_json(primary.json);
    return compile_accept(&accept, arena, c);
}

static const struct tcn_class *first_accepting(const struct tcn_class *classes, size_t n,
                                               const char *remote)
{
    for (size_t i = 0; i < n; i++)
        if (tcn_class_accepts(&classes[i], tcn_str(remote)))
            return &classes[i];
    return NULL;
}

/* What is written for a local value must be read back as that value, or the two sides would correct each other for
 * ever. */
static int check_classes(const struct tcn_node *n, const struct tcn_class *classes, size_t size)
{
    int r = 0;

    for (size_t i = 0; i < size; i++) {
        const struct tcn_class *back = first_accepting(classes, size, classes[i].primary);
        struct tcn_node at = tcn_node_member(n, classes[i].local);

        if (back != &classes[i])
            r = tcn_node_problem(&at,
                                 "writes \"%s\", which is read back as %s; choose a primary value "
                                 "that no class before accepts",
                                 classes[i].primary, back->local);
    }
    return r;
}

int tcn_classes_compile(const struct tcn_node *n, struct tcn_arena *arena,
                        const char *const local_names[], struct tcn_class **ret, size_t *ret_n)
{
    const size_t size = json_object_size(n->json);
    struct tcn_class *classes = TCN_NEW_N(arena, struct tcn_class, size + 1);
    const char *key;
    json_t *value;
    size_t i = 0;
    int r = 0;

    if (local_names && tcn_node_only(n, local_names) < 0)
        return TCN_EINVALID;
    json_object_foreach(n->json, key, value)
    {
        struct tcn_node at = tcn_node_member(n, key);

        classes[i].local = key;
        if (compile_class(&at, arena, &classes[i++]) < 0)
            r = TCN_EINVALID;
    }
    if (r == 0)
        r = check_classes(n, classes, size);
    if (r < 0)
        return r;
    *ret = classes;
    *ret_n = size;
    return 0;
}

/* Every row of the map must write a value of its own class. */
static int check_rows(const struct tcn_node *map, struct tcn_arena *arena,
                      const struct tcn_table *t)
{
    int r = 0;

    for (size_t i = 0; i < t->n_classes; i++) {
        const struct tcn_class *c = &t->classes[i];
        struct tcn_node row = tcn_node_member(map, c->local);
        const char *text = scalar_text(arena, row.json);

        if (row.json && (!text || !tcn_class_accepts(c, tcn_str(text))))
            r = tcn_node_problem(&row, "is not in the class of %s, so it would be written for ever",
                                 c->local);
    }
    return r;
}

/* A class without a row writes its primary value. */
static void add_primaries(struct tcn_arena *arena, struct tcn_table *t)
{
    struct tcn_table_entry *rows =
        TCN_NEW_N(arena, struct tcn_table_entry, t->n_forth + t->n_classes + 1);
    size_t n = t->n_forth;

    if (n)
        memcpy(rows, t->forth, n * sizeof *rows);
    for (size_t i = 0; i < t->n_classes; i++)
        if (!search(t->forth, t->n_forth, tcn_str(t->classes[i].local)))
            rows[n++] = (struct tcn_table_entry){tcn_str(t->classes[i].local), t->classes[i].value};
    if (n)
        qsort(rows, n, sizeof *rows, compare);
    t->forth = rows;
    t->n_forth = n;
}

int tcn_table_compile(const struct tcn_node *n, struct tcn_arena *arena, struct tcn_table *ret)
{
    static const char *const names[] = {"map", "default", "class", NULL};
    struct tcn_table t = {.name = n->key};
    struct tcn_node map, classes;
    int r;

    if (!json_is_object(n->json))
        return tcn_node_problem(n, "must be {\"map\": {value: value}}");
    r = tcn_node_only(n, names);
    if (tcn_node_object(n, "class", TCN_OPTIONAL, &classes) < 0 ||
        tcn_node_object(n, "map", classes.json ? TCN_OPTIONAL : TCN_NEED, &map) < 0)
        return TCN_EINVALID;
    if (map.json && compile_map(&map, arena, &t) < 0)
        return TCN_EINVALID;
    t.otherwise = tcn_value_of_json(json_object_get(n->json, "default"));
    if (classes.json) {
        if (tcn_classes_compile(&classes, arena, NULL, &t.classes, &t.n_classes) < 0)
            return TCN_EINVALID;
        add_primaries(arena, &t);
        if (map.json && check_rows(&map, arena, &t) < 0)
            return TCN_EINVALID;
    }
    if (r == 0)
        *ret = t;
    return r;
}
