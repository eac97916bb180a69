/* Whatever a body or a mapping holds, nothing crashes, every text is UTF-8 and every limit holds. */
#include "fixture.h"

enum { ROUNDS = 400, MAX_LEVELS = 6 };

static uint64_t seed;

static uint32_t pick(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % n;
}

#define ALARM_TEXT                                                                                 \
    "{\"NewStateValue\":\"ALARM\",\"AlarmName\":\"x\",\"Trigger\":{\"Dimensions\":[{\"name\":"     \
    "\"a\"}]}}"

/* Names and words that the shipped mappings look at, so that random trees reach their corners. */
static const char *const words[] = {"status",
                                    "firing",
                                    "resolved",
                                    "alerts",
                                    "labels",
                                    "annotations",
                                    "severity",
                                    "critical",
                                    "startsAt",
                                    "endsAt",
                                    "fingerprint",
                                    "groupKey",
                                    "commonLabels",
                                    "commonAnnotations",
                                    "truncatedAlerts",
                                    "version",
                                    "4",
                                    "Message",
                                    "Type",
                                    "Notification",
                                    ALARM_TEXT,
                                    "detail",
                                    "detail-type",
                                    "CloudWatch Alarm State Change",
                                    "aws.cloudwatch",
                                    "source",
                                    "resources",
                                    "arn:aws:cloudwatch:eu-west-1:1:alarm:a",
                                    "state",
                                    "value",
                                    "timestamp",
                                    "2026-03-01T10:00:00.000+0000",
                                    "0001-01-01T00:00:00Z",
                                    "configuration",
                                    "metrics",
                                    "dimensions",
                                    "aws.health",
                                    "eventArn",
                                    "",
                                    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5",
                                    "key",
                                    "Key",
                                    "Value",
                                    "name",
                                    "summary",
                                    "alertname",
                                    "operation",
                                    "delete",
                                    "resolve"};

static json_t *random_tree(unsigned levels);

static json_t *random_list(unsigned levels)
{
    json_t *list = json_array();

    for (uint32_t n = pick(5); n > 0; n--)
        json_array_append_new(list, random_tree(levels - 1));
    return list;
}

static json_t *random_map(unsigned levels)
{
    json_t *map = json_object();

    for (uint32_t n = pick(9); n > 0; n--)
        json_object_set_new(map, words[pick(ARRAY_LEN(words))], random_tree(levels - 1));
    return map;
}

static json_t *random_tree(unsigned levels)
{
    switch (levels ? pick(9) : pick(5)) {
    case 0:
        return json_null();
    case 1:
        return json_boolean(pick(2));
    case 2:
        return json_integer((json_int_t)pick(1000) - 500);
    case 3:
        return json_real((double)pick(1000) / 7);
    case 4:
        return json_string(words[pick(ARRAY_LEN(words))]);
    case 5:
    case 6:
        return random_list(levels);
    default:
        return random_map(levels);
    }
}

static void check_text(const char *text, size_t max_points)
{
    if (!text)
        return;
    assert_true(tcn_utf8_ok(tcn_str(text)));
    assert_true(tcn_utf8_count(tcn_str(text)) <= max_points);
}

static void check_alarm(const struct tcn_alarm *a)
{
    json_t *json;

    assert_non_null(a->dedupe_key);
    check_text(a->dedupe_key, TCN_DEDUPE_MAX);
    check_text(a->title, TCN_TITLE_MAX);
    check_text(a->summary, TCN_SUMMARY_MAX);
    assert_in_range(a->action, TCN_ACTION_FIRE, TCN_ACTION_IGNORE);
    assert_in_range(a->impact, 0, 5);
    assert_true(a->n_items <= TCN_ITEMS_MAX && a->n_tags <= TCN_TAGS_MAX &&
                a->n_related <= TCN_RELATED_MAX && a->n_resources <= TCN_RELATED_MAX);
    for (size_t i = 0; i < a->n_items; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(a->items[i].key, a->items[k].key);
    json = tcn_alarm_json(a);
    assert_non_null(json_object_get(json, "dedupe_key"));
    json_decref(json);
}

static void run_source(const struct tcn_mapping *m, json_t *body, json_t *settings)
{
    struct tcn_mapping_input in = {
        .source = "t", .body = body, .settings = settings, .raw = TCN_STR("raw")};
    struct tcn_alarm *alarms;
    struct tcn_arena arena;
    struct tcn_buf out;
    size_t n;
    int wanted = tcn_mapping_matches(m, &in) ? 0 : TCN_ENOTFOUND;

    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    assert_int_equal(tcn_mapping_alarms(m, &in, &arena, &alarms, &n, NULL), wanted);
    for (size_t i = 0; i < n; i++)
        check_alarm(&alarms[i]);
    tcn_buf_init(&out, 100000);
    (void)tcn_mapping_explain(m, &in, &out);
    tcn_buf_done(&out);
    tcn_arena_done(&arena);
}

static struct tcn_mapping *load_shipped(const char *name)
{
    struct tcn_problems problems;
    struct tcn_mapping *m = NULL;
    struct tcn_str text;

    tcn_problems_init(&problems);
    assert_int_equal(tcn_mapping_builtin(shipped(), name, &text), 0);
    if (tcn_mapping_load(name, text, lookup(), &problems, &m) < 0)
        fail_msg("%s", tcn_buf_view(&problems.text).ptr);
    tcn_problems_done(&problems);
    return m;
}

static void random_bodies(void **state)
{
    static const char *const names[] = {"builtin/alertmanager", "builtin/cloudwatch-sns",
                                        "builtin/eventbridge"};

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct tcn_mapping *m = load_shipped(names[i]);

        for (int round = 0; round < ROUNDS; round++) {
            json_t *body = random_map(MAX_LEVELS), *settings = random_map(2);

            if (pick(3) == 0)
                json_object_set_new(settings, "identity", json_string("alert"));
            run_source(m, body, settings);
            json_decref(body);
            json_decref(settings);
        }
        tcn_mapping_free(m);
    }
}

