/* The three-way merge of one field and of the status: pure and total. base is what both sides were last known to
 * hold, local is ours, remote is theirs; NULL is "absent". Where nothing is known of before and we hold nothing, what they
 * hold is new to us, and nobody's loss. */
#ifndef TCN_ENGINE_MERGE_H
#define TCN_ENGINE_MERGE_H

#include "model/sync.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum tcn_verdict {
    TCN_MERGE_UNSET = 0,
    TCN_MERGE_AGREE, /* both hold the same: base := local */
    TCN_MERGE_PUSH,  /* write value to the remote; base := value once written */
    TCN_MERGE_TAKE,  /* take value into the incident; base := value once taken */
    TCN_MERGE_BOTH,  /* union: write value there, take it here */
    TCN_MERGE_KEEP,  /* they differ, and neither direction allows to change that */
    TCN_MERGE_HOLD   /* a person must decide */
};

struct tcn_merge_input {
    const json_t *base, *local, *remote;
    bool has_base; /* false: first meeting, base means nothing */
    bool local_is_remote, remote_is_base,
        local_is_base; /* equality as the mapping sees it (value classes) */
    enum tcn_direction direction;
    enum tcn_conflict conflict; /* UNSET counts as LOCAL */
    bool enforce;
    int64_t local_ms, remote_ms; /* when each was changed; 0 = unknown */
};

struct tcn_merge {
    enum tcn_verdict verdict;
    json_t *value;    /* with PUSH, TAKE, BOTH; owned */
    bool is_conflict; /* both sides had changed */
};

/* What became of a conflict. */
enum tcn_winner {
    TCN_WINNER_LOCAL,
    TCN_WINNER_REMOTE,
    TCN_WINNER_BOTH, /* what either has added and removed */
    TCN_WINNER_NONE, /* both stay as they are, or a person decides */
    TCN_WINNERS
};
const char *tcn_winner_name(enum tcn_winner w); /* "local" */

/* Fills the three equalities with those of JSON values. */
void tcn_merge_compare(struct tcn_merge_input *in);
void tcn_merge_field(const struct tcn_merge_input *in, struct tcn_merge *ret);
void tcn_merge_done(struct tcn_merge *m);

/* -- status ------------------------------------------------------------------------------------------------- */
enum tcn_class { TCN_CLASS_UNSET = 0, TCN_CLASS_OPEN, TCN_CLASS_ACKED, TCN_CLASS_RESOLVED };
const char *tcn_class_name(enum tcn_class c);     /* "OPEN"; NULL for UNSET */
enum tcn_class tcn_class_parse(const char *name); /* UNSET for anything else and for NULL */

enum tcn_auto_resolve { TCN_RESOLVE_ALWAYS = 0, TCN_RESOLVE_UNLESS_ACKED, TCN_RESOLVE_NEVER };
enum tcn_while_firing { TCN_FIRING_NOTE = 0, TCN_FIRING_FOLLOW, TCN_FIRING_REOPEN };

struct tcn_status_input {
    enum tcn_class base, local,
        remote;       /* base UNSET: first meeting; remote UNSET: none of the mapping's classes */
    bool accepts;     /* the remote's value is in the set that the local class accepts */
    bool is_terminal; /* the remote's value cannot be left again (Closed) */
    bool is_halfway;  /* it is a step of a write of ours that did not get to its end */
    bool by_alarm;    /* local RESOLVED because the alarm ended, not by a person */
    bool is_firing;   /* the source's alarm is firing now */
    enum tcn_direction direction;
    enum tcn_auto_resolve auto_resolve;
    enum tcn_while_firing while_firing;
};

enum tcn_status_note {
    TCN_NOTE_NONE = 0,
    TCN_NOTE_ALARM_OK,     /* "the alarm is over": somebody works on the record, its status stays */
    TCN_NOTE_STILL_FIRING, /* resolved remotely while the alarm fires: the incident stays open */
    TCN_NOTE_TERMINAL,     /* the remote record is closed for good */
    TCN_NOTE_STAYS_ACKED /* nobody works on the record any more: an acknowledgement lasts until the end */
};

struct tcn_status_merge {
    enum tcn_verdict verdict; /* AGREE, PUSH, TAKE or KEEP */
    enum tcn_class value;     /* with PUSH and TAKE */
    enum tcn_status_note note;
    bool is_conflict;
};
void tcn_merge_status(const struct tcn_status_input *in, struct tcn_status_merge *ret);

#endif
