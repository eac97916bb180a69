#include "connect/pump.h"
#include "base/xalloc.h"
#include "connect/mailer.h"

#include <assert.h>
#include <stdlib.h>

struct tcn_pump {
    struct event_base *base; /* borrowed */
    struct event *timer;
    CURLM *multi;
    struct tcn_mailer *mailer; /* owned; NULL before the first mail */
    CURLSH *share; /* TLS sessions; names and connections are shared by the multi handle */
    CURL *idle[TCN_PUMP_POOL];
    size_t n_idle, running;
    struct tcn_pump_wait *first; /* of those that run on the loop */
    bool (*may_act)(void *ctx);  /* NULL: always */
    void *act_ctx;               /* borrowed */
    struct event *look;          /* whether it still may, while anything runs */
};

#define LOOK_MS 100

static void list(struct tcn_pump *p, struct tcn_pump_wait *wait)
{
    const struct timeval when = {0, LOOK_MS * 1000};

    wait->next = p->first;
    p->first = wait;
    if (p->running++ == 0 && p->may_act)
        event_add(p->look, &when);
}

static void unlist(struct tcn_pump *p, const struct tcn_pump_wait *wait)
{
    struct tcn_pump_wait **at = &p->first;

    while (*at != wait)
        at = &(*at)->next;
    *at = wait->next;
    if (--p->running == 0)
        event_del(p->look);
}

static void finish(struct tcn_pump *p, CURL *easy, CURLcode code)
{
    struct tcn_pump_wait *wait = NULL;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&wait);
    curl_multi_remove_handle(p->multi, easy);
    unlist(p, wait);
    wait->done(wait, code);
}

static void collect(struct tcn_pump *p)
{
    CURLMsg *m;
    int left;

    /* done() may cancel other transfers: libcurl forgets the messages of removed handles. */
    while ((m = curl_multi_info_read(p->multi, &left)) != NULL)
        if (m->msg == CURLMSG_DONE)
            finish(p, m->easy_handle, m->data.result);
}

bool tcn_pump_may_act(const struct tcn_pump *p)
{
    return !p->may_act || p->may_act(p->act_ctx);
}

/* Whoever took this process for dead may be doing the same by now: nothing more is sent, and what of it arrived is not
 * known. A process that stood still comes here before its next byte. */
static bool has_stopped(struct tcn_pump *p)
{
    if (tcn_pump_may_act(p))
        return false;
    while (p->first)
        finish(p, p->first->easy, CURLE_RECV_ERROR);
    return true;
}

static void on_look(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    has_stopped(ctx);
}

static void act(struct tcn_pump *p, curl_socket_t fd, int what)
{
    int still;

    if (has_stopped(p))
        return;
    curl_multi_socket_action(p->multi, fd, what, &still);
    collect(p);
}

static void on_socket(evutil_socket_t fd, short what, void *ctx)
{
    act(ctx, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl: watch this socket. */
static int watch(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct tcn_pump *p = ctx;
    struct event *ev = socket_ctx;
    short flags = EV_PERSIST;

    (void)easy;
    /* The number of a closed socket may come back at once: its old event must be gone before this returns. */
    if (ev)
        event_free(ev);
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(p->multi, fd, NULL);
        return 0;
    }
    flags = (short)(flags | (what & CURL_POLL_IN ? EV_READ : 0) |
                    (what & CURL_POLL_OUT ? EV_WRITE : 0));
    ev = event_new(p->base, fd, flags, on_socket, p);
    curl_multi_assign(p->multi, fd, ev);
    if (!ev || event_add(ev, NULL) < 0)
        return -1; /* libcurl fails the transfer */
    return 0;
}

/* libcurl: call again then. Zero is armed too, not run here. */
static int set_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct tcn_pump *p = ctx;
    struct timeval when = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};

    (void)multi;
    return timeout_ms < 0 ? evtimer_del(p->timer) : evtimer_add(p->timer, &when);
}

