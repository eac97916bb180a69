#include "rows.h"

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_incident in = gen_incident(&g), again = gen_incident(&g), out;

    OK(f, tcn_store_incident_put(f->s, &in, &f->err));
    OK(f, tcn_store_incident_get(f->s, in.id, &f->a, &out, &f->err));
    same_incident(&in, &out);
    again.id = in.id;
    OK(f, tcn_store_incident_put(f->s, &again, &f->err));
    OK(f, tcn_store_incident_get(f->s, in.id, &f->a, &out, &f->err));
    same_incident(&again, &out);
}

static void least_members(void **state)
{
    struct fixture *f = *state;
    struct tcn_incident in = {.id = id_of(1), .exists = true, .dedupe_string = ""}, out;

    OK(f, tcn_store_incident_put(f->s, &in, &f->err));
    OK(f, tcn_store_incident_get(f->s, in.id, &f->a, &out, &f->err));
    same_incident(&in, &out);
    assert_int_equal(tcn_store_incident_get(f->s, id_of(2), &f->a, &out, &f->err), TCN_ENOTFOUND);
}

static void put(struct fixture *f, uint32_t n, enum tcn_incident_status status, const char *dedupe)
{
    struct tcn_incident i = {.id = id_of(n), .status = status, .dedupe_string = dedupe};

    OK(f, tcn_store_incident_put(f->s, &i, &f->err));
}

static void open_of(void **state)
{
    struct fixture *f = *state;
    struct tcn_id id;

    put(f, 1, TCN_STATUS_OPEN, "a");
    put(f, 2, TCN_STATUS_OPEN, "a");
    put(f, 3, TCN_STATUS_RESOLVED, "a");
    put(f, 4, TCN_STATUS_OPEN, "b");
    put(f, 5, TCN_STATUS_RESOLVED, "c");
    OK(f, tcn_store_incident_open_of(f->s, "a", &id, &f->err));
    assert_id(id, id_of(2));
    OK(f, tcn_store_incident_open_of(f->s, "b", &id, &f->err));
    assert_id(id, id_of(4));
    assert_int_equal(tcn_store_incident_open_of(f->s, "c", &id, &f->err), TCN_ENOTFOUND);
    assert_int_equal(tcn_store_incident_open_of(f->s, "d", &id, &f->err), TCN_ENOTFOUND);
    put(f, 2, TCN_STATUS_RESOLVED, "a");
    OK(f, tcn_store_incident_open_of(f->s, "a", &id, &f->err));
    assert_id(id, id_of(1));
}

static void lists(void **state)
{
    static const struct {
        const char *name;
        enum tcn_incident_status status;
        const char *dedupe;
        uint32_t before;
        size_t limit;
        const char *expect;
    } cases[] = {
        {"all", TCN_STATUS_UNSET, NULL, 0, 10, "6 5 4 3 2 1 "},
        {"limit", TCN_STATUS_UNSET, NULL, 0, 2, "6 5 "},
        {"next page", TCN_STATUS_UNSET, NULL, 5, 2, "4 3 "},
        {"past the end", TCN_STATUS_UNSET, NULL, 1, 2, ""},
        {"none wanted", TCN_STATUS_UNSET, NULL, 0, 0, ""},
        {"open", TCN_STATUS_OPEN, NULL, 0, 10, "5 3 1 "},
        {"open before", TCN_STATUS_OPEN, NULL, 5, 1, "3 "},
        {"resolved", TCN_STATUS_RESOLVED, NULL, 0, 10, "6 4 2 "},
        {"resolved before", TCN_STATUS_RESOLVED, NULL, 6, 10, "4 2 "},
        {"key", TCN_STATUS_UNSET, "b", 0, 10, "6 5 4 "},
        {"key before", TCN_STATUS_UNSET, "b", 6, 1, "5 "},
        {"key open", TCN_STATUS_OPEN, "b", 0, 10, "5 "},
        {"key resolved", TCN_STATUS_RESOLVED, "a", 0, 10, "2 "},
        {"key unknown", TCN_STATUS_UNSET, "zz", 0, 10, ""},
    };
    struct fixture *f = *state;
    struct tcn_incident *list;
    char got[64];
    size_t n;

    for (uint32_t i = 6; i > 0; i--)
        put(f, i, i % 2 ? TCN_STATUS_OPEN : TCN_STATUS_RESOLVED, i > 3 ? "b" : "a");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_incident_filter filter = {
            cases[i].status, cases[i].dedupe, {{0}}, cases[i].limit, false};

        if (cases[i].before)
            filter.before = id_of(cases[i].before);
        print_message("%s\n", cases[i].name);
        OK(f, tcn_store_incident_list(f->s, &filter, &f->a, &list, &n, &f->err));
        got[0] = '\0';
        for (size_t j = 0; j < n; j++)
            snprintf(got + 2 * j, sizeof got - 2 * j, "%d ", list[j].id.b[15]);
        assert_string_equal(got, cases[i].expect);
    }
}

