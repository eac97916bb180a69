/* The same random sequence of every function of the store on each driver: the same codes and the same rows. SQLite in
 * memory, SQLite in a file, and PostgreSQL when tests/postgres.py runs this. */
#include "rows.h"

#define STORES_MAX 3
#define STEPS 1500
#define LIMIT 40

struct bed {
    struct fixture f[STORES_MAX];
    size_t n;
    struct gen g;
    struct tcn_arena a;
    unsigned seed;
    const char *op;
    size_t conflicts, commits, steps;
    int codes[STORES_MAX];
};

#define EACH(b) for (size_t k = 0; k < (b)->n; k++)
static unsigned pick(struct bed *b, unsigned n)
{
    return (unsigned)rand_r(&b->seed) % n;
}

static struct tcn_id an_id(struct bed *b, uint32_t base, unsigned n)
{
    return id_of(base + pick(b, n));
}

/* -- transactions ------------------------------------------------------------------------------------------- */

static void begin(struct bed *b)
{
    EACH(b)
    OK(&b->f[k], tcn_store_begin(b->f[k].s, &b->f[k].err));
}

static void commit(struct bed *b)
{
    EACH(b)
    OK(&b->f[k], tcn_store_commit(b->f[k].s, &b->f[k].err));
    b->commits++;
}

static void rollback(struct bed *b)
{
    EACH(b)
    tcn_store_rollback(b->f[k].s);
}

/* What only writes may answer later; a read makes it answer. */
static int settled(struct bed *b, size_t k, int r)
{
    const char *value;

    return r < 0 ? r : tcn_store_meta_get(b->f[k].s, "none", &b->a, &value, &b->f[k].err);
}

/* The same code everywhere; one that ends the transaction ends all of them. */
static int same_code(struct bed *b, const int r[STORES_MAX], bool is_answer)
{
    EACH(b)
    if (r[k] != r[0])
        fail_msg("step %zu, %s: store %zu answers %d, the first one %d: %s", b->steps, b->op, k,
                 r[k], r[0], b->f[r[k] < 0 ? k : 0].err.msg);
    if (r[0] < 0 && !is_answer) {
        rollback(b);
        begin(b);
        b->conflicts++;
    }
    return r[0];
}

#define WRITE(b, call)                                                                             \
    do {                                                                                           \
        int codes_[STORES_MAX];                                                                    \
        EACH(b)                                                                                    \
        {                                                                                          \
            struct tcn_store *s = (b)->f[k].s;                                                     \
            struct tcn_err *err = &(b)->f[k].err;                                                  \
            codes_[k] = settled(b, k, (call));                                                     \
        }                                                                                          \
        same_code(b, codes_, false);                                                               \
    } while (0)
/* NOTFOUND and what the inbox knows are answers. */
#define ASK(b, call)                                                                               \
    do {                                                                                           \
        EACH(b)                                                                                    \
        {                                                                                          \
            struct tcn_store *s = (b)->f[k].s;                                                     \
            struct tcn_err *err = &(b)->f[k].err;                                                  \
            b->codes[k] = (call);                                                                  \
        }                                                                                          \
        same_code(b, b->codes, true);                                                              \
    } while (0)
#define LIST(b, type, same, call)                                                                  \
    do {                                                                                           \
        type *list[STORES_MAX] = {NULL};                                                           \
        size_t n[STORES_MAX] = {0};                                                                \
        ASK(b, call);                                                                              \
        EACH(b)                                                                                    \
        {                                                                                          \
            if (n[k] != n[0])                                                                      \
                fail_msg("step %zu, %s: %zu rows and %zu", (b)->steps, (b)->op, n[k], n[0]);       \
            for (size_t i = 0; i < n[k]; i++)                                                      \
                same(&list[0][i], &list[k][i]);                                                    \
        }                                                                                          \
    } while (0)

/* -- operations --------------------------------------------------------------------------------------------- */

