/* gateway/http1*.c: every refusal, every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/http1_internal.h"
#include "hostile.h"
#include "reader_trace.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>

#define N_OF(table) (sizeof(table) / sizeof *(table))
#define CHECK(name, condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("case \"%s\": %s", (name), #condition);                                       \
    } while (0)

/* Longer strings are cut at these many places, spread out. */
enum { CUTS_MAX = 600 };

static void same_at_every_cut(const char *name, const char *bytes, size_t len,
                              const struct reader_trace *whole)
{
    size_t stride = len > CUTS_MAX ? len / CUTS_MAX : 1;

    for (size_t cut = 1; cut < len; cut += stride) {
        struct reader_trace t;

        trace_init(&t);
        trace_pieces(&t, bytes, len, cut, len);
        if (strcmp(t.events.ptr, whole->events.ptr) != 0)
            fail_msg("case \"%s\" cut at %zu: %s, whole: %s", name, cut, t.events.ptr,
                     whole->events.ptr);
        trace_done(&t);
    }
}

static void same_in_small_pieces(const char *name, const char *bytes, size_t len,
                                 const struct reader_trace *whole)
{
    static const size_t sizes[] = {1, 2, 3, 7, 64, 1000};

    for (size_t i = 0; i < N_OF(sizes); i++) {
        struct reader_trace t;

        trace_init(&t);
        trace_pieces(&t, bytes, len, sizes[i], sizes[i]);
        CHECK(name, strcmp(t.events.ptr, whole->events.ptr) == 0);
        trace_done(&t);
    }
}

static void check_bytes(const char *name, const char *bytes, size_t len, const char *expect)
{
    struct reader_trace t;

    trace_init(&t);
    trace_feed(&t, bytes, len);
    if (expect && strcmp(t.statuses.ptr, expect) != 0)
        fail_msg("case \"%s\": answered \"%s\", not \"%s\"", name, t.statuses.ptr, expect);
    same_at_every_cut(name, bytes, len, &t);
    same_in_small_pieces(name, bytes, len, &t);
    trace_done(&t);
}

static void hostile_bytes_are_refused_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(hostile); i++) {
        size_t len;
        char *bytes = hostile_bytes(&hostile[i], &len);

        check_bytes(hostile[i].name, bytes, len, hostile[i].expect);
        free(bytes);
    }
}

