/* A source as the configuration says it, and a delivery of it as alarms. */
#include "gateway/source.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/xalloc.h"

#include <stdlib.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define GROUP_BY_MAX 8
#define WINDOW_MAX_MS                                                                              \
    (INT64_C(366) * 24 * HOUR_MS) /* added to times: must not overflow, and more is a slip */
#define ID_MAX 200                /* of a delivery id that a sender gives */

static const struct shipped {
    const char *kind, *source; /* IncidentRecordSource.source */
    enum tcn_scope scope;
} shipped[] = {
    {"cloudwatch-sns", "aws.cloudwatch", TCN_SCOPE_ALL},
    {"eventbridge", "aws.events", TCN_SCOPE_ALL},
    {"alertmanager", "alertmanager", TCN_SCOPE_SOURCE},
    {"grafana", "grafana", TCN_SCOPE_SOURCE},
    {"datadog", "datadog", TCN_SCOPE_SOURCE},
    {"zabbix", "zabbix", TCN_SCOPE_SOURCE},
};

bool tcn_source_is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n > 0 && n <= 64 && name[n] == 0;
}

/* NULL: a mapping of one's own. */
static const struct shipped *shipped_of(const char *kind)
{
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++)
        if (strcmp(shipped[i].kind, kind) == 0)
            return &shipped[i];
    return NULL;
}

/* Two peers of an Alertmanager in high availability echo each other for up to twice the peer time-out. */
static void default_policy(struct tcn_source_policy *p, const char *name, const char *kind)
{
    const struct shipped *known = shipped_of(kind);

    *p = (struct tcn_source_policy){
        .name = name,
        .source = known ? known->source : kind,
        .resolves = true,
        .reopen_window_ms = 15 * MINUTE_MS,
        .mute_window_ms = 24 * HOUR_MS,
        .echo_window_ms = MINUTE_MS,
        .flap_count = 6,
        .flap_quiet_ms = 15 * MINUTE_MS,
        .flap_update_ms = 10 * MINUTE_MS,
        .storm_new = 30,
        .storm_window_ms = 5 * MINUTE_MS,
    };
}

static int read_int(const struct tcn_node *at, const char *key, int min, int max, int *ret)
{
    int64_t value = *ret;
    int r = tcn_node_int(at, key, TCN_OPTIONAL, min, max, &value);

    *ret = (int)value;
    return r;
}

static int read_window(const struct tcn_node *at, const char *key, int64_t min_ms, int64_t *ret_ms)
{
    struct tcn_node node = tcn_node_member(at, key);
    int64_t value = *ret_ms;
    int r = tcn_node_duration(at, key, TCN_OPTIONAL, &value);

    if (r < 0)
        return r;
    if (value < min_ms || value > WINDOW_MAX_MS)
        return tcn_node_problem(&node, "is out of range; use %d ms to 366d", (int)min_ms);
    *ret_ms = value;
    return 0;
}

/* 0 is off, as when it is left out. */
static int read_stale(const struct tcn_node *at, struct tcn_source_policy *p)
{
    struct tcn_node node = tcn_node_member(at, "stale_after");
    int r = read_window(at, "stale_after", 0, &p->stale_after_ms);

    if (r == 0 && p->stale_after_ms > 0 && p->stale_after_ms < MINUTE_MS)
        return tcn_node_problem(&node, "is out of range; use 1m to 366d, more than the time after "
                                       "which the sender repeats what still fires; 0s is off");
    return r;
}

static int read_group_tag(const struct tcn_node *item, struct tcn_source_policy *p)
{
    const char *key = json_string_value(item->json);

    if (!key || !key[0])
        return tcn_node_problem(item, "must be the name of a tag");
    for (size_t i = 0; i < p->n_group_by; i++)
        if (strcmp(p->group_by[i], key) == 0)
            return tcn_node_problem(item, "\"%.64s\" is there twice", key);
    p->group_by[p->n_group_by++] = key;
    return 0;
}

