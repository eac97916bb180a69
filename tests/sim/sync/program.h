/* Between the files of the process: what is installed, what it is made of, what is seen of incidents. */
#ifndef SYNC_PROGRAM_H
#define SYNC_PROGRAM_H

#include "sync.h"

#include "connect/lanes.h"
#include "engine/directory.h"
#include "store/store.h"

/* -- installed.c: the same for all stories --------------------------------------------------------------------------- */

struct installed {
    const char *url;
    struct tcn_instance *instance;
    struct tcn_mapping *mapping;
};
extern struct installed program_installed[SYSTEMS];
extern const struct tcn_directory program_directory;
extern struct tcn_source_policy program_policy;

/* -- program.c -------------------------------------------------------------------------------------------------------- */

struct process {
    struct tcn_storethread *thread;
    struct tcn_hub *hub;
    struct tcn_lanes *lanes;
    json_t *settings[SYSTEMS]; /* owned; of the story */
    bool is_timing, is_dying;
    int64_t timer_ms; /* when a look is due; 0: none */
    uint64_t no;      /* of all that there were */
};
extern struct process process;
void program_check(int r, const struct tcn_err *err); /* it is no error */

/* -- acts.c ------------------------------------------------------------------------------------------------------------ */

void program_close_acts(void);
void program_look(void); /* something was committed: timers and lanes look what is due */

/* -- tickets.c: what lanes ask of the application ----------------------------------------------------------------------- */

extern const struct tcn_lanes_app program_tickets;

/* -- watch.c: inside a transaction ---------------------------------------------------------------------------------------- */

void watch_read(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                struct tcn_incident *ret); /* exists false: there is none */
/* What differs goes into the history. from: whose it was; HERE: of people and alarms. */
void watch_note(const struct tcn_incident *was, const struct tcn_incident *is, enum system from);
/* The newest incident whose records have that mark; NULL: the newest of all. Zero: there is none. */
struct tcn_id watch_find(struct tcn_store *s, const char *marker);
enum meaning watch_meaning(const struct tcn_incident *i);

#endif
