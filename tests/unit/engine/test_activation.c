/* Codes that prove a channel's address: spec incidents-contacts 3.3. */
#include "engine/activation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define T0 INT64_C(1785690280000)

static const struct tcn_id here = {{1}}, elsewhere = {{2}};
static struct tcn_channel_state state;
static struct tcn_err err;

static int setup(void **unused)
{
    (void)unused;
    state = (struct tcn_channel_state){.contact = "ann", .channel = "mail"};
    assert_int_equal(tcn_activation_send(&state, here, "123456", T0, &err), 0);
    return 0;
}

static void test_the_code_activates(void **unused)
{
    (void)unused;
    assert_false(tcn_activation_is(&state, here));
    assert_int_equal(tcn_activation_confirm(&state, here, "123456", T0 + 1, &err), 0);
    assert_true(tcn_activation_is(&state, here));
    assert_int_equal(state.changed_ms, T0 + 1);
    assert_null(state.code);
    /* Once more, with whatever code: it is activated. */
    assert_int_equal(tcn_activation_confirm(&state, here, "654321", T0 + 2, &err), 0);
}

static void test_what_is_no_code(void **unused)
{
    static const char *const codes[] = {NULL, "", "12345", "12345678901", "12345a", " 23456"};

    (void)unused;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        assert_int_equal(tcn_activation_confirm(&state, here, codes[i], T0 + 1, &err),
                         TCN_EINVALID);
        assert_int_equal(state.tries, 0);
        assert_int_equal(state.changed_ms, T0);
        assert_false(tcn_activation_is(&state, here));
    }
    assert_int_equal(tcn_activation_confirm(&state, here, "123456", T0 + 1, &err), 0);
}

static void test_another_code_is_counted(void **unused)
{
    static const char *const codes[] = {"1234567", "023456", "1234560000", "123457"};

    (void)unused;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        assert_int_equal(tcn_activation_confirm(&state, here, codes[i], T0 + 1, &err), TCN_EAUTH);
        assert_int_equal(state.tries, i + 1);
        assert_int_equal(state.changed_ms, T0 + 1);
        assert_false(tcn_activation_is(&state, here));
    }
    assert_int_equal(tcn_activation_confirm(&state, here, "123456", T0 + 1, &err), 0);
}

static void test_five_wrong_answers_make_it_void(void **unused)
{
    (void)unused;
    for (int i = 0; i < TCN_ACTIVATION_TRIES; i++)
        assert_int_equal(tcn_activation_confirm(&state, here, "111111", T0 + 1, &err), TCN_EAUTH);
    assert_int_equal(tcn_activation_confirm(&state, here, "123456", T0 + 1, &err), TCN_EINVALID);
    assert_int_equal(tcn_activation_send(&state, here, "222222", T0 + 2, &err), 0);
    assert_int_equal(tcn_activation_confirm(&state, here, "222222", T0 + 3, &err), 0);
}

static void test_it_lives_a_day(void **unused)
{
    (void)unused;
    assert_true(tcn_activation_is_out(&state, here, T0 + TCN_ACTIVATION_LIFE_MS - 1));
    assert_int_equal(
        tcn_activation_confirm(&state, here, "123456", T0 + TCN_ACTIVATION_LIFE_MS, &err),
        TCN_EINVALID);
    assert_int_equal(
        tcn_activation_confirm(&state, here, "123456", T0 + TCN_ACTIVATION_LIFE_MS - 1, &err), 0);
}

static void test_the_next_one_takes_its_place(void **unused)
{
    (void)unused;
    assert_int_equal(tcn_activation_send(&state, here, "222222", T0 + 1, &err), 0);
    assert_int_equal(tcn_activation_confirm(&state, here, "123456", T0 + 2, &err), TCN_EAUTH);
    assert_int_equal(tcn_activation_confirm(&state, here, "222222", T0 + 2, &err), 0);
}

static void test_another_address_is_to_be_proven_itself(void **unused)
{
    (void)unused;
    assert_int_equal(tcn_activation_confirm(&state, elsewhere, "123456", T0 + 1, &err),
                     TCN_EINVALID);
    assert_int_equal(tcn_activation_confirm(&state, here, "123456", T0 + 1, &err), 0);
    assert_false(tcn_activation_is(&state, elsewhere));
    assert_int_equal(tcn_activation_send(&state, elsewhere, "222222", T0 + 2, &err), 0);
    assert_false(tcn_activation_is(&state, here)); /* what is to be sent to is the other one */
}

static void test_an_hour_has_five(void **unused)
{
    (void)unused;
    for (int i = 1; i < TCN_ACTIVATION_SENDS; i++)
        assert_int_equal(tcn_activation_send(&state, here, "222222", T0 + i, &err), 0);
    assert_int_equal(tcn_activation_send(&state, here, "333333", T0 + 10, &err), TCN_ELIMIT);
    assert_int_equal(tcn_activation_send(&state, elsewhere, "333333", T0 + 10, &err), TCN_ELIMIT);
    assert_int_equal(tcn_activation_confirm(&state, here, "222222", T0 + 11, &err), 0);
    assert_int_equal(
        tcn_activation_send(&state, here, "333333", T0 + TCN_ACTIVATION_SENDS_MS - 1, &err),
        TCN_ELIMIT);
    assert_int_equal(
        tcn_activation_send(&state, here, "333333", T0 + TCN_ACTIVATION_SENDS_MS, &err), 0);
}

/* A clock that was set back must not keep people out until it has come forward again. */
static void test_a_clock_set_back_begins_another_hour(void **unused)
{
    (void)unused;
    for (int i = 1; i < TCN_ACTIVATION_SENDS; i++)
        assert_int_equal(tcn_activation_send(&state, here, "222222", T0 + i, &err), 0);
    assert_int_equal(tcn_activation_send(&state, here, "333333", T0 - 1, &err), 0);
    assert_int_equal(state.sent, 1);
}

static void test_it_ends(void **unused)
{
    (void)unused;
    assert_int_equal(tcn_activation_confirm(&state, here, "123456", T0 + 1, &err), 0);
    tcn_activation_end(&state, T0 + 2);
    assert_false(tcn_activation_is(&state, here));
    assert_int_equal(tcn_activation_confirm(&state, here, "123456", T0 + 3, &err), TCN_EINVALID);
    assert_int_equal(state.sent, 1); /* the hour's count stays */
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_code_activates),
        TEST(test_what_is_no_code),
        TEST(test_another_code_is_counted),
        TEST(test_five_wrong_answers_make_it_void),
        TEST(test_it_lives_a_day),
        TEST(test_the_next_one_takes_its_place),
        TEST(test_another_address_is_to_be_proven_itself),
        TEST(test_an_hour_has_five),
        TEST(test_a_clock_set_back_begins_another_hour),
        TEST(test_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
