#include "engine/budget.h"

static int64_t interval_ms(const struct tcn_page_budget *b)
{
    return b->per_ms / b->pages;
}

/* An empty bucket is full again after b->per_ms: a later time is of a clock or a budget that was another one. */
static int64_t known_full_ms(const struct tcn_page_budget *b, int64_t now_ms, int64_t full_ms)
{
    if (full_ms < now_ms)
        return now_ms;
    return full_ms > now_ms + b->per_ms ? now_ms + b->per_ms : full_ms;
}

int64_t tcn_budget_next_ms(const struct tcn_page_budget *b, int64_t now_ms, int64_t full_ms)
{
    int64_t at_ms = known_full_ms(b, now_ms, full_ms) - (b->pages - 1) * interval_ms(b);

    return at_ms > now_ms ? at_ms : now_ms;
}

bool tcn_budget_take(const struct tcn_page_budget *b, int64_t now_ms, int64_t *full_ms)
{
    if (tcn_budget_next_ms(b, now_ms, *full_ms) > now_ms)
        return false;
    *full_ms = known_full_ms(b, now_ms, *full_ms) + interval_ms(b);
    return true;
}

void tcn_budget_give_back(const struct tcn_page_budget *b, int64_t *full_ms)
{
    *full_ms -= interval_ms(b);
}

void tcn_budget_text(const struct tcn_page_budget *b, struct tcn_buf *out)
{
    bool has_minutes = b->per_ms % 60000 == 0;

    tcn_buf_fmt(out, "%lld page%s in %lld %s", (long long)b->pages, b->pages == 1 ? "" : "s",
                (long long)(b->per_ms / (has_minutes ? 60000 : 1000)), has_minutes ? "min" : "s");
}
