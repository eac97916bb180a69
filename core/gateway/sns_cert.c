/* A table of addresses: being fetched, good for a day, or refused for a minute. Strangers can make us look at an
 * address (a forged message of a topic of ours names it), so that an address that never had a good certificate is
 * fetched on a budget, and takes no place of one that had. */
#include "gateway/sns_cert.h"
#include "base/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE_MS INT64_C(60000)

struct waiter {
    tcn_sns_cert_done *done;
    void *arg;
    struct waiter *next;
};

enum slot_state { SLOT_FREE = 0, SLOT_FETCHING, SLOT_GOOD, SLOT_BAD };
struct slot {
    struct tcn_sns_certs *owner;
    enum slot_state state;
    bool is_known; /* a good certificate was there once: fetched again without asking the budget */
    char url[TCN_SNS_URL_MAX + 1];
    struct tcn_cert *cert;      /* owned; GOOD */
    int64_t since_ms, until_ms; /* GOOD and BAD: then it is fetched anew */
    bool is_final;              /* BAD: the certificate itself was refused */
    char why[200];
    struct waiter *first, **end; /* owned; in the order of their coming */
};

struct tcn_sns_certs {
    struct tcn_fetch_port port;
    char *ca_file; /* owned */
    int64_t (*now_ms)(void);
    struct slot slots[TCN_SNS_CERTS_MAX];
    size_t n_waiters;
    int64_t
        fetched_ms[TCN_SNS_FETCHES_A_MINUTE]; /* a ring: of unknown addresses, the oldest at next */
    size_t n_fetched, next;
    int in_flight;
    bool is_closing;
};

struct tcn_sns_certs *tcn_sns_certs_new(const struct tcn_fetch_port *port, const char *ca_file,
                                        int64_t (*now_ms)(void))
{
    struct tcn_sns_certs *c = tcn_xcalloc(1, sizeof *c);

    c->port = *port;
    c->ca_file = tcn_xstrdup(ca_file);
    c->now_ms = now_ms;
    for (size_t i = 0; i < TCN_SNS_CERTS_MAX; i++)
        c->slots[i].owner = c;
    return c;
}

/* A waiter may ask for another address, which may take this slot over: what they are told is copied first. */
static void tell(struct slot *slot)
{
    struct tcn_sns_certs *c = slot->owner;
    struct waiter *list = slot->first, *next;
    const struct tcn_cert *cert = slot->cert;
    bool is_final = slot->is_final;
    char why[sizeof slot->why];

    memcpy(why, slot->why, sizeof why);
    slot->first = NULL;
    for (; list; list = next) {
        next = list->next;
        assert(c->n_waiters > 0);
        c->n_waiters--;
        list->done(list->arg, cert, is_final, cert ? NULL : why);
        free(list);
    }
}

static void drop_cert(struct slot *slot)
{
    tcn_cert_free(slot->cert);
    slot->cert = NULL;
}

static void release(struct tcn_sns_certs *c)
{
    free(c->ca_file);
    free(c);
}

void tcn_sns_certs_free(struct tcn_sns_certs *c)
{
    if (!c)
        return;
    c->is_closing = true;
    for (size_t i = 0; i < TCN_SNS_CERTS_MAX; i++) {
        struct slot *slot = &c->slots[i];

        drop_cert(slot);
        snprintf(slot->why, sizeof slot->why, "shutting down");
        slot->is_final = false;
        tell(slot);
    }
    assert(c->n_waiters == 0);
    /* A fetch on its way still points here; the end of the last one releases the rest. */
    if (c->in_flight == 0)
        release(c);
}

static void set_window(struct slot *slot, int64_t length_ms)
{
    slot->since_ms = slot->owner->now_ms();
    slot->until_ms = slot->since_ms + length_ms;
}

/* Also when the clock was set back before it began: nothing is kept for longer than it should be. */
static bool is_over(const struct slot *slot, int64_t now_ms)
{
    return now_ms >= slot->until_ms || now_ms < slot->since_ms;
}

static void refuse(struct slot *slot, bool is_final, const char *why)
{
    slot->state = SLOT_BAD;
    slot->is_final = is_final;
    set_window(slot, TCN_SNS_REFUSED_MS);
    snprintf(slot->why, sizeof slot->why, "%s", why);
}

static void keep(struct slot *slot, struct tcn_cert *cert)
{
    int64_t end_ms = tcn_cert_end_ms(cert);

    slot->state = SLOT_GOOD;
    slot->is_known = true;
    slot->cert = cert;
    slot->is_final = true;
    set_window(slot, TCN_SNS_CERT_MS);
    if (end_ms < slot->until_ms)
        slot->until_ms = end_ms;
}

/* Under the name that it bears of those it may bear. The bytes came over TLS from the topic's own host, which vouches
 * for the intermediate that is not served with them. */
static int check(const struct slot *slot, const struct tcn_cert *cert, struct tcn_err *err)
{
    struct tcn_buf name;
    bool is_ours = false;
    int r;

    tcn_buf_init(&name, TCN_SNS_URL_MAX);
    for (size_t i = 0; !is_ours && tcn_sns_cert_name(tcn_str(slot->url), i, &name); i++) {
        is_ours = tcn_cert_is_of(cert, name.ptr);
        if (!is_ours)
            tcn_buf_clear(&name);
    }
    if (is_ours)
        r = tcn_cert_check(cert, name.ptr, slot->owner->ca_file, true, slot->owner->now_ms(), err);
    else
        r = tcn_fail(err, TCN_EAUTH, "the certificate at %s is not one of SNS", slot->url);
    tcn_buf_done(&name);
    return r;
}

