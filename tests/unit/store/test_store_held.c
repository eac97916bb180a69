/* Held mode: what was due then is claimed by nobody, what comes later is; a person's request; the hold itself. */
#include "rows.h"
#include "store/held.h"
#include "store/notices.h"

#define HOLD ((int64_t)5000)

static struct tcn_id none;

static void add_send(struct fixture *f, uint32_t n, int64_t due_ms)
{
    const struct tcn_send_row row = {.id = id_of(n),
                                     .page = id_of(1),
                                     .incident = id_of(n),
                                     .due_ms = due_ms,
                                     .contact = "alice",
                                     .channel = "mail"};

    OK(f, tcn_store_send_add(f->s, &row, &f->err));
}

static void add_link(struct fixture *f, uint32_t n, int64_t due_ms, const char *remote_id)
{
    const struct tcn_link link = {.id = id_of(n),
                                  .incident = id_of(n),
                                  .connector = "jira",
                                  .state = remote_id ? TCN_LINK_LINKED : TCN_LINK_NONE,
                                  .remote_id = remote_id,
                                  .last_read_ms = 7,
                                  .due_ms = due_ms};

    OK(f, tcn_store_link_put(f->s, &link, &f->err));
}

static void add_incident(struct fixture *f, uint32_t n)
{
    struct gen g = {&f->a, n};
    struct tcn_incident row = gen_incident(&g);

    row.id = id_of(n);
    row.title = "disk full";
    OK(f, tcn_store_incident_put(f->s, &row, &f->err));
}

/* Before, at and after the hold: 1, 2 and 3. */
static void fill(struct fixture *f)
{
    for (uint32_t n = 1; n <= 3; n++) {
        int64_t due = HOLD - 2 + n;

        add_incident(f, n);
        add_send(f, n, due);
        add_link(f, n, due, NULL);
        OK(f, tcn_store_timer_set(f->s, id_of(n), due, &f->err));
    }
}

static struct tcn_id claimed_send(struct fixture *f)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    OK(f, tcn_store_send_claim(f->s, NOW, 10, &f->a, &rows, &n, &f->err));
    assert_in_range(n, 0, 1);
    return n ? rows[0].id : none;
}

static struct tcn_id claimed_link(struct fixture *f)
{
    struct tcn_link *rows = NULL;
    size_t n = 0;

    OK(f, tcn_store_link_claim(f->s, "jira", NOW, 10, &f->a, &rows, &n, &f->err));
    assert_in_range(n, 0, 1);
    return n ? rows[0].id : none;
}

static struct tcn_held_count count(struct fixture *f)
{
    struct tcn_held_count c;

    OK(f, tcn_store_held_count(f->s, &c, &f->err));
    return c;
}

static void what_was_due_waits(void **state)
{
    struct fixture *f = *state;
    struct tcn_id due[8];
    int64_t next, before;
    size_t n;

    fill(f);
    OK(f, tcn_store_held_before(f->s, &before, &f->err));
    assert_int_equal(before, 0);
    OK(f, tcn_store_hold(f->s, HOLD, &f->err));
    OK(f, tcn_store_held_before(f->s, &before, &f->err));
    assert_int_equal(before, HOLD);
    OK(f, tcn_store_next_due(f->s, &next, &f->err));
    assert_int_equal(next, HOLD + 1);
    assert_id(claimed_send(f), id_of(3));
    assert_id(claimed_link(f), id_of(3));
    OK(f, tcn_store_timer_due(f->s, NOW, 8, due, &n, &f->err));
    assert_int_equal(n, 1);
    assert_id(due[0], id_of(3));
    assert_int_equal(count(f).pages, 2);
    assert_int_equal(count(f).steps, 2);
    assert_int_equal(count(f).tickets, 2);
    /* A change of the incident does not wake what is held. */
    OK(f, tcn_store_link_wake(f->s, id_of(1), NOW, &f->err));
    assert_id(claimed_link(f), none);
}

static int64_t since(struct fixture *f)
{
    int64_t ms = -1;

    OK(f, tcn_store_held_since(f->s, &ms, &f->err));
    return ms;
}

/* A second hold holds more; since when anything is held stays true until all of it was released. */
static void a_second_hold_keeps_when_it_began(void **state)
{
    struct fixture *f = *state;
    int64_t before;

    assert_int_equal(since(f), 0);
    OK(f, tcn_store_held_set(f->s, HOLD, &f->err));
    assert_int_equal(since(f), HOLD); /* as by a program before this one */
    OK(f, tcn_store_held_set(f->s, 0, &f->err));
    OK(f, tcn_store_hold(f->s, HOLD, &f->err));
    OK(f, tcn_store_hold(f->s, HOLD + 100, &f->err));
    OK(f, tcn_store_held_before(f->s, &before, &f->err));
    assert_int_equal(before, HOLD + 100);
    assert_int_equal(since(f), HOLD);
    OK(f, tcn_store_held_set(f->s, 0, &f->err));
    assert_int_equal(since(f), 0);
    OK(f, tcn_store_hold(f->s, HOLD + 200, &f->err));
    assert_int_equal(since(f), HOLD + 200);
}

