/* base/arena.c: zeroed, aligned, capped. */
#include "cases.h"

#include "base/arena.h"

#include <string.h>

static void is_zeroed_and_aligned_for_all_sizes(void **state)
{
    struct tcn_arena a;

    (void)state;
    tcn_arena_init(&a, 64 << 20);
    for (int round = 0; round < 2; round++) {
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *p = tcn_arena_alloc(&a, size);

            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xa5, size);
        }
        tcn_arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    tcn_arena_done(&a);
}

static void pieces_do_not_overlap(void **state)
{
    struct tcn_arena a;
    unsigned char *pieces[500];

    (void)state;
    tcn_arena_init(&a, 1 << 20);
    for (size_t i = 0; i < N_OF(pieces); i++) {
        pieces[i] = tcn_arena_alloc(&a, i);
        memset(pieces[i], (int)(i % 251), i);
    }
    for (size_t i = 0; i < N_OF(pieces); i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(pieces[i][k], i % 251);
    tcn_arena_done(&a);
}

static void done_is_legal_on_zeroes_and_twice(void **state)
{
    struct tcn_arena a = {0};

    (void)state;
    tcn_arena_done(&a);
    tcn_arena_init(&a, 100);
    tcn_arena_alloc(&a, 50);
    tcn_arena_done(&a);
    tcn_arena_done(&a);
    tcn_arena_reset(&a);
    assert_non_null(tcn_arena_alloc(&a, 100)); /* the cap is kept */
    tcn_arena_done(&a);
}

static void a_huge_block_is_not_kept(void **state)
{
    struct tcn_arena a;

    (void)state;
    tcn_arena_init(&a, 16 << 20);
    tcn_arena_alloc(&a, 8 << 20);
    tcn_arena_reset(&a);
    assert_null(a.head);
    tcn_arena_alloc(&a, 10);
    tcn_arena_reset(&a);
    assert_non_null(a.head);
    tcn_arena_done(&a);
}

static void copies(void **state)
{
    struct tcn_arena a;
    struct tcn_str s;
    static const int numbers[] = {1, 2, 3};

    (void)state;
    tcn_arena_init(&a, 1 << 20);
    assert_string_equal(tcn_arena_strdup(&a, "abc"), "abc");
    assert_null(tcn_arena_strdup(&a, NULL));
    assert_string_equal(tcn_arena_strndup(&a, "abc", 2), "ab");
    assert_string_equal(tcn_arena_strndup(&a, NULL, 0), "");
    s = tcn_arena_str(&a, (struct tcn_str){"xyz", 2});
    assert_int_equal(s.len, 2);
    assert_string_equal(s.ptr, "xy");
    assert_string_equal(tcn_arena_fmt(&a, "%s-%d", "n", 5), "n-5");
    assert_string_equal(tcn_arena_fmt(&a, "%s", ""), "");
    assert_memory_equal(tcn_arena_memdup(&a, numbers, sizeof numbers), numbers, sizeof numbers);
    assert_non_null(tcn_arena_memdup(&a, NULL, 0));
    assert_string_equal(TCN_JOIN(&a, "a", NULL, "", "bc", "d"), "abcd");
    assert_string_equal(TCN_JOIN(&a, NULL), "");
    assert_string_equal(tcn_arena_join(&a, NULL, 0), "");
    assert_non_null(TCN_NEW(&a, struct tcn_str));
    assert_null(TCN_NEW_N(&a, struct tcn_str, 3)[2].ptr);
    tcn_arena_done(&a);
}

/* What an arena gives may have been used before. */
static void more_keeps_what_was_there_and_zeroes_the_rest(void **state)
{
    struct tcn_arena a;
    char *p;

    (void)state;
    tcn_arena_init(&a, 1 << 20);
    memset(tcn_arena_alloc(&a, 4000), 'x', 4000);
    tcn_arena_reset(&a);
    p = tcn_arena_more(&a, "abc", 3, 5);
    assert_memory_equal(p, "abc\0\0\0\0\0", 8);
    p = tcn_arena_more(&a, NULL, 0, 3);
    assert_memory_equal(p, "\0\0\0", 3);
    assert_memory_equal(tcn_arena_more(&a, "abc", 3, 0), "abc", 3);
    assert_string_equal(tcn_arena_strndup(&a, "abc", 2), "ab");
    assert_string_equal(tcn_arena_fmt(&a, "%d", 5), "5");
    assert_string_equal(TCN_JOIN(&a, "a", "b"), "ab");
    tcn_arena_done(&a);
}

static void exactly_the_cap_fits(void **state)
{
    struct tcn_arena a;

    (void)state;
    tcn_arena_init(&a, 100);
    tcn_arena_alloc(&a, 99);
    tcn_arena_alloc(&a, 1);
    tcn_arena_done(&a);
}

static void over_the_cap(void *arg)
{
    struct tcn_arena a;

    (void)arg;
    tcn_arena_init(&a, 100);
    tcn_arena_alloc(&a, 99);
    tcn_arena_alloc(&a, 2);
}

static void far_over_the_cap(void *arg)
{
    struct tcn_arena a;

    (void)arg;
    tcn_arena_init(&a, 100);
    tcn_arena_alloc(&a, 1);
    tcn_arena_alloc(&a, SIZE_MAX);
}

static void a_product_that_overflows(void *arg)
{
    struct tcn_arena a;

    (void)arg;
    tcn_arena_init(&a, 100);
    /* SIZE_MAX / 16 + 2 pairs are 16 bytes after the overflow */
    TCN_NEW_N(&a, struct tcn_str, SIZE_MAX / sizeof(struct tcn_str) + 2);
}

static void a_sum_that_overflows(void *arg)
{
    struct tcn_arena a;

    (void)arg;
    tcn_arena_init(&a, 100);
    tcn_arena_more(&a, "ab", 2, SIZE_MAX - 1);
}

static void too_many_to_join(void *arg)
{
    static const char *const parts[TCN_JOIN_MAX + 1] = {0};
    struct tcn_arena a;

    (void)arg;
    tcn_arena_init(&a, 100);
    tcn_arena_join(&a, parts, TCN_JOIN_MAX + 1);
}

static void beyond_the_cap_aborts(void **state)
{
    (void)state;
    assert_true(aborts(over_the_cap, NULL));
    assert_true(aborts(far_over_the_cap, NULL));
    assert_true(aborts(a_product_that_overflows, NULL));
    assert_true(aborts(a_sum_that_overflows, NULL));
    assert_true(aborts(too_many_to_join, NULL));
}

/* One that comes of the pool is as a new one; what grew large is not kept. */
static void pool(void **state)
{
    struct tcn_arena_pool p = {0};
    struct tcn_arena a, b;
    char *first;

    (void)state;
    tcn_arena_take(&p, 1 << 20, &a);
    first = tcn_arena_strdup(&a, "of before");
    tcn_arena_give(&p, &a);
    assert_int_equal(p.n, 1);
    tcn_arena_take(&p, 100, &a);
    assert_int_equal(p.n, 0);
    assert_int_equal(a.cap, 100);
    assert_int_equal(a.used, 0);
    assert_ptr_equal(tcn_arena_alloc(&a, 10), first);
    assert_memory_equal(first, "\0\0\0\0\0\0\0\0\0\0", 10);
    tcn_arena_take(&p, 1 << 20, &b);
    tcn_arena_alloc(&b, 100000);
    tcn_arena_give(&p, &b);
    assert_int_equal(p.n, 0);
    assert_null(b.head);
    tcn_arena_give(&p, &a);
    tcn_arena_pool_done(&p);
    assert_int_equal(p.n, 0);
}

static void pool_is_bounded(void **state)
{
    struct tcn_arena many[TCN_ARENA_SPARES + 2];
    struct tcn_arena_pool p = {0};

    (void)state;
    for (size_t i = 0; i < TCN_ARENA_SPARES + 2; i++) {
        tcn_arena_take(&p, 1 << 20, &many[i]);
        tcn_arena_alloc(&many[i], 1);
    }
    for (size_t i = 0; i < TCN_ARENA_SPARES + 2; i++)
        tcn_arena_give(&p, &many[i]);
    assert_int_equal(p.n, TCN_ARENA_SPARES);
    tcn_arena_pool_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_zeroed_and_aligned_for_all_sizes),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(done_is_legal_on_zeroes_and_twice),
        cmocka_unit_test(a_huge_block_is_not_kept),
        cmocka_unit_test(copies),
        cmocka_unit_test(more_keeps_what_was_there_and_zeroes_the_rest),
        cmocka_unit_test(pool),
        cmocka_unit_test(pool_is_bounded),
        cmocka_unit_test(exactly_the_cap_fits),
        cmocka_unit_test(beyond_the_cap_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
