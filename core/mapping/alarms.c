/* One delivery into alarms: which rule, how many, and what is done with those that do not fit. */
#include "mapping/plan.h"
#include "mapping/sink.h"

/* Kept out of the budget: what an unreadable alarm takes. */
enum { RESERVE_AN_ALARM = 1024 + sizeof(struct tcn_alarm) };

void tcn_plan_input(struct tcn_eval *ev, const struct tcn_mapping_input *in)
{
    ev->roots[TCN_ROOT_IN] = in->body;
    ev->roots[TCN_ROOT_SETTINGS] = in->settings;
    ev->headers = in->headers;
    ev->n_headers = in->n_headers;
    ev->now_ms = in->now_ms;
}

static void add_counts(const struct tcn_eval *ev, struct tcn_mapping_counts *to)
{
    if (!to)
        return;
    to->texts_cut += ev->counts.texts_cut;
    to->table_misses += ev->counts.table_misses;
    to->items_dropped += ev->counts.items_dropped;
}

static const struct tcn_rule *find_rule(struct tcn_eval *ev, const struct tcn_mapping *m)
{
    if (!tcn_eval_cond(ev, m->match))
        return NULL;
    for (size_t i = 0; i < m->n_rules; i++)
        if (tcn_eval_cond(ev, m->rules[i].when))
            return &m->rules[i];
    return NULL;
}

bool tcn_mapping_matches(const struct tcn_mapping *m, const struct tcn_mapping_input *in)
{
    struct tcn_arena arena;
    struct tcn_eval ev;
    bool matches;

    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    tcn_eval_init(&ev, m, &arena, TCN_MAPPING_ARENA_BYTES / 2);
    tcn_plan_input(&ev, in);
    matches = find_rule(&ev, m) != NULL;
    tcn_eval_done(&ev);
    tcn_arena_done(&arena);
    return matches;
}

void tcn_plan_make(struct tcn_eval *ev, size_t max_alarms, struct tcn_plan *p)
{
    size_t all = 1;

    *p = (struct tcn_plan){.why = "more alarms in one delivery than are read"};
    p->rule = find_rule(ev, ev->m);
    p->is_known = p->rule != NULL;
    if (!p->is_known || !tcn_eval_cond(ev, ev->m->when)) {
        p->rule = NULL;
        return;
    }
    if (p->rule->each)
        p->elements = tcn_eval(ev, p->rule->each);
    if (p->rule->each && tcn_value_is_list(&p->elements))
        all = tcn_value_count(&p->elements);
    p->n = all < max_alarms ? all : max_alarms;
    p->unread = all - p->n;
    if (!p->rule->each || !tcn_value_is_absent(&p->elements))
        return;
    p->n = 0;
    p->unread = 1;
    p->why = "the list of alarms is not there";
}

void tcn_plan_element(struct tcn_eval *ev, const struct tcn_plan *p, size_t i)
{
    if (p->rule->each)
        ev->locals[p->rule->slot] =
            tcn_value_is_list(&p->elements) ? tcn_value_item(&p->elements, i) : p->elements;
}

struct delivery {
    const struct tcn_mapping_input *in;
    struct tcn_arena *arena;
    struct tcn_str raw; /* cut to what an incident keeps */
    const char *source, *delivery_id;
};

static void begin_alarm(const struct delivery *d, struct tcn_alarm *a)
{
    a->source = d->source;
    a->delivery_id = d->delivery_id;
    a->raw = d->raw;
    a->action = TCN_ACTION_FIRE;
}

static void map_alarm(struct tcn_eval *ev, const struct delivery *d, const struct tcn_plan *p,
                      size_t i, struct tcn_alarm *a)
{
    struct tcn_sink sink = {.ev = ev, .arena = d->arena, .alarm = a};

    begin_alarm(d, a);
    tcn_plan_element(ev, p, i);
    tcn_sink_rule(&sink, p->rule);
    if (!a->dedupe_key)
        tcn_sink_unreadable(&sink, d->in, i);
}

/* One alarm for all elements that there was no room for: nothing is lost without a word. */
static void tell_unread(struct tcn_eval *ev, const struct delivery *d, const struct tcn_plan *p,
                        struct tcn_alarm *a)
{
    struct tcn_sink sink = {.ev = ev, .arena = d->arena, .alarm = a};

    begin_alarm(d, a);
    tcn_sink_error(&sink, p->rule->name, p->why, TCN_ABSENT);
    tcn_sink_unreadable(&sink, d->in, p->n);
}

static struct tcn_str cut_raw(struct tcn_arena *arena, struct tcn_str raw)
{
    if (raw.len > TCN_RAW_DATA_MAX) {
        raw.len = TCN_RAW_DATA_MAX;
        raw.len = tcn_utf8_prefix(raw);
    }
    return tcn_arena_str(arena, raw);
}

static size_t map_alarms(struct tcn_eval *ev, const struct delivery *d, const struct tcn_plan *p,
                         struct tcn_alarm **ret)
{
    size_t n = p->n + (p->unread > 0);
    struct tcn_alarm *alarms;

    if (!p->rule)
        return 0;
    alarms = TCN_NEW_N(d->arena, struct tcn_alarm, n);
    for (size_t i = 0; i < p->n; i++)
        map_alarm(ev, d, p, i, &alarms[i]);
    if (p->unread)
        tell_unread(ev, d, p, &alarms[p->n]);
    *ret = alarms;
    return n;
}

int tcn_mapping_alarms(const struct tcn_mapping *m, const struct tcn_mapping_input *in,
                       struct tcn_arena *arena, struct tcn_alarm **ret, size_t *ret_n,
                       struct tcn_err *err)
{
    size_t room = arena->cap - arena->used, max;
    struct delivery d = {.in = in, .arena = arena};
    struct tcn_eval ev;
    struct tcn_plan p;

    if (room < TCN_MAPPING_ARENA_MIN)
        return tcn_fail(err, TCN_ELIMIT, "no room left for an alarm of %s", in->source);
    if (room > TCN_MAPPING_ARENA_BYTES)
        room = TCN_MAPPING_ARENA_BYTES;
    max = room / 4 / RESERVE_AN_ALARM;
    if (max > TCN_MAPPING_ALARMS_MAX)
        max = TCN_MAPPING_ALARMS_MAX;
    d.raw = cut_raw(arena, in->raw);
    d.source = tcn_arena_strdup(arena, in->source);
    d.delivery_id = tcn_arena_strdup(arena, in->delivery_id);
    tcn_eval_init(&ev, m, arena, room / 2);
    tcn_plan_input(&ev, in);
    tcn_plan_make(&ev, max, &p);
    *ret = NULL;
    *ret_n = map_alarms(&ev, &d, &p, ret);
    add_counts(&ev, in->counts);
    tcn_eval_done(&ev);
    if (!p.is_known)
        return tcn_fail(err, TCN_ENOTFOUND, "the mapping %s does not know such a body", m->name);
    return 0;
}