static void an_earlier_time_releases_what_came_after_it(void **state)
{
    struct fixture *f = *state;
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    fill(f);
    OK(f, tcn_store_hold(f->s, HOLD, &f->err));
    claimed_send(f);
    claimed_link(f);
    OK(f, tcn_store_held_set(f->s, HOLD - 1, &f->err));
    assert_id(claimed_send(f), id_of(2));
    assert_id(claimed_link(f), id_of(2));
    add_send(f, 4, HOLD - 3);
    OK(f, tcn_store_held_set(f->s, 0, &f->err));
    OK(f, tcn_store_send_claim(f->s, NOW, 10, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 2); /* in their order */
    assert_id(rows[0].id, id_of(4));
    assert_id(rows[1].id, id_of(1));
}

static void the_list(void **state)
{
    static const char *const whom[] = {"alice", NULL, "jira"};
    struct fixture *f = *state;
    struct tcn_held_row *rows = NULL;
    struct tcn_id ids[4];
    size_t n = 0;
    int64_t paging;

    fill(f);
    OK(f, tcn_store_hold(f->s, HOLD, &f->err));
    OK(f, tcn_store_held_list(f->s, 5, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].kind, i % 3 + 1);
        assert_id(rows[i].incident, id_of(i < 3 ? 1 : 2));
        assert_int_equal(rows[i].due_ms, i < 3 ? HOLD - 1 : HOLD);
        assert_string_equal(rows[i].title, "disk full");
        same_text_at(rows[i].whom, whom[i % 3], "whom", __LINE__);
    }
    OK(f, tcn_store_held_incidents(f->s, none, 4, ids, &n, &f->err));
    assert_int_equal(n, 2);
    OK(f, tcn_store_held_incidents(f->s, id_of(1), 4, ids, &n, &f->err));
    assert_int_equal(n, 1);
    assert_id(ids[0], id_of(2));
    OK(f, tcn_store_held_paging(f->s, id_of(1), HOLD - 1, &paging, &f->err));
    assert_int_equal(paging, 2);
    OK(f, tcn_store_held_paging(f->s, id_of(1), HOLD - 2, &paging, &f->err));
    assert_int_equal(paging, 0);
}

static void add_notice(struct fixture *f, uint32_t n, int64_t due_ms)
{
    const struct tcn_notice notice = {.id = id_of(n),
                                      .incident = id_of(n),
                                      .topic = "ops",
                                      .connector = "hook",
                                      .due_ms = due_ms};

    OK(f, tcn_store_notice_wake(f->s, &notice, &f->err));
}

static void notices_wait_too(void **state)
{
    struct fixture *f = *state;
    struct tcn_connector_waiting *waiting = NULL;
    struct tcn_notice *claimed = NULL;
    struct tcn_held_row *rows = NULL;
    size_t n = 0;

    add_incident(f, 1);
    add_notice(f, 1, HOLD);
    add_notice(f, 2, HOLD + 1);
    OK(f, tcn_store_hold(f->s, HOLD, &f->err));
    assert_int_equal(count(f).notices, 1);
    OK(f, tcn_store_held_list(f->s, 5, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].kind, TCN_HELD_NOTICE);
    assert_id(rows[0].incident, id_of(1));
    assert_string_equal(rows[0].whom, "hook");
    assert_string_equal(rows[0].whereby, "ops");
    OK(f, tcn_store_notice_waiting(f->s, 5, &f->a, &waiting, &n, &f->err));
    assert_int_equal(n, 1);
    assert_string_equal(waiting[0].connector, "hook");
    assert_int_equal(waiting[0].n, 1);
    assert_int_equal(waiting[0].since_ms, HOLD + 1);
    OK(f, tcn_store_notice_claim(f->s, "hook", NOW, 5, &f->a, &claimed, &n, &f->err));
    assert_int_equal(n, 1);
    assert_id(claimed[0].id, id_of(2));
    OK(f, tcn_store_notice_waiting(f->s, 5, &f->a, &waiting, &n, &f->err));
    assert_int_equal(n, 0);
}

