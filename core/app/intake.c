#include "app/intake.h"
#include "app/catalog.h"
#include "base/xalloc.h"
#include "engine/mute.h"
#include "engine/wake.h"
#include "store/ahead.h"
#include "sys/random.h"

#include <assert.h>
#include <stdlib.h>

#define JOB_ARENA (16u << 20) /* a source body of 1 MiB becomes at most 80,000 JSON values */

static void expect(struct tcn_job *base, struct tcn_store *s)
{
    struct tcn_intake_job *job = (struct tcn_intake_job *)base;
    const struct tcn_response_plan *plan =
        tcn_directory_plan(job->declared, job->policy->response_plan);

    tcn_store_expect_delivery(s, job->inbox.source, job->inbox.delivery_id);
    for (size_t i = 0; plan && i < job->n_alarms; i++)
        tcn_turn_expect(s, &job->alarms[i], plan, job->policy, tcn_store_scratch(s));
}

struct tcn_intake_job *tcn_intake_new(struct tcn_arena_pool *arenas, int64_t now_ms)
{
    struct tcn_intake_job *job = tcn_xcalloc(1, sizeof *job);

    job->arenas = arenas;
    tcn_arena_take(arenas, JOB_ARENA, &job->arena);
    job->job.run = tcn_intake_run;
    job->job.expect = expect;
    job->seed = tcn_random_id(now_ms);
    job->salt = (uint32_t)tcn_random_u64();
    job->inbox.id = job->seed;
    job->inbox.received_ms = now_ms;
    return job;
}

void tcn_intake_free(struct tcn_intake_job *job)
{
    if (!job)
        return;
    tcn_arena_give(job->arenas, &job->arena);
    free(job);
}

/* The id of the n-th incident of a delivery. The first one is the seed itself, so that ids stay in time order. */
static struct tcn_id incident_id(const struct tcn_intake_job *job, size_t n)
{
    return n == 0 ? job->seed : tcn_id_child(job->seed, "incident", n);
}

/* A short delivery of one alarm stands whole in the event that the alarm became: once is enough. */
static bool is_on_timeline(const struct tcn_intake_job *job, const struct tcn_decision *d)
{
    struct tcn_str body = job->inbox.body;

    return job->n_alarms == 1 && d->events.n > 0 &&
           strcmp(d->events.items[0].type, TCN_EVENT_TRIGGER) == 0 &&
           body.len <= TCN_RAW_DATA_MAX && tcn_str_eq(job->alarms[0].raw, body) &&
           tcn_utf8_ok(body);
}

/* The inbox row is the first write of a delivery: a known id ends it before anything else changed. */
static int note_delivery(struct tcn_store *s, struct tcn_intake_job *job,
                         const struct tcn_decision *d, struct tcn_err *err)
{
    struct tcn_inbox row = job->inbox;
    int r;

    if (job->has_changed)
        return 0;
    row.state = TCN_INBOX_APPLIED;
    if (is_on_timeline(job, d))
        row.body = TCN_STR("");
    r = tcn_store_inbox_add(s, &row, err);
    if (r == TCN_ECONFLICT) {
        job->is_duplicate = true;
        return 0;
    }
    job->has_changed = r == 0;
    return r;
}

/* What changes nothing today could change something when it is replayed: the sender's id is known from now on. */
static int note_silent(struct tcn_store *s, struct tcn_intake_job *job, struct tcn_err *err)
{
    struct tcn_inbox row = job->inbox;
    int r;

    if (job->has_changed || job->is_duplicate || !row.delivery_id)
        return 0;
    row.state = TCN_INBOX_APPLIED;
    row.body = TCN_STR("");
    r = tcn_store_inbox_add(s, &row, err);
    job->is_duplicate = r == TCN_ECONFLICT;
    return job->is_duplicate ? 0 : r;
}

static int write_decision(struct tcn_store *s, struct tcn_intake_job *job,
                          const struct tcn_storm *storm, const struct tcn_decision *d,
                          int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_response_plan *plan =
        tcn_directory_plan(job->directory, job->policy->response_plan);
    int r = note_delivery(s, job, d, err);

    if (r < 0 || job->is_duplicate)
        return r;
    if (d->storm_changed && (r = tcn_store_storm_put(s, job->policy->name, storm, err)) < 0)
        return r;
    job->makes_work |= tcn_turn_makes_work(d, plan);
    tcn_milestones_note(&job->milestones, d);
    return tcn_turn_write(s, d, plan, now_ms, err);
}

static bool is_silent(const struct tcn_decision *d)
{
    return !d->lane_changed && !d->incident_changed && !d->storm_changed;
}

