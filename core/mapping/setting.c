/* Declared settings, and the values that are given to them. A setting of the sync (auto_resolve and the like) is read by
 * the lanes whatever the file says, so that every file which writes records has it; the file may give it a default. */
#include "mapping/setting.h"
#include "base/nearest.h"

#include <assert.h>

static const char *const types[] = {"text", "number", "bool", "duration", NULL};
static const char *const choice_keys[] = {"one_of", "default", "help", NULL};
static const char *const typed_keys[] = {"type", "default", "help", NULL};
static const char *const duration_keys[] = {"type", "min", "max", "default", "help", NULL};
static const char *const unsaid_keys[] = {"type", "one_of", "option", "default", "help", NULL};
static const char *const option_keys[] = {"option", "help", NULL};
static const char *const sync_keys[] = {"default", "help", NULL};

static const char *const auto_resolve[] = {"always", "unless_acked", "never", NULL};
static const char *const while_firing[] = {"note", "follow", "reopen", NULL};
static const char *const when_lost[] = {"stop", "recreate", NULL};
static const char *const short_lived[] = {"skip", "create", "create_resolved", NULL};

static const struct tcn_setting of_sync[] = {
    {.name = "auto_resolve", .type = TCN_SETTING_CHOICE, .choices = auto_resolve},
    {.name = "resolve_while_firing", .type = TCN_SETTING_CHOICE, .choices = while_firing},
    {.name = "when_lost", .type = TCN_SETTING_CHOICE, .choices = when_lost},
    {.name = "short_lived", .type = TCN_SETTING_CHOICE, .choices = short_lived},
    {.name = "settle", .type = TCN_SETTING_DURATION, .max = "10m"},
};

enum { N_SYNC = sizeof of_sync / sizeof of_sync[0], NAME_MAX_LEN = 60 };

const char *const *tcn_mapping_sync_words(const char *name)
{
    size_t i = 0;

    while (strcmp(of_sync[i].name, name) != 0) {
        i++;
        assert(i < N_SYNC);
    }
    assert(of_sync[i].choices);
    return of_sync[i].choices;
}

const struct tcn_setting *tcn_setting_find(const struct tcn_mapping *m, struct tcn_str name)
{
    for (size_t i = 0; i < m->n_settings; i++)
        if (tcn_str_eq(tcn_str(m->settings[i].name), name))
            return &m->settings[i];
    return NULL;
}

/* The names of them, ended by NULL. */
static void names_of(const struct tcn_mapping *m, const char *ret[TCN_SETTINGS_MAX + 1])
{
    for (size_t i = 0; i < m->n_settings; i++)
        ret[i] = m->settings[i].name;
    ret[m->n_settings] = NULL;
}

int tcn_setting_unknown(const struct tcn_mapping *m, const struct tcn_node *n, const char *name)
{
    const char *names[TCN_SETTINGS_MAX + 1], *nearest;

    names_of(m, names);
    if ((nearest = tcn_nearest(name, names)))
        return tcn_node_problem(n, "there is no setting \"%.*s\"; did you mean \"%s\"?",
                                NAME_MAX_LEN, name, nearest);
    return tcn_node_problem(n,
                            "there is no setting \"%.*s\"; declare it in \"settings\": "
                            "{\"type\": \"text\", \"help\": \"what it is for\"}",
                            NAME_MAX_LEN, name);
}

/* ---- a value ---- */

static int64_t bound_ms(const char *text, int64_t ms)
{
    int64_t value;

    return text && tcn_str_duration(tcn_str(text), &value) == 0 ? value : ms;
}

/* A number of seconds would be a duration elsewhere; settings are read as text. */
static int check_duration(const struct tcn_setting *s, const struct tcn_node *parent,
                          const char *key)
{
    struct tcn_node n = tcn_node_member(parent, key);
    const char *text = "";
    int64_t ms = 0;
    int r;

    if (tcn_node_text(parent, key, TCN_NEED, &text) < 0)
        return TCN_EINVALID;
    r = tcn_str_duration(tcn_str(text), &ms);
    if (r < 0 && r != TCN_ELIMIT)
        return tcn_node_problem(&n, "\"%.60s\" is no duration; write a number and ms, s, m, h or d",
                                text);
    if (r < 0 || ms < bound_ms(s->min, 0) || ms > bound_ms(s->max, TCN_DURATION_MAX_MS))
        return tcn_node_problem(&n, "\"%.60s\" is out of range; use %s to %s", text,
                                s->min ? s->min : "0s", s->max ? s->max : "3650d");
    return 0;
}

