/* When a node knows that what commands made has changed: by itself, by another node, by a commit that broke. */
#include "rows_resource.h"

#include "pg_proxy.h"
#include "store/db.h"

#define AGE_MS 1000 /* what other nodes change is known by then */
#define BREAKS 6
#define COMMITS_MAX 300
#define WAIT_MS 1000

/* The fixture's store is node "a", behind the proxy; the other is "b". */
struct nodes {
    struct fixture f;
    struct proxy proxy;
    struct tcn_store *b;
};

static struct tcn_store *open_node(struct fixture *f, const char *url, const char *node)
{
    const struct tcn_store_options o = {.url = url, .account_id = ACCOUNT, .node = node};
    struct tcn_store *s = NULL;

    OK(f, tcn_store_open(&o, NOW, &s, &f->err));
    return s;
}

static int setup_nodes(void **state)
{
    struct nodes *n = calloc(1, sizeof *n);
    char direct[320];

    if (!pg_server())
        return -1;
    tcn_arena_init(&n->f.a, (size_t)64 << 20);
    pg_schema(n->f.schema, direct, sizeof direct);
    proxy_start(&n->proxy, (unsigned)getpid());
    proxy_url(&n->proxy, n->f.schema, n->f.url, sizeof n->f.url);
    n->f.s = open_node(&n->f, n->f.url, "a");
    n->b = open_node(&n->f, direct, "b");
    *state = n;
    return 0;
}

static int teardown_nodes(void **state)
{
    struct nodes *n = *state;

    tcn_store_close(n->f.s);
    tcn_store_close(n->b);
    proxy_stop(&n->proxy);
    pg_drop(n->f.schema);
    tcn_arena_done(&n->f.a);
    free(n);
    return 0;
}

static void put(struct nodes *n, struct tcn_store *s, const char *name)
{
    struct tcn_resource row = gen_resource(&(struct gen){&n->f.a, 1});

    row.name = name;
    OK(&n->f, tcn_store_resource_put(s, &row, &n->f.err));
}

static void put_and_commit(struct nodes *n, struct tcn_store *s, const char *name)
{
    OK(&n->f, tcn_store_begin(s, &n->f.err));
    put(n, s, name);
    OK(&n->f, tcn_store_commit(s, &n->f.err));
}

static size_t count(struct nodes *n, struct tcn_store *s)
{
    struct tcn_resource *rows;
    size_t found = 0;

    OK(&n->f, tcn_store_resource_list(s, TCN_RESOURCE_ROTATION, "", COMMITS_MAX, &n->f.a, &rows,
                                      &found, &n->f.err));
    return found;
}

static uint64_t version_at(struct nodes *n, struct tcn_store *s, int64_t now_ms)
{
    uint64_t version = 0;

    OK(&n->f, tcn_store_resources_version(s, now_ms, &version, &n->f.err));
    return version;
}

static void begin(struct nodes *n)
{
    OK(&n->f, tcn_store_begin(n->f.s, &n->f.err));
}

static void commit(struct nodes *n)
{
    OK(&n->f, tcn_store_commit(n->f.s, &n->f.err));
}

/* -- two nodes ------------------------------------------------------------------------------------------------ */

static void another_nodes_change_within_a_second(void **state)
{
    struct nodes *n = *state;
    uint64_t first, second;

    begin(n);
    first = version_at(n, n->f.s, NOW);
    commit(n);
    put_and_commit(n, n->b, "b's");
    begin(n);
    assert_int_equal(version_at(n, n->f.s, NOW + AGE_MS - 1), first);
    assert_true((second = version_at(n, n->f.s, NOW + AGE_MS)) > first);
    assert_int_equal(count(n, n->f.s), 1);
    assert_int_equal(version_at(n, n->f.s, NOW + 2 * AGE_MS), second);
    commit(n);
}

static void another_nodes_change_is_not_one_before_its_commit(void **state)
{
    struct nodes *n = *state;
    uint64_t first;

    begin(n);
    first = version_at(n, n->f.s, NOW);
    OK(&n->f, tcn_store_begin(n->b, &n->f.err));
    put(n, n->b, "b's");
    assert_int_equal(version_at(n, n->f.s, NOW + AGE_MS), first);
    tcn_store_rollback(n->b);
    assert_int_equal(version_at(n, n->f.s, NOW + 2 * AGE_MS), first);
    put_and_commit(n, n->b, "b's");
    assert_true(version_at(n, n->f.s, NOW + 3 * AGE_MS) > first);
    commit(n);
}

