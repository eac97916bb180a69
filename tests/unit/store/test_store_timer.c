#include "rows.h"

static void due(struct fixture *f, int64_t now_ms, size_t limit, const char *expect)
{
    struct tcn_id ids[8];
    char got[64] = "";
    size_t n;

    assert_true(limit <= 8);
    OK(f, tcn_store_timer_due(f->s, now_ms, limit, ids, &n, &f->err));
    for (size_t i = 0; i < n; i++)
        snprintf(got + 2 * i, sizeof got - 2 * i, "%d ", ids[i].b[15]);
    assert_string_equal(got, expect);
}

static void set_moved_cleared(void **state)
{
    struct fixture *f = *state;

    due(f, 99, 8, "");
    OK(f, tcn_store_timer_set(f->s, id_of(3), 30, &f->err));
    OK(f, tcn_store_timer_set(f->s, id_of(2), 20, &f->err));
    OK(f, tcn_store_timer_set(f->s, id_of(1), 20, &f->err));
    due(f, 19, 8, "");
    due(f, 20, 8, "1 2 ");
    due(f, 99, 2, "1 2 ");
    due(f, 99, 0, "");
    OK(f, tcn_store_timer_set(f->s, id_of(1), 40, &f->err));
    OK(f, tcn_store_timer_set(f->s, id_of(1), 40, &f->err));
    due(f, 99, 8, "2 3 1 ");
    OK(f, tcn_store_timer_set(f->s, id_of(2), 0, &f->err));
    OK(f, tcn_store_timer_set(f->s, id_of(9), 0, &f->err));
    due(f, 99, 8, "3 1 ");
}

static void next(struct fixture *f, int64_t expect)
{
    int64_t ms = -1;

    OK(f, tcn_store_next_due(f->s, &ms, &f->err));
    assert_int_equal(ms, expect);
}

static void claim_links(struct fixture *f, const char *connector, int64_t now_ms)
{
    struct tcn_link *list;
    size_t n;

    OK(f, tcn_store_link_claim(f->s, connector, now_ms, 9, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 1);
}

static void next_of_all(void **state)
{
    struct fixture *f = *state;
    struct tcn_send_row send = {
        .id = id_of(1), .page = id_of(2), .incident = id_of(3), .due_ms = 80};
    struct tcn_link snow = {
        .id = id_of(4), .incident = id_of(3), .connector = "snow", .due_ms = 70};
    struct tcn_link jira = {
        .id = id_of(5), .incident = id_of(3), .connector = "jira", .due_ms = 60};
    struct tcn_link idle = {.id = id_of(6), .incident = id_of(3), .connector = "aaa"};
    struct tcn_send_row *sends;
    size_t n;

    OK(f, tcn_store_begin(f->s, &f->err));
    next(f, 0);
    OK(f, tcn_store_timer_set(f->s, id_of(3), 90, &f->err));
    next(f, 90);
    OK(f, tcn_store_send_add(f->s, &send, &f->err));
    next(f, 80);
    OK(f, tcn_store_link_put(f->s, &idle, &f->err));
    next(f, 80);
    OK(f, tcn_store_link_put(f->s, &snow, &f->err));
    next(f, 70);
    OK(f, tcn_store_link_put(f->s, &jira, &f->err));
    next(f, 60);
    /* What is in flight here has been seen to. */
    claim_links(f, "jira", 60);
    next(f, 70);
    claim_links(f, "snow", 70);
    next(f, 80);
    OK(f, tcn_store_send_claim(f->s, 80, 9, &f->a, &sends, &n, &f->err));
    next(f, 90);
    OK(f, tcn_store_timer_set(f->s, id_of(3), 0, &f->err));
    next(f, 0);
    OK(f, tcn_store_commit(f->s, &f->err));
    /* After a restart nobody sees to it. */
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    next(f, 60);
    claim_links(f, "jira", 60);
    claim_links(f, "snow", 70);
    next(f, 80);
    OK(f, tcn_store_send_claim(f->s, 80, 9, &f->a, &sends, &n, &f->err));
    OK(f, tcn_store_send_finish(f->s, id_of(1), TCN_SEND_DONE, 0, NULL, &f->err));
    next(f, 0);
    OK(f, tcn_store_commit(f->s, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_MEMORY(set_moved_cleared), IN_FILE(next_of_all)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
