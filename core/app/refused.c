#include "app/refused.h"
#include "sys/clock.h"

#include <stdio.h>

static void count(struct tcn_metrics *metrics, const struct tcn_refused *r)
{
    char labels[200];

    if (r->route)
        snprintf(labels, sizeof labels, "route=\"%s\",reason=\"%s\"", r->route, r->reason);
    else
        snprintf(labels, sizeof labels, "reason=\"%s\"", r->reason);
    tcn_metrics_add(metrics, "tocsin_refused_total", labels, 1);
}

static void tell(const struct tcn_refused *r, uint64_t suppressed)
{
    char status[TCN_LOG_NUM], more[TCN_LOG_NUM];

    tcn_log(TCN_LOG_WARN, "gateway", "request refused", "route", r->route, "reason", r->reason,
            "status", tcn_log_num(r->status, status), "peer", r->peer, "why", r->why,
            suppressed ? "suppressed" : NULL, tcn_log_num((int64_t)suppressed, more), NULL);
}

void tcn_refused(struct tcn_app *app, const struct tcn_refused *refused)
{
    uint64_t suppressed = 0;

    count(app->metrics, refused);
    if (tcn_log_limit_pass(&app->log_limit, refused->route ? refused->route : "", refused->reason,
                           tcn_clock_mono_us() / 1000, &suppressed))
        tell(refused, suppressed);
}
