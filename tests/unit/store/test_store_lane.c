#include "rows.h"

static void absent(void **state)
{
    struct fixture *f = *state;
    struct tcn_lane lane;

    OK(f, tcn_store_lane_get(f->s, "cpu", NULL, &f->a, &lane, NULL, &f->err));
    assert_false(lane.exists);
    assert_string_equal(lane.dedupe_key, "cpu");
    assert_int_equal(lane.revision, 0);
}

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_lane in = gen_lane(&g), out;

    OK(f, tcn_store_lane_put(f->s, &in, &f->err));
    OK(f, tcn_store_lane_get(f->s, in.dedupe_key, NULL, &f->a, &out, NULL, &f->err));
    same_lane(&in, &out);
}

static void replaced(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_lane first = gen_lane(&g), second = gen_lane(&g), out;

    OK(f, tcn_store_lane_put(f->s, &first, &f->err));
    second.dedupe_key = first.dedupe_key;
    second.revision = 1;
    OK(f, tcn_store_lane_put(f->s, &second, &f->err));
    OK(f, tcn_store_lane_get(f->s, first.dedupe_key, NULL, &f->a, &out, NULL, &f->err));
    same_lane(&second, &out);
}

static void empty_members(void **state)
{
    struct fixture *f = *state;
    struct tcn_lane in = {.dedupe_key = "k", .exists = true}, out;

    OK(f, tcn_store_lane_put(f->s, &in, &f->err));
    OK(f, tcn_store_lane_get(f->s, "k", NULL, &f->a, &out, NULL, &f->err));
    same_lane(&in, &out);
    assert_null(out.items);
}

static void changed_meanwhile(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        int64_t revision;
    } cases[] = {{"insert of a key that exists", 0}, {"older", 1}, {"newer", 3}};
    struct tcn_lane lane = {.dedupe_key = "k", .clock_ms = 1};

    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
    lane.revision = 1;
    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
    commit_and_begin(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lane.revision = cases[i].revision;
        print_message("%s\n", cases[i].name);
        assert_conflict(f, tcn_store_lane_put(f->s, &lane, &f->err));
    }
    lane.revision = 2;
    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void too_many_items(void **state)
{
    struct fixture *f = *state;
    size_t n = 10 * TCN_ITEMS_MAX;
    struct tcn_lane in = {.dedupe_key = "k", .n_items = n + 1}, out;

    in.items = TCN_NEW_N(&f->a, struct tcn_item, n + 1);
    assert_int_equal(tcn_store_lane_put(f->s, &in, &f->err), TCN_ELIMIT);
    in.n_items = n;
    OK(f, tcn_store_lane_put(f->s, &in, &f->err));
    OK(f, tcn_store_lane_get(f->s, "k", NULL, &f->a, &out, NULL, &f->err));
    assert_int_equal(out.n_items, n);
}

static void put_lane(struct fixture *f, const char *key, bool is_firing, bool is_flapping,
                     int64_t due_ms)
{
    struct tcn_lane lane = {.dedupe_key = key,
                            .incident = id_of(1),
                            .is_firing = is_firing,
                            .is_flapping = is_flapping,
                            .resolve_due_ms = due_ms};

    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
}

