/* What an acknowledgement stops: every row of spec incidents-contacts 5.5, and receipts (6). */
#include "fixture.h"

/* esc: stage 0 {5 min, ann, bob}, stage 1 {5 min, cat}, stage 2 {5 min, dan}; each person re-sends every minute of 30. */
static void build(struct fixture *f, bool ann_essential, bool bob_essential)
{
    static const char *const names[] = {"ann", "bob", "cat", "dan"};
    struct tcn_contact *esc;
    struct tcn_stage *s;

    fx_init(f);
    for (size_t i = 0; i < 4; i++)
        fx_channel(fx_stage(fx_contact(f, names[i], TCN_PERSONAL), 30 * MIN), "email", MIN);
    esc = fx_contact(f, "esc", TCN_ESCALATION);
    s = fx_stage(esc, 5 * MIN);
    fx_target(s, "ann", ann_essential);
    fx_target(s, "bob", bob_essential);
    fx_target(fx_stage(esc, 5 * MIN), "cat", false);
    fx_target(fx_stage(esc, 5 * MIN), "dan", false);
    fx_engage(f, "esc");
    fx_alarm_at(f, TCN_ACTION_FIRE, 0);
}

static size_t sends_until(struct fixture *f, int64_t until_ms)
{
    size_t before = f->n_sends;

    fx_run_until(f, until_ms);
    return f->n_sends - before;
}

static bool is_paged(struct fixture *f, const char *contact)
{
    return fx_page_of(f, contact) != NULL;
}

static const struct {
    const char *name;
    bool ann_essential, bob_essential;
    const char *answers;
    bool cat_is_paged;
} rows[] = {
    {"essential answers: no further stage", true, false, "ann", false},
    {"non-essential answers: the plan goes on", false, false, "ann", true},
    {"the other, non-essential one answers", true, false, "bob", true},
    {"several essential: any one is enough", true, true, "bob", false},
    {"nobody answers", true, true, NULL, true},
};

static void essential_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;

        build(&f, rows[i].ann_essential, rows[i].bob_essential);
        f.now += 20 * SEC;
        if (rows[i].answers)
            assert_int_equal(fx_ack(&f, fx_page_of(&f, rows[i].answers)->id, "contact:x"), 0);
        fx_run_until(&f, T0 + 10 * MIN);
        if (is_paged(&f, "cat") != rows[i].cat_is_paged)
            fail_msg("%s", rows[i].name);
        assert_int_equal(f.a.engagements[0].stop_ms, 0);
        fx_done(&f);
    }
}

static void own_resends_and_stages_stop(void **state)
{
    struct fixture f;
    struct tcn_contact *c;

    (void)state;
    fx_init(&f);
    c = fx_contact(&f, "ann", TCN_PERSONAL);
    fx_channel(fx_stage(c, 5 * MIN), "email", MIN);
    fx_channel(fx_stage_of(c, 0), "sms", MIN);
    fx_channel(fx_stage(c, 5 * MIN), "voice", 0);
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_int_equal(f.n_sends, 2);
    f.now += 30 * SEC;
    fx_ack(&f, f.a.engagements[0].pages[0].id, "contact:ann");
    assert_int_equal(f.d.drops.n, 2);
    assert_int_equal(sends_until(&f, T0 + HOUR), 0);
    fx_done(&f);
}

static void other_peoples_runs_go_on(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, true, true);
    f.now += 20 * SEC;
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    assert_int_equal(sends_until(&f, T0 + 3 * MIN), 3); /* bob's */
    fx_done(&f);
}

/* The other one's does not. */
static void late_essential_answer_stops_what_has_not_begun(void **state)
{
    static const char *const answers[] = {"ann", "bob"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;

        build(&f, true, false);
        fx_run_until(&f, T0 + 6 * MIN);
        assert_true(is_paged(&f, "cat"));
        fx_ack(&f, fx_page_of(&f, answers[i])->id, "contact:x");
        assert_int_equal(sends_until(&f, T0 + 8 * MIN), 4); /* cat's and the other one's go on */
        fx_run_until(&f, T0 + 20 * MIN);
        assert_int_equal(is_paged(&f, "dan"), i == 1);
        fx_done(&f);
    }
}

