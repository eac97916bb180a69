/* The store: model structs in, rows out. One struct tcn_store is one database connection, used by one thread.
 * Every function works inside the transaction that the caller opened (tcn_store_begin); reads allocate from the
 * arena given. Every row carries account_id and the epoch of its writer.
 *
 * A database that is not in this process is not waited for by what only writes: an error of a put, TCN_ECONFLICT too, may
 * be the answer of a later function of the transaction or of its commit. The transaction has failed then, as after every
 * error but TCN_ENOTFOUND and that of tcn_store_inbox_add, which comes at once and is an answer. */
#ifndef TCN_STORE_STORE_H
#define TCN_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/engagement.h"
#include "model/incident.h"
#include "model/link.h"
#include "model/mute.h"
#include "model/response_plan.h"
#include "model/subscription.h"
#include "model/waiting.h"

struct tcn_store;

struct tcn_store_options {
    const char *url;              /* sqlite:PATH, sqlite::memory: or postgresql://... */
    const char *account_id;       /* 12 digits */
    const char *node;             /* name of this process, for people */
    const char *region, *version; /* likewise; may be NULL */
    const char *config;           /* digest of what all nodes must agree on; may be NULL */
    const char *password;         /* of PostgreSQL; NULL: none, or as libpq finds one */
    /* Of this node alone: what is known of a database's server is kept there from start to start. NULL: it is not. */
    const char *folder;
    bool all_accounts; /* of tcn_store_visit: rows of others are seen, too */
    /* Likewise: the first server of its URL that is not known to be left behind is enough, and the others are not waited for.
     * Else all of them are asked, and two that take writes are noticed. */
    bool is_quick;
    int64_t clock_slack_ms; /* as of tcn_store_check_clock */
    bool is_reclaimed;      /* starts although the store was moved away; see tcn_moved_drop */
    bool
        needs_name; /* refused while another process of this node's name is at work, which is taken over else */
    bool is_alone; /* refused while any node uses it, and no node is let in; SQLite: always */
};

bool tcn_store_is_postgres(const char *url);
/* The connection URI alone, without asking a server: TCN_EINVALID says what is wrong with it, such as a password inside. */
int tcn_store_check_postgres(const char *url, struct tcn_err *err);
/* Whether a server of this valid URI is reached over a network that could answer in its stead; ret_host: which. */
bool tcn_store_is_unverified(const char *url, char *ret_host, size_t size);

/* Opens, checks (file system, integrity, schema version), migrates, and takes the next epoch. options are borrowed for
 * the call. TCN_EIO, TCN_EINVALID (NFS or SMB, newer schema, missing rights, a clock that differs, a store that was moved
 * away: err says the remedy), TCN_EBUSY (another process owns it). */
int tcn_store_open(const struct tcn_store_options *options, int64_t now_ms, struct tcn_store **ret,
                   struct tcn_err *err);
/* Beside the process that owns it: nothing is made, migrated or owned, and the store has no epoch. For transactions that
 * read; with may_ask also for tcn_store_held_ask. TCN_ENOTFOUND, TCN_EINVALID (another schema, no store, a copy that is not
 * finished), TCN_EIO, TCN_EBUSY. */
int tcn_store_visit(const struct tcn_store_options *options, bool may_ask, struct tcn_store **ret,
                    struct tcn_err *err);
void tcn_store_close(struct tcn_store *s);
int64_t tcn_store_epoch(const struct tcn_store *s);

/* -- nodes ----------------------------------------------------------------------------------------------
 * Several processes on one database. Each has an epoch with a lease; what it has in flight is its own as long as it lives:
 * until it ends, lets its lease run out, or starts again under the same name. A process that is dead by that rule can
 * write nothing any more and ends itself when it tries (exit 70).
 *
 * What a transaction has locked no other process decides about until it ends, and what was read after the lock is what
 * holds. Locks are waited for, in a transaction of several jobs (tcn_store_begin_many) they are TCN_ECONFLICT instead:
 * two such could wait for each other. All of it costs nothing where one process has the database to itself. */
#define TCN_LEASE_MS 3000
bool tcn_store_is_shared(const struct tcn_store *s);
int tcn_store_lock_incident(struct tcn_store *s, struct tcn_id incident, struct tcn_err *err);
/* Of a kind ("lane", "open", "storm", "once") the one with this name. */
int tcn_store_lock_name(struct tcn_store *s, const char *kind, const char *name,
                        struct tcn_err *err);
/* *ret_is_ours false: another node is at work on it. */
int tcn_store_try_incident(struct tcn_store *s, struct tcn_id incident, bool *ret_is_ours,
                           struct tcn_err *err);
int tcn_store_try_name(struct tcn_store *s, const char *kind, const char *name, bool *ret_is_ours,
                       struct tcn_err *err);
