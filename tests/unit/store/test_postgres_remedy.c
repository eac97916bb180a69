/* What libpq says of a refusal, as it says it (libpq 15, verbose), and what to do about it. */
#include "store/postgres_remedy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define AT "connection to server at \"db1\" (10.0.0.1), port 5432 failed: "
#define SOCKET "connection to server on socket \"/run/postgresql/.s.PGSQL.5432\" failed: "
#define ASK "\n\tIs the server running on that host and accepting TCP/IP connections?\n"

static const struct {
    const char *name, *message, *state, *text, *remedy; /* remedy: a part of it; "": none */
} cases[] = {
    {"nothing", "", "", "no answer", "a firewall"},
    {"refused", AT "Connection refused" ASK, "", "Connection refused", "nothing listens there"},
    {"refused on each address of a name",
     "connection to server at \"localhost\" (::1), port 1 failed: Connection refused" ASK
     "connection to server at \"localhost\" (127.0.0.1), port 1 failed: Connection refused" ASK,
     "", "Connection refused", "nothing listens there"},
    {"no socket", SOCKET "No such file or directory" ASK, "", "No such file or directory",
     "no server has its socket there"},
    {"no such name",
     "could not translate host name \"nowhere\" to address: Name or service not known\n", "",
     "could not translate host name \"nowhere\" to address: Name or service not known",
     "check the host in the URL"},
    {"no such service", "definition of service \"foo\" not found\n", "",
     "definition of service \"foo\" not found", "~/.pg_service.conf"},
    {"no way", AT "No route to host" ASK, "", "No route to host", "the network on the way"},
    {"timed out", AT "Connection timed out" ASK, "", "Connection timed out", "a firewall"},
    {"a server of something else", AT "received invalid response to SSL negotiation: H\n", "",
     "received invalid response to SSL negotiation: H", "is no PostgreSQL"},
    {"no password", AT "fe_sendauth: no password supplied\n", "",
     "fe_sendauth: no password supplied", "asks for a password"},
    {"a certificate of another name",
     AT "server certificate for \"db1\" does not match host name \"db2\"\n", "",
     "server certificate for \"db1\" does not match host name \"db2\"", "a name that is in the"},
    {"a certificate of nobody", AT "SSL error: certificate verify failed\n", "",
     "SSL error: certificate verify failed", "sslrootcert="},
    {"no authority",
     AT "root certificate file \"/x.pem\" does not exist\nEither provide the file or change "
        "sslmode to disable server certificate verification.\n",
     "", "root certificate file \"/x.pem\" does not exist", "sslrootcert=FILE"},
    {"no TLS", AT "server does not support SSL, but SSL was required\n", "",
     "server does not support SSL, but SSL was required", "switch TLS on"},
    {"a standby", AT "session is read-only\n", "", "session is read-only", "takes no writes"},
    {"a value", "invalid sslmode value: \"verify-ful\"\n", "",
     "invalid sslmode value: \"verify-ful\"", "correct that variable"},
    {"a wrong password",
     AT "FATAL:  28P01: password authentication failed for user \"tocsin\"\n"
        "LOCATION:  auth_failed, auth.c:335\n",
     "28P01", "password authentication failed for user \"tocsin\"", "the password is not"},
    {"a wrong password in a file",
     AT "FATAL:  28P01: password authentication failed for user \"tocsin\"\n"
        "LOCATION:  auth_failed, auth.c:335\n"
        "password retrieved from file \"/root/.pgpass\"\n",
     "28P01",
     "password authentication failed for user \"tocsin\", password retrieved from file "
     "\"/root/.pgpass\"",
     "the password is not"},
    {"the same in another language",
     AT "FATAL:  28P01: Passwort-Authentifizierung fehlgeschlagen\n"
        "ORT:  auth_failed, auth.c:335\n",
     "28P01", "Passwort-Authentifizierung fehlgeschlagen", "the password is not"},
    {"no line for it, with TLS and without",
     AT "FATAL:  28000: no pg_hba.conf entry for host \"10.0.0.2\", user \"t\", SSL encryption\n"
        "LOCATION:  ClientAuthentication, auth.c:543\n" AT
        "FATAL:  28000: no pg_hba.conf entry for host \"10.0.0.2\", user \"t\", no encryption\n"
        "LOCATION:  ClientAuthentication, auth.c:543\n",
     "28000", "no pg_hba.conf entry for host \"10.0.0.2\", user \"t\", no encryption",
     "in pg_hba.conf"},
    {"no such role", SOCKET "FATAL:  28000: role \"x\" does not exist\nLOCATION:  a, b.c:1\n",
     "28000", "role \"x\" does not exist", "createuser"},
    {"not for people", SOCKET "FATAL:  28000: role \"x\" is not permitted to log in\n", "28000",
     "role \"x\" is not permitted to log in", "LOGIN"},
    {"a client without a certificate",
     AT "FATAL:  28000: connection requires a valid client certificate\n", "28000",
     "connection requires a valid client certificate", "sslcert="},
    {"a peer", SOCKET "FATAL:  28000: Peer authentication failed for user \"x\"\n", "28000",
     "Peer authentication failed for user \"x\"", "how pg_hba.conf"},
    {"no such database", SOCKET "FATAL:  3D000: database \"x\" does not exist\n", "3D000",
     "database \"x\" does not exist", "createdb"},
    {"no right to connect",
     SOCKET "FATAL:  42501: permission denied for database \"x\"\nDETAIL:  User does not have "
            "CONNECT privilege.\n",
     "42501", "permission denied for database \"x\"", "GRANT CONNECT"},
    {"policies that are not to hold",
     "ERROR:  42501: query would be affected by row-level security policy for table \"meta\"\n",
     "42501", "query would be affected by row-level security policy for table \"meta\"",
     "RESET row_security"},
    {"too many of a role", SOCKET "FATAL:  53300: too many connections for role \"x\"\n", "53300",
     "too many connections for role \"x\"", "ALTER ROLE ... CONNECTION LIMIT n: a node needs 2"},
    {"too many of a database", SOCKET "FATAL:  53300: too many connections for database \"x\"\n",
     "53300", "too many connections for database \"x\"", "ALTER DATABASE ... CONNECTION LIMIT n"},
    {"too many in another language", SOCKET "FATAL:  53300: zu viele Verbindungen\n", "53300",
     "zu viele Verbindungen", "CONNECTION LIMIT, or end other"},
    {"too many", SOCKET "FATAL:  53300: sorry, too many clients already\n", "53300",
     "sorry, too many clients already", "max_connections"},
    {"it starts", SOCKET "FATAL:  57P03: the database system is starting up\n", "57P03",
     "the database system is starting up", "wait for it"},
    {"what the server said before it hung up",
     "FATAL:  57P01: terminating connection due to administrator command\n"
     "LOCATION:  ProcessInterrupts, postgres.c:3394\n"
     "server closed the connection unexpectedly\n\tThis probably means the server terminated "
     "abnormally\n\tbefore or while processing the request.\n",
     "57P01", "terminating connection due to administrator command", ""},
    {"it hung up", "server closed the connection unexpectedly\n\tThis probably means ...\n", "",
     "server closed the connection unexpectedly", ""},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_pg_refusal refusal;
        const char *remedy;

        print_message("%s\n", cases[i].name);
        tcn_pg_read_refusal(cases[i].message, &refusal);
        assert_string_equal(refusal.state, cases[i].state);
        assert_string_equal(refusal.text, cases[i].text);
        remedy = tcn_pg_remedy(refusal.state, refusal.text);
        if (*cases[i].remedy == '\0')
            assert_string_equal(remedy, "");
        else if (!strstr(remedy, cases[i].remedy))
            fail_msg("%s", remedy);
    }
}