static void inbox(struct bed *b)
{
    struct tcn_inbox row = gen_inbox(&b->g);
    enum tcn_inbox_state state = pick(b, 2) ? TCN_INBOX_APPLIED : TCN_INBOX_QUARANTINED;
    size_t trimmed[STORES_MAX];

    row.source = tcn_arena_fmt(&b->a, "s%u", pick(b, 2));
    row.delivery_id = tcn_arena_fmt(&b->a, "d%u", pick(b, 30));
    row.received_ms = pick(b, 1000);
    row.state = state;
    ASK(b, tcn_store_inbox_add(s, &row, err));
    LIST(b, struct tcn_inbox, same_inbox,
         tcn_store_inbox_list(s, state, 0, LIMIT, &b->a, &list[k], &n[k], err));
    if (pick(b, 8) > 0)
        return;
    ASK(b, tcn_store_inbox_trim(s, row.received_ms, 1 + (size_t)row.received_ms % 9, &trimmed[k],
                                err));
    EACH(b)
    assert_int_equal(trimmed[k], trimmed[0]);
}

/* Both were read, neither was put. */
static void same_read_lane(const struct tcn_lane *a, const struct tcn_lane *b)
{
    struct tcn_lane before = *a;

    before.revision--;
    same_lane(&before, b);
}

static void lanes(struct bed *b)
{
    struct tcn_lane lane = gen_lane(&b->g), got[STORES_MAX];
    struct tcn_id incident = an_id(b, 100, 6);

    lane.dedupe_key = tcn_arena_fmt(&b->a, "k%u", pick(b, 12));
    ASK(b, tcn_store_lane_get(s, lane.dedupe_key, &b->a, &got[k], err));
    EACH(b)
    same_read_lane(&got[0], &got[k]);
    lane.revision = got[0].revision + (pick(b, 10) ? 0 : 1);
    lane.incident = incident;
    lane.is_firing = pick(b, 2);
    lane.is_flapping = pick(b, 2);
    lane.resolve_due_ms = pick(b, 2) ? lane.resolve_due_ms : 0;
    WRITE(b, tcn_store_lane_put(s, &lane, err));
    LIST(b, struct tcn_lane, same_read_lane,
         tcn_store_lanes_waiting(s, incident, 3, &b->a, &list[k], &n[k], err));
    /* Which one is the store's choice. */
    ASK(b, tcn_store_lane_firing(s, incident, lane.dedupe_key, &b->a, &got[k], err));
    EACH(b)
    assert_int_equal(got[k].exists, got[0].exists);
}

static void storms(struct bed *b)
{
    const char *source = tcn_arena_fmt(&b->a, "\xC3\xA9 %u", pick(b, 3));
    struct tcn_storm storm = {.tokens = (double)pick(b, 1000) / 7, .at_ms = pick(b, 1000)};
    struct tcn_storm got[STORES_MAX];

    WRITE(b, tcn_store_storm_put(s, source, &storm, err));
    ASK(b, tcn_store_storm_get(s, source, &got[k], err));
    EACH(b)
    same_storm(&got[0], &got[k]);
}

static void incidents(struct bed *b)
{
    struct tcn_incident row = gen_incident(&b->g), got[STORES_MAX];
    struct tcn_incident_filter filter = {.limit = 1 + pick(b, 9)};
    struct tcn_id found[STORES_MAX] = {{{0}}};
    int64_t count[STORES_MAX];

    row.id = an_id(b, 100, 20);
    row.status = pick(b, 3) ? TCN_STATUS_OPEN : TCN_STATUS_RESOLVED;
    row.dedupe_string = tcn_arena_fmt(&b->a, "dedupe %u", pick(b, 4));
    WRITE(b, tcn_store_incident_put(s, &row, err));
    row.id = an_id(b, 100, 20);
    ASK(b, tcn_store_incident_get(s, row.id, &b->a, &got[k], err));
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_incident(&got[0], &got[k]);
    ASK(b, tcn_store_incident_open_of(s, row.dedupe_string, &found[k], err));
    filter.status = (enum tcn_incident_status)pick(b, 3);
    filter.dedupe_string = pick(b, 2) ? row.dedupe_string : NULL;
    if (pick(b, 2))
        filter.before = an_id(b, 100, 20);
    LIST(b, struct tcn_incident, same_incident,
         tcn_store_incident_list(s, &filter, &b->a, &list[k], &n[k], err));
    ASK(b, tcn_store_incident_count(s, filter.status, &count[k], err));
    EACH(b)
    {
        assert_id(found[0], found[k]);
        assert_int_equal(count[k], count[0]);
    }
}

