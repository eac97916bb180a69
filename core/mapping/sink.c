/* Scalars, tags and resources of an alarm. */
#include "mapping/sink.h"
#include "base/datetime.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>

/* AWS limits of a tag: Tag in the ssm-incidents model. */
enum { TAG_KEY_MAX = 128, TAG_VALUE_MAX = 256, STATE_MAX = 100, RESOURCE_MAX = 1000 };
/* Longer keys are cut to this and get a hash: people read keys in lists. */
enum { READABLE_KEY = 200, HASH_TEXT = 64 };
enum { ERRORS_MAX = 4 }; /* a few show what is wrong; a timeline is for people */

/* The first is told whatever is left of the budget. */
static const char *add_error(struct tcn_sink *s, const char *text)
{
    const char *told = s->alarm->mapping_error;
    size_t size = told ? strlen(told) + strlen(text) + sizeof "; " : 0;
    char *both;

    if (!told)
        return tcn_arena_strdup(s->arena, text);
    if (!(both = tcn_work_alloc(&s->ev->work, size)))
        return told;
    (void)snprintf(both, size, "%s; %s", told, text);
    return both;
}

void tcn_sink_error(struct tcn_sink *s, const char *where, const char *what, struct tcn_value value)
{
    const struct tcn_odd odd = {where, what, value};
    char text[TCN_ODD_TEXT];

    if (s->n_errors > ERRORS_MAX)
        return;
    tcn_odd_text(&s->ev->work, &odd, text);
    if (s->alarm->mapping_error && strstr(s->alarm->mapping_error, text))
        return;
    s->alarm->mapping_error = add_error(s, s->n_errors < ERRORS_MAX ? text : "and more");
    s->n_errors++;
}

struct tcn_value tcn_sink_eval(struct tcn_sink *s, const struct tcn_expr *x)
{
    struct tcn_value v;

    s->ev->odd = (struct tcn_odd){0};
    v = tcn_eval(s->ev, x);
    if (s->ev->odd.where)
        tcn_sink_error(s, s->ev->odd.where, s->ev->odd.what, s->ev->odd.value);
    return v;
}

/* For a member that must be there: why it is not, unless that was told. */
static void tell_absent(struct tcn_sink *s, const struct tcn_expr *x, const char *what)
{
    if (!s->ev->odd.where)
        tcn_sink_error(s, x->where, what, TCN_ABSENT);
}

static const char *copy(struct tcn_sink *s, struct tcn_str text)
{
    char *p = tcn_work_alloc(&s->ev->work, text.len + 1);

    if (p && text.len)
        memcpy(p, text.ptr, text.len);
    return p;
}

static const char *text_of(struct tcn_sink *s, const struct tcn_value *v, struct tcn_str text,
                           size_t max_points)
{
    size_t len = text.len;

    if (text.len > max_points)
        len = tcn_utf8_cut(text, max_points).len;
    if (len < text.len) {
        s->ev->counts.texts_cut++;
        return copy(s, (struct tcn_str){text.ptr, len});
    }
    return v->kind == TCN_V_STR && v->is_built ? text.ptr : copy(s, text);
}

const char *tcn_sink_text(struct tcn_sink *s, const struct tcn_value *v, size_t max_points)
{
    struct tcn_str text = tcn_value_text(&s->ev->work, v);

    return text.ptr && text.len ? text_of(s, v, text, max_points) : NULL;
}

static const char *eval_text(struct tcn_sink *s, const struct tcn_expr *x, size_t max_points)
{
    struct tcn_value v = tcn_sink_eval(s, x);

    return tcn_sink_text(s, &v, max_points);
}

/* Senders write 0001-01-01 for no time, and clocks that were never set count from 1970. */
static int64_t believed(int64_t ms)
{
    return ms < TCN_CLOCK_FIRST_MS ? 0 : ms;
}

int64_t tcn_sink_time(struct tcn_sink *s, const char *where, const struct tcn_value *v)
{
    int64_t ms = 0;

    if (v->kind == TCN_V_TIME)
        return believed(v->i);
    if (tcn_value_is_empty(v))
        return 0;
    if (v->kind != TCN_V_STR || tcn_time_rfc3339(v->s, &ms) < 0)
        tcn_sink_error(s, where, "is no RFC 3339 time; use {\"time\": ..., \"formats\": [...]}",
                       *v);
    return believed(ms);
}