/* Outside a transaction, several times within a lease: renews ours, and ends those that ran out; *ret_n of them. */
int tcn_store_beat(struct tcn_store *s, size_t *ret_n, struct tcn_err *err);
/* How many transactions failed so far because others kept a lock for too long: TCN_EBUSY was their answer. */
uint64_t tcn_store_lock_timeouts(struct tcn_store *s);
/* On tcn_clock_boot_us: until then nobody can have taken this process for dead. Any thread. */
int64_t tcn_store_lease_until_us(struct tcn_store *s);

/* One transaction at a time. All return 0 or TCN_EIO, TCN_EFULL, TCN_EBUSY. A failed fsync ends the process
 * (exit 70): what the disk holds is then unknown. Commit refuses, with that code, what a failed statement left
 * half done, also when its caller went on. It may be TCN_UNDECIDED (db.h): the connection to the database broke while the
 * commit was on its way, and tcn_store_recover will tell. */
int tcn_store_begin(struct tcn_store *s, struct tcn_err *err);
int tcn_store_begin_many(struct tcn_store *s, struct tcn_err *err);
int tcn_store_commit(struct tcn_store *s, struct tcn_err *err);
void tcn_store_rollback(struct tcn_store *s);
/* A commit that is not durable yet when *ret_unsynced is true: what it did, and what was decided after reading it, must
 * not be told to anybody before a tcn_store_sync that began after it has returned. That may run on another thread,
 * beside everything but tcn_store_close, and ends the process when it fails. */
int tcn_store_commit_unsynced(struct tcn_store *s, bool *ret_unsynced, struct tcn_err *err);
void tcn_store_sync(struct tcn_store *s);
/* The connection is lost; until it is back begin answers TCN_EBUSY. */
bool tcn_store_is_lost(struct tcn_store *s);
/* Tries for about wait_ms to get it back. 0: it is, and *ret_committed says whether the commit that was undecided, if one
 * was, is in; what had not come to its commit is not. TCN_EBUSY: not yet. A process that was taken over, or whose database
 * has forgotten what it confirmed, is ended (exit 70). */
int tcn_store_recover(struct tcn_store *s, int64_t wait_ms, bool *ret_committed,
                      struct tcn_err *err);
/* Outside a transaction; keeps checkpoints off the commit path. Takes back the disk's reserve when it can. */
int tcn_store_checkpoint(struct tcn_store *s, struct tcn_err *err);
/* What tcn_store_checkpoint would do now: 0 nothing, 1 something when idle, 2 something that should not wait. */
int tcn_store_chore(struct tcn_store *s);
/* The disk was full and its room has not come back: what is written now comes from the reserve. Take nothing new. */
bool tcn_store_is_full(struct tcn_store *s);
/* Whether the files that are open still have their names; TCN_EIO: what is written is lost with the last descriptor. */
int tcn_store_look(struct tcn_store *s, struct tcn_err *err);

/* Memory for one turn, emptied by this call: for what is read, decided and written before the next one. The store's. */
#define TCN_TURN_ARENA (32u << 20) /* bytes; a group of 500 items needs less than 1 MiB */
struct tcn_arena *tcn_store_scratch(struct tcn_store *s);

/* One thing that lives as long as the store, for what was made of its rows: its user's, who alone keeps and asks for it. The
 * store releases it at its close. */
void tcn_store_keep(struct tcn_store *s, void *kept, void (*release)(void *kept));
void *tcn_store_kept(const struct tcn_store *s); /* NULL: nothing yet */

/* -- the clock ------------------------------------------------------------------------------------------ */
/* The time that due times go by: the database's where nodes share it, else this machine's. */
int64_t tcn_store_now_ms(const struct tcn_store *s);
/* TCN_EINVALID when this machine's clock, which says now_ms, and the database's differ by more; 0: it is not looked at. */
int tcn_store_check_clock(struct tcn_store *s, int64_t now_ms, int64_t slack_ms,
                          struct tcn_err *err);
#define TCN_STORE_CLOCK_SLACK_MS 2000 /* more than NTP leaves */
/* By how much the database's clock is ahead of tcn_clock_boot_us, as tcn_store_now_ms has it; 0 where it is this machine's. */
int64_t tcn_store_ahead_us(const struct tcn_store *s);
/* Outside a transaction: when the database's clock was set back, makes tcn_store_now_ms follow, once the rows have moved by as
 * much, and says by how much; else 0. TCN_EBUSY, TCN_ECONFLICT: try again. */
int tcn_store_clock_settle(struct tcn_store *s, int64_t *ret_back_ms, struct tcn_err *err);
/* Until the transaction ends no other node moves times. */
int tcn_store_clock_alone(struct tcn_store *s, struct tcn_err *err);
/* A time that was: the store has seen it. */
int tcn_store_clock_mark(struct tcn_store *s, int64_t now_ms, struct tcn_err *err);
/* The newest time of a mark, a delivery or an incident, 0 = there is none. Ahead of now: the clock was set back meanwhile. */
int tcn_store_newest(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err);
/* The clock was set back by by_ms, and it is now_ms: what is to come comes as much earlier, and what the store has of later
 * than now was earlier by as much. Every incident and lane is looked at, so for rare use. After tcn_store_clock_alone. */
