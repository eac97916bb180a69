#include "store/postgres_remedy.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TAKES_NO_WRITES                                                                            \
    "this server takes no writes: it is a standby, or default_transaction_read_only is on for "    \
    "this role or database; name the primary in the URL, or take that setting back (ALTER ROLE "   \
    "... RESET)"
#define NAME_A_PASSWORD                                                                            \
    "\"password\" beside the \"url\" of \"store\"; without it libpq's own: PGPASSWORD, passfile= " \
    "in the URL, PGPASSFILE or ~/.pgpass"
#define TABLE_IN_THE_WAY                                                                           \
    "what tocsin makes is there already and not as its table schema_version says: name an empty "  \
    "database, or a schema of its own (options=-csearch_path%3DNAME), or restore a backup"
#define NOT_AS_MADE                                                                                \
    "the tables are not as tocsin made them: another program's have their names, or they were "    \
    "changed by hand; name an empty database or schema, or restore a backup"
/* The thread that writes and the one that reads; in doubt each may ask beside it, and a survey asks once a minute. */
#define A_NODE_NEEDS                                                                               \
    "a node needs 2 connections, and up to 3 more for moments, a command of tocsin db 1 or 2; "    \
    "allow 5 for each node and 2 for commands"

/* By SQLSTATE, of which a shorter one is the whole class ("" is no server's, NULL any), and words of the text; the first that
 * fits. postgresql.org/docs/current/errcodes-appendix.html; words of libpq: fe-connect.c, fe-secure-openssl.c. */
static const struct {
    const char *state, *words, *remedy;
} remedies[] = {
    /* The way there. */
    {"", "Connection refused",
     "nothing listens there: check host and port in the URL, and that the server runs and listens "
     "on that address (listen_addresses, port)"},
    {"", "No such file or directory",
     "no server has its socket there: check the folder (host=) and the port in the URL, and that "
     "the server runs"},
    {"", "definition of service",
     "define it in ~/.pg_service.conf (PGSERVICEFILE), or name the host in the URL"},
    {"", "could not translate host name",
     "no such name is known here: check the host in the URL, and the machine's resolver"},
    {"", "o route to host", "check the host in the URL, and the network on the way to it"},
    {"", "etwork is unreachable", "check the host in the URL, and the network on the way to it"},
    {"", "no answer",
     "check the host in the URL; a firewall may be on the way, or the server hangs"},
    {"", "timed out",
     "check the host in the URL; a firewall may be on the way, or the server hangs"},
    {"", "Permission denied", "this user may not open that socket: see its folder's rights"},
    {"", "no password supplied", "the server asks for a password: name it, as " NAME_A_PASSWORD},
    /* TLS. */
    {"", "does not match host name",
     "write a name that is in the certificate into the URL, or give the server a certificate "
     "with this one"},
    {"", "certificate verify failed",
     "sslrootcert= in the URL must name the certificate of the authority that signed the "
     "server's; one that has expired must be renewed"},
    {"", "root certificate file",
     "name the certificate of the authority that signed the server's: sslrootcert=FILE in the "
     "URL"},
    {"", "does not support SSL",
     "switch TLS on there (ssl, ssl_cert_file, ssl_key_file in postgresql.conf), or look whether "
     "it is the right server"},
    {"", "key file", "check sslkey= and sslcert= in the URL, and the rights of these files"},
    {"", "certificate", "check sslrootcert=, sslcert= and sslkey= in the URL"},
    /* Who answers. */
    {"", "read-only", TAKES_NO_WRITES},
    {"", "hot standby", TAKES_NO_WRITES},
    {"", "received invalid response", "what answers there is no PostgreSQL: check host and port"},
    {"", "expected authentication request",
     "what answers there is no PostgreSQL: check host and port"},
    /* The URL's own were looked at before (postgres_values.c). */
    {"", "invalid ",
     "correct that variable (PG...) of the environment, or that line of the service file"},
    {"25006", NULL, TAKES_NO_WRITES},
    /* Who asks. */
    {"28P01", NULL,
     "the password is not this role's, or there is no such role: name the right one, as "
     "" NAME_A_PASSWORD},
    {"28000", "pg_hba.conf",
     "let this role in: a line for it, the database and this machine's address in pg_hba.conf of "
     "the server (hostssl ... scram-sha-256), then SELECT pg_reload_conf()"},
    {"28000", "does not exist",
     "make the role there (createuser --pwprompt NAME), or name another one in the URL"},
    {"28000", "not permitted to log in", "ALTER ROLE ... LOGIN there, or name another role"},
    {"28000", "certificate",
     "the server asks for a client's certificate: sslcert= and sslkey= in the URL"},
    {"28", NULL,
     "look whether the role is there and may log in, and how pg_hba.conf of the server lets it "
     "in (peer asks for a user of the system with its name)"},
    {"3D000", NULL,
     "make the database there (createdb --owner ROLE -E UTF8 -T template0 NAME), or name another "
     "one in the URL"},
    {"42501", "for database", "GRANT CONNECT ON DATABASE ... TO this role, or name another one"},
    {"42501", "affected by row-level security",
     "take row_security=off back (ALTER ROLE ... RESET row_security, or the URL's options)"},
    {"42501", "for table",
     "its owner may GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ... TO this role"},
    {"42501", NULL,
     "start once with a role that may create tables in this schema and owns those that are "
     "there, and give this one USAGE on it and SELECT, INSERT, UPDATE and DELETE on them"},
    {"53300", "for role", "ALTER ROLE ... CONNECTION LIMIT n: " A_NODE_NEEDS},
    {"53300", "for database", "ALTER DATABASE ... CONNECTION LIMIT n: " A_NODE_NEEDS},
    {"53300", NULL,
     "raise max_connections there, or the role's or database's CONNECTION LIMIT, or end other "
     "sessions (pg_stat_activity): " A_NODE_NEEDS},
    {"57P03", NULL,
     "the server starts, stops, or is a standby that lets nobody in: wait for it, or start it"},
    {"53100", NULL, "make room on the server's disk"},
    {"55P03", NULL,
     "another session keeps a table or a row locked: pg_stat_activity and pg_blocking_pids() show "
     "which; end that one, or wait for its end"},
    /* What is there. */
    {"3F000", NULL,
     "the schema of the role's search_path is not there: CREATE SCHEMA ... AUTHORIZATION this "
     "role, or name another one (options=-csearch_path%3DNAME in the URL)"},
    {"42P07", NULL, TABLE_IN_THE_WAY},
    {"42701", NULL, TABLE_IN_THE_WAY},
    {"42710", NULL, TABLE_IN_THE_WAY},
    {"42P01", NULL,
     NOT_AS_MADE}, /* no such table, column, function or operator, or of another type */
    {"42703", NULL, NOT_AS_MADE},
    {"42883", NULL, NOT_AS_MADE},
    {"42804", NULL, NOT_AS_MADE},
    {"42846", NULL, NOT_AS_MADE},
    {"42809", NULL, NOT_AS_MADE},
    {"42P10", NULL, NOT_AS_MADE},
    {"22P", NULL, NOT_AS_MADE},
};

