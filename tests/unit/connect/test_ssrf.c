/* Which addresses may be called: the spellings that guards are known to miss. */
#include "rig.h"

#include "connect/ssrf.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static const struct {
    const char *address;
    enum tcn_addr_class class;
} addresses[] = {
    {"8.8.8.8", TCN_ADDR_GLOBAL},
    {"1.1.1.1", TCN_ADDR_GLOBAL},
    {"100.63.255.255", TCN_ADDR_GLOBAL},
    {"100.128.0.0", TCN_ADDR_GLOBAL},
    {"172.15.255.255", TCN_ADDR_GLOBAL},
    {"172.32.0.0", TCN_ADDR_GLOBAL},
    {"192.167.255.255", TCN_ADDR_GLOBAL},
    {"11.0.0.0", TCN_ADDR_GLOBAL},
    {"223.255.255.255", TCN_ADDR_GLOBAL},
    {"168.63.129.15", TCN_ADDR_GLOBAL},
    {"127.0.0.1", TCN_ADDR_LOOPBACK},
    {"127.255.255.255", TCN_ADDR_LOOPBACK},
    {"127.0.0.2", TCN_ADDR_LOOPBACK},
    {"10.0.0.1", TCN_ADDR_PRIVATE},
    {"10.255.255.255", TCN_ADDR_PRIVATE},
    {"172.16.0.1", TCN_ADDR_PRIVATE},
    {"172.31.255.255", TCN_ADDR_PRIVATE},
    {"192.168.1.1", TCN_ADDR_PRIVATE},
    {"100.64.0.1", TCN_ADDR_PRIVATE},
    {"100.127.255.255", TCN_ADDR_PRIVATE},
    {"0.0.0.0", TCN_ADDR_NEVER},
    {"0.1.2.3", TCN_ADDR_NEVER},
    {"169.254.169.254", TCN_ADDR_NEVER}, /* metadata of most clouds */
    {"169.254.170.2", TCN_ADDR_NEVER},   /* ECS credentials */
    {"168.63.129.16", TCN_ADDR_NEVER},   /* Azure wire server */
    {"192.0.0.192", TCN_ADDR_NEVER},     /* Oracle metadata */
    {"192.0.2.1", TCN_ADDR_NEVER},
    {"198.18.0.1", TCN_ADDR_NEVER},
    {"198.19.255.255", TCN_ADDR_NEVER},
    {"198.51.100.1", TCN_ADDR_NEVER},
    {"203.0.113.1", TCN_ADDR_NEVER},
    {"224.0.0.1", TCN_ADDR_NEVER},
    {"239.255.255.255", TCN_ADDR_NEVER},
    {"240.0.0.1", TCN_ADDR_NEVER},
    {"255.255.255.255", TCN_ADDR_NEVER},
    {"2606:4700:4700::1111", TCN_ADDR_GLOBAL},
    {"2a00:1450:4001::1", TCN_ADDR_GLOBAL},
    {"::1", TCN_ADDR_LOOPBACK},
    {"0:0:0:0:0:0:0:1", TCN_ADDR_LOOPBACK},
    {"::", TCN_ADDR_NEVER},
    {"::2", TCN_ADDR_NEVER},
    {"fc00::1", TCN_ADDR_PRIVATE},
    {"fd12:3456::1", TCN_ADDR_PRIVATE},
    {"fec0::1", TCN_ADDR_PRIVATE},
    {"fd00:ec2::254", TCN_ADDR_NEVER}, /* EC2 metadata */
    {"fe80::1", TCN_ADDR_NEVER},
    {"febf::1", TCN_ADDR_NEVER},
    {"ff02::1", TCN_ADDR_NEVER},
    {"2001:db8::1", TCN_ADDR_NEVER},
    {"3fff::1", TCN_ADDR_NEVER},
    {"100::1", TCN_ADDR_NEVER},
    {"4000::1", TCN_ADDR_NEVER},
    {"::ffff:127.0.0.1", TCN_ADDR_LOOPBACK},
    {"::ffff:7f00:1", TCN_ADDR_LOOPBACK},
    {"::ffff:10.0.0.1", TCN_ADDR_PRIVATE},
    {"::ffff:169.254.169.254", TCN_ADDR_NEVER},
    {"::ffff:8.8.8.8", TCN_ADDR_GLOBAL},
    {"::ffff:0:127.0.0.1", TCN_ADDR_LOOPBACK}, /* translated */
    {"::127.0.0.1", TCN_ADDR_LOOPBACK},        /* compatible */
    {"::10.0.0.1", TCN_ADDR_PRIVATE},
    {"64:ff9b::7f00:1", TCN_ADDR_LOOPBACK}, /* NAT64 */
    {"64:ff9b::a9fe:a9fe", TCN_ADDR_NEVER},
    {"64:ff9b::808:808", TCN_ADDR_GLOBAL},
    {"64:ff9b:1::a00:1", TCN_ADDR_PRIVATE},
    {"2002:7f00:1::", TCN_ADDR_LOOPBACK}, /* 6to4 */
    {"2002:a9fe:a9fe::1", TCN_ADDR_NEVER},
    {"2002:a00:1::1", TCN_ADDR_PRIVATE},
    {"2001:0:4136:e378:8000:63bf:80ff:fffe", TCN_ADDR_LOOPBACK}, /* Teredo of 127.0.0.1 */
    {"2001:0:4136:e378:8000:63bf:f5ff:fffe", TCN_ADDR_PRIVATE},  /* Teredo of 10.0.0.1 */
    {"2001:20::1", TCN_ADDR_NEVER},
    /* Not addresses: only some resolvers read them so. */
    {"127.1", TCN_ADDR_UNSET},
    {"2130706433", TCN_ADDR_UNSET},
    {"0x7f.0.0.1", TCN_ADDR_UNSET},
    {"0177.0.0.1", TCN_ADDR_UNSET},
    {"localhost", TCN_ADDR_UNSET},
    {"", TCN_ADDR_UNSET},
};

