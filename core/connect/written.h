/* Everything that a mapping may write to a remote, by running it over incidents of every impact and status. Pure. */
#ifndef TCN_CONNECT_WRITTEN_H
#define TCN_CONNECT_WRITTEN_H

#include "mapping/mapping.h"

/* {"create": {NAME: [{"value": V, "of": "impact 1"}]}, "later": {the same}}: what a new record gets, and what a change of its
 * status sends along, the member that holds the status among it. Only the first 50 different values of a name. Yours. */
json_t *tcn_written(const struct tcn_mapping *m, json_t *settings);

/* The incident that it is run over; status is OPEN, ACKED or RESOLVED. Yours. */
json_t *tcn_written_env(int impact, const char *status);

/* The word by which a list of choices would know a written value: a text or number as it is, of an object its "name", "value"
 * or "id". In buffer or borrowed; NULL of anything else. */
#define TCN_WRITTEN_WORD 32
const char *tcn_written_word(json_t *value, char buffer[TCN_WRITTEN_WORD]);

#endif
