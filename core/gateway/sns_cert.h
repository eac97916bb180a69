/* Signing certificates of SNS: fetched once an address, kept until they end. Loop thread only. */
#ifndef TCN_GATEWAY_SNS_CERT_H
#define TCN_GATEWAY_SNS_CERT_H

#include "gateway/sns.h"

/* How the application fetches: GET over verified TLS, no redirects, at most cap_bytes, with a deadline. url is borrowed
 * for the call. done is called exactly once, on a later turn; status 0 with why when there was no answer. */
typedef void tcn_fetch_done(void *arg, int status, struct tcn_str body, const char *why);
struct tcn_fetch_port {
    void *ctx;
    void (*get)(void *ctx, const char *url, size_t cap_bytes, tcn_fetch_done *done, void *arg);
};

#define TCN_SNS_CERTS_MAX 64    /* addresses kept; SNS has one or two a region at a time */
#define TCN_SNS_WAITERS_MAX 256 /* messages that wait for certificates */
/* In any minute, of addresses that never had a good certificate: forged ones must not make us fetch. Addresses that had
 * one do not draw on it, so that a flood cannot keep a certificate from being renewed. */
#define TCN_SNS_FETCHES_A_MINUTE 4
#define TCN_SNS_REFUSED_MS INT64_C(60000) /* a failed address is not tried again before */
#define TCN_SNS_CERT_MS                                                                            \
    INT64_C(86400000) /* a certificate is fetched anew after a day, or at its end */

struct tcn_sns_certs;

/* now_ms tells the time when a fetch ends. ca_file is copied; NULL: the roots of the system. */
struct tcn_sns_certs *tcn_sns_certs_new(const struct tcn_fetch_port *port, const char *ca_file,
                                        int64_t (*now_ms)(void));
/* Waiters are told that there is no certificate. Legal while fetches are on their way: their done must still be called.
 * Not from inside a done. */
void tcn_sns_certs_free(struct tcn_sns_certs *c);

/* cert is borrowed for the call; it is NULL, with why, when it cannot be had. is_final tells a bad certificate from one
 * that may come later. */
typedef void tcn_sns_cert_done(void *arg, const struct tcn_cert *cert, bool is_final,
                               const char *why);
/* Calls done at once when the certificate is at hand or is refused, else once, later. url was admitted by
 * tcn_sns_admit(). */
void tcn_sns_certs_get(struct tcn_sns_certs *c, struct tcn_str url, int64_t now_ms,
                       tcn_sns_cert_done *done, void *arg);

#endif
