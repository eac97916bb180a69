/* What the store costs: new alarms in groups of 1, 8, 64 and 512, with everything that the turn of one writes; then
 * claims among many rows, and a start on the file that came of it.
 *
 *     bench_store [--alarms N] [--dir FOLDER] [--keep]
 *
 * Under tests/postgres.py the store is in its server (give fewer alarms: --alarms 4000).
 *
 * Times are those of the machine it runs on: compare with numbers of the same machine only. */
#include "bench_place.h"

#include "base/arena.h"
#include "sys/clock.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Ids as the turn makes them: in the order of time, the rest spread. */
static struct tcn_id new_id(uint64_t n)
{
    uint8_t spread[10];
    uint64_t x = n * 0x9E3779B97F4A7C15u;

    for (size_t i = 0; i < sizeof spread; i++)
        spread[i] = (uint8_t)(x >> (i % 8 * 8));
    return tcn_id_v7(NOW + (int64_t)(n / 16), spread);
}

static char body[1450];

static void write_inbox(struct tcn_store *s, uint64_t n, struct tcn_err *err)
{
    char delivery[65];
    struct tcn_inbox row = {.id = new_id(n),
                            .source = "prometheus",
                            .delivery_id = delivery,
                            .received_ms = NOW + (int64_t)n,
                            .peer = "192.0.2.7:41234",
                            .subject = "bearer:prometheus",
                            .body = {body, sizeof body},
                            .state = TCN_INBOX_APPLIED};

    snprintf(delivery, sizeof delivery, "%016llx%016llx%016llx%016llx",
             (unsigned long long)(n * 0x9E3779B97F4A7C15u), 1ull, 2ull, (unsigned long long)n);
    must(tcn_store_inbox_add(s, &row, err), err);
}

static void write_lane(struct tcn_store *s, struct tcn_id incident, const char *key,
                       struct tcn_arena *a, struct tcn_err *err)
{
    struct tcn_lane lane;

    must(tcn_store_lane_get(s, key, NULL, a, &lane, NULL, err), err);
    lane.source = "prometheus";
    lane.is_firing = true;
    lane.incident = incident;
    lane.clock_ms = lane.received_ms = lane.opened_ms = NOW;
    lane.transitions_ms[0] = NOW;
    memset(lane.content_sha256, 'c', 64);
    must(tcn_store_lane_put(s, &lane, err), err);
}

static void write_events(struct tcn_store *s, struct tcn_id incident, struct tcn_err *err)
{
    static const char *const types[] = {TCN_EVENT_START, TCN_EVENT_TRIGGER, TCN_EVENT_TOCSIN};

    for (int64_t seq = 1; seq <= 3; seq++) {
        struct tcn_event e = {.id = tcn_id_child(incident, "event", (uint64_t)seq),
                              .seq = seq,
                              .event_ms = NOW,
                              .updated_ms = NOW,
                              .type = types[seq - 1],
                              .data = "{\"impact\":3,\"status\":\"OPEN\",\"title\":\"High CPU\"}",
                              .text = "Incident opened by alarm HighCpu of prometheus.",
                              .actor = "source:prometheus"};

        must(tcn_store_event_add(s, incident, &e, err), err);
    }
}

static void write_alarm(struct tcn_store *s, uint64_t n, struct tcn_arena *a, struct tcn_err *err)
{
    struct tcn_id id = new_id(n);
    char key[96];
    struct tcn_incident incident = {.id = id,
                                    .response_plan = "checkout",
                                    .title = "High CPU on web-7 for 10 minutes",
                                    .summary = "The load of web-7 is 12.5, above 8, since 17:04.",
                                    .impact = 3,
                                    .status = TCN_STATUS_OPEN,
                                    .dedupe_string = key,
                                    .source = "alertmanager",
                                    .source_name = "prometheus",
                                    .created_by = "source:prometheus",
                                    .modified_by = "source:prometheus",
                                    .created_ms = NOW,
                                    .modified_ms = NOW,
                                    .revision = 1,
                                    .event_seq = 3};
    struct tcn_link link = {
        .id = tcn_id_child(id, "jira", 0), .incident = id, .connector = "jira", .due_ms = NOW};
    struct tcn_id found;

    snprintf(key, sizeof key, "prometheus/{alertname=\"HighCpu\",instance=\"web-%llu\"}",
             (unsigned long long)(n * 0x9E3779B97F4A7C15u));
    write_inbox(s, n, err);
    if (tcn_store_incident_open_of(s, key, &found, err) != TCN_ENOTFOUND)
        abort();
    write_lane(s, id, key, a, err);
    must(tcn_store_incident_put(s, &incident, err), err);
    write_events(s, id, err);
    must(tcn_store_timer_set(s, id, NOW + 300000 + (int64_t)n, err), err);
    must(tcn_store_link_put(s, &link, err), err);
}