static void timeline(struct bed *b)
{
    struct tcn_id incident = an_id(b, 100, 4);
    struct tcn_event event = gen_event(&b->g, 1 + pick(b, 60));
    struct tcn_related_item item = gen_related(&b->g);
    int64_t after = pick(b, 30);

    if (pick(b, 2))
        event.id = id_of(7000 + (uint32_t)event.seq);
    WRITE(b, tcn_store_event_add(s, incident, &event, err));
    LIST(b, struct tcn_event, same_event,
         tcn_store_event_list(s, incident, after, LIMIT, &b->a, &list[k], &n[k], err));
    LIST(b, struct tcn_event, same_event,
         tcn_store_event_newest(s, incident, after, LIMIT, &b->a, &list[k], &n[k], err));
    snprintf(item.generated_id, sizeof item.generated_id, "%c", "aBc_D"[pick(b, 5)]);
    WRITE(b, tcn_store_related_put(s, incident, &item, err));
    LIST(b, struct tcn_related_item, same_related,
         tcn_store_related_list(s, incident, &b->a, &list[k], &n[k], err));
}

static void engagements(struct bed *b)
{
    struct tcn_id incident = an_id(b, 100, 6), page = an_id(b, 300, 5), got[STORES_MAX] = {{{0}}};
    struct tcn_engagement e = gen_engagement(&b->g, 1 + pick(b, 3));
    struct tcn_receipt receipt = gen_receipt(&b->g, page);

    WRITE(b, tcn_store_engagement_put(s, incident, &e, err));
    LIST(b, struct tcn_engagement, same_engagement,
         tcn_store_engagement_list(s, incident, &b->a, &list[k], &n[k], err));
    ASK(b, tcn_store_page_incident(s, e.pages[0].id, &got[k], err));
    EACH(b)
    assert_id(got[0], got[k]);
    WRITE(b, tcn_store_receipt_add(s, &receipt, err));
    LIST(b, struct tcn_receipt, same_receipt,
         tcn_store_receipt_list(s, page, &b->a, &list[k], &n[k], err));
}

static void sends(struct bed *b)
{
    struct tcn_send_row row = gen_send(&b->g);
    enum tcn_send_state state = (enum tcn_send_state)(1 + pick(b, 5));
    struct tcn_id none = {{0}}, id = an_id(b, 400, 30);
    int64_t now = pick(b, 1000);
    size_t limit = pick(b, 5);
    bool is_all = pick(b, 2);

    row.id = an_id(b, 400, 30);
    row.page = an_id(b, 300, 5);
    row.incident = an_id(b, 100, 6);
    row.due_ms = pick(b, 1000);
    row.state = TCN_SEND_PENDING;
    WRITE(b, tcn_store_send_add(s, &row, err));
    LIST(b, struct tcn_send_row, same_send,
         tcn_store_send_claim(s, now, limit, &b->a, &list[k], &n[k], err));
    if (state != TCN_SEND_IN_FLIGHT)
        ASK(b, tcn_store_send_finish(s, id, state, now + 5, "note", err));
    if (pick(b, 6) == 0)
        WRITE(b, tcn_store_send_drop(s, row.incident, is_all ? none : row.page, "dropped", err));
}

