/* As rows.h, of what comes back from ticket systems. */
#ifndef TCN_TESTS_STORE_ROWS_FEED_H
#define TCN_TESTS_STORE_ROWS_FEED_H

#include "rows.h"
#include "store/feeds.h"

#if defined(__x86_64__) && defined(__linux__)
_Static_assert(sizeof(struct tcn_feed) == 144, "struct tcn_feed has changed");
_Static_assert(sizeof(struct tcn_conflict_row) == 104, "struct tcn_conflict_row has changed");
_Static_assert(sizeof(struct tcn_entry) == 80, "struct tcn_entry has changed");
#endif

static inline struct tcn_feed gen_feed(struct gen *g)
{
    return (struct tcn_feed){.connector = g_text(g),
                             .cursor = g_text(g),
                             .since_ms = g_int(g),
                             .poll_due_ms = g_int(g),
                             .sweep_due_ms = g_int(g),
                             .polled_ms = g_int(g),
                             .sweep_from = g_id(g),
                             .is_of_closed = true,
                             .swept_ms = g_int(g),
                             .closed_ms = g_int(g),
                             .fail_count = g_int(g),
                             .note = g_text(g),
                             .missed = g_int(g),
                             .missed_ms = g_int(g)};
}

static inline void same_feed(const struct tcn_feed *a, const struct tcn_feed *b)
{
    SAME_TEXT(connector);
    SAME_TEXT(cursor);
    SAME_INT(since_ms);
    SAME_INT(poll_due_ms);
    SAME_INT(sweep_due_ms);
    SAME_INT(polled_ms);
    SAME_ID(sweep_from);
    SAME_INT(is_of_closed);
    SAME_INT(swept_ms);
    SAME_INT(closed_ms);
    SAME_INT(fail_count);
    SAME_TEXT(note);
    SAME_INT(missed);
    SAME_INT(missed_ms);
    SAME_INT(heard_ms);
    SAME_INT(is_in_flight);
    SAME_INT(epoch);
}

static inline struct tcn_conflict_row gen_conflict(struct gen *g)
{
    struct tcn_conflict_row row = {.link = g_id(g),
                                   .incident = g_id(g),
                                   .connector = g_text(g),
                                   .field = g_text(g),
                                   .base = g_text(g),
                                   .local = g_text(g),
                                   .remote = g_text(g),
                                   .winner = g_text(g),
                                   .at_ms = g_int(g)};

    row.id = tcn_conflict_id(row.link, row.field, row.at_ms);
    return row;
}

static inline void same_conflict(const struct tcn_conflict_row *a, const struct tcn_conflict_row *b)
{
    SAME_ID(id);
    SAME_ID(link);
    SAME_ID(incident);
    SAME_TEXT(connector);
    SAME_TEXT(field);
    SAME_TEXT(base);
    SAME_TEXT(local);
    SAME_TEXT(remote);
    SAME_TEXT(winner);
    SAME_INT(at_ms);
}

static inline struct tcn_entry gen_entry(struct gen *g)
{
    struct tcn_entry entry = {.link = g_id(g),
                              .incident = g_id(g),
                              .event = g_id(g),
                              .hash = g_text(g),
                              .at_ms = g_int(g)};

    entry.id = tcn_entry_id(entry.link, g_text(g));
    return entry;
}

static inline void same_entry(const struct tcn_entry *a, const struct tcn_entry *b)
{
    SAME_ID(id);
    SAME_ID(link);
    SAME_ID(incident);
    SAME_ID(event);
    SAME_TEXT(hash);
    SAME_INT(at_ms);
}

static inline void same_known_record(const struct tcn_known_record *a,
                                     const struct tcn_known_record *b)
{
    SAME_ID(link);
    SAME_ID(incident);
    SAME_TEXT(remote_id);
    SAME_TEXT(version);
}

#endif
