/* One evaluation for a connector, with an arena of its own. */
#ifndef TCN_MAPPING_RUN_H
#define TCN_MAPPING_RUN_H

#include "mapping/program.h"

struct tcn_run_eval {
    struct tcn_arena arena;
    struct tcn_eval ev;
};

void tcn_run_begin(struct tcn_run_eval *r, const struct tcn_mapping *m,
                   const struct tcn_mapping_env *e);
void tcn_run_end(struct tcn_run_eval *r);
/* The value as a new JSON tree; NULL when absent or too large. */
json_t *tcn_run_json(struct tcn_run_eval *r, const struct tcn_expr *x);
/* The text of the value in arena; NULL when absent or empty. */
const char *tcn_run_text(struct tcn_run_eval *r, const struct tcn_expr *x, struct tcn_arena *arena);

#endif
