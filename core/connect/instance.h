/* A configured connector: "connectors": {"snow": {"connector": "servicenow", "mapping": ..., "url": ...}}.
 * Options go to the connector's state, secrets stay here: a connector can name them and never see them. */
#ifndef TCN_CONNECT_INSTANCE_H
#define TCN_CONNECT_INSTANCE_H

#include "base/arena.h"
#include "base/json.h"
#include "connect/ssrf.h"
#include "sys/secret.h"
#include <tocsin/connector.h>

#define TCN_SECRETS_MAX 8

/* What the host itself reads of an instance, beside "connector" and "mapping", which belong to the application. A
 * connector that declares an option of one of the first four names sets the default by it (Jira: timeout 30s). */
struct tcn_limits {
    int64_t
        timeout_ms; /* "timeout", one round trip; default 15 s, 1 s - 120 s. Of a mail: up to its text */
    int64_t connect_timeout_ms; /* "connect_timeout"; default 3 s, 100 ms - 30 s */
    int64_t concurrency;        /* "concurrency", calls at a time; default 4, 1 - 32 */
    int64_t rate_per_min;       /* "rate_per_minute"; default 600, 1 - 60,000 */
};

struct tcn_instance {
    struct tocsin_instance
        sdk; /* first, so that the host finds the rest from what a connector passes */
    const struct tocsin_connector *connector; /* borrowed, outlives the instance */
    struct tcn_limits limits;
    struct tcn_guard guard; /* "allow": hosts and blocks that are not global addresses */
    const char *ca_file;    /* "ca_file", NULL = the system's; text in arena */
    struct tcn_arena arena; /* name and option texts */
    struct {
        const struct tocsin_option *option;
        struct tcn_secret value; /* unset when optional and not configured */
    } secrets[TCN_SECRETS_MAX];
    size_t n_secrets;
    struct tcn_token *token; /* owned; NULL until one was asked for, see token.h */
    uint32_t caps;           /* of the connector under these options; set once it is open */
    bool is_open;
    char failure[256]; /* what the connector last told host->fail(), scrubbed of secrets */
};

/* How a reference such as {"env": "NAME"} becomes bytes. Adds its own problem to the node's document; TCN_EINVALID.
 * ret has a cap and is wiped by the caller. */
typedef int tcn_secret_fn(void *ctx, const struct tcn_node *reference, struct tcn_buf *ret);

/* Makes the instance config describes and opens the connector. Every mistake is added to the document's problems:
 * unknown options with the nearest name, missing and mistyped ones, secrets that cannot be had. secret NULL means
 * tcn_secret_load(). TCN_EINVALID. The instance is yours to tcn_instance_free(). */
int tcn_instance_new(const struct tocsin_connector *connector, const struct tocsin_host *host,
                     const char *name, const struct tcn_node *config, tcn_secret_fn *secret,
                     void *ctx, struct tcn_instance **ret);
void tcn_instance_free(struct tcn_instance *i); /* closes, wipes the secrets */

/* Resolves the secrets anew, after a rotation: all of them, or none on TCN_EINVALID. */
int tcn_instance_reload(struct tcn_instance *i, const struct tcn_node *config,
                        tcn_secret_fn *secret, void *ctx);

/* NULL: no such secret option. An unset secret has ptr NULL. */
const struct tcn_secret *tcn_instance_secret(const struct tcn_instance *i, const char *option);
/* The text of a STR or URL option; NULL when there is none. */
const char *tcn_instance_text(const struct tcn_instance *i, const char *option);
bool tcn_instance_can(const struct tcn_instance *i, enum tocsin_verb verb);

/* Appends text with every value of a secret of this instance replaced by "[secret NAME]", also where the value
 * stands inside Basic credentials (base64 at any of the three alignments), percent-encoded or JSON-escaped. */
void tcn_instance_scrub(const struct tcn_instance *i, struct tcn_str text, struct tcn_buf *ret);

/* The instance a connector's pointer belongs to. */
struct tcn_instance *tcn_instance_of(const struct tocsin_instance *sdk);

#endif
