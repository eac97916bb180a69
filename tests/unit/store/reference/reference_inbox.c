/* Deliveries, lanes, storms and meta of the reference store. */
#include "reference.h"

#include <string.h>

/* -- inbox -------------------------------------------------------------------------------------------------- */

static bool is_delivery(const void *row, const void *query)
{
    const struct tcn_inbox *a = row, *b = query;

    return a->delivery_id && b->delivery_id && strcmp(a->source, b->source) == 0 &&
           strcmp(a->delivery_id, b->delivery_id) == 0;
}

int ref_inbox_add(struct ref *r, const struct tcn_inbox *row)
{
    struct tcn_inbox *added;

    if (ref_find(&r->t[REF_INBOX], is_delivery, row))
        return TCN_ECONFLICT;
    added = ref_add(&r->t[REF_INBOX]);
    *added = *row;
    added->no = ++r->last_no;
    return 0;
}

static bool is_listed_delivery(const void *row, const void *query)
{
    const struct tcn_inbox *a = row, *after = query;

    return a->state == after->state && a->no > after->no;
}

int ref_inbox_list(struct ref *r, enum tcn_inbox_state state, int64_t after_no, size_t limit,
                   struct tcn_arena *a, struct tcn_inbox **ret, size_t *ret_n)
{
    struct tcn_inbox after = {.state = state, .no = after_no};
    void **rows;

