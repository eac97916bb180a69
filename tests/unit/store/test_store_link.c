#include "plans.h"
#include "rows.h"

#include "store/feeds.h"

static struct tcn_link link_of(uint32_t n, uint32_t incident, const char *connector, int64_t due_ms)
{
    return (struct tcn_link){.id = id_of(n),
                             .incident = id_of(incident),
                             .connector = connector,
                             .state = TCN_LINK_LINKED,
                             .due_ms = due_ms};
}

static void put(struct fixture *f, uint32_t n, uint32_t incident, const char *connector,
                int64_t due_ms)
{
    struct tcn_link l = link_of(n, incident, connector, due_ms);

    OK(f, tcn_store_link_put(f->s, &l, &f->err));
}

static void expect_ids(const struct tcn_link *list, size_t n, const char *expect)
{
    char got[128] = "";

    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(got);

        snprintf(got + len, sizeof got - len, "%d ", list[i].id.b[15]);
    }
    assert_string_equal(got, expect);
}

static void claim(struct fixture *f, const char *connector, int64_t now_ms, size_t limit,
                  const char *expect)
{
    struct tcn_link *list;
    size_t n;

    OK(f, tcn_store_link_claim(f->s, connector, now_ms, limit, &f->a, &list, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        assert_true(list[i].is_in_flight);
        assert_int_equal(list[i].epoch, tcn_store_epoch(f->s));
    }
    expect_ids(list, n, expect);
}

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_link in = gen_link(&g), again = gen_link(&g), out;

    in.epoch = again.epoch = tcn_store_epoch(f->s);
    OK(f, tcn_store_link_put(f->s, &in, &f->err));
    OK(f, tcn_store_link_get(f->s, in.id, &f->a, &out, &f->err));
    same_link(&in, &out);
    again.id = in.id;
    again.incident = in.incident;
    again.connector = in.connector;
    again.state = TCN_LINK_UNLINKED;
    again.is_in_flight = again.is_uncertain = false;
    again.epoch = 0;
    OK(f, tcn_store_link_put(f->s, &again, &f->err));
    OK(f, tcn_store_link_get(f->s, in.id, &f->a, &out, &f->err));
    same_link(&again, &out);
    assert_int_equal(tcn_store_link_get(f->s, id_of(9999), &f->a, &out, &f->err), TCN_ENOTFOUND);
}

static void one_link_for_incident_and_connector(void **state)
{
    struct fixture *f = *state;
    struct tcn_link other = link_of(2, 10, "jira", 0), moved = link_of(1, 11, "jira", 0);

    put(f, 1, 10, "jira", 0);
    commit_and_begin(f);
    assert_conflict(f, tcn_store_link_put(f->s, &moved, &f->err));
    assert_conflict(f, tcn_store_link_put(f->s, &other, &f->err));
}

static void expect_after(struct fixture *f, const char *connector, const struct tcn_link *after,
                         size_t limit, const char *want)
{
    struct tcn_link *list;
    size_t n;

    OK(f, tcn_store_link_newest(f->s, connector, after, limit, &f->a, &list, &n, &f->err));
    expect_ids(list, n, want);
}

static void lists(void **state)
{
    struct fixture *f = *state;
    struct tcn_link *list;
    size_t n;

    put(f, 1, 10, "jira", 0);
    put(f, 2, 10, "snow", 0);
    put(f, 3, 11, "jira", 0);
    put(f, 4, 12, "snow", 0);
    OK(f, tcn_store_link_list(f->s, id_of(10), 9, &f->a, &list, &n, &f->err));
    expect_ids(list, n, "1 2 ");
    OK(f, tcn_store_link_list(f->s, id_of(77), 9, &f->a, &list, &n, &f->err));
    expect_ids(list, n, "");
    expect_after(f, "snow", NULL, 9, "4 2 ");
    expect_after(f, NULL, NULL, 9, "4 3 1 2 ");
    expect_after(f, NULL, NULL, 2, "4 3 ");
}

/* An incident whose links are on two pages has each of them on one. */
static void lists_go_on(void **state)
{
    struct fixture *f = *state;
    struct tcn_link first = link_of(1, 10, "jira", 0), other = link_of(3, 11, "jira", 0),
                    last = link_of(2, 10, "snow", 0);

    put(f, 1, 10, "jira", 0);
    put(f, 2, 10, "snow", 0);
    put(f, 3, 11, "jira", 0);
    put(f, 4, 12, "snow", 0);
    expect_after(f, NULL, &other, 1, "1 ");
    expect_after(f, NULL, &first, 9, "2 ");
    expect_after(f, NULL, &last, 9, "");
    expect_after(f, "jira", &other, 9, "1 ");
    expect_after(f, "snow", &other, 9, "2 ");
}

