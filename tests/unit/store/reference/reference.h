/* The store as lists in memory: every function of store.h that a random sequence may call, written as its comment there
 * says and with no SQL, for the drivers to be compared with. One process, which lives.
 *
 * Rows are shallow: what they point at must live as long as the reference does. Codes are those of store.h; errors that a
 * driver may tell later are told at once. */
#ifndef TCN_TESTS_REFERENCE_H
#define TCN_TESTS_REFERENCE_H

#include "store/engaged.h"
#include "store/feeds.h"
#include "store/notices.h"
#include "store/overdue.h"
#include "store/resources.h"
#include "store/store.h"

/* Rows of one size in the order of their arrival, and what they were when the transaction began. */
struct ref_table {
    size_t row; /* bytes of one */
    char *rows, *before;
    size_t n, n_before, size;
};

enum ref_kind {
    REF_INBOX,
    REF_LANES,
    REF_STORMS,
    REF_STORM_ALARMS,
    REF_META,
    REF_INCIDENTS,
    REF_EVENTS,
    REF_RELATED,
    REF_ENGAGEMENTS,
    REF_RECEIPTS,
    REF_SENDS,
    REF_TIMERS,
    REF_LINKS,
    REF_DEADLETTERS,
    REF_SUBSCRIPTIONS,
    REF_WAITING,
    REF_MUTES,
    REF_BUDGETS,
    REF_RESOURCES,
    REF_CHANNEL_STATES,
    REF_NOTICES,
    REF_FEEDS,
    REF_CONFLICTS,
    REF_ENTRIES,
    REF_KINDS
};
/* Rows whose key is no member of the model. */
struct ref_storm {
    const char *source;
    struct tcn_storm storm;
};
struct ref_storm_alarm {
    struct tcn_id incident;
    struct tcn_storm_alarm alarm;
};
struct ref_budget {
    const char *contact, *channel;
    int64_t full_ms;
};
struct ref_meta {
    const char *name, *value;
};
struct ref_event {
    struct tcn_id incident;
    struct tcn_event event;
};
struct ref_related {
    struct tcn_id incident;
    struct tcn_related_item item;
};
struct ref_engagement {
    struct tcn_id incident;
    struct tcn_engagement engagement;
    bool is_written;
};
struct ref_timer {
    struct tcn_id incident;
    int64_t due_ms;
};

struct ref {
    int64_t epoch, last_no;
    uint64_t version; /* of resources and channel states */
    bool has_changed; /* by this transaction */
    struct ref_table t[REF_KINDS];
};

void ref_init(struct ref *r, int64_t epoch);
void ref_done(struct ref *r);
void ref_begin(struct ref *r);
void ref_rollback(struct ref *r);

/* -- rows: what the functions below are made of ---------------------------------------------------------- */
typedef bool ref_match(const void *row, const void *query);
typedef int ref_order(const void *left, const void *right); /* of rows, as for qsort */

/* The first row that matches, NULL: none. */
void *ref_find(const struct ref_table *t, ref_match *match, const void *query);
/* A zeroed row at the end. Rows move when one is added or removed. */
void *ref_add(struct ref_table *t);
/* The first row that matches, or an added one: matching says nothing of a zeroed row, so fill its key in. */
void *ref_find_or_add(struct ref_table *t, ref_match *match, const void *query);
/* How many matched. */
size_t ref_remove(struct ref_table *t, ref_match *match, const void *query);
/* Up to limit rows that match, in their order (NULL: of arrival), as pointers into the table; *ret is of the arena. */
size_t ref_select(const struct ref_table *t, ref_match *match, const void *query, ref_order *order,
                  size_t limit, struct tcn_arena *a, void ***ret);
/* Copies of size bytes at offset of each row. */
void *ref_copy(void *const *rows, size_t n, size_t offset, size_t size, struct tcn_arena *a);
int ref_compare(int64_t left, int64_t right);
int ref_compare_ids(struct tcn_id left, struct tcn_id right);

