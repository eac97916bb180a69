/* Model values with every member set to something that no other member has, and their comparison member by member.
 * The sizes below notice a member that was added to a model: store it, then fill and compare it here. */
#ifndef TCN_TESTS_STORE_ROWS_H
#define TCN_TESTS_STORE_ROWS_H

#include "gen.h"

#if defined(__x86_64__) && defined(__linux__)
_Static_assert(sizeof(struct tcn_lane) == 352, "struct tcn_lane has changed");
_Static_assert(sizeof(struct tcn_item) == 56, "struct tcn_item has changed");
_Static_assert(sizeof(struct tcn_incident) == 288, "struct tcn_incident has changed");
_Static_assert(sizeof(struct tcn_event) == 88, "struct tcn_event has changed");
_Static_assert(sizeof(struct tcn_related_item) == 120, "struct tcn_related_item has changed");
_Static_assert(sizeof(struct tcn_target) == 32, "struct tcn_target has changed");
_Static_assert(sizeof(struct tcn_stage) == 24, "struct tcn_stage has changed");
_Static_assert(sizeof(struct tcn_run) == 80, "struct tcn_run has changed");
_Static_assert(sizeof(struct tcn_page) == 128, "struct tcn_page has changed");
_Static_assert(sizeof(struct tcn_receipt) == 48, "struct tcn_receipt has changed");
_Static_assert(sizeof(struct tcn_engagement) == 160, "struct tcn_engagement has changed");
_Static_assert(sizeof(struct tcn_engagement_text) == 48, "struct tcn_engagement_text has changed");
_Static_assert(sizeof(struct tcn_link) == 256, "struct tcn_link has changed");
_Static_assert(sizeof(struct tcn_storm) == 48, "struct tcn_storm has changed");
_Static_assert(sizeof(struct tcn_storm_alarm) == 112, "struct tcn_storm_alarm has changed");
_Static_assert(sizeof(struct tcn_waiting) == 112, "struct tcn_waiting has changed");
_Static_assert(sizeof(struct tcn_mute) == 80, "struct tcn_mute has changed");
_Static_assert(sizeof(struct tcn_inbox) == 96, "struct tcn_inbox has changed");
_Static_assert(sizeof(struct tcn_send_row) == 128, "struct tcn_send_row has changed");
_Static_assert(sizeof(struct tcn_deadletter) == 96, "struct tcn_deadletter has changed");
_Static_assert(sizeof(struct tcn_subscription) == 80, "struct tcn_subscription has changed");
#endif

static inline void gen_plan(struct gen *g, struct tcn_plan *p, size_t n_stages)
{
    struct tcn_stage *stages = TCN_NEW_N(g->a, struct tcn_stage, n_stages);

    *p = (struct tcn_plan){stages, n_stages};
    for (size_t i = 0; i < n_stages; i++) {
        size_t n = i % (TCN_TARGETS_MAX + 1);
        struct tcn_target *targets = TCN_NEW_N(g->a, struct tcn_target, n);

        stages[i] = (struct tcn_stage){g_int(g), targets, n};
        for (size_t j = 0; j < n; j++)
            targets[j] = (struct tcn_target){
                .channel = j % 2 ? NULL : g_text(g),
                .retry_ms = g_int(g),
                .contact = j % 2 ? g_text(g) : NULL,
                .is_essential = j % 3 == 1,
            };
    }
}

static inline void gen_tags(struct gen *g, struct tcn_tag **ret, size_t *ret_n)
{
    *ret_n = 3;
    *ret = TCN_NEW_N(g->a, struct tcn_tag, 3);
    for (size_t i = 0; i < 3; i++)
        (*ret)[i] = (struct tcn_tag){g_text(g), i == 1 ? NULL : g_text(g)};
}