static void set_options(struct tcn_pump *p)
{
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)TCN_PUMP_CONNECTIONS);
    curl_share_setopt(p->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

int tcn_pump_new(struct event_base *base, struct tcn_pump **ret, struct tcn_err *err)
{
    struct tcn_pump *p;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return tcn_fail(err, TCN_EIO, "libcurl does not start");
    p = tcn_xcalloc(1, sizeof *p);
    p->base = base;
    p->multi = curl_multi_init();
    p->share = curl_share_init();
    p->timer = evtimer_new(base, on_timer, p);
    p->look = event_new(base, -1, EV_PERSIST, on_look, p);
    if (!p->multi || !p->share || !p->timer || !p->look) {
        tcn_pump_free(p);
        return tcn_fail(err, TCN_EIO, "no memory for the HTTP client");
    }
    set_options(p);
    *ret = p;
    return 0;
}

void tcn_pump_free(struct tcn_pump *p)
{
    if (!p)
        return;
    assert(p->running == 0);
    tcn_mailer_free(p->mailer);
    while (p->n_idle > 0)
        curl_easy_cleanup(p->idle[--p->n_idle]);
    if (p->multi)
        curl_multi_cleanup(p->multi); /* closes connections: events are removed by watch() */
    if (p->share)
        curl_share_cleanup(p->share);
    if (p->timer)
        event_free(p->timer);
    if (p->look)
        event_free(p->look);
    free(p);
    curl_global_cleanup();
}

CURL *tcn_pump_take(struct tcn_pump *p)
{
    CURL *easy = p->n_idle > 0 ? p->idle[--p->n_idle] : curl_easy_init();

    if (easy)
        curl_easy_setopt(easy, CURLOPT_SHARE, p->share);
    return easy;
}

void tcn_pump_give(struct tcn_pump *p, CURL *easy)
{
    if (!easy)
        return;
    curl_easy_reset(easy);
    /* The share survives a reset, and a handle must not outlive it. */
    curl_easy_setopt(easy, CURLOPT_SHARE, NULL);
    if (p->n_idle < TCN_PUMP_POOL)
        p->idle[p->n_idle++] = easy;
    else
        curl_easy_cleanup(easy);
}

static int start_mail(struct tcn_pump *p, struct tcn_pump_wait *wait, struct tcn_err *err)
{
    int r = p->mailer ? 0 : tcn_mailer_new(p->base, &p->mailer, err);

    if (r < 0)
        return r;
    wait->pump = p;
    tcn_mailer_start(p->mailer, wait);
    return 0;
}

void tcn_pump_guard(struct tcn_pump *p, bool (*may_act)(void *ctx), void *ctx)
{
    assert(p->running == 0);
    p->may_act = may_act;
    p->act_ctx = ctx;
}

int tcn_pump_start(struct tcn_pump *p, struct tcn_pump_wait *wait, struct tcn_err *err)
{
    CURLMcode code;

    if (!tcn_pump_may_act(p))
        return tcn_fail(err, TCN_EIO, "not sent: the database is away");
    if (wait->blocks)
        return start_mail(p, wait, err);
    curl_easy_setopt(wait->easy, CURLOPT_PRIVATE, (char *)wait);
    code = curl_multi_add_handle(p->multi, wait->easy);
    if (code != CURLM_OK)
        return tcn_fail(err, TCN_EIO, "transfer does not start: %s", curl_multi_strerror(code));
    list(p, wait);
    return 0;
}

void tcn_pump_cancel(struct tcn_pump *p, struct tcn_pump_wait *wait)
{
    if (wait->blocks) {
        tcn_mailer_cancel(p->mailer, wait);
        return;
    }
    curl_multi_remove_handle(p->multi, wait->easy);
    unlist(p, wait);
}

void tcn_pump_end_mails(struct tcn_pump *p)
{
    if (p->mailer)
        tcn_mailer_end(p->mailer);
}

size_t tcn_pump_running(const struct tcn_pump *p)
{
    return p->running;
}
