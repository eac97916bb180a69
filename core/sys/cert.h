/* X.509 certificates that sign messages, and RSA signatures under them (RFC 8017 section 8.2), by libcrypto. */
#ifndef TCN_SYS_CERT_H
#define TCN_SYS_CERT_H

#include "base/err.h"
#include "base/str.h"

#define TCN_CERT_PEM_MAX 16384
#define TCN_CERT_RSA_MIN 2048 /* bits */

struct tcn_cert;

/* Exactly one certificate in PEM (RFC 7468), at most TCN_CERT_PEM_MAX bytes, with an RSA key of at least
 * TCN_CERT_RSA_MIN bits. Text before and after it is refused, blank lines at the end are not. TCN_ESYNTAX,
 * TCN_ELIMIT, TCN_EINVALID. */
int tcn_cert_parse(struct tcn_str pem, struct tcn_cert **ret, struct tcn_err *err);
void tcn_cert_free(struct tcn_cert *c);
/* True when the alternative names hold host, or the common name where there are none (RFC 6125 section 6.4); letter
 * case does not matter, a wildcard in the certificate matches nothing. */
bool tcn_cert_is_of(const struct tcn_cert *c, const char *host);
/* Valid at that time, tcn_cert_is_of(host), and it chains to ca_file (NULL: the roots of the system) by keys and digests
 * of at least 112 bits of security. may_lack_issuer tolerates one gap: the issuer of the certificate itself is not at
 * hand, as with signing certificates that are served without their intermediate; the caller then vouches for where the
 * bytes came from. A certificate that signs itself never passes, unless it is one of the roots. TCN_EAUTH; TCN_EIO when
 * the roots cannot be loaded, which says nothing about the certificate. */
int tcn_cert_check(const struct tcn_cert *c, const char *host, const char *ca_file,
                   bool may_lack_issuer, int64_t now_ms, struct tcn_err *err);
/* Valid at that time; for a certificate that the operator pinned. TCN_EAUTH. */
int tcn_cert_is_current(const struct tcn_cert *c, int64_t now_ms, struct tcn_err *err);
int64_t tcn_cert_end_ms(const struct tcn_cert *c); /* notAfter */

enum tcn_digest { TCN_SHA1 = 1, TCN_SHA256 };
/* RSASSA-PKCS1-v1_5. TCN_EAUTH when the signature does not fit. */
int tcn_cert_verify(const struct tcn_cert *c, enum tcn_digest digest, struct tcn_str message,
                    struct tcn_str signature, struct tcn_err *err);

#endif
