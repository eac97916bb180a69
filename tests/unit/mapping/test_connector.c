/* What the host asks of a connector file: create, fields, status, notes, links, messages, inbound. */
#include "fixture.h"

static const char file[] =
    "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"desk\", \"driver\": \"http\","
    " \"settings\": {\"url\": {\"option\": true, \"help\": \"in the link\"}, \"auto_resolve\": "
    "{\"default\": \"never\"},"
    "   \"queue\": {\"type\": \"text\", \"default\": \"ops\", \"help\": \"of new tickets\"}},"
    " \"tables\": {\"state\": {\"class\": {\"OPEN\": {\"primary\": \"1\", \"accept\": [\"1\", "
    "\"3\"]}, \"ACKED\": [\"2\", \"3\"], \"RESOLVED\": [\"6\", \"7\"]}}},"
    " \"when\": {\"le\": [{\"path\": \"env.impact\"}, 3]},"
    " \"record\": \"ticket\","
    " \"create\": {\"queue\": {\"path\": \"settings.queue\"}, \"caller\": {\"secret\": "
    "\"desk-caller\"}, \"team\": {\"path\": \"env.tags.team\"}, \"none\": null},"
    " \"find\": {\"marker\": \"ref\", \"value\": \"tocsin:{{env.id}}\", \"jql\": \"x\", "
    "\"visibility\": \"90s\"},"
    " \"fields\": {"
    "  \"title\": {\"remote\": \"subject\", \"direction\": \"both\", \"out\": "
    "\"{{env.title|line|cut:20}}\", \"in\": {\"path\": \"in.ticket.subject\"}},"
    "  \"impact\": {\"remote\": \"priority\", \"direction\": \"both\", \"out\": {\"path\": "
    "\"env.impact\"}, \"in\": {\"path\": \"in.ticket.priority\"}, \"enforce\": true},"
    "  \"resolution\": {\"remote\": [\"code\", \"notes\"], \"out\": {\"code\": "
    "\"{{env.resolution.code}}\", \"notes\": {\"path\": \"env.resolution.notes\"}},"
    "    \"in\": {\"code\": {\"path\": \"in.ticket.code\"}, \"notes\": {\"path\": "
    "\"in.ticket.notes\"}}},"
    "  \"u_env\": {\"remote\": \"environment\", \"out\": {\"path\": \"env.tags.environment\"}, "
    "\"when\": {\"has\": {\"path\": \"env.tags.team\"}}},"
    "  \"summary\": {\"remote\": \"body\", \"out\": \"<{{env.summary}}>\", \"strict\": true}},"
    " \"status\": {\"remote\": \"state\", \"table\": \"state\", \"in\": {\"path\": "
    "\"in.ticket.state\"}, \"with\": {\"RESOLVED\": [\"resolution\"], \"OPEN\": {\"resolution\": "
    "null}},"
    "   \"prefer\": {\"RESOLVED\": [\"Done\"]}, \"terminal\": [\"7\"], \"max_steps\": 3},"
    " \"notes\": {\"out\": {\"remote\": \"comment\", \"format\": \"adf\", \"template\": "
    "\"{{event.text}} [{{event.id|tail:4}}]\", \"only\": [\"comment\"], "
    "\"max\": 40},"
    "   \"in\": {\"from\": [\"comment\", \"work\"], \"private\": [\"work\"], \"private_when\": "
    "{\"eq\": [{\"path\": \"public\"}, false]}}},"
    " \"inbound\": {\"auth\": {\"kind\": \"hmac\"}, \"remote_id\": {\"path\": \"id\"}, "
    "\"version\": \"{{hdr.x-version}}\", \"delivery_id\": \"{{id}}-{{n}}\","
    "   \"deleted\": {\"eq\": [{\"path\": \"event\"}, \"delete\"]}, \"hint_only\": true},"
    " \"poll\": {\"active\": \"20s\", \"overlap\": \"5s\"},"
    " \"links\": {\"remote_url\": {\"template\": \"{{settings.url}}/t/{{remote.id}}\", \"strict\": "
    "true}, \"remote_key\": {\"path\": \"in.ticket.number\"}},"
    " \"messages\": {\"page\": {\"subject\": \"{{env.title}}\", \"text\": \"{{event.ack_url}}\"}}}";

