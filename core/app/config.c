/* Top level of the configuration. Sources and connectors are in config_parts.c. */
#include "app/config.h"
#include "app/config_admin.h"
#include "app/config_channels.h"
#include "app/config_listen.h"
#include "app/config_parts.h"
#include "app/config_tls.h"
#include "app/config_topics.h"
#include "app/config_url.h"
#include "app/resources.h"
#include "app/resources_doubt.h"
#include "app/resources_reach.h"
#include "base/xalloc.h"
#include "gateway/server_address.h"
#include "gateway/source.h"
#include "store/store.h"
#include "sys/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONFIG_BYTES (4u << 20)
#define CONFIG_ARENA (64u << 20)
#define LIST_MAX 100
#define REGION_MAX 32
#define NAME_MAX_LEN 64

static bool is_made_of(const char *legal, const char *text, size_t max)
{
    size_t n = strspn(text, legal);

    return n > 0 && n <= max && text[n] == '\0';
}

bool tcn_config_is_name(const char *name)
{
    return is_made_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", name,
                      NAME_MAX_LEN);
}

static int read_region(const struct tcn_node *root, const char *member, const char **ret)
{
    struct tcn_node at = tcn_node_member(root, member);

    if (tcn_node_text(root, member, TCN_OPTIONAL, ret) < 0)
        return TCN_EINVALID;
    if (!is_made_of("abcdefghijklmnopqrstuvwxyz0123456789-", *ret, REGION_MAX))
        return tcn_node_problem(
            &at, "name a region of AWS, such as eu-central-1: 1-%d of a-z 0-9 -", REGION_MAX);
    return 0;
}

static int read_account(const struct tcn_node *root, struct tcn_config *c)
{
    int r;

    c->region = "us-east-1"; /* it is a part of ARNs */
    r = read_region(root, "region", &c->region);
    c->account_id = "000000000000";
    if (tcn_node_text(root, "account_id", TCN_OPTIONAL, &c->account_id) < 0)
        return TCN_EINVALID;
    if (strlen(c->account_id) != 12 || strspn(c->account_id, "0123456789") != 12) {
        struct tcn_node at = tcn_node_member(root, "account_id");

        return tcn_node_problem(&at, "\"%s\" is no account id; write 12 digits in quotes",
                                c->account_id);
    }
    return r;
}

static int read_node(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_node at = tcn_node_member(root, "node");

    if (tcn_node_text(root, "node", TCN_OPTIONAL, &c->node) < 0)
        return TCN_EINVALID;
    if (at.json && !tcn_config_is_name(c->node))
        return tcn_node_problem(&at, "name a node with 1-%d of a-z A-Z 0-9 . - _", NAME_MAX_LEN);
    c->node_region = c->region;
    return read_region(root, "node_region", &c->node_region);
}

static int read_listen(const struct tcn_node *root, struct tcn_config *c)
{
    c->listen = "127.0.0.1:8080";
    return tcn_config_listen(root, "listen", TCN_OPTIONAL, &c->listen);
}

static int read_public_url(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_node at = tcn_node_member(root, "public_url");
    struct tcn_str url;

    if (tcn_node_text(root, "public_url", TCN_OPTIONAL, &c->public_url) < 0)
        return TCN_EINVALID;
    if (!c->public_url) {
        c->is_url_by_default = true;
        c->public_url = tcn_arena_fmt(&c->arena, "http%s://%s", c->tls_cert ? "s" : "", c->listen);
        return 0;
    }
    url = tcn_str(c->public_url);
    if (tcn_config_public_url(&at, c->public_url) < 0)
        return TCN_EINVALID;
    while (url.len > 0 && url.ptr[url.len - 1] == '/')
        url.len--;
    c->public_url = tcn_arena_str(&c->arena, url).ptr;
    return 0;
}

/* The PATH of sqlite:PATH is relative to the data folder. */
static int use_sqlite(const struct tcn_node *at, const char *url, const char *data_dir,
                      struct tcn_config *c)
{
    const char *path = url + strlen("sqlite:");

    if (c->store_password.ptr)
        return tcn_node_problem(at, "SQLite has no password; name it for postgresql:// only");
    if (*path == 0)
        return tcn_node_problem(at, "the path is missing; write sqlite:tocsin.db");
    c->store = *path == '/' || *path == ':'
                   ? url
                   : tcn_arena_fmt(&c->arena, "sqlite:%s/%s", data_dir, path);
    return 0;
}

