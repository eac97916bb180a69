#include "fixture.h"

#include "engine/milestone.h"

static struct tcn_err err;

static int engage(struct fixture *f, const char *contact, const char *reason)
{
    const struct tcn_engage in = {contact, "token:ops", reason, NULL};
    int r;

    fx_begin(f);
    r = tcn_engine_engage(&f->a, &in, &f->directory, 7, f->now, &f->d, &err);
    if (r == 0)
        fx_check(f, &f->a);
    return r;
}

static int disengage(struct fixture *f, size_t no, const char *reason)
{
    const struct tcn_disengage in = {f->a.engagements[no].id, "token:ops", reason};
    int r;

    fx_begin(f);
    r = tcn_engine_disengage(&f->a, &in, f->now, &f->d);
    fx_check(f, &f->a);
    return r;
}

static void begin(struct fixture *f)
{
    fx_init(f);
    fx_person(f, "ann");
    fx_person(f, "ben");
    fx_engage(f, "ann");
    fx_alarm_at(f, TCN_ACTION_FIRE, 0);
}

static void one_more_is_paged(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.now += MIN;
    assert_int_equal(engage(&f, "ben", "the database is hers"), 0);
    assert_int_equal(f.a.n_engagements, 2);
    assert_string_equal(f.d.sends.items[0].contact, "ben");
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "token:ops engages ben: the database is hers"));
    assert_true(fx_event(&f, TCN_EVENT_TOCSIN, "engages ben")->to_tickets);
    fx_done(&f);
}

/* Somebody answered and wants help. */
static void after_an_answer(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_ack(&f, (struct tcn_id){{0}}, "contact:ann");
    f.now += MIN;
    assert_int_equal(engage(&f, "ben", NULL), 0);
    assert_int_equal(f.d.sends.n, 1);
    assert_int_equal(f.a.incident.acknowledged_ms, T0);
    assert_int_equal(engage(&f, "ann", NULL), 0);
    assert_string_equal(f.d.sends.items[0].contact, "ann");
    fx_done(&f);
}

static void result(struct fixture *f, const char *contact, enum tcn_receipt_type type)
{
    f->now += SEC;
    fx_begin(f);
    assert_int_equal(
        tcn_engine_send_result(&f->a, fx_page_of(f, contact)->id, type, "no", f->now, &f->d), 0);
    tcn_engine_pages(&f->a, &f->directory, 7, f->now, &f->d);
    fx_check(f, &f->a);
}

/* The help that was asked for does not come: that somebody else answered is no news then. */
static void help_that_is_not_reached(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_ack(&f, (struct tcn_id){{0}}, "contact:ann");
    f.now += MIN;
    engage(&f, "ben", NULL);
    assert_false(f.d.nobody_reached);
    result(&f, "ben", TCN_ERROR);
    assert_true(f.d.nobody_reached);
    assert_int_equal(f.a.incident.unreached_ms, f.now);
    assert_true(fx_event(&f, TCN_EVENT_TOCSIN,
                         "nobody of those who were engaged after the answer is reached: no page "
                         "got through, and nobody is left to page")
                    ->to_tickets);
    result(&f, "ann", TCN_SENT); /* of before the answer */
    assert_int_equal(f.d.events.n, 0);
    assert_false(f.d.nobody_reached);
    assert_int_not_equal(f.a.incident.unreached_ms, 0);
    result(&f, "ben", TCN_SENT);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "ben is reached by email after all"));
    assert_int_equal(f.a.incident.unreached_ms, 0);
    fx_done(&f);
}

static void help_that_cannot_be_paged(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_contact(&f, "cat", TCN_PERSONAL);
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    f.now += MIN;
    engage(&f, "cat", NULL);
    assert_true(f.d.nobody_reached);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN,
                             "nobody of those who were engaged after the answer is reached: nobody "
                             "who is engaged can be paged"));
    fx_done(&f);
}

