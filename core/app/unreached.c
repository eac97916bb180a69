#include "app/unreached.h"
#include "sys/clock.h"

#define COUNTER "tocsin_nobody_reached_total"

void tcn_unreached_init(struct tcn_app *app)
{
    tcn_metrics_add(app->metrics, COUNTER, "", 0);
}

static void tell(const struct tcn_unreached_incident *i, uint64_t suppressed)
{
    char id[TCN_ID_TEXT], more[TCN_LOG_NUM];

    tcn_id_text(i->id, id);
    tcn_log(TCN_LOG_ERROR, "paging",
            i->is_doubtful ? "nobody is known to be reached" : "nobody is reached", "incident", id,
            "title", i->title, "plan", i->plan, suppressed ? "suppressed" : NULL,
            tcn_log_num((int64_t)suppressed, more), NULL);
}

/* Those beyond the last item are left out of the log as if they had its plan: its line was just written. */
void tcn_unreached_tell(struct tcn_app *app, const struct tcn_unreached *unreached)
{
    int64_t now_ms = tcn_clock_mono_us() / 1000;

    if (unreached->n == 0)
        return;
    tcn_metrics_add(app->metrics, COUNTER, "", (double)unreached->n);
    for (size_t n = 0; n < unreached->n; n++) {
        size_t at = n < TCN_UNREACHED_MAX ? n : TCN_UNREACHED_MAX - 1;
        uint64_t suppressed = 0;

        if (tcn_log_limit_pass(&app->log_limit, unreached->items[at].plan, "nobody_reached", now_ms,
                               &suppressed))
            tell(&unreached->items[at], suppressed);
    }
}