static int read_group_by(const struct tcn_node *at, struct tcn_source_policy *p)
{
    struct tcn_node list;
    int r = tcn_node_array(at, "group_by", TCN_OPTIONAL, &list);
    size_t n = json_array_size(list.json);

    if (r < 0 || !list.json)
        return r;
    if (n == 0 || n > GROUP_BY_MAX)
        return tcn_node_problem(&list, "must name 1 to %d tags; leave it out to group nothing",
                                GROUP_BY_MAX);
    p->group_by = tcn_xcalloc(n, sizeof *p->group_by);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_group_tag(&item, p);
    }
    return r;
}

static int read_policy(const struct tcn_node *at, struct tcn_source_policy *p)
{
    int r = tcn_node_text(at, "response_plan", TCN_NEED, &p->response_plan);

    r |= read_group_by(at, p);
    r |= tcn_node_bool(at, "resolves", TCN_OPTIONAL, &p->resolves);
    r |= read_window(at, "reopen_window", 0, &p->reopen_window_ms);
    r |= read_window(at, "mute_window", 0, &p->mute_window_ms);
    r |= read_window(at, "resolve_after", 0, &p->resolve_after_ms);
    r |= read_window(at, "echo_window", 0, &p->echo_window_ms);
    r |= read_stale(at, p);
    r |= read_int(at, "flap_count", 2, TCN_FLAP_RING, &p->flap_count);
    r |= read_window(at, "flap_quiet", 0, &p->flap_quiet_ms);
    r |= read_window(at, "flap_update", 0, &p->flap_update_ms);
    r |= read_int(at, "storm_new", 1, 1000000, &p->storm_new);
    r |= read_window(at, "storm_window", 1000, &p->storm_window_ms);
    return r < 0 ? TCN_EINVALID : 0;
}

/* A slip in the name of a kind; other kinds are told by who loads them. */
static int check_kind(const struct tcn_node *at, const char *kind)
{
    const char *names[sizeof shipped / sizeof *shipped + 1] = {NULL};
    const char *nearest;

    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++)
        names[i] = shipped[i].kind;
    nearest = tcn_nearest(kind, names);
    if (!nearest || strcmp(nearest, kind) == 0)
        return 0;
    return tcn_node_problem(at, "\"%s\" is no kind of source; did you mean \"%s\"?", kind, nearest);
}

static int read_mapping(const struct tcn_node *at, tcn_source_mapping *load, struct tcn_source *s)
{
    const char *name = NULL;
    struct tcn_node node;

    if (tcn_node_text(at, "kind", TCN_OPTIONAL, &s->kind) < 0 ||
        tcn_node_text(at, "mapping", TCN_OPTIONAL, &name) < 0)
        return TCN_EINVALID;
    if (!s->kind && !name)
        return tcn_node_problem(
            at, "give \"kind\" (cloudwatch-sns, eventbridge, alertmanager, grafana, "
                "datadog, zabbix) or \"mapping\": a mapping file");
    node = tcn_node_member(at, name ? "mapping" : "kind");
    if (!name && check_kind(&node, s->kind) < 0)
        return TCN_EINVALID;
    if (load(&node, "sources", name ? name : s->kind, &s->mapping) < 0)
        return TCN_EINVALID;
    if (tcn_mapping_kind(s->mapping) != TCN_MAPPING_SOURCE)
        return tcn_node_problem(&node, "%s is a mapping of a connector, not of a source",
                                tcn_mapping_name(s->mapping));
    if (!s->kind)
        s->kind = tcn_mapping_name(s->mapping);
    return 0;
}

static int read_scope(const struct tcn_node *at, struct tcn_source *s)
{
    static const char *const words[] = {"source", "all", NULL};
    const struct shipped *known = s->kind ? shipped_of(s->kind) : NULL;
    int scope = known ? (int)known->scope : TCN_SCOPE_SOURCE;
    int r = tcn_node_choice(at, "scope", TCN_OPTIONAL, words, &scope);

    s->scope = (enum tcn_scope)scope;
    return r;
}