static void answer_after_the_end_is_recorded(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_run_until(&f, T0 + HOUR);
    assert_int_equal(fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann"), 0);
    assert_int_equal(f.d.receipts.n, 1);
    assert_int_equal(f.d.receipts.items[0].type, TCN_READ);
    assert_null(f.d.receipts.items[0].channel);
    assert_null(f.d.receipts.items[0].note);
    assert_int_equal(fx_page_of(&f, "ann")->read_ms, f.now);
    assert_int_equal(f.a.engagements[0].stop_ms, 0);
    fx_done(&f);
}

static void answer_after_resolve_changes_no_record(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    assert_int_equal(f.d.receipts.n, 1);
    assert_int_equal(f.d.receipts.items[0].type, TCN_STOP);
    assert_string_equal(f.d.receipts.items[0].note, "Incident resolved");
    assert_int_equal(fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann"), 0);
    assert_int_equal(f.a.incident.acknowledged_ms, 0);
    assert_false(f.d.tickets_due);
    assert_non_null(fx_event(&f, TCN_EVENT_ACK, NULL));
    fx_done(&f);
}

/* When it was read is kept, although nothing else of the engagement changes. */
static void answer_after_resolve_is_written(void **state)
{
    struct fixture f;
    struct tcn_page *p;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    p = fx_page_of(&f, "ann");
    fx_begin(&f);
    assert_int_equal(tcn_engine_acknowledge(&f.a, p->id, "contact:ann", NULL, f.now + MIN, &f.d),
                     0);
    assert_int_equal(p->read_ms, f.now + MIN);
    assert_true(f.a.engagements[0].is_dirty);
    f.now += MIN;
    fx_check(&f, &f.a);
    fx_done(&f);
}

static void second_answer_changes_nothing(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, true, true);
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    assert_true(f.d.tickets_due);
    assert_int_equal(f.a.incident.revision, 2);
    f.now += MIN;
    assert_int_equal(fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann"), 0);
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(fx_page_of(&f, "ann")->read_ms, T0);
    fx_ack(&f, fx_page_of(&f, "bob")->id, "contact:bob");
    assert_string_equal(f.a.incident.acknowledged_by, "contact:ann");
    assert_int_equal(f.a.incident.acknowledged_ms, T0);
    assert_non_null(fx_event(&f, TCN_EVENT_ACK, "acknowledged by contact:bob"));
    fx_done(&f);
}

static void user_stops_everybody(void **state)
{
    struct tcn_id nobody = {{0}};
    struct fixture f;

    (void)state;
    build(&f, false, false);
    f.now += 20 * SEC;
    assert_int_equal(fx_ack(&f, nobody, "user:eve"), 0);
    assert_string_equal(f.a.incident.acknowledged_by, "user:eve");
    assert_int_equal(f.d.drops.n, 2);
    assert_int_equal(sends_until(&f, T0 + HOUR), 0);
    assert_false(is_paged(&f, "cat"));
    assert_int_equal(fx_ack(&f, nobody, "user:eve"), 0);
    assert_true(fx_wrote_nothing(&f));
    fx_done(&f);
}

static void paging_stops_without_an_answer(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, false, false);
    f.now += 20 * SEC;
    fx_begin(&f);
    tcn_engine_stop_paging(&f.a, f.now, &f.d);
    fx_check(&f, &f.a);
    assert_int_equal(f.a.incident.acknowledged_ms, 0);
    assert_int_equal(f.d.drops.n, 2);
    assert_int_equal(f.d.events.n, 0);
    assert_int_equal(sends_until(&f, T0 + HOUR), 0);
    assert_false(is_paged(&f, "cat"));
    fx_begin(&f);
    tcn_engine_stop_paging(&f.a, f.now, &f.d);
    assert_true(fx_wrote_nothing(&f));
    fx_done(&f);
}

static void acknowledged_person_is_not_paged_by_a_later_stage(void **state)
{
    struct fixture f;
    struct tcn_contact *esc;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    esc = fx_contact(&f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(esc, MIN), "ann", false);
    fx_target(fx_stage(esc, MIN), "ann", false);
    fx_engage(&f, "esc");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    assert_int_equal(sends_until(&f, T0 + HOUR), 0);
    fx_done(&f);
}

static void somebody_answers(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, true, true);
    assert_int_equal(fx_ack(&f, fx_page_of(&f, "ann")->id, NULL), 0);
    assert_string_equal(f.a.incident.acknowledged_by, "somebody");
    fx_done(&f);
}

