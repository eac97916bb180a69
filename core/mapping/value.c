/* Reading values: kinds, members, numbers, comparisons. Writing them is in dump.c. */
#include "mapping/value.h"
#include "base/datetime.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_NUMBER = 40 };

struct tcn_value tcn_value_str(struct tcn_str s)
{
    return s.ptr ? (struct tcn_value){.kind = TCN_V_STR, .s = s} : TCN_ABSENT;
}

struct tcn_value tcn_value_built(struct tcn_str s)
{
    return s.ptr ? (struct tcn_value){.kind = TCN_V_STR, .is_built = true, .s = s} : TCN_ABSENT;
}

struct tcn_value tcn_value_int(int64_t i)
{
    return (struct tcn_value){.kind = TCN_V_INT, .i = i};
}

struct tcn_value tcn_value_bool(bool b)
{
    return (struct tcn_value){.kind = TCN_V_BOOL, .b = b};
}

struct tcn_value tcn_value_time(int64_t unix_ms)
{
    return (struct tcn_value){.kind = TCN_V_TIME, .i = unix_ms};
}

struct tcn_value tcn_value_of_json(json_t *json)
{
    if (!json)
        return TCN_ABSENT;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return (struct tcn_value){.kind = TCN_V_JSON, .json = json};
    case JSON_STRING:
        return tcn_value_str((struct tcn_str){json_string_value(json), json_string_length(json)});
    case JSON_INTEGER:
        return tcn_value_int(json_integer_value(json));
    case JSON_REAL:
        return (struct tcn_value){.kind = TCN_V_REAL, .d = json_real_value(json)};
    case JSON_TRUE:
    case JSON_FALSE:
        return tcn_value_bool(json_is_true(json));
    case JSON_NULL:
        break;
    }
    return (struct tcn_value){.kind = TCN_V_NULL};
}

bool tcn_value_is_list(const struct tcn_value *v)
{
    return v->kind == TCN_V_LIST || (v->kind == TCN_V_JSON && json_is_array(v->json));
}

bool tcn_value_is_map(const struct tcn_value *v)
{
    return v->kind == TCN_V_MAP || (v->kind == TCN_V_JSON && json_is_object(v->json));
}

bool tcn_value_is_absent(const struct tcn_value *v)
{
    return v->kind == TCN_V_ABSENT || v->kind == TCN_V_NULL;
}

bool tcn_value_is_empty(const struct tcn_value *v)
{
    if (tcn_value_is_list(v) || tcn_value_is_map(v))
        return tcn_value_count(v) == 0;
    return tcn_value_is_absent(v) || (v->kind == TCN_V_STR && v->s.len == 0);
}

size_t tcn_value_count(const struct tcn_value *v)
{
    if (v->kind == TCN_V_LIST)
        return v->list.n;
    if (v->kind == TCN_V_MAP)
        return v->map.n;
    if (v->kind != TCN_V_JSON)
        return 0;
    return json_is_array(v->json) ? json_array_size(v->json) : json_object_size(v->json);
}

struct tcn_value tcn_value_item(const struct tcn_value *v, size_t i)
{
    if (v->kind == TCN_V_LIST)
        return i < v->list.n ? v->list.items[i] : TCN_ABSENT;
    if (v->kind == TCN_V_JSON)
        return tcn_value_of_json(json_array_get(v->json, i));
    return TCN_ABSENT;
}

struct tcn_value tcn_value_member(const struct tcn_value *v, struct tcn_str key)
{
    if (v->kind == TCN_V_JSON)
        return tcn_value_of_json(json_object_getn(v->json, key.ptr, key.len));
    if (v->kind != TCN_V_MAP)
        return TCN_ABSENT;
    for (size_t i = v->map.n; i-- > 0;)
        if (tcn_str_eq(v->map.members[i].key, key))
            return v->map.members[i].value;
    return TCN_ABSENT;
}

struct tcn_value_iter tcn_value_iter(const struct tcn_value *v)
{
    struct tcn_value_iter it = {.of = v};

    if (v->kind == TCN_V_JSON && json_is_object(v->json))
        it.json_at = json_object_iter(v->json);
    return it;
}

