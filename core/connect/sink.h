/* Where interpret() and decode() put what they learned: copies, capped. */
#ifndef TCN_CONNECT_SINK_H
#define TCN_CONNECT_SINK_H

#include "base/arena.h"
#include <tocsin/connector.h>

#define TCN_RECORDS_MAX 100
#define TCN_UPDATES_MAX 500
#define TCN_BAD_FIELDS_MAX 20
#define TCN_FACTS_MAX 100
#define TCN_FACTS_BYTES_MAX (1u << 20)

struct tcn_bad_field {
    const char *name, *message;
};

/* Texts live in arena, JSON is owned; empty texts instead of NULL. */
struct tocsin_sink {
    struct tcn_arena arena;
    struct tocsin_record records[TCN_RECORDS_MAX];
    size_t n_records;
    struct tocsin_update *updates; /* in arena, TCN_UPDATES_MAX of them; NULL until the first */
    size_t n_updates;
    struct tcn_bad_field bad_fields[TCN_BAD_FIELDS_MAX];
    size_t n_bad_fields;
    int reply_status; /* 0 = none asked for */
    json_t *reply;    /* owned */
    json_t *facts;    /* owned; [{"name", "value"}], NULL until the first */
    size_t facts_bytes;
};

void tcn_sink_init(struct tocsin_sink *s);
void tcn_sink_done(struct tocsin_sink *s);
/* Forgets what was learned but the facts: a call of several steps begins its next one. */
void tcn_sink_reset(struct tocsin_sink *s);

/* The functions behind struct tocsin_host of the same names: 0, or -1 at a cap or without a remote_id. */
int tcn_sink_report(struct tocsin_sink *s, const struct tocsin_record *record);
int tcn_sink_emit(struct tocsin_sink *s, const struct tocsin_update *update);
int tcn_sink_bad_field(struct tocsin_sink *s, const char *field, const char *message);
int tcn_sink_reply(struct tocsin_sink *s, int status, const json_t *body);
int tcn_sink_tell(struct tocsin_sink *s, const char *name, const json_t *value);

#endif
