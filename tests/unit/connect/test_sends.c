/* Sends: pages from rows to messages, and what is told when they fail. */
#include "../stderr_lines.h"
#include "lanes_world.h"

static const char *send_contact;
static int send_type, send_count, send_attempts;

static int add_sends(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                     struct tcn_err *err)
{
    int r = add_incident(w, s, now_ms, a, err);

    w->link = (struct tcn_id){{0}};
    for (int i = 0; i < send_count && r == 0; i++) {
        struct tcn_send_row row = {.id = tcn_id_child(w->incident, "send", (uint64_t)i),
                                   .page = tcn_id_child(w->incident, "page", 0),
                                   .incident = w->incident,
                                   .send_no = i + 1,
                                   .due_ms = now_ms,
                                   .attempt = send_attempts,
                                   .contact = send_contact,
                                   .channel = "mail",
                                   .channel_type = send_type,
                                   .state = TCN_SEND_PENDING};

        r = tcn_store_send_add(s, &row, err);
    }
    return r;
}

static void send_all(struct world *w, const char *contact, int type, int n)
{
    send_contact = contact;
    send_type = type;
    send_count = n;
    tcn_lanes_retire(w->lanes, NULL, NULL); /* pages only */
    in_store(w, add_sends);
    tcn_sends_wake(w->sends);
    while (w->results_ok + w->results_failed < (unsigned)n)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
}

static void pages_are_sent(void **unused)
{
    struct world *w = &world;

    (void)unused;
    send_all(w, "alice", TCN_EMAIL, 100);
    assert_int_equal(w->results_ok, 100);
    assert_int_equal(w->server.sends, 100); /* none twice */
    assert_int_equal(w->unreached, 0);
}

static void pages_without_channel_or_address_fail(void **unused)
{
    struct world *w = &world;

    (void)unused;
    send_all(w, "alice", TCN_SMS, 1);
    assert_int_equal(w->results_failed, 1);
    assert_string_equal(w->result_note, "no connector is configured for SMS");
}

static void unwritable_pages_fail(void **unused)
{
    struct world *w = &world;

    (void)unused;
    send_all(w, "nobody", TCN_EMAIL, 1);
    assert_string_equal(w->result_note, "the contact has no address");
    in_store(w, look);
    assert_int_equal(seen_letters, 1);
}

static void refused_pages_fail_at_once(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = REFUSE;
    send_all(w, "alice", TCN_EMAIL, 1);
    assert_int_equal(w->results_failed, 1);
    assert_non_null(strstr(w->result_note, "422"));
    while (w->unreached == 0) /* told once it is durable */
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    assert_int_equal(w->unreached, 1);
}

/* What may have arrived is repeated once, however much the application wants it tried on, and leaves a dead letter. */
static void pages_in_doubt_are_tried_twice(void **unused)
{
    struct world *w = &world;
    struct tcn_port_health h;

    (void)unused;
    w->server.mood = DOWN;
    w->tries_more = 1000;
    send_all(w, "alice", TCN_EMAIL, 1);
    assert_int_equal(w->results_failed, 1);
    assert_int_equal(w->result_news, TCN_SEND_DOUBTED);
    assert_int_equal(w->unreached, 0);
    assert_true(tcn_sends_health(w->sends, "test", &h));
    assert_int_equal(h.calls, 2);
    assert_int_equal(w->results_late, 1);
    in_store(w, look);
    assert_int_equal(seen_letters, 1);
}

/* What surely did not leave is tried on for a minute, here for its last two tries. */
static void pages_not_taken_are_tried_for_a_minute(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = BUSY;
    send_attempts = TCN_SEND_TRIES - 2;
    send_all(w, "alice", TCN_EMAIL, 1);
    send_attempts = 0;
    assert_int_equal(w->results_failed, 1);
    assert_int_equal(w->results_late, 1);
    assert_non_null(strstr(w->result_note, "429"));
}

/* What the application asks for again is the same row: single tries, and no dead letter meanwhile. */
static void pages_are_tried_on(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = BUSY;
    w->tries_more = 2;
    send_attempts = TCN_SEND_TRIES - 1;
    send_all(w, "alice", TCN_EMAIL, 1);
    send_attempts = 0;
    assert_int_equal(w->results_again, 2);
    assert_int_equal(w->results_failed, 1);
    assert_int_equal(w->results_late, 0);
    assert_int_equal(w->server.sends, 0);
    assert_int_equal(w->result_news, TCN_SEND_UNSENT);
    assert_int_equal(w->result_attempt, TCN_SEND_TRIES + 2);
    in_store(w, look);
    assert_int_equal(seen_letters, 1);
}

/* Credentials may be put right: that is no failure for good, and each later try is one. */
static void pages_are_tried_on_with_other_credentials(void **unused)
{
    struct world *w = &world;

    (void)unused;
    w->server.mood = NO_AUTH;
    w->tries_more = 1000;
    send_contact = "alice";
    send_type = TCN_EMAIL;
    send_count = 1;
    tcn_lanes_retire(w->lanes, NULL, NULL);
    in_store(w, add_sends);
    tcn_sends_wake(w->sends);
    while (w->results_again < 3)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    assert_int_equal(w->results_late, 0);
    assert_true(w->result_attempt > TCN_SEND_TRIES);
    w->server.mood = WELL;
    while (w->results_ok == 0)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    assert_int_equal(w->server.sends, 1);
    in_store(w, look);
    assert_int_equal(seen_letters, 0);
}

