/* What one message says of all that a budget held back. */
#include "app/page_digest.h"
#include "app/shipped.h"
#include "turns.h"

static struct tcn_config config;
static struct tcn_connector_config connector = {.name = "mail"};
static const uint8_t key[TCN_ACK_KEY];

static void configure(void)
{
    const struct tcn_mapping_lookup lookup = tcn_shipped_lookup();
    struct tcn_problems problems;
    struct tcn_str text;

    tcn_problems_init(&problems);
    if (tcn_mapping_builtin(tcn_shipped_table(), "connectors/smtp", &text) < 0 ||
        tcn_mapping_load("smtp", text, &lookup, &problems, &connector.mapping) < 0)
        fail_msg("no mapping: %s", problems.text.ptr ? problems.text.ptr : "");
    tcn_problems_done(&problems);
    config = (struct tcn_config){.directory = directory,
                                 .public_url = "http://t",
                                 .account_id = "123456789012",
                                 .connectors = &connector,
                                 .n_connectors = 1,
                                 .channel_connector = {[TCN_EMAIL] = "mail"}};
}

static void end(void)
{
    tcn_mapping_free(connector.mapping);
    connector.mapping = NULL;
    plan.impact = 1;
}

static void open_some(const char *word, int impact, int n)
{
    plan.impact = impact;
    for (int i = 0; i < n; i++)
        alarm_of(tcn_arena_fmt(&arena, "%s%d", word, i), TCN_ACTION_FIRE);
}

static struct tcn_send_bundle claimed(void)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    assert_int_equal(tcn_store_send_claim(store, now, 1000, &arena, &rows, &n, &err), 0);
    return (struct tcn_send_bundle){rows, n, now};
}

static json_t *digest_of(const struct tcn_send_bundle *bundle)
{
    json_t *message = NULL;

    if (tcn_page_digest(&config, key, store, bundle, &arena, &message, &err) < 0)
        fail_msg("%s", err.msg);
    return message;
}

static const char *text_of(const json_t *message, const char *name)
{
    const char *text = json_string_value(json_object_get(message, name));

    assert_non_null(text);
    return text;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (; (text = strstr(text, word)) != NULL; text++)
        n++;
    return n;
}

static void test_the_most_severe_comes_first(void **state)
{
    struct tcn_send_bundle bundle;
    const char *text, *second, *third;
    json_t *message;

    (void)state;
    configure();
    open_some("a", 3, 2);
    open_some("b", 2, 1);
    bundle = claimed();
    assert_int_equal(bundle.n, 3);
    message = digest_of(&bundle);
    text = text_of(message, "text");
    assert_string_equal(text_of(message, "to"), "a@b");
    assert_string_equal(text_of(message, "subject"),
                        "3 incidents wait for you, the most severe: [2] cpu high");
    second = strstr(text, "[2] cpu high\n    Acknowledge: http://t/ack/");
    third = strstr(text, "[3] cpu high\n    Acknowledge: http://t/ack/");
    assert_true(second && third && second < third);
    assert_int_equal(count(text, "    Code:        "), 3);
    for (size_t i = 0; i < bundle.n; i++) {
        char token[TCN_ACK_TEXT];

        tcn_ack_token(key, bundle.rows[i].page, token);
        assert_int_equal(count(text, token), 1);
    }
    json_decref(message);
    end();
}

static void test_a_long_list_is_cut(void **state)
{
    struct tcn_send_bundle bundle;
    json_t *message;

    (void)state;
    configure();
    open_some("a", 3, TCN_DIGEST_LISTED + 7);
    bundle = claimed();
    message = digest_of(&bundle);
    assert_int_equal(count(text_of(message, "text"), "Acknowledge: "), TCN_DIGEST_LISTED);
    assert_non_null(strstr(text_of(message, "text"), "\nand 7 more\n"));
    assert_int_equal(strncmp(text_of(message, "subject"), "57 incidents", 12), 0);
    json_decref(message);
    end();
}

/* What was sent again while it waited is one page of one incident. */
static void test_messages_of_one_incident(void **state)
{
    struct tcn_send_row rows[2];
    struct tcn_send_bundle bundle;
    json_t *message;

    (void)state;
    configure();
    open_some("a", 3, 1);
    rows[0] = rows[1] = claimed().rows[0];
    bundle = (struct tcn_send_bundle){rows, 2, now};
    message = digest_of(&bundle);
    assert_string_equal(text_of(message, "subject"), "[3] cpu high");
    json_decref(message);
    end();
}

