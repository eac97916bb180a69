/* Who is on call, and the shifts of rotations. */
#include "api/json.h"
#include "api/v1_query.h"
#include "engine/oncall.h"
#include "engine/rotation.h"

#define SHIFTS_MAX 1000
#define SPAN_DEFAULT_MS (INT64_C(14) * 86400000)
#define SPAN_MAX_MS (INT64_C(366) * 86400000)

/* -- now, or at another time ------------------------------------------------------------------------------------ */

static json_t *people_json(struct tcn_api_call *call, const struct tcn_contact *schedule,
                           int64_t at_ms)
{
    struct tcn_on_call people[TCN_ONCALL_MAX];
    size_t n = tcn_oncall_at(call->directory, schedule, at_ms, people);
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:b,s:o}", "contact", people[i].person->alias,
                                        "rotation", people[i].rotation, "overridden",
                                        people[i].type == TCN_SHIFT_OVERRIDDEN, "until",
                                        tcn_json_time(people[i].until_ms)));
    return list;
}

int tcn_v1_oncall(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    const struct tcn_directory *d = call->directory;
    int64_t at_ms = call->now_ms;
    json_t *items;

    (void)s;
    (void)err;
    if (tcn_v1_time(call, "at", &at_ms) < 0)
        return 0;
    items = json_array();
    for (size_t i = 0; i < d->n_contacts; i++)
        if (d->contacts[i].type == TCN_ONCALL_SCHEDULE)
            json_array_append_new(items,
                                  json_pack("{s:s,s:o}", "schedule", d->contacts[i].alias, "people",
                                            people_json(call, &d->contacts[i], at_ms)));
    return tcn_v1_answer(call, json_pack("{s:o,s:o}", "at", tcn_json_time(at_ms), "items", items));
}

/* -- shifts ----------------------------------------------------------------------------------------------------- */

static json_t *names_json(const char *const *names, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *shift_json(const char *rotation, const struct tcn_shift *shift)
{
    json_t *object =
        json_pack("{s:s,s:o,s:o,s:s,s:o}", "rotation", rotation, "start",
                  tcn_json_time(shift->start_ms), "end", tcn_json_time(shift->end_ms), "type",
                  shift->type == TCN_SHIFT_OVERRIDDEN ? "OVERRIDDEN" : "REGULAR", "contacts",
                  names_json(shift->contacts, shift->n_contacts));

    if (shift->type == TCN_SHIFT_OVERRIDDEN)
        json_object_set_new(object, "overridden",
                            names_json(shift->overridden, shift->n_overridden));
    return object;
}

/* Until the list is full. */
static void add_shifts(const struct tcn_roster *roster, int64_t from_ms, int64_t until_ms,
                       json_t *list)
{
    struct tcn_shifts i = {roster, from_ms, until_ms};
    struct tcn_shift shift;

    while (json_array_size(list) < SHIFTS_MAX && tcn_shifts_next(&i, &shift))
        json_array_append_new(list, shift_json(tcn_roster_rotation(roster)->alias, &shift));
}

static int read_span(struct tcn_api_call *call, int64_t *from_ms, int64_t *until_ms)
{
    *from_ms = call->now_ms;
    if (tcn_v1_time(call, "from", from_ms) < 0)
        return -1;
    *until_ms = *from_ms + SPAN_DEFAULT_MS;
    if (tcn_v1_time(call, "until", until_ms) < 0)
        return -1;
    if (*until_ms <= *from_ms || *until_ms - *from_ms > SPAN_MAX_MS)
        return tcn_v1_refuse(call, "until", "must be after \"from\", and within 366 days of it");
    return 0;
}

int tcn_v1_shifts(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    const char *wanted = tcn_api_query(call, "rotation");
    const struct tcn_directory *d = call->directory;
    int64_t from_ms = 0, until_ms = 0;
    json_t *items;

    (void)s;
    (void)err;
    if (wanted && !tcn_directory_roster(d, wanted))
        return tcn_api_refuse(call, 404, "not_found", "rotation",
                              "there is no rotation of this name");
    if (read_span(call, &from_ms, &until_ms) < 0)
        return 0;
    items = json_array();
    for (size_t i = 0; i < d->n_rosters; i++)
        if (!wanted || strcmp(tcn_roster_rotation(d->rosters[i])->alias, wanted) == 0)
            add_shifts(d->rosters[i], from_ms, until_ms, items);
    return tcn_v1_answer(call, json_pack("{s:b,s:o}", "is_cut",
                                         json_array_size(items) >= SHIFTS_MAX, "items", items));
}
