/* The nodes of a store: what their rows in epochs tell of them. */
#include "rows.h"
#include "store/nodes.h"
#include "store/notices.h"

struct open_as {
    const char *node, *region, *config;
};

static void open_node(struct fixture *f, const struct open_as *who)
{
    const struct tcn_store_options o = {.url = f->url,
                                        .account_id = ACCOUNT,
                                        .node = who->node,
                                        .region = who->region,
                                        .version = "1.2.3",
                                        .config = who->config};

    tcn_store_close(f->s);
    f->s = NULL;
    OK(f, tcn_store_open(&o, NOW, &f->s, &f->err));
}

static struct tcn_peer *list(struct fixture *f, size_t *ret_n)
{
    struct tcn_peer *peers = NULL;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_peer_list(f->s, &f->a, &peers, ret_n, &f->err));
    OK(f, tcn_store_peer_work(f->s, peers, *ret_n, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    return peers;
}

static int64_t losses(struct fixture *f)
{
    int64_t n = -1;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_peer_losses(f->s, &n, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    return n;
}

static void itself(void **state)
{
    struct fixture *f = *state;
    struct tcn_peer *p;
    size_t n = 0;

    open_node(f, &(struct open_as){"test", "eu-central-1",
                                   "0123456789ab"}); /* as the fixture's: the next start */
    p = list(f, &n);
    assert_int_equal(n, 1);
    assert_string_equal(p->name, "test");
    assert_string_equal(p->region, "eu-central-1");
    assert_string_equal(p->version, "1.2.3");
    assert_string_equal(p->config, "0123456789ab");
    assert_int_equal(p->epoch, 2);
    assert_int_equal(p->state, TCN_PEER_ALIVE);
    assert_true(p->is_self);
    assert_int_equal(p->started_ms, NOW);
    assert_true(p->seen_ms > 0);
    assert_int_equal(p->ended_ms, 0);
    assert_null(p->ended_by);
    assert_int_equal(p->n_sends + p->n_links + p->n_notices, 0);
    assert_int_equal(losses(f), 0); /* a start again is no loss */
}

static void who_stops_is_told_as_stopped(void **state)
{
    struct fixture *f = *state;
    struct tcn_peer *p;
    size_t n = 0;

    OK(f, tcn_store_leave(f->s, &f->err));
    open_node(f, &(struct open_as){"next", NULL, NULL});
    p = list(f, &n);
    assert_int_equal(n, 2);
    assert_string_equal(p[0].name, "next");
    assert_null(p[0].region);
    assert_null(p[0].config);
    assert_string_equal(p[1].name, "test");
    assert_int_equal(p[1].state, TCN_PEER_STOPPED);
    assert_false(p[1].is_self);
    assert_true(p[1].ended_ms > 0);
    assert_null(p[1].ended_by);
}

/* As after a reload: its own row and no other one. */
static void goes_by_another_configuration(void **state)
{
    struct fixture *f = *state;
    struct tcn_peer *p;
    size_t n = 0;

    open_node(f, &(struct open_as){"other", "eu-central-1", "0123456789ab"});
    open_node(f, &(struct open_as){"test", "eu-central-1", "0123456789ab"});
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_peer_agrees(f->s, "eu-west-1", "ba9876543210", &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    p = list(f, &n);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(p[i].region, p[i].is_self ? "eu-west-1" : "eu-central-1");
        assert_string_equal(p[i].config, p[i].is_self ? "ba9876543210" : "0123456789ab");
    }
}

/* Two sends and a link in flight, one of each not, and a notice. */
static void add_work(struct fixture *f)
{
    const struct tcn_notice notice = {
        .id = id_of(30), .incident = id_of(200), .topic = "ops", .connector = "hook", .due_ms = 1};
    struct tcn_notice *notices = NULL;
    struct tcn_send_row *sends = NULL;
    struct tcn_link *links = NULL;
    size_t n = 0;

    OK(f, tcn_store_begin(f->s, &f->err));
    for (unsigned i = 1; i <= 3; i++) {
        struct tcn_send_row send = {
            .id = id_of(i), .page = id_of(100), .incident = id_of(200), .send_no = 1, .due_ms = i};
        struct tcn_link link = {.id = id_of(10 + i),
                                .incident = id_of(200 + i),
                                .connector = "jira",
                                .state = TCN_LINK_LINKED,
                                .due_ms = i};

        OK(f, tcn_store_send_add(f->s, &send, &f->err));
        OK(f, tcn_store_link_put(f->s, &link, &f->err));
    }
    OK(f, tcn_store_send_claim(f->s, 2, 9, &f->a, &sends, &n, &f->err));
    assert_int_equal(n, 2);
    OK(f, tcn_store_link_claim(f->s, "jira", 1, 9, &f->a, &links, &n, &f->err));
    assert_int_equal(n, 1);
    OK(f, tcn_store_notice_wake(f->s, &notice, &f->err));
    OK(f, tcn_store_notice_claim(f->s, "hook", 1, 9, &f->a, &notices, &n, &f->err));
    assert_int_equal(n, 1);
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void what_it_has_in_flight(void **state)
{
    struct fixture *f = *state;
    struct tcn_peer *p;
    size_t n = 0;

    add_work(f);
    p = list(f, &n);
    assert_int_equal(p->n_sends, 2);
    assert_int_equal(p->n_links, 1);
    assert_int_equal(p->n_notices, 1);
}

/* What ended a moment ago stays; a number never comes again. */
static void trimmed(void **state)
{
    struct fixture *f = *state;
    size_t n = 0;

    reopen(f);
    open_node(f, &(struct open_as){"next", NULL, NULL});
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_peer_trim(f->s, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    list(f, &n);
    assert_int_equal(n, 2);
    reopen(f);
    assert_int_equal(tcn_store_epoch(f->s), 4);
}

static void the_database(void **state)
{
    struct fixture *f = *state;
    struct tcn_database d;

    tcn_store_database(f->s, &d);
    assert_string_equal(d.engine, pg_server() ? "postgresql" : "sqlite");
    assert_string_equal(d.role, "primary");
    assert_true(d.version[0] != '\0');
    assert_int_equal(d.promotions, 0);
    assert_true(d.schema > 0);
    if (!pg_server()) {
        assert_int_equal(tcn_store_contact_us(f->s), 0);
        return;
    }
    assert_true(d.timeline > 0 && d.system_id[0] != '\0' && d.host[0] != '\0');
    assert_true(tcn_store_contact_us(f->s) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(itself),       IN_FILE(who_stops_is_told_as_stopped),
        IN_FILE(trimmed),      IN_FILE(what_it_has_in_flight),
        IN_FILE(the_database), IN_FILE(goes_by_another_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
