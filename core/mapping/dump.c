/* Values as text, as compact JSON and as JSON trees. */
#include "base/datetime.h"
#include "mapping/mapping.h"
#include "mapping/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Trees from outside have at most 64 levels (tcn_json_source), and expressions of a file as many again. */
enum { MAX_DEPTH = 160, MAX_NUMBER = 40 };

static struct tcn_str copy_text(struct tcn_work *w, const char *text, size_t len)
{
    char *p = tcn_work_alloc(w, len + 1);

    if (!p)
        return (struct tcn_str){0};
    memcpy(p, text, len + 1);
    return (struct tcn_str){p, len};
}

/* The shortest of 15 and 17 digits that reads back as the same number. */
static int format_real(double d, char text[MAX_NUMBER])
{
    int n = snprintf(text, MAX_NUMBER, "%.15g", d);
    double back = strtod(text, NULL);

    if (back < d || back > d)
        n = snprintf(text, MAX_NUMBER, "%.17g", d);
    return n;
}

/* Text of a number or time. */
static size_t format_scalar(const struct tcn_value *v, char text[MAX_NUMBER])
{
    if (v->kind == TCN_V_TIME) {
        tcn_time_text(v->i, text);
        return TCN_TIME_TEXT - 1;
    }
    if (v->kind == TCN_V_REAL)
        return (size_t)format_real(v->d, text);
    return (size_t)snprintf(text, MAX_NUMBER, "%" PRId64, v->i);
}

struct tcn_str tcn_value_text(struct tcn_work *w, const struct tcn_value *v)
{
    char text[MAX_NUMBER];
    size_t len;

    switch (v->kind) {
    case TCN_V_ABSENT:
        return (struct tcn_str){0};
    case TCN_V_NULL:
        return TCN_STR("");
    case TCN_V_BOOL:
        return v->b ? TCN_STR("true") : TCN_STR("false");
    case TCN_V_STR:
        return v->s;
    case TCN_V_INT:
    case TCN_V_REAL:
    case TCN_V_TIME:
        len = format_scalar(v, text);
        return copy_text(w, text, len);
    case TCN_V_JSON:
    case TCN_V_LIST:
    case TCN_V_MAP:
        break;
    }
    return tcn_value_dump(w, v, false);
}

struct dump {
    struct tcn_text text;
    bool is_sorted;
};

