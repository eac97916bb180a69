/* Builds instances from configuration. Scrubbing of secrets is in scrub.c, calls in exchange.c. */
#include "connect/instance.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "connect/option.h"
#include "connect/token.h"
#include "connect/url.h"
#include "sys/file.h"

#include <assert.h>
#include <openssl/crypto.h>

#define ARENA_CAP (1u << 20)
#define CA_FILE_CAP (4u << 20)
#define KNOWN_MAX (64 + 16)

/* The host's own rows, in the same language as a connector's. */
static const struct tocsin_option host_options[] = {
    TOCSIN_OPT(struct tcn_limits, timeout_ms, MSEC, "15s", 0, "time for one round trip"),
    TOCSIN_OPT(struct tcn_limits, connect_timeout_ms, MSEC, "3s", 0, "time to connect"),
    TOCSIN_OPT(struct tcn_limits, concurrency, INT, "4", 0, "calls at a time"),
    TOCSIN_OPT(struct tcn_limits, rate_per_min, INT, "600", 0, "calls a minute"),
    TOCSIN_OPT_END,
};

static const struct {
    const char *name;
    int64_t min, max;
} host_ranges[] = {{"timeout", 1000, 120000},
                   {"connect_timeout", 100, 30000},
                   {"concurrency", 1, 32},
                   {"rate_per_minute", 1, 60000}};

#define N_LIMITS (sizeof host_ranges / sizeof host_ranges[0])

struct tcn_instance *tcn_instance_of(const struct tocsin_instance *sdk)
{
    /* The host hands out pointers into its own, writable instances; const is a promise of the connector only. */
    union {
        const struct tocsin_instance *in;
        struct tcn_instance *out;
    } cast = {.in = sdk};

    return cast.out;
}

static int fill_limit(const struct tcn_instance *i, size_t row, const struct tcn_node *config,
                      int64_t *ret)
{
    const char *name = host_ranges[row].name;
    const struct tocsin_option *own = tcn_option_find(i->connector->options, name);
    struct tcn_node member = tcn_node_member(config, name);
    int64_t value;
    int r;

    value =
        tcn_option_default(own && own->kind == host_options[row].kind ? own : &host_options[row]);
    if (host_options[row].kind == TOCSIN_MSEC)
        r = tcn_node_duration(config, name, TCN_OPTIONAL, &value);
    else
        r = tcn_node_int(config, name, TCN_OPTIONAL, host_ranges[row].min, host_ranges[row].max,
                         &value);
    if (r == 0 && (value < host_ranges[row].min || value > host_ranges[row].max))
        r = tcn_node_problem(&member, "%s must be %lld to %lld ms", name,
                             (long long)host_ranges[row].min, (long long)host_ranges[row].max);
    *ret = value;
    return r;
}

static int fill_limits(struct tcn_instance *i, const struct tcn_node *config)
{
    int worst = 0;

    for (size_t row = 0; row < N_LIMITS; row++) {
        int64_t value = 0;
        int r = fill_limit(i, row, config, &value);

        memcpy((char *)&i->limits + host_options[row].offset, &value, sizeof value);
        worst = r < 0 ? r : worst;
    }
    return worst;
}

static int fill_guard(struct tcn_instance *i, const struct tcn_node *config)
{
    struct tcn_node list;
    struct tcn_err err;
    int r = tcn_node_array(config, "allow", TCN_OPTIONAL, &list), worst = r;

    for (size_t n = 0; r == 0 && n < json_array_size(list.json); n++) {
        struct tcn_node item = tcn_node_item(&list, n);

        if (!json_is_string(item.json))
            worst =
                tcn_node_problem(&item, "must be text: a host name, an address or ADDRESS/BITS");
        else if (tcn_guard_add(&i->guard, json_string_value(item.json), &err) < 0)
            worst = tcn_node_problem(&item, "%s", err.msg);
    }
    return worst;
}

static int fill_ca_file(struct tcn_instance *i, const struct tcn_node *config)
{
    struct tcn_node node = tcn_node_member(config, "ca_file");
    const char *path = NULL;
    struct tcn_buf text;
    struct tcn_err err;
    int r = tcn_node_text(config, "ca_file", TCN_OPTIONAL, &path);

    i->ca_file = tcn_arena_strdup(&i->arena, path);
    if (r < 0 || !path)
        return r;
    /* libcurl reads it at each connection; that it is there is told now. */
    tcn_buf_init(&text, CA_FILE_CAP);
    if (tcn_file_read(path, &text, &err) < 0)
        r = tcn_node_problem(&node, "%s", err.msg);
    tcn_buf_done(&text);
    return r;
}

static int check_members(const struct tcn_instance *i, const struct tcn_node *config)
{
    const char *known[KNOWN_MAX] = {"connector", "mapping", "settings", "allow", "ca_file"};
    size_t n = 5;

    for (size_t row = 0; row < N_LIMITS; row++)
        known[n++] = host_ranges[row].name;
    for (const struct tocsin_option *o = i->connector->options; o && o->name; o++)
        known[n++] = o->name;
    assert(n < KNOWN_MAX);
    return tcn_node_only(config, known);
}

