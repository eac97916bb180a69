/* Server-side TLS: one strict profile (no knobs that weaken it), and certificates that can be renewed while
 * connections are open.
 * TLS 1.2 and 1.3; ECDHE with AEAD only; X25519 and P-256; no compression, renegotiation, tickets or session cache
 * (RFC 9325); ALPN http/1.1 (RFC 7301): a client that offers others only is told no_application_protocol. */
#ifndef TCN_GATEWAY_TLS_H
#define TCN_GATEWAY_TLS_H

#include "base/buf.h"
#include "base/err.h"

#include <openssl/ssl.h>

struct tcn_tls_files {
    const char *cert; /* PEM: the certificate, then its intermediates */
    const char *key;  /* PEM, without passphrase */
    const char *
        client_ca; /* PEM; clients may show a certificate signed by these. NULL: none is asked for */
    bool needs_client_cert; /* a client without one is refused in the handshake */
};

struct tcn_tls;

/* Reads the files. TCN_EINVALID says which one is wrong and why. */
int tcn_tls_new(const struct tcn_tls_files *files, struct tcn_tls **ret_tls, struct tcn_err *err);
void tcn_tls_free(struct tcn_tls *t);
/* Reads files, the same ones again or others. New connections get the new certificate, open ones keep theirs; after an
 * error everything stays as it was. */
int tcn_tls_reload(struct tcn_tls *t, const struct tcn_tls_files *files, struct tcn_err *err);
/* The certificate is valid at that time; it is served all the same. TCN_EAUTH says since or until when it is not. */
int tcn_tls_is_current(const struct tcn_tls *t, int64_t now_ms, struct tcn_err *err);
/* A file of trusted roots holds at least one certificate. TCN_EINVALID. */
int tcn_tls_check_roots(const char *file, struct tcn_err *err);
/* A server-side session, the caller's; NULL when memory is gone. */
SSL *tcn_tls_session(struct tcn_tls *t);
/* From here on *ret_first is the first byte that the peer sent, 0 while there is none: a handshake begins with 0x16, and who
 * takes the port for a plain one begins with a letter. ret_first lives until tcn_tls_unwatch. */
void tcn_tls_watch(SSL *ssl, unsigned char *ret_first);
void tcn_tls_unwatch(SSL *ssl);
/* The names of the verified client certificate, appended, a line each: those of hosts and the URIs among its alternative
 * names (RFC 5280 section 4.2.1.6); when it has no such extension, its common name. What has a byte that is not visible
 * ASCII is no name. False when there is no certificate; more than out holds is as none. */
bool tcn_tls_client_names(const SSL *ssl, struct tcn_buf *out);

#endif
