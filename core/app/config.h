/* The configuration file: read whole, checked whole, every mistake told at once with file, line and path. */
#ifndef TCN_APP_CONFIG_H
#define TCN_APP_CONFIG_H

#include "app/config_digest.h"
#include "app/resources.h"
#include "app/tokens.h"
#include "base/json.h"
#include "engine/directory.h"
#include "sys/log.h"
#include "sys/secret.h"

#define TCN_SOURCES_MAX 200
#define TCN_AUDITOR "tocsin" /* the source of what Tocsin tells of itself */
#define TCN_AUDITOR_REOPENS_MS (INT64_C(60) * 60000)

struct tcn_source;   /* gateway/source.h */
struct tcn_instance; /* connect/instance.h */
struct tcn_mapping;  /* mapping/mapping.h */

/* One configured connector with its mapping file. */
struct tcn_connector_config {
    const char *name;              /* $.connectors.NAME */
    struct tcn_instance *instance; /* owned */
    struct tcn_mapping *mapping;   /* owned */
    json_t *settings;              /* for the mapping: options and "settings"; owned */
    bool has_tickets;              /* it can CREATE: response plans may name it */
    bool is_unknown; /* nobody can say of what kind it is; only in a file with mistakes */
};

/* Groups of paths. */
enum tcn_part {
    TCN_PART_SOURCES = 1, /* /sources/NAME */
    TCN_PART_ACK = 2,     /* the links in mails */
    TCN_PART_HEALTH = 4,  /* /healthz and /readyz */
    TCN_PART_METRICS = 8,
    TCN_PART_API = 16, /* /v1 */
    TCN_PART_ALL = 31
};

/* The listener for operators. */
struct tcn_config_admin {
    const char *listen; /* NULL: there is none */
    int64_t max_connections;
    bool has_tls;
    unsigned only_here; /* enum tcn_part: what the public listener does not serve then */
};

struct tcn_config_limits {
    int64_t max_connections, per_address, waiting;
    const char **trusted_senders; /* CIDRs that may have more connections; NULL ends */
    const char *
        *outbound_allow; /* CIDRs that connectors may reach although not public; NULL ends */
};

/* Immutable once loaded; shared by reference between loop and store thread, released when the last job ends. */
struct tcn_config {
    int refs;
    struct tcn_buf text;
    struct tcn_doc doc;
    struct tcn_arena arena;

    const char *file;
    const char *account_id, *region, *node;
    const char *node_region; /* where this node stands; as region, unless told */
    const char *listen;      /* HOST:PORT */
    const char *public_url;  /* how people's browsers reach this process; no slash at the end */
    bool is_url_by_default;  /* none was given: it is made of listen */
    const char *data_dir;    /* as it was given to tcn_config_load */
    const char *store;       /* sqlite:PATH or postgresql://... without a password */
    struct tcn_secret store_password;                         /* owned; unset: as libpq finds one */
    const char *tls_cert, *tls_key, *tls_client_ca, *ca_file; /* NULL when not given */
    bool are_certificates_optional;                           /* of clients, with tls_client_ca */
    enum tcn_log_level log_level;
    struct tcn_config_admin admin;
    bool ignores_codes;           /* of pages: accept_code_validation */
    const char **trusted_proxies; /* CIDRs whose X-Forwarded-For is believed; NULL ends */
    struct tcn_config_limits limits;
    struct tcn_tokens tokens;
    struct tcn_source **sources; /* owned; n_sources */
    size_t n_sources;
    struct tcn_connector_config *connectors;
    size_t n_connectors;
    const char *channel_connector[4]; /* by enum tcn_channel_type: instance that sends such pages */
    struct tcn_directory directory;   /* what the file declares; what is in force: catalog.h */
    struct tcn_declared declared;     /* where it comes from */
    struct tcn_source_policy
        auditor; /* as which Tocsin tells of itself; without a response plan it does not */
    const struct tcn_source_policy **policies; /* of the sources, NULL ends */
    char digest[TCN_CONFIG_DIGEST];            /* of what all nodes must agree on */
};

/* data_dir is where a relative store path lies (created later, not here). On failure everything wrong is in
 * problems and *ret is not set. warnings get what is legal and hardly meant, whether it fails or not; both lists are
 * made by the caller. TCN_EINVALID, TCN_EIO. */
int tcn_config_load(const char *file, const char *data_dir, struct tcn_problems *problems,
                    struct tcn_problems *warnings, struct tcn_config **ret);
void tcn_config_ref(struct tcn_config *c);
void tcn_config_unref(struct tcn_config *c); /* NULL is legal; the loop thread only */

const struct tcn_connector_config *tcn_config_connector(const struct tcn_config *c,
                                                        const char *name);
/* Names of nodes and tokens, which are in logs, metrics and timelines, and which people type: 1-64 of a-z A-Z 0-9 . - _ */
bool tcn_config_is_name(const char *name);

#endif
