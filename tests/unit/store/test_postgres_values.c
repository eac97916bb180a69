/* Values of a connection URI that libpq would refuse at the first connection only (each was tried with that of 15). */
#include "store_test.h"

#define URL "postgresql://tocsin@h/d?"
#define SECRET "5ecr3t"

static const char *const good[] = {
    "postgresql://tocsin@h/d",
    "postgresql://tocsin@h:1,g:65535/d",
    "postgresql://tocsin@h:,g:2/d",
    "postgresql://tocsin@h,g/d?port=5433",
    "postgresql://tocsin@h,g/d?hostaddr=127.0.0.1,::1",
    "postgresql:///d?hostaddr=127.0.0.1&user=a%40b",
    URL "sslmode=verify-full&sslrootcert=/a@b&gssencmode=disable&channel_binding=require",
    URL "target_session_attrs=primary&replication=off",
    URL "connect_timeout=-1&tcp_user_timeout=0&keepalives=0&keepalives_count=127",
    URL "keepalives_idle=32767&keepalives_interval=%204%20",
    URL "sslsni=0&sslcompression=1&ssl_min_protocol_version=tlsv1.3",
    URL "ssl_min_protocol_version=&ssl_max_protocol_version=TLSv1.1",
    URL "requiressl=1&gsslib=gssapi&krbsrvname=x&application_name=y&options=-cx%3Dy",
};

static const struct {
    const char *url, *told;
} wrong[] = {
    {URL "sslmode=foo",
     "the store's URL says sslmode=foo: use one of disable, allow, prefer, require, verify-ca, "
     "verify-full"},
    {URL "sslmode=", "sslmode=: use one of"},
    {URL "sslmode=REQUIRE", "sslmode=REQUIRE: use one of"},
    {URL "sslmode=verify", "sslmode=verify: use one of"},
    {URL "gssencmode=allow", "gssencmode=allow: use one of disable, prefer, require"},
    {URL "channel_binding=x", "channel_binding=x: use one of disable, prefer, require"},
    {URL "target_session_attrs=rw", "target_session_attrs=rw: use one of read-write, primary"},
    {URL "target_session_attrs=any", "may take no writes (target_session_attrs=any)"},
    {URL "replication=database", "replication=database: use one of false, off, no, 0"},
    {URL "keepalives=on", "keepalives=on: use one of 0, 1"},
    {URL "sslsni=2", "sslsni=2: use one of 0, 1"},
    {URL "sslcompression=x", "sslcompression=x: use one of 0, 1"},
    {URL "ssl_min_protocol_version=TLS1.2", "=TLS1.2: use one of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"},
    {URL "ssl_max_protocol_version=x", "ssl_max_protocol_version=x: use one of TLSv1, "},
    {URL "ssl_max_protocol_version=TLSv1.1", "is less than ssl_min_protocol_version (TLSv1.2)"},
    {URL "ssl_max_protocol_version=TLSv1.2&ssl_min_protocol_version=TLSv1.3", "(TLSv1.3): leave"},
    {URL "connect_timeout=abc", "connect_timeout=abc: use a whole number of seconds"},
    {URL "connect_timeout=", "connect_timeout=: use a whole number"},
    {URL "connect_timeout=3s", "connect_timeout=3s: use a whole number"},
    {URL "connect_timeout=2147483648", "connect_timeout=2147483648: use a whole number"},
    {URL "keepalives_idle=-1", "keepalives_idle=-1: use 0 to 32767 (seconds)"},
    {URL "keepalives_interval=32768", "keepalives_interval=32768: use 0 to 32767 (seconds)"},
    {URL "keepalives_count=128", "keepalives_count=128: use 0 to 127"},
    {URL "tcp_user_timeout=8.5", "tcp_user_timeout=8.5: use 0 to 2147483647 (milliseconds)"},
    {"postgresql://tocsin@h:99999/d", "the store's URL says port=99999: use 1 to 65535"},
    {"postgresql://tocsin@h:0/d", "port=0: use 1 to 65535"},
    {"postgresql://tocsin@h:1,g:65536/d", "port=65536: use 1 to 65535"},
    {URL "port=abc", "port=abc: use 1 to 65535"},
    {URL "port=-1", "port=-1: use 1 to 65535"},
    {URL "hostaddr=localhost", "hostaddr=localhost: use an IP address"},
    {"postgresql://tocsin@h,g/d?hostaddr=127.0.0.1", "has 2 in host and 1 in hostaddr"},
    {"postgresql://tocsin@h,g,f/d?port=1,2", "has 2 in port for 3 hosts"},
    {URL "host=1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7", "has more than 16 hosts"},
    {"postgresql:///d?hostaddr=0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0", "has more than 16 hosts"},
    /* What libpq takes for a port, or a parameter, was a password. */
    {"postgresql://tocsin:" SECRET "/d", "a wrong port, not repeated here"},
    {"postgresql://tocsin:123456/d", "a wrong port, not repeated here"},
    {"postgresql://tocsin:" SECRET "/x@h/d", "a wrong port, not repeated here"},
    {"postgresql://a@h:" SECRET "@h/d", "a wrong port, not repeated here"},
    {"postgresql://a@h:" SECRET "/d", "a wrong port, not repeated here"},
    {"postgresql://tocsin:1?sslmode=" SECRET "@h/d", "has a password inside"},
    {"postgresql://tocsin:/?sslmode=" SECRET "@h/d", "a wrong sslmode, not repeated here"},
};

static void test_good(void **state)
{
    struct tcn_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        print_message("%s\n", good[i]);
        assert_int_equal(code_of(tcn_store_check_postgres(good[i], &err), &err), 0);
    }
}

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct tcn_err err = {0};

        print_message("%s\n", wrong[i].url);
        assert_int_equal(tcn_store_check_postgres(wrong[i].url, &err), TCN_EINVALID);
        if (!strstr(err.msg, wrong[i].told) || strstr(err.msg, SECRET) || strstr(err.msg, "123456"))
            fail_msg("%s", err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_wrong)};

    unsetenv("PGSSLMINPROTOCOLVERSION");
    return cmocka_run_group_tests_name("postgres_values", tests, NULL, NULL);
}
