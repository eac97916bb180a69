/* Looks at all servers of a store's URL from time to time, on a thread and over connections of its own: a primary that a
 * promotion left behind may come back while nodes work, and writes that it takes are lost. */
#ifndef TCN_STORE_SURVEYOR_H
#define TCN_STORE_SURVEYOR_H

#include "store/nodes.h"
#include <event2/event.h>

struct tcn_surveyor;

#define TCN_SURVEY_MS 60000
/* found is told on the loop what each survey found; the first one comes after every_ms, and a URL with one server has none.
 * options is copied, ctx borrowed. */
int tcn_surveyor_start(struct event_base *base, const struct tcn_store_options *options,
                       int64_t every_ms, void (*found)(void *ctx, const struct tcn_survey *is),
                       void *ctx, struct tcn_surveyor **ret, struct tcn_err *err);
/* Waits for the thread, which a survey does not keep. NULL is fine. Loop thread only. */
void tcn_surveyor_stop(struct tcn_surveyor *s);

#endif
