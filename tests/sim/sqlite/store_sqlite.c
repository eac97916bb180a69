/* The simulator on the real store: every aggregate is read from an SQLite database in memory, every decision is written as
 * the program writes it. Lanes are chosen by the simulator, so that a run is the same as on the model alone. */
#include "app/turn.h"
#include "stores.h"

#include <stdlib.h>

#define ACCOUNT "111122223333"
#define WAITING_LANES 16
#define CLAIMED 256
#define DUE 256

static struct tcn_store *store;
static struct tcn_arena claims;
static struct tcn_err err;

static void check(const struct world *w, int r)
{
    if (r < 0)
        fail(w, "the store: %s (%d)", err.msg, r);
}

static void sqlite_open(struct world *w)
{
    const struct tcn_store_options options = {
        .url = "sqlite::memory:", .account_id = ACCOUNT, .node = "sim"};

    check(w, tcn_store_open(&options, now_of(w), &store, &err));
    tcn_arena_init(&claims, 64u << 20);
}

/* -- load -------------------------------------------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

static void add_other(struct tcn_aggregate *a, const struct tcn_lane *lane)
{
    a->others_hold |= lane->resolve_due_ms != 0;
    a->others_due_ms = earlier(a->others_due_ms, tcn_engine_lane_due(lane, true));
    a->others_echo_ms = earlier(a->others_echo_ms, lane->echo_due_ms);
}

static void load_others(struct world *w, const char *own, struct tcn_aggregate *ret)
{
    struct tcn_lane *lanes = NULL, firing;
    struct tcn_id id = ret->incident.id;
    size_t n = 0;

    check(w, tcn_store_lanes_waiting(store, id, WAITING_LANES, &w->turn, &lanes, &n, &err));
    for (size_t i = 0; i < n; i++)
        if (strcmp(lanes[i].dedupe_key, own) != 0)
            add_other(ret, &lanes[i]);
    check(w, tcn_store_lane_firing(store, id, own, &w->turn, &firing, &err));
    ret->others_hold |= firing.exists;
}

static void load_incident(struct world *w, const struct incident_row *row,
                          struct tcn_aggregate *ret)
{
    struct tcn_id id = row->incident.id;

    check(w, tcn_store_incident_get(store, id, &w->turn, &ret->incident, &err));
    check(w, tcn_store_engagement_list(store, id, &w->turn, &ret->engagements, &ret->n_engagements,
                                       &err));
    ret->size_engagements = ret->n_engagements;
}

/* The program chooses by time alone: of lanes that are due together it may take another. */
static void check_choice(struct world *w, const struct turn *t, const struct tcn_aggregate *a)
{
    struct tcn_aggregate chosen;

    if (t->left)
        return; /* the lane is that of another incident */
    check(w, tcn_turn_load(store, t->row->incident.id, &w->turn, &chosen, &err));
    if (tcn_engine_next_due(&chosen) != tcn_engine_next_due(a))
        fail(w, "the program would come back at %lld, not at %lld",
             (long long)tcn_engine_next_due(&chosen), (long long)tcn_engine_next_due(a));
}

static void load_chosen(struct world *w, const struct turn *t, struct tcn_aggregate *ret)
{
    if (t->key)
        check(w, tcn_store_lane_get(store, t->key->name, "", &w->turn, &ret->lane, NULL, &err));
    if (!t->row)
        return;
    load_incident(w, t->row, ret);
    load_others(w, t->key ? t->key->name : "", ret);
    check_choice(w, t, ret);
}

static void sqlite_load(struct world *w, const struct turn *t, struct tcn_aggregate *ret)
{
    *ret = (struct tcn_aggregate){0};
    check(w, tcn_store_begin(store, &err));
    if (!t->alarm) {
        load_chosen(w, t, ret);
        return;
    }
    check(w, tcn_turn_load_lane(store, t->alarm,
                                tcn_directory_plan(&w->directory, t->policy->response_plan),
                                t->policy, &w->turn, ret, &err));
    check(w, tcn_store_storm_get(store, t->policy->name, t->storm, &err));
}

