/* The budget of a person: what goes at once, what waits, and what goes together. */
#include "lanes_world.h"

#define MINUTE INT64_C(60000)

static int first_no, send_count;

static int add_sends(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                     struct tcn_err *err)
{
    int r = tcn_id_is_zero(w->incident) ? add_incident(w, s, now_ms, a, err) : 0;

    for (int i = first_no; i < first_no + send_count && r == 0; i++) {
        struct tcn_send_row row = {.id = tcn_id_child(w->incident, "send", (uint64_t)i),
                                   .page = tcn_id_child(w->incident, "page", (uint64_t)i),
                                   .incident = w->incident,
                                   .send_no = i,
                                   .due_ms = now_ms,
                                   .contact = "ann",
                                   .channel = "mail",
                                   .channel_type = TCN_EMAIL,
                                   .state = TCN_SEND_PENDING};

        r = tcn_store_send_add(s, &row, err);
    }
    return r;
}

static void add_some(struct world *w, int first, int n)
{
    first_no = first;
    send_count = n;
    in_store(w, add_sends);
    tcn_sends_wake(w->sends);
}

static void begin(struct world *w, int64_t pages)
{
    ann_has.bucket = (struct tcn_page_budget){pages, MINUTE};
    tcn_lanes_retire(w->lanes, NULL, NULL);
}

static void until_sent(struct world *w, unsigned n)
{
    while (w->results_ok < n)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    assert_int_equal(w->results_ok, n);
}

static struct tcn_send_row first_row; /* that is pending; its texts are gone */
static char first_note[128];
static size_t n_rows, n_waiting;

static int look_at_rows(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                        struct tcn_err *err)
{
    struct tcn_send_row *rows = NULL;
    int r = tcn_store_send_list(s, w->incident, 500, a, &rows, &n_rows, err);

    (void)now_ms;
    n_waiting = 0;
    for (size_t i = n_rows; i > 0; i--) {
        if (rows[i - 1].state != TCN_SEND_PENDING)
            continue;
        n_waiting += rows[i - 1].held_ms > 0;
        first_row = rows[i - 1];
        snprintf(first_note, sizeof first_note, "%s", first_row.note ? first_row.note : "");
    }
    return r;
}

static void until_waiting(struct world *w, size_t n)
{
    do
        in_store(w, look_at_rows);
    while (n_waiting < n);
    assert_int_equal(n_waiting, n);
}

static void later(struct world *w, int64_t ms)
{
    ahead_ms += ms;
    tcn_sends_wake(w->sends);
}

/* Twenty at once, three pages a minute. */
static void what_is_too_much_goes_as_one(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 3);
    add_some(w, 0, 20);
    until_sent(w, 3);
    until_waiting(w, 17);
    assert_int_equal(w->server.sends, 3);
    assert_string_equal(first_note, "waits for ann's budget of 3 pages in 1 min");
    assert_int_equal(first_row.attempt, 0);
    assert_true(first_row.due_ms > now(NULL) && first_row.due_ms <= now(NULL) + 20500);
    assert_int_equal(w->results_late, 0); /* nobody was told anything */
    later(w, 20000);
    until_sent(w, 20);
    assert_int_equal(w->server.sends, 4);
    assert_int_equal(digests, 1);
    assert_int_equal(digest_sizes[0], 17);
    assert_int_equal(w->held, 17);
    assert_string_equal(w->result_note,
                        "held back by ann's budget of 3 pages in 1 min, sent with 16 others");
    in_store(w, look_at_rows);
    assert_int_equal(n_rows, 0);
}

/* One that waited alone is its own page. */
static void one_that_waited_goes_alone(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 1);
    add_some(w, 0, 2);
    until_sent(w, 1);
    until_waiting(w, 1);
    later(w, MINUTE);
    until_sent(w, 2);
    assert_int_equal(digests, 0);
    assert_string_equal(w->result_note, "held back by ann's budget of 1 page in 1 min, sent alone");
}

/* It takes a token where there is one; there is none for it here. */
static void what_is_urgent_waits_for_nothing(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 1);
    add_some(w, 0, 2);
    until_waiting(w, 1);
    add_some(w, 99, 1);
    until_sent(w, 2);
    assert_int_equal(w->held, 0);
    until_waiting(w, 1);
}

static void what_is_urgent_takes_a_token(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 1);
    add_some(w, 99, 1);
    until_sent(w, 1);
    add_some(w, 0, 1);
    until_waiting(w, 1);
    assert_int_equal(w->server.sends, 1);
}

/* Without a message "digest" each waits for a token of its own, and who waits longest goes first. */
static void without_digest_they_go_one_by_one(void **unused)
{
    struct world *w = &world;

    (void)unused;
    ann_has.can_bundle = false;
    begin(w, 2);
    add_some(w, 0, 6);
    until_sent(w, 2);
    until_waiting(w, 4);
    for (unsigned i = 3; i <= 6; i++) {
        later(w, 30000);
        until_sent(w, i);
        until_waiting(w, 6 - i);
    }
    assert_int_equal(w->server.sends, 6);
    assert_int_equal(digests, 0);
}

