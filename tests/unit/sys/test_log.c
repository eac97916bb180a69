/* Lines are caught from standard error and read as an operator's tool would read them. */
#include "../base/cases.h"
#include "base/str.h"
#include "sys/log.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char caught[200000];

/* Standard error goes to an unlinked file in between. */
static FILE *sink;
static int saved;

static void catch_begin(void)
{
    sink = tmpfile();
    assert_non_null(sink);
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    dup2(fileno(sink), STDERR_FILENO);
}

static const char *catch_end(void)
{
    ssize_t n;

    dup2(saved, STDERR_FILENO);
    close(saved);
    n = pread(fileno(sink), caught, sizeof caught - 1, 0);
    fclose(sink);
    assert_true(n >= 0);
    caught[n] = '\0';
    return caught;
}

/* The line after its time. */
static const char *rest_of(const char *line)
{
    const char *at = strstr(line, " level=");

    assert_non_null(at);
    assert_int_equal(strncmp(line, "time=20", 7), 0);
    assert_int_equal(at - line, 5 + 24); /* milliseconds and Z */
    return at + 1;
}

static void test_a_line(void **state)
{
    (void)state;
    catch_begin();
    tcn_log(TCN_LOG_INFO, "gateway", "listening", "addr", "127.0.0.1:8080", "tls", NULL, "n", "5",
            NULL);
    assert_string_equal(rest_of(catch_end()),
                        "level=info part=gateway msg=listening addr=127.0.0.1:8080 tls=- n=5\n");
}

static size_t caught_len(void)
{
    struct stat st;

    assert_int_equal(fstat(fileno(sink), &st), 0);
    return (size_t)st.st_size;
}

static void test_held_lines(void **state)
{
    size_t before;

    (void)state;
    catch_begin();
    tcn_log_hold();
    tcn_log(TCN_LOG_INFO, "p", "one", NULL);
    tcn_log(TCN_LOG_INFO, "p", "two", NULL);
    assert_int_equal(caught_len(), 0);
    tcn_log(TCN_LOG_WARN, "p", "three", NULL);
    before = caught_len();
    assert_true(before > 0);
    tcn_log(TCN_LOG_INFO, "p", "four", NULL);
    assert_int_equal(caught_len(), before);
    tcn_log_release();
    assert_true(caught_len() > before);
    before = caught_len();
    tcn_log(TCN_LOG_INFO, "p", "five", NULL);
    assert_true(caught_len() > before);
    catch_end();
    for (const char *at = caught, *const *w = (const char *const[]){"=one", "=two", "=three",
                                                                    "=four", "=five", NULL};
         *w; w++)
        assert_non_null(at = strstr(at, *w));
}

/* What is held never grows beyond what a pipe takes whole. */
static void test_many_held_lines(void **state)
{
    char number[TCN_LOG_NUM];
    size_t lines = 0;

    (void)state;
    catch_begin();
    tcn_log_hold();
    for (int i = 0; i < 1000; i++) {
        size_t before = caught_len();

        tcn_log(TCN_LOG_INFO, "p", "m", "n", tcn_log_num(i, number), NULL);
        assert_true(caught_len() - before <= PIPE_BUF);
    }
    tcn_log_release();
    for (const char *at = catch_end(); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 1000);
}

