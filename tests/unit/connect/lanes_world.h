/* A store, a mapping, a connector and a small ticket server around lanes and sends. */
#ifndef TCN_TEST_LANES_WORLD_H
#define TCN_TEST_LANES_WORLD_H

#include "loop.h"

#include "connect/lanes.h"
#include "connect/sends.h"
#include "sys/clock.h"
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- the ticket server ------------------------------------------------------------------------------------------ */

struct ticket {
    char marker[64], title[256], status[32], notes[4096];
    unsigned version;
    bool is_deleted;
};

struct server {
    struct loop loop;
    struct ticket tickets[16];
    size_t n;
    unsigned creates, finds, gets, writes, notes, sends, checks;
    enum { WELL = 0, LOSE_CREATE, REFUSE, DOWN, BUSY, NO_AUTH, SILENT } mood;
    size_t stop_after_sends, copies; /* of a ticket that is created; 0 is 1 */
};

static inline void respond(struct bufferevent *bev, int status, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : strdup("");
    struct evbuffer *out = bufferevent_get_output(bev);

    evbuffer_add_printf(
        out, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        status, strlen(text), text);
    free(text);
    json_decref(body);
}

static inline json_t *ticket_json(const struct server *s, size_t i)
{
    return json_pack("{s:o s:s s:o s:s s:s}", "id", json_sprintf("t%zu", i), "number", "T-1", "v",
                     json_sprintf("%u", s->tickets[i].version), "title", s->tickets[i].title,
                     "status", s->tickets[i].status);
}

static inline void write_ticket(struct ticket *t, json_t *body)
{
    const char *title =
        json_string_value(json_object_get(json_object_get(body, "fields"), "title"));
    const char *status =
        json_string_value(json_object_get(json_object_get(body, "status"), "value"));

    if (title)
        snprintf(t->title, sizeof t->title, "%s", title);
    if (status)
        snprintf(t->status, sizeof t->status, "%s", status);
    t->version++;
}

static inline void create(struct server *s, struct bufferevent *bev, json_t *body)
{
    struct ticket *t = &s->tickets[s->n];

    assert_true(s->n + s->copies < 16);
    s->creates++;
    snprintf(t->marker, sizeof t->marker, "%s",
             json_string_value(json_object_get(json_object_get(body, "fields"), "marker")));
    snprintf(t->status, sizeof t->status, "1");
    write_ticket(t, body);
    s->n++;
    for (size_t i = 1; i < s->copies; i++)
        s->tickets[s->n++] = *t;
    if (s->mood == LOSE_CREATE) {
        s->mood = WELL;
        loop_close(bev);
        return;
    }
    respond(bev, 201, ticket_json(s, s->n - 1));
}

static inline void find(struct server *s, struct bufferevent *bev, const char *marker)
{
    json_t *list = json_array();

    s->finds++;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->tickets[i].marker, marker) == 0)
            json_array_append_new(list, ticket_json(s, i));
    respond(bev, 200, json_pack("{s:o}", "list", list));
}

static inline void serve(struct server *s, struct bufferevent *bev, const char *verb,
                         const char *arg, json_t *body)
{
    size_t i = (size_t)atoi(arg + (arg[0] == 't'));
    const char *text = json_string_value(json_object_get(body, "text"));

    if (strcmp(verb, "create") == 0)
        create(s, bev, body);
    else if (strcmp(verb, "find") == 0)
        find(s, bev, arg);
    else if (arg[0] == 't' && s->tickets[i].is_deleted)
        respond(bev, 404, json_object());
    else if (strcmp(verb, "check") == 0) {
        s->checks++;
        respond(bev, 200, json_object());
    } else if (strcmp(verb, "get") == 0) {
        s->gets++;
        respond(bev, 200, ticket_json(s, i));
    } else if (strcmp(verb, "write") == 0) {
        s->writes++;
        write_ticket(&s->tickets[i], body);
        respond(bev, 200, ticket_json(s, i));
    } else if (strcmp(verb, "note") == 0) {
        s->notes++;
        strncat(s->tickets[i].notes, text,
                sizeof s->tickets[i].notes - strlen(s->tickets[i].notes) - 1);
        respond(bev, 201, json_object());
    } else if (strcmp(verb, "send") == 0) {
        s->sends++;
        respond(bev, 200, json_object());
    } else
        respond(bev, 404, NULL);
}

