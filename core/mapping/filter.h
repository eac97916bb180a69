/* Filters of templates: {{path|filter:argument}}. */
#ifndef TCN_MAPPING_FILTER_H
#define TCN_MAPPING_FILTER_H

#include "base/err.h"
#include "mapping/value.h"

#define TCN_FILTERS_MAX 8

struct tcn_filter {
    const struct tcn_filter_type *type;
    struct tcn_str text; /* the argument as written */
    int64_t number;      /* of cut */
};

/* Reads "|name:argument" parts at the front of *text, up to "}}" or the end. TCN_ESYNTAX. */
int tcn_filters_parse(struct tcn_str *text, struct tcn_arena *arena, struct tcn_filter **ret,
                      size_t *ret_n, struct tcn_err *err);
/* Absent stays absent, save for default and count. */
struct tcn_value tcn_filter_apply(struct tcn_work *w, const struct tcn_filter *f,
                                  struct tcn_value v);
/* A value that this filter cannot read, and so makes absent. */
bool tcn_filter_is_misfit(struct tcn_work *w, const struct tcn_filter *f,
                          const struct tcn_value *v);
/* In hex; of a list or object that of its JSON with sorted names. */
struct tcn_value tcn_value_sha256(struct tcn_work *w, struct tcn_value v);
/* On one line, without control characters and doubled blanks. */
struct tcn_value tcn_value_line(struct tcn_work *w, struct tcn_value v);

#endif