/* Of statements: by the state alone, since the text is in the language of the server. */
static void test_states(void **state)
{
    static const struct {
        const char *state, *remedy;
    } states[] = {
        {"42501", "may create tables in this schema"},
        {"25006", "takes no writes"},
        {"3F000", "CREATE SCHEMA"},
        {"42P07", "schema_version"},
        {"42701", "schema_version"},
        {"42P01", "not as tocsin made them"},
        {"42703", "not as tocsin made them"},
        {"22P02", "not as tocsin made them"},
        {"53100", "make room"},
        {"28ABC", "pg_hba.conf"},
        {"23505", ""},
        {"40P01", ""},
        {"22012", ""},
        {"XX000", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const char *remedy = tcn_pg_remedy(states[i].state, "...");

        print_message("%s: %s\n", states[i].state, remedy);
        assert_int_equal(*remedy == '\0', *states[i].remedy == '\0');
        assert_non_null(strstr(remedy, states[i].remedy));
    }
}

static void test_a_long_line_is_cut(void **state)
{
    char message[1000];
    struct tcn_pg_refusal refusal;

    (void)state;
    memset(message, 'x', sizeof message);
    message[sizeof message - 1] = '\0';
    tcn_pg_read_refusal(message, &refusal);
    assert_int_equal(strlen(refusal.text), sizeof refusal.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_states),
                                       cmocka_unit_test(test_a_long_line_is_cut)};

    return cmocka_run_group_tests_name("postgres_remedy", tests, NULL, NULL);
}
