/* Policies of the tables: a session of another account sees and writes nothing, the role that owns the tables included. The
 * tables are those that the catalog has: one without a policy fails here. */
#include "rows_feed.h"
#include "rows_notice.h"
#include "rows_resource.h"

#define OTHER "000000000001"
#define TABLES_MAX 40

static PGconn *connect_as(struct fixture *f, const char *account)
{
    PGconn *conn = PQconnectdb(f->url);
    char sql[96];

    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    snprintf(sql, sizeof sql, "SELECT set_config('tocsin.account_id', '%s', false)", account);
    if (account[0])
        PQclear(PQexec(conn, sql));
    return conn;
}

/* Of a statement: the first column of its first row, or its SQLSTATE, or how many rows it touched. Yours to free. */
static char *outcome(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char *text = strdup(state                   ? state
                        : PQntuples(result) > 0 ? PQgetvalue(result, 0, 0)
                        : *PQcmdTuples(result)  ? PQcmdTuples(result)
                                                : "");

    PQclear(result);
    return text;
}

static void expect(PGconn *conn, const char *sql, const char *want)
{
    char *got = outcome(conn, sql);

    if (strcmp(got, want) != 0)
        fail_msg("%s: %s, not %s: %s", sql, got, want, PQerrorMessage(conn));
    free(got);
}