static void dropped_tickets_have_nothing_to_do(void **state)
{
    struct fixture *f = *state;
    int64_t n;

    fill(f);
    OK(f, tcn_store_hold(f->s, HOLD, &f->err));
    OK(f, tcn_store_held_drop_tickets(f->s, id_of(1), &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(count(f).tickets, 1);
    OK(f, tcn_store_link_wake(f->s, id_of(1), NOW, &f->err));
    OK(f, tcn_store_held_drop_tickets(f->s, id_of(3), &n, &f->err));
    assert_int_equal(n, 0); /* not held */
    OK(f, tcn_store_held_set(f->s, HOLD + 1, &f->err));
    assert_id(claimed_link(f), id_of(1)); /* the incident's next change */
}

/* What may have been done after the backup is looked up. */
static void links_look_first(void **state)
{
    struct fixture *f = *state;
    struct tcn_event event = {.seq = 4, .id = id_of(90), .type = "note", .to_tickets = true};
    struct tcn_link link;

    add_link(f, 1, HOLD, NULL);
    add_link(f, 2, HOLD, "10001");
    add_link(f, 3, 0, "10002");
    OK(f, tcn_store_event_add(f->s, id_of(2), &event, &f->err));
    OK(f, tcn_store_hold(f->s, HOLD, &f->err));
    OK(f, tcn_store_link_get(f->s, id_of(1), &f->a, &link, &f->err));
    assert_true(link.is_uncertain);
    OK(f, tcn_store_link_get(f->s, id_of(2), &f->a, &link, &f->err));
    assert_false(link.is_uncertain);
    assert_int_equal(link.last_read_ms, 0);
    assert_int_equal(link.pending_note_seq, 4);
    OK(f, tcn_store_link_get(f->s, id_of(3), &f->a, &link, &f->err));
    assert_int_equal(link.pending_note_seq, 0);
}

static void a_request(void **state)
{
    const struct tcn_held_request wanted = {true, 123456, true, id_of(7), 42};
    struct fixture *f = *state;
    struct tcn_held_request got;
    bool is_asked;

    OK(f, tcn_store_held_asked(f->s, &got, &is_asked, &f->err));
    assert_false(is_asked);
    OK(f, tcn_store_held_ask(f->s, &wanted, &f->err));
    OK(f, tcn_store_held_asked(f->s, &got, &is_asked, &f->err));
    assert_true(is_asked && got.is_release && got.drops_tickets);
    assert_int_equal(got.drop_before_ms, 123456);
    assert_int_equal(got.incidents, 42);
    assert_id(got.at, id_of(7));
    OK(f, tcn_store_held_answer(f->s, &f->err));
    OK(f, tcn_store_held_asked(f->s, &got, &is_asked, &f->err));
    assert_false(is_asked);
    OK(f, tcn_store_meta_put(f->s, "held_request", "nonsense", &f->err));
    assert_int_equal(tcn_store_held_asked(f->s, &got, &is_asked, &f->err), TCN_EINVALID);
}

static struct tcn_store *visit(struct fixture *f, bool may_ask)
{
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "guest"};
    struct tcn_store *s = NULL;

    OK(f, tcn_store_visit(&o, may_ask, &s, &f->err));
    return s;
}

/* Beside the owner: one asks, one only reads, and neither takes anything from it. */
static void visitors(void **state)
{
    const struct tcn_held_request wanted = {.is_release = true};
    struct fixture *f = *state;
    struct tcn_store *guest = visit(f, true), *reader = visit(f, false);
    struct tcn_held_request got;
    bool is_asked = false;

    OK(f, tcn_store_begin(guest, &f->err));
    OK(f, tcn_store_held_ask(guest, &wanted, &f->err));
    OK(f, tcn_store_commit(guest, &f->err));
    OK(f, tcn_store_begin(reader, &f->err));
    OK(f, tcn_store_held_asked(reader, &got, &is_asked, &f->err));
    assert_true(is_asked);
    if (tcn_store_meta_put(reader, "a", "b", &f->err) == 0)
        assert_int_not_equal(tcn_store_commit(reader, &f->err), 0);
    else
        tcn_store_rollback(reader);
    tcn_store_close(reader);
    tcn_store_close(guest);
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_held_asked(f->s, &got, &is_asked, &f->err));
    assert_true(is_asked);
    OK(f, tcn_store_meta_put(f->s, "mine", "still", &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void no_store_to_visit(void **state)
{
    struct fixture *f = *state;
    const struct tcn_store_options o = {
        .url = "sqlite:/tmp/there-is-none/x.db", .account_id = ACCOUNT, .node = "guest"};
    struct tcn_store *s = NULL;

    assert_int_equal(tcn_store_visit(&o, false, &s, &f->err), TCN_ENOTFOUND);
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(what_was_due_waits),
        IN_MEMORY(a_second_hold_keeps_when_it_began),
        IN_MEMORY(an_earlier_time_releases_what_came_after_it),
        IN_MEMORY(the_list),
        IN_MEMORY(dropped_tickets_have_nothing_to_do),
        IN_MEMORY(notices_wait_too),
        IN_MEMORY(links_look_first),
        IN_MEMORY(a_request),
        IN_FILE(visitors),
        IN_FILE(no_store_to_visit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