static void add_event(struct fixture *f, uint32_t incident, int64_t seq, bool to_tickets)
{
    const struct tcn_event e = {.id = id_of(1000 * incident + (uint32_t)seq),
                                .seq = seq,
                                .event_ms = 1,
                                .updated_ms = 1,
                                .type = TCN_EVENT_NOTE,
                                .text = "a note",
                                .to_tickets = to_tickets};

    OK(f, tcn_store_event_add(f->s, id_of(incident), &e, &f->err));
}

static void add_conflict(struct fixture *f, uint32_t link, int64_t at_ms)
{
    const struct tcn_conflict_row row = {.id = tcn_conflict_id(id_of(link), "title", at_ms),
                                         .link = id_of(link),
                                         .incident = id_of(10),
                                         .connector = "jira",
                                         .field = "title",
                                         .winner = "none",
                                         .at_ms = at_ms};

    OK(f, tcn_store_conflict_add(f->s, &row, &f->err));
}

static void expect_behind(struct fixture *f, const char *connector, const struct tcn_link *after,
                          size_t limit, const char *want)
{
    struct tcn_link_behind *list;
    char got[128] = "";
    size_t n;

    OK(f, tcn_store_link_behind_list(f->s, connector, after, limit, &f->a, &list, &n, &f->err));
    for (size_t i = 0; i < n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%d:%d/%d ", list[i].link.b[15],
                 (int)list[i].conflicts, (int)list[i].notes);
    assert_string_equal(got, want);
}

/* Link, conflicts, and notes that it has not got; those of others do not count. */
static void what_links_lack(void **state)
{
    struct fixture *f = *state;
    struct tcn_link first = link_of(1, 10, "jira", 0), other = link_of(3, 11, "jira", 0);
    struct tcn_link_behind one;

    first.notes_seq = 2;
    OK(f, tcn_store_link_put(f->s, &first, &f->err));
    put(f, 2, 10, "snow", 0);
    put(f, 3, 11, "jira", 0);
    for (int64_t seq = 1; seq <= 5; seq++)
        add_event(f, 10, seq, seq != 4);
    add_conflict(f, 1, 7);
    add_conflict(f, 1, 8);
    add_conflict(f, 3, 9);
    expect_behind(f, NULL, NULL, 9, "3:1/0 1:2/2 2:0/4 ");
    expect_behind(f, "jira", NULL, 9, "3:1/0 1:2/2 ");
    expect_behind(f, "jira", &other, 9, "1:2/2 ");
    expect_behind(f, NULL, NULL, 1, "3:1/0 ");
    OK(f, tcn_store_link_behind(f->s, id_of(2), &one, &f->err));
    assert_int_equal(one.conflicts, 0);
    assert_int_equal(one.notes, 4);
    assert_int_equal(tcn_store_link_behind(f->s, id_of(99), &one, &f->err), TCN_ENOTFOUND);
}

static void counts_end_somewhere(void **state)
{
    struct fixture *f = *state;
    struct tcn_link_behind one;

    put(f, 1, 10, "jira", 0);
    for (int64_t n = 1; n <= TCN_BEHIND_MAX + 5; n++) {
        add_event(f, 10, n, true);
        add_conflict(f, 1, n);
    }
    OK(f, tcn_store_link_behind(f->s, id_of(1), &one, &f->err));
    assert_int_equal(one.conflicts, TCN_BEHIND_MAX);
    assert_int_equal(one.notes, TCN_BEHIND_MAX);
}

/* Neither the conflicts of others nor the events before are looked at. */
static void what_links_lack_is_looked_up(void **state)
{
    struct fixture *f = *state;
    struct tcn_link_behind one;
    sqlite3 *db;
    size_t n = 0;

    if (f->schema[0])
        skip();
    db = f->s->db->handle;
    put(f, 1, 10, "jira", 0);
    OK(f, tcn_store_link_behind(f->s, id_of(1), &one, &f->err));
    expect_behind(f, NULL, NULL, 1, "1:0/0 ");
    expect_behind(f, "jira", NULL, 1, "1:0/0 ");
    for (sqlite3_stmt *st = sqlite3_next_stmt(db, NULL); st; st = sqlite3_next_stmt(db, st)) {
        const char *plan;

        if (!strstr(sqlite3_sql(st), "FROM conflicts") ||
            strncmp(sqlite3_sql(st), "SELECT", 6) != 0)
            continue;
        plan = plan_of(f, db, sqlite3_sql(st));
        if (!strstr(plan, "USING INDEX conflicts_link (link=?)") ||
            !strstr(plan, "(incident=? AND seq>?)") || strstr(plan, "SCAN conflicts") ||
            strstr(plan, "SCAN events"))
            fail_msg("%s: %s", plan, sqlite3_sql(st));
        n++;
    }
    assert_int_equal(n, 3);
}

