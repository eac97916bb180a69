#include "app/fetch.h"
#include "base/buf.h"
#include "base/xalloc.h"
#include "connect/ssrf.h"

#include <stdlib.h>
#include <unistd.h>

struct fetch {
    struct tcn_pump_wait wait; /* first */
    struct tcn_fetcher *owner;
    struct tcn_buf body;
    tcn_fetch_done *done;
    void *arg;
    struct event *refusal; /* a fetch that could not start is told on a later turn, too */
    struct fetch *next;
};

struct tcn_fetcher {
    struct event_base *base;
    struct tcn_pump *pump;
    char *ca_file; /* owned */
    struct fetch *running;
    size_t n;
};

struct tcn_fetcher *tcn_fetcher_new(struct event_base *base, struct tcn_pump *pump,
                                    const char *ca_file)
{
    struct tcn_fetcher *f = tcn_xcalloc(1, sizeof *f);

    f->base = base;
    f->pump = pump;
    f->ca_file = tcn_xstrdup(ca_file);
    return f;
}

void tcn_fetcher_set_ca(struct tcn_fetcher *f, const char *ca_file)
{
    free(f->ca_file);
    f->ca_file = tcn_xstrdup(ca_file);
}

static void release(struct fetch *x)
{
    struct fetch **p = &x->owner->running;

    while (*p != x)
        p = &(*p)->next;
    *p = x->next;
    x->owner->n--;
    if (x->refusal)
        event_free(x->refusal);
    if (x->wait.easy)
        tcn_pump_give(x->owner->pump, x->wait.easy);
    tcn_buf_done(&x->body);
    free(x);
}

void tcn_fetcher_free(struct tcn_fetcher *f)
{
    if (!f)
        return;
    while (f->running) {
        struct fetch *x = f->running;

        if (!x->refusal)
            tcn_pump_cancel(f->pump, &x->wait);
        x->done(x->arg, 0, (struct tcn_str){"", 0}, "shutting down");
        release(x);
    }
    free(f->ca_file);
    free(f);
}

static size_t on_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct fetch *x = arg;

    tcn_buf_add(&x->body, bytes, one * n);
    return tcn_buf_ok(&x->body) ? one * n : 0;
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)arg;
    (void)purpose;
    if (tcn_ssrf_class(&address->addr) != TCN_ADDR_GLOBAL)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void on_done(struct tcn_pump_wait *wait, CURLcode code)
{
    struct fetch *x = (struct fetch *)wait;
    long status = 0;

    if (code == CURLE_OK)
        curl_easy_getinfo(wait->easy, CURLINFO_RESPONSE_CODE, &status);
    x->done(x->arg, (int)status, tcn_buf_view(&x->body),
            code == CURLE_OK ? NULL : curl_easy_strerror(code));
    release(x);
}

static void on_refusal(evutil_socket_t fd, short what, void *arg)
{
    struct fetch *x = arg;

    (void)fd;
    (void)what;
    x->done(x->arg, 0, (struct tcn_str){"", 0}, "too many fetches at a time");
    release(x);
}

static void set_options(struct fetch *x, const char *url)
{
    CURL *c = x->wait.easy;

    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 3L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, 5L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    if (x->owner->ca_file) {
        curl_easy_setopt(c, CURLOPT_CAINFO, x->owner->ca_file);
        /* Else the folder that libcurl was built with is trusted beside it. */
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
}

static bool start(struct fetch *x, const char *url)
{
    struct tcn_err err;

    if (x->owner->n > TCN_FETCHES_MAX || !(x->wait.easy = tcn_pump_take(x->owner->pump)))
        return false;
    set_options(x, url);
    return tcn_pump_start(x->owner->pump, &x->wait, &err) == 0;
}

void tcn_fetcher_get(void *ctx, const char *url, size_t cap_bytes, tcn_fetch_done *done, void *arg)
{
    static const struct timeval now = {0, 0};
    struct tcn_fetcher *f = ctx;
    struct fetch *x = tcn_xcalloc(1, sizeof *x);

    *x = (struct fetch){.owner = f, .done = done, .arg = arg, .next = f->running};
    x->wait.done = on_done;
    tcn_buf_init(&x->body, cap_bytes);
    f->running = x;
    f->n++;
    if (start(x, url))
        return;
    x->refusal = evtimer_new(f->base, on_refusal, x);
    if (!x->refusal || evtimer_add(x->refusal, &now) < 0)
        abort();
}
