/* From a delivery to alarms: typed members, what is left out and told, bounds, and that nothing is lost. */
#include "fixture.h"

#include "base/text.h"

struct outcome {
    struct tcn_mapping *m;
    struct tcn_arena arena;
    struct tcn_mapping_counts counts;
    bool matches;
    struct tcn_alarm *alarms;
    size_t n;
    struct tcn_mapping_input in;
    char *raw;
};

static void run_in(struct outcome *o, const char *file, json_t *body, size_t arena_bytes)
{
    struct tcn_err err;
    int r;

    memset(o, 0, sizeof *o);
    o->m = must_load(file);
    o->raw = json_dumps(body, JSON_COMPACT);
    o->in = (struct tcn_mapping_input){.source = "web",
                                       .delivery_id = "d1",
                                       .body = body,
                                       .raw = tcn_str(o->raw),
                                       .counts = &o->counts};
    tcn_arena_init(&o->arena, arena_bytes);
    r = tcn_mapping_alarms(o->m, &o->in, &o->arena, &o->alarms, &o->n, &err);
    o->matches = r == 0;
    if (r < 0 && r != TCN_ENOTFOUND)
        fail_msg("%s", err.msg);
}

static void run(struct outcome *o, const char *file, const char *body)
{
    run_in(o, file, parse_json(body), TCN_MAPPING_ARENA_BYTES);
}

/* The body goes first: an alarm borrows nothing from it. */
static void drop_body(struct outcome *o)
{
    json_decref(o->in.body);
    memset(o->raw, 'x', strlen(o->raw));
    tcn_mapping_free(o->m);
    o->m = NULL;
}

static void done(struct outcome *o)
{
    if (o->m)
        drop_body(o);
    free(o->raw);
    tcn_arena_done(&o->arena);
}

#define FILE_OF(event)                                                                             \
    "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"event\": {" event "}}"

static void all_members(void **state)
{
    static const char file[] =
        FILE_OF("\"dedupe_key\": \"{{k}}\", \"action\": \"{{a}}\", \"state\": {\"raw\": \"{{s}}\", "
                "\"since\": {\"time\": {\"path\": \"at\"}}},"
                "\"title\": \"{{t}}\", \"summary\": \"{{t}}!\", \"impact\": \"{{i}}\", \"tags\": "
                "{\"path\": \"tags\"},"
                "\"resources\": {\"path\": \"res\"}, \"truncated\": {\"path\": \"cut\"},"
                "\"items\": {\"each\": {\"path\": \"items\"}, \"as\": \"x\", \"value\": {\"key\": "
                "\"{{x.k}}\", \"title\": \"T{{x.k}}\", \"status\": \"{{x.s}}\","
                " \"since\": {\"path\": \"x.at\"}, \"links\": [\"http://l/{{x.k}}\"]}},"
                "\"related\": [{\"kind\": \"runbook\", \"title\": \"R\", \"value\": \"http://r\"}, "
                "{\"value\": \"http://u\"}, {\"kind\": \"url\", \"value\": {\"path\": \"no\"}}]");
    struct outcome o;
    const struct tcn_alarm *a;

    (void)state;
    run(&o, file,
        "{\"k\": \"key\", \"a\": \"resolve\", \"s\": \"ok\", \"at\": \"2026-03-01T10:00:00Z\", "
        "\"t\": \"  a\\nb  \", \"i\": \"3\","
        " \"tags\": {\"x\": 1, \"y\": null, \"w\": \"v\"}, \"res\": [\"arn:a\", \"b\", "
        "\"arn:a\", 7], \"cut\": 2,"
        " \"items\": [{\"k\": \"1\", \"s\": \"firing\", \"at\": \"2026-03-01T09:00:00Z\"}, {\"k\": "
        "\"2\", \"s\": \"resolved\"}, {\"k\": \"3\"}, {\"k\": \"1\", \"s\": \"resolved\"}]}");
    drop_body(&o);
    assert_int_equal(o.n, 1);
    a = &o.alarms[0];
    assert_null(a->mapping_error);
    assert_string_equal(a->source, "web");
    assert_string_equal(a->delivery_id, "d1");
    assert_string_equal(a->dedupe_key, "key");
    assert_int_equal(a->action, TCN_ACTION_RESOLVE);
    assert_string_equal(a->state, "ok");
    assert_int_equal(a->clock_ms, INT64_C(1772359200000));
    assert_string_equal(a->title, "a b");
    assert_string_equal(a->summary, "  a\nb  !");
    assert_int_equal(a->impact, 3);
    assert_int_equal(a->n_tags, 2);
    assert_string_equal(a->tags[0].key, "x");
    assert_string_equal(a->tags[0].value, "1");
    assert_string_equal(a->tags[1].value, "v");
    assert_int_equal(a->n_resources, 3);
    assert_string_equal(a->resources[2], "7");
    assert_string_equal(a->trigger_arn, "arn:a");
    assert_true(a->is_truncated);
    assert_true(a->is_group);
    assert_int_equal(a->n_items, 3);
    assert_int_equal(a->items[0].status, TCN_ITEM_RESOLVED); /* the last word on key 1 */
    assert_int_equal(a->items[1].status, TCN_ITEM_RESOLVED);
    assert_int_equal(a->items[2].status, TCN_ITEM_UNSET);
    assert_string_equal(a->items[2].title, "T3");
    assert_int_equal(a->n_related, 5);
    assert_string_equal(a->related[0].kind, "runbook");
    assert_string_equal(a->related[1].kind, "url");
    assert_null(a->related[1].title);
    assert_string_equal(a->related[2].value, "http://l/1");
    assert_string_equal(a->raw.ptr + a->raw.len - 1, "}");
    done(&o);
}

