/* The process: lanes over a hub, what the application does for them, alarms, commands, timers; and its death. */
#include "sync.h"

#include "app/amendment.h"
#include "app/intake.h"
#include "app/remark.h"
#include "app/shipped.h"
#include "app/take_turn.h"
#include "app/timers.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "connect/host.h"
#include "connect/lanes.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_POINTS 100

/* -- what stays the same for all stories -------------------------------------------------------------------------------- */

static const struct configured {
    const char *connector, *config, *url;
} configured[SYSTEMS] = {
    [JIRA] =
        {"jira",
         "{\"url\": \"https://site.atlassian.net\", \"user\": \"bot@jira.example\", \"token\": "
         "{\"env\": \"T\"}, \"project\": \"OPS\"}",
         "https://site.atlassian.net"},
    [SNOW] = {"servicenow",
              "{\"url\": \"https://snow.example\", \"user\": \"bot\", \"password\": {\"env\": "
              "\"T\"}}",
              "https://snow.example"},
    [PAGER] = {"pagerduty",
               "{\"token\": {\"env\": \"T\"}, \"from\": \"bot@pager.example\", \"service\": "
               "\"PWEB001\"}",
               "https://pager.example"},
};

static struct {
    struct tcn_problems problems;
    struct tcn_doc docs[SYSTEMS];
    char *texts[SYSTEMS]; /* owned */
    struct tcn_instance *instances[SYSTEMS];
    struct tcn_mapping *mappings[SYSTEMS];
    struct tcn_arena_pool arenas;
} installed;

static struct tcn_response_plan plan = {
    .name = "web",
    .title = "Template",
    .impact = 3,
    .connectors = {"jira", "snow", "pager"},
    .n_connectors = SYSTEMS,
};
static const struct tcn_directory directory = {
    .account_id = "111122223333", .region = "eu-central-1", .plans = &plan, .n_plans = 1};
static struct tcn_source_policy policy = {
    .name = "prom",
    .source = "prom",
    .response_plan = "web",
    .resolves = true,
    .flap_count = 6,
    .flap_quiet_ms = 15 * MIN,
    .flap_update_ms = 10 * MIN,
    .mute_window_ms = 24 * HOUR,
    .storm_new = 1000,
    .storm_window_ms = 5 * MIN,
};
static const struct tcn_source_policy *const policies[] = {&policy, NULL};

static struct process {
    struct tcn_storethread *thread;
    struct tcn_hub *hub;
    struct tcn_lanes *lanes;
    json_t *settings[SYSTEMS]; /* owned; of the story */
    bool is_timing, is_dying;
    int64_t timer_ms; /* when a look is due; 0: none */
    uint64_t no;
    bool fires; /* what the source said last */
    int64_t said;
} process;

static void check(int r, const struct tcn_err *err)
{
    if (r < 0)
        fail("the program: %s", err->msg);
}

static int give_secret(void *ctx, const struct tcn_node *reference, struct tcn_buf *ret)
{
    (void)ctx;
    (void)reference;
    tcn_buf_z(ret, "s3cret-of-the-simulation");
    return 0;
}

static void install(enum system s)
{
    const struct tocsin_connector *c =
        tcn_registry_find(tcn_shipped_registry(), configured[s].connector);
    struct tcn_mapping_lookup lookup = tcn_shipped_lookup();
    char name[64];
    struct tcn_node root;
    struct tcn_str text;

    installed.texts[s] = tcn_xstrdup(configured[s].config);
    if (tcn_doc_parse(&installed.docs[s], "sim.json", tcn_str(installed.texts[s]),
                      &installed.problems) < 0)
        fail("%s", installed.problems.text.ptr);
    root = tcn_node_root(&installed.docs[s]);
    if (tcn_instance_new(c, &tcn_host, system_names[s], &root, give_secret, NULL,
                         &installed.instances[s]) < 0)
        fail("%s", installed.problems.text.ptr);
    snprintf(name, sizeof name, "connectors/%s", configured[s].connector);
    if (tcn_mapping_builtin(tcn_shipped_table(), name, &text) < 0 ||
        tcn_mapping_load(name, text, &lookup, &installed.problems, &installed.mappings[s]) < 0)
        fail("%s: %s", name, installed.problems.text.ptr);
}

