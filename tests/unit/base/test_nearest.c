/* base/nearest.c: suggestions that help, and none where none helps. */
#include "cases.h"

#include "base/nearest.h"

#include <string.h>

static const char *const NAMES[] = {"severity", "summary",     "service", "status",
                                    "on",       "acknowledge", NULL};

static void suggests(void **state)
{
    static const struct {
        const char *name, *word, *nearest;
    } cases[] = {
        {"exact", "status", "status"},
        {"one replaced", "statos", "status"},
        {"one missing", "stats", "status"},
        {"one too many", "statuss", "status"},
        {"neighbours swapped", "sattus", "status"},
        {"two apart", "sevirety", "severity"},
        {"three apart in a long word", "aknowlege1", "acknowledge"},
        {"three apart in a short word", "stxxxs", NULL},
        {"far away", "frobnicate", NULL},
        {"nothing in common", "xy", NULL},
        {"one letter of two", "om", "on"},
        {"half of a short word", "opne", NULL},
        {"empty word", "", NULL},
        {"single letter", "o", NULL},
        {"case does not count", "STATUS", "status"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        const char *nearest = tcn_nearest(cases[i].word, NAMES);

        CHECK(cases[i].name, !nearest == !cases[i].nearest);
        CHECK(cases[i].name, !nearest || strcmp(nearest, cases[i].nearest) == 0);
    }
}

static void the_closest_wins_and_the_first_of_equals(void **state)
{
    static const char *const names[] = {"cat", "cart", "care", NULL};
    static const char *const none[] = {NULL};
    static const char *const variables[] = {"HOME", "PATH", "MAIL_PASSWORD", NULL};

    (void)state;
    assert_string_equal(tcn_nearest("carts", names), "cart");
    assert_string_equal(tcn_nearest("carx", names), "cart");
    assert_null(tcn_nearest("cat", none));
    assert_null(tcn_nearest("NOPE", variables));
    assert_string_equal(tcn_nearest("HOEM", variables), "HOME");
    assert_string_equal(tcn_nearest("MAIL_PASWORD", variables), "MAIL_PASSWORD");
}

/* However far: those that are nearest say most about what is there. */
static void few_of_many_are_told(void **state)
{
    static const struct {
        const char *name, *word, *names[12], *want;
    } cases[] = {
        {"none", "x", {NULL}, ""},
        {"few, in their order", "b", {"c", "b1", "a"}, "c, b1, a"},
        {"as many as are told whole",
         "x",
         {"a", "b", "c", "d", "e", "f", "g", "h"},
         "a, b, c, d, e, f, g, h"},
        {"one more: the nearest five, the first of equals first",
         "webhook",
         {"aaaaaaaa", "webhoot", "web", "bbbbbbbb", "hook", "webs", "webhooks", "cccccccc",
          "dddddddd"},
         "webhoot, webhooks, hook, web, webs and 4 more"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf got;

        tcn_buf_init(&got, 1000);
        tcn_buf_known(&got, cases[i].word, cases[i].names);
        if (strcmp(got.ptr ? got.ptr : "", cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, got.ptr);
        tcn_buf_done(&got);
    }
}

static void overlong_words_are_left_alone(void **state)
{
    char word[200];
    const char *names[] = {word, "ok", NULL};

    (void)state;
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_null(tcn_nearest(word, names));
    assert_string_equal(tcn_nearest("okk", names), "ok");
    word[64] = '\0';
    assert_ptr_equal(tcn_nearest(word, names), word);
    word[65] = 'a';
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggests),
        cmocka_unit_test(the_closest_wins_and_the_first_of_equals),
        cmocka_unit_test(few_of_many_are_told),
        cmocka_unit_test(overlong_words_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
