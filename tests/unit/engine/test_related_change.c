#include "fixture.h"

#include "engine/related_change.h"

#define URL "https://wiki.test/disk"

static char long_title[TCN_RELATED_TITLE_MAX + 2], long_url[TCN_RELATED_URL_MAX + 2],
    long_metric[TCN_RELATED_METRIC_MAX + 2];

struct world {
    struct fixture f;
    struct tcn_related_item known[TCN_RELATED_MAX];
    struct tcn_related_turn turn;
    struct tcn_err err;
};

static void begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    fx_init(&w->f);
    fx_alarm_at(&w->f, TCN_ACTION_FIRE, 0);
    w->turn =
        (struct tcn_related_turn){.aggregate = &w->f.a, .known = w->known, .actor = "token:ann"};
}

static int add(struct world *w, struct tcn_related_item item)
{
    int r;

    tcn_related_make_id(&item);
    w->f.now += SEC;
    fx_begin(&w->f);
    r = tcn_engine_related_add(&w->turn, &item, w->f.now, &w->f.d, &w->err);
    if (r == 0)
        fx_check(&w->f, &w->f.a);
    if (r == 0 && w->f.d.related.n > 0) {
        assert_int_equal(w->f.d.related.n, 1);
        if (w->turn.n_known == 0)
            w->known[w->turn.n_known++] = w->f.d.related.items[0];
    }
    return r;
}

static int take_away(struct world *w, const char *id, const char *owner)
{
    int r;

    w->f.now += SEC;
    fx_begin(&w->f);
    r = tcn_engine_related_remove(&w->turn, id, owner, w->f.now, &w->f.d, &w->err);
    if (r == 0)
        fx_check(&w->f, &w->f.a);
    return r;
}

static const struct tcn_related_item page = {
    .type = "OTHER", .value_kind = "url", .value = URL, .title = "Disk"};

static const struct {
    const char *name;
    struct tcn_related_item item;
    const char *field, *why; /* NULL: taken */
} rows[] = {
    {"a page", {.type = "OTHER", .value_kind = "url", .value = URL}, NULL, NULL},
    {"an address of any form", {.type = "TASK", .value_kind = "url", .value = "x"}, NULL, NULL},
    {"a resource",
     {.type = "INVOLVED_RESOURCE", .value_kind = "arn", .value = "arn:aws:s3:::b", .title = ""},
     NULL,
     NULL},
    {"a metric", {.type = "METRIC", .value_kind = "metricDefinition", .value = "{}"}, NULL, NULL},
    {"an incident of PagerDuty",
     {.type = "INCIDENT", .value_kind = TCN_RELATED_DETAIL, .value = "{\"id\":\"P1\"}"},
     NULL,
     NULL},
    {"type and kind are not compared",
     {.type = "ANALYSIS", .value_kind = "metricDefinition", .value = "{}"},
     NULL,
     NULL},
    {"no type", {.type = "", .value_kind = "url", .value = URL}, "type", "none of"},
    {"another case", {.type = "other", .value_kind = "url", .value = URL}, "type", "none of"},
    {"no kind", {.type = "OTHER", .value_kind = "uri", .value = URL}, "value_kind", "kind"},
    {"no value", {.type = "OTHER", .value_kind = "url", .value = ""}, "value", "empty"},
    {"no ARN", {.type = "OTHER", .value_kind = "arn", .value = "i-1"}, "value", "an ARN"},
    {"bytes", {.type = "OTHER", .value_kind = "url", .value = "\xff"}, "value", "UTF-8"},
    {"too long an address",
     {.type = "OTHER", .value_kind = "url", .value = long_url},
     "value",
     "longer than 1000"},
    {"too long a metric",
     {.type = "METRIC", .value_kind = "metricDefinition", .value = long_metric},
     "value",
     "longer than 4000"},
    {"too long a title",
     {.type = "OTHER", .value_kind = "url", .value = URL, .title = long_title},
     "title",
     "longer than 200"},
};