int tcn_store_clock_back(struct tcn_store *s, int64_t now_ms, int64_t by_ms, struct tcn_err *err);

/* -- inbox: what was received ------------------------------------------------------------------------- */
/* body is empty for a delivery that stands whole in an event of its incident (rawData). */
enum tcn_inbox_state { TCN_INBOX_UNSET = 0, TCN_INBOX_APPLIED, TCN_INBOX_QUARANTINED };
struct tcn_inbox {
    int64_t no; /* out: in the order of arrival */
    struct tcn_id id;
    const char *source;
    const char *
        delivery_id; /* unique within the source while the row lives; NULL: the sender tells none */
    int64_t received_ms;
    const char *peer, *subject; /* address; who authenticated */
    struct tcn_str body;
    enum tcn_inbox_state state;
    const char *note; /* why quarantined */
};
/* TCN_ECONFLICT when (source, delivery_id) is known: a repeated delivery. */
int tcn_store_inbox_add(struct tcn_store *s, const struct tcn_inbox *row, struct tcn_err *err);
/* In the order of their arrival, those after the number; 0 = from the first. */
int tcn_store_inbox_list(struct tcn_store *s, enum tcn_inbox_state state, int64_t after_no,
                         size_t limit, struct tcn_arena *a, struct tcn_inbox **ret, size_t *ret_n,
                         struct tcn_err *err);
/* Forgets one that is quarantined. TCN_ENOTFOUND. */
int tcn_store_quarantine_drop(struct tcn_store *s, struct tcn_id id, struct tcn_err *err);
/* When rows that may be forgotten were received: those that are quarantined wait for people, and longer. */
struct tcn_inbox_age {
    int64_t before_ms, quarantined_before_ms;
};
/* Looks at the limit oldest rows and forgets those of that age; *ret_n of them. */
int tcn_store_inbox_trim(struct tcn_store *s, const struct tcn_inbox_age *age, size_t limit,
                         size_t *ret_n, struct tcn_err *err);

/* -- lanes, incidents ---------------------------------------------------------------------------------- */
/* All that an alarm meets, at once: its lane (ret->exists tells; dedupe_key is set either way), and the newest open incident
 * with the dedupe string (*ret_open zero: none; NULL: nobody asks). */
int tcn_store_lane_get(struct tcn_store *s, const char *dedupe_key, const char *dedupe_string,
                       struct tcn_arena *a, struct tcn_lane *ret, struct tcn_id *ret_open,
                       struct tcn_err *err);
/* TCN_ECONFLICT when the row has another revision than lane->revision; an absent row takes any. The row gets revision + 1;
 * the struct keeps its own, so read again before a second put. */
int tcn_store_lane_put(struct tcn_store *s, const struct tcn_lane *lane, struct tcn_err *err);
/* What a lane was when it was read, to ask later whether it still is. Zero revision = of no lane. */
struct tcn_lane_mark {
    struct tcn_id lane;
    int64_t revision;
};
#define TCN_LANE_MARKS 16
struct tcn_lane_mark tcn_store_lane_mark(const struct tcn_store *s, const struct tcn_lane *lane);
/* ret[i]: nobody has written the lane since, and its incident is OPEN. n is TCN_LANE_MARKS at most. */
int tcn_store_lanes_stand(struct tcn_store *s, const struct tcn_lane_mark *marks, size_t n,
                          bool *ret, struct tcn_err *err);
/* An incident can have any number of lanes (a storm, a plan with its own dedupe string): what a turn asks of them is
 * bounded. Those that wait for a time, the earliest first of each kind: at most limit with a resolve delay, as many
 * whose source may fall silent, that flap, that hold an echo; one can be of several kinds. */
int tcn_store_lanes_waiting(struct tcn_store *s, struct tcn_id incident, size_t limit,
                            struct tcn_arena *a, struct tcn_lane **ret, size_t *ret_n,
                            struct tcn_err *err);
/* Of these, those of an echo (echo_due_ms), the earliest first: of an incident that is resolved nothing else is due. */
int tcn_store_lanes_echo(struct tcn_store *s, struct tcn_id incident, size_t limit,
                         struct tcn_arena *a, struct tcn_lane **ret, size_t *ret_n,
                         struct tcn_err *err);
/* One of the incident's lanes that fires, not that of the key except (NULL: any); ret->exists tells. */
int tcn_store_lane_firing(struct tcn_store *s, struct tcn_id incident, const char *except,
                          struct tcn_arena *a, struct tcn_lane *ret, struct tcn_err *err);