static inline void on_request(struct server *s, struct bufferevent *bev, char *text, char *body)
{
    char verb[32] = "", arg[128] = "";
    json_t *json = json_loads(body, 0, NULL);

    assert_true(sscanf(text, "%*s /%31[^/ ]/%127[^ ]", verb, arg) >= 1);
    if (s->mood == REFUSE)
        respond(bev, 422, json_object());
    else if (s->mood == NO_AUTH)
        respond(bev, 401, json_object());
    else if (s->mood == DOWN)
        respond(bev, 500, json_object());
    else if (s->mood == BUSY)
        respond(bev, 429, json_object());
    else if (s->mood == SILENT)
        event_base_loopbreak(s->loop.base); /* the call is out, and nobody answers */
    else
        serve(s, bev, verb, arg, json);
    json_decref(json);
}

static inline void on_read(struct bufferevent *bev, void *ctx)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    size_t n = evbuffer_get_length(in);
    char *text = malloc(n + 1), *end, *length;

    evbuffer_copyout(in, text, n);
    text[n] = 0;
    end = strstr(text, "\r\n\r\n");
    length = strstr(text, "Content-Length:");
    if (end && n >= (size_t)(end + 4 - text) + (length ? (size_t)atoi(length + 15) : 0)) {
        evbuffer_drain(in, n);
        on_request(ctx, bev, text, end + 4);
    }
    free(text);
}

static inline void on_event(struct bufferevent *bev, short what, void *ctx)
{
    (void)ctx;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        loop_close(bev);
}

static inline void on_connection(struct evconnlistener *l, evutil_socket_t fd,
                                 struct sockaddr *addr, int len, void *ctx)
{
    struct bufferevent *bev =
        bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);

    (void)addr;
    (void)len;
    loop_keep(bev);
    bufferevent_setcb(bev, on_read, NULL, on_event, ctx);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

/* -- the connector ---------------------------------------------------------------------------------------------- */

struct state {
    const char *url;
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct state, url, URL, NULL, TOCSIN_REQUIRED, "base"),
    TOCSIN_OPT_END,
};

static inline int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    static const char *const verbs[] = {"",      "check", "find", "get", "create",
                                        "write", "note",  "",     "",    "send"};
    const struct tocsin_host *h = in->host;
    const struct state *s = in->state;
    json_t *body = json_deep_copy(op->payload);
    int r = TOCSIN_REQUEST(h, rq, op->payload ? "POST" : "GET", s->url, "/{}/{}", verbs[op->verb],
                           op->verb == TOCSIN_FIND ? op->marker
                           : op->remote_id[0]      ? op->remote_id
                                                   : "x");

    if (op->verb == TOCSIN_CREATE)
        json_object_set_new(json_object_get(body, "fields"), "marker", json_string(op->marker));
    if (r == 0 && body)
        r = h->set_json(rq, body);
    json_decref(body);
    return r;
}

static inline void report(const struct tocsin_instance *in, struct tocsin_sink *sink, json_t *row)
{
    struct tocsin_record record = {.fields = row};

    record.remote_id = json_string_value(json_object_get(row, "id"));
    record.remote_key = json_string_value(json_object_get(row, "number"));
    record.version = json_string_value(json_object_get(row, "v"));
    if (record.remote_id)
        in->host->report(sink, &record);
}

static inline int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                            const struct tocsin_response *rs, struct tocsin_result *out,
                            struct tocsin_sink *sink)
{
    json_t *list = json_object_get(rs->json, "list"), *row;
    size_t i;

    in->host->classify(op, rs, out);
    json_array_foreach(list, i, row)
    {
        report(in, sink, row);
    }
    report(in, sink, rs->json);
    return 0;
}

static const struct tocsin_connector connector = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "fake",
    .version = "1",
    .summary = "-",
    .caps = TOCSIN_CAN(TOCSIN_CHECK) | TOCSIN_CAN(TOCSIN_FIND) | TOCSIN_CAN(TOCSIN_GET) |
            TOCSIN_CAN(TOCSIN_CREATE) | TOCSIN_CAN(TOCSIN_WRITE) | TOCSIN_CAN(TOCSIN_NOTE) |
            TOCSIN_CAN(TOCSIN_SEND),
    .state_size = sizeof(struct state),
    .options = options,
    .render = render,
    .interpret = interpret,
    .channels = TOCSIN_REACHES(TOCSIN_EMAIL),
};

