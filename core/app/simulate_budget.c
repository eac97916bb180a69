#include "app/simulate_budget.h"

#include "base/vec.h"
#include "engine/budget.h"

static struct tcn_simulated_bucket *bucket_of(struct tcn_simulated_budgets *b,
                                              const struct tcn_channel *channel,
                                              const struct tcn_page_budget *budget)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->items[i].channel == channel)
            return &b->items[i];
    b->items = tcn_vec_grow(b->arena, b->items, b->n, &b->size, sizeof *b->items);
    b->items[b->n] = (struct tcn_simulated_bucket){.channel = channel, .budget = budget};
    return &b->items[b->n++];
}

static void wait(struct tcn_simulated_budgets *b, struct tcn_simulated_bucket *bucket,
                 const struct tcn_send *send)
{
    bucket->held =
        tcn_vec_grow(b->arena, bucket->held, bucket->n, &bucket->size, sizeof *bucket->held);
    bucket->held[bucket->n++] = *send;
}

bool tcn_simulated_hold(struct tcn_simulated_budgets *b, const struct tcn_channel *channel,
                        const struct tcn_page_budget *budget, const struct tcn_send *send,
                        int64_t now_ms)
{
    struct tcn_simulated_bucket *bucket;

    if (budget->pages == 0)
        return false;
    bucket = bucket_of(b, channel, budget);
    if (bucket->n == 0 && tcn_budget_take(budget, now_ms, &bucket->full_ms))
        return false;
    wait(b, bucket, send);
    return true;
}

int64_t tcn_simulated_next(const struct tcn_simulated_budgets *b, int64_t now_ms)
{
    int64_t next_ms = 0;

    for (size_t i = 0; i < b->n; i++) {
        const struct tcn_simulated_bucket *bucket = &b->items[i];
        int64_t at_ms;

        if (bucket->n == 0)
            continue;
        at_ms = tcn_budget_next_ms(bucket->budget, now_ms, bucket->full_ms);
        if (next_ms == 0 || at_ms < next_ms)
            next_ms = at_ms;
    }
    return next_ms;
}

size_t tcn_simulated_release(struct tcn_simulated_budgets *b, int64_t now_ms,
                             const struct tcn_send **ret_sends)
{
    for (size_t i = 0; i < b->n; i++) {
        struct tcn_simulated_bucket *bucket = &b->items[i];
        size_t n = bucket->channel->type == TCN_EMAIL ? bucket->n : 1;

        if (bucket->n == 0 || !tcn_budget_take(bucket->budget, now_ms, &bucket->full_ms))
            continue;
        *ret_sends = bucket->held;
        bucket->held += n;
        bucket->n -= n;
        bucket->size -= n;
        return n;
    }
    return 0;
}
