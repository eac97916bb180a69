/* Rules of the invariants that several things break: each of these alone. What breaks a rule in its first way is in
 * test_invariant.c. */
#include "fixture.h"

static char long_text[TCN_SUMMARY_MAX + 2];
static struct tcn_item items[2];
static struct tcn_run runs[TCN_RUNS_MAX + 1];
static struct tcn_page pages[TCN_PAGES_MAX + 1];

static void resolve(struct tcn_aggregate *a, const char *code)
{
    a->incident.status = TCN_STATUS_RESOLVED;
    a->incident.resolved_ms = T0;
    a->incident.resolution = (struct tcn_resolution){.code = code, .by = "source:cw"};
    a->incident.unreached_ms = 0;
}

/* Two items that are over, and the lane too. */
static void give_items(struct tcn_aggregate *a)
{
    for (size_t i = 0; i < 2; i++)
        items[i] = (struct tcn_item){.key = i ? "b" : "a", .status = TCN_ITEM_RESOLVED};
    a->lane.items = items;
    a->lane.n_items = 2;
    a->lane.is_firing = false;
}

/* -- the record -------------------------------------------------------------------------------------------------- */

static void title_missing(struct tcn_aggregate *a)
{
    a->incident.title = NULL;
}

static void title_long(struct tcn_aggregate *a)
{
    a->incident.title = long_text;
}

static void dedupe_empty(struct tcn_aggregate *a)
{
    a->incident.dedupe_string = "";
}

static void dedupe_long(struct tcn_aggregate *a)
{
    a->incident.dedupe_string = long_text;
}

static void source_missing(struct tcn_aggregate *a)
{
    a->incident.source = NULL;
}

static void resolved_without_code(struct tcn_aggregate *a)
{
    resolve(a, NULL);
}

static void open_with_resolver(struct tcn_aggregate *a)
{
    a->incident.resolution.by = "ann";
}

static void open_with_notes(struct tcn_aggregate *a)
{
    a->incident.resolution.notes = "done";
}

static void impact_six(struct tcn_aggregate *a)
{
    a->incident.impact = 6;
}

static void related_negative(struct tcn_aggregate *a)
{
    a->incident.related_seq = -1;
}

static void storm_is_itself(struct tcn_aggregate *a)
{
    a->incident.storm = a->incident.id;
}

/* -- the lane ---------------------------------------------------------------------------------------------------- */

static void lane_key_empty(struct tcn_aggregate *a)
{
    a->lane.dedupe_key = "";
}

static void lane_source_missing(struct tcn_aggregate *a)
{
    a->lane.source = NULL;
}

static void watched_and_ok(struct tcn_aggregate *a)
{
    a->lane.is_firing = false;
    a->lane.stale_due_ms = T0;
}

static void echo_beside_items(struct tcn_aggregate *a)
{
    give_items(a);
    a->lane.echo_ms = a->lane.echo_due_ms = T0;
}

static void echo_without_incident(struct tcn_aggregate *a)
{
    a->lane.is_firing = false;
    a->lane.incident = (struct tcn_id){{0}};
    a->lane.echo_ms = a->lane.echo_due_ms = T0;
}

static void silent_and_firing(struct tcn_aggregate *a)
{
    resolve(a, "source_silent");
    a->engagements[0].stop_ms = T0;
}

static void items_many(struct tcn_aggregate *a)
{
    give_items(a);
    a->lane.n_items = TCN_ITEMS_MAX + 1;
}

static void item_without_key(struct tcn_aggregate *a)
{
    give_items(a);
    items[0].key = NULL;
}

static void item_without_status(struct tcn_aggregate *a)
{
    give_items(a);
    items[0].status = TCN_ITEM_UNSET;
}

/* -- engagements ------------------------------------------------------------------------------------------------- */

static void engagement_number(struct tcn_aggregate *a)
{
    a->engagements[0].no = 2;
}

static void engagement_without_contact(struct tcn_aggregate *a)
{
    a->engagements[0].contact = NULL;
}

static void engagement_without_type(struct tcn_aggregate *a)
{
    a->engagements[0].type = TCN_CONTACT_UNSET;
}

static void stages_many(struct tcn_aggregate *a)
{
    a->engagements[0].plan.n_stages = TCN_STAGES_MAX + 1;
}

static void person_escalates(struct tcn_aggregate *a)
{
    a->engagements[0].type = TCN_PERSONAL;
}

static void stopped_escalates(struct tcn_aggregate *a)
{
    a->engagements[0].stop_ms = T0;
}

/* -- runs and pages ---------------------------------------------------------------------------------------------- */

static void run_number(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].no = 2;
}

