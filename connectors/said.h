/* LISTEN: what was said at a record, as every ticket system can tell it, told to the host in one way. */
#ifndef TCN_CONNECTORS_SAID_H
#define TCN_CONNECTORS_SAID_H

#include "reply.h"

#define TCN_SAID_MAX 2000 /* notes looked at in one reply */

/* A note as the remote has it; everything is borrowed from the reply. */
struct tcn_said {
    const char *id, *actor, *text;
    const char *kind; /* what fields calls it */
    json_t *note;     /* the value under that name */
    int64_t at_ms;
};

/* Appends what has an id, a time and a text; the rest, and what is more than TCN_SAID_MAX, is left out. */
void tcn_said_add(struct tcn_said *all, size_t *n, struct tcn_said one);

/* Emits those that are newer than op->cursor, oldest first, and sets out->cursor: at first the newest TCN_REPLY_ROWS_MAX, later
 * as many of the oldest, with out->step set when there are more. What was said within 5 s of the newest is told again: times
 * are coarse, and what is committed late carries an early one. The host drops what it knows by event_id. Changes all. */
void tcn_said_tell(const struct tocsin_instance *in, const struct tocsin_op *op,
                   struct tcn_said *all, size_t n, struct tocsin_result *out,
                   struct tocsin_sink *sink);

/* The time in a cursor that tcn_said_tell() left, 0 for "". */
int64_t tcn_said_since_ms(const struct tocsin_op *op);

#endif
