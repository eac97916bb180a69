/* ENSURE: makes a remote record equal to an incident, one call at a time. Level-triggered: it compares what is
 * wanted with what is known and names the next call, never applies "change number n". Pure: the caller (lanes.c)
 * loads, stores, calls and tells the time.
 *
 *     tcn_ensure_plan(link, wanted, progress, now)  -> the next step; the link row then holds the intent
 *     ... the caller commits the link, makes the call; or gives the incident what a TAKE takes, and plans again ...
 *     tcn_ensure_apply(link, step, outcome, now)    -> what was learned, in the link row; then plan again
 *
 * A crash anywhere is a restart at plan with an empty progress. Creates are never made in the dark: the intent
 * (CREATING, uncertain, attempts) is durable before the call, and whoever finds it looks the marker up first and
 * waits for the remote's visibility window before creating again. */
#ifndef TCN_CONNECT_ENSURE_H
#define TCN_CONNECT_ENSURE_H

#include "connect/ring.h"
#include "engine/merge.h"
#include "mapping/mapping.h"
#include "model/link.h"
#include <tocsin/connector.h>

#define TCN_ENSURE_FIELDS_MAX 64
#define TCN_ENSURE_NOTES_MAX 20     /* events joined in one remote note */
#define TCN_ENSURE_NOTE_BYTES 24000 /* no more are joined than that */
#define TCN_ENSURE_NOTE_MAX                                                                        \
    32256 /* of one: the longest by a person and a mark; less than the 32,767 of Jira */
#define TCN_ENSURE_DROPPED_MAX 20
#define TCN_ENSURE_SAY_MAX 8
#define TCN_ENSURE_CONFLICTS_MAX (TCN_ENSURE_FIELDS_MAX + 1) /* and the status */
#define TCN_ENSURE_VALUE_MAX 4000u /* bytes of a value that is kept with a conflict */
#define TCN_ENSURE_MARK 80
#define TCN_ENSURE_NOTE_GAP_MS INT64_C(5000) /* between two notes of one lane */
#define TCN_ENSURE_NOTE_DOUBT_MS                                                                   \
    INT64_C(45000) /* a note whose answer was lost may still arrive; longer than a call takes */
#define TCN_ENSURE_SHORT_MS INT64_C(10000) /* an incident that lived shorter may get no record */
#define TCN_ENSURE_TOLD_MS INT64_C(10000)  /* a shorter wait is over before anybody reads of it */
#define TCN_ENSURE_GONE_MS                                                                         \
    INT64_C(600000) /* a record must be missing this long, 3 times, to be LOST */
#define TCN_ENSURE_ANEW_MS                                                                         \
    INT64_C(86400000) /* a record that was made anew is not made anew again sooner */
#define TCN_ENSURE_DEAD_MS INT64_C(86400000)  /* failing this long is told to people */
#define TCN_ENSURE_STOP_MS INT64_C(259200000) /* failing this long waits for the next change */
#define TCN_ENSURE_REWRITE_MS                                                                      \
    INT64_C(600000) /* a field pushed 3 times within this and rewritten remotely rests */

/* The mapping as the algorithm needs it; want.c makes one from a struct tcn_mapping. JSON returned is the caller's. */
struct tcn_remote_status {
    enum tcn_class class; /* UNSET: none of the mapping's, or not told */
    bool accepts;         /* the value is fine for the local class */
    bool is_terminal;
};
struct tcn_lens {
    void *ctx;
    json_t *(*out)(void *ctx, size_t field,
                   json_t *value); /* {remote name: value}, NULL = nothing to write */
    json_t *(*in)(void *ctx, size_t field, json_t *record); /* canonical value, NULL = not told */
    bool (*same)(void *ctx, size_t field, json_t *a, json_t *b);
    void (*status)(void *ctx, json_t *record, enum tcn_class local, struct tcn_remote_status *ret);
    json_t *(*status_payload)(void *ctx,
                              enum tcn_class local); /* NULL: the mapping writes no status */
};

