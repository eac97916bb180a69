/* What people change in the record: taken when we have not changed it, judged by the policy when we have, and never written
 * over by what is older. */
#include "ensure_world.h"

/* A record that both sides know. */
static void open_synced(struct world *w, uint64_t number)
{
    seed = number;
    open_world(w);
    settle(w);
    assert_int_equal(w->remote.n, 1);
    w->now_ms += 60000;
    w->said[0] = 0;
    w->takes = w->remote.writes = 0;
}

static void edit_there(struct world *w, const char *field, json_t *value)
{
    struct record *rec = &w->remote.records[0];

    json_object_set_new(rec->fields, field, value);
    rec->version++;
    rec->changed_ms = w->now_ms;
}

/* The record's system tells that it has changed; our incident has not. */
static void look(struct world *w)
{
    w->link.hints++;
    wake(w);
    settle(w);
    assert_int_equal(w->link.hints_seen, w->link.hints);
}

static const char *title(const struct world *w)
{
    return json_string_value(w->wanted.fields[0].local);
}

static void their_title_is_taken(void **unused)
{
    struct world w;

    (void)unused;
    open_synced(&w, 1);
    edit_there(&w, "title", json_string("Disk of db1 full"));
    look(&w);
    assert_string_equal(title(&w), "Disk of db1 full");
    assert_int_equal(w.takes, 1);
    assert_int_equal(w.remote.writes, 0); /* and nothing is written back */
    look(&w);
    assert_int_equal(w.takes, 1);
    assert_int_equal(w.remote.writes, 0);
    assert_string_equal(w.said, "");
    close_world(&w);
}

/* Ours goes out, theirs comes in: different fields are no conflict. */
static void both_sides_keep_what_the_other_left_alone(void **unused)
{
    struct world w;

    (void)unused;
    open_synced(&w, 2);
    edit_there(&w, "title", json_string("theirs"));
    set_field(&w, 1, json_integer(1));
    touch(&w);
    look(&w);
    assert_string_equal(title(&w), "theirs");
    assert_string_equal(remote_text(&w, "title"), "theirs");
    assert_int_equal(json_integer_value(json_object_get(w.remote.records[0].fields, "impact")), 1);
    assert_int_equal(w.remote.writes, 1);
    assert_string_equal(w.said, "");
    close_world(&w);
}

/* While the answer is on its way the record changes again: it is read once more. */
static void a_hint_during_the_reading_is_not_lost(void **unused)
{
    struct tocsin_result ok = {.outcome = TOCSIN_OK};
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tcn_step step;
    struct tcn_link link;
    struct tcn_ensure e;
    struct answer a;
    struct world w;

    (void)unused;
    open_synced(&w, 5);
    w.link.hints++;
    wake(&w);
    link = w.link;
    e = engine(&w, &link, &p, &fx);
    plan_on(&w, &e, &step);
    assert_int_equal(step.verb, TOCSIN_GET);
    assert_false(call(&w, &step, link.remote_id, &a));
    link.hints++; /* as the row says when the answer is taken in */
    tcn_ensure_apply(&e, &step,
                     &(struct tcn_learned){.result = &ok, .records = a.records, .n_records = a.n});
    tcn_step_done(&step);
    plan_on(&w, &e, &step);
    assert_int_equal(step.kind, TCN_STEP_CALL);
    assert_int_equal(step.verb, TOCSIN_GET);
    tcn_step_done(&step);
    tcn_progress_done(&p);
    close_world(&w);
}

/* A write of several round trips ends with a reading: what somebody wrote in between is no refusal of ours. */
static void what_is_written_during_a_write_is_taken(void **unused)
{
    struct tocsin_result ok = {.outcome = TOCSIN_OK};
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tcn_step step;
    struct tcn_link link;
    struct tcn_ensure e;
    struct answer a;
    struct world w;

    (void)unused;
    open_synced(&w, 9);
    set_field(&w, 0, json_string("ours"));
    touch(&w);
    wake(&w);
    link = w.link;
    w.now_ms += 3000;
    e = engine(&w, &link, &p, &fx);
    plan_on(&w, &e, &step);
    assert_int_equal(step.verb, TOCSIN_GET);
    assert_false(call(&w, &step, link.remote_id, &a));
    tcn_ensure_apply(&e, &step,
                     &(struct tcn_learned){.result = &ok, .records = a.records, .n_records = a.n});
    tcn_step_done(&step);
    plan_on(&w, &e, &step);
    assert_int_equal(step.verb, TOCSIN_WRITE);
    assert_false(call(&w, &step, link.remote_id, &a));
    edit_there(&w, "title", json_string("theirs"));
    tcn_ensure_apply(
        &e, &step,
        &(struct tcn_learned){
            .result = &ok, .may_have_written = true, .records = a.records, .n_records = a.n});
    tcn_step_done(&step);
    plan_on(&w, &e, &step);
    assert_string_equal(title(&w), "theirs");
    assert_string_equal(w.said, "");
    tcn_step_done(&step);
    tcn_progress_done(&p);
    close_world(&w);
}

