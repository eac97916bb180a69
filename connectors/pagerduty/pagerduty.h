/* Shared by the files of this folder. */
#ifndef TCN_CONNECTORS_PAGERDUTY_H
#define TCN_CONNECTORS_PAGERDUTY_H

#include "../reply.h"

#define TCN_PD "PagerDuty"

struct tcn_pd {
    const char *url, *events_url, *mode, *service, *from, *source;
};

/* "triggered", "acknowledged" or "resolved" out of payload.status, "" when no status is asked for. */
const char *tcn_pd_status(const struct tocsin_op *op);

/* One verb table for each mode, indexed by enum tocsin_verb. */
extern const struct tcn_verb tcn_pd_incidents[TOCSIN_SEND + 1];
extern const struct tcn_verb tcn_pd_events[TOCSIN_SEND + 1];

/* Betters what classify() made of a status that is no 2xx. */
void tcn_pd_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                    const struct tocsin_response *rs, struct tocsin_result *out,
                    struct tocsin_sink *sink);
/* The same for the Events API, which has error bodies of its own. */
void tcn_pd_event_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                          const struct tocsin_response *rs, struct tocsin_result *out);

#endif
