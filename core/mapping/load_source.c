/* The sections of a source: match, when, rules and their events. The members of an event are typed, so literals
 * that can never fit are found here. */
#include "base/nearest.h"
#include "mapping/load.h"

enum { MAX_LITERALS = 32 };

static const char *const event_keys[] = {"dedupe_key", "action",  "state",     "title",
                                         "summary",    "impact",  "tags",      "resources",
                                         "items",      "related", "truncated", NULL};
static const char *const state_keys[] = {"raw", "since", "clock", NULL};
static const char *const item_keys[] = {"key", "title", "status", "since", "ended", "links", NULL};
static const char *const related_keys[] = {"kind", "title", "value", NULL};
static const char *const actions[] = {"fire", "resolve", "update", "ignore", NULL};
static const char *const related_kinds[] = {"metric", "url", "arn", "runbook", "task", NULL};

typedef void literal_check(const struct tcn_node *n);

static void check_word(const struct tcn_node *n, const char *what, const char *const words[])
{
    const char *word = json_string_value(n->json), *nearest;
    struct tcn_buf list;

    for (size_t i = 0; word && words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return;
    tcn_buf_init(&list, 200);
    for (size_t i = 0; words[i]; i++)
        tcn_buf_fmt(&list, "%s%s", i ? ", " : "", words[i]);
    nearest = word ? tcn_nearest(word, words) : NULL;
    tcn_node_problem(n, "%s must be one of %s%s%s%s", what, tcn_buf_view(&list).ptr,
                     nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                     nearest ? "\"?" : "");
    tcn_buf_done(&list);
}

static void check_action(const struct tcn_node *n)
{
    check_word(n, "an action", actions);
}

static void check_kind(const struct tcn_node *n)
{
    check_word(n, "a kind", related_kinds);
}

static void check_impact(const struct tcn_node *n)
{
    double d = json_number_value(n->json);
    struct tcn_value v = tcn_value_of_json(n->json);

    if (!tcn_value_number(&v, &d) || d < 1 || d > 5)
        tcn_node_problem(n, "an impact must be 1 (critical) to 5 (none)");
}

static bool is_literal(json_t *json)
{
    return !json_is_object(json) && !json_is_array(json) && !json_is_null(json) &&
           !(json_is_string(json) && strstr(json_string_value(json), "{{"));
}

static void check_results(const struct tcn_node *n, literal_check *check, unsigned levels);

static void check_list(const struct tcn_node *form, const char *key, literal_check *check,
                       unsigned levels)
{
    struct tcn_node list = tcn_node_member(form, key);

    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i), then = tcn_node_member(&item, "then");

        check_results(strcmp(key, "case") == 0 ? &then : &item, check, levels);
    }
}

static void check_table(const struct tcn_node *form, literal_check *check)
{
    struct tcn_node root = tcn_node_root(form->doc), tables = tcn_node_member(&root, "tables");
    const char *name = json_string_value(json_object_get(form->json, "table")), *key;
    struct tcn_node table, map, otherwise;
    json_t *value;

    if (!name || json_is_true(json_object_get(form->json, "reverse")))
        return;
    table = tcn_node_member(&tables, name);
    map = tcn_node_member(&table, "map");
    otherwise = tcn_node_member(&table, "default");
    json_object_foreach(map.json, key, value)
    {
        struct tcn_node row = tcn_node_member(&map, key);

        check(&row);
    }
    if (otherwise.json)
        check(&otherwise);
}

/* Calls check for every literal that the expression may yield. */
static void check_results(const struct tcn_node *n, literal_check *check, unsigned levels)
{
    struct tcn_node otherwise = tcn_node_member(n, "else"),
                    fallback = tcn_node_member(n, "default");

    if (levels == 0 || !n->json)
        return;
    if (is_literal(n->json))
        check(n);
    if (!json_is_object(n->json))
        return;
    check_list(n, "case", check, levels - 1);
    check_list(n, "first", check, levels - 1);
    check_results(&otherwise, check, levels - 1);
    check_results(&fallback, check, levels - 1);
    if (json_object_get(n->json, "table"))
        check_table(n, check);
}

/* The literal objects that an expression of a list yields have these members only. */
static void check_objects(const struct tcn_node *n, const char *const keys[], unsigned levels)
{
    struct tcn_node value = tcn_node_member(n, "value"), list = tcn_node_member(n, "concat");

    if (levels == 0)
        return;
    for (size_t i = 0; i < json_array_size(n->json); i++) {
        struct tcn_node item = tcn_node_item(n, i);

        check_objects(&item, keys, levels - 1);
    }
    if (list.json)
        check_objects(&list, keys, levels - 1);
    else if (json_object_get(n->json, "each"))
        check_objects(&value, keys, levels - 1);
    else if (json_is_object(n->json) && !tcn_compile_is_form(n->json))
        tcn_node_only(n, keys);
    if (json_is_object(n->json) && keys == related_keys) {
        struct tcn_node kind = tcn_node_member(n, "kind");

        check_results(&kind, check_kind, levels - 1);
    }
}

