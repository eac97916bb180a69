/* Notes: joined, paced, cut, and not more than a record takes. */
#include "ensure_world.h"

static void notes_are_joined_and_paced(void **unused)
{
    struct world w;

    (void)unused;
    seed = 12;
    open_world(&w);
    settle(&w);
    for (int i = 0; i < 50; i++)
        add_note(&w);
    wake(&w);
    w.now_ms += 10000;
    settle(&w);
    assert_int_equal(w.remote.records[0].n_notes, 50);
    assert_int_equal(w.calls[TOCSIN_NOTE], 3); /* 20 + 20 + 10 */
    assert_int_equal(w.link.notes_seq, 50);
    assert_int_equal(w.link.pending_note_seq, 0);
    close_world(&w);
}

/* Each note in a call of its own. */
static void add_notes(struct world *w, int n)
{
    for (int i = 0; i < n; i++) {
        add_note(w);
        wake(w);
        w->now_ms += 10000;
        settle(w);
    }
}

#define FULL "rec0 of jira has 4 notes of this incident, and no more are written"

static void a_full_record_gets_no_more_notes(void **unused)
{
    struct world w;

    (void)unused;
    seed = 31;
    open_world(&w);
    w.wanted.notes_max = 4;
    w.wanted.url = "https://tocsin.example/i/7";
    add_notes(&w, 3);
    assert_string_equal(w.last_note, "text of event-003");
    assert_null(strstr(w.said, FULL));
    add_notes(&w, 1);
    assert_string_equal(w.last_note, "(Note 4, the last one here. What follows is at "
                                     "https://tocsin.example/i/7)\n\ntext of event-004");
    assert_int_equal(w.link.notes_written, 4);
    assert_int_equal(count_said(&w, FULL), 1);
    add_notes(&w, 5);
    assert_int_equal(w.calls[TOCSIN_NOTE], 4);
    assert_int_equal(w.remote.records[0].n_notes, 4);
    assert_int_equal(count_said(&w, FULL), 1);
    w.wanted.status = TCN_CLASS_ACKED; /* what is no note is kept in step */
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "ACKED");
    w.wanted.notes_max = 0; /* the bound was taken back: what was left out is written */
    wake(&w);
    settle(&w);
    assert_int_equal(w.remote.records[0].n_notes, 9);
    close_world(&w);
}

static void without_an_address_the_last_note_names_the_timeline(void **unused)
{
    struct world w;

    (void)unused;
    seed = 32;
    open_world(&w);
    w.wanted.notes_max = 1;
    add_notes(&w, 1);
    assert_string_equal(w.last_note, "(Note 1, the last one here. What follows is on the "
                                     "incident's timeline)\n\ntext of event-001");
    close_world(&w);
}

/* A bound that is lower than what was written: nothing more, and people hear of it when there would have been something. */
static void a_bound_that_came_too_late(void **unused)
{
    struct world w;

    (void)unused;
    seed = 33;
    open_world(&w);
    add_notes(&w, 4);
    w.wanted.notes_max = 2;
    wake(&w);
    settle(&w);
    assert_null(strstr(w.said, FULL));
    add_notes(&w, 2);
    assert_int_equal(count_said(&w, FULL), 1);
    assert_int_equal(w.calls[TOCSIN_NOTE], 4);
    close_world(&w);
}

/* What became of a call decides whether the record has one note more. */
static void only_notes_that_may_be_there_count(void **unused)
{
    static const struct {
        const char *name;
        uint32_t verb, outcome, net;
        int32_t status;
        int64_t written;
    } cases[] = {
        {"written", TOCSIN_NOTE, TOCSIN_OK, TOCSIN_NET_OK, 200, 1},
        {"refused", TOCSIN_NOTE, TOCSIN_REJECTED, TOCSIN_NET_OK, 400, 0},
        {"not sent", TOCSIN_NOTE, TOCSIN_RETRY, TOCSIN_NET_NOT_SENT, 0, 0},
        {"lost", TOCSIN_NOTE, TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0, 0},
        {"found", TOCSIN_NOTE_FIND, TOCSIN_OK, TOCSIN_NET_OK, 200, 1},
        {"not found", TOCSIN_NOTE_FIND, TOCSIN_GONE, TOCSIN_NET_OK, 200, 0},
        {"cannot be looked up", TOCSIN_NOTE_FIND, TOCSIN_REJECTED, TOCSIN_NET_OK, 403, 1},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct tcn_progress p = {0};
        struct tcn_effects fx = {0};
        struct tocsin_result result = {.outcome = cases[i].outcome, .reason = "so"};
        struct tcn_step step = {.kind = TCN_STEP_CALL, .verb = cases[i].verb, .note_seq = 1};
        struct tcn_learned got = {
            .result = &result, .net = cases[i].net, .status = cases[i].status};
        struct tcn_ensure e;

        seed = 34;
        open_world(&w);
        add_note(&w);
        settle(&w);
        w.link.notes_written = w.link.notes_seq = 0;
        w.link.pending_note_seq = 1;
        e = engine(&w, &w.link, &p, &fx);
        (void)tcn_ensure_apply(&e, &step, &got);
        if (w.link.notes_written != cases[i].written)
            fail_msg("%s: %d", cases[i].name, (int)w.link.notes_written);
        tcn_progress_done(&p);
        close_world(&w);
    }
}

