/* Lanes: from rows to remote records, over lost answers, crashes and outages. */
#include "lanes_world.h"

#include "store/feeds.h"

static void a_ticket_follows_its_incident(void **unused)
{
    struct world *w = &world;

    (void)unused;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    until(w, is_linked_and_quiet);
    assert_int_equal(w->server.n, 1);
    assert_int_equal(w->server.finds, 0);
    assert_string_equal(w->server.tickets[0].title, "CPU high");
    assert_string_equal(w->server.tickets[0].notes, "first;");
    assert_string_equal(seen_key, "T-1");
    assert_string_equal(w->linked_url, "https://t.example/t0");
    assert_non_null(strstr(seen_said, "Created T-1 in test"));
    in_store(w, acknowledge);
    tcn_lanes_wake(w->lanes);
    until(w, is_acked_there);
    in_store(w, resolve);
    tcn_lanes_wake(w->lanes);
    until(w, is_resolved_there);
    assert_int_equal(w->server.n, 1);
    assert_int_equal(w->server.writes, 2);
    assert_int_equal(w->server.notes, 1);
}

static void a_lost_answer_makes_no_second_ticket(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = LOSE_CREATE;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    until(w, is_linked_and_quiet);
    assert_int_equal(w->server.creates, 1);
    assert_true(w->server.finds >= 1);
    assert_non_null(strstr(seen_said, "Found T-1"));
    assert_int_equal(w->found_many, 0);
}

/* A proxy created it twice, and lost the answers. */
static void duplicates_are_counted(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = LOSE_CREATE;
    w->server.copies = 2;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    until(w, is_linked_and_quiet);
    assert_int_equal(w->server.n, 2);
    assert_int_equal(w->found_many, 1);
    assert_non_null(strstr(seen_said, "2 records of test carry this incident's mark; T-1"));
}

/* The process dies while the create is out; the next one finds the intent and looks first. */
static void a_crash_during_the_create(void **unused)
{
    struct world *w = &world;
    char marker[64] = "tocsin-", brief[27];

    (void)unused;
    w->server.mood = SILENT;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    loop_run(&w->server.loop); /* until the server has the request */
    stop(w);
    w->server.mood = WELL;
    tcn_id_short(w->incident, brief);
    strcat(marker, brief);
    w->server.tickets[0] = (struct ticket){.status = "1", .title = "CPU high"}; /* it did arrive */
    snprintf(w->server.tickets[0].marker, sizeof w->server.tickets[0].marker, "%s", marker);
    w->server.n = 1;
    start_store(w);
    start_lanes(w);
    until(w, is_linked_and_quiet);
    assert_int_equal(w->server.n, 1);
    assert_int_equal(w->server.creates, 0);
    assert_true(w->server.finds >= 1);
}

static int retitle(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                   struct tcn_err *err)
{
    struct tcn_incident i;
    bool is_known;
    int r = tcn_store_incident_get(s, w->incident, a, &i, err);

    if (r < 0)
        return r;
    i.title = "CPU of db1 high";
    i.revision++;
    i.modified_ms = now_ms;
    if ((r = tcn_store_incident_put(s, &i, err)) < 0)
        return r;
    return tcn_lanes_hint(s, "test", "t0", now_ms, &is_known, err);
}

static int find_conflict(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                         struct tcn_err *err)
{
    struct tcn_conflict_row *rows = NULL;
    size_t n = 0;
    int r = tcn_store_conflict_list(s, w->link, a, &rows, &n, err);

    assert_int_equal(n, 1);
    assert_string_equal(rows[0].connector, "test");
    assert_string_equal(rows[0].field, "title");
    assert_string_equal(rows[0].base, "\"CPU high\"");
    assert_string_equal(rows[0].local, "\"CPU of db1 high\"");
    assert_string_equal(rows[0].remote, "\"theirs\"");
    assert_string_equal(rows[0].winner, "local");
    assert_true(rows[0].at_ms > 0 && rows[0].at_ms <= now_ms);
    assert_memory_equal(&rows[0].incident, &w->incident, sizeof w->incident);
    return r;
}

static bool is_retitled(const struct world *w)
{
    return strcmp(w->server.tickets[0].title, "CPU of db1 high") == 0 && is_linked_and_quiet(w);
}

