/* Which failures of store jobs are lines of the log. */
#include "loop.h"

#include "connect/worker.h"

#define START INT64_C(1785690280000)

static char lines[4096];
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
    int kept = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    size_t len;

    assert_true(kept >= 0 && file && dup2(fileno(file), STDERR_FILENO) >= 0);
    for (int i = 0; i < n; i++, clock_ms += 1000)
        tcn_worker_log(w, "jira", "claim", r, r < 0 ? &err : NULL);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(file);
    len = fread(lines, 1, sizeof lines - 1, file);
    lines[len] = '\0';
    fclose(file);
}

static size_t n_lines(void)
{
    size_t n = 0;

    for (const char *p = lines; (p = strchr(p, '\n')) != NULL; p++)
        n++;
    return n;
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
    assert_int_equal(n_lines(), 0);
    end_jobs(&w, 60, TCN_EFULL);
    assert_int_equal(n_lines(), 1);
    assert_non_null(strstr(lines, "no space left"));
    assert_non_null(strstr(lines, "failed=1\n"));
    end_jobs(&w, 1, TCN_EFULL);
    assert_int_equal(n_lines(), 1);
    assert_non_null(strstr(lines, "failed=60\n"));
    end_jobs(&w, 3, TCN_EFULL);
    assert_int_equal(n_lines(), 0);
    end_jobs(&w, 2, 0);
    assert_int_equal(n_lines(), 1);
    assert_non_null(strstr(lines, "work again"));
    assert_non_null(strstr(lines, "failed=3\n"));
    tcn_hub_free(hub);
    loop_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(failures_are_told_once_a_minute)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
