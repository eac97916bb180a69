/* gateway/forwarded.c: whom X-Forwarded-For names, and what makes it name nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/forwarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(table) (sizeof(table) / sizeof *(table))
#define XFF "X-Forwarded-For: "

static const char *const proxies[] = {"10.0.0.0/8", "192.0.2.1", "::1", "2001:db8:1::/48", NULL};

static const struct {
    const char *name, *lines, *client; /* NULL: nobody */
} cases[] = {
    {"no field", "", NULL},
    {"another field", "Forwarded: for=198.51.100.7\r\nX-Real-Ip: 198.51.100.7\r\n", NULL},
    {"one", XFF "198.51.100.7\r\n", "198.51.100.7"},
    {"any capitals", "x-FORWARDED-for: 198.51.100.7\r\n", "198.51.100.7"},
    {"blanks and tabs", XFF "\t 198.51.100.7 \t\r\n", "198.51.100.7"},
    {"IPv6", XFF "2001:db8:2::7\r\n", "2001:db8:2::7"},
    {"IPv6 in long", XFF "2001:0DB8:0002:0000:0000:0000:0000:0007\r\n", "2001:db8:2::7"},
    {"what a stranger wrote before", XFF "203.0.113.9, 198.51.100.7\r\n", "198.51.100.7"},
    {"behind two proxies", XFF "203.0.113.9, 198.51.100.7, 10.1.2.3\r\n", "198.51.100.7"},
    {"behind an IPv6 proxy", XFF "198.51.100.7, 2001:db8:1::5\r\n", "198.51.100.7"},
    {"behind a proxy with its port", XFF "198.51.100.7,10.1.2.3:80,[::1]:80\r\n", "198.51.100.7"},
    {"two lines are one list", XFF "203.0.113.9\r\n" XFF "198.51.100.7\r\n", "198.51.100.7"},
    {"proxies fill the last line", XFF "198.51.100.7\r\nA: b\r\n" XFF "10.0.0.1, 10.0.0.2\r\n",
     "198.51.100.7"},
    {"proxies alone", XFF "10.0.0.9, 10.0.0.1\r\n", "10.0.0.9"},
    {"proxies alone on two lines", XFF "10.0.0.9\r\n" XFF "10.0.0.1\r\n", "10.0.0.9"},
    {"the last line decides first", XFF "nonsense\r\n" XFF "198.51.100.7\r\n", "198.51.100.7"},

    {"a port", XFF "198.51.100.7:51234\r\n", "198.51.100.7"},
    {"IPv6 and a port", XFF "[2001:db8:2::7]:51234\r\n", "2001:db8:2::7"},
    {"IPv6 in brackets", XFF "[2001:db8:2::7]\r\n", "2001:db8:2::7"},
    {"IPv4 mapped into IPv6", XFF "::ffff:198.51.100.7\r\n", "198.51.100.7"},
    {"the same in brackets", XFF "[::ffff:198.51.100.7]:1\r\n", "198.51.100.7"},
    {"a proxy mapped into IPv6", XFF "198.51.100.7, ::ffff:10.0.0.1\r\n", "198.51.100.7"},
    {"a port of six digits", XFF "198.51.100.7:512345\r\n", NULL},
    {"a port that is none", XFF "198.51.100.7:http\r\n", NULL},
    {"a port that is missing", XFF "198.51.100.7:\r\n", NULL},
    {"a negative port", XFF "198.51.100.7:-1\r\n", NULL},
    {"a port after a space", XFF "198.51.100.7 :80\r\n", NULL},
    {"no port behind brackets", XFF "[2001:db8:2::7]:\r\n", NULL},
    {"words behind brackets", XFF "[2001:db8:2::7]x\r\n", NULL},
    {"an open bracket", XFF "[2001:db8:2::7\r\n", NULL},
    {"a closing bracket", XFF "2001:db8:2::7]\r\n", NULL},
    {"empty brackets", XFF "[]\r\n", NULL},
    {"IPv4 in brackets", XFF "[198.51.100.7]:80\r\n", NULL},
    {"brackets in brackets", XFF "[[2001:db8:2::7]]\r\n", NULL},

    {"empty", XFF "\r\n", NULL},
    {"a comma", XFF ",\r\n", NULL},
    {"an empty last element", XFF "198.51.100.7,\r\n", NULL},
    {"an empty first element", XFF ", 198.51.100.7\r\n", "198.51.100.7"},
    {"empty before proxies", XFF ", 10.0.0.1\r\n", NULL},
    {"unknown", XFF "unknown\r\n", NULL},
    {"unknown behind it", XFF "198.51.100.7, unknown\r\n", NULL},
    {"unknown before a proxy", XFF "198.51.100.7, unknown, 10.0.0.1\r\n", NULL},
    {"unknown before the client", XFF "unknown, 198.51.100.7\r\n", "198.51.100.7"},
    {"hidden as RFC 7239 does it", XFF "_gazonk\r\n", NULL},
    {"as RFC 7239 writes it", XFF "for=198.51.100.7\r\n", NULL},
    {"quoted", XFF "\"198.51.100.7\"\r\n", NULL},
    {"a host's name", XFF "client.example.com\r\n", NULL},
    {"separated by a space", XFF "203.0.113.9 198.51.100.7\r\n", NULL},
    {"separated by a semicolon", XFF "203.0.113.9;198.51.100.7\r\n", NULL},
    {"a network", XFF "198.51.100.0/24\r\n", NULL},
    {"three numbers", XFF "198.51.100\r\n", NULL},
    {"five numbers", XFF "198.51.100.7.8\r\n", NULL},
    {"one number", XFF "3325256711\r\n", NULL},
    {"octal", XFF "0306.063.0144.07\r\n", NULL},
    {"a leading zero", XFF "198.51.100.07\r\n", NULL},
    {"hexadecimal", XFF "0xc6.0x33.0x64.0x7\r\n", NULL},
    {"out of range", XFF "198.51.100.256\r\n", NULL},
    {"a zone", XFF "fe80::1%eth0\r\n", NULL},
    {"two double colons", XFF "2001::db8::7\r\n", NULL},
    {"longer than any address", XFF "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb\r\n",
     NULL},
    {"bytes above 127", XFF "198.51.100.7\xc2\xa0\r\n", NULL},
    {"digits of another script", XFF "\xd9\xa1.1.1.1\r\n", NULL},
};