static bool is_of(const char *state, const char *prefix)
{
    return *prefix == '\0' ? *state == '\0' : strncmp(state, prefix, strlen(prefix)) == 0;
}

const char *tcn_pg_remedy(const char *state, const char *text)
{
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (is_of(state, remedies[i].state) &&
            (!remedies[i].words || strstr(text, remedies[i].words)))
            return remedies[i].remedy;
    return "";
}

/* -- what libpq says --------------------------------------------------------------------------------------------- */

static const char place[] = "connection to server ";

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line ? line + 1 : NULL;
}

/* "FATAL:  28P01: password ...", whatever FATAL is in that language: the state, or NULL. */
static const char *find_state(const char *line)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *end = line + strcspn(line, "\n"), *at = strstr(line, ":  ");

    if (!at || at >= end || strspn(at + 3, letters) != TCN_PG_STATE - 1 ||
        strncmp(at + 3 + TCN_PG_STATE - 1, ": ", 2) != 0)
        return NULL;
    return at + 3;
}

static bool is_of_a_try(const char *line)
{
    return strncmp(line, place, strlen(place)) == 0;
}

/* Lines that begin otherwise are more about the one before. */
static const char *choose(const char *message)
{
    const char *best = message;
    bool is_server = false;

    for (const char *line = message; line; line = next_line(line))
        if (find_state(line) || (is_of_a_try(line) && !is_server)) {
            is_server = find_state(line) != NULL;
            best = line;
        }
    return best;
}

/* Behind "connection to server at ... failed: ", which tells where. */
static const char *skip_place(const char *line)
{
    static const char failed[] = " failed: ";
    const char *end = line + strcspn(line, "\n"), *at = strstr(line, failed);

    return is_of_a_try(line) && at && at < end ? at + strlen(failed) : line;
}

/* Where a password that was refused came from, which is told on a line of its own. */
static void add_source(const char *message, struct tcn_pg_refusal *ret)
{
    const char *from = strstr(message, "password retrieved from file ");
    size_t len = strlen(ret->text);

    if (from)
        snprintf(ret->text + len, sizeof ret->text - len, ", %.*s", (int)strcspn(from, "\n"), from);
}

void tcn_pg_read_refusal(const char *message, struct tcn_pg_refusal *ret)
{
    const char *line = choose(message), *state = find_state(line);

    *ret = (struct tcn_pg_refusal){.state = ""};
    if (state) {
        memcpy(ret->state, state, TCN_PG_STATE - 1);
        line = state + TCN_PG_STATE + 1;
    } else {
        line = skip_place(line);
    }
    snprintf(ret->text, sizeof ret->text, "%.*s", (int)strcspn(line, "\n"), line);
    add_source(message, ret);
    if (ret->text[0] == '\0')
        snprintf(ret->text, sizeof ret->text, "no answer");
}
