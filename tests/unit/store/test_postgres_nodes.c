/* Several nodes on one database: what one has in hand is its own as long as it lives, and not a moment longer. */
#include "rows.h"

#include "store/ahead.h"
#include "store/internal.h"
#include "store/nodes.h"
#include "sys/clock.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define EXIT_NOT_OURS 70
/* Between the last moment at which a node acts and the first at which another may: what a statement may take to the server, less
 * what is lost by counting in milliseconds and by looks. */
#define LEASE_APART_US INT64_C(990000)
#define PATIENCE_US (30 * INT64_C(1000000))

/* The fixture's store is node "a", the other "b". */
struct nodes {
    struct fixture f;
    struct tcn_store *b;
    pid_t child; /* that stands still; 0 = none */
};

static struct tcn_store *open_node(struct fixture *f, const char *node)
{
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = node};
    struct tcn_store *s = NULL;

    OK(f, tcn_store_open(&o, NOW, &s, &f->err));
    return s;
}

static int setup_nodes(void **state)
{
    struct nodes *n = calloc(1, sizeof *n);

    if (!pg_server())
        return -1;
    tcn_arena_init(&n->f.a, (size_t)64 << 20);
    pg_schema(n->f.schema, n->f.url, sizeof n->f.url);
    n->f.s = open_node(&n->f, "a");
    n->b = open_node(&n->f, "b");
    *state = n;
    return 0;
}

static int teardown_nodes(void **state)
{
    struct nodes *n = *state;

    if (n->child > 0 && kill(n->child, SIGKILL) == 0) /* it has locks, and never lets them go */
        waitpid(n->child, NULL, 0);
    tcn_store_close(n->f.s);
    tcn_store_close(n->b);
    tcn_arena_done(&n->f.a);
    free(n);
    return 0;
}

static void add_sends(struct fixture *f, unsigned n)
{
    OK(f, tcn_store_begin(f->s, &f->err));
    for (unsigned i = 1; i <= n; i++) {
        struct tcn_send_row row = {
            .id = id_of(i), .page = id_of(100), .incident = id_of(200), .send_no = 1, .due_ms = i};

        OK(f, tcn_store_send_add(f->s, &row, &f->err));
    }
    OK(f, tcn_store_commit(f->s, &f->err));
}

static size_t claim(struct nodes *n, struct tcn_store *s, size_t limit)
{
    struct tcn_send_row *rows = NULL;
    size_t got = 0;

    OK(&n->f, tcn_store_send_claim(s, 1000, limit, &n->f.a, &rows, &got, &n->f.err));
    return got;
}

static size_t claim_and_commit(struct nodes *n, struct tcn_store *s)
{
    size_t got;

    OK(&n->f, tcn_store_begin(s, &n->f.err));
    got = claim(n, s, 9);
    OK(&n->f, tcn_store_commit(s, &n->f.err));
    return got;
}

static void beat_until_one_is_gone(struct nodes *n, struct tcn_store *s)
{
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_US;
    size_t gone = 0;

    while (gone == 0) {
        assert_true(tcn_clock_mono_us() < until_us);
        OK(&n->f, tcn_store_beat(s, &gone, &n->f.err));
        usleep(20000);
    }
    assert_int_equal(gone, 1);
}

/* -- claims ------------------------------------------------------------------------------------------------- */

static void nobody_claims_what_another_has(void **state)
{
    struct nodes *n = *state;

    add_sends(&n->f, 5);
    OK(&n->f, tcn_store_begin(n->f.s, &n->f.err));
    assert_int_equal(claim(n, n->f.s, 2), 2);
    OK(&n->f, tcn_store_begin(n->b, &n->f.err));
    assert_int_equal(claim(n, n->b, 9), 3); /* and does not wait for the two */
    OK(&n->f, tcn_store_commit(n->b, &n->f.err));
    OK(&n->f, tcn_store_commit(n->f.s, &n->f.err));
    assert_int_equal(claim_and_commit(n, n->f.s), 0);
    assert_int_equal(claim_and_commit(n, n->b), 0);
}

