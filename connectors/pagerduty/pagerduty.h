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
#define TCN_PD_VERBS (TOCSIN_PROBE + 1)
extern const struct tcn_verb tcn_pd_incidents[TCN_PD_VERBS];
extern const struct tcn_verb tcn_pd_events[TCN_PD_VERBS];

/* What every read carries: 0, or -1. */
int tcn_pd_dress_read(const struct tocsin_host *h, struct tocsin_request *rq);
/* GET of the notes of op->remote_id: 0, or -1. */
int tcn_pd_ask_notes(const struct tocsin_instance *in, const struct tocsin_op *op,
                     struct tocsin_request *rq);

/* The version of an incident, as GET and every other reply tells it; "" when it shows none. */
#define TCN_PD_VERSION_SIZE 64
void tcn_pd_version(json_t *incident, char ret[TCN_PD_VERSION_SIZE]);

/* tcn_verb of POLL and LISTEN, in feed.c. */
int tcn_pd_poll_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq);
int tcn_pd_listen_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq);
void tcn_pd_poll_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tocsin_result *out,
                      struct tocsin_sink *sink);
void tcn_pd_listen_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink);

/* tcn_verb of PROBE, in probe.c; reads refusals, too. */
int tcn_pd_probe_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq);
void tcn_pd_probe_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                       const struct tocsin_response *rs, struct tocsin_result *out,
                       struct tocsin_sink *sink);

/* Betters what classify() made of a status that is no 2xx. */
void tcn_pd_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                    const struct tocsin_response *rs, struct tocsin_result *out,
                    struct tocsin_sink *sink);
/* The same for the Events API, which has error bodies of its own. */
void tcn_pd_event_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                          const struct tocsin_response *rs, struct tocsin_result *out);

#endif
