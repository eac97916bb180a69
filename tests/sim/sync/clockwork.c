/* Virtual time. The functions of libevent that lanes, ports and exchanges call are defined here, so that their timers are
 * those of this clock: what comes next happens at once, and time is what it says. The machine's clocks and its randomness
 * are not asked by anything. */
#include "sync.h"

#include "base/xalloc.h"
#include "sys/clock.h"
#include "sys/random.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define DATA_WORDS 8
#define EVENTS_MAX 200000 /* of a story: most have a thousand */

struct event {
    event_callback_fn callback;
    void *arg;
    void (*do_it)(void *data); /* once, instead of callback */
    uint64_t data[DATA_WORDS];
    int64_t at_us;
    uint64_t order; /* of those at the same time the first that was added is the first */
    size_t place;   /* in the heap, from 1; 0: it does not wait */
};

static struct {
    int64_t now_us;
    uint64_t order;
    int64_t events; /* of the story */
    struct chance randomness;
    struct event **heap; /* from 1 */
    size_t n, room;
} clockwork;

/* -- what waits, earliest first --------------------------------------------------------------------------------- */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void put(size_t place, struct event *ev)
{
    clockwork.heap[place] = ev;
    ev->place = place;
}

static void rise(size_t place, struct event *ev)
{
    for (; place > 1 && is_before(ev, clockwork.heap[place / 2]); place /= 2)
        put(place, clockwork.heap[place / 2]);
    put(place, ev);
}

static void sink(size_t place, struct event *ev)
{
    for (size_t child; (child = 2 * place) <= clockwork.n; place = child) {
        if (child < clockwork.n && is_before(clockwork.heap[child + 1], clockwork.heap[child]))
            child++;
        if (is_before(ev, clockwork.heap[child]))
            break;
        put(place, clockwork.heap[child]);
    }
    put(place, ev);
}

static void insert(struct event *ev)
{
    if (clockwork.n + 2 > clockwork.room) {
        clockwork.room = clockwork.room ? 2 * clockwork.room : 64;
        clockwork.heap = tcn_xrealloc(clockwork.heap, clockwork.room, sizeof *clockwork.heap);
    }
    ev->order = ++clockwork.order;
    rise(++clockwork.n, ev);
}

static void take_out(struct event *ev)
{
    struct event *last = clockwork.heap[clockwork.n--];
    size_t place = ev->place;

    ev->place = 0;
    if (last == ev)
        return;
    if (place > 1 && is_before(last, clockwork.heap[place / 2]))
        rise(place, last);
    else
        sink(place, last);
}

/* -- libevent's names ---------------------------------------------------------------------------------------------- */

struct event *event_new(struct event_base *base, evutil_socket_t fd, short what,
                        event_callback_fn callback, void *arg)
{
    struct event *ev = tcn_xcalloc(1, sizeof *ev);

    (void)base;
    (void)what;
    if (fd != -1)
        fail("a socket is waited for");
    ev->callback = callback;
    ev->arg = arg;
    return ev;
}

int event_add(struct event *ev, const struct timeval *after)
{
    if (ev->place)
        take_out(ev);
    ev->at_us = clockwork.now_us + (int64_t)after->tv_sec * 1000000 + (int64_t)after->tv_usec;
    insert(ev);
    return 0;
}

int event_del(struct event *ev)
{
    if (ev->place)
        take_out(ev);
    return 0;
}

int event_pending(const struct event *ev, short what, struct timeval *ret_when)
{
    (void)ret_when;
    return ev->place ? what & EV_TIMEOUT : 0;
}

void event_free(struct event *ev)
{
    event_del(ev);
    free(ev);
}

/* -- the machine's ---------------------------------------------------------------------------------------------------- */

int64_t tcn_clock_now_ms(void)
{
    return clockwork_now_ms();
}

int64_t tcn_clock_mono_us(void)
{
    return clockwork.now_us;
}

int64_t tcn_clock_boot_us(void)
{
    return clockwork.now_us;
}

uint64_t tcn_random_u64(void)
{
    return chance_next(&clockwork.randomness);
}

void tcn_random_bytes(void *ret, size_t n)
{
    for (uint8_t *at = ret; n > 0; n--)
        *at++ = (uint8_t)tcn_random_u64();
}

struct tcn_id tcn_random_id(int64_t now_ms)
{
    uint8_t random[10];

    tcn_random_bytes(random, sizeof random);
    return tcn_id_v7(now_ms, random);
}

/* -- the simulator's --------------------------------------------------------------------------------------------------- */

void clockwork_begin(uint64_t seed)
{
    clockwork.now_us = START_MS * 1000;
    clockwork.order = 0;
    clockwork.events = 0;
    clockwork.randomness = chance_of(seed, 0, 0);
}

int64_t clockwork_now_ms(void)
{
    return clockwork.now_us / 1000;
}

bool clockwork_step(int64_t until_ms)
{
    struct event *ev = clockwork.n > 0 ? clockwork.heap[1] : NULL;

    if (!ev || ev->at_us > until_ms * 1000)
        return false;
    take_out(ev);
    if (ev->at_us > clockwork.now_us)
        clockwork.now_us = ev->at_us;
    totals->events++;
    if (++clockwork.events > EVENTS_MAX)
        fail("so much happens that no machine would rest");
    if (ev->do_it) {
        ev->do_it(ev->data);
        free(ev);
    } else {
        ev->callback(-1, EV_TIMEOUT, ev->arg);
    }
    return true;
}

void clockwork_advance(int64_t until_ms)
{
    while (clockwork_step(until_ms))
        ;
    if (clockwork.now_us < until_ms * 1000)
        clockwork.now_us = until_ms * 1000;
}

void clockwork_after(int64_t ms, void (*do_it)(void *data), const void *data, size_t size)
{
    struct event *ev = tcn_xcalloc(1, sizeof *ev);

    assert(size <= sizeof ev->data);
    ev->do_it = do_it;
    memcpy(ev->data, data, size);
    ev->at_us = clockwork.now_us + ms * 1000;
    insert(ev);
}

/* What the program has, it has freed. */
void clockwork_end(void)
{
    while (clockwork.n > 0) {
        struct event *ev = clockwork.heap[clockwork.n];

        take_out(ev);
        if (ev->do_it)
            free(ev);
    }
}
