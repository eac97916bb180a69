/* sys/zone_rule.c: which rules are turned, and the last line of a file. */
#include "../base/cases.h"

#include "sys/zone_rule.h"

#include <string.h>

static void rules(void **state)
{
    static const struct {
        const char *name, *rule, *turned;
    } cases[] = {
        {"winter is the summer time", "IST-1GMT0,M10.5.0,M3.5.0/1", "GMT0IST-1,M3.5.0/1,M10.5.0"},
        {"names in brackets", "<+01>-1<+00>0,M10.5.0,M3.5.0/1", "<+00>0<+01>-1,M3.5.0/1,M10.5.0"},
        {"no offset of summer time", "CET-1CEST,M3.5.0,M10.5.0/3", NULL},
        {"another offset", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", NULL},
        {"no summer time", "JST-9", NULL},
        {"standard time of 0", "GMT0BST,M3.5.0/1,M10.5.0", NULL},
        {"no dates", "IST-1GMT0", NULL},
        {"one date", "IST-1GMT0,M10.5.0", NULL},
        {"empty", "", NULL},
        {"a bracket that does not end", "<+01", NULL},
        {"digits", "0000", NULL},
    };
    char turned[TCN_ZONE_RULE_MAX], longest[500];

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        CHECK(cases[i].name,
              tcn_zone_rule_turned(tcn_str(cases[i].rule), turned) == (cases[i].turned != NULL));
        CHECK(cases[i].name, !cases[i].turned || strcmp(turned, cases[i].turned) == 0);
    }
    memset(longest, 'A', sizeof longest);
    memcpy(longest + 400, "-1GMT0,M10.5.0,M3.5.0/1", 24);
    assert_false(tcn_zone_rule_turned(tcn_str(longest), turned));
}

static void last_lines(void **state)
{
    static const struct {
        const char *name;
        struct tcn_str file, line;
    } cases[] = {
        {"a rule", TCN_STR_INIT("TZif2\0\0\nJST-9\n"), TCN_STR_INIT("JST-9")},
        {"no rule", TCN_STR_INIT("TZif2\0\0\n\n"), TCN_STR_INIT("")},
        {"the first version, which has none", TCN_STR_INIT("TZif\0\0"), TCN_STR_INIT("")},
        {"one line", TCN_STR_INIT("JST-9\n"), TCN_STR_INIT("")},
        {"empty", TCN_STR_INIT(""), TCN_STR_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        CHECK(cases[i].name, tcn_str_eq(tcn_zone_rule_of_file(cases[i].file), cases[i].line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(last_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
