/* Why each page of an incident was sent, or was not: read from what the decisions left behind. */
#ifndef TCN_ENGINE_EXPLAIN_H
#define TCN_ENGINE_EXPLAIN_H

#include "engine/decision.h"

#define TCN_EXPLAINED_MAX 20000

enum tcn_explained_kind { TCN_EXPLAINED_UNSET = 0, TCN_PAGED, TCN_NOT_PAGED, TCN_WILL_PAGE };

struct tcn_explained {
    int64_t at_ms; /* when it was decided, or will be */
    enum tcn_explained_kind kind;
    const char *contact; /* alias: a person's, or of what stands for people */
    const char *channel; /* NULL: not that far */
    const char *why;     /* a sentence without its end */
    size_t no;           /* its place among those of the same time */
};

struct tcn_explanation {
    TCN_VEC(struct tcn_explained) lines; /* by time; of the same time in the order of the plans */
    bool is_cut;                         /* there are more than TCN_EXPLAINED_MAX */
};

/* Of all engagements of the aggregate; lanes are not looked at. directory: what there is now, by which
 * channels that could not be used are told; may be NULL. Everything is in the arena. */
void tcn_engine_explain(const struct tcn_aggregate *aggregate,
                        const struct tcn_directory *directory, struct tcn_arena *arena,
                        struct tcn_explanation *ret);

#endif
