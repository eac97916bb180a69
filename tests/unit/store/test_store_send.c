#include "rows.h"

static void claim(struct fixture *f, int64_t now_ms, size_t limit, const char *expect)
{
    struct tcn_send_row *rows;
    char got[128] = "";
    size_t n;

    OK(f, tcn_store_send_claim(f->s, now_ms, limit, &f->a, &rows, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(got);

        assert_int_equal(rows[i].state, TCN_SEND_IN_FLIGHT);
        assert_int_equal(rows[i].epoch, tcn_store_epoch(f->s));
        snprintf(got + len, sizeof got - len, "%d/%d ", rows[i].id.b[15], (int)rows[i].attempt);
    }
    assert_string_equal(got, expect);
}

static void add(struct fixture *f, uint32_t n, int64_t due_ms)
{
    struct tcn_send_row row = {.id = id_of(n),
                               .page = id_of(100 + n),
                               .incident = id_of(n < 5 ? 200 : 201),
                               .due_ms = due_ms};

    OK(f, tcn_store_send_add(f->s, &row, &f->err));
}

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_send_row in = gen_send(&g), *out;
    size_t n;

    OK(f, tcn_store_send_add(f->s, &in, &f->err));
    OK(f, tcn_store_send_claim(f->s, in.due_ms, 10, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    same_send(&in, &out[0]);
    assert_int_equal(out[0].attempt, in.attempt + 1);
    assert_int_equal(out[0].epoch, tcn_store_epoch(f->s));
}

static void added_again(void **state)
{
    struct fixture *f = *state;

    add(f, 1, 10);
    claim(f, 10, 10, "1/1 ");
    add(f, 1, 10); /* in flight: the repeated decision changes nothing */
    claim(f, 10, 10, "");
    OK(f, tcn_store_send_finish(f->s, id_of(1), TCN_SEND_DONE, 0, "id-1", &f->err));
    add(f, 1, 10); /* done: as well */
    claim(f, 10, 10, "");
}

static void due_order_and_limit(void **state)
{
    struct fixture *f = *state;

    add(f, 3, 30);
    add(f, 2, 20);
    add(f, 1, 20);
    add(f, 4, 40);
    claim(f, 9, 10, "");
    claim(f, 19, 10, "");
    claim(f, 30, 2, "1/1 2/1 ");
    claim(f, 30, 2, "3/1 ");
    claim(f, 30, 2, "");
    claim(f, 99, 0, "");
    claim(f, 99, 9, "4/1 ");
}

static void finished(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 1; i <= 4; i++)
        add(f, i, 10);
    claim(f, 10, 10, "1/1 2/1 3/1 4/1 ");
    OK(f, tcn_store_send_finish(f->s, id_of(1), TCN_SEND_DONE, 0, NULL, &f->err));
    OK(f, tcn_store_send_finish(f->s, id_of(2), TCN_SEND_FAILED, 0, "no such number", &f->err));
    OK(f, tcn_store_send_finish(f->s, id_of(3), TCN_SEND_PENDING, 50, "busy", &f->err));
    OK(f, tcn_store_send_finish(f->s, id_of(4), TCN_SEND_DROPPED, 0, "acknowledged", &f->err));
    claim(f, 49, 10, "");
    claim(f, 50, 10, "3/2 ");
    assert_int_equal(tcn_store_send_finish(f->s, id_of(9), TCN_SEND_DONE, 0, NULL, &f->err),
                     TCN_ENOTFOUND);
}

static void again(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 1; i <= 3; i++)
        add(f, i, 10);
    claim(f, 10, 10, "1/1 2/1 3/1 ");
    OK(f, tcn_store_send_drop(f->s, id_of(200), id_of(102), "acknowledged", &f->err));
    for (uint32_t i = 1; i <= 3; i++)
        OK(f, tcn_store_send_again(f->s, id_of(i), 40 + i, i == 3 ? 1 : 9, "busy", &f->err));
    claim(f, 40, 10, "");
    claim(f, 50, 10, "1/10 3/2 "); /* 2 was dropped while in flight */
    OK(f, tcn_store_send_again(f->s, id_of(1), 60, 10, "busy", &f->err));
    claim(f, 60, 10, "1/11 ");
    assert_int_equal(tcn_store_send_again(f->s, id_of(9), 60, 9, NULL, &f->err), TCN_ENOTFOUND);
}

