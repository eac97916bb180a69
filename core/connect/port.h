/* The way to one instance: its gate and the calls that go through it. CHECKs that a half-open breaker or refused
 * credentials ask for are made here; whoever waits for room is told when there is some. */
#ifndef TCN_CONNECT_PORT_H
#define TCN_CONNECT_PORT_H

#include "connect/exchange.h"
#include "connect/gate.h"

struct tcn_port;

enum tcn_port_use {
    TCN_PORT_TICKETS = 0,
    TCN_PORT_PAGES, /* never shuts, see connect/gate.h */
    TCN_PORT_TOPICS /* nor does this */
};

/* ready is called on a later turn of the loop whenever a call ended, a pause is over or the breaker closed. hub and
 * instance are borrowed and outlive the port. */
struct tcn_port *tcn_port_new(struct event_base *base, struct tcn_hub *hub,
                              struct tcn_instance *instance, enum tcn_port_use use,
                              void (*ready)(void *ctx), void *ctx);
/* Cancels its calls: their done is not called. NULL is legal. */
void tcn_port_free(struct tcn_port *p);

/* How many calls may be started now. When 0, ready will be called. */
unsigned tcn_port_room(struct tcn_port *p);
/* Starts a call, or answers RETRY at once (on a later turn) when the remote asked this kind of call to wait. */
void tcn_port_call(struct tcn_port *p, const struct tocsin_op *op, tcn_exchange_done *done,
                   void *ctx);
unsigned tcn_port_in_flight(const struct tcn_port *p);
struct tcn_instance *tcn_port_instance(const struct tcn_port *p);

struct tcn_port_health {
    enum tcn_breaker_state breaker;
    bool is_auth_failed;
    unsigned in_flight;
    uint64_t calls, failures; /* since the start */
    int64_t last_ok_ms, last_failure_ms;
    char last_failure[288]; /* "" = none */
};
void tcn_port_health(const struct tcn_port *p, struct tcn_port_health *ret);

#endif