static void timers(struct bed *b)
{
    struct tcn_id incident = an_id(b, 100, 30), due[STORES_MAX][8];
    int64_t at = pick(b, 4) ? 1 + pick(b, 50) : 0, next[STORES_MAX];
    size_t n[STORES_MAX], limit = pick(b, 9);

    WRITE(b, tcn_store_timer_set(s, incident, at, err));
    ASK(b, tcn_store_timer_due(s, at + 20, limit, due[k], &n[k], err));
    ASK(b, tcn_store_next_due(s, &next[k], err));
    EACH(b)
    {
        assert_int_equal(n[k], n[0]);
        assert_int_equal(next[k], next[0]);
        for (size_t i = 0; i < n[k]; i++)
            assert_id(due[0][i], due[k][i]);
    }
}

/* Their order is that of bytes, not of a language. */
static const char *const names[] = {"Jira", "_x", "a-b", "a_c", "jira", "\xC3\xA9", "zoo"};

static void links(struct bed *b)
{
    unsigned no = pick(b, 7), of = pick(b, 6);
    struct tcn_link link = gen_link(&b->g), got[STORES_MAX];
    struct tcn_id incident = id_of(100 + of);
    const char *connector = names[pick(b, 7)];
    int64_t due = 1 + pick(b, 1000);
    bool is_of_incident = pick(b, 2);

    link.incident = incident;
    link.connector = names[no];
    link.id = id_of(500 + 7 * of + (pick(b, 20) ? no : pick(b, 7)));
    link.state = (enum tcn_link_state)(1 + pick(b, 5));
    link.due_ms = pick(b, 3) ? due : 0;
    link.epoch = tcn_store_epoch(b->f[0].s);
    WRITE(b, tcn_store_link_put(s, &link, err));
    ASK(b, tcn_store_link_get(s, id_of(500 + 7 * of), &b->a, &got[k], err));
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_link(&got[0], &got[k]);
    if (pick(b, 4) == 0)
        WRITE(b, tcn_store_link_wake(s, incident, due, err));
    LIST(b, struct tcn_link, same_link,
         is_of_incident ? tcn_store_link_list(s, incident, LIMIT, &b->a, &list[k], &n[k], err)
                        : tcn_store_link_newest(s, no % 2 ? connector : NULL, of % 2 ? &link : NULL,
                                                LIMIT, &b->a, &list[k], &n[k], err));
    LIST(b, struct tcn_link, same_link,
         tcn_store_link_claim(s, connector, due, of, &b->a, &list[k], &n[k], err));
}

static void deadletters(struct bed *b)
{
    struct tcn_deadletter row = gen_deadletter(&b->g), got[STORES_MAX];
    struct tcn_id link = an_id(b, 500, 4);

    row.id = an_id(b, 600, 12);
    row.link = an_id(b, 500, 4);
    row.at_ms = pick(b, 20);
    row.response = "";
    WRITE(b, tcn_store_deadletter_put(s, &row, err));
    row.id = an_id(b, 600, 12);
    ASK(b, tcn_store_deadletter_get(s, row.id, &b->a, &got[k], err));
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_deadletter(&got[0], &got[k]);
    if (pick(b, 4) == 0)
        ASK(b, tcn_store_deadletter_drop(s, row.id, err));
    if (pick(b, 8) == 0)
        WRITE(b, tcn_store_deadletter_clear(s, link, err));
    LIST(b, struct tcn_deadletter, same_deadletter,
         tcn_store_deadletter_list(s, NULL, LIMIT, &b->a, &list[k], &n[k], err));
    LIST(b, struct tcn_deadletter, same_deadletter,
         tcn_store_deadletter_list(s, &row, LIMIT, &b->a, &list[k], &n[k], err));
}