/* Both values are kept, and it is counted. */
static void conflicts_are_kept(void **unused)
{
    struct world *w = &world;

    (void)unused;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    until(w, is_linked_and_quiet);
    snprintf(w->server.tickets[0].title, sizeof w->server.tickets[0].title, "theirs");
    in_store(w, retitle);
    tcn_lanes_wake(w->lanes);
    until(w, is_retitled);
    in_store(w, find_conflict);
    assert_non_null(strstr(seen_said, "test and this incident both changed title: ours was "
                                      "written. Lost is: theirs"));
    assert_int_equal(w->conflicts[TCN_WINNER_LOCAL], 1);
    assert_int_equal(w->conflicts[TCN_WINNER_REMOTE] + w->conflicts[TCN_WINNER_BOTH] +
                         w->conflicts[TCN_WINNER_NONE],
                     0);
}

/* Five minutes later the lane looks again. */
static void look_later(struct world *w, bool (*ok)(const struct world *))
{
    ahead_ms += 301000;
    seen.due_ms = 0;
    tcn_lanes_wake(w->lanes);
    until(w, ok);
}

static bool begins_anew(const struct world *w)
{
    (void)w;
    return seen.state == TCN_LINK_CREATING && !seen.is_in_flight;
}

static bool has_another(const struct world *w)
{
    return w->server.n == 2 && is_linked_and_quiet(w);
}

/* Under a mark of its own: a search for it does not find the one that is gone. */
static void a_deleted_ticket_is_made_anew(void **unused)
{
    struct world *w = &world;
    char mark[80];

    (void)unused;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    until(w, is_linked_and_quiet);
    w->server.tickets[0].is_deleted = true;
    in_store(w, acknowledge);
    tcn_lanes_wake(w->lanes);
    until(w, is_missed);
    look_later(w, is_missed);
    look_later(w, begins_anew);
    tcn_lanes_wake(w->lanes); /* their timers do not know that it is later */
    until(w, has_another);
    snprintf(mark, sizeof mark, "%.60s-2", w->server.tickets[0].marker);
    assert_string_equal(w->server.tickets[1].marker, mark);
    assert_string_equal(w->server.tickets[1].status, "2");
    assert_string_equal(w->server.tickets[1].notes, "first;");
    assert_int_equal(w->server.creates, 2);
    assert_int_equal(w->server.finds, 1);
    assert_string_equal(w->linked_url, "https://t.example/t1");
    assert_non_null(strstr(seen_said, "T-1 of test (id t0) does not exist any more: a new one"));
}

static int retry_link(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                      struct tcn_err *err)
{
    (void)a;
    return tcn_lanes_retry(s, w->link, now_ms, err);
}

static void refusals_become_dead_letters(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = REFUSE;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    until(w, has_letter);
    assert_non_null(strstr(seen_request, "POST http://127.0.0.1"));
    assert_non_null(strstr(seen_request, "CPU high"));
    assert_non_null(strstr(seen_said, "Not synced to test: the remote answered 422"));
    w->server.mood = WELL;
    in_store(w, retry_link);
    tcn_lanes_wake(w->lanes);
    until(w, is_linked_and_quiet);
    in_store(w, look);
    assert_int_equal(seen_letters, 0);
}

static void outages_are_waited_out(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = DOWN;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    until(w, has_failed);
    w->server.mood = WELL;
    until(w, is_linked_and_quiet); /* its own timer */
    assert_int_equal(w->server.n, 1);
}

/* Until the lane has noticed and rests. */
static void refuse_credentials(struct world *w, struct tcn_port_health *ret)
{
    w->server.mood = NO_AUTH;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    do {
        in_store(w, look);
        assert_true(tcn_lanes_health(w->lanes, "test", ret));
    } while (!ret->is_auth_failed || seen.is_in_flight);
}

static void refused_credentials_pause_the_instance(void **unused)
{
    struct world *w = &world;
    struct tcn_port_health h;
    unsigned creates;

    (void)unused;
    refuse_credentials(w, &h);
    creates = w->server.creates;
    w->server.mood = WELL;
    for (int i = 0; i < 20; i++) {
        tcn_lanes_wake(w->lanes);
        in_store(w, look);
    }
    assert_int_equal(w->server.creates, creates); /* not before a CHECK, ten seconds later */
    assert_non_null(strstr(h.last_failure, "401"));
    assert_false(tcn_lanes_health(w->lanes, "other", &h));
}

static size_t count_said(const char *text)
{
    size_t n = 0;

    for (const char *at = seen_said; (at = strstr(at, text)) != NULL; at += strlen(text))
        n++;
    return n;
}

