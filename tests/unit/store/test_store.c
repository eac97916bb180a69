#include "rows.h"
#include "store/internal.h"

static void urls(void **state)
{
    static const struct {
        const char *url;
        const char *says;
    } cases[] = {
        {"", "is no \"sqlite:PATH\""},
        {"sqlite:", "is no \"sqlite:PATH\""},
        {"/var/lib/tocsin/store.db", "is no \"sqlite:PATH\""},
        {"mysql://host/db", "is no \"sqlite:PATH\""},
        {"postgresql://[::1/db", "no connection URI of PostgreSQL"},
        {"postgresql://user:not-to-be-told@host/db", "has a password inside"},
        {"postgres://host/db?password=not-to-be-told", "has a password inside"},
    };
    struct fixture *f = *state;
    struct tcn_store *s = NULL;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(try_open(f, cases[i].url, &s), TCN_EINVALID);
        assert_non_null(strstr(f->err.msg, cases[i].says));
        assert_null(strstr(f->err.msg, "not-to-be-told"));
        assert_null(s);
    }
}

static void epochs_grow(void **state)
{
    struct fixture *f = *state;

    for (int64_t epoch = 1; epoch <= 5; epoch++) {
        assert_int_equal(tcn_store_epoch(f->s), epoch);
        reopen(f);
    }
}

static void rolled_back(void **state)
{
    struct fixture *f = *state;
    const char *value;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_meta_put(f->s, "a", "1", &f->err));
    tcn_store_rollback(f->s);
    tcn_store_rollback(f->s); /* legal outside */
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_meta_get(f->s, "a", &f->a, &value, &f->err));
    assert_null(value);
    OK(f, tcn_store_meta_put(f->s, "a", "2", &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_meta_get(f->s, "a", &f->a, &value, &f->err));
    assert_string_equal(value, "2");
    OK(f, tcn_store_commit(f->s, &f->err));
}

/* A caller that overlooks an error does not get half of its work committed. */
static void broken_transaction(void **state)
{
    struct fixture *f = *state;
    struct tcn_link first = {.id = id_of(1), .incident = id_of(3), .connector = "jira"};
    struct tcn_link second = {.id = id_of(2), .incident = id_of(3), .connector = "jira"};
    const char *value;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_meta_put(f->s, "a", "1", &f->err));
    OK(f, tcn_store_link_put(f->s, &first, &f->err));
    assert_conflict(f, tcn_store_link_put(f->s, &second, &f->err));
    OK(f, tcn_store_meta_get(f->s, "a", &f->a, &value, &f->err));
    assert_null(value);
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void writable(void **state)
{
    struct fixture *f = *state;

    assert_true(is_writable(f->s, &f->err));
    assert_false(tcn_store_is_full(f->s));
    assert_int_equal(tcn_store_chore(f->s), TCN_CHORE_NONE);
    OK(f, tcn_store_checkpoint(f->s, &f->err));
}

/* Two accounts in one database do not see each other. */
static void accounts(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_incident i = gen_incident(&g), out;
    struct tcn_lane lane = gen_lane(&g), got;
    struct tcn_incident *list;
    struct tcn_incident_filter any = {.limit = 9};
    const struct tcn_store_options o = {.url = f->url, .account_id = "000000000001", .node = "b"};
    struct tcn_link link = gen_link(&g), link_out;
    size_t n;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_incident_put(f->s, &i, &f->err));
    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
    OK(f, tcn_store_link_put(f->s, &link, &f->err));
    OK(f, tcn_store_timer_set(f->s, i.id, 5, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
    tcn_store_close(f->s);
    OK(f, tcn_store_open(&o, NOW, &f->s, &f->err));
    assert_int_equal(tcn_store_epoch(f->s), 2);
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_int_equal(tcn_store_incident_get(f->s, i.id, &f->a, &out, &f->err), TCN_ENOTFOUND);
    assert_conflict(f, tcn_store_incident_put(f->s, &i, &f->err));
    assert_int_equal(tcn_store_link_get(f->s, link.id, &f->a, &link_out, &f->err), TCN_ENOTFOUND);
    assert_conflict(f, tcn_store_link_put(f->s, &link, &f->err));
    OK(f, tcn_store_lane_get(f->s, lane.dedupe_key, NULL, &f->a, &got, NULL, &f->err));
    assert_false(got.exists);
    OK(f, tcn_store_incident_list(f->s, &any, &f->a, &list, &n, &f->err));
    assert_int_equal(n, 0);
    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
    tcn_store_rollback(f->s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(urls),   IN_FILE(epochs_grow), IN_FILE(rolled_back), IN_FILE(broken_transaction),
        IN_FILE(writable), IN_FILE(accounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
