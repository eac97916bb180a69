#include "app/log_limit.h"

#include <stdio.h>
#include <string.h>

static bool is_key(const struct tcn_log_limit_key *key, const char *where, const char *reason)
{
    return strncmp(key->where, where, sizeof key->where - 1) == 0 &&
           strncmp(key->reason, reason, sizeof key->reason - 1) == 0;
}

static struct tcn_log_limit_key *find(struct tcn_log_limit *limit, const char *where,
                                      const char *reason)
{
    for (size_t i = 0; i < limit->n; i++)
        if (is_key(&limit->keys[i], where, reason))
            return &limit->keys[i];
    return NULL;
}

/* The key that was silent longest; NULL while all of them have written in this second. */
static struct tcn_log_limit_key *resting(struct tcn_log_limit *limit, int64_t now_ms)
{
    struct tcn_log_limit_key *oldest = &limit->keys[0];

    for (size_t i = 1; i < limit->n; i++)
        if (limit->keys[i].next_ms < oldest->next_ms)
            oldest = &limit->keys[i];
    return oldest->next_ms <= now_ms ? oldest : NULL;
}

static struct tcn_log_limit_key *place(struct tcn_log_limit *limit, const char *where,
                                       const char *reason, int64_t now_ms)
{
    struct tcn_log_limit_key *key =
        limit->n < TCN_LOG_LIMIT_KEYS ? &limit->keys[limit->n++] : resting(limit, now_ms);

    if (!key)
        return &limit->rest;
    limit->rest.suppressed += key->suppressed;
    snprintf(key->where, sizeof key->where, "%s", where);
    snprintf(key->reason, sizeof key->reason, "%s", reason);
    key->next_ms = now_ms;
    key->suppressed = 0;
    return key;
}

bool tcn_log_limit_pass(struct tcn_log_limit *limit, const char *where, const char *reason,
                        int64_t now_ms, uint64_t *ret_suppressed)
{
    struct tcn_log_limit_key *key = find(limit, where, reason);

    if (!key)
        key = place(limit, where, reason, now_ms);
    if (now_ms < key->next_ms && key->next_ms <= now_ms + TCN_LOG_LIMIT_MS) {
        key->suppressed++;
        return false;
    }
    *ret_suppressed = key->suppressed;
    key->suppressed = 0;
    key->next_ms = now_ms + TCN_LOG_LIMIT_MS;
    return true;
}