static void tag_shapes(void **state)
{
    struct outcome o;

    (void)state;
    run(&o, FILE_OF("\"dedupe_key\": \"k\", \"tags\": {\"path\": \"t\"}"),
        "{\"t\": [{\"Key\": \"a\", \"Value\": \"1\"}, {\"name\": \"b\", \"value\": 2}, \"c:3:4\", "
        "\"bare\", {\"Key\": \"a\", \"Value\": \"again\"}, 5]}");
    assert_null(o.alarms[0].mapping_error);
    assert_int_equal(o.alarms[0].n_tags, 3);
    assert_string_equal(o.alarms[0].tags[0].value, "1");
    assert_string_equal(o.alarms[0].tags[1].value, "2");
    assert_string_equal(o.alarms[0].tags[2].value, "3:4");
    done(&o);
}

/* Of a sender without a clock: no error, and no time. */
static void times_that_are_none(void **state)
{
    static const struct {
        const char *body;
        bool is_told;
    } cases[] = {
        {"{\"x\": \"0001-01-01T00:00:00Z\"}", false},
        {"{\"x\": \"1969-12-31T23:59:59Z\"}", false},
        {"{\"x\": \"1999-12-31T23:59:59Z\"}", false},
        {"{\"x\": \"2000-01-01T00:00:00Z\"}", true},
    };
    static const char *const events[] = {
        "\"state\": {\"since\": \"{{x}}\"}",
        "\"state\": {\"since\": {\"time\": {\"path\": \"x\"}}}",
        "\"items\": [{\"key\": \"k\", \"since\": \"{{x}}\", \"ended\": \"{{x}}\"}]",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(events); i++) {
        bool is_told = cases[i / ARRAY_LEN(events)].is_told;
        const struct tcn_alarm *a;
        char file[500];
        struct outcome o;

        snprintf(file, sizeof file, FILE_OF("\"dedupe_key\": \"k\", %s"),
                 events[i % ARRAY_LEN(events)]);
        run(&o, file, cases[i / ARRAY_LEN(events)].body);
        a = &o.alarms[0];
        assert_null(a->mapping_error);
        assert_int_equal(a->n_items > 0 ? a->items[0].since_ms : a->clock_ms,
                         is_told ? TCN_CLOCK_FIRST_MS : 0);
        assert_int_equal(a->n_items > 0 && is_told ? a->items[0].ended_ms : TCN_CLOCK_FIRST_MS,
                         TCN_CLOCK_FIRST_MS);
        done(&o);
    }
}

