/* What is tried on while its person is not reached, and when that ends. Private to core/engine. */
#ifndef TCN_ENGINE_TRIES_H
#define TCN_ENGINE_TRIES_H

#include "engine/step.h"

/* A newer message of the page takes the place of what it has not sent, if it is lost: that is dropped. */
void tcn_tries_supersede(const struct tcn_step *s, const struct tcn_page *p);
/* The same of the older pages of that contact and channel, in all engagements that go on. */
void tcn_tries_supersede_older(const struct tcn_step *s, const struct tcn_engagement *e,
                               const struct tcn_page *p);
/* Somebody acknowledged: lost pages of those who are not to be paged any more are not tried on. */
void tcn_tries_end(const struct tcn_step *s);

#endif
