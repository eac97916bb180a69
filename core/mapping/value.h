/* Values of the mapping language. They borrow from the input, the mapping or the arena of the evaluation; only
 * built texts and lists take memory. */
#ifndef TCN_MAPPING_VALUE_H
#define TCN_MAPPING_VALUE_H

#include "mapping/work.h"
#include <jansson.h>

enum tcn_value_kind {
    TCN_V_ABSENT = 0,
    TCN_V_NULL, /* a null written in the mapping; null in the input is absent */
    TCN_V_BOOL,
    TCN_V_INT,
    TCN_V_REAL,
    TCN_V_TIME, /* Unix ms */
    TCN_V_STR,  /* valid UTF-8 without NUL */
    TCN_V_JSON, /* object or array of a JSON tree */
    TCN_V_LIST,
    TCN_V_MAP
};

struct tcn_value {
    enum tcn_value_kind kind;
    uint32_t is_built : 1; /* STR: lies in the arena, a NUL follows */
    uint32_t n_cut : 31;   /* LIST: so many elements more there were */
    union {
        bool b;
        int64_t i; /* INT and TIME */
        double d;
        struct tcn_str s;
        json_t *json; /* borrowed */
        struct {
            const struct tcn_value *items;
            size_t n;
        } list;
        struct {
            const struct tcn_member *members;
            size_t n;
        } map;
    };
};

struct tcn_member {
    struct tcn_str key;
    struct tcn_value value;
};

#define TCN_ABSENT ((struct tcn_value){0})

struct tcn_value tcn_value_str(struct tcn_str s);
struct tcn_value tcn_value_built(struct tcn_str s); /* of tcn_text_done: absent when ptr is NULL */
struct tcn_value tcn_value_int(int64_t i);
struct tcn_value tcn_value_bool(bool b);
struct tcn_value tcn_value_time(int64_t unix_ms);
struct tcn_value tcn_value_of_json(json_t *json); /* NULL is absent */

bool tcn_value_is_list(const struct tcn_value *v);
bool tcn_value_is_map(const struct tcn_value *v);
/* Absent, null, "", [] or {}. */
bool tcn_value_is_empty(const struct tcn_value *v);
bool tcn_value_is_absent(const struct tcn_value *v); /* absent or null */
size_t tcn_value_count(const struct tcn_value *v);   /* of a list or map, else 0 */
struct tcn_value tcn_value_item(const struct tcn_value *v, size_t i);
struct tcn_value tcn_value_member(const struct tcn_value *v, struct tcn_str key);

/* Elements of a list or members of a map (key.ptr NULL for elements). */
struct tcn_value_iter {
    const struct tcn_value *of;
    void *json_at;
    size_t i;
    struct tcn_str key;
    struct tcn_value value;
};
struct tcn_value_iter tcn_value_iter(const struct tcn_value *v);
bool tcn_value_next(struct tcn_value_iter *it);

/* The text of a scalar, compact JSON of the others, "" of null; ptr is NULL when absent. */
struct tcn_str tcn_value_text(struct tcn_work *w, const struct tcn_value *v);
/* Numbers, and texts that are wholly a decimal number. */
bool tcn_value_number(const struct tcn_value *v, double *ret);
bool tcn_value_eq(struct tcn_work *w, const struct tcn_value *a, const struct tcn_value *b);
/* Orders numbers, times and texts; false when they do not compare. */
bool tcn_value_cmp(struct tcn_work *w, const struct tcn_value *a, const struct tcn_value *b,
                   int *ret);
/* Compact JSON; is_sorted orders members by name, for hashes and comparisons. */
struct tcn_str tcn_value_dump(struct tcn_work *w, const struct tcn_value *v, bool is_sorted);
/* A new tree that shares nothing; NULL when absent. */
json_t *tcn_value_json(struct tcn_work *w, const struct tcn_value *v);

#endif
