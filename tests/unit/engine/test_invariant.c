/* Every rule of the invariants, broken once. */
#include "fixture.h"

static void title_gone(struct tcn_aggregate *a)
{
    a->incident.title = "";
}

static void plan_gone(struct tcn_aggregate *a)
{
    a->incident.response_plan = NULL;
}

static void summary_long(struct tcn_aggregate *a)
{
    static char text[TCN_SUMMARY_MAX + 2];

    memset(text, 'x', sizeof text - 1);
    a->incident.summary = text;
}

static void dedupe_gone(struct tcn_aggregate *a)
{
    a->incident.dedupe_string = NULL;
}

static void id_gone(struct tcn_aggregate *a)
{
    a->incident.id = (struct tcn_id){{0}};
}

static void open_and_resolved(struct tcn_aggregate *a)
{
    a->incident.resolved_ms = T0;
}

static void status_unset(struct tcn_aggregate *a)
{
    a->incident.status = TCN_STATUS_UNSET;
}

static void resolve(struct tcn_aggregate *a)
{
    a->incident.status = TCN_STATUS_RESOLVED;
    a->incident.resolved_ms = T0;
    a->incident.resolution.code = "alarm_ok";
    a->incident.resolution.by = "source:cw";
}

static void resolved_early(struct tcn_aggregate *a)
{
    resolve(a);
    a->incident.resolved_ms = T0 - 1;
}

static void resolved_without_reason(struct tcn_aggregate *a)
{
    resolve(a);
    a->incident.resolution.by = NULL;
}

static void open_with_reason(struct tcn_aggregate *a)
{
    a->incident.resolution.code = "x";
}

static void modified_early(struct tcn_aggregate *a)
{
    a->incident.modified_ms = T0 - 1;
}

static void impact_zero(struct tcn_aggregate *a)
{
    a->incident.impact = 0;
}

static void revision_zero(struct tcn_aggregate *a)
{
    a->incident.revision = 0;
}

static void no_events(struct tcn_aggregate *a)
{
    a->incident.event_seq = 1;
}

static void many_related(struct tcn_aggregate *a)
{
    a->incident.related_seq = TCN_RELATED_MAX + 1;
}

static void many_tags(struct tcn_aggregate *a)
{
    a->incident.n_tags = TCN_TAGS_MAX + 1;
}

static void acknowledged_by_nobody(struct tcn_aggregate *a)
{
    a->incident.acknowledged_ms = T0;
}

static void acknowledged_and_unreached(struct tcn_aggregate *a)
{
    a->incident.acknowledged_ms = a->incident.unreached_ms = T0;
    a->incident.acknowledged_by = "ann";
}

static void follows_itself(struct tcn_aggregate *a)
{
    a->incident.previous = a->incident.id;
}

static void lane_without_key(struct tcn_aggregate *a)
{
    a->lane.dedupe_key = NULL;
}

static void waits_while_firing(struct tcn_aggregate *a)
{
    a->lane.resolve_due_ms = T0;
}

static void waits_when_resolved(struct tcn_aggregate *a)
{
    resolve(a);
    a->lane.is_firing = false;
    a->lane.resolve_due_ms = T0;
}

static void echo_without_time(struct tcn_aggregate *a)
{
    a->lane.is_firing = false;
    a->lane.echo_ms = T0;
}

static void time_without_echo(struct tcn_aggregate *a)
{
    a->lane.echo_due_ms = T0;
}

static void echo_while_firing(struct tcn_aggregate *a)
{
    a->lane.echo_ms = a->lane.echo_due_ms = T0;
}

static void flaps_when_resolved(struct tcn_aggregate *a)
{
    resolve(a);
    a->lane.is_flapping = true;
}

static void flaps_without_change(struct tcn_aggregate *a)
{
    a->lane.is_flapping = true;
    memset(a->lane.transitions_ms, 0, sizeof a->lane.transitions_ms);
}

static void told_without_flapping(struct tcn_aggregate *a)
{
    a->lane.flap_told_ms = T0;
}

static void fires_without_incident(struct tcn_aggregate *a)
{
    a->lane.incident = (struct tcn_id){{0}};
}

static void firing_and_resolved_by_alarm(struct tcn_aggregate *a)
{
    resolve(a);
    for (size_t i = 0; i < a->n_engagements; i++)
        a->engagements[i].stop_ms = T0;
}

static struct tcn_item items[2] = {{.key = "a", .status = TCN_ITEM_RESOLVED},
                                   {.key = "b", .status = TCN_ITEM_RESOLVED}};

static void group_fires_without_items(struct tcn_aggregate *a)
{
    items[1].key = "b";
    a->lane.items = items;
    a->lane.n_items = 2;
}