/* -- inbox, lanes, storms, meta ---------------------------------------------------------------------------- */
int ref_inbox_add(struct ref *r, const struct tcn_inbox *row);
int ref_inbox_list(struct ref *r, enum tcn_inbox_state state, int64_t after_no, size_t limit,
                   struct tcn_arena *a, struct tcn_inbox **ret, size_t *ret_n);
int ref_quarantine_drop(struct ref *r, struct tcn_id id);
int ref_inbox_trim(struct ref *r, const struct tcn_inbox_age *age, size_t limit, size_t *ret_n);
int ref_lane_get(struct ref *r, const char *dedupe_key, const char *dedupe_string,
                 struct tcn_arena *a, struct tcn_lane *ret, struct tcn_id *ret_open);
int ref_lane_put(struct ref *r, const struct tcn_lane *lane);
int ref_lanes_waiting(struct ref *r, struct tcn_id incident, size_t limit, struct tcn_arena *a,
                      struct tcn_lane **ret, size_t *ret_n);
int ref_lanes_echo(struct ref *r, struct tcn_id incident, size_t limit, struct tcn_arena *a,
                   struct tcn_lane **ret, size_t *ret_n);
int ref_lane_firing(struct ref *r, struct tcn_id incident, const char *except, struct tcn_arena *a,
                    struct tcn_lane *ret);
int ref_storm_get(struct ref *r, const char *source, struct tcn_storm *ret);
int ref_storm_put(struct ref *r, const char *source, const struct tcn_storm *storm);
int ref_storm_alarm_put(struct ref *r, struct tcn_id incident, const char *dedupe_key,
                        const struct tcn_storm_alarm *alarm);
/* All of the incident in the order in which they joined; their ids are the drivers' own. */
size_t ref_storm_alarms(struct ref *r, struct tcn_id incident, struct tcn_arena *a,
                        struct tcn_storm_alarm **ret);
int ref_meta_get(struct ref *r, const char *name, struct tcn_arena *a, const char **ret);
int ref_meta_put(struct ref *r, const char *name, const char *value);

/* -- incidents, timelines, engagements --------------------------------------------------------------------- */
int ref_incident_get(struct ref *r, struct tcn_id id, struct tcn_arena *a,
                     struct tcn_incident *ret);
int ref_incident_put(struct ref *r, const struct tcn_incident *incident);
int ref_incident_open_of(struct ref *r, const char *dedupe_string, struct tcn_id *ret_id);
int ref_incident_list(struct ref *r, const struct tcn_incident_filter *filter, struct tcn_arena *a,
                      struct tcn_incident **ret, size_t *ret_n);
int ref_incident_search(struct ref *r, const struct tcn_incident_search *search,
                        struct tcn_arena *a, struct tcn_incident **ret, size_t *ret_n);
int ref_incident_count(struct ref *r, enum tcn_incident_status status, int64_t *ret);
int ref_event_add(struct ref *r, struct tcn_id incident, const struct tcn_event *event);
int ref_events_add(struct ref *r, struct tcn_id incident, const struct tcn_event *events, size_t n);
int ref_event_list(struct ref *r, struct tcn_id incident, int64_t after_seq, size_t limit,
                   struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n);
int ref_event_newest(struct ref *r, struct tcn_id incident, int64_t before_seq, size_t limit,
                     struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n);
int ref_event_find(struct ref *r, struct tcn_id incident, struct tcn_id id, struct tcn_arena *a,
                   struct tcn_event *ret);
int ref_event_rewrite(struct ref *r, struct tcn_id incident, const struct tcn_event *event);
int ref_event_page(struct ref *r, struct tcn_id incident, const struct tcn_event_filter *filter,
                   struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n);
int ref_related_put(struct ref *r, struct tcn_id incident, const struct tcn_related_item *item);
int ref_related_put_all(struct ref *r, struct tcn_id incident, const struct tcn_related_item *items,
                        size_t n);
