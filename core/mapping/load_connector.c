/* The sections of a connector: create, fields, find, inbound, links, messages. */
#include "base/nearest.h"
#include "mapping/load.h"

#include <inttypes.h>

/* What an incident has, and how a field of it is kept in step unless the file says otherwise. */
struct known_field {
    const char *name;
    enum tcn_direction direction;
    enum tcn_write_on on;
    enum tcn_conflict conflict;
};
static const struct known_field known_fields[] = {
    {"title", TCN_DIRECTION_BOTH, TCN_ON_ALWAYS, TCN_CONFLICT_NEWEST},
    {"summary", TCN_DIRECTION_OUT, TCN_ON_CREATE, TCN_CONFLICT_LOCAL},
    {"impact", TCN_DIRECTION_BOTH, TCN_ON_ALWAYS, TCN_CONFLICT_MAX},
    {"resolution", TCN_DIRECTION_BOTH, TCN_ON_ALWAYS, TCN_CONFLICT_NEWEST},
    {"assignee", TCN_DIRECTION_IN, TCN_ON_ALWAYS, TCN_CONFLICT_REMOTE},
    {"tags", TCN_DIRECTION_OUT, TCN_ON_ALWAYS, TCN_CONFLICT_UNION},
    {"related", TCN_DIRECTION_OUT, TCN_ON_ALWAYS, TCN_CONFLICT_UNION},
    {"url", TCN_DIRECTION_OUT, TCN_ON_CREATE, TCN_CONFLICT_LOCAL},
};
enum { N_KNOWN = sizeof known_fields / sizeof known_fields[0] };

static const char *const direction_names[] = {"off", "out", "in", "both", NULL};
static const char *const on_names[] = {"always", "create", NULL};
static const char *const conflict_names[] = {"local", "remote", "newest", "max",
                                             "min",   "union",  "hold",   NULL};

const char *tcn_mapping_direction_word(enum tcn_direction direction)
{
    return direction_names[direction];
}

const char *tcn_mapping_conflict_word(enum tcn_conflict conflict)
{
    return conflict_names[conflict == TCN_CONFLICT_UNSET ? 0 : (int)conflict - 1];
}

static const struct known_field *find_known(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(known_fields[i].name, name) == 0)
            return &known_fields[i];
    return NULL;
}

