/* Held mode: a database that was restored knows pages and ticket writes that were due before, and of which nobody can
 * tell whether they were done meanwhile. One time, the hold, stands in meta; what was due then or before is not claimed
 * by anybody, what comes later is done as always. So new alarms page, and what is old waits for a person's word. */
#ifndef TCN_STORE_HELD_H
#define TCN_STORE_HELD_H

#include "store/store.h"

/* Inside a transaction, all of them, as store.h. */

/* Holds what is due at before_ms or earlier. Records that may exist meanwhile are looked up before they are created,
 * notes before they are written, and what is known of a record is read again before it is changed. */
int tcn_store_hold(struct tcn_store *s, int64_t before_ms, struct tcn_err *err);
/* The first of that alone: for a store that has lost its last commits, and goes on. */
int tcn_store_look_first(struct tcn_store *s, struct tcn_err *err);
/* 0: nothing is held. */
int tcn_store_held_before(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err);
/* When the first hold began that was not released since; 0: nothing is held. */
int tcn_store_held_since(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err);
/* An earlier time releases what was due after it; 0 everything. */
int tcn_store_held_set(struct tcn_store *s, int64_t before_ms, struct tcn_err *err);

struct tcn_held_count {
    int64_t pages;   /* messages that were decided */
    int64_t steps;   /* incidents whose timer is overdue: stages, re-sends, delayed ends */
    int64_t tickets; /* records to be read, created or written */
    int64_t notices; /* topics of an incident, and connectors, with something to tell */
};
int tcn_store_held_count(struct tcn_store *s, struct tcn_held_count *ret, struct tcn_err *err);

enum tcn_held_kind { TCN_HELD_PAGE = 1, TCN_HELD_STEP, TCN_HELD_TICKET, TCN_HELD_NOTICE };
struct tcn_held_row {
    enum tcn_held_kind kind;
    struct tcn_id incident;
    const char *title;
    int64_t due_ms;
    const char *whom;    /* contact or connector; NULL for a step */
    const char *whereby; /* channel, key of the record or topic; may be NULL */
};
/* Earliest first. */
int tcn_store_held_list(struct tcn_store *s, size_t limit, struct tcn_arena *a,
                        struct tcn_held_row **ret, size_t *ret_n, struct tcn_err *err);
/* Incidents of which anything is held, after that one (zero: from the first), in the order of their ids. */
int tcn_store_held_incidents(struct tcn_store *s, struct tcn_id after, size_t limit,
                             struct tcn_id *ret_ids, size_t *ret_n, struct tcn_err *err);
/* How many pages and steps of the incident are held that were due at until_ms or before. */
int tcn_store_held_paging(struct tcn_store *s, struct tcn_id incident, int64_t until_ms,
                          int64_t *ret_n, struct tcn_err *err);
/* Its held tickets have nothing to do any more, until the incident changes. */
int tcn_store_held_drop_tickets(struct tcn_store *s, struct tcn_id incident, int64_t *ret_n,
                                struct tcn_err *err);

/* What a person asked for, left in the store for the process that owns it; at is how far that came. */
struct tcn_held_request {
    bool is_release;        /* do the rest */
    int64_t drop_before_ms; /* pages due before; 0: none are dropped */
    bool drops_tickets;
    struct tcn_id at;  /* incidents up to this one are done */
    int64_t incidents; /* so many */
};
int tcn_store_held_ask(struct tcn_store *s, const struct tcn_held_request *request,
                       struct tcn_err *err);
/* *ret_is_asked false: nothing was. */
int tcn_store_held_asked(struct tcn_store *s, struct tcn_held_request *ret, bool *ret_is_asked,
                         struct tcn_err *err);
int tcn_store_held_answer(struct tcn_store *s, struct tcn_err *err);

#endif
