/* How ticket systems are asked for what changed: what GET /v1/connectors says of it. */
#ifndef TCN_APP_FEED_STATE_H
#define TCN_APP_FEED_STATE_H

#include "app/backlog.h"
#include "store/feeds.h"

#include <jansson.h>

#define TCN_FEED_NOTE 200

struct tcn_feed_row {
    char connector[TCN_BACKLOG_NAME], note[TCN_FEED_NOTE]; /* note: why the last call failed */
    int64_t polled_ms, swept_ms, heard_ms, fail_count, missed, missed_ms;
};
struct tcn_feed_state {
    struct tcn_feed_row rows[TCN_FEEDS_MAX];
    size_t n;
};

/* Inside a store job. */
int tcn_feed_state_read(struct tcn_store *s, struct tcn_feed_state *ret, struct tcn_err *err);
/* {"polled_at", "swept_at", "failures", "failing", "heard_at", "missed", "missed_since"}, yours; JSON null: it has no feed. */
json_t *tcn_feed_state_json(const struct tcn_feed_state *state, const char *connector);

#endif