static inline struct tcn_lane gen_lane(struct gen *g)
{
    struct tcn_lane l = {.dedupe_key = g_text(g),
                         .source = g_text(g),
                         .exists = true,
                         .is_firing = true,
                         .incident = g_id(g),
                         .clock_ms = g_int(g),
                         .received_ms = g_int(g),
                         .resolved_ms = g_int(g),
                         .mute_until_ms = g_int(g),
                         .resolve_due_ms = g_int(g),
                         .stale_due_ms = g_int(g),
                         .echo_ms = g_int(g),
                         .echo_due_ms = g_int(g),
                         .opened_ms = g_int(g),
                         .is_flapping = true,
                         .flap_told_ms = g_int(g)};

    memset(l.content_sha256, 'a', 64);
    for (size_t i = 0; i < TCN_FLAP_RING; i++)
        l.transitions_ms[i] = i == 5 ? 0 : g_int(g);
    l.n_items = 3;
    l.items = TCN_NEW_N(g->a, struct tcn_item, 3);
    for (size_t i = 0; i < 3; i++)
        l.items[i] = (struct tcn_item){
            g_text(g), i ? g_text(g) : NULL, (enum tcn_item_status)(i + 1), g_int(g), g_int(g),
            g_int(g),  i == 1 ? 0 : g_int(g)};
    return l;
}

static inline struct tcn_incident gen_incident(struct gen *g)
{
    struct tcn_incident i = {.id = g_id(g),
                             .exists = true,
                             .response_plan = g_text(g),
                             .title = g_text(g),
                             .summary = g_text(g),
                             .impact = 3,
                             .status = TCN_STATUS_RESOLVED,
                             .dedupe_string = g_text(g),
                             .source = g_text(g),
                             .source_name = g_text(g),
                             .trigger_arn = g_text(g),
                             .created_by = g_text(g),
                             .modified_by = g_text(g),
                             .created_ms = g_int(g),
                             .modified_ms = g_int(g),
                             .resolved_ms = g_int(g),
                             .acknowledged_ms = g_int(g),
                             .acknowledged_by = g_text(g),
                             .resolution = {g_text(g), g_text(g), g_text(g)},
                             .previous = g_id(g),
                             .storm = g_id(g),
                             .is_storm = true,
                             .revision = g_int(g),
                             .event_seq = g_int(g),
                             .related_seq = g_int(g),
                             .unreached_ms = g_int(g),
                             .is_bare = g->n % 4 == 0,
                             .notification_targets = gen_topics(g, TCN_TARGET_TOPICS_MAX),
                             .chat_channel = gen_topics(g, 2)};

    i.impact = i.is_bare ? 0 : i.impact;
    gen_tags(g, &i.tags, &i.n_tags);
    return i;
}

static inline struct tcn_told_alarm gen_told(struct gen *g)
{
    struct tcn_told_alarm told = {.title = g_text(g),
                                  .summary = g_text(g),
                                  .impact = 2,
                                  .trigger_arn = g_text(g),
                                  .n_related = 3};

    gen_tags(g, &told.tags, &told.n_tags);
    told.related = TCN_NEW_N(g->a, struct tcn_related, told.n_related);
    for (size_t i = 0; i < told.n_related; i++)
        told.related[i] = (struct tcn_related){g_text(g), i ? g_text(g) : NULL, g_text(g)};
    return told;
}

static inline struct tcn_storm_alarm gen_storm_alarm(struct gen *g)
{
    return (struct tcn_storm_alarm){.joined_ms = g_int(g), .told = gen_told(g)};
}

static inline struct tcn_waiting gen_waiting(struct gen *g)
{
    return (struct tcn_waiting){.dedupe_key = g_text(g),
                                .source = g_text(g),
                                .kind = TCN_WAITING_MUTED,
                                .due_ms = g_int(g),
                                .since_ms = g_int(g),
                                .why = g_text(g),
                                .told = gen_told(g)};
}

static inline struct tcn_mute gen_mute(struct gen *g)
{
    struct tcn_matcher *items = TCN_NEW_N(g->a, struct tcn_matcher, 2);

    for (size_t i = 0; i < 2; i++) {
        const char **values = TCN_NEW_N(g->a, const char *, i + 1);

        for (size_t k = 0; k <= i; k++)
            values[k] = g_text(g);
        items[i] = (struct tcn_matcher){g_text(g), values, i + 1};
    }
    return (struct tcn_mute){.id = g_id(g),
                             .match = {items, 2},
                             .owner = g_text(g),
                             .comment = g_text(g),
                             .created_by = g_text(g),
                             .created_ms = g_int(g),
                             .start_ms = g_int(g),
                             .end_ms = g_int(g)};
}

