/* The three-way merge: every combination of who holds what, under every policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/merge.h"

/* Values: absent, A, B, C as base, local and remote. */
static json_t *value(int n)
{
    static const char *const texts[] = {NULL, "A", "B", "C"};

    return texts[n] ? json_string(texts[n]) : NULL;
}

struct world {
    json_t *base, *local, *remote;
};

static void open_world(struct world *w, struct tcn_merge_input *in, int b, int l, int r)
{
    *w = (struct world){value(b), value(l), value(r)};
    in->base = w->base;
    in->local = w->local;
    in->remote = w->remote;
    in->has_base = b != 0;
    tcn_merge_compare(in);
}

static void close_world(struct world *w)
{
    json_decref(w->base);
    json_decref(w->local);
    json_decref(w->remote);
}

/* What must hold whatever the policy is. */
static void check_laws(const struct tcn_merge_input *in, const struct tcn_merge *m)
{
    bool out = in->direction == TCN_DIRECTION_OUT || in->direction == TCN_DIRECTION_BOTH;
    bool comes = in->direction == TCN_DIRECTION_IN || in->direction == TCN_DIRECTION_BOTH;

    assert_int_not_equal(m->verdict, TCN_MERGE_UNSET);
    if (in->direction == TCN_DIRECTION_OFF)
        assert_int_equal(m->verdict, TCN_MERGE_KEEP);
    else if (in->local_is_remote)
        assert_int_equal(m->verdict, TCN_MERGE_AGREE); /* no write when equal */
    if (m->verdict == TCN_MERGE_PUSH || m->verdict == TCN_MERGE_BOTH)
        assert_true(out && m->value);
    if (m->verdict == TCN_MERGE_TAKE || m->verdict == TCN_MERGE_BOTH)
        assert_true(comes && m->value);
    if (m->verdict == TCN_MERGE_HOLD)
        assert_int_equal(in->conflict, TCN_CONFLICT_HOLD);
    /* Only one side changed: that side wins, whatever the conflict policy says. */
    if (in->direction == TCN_DIRECTION_BOTH && !in->local_is_remote && in->remote_is_base)
        assert_int_equal(m->verdict, in->local ? TCN_MERGE_PUSH : TCN_MERGE_KEEP);
    if (in->direction == TCN_DIRECTION_BOTH && !in->local_is_remote && in->local_is_base &&
        in->remote)
        assert_int_equal(m->verdict, TCN_MERGE_TAKE);
    if (m->is_conflict)
        assert_true(in->has_base && !in->remote_is_base && !in->local_is_base);
}

static void all_policies_are_total(void **unused)
{
    size_t n = 0;

    (void)unused;
    for (int d = TCN_DIRECTION_OFF; d <= TCN_DIRECTION_BOTH; d++)
        for (int c = TCN_CONFLICT_UNSET; c <= TCN_CONFLICT_HOLD; c++)
            for (int enforce = 0; enforce < 2; enforce++)
                for (int times = 0; times < 3; times++)
                    for (int blr = 0; blr < 64; blr++) {
                        struct tcn_merge_input in = {.direction = (enum tcn_direction)d,
                                                     .conflict = (enum tcn_conflict)c,
                                                     .enforce = enforce,
                                                     .local_ms = times == 1 ? 5 : 9,
                                                     .remote_ms = times == 2 ? 0 : 7};
                        struct world w;
                        struct tcn_merge m;

                        open_world(&w, &in, blr / 16, blr / 4 % 4, blr % 4);
                        tcn_merge_field(&in, &m);
                        check_laws(&in, &m);
                        tcn_merge_done(&m);
                        close_world(&w);
                        n++;
                    }
    assert_int_equal(n, 4 * 8 * 2 * 3 * 64);
}

struct row {
    const char *name;
    int b, l, r;
    enum tcn_direction direction;
    enum tcn_conflict conflict;
    int64_t local_ms, remote_ms;
    bool enforce;
    enum tcn_verdict verdict;
    const char *value;
};