static void write_title(struct world *w, const char *text, const struct tocsin_result *lost)
{
    set_field(w, 0, json_string(text));
    touch(w);
    wake(w);
    w->now_ms += 3000;
    w->fail_writes = lost;
    if (lost)
        run_lane(w);
    else
        settle(w);
    w->fail_writes = NULL;
}

/* The remote gets to a write after its answer was waited for, and after the write that followed. Nobody changed anything. */
static void a_write_that_arrives_late_is_no_persons(void **unused)
{
    const struct tocsin_result lost = {.outcome = TOCSIN_RETRY, .reason = "no answer"};
    struct world w;

    (void)unused;
    open_synced(&w, 10);
    write_title(&w, "first", &lost);
    write_title(&w, "second", NULL);
    assert_string_equal(remote_text(&w, "title"), "second");
    w.now_ms += 10 * 60000; /* it has long arrived when the record is read next */
    edit_there(&w, "title", json_string("first"));
    look(&w);
    assert_string_equal(title(&w), "second");
    assert_string_equal(remote_text(&w, "title"), "second");
    assert_int_equal(w.takes, 0);
    assert_int_equal(count_said(&w, "Lost is: first"), 1);
    w.now_ms += 10 * 60000;
    look(&w); /* by now it would have come */
    edit_there(&w, "title", json_string("first"));
    look(&w);
    assert_string_equal(title(&w), "first");
    close_world(&w);
}

static const struct {
    const char *name;
    enum tcn_conflict conflict;
    int64_t ours_ms, theirs_ms; /* after the last sync */
    const char *title, *told;
    enum tcn_winner winner;
} conflicts[] = {
    {"ours by policy", TCN_CONFLICT_LOCAL, 0, 9000, "ours", "ours was written. Lost is: theirs",
     TCN_WINNER_LOCAL},
    {"theirs by policy", TCN_CONFLICT_REMOTE, 9000, 0, "theirs", "theirs was taken. Lost is: ours",
     TCN_WINNER_REMOTE},
    {"theirs is newer", TCN_CONFLICT_NEWEST, 0, 9000, "theirs", "theirs was taken. Lost is: ours",
     TCN_WINNER_REMOTE},
    {"ours is newer", TCN_CONFLICT_NEWEST, 9000, 0, "ours", "ours was written. Lost is: theirs",
     TCN_WINNER_LOCAL},
};

static const char *or_none(const char *text)
{
    return text ? text : "none";
}

/* The conflict that was met last. NULL is an absent value. */
static void assert_last_conflict(const struct world *w, const struct tcn_ensure_conflict *expected)
{
    const struct tcn_ensure_conflict *c = &w->conflicts[w->n_conflicts - 1];

    assert_true(w->n_conflicts > 0 && w->n_conflicts <= NOTES_MAX);
    assert_string_equal(c->field, expected->field);
    assert_string_equal(or_none(c->base), or_none(expected->base));
    assert_string_equal(or_none(c->local), or_none(expected->local));
    assert_string_equal(or_none(c->remote), or_none(expected->remote));
    assert_string_equal(tcn_winner_name(c->winner), tcn_winner_name(expected->winner));
}

