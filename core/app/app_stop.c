/* A clean end: no new requests, the last answers leave, what is accepted is durable, pages on their way arrive or do not.
 * Calls for tickets are left to the next start, which looks what became of them; nobody can be asked for a page. */
#include "app/app.h"
#include "app/clock_watch.h"
#include "app/door.h"
#include "app/outbound.h"
#include "sys/clock.h"

#define DRAIN_MS 5000
#define LOOK_MS 10

static int64_t drain_until_us;

static void on_drained(void *ctx)
{
    struct tcn_app *app = ctx;

    app->is_drained = true;
}

static bool is_over(const struct tcn_app *app)
{
    return (tcn_door_connections(app) == 0 && app->is_drained) ||
           tcn_clock_mono_us() >= drain_until_us;
}

static void look(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval again = {0, LOOK_MS * 1000};
    struct tcn_app *app = arg;

    (void)fd;
    (void)what;
    if (is_over(app))
        event_base_loopbreak(app->base);
    else
        evtimer_add(app->closing, &again);
}

void tcn_app_stop(struct tcn_app *app)
{
    static const struct timeval now = {0, 0};

    if (app->is_stopping)
        return;
    app->is_stopping = true;
    app->is_ready = false;
    tcn_log(TCN_LOG_INFO, "app", "stopping", NULL);
    tcn_door_drain(app);
    tcn_clock_watch_mark(app);
    tcn_outbound_drain(app, on_drained, app);
    drain_until_us = tcn_clock_mono_us() + DRAIN_MS * INT64_C(1000);
    app->closing = evtimer_new(app->base, look, app);
    if (!app->closing || evtimer_add(app->closing, &now) < 0)
        event_base_loopbreak(app->base);
}
