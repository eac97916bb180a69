/* The same as rows.h, of engagements as they are listed. */
#ifndef TCN_TESTS_STORE_ROWS_ENGAGED_H
#define TCN_TESTS_STORE_ROWS_ENGAGED_H

#include "rows.h"
#include "store/engaged.h"

#if defined(__x86_64__) && defined(__linux__)
_Static_assert(sizeof(struct tcn_engaged) == 136, "struct tcn_engaged has changed");
#endif

static inline void same_engaged(const struct tcn_engaged *a, const struct tcn_engaged *b)
{
    SAME_ID(id);
    SAME_ID(incident);
    SAME_INT(is_bare);
    SAME_INT(no);
    SAME_TEXT(contact);
    SAME_INT(type);
    SAME_INT(start_ms);
    SAME_INT(stop_ms);
    SAME_INT(next_stage_ms);
    SAME_TEXT(text.sender);
    SAME_TEXT(text.subject);
    SAME_TEXT(text.content);
    SAME_TEXT(text.public_subject);
    SAME_TEXT(text.public_content);
    SAME_TEXT(text.incident);
}

#endif
