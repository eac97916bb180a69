/* Parts of the evaluator that live in files of their own. */
#ifndef TCN_MAPPING_EVAL_FORMS_H
#define TCN_MAPPING_EVAL_FORMS_H

#include "mapping/program.h"

struct tcn_value tcn_eval_each(struct tcn_eval *ev, const struct tcn_expr *x);
struct tcn_value tcn_eval_merge(struct tcn_eval *ev, const struct tcn_expr *x);
struct tcn_value tcn_eval_concat(struct tcn_eval *ev, const struct tcn_expr *x);
/* The largest element of a list with wanted 1, the smallest with -1. */
struct tcn_value tcn_eval_extreme(struct tcn_eval *ev, const struct tcn_expr *x, int wanted);
/* The texts in one, in one allocation of the exact length. */
struct tcn_value tcn_eval_join(struct tcn_eval *ev, const struct tcn_str *texts, size_t n);
/* Remembers the first limit that something met; what is a literal. */
void tcn_eval_limit(struct tcn_eval *ev, const char *what);

#endif