static void take_answer(struct slot *slot, int status, struct tcn_str body, const char *why)
{
    struct tcn_cert *cert = NULL;
    struct tcn_err err;
    int r;

    if (status != 200) {
        tcn_fail(&err, TCN_EIO, "cannot fetch %s: %s", slot->url,
                 why ? why : "not answered with 200");
        refuse(slot, false, err.msg);
    } else if ((r = tcn_cert_parse(body, &cert, &err)) < 0 || (r = check(slot, cert, &err)) < 0) {
        tcn_cert_free(cert);
        /* Roots that we cannot load are no fault of the sender, who may try again. */
        refuse(slot, r != TCN_EIO, err.msg);
    } else {
        keep(slot, cert);
    }
}

static void fetched(void *arg, int status, struct tcn_str body, const char *why)
{
    struct slot *slot = arg;
    struct tcn_sns_certs *c = slot->owner;

    assert(c->in_flight > 0 && slot->state == SLOT_FETCHING);
    c->in_flight--;
    if (c->is_closing) {
        if (c->in_flight == 0)
            release(c);
        return;
    }
    take_answer(slot, status, body, why);
    tell(slot);
}

static struct slot *find(struct tcn_sns_certs *c, struct tcn_str url)
{
    for (size_t i = 0; i < TCN_SNS_CERTS_MAX; i++)
        if (c->slots[i].state != SLOT_FREE && tcn_str_eq(tcn_str(c->slots[i].url), url))
            return &c->slots[i];
    return NULL;
}

/* How little is lost with the slot; 0 = it must stay. */
static int spare(const struct slot *slot, int64_t now_ms)
{
    switch (slot->state) {
    case SLOT_FREE:
        return 3;
    case SLOT_BAD:
        return slot->is_known ? 1 : 2;
    case SLOT_GOOD:
        return is_over(slot, now_ms) ? 1 : 0;
    case SLOT_FETCHING:
    default:
        return 0;
    }
}

/* A slot for a new address: of the most spare ones, the one that ended or ends first. NULL when all must stay. */
static struct slot *place(struct tcn_sns_certs *c, int64_t now_ms)
{
    struct slot *best = NULL;
    int best_spare = 0;

    for (size_t i = 0; i < TCN_SNS_CERTS_MAX; i++) {
        struct slot *slot = &c->slots[i];
        int s = spare(slot, now_ms);

        if (s > best_spare || (s > 0 && s == best_spare && slot->until_ms < best->until_ms)) {
            best = slot;
            best_spare = s;
        }
    }
    if (best)
        best->is_known = false;
    return best;
}

/* Any minute holds at most so many: the oldest of the ring must be out of it. */
static bool may_fetch(const struct tcn_sns_certs *c, int64_t now_ms)
{
    int64_t oldest_ms = c->fetched_ms[c->next];

    return c->n_fetched < TCN_SNS_FETCHES_A_MINUTE || now_ms - oldest_ms >= MINUTE_MS ||
           now_ms < oldest_ms;
}

static void note_fetch(struct tcn_sns_certs *c, int64_t now_ms)
{
    c->fetched_ms[c->next] = now_ms;
    c->next = (c->next + 1) % TCN_SNS_FETCHES_A_MINUTE;
    if (c->n_fetched < TCN_SNS_FETCHES_A_MINUTE)
        c->n_fetched++;
}

static void wait_for(struct slot *slot, tcn_sns_cert_done *done, void *arg)
{
    struct waiter *w = tcn_xcalloc(1, sizeof *w);

    *w = (struct waiter){.done = done, .arg = arg};
    if (!slot->first)
        slot->end = &slot->first;
    *slot->end = w;
    slot->end = &w->next;
    slot->owner->n_waiters++;
}

static void fetch(struct tcn_sns_certs *c, struct slot *slot, struct tcn_str url)
{
    assert(url.len <= TCN_SNS_URL_MAX);
    drop_cert(slot);
    slot->state = SLOT_FETCHING;
    memcpy(slot->url, url.ptr, url.len);
    slot->url[url.len] = '\0';
    c->in_flight++;
    c->port.get(c->port.ctx, slot->url, TCN_CERT_PEM_MAX, fetched, slot);
}

/* The slot that is or may be fetched for url; NULL when the budget forbids it. */
static struct slot *slot_to_fetch(struct tcn_sns_certs *c, struct tcn_str url, int64_t now_ms)
{
    struct slot *slot = find(c, url);

    if (slot && (slot->state == SLOT_FETCHING || slot->is_known))
        return slot;
    if (!may_fetch(c, now_ms) || (!slot && !(slot = place(c, now_ms))))
        return NULL;
    note_fetch(c, now_ms);
    return slot;
}

static bool answer_at_once(struct tcn_sns_certs *c, struct tcn_str url, int64_t now_ms,
                           tcn_sns_cert_done *done, void *arg)
{
    const struct slot *slot = find(c, url);

    if (!slot || slot->state == SLOT_FETCHING || is_over(slot, now_ms))
        return false;
    done(arg, slot->cert, slot->is_final, slot->cert ? NULL : slot->why);
    return true;
}

void tcn_sns_certs_get(struct tcn_sns_certs *c, struct tcn_str url, int64_t now_ms,
                       tcn_sns_cert_done *done, void *arg)
{
    struct slot *slot;

    if (c->is_closing) {
        done(arg, NULL, false, "shutting down");
        return;
    }
    if (answer_at_once(c, url, now_ms, done, arg))
        return;
    if (c->n_waiters >= TCN_SNS_WAITERS_MAX) {
        done(arg, NULL, false, "too many messages wait for certificates");
        return;
    }
    if (!(slot = slot_to_fetch(c, url, now_ms))) {
        done(arg, NULL, false, "too many different certificate addresses");
        return;
    }
    wait_for(slot, done, arg);
    if (slot->state != SLOT_FETCHING)
        fetch(c, slot, url);
}
