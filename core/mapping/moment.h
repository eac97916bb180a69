/* The "time" form: texts and numbers of many systems into one point in time, and back. */
#ifndef TCN_MAPPING_MOMENT_H
#define TCN_MAPPING_MOMENT_H

#include "base/json.h"
#include "mapping/value.h"
#include "mapping/zones.h"

#define TCN_FORMATS_MAX 8
#define TCN_ZEROS_MAX 8

struct tcn_moment_format {
    const struct tcn_moment_type *type;
    const char *pattern; /* of a pattern of % directives */
};

struct tcn_moment_rule {
    struct tcn_moment_format formats[TCN_FORMATS_MAX];
    size_t n_formats;
    struct tcn_str zeros[TCN_ZEROS_MAX]; /* texts that mean "not told" */
    size_t n_zeros;
    struct tcn_moment_format out; /* type NULL: the value stays a time */
    const struct tcn_zone *zone;  /* of "tz": for texts without an offset, and for out; NULL: UTC */
};

/* Reads formats, zero, out and tz of the form; problems go to the node's document. */
int tcn_moment_compile(const struct tcn_node *n, struct tcn_zones *zones,
                       struct tcn_moment_rule *ret);
/* "" and the texts of "zero": absence in words. */
bool tcn_moment_is_zero(const struct tcn_moment_rule *rule, const struct tcn_value *v);
struct tcn_value tcn_moment_of(struct tcn_work *w, const struct tcn_moment_rule *rule,
                               struct tcn_value v);

#endif