#define D TCN_DIRECTION_BOTH
static const struct row rows[] = {
    {"equal", 1, 2, 2, D, TCN_CONFLICT_HOLD, 0, 0, false, TCN_MERGE_AGREE, NULL},
    {"all absent", 0, 0, 0, D, TCN_CONFLICT_LOCAL, 0, 0, false, TCN_MERGE_AGREE, NULL},
    {"local changed", 1, 2, 1, D, TCN_CONFLICT_REMOTE, 0, 0, false, TCN_MERGE_PUSH, "B"},
    {"local changed, in only", 1, 2, 1, TCN_DIRECTION_IN, TCN_CONFLICT_LOCAL, 0, 0, false,
     TCN_MERGE_KEEP, NULL},
    {"remote changed", 1, 1, 2, D, TCN_CONFLICT_LOCAL, 0, 0, false, TCN_MERGE_TAKE, "B"},
    {"remote changed, out only", 1, 1, 2, TCN_DIRECTION_OUT, TCN_CONFLICT_LOCAL, 0, 0, false,
     TCN_MERGE_KEEP, NULL},
    {"remote changed, enforced", 1, 1, 2, TCN_DIRECTION_OUT, TCN_CONFLICT_LOCAL, 0, 0, true,
     TCN_MERGE_PUSH, "A"},
    {"both, local", 1, 2, 3, D, TCN_CONFLICT_LOCAL, 0, 0, false, TCN_MERGE_PUSH, "B"},
    {"both, unset", 1, 2, 3, D, TCN_CONFLICT_UNSET, 0, 0, false, TCN_MERGE_PUSH, "B"},
    {"both, remote", 1, 2, 3, D, TCN_CONFLICT_REMOTE, 0, 0, false, TCN_MERGE_TAKE, "C"},
    {"both, newest remote", 1, 2, 3, D, TCN_CONFLICT_NEWEST, 5, 9, false, TCN_MERGE_TAKE, "C"},
    {"both, newest local", 1, 2, 3, D, TCN_CONFLICT_NEWEST, 9, 5, false, TCN_MERGE_PUSH, "B"},
    {"both, newest tie", 1, 2, 3, D, TCN_CONFLICT_NEWEST, 5, 5, false, TCN_MERGE_PUSH, "B"},
    {"both, no remote clock", 1, 2, 3, D, TCN_CONFLICT_NEWEST, 5, 0, false, TCN_MERGE_PUSH, "B"},
    {"both, hold", 1, 2, 3, D, TCN_CONFLICT_HOLD, 0, 0, false, TCN_MERGE_HOLD, NULL},
    {"first, out", 0, 2, 3, TCN_DIRECTION_OUT, TCN_CONFLICT_LOCAL, 0, 0, false, TCN_MERGE_PUSH,
     "B"},
    {"first, remote empty", 0, 2, 0, D, TCN_CONFLICT_LOCAL, 0, 0, false, TCN_MERGE_PUSH, "B"},
    {"local removed", 1, 0, 1, D, TCN_CONFLICT_LOCAL, 0, 0, false, TCN_MERGE_KEEP, NULL},
};

static void named_cases(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct tcn_merge_input in = {.direction = row->direction,
                                     .conflict = row->conflict,
                                     .enforce = row->enforce,
                                     .local_ms = row->local_ms,
                                     .remote_ms = row->remote_ms};
        struct world w;
        struct tcn_merge m;
        const char *got;

        open_world(&w, &in, row->b, row->l, row->r);
        tcn_merge_field(&in, &m);
        got = json_string_value(m.value);
        if (m.verdict != row->verdict ||
            (row->value ? !got || strcmp(got, row->value) != 0 : got != NULL))
            fail_msg("%s: %d %s", row->name, m.verdict, got ? got : "-");
        tcn_merge_done(&m);
        close_world(&w);
    }
}

static struct tcn_merge merge_json(const char *b, const char *l, const char *r,
                                   enum tcn_direction d, enum tcn_conflict c)
{
    json_t *base = b ? json_loads(b, JSON_DECODE_ANY, NULL) : NULL,
           *local = json_loads(l, JSON_DECODE_ANY, NULL),
           *remote = json_loads(r, JSON_DECODE_ANY, NULL);
    struct tcn_merge_input in = {.base = base,
                                 .local = local,
                                 .remote = remote,
                                 .has_base = b != NULL,
                                 .direction = d,
                                 .conflict = c};
    struct tcn_merge m;

    tcn_merge_compare(&in);
    tcn_merge_field(&in, &m);
    json_decref(base);
    json_decref(local);
    json_decref(remote);
    return m;
}

static void impacts(void **unused)
{
    struct tcn_merge m = merge_json("3", "2", "1", D, TCN_CONFLICT_MAX);

    (void)unused;
    assert_int_equal(m.verdict, TCN_MERGE_TAKE); /* 1 is the most severe */
    tcn_merge_done(&m);
    m = merge_json("3", "2", "4", D, TCN_CONFLICT_MAX);
    assert_int_equal(m.verdict, TCN_MERGE_PUSH);
    tcn_merge_done(&m);
    m = merge_json("3", "2", "4", D, TCN_CONFLICT_MIN);
    assert_int_equal(m.verdict, TCN_MERGE_TAKE);
    tcn_merge_done(&m);
    m = merge_json("3", "2", "\"x\"", D, TCN_CONFLICT_MAX);
    assert_int_equal(m.verdict, TCN_MERGE_PUSH);
    tcn_merge_done(&m);
}

