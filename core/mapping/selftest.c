/* The tests inside a mapping file: what each gives, and whether that holds what it wants. */
#include "mapping/load.h"
#include "mapping/run.h"
#include "mapping/setting.h"
#include "mapping/subset.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_TESTS = 500, MAX_HEADERS = 32, MAX_WHY = 1000 };

/* clang-format off */
static const char *const source_keys[] = {
    "name", "in", "file", "headers", "settings", "now", "want", "matches", NULL};
static const char *const connector_keys[] = {
    "name", "field", "section", "message", "in", "file", "env", "event", "old", "remote", "settings",
    "want", "want_out", NULL};
/* clang-format on */
static const char *const sections[] = {"create", "find", "note", "links", "inbound", NULL};

struct run {
    const struct tcn_mapping *m;
    tcn_mapping_file_reader *read;
    void *ctx;
    struct tcn_buf *report;
    json_t *test;
    size_t failed;
};

static json_t *get(const struct run *r, const char *key)
{
    return json_object_get(r->test, key);
}

static const char *get_text(const struct run *r, const char *key)
{
    return json_string_value(get(r, key));
}

static void fail(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct run *r, const char *fmt, ...)
{
    char what[MAX_WHY + 200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    r->failed++;
    tcn_buf_fmt(r->report, "%s: test \"%s\": %s\n", r->m->file, get_text(r, "name"), what);
}

static void compare(struct run *r, json_t *want, json_t *got)
{
    struct tcn_buf why;

    tcn_buf_init(&why, MAX_WHY);
    if (!tcn_subset(want, got, &why))
        fail(r, "%s", tcn_buf_view(&why).ptr);
    tcn_buf_done(&why);
}

/* The body as bytes, so that tests meet the same parser as deliveries. *ret_owned is to be freed. */
static int body_text(struct run *r, char **ret_owned, struct tcn_str *ret)
{
    const char *file = get_text(r, "file");

    *ret_owned = NULL;
    if (!file) {
        *ret_owned = json_dumps(get(r, "in"), JSON_ENCODE_ANY | JSON_COMPACT);
        *ret = tcn_str(*ret_owned);
        return 0;
    }
    if (r->read && r->read(r->ctx, file, ret) == 0)
        return 0;
    fail(r, "there is no file \"%s\"", file);
    return TCN_ENOTFOUND;
}

static json_t *body_of(struct run *r, char **ret_owned, struct tcn_str *ret_raw)
{
    struct tcn_err err;
    json_t *body;

    if (body_text(r, ret_owned, ret_raw) < 0)
        return NULL;
    if (tcn_json_parse(*ret_raw, &tcn_json_source, &body, &err) == 0)
        return body;
    fail(r, "the body: %s", err.msg);
    return NULL;
}

static size_t headers_of(const struct run *r, struct tcn_mapping_header headers[MAX_HEADERS])
{
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach(get(r, "headers"), name, value)
    {
        if (n < MAX_HEADERS && json_is_string(value))
            headers[n++] =
                (struct tcn_mapping_header){tcn_str(name), tcn_str(json_string_value(value))};
    }
    return n;
}

static void compare_alarms(struct run *r, const struct tcn_mapping_input *in)
{
    struct tcn_alarm *alarms;
    struct tcn_arena arena;
    json_t *list = json_array(), *want = get(r, "want");
    size_t n;

    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    if (tcn_mapping_alarms(r->m, in, &arena, &alarms, &n, NULL) == 0)
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, tcn_alarm_json(&alarms[i]));
    if (json_is_array(want) && json_array_size(want) != json_array_size(list))
        fail(r, "wanted %zu alarms, are %zu", json_array_size(want), json_array_size(list));
    else
        compare(r, want, json_is_array(want) ? list : json_array_get(list, 0));
    json_decref(list);
    tcn_arena_done(&arena);
}

static void run_source(struct run *r)
{
    struct tcn_mapping_header headers[MAX_HEADERS];
    struct tcn_mapping_input in = {.source = r->m->name,
                                   .headers = headers,
                                   .settings = get(r, "settings"),
                                   .now_ms = json_integer_value(get(r, "now"))};
    bool wants_match = !json_is_false(get(r, "matches"));
    char *owned;

    in.n_headers = headers_of(r, headers);
    in.body = body_of(r, &owned, &in.raw);
    if (!in.body)
        return;
    if (tcn_mapping_matches(r->m, &in) != wants_match)
        fail(r, wants_match ? "the file does not match this body" : "the file matches this body");
    else if (wants_match && get(r, "want"))
        compare_alarms(r, &in);
    json_decref(in.body);
    free(owned);
}

static json_t *text_json(const char *text)
{
    return text ? json_string(text) : NULL;
}

static json_t *links_of(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                        struct tcn_arena *arena)
{
    return json_pack("{s:o*,s:o*}", "remote_url", text_json(tcn_mapping_remote_url(m, e, arena)),
                     "remote_key", text_json(tcn_mapping_remote_key(m, e, arena)));
}

static json_t *inbound_of(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                          struct tcn_arena *arena)
{
    struct tcn_mapping_input in = {.body = e->record, .settings = e->settings};
    struct tcn_mapping_inbound inbound;

    tcn_mapping_inbound(m, &in, arena, &inbound);
    return json_pack("{s:o*,s:o*,s:o*,s:b}", "remote_id", text_json(inbound.remote_id), "version",
                     text_json(inbound.version), "delivery_id", text_json(inbound.delivery_id),
                     "deleted", inbound.is_deleted);
}