static void test_values(void **state)
{
    static const struct {
        const char *name, *value, *want;
    } cases[] = {
        {"plain", "abc/def.ghi:1", "v=abc/def.ghi:1\n"},
        {"not there", NULL, "v=-\n"},
        {"a dash", "-", "v=\"-\"\n"},
        {"two dashes", "--", "v=--\n"},
        {"empty", "", "v=\"\"\n"},
        {"blank", "a b", "v=\"a b\"\n"},
        {"equals sign", "a=b", "v=\"a=b\"\n"},
        {"quote", "say \"hi\"", "v=\"say \\\"hi\\\"\"\n"},
        {"only a quote", "\"", "v=\"\\\"\"\n"},
        {"backslash", "a\\", "v=\"a\\\\\"\n"},
        {"forged line", "x\ntime=2026 level=error msg=fire",
         "v=\"x\\ntime=2026 level=error msg=fire\"\n"},
        {"carriage return", "a\rb", "v=\"a\\u000db\"\n"},
        {"tab", "a\tb", "v=\"a\\u0009b\"\n"},
        {"escape of terminals", "\x1b[2Jx", "v=\"\\u001b[2Jx\"\n"},
        {"bell, delete", "\a\x7f", "v=\"\\u0007\\u007f\"\n"},
        {"eight-bit escape of terminals", "\xc2\x9b[2J", "v=\"\\u009b[2J\"\n"},
        {"next line", "a\xc2\x85z", "v=\"a\\u0085z\"\n"},
        {"line separator", "a\xe2\x80\xa8z", "v=\"a\\u2028z\"\n"},
        {"text turned round", "a\xe2\x80\xaez", "v=\"a\\u202ez\"\n"},
        {"isolate", "a\xe2\x81\xa6z", "v=\"a\\u2066z\"\n"},
        {"right-to-left mark", "a\xe2\x80\x8fz", "v=\"a\\u200fz\"\n"},
        {"umlauts", "K\xc3\xbchlung", "v=\"K\xc3\xbchlung\"\n"},
        {"beyond the basic plane", "\xf0\x9f\x94\xa5", "v=\"\xf0\x9f\x94\xa5\"\n"},
        {"no UTF-8", "a\xff\x80z", "v=\"a\\ufffd\\ufffdz\"\n"},
        {"code point cut off", "a\xe2\x80", "v=\"a\\ufffd\\ufffd\"\n"},
        {"overlong slash", "\xc0\xaf", "v=\"\\ufffd\\ufffd\"\n"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        catch_begin();
        tcn_log(TCN_LOG_WARN, "p", "e", "v", cases[i].value, NULL);
        CHECK(cases[i].name, strcmp(strstr(catch_end(), " v=") + 1, cases[i].want) == 0);
    }
}

/* The event is ours, but may be built from outside one day. */
static void test_event_is_escaped(void **state)
{
    (void)state;
    catch_begin();
    tcn_log(TCN_LOG_ERROR, "p", "two words\n", NULL);
    assert_string_equal(rest_of(catch_end()), "level=error part=p msg=\"two words\\n\"\n");
}

static void check_one_line(const char *name, const char *line)
{
    size_t len = strlen(line), quotes = 0;

    CHECK(name, len > 0 && len <= PIPE_BUF);
    CHECK(name, strchr(line, '\n') == line + len - 1);
    CHECK(name, tcn_utf8_ok(tcn_str(line)));
    for (size_t i = 0; i < len; i++)
        quotes += line[i] == '"' && (i == 0 || line[i - 1] != '\\');
    CHECK(name, quotes % 2 == 0);
}

/* A long value keeps its head, and the fields after it stay. */
static void test_long_values(void **state)
{
    static const struct {
        const char *name, *unit;
    } cases[] = {
        {"letters", "x"},
        {"blanks", " "},
        {"quotes", "\""},
        {"controls", "\x01"},
        {"no UTF-8", "\x80"},
        {"half a point", "\xe2\x80"},
        {"umlauts", "\xc3\xbc"},
        {"C1 controls", "\xc2\x9b"},
        {"fire", "\xf0\x9f\x94\xa5"},
    };
    static char value[60001];

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        size_t n = strlen(cases[i].unit);

        for (size_t at = 0; at + n < sizeof value; at += n)
            memcpy(value + at, cases[i].unit, n + 1);
        catch_begin();
        tcn_log(TCN_LOG_WARN, "p", "e", "a", value, "b", value, "last", "here", NULL);
        catch_end();
        check_one_line(cases[i].name, caught);
        CHECK(cases[i].name, strstr(caught, "...\" b=\""));
        CHECK(cases[i].name, strstr(caught, "...\" last=here\n"));
    }
}