static void engage_alone(void)
{
    static const struct tcn_engagement_text text = {
        .sender = "deploy", .subject = "Deploy failed", .content = "Step 7"};
    const struct tcn_engage in = {"alice", "token:test", NULL, &text};
    struct tcn_aggregate *a = TCN_NEW(&arena, struct tcn_aggregate);
    struct tcn_decision d;

    tcn_decision_init(&d, &arena);
    if (tcn_engine_engage_alone(a, &in, &directory, (struct tcn_id){{7}}, 1, now, &d, &err) < 0 ||
        tcn_turn_write(store, &d, NULL, now, &err) < 0)
        fail_msg("%s", err.msg);
}

/* An engagement without an incident has no impact, and comes after what has one. */
static void test_an_engagement_among_incidents(void **state)
{
    struct tcn_send_row rows[2];
    struct tcn_send_bundle bundle;
    const char *text, *alone;
    json_t *message;

    (void)state;
    configure();
    engage_alone();
    bundle = claimed();
    message = digest_of(&bundle);
    assert_string_equal(text_of(message, "subject"), "Deploy failed");
    json_decref(message);
    open_some("a", 5, 1);
    rows[0] = bundle.rows[0];
    rows[1] = claimed().rows[0];
    bundle = (struct tcn_send_bundle){rows, 2, now};
    message = digest_of(&bundle);
    text = text_of(message, "text");
    assert_non_null(strstr(text, "[5] cpu high\n"));
    assert_non_null(alone = strstr(text, "\nDeploy failed\n    Acknowledge: "));
    assert_true(alone > strstr(text, "[5] "));
    json_decref(message);
    end();
}

/* Its rows are given up one by one, where it is told why. */
static void test_what_cannot_be_written(void **state)
{
    struct tcn_send_row unknown = {.incident = {{9}}, .contact = "alice", .channel = "mail"};
    struct tcn_send_bundle bundle = {&unknown, 1, now};

    (void)state;
    configure();
    assert_null(digest_of(&bundle));
    open_some("a", 3, 2);
    bundle = claimed();
    mail.is_activated = false;
    assert_null(digest_of(&bundle));
    mail.is_activated = true;
    config.channel_connector[TCN_EMAIL] = NULL;
    assert_null(digest_of(&bundle));
    end();
}

static int budget_of(const struct tcn_send_row *row, struct tcn_send_budget *ret)
{
    return tcn_page_budget(&config, store, row, now, ret, &err);
}

static void test_who_has_a_budget(void **state)
{
    const struct tcn_send_row row = {.contact = "alice", .channel_type = TCN_EMAIL},
                              other = {.contact = "bob", .channel_type = TCN_EMAIL};
    struct tcn_send_budget budget;

    (void)state;
    configure();
    assert_int_equal(budget_of(&row, &budget), 0);
    alice.budget = (struct tcn_page_budget){5, 600000};
    assert_int_equal(budget_of(&row, &budget), 1);
    assert_int_equal(budget.bucket.pages, 5);
    assert_true(budget.can_bundle);
    config.channel_connector[TCN_EMAIL] = NULL;
    assert_int_equal(budget_of(&row, &budget), 1);
    assert_false(budget.can_bundle);
    assert_int_equal(budget_of(&other, &budget), 0);
    alice.budget.pages = 0;
    end();
}

/* Whoever has a budget of her own is not under that of the channel. */
static void test_the_budget_of_a_channel(void **state)
{
    const struct tcn_send_row row = {.contact = "alice", .channel_type = TCN_EMAIL},
                              sms = {.contact = "alice", .channel_type = TCN_SMS},
                              other = {.contact = "bob", .channel_type = TCN_EMAIL};
    struct tcn_send_budget budget;

    (void)state;
    configure();
    config.directory.budgets[TCN_EMAIL] = (struct tcn_page_budget){1, 20000};
    assert_int_equal(budget_of(&row, &budget), 1);
    assert_int_equal(budget.bucket.per_ms, 20000);
    assert_int_equal(budget_of(&sms, &budget), 0);
    assert_int_equal(budget_of(&other, &budget), 0);
    alice.budget = (struct tcn_page_budget){5, 600000};
    assert_int_equal(budget_of(&row, &budget), 1);
    assert_int_equal(budget.bucket.pages, 5);
    alice.budget.pages = 0;
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_most_severe_comes_first), CASE(test_a_long_list_is_cut),
        CASE(test_messages_of_one_incident),    CASE(test_an_engagement_among_incidents),
        CASE(test_what_cannot_be_written),      CASE(test_who_has_a_budget),
        CASE(test_the_budget_of_a_channel),
    };

    return cmocka_run_group_tests_name("page_digest", tests, NULL, NULL);
}
