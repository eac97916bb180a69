/* StartIncident by hand (spec incidents-contacts 8.1, 8.2). */
#include "engine/engine.h"
#include "engine/incident.h"
#include "engine/related.h"
#include "engine/related_change.h"

#define SOURCE_DEFAULT "aws.ssm-incidents.custom"

static int check_related(const struct tcn_start *start, struct tcn_err *err)
{
    const char *field;
    int r = 0;

    if (start->n_related > TCN_RELATED_MAX)
        return tcn_fail(err, TCN_EINVALID, "more than %d related items", TCN_RELATED_MAX);
    for (size_t i = 0; i < start->n_related && r == 0; i++)
        r = tcn_related_check(&start->related[i], &field, err);
    return r;
}

static int check(const struct tcn_start *start, struct tcn_err *err)
{
    size_t points = start->title ? tcn_utf8_count(tcn_str(start->title)) : 1;

    if (points < 1 || points > TCN_TITLE_MAX)
        return tcn_fail(err, TCN_EINVALID, "title is not of 1-%d characters", TCN_TITLE_MAX);
    if (start->impact < 0 || start->impact > TCN_IMPACT_MAX)
        return tcn_fail(err, TCN_EINVALID, "impact is not in 1-5");
    if (start->raw_data && tcn_utf8_count(tcn_str(start->raw_data)) > TCN_RAW_DATA_MAX)
        return tcn_fail(err, TCN_EINVALID, "raw_data is longer than %d characters",
                        TCN_RAW_DATA_MAX);
    return check_related(start, err);
}

static const char *dedupe_string(const struct tcn_step *s, const struct tcn_start *start,
                                 const struct tcn_response_plan *plan, struct tcn_id new_id)
{
    struct tcn_buf b;
    const char *text;

    tcn_buf_init(&b, 65536);
    tcn_engine_start_dedupe_string(start, plan, new_id, &b);
    text = tcn_step_cut(s, b.ptr, TCN_DEDUPE_MAX);
    tcn_buf_done(&b);
    return text;
}

static void open(const struct tcn_step *s, const struct tcn_start *start,
                 const struct tcn_response_plan *plan, const struct tcn_trigger *trigger,
                 struct tcn_id new_id)
{
    const struct tcn_opening o = {
        .id = new_id,
        .plan = plan,
        .plan_name = plan->name,
        .title = start->title,
        .impact = start->impact,
        .dedupe_string = dedupe_string(s, start, plan, new_id),
        .trigger = *trigger,
        .related = start->related,
        .n_related = start->n_related,
    };

    tcn_incident_open(s, &o);
}

/* Whoever started it knows which of them to leave out; a program that finds them missing later does not. */
static int check_room(const struct tcn_step *s, const struct tcn_start *start, struct tcn_err *err)
{
    size_t n = tcn_related_without_room(s, start->related, start->n_related);
    char id[TCN_ID_TEXT];

    if (n == 0)
        return 0;
    tcn_id_text(s->a->incident.id, id);
    return tcn_fail(err, TCN_ELIMIT,
                    "%zu of the %zu related items have no room: incident %s, which is open and "
                    "would take them, has %zu of %d; leave them out, or remove some there",
                    n, start->n_related, id, s->a->n_related, TCN_RELATED_MAX);
}

static void fold(const struct tcn_step *s, const struct tcn_start *start,
                 const struct tcn_trigger *trigger)
{
    tcn_incident_fold(s, trigger);
    tcn_related_join_stated(s, start->related, start->n_related, trigger->actor);
}

enum tcn_intake tcn_engine_start(const struct tcn_start *start,
                                 const struct tcn_directory *directory, struct tcn_id new_id,
                                 uint32_t salt, int64_t now_ms, struct tcn_aggregate *aggregate,
                                 struct tcn_decision *ret, struct tcn_err *err)
{
    struct tcn_step s = tcn_step_begin(aggregate, directory, salt, now_ms, ret);
    const struct tcn_response_plan *plan = tcn_directory_plan(directory, start->response_plan);
    const struct tcn_trigger trigger = {
        .source = start->source ? start->source : SOURCE_DEFAULT,
        .trigger_arn = start->trigger_arn,
        .title = start->title,
        .actor = start->actor ? start->actor : "somebody",
        .raw = tcn_str(start->raw_data),
        .at_ms = start->detected_ms,
        .is_stated = true,
    };
    bool is_open = tcn_aggregate_is_open(aggregate);

    if (!plan) {
        tcn_fail(err, TCN_ENOTFOUND, "no response plan %s",
                 start->response_plan ? start->response_plan : "");
        return TCN_INTAKE_UNSET;
    }
    if (check(start, err) < 0 || (is_open && check_room(&s, start, err) < 0))
        return TCN_INTAKE_UNSET;
    if (is_open)
        fold(&s, start, &trigger);
    else
        open(&s, start, plan, &trigger, new_id);
    tcn_step_end(&s);
    return is_open ? TCN_INTAKE_FOLDED : TCN_INTAKE_OPENED;
}
