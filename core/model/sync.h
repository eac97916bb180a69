/* How a field of an incident and the same field of a remote record are kept in step: the words of a mapping file. */
#ifndef TCN_MODEL_SYNC_H
#define TCN_MODEL_SYNC_H

enum tcn_direction {
    TCN_DIRECTION_OFF = 0,
    TCN_DIRECTION_OUT,
    TCN_DIRECTION_IN,
    TCN_DIRECTION_BOTH
};

/* Who wins when both sides have changed it. */
enum tcn_conflict {
    TCN_CONFLICT_UNSET = 0,
    TCN_CONFLICT_LOCAL,
    TCN_CONFLICT_REMOTE,
    TCN_CONFLICT_NEWEST,
    TCN_CONFLICT_MAX, /* the more severe impact */
    TCN_CONFLICT_MIN,
    TCN_CONFLICT_UNION,
    TCN_CONFLICT_HOLD
};

#endif
