/* The conformance kit: cases/<connector>/<file>.json name an operation, the request it must become, an answer and what
 * must be made of it. See README.md of this folder for the format. No network, no clock. */
#include "kit.h"
#include "sys/log.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FILES_MAX 64
#define EXCHANGES_MAX 10

static const char *const verbs[] = {"",       "CHECK",  "FIND",      "GET",  "CREATE",
                                    "WRITE",  "NOTE",   "NOTE_FIND", "POLL", "SEND",
                                    "SURVEY", "LISTEN", "PROBE"};
static const char *const outcomes[] = {"",     "OK",   "RETRY",    "REJECTED", "UNKNOWN",
                                       "AUTH", "GONE", "CONFLICT", "MORE"};
static const char *const scopes[] = {"LANE", "ENDPOINT", "INSTANCE"};
static const char *const changes[] = {"", "CHANGED", "ACKED", "RESOLVED", "REOPENED", "SAID"};
static const char *const nets[] = {"ok", "not_sent", "maybe_sent"};

struct run {
    struct kit kit;
    struct tocsin_op op;
    char step_cursor[TOCSIN_CURSOR_SIZE];
    bool is_mail;      /* of the last request */
    const char *where; /* "file: case", for messages */
};

#define FAIL(run, ...)                                                                             \
    do {                                                                                           \
        print_error("%s: ", (run)->where);                                                         \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        fail();                                                                                    \
    } while (0)

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static uint32_t index_of(const struct run *run, const char *const names[], size_t n,
                         const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (uint32_t)i;
    FAIL(run, "unknown word \"%s\" in the case", name);
    return 0;
}
#define INDEX(run, names, name) index_of(run, names, sizeof names / sizeof names[0], name)
#define INDEX_NAME(names, i) ((i) < sizeof names / sizeof names[0] ? names[i] : "none")

/* Everything in want is in have: objects by member, arrays by length and item, the rest by equality. */
static bool contains(json_t *have, json_t *want)
{
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_object(want)) {
        json_object_foreach(want, key,
                            value) if (!contains(json_object_get(have, key), value)) return false;
        return json_is_object(have);
    }
    if (!json_is_array(want))
        return json_equal(have, want) == 1;
    json_array_foreach(want, i, value) if (!contains(json_array_get(have, i), value)) return false;
    return json_is_array(have) && json_array_size(have) == json_array_size(want);
}

static void show(const char *what, json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_SORT_KEYS);

    print_error("%s: %s\n", what, text ? text : "none");
    free(text);
}

/* ---- the request ---- */

static void check_text(const struct run *run, json_t *want, const char *key, const char *have)
{
    if (strcmp(text_of(want, key), have) != 0)
        FAIL(run, "%s is\n  %s\nwanted\n  %s", key, have, text_of(want, key));
}

static void check_headers(const struct run *run, json_t *want, const struct tocsin_request *rq)
{
    json_t *value;
    const char *name;

    json_object_foreach(want, name, value)
    {
        const char *have = "";

        for (size_t i = 0; i < rq->n_headers; i++)
            if (strcmp(rq->headers[i].name, name) == 0)
                have = rq->headers[i].value;
        if (strcmp(have, json_string_value(value)) != 0)
            FAIL(run, "header %s is \"%s\", wanted \"%s\"", name, have, json_string_value(value));
    }
}

static json_t *mail_of(const struct tocsin_mail *m)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s?}", "from", m->from, "to", m->to,
                     "subject", m->subject, "text", m->text, "html", m->html, "message_id",
                     m->message_id, "in_reply_to", m->in_reply_to);
}

static void check_body(const struct run *run, const char *what, json_t *have, json_t *want)
{
    if (have == want || json_equal(have, want) == 1)
        return;
    show("have", have);
    show("want", want);
    FAIL(run, "the %s is another one", what);
}

/* Connectors must not see secrets, so no request may hold one before the host puts it in place. */
static void check_secret(const struct run *run, const struct tocsin_request *rq)
{
    char *body = rq->body ? json_dumps(rq->body, 0) : NULL;

    if (strstr(rq->url.ptr, KIT_SECRET) || (body && strstr(body, KIT_SECRET)))
        FAIL(run, "a secret stands in the request");
    free(body);
}

