/* How many topics wait to be told, by connector: what GET /v1/connectors and /metrics say of it. */
#ifndef TCN_APP_BACKLOG_H
#define TCN_APP_BACKLOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCN_BACKLOG_MAX 64  /* connectors; those that tell topics, and some that did */
#define TCN_BACKLOG_NAME 65 /* of a connector, with its NUL */

struct tcn_store;

struct tcn_backlog_row {
    char connector[TCN_BACKLOG_NAME];
    int64_t n, since_ms; /* when the first of them became due, or was tried first */
};
struct tcn_backlog {
    struct tcn_backlog_row rows[TCN_BACKLOG_MAX]; /* those for which something waits */
    size_t n;
    bool is_known;
};

/* Inside a store job. */
int tcn_backlog_read(struct tcn_store *s, struct tcn_backlog *ret, struct tcn_err *err);
/* NULL: nothing waits. */
const struct tcn_backlog_row *tcn_backlog_of(const struct tcn_backlog *b, const char *connector);

#endif