static void no_paging_to_stop(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_begin(&f);
    tcn_engine_stop_paging(&f.a, f.now, &f.d);
    assert_true(fx_wrote_nothing(&f));
    fx_done(&f);
}

static void unknown_page(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, false, false);
    assert_int_equal(fx_ack(&f, fx_id(99999), "x"), TCN_ENOTFOUND);
    f.a.incident.exists = false;
    assert_int_equal(fx_ack(&f, fx_id(99999), "x"), TCN_ENOTFOUND);
    fx_done(&f);
}

static const struct {
    enum tcn_receipt_type type;
    int r;
    bool sets_sent, sets_delivered, is_told;
} results[] = {
    {TCN_SENT, 0, true, false, false},
    {TCN_DELIVERED, 0, false, true, false},
    {TCN_ERROR, 0, false, false, true},
    {TCN_READ, TCN_EINVALID, false, false, false},
    {TCN_STOP, TCN_EINVALID, false, false, false},
    {TCN_RECEIPT_UNSET, TCN_EINVALID, false, false, false},
};

static void every_send_result(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        struct fixture f;
        const struct tcn_page *p;

        build(&f, false, false);
        f.now += 2 * SEC;
        p = fx_page_of(&f, "ann");
        fx_begin(&f);
        assert_int_equal(tcn_engine_send_result(&f.a, p->id, results[i].type, "id-1", f.now, &f.d),
                         results[i].r);
        assert_int_equal(p->sent_ms, results[i].sets_sent ? f.now : 0);
        assert_int_equal(p->delivered_ms, results[i].sets_delivered ? f.now : 0);
        assert_int_equal(f.d.receipts.n, results[i].r == 0);
        assert_int_equal(fx_event(&f, TCN_EVENT_TOCSIN, "could not page ann by email: id-1") !=
                             NULL,
                         results[i].is_told);
        assert_true(p->next_send_ms != 0);
        fx_done(&f);
    }
}

/* What a person wrote is on the timeline whole; the receipt of a page has what ReceiptInfo holds. */
static void note_is_kept_whole(void **state)
{
    static char note[2 * TCN_NOTE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < TCN_NOTE_MAX; i++)
        memcpy(note + 2 * i, "\xc3\xa9", 3);
    for (int of_page = 0; of_page < 2; of_page++) {
        struct fixture f;
        struct tcn_id page = {{0}};
        const struct tcn_event *event;
        json_t *data;

        build(&f, true, true);
        if (of_page)
            page = fx_page_of(&f, "ann")->id;
        fx_begin(&f);
        assert_int_equal(tcn_engine_acknowledge(&f.a, page, "contact:ann", note, f.now, &f.d), 0);
        fx_check(&f, &f.a);
        event = fx_event(&f, of_page ? TCN_EVENT_ACK : TCN_EVENT_TOCSIN, "acknowledged by");
        assert_non_null(event);
        assert_non_null(strstr(event->text, note));
        data = json_loads(event->data, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(data, of_page ? "note" : "text")),
                            note);
        json_decref(data);
        assert_int_equal(f.d.receipts.n, of_page);
        if (of_page)
            assert_int_equal(tcn_utf8_count(tcn_str(f.d.receipts.items[0].note)), 2048);
        fx_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(essential_rows),
        cmocka_unit_test(own_resends_and_stages_stop),
        cmocka_unit_test(other_peoples_runs_go_on),
        cmocka_unit_test(late_essential_answer_stops_what_has_not_begun),
        cmocka_unit_test(answer_after_the_end_is_recorded),
        cmocka_unit_test(answer_after_resolve_changes_no_record),
        cmocka_unit_test(answer_after_resolve_is_written),
        cmocka_unit_test(second_answer_changes_nothing),
        cmocka_unit_test(user_stops_everybody),
        cmocka_unit_test(paging_stops_without_an_answer),
        cmocka_unit_test(acknowledged_person_is_not_paged_by_a_later_stage),
        cmocka_unit_test(somebody_answers),
        cmocka_unit_test(no_paging_to_stop),
        cmocka_unit_test(unknown_page),
        cmocka_unit_test(every_send_result),
        cmocka_unit_test(note_is_kept_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
