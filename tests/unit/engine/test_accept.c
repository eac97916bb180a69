#include "fixture.h"

static struct tcn_err err;

/* ann by two stages, essential in an escalation whose second stage is ben. */
static void begin(struct fixture *f)
{
    struct tcn_contact *ann, *esc;

    fx_init(f);
    ann = fx_contact(f, "ann", TCN_PERSONAL);
    fx_channel(fx_stage(ann, 5 * MIN), "email", MIN);
    fx_channel(fx_stage(ann, 5 * MIN), "sms", 0);
    fx_person(f, "ben");
    esc = fx_contact(f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(esc, 30 * MIN), "ann", true);
    fx_target(fx_stage(esc, 30 * MIN), "ben", true);
    fx_engage(f, "esc");
    fx_alarm_at(f, TCN_ACTION_FIRE, 0);
}

static struct tcn_accept of(struct fixture *f, enum tcn_receipt_type type)
{
    const struct tcn_page *p = fx_page_of(f, "ann");

    return (struct tcn_accept){.page = p->id, .type = type, .code = p->accept_code};
}

static int accept(struct fixture *f, const struct tcn_accept *in)
{
    int r;

    fx_begin(f);
    r = tcn_engine_accept(&f->a, in, &f->directory, f->now, &f->d, &err);
    if (r == 0)
        fx_check(f, &f->a);
    return r;
}

static void read_stops_the_person_and_the_escalation(void **state)
{
    struct tcn_accept in;
    struct fixture f;

    (void)state;
    begin(&f);
    f.now += MIN;
    in = of(&f, TCN_READ);
    in.is_enforced = true;
    in.channel = "sms";
    in.note = "on my way";
    assert_int_equal(accept(&f, &in), 0);
    assert_int_equal(fx_page_of(&f, "ann")->read_ms, f.now);
    assert_int_equal(f.d.receipts.n, 1);
    assert_int_equal(f.d.receipts.items[0].type, TCN_READ);
    assert_string_equal(f.d.receipts.items[0].channel, "sms");
    assert_string_equal(f.d.receipts.items[0].note, "on my way");
    assert_int_equal(f.a.incident.acknowledged_ms, f.now);
    assert_string_equal(f.a.incident.acknowledged_by, "contact:ann");
    assert_int_equal(f.d.next_due_ms, 0);
    assert_non_null(fx_event(&f, TCN_EVENT_ACK, "acknowledged by contact:ann: on my way"));
    fx_done(&f);
}

static void a_second_read_is_a_receipt(void **state)
{
    struct tcn_accept in;
    struct fixture f;

    (void)state;
    begin(&f);
    in = of(&f, TCN_READ);
    accept(&f, &in);
    f.now += MIN;
    assert_int_equal(accept(&f, &in), 0);
    assert_int_equal(fx_page_of(&f, "ann")->read_ms, T0);
    assert_int_equal(f.d.receipts.n, 1);
    assert_null(f.d.receipts.items[0].channel);
    assert_null(f.d.receipts.items[0].note);
    assert_int_equal(f.d.events.n, 0);
    fx_done(&f);
}

static void delivered_stops_nothing(void **state)
{
    struct tcn_accept in;
    struct fixture f;

    (void)state;
    begin(&f);
    f.now += SEC;
    in = of(&f, TCN_DELIVERED);
    assert_int_equal(accept(&f, &in), 0);
    assert_int_equal(fx_page_of(&f, "ann")->delivered_ms, f.now);
    assert_int_equal(fx_page_of(&f, "ann")->read_ms, 0);
    assert_int_equal(f.d.receipts.items[0].type, TCN_DELIVERED);
    assert_int_equal(f.d.next_due_ms, T0 + MIN);
    f.now += SEC;
    accept(&f, &in);
    assert_int_equal(fx_page_of(&f, "ann")->delivered_ms, T0 + SEC);
    fx_done(&f);
}

static void taken_when_it_is_over(void **state)
{
    struct tcn_accept in;
    struct fixture f;

    (void)state;
    begin(&f);
    fx_status(&f, TCN_STATUS_RESOLVED, "fixed");
    f.now += HOUR;
    in = of(&f, TCN_READ);
    assert_int_equal(accept(&f, &in), 0);
    assert_int_equal(fx_page_of(&f, "ann")->read_ms, f.now);
    assert_int_equal(f.a.incident.acknowledged_ms, 0);
    fx_done(&f);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *code, *channel, *says;
        bool is_enforced;
        enum tcn_receipt_type type;
    } rows[] = {
        {"12345", NULL, "AcceptCode is not 6 to 10 digits", false, TCN_READ},
        {"12345678901", NULL, "AcceptCode is not 6 to 10 digits", false, TCN_READ},
        {"12345a", NULL, "AcceptCode is not 6 to 10 digits", false, TCN_READ},
        {NULL, NULL, "AcceptCode is not 6 to 10 digits", false, TCN_READ},
        {"0000000", NULL, "AcceptCode is not that of the page", true, TCN_READ},
        {"000000", "fax", "ContactChannelId is no channel of ann", false, TCN_READ},
        {"000000", NULL, "AcceptType", false, TCN_SENT},
    };
    struct tcn_accept in;
    struct fixture f;

    (void)state;
    begin(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        in = of(&f, rows[i].type);
        in.code = rows[i].code;
        in.channel = rows[i].channel;
        in.is_enforced = rows[i].is_enforced;
        if (accept(&f, &in) != TCN_EINVALID || !strstr(err.msg, rows[i].says) ||
            !fx_wrote_nothing(&f))
            fail_msg("%zu: %s", i, err.msg);
    }
    in.page = fx_id(5);
    assert_int_equal(accept(&f, &in), TCN_ENOTFOUND);
    fx_done(&f);
}

/* Every digit of the code counts, and any ten digits do when it is not enforced. */
static void codes(void **state)
{
    struct tcn_accept in;
    struct fixture f;
    char code[16];

    (void)state;
    begin(&f);
    in = of(&f, TCN_READ);
    for (size_t i = 0; i < 6; i++) {
        snprintf(code, sizeof code, "%s", fx_page_of(&f, "ann")->accept_code);
        code[i] = code[i] == '9' ? '0' : (char)(code[i] + 1);
        in.code = code;
        in.is_enforced = true;
        assert_int_equal(accept(&f, &in), TCN_EINVALID);
    }
    in.code = "9876543210";
    in.is_enforced = false;
    assert_int_equal(accept(&f, &in), 0);
    fx_done(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_stops_the_person_and_the_escalation),
        cmocka_unit_test(a_second_read_is_a_receipt),
        cmocka_unit_test(delivered_stops_nothing),
        cmocka_unit_test(taken_when_it_is_over),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
