/* Why several hosts do not take a process: which one is told first, which ones are told at all, and what everybody may read. */
#include "store_test.h"

#include "store/postgres.h"
#include "sys/clock.h"

#define PATIENCE_US (20 * INT64_C(1000000))
#define OF_A_STANDBY "its server takes no writes: a standby that is not promoted"
#define OF_A_READER "its server takes no writes from this node's role or database"

static const struct tcn_pg_refused unasked = {.host = "db1:5432"};
static const struct tcn_pg_refused standby = {.state = TCN_PG_IS_STANDBY,
                                              .host = "db2:5432",
                                              .text = "session is read-only",
                                              .why = "PostgreSQL at db2: session is read-only"};
static const struct tcn_pg_refused silent = {.state = TCN_PG_IS_SILENT,
                                             .host = "db1:5432",
                                             .text = "no answer",
                                             .why = "PostgreSQL at db1: no answer"};

static void says(const struct tcn_pg_refused *list, size_t n, const char *sentence,
                 const char *in_public)
{
    const char *words = tcn_pg_refused_in_public(list, n);
    struct tcn_err err;

    assert_int_equal(tcn_pg_fail_hosts(list, n, &err), TCN_EBUSY);
    assert_string_equal(err.msg, sentence);
    assert_int_equal(words == NULL, in_public == NULL);
    if (words)
        assert_string_equal(words, in_public);
}

static void nobody_was_asked(void **state)
{
    const struct tcn_pg_refused list[] = {{0}}, two[] = {unasked, {0}};

    (void)state;
    says(list, 1, "PostgreSQL: the connection is lost", NULL);
    says(two, 2, "PostgreSQL: the connection is lost; and db1:5432: no answer yet", NULL);
}

/* The primary may only not have answered yet. */
static void a_standby_before_the_primary(void **state)
{
    const struct tcn_pg_refused first[] = {standby, unasked}, then[] = {standby, silent},
                                both[] = {standby, standby};

    (void)state;
    says(first, 2,
         "PostgreSQL: the connection is lost; and db2:5432: session is read-only; and db1:5432: no "
         "answer yet",
         NULL);
    says(then, 2, "PostgreSQL at db1: no answer; and db2:5432: session is read-only",
         "its server cannot be reached");
    says(both, 2, "PostgreSQL at db2: session is read-only; and db2:5432: session is read-only",
         OF_A_STANDBY);
}

/* It says what it is, whatever the next one says. */
static void one_that_was_reached_before_one_that_was_not(void **state)
{
    const struct tcn_pg_refused list[] = {silent, unasked};

    (void)state;
    says(list, 2, "PostgreSQL at db1: no answer; and db1:5432: no answer yet",
         "its server cannot be reached");
}

/* -- a server ------------------------------------------------------------------------------------------------- */

static void connect_with(const char *options, struct tcn_pg_refused *ret)
{
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_US;
    struct tcn_pg_hosts hosts = {0};
    struct tcn_db_place place = {0};
    bool is_writing = true;
    char url[320];
    struct tcn_err err = {0};
    PGconn *conn;

    snprintf(url, sizeof url, "%s&options=%s", pg_server(), options);
    place.target = url;
    assert_int_equal(code_of(tcn_pg_hosts_init(&hosts, &place, &err), &err), 0);
    conn = tcn_pg_hosts_start(&hosts, 0);
    assert_int_equal(tcn_pg_advance(conn, &is_writing, until_us, INT64_MAX), TCN_EBUSY);
    tcn_pg_refused(conn, ret);
    PQfinish(conn);
    tcn_pg_hosts_done(&hosts);
}

/* It is no standby, and reaching the next host does not help. Of a server before 14 that is not to be known. */
static void a_setting_that_takes_no_writes(void **state)
{
    char *version = pg_raw(pg_server(), "SELECT current_setting('server_version_num')");
    bool is_told = strtol(version, NULL, 10) >= 140000;
    struct tcn_pg_refused list[2];

    (void)state;
    free(version);
    connect_with("-cdefault_transaction_read_only%3Don", &list[0]);
    assert_non_null(strstr(list[0].text, "session is read-only"));
    assert_int_equal(list[0].state, is_told ? TCN_PG_IS_READ_ONLY : TCN_PG_IS_STANDBY);
    assert_string_equal(tcn_pg_refused_in_public(list, 1), is_told ? OF_A_READER : OF_A_STANDBY);
    list[1] = silent;
    assert_string_equal(tcn_pg_refused_in_public(list, 2),
                        is_told ? OF_A_READER : "its server cannot be reached");
}

/* Any other refusal has the words of its state. */
static void a_setting_that_is_none(void **state)
{
    struct tcn_pg_refused is;

    (void)state;
    connect_with("-cno_such_setting%3Don", &is);
    assert_int_equal(is.state, TCN_PG_IS_CLOSED);
    assert_string_equal(tcn_pg_refused_in_public(&is, 1), "its server does not let this node in");
}

/* It has no host then, and no role. */
static void a_service_that_is_not_defined(void **state)
{
    const struct tcn_db_place place = {.target = "postgresql:///?service=tocsin_has_none"};
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_US;
    struct tcn_pg_hosts hosts = {0};
    struct tcn_pg_refused is;
    bool is_writing = true;
    struct tcn_err err = {0};
    PGconn *conn;

    (void)state;
    assert_int_equal(code_of(tcn_pg_hosts_init(&hosts, &place, &err), &err), 0);
    conn = tcn_pg_hosts_start(&hosts, 0);
    assert_int_equal(tcn_pg_advance(conn, &is_writing, until_us, INT64_MAX), TCN_EBUSY);
    tcn_pg_refused(conn, &is);
    assert_string_equal(
        is.why, "PostgreSQL: definition of service \"tocsin_has_none\" not found; define it in "
                "~/.pg_service.conf (PGSERVICEFILE), or name the host in the URL");
    PQfinish(conn);
    tcn_pg_hosts_done(&hosts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_was_asked),
        cmocka_unit_test(a_standby_before_the_primary),
        cmocka_unit_test(one_that_was_reached_before_one_that_was_not),
        cmocka_unit_test(a_setting_that_takes_no_writes),
        cmocka_unit_test(a_setting_that_is_none),
        cmocka_unit_test(a_service_that_is_not_defined),
    };

    if (!pg_server()) {
        print_message("SKIP: run by tests/postgres.py\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
