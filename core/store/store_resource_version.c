/* Who keeps what was made of the rows of resources and channel states asks before each use whether they are as they were. Each
 * change of them leaves a mark in `meta` that no other change leaves, in the same transaction: the row of the mark is locked until
 * that ends, so marks come in the order of the commits. */
#include "store/internal.h"
#include "store/resources.h"

#include <inttypes.h>
#include <stdio.h>

#define MARK "resources"
/* What this store changes is known at once, what other nodes change after AGE_MS. */
#define AGE_MS 1000

static bool is_fresh(const struct tcn_store *s, int64_t now_ms)
{
    bool is_only_writer = s->is_alone && s->epoch > 0; /* a visitor has no epoch, and an owner */

    if (!s->resources.is_known || is_only_writer)
        return s->resources.is_known;
    return now_ms >= s->resources.read_ms && now_ms - s->resources.read_ms < AGE_MS;
}

static void set_mark(struct tcn_store *s, const char *mark)
{
    snprintf(s->resources.mark, sizeof s->resources.mark, "%s", mark);
    s->resources.version++;
}

/* A mark of ours that was rolled back is in no database: what is there differs from it. */
static int read_mark(struct tcn_store *s, struct tcn_err *err)
{
    const char *mark = NULL;
    struct tcn_arena a;
    int r;

    tcn_arena_init(&a, 4096);
    if ((r = tcn_store_meta_get(s, MARK, &a, &mark, err)) == 0) {
        mark = mark ? mark : "";
        if (s->resources.version == 0 || strcmp(mark, s->resources.mark) != 0)
            set_mark(s, mark);
    }
    tcn_arena_done(&a);
    return r;
}

int tcn_store_resources_version(struct tcn_store *s, int64_t now_ms, uint64_t *ret,
                                struct tcn_err *err)
{
    int r;

    if (!is_fresh(s, now_ms)) {
        if ((r = read_mark(s, err)) < 0)
            return r;
        s->resources.read_ms = now_ms;
        s->resources.is_known = true;
    }
    *ret = s->resources.version;
    return 0;
}

void tcn_store_resources_forget(struct tcn_store *s)
{
    s->resources.is_known = false;
}

int tcn_store_resources_changed(struct tcn_store *s, struct tcn_err *err)
{
    char mark[sizeof s->resources.mark];

    snprintf(mark, sizeof mark, "%" PRId64 ".%" PRIu64, s->epoch, ++s->resources.changes);
    set_mark(s, mark);
    return tcn_store_meta_put(s, MARK, mark, err);
}
