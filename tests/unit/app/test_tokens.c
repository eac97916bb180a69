#include "app/tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define GOOD "0123456789abcdef0123456789abcdef"

#define CHARS_64 GOOD GOOD

static const char config[] =
    "[{\"name\":\"" CHARS_64 "\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_A\"}},"
    "{\"name\":\"Boss_1.x-y\",\"role\":\"admin\",\"token\":{\"env\":\"TEST_TOKEN_B\"}}]";

struct fixture {
    struct tcn_arena arena;
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_tokens tokens;
    int r;
};

static void read_text(struct fixture *f, const char *text)
{
    struct tcn_node root;

    memset(f, 0, sizeof *f);
    tcn_arena_init(&f->arena, 1u << 20);
    tcn_problems_init(&f->problems);
    assert_int_equal(tcn_doc_parse(&f->doc, "t.json", tcn_str(text), &f->problems), 0);
    root = tcn_node_root(&f->doc);
    f->r = tcn_tokens_read(&root, &f->arena, &f->tokens);
}

static void release(struct fixture *f)
{
    tcn_doc_done(&f->doc);
    tcn_problems_done(&f->problems);
    tcn_arena_done(&f->arena);
}

static void test_finds_the_right_one(void **state)
{
    static const struct {
        const char *header, *want;
    } cases[] = {
        {"Bearer " GOOD "a", CHARS_64},
        {"bearer " GOOD "b", "Boss_1.x-y"},
        {"Bearer   " GOOD "b  ", "Boss_1.x-y"},
        {"Bearer " GOOD, NULL},
        {"Bearer " GOOD "ab", NULL},
        {"Bearer ", NULL},
        {"Bearer", NULL},
        {"", NULL},
        {"Basic " GOOD "a", NULL},
        {GOOD "a", NULL},
    };
    struct fixture f;

    (void)state;
    setenv("TEST_TOKEN_A", GOOD "a", 1);
    setenv("TEST_TOKEN_B", GOOD "b\n", 1);
    read_text(&f, config);
    assert_string_equal(f.problems.text.ptr, "");
    assert_int_equal(f.tokens.n, 2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tcn_token *t = tcn_tokens_find(&f.tokens, tcn_str(cases[i].header));

        if (cases[i].want)
            assert_string_equal(t ? t->name : "(none)", cases[i].want);
        else
            assert_null(t);
    }
    assert_int_equal(f.tokens.items[0].role, TCN_VIEWER);
    assert_int_equal(f.tokens.items[1].role, TCN_ADMIN);
    release(&f);
}

static void test_mistakes_are_told_without_the_secret(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"[{\"name\":\"a\",\"role\":\"viewer\",\"token\":\"hunter2hunter2hunter2\"}]", "never in"},
        {"[{\"name\":\"a\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_C\"}}]", "not set"},
        {"[{\"name\":\"a\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_S\"}}]",
         "fewer than"},
        {"[{\"name\":\"a\",\"role\":\"viewer\"}]", "needs \"token\""},
        {"[{\"name\":\"a\",\"role\":\"root\",\"token\":{\"env\":\"TEST_TOKEN_A\"}}]", "role"},
        {"[{\"name\":\"a\",\"role\":\"viewer\",\"token\":{\"file\":\"/nonexistent/x\"}}]",
         "$[0].token.file: there is no file /nonexistent/x"},
        {"[{\"name\":\"a\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_A\"}},"
         "{\"name\":\"a\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_A\"}}]",
         "$[1].name: \"a\" is used twice, first on line 1"},
        {"[{\"name\":\"a\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_A\"}},"
         "{\"name\":\"b\",\"role\":\"admin\",\"token\":{\"env\":\"TEST_TOKEN_A\"}}]",
         "$[1].token: is the secret of token \"a\", too; give each its own"},
        {"[{\"name\":\"\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_A\"}}]",
         "$[0].name: name a token with 1-64 of a-z A-Z 0-9 . - _"},
        {"[{\"name\":\"\x7f\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_A\"}}]",
         "$[0].name: name a token with"},
        {"[{\"name\":\"a:b\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_A\"}}]",
         "$[0].name: name a token with"},
        {"[{\"name\":\"" CHARS_64 "x\",\"role\":\"viewer\",\"token\":{\"env\":\"TEST_TOKEN_A\"}}]",
         "$[0].name: name a token with"},
        {"[\"hunter2\"]", "$[0]: must be an object, not text"},
    };

    (void)state;
    setenv("TEST_TOKEN_A", GOOD, 1);
    setenv("TEST_TOKEN_S", "hunter2", 1);
    unsetenv("TEST_TOKEN_C");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        read_text(&f, cases[i].text);
        assert_true(f.r < 0);
        assert_int_equal(f.problems.n, 1);
        assert_non_null(strstr(f.problems.text.ptr, cases[i].want));
        assert_null(strstr(f.problems.text.ptr, "hunter2"));
        release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_right_one),
        cmocka_unit_test(test_mistakes_are_told_without_the_secret),
    };

    return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
