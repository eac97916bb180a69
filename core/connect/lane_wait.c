#include "connect/lane_wait.h"
#include "connect/lanes_internal.h"
#include "connect/ring.h"

#include <stdio.h>

#define MARK "#waits"
#define TOLD_EVERY_MS INT64_C(600000) /* failures that alternate with successes fill no timeline */
#define ARENA (16u << 20)

static int64_t last_good_ms(const struct tcn_link *link)
{
    return link->last_read_ms > link->last_write_ms ? link->last_read_ms : link->last_write_ms;
}

bool tcn_wait_must_tell(struct tcn_link *link, int64_t now_ms, struct tcn_arena *arena)
{
    int64_t told_ms = tcn_ring_last(link, MARK);

    if (told_ms > 0 && (last_good_ms(link) <= told_ms || now_ms - told_ms < TOLD_EVERY_MS))
        return false;
    tcn_ring_drop(link, MARK, arena);
    tcn_ring_add(link, MARK, NULL, now_ms, arena);
    return true;
}

static int tell(struct tcn_lane_job *j, struct tcn_store *s, const struct tcn_link *link,
                int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_lanes_app *app = &j->lanes->options.app;
    char text[600], actor[160];

    if (!app->note)
        return 0;
    snprintf(text, sizeof text, "Not synced to %s yet: %s; it is tried again by itself",
             link->connector, j->shut);
    text[tcn_utf8_prefix(tcn_str(text))] = '\0';
    snprintf(actor, sizeof actor, "connector:%.120s", link->connector);
    j->has_news = true;
    return app->note(app->ctx, s, link->incident, text, actor, false, now_ms, err);
}

/* An incident that gets no ticket waits for none. */
static int tell_if_wanted(struct tcn_lane_job *j, struct tcn_store *s, struct tcn_link *link,
                          int64_t now_ms, struct tcn_arena *arena, struct tcn_err *err)
{
    struct tcn_want want;
    int r = tcn_want_init(&want, &j->instance->source, s, link, arena, err);
    bool makes_one = link->state == TCN_LINK_NONE || link->state == TCN_LINK_CREATING;
    bool waits = r == 0 && (link->state == TCN_LINK_LINKED || (makes_one && want.wanted.is_wanted));

    tcn_want_done(&want);
    if (waits && tcn_wait_must_tell(link, now_ms, arena))
        r = tell(j, s, link, now_ms, err);
    return r == TCN_ENOTFOUND ? 0 : r;
}

/* Behind those that have not been looked at yet. */
static int put_back(struct tcn_lane_job *j, struct tcn_store *s, struct tcn_link *link,
                    int64_t now_ms, struct tcn_err *err)
{
    struct tcn_arena arena;
    bool is_ours;
    int r = tcn_store_try_incident(s, link->incident, &is_ours, err);

    tcn_arena_init(&arena, ARENA);
    if (r == 0 && is_ours)
        r = tell_if_wanted(j, s, link, now_ms, &arena, err);
    link->is_in_flight = false;
    link->due_ms = now_ms;
    if (r == 0)
        r = tcn_store_link_put(s, link, err);
    tcn_arena_done(&arena);
    return r;
}

int tcn_lane_job_wait(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_lane_job *j = (struct tcn_lane_job *)job;
    struct tcn_link *links = NULL;
    struct tcn_arena arena;
    int r;

    tcn_lane_job_reset(j);
    tcn_arena_init(&arena, ARENA);
    r = tcn_store_link_claim(s, j->instance->source.instance->sdk.name, now_ms - TCN_WAIT_TOLD_MS,
                             j->limit, &arena, &links, &j->n_claimed, err);
    for (size_t i = 0; r == 0 && i < j->n_claimed; i++)
        r = put_back(j, s, &links[i], now_ms, err);
    if (r == 0)
        r = tcn_store_next_due(s, &j->next_due_ms, err);
    tcn_arena_done(&arena);
    return r;
}