static const char mapping_text[] =
    "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"fake\", \"driver\": \"fake\","
    " \"settings\": {\"settle\": {\"default\": \"1ms\"}, \"when_lost\": {\"default\": "
    "\"recreate\"}, \"auto_resolve\": {\"default\": "
    "\"always\"}},"
    " \"tables\": {\"state\": {\"map\": {\"OPEN\": \"1\", \"ACKED\": \"2\", \"RESOLVED\": \"6\"}, "
    "\"class\": {"
    "   \"OPEN\": {\"primary\": \"1\", \"accept\": [\"1\"]}, \"ACKED\": {\"primary\": \"2\", "
    "\"accept\": [\"2\"]},"
    "   \"RESOLVED\": {\"primary\": \"6\", \"accept\": [\"6\", \"7\"]}}}},"
    " \"find\": {\"marker\": \"marker\", \"value\": \"tocsin-{{env.short_id}}\", \"visibility\": "
    "\"500ms\"},"
    " \"fields\": {\"title\": {\"remote\": \"title\", \"direction\": \"out\", \"out\": "
    "\"{{env.title}}\","
    "   \"in\": {\"path\": \"in.title\"}}},"
    " \"status\": {\"remote\": \"status\", \"direction\": \"both\", \"table\": \"state\"},"
    " \"notes\": {\"out\": {\"remote\": \"notes\", \"template\": \"{{event.text}};\"}},"
    " \"links\": {\"remote_url\": \"https://t.example/{{remote.id}}\"}}";

/* -- the world -------------------------------------------------------------------------------------------------- */

struct world {
    struct server server;
    char dir[64], url[128];
    struct rig rig;
    struct tcn_problems problems;
    struct tcn_mapping *mapping;
    struct tcn_storethread *store;
    struct tcn_lanes *lanes;
    struct tcn_sends *sends;
    struct tcn_id incident, link;
    char said[2048], linked_url[128]; /* written on the store thread: said is read as seen_said */
    unsigned changes;                 /* how often lanes and sends said so */
    size_t conflicts[TCN_WINNERS];    /* as lanes said of "test" */
    unsigned found_many;              /* how often lanes said so of "test" */
    atomic_uint results_ok, results_failed, results_late,
        results_again; /* written on the store thread, after those below */
    char result_note[256];
    unsigned held; /* of those that were sent: a budget held them back */
    enum tcn_send_news result_news;
    int64_t result_attempt;
    unsigned tries_more; /* of messages that failed: the application asks for so many */
    size_t unreached;
};

static struct world world;

static inline int on_note(void *ctx, struct tcn_store *s, struct tcn_id incident, const char *text,
                          const char *actor, bool to_tickets, int64_t now_ms, struct tcn_err *err)
{
    struct world *w = ctx;

    (void)s;
    (void)incident;
    (void)actor;
    (void)to_tickets;
    (void)now_ms;
    (void)err;
    snprintf(w->said + strlen(w->said), sizeof w->said - strlen(w->said), "%s\n", text);
    return 0;
}

static inline int on_linked(void *ctx, struct tcn_store *s, const struct tcn_link *link,
                            const char *text, int64_t now_ms, struct tcn_err *err)
{
    struct world *w = ctx;

    (void)s;
    (void)now_ms;
    (void)err;
    snprintf(w->said + strlen(w->said), sizeof w->said - strlen(w->said), "%s\n", text);
    snprintf(w->linked_url, sizeof w->linked_url, "%s", link->remote_url ? link->remote_url : "");
    return 0;
}

static inline int on_message(void *ctx, struct tcn_store *s, const struct tcn_send_row *row,
                             int64_t now_ms, struct tcn_arena *arena, struct tcn_send_message *ret,
                             struct tcn_err *err)
{
    (void)ctx;
    (void)s;
    (void)now_ms;
    (void)arena;
    (void)err;
    if (strcmp(row->contact, "nobody") == 0)
        ret->why = "the contact has no address";
    else
        ret->payload = json_pack("{s:s}", "to", row->contact);
    ret->is_urgent = row->send_no == 99;
    return 0;
}