static int check_number(const struct tcn_node *parent, const char *key)
{
    struct tcn_node n = tcn_node_member(parent, key);

    return json_is_number(n.json) ? 0 : tcn_node_problem(&n, "must be a number");
}

/* The member key of parent, which is there. */
static int check_value(const struct tcn_setting *s, const struct tcn_node *parent, const char *key)
{
    const char *text;
    bool is;
    int i;

    switch (s->type) {
    case TCN_SETTING_TEXT:
        return tcn_node_text(parent, key, TCN_OPTIONAL, &text);
    case TCN_SETTING_NUMBER:
        return check_number(parent, key);
    case TCN_SETTING_BOOL:
        return tcn_node_bool(parent, key, TCN_OPTIONAL, &is);
    case TCN_SETTING_DURATION:
        return check_duration(s, parent, key);
    case TCN_SETTING_CHOICE:
        return tcn_node_choice(parent, key, TCN_OPTIONAL, s->choices, &i);
    case TCN_SETTING_OPTION:
    case TCN_SETTING_UNSET:
        break;
    }
    return 0;
}

/* Every member that is there, by its declaration; of a misspelt one only the name is told. */
static int check_values(const struct tcn_mapping *m, const struct tcn_node *at)
{
    const char *names[TCN_SETTINGS_MAX + 1];
    int r;

    names_of(m, names);
    if (m->n_settings == 0 && json_object_size(at->json) > 0)
        return tcn_node_problem(at, "the mapping %s has no settings; take them out", m->name);
    r = tcn_node_only(at, names);
    for (size_t i = 0; i < m->n_settings; i++)
        if (tcn_node_member(at, names[i]).json)
            r |= check_value(&m->settings[i], at, names[i]);
    return r < 0 ? TCN_EINVALID : 0;
}

int tcn_mapping_check_settings(const struct tcn_mapping *m, const struct tcn_node *at)
{
    int r = at->json ? check_values(m, at) : 0;

    for (size_t i = 0; i < m->n_settings; i++) {
        struct tcn_node n = tcn_node_member(at, m->settings[i].name);

        if (n.json && m->settings[i].type == TCN_SETTING_OPTION)
            r = tcn_node_problem(&n, "is an option of the connector; write it outside of "
                                     "\"settings\"");
    }
    return r < 0 ? TCN_EINVALID : 0;
}

void tcn_load_check_test_settings(const struct tcn_mapping *m, const struct tcn_node *test)
{
    struct tcn_node at;

    if (tcn_node_object(test, "settings", TCN_OPTIONAL, &at) == 0 && at.json)
        check_values(m, &at);
}

const char *const *tcn_mapping_options(const struct tcn_mapping *m)
{
    return m->options;
}

/* ---- a declaration ---- */

static const struct tcn_setting *find_sync(const struct tcn_mapping *m, const char *name)
{
    for (size_t i = 0; m->kind == TCN_MAPPING_CONNECTOR && i < N_SYNC; i++)
        if (strcmp(of_sync[i].name, name) == 0)
            return &of_sync[i];
    return NULL;
}

static void read_choices(struct tcn_compile *c, const struct tcn_node *n, struct tcn_setting *s)
{
    s->type = TCN_SETTING_CHOICE;
    s->choices = tcn_compile_names(c, n, "one_of");
    if (!s->choices) {
        s->type = TCN_SETTING_UNSET; /* told */
    } else if (!s->choices[0]) {
        tcn_node_problem(n, "\"one_of\" has no word; write at least one");
        s->type = TCN_SETTING_UNSET;
    }
}

static void read_option(struct tcn_compile *c, const struct tcn_node *n, struct tcn_setting *s)
{
    bool is_option = false;

    if (tcn_node_bool(n, "option", TCN_OPTIONAL, &is_option) < 0)
        return;
    if (!is_option || c->m->kind != TCN_MAPPING_CONNECTOR)
        tcn_node_problem(n, "\"option\" is true, and of a connector only");
    else
        s->type = TCN_SETTING_OPTION;
}

static void read_type(const struct tcn_node *n, struct tcn_setting *s)
{
    int type = -1;

    tcn_node_choice(n, "type", TCN_OPTIONAL, types, &type);
    s->type = (enum tcn_setting_type)(type + 1);
}

static const char *read_bound(const struct tcn_node *n, const char *key)
{
    static const struct tcn_setting any = {.type = TCN_SETTING_DURATION};
    struct tcn_node bound = tcn_node_member(n, key);

    return bound.json && check_duration(&any, n, key) == 0 ? json_string_value(bound.json) : NULL;
}

