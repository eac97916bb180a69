/* The compiled tree of expressions, and running it. Nodes lie in the mapping's arena and never change after load. */
#ifndef TCN_MAPPING_EXPR_H
#define TCN_MAPPING_EXPR_H

#include "mapping/filter.h"
#include "mapping/mapping.h"
#include "mapping/moment.h"
#include "mapping/odd.h"
#include "mapping/path.h"
#include "mapping/regex.h"
#include "mapping/table.h"

#define TCN_LOCALS_MAX 8        /* names bound by "as" around one expression */
#define TCN_EXPR_NODES_MAX 5000 /* of one file */
#define TCN_EACH_MAX 10000

enum tcn_root {
    TCN_ROOT_IN,
    TCN_ROOT_HDR,
    TCN_ROOT_ENV,
    TCN_ROOT_OLD,
    TCN_ROOT_VAR,
    TCN_ROOT_SETTINGS,
    TCN_ROOT_EVENT,
    TCN_ROOT_REMOTE,
    TCN_ROOT_NOW,
    TCN_ROOT_COUNT,
    TCN_ROOT_LOCAL = TCN_ROOT_COUNT
};
#define TCN_ROOT_BIT(root) (1u << (root))

struct tcn_path {
    enum tcn_root root;
    unsigned slot; /* of a var or a local */
    struct tcn_steps steps;
    const char *text; /* as written, for explain */
};

/* Text, or a path with its filters. */
struct tcn_part {
    struct tcn_str literal;
    const struct tcn_path *path; /* NULL: literal */
    const struct tcn_filter *filters;
    size_t n_filters;
};

enum tcn_form {
    TCN_FORM_LITERAL,
    TCN_FORM_PART, /* {"path": ...} and "{{path|filter}}" alone */
    TCN_FORM_TEMPLATE,
    TCN_FORM_LIST,
    TCN_FORM_OBJECT,
    TCN_FORM_FIRST,
    TCN_FORM_TABLE,
    TCN_FORM_CASE,
    TCN_FORM_EACH,
    TCN_FORM_MERGE,
    TCN_FORM_CONCAT,
    TCN_FORM_HASH,
    TCN_FORM_JSON,
    TCN_FORM_ADF,
    TCN_FORM_MARKDOWN,
    TCN_FORM_MIN,
    TCN_FORM_MAX,
    TCN_FORM_TIME
};

struct tcn_pair {
    struct tcn_str key;
    const struct tcn_expr *value;
};

struct tcn_branch {
    const struct tcn_cond *when;
    const struct tcn_expr *value;
};

struct tcn_expr {
    enum tcn_form form;
    bool is_strict;    /* TEMPLATE: a missing path makes all of it absent */
    bool keeps_empty;  /* FIRST: "" counts as a value */
    bool is_reverse;   /* TABLE */
    const char *where; /* "$.event.title.first[1]" */
    union {
        struct tcn_value literal;
        struct tcn_part part;
        struct {
            const struct tcn_part *parts;
            size_t n;
        } text;
        struct {
            const struct tcn_expr *const *items;
            size_t n;
            const struct tcn_expr *otherwise; /* FIRST: default, or NULL */
        } list;
        struct {
            const struct tcn_pair *pairs;
            size_t n;
        } object;
        struct {
            const struct tcn_table *table;
            const struct tcn_expr *of;
        } table;
        struct {
            const struct tcn_branch *branches;
            size_t n;
            const struct tcn_expr *otherwise; /* or NULL */
        } cases;
        struct {
            const struct tcn_expr *of, *value, *more; /* more may be NULL */
            unsigned slot;                            /* of "as"; "more" has the next one */
            size_t max;
            bool has_sep;
            struct tcn_str sep;
        } each;
        const struct tcn_expr *of; /* HASH JSON ADF MIN MAX */
        struct {
            const struct tcn_expr *of;
            const struct tcn_moment_rule *rule;
        } time;
    };
};

enum tcn_test {
    TCN_TEST_EQ,
    TCN_TEST_NE,
    TCN_TEST_LT,
    TCN_TEST_LE,
    TCN_TEST_GT,
    TCN_TEST_GE,
    TCN_TEST_IN,
    TCN_TEST_STARTS,
    TCN_TEST_HAS,
    TCN_TEST_MATCH,
    TCN_TEST_AND,
    TCN_TEST_OR,
    TCN_TEST_NOT
};

struct tcn_cond {
    enum tcn_test test;
    const struct tcn_expr *a, *b;
    const struct tcn_regex *regex;
    const struct tcn_cond *const *parts; /* AND OR NOT */
    size_t n;
};

/* What explain wants to know. Texts lie in the arena of the evaluation. */
struct tcn_trace {
    const char *took; /* where the last value came from */
    const char *const *absent;
    size_t n_absent;
};

#define TCN_TREES_MAX 64
#define TCN_ABSENT_MAX 32

/* One evaluation. Not shared. */
struct tcn_eval {
    struct tcn_work work;
    const struct tcn_mapping *m;
    json_t *roots[TCN_ROOT_COUNT]; /* borrowed; of hdr, var, now not used */
    const struct tcn_mapping_header *headers;
    size_t n_headers;
    int64_t now_ms;
    struct tcn_value *vars;
    char *var_known;
    struct tcn_odd *var_odds;
    struct tcn_value locals[TCN_LOCALS_MAX + 1];
    json_t *trees[TCN_TREES_MAX]; /* owned: parsed JSON texts */
    size_t n_trees;
    struct tcn_regex_memory *regex_memory; /* owned; made at the first match */
    struct tcn_mapping_counts counts;
    struct tcn_odd odd;      /* the first since somebody looked; conditions leave none */
    const char *limit;       /* the first limit that was met without spending the budget */
    struct tcn_trace *trace; /* NULL: nobody asks */
    const char *absent[TCN_ABSENT_MAX];
};

void tcn_eval_init(struct tcn_eval *ev, const struct tcn_mapping *m, struct tcn_arena *arena,
                   size_t bytes);
void tcn_eval_done(struct tcn_eval *ev);
struct tcn_value tcn_eval(struct tcn_eval *ev, const struct tcn_expr *x); /* NULL is absent */
bool tcn_eval_cond(struct tcn_eval *ev, const struct tcn_cond *c);        /* NULL is true */
/* The value of a path of this evaluation, without filters. */
struct tcn_value tcn_eval_path(struct tcn_eval *ev, const struct tcn_path *path);
/* More than one element, as merge and the tags of an alarm read it: a map, or a list of {Key, Value} pairs. */
bool tcn_pair_of(const struct tcn_value *element, struct tcn_value *ret_key,
                 struct tcn_value *ret_value);

#endif