static void run_of_nobody(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].contact = NULL;
}

static void run_stages_many(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].plan.n_stages = TCN_STAGES_MAX + 1;
}

static void run_has_no_stage_left(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].next_stage = a->engagements[0].runs[0].plan.n_stages;
}

static void run_ends_with_stages_left(struct tcn_aggregate *a)
{
    a->engagements[0].runs[0].next_stage_ms = 0;
    a->engagements[0].runs[0].ends_ms = T0 + HOUR;
}

static void runs_many(struct tcn_aggregate *a)
{
    struct tcn_engagement *e = &a->engagements[0];

    for (size_t i = 0; i <= TCN_RUNS_MAX; i++) {
        runs[i] = e->runs[0];
        runs[i].no = (int64_t)i + 1;
    }
    e->runs = runs;
    e->n_runs = TCN_RUNS_MAX + 1;
}

static void code_below_digits(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].accept_code[0] = '!';
}

static void page_id(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].id.b[15] ^= 1;
}

static void page_run_zero(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].run_no = 0;
}

static void stage_ends_before(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].stage_end_ms = T0 - 1;
}

static void lost_before_it_began(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].lost_ms = T0 - 1;
}

static void lost_and_delivered(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].lost_ms = a->engagements[0].pages[0].delivered_ms = T0;
}

static void sends_without_retry(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].retry_ms = 0;
}

static void sends_at_its_start(struct tcn_aggregate *a)
{
    a->engagements[0].pages[0].next_send_ms = T0;
}

static void pages_many(struct tcn_aggregate *a)
{
    struct tcn_engagement *e = &a->engagements[0];

    pages[0] = e->pages[0];
    e->pages = pages;
    e->n_pages = TCN_PAGES_MAX + 1;
}

static const struct {
    void (*damage)(struct tcn_aggregate *a);
    const char *says;
} rows[] = {
    {title_missing, "the title is empty or too long"},
    {title_long, "the title is empty or too long"},
    {dedupe_empty, "the dedupe string is empty or too long"},
    {dedupe_long, "the dedupe string is empty or too long"},
    {source_missing, "no response plan name or no source"},
    {resolved_without_code, "RESOLVED without a resolution"},
    {open_with_resolver, "OPEN with a resolution"},
    {open_with_notes, "OPEN with a resolution"},
    {impact_six, "the impact is not in 1-5"},
    {related_negative, "too many related items"},
    {storm_is_itself, "the incident follows itself"},
    {lane_key_empty, "the lane has no key"},
    {lane_source_missing, "the lane has no key"},
    {watched_and_ok, "the lane is OK and watched for silence"},
    {echo_beside_items, "an echo of an alarm that fires, or of one with items"},
    {echo_without_incident, "an echo without an incident"},
    {silent_and_firing, "resolved by an alarm that fires"},
    {items_many, "too many items"},
    {item_without_key, "an item without key or status"},
    {item_without_status, "an item without key or status"},
    {engagement_number, "an engagement has a foreign number or id"},
    {engagement_without_contact, "an engagement without contact, type or start"},
    {engagement_without_type, "an engagement without contact, type or start"},
    {stages_many, "an escalation beyond its last stage"},
    {person_escalates, "a next stage where there is none"},
    {stopped_escalates, "a stopped escalation has a next stage"},
    {run_number, "a run has a foreign number, no contact or no path"},
    {run_of_nobody, "a run has a foreign number, no contact or no path"},
    {run_stages_many, "a run beyond its last stage"},
    {run_has_no_stage_left, "a run has a next stage where there is none"},
    {run_ends_with_stages_left, "a run has no next stage and no end"},
    {runs_many, "too many runs"},
    {code_below_digits, "a page's code is not six digits"},
    {page_id, "a page has a foreign number or id"},
    {page_run_zero, "a page of no run"},
    {stage_ends_before, "a page was never sent, or its stage ends before it began"},
    {lost_before_it_began, "a page is lost that was delivered, or before it began"},
    {lost_and_delivered, "a page is lost that was delivered, or before it began"},
    {sends_without_retry, "a next send outside of its stage"},
    {sends_at_its_start, "a next send outside of its stage"},
    {pages_many, "too many pages"},
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

static void every_side_breaks_its_rule(void **state)
{
    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tcn_err err = {0};
        struct fixture f;

        build(&f);
        rows[i].damage(&f.a);
        if (tcn_engine_invariant(&f.a, f.now, &err) != TCN_EINVALID ||
            !strstr(err.msg, rows[i].says))
            fail_msg("%zu, %s: %s", i, rows[i].says, err.msg);
        fx_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_side_breaks_its_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