struct desk {
    struct tcn_mapping *m;
    struct tcn_mapping_env e;
    struct tcn_arena arena;
};

static int open_desk(void **state)
{
    struct desk *d = calloc(1, sizeof *d);

    d->m = must_load(file);
    d->e.env =
        parse_json("{\"id\": \"i1\", \"title\": \"web\\ncpu is much too high\", \"impact\": 2, "
                   "\"status\": \"OPEN\", \"tags\": {\"environment\": \"prod\", \"team\": \"web\"},"
                   " \"resolution\": {\"code\": \"fixed\", \"notes\": \"ok\"}}");
    tcn_arena_init(&d->arena, TCN_MAPPING_ARENA_BYTES);
    *state = d;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *d = *state;

    json_decref(d->e.env);
    json_decref(d->e.record);
    json_decref(d->e.event);
    json_decref(d->e.remote);
    json_decref(d->e.settings);
    tcn_arena_done(&d->arena);
    tcn_mapping_free(d->m);
    free(d);
    return 0;
}

/* Takes got. */
static void assert_json(json_t *got, const char *want)
{
    json_t *wanted = parse_json(want);
    char *text = got ? json_dumps(got, JSON_ENCODE_ANY) : NULL;

    if (!got || !json_equal(got, wanted))
        fail_msg("%s, wanted %s", text ? text : "NULL", want);
    free(text);
    json_decref(wanted);
    json_decref(got);
}

static size_t field(const struct desk *d, const char *name)
{
    int i = tcn_mapping_field_find(d->m, name);

    assert_true(i >= 0);
    return (size_t)i;
}

static void head(void **state)
{
    struct desk *d = *state;

    assert_string_equal(tcn_mapping_name(d->m), "desk");
    assert_string_equal(tcn_mapping_driver(d->m), "http");
    assert_int_equal(tcn_mapping_kind(d->m), TCN_MAPPING_CONNECTOR);
    assert_json(json_incref(tcn_mapping_settings(d->m)),
                "{\"auto_resolve\": \"never\", \"queue\": \"ops\"}");
    assert_string_equal(tcn_mapping_options(d->m)[0], "url");
    assert_null(tcn_mapping_options(d->m)[1]);
}

static void create(void **state)
{
    struct desk *d = *state;
    const struct tcn_mapping_poll *poll;
    struct tcn_mapping_find found;

    assert_true(tcn_mapping_wants(d->m, &d->e));
    assert_json(tcn_mapping_create(d->m, &d->e),
                "{\"queue\": \"ops\", \"caller\": {\"secret\": \"desk-caller\"}, \"team\": "
                "\"web\", \"none\": null}");
    d->e.settings = parse_json("{\"queue\": \"night\"}");
    json_object_del(json_object_get(d->e.env, "tags"), "team");
    assert_json(
        tcn_mapping_create(d->m, &d->e),
        "{\"queue\": \"night\", \"caller\": {\"secret\": \"desk-caller\"}, \"none\": null}");
    tcn_mapping_find(d->m, &d->e, &d->arena, &found);
    assert_string_equal(found.marker, "ref");
    assert_string_equal(found.value, "tocsin:i1");
    assert_string_equal(found.jql, "x");
    assert_int_equal(found.visibility_ms, 90000);
    poll = tcn_mapping_poll(d->m);
    assert_int_equal(poll->active_ms, 20000);
    assert_int_equal(poll->overlap_ms, 5000);
    assert_int_equal(poll->idle_ms, 300000);
    assert_int_equal(poll->sweep_ms, 3600000);
    json_object_set_new(d->e.env, "impact", json_integer(4));
    assert_false(tcn_mapping_wants(d->m, &d->e));
}

