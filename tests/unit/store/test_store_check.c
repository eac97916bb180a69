/* Every rule finds what breaks it, and a store that is well has no finding. */
#include "raw.h"
#include "rows_notice.h"
#include "store/check.h"

/* The whole of one incident: 1, with its page 2. */
static void fill(struct fixture *f)
{
    struct gen g = {&f->a, 0};
    struct tcn_incident incident = gen_incident(&g);
    struct tcn_event events[2] = {gen_event(&g, 1), gen_event(&g, 2)};
    struct tcn_related_item item = gen_related(&g);
    struct tcn_engagement e = gen_engagement(&g, 1);
    struct tcn_receipt receipt = gen_receipt(&g, id_of(2));
    struct tcn_send_row send = gen_send(&g);
    struct tcn_link link = gen_link(&g);
    struct tcn_lane lane = gen_lane(&g);
    struct tcn_notice notice = gen_notice(&g);

    incident.id = send.incident = link.incident = lane.incident = notice.incident = id_of(1);
    incident.status = TCN_STATUS_OPEN;
    incident.event_seq = 2;
    link.notes_seq = link.done_revision = notice.told_seq = 1;
    lane.revision = 0;
    lane.echo_due_ms = 0;
    e.n_runs = e.n_pages = 1;
    e.runs[0].no = e.pages[0].run_no = 1;
    e.pages[0].id = send.page = id_of(2);
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_incident_put(f->s, &incident, &f->err));
    for (size_t i = 0; i < 2; i++)
        OK(f, tcn_store_event_add(f->s, id_of(1), &events[i], &f->err));
    OK(f, tcn_store_related_put(f->s, id_of(1), &item, &f->err));
    OK(f, tcn_store_engagement_put(f->s, id_of(1), &e, &f->err));
    OK(f, tcn_store_receipt_add(f->s, &receipt, &f->err));
    OK(f, tcn_store_send_add(f->s, &send, &f->err));
    OK(f, tcn_store_link_put(f->s, &link, &f->err));
    OK(f, tcn_store_lane_put(f->s, &lane, &f->err));
    OK(f, tcn_store_notice_wake(f->s, &notice, &f->err));
    OK(f, tcn_store_timer_set(f->s, id_of(1), NOW, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void change(struct fixture *f, const char *sql)
{
    if (f->schema[0])
        free(pg_raw(f->url, sql));
    else
        raw(f->path, sql, NULL);
}

struct findings {
    size_t n;
    char first[TCN_ERR_MSG];
};

static void told(void *ctx, const char *finding)
{
    struct findings *found = ctx;

    if (found->n++ == 0)
        snprintf(found->first, sizeof found->first, "%s", finding);
}

static struct findings check(struct fixture *f)
{
    const struct tcn_store_options o = {
        .url = f->url, .account_id = ACCOUNT, .node = "check", .all_accounts = true};
    struct findings found = {0};
    struct tcn_store *s = NULL;

    OK(f, tcn_store_visit(&o, false, &s, &f->err));
    OK(f, tcn_store_check_pages(s, told, &found, &f->err));
    OK(f, tcn_store_begin(s, &f->err));
    OK(f, tcn_store_check_rows(s, told, &found, &f->err));
    tcn_store_rollback(s);
    tcn_store_close(s);
    return found;
}

static void every_rule(void **state)
{
    static const struct {
        const char *breaks, *mends, *says;
    } cases[] = {
        {"UPDATE events SET seq = 3 WHERE seq = 2", "UPDATE events SET seq = 2 WHERE seq = 3",
         "its timeline has a gap"},
        {"UPDATE incidents SET event_seq = 3", "UPDATE incidents SET event_seq = 2",
         "its timeline has a gap"},
        {"UPDATE incidents SET status = 2", "UPDATE incidents SET status = 1",
         "a timer waits although it is resolved"},
        {"UPDATE lanes SET echo_due_ms = 1", "UPDATE lanes SET echo_due_ms = 0",
         "an alarm that is held back has no timer"},
        {"UPDATE runs SET engagement_no = 9", "UPDATE runs SET engagement_no = 1",
         "a run belongs to no engagement"},
        {"UPDATE pages SET run_no = 9", "UPDATE pages SET run_no = 1", "a page belongs to no run"},
        {"UPDATE receipts SET page = events.id FROM events WHERE events.seq = 1",
         "UPDATE receipts SET page = pages.id FROM pages", "receipts of a page that is not there"},
        {"UPDATE sends SET page = events.id FROM events WHERE events.seq = 1",
         "UPDATE sends SET page = pages.id FROM pages", "it belongs to no page"},
        {"UPDATE links SET notes_seq = 3", "UPDATE links SET notes_seq = 1",
         "the ticket is ahead of its incident"},
        {"UPDATE notices SET told_seq = 3", "UPDATE notices SET told_seq = 1",
         "its topic was told more than happened"},
        {"UPDATE incidents SET epoch = 99", "UPDATE incidents SET epoch = 1",
         "written by a start that the store does not know"},
        {"UPDATE timers SET incident = events.id FROM events WHERE events.seq = 1",
         "UPDATE timers SET incident = incidents.id FROM incidents",
         "a row of timers belongs to incident"},
        {"UPDATE lanes SET account_id = '999999999999'",
         "UPDATE lanes SET account_id = '" ACCOUNT "'", "a row of lanes belongs to incident"},
    };
    struct fixture *f = *state;

    fill(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct findings found = check(f);

        if (found.n > 0)
            fail_msg("before %s: %s", cases[i].breaks, found.first);
        change(f, cases[i].breaks);
        found = check(f);
        if (found.n == 0 || !strstr(found.first, cases[i].says))
            fail_msg("%s: %zu findings, %s", cases[i].breaks, found.n, found.first);
        change(f, cases[i].mends);
    }
}

static void told_open(void *ctx, const char *finding)
{
    (void)ctx;
    fail_msg("%s", finding);
}

static struct findings lacks(struct fixture *f, bool *ret_may_read)
{
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "check"};
    struct findings found = {0};
    struct tcn_store *s = NULL;

    OK(f, tcn_store_visit(&o, false, &s, &f->err));
    OK(f, tcn_store_check_rights(s, told, &found, ret_may_read, &f->err));
    assert_int_equal(tcn_store_need_rights(s, &f->err), found.n > 0 ? TCN_EINVALID : 0);
    if (found.n > 0)
        assert_string_equal(f->err.msg, found.first);
    OK(f, tcn_store_check_policies(s, told_open, &found, &f->err));
    tcn_store_close(s);
    return found;
}

/* An owner may have lost rights, too; without a server there are no roles. */
static void rights_that_are_missing(void **state)
{
    static const struct {
        const char *takes, *says;
        bool may_read;
    } cases[] = {
        {"REVOKE DELETE ON timers FROM " PG_ROLE, "lacks DELETE on the table timers", true},
        {"REVOKE INSERT, UPDATE ON timers FROM " PG_ROLE, "lacks INSERT, UPDATE, DELETE on", true},
        {"REVOKE SELECT ON timers FROM " PG_ROLE, "lacks SELECT, INSERT, UPDATE, DELETE on", false},
        {"DROP TABLE timers", "there is no table timers", false},
    };
    struct fixture *f = *state;
    bool may_read = false;

    assert_int_equal(lacks(f, &may_read).n, 0);
    assert_true(may_read);
    for (size_t i = 0; f->schema[0] && i < sizeof cases / sizeof *cases; i++) {
        struct findings found;

        change(f, cases[i].takes);
        found = lacks(f, &may_read);
        assert_int_equal(found.n, 1);
        assert_non_null(strstr(found.first, cases[i].says));
        assert_int_equal(may_read, cases[i].may_read);
    }
}

static void policies_that_are_off(void **state)
{
    static const char *const opens[] = {"DISABLE", "NO FORCE"};
    struct fixture *f = *state;
    struct findings found = {0};

    for (size_t i = 0; f->schema[0] && i < sizeof opens / sizeof *opens; i++) {
        char sql[100];

        snprintf(sql, sizeof sql, "ALTER TABLE runs %s ROW LEVEL SECURITY", opens[i]);
        change(f, sql);
        found.n = 0;
        OK(f, tcn_store_check_policies(f->s, told, &found, &f->err));
        assert_int_equal(found.n, 1);
        assert_non_null(strstr(found.first, "off for 1 of the tables (runs)"));
        change(f, "ALTER TABLE runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
    }
    OK(f, tcn_store_check_policies(f->s, told_open, NULL, &f->err));
}

static void spoil(const char *path)
{
    FILE *file = fopen(path, "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, 8 * 4096, SEEK_SET), 0);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(fputc(0x5A, file), 0x5A);
    assert_int_equal(fclose(file), 0);
}

/* A page of the file that is not what it was; a server looks after its own. */
static void a_damaged_file(void **state)
{
    struct fixture *f = *state;
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "check"};
    struct findings found = {0};
    struct tcn_store *s = NULL;

    if (f->schema[0])
        skip();
    fill(f);
    tcn_store_close(f->s);
    f->s = NULL;
    spoil(f->path);
    OK(f, tcn_store_visit(&o, false, &s, &f->err));
    /* SQLite may find so much that it stops. */
    if (tcn_store_check_pages(s, told, &found, &f->err) < 0)
        told(&found, f->err.msg);
    assert_true(found.n > 0);
    assert_non_null(strstr(found.first, "is damaged: "));
    tcn_store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FILE(every_rule),
        IN_FILE(a_damaged_file),
        IN_FILE(rights_that_are_missing),
        IN_FILE(policies_that_are_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