static void every_item(void **state)
{
    (void)state;
    memset(long_title, 't', sizeof long_title - 1);
    memset(long_url, 'u', sizeof long_url - 1);
    memset(long_metric, 'm', sizeof long_metric - 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tcn_err err = {0};
        const char *field = NULL;
        int r = tcn_related_check(&rows[i].item, &field, &err);
        struct world w;

        print_message("%s\n", rows[i].name);
        assert_int_equal(r, rows[i].why ? TCN_EINVALID : 0);
        begin(&w);
        assert_int_equal(add(&w, rows[i].item), r);
        if (rows[i].why) {
            assert_string_equal(field, rows[i].field);
            assert_non_null(strstr(err.msg, rows[i].why));
            assert_true(fx_wrote_nothing(&w.f));
        }
        fx_done(&w.f);
    }
}

static void the_longest_of_each(void **state)
{
    struct tcn_related_item item = page;
    struct tcn_err err;
    const char *field;

    (void)state;
    memset(long_title, 't', TCN_RELATED_TITLE_MAX);
    memset(long_url, 'u', TCN_RELATED_URL_MAX);
    long_title[TCN_RELATED_TITLE_MAX] = long_url[TCN_RELATED_URL_MAX] = '\0';
    item.title = long_title;
    item.value = long_url;
    assert_int_equal(tcn_related_check(&item, &field, &err), 0);
}

/* Of type, kind and value: equal ones are one item. */
static void what_an_id_is_of(void **state)
{
    struct tcn_related_item a = page, b = page, of_type = page, of_kind = page, of_value = page;

    (void)state;
    b.title = "another";
    of_type.type = "TASK";
    of_kind.value_kind = "metricDefinition";
    of_value.value = URL "/";
    tcn_related_make_id(&a);
    tcn_related_make_id(&b);
    tcn_related_make_id(&of_type);
    tcn_related_make_id(&of_kind);
    tcn_related_make_id(&of_value);
    assert_string_equal(a.generated_id, b.generated_id);
    assert_string_not_equal(a.generated_id, of_type.generated_id);
    assert_string_not_equal(a.generated_id, of_kind.generated_id);
    assert_string_not_equal(a.generated_id, of_value.generated_id);
    assert_int_equal(strncmp(a.generated_id, "related-item/OTHER/", 19), 0);
    assert_int_equal(strspn(a.generated_id + 19, "0123456789ABCDEF"), 32);
    assert_int_equal(strlen(a.generated_id), 51);
}

static void what_an_addition_writes(void **state)
{
    const struct tcn_event *e;
    struct world w;

    (void)state;
    begin(&w);
    assert_int_equal(add(&w, page), 0);
    assert_int_equal(w.known[0].seq, 0);
    e = fx_event(&w.f, TCN_EVENT_UPDATE, "token:ann added the related item Disk");
    assert_non_null(e);
    assert_string_equal(e->actor, "token:ann");
    assert_non_null(strstr(e->data, "\"attributeName\":\"relatedItems\""));
    assert_non_null(
        strstr(e->data, "{\\\"itemToAdd\\\":{\\\"identifier\\\":{\\\"type\\\":\\\"OTHER"));
    assert_non_null(strstr(e->references, w.known[0].generated_id));
    assert_string_equal(w.f.a.incident.modified_by, "token:ann");
    assert_true(w.f.d.tickets_due);
    assert_int_equal(w.f.a.incident.related_seq, 1);
    fx_done(&w.f);
}

static void a_structure_in_eventData(void **state)
{
    const struct tcn_related_item item = {
        .type = "INCIDENT", .value_kind = TCN_RELATED_DETAIL, .value = "{\"id\":\"P1\"}"};
    struct world w;

    (void)state;
    begin(&w);
    assert_int_equal(add(&w, item), 0);
    assert_non_null(strstr(fx_event(&w.f, TCN_EVENT_UPDATE, NULL)->data,
                           "{\\\"pagerDutyIncidentDetail\\\":{\\\"id\\\":\\\"P1\\\"}}"));
    fx_done(&w.f);
}

