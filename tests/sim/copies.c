/* Deep copies of what a store keeps, as if it had been written and read back. */
#include "world.h"

static const struct tcn_target *copy_targets(struct tcn_arena *a, const struct tcn_stage *from)
{
    struct tcn_target *to =
        tcn_arena_memdup(a, from->targets, from->n_targets * sizeof *from->targets);

    for (size_t k = 0; k < from->n_targets; k++) {
        to[k].channel = tcn_arena_strdup(a, to[k].channel);
        to[k].contact = tcn_arena_strdup(a, to[k].contact);
    }
    return to;
}

static void copy_plan(struct tcn_arena *a, struct tcn_plan *plan)
{
    struct tcn_stage *to = tcn_arena_memdup(a, plan->stages, plan->n_stages * sizeof *plan->stages);

    for (size_t i = 0; i < plan->n_stages; i++)
        to[i].targets = copy_targets(a, &to[i]);
    plan->stages = to;
}

void copy_lane(struct tcn_arena *a, struct tcn_lane *to, const struct tcn_lane *from)
{
    *to = *from;
    to->dedupe_key = tcn_arena_strdup(a, from->dedupe_key);
    to->source = tcn_arena_strdup(a, from->source);
    to->items = from->n_items
                    ? tcn_arena_memdup(a, from->items, from->n_items * sizeof *from->items)
                    : NULL;
    for (size_t i = 0; i < to->n_items; i++) {
        to->items[i].key = tcn_arena_strdup(a, from->items[i].key);
        to->items[i].title = tcn_arena_strdup(a, from->items[i].title);
    }
}

struct tcn_tag *copy_tags(struct tcn_arena *a, const struct tcn_tag *from, size_t n)
{
    struct tcn_tag *to = n ? tcn_arena_memdup(a, from, n * sizeof *from) : NULL;

    for (size_t i = 0; i < n; i++) {
        to[i].key = tcn_arena_strdup(a, from[i].key);
        to[i].value = tcn_arena_strdup(a, from[i].value);
    }
    return to;
}

void copy_incident(struct tcn_arena *a, struct tcn_incident *to, const struct tcn_incident *from)
{
    *to = *from;
    to->response_plan = tcn_arena_strdup(a, from->response_plan);
    to->title = tcn_arena_strdup(a, from->title);
    to->summary = tcn_arena_strdup(a, from->summary);
    to->dedupe_string = tcn_arena_strdup(a, from->dedupe_string);
    to->source = tcn_arena_strdup(a, from->source);
    to->source_name = tcn_arena_strdup(a, from->source_name);
    to->trigger_arn = tcn_arena_strdup(a, from->trigger_arn);
    to->created_by = tcn_arena_strdup(a, from->created_by);
    to->modified_by = tcn_arena_strdup(a, from->modified_by);
    to->acknowledged_by = tcn_arena_strdup(a, from->acknowledged_by);
    to->resolution.code = tcn_arena_strdup(a, from->resolution.code);
    to->resolution.notes = tcn_arena_strdup(a, from->resolution.notes);
    to->resolution.by = tcn_arena_strdup(a, from->resolution.by);
    to->tags = copy_tags(a, from->tags, from->n_tags);
}

static void copy_engagement(struct tcn_arena *a, struct tcn_engagement *to,
                            const struct tcn_engagement *from)
{
    *to = *from;
    to->is_dirty = false;
    to->contact = tcn_arena_strdup(a, from->contact);
    copy_plan(a, &to->plan);
    to->runs =
        from->n_runs ? tcn_arena_memdup(a, from->runs, from->n_runs * sizeof *from->runs) : NULL;
    to->size_runs = from->n_runs;
    for (size_t i = 0; i < to->n_runs; i++) {
        to->runs[i].contact = tcn_arena_strdup(a, from->runs[i].contact);
        to->runs[i].path = tcn_arena_strdup(a, from->runs[i].path);
        copy_plan(a, &to->runs[i].plan);
    }
    to->pages = from->n_pages
                    ? tcn_arena_memdup(a, from->pages, from->n_pages * sizeof *from->pages)
                    : NULL;
    to->size_pages = from->n_pages;
    for (size_t i = 0; i < to->n_pages; i++) {
        to->pages[i].contact = tcn_arena_strdup(a, from->pages[i].contact);
        to->pages[i].channel = tcn_arena_strdup(a, from->pages[i].channel);
    }
}

struct tcn_engagement *copy_engagements(struct tcn_arena *a, const struct tcn_engagement *from,
                                        size_t n)
{
    struct tcn_engagement *to = n ? TCN_NEW_N(a, struct tcn_engagement, n) : NULL;

    for (size_t i = 0; i < n; i++)
        copy_engagement(a, &to[i], &from[i]);
    return to;
}

void copy_alarm(struct tcn_arena *a, struct tcn_storm_alarm *to, const struct tcn_storm_alarm *from)
{
    *to = *from;
    to->dedupe_key = tcn_arena_strdup(a, from->dedupe_key);
    to->source = tcn_arena_strdup(a, from->source);
    to->told.title = tcn_arena_strdup(a, from->told.title);
    to->told.summary = tcn_arena_strdup(a, from->told.summary);
    to->told.trigger_arn = tcn_arena_strdup(a, from->told.trigger_arn);
    to->told.tags = copy_tags(a, from->told.tags, from->told.n_tags);
}
