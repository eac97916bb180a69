/* Who works on this store, and what database it is in. Times are of the database's clock unless they say otherwise. */
#ifndef TCN_STORE_NODES_H
#define TCN_STORE_NODES_H

#include "store/store.h"

/* The newest start of a node's name. */
enum tcn_peer_state { TCN_PEER_UNSET = 0, TCN_PEER_ALIVE, TCN_PEER_TAKEN_OVER, TCN_PEER_STOPPED };
struct tcn_peer {
    const char *name, *region, *version; /* region and version: NULL when not known */
    const char *config;                  /* digest of what all must agree on; likewise */
    int64_t epoch;
    enum tcn_peer_state state;
    bool is_self;
    int64_t started_ms;                  /* by its own clock */
    int64_t seen_ms;                     /* last contact; 0: not known */
    int64_t ended_ms;                    /* 0: it lives, or not known */
    const char *ended_by;                /* name of the node that took it over; NULL */
    int64_t ended_by_epoch;              /* 0: not known */
    int64_t n_sends, n_links, n_notices; /* in flight; tcn_store_peer_work sets them */
};
#define TCN_PEERS_MAX 200
/* Those that live first, then the newest first; at most TCN_PEERS_MAX. */
int tcn_store_peer_list(struct tcn_store *s, struct tcn_arena *a, struct tcn_peer **ret,
                        size_t *ret_n, struct tcn_err *err);
/* How much each of them has in flight. */
int tcn_store_peer_work(struct tcn_store *s, struct tcn_peer *peers, size_t n, struct tcn_err *err);
/* How many earlier starts under this node's name another node has taken over, of those that are not forgotten. */
int tcn_store_peer_losses(struct tcn_store *s, int64_t *ret_n, struct tcn_err *err);
/* This node goes by another configuration from now on. */
int tcn_store_peer_agrees(struct tcn_store *s, const char *region, const char *config,
                          struct tcn_err *err);
/* Forgets the starts that ended so long ago. The newest start stays: its number must not come again. */
#define TCN_PEER_KEPT_MS (INT64_C(7) * 86400 * 1000)
int tcn_store_peer_trim(struct tcn_store *s, struct tcn_err *err);
/* Marks this process as stopped, in a transaction of its own: what it had in flight is anybody's at once. It can write
 * nothing after this. */
int tcn_store_leave(struct tcn_store *s, struct tcn_err *err);

/* As of the connection that is, or was last, in use. Empty and 0 is "not known". */
struct tcn_database {
    const char *engine; /* static */
    char version[32], host[128], role[16];
    char system_id[24]; /* of the cluster */
    int64_t timeline;   /* grows when a standby is promoted */
    int64_t schema;     /* which of the numbered migrations the database has reached */
    uint64_t
        promotions;   /* that this process has seen, one since the node's last start among them */
    char started[40]; /* when that server was, as it writes times: tells it from its copies */
    bool bypasses_policies; /* row-level security does not hold for this role */
    char unkept[160];       /* why which server it is cannot be kept for the next start */
};
void tcn_store_database(struct tcn_store *s, struct tcn_database *ret);

/* What the start of a node found that is not as it should be, and no reason not to start. */
struct tcn_start_doubts {
    char other_account[16]; /* whose nodes work on this database, too; "": nobody's */
    char other_node[72];    /* the newest of them */
    char policies[300];     /* the tables do not keep accounts apart, and what to do; "": they do */
    /* Whence a process with this node's name is connected that was not heard of for a lease, and is taken over; "": none. */
    char stands_still_at[64];
    bool has_lost; /* a standby was promoted without the last commits of this node */
};
void tcn_store_start_doubts(const struct tcn_store *s, struct tcn_start_doubts *ret);

/* Each server of a URL with several of them, in its order, when all were asked at once. */
enum tcn_server_state {
    TCN_SERVER_UNSET = 0, /* not asked, or not waited for */
    TCN_SERVER_UNMET,     /* did not answer, or with a refusal: why */
    TCN_SERVER_STANDBY,
    TCN_SERVER_PRIMARY,
    TCN_SERVER_LEFT_BEHIND /* takes writes, on an older timeline than another one, or than the database had */
};
struct tcn_server {
    enum tcn_server_state state;
    char host[128]; /* and port */
    int64_t timeline;
    char why[TCN_ERR_MSG];
};
#define TCN_SERVERS_MAX 16
struct tcn_survey {
    struct tcn_server servers[TCN_SERVERS_MAX];
    size_t n;                /* 0: there was no survey */
    char wrong[TCN_ERR_MSG]; /* they are not of one database, and what to do; "" */
};
/* What the start of this store found. */
void tcn_store_survey_of_start(struct tcn_store *s, struct tcn_survey *ret);
/* Asks them now, over connections of its own, for 3 s at most (and what the names take to be looked up), or until there is
 * something to read at stop_fd. TCN_ENOTFOUND: the URL has one server, or none at all. */
int tcn_store_survey(const struct tcn_store_options *options, int stop_fd, struct tcn_survey *ret,
                     struct tcn_err *err);
/* tcn_clock_mono_us() of the last answer; 0 where the database is in this process. Any thread. */
int64_t tcn_store_contact_us(struct tcn_store *s);
/* While an answer does not come: what its server is known to wait for, a sentence about "the database" (static); NULL: it is
 * not known. Any thread. */
const char *tcn_store_waits(struct tcn_store *s);
/* The process ends: what the database does not answer is given up within seconds. Any thread. */
void tcn_store_hurry(struct tcn_store *s);

#endif
