#include "fixture.h"

#include "engine/custom_event.h"

#define ARN "arn:aws:ec2:eu-west-1:123456789012:instance/i-1"
#define ITEM "related-item/OTHER/0123456789ABCDEF0123456789ABCDEF"

static char long_data[TCN_EVENT_DATA_MAX + 2];
static const struct tcn_event_reference arn_ref = {.resource = ARN}, item_ref = {.related = ITEM},
                                        no_item = {.related = "related-item/OTHER/0"},
                                        no_arn = {.resource = "i-1"},
                                        both = {.resource = ARN, .related = ITEM};
static const struct tcn_event_reference many[TCN_EVENT_REFERENCES_MAX + 1] = {
    {ARN, NULL}, {ARN, NULL}, {ARN, NULL}, {ARN, NULL}, {ARN, NULL}, {ARN, NULL},
    {ARN, NULL}, {ARN, NULL}, {ARN, NULL}, {ARN, NULL}, {ARN, NULL}};
static struct tcn_related_item item = {.generated_id = ITEM, .type = "OTHER"};

struct world {
    struct fixture f;
    struct tcn_custom_event_turn turn;
    struct tcn_event event; /* that was created */
    struct tcn_err err;
};

/* As fx_check, but for eventData: what somebody writes is any text. */
static void check(struct world *w)
{
    struct tcn_err err = {0};

    if (tcn_engine_invariant(&w->f.a, w->f.now, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(w->f.d.next_due_ms, tcn_engine_next_due(&w->f.a));
    for (size_t i = 0; i < w->f.d.events.n; i++)
        if (w->f.d.events.items[i].references)
            fx_check_json(w->f.d.events.items[i].references);
}

static void begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    fx_init(&w->f);
    fx_alarm_at(&w->f, TCN_ACTION_FIRE, 0);
    w->turn =
        (struct tcn_custom_event_turn){.aggregate = &w->f.a, .related = &item, .n_related = 1};
}

static int create(struct world *w, struct tcn_custom_event event)
{
    int r;

    event.actor = "token:ann";
    w->f.now += SEC;
    fx_begin(&w->f);
    r = tcn_engine_event_create(&w->turn, &event, w->f.now, &w->f.d, &w->err);
    if (r == 0) {
        check(w);
        assert_int_equal(w->f.d.events.n, 1);
        w->event = w->f.d.events.items[0];
        w->turn.known = &w->event;
    }
    return r;
}

static int update(struct world *w, struct tcn_custom_event change)
{
    int r;

    change.actor = "token:bob";
    w->f.now += SEC;
    fx_begin(&w->f);
    r = tcn_engine_event_update(&w->turn, &change, w->f.now, &w->f.d, &w->err);
    if (r == 0)
        check(w);
    return r;
}

static int erase(struct world *w)
{
    int r;

    w->f.now += SEC;
    fx_begin(&w->f);
    r = tcn_engine_event_delete(&w->turn, "token:bob", w->f.now, &w->f.d, &w->err);
    if (r == 0)
        check(w);
    return r;
}

/* -- create ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct tcn_custom_event event;
    int r;
    const char *why; /* part of the message */
} creations[] = {
    {"nothing said", {.event_ms = 0}, 0, NULL},
    {"a custom event", {.type = TCN_EVENT_CUSTOM, .data = "\"x\""}, 0, NULL},
    {"a note", {.type = TCN_EVENT_NOTE, .data = "\"x\""}, 0, NULL},
    {"long ago", {.event_ms = 1}, 0, NULL},
    {"in years", {.event_ms = T0 * 2}, 0, NULL},
    {"a resource", {.references = &arn_ref, .n_references = 1}, 0, NULL},
    {"an item", {.references = &item_ref, .n_references = 1}, 0, NULL},
    {"ten references", {.references = many, .n_references = 10}, 0, NULL},
    {"an event of the engine", {.type = TCN_EVENT_PAGE}, TCN_EINVALID, "type is neither"},
    {"a type of nobody", {.type = "custom event"}, TCN_EINVALID, "type is neither"},
    {"before 1970", {.event_ms = -1}, TCN_EINVALID, "event time"},
    {"too much data", {.data = long_data}, TCN_EINVALID, "longer than 12000"},
    {"data of bytes", {.data = "\xff"}, TCN_EINVALID, "UTF-8"},
    {"eleven references", {.references = many, .n_references = 11}, TCN_EINVALID, "more than 10"},
    {"two in one", {.references = &both, .n_references = 1}, TCN_EINVALID, "reference 1 is not"},
    {"no ARN", {.references = &no_arn, .n_references = 1}, TCN_EINVALID, "an ARN"},
    {"no such item", {.references = &no_item, .n_references = 1}, TCN_EINVALID, "no related item"},
};

