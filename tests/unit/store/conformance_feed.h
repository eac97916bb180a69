/* What the random sequences do with feeds, conflicts and notes that were taken in. */
#ifndef TCN_TESTS_STORE_CONFORMANCE_FEED_H
#define TCN_TESTS_STORE_CONFORMANCE_FEED_H

#include "conformance.h"

static const char *const feed_names[] = {"Jira", "_x", "a-b", "\xC3\xA9"};

static inline void put_feed(struct bed *b, const char *connector, int64_t now)
{
    struct tcn_feed row = gen_feed(&b->g);

    row.connector = connector;
    row.poll_due_ms = pick(b, 4) ? now + 3 : 0;
    row.sweep_due_ms = pick(b, 4) ? now + 7 : 0;
    row.cursor = pick(b, 2) ? row.cursor : NULL;
    row.note = pick(b, 2) ? row.note : NULL;
    if (pick(b, 2))
        row.sweep_from = (struct tcn_id){{0}};
    row.is_of_closed = pick(b, 2);
    WRITE(b, feed_put, &row);
}

static inline void feeds(struct bed *b)
{
    const char *connector = feed_names[pick(b, 4)];
    int64_t now = 100000 + pick(b, 1000), heard = now + 100 * (int64_t)pick(b, 1000);
    struct tcn_feed got[STORES_MAX];
    bool is_ours[STORES_MAX] = {false};

    if (pick(b, 3) == 0)
        WRITE(b, feed_make, connector, now);
    if (pick(b, 4) == 0)
        WRITE(b, feed_heard, connector, heard);
    if (pick(b, 4) == 0)
        WRITE(b, feed_hasten, connector, now);
    ASK(b, feed_claim, connector, now, &b->a, &got[k], &is_ours[k]);
    EACH_DRIVER(b)
    {
        assert_int_equal(is_ours[k], is_ours[b->drivers]);
        if (is_ours[k])
            same_feed(&got[b->drivers], &got[k]);
    }
    if (is_ours[0] && pick(b, 4))
        put_feed(b, connector, now);
    ALL(b, struct tcn_feed, same_feed, feed_list);
}

/* Those that the links of other operations have. */
static inline void feed_records(struct bed *b)
{
    struct tcn_id before = an_id(b, 100, 8), since = an_id(b, 100, 8);
    const char *connector = feed_names[pick(b, 4)];
    bool is_first = pick(b, 2), is_of_open = pick(b, 2);

    LIST(b, struct tcn_known_record, same_known_record, feed_records, connector,
         is_first ? NULL : &before, is_of_open ? NULL : &since, 3);
}

static inline void conflicts(struct bed *b)
{
    struct tcn_conflict_row row = gen_conflict(&b->g);
    int64_t gone[STORES_MAX] = {0}, before = pick(b, 50);

    row.link = an_id(b, 500, 4);
    row.at_ms = 1 + pick(b, 50);
    row.field = pick(b, 2) ? "title" : "impact";
    row.id = tcn_conflict_id(row.link, row.field, row.at_ms);
    row.base = pick(b, 2) ? row.base : NULL;
    WRITE(b, conflict_add, &row);
    LIST(b, struct tcn_conflict_row, same_conflict, conflict_list, row.link);
    if (pick(b, 8) == 0) {
        ASK(b, conflict_prune, before, &gone[k]);
        EACH(b)
        assert_int_equal(gone[k], gone[0]);
    }
}

static inline void entries(struct bed *b)
{
    struct tcn_entry row = gen_entry(&b->g), got[STORES_MAX];

    row.link = an_id(b, 500, 3);
    row.id = tcn_entry_id(row.link, pick(b, 2) ? "10" : "11");
    ASK(b, entry_get, row.id, &b->a, &got[k]);
    EACH_DRIVER(b)
    if (b->codes[k] == 0)
        same_entry(&got[b->drivers], &got[k]);
    if (pick(b, 2))
        WRITE(b, entry_put, &row);
}

#endif
