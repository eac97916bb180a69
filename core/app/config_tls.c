#include "app/config_tls.h"
#include "sys/clock.h"
#include "sys/file.h"

#define TLS_FILE_BYTES (1u << 20)

enum { N_FILES = 4 };

/* The files first. */
static const char *const names[] = {"cert_file",           "key_file", "client_ca_file", "ca_file",
                                    "client_certificates", NULL};

/* That it is there, and a key is for the owner. */
static int check_file(const struct tcn_node *at, const char *key, bool is_secret)
{
    struct tcn_node node = tcn_node_member(at, key);
    const char *path = json_string_value(node.json);
    struct tcn_buf text;
    struct tcn_err err;
    int r = 0;

    if (!path)
        return 0;
    tcn_buf_init(&text, TLS_FILE_BYTES);
    if (tcn_file_read(path, &text, &err) < 0)
        r = tcn_node_problem(&node, "%s", err.msg);
    else if (is_secret && tcn_file_is_exposed(path))
        r = tcn_node_problem(&node, "%s can be read by everybody on this machine; chmod 0400 %s",
                             path, path);
    if (text.len > 0)
        explicit_bzero(text.ptr, text.len);
    tcn_buf_done(&text);
    return r;
}

struct tcn_tls_files tcn_config_tls_files(const struct tcn_config *c)
{
    return (struct tcn_tls_files){.cert = c->tls_cert,
                                  .key = c->tls_key,
                                  .client_ca = c->tls_client_ca,
                                  .needs_client_cert =
                                      c->tls_client_ca && !c->are_certificates_optional};
}

/* The member whose file a message names; of a pair that does not fit it is the key. */
static struct tcn_node find_blamed(const struct tcn_node *at, const char *message)
{
    static const char *const order[] = {"key_file", "cert_file", "client_ca_file"};

    for (size_t i = 0; i < 3; i++) {
        struct tcn_node node = tcn_node_member(at, order[i]);

        if (node.json && strstr(message, json_string_value(node.json)))
            return node;
    }
    return *at;
}

static int judge(const struct tcn_node *at, const struct tcn_config *c)
{
    struct tcn_tls_files files = tcn_config_tls_files(c);
    struct tcn_node node = tcn_node_member(at, "cert_file");
    struct tcn_tls *tls;
    struct tcn_err err;

    if (!c->tls_cert)
        return 0;
    if (tcn_tls_new(&files, &tls, &err) < 0) {
        node = find_blamed(at, err.msg);
        return tcn_node_problem(&node, "%s", err.msg);
    }
    if (tcn_tls_is_current(tls, tcn_clock_now_ms(), &err) < 0)
        tcn_node_warning(&node, "%s; clients will refuse it: renew it", err.msg);
    tcn_tls_free(tls);
    return 0;
}

static int judge_roots(const struct tcn_node *at, const struct tcn_config *c)
{
    struct tcn_node node = tcn_node_member(at, "ca_file");
    struct tcn_err err;

    return c->ca_file && tcn_tls_check_roots(c->ca_file, &err) < 0
               ? tcn_node_problem(&node, "%s", err.msg)
               : 0;
}

/* Phones that follow the link in a mail have none. */
static int read_certificates(const struct tcn_node *at, struct tcn_config *c)
{
    static const char *const choices[] = {"required", "optional", NULL};
    struct tcn_node node = tcn_node_member(at, "client_certificates");
    int choice = 0, r = tcn_node_choice(at, "client_certificates", TCN_OPTIONAL, choices, &choice);

    c->are_certificates_optional = choice == 1;
    if (r == 0 && node.json && !c->tls_client_ca)
        r = tcn_node_problem(&node, "needs client_ca_file, which says whose certificates are good");
    return r;
}

static int read_names(const struct tcn_node *at, struct tcn_config *c)
{
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "cert_file", TCN_OPTIONAL, &c->tls_cert);
    r |= tcn_node_text(at, "key_file", TCN_OPTIONAL, &c->tls_key);
    r |= tcn_node_text(at, "client_ca_file", TCN_OPTIONAL, &c->tls_client_ca);
    r |= tcn_node_text(at, "ca_file", TCN_OPTIONAL, &c->ca_file);
    r |= read_certificates(at, c);
    for (size_t i = 0; i < N_FILES; i++)
        r |= check_file(at, names[i], strcmp(names[i], "key_file") == 0);
    if (r == 0 && !c->tls_cert != !c->tls_key)
        r |= tcn_node_problem(at, "give both cert_file and key_file, or neither");
    if (c->tls_client_ca && !c->tls_cert)
        r |= tcn_node_problem(at, "client_ca_file without cert_file checks nobody; add cert_file "
                                  "and key_file");
    return r;
}

int tcn_config_tls(const struct tcn_node *root, struct tcn_config *c)
{
    struct tcn_node at;
    int r;

    if (tcn_node_object(root, "tls", TCN_OPTIONAL, &at) < 0)
        return TCN_EINVALID;
    if (!at.json)
        return 0;
    r = read_names(&at, c);
    if (r == 0)
        r = judge(&at, c) | judge_roots(&at, c);
    return r < 0 ? TCN_EINVALID : 0;
}
