/* Stories of incidents that are kept in step with Jira, ServiceNow and PagerDuty, in virtual time. What decides is the
 * program's own: engine, store, lanes, mapping files, connectors. What is not is here: the clock, the loop, the wire, the
 * remotes, the people. */
#ifndef SYNC_H
#define SYNC_H

#include "base/id.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEC INT64_C(1000)
#define MIN (60 * SEC)
#define HOUR (60 * MIN)
#define START_MS INT64_C(1790000000000) /* of every story, Unix time */

enum system { JIRA = 0, SNOW, PAGER, SYSTEMS, HERE = SYSTEMS, PLACES };
extern const char *const system_names[PLACES];
enum system system_named(const char *name); /* HERE: none */

#define FAIL_STATUS 1
/* Tells the seed and ends the process. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* A line of the story, when somebody reads it. */
void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* -- main.c ----------------------------------------------------------------------------------------------------- */

#define STEPS_MAX 40
/* What can be left out of a story: the rest of it stays as it was. */
#define SYNC_KINDS(X)                                                                              \
    X(CRASHES, "crashes")                                                                          \
    X(FAULTS, "faults")                                                                            \
    X(OUTAGES, "outages")                                                                          \
    X(LATE_WRITES, "late-writes")                                                                  \
    X(ENDS, "ends")                                                                                \
    X(LOST_HINTS, "lost-hints")                                                                    \
    X(LATENESS, "lateness")                                                                        \
    X(VARIANTS, "variants")
#define SYNC_KIND(name, text) name,
enum kind { SYNC_KINDS(SYNC_KIND) KINDS };

struct options {
    uint64_t seed;
    uint64_t skip;    /* steps that are left out, a bit each */
    unsigned without; /* kinds, likewise */
    int orders;       /* instead of stories: with so many pauses */
    bool traces;
};
extern struct options options;

/* What stories came to, summed up over all of them. */
struct totals {
    int64_t stories, steps, calls, faults, crashes, hints, hints_lost;
    int64_t creates, writes, notes, heard, edits, edits_of_people, conflicts, raced, equal_writes,
        late_applied;
    int64_t virtual_ms, events, jobs, again;
};
extern struct totals *totals;

/* -- chance.c: all chances of a story come from its seed --------------------------------------------------------- */

struct chance {
    uint64_t state;
};
struct chance chance_of(uint64_t a, uint64_t b, uint64_t c);
uint64_t chance_next(struct chance *c);
int64_t chance_below(struct chance *c, int64_t n); /* 0 .. n - 1 */
bool chance_in(struct chance *c, int percent);
bool has_kind(enum kind kind);

/* -- clockwork.c: the clock, the loop behind libevent's names, the kernel's randomness ----------------------------- */

void clockwork_begin(uint64_t seed);
/* Runs what comes next. False: nothing comes until then. */
bool clockwork_step(int64_t until_ms);
void clockwork_advance(int64_t until_ms);
int64_t clockwork_now_ms(void);
/* do_it is called once, in that time, with a copy of what data points to: 64 bytes at most. */
void clockwork_after(int64_t ms, void (*do_it)(void *data), const void *data, size_t size);
void clockwork_end(void); /* forgets what waits */

/* -- records.c: what remotes and people have to do with each other -------------------------------------------------- */

enum field { TITLE = 0, IMPACT, STATUS, FIELDS };

#define VALUE_SIZE 320
struct values {
    char of[FIELDS][VALUE_SIZE];
};

#define ENTRIES_MAX 96
struct entry { /* of the notes of a record */
    char *text;
    char mark[64]; /* hidden beside it */
    int64_t at_ms;
    bool is_ours;
};
#define OURS "Tocsin"          /* who wrote ours */
#define SOMEBODY "Mia Krystof" /* and the others */

