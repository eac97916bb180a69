/* The page budget of a person (reliability T11): a token bucket on the messages of one channel. What it holds back is sent later,
 * and never dropped (incidents-contacts 5.7).
 *
 * A bucket is one time: when it is full again. One that nobody has taken from yet is 0. */
#ifndef TCN_ENGINE_BUDGET_H
#define TCN_ENGINE_BUDGET_H

#include "base/buf.h"
#include "model/contact.h"

#define TCN_IMPACT_URGENT 1 /* of an incident whose pages no budget holds back */

/* Takes a token, of b->pages that come back evenly within b->per_ms. False: there is none, and nothing changes. */
bool tcn_budget_take(const struct tcn_page_budget *b, int64_t now_ms, int64_t *full_ms);
/* The message did not leave. */
void tcn_budget_give_back(const struct tcn_page_budget *b, int64_t *full_ms);
/* When there is a token: now_ms, or the time at which the next one comes. */
int64_t tcn_budget_next_ms(const struct tcn_page_budget *b, int64_t now_ms, int64_t full_ms);
/* "3 pages in 1 min". */
void tcn_budget_text(const struct tcn_page_budget *b, struct tcn_buf *out);

#endif
