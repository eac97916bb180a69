/* A small world for the engine's tests: people, plans, one source, one aggregate that lives from turn to turn. Every
 * turn ends with the invariants. */
#ifndef TEST_ENGINE_FIXTURE_H
#define TEST_ENGINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "engine/engine.h"
#include <jansson.h>

#define T0 INT64_C(1785690000000)
#define SEC INT64_C(1000)
#define MIN (60 * SEC)
#define HOUR (60 * MIN)
#define MAX_PEOPLE 8

struct fixture {
    struct tcn_arena arena;
    struct tcn_contact contacts[MAX_PEOPLE];
    struct tcn_channel channels[MAX_PEOPLE][3];
    struct tcn_response_plan plan;
    struct tcn_directory directory;
    struct tcn_source_policy policy;
    struct tcn_aggregate a;
    struct tcn_aggregate storm_a;
    struct tcn_storm storm;
    struct tcn_mutes mutes;
    bool has_storm;
    struct tcn_decision d;
    int64_t now;
    unsigned n_ids;
    size_t n_sends, n_receipts, n_events; /* over all turns */
};

static inline struct tcn_id fx_id(unsigned n)
{
    struct tcn_id root = {{0}};

    return tcn_id_child(root, "test", n);
}

/* Room for the most stages of the most targets. */
static inline const struct tcn_stage *fx_stages(struct fixture *f)
{
    struct tcn_stage *stages = TCN_NEW_N(&f->arena, struct tcn_stage, TCN_STAGES_MAX);

    for (size_t i = 0; i < TCN_STAGES_MAX; i++)
        stages[i].targets = TCN_NEW_N(&f->arena, struct tcn_target, TCN_TARGETS_MAX);
    return stages;
}

/* Three channels: email, sms, voice, all activated. */
static inline struct tcn_contact *fx_contact(struct fixture *f, const char *alias,
                                             enum tcn_contact_type type)
{
    static const char *const names[] = {"email", "sms", "voice"};
    size_t at = f->directory.n_contacts++;
    struct tcn_contact *c = &f->contacts[at];

    assert_true(at < MAX_PEOPLE);
    *c = (struct tcn_contact){.alias = alias,
                              .display_name = alias,
                              .type = type,
                              .plan.stages = fx_stages(f),
                              .channels = f->channels[at],
                              .n_channels = type == TCN_PERSONAL ? 3 : 0};
    for (size_t i = 0; i < 3; i++)
        f->channels[at][i] = (struct tcn_channel){.id = fx_id(1000 + (unsigned)(at * 3 + i)),
                                                  .contact = alias,
                                                  .name = names[i],
                                                  .type = (enum tcn_channel_type)(TCN_EMAIL + i),
                                                  .address = "a@example.com",
                                                  .is_activated = true};
    return c;
}

/* The fixture made the plan, with room for the most: it alone may add to it. */
static inline struct tcn_stage *fx_stage_of(const struct tcn_contact *c, size_t at)
{
    return (struct tcn_stage *)(uintptr_t)&c->plan.stages[at];
}

static inline struct tcn_target *fx_target_of(const struct tcn_stage *s, size_t at)
{
    return (struct tcn_target *)(uintptr_t)&s->targets[at];
}

static inline struct tcn_stage *fx_stage(struct tcn_contact *c, int64_t duration_ms)
{
    struct tcn_stage *s = fx_stage_of(c, c->plan.n_stages++);

    s->duration_ms = duration_ms;
    return s;
}

static inline void fx_channel(struct tcn_stage *s, const char *channel, int64_t retry_ms)
{
    *fx_target_of(s, s->n_targets++) =
        (struct tcn_target){.channel = channel, .retry_ms = retry_ms};
}

static inline void fx_target(struct tcn_stage *s, const char *contact, bool is_essential)
{
    *fx_target_of(s, s->n_targets++) =
        (struct tcn_target){.contact = contact, .is_essential = is_essential};
}

/* A person with one stage of 5 minutes on email, without retry. */
static inline struct tcn_contact *fx_person(struct fixture *f, const char *alias)
{
    struct tcn_contact *c = fx_contact(f, alias, TCN_PERSONAL);

    fx_channel(fx_stage(c, 5 * MIN), "email", 0);
    return c;
}

static inline void fx_engage(struct fixture *f, const char *alias)
{
    f->plan.engagements[f->plan.n_engagements++] = alias;
}

static inline void fx_init(struct fixture *f)
{
    *f = (struct fixture){.now = T0};
    tcn_arena_init(&f->arena, 64u << 20);
    f->plan = (struct tcn_response_plan){.name = "main", .title = "Template", .impact = 3};
    f->policy = (struct tcn_source_policy){
        .name = "cw",
        .source = "aws.cloudwatch",
        .response_plan = "main",
        .resolves = true,
        .reopen_window_ms = 15 * MIN,
        .mute_window_ms = 24 * HOUR,
        .echo_window_ms = 60 * SEC,
        .flap_count = 6,
        .flap_quiet_ms = 15 * MIN,
        .flap_update_ms = 10 * MIN,
        .storm_new = 30,
        .storm_window_ms = 5 * MIN,
    };
    f->directory = (struct tcn_directory){.account_id = "111122223333",
                                          .region = "us-east-1",
                                          .contacts = f->contacts,
                                          .plans = &f->plan,
                                          .n_plans = 1};
}

static inline void fx_done(struct fixture *f)
{
    tcn_arena_done(&f->arena);
}

static inline void fx_begin(struct fixture *f)
{
    tcn_decision_init(&f->d, &f->arena);
    f->d.directory = &f->directory;
}