static void policies(void **state)
{
    static const struct {
        const char *name;
        enum tcn_direction direction;
        enum tcn_write_on on;
        enum tcn_conflict conflict;
        bool enforce;
        size_t n_remote;
    } want[] = {
        {"title", TCN_DIRECTION_BOTH, TCN_ON_ALWAYS, TCN_CONFLICT_NEWEST, false, 1},
        {"impact", TCN_DIRECTION_BOTH, TCN_ON_ALWAYS, TCN_CONFLICT_MAX, true, 1},
        {"resolution", TCN_DIRECTION_BOTH, TCN_ON_ALWAYS, TCN_CONFLICT_NEWEST, false, 2},
        {"u_env", TCN_DIRECTION_OUT, TCN_ON_ALWAYS, TCN_CONFLICT_LOCAL, false, 1},
        {"summary", TCN_DIRECTION_OUT, TCN_ON_CREATE, TCN_CONFLICT_LOCAL, false, 1},
    };
    struct desk *d = *state;

    assert_int_equal(tcn_mapping_field_count(d->m), ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct tcn_mapping_field *f = tcn_mapping_field(d->m, i);

        assert_string_equal(f->name, want[i].name);
        assert_int_equal(f->direction, want[i].direction);
        assert_int_equal(f->on, want[i].on);
        assert_int_equal(f->conflict, want[i].conflict);
        assert_int_equal(f->enforce, want[i].enforce);
        assert_int_equal(f->n_remote, want[i].n_remote);
    }
    assert_string_equal(tcn_mapping_field(d->m, 2)->remote[1], "notes");
    assert_null(tcn_mapping_field(d->m, 5));
    assert_int_equal(tcn_mapping_field_find(d->m, "nope"), -1);
}

static void out(void **state)
{
    struct desk *d = *state;

    assert_json(tcn_mapping_out(d->m, field(d, "title"), &d->e),
                "{\"subject\": \"web cpu is much too\xe2\x80\xa6\"}");
    assert_json(tcn_mapping_out(d->m, field(d, "impact"), &d->e), "{\"priority\": 2}");
    assert_json(tcn_mapping_out(d->m, field(d, "resolution"), &d->e),
                "{\"code\": \"fixed\", \"notes\": \"ok\"}");
    assert_json(tcn_mapping_out(d->m, field(d, "u_env"), &d->e), "{\"environment\": \"prod\"}");
    assert_null(tcn_mapping_out(d->m, field(d, "summary"), &d->e));
    json_object_set_new(d->e.env, "summary", json_string("s"));
    assert_json(tcn_mapping_out(d->m, field(d, "summary"), &d->e), "{\"body\": \"<s>\"}");
    json_object_del(json_object_get(d->e.env, "tags"), "team");
    assert_null(tcn_mapping_out(d->m, field(d, "u_env"), &d->e));
}

static void in(void **state)
{
    struct desk *d = *state;

    d->e.record = parse_json("{\"ticket\": {\"subject\": \"a \\r\\nb\\t\\n\\n\", \"priority\": "
                             "\"4\", \"code\": \"x \", \"notes\": null, \"number\": \"T7\"}}");
    assert_json(tcn_mapping_in(d->m, field(d, "title"), &d->e), "\"a\\nb\"");
    assert_json(tcn_mapping_in(d->m, field(d, "impact"), &d->e), "4");
    assert_json(tcn_mapping_in(d->m, field(d, "resolution"), &d->e), "{\"code\": \"x\"}");
    assert_null(tcn_mapping_in(d->m, field(d, "u_env"), &d->e));
    assert_string_equal(tcn_mapping_remote_key(d->m, &d->e, &d->arena), "T7");
}

