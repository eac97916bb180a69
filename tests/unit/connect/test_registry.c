/* What a connector must keep to before it may be used. */
#include "rig.h"

#include "connect/registry.h"

struct state {
    const char *url;
    int64_t n;
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct state, url, URL, NULL, TOCSIN_REQUIRED, "where"),
    TOCSIN_OPT(struct state, n, INT, "3", 0, "how many"),
    TOCSIN_OPT_SECRET(password, 0, "the password"),
    TOCSIN_OPT_END,
};

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    (void)in;
    (void)op;
    (void)rq;
    return 0;
}

static int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *s)
{
    (void)in;
    (void)op;
    (void)rs;
    (void)out;
    (void)s;
    return 0;
}

static int verify(const struct tocsin_instance *in, const struct tocsin_inbound *rq)
{
    (void)in;
    (void)rq;
    return -1;
}

static int decode(const struct tocsin_instance *in, const struct tocsin_inbound *rq,
                  struct tocsin_sink *s)
{
    (void)in;
    (void)rq;
    (void)s;
    return 0;
}

static struct tocsin_connector good(void)
{
    return (struct tocsin_connector){
        TOCSIN_CONNECTOR_HEAD,
        .name = "good",
        .version = "1.0",
        .summary = "a connector",
        .caps = TOCSIN_CAN(TOCSIN_CREATE) | TOCSIN_CAN(TOCSIN_FIND),
        .state_size = sizeof(struct state),
        .options = options,
        .render = render,
        .interpret = interpret,
    };
}

static struct tocsin_option bad_rows[2];

/* Every case spoils one thing. */
static void spoil(struct tocsin_connector *c, int no)
{
    struct tocsin_option *row = &bad_rows[0];

    *row = options[1];
    bad_rows[1] = (struct tocsin_option)TOCSIN_OPT_END;
    switch (no) {
    case 0:
        c->abi_major = 2;
        break;
    case 1:
        c->abi_minor = TOCSIN_ABI_MINOR + 1;
        break;
    case 2:
        c->size = 40;
        break;
    case 3:
        c->name = "Good";
        break;
    case 4:
        c->name = NULL;
        break;
    case 5:
        c->name = "a-name-that-is-longer-than-32-characters";
        break;
    case 6:
        c->version = NULL;
        break;
    case 7:
        c->caps |= UINT32_C(1) << 20;
        break;
    case 8:
        c->caps = 0;
        break;
    case 9:
        c->render = NULL;
        break;
    case 10:
        c->interpret = NULL;
        break;
    case 11:
        c->caps = TOCSIN_CAN(TOCSIN_CREATE);
        break;
    case 12:
        c->caps |= TOCSIN_CAP_WEBHOOK;
        break;
    case 13:
        c->verify = verify;
        c->decode = decode;
        break;
    case 14:
        c->state_size = TCN_STATE_MAX + 1;
        break;
    case 15:
        row->name = "No";
        c->options = bad_rows;
        break;
    case 16:
        row->kind = 77;
        c->options = bad_rows;
        break;
    case 17:
        row->flags = 8;
        c->options = bad_rows;
        break;
    case 18:
        row->help = NULL;
        c->options = bad_rows;
        break;
    case 19:
        row->offset = sizeof(struct state);
        c->options = bad_rows;
        break;
    case 20:
        row->def = "three";
        c->options = bad_rows;
        break;
    case 21:
        row->flags = TOCSIN_REQUIRED;
        c->options = bad_rows;
        break;
    case 22:
        row->name = "allow";
        c->options = bad_rows;
        break;
    default:
        break;
    }
}

