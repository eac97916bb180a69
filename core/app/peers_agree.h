/* Whether the nodes that work on one store have one configuration. Pure: what a look found, and the time, are given. */
#ifndef TCN_APP_PEERS_AGREE_H
#define TCN_APP_PEERS_AGREE_H

#include "store/nodes.h"

/* While one node after the other gets a new configuration, they differ and nothing is wrong. */
#define TCN_AGREE_PATIENCE_US (30 * INT64_C(1000000))
#define TCN_AGREE_TEXT 512

enum tcn_agree_news { TCN_AGREE_NOTHING = 0, TCN_AGREE_DIFFERS, TCN_AGREE_AGAIN };

/* Legal when zeroed. */
struct tcn_agree {
    char others
        [TCN_AGREE_TEXT]; /* who differs, as of the last look: "b (0123456789ab, eu-west-1), c (...)" */
    char own[64];         /* the same of this node; a change of it is news, too */
    size_t n;             /* how many */
    int64_t since_us;     /* for how long others and own have been that */
    bool is_told, was_told; /* these; any since all agreed */
};

/* Takes what a look found. A node that lives and tells no configuration is of a program before this one: it does not
 * differ. DIFFERS comes once for each change that lasts, AGAIN when nobody differs any more after it. */
enum tcn_agree_news tcn_agree_look(struct tcn_agree *a, const struct tcn_peer *peers, size_t n,
                                   int64_t now_us);

#endif
