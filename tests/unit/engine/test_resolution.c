#include "engine/resolution.h"
#include "fixture.h"

static const struct {
    const char *told, *kept;
} codes[] = {
    {NULL, "manual"},
    {"", "manual"},
    {"manual", "manual"},
    {"alarm_ok", "alarm_ok"},
    {"wont_fix", "wont_fix"},
    {"wontfix", "wont_fix"},
    {"WONTFIX", "wont_fix"},
    {"Won't Fix", "wont_fix"},
    {"Won\xe2\x80\x99t fix", "wont_fix"},
    {"won_t_fix", "wont_fix"},
    {"WON-T-FIX", "wont_fix"},
    {" wont  fix. ", "wont_fix"},
    {"Won't Do", "wont_fix"},
    {"will not fix", "wont_fix"},
    {"wont_fix_now", "wont_fix_now"},
    {"wontfixed", "wontfixed"},
    {"wont", "wont"},
    {"w\xc3\xb6nt fix", "w\xc3\xb6nt fix"},
    {"wont fix \xe2\x80", "wont fix \xe2\x80"},
    {"fixed", "fixed"},
    {"Solution provided", "Solution provided"},
    {"'", "'"},
};

static void every_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(tcn_resolution_code(codes[i].told), codes[i].kept) != 0)
            fail_msg("%s", codes[i].told);
}

/* What a person means mutes, however it is written. */
static void every_spelling_mutes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        bool mutes = strcmp(codes[i].kept, "wont_fix") == 0;
        struct fixture f;

        fx_init(&f);
        fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
        fx_status(&f, TCN_STATUS_RESOLVED, codes[i].told);
        assert_string_equal(f.a.incident.resolution.code, codes[i].kept);
        f.a.lane.is_firing = false; /* its OK is heard */
        f.now += MIN;
        assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now),
                         mutes ? TCN_INTAKE_IGNORED : TCN_INTAKE_REOPENED);
        fx_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code),
        cmocka_unit_test(every_spelling_mutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
