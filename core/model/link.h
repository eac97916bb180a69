/* The link between an incident and its record in a remote system (spec connectors F1). */
#ifndef TCN_MODEL_LINK_H
#define TCN_MODEL_LINK_H

#include "base/id.h"

enum tcn_link_state {
    TCN_LINK_NONE = 0, /* nothing asked for yet */
    TCN_LINK_CREATING, /* a create may have been sent */
    TCN_LINK_LINKED,
    TCN_LINK_LOST, /* the remote record is gone */
    TCN_LINK_UNLINKED,
    TCN_LINK_BLOCKED /* a person must look: see blocked_reason */
};

struct tcn_link {
    struct tcn_id id; /* child of (incident, connector) */
    struct tcn_id incident;
    const char *connector; /* configured instance */
    enum tcn_link_state state;
    const char *remote_id, *remote_key,
        *remote_url; /* sys_id / issue id; INC.., OPS-42; for people */
    int64_t create_attempts;
    int64_t last_attempt_ms;
    int64_t recreated;  /* how often its record was lost and made anew; part of the mark */
    int64_t hints;      /* how often something said that the record may have changed */
    int64_t hints_seen; /* up to which of them it was read since */
    bool is_uncertain;  /* a create may have reached the server: look up first */
    const char *base;   /* JSON {field: canonical value}: last synced snapshot */
    const char *base_version;
    const char *base_status;  /* class last written: OPEN ACKED RESOLVED */
    int64_t done_revision;    /* incident revision that the remote has */
    int64_t notes_seq;        /* last timeline seq whose note was written */
    int64_t notes_written;    /* to the record as it is now; several events may be one note */
    int64_t pending_note_seq; /* a note may have been sent: look for its marker first; 0 = none */
    int64_t last_read_ms, last_write_ms;
    int64_t fail_count;
    int64_t first_fail_ms;
    int64_t due_ms;    /* when the lane wants to run; 0 = nothing to do */
    bool is_in_flight; /* in the hands of the process of this epoch, if that lives */
    int64_t epoch;     /* 0 when not in flight */
    const char *blocked_reason;
    const char *pushed; /* JSON ring of what was written, for echo detection */
    const char
        *heard; /* where the listening to the record's notes goes on, as the connector left it */
};

#endif