static void what_is_refused(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_int_equal(engage(&f, "nobody", NULL), TCN_ENOTFOUND);
    assert_non_null(strstr(err.msg, "nobody"));
    assert_int_equal(engage(&f, NULL, NULL), TCN_ENOTFOUND);
    for (size_t i = 1; i < TCN_ENGAGEMENTS_CAP; i++)
        assert_int_equal(engage(&f, "ben", NULL), 0);
    assert_int_equal(engage(&f, "ben", NULL), TCN_ELIMIT);
    fx_status(&f, TCN_STATUS_RESOLVED, "fixed");
    assert_int_equal(engage(&f, "ben", NULL), TCN_ECONFLICT);
    memset(&f.a, 0, sizeof f.a);
    assert_int_equal(engage(&f, "ben", NULL), TCN_ENOTFOUND);
    fx_done(&f);
}

static void a_stop_cancels_what_is_to_come(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_target_of(fx_stage_of(&f.contacts[0], 0), 0)->retry_ms = MIN;
    engage(&f, "ann", NULL);
    assert_true(fx_page_of(&f, "ann")->next_send_ms != 0);
    f.now += SEC;
    assert_int_equal(disengage(&f, 1, "a false alarm"), 0);
    assert_int_equal(f.a.engagements[1].stop_ms, f.now);
    assert_int_equal(f.d.receipts.n, 1);
    assert_int_equal(f.d.receipts.items[0].type, TCN_STOP);
    assert_string_equal(f.d.receipts.items[0].note, "a false alarm");
    assert_int_equal(f.d.drops.n, 1);
    assert_int_equal(fx_page_of(&f, "ann")->next_send_ms, 0);
    assert_int_equal(f.a.engagements[0].stop_ms, 0);
    f.now += SEC;
    assert_int_equal(disengage(&f, 1, "again"), 0);
    assert_true(fx_wrote_nothing(&f));
    fx_done(&f);
}

/* Whoever answered was told why already. */
static void a_stop_is_told_to_pages_without_an_answer(void **state)
{
    static const char *const unread[] = {"ben", "cat"};
    struct tcn_contact *esc;
    struct tcn_stage *stage;
    struct fixture f;

    (void)state;
    begin(&f);
    fx_person(&f, "cat");
    esc = fx_contact(&f, "esc", TCN_ESCALATION);
    stage = fx_stage(esc, 5 * MIN);
    fx_target(stage, "ann", false);
    fx_target(stage, "ben", false);
    fx_target(stage, "cat", false);
    engage(&f, "esc", NULL);
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    f.now += SEC;
    assert_int_equal(disengage(&f, 1, "enough"), 0);
    assert_int_equal(f.d.receipts.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(f.d.receipts.items[i].type, TCN_STOP);
        assert_true(tcn_id_eq(f.d.receipts.items[i].page, fx_page_of(&f, unread[i])->id));
        assert_string_equal(f.d.receipts.items[i].note, "enough");
    }
    fx_done(&f);
}

static void nobody_is_left(void **state)
{
    const struct tcn_disengage none = {fx_id(77), "x", NULL};
    struct fixture f;

    (void)state;
    begin(&f);
    assert_int_equal(disengage(&f, 0, NULL), 0);
    fx_begin(&f);
    assert_int_equal(tcn_engine_disengage(&f.a, &none, f.now, &f.d), TCN_ENOTFOUND);
    fx_done(&f);
}

/* -- without an incident ---------------------------------------------------------------------------------------- */

static const struct tcn_engagement_text text = {.sender = "the deploy job",
                                                .subject = "Deploy failed",
                                                .content = "Step 7 of shop",
                                                .incident = "ticket 12"};

static int alone(struct fixture *f, const char *contact)
{
    const struct tcn_engage in = {contact, "token:ops", NULL, &text};
    int r;

    f->a = (struct tcn_aggregate){0};
    fx_begin(f);
    r = tcn_engine_engage_alone(&f->a, &in, &f->directory, fx_id(++f->n_ids), 7, f->now, &f->d,
                                &err);
    if (r == 0)
        fx_check(f, &f->a);
    return r;
}

static void begin_alone(struct fixture *f)
{
    fx_init(f);
    fx_person(f, "ann");
    fx_person(f, "ben");
}