/* All zero when nothing is known of the source. Each node of a shared database counts for itself; the incident may be one
 * that another began, and is read once a transaction: _reread asks again, after a lock. */
int tcn_store_storm_get(struct tcn_store *s, const char *source, struct tcn_storm *ret,
                        struct tcn_err *err);
int tcn_store_storm_reread(struct tcn_store *s, const char *source, struct tcn_storm *ret,
                           struct tcn_err *err);
/* Written with the commit. */
int tcn_store_storm_put(struct tcn_store *s, const char *source, const struct tcn_storm *storm,
                        struct tcn_err *err);

/* Writes what the alarm of that key says; a second put keeps the time at which it joined. */
int tcn_store_storm_alarm_put(struct tcn_store *s, struct tcn_id incident, const char *dedupe_key,
                              const struct tcn_storm_alarm *alarm, struct tcn_err *err);
/* TCN_ENOTFOUND also when its lane points to another incident by now. id: of the lane, as the list gives it. */
int tcn_store_storm_alarm_get(struct tcn_store *s, struct tcn_id incident, struct tcn_id id,
                              struct tcn_arena *a, struct tcn_storm_alarm *ret,
                              struct tcn_err *err);
/* Those whose lanes still point to the incident, in the order of their ids from the last; before zero = from there. Without
 * trigger_arn, tags and related. */
int tcn_store_storm_alarm_list(struct tcn_store *s, struct tcn_id incident, struct tcn_id before,
                               size_t limit, struct tcn_arena *a, struct tcn_storm_alarm **ret,
                               size_t *ret_n, struct tcn_err *err);

/* What is looked at again without an incident, by its lane's key. A due_ms of 0 ends the row; a since_ms of 0 leaves what is
 * there. */
int tcn_store_waiting_put(struct tcn_store *s, const struct tcn_waiting *waiting,
                          struct tcn_err *err);
/* Unless there is a row of that key. */
int tcn_store_waiting_expect(struct tcn_store *s, const struct tcn_waiting *waiting,
                             struct tcn_err *err);
int tcn_store_waiting_get(struct tcn_store *s, const char *dedupe_key, struct tcn_arena *a,
                          struct tcn_waiting *ret, struct tcn_err *err); /* TCN_ENOTFOUND */
/* Due at now_ms, the earliest first, but what is held and what another node has in hand. */
int tcn_store_waiting_due(struct tcn_store *s, int64_t now_ms, size_t limit, struct tcn_arena *a,
                          struct tcn_waiting **ret, size_t *ret_n, struct tcn_err *err);
int tcn_store_waiting_next(struct tcn_store *s, int64_t *ret_ms,
                           struct tcn_err *err); /* 0 = none */
/* In the order of their keys, after that one ("" = from the first). */
int tcn_store_waiting_list(struct tcn_store *s, enum tcn_waiting_kind kind, const char *after,
                           size_t limit, struct tcn_arena *a, struct tcn_waiting **ret,
                           size_t *ret_n, struct tcn_err *err);
/* Whatever is muted is looked at now: a mute has ended early. */
int tcn_store_waiting_unmute(struct tcn_store *s, int64_t now_ms, struct tcn_err *err);

int tcn_store_mute_add(struct tcn_store *s, const struct tcn_mute *mute, struct tcn_err *err);
/* It ends now. TCN_ENOTFOUND when there is none, or it has ended. */
int tcn_store_mute_end(struct tcn_store *s, struct tcn_id id, int64_t now_ms, struct tcn_err *err);
/* Those that have not ended, begun or not; the next to end first. */
int tcn_store_mute_list(struct tcn_store *s, int64_t now_ms, size_t limit, struct tcn_arena *a,
                        struct tcn_mute **ret, size_t *ret_n, struct tcn_err *err);
/* The same, kept in memory: borrowed until the next call or the end of the job. What another node changed is known within a
 * second. */
int tcn_store_mutes(struct tcn_store *s, int64_t now_ms, const struct tcn_mutes **ret,
                    struct tcn_err *err);
/* The next call reads them again: before something is held back for long, and at a rollback. */
void tcn_store_mutes_forget(struct tcn_store *s);
/* Forgets those that ended before. */
int tcn_store_mute_trim(struct tcn_store *s, int64_t before_ms, struct tcn_err *err);

int tcn_store_incident_get(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                           struct tcn_incident *ret, struct tcn_err *err); /* TCN_ENOTFOUND */
/* Inserts or replaces; TCN_ECONFLICT when the id is another account's. */
int tcn_store_incident_put(struct tcn_store *s, const struct tcn_incident *incident,
                           struct tcn_err *err);
