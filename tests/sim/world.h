/* The simulated world of the engine: a model store, a clock, senders, people, and what they did. One struct a run. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "engine/engine.h"
#include "engine/wake.h"

#define SEC INT64_C(1000)
#define MIN (60 * SEC)
#define ECHO_WINDOW (60 * SEC) /* of every source */
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)

#define MAX_PEOPLE 6
#define FIRST_ESCALATION MAX_PEOPLE
#define FIRST_SCHEDULE (FIRST_ESCALATION + 2)
#define MAX_CONTACTS (FIRST_SCHEDULE + 2)
#define MAX_ROTATIONS 4
#define MAX_VERSIONS 40 /* of one rotation, or of one plan, in a run */
#define SIM_ZONES 7
#define SIM_SETTINGS 4
#define SIM_WINDOWS 2
#define SIM_OVERRIDES 5
#define SIM_SUBSTITUTES 3
#define MAX_SOURCES 4
#define MAX_KEYS 1500
#define MAX_INCIDENTS 6000
#define MAX_PENDING 4096
#define ROW_SLOTS 16384
#define MAX_MEMBERS 6
#define MAX_MUTES 4
#define MAX_BEATS 2

struct rng {
    uint64_t state;
};
uint64_t rng_next(struct rng *r);
int64_t rng_below(struct rng *r, int64_t n); /* 0 .. n - 1 */
bool rng_chance(struct rng *r, int percent);

/* A message that left Tocsin. */
struct sent {
    struct tcn_id page;
    int64_t engagement_no, send_no, at_ms;
    const char *contact, *channel; /* of the configuration: they outlive the run */
};

/* An answer: contact NULL is a user who answers for everybody. */
struct answer {
    int64_t at_ms, engagement_no;
    const char *contact;
};

/* What a provider says of a message: LATE, that it is tried again; FAILED for a reason that may pass; DOUBTED, that its answer
 * was lost and it is sent once more; LOST, that it was not, either. */
enum said {
    SAID_NOTHING = 0,
    SAID_SENT,
    SAID_LATE,
    SAID_REFUSED,
    SAID_FAILED,
    SAID_DOUBTED,
    SAID_LOST
};

struct result {
    struct tcn_id page;
    int64_t at_ms, engagement_no;
    enum said said;
};

struct incident_row {
    struct tcn_arena arena;
    struct tcn_incident incident;
    struct tcn_engagement *engagements;
    size_t n_engagements;
    struct sent *sent;
    size_t n_sent, size_sent;
    struct answer *answers;
    size_t n_answers, size_answers;
    struct result *results;
    size_t n_results, size_results;
    int64_t events, reasons; /* "cannot page" and the like */
    bool person_reopened, person_resolved;
    bool has_lost;  /* what a provider said of one of its messages never came */
    int64_t due_ms; /* when its timer runs, 0 = never */
    size_t timer_place;
    size_t kept; /* bytes of the memory that were its own when that was swept last */
    struct key_row *lanes;
    bool was_stopped[TCN_ENGAGEMENTS_CAP]; /* engagements, as of the last commit */
};

/* A member of a group as one message tells it. */
struct member_state {
    bool is_firing;
    int64_t since, ended;
};

struct member {
    bool truth_firing, told_firing;
    bool is_untold; /* its end was concluded from that of its group */
    int64_t since, told_since, ended;
    int64_t heard;          /* when what was told of it changed, by our clock */
    int64_t echo, echo_due; /* told to fire all the same, and when it does; 0 = not */
};

/* One alarm of the world: what is true, what Tocsin was told, and the lane that it keeps. */
struct key_row {
    char name[48];
    int source;
    bool is_beat; /* of a heartbeat */
    struct tcn_arena arena;
    struct tcn_lane lane;
    struct incident_row *incident; /* that the lane names */
    struct key_row *next;          /* of its lanes */
    bool truth_firing;
    int64_t truth_clock;
    struct tcn_storm_alarm alarm; /* what it said when it was attached to a storm */
    struct tcn_id storm;          /* to which; zero = it never was */
    /* What the deliveries so far mean, worked out apart from the engine (alarms.c). */
    bool told_firing, told_hidden;
    int64_t told_clock, echo_due;
    struct member members[MAX_MEMBERS];
    char member_names[MAX_MEMBERS][8];
    struct tcn_waiting waiting; /* it fires and is muted; due_ms 0: not */
    struct tcn_arena waits;     /* the texts of that */
};