static void same(void **state)
{
    struct desk *d = *state;
    json_t *cut = json_string("web cpu is much too\xe2\x80\xa6"), *other = json_string("web"),
           *whole = json_object_get(d->e.env, "title");

    /* what the remote cut is no change */
    assert_true(tcn_mapping_same(d->m, field(d, "title"), whole, cut, &d->e));
    assert_false(tcn_mapping_same(d->m, field(d, "title"), whole, other, &d->e));
    assert_true(tcn_mapping_same(d->m, field(d, "title"), NULL, NULL, &d->e));
    assert_false(tcn_mapping_same(d->m, field(d, "title"), NULL, other, &d->e));
    json_decref(cut);
    json_decref(other);
}

static void status(void **state)
{
    static const struct {
        const char *record, *local;
    } reads[] = {{"{\"ticket\": {\"state\": \"1\"}}", "OPEN"},
                 {"{\"ticket\": {\"state\": 3}}", "OPEN"},
                 {"{\"ticket\": {\"state\": \"2\"}}", "ACKED"},
                 {"{\"ticket\": {\"state\": \"6\"}}", "RESOLVED"},
                 {"{\"ticket\": {\"state\": \"7\"}}", "RESOLVED"},
                 {"{\"ticket\": {\"state\": \"99\"}}", NULL},
                 {"{\"ticket\": {}}", NULL}};
    struct desk *d = *state;

    assert_true(tcn_mapping_has_status(d->m));
    assert_int_equal(tcn_mapping_status_direction(d->m), TCN_DIRECTION_BOTH);
    assert_string_equal(tcn_mapping_status_remote(d->m), "state");
    for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
        const char *local;

        json_decref(d->e.record);
        d->e.record = parse_json(reads[i].record);
        local = tcn_mapping_status_local(d->m, &d->e);
        assert_true(local == reads[i].local ||
                    (local && reads[i].local && strcmp(local, reads[i].local) == 0));
    }
    assert_string_equal(tcn_mapping_status_primary(d->m, "ACKED"), "2");
    assert_null(tcn_mapping_status_primary(d->m, "CLOSED"));
    assert_true(tcn_mapping_status_accepts(d->m, "ACKED", "3"));
    assert_true(tcn_mapping_status_accepts(d->m, "OPEN", "3"));
    assert_false(tcn_mapping_status_accepts(d->m, "OPEN", "2"));
    assert_true(tcn_mapping_status_is_terminal(d->m, "7"));
    assert_false(tcn_mapping_status_is_terminal(d->m, "6"));
    assert_json(
        tcn_mapping_status_payload(d->m, "RESOLVED", &d->e),
        "{\"class\": \"RESOLVED\", \"value\": \"6\", \"accept\": [\"6\", \"7\"], \"prefer\": "
        "[\"Done\"], \"max_steps\": 3, \"with\": {\"code\": \"fixed\", \"notes\": \"ok\"}}");
    assert_json(tcn_mapping_status_payload(d->m, "OPEN", &d->e),
                "{\"class\": \"OPEN\", \"value\": \"1\", \"accept\": [\"1\", \"3\"], "
                "\"max_steps\": 3, \"with\": {\"resolution\": null}}");
    assert_null(tcn_mapping_status_payload(d->m, "CLOSED", &d->e));
}

/* A remote that knows no acknowledgement keeps what it has. */
static void status_without_acked(void **state)
{
    struct tcn_mapping *m =
        must_load("{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"t\", \"driver\": \"d\","
                  " \"status\": {\"remote\": \"s\", \"class\": {\"OPEN\": [\"open\"], "
                  "\"RESOLVED\": [\"done\"]}}}");

    (void)state;
    assert_string_equal(tcn_mapping_status_primary(m, "ACKED"), "open");
    assert_true(tcn_mapping_status_accepts(m, "ACKED", "open"));
    assert_int_equal(tcn_mapping_field_count(m), 0);
    assert_int_equal(tcn_mapping_note_max(m), 0);
    tcn_mapping_free(m);
}