int tcn_source_read(const struct tcn_node *at, tcn_source_mapping *load, struct tcn_source **ret)
{
    static const char *const names[] = {
        "kind",        "mapping",     "auth",        "response_plan", "resolves",
        "settings",    "mute_window", "flap_count",  "reopen_window", "resolve_after",
        "echo_window", "flap_quiet",  "flap_update", "storm_new",     "storm_window",
        "stale_after", "scope",       "group_by",    "heartbeats",    NULL};
    struct tcn_source *s = tcn_xcalloc(1, sizeof *s);
    struct tcn_node auth = tcn_node_member(at, "auth"), settings;
    int r;

    *ret = s;
    s->name = s->policy.name = at->key;
    if (!json_is_object(at->json))
        return tcn_node_problem(at,
                                "must be an object with \"kind\", \"auth\" and \"response_plan\"");
    r = tcn_node_only(at, names);
    if (!tcn_source_is_name(s->name))
        r |= tcn_node_problem(at, "name a source with 1-64 of a-z 0-9 -");
    r |= read_mapping(at, load, s);
    default_policy(&s->policy, s->name, s->kind ? s->kind : s->name);
    r |= read_policy(at, &s->policy);
    r |= read_scope(at, s);
    r |= tcn_cred_read(&auth, &s->auth);
    if (tcn_node_object(at, "settings", TCN_OPTIONAL, &settings) == 0)
        s->settings = settings.json;
    else
        r = TCN_EINVALID;
    return r < 0 ? TCN_EINVALID : 0;
}

void tcn_source_free(struct tcn_source *s)
{
    if (!s)
        return;
    tcn_cred_done(&s->auth);
    tcn_mapping_free(s->mapping);
    free(s->policy.group_by);
    free(s);
}

static const char *text_member(json_t *root, const char *name)
{
    json_t *value = json_object_get(root, name);
    size_t len = json_string_length(value);

    return len > 0 && len <= ID_MAX ? json_string_value(value) : NULL;
}

static bool takes_sns(const struct tcn_source *s)
{
    for (size_t i = 0; i < s->auth.n; i++)
        if (s->auth.items[i].kind == TCN_CRED_SNS)
            return true;
    return strcmp(s->kind, "cloudwatch-sns") == 0;
}

/* Of a message of SNS the id is signed and the body is not: what is added to it would make a replay look new. */
const char *tcn_source_delivery_id(const struct tcn_source *s, json_t *root,
                                   struct tcn_arena *arena)
{
    const char *id = NULL;

    if (takes_sns(s))
        id = text_member(root, "MessageId");
    else if (strcmp(s->kind, "eventbridge") == 0)
        id = text_member(root, "id");
    return tcn_arena_strdup(arena, id);
}

bool tcn_source_is_ungrouped(const struct tcn_source *s, json_t *root)
{
    const char *key = json_string_value(json_object_get(root, "groupKey"));
    const char *identity = text_member(s->settings, "identity");

    if (strcmp(s->kind, "alertmanager") != 0 || (identity && strcmp(identity, "alert") == 0))
        return false;
    return key && tcn_str_ends(tcn_str(key), TCN_STR(":{}"));
}

/* No source is named "*": what a sender puts into a key names an alarm of its own scope, whatever it looks like. */
static void keep_apart(const struct tcn_source *s, struct tcn_arena *arena,
                       struct tcn_alarm *alarms, size_t n)
{
    const char *scope = s->scope == TCN_SCOPE_ALL ? "*" : s->name;

    for (size_t i = 0; i < n; i++)
        alarms[i].dedupe_key = tcn_arena_fmt(arena, "%s/%s", scope, alarms[i].dedupe_key);
}

int tcn_source_alarms(const struct tcn_source *s, json_t *root, const struct tcn_delivery *d,
                      const char *delivery_id, struct tcn_mapping_counts *counts,
                      struct tcn_arena *arena, struct tcn_alarm **ret, size_t *ret_n,
                      struct tcn_err *err)
{
    struct tcn_mapping_input in = {
        .source = s->name,
        .delivery_id = delivery_id,
        .body = root,
        .raw = d->body,
        .headers = d->headers,
        .n_headers = d->n_headers,
        .settings = s->settings,
        .now_ms = d->now_ms,
        .counts = counts,
    };
    int r;

    if ((r = tcn_mapping_alarms(s->mapping, &in, arena, ret, ret_n, err)) == 0)
        keep_apart(s, arena, *ret, *ret_n);
    return r;
}