static int load_one(const struct tcn_node *reference, tcn_secret_fn *secret, void *ctx,
                    struct tcn_secret *ret)
{
    struct tcn_buf bytes;
    int r;

    if (!secret)
        return tcn_secret_load(reference, ret);
    tcn_buf_init(&bytes, TCN_SECRET_MAX);
    if ((r = secret(ctx, reference, &bytes)) == 0)
        tcn_secret_set(ret, bytes.ptr, bytes.len);
    if (bytes.len > 0)
        OPENSSL_cleanse(bytes.ptr, bytes.len);
    tcn_buf_done(&bytes);
    return r;
}

static int load_secret(const struct tocsin_option *o, const struct tcn_node *config,
                       tcn_secret_fn *secret, void *ctx, struct tcn_secret *ret)
{
    struct tcn_node reference = tcn_node_member(config, o->name);

    if (reference.json)
        return load_one(&reference, secret, ctx, ret);
    if ((o->flags & TOCSIN_REQUIRED) == 0)
        return 0;
    return tcn_node_problem(&reference,
                            "secret \"%s\" is missing: %s; write {\"env\": \"NAME\"} or "
                            "{\"file\": \"PATH\"}",
                            o->name, o->help);
}

/* A user without a password would not be signed in, and nobody would hear of it. */
static int check_pair(const struct tcn_instance *i, const struct tocsin_option *secret,
                      const struct tcn_node *config)
{
    struct tcn_node at = tcn_node_member(config, secret->name);
    const char *with = secret[-1].name, *text = tcn_instance_text(i, with);

    if (!text)
        return 0; /* told */
    if (text[0] && !at.json)
        return tcn_node_problem(
            &at,
            "secret \"%s\" is missing, and \"%s\" is of no use without it; write "
            "{\"env\": \"NAME\"} or {\"file\": \"PATH\"}, or take \"%s\" out",
            secret->name, with, with);
    if (!text[0] && at.json)
        tcn_node_warning(&at, "is of no use without \"%s\"; add that, or take this out", with);
    return 0;
}

static int check_pairs(const struct tcn_instance *i, const struct tcn_node *config)
{
    int worst = 0;

    for (size_t n = 0; n < i->n_secrets; n++) {
        const struct tocsin_option *o = i->secrets[n].option;
        int r = (o->flags & TOCSIN_PAIRED) != 0 ? check_pair(i, o, config) : 0;

        worst = r < 0 ? r : worst;
    }
    return worst;
}

/* What is in the URL is never told. */
static int check_secret_url(const struct tcn_node *at, const struct tcn_secret *value)
{
    struct tcn_url url;
    struct tcn_err err;

    if (tcn_url_parse(value->ptr, &url, &err) < 0)
        return tcn_node_problem(at, "what it refers to: %s", err.msg);
    return url.scheme == TCN_HTTPS || url.scheme == TCN_HTTP
               ? 0
               : tcn_node_problem(at, "what it refers to must begin with https://");
}

static int check_instead(const struct tocsin_option *o, const struct tcn_node *config,
                         const struct tcn_secret *value)
{
    struct tcn_node at = tcn_node_member(config, o->name),
                    other = tcn_node_member(config, o[-1].name);

    if (at.json && other.json)
        return tcn_node_problem(&at, "stands beside \"%s\"; take one of them out", o[-1].name);
    if (!at.json && !other.json)
        return tcn_node_problem(&other,
                                "option \"%s\" is missing; add it: %s; or \"%s\": {\"env\": "
                                "\"NAME\"} or {\"file\": \"PATH\"}, when it is a secret",
                                o[-1].name, o[-1].help, o->name);
    return value->ptr ? check_secret_url(&at, value) : 0;
}

int tcn_instance_reload(struct tcn_instance *i, const struct tcn_node *config,
                        tcn_secret_fn *secret, void *ctx)
{
    struct tcn_secret fresh[TCN_SECRETS_MAX] = {{0}};
    int worst = 0;

    for (size_t n = 0; n < i->n_secrets; n++) {
        const struct tocsin_option *o = i->secrets[n].option;
        int r = load_secret(o, config, secret, ctx, &fresh[n]);

        if (r == 0 && (o->flags & TOCSIN_INSTEAD) != 0)
            r = check_instead(o, config, &fresh[n]);
        worst = r < 0 ? r : worst;
    }
    for (size_t n = 0; n < i->n_secrets; n++) {
        if (worst == 0) {
            tcn_secret_done(&i->secrets[n].value);
            i->secrets[n].value = fresh[n];
        } else {
            tcn_secret_done(&fresh[n]);
        }
    }
    if (worst == 0)
        tcn_token_refused(i, tcn_token_number(i)); /* of credentials that may be others now */
    return worst;
}