static void sqlite_load_storm(struct world *w, const struct incident_row *storm,
                              struct tcn_aggregate *ret)
{
    check(w, tcn_turn_load_storm(store, storm->incident.id, &w->turn, ret, &err));
}

/* -- timers ------------------------------------------------------------------------------------------------------ */

/* The store knows that this timer is due, and of none that is not. */
static void sqlite_timer(struct world *w, const struct incident_row *row)
{
    struct tcn_id ids[DUE];
    bool is_known = false;
    size_t n = 0;

    check(w, tcn_store_begin(store, &err));
    check(w, tcn_store_timer_due(store, now_of(w), DUE, ids, &n, &err));
    tcn_store_rollback(store);
    for (size_t i = 0; i < n; i++) {
        const struct incident_row *due = row_find(w, ids[i]);

        if (!due || due->due_ms == 0 || due->due_ms > now_of(w))
            fail(w, "the store has a timer that is not due");
        is_known |= due == row;
    }
    if (!is_known && n < DUE)
        fail(w, "the store does not know of a timer that is due");
}

/* -- storms ------------------------------------------------------------------------------------------------------ */

static void sqlite_alarm(struct world *w, const struct key_row *key, struct tcn_arena *a,
                         struct tcn_storm_alarm *ret)
{
    struct tcn_id id = tcn_store_lane_mark(store, &key->lane).lane;

    check(w, tcn_store_begin(store, &err));
    check(w, tcn_store_storm_alarm_get(store, key->storm, id, a, ret, &err));
    tcn_store_rollback(store);
}

/* -- write ------------------------------------------------------------------------------------------------------- */

/* Every message that was decided is there to be sent, once, and no other. */
static void send_all(struct world *w, const struct tcn_decision *d)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    tcn_arena_reset(&claims);
    check(w, tcn_store_begin(store, &err));
    check(w, tcn_store_send_claim(store, now_of(w), CLAIMED, &claims, &rows, &n, &err));
    if (n != d->sends.n)
        fail(w, "%zu messages are to be sent, not %zu", n, d->sends.n);
    for (size_t i = 0; i < n; i++)
        check(w, tcn_store_send_finish(store, rows[i].id, TCN_SEND_DONE, 0, "id", &err));
    check(w, tcn_store_commit(store, &err));
}

/* A decision without changes says nothing, and nothing is written. */
static bool is_silent(const struct tcn_decision *d)
{
    return !d->lane_changed && !d->incident_changed && !d->storm_changed && !d->waiting_changed;
}

static void sqlite_write(struct world *w, const struct turn *t, const struct tcn_decision *d)
{
    struct tcn_id left = t->left ? t->left->incident.id : (struct tcn_id){{0}};

    if (is_silent(d)) {
        tcn_store_rollback(store);
        return;
    }
    check(w, tcn_turn_write(store, d, NULL, now_of(w), &err));
    if (d->storm_changed)
        check(w, tcn_store_storm_put(store, t->policy->name, t->storm, &err));
    if (t->left)
        check(w, tcn_turn_left(store, left, d, &err));
    check(w, tcn_store_commit(store, &err));
    if (d->sends.n > 0)
        send_all(w, d);
}

static void sqlite_lose(struct world *w)
{
    (void)w;
    tcn_store_rollback(store);
}

/* No timer, no message: the next time at which something is to be done is none. */
static void sqlite_close(struct world *w)
{
    int64_t due_ms = 0;

    check(w, tcn_store_begin(store, &err));
    check(w, tcn_store_next_due(store, &due_ms, &err));
    check(w, tcn_store_commit(store, &err));
    if (due_ms != 0)
        fail(w, "the store has work that is due at %lld", (long long)due_ms);
    tcn_arena_done(&claims);
    tcn_store_close(store);
    store = NULL;
}

static const struct world_store sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .load = sqlite_load,
    .load_storm = sqlite_load_storm,
    .alarm = sqlite_alarm,
    .timer = sqlite_timer,
    .write = sqlite_write,
    .lose = sqlite_lose,
};

const struct world_store *world_store_of(const char *name)
{
    return strcmp(name, sqlite.name) == 0 ? &sqlite : NULL;
}
