#include "engine/related.h"
#include "engine/engine.h"
#include "engine/event_data.h"
#include "engine/related_change.h"

#define VALUE_MAX 65000
#define KEPT_BYTES ((size_t)1 << 20) /* escaped it still fits into a row of the store */

/* RelatedItem types of ssm-incidents for the kinds of a mapping. */
static const struct {
    const char *kind, *type;
} kinds[] = {
    {"metric", "METRIC"}, {"url", "OTHER"}, {"arn", "INVOLVED_RESOURCE"},
    {"runbook", "OTHER"}, {"task", "TASK"},
};

static const char *type_of(const char *kind)
{
    for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].type;
    return "OTHER";
}

static const char *value_kind_of(const char *value)
{
    if (strncmp(value, "arn:", 4) == 0)
        return "arn";
    return strncmp(value, "http", 4) == 0 ? "url" : "metricDefinition";
}

/* NULL: there is no room for it. */
static const struct tcn_related_item *add(const struct tcn_step *s, const char *type,
                                          const char *title, const char *value)
{
    struct tcn_related_item item = {
        .type = type, .value_kind = value_kind_of(value), .value = value, .title = title};

    if (s->a->incident.related_seq >= TCN_RELATED_MAX || strlen(value) > VALUE_MAX)
        return NULL;
    tcn_related_make_id(&item);
    item.seq = ++s->a->incident.related_seq;
    s->d->incident_changed = true;
    *TCN_VEC_PUSH(s->d->arena, &s->d->related) = item;
    return &s->d->related.items[s->d->related.n - 1];
}

void tcn_related_add(const struct tcn_step *s, const struct tcn_alarm *alarm)
{
    for (size_t i = 0; i < alarm->n_related; i++)
        if (alarm->related[i].value && alarm->related[i].value[0])
            add(s, type_of(alarm->related[i].kind), alarm->related[i].title,
                alarm->related[i].value);
    for (size_t i = 0; i < alarm->n_resources; i++)
        if (alarm->resources[i] && strncmp(alarm->resources[i], "arn:", 4) == 0)
            add(s, "INVOLVED_RESOURCE", NULL, alarm->resources[i]);
}

struct kept {
    struct tcn_related *items;
    size_t n, bytes;
};

static void keep(struct kept *kept, struct tcn_related item)
{
    size_t value = item.value ? strlen(item.value) : 0;
    size_t bytes = value + (item.title ? strlen(item.title) : 0);

    if (value == 0 || value > VALUE_MAX || kept->n >= TCN_RELATED_MAX ||
        bytes > KEPT_BYTES - kept->bytes)
        return;
    kept->bytes += bytes;
    kept->items[kept->n++] = item;
}

struct tcn_related *tcn_related_keep(const struct tcn_step *s, const struct tcn_alarm *alarm,
                                     size_t *ret_n)
{
    struct kept kept = {.items = TCN_NEW_N(s->d->arena, struct tcn_related, TCN_RELATED_MAX)};

    for (size_t i = 0; i < alarm->n_related; i++)
        keep(&kept, alarm->related[i]);
    for (size_t i = 0; i < alarm->n_resources; i++)
        if (alarm->resources[i] && strncmp(alarm->resources[i], "arn:", 4) == 0)
            keep(&kept, (struct tcn_related){.kind = "arn", .value = alarm->resources[i]});
    *ret_n = kept.n;
    return kept.items;
}

static void say_related(const struct tcn_step *s, const struct tcn_relation *relation,
                        const struct tcn_related_item *item)
{
    struct tcn_event *e;

    if (!item) {
        tcn_step_say_again(s, "%s", relation->text);
        return;
    }
    if (!tcn_step_has_room(s))
        return;
    e = tcn_decision_event(s->d, &s->a->incident, s->now_ms, TCN_EVENT_UPDATE,
                           tcn_event_data_related(s, item, relation->actor),
                           tcn_arena_strdup(s->d->arena, relation->text),
                           tcn_arena_strdup(s->d->arena, relation->actor));
    e->references = tcn_event_ref_related(s, item);
}

int tcn_engine_relate(struct tcn_aggregate *aggregate, const struct tcn_relation *relation,
                      int64_t now_ms, struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, ret->directory, 0, now_ms, ret);
    const struct tcn_related_item *item = NULL;
    const char *title = tcn_arena_strdup(ret->arena, relation->title);

    if (!aggregate->incident.exists)
        return TCN_ENOTFOUND;
    if (relation->url)
        item = add(&s, "OTHER", title, tcn_arena_strdup(ret->arena, relation->url));
    say_related(&s, relation, item);
    tcn_step_end(&s);
    return 0;
}