/* Any name may be written, but only what an incident has can be read. */
static int check_field_name(const struct tcn_node *n, const struct tcn_mapping_field *f)
{
    const char *names[N_KNOWN + 1] = {0}, *nearest;

    if (find_known(f->name) || f->direction == TCN_DIRECTION_OUT ||
        f->direction == TCN_DIRECTION_OFF)
        return 0;
    for (size_t i = 0; i < N_KNOWN; i++)
        names[i] = known_fields[i].name;
    nearest = tcn_nearest(f->name, names);
    return tcn_node_problem(
        n,
        "an incident has no field \"%.60s\" to read into%s%s%s; other names can "
        "only be written (\"direction\": \"out\")",
        f->name, nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* "remote": one name or a list of names. */
static void load_remote(struct tcn_compile *c, const struct tcn_node *n, struct tcn_field_rule *f)
{
    struct tcn_node remote = tcn_node_member(n, "remote");
    const char **one;

    if (json_is_array(remote.json)) {
        f->field.remote = tcn_compile_names(c, n, "remote");
        f->field.n_remote = f->field.remote ? json_array_size(remote.json) : 0;
        return;
    }
    if (!json_is_string(remote.json)) {
        tcn_node_problem(&remote, "must be the name, or a list of the names, written remotely");
        return;
    }
    one = TCN_NEW_N(&c->m->arena, const char *, 2);
    one[0] = json_string_value(remote.json);
    f->field.remote = one;
    f->field.n_remote = 1;
    f->is_single = true;
}

/* A list of names needs an object with these members. */
static void check_out(const struct tcn_node *n, const struct tcn_field_rule *f)
{
    struct tcn_node out = tcn_node_member(n, "out");

    if (f->is_single || !f->field.remote || !json_is_object(out.json) ||
        tcn_compile_is_form(out.json))
        return;
    tcn_node_only(&out, f->field.remote);
}

static void load_policy(const struct tcn_node *n, struct tcn_mapping_field *f)
{
    const struct known_field *known = find_known(f->name);
    int direction, on, conflict;

    f->direction = known ? known->direction : TCN_DIRECTION_OUT;
    f->on = known ? known->on : TCN_ON_ALWAYS;
    f->conflict = known ? known->conflict : TCN_CONFLICT_LOCAL;
    direction = (int)f->direction;
    on = (int)f->on;
    conflict = (int)f->conflict - 1;
    tcn_node_choice(n, "direction", TCN_OPTIONAL, direction_names, &direction);
    tcn_node_choice(n, "on", TCN_OPTIONAL, on_names, &on);
    tcn_node_choice(n, "conflict", TCN_OPTIONAL, conflict_names, &conflict);
    tcn_node_bool(n, "enforce", TCN_OPTIONAL, &f->enforce);
    f->direction = (enum tcn_direction)direction;
    f->on = (enum tcn_write_on)on;
    f->conflict = (enum tcn_conflict)(conflict + 1);
}

static void check_sides(const struct tcn_node *n, const struct tcn_mapping_field *f)
{
    if ((f->direction & TCN_DIRECTION_OUT) && !json_object_get(n->json, "out"))
        tcn_node_problem(n, "needs \"out\": its direction writes");
    if ((f->direction & TCN_DIRECTION_IN) && !json_object_get(n->json, "in"))
        tcn_node_problem(n, "needs \"in\": its direction reads");
}

static const struct tcn_expr *compile_out(struct tcn_compile *c, const struct tcn_node *n)
{
    struct tcn_node out = tcn_node_member(n, "out");
    bool is_strict = false;

    if (tcn_node_bool(n, "strict", TCN_OPTIONAL, &is_strict) < 0 || !out.json)
        return NULL;
    return json_is_string(out.json) ? tcn_compile_text(c, &out, is_strict)
                                    : tcn_compile_expr(c, &out);
}

static void load_field(struct tcn_compile *c, const struct tcn_node *n)
{
    static const char *const keys[] = {"remote", "direction", "on",   "conflict", "enforce", "out",
                                       "in",     "echo",      "when", "strict",   NULL};
    struct tcn_field_rule *f = &c->m->fields[c->m->n_fields++];

    f->field.name = n->key;
    if (!json_is_object(n->json)) {
        tcn_node_problem(n, "must be {\"remote\": ..., \"out\": ..., \"in\": ...}");
        return;
    }
    tcn_node_only(n, keys);
    load_policy(n, &f->field);
    check_field_name(n, &f->field);
    check_sides(n, &f->field);
    load_remote(c, n, f);
    check_out(n, f);
    c->roots = TCN_ROOTS_ENV;
    f->when = tcn_compile_member_cond(c, n, "when");
    f->out = compile_out(c, n);
    c->roots = TCN_ROOTS_RECORD;
    f->in = tcn_compile_member(c, n, "in");
    f->echo = tcn_compile_member(c, n, "echo");
}

static void load_fields(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_node fields;
    const char *key;
    json_t *value;

    if (tcn_node_object(root, "fields", TCN_OPTIONAL, &fields) < 0)
        return;
    if (json_object_size(fields.json) > TCN_FIELDS_MAX) {
        tcn_node_problem(&fields, "has more than %d fields", TCN_FIELDS_MAX);
        return;
    }
    json_object_foreach(fields.json, key, value)
    {
        struct tcn_node n = tcn_node_member(&fields, key);

        load_field(c, &n);
    }
}

static void load_find(struct tcn_compile *c, const struct tcn_node *root)
{
    static const char *const keys[] = {"marker", "value", "jql", "visibility", NULL};
    struct tcn_node find;

    if (tcn_node_object(root, "find", TCN_OPTIONAL, &find) < 0 || !find.json)
        return;
    tcn_node_only(&find, keys);
    tcn_node_text(&find, "marker", TCN_NEED, &c->m->marker);
    tcn_node_text(&find, "jql", TCN_OPTIONAL, &c->m->jql);
    tcn_node_duration(&find, "visibility", TCN_OPTIONAL, &c->m->visibility_ms);
    c->roots = TCN_ROOTS_ENV;
    if (!json_object_get(find.json, "value"))
        tcn_node_problem(&find, "needs \"value\": what marks the record of one incident");
    c->m->marker_value = tcn_compile_member(c, &find, "value");
}

static void load_inbound(struct tcn_compile *c, const struct tcn_node *root)
{
    static const char *const keys[] = {"auth",    "remote_id", "version", "delivery_id",
                                       "deleted", "hint_only", NULL};
    struct tcn_node inbound;

    if (tcn_node_object(root, "inbound", TCN_OPTIONAL, &inbound) < 0 || !inbound.json)
        return;
    tcn_node_only(&inbound, keys);
    c->roots = TCN_ROOTS_BODY;
    c->m->remote_id = tcn_compile_member(c, &inbound, "remote_id");
    c->m->version = tcn_compile_member(c, &inbound, "version");
    c->m->delivery_id = tcn_compile_member(c, &inbound, "delivery_id");
    c->m->deleted = tcn_compile_member_cond(c, &inbound, "deleted");
    tcn_node_bool(&inbound, "hint_only", TCN_OPTIONAL, &c->m->is_hint_only);
}

#define POLL_LEAST_MS INT64_C(1000)
#define SWEEP_LEAST_MS INT64_C(60000)

/* A time that is there and not shorter than least; else as it was. */
static void load_interval(const struct tcn_node *poll, const char *key, int64_t least_ms,
                          int64_t *ret_ms)
{
    int64_t ms = *ret_ms;
    struct tcn_node n = tcn_node_member(poll, key);

    if (tcn_node_duration(poll, key, TCN_OPTIONAL, &ms) < 0 || !n.json)
        return;
    if (ms < least_ms)
        tcn_node_problem(&n, "is shorter than %" PRId64 " s", least_ms / 1000);
    else
        *ret_ms = ms;
}

/* Defaults: spec connectors B8, D3 and F9. */
static void load_poll(struct tcn_compile *c, const struct tcn_node *root)
{
    static const char *const keys[] = {"active", "idle", "overlap", "sweep", NULL};
    struct tcn_mapping_poll *rule = &c->m->poll;
    struct tcn_node poll;

    *rule = (struct tcn_mapping_poll){30000, 300000, 60000, 3600000};
    if (tcn_node_object(root, "poll", TCN_OPTIONAL, &poll) < 0 || !poll.json)
        return;
    tcn_node_only(&poll, keys);
    load_interval(&poll, "active", POLL_LEAST_MS, &rule->active_ms);
    load_interval(&poll, "idle", POLL_LEAST_MS, &rule->idle_ms);
    load_interval(&poll, "overlap", 0, &rule->overlap_ms);
    load_interval(&poll, "sweep", SWEEP_LEAST_MS, &rule->sweep_ms);
}

static void load_links(struct tcn_compile *c, const struct tcn_node *root)
{
    static const char *const keys[] = {"remote_url", "remote_key", NULL};
    struct tcn_node links;

    if (tcn_node_object(root, "links", TCN_OPTIONAL, &links) < 0 || !links.json)
        return;
    tcn_node_only(&links, keys);
    c->roots = TCN_ROOTS_RECORD;
    c->m->remote_url = tcn_compile_member(c, &links, "remote_url");
    c->m->remote_key = tcn_compile_member(c, &links, "remote_key");
}

static void load_messages(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_message_rule *rules;
    struct tcn_node messages;
    const char *key;
    json_t *value;

    if (tcn_node_object(root, "messages", TCN_OPTIONAL, &messages) < 0 || !messages.json)
        return;
    c->roots = TCN_ROOTS_ENV | TCN_ROOT_BIT(TCN_ROOT_EVENT);
    rules = TCN_NEW_N(&c->m->arena, struct tcn_message_rule, json_object_size(messages.json) + 1);
    c->m->messages = rules;
    json_object_foreach(messages.json, key, value)
    {
        struct tcn_node n = tcn_node_member(&messages, key);

        if (json_is_object(value) && !tcn_compile_is_form(value))
            rules[c->m->n_messages++] = (struct tcn_message_rule){key, tcn_compile_object(c, &n)};
        else
            tcn_node_problem(&n, "must be an object of texts: {\"subject\": ..., \"text\": ...}");
    }
}

static void load_create(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_node create;

    c->roots = TCN_ROOTS_ENV;
    if (tcn_node_object(root, "create", TCN_OPTIONAL, &create) == 0 && create.json)
        c->m->create = tcn_compile_object(c, &create);
    c->m->when = tcn_compile_member_cond(c, root, "when");
    tcn_node_text(root, "record", TCN_OPTIONAL, &c->m->record);
}

void tcn_load_connector(struct tcn_compile *c, const struct tcn_node *root)
{
    load_create(c, root);
    load_fields(c, root);
    tcn_load_status(c, root);
    tcn_load_notes(c, root);
    load_find(c, root);
    load_inbound(c, root);
    load_poll(c, root);
    load_links(c, root);
    load_messages(c, root);
}
