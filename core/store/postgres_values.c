/* Values of a connection URI. libpq looks at the names of its options when it reads one, at the values when it connects: that
 * would be long after tocsin check. By postgresql.org/docs/15/libpq-connect.html (34.1.2, Parameter Key Words), and what
 * Linux takes of a socket's keepalives (tcp.h of its sources: 32767 s, 127 probes). */
#include "store/postgres.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define TLS_VERSIONS "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"
#define TLS_MIN "TLSv1.2" /* of who names none */
#define PORTS "1 to 65535"

struct options {
    const PQconninfoOption *list;
    const char *url;
};

/* Of those that PostgreSQL has the ones that a node can use: it writes, and speaks no replication. */
static const struct {
    const char *keyword, *words;
    bool is_tls_version; /* in small letters, too; and empty for no bound */
} choices[] = {
    {"sslmode", "disable, allow, prefer, require, verify-ca, verify-full", false},
    {"gssencmode", "disable, prefer, require", false},
    {"channel_binding", "disable, prefer, require", false},
    {"target_session_attrs", "read-write, primary", false},
    {"replication", "false, off, no, 0", false},
    {"keepalives", "0, 1", false},
    {"sslcompression", "0, 1", false},
    {"sslsni", "0, 1", false},
    {"ssl_min_protocol_version", TLS_VERSIONS, true},
    {"ssl_max_protocol_version", TLS_VERSIONS, true},
};

static const struct {
    const char *keyword;
    long min, max;
    const char *use;
} numbers[] = {
    {"connect_timeout", INT_MIN, INT_MAX, "a whole number of seconds"},
    {"keepalives_idle", 0, 32767, "0 to 32767 (seconds)"},
    {"keepalives_interval", 0, 32767, "0 to 32767 (seconds)"},
    {"keepalives_count", 0, 127, "0 to 127"},
    {"tcp_user_timeout", 0, INT_MAX, "0 to 2147483647 (milliseconds)"},
};

/* -- what may be repeated ---------------------------------------------------------------------------------------- */

static const char *authority_of(const char *url)
{
    const char *slashes = strstr(url, "://");

    return slashes ? slashes + 3 : url;
}

/* One that ends the role's name, as it should, and no other: where a password has / or ? or @ in it, unescaped, its rest is
 * read as something else. */
static bool has_role(const char *url)
{
    const char *at = authority_of(url);

    at += strcspn(at, "@/?");
    return *at == '@' && !strchr(at + 1, '@');
}

/* Of tocsin:secret/db the port is "secret". */
static bool may_repeat_port(const char *url, const char *port)
{
    if (strstr(url, "?port=") || strstr(url, "&port="))
        return true;
    return has_role(url) && strspn(port, "0123456789") == strlen(port);
}

static int refuse(const struct options *o, const char *keyword, const char *value, const char *use,
                  struct tcn_err *err)
{
    bool is_odd = strchr(o->url, '@') && !has_role(o->url);

    if (is_odd || (strcmp(keyword, "port") == 0 && !may_repeat_port(o->url, value)))
        return tcn_fail(err, TCN_EINVALID,
                        "the store's URL has a wrong %s, not repeated here since it may be a part "
                        "of a password: use %s; a password is written {\"url\": ..., \"password\": "
                        "{\"file\": PATH}}",
                        keyword, use);
    return tcn_fail(err, TCN_EINVALID, "the store's URL says %s=%.40s: use %s", keyword, value,
                    use);
}

/* -- the rules --------------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *words, const char *value, bool in_any_case)
{
    size_t len = strlen(value);

    for (const char *word = words, *end; *word != '\0'; word = end + strspn(end, ", ")) {
        end = word + strcspn(word, ",");
        if ((size_t)(end - word) == len &&
            (in_any_case ? strncasecmp(word, value, len) : strncmp(word, value, len)) == 0)
            return true;
    }
    return false;
}

/* Spaces around it are legal. */
static bool is_number(const char *text, long min, long max)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    return end != text && errno == 0 && end[strspn(end, " \t\n\v\f\r")] == '\0' && value >= min &&
           value <= max;
}