enum tcn_when_lost { TCN_LOST_STOP = 0, TCN_LOST_RECREATE };
enum tcn_short_lived { TCN_SHORT_SKIP = 0, TCN_SHORT_CREATE };

struct tcn_wanted_field {
    const struct tcn_mapping_field *policy;
    json_t *local; /* canonical; NULL = absent */
};
struct tcn_wanted_note {
    int64_t seq;
    const char *event_id, *text;
};

/* The incident as the remote should show it. All borrowed. */
struct tcn_wanted {
    int64_t revision, created_ms, modified_ms, resolved_ms;
    bool is_wanted; /* false: the mapping says that this incident gets no record */
    enum tcn_class status;
    bool by_alarm, is_firing;
    enum tcn_direction status_direction;
    int64_t status_steps; /* that a status may take over there, each of which shows */
    enum tcn_auto_resolve auto_resolve;
    enum tcn_while_firing while_firing;
    enum tcn_when_lost when_lost;
    enum tcn_short_lived short_lived;
    int64_t settle_ms, visibility_ms;
    uint32_t caps;  /* of the connector */
    json_t *create; /* members for CREATE beside the fields; NULL = none */
    struct tcn_wanted_field fields[TCN_ENSURE_FIELDS_MAX];
    size_t n_fields;
    struct tcn_wanted_note notes[TCN_ENSURE_NOTES_MAX]; /* seq > link->notes_seq, in order */
    size_t n_notes;
    int64_t notes_max; /* of one record; 0 = no bound */
    json_t *listen;   /* what LISTEN takes; NULL: what people write at the record is not taken in */
    const char *url;  /* where people open the incident; NULL = nowhere */
    int64_t last_seq; /* the newest event that was looked at; none after it is in notes */
    const char *pending_event_id; /* of the event link->pending_note_seq names; NULL = unknown */
    struct tcn_lens lens;
};

/* What this run of the lane knows beside the link row; lost in a crash, and nothing is lost with it. */
struct tcn_progress {
    bool found_none;
    int64_t found_none_ms; /* when that FIND was started */
    json_t *record;        /* owned: the record as last read in this run; NULL = not read */
    int64_t changed_ms;    /* when that was changed last, as it says; 0 = unknown */
    bool is_new;           /* record was read and not merged yet */
    unsigned listens;      /* pages of notes that were heard */
    bool has_listened;     /* to all, or it cannot be now */
    bool gave_up_write, had_deadletter;
    unsigned conflicts, drops;
    char dropped[TCN_ENSURE_DROPPED_MAX]
                [64]; /* remote names left out because the remote refused them */
    size_t n_dropped;
};
void tcn_progress_done(struct tcn_progress *p); /* legal on a zeroed struct */

enum tcn_step_kind {
    TCN_STEP_UNSET = 0,
    TCN_STEP_WAIT,
    TCN_STEP_DONE,
    TCN_STEP_CALL,
    TCN_STEP_TAKE /* no call: the incident gets what the record holds, in this transaction; then plan again */
};

struct tcn_step {
    enum tcn_step_kind kind;
    int64_t until_ms;  /* with WAIT */
    uint32_t verb;     /* with CALL */
    const char *op_id; /* in the arena */
    json_t *payload;   /* owned; NULL = none */
    int64_t started_ms;
    enum tcn_class class
        ;             /* status that travels with a CREATE or WRITE, or is taken; UNSET = none */
    int64_t note_seq; /* with NOTE and NOTE_FIND: the last event of the batch */
    int64_t revision; /* of the incident that was looked at */
    int64_t hints;    /* with GET: those that were known before it */
    json_t *sent;     /* owned: {field: canonical value} of the fields that travel; NULL = none */
    json_t *taken;    /* owned: the same of those that TAKE takes */
    char refusal[TCN_RING_HASH]; /* with WRITE: names what is asked for, should it be refused */
};
void tcn_step_done(struct tcn_step *s);

