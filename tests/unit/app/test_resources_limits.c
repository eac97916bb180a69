/* How many of each there may be: one more is told, with the number, and the list is not read on. */
#include "app/resources_rotation.h"
#include "resources_world.h"

#include "base/buf.h"

#define TEXT_MAX (1u << 20)

/* before, item n times with commas between, after. A %zu of the item is its number. */
struct row {
    const char *name, *before, *item, *after;
    size_t n;
    const char *want;
};

static const struct row rows[] = {
    {"stages", "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[",
     "{\"DurationInMinutes\":%zu}", "]}}]}", TCN_STAGES_MAX,
     "$.contacts[0].Plan.Stages: 11 stages; at most 10"},
    {"targets",
     "{\"contacts\":[{\"Alias\":\"b\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}},"
     "{\"Alias\":\"a\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":1,"
     "\"Targets\":[",
     "{\"ContactTargetInfo\":{\"ContactId\":\"b\",\"IsEssential\":true}}", "]}]}}]}",
     TCN_TARGETS_MAX, "$.contacts[1].Plan.Stages[0].Targets: 11 targets; at most 10"},
    {"rotations of a schedule",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":{\"RotationIds\":[",
     "\"r%zu\"", "]}}]}", TCN_ROTATIONS_MAX,
     "$.contacts[0].Plan.RotationIds: 9 rotations; at most 8"},
    {"rotations", "{\"rotations\":[", "{\"Name\":\"r%zu\"}", "]}", TCN_RESOURCE_ROTATIONS_MAX,
     "$.rotations: 501 rotations; at most 500"},
    {"contacts", "{\"contacts\":[",
     "{\"Alias\":\"a%zu\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}", "]}", TCN_CONTACTS_MAX,
     "$.contacts: 1001 contacts; at most 1000"},
    {"channels of a contact",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}],"
     "\"contact_channels\":[",
     "{\"ContactId\":\"a\",\"Name\":\"m%zu\",\"Type\":\"EMAIL\",\"DeliveryAddress\":{"
     "\"SimpleAddress\":\"a@b\"}}",
     "]}", TCN_CHANNELS_MAX, "$.contact_channels[50]: a has more than 50 channels"},
    {"engagements of a response plan",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}],"
     "\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"engagements\":[",
     "\"a\"", "]}]}", TCN_ENGAGEMENTS_MAX, "$.response_plans[0].engagements: 6 entries; at most 5"},
};

static void add_item(struct tcn_buf *b, const char *item, size_t no)
{
    const char *mark = strstr(item, "%zu");

    tcn_buf_fmt(b, "%.*s", (int)(mark ? mark - item : (long)strlen(item)), item);
    if (mark)
        tcn_buf_fmt(b, "%zu%s", no, mark + 3);
}

static bool is_told(const struct row *row, size_t n)
{
    static const struct tcn_connector_names none = {NULL, NULL, NULL, NULL};
    struct resources f;
    struct tcn_buf b;
    bool is;

    tcn_buf_init(&b, TEXT_MAX);
    tcn_buf_z(&b, row->before);
    for (size_t i = 0; i < n; i++) {
        tcn_buf_z(&b, i > 0 ? "," : "");
        add_item(&b, row->item, i);
    }
    tcn_buf_z(&b, row->after);
    assert_true(tcn_buf_ok(&b));
    read_resources(&f, b.ptr, &none);
    is = f.problems.text.ptr && strstr(f.problems.text.ptr, row->want);
    assert_true(!is || f.r != 0);
    release_resources(&f);
    tcn_buf_done(&b);
    return is;
}

static void test_one_too_many(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (is_told(&rows[i], rows[i].n) || !is_told(&rows[i], rows[i].n + 1))
            fail_msg("%s", rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_too_many),
    };

    return cmocka_run_group_tests_name("resources_limits", tests, NULL, NULL);
}
