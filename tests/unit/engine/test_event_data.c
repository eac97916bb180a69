#include "engine/event_data.h"
#include "fixture.h"

#include <jansson.h>

static struct tcn_step begin(struct fixture *f)
{
    fx_init(f);
    fx_person(f, "ann");
    fx_engage(f, "ann");
    fx_alarm_at(f, TCN_ACTION_FIRE, 0);
    fx_begin(f);
    return (struct tcn_step){&f->a, &f->directory, 7, f->now, &f->d};
}

static json_t *parse(const char *text)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

    assert_non_null(root);
    return root;
}

/* Every event that an incident with everything can write is JSON. */
static void all_events_are_json(void **state)
{
    struct fixture f;
    const struct tcn_page *p;

    (void)state;
    begin(&f);
    p = fx_page_of(&f, "ann");
    fx_ack(&f, p->id, "contact:ann");
    fx_status(&f, TCN_STATUS_RESOLVED, "fixed");
    f.now += MIN;
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    for (size_t i = 0; i < f.d.events.n; i++) {
        const struct tcn_event *e = &f.d.events.items[i];

        json_decref(parse(e->data));
        if (e->references)
            json_decref(parse(e->references));
        assert_true(tcn_id_eq(e->id, tcn_id_child(f.a.incident.id, "event", (uint64_t)e->seq)));
    }
    fx_done(&f);
}

static void page_names_by_arn(void **state)
{
    struct fixture f;
    struct tcn_step s = begin(&f);
    const struct tcn_page *p = fx_page_of(&f, "ann");
    json_t *data = parse(tcn_event_data_page(&s, &f.a.engagements[0], p, "n"));
    char id[TCN_ID_TEXT], arn[200];

    (void)state;
    tcn_id_text(p->id, id);
    snprintf(arn, sizeof arn, "arn:aws:ssm-contacts:us-east-1:111122223333:page/ann/%s", id);
    assert_string_equal(json_string_value(json_object_get(data, "pageArn")), arn);
    assert_string_equal(json_string_value(json_object_get(data, "contactArn")),
                        "arn:aws:ssm-contacts:us-east-1:111122223333:contact/ann");
    assert_string_equal(json_string_value(json_object_get(data, "note")), "n");
    json_decref(data);
    s.directory = NULL;
    data = parse(tcn_event_data_page(&s, &f.a.engagements[0], p, NULL));
    assert_null(json_object_get(data, "pageArn"));
    assert_null(json_object_get(data, "note"));
    assert_null(tcn_event_ref_incident(&s));
    assert_null(tcn_event_ref_engagement(&s, &f.a.engagements[0]));
    json_decref(data);
    fx_done(&f);
}

static const struct {
    const char *name;
    size_t bytes;     /* of plain letters before the last character */
    const char *tail; /* one character or a bad byte */
    size_t raw_len;   /* in the event; 0 = left out */
} raws[] = {
    {"short", 10, "x", 11},
    {"exactly the limit", TCN_RAW_DATA_MAX - 1, "x", TCN_RAW_DATA_MAX},
    {"one over", TCN_RAW_DATA_MAX, "x", TCN_RAW_DATA_MAX},
    {"cut inside two bytes", TCN_RAW_DATA_MAX - 1, "\xC3\xA9", TCN_RAW_DATA_MAX - 1},
    {"cut inside four bytes", TCN_RAW_DATA_MAX - 3, "\xF0\x9F\x94\xA5", TCN_RAW_DATA_MAX - 3},
    {"not UTF-8", 10, "\xFF", 0},
};

static void raw_data_is_cut_on_a_code_point(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof raws / sizeof raws[0]; i++) {
        static char text[TCN_RAW_DATA_MAX + 16];
        struct tcn_trigger t = {.source = "x", .raw = {text, 0}};
        struct fixture f;
        struct tcn_step s = begin(&f);
        json_t *data;
        const char *raw;

        memset(text, 'a', raws[i].bytes);
        memcpy(text + raws[i].bytes, raws[i].tail, strlen(raws[i].tail) + 1);
        t.raw.len = strlen(text);
        data = parse(tcn_event_data_trigger(&s, &t, true));
        raw = json_string_value(json_object_get(data, "rawData"));
        if ((raw ? strlen(raw) : 0) != raws[i].raw_len)
            fail_msg("%s", raws[i].name);
        json_decref(data);
        fx_done(&f);
    }
}

/* Whoever starts an incident by hand was told whether it is too long. */
static void stated_raw_data_is_counted_in_code_points(void **state)
{
    static char text[2 * TCN_RAW_DATA_MAX + 1];
    struct tcn_trigger t = {.source = "x", .is_stated = true};
    struct fixture f;
    struct tcn_step s = begin(&f);
    json_t *data;

    (void)state;
    for (size_t i = 0; i < TCN_RAW_DATA_MAX; i++)
        memcpy(text + 2 * i, "\xC3\xA9", 2);
    t.raw = tcn_str(text);
    data = parse(tcn_event_data_trigger(&s, &t, true));
    assert_string_equal(json_string_value(json_object_get(data, "rawData")), text);
    json_decref(data);
    fx_done(&f);
}

static void start_lists_the_contacts(void **state)
{
    struct fixture f;
    struct tcn_step s = begin(&f);
    json_t *data = parse(tcn_event_data_start(&s, &f.plan));
    json_t *list = json_object_get(data, "contactsEngage");

    (void)state;
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "contactName")),
                        "ann");
    json_decref(data);
    data = parse(tcn_event_data_start(&s, NULL));
    assert_int_equal(json_array_size(json_object_get(data, "contactsEngage")), 0);
    json_decref(data);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_events_are_json),
        cmocka_unit_test(page_names_by_arn),
        cmocka_unit_test(raw_data_is_cut_on_a_code_point),
        cmocka_unit_test(stated_raw_data_is_counted_in_code_points),
        cmocka_unit_test(start_lists_the_contacts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