static const struct {
    const char *name, *says;
} cases[] = {
    {"other major", "built for SDK 2.0"},
    {"newer minor", "needs SDK 1."},
    {"too small", "structure has 40 bytes"},
    {"upper case name", "name must be"},
    {"no name", "name must be"},
    {"long name", "name must be"},
    {"no version", "no version"},
    {"unknown capability", "unknown capabilities"},
    {"no capability", "can do nothing"},
    {"no render", "no render()"},
    {"no interpret", "no interpret()"},
    {"create in the dark", "neither find"},
    {"webhook unverified", "no verify()"},
    {"verify without cap", "not TOCSIN_CAP_WEBHOOK"},
    {"huge state", "bytes of state"},
    {"option name", "illegal name"},
    {"option kind", "unknown kind"},
    {"option flags", "unknown flags"},
    {"option help", "no help"},
    {"option place", "outside of the state"},
    {"option default", "not of its kind"},
    {"required with default", "required and has a default"},
    {"host's own name", "the host uses"},
};

static void refuses_bad_ones(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tocsin_connector c = good();
        struct tcn_err err = {0};

        spoil(&c, (int)i);
        if (tcn_connector_check(&c, &err) != TCN_EINVALID || !strstr(err.msg, cases[i].says))
            fail_msg("%s: \"%s\"", cases[i].name, err.msg);
    }
}

static void takes_a_good_one(void **unused)
{
    struct tocsin_connector c = good(), second = good();
    struct tcn_registry *r = tcn_registry_new();
    struct tcn_err err;

    (void)unused;
    assert_int_equal(tcn_registry_add(r, &c, &err), 0);
    assert_int_equal(tcn_registry_add(r, &second, &err), TCN_ECONFLICT);
    assert_string_equal(tcn_registry_find(r, "good")->summary, "a connector");
    assert_null(tcn_registry_find(r, "bad"));
    assert_string_equal(tcn_registry_names(r)[0], "good");
    assert_null(tcn_registry_names(r)[1]);
    tcn_registry_free(r);
    tcn_registry_free(NULL);
}

static void refuses_channels_that_do_not_fit(void **unused)
{
    static const struct {
        const char *name, *says; /* NULL: it is good */
        uint32_t caps, channels;
        bool is_short; /* its structure ends before the channels */
    } rows[] = {
        {"sends", NULL, TOCSIN_CAN(TOCSIN_SEND), TOCSIN_REACHES(TOCSIN_VOICE), false},
        {"sends to no channel", "can send but reaches no channel", TOCSIN_CAN(TOCSIN_SEND), 0,
         false},
        {"channels without sending", "reaches channels but cannot send", 0,
         TOCSIN_REACHES(TOCSIN_EMAIL), false},
        {"unknown channel", "reaches unknown channels 0x200", TOCSIN_CAN(TOCSIN_SEND), 0x200,
         false},
        {"channels past its size", "reaches no channel", TOCSIN_CAN(TOCSIN_SEND),
         TOCSIN_REACHES(TOCSIN_EMAIL), true},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tocsin_connector c = good();
        struct tcn_err err = {0};
        int r;

        c.caps |= rows[i].caps;
        c.channels = rows[i].channels;
        if (rows[i].is_short)
            c.size = offsetof(struct tocsin_connector, channels);
        r = tcn_connector_check(&c, &err);
        if (rows[i].says ? r != TCN_EINVALID || !strstr(err.msg, rows[i].says) : r != 0)
            fail_msg("%s: \"%s\"", rows[i].name, err.msg);
    }
}

static void refuses_a_survey_of_none_or_too_many(void **unused)
{
    static const struct {
        uint32_t most;
        bool is_short, is_fine; /* is_short: its structure ends before the number */
    } rows[] = {{1, false, true},
                {100, false, true},
                {0, false, false},
                {101, false, false},
                {100, true, false}};

    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tocsin_connector c = good();
        struct tcn_err err = {0};

        c.caps |= TOCSIN_CAN(TOCSIN_SURVEY);
        c.survey_max = rows[i].most;
        if (rows[i].is_short)
            c.size = offsetof(struct tocsin_connector, survey_max);
        assert_int_equal(tcn_connector_check(&c, &err), rows[i].is_fine ? 0 : TCN_EINVALID);
        if (!rows[i].is_fine)
            assert_non_null(strstr(err.msg, "set .survey_max to 1 to 100"));
    }
}