static void subscriptions(struct bed *b)
{
    struct tcn_subscription row = gen_subscription(&b->g), got[STORES_MAX];
    int64_t due = 1 + pick(b, 1000), next[STORES_MAX] = {0};

    row.source = names[pick(b, 7)];
    row.topic = names[pick(b, 3)];
    row.due_ms = pick(b, 3) ? due : 0;
    row.arn = pick(b, 2) ? row.arn : NULL;
    WRITE(b, tcn_store_subscription_put(s, &row, err));
    row.source = names[pick(b, 7)];
    ASK(b, tcn_store_subscription_get(s, row.source, row.topic, &b->a, &got[k], err));
    EACH(b)
    same_subscription(&got[0], &got[k]);
    LIST(b, struct tcn_subscription, same_subscription,
         tcn_store_subscription_due(s, due, LIMIT, &b->a, &list[k], &n[k], err));
    ASK(b, tcn_store_subscription_next(s, &next[k], err));
    EACH(b)
    assert_int_equal(next[k], next[0]);
}

static void meta(struct bed *b)
{
    const char *name = tcn_arena_fmt(&b->a, "m%u", pick(b, 5)), *got[STORES_MAX] = {NULL};
    const char *value = g_text(&b->g);

    WRITE(b, tcn_store_meta_put(s, name, value, err));
    ASK(b, tcn_store_meta_get(s, name, &b->a, &got[k], err));
    EACH(b)
    assert_string_equal(got[k] ? got[k] : "", got[0] ? got[0] : "");
}

/* -- sequences ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*run)(struct bed *b);
} ops[] = {{"inbox", inbox},       {"lanes", lanes},
           {"storms", storms},     {"incidents", incidents},
           {"timeline", timeline}, {"engagements", engagements},
           {"sends", sends},       {"timers", timers},
           {"links", links},       {"deadletters", deadletters},
           {"meta", meta},         {"subscriptions", subscriptions}};

static void end_transaction(struct bed *b)
{
    unsigned how = pick(b, 10);

    b->op = how == 0 ? "rollback" : "commit";
    if (how == 0)
        rollback(b);
    else
        commit(b);
    begin(b);
    tcn_arena_reset(&b->a);
}

static void any_sequence(void **state)
{
    struct bed *b = *state;

    begin(b);
    for (b->steps = 0; b->steps < STEPS; b->steps++) {
        size_t which = pick(b, sizeof ops / sizeof *ops);

        b->op = ops[which].name;
        ops[which].run(b);
        if (pick(b, 4) == 0)
            end_transaction(b);
    }
    commit(b);
    print_message("%zu stores, %zu steps, %zu commits, %zu conflicts\n", b->n, b->steps, b->commits,
                  b->conflicts);
    assert_true(b->conflicts > 5 && b->commits > 50);
}

static int setup(void **state)
{
    const char *seed = getenv("TOCSIN_SEED");
    struct bed *b = calloc(1, sizeof *b);

    b->seed = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)getpid();
    print_message("TOCSIN_SEED=%u\n", b->seed);
    tcn_arena_init(&b->a, (size_t)256 << 20);
    b->g = (struct gen){&b->a, 10000};
    b->n = pg_server() ? 3 : 2;
    make_dir(&b->f[1]);
    snprintf(b->f[0].url, sizeof b->f[0].url, "sqlite::memory:");
    if (pg_server())
        pg_schema(b->f[2].schema, b->f[2].url, sizeof b->f[2].url);
    EACH(b)
    OK(&b->f[k], try_open(&b->f[k], b->f[k].url, &b->f[k].s));
    *state = b;
    return 0;
}

static int teardown_bed(void **state)
{
    struct bed *b = *state;

    EACH(b)
    tcn_store_close(b->f[k].s);
    remove_files(&b->f[1]);
    if (b->n == 3)
        pg_drop(b->f[2].schema);
    tcn_arena_done(&b->a);
    free(b);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_sequence, setup, teardown_bed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
