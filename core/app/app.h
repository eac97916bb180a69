/* The running process: everything that lives on the loop thread. */
#ifndef TCN_APP_APP_H
#define TCN_APP_APP_H

#include "api/ack.h"
#include "app/backlog.h"
#include "app/config.h"
#include "app/feed_state.h"
#include "app/fetch.h"
#include "app/log_limit.h"
#include "app/metrics.h"
#include "app/settled.h"
#include "gateway/server.h"
#include "gateway/sns_cert.h"
#include "store/thread.h"

struct tcn_outbound;          /* outbound.h */
struct tcn_subscriptions;     /* subscriptions.h */
struct tcn_held;              /* held.c */
struct tcn_peers;             /* peers.c */
struct tcn_clock_watch_state; /* clock_watch.c */
struct tcn_auditor;           /* auditor.c */
struct tcn_rechecks;          /* recheck.h */
struct tcn_reader;            /* store/reader.h */
struct tcn_servers;           /* servers.c */

#define TCN_FIXED 8 /* members that only a start takes: app_reload.c */

/* What is known of whether an alarm would be accepted: ready.c. Times are monotonic. */
struct tcn_ready {
    bool is_asked;                 /* a try is on its way */
    unsigned n_asked;              /* alarms and tries that the store has not answered */
    int64_t silent_us;             /* since when none was; 0: there is none */
    unsigned n_busy;               /* answers meanwhile that were none: come again */
    int64_t tried_us;              /* the last one that came to something or not */
    unsigned n_tries_failed;       /* in a row; one that is sure counts for several */
    unsigned n_failed;             /* deliveries, in a row */
    int64_t failing_us, failed_us; /* the first of those, the last one */
    char why[TCN_ERR_MSG];         /* the last of either */
    bool is_told;
};

struct tcn_app_options {
    const char *config_file, *data_dir;
    const char *listen; /* NULL: as configured */
};

struct tcn_app {
    struct tcn_app_options options;
    int data_lock; /* the data folder is this process's; -1: not yet */
    struct event_base *base;
    struct tcn_config *config; /* the one in force */
    struct tcn_storethread *store;
    struct tcn_reader *reader;   /* NULL: the database is this process's own */
    struct tcn_servers *servers; /* NULL, likewise */
    struct tcn_ready ready;
    struct tcn_router *router, *admin_router;
    struct tcn_server *server, *admin; /* the public one; that for operators, or NULL */
    struct tcn_tls *tls;
    struct tcn_outbound *outbound;
    struct tcn_settled *settled;
    struct tcn_arena_pool arenas; /* of deliveries */
    struct tcn_rechecks *rechecks;
    struct tcn_metrics *metrics;
    struct tcn_log_limit log_limit; /* of what is refused, and of nobody reached */
    struct tcn_pump *pump;
    struct tcn_fetcher *fetcher;
    struct tcn_fetch_port fetch; /* of the fetcher */
    struct tcn_sns_certs *certs;
    struct tcn_subscriptions *subscriptions;
    struct event *timer;  /* next due work of the store */
    struct event *upkeep; /* next look for what may be forgotten */
    struct tcn_held *held;
    struct tcn_peers *peers;
    struct tcn_clock_watch_state *clock_watch;
    struct tcn_auditor *auditor;
    bool is_timer_running, is_timer_asked, is_waiting_running;
    struct event *signals[3];
    struct event *closing; /* while the last answers leave */
    bool is_ready, is_stopping;
    bool is_drained;      /* every page that was on its way has its answer, and none is begun */
    bool is_store_gone;   /* its files were taken away: disk.c */
    bool is_reload_asked; /* before the door was open */
    /* What was taken once, at start, and stays whatever is reloaded; owned. Of fixed NULL: not of the configuration. */
    char *fixed[TCN_FIXED], *node, *own_url;
    uint8_t ack_key[TCN_ACK_KEY];
    int64_t started_ms, max_late_ms, epoch;
    int64_t listens_ms;          /* since when alarms are taken without a gap */
    int64_t n_open;              /* incidents, when they were counted last; negative: not yet */
    struct tcn_backlog backlog;  /* as it was asked for last */
    struct tcn_feed_state feeds; /* as they were when they were asked for last */
    int exit_code;
};

/* Runs until it is told to stop; the exit status of the process. */
int tcn_app_run(const struct tcn_app_options *options);

/* The time that due times go by: the store's, or this machine's until it is open. Certificates, tokens of senders and the log
 * go by this machine's. */
int64_t tcn_app_now_ms(const struct tcn_app *app);

/* Called after every commit that may have made work: pages, tickets, timers. */
void tcn_app_wake(struct tcn_app *app);
/* A person's command or a timer changed something: nothing is settled any more. */
void tcn_app_changed(struct tcn_app *app);

/* What is good and hardly meant: a line of the log each. */
void tcn_app_tell_warnings(const struct tcn_problems *warnings);

/* app_start.c, app_stop.c, app_reload.c, app_timer.c */
int tcn_app_start(struct tcn_app *app, struct tcn_err *err);
void tcn_app_stop(struct tcn_app *app);
void tcn_app_reload(struct tcn_app *app);
/* Remembers what is in force for good, once the configuration is read; before anything uses it. */
void tcn_app_fix(struct tcn_app *app);
void tcn_app_unfix(struct tcn_app *app);
int tcn_app_timer_init(struct tcn_app *app, struct tcn_err *err);

#endif