static void check_union(const char *b, const char *l, const char *r, enum tcn_direction d,
                        enum tcn_verdict verdict, const char *want)
{
    struct tcn_merge m = merge_json(b, l, r, d, TCN_CONFLICT_UNION);
    json_t *list = json_loads(want, 0, NULL);

    assert_int_equal(m.verdict, verdict);
    assert_true(json_equal(m.value, list));
    json_decref(list);
    tcn_merge_done(&m);
}

static void unions(void **unused)
{
    (void)unused;
    /* added here: y; added there: z; removed there: b; removed here: c */
    check_union("[\"a\",\"b\",\"c\"]", "[\"a\",\"b\",\"y\"]", "[\"a\",\"c\",\"z\"]", D,
                TCN_MERGE_BOTH, "[\"a\",\"y\",\"z\"]");
    check_union("[\"a\"]", "[\"a\",\"y\"]", "[\"a\",\"z\"]", TCN_DIRECTION_OUT, TCN_MERGE_PUSH,
                "[\"a\",\"y\",\"z\"]");
    check_union(NULL, "[\"a\"]", "[\"b\"]", D, TCN_MERGE_BOTH, "[\"a\",\"b\"]");
}

/* -- status ----------------------------------------------------------------------------------------------------- */

static void status_is_total(void **unused)
{
    (void)unused;
    for (int n = 0; n < 4 * 4 * 4 * 2 * 2 * 2 * 2 * 2 * 4 * 3 * 3; n++) {
        int x = n;
        struct tcn_status_input in = {0};
        struct tcn_status_merge m;

        in.base = (enum tcn_class)(x % 4), x /= 4;
        in.local = (enum tcn_class)(x % 4), x /= 4;
        in.remote = (enum tcn_class)(x % 4), x /= 4;
        in.accepts = x % 2, x /= 2;
        in.is_terminal = x % 2, x /= 2;
        in.is_halfway = x % 2, x /= 2;
        in.by_alarm = x % 2, x /= 2;
        in.is_firing = x % 2, x /= 2;
        in.direction = (enum tcn_direction)(x % 4), x /= 4;
        in.auto_resolve = (enum tcn_auto_resolve)(x % 3), x /= 3;
        in.while_firing = (enum tcn_while_firing)(x % 3);
        tcn_merge_status(&in, &m);
        assert_int_not_equal(m.verdict, TCN_MERGE_UNSET);
        if (m.verdict == TCN_MERGE_PUSH) {
            assert_int_equal(m.value, in.local);
            assert_false(in.accepts); /* a value inside the class is never overwritten */
            assert_false(in.is_terminal);
            assert_true(in.direction == TCN_DIRECTION_OUT || in.direction == TCN_DIRECTION_BOTH);
            if (in.local == TCN_CLASS_RESOLVED && in.by_alarm)
                assert_true(in.auto_resolve != TCN_RESOLVE_NEVER);
        }
        if (m.verdict == TCN_MERGE_TAKE)
            assert_true(in.direction == TCN_DIRECTION_IN || in.direction == TCN_DIRECTION_BOTH);
    }
}

