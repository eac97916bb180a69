/* What of a configuration all nodes must agree on, and that nothing of a secret is in it. */
#include "app/config_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void digest(const char *text, char ret[TCN_CONFIG_DIGEST])
{
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);

    if (!root)
        fail_msg("%s: %s", text, error.text);
    tcn_config_digest(root, ret);
    json_decref(root);
}

static const struct {
    const char *name, *one, *other;
    bool is_same;
} cases[] = {
    {"the order of members", "{'region':'r','sources':{'a':{'kind':'x','mapping':'m'},'b':{}}}",
     "{'sources':{'b':{},'a':{'mapping':'m','kind':'x'}},'region':'r'}", true},
    {"what is a node's own", "{'region':'r'}",
     "{'region':'r','node':'b','listen':'[::]:1','tls':{'cert_file':'x'},'admin':{},'store':'y',"
     "'limits':{'waiting':10},'log':{'level':'debug'},'public_url':'https://"
     "b','trusted_proxies':[],"
     "'$schema':'z'}",
     true},
    {"the region", "{'region':'r'}", "{'region':'s'}", false},
    {"no region", "{'region':'us-east-1'}", "{}", false},
    {"where a secret is", "{'sources':{'a':{'auth':{'kind':'bearer','secret':{'env':'A'}}}}}",
     "{'sources':{'a':{'auth':{'kind':'bearer','secret':{'file':'/x/a'}}}}}", true},
    {"how many secrets", "{'sources':{'a':{'auth':{'secrets':[{'env':'A'}]}}}}",
     "{'sources':{'a':{'auth':{'secrets':[{'env':'A'},{'env':'B'}]}}}}", false},
    {"where a certificate is", "{'connectors':{'m':{'ca_file':'/a'}}}",
     "{'connectors':{'m':{'ca_file':'/b'}}}", true},
    {"a certificate that is not there", "{'connectors':{'m':{'ca_file':'/a'}}}",
     "{'connectors':{'m':{}}}", false},
    {"a role of a token", "{'tokens':[{'name':'a','role':'viewer','token':{'env':'A'}}]}",
     "{'tokens':[{'name':'a','role':'admin','token':{'env':'A'}}]}", false},
    {"a tag that looks like a reference", "{'resources':{'t':{'env':'prod'}}}",
     "{'resources':{'t':{'env':'test'}}}", false},
    {"a setting that looks like a reference", "{'sources':{'a':{'settings':{'env':'prod'}}}}",
     "{'sources':{'a':{'settings':{'env':'test'}}}}", false},
    {"what asks for codes", "{'accept_code_validation':'IGNORE'}", "{}", false},
    {"a topic", "{'topics':{'arn':{'connectors':['a']}}}",
     "{'topics':{'arn':{'connectors':['b']}}}", false},
    {"a channel", "{'channels':{'EMAIL':{'connector':'a'}}}",
     "{'channels':{'EMAIL':{'connector':'b'}}}", false},
    {"the order of a list", "{'resources':{'contacts':[1,2]}}", "{'resources':{'contacts':[2,1]}}",
     false},
    {"a mapping in the binary", "{'sources':{'a':{'mapping':'x'}}}",
     "{'sources':{'a':{'mapping':'y'}}}", false},
};

/* In C text JSON is easier to read with the other quotes. */
static char *quoted(const char *text)
{
    char *ret = strdup(text);

    for (char *c = ret; *c; c++)
        if (*c == '\'')
            *c = '"';
    return ret;
}

static void test_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *one = quoted(cases[i].one), *other = quoted(cases[i].other);
        char a[TCN_CONFIG_DIGEST], b[TCN_CONFIG_DIGEST];

        print_message("%s\n", cases[i].name);
        digest(one, a);
        digest(other, b);
        assert_int_equal(strlen(a), TCN_CONFIG_DIGEST - 1);
        assert_int_equal(strcmp(a, b) == 0, cases[i].is_same);
        free(one);
        free(other);
    }
}

static void with_mapping(const char *path, const char *bytes, char ret[TCN_CONFIG_DIGEST])
{
    char text[128];
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(bytes, f);
    assert_int_equal(fclose(f), 0);
    snprintf(text, sizeof text, "{\"sources\":{\"a\":{\"mapping\":\"%s\"}}}", path);
    digest(text, ret);
    unlink(path);
}

/* Each machine has it where it likes; what is in it is what counts. */
static void test_a_mapping_that_is_a_file(void **state)
{
    char one[64], other[64], a[TCN_CONFIG_DIGEST], b[TCN_CONFIG_DIGEST], c[TCN_CONFIG_DIGEST];

    (void)state;
    snprintf(one, sizeof one, "/tmp/tocsin-digest-%d-a.json", (int)getpid());
    snprintf(other, sizeof other, "/tmp/tocsin-digest-%d-b.json", (int)getpid());
    with_mapping(one, "{}", a);
    with_mapping(other, "{}", b);
    with_mapping(one, "{ }", c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_agree),
                                       cmocka_unit_test(test_a_mapping_that_is_a_file)};

    return cmocka_run_group_tests_name("config_digest", tests, NULL, NULL);
}