/* Nothing of a URL is repeated that may have a password inside. */
static int use_postgres(const struct tcn_node *at, const char *url, struct tcn_config *c)
{
    struct tcn_err err;
    char host[128];

    if (tcn_store_check_postgres(url, &err) < 0)
        return tcn_node_problem(at, "%s", err.msg);
    if (tcn_store_is_unverified(url, host, sizeof host))
        tcn_node_warning(at,
                         "whoever is on the way to %s can read alarms, or be the database: use "
                         "sslmode=verify-full, with sslrootcert=FILE of the authority that signed "
                         "the server's certificate",
                         host);
    c->store = url;
    return 0;
}

/* "URL", or {"url": "URL", "password": a secret by reference}. */
static int read_store(const struct tcn_node *root, const char *data_dir, struct tcn_config *c)
{
    static const char *const names[] = {"url", "password", NULL};
    struct tcn_node at = tcn_node_member(root, "store"), url_at = at, password;
    const char *url = "sqlite:tocsin.db";

    if (json_is_object(at.json)) {
        password = tcn_node_member(&at, "password");
        url_at = tcn_node_member(&at, "url");
        if (tcn_node_only(&at, names) < 0 || tcn_node_text(&at, "url", TCN_NEED, &url) < 0 ||
            (password.json && tcn_secret_load(&password, &c->store_password) < 0))
            return TCN_EINVALID;
    } else if (tcn_node_text(root, "store", TCN_OPTIONAL, &url) < 0) {
        return TCN_EINVALID;
    }
    if (tcn_store_is_postgres(url))
        return use_postgres(&url_at, url, c);
    if (tcn_str_starts(tcn_str(url), TCN_STR("sqlite:")))
        return use_sqlite(&at, url, data_dir, c);
    return tcn_node_problem(&at, "\"%s\": write sqlite:PATH or postgresql://USER@HOST/DATABASE",
                            url);
}

static bool is_cidr(const char *text)
{
    const char *const list[] = {text, NULL};
    struct tcn_address_rules rules = {0};
    bool is = text && tcn_address_rules_init(&rules, list, NULL) == 0;

    tcn_address_rules_done(&rules);
    return is;
}

