#include "base/text.h"
#include "gateway/cred.h"
#include "sys/hmac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define OLD "old-secret-0123456789"
#define NEW "new-secret-0123456789"
#define BODY "{\"alarm\":\"x\"}"
#define NOW 1785690280000

struct fixture {
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_cred_list list;
    int r;
};

/* One header of a request; a case has at most one that matters. */
struct header {
    const char *name, *value;
    size_t n; /* 0: once */
};

static size_t header_of(void *ctx, const char *name, const char **ret_value)
{
    const struct header *h = ctx;

    if (!h->name || !h->value || strcasecmp(h->name, name) != 0)
        return 0;
    if (h->n < 2)
        *ret_value = h->value;
    return h->n < 2 ? 1 : h->n;
}

static void load(struct fixture *f, const char *text)
{
    struct tcn_node root;

    memset(f, 0, sizeof *f);
    setenv("TEST_OLD", OLD, 1);
    setenv("TEST_NEW", NEW, 1);
    setenv("TEST_SHORT", "short", 1);
    tcn_problems_init(&f->problems);
    assert_int_equal(tcn_doc_parse(&f->doc, "t.json", tcn_str(text), &f->problems), 0);
    root = tcn_node_root(&f->doc);
    f->r = tcn_cred_read(&root, &f->list);
}

static void release(struct fixture *f)
{
    tcn_cred_done(&f->list);
    tcn_doc_done(&f->doc);
    tcn_problems_done(&f->problems);
}

static enum tcn_cred_verdict check(struct fixture *f, const char *name, const char *value,
                                   const char *body)
{
    struct header h = {name, value, 1};
    struct tcn_cred_request rq = {header_of, &h, tcn_str(body), NOW, NULL};
    const struct tcn_cred *by;

    return tcn_cred_check(&f->list, &rq, &by);
}

#define SECRETS "\"secrets\":[{\"env\":\"TEST_OLD\"},{\"env\":\"TEST_NEW\"}]"

