/* What an alarm told, as six columns of a row: title, summary, impact, trigger_arn, tags, related. Private to core/store. */
#ifndef TCN_STORE_TOLD_H
#define TCN_STORE_TOLD_H

#include "base/buf.h"
#include "store/internal.h"

#define TCN_TOLD_COLUMNS "title, summary, impact, trigger_arn, tags, related"

/* Its lists are packed before a statement is begun. The caller's to tcn_told_done, whatever the result. */
struct tcn_told_row {
    const struct tcn_told_alarm *told;
    struct tcn_buf tags, related;
};
int tcn_told_pack(const struct tcn_told_alarm *told, struct tcn_told_row *ret, struct tcn_err *err);
void tcn_told_done(struct tcn_told_row *row);

void tcn_q_told(struct tcn_query *q, const struct tcn_told_row *row);
int tcn_c_told(struct tcn_query *q, struct tcn_arena *a, struct tcn_told_alarm *ret,
               struct tcn_err *err);

#endif
