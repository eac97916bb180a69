/* What commands made, the states of channels, and the number by which others know that they have changed. */
#include "rows_resource.h"

#define AGE_MS 1000 /* what other nodes change is known by then */

static void reopen_and_begin(struct fixture *f)
{
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
}

static struct tcn_resource put(struct fixture *f, enum tcn_resource_kind kind, const char *name)
{
    struct tcn_resource row = gen_resource(&(struct gen){&f->a, 100 * kind});

    row.kind = kind;
    row.name = name;
    OK(f, tcn_store_resource_put(f->s, &row, &f->err));
    return row;
}

static int get(struct fixture *f, enum tcn_resource_kind kind, const char *name,
               struct tcn_resource *ret)
{
    return tcn_store_resource_get(f->s, kind, name, &f->a, ret, &f->err);
}

static uint64_t version_at(struct fixture *f, int64_t now_ms)
{
    uint64_t version = 0;

    OK(f, tcn_store_resources_version(f->s, now_ms, &version, &f->err));
    assert_true(version > 0);
    return version;
}

static uint64_t version(struct fixture *f)
{
    return version_at(f, NOW);
}

/* -- rows ----------------------------------------------------------------------------------------------------- */

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct tcn_resource got, row;

    OK(f, tcn_store_begin(f->s, &f->err));
    row = put(f, TCN_RESOURCE_CONTACT, "ann");
    OK(f, get(f, TCN_RESOURCE_CONTACT, "ann", &got));
    same_resource(&row, &got);
    row = gen_resource(&(struct gen){&f->a, 5000});
    row.kind = TCN_RESOURCE_CONTACT;
    row.name = "ann";
    row.created_by = NULL;
    row.n_tags = 0;
    row.tags = NULL;
    OK(f, tcn_store_resource_put(f->s, &row, &f->err));
    reopen_and_begin(f);
    OK(f, get(f, TCN_RESOURCE_CONTACT, "ann", &got));
    same_resource(&row, &got);
}

static void kinds_are_apart(void **state)
{
    struct fixture *f = *state;
    struct tcn_resource got, contact = put(f, TCN_RESOURCE_CONTACT, "ann"),
                             plan = put(f, TCN_RESOURCE_PLAN, "ann");

    OK(f, get(f, TCN_RESOURCE_CONTACT, "ann", &got));
    same_resource(&contact, &got);
    OK(f, tcn_store_resource_drop(f->s, TCN_RESOURCE_CONTACT, "ann", &f->err));
    assert_int_equal(get(f, TCN_RESOURCE_CONTACT, "ann", &got), TCN_ENOTFOUND);
    assert_int_equal(tcn_store_resource_drop(f->s, TCN_RESOURCE_CONTACT, "ann", &f->err),
                     TCN_ENOTFOUND);
    OK(f, get(f, TCN_RESOURCE_PLAN, "ann", &got));
    same_resource(&plan, &got);
    commit_and_begin(f);
}

/* Of bytes, whatever the language of a database. */
static const char *const in_order[] = {"Ann", "_x", "a-b", "a_c", "ann", "annb", "\xC3\xA9"};
#define NAMES (sizeof in_order / sizeof *in_order)

static void listed_by_name(void **state)
{
    struct fixture *f = *state;
    const char *after = "";
    struct tcn_resource *rows;
    size_t n = 0, seen = 0;

    for (size_t i = 0; i < NAMES; i++)
        put(f, TCN_RESOURCE_ROTATION, in_order[(i * 3) % NAMES]);
    put(f, TCN_RESOURCE_OVERRIDE, "b");
    do {
        OK(f, tcn_store_resource_list(f->s, TCN_RESOURCE_ROTATION, after, 3, &f->a, &rows, &n,
                                      &f->err));
        for (size_t i = 0; i < n; i++, seen++)
            assert_string_equal(after = rows[i].name, in_order[seen]);
    } while (n == 3);
    assert_int_equal(seen, NAMES);
}

