/* Questions beside the store's thread, on a connection and a thread of their own: the answer waits for nobody's commit.
 * For a database that several processes share. */
#ifndef TCN_STORE_READER_H
#define TCN_STORE_READER_H

#include "store/thread.h"

struct tcn_reader;

/* Connects when it is first asked. options is copied. */
int tcn_reader_start(struct event_base *base, const struct tcn_store_options *options,
                     struct tcn_reader **ret, struct tcn_err *err);
/* The job's run may only read, and sees what is committed; done is told on the loop. r negative is no answer: ask the store's
 * thread. lost is tcn_storethread_stats.lost: over a connection that was made while it was less nothing is asked any
 * more, as what it leads to may not be the store any more. TCN_EBUSY: the job stays the caller's. Loop thread only. */
int tcn_reader_post(struct tcn_reader *r, struct tcn_job *job, uint64_t lost);
/* Answers what was posted, joins. Before the store's thread is stopped. NULL is fine. */
void tcn_reader_stop(struct tcn_reader *r);

#endif