static void set_key(struct tcn_sink *s, const struct tcn_rule *rule)
{
    struct tcn_value v = tcn_sink_eval(s, rule->dedupe_key);
    struct tcn_str text = tcn_value_text(&s->ev->work, &v), head;
    char hex[HASH_TEXT + 1];

    if (!text.len)
        tell_absent(s, rule->dedupe_key, "nothing is there to name the alarm");
    if (text.len <= READABLE_KEY) {
        s->alarm->dedupe_key = tcn_sink_text(s, &v, READABLE_KEY);
        return;
    }
    head = (struct tcn_str){text.ptr, READABLE_KEY - HASH_TEXT - 1};
    head.len = tcn_utf8_prefix(head);
    tcn_sha256_hex(text, hex);
    s->alarm->dedupe_key = tcn_arena_fmt(s->arena, "%.*s:%s", (int)head.len, head.ptr, hex);
}

/* What nobody understands is an alarm, until somebody says otherwise. */
static void set_action(struct tcn_sink *s, const struct tcn_rule *rule)
{
    static const char *const words[] = {"fire", "resolve", "update", "ignore"};
    struct tcn_value v = tcn_sink_eval(s, rule->action);

    s->alarm->action = TCN_ACTION_FIRE;
    if (!rule->action)
        return;
    for (size_t i = 0; v.kind == TCN_V_STR && i < 4; i++) {
        if (tcn_str_eq(tcn_str(words[i]), v.s)) {
            s->alarm->action = (enum tcn_action)(TCN_ACTION_FIRE + (int)i);
            return;
        }
    }
    if (tcn_value_is_empty(&v))
        tell_absent(s, rule->action, "tells neither that it fires nor that it is over");
    else
        tcn_sink_error(s, rule->action->where, "gives no fire, resolve, update or ignore", v);
}

static bool is_one_line(struct tcn_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' ||
            (text.ptr[i] == ' ' && (i == 0 || i + 1 == text.len || text.ptr[i + 1] == ' ')))
            return false;
    return true;
}

/* Titles become subjects of mails and names of tickets, which are one line. */
static void set_title(struct tcn_sink *s, const struct tcn_rule *rule)
{
    struct tcn_value v = tcn_sink_eval(s, rule->title);

    if (!is_one_line(tcn_value_text(&s->ev->work, &v)))
        v = tcn_value_line(&s->ev->work, v);
    s->alarm->title = tcn_sink_text(s, &v, TCN_TITLE_MAX);
    if (rule->title && !s->alarm->title)
        tell_absent(s, rule->title, "gives no text");
}

/* What is none leaves the impact to the response plan: a guess could hide that an alarm is critical. */
static void set_impact(struct tcn_sink *s, const struct tcn_rule *rule)
{
    struct tcn_value v = tcn_sink_eval(s, rule->impact);
    double d;

    if (tcn_value_is_empty(&v))
        return;
    if (tcn_value_number(&v, &d) && d >= 1 && d <= 5 && floor(d) >= d)
        s->alarm->impact = (int)d;
    else
        tcn_sink_error(s, rule->impact->where, "gives no whole number of 1 to 5", v);
}

static void set_state(struct tcn_sink *s, const struct tcn_rule *rule)
{
    const struct tcn_expr *clock = rule->state_clock ? rule->state_clock : rule->state_since;
    struct tcn_value v;

    s->alarm->state = eval_text(s, rule->state_raw, STATE_MAX);
    if (!clock)
        return;
    v = tcn_sink_eval(s, clock);
    s->alarm->clock_ms = tcn_sink_time(s, clock->where, &v);
}

/* "key:value", as Datadog writes tags. */
static void split_tag(const struct tcn_value *v, struct tcn_value *ret_key,
                      struct tcn_value *ret_value)
{
    struct tcn_str rest = v->kind == TCN_V_STR ? v->s : (struct tcn_str){0}, head;

    *ret_key = *ret_value = TCN_ABSENT;
    if (!tcn_str_cut(&rest, ':', &head))
        return;
    *ret_key = tcn_value_str(head);
    *ret_value = tcn_value_str(rest);
}

static bool has_tag(const struct tcn_alarm *a, const char *key)
{
    for (size_t i = 0; i < a->n_tags; i++)
        if (strcmp(a->tags[i].key, key) == 0)
            return true;
    return false;
}

static void add_tag(struct tcn_sink *s, const char *where, const struct tcn_value *key,
                    const struct tcn_value *value)
{
    struct tcn_alarm *a = s->alarm;
    const char *k, *v;

    if (tcn_value_is_list(value) || tcn_value_is_map(value)) {
        tcn_sink_error(s, where, "gives a tag that is no text", *value);
        return;
    }
    k = tcn_sink_text(s, key, TAG_KEY_MAX);
    v = tcn_sink_text(s, value, TAG_VALUE_MAX);
    if (!k || !v || has_tag(a, k))
        return;
    if (a->n_tags < TCN_TAGS_MAX)
        a->tags[a->n_tags++] = (struct tcn_tag){k, v};
    else
        s->ev->counts.items_dropped++;
}