/* The remote works on it for longer than its answer is waited for, and than the first look for it. */
static void a_note_that_arrives_late_is_not_written_again(void **unused)
{
    const struct tocsin_result lost = {.outcome = TOCSIN_UNKNOWN, .reason = "no answer"};
    struct world w;

    (void)unused;
    seed = 35;
    open_world(&w);
    settle(&w);
    add_note(&w);
    wake(&w);
    w.now_ms += 10000;
    w.link.last_read_ms = w.now_ms;
    run_once_with(&w, &lost, 0);
    assert_int_equal(w.link.pending_note_seq, 1);
    assert_true(wait_due(&w));
    run_lane(&w);
    assert_true(w.calls[TOCSIN_NOTE_FIND] > 0);
    assert_int_equal(w.link.pending_note_seq, 1);
    assert_true(w.link.due_ms > w.now_ms);
    write_note(&w.remote.records[0], "event-001");
    settle(&w);
    assert_int_equal(w.remote.records[0].n_notes, 1);
    assert_int_equal(w.link.notes_seq, 1);
    close_world(&w);
}

/* What the first note's call carries. */
static const char *planned_note(struct world *w, const char *text)
{
    const char *ret;
    struct tcn_link link;
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tcn_step step;
    struct tcn_ensure e;

    settle(w);
    add_note(w);
    w->all_notes[w->n_all_notes - 1].text = text;
    wake(w);
    w->now_ms += 10000;
    link = w->link;
    link.last_read_ms = w->now_ms;
    e = engine(w, &link, &p, &fx);
    tcn_ensure_plan(&e, &step);
    assert_int_equal(step.verb, TOCSIN_NOTE);
    ret = tcn_arena_strdup(&w->arena, json_string_value(json_object_get(step.payload, "text")));
    tcn_step_done(&step);
    tcn_progress_done(&p);
    return ret;
}

/* The longest note that a person can write arrives whole, whatever the script; of a longer one that a mapping made it is
 * said that it was cut. The mark in the last line is there in any case. */
static void long_notes(void **unused)
{
    static const struct {
        size_t characters;
        int64_t notes_max;
        bool is_cut;
    } cases[] = {{7918, 0, false}, {8000, 0, false}, {8050, 0, false}, {8100, 0, true},
                 {20000, 0, true}, {8000, 1, false}, {8050, 1, true},  {20000, 1, true}};
    static const char mark[] = "\n[tocsin 0123456789ab]";

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        char *text;
        const char *sent;
        size_t n = 4 * cases[i].characters;

        seed = 13;
        open_world(&w);
        w.wanted.notes_max = cases[i].notes_max;
        text = tcn_arena_alloc(&w.arena, n + sizeof mark);
        for (size_t at = 0; at < n; at += 4)
            memcpy(text + at, "\xf0\x9f\x94\xa5", 4);
        memcpy(text + n, mark, sizeof mark);
        sent = planned_note(&w, text);
        assert_int_equal(strstr(sent, text) != NULL, !cases[i].is_cut);
        assert_int_equal(strstr(sent, "(Note 1, the last one here.") == sent,
                         cases[i].notes_max == 1);
        assert_string_equal(sent + strlen(sent) - strlen(mark), mark);
        assert_int_equal(strstr(sent, "...\n(cut: the incident's timeline has all of it)\n[") !=
                             NULL,
                         cases[i].is_cut);
        assert_in_range(strlen(sent), 1, TCN_ENSURE_NOTE_MAX);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_joined_and_paced),
        cmocka_unit_test(a_full_record_gets_no_more_notes),
        cmocka_unit_test(without_an_address_the_last_note_names_the_timeline),
        cmocka_unit_test(a_bound_that_came_too_late),
        cmocka_unit_test(only_notes_that_may_be_there_count),
        cmocka_unit_test(a_note_that_arrives_late_is_not_written_again),
        cmocka_unit_test(long_notes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
