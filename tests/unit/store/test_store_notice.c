/* Notices: who is due, whose they are while they are told, and what stays of them. */
#include "rows_notice.h"

static struct tcn_notice notice_of(uint32_t incident, const char *topic, const char *connector,
                                   int64_t due_ms)
{
    return (struct tcn_notice){.id = tcn_notice_id(id_of(incident), topic, connector),
                               .incident = id_of(incident),
                               .topic = topic,
                               .connector = connector,
                               .told_seq = 4,
                               .due_ms = due_ms};
}

static void wake(struct fixture *f, uint32_t incident, const char *topic, const char *connector,
                 int64_t due_ms)
{
    struct tcn_notice n = notice_of(incident, topic, connector, due_ms);

    OK(f, tcn_store_notice_wake(f->s, &n, &f->err));
}

/* "TOPIC DUE ..." */
static void claim(struct fixture *f, const char *connector, int64_t now_ms, size_t limit,
                  const char *expect)
{
    struct tcn_notice *list;
    char got[200] = "";
    size_t n;

    OK(f, tcn_store_notice_claim(f->s, connector, now_ms, limit, &f->a, &list, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(got);

        assert_true(list[i].is_in_flight);
        assert_int_equal(list[i].epoch, tcn_store_epoch(f->s));
        snprintf(got + len, sizeof got - len, "%s %d ", list[i].topic, (int)list[i].due_ms);
    }
    assert_string_equal(got, expect);
}

static int64_t next_of(struct fixture *f, const char *connector)
{
    int64_t ms = -1;

    OK(f, tcn_store_notice_next(f->s, connector, &ms, &f->err));
    return ms;
}

static struct tcn_notice only_one(struct fixture *f, uint32_t incident)
{
    struct tcn_notice *list;
    size_t n;

    OK(f, tcn_store_notice_list(f->s, id_of(incident), &f->a, &list, &n, &f->err));
    assert_int_equal(n, 1);
    return list[0];
}

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct tcn_notice in = gen_notice(&(struct gen){&f->a, 0}), *out;
    size_t n;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_notice_wake(f->s, &in, &f->err));
    OK(f, tcn_store_notice_put(f->s, &in, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_notice_list(f->s, in.incident, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    same_notice(&in, out);
}

static void ids_tell_them_apart(void **state)
{
    (void)state;
    assert_false(tcn_id_eq(tcn_notice_id(id_of(1), "a", "bc"), tcn_notice_id(id_of(1), "ab", "c")));
    assert_false(tcn_id_eq(tcn_notice_id(id_of(1), "a", "b"), tcn_notice_id(id_of(2), "a", "b")));
    assert_true(tcn_id_eq(tcn_notice_id(id_of(1), "a", "b"), tcn_notice_id(id_of(1), "a", "b")));
}

static void woken_once(void **state)
{
    struct fixture *f = *state;
    struct tcn_notice row;

    wake(f, 1, "ops", "hook", 50);
    wake(f, 1, "ops", "hook", 70);
    row = only_one(f, 1);
    assert_int_equal(row.due_ms, 50); /* what waits for its next try goes on waiting */
    assert_int_equal(row.told_seq, 4);
    row.due_ms = 0;
    row.told_seq = 9;
    OK(f, tcn_store_notice_put(f->s, &row, &f->err));
    wake(f, 1, "ops", "hook", 70);
    row = only_one(f, 1);
    assert_int_equal(row.due_ms, 70);
    assert_int_equal(row.told_seq, 9);
}

/* What happened while nobody woke it is not told by the next wake. */
static void woken_from_then_on(void **state)
{
    struct fixture *f = *state;
    struct tcn_notice row, later = notice_of(1, "ops", "hook", 80);

    wake(f, 1, "ops", "hook", 50);
    row = only_one(f, 1);
    row.due_ms = 0;
    OK(f, tcn_store_notice_put(f->s, &row, &f->err));
    later.told_seq = 12;
    OK(f, tcn_store_notice_wake(f->s, &later, &f->err));
    assert_int_equal(only_one(f, 1).told_seq, 12);
    assert_int_equal(only_one(f, 1).due_ms, 80);
    later.told_seq = 20;
    OK(f, tcn_store_notice_wake(f->s, &later, &f->err));
    assert_int_equal(only_one(f, 1).told_seq, 12); /* what waits is told first */
}

/* "CONNECTOR N SINCE ..." */
static void waiting(struct fixture *f, size_t limit, const char *expect)
{
    struct tcn_connector_waiting *list;
    char got[200] = "";
    size_t n;

    OK(f, tcn_store_notice_waiting(f->s, limit, &f->a, &list, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(got);

        snprintf(got + len, sizeof got - len, "%s %d %d ", list[i].connector, (int)list[i].n,
                 (int)list[i].since_ms);
    }
    assert_string_equal(got, expect);
}

static void how_many_wait(void **state)
{
    struct fixture *f = *state;
    struct tcn_notice row = notice_of(1, "a", "hook", 90);

    waiting(f, 9, "");
    wake(f, 1, "a", "hook", 30);
    wake(f, 2, "b", "hook", 40);
    wake(f, 3, "c", "chat", 35);
    waiting(f, 9, "chat 1 35 hook 2 30 ");
    waiting(f, 1, "chat 1 35 ");
    claim(f, "hook", 30, 1, "a 30 ");
    waiting(f, 9, "chat 1 35 hook 1 40 "); /* the first try is on its way */
    row.attempts = 2;
    row.since_ms = 31;
    OK(f, tcn_store_notice_put(f->s, &row, &f->err));
    waiting(f, 9, "chat 1 35 hook 2 31 ");
    claim(f, "hook", 95, 9, "b 40 a 90 ");
    waiting(f, 9, "chat 1 35 hook 1 31 ");
    row.due_ms = row.attempts = row.since_ms = 0;
    OK(f, tcn_store_notice_put(f->s, &row, &f->err));
    waiting(f, 9, "chat 1 35 ");
}

static bool back(struct fixture *f, const struct tcn_notice *from, int64_t told_seq)
{
    bool is_back = false;

    OK(f, tcn_store_notice_back(f->s, from, told_seq, 90, &is_back, &f->err));
    return is_back;
}

/* Unless somebody tells it meanwhile. */
static void set_back(void **state)
{
    struct fixture *f = *state;
    struct tcn_notice row;

    wake(f, 1, "ops", "hook", 50);
    claim(f, "hook", 60, 1, "ops 50 ");
    row = only_one(f, 1);
    assert_false(back(f, &row, 2));
    row.told_seq = 9;
    row.attempts = 3;
    row.since_ms = 40;
    row.note = "late";
    OK(f, tcn_store_notice_put(f->s, &row, &f->err));
    assert_false(back(f, &(struct tcn_notice){.id = row.id, .told_seq = 4}, 2));
    assert_int_equal(only_one(f, 1).told_seq, 9);
    assert_true(back(f, &row, 2));
    row = only_one(f, 1);
    assert_int_equal(row.told_seq, 2);
    assert_int_equal(row.due_ms, 90);
    assert_int_equal(row.attempts + row.since_ms, 0);
    assert_null(row.note);
    OK(f, tcn_store_notice_drop(f->s, row.id, &f->err));
    assert_false(back(f, &row, 2));
}

static void claimed_in_turn(void **state)
{
    struct fixture *f = *state;

    wake(f, 1, "a", "hook", 30);
    wake(f, 2, "b", "hook", 10);
    wake(f, 3, "c", "hook", 20);
    wake(f, 4, "d", "hook", 99);
    wake(f, 5, "e", "other", 5);
    assert_int_equal(next_of(f, "hook"), 10);
    claim(f, "hook", 40, 2, "b 10 c 20 ");
    claim(f, "hook", 40, 2, "a 30 ");
    claim(f, "hook", 40, 2, "");
    assert_int_equal(next_of(f, "hook"), 99);
    assert_int_equal(next_of(f, "none"), 0);
    claim(f, "other", 40, 2, "e 5 ");
}

static void woken_while_it_is_told(void **state)
{
    struct fixture *f = *state;
    struct tcn_notice row;

    wake(f, 1, "ops", "hook", 10);
    claim(f, "hook", 10, 1, "ops 10 ");
    wake(f, 1, "ops", "hook", 20);
    claim(f, "hook", 50, 1, "");
    row = only_one(f, 1);
    assert_true(row.is_in_flight);
    assert_int_equal(row.due_ms, 10);
}

/* What a process had in flight when it died is anybody's. */
static void taken_over(void **state)
{
    struct fixture *f = *state;

    OK(f, tcn_store_begin(f->s, &f->err));
    wake(f, 1, "ops", "hook", 10);
    claim(f, "hook", 10, 1, "ops 10 ");
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_int_equal(next_of(f, "hook"), 10);
    claim(f, "hook", 10, 1, "ops 10 ");
}

static void dropped_is_gone(void **state)
{
    struct fixture *f = *state;
    struct tcn_notice row = notice_of(1, "ops", "hook", 10), *list;
    size_t n;

    wake(f, 1, "ops", "hook", 10);
    claim(f, "hook", 10, 1, "ops 10 ");
    OK(f, tcn_store_notice_drop(f->s, row.id, &f->err));
    OK(f, tcn_store_notice_drop(f->s, row.id, &f->err));
    OK(f, tcn_store_notice_put(f->s, &row, &f->err));
    OK(f, tcn_store_notice_list(f->s, row.incident, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 0);
}

static void held_after_a_restore(void **state)
{
    struct fixture *f = *state;

    OK(f, tcn_store_meta_put(f->s, "held_before_ms", "20", &f->err));
    wake(f, 1, "old", "hook", 20);
    wake(f, 2, "new", "hook", 21);
    assert_int_equal(next_of(f, "hook"), 21);
    claim(f, "hook", 50, 9, "new 21 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(every_member),         cmocka_unit_test(ids_tell_them_apart),
        IN_MEMORY(woken_once),         IN_MEMORY(claimed_in_turn),
        IN_FILE(taken_over),           IN_MEMORY(woken_while_it_is_told),
        IN_MEMORY(dropped_is_gone),    IN_MEMORY(held_after_a_restore),
        IN_MEMORY(woken_from_then_on), IN_MEMORY(set_back),
        IN_MEMORY(how_many_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
