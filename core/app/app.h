/* The running process: everything that lives on the loop thread. */
#ifndef TCN_APP_APP_H
#define TCN_APP_APP_H

#include "api/ack.h"
#include "app/config.h"
#include "app/metrics.h"
#include "app/settled.h"
#include "connect/lanes.h"
#include "connect/sends.h"
#include "gateway/server.h"
#include "gateway/sns_cert.h"
#include "store/thread.h"

struct tcn_app {
    struct event_base *base;
    struct tcn_config *config; /* the one in force */
    const char *config_file, *data_dir, *listen; /* listen NULL: as configured */
    struct tcn_storethread *store;
    struct tcn_server *server;
    struct tcn_router *router;
    struct tcn_lanes *lanes;
    struct tcn_sends *sends;
    struct tcn_settled *settled;
    struct tcn_metrics *metrics;
    struct tcn_sns_certs *certs;
    struct event *timer; /* next due work of the store */
    bool is_timer_running, is_timer_asked;
    uint8_t ack_key[TCN_ACK_KEY];
    int64_t started_ms, max_late_ms;
    int exit_code;
};

/* Called after every commit that may have made work: pages, tickets, timers. */
void tcn_app_wake(struct tcn_app *app);
/* A person's command or a timer changed something: nothing is settled any more. */
void tcn_app_changed(struct tcn_app *app);

#endif
