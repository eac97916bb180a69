/* Value tables: {"map": {local: remote}, "default": v, "class": {local: {"primary": r, "accept": [r...]}}}. */
#ifndef TCN_MAPPING_TABLE_H
#define TCN_MAPPING_TABLE_H

#include "base/json.h"
#include "mapping/value.h"

/* The remote values that are compatible with one local value. */
struct tcn_class {
    const char *local;
    const char *primary;       /* text of what is written */
    struct tcn_value value;    /* the same as it stands in the file */
    const char *const *accept; /* ends with NULL; holds primary */
};

struct tcn_table_entry {
    struct tcn_str from;
    struct tcn_value to;
};

struct tcn_table {
    const char *name;
    struct tcn_table_entry *forth, *back; /* sorted by from; back holds the first of equal values */
    size_t n_forth, n_back;
    struct tcn_value otherwise; /* default */
    struct tcn_class *classes;
    size_t n_classes;
};

/* Reads and checks; problems go to the node's document. Values are borrowed from it. */
int tcn_table_compile(const struct tcn_node *n, struct tcn_arena *arena, struct tcn_table *ret);
/* A "class" object alone; TCN_EINVALID. local_names (ends with NULL) are the keys it may have; NULL: any. */
int tcn_classes_compile(const struct tcn_node *n, struct tcn_arena *arena,
                        const char *const local_names[], struct tcn_class **ret, size_t *ret_n);

/* Absent when the table does not know the text; without its default. */
struct tcn_value tcn_table_forth(const struct tcn_table *t, struct tcn_str from);
struct tcn_value tcn_table_back(const struct tcn_table *t, struct tcn_str to);
bool tcn_class_accepts(const struct tcn_class *c, struct tcn_str remote);

#endif
