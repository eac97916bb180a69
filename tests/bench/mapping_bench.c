/* What a mapping costs on a tree that is parsed already: median of rounds, microseconds for one delivery.
 *
 *     mapping_bench [ROUNDS]
 *
 * Times are those of the machine it runs on: compare with numbers of the same machine only. */
#include "mapping/mapping.h"
#include "sys/clock.h"
#include "sys/zone.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 2000, MAX_ROUNDS = 200 };

extern const struct tcn_embedded tcn_shipped_mappings[];

static void *table(void)
{
    return (void *)(uintptr_t)tcn_shipped_mappings;
}

static struct tcn_mapping *load(const char *name)
{
    const struct tcn_mapping_lookup lookup = {tcn_mapping_builtin, table(), tcn_zone_load};
    struct tcn_problems problems;
    struct tcn_mapping *m = NULL;
    struct tcn_str text;

    tcn_problems_init(&problems);
    if (tcn_mapping_builtin(table(), name, &text) < 0 ||
        tcn_mapping_load(name, text, &lookup, &problems, &m) < 0) {
        fprintf(stderr, "mapping_bench: %s\n%s", name, tcn_buf_view(&problems.text).ptr);
        exit(1);
    }
    tcn_problems_done(&problems);
    return m;
}

static double batch_us(const struct tcn_mapping *m, const struct tcn_mapping_input *in,
                       struct tcn_arena *arena)
{
    int64_t start = tcn_clock_mono_us();
    struct tcn_alarm *alarms;
    size_t n;

    for (int i = 0; i < BATCH; i++) {
        tcn_arena_reset(arena);
        if (tcn_mapping_alarms(m, in, arena, &alarms, &n, NULL) < 0 || n == 0 ||
            alarms[0].mapping_error)
            abort();
    }
    return (double)(tcn_clock_mono_us() - start) / BATCH;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void measure(const char *mapping, const char *fixture, int alerts, int rounds)
{
    struct tcn_mapping *m = load(mapping);
    struct tcn_mapping_input in = {.source = "bench"};
    double us[MAX_ROUNDS];
    struct tcn_arena arena;
    json_t *list;

    if (tcn_mapping_builtin_file(table(), fixture, &in.raw) < 0 ||
        tcn_json_parse(in.raw, &tcn_json_source, &in.body, NULL) < 0)
        abort();
    list = json_object_get(in.body, "alerts");
    while (alerts && json_array_size(list) > (size_t)alerts)
        json_array_remove(list, json_array_size(list) - 1);
    while (alerts && json_array_size(list) < (size_t)alerts)
        json_array_append_new(list, json_deep_copy(json_array_get(list, 0)));
    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    for (int i = 0; i < rounds; i++)
        us[i] = batch_us(m, &in, &arena);
    qsort(us, (size_t)rounds, sizeof *us, compare);
    printf("%-28s %4d alerts  median %7.2f us  best %7.2f us\n", mapping, alerts, us[rounds / 2],
           us[0]);
    tcn_arena_done(&arena);
    json_decref(in.body);
    tcn_mapping_free(m);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 15;

    if (rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "mapping_bench: give a number of rounds from 1 to %d\n", MAX_ROUNDS);
        return 2;
    }
    measure("builtin/alertmanager", "alertmanager-group.json", 2, rounds);
    measure("builtin/alertmanager", "alertmanager-group.json", 100, rounds);
    measure("builtin/cloudwatch-sns", "cloudwatch-sns-alarm.json", 0, rounds);
    measure("builtin/eventbridge", "eventbridge-alarm.json", 0, rounds);
    return 0;
}