static inline void fx_check_json(const char *text)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    if (!root)
        fail_msg("not JSON: %s", text);
    json_decref(root);
}

/* What every event of any decision must be. */
static inline void fx_check_events(const struct fixture *f)
{
    for (size_t i = 0; i < f->d.events.n; i++) {
        const struct tcn_event *e = &f->d.events.items[i];

        fx_check_json(e->data);
        if (e->references)
            fx_check_json(e->references);
        assert_true(!e->to_tickets || e->text);
    }
}

static inline void fx_check(struct fixture *f, const struct tcn_aggregate *a)
{
    struct tcn_err err = {0};

    if (tcn_engine_invariant(a, f->now, &err) < 0)
        fail_msg("%s", err.msg);
    fx_check_events(f);
    for (size_t i = 0; i < a->n_engagements; i++) {
        assert_true(f->d.incident_changed || !a->engagements[i].is_dirty);
        a->engagements[i].is_dirty = false; /* written */
    }
    assert_int_equal(f->d.next_due_ms, tcn_engine_next_due(f->d.subject));
    f->n_sends += f->d.sends.n;
    f->n_receipts += f->d.receipts.n;
    f->n_events += f->d.events.n;
}

static inline struct tcn_alarm fx_alarm(enum tcn_action action, int64_t clock_ms)
{
    return (struct tcn_alarm){.source = "cw",
                              .dedupe_key = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:cpu",
                              .action = action,
                              .state = action == TCN_ACTION_FIRE ? "ALARM" : "OK",
                              .clock_ms = clock_ms,
                              .title = "cpu",
                              .summary = "cpu is high",
                              .trigger_arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:cpu",
                              .raw = {"{}", 2}};
}

static inline enum tcn_intake fx_send(struct fixture *f, const struct tcn_alarm *alarm)
{
    const struct tcn_intake_input in = {.alarm = alarm,
                                        .policy = &f->policy,
                                        .directory = &f->directory,
                                        .mutes = &f->mutes,
                                        .new_id = fx_id(++f->n_ids),
                                        .salt = 7,
                                        .now_ms = f->now};
    enum tcn_intake verdict;

    fx_begin(f);
    verdict = tcn_engine_alarm(&in, &f->a, f->has_storm ? &f->storm : NULL,
                               f->storm_a.incident.exists ? &f->storm_a : NULL, &f->d);
    fx_check(f, f->d.subject);
    return verdict;
}

static inline enum tcn_intake fx_alarm_at(struct fixture *f, enum tcn_action action,
                                          int64_t clock_ms)
{
    struct tcn_alarm alarm = fx_alarm(action, clock_ms);

    return fx_send(f, &alarm);
}

static inline void fx_timer(struct fixture *f)
{
    fx_begin(f);
    tcn_engine_timer(&f->a, &f->policy, &f->directory, 7, f->now, &f->d);
    fx_check(f, &f->a);
    assert_true(f->d.next_due_ms == 0 || f->d.next_due_ms > f->now);
}

/* Runs every timer that is due until then, at its own time. */
static inline void fx_run_until(struct fixture *f, int64_t until_ms)
{
    int64_t due;

    while ((due = tcn_engine_next_due(&f->a)) != 0 && due <= until_ms) {
        if (due > f->now)
            f->now = due;
        fx_timer(f);
    }
    f->now = until_ms;
}

static inline int fx_ack(struct fixture *f, struct tcn_id page, const char *actor)
{
    int r;

    fx_begin(f);
    r = tcn_engine_acknowledge(&f->a, page, actor, NULL, f->now, &f->d);
    if (r == 0)
        fx_check(f, &f->a);
    return r;
}

static inline int fx_status(struct fixture *f, enum tcn_incident_status status, const char *code)
{
    struct tcn_incident_update u = {.status = status, .actor = "user:ann"};
    int r;

    u.resolution.code = code;
    fx_begin(f);
    r = tcn_engine_update(&f->a, &u, f->now, &f->d, NULL);
    fx_check(f, &f->a);
    return r;
}

static inline struct tcn_page *fx_page_of(struct fixture *f, const char *contact)
{
    struct tcn_page *found = NULL;

    for (size_t i = 0; i < f->a.n_engagements; i++)
        for (size_t k = 0; k < f->a.engagements[i].n_pages; k++)
            if (strcmp(f->a.engagements[i].pages[k].contact, contact) == 0)
                found = &f->a.engagements[i].pages[k];
    return found;
}

/* An event of this decision whose type is type and whose text contains text (NULL: any). */
static inline const struct tcn_event *fx_event(const struct fixture *f, const char *type,
                                               const char *text)
{
    for (size_t i = 0; i < f->d.events.n; i++) {
        const struct tcn_event *e = &f->d.events.items[i];

        if (strcmp(e->type, type) == 0 && (!text || (e->text && strstr(e->text, text))))
            return e;
    }
    return NULL;
}

static inline bool fx_wrote_nothing(const struct fixture *f)
{
    return !f->d.lane_changed && !f->d.incident_changed && !f->d.storm_changed &&
           !f->d.tickets_due && f->d.events.n == 0 && f->d.sends.n == 0 && f->d.receipts.n == 0 &&
           f->d.related.n == 0;
}

static inline const char *fx_verdict(enum tcn_intake v)
{
    static const char *const names[] = {"UNSET",  "NOTHING", "IGNORED", "LATE",     "OPENED",
                                        "FOLDED", "UPDATED", "WAITING", "RESOLVED", "REOPENED",
                                        "STORM",  "HELD",    "MUTED",   "ALIVE"};

    return names[v];
}

#endif
