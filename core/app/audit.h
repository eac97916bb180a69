/* Whether what was decided happens: the auditor's looks at the store, and what it tells. */
#ifndef TCN_APP_AUDIT_H
#define TCN_APP_AUDIT_H

#include "app/commands.h"
#include "store/overdue.h"

#define TCN_AUDIT_BATCH 8      /* incidents a look */
#define TCN_AUDIT_PAGES 20     /* of an engagement, the newest, whose last message is looked for */
#define TCN_AUDIT_LATE_MS 5000 /* a step may be so late */

struct tcn_audit {
    struct tcn_id
        before; /* in and out: where the walk over the open incidents is; zero = at the newest */
    /* Out. */
    struct tcn_overdue overdue;
    size_t n_repaired;  /* incidents whose timer was missing or too late: it is set */
    size_t n_lost;      /* incidents of whose messages some are not there */
    struct tcn_id lost; /* one of them */
};
/* Inside a job. Compares TCN_AUDIT_BATCH open incidents, by what the engine says is due of them, with the rows that would
 * make it happen, and counts what is due at now_ms and was not taken. */
int tcn_audit_look(struct tcn_store *s, int64_t now_ms, struct tcn_arena *arena,
                   struct tcn_audit *audit, struct tcn_err *err);

/* What an alarm of the auditor is about; each is an incident of its own. */
enum tcn_audit_kind {
    TCN_AUDIT_UNSET = 0,
    TCN_AUDIT_LATE, /* what is due is not taken */
    TCN_AUDIT_ROWS  /* what would make it happen was not in the store */
};

/* Inside a job: tells of it as an alarm of TCN_AUDITOR, or that it is over (what NULL). */
struct tcn_audit_alarm {
    enum tcn_audit_kind kind;
    const char *what; /* a sentence */
    const struct tcn_source_policy *policy;
    const struct tcn_directory *declared;
    struct tcn_id new_id;
    uint32_t salt;
    struct tcn_milestones milestones; /* out */
    bool has_changed;
};
int tcn_audit_tell(struct tcn_store *s, int64_t now_ms, struct tcn_arena *arena,
                   struct tcn_audit_alarm *alarm, struct tcn_err *err);

#endif
