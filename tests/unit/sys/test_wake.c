/* sys/wake.c: a thread without signals, and a loop that hears of it. */
#include "sys/wake.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

struct world {
    struct event_base *base;
    struct tcn_wake wake;
    int woken;
};

static void on_wake(void *ctx)
{
    struct world *w = ctx;

    w->woken++;
    event_base_loopbreak(w->base);
}

static void *ring(void *arg)
{
    struct world *w = arg;
    sigset_t blocked;

    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    assert_true(sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGHUP));
    tcn_wake_ring(&w->wake);
    tcn_wake_ring(&w->wake);
    return NULL;
}

static void rings_of_a_thread_are_one(void **state)
{
    struct world w = {.base = event_base_new()};
    sigset_t blocked;
    pthread_t thread;

    (void)state;
    assert_int_equal(tcn_wake_init(&w.wake, w.base, on_wake, &w, NULL), 0);
    assert_int_equal(tcn_thread_start(&thread, ring, &w), 0);
    pthread_join(thread, NULL);
    event_base_dispatch(w.base);
    assert_int_equal(w.woken, 1);
    event_base_loop(w.base, EVLOOP_NONBLOCK);
    assert_int_equal(w.woken, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    assert_false(sigismember(&blocked, SIGTERM));
    tcn_wake_done(&w.wake);
    tcn_wake_done(&w.wake);
    event_base_free(w.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rings_of_a_thread_are_one)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
