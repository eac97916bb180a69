/* Decisions, steps and the directory: the small parts that everything else uses. */
#include "engine/step.h"
#include "fixture.h"

static void events_count_up(void **state)
{
    struct tcn_incident incident = {.id = fx_id(1), .exists = true, .event_seq = 7};
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_begin(&f);
    tcn_decision_event(&f.d, &incident, T0, TCN_EVENT_NOTE, "{}", NULL, NULL);
    tcn_decision_event(&f.d, &incident, T0, TCN_EVENT_NOTE, "{}", "x", "user:ann");
    assert_int_equal(f.d.events.n, 2);
    assert_int_equal(f.d.events.items[1].seq, 9);
    assert_true(tcn_id_eq(f.d.events.items[0].id, tcn_id_child(fx_id(1), "event", 8)));
    assert_true(f.d.incident_changed);
    assert_false(f.d.tickets_due);
    fx_done(&f);
}

static void revision_moves_once_a_decision(void **state)
{
    struct tcn_incident incident = {.id = fx_id(1), .exists = true};
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_begin(&f);
    tcn_decision_tell_tickets(&f.d, &incident);
    tcn_decision_tell_tickets(&f.d, &incident);
    assert_int_equal(incident.revision, 1);
    fx_begin(&f);
    tcn_decision_tell_tickets(&f.d, &incident);
    assert_int_equal(incident.revision, 2);
    fx_done(&f);
}

/* The same inputs give the same outputs, ids and codes included. */
static void decisions_repeat(void **state)
{
    struct fixture a, b;

    (void)state;
    for (struct fixture *f = &a;; f = &b) {
        fx_init(f);
        fx_person(f, "ann");
        fx_engage(f, "ann");
        fx_alarm_at(f, TCN_ACTION_FIRE, 0);
        if (f == &b)
            break;
    }
    assert_int_equal(a.d.events.n, b.d.events.n);
    for (size_t i = 0; i < a.d.events.n; i++) {
        assert_true(tcn_id_eq(a.d.events.items[i].id, b.d.events.items[i].id));
        assert_string_equal(a.d.events.items[i].data, b.d.events.items[i].data);
    }
    assert_true(tcn_id_eq(a.d.sends.items[0].id, b.d.sends.items[0].id));
    assert_string_equal(fx_page_of(&a, "ann")->accept_code, fx_page_of(&b, "ann")->accept_code);
    fx_done(&a);
    fx_done(&b);
}

static void sentences_are_cut(void **state)
{
    struct fixture f;
    struct tcn_step s;
    char *name;
    const char *text;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    for (size_t pad = 0; pad < 4; pad++) { /* every place inside a character of four bytes */
        fx_begin(&f);
        s = (struct tcn_step){&f.a, &f.directory, 7, T0, &f.d};
        name = tcn_arena_alloc(&f.arena, 8001 + pad);
        memset(name, 'x', pad);
        for (size_t i = 0; i < 2000; i++)
            memcpy(name + pad + 4 * i, "\xF0\x9F\x94\xA5", 4);
        tcn_step_say(&s, false, "%s", name);
        text = f.d.events.items[0].text;
        assert_true(tcn_utf8_ok(tcn_str(text)));
        assert_in_range(strlen(text), 4000, 4095);
    }
    fx_done(&f);
}

static void directory_looks_up(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_person(&f, "bob");
    assert_string_equal(tcn_directory_contact(&f.directory, "bob")->alias, "bob");
    assert_null(tcn_directory_contact(&f.directory, "Bob"));
    assert_null(tcn_directory_contact(&f.directory, NULL));
    assert_int_equal(tcn_directory_channel(&f.directory, "bob", "sms")->type, TCN_SMS);
    assert_null(tcn_directory_channel(&f.directory, "bob", "fax"));
    assert_null(tcn_directory_channel(&f.directory, "zoe", "sms"));
    assert_null(tcn_directory_channel(&f.directory, "bob", NULL));
    assert_ptr_equal(tcn_directory_plan(&f.directory, "main"), &f.plan);
    assert_null(tcn_directory_plan(&f.directory, "gone"));
    assert_null(tcn_directory_plan(&f.directory, NULL));
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_count_up),    cmocka_unit_test(revision_moves_once_a_decision),
        cmocka_unit_test(decisions_repeat),   cmocka_unit_test(sentences_are_cut),
        cmocka_unit_test(directory_looks_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
