/* Looking ahead: what the jobs of a batch will ask first, asked once for all of them. Most of a storm is new: nothing of it is
 * in the store, which one question can say of sixteen alarms. Good only where a question costs a round trip. */
#ifndef TCN_STORE_AHEAD_H
#define TCN_STORE_AHEAD_H

#include "store/store.h"

/* In a transaction of several jobs, before they run: each says what it will look for. More than fits is not looked for ahead.
 * Texts are borrowed for the call; without an id a delivery is not looked for. */
void tcn_store_expect_delivery(struct tcn_store *s, const char *source, const char *delivery_id);
void tcn_store_expect_alarm(struct tcn_store *s, const char *dedupe_key, const char *dedupe_string);
/* Locks the names of all that is expected ("lane", "open") and asks which of it there is. TCN_ECONFLICT: another node is at
 * work on some of it; the error may come with a later statement. Nothing when nothing is expected. */
int tcn_store_look_ahead(struct tcn_store *s, struct tcn_err *err);
/* Whether the names of that alarm are locked, and there is neither a lane of that key nor an open incident of that dedupe
 * string. False: it is not known. */
bool tcn_store_is_new_alarm(const struct tcn_store *s, const char *dedupe_key,
                            const char *dedupe_string);

#endif
