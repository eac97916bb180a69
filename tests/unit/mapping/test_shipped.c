/* The mapping files in the binary: their own tests, and goldens of whole alarms. TOCSIN_BLESS=1 writes the goldens
 * anew: read the diff. With TOCSIN_SAMPLES, the sample deliveries of that folder are mapped and compared too. */
#include "fixture.h"

#include <unistd.h>

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

static bool is_mapping(const char *name)
{
    return strncmp(name, "fixtures/", 9) != 0;
}

static void own_tests(void **state)
{
    size_t files = 0;

    (void)state;
    for (const struct tcn_embedded *f = tcn_shipped_mappings; f->name; f++) {
        struct tcn_mapping *m;
        struct tcn_buf report;
        size_t n = 0, failed = 0;
        char name[200];

        if (!is_mapping(f->name))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(strlen(f->name) - strlen(".json")), f->name);
        m = load_shipped(name);
        tcn_buf_init(&report, 100000);
        if (tcn_mapping_test(m, tcn_mapping_builtin_file, shipped(), &report, &n, &failed) < 0)
            fail_msg("%s", tcn_buf_view(&report).ptr);
        assert_true(n >= 3);
        tcn_buf_done(&report);
        tcn_mapping_free(m);
        files++;
    }
    assert_true(files >= 10);
}

