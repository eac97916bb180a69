/* Counters and gauges for GET /metrics in the Prometheus text format 0.0.4. Loop thread only. */
#ifndef TCN_APP_METRICS_H
#define TCN_APP_METRICS_H

#include "base/buf.h"

#define TCN_SERIES_MAX 8192 /* label values come from the configuration, never from a sender */

struct tcn_metrics;

struct tcn_metrics *tcn_metrics_new(void);
void tcn_metrics_free(struct tcn_metrics *m);
/* name must be a row of the table in metrics.c. Labels are given as the text between the braces, without them:
 * "source=\"prom\",result=\"opened\"", or "". Adding a series beyond the cap is counted, not kept. */
void tcn_metrics_add(struct tcn_metrics *m, const char *name, const char *labels, double value);
void tcn_metrics_set(struct tcn_metrics *m, const char *name, const char *labels, double value);
/* All series of that name go: those that are still there are set again. */
void tcn_metrics_clear(struct tcn_metrics *m, const char *name);
double tcn_metrics_get(const struct tcn_metrics *m, const char *name, const char *labels);
void tcn_metrics_write(const struct tcn_metrics *m, struct tcn_buf *out);

#endif
