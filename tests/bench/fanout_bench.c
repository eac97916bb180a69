/* What a call of a connector costs: through the connector host and curl's multi interface, to a sink on loopback.
 *
 *     bench_fanout [--requests N] [--at-once N] [--rounds N]
 *
 * curl     libcurl as the host drives it, nothing else: a POST on a connection of its own
 * webhook  notifications by the connector webhook, rendered, sent, interpreted; each on a connection of its own, since libcurl sends a
 *          request again by itself when a kept one turns out dead
 * read     records of ServiceNow, read by its connector on connections that are kept
 *
 * CPU is of this process alone, which has one thread; the sink's is told beside it. */
#include "base/json.h"
#include "connect/exchange.h"
#include "connect/host.h"
#include "sink.h"
#include "sys/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOAL_RPS 5000.0

enum { ROUNDS_MAX = 25, AT_ONCE_MAX = 512 };

TOCSIN_ENTRY(webhook);
TOCSIN_ENTRY(servicenow);

struct bench {
    struct event_base *base;
    struct tcn_pump *pump;
    struct tcn_hub *hub;
    struct tcn_instance *instance;
    struct tocsin_op op;
    char url[64];
    struct curl_slist *head;
    const char *body;
    uint64_t wanted, begun, ended, failed;
};

struct way {
    const char *name, *config;
    const struct tocsin_connector *(*entry)(void); /* NULL: curl alone */
    uint32_t verb;
    void (*begin)(struct bench *b, size_t place);
};

static struct tcn_pump_wait waits[AT_ONCE_MAX];
static struct bench *of_waits;

static void must(int r, const char *what)
{
    if (r == 0)
        return;
    fprintf(stderr, "bench_fanout: %s\n", what);
    exit(1);
}

/* True: another call is to begin in the place of the one that ended. */
static bool ended(struct bench *b, bool is_good)
{
    b->failed += !is_good;
    if (++b->ended == b->wanted)
        event_base_loopbreak(b->base);
    return b->begun < b->wanted;
}

/* -- through the connector host --------------------------------------------------------------------------------- */

static void begin_exchange(struct bench *b, size_t place);

static void on_outcome(void *ctx, struct tcn_outcome *o)
{
    bool is_good = o->result.outcome == TOCSIN_OK;

    if (!is_good)
        fprintf(stderr, "bench_fanout: %s\n", o->result.reason);
    tcn_outcome_free(o);
    if (ended(ctx, is_good))
        begin_exchange(ctx, 0);
}

static void begin_exchange(struct bench *b, size_t place)
{
    (void)place;
    b->begun++;
    tcn_exchange_start(b->hub, b->instance, &b->op, on_outcome, b);
}

/* -- curl alone ------------------------------------------------------------------------------------------------- */

static size_t swallow(char *bytes, size_t size, size_t n, void *ctx)
{
    (void)bytes;
    (void)ctx;
    return size * n;
}

static void begin_curl(struct bench *b, size_t place);

static void on_transfer(struct tcn_pump_wait *wait, CURLcode code)
{
    struct bench *b = of_waits;
    long status = 0;

    curl_easy_getinfo(wait->easy, CURLINFO_RESPONSE_CODE, &status);
    tcn_pump_give(b->pump, wait->easy);
    if (ended(b, code == CURLE_OK && status == 200))
        begin_curl(b, (size_t)(wait - waits));
}

static void begin_curl(struct bench *b, size_t place)
{
    struct tcn_err err;
    CURL *c = tcn_pump_take(b->pump);

    b->begun++;
    waits[place] = (struct tcn_pump_wait){.easy = c, .done = on_transfer};
    curl_easy_setopt(c, CURLOPT_URL, b->url);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, b->head);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, b->body);
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, swallow);
    must(tcn_pump_start(b->pump, &waits[place], &err), "a transfer does not start");
}

/* -- one measurement -------------------------------------------------------------------------------------------- */

static int secret(void *ctx, const struct tcn_node *reference, struct tcn_buf *ret)
{
    (void)ctx;
    (void)reference;
    tcn_buf_z(ret, "bench-secret-0123456789abcdef");
    return 0;
}

static struct tcn_instance *make_instance(const struct way *w, const char *url)
{
    struct tcn_instance *ret = NULL;
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_node root;
    char text[512];

    snprintf(text, sizeof text, "{\"url\": \"%s\", \"allow\": [\"localhost\"], %s}", url,
             w->config);
    tcn_problems_init(&problems);
    must(tcn_doc_parse(&doc, "bench", tcn_str(text), &problems), "no configuration");
    root = tcn_node_root(&doc);
    must(tcn_instance_new(w->entry(), &tcn_host, "bench", &root, secret, NULL, &ret),
         problems.text.ptr);
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
    return ret;
}

/* What a topic is told of an incident, about 700 bytes. */
static json_t *message(void)
{
    json_t *incident = json_pack(
        "{s:s, s:s, s:s, s:i, s:s, s:s}", "id", "01a2248f-fa91-7642-b0b2-c3929c962b50", "title",
        "HighRequestLatency on web-00000001:9090", "summary",
        "The 99th percentile of web-00000001 is above 800 ms for ten minutes; the target is 300 "
        "ms. "
        "Customers see slow payments.",
        "impact", 2, "status", "OPEN", "url",
        "https://tocsin.example.net/console/#/incidents/01a2248f-fa91-7642-b0b2-c3929c962b50");
    json_t *event = json_pack("{s:s, s:s, s:s, s:s}", "id", "01a2248f-fa91-8d8a-8bbe-39ac5639eec6",
                              "type", "opened", "at", "2026-08-02T16:24:40.989Z", "text",
                              "incident opened by the alarm HighRequestLatency of web-00000001");

    return json_pack("{s:o, s:o, s:s}", "incident", incident, "event", event, "topic",
                     "arn:aws:sns:eu-central-1:123456789012:ops-web");
}

