/* All servers of a URL at once: each as it is, however silent the others are, and no end is kept waiting. */
#include "store_test.h"

#include "pg_proxy.h"
#include "store/surveyor.h"
#include "sys/clock.h"

#define SILENT 5
#define SECOND INT64_C(1000000)

struct bed {
    struct event_base *base;
    struct proxy proxy; /* another name of the server */
    char schema[32], own_url[320], url[1024], silent[SILENT][64], folder[64];
    int sockets[SILENT];
    struct tcn_surveyor *s;
    struct tcn_survey is;
    int n;
    struct tcn_err err;
};

/* Takes connections and says nothing. */
static void add_silent(struct bed *b, size_t i)
{
    char path[96];

    snprintf(b->silent[i], sizeof b->silent[i], "/tmp/tocsin-silent-XXXXXX");
    assert_non_null(mkdtemp(b->silent[i]));
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", b->silent[i]);
    b->sockets[i] = proxy_socket(path, true);
    assert_true(b->sockets[i] >= 0);
}

static void remove_silent(struct bed *b, size_t i)
{
    char path[96];

    close(b->sockets[i]);
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", b->silent[i]);
    unlink(path);
    rmdir(b->silent[i]);
}

static int setup_bed(void **state)
{
    struct bed *b = calloc(1, sizeof *b);

    b->base = event_base_new();
    pg_schema(b->schema, b->own_url, sizeof b->own_url);
    proxy_start(&b->proxy, 1);
    for (size_t i = 0; i < SILENT; i++)
        add_silent(b, i);
    *state = b;
    return 0;
}

static int teardown_bed(void **state)
{
    struct bed *b = *state;

    tcn_surveyor_stop(b->s);
    event_base_free(b->base);
    for (size_t i = 0; i < SILENT; i++)
        remove_silent(b, i);
    proxy_stop(&b->proxy);
    pg_drop(b->schema);
    free(b);
    return 0;
}

/* The server by two names, and n that are silent between them. */
static void name_hosts(struct bed *b, size_t n)
{
    int len =
        snprintf(b->url, sizeof b->url, "postgresql://" PG_ROLE "@/tocsin?host=%s", b->proxy.dir);

    for (size_t i = 0; i < n; i++)
        len += snprintf(b->url + len, sizeof b->url - (size_t)len, ",%s", b->silent[i]);
    snprintf(b->url + len, sizeof b->url - (size_t)len, ",%.*s",
             (int)(strlen(b->proxy.target) - strlen("/.s.PGSQL.5432")), b->proxy.target);
}

static void found(void *ctx, const struct tcn_survey *is)
{
    struct bed *b = ctx;

    b->is = *is;
    b->n++;
}

static void start(struct bed *b, int64_t every_ms)
{
    struct tcn_store_options o = {.url = b->url, .account_id = ACCOUNT, .node = "survey"};

    assert_int_equal(
        code_of(tcn_surveyor_start(b->base, &o, every_ms, found, b, &b->s, &b->err), &b->err), 0);
    memset(b->url, 'x', sizeof b->url - 1); /* nothing of the options is borrowed */
}

static void loop_until(struct bed *b, int n)
{
    while (b->n < n)
        assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
}

static void each_as_it_is(void **state)
{
    struct bed *b = *state;
    int64_t begun_us = tcn_clock_mono_us();

    name_hosts(b, SILENT);
    start(b, 10);
    loop_until(b, 1);
    assert_true(tcn_clock_mono_us() - begun_us < 5 * SECOND);
    assert_int_equal(b->is.n, SILENT + 2);
    assert_string_equal(b->is.wrong, "");
    for (size_t i = 0; i < b->is.n; i++) {
        const struct tcn_server *s = &b->is.servers[i];
        bool is_silent = i > 0 && i <= SILENT;

        assert_int_equal(s->state, is_silent ? TCN_SERVER_UNMET : TCN_SERVER_PRIMARY);
        assert_true(is_silent ? strstr(s->why, "does not answer within 3 s") != NULL
                              : s->timeline > 0);
    }
    loop_until(b, 2);
}