void program_open(void)
{
    tcn_problems_init(&installed.problems);
    for (enum system s = JIRA; s < SYSTEMS; s++)
        install(s);
}

void program_close(void)
{
    for (enum system s = JIRA; s < SYSTEMS; s++) {
        tcn_mapping_free(installed.mappings[s]);
        tcn_instance_free(installed.instances[s]);
        tcn_doc_done(&installed.docs[s]);
        free(installed.texts[s]);
    }
    tcn_problems_done(&installed.problems);
    tcn_arena_pool_done(&installed.arenas);
}

/* -- what changes in incidents -------------------------------------------------------------------------------------- */

static enum meaning meaning_of(const struct tcn_incident *i)
{
    if (i->status == TCN_STATUS_RESOLVED)
        return IS_OVER;
    return i->acknowledged_ms > 0 ? IS_WORKED_ON : IS_NEW;
}

static void note_edit(const struct tcn_incident *i, enum system from, enum field field,
                      const char *value)
{
    struct edit e = {.incident = i->id,
                     .at_ms = clockwork_now_ms(),
                     .place = HERE,
                     .from = from,
                     .field = field};

    snprintf(e.value, sizeof e.value, "%s", value);
    history_add(&e);
}

static void note_changes(const struct tcn_incident *was, const struct tcn_incident *is,
                         enum system from)
{
    char number[8];

    if (!was->exists || strcmp(was->title, is->title) != 0)
        note_edit(is, from, TITLE, is->title);
    snprintf(number, sizeof number, "%d", is->impact);
    if (!was->exists || was->impact != is->impact)
        note_edit(is, from, IMPACT, number);
    snprintf(number, sizeof number, "%d", (int)meaning_of(is));
    if (!was->exists || meaning_of(was) != meaning_of(is))
        note_edit(is, from, STATUS, number);
}

static void look_at(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                    struct tcn_incident *ret)
{
    struct tcn_err err;

    *ret = (struct tcn_incident){.exists = false};
    if (tcn_id_is_zero(id))
        return;
    if (tcn_store_incident_get(s, id, a, ret, &err) == TCN_ENOTFOUND)
        *ret = (struct tcn_incident){.exists = false};
}

/* The newest incident whose marks are like that; NULL: the newest of all. Zero: there is none. In a transaction. */
static struct tcn_id find_incident(struct tcn_store *s, const char *marker)
{
    struct tcn_link *links = NULL;
    struct tcn_id ret = {{0}};
    struct tcn_arena a;
    struct tcn_err err;
    size_t n = 0;

    tcn_arena_init(&a, 16u << 20);
    check(tcn_store_link_newest(s, NULL, NULL, 100, &a, &links, &n, &err), &err);
    for (size_t i = 0; i < n && tcn_id_is_zero(ret); i++) {
        char id[TCN_ID_TEXT], brief[27];

        tcn_id_text(links[i].incident, id);
        tcn_id_short(links[i].incident, brief);
        if (!marker || strstr(marker, id) || strstr(marker, brief))
            ret = links[i].incident;
    }
    tcn_arena_done(&a);
    return ret;
}

struct tcn_id program_incident(const char *marker)
{
    struct tcn_err err;
    struct tcn_id id;

    check(tcn_store_begin(program_store(), &err), &err);
    id = find_incident(program_store(), marker);
    tcn_store_rollback(program_store());
    return id;
}

/* -- what lanes ask of the application: as app/outbound.c does it ----------------------------------------------------- */

static int on_note(void *ctx, struct tcn_store *s, struct tcn_id incident, const char *text,
                   const char *actor, bool to_tickets, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_remark remark = {.text = text, .actor = actor, .to_tickets = to_tickets};

    (void)ctx;
    tell("timeline: %s: %s", actor, text);
    return tcn_remark_write(s, &directory, incident, &remark, now_ms, err);
}

