/* tocsin db check: the database, the rows, and every incident as the engine would load it. */
#include "app/db_cli.h"
#include "app/turn.h"
#include "store/check.h"
#include "store/held.h"
#include "store/moved.h"
#include "sys/clock.h"

#include <stdio.h>

#define VERB "check"
#define INCIDENTS 100 /* of one transaction */

static const char usage[] =
    "usage: tocsin db check --config FILE [--data DIR]\n"
    "\n"
    "  Looks through the store for damage and for rows that contradict each other, and, of one in\n"
    "  PostgreSQL, for what serve would lack there: rights of its role, room for its second\n"
    "  connection, a clock like this machine's, a standby that its commits wait for. One line a\n"
    "  finding; then which server that was, and which nodes work on it. It reads only, and runs\n"
    "  beside a server. Exit status 0: good, 1: not.\n"
    "\n"
    "  --config FILE   the configuration that names the store\n"
    "  --data DIR      where the store is kept (default: data)\n";

struct check {
    struct tcn_store *s;
    struct tcn_arena page, one; /* of a list of incidents; of one */
    size_t findings, incidents, open;
    size_t lacks; /* of what a node needs there */
    bool may_read, is_moved;
    char moved_to[TCN_MOVED_PLACE];
    int64_t before_ms;
    struct tcn_held_count held;
};

static void told(void *ctx, const char *finding)
{
    struct check *c = ctx;

    c->findings++;
    printf("%s\n", finding);
}

static void told_of_lack(void *ctx, const char *finding)
{
    struct check *c = ctx;

    c->lacks++;
    printf("%s\n", finding);
}

/* What a start would be refused for, or what a node would fail at later. */
static int look_at_place(struct check *c, struct tcn_err *err)
{
    struct tcn_err why;
    int r;

    if (tcn_store_check_clock(c->s, tcn_clock_now_ms(), TCN_STORE_CLOCK_SLACK_MS, &why) < 0)
        told_of_lack(c, why.msg);
    if (tcn_store_check_connections(c->s, &why) < 0)
        told_of_lack(c, why.msg);
    if (tcn_store_check_written(c->s, &why) < 0)
        told_of_lack(c, why.msg);
    if (tcn_store_check_commits(c->s, &why) < 0)
        told_of_lack(c, why.msg);
    r = tcn_store_check_rights(c->s, told_of_lack, c, &c->may_read, err);
    return r < 0 ? r : tcn_store_check_policies(c->s, told_of_lack, c, err);
}

static int look_at(struct check *c, const struct tcn_incident *incident, struct tcn_err *err)
{
    struct tcn_aggregate a;
    struct tcn_err wrong;
    int r;

    tcn_arena_reset(&c->one);
    if ((r = tcn_turn_load(c->s, incident->id, &c->one, &a, err)) < 0)
        return r;
    c->incidents += !incident->is_bare;
    c->open += !incident->is_bare && incident->status == TCN_STATUS_OPEN;
    if (tcn_engine_invariant(&a, tcn_store_now_ms(c->s), &wrong) < 0)
        told(c, wrong.msg);
    return 0;
}

/* Newest first; *before is the last one's id. */
static int look_at_some(struct check *c, struct tcn_id *before, bool *ret_more, struct tcn_err *err)
{
    const struct tcn_incident_filter filter = {
        .before = *before, .limit = INCIDENTS, .and_bare = true};
    struct tcn_incident *list = NULL;
    size_t n = 0;
    int r;

    tcn_arena_reset(&c->page);
    r = tcn_store_incident_list(c->s, &filter, &c->page, &list, &n, err);
    for (size_t i = 0; i < n && r == 0; i++)
        r = look_at(c, &list[i], err);
    if (n > 0)
        *before = list[n - 1].id;
    *ret_more = n == INCIDENTS;
    return r;
}

