/* Shared by the files of this folder: the instance and what a row looks like on the wire. */
#ifndef TCN_CONNECTORS_SERVICENOW_H
#define TCN_CONNECTORS_SERVICENOW_H

#include "../reply.h"

#define TCN_SN_TABLE "/api/now/table/{}"
#define TCN_SN_RECORD "/api/now/table/{}/{}"
#define TCN_SN_NAME_MAX 80   /* of a table or field */
#define TCN_SN_SURVEY_MAX 50 /* ids in one query: it travels in the URL */

struct tcn_sn {
    const char *url, *table, *auth, *user, *client_id;
    const char *marker_field, *marker_prefix, *status_field, *note_field, *read_fields;
};

/* ---- requests ---- */

/* 1-80 of a-z 0-9 _: a table or field that may stand in a path and in a query. */
int tcn_sn_is_name(const char *text);
/* 0, or -1 after host->fail(). */
int tcn_sn_need_id(const struct tocsin_instance *in, const struct tocsin_op *op);
/* What a list always says; query NULL asks for any rows. */
int tcn_sn_ask_rows(const struct tocsin_host *h, struct tocsin_request *rq, const char *query,
                    const char *limit);
/* The row of the account itself, with its time zone. */
int tcn_sn_ask_account(const struct tocsin_instance *in, struct tocsin_request *rq);
/* A time as a query names it, in UTC if the account's zone is. */
#define TCN_SN_TIME_WORD_SIZE 64
void tcn_sn_time_word(int64_t ms, char ret[TCN_SN_TIME_WORD_SIZE]);

/* tcn_verb.render of what has a file of its own: feed.c, listen.c. */
#define TCN_SN_RENDER(verb)                                                                        \
    int tcn_sn_##verb##_render(const struct tocsin_instance *in, const struct tocsin_op *op,       \
                               struct tocsin_request *rq)
TCN_SN_RENDER(poll);
TCN_SN_RENDER(survey);
TCN_SN_RENDER(listen);
TCN_SN_RENDER(probe);

/* ---- rows ---- */

/* A row as the mapping reads it: raw values, references as {"value", "display_value"}. Accepts the three forms of
 * sysparm_display_value. Yours to json_decref(). */
json_t *tcn_sn_flatten(json_t *row);

/* What a write sends: fields, the status under its field with what must travel along, the marker on CREATE; every
 * value as the text ServiceNow keeps. Yours to json_decref(). */
json_t *tcn_sn_body(const struct tcn_sn *s, const struct tocsin_op *op);

/* 1 when the flat row holds what was sent under name. Journal fields read back empty: they always match. */
int tcn_sn_applied(const struct tcn_sn *s, const char *name, json_t *sent, const json_t *flat);

/* tocsin_connector.verify of the pushes of a business rule. */
int tcn_sn_verify(const struct tocsin_instance *in, const struct tocsin_inbound *rq);

/* ---- replies ---- */

/* "result" as the one row, as the list of rows it is to be; NULL when it is not. Borrowed. */
json_t *tcn_sn_row(const struct tocsin_response *rs);
json_t *tcn_sn_rows(const struct tocsin_response *rs);
/* At most TCN_REPLY_ROWS_MAX are looked at. */
size_t tcn_sn_row_count(const json_t *rows);
/* Is it a zone without summer time in which a time is that of UTC? */
int tcn_sn_is_utc(const char *zone);
/* Does this step of a POLL ask for the account's zone? */
int tcn_sn_asks_zone(const struct tocsin_op *op);
/* REJECTED: without its zone there can be no feed. */
void tcn_sn_zone_hidden(struct tocsin_result *out);
/* REJECTED: notes cannot be told apart without the journal. */
void tcn_sn_journal_hidden(struct tocsin_result *out);

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
TCN_SN_READ(poll);
TCN_SN_READ(survey);
TCN_SN_READ(listen);
TCN_SN_READ(probe); /* reads refusals, too: what may not be seen is a finding */

#endif
