/* Why an alarm looks as it does: the value of each field, the expression it came from, and what was looked for in
 * vain. */
#include "mapping/plan.h"

enum { MAX_VALUE = 300 };

struct explain {
    struct tcn_eval *ev;
    struct tcn_buf *out;
    json_t *alarm; /* the one that is explained, as "run" prints it; NULL when there is none */
};

/* Members that an alarm holds as one text or number: it may hold less than the expression gave. */
static const char *const kept_names[] = {"dedupe_key", "action", "state.raw", "title",
                                         "summary",    "impact", NULL};

static void print_value(struct explain *x, const struct tcn_value *v)
{
    struct tcn_str text = tcn_value_dump(&x->ev->work, v, false);
    size_t len =
        text.len > MAX_VALUE ? tcn_utf8_prefix((struct tcn_str){text.ptr, MAX_VALUE}) : text.len;

    tcn_buf_add(x->out, text.ptr, len);
    if (len < text.len)
        tcn_buf_fmt(x->out, "... (%zu bytes)", text.len);
}

static bool is_kept(const char *name)
{
    for (size_t i = 0; kept_names[i]; i++)
        if (strcmp(kept_names[i], name) == 0)
            return true;
    return false;
}

/* What the alarm has of that member. */
static struct tcn_value kept_value(const struct explain *x, const char *name)
{
    const char *inner = strchr(name, '.');
    json_t *state = json_object_get(x->alarm, "state");

    return tcn_value_of_json(inner ? json_object_get(state, inner + 1)
                                   : json_object_get(x->alarm, name));
}

static bool is_same(struct explain *x, const struct tcn_value *a, const struct tcn_value *b)
{
    return tcn_str_eq(tcn_value_text(&x->ev->work, a), tcn_value_text(&x->ev->work, b));
}

/* The value of the alarm; and what the expression gave, when that is another. */
static void print_kept(struct explain *x, const struct tcn_value *v, const struct tcn_value *kept)
{
    if (is_same(x, v, kept)) {
        print_value(x, v);
        return;
    }
    if (tcn_value_is_absent(kept))
        tcn_buf_z(x->out, "left out");
    else
        print_value(x, kept);
    tcn_buf_fmt(x->out, "\n%15sgiven  ", "");
    print_value(x, v);
}

static void print_result(struct explain *x, const char *name, const struct tcn_value *v,
                         const char *from, const char *where)
{
    struct tcn_value kept = kept_value(x, name);
    bool is_here = is_kept(name) && x->alarm;

    tcn_buf_fmt(x->out, "  %-12s ", name);
    if (!tcn_value_is_absent(v)) {
        if (is_here)
            print_kept(x, v, &kept);
        else
            print_value(x, v);
        tcn_buf_fmt(x->out, "\n%15sfrom   %s\n", "", from);
        return;
    }
    tcn_buf_z(x->out, "absent");
    if (is_here && !tcn_value_is_absent(&kept)) {
        tcn_buf_z(x->out, ", so that it is ");
        print_value(x, &kept);
    }
    tcn_buf_fmt(x->out, "\n%15sby     %s\n", "", where);
}

static void explain_field(struct explain *x, const char *name, const struct tcn_expr *e)
{
    struct tcn_trace trace = {0};
    char text[TCN_ODD_TEXT];
    struct tcn_value v;

    if (!e)
        return;
    x->ev->trace = &trace;
    x->ev->odd = (struct tcn_odd){0};
    v = tcn_eval(x->ev, e);
    x->ev->trace = NULL;
    print_result(x, name, &v, trace.took ? trace.took : e->where, e->where);
    for (size_t i = 0; i < trace.n_absent; i++)
        tcn_buf_fmt(x->out, "%15s%s %s\n", "", i == 0 ? "absent" : "      ", trace.absent[i]);
    if (!x->ev->odd.where)
        return;
    tcn_odd_text(&x->ev->work, &x->ev->odd, text);
    tcn_buf_fmt(x->out, "%15sunread %s\n", "", text);
}

static void explain_rule(struct explain *x, const struct tcn_rule *rule)
{
    explain_field(x, "dedupe_key", rule->dedupe_key);
    explain_field(x, "action", rule->action);
    explain_field(x, "state.raw", rule->state_raw);
    explain_field(x, "state.since", rule->state_since);
    explain_field(x, "state.clock", rule->state_clock);
    explain_field(x, "title", rule->title);
    explain_field(x, "summary", rule->summary);
    explain_field(x, "impact", rule->impact);
    explain_field(x, "tags", rule->tags);
    explain_field(x, "resources", rule->resources);
    explain_field(x, "items", rule->items);
    explain_field(x, "related", rule->related);
    explain_field(x, "truncated", rule->truncated);
}

static void explain_plan(struct explain *x, const struct tcn_mapping *m,
                         const struct tcn_alarm *alarms, size_t n)
{
    struct tcn_plan p;

    tcn_plan_make(x->ev, TCN_MAPPING_ALARMS_MAX, &p);
    if (!p.rule) {
        tcn_buf_z(x->out, "no rule applies, or \"when\" forbids: no alarm\n");
        return;
    }
    if (p.unread)
        tcn_buf_fmt(x->out, "%s\n", p.why);
    for (size_t i = 0; i < p.n && tcn_buf_ok(x->out); i++) {
        tcn_buf_fmt(x->out, "mapping %s, rule %s, alarm %zu of %zu\n", m->name, p.rule->name, i + 1,
                    p.n);
        tcn_plan_element(x->ev, &p, i);
        x->alarm = i < n ? tcn_alarm_json(&alarms[i]) : NULL;
        explain_rule(x, p.rule);
        json_decref(x->alarm);
    }
    if (x->ev->limit)
        tcn_buf_fmt(x->out, "note: %s\n", x->ev->limit);
    if (x->ev->work.spent)
        tcn_buf_fmt(x->out, "stopped: %s\n", x->ev->work.spent);
}

int tcn_mapping_explain(const struct tcn_mapping *m, const struct tcn_mapping_input *in,
                        struct tcn_buf *out)
{
    struct tcn_arena arena, of_alarms;
    struct tcn_alarm *alarms = NULL;
    struct tcn_eval ev;
    struct explain x = {.ev = &ev, .out = out};
    size_t n = 0;
    bool matches;

    tcn_arena_init(&of_alarms, TCN_MAPPING_ARENA_BYTES);
    if (tcn_mapping_alarms(m, in, &of_alarms, &alarms, &n, NULL) < 0)
        n = 0;
    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    tcn_eval_init(&ev, m, &arena, TCN_MAPPING_ARENA_BYTES / 2);
    tcn_plan_input(&ev, in);
    matches = tcn_eval_cond(&ev, m->match);
    tcn_buf_fmt(out, "match: %s\n", matches ? "yes" : "no, so the delivery would be put aside");
    if (matches)
        explain_plan(&x, m, alarms, n);
    tcn_eval_done(&ev);
    tcn_arena_done(&arena);
    tcn_arena_done(&of_alarms);
    return tcn_buf_ok(out) ? 0 : TCN_ELIMIT;
}
