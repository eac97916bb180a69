#include "app/resource_override.h"

#include "base/datetime.h"
#include "store/resources.h"

static int64_t time_of(const json_t *body, const char *key)
{
    const char *text = json_string_value(json_object_get(body, key));
    int64_t ms = 0;

    if (text)
        (void)tcn_time_rfc3339(tcn_str(text), &ms);
    return ms;
}

static void read_contacts(const json_t *body, struct tcn_arena *arena,
                          struct tcn_rotation_override *ret)
{
    const json_t *list = json_object_get(body, "NewContactIds");
    const char **names = TCN_NEW_N(arena, const char *, json_array_size(list) + 1);

    for (size_t i = 0; i < json_array_size(list); i++)
        names[i] = json_string_value(json_array_get(list, i));
    ret->contacts = names;
    ret->n_contacts = json_array_size(list);
}

void tcn_override_check(const struct tcn_view *view, const json_t *body, int64_t now_ms,
                        struct tcn_arena *arena, const struct tcn_field_problem **ret)
{
    const struct tcn_roster *roster = tcn_directory_roster(
        &view->directory, json_string_value(json_object_get(body, "RotationId")));
    struct tcn_rotation_override o = {.start_ms = time_of(body, "StartTime"),
                                      .end_ms = time_of(body, "EndTime")};
    struct tcn_field_problems problems = {.arena = arena};

    *ret = NULL;
    if (!roster)
        return;
    read_contacts(body, arena, &o);
    tcn_rotation_check_override(tcn_roster_rotation(roster), &o, now_ms, &problems);
    if (problems.n > 0)
        *ret = &problems.items[0];
}

bool tcn_override_is_over(const json_t *element, int64_t now_ms)
{
    return time_of(element, "EndTime") <= now_ms;
}

int tcn_override_trim(struct tcn_store *s, const struct tcn_element *overrides, size_t n,
                      int64_t now_ms, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        int64_t end_ms = time_of(overrides[i].json, "EndTime");

        if (!overrides[i].is_of_file && end_ms < now_ms - TCN_OVERRIDE_KEPT_MS)
            r = tcn_store_resource_drop(s, TCN_RESOURCE_OVERRIDE, overrides[i].name, err);
    }
    return r;
}
