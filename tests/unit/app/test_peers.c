/* What a look at the nodes finds new. */
#include "app/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define ALIVE TCN_PEER_ALIVE
#define STOPPED TCN_PEER_STOPPED
#define TAKEN TCN_PEER_TAKEN_OVER

struct look {
    struct tcn_peer peers[4];
};

static size_t n_of(const struct look *l)
{
    size_t n = 0;

    while (n < 4 && l->peers[n].epoch)
        n++;
    return n;
}

static const struct {
    const char *name;
    struct look was, is;
    struct {
        int64_t epoch;
        enum tcn_peer_state state;
    } want[3];
} cases[] = {
    {"nothing", {{{0}}}, {{{0}}}, {{0}}},
    {"itself is no news", {{{0}}}, {{{.epoch = 1, .state = ALIVE, .is_self = true}}}, {{0}}},
    {"joined", {{{0}}}, {{{.epoch = 2, .state = ALIVE}}}, {{2, ALIVE}}},
    {"goes on", {{{.epoch = 2, .state = ALIVE}}}, {{{.epoch = 2, .state = ALIVE}}}, {{0}}},
    {"stopped",
     {{{.epoch = 2, .state = ALIVE}}},
     {{{.epoch = 2, .state = STOPPED}}},
     {{2, STOPPED}}},
    {"taken over",
     {{{.epoch = 2, .state = ALIVE}}},
     {{{.epoch = 2, .state = TAKEN}}},
     {{2, TAKEN}}},
    {"started again",
     {{{.epoch = 2, .state = STOPPED}}},
     {{{.epoch = 5, .state = ALIVE}}},
     {{5, ALIVE}}},
    {"forgotten", {{{.epoch = 2, .state = STOPPED}}}, {{{0}}}, {{0}}},
    {"came and went between two looks", {{{0}}}, {{{.epoch = 7, .state = TAKEN}}}, {{7, TAKEN}}},
    {"two at once",
     {{{.epoch = 2, .state = ALIVE}, {.epoch = 3, .state = ALIVE}}},
     {{{.epoch = 4, .state = ALIVE}, {.epoch = 2, .state = ALIVE}, {.epoch = 3, .state = TAKEN}}},
     {{4, ALIVE}, {3, TAKEN}}},
};

static void test_news(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_peer_news news[TCN_PEERS_MAX];
        size_t n = tcn_peers_compare(cases[i].was.peers, n_of(&cases[i].was), cases[i].is.peers,
                                     n_of(&cases[i].is), news),
               want = 0;

        print_message("%s\n", cases[i].name);
        for (; want < 3 && cases[i].want[want].epoch; want++) {
            assert_true(want < n);
            assert_int_equal(news[want].peer->epoch, cases[i].want[want].epoch);
            assert_int_equal(news[want].state, cases[i].want[want].state);
        }
        assert_int_equal(n, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_news)};

    return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
