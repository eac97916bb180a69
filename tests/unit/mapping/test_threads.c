/* One loaded mapping, many threads: no result depends on the others. Worth most under the thread sanitizer. */
#include "fixture.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 100 };

struct job {
    const struct tcn_mapping *source, *connector;
    struct tcn_str raw;
    json_t *want; /* only read */
    size_t wrong;
};

static json_t *first_alarm(const struct tcn_mapping *m, struct tcn_str raw)
{
    struct tcn_mapping_input in = {.source = "t", .raw = raw};
    struct tcn_alarm *alarms;
    struct tcn_arena arena;
    json_t *json = NULL;
    size_t n = 0;

    if (tcn_json_parse(raw, &tcn_json_source, &in.body, NULL) < 0)
        return NULL;
    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    if (tcn_mapping_matches(m, &in) && tcn_mapping_alarms(m, &in, &arena, &alarms, &n, NULL) == 0 &&
        n > 0)
        json = tcn_alarm_json(&alarms[0]);
    tcn_arena_done(&arena);
    json_decref(in.body);
    return json;
}

static size_t use_connector(const struct tcn_mapping *m)
{
    json_t *env =
        json_pack("{s:s,s:s,s:i,s:s}", "id", "i", "title", "t", "impact", 2, "summary", "**s**");
    const struct tcn_mapping_env e = {.env = env};
    json_t *created = tcn_mapping_create(m, &e),
           *status = tcn_mapping_status_payload(m, "RESOLVED", &e);
    size_t wrong = !created || !status;

    for (size_t i = 0; i < tcn_mapping_field_count(m); i++)
        json_decref(tcn_mapping_out(m, i, &e));
    json_decref(created);
    json_decref(status);
    json_decref(env);
    return wrong;
}

static void *work(void *arg)
{
    struct job *job = arg;

    for (int i = 0; i < ROUNDS; i++) {
        json_t *got = first_alarm(job->source, job->raw);

        job->wrong += !got || !json_equal(got, job->want);
        job->wrong += use_connector(job->connector);
        json_decref(got);
    }
    return NULL;
}

static struct tcn_mapping *load_shipped(const char *name, struct tcn_problems *problems)
{
    struct tcn_mapping *m = NULL;
    struct tcn_str text;

    assert_int_equal(tcn_mapping_builtin(shipped(), name, &text), 0);
    assert_int_equal(tcn_mapping_load(name, text, lookup(), problems, &m), 0);
    return m;
}

static void many_threads(void **state)
{
    struct tcn_problems problems;
    pthread_t threads[THREADS];
    struct job jobs[THREADS], job = {0};
    struct tcn_mapping *source, *connector;

    (void)state;
    tcn_problems_init(&problems);
    job.source = source = load_shipped("builtin/cloudwatch-sns", &problems);
    job.connector = connector = load_shipped("builtin/jira", &problems);
    assert_int_equal(tcn_mapping_builtin_file(shipped(), "cloudwatch-sns-alarm.json", &job.raw), 0);
    assert_non_null(job.want = first_alarm(source, job.raw));
    for (size_t i = 0; i < THREADS; i++) {
        jobs[i] = job;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(jobs[i].wrong, 0);
    }
    json_decref(job.want);
    tcn_mapping_free(source);
    tcn_mapping_free(connector);
    tcn_problems_done(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
