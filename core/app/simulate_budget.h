/* Page budgets in a simulation: what tocsin serve would hold back, and when that would go (engine/budget.h decides in both). */
#ifndef TCN_APP_SIMULATE_BUDGET_H
#define TCN_APP_SIMULATE_BUDGET_H

#include "engine/decision.h"
#include "engine/directory.h"

/* Of one channel of a person. */
struct tcn_simulated_bucket {
    const struct tcn_channel *channel;
    const struct tcn_page_budget *budget;
    int64_t full_ms;
    struct tcn_send *held; /* in the order in which they came */
    size_t n, size;
};
/* A zeroed one with an arena, from which everything is, knows none. */
struct tcn_simulated_budgets {
    struct tcn_arena *arena;
    struct tcn_simulated_bucket *items;
    size_t n, size;
};

/* The send (copied) waits for a token; false: it goes now, with its token. channel, and budget, which is always the same for
 * it, are borrowed. */
bool tcn_simulated_hold(struct tcn_simulated_budgets *b, const struct tcn_channel *channel,
                        const struct tcn_page_budget *budget, const struct tcn_send *send,
                        int64_t now_ms);
/* When the next token comes for what waits; 0: nothing waits. */
int64_t tcn_simulated_next(const struct tcn_simulated_budgets *b, int64_t now_ms);
/* What goes with a token that has come, in one message: by mail all that waits for it, else the first. Returns how many, 0: no
 * token has come; ret_sends is of the arena. */
size_t tcn_simulated_release(struct tcn_simulated_budgets *b, int64_t now_ms,
                             const struct tcn_send **ret_sends);

#endif