/* What does not fit is left out whole. */
static void test_full_line(void **state)
{
    char value[1001];

    (void)state;
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    catch_begin();
    tcn_log(TCN_LOG_WARN, "p", "e", "a", value, "b", value, "c", value, "d", value, "e", value,
            NULL);
    catch_end();
    check_one_line("full", caught);
    assert_non_null(strstr(caught, " d=xxx"));
    assert_null(strstr(caught, " e="));
}

static void test_levels(void **state)
{
    static const struct {
        enum tcn_log_level least;
        size_t want;
    } cases[] = {{TCN_LOG_DEBUG, 4}, {TCN_LOG_INFO, 3}, {TCN_LOG_WARN, 2}, {TCN_LOG_ERROR, 1}};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        size_t n = 0;

        tcn_log_set_level(cases[i].least);
        catch_begin();
        tcn_log(TCN_LOG_DEBUG, "p", "e", NULL);
        tcn_log(TCN_LOG_INFO, "p", "e", NULL);
        tcn_log(TCN_LOG_WARN, "p", "e", NULL);
        tcn_log(TCN_LOG_ERROR, "p", "e", NULL);
        for (const char *p = catch_end(); (p = strchr(p, '\n')); p++)
            n++;
        assert_int_equal(n, cases[i].want);
    }
    tcn_log_set_level(TCN_LOG_INFO);
}

static void test_level_words(void **state)
{
    static const struct {
        const char *word;
        int want; /* -1: none */
    } cases[] = {{"debug", TCN_LOG_DEBUG},
                 {"info", TCN_LOG_INFO},
                 {"warn", TCN_LOG_WARN},
                 {"error", TCN_LOG_ERROR},
                 {"", -1},
                 {"Info", -1},
                 {"warning", -1},
                 {"info ", -1}};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        enum tcn_log_level level = TCN_LOG_ERROR;
        int r = tcn_log_level_parse(cases[i].word, &level);

        CHECK(cases[i].word, r == (cases[i].want < 0 ? -1 : 0));
        CHECK(cases[i].word,
              level == (cases[i].want < 0 ? TCN_LOG_ERROR : (enum tcn_log_level)cases[i].want));
    }
}

static void test_numbers(void **state)
{
    char buf[TCN_LOG_NUM];

    (void)state;
    assert_string_equal(tcn_log_num(0, buf), "0");
    assert_string_equal(tcn_log_num(INT64_MAX, buf), "9223372036854775807");
    assert_string_equal(tcn_log_num(INT64_MIN, buf), "-9223372036854775808");
}

enum { THREADS = 4, LINES = 200 };

static void *talk(void *arg)
{
    for (int i = 0; i < LINES; i++)
        tcn_log(TCN_LOG_WARN, "thread", "line", "who", arg, "text", "some text with blanks", NULL);
    return NULL;
}

static void test_threads_do_not_mix_lines(void **state)
{
    static char names[THREADS][2] = {"a", "b", "c", "d"};
    pthread_t threads[THREADS];
    size_t n = 0;

    (void)state;
    catch_begin();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, talk, names[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    catch_end();
    for (char *line = caught, *end; (end = strchr(line, '\n')); line = end + 1, n++) {
        *end = '\0';
        assert_int_equal(strncmp(line, "time=", 5), 0);
        assert_true(tcn_str_ends(tcn_str(line), TCN_STR(" text=\"some text with blanks\"")));
    }
    assert_int_equal(n, THREADS * LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line),
        cmocka_unit_test(test_held_lines),
        cmocka_unit_test(test_many_held_lines),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_event_is_escaped),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_full_line),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_level_words),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_threads_do_not_mix_lines),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