static int check_choices(const struct options *o, struct tcn_err *err)
{
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const char *value = tcn_pg_url_value(o->list, choices[i].keyword);
        bool is_lax = choices[i].is_tls_version;

        if (value && !(is_lax && *value == '\0') && !is_one_of(choices[i].words, value, is_lax)) {
            char use[96];

            snprintf(use, sizeof use, "one of %s", choices[i].words);
            return refuse(o, choices[i].keyword, value, use, err);
        }
    }
    return 0;
}

/* Their names are in the order of their age. */
static int check_tls_range(const struct options *o, struct tcn_err *err)
{
    const char *max = tcn_pg_url_value(o->list, "ssl_max_protocol_version"),
               *min = tcn_pg_url_value(o->list, "ssl_min_protocol_version");

    if (!min)
        min = getenv("PGSSLMINPROTOCOLVERSION");
    if (!min)
        min = TLS_MIN;
    if (!max || *max == '\0' || strcasecmp(min, max) <= 0)
        return 0;
    return tcn_fail(err, TCN_EINVALID,
                    "the store's URL says ssl_max_protocol_version=%.7s, which is less than "
                    "ssl_min_protocol_version (%.7s): leave both out, or raise the first",
                    max, min);
}

static int check_numbers(const struct options *o, struct tcn_err *err)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *value = tcn_pg_url_value(o->list, numbers[i].keyword);

        if (value && !is_number(value, numbers[i].min, numbers[i].max))
            return refuse(o, numbers[i].keyword, value, numbers[i].use, err);
    }
    return 0;
}

static bool is_port(const char *text)
{
    return is_number(text, 1, 65535);
}

/* Nothing is resolved. */
static bool is_address(const char *text)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *found = NULL;
    bool is = getaddrinfo(text, NULL, &hints, &found) == 0;

    if (is)
        freeaddrinfo(found);
    return is;
}

/* An empty one of a list is what it is without the option. */
static int check_each(const struct options *o, const char *keyword, bool (*is)(const char *text),
                      const char *use, struct tcn_err *err)
{
    const char *list = tcn_pg_url_value(o->list, keyword);
    int r = 0;

    for (size_t i = 0; i < tcn_pg_url_pieces(list) && r == 0; i++) {
        char *piece = tcn_pg_url_piece(list, i);

        if (*piece != '\0' && !is(piece))
            r = refuse(o, keyword, piece, use, err);
        free(piece);
    }
    return r;
}

static int check_lists(const struct options *o, struct tcn_err *err)
{
    const char *names = tcn_pg_url_value(o->list, "host"),
               *addresses = tcn_pg_url_value(o->list, "hostaddr");
    size_t n = tcn_pg_url_pieces(addresses ? addresses : names),
           n_ports = tcn_pg_url_pieces(tcn_pg_url_value(o->list, "port"));

    if (n > TCN_SERVERS_MAX)
        return tcn_fail(err, TCN_EINVALID, "the store's URL has more than %d hosts",
                        TCN_SERVERS_MAX);
    if (addresses && names && tcn_pg_url_pieces(names) != n)
        return tcn_fail(err, TCN_EINVALID,
                        "the store's URL has %zu in host and %zu in hostaddr: name an address for "
                        "each host, or leave hostaddr out",
                        tcn_pg_url_pieces(names), n);
    if (n_ports > 1 && n_ports != n)
        return tcn_fail(err, TCN_EINVALID,
                        "the store's URL has %zu in port for %zu hosts: name one for each, or one "
                        "for all",
                        n_ports, n);
    return 0;
}

int tcn_pg_check_values(const PQconninfoOption *list, const char *url, struct tcn_err *err)
{
    const struct options o = {.list = list, .url = url};
    int r;

    if ((r = check_each(&o, "port", is_port, PORTS, err)) < 0 ||
        (r = check_each(&o, "hostaddr", is_address, "an IP address", err)) < 0 ||
        (r = check_lists(&o, err)) < 0 || (r = check_choices(&o, err)) < 0 ||
        (r = check_tls_range(&o, err)) < 0)
        return r;
    return check_numbers(&o, err);
}