struct record {
    enum system system;
    bool is_gone;
    char id[40], key[24], marker[96];
    char title[1100];
    int impact; /* as incidents count it, by the priority; 0: it has none */
    int levels; /* ServiceNow: 10 * impact + urgency; PagerDuty: 1 when it is urgent */
    int status; /* as the system counts */
    char code[96], reason[512]; /* of its end */
    char assignee[40];
    int64_t created_ms, updated_ms, shown_ms, version; /* shown: to searches */
    struct entry entries[ENTRIES_MAX];
    size_t n_entries;
    /* The simulator's. */
    int64_t told_ms;              /* the newest answer that arrived was made then */
    int64_t by_people_ms[FIELDS]; /* when a person gave the value that it has; 0: we did */
    int64_t by_us_ms[FIELDS];
    bool is_late[FIELDS]; /* ours, by a call that arrived after its time */
    struct values known;  /* to the program: as it was told them, or as it wrote them */
};

#define RECORDS_MAX 64
struct records {
    struct record *items[RECORDS_MAX]; /* owned */
    size_t n;
};
extern struct records records;

void records_begin(void);
void records_end(void);
struct record *records_add(enum system system, int64_t shown_after_ms);
struct record *records_find(enum system system, const char *id); /* NULL: there is none */
void records_note(struct record *r, const char *text, const char *mark, bool is_ours);
/* It is another now: its time, and whoever listens hears of it, perhaps. */
void records_changed(struct record *r);
extern bool records_are_silent; /* nobody hears of anything */
/* Its words. */
void records_value(const struct record *r, enum field field, char *ret, size_t size);
void records_values(const struct record *r, struct values *ret);
/* What the system's status means. */
enum meaning { IS_NEW = 1, IS_WORKED_ON, IS_OVER, IS_CLOSED, IS_HELD };
enum meaning records_meaning(const struct record *r);

/* -- jira.c, servicenow.c, pagerduty.c: the remotes ------------------------------------------------------------------ */

#define SEGMENTS_MAX 8
#define QUERY_MAX 16
struct call {
    char method[8];
    char *text; /* owned; behind what follows */
    const char *segments[SEGMENTS_MAX];
    size_t n_segments;
    const char *names[QUERY_MAX], *values[QUERY_MAX];
    size_t n_query;
    json_t *body; /* a reference; NULL = none */
};
struct tocsin_request;
void call_read(struct call *c, const struct tocsin_request *rq);
const char *call_query(const struct call *c, const char *name);           /* "" = none */
bool call_is(const struct call *c, const char *method, const char *path); /* {} is any segment */