static inline struct tcn_event gen_event(struct gen *g, int64_t seq)
{
    return (struct tcn_event){.id = g_id(g),
                              .seq = seq,
                              .event_ms = g_int(g),
                              .updated_ms = g_int(g),
                              .type = g_text(g),
                              .data = g_text(g),
                              .text = g_text(g),
                              .actor = g_text(g),
                              .to_tickets = true,
                              .references = g_text(g)};
}

static inline struct tcn_related_item gen_related(struct gen *g)
{
    struct tcn_related_item r = {
        .type = g_text(g), .value_kind = g_text(g), .value = g_text(g), .title = g_text(g)};

    snprintf(r.generated_id, sizeof r.generated_id,
             "related-item/INVOLVED_RESOURCE/%032llX-full-length-79-",
             (unsigned long long)g_int(g));
    r.seq = g_int(g);
    return r;
}

static inline struct tcn_run gen_run(struct gen *g, int64_t no, size_t n_stages)
{
    struct tcn_run r = {.no = no,
                        .contact = g_text(g),
                        .start_ms = g_int(g),
                        .next_stage = (size_t)g_int(g),
                        .next_stage_ms = g_int(g),
                        .ends_ms = g_int(g),
                        .is_essential = no % 2 == 0,
                        .is_stopped = no % 2 == 1,
                        .path = g_text(g)};

    gen_plan(g, &r.plan, n_stages);
    return r;
}

static inline struct tcn_page gen_page(struct gen *g, int64_t no)
{
    struct tcn_page p = {.id = g_id(g),
                         .no = no,
                         .run_no = g_int(g),
                         .contact = g_text(g),
                         .channel = g_text(g),
                         .retry_ms = g_int(g),
                         .first_ms = g_int(g),
                         .stage_end_ms = g_int(g),
                         .next_send_ms = g_int(g),
                         .sends = g_int(g),
                         .sent_ms = g_int(g),
                         .delivered_ms = g_int(g),
                         .read_ms = g_int(g),
                         .lost_ms = g_int(g)};

    snprintf(p.accept_code, sizeof p.accept_code, "%06u", (unsigned)((uint64_t)g_int(g) % 1000000));
    return p;
}

static inline const struct tcn_engagement_text *gen_engagement_text(struct gen *g)
{
    struct tcn_engagement_text *text = TCN_NEW(g->a, struct tcn_engagement_text);

    *text = (struct tcn_engagement_text){g_text(g), g_text(g), g_text(g),
                                         g_text(g), g_text(g), g_text(g)};
    return text;
}

static inline struct tcn_engagement gen_engagement(struct gen *g, int64_t no)
{
    struct tcn_engagement e = {.id = g_id(g),
                               .no = no,
                               .contact = g_text(g),
                               .type = TCN_ESCALATION,
                               .start_ms = g_int(g),
                               .stop_ms = g_int(g),
                               .next_stage = (size_t)g_int(g),
                               .next_stage_ms = g_int(g),
                               .progression_stopped = true,
                               .n_runs = 3,
                               .n_pages = 11,
                               .text = gen_engagement_text(g)};

    gen_plan(g, &e.plan, TCN_STAGES_MAX);
    e.runs = TCN_NEW_N(g->a, struct tcn_run, e.n_runs);
    for (size_t i = 0; i < e.n_runs; i++)
        e.runs[i] = gen_run(g, (int64_t)i + 1, i);
    e.pages = TCN_NEW_N(g->a, struct tcn_page, e.n_pages);
    for (size_t i = 0; i < e.n_pages; i++)
        e.pages[i] = gen_page(g, (int64_t)i + 1);
    return e;
}

static inline struct tcn_receipt gen_receipt(struct gen *g, struct tcn_id page)
{
    return (struct tcn_receipt){page, TCN_READ, g_int(g), g_text(g), g_text(g)};
}

static inline struct tcn_send_row gen_send(struct gen *g)
{
    return (struct tcn_send_row){.id = g_id(g),
                                 .page = g_id(g),
                                 .incident = g_id(g),
                                 .send_no = g_int(g),
                                 .due_ms = g_int(g),
                                 .attempt = g_int(g),
                                 .contact = g_text(g),
                                 .channel = g_text(g),
                                 .channel_type = TCN_SMS,
                                 .state = TCN_SEND_PENDING,
                                 .note = g_text(g),
                                 .held_ms = g_int(g),
                                 .is_paid = true};
}