static int look_at_all(struct check *c, struct tcn_err *err)
{
    struct tcn_id before = {{0}};
    bool has_more = true;
    int r = 0;

    while (r == 0 && has_more && (r = tcn_store_begin(c->s, err)) == 0) {
        r = look_at_some(c, &before, &has_more, err);
        tcn_store_rollback(c->s);
    }
    return r;
}

static int look_at_rows(struct check *c, struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_begin(c->s, err)) < 0)
        return r;
    if ((r = tcn_store_check_rows(c->s, told, c, err)) == 0 &&
        (r = tcn_store_held_before(c->s, &c->before_ms, err)) == 0 && c->before_ms != 0)
        r = tcn_store_held_count(c->s, &c->held, err);
    tcn_store_rollback(c->s);
    return r;
}

/* Damage below makes nonsense of what is above. */
static int look(struct check *c, struct tcn_err *err)
{
    int r;

    if ((r = look_at_place(c, err)) < 0 || !c->may_read ||
        (r = tcn_store_check_pages(c->s, told, c, err)) < 0 || c->findings > 0)
        return r;
    if ((r = look_at_rows(c, err)) < 0 || (r = look_at_all(c, err)) < 0 ||
        (r = tcn_moved_to(c->s, c->moved_to, err)) < 0)
        return r;
    c->is_moved = r == 1;
    return 0;
}

static const char of_sqlite[] = "tocsin db restore";
static const char of_postgres[] =
    "pg_restore of a dump into an empty database, or a base backup up to a moment before it "
    "(recovery_target_time), then tocsin db hold, before the server starts";

static void tell_findings(const struct check *c, const char *url)
{
    fprintf(stderr,
            "tocsin db check: %zu findings in %s; stop the server%s, keep a copy of the store "
            "for the makers, then: %s\n",
            c->findings, url, tcn_store_is_postgres(url) ? " (every node)" : "",
            tcn_store_is_postgres(url) ? of_postgres : of_sqlite);
}

static int conclude(const struct check *c, const char *url)
{
    if (c->lacks > 0)
        fprintf(stderr, "tocsin db check: %zu %s not as tocsin needs it on %s%s\n", c->lacks,
                c->lacks == 1 ? "thing is" : "things are", url,
                !c->may_read       ? "; its rows were not looked at"
                : c->findings == 0 ? "; its rows are good"
                                   : "");
    if (c->findings > 0)
        tell_findings(c, url);
    if (c->findings + c->lacks > 0)
        return 1;
    printf("%s: good. %zu incidents, %zu open.\n", url, c->incidents, c->open);
    if (c->is_moved)
        printf("It is no longer the store: it was moved to %s, and nothing starts on it.\n",
               c->moved_to);
    if (c->before_ms != 0)
        printf("Held: %lld pages, %lld steps, %lld tickets, %lld notices; see tocsin db held.\n",
               (long long)c->held.pages, (long long)c->held.steps, (long long)c->held.tickets,
               (long long)c->held.notices);
    return 0;
}

static int check(const struct tcn_config *config)
{
    struct tcn_store_options o = tcn_db_store(config);
    struct check c = {0};
    struct tcn_err err;
    int r, status;

    o.all_accounts = true;
    if (tcn_store_visit(&o, false, &c.s, &err) < 0)
        return tcn_db_fail(VERB, &err);
    tcn_arena_init(&c.page, TCN_TURN_ARENA);
    tcn_arena_init(&c.one, TCN_TURN_ARENA);
    if ((r = look(&c, &err)) == 0 && c.may_read)
        r = tcn_db_tell_server(c.s, &err);
    if (r > 0)
        c.lacks++;
    status = r < 0 ? tcn_db_fail(VERB, &err) : conclude(&c, config->store);
    tcn_arena_done(&c.one);
    tcn_arena_done(&c.page);
    tcn_store_close(c.s);
    return status;
}

int tcn_db_check_cli(int argc, char **argv)
{
    return tcn_db_on_config("tocsin db check", usage, argc, argv, check);
}