/* The newest OPEN incident with this dedupe string, which nothing that is_bare has; TCN_ENOTFOUND. */
int tcn_store_incident_open_of(struct tcn_store *s, const char *dedupe_string,
                               struct tcn_id *ret_id, struct tcn_err *err);
struct tcn_incident_filter {
    enum tcn_incident_status status; /* UNSET = any */
    const char *dedupe_string;       /* NULL = any */
    struct tcn_id before;            /* older than this id, newest first; zero = from the newest */
    size_t limit;
    bool and_bare; /* those that are no incident, too */
};
int tcn_store_incident_list(struct tcn_store *s, const struct tcn_incident_filter *filter,
                            struct tcn_arena *a, struct tcn_incident **ret, size_t *ret_n,
                            struct tcn_err *err);
/* By the time of its making; of equal times by the id. */
struct tcn_incident_place {
    int64_t created_ms;
    struct tcn_id id;
};
#define TCN_SEARCH_CREATORS_MAX 100
struct tcn_incident_search {
    enum tcn_incident_status status; /* UNSET = any */
    unsigned impacts;                /* 1u << impact, one of them; 0 = any */
    const char *const *creators;     /* created_by, one of them; n_creators 0 = any */
    size_t n_creators;               /* <= TCN_SEARCH_CREATORS_MAX */
    int64_t after_ms, before_ms;     /* of created_ms, neither included; 0 = any */
    const struct tcn_incident_place
        *from; /* older than that, newest first; NULL = from the newest */
    size_t limit;
};
/* All that is asked for holds; of what has an impact, which nothing that is_bare has. A page reads limit rows by an index for each creator, impact and status that there can be,
 * however many incidents there are. */
int tcn_store_incident_search(struct tcn_store *s, const struct tcn_incident_search *search,
                              struct tcn_arena *a, struct tcn_incident **ret, size_t *ret_n,
                              struct tcn_err *err);
/* Without what is_bare. */
int tcn_store_incident_count(struct tcn_store *s, enum tcn_incident_status status, int64_t *ret,
                             struct tcn_err *err);

/* The same event again changes nothing; TCN_ECONFLICT when its seq is another event's. */
int tcn_store_event_add(struct tcn_store *s, struct tcn_id incident, const struct tcn_event *event,
                        struct tcn_err *err);
/* Each as above; of different numbers. */
int tcn_store_events_add(struct tcn_store *s, struct tcn_id incident,
                         const struct tcn_event *events, size_t n, struct tcn_err *err);
/* seq > after_seq, oldest first. */
int tcn_store_event_list(struct tcn_store *s, struct tcn_id incident, int64_t after_seq,
                         size_t limit, struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n,
                         struct tcn_err *err);
/* seq < before_seq (0 = from the newest), newest first. */
int tcn_store_event_newest(struct tcn_store *s, struct tcn_id incident, int64_t before_seq,
                           size_t limit, struct tcn_arena *a, struct tcn_event **ret, size_t *ret_n,
                           struct tcn_err *err);
/* The one with that id. TCN_ENOTFOUND. Reads the incident's timeline, which has an end. */
int tcn_store_event_find(struct tcn_store *s, struct tcn_id incident, struct tcn_id id,
                         struct tcn_arena *a, struct tcn_event *ret, struct tcn_err *err);
/* The event with that seq becomes this one, id and all; TCN_ECONFLICT when there is none. */
int tcn_store_event_rewrite(struct tcn_store *s, struct tcn_id incident,
                            const struct tcn_event *event, struct tcn_err *err);
/* Of equal times in the order of their numbers. */
struct tcn_event_place {
    int64_t event_ms, seq;
};
struct tcn_event_filter {
    int64_t after_ms, before_ms; /* of event_ms, neither included; 0 = any */
    const char *const *types;    /* one of them; n_types 0 = any */
    size_t n_types;
    const char *const
        *references; /* it refers to one of them, an ARN or a related item's id; 0 = any */
    size_t n_references;
    bool oldest_first;
    const struct tcn_event_place *from; /* behind it in that order; NULL = from the first */
    size_t limit;
};
/* By the time when they happened, which is not the order in which they were written. Reads times and numbers of the
 * newest TCN_TIMELINE_READ events of the incident, whatever is asked for, and the rest of those alone that it gives back. */
#define TCN_TIMELINE_READ 5000
int tcn_store_event_page(struct tcn_store *s, struct tcn_id incident,
                         const struct tcn_event_filter *filter, struct tcn_arena *a,
                         struct tcn_event **ret, size_t *ret_n, struct tcn_err *err);
int tcn_store_related_put(struct tcn_store *s, struct tcn_id incident,
                          const struct tcn_related_item *item, struct tcn_err *err); /* upsert */
int tcn_store_related_put_all(struct tcn_store *s, struct tcn_id incident,
                              const struct tcn_related_item *items, size_t n, struct tcn_err *err);
