/* tocsin simulate: who would be paged when, and by which rule. */
#include "app/resources.h"
#include "app/simulate.h"
#include "base/datetime.h"
#include "resources_world.h"
#include "sys/file.h"
#include "sys/zone.h"

#include <stdlib.h>

/* Ann and Bob take turns by the week; Cyd has a budget. */
#define CONFIG TEST_DATA "/simulate.json"

static const struct {
    const char *name, *plan, *at;
    int64_t minutes;
    const char *said;
} cases[] = {
    {"a person", "bob", "2026-01-06T02:00:00Z", 12,
     "2026-01-06 03:00:00    +0:00  incident opened: simulated\n"
     "2026-01-06 03:00:00    +0:00  page bob by mail, bob@example.com: bob\n"
     "2026-01-06 03:05:00    +5:00  page bob by mail, bob@example.com, again (2): bob\n"
     "2026-01-06 03:10:00   +10:00  Nobody has answered; nobody is paged any more.\n"
     "2026-01-06 03:12:00   +12:00  the end: nobody has answered\n"},
    {"an escalation plan with a schedule", "critical", "2026-01-13T02:00:00Z", 8,
     "2026-01-13 03:00:00    +0:00  incident opened: It\n"
     "2026-01-13 03:00:00    +0:00  page bob by mail, bob@example.com: esc, stage 1 > web > bob, "
     "on "
     "call by \"week\" until 2026-01-19 09:00\n"
     "2026-01-13 03:05:00    +5:00  page bob by mail, bob@example.com, again (2): esc, stage 1 > "
     "web > "
     "bob, on call by \"week\" until 2026-01-19 09:00\n"
     "2026-01-13 03:07:00    +7:00  page ann by mail, ann@example.com: esc, stage 2 > ann\n"
     "2026-01-13 03:08:00    +8:00  the end: nobody has answered\n"},
    {"a budget", "cyd", "2026-01-06T02:00:00Z", 31,
     "2026-01-06 03:00:00    +0:00  incident opened: simulated\n"
     "2026-01-06 03:00:00    +0:00  page cyd by mail, cyd@example.com: cyd\n"
     "2026-01-06 03:01:00    +1:00  page cyd by mail, cyd@example.com, again (2): cyd\n"
     "2026-01-06 03:02:00    +2:00  held: a page of cyd by mail waits for the budget of 2 pages in "
     "10 min\n"
     "2026-01-06 03:03:00    +3:00  held: a page of cyd by mail waits for the budget of 2 pages in "
     "10 min\n"
     "2026-01-06 03:04:00    +4:00  held: a page of cyd by mail waits for the budget of 2 pages in "
     "10 min\n"
     "2026-01-06 03:05:00    +5:00  one message tells cyd of 3 pages that were held:\n"
     "2026-01-06 03:05:00    +5:00  page cyd by mail, cyd@example.com, again (3): cyd\n"
     "2026-01-06 03:05:00    +5:00  page cyd by mail, cyd@example.com, again (4): cyd\n"
     "2026-01-06 03:05:00    +5:00  page cyd by mail, cyd@example.com, again (5): cyd\n"
     "2026-01-06 03:10:00   +10:00  Nobody has answered; nobody is paged any more.\n"
     "2026-01-06 03:31:00   +31:00  the end: nobody has answered\n"},
    {"a gap", "web", "2026-01-07T12:00:00Z", 60,
     "2026-01-07 13:00:00    +0:00  incident opened: simulated\n"
     "2026-01-07 13:00:00    +0:00  nobody is on call for web\n"
     "2026-01-07 13:00:00    +0:00  nobody is reached: nobody who is engaged can be paged\n"
     "2026-01-07 14:00:00   +60:00  the end: nobody has answered\n"},
};

struct world {
    struct resources of;
    const struct tcn_zone *zone;
    struct tcn_tag tag; /* of the alarm; without a key there is none */
};

static void init(struct world *w)
{
    struct tcn_buf text;

    w->tag = (struct tcn_tag){NULL, NULL};
    tcn_buf_init(&text, 65536);
    assert_int_equal(tcn_file_read(CONFIG, &text, NULL), 0);
    read_good_resources(&w->of, tcn_buf_view(&text).ptr);
    tcn_buf_done(&text);
    assert_int_equal(tcn_zone_load("Europe/Oslo", &w->of.arena, &w->zone, NULL), 0);
}

static int simulate(struct world *w, const char *plan, const char *at, int64_t minutes,
                    char **ret_said, struct tcn_err *err)
{
    struct tcn_simulation s = {
        .directory = &w->of.dir,
        .plan = plan,
        .for_ms = minutes * 60000,
        .zone = w->zone,
        .alarm = {.source = "", .tags = &w->tag, .n_tags = w->tag.key != NULL}};
    size_t size = 0;
    FILE *out = open_memstream(ret_said, &size);
    int r;

    assert_int_equal(tcn_time_rfc3339(tcn_str(at), &s.from_ms), 0);
    r = tcn_simulate(&s, out, err);
    fclose(out);
    return r;
}