/* The first 102 rows are the classes of attack; none may get lost. */
static void the_table_is_whole(void **state)
{
    (void)state;
    assert_true(N_OF(hostile) >= 102);
    for (size_t i = 0; i < N_OF(hostile); i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(hostile[i].name, hostile[k].name);
}

static void corpus_file(const struct hostile *h, char *path, size_t size)
{
    int at = snprintf(path, size, "%s/tests/fuzz/corpus/http1/", REPO_ROOT);

    snprintf(path + at, size - (size_t)at, "%s", h->name);
    for (char *p = path + at; *p; p++)
        if (*p == ' ' || *p == ',')
            *p = '_';
}

static bool file_equals(const char *path, const char *bytes, size_t len)
{
    FILE *f = fopen(path, "rb");
    char *have = malloc(len + 1);
    bool same = f && have && fread(have, 1, len + 1, f) == len && memcmp(have, bytes, len) == 0;

    if (f)
        fclose(f);
    free(have);
    return same;
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* TOCSIN_BLESS=1 writes them. */
static void the_fuzzer_starts_from_the_table(void **state)
{
    enum { FILE_MAX = 8192 };

    (void)state;
    for (size_t i = 0; i < N_OF(hostile); i++) {
        char path[512];
        size_t len;
        char *bytes = hostile_bytes(&hostile[i], &len);

        corpus_file(&hostile[i], path, sizeof path);
        if (len <= FILE_MAX && getenv("TOCSIN_BLESS"))
            write_file(path, bytes, len);
        if (len <= FILE_MAX)
            CHECK(path, file_equals(path, bytes, len));
        free(bytes);
    }
}

static bool in(const char *set, int c)
{
    return c && strchr(set, c);
}

static void classes_follow_the_grammars(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool visible = c > 0x20 && c < 0x7f;
        unsigned char b = (unsigned char)c;

        assert_int_equal(tcn_http1_is(b, TCN_HTTP1_TOKEN), alnum || in("!#$%&'*+-.^_`|~", c));
        assert_int_equal(tcn_http1_is(b, TCN_HTTP1_PATH), alnum || in("-._~!$&'()*+,;=:@/", c));
        assert_int_equal(tcn_http1_is(b, TCN_HTTP1_QUERY), visible && !in("\"<>#%", c));
        assert_int_equal(tcn_http1_is(b, TCN_HTTP1_VALUE),
                         visible || c == ' ' || c == '\t' || c >= 0x80);
        assert_int_equal(tcn_http1_is(b, TCN_HTTP1_HEX), in("0123456789abcdefABCDEF", c));
        assert_int_equal(tcn_http1_is(b, TCN_HTTP1_HOSTBYTE), alnum || in("-._~", c));
        assert_int_equal(tcn_http1_is(b, TCN_HTTP1_DIGIT), c >= '0' && c <= '9');
    }
}

static void every_refusal_has_words(void **state)
{
    (void)state;
    for (int r = 1; r < TCN_REFUSALS_N; r++) {
        int status = tcn_refusal_status((enum tcn_refusal)r);

        assert_true(status == 0 || (status >= 400 && status <= 599));
        assert_true(strlen(tcn_refusal_label((enum tcn_refusal)r)) > 3);
        assert_true(strlen(tcn_refusal_sentence((enum tcn_refusal)r)) > 10);
    }
}

static void head_is_told_by_place(void **state)
{
    static const char bytes[] = "PUT /a%20b/c?d=%41&e HTTP/1.1\r\nHost: h:80\r\nX-Empty:\r\n"
                                "x-two:  v w \r\nContent-Length: 2\r\n\r\nhi";
    struct tcn_str rest = {bytes, sizeof bytes - 1}, run;
    struct tcn_http1 r;
    size_t used;

    (void)state;
    tcn_http1_init(&r);
    assert_true(tcn_http1_is_idle(&r));
    assert_int_equal(tcn_http1_feed(&r, rest, &used, &run), TCN_HTTP1_HEAD);
    assert_int_equal(used, rest.len - 2);
    assert_false(tcn_http1_is_idle(&r));
    assert_ptr_equal(r.head.bytes, bytes); /* in place */
    assert_int_equal(r.head.len, used);
    assert_int_equal(r.head.method, TCN_PUT);
    assert_true(tcn_str_eq(tcn_http1_target(&r.head), TCN_STR("/a%20b/c?d=%41&e")));
    assert_int_equal(r.head.path_len, strlen("/a%20b/c"));
    assert_int_equal(r.head.n_fields, 4);
    assert_true(tcn_str_eq(tcn_http1_name(&r.head, 2), TCN_STR("x-two")));
    assert_true(tcn_str_eq(tcn_http1_value(&r.head, 2), TCN_STR("v w")));
    assert_int_equal(tcn_http1_value(&r.head, 1).len, 0);
    assert_int_equal(r.head.content_length, 2);
    tcn_http1_body_cap(&r, 2);
    assert_int_equal(tcn_http1_feed(&r, (struct tcn_str){bytes + used, 2}, &used, &run),
                     TCN_HTTP1_BODY);
    assert_true(tcn_str_eq(run, TCN_STR("hi")));
    assert_int_equal(tcn_http1_feed(&r, TCN_STR(""), &used, &run), TCN_HTTP1_END);
    assert_true(tcn_http1_is_idle(&r));
    assert_int_equal(tcn_http1_feed(&r, TCN_STR(""), &used, &run), TCN_HTTP1_MORE);
    tcn_http1_done(&r);
    tcn_http1_done(&(struct tcn_http1){0});
}

static void bodies_stop_at_the_cap(void **state)
{
    static const struct {
        const char *name, *framing;
        enum tcn_refusal refusal;
    } cases[] = {
        {"length at the cap", "Content-Length: 8\r\n\r\n12345678", TCN_REFUSE_NONE},
        {"length over the cap", "Content-Length: 9\r\n\r\n123456789", TCN_REFUSE_BODY_TOO_LARGE},
        {"chunks at the cap",
         "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n3\r\n678\r\n0\r\n\r\n", TCN_REFUSE_NONE},
        {"chunks over the cap", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n4\r\n6789\r\n",
         TCN_REFUSE_BODY_TOO_LARGE},
        {"largest chunk that eight digits say", "Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
         TCN_REFUSE_BODY_TOO_LARGE},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        char text[256];
        struct tcn_str rest = {text, 0}, run;
        struct tcn_http1 r;
        enum tcn_http1_event e;
        size_t used;

        snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: a\r\n%s", cases[i].framing);
        rest.len = strlen(text);
        tcn_http1_init(&r);
        do {
            e = tcn_http1_feed(&r, rest, &used, &run);
            rest.ptr += used;
            rest.len -= used;
            if (e == TCN_HTTP1_HEAD)
                tcn_http1_body_cap(&r, 8);
        } while (e == TCN_HTTP1_HEAD || e == TCN_HTTP1_BODY);
        CHECK(cases[i].name, e == (cases[i].refusal ? TCN_HTTP1_ERROR : TCN_HTTP1_END));
        CHECK(cases[i].name, r.refusal == cases[i].refusal);
        tcn_http1_done(&r);
    }
}

/* The head may have TCN_HTTP1_HEAD_MAX bytes and not one more. */
static void heads_stop_at_the_cap(void **state)
{
    static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";

    (void)state;
    for (size_t over = 0; over < 2; over++) {
        char *bytes = malloc(TCN_HTTP1_HEAD_MAX + over);

        assert_non_null(bytes);
        memset(bytes, 'x', TCN_HTTP1_HEAD_MAX + over);
        memcpy(bytes, start, sizeof start - 1);
        memcpy(bytes + TCN_HTTP1_HEAD_MAX + over - 4, "\r\n\r\n", 4);
        check_bytes(over ? "one byte too large" : "as large as may be", bytes,
                    TCN_HTTP1_HEAD_MAX + over, over ? "431" : "200");
        free(bytes);
    }
}

/* RFC 9112 section 3.2: a Host that is none is answered 400. */
static void hosts_are_names_or_addresses(void **state)
{
    static const struct {
        const char *host;
        bool is_good;
    } cases[] = {
        {"h", true},
        {"a-b.Example", true},
        {"_dmarc.example~1", true},
        {"example.com.", true},
        {"10.0.0.1:8080", true},
        {"example.com:", true}, /* RFC 3986 section 3.2.3: a port may be empty */
        {"[::1]", true},
        {"[2001:DB8::7]:443", true},
        {"[::ffff:10.0.0.1]:1", true},
        {"", false},
        {":", false},
        {":80", false},
        {"h:80:80", false},
        {"h:8o", false},
        {"h:-1", false},
        {"::1", false},
        {"[", false},
        {"[]", false},
        {"[]:80", false},
        {"[::1", false},
        {"::1]", false},
        {"[::1]80", false},
        {"[::1]:x", false},
        {"[::1]]", false},
        {"[[::1]]", false},
        {"[1::2::3]", false},
        {"[h]", false},
        {"[10.0.0.1]", false},
        {"[fe80::1%25eth0]", false},
        {"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", false},
        {"h[0]", false},
        {"a b", false},
        {"a,b", false},
        {"a@b", false},
        {"a/b", false},
        {"a%62", false},
        {"http://a", false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        char bytes[128];
        int len =
            snprintf(bytes, sizeof bytes, "GET /x HTTP/1.1\r\nHost: %s\r\n\r\n", cases[i].host);

        assert_true(len > 0 && (size_t)len < sizeof bytes);
        check_bytes(cases[i].host, bytes, (size_t)len, cases[i].is_good ? "200" : "400");
    }
}

static void an_error_is_for_good(void **state)
{
    struct tcn_http1 r;
    struct tcn_str run;
    size_t used;

    (void)state;
    tcn_http1_init(&r);
    assert_int_equal(tcn_http1_feed(&r, TCN_STR("\n"), &used, &run), TCN_HTTP1_ERROR);
    assert_int_equal(tcn_http1_feed(&r, TCN_STR(GET "\r\n"), &used, &run), TCN_HTTP1_ERROR);
    assert_int_equal(used, 0);
    assert_int_equal(r.refusal, TCN_REFUSE_BAD_METHOD);
    tcn_http1_done(&r);
}

/* Refused as ever, one step later; or without a body, when the owner says so. */
static void a_missing_length_is_told_after_the_head(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH"};

    (void)state;
    for (size_t i = 0; i < 2 * N_OF(methods); i++) {
        bool is_taken = i >= N_OF(methods);
        char text[64];
        struct tcn_http1 r;
        struct tcn_str run;
        size_t used;

        snprintf(text, sizeof text, "%s /x HTTP/1.1\r\nHost: a\r\n\r\n",
                 methods[i % N_OF(methods)]);
        tcn_http1_init(&r);
        assert_int_equal(tcn_http1_feed(&r, tcn_str(text), &used, &run), TCN_HTTP1_HEAD);
        assert_int_equal(used, strlen(text));
        assert_true(r.head.lacks_length);
        assert_false(tcn_http1_is_idle(&r));
        tcn_http1_body_cap(&r, 100); /* changes nothing */
        if (is_taken)
            tcn_http1_without_body(&r);
        assert_int_equal(tcn_http1_feed(&r, TCN_STR(GET "\r\n"), &used, &run),
                         is_taken ? TCN_HTTP1_END : TCN_HTTP1_ERROR);
        assert_int_equal(used, 0);
        assert_int_equal(r.refusal, is_taken ? TCN_REFUSE_NONE : TCN_REFUSE_LENGTH_REQUIRED);
        tcn_http1_done(&r);
    }
}

static void idle_memory_is_small(void **state)
{
    struct reader_trace t;
    char *bytes;
    size_t len;
    const struct hostile big = BULK("big head", GET "X-A: ", X1K, 12, "\r\n\r\n", "200");

    (void)state;
    bytes = hostile_bytes(&big, &len);
    trace_init(&t);
    trace_pieces(&t, bytes, len - 1, 100, 100);
    assert_true(t.reader.held.size > 8192);
    trace_feed(&t, bytes + len - 1, 1);
    assert_int_equal(t.n_requests, 1);
    assert_true(t.reader.held.size <= 2048);
    trace_done(&t);
    free(bytes);
}

/* "200" may only stand where it was expected; a refusal may be another one, or a closed connection. */
static void check_recorded(const char *dir, json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    const char *file = json_string_value(json_object_get(row, "file"));
    const char *tap = json_string_value(json_object_get(row, "with_tap"));
    size_t len = (size_t)json_integer_value(json_object_get(row, "bytes")), n_ok = 0;
    struct reader_trace t;
    char path[512], *bytes = malloc(len + 1);
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, file);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(bytes, 1, len, f), len);
    fclose(f);
    trace_init(&t);
    trace_feed(&t, bytes, len);
    for (const char *p = tap; (p = strstr(p, "200")); p++)
        n_ok++;
    /* "closed" and "waits" also stand for answers that were lost; one valid request is the most these have */
    if (strcmp(tap, "closed") == 0)
        n_ok = strncmp(name, "pipelining valid", 16) == 0;
    if (t.n_requests > n_ok)
        fail_msg("recorded case \"%s\" (%s): %s, expected %s", name, file, t.statuses.ptr, tap);
    if (strcmp(tap, "200") == 0 && !t.n_requests)
        fail_msg("recorded case \"%s\" (%s) is legitimate, got %s", name, file, t.statuses.ptr);
    trace_done(&t);
    check_bytes(name, bytes, len, NULL);
    free(bytes);
}

