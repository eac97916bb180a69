/* base/vec.c: appended elements are zeroed and keep their values while the vector grows. */
#include "cases.h"

#include "base/vec.h"

struct pair {
    int a, b;
};

static void grows_and_keeps(void **state)
{
    struct tcn_arena arena;
    TCN_VEC(struct pair) pairs = {0};

    (void)state;
    tcn_arena_init(&arena, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        struct pair *p = TCN_VEC_PUSH(&arena, &pairs);

        assert_int_equal(p->a, 0);
        assert_int_equal(p->b, 0);
        *p = (struct pair){i, -i};
        assert_true(pairs.n <= pairs.size);
    }
    assert_int_equal(pairs.n, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(pairs.items[i].a, i);
        assert_int_equal(pairs.items[i].b, -i);
    }
    tcn_arena_done(&arena);
}

static void moves_only_when_full(void **state)
{
    struct tcn_arena arena;
    TCN_VEC(int) numbers = {0};
    int *before;

    (void)state;
    tcn_arena_init(&arena, 1 << 20);
    *TCN_VEC_PUSH(&arena, &numbers) = 1;
    before = numbers.items;
    while (numbers.n < numbers.size) {
        *TCN_VEC_PUSH(&arena, &numbers) = 1;
        assert_ptr_equal(numbers.items, before);
    }
    *TCN_VEC_PUSH(&arena, &numbers) = 1;
    assert_ptr_not_equal(numbers.items, before);
    tcn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps),
        cmocka_unit_test(moves_only_when_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