static void bench_init(struct bench *b, const struct way *w, int port)
{
    struct tcn_err err;

    *b = (struct bench){.base = event_base_new()};
    must(tcn_pump_new(b->base, &b->pump, &err), "no pump");
    b->hub = tcn_hub_new(b->base, b->pump, NULL, NULL);
    snprintf(b->url, sizeof b->url, "http://127.0.0.1:%d", port);
    b->op = (struct tocsin_op){.verb = w->verb,
                               .attempt = 1,
                               .op_id = "01a2248f-fa91-8d8a-8bbe-39ac5639eec6",
                               .marker = "",
                               .remote_id = SINK_RECORD,
                               .cursor = ""};
    b->op.payload = json_pack("{s:s, s:o}", "to", "arn:aws:sns:eu-central-1:123456789012:ops-web",
                              "body", message());
    b->body = json_dumps(json_object_get(b->op.payload, "body"), JSON_COMPACT);
    b->head = curl_slist_append(curl_slist_append(NULL, "Content-Type: application/json"),
                                "Authorization: Bearer bench-secret-0123456789abcdef");
    of_waits = b;
    if (w->entry)
        b->instance = make_instance(w, b->url);
}

static void bench_done(struct bench *b)
{
    tcn_instance_free(b->instance);
    tcn_hub_free(b->hub);
    tcn_pump_free(b->pump);
    event_base_free(b->base);
    curl_slist_free_all(b->head);
    json_decref(b->op.payload);
    free((char *)(uintptr_t)b->body);
}

struct result {
    double rps, cpu_us, sink_us;
};

static struct result measure(const struct way *w, uint64_t requests, size_t at_once)
{
    struct sink sink;
    struct bench b;
    struct sink_count counted;
    int64_t start_us, took_us;
    double cpu_us;

    sink_start(&sink);
    bench_init(&b, w, sink.port);
    b.wanted = requests;
    cpu_us = cpu_of_self_us();
    start_us = tcn_clock_mono_us();
    for (size_t i = 0; i < at_once && b.begun < b.wanted; i++)
        w->begin(&b, i);
    event_base_dispatch(b.base);
    took_us = tcn_clock_mono_us() - start_us;
    cpu_us = cpu_of_self_us() - cpu_us;
    bench_done(&b);
    counted = sink_end(&sink);
    must(b.failed > 0 || b.ended != requests || counted.requests != requests,
         "requests failed, or the sink counted others than were sent");
    must(w->verb == TOCSIN_GET ? counted.connections > at_once : counted.connections != requests,
         "connections were kept or made anew where they should not");
    return (struct result){(double)requests * 1e6 / (double)took_us, cpu_us / (double)requests,
                           counted.cpu_us / (double)requests};
}

static const struct way ways[] = {
    {"curl", "", NULL, TOCSIN_SEND, begin_curl},
    {"webhook", "\"token\": {\"env\": \"T\"}", tocsin_connector_webhook, TOCSIN_SEND,
     begin_exchange},
    {"read", "\"user\": \"tocsin\", \"password\": {\"env\": \"P\"}", tocsin_connector_servicenow,
     TOCSIN_GET, begin_exchange},
};
enum { WAYS = sizeof ways / sizeof *ways };

static int by_rps(const void *a, const void *b)
{
    double x = ((const struct result *)a)->rps, y = ((const struct result *)b)->rps;

    return (x > y) - (x < y);
}

static void print_row(const struct way *w, struct result *rounds, size_t n)
{
    struct result middle;

    qsort(rounds, n, sizeof *rounds, by_rps);
    middle = rounds[n / 2];
    printf("%-8s %9.0f %14.1f %9.1f   ", w->name, middle.rps, middle.cpu_us, middle.sink_us);
    if (w->entry)
        printf("goal >= %.0f a second  %s\n", GOAL_RPS, middle.rps >= GOAL_RPS ? "pass" : "MISS");
    else
        puts("no goal: to compare with");
}

static uint64_t number(int argc, char **argv, const char *name, uint64_t value, uint64_t max)
{
    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], name) == 0 &&
            (tcn_str_u64(tcn_str(argv[i + 1]), max, &value) < 0 || value == 0))
            must(1, "a number is out of its range");
    return value;
}

int main(int argc, char **argv)
{
    uint64_t requests = number(argc, argv, "--requests", 20000, UINT32_MAX);
    size_t at_once = (size_t)number(argc, argv, "--at-once", 64, AT_ONCE_MAX);
    size_t rounds = (size_t)number(argc, argv, "--rounds", 5, ROUNDS_MAX);
    static struct result results[WAYS][ROUNDS_MAX];

    signal(SIGPIPE, SIG_IGN);
    for (size_t r = 0; r < rounds; r++)
        for (size_t w = 0; w < WAYS; w++)
            results[w][r] = measure(&ways[w], requests, at_once);
    printf("%llu requests, %zu at a time, median of %zu rounds\n", (unsigned long long)requests,
           at_once, rounds);
    printf("%-8s %9s %14s %9s\n", "", "a second", "CPU us a call", "sink us");
    for (size_t w = 0; w < WAYS; w++)
        print_row(&ways[w], results[w], rounds);
    return 0;
}
