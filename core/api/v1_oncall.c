/* Who is on call, the shifts of rotations, what overrides them, and how well they cover. */
#include "api/json.h"
#include "api/v1_query.h"
#include "base/text.h"
#include "engine/oncall.h"
#include "engine/rotation.h"

#include <inttypes.h>
#include <stdlib.h>

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

/* Whom /v1/oncall names, too: of a shift that only former contacts have nobody, as of a gap. */
static json_t *persons_json(const struct tcn_directory *d, const char *const *names, size_t n)
{
    const struct tcn_contact *persons[TCN_ROTATION_CONTACTS_MAX];
    size_t n_persons = tcn_oncall_persons(d, names, n, persons);
    json_t *list = json_array();

    for (size_t i = 0; i < n_persons; i++)
        json_array_append_new(list, json_string(persons[i]->alias));
    return list;
}

static json_t *shift_json(const struct tcn_directory *d, const char *rotation,
                          const struct tcn_shift *shift)
{
    json_t *object =
        json_pack("{s:s,s:o,s:o,s:s,s:o}", "rotation", rotation, "start",
                  tcn_json_time(shift->start_ms), "end", tcn_json_time(shift->end_ms), "type",
                  shift->type == TCN_SHIFT_OVERRIDDEN ? "OVERRIDDEN" : "REGULAR", "contacts",
                  persons_json(d, shift->contacts, shift->n_contacts));

    if (shift->type == TCN_SHIFT_OVERRIDDEN)
        json_object_set_new(object, "overridden",
                            persons_json(d, shift->overridden, shift->n_overridden));
    return object;
}

/* A page of the list: rotation by rotation, each by time. */
struct listing {
    const struct tcn_directory *directory;
    int64_t from_ms, until_ms;
    const char *wanted; /* that rotation alone; NULL: all */
    const char *after;  /* of the token: the rotation of the last one shown; NULL: from the first */
    int64_t after_ms;   /* and its end; of an override, its start */
    size_t after_no;    /* of an override: its place among those of its rotation */
    size_t limit;
    json_t *items, *next;
    const char *last; /* as after, of this page */
    int64_t last_ms;
    size_t last_no;
    struct tcn_arena *arena; /* for overrides */
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

/* The rotation of a token. */
static int read_after(struct tcn_api_call *call, struct tcn_str name, struct listing *l)
{
    l->after = rotation_of(call->directory, name);
    if (!l->after || (l->wanted && strcmp(l->wanted, l->after) != 0))
        return tcn_v1_refuse_next(call);
    return 0;
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
    l->after_ms = (int64_t)at_ms;
    return read_after(call, rest, l);
}

/* Until the page is full and one more is there: then there is a next page. */
static void add_shifts(struct listing *l, const struct tcn_roster *roster, bool is_after)
{
    const char *alias = tcn_roster_rotation(roster)->alias;
    int64_t from_ms = is_after && l->after_ms > l->from_ms ? l->after_ms : l->from_ms;
    struct tcn_shifts i = {roster, from_ms, l->until_ms};
    struct tcn_shift shift;

    while (!l->next && tcn_shifts_next(&i, &shift)) {
        if (json_array_size(l->items) == l->limit) {
            l->next = shift_token(l->last, l->last_ms);
            return;
        }
        json_array_append_new(l->items, shift_json(l->directory, alias, &shift));
        l->last = alias;
        l->last_ms = shift.end_ms;
    }
}

int tcn_v1_span(struct tcn_api_call *call, int64_t default_ms, int64_t *ret_from_ms,
                int64_t *ret_until_ms)
{
    *ret_from_ms = call->now_ms;
    if (tcn_v1_time(call, "from", ret_from_ms) < 0)
        return -1;
    *ret_until_ms = *ret_from_ms + default_ms;
    if (tcn_v1_time(call, "until", ret_until_ms) < 0)
        return -1;
    if (*ret_until_ms <= *ret_from_ms || *ret_until_ms - *ret_from_ms > SPAN_MAX_MS)
        return tcn_v1_refuse(call, "until", "must be after \"from\", and within 400 days of it");
    return 0;
}

/* Of the query but for the token. */
static int read_listing(struct tcn_api_call *call, struct listing *l)
{
    l->wanted = tcn_api_query(call, "rotation");
    if (l->wanted && !tcn_directory_roster(call->directory, l->wanted)) {
        tcn_api_refuse(call, 404, "not_found", "rotation", "there is no rotation of this name");
        return -1;
    }
    if (tcn_v1_limit(call, &l->limit) < 0 ||
        tcn_v1_span(call, SPAN_DEFAULT_MS, &l->from_ms, &l->until_ms) < 0)
        return -1;
    return 0;
}

/* Rotation by rotation; add is told whether this one is that of the token. */
static int answer(struct tcn_api_call *call, struct listing *l,
                  void (*add)(struct listing *l, const struct tcn_roster *roster, bool is_after))
{
    const struct tcn_directory *d = call->directory;
    bool is_reached = !l->after;

    l->items = json_array();
    l->directory = d;
    for (size_t i = 0; i < d->n_rosters; i++) {
        const char *alias = tcn_roster_rotation(d->rosters[i])->alias;
        bool is_after = !is_reached && strcmp(alias, l->after) == 0;

        is_reached |= is_after;
        if (is_reached && (!l->wanted || strcmp(l->wanted, alias) == 0))
            add(l, d->rosters[i], is_after);
    }
    return tcn_v1_answer(
        call, json_pack("{s:o,s:o}", "items", l->items, "next", l->next ? l->next : json_null()));
}

int tcn_v1_shifts(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct listing l = {.limit = 0};

    (void)s;
    (void)err;
    if (read_listing(call, &l) < 0 || read_shift_token(call, &l) < 0)
        return 0;
    return answer(call, &l, add_shifts);
}

/* -- overrides -------------------------------------------------------------------------------------------------- */

/* In the order of the list: by their starts, then as they were stored. */
struct place {
    int64_t start_ms;
    size_t no;
};

static int compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    return x->no < y->no ? -1 : x->no > y->no;
}