static void notes(void **state)
{
    struct desk *d = *state;

    d->e.event = parse_json("{\"kind\": \"comment\", \"id\": \"abcdef\", \"text\": \"on it\"}");
    assert_string_equal(tcn_mapping_note(d->m, &d->e, &d->arena), "on it [cdef]");
    json_object_set_new(d->e.event, "kind", json_string("page"));
    assert_null(tcn_mapping_note(d->m, &d->e, &d->arena));
    json_object_del(d->e.event, "kind");
    assert_null(tcn_mapping_note(d->m, &d->e, &d->arena));
    assert_string_equal(tcn_mapping_note_format(d->m), "adf");
    assert_string_equal(tcn_mapping_note_remote(d->m), "comment");
    assert_int_equal(tcn_mapping_note_max(d->m), 40);
    assert_string_equal(tcn_mapping_note_sources(d->m)[1], "work");
    assert_null(tcn_mapping_note_sources(d->m)[2]);
    d->e.record = parse_json("{\"public\": false}");
    assert_true(tcn_mapping_note_is_private(d->m, "work", &d->e));
    assert_true(tcn_mapping_note_is_private(d->m, "comment", &d->e));
    json_object_set_new(d->e.record, "public", json_true());
    assert_false(tcn_mapping_note_is_private(d->m, "comment", &d->e));
}

static void inbound(void **state)
{
    const struct tcn_mapping_header headers[] = {{TCN_STR("X-Version"), TCN_STR("9")}};
    struct desk *d = *state;
    struct tcn_mapping_input push = {.headers = headers, .n_headers = 1};
    struct tcn_mapping_inbound got;

    push.body = parse_json("{\"id\": 12, \"n\": 3, \"event\": \"delete\"}");
    tcn_mapping_inbound(d->m, &push, &d->arena, &got);
    assert_string_equal(got.remote_id, "12");
    assert_string_equal(got.version, "9");
    assert_string_equal(got.delivery_id, "12-3");
    assert_true(got.is_deleted);
    assert_true(got.is_hint_only);
    json_decref(push.body);
}

static void links_and_messages(void **state)
{
    struct desk *d = *state;

    d->e.remote = parse_json("{\"id\": \"r1\"}");
    assert_null(tcn_mapping_remote_url(d->m, &d->e, &d->arena));
    d->e.settings = parse_json("{\"url\": \"https://desk.example\"}");
    assert_string_equal(tcn_mapping_remote_url(d->m, &d->e, &d->arena),
                        "https://desk.example/t/r1");
    d->e.event = parse_json("{\"ack_url\": \"https://t.example/ack/1\"}");
    json_object_set_new(d->e.env, "title", json_string("t"));
    assert_json(tcn_mapping_message(d->m, "page", &d->e),
                "{\"subject\": \"t\", \"text\": \"https://t.example/ack/1\"}");
    assert_null(tcn_mapping_message(d->m, "resolved", &d->e));
}

static void canonical(void **state)
{
    static const struct {
        const char *field, *value, *want;
    } cases[] = {
        {"title", "\"a\\r\\nb  \\n\"", "\"a\\nb\""},
        {"impact", "\"3\"", "3"},
        {"impact", "9", "5"},
        {"impact", "\"x\"", NULL},
        {"title", "null", NULL},
        {"resolution", "{\"code\": \"a \", \"notes\": null}", "{\"code\": \"a\"}"},
        {"resolution", "{\"notes\": null}", NULL},
        {"tags", "[\"a \"]", "[\"a \"]"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *value = parse_json(cases[i].value),
               *got = tcn_mapping_canonical(cases[i].field, value);

        if (cases[i].want)
            assert_json(got, cases[i].want);
        else
            assert_null(got);
        json_decref(value);
    }
    assert_null(tcn_mapping_canonical("title", NULL));
}

int main(void)
{
#define ON_DESK(f) cmocka_unit_test_setup_teardown(f, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        ON_DESK(head),
        ON_DESK(create),
        ON_DESK(policies),
        ON_DESK(out),
        ON_DESK(in),
        ON_DESK(same),
        ON_DESK(status),
        cmocka_unit_test(status_without_acked),
        ON_DESK(notes),
        ON_DESK(inbound),
        ON_DESK(links_and_messages),
        cmocka_unit_test(canonical),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