/* A conflict as it is kept: JSON texts of at most TCN_ENSURE_VALUE_MAX bytes, NULL = absent. */
struct tcn_ensure_conflict {
    const char *field, *base, *local, *remote;
    enum tcn_winner winner;
};

/* What else must be written with the link row, texts in the arena. */
struct tcn_effects {
    const char *say[TCN_ENSURE_SAY_MAX]; /* timeline notes about the lane, for people */
    bool say_to_tickets[TCN_ENSURE_SAY_MAX];
    size_t n_say;
    const char *deadletter; /* reason, NULL = none */
    bool clear_deadletters;
    struct tcn_ensure_conflict conflicts[TCN_ENSURE_CONFLICTS_MAX];
    size_t n_conflicts;
    bool found_many;    /* a search found more than one record of the incident */
    const char *linked; /* the link has got its record with this, in a sentence; NULL = no */
};

struct tcn_ensure {
    const struct tcn_wanted *wanted; /* borrowed */
    struct tcn_progress *progress;
    struct tcn_link *link;       /* changed; its texts come to live in the arena */
    struct tcn_effects *effects; /* added to */
    struct tcn_arena *arena;
    int64_t now_ms;
    uint64_t random;
};

/* Names the next call. WAIT and DONE leave the link with its due time set and not in flight; CALL leaves the intent,
 * in flight. */
void tcn_ensure_plan(struct tcn_ensure *e, struct tcn_step *ret);

/* What a call brought, reduced to what the algorithm looks at. */
struct tcn_learned {
    const struct tocsin_result *result;
    uint32_t net;
    int32_t status;
    bool may_have_written; /* a round trip before the last one */
    const struct tocsin_record *records;
    size_t n_records;
    const char *bad_fields[TCN_ENSURE_DROPPED_MAX];
    size_t n_bad_fields;
};
/* True: plan again at once. False: the lane rests until link->due_ms (0: until something changes). */
bool tcn_ensure_apply(struct tcn_ensure *e, const struct tcn_step *step,
                      const struct tcn_learned *got);

/* The fields that are not written any more for a while: what was written was changed back each time. A list of names, yours. */
json_t *tcn_ensure_resting(const struct tcn_link *link, int64_t now_ms);
/* A person wants a blocked or given up link tried again. */
void tcn_ensure_retry(struct tcn_link *link, int64_t now_ms);