/* A repeat of an open incident whose lane waits for nothing, nor holds anything back. */
static bool is_settled(enum tcn_intake outcome, const struct tcn_aggregate *a)
{
    return outcome == TCN_INTAKE_NOTHING && a->lane.is_firing && a->lane.resolve_due_ms == 0 &&
           a->lane.echo_due_ms == 0 && a->incident.exists && a->incident.status == TCN_STATUS_OPEN;
}

/* What another node changes makes no entry void: its lane tells. */
static void note_settled(const struct tcn_store *s, const struct tcn_aggregate *a,
                         struct tcn_intake_result *ret)
{
    ret->is_settled = is_settled(ret->outcome, a);
    if (!ret->is_settled || !tcn_store_is_shared(s))
        return;
    ret->is_settled = tcn_id_eq(a->lane.incident, a->incident.id);
    ret->lane = tcn_store_lane_mark(s, &a->lane);
}

static struct tcn_intake_input input_of(const struct tcn_intake_job *job, size_t i, int64_t now_ms)
{
    return (struct tcn_intake_input){.policy = job->policy,
                                     .directory = job->directory,
                                     .new_id = incident_id(job, i),
                                     .salt = job->salt,
                                     .now_ms = now_ms};
}

/* -- signs of life ---------------------------------------------------------------------------------------------- */

/* The first sign is written, though it may not move the time. */
static int known_due(struct tcn_store *s, const char *key, int64_t *ret_ms, struct tcn_err *err)
{
    struct tcn_waiting known;
    int r = tcn_store_waiting_get(s, key, tcn_store_scratch(s), &known, err);

    *ret_ms =
        r == 0 && known.kind == TCN_WAITING_HEARTBEAT && known.since_ms != 0 ? known.due_ms : 0;
    return r == TCN_ENOTFOUND ? 0 : r;
}

static int take_sign(struct tcn_store *s, struct tcn_intake_job *job,
                     const struct tcn_heartbeat *heartbeat, struct tcn_intake_input *in,
                     struct tcn_intake_result *ret, struct tcn_err *err)
{
    const struct tcn_alarm alarm = tcn_heartbeat_alarm(job->policy, heartbeat, false, &job->arena);
    const struct tcn_storm storm = {0};
    struct tcn_aggregate *a = TCN_NEW(&job->arena, struct tcn_aggregate);
    struct tcn_decision d;
    int64_t known_ms;
    int r;

    in->alarm = &alarm;
    if ((r = known_due(s, alarm.dedupe_key, &known_ms, err)) < 0 ||
        (r = tcn_turn_load_lane(s, &alarm,
                                tcn_directory_plan(job->directory, job->policy->response_plan),
                                job->policy, &job->arena, a, err)) < 0)
        return r;
    tcn_decision_init(&d, &job->arena);
    ret->outcome = tcn_engine_alive(in, heartbeat, known_ms, a, &d);
    if (!d.waiting_changed)
        return 0;
    if (a->incident.exists)
        ret->incident = a->incident.id;
    return write_decision(s, job, &storm, &d, in->now_ms, err);
}

/* Whatever the source sends is the sign of its heartbeats that ask for nothing in particular. */
static int take_delivery_signs(struct tcn_store *s, struct tcn_intake_job *job, int64_t now_ms,
                               struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < job->policy->n_heartbeats && r == 0 && !job->is_duplicate; i++) {
        const struct tcn_heartbeat *h = &job->policy->heartbeats[i];
        struct tcn_intake_input in = input_of(job, job->n_alarms + i, now_ms);
        struct tcn_intake_result result = {0};

        if (h->match.n == 0)
            r = take_sign(s, job, h, &in, &result, err);
    }
    return r;
}

/* -- alarms ----------------------------------------------------------------------------------------------------- */

/* Another node may have ended the mute within the last second. */
static int load_mutes(struct tcn_store *s, const struct tcn_alarm *alarm, int64_t now_ms,
                      const struct tcn_mutes **ret, struct tcn_err *err)
{
    struct tcn_muting by;
    int r = tcn_store_mutes(s, now_ms, ret, err);

    if (r < 0 || !tcn_store_is_shared(s) || !tcn_mute_find(*ret, NULL, alarm, now_ms, &by))
        return r;
    tcn_store_mutes_forget(s);
    return tcn_store_mutes(s, now_ms, ret, err);
}

