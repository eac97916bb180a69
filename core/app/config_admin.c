#include "app/config_admin.h"
#include "app/config_listen.h"

#define CONNECTIONS                                                                                \
    32 /* a scraper, a probe, some people; each costs a descriptor that the public cannot have */

/* What may be served there alone. Alarms and the links in mails come from outside, to the public listener. */
static const char *const words[] = {"metrics", "health", "api", NULL};
static const unsigned parts[] = {TCN_PART_METRICS, TCN_PART_HEALTH, TCN_PART_API};

static unsigned part_of(const char *word)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return parts[i];
    return 0;
}

static int read_part(const struct tcn_node *item, unsigned *ret)
{
    const char *word = json_string_value(item->json);
    unsigned part = word ? part_of(word) : 0;

    if (!word)
        return tcn_node_problem(item, "must be text: \"metrics\", \"health\" or \"api\"");
    *ret |= part;
    return part ? 0
                : tcn_node_no_such(item, word, "nothing that the admin listener can keep", words);
}

/* Metrics are for operators, and nobody asks for credentials there: given a listener of their own they leave the other
 * one, unless the list says otherwise. */
static int read_only_here(const struct tcn_node *at, struct tcn_config_admin *a)
{
    struct tcn_node list;
    int r = 0;

    a->only_here = TCN_PART_METRICS;
    if (tcn_node_array(at, "only_here", TCN_OPTIONAL, &list) < 0)
        return TCN_EINVALID;
    if (list.json)
        a->only_here = 0;
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_part(&item, &a->only_here);
    }
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_tls(const struct tcn_node *at, const struct tcn_config *c,
                    struct tcn_config_admin *a)
{
    struct tcn_node node = tcn_node_member(at, "tls");

    a->has_tls = c->tls_cert != NULL;
    if (tcn_node_bool(at, "tls", TCN_OPTIONAL, &a->has_tls) < 0)
        return TCN_EINVALID;
    if (a->has_tls && !c->tls_cert)
        return tcn_node_problem(&node, "needs a certificate; add cert_file and key_file to $.tls");
    return 0;
}

int tcn_config_admin(const struct tcn_node *root, struct tcn_config *c)
{
    static const char *const names[] = {"listen", "max_connections", "tls", "only_here", NULL};
    struct tcn_config_admin *a = &c->admin;
    struct tcn_node at, listen;
    int r;

    if (tcn_node_object(root, "admin", TCN_OPTIONAL, &at) < 0)
        return TCN_EINVALID;
    if (!at.json)
        return 0;
    listen = tcn_node_member(&at, "listen");
    a->max_connections = CONNECTIONS;
    r = tcn_node_only(&at, names);
    r |= tcn_config_listen(&at, "listen", TCN_NEED, &a->listen);
    r |= tcn_node_int(&at, "max_connections", TCN_OPTIONAL, 4, 1000, &a->max_connections);
    r |= read_tls(&at, c, a) | read_only_here(&at, a);
    if (a->listen && strcmp(a->listen, c->listen) == 0)
        r |= tcn_node_problem(&listen, "is $.listen, too; give it a port of its own");
    return r < 0 ? TCN_EINVALID : 0;
}

void tcn_config_admin_text(const struct tcn_config_admin *a, struct tcn_buf *out)
{
    if (!a->listen) {
        tcn_buf_z(out, "none");
        return;
    }
    tcn_buf_fmt(out, "%s, %lld connections, %s TLS, only here:", a->listen,
                (long long)a->max_connections, a->has_tls ? "with" : "without");
    for (size_t i = 0; words[i]; i++)
        if (a->only_here & parts[i])
            tcn_buf_fmt(out, " %s", words[i]);
    if (!a->only_here)
        tcn_buf_z(out, " nothing");
}
