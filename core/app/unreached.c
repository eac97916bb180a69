#include "app/unreached.h"
#include "sys/clock.h"

#define REACHED "tocsin_nobody_reached_total"
#define ANSWERED "tocsin_nobody_answered_total"

/* What is told of incidents in one way. */
struct telling {
    const char *counter, *reason;
    enum tcn_log_level level;
    const char *msg, *doubtful_msg; /* msg NULL: of the contact, too */
};

void tcn_unreached_init(struct tcn_app *app)
{
    tcn_metrics_add(app->metrics, REACHED, "", 0);
    tcn_metrics_add(app->metrics, ANSWERED, "", 0);
}

static void tell_absent(const struct tcn_unreached_incident *i, uint64_t suppressed)
{
    char id[TCN_ID_TEXT], more[TCN_LOG_NUM];

    tcn_id_text(i->id, id);
    tcn_log(TCN_LOG_ERROR, "paging", "cannot engage a contact that does not exist", "contact",
            i->absent, "incident", id, "title", i->title, "plan", i->plan,
            suppressed ? "suppressed" : NULL, tcn_log_num((int64_t)suppressed, more), NULL);
}

static void tell_one(const struct telling *t, const struct tcn_unreached_incident *i,
                     uint64_t suppressed)
{
    char id[TCN_ID_TEXT], more[TCN_LOG_NUM];

    if (!t->msg) {
        tell_absent(i, suppressed);
        return;
    }
    tcn_id_text(i->id, id);
    tcn_log(t->level, "paging", i->is_doubtful ? t->doubtful_msg : t->msg, "incident", id, "title",
            i->title, "plan", i->plan, suppressed ? "suppressed" : NULL,
            tcn_log_num((int64_t)suppressed, more), NULL);
}

/* Those beyond the last item are left out of the log as if they had its plan: its line was just written. */
static void tell(struct tcn_app *app, const struct telling *t, const struct tcn_unreached *told)
{
    int64_t now_ms = tcn_clock_mono_us() / 1000;

    if (told->n == 0)
        return;
    if (t->counter)
        tcn_metrics_add(app->metrics, t->counter, "", (double)told->n);
    for (size_t n = 0; n < told->n; n++) {
        size_t at = n < TCN_UNREACHED_MAX ? n : TCN_UNREACHED_MAX - 1;
        uint64_t suppressed = 0;

        if (tcn_log_limit_pass(&app->log_limit, told->items[at].plan, t->reason, now_ms,
                               &suppressed))
            tell_one(t, &told->items[at], suppressed);
    }
}

void tcn_unreached_tell(struct tcn_app *app, const struct tcn_unreached *unreached)
{
    static const struct telling reached = {REACHED, "nobody_reached", TCN_LOG_ERROR,
                                           "nobody is reached", "nobody is known to be reached"};

    tell(app, &reached, unreached);
}

void tcn_unanswered_tell(struct tcn_app *app, const struct tcn_unreached *unanswered)
{
    static const char msg[] = "nobody has answered, and nobody is paged any more";
    static const struct telling answered = {ANSWERED, "nobody_answered", TCN_LOG_WARN, msg, msg};

    tell(app, &answered, unanswered);
}

void tcn_absent_tell(struct tcn_app *app, const struct tcn_unreached *absent)
{
    static const struct telling missing = {NULL, "no_contact", TCN_LOG_ERROR, NULL, NULL};

    tell(app, &missing, absent);
}