static void test_bearer(void **state)
{
    static const struct {
        const char *value;
        enum tcn_cred_verdict want;
    } cases[] = {
        {"Bearer " OLD, TCN_CRED_OK},
        {"Bearer " NEW, TCN_CRED_OK},
        {"bEaReR  " NEW " ", TCN_CRED_OK},
        {"Bearer " OLD NEW, TCN_CRED_WRONG},
        {"Bearer " OLD " " NEW, TCN_CRED_WRONG},
        {"Bearer old-secret-012345678", TCN_CRED_WRONG},
        {"Bearer old-secret-01234567890", TCN_CRED_WRONG},
        {"Bearer OLD-SECRET-0123456789", TCN_CRED_WRONG},
        {"Bearer ", TCN_CRED_WRONG},
        {"Bearer", TCN_CRED_MISSING},
        {"Basic " OLD, TCN_CRED_MISSING},
        {OLD, TCN_CRED_MISSING},
        {"", TCN_CRED_MISSING},
        {NULL, TCN_CRED_MISSING},
    };
    struct fixture f;

    (void)state;
    load(&f, "{\"kind\":\"bearer\"," SECRETS "}");
    assert_int_equal(f.r, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(check(&f, "authorization", cases[i].value, BODY), cases[i].want);
    assert_string_equal(tcn_cred_challenge(&f.list), "Bearer realm=\"tocsin\"");
    release(&f);
}

static void check_basic(struct fixture *f, const char *pair, enum tcn_cred_verdict want)
{
    struct tcn_buf value;

    tcn_buf_init(&value, 4096);
    tcn_buf_z(&value, "Basic ");
    tcn_base64(&value, pair, strlen(pair));
    assert_int_equal(check(f, "Authorization", value.ptr, BODY), want);
    tcn_buf_done(&value);
}

static void test_basic(void **state)
{
    struct fixture f;

    (void)state;
    load(&f, "{\"kind\":\"basic\",\"user\":\"sns\"," SECRETS "}");
    assert_int_equal(f.r, 0);
    check_basic(&f, "sns:" OLD, TCN_CRED_OK);
    check_basic(&f, "sns:" NEW, TCN_CRED_OK);
    check_basic(&f, "sns:" NEW "x", TCN_CRED_WRONG);
    check_basic(&f, "snS:" NEW, TCN_CRED_WRONG);
    check_basic(&f, ":" NEW, TCN_CRED_WRONG);
    check_basic(&f, "sns:", TCN_CRED_WRONG);
    check_basic(&f, "sns", TCN_CRED_MALFORMED);
    check_basic(&f, "", TCN_CRED_MALFORMED);
    assert_int_equal(check(&f, "Authorization", "Basic !!!", BODY), TCN_CRED_MALFORMED);
    assert_int_equal(check(&f, "Authorization", "Basic c25z", BODY), TCN_CRED_MALFORMED);
    /* SNS probes without credentials first and needs the challenge. */
    assert_int_equal(check(&f, NULL, NULL, BODY), TCN_CRED_MISSING);
    assert_non_null(strstr(tcn_cred_challenge(&f.list), "Basic "));
    release(&f);
}

static void test_header(void **state)
{
    struct fixture f;

    (void)state;
    load(&f, "{\"kind\":\"header\",\"header\":\"X-Key\"," SECRETS "}");
    assert_int_equal(f.r, 0);
    assert_int_equal(check(&f, "x-key", NEW, BODY), TCN_CRED_OK);
    assert_int_equal(check(&f, "x-key", OLD, BODY), TCN_CRED_OK);
    assert_int_equal(check(&f, "x-key", "", BODY), TCN_CRED_WRONG);
    assert_int_equal(check(&f, "x-keys", NEW, BODY), TCN_CRED_MISSING);
    assert_null(tcn_cred_challenge(&f.list));
    release(&f);
}

static void mac_of(const char *secret, const char *message, bool base64, struct tcn_buf *out)
{
    uint8_t mac[32];
    char hex[65];

    tcn_hmac_sha256(tcn_str(secret), tcn_str(message), mac);
    tcn_hex(mac, 32, hex);
    if (base64)
        tcn_base64(out, mac, 32);
    else
        tcn_buf_z(out, hex);
}

static void check_hmac(struct fixture *f, const char *before, const char *secret,
                       const char *message, const char *after, bool base64,
                       enum tcn_cred_verdict want)
{
    struct tcn_buf value;

    tcn_buf_init(&value, 4096);
    tcn_buf_z(&value, before);
    if (secret)
        mac_of(secret, message, base64, &value);
    tcn_buf_z(&value, after);
    if (check(f, "X-Sig", value.ptr, BODY) != want)
        fail_msg("\"%s\": verdict %d, want %d", value.ptr, check(f, "X-Sig", value.ptr, BODY),
                 want);
    tcn_buf_done(&value);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void test_hmac(void **state)
{
    static const struct {
        const char *name, *before, *secret, *message, *after;
        enum tcn_cred_verdict want;
    } cases[] = {
        {"right", "sha256=", NEW, BODY, "", TCN_CRED_OK},
        {"the older secret", "sha256=", OLD, BODY, "", TCN_CRED_OK},
        {"one of two is right", "sha256=" ZEROS ",sha256=", NEW, BODY, "", TCN_CRED_OK},
        {"right one first", "sha256=", NEW, BODY, ",sha256=" ZEROS, TCN_CRED_OK},
        {"blanks around", " sha256=", NEW, BODY, " ", TCN_CRED_OK},
        {"unknown scheme beside", "v9=abc,sha256=", NEW, BODY, "", TCN_CRED_OK},
        {"secret of somebody else", "sha256=", "another-secret-01", BODY, "", TCN_CRED_WRONG},
        {"body changed by one byte", "sha256=", NEW, "{\"alarm\":\"y\"}", "", TCN_CRED_WRONG},
        {"body reordered", "sha256=", NEW, "{ \"alarm\":\"x\"}", "", TCN_CRED_WRONG},
        {"empty body signed", "sha256=", NEW, "", "", TCN_CRED_WRONG},
        {"zeros", "sha256=" ZEROS, NULL, NULL, "", TCN_CRED_WRONG},
        {"empty", "", NULL, NULL, "", TCN_CRED_MALFORMED},
        {"prefix only", "sha256=", NULL, NULL, "", TCN_CRED_MALFORMED},
        {"no prefix", "", NEW, BODY, "", TCN_CRED_MALFORMED},
        {"other algorithm", "sha1=", NEW, BODY, "", TCN_CRED_MALFORMED},
        {"one digit short", "sha256=00", NULL, NULL, "", TCN_CRED_MALFORMED},
        {"one digit long", "sha256=", NEW, BODY, "0", TCN_CRED_MALFORMED},
        {"no hex", "sha256=zz" ZEROS, NULL, NULL, "", TCN_CRED_MALFORMED},
        {"hex with blanks", "sha256=0 ", NEW, BODY, "", TCN_CRED_MALFORMED},
        {"only commas", ",,,,", NULL, NULL, "", TCN_CRED_MALFORMED},
        {"prefix in capitals", "SHA256=", NEW, BODY, "", TCN_CRED_MALFORMED},
    };
    struct fixture f;

    (void)state;
    load(&f, "{\"kind\":\"hmac\",\"header\":\"X-Sig\",\"prefix\":\"sha256=\"," SECRETS "}");
    assert_int_equal(f.r, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_hmac(&f, cases[i].before, cases[i].secret, cases[i].message, cases[i].after, false,
                   cases[i].want);
    assert_int_equal(check(&f, "X-Other", "x", BODY), TCN_CRED_MISSING);
    release(&f);
}

static void test_hmac_in_capitals_and_base64(void **state)
{
    struct tcn_buf value;
    struct fixture f;

    (void)state;
    load(&f, "{\"kind\":\"hmac\",\"header\":\"X-Sig\"," SECRETS "}");
    tcn_buf_init(&value, 256);
    mac_of(NEW, BODY, false, &value);
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] >= 'a')
            value.ptr[i] = (char)(value.ptr[i] - 'a' + 'A');
    assert_int_equal(check(&f, "X-Sig", value.ptr, BODY), TCN_CRED_OK);
    tcn_buf_done(&value);
    release(&f);
    load(&f, "{\"kind\":\"hmac\",\"header\":\"X-Sig\",\"encoding\":\"base64\"," SECRETS "}");
    check_hmac(&f, "", NEW, BODY, "", true, TCN_CRED_OK);
    check_hmac(&f, "", NEW, BODY "x", "", true, TCN_CRED_WRONG);
    check_hmac(&f, "", NEW, BODY, "", false, TCN_CRED_MALFORMED);
    release(&f);
}

static void test_hmac_with_time(void **state)
{
    static const struct {
        const char *name, *before, *message;
        enum tcn_cred_verdict want;
    } cases[] = {
        {"now", "t=1785690280,v1=", "1785690280." BODY, TCN_CRED_OK},
        {"as old as allowed", "t=1785690220,v1=", "1785690220." BODY, TCN_CRED_OK},
        {"a second older", "t=1785690219,v1=", "1785690219." BODY, TCN_CRED_STALE},
        {"too far ahead", "t=1785690341,v1=", "1785690341." BODY, TCN_CRED_STALE},
        {"time not the signed one", "t=1785690281,v1=", "1785690280." BODY, TCN_CRED_WRONG},
        {"old, and not signed with it", "t=1785690219,v1=", BODY, TCN_CRED_STALE},
        {"time not signed", "t=1785690280,v1=", BODY, TCN_CRED_WRONG},
        {"no time", "v1=", "1785690280." BODY, TCN_CRED_MALFORMED},
        {"time is no number", "t=now,v1=", "now." BODY, TCN_CRED_MALFORMED},
        {"time overflows", "t=99999999999999999999,v1=", "99999999999999999999." BODY,
         TCN_CRED_MALFORMED},
        {"negative time", "t=-1,v1=", "-1." BODY, TCN_CRED_MALFORMED},
    };
    struct fixture f;

    (void)state;
    load(&f, "{\"kind\":\"hmac\",\"header\":\"X-Sig\",\"prefix\":\"v1=\",\"timestamp\":true,"
             "\"max_age\":\"1m\"," SECRETS "}");
    assert_int_equal(f.r, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_hmac(&f, cases[i].before, NEW, cases[i].message, "", false, cases[i].want);
    release(&f);
}

#define SNS_AND(second)                                                                            \
    "{\"kind\":\"sns\",\"topics\":[\"arn:aws:sns:us-east-1:123456789012:ops-*\"],\"and\":" second  \
    "}"
#define HMAC_OF(more) "{\"kind\":\"hmac\",\"header\":\"X-Sig\"," more SECRETS "}"

/* Where credentials belong and what form they have is told; what would be right is not. */
static void test_what_a_stranger_is_told(void **state)
{
    static const struct {
        const char *auth, *header, *value;
        size_t n;
        enum tcn_cred_verdict verdict;
        const char *why;
    } cases[] = {
        {"{\"kind\":\"bearer\"," SECRETS "}", NULL, NULL, 0, TCN_CRED_MISSING,
         "no credentials of a kind that this source takes: bearer"},
        {"[{\"kind\":\"header\",\"header\":\"X-Api-Key\"," SECRETS "}," HMAC_OF("") "]", NULL, NULL,
         0, TCN_CRED_MISSING,
         "no credentials of a kind that this source takes: header X-Api-Key, hmac in X-Sig"},
        {SNS_AND("{\"kind\":\"basic\",\"user\":\"sns\"," SECRETS "}"), NULL, NULL, 0,
         TCN_CRED_MISSING, "no credentials of a kind that this source takes: sns and basic"},
        {SNS_AND("{\"kind\":\"header\",\"header\":\"X-Key\"," SECRETS "}"), NULL, NULL, 0,
         TCN_CRED_MISSING, "no credentials of a kind that this source takes: sns and header X-Key"},
        {SNS_AND("{\"kind\":\"header\",\"header\":\"X-Key\"," SECRETS "}"), "X-Key", "guess", 1,
         TCN_CRED_WRONG, "the header credentials are not those of this source"},
        {"{\"kind\":\"header\",\"header\":\"X-Key\"," SECRETS "}", "X-Key", NEW, 2,
         TCN_CRED_REPEATED, "the header X-Key is there more than once; send it once"},
        {"{\"kind\":\"bearer\"," SECRETS "}", "Authorization", "Bearer " NEW, 2, TCN_CRED_REPEATED,
         "the header Authorization is there more than once; send it once"},
        {"{\"kind\":\"basic\",\"user\":\"sns\"," SECRETS "}", "Authorization", "Basic !", 1,
         TCN_CRED_MALFORMED, "the basic credentials cannot be read: send base64 of USER:PASSWORD"},
        {HMAC_OF("\"prefix\":\"sha256=\","), "X-Sig", "sha1=00", 1, TCN_CRED_MALFORMED,
         "the hmac credentials cannot be read: X-Sig is sha256= and 64 hex digits"},
        {HMAC_OF("\"encoding\":\"base64\","), "X-Sig", "00", 1, TCN_CRED_MALFORMED,
         "the hmac credentials cannot be read: X-Sig is 44 characters of base64"},
        {HMAC_OF("\"prefix\":\"v1=\",\"timestamp\":true,"), "X-Sig", "t=x,v1=" ZEROS, 1,
         TCN_CRED_MALFORMED,
         "the hmac credentials cannot be read: X-Sig is t=SECONDS,v1= and 64 hex digits, with the "
         "seconds since 1970"},
        {HMAC_OF("\"prefix\":\"v1=\",\"timestamp\":true,\"max_age\":\"1m\","), "X-Sig",
         "t=1785690219,v1=" ZEROS, 1, TCN_CRED_STALE,
         "the time in X-Sig is more than 60 s from the time here; sign anew, and look at both "
         "clocks"},
        {HMAC_OF(""), "X-Sig", ZEROS, 1, TCN_CRED_WRONG,
         "the signature in X-Sig does not fit the body and the secret of this source"},
        {HMAC_OF(""), "X-Sig", ZEROS, 2, TCN_CRED_REPEATED,
         "the header X-Sig is there more than once; send it once"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct header h = {cases[i].header, cases[i].value, cases[i].n};
        struct tcn_cred_request rq = {header_of, &h, TCN_STR(BODY), NOW, NULL};
        const struct tcn_cred *by;
        struct tcn_buf why;
        struct fixture f;

        load(&f, cases[i].auth);
        assert_int_equal(f.r, 0);
        tcn_buf_init(&why, 1024);
        assert_int_equal(tcn_cred_check(&f.list, &rq, &by), cases[i].verdict);
        tcn_cred_why(&f.list, cases[i].verdict, by, NULL, &why);
        assert_string_equal(why.ptr, cases[i].why);
        assert_null(strstr(why.ptr, OLD));
        assert_null(strstr(why.ptr, NEW));
        tcn_buf_done(&why);
        release(&f);
    }
}

static void test_alternatives(void **state)
{
    struct fixture f;

    (void)state;
    load(&f, "[{\"kind\":\"bearer\",\"secret\":{\"env\":\"TEST_OLD\"}},"
             "{\"kind\":\"header\",\"header\":\"X-Key\",\"secret\":{\"env\":\"TEST_NEW\"}}]");
    assert_int_equal(f.r, 0);
    assert_int_equal(check(&f, "Authorization", "Bearer " OLD, BODY), TCN_CRED_OK);
    assert_int_equal(check(&f, "X-Key", NEW, BODY), TCN_CRED_OK);
    assert_int_equal(check(&f, "X-Key", OLD, BODY), TCN_CRED_WRONG);
    assert_int_equal(check(&f, NULL, NULL, BODY), TCN_CRED_MISSING);
    release(&f);
}

/* Another credential may let a request in; only then is it not looked at as a message of SNS. */
static void test_sns_beside_another(void **state)
{
    const struct tcn_cred *by = NULL;
    struct header h = {"Authorization", "Bearer " OLD, 1};
    struct tcn_cred_request rq = {header_of, &h, TCN_STR(BODY), NOW, NULL};
    struct fixture f;

    (void)state;
    load(&f, "[{\"kind\":\"sns\",\"topics\":[\"arn:aws:sns:us-east-1:123456789012:ops-*\"]},"
             "{\"kind\":\"bearer\",\"secret\":{\"env\":\"TEST_OLD\"}}]");
    assert_int_equal(f.r, 0);
    assert_int_equal(tcn_cred_check(&f.list, &rq, &by), TCN_CRED_OK);
    assert_int_equal(by->kind, TCN_CRED_BEARER);
    h.value = "Bearer " NEW;
    assert_int_equal(tcn_cred_check(&f.list, &rq, &by), TCN_CRED_IS_SNS);
    assert_int_equal(by->kind, TCN_CRED_SNS);
    assert_non_null(by->sns);
    h.value = NULL;
    assert_int_equal(tcn_cred_check(&f.list, &rq, &by), TCN_CRED_IS_SNS);
    release(&f);
}

/* The signature alone is not enough, and neither is what comes beside it: the message is still to be verified. */
static void test_sns_and_another(void **state)
{
    static const char with_basic[] = SNS_AND("{\"kind\":\"basic\",\"user\":\"sns\"," SECRETS "}");
    static const char with_header[] =
        SNS_AND("{\"kind\":\"header\",\"header\":\"X-Key\"," SECRETS "}");
    static const char with_bearer[] = SNS_AND("{\"kind\":\"bearer\"," SECRETS "}");
    static const struct {
        const char *name, *auth, *header, *value;
        enum tcn_cred_verdict want;
    } cases[] = {
        {"basic, first request of SNS", with_basic, NULL, NULL, TCN_CRED_MISSING},
        /* sns:new-secret-0123456789 */
        {"basic, right", with_basic, "Authorization",
         "Basic c25zOm5ldy1zZWNyZXQtMDEyMzQ1Njc4OQ==", TCN_CRED_IS_SNS},
        /* sns:guess */
        {"basic, wrong", with_basic, "Authorization", "Basic c25zOmd1ZXNz", TCN_CRED_WRONG},
        {"basic, unreadable", with_basic, "Authorization", "Basic !!!", TCN_CRED_MALFORMED},
        {"basic, another scheme", with_basic, "Authorization", "Bearer " NEW, TCN_CRED_MISSING},
        {"header, right", with_header, "X-Key", OLD, TCN_CRED_IS_SNS},
        {"header, wrong", with_header, "X-Key", OLD "x", TCN_CRED_WRONG},
        {"header, missing", with_header, NULL, NULL, TCN_CRED_MISSING},
        {"bearer, right", with_bearer, "Authorization", "Bearer " NEW, TCN_CRED_IS_SNS},
        {"bearer, wrong", with_bearer, "Authorization", "Bearer x" NEW, TCN_CRED_WRONG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct header h = {cases[i].header, cases[i].value, 1};
        struct tcn_cred_request rq = {header_of, &h, TCN_STR(BODY), NOW, NULL};
        const struct tcn_cred *by = NULL;
        struct fixture f;

        load(&f, cases[i].auth);
        if (f.r < 0 || tcn_cred_check(&f.list, &rq, &by) != cases[i].want)
            fail_msg("%s: %s", cases[i].name, f.problems.text.ptr);
        assert_int_equal(by->sns != NULL, cases[i].want == TCN_CRED_IS_SNS);
        release(&f);
    }
}

/* SNS sends the user and password of its address only after a 401 that asks for them. */
static void test_challenge_of_a_second_credential(void **state)
{
    static const struct {
        const char *auth, *want;
    } cases[] = {
        {SNS_AND("{\"kind\":\"basic\",\"user\":\"sns\"," SECRETS "}"),
         "Basic realm=\"tocsin\", charset=\"UTF-8\""},
        {SNS_AND("{\"kind\":\"bearer\"," SECRETS "}"), "Bearer realm=\"tocsin\""},
        {SNS_AND("{\"kind\":\"header\"," SECRETS "}"), NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        load(&f, cases[i].auth);
        assert_int_equal(f.r, 0);
        if (cases[i].want)
            assert_string_equal(tcn_cred_challenge(&f.list), cases[i].want);
        else
            assert_null(tcn_cred_challenge(&f.list));
        release(&f);
    }
}

/* Who brings a credential that is enough by itself needs no second one. */
static void test_an_alternative_to_sns_and_another(void **state)
{
    struct header h = {"Authorization", "Bearer " OLD, 1};
    struct tcn_cred_request rq = {header_of, &h, TCN_STR(BODY), NOW, NULL};
    const struct tcn_cred *by = NULL;
    struct fixture f;

    (void)state;
    load(&f, "[" SNS_AND("{\"kind\":\"header\",\"header\":\"X-Key\"," SECRETS
                         "}") ",{\"kind\":\"bearer\",\"secret\":{\"env\":\"TEST_OLD\"}}]");
    assert_int_equal(f.r, 0);
    assert_int_equal(tcn_cred_check(&f.list, &rq, &by), TCN_CRED_OK);
    assert_int_equal(by->kind, TCN_CRED_BEARER);
    h.value = "Bearer " NEW;
    assert_int_equal(tcn_cred_check(&f.list, &rq, &by), TCN_CRED_WRONG);
    release(&f);
}

#define MTLS_OF(names) "{\"kind\":\"mtls\",\"names\":[" names "]}"
#define TWO_NAMES MTLS_OF("\"am1.example.org\",\"spiffe://example.org/am\"")
#define MTLS_AND                                                                                   \
    "{\"kind\":\"mtls\",\"names\":[\"am1.example.org\"],\"and\":{\"kind\":\"bearer\"," SECRETS "}" \
    "}"
#define MTLS_OR "[" MTLS_OF("\"am1.example.org\"") ",{\"kind\":\"bearer\"," SECRETS "}]"

static void test_client_certificates(void **state)
{
    static const char none[] = "no credentials of a kind that this source takes: mtls (a client "
                               "certificate)";
    static const struct {
        const char *name, *auth, *client, *authorization;
        enum tcn_cred_verdict want;
        const char *why; /* NULL: it is let in */
    } cases[] = {
        {"right", TWO_NAMES, "am1.example.org\n", NULL, TCN_CRED_OK, NULL},
        {"right in capitals", TWO_NAMES, "AM1.Example.ORG\n", NULL, TCN_CRED_OK, NULL},
        {"right among others", TWO_NAMES, "a\nb.c\nam1.example.org\n", NULL, TCN_CRED_OK, NULL},
        {"right URI", TWO_NAMES, "spiffe://example.org/am\n", NULL, TCN_CRED_OK, NULL},
        {"URI in capitals", TWO_NAMES, "spiffe://example.org/AM\n", NULL, TCN_CRED_WRONG,
         "the client certificate is of spiffe://example.org/AM, and this source takes others"},
        {"other", TWO_NAMES, "am2.example.org\n", NULL, TCN_CRED_WRONG,
         "the client certificate is of am2.example.org, and this source takes others"},
        {"others", TWO_NAMES, "am2.example.org\nam3\n", NULL, TCN_CRED_WRONG,
         "the client certificate is of am2.example.org and more names, and this source takes "
         "others"},
        {"shorter", TWO_NAMES, "am1.example.or\n", NULL, TCN_CRED_WRONG,
         "the client certificate is of am1.example.or, and this source takes others"},
        {"longer", TWO_NAMES, "am1.example.org.evil.test\n", NULL, TCN_CRED_WRONG,
         "the client certificate is of am1.example.org.evil.test, and this source takes others"},
        {"below", TWO_NAMES, "x.am1.example.org\n", NULL, TCN_CRED_WRONG,
         "the client certificate is of x.am1.example.org, and this source takes others"},
        {"a wildcard", TWO_NAMES, "*.example.org\n", NULL, TCN_CRED_WRONG,
         "the client certificate is of *.example.org, and this source takes others"},
        {"without a name", TWO_NAMES, "", NULL, TCN_CRED_WRONG,
         "the client certificate has no DNS name and no URI to be known by"},
        {"without a certificate", TWO_NAMES, NULL, NULL, TCN_CRED_MISSING, none},
        {"a secret instead", TWO_NAMES, NULL, "Bearer " NEW, TCN_CRED_MISSING, none},
        {"and: both", MTLS_AND, "am1.example.org\n", "Bearer " NEW, TCN_CRED_OK, NULL},
        {"and: certificate alone", MTLS_AND, "am1.example.org\n", NULL, TCN_CRED_MISSING,
         "no credentials of a kind that this source takes: mtls (a client certificate) and bearer"},
        {"and: secret alone", MTLS_AND, NULL, "Bearer " NEW, TCN_CRED_MISSING,
         "no credentials of a kind that this source takes: mtls (a client certificate) and bearer"},
        {"and: wrong secret", MTLS_AND, "am1.example.org\n", "Bearer guess", TCN_CRED_WRONG,
         "the bearer credentials are not those of this source"},
        {"and: wrong name", MTLS_AND, "am2\n", "Bearer " NEW, TCN_CRED_WRONG,
         "the client certificate is of am2, and this source takes others"},
        {"or: certificate", MTLS_OR, "am1.example.org\n", NULL, TCN_CRED_OK, NULL},
        {"or: secret", MTLS_OR, NULL, "Bearer " NEW, TCN_CRED_OK, NULL},
        {"or: secret of who has another name", MTLS_OR, "am2\n", "Bearer " NEW, TCN_CRED_OK, NULL},
        {"or: neither", MTLS_OR, NULL, NULL, TCN_CRED_MISSING,
         "no credentials of a kind that this source takes: mtls (a client certificate), bearer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct header h = {"Authorization", cases[i].authorization, 1};
        struct tcn_cred_request rq = {header_of, &h, TCN_STR(BODY), NOW, cases[i].client};
        const struct tcn_cred *by;
        enum tcn_cred_verdict got;
        struct tcn_buf why;
        struct fixture f;

        load(&f, cases[i].auth);
        assert_int_equal(f.r, 0);
        assert_true(tcn_cred_needs_certificate(&f.list));
        got = tcn_cred_check(&f.list, &rq, &by);
        if (got != cases[i].want)
            fail_msg("case \"%s\": %d", cases[i].name, (int)got);
        tcn_buf_init(&why, 1024);
        if (cases[i].why) {
            tcn_cred_why(&f.list, got, by, cases[i].client, &why);
            assert_string_equal(why.ptr, cases[i].why);
        }
        tcn_buf_done(&why);
        release(&f);
    }
}

static void test_mistakes_about_client_certificates(void **state)
{
    static const struct {
        const char *auth, *told;
    } cases[] = {
        {"{\"kind\":\"mtls\"}", "$.names: is missing; add it"},
        {"{\"kind\":\"mtls\",\"name\":[\"am1\"]}",
         "$.name: \"name\" is not known here; did you mean"},
        {"{\"kind\":\"mtls\",\"names\":\"am1\"}", "$.names: must be an array"},
        {MTLS_OF(""), "$.names: give 1 to 32 names"},
        {MTLS_OF("\"\""), "$.names[0]: must have 1 to 255 bytes"},
        {MTLS_OF("\"a\",7"), "$.names[1]: must be text"},
        {MTLS_OF("\"*.example.org\""),
         "$.names[0]: is no exact name; write each name that may post"},
        {MTLS_OF("\"Alert Manager\""), "$.names[0]: has a character that a name in a certificate"},
        {MTLS_OF("\"m\xc3\xbcller\""), "$.names[0]: has a character that a name in a certificate"},
        {"{\"kind\":\"mtls\",\"names\":[\"a\"],\"secret\":{\"env\":\"TEST_OLD\"}}", "$.secret: "},
        {"{\"kind\":\"mtls\",\"names\":[\"a\"],\"and\":{\"kind\":\"hmac\"}}", "$.and.kind: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        load(&f, cases[i].auth);
        assert_int_equal(f.r, TCN_EINVALID);
        if (!strstr(f.problems.text.ptr, cases[i].told))
            fail_msg("%s: %s", cases[i].auth, f.problems.text.ptr);
        assert_int_equal(f.problems.n, 1);
        release(&f);
    }
}

static bool knows(const struct tcn_cred_list *list, const char *secret)
{
    uint8_t digest[32];

    tcn_sha256(secret, strlen(secret), digest);
    return tcn_cred_knows(list, digest);
}

static void test_knows_its_secrets(void **state)
{
    struct fixture f;

    (void)state;
    load(&f, "[{\"kind\":\"basic\",\"user\":\"u\",\"secret\":{\"env\":\"TEST_OLD\"}},"
             "{\"kind\":\"bearer\"," SECRETS "}]");
    assert_int_equal(f.r, 0);
    assert_true(knows(&f.list, OLD));
    assert_true(knows(&f.list, NEW));
    assert_false(knows(&f.list, "another-secret-0123456789"));
    assert_false(knows(&f.list, ""));
    release(&f);
}

static void test_nothing_configured_lets_nobody_in(void **state)
{
    struct tcn_cred_list list = {0};
    struct header h = {"Authorization", "Bearer ", 1};
    struct tcn_cred_request rq = {header_of, &h, TCN_STR(BODY), NOW, NULL};
    const struct tcn_cred *by;

    (void)state;
    assert_int_equal(tcn_cred_check(&list, &rq, &by), TCN_CRED_NO_VERDICT);
    assert_null(by);
    list.n = 1; /* a kind that was never set */
    assert_int_equal(tcn_cred_check(&list, &rq, &by), TCN_CRED_WRONG);
    assert_null(tcn_cred_challenge(&list));
}

static void test_kind_names(void **state)
{
    (void)state;
    assert_string_equal(tcn_cred_kind_name(TCN_CRED_UNSET), "none");
    assert_string_equal(tcn_cred_kind_name(TCN_CRED_BEARER), "bearer");
    assert_string_equal(tcn_cred_kind_name(TCN_CRED_BASIC), "basic");
    assert_string_equal(tcn_cred_kind_name(TCN_CRED_HEADER), "header");
    assert_string_equal(tcn_cred_kind_name(TCN_CRED_HMAC), "hmac");
    assert_string_equal(tcn_cred_kind_name(TCN_CRED_SNS), "sns");
    assert_string_equal(tcn_cred_kind_name(TCN_CRED_MTLS), "mtls");
}

/* No more signatures of one header are looked at than the cap says. */
static void test_flood_of_signatures(void **state)
{
    struct tcn_buf value;
    struct fixture f;

    (void)state;
    load(&f, "{\"kind\":\"hmac\",\"header\":\"X-Sig\",\"prefix\":\"sha256=\"," SECRETS "}");
    tcn_buf_init(&value, 65536);
    for (int i = 0; i < TCN_CRED_SIGNATURES - 1; i++)
        tcn_buf_z(&value, "sha256=" ZEROS ",");
    check_hmac(&f, value.ptr, NEW, BODY, "", false, TCN_CRED_WRONG);
    tcn_buf_z(&value, "sha256=");
    check_hmac(&f, value.ptr, NEW, BODY, "", false, TCN_CRED_OK);
    tcn_buf_z(&value, ZEROS ",sha256=");
    check_hmac(&f, value.ptr, NEW, BODY, "", false, TCN_CRED_WRONG);
    tcn_buf_done(&value);
    release(&f);
}

static void test_mistakes_are_told(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{\"kind\":\"bearr\",\"secret\":{\"env\":\"TEST_OLD\"}}", "bearer"},
        {"{\"kind\":\"bearer\"}", "needs \"secret\""},
        {"{\"kind\":\"bearer\",\"secret\":\"inline-secret-123\"}", "never in the file"},
        {"{\"kind\":\"bearer\",\"secret\":{\"env\":\"TEST_SHORT\"}}", "fewer than 8"},
        {"{\"kind\":\"bearer\",\"secrt\":{\"env\":\"TEST_OLD\"}}", "secret"},
        {"{\"kind\":\"basic\",\"secret\":{\"env\":\"TEST_OLD\"}}", "user"},
        {"{\"kind\":\"basic\",\"user\":\"a:b\",\"secret\":{\"env\":\"TEST_OLD\"}}", "no colon"},
        {"{\"kind\":\"hmac\",\"secret\":{\"env\":\"TEST_OLD\"}}", "header"},
        {"{\"kind\":\"hmac\",\"header\":\"X\",\"encoding\":\"hax\",\"secret\":{\"env\":"
         "\"TEST_OLD\"}}",
         "encoding"},
        {"{\"kind\":\"hmac\",\"header\":\"X Sig\",\"secret\":{\"env\":\"TEST_OLD\"}}",
         "$.header: is no name of a header field"},
        {"{\"kind\":\"header\",\"header\":\"\",\"secret\":{\"env\":\"TEST_OLD\"}}",
         "$.header: is no name of a header field"},
        {"{\"kind\":\"hmac\",\"header\":\"X\",\"max_age\":\"1m\",\"secret\":{\"env\":"
         "\"TEST_OLD\"}}",
         "needs \"timestamp\""},
        {"{\"kind\":\"hmac\",\"header\":\"X\",\"timestamp\":true,\"max_age\":\"0s\",\"secret\":{"
         "\"env\":\"TEST_OLD\"}}",
         "out of range"},
        {"{\"kind\":\"hmac\",\"header\":\"X\",\"timestamp\":true,\"max_age\":\"2d\",\"secret\":{"
         "\"env\":\"TEST_OLD\"}}",
         "out of range"},
        {"{\"kind\":\"bearer\",\"secrets\":[{\"env\":\"TEST_OLD\"},{\"env\":\"TEST_OLD\"},{\"env\":"
         "\"TEST_OLD\"},{\"env\":\"TEST_OLD\"},{\"env\":\"TEST_OLD\"}]}",
         "at most 4"},
        {"[{\"kind\":\"sns\"},{\"kind\":\"sns\"},{\"kind\":\"sns\"},{\"kind\":\"sns\"},{\"kind\":"
         "\"sns\"}]",
         "1 to 4 alternatives"},
        {"{\"kind\":\"sns\"}", "topics"},
        {"{\"kind\":\"sns\",\"topics\":[]}", "anyone can"},
        {"{\"kind\":\"sns\",\"topics\":[\"mytopic\"]}", "ARN"},
        {SNS_AND("{\"kind\":\"basic\",\"secret\":{\"env\":\"TEST_OLD\"}}"),
         "$.and.user: is missing"},
        {SNS_AND("{\"kind\":\"bearer\"}"), "$.and: needs \"secret\""},
        {SNS_AND("{\"kind\":\"hmac\"}"), "$.and.kind"},
        {SNS_AND("{\"kind\":\"sns\"}"), "bearer, basic, header"},
        {SNS_AND("{}"), "$.and.kind: is missing"},
        {SNS_AND("[]"), "$.and: must be an object"},
        {SNS_AND("{\"kind\":\"bearer\",\"secret\":\"inline-secret-123\"}"), "never in the file"},
        {"{\"kind\":\"bearer\",\"secret\":{\"env\":\"TEST_OLD\"},\"and\":{}}", "$.and"},
        {"[]", "alternatives"},
        {"[1]", "must be an object"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;

        load(&f, cases[i].text);
        if (f.r == 0 || !strstr(f.problems.text.ptr, cases[i].want))
            fail_msg("%s: told \"%s\"", cases[i].text, f.problems.text.ptr);
        assert_null(strstr(f.problems.text.ptr, "inline-secret-123"));
        release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_basic),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_hmac_in_capitals_and_base64),
        cmocka_unit_test(test_hmac_with_time),
        cmocka_unit_test(test_what_a_stranger_is_told),
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_sns_beside_another),
        cmocka_unit_test(test_sns_and_another),
        cmocka_unit_test(test_challenge_of_a_second_credential),
        cmocka_unit_test(test_an_alternative_to_sns_and_another),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_mistakes_about_client_certificates),
        cmocka_unit_test(test_knows_its_secrets),
        cmocka_unit_test(test_nothing_configured_lets_nobody_in),
        cmocka_unit_test(test_kind_names),
        cmocka_unit_test(test_flood_of_signatures),
        cmocka_unit_test(test_mistakes_are_told),
    };

    return cmocka_run_group_tests_name("cred", tests, NULL, NULL);
}
