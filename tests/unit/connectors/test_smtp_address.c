/* connectors/smtp: which addresses are sent to. `check` and the sender ask the same function. */
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *name, *address, *fault; /* NULL: it is sent to */
} rows[] = {
    {"plain", "alice@example.com", NULL},
    {"one label", "alice@localhost", NULL},
    {"tag", "alice+pager@example.com", NULL},
    {"dots", "a.b.c@mail.example.com", NULL},
    {"every sign of an atom", "!#$%&'*+-/=?^_`{|}~@example.com", NULL},
    {"digits", "112@4u.example.com", NULL},
    {"hyphen inside", "alice@my-host.example.com", NULL},
    {"a host in its ASCII form", "alice@xn--exmple-cua.com", NULL},
    {"64 before the @", A32 A32 "@example.com", NULL},
    {"65 before the @", A32 A32 "a@example.com", "longer than a mail address can be"},
    {"a label of 63", "alice@" L63 ".com", NULL},
    {"a label of 64", "alice@" L63 "a.com", "behind the @"},
    {"254 in all", "a@" L63 "." L63 "." L63 "." A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    {"255 in all", "a@" L63 "." L63 "." L63 "." A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "254 in all"},
    {"nothing", "", "write NAME@HOST"},
    {"no @", "alice", "write NAME@HOST"},
    {"no name", "@example.com", "write NAME@HOST"},
    {"no host", "alice@", "write NAME@HOST"},
    {"name beyond ASCII", "j\xc3\xbcrgen@example.com", "beyond ASCII"},
    {"host beyond ASCII", "alice@ex\xc3\xa4mple.com", "beyond ASCII"},
    {"dot first", ".alice@example.com", "before the @"},
    {"dot last", "alice.@example.com", "before the @"},
    {"two dots", "al..ice@example.com", "before the @"},
    {"two dots in the host", "alice@example..com", "behind the @"},
    {"host begins with a dot", "alice@.example.com", "behind the @"},
    {"host ends with a dot", "alice@example.com.", "behind the @"},
    {"host begins with a hyphen", "alice@-example.com", "behind the @"},
    {"label ends with a hyphen", "alice@example-.com", "behind the @"},
    {"underscore in the host", "alice@exa_mple.com", "behind the @"},
    {"address in place of the host", "alice@[127.0.0.1]", "behind the @"},
    {"two hosts", "a@b@c", "behind the @"},
    {"space", "a b@example.com", "before the @"},
    {"space in the host", "alice@exam ple.com", "behind the @"},
    {"in brackets", "<alice@example.com>", "before the @"},
    {"list", "alice@example.com,bob@example.com", "behind the @"},
    {"quoted", "\"alice\"@example.com", "before the @"},
    {"line break", "alice@example.com\r\nBcc: bob@example.com", "behind the @"},
};

static const char *fault_of(const char *address)
{
    return kit_connector("smtp")->address_fault(TOCSIN_EMAIL, address);
}

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *fault = fault_of(rows[i].address);

        if (!rows[i].fault != !fault || (fault && !strstr(fault, rows[i].fault)))
            fail_msg("%s: %s", rows[i].name, fault ? fault : "is sent to");
    }
}

/* What check says is what the sender does, and the sender's own address is held to the same. */
static void test_the_sender_judges_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *options =
            json_pack("{s:s, s:s}", "url", "smtps://mail.example.com", "from", rows[i].address);
        struct kit kit = {0};
        bool opens = kit_open(&kit, "smtp", options, NULL) == 0;

        if (opens != !rows[i].fault)
            fail_msg("%s: %s", rows[i].name, opens ? "opens" : "is refused");
        kit_close(&kit);
        json_decref(options);
    }
}

static void test_mail_alone_is_reached(void **state)
{
    (void)state;
    assert_int_equal(kit_connector("smtp")->channels, TOCSIN_REACHES(TOCSIN_EMAIL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_the_sender_judges_alike),
        cmocka_unit_test(test_mail_alone_is_reached),
    };

    return cmocka_run_group_tests_name("smtp addresses", tests, NULL, NULL);
}
