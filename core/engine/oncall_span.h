/* How well a schedule is covered: when nobody is on call, and when more than one of its rotations has somebody. */
#ifndef TCN_ENGINE_ONCALL_SPAN_H
#define TCN_ENGINE_ONCALL_SPAN_H

#include "engine/directory.h"

/* From start_ms until before end_ms the same rotations have somebody on call: a person whom the directory has. */
struct tcn_oncall_span {
    int64_t start_ms, end_ms;
    const char *rotations[TCN_ROTATIONS_MAX]; /* those that do, borrowed from the schedule */
    size_t n_rotations;                       /* 0: nobody is on call */
};

/* What a rotation said last. */
struct tcn_oncall_turn {
    bool is_known, has_somebody;
    int64_t until_ms;
};

/* The spans of a time, the earliest first, cut at its ends; with the members from directory to max_asked set:
 *     while (tcn_oncall_spans_next(&i, &span)) ... */
struct tcn_oncall_spans {
    const struct tcn_directory *directory; /* borrowed */
    const struct tcn_contact *schedule;    /* borrowed; an ONCALL_SCHEDULE */
    int64_t from_ms, until_ms;             /* until before until_ms */
    /* Rotations are asked for one shift after the other. When they were asked max_asked times, the last span is cut there,
     * and there are no more. */
    size_t max_asked, n_asked;
    struct tcn_oncall_turn turns[TCN_ROTATIONS_MAX]; /* private */
};
bool tcn_oncall_spans_next(struct tcn_oncall_spans *i, struct tcn_oncall_span *ret_span);

#endif
