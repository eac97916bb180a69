/* Canonical local values, and the round trip of a value through the remote. */
#include "base/xalloc.h"
#include "mapping/load.h"
#include "mapping/run.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_LEVELS = 16 };

/* Blanks before a line end and at the end of the text go; CRLF becomes LF. */
static json_t *canonical_text(const char *text, size_t max_points)
{
    struct tcn_str cut = tcn_utf8_cut(tcn_str(text), max_points);
    char *copy = tcn_xmalloc(cut.len + 1), *to = copy;
    json_t *json;

    for (size_t i = 0; i <= cut.len; i++) {
        bool is_end = i == cut.len || cut.ptr[i] == '\n';

        while (is_end && to > copy && strchr(" \t\r", to[-1]))
            to--;
        if (i < cut.len)
            *to++ = cut.ptr[i];
    }
    while (to > copy && strchr(" \t\r\n", to[-1]))
        to--;
    json = json_stringn(copy, (size_t)(to - copy));
    free(copy);
    return json;
}

static json_t *canonical_impact(json_t *value)
{
    struct tcn_value v = tcn_value_of_json(value);
    double d;

    if (!tcn_value_number(&v, &d) || !isfinite(d))
        return NULL;
    return json_integer(d < 1 ? 1 : d > 5 ? 5 : (json_int_t)d);
}

static size_t limit_of(const char *field)
{
    return strcmp(field, "title") == 0 ? TCN_TITLE_MAX : TCN_SUMMARY_MAX;
}

/* Texts inside objects (resolution) are canonical too; an object without members is nothing. */
static json_t *canonical_tree(json_t *value, size_t max_points, unsigned levels)
{
    json_t *out, *member, *inner;
    const char *key;

    if (json_is_string(value))
        return canonical_text(json_string_value(value), max_points);
    if (!json_is_object(value) || levels == 0)
        return json_deep_copy(value);
    out = json_object();
    json_object_foreach(value, key, member)
    {
        if (!json_is_null(member) && (inner = canonical_tree(member, max_points, levels - 1)))
            json_object_set_new(out, key, inner);
    }
    if (json_object_size(out))
        return out;
    json_decref(out);
    return NULL;
}

json_t *tcn_mapping_canonical(const char *field, json_t *value)
{
    if (!value || json_is_null(value))
        return NULL;
    if (strcmp(field, "impact") == 0)
        return canonical_impact(value);
    return canonical_tree(value, limit_of(field), MAX_LEVELS);
}

/* What field i writes when the incident holds value; yours. */
static json_t *out_of(const struct tcn_mapping *m, size_t i, json_t *value,
                      const struct tcn_mapping_env *e)
{
    json_t *env = e->env ? json_copy(e->env) : json_object(), *out;
    struct tcn_mapping_env with = *e;

    if (value)
        json_object_set(env, m->fields[i].field.name, value);
    else
        json_object_del(env, m->fields[i].field.name);
    with.env = env;
    out = tcn_mapping_out(m, i, &with);
    json_decref(env);
    return out;
}

bool tcn_mapping_same(const struct tcn_mapping *m, size_t i, json_t *a, json_t *b,
                      const struct tcn_mapping_env *e)
{
    json_t *out_a, *out_b;
    bool same;

    if ((!a && !b) || (a && b && json_equal(a, b)))
        return true;
    out_a = out_of(m, i, a, e);
    out_b = out_of(m, i, b, e);
    same = out_a && out_b && json_equal(out_a, out_b);
    json_decref(out_a);
    json_decref(out_b);
    return same;
}

/* A remote record that holds what was written: under "record", with what "echo" says that the remote adds. */
static json_t *record_of(const struct tcn_mapping *m, const struct tcn_field_rule *f,
                         json_t *written)
{
    json_t *record = json_deep_copy(written), *echo, *outer;
    struct tcn_mapping_env e = {.record = record};
    struct tcn_run_eval r;

    tcn_run_begin(&r, m, &e);
    if ((echo = tcn_run_json(&r, f->echo)))
        json_object_update(record, echo);
    json_decref(echo);
    tcn_run_end(&r);
    if (!m->record)
        return record;
    outer = json_object();
    json_object_set_new(outer, m->record, record);
    return outer;
}