static struct tcn_send_budget ann_has; /* pages 0: nobody has a budget */
static atomic_uint digests, no_digest; /* made; nonzero: the mapping makes none */
static size_t digest_sizes[16];

static inline int on_budget(void *ctx, struct tcn_store *s, const struct tcn_send_row *row,
                            int64_t now_ms, struct tcn_send_budget *ret, struct tcn_err *err)
{
    (void)ctx;
    (void)s;
    (void)now_ms;
    (void)err;
    *ret = ann_has;
    return ann_has.bucket.pages > 0 && strcmp(row->contact, "ann") == 0;
}

static inline int on_digest(void *ctx, struct tcn_store *s, const struct tcn_send_bundle *bundle,
                            struct tcn_arena *arena, json_t **ret, struct tcn_err *err)
{
    (void)ctx;
    (void)s;
    (void)arena;
    (void)err;
    if (no_digest)
        return 0;
    digest_sizes[digests % 16] = bundle->n;
    atomic_fetch_add(&digests, 1);
    *ret = json_pack("{s:s}", "to", bundle->rows[0].contact);
    return 0;
}

static inline bool is_on_its_way(const struct tcn_send_report *report)
{
    return report->news == TCN_SEND_LATE || (report->news == TCN_SEND_DOUBTED && !report->is_over);
}

static inline int on_send_result(void *ctx, struct tcn_store *s, const struct tcn_send_row *row,
                                 int64_t now_ms, struct tcn_send_report *report,
                                 struct tcn_err *err)
{
    struct world *w = ctx;

    (void)s;
    (void)now_ms;
    (void)err;
    w->result_news = report->news;
    w->held += report->was_held;
    w->result_attempt = row->attempt;
    if (report->news == TCN_SEND_LOST)
        report->milestones->unreached.n++;
    if (report->news == TCN_SEND_UNSENT && w->tries_more > 0) {
        w->tries_more--;
        report->again_ms = now_ms;
    }
    snprintf(w->result_note, sizeof w->result_note, "%s", report->note);
    atomic_fetch_add(report->news == TCN_SEND_SENT ? &w->results_ok
                     : is_on_its_way(report)       ? &w->results_late
                     : report->again_ms > 0        ? &w->results_again
                                                   : &w->results_failed,
                     1);
    return 0;
}

static inline void on_milestones(void *ctx, const struct tcn_milestones *milestones)
{
    struct world *w = ctx;

    w->unreached += milestones->unreached.n;
}

static inline void on_changed(void *ctx)
{
    struct world *w = ctx;

    w->changes++;
}

static inline void on_found_many(void *ctx, const char *instance)
{
    struct world *w = ctx;

    assert_string_equal(instance, "test");
    w->found_many++;
}

static inline void on_conflicts(void *ctx, const char *instance, const size_t n[TCN_WINNERS])
{
    struct world *w = ctx;

    assert_string_equal(instance, "test");
    for (int i = 0; i < TCN_WINNERS; i++)
        w->conflicts[i] += n[i];
}

static _Atomic int64_t ahead_ms; /* of the lanes' clock */

static inline int64_t now(void *ctx)
{
    (void)ctx;
    return tcn_clock_now_ms() + ahead_ms;
}

static inline void start_store(struct world *w)
{
    struct tcn_storethread_options o = {
        .store = {.url = w->url, .account_id = "111122223333", .node = "t"}, .now_ms = now};
    struct tcn_err err = {0};

    if (tcn_storethread_start(w->server.loop.base, &o, &w->store, &err) < 0)
        fail_msg("%s", err.msg);
}

static inline void start_lanes(struct world *w)
{
    struct tcn_lanes_item item = {w->rig.instance, w->mapping, NULL};
    struct tcn_lanes_options lanes = {.base = w->server.loop.base,
                                      .hub = w->server.loop.hub,
                                      .store = w->store,
                                      .account_id = "111122223333",
                                      .items = &item,
                                      .n_items = 1,
                                      .app = {.ctx = w,
                                              .note = on_note,
                                              .linked = on_linked,
                                              .found_many = on_found_many,
                                              .conflicts = on_conflicts,
                                              .changed = on_changed}};
    struct tcn_sends_options sends = {.base = w->server.loop.base,
                                      .hub = w->server.loop.hub,
                                      .store = w->store,
                                      .app = {.ctx = w,
                                              .message = on_message,
                                              .budget = on_budget,
                                              .digest = on_digest,
                                              .result = on_send_result,
                                              .milestones = on_milestones,
                                              .changed = on_changed},
                                      .channels = {[TCN_EMAIL] = w->rig.instance}};

    w->lanes = tcn_lanes_new(&lanes);
    w->sends = tcn_sends_new(&sends);
}