static void recorded_bytes_are_refused(void **state)
{
    const char *dir = getenv("TOCSIN_HTTP_HOSTILE");
    char path[512];
    json_t *rows, *row;
    size_t i, n = 0;

    (void)state;
    if (!dir)
        skip();
    snprintf(path, sizeof path, "%s/index.json", dir);
    rows = json_load_file(path, 0, NULL);
    assert_non_null(rows);
    json_array_foreach(rows, i, row)
    {
        if (json_is_string(json_object_get(row, "file"))) {
            check_recorded(dir, row);
            n++;
        }
    }
    assert_true(n > 0);
    json_decref(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(hostile_bytes_are_refused_at_every_cut),
        cmocka_unit_test(the_fuzzer_starts_from_the_table),
        cmocka_unit_test(classes_follow_the_grammars),
        cmocka_unit_test(every_refusal_has_words),
        cmocka_unit_test(head_is_told_by_place),
        cmocka_unit_test(bodies_stop_at_the_cap),
        cmocka_unit_test(heads_stop_at_the_cap),
        cmocka_unit_test(hosts_are_names_or_addresses),
        cmocka_unit_test(an_error_is_for_good),
        cmocka_unit_test(a_missing_length_is_told_after_the_head),
        cmocka_unit_test(idle_memory_is_small),
        cmocka_unit_test(recorded_bytes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