/* The application may make none, though its mapping could. */
static void a_digest_that_cannot_be_written(void **unused)
{
    struct world *w = &world;

    (void)unused;
    no_digest = 1;
    begin(w, 2);
    add_some(w, 0, 4);
    until_sent(w, 2);
    until_waiting(w, 2);
    later(w, 30000);
    until_sent(w, 3);
    until_waiting(w, 1);
    later(w, 30000);
    until_sent(w, 4);
}

/* What did not leave gives its token back: it is tried on as it would be without a budget. */
static void what_does_not_leave_costs_nothing(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = BUSY;
    begin(w, 1);
    add_some(w, 0, 1);
    while (w->results_late < 2)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    w->server.mood = WELL;
    until_sent(w, 1);
    assert_int_equal(w->held, 0);
    add_some(w, 1, 1);
    until_waiting(w, 1);
}

/* Its rows stay together. */
static void a_digest_is_tried_again(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 1);
    add_some(w, 0, 5);
    until_sent(w, 1);
    until_waiting(w, 4);
    w->server.mood = BUSY;
    later(w, MINUTE);
    while (w->results_late < 4)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    w->server.mood = WELL;
    until_sent(w, 5);
    assert_int_equal(w->server.sends, 2);
    assert_int_equal(digests, 2);
    assert_int_equal(digest_sizes[1], 4);
}

static void a_refused_digest_fails_whole(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 1);
    add_some(w, 0, 4);
    until_sent(w, 1);
    until_waiting(w, 3);
    w->server.mood = REFUSE;
    later(w, MINUTE);
    while (w->results_failed < 3)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    in_store(w, look);
    assert_int_equal(seen_letters, 3);
}

/* The process dies with a digest on its way: the next one sends it at once, whole, with the token that was taken. */
static void a_digest_in_flight_when_the_process_dies(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 1);
    add_some(w, 0, 4);
    until_sent(w, 1);
    until_waiting(w, 3);
    w->server.mood = SILENT;
    later(w, MINUTE);
    loop_run(&w->server.loop); /* it is out; its answer never comes */
    assert_int_equal(digests, 1);
    stop(w);
    w->server.mood = WELL;
    start_store(w);
    start_lanes(w);
    tcn_lanes_retire(w->lanes, NULL, NULL);
    until_sent(w, 4);
    assert_int_equal(digests, 2);
    assert_int_equal(digest_sizes[1], 3);
    assert_int_equal(w->server.sends, 2);
}

/* One at a time, though there is a token again. */
static void no_second_digest_beside_one(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 1);
    add_some(w, 0, 4);
    until_sent(w, 1);
    until_waiting(w, 3);
    w->server.mood = SILENT;
    later(w, MINUTE);
    loop_run(&w->server.loop);
    add_some(w, 10, 1);
    until_waiting(w, 1);
    later(w, MINUTE);
    in_store(w, look_at_rows);
    tcn_sends_wake(w->sends);
    while (first_row.due_ms <= now(NULL) || n_waiting != 1) {
        in_store(w, look_at_rows);
        event_base_loop(w->server.loop.base, EVLOOP_NONBLOCK);
    }
    assert_int_equal(digests, 1);
    assert_int_equal(w->results_ok, 1);
}

/* More than one digest tells of go with the next. */
static void more_than_a_digest_holds(void **unused)
{
    struct world *w = &world;

    (void)unused;
    begin(w, 1);
    add_some(w, 1000, TCN_DIGEST_MAX + 51);
    until_waiting(w, TCN_DIGEST_MAX + 50);
    later(w, MINUTE);
    while (w->results_ok < 2)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    in_store(w, look_at_rows); /* after the job that tells all of them */
    assert_int_equal(w->server.sends, 2);
    assert_int_equal(w->results_ok, 1 + digest_sizes[0]);
    until_waiting(w, TCN_DIGEST_MAX + 50 - digest_sizes[0]);
    later(w, MINUTE);
    until_sent(w, TCN_DIGEST_MAX + 51);
    assert_int_equal(w->server.sends, 3);
    assert_true(digest_sizes[0] <= TCN_DIGEST_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_too_much_goes_as_one),      TEST(one_that_waited_goes_alone),
        TEST(what_is_urgent_waits_for_nothing),  TEST(what_is_urgent_takes_a_token),
        TEST(without_digest_they_go_one_by_one), TEST(a_digest_that_cannot_be_written),
        TEST(what_does_not_leave_costs_nothing), TEST(a_digest_is_tried_again),
        TEST(a_refused_digest_fails_whole),      TEST(a_digest_in_flight_when_the_process_dies),
        TEST(no_second_digest_beside_one),       TEST(more_than_a_digest_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