static void tells_who_reaches_a_channel(void **unused)
{
    struct tocsin_connector silent = good(), sms = good();
    struct tcn_registry *r = tcn_registry_new();
    struct tcn_err err;

    (void)unused;
    sms.name = "sms";
    sms.caps = TOCSIN_CAN(TOCSIN_SEND);
    sms.channels = TOCSIN_REACHES(TOCSIN_SMS);
    assert_int_equal(tcn_registry_add(r, &silent, &err), 0);
    assert_int_equal(tcn_registry_add(r, &sms, &err), 0);
    assert_string_equal(tcn_registry_reaching(r, TOCSIN_SMS)->name, "sms");
    assert_null(tcn_registry_reaching(r, TOCSIN_EMAIL));
    assert_false(tcn_connector_reaches(tcn_registry_find(r, "good"), TOCSIN_SMS));
    tcn_registry_free(r);
}

static void refuses_secrets_paired_with_nothing(void **unused)
{
    static const struct tocsin_option first[] = {
        TOCSIN_OPT_SECRET(password, TOCSIN_PAIRED, "the password"), TOCSIN_OPT_END};
    const struct tocsin_option behind[] = {options[1], first[0], TOCSIN_OPT_END};
    const struct tocsin_option *const tables[] = {first, behind};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        struct tocsin_connector c = good();
        struct tcn_err err = {0};

        c.options = tables[i];
        assert_int_equal(tcn_connector_check(&c, &err), TCN_EINVALID);
        assert_non_null(strstr(err.msg, "is paired, but no secret behind a text"));
    }
}

static void refuses_secrets_instead_of_nothing(void **unused)
{
    static const struct tocsin_option secret =
        TOCSIN_OPT_SECRET(hook, TOCSIN_INSTEAD, "the URL, when it is a secret");
    struct tocsin_option url = options[0];
    const struct tocsin_option first[] = {secret, TOCSIN_OPT_END};
    const struct tocsin_option behind_required[] = {url, secret, TOCSIN_OPT_END};
    const struct tocsin_option *const tables[] = {first, behind_required};
    struct tocsin_connector c = good();
    struct tcn_err err = {0};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        c.options = tables[i];
        assert_int_equal(tcn_connector_check(&c, &err), TCN_EINVALID);
        assert_non_null(strstr(err.msg, "instead of another, but no secret behind a URL"));
    }
    url.flags = 0;
    const struct tocsin_option behind[] = {url, secret, TOCSIN_OPT_END};

    c.options = behind;
    assert_int_equal(tcn_connector_check(&c, &err), 0);
}

static void refuses_double_options(void **unused)
{
    struct tocsin_option twice[] = {options[1], options[1], TOCSIN_OPT_END};
    struct tocsin_connector c = good();
    struct tcn_err err;

    (void)unused;
    c.options = twice;
    assert_int_equal(tcn_connector_check(&c, &err), TCN_EINVALID);
    assert_non_null(strstr(err.msg, "twice"));
}

static void reads_a_longer_struct(void **unused)
{
    struct {
        struct tocsin_connector c;
        void *later;
    } longer = {.c = good()};
    struct tcn_err err;

    (void)unused;
    longer.c.size = sizeof longer;
    assert_int_equal(tcn_connector_check(&longer.c, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_ones),
        cmocka_unit_test(takes_a_good_one),
        cmocka_unit_test(refuses_channels_that_do_not_fit),
        cmocka_unit_test(refuses_a_survey_of_none_or_too_many),
        cmocka_unit_test(tells_who_reaches_a_channel),
        cmocka_unit_test(refuses_secrets_paired_with_nothing),
        cmocka_unit_test(refuses_secrets_instead_of_nothing),
        cmocka_unit_test(refuses_double_options),
        cmocka_unit_test(reads_a_longer_struct),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
