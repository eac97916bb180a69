/* Related items by hand, as turns. */
#include "app/remark.h"
#include "command_calls.h"
#include "engine/related_change.h"

static struct tcn_command about(enum tcn_command_kind kind, struct tcn_id incident, const char *url)
{
    struct tcn_command c = {
        .kind = kind,
        .incident = incident,
        .related = {.type = "OTHER", .value_kind = "url", .value = url, .title = url}};

    tcn_related_make_id(&c.related);
    return c;
}

static struct tcn_command addition(struct tcn_id incident, const char *url)
{
    return about(TCN_COMMAND_RELATED_ADD, incident, url);
}

static struct tcn_command removal(struct tcn_id incident, const char *url)
{
    return about(TCN_COMMAND_RELATED_REMOVE, incident, url);
}

static size_t count(struct tcn_id incident)
{
    struct tcn_related_item *items;
    size_t n;

    assert_int_equal(tcn_store_related_list(store, incident, &arena, &items, &n, &err), 0);
    return n;
}

static void test_added_and_removed(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_command renamed = addition(incident, "https://a.test/");

    (void)state;
    assert_int_equal(count(incident), 1); /* of the alarm */
    execute_for(addition(incident, "https://a.test/"), 201);
    assert_string_equal(text_of("value"), "https://a.test/");
    assert_true(result.has_changed);
    execute_for(addition(incident, "https://a.test/"), 200);
    assert_false(result.has_changed);
    renamed.related.title = "A";
    execute_for(renamed, 200);
    assert_string_equal(text_of("title"), "A");
    assert_true(result.has_changed);
    assert_int_equal(count(incident), 2);
    execute_for(removal(incident, "https://a.test/"), 200);
    assert_string_equal(text_of("status"), "removed");
    execute_for(removal(incident, "https://a.test/"), 200);
    assert_string_equal(text_of("status"), "unchanged");
    assert_false(result.has_changed);
    assert_int_equal(count(incident), 1);
    execute_for(addition((struct tcn_id){{9}}, "https://a.test/"), 404);
    assert_string_equal(error_of("field"), "id");
    drop_reply();
}

/* What somebody else did meanwhile stays. */
static void test_a_repeat_does_nothing(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_command added = addition(incident, "https://a.test/"), other;

    (void)state;
    added.client_token = added.request = "t";
    execute_for(added, 201);
    execute_for(added, 200);
    assert_string_equal(text_of("value"), "https://a.test/");
    execute_for(removal(incident, "https://a.test/"), 200);
    execute_for(added, 200);
    assert_string_equal(text_of("status"), "removed");
    assert_int_equal(count(incident), 1);
    other = removal(incident, "https://a.test/");
    other.client_token = "t";
    other.request = "another";
    execute_for(other, 409);
    assert_string_equal(error_of("field"), "client_token");
    other.client_token = "u";
    execute_for(other, 200);
    execute_for(addition(incident, "https://a.test/"), 201);
    execute_for(other, 200);
    assert_string_equal(text_of("status"), "removed");
    assert_int_equal(count(incident), 2);
    drop_reply();
}

static void test_a_ticket_stays(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_link *links;
    size_t n;

    (void)state;
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    assert_int_equal(n, 1);
    links[0].remote_url = "https://jira.test/browse/OPS-1";
    assert_int_equal(tcn_store_link_put(store, &links[0], &err), 0);
    execute_for(addition(incident, "https://jira.test/browse/OPS-1"), 201);
    execute_for(removal(incident, "https://jira.test/browse/OPS-1"), 409);
    assert_non_null(strstr(error_of("message"), "in jira"));
    assert_int_equal(count(incident), 2);
    links[0].remote_url = "https://jira.test/browse/OPS-2";
    assert_int_equal(tcn_store_link_put(store, &links[0], &err), 0);
    execute_for(removal(incident, "https://jira.test/browse/OPS-1"), 200);
    drop_reply();
}