static int read_cidrs(const struct tcn_node *parent, const char *key, struct tcn_arena *arena,
                      const char ***ret)
{
    struct tcn_node list;
    size_t n;
    int r = 0;

    if (tcn_node_array(parent, key, TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    n = json_array_size(list.json);
    if (n > LIST_MAX)
        return tcn_node_problem(&list, "%zu entries; at most %d", n, LIST_MAX);
    *ret = TCN_NEW_N(arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        (*ret)[i] = json_string_value(item.json);
        if (!is_cidr((*ret)[i]))
            r = tcn_node_problem(&item,
                                 "\"%s\" is no address; write ADDRESS or ADDRESS/BITS, for example "
                                 "10.0.0.0/8",
                                 (*ret)[i] ? (*ret)[i] : "");
    }
    return r;
}

static int read_limits(const struct tcn_node *root, struct tcn_config *c)
{
    static const char *const names[] = {"max_connections", "per_address", "waiting",
                                        "trusted_senders", NULL};
    struct tcn_config_limits *l = &c->limits;
    struct tcn_node at;
    int r = 0;

    *l = (struct tcn_config_limits){.max_connections = 1000, .per_address = 64, .waiting = 10000};
    if (tcn_node_object(root, "limits", TCN_OPTIONAL, &at) < 0)
        return TCN_EINVALID;
    if (at.json)
        r = tcn_node_only(&at, names);
    r |= tcn_node_int(&at, "max_connections", TCN_OPTIONAL, 10, 100000, &l->max_connections);
    r |= tcn_node_int(&at, "per_address", TCN_OPTIONAL, 1, 100000, &l->per_address);
    r |= tcn_node_int(&at, "waiting", TCN_OPTIONAL, 10, 1000000, &l->waiting);
    r |= read_cidrs(&at, "trusted_senders", &c->arena, &l->trusted_senders);
    return r < 0 ? TCN_EINVALID : 0;
}

/* Behind a network of everybody the address that is believed would be the one that the client made up. */
static int read_proxies(const struct tcn_node *root, struct tcn_config *c)
{
    static const char key[] = "trusted_proxies";
    struct tcn_node list = tcn_node_member(root, key);

    if (read_cidrs(root, key, &c->arena, &c->trusted_proxies) < 0)
        return TCN_EINVALID;
    for (size_t i = 0; c->trusted_proxies[i]; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        if (tcn_str_ends(tcn_str(c->trusted_proxies[i]), TCN_STR("/0")))
            tcn_node_warning(&item,
                             "trusts every address, so that whoever sends can write any address "
                             "into X-Forwarded-For; name the proxies alone");
    }
    return 0;
}

static int read_log(const struct tcn_node *root, struct tcn_config *c)
{
    static const char *const names[] = {"level", NULL};
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
    struct tcn_node at;
    int level = TCN_LOG_INFO, r;

    if (tcn_node_object(root, "log", TCN_OPTIONAL, &at) < 0)
        return TCN_EINVALID;
    r = tcn_node_only(&at, names);
    r |= tcn_node_choice(&at, "level", TCN_OPTIONAL, levels, &level);
    c->log_level = (enum tcn_log_level)level;
    return r;
}

/* Of AcceptPage (spec incidents-contacts 6). Enforced unless told: who answers by a wrong code silences a page that its person
 * may not have seen. */
static int read_code_validation(const struct tcn_node *root, struct tcn_config *c)
{
    static const char *const words[] = {"ENFORCE", "IGNORE", NULL};
    int word = 0, r = tcn_node_choice(root, "accept_code_validation", TCN_OPTIONAL, words, &word);

    c->ignores_codes = word == 1;
    return r;
}

static int read_tokens(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_node at;

    if (tcn_node_array(root, "tokens", TCN_OPTIONAL, &at) < 0)
        return TCN_EINVALID;
    return tcn_tokens_read(&at, &c->arena, &c->tokens);
}

static const char **names_of(struct tcn_config *c, bool have_tickets, bool are_unknown)
{
    const char **names = TCN_NEW_N(&c->arena, const char *, c->n_connectors + 1);
    size_t n = 0;

    for (size_t i = 0; i < c->n_connectors; i++)
        if (c->connectors[i].has_tickets == have_tickets &&
            c->connectors[i].is_unknown == are_unknown)
            names[n++] = c->connectors[i].name;
    return c->connectors ? names : NULL;
}

/* On the loop's thread alone. */
static uint64_t next_serial(void)
{
    static uint64_t last;

    return ++last;
}

static int read_resources(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_declared *d = &c->declared;
    struct tcn_node at;

    d->connectors =
        (struct tcn_connector_names){names_of(c, true, false), names_of(c, false, false),
                                     names_of(c, true, true), tcn_config_topic_connectors(c)};
    d->file = c->file;
    d->serial = next_serial();
    d->config = c;
    c->directory.declared = d;
    c->directory.account_id = c->account_id;
    c->directory.region = c->region;
    if (tcn_node_object(root, "resources", TCN_OPTIONAL, &at) < 0)
        return TCN_EINVALID;
    d->resources = at.json;
    return tcn_resources_read(&at, &d->connectors, &c->arena, &c->directory);
}

/* Whose sender could use the API. */
static const char *source_with(const struct tcn_config *c, const uint8_t sha256[32])
{
    for (size_t i = 0; i < c->n_sources; i++)
        if (tcn_cred_knows(&c->sources[i]->auth, sha256))
            return c->sources[i]->name;
    return NULL;
}

static void judge_token(const struct tcn_node *at, const struct tcn_config *c)
{
    struct tcn_node name = tcn_node_member(at, "name"), token = tcn_node_member(at, "token");
    const char *text = json_string_value(name.json), *source;

    for (size_t i = 0; text && i < c->tokens.n; i++)
        if (strcmp(c->tokens.items[i].name, text) == 0 &&
            (source = source_with(c, c->tokens.items[i].sha256)) != NULL)
            tcn_node_warning(&token,
                             "is the secret of source \"%s\", too, so that its sender may use the "
                             "API; give each its own, made with: openssl rand -hex 32",
                             source);
}

static void judge_tokens(const struct tcn_node *tokens, const struct tcn_config *c)
{
    for (size_t i = 0; i < json_array_size(tokens->json); i++) {
        struct tcn_node item = tcn_node_item(tokens, i);

        judge_token(&item, c);
    }
}

/* What is well-formed and of no use, or hardly meant. */
static int judge_use(const struct tcn_node *root, const struct tcn_config *c)
{
    struct tcn_node tokens = tcn_node_member(root, "tokens"),
                    resources = tcn_node_member(root, "resources");

    bool has_readers = tokens.json && (!json_is_array(tokens.json) || json_array_size(tokens.json));

    if (c->n_sources > 0 && !has_readers)
        tcn_node_warning(&tokens,
                         "there is none, so that nobody can read or acknowledge incidents "
                         "over the API; add {\"name\": ..., \"role\": ..., \"token\": ...}");
    judge_tokens(&tokens, c);
    tcn_resources_doubt(&resources, &c->directory);
    return c->policies ? tcn_resources_reach(&resources, &c->directory, c->policies, has_readers)
                       : 0;
}

static const char *const members[] = {
    "$schema",         "account_id", "region",      "node",
    "listen",          "public_url", "tls",         "store",
    "tokens",          "sources",    "connectors",  "channels",
    "resources",       "limits",     "auditor",     "log",
    "trusted_proxies", "admin",      "node_region", "accept_code_validation",
    "topics",          NULL};

static int read_all(const char *data_dir, struct tcn_config *c)
{
    struct tcn_node root = tcn_node_root(&c->doc);
    int r;

    if (!json_is_object(root.json))
        return tcn_node_problem(&root, "the file must be one JSON object");
    r = tcn_node_only(&root, members);
    r |= read_account(&root, c);
    r |= read_node(&root, c);
    r |= read_listen(&root, c);
    r |= tcn_config_tls(&root, c);
    r |= tcn_config_admin(&root, c);
    r |= read_public_url(&root, c);
    r |= read_store(&root, data_dir, c);
    r |= read_limits(&root, c);
    r |= read_proxies(&root, c);
    r |= read_log(&root, c);
    r |= read_code_validation(&root, c);
    r |= read_tokens(&root, c);
    r |= tcn_config_connectors(&root, c);
    r |= tcn_config_channels(&root, c);
    r |= tcn_config_topics(&root, c);
    r |= read_resources(&root, c);
    r |= tcn_config_senders(&root, c);
    r |= tcn_config_sources(&root, c); /* they name response plans */
    r |= judge_use(&root, c);
    return r < 0 || c->doc.problems->n > 0 ? TCN_EINVALID : 0;
}

static struct tcn_config *config_new(const char *file, struct tcn_problems *problems)
{
    struct tcn_config *c = tcn_xcalloc(1, sizeof *c);
    char host[256] = "";

    c->refs = 1;
    tcn_arena_init(&c->arena, CONFIG_ARENA);
    tcn_buf_init(&c->text, CONFIG_BYTES);
    c->file = tcn_arena_strdup(&c->arena, file);
    c->doc.problems = problems;
    gethostname(host, sizeof host - 1);
    c->node = tcn_arena_strdup(&c->arena, host[0] ? host : "tocsin");
    return c;
}

static int parse(struct tcn_config *c, const char *data_dir, struct tcn_problems *problems,
                 struct tcn_problems *warnings)
{
    int r = tcn_doc_parse(&c->doc, c->file, tcn_buf_view(&c->text), problems);

    c->doc.warnings = warnings;
    return r < 0 ? r : read_all(data_dir, c);
}

int tcn_config_load(const char *file, const char *data_dir, struct tcn_problems *problems,
                    struct tcn_problems *warnings, struct tcn_config **ret)
{
    struct tcn_config *c = config_new(file, problems);
    struct tcn_err err = {0};
    int r = tcn_file_read(file, &c->text, &err);

    c->data_dir = tcn_arena_strdup(&c->arena, data_dir);
    if (r < 0)
        tcn_problems_add(problems, "tocsin: %s%s", err.msg,
                         r == TCN_ELIMIT ? "; a configuration has at most 4 MiB" : "");
    else
        r = parse(c, data_dir, problems, warnings);
    tcn_problems_sort(problems, c->file);
    tcn_problems_sort(warnings, c->file);
    c->doc.problems = c->doc.warnings = NULL; /* the caller's */
    if (r < 0) {
        tcn_config_unref(c);
        return r;
    }
    tcn_config_digest(c->doc.root, c->digest);
    *ret = c;
    return 0;
}

void tcn_config_ref(struct tcn_config *c)
{
    c->refs++;
}

void tcn_config_unref(struct tcn_config *c)
{
    if (!c)
        return;
    assert(c->refs > 0);
    if (--c->refs > 0)
        return;
    tcn_config_parts_done(c);
    tcn_secret_done(&c->store_password);
    tcn_doc_done(&c->doc);
    tcn_buf_done(&c->text);
    tcn_arena_done(&c->arena);
    free(c);
}

const struct tcn_connector_config *tcn_config_connector(const struct tcn_config *c,
                                                        const char *name)
{
    for (size_t i = 0; i < c->n_connectors; i++)
        if (strcmp(c->connectors[i].name, name) == 0)
            return &c->connectors[i];
    return NULL;
}
