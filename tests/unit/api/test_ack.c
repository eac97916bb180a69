#include "api/ack.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const uint8_t key[TCN_ACK_KEY] = "0123456789abcdef0123456789abcde";
static const struct tcn_id page_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static void test_a_token_reads_back(void **state)
{
    char token[TCN_ACK_TEXT];
    struct tcn_id id;

    (void)state;
    tcn_ack_token(key, page_id, token);
    assert_int_equal(strlen(token), TCN_ACK_TEXT - 1);
    assert_int_equal(tcn_ack_read(key, tcn_str(token), &id), 0);
    assert_true(tcn_id_eq(id, page_id));
}

static void test_every_changed_character_is_refused(void **state)
{
    char token[TCN_ACK_TEXT];
    struct tcn_id id;

    (void)state;
    tcn_ack_token(key, page_id, token);
    for (size_t i = 0; i < TCN_ACK_TEXT - 1; i++) {
        char kept = token[i];

        token[i] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(tcn_ack_read(key, tcn_str(token), &id), TCN_EAUTH);
        token[i] = kept;
    }
}

static void test_other_keys_lengths_and_garbage_are_refused(void **state)
{
    static const char *const garbage[] = {"", "a", "../../etc/passwd", "%00",
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    uint8_t other[TCN_ACK_KEY] = {0};
    char token[TCN_ACK_TEXT];
    struct tcn_id id;

    (void)state;
    tcn_ack_token(key, page_id, token);
    assert_int_equal(tcn_ack_read(other, tcn_str(token), &id), TCN_EAUTH);
    for (size_t n = 0; n < TCN_ACK_TEXT - 1; n++)
        assert_int_equal(tcn_ack_read(key, (struct tcn_str){token, n}, &id), TCN_EAUTH);
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
        assert_int_equal(tcn_ack_read(key, tcn_str(garbage[i]), &id), TCN_EAUTH);
}

static void test_the_page_escapes_what_the_alarm_says(void **state)
{
    struct tcn_incident incident = {.title = "<script>alert(1)</script>",
                                    .summary = "\"><img src=x onerror=y>",
                                    .impact = 1,
                                    .status = TCN_STATUS_OPEN,
                                    .created_ms = 1785690280989};
    struct tcn_page page = {.contact = "al<b>ice"};
    struct tcn_buf html;

    (void)state;
    for (enum tcn_ack_view view = TCN_ACK_ASK; view <= TCN_ACK_EXPIRED; view++) {
        tcn_buf_init(&html, 65536);
        tcn_ack_page(&html, view, &incident, &page);
        assert_true(tcn_buf_ok(&html));
        assert_null(strstr(html.ptr, "<script"));
        assert_null(strstr(html.ptr, "<img"));
        assert_null(strstr(html.ptr, "<b>"));
        assert_non_null(strstr(html.ptr, "&lt;script&gt;"));
        assert_non_null(strstr(html.ptr, "2026-08-02T17:04:40.989Z"));
        /* Only the page that asks has something to press. */
        assert_int_equal(strstr(html.ptr, "<form") != NULL, view == TCN_ACK_ASK);
        tcn_buf_done(&html);
    }
}

static void test_the_page_of_an_engagement_alone(void **state)
{
    struct tcn_incident incident = {
        .title = "Deploy failed", .status = TCN_STATUS_RESOLVED, .created_ms = 1, .is_bare = true};
    struct tcn_page page = {.contact = "alice"};
    struct tcn_buf html;

    (void)state;
    tcn_buf_init(&html, 65536);
    tcn_ack_page(&html, TCN_ACK_DONE, &incident, &page);
    assert_non_null(strstr(html.ptr, "You are not paged for it"));
    assert_null(strstr(html.ptr, "Impact"));
    assert_null(strstr(html.ptr, "incident is resolved"));
    tcn_buf_done(&html);
}

static void test_an_outage_is_told_to_a_person(void **state)
{
    static const struct {
        bool is_post, is_undecided;
        const char *words;
    } cases[] = {{false, false, "Nothing is lost"},
                 {false, true, "Nothing is lost"},
                 {true, false, "Your answer was not taken"},
                 {true, true, "Whether your answer arrived is not known"}};
    struct tcn_buf html;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tcn_buf_init(&html, 65536);
        tcn_ack_unavailable(&html, cases[i].is_post, cases[i].is_undecided);
        assert_true(tcn_buf_ok(&html));
        assert_non_null(strstr(html.ptr, cases[i].words));
        /* To look again sends nothing a second time. */
        assert_non_null(strstr(html.ptr, "<form method=\"get\">"));
        assert_null(strstr(html.ptr, "<form method=\"post\">"));
        tcn_buf_done(&html);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_reads_back),
        cmocka_unit_test(test_every_changed_character_is_refused),
        cmocka_unit_test(test_other_keys_lengths_and_garbage_are_refused),
        cmocka_unit_test(test_the_page_escapes_what_the_alarm_says),
        cmocka_unit_test(test_the_page_of_an_engagement_alone),
        cmocka_unit_test(test_an_outage_is_told_to_a_person),
    };

    return cmocka_run_group_tests_name("ack", tests, NULL, NULL);
}