static void random_records(void **state)
{
    static const char *const names[] = {"builtin/servicenow", "builtin/jira", "builtin/pagerduty",
                                        "builtin/smtp", "builtin/webhook"};
    static const char *const locals[] = {"OPEN", "ACKED", "RESOLVED", "ODD"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct tcn_mapping *m = load_shipped(names[i]);

        for (int round = 0; round < ROUNDS; round++) {
            struct tcn_mapping_env e = {.env = random_map(4),
                                        .record = random_map(5),
                                        .event = random_map(3),
                                        .settings = random_map(2)};
            struct tcn_arena arena;
            struct tcn_mapping_find found;

            tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
            json_decref(tcn_mapping_create(m, &e));
            for (size_t f = 0; f < tcn_mapping_field_count(m); f++) {
                json_t *in = tcn_mapping_in(m, f, &e), *out = tcn_mapping_out(m, f, &e);
                json_t *again = tcn_mapping_canonical(tcn_mapping_field(m, f)->name, in);

                /* canonical once is canonical for good */
                assert_true(in == again || json_equal(in, again));
                assert_true(tcn_mapping_same(m, f, in, in, &e));
                json_decref(in);
                json_decref(out);
                json_decref(again);
            }
            (void)tcn_mapping_status_local(m, &e);
            json_decref(tcn_mapping_status_payload(m, locals[pick(4)], &e));
            tcn_mapping_find(m, &e, &arena, &found);
            (void)tcn_mapping_note(m, &e, &arena);
            (void)tcn_mapping_remote_url(m, &e, &arena);
            json_decref(tcn_mapping_message(m, "page", &e));
            tcn_arena_done(&arena);
            json_decref(e.env);
            json_decref(e.record);
            json_decref(e.event);
            json_decref(e.settings);
        }
        tcn_mapping_free(m);
    }
}

/* Shipped files with members replaced, dropped and swapped: refused or loaded, and then run. */
static void mutate(json_t *node, unsigned levels)
{
    const char *key;
    json_t *value;
    void *safe;

    if (levels == 0)
        return;
    for (size_t i = 0; i < json_array_size(node); i++) {
        if (pick(60) == 0)
            json_array_set_new(node, i, random_tree(2));
        else
            mutate(json_array_get(node, i), levels - 1);
    }
    json_object_foreach_safe(node, safe, key, value)
    {
        if (pick(60) == 0)
            json_object_set_new(node, key, random_tree(2));
        else if (pick(120) == 0)
            json_object_del(node, key);
        else
            mutate(value, levels - 1);
    }
}

static void random_files(void **state)
{
    static const char *const names[] = {"sources/alertmanager", "sources/eventbridge",
                                        "connectors/servicenow", "connectors/jira"};
    size_t loaded = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct tcn_problems problems;
        struct tcn_mapping *m = NULL;
        struct tcn_str text;
        json_t *file;
        char *mutated;

        assert_int_equal(tcn_mapping_builtin(shipped(), names[round % 4], &text), 0);
        file = json_loadb(text.ptr, text.len, 0, NULL);
        json_object_del(file, "tests");
        mutate(file, 20);
        mutated = json_dumps(file, JSON_INDENT(1));
        tcn_problems_init(&problems);
        if (tcn_mapping_load("m", tcn_str(mutated), lookup(), &problems, &m) == 0) {
            loaded++;
            if (tcn_mapping_kind(m) == TCN_MAPPING_SOURCE) {
                json_t *body = random_map(MAX_LEVELS);

                run_source(m, body, NULL);
                json_decref(body);
            }
        } else {
            assert_true(problems.n > 0);
        }
        tcn_mapping_free(m);
        tcn_problems_done(&problems);
        free(mutated);
        json_decref(file);
    }
    print_message("%zu of %d mutated files load\n", loaded, ROUNDS);
    assert_true(loaded > 0);
}

int main(void)
{
    const char *given = getenv("TOCSIN_SEED");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bodies),
        cmocka_unit_test(random_records),
        cmocka_unit_test(random_files),
    };

    seed = given ? strtoull(given, NULL, 10) : 20260802;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
