#include "engine/tags.h"
#include "fixture.h"

/* -- what may be set ---------------------------------------------------------------------------------------------- */

static char longest_key[TCN_TAG_KEY_MAX + 1], long_key[TCN_TAG_KEY_MAX + 2];
static char longest_value[TCN_TAG_VALUE_MAX + 1], long_value[TCN_TAG_VALUE_MAX + 2];

static const struct {
    struct tcn_tag tag;
    int r;
} tags[] = {
    {{"k", ""}, 0},
    {{"aZ09 _=@:+,-./", "aZ09 _=@:+,-./"}, 0},
    {{"AWS:x", "v"}, 0},
    {{"laws:x", "v"}, 0},
    {{longest_key, longest_value}, 0},
    {{"", "v"}, TCN_EINVALID},
    {{long_key, "v"}, TCN_EINVALID},
    {{"k", long_value}, TCN_EINVALID},
    {{"aws:", "v"}, TCN_EINVALID},
    {{"aws:x", "v"}, TCN_EINVALID},
    {{"a*", "v"}, TCN_EINVALID},
    {{"a\n", "v"}, TCN_EINVALID},
    {{"k", "\xc3\xa9"}, TCN_EINVALID},
    {{"k", "a;b"}, TCN_EINVALID},
};

static const struct {
    const char *key;
    int r;
} removed[] = {
    {"k", 0},      {"a*\xc3\xa9", 0},       {"AWS:x", 0},
    {long_key, 0}, {"aws:x", TCN_EINVALID}, {"", TCN_EINVALID},
};

static void what_may_be_set(void **state)
{
    struct tcn_err err;

    (void)state;
    memset(longest_key, 'k', TCN_TAG_KEY_MAX);
    memset(long_key, 'k', TCN_TAG_KEY_MAX + 1);
    memset(longest_value, 'v', TCN_TAG_VALUE_MAX);
    memset(long_value, 'v', TCN_TAG_VALUE_MAX + 1);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tcn_tag_check(&tags[i].tag, &err) != tags[i].r)
            fail_msg("%s=%s", tags[i].tag.key, tags[i].tag.value);
    for (size_t i = 0; i < sizeof removed / sizeof *removed; i++)
        if (tcn_tag_check_removed(removed[i].key, &err) != removed[i].r)
            fail_msg("%s", removed[i].key);
}

/* -- decisions ---------------------------------------------------------------------------------------------------- */

static int tag(struct fixture *f, const struct tcn_tag *set, size_t n_set, const char *const *keys,
               size_t n_removed)
{
    const struct tcn_tag_change change = {set, n_set, keys, n_removed};
    struct tcn_err err = {0};
    int r;

    f->now += SEC;
    fx_begin(f);
    r = tcn_engine_tag(&f->a, &change, f->now, &f->d, &err);
    if (r == 0)
        fx_check(f, &f->a);
    return r;
}

static const char *told(struct fixture *f)
{
    const char *ret = "";

    for (size_t i = 0; i < f->a.incident.n_tags; i++)
        ret = tcn_arena_fmt(&f->arena, "%s%s=%s ", ret, f->a.incident.tags[i].key,
                            f->a.incident.tags[i].value);
    return ret;
}

static void set_and_taken_away(void **state)
{
    static struct tcn_tag of_plan[] = {{"team", "shop"}, {"env", "prod"}};
    const struct tcn_tag set[] = {{"env", "test"}, {"cost", "7"}, {"cost", "8"}};
    const char *const keys[] = {"none", "team", "cost"};
    struct fixture f;
    int64_t revision;

    (void)state;
    fx_init(&f);
    f.plan.tags = of_plan;
    f.plan.n_tags = 2;
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    revision = f.a.incident.revision;
    assert_int_equal(tag(&f, set, 3, NULL, 0), 0);
    assert_string_equal(told(&f), "team=shop env=test cost=8 ");
    assert_string_equal(of_plan[1].value, "prod");
    assert_true(f.d.incident_changed && f.d.tickets_due);
    assert_int_equal(f.a.incident.revision, revision + 1);
    assert_int_equal(f.d.events.n, 0);
    assert_int_equal(f.a.incident.modified_ms, T0);
    assert_int_equal(tag(&f, NULL, 0, keys, 3), 0);
    assert_string_equal(told(&f), "env=test ");
    assert_int_equal(f.a.incident.revision, revision + 2);
    fx_done(&f);
}

static void nothing_differs(void **state)
{
    const struct tcn_tag set = {"a", "b"};
    const char *const none = "none";
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_int_equal(tag(&f, &set, 1, NULL, 0), 0);
    assert_true(f.d.incident_changed);
    assert_int_equal(tag(&f, &set, 1, NULL, 0), 0);
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(tag(&f, NULL, 0, &none, 1), 0);
    assert_true(fx_wrote_nothing(&f));
    fx_done(&f);
}

static void at_most_fifty(void **state)
{
    static char names[TCN_TAGS_MAX + 1][8];
    struct tcn_tag set[TCN_TAGS_MAX + 1];
    const char *const key = "k0";
    struct fixture f;

    (void)state;
    for (unsigned i = 0; i <= TCN_TAGS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "k%u", i);
        set[i] = (struct tcn_tag){names[i], "v"};
    }
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_int_equal(tag(&f, set, TCN_TAGS_MAX + 1, NULL, 0), TCN_EINVALID);
    assert_int_equal(tag(&f, set, TCN_TAGS_MAX, NULL, 0), 0);
    assert_int_equal(f.a.incident.n_tags, TCN_TAGS_MAX);
    assert_int_equal(tag(&f, &set[1], TCN_TAGS_MAX, NULL, 0), TCN_ELIMIT);
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(tag(&f, set, TCN_TAGS_MAX, NULL, 0), 0);
    assert_int_equal(tag(&f, NULL, 0, &key, 1), 0);
    assert_int_equal(tag(&f, &set[1], TCN_TAGS_MAX, NULL, 0), 0);
    assert_int_equal(f.a.incident.n_tags, TCN_TAGS_MAX);
    fx_done(&f);
}

static void refusals(void **state)
{
    const struct tcn_tag good = {"a", "b"}, bad = {"aws:a", "b"};
    const char *const key = "aws:a";
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(tag(&f, &good, 1, NULL, 0), TCN_ENOTFOUND);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_int_equal(tag(&f, &bad, 1, NULL, 0), TCN_EINVALID);
    assert_int_equal(tag(&f, NULL, 0, &key, 1), TCN_EINVALID);
    assert_true(fx_wrote_nothing(&f));
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests_of_tags[] = {
        cmocka_unit_test(what_may_be_set), cmocka_unit_test(set_and_taken_away),
        cmocka_unit_test(nothing_differs), cmocka_unit_test(at_most_fifty),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests_of_tags, NULL, NULL);
}
