/* Who sent a request that came through proxies: X-Forwarded-For, read from its end, where the proxies wrote that are
 * trusted. What a stranger put in front of that is never looked at. */
#ifndef TCN_GATEWAY_FORWARDED_H
#define TCN_GATEWAY_FORWARDED_H

#include "gateway/http1.h"
#include "gateway/server_address.h"

#define TCN_FORWARDED_HOPS_MAX 32 /* proxies one behind the other */

/* The last element of all lines of X-Forwarded-For that is none of the proxies; of nothing but proxies the first. An
 * element is an address, with a port or without: 192.0.2.7, 192.0.2.7:443, 2001:db8::7, [2001:db8::7], [2001:db8::7]:443.
 * For a head that came from one of the proxies: another sender could write anything. False, and *ret is not of use, when there
 * is no such field, an element on the way is none of these, or there are more than TCN_FORWARDED_HOPS_MAX proxies. */
bool tcn_forwarded_client(const struct tcn_http1_head *head,
                          const struct tcn_address_rules *proxies, struct tcn_address *ret);

#endif