int ref_related_add_all(struct ref *r, struct tcn_id incident, const struct tcn_related_item *items,
                        size_t n);
int ref_related_drop(struct ref *r, struct tcn_id incident, const char *generated_id);
int ref_related_list(struct ref *r, struct tcn_id incident, struct tcn_arena *a,
                     struct tcn_related_item **ret, size_t *ret_n);
int ref_engagement_put(struct ref *r, struct tcn_id incident, const struct tcn_engagement *e);
int ref_engagement_list(struct ref *r, struct tcn_id incident, struct tcn_arena *a,
                        struct tcn_engagement **ret, size_t *ret_n);
int ref_engaged_find(struct ref *r, struct tcn_id engagement, struct tcn_arena *a,
                     struct tcn_engaged *ret);
int ref_engaged_by_page(struct ref *r, struct tcn_id page, struct tcn_arena *a,
                        struct tcn_engaged *ret);
int ref_engaged_list(struct ref *r, const struct tcn_engaged_filter *filter, struct tcn_arena *a,
                     struct tcn_engaged **ret, size_t *ret_n);
int ref_page_incident(struct ref *r, struct tcn_id page, struct tcn_id *ret_incident);
int ref_receipt_add(struct ref *r, const struct tcn_receipt *receipt);
int ref_receipt_list(struct ref *r, struct tcn_id page, struct tcn_arena *a,
                     struct tcn_receipt **ret, size_t *ret_n);

/* -- sources ----------------------------------------------------------------------------------------------- */
int ref_source_waiting(struct ref *r, bool with_shared, struct tcn_id *after, size_t slice,
                       struct tcn_arena *a, struct tcn_source_waiting **ret, size_t *ret_n);
int ref_source_untold(struct ref *r, const char *source, bool with_shared, const char *text,
                      size_t limit, struct tcn_id *ret_ids, size_t *ret_n);

/* -- what is due ------------------------------------------------------------------------------------------- */
int ref_send_add(struct ref *r, const struct tcn_send_row *row);
int ref_send_claim(struct ref *r, int64_t now_ms, size_t limit, struct tcn_arena *a,
                   struct tcn_send_row **ret, size_t *ret_n);
int ref_send_finish(struct ref *r, struct tcn_id id, enum tcn_send_state state, int64_t due_ms,
                    const char *note);
int ref_send_again(struct ref *r, struct tcn_id id, int64_t due_ms, int64_t attempts,
                   const char *note);
bool ref_is_in_flight(struct ref *r, struct tcn_id id); /* the send, be it dropped meanwhile */
int ref_send_is_there(struct ref *r, struct tcn_id id, bool *ret);
int ref_send_pay(struct ref *r, struct tcn_id id, int64_t held_ms);
int ref_send_hold(struct ref *r, struct tcn_id id, const struct tcn_send_wait *wait);
int ref_send_gather(struct ref *r, const struct tcn_send_row *with, size_t limit,
                    struct tcn_arena *a, struct tcn_send_row **ret, size_t *ret_n);
int ref_send_next(struct ref *r, const struct tcn_send_row *with, int64_t now_ms, int64_t due_ms,
                  bool *ret);
int ref_send_defer(struct ref *r, const struct tcn_send_row *with, int64_t now_ms, int64_t due_ms);
int ref_send_hurry(struct ref *r, struct tcn_id incident, int64_t now_ms);
int ref_send_flying(struct ref *r, const struct tcn_send_row *with, int64_t *ret_n);
int ref_send_list(struct ref *r, struct tcn_id incident, size_t limit, struct tcn_arena *a,
                  struct tcn_send_row **ret, size_t *ret_n);