/* Of one source, or of all. */
struct sim_mute {
    struct tcn_mute mute;
    int source; /* negative: all */
    const char *value;
    struct tcn_matcher matcher; /* of one source */
};

/* A source's sign of life. */
struct beat {
    struct key_row key;
    struct tcn_heartbeat heartbeat;
    int64_t signed_ms;       /* the last one, by our clock */
    int64_t silent_until_ms; /* no sign comes before this true time */
};

enum pending_kind { PENDING_NONE = 0, PENDING_ALARM, PENDING_ANSWER, PENDING_RESULT };

/* Something on its way to Tocsin. */
struct pending {
    enum pending_kind kind;
    int64_t at_ms; /* true time */
    uint64_t no;   /* of those that were ever on their way */
    size_t key;    /* alarm: index; else the incident's */
    enum tcn_action action;
    int64_t clock;
    struct tcn_id page;
    enum said said;
    int64_t send_no;
    bool is_again; /* a try that the engine asked for: its outcome is known when it is made */
    int wording;   /* texts of this path */
    bool is_truncated;
    unsigned members; /* bits: in the message */
    struct member_state states[MAX_MEMBERS];
};

/* A rotation as it was from a time on, with what its lists point to. */
struct rotation_version {
    int64_t since_ms;
    struct tcn_rotation rotation;
    const char *contacts[MAX_PEOPLE];
    struct tcn_clock_time daily[SIM_SETTINGS];
    struct tcn_weekly_setting weekly[SIM_SETTINGS];
    struct tcn_monthly_setting monthly[SIM_SETTINGS];
    struct tcn_coverage_time windows[7][SIM_WINDOWS];
    struct tcn_rotation_override overrides[SIM_OVERRIDES];
    const char *substitutes[SIM_OVERRIDES][SIM_SUBSTITUTES];
    /* Of oncall.c: until walked_ms, by setting and date. */
    int64_t *hand_offs;
    size_t n_hand_offs, size_hand_offs;
    int64_t walked_ms;
};

/* The plan of a person or an escalation plan as it was from a time on. */
struct plan_version {
    int64_t since_ms;
    struct tcn_plan plan;
};

struct sim_rotation {
    const char *alias;
    struct rotation_version *versions[MAX_VERSIONS]; /* owned, the oldest first */
    size_t n_versions;
};

/* Kinds of events that a run can be without: what is left of them is what a failure needs. */
// clang-format off
#define SIM_FEATURES(X)                                                                            \
    X(CRASHES, "crashes") X(STORMS, "storms") X(OUTAGES, "outages") X(USERS, "users")              \
    X(RENAMES, "renames") X(ROTATIONS, "rotations") X(DOWNTIME, "downtime") X(CLOCKS, "clocks")    \
    X(CHANNELS, "channels") X(LOSSES, "losses") X(SINGLES, "singles") X(GROUPS, "groups")          \
    X(SHARED_ONES, "shared") X(LAGS, "lags") X(COPIES, "copies") X(ANSWERS, "answers")             \
    X(WAITS, "waits") X(DOUBTS, "doubts") X(REFUSALS, "refusals") X(FAILURES, "failures")          \
    X(LATENCY, "latency") X(PLANS, "plans") X(SPLITS, "splits") X(MUTES, "mutes")              \
    X(CODES, "codes") X(HELP, "help") X(HEARTBEATS, "heartbeats") X(ALONE, "alone")
// clang-format on
#define SIM_FEATURE(name, text) FEATURE_##name,
enum feature { SIM_FEATURES(SIM_FEATURE) FEATURES };
#define world_has(w, name) (((w)->options.without >> FEATURE_##name & 1) == 0)

struct world_store;

struct options {
    uint64_t seed;
    int64_t from, steps; /* the steps from the one until before the other happen */
    unsigned without;    /* bits of features */
    bool forgets;        /* a defect of the model store: see store.c */
    bool traces;
    const struct world_store *store; /* NULL: the model alone */
    int64_t (*clock_ns)(void);       /* what the engine's own time is measured by */
};

