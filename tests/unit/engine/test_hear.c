/* Notes from ticket systems: whose they are, when they were written, and what an edit there changes here. */
#include "fixture.h"

#include "engine/hear.h"

static struct fixture f;
static struct tcn_err err;

static void begin(void)
{
    if (f.now > 0)
        fx_done(&f);
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
}

static void end(void)
{
    f.d.next_due_ms = tcn_engine_next_due(&f.a);
    fx_check_events(&f);
}

static int hear(const struct tcn_heard_note *note)
{
    f.now += SEC;
    fx_begin(&f);
    return tcn_engine_hear(&f.a, note, f.now, &f.d, &err);
}

static void a_note_is_everybodys(void **state)
{
    const struct tcn_heard_note note = {"I look at it.", "connector:jira/Ann", false, 0};
    const struct tcn_event *e;

    (void)state;
    begin();
    assert_int_equal(hear(&note), 0);
    assert_int_equal(f.d.events.n, 1);
    e = &f.d.events.items[0];
    assert_string_equal(e->type, TCN_EVENT_NOTE);
    assert_string_equal(e->text, "I look at it.");
    assert_string_equal(e->actor, "connector:jira/Ann");
    assert_true(e->to_tickets);
    assert_null(strstr(e->data, "private"));
    end();
}

static void it_is_as_old_as_there(void **state)
{
    struct tcn_heard_note note = {"a", "connector:jira", true, 0};

    (void)state;
    begin();
    note.at_ms = f.now - 5000;
    assert_int_equal(hear(&note), 0);
    assert_int_equal(f.d.events.items[0].event_ms, note.at_ms);
    assert_non_null(strstr(f.d.events.items[0].data, "\"private\":true"));
    end();
    note.at_ms = f.now + 60 * SEC; /* their clock is ahead */
    assert_int_equal(hear(&note), 0);
    assert_int_equal(f.d.events.items[0].event_ms, f.now);
    end();
}

static void a_long_one_is_cut(void **state)
{
    static char text[TCN_NOTE_MAX + 100];
    const struct tcn_heard_note note = {text, "connector:jira", false, 0};

    (void)state;
    memset(text, 'x', sizeof text - 1);
    begin();
    assert_int_equal(hear(&note), 0);
    assert_int_equal(strlen(f.d.events.items[0].text), TCN_NOTE_MAX);
    end();
}

static void what_cannot_be_shown_is_refused(void **state)
{
    (void)state;
    begin();
    assert_int_equal(hear(&(struct tcn_heard_note){"", "c", false, 0}), TCN_EINVALID);
    assert_int_equal(hear(&(struct tcn_heard_note){"\xFF", "c", false, 0}), TCN_EINVALID);
    f.a.incident.event_seq = TCN_EVENTS_MAX;
    assert_int_equal(hear(&(struct tcn_heard_note){"a", "c", false, 0}), TCN_ELIMIT);
    f.a.incident.exists = false;
    assert_int_equal(hear(&(struct tcn_heard_note){"a", "c", false, 0}), TCN_ENOTFOUND);
}

static void an_edit_changes_the_event_and_is_told(void **state)
{
    struct tcn_heard_note note = {"disc", "connector:jira/Ann", false, 0};
    struct tcn_event known;

    (void)state;
    begin();
    assert_int_equal(hear(&note), 0);
    known = f.d.events.items[0];
    end();
    note.text = "disk";
    f.now += SEC;
    fx_begin(&f);
    assert_int_equal(tcn_engine_hear_again(&f.a, &known, &note, f.now, &f.d, &err), 0);
    assert_int_equal(f.d.rewritten.n, 1);
    assert_string_equal(f.d.rewritten.items[0].text, "disk");
    assert_true(tcn_id_eq(f.d.rewritten.items[0].id, known.id));
    assert_int_equal(f.d.events.n, 1);
    assert_non_null(strstr(f.d.events.items[0].text, "connector:jira/Ann changed the event"));
    assert_false(f.d.events.items[0].to_tickets); /* the tickets keep what they were told */
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_is_everybodys),
        cmocka_unit_test(it_is_as_old_as_there),
        cmocka_unit_test(a_long_one_is_cut),
        cmocka_unit_test(what_cannot_be_shown_is_refused),
        cmocka_unit_test(an_edit_changes_the_event_and_is_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    fx_done(&f);
    return failed;
}