static inline void stop(struct world *w)
{
    tcn_lanes_stop(w->lanes);
    tcn_sends_stop(w->sends);
    tcn_storethread_stop(w->store);
    tcn_lanes_free(w->lanes);
    tcn_sends_free(w->sends);
}

static struct tcn_link seen;
static char seen_reason[256], seen_key[64];
static size_t seen_letters;
static char seen_request[8192], seen_said[2048];

static inline int setup(void **unused)
{
    struct world *w = &world;
    char config[256];

    (void)unused;
    memset(w, 0, sizeof *w);
    seen = (struct tcn_link){.state = TCN_LINK_NONE};
    seen_letters = 0;
    seen_said[0] = 0;
    ahead_ms = 0;
    ann_has = (struct tcn_send_budget){.can_bundle = true};
    digests = no_digest = 0;
    snprintf(w->dir, sizeof w->dir, "/tmp/tocsin-test-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->url, sizeof w->url, "sqlite:%.60s/t.db", w->dir);
    loop_init(&w->server.loop, on_connection, &w->server);
    snprintf(config, sizeof config,
             "{\"url\": \"http://127.0.0.1:%d\", \"timeout\": \"2s\", \"allow\": [\"localhost\"]}",
             w->server.loop.port);
    rig_init(&w->rig, &connector, config);
    tcn_problems_init(&w->problems);
    if (tcn_mapping_load("fake.json", tcn_str(mapping_text), NULL, &w->problems, &w->mapping) < 0)
        fail_msg("%s", w->problems.text.ptr);
    start_store(w);
    start_lanes(w);
    return 0;
}

static inline void remove_files(const struct world *w)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".lock", ".reserve"};
    char path[160];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s/t.db%s", w->dir, ends[i]);
        unlink(path);
    }
    rmdir(w->dir);
}

static inline int teardown(void **unused)
{
    struct world *w = &world;

    (void)unused;
    stop(w);
    tcn_mapping_free(w->mapping);
    tcn_problems_done(&w->problems);
    rig_done(&w->rig);
    loop_done(&w->server.loop);
    remove_files(w);
    return 0;
}

/* -- jobs of the test ------------------------------------------------------------------------------------------- */

struct test_job {
    struct tcn_job job;
    struct world *w;
    int (*act)(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
               struct tcn_err *err);
    bool is_done;
};

static inline int run_job(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                          struct tcn_err *err)
{
    struct test_job *t = (struct test_job *)job;
    struct tcn_arena a;
    int r;

    tcn_arena_init(&a, 16u << 20);
    r = t->act(t->w, s, now_ms, &a, err);
    tcn_arena_done(&a);
    return r;
}

static inline void job_done(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct test_job *t = (struct test_job *)job;

    if (r < 0)
        fail_msg("%s", err->msg);
    t->is_done = true;
}

static inline void in_store(struct world *w, int (*act)(struct world *, struct tcn_store *, int64_t,
                                                        struct tcn_arena *, struct tcn_err *))
{
    struct test_job t = {.job = {.run = run_job, .done = job_done}, .w = w, .act = act};

    assert_int_equal(tcn_storethread_post(w->store, &t.job), 0);
    while (!t.is_done)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
}

static inline int add_incident(struct world *w, struct tcn_store *s, int64_t now_ms,
                               struct tcn_arena *a, struct tcn_err *err)
{
    struct tcn_incident i = {.id = tcn_id_v7(now_ms, (const uint8_t[10]){1, 2, 3}),
                             .exists = true,
                             .response_plan = "web",
                             .title = "CPU high",
                             .summary = "It burns",
                             .impact = 2,
                             .status = TCN_STATUS_OPEN,
                             .dedupe_string = "d",
                             .source = "test",
                             .created_by = "test",
                             .modified_by = "test",
                             .created_ms = now_ms,
                             .modified_ms = now_ms,
                             .revision = 1,
                             .event_seq = 1};
    struct tcn_event e = {.id = tcn_id_child(i.id, "event", 1),
                          .seq = 1,
                          .event_ms = now_ms,
                          .updated_ms = now_ms,
                          .type = TCN_EVENT_NOTE,
                          .data = "{}",
                          .text = "first",
                          .actor = "user:a",
                          .to_tickets = true};
    struct tcn_link l = {.id = tcn_id_child(i.id, "test", 0),
                         .incident = i.id,
                         .connector = "test",
                         .due_ms = now_ms};
    int r;

