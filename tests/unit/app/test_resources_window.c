/* Maintenance windows and heartbeats of the configuration. One mistake is one line, at its own place. */
#include "app/config_heartbeats.h"
#include "resources_world.h"

#define WINDOW(name, match, zone, rest)                                                            \
    "{\"name\":\"" name "\",\"owner\":\"ana\",\"match\":" match ",\"time_zone\":\"" zone           \
    "\"," rest ",\"until\":\"2027-01-01T00:00:00Z\"}"
#define REST "\"start\":\"02:00\",\"duration\":\"2h\""
#define DB "{\"service\":[\"db-*\",\"cache\"]}"
#define OSLO "Europe/Oslo"
#define WINDOWS(list) "{\"maintenance_windows\":[" list "]}"

static void windows_are_read(void **state)
{
    const struct tcn_window *w;
    struct resources f;

    (void)state;
    read_good_resources(&f, WINDOWS(WINDOW("a", DB, OSLO, REST) "," WINDOW(
                                "b", "{\"source\":\"*\"}", "UTC", REST ",\"days\":[\"SUN\"]")));
    assert_int_equal(f.dir.n_windows, 2);
    w = f.dir.windows;
    assert_string_equal(w[0].name, "a");
    assert_string_equal(w[0].owner, "ana");
    assert_string_equal(w[0].match.items[0].values[1], "cache");
    assert_int_equal(w[0].start.hour, 2);
    assert_int_equal(w[0].duration_ms, 7200000);
    assert_int_equal(w[0].until_ms, INT64_C(1798761600000));
    assert_true(w[0].days[0] && w[0].days[6]);
    assert_true(!w[1].days[0] && w[1].days[6]);
    release_resources(&f);
}

static void mistakes_in_windows(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {WINDOWS(WINDOW("a b", DB, OSLO, REST)), "[0].name: name a window with 1-64"},
        {WINDOWS(WINDOW("a", "{}", OSLO, REST)), "[0].match: must name something"},
        {WINDOWS(WINDOW("a", "[]", OSLO, REST)), "[0].match: must be an object of names"},
        {WINDOWS(WINDOW("a", "{\"x\":[]}", OSLO, REST)),
         "[0].match.x: must be a text, or a list of 1 to 20 texts"},
        {WINDOWS(WINDOW("a", "{\"x\":[\"\"]}", OSLO, REST)),
         "[0].match.x: must be a text of 1 to 256 bytes"},
        {WINDOWS(WINDOW("a", DB, "Europe/Osl", REST)), "Europe/Oslo"},
        {WINDOWS(WINDOW("a", DB, OSLO, "\"start\":\"24:00\",\"duration\":\"2h\"")),
         "[0].start: \"24:00\" is no time of day"},
        {WINDOWS(WINDOW("a", DB, OSLO, "\"start\":\"2:00\",\"duration\":\"2h\"")),
         "[0].start: \"2:00\" is no time of day"},
        {WINDOWS(WINDOW("a", DB, OSLO, "\"start\":\"02:00\",\"duration\":\"8d\"")),
         "[0].duration: is out of range; use 1m to 7d"},
        {WINDOWS(WINDOW("a", DB, OSLO, REST ",\"days\":[\"SUNDAY\"]")),
         "[0].days[0]: \"SUNDAY\" is no day"},
        {WINDOWS(WINDOW("a", DB, OSLO, REST ",\"days\":[]")), "[0].days: name 1 to 7 days"},
        {WINDOWS(WINDOW("a", DB, OSLO, REST ",\"dayz\":[]")), "dayz"},
        {WINDOWS(WINDOW("a", DB, OSLO, REST) "," WINDOW("a", DB, OSLO, REST)), "[1].name"},
        {WINDOWS("{\"name\":\"a\",\"owner\":\"b\",\"match\":" DB ",\"time_zone\":\"UTC\"," REST
                 "}"),
         "until"},
        {WINDOWS("{\"name\":\"a\",\"owner\":\"b\",\"match\":" DB ",\"time_zone\":\"UTC\"," REST
                 ",\"until\":\"never\"}"),
         "[0].until: \"never\" is no time"},
    };
    static const struct tcn_connector_names none = {NULL, NULL, NULL, NULL};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct resources f;

        read_resources(&f, rows[i].text, &none);
        if (f.r == 0 || !strstr(f.problems.text.ptr, rows[i].says) || f.problems.n != 1)
            fail_msg("%zu: %s", i, f.problems.text.ptr);
        release_resources(&f);
    }
}

/* -- heartbeats ------------------------------------------------------------------------------------------------- */

struct source {
    struct tcn_arena arena;
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_source_policy policy;
    int r;
};

static void read_source(struct source *f, const char *text)
{
    struct tcn_node root;

    memset(f, 0, sizeof *f);
    tcn_arena_init(&f->arena, 1u << 20);
    tcn_problems_init(&f->problems);
    assert_int_equal(tcn_doc_parse(&f->doc, "t.json", tcn_str(text), &f->problems), 0);
    root = tcn_node_root(&f->doc);
    f->r = tcn_config_heartbeats(&root, &f->arena, &f->policy);
}

static void release_source(struct source *f)
{
    tcn_doc_done(&f->doc);
    tcn_problems_done(&f->problems);
    tcn_arena_done(&f->arena);
}

static void heartbeats_are_read(void **state)
{
    const struct tcn_heartbeat *h;
    struct source f;

    (void)state;
    read_source(&f, "{\"heartbeats\":[{\"name\":\"w\",\"match\":{\"alertname\":\"Watchdog\"},"
                    "\"missing_after\":\"10m\",\"impact\":1,\"title\":\"Gone\"},"
                    "{\"name\":\"any\",\"missing_after\":\"10s\"}]}");
    assert_string_equal(f.problems.text.ptr, "");
    assert_int_equal(f.r, 0);
    assert_int_equal(f.policy.n_heartbeats, 2);
    h = f.policy.heartbeats;
    assert_string_equal(h[0].title, "Gone");
    assert_int_equal(h[0].impact, 1);
    assert_int_equal(h[0].missing_after_ms, 600000);
    assert_int_equal(h[0].match.n, 1);
    assert_int_equal(h[1].match.n, 0);
    release_source(&f);
}

static void mistakes_in_heartbeats(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{\"name\":\"W\",\"missing_after\":\"10m\"}", "[0].name: name a heartbeat with 1-64"},
        {"{\"name\":\"w\",\"missing_after\":\"9s\"}", "[0].missing_after: is out of range"},
        {"{\"name\":\"w\"}", "missing_after"},
        {"{\"name\":\"w\",\"missing_after\":\"1m\",\"match\":{}}",
         "[0].match: must name something"},
        {"{\"name\":\"w\",\"missing_after\":\"1m\",\"impact\":6}", "[0].impact"},
        {"{\"name\":\"w\",\"missing_after\":\"1m\"},{\"name\":\"w\",\"missing_after\":\"1m\"}",
         "[1].name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        struct source f;

        snprintf(text, sizeof text, "{\"heartbeats\":[%s]}", rows[i].text);
        read_source(&f, text);
        if (f.r == 0 || !strstr(f.problems.text.ptr, rows[i].says) || f.problems.n != 1)
            fail_msg("%zu: %s", i, f.problems.text.ptr);
        release_source(&f);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_read),
        cmocka_unit_test(mistakes_in_windows),
        cmocka_unit_test(heartbeats_are_read),
        cmocka_unit_test(mistakes_in_heartbeats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
