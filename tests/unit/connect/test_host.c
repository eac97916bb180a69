/* The table that connectors call: keyed hashes, failures, sinks. */
#include "rig.h"

#include "connect/message.h"
#include "connect/sink.h"

static const struct tocsin_option options[] = {TOCSIN_OPT_SECRET(key, 0, "-"),
                                               TOCSIN_OPT_SECRET(none, 0, "-"), TOCSIN_OPT_END};
static const struct tocsin_connector connector = {
    TOCSIN_CONNECTOR_HEAD, .name = "fake", .version = "1", .summary = "-", .options = options};

/* RFC 4231 test case 2. */
static int jefe(void *ctx, const struct tcn_node *reference, struct tcn_buf *ret)
{
    (void)ctx;
    (void)reference;
    tcn_buf_z(ret, "Jefe");
    return 0;
}

static const struct {
    const char *alg, *hex;
    int ok;
} macs[] = {
    {"sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", 1},
    {"sha256", "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843", 1},
    {"sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", 1}, /* RFC 2202 */
    {"sha512",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
     1},
    {"sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844", 0},
    {"sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38", 0},
    {"sha256", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=", 1},
    {"sha256", "A9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=", 0}, /* another one */
    {"sha256", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTs", 0},     /* cut */
    {"sha256", "", 0},
    {"sha256", "zz", 0},
    {"md5", "750c783e6ab0b503eaa86e310a5db738", 0},
    {"none", "", 0},
};

static void keyed_hashes(void **unused)
{
    static const char data[] = "what do ya want for nothing?";
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_instance *i = NULL;
    struct tcn_node root;

    (void)unused;
    tcn_problems_init(&problems);
    assert_int_equal(tcn_doc_parse(&doc, "t", TCN_STR("{\"key\": {\"env\": \"K\"}}"), &problems),
                     0);
    root = tcn_node_root(&doc);
    assert_int_equal(tcn_instance_new(&connector, &tcn_host, "t", &root, jefe, NULL, &i), 0);
    for (size_t n = 0; n < sizeof macs / sizeof macs[0]; n++)
        if (tcn_host.hmac_ok(&i->sdk, "key", macs[n].alg, data, sizeof data - 1, macs[n].hex) !=
            macs[n].ok)
            fail_msg("%zu %s", n, macs[n].alg);
    /* An unset secret signs nothing: HMAC with the empty key is known to everybody. */
    assert_int_equal(
        tcn_host.hmac_ok(&i->sdk, "none", "sha256", "", 0,
                         "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        0);
    assert_int_equal(tcn_host.hmac_ok(&i->sdk, "missing", "sha256", "", 0, "00"), 0);
    assert_int_equal(tcn_host.hmac_ok(&i->sdk, "key", "sha256", "", 0, NULL), 0);
    tcn_instance_free(i);
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
}

static void failures_hide_secrets(void **unused)
{
    struct rig r;

    (void)unused;
    rig_init(&r, &connector, "{\"key\": {\"env\": \"CANARY\"}}");
    assert_int_equal((tcn_host.fail)(&r.instance->sdk, "bad\r\nvalue %s here", CANARY), -1);
    assert_string_equal(r.instance->failure, "bad  value [secret key] here");
    rig_done(&r);
}

static void sinks_copy_and_cap(void **unused)
{
    struct tocsin_sink s;
    char id[] = "abc";
    struct tocsin_record record = {.remote_id = id};
    struct tocsin_update update = {.change = TOCSIN_SAID, .text = "hello"};
    json_t *body = json_pack("{s:s}", "challenge", "x");

    (void)unused;
    tcn_sink_init(&s);
    assert_int_equal(tcn_sink_report(&s, &record), 0);
    id[0] = 'x';
    assert_string_equal(s.records[0].remote_id, "abc");
    assert_string_equal(s.records[0].remote_key, "");
    assert_int_equal(tcn_sink_report(&s, &(struct tocsin_record){.remote_id = ""}), -1);
    while (s.n_records < TCN_RECORDS_MAX)
        assert_int_equal(tcn_sink_report(&s, &record), 0);
    assert_int_equal(tcn_sink_report(&s, &record), -1);
    assert_int_equal(tcn_sink_emit(&s, &update), 0);
    assert_string_equal(s.updates[0].text, "hello");
    assert_string_equal(s.updates[0].actor, "");
    assert_int_equal(tcn_sink_bad_field(&s, "", "x"), -1);
    for (size_t i = 0; i < TCN_BAD_FIELDS_MAX; i++)
        assert_int_equal(tcn_sink_bad_field(&s, "f", "x"), 0);
    assert_int_equal(tcn_sink_bad_field(&s, "f", "x"), -1);
    assert_int_equal(tcn_sink_reply(&s, 200, body), 0);
    assert_int_equal(tcn_sink_reply(&s, 500, body), -1);
    tcn_sink_reset(&s);
    assert_int_equal(s.n_records + s.n_updates + s.n_bad_fields, 0);
    tcn_sink_done(&s);
    json_decref(body);
}

static void messages(void **unused)
{
    struct tcn_message m;
    char line[64];

    (void)unused;
    tcn_message_init(&m);
    assert_null(tcn_message_header(NULL, "X"));
    assert_true(tcn_message_add(&m, TCN_STR("Content-Type:  a/b \r\n")));
    assert_true(tcn_message_add(&m, TCN_STR("no header\r\n")));
    assert_string_equal(tcn_message_header(&m, "content-TYPE"), "a/b");
    assert_null(tcn_message_header(&m, "x"));
    tcn_message_reset(&m);
    assert_null(tcn_message_header(&m, "Content-Type"));
    for (int i = 0; i < TCN_MESSAGE_HEADERS_MAX; i++) {
        snprintf(line, sizeof line, "X-%d: v", i);
        assert_true(tcn_message_add(&m, tcn_str(line)));
    }
    assert_false(tcn_message_add(&m, TCN_STR("X: v")));
    tcn_message_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keyed_hashes),
        cmocka_unit_test(failures_hide_secrets),
        cmocka_unit_test(sinks_copy_and_cap),
        cmocka_unit_test(messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
