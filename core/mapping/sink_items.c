/* Items of a group and related items. */
#include "base/xalloc.h"
#include "mapping/sink.h"

enum { KEY_MAX = 256, KIND_MAX = 20, VALUE_MAX = 2000, LINK_TITLE_MAX = 100 };

void tcn_sink_add_related(struct tcn_sink *s, const char *kind, const char *title,
                          const char *value)
{
    struct tcn_alarm *a = s->alarm;

    for (size_t i = 0; i < a->n_related; i++)
        if (strcmp(a->related[i].value, value) == 0)
            return;
    if (!a->related)
        a->related = tcn_work_array(&s->ev->work, TCN_RELATED_MAX, sizeof *a->related);
    if (a->related && a->n_related < TCN_RELATED_MAX)
        a->related[a->n_related++] = (struct tcn_related){kind, title, value};
    else
        s->ev->counts.items_dropped++;
}

static struct tcn_value member(const struct tcn_value *v, const char *name)
{
    return tcn_value_member(v, tcn_str(name));
}

static const char *member_text(struct tcn_sink *s, const struct tcn_value *v, const char *name,
                               size_t max)
{
    struct tcn_value text = member(v, name);

    return tcn_sink_text(s, &text, max);
}

static const char *kind_of(struct tcn_sink *s, const struct tcn_expr *x, const struct tcn_value *v)
{
    static const char *const kinds[] = {"metric", "url", "arn", "runbook", "task"};
    struct tcn_value kind = member(v, "kind");

    if (tcn_value_is_empty(&kind))
        return "url";
    for (size_t i = 0; i < 5; i++)
        if (kind.kind == TCN_V_STR && tcn_str_eq(tcn_str(kinds[i]), kind.s))
            return kinds[i];
    tcn_sink_error(s, x->where, "gives a kind that is not metric, url, arn, runbook or task", kind);
    return NULL;
}

/* An entry without a value tells nothing and is left out. */
void tcn_sink_related(struct tcn_sink *s, const struct tcn_expr *x)
{
    struct tcn_value v = tcn_sink_eval(s, x);
    struct tcn_value_iter it = tcn_value_iter(&v);

    if (!tcn_value_is_list(&v)) {
        if (!tcn_value_is_absent(&v))
            tcn_sink_error(s, x->where, "gives no list", v);
        return;
    }
    while (tcn_value_next(&it) && tcn_work_spend(&s->ev->work, 4)) {
        const char *value, *kind;

        if (!tcn_value_is_map(&it.value))
            continue;
        value = member_text(s, &it.value, "value", VALUE_MAX);
        if (value && (kind = kind_of(s, x, &it.value)))
            tcn_sink_add_related(s, kind, member_text(s, &it.value, "title", LINK_TITLE_MAX),
                                 value);
    }
}

/* What nobody understands is no state of its own: the item follows the delivery then. */
static enum tcn_item_status status_of(struct tcn_sink *s, const struct tcn_expr *x,
                                      const struct tcn_value *v)
{
    struct tcn_value status = member(v, "status");

    if (tcn_value_is_empty(&status))
        return TCN_ITEM_UNSET;
    if (status.kind == TCN_V_STR && tcn_str_eq(status.s, TCN_STR("firing")))
        return TCN_ITEM_FIRING;
    if (status.kind == TCN_V_STR && tcn_str_eq(status.s, TCN_STR("resolved")))
        return TCN_ITEM_RESOLVED;
    tcn_sink_error(s, x->where, "gives a status that is neither firing nor resolved", status);
    return TCN_ITEM_UNSET;
}

static void add_links(struct tcn_sink *s, const struct tcn_value *v, const char *title)
{
    struct tcn_value links = member(v, "links");
    struct tcn_value_iter it = tcn_value_iter(&links);

    while (tcn_value_is_list(&links) && tcn_value_next(&it) && tcn_work_spend(&s->ev->work, 4)) {
        const char *url = tcn_sink_text(s, &it.value, VALUE_MAX);

        if (url)
            tcn_sink_add_related(s, "url", title, url);
    }
}

