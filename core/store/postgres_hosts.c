/* What a connection URI says, checked, and cut into one list of settings a host: each host has its own deadline, so that
 * one that takes a connection and never answers does not keep us from the next. */
#include "store/postgres.h"

#include "base/nearest.h"
#include "base/xalloc.h"
#include "store/store.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SETTINGS_MAX 80
#define NAME_SIZE 64 /* what PostgreSQL keeps of a name, with its end */

/* Ours unless the URI has its own. A peer that is gone is noticed within 10 s. */
static const char *const defaults[][2] = {
    {"target_session_attrs", "read-write"},
    {"client_encoding", "UTF8"},
    {"keepalives_idle", "4"},
    {"keepalives_interval", "2"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "8000"},
};

const char *tcn_pg_url_value(const PQconninfoOption *list, const char *keyword)
{
    for (const PQconninfoOption *o = list; o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0)
            return o->val;
    return NULL;
}

size_t tcn_pg_url_pieces(const char *list)
{
    size_t n = 1;

    for (; list && *list; list++)
        n += *list == ',';
    return n;
}

char *tcn_pg_url_piece(const char *list, size_t i)
{
    struct tcn_str rest = tcn_str(list ? list : "");

    if (tcn_pg_url_pieces(list) > 1)
        for (; i > 0; i--) {
            const char *comma = memchr(rest.ptr, ',', rest.len);

            if (!comma)
                return tcn_xstrdup("");
            rest.len -= (size_t)(comma - rest.ptr) + 1;
            rest.ptr = comma + 1;
        }
    return tcn_xstrndup(rest.ptr, strcspn(rest.ptr, ","));
}

static bool is_per_host(const char *keyword)
{
    return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 ||
           strcmp(keyword, "port") == 0;
}

/* Of what target_session_attrs may be; what it may not be is told with the other values. */
static bool wants_no_writes(const char *attrs)
{
    return attrs && (strcmp(attrs, "any") == 0 || strcmp(attrs, "read-only") == 0 ||
                     strcmp(attrs, "standby") == 0 || strcmp(attrs, "prefer-standby") == 0);
}

/* The keyword of libpq that this may be; NULL: none is near. Yours to free. */
static char *nearest_keyword(const char *word)
{
    PQconninfoOption *all = PQconndefaults();
    const char *names[SETTINGS_MAX + 1] = {NULL}, *near;
    char *ret;
    size_t n = 0;

    for (const PQconninfoOption *o = all; o && o->keyword && n < SETTINGS_MAX; o++)
        names[n++] = o->keyword;
    near = tcn_nearest(word, names);
    ret = near ? tcn_xstrdup(near) : NULL;
    PQconninfoFree(all);
    return ret;
}

/* libpq's message may repeat a part of the URI, and that may be of a password; what is nearly a keyword is none. */
static int refuse_url(const char *message, struct tcn_err *err)
{
    static const char unknown[] = "invalid URI query parameter: \"";
    char word[64] = "", *near = NULL;
    int r;

    if (message && strncmp(message, unknown, strlen(unknown)) == 0) {
        message += strlen(unknown);
        snprintf(word, sizeof word, "%.*s", (int)strcspn(message, "\""), message);
        near = nearest_keyword(word);
    }
    if (near)
        r = tcn_fail(err, TCN_EINVALID,
                     "the store's URL has a parameter \"%s\", which libpq does not know; did you "
                     "mean \"%s\"?",
                     word, near);
    else if (*word)
        r = tcn_fail(err, TCN_EINVALID,
                     "the store's URL has a parameter behind its ? that libpq does not know; take "
                     "it out, or write one such as sslmode=verify-full");
    else
        r = tcn_fail(err, TCN_EINVALID,
                     "the store's URL is no connection URI of PostgreSQL; write "
                     "postgresql://USER@HOST/DATABASE");
    free(near);
    return r;
}

static int parse(const char *url, PQconninfoOption **ret, struct tcn_err *err)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);
    int r = 0;

    if (!options) {
        r = refuse_url(message, err);
    } else if (tcn_pg_url_value(options, "password") || tcn_pg_url_value(options, "sslpassword")) {
        r = tcn_fail(err, TCN_EINVALID,
                     "the store's URL has a password inside; write {\"url\": ..., \"password\": "
                     "{\"file\": PATH}}, or passfile=PATH in the URL");
    } else if (wants_no_writes(tcn_pg_url_value(options, "target_session_attrs"))) {
        r = tcn_fail(err, TCN_EINVALID,
                     "the store's URL asks for a server that may take no writes "
                     "(target_session_attrs=%.40s): leave that out",
                     tcn_pg_url_value(options, "target_session_attrs"));
    } else {
        r = tcn_pg_check_values(options, url, err);
    }
    PQfreemem(message);
    if (r < 0)
        PQconninfoFree(options);
    else
        *ret = options;
    return r;
}

