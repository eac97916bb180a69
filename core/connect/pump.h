/* libcurl's multi interface on a libevent loop (CURLMOPT_SOCKETFUNCTION(3), CURLMOPT_TIMERFUNCTION(3)): one timer,
 * one event a socket, completions read only after curl_multi_socket_action(), libcurl never called from inside its
 * own callbacks. Knows nothing of requests. */
#ifndef TCN_CONNECT_PUMP_H
#define TCN_CONNECT_PUMP_H

#include "base/err.h"
#include "base/str.h"
#include <curl/curl.h>
#include <event2/event.h>
#include <stdatomic.h>

#define TCN_PUMP_POOL 16 /* idle easy handles kept */
#define TCN_PUMP_CONNECTIONS 64

struct tcn_mailer;
struct tcn_pump;

/* Embedded in whatever waits for a transfer, zeroed first; lives until done was called or the transfer was
 * cancelled. */
struct tcn_pump_wait {
    CURL *easy;
    /* On the loop, exactly once, never from inside tcn_pump_start(). May start and cancel transfers. */
    void (*done)(struct tcn_pump_wait *wait, CURLcode code);
    bool blocks; /* SMTP: runs on a thread, see mailer.h; its callbacks are called there */
    struct tcn_pump_wait *next; /* in the list of who runs it */
    /* Of one that blocks: whether it may, asked on the thread, at least once a second. NULL: always. */
    bool (*goes_on)(struct tcn_pump_wait *wait);
    /* The mailer's. */
    int state;
    CURLcode code;
    atomic_int is_cancelled;
    const struct tcn_pump *pump; /* asked whether it may act; borrowed */
    struct tcn_mailer *mailer;   /* borrowed */
};

/* curl_global_init() is called by the first. TCN_EIO. */
int tcn_pump_new(struct event_base *base, struct tcn_pump **ret, struct tcn_err *err);
/* No transfer may be running. */
void tcn_pump_free(struct tcn_pump *p);

/* From now on transfers run only while may_act says so: those that run when it does not end with CURLE_RECV_ERROR, and none
 * starts. Asked before every step on the network, for mails on their threads. */
void tcn_pump_guard(struct tcn_pump *p, bool (*may_act)(void *ctx), void *ctx);
/* What it says now; for any thread. */
bool tcn_pump_may_act(const struct tcn_pump *p);

/* An easy handle with every option at its default; back with tcn_pump_give(). NULL when memory is gone. */
CURL *tcn_pump_take(struct tcn_pump *p);
void tcn_pump_give(struct tcn_pump *p, CURL *easy);

/* wait->easy runs from now on. TCN_EIO. */
int tcn_pump_start(struct tcn_pump *p, struct tcn_pump_wait *wait, struct tcn_err *err);
/* done will not be called. */
void tcn_pump_cancel(struct tcn_pump *p, struct tcn_pump_wait *wait);
/* All mails end now, those that wait and those to come: cancelling them one by one takes no second each. */
void tcn_pump_end_mails(struct tcn_pump *p);
/* Transfers on the loop; mails are not among them. */
size_t tcn_pump_running(const struct tcn_pump *p);

#endif