static void work_of_a_dead_node_is_taken_over(void **state)
{
    struct nodes *n = *state;

    add_sends(&n->f, 3);
    assert_int_equal(claim_and_commit(n, n->f.s), 3);
    assert_int_equal(claim_and_commit(n, n->b), 0);
    beat_until_one_is_gone(n, n->b); /* a, which has ceased to beat */
    assert_int_equal(claim_and_commit(n, n->b), 3);
}

static struct tcn_peer peer_of(struct nodes *n, const char *name)
{
    struct tcn_peer *peers = NULL;
    size_t n_peers = 0;

    OK(&n->f, tcn_store_begin(n->b, &n->f.err));
    OK(&n->f, tcn_store_peer_list(n->b, &n->f.a, &peers, &n_peers, &n->f.err));
    OK(&n->f, tcn_store_peer_work(n->b, peers, n_peers, &n->f.err));
    OK(&n->f, tcn_store_commit(n->b, &n->f.err));
    for (size_t i = 0; i < n_peers; i++)
        if (strcmp(peers[i].name, name) == 0)
            return peers[i];
    fail_msg("there is no %s", name);
    return (struct tcn_peer){0};
}

static void every_node_is_listed(void **state)
{
    struct nodes *n = *state;
    struct tcn_store *again;
    int64_t losses = -1;
    struct tcn_peer a;

    add_sends(&n->f, 3);
    assert_int_equal(claim_and_commit(n, n->f.s), 3);
    a = peer_of(n, "a");
    assert_int_equal(a.state, TCN_PEER_ALIVE);
    assert_int_equal(a.n_sends, 3);
    assert_true(a.seen_ms > 0 && !a.is_self && peer_of(n, "b").is_self);
    beat_until_one_is_gone(n, n->b);
    a = peer_of(n, "a");
    assert_int_equal(a.state, TCN_PEER_TAKEN_OVER);
    assert_string_equal(a.ended_by, "b");
    assert_true(a.ended_ms >= a.seen_ms + TCN_LEASE_MS);
    again = open_node(&n->f, "a");
    OK(&n->f, tcn_store_begin(again, &n->f.err));
    OK(&n->f, tcn_store_peer_losses(again, &losses, &n->f.err));
    OK(&n->f, tcn_store_commit(again, &n->f.err));
    assert_int_equal(losses, 1);
    assert_int_equal(peer_of(n, "a").state, TCN_PEER_ALIVE);
    tcn_store_close(again);
}

static void work_of_a_node_that_stopped_is_due_at_once(void **state)
{
    struct nodes *n = *state;

    add_sends(&n->f, 2);
    assert_int_equal(claim_and_commit(n, n->f.s), 2);
    assert_int_equal(claim_and_commit(n, n->b), 0);
    OK(&n->f, tcn_store_leave(n->f.s, &n->f.err));
    assert_int_equal(claim_and_commit(n, n->b), 2);
    assert_int_equal(peer_of(n, "a").state, TCN_PEER_STOPPED);
}

static void beat_both(struct nodes *n)
{
    size_t gone = 0;

    OK(&n->f, tcn_store_beat(n->f.s, &gone, &n->f.err));
    assert_int_equal(gone, 0);
    OK(&n->f, tcn_store_beat(n->b, &gone, &n->f.err));
    assert_int_equal(gone, 0);
    assert_true(tcn_store_lease_until_us(n->b) > tcn_clock_boot_us());
}

/* When b began the beat that was the end of a, which has ceased to. */
static int64_t end_us(struct nodes *n)
{
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_US, begun_us = 0;
    size_t gone = 0;

    while (gone == 0) {
        assert_true(tcn_clock_mono_us() < until_us);
        begun_us = tcn_clock_boot_us();
        OK(&n->f, tcn_store_beat(n->b, &gone, &n->f.err));
        usleep(5000);
    }
    return begun_us;
}