struct world {
    struct options options;
    struct rng rng;
    bool
        is_exact; /* no downtime, clock that jumps, lost message, or channel that comes and goes: the exact oracles hold */
    int64_t latency;    /* how late timers run */
    int64_t truth;      /* true time */
    int64_t skew;       /* of Tocsin's clock */
    int64_t pace;       /* how often much time passes, in 1000 steps */
    int64_t outage_ms;  /* until this true time no provider takes anything */
    int64_t listens_ms; /* since when alarms are taken without a gap; 0 = always */
    int64_t step;
    uint64_t trace;
    int64_t start; /* the true time of the first step */
    struct tcn_arena turn, fresh, config;
    struct sim_rotation rotations[MAX_ROTATIONS];
    size_t n_rotations;
    const struct tcn_roster *rosters[MAX_ROTATIONS];
    struct tcn_contact contacts[MAX_CONTACTS];
    struct plan_version *plan_versions[FIRST_SCHEDULE][MAX_VERSIONS]; /* owned, the oldest first */
    size_t n_plan_versions[FIRST_SCHEDULE];
    struct tcn_channel channels[MAX_CONTACTS][3];
    struct tcn_response_plan plans[3];
    struct tcn_directory directory;
    struct tcn_source_policy policies[MAX_SOURCES];
    struct tcn_storm storms[MAX_SOURCES];
    struct sim_mute muting[MAX_MUTES];
    struct tcn_mute mute_items[MAX_MUTES]; /* the same for the engine */
    struct tcn_mutes mutes;
    int64_t n_waiting, looks;         /* alarms that wait; how often one of them was looked at */
    int64_t alone[MAX_SOURCES][4096]; /* times at which the source opened an incident of its own */
    size_t n_alone[MAX_SOURCES];
    struct key_row *keys;
    size_t n_keys;
    struct beat beats[MAX_BEATS];
    int64_t missed; /* signs of life that were told to be missing */
    struct incident_row *incidents;
    size_t n_incidents;
    uint16_t *slots;              /* of incidents, by id: their number from 1, 0 = free */
    uint64_t *open;               /* of each incident that is open, a hash of its dedupe string */
    struct incident_row **timers; /* a heap: queue.c */
    size_t n_timers;
    struct pending *pending; /* another */
    size_t n_pending;
    uint64_t pending_no;
    /* Of the turn: which memory it works in, when that is a row's own, and the aggregate that has the row. */
    struct tcn_arena *lent;
    const struct tcn_aggregate *lent_to;
    int64_t verdicts[TCN_INTAKE_ALIVE + 1], flapped, echoes; /* echoes: that fired in the end */
    int64_t engine_ns, splits;
    int64_t sends, answers, turns, crashes, early; /* early: stages before their time */
    int64_t reckoned;                              /* engagements whose pages the oracle knew */
    int64_t on_call, gaps, twice; /* of schedules engaged; people whom a stage names twice */
    int64_t doubts,
        in_vain; /* messages that may have arrived; nobody was known to be reached because of them */
    int64_t unanswered;       /* plans that were over before anybody answered */
    int64_t tries, after_all; /* more tries while nobody is reached; those that got through */
    int64_t by_code, helpers, stops; /* answers by code; engagements by hand; those that end */
    int64_t bare;                    /* engagements without an incident */
    int64_t tries_after;             /* of them, after an answer that left the person to be paged */
};

/* Prints seed, step and what is wrong, and ends the process with 1. */
void fail(const struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));
static inline int64_t now_of(const struct world *w)
{
    return w->truth + w->skew;
}

/* -- sim.c ---------------------------------------------------------------------------------------------------- */
/* One whole run of a zeroed world with its options and lists. *step_now: how far it is, for whoever finds it dead. */
void world_run(struct world *w, int64_t *step_now);

/* -- minimise.c ----------------------------------------------------------------------------------------------- */
/* Whether one run with these options fails, in a process of its own. */
typedef bool run_fails(const struct options *options);
/* Fewer steps, then fewer kinds of events, for as long as it fails. */
struct options minimise(const struct options *failed, run_fails *fails);

/* -- trace.c: w->trace, with options.traces -------------------------------------------------------------------- */
uint64_t trace_engagement(const struct tcn_engagement *e);    /* a hash of everything in it */
void trace_pending(struct world *w, const struct pending *p); /* what comes from outside */
void trace_aggregate(struct world *w, const struct tcn_aggregate *a); /* what a decision is given */
void trace_decision(struct world *w, const struct tcn_decision *d);   /* what it comes to */

/* -- config.c: people and plans at random -------------------------------------------------------------------- */
void config_make(struct world *w);
void config_disturb(struct world *w); /* a channel is deactivated or comes back */
void config_rename_plan(struct world *w);
void config_replan(struct world *w); /* of a person, or an escalation plan */
void config_done(struct world *w);
void config_restore(struct world *w);

