/* Small documents over verified HTTPS from fixed hosts: signing certificates and confirmations of Amazon SNS. */
#ifndef TCN_APP_FETCH_H
#define TCN_APP_FETCH_H

#include "connect/pump.h"
#include "gateway/sns_cert.h"

#define TCN_FETCHES_MAX 16 /* at a time */

struct tcn_fetcher;

/* ca_file NULL: the roots of the system. Copied. */
struct tcn_fetcher *tcn_fetcher_new(struct event_base *base, struct tcn_pump *pump,
                                    const char *ca_file);
/* For fetches that start from now on. */
void tcn_fetcher_set_ca(struct tcn_fetcher *f, const char *ca_file);
/* Running fetches end with status 0 first. */
void tcn_fetcher_free(struct tcn_fetcher *f);
/* tcn_fetch_port.get with the fetcher as ctx: https only, no redirects, 3 s to connect, 5 s in all, only global
 * addresses. */
void tcn_fetcher_get(void *ctx, const char *url, size_t cap_bytes, tcn_fetch_done *done, void *arg);

#endif