static void make_address(const char *text, struct sockaddr_storage *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(ret, &v4, sizeof v4);
        return;
    }
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    memcpy(ret, &v6, sizeof v6);
}

static void classes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct sockaddr_storage addr = {0};

        if (tcn_ssrf_class_text(addresses[i].address) != addresses[i].class)
            fail_msg("%s is %d", addresses[i].address, tcn_ssrf_class_text(addresses[i].address));
        if (addresses[i].class == TCN_ADDR_UNSET)
            continue;
        make_address(addresses[i].address, &addr);
        assert_int_equal(tcn_ssrf_class((struct sockaddr *)&addr), addresses[i].class);
    }
}

static void other_families_never(void **unused)
{
    struct sockaddr addr = {.sa_family = AF_UNIX};

    (void)unused;
    assert_int_equal(tcn_ssrf_class(&addr), TCN_ADDR_NEVER);
}

static const struct {
    const char *allow, *host, *address;
    bool ok;
} guards[] = {
    {NULL, "a.example", "8.8.8.8", true},
    {NULL, "a.example", "10.0.0.1", false},
    {NULL, "localhost", "127.0.0.1", false},
    {"localhost", "localhost", "127.0.0.1", true},
    {"localhost", "localhost", "::1", true},
    {"localhost", "127.0.0.1", "127.0.0.1", true},
    {"localhost", "rebound.example", "127.0.0.1", false},
    {"localhost", "localhost", "10.0.0.1", false},
    {"a.corp", "a.corp", "10.0.0.1", true},
    {"A.Corp", "a.corp", "fd00::1", true},
    {"a.corp", "b.corp", "10.0.0.1", false},
    {"a.corp", "a.corp", "127.0.0.1", false},       /* a name never opens this machine ... */
    {"a.corp", "a.corp", "169.254.169.254", false}, /* ... nor metadata */
    {"10.1.0.0/16", "a.corp", "10.1.255.1", true},
    {"10.1.0.0/16", "a.corp", "10.2.0.1", false},
    {"10.1.0.0/16", "a.corp", "::ffff:10.1.0.1", false},
    {"127.0.0.1", "x.example", "127.0.0.1", true},
    {"127.0.0.1", "x.example", "127.0.0.2", false},
    {"169.254.169.254/32", "x.example", "169.254.169.254", true}, /* said so, in full */
    {"fd00::/8", "x.example", "fd12::1", true},
    {"0.0.0.0/0", "x.example", "10.0.0.1", true},
    {"10.128.0.0/9", "x.example", "10.127.255.255", false},
};

static void allow_lists(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++) {
        struct tcn_guard g = {.n = 0};
        struct sockaddr_storage addr = {0};
        struct tcn_err err;

        if (guards[i].allow)
            assert_int_equal(tcn_guard_add(&g, guards[i].allow, &err), 0);
        make_address(guards[i].address, &addr);
        if (tcn_guard_allows(&g, guards[i].host, (struct sockaddr *)&addr) != guards[i].ok)
            fail_msg("%s: %s at %s", guards[i].allow, guards[i].host, guards[i].address);
    }
}

static void refuses_bad_entries(void **unused)
{
    static const char *const bad[] = {
        "",   "127.1",      "2130706433", "10.0.0.0/33", "a/8",         "a b",        "-a.example",
        ".a", "10.0.0.256", "fd00::/129", "10.0.0/8",    "a.example/8", "0x7f000001", "http://a"};
    struct tcn_guard g = {.n = 0};
    struct tcn_err err;

    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (tcn_guard_add(&g, bad[i], &err) != TCN_ESYNTAX)
            fail_msg("%s was taken", bad[i]);
    for (size_t i = 0; i < TCN_ALLOW_MAX; i++)
        assert_int_equal(tcn_guard_add(&g, "a.example", &err), 0);
    assert_int_equal(tcn_guard_add(&g, "a.example", &err), TCN_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),
        cmocka_unit_test(other_families_never),
        cmocka_unit_test(allow_lists),
        cmocka_unit_test(refuses_bad_entries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