static void load_state(struct tcn_compile *c, const struct tcn_node *event, struct tcn_rule *rule)
{
    struct tcn_node state;

    if (tcn_node_object(event, "state", TCN_OPTIONAL, &state) < 0 || !state.json)
        return;
    if (tcn_compile_is_form(state.json)) {
        tcn_node_problem(&state, "must be {\"raw\": ..., \"since\": ...}, with expressions inside");
        return;
    }
    tcn_node_only(&state, state_keys);
    rule->state_raw = tcn_compile_member(c, &state, "raw");
    rule->state_since = tcn_compile_member(c, &state, "since");
    rule->state_clock = tcn_compile_member(c, &state, "clock");
}

static void check_event(const struct tcn_node *event)
{
    struct tcn_node action = tcn_node_member(event, "action"),
                    impact = tcn_node_member(event, "impact"),
                    items = tcn_node_member(event, "items"),
                    related = tcn_node_member(event, "related");

    tcn_node_only(event, event_keys);
    check_results(&action, check_action, MAX_LITERALS);
    check_results(&impact, check_impact, MAX_LITERALS);
    if (items.json)
        check_objects(&items, item_keys, MAX_LITERALS);
    if (related.json)
        check_objects(&related, related_keys, MAX_LITERALS);
}

static void load_event(struct tcn_compile *c, const struct tcn_node *parent, struct tcn_rule *rule)
{
    struct tcn_node event, key;

    if (tcn_node_object(parent, "event", TCN_NEED, &event) < 0)
        return;
    key = tcn_node_member(&event, "dedupe_key");
    if (!key.json)
        tcn_node_problem(&key, "is missing; it names the alarm, the same when it fires and when it "
                               "resolves");
    check_event(&event);
    load_state(c, &event, rule);
    rule->dedupe_key = tcn_compile_member(c, &event, "dedupe_key");
    rule->action = tcn_compile_member(c, &event, "action");
    rule->title = tcn_compile_member(c, &event, "title");
    rule->summary = tcn_compile_member(c, &event, "summary");
    rule->impact = tcn_compile_member(c, &event, "impact");
    rule->tags = tcn_compile_member(c, &event, "tags");
    rule->resources = tcn_compile_member(c, &event, "resources");
    rule->items = tcn_compile_member(c, &event, "items");
    rule->related = tcn_compile_member(c, &event, "related");
    rule->truncated = tcn_compile_member(c, &event, "truncated");
}

/* each, as and event of a rule or of the file. */
static void load_rule(struct tcn_compile *c, const struct tcn_node *n, const char *name)
{
    struct tcn_rule *rule = &c->m->rules[c->m->n_rules++];
    struct tcn_node each = tcn_node_member(n, "each");
    const char *as = "item";

    rule->name = name;
    rule->slot = c->n_locals;
    tcn_node_text(n, "as", TCN_OPTIONAL, &as);
    if (each.json)
        rule->each =
            json_is_string(each.json) ? tcn_compile_path(c, &each) : tcn_compile_expr(c, &each);
    if (each.json && tcn_compile_bind(c, n, as) < 0)
        return;
    load_event(c, n, rule);
    c->n_locals = rule->slot;
}

static void load_rules(struct tcn_compile *c, const struct tcn_node *root)
{
    static const char *const keys[] = {"when", "each", "as", "event", NULL};
    struct tcn_node rules;
    const char *key;
    json_t *value;

    if (tcn_node_object(root, "rules", TCN_OPTIONAL, &rules) < 0)
        return;
    if (json_object_size(rules.json) > TCN_RULES_MAX) {
        tcn_node_problem(&rules, "has more than %d rules", TCN_RULES_MAX);
        return;
    }
    json_object_foreach(rules.json, key, value)
    {
        struct tcn_node n = tcn_node_member(&rules, key);

        if (!json_is_object(value)) {
            tcn_node_problem(&n, "must be {\"when\": condition, \"event\": {...}}");
            continue;
        }
        tcn_node_only(&n, keys);
        c->m->rules[c->m->n_rules].when = tcn_compile_member_cond(c, &n, "when");
        load_rule(c, &n, key);
    }
}

void tcn_load_source(struct tcn_compile *c, const struct tcn_node *root)
{
    c->roots = TCN_ROOTS_BODY;
    c->m->match = tcn_compile_member_cond(c, root, "match");
    c->m->when = tcn_compile_member_cond(c, root, "when");
    load_rules(c, root);
    if (json_object_get(root->json, "event"))
        load_rule(c, root, "event");
    else if (c->m->n_rules == 0)
        tcn_node_problem(root, "needs \"event\", or \"rules\" with an \"event\" each");
}