static void read_bounds(struct tcn_compile *c, const struct tcn_node *n, struct tcn_setting *s)
{
    struct tcn_node max = tcn_node_member(n, "max");

    s->min = tcn_arena_strdup(&c->m->arena, read_bound(n, "min"));
    s->max = tcn_arena_strdup(&c->m->arena, read_bound(n, "max"));
    if (bound_ms(s->min, 0) <= bound_ms(s->max, TCN_DURATION_MAX_MS))
        return;
    tcn_node_problem(&max, "is less than \"min\"");
    s->type = TCN_SETTING_UNSET;
}

/* Which of them it is decides what else may stand beside it. */
static const char *const *read_kind(struct tcn_compile *c, const struct tcn_node *n,
                                    struct tcn_setting *s)
{
    const struct tcn_setting *sync = find_sync(c->m, s->name);

    if (sync) {
        *s = *sync;
        return sync_keys;
    }
    if (json_object_get(n->json, "one_of")) {
        read_choices(c, n, s);
        return choice_keys;
    }
    if (json_object_get(n->json, "option")) {
        read_option(c, n, s);
        return option_keys;
    }
    read_type(n, s);
    if (s->type == TCN_SETTING_DURATION) {
        read_bounds(c, n, s);
        return duration_keys;
    }
    return json_object_get(n->json, "type") ? typed_keys : unsaid_keys;
}

/* A wrong one keeps its name, so that what reads it is not called wrong, too. */
static void read_declaration(struct tcn_compile *c, const struct tcn_node *n, struct tcn_setting *s)
{
    struct tcn_node value = tcn_node_member(n, "default");
    const char *const *keys, *help = NULL;

    s->name = n->key;
    if (!json_is_object(n->json)) {
        tcn_node_problem(n,
                         "must be {\"type\": \"text\", \"default\": ..., \"help\": ...}, or with "
                         "\"one_of\": [...] instead of the type; for another default in a file "
                         "that extends one, {\"default\": ...}");
        return;
    }
    keys = read_kind(c, n, s);
    if (tcn_node_only(n, keys) == 0 && keys == unsaid_keys)
        tcn_node_problem(n, "needs \"type\": text, number, bool or duration, or \"one_of\": [...]");
    tcn_node_text(n, "help", keys == sync_keys ? TCN_OPTIONAL : TCN_NEED, &help);
    if (value.json && check_value(s, n, "default") == 0)
        json_object_set(c->m->defaults, s->name, value.json);
}

/* Whatever the file says of them. */
static void add_sync(struct tcn_mapping *m, struct tcn_setting *settings)
{
    for (size_t i = 0; i < N_SYNC; i++)
        if (!tcn_setting_find(m, tcn_str(of_sync[i].name)))
            settings[m->n_settings++] = of_sync[i];
}

static bool writes_records(const struct tcn_mapping *m, const struct tcn_node *root)
{
    return m->kind == TCN_MAPPING_CONNECTOR &&
           (json_object_get(root->json, "fields") || json_object_get(root->json, "status") ||
            json_object_get(root->json, "create"));
}

static void list_options(struct tcn_mapping *m)
{
    const char **names = TCN_NEW_N(&m->arena, const char *, m->n_settings + 1);
    size_t n = 0;

    for (size_t i = 0; i < m->n_settings; i++)
        if (m->settings[i].type == TCN_SETTING_OPTION)
            names[n++] = m->settings[i].name;
    m->options = names;
}

void tcn_load_settings(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_mapping *m = c->m;
    struct tcn_setting *settings = TCN_NEW_N(&m->arena, struct tcn_setting, TCN_SETTINGS_MAX);
    struct tcn_node section;
    const char *key;
    json_t *value;

    m->settings = settings;
    m->defaults = json_object();
    if (tcn_node_object(root, "settings", TCN_OPTIONAL, &section) < 0)
        section.json = NULL;
    if (json_object_size(section.json) > TCN_SETTINGS_MAX - N_SYNC) {
        tcn_node_problem(&section, "has more than %d settings", TCN_SETTINGS_MAX - N_SYNC);
        section.json = NULL;
    }
    json_object_foreach(section.json, key, value)
    {
        struct tcn_node n = tcn_node_member(&section, key);

        read_declaration(c, &n, &settings[m->n_settings++]);
    }
    if (writes_records(m, root))
        add_sync(m, settings);
    list_options(m);
}
