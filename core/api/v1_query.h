/* The operations behind the rows of v1.c. */
#ifndef TCN_API_V1_QUERY_H
#define TCN_API_V1_QUERY_H

#include "api/api.h"

int tcn_v1_incidents(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_links(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_deadletters(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);
int tcn_v1_quarantine(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);

int tcn_v1_acknowledge(struct tcn_api_call *call);
int tcn_v1_resolve(struct tcn_api_call *call);
int tcn_v1_reopen(struct tcn_api_call *call);
int tcn_v1_note(struct tcn_api_call *call);
int tcn_v1_letter_retry(struct tcn_api_call *call);
int tcn_v1_letter_drop(struct tcn_api_call *call);

#endif