static void wake(void **state)
{
    static const struct {
        const char *name;
        enum tcn_link_state state;
        int64_t due_ms, expect_ms;
    } cases[] = {
        {"idle", TCN_LINK_LINKED, 0, 100},       {"later", TCN_LINK_LINKED, 200, 100},
        {"earlier", TCN_LINK_LINKED, 50, 50},    {"same", TCN_LINK_LINKED, 100, 100},
        {"blocked", TCN_LINK_BLOCKED, 0, 0},     {"blocked later", TCN_LINK_BLOCKED, 200, 200},
        {"lost", TCN_LINK_LOST, 0, 100},         {"nothing yet", TCN_LINK_NONE, 0, 100},
        {"creating", TCN_LINK_CREATING, 0, 100}, {"unlinked", TCN_LINK_UNLINKED, 0, 100},
    };
    struct fixture *f = *state;
    struct tcn_link out;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_link l = link_of(i + 1, 10, cases[i].name, cases[i].due_ms);

        l.state = cases[i].state;
        OK(f, tcn_store_link_put(f->s, &l, &f->err));
    }
    put(f, 99, 11, "other incident", 0);
    OK(f, tcn_store_link_wake(f->s, id_of(10), 100, &f->err));
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].name);
        OK(f, tcn_store_link_get(f->s, id_of(i + 1), &f->a, &out, &f->err));
        assert_int_equal(out.due_ms, cases[i].expect_ms);
    }
    OK(f, tcn_store_link_get(f->s, id_of(99), &f->a, &out, &f->err));
    assert_int_equal(out.due_ms, 0);
}

static void claims(void **state)
{
    struct fixture *f = *state;

    put(f, 3, 10, "jira", 30);
    put(f, 2, 11, "jira", 20);
    put(f, 1, 12, "jira", 20);
    put(f, 4, 13, "jira", 40);
    put(f, 5, 14, "jira", 0);
    put(f, 6, 10, "snow", 10);
    claim(f, "jira", 19, 9, "");
    claim(f, "jira", 30, 2, "1 2 ");
    claim(f, "jira", 30, 2, "3 ");
    claim(f, "jira", 30, 2, "");
    claim(f, "snow", 30, 2, "6 ");
    claim(f, "none", 99, 9, "");
    put(f, 1, 12, "jira", 50); /* back, with a retry */
    claim(f, "jira", 49, 9, "4 ");
    claim(f, "jira", 50, 9, "1 ");
}

static void expect_waiting(struct fixture *f, size_t limit, const char *want)
{
    struct tcn_connector_waiting *list;
    char text[200] = "";
    size_t n;

    OK(f, tcn_store_link_waiting(f->s, limit, &f->a, &list, &n, &f->err));
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %d %d ", list[i].connector,
                 (int)list[i].n, (int)list[i].since_ms);
    assert_string_equal(text, want);
}

static void counts_what_waits(void **state)
{
    struct fixture *f = *state;

    expect_waiting(f, 9, "");
    put(f, 1, 10, "jira", 30);
    put(f, 2, 11, "jira", 5000);
    put(f, 3, 12, "jira", 0);
    put(f, 4, 12, "gone", 10);
    put(f, 5, 13, "quiet", 0);
    expect_waiting(f, 9, "gone 1 10 jira 2 30 ");
    expect_waiting(f, 1, "gone 1 10 ");
    claim(f, "jira", 30, 9, "1 "); /* somebody has it in hand */
    expect_waiting(f, 9, "gone 1 10 jira 1 5000 ");
}

static void of_an_older_epoch(void **state)
{
    struct fixture *f = *state;
    struct tcn_link held;

    OK(f, tcn_store_begin(f->s, &f->err));
    put(f, 1, 10, "jira", 10);
    put(f, 2, 11, "jira", 10);
    put(f, 3, 12, "jira", 10);
    claim(f, "jira", 10, 9, "1 2 3 ");
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    /* Neither a wake nor a put of what was read makes what a dead process has in flight ours. */
    OK(f, tcn_store_link_wake(f->s, id_of(10), 5, &f->err));
    OK(f, tcn_store_link_get(f->s, id_of(2), &f->a, &held, &f->err));
    assert_true(held.is_in_flight);
    OK(f, tcn_store_link_put(f->s, &held, &f->err));
    claim(f, "jira", 10, 9, "1 2 3 ");
    claim(f, "jira", 10, 9, "");
    /* A wake of what is in flight here leaves the lease. */
    OK(f, tcn_store_link_wake(f->s, id_of(10), 4, &f->err));
    claim(f, "jira", 10, 9, "");
    OK(f, tcn_store_commit(f->s, &f->err));
}

