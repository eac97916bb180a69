/* Who is on call, and the shifts of rotations. */
#include "api/json.h"
#include "api/v1_query.h"
#include "base/text.h"
#include "engine/oncall.h"
#include "engine/rotation.h"

#include <inttypes.h>

#define SHORT_NAME 16 /* digits of the name's SHA-256 */
#define SPAN_DEFAULT_MS (INT64_C(14) * 86400000)
#define SPAN_MAX_MS (INT64_C(400) * 86400000) /* spec incidents-contacts 7.2 */

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

/* A page of the list: rotation by rotation, each by time. */
struct listing {
    int64_t from_ms, until_ms;
    const char *wanted; /* that rotation alone; NULL: all */
    const char *after;  /* of the token: the rotation of the last one shown; NULL: from the first */
    int64_t after_ms;   /* and its end */
    size_t limit;
    json_t *items, *next;
    const char *last; /* as after, of this page */
    int64_t last_ms;
};

/* A name may have spaces and dots; what stands for it in a token can be written into an address. */
static void short_name(const char *rotation, char ret[SHORT_NAME + 1])
{
    char hex[65];

    tcn_sha256_hex(tcn_str(rotation), hex);
    memcpy(ret, hex, SHORT_NAME);
    ret[SHORT_NAME] = '\0';
}

static json_t *shift_token(const char *rotation, int64_t end_ms)
{
    char name[SHORT_NAME + 1];

    short_name(rotation, name);
    return json_sprintf("%" PRId64 ".%s", end_ms, name);
}

/* NULL: none is called so. */
static const char *rotation_of(const struct tcn_directory *d, struct tcn_str wanted)
{
    char name[SHORT_NAME + 1];

    for (size_t i = 0; i < d->n_rosters; i++) {
        const char *alias = tcn_roster_rotation(d->rosters[i])->alias;

        short_name(alias, name);
        if (tcn_str_eq(wanted, tcn_str(name)))
            return alias;
    }
    return NULL;
}

static int read_shift_token(struct tcn_api_call *call, struct listing *l)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_str rest = next ? tcn_str(next) : (struct tcn_str){0}, at;
    uint64_t at_ms;

    if (!next)
        return 0;
    if (!tcn_str_cut(&rest, '.', &at) || tcn_str_u64(at, INT64_MAX, &at_ms) < 0)
        return tcn_v1_refuse_next(call);
    l->after = rotation_of(call->directory, rest);
    l->after_ms = (int64_t)at_ms;
    if (!l->after || (l->wanted && strcmp(l->wanted, l->after) != 0))
        return tcn_v1_refuse_next(call);
    return 0;
}

/* Until the page is full and one more is there: then there is a next page. */
static void add_shifts(struct listing *l, const struct tcn_roster *roster, int64_t from_ms)
{
    const char *alias = tcn_roster_rotation(roster)->alias;
    struct tcn_shifts i = {roster, from_ms, l->until_ms};
    struct tcn_shift shift;

    while (!l->next && tcn_shifts_next(&i, &shift)) {
        if (json_array_size(l->items) == l->limit) {
            l->next = shift_token(l->last, l->last_ms);
            return;
        }
        json_array_append_new(l->items, shift_json(alias, &shift));
        l->last = alias;
        l->last_ms = shift.end_ms;
    }
}

static void add_rotations(struct listing *l, const struct tcn_directory *d)
{
    bool is_reached = !l->after;

    for (size_t i = 0; i < d->n_rosters; i++) {
        const char *alias = tcn_roster_rotation(d->rosters[i])->alias;
        bool is_after = !is_reached && strcmp(alias, l->after) == 0;

        is_reached |= is_after;
        if (is_reached && (!l->wanted || strcmp(l->wanted, alias) == 0))
            add_shifts(l, d->rosters[i],
                       is_after && l->after_ms > l->from_ms ? l->after_ms : l->from_ms);
    }
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
        return tcn_v1_refuse(call, "until", "must be after \"from\", and within 400 days of it");
    return 0;
}

int tcn_v1_shifts(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct listing l = {.wanted = tcn_api_query(call, "rotation")};

    (void)s;
    (void)err;
    if (l.wanted && !tcn_directory_roster(call->directory, l.wanted))
        return tcn_api_refuse(call, 404, "not_found", "rotation",
                              "there is no rotation of this name");
    if (tcn_v1_limit(call, &l.limit) < 0 || read_shift_token(call, &l) < 0 ||
        read_span(call, &l.from_ms, &l.until_ms) < 0)
        return 0;
    l.items = json_array();
    add_rotations(&l, call->directory);
    return tcn_v1_answer(
        call, json_pack("{s:o,s:o}", "items", l.items, "next", l.next ? l.next : json_null()));
}