/* A row in every table, by what the store does. */
static void fill(struct fixture *f)
{
    struct gen g = {&f->a, 0};
    struct tcn_inbox inbox = gen_inbox(&g);
    struct tcn_lane lane = gen_lane(&g);
    struct tcn_incident incident = gen_incident(&g);
    struct tcn_event event = gen_event(&g, 1);
    struct tcn_related_item related = gen_related(&g);
    struct tcn_engagement engagement = gen_engagement(&g, 1);
    struct tcn_receipt receipt = gen_receipt(&g, id_of(9));
    struct tcn_send_row send = gen_send(&g);
    struct tcn_link link = gen_link(&g);
    struct tcn_deadletter letter = gen_deadletter(&g);
    struct tcn_subscription subscription = gen_subscription(&g);
    struct tcn_storm_alarm alarm = gen_storm_alarm(&g);
    struct tcn_waiting waiting = gen_waiting(&g);
    struct tcn_mute mute = gen_mute(&g);
    struct tcn_resource resource = gen_resource(&g);
    struct tcn_channel_state channel = gen_channel_state(&g);
    struct tcn_notice notice = gen_notice(&g);
    struct tcn_conflict_row conflict = gen_conflict(&g);
    struct tcn_entry entry = gen_entry(&g);

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_meta_put(f->s, "name", "value", &f->err));
    OK(f, tcn_store_inbox_add(f->s, &inbox, &f->err));
    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
    OK(f, tcn_store_storm_put(f->s, "s", &(struct tcn_storm){.tokens = 1}, &f->err));
    OK(f, tcn_store_storm_alarm_put(f->s, incident.id, lane.dedupe_key, &alarm, &f->err));
    OK(f, tcn_store_waiting_put(f->s, &waiting, &f->err));
    OK(f, tcn_store_mute_add(f->s, &mute, &f->err));
    OK(f, tcn_store_resource_put(f->s, &resource, &f->err));
    OK(f, tcn_store_channel_state_put(f->s, &channel, &f->err));
    OK(f, tcn_store_notice_wake(f->s, &notice, &f->err));
    OK(f, tcn_store_feed_make(f->s, "jira", 1, &f->err));
    OK(f, tcn_store_conflict_add(f->s, &conflict, &f->err));
    OK(f, tcn_store_entry_put(f->s, &entry, &f->err));
    OK(f, tcn_store_budget_put(f->s, "ann", "mail", 1, &f->err));
    OK(f, tcn_store_incident_put(f->s, &incident, &f->err));
    OK(f, tcn_store_event_add(f->s, incident.id, &event, &f->err));
    OK(f, tcn_store_related_put(f->s, incident.id, &related, &f->err));
    OK(f, tcn_store_engagement_put(f->s, incident.id, &engagement, &f->err));
    OK(f, tcn_store_receipt_add(f->s, &receipt, &f->err));
    OK(f, tcn_store_send_add(f->s, &send, &f->err));
    OK(f, tcn_store_timer_set(f->s, incident.id, 5, &f->err));
    OK(f, tcn_store_link_put(f->s, &link, &f->err));
    OK(f, tcn_store_deadletter_put(f->s, &letter, &f->err));
    OK(f, tcn_store_subscription_put(f->s, &subscription, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
}

static size_t list_tables(struct fixture *f, char ret[TABLES_MAX][64])
{
    PGconn *conn = connect_as(f, ACCOUNT);
    PGresult *result = PQexec(conn, "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND"
                                    " relnamespace = current_schema()::regnamespace"
                                    " AND relname <> 'schema_version'");
    size_t n = (size_t)PQntuples(result);

    assert_in_range(n, 17, TABLES_MAX);
    for (size_t i = 0; i < n; i++)
        snprintf(ret[i], 64, "%s", PQgetvalue(result, (int)i, 0));
    PQclear(result);
    PQfinish(conn);
    return n;
}

static void look_at(struct fixture *f, const char *table)
{
    PGconn *own = connect_as(f, ACCOUNT), *other = connect_as(f, OTHER), *none = connect_as(f, "");
    const char *count = tcn_arena_fmt(&f->a, "SELECT count(*) > 0 FROM %s", table);
    const char *give = tcn_arena_fmt(&f->a, "UPDATE %s SET account_id = '" ACCOUNT "'", table);
    const char *take = tcn_arena_fmt(&f->a, "UPDATE %s SET account_id = '" OTHER "'", table);
    const char *drop = tcn_arena_fmt(&f->a, "DELETE FROM %s", table);
    char *row = outcome(own, tcn_arena_fmt(&f->a, "SELECT to_jsonb(t) FROM %s t", table));
    const char *add = tcn_arena_fmt(&f->a,
                                    "INSERT INTO %s OVERRIDING USER VALUE SELECT"
                                    " (jsonb_populate_record(NULL::%s, $row$%s$row$)).*",
                                    table, table, row);

    free(row);
    print_message("%s\n", table);
    expect(own, count, "t");
    expect(other, count, "f");
    expect(none, count, "f");
    expect(other, give, "0");
    expect(none, give, "0");
    expect(other, drop, "0");
    expect(none, drop, "0");
    expect(other, add, "42501");
    expect(none, add, "42501");
    expect(own, take, "42501");
    expect(own, count, "t");
    PQfinish(own);
    PQfinish(other);
    PQfinish(none);
}

static void every_table(void **state)
{
    struct fixture *f = *state;
    char tables[TABLES_MAX][64];
    size_t n;

    fill(f);
    n = list_tables(f, tables);
    for (size_t i = 0; i < n; i++)
        look_at(f, tables[i]);
}

static void everybodys_rows(void **state)
{
    struct fixture *f = *state;
    const struct tcn_store_options o = {.url = f->url, .account_id = OTHER, .node = "other"};
    struct tcn_store *s = NULL;
    PGconn *all = connect_as(f, "*");

    OK(f, tcn_store_open(&o, NOW, &s, &f->err));
    expect(all, "SELECT count(DISTINCT account_id) FROM epochs", "2");
    assert_int_equal(tcn_store_epoch(s), 2); /* numbers are of the database */
    tcn_store_close(s);
    PQfinish(all);
}

/* After a connection broke, too. */
static void a_new_connection(void **state)
{
    struct fixture *f = *state;
    bool is_committed;
    int r;

    pg_run("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
           " WHERE application_name = 'tocsin/test'");
    assert_true(tcn_store_begin(f->s, &f->err) < 0);
    for (int i = 0; (r = tcn_store_recover(f->s, 50, &is_committed, &f->err)) < 0 && i < 400; i++)
        ;
    OK(f, r);
    assert_true(is_writable(f->s, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(every_table),
        IN_FILE(everybodys_rows),
        IN_FILE(a_new_connection),
    };

    if (!pg_server()) {
        print_message("SKIP: run by tests/postgres.py\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