static void alone_is_paged(void **state)
{
    const struct tcn_incident *i;
    struct tcn_milestones told = {.n_passed = 0};
    struct fixture f;

    (void)state;
    begin_alone(&f);
    assert_int_equal(alone(&f, "ann"), 0);
    i = &f.a.incident;
    assert_true(i->is_bare && f.d.incident_opened);
    assert_string_equal(i->title, "Deploy failed");
    assert_string_equal(i->summary, "Step 7 of shop");
    assert_string_equal(i->created_by, "token:ops");
    assert_string_equal(i->response_plan, "");
    assert_int_equal(i->impact, 0);
    assert_non_null(strstr(i->dedupe_string, "engagement/"));
    assert_ptr_equal(f.a.engagements[0].text, &text);
    assert_int_equal(f.d.sends.n, 1);
    assert_string_equal(f.d.sends.items[0].contact, "ann");
    assert_int_equal(f.d.events.n, 2);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "token:ops engages ann for the deploy job"));
    assert_null(fx_event(&f, TCN_EVENT_TOCSIN, "Deploy failed"));
    assert_non_null(fx_event(&f, TCN_EVENT_PAGE, NULL));
    tcn_milestones_note(&told, &f.d);
    assert_int_equal(told.n_passed, 0);
    fx_done(&f);
}

static void alone_is_cut_to_a_record(void **state)
{
    char subject[2049], content[8193];
    struct tcn_engagement_text most = {"s", subject, content, NULL, NULL, NULL};
    const struct tcn_engage in = {"ann", "token:ops", NULL, &most};
    struct fixture f;

    (void)state;
    begin_alone(&f);
    memset(subject, 's', 2048);
    memset(content, 'c', 8192);
    subject[2048] = content[8192] = '\0';
    fx_begin(&f);
    assert_int_equal(
        tcn_engine_engage_alone(&f.a, &in, &f.directory, fx_id(1), 7, f.now, &f.d, &err), 0);
    fx_check(&f, &f.a);
    assert_int_equal(strlen(f.a.incident.title), TCN_TITLE_MAX);
    assert_int_equal(strlen(f.a.incident.summary), TCN_SUMMARY_MAX);
    fx_done(&f);
}

static void alone_with_nobody(void **state)
{
    struct fixture f;

    (void)state;
    begin_alone(&f);
    assert_int_equal(alone(&f, "eve"), TCN_ENOTFOUND);
    assert_non_null(strstr(err.msg, "eve"));
    assert_false(f.a.incident.exists);
    fx_done(&f);
}

/* It ends with its engagement, so that nothing of it stays open. */
static void alone_is_stopped(void **state)
{
    struct tcn_milestones told = {.n_passed = 0};
    struct fixture f;

    (void)state;
    begin_alone(&f);
    fx_target_of(fx_stage_of(&f.contacts[0], 0), 0)->retry_ms = MIN;
    alone(&f, "ann");
    f.now += SEC;
    assert_int_equal(disengage(&f, 0, "it went through"), 0);
    assert_int_equal(f.a.engagements[0].stop_ms, f.now);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    assert_string_equal(f.a.incident.resolution.by, "token:ops");
    assert_string_equal(f.a.incident.resolution.notes, "it went through");
    assert_string_equal(f.d.receipts.items[0].note, "it went through");
    assert_int_equal(f.d.receipts.n, 1);
    assert_int_equal(f.d.events.n, 1);
    assert_int_equal(f.d.next_due_ms, 0);
    tcn_milestones_note(&told, &f.d);
    assert_int_equal(told.n_passed, 0);
    f.now += SEC;
    assert_int_equal(disengage(&f, 0, "again"), 0);
    assert_true(fx_wrote_nothing(&f));
    fx_done(&f);
}

