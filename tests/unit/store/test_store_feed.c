/* Feeds: who asks a system, when, and what is known of its records; conflicts and notes as they are kept. */
#include "rows_feed.h"

#define START INT64_C(1000000)

static struct tcn_feed claimed(struct fixture *f, const char *connector, int64_t now_ms,
                               bool expect)
{
    struct tcn_feed feed = {0};
    bool is_ours;

    OK(f, tcn_store_feed_claim(f->s, connector, now_ms, &f->a, &feed, &is_ours, &f->err));
    assert_int_equal(is_ours, expect);
    return feed;
}

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct tcn_feed row = gen_feed(&(struct gen){.a = &f->a, .n = 1}), *list;
    size_t n;

    OK(f, tcn_store_feed_make(f->s, row.connector, START, &f->err));
    OK(f, tcn_store_feed_heard(f->s, row.connector, START, &f->err));
    claimed(f, row.connector, START, true);
    OK(f, tcn_store_feed_put(f->s, &row, &f->err));
    OK(f, tcn_store_feed_list(f->s, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 1);
    row.heard_ms = START;
    same_feed(&row, &list[0]);
}

static void a_new_one_is_due_at_once(void **state)
{
    struct fixture *f = *state;
    struct tcn_feed feed;

    claimed(f, "jira", START, false);
    OK(f, tcn_store_feed_make(f->s, "jira", START, &f->err));
    OK(f, tcn_store_feed_make(f->s, "jira", START + 9, &f->err));
    claimed(f, "jira", START - 1, false);
    feed = claimed(f, "jira", START, true);
    assert_int_equal(feed.since_ms, START);
    assert_null(feed.cursor);
    assert_int_equal(feed.epoch, tcn_store_epoch(f->s));
    claimed(f, "jira", START + 5000, false); /* it is in flight */
}

static void what_is_due_first_counts(void **state)
{
    struct fixture *f = *state;
    struct tcn_feed feed;

    OK(f, tcn_store_feed_make(f->s, "jira", START, &f->err));
    feed = claimed(f, "jira", START, true);
    feed.poll_due_ms = START + 30;
    feed.sweep_due_ms = START + 20;
    OK(f, tcn_store_feed_put(f->s, &feed, &f->err));
    claimed(f, "jira", START + 19, false);
    feed = claimed(f, "jira", START + 20, true);
    feed.sweep_due_ms = 0; /* the system has no surveys */
    OK(f, tcn_store_feed_put(f->s, &feed, &f->err));
    claimed(f, "jira", START + 29, false);
    claimed(f, "jira", START + 30, true);
}

static void a_sweep_is_hastened(void **state)
{
    struct fixture *f = *state;
    struct tcn_feed feed;

    OK(f, tcn_store_feed_make(f->s, "jira", START, &f->err));
    feed = claimed(f, "jira", START, true);
    feed.poll_due_ms = feed.sweep_due_ms = START + 900;
    OK(f, tcn_store_feed_put(f->s, &feed, &f->err));
    OK(f, tcn_store_feed_hasten(f->s, "jira", START + 10, &f->err));
    feed = claimed(f, "jira", START + 10, true);
    assert_int_equal(feed.sweep_due_ms, START + 10);
    assert_int_equal(feed.poll_due_ms, START + 900);
}

/* What it had compared may have changed while no process was there. */
static void a_sweep_that_is_hastened_begins_anew(void **state)
{
    struct fixture *f = *state;
    struct tcn_feed feed;

    OK(f, tcn_store_feed_make(f->s, "jira", START, &f->err));
    feed = claimed(f, "jira", START, true);
    feed.sweep_from = tcn_id_v7(START, (const uint8_t[10]){7});
    feed.is_of_closed = true;
    OK(f, tcn_store_feed_put(f->s, &feed, &f->err));
    OK(f, tcn_store_feed_hasten(f->s, "jira", START + 10, &f->err));
    feed = claimed(f, "jira", START + 10, true);
    assert_true(tcn_id_is_zero(feed.sweep_from));
    assert_false(feed.is_of_closed);
}

/* A row that each webhook writes would be waited for. */
static void webhooks_are_noted_once_a_minute(void **state)
{
    struct fixture *f = *state;
    struct tcn_feed *list;
    size_t n;

    OK(f, tcn_store_feed_make(f->s, "jira", START, &f->err));
    OK(f, tcn_store_feed_heard(f->s, "jira", START, &f->err));
    OK(f, tcn_store_feed_heard(f->s, "jira", START + 60000, &f->err));
    OK(f, tcn_store_feed_list(f->s, &f->a, &list, &n, &f->err));
    assert_int_equal(list[0].heard_ms, START);
    OK(f, tcn_store_feed_heard(f->s, "jira", START + 60001, &f->err));
    OK(f, tcn_store_feed_list(f->s, &f->a, &list, &n, &f->err));
    assert_int_equal(list[0].heard_ms, START + 60001);
}