static inline struct tcn_link gen_link(struct gen *g)
{
    return (struct tcn_link){.id = g_id(g),
                             .incident = g_id(g),
                             .connector = g_text(g),
                             .state = TCN_LINK_LOST,
                             .remote_id = g_text(g),
                             .remote_key = g_text(g),
                             .remote_url = g_text(g),
                             .create_attempts = g_int(g),
                             .last_attempt_ms = g_int(g),
                             .is_uncertain = true,
                             .base = g_text(g),
                             .base_version = g_text(g),
                             .base_status = g_text(g),
                             .done_revision = g_int(g),
                             .notes_seq = g_int(g),
                             .pending_note_seq = g_int(g),
                             .last_read_ms = g_int(g),
                             .last_write_ms = g_int(g),
                             .fail_count = g_int(g),
                             .first_fail_ms = g_int(g),
                             .due_ms = g_int(g),
                             .is_in_flight = true,
                             .blocked_reason = g_text(g),
                             .pushed = g_text(g),
                             .notes_written = g_int(g),
                             .recreated = g_int(g),
                             .hints = g_int(g),
                             .hints_seen = g_int(g),
                             .heard = g_text(g)};
}

static inline struct tcn_deadletter gen_deadletter(struct gen *g)
{
    return (struct tcn_deadletter){.id = g_id(g),
                                   .incident = g_id(g),
                                   .link = g_id(g),
                                   .connector = g_text(g),
                                   .operation = g_text(g),
                                   .reason = g_text(g),
                                   .request = g_text(g),
                                   .response = g_text(g),
                                   .at_ms = g_int(g)};
}

static inline struct tcn_subscription gen_subscription(struct gen *g)
{
    return (struct tcn_subscription){.source = g_text(g),
                                     .topic = g_text(g),
                                     .state = TCN_SUBSCRIPTION_AWAITING,
                                     .arn = g_text(g),
                                     .token = g_text(g),
                                     .as_of_ms = g_int(g),
                                     .asked_ms = g_int(g),
                                     .attempts = g_int(g),
                                     .due_ms = g_int(g),
                                     .ended_ms = g_int(g)};
}

static inline struct tcn_inbox gen_inbox(struct gen *g)
{
    return (struct tcn_inbox){.id = g_id(g),
                              .source = g_text(g),
                              .delivery_id = g_text(g),
                              .received_ms = g_int(g),
                              .peer = g_text(g),
                              .subject = g_text(g),
                              .body = TCN_STR("bytes\0\xFF\x80 of any kind"),
                              .state = TCN_INBOX_QUARANTINED,
                              .note = g_text(g)};
}

/* -- comparison --------------------------------------------------------------------------------------------- */

static inline void same_text_at(const char *a, const char *b, const char *what, int line)
{
    if (a && b && strcmp(a, b) == 0)
        return;
    if (a || b)
        fail_msg("line %d: %s: \"%s\" and \"%s\"", line, what, a ? a : "NULL", b ? b : "NULL");
}

static inline void same_int_at(int64_t a, int64_t b, const char *what, int line)
{
    if (a != b)
        fail_msg("line %d: %s: %lld and %lld", line, what, (long long)a, (long long)b);
}

static inline void same_id_at(struct tcn_id a, struct tcn_id b, const char *what, int line)
{
    if (!tcn_id_eq(a, b))
        fail_msg("line %d: %s differ", line, what);
}

#define SAME_TEXT(m) same_text_at(a->m, b->m, #m, __LINE__)
#define SAME_INT(m) same_int_at((int64_t)a->m, (int64_t)b->m, #m, __LINE__)
#define SAME_ID(m) same_id_at(a->m, b->m, #m, __LINE__)

static inline void same_plan(const struct tcn_plan *a, const struct tcn_plan *b)
{
    SAME_INT(n_stages);
    for (size_t i = 0; i < a->n_stages; i++) {
        SAME_INT(stages[i].duration_ms);
        SAME_INT(stages[i].n_targets);
        for (size_t j = 0; j < a->stages[i].n_targets; j++) {
            SAME_TEXT(stages[i].targets[j].channel);
            SAME_INT(stages[i].targets[j].retry_ms);
            SAME_TEXT(stages[i].targets[j].contact);
            SAME_INT(stages[i].targets[j].is_essential);
        }
    }
}