/* A head with the lines in it, as the reader gives it; the reader is the caller's to release. */
static void read_head(struct tcn_http1 *r, const char *lines, char *text, size_t size)
{
    struct tcn_str body;
    size_t used;
    int len = snprintf(text, size, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);

    assert_true(len > 0 && (size_t)len < size);
    tcn_http1_init(r);
    if (tcn_http1_feed(r, (struct tcn_str){text, (size_t)len}, &used, &body) != TCN_HTTP1_HEAD)
        fail_msg("%s: %s", lines, tcn_refusal_sentence(r->refusal));
}

/* "" for nobody. */
static void client_of(const char *lines, char ret[TCN_PEER_TEXT])
{
    struct tcn_address_rules rules;
    struct tcn_address client;
    struct tcn_http1 r;
    char *text = malloc(TCN_HTTP1_HEAD_MAX);

    assert_non_null(text);
    assert_int_equal(tcn_address_rules_init(&rules, proxies, NULL), 0);
    read_head(&r, lines, text, TCN_HTTP1_HEAD_MAX);
    ret[0] = '\0';
    if (tcn_forwarded_client(&r.head, &rules, &client))
        tcn_address_text(client, ret);
    tcn_http1_done(&r);
    tcn_address_rules_done(&rules);
    free(text);
}

static void whom_it_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        char got[TCN_PEER_TEXT];

        client_of(cases[i].lines, got);
        if (strcmp(got, cases[i].client ? cases[i].client : "") != 0)
            fail_msg("case \"%s\": \"%s\"", cases[i].name, got);
    }
}

/* Elements "a, b, b, b ...": a once and then n times b. */
static void named_by_many(const char *a, size_t n, const char *b, char ret[TCN_PEER_TEXT])
{
    char lines[8192] = XFF;
    size_t at = strlen(lines);

    at += (size_t)snprintf(lines + at, sizeof lines - at, "%s", a);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(lines + at, sizeof lines - at, ", %s", b);
    snprintf(lines + at, sizeof lines - at, "\r\n");
    client_of(lines, ret);
}

static void long_lists(void **state)
{
    char got[TCN_PEER_TEXT];

    (void)state;
    named_by_many("203.0.113.9", 100, "198.51.100.7", got);
    assert_string_equal(got, "198.51.100.7");
    named_by_many("198.51.100.7", TCN_FORWARDED_HOPS_MAX, "10.0.0.1", got);
    assert_string_equal(got, "198.51.100.7");
    named_by_many("198.51.100.7", TCN_FORWARDED_HOPS_MAX + 1, "10.0.0.1", got);
    assert_string_equal(got, "");
    named_by_many("198.51.100.7", 100, "10.0.0.1", got);
    assert_string_equal(got, "");
    named_by_many("10.0.0.2", 100, "unknown", got);
    assert_string_equal(got, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whom_it_names),
        cmocka_unit_test(long_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
