/* Somebody more is engaged, or an engagement is stopped: StartEngagement and StopEngagement of ssm-contacts. */
#include "engine/engagement.h"
#include "engine/engine.h"

static int check(const struct tcn_aggregate *a, const struct tcn_engage *engage,
                 const struct tcn_directory *directory, struct tcn_err *err)
{
    if (!a->incident.exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if (!tcn_aggregate_is_open(a))
        return tcn_fail(err, TCN_ECONFLICT, "the incident is resolved; reopen it first");
    if (!tcn_directory_contact(directory, engage->contact))
        return tcn_fail(err, TCN_ENOTFOUND, "there is no contact %s",
                        engage->contact ? engage->contact : "");
    if (a->n_engagements >= TCN_ENGAGEMENTS_CAP)
        return tcn_fail(err, TCN_ELIMIT, "the incident has %d engagements already",
                        TCN_ENGAGEMENTS_CAP);
    return 0;
}

int tcn_engine_engage(struct tcn_aggregate *aggregate, const struct tcn_engage *engage,
                      const struct tcn_directory *directory, uint32_t salt, int64_t now_ms,
                      struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, directory, salt, now_ms, ret);
    int r = check(aggregate, engage, directory, err);

    if (r < 0)
        return r;
    tcn_step_say(&s, true, "%s engages %s%s%s", engage->actor, engage->contact,
                 engage->reason ? ": " : "", engage->reason ? engage->reason : "");
    tcn_engagement_start(&s, engage->contact);
    tcn_step_end(&s);
    return 0;
}

static struct tcn_engagement *find(struct tcn_aggregate *a, struct tcn_id id)
{
    for (size_t i = 0; i < a->n_engagements; i++)
        if (tcn_id_eq(a->engagements[i].id, id))
            return &a->engagements[i];
    return NULL;
}

int tcn_engine_disengage(struct tcn_aggregate *aggregate, const struct tcn_disengage *disengage,
                         int64_t now_ms, struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_engagement *e = find(aggregate, disengage->engagement);

    if (!e)
        return TCN_ENOTFOUND;
    if (e->stop_ms == 0) {
        tcn_engagement_stop(&s, e, disengage->reason);
        tcn_step_say(&s, true, "%s stops paging %s%s%s", disengage->actor, e->contact,
                     disengage->reason ? ": " : "", disengage->reason ? disengage->reason : "");
        tcn_engagement_run_due(&s);
    }
    tcn_step_end(&s);
    return 0;
}