static int take_alarm(struct tcn_store *s, struct tcn_intake_job *job, size_t i, int64_t now_ms,
                      struct tcn_err *err)
{
    struct tcn_intake_input in = input_of(job, i, now_ms);
    const struct tcn_response_plan *plan =
        tcn_directory_plan(job->directory, job->policy->response_plan);
    struct tcn_arena *arena = tcn_store_scratch(s);
    struct tcn_aggregate *a = TCN_NEW(arena, struct tcn_aggregate), *storming = NULL;
    struct tcn_storm storm = {0};
    struct tcn_decision d;
    struct tcn_id held_in;
    int r;

    assert(plan);
    in.alarm = &job->alarms[i];
    if ((r = load_mutes(s, in.alarm, now_ms, &in.mutes, err)) < 0 ||
        (r = tcn_turn_load_lane(s, in.alarm, plan, in.policy, arena, a, err)) < 0 ||
        (r = tcn_turn_load_bucket(s, in.policy, arena, &storm, &storming, err)) < 0)
        return r;
    held_in = a->lane.echo_due_ms ? a->lane.incident : (struct tcn_id){{0}};
    tcn_decision_init(&d, arena);
    job->results[i].outcome = tcn_engine_alarm(&in, a, &storm, storming, &d);
    if (d.subject && d.subject->incident.exists)
        job->results[i].incident = d.subject->incident.id;
    note_settled(s, a, &job->results[i]);
    if (is_silent(&d))
        return 0;
    r = write_decision(s, job, &storm, &d, now_ms, err);
    return r < 0 || job->is_duplicate ? r : tcn_turn_left(s, held_in, &d, err);
}

/* What is a sign of life opens nothing, whatever it says; its end says nothing. */
static int take(struct tcn_store *s, struct tcn_intake_job *job, size_t i, int64_t now_ms,
                struct tcn_err *err)
{
    const struct tcn_alarm *alarm = &job->alarms[i];
    const struct tcn_heartbeat *heartbeat = tcn_heartbeat_of(job->policy, alarm);
    struct tcn_intake_input in = input_of(job, i, now_ms);

    if (!heartbeat)
        return take_alarm(s, job, i, now_ms, err);
    job->results[i].outcome = TCN_INTAKE_IGNORED;
    if (alarm->action == TCN_ACTION_RESOLVE || alarm->action == TCN_ACTION_IGNORE)
        return 0;
    return take_sign(s, job, heartbeat, &in, &job->results[i], err);
}

int tcn_intake_run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_intake_job *job = (struct tcn_intake_job *)base;
    int r = 0;

    if (!job->results)
        job->results = TCN_NEW_N(&job->arena, struct tcn_intake_result, job->n_alarms + 1);
    memset(job->results, 0, (job->n_alarms + 1) * sizeof *job->results);
    job->is_duplicate = job->has_changed = job->makes_work = false;
    job->milestones = (struct tcn_milestones){0};
    r = tcn_catalog_of(s, job->declared, now_ms, &job->directory, err);
    for (size_t i = 0; i < job->n_alarms && r == 0 && !job->is_duplicate; i++)
        r = take(s, job, i, now_ms, err);
    if (r == 0)
        r = take_delivery_signs(s, job, now_ms, err);
    if (r == 0)
        r = note_silent(s, job, err);
    /* Of incidents that were not made, or are not those of the delivery that is repeated. */
    if (job->is_duplicate)
        memset(job->results, 0, job->n_alarms * sizeof *job->results);
    return r;
}

static int keep_as(struct tcn_intake_job *job, enum tcn_inbox_state state, struct tcn_store *s,
                   struct tcn_err *err)
{
    int r;

    job->inbox.state = state;
    job->n_alarms = 0;
    r = tcn_store_inbox_add(s, &job->inbox, err);
    job->is_duplicate = r == TCN_ECONFLICT;
    job->has_changed = r == 0;
    return job->is_duplicate ? 0 : r;
}

int tcn_intake_quarantine(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                          struct tcn_err *err)
{
    (void)now_ms;
    return keep_as((struct tcn_intake_job *)base, TCN_INBOX_QUARANTINED, s, err);
}

int tcn_intake_keep(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    (void)now_ms;
    return keep_as((struct tcn_intake_job *)base, TCN_INBOX_APPLIED, s, err);
}

const char *tcn_intake_name(enum tcn_intake outcome)
{
    static const char *const names[] = {"unset",    "nothing", "ignored", "late",     "opened",
                                        "folded",   "updated", "waiting", "resolved", "reopened",
                                        "attached", "held",    "muted",   "alive"};

    assert((size_t)outcome < sizeof names / sizeof *names);
    return names[outcome];
}