    *ret_n = ref_select(&r->t[REF_INBOX], is_listed_delivery, &after, NULL, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

static bool is_quarantined(const void *row, const void *id)
{
    const struct tcn_inbox *a = row;

    return a->state == TCN_INBOX_QUARANTINED && tcn_id_eq(a->id, *(const struct tcn_id *)id);
}

int ref_quarantine_drop(struct ref *r, struct tcn_id id)
{
    return ref_remove(&r->t[REF_INBOX], is_quarantined, &id) ? 0 : TCN_ENOTFOUND;
}

/* Rows may be forgotten but for those that wait for people, until these are old, too. */
static bool may_go(const struct tcn_inbox *row, const struct tcn_inbox_age *age)
{
    return row->state != TCN_INBOX_QUARANTINED || row->received_ms < age->quarantined_before_ms;
}

struct oldest {
    const struct tcn_inbox_age *age;
    int64_t last_no;
};

static bool is_too_old(const void *row, const void *query)
{
    const struct tcn_inbox *a = row;
    const struct oldest *oldest = query;

    return a->no <= oldest->last_no && may_go(a, oldest->age) &&
           a->received_ms < oldest->age->before_ms;
}

int ref_inbox_trim(struct ref *r, const struct tcn_inbox_age *age, size_t limit, size_t *ret_n)
{
    struct ref_table *t = &r->t[REF_INBOX];
    const struct tcn_inbox *rows = (const void *)t->rows;
    struct oldest oldest = {.age = age};

    for (size_t i = 0, n = 0; i < t->n && n < limit; i++) {
        n += may_go(&rows[i], age);
        oldest.last_no = rows[i].no;
    }
    *ret_n = ref_remove(t, is_too_old, &oldest);
    return 0;
}

/* -- lanes -------------------------------------------------------------------------------------------------- */

static bool is_lane(const void *row, const void *query)
{
    return strcmp(((const struct tcn_lane *)row)->dedupe_key, query) == 0;
}

int ref_lane_get(struct ref *r, const char *dedupe_key, const char *dedupe_string,
                 struct tcn_arena *a, struct tcn_lane *ret, struct tcn_id *ret_open)
{
    const struct tcn_lane *lane = ref_find(&r->t[REF_LANES], is_lane, dedupe_key);

    if (ret_open)
        *ret_open = (struct tcn_id){{0}};
    if (ret_open && dedupe_string)
        ref_incident_open_of(r, dedupe_string, ret_open);
    *ret = lane ? *lane : (struct tcn_lane){.dedupe_key = tcn_arena_strdup(a, dedupe_key)};
    return 0;
}

int ref_lane_put(struct ref *r, const struct tcn_lane *lane)
{
    struct tcn_lane *row = ref_find(&r->t[REF_LANES], is_lane, lane->dedupe_key);

    if (row && row->revision != lane->revision)
        return TCN_ECONFLICT;
    if (!row)
        row = ref_add(&r->t[REF_LANES]);
    *row = *lane;
    row->exists = true;
    row->revision++;
    return 0;
}

static bool is_due_lane(const void *row, const void *query)
{
    const struct tcn_lane *lane = row;

    return tcn_id_eq(lane->incident, *(const struct tcn_id *)query) && lane->resolve_due_ms > 0;
}

static bool is_stale_lane(const void *row, const void *query)
{
    const struct tcn_lane *lane = row;

    return tcn_id_eq(lane->incident, *(const struct tcn_id *)query) && lane->stale_due_ms > 0;
}

static bool is_flapping_lane(const void *row, const void *query)
{
    const struct tcn_lane *lane = row;

    return tcn_id_eq(lane->incident, *(const struct tcn_id *)query) && lane->is_flapping;
}

static bool is_echo_lane(const void *row, const void *query)
{
    const struct tcn_lane *lane = row;

    return tcn_id_eq(lane->incident, *(const struct tcn_id *)query) && lane->echo_due_ms > 0;
}

static int by_resolve_due(const void *left, const void *right)
{
    return ref_compare(((const struct tcn_lane *)left)->resolve_due_ms,
                       ((const struct tcn_lane *)right)->resolve_due_ms);
}

static int by_stale_due(const void *left, const void *right)
{
    return ref_compare(((const struct tcn_lane *)left)->stale_due_ms,
                       ((const struct tcn_lane *)right)->stale_due_ms);
}

static int by_echo_due(const void *left, const void *right)
{
    return ref_compare(((const struct tcn_lane *)left)->echo_due_ms,
                       ((const struct tcn_lane *)right)->echo_due_ms);
}

static int by_received(const void *left, const void *right)
{
    return ref_compare(((const struct tcn_lane *)left)->received_ms,
                       ((const struct tcn_lane *)right)->received_ms);
}

int ref_lanes_waiting(struct ref *r, struct tcn_id incident, size_t limit, struct tcn_arena *a,
                      struct tcn_lane **ret, size_t *ret_n)
{
    static const struct {
        ref_match *match;
        ref_order *order;
    } kinds[] = {{is_due_lane, by_resolve_due},
                 {is_stale_lane, by_stale_due},
                 {is_flapping_lane, by_received},
                 {is_echo_lane, by_echo_due}};
    enum { N_KINDS = sizeof kinds / sizeof kinds[0] };
    void **all = TCN_NEW_N(a, void *, N_KINDS *limit + 1), **rows;
    size_t n = 0;

    for (size_t i = 0; i < N_KINDS; i++) {
        size_t n_rows = ref_select(&r->t[REF_LANES], kinds[i].match, &incident, kinds[i].order,
                                   limit, a, &rows);

        memcpy(all + n, rows, n_rows * sizeof *rows);
        n += n_rows;
    }
    *ret_n = n;
    *ret = ref_copy(all, n, 0, sizeof **ret, a);
    return 0;
}

int ref_lanes_echo(struct ref *r, struct tcn_id incident, size_t limit, struct tcn_arena *a,
                   struct tcn_lane **ret, size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_LANES], is_echo_lane, &incident, by_echo_due, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

/* Of the lane that a firing one is looked for beside: the incident, and the key. */
static bool fires_beside(const void *row, const void *query)
{
    const struct tcn_lane *lane = row, *except = query;

    return lane->is_firing && tcn_id_eq(lane->incident, except->incident) &&
           !(except->dedupe_key && is_lane(row, except->dedupe_key));
}

int ref_lane_firing(struct ref *r, struct tcn_id incident, const char *except, struct tcn_arena *a,
                    struct tcn_lane *ret)
{
    struct tcn_lane query = {.incident = incident, .dedupe_key = except};
    const struct tcn_lane *lane = ref_find(&r->t[REF_LANES], fires_beside, &query);

    (void)a;
    *ret = lane ? *lane : (struct tcn_lane){0};
    return 0;
}

/* -- storms, meta ------------------------------------------------------------------------------------------- */

static bool is_storm_of(const void *row, const void *query)
{
    return strcmp(((const struct ref_storm *)row)->source, query) == 0;
}

int ref_storm_get(struct ref *r, const char *source, struct tcn_storm *ret)
{
    const struct ref_storm *row = ref_find(&r->t[REF_STORMS], is_storm_of, source);

    *ret = row ? row->storm : (struct tcn_storm){0};
    return 0;
}

int ref_storm_put(struct ref *r, const char *source, const struct tcn_storm *storm)
{
    struct ref_storm *row = ref_find_or_add(&r->t[REF_STORMS], is_storm_of, source);

    *row = (struct ref_storm){source, *storm};
    return 0;
}

static bool is_storm_alarm(const void *row, const void *query)
{
    const struct ref_storm_alarm *a = row, *wanted = query;

    return tcn_id_eq(a->incident, wanted->incident) &&
           strcmp(a->alarm.dedupe_key, wanted->alarm.dedupe_key) == 0;
}

int ref_storm_alarm_put(struct ref *r, struct tcn_id incident, const char *dedupe_key,
                        const struct tcn_storm_alarm *alarm)
{
    struct ref_storm_alarm wanted = {incident, *alarm}, *row;

    wanted.alarm.dedupe_key = dedupe_key;
    row = ref_find(&r->t[REF_STORM_ALARMS], is_storm_alarm, &wanted);
    if (row)
        wanted.alarm.joined_ms = row->alarm.joined_ms;
    else
        row = ref_add(&r->t[REF_STORM_ALARMS]);
    *row = wanted;
    return 0;
}

static bool is_alarm_of(const void *row, const void *query)
{
    return tcn_id_eq(((const struct ref_storm_alarm *)row)->incident,
                     *(const struct tcn_id *)query);
}

/* Its lane is still there. */
static bool read_storm_alarm(struct ref *r, const struct ref_storm_alarm *row,
                             struct tcn_storm_alarm *ret)
{
    const struct tcn_lane *lane = ref_find(&r->t[REF_LANES], is_lane, row->alarm.dedupe_key);

    if (!lane || !tcn_id_eq(lane->incident, row->incident))
        return false;
    *ret = row->alarm;
    ret->source = lane->source;
    ret->is_firing = lane->is_firing;
    return true;
}

size_t ref_storm_alarms(struct ref *r, struct tcn_id incident, struct tcn_arena *a,
                        struct tcn_storm_alarm **ret)
{
    const struct ref_table *t = &r->t[REF_STORM_ALARMS];
    void **rows;
    size_t n = ref_select(t, is_alarm_of, &incident, NULL, t->n, a, &rows), left = 0;

    *ret = TCN_NEW_N(a, struct tcn_storm_alarm, n + 1);
    for (size_t i = 0; i < n; i++)
        left += read_storm_alarm(r, rows[i], &(*ret)[left]);
    return left;
}

static bool is_meta(const void *row, const void *query)
{
    return strcmp(((const struct ref_meta *)row)->name, query) == 0;
}

int ref_meta_get(struct ref *r, const char *name, struct tcn_arena *a, const char **ret)
{
    const struct ref_meta *row = ref_find(&r->t[REF_META], is_meta, name);

    *ret = row ? tcn_arena_strdup(a, row->value) : NULL;
    return 0;
}

int ref_meta_put(struct ref *r, const char *name, const char *value)
{
    struct ref_meta *row = ref_find_or_add(&r->t[REF_META], is_meta, name);

    *row = (struct ref_meta){name, value};
    return 0;
}
