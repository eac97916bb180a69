#include "engine/related.h"
#include "engine/engine.h"
#include "engine/event_data.h"
#include "engine/incident.h"
#include "engine/related_change.h"

#define SHOWN 100 /* code points of an item in a sentence */
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

bool tcn_related_is_resource(const char *resource)
{
    return resource && strncmp(resource, "arn:", 4) == 0;
}

static bool is_there(const struct tcn_step *s, const char *id)
{
    for (size_t i = 0; i < s->a->n_related; i++)
        if (strcmp(s->a->related[i].generated_id, id) == 0)
            return true;
    for (size_t i = 0; i < s->d->related.n; i++)
        if (strcmp(s->d->related.items[i].generated_id, id) == 0)
            return true;
    return false;
}

/* By what is known to be there: the incident's own count is that of a time when it was last known. */
static size_t count(const struct tcn_step *s)
{
    return s->a->knows_related ? s->a->n_related + s->d->related.n
                               : (size_t)s->a->incident.related_seq;
}

/* One that is not there. */
static const struct tcn_related_item *append(const struct tcn_step *s, struct tcn_related_item item)
{
    s->a->incident.related_seq = (int64_t)count(s) + 1;
    item.seq = s->d->incident_opened ? s->a->incident.related_seq : 0;
    s->d->incident_changed = true;
    *TCN_VEC_PUSH(s->d->arena, &s->d->related) = item;
    return &s->d->related.items[s->d->related.n - 1];
}

/* NULL: it is there, or there is no room for it. */
static const struct tcn_related_item *add(const struct tcn_step *s, const char *type,
                                          const char *title, const char *value)
{
    struct tcn_related_item item = {
        .type = type, .value_kind = value_kind_of(value), .value = value, .title = title};

    if (count(s) >= TCN_RELATED_MAX || strlen(value) > VALUE_MAX)
        return NULL;
    tcn_related_make_id(&item);
    return is_there(s, item.generated_id) ? NULL : append(s, item);
}

void tcn_related_add(const struct tcn_step *s, const struct tcn_alarm *alarm)
{
    for (size_t i = 0; i < alarm->n_related; i++)
        if (alarm->related[i].value && alarm->related[i].value[0])
            add(s, type_of(alarm->related[i].kind), alarm->related[i].title,
                alarm->related[i].value);
    for (size_t i = 0; i < alarm->n_resources; i++)
        if (tcn_related_is_resource(alarm->resources[i]))
            add(s, "INVOLVED_RESOURCE", NULL, alarm->resources[i]);
}

/* However full the timeline is, the record and its tickets have the item. who: "prom adds", say. */
static void tell(const struct tcn_step *s, const char *actor, const char *who,
                 const struct tcn_related_item *item)
{
    const struct tcn_attribute added = {"relatedItems", tcn_event_item_added(s, item)};
    const char *shown = item->title && item->title[0] ? item->title : item->value;
    struct tcn_incident *i = &s->a->incident;

    if (tcn_step_has_room(s)) {
        tcn_incident_modified(
            s, &added, 1, actor,
            TCN_JOIN(s->d->arena, who, " the related item ", tcn_step_cut(s, shown, SHOWN)))
            ->references = tcn_event_ref_related(s, item);
        return;
    }
    i->modified_ms = s->now_ms > i->modified_ms ? s->now_ms : i->modified_ms;
    tcn_decision_tell_tickets(s->d, i);
}

void tcn_related_join(const struct tcn_step *s, const struct tcn_alarm *alarm)
{
    const char *actor = tcn_step_source_actor(s, alarm->source);
    size_t before = s->d->related.n;

    if (!s->a->knows_related)
        return;
    tcn_related_add(s, alarm);
    for (size_t i = before; i < s->d->related.n; i++)
        tell(s, actor, TCN_JOIN(s->d->arena, alarm->source, " adds"), &s->d->related.items[i]);
}

static bool is_among(const struct tcn_related_item *items, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(items[i].generated_id, id) == 0)
            return true;
    return false;
}

size_t tcn_related_without_room(const struct tcn_step *s, const struct tcn_related_item *items,
                                size_t n)
{
    size_t room = count(s) < TCN_RELATED_MAX ? TCN_RELATED_MAX - count(s) : 0, n_new = 0;

    if (!s->a->knows_related)
        return 0;
    for (size_t i = 0; i < n; i++)
        n_new += !is_there(s, items[i].generated_id) && !is_among(items, i, items[i].generated_id);
    return n_new > room ? n_new - room : 0;
}

void tcn_related_add_stated(const struct tcn_step *s, const struct tcn_related_item *items,
                            size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_there(s, items[i].generated_id))
            append(s, items[i]);
}

void tcn_related_join_stated(const struct tcn_step *s, const struct tcn_related_item *items,
                             size_t n, const char *actor)
{
    size_t before = s->d->related.n;

    if (!s->a->knows_related)
        return;
    tcn_related_add_stated(s, items, n);
    for (size_t i = before; i < s->d->related.n; i++)
        tell(s, actor, TCN_JOIN(s->d->arena, actor, " added"), &s->d->related.items[i]);
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
        if (tcn_related_is_resource(alarm->resources[i]))
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