static void who_wins(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof conflicts / sizeof conflicts[0]; i++) {
        struct tcn_mapping_field policy = policies[0];
        struct world w;
        int64_t start;

        open_synced(&w, 3);
        start = w.now_ms;
        policy.conflict = conflicts[i].conflict;
        w.wanted.fields[0].policy = &policy;
        w.now_ms = start + conflicts[i].theirs_ms;
        edit_there(&w, "title", json_string("theirs"));
        w.now_ms = start + conflicts[i].ours_ms;
        set_field(&w, 0, json_string("ours"));
        touch(&w);
        w.now_ms = start + 20000;
        wake(&w);
        settle(&w);
        if (strcmp(title(&w), conflicts[i].title) != 0 ||
            strcmp(remote_text(&w, "title"), conflicts[i].title) != 0)
            fail_msg("%s: %s here, %s there", conflicts[i].name, title(&w),
                     remote_text(&w, "title"));
        if (count_said(&w, conflicts[i].told) != 1)
            fail_msg("%s: %s", conflicts[i].name, w.said);
        look(&w);
        assert_int_equal(w.n_conflicts, 1);
        assert_last_conflict(&w, &(struct tcn_ensure_conflict){"title", "\"CPU high\"", "\"ours\"",
                                                               "\"theirs\"", conflicts[i].winner});
        close_world(&w);
    }
}

/* The create's answer is lost, and a person works on the record before it is found by its mark. */
static void what_was_changed_before_the_record_was_found_is_taken(void **unused)
{
    const struct tocsin_result lost = {.outcome = TOCSIN_UNKNOWN, .reason = "no answer"};
    struct world w;

    (void)unused;
    seed = 6;
    open_world(&w);
    run_once_with(&w, &lost, 0);
    w.remote.records[w.remote.n++] = (struct record){
        .fields = json_pack("{s:s s:i s:s}", "title", "theirs", "impact", 2, "status", "OPEN"),
        .version = 2,
        .changed_ms = w.now_ms + 1};
    w.now_ms += 60000;
    touch(&w); /* by something else than the title */
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_string_equal(title(&w), "theirs");
    assert_string_equal(remote_text(&w, "title"), "theirs");
    close_world(&w);
}

static const struct {
    const char *name;
    enum tcn_class ours;
    const char *theirs;
    bool is_firing;
    enum tcn_while_firing while_firing;
    enum tcn_class is;    /* afterwards, here */
    const char *is_there; /* and there */
    const char *told;
    struct tcn_ensure_conflict conflict; /* field NULL: none */
} statuses[] = {
    {"acknowledged there", TCN_CLASS_OPEN, "ACKED", true, 0, TCN_CLASS_ACKED, "ACKED", NULL, {0}},
    {"resolved there",
     TCN_CLASS_OPEN,
     "RESOLVED",
     false,
     0,
     TCN_CLASS_RESOLVED,
     "RESOLVED",
     NULL,
     {0}},
    {"resolved there while it fires",
     TCN_CLASS_OPEN,
     "RESOLVED",
     true,
     TCN_FIRING_NOTE,
     TCN_CLASS_OPEN,
     "RESOLVED",
     "the alarm is still firing",
     {"status", "\"OPEN\"", "\"OPEN\"", "\"RESOLVED\"", TCN_WINNER_NONE}},
    {"resolved there while it fires, followed",
     TCN_CLASS_OPEN,
     "RESOLVED",
     true,
     TCN_FIRING_FOLLOW,
     TCN_CLASS_RESOLVED,
     "RESOLVED",
     NULL,
     {0}},
    {"resolved there while it fires, reopened",
     TCN_CLASS_OPEN,
     "RESOLVED",
     true,
     TCN_FIRING_REOPEN,
     TCN_CLASS_OPEN,
     "OPEN",
     "the alarm is still firing: it is opened again",
     {"status", "\"OPEN\"", "\"OPEN\"", "\"RESOLVED\"", TCN_WINNER_LOCAL}},
    {"reopened there", TCN_CLASS_RESOLVED, "OPEN", false, 0, TCN_CLASS_OPEN, "OPEN", NULL, {0}},
    {"taken up again there",
     TCN_CLASS_RESOLVED,
     "ACKED",
     false,
     0,
     TCN_CLASS_ACKED,
     "ACKED",
     NULL,
     {0}},
    {"nobody works on it any more",
     TCN_CLASS_ACKED,
     "OPEN",
     true,
     0,
     TCN_CLASS_ACKED,
     "OPEN",
     "stays acknowledged",
     {"status", "\"ACKED\"", "\"ACKED\"", "\"OPEN\"", TCN_WINNER_NONE}},
    {"on hold", TCN_CLASS_OPEN, "HOLD", true, 0, TCN_CLASS_OPEN, "HOLD", NULL, {0}},
};