    (void)a;
    w->incident = i.id;
    w->link = l.id;
    if ((r = tcn_store_incident_put(s, &i, err)) < 0 ||
        (r = tcn_store_event_add(s, i.id, &e, err)) < 0)
        return r;
    return tcn_store_link_put(s, &l, err);
}

static inline int change(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                         struct tcn_err *err, bool resolve)
{
    struct tcn_incident i;
    int r = tcn_store_incident_get(s, w->incident, a, &i, err);

    if (r < 0)
        return r;
    i.revision++;
    i.modified_ms = now_ms;
    i.acknowledged_ms = now_ms;
    i.acknowledged_by = "contact:a";
    if (resolve) {
        i.status = TCN_STATUS_RESOLVED;
        i.resolved_ms = now_ms + 60000;
        i.resolution.by = "user:a";
    }
    if ((r = tcn_store_incident_put(s, &i, err)) < 0)
        return r;
    return tcn_store_link_wake(s, w->incident, now_ms, err);
}

static inline int acknowledge(struct world *w, struct tcn_store *s, int64_t now_ms,
                              struct tcn_arena *a, struct tcn_err *err)
{
    return change(w, s, now_ms, a, err, false);
}

static inline int resolve(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                          struct tcn_err *err)
{
    return change(w, s, now_ms, a, err, true);
}

static inline int look(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                       struct tcn_err *err)
{
    struct tcn_deadletter *letters = NULL;
    int r = tcn_store_link_get(s, w->link, a, &seen, err);

    (void)now_ms;
    if (r == TCN_ENOTFOUND)
        seen = (struct tcn_link){.state = TCN_LINK_NONE};
    snprintf(seen_reason, sizeof seen_reason, "%s", seen.blocked_reason ? seen.blocked_reason : "");
    snprintf(seen_key, sizeof seen_key, "%s", seen.remote_key ? seen.remote_key : "");
    r = tcn_store_deadletter_list(s, NULL, 10, a, &letters, &seen_letters, err);
    snprintf(seen_request, sizeof seen_request, "%s",
             seen_letters > 0 && letters[0].request ? letters[0].request : "");
    snprintf(seen_said, sizeof seen_said, "%s", w->said);
    return r;
}

/* Lets the loop work until ok; fails after ten seconds. */
static inline void until(struct world *w, bool (*ok)(const struct world *))
{
    int64_t end = tcn_clock_mono_us() + 10000000;

    while (!ok(w)) {
        in_store(w, look);
        if (tcn_clock_mono_us() > end)
            fail_msg("waited in vain: state %d due %lld reason %s; creates %u finds %u writes %u",
                     seen.state, (long long)seen.due_ms, seen_reason, w->server.creates,
                     w->server.finds, w->server.writes);
    }
}

static inline bool is_linked_and_quiet(const struct world *w)
{
    (void)w;
    return seen.state == TCN_LINK_LINKED && seen.due_ms == 0 && !seen.is_in_flight;
}

static inline bool is_missed(const struct world *w)
{
    (void)w;
    return seen.state == TCN_LINK_LINKED && !seen.is_in_flight && seen.due_ms > now(NULL) + 60000;
}

static inline bool is_acked_there(const struct world *w)
{
    return strcmp(w->server.tickets[0].status, "2") == 0 && is_linked_and_quiet(w);
}

static inline bool is_resolved_there(const struct world *w)
{
    return strcmp(w->server.tickets[0].status, "6") == 0 && is_linked_and_quiet(w);
}

static inline bool has_letter(const struct world *w)
{
    (void)w;
    return seen_letters == 1 && !seen.is_in_flight;
}

static inline bool has_failed(const struct world *w)
{
    (void)w;
    return seen.fail_count > 0 && !seen.is_in_flight;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
