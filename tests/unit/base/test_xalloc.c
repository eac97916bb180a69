/* base/xalloc.c: never NULL, zeroed where promised, overflow aborts. */
#include "cases.h"

#include "base/xalloc.h"

#include <string.h>

static void never_yields_null(void **state)
{
    void *p = tcn_xmalloc(0), *q = tcn_xcalloc(0, 8), *r = tcn_xrealloc(NULL, 0, 0);

    (void)state;
    assert_non_null(p);
    assert_non_null(q);
    assert_non_null(r);
    free(p);
    free(q);
    free(r);
}

static void calloc_is_zeroed(void **state)
{
    static const char zeros[64];
    char *p = tcn_xcalloc(8, 8);

    (void)state;
    assert_memory_equal(p, zeros, sizeof zeros);
    free(p);
}

static void realloc_keeps_what_was_there(void **state)
{
    int *p = tcn_xrealloc(NULL, 2, sizeof *p);

    (void)state;
    p[0] = 7;
    p[1] = 8;
    p = tcn_xrealloc(p, 2000, sizeof *p);
    assert_int_equal(p[0], 7);
    assert_int_equal(p[1], 8);
    free(p);
}

static void copies_text(void **state)
{
    char *whole = tcn_xstrdup("abc"), *part = tcn_xstrndup("abcdef", 2),
         *empty = tcn_xstrndup("x", 0);

    (void)state;
    assert_string_equal(whole, "abc");
    assert_string_equal(part, "ab");
    assert_string_equal(empty, "");
    assert_null(tcn_xstrdup(NULL));
    assert_null(tcn_xstrndup(NULL, 3));
    free(whole);
    free(part);
    free(empty);
}

static void overflow_calloc(void *arg)
{
    free(tcn_xcalloc(SIZE_MAX / 2, *(size_t *)arg));
}

static void overflow_realloc(void *arg)
{
    free(tcn_xrealloc(NULL, SIZE_MAX / 2, *(size_t *)arg));
}

static void overflow_strndup(void *arg)
{
    free(tcn_xstrndup(arg, SIZE_MAX));
}

static void overflow_aborts(void **state)
{
    size_t three = 3;

    (void)state;
    assert_true(aborts(overflow_calloc, &three));
    assert_true(aborts(overflow_realloc, &three));
    assert_true(aborts(overflow_strndup, &three));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_yields_null),
        cmocka_unit_test(calloc_is_zeroed),
        cmocka_unit_test(realloc_keeps_what_was_there),
        cmocka_unit_test(copies_text),
        cmocka_unit_test(overflow_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