static json_t *names_json(const char *const *names, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *override_json(const char *rotation, const struct tcn_rotation_override *o)
{
    return json_pack("{s:o,s:s,s:o,s:o,s:o}", "id", tcn_json_id(o->id), "rotation", rotation,
                     "start", tcn_json_time(o->start_ms), "end", tcn_json_time(o->end_ms),
                     "contacts", names_json(o->contacts, o->n_contacts));
}

static json_t *override_token(const struct listing *l)
{
    char name[SHORT_NAME + 1];

    short_name(l->last, name);
    return json_sprintf("%" PRIu64 ".%zu.%s", (uint64_t)l->last_ms, l->last_no, name);
}

static int read_override_token(struct tcn_api_call *call, struct listing *l)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_str rest = next ? tcn_str(next) : (struct tcn_str){0}, at, no;
    uint64_t at_ms, place;

    if (!next)
        return 0;
    if (!tcn_str_cut(&rest, '.', &at) || tcn_str_u64(at, UINT64_MAX, &at_ms) < 0 ||
        !tcn_str_cut(&rest, '.', &no) || tcn_str_u64(no, SIZE_MAX, &place) < 0)
        return tcn_v1_refuse_next(call);
    l->after_ms = (int64_t)at_ms;
    l->after_no = (size_t)place;
    return read_after(call, rest, l);
}

/* Those that lie at least partly in the span, in their order. */
static size_t places_of(const struct listing *l, const struct tcn_rotation *r, struct place *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_overrides; i++)
        if (r->overrides[i].start_ms < l->until_ms && r->overrides[i].end_ms > l->from_ms)
            ret[n++] = (struct place){r->overrides[i].start_ms, i};
    qsort(ret, n, sizeof *ret, compare);
    return n;
}

static void add_overrides(struct listing *l, const struct tcn_roster *roster, bool is_after)
{
    const struct tcn_rotation *r = tcn_roster_rotation(roster);
    const struct place after = {l->after_ms, l->after_no};
    struct place *places = TCN_NEW_N(l->arena, struct place, r->n_overrides + 1);
    size_t n = places_of(l, r, places);

    for (size_t i = 0; i < n && !l->next; i++) {
        if (is_after && compare(&places[i], &after) <= 0)
            continue;
        if (json_array_size(l->items) == l->limit) {
            l->next = override_token(l);
            return;
        }
        json_array_append_new(l->items, override_json(r->alias, &r->overrides[places[i].no]));
        l->last = r->alias;
        l->last_ms = places[i].start_ms;
        l->last_no = places[i].no;
    }
}

int tcn_v1_overrides(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct listing l = {.arena = call->arena};

    (void)s;
    (void)err;
    if (read_listing(call, &l) < 0 || read_override_token(call, &l) < 0)
        return 0;
    return answer(call, &l, add_overrides);
}

/* -- coverage ----------------------------------------------------------------------------------------------------- */

int tcn_v1_coverage(struct tcn_api_call *call)
{
    call->command.kind = TCN_COMMAND_COVERAGE;
    return 0;
}