static void statuses_are_taken(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct world w;

        open_synced(&w, 4);
        w.wanted.status = statuses[i].ours;
        w.wanted.resolved_ms = statuses[i].ours == TCN_CLASS_RESOLVED ? w.now_ms : 0;
        touch(&w);
        look(&w);
        w.now_ms += 60000;
        edit_there(&w, "status", json_string(statuses[i].theirs));
        w.wanted.is_firing = statuses[i].is_firing;
        w.wanted.while_firing = statuses[i].while_firing;
        for (int again = 0; again < 3; again++)
            look(&w);
        if (w.wanted.status != statuses[i].is ||
            strcmp(remote_text(&w, "status"), statuses[i].is_there) != 0)
            fail_msg("%s: %s here, %s there", statuses[i].name, tcn_class_name(w.wanted.status),
                     remote_text(&w, "status"));
        if (statuses[i].told ? count_said(&w, statuses[i].told) != 1 : w.said[0] != 0)
            fail_msg("%s: %s", statuses[i].name, w.said);
        if (w.n_conflicts != (statuses[i].conflict.field != NULL))
            fail_msg("%s: %zu conflicts", statuses[i].name, w.n_conflicts);
        if (statuses[i].conflict.field)
            assert_last_conflict(&w, &statuses[i].conflict);
        close_world(&w);
    }
}

/* An assignee, for example, changes nothing in the incident: what else was read is not forgotten over it. */
static void the_rest_follows_what_leaves_no_trace(void **unused)
{
    struct world w;

    (void)unused;
    open_synced(&w, 8);
    w.takes_without_trace = true;
    w.wanted.is_firing = true;
    w.wanted.while_firing = TCN_FIRING_REOPEN;
    edit_there(&w, "title", json_string("theirs"));
    edit_there(&w, "status", json_string("RESOLVED"));
    look(&w);
    assert_int_equal(w.takes, 1);
    assert_string_equal(remote_text(&w, "status"), "OPEN");
    close_world(&w);
}

/* -- both have changed it --------------------------------------------------------------------------------------- */

static void edit_both(struct world *w, json_t *ours, json_t *theirs)
{
    edit_there(w, "title", theirs);
    set_field(w, 0, ours);
    touch(w);
}

/* However often the write has to be repeated; when it is through, the same values are another conflict. */
static void a_conflict_is_met_once(void **unused)
{
    const struct tocsin_result down = {.outcome = TOCSIN_RETRY, .reason = "down"};
    struct world w;

    (void)unused;
    open_synced(&w, 6);
    for (size_t round = 1; round <= 2; round++) {
        edit_both(&w, json_string("ours"), json_string("theirs"));
        wake(&w);
        for (int i = 0; i < 6; i++) {
            w.fail_writes = &down;
            run_lane(&w);
            assert_true(wait_due(&w));
        }
        w.fail_writes = NULL;
        look(&w);
        assert_string_equal(remote_text(&w, "title"), "ours");
        assert_int_equal(w.n_conflicts, round);
        assert_int_equal(count_said(&w, "both changed title: ours was written"), round);
        w.now_ms += 60000;
        edit_both(&w, json_string("CPU high"), json_string("CPU high"));
        look(&w);
    }
    close_world(&w);
}

/* While both stay as they are, what was last synced is not what the record holds: within seconds of a reading, too. */
static void what_stays_different_is_not_written_over(void **unused)
{
    struct world w;

    (void)unused;
    open_synced(&w, 14);
    w.wanted.is_firing = true;
    w.wanted.while_firing = TCN_FIRING_NOTE;
    edit_there(&w, "status", json_string("RESOLVED"));
    look(&w);
    assert_int_equal(count_said(&w, "the alarm is still firing"), 1);
    w.now_ms += 1000;
    w.wanted.status = TCN_CLASS_ACKED;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    assert_int_equal(w.remote.writes, 0);
    close_world(&w);
}

/* Tried again at once, it is read first: what is known of the record is not what it held. */
static void a_block_is_looked_at_anew(void **unused)
{
    struct tcn_mapping_field policy = policies[0];
    struct world w;

    (void)unused;
    open_synced(&w, 13);
    policy.conflict = TCN_CONFLICT_HOLD;
    w.wanted.fields[0].policy = &policy;
    edit_both(&w, json_string("ours"), json_string("theirs"));
    wake(&w);
    settle(&w);
    tcn_ensure_retry(&w.link, w.now_ms);
    settle(&w);
    assert_int_equal(w.link.state, TCN_LINK_BLOCKED);
    assert_string_equal(remote_text(&w, "title"), "theirs");
    edit_there(&w, "title", json_string("ours"));
    tcn_ensure_retry(&w.link, w.now_ms);
    settle(&w);
    assert_int_equal(w.link.state, TCN_LINK_LINKED);
    assert_int_equal(w.link.hints_seen, w.link.hints);
    assert_int_equal(w.remote.writes, 0);
    close_world(&w);
}

