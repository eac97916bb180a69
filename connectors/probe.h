/* PROBE: what an instance is like, asked step by step and told to the host as facts. */
#ifndef TCN_CONNECTORS_PROBE_H
#define TCN_CONNECTORS_PROBE_H

#include "reply.h"

#define TCN_PROBE_ROWS_MAX 500 /* choices, fields, statuses looked at in one reply */

/* One round trip. */
struct tcn_probe_step {
    int (*ask)(const struct tocsin_instance *in, const struct tocsin_op *op,
               struct tocsin_request *rq);
    /* 0; -1 when the answer is not what the API promises. May set out->cursor, which else stays, and out->step, which
     * else is the next one. */
    int (*read)(const struct tocsin_instance *in, const struct tocsin_op *op,
                const struct tocsin_response *rs, struct tocsin_result *out,
                struct tocsin_sink *sink);
    const char *
        hidden; /* what to say of a 400, 403 or 404, after which the next step comes; NULL: it ends the probe */
};

/* tcn_verb.render of PROBE. */
int tcn_probe_ask(const struct tcn_probe_step *steps, size_t n, const struct tocsin_instance *in,
                  const struct tocsin_op *op, struct tocsin_request *rq);
/* tcn_verb.read of PROBE, for every answer, refusals too; out is what classify() made of it. 0 when the answer ends the probe
 * and is to be told as any other refusal, else 1. */
int tcn_probe_read(const struct tcn_probe_step *steps, size_t n, const struct tocsin_instance *in,
                   const struct tocsin_op *op, const struct tocsin_response *rs,
                   struct tocsin_result *out, struct tocsin_sink *sink, const char *who);

/* Tells value and releases it. */
void tcn_probe_tell(const struct tocsin_instance *in, struct tocsin_sink *sink, const char *name,
                    json_t *value);
/* A finding; level is wrong, look or fine. */
void tcn_probe_say(const struct tocsin_instance *in, struct tocsin_sink *sink, const char *level,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* How far the clock of who answered is ahead of ours; nothing without a header Date. */
void tcn_probe_clock(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_sink *sink);

#endif