/* a has ceased to beat. By its own clock it has stopped to act well before b, by its own, may take its work; and that is soon. */
static void a_lease_ends_for_its_holder_first(struct nodes *n)
{
    int64_t believed_us = tcn_store_lease_until_us(n->f.s), ended_us;

    assert_true(believed_us > tcn_clock_boot_us());
    ended_us = end_us(n);
    assert_true(ended_us - believed_us >= LEASE_APART_US);
    assert_true(ended_us - believed_us < TCN_LEASE_MS * INT64_C(1000));
    assert_int_equal(tcn_store_lease_until_us(n->f.s), believed_us);
}

static void who_beats_lives(void **state)
{
    struct nodes *n = *state;
    int64_t until_us = tcn_clock_mono_us() + (3 * TCN_LEASE_MS) * INT64_C(1000);

    while (tcn_clock_mono_us() < until_us) {
        beat_both(n);
        usleep(TCN_LEASE_MS * 1000 / 4);
    }
    beat_both(n);
    a_lease_ends_for_its_holder_first(n);
}

static void a_start_under_the_same_name_takes_over_at_once(void **state)
{
    struct nodes *n = *state;
    struct tcn_store *again;

    add_sends(&n->f, 2);
    assert_int_equal(claim_and_commit(n, n->f.s), 2);
    again = open_node(&n->f, "a");
    assert_int_equal(claim_and_commit(n, again), 2);
    assert_int_equal(claim_and_commit(n, n->b), 0); /* b is not touched by it */
    tcn_store_close(again);
}

/* -- who is dead can do nothing more ------------------------------------------------------------------------ */

static int status_of(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Stands still with a transaction half done, and then goes on as if nothing were. */
static void stand_still(struct fixture *f)
{
    struct tcn_store *s = open_node(f, "c");
    bool is_committed;

    OK(f, tcn_store_begin(s, &f->err));
    OK(f, tcn_store_meta_put(s, "written", "by the dead", &f->err));
    OK(f, tcn_store_meta_get(s, "other", &f->a, &(const char *){NULL}, &f->err));
    raise(SIGSTOP);
    if (tcn_store_commit(s, &f->err) == 0)
        _exit(1);
    while (tcn_store_recover(s, 50, &is_committed, &f->err) < 0)
        ;
    _exit(2);
}

static void who_stands_still_is_dead(void **state)
{
    struct nodes *n = *state;
    const char *value = NULL;
    int status;

    if ((n->child = fork()) == 0)
        stand_still(&n->f);
    assert_int_equal(waitpid(n->child, &status, WUNTRACED), n->child);
    assert_true(WIFSTOPPED(status));
    for (int64_t until_us = tcn_clock_mono_us() + PATIENCE_US;;) {
        size_t gone = 0, ignored;

        OK(&n->f, tcn_store_beat(n->f.s, &ignored, &n->f.err));
        OK(&n->f, tcn_store_beat(n->b, &gone, &n->f.err));
        if (gone + ignored > 0)
            break;
        assert_true(tcn_clock_mono_us() < until_us);
        usleep(20000);
    }
    kill(n->child, SIGCONT);
    assert_int_equal(status_of(n->child), EXIT_NOT_OURS);
    n->child = 0;
    OK(&n->f, tcn_store_begin(n->b, &n->f.err));
    OK(&n->f, tcn_store_meta_get(n->b, "written", &n->f.a, &value, &n->f.err));
    OK(&n->f, tcn_store_commit(n->b, &n->f.err));
    assert_null(value);
}

/* -- locks -------------------------------------------------------------------------------------------------- */

static void locks(void **state)
{
    struct nodes *n = *state;
    struct fixture *f = &n->f;
    const char *value = NULL;
    bool is_ours;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_lock_incident(f->s, id_of(1), &f->err));
    OK(f, tcn_store_lock_incident(f->s, id_of(1), &f->err)); /* again */
    OK(f, tcn_store_lock_name(f->s, "lane", "k", &f->err));
    OK(f, tcn_store_meta_get(f->s, "any", &f->a, &value, &f->err)); /* they are there before this */
    OK(f, tcn_store_begin(n->b, &f->err));
    OK(f, tcn_store_try_incident(n->b, id_of(1), &is_ours, &f->err));
    assert_false(is_ours);
    OK(f, tcn_store_try_incident(n->b, id_of(2), &is_ours, &f->err));
    assert_true(is_ours);
    OK(f, tcn_store_try_name(n->b, "lane", "k", &is_ours, &f->err));
    assert_false(is_ours);
    OK(f, tcn_store_try_name(n->b, "open", "k", &is_ours, &f->err));
    assert_true(is_ours);
    OK(f, tcn_store_lock_name(n->b, "open", "k", &f->err));
    OK(f, tcn_store_commit(n->b, &f->err));
    OK(f, tcn_store_begin_many(n->b, &f->err));
    if (tcn_store_lock_name(n->b, "lane", "k", &f->err) == 0)
        assert_int_equal(tcn_store_commit(n->b, &f->err), TCN_ECONFLICT);
    else
        tcn_store_rollback(n->b);
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin_many(n->b, &f->err));
    OK(f, tcn_store_lock_name(n->b, "lane", "k", &f->err));
    OK(f, tcn_store_commit(n->b, &f->err));
}