static void echo_of_an_item_that_fires(struct tcn_aggregate *a)
{
    static struct tcn_item item = {.key = "a", .status = TCN_ITEM_FIRING, .echo_ms = T0};

    a->lane.items = &item;
    a->lane.n_items = 1;
    a->lane.echo_due_ms = T0;
}

static void items_twice(struct tcn_aggregate *a)
{
    group_fires_without_items(a);
    items[1].key = "a";
    a->lane.is_firing = false;
}

static void changes_unsorted(struct tcn_aggregate *a)
{
    a->lane.transitions_ms[1] = T0 + HOUR;
}

static void short_hash(struct tcn_aggregate *a)
{
    a->lane.content_sha256[10] = '\0';
}

static void foreign_engagement(struct tcn_aggregate *a)
{
    a->engagements[0].id = fx_id(5);
}

static void engagement_without_start(struct tcn_aggregate *a)
{
    a->engagements[0].start_ms = 0;
}

static void too_many_engagements(struct tcn_aggregate *a)
{
    a->n_engagements = TCN_ENGAGEMENTS_CAP + 1;
}

static void resolved_and_engaged(struct tcn_aggregate *a)
{
    resolve(a);
    a->incident.resolution.code = "manual";
}

static void stage_beyond_the_last(struct tcn_aggregate *a)
{
    a->engagements[0].next_stage = 3;
}

static void stage_where_there_is_none(struct tcn_aggregate *a)
{
    a->engagements[0].next_stage = 2;
}

static void stopped_escalation_goes_on(struct tcn_aggregate *a)
{
    a->engagements[0].progression_stopped = true;
}

static void stopped_engagement_goes_on(struct tcn_aggregate *a)
{
    a->engagements[0].stop_ms = T0;
    a->engagements[0].next_stage_ms = 0;
}

static void stopped_engagement_sends(struct tcn_aggregate *a)
{
    stopped_engagement_goes_on(a);
    a->engagements[0].runs[0].is_stopped = true;
    a->engagements[0].runs[0].next_stage_ms = 0;
}

static void run_without_path(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].path = NULL;
}

static void run_beyond_the_last(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].next_stage = 9;
}

static void stopped_run_goes_on(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].is_stopped = true;
}

static void run_ends_too_early(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].ends_ms = T0;
}

static void run_without_end(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].next_stage_ms = 0;
}

static void two_runs(struct tcn_aggregate *a)
{
    struct tcn_engagement *e = &a->engagements[0];
    static struct tcn_run runs[2];

    runs[0] = runs[1] = e->runs[0];
    runs[1].no = 2;
    e->runs = runs;
    e->n_runs = 2;
}

static void page_number(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].no = 2;
}

static void page_of_no_run(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].run_no = 2;
}

static void page_of_another(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].contact = "bob";
}

static void bad_code(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].accept_code[3] = 'x';
}

static void never_sent(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].sends = 0;
}

static void sent_too_often(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].sends = 6;
}

static void sends_outside(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].next_send_ms = T0 + 5 * MIN;
}

static void sends_off_grid(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].next_send_ms += 1;
}

static void stopped_run_sends(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].is_stopped = true;
    a->engagements[0].runs[0].next_stage_ms = 0;
}

static void answered_run_goes_on(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].read_ms = T0;
}

/* What carries an engagement alone, made of an incident. */
static void make_bare(struct tcn_aggregate *a)
{
    a->incident.is_bare = true;
    a->incident.impact = 0;
    a->incident.source_name = NULL;
    a->incident.response_plan = "";
    a->lane = (struct tcn_lane){0};
}

static void bare_with_impact(struct tcn_aggregate *a)
{
    make_bare(a);
    a->incident.impact = 3;
}

static void bare_with_plan(struct tcn_aggregate *a)
{
    make_bare(a);
    a->incident.response_plan = "main";
}

static void bare_with_lane(struct tcn_aggregate *a)
{
    struct tcn_lane lane = a->lane;

    make_bare(a);
    a->lane = lane;
}

static void bare_with_nobody(struct tcn_aggregate *a)
{
    make_bare(a);
    a->n_engagements = 0;
}

static void bare_stopped_and_open(struct tcn_aggregate *a)
{
    make_bare(a);
    a->engagements[0].stop_ms = T0;
}