static void again(void **state)
{
    struct tcn_related_item other = page, untitled = page;
    struct world w;

    (void)state;
    other.title = "Disks";
    untitled.title = NULL;
    begin(&w);
    add(&w, page);
    assert_int_equal(add(&w, page), 0);
    assert_true(fx_wrote_nothing(&w.f));
    assert_int_equal(add(&w, untitled), 0);
    assert_true(fx_wrote_nothing(&w.f));
    assert_int_equal(add(&w, other), 0);
    assert_string_equal(w.f.d.related.items[0].generated_id, w.known[0].generated_id);
    assert_string_equal(w.f.d.related.items[0].title, "Disks");
    assert_non_null(fx_event(&w.f, TCN_EVENT_UPDATE, "renamed the related item Disks"));
    fx_done(&w.f);
}

static void removal(void **state)
{
    const struct tcn_event *e;
    struct world w;

    (void)state;
    begin(&w);
    add(&w, page);
    assert_int_equal(take_away(&w, "related-item/OTHER/0", NULL), 0);
    assert_true(fx_wrote_nothing(&w.f));
    assert_int_equal(w.f.d.unrelated.n, 0);
    assert_int_equal(take_away(&w, w.known[0].generated_id, "jira"), TCN_ECONFLICT);
    assert_non_null(strstr(w.err.msg, "in jira"));
    assert_int_equal(w.f.d.unrelated.n, 0);
    assert_int_equal(take_away(&w, w.known[0].generated_id, NULL), 0);
    assert_int_equal(w.f.d.unrelated.n, 1);
    assert_string_equal(w.f.d.unrelated.items[0], w.known[0].generated_id);
    e = fx_event(&w.f, TCN_EVENT_UPDATE, "token:ann removed the related item Disk");
    assert_non_null(e);
    assert_non_null(strstr(e->data, "{\\\"itemToRemove\\\":{\\\"type\\\":\\\"OTHER\\\""));
    assert_true(w.f.d.tickets_due);
    fx_done(&w.f);
}

static void of_no_incident(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    w.f.a.incident.exists = false;
    assert_int_equal(add(&w, page), TCN_ENOTFOUND);
    assert_int_equal(take_away(&w, "x", NULL), TCN_ENOTFOUND);
    fx_done(&w.f);
}

/* What is there can be renamed and removed. */
static void at_most_fifty(void **state)
{
    struct tcn_related_item other = page;
    struct world w;

    (void)state;
    begin(&w);
    add(&w, page);
    w.turn.n_known = TCN_RELATED_MAX;
    other.value = URL "/2";
    assert_int_equal(add(&w, other), TCN_ELIMIT);
    assert_true(fx_wrote_nothing(&w.f));
    other = page;
    other.title = "new";
    assert_int_equal(add(&w, other), 0);
    w.turn.n_known = TCN_RELATED_MAX - 1;
    other.value = URL "/2";
    assert_int_equal(add(&w, other), 0);
    fx_done(&w.f);
}

static void a_full_timeline(void **state)
{
    struct tcn_related_item other = page;
    struct world w;

    (void)state;
    begin(&w);
    add(&w, page);
    w.f.a.incident.event_seq = TCN_EVENTS_MAX;
    other.value = URL "/2";
    assert_int_equal(add(&w, other), TCN_ELIMIT);
    assert_int_equal(take_away(&w, w.known[0].generated_id, NULL), 0);
    assert_int_equal(w.f.d.events.n, 1);
    fx_done(&w.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item),
        cmocka_unit_test(the_longest_of_each),
        cmocka_unit_test(what_an_id_is_of),
        cmocka_unit_test(what_an_addition_writes),
        cmocka_unit_test(a_structure_in_eventData),
        cmocka_unit_test(again),
        cmocka_unit_test(removal),
        cmocka_unit_test(of_no_incident),
        cmocka_unit_test(at_most_fifty),
        cmocka_unit_test(a_full_timeline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
