/* What the timeline says of pages that fail, that may have arrived, and that arrive after all. */
#include "engine/page.h"
#include "fixture.h"

static void add_person(struct fixture *f, const char *name)
{
    struct tcn_stage *s = fx_stage(fx_contact(f, name, TCN_PERSONAL), 5 * MIN);

    fx_channel(s, "email", 0);
}

/* One is paged; the other by the next stage. */
static void open_incident(struct fixture *f, const char *first, const char *second)
{
    struct tcn_contact *escalation;

    fx_init(f);
    add_person(f, first);
    if (second)
        add_person(f, second);
    escalation = fx_contact(f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(escalation, 5 * MIN), first, false);
    if (second)
        fx_target(fx_stage(escalation, 5 * MIN), second, false);
    fx_engage(f, "esc");
    fx_alarm_at(f, TCN_ACTION_FIRE, T0);
}

static void begin(struct fixture *f)
{
    f->now += SEC;
    fx_begin(f);
}

static void end(struct fixture *f)
{
    tcn_engine_pages(&f->a, &f->directory, 7, f->now, &f->d);
    fx_check(f, &f->a);
}

static void result(struct fixture *f, size_t page, enum tcn_receipt_type type)
{
    begin(f);
    assert_int_equal(tcn_engine_send_result(&f->a, f->a.engagements[0].pages[page].id, type,
                                            "no such box", f->now, &f->d),
                     0);
    end(f);
}

static void doubt(struct fixture *f, bool is_over)
{
    const struct tcn_send_doubt told = {f->a.engagements[0].pages[0].id, "no answer", is_over};

    begin(f);
    assert_int_equal(tcn_engine_send_doubted(&f->a, &told, f->now, &f->d), 0);
    end(f);
}

static const struct tcn_event *line(const struct fixture *f, const char *text)
{
    return fx_event(f, TCN_EVENT_TOCSIN, text);
}

/* What may have arrived is neither called sent nor failed. */
static void a_doubt_is_told(void **state)
{
    struct fixture f;

    (void)state;
    open_incident(&f, "ann", NULL);
    doubt(&f, false);
    assert_non_null(line(&f, "the page of ann by email may have arrived: no answer"));
    doubt(&f, false);
    assert_null(line(&f, "may have arrived")); /* once */
    doubt(&f, true);
    assert_int_equal(f.d.receipts.n, 0);
    assert_true(f.d.nobody_reached && f.d.is_doubtful);
    assert_int_equal(f.d.again_ms, 0);
    assert_non_null(
        line(&f, "the page of ann by email may have arrived: no answer; not sent again"));
    assert_non_null(line(&f, "nobody is known to be reached: a page may have arrived"));
    assert_null(line(&f, "could not page"));
    result(&f, 0, TCN_SENT);
    assert_non_null(line(&f, "ann is reached by email after all"));
    fx_done(&f);
}

static void a_doubt_that_an_answer_ends(void **state)
{
    struct fixture f;

    (void)state;
    open_incident(&f, "ann", NULL);
    doubt(&f, false);
    result(&f, 0, TCN_SENT);
    assert_non_null(line(&f, "ann is reached by email after all"));
    assert_false(f.d.nobody_reached);
    fx_done(&f);
}

/* Of a failure that was told the end is told too, also when somebody else was reached meanwhile; to the tickets, who never
 * heard of it, it is not. */
static void the_end_of_a_failure_is_told(void **state)
{
    const struct tcn_event *told;
    struct fixture f;

    (void)state;
    open_incident(&f, "ann", "bob");
    result(&f, 0, TCN_ERROR);
    assert_non_null(line(&f, "could not page ann by email"));
    result(&f, 1, TCN_SENT);
    assert_null(line(&f, "after all")); /* bob was never missed */
    result(&f, 0, TCN_SENT);
    told = line(&f, "ann is reached by email after all");
    assert_non_null(told);
    assert_false(told->to_tickets);
    result(&f, 0, TCN_SENT);
    assert_null(line(&f, "after all"));
    fx_done(&f);
}

static void a_doubt_of_no_page(void **state)
{
    const struct tcn_send_doubt doubted = {.page = fx_id(99999)};
    struct fixture f;

    (void)state;
    open_incident(&f, "ann", NULL);
    fx_begin(&f);
    assert_int_equal(tcn_engine_send_doubted(&f.a, &doubted, f.now, &f.d), TCN_ENOTFOUND);
    fx_done(&f);
}

/* A line for each, as long as there is room for what can repeat. */
static void what_was_held_back_is_told(void **state)
{
    struct tcn_id page, none = fx_id(99999);
    struct fixture f;

    (void)state;
    open_incident(&f, "ann", NULL);
    page = f.a.engagements[0].pages[0].id;
    begin(&f);
    assert_int_equal(tcn_engine_send_held(&f.a, page, "held back", f.now, &f.d), 0);
    assert_non_null(line(&f, "page of ann by email: held back"));
    end(&f);
    begin(&f);
    f.a.incident.event_seq = TCN_EVENTS_MAX;
    assert_int_equal(tcn_engine_send_held(&f.a, page, "held back", f.now, &f.d), 0);
    assert_null(line(&f, "held back"));
    assert_int_equal(tcn_engine_send_held(&f.a, none, "held back", f.now, &f.d), TCN_ENOTFOUND);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_doubt_is_told),
        cmocka_unit_test(a_doubt_that_an_answer_ends),
        cmocka_unit_test(the_end_of_a_failure_is_told),
        cmocka_unit_test(a_doubt_of_no_page),
        cmocka_unit_test(what_was_held_back_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