/* -- zones.c, rotations.c: when clocks are set; who is on call when ---------------------------------------------- */
void zones_make(void);
const struct tcn_zone *zone_any(struct rng *r);
int64_t date_days(int64_t year, int64_t month, int64_t day);
void rotations_make(struct world *w);
void rotations_change(struct world *w); /* an override comes or goes, a rotation is edited */
void rotations_done(struct world *w);

/* -- oncall.c: an oracle -------------------------------------------------------------------------------------- */
struct on_call {
    const char *contact;
    struct rotation_version *by; /* the first of the schedule's whose shift it is */
};
/* The people on call at that time, in the order of the schedule's rotations; returns how many. It is uncertain when a rotation
 * changed between the time and the turn that may be as late as timers are. */
size_t oncall_people(struct world *w, const struct tcn_contact *schedule, int64_t at_ms,
                     struct on_call ret[MAX_PEOPLE], bool *ret_is_uncertain);
/* When the shift at that time ends. */
int64_t oncall_until(struct rotation_version *v, int64_t at_ms);
bool oncall_is_overridden(const struct rotation_version *v, int64_t at_ms);

/* -- queue.c -------------------------------------------------------------------------------------------------- */
void pending_add(struct world *w, const struct pending *p);
/* The one at that place of the heap; 0 is the next to come. */
struct pending pending_take(struct world *w, size_t at);
void timer_set(struct world *w, struct incident_row *row, int64_t due_ms);

/* -- rows.c --------------------------------------------------------------------------------------------------- */
struct incident_row *row_find(struct world *w, struct tcn_id id); /* NULL: none */
struct incident_row *row_add(struct world *w, struct tcn_id id);
void row_note_open(struct world *w, const struct incident_row *row); /* it is, or is not any more */
/* The newest that is open with it. */
struct incident_row *row_open_of(struct world *w, const char *dedupe_string);
void row_join(struct key_row *key, struct incident_row *row); /* NULL: it leaves its own */
/* Which of its lanes its timer needs, NULL = none: the one that is due first, or else one that fires. */
struct key_row *row_lane(const struct incident_row *row);
/* What the incident's lanes besides this one say of it; NULL: all of them. */
void row_others(const struct incident_row *row, const struct key_row *own, struct tcn_aggregate *a);
/* Recomputes when its timer runs. */
void row_set_due(struct world *w, struct incident_row *row);

/* -- copies.c: deep ones -------------------------------------------------------------------------------------- */
void copy_lane(struct tcn_arena *a, struct tcn_lane *to, const struct tcn_lane *from);
void copy_incident(struct tcn_arena *a, struct tcn_incident *to, const struct tcn_incident *from);
struct tcn_tag *copy_tags(struct tcn_arena *a, const struct tcn_tag *from, size_t n);
/* It has nothing related. */
void copy_alarm(struct tcn_arena *a, struct tcn_storm_alarm *to,
                const struct tcn_storm_alarm *from);
struct tcn_engagement *copy_engagements(struct tcn_arena *a, const struct tcn_engagement *from,
                                        size_t n);

/* -- checks.c ------------------------------------------------------------------------------------------------- */
/* Of a decision about that row, before it is written. */
void check_decision(struct world *w, struct incident_row *row, const struct tcn_decision *d);

/* -- store.c: what survives a crash --------------------------------------------------------------------------- */
/* A copy in the turn's memory. */
void store_load(struct world *w, const struct key_row *key, const struct incident_row *row,
                struct tcn_aggregate *ret);
/* The row itself, for a turn that is sure to commit: decide in w->lent. */
void store_lend(struct world *w, const struct key_row *key, struct incident_row *row,
                struct tcn_aggregate *ret);
/* Writes a decision: all of it. Checks what can be checked of every decision. */
void store_commit(struct world *w, struct tcn_decision *d, struct key_row *key);
void store_done(struct world *w);

/* -- alarms.c: the senders ----------------------------------------------------------------------------------- */
void alarms_change(struct world *w); /* the truth changes somewhere; messages get on their way */
void alarms_storm(struct world *w);
void alarms_all_ok(struct world *w);
void alarms_deliver(struct world *w, const struct pending *p);
void alarms_check(struct world *w, const struct key_row *key);
/* The timer of the lane runs now: what was taken for an echo and is due means what it said. */
void alarms_fire_echoes(struct world *w, struct key_row *key);

/* What was muted is looked at again. */
void alarms_look(struct world *w, struct key_row *k);

