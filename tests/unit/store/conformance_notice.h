/* What the random sequences do with notices. */
#ifndef TCN_TESTS_STORE_CONFORMANCE_NOTICE_H
#define TCN_TESTS_STORE_CONFORMANCE_NOTICE_H

#include "conformance.h"

/* Of topics and connectors: their order is that of bytes. */
static const char *const notice_names[] = {"Ops", "_x", "a-b", "\xC3\xA9"};

/* One of those that there are, as it is or as it was. */
static inline void notice_back(struct bed *b, const struct tcn_notice *known, size_t n,
                               int64_t due_ms)
{
    struct tcn_notice row = n > 0 ? known[pick(b, (unsigned)n)] : gen_notice(&b->g);
    bool is_back[STORES_MAX] = {false};

    row.told_seq -= pick(b, 4) == 0;
    ASK(b, notice_back, &row, row.told_seq - 1, due_ms, &is_back[k]);
    EACH(b)
    assert_int_equal(is_back[k], is_back[b->drivers]);
}

static inline void notice_ops(struct bed *b)
{
    struct tcn_notice row = gen_notice(&b->g), *claimed;
    const char *connector = notice_names[pick(b, 3)];
    int64_t now = 1 + pick(b, 1000), next[STORES_MAX] = {0};
    size_t count = 0, limit = 1 + (size_t)pick(b, 3);

    row.incident = an_id(b, 100, 6);
    row.topic = notice_names[pick(b, 4)];
    row.connector = notice_names[pick(b, 3)];
    row.id = tcn_notice_id(row.incident, row.topic, row.connector);
    row.due_ms = 1 + pick(b, 1000);
    if (pick(b, 3))
        WRITE(b, notice_wake, &row);
    LIST(b, struct tcn_notice, same_notice, notice_list, row.incident);
    ASK(b, notice_next, connector, &next[k]);
    EACH(b)
    assert_int_equal(next[k], next[0]);
    LIST(b, struct tcn_connector_waiting, same_connector_waiting, notice_waiting, limit);
    LIST(b, struct tcn_notice, same_notice, notice_claim, connector, now, 3);
    assert_int_equal(ref_notice_list(&b->ref, row.incident, &b->a, &claimed, &count), 0);
    for (size_t i = 0; i < count; i++)
        if (claimed[i].is_in_flight && pick(b, 2)) {
            row.id = claimed[i].id;
            row.due_ms = pick(b, 3) ? now + 5 : 0;
            row.note = pick(b, 2) ? row.note : NULL;
            WRITE(b, notice_put, &row);
        }
    assert_int_equal(ref_notice_list(&b->ref, row.incident, &b->a, &claimed, &count), 0);
    notice_back(b, claimed, count, now);
    if (pick(b, 8) == 0)
        WRITE(b, notice_drop, row.id);
    LIST(b, struct tcn_notice, same_notice, notice_list, row.incident);
}

#endif
