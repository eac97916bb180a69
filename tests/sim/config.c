/* People, plans and sources at random, within the quotas of the API. */
#include "world.h"

#include <stdlib.h>

static const char *const people[MAX_PEOPLE] = {"ann", "bob", "cat", "dan", "eve", "fay"};
static const char *const names[3] = {"email", "sms", "voice"};

static void add_channels(struct world *w, size_t at)
{
    for (size_t i = 0; i < 3; i++)
        w->channels[at][i] = (struct tcn_channel){.contact = w->contacts[at].alias,
                                                  .name = names[i],
                                                  .type = (enum tcn_channel_type)(TCN_EMAIL + i),
                                                  .address = "x",
                                                  .is_activated = !rng_chance(&w->rng, 10)};
    w->contacts[at].channels = w->channels[at];
    w->contacts[at].n_channels = 3;
}

static void plan_person(struct world *w, struct tcn_contact *c)
{
    size_t n = (size_t)rng_below(&w->rng, 4);
    struct tcn_stage *stages = TCN_NEW_N(&w->config, struct tcn_stage, n);

    for (size_t i = 0; i < n; i++) {
        size_t n_targets = (size_t)rng_below(&w->rng, 3);
        struct tcn_target *targets = TCN_NEW_N(&w->config, struct tcn_target, n_targets);

        stages[i] = (struct tcn_stage){(rng_below(&w->rng, 6) + (n_targets == 0)) * MIN, targets,
                                       n_targets};
        for (size_t k = 0; k < n_targets; k++)
            targets[k] = (struct tcn_target){.channel = names[rng_below(&w->rng, 3)],
                                             .retry_ms = rng_below(&w->rng, 4) * MIN};
    }
    c->plan = (struct tcn_plan){stages, n};
}

/* As it is from now on. */
static void keep_plan(struct world *w, size_t at)
{
    struct plan_version *v = calloc(1, sizeof *v);

    v->since_ms = now_of(w);
    v->plan = w->contacts[at].plan;
    w->plan_versions[at][w->n_plan_versions[at]++] = v;
}

static void make_person(struct world *w, size_t at)
{
    struct tcn_contact *c = &w->contacts[at];

    *c = (struct tcn_contact){.alias = people[at], .type = TCN_PERSONAL};
    add_channels(w, at);
    plan_person(w, c);
    keep_plan(w, at);
}

/* People and schedules; a person who is on call too may be reached twice. */
static const char *some_target(struct world *w)
{
    return rng_chance(&w->rng, 60)
               ? people[rng_below(&w->rng, MAX_PEOPLE)]
               : w->contacts[FIRST_SCHEDULE + (size_t)rng_below(&w->rng, 2)].alias;
}

static void plan_escalation(struct world *w, struct tcn_contact *c)
{
    size_t n = 1 + (size_t)rng_below(&w->rng, 4);
    struct tcn_stage *stages = TCN_NEW_N(&w->config, struct tcn_stage, n);

    for (size_t i = 0; i < n; i++) {
        int64_t duration_ms = rng_below(&w->rng, 11) * MIN;
        size_t n_targets = 1 + (size_t)rng_below(&w->rng, 3);
        struct tcn_target *targets = TCN_NEW_N(&w->config, struct tcn_target, n_targets);

        stages[i] = (struct tcn_stage){duration_ms, targets, n_targets};
        for (size_t k = 0; k < n_targets; k++)
            targets[k] = (struct tcn_target){.contact = some_target(w),
                                             .is_essential = rng_chance(&w->rng, 50)};
    }
    c->plan = (struct tcn_plan){stages, n};
}

static void make_escalation(struct world *w, size_t at, const char *alias)
{
    w->contacts[at] = (struct tcn_contact){.alias = alias, .type = TCN_ESCALATION};
    plan_escalation(w, &w->contacts[at]);
    keep_plan(w, at);
}

/* Who is engaged already is paged by the plan as it was. */
void config_replan(struct world *w)
{
    size_t at = (size_t)rng_below(&w->rng, FIRST_SCHEDULE);

    if (w->n_plan_versions[at] == MAX_VERSIONS)
        return;
    if (at < MAX_PEOPLE)
        plan_person(w, &w->contacts[at]);
    else
        plan_escalation(w, &w->contacts[at]);
    keep_plan(w, at);
}

