/* A timeline by the time when things happened, and what was written and is changed. */
#include "plans.h"
#include "rows.h"

#define ARN "arn:aws:ec2:eu-west-1:123456789012:instance/i-1"
#define ITEM "related-item/OTHER/0123456789ABCDEF0123456789ABCDEF"

static void add(struct fixture *f, int64_t seq, int64_t event_ms, const char *type,
                const char *references)
{
    struct tcn_event e = {.id = id_of(1000 + (uint32_t)seq),
                          .seq = seq,
                          .event_ms = event_ms,
                          .updated_ms = event_ms,
                          .type = type,
                          .data = "{}",
                          .references = references};

    OK(f, tcn_store_event_add(f->s, id_of(99), &e, &f->err));
}

/* In the order of their numbers the times are 50 10 30 30 20. */
static void fill(struct fixture *f)
{
    add(f, 1, 50, TCN_EVENT_TRIGGER, NULL);
    add(f, 2, 10, TCN_EVENT_CUSTOM, "[{\"resource\":\"" ARN "\"}]");
    add(f, 3, 30, TCN_EVENT_NOTE, "[{\"resource\":\"" ARN "2\"},{\"relatedItemId\":\"" ITEM "\"}]");
    add(f, 4, 30, TCN_EVENT_CUSTOM, "[{\"resource\":\"arn:aws:s3:::a\\\"b\"}]");
    add(f, 5, 20, TCN_EVENT_UPDATE, NULL);
}

static const char *const notes[] = {TCN_EVENT_NOTE}, *const none[] = {"none"},
                         *const of_people[] = {TCN_EVENT_NOTE, TCN_EVENT_CUSTOM},
                         *const arn[] = {ARN}, *const items[] = {"x", ITEM},
                         *const quoted[] = {"arn:aws:s3:::a\"b"}, *const part[] = {"arn:aws:ec2"};
static const struct tcn_event_place at_30_3 = {30, 3}, at_30_4 = {30, 4}, at_25 = {25, 1};

static const struct {
    const char *name;
    struct tcn_event_filter filter;
    const char *expect; /* numbers */
} pages[] = {
    {"the newest first", {.limit = 9}, "1 4 3 5 2 "},
    {"the oldest first", {.oldest_first = true, .limit = 9}, "2 5 3 4 1 "},
    {"some", {.limit = 2}, "1 4 "},
    {"none", {.limit = 0}, ""},
    {"behind one of two equal times", {.from = &at_30_4, .limit = 9}, "3 5 2 "},
    {"behind the other", {.from = &at_30_3, .limit = 9}, "5 2 "},
    {"the same from the oldest", {.oldest_first = true, .from = &at_30_3, .limit = 9}, "4 1 "},
    {"behind one that is not there", {.from = &at_25, .limit = 9}, "5 2 "},
    {"after", {.after_ms = 30, .limit = 9}, "1 "},
    {"before", {.before_ms = 30, .limit = 9}, "5 2 "},
    {"between", {.after_ms = 10, .before_ms = 50, .limit = 9}, "4 3 5 "},
    {"between nothing", {.after_ms = 30, .before_ms = 30, .limit = 9}, ""},
    {"a type", {.types = notes, .n_types = 1, .limit = 9}, "3 "},
    {"two types", {.types = of_people, .n_types = 2, .limit = 9}, "4 3 2 "},
    {"a type of nothing", {.types = none, .n_types = 1, .limit = 9}, ""},
    {"a resource", {.references = arn, .n_references = 1, .limit = 9}, "2 "},
    {"an item or another", {.references = items, .n_references = 2, .limit = 9}, "3 "},
    {"a resource with a quote", {.references = quoted, .n_references = 1, .limit = 9}, "4 "},
    {"a part of one", {.references = part, .n_references = 1, .limit = 9}, ""},
    {"all at once",
     {.after_ms = 5,
      .before_ms = 40,
      .types = of_people,
      .n_types = 2,
      .references = arn,
      .n_references = 1,
      .oldest_first = true,
      .limit = 9},
     "2 "},
};