/* A wrong value costs its field, never the alarm, and the first is told with its place. */
static void wrong_values(void **state)
{
    static const struct {
        const char *event, *body, *error;
    } cases[] = {
        {"\"impact\": \"{{x}}\"", "{\"x\": \"high\"}",
         "$.event.impact: gives no whole number of 1 to 5: \"high\""},
        {"\"action\": \"{{x}}\"", "{\"x\": \"explode\"}",
         "$.event.action: gives no fire, resolve, update or ignore"},
        {"\"state\": {\"since\": \"{{x}}\"}", "{\"x\": \"now\"}",
         "$.event.state.since: is no RFC 3339 time"},
        {"\"state\": {\"since\": \"{{x}}\"}", "{\"x\": 5}",
         "$.event.state.since: is no RFC 3339 time"},
        {"\"tags\": \"{{x}}\"", "{\"x\": 5}", "$.event.tags: gives no object of tags: 5"},
        {"\"tags\": \"{{x}}\"", "{\"x\": {\"z\": [1]}}",
         "$.event.tags: gives a tag that is no text: a list"},
        {"\"items\": \"{{x}}\"", "{\"x\": {\"a\": 1}}", "$.event.items: gives no list"},
        {"\"related\": \"{{x}}\"", "{\"x\": 5}", "$.event.related: gives no list"},
        {"\"related\": [{\"kind\": \"{{x}}\", \"value\": \"v\"}]", "{\"x\": \"odd\"}",
         "$.event.related: gives a kind that is not"},
        {"\"truncated\": \"{{x}}\"", "{\"x\": \"maybe\"}", "$.event.truncated: gives neither true"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char file[500];
        struct outcome o;

        snprintf(file, sizeof file, FILE_OF("\"dedupe_key\": \"k\", \"title\": \"kept\", %s"),
                 cases[i].event);
        run(&o, file, cases[i].body);
        assert_int_equal(o.n, 1);
        assert_string_equal(o.alarms[0].dedupe_key, "k");
        assert_string_equal(o.alarms[0].title, "kept");
        assert_int_equal(o.alarms[0].action, TCN_ACTION_FIRE);
        assert_non_null(o.alarms[0].mapping_error);
        if (strncmp(o.alarms[0].mapping_error, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("%s", o.alarms[0].mapping_error);
        done(&o);
    }
}

static void without_a_key(void **state)
{
    struct outcome o;
    char hex[65], want[80];

    (void)state;
    run(&o, FILE_OF("\"dedupe_key\": \"{{no}}\", \"action\": \"ignore\""), "{\"a\": 1}");
    tcn_sha256_hex(o.in.raw, hex);
    snprintf(want, sizeof want, "web:%s", hex);
    assert_int_equal(o.n, 1);
    assert_string_equal(o.alarms[0].dedupe_key, want);
    assert_string_equal(o.alarms[0].title, "Unreadable alarm from web");
    assert_string_equal(o.alarms[0].mapping_error,
                        "$.event.dedupe_key: nothing is there to name the alarm");
    assert_int_equal(o.alarms[0].action, TCN_ACTION_IGNORE);
    done(&o);

    run(&o,
        FILE_OF("\"dedupe_key\": {\"path\": \"no\"}, \"title\": \"known\", \"summary\": {\"json\": "
                "{\"path\": \"j\"}}"),
        "{\"j\": \"{\"}");
    assert_string_equal(o.alarms[0].title, "known");
    assert_int_equal(o.alarms[0].action, TCN_ACTION_FIRE);
    assert_string_equal(o.alarms[0].mapping_error,
                        "$.event.dedupe_key.path: nothing is there to name the alarm; "
                        "$.event.summary: a text that should hold JSON does not: \"{\"");
    done(&o);

    /* an end that names nothing ends nothing */
    run(&o, FILE_OF("\"dedupe_key\": \"{{no}}\", \"action\": \"resolve\""), "{\"a\": 1}");
    assert_int_equal(o.alarms[0].action, TCN_ACTION_FIRE);
    done(&o);
}

/* What is there and cannot be read is told, also where an expression passes it over. */
static void unread_values(void **state)
{
    static const struct {
        const char *name, *event, *body, *error;
    } cases[] = {
        {"no time", "\"state\": {\"since\": {\"time\": {\"path\": \"x\"}}}", "{\"x\": \"noon\"}",
         "$.event.state.since: is no time in one of its formats: \"noon\""},
        {"a number is no text of a time", "\"state\": {\"since\": {\"time\": {\"path\": \"x\"}}}",
         "{\"x\": 7}", "$.event.state.since: is no time in one of its formats: 7"},
        {"no time told", "\"state\": {\"since\": {\"time\": {\"path\": \"x\"}}}", "{\"x\": \"\"}",
         NULL},
        {"a word for no time",
         "\"state\": {\"since\": {\"time\": {\"path\": \"x\"}, \"zero\": [\"never\"]}}",
         "{\"x\": \"never\"}", NULL},
        {"a table without default", "\"impact\": {\"table\": \"t\", \"of\": {\"path\": \"x\"}}",
         "{\"x\": \"z\"}", "$.event.impact: is not in the table: \"z\""},
        {"a table of nothing", "\"impact\": {\"table\": \"t\", \"of\": {\"path\": \"x\"}}", "{}",
         NULL},
        {"the action is in no table", "\"action\": {\"table\": \"a\", \"of\": {\"path\": \"x\"}}",
         "{\"x\": \"z\"}", "$.event.action: is not in the table: \"z\""},
        {"no action", "\"action\": {\"path\": \"x\"}", "{}",
         "$.event.action.path: tells neither that it fires nor that it is over"},
        {"no ARN", "\"tags\": {\"r\": \"{{x|arn:region}}\"}", "{\"x\": \"web\"}",
         "x: is no ARN: \"web\""},
        {"an ARN cut short", "\"tags\": {\"r\": \"{{x|arn:region}}\"}", "{\"x\": \"arn:aws:s3\"}",
         "x: is no ARN: \"arn:aws:s3\""},
        {"an ARN without a region", "\"tags\": {\"r\": \"{{x|arn:region}}\"}",
         "{\"x\": \"arn:aws:s3:::bucket\"}", NULL},
        {"no ARN at all", "\"tags\": {\"r\": \"{{x|arn:region}}\"}", "{}", NULL},
        {"no JSON", "\"summary\": {\"json\": {\"path\": \"x\"}}", "{\"x\": \"{\\\"a\\\"\"}",
         "$.event.summary: a text that should hold JSON does not: \"{\"a\"\""},
        {"members of a text", "\"summary\": \"{{x.y}}!\"", "{\"x\": \"z\"}",
         "x.y: is looked for in what has no such members: \"z\""},
        {"members of a list", "\"summary\": \"{{x.y}}!\"", "{\"x\": [1]}",
         "x.y: is looked for in what has no such members: a list"},
        {"members of null", "\"summary\": \"{{x.y}}!\"", "{\"x\": null}", NULL},
        {"elements of a text", "\"summary\": {\"path\": \"x[0]\"}", "{\"x\": \"z\"}",
         "x[0]: is looked for in what has no such members: \"z\""},
        {"members of elements", "\"resources\": {\"path\": \"x[*].arn\"}",
         "{\"x\": [{\"arn\": \"a\"}, 5]}",
         "x[*].arn: is looked for in what has no such members: 5"},
        {"a title that is not there", "\"title\": {\"path\": \"x\"}", "{}",
         "$.event.title.path: gives no text"},
        {"an item without a key", "\"items\": {\"path\": \"x\"}", "{\"x\": [{\"key\": \"k\"}, {}]}",
         "$.event.items.path: gives an item without a key: an object"},
        {"an item that is none", "\"items\": {\"path\": \"x\"}", "{\"x\": [5]}",
         "$.event.items.path: gives an item without a key: 5"},
        {"an item in an odd state", "\"items\": {\"path\": \"x\"}",
         "{\"x\": [{\"key\": \"k\", \"status\": \"odd\"}]}",
         "$.event.items.path: gives a status that is neither firing nor resolved: \"odd\""},
        {"another way to read it",
         "\"summary\": {\"first\": [{\"path\": \"x.y\"}, {\"path\": \"x\"}]}", "{\"x\": \"z\"}",
         NULL},
        {"no other way either",
         "\"summary\": {\"first\": [{\"path\": \"x.y\"}, {\"path\": \"w\"}]}", "{\"x\": \"z\"}",
         "x.y: is looked for in what has no such members: \"z\""},
        {"a default is no way to read",
         "\"summary\": {\"first\": [{\"path\": \"x.y\"}], \"default\": \"d\"}", "{\"x\": \"z\"}",
         "x.y: is looked for in what has no such members: \"z\""},
        {"a condition only looks",
         "\"summary\": {\"case\": [{\"if\": {\"has\": {\"path\": \"x.y\"}}, \"then\": \"a\"}], "
         "\"else\": \"b\"}",
         "{\"x\": \"z\"}", NULL},
        {"a var that a condition asked first",
         "\"summary\": {\"case\": [{\"if\": {\"has\": {\"path\": \"var.v\"}}, \"then\": \"a\"}], "
         "\"else\": \"{{var.v}}\"}",
         "{\"v\": \"z\"}", "v.y: is looked for in what has no such members: \"z\""},
        {"one cause is told once", "\"summary\": \"{{var.v}}\", \"tags\": {\"t\": \"{{var.v}}\"}",
         "{\"v\": \"z\"}", "v.y: is looked for in what has no such members: \"z\""},
        {"two causes", "\"summary\": \"{{var.v}}\", \"impact\": {\"path\": \"n\"}",
         "{\"v\": \"z\", \"n\": 7}",
         "v.y: is looked for in what has no such members: \"z\"; "
         "$.event.impact.path: gives no whole number of 1 to 5: 7"},
        {"blanks and length", "\"impact\": {\"path\": \"x\"}",
         "{\"x\": \"a\\nb 34567890123456789012345678901234567890123456789012345678901234567890\"}",
         "$.event.impact.path: gives no whole number of 1 to 5: "
         "\"a b 34567890123456789012345678901234567890123456789012345678\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome o;
        char *file;

        assert_true(asprintf(&file,
                             "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"tables\": "
                             "{\"t\": {\"map\": {\"a\": 1}}, \"a\": {\"map\": {\"on\": "
                             "\"fire\"}}}, \"var\": {\"v\": \"{{v.y}}\"}, "
                             "\"event\": {\"dedupe_key\": \"k\", %s}}",
                             cases[i].event) > 0);
        run(&o, file, cases[i].body);
        free(file);
        assert_int_equal(o.n, 1);
        assert_int_equal(o.alarms[0].action, TCN_ACTION_FIRE);
        if (!o.alarms[0].mapping_error != !cases[i].error ||
            (cases[i].error && strcmp(o.alarms[0].mapping_error, cases[i].error) != 0))
            fail_msg("%s: told %s", cases[i].name, o.alarms[0].mapping_error);
        done(&o);
    }
}

/* A list of mistakes is for people: a few of them, and that there are more. */
static void many_errors(void **state)
{
    const char *told, *more = "; and more";
    struct outcome o;

    (void)state;
    run(&o,
        FILE_OF("\"dedupe_key\": \"k\", \"items\": {\"each\": {\"path\": \"l\"}, \"as\": \"x\", "
                "\"value\": {\"key\": \"{{x}}\", \"since\": \"{{x}}\"}}"),
        "{\"l\": [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]}");
    told = o.alarms[0].mapping_error;
    assert_non_null(strstr(told, "\"d\""));
    assert_null(strstr(told, "\"e\""));
    assert_string_equal(told + strlen(told) - strlen(more), more);
    assert_int_equal(o.alarms[0].n_items, 6);
    done(&o);
}

/* The one that fires may be among the items that could not be read. */
static void unread_items(void **state)
{
    static const char file[] = FILE_OF(
        "\"dedupe_key\": \"k\", \"action\": {\"path\": \"a\"}, \"items\": {\"path\": \"x\"}");
    struct outcome o;

    (void)state;
    run(&o, file, "{\"a\": \"fire\", \"x\": [{\"key\": \"k\", \"status\": \"resolved\"}, 5]}");
    assert_false(o.alarms[0].is_group);
    done(&o);
    run(&o, file,
        "{\"a\": \"fire\", \"x\": [{\"key\": \"k\", \"status\": \"resolved\"}, 5, "
        "{\"key\": \"l\", \"status\": \"firing\"}]}");
    assert_true(o.alarms[0].is_group);
    done(&o);
}

static void long_texts(void **state)
{
    json_t *body = json_object();
    struct outcome o;
    char *text = malloc(20001);

    (void)state;
    for (size_t i = 0; i < 20000; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[20000] = '\0';
    json_object_set_new(body, "x", json_string(text));
    run_in(&o,
           FILE_OF("\"dedupe_key\": \"{{x}}\", \"title\": \"{{x}}\", \"summary\": \"{{x}}\", "
                   "\"state\": {\"raw\": \"{{x}}\"},"
                   "\"tags\": {\"t\": \"{{x}}\"}, \"items\": [{\"key\": \"{{x}}\"}]"),
           body, TCN_MAPPING_ARENA_BYTES);
    assert_int_equal(tcn_utf8_count(tcn_str(o.alarms[0].title)), TCN_TITLE_MAX);
    assert_int_equal(tcn_utf8_count(tcn_str(o.alarms[0].summary)), TCN_SUMMARY_MAX);
    assert_true(tcn_utf8_ok(tcn_str(o.alarms[0].summary)));
    assert_true(strlen(o.alarms[0].dedupe_key) <= 200);
    assert_true(tcn_utf8_ok(tcn_str(o.alarms[0].dedupe_key)));
    assert_int_equal(o.alarms[0].raw.len, TCN_RAW_DATA_MAX);
    assert_int_equal(o.counts.texts_cut, 5);
    done(&o);
    free(text);
}

/* Long keys that differ at their end only stay apart. */
static void long_keys(void **state)
{
    char body[1000];
    struct outcome one, two;

    (void)state;
    snprintf(body, sizeof body, "{\"x\": \"%0400d\", \"y\": \"1\"}", 0);
    run(&one, FILE_OF("\"dedupe_key\": \"{{x}}{{y}}\""), body);
    body[strlen(body) - 3] = '2';
    run(&two, FILE_OF("\"dedupe_key\": \"{{x}}{{y}}\""), body);
    assert_string_not_equal(one.alarms[0].dedupe_key, two.alarms[0].dedupe_key);
    assert_int_equal(strlen(one.alarms[0].dedupe_key), 200);
    done(&one);
    done(&two);
}

/* What is none of 1 to 5 is left to the response plan, and told: a guess could call something critical harmless. */
static void impacts(void **state)
{
    static const struct {
        const char *body;
        int impact;
        const char *error;
    } cases[] = {
        {"{\"x\": 1}", 1, NULL},
        {"{\"x\": \"5\"}", 5, NULL},
        {"{\"x\": \"1\"}", 1, NULL},
        {"{\"x\": 2.0}", 2, NULL},
        {"{\"x\": \"\"}", 0, NULL},
        {"{\"x\": null}", 0, NULL},
        {"{}", 0, NULL},
        {"{\"x\": 99}", 0, "$.event.impact: gives no whole number of 1 to 5: 99"},
        {"{\"x\": 0}", 0, "$.event.impact: gives no whole number of 1 to 5: 0"},
        {"{\"x\": 6}", 0, "$.event.impact: gives no whole number of 1 to 5: 6"},
        {"{\"x\": -1}", 0, "$.event.impact: gives no whole number of 1 to 5: -1"},
        {"{\"x\": 2.5}", 0, "$.event.impact: gives no whole number of 1 to 5: 2.5"},
        {"{\"x\": \"0\"}", 0, "$.event.impact: gives no whole number of 1 to 5: \"0\""},
        {"{\"x\": \"P1\"}", 0, "$.event.impact: gives no whole number of 1 to 5: \"P1\""},
        {"{\"x\": true}", 0, "$.event.impact: gives no whole number of 1 to 5: true"},
        {"{\"x\": [1]}", 0, "$.event.impact: gives no whole number of 1 to 5: a list"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome o;

        run(&o, FILE_OF("\"dedupe_key\": \"k\", \"impact\": \"{{x}}\""), cases[i].body);
        assert_int_equal(o.alarms[0].impact, cases[i].impact);
        if (cases[i].error)
            assert_string_equal(o.alarms[0].mapping_error, cases[i].error);
        else
            assert_null(o.alarms[0].mapping_error);
        done(&o);
    }
}

static json_t *many(size_t n, const char *status)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:i,s:s}", "k", (int)i, "s", status));
    return json_pack("{s:o}", "l", list);
}

#define ITEMS(max)                                                                                 \
    "\"items\": {\"each\": {\"path\": \"l\"}, \"as\": \"x\", \"max\": " max                        \
    ", \"value\": {\"key\": \"{{x.k}}\", \"status\": \"{{x.s}}\"}}"

/* A list that was cut must not make the engine believe that all is well. */
static void many_items(void **state)
{
    struct outcome o;

    (void)state;
    run_in(&o, FILE_OF("\"dedupe_key\": \"k\", " ITEMS("500")), many(700, "resolved"),
           TCN_MAPPING_ARENA_BYTES);
    assert_int_equal(o.alarms[0].n_items, TCN_ITEMS_MAX);
    assert_true(o.alarms[0].is_truncated);
    assert_int_equal(o.alarms[0].n_items_unread, 200);
    done(&o);
    run_in(&o, FILE_OF("\"dedupe_key\": \"k\", " ITEMS("10000")), many(700, "firing"),
           TCN_MAPPING_ARENA_BYTES);
    assert_int_equal(o.alarms[0].n_items, TCN_ITEMS_MAX);
    assert_true(o.alarms[0].is_truncated);
    assert_int_equal(o.counts.items_dropped, 200);
    assert_int_equal(o.alarms[0].n_items_unread, 200);
    done(&o);
    /* the sender says that the whole group is over */
    run_in(&o, FILE_OF("\"dedupe_key\": \"k\", \"action\": \"resolve\", " ITEMS("500")),
           many(700, "resolved"), TCN_MAPPING_ARENA_BYTES);
    assert_false(o.alarms[0].is_truncated);
    assert_int_equal(o.alarms[0].n_items_unread, 200);
    done(&o);
}

#define EACH                                                                                       \
    "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"each\": \"l\", \"as\": \"x\", "     \
    "\"event\": {\"dedupe_key\": \"{{x.k}}\", \"title\": \"t{{x.k}}\"}}"

static void one_alarm_an_element(void **state)
{
    struct outcome o;

    (void)state;
    run_in(&o, EACH, many(3, "s"), TCN_MAPPING_ARENA_BYTES);
    assert_int_equal(o.n, 3);
    assert_string_equal(o.alarms[2].dedupe_key, "2");
    assert_string_equal(o.alarms[2].title, "t2");
    done(&o);
    run(&o, EACH, "{\"l\": []}");
    assert_int_equal(o.n, 0);
    done(&o);
    /* elements without a key stay apart */
    run(&o, EACH, "{\"l\": [{}, {}]}");
    assert_int_equal(o.n, 2);
    assert_string_not_equal(o.alarms[0].dedupe_key, o.alarms[1].dedupe_key);
    done(&o);
    run(&o, EACH, "{\"m\": 1}");
    assert_int_equal(o.n, 1);
    assert_string_equal(o.alarms[0].mapping_error, "event: the list of alarms is not there");
    done(&o);
}

/* Whatever the arena's cap, it is kept, and every element is spoken for. */
static void small_arenas(void **state)
{
    struct outcome o;
    struct tcn_arena tiny;
    struct tcn_err err;

    (void)state;
    run_in(&o, EACH, many(15000, "s"), TCN_MAPPING_ARENA_BYTES);
    assert_true(o.n > 1000 && o.n <= TCN_MAPPING_ALARMS_MAX + 1);
    assert_string_equal(o.alarms[o.n - 1].mapping_error,
                        "event: more alarms in one delivery than are read");
    assert_string_equal(o.alarms[o.n - 1].title, "Unreadable alarm from web");
    done(&o);
    run_in(&o, EACH, many(5000, "s"), TCN_MAPPING_ARENA_MIN + 100);
    assert_true(o.n > 10);
    assert_non_null(o.alarms[o.n - 1].mapping_error);
    tcn_arena_init(&tiny, TCN_MAPPING_ARENA_MIN - 1);
    assert_int_equal(tcn_mapping_alarms(o.m, &o.in, &tiny, &o.alarms, &o.n, &err), TCN_ELIMIT);
    tcn_arena_done(&tiny);
    done(&o);
}

/* Expressions that multiply their input run into the budget; the alarm is still made. */
static void budgets(void **state)
{
    static const char *const summaries[] = {
        "{\"each\": {\"path\": \"l\"}, \"as\": \"a\", \"max\": 10000, \"sep\": \"\", \"value\": "
        "{\"each\": {\"path\": \"l\"}, \"as\": \"b\", \"max\": 10000, \"sep\": \"\", \"value\": "
        "\"{{a.k}}{{b.k}}\"}}",
        "{\"each\": {\"path\": \"l\"}, \"as\": \"a\", \"max\": 10000, \"sep\": \"\", \"value\": "
        "\"{{in|json}}\"}",
        "{\"each\": {\"path\": \"l\"}, \"as\": \"a\", \"max\": 10000, \"sep\": \"\", \"value\": "
        "\"{{l|sha256}}\"}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(summaries); i++) {
        char file[700];
        struct outcome o;

        snprintf(file, sizeof file,
                 FILE_OF("\"dedupe_key\": \"k\", \"title\": \"kept\", \"summary\": %s"),
                 summaries[i]);
        run_in(&o, file, many(5000, "s"), TCN_MAPPING_ARENA_BYTES);
        assert_string_equal(o.alarms[0].dedupe_key, "k");
        assert_string_equal(o.alarms[0].title, "kept");
        assert_null(o.alarms[0].summary);
        assert_non_null(o.alarms[0].mapping_error);
        done(&o);
    }
}

static void rules(void **state)
{
    static const char file[] =
        "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"match\": {\"has\": {\"path\": "
        "\"kind\"}}, \"when\": {\"ne\": [{\"path\": \"mute\"}, true]},"
        " \"rules\": {\"one\": {\"when\": {\"eq\": [{\"path\": \"kind\"}, 1]}, \"event\": "
        "{\"dedupe_key\": \"one\"}},"
        "             \"two\": {\"when\": {\"eq\": [{\"path\": \"kind\"}, 2]}, \"event\": "
        "{\"dedupe_key\": \"two\"}}}}";
    static const struct {
        const char *body;
        bool matches;
        const char *key;
    } cases[] = {{"{\"kind\": 1}", true, "one"},
                 {"{\"kind\": 2}", true, "two"},
                 {"{\"kind\": 3}", false, NULL},
                 {"{}", false, NULL},
                 {"{\"kind\": 1, \"mute\": true}", true, NULL}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome o;

        run(&o, file, cases[i].body);
        assert_int_equal(tcn_mapping_matches(o.m, &o.in), cases[i].matches);
        assert_int_equal(o.matches, cases[i].matches);
        assert_int_equal(o.n, cases[i].key ? 1 : 0);
        if (cases[i].key)
            assert_string_equal(o.alarms[0].dedupe_key, cases[i].key);
        done(&o);
    }
}

static void counts(void **state)
{
    struct outcome o;

    (void)state;
    run(&o,
        "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"tables\": {\"x\": {\"map\": "
        "{\"a\": 1}}},"
        " \"event\": {\"dedupe_key\": \"k\", \"impact\": {\"table\": \"x\", \"of\": \"{{v}}\"}}}",
        "{\"v\": \"b\"}");
    assert_int_equal(o.counts.table_misses, 1);
    assert_int_equal(o.alarms[0].impact, 0);
    done(&o);
}

static void json_form(void **state)
{
    struct outcome o;
    json_t *json, *want = parse_json(
                      "{\"source\": \"web\", \"delivery_id\": \"d1\", \"dedupe_key\": \"k\", "
                      "\"action\": \"update\", \"state\": {\"raw\": \"x\", \"since\":"
                      " \"2026-03-01T10:00:00.000Z\", \"clock\": 1772359200000}, \"impact\": 2, "
                      "\"is_group\": false, \"is_truncated\": false, \"tags\": {\"a\": \"b\"},"
                      " \"resources\": [\"r\"], \"items\": [{\"key\": \"i\"}], \"related\": "
                      "[{\"kind\": \"url\", \"value\": \"u\"}]}");

    (void)state;
    run(&o,
        FILE_OF("\"dedupe_key\": \"k\", \"action\": \"update\", \"state\": {\"raw\": \"x\", "
                "\"since\": \"2026-03-01T10:00:00Z\"}, \"impact\": 2,"
                "\"tags\": {\"a\": \"b\"}, \"resources\": [\"r\"], \"items\": [{\"key\": \"i\"}], "
                "\"related\": [{\"value\": \"u\"}]"),
        "{}");
    json = tcn_alarm_json(&o.alarms[0]);
    assert_true(json_equal(json, want));
    json_decref(json);
    json_decref(want);
    done(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members),
        cmocka_unit_test(tag_shapes),
        cmocka_unit_test(times_that_are_none),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(without_a_key),
        cmocka_unit_test(unread_values),
        cmocka_unit_test(many_errors),
        cmocka_unit_test(unread_items),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(long_keys),
        cmocka_unit_test(impacts),
        cmocka_unit_test(many_items),
        cmocka_unit_test(one_alarm_an_element),
        cmocka_unit_test(small_arenas),
        cmocka_unit_test(budgets),
        cmocka_unit_test(rules),
        cmocka_unit_test(counts),
        cmocka_unit_test(json_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