/* -- between the files of the algorithm ---------------------------------------------------------------------- */
void tcn_ensure_say(struct tcn_ensure *e, bool to_tickets, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Says it once for that mark and hash. */
void tcn_ensure_say_once(struct tcn_ensure *e, const char *mark, const char *hash, bool to_tickets,
                         const char *text);
bool tcn_ensure_can(const struct tcn_ensure *e, enum tocsin_verb verb);
/* The step is this call; what and n make its op_id. */
void tcn_ensure_call(struct tcn_ensure *e, struct tcn_step *s, enum tocsin_verb verb,
                     const char *what, int64_t n);
/* The step is WAIT or DONE. */
void tcn_ensure_rest(struct tcn_ensure *e, struct tcn_step *s, enum tcn_step_kind kind,
                     int64_t due_ms);
/* No call is out, and the lane rests until then (0: until it is woken). False, as tcn_ensure_apply() returns. */
bool tcn_ensure_rest_until(struct tcn_ensure *e, int64_t due_ms);
/* The remote says that there is no such record; what tcn_ensure_apply() returns. */
bool tcn_ensure_gone(struct tcn_ensure *e);
/* The record is lost: rests, or forgets it, so that the lane begins with another one. */
void tcn_ensure_plan_lost(struct tcn_ensure *e, struct tcn_step *s);
/* True when the notes of the record are to be heard first. */
bool tcn_ensure_plan_listen(struct tcn_ensure *e, struct tcn_step *s);
/* What a LISTEN came to; what tcn_ensure_apply() returns. The notes are taken in by the caller. */
bool tcn_ensure_listened(struct tcn_ensure *e, const struct tcn_learned *got);
/* It failed: true when the lane goes on without it, until something says again that the record changed. */
bool tcn_ensure_is_deaf(struct tcn_ensure *e, const struct tcn_learned *got);
/* The record is closed for good while the incident goes on: another one takes its place, once a day. False: not now. */
bool tcn_ensure_follow(struct tcn_ensure *e);
/* True when a call for a note, or a wait before it, was planned. */
bool tcn_ensure_plan_notes(struct tcn_ensure *e, struct tcn_step *s);
/* A NOTE failed, and may be there all the same, now or in a while. */
void tcn_ensure_note_doubted(struct tcn_ensure *e);
/* The note that may be there was not found by that step; what tcn_ensure_apply() returns. */
bool tcn_ensure_note_missing(struct tcn_ensure *e, const struct tcn_step *step);
/* The record has one note more, as far as anybody can know. */
void tcn_ensure_count_note(struct tcn_ensure *e);
json_t *tcn_ensure_base(const struct tcn_link *link);         /* the base snapshot; yours */
void tcn_ensure_set_base(struct tcn_ensure *e, json_t *base); /* steals */
/* {"fields", "status"} of a CREATE, without dropped names; sets step->sent and step->class. */
void tcn_ensure_create_payload(struct tcn_ensure *e, struct tcn_step *step);
/* Merges all fields and the status with what is known of the remote. What is to be taken comes first, the step is TAKE then;
 * else step->payload is filled when something is to be written, or the link is BLOCKED: a person must decide. Fields that agree
 * go into the base. */
void tcn_ensure_merge(struct tcn_ensure *e, struct tcn_step *step);
/* Both sides have changed a field; the values are borrowed, NULL = absent. */
struct tcn_clash {
    const char *field;
    json_t *base, *local, *remote;
    enum tcn_winner winner;
};
/* Among the effects, and true, when it was not met before; else nothing. */
bool tcn_ensure_conflict(struct tcn_ensure *e, const struct tcn_clash *clash);
/* What became of it, on the timeline. */
void tcn_ensure_say_conflict(struct tcn_ensure *e, const struct tcn_clash *clash);
/* The field is in none: the next one is a new one. */
void tcn_ensure_no_conflict(struct tcn_ensure *e, const char *field);
/* The status as both sides have it, and what follows. */
void tcn_ensure_meet_status(struct tcn_ensure *e, struct tcn_status_input *ret_in,
                            struct tcn_status_merge *ret);
/* The class that the incident gets. */
enum tcn_class tcn_ensure_take_status(struct tcn_ensure *e, const struct tcn_status_input *in,
                                      const struct tcn_status_merge *m);
/* What is written of it, step->class set; NULL = nothing. Yours. */
json_t *tcn_ensure_push_status(struct tcn_ensure *e, const struct tcn_status_input *in,
                               const struct tcn_status_merge *m, struct tcn_step *step);
/* "with" without dropped names; NULL: the mapping writes no status. */
json_t *tcn_ensure_status_payload(struct tcn_ensure *e, enum tcn_class class);
/* Adds what field i is there with that value, and remembers in step->sent that it travels. */
void tcn_ensure_add_field(struct tcn_ensure *e, size_t i, json_t *value, json_t *to,
                          struct tcn_step *step);
/* The values of step go out: should the answer be lost, they are known to be ours when they are met again. */
void tcn_ensure_try(struct tcn_ensure *e, const struct tcn_step *step);
/* After a write: compares the echo with what was sent, remembers both. What a person has written since is new, and is
 * merged next. */
struct tcn_echo {
    const struct tocsin_record *record; /* NULL: the answer tells none */
    bool is_late;                       /* read after the write, by a later round trip */
};
void tcn_ensure_written(struct tcn_ensure *e, const struct tcn_step *step,
                        const struct tcn_echo *echo);
/* Leaves the refused names out from now on. False when none of them may be left out; *ret_required then tells
 * whether one of them is a field without which the record makes no sense. */
bool tcn_ensure_drop(struct tcn_ensure *e, const struct tcn_learned *got, bool *ret_required);

#endif