static void a_body_has_a_cap(void **state)
{
    struct fixture *f = *state;
    struct tcn_resource got, row = put(f, TCN_RESOURCE_PLAN, "p");
    char *body = tcn_arena_alloc(&f->a, TCN_RESOURCE_BODY_MAX + 2);
    uint64_t before = version(f);

    memset(body, ' ', TCN_RESOURCE_BODY_MAX + 1);
    body[TCN_RESOURCE_BODY_MAX + 1] = '\0';
    row.body = body;
    assert_int_equal(tcn_store_resource_put(f->s, &row, &f->err), TCN_ELIMIT);
    assert_int_equal(version(f), before);
    body[TCN_RESOURCE_BODY_MAX] = '\0';
    OK(f, tcn_store_resource_put(f->s, &row, &f->err));
    commit_and_begin(f);
    OK(f, get(f, TCN_RESOURCE_PLAN, "p", &got));
    assert_int_equal(strlen(got.body), TCN_RESOURCE_BODY_MAX);
}

static void put_state(struct fixture *f, struct tcn_channel_state *row, int64_t from)
{
    const char *contact = row->contact, *channel = row->channel;

    *row = gen_channel_state(&(struct gen){&f->a, from});
    row->contact = contact;
    row->channel = channel;
    OK(f, tcn_store_channel_state_put(f->s, row, &f->err));
}

static int get_state(struct fixture *f, const struct tcn_channel_state *of,
                     struct tcn_channel_state *ret)
{
    return tcn_store_channel_state_get(f->s, of->contact, of->channel, &f->a, ret, &f->err);
}

static void states_of_channels(void **state)
{
    struct fixture *f = *state;
    struct tcn_channel_state got, mail = {.contact = "ann", .channel = "mail"},
                                  sms = {.contact = "ann", .channel = "sms"};

    OK(f, tcn_store_begin(f->s, &f->err));
    put_state(f, &mail, 1);
    put_state(f, &sms, 20);
    OK(f, get_state(f, &mail, &got));
    same_channel_state(&mail, &got);
    put_state(f, &mail, 40);
    mail.code = NULL;
    mail.is_activated = false;
    OK(f, tcn_store_channel_state_put(f->s, &mail, &f->err));
    reopen_and_begin(f);
    OK(f, get_state(f, &mail, &got));
    same_channel_state(&mail, &got);
    OK(f, tcn_store_channel_state_drop(f->s, "ann", "mail", &f->err));
    OK(f, tcn_store_channel_state_drop(f->s, "ann", "mail", &f->err));
    assert_int_equal(get_state(f, &mail, &got), TCN_ENOTFOUND);
    OK(f, get_state(f, &sms, &got));
    same_channel_state(&sms, &got);
}

static void states_are_listed(void **state)
{
    struct fixture *f = *state;
    struct tcn_channel_state rows[2 * NAMES], *got;
    size_t n = 0;

    for (size_t i = 2 * NAMES; i > 0; i--) {
        rows[i - 1] = (struct tcn_channel_state){.contact = in_order[(i - 1) / 2],
                                                 .channel = i % 2 ? "a" : "b"};
        put_state(f, &rows[i - 1], 20 * (int64_t)i);
    }
    OK(f, tcn_store_channel_state_list(f->s, &f->a, &got, &n, &f->err));
    assert_int_equal(n, 2 * NAMES);
    for (size_t i = 0; i < n; i++)
        same_channel_state(&rows[i], &got[i]);
}

/* -- the version ---------------------------------------------------------------------------------------------- */

static void the_same_while_nothing_changes(void **state)
{
    struct fixture *f = *state;
    struct tcn_resource got;
    uint64_t first = version(f);

    assert_int_equal(get(f, TCN_RESOURCE_PLAN, "none", &got), TCN_ENOTFOUND);
    assert_int_equal(tcn_store_resource_drop(f->s, TCN_RESOURCE_PLAN, "none", &f->err),
                     TCN_ENOTFOUND);
    OK(f, tcn_store_channel_state_drop(f->s, "none", "mail", &f->err));
    assert_int_equal(version(f), first);
    commit_and_begin(f);
    assert_int_equal(version_at(f, NOW + 10 * AGE_MS), first);
    tcn_store_resources_forget(f->s);
    assert_int_equal(version(f), first);
    tcn_store_rollback(f->s);
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_int_equal(version(f), first);
}