void config_done(struct world *w)
{
    for (size_t i = 0; i < FIRST_SCHEDULE; i++)
        for (size_t k = 0; k < w->n_plan_versions[i]; k++)
            free(w->plan_versions[i][k]);
}

/* What each plan is called at first, and once it was renamed. */
static const char *const plan_names[2][3] = {{"single", "shared", "storm"},
                                             {"single-2", "shared-2", "storm-2"}};

static void make_plans(struct world *w)
{
    for (size_t i = 0; i < 3; i++) {
        struct tcn_response_plan *p = &w->plans[i];

        *p = (struct tcn_response_plan){.name = plan_names[0][i], .title = "Template", .impact = 3};
        p->n_engagements = 1 + (size_t)rng_below(&w->rng, 3);
        for (size_t k = 0; k < p->n_engagements; k++)
            p->engagements[k] = w->contacts[rng_below(&w->rng, MAX_CONTACTS)].alias;
    }
}

/* By the plan's own dedupe string, or by a tag that all alarms have alike. */
static void share(struct world *w)
{
    static const char *group_by[] = {"team"};

    if (rng_chance(&w->rng, 50))
        w->plans[1].dedupe_string = "shared";
    else
        w->policies[2].group_by = group_by, w->policies[2].n_group_by = 1;
}

static const size_t plan_of[MAX_SOURCES] = {0, 0, 1, 2};

/* 0 single alarms, 1 groups from two peers, 2 alarms that share an incident, 3 storms. */
static void make_sources(struct world *w)
{
    static const char *const source_names[MAX_SOURCES] = {"cw", "prom", "shared", "burst"};

    for (size_t i = 0; i < MAX_SOURCES; i++)
        w->policies[i] = (struct tcn_source_policy){
            .name = source_names[i],
            .source = source_names[i],
            .response_plan = w->plans[plan_of[i]].name,
            .resolves = true,
            .reopen_window_ms = rng_chance(&w->rng, 30) ? 0 : 15 * MIN,
            .mute_window_ms = 24 * HOUR,
            .resolve_after_ms = rng_below(&w->rng, 3) * 30 * SEC,
            .echo_window_ms = ECHO_WINDOW,
            .stale_after_ms = w->is_exact ? 0 : rng_below(&w->rng, 2) * 20 * MIN,
            .flap_count = 6,
            .flap_quiet_ms = 15 * MIN,
            .flap_update_ms = 10 * MIN,
            .storm_new = i == 3 ? 10 : 1000,
            .storm_window_ms = 5 * MIN,
        };
}

void config_make(struct world *w)
{
    w->directory = (struct tcn_directory){.account_id = "111122223333",
                                          .region = "us-east-1",
                                          .contacts = w->contacts,
                                          .n_contacts = MAX_CONTACTS,
                                          .plans = w->plans,
                                          .n_plans = 3};
    for (size_t i = 0; i < MAX_PEOPLE; i++)
        make_person(w, i);
    rotations_make(w);
    make_escalation(w, FIRST_ESCALATION, "esc1");
    make_escalation(w, FIRST_ESCALATION + 1, "esc2");
    make_plans(w);
    make_sources(w);
    share(w);
}

/* Its sources follow; the incidents that it opened know the old name. */
void config_rename_plan(struct world *w)
{
    size_t at = (size_t)rng_below(&w->rng, 3);
    bool is_new = w->plans[at].name == plan_names[1][at];

    w->plans[at].name = plan_names[is_new ? 0 : 1][at];
    for (size_t i = 0; i < MAX_SOURCES; i++)
        if (plan_of[i] == at)
            w->policies[i].response_plan = w->plans[at].name;
}

void config_disturb(struct world *w)
{
    struct tcn_channel *c = &w->channels[rng_below(&w->rng, MAX_PEOPLE)][rng_below(&w->rng, 3)];

    c->is_activated = !c->is_activated;
}

void config_restore(struct world *w)
{
    for (size_t i = 0; i < MAX_PEOPLE; i++)
        for (size_t k = 0; k < 3; k++)
            w->channels[i][k].is_activated = true;
}