static void who_is_paged(void **state)
{
    struct world w;
    struct tcn_err err = {0};

    (void)state;
    init(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *said = NULL;

        assert_int_equal(simulate(&w, cases[i].plan, cases[i].at, cases[i].minutes, &said, &err),
                         0);
        if (strcmp(said, cases[i].said) != 0)
            fail_msg("%s:\nwant %s\ngot  %s", cases[i].name, cases[i].said, said);
        free(said);
    }
    release_resources(&w.of);
}

static const struct {
    const char *name, *at, *service;
    int64_t minutes;
    const char *said;
} held[] = {
    {"one that holds everything", "2026-01-11T01:30:00Z", "web", 30,
     "2026-01-11 02:30:00    +0:00  held by the maintenance window backup (ana) until 2026-01-11 "
     "03:00: what still fires opens its incident then\n"
     "2026-01-11 03:00:00   +30:00  the maintenance window db (dan) is open until 2026-01-11 "
     "03:30, "
     "for other alarms: --source and --tag say which one this is\n"
     "2026-01-11 03:00:00   +30:00  incident opened: simulated\n"
     "2026-01-11 03:00:00   +30:00  page bob by mail, bob@example.com: bob\n"
     "2026-01-11 03:00:00   +30:00  the end: nobody has answered\n"},
    {"one after the other", "2026-01-11T01:00:00Z", "db-1", 89,
     "2026-01-11 02:00:00    +0:00  held by the maintenance window backup (ana) until 2026-01-11 "
     "03:00: what still fires opens its incident then\n"
     "2026-01-11 03:00:00   +60:00  held by the maintenance window db (dan) until 2026-01-11 "
     "03:30: what still fires opens its incident then\n"
     "2026-01-11 03:29:00   +89:00  the end: it is held, and nobody is paged\n"},
    {"none on that day", "2026-01-10T01:20:00Z", "db-1", 0,
     "2026-01-10 02:20:00    +0:00  incident opened: simulated\n"
     "2026-01-10 02:20:00    +0:00  page bob by mail, bob@example.com: bob\n"
     "2026-01-10 02:20:00    +0:00  the end: nobody has answered\n"},
};

static void what_maintenance_windows_hold(void **state)
{
    struct world w;
    struct tcn_err err = {0};

    (void)state;
    init(&w);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        char *said = NULL;

        w.tag = (struct tcn_tag){"service", held[i].service};
        assert_int_equal(simulate(&w, "bob", held[i].at, held[i].minutes, &said, &err), 0);
        if (strcmp(said, held[i].said) != 0)
            fail_msg("%s:\nwant %s\ngot  %s", held[i].name, held[i].said, said);
        free(said);
    }
    release_resources(&w.of);
}

/* Cyd has her own. */
static void the_budget_of_a_channel(void **state)
{
    struct world w;
    struct tcn_err err = {0};
    char *said = NULL;

    (void)state;
    init(&w);
    w.of.dir.budgets[TCN_EMAIL] = (struct tcn_page_budget){1, 450000};
    assert_int_equal(simulate(&w, "bob", "2026-01-06T02:00:00Z", 7, &said, &err), 0);
    assert_string_equal(said,
                        "2026-01-06 03:00:00    +0:00  incident opened: simulated\n"
                        "2026-01-06 03:00:00    +0:00  page bob by mail, bob@example.com: bob\n"
                        "2026-01-06 03:05:00    +5:00  held: a page of bob by mail waits for the "
                        "budget of 1 page in 450 s\n"
                        "2026-01-06 03:07:00    +7:00  the end: nobody has answered\n");
    free(said);
    assert_int_equal(simulate(&w, "cyd", "2026-01-06T02:00:00Z", 1, &said, &err), 0);
    assert_null(strstr(said, "held"));
    free(said);
    release_resources(&w.of);
}

static void an_unknown_name_has_a_nearest(void **state)
{
    struct world w;
    struct tcn_err err = {0};
    char *said = NULL;

    (void)state;
    init(&w);
    assert_int_equal(simulate(&w, "critcal", "2026-01-06T02:00:00Z", 1, &said, &err),
                     TCN_ENOTFOUND);
    assert_string_equal(
        err.msg, "\"critcal\" is no response plan and no contact; did you mean \"critical\"?");
    assert_string_equal(said, "");
    free(said);
    release_resources(&w.of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_paged),
        cmocka_unit_test(what_maintenance_windows_hold),
        cmocka_unit_test(the_budget_of_a_channel),
        cmocka_unit_test(an_unknown_name_has_a_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