static int on_linked(void *ctx, struct tcn_store *s, const struct tcn_link *link, const char *text,
                     int64_t now_ms, struct tcn_err *err)
{
    const char *url = link->remote_url && link->remote_url[0] ? link->remote_url : NULL;
    struct tcn_str key =
        tcn_utf8_cut(tcn_str(link->remote_key ? link->remote_key : ""), KEY_POINTS);
    char title[4 * KEY_POINTS + 100], actor[160];
    struct tcn_relation relation = {.url = url, .title = title, .text = text, .actor = actor};

    (void)ctx;
    snprintf(title, sizeof title, "%.64s %.*s", link->connector, (int)key.len, key.ptr);
    snprintf(actor, sizeof actor, "connector:%.120s", link->connector);
    return tcn_relation_write(s, &directory, link->incident, &relation, now_ms, err);
}

static enum system system_named(const char *name)
{
    enum system s = JIRA;

    while (s < SYSTEMS && strcmp(system_names[s], name) != 0)
        s++;
    return s;
}

static void tell_take(const struct tcn_link *link, const struct tcn_taken *taken)
{
    char *fields = json_dumps(taken->fields, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    const char *class = tcn_class_name(taken->status);

    tell("taken from %s: %s %s", link->connector, fields ? fields : "", class ? class : "");
    free(fields);
}

static int on_take(void *ctx, struct tcn_store *s, const struct tcn_link *link,
                   const struct tcn_taken *taken, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_incident was, is;
    struct tcn_arena a;
    int r;

    (void)ctx;
    tcn_arena_init(&a, 4u << 20);
    if (options.traces)
        tell_take(link, taken);
    look_at(s, link->incident, &a, &was);
    r = tcn_take_turn(s, &directory, link, taken, now_ms, err);
    look_at(s, link->incident, &a, &is);
    if (r == 0)
        note_changes(&was, &is, system_named(link->connector));
    tcn_arena_done(&a);
    return r;
}

static const char *on_url(void *ctx, struct tcn_id incident, struct tcn_arena *arena)
{
    char id[TCN_ID_TEXT];

    (void)ctx;
    tcn_id_text(incident, id);
    return tcn_arena_fmt(arena, "https://tocsin.example/i/%s", id);
}

static void look_for_work(void);

static void on_changed(void *ctx)
{
    (void)ctx;
    look_for_work();
}

/* -- life ------------------------------------------------------------------------------------------------------------------ */

static int64_t now_of(void *ctx)
{
    (void)ctx;
    return clockwork_now_ms();
}

static void start(void)
{
    struct tcn_lanes_item items[SYSTEMS];
    struct tcn_lanes_options o = {.account_id = directory.account_id, .items = items};

    process.no++;
    process.is_timing = process.is_dying = false;
    process.timer_ms = 0;
    process.thread = store_begin();
    process.hub = tcn_hub_new(NULL, NULL, now_of, NULL);
    for (enum system s = JIRA; s < SYSTEMS; s++)
        items[o.n_items++] = (struct tcn_lanes_item){installed.instances[s], installed.mappings[s],
                                                     process.settings[s]};
    o.hub = process.hub;
    o.store = process.thread;
    o.app = (struct tcn_lanes_app){.note = on_note,
                                   .linked = on_linked,
                                   .take = on_take,
                                   .url = on_url,
                                   .changed = on_changed};
    process.lanes = tcn_lanes_new(&o);
    look_for_work();
}

static void stop(void)
{
    process.is_dying = true;
    tcn_lanes_stop(process.lanes);
    store_die(process.thread);
    tcn_lanes_free(process.lanes);
    tcn_hub_free(process.hub);
    judge_forget_calls();
}

/* One word of those that the setting takes, or the mapping's own. */
static void vary(json_t *settings, const char *name, struct chance *c)
{
    const char *const *words = tcn_mapping_sync_words(name);
    size_t n = 0;

    while (words[n])
        n++;
    if (has_kind(VARIANTS) && chance_in(c, 30))
        json_object_set_new(settings, name, json_string(words[chance_below(c, (int64_t)n)]));
}

static void configure(enum system s, struct chance *c)
{
    json_t *settings = json_pack("{s:s}", "url", configured[s].url);

    vary(settings, "auto_resolve", c);
    vary(settings, "resolve_while_firing", c);
    process.settings[s] = settings;
}

void program_begin(struct chance *c)
{
    process = (struct process){.no = process.no};
    for (enum system s = JIRA; s < SYSTEMS; s++)
        configure(s, c);
    policy.reopen_window_ms = has_kind(VARIANTS) && chance_in(c, 30) ? 0 : 15 * MIN;
    policy.resolve_after_ms = has_kind(VARIANTS) && chance_in(c, 30) ? 30 * SEC : 0;
    start();
}

void program_end(void)
{
    stop();
    for (enum system s = JIRA; s < SYSTEMS; s++)
        json_decref(process.settings[s]);
}

void program_crash(void)
{
    tell("the process dies");
    totals->crashes++;
    stop();
    start();
}

struct tcn_store *program_store(void)
{
    return store_of(process.thread);
}

const json_t *program_setting(enum system system, const char *name)
{
    const json_t *own = json_object_get(process.settings[system], name);

    return own ? own : json_object_get(tcn_mapping_settings(installed.mappings[system]), name);
}

bool program_alarm_fires(void)
{
    return process.fires;
}

/* -- timers -------------------------------------------------------------------------------------------------------------- */

static void on_look(void *data)
{
    const uint64_t *no = data;

    if (*no == process.no && process.timer_ms != 0 && process.timer_ms <= clockwork_now_ms()) {
        process.timer_ms = 0;
        look_for_work();
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
        check(r, err);
        process.is_timing = false;
        tcn_lanes_wake(process.lanes);
        look_at_ms(job->next_ms);
    }
    tcn_timer_job_free(job);
}

static tcn_job_run *timers_run; /* of app/timers.c */

static int run_timers(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                      struct tcn_err *err)
{
    struct tcn_id newest = find_incident(s, NULL);
    struct tcn_incident was, is;
    struct tcn_arena a;
    int r;

    tcn_arena_init(&a, 4u << 20);
    look_at(s, newest, &a, &was);
    r = timers_run(base, s, now_ms, err);
    look_at(s, newest, &a, &is);
    if (r == 0 && was.exists)
        note_changes(&was, &is, HERE);
    tcn_arena_done(&a);
    return r;
}

static void look_for_work(void)
{
    static const struct tcn_command_world world = {&directory, &directory, policies, 1};
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
    look_at(s, find_incident(s, NULL), &a, &was);
    if ((r = tcn_intake_run(base, s, now_ms, err)) == 0 &&
        !tcn_id_is_zero(job->results[0].incident)) {
        look_at(s, job->results[0].incident, &a, &is);
        if (was.exists && !tcn_id_eq(was.id, is.id))
            was = (struct tcn_incident){.exists = false};
        note_changes(&was, &is, HERE);
    }
    tcn_arena_done(&a);
    return r;
}

static void on_alarm(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct tcn_intake_job *job = (struct tcn_intake_job *)base;

    if (!process.is_dying) {
        check(r, err);
        look_for_work();
    }
    tcn_intake_free(job);
}

void program_alarm(const struct sim_alarm *alarm)
{
    static const enum tcn_action actions[] = {[ALARM_FIRES] = TCN_ACTION_FIRE,
                                              [ALARM_IS_OVER] = TCN_ACTION_RESOLVE,
                                              [ALARM_TELLS] = TCN_ACTION_FIRE};
    struct tcn_intake_job *job = tcn_intake_new(&installed.arenas, clockwork_now_ms());
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
    process.fires = alarm->what != ALARM_IS_OVER;
    job->inbox.source = "prom";
    job->inbox.body = TCN_STR("{}");
    job->inbox.delivery_id = tcn_arena_fmt(&job->arena, "d%lld", (long long)++process.said);
    job->alarms = a;
    job->n_alarms = 1;
    job->policy = &policy;
    job->declared = &directory;
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
        check(r, err);
        look_for_work();
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
    look_at(s, o->incident, &a, &was);
    r = tcn_amendment_begin(&c, s, &directory, o->incident, now_ms, err);
    if (r == 0 && may_be_done(s, &c, &o->command)) {
        r = decide(&c, &o->command, now_ms, err);
        c.d.next_due_ms = tcn_engine_next_due(&c.a);
    } else if (r == 0) {
        r = TCN_ENOTFOUND; /* nothing is written */
    }
    r = tcn_amendment_end(&c, s, r, now_ms, err);
    look_at(s, o->incident, &a, &is);
    if (r == 0 && is.exists)
        note_changes(&was, &is, HERE);
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