static void check_request(const struct run *run, json_t *want, const struct tocsin_request *rq)
{
    json_t *mail = rq->is_mail ? mail_of(&rq->mail) : NULL;
    char auth[300];

    kit_auth(rq, auth, sizeof auth);
    check_text(run, want, "method", rq->method);
    check_text(run, want, "url", rq->url.ptr);
    check_text(run, want, "auth", auth);
    check_headers(run, json_object_get(want, "headers"), rq);
    check_body(run, "body", rq->body, json_object_get(want, "json"));
    check_body(run, "mail", mail, json_object_get(want, "mail"));
    check_secret(run, rq);
    json_decref(mail);
}

/* ---- the answer ---- */

static void add_headers(struct tcn_message *msg, json_t *headers)
{
    json_t *value;
    const char *name;
    char line[1000];

    json_object_foreach(headers, name, value)
    {
        snprintf(line, sizeof line, "%s: %s", name, json_string_value(value));
        assert_true(tcn_message_add(msg, tcn_str(line)));
    }
}

/* "body" is text, "json" a value; *ret_text is yours to free(). */
static void make_response(const struct run *run, json_t *response, struct kit_response *r,
                          char **ret_text)
{
    json_t *json = json_object_get(response, "json");
    const char *net = text_of(response, "net");
    uint32_t how = net[0] ? INDEX(run, nets, net) : TOCSIN_NET_OK;

    *ret_text = json ? json_dumps(json, JSON_ENCODE_ANY) : strdup(text_of(response, "body"));
    kit_response_init(r, how, (int)json_integer_value(json_object_get(response, "status")),
                      tcn_str(*ret_text), run->is_mail);
    add_headers(&r->msg, json_object_get(response, "headers"));
}

static json_t *records_of(const struct tocsin_sink *sink)
{
    json_t *list = json_array();

    for (size_t i = 0; i < sink->n_records; i++) {
        const struct tocsin_record *r = &sink->records[i];

        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s, s:O?}", "remote_id", r->remote_id,
                                        "remote_key", r->remote_key, "remote_url", r->remote_url,
                                        "version", r->version, "fields", r->fields));
    }
    return list;
}

static json_t *bad_fields_of(const struct tocsin_sink *sink)
{
    json_t *all = json_object();

    for (size_t i = 0; i < sink->n_bad_fields; i++)
        json_object_set_new(all, sink->bad_fields[i].name,
                            json_string(sink->bad_fields[i].message));
    return all;
}

static json_t *updates_of(const struct tocsin_sink *sink)
{
    json_t *list = json_array();

    for (size_t i = 0; i < sink->n_updates; i++) {
        const struct tocsin_update *u = &sink->updates[i];

        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:O?}", "change",
                                              INDEX_NAME(changes, u->change), "event_id",
                                              u->event_id, "remote_id", u->remote_id, "marker",
                                              u->marker, "actor", u->actor, "text", u->text,
                                              "at_ms", (json_int_t)u->at_ms, "fields", u->fields));
    }
    return list;
}

static void check_list(const struct run *run, const char *what, json_t *have, json_t *want)
{
    json_t *none = json_array();

    if (!contains(have, want ? want : none)) {
        show(what, have);
        FAIL(run, "other %s were wanted", what);
    }
    json_decref(have);
    json_decref(none);
}

static void check_learned(const struct run *run, json_t *want, const struct tocsin_sink *sink)
{
    json_t *bad = bad_fields_of(sink), *nothing = json_object();
    json_t *want_bad = json_object_get(want, "bad_fields");

    check_list(run, "records", records_of(sink), json_object_get(want, "records"));
    check_list(run, "updates", updates_of(sink), json_object_get(want, "updates"));
    check_list(run, "facts", sink->facts ? json_incref(sink->facts) : json_array(),
               json_object_get(want, "facts"));
    check_body(run, "set of bad fields", bad, want_bad ? want_bad : nothing);
    json_decref(bad);
    json_decref(nothing);
}

