/* Engagements as ssm-contacts lists them. */
#include "plans.h"
#include "rows_engaged.h"

static void put(struct fixture *f, uint32_t n, uint32_t incident, int64_t start_ms,
                const char *text_incident)
{
    const struct tcn_engagement_text text = {
        .sender = "s", .subject = "j", .content = "c", .incident = text_incident};
    struct tcn_engagement e = {.id = id_of(n),
                               .no = n,
                               .contact = "ann",
                               .start_ms = start_ms,
                               .text = text_incident ? &text : NULL};

    OK(f, tcn_store_engagement_put(f->s, id_of(incident), &e, &f->err));
}

/* By time: 5 3 2 1 4; 3 and 2 are of one time. */
static void fill(struct fixture *f)
{
    put(f, 1, 101, 100, NULL);
    put(f, 2, 101, 200, "arn:a");
    put(f, 3, 102, 200, "arn:b");
    put(f, 4, 102, 50, "arn:a");
    put(f, 5, 103, 300, NULL);
}

static const struct tcn_engaged_place at_300 = {300, {{0xA0, [15] = 5}}},
                                      at_200 = {200, {{0xA0, [15] = 3}}}, between = {150, {{0xFF}}};

static const struct {
    const char *name;
    struct tcn_engaged_filter filter;
    uint32_t incident;
    const char *expect;
} cases[] = {
    {"all", {.limit = 9}, 0, "5 3 2 1 4 "},
    {"limit", {.limit = 2}, 0, "5 3 "},
    {"none wanted", {.limit = 0}, 0, ""},
    {"the next page", {.after = &at_300, .limit = 2}, 0, "3 2 "},
    {"behind one of two equal times", {.after = &at_200, .limit = 2}, 0, "2 1 "},
    {"behind one that is not there", {.after = &between, .limit = 9}, 0, "1 4 "},
    {"from, which is included", {.from_ms = 100, .limit = 9}, 0, "5 3 2 1 "},
    {"until, which is not", {.until_ms = 200, .limit = 9}, 0, "1 4 "},
    {"both", {.from_ms = 100, .until_ms = 300, .limit = 9}, 0, "3 2 1 "},
    {"nothing between", {.from_ms = 300, .until_ms = 300, .limit = 9}, 0, ""},
    {"until, and the next page", {.until_ms = 300, .after = &at_200, .limit = 9}, 0, "2 1 4 "},
    {"until, which is before the page", {.until_ms = 200, .after = &at_300, .limit = 9}, 0, "1 4 "},
    {"an incident", {.limit = 9}, 102, "3 4 "},
    {"an incident, and from", {.from_ms = 100, .limit = 9}, 102, "3 "},
    {"no such incident", {.limit = 9}, 99, ""},
    {"a text", {.text = "arn:a", .limit = 9}, 0, "2 4 "},
    {"a text, the next page", {.text = "arn:a", .after = &at_200, .limit = 1}, 0, "2 "},
    {"half a text", {.text = "arn:", .limit = 9}, 0, ""},
};

static const char *numbers(struct fixture *f, const struct tcn_engaged_filter *filter)
{
    struct tcn_engaged *list;
    const char *ret = "";
    size_t n;

    OK(f, tcn_store_engaged_list(f->s, filter, &f->a, &list, &n, &f->err));
    for (size_t i = 0; i < n; i++)
        ret = tcn_arena_fmt(&f->a, "%s%d ", ret, list[i].id.b[15]);
    return ret;
}

static void every_filter(void **state)
{
    struct fixture *f = *state;

    fill(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_engaged_filter filter = cases[i].filter;

        if (cases[i].incident)
            filter.incident = id_of(cases[i].incident);
        print_message("%s\n", cases[i].name);
        assert_string_equal(numbers(f, &filter), cases[i].expect);
    }
}

static struct tcn_engaged expected(const struct tcn_engagement *e, struct tcn_id incident)
{
    return (struct tcn_engaged){.id = e->id,
                                .incident = incident,
                                .is_bare = true,
                                .no = e->no,
                                .contact = e->contact,
                                .type = e->type,
                                .start_ms = e->start_ms,
                                .stop_ms = e->stop_ms,
                                .next_stage_ms = e->next_stage_ms,
                                .text = *e->text};
}

static void rows_are_whole(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_engagement e = gen_engagement(&g, 1);
    struct tcn_incident incident = gen_incident(&g);
    struct tcn_engaged in = expected(&e, incident.id), out;

    incident.is_bare = true;
    OK(f, tcn_store_incident_put(f->s, &incident, &f->err));
    OK(f, tcn_store_engagement_put(f->s, incident.id, &e, &f->err));
    OK(f, tcn_store_engaged_find(f->s, e.id, &f->a, &out, &f->err));
    same_engaged(&in, &out);
    OK(f, tcn_store_engaged_by_page(f->s, e.pages[4].id, &f->a, &out, &f->err));
    same_engaged(&in, &out);
    assert_int_equal(tcn_store_engaged_find(f->s, e.pages[4].id, &f->a, &out, &f->err),
                     TCN_ENOTFOUND);
    assert_int_equal(tcn_store_engaged_by_page(f->s, e.id, &f->a, &out, &f->err), TCN_ENOTFOUND);
}

/* Decisions do not load it, and put what they loaded. */
static void a_text_stays(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_engagement e = gen_engagement(&g, 1), *loaded;
    struct tcn_engaged out;
    size_t n;

    OK(f, tcn_store_engagement_put(f->s, id_of(99), &e, &f->err));
    OK(f, tcn_store_engagement_list(f->s, id_of(99), &f->a, &loaded, &n, &f->err));
    assert_null(loaded[0].text);
    loaded[0].stop_ms = 77;
    OK(f, tcn_store_engagement_put(f->s, id_of(99), &loaded[0], &f->err));
    OK(f, tcn_store_engaged_find(f->s, e.id, &f->a, &out, &f->err));
    assert_int_equal(out.stop_ms, 77);
    assert_string_equal(out.text.content, e.text->content);
    assert_string_equal(out.text.incident, e.text->incident);
}

/* No page reads the rows of others, or sorts. */
static void by_index(void **state)
{
    struct fixture *f = *state;

    if (f->schema[0])
        skip();
    fill(f);
    numbers(f, &(struct tcn_engaged_filter){.from_ms = 1, .until_ms = 999, .limit = 9});
    assert_int_equal(plans(f, "FROM engagements e", "engagements_start", "start_ms"), 1);
}

static void by_index_of_texts(void **state)
{
    struct fixture *f = *state;

    if (f->schema[0])
        skip();
    fill(f);
    numbers(f, &(struct tcn_engaged_filter){.text = "arn:a", .limit = 9});
    assert_int_equal(plans(f, "FROM engagements e", "engagements_text", "incident_text=?"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_filter), IN_MEMORY(rows_are_whole),    IN_MEMORY(a_text_stays),
        IN_MEMORY(by_index),     IN_MEMORY(by_index_of_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