/* Whoever had it may have sent the create until the moment that it was taken over. */
static void a_take_over_is_when_it_was_tried_last(void **state)
{
    struct fixture *f = *state;
    struct tcn_link uncertain = link_of(1, 10, "jira", 10), certain = link_of(2, 11, "jira", 10),
                    own;

    uncertain.is_uncertain = true;
    uncertain.last_attempt_ms = certain.last_attempt_ms = 20;
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_link_put(f->s, &uncertain, &f->err));
    OK(f, tcn_store_link_put(f->s, &certain, &f->err));
    claim(f, "jira", 30, 9, "1 2 ");
    OK(f, tcn_store_link_get(f->s, id_of(1), &f->a, &own, &f->err));
    assert_int_equal(own.last_attempt_ms, 20); /* nobody had it */
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    claim(f, "jira", 5000, 9, "1 2 ");
    OK(f, tcn_store_link_get(f->s, id_of(1), &f->a, &own, &f->err));
    assert_int_equal(own.last_attempt_ms, 5000);
    OK(f, tcn_store_link_get(f->s, id_of(2), &f->a, &own, &f->err));
    assert_int_equal(own.last_attempt_ms, 20);
    OK(f, tcn_store_commit(f->s, &f->err));
}

/* -- dead letters ------------------------------------------------------------------------------------------- */

static void deadletters(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_deadletter in[4], out, *list;
    size_t n;

    for (size_t i = 0; i < 4; i++) {
        in[i] = gen_deadletter(&g);
        OK(f, tcn_store_deadletter_put(f->s, &in[i], &f->err));
    }
    in[1].reason = "again";
    in[1].link = (struct tcn_id){{0}};
    in[3].link = in[2].link;
    OK(f, tcn_store_deadletter_put(f->s, &in[1], &f->err));
    OK(f, tcn_store_deadletter_put(f->s, &in[3], &f->err));
    OK(f, tcn_store_deadletter_get(f->s, in[1].id, &f->a, &out, &f->err));
    same_deadletter(&in[1], &out);
    OK(f, tcn_store_deadletter_list(f->s, NULL, 3, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        same_deadletter(&in[3 - i], &list[i]);
    OK(f, tcn_store_deadletter_clear(f->s, in[2].link, &f->err));
    OK(f, tcn_store_deadletter_list(f->s, NULL, 9, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 2);
    OK(f, tcn_store_deadletter_drop(f->s, in[0].id, &f->err));
    assert_int_equal(tcn_store_deadletter_drop(f->s, in[0].id, &f->err), TCN_ENOTFOUND);
    assert_int_equal(tcn_store_deadletter_get(f->s, in[0].id, &f->a, &out, &f->err), TCN_ENOTFOUND);
    OK(f, tcn_store_deadletter_list(f->s, NULL, 9, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 1);
    same_deadletter(&in[1], &list[0]);
}

/* Time and id lead on, whatever became of the letter that had them. */
static void deadletters_of_one_time(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_deadletter row = gen_deadletter(&g), *list;
    size_t n;

    row.at_ms = 5;
    for (uint32_t i = 1; i <= 4; i++) {
        row.id = id_of(i);
        OK(f, tcn_store_deadletter_put(f->s, &row, &f->err));
    }
    row.id = id_of(3);
    OK(f, tcn_store_deadletter_drop(f->s, row.id, &f->err));
    OK(f, tcn_store_deadletter_list(f->s, &row, 9, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 2);
    assert_memory_equal(&list[0].id, id_of(2).b, sizeof list[0].id);
    row.at_ms = 4;
    OK(f, tcn_store_deadletter_list(f->s, &row, 9, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_member),
        IN_MEMORY(one_link_for_incident_and_connector),
        IN_MEMORY(lists),
        IN_MEMORY(lists_go_on),
        IN_MEMORY(what_links_lack),
        IN_MEMORY(counts_end_somewhere),
        IN_MEMORY(what_links_lack_is_looked_up),
        IN_MEMORY(deadletters_of_one_time),
        IN_MEMORY(wake),
        IN_MEMORY(claims),
        IN_MEMORY(counts_what_waits),
        IN_FILE(of_an_older_epoch),
        IN_FILE(a_take_over_is_when_it_was_tried_last),
        IN_MEMORY(deadletters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
