/* What is done to the program: alarms, commands, hints; and what time does to it. */
#include "program.h"

#include "app/amendment.h"
#include "app/intake.h"
#include "app/timers.h"
#include "base/xalloc.h"
#include "sys/random.h"

#include <stdio.h>
#include <stdlib.h>

static const struct tcn_source_policy *const policies[] = {&program_policy, NULL};
static struct tcn_arena_pool program_arenas;

void program_close_acts(void)
{
    tcn_arena_pool_done(&program_arenas);
}

/* -- timers -------------------------------------------------------------------------------------------------------------- */

static void on_look(void *data)
{
    const uint64_t *no = data;

    if (*no == process.no && process.timer_ms != 0 && process.timer_ms <= clockwork_now_ms()) {
        process.timer_ms = 0;
        program_look();
    }
}

static void look_at_ms(int64_t at_ms)
{
    int64_t now_ms = clockwork_now_ms(), wait_ms = at_ms > now_ms ? at_ms - now_ms : 10 * SEC;

    if (at_ms == 0 || (process.timer_ms != 0 && process.timer_ms <= now_ms + wait_ms))
        return;
    process.timer_ms = now_ms + wait_ms;
    clockwork_after(wait_ms, on_look, &process.no, sizeof process.no);
}

static void on_timers(struct tcn_timer_job *job, int r, const struct tcn_err *err)
{
    if (!process.is_dying) {
        program_check(r, err);
        process.is_timing = false;
        if (job->has_tickets)
            tcn_lanes_wake(process.lanes);
        look_at_ms(job->next_ms);
    }
    tcn_timer_job_free(job);
}

static tcn_job_run *timers_run; /* of app/timers.c */

static int run_timers(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                      struct tcn_err *err)
{
    struct tcn_id newest = watch_find(s, NULL);
    struct tcn_incident was, is;
    struct tcn_arena a;
    int r;

    tcn_arena_init(&a, 4u << 20);
    watch_read(s, newest, &a, &was);
    r = timers_run(base, s, now_ms, err);
    watch_read(s, newest, &a, &is);
    if (r == 0 && was.exists)
        watch_note(&was, &is, HERE);
    tcn_arena_done(&a);
    return r;
}

void program_look(void)
{
    static const struct tcn_command_world world = {.declared = &program_directory,
                                                   .directory = &program_directory,
                                                   .policies = policies,
                                                   .salt = 1};
    struct tcn_timer_job *job;

    tcn_lanes_wake(process.lanes);
    if (process.is_timing)
        return;
    process.is_timing = true;
    job = tcn_timer_job_new(&world);
    timers_run = job->job.run;
    job->job.run = run_timers;
    job->finished = on_timers;
    (void)tcn_storethread_post(process.thread, &job->job);
}

/* -- alarms ---------------------------------------------------------------------------------------------------------------- */

static int run_alarm(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_intake_job *job = (struct tcn_intake_job *)base;
    struct tcn_incident was, is;
    struct tcn_arena a;
    int r;

    tcn_arena_init(&a, 4u << 20);
    watch_read(s, watch_find(s, NULL), &a, &was);
    if ((r = tcn_intake_run(base, s, now_ms, err)) == 0 &&
        !tcn_id_is_zero(job->results[0].incident)) {
        watch_read(s, job->results[0].incident, &a, &is);
        if (was.exists && !tcn_id_eq(was.id, is.id))
            was = (struct tcn_incident){.exists = false};
        watch_note(&was, &is, HERE);
    }
    tcn_arena_done(&a);
    return r;
}

static void on_alarm(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct tcn_intake_job *job = (struct tcn_intake_job *)base;

    if (!process.is_dying) {
        program_check(r, err);
        program_look();
    }
    tcn_intake_free(job);
}

void program_alarm(const struct sim_alarm *alarm)
{
    static const enum tcn_action actions[] = {[ALARM_FIRES] = TCN_ACTION_FIRE,
                                              [ALARM_IS_OVER] = TCN_ACTION_RESOLVE,
                                              [ALARM_TELLS] = TCN_ACTION_FIRE};
    struct tcn_intake_job *job = tcn_intake_new(&program_arenas, clockwork_now_ms());
    struct tcn_alarm *a = TCN_NEW(&job->arena, struct tcn_alarm);

    *a = (struct tcn_alarm){.source = "prom",
                            .dedupe_key = "web-cpu",
                            .action = actions[alarm->what],
                            .state = alarm->what == ALARM_IS_OVER ? "resolved" : "firing",
                            .clock_ms = clockwork_now_ms(),
                            .title = alarm->title[0] ? tcn_arena_strdup(&job->arena, alarm->title)
                                                     : NULL,
                            .impact = alarm->impact,
                            .raw = TCN_STR("{}")};
    job->inbox.source = "prom";
    job->inbox.body = TCN_STR("{}");
    job->inbox.delivery_id =
        tcn_arena_fmt(&job->arena, "%llx", (unsigned long long)tcn_random_u64());
    job->alarms = a;
    job->n_alarms = 1;
    job->policy = &program_policy;
    job->declared = &program_directory;
    job->job.run = run_alarm;
    job->job.done = on_alarm;
    (void)tcn_storethread_post(process.thread, &job->job);
}