static const char *numbers(struct fixture *f, const struct tcn_event_filter *filter)
{
    struct tcn_event *events;
    struct tcn_buf text;
    const char *ret;
    size_t n;

    tcn_buf_init(&text, 4096);
    OK(f, tcn_store_event_page(f->s, id_of(99), filter, &f->a, &events, &n, &f->err));
    for (size_t i = 0; i < n; i++)
        tcn_buf_fmt(&text, "%d ", (int)events[i].seq);
    ret = tcn_arena_strndup(&f->a, text.ptr ? text.ptr : "", text.len);
    tcn_buf_done(&text);
    return ret;
}

static void every_page(void **state)
{
    struct fixture *f = *state;

    fill(f);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        print_message("%s\n", pages[i].name);
        assert_string_equal(numbers(f, &pages[i].filter), pages[i].expect);
    }
}

/* Each event once, in its place, whatever the size of a page. */
static void page_by_page(void **state)
{
    struct fixture *f = *state;

    for (int64_t seq = 1; seq <= 100; seq++)
        add(f, seq, 1000 + seq * 37 % 50, TCN_EVENT_CUSTOM, NULL);
    for (size_t limit = 1; limit <= 100; limit += 11) {
        struct tcn_event_filter filter = {.limit = limit};
        struct tcn_event_place last = {INT64_MAX, 0};
        struct tcn_event *events;
        size_t n, seen = 0;

        do {
            OK(f, tcn_store_event_page(f->s, id_of(99), &filter, &f->a, &events, &n, &f->err));
            for (size_t i = 0; i < n; i++) {
                assert_true(events[i].event_ms < last.event_ms ||
                            (events[i].event_ms == last.event_ms && events[i].seq < last.seq));
                last = (struct tcn_event_place){events[i].event_ms, events[i].seq};
            }
            seen += n;
            filter.from = &last;
        } while (n > 0);
        assert_int_equal(seen, 100);
    }
}

static void one_by_its_id(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_event in = gen_event(&g, 1), out;

    OK(f, tcn_store_event_add(f->s, id_of(99), &in, &f->err));
    OK(f, tcn_store_event_find(f->s, id_of(99), in.id, &f->a, &out, &f->err));
    same_event(&in, &out);
    assert_int_equal(tcn_store_event_find(f->s, id_of(99), id_of(5), &f->a, &out, &f->err),
                     TCN_ENOTFOUND);
    assert_int_equal(tcn_store_event_find(f->s, id_of(98), in.id, &f->a, &out, &f->err),
                     TCN_ENOTFOUND);
}

static void every_member_is_rewritten(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_event in = gen_event(&g, 1), other = gen_event(&g, 1), two = gen_event(&g, 2), *out;
    size_t n;

    OK(f, tcn_store_event_add(f->s, id_of(99), &in, &f->err));
    OK(f, tcn_store_event_add(f->s, id_of(99), &two, &f->err));
    OK(f, tcn_store_event_rewrite(f->s, id_of(99), &other, &f->err));
    OK(f, tcn_store_event_list(f->s, id_of(99), 0, 9, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 2);
    same_event(&other, &out[0]);
    same_event(&two, &out[1]);
    commit_and_begin(f);
    other.seq = 3;
    assert_conflict(f, tcn_store_event_rewrite(f->s, id_of(99), &other, &f->err));
}

/* Neither of the two reads more than the incident's own rows. */
static void an_incident_is_found_by_index(void **state)
{
    const struct tcn_event_filter any = {.limit = 9},
                                  one = {.references = arn, .n_references = 1, .limit = 9};
    struct fixture *f = *state;
    struct tcn_event out;

    if (f->schema[0])
        skip();
    fill(f);
    numbers(f, &any);
    numbers(f, &one);
    OK(f, tcn_store_event_find(f->s, id_of(99), id_of(1001), &f->a, &out, &f->err));
    assert_int_equal(plans(f, "FROM events", "USING INDEX", "(incident=?"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_page),
        IN_MEMORY(page_by_page),
        IN_MEMORY(one_by_its_id),
        IN_MEMORY(every_member_is_rewritten),
        IN_MEMORY(an_incident_is_found_by_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