/* The same for an incident that has none yet, each with a seq: in fewer statements. */
int tcn_store_related_add_all(struct tcn_store *s, struct tcn_id incident,
                              const struct tcn_related_item *items, size_t n, struct tcn_err *err);
/* Nothing when there is none. */
int tcn_store_related_drop(struct tcn_store *s, struct tcn_id incident, const char *generated_id,
                           struct tcn_err *err);
/* By seq: one that is put again keeps its place. */
int tcn_store_related_list(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *a,
                           struct tcn_related_item **ret, size_t *ret_n, struct tcn_err *err);

/* -- engagements, pages, sends ------------------------------------------------------------------------- */
/* With runs and pages; a page's incident and engagement number are columns, so that a page finds its incident.
 * Runs and pages are added or changed, never removed. A text is written with the first, and not listed (engaged.h). */
int tcn_store_engagement_put(struct tcn_store *s, struct tcn_id incident,
                             const struct tcn_engagement *e, struct tcn_err *err);
int tcn_store_engagement_list(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *a,
                              struct tcn_engagement **ret, size_t *ret_n, struct tcn_err *err);
/* TCN_ENOTFOUND. */
int tcn_store_page_incident(struct tcn_store *s, struct tcn_id page, struct tcn_id *ret_incident,
                            struct tcn_err *err);
int tcn_store_receipt_add(struct tcn_store *s, const struct tcn_receipt *r, struct tcn_err *err);
/* In the order in which they were added. */
int tcn_store_receipt_list(struct tcn_store *s, struct tcn_id page, struct tcn_arena *a,
                           struct tcn_receipt **ret, size_t *ret_n, struct tcn_err *err);

enum tcn_send_state {
    TCN_SEND_UNSET = 0,
    TCN_SEND_PENDING,
    TCN_SEND_IN_FLIGHT,
    TCN_SEND_DONE,
    TCN_SEND_FAILED,
    TCN_SEND_DROPPED
};
/* send_no is from 1, within the page. 0: it is of no page, but the code that activates a channel; page and incident are then the
 * row's own id. */
struct tcn_send_row {
    struct tcn_id id, page, incident;
    int64_t send_no, due_ms, attempt, epoch; /* epoch: of the process that has it in flight */
    const char *contact, *channel;
    int channel_type; /* enum tcn_channel_type */
    enum tcn_send_state state;
    const char *note;
    int64_t held_ms; /* since when its person's budget holds it back, or held it; 0 = never */
    bool is_paid;    /* in flight, with a message that has taken a token of the budget */
};
/* Inserting an id that exists changes nothing: a repeated decision repeats its effects. The row's epoch is that of
 * its writer; UNSET is PENDING. */
int tcn_store_send_add(struct tcn_store *s, const struct tcn_send_row *row, struct tcn_err *err);
/* Up to limit PENDING rows due at now become IN_FLIGHT of this epoch, attempt + 1, and are returned. Rows in flight of a
 * process that does not live count as pending. Earliest first. */
int tcn_store_send_claim(struct tcn_store *s, int64_t now_ms, size_t limit, struct tcn_arena *a,
                         struct tcn_send_row **ret, size_t *ret_n, struct tcn_err *err);
/* state PENDING with a later due_ms is a retry; with another state due_ms is not looked at. A retry of a row that was
 * dropped while in flight stays dropped. TCN_ENOTFOUND. */
int tcn_store_send_finish(struct tcn_store *s, struct tcn_id id, enum tcn_send_state state,
                          int64_t due_ms, const char *note, struct tcn_err *err);
/* A row in flight becomes PENDING at due_ms, as one that has had so many attempts; dropped meanwhile, it stays dropped.
 * TCN_ENOTFOUND. */
int tcn_store_send_again(struct tcn_store *s, struct tcn_id id, int64_t due_ms, int64_t attempts,
                         const char *note, struct tcn_err *err);
/* Pending sends of an incident that was acknowledged, resolved or stopped are not sent any more; one in flight may
 * arrive, and is not tried again. */
int tcn_store_send_drop(struct tcn_store *s, struct tcn_id incident,
                        struct tcn_id page /* zero = all */, const char *note, struct tcn_err *err);

/* -- the page budget of a person and channel -------------------------------------------------------------
 * Decided under the name ("budget", "CONTACT/CHANNEL"). */
/* Of those, when the bucket is full again (engine/budget.h); 0: nothing is known. */
int tcn_store_budget_get(struct tcn_store *s, const char *contact, const char *channel,
                         int64_t *ret_full_ms, struct tcn_err *err);
int tcn_store_budget_put(struct tcn_store *s, const char *contact, const char *channel,
                         int64_t full_ms, struct tcn_err *err);