static const struct {
    void (*damage)(struct tcn_aggregate *a);
    const char *says;
} rows[] = {
    {id_gone, "the incident has no id"},
    {title_gone, "the title is empty"},
    {summary_long, "the summary is too long"},
    {dedupe_gone, "the dedupe string is empty"},
    {plan_gone, "no response plan name"},
    {status_unset, "neither OPEN nor RESOLVED"},
    {open_and_resolved, "OPEN with a resolved time"},
    {resolved_early, "resolved before it was created"},
    {resolved_without_reason, "RESOLVED without a resolution"},
    {open_with_reason, "OPEN with a resolution"},
    {modified_early, "modified before it was created"},
    {impact_zero, "the impact is not in 1-5"},
    {revision_zero, "the revision never moved"},
    {no_events, "no Trigger and Start event"},
    {many_related, "too many related items"},
    {many_tags, "too many tags"},
    {acknowledged_by_nobody, "an acknowledgement without"},
    {acknowledged_and_unreached, "acknowledged, and nobody is reached"},
    {follows_itself, "the incident follows itself"},
    {bare_with_impact, "an engagement alone has an impact"},
    {bare_with_plan, "an engagement alone has an impact, a plan"},
    {bare_with_lane, "an engagement alone has others, or a lane"},
    {bare_with_nobody, "an engagement alone has others"},
    {bare_stopped_and_open, "an engagement alone is stopped and open"},
    {lane_without_key, "the lane has no key"},
    {waits_while_firing, "the lane fires and waits"},
    {echo_without_time, "an echo is never due"},
    {time_without_echo, "no echo, and one is due"},
    {echo_while_firing, "an echo of an alarm that fires"},
    {waits_when_resolved, "the lane waits to resolve an incident that is resolved"},
    {flaps_when_resolved, "the lane flaps without an open incident"},
    {flaps_without_change, "the lane flaps without a change"},
    {told_without_flapping, "flap_told without flapping"},
    {fires_without_incident, "the lane fires and has no incident"},
    {firing_and_resolved_by_alarm, "resolved by an alarm that fires"},
    {group_fires_without_items, "the group's state is not that of its items"},
    {items_twice, "items are not sorted"},
    {echo_of_an_item_that_fires, "an echo of an item that is not over"},
    {changes_unsorted, "changes are not newest first"},
    {short_hash, "the content hash has a wrong length"},
    {foreign_engagement, "an engagement has a foreign number or id"},
    {engagement_without_start, "an engagement without contact"},
    {too_many_engagements, "too many engagements"},
    {resolved_and_engaged, "an engagement of a resolved incident goes on"},
    {stage_beyond_the_last, "an escalation beyond its last stage"},
    {stage_where_there_is_none, "a next stage where there is none"},
    {stopped_escalation_goes_on, "a stopped escalation has a next stage"},
    {stopped_engagement_goes_on, "a run of a stopped engagement goes on"},
    {stopped_engagement_sends, "a page of a stopped engagement has a next send"},
    {run_without_path, "a run has a foreign number"},
    {run_beyond_the_last, "a run beyond its last stage"},
    {stopped_run_goes_on, "a stopped run has a next stage"},
    {run_ends_too_early, "a run has an end while stages are left"},
    {run_without_end, "a run has no next stage and no end"},
    {two_runs, "two runs of one person go on"},
    {page_number, "a page has a foreign number or id"},
    {page_of_no_run, "a page of no run"},
    {page_of_another, "a page of another person"},
    {bad_code, "a page's code is not six digits"},
    {never_sent, "a page was never sent"},
    {sent_too_often, "a page was sent more often"},
    {sends_outside, "a next send outside of its stage"},
    {sends_off_grid, "a next send off its grid"},
    {stopped_run_sends, "a page of a stopped run has a next send"},
    {answered_run_goes_on, "a run of a person who answered goes on"},
};

static void build(struct fixture *f)
{
    struct tcn_contact *c, *esc;

    fx_init(f);
    c = fx_contact(f, "ann", TCN_PERSONAL);
    fx_channel(fx_stage(c, 5 * MIN), "email", MIN);
    fx_channel(fx_stage(c, 5 * MIN), "sms", 0);
    esc = fx_contact(f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(esc, MIN), "ann", true);
    fx_target(fx_stage(esc, MIN), "bob", true);
    fx_engage(f, "esc");
    fx_alarm_at(f, TCN_ACTION_FIRE, 0);
}

static void every_rule_can_break(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tcn_err err = {0};
        struct fixture f;

        build(&f);
        assert_int_equal(tcn_engine_invariant(&f.a, f.now, &err), 0);
        rows[i].damage(&f.a);
        if (tcn_engine_invariant(&f.a, f.now, &err) != TCN_EINVALID ||
            !strstr(err.msg, rows[i].says))
            fail_msg("%s: %s", rows[i].says, err.msg);
        fx_done(&f);
    }
}

static void engagements_need_an_incident(void **state)
{
    struct tcn_aggregate a = {.n_engagements = 1};

    (void)state;
    assert_int_equal(tcn_engine_invariant(&a, T0, NULL), TCN_EINVALID);
    a.n_engagements = 0;
    assert_int_equal(tcn_engine_invariant(&a, T0, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_can_break),
        cmocka_unit_test(engagements_need_an_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
