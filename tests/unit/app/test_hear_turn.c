/* Notes of a record come to the timeline once each, whoever repeats them, and change when they were edited. */
#include "app/hear_turn.h"
#include "turns.h"

static struct tcn_link link = {.connector = "jira"};

static int open_incident(void **state)
{
    const uint8_t random[10] = {1};
    struct tcn_incident row = {.id = tcn_id_v7(T0, random),
                               .status = TCN_STATUS_OPEN,
                               .impact = 1,
                               .title = "t",
                               .response_plan = "critical",
                               .source = "s",
                               .created_by = "s",
                               .modified_by = "s",
                               .created_ms = T0,
                               .modified_ms = T0};

    if (setup(state) < 0 || tcn_store_incident_put(store, &row, &err) < 0)
        return -1;
    link.incident = row.id;
    link.id = tcn_id_child(row.id, "jira", 0);
    return 0;
}

static void hear(const struct tcn_heard *heard, size_t n)
{
    now += 1000;
    if (tcn_hear_turn(store, &directory, &link, heard, n, now, &err) < 0)
        fail_msg("%s", err.msg);
}

/* The texts of the timeline, a line each. */
static const char *timeline(void)
{
    struct tcn_event *events = NULL;
    struct tcn_buf b;
    const char *text;
    size_t n = 0;

    assert_int_equal(tcn_store_event_list(store, link.incident, 0, 100, &arena, &events, &n, &err),
                     0);
    tcn_buf_init(&b, 1 << 16);
    for (size_t i = 0; i < n; i++)
        tcn_buf_fmt(&b, "%s: %s\n", events[i].actor, events[i].text);
    text = tcn_arena_strndup(&arena, b.ptr ? b.ptr : "", b.len);
    tcn_buf_done(&b);
    return text;
}

static void each_once(void **state)
{
    static const struct tcn_heard two[] = {{"10", "Ann Smith", "I look.", false, T0},
                                           {"11", "", "Me too.", true, T0}};

    (void)state;
    hear(two, 2);
    hear(two, 2);
    hear(&two[1], 1);
    assert_string_equal(timeline(), "connector:jira/Ann Smith: I look.\nconnector:jira: Me too.\n");
}

/* Another record may number its notes alike. */
static void of_one_record(void **state)
{
    static const struct tcn_heard note = {"10", "Ann", "I look.", false, T0};

    (void)state;
    hear(&note, 1);
    link.id = tcn_id_child(link.incident, "servicenow", 0);
    link.connector = "servicenow";
    hear(&note, 1);
    link.connector = "jira";
    assert_string_equal(timeline(),
                        "connector:jira/Ann: I look.\nconnector:servicenow/Ann: I look.\n");
}

static void an_edit_counts_once(void **state)
{
    struct tcn_heard note = {"10", "Ann", "disc", false, T0};

    (void)state;
    hear(&note, 1);
    note.text = "disk";
    hear(&note, 1);
    hear(&note, 1);
    assert_non_null(strstr(timeline(), "connector:jira/Ann: disk\n"));
    assert_null(strstr(timeline(), "disc"));
    assert_int_equal(strstr(strstr(timeline(), "changed the event") + 1, "changed the event"),
                     NULL);
}

static void what_nobody_can_read_stays_there(void **state)
{
    static const struct tcn_heard notes[] = {{"10", "Ann", "", false, T0},
                                             {"11", "Ann", "Readable.", false, T0}};

    (void)state;
    hear(notes, 2);
    assert_string_equal(timeline(), "connector:jira/Ann: Readable.\n");
}

static void an_incident_that_is_gone_hears_nothing(void **state)
{
    static const struct tcn_heard note = {"10", "Ann", "I look.", false, T0};

    (void)state;
    link.incident.b[0] ^= 1;
    assert_int_equal(tcn_hear_turn(store, &directory, &link, &note, 1, now, &err), 0);
    assert_string_equal(timeline(), "");
}

#define IN_STORE(f) cmocka_unit_test_setup_teardown(f, open_incident, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(each_once),
        IN_STORE(of_one_record),
        IN_STORE(an_edit_counts_once),
        IN_STORE(what_nobody_can_read_stays_there),
        IN_STORE(an_incident_that_is_gone_hears_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