/* The row, in flight, has part in a message that took a token; held_ms becomes its own when it has none (0: it keeps none). */
int tcn_store_send_pay(struct tcn_store *s, struct tcn_id id, int64_t held_ms, struct tcn_err *err);
struct tcn_send_wait {
    int64_t due_ms, since_ms; /* since_ms: held_ms of a row that has none */
    const char *note;
};
/* The row, just claimed, waits: PENDING, and the claim is no attempt. Dropped meanwhile, it stays dropped. */
int tcn_store_send_hold(struct tcn_store *s, struct tcn_id id, const struct tcn_send_wait *wait,
                        struct tcn_err *err);
/* Claims up to limit more rows of that contact and channel that are held back, whenever they are due; those that wait longest,
 * and come in that order. */
int tcn_store_send_gather(struct tcn_store *s, const struct tcn_send_row *with, size_t limit,
                          struct tcn_arena *a, struct tcn_send_row **ret, size_t *ret_n,
                          struct tcn_err *err);
/* Whether one of them that is in nobody's hand is due after now_ms, and at due_ms or before. */
int tcn_store_send_next(struct tcn_store *s, const struct tcn_send_row *with, int64_t now_ms,
                        int64_t due_ms, bool *ret, struct tcn_err *err);
/* Those of them that are due now, and in nobody's hand, are due then: up to TCN_DEFER_MAX. */
#define TCN_DEFER_MAX 5000
int tcn_store_send_defer(struct tcn_store *s, const struct tcn_send_row *with, int64_t now_ms,
                         int64_t due_ms, struct tcn_err *err);
/* No budget holds back what waits of that incident any more: it is due now. */
int tcn_store_send_hurry(struct tcn_store *s, struct tcn_id incident, int64_t now_ms,
                         struct tcn_err *err);
/* How many rows of that contact and channel that were held back are in flight and paid, of processes that live. */
int tcn_store_send_flying(struct tcn_store *s, const struct tcn_send_row *with, int64_t *ret_n,
                          struct tcn_err *err);
/* Rows of the incident that are not over, the earliest first. */
int tcn_store_send_list(struct tcn_store *s, struct tcn_id incident, size_t limit,
                        struct tcn_arena *a, struct tcn_send_row **ret, size_t *ret_n,
                        struct tcn_err *err);

/* -- timers: one row an incident ----------------------------------------------------------------------- */
int tcn_store_timer_set(struct tcn_store *s, struct tcn_id incident, int64_t due_ms /* 0 clears */,
                        struct tcn_err *err);
int tcn_store_timer_due(struct tcn_store *s, int64_t now_ms, size_t limit, struct tcn_id *ret_ids,
                        size_t *ret_n, struct tcn_err *err); /* earliest first */
/* The earliest time at which a timer, a send or a link wants to run; 0 = none. What a living process has in flight does
 * not count. */
int tcn_store_next_due(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err);

/* -- links: lanes of the outbox ------------------------------------------------------------------------ */
/* By id. is_in_flight with epoch 0 is in flight of this process. TCN_ECONFLICT when (incident, connector) has another id. */
int tcn_store_link_put(struct tcn_store *s, const struct tcn_link *link, struct tcn_err *err);
int tcn_store_link_get(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                       struct tcn_link *ret, struct tcn_err *err);
/* Those of a remote record, the newest incident's first, TCN_LINKS_OF_RECORD_MAX at most. It has several once people have merged records. */
#define TCN_LINKS_OF_RECORD_MAX 20
int tcn_store_links_of_record(struct tcn_store *s, const char *connector, const char *remote_id,
                              struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                              struct tcn_err *err);
/* Links of an incident, by connector. */
int tcn_store_link_list(struct tcn_store *s, struct tcn_id incident, size_t limit,
                        struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                        struct tcn_err *err);
/* Links of a connector (NULL = all), newest incident first; those after this one (NULL = from the first), of which only
 * incident and connector are looked at. */
int tcn_store_link_newest(struct tcn_store *s, const char *connector, const struct tcn_link *after,
                          size_t limit, struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                          struct tcn_err *err);
/* What a link lacks, and what was fought about; both are counted to TCN_BEHIND_MAX. */
#define TCN_BEHIND_MAX 100
struct tcn_link_behind {
    struct tcn_id link;
    int64_t conflicts; /* that are kept */
    int64_t notes;     /* events for tickets that come after the last one it was told */
};
/* TCN_ENOTFOUND. */
int tcn_store_link_behind(struct tcn_store *s, struct tcn_id link, struct tcn_link_behind *ret,
                          struct tcn_err *err);
/* Of the links that tcn_store_link_newest() lists, in that order. */
int tcn_store_link_behind_list(struct tcn_store *s, const char *connector,
                               const struct tcn_link *after, size_t limit, struct tcn_arena *a,
                               struct tcn_link_behind **ret, size_t *ret_n, struct tcn_err *err);