int ref_budget_get(struct ref *r, const char *contact, const char *channel, int64_t *ret_full_ms);
int ref_budget_put(struct ref *r, const char *contact, const char *channel, int64_t full_ms);
int ref_send_drop(struct ref *r, struct tcn_id incident, struct tcn_id page, const char *note);
int ref_timer_set(struct ref *r, struct tcn_id incident, int64_t due_ms);
int ref_timer_of(struct ref *r, struct tcn_id incident, int64_t *ret_ms);
int ref_overdue(struct ref *r, int64_t before_ms, struct tcn_overdue *ret);
int ref_timer_due(struct ref *r, int64_t now_ms, size_t limit, struct tcn_id *ret_ids,
                  size_t *ret_n);
int ref_next_due(struct ref *r, int64_t *ret_ms);
int ref_link_put(struct ref *r, const struct tcn_link *link);
int ref_link_get(struct ref *r, struct tcn_id id, struct tcn_arena *a, struct tcn_link *ret);
int ref_links_of_record(struct ref *r, const char *connector, const char *remote_id,
                        struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n);
int ref_link_list(struct ref *r, struct tcn_id incident, size_t limit, struct tcn_arena *a,
                  struct tcn_link **ret, size_t *ret_n);
int ref_link_newest(struct ref *r, const char *connector, const struct tcn_link *after,
                    size_t limit, struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n);
int ref_link_wake(struct ref *r, struct tcn_id incident, int64_t due_ms);
int ref_link_claim(struct ref *r, const char *connector, int64_t now_ms, size_t limit,
                   struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n);
/* One more row waits, since then. */
void ref_waits(struct tcn_connector_waiting *w, int64_t since_ms);
int ref_link_waiting(struct ref *r, size_t limit, struct tcn_arena *a,
                     struct tcn_connector_waiting **ret, size_t *ret_n);
int ref_deadletter_put(struct ref *r, const struct tcn_deadletter *d);
int ref_deadletter_get(struct ref *r, struct tcn_id id, struct tcn_arena *a,
                       struct tcn_deadletter *ret);
int ref_deadletter_drop(struct ref *r, struct tcn_id id);
int ref_deadletter_clear(struct ref *r, struct tcn_id link);
int ref_deadletter_list(struct ref *r, const struct tcn_deadletter *before, size_t limit,
                        struct tcn_arena *a, struct tcn_deadletter **ret, size_t *ret_n);
int ref_subscription_get(struct ref *r, const char *source, const char *topic, struct tcn_arena *a,
                         struct tcn_subscription *ret);
int ref_subscription_put(struct ref *r, const struct tcn_subscription *row);
int ref_subscription_due(struct ref *r, int64_t now_ms, size_t limit, struct tcn_arena *a,
                         struct tcn_subscription **ret, size_t *ret_n);
int ref_subscription_list(struct ref *r, const struct tcn_subscription *after, size_t limit,
                          struct tcn_arena *a, struct tcn_subscription **ret, size_t *ret_n);
int ref_subscription_next(struct ref *r, int64_t *ret_ms);

/* -- reference_waiting.c -------------------------------------------------------------------------------------- */
int ref_waiting_put(struct ref *r, const struct tcn_waiting *waiting);
int ref_waiting_expect(struct ref *r, const struct tcn_waiting *waiting);
int ref_waiting_get(struct ref *r, const char *dedupe_key, struct tcn_arena *a,
                    struct tcn_waiting *ret);
int ref_waiting_due(struct ref *r, int64_t now_ms, size_t limit, struct tcn_arena *a,
                    struct tcn_waiting **ret, size_t *ret_n);
int ref_waiting_next(struct ref *r, int64_t *ret_ms);
int ref_waiting_list(struct ref *r, enum tcn_waiting_kind kind, const char *after, size_t limit,
                     struct tcn_arena *a, struct tcn_waiting **ret, size_t *ret_n);
int ref_waiting_unmute(struct ref *r, int64_t now_ms);
int ref_mute_add(struct ref *r, const struct tcn_mute *mute);
int ref_mute_end(struct ref *r, struct tcn_id id, int64_t now_ms);
int ref_mute_list(struct ref *r, int64_t now_ms, size_t limit, struct tcn_arena *a,
                  struct tcn_mute **ret, size_t *ret_n);