/* The alarms of a body, as one JSON array. */
static json_t *alarms_of(const char *mapping, struct tcn_str raw)
{
    struct tcn_mapping *m = load_shipped(mapping);
    struct tcn_mapping_input in = {.source = "golden", .raw = raw};
    json_t *list = json_array();
    struct tcn_alarm *alarms;
    struct tcn_arena arena;
    size_t n = 0;

    assert_int_equal(tcn_json_parse(raw, &tcn_json_source, &in.body, NULL), 0);
    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    if (tcn_mapping_matches(m, &in))
        assert_int_equal(tcn_mapping_alarms(m, &in, &arena, &alarms, &n, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        json_t *json = tcn_alarm_json(&alarms[i]);

        assert_null(json_object_get(json, "mapping_error"));
        json_array_append_new(list, json);
    }
    tcn_arena_done(&arena);
    json_decref(in.body);
    tcn_mapping_free(m);
    return list;
}

/* Takes got. */
static void compare_golden(const char *name, json_t *got)
{
    char path[400], *text;
    json_t *want;

    snprintf(path, sizeof path, "%s/golden/%s", TEST_DATA, name);
    if (getenv("TOCSIN_BLESS"))
        assert_int_equal(json_dump_file(got, path, JSON_INDENT(2)), 0);
    want = json_load_file(path, 0, NULL);
    if (!want)
        fail_msg("%s is missing or no JSON", path);
    text = json_dumps(got, JSON_INDENT(2));
    if (!json_equal(want, got))
        fail_msg("%s differs; is now:\n%s", path, text);
    free(text);
    json_decref(want);
    json_decref(got);
}

static void goldens(void **state)
{
    static const struct {
        const char *mapping, *fixture;
    } cases[] = {
        {"builtin/alertmanager", "alertmanager-group.json"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-alarm.json"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-composite.json"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-math.json"},
        {"builtin/datadog", "datadog-triggered.json"},
        {"builtin/eventbridge", "eventbridge-alarm.json"},
        {"builtin/eventbridge", "eventbridge-composite.json"},
        {"builtin/eventbridge", "eventbridge-health.json"},
        {"builtin/eventbridge", "eventbridge-math.json"},
        {"builtin/grafana", "grafana-group.json"},
        {"builtin/zabbix", "zabbix-problem.json"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tcn_str raw;

        assert_int_equal(tcn_mapping_builtin_file(shipped(), cases[i].fixture, &raw), 0);
        compare_golden(cases[i].fixture, alarms_of(cases[i].mapping, raw));
    }
}

/* One alarm that comes by SNS and by EventBridge is one alarm: key, clock and texts agree, so the second delivery
 * changes nothing. */
static void two_ways_one_alarm(void **state)
{
    static const char *const kinds[] = {"alarm", "composite", "math"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char name[100];
        struct tcn_str sns, bus;
        json_t *a, *b;

        snprintf(name, sizeof name, "cloudwatch-sns-%s.json", kinds[i]);
        assert_int_equal(tcn_mapping_builtin_file(shipped(), name, &sns), 0);
        snprintf(name, sizeof name, "eventbridge-%s.json", kinds[i]);
        assert_int_equal(tcn_mapping_builtin_file(shipped(), name, &bus), 0);
        a = alarms_of("builtin/cloudwatch-sns", sns);
        b = alarms_of("builtin/eventbridge", bus);
        assert_int_equal(json_array_size(a), 1);
        if (!json_equal(a, b))
            fail_msg("the two ways of %s differ", kinds[i]);
        json_decref(a);
        json_decref(b);
    }
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text;
    size_t n;

    if (!f)
        return NULL;
    text = malloc(1000001);
    n = fread(text, 1, 1000000, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void samples(void **state)
{
    static const struct {
        const char *mapping, *name;
    } cases[] = {
        {"builtin/alertmanager", "alertmanager-empty-group-by"},
        {"builtin/alertmanager", "alertmanager-firing"},
        {"builtin/alertmanager", "alertmanager-resolved"},
        {"builtin/alertmanager", "alertmanager-truncated"},
        {"builtin/alertmanager", "alertmanager-watchdog"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-anomaly-alarm"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-composite-alarm"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-insufficient-data"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-metric-alarm"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-metric-math"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-metric-ok"},
        {"builtin/cloudwatch-sns", "cloudwatch-sns-ok-from-insufficient-data"},
        {"builtin/cloudwatch-sns", "sns-notification-plain-text"},
        {"builtin/cloudwatch-sns", "sns-raw-delivery-body"},
        {"builtin/cloudwatch-sns", "sns-signed-v1-notification"},
        {"builtin/cloudwatch-sns", "sns-signed-v2-notification"},
        {"builtin/cloudwatch-sns", "sns-signed-v2-notification-no-subject"},
        {"builtin/cloudwatch-sns", "sns-subscription-confirmation"},
        {"builtin/cloudwatch-sns", "sns-unsubscribe-confirmation"},
        {"builtin/eventbridge", "eventbridge-alarm-metric-math"},
        {"builtin/eventbridge", "eventbridge-alarm-ok"},
        {"builtin/eventbridge", "eventbridge-alarm-single-metric"},
        {"builtin/eventbridge", "eventbridge-custom-event"},
        {"builtin/eventbridge", "eventbridge-health-event"},
        {"builtin/datadog", "datadog-triggered"},
        {"builtin/grafana", "grafana-firing"},
        {"builtin/grafana", "grafana-resolved"},
        {"builtin/zabbix", "zabbix-problem"},
        {"builtin/zabbix", "zabbix-resolved"},
    };
    const char *folder = getenv("TOCSIN_SAMPLES");

    (void)state;
    if (!folder) {
        print_message("TOCSIN_SAMPLES is not set: samples are not mapped\n");
        skip();
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[400], golden[200], *text;

        snprintf(path, sizeof path, "%s/%s.json", folder, cases[i].name);
        if (!(text = read_file(path)))
            fail_msg("%s cannot be read", path);
        snprintf(golden, sizeof golden, "sample-%s.json", cases[i].name);
        compare_golden(golden, alarms_of(cases[i].mapping, tcn_str(text)));
        free(text);
    }
}

/* PagerDuty is a pager, so that an incident that was short has been paged there all the same. */
static void short_incidents(void **state)
{
    static const struct {
        const char *name, *word;
    } cases[] = {{"connectors/pagerduty", "create"},
                 {"connectors/jira", NULL},
                 {"connectors/servicenow", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_mapping *m = load_shipped(cases[i].name);
        const char *word =
            json_string_value(json_object_get(tcn_mapping_settings(m), "short_lived"));

        assert_true(cases[i].word ? word && strcmp(word, cases[i].word) == 0 : word == NULL);
        tcn_mapping_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_tests),          cmocka_unit_test(goldens),
        cmocka_unit_test(two_ways_one_alarm), cmocka_unit_test(samples),
        cmocka_unit_test(short_incidents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
