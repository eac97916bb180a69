/* Incidents by what ssm-incidents filters by. */
#include "plans.h"
#include "rows.h"

static void put(struct fixture *f, uint32_t n, enum tcn_incident_status status, int impact,
                const char *creator, int64_t created_ms)
{
    struct tcn_incident i = {.id = id_of(n),
                             .status = status,
                             .impact = impact,
                             .created_by = creator,
                             .created_ms = created_ms,
                             .dedupe_string = "d"};

    OK(f, tcn_store_incident_put(f->s, &i, &f->err));
}

/* By time: 5 3 2 1 6 4; 3 and 2 are of one time. */
static void fill(struct fixture *f)
{
    put(f, 1, TCN_STATUS_OPEN, 1, "token:ann", 100);
    put(f, 2, TCN_STATUS_RESOLVED, 1, "source:prom", 200);
    put(f, 3, TCN_STATUS_OPEN, 2, "source:prom", 200);
    put(f, 4, TCN_STATUS_RESOLVED, 3, "token:ann", 50);
    put(f, 5, TCN_STATUS_OPEN, 5, "token:bob", 300);
    put(f, 6, TCN_STATUS_OPEN, 1, NULL, 60);
}

static const char *const ann[] = {"token:ann"}, *const both[] = {"token:ann", "token:bob"},
                         *const twice[] = {"token:ann", "token:ann"}, *const nobody[] = {"token"};
static const struct tcn_incident_place at_300 = {300, {{0xA0, [15] = 5}}},
                                       at_200 = {200, {{0xA0, [15] = 3}}},
                                       between = {150, {{0xFF}}};

static const struct {
    const char *name;
    struct tcn_incident_search search;
    const char *expect;
} cases[] = {
    {"all", {.limit = 9}, "5 3 2 1 6 4 "},
    {"limit", {.limit = 2}, "5 3 "},
    {"none wanted", {.limit = 0}, ""},
    {"the next page", {.from = &at_300, .limit = 2}, "3 2 "},
    {"behind one of two equal times", {.from = &at_200, .limit = 2}, "2 1 "},
    {"behind one that is not there", {.from = &between, .limit = 9}, "1 6 4 "},
    {"open", {.status = TCN_STATUS_OPEN, .limit = 9}, "5 3 1 6 "},
    {"resolved", {.status = TCN_STATUS_RESOLVED, .limit = 9}, "2 4 "},
    {"an impact", {.impacts = 1u << 1, .limit = 9}, "2 1 6 "},
    {"two impacts", {.impacts = 1u << 2 | 1u << 5, .limit = 9}, "5 3 "},
    {"an impact of none", {.impacts = 1u << 4, .limit = 9}, ""},
    {"a creator", {.creators = ann, .n_creators = 1, .limit = 9}, "1 4 "},
    {"two creators", {.creators = both, .n_creators = 2, .limit = 9}, "5 1 4 "},
    {"one that is named twice", {.creators = twice, .n_creators = 2, .limit = 9}, "1 4 "},
    {"half a name", {.creators = nobody, .n_creators = 1, .limit = 9}, ""},
    {"after", {.after_ms = 100, .limit = 9}, "5 3 2 "},
    {"before", {.before_ms = 200, .limit = 9}, "1 6 4 "},
    {"between", {.after_ms = 50, .before_ms = 300, .limit = 9}, "3 2 1 6 "},
    {"between nothing", {.after_ms = 300, .before_ms = 50, .limit = 9}, ""},
    {"before, and the next page", {.before_ms = 300, .from = &at_200, .limit = 9}, "2 1 6 4 "},
    {"before, which is later than the page",
     {.before_ms = 200, .from = &at_300, .limit = 9},
     "1 6 4 "},
    {"all at once",
     {.status = TCN_STATUS_OPEN,
      .impacts = 1u << 1 | 1u << 3,
      .creators = both,
      .n_creators = 2,
      .after_ms = 40,
      .before_ms = 200,
      .limit = 9},
     "1 "},
};

static const char *numbers(struct fixture *f, const struct tcn_incident_search *search)
{
    struct tcn_incident *list;
    const char *ret = "";
    size_t n;

    OK(f, tcn_store_incident_search(f->s, search, &f->a, &list, &n, &f->err));
    for (size_t i = 0; i < n; i++)
        ret = tcn_arena_fmt(&f->a, "%s%d ", ret, list[i].id.b[15]);
    return ret;
}

static void every_filter(void **state)
{
    struct fixture *f = *state;

    fill(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].name);
        assert_string_equal(numbers(f, &cases[i].search), cases[i].expect);
    }
}

static void rows_are_whole(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_incident in = gen_incident(&g), *out;
    const struct tcn_incident_search search = {.impacts = 1u << 3, .limit = 9};
    size_t n;

    in.impact = 3;
    in.status = TCN_STATUS_OPEN;
    OK(f, tcn_store_incident_put(f->s, &in, &f->err));
    OK(f, tcn_store_incident_search(f->s, &search, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    same_incident(&in, &out[0]);
}

/* What changes moves to the list where it belongs. */
static void after_a_change(void **state)
{
    const struct tcn_incident_search open = {
        .status = TCN_STATUS_OPEN, .impacts = 1u << 1, .limit = 9};
    struct fixture *f = *state;

    fill(f);
    put(f, 1, TCN_STATUS_RESOLVED, 1, "token:ann", 100);
    put(f, 3, TCN_STATUS_OPEN, 1, "source:prom", 200);
    assert_string_equal(numbers(f, &open), "3 6 ");
}

/* Every list is read by an index that has its rows one after the other and in their order: no page reads others' rows. */
static void by_index(void **state)
{
    struct fixture *f = *state;

    if (f->schema[0])
        skip();
    fill(f);
    numbers(f, &(struct tcn_incident_search){.after_ms = 1, .before_ms = 999, .limit = 9});
    assert_int_equal(plans(f, "SELECT created_ms, id FROM incidents", "incidents_impact",
                           "(impact=? AND status=? AND "),
                     1);
}

static void by_index_of_creators(void **state)
{
    struct fixture *f = *state;

    if (f->schema[0])
        skip();
    fill(f);
    numbers(f, &(struct tcn_incident_search){.creators = ann, .n_creators = 1, .limit = 9});
    assert_int_equal(plans(f, "SELECT created_ms, id FROM incidents", "incidents_creator",
                           "(created_by=? AND impact=? AND status=? AND "),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_filter), IN_MEMORY(rows_are_whole),       IN_MEMORY(after_a_change),
        IN_MEMORY(by_index),     IN_MEMORY(by_index_of_creators),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