int ref_mute_trim(struct ref *r, int64_t before_ms);

/* -- reference_notice.c --------------------------------------------------------------------------------------- */
int ref_notice_wake(struct ref *r, const struct tcn_notice *notice);
int ref_notice_claim(struct ref *r, const char *connector, int64_t now_ms, size_t limit,
                     struct tcn_arena *a, struct tcn_notice **ret, size_t *ret_n);
int ref_notice_put(struct ref *r, const struct tcn_notice *notice);
int ref_notice_back(struct ref *r, const struct tcn_notice *notice, int64_t told_seq,
                    int64_t due_ms, bool *ret_is_back);
int ref_notice_list(struct ref *r, struct tcn_id incident, struct tcn_arena *a,
                    struct tcn_notice **ret, size_t *ret_n);
int ref_notice_drop(struct ref *r, struct tcn_id id);
int ref_notice_next(struct ref *r, const char *connector, int64_t *ret_ms);
int ref_notice_waiting(struct ref *r, size_t limit, struct tcn_arena *a,
                       struct tcn_connector_waiting **ret, size_t *ret_n);

/* -- reference_feed.c ----------------------------------------------------------------------------------------- */
int ref_feed_make(struct ref *r, const char *connector, int64_t now_ms);
int ref_feed_claim(struct ref *r, const char *connector, int64_t now_ms, struct tcn_arena *a,
                   struct tcn_feed *ret, bool *ret_is_ours);
int ref_feed_put(struct ref *r, const struct tcn_feed *feed);
int ref_feed_heard(struct ref *r, const char *connector, int64_t now_ms);
int ref_feed_hasten(struct ref *r, const char *connector, int64_t now_ms);
int ref_feed_list(struct ref *r, struct tcn_arena *a, struct tcn_feed **ret, size_t *ret_n);
int ref_feed_records(struct ref *r, const char *connector, const struct tcn_id *before,
                     const struct tcn_id *since, size_t limit, struct tcn_arena *a,
                     struct tcn_known_record **ret, size_t *ret_n);
int ref_conflict_add(struct ref *r, const struct tcn_conflict_row *row);
int ref_conflict_list(struct ref *r, struct tcn_id link, struct tcn_arena *a,
                      struct tcn_conflict_row **ret, size_t *ret_n);
int ref_conflict_prune(struct ref *r, int64_t before_ms, int64_t *ret_n);
int ref_entry_put(struct ref *r, const struct tcn_entry *entry);
int ref_entry_get(struct ref *r, struct tcn_id id, struct tcn_arena *a, struct tcn_entry *ret);

/* -- reference_resource.c ------------------------------------------------------------------------------------- */
int ref_resource_get(struct ref *r, enum tcn_resource_kind kind, const char *name,
                     struct tcn_arena *a, struct tcn_resource *ret);
int ref_resource_put(struct ref *r, const struct tcn_resource *resource);
int ref_resource_drop(struct ref *r, enum tcn_resource_kind kind, const char *name);
int ref_resource_list(struct ref *r, enum tcn_resource_kind kind, const char *after, size_t limit,
                      struct tcn_arena *a, struct tcn_resource **ret, size_t *ret_n);
int ref_channel_state_get(struct ref *r, const char *contact, const char *channel,
                          struct tcn_arena *a, struct tcn_channel_state *ret);
int ref_channel_state_put(struct ref *r, const struct tcn_channel_state *state);
int ref_channel_state_drop(struct ref *r, const char *contact, const char *channel);
int ref_channel_state_list(struct ref *r, struct tcn_arena *a, struct tcn_channel_state **ret,
                           size_t *ret_n);
/* By how much it grows is a driver's own matter. */
int ref_resources_version(struct ref *r, int64_t now_ms, uint64_t *ret);

#endif
