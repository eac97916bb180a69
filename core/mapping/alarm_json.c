/* The JSON form of an alarm, as `tocsin map run` prints it and as tests compare it. */
#include "base/datetime.h"
#include "mapping/mapping.h"

static const char *const action_names[] = {"unset", "fire", "resolve", "update", "ignore"};
static const char *const status_names[] = {NULL, "firing", "resolved", "unknown"};

static void set_text(json_t *o, const char *key, const char *text)
{
    if (text)
        json_object_set_new(o, key, json_string(text));
}

static void set_time(json_t *o, const char *key, int64_t ms)
{
    char text[TCN_TIME_TEXT];

    if (ms == 0)
        return;
    tcn_time_text(ms, text);
    json_object_set_new(o, key, json_string(text));
}

static json_t *state_json(const struct tcn_alarm *a)
{
    json_t *o = json_object();

    set_text(o, "raw", a->state);
    set_time(o, "since", a->clock_ms);
    if (a->clock_ms)
        json_object_set_new(o, "clock", json_integer(a->clock_ms));
    return o;
}

static json_t *item_json(const struct tcn_item *item)
{
    json_t *o = json_object();

    set_text(o, "key", item->key);
    set_text(o, "title", item->title);
    set_text(o, "status", status_names[item->status]);
    set_time(o, "since", item->since_ms);
    set_time(o, "ended", item->ended_ms);
    return o;
}

static json_t *related_json(const struct tcn_related *related)
{
    json_t *o = json_object();

    set_text(o, "kind", related->kind);
    set_text(o, "title", related->title);
    set_text(o, "value", related->value);
    return o;
}

static void set_lists(json_t *o, const struct tcn_alarm *a)
{
    json_t *tags = json_object(), *resources = json_array(), *items = json_array(),
           *related = json_array();

    for (size_t i = 0; i < a->n_tags; i++)
        set_text(tags, a->tags[i].key, a->tags[i].value);
    for (size_t i = 0; i < a->n_resources; i++)
        json_array_append_new(resources, json_string(a->resources[i]));
    for (size_t i = 0; i < a->n_items; i++)
        json_array_append_new(items, item_json(&a->items[i]));
    for (size_t i = 0; i < a->n_related; i++)
        json_array_append_new(related, related_json(&a->related[i]));
    json_object_set_new(o, "tags", tags);
    json_object_set_new(o, "resources", resources);
    json_object_set_new(o, "items", items);
    json_object_set_new(o, "related", related);
}

json_t *tcn_alarm_json(const struct tcn_alarm *a)
{
    json_t *o = json_object();

    set_text(o, "source", a->source);
    set_text(o, "delivery_id", a->delivery_id);
    set_text(o, "dedupe_key", a->dedupe_key);
    set_text(o, "action", action_names[a->action]);
    json_object_set_new(o, "state", state_json(a));
    set_text(o, "title", a->title);
    set_text(o, "summary", a->summary);
    if (a->impact)
        json_object_set_new(o, "impact", json_integer(a->impact));
    set_text(o, "trigger_arn", a->trigger_arn);
    json_object_set_new(o, "is_group", json_boolean(a->is_group));
    json_object_set_new(o, "is_truncated", json_boolean(a->is_truncated));
    set_lists(o, a);
    set_text(o, "mapping_error", a->mapping_error);
    return o;
}