static void test_at_most_fifty(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);

    (void)state;
    for (int i = 1; i < TCN_RELATED_MAX; i++)
        execute_for(addition(incident, tcn_arena_fmt(&arena, "https://a.test/%d", i)), 201);
    execute_for(addition(incident, "https://a.test/50"), 409);
    assert_non_null(strstr(error_of("message"), "50 related items"));
    assert_int_equal(count(incident), TCN_RELATED_MAX);
    execute_for(removal(incident, "https://a.test/7"), 200);
    execute_for(addition(incident, "https://a.test/50"), 201);
    drop_reply();
}

/* An alarm that joins brings what is not there; people, senders and tickets share the fifty. */
static void test_of_an_alarm_that_joins(void **state)
{
    const struct tcn_relation ticket = {"https://jira.test/OPS-1", "OPS-1", "Created OPS-1", "x"};
    struct tcn_related own = alarm_link;
    struct tcn_id incident;

    (void)state;
    plan.dedupe_string = "one for all";
    incident = alarm_of("a", TCN_ACTION_FIRE);
    assert_true(tcn_id_eq(alarm_of("b", TCN_ACTION_FIRE), incident));
    assert_int_equal(count(incident), 1);
    alarm_link.value = "https://runbooks.test/disk";
    assert_true(tcn_id_eq(alarm_of("c", TCN_ACTION_FIRE), incident));
    assert_int_equal(count(incident), 2);
    for (int i = 2; i < TCN_RELATED_MAX; i++)
        execute_for(addition(incident, tcn_arena_fmt(&arena, "https://a.test/%d", i)), 201);
    alarm_link.value = "https://runbooks.test/net";
    assert_true(tcn_id_eq(alarm_of("d", TCN_ACTION_FIRE), incident));
    assert_int_equal(tcn_relation_write(store, &directory, incident, &ticket, now, &err), 0);
    assert_int_equal(count(incident), TCN_RELATED_MAX);
    execute_for(removal(incident, "https://a.test/7"), 200);
    assert_int_equal(tcn_relation_write(store, &directory, incident, &ticket, now, &err), 0);
    assert_int_equal(count(incident), TCN_RELATED_MAX);
    assert_int_equal(load(incident).incident.related_seq, TCN_RELATED_MAX);
    alarm_link = own;
    drop_reply();
}

static bool is_read_for(const char *key, enum tcn_action action, const char *title, bool is_alone)
{
    const struct tcn_alarm alarm = {.source = policy.source,
                                    .dedupe_key = key,
                                    .title = title,
                                    .action = action,
                                    .related = &alarm_link,
                                    .n_related = 1};
    struct tcn_aggregate a;
    const char *dedupe;
    int r = is_alone ? tcn_turn_load_alone(store, &alarm, &plan, &policy, &arena, &a, &dedupe, &err)
                     : tcn_turn_load_lane(store, &alarm, &plan, &policy, &arena, &a, &err);

    assert_int_equal(r, 0);
    return a.knows_related;
}

/* None of a repeat or an end, nor of an alarm that opens an incident of its own. */
static void test_items_are_read_when_some_may_come(void **state)
{
    (void)state;
    plan.dedupe_string = "one for all";
    assert_false(is_read_for("a", TCN_ACTION_FIRE, "cpu", false));
    alarm_of("a", TCN_ACTION_FIRE);
    for (int is_alone = 0; is_alone < 2; is_alone++) {
        assert_true(is_read_for("a", TCN_ACTION_FIRE, "another title", is_alone));
        assert_true(is_read_for("b", TCN_ACTION_FIRE, "cpu high", is_alone));
        assert_false(is_read_for("a", TCN_ACTION_FIRE, "cpu high", is_alone));
        assert_false(is_read_for("a", TCN_ACTION_RESOLVE, "another title", is_alone));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_added_and_removed),      CASE(test_a_repeat_does_nothing),
        CASE(test_a_ticket_stays),         CASE(test_at_most_fifty),
        CASE(test_of_an_alarm_that_joins), CASE(test_items_are_read_when_some_may_come),
    };

    return cmocka_run_group_tests_name("related turns", tests, NULL, NULL);
}