static void a_survey_keeps_no_end_waiting(void **state)
{
    struct bed *b = *state;
    int64_t begun_us;

    name_hosts(b, 1);
    start(b, 1);
    loop_until(b, 1); /* and the next one has begun, or soon will */
    begun_us = tcn_clock_mono_us();
    tcn_surveyor_stop(b->s);
    b->s = NULL;
    assert_true(tcn_clock_mono_us() - begun_us < SECOND);
}

static void of_one_server_there_is_none(void **state)
{
    struct bed *b = *state;
    const struct tcn_store_options o = {.url = b->url, .account_id = ACCOUNT, .node = "survey"};

    snprintf(b->url, sizeof b->url, "postgresql://" PG_ROLE "@/tocsin?host=%s", b->proxy.dir);
    assert_int_equal(tcn_store_survey(&o, -1, &b->is, &b->err), TCN_ENOTFOUND);
    snprintf(b->url, sizeof b->url, "sqlite:any");
    assert_int_equal(tcn_store_survey(&o, -1, &b->is, &b->err), TCN_ENOTFOUND);
}

/* -- of a visit --------------------------------------------------------------------------------------------------- */

static int64_t visit(struct bed *b, bool is_quick, struct tcn_survey *ret)
{
    const struct tcn_store_options o = {.url = b->url,
                                        .account_id = ACCOUNT,
                                        .node = "visit",
                                        .folder = b->folder,
                                        .is_quick = is_quick};
    int64_t begun_us = tcn_clock_mono_us(), took_us;
    struct tcn_store *s = NULL;

    assert_int_equal(code_of(tcn_store_visit(&o, false, &s, &b->err), &b->err), 0);
    took_us = tcn_clock_mono_us() - begun_us;
    tcn_store_survey_of_start(s, ret);
    tcn_store_close(s);
    return took_us;
}

/* Makes the store, and the file from which who is quick knows that one server is enough. */
static void make_store(struct bed *b)
{
    struct tcn_store_options o = {
        .url = b->own_url, .account_id = ACCOUNT, .node = "first", .folder = b->folder};
    struct tcn_store *s = NULL;

    assert_non_null(mkdtemp(strcpy(b->folder, "/tmp/tocsin-visit-XXXXXX")));
    assert_int_equal(code_of(tcn_store_open(&o, tcn_clock_now_ms(), &s, &b->err), &b->err), 0);
    tcn_store_close(s);
}

static void remove_folder(struct bed *b)
{
    static const char *const files[] = {"postgresql-server", "postgresql-written"};
    char path[96];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", b->folder, files[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(b->folder), 0);
}

static void a_visit_asks_all_unless_it_is_quick(void **state)
{
    struct bed *b = *state;
    struct tcn_survey is;

    make_store(b);
    name_hosts(b, 1);
    snprintf(b->url + strlen(b->url), sizeof b->url - strlen(b->url), "&%s",
             strstr(b->own_url, "options="));
    assert_true(visit(b, true, &is) < 2 * SECOND);
    assert_int_equal(is.n, 3);
    assert_int_equal(is.servers[1].state, TCN_SERVER_UNSET);
    assert_string_equal(is.servers[1].why, "");
    assert_true(visit(b, false, &is) < 5 * SECOND);
    assert_int_equal(is.servers[1].state, TCN_SERVER_UNMET);
    assert_non_null(strstr(is.servers[1].why, "does not answer within 3 s"));
    for (size_t i = 0; i < is.n; i += 2)
        assert_int_equal(is.servers[i].state, TCN_SERVER_PRIMARY);
    remove_folder(b);
}

#define ON_BED(f) cmocka_unit_test_setup_teardown(f, setup_bed, teardown_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BED(each_as_it_is),
        ON_BED(a_survey_keeps_no_end_waiting),
        ON_BED(of_one_server_there_is_none),
        ON_BED(a_visit_asks_all_unless_it_is_quick),
    };

    if (!pg_server()) {
        print_message("SKIP: run by tests/postgres.py\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