/* Nothing is written, and it is the same one as long as nobody decides otherwise. */
static void what_a_person_decides_is_kept_once(void **unused)
{
    struct tcn_mapping_field policy = policies[0];
    struct world w;

    (void)unused;
    open_synced(&w, 8);
    policy.conflict = TCN_CONFLICT_HOLD;
    w.wanted.fields[0].policy = &policy;
    edit_both(&w, json_string("ours"), json_string("theirs"));
    wake(&w);
    for (int i = 0; i < 3; i++) {
        settle(&w);
        assert_int_equal(w.link.state, TCN_LINK_BLOCKED);
        assert_int_equal(w.n_conflicts, 1);
        w.now_ms += 60000;
        tcn_ensure_retry(&w.link, w.now_ms);
    }
    assert_int_equal(count_said(&w, "and this incident both changed"), 0);
    assert_last_conflict(&w, &(struct tcn_ensure_conflict){"title", "\"CPU high\"", "\"ours\"",
                                                           "\"theirs\"", TCN_WINNER_NONE});
    close_world(&w);
}

static void lists_that_both_changed_are_united(void **unused)
{
    struct tcn_mapping_field policy = policies[0];
    struct world w;

    (void)unused;
    open_synced(&w, 9);
    policy.conflict = TCN_CONFLICT_UNION;
    w.wanted.fields[0].policy = &policy;
    edit_both(&w, json_pack("[s]", "ours"), json_pack("[s]", "theirs"));
    wake(&w);
    settle(&w);
    look(&w);
    assert_int_equal(w.n_conflicts, 1);
    assert_last_conflict(&w, &(struct tcn_ensure_conflict){"title", "\"CPU high\"", "[\"ours\"]",
                                                           "[\"theirs\"]", TCN_WINNER_BOTH});
    assert_int_equal(count_said(&w, "both changed title: both changes were made"), 1);
    assert_int_equal(json_array_size(w.wanted.fields[0].local), 2);
    close_world(&w);
}

static void statuses_that_both_changed(void **unused)
{
    struct world w;

    (void)unused;
    open_synced(&w, 10);
    edit_there(&w, "status", json_string("ACKED"));
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms;
    touch(&w);
    w.now_ms += 60000;
    look(&w);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    assert_int_equal(w.n_conflicts, 1);
    assert_last_conflict(&w, &(struct tcn_ensure_conflict){"status", "\"OPEN\"", "\"RESOLVED\"",
                                                           "\"ACKED\"", TCN_WINNER_LOCAL});
    assert_int_equal(count_said(&w, "both changed status: ours was written. Lost is: ACKED"), 1);
    close_world(&w);
}

/* A text of n times one character, at most 6 bytes of which are kept of each. */
static json_t *many(const char *character, size_t n)
{
    size_t size = strlen(character);
    char *text = malloc(n * size + 1);
    json_t *value;

    for (size_t i = 0; i < n; i++)
        memcpy(text + i * size, character, size);
    text[n * size] = 0;
    value = json_string(text);
    free(text);
    return value;
}

/* As much as fits, and never half a character: what is kept is JSON of at most 4,000 bytes. */
static void long_values_are_cut(void **unused)
{
    static const struct {
        const char *character;
        size_t kept; /* of 5,000 */
    } rows[] = {{"x", 3995},  {"\xc3\xa9", 1997}, {"\xe2\x82\xac", 1331}, {"\xf0\x9f\x98\x80", 998},
                {"\"", 1997}, {"\n", 1997},       {"\x01", 665},          {"\x0b", 665},
                {"/", 3995}};

    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        const char *text;
        json_t *kept;

        open_synced(&w, 11);
        edit_both(&w, json_string("ours"), many(rows[i].character, 5000));
        wake(&w);
        settle(&w);
        text = w.conflicts[0].remote;
        kept = json_loads(text, JSON_DECODE_ANY, NULL);
        assert_true(strlen(text) <= 4000 && strlen(text) > 4000 - 6);
        assert_int_equal(json_string_length(kept), rows[i].kept * strlen(rows[i].character) + 3);
        assert_string_equal(json_string_value(kept) + json_string_length(kept) - 3, "\xe2\x80\xa6");
        json_decref(kept);
        close_world(&w);
    }
}

