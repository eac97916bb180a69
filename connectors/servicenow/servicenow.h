/* Shared by the files of this folder: the instance and what a row looks like on the wire. */
#ifndef TCN_CONNECTORS_SERVICENOW_H
#define TCN_CONNECTORS_SERVICENOW_H

#include "../reply.h"

struct tcn_sn {
    const char *url, *table, *user;
    const char *marker_field, *status_field, *note_field, *read_fields;
};

/* A row as the mapping reads it: raw values, references as {"value", "display_value"}. Accepts the three forms of
 * sysparm_display_value. Yours to json_decref(). */
json_t *tcn_sn_flatten(json_t *row);

/* What a write sends: fields, the status under its field with what must travel along, the marker on CREATE; every
 * value as the text ServiceNow keeps. Yours to json_decref(). */
json_t *tcn_sn_body(const struct tcn_sn *s, const struct tocsin_op *op);

/* 1 when the flat row holds what was sent under name. Journal fields read back empty: they always match. */
int tcn_sn_applied(const struct tcn_sn *s, const char *name, json_t *sent, const json_t *flat);

/* A 2xx with a top-level "error" is a failure (a cancelled transaction answers 200 with half a result). 1 and out is
 * set; 0 when there is none. */
int tcn_sn_failed(const struct tocsin_op *op, const struct tocsin_response *rs,
                  struct tocsin_result *out);
/* Betters what classify() made of a status that is no 2xx. */
void tcn_sn_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                    const struct tocsin_response *rs, struct tocsin_result *out);

/* tcn_verb.read of each verb. */
#define TCN_SN_READ(verb)                                                                          \
    void tcn_sn_read_##verb(const struct tocsin_instance *in, const struct tocsin_op *op,          \
                            const struct tocsin_response *rs, struct tocsin_result *out,           \
                            struct tocsin_sink *sink)
TCN_SN_READ(check);
TCN_SN_READ(find);
TCN_SN_READ(get);
TCN_SN_READ(create);
TCN_SN_READ(write);
TCN_SN_READ(note);
TCN_SN_READ(note_find);

#endif
