/* How often a node waits for its server: what a turn of the loop has together goes there together, and what is asked again is
 * prepared. */
#include "rows.h"

#include "pg_proxy.h"
#include "store/ahead.h"
#include "store/internal.h"
#include "store/postgres.h"

#define BATCH 16
/* Rows of one statement are some kilobytes, which a socket may take in two pieces. */
#define PIECES 2

struct bed {
    struct fixture f;
    struct proxy p;
    struct gen g;
    unsigned no;
};

static int setup_bed(void **state)
{
    struct bed *b = calloc(1, sizeof *b);

    if (!pg_server())
        return -1;
    tcn_arena_init(&b->f.a, (size_t)64 << 20);
    pg_schema(b->f.schema, b->f.url, sizeof b->f.url);
    proxy_start(&b->p, 1);
    proxy_url(&b->p, b->f.schema, b->f.url, sizeof b->f.url);
    OK(&b->f, try_open(&b->f, b->f.url, &b->f.s));
    b->g.a = &b->f.a;
    *state = b;
    return 0;
}

static int teardown_bed(void **state)
{
    struct bed *b = *state;

    tcn_store_close(b->f.s);
    proxy_stop(&b->p);
    pg_drop(b->f.schema);
    tcn_arena_done(&b->f.a);
    free(b);
    return 0;
}

/* -- a batch of alarms ------------------------------------------------------------------------------------------- */

static const char *name_of(struct bed *b, unsigned no)
{
    return tcn_arena_fmt(&b->f.a, "alarm %u", no);
}

static void expect(struct bed *b, unsigned no)
{
    tcn_store_expect_delivery(b->f.s, "s", name_of(b, no));
    tcn_store_expect_alarm(b->f.s, name_of(b, no), name_of(b, no));
}

/* What intake writes of one that is new. */
static void write_alarm(struct bed *b, unsigned no)
{
    struct tcn_lane lane = gen_lane(&b->g);
    struct tcn_inbox row = gen_inbox(&b->g);
    struct tcn_incident incident = gen_incident(&b->g);
    struct tcn_event event = gen_event(&b->g, 1);

    row.id = incident.id = lane.incident = id_of(no);
    row.source = "s";
    row.delivery_id = lane.dedupe_key = incident.dedupe_string = name_of(b, no);
    lane.revision = incident.revision = 0;
    assert_true(tcn_store_is_new_alarm(b->f.s, name_of(b, no), name_of(b, no)));
    OK(&b->f, tcn_store_inbox_add(b->f.s, &row, &b->f.err));
    OK(&b->f, tcn_store_incident_put(b->f.s, &incident, &b->f.err));
    OK(&b->f, tcn_store_lane_put(b->f.s, &lane, &b->f.err));
    OK(&b->f, tcn_store_event_add(b->f.s, id_of(no), &event, &b->f.err));
}

/* The round trips of n alarms in one transaction. */
static unsigned long turns_of(struct bed *b, unsigned n)
{
    unsigned long before = proxy_read(&b->p, &b->p.turns);
    unsigned first = b->no + 1;

    b->no += n;
    OK(&b->f, tcn_store_begin_many(b->f.s, &b->f.err));
    for (unsigned i = 0; i < n; i++)
        expect(b, first + i);
    OK(&b->f, tcn_store_look_ahead(b->f.s, &b->f.err));
    for (unsigned i = 0; i < n; i++)
        write_alarm(b, first + i);
    OK(&b->f, tcn_store_commit(b->f.s, &b->f.err));
    return proxy_read(&b->p, &b->p.turns) - before;
}

static void a_batch_waits_no_longer_than_one_alarm(void **state)
{
    struct bed *b = *state;
    unsigned long one, many, apart = 0;

    for (int i = 0; i < 3; i++) /* until all is prepared */
        turns_of(b, BATCH);
    one = turns_of(b, 1);
    many = turns_of(b, BATCH);
    for (int i = 0; i < BATCH; i++)
        apart += turns_of(b, 1);
    print_message("round trips: %lu for an alarm, %lu for %d together, %lu apart\n", one, many,
                  BATCH, apart);
    assert_true(one >= 2); /* what there is, and the commit: the proxy counts */
    assert_true(many <= one + PIECES);
    assert_true(apart >= BATCH * (one - 1));
    assert_int_equal(b->no, (3 + 1 + 1) * BATCH + 1);
}

static void what_only_writes_is_not_waited_for(void **state)
{
    struct bed *b = *state;
    unsigned long before;
    struct tcn_event event;

    turns_of(b, 1);
    OK(&b->f, tcn_store_begin(b->f.s, &b->f.err));
    before = proxy_read(&b->p, &b->p.turns);
    for (int64_t seq = 2; seq < 2 + BATCH; seq++) {
        event = gen_event(&b->g, seq);
        OK(&b->f, tcn_store_event_add(b->f.s, id_of(1), &event, &b->f.err));
    }
    OK(&b->f, tcn_store_commit(b->f.s, &b->f.err));
    before = proxy_read(&b->p, &b->p.turns) - before;
    print_message("round trips: %lu for %d writes and their commit\n", before, BATCH);
    assert_true(before >= 1 && before <= 2 + PIECES);
}

/* -- prepared statements ----------------------------------------------------------------------------------------- */

/* Of the store's own session, which alone can see them. */
static int prepared_with(struct bed *b, const char *words)
{
    const char *sql = tcn_arena_fmt(
        &b->f.a, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%%s%%'",
        words);
    PGresult *result = NULL;
    int n;

    assert_int_equal(PQexitPipelineMode(b->f.s->db->conn), 1);
    OK(&b->f, tcn_pg_ask(b->f.s->db, b->f.s->db->conn, sql, &result, &b->f.err));
    assert_int_equal(PQenterPipelineMode(b->f.s->db->conn), 1);
    n = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return n;
}

static void put(struct bed *b)
{
    OK(&b->f, tcn_store_begin(b->f.s, &b->f.err));
    OK(&b->f, tcn_store_meta_put(b->f.s, "name", "value", &b->f.err));
    OK(&b->f, tcn_store_commit(b->f.s, &b->f.err));
}

static void a_second_use_is_prepared(void **state)
{
    static const char words[] = "INSERT INTO meta";
    struct bed *b = *state;

    reopen(&b->f);
    assert_int_equal(prepared_with(b, words), 0);
    put(b);
    assert_int_equal(prepared_with(b, words), 0); /* a statement that is asked once costs no more */
    put(b);
    assert_int_equal(prepared_with(b, words), 1);
    put(b);
    assert_int_equal(prepared_with(b, words), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_bed, teardown_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_batch_waits_no_longer_than_one_alarm),
        T(what_only_writes_is_not_waited_for),
        T(a_second_use_is_prepared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