static void a_long_list_is_kept_as_its_beginning(void **unused)
{
    json_t *list = json_array(), *kept;
    struct world w;

    (void)unused;
    open_synced(&w, 12);
    for (int i = 0; i < 1000; i++)
        json_array_append_new(list, json_string("tocsin"));
    edit_both(&w, json_string("ours"), list);
    wake(&w);
    settle(&w);
    kept = json_loads(w.conflicts[0].remote, JSON_DECODE_ANY, NULL);
    assert_memory_equal(json_string_value(kept), "[\"tocsin\",\"tocsin\"", 18);
    json_decref(kept);
    close_world(&w);
}

/* Through "In Progress" to "Done": the second step fails, and nobody works on the record. */
static void a_status_that_got_halfway_goes_on(void **unused)
{
    const struct tocsin_result lost = {.outcome = TOCSIN_RETRY, .reason = "500"};
    struct world w;

    (void)unused;
    open_synced(&w, 11);
    w.wanted.status_steps = 3;
    w.wanted.auto_resolve = TCN_RESOLVE_UNLESS_ACKED;
    w.wanted.by_alarm = true;
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms;
    touch(&w);
    wake(&w);
    w.now_ms += 3000;
    w.fail_writes = &lost;
    run_lane(&w);
    w.fail_writes = NULL;
    edit_there(&w, "status", json_string("ACKED"));
    edit_there(&w, "title", json_string("theirs")); /* what is taken first changes nothing of it */
    settle(&w);
    assert_string_equal(title(&w), "theirs");
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    assert_string_equal(w.said, "");
    close_world(&w);
}

/* -- people at both ends, and everything goes wrong --------------------------------------------------------------- */

static void edit_somewhere(struct world *w, int round, const char **ret_expected)
{
    const char *ours = tcn_arena_fmt(&w->arena, "ours %d", round);
    const char *theirs = tcn_arena_fmt(&w->arena, "theirs %d", round);
    uint64_t where = chance(3);

    if (where != 0) {
        edit_there(w, "title", json_string(theirs));
        *ret_expected = theirs;
    }
    if (where != 1) { /* both: the policy says that ours wins */
        set_field(w, 0, json_string(ours));
        touch(w);
        *ret_expected = ours;
    }
}

static void one_round(struct world *w, uint64_t number, int round)
{
    const char *expected = NULL;

    edit_somewhere(w, round, &expected);
    wake(w);
    w->with_faults = true;
    w->keeps_still = true;
    for (uint64_t runs = chance(6); runs > 0 && wait_due(w); runs--)
        run_lane(w);
    w->with_faults = false;
    w->now_ms += 600000;
    look(w);
    if (strcmp(title(w), expected) != 0 || strcmp(remote_text(w, "title"), expected) != 0)
        fail_msg("story %" PRIu64 ", round %d: %s here, %s there, expected %s", number, round,
                 title(w), remote_text(w, "title"), expected);
}

static void nobodys_edit_is_lost(void **unused)
{
    (void)unused;
    for (uint64_t number = 1; number <= 2000; number++) {
        struct world w;

        open_synced(&w, number * 7919 + 5);
        for (int round = 0; round < 10; round++)
            one_round(&w, number, round);
        assert_int_equal(w.remote.n, 1);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(their_title_is_taken),
        cmocka_unit_test(both_sides_keep_what_the_other_left_alone),
        cmocka_unit_test(a_hint_during_the_reading_is_not_lost),
        cmocka_unit_test(what_was_changed_before_the_record_was_found_is_taken),
        cmocka_unit_test(what_is_written_during_a_write_is_taken),
        cmocka_unit_test(a_write_that_arrives_late_is_no_persons),
        cmocka_unit_test(who_wins),
        cmocka_unit_test(statuses_are_taken),
        cmocka_unit_test(the_rest_follows_what_leaves_no_trace),
        cmocka_unit_test(a_conflict_is_met_once),
        cmocka_unit_test(what_stays_different_is_not_written_over),
        cmocka_unit_test(a_block_is_looked_at_anew),
        cmocka_unit_test(what_a_person_decides_is_kept_once),
        cmocka_unit_test(lists_that_both_changed_are_united),
        cmocka_unit_test(statuses_that_both_changed),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(a_long_list_is_kept_as_its_beginning),
        cmocka_unit_test(a_status_that_got_halfway_goes_on),
        cmocka_unit_test(nobodys_edit_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