/* -- commands, hints ------------------------------------------------------------------------------------------------------ */

struct order {
    struct tcn_job job; /* first */
    struct command command;
    struct tcn_id incident;
    enum system system;
    char remote_id[40];
};

static void on_order(struct tcn_job *job, int r, const struct tcn_err *err)
{
    if (!process.is_dying) {
        program_check(r, err);
        program_look();
    }
    free(job);
}

static void post(struct order *o, tcn_job_run *run)
{
    o->job.run = run;
    o->job.done = on_order;
    (void)tcn_storethread_post(process.thread, &o->job);
}

static int decide(struct tcn_amendment *c, const struct command *cmd, int64_t now_ms,
                  struct tcn_err *err)
{
    struct tcn_incident_update u = {.actor = "user:ann"};

    if (cmd->what == ACKNOWLEDGE)
        return tcn_engine_acknowledge(&c->a, (struct tcn_id){{0}}, u.actor, NULL, now_ms, &c->d);
    if (cmd->what == LEAVE_NOTE)
        return tcn_engine_note(&c->a, cmd->text, u.actor, now_ms, &c->d, err);
    if (cmd->what == SET_TITLE)
        u.title = cmd->text;
    if (cmd->what == SET_SUMMARY)
        u.summary = cmd->text;
    if (cmd->what == SET_IMPACT)
        u.impact = cmd->impact;
    if (cmd->what == RESOLVE)
        u.resolution = (struct tcn_resolution){"manual", cmd->text, u.actor};
    if (cmd->what == RESOLVE || cmd->what == REOPEN)
        u.status = cmd->what == RESOLVE ? TCN_STATUS_RESOLVED : TCN_STATUS_OPEN;
    return tcn_engine_update(&c->a, &u, now_ms, &c->d, err);
}

/* As app/commands.c: an incident is not opened beside another one that took its place. */
static bool may_be_done(struct tcn_store *s, const struct tcn_amendment *c,
                        const struct command *cmd)
{
    struct tcn_id other;
    struct tcn_err err;

    return cmd->what != REOPEN ||
           tcn_turn_other_open(s, &c->a.incident, &other, &err) == TCN_ENOTFOUND;
}

static int run_command(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                       struct tcn_err *err)
{
    struct order *o = (struct order *)base;
    struct tcn_incident was, is;
    struct tcn_amendment c;
    struct tcn_arena a;
    int r;

    tcn_arena_init(&a, 4u << 20);
    watch_read(s, o->incident, &a, &was);
    r = tcn_amendment_begin(&c, s, &program_directory, o->incident, now_ms, err);
    if (r == 0 && may_be_done(s, &c, &o->command)) {
        r = decide(&c, &o->command, now_ms, err);
        c.d.next_due_ms = tcn_engine_next_due(&c.a);
    } else if (r == 0) {
        r = TCN_ENOTFOUND; /* nothing is written */
    }
    r = tcn_amendment_end(&c, s, r, now_ms, err);
    watch_read(s, o->incident, &a, &is);
    if (r == 0 && is.exists)
        watch_note(&was, &is, HERE);
    tcn_arena_done(&a);
    return r;
}

void program_command(const struct command *command)
{
    struct order *o = tcn_xcalloc(1, sizeof *o);

    o->command = *command;
    o->incident = program_incident(NULL);
    post(o, run_command);
}

static int run_hint(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct order *o = (struct order *)base;
    bool is_known;

    return tcn_lanes_hint(s, system_names[o->system], o->remote_id, now_ms, &is_known, err);
}

void program_hint(enum system system, const char *remote_id)
{
    struct order *o = tcn_xcalloc(1, sizeof *o);

    o->system = system;
    snprintf(o->remote_id, sizeof o->remote_id, "%s", remote_id);
    tell("hint: %s %s", system_names[system], remote_id);
    post(o, run_hint);
}

static int run_sweep(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_link *links = NULL;
    struct tcn_arena a;
    size_t n = 0;
    int r;

    (void)base;
    tcn_arena_init(&a, 16u << 20);
    r = tcn_store_link_newest(s, NULL, NULL, 100, &a, &links, &n, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = tcn_lanes_read(s, &links[i], now_ms, err);
    tcn_arena_done(&a);
    return r;
}

void program_sweep(void)
{
    struct order *o = tcn_xcalloc(1, sizeof *o);

    tell("all records are read");
    post(o, run_sweep);
}
