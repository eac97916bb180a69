/* Which failures of store jobs are lines of the log. */
#include "../stderr_lines.h"
#include "loop.h"

#include "connect/worker.h"

#define START INT64_C(1785690280000)

static struct stderr_lines lines;
static int64_t clock_ms;

static int64_t now(void *ctx)
{
    (void)ctx;
    return clock_ms;
}

/* So many jobs end with r, a second apart; what came to standard error is in lines then. */
static void end_jobs(struct tcn_worker *w, int n, int r)
{
    const struct tcn_err err = {.code = TCN_EFULL, .msg = "no space left"};

    stderr_begin(&lines);
    for (int i = 0; i < n; i++, clock_ms += 1000)
        tcn_worker_log(w, "jira", "claim", r, r < 0 ? &err : NULL);
    stderr_end(&lines);
}

static void failures_are_told_once_a_minute(void **state)
{
    struct loop l;
    struct tcn_hub *hub;
    struct tcn_worker w = {0};

    (void)state;
    loop_init(&l, NULL, NULL);
    clock_ms = START;
    w.hub = hub = tcn_hub_new(l.base, l.pump, now, NULL);
    end_jobs(&w, 5, 0);
    assert_int_equal(stderr_count(&lines), 0);
    end_jobs(&w, 60, TCN_EFULL);
    assert_int_equal(stderr_count(&lines), 1);
    assert_non_null(strstr(lines.text, "no space left"));
    assert_non_null(strstr(lines.text, "failed=1\n"));
    end_jobs(&w, 1, TCN_EFULL);
    assert_int_equal(stderr_count(&lines), 1);
    assert_non_null(strstr(lines.text, "failed=60\n"));
    end_jobs(&w, 3, TCN_EFULL);
    assert_int_equal(stderr_count(&lines), 0);
    end_jobs(&w, 2, 0);
    assert_int_equal(stderr_count(&lines), 1);
    assert_non_null(strstr(lines.text, "work again"));
    assert_non_null(strstr(lines.text, "failed=3\n"));
    tcn_hub_free(hub);
    loop_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(failures_are_told_once_a_minute)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