static struct stderr_lines lines;

/* What the log and the health say of refused credentials is over with the next page that gets through. */
static void refused_credentials_hold_no_page(void **unused)
{
    struct world *w = &world;
    struct tcn_port_health h;

    (void)unused;
    w->server.mood = NO_AUTH;
    w->tries_more = 1;
    stderr_begin(&lines);
    send_all(w, "alice", TCN_EMAIL, 1);
    stderr_end(&lines);
    assert_int_equal(w->results_again, 1);
    assert_non_null(strstr(lines.text, "credentials refused: pages are tried all the same"));
    assert_null(strstr(lines.text, "calls stop"));
    assert_true(tcn_sends_health(w->sends, "test", &h));
    assert_true(h.is_auth_failed);
    w->server.mood = WELL;
    w->results_failed = 0;
    stderr_begin(&lines);
    send_all(w, "alice", TCN_EMAIL, 1);
    stderr_end(&lines);
    assert_int_equal(w->results_ok, 1);
    assert_non_null(strstr(lines.text, "credentials accepted again"));
    assert_true(tcn_sends_health(w->sends, "test", &h));
    assert_false(h.is_auth_failed);
}

static bool acts;

static bool may_act(void *ctx)
{
    (void)ctx;
    return acts;
}

/* A process whose database is away sends nothing: that is no verdict on the channel, and no try of those that are few. */
static void pages_that_this_process_may_not_send(void **unused)
{
    struct world *w = &world;

    (void)unused;
    acts = false;
    tcn_pump_guard(w->server.loop.pump, may_act, NULL);
    send_contact = "alice";
    send_type = TCN_EMAIL;
    send_count = 1;
    send_attempts = TCN_SEND_TRIES - 1; /* the last of them */
    tcn_lanes_retire(w->lanes, NULL, NULL);
    in_store(w, add_sends);
    send_attempts = 0;
    tcn_sends_wake(w->sends);
    while (w->results_late < 2)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    assert_int_equal(w->result_attempt, TCN_SEND_TRIES);
    acts = true;
    while (w->results_ok == 0)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    assert_int_equal(w->result_attempt, TCN_SEND_TRIES);
    assert_int_equal(w->results_failed, 0);
    assert_int_equal(w->server.sends, 1);
}

static size_t n_pending;

static int claim_pending(struct world *w, struct tcn_store *s, int64_t now_ms, struct tcn_arena *a,
                         struct tcn_err *err)
{
    struct tcn_send_row *rows = NULL;

    (void)w;
    return tcn_store_send_claim(s, now_ms, 100, a, &rows, &n_pending, err);
}

/* What waits for a place must still hear of an acknowledgement: it stays in the store, not in this process. */
static void pages_that_cannot_leave_are_not_claimed(void **unused)
{
    struct world *w = &world;
    size_t places = (size_t)w->rig.instance->limits.concurrency;

    (void)unused;
    w->server.mood = SILENT;
    send_contact = "alice";
    send_type = TCN_EMAIL;
    send_count = 30;
    tcn_lanes_retire(w->lanes, NULL, NULL);
    in_store(w, add_sends);
    tcn_sends_wake(w->sends);
    loop_run(&w->server.loop); /* until the server has a request */
    in_store(w, claim_pending);
    assert_int_equal(n_pending, 30 - places);
}

static void on_idle(void *ctx)
{
    *(bool *)ctx = true;
}

/* A page that must be tried again is for whoever serves the new configuration, within a second. */
static void retired_sends_tell_what_is_due(void **unused)
{
    struct world *w = &world;
    bool is_idle = false;

    (void)unused;
    w->server.mood = SILENT;
    send_contact = "alice";
    send_type = TCN_EMAIL;
    send_count = 1;
    tcn_lanes_retire(w->lanes, NULL, NULL);
    in_store(w, add_sends);
    tcn_sends_wake(w->sends);
    loop_run(&w->server.loop); /* the page is out; its answer never comes */
    tcn_sends_retire(w->sends, on_idle, &is_idle);
    w->changes = 0;
    while (!is_idle)
        event_base_loop(w->server.loop.base, EVLOOP_ONCE);
    assert_true(w->changes > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_are_sent),
        TEST(pages_without_channel_or_address_fail),
        TEST(unwritable_pages_fail),
        TEST(refused_pages_fail_at_once),
        TEST(pages_in_doubt_are_tried_twice),
        TEST(pages_not_taken_are_tried_for_a_minute),
        TEST(pages_are_tried_on),
        TEST(pages_are_tried_on_with_other_credentials),
        TEST(refused_credentials_hold_no_page),
        TEST(pages_that_this_process_may_not_send),
        TEST(pages_that_cannot_leave_are_not_claimed),
        TEST(retired_sends_tell_what_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