/* -- heartbeats.c ---------------------------------------------------------------------------------------------- */
void heartbeats_make(struct world *w);
void heartbeats_sign(struct world *w); /* one may come */
struct beat *heartbeats_next(
    struct world *w);                         /* which is missing first; NULL: none is waited for */
int64_t heartbeats_due(const struct beat *b); /* when it is */
void heartbeats_miss(struct world *w, struct beat *b);
void heartbeats_end(struct world *w); /* a last sign of each, and none is waited for any more */
void heartbeats_done(struct world *w);

/* -- mutes.c --------------------------------------------------------------------------------------------------- */
void mutes_change(struct world *w); /* somebody makes one, or ends one */
void mutes_end(struct world *w);    /* all of them */
void mutes_done(struct world *w);
const struct tcn_mutes *mutes_now(struct world *w);              /* those that are not over */
bool mutes_hold(const struct world *w, const struct key_row *k); /* whether it is muted now */
void mutes_commit(struct world *w, struct key_row *key, const struct tcn_decision *d);
struct key_row *mutes_next(struct world *w); /* who waits and is looked at first; NULL: nobody */

/* -- people.c: providers and persons ------------------------------------------------------------------------- */
void people_see(struct world *w, const struct incident_row *row, const struct sent *sent);
void people_answer(struct world *w, const struct pending *p);
void people_drop(struct world *w, const struct incident_row *row, struct tcn_id page);
void people_outage(struct world *w);
void people_keep_answer(struct incident_row *row, int64_t at_ms, int64_t engagement_no,
                        const char *contact /* NULL: a user */);

/* -- users.c ------------------------------------------------------------------------------------------------- */
void people_act(struct world *w); /* somebody edits, resolves, reopens, starts an incident */

/* -- split.c -------------------------------------------------------------------------------------------------- */
void split_some(struct world *w); /* a person lets an alarm out of its storm */

/* -- explain.c ------------------------------------------------------------------------------------------------ */
void explain_check(struct world *w, const struct incident_row *row); /* at the end of a run */

/* -- oracle.c: which pages are due when, by brute force ------------------------------------------------------ */
void oracle_pages(struct world *w, const struct incident_row *row);
void oracle_spacing(struct world *w, const struct incident_row *row);
void oracle_storm(struct world *w);

/* -- turn.c: one decision, perhaps with a crash -------------------------------------------------------------- */
typedef enum tcn_intake turn_decide(struct world *w, struct tcn_aggregate *a, void *ctx,
                                    struct tcn_decision *d);
/* What a turn is about. */
struct turn {
    struct key_row *key;      /* NULL: no lane is in hand */
    struct incident_row *row; /* NULL: there is none yet */
    /* Loads what decide needs besides the aggregate: that is not the engine's time. NULL: nothing. */
    void (*prepare)(struct world *w, void *ctx);
    turn_decide *decide;
    void *ctx;
    bool borrows;              /* what it decides may point to memory that ends: it is copied */
    struct incident_row *left; /* the lane may leave it, and had an echo; NULL: none */
    /* Of a delivery. */
    const struct tcn_alarm *alarm;
    const struct tcn_source_policy *policy;
    struct tcn_storm *storm;
};
/* Loads, decides, commits; sometimes the process dies before the commit and the turn runs again. */
enum tcn_intake turn_run(struct world *w, const struct turn *t);
/* alarms.c: the turn of an alarm that no sender made. */
enum tcn_intake alarms_turn(struct world *w, struct key_row *k, const struct tcn_alarm *alarm,
                            turn_decide *decide, void *ctx);
void turn_timer(struct world *w, struct incident_row *row);

/* Another place where decisions are kept, besides the rows, and aggregates come from. */
struct world_store {
    const char *name;
    void (*open)(struct world *w);
    void (*close)(struct world *w); /* at the end of a run: checks that nothing is left to do */
    /* Begins a transaction; in w->turn. */
    void (*load)(struct world *w, const struct turn *t, struct tcn_aggregate *ret);
    void (*load_storm)(struct world *w, const struct incident_row *storm,
                       struct tcn_aggregate *ret);
    /* What the alarm said, of its storm. */
    void (*alarm)(struct world *w, const struct key_row *key, struct tcn_arena *a,
                  struct tcn_storm_alarm *ret);
    void (*timer)(struct world *w, const struct incident_row *row); /* it is due now */
    void (*write)(struct world *w, const struct turn *t, const struct tcn_decision *d);
    void (*lose)(struct world *w); /* instead of write */
};

#endif