static bool is_told(const struct world *w)
{
    (void)w;
    return count_said("Not synced to test yet") > 0;
}

/* The lane comes to no call while the credentials are refused; its incident hears of it all the same. */
static void a_wait_for_credentials_is_told_once(void **unused)
{
    struct world *w = &world;
    struct tcn_port_health h;

    (void)unused;
    refuse_credentials(w, &h);
    assert_false(is_told(w));
    ahead_ms = 120000;
    tcn_lanes_wake(w->lanes);
    until(w, is_told);
    assert_non_null(
        strstr(seen_said, "Not synced to test yet: its credentials are refused (create: "));
    ahead_ms = 240000;
    for (int i = 0; i < 20; i++) {
        tcn_lanes_wake(w->lanes);
        in_store(w, look);
    }
    assert_int_equal(count_said("Not synced to test yet"), 1);
    assert_int_equal(seen.state, TCN_LINK_CREATING);
    assert_false(seen.is_in_flight);
}

static bool is_idle_called;

static void on_idle(void *ctx)
{
    (void)ctx;
    assert_false(is_idle_called);
    is_idle_called = true;
}

static void retired_lanes_finish_what_they_began(void **unused)
{
    struct world *w = &world;

    (void)unused;
    is_idle_called = false;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    while (w->server.creates == 0)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    tcn_lanes_retire(w->lanes, on_idle, w);
    while (!is_idle_called)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    in_store(w, look);
    assert_int_equal(seen.state, TCN_LINK_LINKED);
    assert_false(seen.is_in_flight);
    tcn_lanes_wake(w->lanes); /* legal, does nothing */
}

/* Whoever serves the new configuration must hear when the retired lane's next try is due. */
static void retired_lanes_tell_what_is_due(void **unused)
{
    struct world *w = &world;

    (void)unused;
    is_idle_called = false;
    w->server.mood = SILENT;
    in_store(w, add_incident);
    tcn_lanes_wake(w->lanes);
    loop_run(&w->server.loop); /* the call is out; its answer never comes */
    w->changes = 0;
    tcn_lanes_retire(w->lanes, on_idle, w);
    while (!is_idle_called)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    in_store(w, look);
    assert_int_equal(seen.fail_count, 1);
    assert_true(seen.due_ms > 0);
    assert_true(w->changes > 0);
}

#define LONG_TIMELINE 1000

/* A ticket system that was away for long: each event has the alarm in it as it was received. */
static int add_long_incident(struct world *w, struct tcn_store *s, int64_t now_ms,
                             struct tcn_arena *a, struct tcn_err *err)
{
    char *raw = tcn_arena_alloc(a, 24001), *data;
    int r = add_incident(w, s, now_ms, a, err);

    memset(raw, 'x', 24000);
    data = tcn_arena_fmt(a, "{\"rawData\":\"%s\"}", raw);
    for (int64_t seq = 2; seq <= LONG_TIMELINE && r == 0; seq++) {
        struct tcn_event e = {.id = tcn_id_child(w->incident, "event", (uint64_t)seq),
                              .seq = seq,
                              .event_ms = now_ms,
                              .updated_ms = now_ms,
                              .type = TCN_EVENT_TOCSIN,
                              .data = data,
                              .text = "again",
                              .actor = "source:x",
                              .to_tickets = seq == LONG_TIMELINE};

        r = tcn_store_event_add(s, w->incident, &e, err);
    }
    return r;
}

static bool has_notes(const struct world *w)
{
    return strcmp(w->server.tickets[0].notes, "first;\n\nagain;") == 0 && is_linked_and_quiet(w);
}

static void a_long_timeline_fits(void **unused)
{
    struct world *w = &world;

    (void)unused;
    in_store(w, add_long_incident);
    tcn_lanes_wake(w->lanes);
    until(w, has_notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ticket_follows_its_incident),
        TEST(a_lost_answer_makes_no_second_ticket),
        TEST(duplicates_are_counted),
        TEST(conflicts_are_kept),
        TEST(a_crash_during_the_create),
        TEST(a_deleted_ticket_is_made_anew),
        TEST(refusals_become_dead_letters),
        TEST(outages_are_waited_out),
        TEST(refused_credentials_pause_the_instance),
        TEST(a_wait_for_credentials_is_told_once),
        TEST(retired_lanes_finish_what_they_began),
        TEST(retired_lanes_tell_what_is_due),
        TEST(a_long_timeline_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