/* b's revision is one more: the store counts puts. */
static inline void same_lane(const struct tcn_lane *a, const struct tcn_lane *b)
{
    SAME_TEXT(dedupe_key);
    SAME_TEXT(source);
    SAME_INT(exists);
    SAME_INT(is_firing);
    SAME_ID(incident);
    SAME_INT(clock_ms);
    SAME_INT(received_ms);
    SAME_INT(resolved_ms);
    SAME_INT(mute_until_ms);
    SAME_INT(resolve_due_ms);
    SAME_INT(stale_due_ms);
    SAME_INT(echo_ms);
    SAME_INT(echo_due_ms);
    SAME_INT(opened_ms);
    SAME_TEXT(content_sha256);
    SAME_INT(is_flapping);
    SAME_INT(flap_told_ms);
    for (size_t i = 0; i < TCN_FLAP_RING; i++)
        SAME_INT(transitions_ms[i]);
    SAME_INT(n_items);
    for (size_t i = 0; i < a->n_items; i++) {
        SAME_TEXT(items[i].key);
        SAME_TEXT(items[i].title);
        SAME_INT(items[i].status);
        SAME_INT(items[i].since_ms);
        SAME_INT(items[i].ended_ms);
        SAME_INT(items[i].seen_ms);
        SAME_INT(items[i].echo_ms);
    }
    same_int_at(a->revision + 1, b->revision, "revision", __LINE__);
}

static inline void same_incident(const struct tcn_incident *a, const struct tcn_incident *b)
{
    SAME_ID(id);
    SAME_INT(exists);
    SAME_TEXT(response_plan);
    SAME_TEXT(title);
    SAME_TEXT(summary);
    SAME_INT(impact);
    SAME_INT(status);
    SAME_TEXT(dedupe_string);
    SAME_TEXT(source);
    SAME_TEXT(source_name);
    SAME_TEXT(trigger_arn);
    SAME_TEXT(created_by);
    SAME_TEXT(modified_by);
    SAME_INT(created_ms);
    SAME_INT(modified_ms);
    SAME_INT(resolved_ms);
    SAME_INT(acknowledged_ms);
    SAME_TEXT(acknowledged_by);
    SAME_TEXT(resolution.code);
    SAME_TEXT(resolution.notes);
    SAME_TEXT(resolution.by);
    SAME_ID(previous);
    SAME_ID(storm);
    SAME_INT(is_storm);
    SAME_INT(is_bare);
    SAME_INT(n_tags);
    for (size_t i = 0; i < a->n_tags; i++) {
        SAME_TEXT(tags[i].key);
        SAME_TEXT(tags[i].value);
    }
    SAME_INT(revision);
    SAME_INT(event_seq);
    SAME_INT(related_seq);
    SAME_INT(unreached_ms);
    same_topics(&a->notification_targets, &b->notification_targets);
    same_topics(&a->chat_channel, &b->chat_channel);
}

static inline void same_storm_alarm_in_list(const struct tcn_storm_alarm *a,
                                            const struct tcn_storm_alarm *b)
{
    SAME_TEXT(dedupe_key);
    SAME_TEXT(source);
    SAME_INT(is_firing);
    SAME_TEXT(told.title);
    SAME_TEXT(told.summary);
    SAME_INT(told.impact);
    SAME_INT(joined_ms);
}

static inline void same_told(const struct tcn_told_alarm *a, const struct tcn_told_alarm *b)
{
    SAME_TEXT(title);
    SAME_TEXT(summary);
    SAME_INT(impact);
    SAME_TEXT(trigger_arn);
    SAME_INT(n_tags);
    for (size_t i = 0; i < a->n_tags; i++) {
        SAME_TEXT(tags[i].key);
        SAME_TEXT(tags[i].value);
    }
    SAME_INT(n_related);
    for (size_t i = 0; i < a->n_related; i++) {
        SAME_TEXT(related[i].kind);
        SAME_TEXT(related[i].title);
        SAME_TEXT(related[i].value);
    }
}