static json_t *section_of(const struct tcn_mapping *m, const char *name,
                          const struct tcn_mapping_env *e, struct tcn_arena *arena)
{
    struct tcn_mapping_find found;

    if (strcmp(name, "create") == 0)
        return tcn_mapping_create(m, e);
    if (strcmp(name, "note") == 0)
        return text_json(tcn_mapping_note(m, e, arena));
    if (strcmp(name, "links") == 0)
        return links_of(m, e, arena);
    if (strcmp(name, "inbound") == 0)
        return inbound_of(m, e, arena);
    tcn_mapping_find(m, e, arena, &found);
    return text_json(found.value);
}

static json_t *read_field(const struct run *r, const char *field, const struct tcn_mapping_env *e)
{
    if (strcmp(field, "status") == 0)
        return text_json(tcn_mapping_status_local(r->m, e));
    return tcn_mapping_in(r->m, (size_t)tcn_mapping_field_find(r->m, field), e);
}

static json_t *write_field(const struct run *r, const char *field, const struct tcn_mapping_env *e)
{
    const char *local = json_string_value(json_object_get(e->env, "status"));

    if (strcmp(field, "status") == 0)
        return tcn_mapping_status_payload(r->m, local ? local : "OPEN", e);
    return tcn_mapping_out(r->m, (size_t)tcn_mapping_field_find(r->m, field), e);
}

static json_t *result_of(const struct run *r, const struct tcn_mapping_env *e,
                         struct tcn_arena *arena)
{
    const char *field = get_text(r, "field"), *section = get_text(r, "section");

    if (field)
        return get(r, "want_out") ? write_field(r, field, e) : read_field(r, field, e);
    if (section)
        return section_of(r->m, section, e, arena);
    return tcn_mapping_message(r->m, get_text(r, "message"), e);
}

static void run_connector(struct run *r)
{
    struct tcn_mapping_env e = {.env = get(r, "env"),
                                .event = get(r, "event"),
                                .old = get(r, "old"),
                                .remote = get(r, "remote"),
                                .settings = get(r, "settings")};
    bool has_record = get(r, "in") || get(r, "file");
    json_t *got, *want = get(r, "want_out") ? get(r, "want_out") : get(r, "want");
    struct tcn_arena arena;
    struct tcn_str raw;
    char *owned = NULL;

    if (has_record && !(e.record = body_of(r, &owned, &raw)))
        return;
    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    got = result_of(r, &e, &arena);
    compare(r, want, got);
    json_decref(got);
    tcn_arena_done(&arena);
    json_decref(e.record);
    free(owned);
}

int tcn_mapping_test(const struct tcn_mapping *m, tcn_mapping_file_reader *read, void *ctx,
                     struct tcn_buf *report, size_t *ret_run, size_t *ret_failed)
{
    struct run r = {.m = m, .read = read, .ctx = ctx, .report = report};
    json_t *tests = json_object_get(m->root, "tests");
    size_t i;

    json_array_foreach(tests, i, r.test)
    {
        size_t before = r.failed;

        if (m->kind == TCN_MAPPING_SOURCE)
            run_source(&r);
        else
            run_connector(&r);
        r.failed = r.failed > before ? before + 1 : before;
    }
    *ret_run = json_array_size(tests);
    *ret_failed = r.failed;
    return r.failed ? TCN_EINVALID : 0;
}

static void check_source(const struct tcn_node *n)
{
    if (!json_object_get(n->json, "in") && !json_object_get(n->json, "file"))
        tcn_node_problem(n, "needs \"in\" or \"file\"");
    if (!json_object_get(n->json, "want") && !json_object_get(n->json, "matches"))
        tcn_node_problem(n, "needs \"want\" or \"matches\", or it cannot fail");
}

static void check_connector(const struct tcn_compile *c, const struct tcn_node *n)
{
    const char *field = json_string_value(json_object_get(n->json, "field"));
    struct tcn_node at = tcn_node_member(n, "field");
    int section;

    tcn_node_choice(n, "section", TCN_OPTIONAL, sections, &section);
    if (!json_object_get(n->json, "want") && !json_object_get(n->json, "want_out"))
        tcn_node_problem(n, "needs \"want\" or \"want_out\", or it cannot fail");
    if (!field && !json_object_get(n->json, "section") &&
        !json_is_string(json_object_get(n->json, "message")))
        tcn_node_problem(n, "needs \"field\", \"section\" or \"message\"");
    if (field && strcmp(field, "status") != 0 && tcn_mapping_field_find(c->m, field) < 0)
        tcn_node_problem(&at, "there is no field \"%.60s\" in \"fields\"", field);
}

static void check_test(const struct tcn_compile *c, const struct tcn_node *n)
{
    const char *name;

    if (!json_is_object(n->json)) {
        tcn_node_problem(n, "must be an object: {\"name\": ..., \"in\": ..., \"want\": ...}");
        return;
    }
    tcn_node_text(n, "name", TCN_NEED, &name);
    tcn_load_check_test_settings(c->m, n);
    if (c->m->kind == TCN_MAPPING_SOURCE) {
        tcn_node_only(n, source_keys);
        check_source(n);
    } else {
        tcn_node_only(n, connector_keys);
        check_connector(c, n);
    }
}

void tcn_load_check_tests(struct tcn_compile *c, const struct tcn_node *root)
{
    struct tcn_node tests;

    if (tcn_node_array(root, "tests", TCN_OPTIONAL, &tests) < 0)
        return;
    if (json_array_size(tests.json) > MAX_TESTS)
        tcn_node_problem(&tests, "has more than %d tests", MAX_TESTS);
    for (size_t i = 0; i < json_array_size(tests.json) && i < MAX_TESTS; i++) {
        struct tcn_node n = tcn_node_item(&tests, i);

        check_test(c, &n);
    }
}
