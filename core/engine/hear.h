/* Notes that people write in ticket systems. */
#ifndef TCN_ENGINE_HEAR_H
#define TCN_ENGINE_HEAR_H

#include "base/err.h"
#include "engine/decision.h"

/* All borrowed for the life of the decision. */
struct tcn_heard_note {
    const char *text; /* cut at TCN_NOTE_MAX code points */
    const char *actor;
    bool is_private; /* not for everybody who sees the record */
    int64_t at_ms;   /* by the remote's clock; 0, or after now: now */
};

/* A note by a person, as tcn_engine_note(): the tickets are told, but for the one that it is from. It is the last of ret->events.
 * TCN_ENOTFOUND: no incident. TCN_EINVALID: no text that can be shown. TCN_ELIMIT: the timeline is full. */
int tcn_engine_hear(struct tcn_aggregate *aggregate, const struct tcn_heard_note *note,
                    int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err);
/* It was edited there: known says so, and a line tells who did it. The tickets keep what they were told. As above; TCN_ECONFLICT: it is
 * no note any more. */
int tcn_engine_hear_again(struct tcn_aggregate *aggregate, const struct tcn_event *known,
                          const struct tcn_heard_note *note, int64_t now_ms,
                          struct tcn_decision *ret, struct tcn_err *err);

#endif