static void lanes_that_wait(void **state)
{
    static const char *const expected[] = {"due-1", "due-2", "flap"};
    struct fixture *f = *state;
    struct tcn_lane *list;
    size_t n;

    put_lane(f, "quiet", false, false, 0);
    put_lane(f, "firing", true, false, 0);
    put_lane(f, "due-3", false, false, 30);
    put_lane(f, "due-1", false, false, 10);
    put_lane(f, "due-2", false, false, 20);
    put_lane(f, "flap", true, true, 0);
    OK(f, tcn_store_lanes_waiting(f->s, id_of(1), 2, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(list[i].dedupe_key, expected[i]);
    OK(f, tcn_store_lanes_waiting(f->s, id_of(9), 2, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 0);
}

static void lanes_that_are_watched(void **state)
{
    struct tcn_lane late = {.dedupe_key = "b", .is_firing = true, .stale_due_ms = 20},
                    early = {.dedupe_key = "a", .is_firing = true, .stale_due_ms = 10};
    struct fixture *f = *state;
    struct tcn_lane *list;
    size_t n;

    late.incident = early.incident = id_of(1);
    OK(f, tcn_store_lane_put(f->s, &late, &f->err));
    OK(f, tcn_store_lane_put(f->s, &early, &f->err));
    put_lane(f, "firing", true, false, 0);
    OK(f, tcn_store_lanes_waiting(f->s, id_of(1), 2, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(list[0].dedupe_key, "a");
    assert_string_equal(list[1].dedupe_key, "b");
}

static void lanes_that_hold_an_echo(void **state)
{
    static const char *const expected[] = {"a", "b"};
    struct tcn_lane lanes[] = {{.dedupe_key = "c", .echo_due_ms = 30},
                               {.dedupe_key = "b", .echo_due_ms = 20},
                               {.dedupe_key = "a", .echo_due_ms = 10}};
    struct fixture *f = *state;
    struct tcn_lane *list;
    size_t n;

    for (size_t i = 0; i < 3; i++) {
        lanes[i].incident = id_of(1);
        OK(f, tcn_store_lane_put(f->s, &lanes[i], &f->err));
    }
    put_lane(f, "due", false, false, 5);
    OK(f, tcn_store_lanes_echo(f->s, id_of(1), 2, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(list[i].dedupe_key, expected[i]);
    OK(f, tcn_store_lanes_waiting(f->s, id_of(1), 2, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 3); /* the one that waits, and two of these */
    OK(f, tcn_store_lanes_echo(f->s, id_of(9), 2, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 0);
}

static void a_lane_that_fires(void **state)
{
    struct fixture *f = *state;
    struct tcn_lane lane;

    put_lane(f, "quiet", false, false, 10);
    OK(f, tcn_store_lane_firing(f->s, id_of(1), NULL, &f->a, &lane, &f->err));
    assert_false(lane.exists);
    put_lane(f, "one", true, false, 0);
    OK(f, tcn_store_lane_firing(f->s, id_of(1), NULL, &f->a, &lane, &f->err));
    assert_string_equal(lane.dedupe_key, "one");
    OK(f, tcn_store_lane_firing(f->s, id_of(1), "one", &f->a, &lane, &f->err));
    assert_false(lane.exists);
    put_lane(f, "two", true, false, 0);
    OK(f, tcn_store_lane_firing(f->s, id_of(1), "one", &f->a, &lane, &f->err));
    assert_string_equal(lane.dedupe_key, "two");
    OK(f, tcn_store_lane_firing(f->s, id_of(9), NULL, &f->a, &lane, &f->err));
    assert_false(lane.exists);
}

static void put_open(struct fixture *f, unsigned no, enum tcn_incident_status status)
{
    struct tcn_incident i = {
        .id = id_of(no), .exists = true, .status = status, .dedupe_string = "d"};

    OK(f, tcn_store_incident_put(f->s, &i, &f->err));
}

static void put_of(struct fixture *f, const char *source, const char *key, unsigned incident,
                   bool is_firing)
{
    struct tcn_lane lane = {
        .dedupe_key = key, .source = source, .incident = id_of(incident), .is_firing = is_firing};

    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
}

/* Slice by slice, a bar behind each. */
static void expect_waiting(struct fixture *f, bool with_shared, size_t slice, const char *want)
{
    struct tcn_source_waiting *list;
    struct tcn_id after = {{0}};
    char text[200] = "";
    size_t n;

    do {
        OK(f,
           tcn_store_source_waiting(f->s, with_shared, &after, slice, &f->a, &list, &n, &f->err));
        for (size_t i = 0; i < n; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s %d ", list[i].source,
                     (int)list[i].n);
        snprintf(text + strlen(text), sizeof text - strlen(text), "|");
    } while (!tcn_id_is_zero(after));
    assert_string_equal(text, want);
}

/* Three open incidents and one that is over. */
static void put_sources(struct fixture *f)
{
    for (unsigned no = 1; no <= 4; no++)
        put_open(f, no, no == 4 ? TCN_STATUS_RESOLVED : TCN_STATUS_OPEN);
    put_of(f, "prom", "prom/a", 1, true);
    put_of(f, "prom", "prom/b", 1, true); /* the same incident */
    put_of(f, "prom", "prom/c", 2, true);
    put_of(f, "prom", "prom/d", 3, false);
    put_of(f, "prom", "prom/e", 4, true);
    put_of(f, "zabbix", "zabbix/f", 2, true);
    put_of(f, "sns", "*/g", 3, true);
}

static void incidents_that_wait_for_a_source(void **state)
{
    struct fixture *f = *state;

    expect_waiting(f, true, 9, "|");
    put_sources(f);
    expect_waiting(f, true, 9, "prom 2 sns 1 zabbix 1 |");
    expect_waiting(f, false, 9, "prom 2 zabbix 1 |");
    expect_waiting(f, true, 2, "prom 2 zabbix 1 |sns 1 |");
    expect_waiting(f, true, 1, "prom 1 |prom 1 zabbix 1 |sns 1 ||");
}

static void expect_untold(struct fixture *f, const char *source, bool with_shared, size_t limit,
                          size_t n_wanted, unsigned first)
{
    struct tcn_id ids[9];
    size_t n;

    OK(f, tcn_store_source_untold(f->s, source, with_shared, "gone", limit, ids, &n, &f->err));
    assert_int_equal(n, n_wanted);
    assert_true(n == 0 || tcn_id_eq(ids[0], id_of(first)));
}

static void incidents_that_say_so_are_left_out(void **state)
{
    struct tcn_event
        line = {.id = id_of(21), .seq = 1, .type = TCN_EVENT_TOCSIN, .data = "{}", .text = "gone"},
        other = {
            .id = id_of(22), .seq = 1, .type = TCN_EVENT_TOCSIN, .data = "{}", .text = "there"};
    struct fixture *f = *state;

    put_sources(f);
    expect_untold(f, "prom", true, 9, 2, 1);
    expect_untold(f, "prom", true, 1, 1, 1);
    expect_untold(f, "sns", true, 9, 1, 3);
    expect_untold(f, "sns", false, 9, 0, 0);
    OK(f, tcn_store_events_add(f->s, id_of(1), &line, 1, &f->err));
    OK(f, tcn_store_events_add(f->s, id_of(2), &other, 1, &f->err));
    expect_untold(f, "prom", true, 9, 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(absent),
        IN_MEMORY(every_member),
        IN_MEMORY(replaced),
        IN_MEMORY(empty_members),
        IN_MEMORY(changed_meanwhile),
        IN_MEMORY(too_many_items),
        IN_MEMORY(lanes_that_wait),
        IN_MEMORY(lanes_that_are_watched),
        IN_MEMORY(a_lane_that_fires),
        IN_MEMORY(lanes_that_hold_an_echo),
        IN_MEMORY(incidents_that_wait_for_a_source),
        IN_MEMORY(incidents_that_say_so_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
