/* The store of notices: how far each topic of an incident is told. As in store.h every function works inside the transaction
 * that the caller opened; what is read is of the arena. */
#ifndef TCN_STORE_NOTICES_H
#define TCN_STORE_NOTICES_H

#include "base/arena.h"
#include "base/err.h"
#include "model/notice.h"

struct tcn_store;
struct tcn_connector_waiting;

#define TCN_NOTICES_OF_INCIDENT_MAX 120 /* 15 topics of 8 connectors */

struct tcn_id tcn_notice_id(struct tcn_id incident, const char *topic, const char *connector);

/* It is due at notice->due_ms, and told up to notice->told_seq or as far as it was, whichever is later. One that waits for a time
 * already stays as it is. */
int tcn_store_notice_wake(struct tcn_store *s, const struct tcn_notice *notice,
                          struct tcn_err *err);
/* Those of a connector that are due, the longest first, become in flight of this process. What a living process has in flight is
 * its own. */
int tcn_store_notice_claim(struct tcn_store *s, const char *connector, int64_t now_ms, size_t limit,
                           struct tcn_arena *a, struct tcn_notice **ret, size_t *ret_n,
                           struct tcn_err *err);
/* After a claim: told_seq, due_ms, attempts, since_ms and note are as given, and it is in flight no more. Nothing when it was
 * dropped meanwhile. */
int tcn_store_notice_put(struct tcn_store *s, const struct tcn_notice *notice, struct tcn_err *err);
/* What was told up to notice->told_seq has been told up to told_seq only, and is due. Not *ret_is_back: nothing is changed, for it
 * is told further meanwhile, is in flight of a living process, or is no more. */
int tcn_store_notice_back(struct tcn_store *s, const struct tcn_notice *notice, int64_t told_seq,
                          int64_t due_ms, bool *ret_is_back, struct tcn_err *err);
/* Of an incident, by topic and connector, the first TCN_NOTICES_OF_INCIDENT_MAX. */
int tcn_store_notice_list(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *a,
                          struct tcn_notice **ret, size_t *ret_n, struct tcn_err *err);
/* Nothing when there is none. */
int tcn_store_notice_drop(struct tcn_store *s, struct tcn_id id, struct tcn_err *err);
/* When the first of a connector that can be claimed is due; 0: none. */
int tcn_store_notice_next(struct tcn_store *s, const char *connector, int64_t *ret_ms,
                          struct tcn_err *err);
/* By connector, those that have any waiting; one that was tried in vain waits also while it is tried again. */
int tcn_store_notice_waiting(struct tcn_store *s, size_t limit, struct tcn_arena *a,
                             struct tcn_connector_waiting **ret, size_t *ret_n,
                             struct tcn_err *err);

#endif