/* Makes every link of the incident due at due_ms unless it is due earlier; blocked ones stay. */
int tcn_store_link_wake(struct tcn_store *s, struct tcn_id incident, int64_t due_ms,
                        struct tcn_err *err);
/* Up to limit links of this connector, due at now and not in flight of a living process, become in flight of this one.
 * Earliest first. */
int tcn_store_link_claim(struct tcn_store *s, const char *connector, int64_t now_ms, size_t limit,
                         struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                         struct tcn_err *err);

struct tcn_connector_waiting {
    const char *connector;
    int64_t n; /* its rows that are due, now or later, and in nobody's hand; not what is held */
    int64_t since_ms; /* when the first of them is due, or was tried first */
};
/* By connector, those that have any. */
int tcn_store_link_waiting(struct tcn_store *s, size_t limit, struct tcn_arena *a,
                           struct tcn_connector_waiting **ret, size_t *ret_n, struct tcn_err *err);

/* -- sources: what fires, by who told so ---------------------------------------------------------------- */
struct tcn_source_waiting {
    const char *source;
    int64_t n; /* open incidents of which an alarm of it fires */
};
/* By source, those that have any, of the next slice of open incidents behind *after (zero = from the first), which becomes the
 * last one of it, or zero when there are no more. with_shared: also for alarms of the scope "all", of which another source may
 * tell. */
int tcn_store_source_waiting(struct tcn_store *s, bool with_shared, struct tcn_id *after,
                             size_t slice, struct tcn_arena *a, struct tcn_source_waiting **ret,
                             size_t *ret_n, struct tcn_err *err);
/* Those incidents of one source that have no line with this text on their timeline yet. */
int tcn_store_source_untold(struct tcn_store *s, const char *source, bool with_shared,
                            const char *text, size_t limit, struct tcn_id *ret_ids, size_t *ret_n,
                            struct tcn_err *err);

struct tcn_deadletter {
    struct tcn_id id, incident, link; /* link zero: a page's send */
    const char *connector, *operation, *reason;
    const char *request, *response; /* redacted, cut at 4 KiB; may be NULL */
    int64_t at_ms;
};
int tcn_store_deadletter_put(struct tcn_store *s, const struct tcn_deadletter *d,
                             struct tcn_err *err);
/* TCN_ENOTFOUND */
int tcn_store_deadletter_get(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                             struct tcn_deadletter *ret, struct tcn_err *err);
/* TCN_ENOTFOUND */
int tcn_store_deadletter_drop(struct tcn_store *s, struct tcn_id id, struct tcn_err *err);
/* Every one of a link: its lane got through. */
int tcn_store_deadletter_clear(struct tcn_store *s, struct tcn_id link, struct tcn_err *err);
/* Newest first; those after this one (NULL = from the newest), of which only at_ms and id are looked at. */
int tcn_store_deadletter_list(struct tcn_store *s, const struct tcn_deadletter *before,
                              size_t limit, struct tcn_arena *a, struct tcn_deadletter **ret,
                              size_t *ret_n, struct tcn_err *err);

/* -- subscriptions of SNS: a row a source and topic --------------------------------------------------- */
/* Zeroed but for source and topic, which are the caller's, when nothing is known. */
int tcn_store_subscription_get(struct tcn_store *s, const char *source, const char *topic,
                               struct tcn_arena *a, struct tcn_subscription *ret,
                               struct tcn_err *err);
int tcn_store_subscription_put(struct tcn_store *s, const struct tcn_subscription *row,
                               struct tcn_err *err); /* upsert */
/* Those with a confirmation to be sent at now, the earliest first; or ever, when an older epoch wrote the row: its process
 * is dead, and so is what it had sent. */
int tcn_store_subscription_due(struct tcn_store *s, int64_t now_ms, size_t limit,
                               struct tcn_arena *a, struct tcn_subscription **ret, size_t *ret_n,
                               struct tcn_err *err);
/* In the order of their keys, those behind the key of after. */
int tcn_store_subscription_list(struct tcn_store *s, const struct tcn_subscription *after,
                                size_t limit, struct tcn_arena *a, struct tcn_subscription **ret,
                                size_t *ret_n, struct tcn_err *err);
/* When the earliest confirmation wants to be sent; 0 = none. */
int tcn_store_subscription_next(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err);

/* -- meta: small named texts --------------------------------------------------------------------------- */
/* NULL in *ret when there is none. */
int tcn_store_meta_get(struct tcn_store *s, const char *name, struct tcn_arena *a, const char **ret,
                       struct tcn_err *err);
int tcn_store_meta_put(struct tcn_store *s, const char *name, const char *value,
                       struct tcn_err *err);
/* Whether this process may write to every table now, on a store that is shared: TCN_EINVALID (rights), TCN_EBUSY (another
 * session keeps one locked). In a transaction; nothing is changed. */
int tcn_store_try_tables(struct tcn_store *s, struct tcn_err *err);

#endif