static void counts(void **state)
{
    struct fixture *f = *state;
    int64_t n;

    for (uint32_t i = 1; i <= 10; i++)
        put(f, i, i <= 3 ? TCN_STATUS_OPEN : TCN_STATUS_RESOLVED, "k");
    OK(f, tcn_store_incident_count(f->s, TCN_STATUS_OPEN, &n, &f->err));
    assert_int_equal(n, 3);
    OK(f, tcn_store_incident_count(f->s, TCN_STATUS_RESOLVED, &n, &f->err));
    assert_int_equal(n, 7);
    OK(f, tcn_store_incident_count(f->s, TCN_STATUS_UNSET, &n, &f->err));
    assert_int_equal(n, 10);
}

/* What is no incident: in no list that does not ask for it, not counted, and met by no alarm. */
static void bare(void **state)
{
    struct fixture *f = *state;
    struct tcn_incident row = {
        .id = id_of(2), .status = TCN_STATUS_OPEN, .dedupe_string = "k", .is_bare = true};
    struct tcn_incident_filter filter = {.limit = 9};
    const struct tcn_incident_search search = {.limit = 9};
    struct tcn_incident *list;
    struct tcn_id id;
    int64_t count;
    size_t n;

    put(f, 1, TCN_STATUS_RESOLVED, "k");
    OK(f, tcn_store_incident_put(f->s, &row, &f->err));
    OK(f, tcn_store_incident_list(f->s, &filter, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 1);
    assert_id(list[0].id, id_of(1));
    filter.status = TCN_STATUS_OPEN;
    OK(f, tcn_store_incident_list(f->s, &filter, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 0);
    filter.and_bare = true;
    OK(f, tcn_store_incident_list(f->s, &filter, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 1);
    assert_true(list[0].is_bare);
    OK(f, tcn_store_incident_search(f->s, &search, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 0); /* put() has no impact either */
    assert_int_equal(tcn_store_incident_open_of(f->s, "k", &id, &f->err), TCN_ENOTFOUND);
    OK(f, tcn_store_incident_count(f->s, TCN_STATUS_OPEN, &count, &f->err));
    assert_int_equal(count, 0);
    OK(f, tcn_store_incident_count(f->s, TCN_STATUS_UNSET, &count, &f->err));
    assert_int_equal(count, 1);
    row.status = TCN_STATUS_RESOLVED;
    OK(f, tcn_store_incident_put(f->s, &row, &f->err));
    OK(f, tcn_store_incident_count(f->s, TCN_STATUS_RESOLVED, &count, &f->err));
    assert_int_equal(count, 1);
}

/* -- timeline ----------------------------------------------------------------------------------------------- */

static void every_event_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_event in[3], *out;
    size_t n;

    for (int64_t seq = 3; seq >= 1; seq--) {
        in[seq - 1] = gen_event(&g, seq);
        OK(f, tcn_store_event_add(f->s, id_of(99), &in[seq - 1], &f->err));
    }
    OK(f, tcn_store_event_list(f->s, id_of(99), 0, 10, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        same_event(&in[i], &out[i]);
    OK(f, tcn_store_event_list(f->s, id_of(99), 1, 1, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(out[0].seq, 2);
    OK(f, tcn_store_event_list(f->s, id_of(98), 0, 10, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 0);
    OK(f, tcn_store_event_newest(f->s, id_of(99), 0, 10, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        same_event(&in[2 - i], &out[i]);
    OK(f, tcn_store_event_newest(f->s, id_of(99), 3, 1, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(out[0].seq, 2);
}

static void event_again(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_event first = gen_event(&g, 1), other = gen_event(&g, 1), *out;
    size_t n;

    OK(f, tcn_store_event_add(f->s, id_of(99), &first, &f->err));
    OK(f, tcn_store_event_add(f->s, id_of(99), &first, &f->err));
    commit_and_begin(f);
    assert_conflict(f, tcn_store_event_add(f->s, id_of(99), &other, &f->err));
    OK(f, tcn_store_event_list(f->s, id_of(99), 0, 10, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    same_event(&first, &out[0]);
}

static void every_related_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_related_item in[5], *out;
    size_t n;

    for (size_t i = 0; i < 5; i++) {
        in[i] = gen_related(&g);
        in[i].generated_id[25] = (char)('9' - (char)i); /* put order is not key order */
        OK(f, tcn_store_related_put(f->s, id_of(99), &in[i], &f->err));
    }
    in[1].title = "changed";
    OK(f, tcn_store_related_put(f->s, id_of(99), &in[1], &f->err));
    OK(f, tcn_store_related_list(f->s, id_of(99), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++)
        same_related(&in[i], &out[i]);
    OK(f, tcn_store_related_list(f->s, id_of(98), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 0);
}

/* Put in any order; one without a place comes last, and one that is put again keeps its place. */
static void related_places(void **state)
{
    static const struct {
        const char *id;
        int64_t seq;
    } puts[] = {{"c", 2}, {"a", 1}, {"b", 0}, {"d", 0}, {"c", 9}};
    struct fixture *f = *state;
    struct tcn_related_item *out;
    char order[8] = "";
    size_t n;

    for (size_t i = 0; i < sizeof puts / sizeof puts[0]; i++) {
        struct tcn_related_item item = {.type = "OTHER", .value_kind = "url", .value = "v"};

        snprintf(item.generated_id, sizeof item.generated_id, "%s", puts[i].id);
        item.seq = puts[i].seq;
        OK(f, tcn_store_related_put(f->s, id_of(99), &item, &f->err));
    }
    OK(f, tcn_store_related_list(f->s, id_of(99), &f->a, &out, &n, &f->err));
    for (size_t i = 0; i < n; i++)
        order[i] = out[i].generated_id[0];
    assert_string_equal(order, "acbd");
}

/* Of that incident alone. */
static void a_related_item_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_related_item in[3], *out;
    size_t n;

    for (size_t i = 0; i < 3; i++) {
        in[i] = gen_related(&g);
        in[i].generated_id[25] = (char)('0' + (char)i);
        OK(f, tcn_store_related_put(f->s, id_of(99), &in[i], &f->err));
        OK(f, tcn_store_related_put(f->s, id_of(98), &in[i], &f->err));
    }
    for (int again = 0; again < 2; again++) {
        OK(f, tcn_store_related_drop(f->s, id_of(99), in[1].generated_id, &f->err));
        OK(f, tcn_store_related_list(f->s, id_of(99), &f->a, &out, &n, &f->err));
        assert_int_equal(n, 2);
        same_related(&in[0], &out[0]);
        same_related(&in[2], &out[1]);
    }
    OK(f, tcn_store_related_list(f->s, id_of(98), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 3);
}

/* Of three as one statement none is there when one of them was there before. */
static void related_of_a_new_incident(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_related_item in[4], *out;
    size_t n;

    for (size_t i = 0; i < 4; i++) {
        in[i] = gen_related(&g);
        in[i].generated_id[25] = (char)('0' + (char)i);
        in[i].seq = 1 + (int64_t)i;
    }
    OK(f, tcn_store_related_add_all(f->s, id_of(99), in, 4, &f->err));
    OK(f, tcn_store_related_list(f->s, id_of(99), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        same_related(&in[i], &out[i]);
    OK(f, tcn_store_related_put(f->s, id_of(98), &in[2], &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_conflict(f, tcn_store_related_add_all(f->s, id_of(98), in, 3, &f->err));
    tcn_store_rollback(f->s);
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_related_list(f->s, id_of(98), &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_member),
        IN_MEMORY(least_members),
        IN_MEMORY(open_of),
        IN_MEMORY(lists),
        IN_MEMORY(counts),
        IN_MEMORY(bare),
        IN_MEMORY(every_event_member),
        IN_MEMORY(event_again),
        IN_MEMORY(every_related_member),
        IN_MEMORY(related_places),
        IN_MEMORY(related_of_a_new_incident),
        IN_MEMORY(a_related_item_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