static void check_result(const struct run *run, json_t *want, const struct tocsin_result *out)
{
    json_t *retry = json_object_get(want, "retry_after_s");
    const char *scope = text_of(want, "scope");

    if (out->outcome >= sizeof outcomes / sizeof outcomes[0] ||
        strcmp(outcomes[out->outcome], text_of(want, "outcome")) != 0)
        FAIL(run, "outcome is %s (%s), wanted %s", outcomes[out->outcome <= 8 ? out->outcome : 0],
             out->reason, text_of(want, "outcome"));
    if (!strstr(out->reason, text_of(want, "reason")))
        FAIL(run, "reason is \"%s\", wanted \"%s\" in it", out->reason, text_of(want, "reason"));
    if ((json_int_t)out->retry_after_s != json_integer_value(retry))
        FAIL(run, "retry_after_s is %u", (unsigned)out->retry_after_s);
    if (out->scope != (scope[0] ? INDEX(run, scopes, scope) : TOCSIN_SCOPE_LANE))
        FAIL(run, "scope is %s, wanted %s", scopes[out->scope % 3], scope);
    if (json_object_get(want, "cursor") && strcmp(out->cursor, text_of(want, "cursor")) != 0)
        FAIL(run, "cursor is \"%s\", wanted \"%s\"", out->cursor, text_of(want, "cursor"));
    if (out->outcome == TOCSIN_OK && (out->step > 0) != json_is_true(json_object_get(want, "more")))
        FAIL(run, "%s", out->step > 0 ? "there is more to ask for" : "there is no more to ask for");
    if (strpbrk(out->reason, "\r\n"))
        FAIL(run, "the reason has more than one line");
    if (out->outcome != TOCSIN_OK && out->outcome != TOCSIN_MORE && !out->reason[0])
        FAIL(run, "there is no reason");
}

/* ---- a case ---- */

/* One round trip; true when the operation goes on. */
static bool exchange(struct run *run, json_t *step)
{
    struct tocsin_request rq;
    struct tocsin_result out;
    struct tocsin_sink sink;
    struct kit_response r;
    const char *why, *refused = text_of(step, "refused");
    char *body;
    int rendered = kit_render(&run->kit, &run->op, &rq, &why);

    if (refused[0]) {
        if (rendered == 0 || !strstr(why, refused))
            FAIL(run, "wanted a refusal \"%s\", have \"%s\"", refused, why);
        tcn_request_done(&rq);
        return false;
    }
    if (rendered < 0)
        FAIL(run, "was not rendered: %s", why);
    check_request(run, json_object_get(step, "request"), &rq);
    run->is_mail = rq.is_mail;
    tcn_request_done(&rq);
    if (!json_object_get(step, "response"))
        return false;
    make_response(run, json_object_get(step, "response"), &r, &body);
    tcn_sink_init(&sink);
    if (kit_interpret(&run->kit, &run->op, &r, &out, &sink) < 0)
        FAIL(run, "was not interpreted: %s", run->kit.instance->failure);
    check_result(run, json_object_get(step, "want"), &out);
    check_learned(run, json_object_get(step, "want"), &sink);
    tcn_sink_done(&sink);
    kit_response_done(&r);
    free(body);
    run->op.step = out.step;
    memcpy(run->step_cursor, out.cursor, sizeof run->step_cursor);
    run->op.cursor = run->step_cursor;
    return out.outcome == TOCSIN_MORE || (out.outcome == TOCSIN_OK && out.step > 0);
}

static void fill_op(struct run *run, json_t *op)
{
    json_t *attempt = json_object_get(op, "attempt");

    run->op = (struct tocsin_op){
        .verb = INDEX(run, verbs, text_of(op, "verb")),
        .attempt = attempt ? (uint32_t)json_integer_value(attempt) : 1,
        .step = (uint32_t)json_integer_value(json_object_get(op, "step")),
        .op_id = text_of(op, "op_id"),
        .marker = text_of(op, "marker"),
        .remote_id = text_of(op, "remote_id"),
        .cursor = text_of(op, "cursor"),
        .payload = json_object_get(op, "payload"),
        .incident = json_object_get(op, "incident"),
        .now_ms = INT64_C(1785690600000), /* 2026-08-02T17:10:00Z */
    };
}

