/* Moving a store to another database, of the same kind or the other, while its owner goes on. */
#ifndef TCN_STORE_COPY_H
#define TCN_STORE_COPY_H

#include "store/copy_rows.h"

struct tcn_copy_round {
    uint64_t rows;                    /* that the source has */
    uint64_t added, changed, dropped; /* at the target, to make it the same */
};

/* What one table holds: the same text on both sides means the same rows. */
struct tcn_copy_sum {
    const char *table;
    uint64_t rows;
    char sha256[65];
};

struct tcn_copy;
/* Opens both. The target must be empty, or an unfinished copy: then it goes on. With is_final the source is owned from
 * now on, so that it does not change any more; otherwise it is read beside its owner. TCN_EINVALID: no store, another
 * schema, a target that holds something; TCN_EBUSY: a process owns one of them; TCN_ENOTFOUND, TCN_EIO. */
int tcn_copy_open(const char *from, const char *to, bool is_final, int64_t now_ms,
                  struct tcn_copy **ret, struct tcn_err *err);
void tcn_copy_close(struct tcn_copy *c);
/* Makes every table of the target as that of the source is while it is looked at. May be killed at any moment: the next
 * one goes on with what differs. */
int tcn_copy_run_round(struct tcn_copy *c, struct tcn_copy_round *ret, struct tcn_err *err);
/* After a round with is_final: reads both sides anew, and TCN_EIO when a table differs. ret_sums has a place a table.
 * Then nothing starts on the source any more, and the target is a store that can be opened; a call that fails in between
 * leaves both shut, and another copy with is_final to the same target ends it. */
int tcn_copy_finish(struct tcn_copy *c, struct tcn_copy_sum ret_sums[TCN_COPY_TABLES],
                    struct tcn_err *err);
/* For who opens a store: TCN_EINVALID when it is an unfinished copy. */
int tcn_copy_refuse_unfinished(const struct tcn_db_driver *driver, struct tcn_db *db,
                               struct tcn_err *err);

#endif