static bool next_json_member(struct tcn_value_iter *it)
{
    if (!it->json_at)
        return false;
    it->key =
        (struct tcn_str){json_object_iter_key(it->json_at), json_object_iter_key_len(it->json_at)};
    it->value = tcn_value_of_json(json_object_iter_value(it->json_at));
    it->json_at = json_object_iter_next(it->of->json, it->json_at);
    return true;
}

bool tcn_value_next(struct tcn_value_iter *it)
{
    const struct tcn_value *v = it->of;

    if (v->kind == TCN_V_JSON && json_is_object(v->json))
        return next_json_member(it);
    if (it->i >= tcn_value_count(v))
        return false;
    if (v->kind == TCN_V_MAP) {
        it->key = v->map.members[it->i].key;
        it->value = v->map.members[it->i].value;
    } else {
        it->value = tcn_value_item(v, it->i);
    }
    it->i++;
    return true;
}

static bool is_decimal(struct tcn_str s)
{
    bool has_digit = false;

    for (size_t i = 0; i < s.len; i++) {
        bool is_digit = s.ptr[i] >= '0' && s.ptr[i] <= '9';

        has_digit |= is_digit;
        if (!is_digit && !strchr("+-.eE", s.ptr[i]))
            return false;
    }
    return has_digit && s.len < MAX_NUMBER;
}

bool tcn_value_number(const struct tcn_value *v, double *ret)
{
    char text[MAX_NUMBER], *end;
    double d;

    if (v->kind == TCN_V_INT || v->kind == TCN_V_TIME)
        *ret = (double)v->i;
    if (v->kind == TCN_V_REAL)
        *ret = v->d;
    if (v->kind != TCN_V_STR || !is_decimal(v->s))
        return v->kind == TCN_V_INT || v->kind == TCN_V_REAL || v->kind == TCN_V_TIME;
    memcpy(text, v->s.ptr, v->s.len);
    text[v->s.len] = '\0';
    d = strtod(text, &end);
    if (*end)
        return false;
    *ret = d;
    return true;
}

static bool is_numeric_kind(const struct tcn_value *v)
{
    return v->kind == TCN_V_INT || v->kind == TCN_V_REAL;
}

static bool is_scalar(const struct tcn_value *v)
{
    return v->kind >= TCN_V_BOOL && v->kind <= TCN_V_STR;
}

static bool text_eq(struct tcn_work *w, const struct tcn_value *a, const struct tcn_value *b)
{
    bool is_tree = !is_scalar(a);
    struct tcn_str s = is_tree ? tcn_value_dump(w, a, true) : tcn_value_text(w, a);
    struct tcn_str t = is_tree ? tcn_value_dump(w, b, true) : tcn_value_text(w, b);

    return s.ptr && t.ptr && tcn_str_eq(s, t);
}

bool tcn_value_eq(struct tcn_work *w, const struct tcn_value *a, const struct tcn_value *b)
{
    double x, y;

    if (tcn_value_is_absent(a) || tcn_value_is_absent(b))
        return tcn_value_is_absent(a) && tcn_value_is_absent(b);
    if (a->kind == TCN_V_STR && b->kind == TCN_V_STR)
        return tcn_str_eq(a->s, b->s);
    if (is_scalar(a) != is_scalar(b))
        return false;
    if (is_numeric_kind(a) || is_numeric_kind(b))
        return tcn_value_number(a, &x) && tcn_value_number(b, &y) && x <= y && x >= y;
    return text_eq(w, a, b);
}

bool tcn_value_cmp(struct tcn_work *w, const struct tcn_value *a, const struct tcn_value *b,
                   int *ret)
{
    double x, y;

    if (!is_scalar(a) || !is_scalar(b))
        return false;
    if (is_numeric_kind(a) || is_numeric_kind(b) ||
        (a->kind == TCN_V_TIME && b->kind == TCN_V_TIME)) {
        if (!tcn_value_number(a, &x) || !tcn_value_number(b, &y))
            return false;
        *ret = x < y ? -1 : x > y;
        return true;
    }
    *ret = tcn_str_cmp(tcn_value_text(w, a), tcn_value_text(w, b));
    return true;
}