static inline void same_storm_alarm(const struct tcn_storm_alarm *a,
                                    const struct tcn_storm_alarm *b)
{
    same_storm_alarm_in_list(a, b);
    same_told(&a->told, &b->told);
}

static inline void same_waiting(const struct tcn_waiting *a, const struct tcn_waiting *b)
{
    SAME_TEXT(dedupe_key);
    SAME_TEXT(source);
    SAME_INT(kind);
    SAME_INT(due_ms);
    SAME_INT(since_ms);
    SAME_TEXT(why);
    same_told(&a->told, &b->told);
}

static inline void same_mute(const struct tcn_mute *a, const struct tcn_mute *b)
{
    SAME_ID(id);
    SAME_INT(match.n);
    for (size_t i = 0; i < a->match.n; i++) {
        SAME_TEXT(match.items[i].name);
        SAME_INT(match.items[i].n_values);
        for (size_t k = 0; k < a->match.items[i].n_values; k++)
            SAME_TEXT(match.items[i].values[k]);
    }
    SAME_TEXT(owner);
    SAME_TEXT(comment);
    SAME_TEXT(created_by);
    SAME_INT(created_ms);
    SAME_INT(start_ms);
    SAME_INT(end_ms);
}

static inline void same_event(const struct tcn_event *a, const struct tcn_event *b)
{
    SAME_ID(id);
    SAME_INT(seq);
    SAME_INT(event_ms);
    SAME_INT(updated_ms);
    SAME_TEXT(type);
    SAME_TEXT(data);
    SAME_TEXT(text);
    SAME_TEXT(actor);
    SAME_INT(to_tickets);
    SAME_TEXT(references);
}

static inline void same_related(const struct tcn_related_item *a, const struct tcn_related_item *b)
{
    SAME_TEXT(generated_id);
    SAME_TEXT(type);
    SAME_TEXT(value_kind);
    SAME_TEXT(value);
    SAME_TEXT(title);
    SAME_INT(seq);
}

static inline void same_run(const struct tcn_run *a, const struct tcn_run *b)
{
    SAME_INT(no);
    SAME_TEXT(contact);
    same_plan(&a->plan, &b->plan);
    SAME_INT(start_ms);
    SAME_INT(next_stage);
    SAME_INT(next_stage_ms);
    SAME_INT(ends_ms);
    SAME_INT(is_essential);
    SAME_INT(is_stopped);
    SAME_TEXT(path);
}

static inline void same_page(const struct tcn_page *a, const struct tcn_page *b)
{
    SAME_ID(id);
    SAME_INT(no);
    SAME_INT(run_no);
    SAME_TEXT(contact);
    SAME_TEXT(channel);
    SAME_INT(retry_ms);
    SAME_INT(first_ms);
    SAME_INT(stage_end_ms);
    SAME_INT(next_send_ms);
    SAME_INT(sends);
    SAME_INT(sent_ms);
    SAME_INT(delivered_ms);
    SAME_INT(read_ms);
    SAME_INT(lost_ms);
    SAME_TEXT(accept_code);
}

static inline void same_engagement(const struct tcn_engagement *a, const struct tcn_engagement *b)
{
    SAME_ID(id);
    SAME_INT(no);
    SAME_TEXT(contact);
    SAME_INT(type);
    SAME_INT(start_ms);
    SAME_INT(stop_ms);
    same_plan(&a->plan, &b->plan);
    SAME_INT(next_stage);
    SAME_INT(next_stage_ms);
    SAME_INT(progression_stopped);
    SAME_INT(n_runs);
    for (size_t i = 0; i < a->n_runs; i++)
        same_run(&a->runs[i], &b->runs[i]);
    SAME_INT(n_pages);
    for (size_t i = 0; i < a->n_pages; i++)
        same_page(&a->pages[i], &b->pages[i]);
    assert_true(b->size_runs >= b->n_runs && b->size_pages >= b->n_pages);
    assert_false(b->is_dirty);
}

static inline void same_receipt(const struct tcn_receipt *a, const struct tcn_receipt *b)
{
    SAME_ID(page);
    SAME_INT(type);
    SAME_INT(time_ms);
    SAME_TEXT(channel);
    SAME_TEXT(note);
}