int tcn_store_check_postgres(const char *url, struct tcn_err *err)
{
    PQconninfoOption *options = NULL;
    int r = parse(url, &options, err);

    PQconninfoFree(options);
    return r;
}

/* A socket, or loopback. */
static bool is_on_this_machine(const char *host)
{
    return *host == '\0' || *host == '/' || *host == '@' || strcasecmp(host, "localhost") == 0 ||
           strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

/* The i-th, by name or else by address. Yours to free. */
static char *host_of(const PQconninfoOption *options, size_t i)
{
    char *host = tcn_pg_url_piece(tcn_pg_url_value(options, "host"), i);

    if (*host != '\0')
        return host;
    free(host);
    return tcn_pg_url_piece(tcn_pg_url_value(options, "hostaddr"), i);
}

static bool find_remote(const PQconninfoOption *options, char *ret_host, size_t size)
{
    const char *names = tcn_pg_url_value(options, "host"),
               *addresses = tcn_pg_url_value(options, "hostaddr");
    bool is_remote = false;

    for (size_t i = 0; i < tcn_pg_url_pieces(addresses ? addresses : names) && !is_remote; i++) {
        char *host = host_of(options, i);

        is_remote = !is_on_this_machine(host);
        snprintf(ret_host, size, "%s", host);
        free(host);
    }
    return is_remote;
}

bool tcn_store_is_unverified(const char *url, char *ret_host, size_t size)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    const char *mode;
    bool is;

    if (!options)
        return false;
    mode = tcn_pg_url_value(options, "sslmode") ? tcn_pg_url_value(options, "sslmode")
                                                : getenv("PGSSLMODE");
    is = (!mode || strcmp(mode, "verify-full") != 0) && find_remote(options, ret_host, size);
    PQconninfoFree(options);
    return is;
}

int tcn_pg_hosts_init(struct tcn_pg_hosts *h, const struct tcn_db_place *place, struct tcn_err *err)
{
    const char *hosts;
    int r = parse(place->target, &h->options, err);

    if (r < 0)
        return r;
    hosts = tcn_pg_url_value(h->options, "hostaddr");
    h->n = tcn_pg_url_pieces(hosts ? hosts : tcn_pg_url_value(h->options, "host"));
    h->password = place->password ? tcn_xstrdup(place->password) : NULL;
    h->name = tcn_xmalloc(NAME_SIZE);
    snprintf(h->name, NAME_SIZE, "tocsin/%s", place->node ? place->node : "");
    return 0;
}

void tcn_pg_hosts_done(struct tcn_pg_hosts *h)
{
    PQconninfoFree(h->options);
    if (h->password)
        explicit_bzero(h->password, strlen(h->password));
    free(h->password);
    free(h->name);
    *h = (struct tcn_pg_hosts){0};
}

struct settings {
    const char *keywords[SETTINGS_MAX + 1], *values[SETTINGS_MAX + 1];
    char *owned[3]; /* host, hostaddr, port */
    size_t n, n_owned;
};

static void set(struct settings *s, const char *keyword, const char *value)
{
    assert(s->n < SETTINGS_MAX);
    s->keywords[s->n] = keyword;
    s->values[s->n++] = value;
}

static void ignore(void *arg, const PGresult *notice)
{
    (void)arg;
    (void)notice;
}

PGconn *tcn_pg_hosts_start(const struct tcn_pg_hosts *h, size_t i)
{
    struct settings s = {0};
    PGconn *conn;

    for (size_t k = 0; k < sizeof defaults / sizeof *defaults; k++)
        set(&s, defaults[k][0], defaults[k][1]);
    for (const PQconninfoOption *o = h->options; o->keyword; o++) {
        if (o->val && is_per_host(o->keyword)) {
            s.owned[s.n_owned] = tcn_pg_url_piece(o->val, i);
            set(&s, o->keyword, s.owned[s.n_owned++]);
        } else if (o->val) {
            set(&s, o->keyword, o->val);
        }
    }
    if (h->password)
        set(&s, "password", h->password);
    set(&s, "application_name", h->name);
    conn = PQconnectStartParams(s.keywords, s.values, 0);
    if (!conn)
        abort();                                 /* no memory */
    PQsetNoticeReceiver(conn, ignore, NULL);     /* else they are printed */
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); /* with the SQLSTATE of a refusal */
    for (size_t k = 0; k < s.n_owned; k++)
        free(s.owned[k]);
    return conn;
}
