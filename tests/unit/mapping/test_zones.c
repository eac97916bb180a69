/* Names of zones in a file: each is looked for once, at most sixteen of them, and what cannot be had is told at each place. */
#include "fixture.h"

/* A finder that counts, of zones with an A in front. */
static unsigned calls;

static int find_counted(const char *name, struct tcn_arena *arena, const struct tcn_zone **ret,
                        struct tcn_err *err)
{
    struct tcn_zone *z = TCN_NEW(arena, struct tcn_zone);

    calls++;
    if (name[0] != 'A')
        return tcn_fail(err, TCN_ENOTFOUND, "there is no time zone \"%s\"", name);
    z->name = tcn_arena_strdup(arena, name);
    z->first_offset_s = 3600;
    *ret = z;
    return 0;
}

/* Loads a source whose var has these expressions; its problems, or "". Yours to free. */
static char *problems_of(const char *list, tcn_zone_finder *find)
{
    const struct tcn_mapping_lookup lookup = {.zone = find};
    struct tcn_problems problems;
    struct tcn_mapping *m = NULL;
    char *file = NULL, *told;

    if (asprintf(&file,
                 "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"var\": {\"x\": [%s]},"
                 " \"event\": {\"dedupe_key\": \"k\"}}",
                 list) < 0)
        abort();
    tcn_problems_init(&problems);
    calls = 0;
    (void)tcn_mapping_load("t.json", tcn_str(file), find ? &lookup : NULL, &problems, &m);
    told = strdup(tcn_buf_view(&problems.text).ptr);
    tcn_problems_done(&problems);
    tcn_mapping_free(m);
    free(file);
    return told;
}

static void each_name_once(void **state)
{
    static const struct {
        const char *name, *list, *told;
        unsigned calls;
    } cases[] = {
        {"none", "{\"time\": \"{{a}}\"}", "", 0},
        {"UTC and offsets are no names",
         "{\"time\": \"{{a}}\", \"tz\": \"UTC\"}, {\"time\": \"{{a}}\", \"tz\": \"Z\"}, "
         "{\"time\": \"{{a}}\", \"tz\": \"-03:30\"}",
         "", 0},
        {"one twice",
         "{\"time\": \"{{a}}\", \"tz\": \"A/B\"}, {\"time\": \"{{b}}\", \"tz\": \"A/B\"}", "", 1},
        {"two", "{\"time\": \"{{a}}\", \"tz\": \"A/B\"}, {\"time\": \"{{b}}\", \"tz\": \"A/C\"}",
         "", 2},
        {"a wrong one twice",
         "{\"time\": \"{{a}}\", \"tz\": \"B/C\"}, {\"time\": \"{{b}}\", \"tz\": \"B/C\"}",
         "t.json:1: $.var.x[0].tz: there is no time zone \"B/C\"\n"
         "t.json:1: $.var.x[1].tz: there is no time zone \"B/C\"\n",
         1},
        {"empty", "{\"time\": \"{{a}}\", \"tz\": \"\"}",
         "t.json:1: $.var.x[0].tz: there is no time zone \"\"\n", 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *told = problems_of(cases[i].list, find_counted);

        if (strcmp(told, cases[i].told) != 0 || calls != cases[i].calls)
            fail_msg("%s: %u calls; %s", cases[i].name, calls, told);
        free(told);
    }
}

static void names_beyond_the_cap(void **state)
{
    struct tcn_buf list;
    char *told;

    (void)state;
    tcn_buf_init(&list, 10000);
    for (int i = 0; i <= TCN_ZONES_MAX; i++)
        tcn_buf_fmt(&list, "%s{\"time\": \"{{a}}\", \"tz\": \"A/%d\"}", i ? ", " : "", i);
    told = problems_of(list.ptr, find_counted);
    assert_string_equal(told, "t.json:1: $.var.x[16].tz: the file names more than 16 time zones\n");
    assert_int_equal(calls, TCN_ZONES_MAX);
    free(told);
    tcn_buf_done(&list);
}

static void nobody_to_ask(void **state)
{
    char *told = problems_of("{\"time\": \"{{a}}\", \"tz\": \"A/B\"}", NULL);

    (void)state;
    assert_string_equal(told, "t.json:1: $.var.x[0].tz: named time zones are not read here; write "
                              "\"UTC\" or an offset like \"+02:00\"\n");
    free(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_once),
        cmocka_unit_test(names_beyond_the_cap),
        cmocka_unit_test(nobody_to_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