#define HEADERS_MAX 4
struct answer {
    int status;
    json_t *body; /* owned; NULL: text */
    const char *text;
    char headers[HEADERS_MAX][96]; /* whole lines */
    size_t n_headers;
    struct record *record; /* that it tells of; NULL: none */
};
void answer_header(struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct remote {
    void (*begin)(struct chance *c); /* of a story */
    void (*answer)(const struct call *call, struct answer *ret);
    void (*refuse)(int status, int retry_after_s, struct chance *c, struct answer *ret);
    /* What a person does; false: that cannot be done there. */
    bool (*retitle)(struct record *r, const char *title);
    bool (*reprioritize)(struct record *r, int impact);
    bool (*move)(struct record *r, enum meaning to);
    void (*assign)(struct record *r, const char *name);
};
extern const struct remote jira, snow, pager;
extern const struct remote *const remotes[SYSTEMS];
bool snow_is_mute(void); /* nobody is told what is said there */

const char *text_of(const json_t *object, const char *name); /* "" = no text */

/* -- wire.c: calls and answers on their way, and what becomes of them ----------------------------------------------- */

void wire_begin(struct chance *c);
void wire_end(void);
void wire_calm(void); /* from now on everything arrives */
void wire_break(enum system system, int64_t ms);
size_t wire_in_flight(void);
int64_t wire_writes(enum system system);  /* so far: creates, writes and notes that arrived */
int64_t wire_changes(enum system system); /* the writes among them */
bool wire_is_clear(void);                 /* all went well from the begin */

/* -- store.c: the store's thread, on the loop; the database outlives the process ------------------------------------- */

struct tcn_store;
void database_open(void); /* once */
void database_close(void);
void database_begin(void); /* empty */
struct tcn_storethread *store_begin(void);
void store_die(struct tcn_storethread *t); /* what was not committed is lost */
struct tcn_store *store_of(struct tcn_storethread *t);

/* -- program.c: the process ------------------------------------------------------------------------------------------- */

void program_open(void); /* once: instances, mapping files */
void program_close(void);
void program_begin(struct chance *c);
void program_end(void);
void program_crash(void); /* and starts again */
void program_hint(enum system system, const char *remote_id);
void program_sweep(void); /* all records are read */

enum alarm_word { ALARM_FIRES = 1, ALARM_IS_OVER, ALARM_TELLS };
struct sim_alarm {
    enum alarm_word what;
    char title[256];
    int impact;
};
void program_alarm(const struct sim_alarm *alarm);

enum command_word {
    SET_TITLE = 1,
    SET_IMPACT,
    SET_SUMMARY,
    ACKNOWLEDGE,
    RESOLVE,
    REOPEN,
    LEAVE_NOTE
};
struct command {
    enum command_word what;
    char text[512];
    int impact;
};
void program_command(const struct command *command); /* on the newest incident */
struct tcn_store *program_store(void);
const json_t *program_setting(enum system system, const char *name); /* NULL: the mapping's own */
/* The newest whose records have that mark; NULL: the newest of all. Zero: there is none. */
struct tcn_id program_incident(const char *marker);

/* -- history.c: who gave which value when ------------------------------------------------------------------------------- */

struct edit {
    struct tcn_id incident;
    int64_t at_ms;
    enum system place; /* HERE: in the incident */
    enum system from;  /* of what the incident took: whose; else as place */
    enum field field;
    char value[VALUE_SIZE];
    bool is_raced;   /* written over before anybody could know of it */
    bool is_nothing; /* it is as it was known to be: between, it was another */
};
void history_begin(void);
void history_add(const struct edit *edit);
size_t history_mark(void);
void history_cut(size_t mark); /* what came after it never was */
size_t history_size(void);
struct edit *history_at(size_t i);
void history_end(void);

/* -- judge.c: what must be true at every call -------------------------------------------------------------------------------- */

extern const char *const field_names[FIELDS];
/* Of the call that is being answered: when it set out, what the program had been told of the record then, and whether nobody
 * waits for it any more. */
extern int64_t judge_set_out_ms, judge_told_ms;
extern bool judge_is_late;

void judge_begin(void);
void judge_call(enum system system, const char *lane, int by /* 1 begins, -1 ends */);
void judge_forget_calls(void); /* the process died */
void judge_create(struct record *r);
void judge_missing(enum system system, const struct call *call); /* the record of a call */
/* Before a write of ours gives field that value. */
void judge_write(struct record *r, enum field field, const char *value);

/* -- verdict.c: what must be true in the end ------------------------------------------------------------------------------------ */

void judge_tell_lanes(void); /* on standard error: what each waits for */
void judge_converged(void);
void judge_quiet(const int64_t writes_before[SYSTEMS]);
void judge_history(void);
void judge_thrift(void);
void judge_notes(void);
/* The state of everything, in words: equal states have equal words. */
void judge_digest(char *ret, size_t size);

/* -- story.c, orders.c -------------------------------------------------------------------------------------------------- */

void story_begin(void);
void story_end(void);
void story_gave(struct record *r, enum field field); /* a person has given it */
void story_run(void);
void story_rest(const char *when); /* until nothing happens any more */
/* With so many pauses between the events, 1 to 3. */
void orders_run(int pauses);

#endif