static void run_exchanges(struct run *run, json_t *item)
{
    json_t *list = json_object_get(item, "exchanges"), *step;
    bool more = true;
    size_t i;

    if (!list) {
        (void)exchange(run, item);
        return;
    }
    assert_true(json_array_size(list) <= EXCHANGES_MAX);
    json_array_foreach(list, i, step)
    {
        if (!more)
            FAIL(run, "ended before exchange %zu", i);
        more = exchange(run, step);
    }
    if (more)
        FAIL(run, "goes on after the last exchange");
}

static void run_case(json_t *file, json_t *item, const char *where)
{
    struct run run = {.where = where};
    const char *refused = text_of(item, "not_opened");
    int r = kit_open(&run.kit, text_of(file, "connector"), json_object_get(file, "options"),
                     json_object_get(item, "options"));

    if (refused[0]) {
        if (r == 0 || !strstr(run.kit.problems.text.ptr, refused))
            FAIL(&run, "wanted a problem \"%s\", have \"%s\"", refused, run.kit.problems.text.ptr);
    } else if (r < 0) {
        FAIL(&run, "was not opened: %s", run.kit.problems.text.ptr);
    } else {
        fill_op(&run, json_object_get(item, "op"));
        run_exchanges(&run, item);
    }
    kit_close(&run.kit);
}

/* Returns how many cases the file has. */
static size_t run_file(const char *path)
{
    json_error_t error;
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error), *item;
    const char *name = strrchr(path, '/') + 1;
    char where[300];
    size_t i, n;

    if (!file)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    json_array_foreach(json_object_get(file, "cases"), i, item)
    {
        snprintf(where, sizeof where, "%s/%s: %s", text_of(file, "connector"), name,
                 text_of(item, "name"));
        assert_true(text_of(item, "name")[0] != 0);
        run_case(file, item, where);
    }
    n = json_array_size(json_object_get(file, "cases"));
    json_decref(file);
    return n;
}

static int is_case_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".json") == 0;
}

/* least guards against a folder that was not found: "0 ran" must not pass. */
static void run_folder(const char *connector, size_t least)
{
    struct dirent **entries;
    char path[600];
    size_t cases = 0;
    int n;

    snprintf(path, sizeof path, TEST_DATA "/cases/%s", connector);
    n = scandir(path, &entries, is_case_file, alphasort);
    assert_true(n > 0 && n <= FILES_MAX);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, TEST_DATA "/cases/%s/%s", connector, entries[i]->d_name);
        cases += run_file(path);
        free(entries[i]);
    }
    free(entries);
    print_message("%s: %zu cases\n", connector, cases);
    assert_true(cases >= least);
}

static void servicenow(void **state)
{
    (void)state;
    run_folder("servicenow", 50);
}

static void jira(void **state)
{
    (void)state;
    run_folder("jira", 50);
}

static void pagerduty(void **state)
{
    (void)state;
    run_folder("pagerduty", 50);
}

static void webhook(void **state)
{
    (void)state;
    run_folder("webhook", 21);
}

static void smtp(void **state)
{
    (void)state;
    run_folder("smtp", 20);
}

/* The host's rules for modules: ABI, caps that agree with functions, option tables. */
static void all_are_accepted(void **state)
{
    struct tcn_registry *registry = tcn_registry_new();
    struct tcn_err err = {0};

    (void)state;
    for (size_t i = 0; tocsin_static_connectors[i]; i++)
        if (tcn_registry_add(registry, tocsin_static_connectors[i](), &err) < 0)
            fail_msg("%s", err.msg);
    tcn_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_accepted), cmocka_unit_test(servicenow), cmocka_unit_test(jira),
        cmocka_unit_test(pagerduty),        cmocka_unit_test(smtp),       cmocka_unit_test(webhook),
    };

    tcn_log_set_level(TCN_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
