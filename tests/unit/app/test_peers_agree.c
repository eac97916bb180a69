/* Nodes with different configurations: told when it lasts, once for each change, and when it is over. */
#include "app/peers_agree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define S INT64_C(1000000)
#define SELF(digest)                                                                               \
    {                                                                                              \
        .name = "a", .region = "r", .config = (digest), .state = TCN_PEER_ALIVE, .is_self = true   \
    }
#define NODE(named, digest)                                                                        \
    {                                                                                              \
        .name = (named), .region = "r", .config = (digest), .state = TCN_PEER_ALIVE                \
    }
#define ENDED(named, digest)                                                                       \
    {                                                                                              \
        .name = (named), .region = "r", .config = (digest), .state = TCN_PEER_STOPPED              \
    }

struct look {
    int64_t at_s;
    struct tcn_peer peers[4];
    size_t n; /* who differs */
    enum tcn_agree_news news;
};

static const struct {
    const char *name;
    struct look looks[6];
} cases[] = {
    {"alone", {{1, {SELF("1")}, 0, 0}, {100, {SELF("1")}, 0, 0}}},
    {"alike", {{1, {SELF("1"), NODE("b", "1")}, 0, 0}, {100, {SELF("1"), NODE("b", "1")}, 0, 0}}},
    {"a rolling change",
     {{1, {SELF("1"), NODE("b", "2")}, 1, 0},
      {30, {SELF("1"), NODE("b", "2")}, 1, 0},
      {31, {SELF("2"), NODE("b", "2")}, 0, 0},
      {100, {SELF("2"), NODE("b", "2")}, 0, 0}}},
    {"it lasts: once, and that it is over",
     {{1, {SELF("1"), NODE("b", "2")}, 1, 0},
      {31, {SELF("1"), NODE("b", "2")}, 1, TCN_AGREE_DIFFERS},
      {99, {SELF("1"), NODE("b", "2")}, 1, 0},
      {100, {SELF("1"), NODE("b", "1")}, 0, TCN_AGREE_AGAIN},
      {101, {SELF("1"), NODE("b", "1")}, 0, 0}}},
    {"each change of it",
     {{1, {SELF("1"), NODE("b", "2")}, 1, 0},
      {31, {SELF("1"), NODE("b", "2")}, 1, TCN_AGREE_DIFFERS},
      {32, {SELF("1"), NODE("b", "3")}, 1, 0},
      {62, {SELF("1"), NODE("b", "3")}, 1, TCN_AGREE_DIFFERS},
      {63, {SELF("4"), NODE("b", "3")}, 1, 0},
      {93, {SELF("4"), NODE("b", "3")}, 1, TCN_AGREE_DIFFERS}}},
    {"a third one joins them",
     {{1, {SELF("1"), NODE("b", "2")}, 1, 0},
      {31, {SELF("1"), NODE("b", "2")}, 1, TCN_AGREE_DIFFERS},
      {40, {SELF("1"), NODE("b", "2"), NODE("c", "2")}, 2, 0},
      {70, {SELF("1"), NODE("b", "2"), NODE("c", "2")}, 2, TCN_AGREE_DIFFERS}}},
    {"who differed has ended",
     {{1, {SELF("1"), NODE("b", "2")}, 1, 0},
      {31, {SELF("1"), NODE("b", "2")}, 1, TCN_AGREE_DIFFERS},
      {32, {SELF("1"), ENDED("b", "2")}, 0, TCN_AGREE_AGAIN}}},
    {"of a program before this one",
     {{1, {SELF("1"), NODE("b", NULL)}, 0, 0}, {100, {SELF("1"), NODE("b", NULL)}, 0, 0}}},
    {"its own row is not there yet", {{1, {NODE("b", "2")}, 0, 0}, {100, {NODE("b", "2")}, 0, 0}}},
};

static size_t n_of(const struct look *l)
{
    size_t n = 0;

    while (n < 4 && l->peers[n].name)
        n++;
    return n;
}

static void test_looks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_agree a = {.n = 0};

        print_message("%s\n", cases[i].name);
        for (size_t k = 0; k < 6 && cases[i].looks[k].at_s; k++) {
            const struct look *l = &cases[i].looks[k];

            assert_int_equal(tcn_agree_look(&a, l->peers, n_of(l), l->at_s * S), l->news);
            assert_int_equal(a.n, l->n);
        }
    }
}

static void test_words(void **state)
{
    const struct tcn_peer peers[] = {
        SELF("0123456789ab"),
        NODE("b", "0123456789ab"),
        {.name = "c", .config = "ba9876543210", .state = TCN_PEER_ALIVE},
        NODE("d", "ccc"),
    };
    struct tcn_agree a = {.n = 0};

    (void)state;
    tcn_agree_look(&a, peers, 4, S);
    assert_string_equal(a.own, "0123456789ab, r");
    assert_string_equal(a.others, "c (ba9876543210, no region), d (ccc, r)");
}

/* More than there is room for: their number is right, and nothing is written beyond. */
static void test_many(void **state)
{
    static struct tcn_peer peers[TCN_PEERS_MAX];
    struct tcn_agree a = {.n = 0};

    (void)state;
    peers[0] = (struct tcn_peer)SELF("1");
    for (size_t i = 1; i < TCN_PEERS_MAX; i++)
        peers[i] = (struct tcn_peer)NODE("a-node-with-a-long-name-0123456789", "2");
    assert_int_equal(tcn_agree_look(&a, peers, TCN_PEERS_MAX, S), TCN_AGREE_NOTHING);
    assert_int_equal(a.n, TCN_PEERS_MAX - 1);
    assert_int_equal(strlen(a.others), TCN_AGREE_TEXT - 1);
    assert_int_equal(tcn_agree_look(&a, peers, TCN_PEERS_MAX, 31 * S), TCN_AGREE_DIFFERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_looks), cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_many)};

    return cmocka_run_group_tests_name("peers_agree", tests, NULL, NULL);
}