static bool read_item(struct tcn_sink *s, const struct tcn_expr *x, const struct tcn_value *v,
                      struct tcn_item *item)
{
    struct tcn_value since = member(v, "since"), ended = member(v, "ended");

    item->key = tcn_value_is_map(v) ? member_text(s, v, "key", KEY_MAX) : NULL;
    if (!item->key) {
        tcn_sink_error(s, x->where, "gives an item without a key", *v);
        return false;
    }
    item->title = member_text(s, v, "title", TCN_TITLE_MAX);
    item->status = status_of(s, x, v);
    item->since_ms = tcn_sink_time(s, x->where, &since);
    item->ended_ms = tcn_sink_time(s, x->where, &ended);
    add_links(s, v, item->title);
    return true;
}

/* FNV-1a, for the table of keys below. */
static size_t hash(const char *key)
{
    uint32_t h = 2166136261u;

    for (; *key; key++)
        h = (h ^ (uint8_t)*key) * 16777619u;
    return h;
}

enum { SLOTS = 1024 }; /* twice TCN_ITEMS_MAX at least, a power of two */
_Static_assert(SLOTS >= 2 * TCN_ITEMS_MAX, "the table of keys must stay half empty");

/* The index of the item with that key, or that of a new one. */
static size_t place_of(const struct tcn_alarm *a, uint16_t *slots, const char *key)
{
    size_t slot = hash(key) & (SLOTS - 1);

    while (slots[slot] && strcmp(a->items[slots[slot] - 1].key, key) != 0)
        slot = (slot + 1) & (SLOTS - 1);
    if (slots[slot])
        return slots[slot] - 1u;
    slots[slot] = (uint16_t)(a->n_items + 1);
    return a->n_items;
}

static void keep_item(struct tcn_sink *s, uint16_t *slots, const struct tcn_item *item)
{
    struct tcn_alarm *a = s->alarm;
    size_t at;

    if (a->n_items == TCN_ITEMS_MAX) {
        s->ev->counts.items_dropped++;
        a->n_items_unread++;
        a->is_truncated |= a->action != TCN_ACTION_RESOLVE;
        return;
    }
    /* keys are unique in a group: the last word counts */
    at = place_of(a, slots, item->key);
    a->items[at] = *item;
    a->n_items += at == a->n_items;
    a->is_group |= item->status != TCN_ITEM_UNSET;
}

static bool is_any_firing(const struct tcn_alarm *a)
{
    for (size_t i = 0; i < a->n_items; i++)
        if (a->items[i].status == TCN_ITEM_FIRING)
            return true;
    return false;
}

void tcn_sink_items(struct tcn_sink *s, const struct tcn_expr *x)
{
    struct tcn_value v = tcn_sink_eval(s, x);
    struct tcn_value_iter it = tcn_value_iter(&v);
    size_t n = tcn_value_count(&v), unread = 0;
    uint16_t slots[SLOTS] = {0};
    struct tcn_item item;

    if (tcn_value_is_absent(&v) || n == 0)
        return;
    if (!tcn_value_is_list(&v)) {
        tcn_sink_error(s, x->where, "gives no list", v);
        return;
    }
    s->alarm->items = tcn_work_array(&s->ev->work, n < TCN_ITEMS_MAX ? n : TCN_ITEMS_MAX,
                                     sizeof *s->alarm->items);
    while (s->alarm->items && tcn_value_next(&it) && tcn_work_spend(&s->ev->work, 4)) {
        item = (struct tcn_item){0};
        if (read_item(s, x, &it.value, &item))
            keep_item(s, slots, &item);
        else
            unread++;
    }
    /* the one that fires may be among those that could not be read: the delivery as a whole says so */
    if (unread && s->alarm->action == TCN_ACTION_FIRE && !is_any_firing(s->alarm))
        s->alarm->is_group = false;
    /* a list that we cut tells nothing of the rest; a group that is resolved as a whole needs no list */
    if (v.kind == TCN_V_LIST && v.n_cut > 0) {
        s->alarm->n_items_unread += v.n_cut;
        s->alarm->is_truncated |= s->alarm->action != TCN_ACTION_RESOLVE;
    }
}