#define O TCN_CLASS_OPEN
#define A TCN_CLASS_ACKED
#define R TCN_CLASS_RESOLVED
static const struct {
    const char *name;
    struct tcn_status_input in;
    enum tcn_verdict verdict;
    enum tcn_class value;
    enum tcn_status_note note;
} status_rows[] = {
    {"equal", {.base = O, .local = A, .remote = A, .direction = D}, TCN_MERGE_AGREE, 0, 0},
    {"on hold is open",
     {.base = O, .local = O, .remote = A, .accepts = true, .direction = D},
     TCN_MERGE_AGREE,
     0,
     0},
    {"acked here", {.base = O, .local = A, .remote = O, .direction = D}, TCN_MERGE_PUSH, A, 0},
    {"resolved by a person",
     {.base = A, .local = R, .remote = A, .direction = D, .auto_resolve = TCN_RESOLVE_UNLESS_ACKED},
     TCN_MERGE_PUSH,
     R,
     0},
    {"alarm over, nobody works",
     {.base = O,
      .local = R,
      .remote = O,
      .by_alarm = true,
      .direction = D,
      .auto_resolve = TCN_RESOLVE_UNLESS_ACKED},
     TCN_MERGE_PUSH,
     R,
     0},
    {"alarm over, somebody works",
     {.base = A,
      .local = R,
      .remote = A,
      .by_alarm = true,
      .direction = D,
      .auto_resolve = TCN_RESOLVE_UNLESS_ACKED},
     TCN_MERGE_KEEP,
     0,
     TCN_NOTE_ALARM_OK},
    {"alarm over, somebody took it meanwhile",
     {.base = O,
      .local = R,
      .remote = A,
      .by_alarm = true,
      .direction = D,
      .auto_resolve = TCN_RESOLVE_UNLESS_ACKED},
     TCN_MERGE_KEEP,
     0,
     TCN_NOTE_ALARM_OK},
    {"alarm over, pager",
     {.base = A,
      .local = R,
      .remote = A,
      .by_alarm = true,
      .direction = D,
      .auto_resolve = TCN_RESOLVE_ALWAYS},
     TCN_MERGE_PUSH,
     R,
     0},
    {"alarm over, never",
     {.base = O,
      .local = R,
      .remote = O,
      .by_alarm = true,
      .direction = D,
      .auto_resolve = TCN_RESOLVE_NEVER},
     TCN_MERGE_KEEP,
     0,
     TCN_NOTE_ALARM_OK},
    {"resolved there, alarm over",
     {.base = O, .local = O, .remote = R, .direction = D},
     TCN_MERGE_TAKE,
     R,
     0},
    {"resolved there, firing",
     {.base = O, .local = O, .remote = R, .is_firing = true, .direction = D},
     TCN_MERGE_KEEP,
     0,
     TCN_NOTE_STILL_FIRING},
    {"resolved there, firing, follow",
     {.base = O,
      .local = O,
      .remote = R,
      .is_firing = true,
      .direction = D,
      .while_firing = TCN_FIRING_FOLLOW},
     TCN_MERGE_TAKE,
     R,
     0},
    {"resolved there, firing, reopen",
     {.base = O,
      .local = O,
      .remote = R,
      .is_firing = true,
      .direction = D,
      .while_firing = TCN_FIRING_REOPEN},
     TCN_MERGE_PUSH,
     O,
     0},
    {"reopened there", {.base = R, .local = R, .remote = O, .direction = D}, TCN_MERGE_TAKE, O, 0},
    {"reopened here", {.base = R, .local = O, .remote = R, .direction = D}, TCN_MERGE_PUSH, O, 0},
    {"reopened here, closed there",
     {.base = R, .local = O, .remote = R, .is_terminal = true, .direction = D},
     TCN_MERGE_KEEP,
     0,
     TCN_NOTE_TERMINAL},
    {"the alarm ended, halfway there",
     {.base = O,
      .local = R,
      .remote = A,
      .is_halfway = true,
      .by_alarm = true,
      .auto_resolve = TCN_RESOLVE_UNLESS_ACKED,
      .direction = D},
     TCN_MERGE_PUSH,
     R,
     0},
    {"opened again, halfway there",
     {.base = A, .local = A, .remote = O, .is_halfway = true, .direction = D},
     TCN_MERGE_PUSH,
     A,
     0},
    {"out only, changed there",
     {.base = O, .local = O, .remote = A, .direction = TCN_DIRECTION_OUT},
     TCN_MERGE_KEEP,
     0,
     0},
    {"in only",
     {.base = O, .local = R, .remote = O, .direction = TCN_DIRECTION_IN},
     TCN_MERGE_KEEP,
     0,
     0},
    {"off",
     {.base = O, .local = R, .remote = O, .direction = TCN_DIRECTION_OFF},
     TCN_MERGE_KEEP,
     0,
     0},
    {"first, we are further", {.local = R, .remote = O, .direction = D}, TCN_MERGE_PUSH, R, 0},
    {"first, they are further", {.local = O, .remote = A, .direction = D}, TCN_MERGE_TAKE, A, 0},
    {"unknown value, open",
     {.base = O, .local = O, .remote = TCN_CLASS_UNSET, .direction = D},
     TCN_MERGE_KEEP,
     0,
     0},
    {"unknown value, resolved",
     {.base = O, .local = R, .remote = TCN_CLASS_UNSET, .direction = D},
     TCN_MERGE_PUSH,
     R,
     0},
    {"both moved", {.base = O, .local = A, .remote = R, .direction = D}, TCN_MERGE_TAKE, R, 0},
};

static void status_cases(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++) {
        struct tcn_status_merge m;

        tcn_merge_status(&status_rows[i].in, &m);
        if (m.verdict != status_rows[i].verdict || m.value != status_rows[i].value ||
            m.note != status_rows[i].note)
            fail_msg("%s: verdict %d value %d note %d", status_rows[i].name, m.verdict, m.value,
                     m.note);
    }
}

static void class_names(void **unused)
{
    (void)unused;
    assert_int_equal(tcn_class_parse("ACKED"), A);
    assert_int_equal(tcn_class_parse(NULL), TCN_CLASS_UNSET);
    assert_int_equal(tcn_class_parse("acked"), TCN_CLASS_UNSET);
    assert_string_equal(tcn_class_name(R), "RESOLVED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_policies_are_total),
        cmocka_unit_test(named_cases),
        cmocka_unit_test(impacts),
        cmocka_unit_test(unions),
        cmocka_unit_test(status_is_total),
        cmocka_unit_test(status_cases),
        cmocka_unit_test(class_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