static void every_creation(void **state)
{
    (void)state;
    memset(long_data, '1', sizeof long_data - 1);
    for (size_t i = 0; i < sizeof creations / sizeof creations[0]; i++) {
        struct world w;
        int r;

        begin(&w);
        r = create(&w, creations[i].event);
        if (r != creations[i].r)
            fail_msg("%s: %d %s", creations[i].name, r, w.err.msg);
        if (r < 0) {
            assert_non_null(strstr(w.err.msg, creations[i].why));
            assert_true(fx_wrote_nothing(&w.f));
        }
        fx_done(&w.f);
    }
}

static void the_longest_data(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    memset(long_data, '1', sizeof long_data - 1);
    long_data[TCN_EVENT_DATA_MAX] = '\0';
    assert_int_equal(create(&w, (struct tcn_custom_event){.data = long_data}), 0);
    long_data[TCN_EVENT_DATA_MAX] = '1';
    fx_done(&w.f);
}

static void what_a_creation_writes(void **state)
{
    const struct tcn_event_reference refs[] = {{.resource = ARN}, {.related = ITEM}};
    struct world w;

    (void)state;
    begin(&w);
    assert_int_equal(create(&w, (struct tcn_custom_event){.event_ms = T0 - HOUR,
                                                          .data = "\"fire drill\"",
                                                          .text = "fire drill",
                                                          .references = refs,
                                                          .n_references = 2}),
                     0);
    assert_string_equal(w.event.type, TCN_EVENT_CUSTOM);
    assert_int_equal(w.event.event_ms, T0 - HOUR);
    assert_int_equal(w.event.updated_ms, w.f.now);
    assert_string_equal(w.event.data, "\"fire drill\"");
    assert_string_equal(w.event.text, "fire drill");
    assert_string_equal(w.event.actor, "token:ann");
    assert_string_equal(w.event.references,
                        "[{\"resource\":\"" ARN "\"},{\"relatedItemId\":\"" ITEM "\"}]");
    assert_false(w.event.to_tickets);
    assert_false(w.f.d.tickets_due);
    assert_int_equal(w.event.seq, w.f.a.incident.event_seq);
    assert_int_equal(w.f.d.rewritten.n, 0);
    fx_done(&w.f);
}

static void without_a_time_it_is_now(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    assert_int_equal(create(&w, (struct tcn_custom_event){.data = "1"}), 0);
    assert_int_equal(w.event.event_ms, w.f.now);
    assert_null(w.event.references);
    fx_done(&w.f);
}

static void of_no_incident(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    assert_int_equal(create(&w, (struct tcn_custom_event){.data = "1"}), 0);
    w.f.a.incident.exists = false;
    assert_int_equal(create(&w, (struct tcn_custom_event){.data = "1"}), TCN_ENOTFOUND);
    assert_int_equal(update(&w, (struct tcn_custom_event){.data = "2"}), TCN_ENOTFOUND);
    assert_int_equal(erase(&w), TCN_ENOTFOUND);
    fx_done(&w.f);
}

/* -- update ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct tcn_custom_event change;
    int r;
    const char
        *says; /* of the line that tells it; NULL: nothing differs. Of a refusal: part of it */
} changes[] = {
    {"nothing said", {.event_ms = 0}, 0, NULL},
    {"all as it is",
     {.event_ms = T0,
      .type = TCN_EVENT_CUSTOM,
      .data = "\"a\"",
      .has_references = true,
      .references = &arn_ref,
      .n_references = 1},
     0,
     NULL},
    {"time", {.event_ms = T0 + 1}, 0, ": time"},
    {"type", {.type = TCN_EVENT_NOTE}, 0, ": type"},
    {"data", {.data = "\"b\""}, 0, ": data"},
    {"another item",
     {.has_references = true, .references = &item_ref, .n_references = 1},
     0,
     ": references"},
    {"no references", {.has_references = true}, 0, ": references"},
    {"references that nobody wants changed", {.has_references = false}, 0, NULL},
    {"all",
     {.event_ms = T0 + 1, .type = TCN_EVENT_NOTE, .data = "1", .has_references = true},
     0,
     ": time, type, data, references"},
    {"a type of the engine", {.type = TCN_EVENT_ACK}, TCN_EINVALID, "type is neither"},
    {"too much data", {.data = long_data}, TCN_EINVALID, "data is longer"},
    {"no such item",
     {.has_references = true, .references = &no_item, .n_references = 1},
     TCN_EINVALID,
     "no related item"},
};

static void every_change(void **state)
{
    (void)state;
    memset(long_data, '1', sizeof long_data - 1);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct world w;
        int r;

        begin(&w);
        create(&w, (struct tcn_custom_event){
                       .event_ms = T0, .data = "\"a\"", .references = &arn_ref, .n_references = 1});
        r = update(&w, changes[i].change);
        if (r != changes[i].r)
            fail_msg("%s: %d %s", changes[i].name, r, w.err.msg);
        if (r < 0)
            assert_non_null(strstr(w.err.msg, changes[i].says));
        if (r < 0 || !changes[i].says) {
            assert_true(fx_wrote_nothing(&w.f));
            assert_int_equal(w.f.d.rewritten.n, 0);
        } else if (!fx_event(&w.f, TCN_EVENT_TOCSIN, changes[i].says)) {
            fail_msg("%s is not told", changes[i].name);
        }
        fx_done(&w.f);
    }
}

