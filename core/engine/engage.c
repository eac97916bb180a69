/* Somebody more is engaged, or an engagement is stopped: StartEngagement and StopEngagement of ssm-contacts. */
#include "engine/engagement.h"
#include "engine/engine.h"
#include "engine/incident.h"

#include <assert.h>

#define SOURCE "aws.ssm-contacts" /* of a record without an incident */

static int check_contact(const struct tcn_engage *engage, const struct tcn_directory *directory,
                         struct tcn_err *err)
{
    if (tcn_directory_contact(directory, engage->contact))
        return 0;
    return tcn_fail(err, TCN_ENOTFOUND, "there is no contact %s",
                    engage->contact ? engage->contact : "");
}

static int check(const struct tcn_aggregate *a, const struct tcn_engage *engage,
                 const struct tcn_directory *directory, struct tcn_err *err)
{
    if (!a->incident.exists)
        return tcn_fail(err, TCN_ENOTFOUND, "no such incident");
    if (a->incident.is_bare)
        return tcn_fail(err, TCN_ECONFLICT,
                        "this is an engagement without an incident; start another one");
    if (!tcn_aggregate_is_open(a))
        return tcn_fail(err, TCN_ECONFLICT, "the incident is resolved; reopen it first");
    if (check_contact(engage, directory, err) < 0)
        return TCN_ENOTFOUND;
    if (a->n_engagements >= TCN_ENGAGEMENTS_CAP)
        return tcn_fail(err, TCN_ELIMIT, "the incident has %d engagements already",
                        TCN_ENGAGEMENTS_CAP);
    return 0;
}

/* The subject is not said: the line is a note of the tickets, which are for others than who is engaged. */
static void start(const struct tcn_step *s, const struct tcn_engage *engage)
{
    const struct tcn_engagement_text *text = engage->text;

    tcn_step_say(s, true, "%s engages %s%s%s%s%s", engage->actor, engage->contact,
                 text ? " for " : "", text ? text->sender : "", engage->reason ? ": " : "",
                 engage->reason ? engage->reason : "");
    tcn_engagement_start(s, engage->contact, text);
}

int tcn_engine_engage(struct tcn_aggregate *aggregate, const struct tcn_engage *engage,
                      const struct tcn_directory *directory, uint32_t salt, int64_t now_ms,
                      struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, directory, salt, now_ms, ret);
    int r = check(aggregate, engage, directory, err);

    if (r < 0)
        return r;
    start(&s, engage);
    tcn_step_end(&s);
    return 0;
}

static void open_bare(const struct tcn_step *s, const struct tcn_engage *engage, struct tcn_id id)
{
    struct tcn_opening o = {
        .id = id,
        .title = engage->text->subject,
        .summary = engage->text->content,
        .is_bare = true,
        .trigger = {.source = SOURCE, .actor = engage->actor},
    };
    char text[TCN_ID_TEXT];

    tcn_id_text(id, text);
    o.dedupe_string = TCN_JOIN(s->d->arena, "engagement/", text);
    tcn_incident_open_bare(s, &o);
}

int tcn_engine_engage_alone(struct tcn_aggregate *aggregate, const struct tcn_engage *engage,
                            const struct tcn_directory *directory, struct tcn_id new_id,
                            uint32_t salt, int64_t now_ms, struct tcn_decision *ret,
                            struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, directory, salt, now_ms, ret);

    assert(!aggregate->incident.exists && engage->text && engage->text->sender);
    if (check_contact(engage, directory, err) < 0)
        return TCN_ENOTFOUND;
    open_bare(&s, engage, new_id);
    start(&s, engage);
    tcn_step_end(&s);
    return 0;
}

static void end_bare(const struct tcn_step *s, const struct tcn_disengage *disengage)
{
    const struct tcn_resolution resolution = {
        .code = "manual", .notes = disengage->reason, .by = disengage->actor};

    if (s->a->incident.is_bare && tcn_aggregate_is_open(s->a))
        tcn_incident_set_resolved(s, &resolution);
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
        end_bare(&s, disengage);
        tcn_engagement_run_due(&s);
    }
    tcn_step_end(&s);
    return 0;
}
