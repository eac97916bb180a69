#include "app/look.h"
#include "base/xalloc.h"

#include <stdlib.h>

static void free_look(struct tcn_look *look)
{
    event_free(look->patience);
    free(look);
}

static void answer(struct tcn_look *look)
{
    struct tcn_request *rq = look->rq;

    look->rq = NULL;
    if (rq)
        look->answer(look->app, rq, look->ctx);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct tcn_look *look = (struct tcn_look *)base;

    look->heard(look, r, err);
    answer(look);
    free_look(look);
}

static void on_patience(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    answer(arg);
}

/* Nobody waits for it any more; the list of those that are late tells of it all the same. */
static void late(struct tcn_job *base)
{
    (void)base;
}

bool tcn_look(struct tcn_app *app, struct tcn_request *rq, const struct tcn_look *wanted)
{
    static const struct timeval patience = {0, TCN_LOOK_MS * 1000};
    struct tcn_look *look = tcn_xcalloc(1, sizeof *look);

    *look = *wanted;
    look->app = app;
    look->rq = rq;
    look->job.done = done;
    look->job.late = late;
    look->patience = evtimer_new(app->base, on_patience, look);
    if (!look->patience || evtimer_add(look->patience, &patience) < 0)
        abort();
    if (tcn_storethread_post(app->store, &look->job) == 0)
        return true;
    free_look(look);
    return false;
}
