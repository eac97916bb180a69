/* The other nodes of the deployment: who joined, who was taken over, who left, as lines of the log and as metrics. */
#ifndef TCN_APP_PEERS_H
#define TCN_APP_PEERS_H

#include "store/nodes.h"
#include "store/thread.h"

/* What changed between two looks. */
struct tcn_peer_news {
    enum tcn_peer_state state; /* ALIVE: it joined */
    const struct tcn_peer *peer;
};
/* Compares what a look found with what the one before knew, by epoch. Returns how many news ret has room for and got. */
size_t tcn_peers_compare(const struct tcn_peer *was, size_t n_was, const struct tcn_peer *is,
                         size_t n_is, struct tcn_peer_news ret[TCN_PEERS_MAX]);

struct tcn_app;
/* Looks now, and again every few seconds where the store is shared. */
void tcn_peers_start(struct tcn_app *app);
void tcn_peers_stop(
    struct tcn_app *app); /* after the store's thread; legal when it was not started */
/* Another configuration is in force: the other nodes are to see it. */
void tcn_peers_reloaded(struct tcn_app *app);
/* What the last look found, and when; 0 before the first one. Borrowed until the loop turns. */
int64_t tcn_peers_known(const struct tcn_app *app, const struct tcn_peer **ret, size_t *ret_n);
/* The gauges that a look fills. */
void tcn_peers_metrics(struct tcn_app *app);

/* A standby was promoted. */
void tcn_peers_promoted(void *app, const struct tcn_database *is);

#endif