static int look_ahead(struct fixture *f, struct tcn_store *s)
{
    OK(f, tcn_store_begin_many(s, &f->err));
    tcn_store_expect_alarm(s, "other", "other");
    tcn_store_expect_alarm(s, "k", "open");
    return tcn_store_look_ahead(s, &f->err);
}

/* What is known not to be there cannot be made by another node meanwhile. */
static void what_is_looked_for_ahead_is_locked(void **state)
{
    struct nodes *n = *state;
    struct fixture *f = &n->f;
    bool is_ours;

    OK(f, look_ahead(f, f->s));
    OK(f, tcn_store_begin(n->b, &f->err));
    OK(f, tcn_store_try_name(n->b, "lane", "k", &is_ours, &f->err));
    assert_false(is_ours);
    OK(f, tcn_store_try_name(n->b, "open", "other", &is_ours, &f->err));
    assert_false(is_ours);
    tcn_store_rollback(n->b);
    assert_int_equal(look_ahead(f, n->b), TCN_ECONFLICT);
    tcn_store_rollback(n->b);
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, look_ahead(f, n->b));
    assert_true(tcn_store_is_new_alarm(n->b, "k", "open"));
    tcn_store_rollback(n->b);
}

static void *add_one(void *arg)
{
    struct nodes *n = arg;
    const char *value = NULL;
    struct tcn_err err;
    struct tcn_arena a;
    char text[16];

    tcn_arena_init(&a, 1 << 20);
    if (tcn_store_begin(n->b, &err) < 0 || tcn_store_lock_name(n->b, "test", "sum", &err) < 0 ||
        tcn_store_meta_get(n->b, "sum", &a, &value, &err) < 0)
        abort();
    snprintf(text, sizeof text, "%d", atoi(value ? value : "0") + 1);
    if (tcn_store_meta_put(n->b, "sum", text, &err) < 0 || tcn_store_commit(n->b, &err) < 0)
        abort();
    tcn_arena_done(&a);
    return NULL;
}

static void wait_for_a_waiter(struct fixture *f)
{
    static const char sql[] = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                              " AND NOT granted";
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_US;
    bool is_there = false;

    while (!is_there) {
        char *n = pg_raw(f->url, sql);

        assert_true(tcn_clock_mono_us() < until_us);
        is_there = strcmp(n, "1") == 0;
        free(n);
    }
}