static json_t *round_trip(const struct tcn_mapping *m, size_t i, json_t *value)
{
    struct tcn_mapping_env e = {0};
    json_t *written = out_of(m, i, value, &e), *back;

    if (!written)
        return NULL;
    e.record = record_of(m, &m->fields[i], written);
    back = tcn_mapping_in(m, i, &e);
    json_decref(e.record);
    json_decref(written);
    return back;
}

struct trips {
    size_t back, lost; /* values that were read back, and those that were not */
    json_t *first_lost;
};

static void print_into(char *text, size_t size, json_t *value)
{
    size_t n = json_dumpb(value, text, size - 1, JSON_ENCODE_ANY | JSON_COMPACT);

    if (n >= size)
        n = tcn_utf8_prefix((struct tcn_str){text, size - 1});
    text[n] = '\0';
}

static void check_value(const struct tcn_node *n, const struct tcn_mapping *m, size_t i,
                        json_t *value, struct trips *trips)
{
    json_t *once = round_trip(m, i, value), *twice = NULL;
    const struct tcn_mapping_env none = {0};
    char from[60], to[60];

    if (!once) {
        trips->lost++;
        if (!trips->first_lost)
            trips->first_lost = value;
        return;
    }
    trips->back++;
    twice = round_trip(m, i, once);
    print_into(from, sizeof from, value);
    print_into(to, sizeof to, once);
    if (!tcn_mapping_same(m, i, value, once, &none))
        tcn_node_problem(n,
                         "%s is written so that it is read back as %s, which is written "
                         "otherwise: the two sides would correct each other for ever",
                         from, to);
    else if (!twice || !json_equal(once, twice))
        tcn_node_problem(n, "%s is read back as %s, and that as something else again", from, to);
    json_decref(once);
    json_decref(twice);
}

/* Values that show what a mapping does to a field; NULL for fields whose values cannot be guessed. */
static json_t *samples_of(const char *field)
{
    if (strcmp(field, "impact") == 0)
        return json_pack("[i,i,i,i,i]", 1, 2, 3, 4, 5);
    if (strcmp(field, "title") == 0)
        return json_pack("[s,s]", "web-cpu-high",
                         "A title that is long: 0123456789 0123456789 0123456789 0123456789 "
                         "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
                         "0123456789 0123456789 0123456789 \xc3\xa4\xc3\xb6\xc3\xbc");
    if (strcmp(field, "summary") == 0)
        return json_pack("[s,s]", "web is down", "**web** is down\n\n- see https://example.com/r");
    if (strcmp(field, "resolution") == 0)
        return json_pack("[{s:s,s:s}]", "code", "Solution provided", "notes", "Alarm is OK");
    return NULL;
}

static void check_field(const struct tcn_node *n, const struct tcn_mapping *m, size_t i)
{
    json_t *samples = samples_of(m->fields[i].field.name), *value;
    struct trips trips = {0};
    char lost[60];
    size_t k;

    json_array_foreach(samples, k, value)
    {
        check_value(n, m, i, value, &trips);
    }
    /* all lost: the record computes what is read (priority of impact and urgency), and no "echo" tells how */
    if (trips.lost && trips.back) {
        print_into(lost, sizeof lost, trips.first_lost);
        tcn_node_problem(n, "%s cannot be read back from what it is written as", lost);
    }
    json_decref(samples);
}

void tcn_load_check_round_trips(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_node fields = tcn_node_member(root, "fields");

    for (size_t i = 0; i < c->m->n_fields; i++) {
        const struct tcn_field_rule *f = &c->m->fields[i];
        struct tcn_node n = tcn_node_member(&fields, f->field.name);

        if (f->field.direction == TCN_DIRECTION_BOTH && f->field.on == TCN_ON_ALWAYS)
            check_field(&n, c->m, i);
    }
}