/* The mark of the other is overwritten before it was read. */
static void own_change_after_anothers(void **state)
{
    struct nodes *n = *state;
    uint64_t first, both;

    begin(n);
    first = version_at(n, n->f.s, NOW);
    put_and_commit(n, n->b, "b's");
    put(n, n->f.s, "a's");
    assert_true((both = version_at(n, n->f.s, NOW)) > first);
    assert_int_equal(count(n, n->f.s), 2);
    tcn_store_rollback(n->f.s);
    begin(n);
    assert_true(version_at(n, n->f.s, NOW) > both);
    assert_int_equal(count(n, n->f.s), 1);
    commit(n);
}

static void at_once_after_the_lock(void **state)
{
    struct nodes *n = *state;
    uint64_t first, second;

    begin(n);
    first = version_at(n, n->f.s, NOW);
    OK(&n->f, tcn_store_lock_name(n->f.s, "resources", "", &n->f.err));
    tcn_store_resources_forget(n->f.s);
    assert_int_equal(version_at(n, n->f.s, NOW), first);
    commit(n);
    put_and_commit(n, n->b, "b's");
    begin(n);
    OK(&n->f, tcn_store_lock_name(n->f.s, "resources", "", &n->f.err));
    tcn_store_resources_forget(n->f.s);
    assert_true((second = version_at(n, n->f.s, NOW)) > first);
    assert_int_equal(version_at(n, n->f.s, NOW), second);
    commit(n);
}

static void nothing_is_asked_within_a_second(void **state)
{
    struct nodes *n = *state;
    unsigned long before;

    begin(n);
    version_at(n, n->f.s, NOW);
    before = proxy_read(&n->proxy, &n->proxy.turns);
    for (int64_t i = 0; i < AGE_MS; i++)
        version_at(n, n->f.s, NOW + i);
    assert_int_equal(proxy_read(&n->proxy, &n->proxy.turns), before);
    version_at(n, n->f.s, NOW + AGE_MS);
    assert_true(proxy_read(&n->proxy, &n->proxy.turns) > before);
    commit(n);
}

/* -- commits that break ---------------------------------------------------------------------------------------- */

static bool recover(struct nodes *n)
{
    bool is_in = false;

    while (tcn_store_recover(n->f.s, WAIT_MS, &is_in, &n->f.err) == TCN_EBUSY)
        ;
    assert_false(tcn_store_is_lost(n->f.s));
    return is_in;
}

/* Whether it is in; counted when it broke. */
static bool commit_and_break(struct nodes *n, unsigned ret_broken[2])
{
    bool is_in;
    int r;

    proxy_limit(&n->proxy, 0, true);
    r = tcn_store_commit(n->f.s, &n->f.err);
    proxy_limit(&n->proxy, 0, false);
    if (r == 0)
        return true;
    assert_int_equal(r, TCN_UNDECIDED);
    is_in = recover(n);
    ret_broken[is_in]++;
    return is_in;
}

/* What was told before the commit still is, unless its row is nowhere. */
static void a_commit_that_broke(void **state)
{
    struct nodes *n = *state;
    unsigned broken[2] = {0};

    for (unsigned i = 0; i < COMMITS_MAX && (broken[0] < BREAKS || broken[1] < BREAKS); i++) {
        size_t before;
        uint64_t inside;
        bool is_in;

        begin(n);
        before = count(n, n->f.s);
        put(n, n->f.s, tcn_arena_fmt(&n->f.a, "%u", i));
        inside = version_at(n, n->f.s, NOW);
        assert_int_equal(count(n, n->f.s), before + 1);
        is_in = commit_and_break(n, broken);
        begin(n);
        assert_int_equal(version_at(n, n->f.s, NOW) > inside, !is_in);
        assert_int_equal(count(n, n->f.s), before + is_in);
        commit(n);
    }
    print_message("%u broken commits were in, %u were not\n", broken[true], broken[false]);
    assert_true(broken[true] > 0 && broken[false] > 0);
}

#define ON_NODES(name) cmocka_unit_test_setup_teardown(name, setup_nodes, teardown_nodes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_NODES(another_nodes_change_within_a_second),
        ON_NODES(another_nodes_change_is_not_one_before_its_commit),
        ON_NODES(own_change_after_anothers),
        ON_NODES(at_once_after_the_lock),
        ON_NODES(nothing_is_asked_within_a_second),
        ON_NODES(a_commit_that_broke),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