static void what_a_change_writes(void **state)
{
    const struct tcn_event *e;
    struct world w;

    (void)state;
    begin(&w);
    create(&w, (struct tcn_custom_event){.event_ms = T0, .data = "\"a\"", .text = "a"});
    assert_int_equal(update(&w, (struct tcn_custom_event){.data = "{}"}), 0);
    assert_int_equal(w.f.d.rewritten.n, 1);
    e = &w.f.d.rewritten.items[0];
    assert_true(tcn_id_eq(e->id, w.event.id));
    assert_int_equal(e->seq, w.event.seq);
    assert_int_equal(e->event_ms, T0);
    assert_int_equal(e->updated_ms, w.f.now);
    assert_string_equal(e->data, "{}");
    assert_null(e->text);
    assert_string_equal(e->actor, "token:ann");
    assert_string_equal(w.f.d.events.items[0].actor, "token:bob");
    fx_done(&w.f);
}

/* What the tickets were told they keep; what they are still to be told has a sentence. */
static void a_note_for_the_tickets(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    fx_begin(&w.f);
    assert_int_equal(tcn_engine_note(&w.f.a, "hello", "token:ann", w.f.now, &w.f.d, NULL), 0);
    w.event = w.f.d.events.items[0];
    w.turn.known = &w.event;
    assert_int_equal(update(&w, (struct tcn_custom_event){.data = "{\"a\":1}"}), 0);
    assert_true(w.f.d.rewritten.items[0].to_tickets);
    assert_string_equal(w.f.d.rewritten.items[0].text, "{\"a\":1}");
    assert_int_equal(erase(&w), 0);
    assert_false(w.f.d.rewritten.items[0].to_tickets);
    fx_done(&w.f);
}

static void what_happened_stays(void **state)
{
    static const char *const types[] = {TCN_EVENT_TRIGGER, TCN_EVENT_START, TCN_EVENT_UPDATE,
                                        TCN_EVENT_PAGE,    TCN_EVENT_ACK,   TCN_EVENT_TOCSIN};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct world w;

        begin(&w);
        create(&w, (struct tcn_custom_event){.data = "1"});
        w.event.type = types[i];
        assert_int_equal(update(&w, (struct tcn_custom_event){.data = "2"}), TCN_ECONFLICT);
        assert_non_null(strstr(w.err.msg, types[i]));
        assert_int_equal(erase(&w), TCN_ECONFLICT);
        assert_non_null(strstr(w.err.msg, "cannot be deleted"));
        assert_true(fx_wrote_nothing(&w.f));
        fx_done(&w.f);
    }
}

/* -- delete ------------------------------------------------------------------------------------------------------- */

static void who_deleted_stands_in_its_place(void **state)
{
    const struct tcn_event *e;
    struct world w;

    (void)state;
    begin(&w);
    create(&w, (struct tcn_custom_event){.event_ms = T0 - HOUR, .data = "\"secret\""});
    assert_int_equal(erase(&w), 0);
    assert_int_equal(w.f.d.events.n, 0);
    assert_int_equal(w.f.d.rewritten.n, 1);
    e = &w.f.d.rewritten.items[0];
    assert_int_equal(e->seq, w.event.seq);
    assert_false(tcn_id_eq(e->id, w.event.id));
    assert_string_equal(e->type, TCN_EVENT_TOCSIN);
    assert_string_equal(e->actor, "token:bob");
    assert_non_null(strstr(e->text, "token:bob deleted the event "));
    assert_non_null(strstr(e->text, " by token:ann"));
    assert_null(strstr(e->data, "secret"));
    fx_check_json(e->data);
    fx_done(&w.f);
}

static void a_full_timeline(void **state)
{
    struct world w;

    (void)state;
    begin(&w);
    create(&w, (struct tcn_custom_event){.data = "1"});
    w.f.a.incident.event_seq = TCN_EVENTS_MAX;
    assert_int_equal(create(&w, (struct tcn_custom_event){.data = "1"}), TCN_ELIMIT);
    assert_int_equal(update(&w, (struct tcn_custom_event){.data = "2"}), TCN_ELIMIT);
    assert_int_equal(update(&w, (struct tcn_custom_event){.data = "1"}), 0);
    assert_true(fx_wrote_nothing(&w.f));
    assert_int_equal(erase(&w), 0);
    assert_int_equal(w.f.a.incident.event_seq, TCN_EVENTS_MAX);
    fx_done(&w.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_creation),         cmocka_unit_test(the_longest_data),
        cmocka_unit_test(what_a_creation_writes), cmocka_unit_test(without_a_time_it_is_now),
        cmocka_unit_test(of_no_incident),         cmocka_unit_test(every_change),
        cmocka_unit_test(what_a_change_writes),   cmocka_unit_test(a_note_for_the_tickets),
        cmocka_unit_test(what_happened_stays),    cmocka_unit_test(who_deleted_stands_in_its_place),
        cmocka_unit_test(a_full_timeline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