static void of_an_older_epoch(void **state)
{
    struct fixture *f = *state;

    OK(f, tcn_store_begin(f->s, &f->err));
    add(f, 1, 10);
    add(f, 2, 10);
    claim(f, 10, 1, "1/1 ");
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    claim(f, 10, 10, "1/2 2/1 ");
    claim(f, 10, 10, "");
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void dropped(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 1; i <= 6; i++)
        add(f, i, 10);
    OK(f, tcn_store_send_drop(f->s, id_of(200), id_of(102), "acknowledged", &f->err));
    claim(f, 10, 1, "1/1 ");
    OK(f, tcn_store_send_drop(f->s, id_of(200), (struct tcn_id){{0}}, "resolved", &f->err));
    claim(f, 10, 10, "5/1 6/1 ");
    /* 1 was in flight when it was dropped: a retry is none, a success is one. */
    OK(f, tcn_store_send_finish(f->s, id_of(1), TCN_SEND_PENDING, 11, "busy", &f->err));
    claim(f, 99, 10, "");
}

static void dropped_in_flight_then_crashed(void **state)
{
    struct fixture *f = *state;

    OK(f, tcn_store_begin(f->s, &f->err));
    add(f, 1, 10);
    add(f, 2, 10);
    claim(f, 10, 10, "1/1 2/1 ");
    OK(f, tcn_store_send_drop(f->s, id_of(200), id_of(101), "acknowledged", &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    /* 2 was in flight of a dead process: dropped like a pending one. */
    OK(f, tcn_store_send_drop(f->s, id_of(200), id_of(102), "acknowledged", &f->err));
    claim(f, 99, 10, "");
    OK(f, tcn_store_commit(f->s, &f->err));
}

/* -- the budget of a person ------------------------------------------------------------------------------------- */

static void add_of(struct fixture *f, uint32_t n, const char *contact, int64_t due_ms)
{
    struct tcn_send_row row = {.id = id_of(n),
                               .page = id_of(100 + n),
                               .incident = id_of(200),
                               .contact = contact,
                               .channel = "mail",
                               .due_ms = due_ms};

    OK(f, tcn_store_send_add(f->s, &row, &f->err));
}

static const struct tcn_send_row of_ann = {.contact = "ann", .channel = "mail"};

static void hold(struct fixture *f, uint32_t n, int64_t since_ms)
{
    const struct tcn_send_wait wait = {.due_ms = 90, .since_ms = since_ms, .note = "waits"};

    OK(f, tcn_store_send_hold(f->s, id_of(n), &wait, &f->err));
}

static void gathered(struct fixture *f, size_t limit, const char *expect)
{
    struct tcn_send_row *rows;
    char got[128] = "";
    size_t n;

    OK(f, tcn_store_send_gather(f->s, &of_ann, limit, &f->a, &rows, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(got);

        assert_int_equal(rows[i].state, TCN_SEND_IN_FLIGHT);
        snprintf(got + len, sizeof got - len, "%d/%d@%d ", rows[i].id.b[15], (int)rows[i].attempt,
                 (int)rows[i].held_ms);
    }
    assert_string_equal(got, expect);
}

static int64_t flying(struct fixture *f)
{
    int64_t n = -1;

    OK(f, tcn_store_send_flying(f->s, &of_ann, &n, &f->err));
    return n;
}

/* A claim that led to a wait is no attempt, and the first wait is the one that counts. */
static void held_back(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 1; i <= 3; i++)
        add_of(f, i, "ann", 10);
    add_of(f, 4, "bob", 10);
    claim(f, 10, 10, "1/1 2/1 3/1 4/1 ");
    hold(f, 1, 12);
    hold(f, 2, 11);
    hold(f, 4, 10);
    OK(f, tcn_store_send_drop(f->s, id_of(200), id_of(103), "acknowledged", &f->err));
    hold(f, 3, 10); /* dropped while in flight: it stays so */
    claim(f, 89, 10, "");
    gathered(f, 1, "2/1@11 "); /* who waits longest, though none is due */
    hold(f, 2, 50);
    gathered(f, 9, "2/1@11 1/1@12 ");
    gathered(f, 9, "");
    claim(f, 90, 10, "4/1 ");
}

static void deferred(void **state)
{
    struct fixture *f = *state;
    bool has_next;

    for (uint32_t i = 1; i <= 4; i++)
        add_of(f, i, i == 3 ? "bob" : "ann", 10);
    claim(f, 10, 3, "1/1 2/1 3/1 ");
    for (uint32_t i = 1; i <= 3; i++)
        hold(f, i, 11);
    OK(f, tcn_store_send_next(f->s, &of_ann, 89, 90, &has_next, &f->err));
    assert_true(has_next);
    OK(f, tcn_store_send_next(f->s, &of_ann, 90, 119, &has_next, &f->err));
    assert_false(has_next);
    OK(f, tcn_store_send_defer(f->s, &of_ann, 90, 120, &f->err));
    claim(f, 90, 9, "4/1 3/1 "); /* of somebody else, and what was never held back */
    OK(f, tcn_store_send_defer(f->s, &of_ann, 119, 200, &f->err)); /* none is due */
    claim(f, 119, 9, "");
    OK(f, tcn_store_send_hurry(f->s, id_of(200), 50, &f->err));
    gathered(f, 9, "");
    claim(f, 50, 9, "1/1 2/1 ");
}

static void paid(void **state)
{
    struct fixture *f = *state;

    add_of(f, 1, "ann", 10);
    add_of(f, 2, "ann", 10);
    claim(f, 10, 10, "1/1 2/1 ");
    OK(f, tcn_store_send_pay(f->s, id_of(1), 0, &f->err)); /* alone */
    assert_int_equal(flying(f), 0);
    OK(f, tcn_store_send_pay(f->s, id_of(2), 10, &f->err));
    assert_int_equal(flying(f), 1);
    OK(f, tcn_store_send_finish(f->s, id_of(2), TCN_SEND_PENDING, 20, "busy", &f->err));
    assert_int_equal(flying(f), 0);
    gathered(f, 9, "2/2@10 ");
    assert_int_equal(flying(f), 0);
}

/* What was in flight when the process died has its token. */
static void paid_of_an_older_epoch(void **state)
{
    struct fixture *f = *state;
    struct tcn_send_row *rows;
    size_t n;

    OK(f, tcn_store_begin(f->s, &f->err));
    add_of(f, 1, "ann", 10);
    claim(f, 10, 10, "1/1 ");
    OK(f, tcn_store_send_pay(f->s, id_of(1), 10, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_int_equal(flying(f), 0);
    OK(f, tcn_store_send_claim(f->s, 10, 9, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 1);
    assert_true(rows[0].is_paid);
    OK(f, tcn_store_send_again(f->s, id_of(1), 20, 1, "busy", &f->err));
    OK(f, tcn_store_send_claim(f->s, 20, 9, &f->a, &rows, &n, &f->err));
    assert_false(rows[0].is_paid);
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void what_is_not_over(void **state)
{
    struct fixture *f = *state;
    struct tcn_send_row *rows;
    size_t n;

    add(f, 1, 30);
    add(f, 2, 20);
    add(f, 3, 10);
    claim(f, 10, 1, "3/1 ");
    OK(f, tcn_store_send_finish(f->s, id_of(3), TCN_SEND_DONE, 0, NULL, &f->err));
    OK(f, tcn_store_send_list(f->s, id_of(200), 9, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].id.b[15], 2);
    OK(f, tcn_store_send_list(f->s, id_of(200), 1, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 1);
    OK(f, tcn_store_send_list(f->s, id_of(201), 9, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 0);
}

static void buckets(void **state)
{
    struct fixture *f = *state;
    int64_t full_ms = -1;

    OK(f, tcn_store_budget_get(f->s, "ann", "mail", &full_ms, &f->err));
    assert_int_equal(full_ms, 0);
    OK(f, tcn_store_budget_put(f->s, "ann", "mail", 5, &f->err));
    OK(f, tcn_store_budget_put(f->s, "ann", "sms", 6, &f->err));
    OK(f, tcn_store_budget_put(f->s, "ann", "mail", 7, &f->err));
    OK(f, tcn_store_budget_get(f->s, "ann", "mail", &full_ms, &f->err));
    assert_int_equal(full_ms, 7);
    OK(f, tcn_store_budget_get(f->s, "bob", "mail", &full_ms, &f->err));
    assert_int_equal(full_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_member),
        IN_MEMORY(added_again),
        IN_MEMORY(due_order_and_limit),
        IN_MEMORY(finished),
        IN_MEMORY(again),
        IN_FILE(of_an_older_epoch),
        IN_MEMORY(dropped),
        IN_FILE(dropped_in_flight_then_crashed),
        IN_MEMORY(held_back),
        IN_MEMORY(deferred),
        IN_MEMORY(paid),
        IN_FILE(paid_of_an_older_epoch),
        IN_MEMORY(what_is_not_over),
        IN_MEMORY(buckets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