static int find_secrets(struct tcn_instance *i, const struct tcn_node *config)
{
    for (const struct tocsin_option *o = i->connector->options; o && o->name; o++) {
        if (o->kind != TOCSIN_SECRET)
            continue;
        if (i->n_secrets == TCN_SECRETS_MAX)
            return tcn_node_problem(config, "connector %s has more than %d secrets",
                                    i->connector->name, TCN_SECRETS_MAX);
        i->secrets[i->n_secrets++].option = o;
    }
    return 0;
}

/* A mode may take verbs away; only the promise that repeating is safe may be added. */
static uint32_t caps_under_options(const struct tcn_instance *i)
{
    uint32_t told;

    if (!i->connector->caps_of)
        return i->connector->caps;
    told = i->connector->caps_of(&i->sdk);
    return (told & i->connector->caps) | (told & TOCSIN_CAP_IDEMPOTENT);
}

/* What a connector says begins with the name of the option that it is about; else it is about the whole. */
static struct tcn_node place_of(const struct tcn_instance *i, const struct tcn_node *config)
{
    size_t len = strspn(i->failure, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const struct tocsin_option *option;
    char name[64];

    if (len == 0 || len >= sizeof name)
        return *config;
    memcpy(name, i->failure, len);
    name[len] = '\0';
    option = tcn_option_find(i->connector->options, name);
    return option ? tcn_node_member(config, option->name) : *config;
}

static int open_connector(struct tcn_instance *i, const struct tcn_node *config)
{
    struct tcn_node at;

    i->failure[0] = 0;
    if (i->connector->open && i->connector->open(&i->sdk) < 0) {
        at = place_of(i, config);
        return tcn_node_problem(&at, "connector %s: %s", i->connector->name,
                                i->failure[0] ? i->failure : "open() failed without a reason");
    }
    i->is_open = true;
    i->caps = caps_under_options(i);
    return 0;
}

static int fill(struct tcn_instance *i, const struct tcn_node *config, tcn_secret_fn *secret,
                void *ctx)
{
    int worst = 0, r;

    /* All of them run, so that all mistakes are told at once. */
    worst = (r = check_members(i, config)) < 0 ? r : worst;
    worst = (r = fill_limits(i, config)) < 0 ? r : worst;
    worst = (r = fill_guard(i, config)) < 0 ? r : worst;
    worst = (r = fill_ca_file(i, config)) < 0 ? r : worst;
    worst = (r = tcn_option_fill(i->connector->options, config, &i->arena, i->sdk.state)) < 0
                ? r
                : worst;
    worst = (r = find_secrets(i, config)) < 0 ? r : worst;
    worst = (r = check_pairs(i, config)) < 0 ? r : worst;
    worst = (r = tcn_instance_reload(i, config, secret, ctx)) < 0 ? r : worst;
    return worst < 0 ? worst : open_connector(i, config);
}

int tcn_instance_new(const struct tocsin_connector *connector, const struct tocsin_host *host,
                     const char *name, const struct tcn_node *config, tcn_secret_fn *secret,
                     void *ctx, struct tcn_instance **ret)
{
    struct tcn_instance *i = tcn_xcalloc(1, sizeof *i);
    int r;

    tcn_arena_init(&i->arena, ARENA_CAP);
    i->connector = connector;
    i->sdk.host = host;
    i->sdk.name = tcn_arena_strdup(&i->arena, name);
    i->sdk.state = tcn_xcalloc(1, connector->state_size ? connector->state_size : 1);
    if ((r = fill(i, config, secret, ctx)) < 0)
        tcn_instance_free(i);
    else
        *ret = i;
    return r;
}

void tcn_instance_free(struct tcn_instance *i)
{
    if (!i)
        return;
    if (i->is_open && i->connector->close)
        i->connector->close(&i->sdk);
    for (size_t n = 0; n < i->n_secrets; n++)
        tcn_secret_done(&i->secrets[n].value);
    tcn_token_free(i->token);
    free(i->sdk.state);
    tcn_arena_done(&i->arena);
    free(i);
}

const struct tcn_secret *tcn_instance_secret(const struct tcn_instance *i, const char *option)
{
    for (size_t n = 0; n < i->n_secrets; n++)
        if (strcmp(i->secrets[n].option->name, option) == 0)
            return &i->secrets[n].value;
    return NULL;
}

const char *tcn_instance_text(const struct tcn_instance *i, const char *option)
{
    const struct tocsin_option *o = tcn_option_find(i->connector->options, option);
    const char *text;

    if (!o || (o->kind != TOCSIN_STR && o->kind != TOCSIN_URL))
        return NULL;
    memcpy(&text, (const char *)i->sdk.state + o->offset, sizeof text);
    return text;
}

bool tcn_instance_can(const struct tcn_instance *i, enum tocsin_verb verb)
{
    return (i->caps & TOCSIN_CAN(verb)) != 0;
}
