/* The auditor: what should have run, what has no row that makes it run, and what it tells. */
#include "app/audit.h"
#include "app/config.h"
#include "turns.h"

static struct tcn_audit audit;

static void look(void)
{
    if (tcn_audit_look(store, now, &arena, &audit, &err) < 0)
        fail_msg("%s", err.msg);
}

static void all_is_well(void **state)
{
    (void)state;
    memset(&audit, 0, sizeof audit);
    look();
    alarm_of("k", TCN_ACTION_FIRE);
    assert_int_equal(claim_sends(), 1);
    look();
    now += TCN_AUDIT_LATE_MS;
    look();
    assert_int_equal(audit.overdue.steps, 0);
    assert_int_equal(audit.overdue.pages, 0);
    assert_int_equal(audit.n_repaired, 0);
    assert_int_equal(audit.n_lost, 0);
}

/* The page is not taken, and then its repetition does not come either. */
static void what_is_late_is_counted(void **state)
{
    (void)state;
    memset(&audit, 0, sizeof audit);
    alarm_of("k", TCN_ACTION_FIRE);
    now += TCN_AUDIT_LATE_MS - 1;
    look();
    assert_int_equal(audit.overdue.pages, 0);
    now++;
    look();
    assert_int_equal(audit.overdue.pages, 1);
    assert_int_equal(audit.overdue.first_page_ms, T0);
    assert_int_equal(audit.overdue.steps, 0);
    now = T0 + 60000 + TCN_AUDIT_LATE_MS;
    look();
    assert_int_equal(audit.overdue.steps, 1);
    assert_int_equal(audit.overdue.first_step_ms, T0 + 60000);
}

static void a_missing_timer_is_set(void **state)
{
    struct tcn_id id;
    int64_t timer_ms;

    (void)state;
    memset(&audit, 0, sizeof audit);
    id = alarm_of("k", TCN_ACTION_FIRE);
    assert_int_equal(tcn_store_timer_set(store, id, 0, &err), 0);
    look();
    assert_int_equal(audit.n_repaired, 1);
    assert_int_equal(tcn_store_timer_of(store, id, &timer_ms, &err), 0);
    assert_int_equal(timer_ms, T0 + 60000);
    assert_int_equal(tcn_store_timer_set(store, id, T0 + 60001, &err), 0);
    look();
    assert_int_equal(audit.n_repaired, 1);
    look();
    assert_int_equal(audit.n_repaired, 0);
    /* One that comes too early does nothing. */
    assert_int_equal(tcn_store_timer_set(store, id, T0 + 1, &err), 0);
    look();
    assert_int_equal(audit.n_repaired, 0);
}

static void a_message_that_is_not_there(void **state)
{
    struct tcn_aggregate a;
    struct tcn_id id;

    (void)state;
    memset(&audit, 0, sizeof audit);
    id = alarm_of("k", TCN_ACTION_FIRE);
    a = load(id);
    a.engagements[0].pages[0].sends++;
    assert_int_equal(tcn_store_engagement_put(store, id, &a.engagements[0], &err), 0);
    look();
    assert_int_equal(audit.n_lost, 1);
    assert_true(tcn_id_eq(audit.lost, id));
}

/* All open incidents have their turn, and then the first ones again. */
static void the_walk_comes_to_all(void **state)
{
    enum { N = 2 * TCN_AUDIT_BATCH + 1 };
    struct tcn_id ids[N];
    size_t repaired = 0;

    (void)state;
    memset(&audit, 0, sizeof audit);
    for (size_t i = 0; i < N; i++) {
        ids[i] = alarm_of(tcn_arena_fmt(&arena, "k%zu", i), TCN_ACTION_FIRE);
        now++;
    }
    for (size_t i = 0; i < N; i++)
        assert_int_equal(tcn_store_timer_set(store, ids[i], 0, &err), 0);
    for (size_t i = 0; i < 3; i++) {
        look();
        repaired += audit.n_repaired;
    }
    assert_int_equal(repaired, N);
    assert_true(tcn_id_is_zero(audit.before));
}

/* -- what is told ----------------------------------------------------------------------------------------------- */

static struct tcn_source_policy auditor;

static bool tell_of(enum tcn_audit_kind kind, const char *what, unsigned n)
{
    struct tcn_audit_alarm alarm = {.kind = kind,
                                    .what = what,
                                    .policy = &auditor,
                                    .declared = &directory,
                                    .new_id = tcn_id_child((struct tcn_id){{0}}, "audit", n),
                                    .salt = 1};

    if (tcn_audit_tell(store, now, &arena, &alarm, &err) < 0)
        fail_msg("%s", err.msg);
    return alarm.has_changed;
}

static bool tell(const char *what, unsigned n)
{
    return tell_of(TCN_AUDIT_LATE, what, n);
}

static void each_kind_is_its_own_incident(void **state)
{
    struct tcn_id id = tcn_id_child((struct tcn_id){{0}}, "audit", 5);
    struct tcn_incident incident;

    (void)state;
    auditor = policy;
    auditor.name = auditor.source = TCN_AUDITOR;
    assert_true(tell("3 pages are due", 4));
    assert_true(tell_of(TCN_AUDIT_ROWS, "1 incident had no timer", 5));
    assert_true(tell(NULL, 6));
    assert_int_equal(tcn_store_incident_get(store, id, &arena, &incident, &err), 0);
    assert_int_equal(incident.status, TCN_STATUS_OPEN);
    assert_string_equal(incident.summary, "1 incident had no timer");
    assert_true(tell_of(TCN_AUDIT_ROWS, NULL, 7));
    assert_int_equal(tcn_store_incident_get(store, id, &arena, &incident, &err), 0);
    assert_int_equal(incident.status, TCN_STATUS_RESOLVED);
}

static void an_incident_about_itself(void **state)
{
    struct tcn_id id = tcn_id_child((struct tcn_id){{0}}, "audit", 1);
    struct tcn_incident incident;

    (void)state;
    auditor = policy;
    auditor.name = auditor.source = TCN_AUDITOR;
    assert_false(tell(NULL, 0));
    assert_true(tell("3 pages are due", 1));
    assert_int_equal(tcn_store_incident_get(store, id, &arena, &incident, &err), 0);
    assert_int_equal(incident.status, TCN_STATUS_OPEN);
    assert_int_equal(incident.impact, 1);
    assert_string_equal(incident.summary, "3 pages are due");
    assert_int_equal(claim_sends(), 1);
    now += 60000;
    assert_true(tell(NULL, 2));
    assert_int_equal(tcn_store_incident_get(store, id, &arena, &incident, &err), 0);
    assert_int_equal(incident.status, TCN_STATUS_RESOLVED);
    now += 60000;
    assert_true(tell("again", 3));
    assert_int_equal(tcn_store_incident_get(store, id, &arena, &incident, &err), 0);
    assert_int_equal(incident.status, TCN_STATUS_OPEN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(all_is_well),
        CASE(what_is_late_is_counted),
        CASE(a_missing_timer_is_set),
        CASE(a_message_that_is_not_there),
        CASE(the_walk_comes_to_all),
        CASE(an_incident_about_itself),
        CASE(each_kind_is_its_own_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
