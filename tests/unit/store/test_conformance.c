/* The same random sequence of every function of the store on each driver and on the reference in memory: the same codes and
 * the same rows. SQLite in memory, SQLite in a file, and PostgreSQL when tests/postgres.py runs this. */
#include "conformance_feed.h"
#include "conformance_notice.h"

#define STEPS 1500
#define LIMIT 40

/* -- operations --------------------------------------------------------------------------------------------- */

static void inbox(struct bed *b)
{
    struct tcn_inbox_age age;
    struct tcn_inbox row = gen_inbox(&b->g);
    enum tcn_inbox_state state = pick(b, 2) ? TCN_INBOX_APPLIED : TCN_INBOX_QUARANTINED;
    size_t trimmed[STORES_MAX];

    row.source = tcn_arena_fmt(&b->rows, "s%u", pick(b, 2));
    row.delivery_id = tcn_arena_fmt(&b->rows, "d%u", pick(b, 30));
    row.received_ms = pick(b, 1000);
    row.state = state;
    ASK(b, inbox_add, &row);
    LIST(b, struct tcn_inbox, same_inbox, inbox_list, state, 0, LIMIT);
    if (pick(b, 4) == 0)
        ASK(b, quarantine_drop, row.id);
    if (pick(b, 8) > 0)
        return;
    age = (struct tcn_inbox_age){row.received_ms, row.received_ms / 2};
    ASK(b, inbox_trim, &age, 1 + (size_t)row.received_ms % 9, &trimmed[k]);
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

static const char *a_dedupe_string(struct bed *b)
{
    return tcn_arena_fmt(&b->rows, "dedupe %u", pick(b, 4));
}

static void lanes(struct bed *b)
{
    const char *dedupe = pick(b, 4) ? a_dedupe_string(b) : NULL;
    struct tcn_lane lane = gen_lane(&b->g), got[STORES_MAX];
    struct tcn_id incident = an_id(b, 100, 6), open[STORES_MAX];

    lane.dedupe_key = tcn_arena_fmt(&b->rows, "%s%u", pick(b, 3) ? "k" : "*/k", pick(b, 12));
    lane.source = pick(b, 2) ? "s0" : "\xC3\xA9";
    ASK(b, lane_get, lane.dedupe_key, dedupe, &b->a, &got[k], &open[k]);
    EACH(b)
    {
        same_read_lane(&got[0], &got[k]);
        assert_id(open[0], open[k]);
    }
    lane.revision = got[0].revision + (pick(b, 10) ? 0 : 1);
    lane.incident = incident;
    lane.is_firing = pick(b, 2);
    lane.is_flapping = pick(b, 2);
    lane.resolve_due_ms = pick(b, 2) ? lane.resolve_due_ms : 0;
    lane.stale_due_ms = pick(b, 2) ? lane.stale_due_ms : 0;
    lane.echo_due_ms = pick(b, 2) ? lane.echo_due_ms : 0;
    WRITE(b, lane_put, &lane);
    LIST(b, struct tcn_lane, same_read_lane, lanes_waiting, incident, 3);
    LIST(b, struct tcn_lane, same_read_lane, lanes_echo, incident, 3);
    /* Which one is the store's choice. */
    ASK(b, lane_firing, incident, lane.dedupe_key, &b->a, &got[k]);
    EACH(b)
    assert_int_equal(got[k].exists, got[0].exists);
}

/* Of the timeline of any incident. */
static const char *a_told_text(struct bed *b)
{
    const struct ref_table *t = &b->ref.t[REF_EVENTS];
    const struct ref_event *events = (const void *)t->rows;

    return t->n ? tcn_arena_strdup(&b->a, events[pick(b, (unsigned)t->n)].event.text) : "none";
}

static void firing_sources(struct bed *b)
{
    struct tcn_id after[STORES_MAX], ids[STORES_MAX][8];
    const char *text = a_told_text(b);
    size_t slice = 1 + pick(b, 4), n_ids[STORES_MAX], limit = pick(b, 9);
    bool with_shared = pick(b, 2);

    memset(after, 0, sizeof after);
    do {
        LIST(b, struct tcn_source_waiting, same_source_waiting, source_waiting, with_shared,
             &after[k], slice);
        EACH(b)
        assert_id(after[0], after[k]);
    } while (!tcn_id_is_zero(after[0]));
    ASK(b, source_untold, "s0", with_shared, text, limit, ids[k], &n_ids[k]);
    EACH(b)
    {
        assert_int_equal(n_ids[k], n_ids[0]);
        for (size_t i = 0; i < n_ids[k]; i++)
            assert_id(ids[0][i], ids[k][i]);
    }
}

/* Of a lane as it is, or was, or of none. */
static bool stands(struct bed *b, const struct tcn_lane *was)
{
    struct tcn_lane is;
    struct tcn_incident incident;

    return ref_lane_get(&b->ref, was->dedupe_key, NULL, &b->a, &is, NULL) == 0 && is.exists &&
           is.revision == was->revision &&
           ref_incident_get(&b->ref, is.incident, &b->a, &incident) == 0 &&
           incident.status == TCN_STATUS_OPEN;
}

static void standing(struct bed *b)
{
    struct tcn_lane lanes[TCN_LANE_MARKS];
    struct tcn_lane_mark marks[TCN_LANE_MARKS];
    bool ret[TCN_LANE_MARKS];
    size_t n = 1 + pick(b, TCN_LANE_MARKS);

    for (size_t i = 0; i < n; i++) {
        const char *key = tcn_arena_fmt(&b->rows, "k%u", pick(b, 14));

        assert_int_equal(ref_lane_get(&b->ref, key, NULL, &b->a, &lanes[i], NULL), 0);
        lanes[i].revision -= pick(b, 4) == 0;
    }
    EACH_DRIVER(b)
    {
        for (size_t i = 0; i < n; i++)
            marks[i] = tcn_store_lane_mark(b->f[k].s, &lanes[i]);
        OK(&b->f[k], tcn_store_lanes_stand(b->f[k].s, marks, n, ret, &b->f[k].err));
        for (size_t i = 0; i < n; i++)
            assert_int_equal(ret[i], stands(b, &lanes[i]));
    }
}

static void storms(struct bed *b)
{
    const char *source = tcn_arena_fmt(&b->rows, "\xC3\xA9 %u", pick(b, 3));
    struct tcn_storm storm = {
        .tokens = (double)pick(b, 1000) / 7, .at_ms = pick(b, 1000), .let_out = (int)pick(b, 6)};
    struct tcn_storm got[STORES_MAX];

    WRITE(b, storm_put, source, &storm);
    ASK(b, storm_get, source, &got[k]);
    EACH(b)
    same_storm(&got[0], &got[k]);
}

/* Page by page, and each by its id. */
static void check_storm_alarms(struct bed *b, struct fixture *f, struct tcn_id incident)
{
    struct tcn_storm_alarm *wanted, *page, got;
    size_t n_wanted = ref_storm_alarms(&b->ref, incident, &b->a, &wanted), n, seen = 0;
    struct tcn_id before = {{0}};

    do {
        OK(f, tcn_store_storm_alarm_list(f->s, incident, before, 2, &b->a, &page, &n, &f->err));
        for (size_t i = 0; i < n; i++) {
            same_storm_alarm_in_list(of_key(wanted, n_wanted, page[i].dedupe_key), &page[i]);
            OK(f, tcn_store_storm_alarm_get(f->s, incident, page[i].id, &b->a, &got, &f->err));
            same_storm_alarm(of_key(wanted, n_wanted, page[i].dedupe_key), &got);
            before = page[i].id;
        }
        seen += n;
    } while (n == 2);
    assert_int_equal(seen, n_wanted);
    assert_int_equal(
        tcn_store_storm_alarm_get(f->s, an_id(b, 200, 2), before, &b->a, &got, &f->err),
        TCN_ENOTFOUND);
}

static void storm_alarms(struct bed *b)
{
    const char *key = tcn_arena_fmt(&b->rows, "k%u", pick(b, 12));
    struct tcn_storm_alarm alarm = gen_storm_alarm(&b->g);
    struct tcn_id incident = an_id(b, 100, 6);

    WRITE(b, storm_alarm_put, incident, key, &alarm);
    EACH_DRIVER(b)
    check_storm_alarms(b, &b->f[k], incident);
}

static const char *const creators[] = {"token:ann", "source:prom", "token:bob"};

static void searches(struct bed *b)
{
    struct tcn_incident_place from = {pick(b, 30), an_id(b, 100, 20)};
    struct tcn_incident_search search = {.status = (enum tcn_incident_status)pick(b, 3),
                                         .impacts = pick(b, 2) ? 0 : pick(b, 32) << 1,
                                         .creators = creators + pick(b, 2),
                                         .n_creators = pick(b, 3),
                                         .after_ms = pick(b, 2) ? 0 : pick(b, 30),
                                         .before_ms = pick(b, 2) ? 0 : pick(b, 30),
                                         .from = pick(b, 2) ? &from : NULL,
                                         .limit = 1 + pick(b, 9)};

    LIST(b, struct tcn_incident, same_incident, incident_search, &search);
}

static void incidents(struct bed *b)
{
    struct tcn_incident row = gen_incident(&b->g), got[STORES_MAX];
    struct tcn_incident_filter filter = {.limit = 1 + pick(b, 9)};
    struct tcn_id found[STORES_MAX] = {{{0}}};
    int64_t count[STORES_MAX];

    row.id = an_id(b, 100, 20);
    row.status = pick(b, 3) ? TCN_STATUS_OPEN : TCN_STATUS_RESOLVED;
    row.dedupe_string = a_dedupe_string(b);
    row.is_bare = pick(b, 5) == 0;
    row.impact = row.is_bare ? 0 : 1 + (int)pick(b, 5);
    row.created_by = creators[pick(b, 3)];
    row.created_ms = 1 + pick(b, 30);
    WRITE(b, incident_put, &row);
    row.id = an_id(b, 100, 20);
    ASK(b, incident_get, row.id, &b->a, &got[k]);
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_incident(&got[0], &got[k]);
    ASK(b, incident_open_of, row.dedupe_string, &found[k]);
    filter.status = (enum tcn_incident_status)pick(b, 3);
    filter.and_bare = pick(b, 3) == 0;
    filter.dedupe_string = pick(b, 2) ? row.dedupe_string : NULL;
    if (pick(b, 2))
        filter.before = an_id(b, 100, 20);
    LIST(b, struct tcn_incident, same_incident, incident_list, &filter);
    ASK(b, incident_count, filter.status, &count[k]);
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
    WRITE(b, event_add, incident, &event);
    LIST(b, struct tcn_event, same_event, event_list, incident, after, LIMIT);
    LIST(b, struct tcn_event, same_event, event_newest, incident, after, LIMIT);
    snprintf(item.generated_id, sizeof item.generated_id, "%c", "aBc_D"[pick(b, 5)]);
    WRITE(b, related_put, incident, &item);
    LIST(b, struct tcn_related_item, same_related, related_list, incident);
    if (pick(b, 4) == 0)
        WRITE(b, related_drop, incident, item.generated_id);
    LIST(b, struct tcn_related_item, same_related, related_list, incident);
}

/* What was written is changed, and the page of any filter is the same. */
static void timeline_pages(struct bed *b)
{
    static const char *const types[] = {"Custom Event", "Note"}, *const refs[] = {"arn:a", "arn:b"};
    struct tcn_event event = gen_event(&b->g, 1 + pick(b, 60)), got[STORES_MAX];
    struct tcn_event_place from = {pick(b, 20), pick(b, 60)};
    struct tcn_event_filter filter = {.after_ms = pick(b, 3) ? 0 : pick(b, 20),
                                      .before_ms = pick(b, 3) ? 0 : pick(b, 20),
                                      .types = types + pick(b, 2),
                                      .n_types = pick(b, 2),
                                      .references = refs + pick(b, 2),
                                      .n_references = pick(b, 2),
                                      .oldest_first = pick(b, 2) == 0,
                                      .from = pick(b, 2) ? &from : NULL,
                                      .limit = 1 + pick(b, 9)};
    struct tcn_id incident = an_id(b, 100, 4);

    event.id = id_of(7000 + (uint32_t)event.seq);
    event.event_ms = 1 + pick(b, 20);
    event.type = types[pick(b, 2)];
    event.references = pick(b, 3) ? "[{\"resource\":\"arn:a\"}]" : NULL;
    WRITE(b, event_rewrite, incident, &event);
    ASK(b, event_find, incident, event.id, &b->a, &got[k]);
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_event(&got[0], &got[k]);
    LIST(b, struct tcn_event, same_event, event_page, incident, &filter);
}

/* Several at once are as one after the other, also when some of them are there. */
static void timelines(struct bed *b)
{
    struct tcn_id incident = an_id(b, 100, 4), new_one = id_of(60000 + (uint32_t)b->steps);
    size_t count = pick(b, 8);
    struct tcn_event *events = TCN_NEW_N(&b->rows, struct tcn_event, 8);
    struct tcn_related_item *items = TCN_NEW_N(&b->rows, struct tcn_related_item, 8);
    int64_t seq = 1 + pick(b, 53);

    for (size_t i = 0; i < count; i++) {
        events[i] = gen_event(&b->g, seq + (int64_t)i);
        if (pick(b, 8))
            events[i].id = id_of(7000 + (uint32_t)events[i].seq);
        items[i] = gen_related(&b->g);
        items[i].seq = pick(b, 10) ? items[i].seq : 0;
        snprintf(items[i].generated_id, sizeof items[i].generated_id, "%c", "aBc_DefG"[pick(b, 8)]);
    }
    WRITE(b, events_add, incident, events, count);
    LIST(b, struct tcn_event, same_event, event_list, incident, 0, LIMIT);
    WRITE(b, related_put_all, incident, items, count);
    LIST(b, struct tcn_related_item, same_related, related_list, incident);
    for (size_t i = 0; i < count; i++)
        items[i].seq = 1 + (int64_t)i;
    WRITE(b, related_add_all, new_one, items, count);
    LIST(b, struct tcn_related_item, same_related, related_list, new_one);
}

static const struct tcn_engagement_text *an_engagement_text(struct bed *b)
{
    static const char *const incidents[] = {"arn:a", "arn:b", NULL};
    struct tcn_engagement_text *text = TCN_NEW(&b->rows, struct tcn_engagement_text);

    *text = *gen_engagement_text(&b->g);
    text->incident = incidents[pick(b, 3)];
    return text;
}

/* Lists of engagements, and the one that was put, by its id and by a page. */
static void engaged(struct bed *b, struct tcn_id incident, const struct tcn_engagement *e)
{
    struct tcn_engaged_place after = {1 + pick(b, 20), an_id(b, 100, 6)};
    struct tcn_engaged_filter filter = {.from_ms = pick(b, 3) ? 0 : 1 + pick(b, 20),
                                        .until_ms = pick(b, 3) ? 0 : 1 + pick(b, 20),
                                        .after = pick(b, 2) ? &after : NULL,
                                        .limit = 1 + pick(b, 9)};
    struct tcn_engaged got[STORES_MAX] = {0};

    if (pick(b, 3) == 0)
        filter.incident = incident;
    else if (pick(b, 2))
        filter.text = "arn:a";
    LIST(b, struct tcn_engaged, same_engaged, engaged_list, &filter);
    ASK(b, engaged_find, e->id, &b->a, &got[k]);
    EACH(b)
    same_engaged(&got[0], &got[k]);
    ASK(b, engaged_by_page, e->pages[0].id, &b->a, &got[k]);
    EACH(b)
    same_engaged(&got[0], &got[k]);
}

static void engagements(struct bed *b)
{
    struct tcn_id incident = an_id(b, 100, 6), page = an_id(b, 300, 5), got[STORES_MAX] = {{{0}}};
    struct tcn_engagement e = gen_engagement(&b->g, 1 + pick(b, 3));
    struct tcn_receipt receipt = gen_receipt(&b->g, page);

    e.start_ms = 1 + pick(b, 20);
    e.text = pick(b, 3) ? an_engagement_text(b) : NULL;
    WRITE(b, engagement_put, incident, &e);
    LIST(b, struct tcn_engagement, same_engagement, engagement_list, incident);
    engaged(b, incident, &e);
    ASK(b, page_incident, e.pages[0].id, &got[k]);
    EACH(b)
    assert_id(got[0], got[k]);
    WRITE(b, receipt_add, &receipt);
    LIST(b, struct tcn_receipt, same_receipt, receipt_list, page);
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
    row.contact = pick(b, 2) ? "ann" : "bob";
    row.channel = "mail";
    row.held_ms = pick(b, 3) ? 0 : row.held_ms;
    WRITE(b, send_add, &row);
    LIST(b, struct tcn_send_row, same_send, send_claim, now, limit);
    if (state != TCN_SEND_IN_FLIGHT)
        ASK(b, send_finish, id, state, now + 5, "note");
    if (pick(b, 6) == 0)
        WRITE(b, send_drop, row.incident, is_all ? none : row.page, "dropped");
}

static void sends_again(struct bed *b)
{
    struct tcn_id id = an_id(b, 400, 34); /* some are not there */
    int64_t due_ms = 1 + pick(b, 1000), attempts = pick(b, 4);
    bool is_there[STORES_MAX];

    ASK(b, send_is_there, id, &is_there[k]);
    EACH(b)
    assert_int_equal(is_there[k], is_there[0]);
    if (ref_is_in_flight(&b->ref, id) || !is_there[0])
        ASK(b, send_again, id, due_ms, attempts, "again");
}

static void held_sends(struct bed *b)
{
    const struct tcn_send_row of_ann = {.contact = "ann", .channel = "mail"};
    const struct tcn_send_wait wait = {pick(b, 1000), 1 + pick(b, 9), "waits"};
    struct tcn_id id = an_id(b, 400, 30), incident = an_id(b, 100, 6);
    int64_t flying[STORES_MAX] = {0}, held = pick(b, 5);
    bool has_next[STORES_MAX] = {false};
    size_t limit = pick(b, 5);

    LIST(b, struct tcn_send_row, same_send, send_gather, &of_ann, limit);
    if (pick(b, 2))
        WRITE(b, send_pay, id, held);
    if (pick(b, 2))
        WRITE(b, send_hold, id, &wait);
    if (pick(b, 4) == 0)
        WRITE(b, send_defer, &of_ann, wait.due_ms, wait.due_ms + 9);
    ASK(b, send_next, &of_ann, wait.due_ms, wait.due_ms + 100, &has_next[k]);
    EACH(b)
    assert_int_equal(has_next[k], has_next[0]);
    if (pick(b, 4) == 0)
        WRITE(b, send_hurry, incident, wait.due_ms);
    ASK(b, send_flying, &of_ann, &flying[k]);
    EACH(b)
    assert_int_equal(flying[k], flying[0]);
    LIST(b, struct tcn_send_row, same_send, send_list, incident, limit);
}

static void budgets(struct bed *b)
{
    const char *contact = pick(b, 2) ? "ann" : "bob", *channel = pick(b, 2) ? "mail" : "sms";
    int64_t full[STORES_MAX] = {0}, at = pick(b, 1000);

    ASK(b, budget_get, contact, channel, &full[k]);
    EACH(b)
    assert_int_equal(full[k], full[0]);
    WRITE(b, budget_put, contact, channel, at);
}

static void timers(struct bed *b)
{
    struct tcn_id incident = an_id(b, 100, 30), due[STORES_MAX][8];
    int64_t at = pick(b, 4) ? 1 + pick(b, 50) : 0, next[STORES_MAX];
    size_t n[STORES_MAX], limit = pick(b, 9);
    struct tcn_overdue overdue[STORES_MAX];
    int64_t of[STORES_MAX];

    WRITE(b, timer_set, incident, at);
    ASK(b, timer_of, incident, &of[k]);
    ASK(b, overdue, at + 20, &overdue[k]);
    ASK(b, timer_due, at + 20, limit, due[k], &n[k]);
    ASK(b, next_due, &next[k]);
    EACH(b)
    {
        assert_int_equal(n[k], n[0]);
        assert_int_equal(next[k], next[0]);
        assert_int_equal(of[k], of[0]);
        assert_memory_equal(&overdue[k], &overdue[0], sizeof overdue[0]);
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
    link.remote_id = names[pick(b, 7)];
    link.id = id_of(500 + 7 * of + (pick(b, 20) ? no : pick(b, 7)));
    link.state = (enum tcn_link_state)(1 + pick(b, 5));
    link.due_ms = pick(b, 3) ? due : 0;
    link.epoch = b->ref.epoch;
    WRITE(b, link_put, &link);
    ASK(b, link_get, id_of(500 + 7 * of), &b->a, &got[k]);
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_link(&got[0], &got[k]);
    LIST(b, struct tcn_link, same_link, links_of_record, connector, link.remote_id);
    if (pick(b, 4) == 0)
        WRITE(b, link_wake, incident, due);
    if (is_of_incident)
        LIST(b, struct tcn_link, same_link, link_list, incident, LIMIT);
    else
        LIST(b, struct tcn_link, same_link, link_newest, no % 2 ? connector : NULL,
             of % 2 ? &link : NULL, LIMIT);
    LIST(b, struct tcn_link, same_link, link_claim, connector, due, of);
    LIST(b, struct tcn_connector_waiting, same_connector_waiting, link_waiting, 1 + of);
}

static void deadletters(struct bed *b)
{
    struct tcn_deadletter row = gen_deadletter(&b->g), got[STORES_MAX];
    struct tcn_id link = an_id(b, 500, 4);

    row.id = an_id(b, 600, 12);
    row.link = an_id(b, 500, 4);
    row.at_ms = pick(b, 20);
    row.response = "";
    WRITE(b, deadletter_put, &row);
    row.id = an_id(b, 600, 12);
    ASK(b, deadletter_get, row.id, &b->a, &got[k]);
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_deadletter(&got[0], &got[k]);
    if (pick(b, 4) == 0)
        ASK(b, deadletter_drop, row.id);
    if (pick(b, 8) == 0)
        WRITE(b, deadletter_clear, link);
    LIST(b, struct tcn_deadletter, same_deadletter, deadletter_list, NULL, LIMIT);
    LIST(b, struct tcn_deadletter, same_deadletter, deadletter_list, &row, LIMIT);
}

static void subscriptions(struct bed *b)
{
    struct tcn_subscription row = gen_subscription(&b->g), got[STORES_MAX];
    int64_t due = 1 + pick(b, 1000), next[STORES_MAX] = {0};

    row.source = names[pick(b, 7)];
    row.topic = names[pick(b, 3)];
    row.due_ms = pick(b, 3) ? due : 0;
    row.arn = pick(b, 2) ? row.arn : NULL;
    WRITE(b, subscription_put, &row);
    row.source = names[pick(b, 7)];
    ASK(b, subscription_get, row.source, row.topic, &b->a, &got[k]);
    EACH(b)
    same_subscription(&got[0], &got[k]);
    LIST(b, struct tcn_subscription, same_subscription, subscription_due, due, LIMIT);
    LIST(b, struct tcn_subscription, same_subscription, subscription_list, &row, 5);
    ASK(b, subscription_next, &next[k]);
    EACH(b)
    assert_int_equal(next[k], next[0]);
}

static void waiting(struct bed *b)
{
    int64_t now = pick(b, 1000) * 100, next[STORES_MAX] = {0};
    struct tcn_waiting row = gen_waiting(&b->g), got[STORES_MAX];
    const char *name = names[pick(b, 7)];

    row.dedupe_key = names[pick(b, 7)];
    row.kind = pick(b, 2) ? TCN_WAITING_MUTED : TCN_WAITING_HEARTBEAT;
    row.due_ms = now + pick(b, 7) + 1;
    row.since_ms = pick(b, 2) ? row.since_ms : 0;
    if (pick(b, 3) == 0)
        WRITE(b, waiting_expect, &row);
    if (pick(b, 5) == 0)
        row.due_ms = 0;
    WRITE(b, waiting_put, &row);
    ASK(b, waiting_get, name, &b->a, &got[k]);
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_waiting(&got[0], &got[k]);
    ASK(b, waiting_next, &next[k]);
    EACH(b)
    assert_int_equal(next[k], next[0]);
    LIST(b, struct tcn_waiting, same_waiting, waiting_list, row.kind, name, 3);
}

/* All that is due, whatever their order. */
static void waiting_due(struct bed *b)
{
    int64_t now = (1 + pick(b, 1000)) * 100; /* 0 is no time */
    struct tcn_waiting *rows[STORES_MAX] = {NULL};
    size_t n[STORES_MAX] = {0};

    if (pick(b, 4) == 0)
        WRITE(b, waiting_unmute, now);
    ASK(b, waiting_due, now, LIMIT, &b->a, &rows[k], &n[k]);
    EACH(b)
    {
        assert_int_equal(n[k], n[0]);
        for (size_t i = 0; i < n[k]; i++)
            assert_true(rows[k][i].due_ms <= now &&
                        (i == 0 || rows[k][i - 1].due_ms <= rows[k][i].due_ms));
    }
}

static void mutes(struct bed *b)
{
    struct tcn_mute row = gen_mute(&b->g);
    int64_t now = pick(b, 1000) + 1;

    row.end_ms = now + pick(b, 100);
    WRITE(b, mute_add, &row);
    if (pick(b, 3) == 0)
        ASK(b, mute_end, row.id, now);
    if (pick(b, 9) == 0)
        WRITE(b, mute_trim, now);
    LIST(b, struct tcn_mute, same_mute, mute_list, now, 5);
}

/* It grows where the reference's does, and nowhere else. */
static void resources_version(struct bed *b)
{
    uint64_t version[STORES_MAX] = {0};
    bool has_grown;

    if (pick(b, 4) == 0)
        EACH_DRIVER(b)
    tcn_store_resources_forget(b->f[k].s);
    ASK(b, resources_version, NOW, &version[k]);
    has_grown = version[b->drivers] > b->told[b->drivers];
    EACH(b)
    {
        assert_true(version[k] >= b->told[k]);
        assert_int_equal(version[k] > b->told[k], has_grown);
        b->told[k] = version[k];
    }
}

static void resources(struct bed *b)
{
    struct tcn_resource row = gen_resource(&b->g), got[STORES_MAX];
    const char *after = pick(b, 3) ? names[pick(b, 7)] : "";

    row.kind = (enum tcn_resource_kind)(1 + pick(b, 3));
    row.name = names[pick(b, 7)];
    if (pick(b, 2))
        WRITE(b, resource_put, &row);
    resources_version(b);
    row.name = names[pick(b, 7)];
    ASK(b, resource_get, row.kind, row.name, &b->a, &got[k]);
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_resource(&got[0], &got[k]);
    if (pick(b, 4) == 0)
        ASK(b, resource_drop, row.kind, row.name);
    LIST(b, struct tcn_resource, same_resource, resource_list, row.kind, after, 4);
}

static void channel_states(struct bed *b)
{
    struct tcn_channel_state row = gen_channel_state(&b->g), got[STORES_MAX];

    row.contact = names[pick(b, 7)];
    row.channel = names[pick(b, 3)];
    row.code = pick(b, 2) ? row.code : NULL;
    row.is_activated = pick(b, 2);
    if (pick(b, 2))
        WRITE(b, channel_state_put, &row);
    row.contact = names[pick(b, 7)];
    ASK(b, channel_state_get, row.contact, row.channel, &b->a, &got[k]);
    for (size_t k = 0; b->codes[0] == 0 && k < b->n; k++)
        same_channel_state(&got[0], &got[k]);
    if (pick(b, 3) == 0)
        ASK(b, channel_state_drop, row.contact, row.channel);
    resources_version(b);
    ALL(b, struct tcn_channel_state, same_channel_state, channel_state_list);
}

static void meta(struct bed *b)
{
    const char *name = tcn_arena_fmt(&b->rows, "m%u", pick(b, 5)), *got[STORES_MAX] = {NULL};
    const char *value = g_text(&b->g);

    WRITE(b, meta_put, name, value);
    ASK(b, meta_get, name, &b->a, &got[k]);
    EACH(b)
    assert_string_equal(got[k] ? got[k] : "", got[0] ? got[0] : "");
}

/* -- sequences ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*run)(struct bed *b);
} ops[] = {{"inbox", inbox},
           {"lanes", lanes},
           {"standing", standing},
           {"storms", storms},
           {"storm alarms", storm_alarms},
           {"incidents", incidents},
           {"searches", searches},
           {"timeline", timeline},
           {"engagements", engagements},
           {"firing sources", firing_sources},
           {"sends", sends},
           {"sends again", sends_again},
           {"held sends", held_sends},
           {"budgets", budgets},
           {"timers", timers},
           {"links", links},
           {"deadletters", deadletters},
           {"meta", meta},
           {"subscriptions", subscriptions},
           {"waiting", waiting},
           {"waiting due", waiting_due},
           {"mutes", mutes},
           {"resources", resources},
           {"channel states", channel_states},
           {"notices", notice_ops},
           {"feeds", feeds},
           {"records of feeds", feed_records},
           {"conflicts", conflicts},
           {"entries", entries},
           {"version of resources", resources_version},
           {"timelines", timelines},
           {"timeline pages", timeline_pages}};

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
    tcn_arena_init(&b->rows, (size_t)256 << 20);
    b->g = (struct gen){&b->rows, 10000};
    b->drivers = pg_server() ? 3 : 2;
    b->n = b->drivers + 1;
    make_dir(&b->f[1]);
    snprintf(b->f[0].url, sizeof b->f[0].url, "sqlite::memory:");
    if (pg_server())
        pg_schema(b->f[2].schema, b->f[2].url, sizeof b->f[2].url);
    EACH_DRIVER(b)
    OK(&b->f[k], try_open(&b->f[k], b->f[k].url, &b->f[k].s));
    ref_init(&b->ref, tcn_store_epoch(b->f[0].s));
    *state = b;
    return 0;
}

static int teardown_bed(void **state)
{
    struct bed *b = *state;

    EACH_DRIVER(b)
    tcn_store_close(b->f[k].s);
    remove_files(&b->f[1]);
    if (b->drivers == DRIVERS_MAX)
        pg_drop(b->f[2].schema);
    ref_done(&b->ref);
    tcn_arena_done(&b->rows);
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