/* All but state, attempt and epoch, which a claim changes. */
static inline void same_send(const struct tcn_send_row *a, const struct tcn_send_row *b)
{
    SAME_ID(id);
    SAME_ID(page);
    SAME_ID(incident);
    SAME_INT(send_no);
    SAME_INT(due_ms);
    SAME_TEXT(contact);
    SAME_TEXT(channel);
    SAME_INT(channel_type);
    SAME_TEXT(note);
    SAME_INT(held_ms);
    SAME_INT(is_paid);
}

static inline void same_link(const struct tcn_link *a, const struct tcn_link *b)
{
    SAME_ID(id);
    SAME_ID(incident);
    SAME_TEXT(connector);
    SAME_INT(state);
    SAME_TEXT(remote_id);
    SAME_TEXT(remote_key);
    SAME_TEXT(remote_url);
    SAME_INT(create_attempts);
    SAME_INT(last_attempt_ms);
    SAME_INT(is_uncertain);
    SAME_TEXT(base);
    SAME_TEXT(base_version);
    SAME_TEXT(base_status);
    SAME_INT(done_revision);
    SAME_INT(notes_seq);
    SAME_INT(pending_note_seq);
    SAME_INT(last_read_ms);
    SAME_INT(last_write_ms);
    SAME_INT(fail_count);
    SAME_INT(first_fail_ms);
    SAME_INT(due_ms);
    SAME_INT(is_in_flight);
    SAME_INT(epoch);
    SAME_TEXT(blocked_reason);
    SAME_TEXT(pushed);
    SAME_INT(notes_written);
    SAME_INT(recreated);
    SAME_INT(hints);
    SAME_INT(hints_seen);
    SAME_TEXT(heard);
}

static inline void same_deadletter(const struct tcn_deadletter *a, const struct tcn_deadletter *b)
{
    SAME_ID(id);
    SAME_ID(incident);
    SAME_ID(link);
    SAME_TEXT(connector);
    SAME_TEXT(operation);
    SAME_TEXT(reason);
    SAME_TEXT(request);
    SAME_TEXT(response);
    SAME_INT(at_ms);
}

static inline void same_subscription(const struct tcn_subscription *a,
                                     const struct tcn_subscription *b)
{
    SAME_TEXT(source);
    SAME_TEXT(topic);
    SAME_INT(state);
    SAME_TEXT(arn);
    SAME_TEXT(token);
    SAME_INT(as_of_ms);
    SAME_INT(asked_ms);
    SAME_INT(attempts);
    SAME_INT(due_ms);
    SAME_INT(ended_ms);
}

static inline void same_inbox(const struct tcn_inbox *a, const struct tcn_inbox *b)
{
    SAME_ID(id);
    SAME_TEXT(source);
    SAME_TEXT(delivery_id);
    SAME_INT(received_ms);
    SAME_TEXT(peer);
    SAME_TEXT(subject);
    SAME_INT(body.len);
    assert_memory_equal(a->body.ptr, b->body.ptr, a->body.len);
    SAME_INT(state);
    SAME_TEXT(note);
}

static inline void same_storm(const struct tcn_storm *a, const struct tcn_storm *b)
{
    assert_memory_equal(&a->tokens, &b->tokens, sizeof a->tokens);
    SAME_INT(at_ms);
    SAME_ID(incident);
    SAME_INT(attached);
    SAME_INT(let_out);
}

static inline void same_source_waiting(const struct tcn_source_waiting *a,
                                       const struct tcn_source_waiting *b)
{
    assert_string_equal(a->source, b->source);
    assert_int_equal(a->n, b->n);
}

static inline void same_connector_waiting(const struct tcn_connector_waiting *a,
                                          const struct tcn_connector_waiting *b)
{
    assert_string_equal(a->connector, b->connector);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->since_ms, b->since_ms);
}

/* Of the reference's rows the one of that key. */
static inline const struct tcn_storm_alarm *of_key(const struct tcn_storm_alarm *rows, size_t n,
                                                   const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].dedupe_key, key) == 0)
            return &rows[i];
    fail_msg("no alarm %s is attached", key);
    return NULL;
}

#endif