/* Time on a processor, user and system: what other programs on the machine disturb least. */
static int64_t cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static void bench_alarms(struct tcn_store *s, uint64_t *next, uint64_t n, uint64_t group)
{
    struct tcn_arena a = {0};
    struct tcn_err err;
    int64_t start_us = tcn_clock_mono_us(), start_cpu_us = cpu_us(), us;

    tcn_arena_init(&a, (size_t)64 << 20);
    for (uint64_t done = 0; done < n; done += group) {
        must(tcn_store_begin(s, &err), &err);
        for (uint64_t i = 0; i < group; i++) {
            write_alarm(s, (*next)++, &a, &err);
            tcn_arena_reset(&a);
        }
        must(tcn_store_commit(s, &err), &err);
        if (tcn_store_chore(s) == 2)
            must(tcn_store_checkpoint(s, &err), &err);
    }
    us = tcn_clock_mono_us() - start_us;
    n = (n + group - 1) / group * group;
    printf("new alarms, groups of %3llu: %6.0f a second, %5.1f us each, %5.1f us of CPU\n",
           (unsigned long long)group, (double)n * 1e6 / (double)us, (double)us / (double)n,
           (double)(cpu_us() - start_cpu_us) / (double)n);
    tcn_arena_done(&a);
}

static void bench_claims(struct tcn_store *s, uint64_t rounds)
{
    struct tcn_arena a = {0};
    struct tcn_err err;
    struct tcn_id ids[100];
    struct tcn_link *links;
    size_t n;
    int64_t due, t0, t1, t2, t3;

    tcn_arena_init(&a, (size_t)64 << 20);
    must(tcn_store_begin(s, &err), &err);
    t0 = tcn_clock_mono_us();
    for (uint64_t i = 0; i < rounds; i++)
        must(tcn_store_next_due(s, &due, &err), &err);
    t1 = tcn_clock_mono_us();
    for (uint64_t i = 0; i < rounds; i++)
        must(tcn_store_timer_due(s, NOW + 400000, 100, ids, &n, &err), &err);
    t2 = tcn_clock_mono_us();
    must(tcn_store_link_claim(s, "jira", NOW, 1000, &a, &links, &n, &err), &err);
    must(tcn_store_commit(s, &err), &err);
    t3 = tcn_clock_mono_us();
    printf("next due: %.1f us; 100 due timers: %.1f us; claim of %zu links and commit: %.1f ms\n",
           (double)(t1 - t0) / (double)rounds, (double)(t2 - t1) / (double)rounds, n,
           (double)(t3 - t2) / 1e3);
    tcn_arena_done(&a);
}

static void usage(void)
{
    fprintf(stderr, "usage: bench_store [--alarms N] [--dir FOLDER] [--keep]\n");
    exit(2);
}

int main(int argc, char **argv)
{
    uint64_t alarms = 40000, next = 0;
    bool keep = false;
    struct tcn_store *s;
    struct stat file;
    int64_t start_us;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--keep") == 0)
            keep = true;
        else if (strcmp(argv[i], "--alarms") == 0 && i + 1 < argc)
            alarms = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
            snprintf(dir, sizeof dir, "%s/bench-XXXXXX", argv[++i]);
        else
            usage();
    }
    make_place();
    memset(body, 'b', sizeof body);
    s = open_store();
    bench_alarms(s, &next, alarms / 10, 1);
    bench_alarms(s, &next, alarms / 4, 8);
    bench_alarms(s, &next, alarms, 64);
    bench_alarms(s, &next, alarms, 512);
    bench_claims(s, 1000);
    tcn_store_close(s);
    if (stat(path, &file) == 0)
        printf("%llu alarms take %.0f bytes each\n", (unsigned long long)next,
               (double)file.st_size / (double)next);
    start_us = tcn_clock_mono_us();
    s = open_store();
    printf("open with its check: %.1f ms\n", (double)(tcn_clock_mono_us() - start_us) / 1e3);
    tcn_store_close(s);
    if (keep)
        printf("%s\n", path);
    else
        remove_place();
    return 0;
}
