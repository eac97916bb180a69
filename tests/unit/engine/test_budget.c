#include "engine/budget.h"
#include "fixture.h"

#define NOW INT64_C(1785690280000)
#define MINUTE INT64_C(60000)

static const struct tcn_page_budget three = {3, MINUTE}, seven = {7, 10 * MINUTE},
                                    one = {1, 1440 * MINUTE}, most = {1000, MINUTE};

static int take_all(const struct tcn_page_budget *b, int64_t now_ms, int64_t *full_ms)
{
    int n = 0;

    while (n < 2000 && tcn_budget_take(b, now_ms, full_ms))
        n++;
    return n;
}

static void as_many_as_it_holds(void **state)
{
    const struct tcn_page_budget *const all[] = {&three, &seven, &one, &most};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int64_t full_ms = 0, next_ms;

        assert_int_equal(tcn_budget_next_ms(all[i], NOW, full_ms), NOW);
        assert_int_equal(take_all(all[i], NOW, &full_ms), all[i]->pages);
        next_ms = tcn_budget_next_ms(all[i], NOW, full_ms);
        assert_int_equal(next_ms, NOW + all[i]->per_ms / all[i]->pages);
        assert_int_equal(take_all(all[i], next_ms - 1, &full_ms), 0);
        assert_int_equal(take_all(all[i], next_ms, &full_ms), 1);
        assert_int_equal(take_all(all[i], NOW + 3 * all[i]->per_ms, &full_ms), all[i]->pages);
    }
}

static void they_come_back_evenly(void **state)
{
    int64_t full_ms = 0;

    (void)state;
    assert_int_equal(take_all(&three, NOW, &full_ms), 3);
    for (int i = 1; i <= 6; i++) {
        assert_int_equal(take_all(&three, NOW + i * 20000 - 1, &full_ms), 0);
        assert_int_equal(take_all(&three, NOW + i * 20000, &full_ms), 1);
    }
    assert_int_equal(take_all(&three, NOW + 160000, &full_ms), 2);
}

static void what_is_given_back_is_there(void **state)
{
    int64_t full_ms = 0;

    (void)state;
    take_all(&three, NOW, &full_ms);
    tcn_budget_give_back(&three, &full_ms);
    assert_int_equal(take_all(&three, NOW, &full_ms), 1);
    full_ms = 0;
    tcn_budget_give_back(&three, &full_ms); /* never more than it holds */
    assert_int_equal(take_all(&three, NOW, &full_ms), 3);
}

/* A clock that went far back, or a budget that was a longer one, makes nobody wait longer than this one does. */
static void a_time_far_ahead(void **state)
{
    int64_t full_ms = NOW + 100 * MINUTE;

    (void)state;
    assert_int_equal(tcn_budget_next_ms(&three, NOW, full_ms), NOW + 20000);
    assert_false(tcn_budget_take(&three, NOW, &full_ms));
    assert_int_equal(full_ms, NOW + 100 * MINUTE);
    assert_int_equal(take_all(&three, NOW + 99 * MINUTE + 20000, &full_ms), 1);
}

static void as_people_read_it(void **state)
{
    static const struct {
        struct tcn_page_budget budget;
        const char *text;
    } cases[] = {{{3, MINUTE}, "3 pages in 1 min"},
                 {{1, 60 * MINUTE}, "1 page in 60 min"},
                 {{1, 20000}, "1 page in 20 s"},
                 {{2, 90000}, "2 pages in 90 s"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_buf text;

        tcn_buf_init(&text, 64);
        tcn_budget_text(&cases[i].budget, &text);
        assert_string_equal(text.ptr, cases[i].text);
        tcn_buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_as_it_holds),         cmocka_unit_test(they_come_back_evenly),
        cmocka_unit_test(what_is_given_back_is_there), cmocka_unit_test(a_time_far_ahead),
        cmocka_unit_test(as_people_read_it),
    };

    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