/* Accepted, recorded, and stops nothing. */
static void a_late_answer_is_recorded(void **state)
{
    struct fixture f;

    (void)state;
    begin_alone(&f);
    alone(&f, "ann");
    disengage(&f, 0, NULL);
    f.now += HOUR;
    assert_int_equal(fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann"), 0);
    assert_int_equal(fx_page_of(&f, "ann")->read_ms, f.now);
    assert_int_equal(f.d.receipts.items[0].type, TCN_READ);
    assert_non_null(fx_event(&f, TCN_EVENT_ACK, "acknowledged by contact:ann"));
    assert_int_equal(f.a.incident.acknowledged_ms, 0);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    fx_done(&f);
}

static void alone_escalates_to_the_end(void **state)
{
    struct tcn_contact *esc;
    struct fixture f;

    (void)state;
    begin_alone(&f);
    esc = fx_contact(&f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(esc, 5 * MIN), "ann", true);
    fx_target(fx_stage(esc, 5 * MIN), "ben", true);
    alone(&f, "esc");
    assert_int_equal(f.d.next_due_ms, T0 + 5 * MIN);
    fx_run_until(&f, T0 + HOUR);
    assert_non_null(fx_page_of(&f, "ben"));
    assert_int_equal(tcn_engine_next_due(&f.a), 0);
    assert_int_equal(f.a.engagements[0].stop_ms, 0); /* only a stop is one */
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_ack(&f, fx_page_of(&f, "ben")->id, "contact:ben");
    assert_int_equal(f.a.incident.acknowledged_ms, T0 + HOUR);
    fx_done(&f);
}

static void an_essential_answer_ends_it(void **state)
{
    struct tcn_contact *esc;
    struct fixture f;

    (void)state;
    begin_alone(&f);
    esc = fx_contact(&f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(esc, 5 * MIN), "ann", true);
    fx_target(fx_stage(esc, 5 * MIN), "ben", true);
    alone(&f, "esc");
    f.now += MIN;
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    fx_run_until(&f, T0 + HOUR);
    assert_null(fx_page_of(&f, "ben"));
    fx_done(&f);
}

static void alone_that_reaches_nobody(void **state)
{
    struct tcn_milestones told = {.n_passed = 0};
    struct fixture f;

    (void)state;
    begin_alone(&f);
    alone(&f, "ann");
    result(&f, "ann", TCN_ERROR);
    assert_true(f.d.nobody_reached);
    tcn_milestones_note(&told, &f.d);
    assert_int_equal(told.unreached.n, 1);
    assert_string_equal(told.unreached.items[0].title, "Deploy failed");
    fx_done(&f);
}

/* What makes an incident is not for it. */
static void alone_is_no_incident(void **state)
{
    struct tcn_incident_update update = {.title = "other", .actor = "token:ops"};
    struct fixture f;

    (void)state;
    begin_alone(&f);
    alone(&f, "ann");
    assert_int_equal(engage(&f, "ben", NULL), TCN_ECONFLICT);
    fx_begin(&f);
    assert_int_equal(tcn_engine_update(&f.a, &update, f.now, &f.d, &err), TCN_ECONFLICT);
    update = (struct tcn_incident_update){.impact = 1, .actor = "token:ops"};
    assert_int_equal(tcn_engine_update(&f.a, &update, f.now, &f.d, &err), TCN_ECONFLICT);
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(fx_status(&f, TCN_STATUS_RESOLVED, NULL), 0);
    assert_int_equal(f.a.engagements[0].stop_ms, f.now);
    assert_int_equal(fx_status(&f, TCN_STATUS_OPEN, NULL), TCN_ECONFLICT);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    fx_done(&f);
}

static void texts_of_one_on_an_incident(void **state)
{
    const struct tcn_engage in = {"ben", "token:ops", NULL, &text};
    struct fixture f;

    (void)state;
    begin(&f);
    fx_begin(&f);
    assert_int_equal(tcn_engine_engage(&f.a, &in, &f.directory, 7, f.now, &f.d, &err), 0);
    fx_check(&f, &f.a);
    assert_null(f.a.engagements[0].text);
    assert_ptr_equal(f.a.engagements[1].text, &text);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "token:ops engages ben for the deploy job"));
    assert_string_equal(f.a.incident.title, "cpu");
    fx_done(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_more_is_paged),
        cmocka_unit_test(after_an_answer),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(a_stop_cancels_what_is_to_come),
        cmocka_unit_test(a_stop_is_told_to_pages_without_an_answer),
        cmocka_unit_test(nobody_is_left),
        cmocka_unit_test(help_that_is_not_reached),
        cmocka_unit_test(help_that_cannot_be_paged),
        cmocka_unit_test(alone_is_paged),
        cmocka_unit_test(alone_is_cut_to_a_record),
        cmocka_unit_test(alone_with_nobody),
        cmocka_unit_test(alone_is_stopped),
        cmocka_unit_test(a_late_answer_is_recorded),
        cmocka_unit_test(alone_escalates_to_the_end),
        cmocka_unit_test(an_essential_answer_ends_it),
        cmocka_unit_test(alone_that_reaches_nobody),
        cmocka_unit_test(alone_is_no_incident),
        cmocka_unit_test(texts_of_one_on_an_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