static void set_tags(struct tcn_sink *s, const struct tcn_rule *rule)
{
    struct tcn_value v = tcn_sink_eval(s, rule->tags), key, value;
    struct tcn_value_iter it = tcn_value_iter(&v);
    size_t n = tcn_value_count(&v);
    bool is_map = tcn_value_is_map(&v);

    if (tcn_value_is_absent(&v))
        return;
    if (!is_map && !tcn_value_is_list(&v)) {
        tcn_sink_error(s, rule->tags->where, "gives no object of tags", v);
        return;
    }
    s->alarm->tags =
        tcn_work_array(&s->ev->work, n < TCN_TAGS_MAX ? n : TCN_TAGS_MAX, sizeof *s->alarm->tags);
    while (s->alarm->tags && tcn_value_next(&it) && tcn_work_spend(&s->ev->work, 2)) {
        key = tcn_value_str(it.key);
        value = it.value;
        if (!is_map && !tcn_pair_of(&it.value, &key, &value))
            split_tag(&it.value, &key, &value);
        add_tag(s, rule->tags->where, &key, &value);
    }
}

static void add_resource(struct tcn_sink *s, const struct tcn_value *v)
{
    struct tcn_alarm *a = s->alarm;
    const char *text;

    if (tcn_value_is_list(v) || tcn_value_is_map(v) || !(text = tcn_sink_text(s, v, RESOURCE_MAX)))
        return;
    for (size_t i = 0; i < a->n_resources; i++)
        if (strcmp(a->resources[i], text) == 0)
            return;
    if (a->n_resources < TCN_RELATED_MAX)
        a->resources[a->n_resources++] = text;
    else
        s->ev->counts.items_dropped++;
}

static void set_resources(struct tcn_sink *s, const struct tcn_rule *rule)
{
    struct tcn_value v = tcn_sink_eval(s, rule->resources);
    struct tcn_value_iter it = tcn_value_iter(&v);
    struct tcn_alarm *a = s->alarm;
    size_t n = tcn_value_is_list(&v) ? tcn_value_count(&v) : 1;

    if (tcn_value_is_absent(&v))
        return;
    a->resources = tcn_work_array(&s->ev->work, n < TCN_RELATED_MAX ? n : TCN_RELATED_MAX,
                                  sizeof *a->resources);
    if (!a->resources)
        return;
    if (!tcn_value_is_list(&v))
        add_resource(s, &v);
    while (tcn_value_is_list(&v) && tcn_value_next(&it) && tcn_work_spend(&s->ev->work, 2))
        add_resource(s, &it.value);
    if (a->n_resources && strncmp(a->resources[0], "arn:", 4) == 0)
        a->trigger_arn = a->resources[0];
}

static void set_truncated(struct tcn_sink *s, const struct tcn_rule *rule)
{
    struct tcn_value v = tcn_sink_eval(s, rule->truncated);
    double d;

    if (v.kind == TCN_V_BOOL)
        s->alarm->is_truncated |= v.b;
    else if (tcn_value_number(&v, &d))
        s->alarm->is_truncated |= d > 0;
    else if (!tcn_value_is_empty(&v))
        tcn_sink_error(s, rule->truncated->where, "gives neither true or false nor a number", v);
}

void tcn_sink_rule(struct tcn_sink *s, const struct tcn_rule *rule)
{
    set_key(s, rule);
    set_action(s, rule);
    set_state(s, rule);
    set_title(s, rule);
    s->alarm->summary = eval_text(s, rule->summary, TCN_SUMMARY_MAX);
    set_impact(s, rule);
    set_tags(s, rule);
    set_resources(s, rule);
    tcn_sink_related(s, rule->related);
    set_truncated(s, rule);
    tcn_sink_items(s, rule->items);
    if (s->ev->work.spent)
        tcn_sink_error(s, rule->name, s->ev->work.spent, TCN_ABSENT);
    if (s->ev->limit)
        tcn_sink_error(s, rule->name, s->ev->limit, TCN_ABSENT);
}

void tcn_sink_unreadable(struct tcn_sink *s, const struct tcn_mapping_input *in, size_t number)
{
    struct tcn_alarm *a = s->alarm;
    char hex[HASH_TEXT + 1];

    tcn_sha256_hex(in->raw, hex);
    a->dedupe_key = number == 0 ? tcn_arena_fmt(s->arena, "%.100s:%s", in->source, hex)
                                : tcn_arena_fmt(s->arena, "%.100s:%s:%zu", in->source, hex, number);
    /* Its end names nothing that is open either: somebody must look at it. */
    if (a->action != TCN_ACTION_IGNORE)
        a->action = TCN_ACTION_FIRE;
    if (!a->title)
        a->title = tcn_arena_fmt(s->arena, "Unreadable alarm from %.100s", in->source);
}
