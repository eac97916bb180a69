/* As rows.h, of notices. */
#ifndef TCN_TESTS_STORE_ROWS_NOTICE_H
#define TCN_TESTS_STORE_ROWS_NOTICE_H

#include "rows.h"
#include "store/notices.h"

#if defined(__x86_64__) && defined(__linux__)
_Static_assert(sizeof(struct tcn_notice) == 104, "struct tcn_notice has changed");
#endif

static inline struct tcn_notice gen_notice(struct gen *g)
{
    struct tcn_notice n = {.incident = g_id(g),
                           .topic = g_text(g),
                           .connector = g_text(g),
                           .told_seq = g_int(g),
                           .due_ms = g_int(g),
                           .attempts = g_int(g),
                           .since_ms = g_int(g),
                           .note = g_text(g)};

    n.id = tcn_notice_id(n.incident, n.topic, n.connector);
    return n;
}

static inline void same_notice(const struct tcn_notice *a, const struct tcn_notice *b)
{
    SAME_ID(id);
    SAME_ID(incident);
    SAME_TEXT(topic);
    SAME_TEXT(connector);
    SAME_INT(told_seq);
    SAME_INT(due_ms);
    SAME_INT(attempts);
    SAME_INT(since_ms);
    SAME_TEXT(note);
    SAME_INT(is_in_flight);
    SAME_INT(epoch);
}

#endif