/* What is read after a lock that was waited for is what the one before left. */
static void a_lock_is_waited_for(void **state)
{
    struct nodes *n = *state;
    struct fixture *f = &n->f;
    const char *value = NULL;
    pthread_t thread;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_lock_name(f->s, "test", "sum", &f->err));
    OK(f, tcn_store_meta_put(f->s, "sum", "41", &f->err));
    OK(f, tcn_store_meta_get(f->s, "sum", &f->a, &value, &f->err));
    assert_int_equal(pthread_create(&thread, NULL, add_one, n), 0);
    wait_for_a_waiter(f);
    OK(f, tcn_store_commit(f->s, &f->err));
    pthread_join(thread, NULL);
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_meta_get(f->s, "sum", &f->a, &value, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    assert_string_equal(value, "42");
}

/* -- storms ------------------------------------------------------------------------------------------------- */

static void storm(struct nodes *n, struct tcn_store *s, const struct tcn_storm *put,
                  struct tcn_storm *ret)
{
    OK(&n->f, tcn_store_begin(s, &n->f.err));
    if (put)
        OK(&n->f, tcn_store_storm_put(s, "prom", put, &n->f.err));
    OK(&n->f, tcn_store_storm_get(s, "prom", ret, &n->f.err));
    OK(&n->f, tcn_store_commit(s, &n->f.err));
}

static void every_node_has_a_bucket_and_knows_the_storm(void **state)
{
    struct nodes *n = *state;
    struct tcn_storm a = {.tokens = 3, .at_ms = 10, .incident = id_of(7), .attached = 4}, got;

    storm(n, n->f.s, &a, &got);
    assert_true(got.tokens > 2.9 && got.attached == 4);
    storm(n, n->b, NULL, &got);
    assert_int_equal(got.at_ms, 0);
    assert_true(tcn_id_eq(got.incident, id_of(7)));
    storm(n, n->b, &(struct tcn_storm){.tokens = 9, .at_ms = 11}, &got);
    assert_true(got.tokens > 8.9 && tcn_id_eq(got.incident, id_of(7)));
    storm(n, n->f.s, NULL, &got);
    assert_true(got.tokens < 3.1);
}

/* -- a schema that goes on ----------------------------------------------------------------------------------- */

static void a_schema_that_excludes_this_program(void **state)
{
    struct nodes *n = *state;
    char sql[160];
    size_t ended;
    int status;
    pid_t pid;

    OK(&n->f, tcn_store_beat(n->b, &ended, &n->f.err));
    snprintf(sql, sizeof sql, "INSERT INTO %s.schema_version VALUES (9999, 9999, 0)", n->f.schema);
    pg_run(sql);
    OK(&n->f, tcn_store_beat(n->b, &ended, &n->f.err)); /* a minute has not passed */
    if ((pid = fork()) == 0) {
        n->b->followed_us -= 60 * INT64_C(1000000);
        tcn_store_beat(n->b, &ended, &n->f.err);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_NOT_OURS);
}

#define NODES(test) cmocka_unit_test_setup_teardown(test, setup_nodes, teardown_nodes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NODES(nobody_claims_what_another_has),
        NODES(work_of_a_dead_node_is_taken_over),
        NODES(every_node_is_listed),
        NODES(work_of_a_node_that_stopped_is_due_at_once),
        NODES(who_beats_lives),
        NODES(a_start_under_the_same_name_takes_over_at_once),
        NODES(who_stands_still_is_dead),
        NODES(locks),
        NODES(what_is_looked_for_ahead_is_locked),
        NODES(a_lock_is_waited_for),
        NODES(every_node_has_a_bucket_and_knows_the_storm),
        NODES(a_schema_that_excludes_this_program),
    };

    return cmocka_run_group_tests_name("nodes", tests, NULL, NULL);
}
