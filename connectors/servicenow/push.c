/* What a business rule pushes: is it the instance's? ServiceNow has no webhooks, so the rule of examples/servicenow signs as
 * Tocsin asks. */
#include "servicenow.h"

#include <stdio.h>
#include <stdlib.h>

#define SIGNED_MAX_S 300 /* a push may be so old, or so early */

/* "t=UNIX,v1=HASH"; -1 when it is none. */
static int read_signature(const char *text, char t[16], char hash[96])
{
    return sscanf(text, "t=%15[0-9],v1=%95[0-9A-Za-z+/=]", t, hash) == 2 ? 0 : -1;
}

/* Of "t.body", so that nobody sends it again later. */
static int is_signed(const struct tocsin_instance *in, const struct tocsin_inbound *rq,
                     const char *t, const char *hash)
{
    size_t n = strlen(t) + 1 + rq->body_len;
    char *text = malloc(n + 1);
    int is;

    if (!text)
        return 0;
    snprintf(text, n + 1, "%s.", t);
    memcpy(text + strlen(t) + 1, rq->body, rq->body_len);
    is = in->host->hmac_ok(in, "webhook_secret", "sha256", text, n, hash);
    free(text);
    return is;
}

/* X-Tocsin-Signature: t=UNIX,v1=HASH, as the business rule of examples/servicenow makes it: HMAC-SHA256 in base64 or hex. */
int tcn_sn_verify(const struct tocsin_instance *in, const struct tocsin_inbound *rq)
{
    const char *signature = in->host->header(rq->msg, "X-Tocsin-Signature");
    char t[16], hash[96];
    long long late_s;

    if (!signature || read_signature(signature, t, hash) < 0)
        return in->host->fail(in, "there is no X-Tocsin-Signature: t=UNIX,v1=HASH");
    if (!is_signed(in, rq, t, hash))
        return in->host->fail(in, "X-Tocsin-Signature is not that of webhook_secret");
    late_s = rq->now_ms / 1000 - strtoll(t, NULL, 10);
    if (late_s > SIGNED_MAX_S || late_s < -SIGNED_MAX_S)
        return in->host->fail(in, "X-Tocsin-Signature is %lld s old: look at the clocks", late_s);
    return 0;
}