static void another_at_each_change(void **state)
{
    struct fixture *f = *state;
    struct tcn_channel_state mail = {.contact = "ann", .channel = "mail"};
    uint64_t first = version(f), put_one, put_two;

    put(f, TCN_RESOURCE_PLAN, "p");
    assert_true((put_one = version(f)) > first);
    put(f, TCN_RESOURCE_PLAN, "p");
    assert_true((put_two = version(f)) > put_one);
    OK(f, tcn_store_resource_drop(f->s, TCN_RESOURCE_PLAN, "p", &f->err));
    assert_true((first = version(f)) > put_two);
    put_state(f, &mail, 1);
    assert_true((put_one = version(f)) > first);
    OK(f, tcn_store_channel_state_drop(f->s, "ann", "mail", &f->err));
    assert_true((put_two = version(f)) > put_one);
    commit_and_begin(f);
    assert_int_equal(version(f), put_two);
    tcn_store_resources_forget(f->s);
    assert_int_equal(version(f), put_two);
}

/* What was told inside of the transaction stands for rows that are nowhere. */
static void another_after_a_rollback(void **state)
{
    struct fixture *f = *state;
    struct tcn_resource got, row = put(f, TCN_RESOURCE_PLAN, "p");
    uint64_t before, inside, after;

    commit_and_begin(f);
    before = version(f);
    put(f, TCN_RESOURCE_PLAN, "q");
    OK(f, tcn_store_resource_drop(f->s, TCN_RESOURCE_PLAN, "p", &f->err));
    assert_true((inside = version(f)) > before);
    tcn_store_rollback(f->s);
    OK(f, tcn_store_begin(f->s, &f->err));
    assert_true((after = version(f)) > inside);
    OK(f, get(f, TCN_RESOURCE_PLAN, "p", &got));
    same_resource(&row, &got);
    assert_int_equal(get(f, TCN_RESOURCE_PLAN, "q", &got), TCN_ENOTFOUND);
    put(f, TCN_RESOURCE_PLAN, "q");
    assert_true(version(f) > after);
}

static void another_when_a_commit_fails(void **state)
{
    struct fixture *f = *state;
    struct tcn_lane lane = gen_lane(&(struct gen){&f->a, 1});
    uint64_t inside;

    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
    commit_and_begin(f);
    put(f, TCN_RESOURCE_PLAN, "q");
    inside = version(f);
    lane.revision = 100;
    assert_conflict(f, tcn_store_lane_put(f->s, &lane, &f->err));
    assert_true(version(f) > inside);
}

/* A mark that this store did not leave, seen by the one that asks and not by the one that need not. */
static void asked_no_more_than_needed(void **state)
{
    struct fixture *f = *state;
    uint64_t first = version(f), last;

    OK(f, tcn_store_meta_put(f->s, "resources", "another's", &f->err));
    assert_int_equal(version_at(f, NOW + AGE_MS - 1), first);
    last = version_at(f, NOW + AGE_MS);
    assert_int_equal(last > first, tcn_store_is_shared(f->s));
    tcn_store_resources_forget(f->s);
    assert_true((last = version_at(f, NOW + AGE_MS)) > first);
    /* A clock that was set back is no reason to wait. */
    OK(f, tcn_store_meta_put(f->s, "resources", "a third one's", &f->err));
    assert_int_equal(version(f) > last, tcn_store_is_shared(f->s));
}

/* Whoever visits a store is not its only writer, though no node shares it. */
static void a_visitor_asks_again(void **state)
{
    struct fixture *f = *state;
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "visitor"};
    struct fixture visitor = {0};

    OK(f, tcn_store_visit(&o, false, &visitor.s, &f->err));
    OK(&visitor, tcn_store_begin(visitor.s, &visitor.err));
    assert_int_equal(version(&visitor), 1);
    OK(&visitor, tcn_store_commit(visitor.s, &visitor.err));
    OK(f, tcn_store_begin(f->s, &f->err));
    put(f, TCN_RESOURCE_PLAN, "p");
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(&visitor, tcn_store_begin(visitor.s, &visitor.err));
    assert_int_equal(version_at(&visitor, NOW + AGE_MS), 2);
    OK(&visitor, tcn_store_commit(visitor.s, &visitor.err));
    tcn_store_close(visitor.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(every_member),
        IN_MEMORY(kinds_are_apart),
        IN_MEMORY(listed_by_name),
        IN_MEMORY(a_body_has_a_cap),
        IN_FILE(states_of_channels),
        IN_MEMORY(states_are_listed),
        IN_MEMORY(the_same_while_nothing_changes),
        IN_MEMORY(another_at_each_change),
        IN_MEMORY(another_after_a_rollback),
        IN_MEMORY(another_when_a_commit_fails),
        IN_MEMORY(asked_no_more_than_needed),
        IN_FILE(a_visitor_asks_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