static void put_linked(struct fixture *f, uint32_t i, enum tcn_incident_status status,
                       enum tcn_link_state link_state)
{
    struct tcn_incident incident = gen_incident(&(struct gen){.a = &f->a, .n = (int)(100 * i)});
    struct tcn_link link = gen_link(&(struct gen){.a = &f->a, .n = (int)(100 * i + 50)});

    incident.id = link.incident = id_of(i);
    incident.status = status;
    link.id = id_of(1000 + i);
    link.connector = "jira";
    link.state = link_state;
    link.remote_id = tcn_arena_fmt(&f->a, "%u", (unsigned)i);
    OK(f, tcn_store_incident_put(f->s, &incident, &f->err));
    OK(f, tcn_store_link_put(f->s, &link, &f->err));
}

/* "REMOTE ..." */
static void expect_records(struct fixture *f, const char *connector, const struct tcn_id *before,
                           const struct tcn_id *since, const char *expect)
{
    struct tcn_known_record *list;
    char got[100] = "";
    size_t n;

    OK(f, tcn_store_feed_records(f->s, connector, before, since, 3, &f->a, &list, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(got);

        snprintf(got + len, sizeof got - len, "%s ", list[i].remote_id);
    }
    assert_string_equal(got, expect);
}

static void records_page_by_page(void **state)
{
    struct fixture *f = *state;
    struct tcn_id first = id_of(1), third = id_of(3), fourth = id_of(4);

    for (uint32_t i = 1; i <= 5; i++)
        put_linked(f, i, TCN_STATUS_OPEN, TCN_LINK_LINKED);
    put_linked(f, 6, TCN_STATUS_OPEN, TCN_LINK_LOST);
    put_linked(f, 7, TCN_STATUS_RESOLVED, TCN_LINK_LINKED);
    put_linked(f, 2, TCN_STATUS_RESOLVED, TCN_LINK_LINKED);
    expect_records(f, "jira", NULL, NULL, "5 4 3 ");
    expect_records(f, "jira", &third, NULL, "1 ");
    expect_records(f, "jira", NULL, &third, "7 ");
    expect_records(f, "jira", &fourth, &first, "2 ");
    expect_records(f, "snow", NULL, NULL, "");
}

static void conflicts_are_kept_for_a_while(void **state)
{
    struct fixture *f = *state;
    struct tcn_conflict_row row = gen_conflict(&(struct gen){.a = &f->a, .n = 1}), *list;
    size_t n;
    int64_t gone;

    OK(f, tcn_store_conflict_add(f->s, &row, &f->err));
    OK(f, tcn_store_conflict_add(f->s, &row, &f->err));
    OK(f, tcn_store_conflict_list(f->s, row.link, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 1);
    same_conflict(&row, &list[0]);
    OK(f, tcn_store_conflict_prune(f->s, row.at_ms, &gone, &f->err));
    assert_int_equal(gone, 0);
    OK(f, tcn_store_conflict_prune(f->s, row.at_ms + 1, &gone, &f->err));
    assert_int_equal(gone, 1);
    OK(f, tcn_store_conflict_list(f->s, row.link, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 0);
}

static void a_note_is_known_by_its_id_there(void **state)
{
    struct fixture *f = *state;
    struct tcn_entry row = gen_entry(&(struct gen){.a = &f->a, .n = 1}), got;

    assert_int_equal(tcn_store_entry_get(f->s, row.id, &f->a, &got, &f->err), TCN_ENOTFOUND);
    OK(f, tcn_store_entry_put(f->s, &row, &f->err));
    OK(f, tcn_store_entry_get(f->s, row.id, &f->a, &got, &f->err));
    same_entry(&row, &got);
    row.hash = "edited";
    OK(f, tcn_store_entry_put(f->s, &row, &f->err));
    OK(f, tcn_store_entry_get(f->s, row.id, &f->a, &got, &f->err));
    same_entry(&row, &got);
    assert_false(tcn_id_eq(tcn_entry_id(row.link, "1"), tcn_entry_id(row.link, "2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_member),
        IN_MEMORY(a_new_one_is_due_at_once),
        IN_MEMORY(what_is_due_first_counts),
        IN_MEMORY(a_sweep_is_hastened),
        IN_MEMORY(a_sweep_that_is_hastened_begins_anew),
        IN_MEMORY(webhooks_are_noted_once_a_minute),
        IN_MEMORY(records_page_by_page),
        IN_MEMORY(conflicts_are_kept_for_a_while),
        IN_MEMORY(a_note_is_known_by_its_id_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