static void dump_string(struct tcn_text *t, struct tcn_str s)
{
    static const char hex[] = "0123456789abcdef";
    size_t start = 0;

    tcn_text_char(t, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        tcn_text_add(t, s.ptr + start, i - start);
        start = i + 1;
        if (c == '"' || c == '\\')
            tcn_text_add(t, (char[]){'\\', (char)c}, 2);
        else if (c == '\n')
            tcn_text_add(t, "\\n", 2);
        else
            tcn_text_add(t, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    }
    tcn_text_add(t, s.ptr + start, s.len - start);
    tcn_text_char(t, '"');
}

static void dump_value(struct dump *d, const struct tcn_value *v, unsigned depth);

static int compare_members(const void *a, const void *b)
{
    const struct tcn_member *x = a, *y = b;

    return tcn_str_cmp(x->key, y->key);
}

static void dump_member(struct dump *d, struct tcn_str key, const struct tcn_value *v,
                        bool is_first, unsigned depth)
{
    if (!is_first)
        tcn_text_char(&d->text, ',');
    dump_string(&d->text, key);
    tcn_text_char(&d->text, ':');
    dump_value(d, v, depth);
}

static void dump_sorted(struct dump *d, const struct tcn_value *v, unsigned depth)
{
    size_t n = tcn_value_count(v), i = 0;
    struct tcn_member *members = tcn_work_array(d->text.work, n, sizeof *members);
    struct tcn_value_iter it = tcn_value_iter(v);

    if (!members)
        return;
    for (; tcn_value_next(&it); i++)
        members[i] = (struct tcn_member){it.key, it.value};
    qsort(members, n, sizeof *members, compare_members);
    for (i = 0; i < n; i++)
        dump_member(d, members[i].key, &members[i].value, i == 0, depth);
}

static void dump_map(struct dump *d, const struct tcn_value *v, unsigned depth)
{
    struct tcn_value_iter it = tcn_value_iter(v);
    bool is_first = true;

    tcn_text_char(&d->text, '{');
    if (d->is_sorted) {
        dump_sorted(d, v, depth);
    } else {
        for (; tcn_value_next(&it); is_first = false)
            dump_member(d, it.key, &it.value, is_first, depth);
    }
    tcn_text_char(&d->text, '}');
}

static void dump_list(struct dump *d, const struct tcn_value *v, unsigned depth)
{
    struct tcn_value_iter it = tcn_value_iter(v);
    bool is_first = true;

    tcn_text_char(&d->text, '[');
    for (; tcn_value_next(&it); is_first = false) {
        if (!is_first)
            tcn_text_char(&d->text, ',');
        dump_value(d, &it.value, depth);
    }
    tcn_text_char(&d->text, ']');
}

static void dump_number(struct dump *d, const struct tcn_value *v)
{
    char text[MAX_NUMBER];
    size_t len = format_scalar(v, text);

    if (v->kind == TCN_V_TIME)
        dump_string(&d->text, (struct tcn_str){text, len});
    else
        tcn_text_add(&d->text, text, len);
}

static void dump_value(struct dump *d, const struct tcn_value *v, unsigned depth)
{
    if (depth == 0 || !tcn_work_spend(d->text.work, 1) || tcn_value_is_absent(v))
        tcn_text_add(&d->text, "null", 4);
    else if (tcn_value_is_map(v))
        dump_map(d, v, depth - 1);
    else if (tcn_value_is_list(v))
        dump_list(d, v, depth - 1);
    else if (v->kind == TCN_V_STR)
        dump_string(&d->text, v->s);
    else if (v->kind == TCN_V_BOOL)
        tcn_text_str(&d->text, v->b ? TCN_STR("true") : TCN_STR("false"));
    else
        dump_number(d, v);
}

struct tcn_str tcn_value_dump(struct tcn_work *w, const struct tcn_value *v, bool is_sorted)
{
    struct dump d = {.text = {.work = w}, .is_sorted = is_sorted};

    if (v->kind == TCN_V_ABSENT)
        return (struct tcn_str){0};
    dump_value(&d, v, MAX_DEPTH);
    return tcn_text_done(&d.text);
}

struct grow {
    struct tcn_work *work;
    size_t bytes_left; /* of the output cap */
};

static json_t *grow_value(struct grow *g, const struct tcn_value *v, unsigned depth);

static json_t *grow_list(struct grow *g, const struct tcn_value *v, unsigned depth)
{
    struct tcn_value_iter it = tcn_value_iter(v);
    json_t *list = json_array();

    while (tcn_value_next(&it))
        json_array_append_new(list, grow_value(g, &it.value, depth));
    return list;
}

static json_t *grow_map(struct grow *g, const struct tcn_value *v, unsigned depth)
{
    struct tcn_value_iter it = tcn_value_iter(v);
    json_t *map = json_object();

    while (tcn_value_next(&it))
        if (it.value.kind != TCN_V_ABSENT)
            json_object_setn_new(map, it.key.ptr, it.key.len, grow_value(g, &it.value, depth));
    return map;
}

static json_t *grow_text(struct grow *g, const struct tcn_value *v)
{
    struct tcn_str s = tcn_value_text(g->work, v);

    if (s.len > g->bytes_left) {
        g->work->spent = "the mapping builds more than 1 MiB of JSON";
        return json_null();
    }
    g->bytes_left -= s.len;
    return s.ptr ? json_stringn(s.ptr, s.len) : json_null();
}

static json_t *grow_value(struct grow *g, const struct tcn_value *v, unsigned depth)
{
    if (depth == 0 || !tcn_work_spend(g->work, 4) || tcn_value_is_absent(v))
        return json_null();
    if (tcn_value_is_map(v))
        return grow_map(g, v, depth - 1);
    if (tcn_value_is_list(v))
        return grow_list(g, v, depth - 1);
    if (v->kind == TCN_V_INT)
        return json_integer(v->i);
    if (v->kind == TCN_V_REAL)
        return isfinite(v->d) ? json_real(v->d) : json_null();
    if (v->kind == TCN_V_BOOL)
        return json_boolean(v->b);
    return grow_text(g, v);
}

json_t *tcn_value_json(struct tcn_work *w, const struct tcn_value *v)
{
    struct grow g = {.work = w, .bytes_left = TCN_MAPPING_OUTPUT_MAX};

    return v->kind == TCN_V_ABSENT ? NULL : grow_value(&g, v, MAX_DEPTH);
}
