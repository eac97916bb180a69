/* Inside of the store: the connection with its prepared statements, and how a function runs one of them.
 *
 * Every statement of the store takes the account as $1; the ones that write rows take the epoch as $2. A store_*.c
 * file keeps its SQL in one table and names its rows by an enum:
 *
 *     struct tcn_query q;
 *     if ((r = tcn_query_start(s, TCN_SQL_META, META_GET, sql[META_GET], &q, err)) < 0)
 *         return r;
 *     tcn_q_text(&q, name);
 *     r = tcn_query_step(&q, err);      1 a row, 0 none, negative an error
 *     *ret = tcn_c_text(&q, arena);
 *     tcn_query_done(&q);
 *
 * Parameters and columns are counted on by the calls themselves. */
#ifndef TCN_STORE_INTERNAL_H
#define TCN_STORE_INTERNAL_H

#include "base/buf.h"
#include "store/db.h"
#include "store/nodes.h"
#include "store/store.h"

enum tcn_sql_table {
    TCN_SQL_STORE = 0,
    TCN_SQL_META,
    TCN_SQL_INBOX,
    TCN_SQL_LANE,
    TCN_SQL_STORM,
    TCN_SQL_STORM_ALARM,
    TCN_SQL_WAITING,
    TCN_SQL_OVERDUE,
    TCN_SQL_MUTE,
    TCN_SQL_RESOURCE,
    TCN_SQL_CHANNEL_STATE,
    TCN_SQL_INCIDENT,
    TCN_SQL_SEARCH,
    TCN_SQL_TIMELINE,
    TCN_SQL_TIMELINE_PAGE,
    TCN_SQL_ENGAGEMENT,
    TCN_SQL_ENGAGED,
    TCN_SQL_RECEIPT,
    TCN_SQL_SEND,
    TCN_SQL_BUDGET,
    TCN_SQL_TIMER,
    TCN_SQL_LINK,
    TCN_SQL_NOTICE,
    TCN_SQL_FEED,
    TCN_SQL_CONFLICT,
    TCN_SQL_ENTRY,
    TCN_SQL_DEADLETTER,
    TCN_SQL_SUBSCRIPTION,
    TCN_SQL_HOLD,
    TCN_SQL_PEER,
    TCN_SQL_MOVED,
    TCN_SQL_CLOCK,
    TCN_SQL_SOURCE,
    TCN_SQL_AHEAD,
    TCN_SQL_DOUBTS,
    TCN_SQL_NAME,
    TCN_SQL_TABLES
};
#define TCN_SQL_MAX 16 /* statements of one table */

struct tcn_store {
    const struct tcn_db_driver *driver; /* borrowed, static */
    struct tcn_db *db;                  /* owned */
    char account_id[16];
    char node[72];
    int64_t epoch;
    int64_t taken_back_ms;    /* store_time.c: what is known of it */
    int64_t took_ms;          /* the same, by this transaction */
    struct tcn_arena scratch; /* of tcn_store_scratch */
    void *kept;               /* of tcn_store_keep, with the one below */
    void (*release)(void *kept);
    struct {
        char *source; /* owned; NULL: none */
        struct tcn_storm row;
        bool is_changed;          /* to be written before the commit */
    } storm;                      /* the row in hand, of this transaction: store_storm.c */
    struct tcn_mute_cache *mutes; /* owned; store_mute.c */
    struct {
        uint64_t version; /* the last one that was told or left; 0: none yet */
        char mark[48];    /* of the rows that it stands for */
        bool is_known;
        int64_t read_ms;
        uint64_t changes;    /* by this store so far */
    } resources;             /* store_resource_version.c */
    int64_t followed_us;     /* when the schema's version was last looked at, monotonic */
    bool is_alone;           /* no other process can use the database */
    struct tcn_ahead *ahead; /* owned; store_ahead.c */
    struct tcn_start_doubts doubts;
    int64_t schema;  /* of the database, as last looked at */
    bool is_hurried; /* this transaction does not wait for what other nodes have locked */
    int broken; /* the first error inside this transaction that a commit must not cover; 0 = none */
    struct tcn_dbstmt *prepared[TCN_SQL_TABLES][TCN_SQL_MAX]; /* owned; made at first use */
};

/* tcn_store_open with a driver of the caller's choice; target as in struct tcn_db_place. */
int tcn_store_open_with(const struct tcn_db_driver *driver, const char *target,
                        const struct tcn_store_options *options, int64_t now_ms,
                        struct tcn_store **ret, struct tcn_err *err);

/* A driver and what it takes for a target. TCN_EINVALID. */
int tcn_store_driver_of(const char *url, const struct tcn_db_driver **ret, const char **ret_target,
                        struct tcn_err *err);

/* store_time.c. first: at the start of a process, outside a transaction. took: after tcn_store_clock_alone, so much of the
 * rows' times was taken. */
int tcn_store_clock_first(struct tcn_store *s, struct tcn_err *err);
int tcn_store_clock_took(struct tcn_store *s, int64_t by_ms, struct tcn_err *err);
/* store_doubts.c. Inside the transaction of a start, which sees all accounts. */
int tcn_store_doubt_start(struct tcn_store *s, struct tcn_err *err);
/* store_name.c. Outside a transaction, before the start has a row: waits for a lease for another process of this node's name.
 * TCN_EBUSY: it is at work. One that stands still is noted as a doubt. */
int tcn_store_need_name(struct tcn_store *s, struct tcn_err *err);
/* While others may change the schema: looks whether it is one to work on, once a minute, or at once (is_new: another
 * connection). Outside a transaction. One that this program cannot follow ends the process (exit 70). */
void tcn_store_follow(struct tcn_store *s, bool is_new);

/* What was due at this time or before is held: nothing claims it. 0: nothing is (held.h). */
#define TCN_HELD_BEFORE                                                                            \
    "COALESCE((SELECT CAST(value AS BIGINT) FROM meta WHERE account_id = $1"                       \
    " AND name = 'held_before_ms'), 0)"
/* Of a column that names a process: it is not one that lives (store.h, nodes). */
#define TCN_IS_DEAD(epoch)                                                                         \
    "NOT EXISTS (SELECT 1 FROM epochs WHERE epochs.epoch = " epoch " AND session > 0)"

/* Of the incidents with that dedupe hash the newest open one. So that no server that believes the table to be small reads all
 * that is open (incidents_open), or all (its key): a condition that only incidents_dedupe serves, and its order. */
#define TCN_OPEN_OF(hash)                                                                          \
    "SELECT id FROM incidents WHERE account_id = $1 AND dedupe_hash = " hash                       \
    " AND status < 2 ORDER BY status DESC, id DESC LIMIT 1"
_Static_assert(TCN_STATUS_OPEN == 1 && TCN_STATUS_RESOLVED == 2, "in the SQL above");

/* No id comes after it: where a list that goes backwards starts. */
extern const struct tcn_id tcn_store_last_id;

/* The SQL with the driver's words in place of {NAME}. */
void tcn_db_translate(const struct tcn_db_driver *driver, const char *sql, struct tcn_buf *out);

/* Before a commit: the row in hand is written. */
int tcn_store_storm_write(struct tcn_store *s, struct tcn_err *err);
/* At a begin and a rollback, and when the store is closed. */
void tcn_store_storm_forget(struct tcn_store *s);
/* store_resource_version.c: rows of resources or channel states were written. */
int tcn_store_resources_changed(struct tcn_store *s, struct tcn_err *err);
/* When the store is closed. */
void tcn_store_mutes_free(struct tcn_store *s);
/* The lanes' part of tcn_store_clock_back. */
int tcn_store_lanes_back(struct tcn_store *s, int64_t now_ms, int64_t by_ms, struct tcn_err *err);

/* Names one or two texts of any length (NULL is empty) within the account by 16 bytes of their SHA-256. */
struct tcn_id tcn_store_hash(const struct tcn_store *s, const char *a, const char *b);

/* -- store_ahead.c: what is known not to be there ---------------------------------------------------------------- */

enum tcn_ahead_kind { TCN_AHEAD_DELIVERY = 0, TCN_AHEAD_LANE, TCN_AHEAD_OPEN, TCN_AHEAD_KINDS };
bool tcn_store_is_absent(const struct tcn_store *s, enum tcn_ahead_kind kind, struct tcn_id hash);
/* It is there from now on. */
void tcn_store_note_present(struct tcn_store *s, enum tcn_ahead_kind kind, struct tcn_id hash);
/* At a begin and a rollback. */
void tcn_store_forget_ahead(struct tcn_store *s);
/* What tcn_store_lock_name locks. */
int64_t tcn_store_name_key(const struct tcn_store *s, const char *kind, const char *name);

struct tcn_query {
    struct tcn_store *s;
    const struct tcn_db_driver *driver;
    struct tcn_dbstmt *st;
    int param, column; /* used so far */
    bool is_damaged;   /* a column did not hold what was written into it */
};

int tcn_query_start(struct tcn_store *s, enum tcn_sql_table table, size_t no, const char *sql,
                    struct tcn_query *ret, struct tcn_err *err);
int tcn_query_step(struct tcn_query *q, struct tcn_err *err);
void tcn_query_done(struct tcn_query *q);
/* To the end and done, for statements without results. The driver may only send it: an error of it may come with a
 * later statement of the transaction or with its commit. */
int tcn_query_run(struct tcn_query *q, struct tcn_err *err);
/* The same, TCN_ECONFLICT with the text (static) when fewer rows than least were touched; that ends the transaction as
 * well. */
int tcn_query_run_touching(struct tcn_query *q, int64_t least, const char *conflict,
                           struct tcn_err *err);
/* The same for an INSERT of VALUES that are all parameters: in a batch it may be sent later, with other such rows, but before
 * anything is read. Two of them that are about the same row must have a read between them. */
int tcn_query_add(struct tcn_query *q, int64_t least, const char *conflict, struct tcn_err *err);
/* Waits for the end; ret_changes says how many rows were touched. */
int tcn_query_run_count(struct tcn_query *q, int64_t *ret_changes, struct tcn_err *err);
/* One row expected: 0, TCN_ENOTFOUND with the text, or an error. The row is readable until done. */
int tcn_query_one(struct tcn_query *q, struct tcn_err *err, const char *what);
/* To the end and done: the first column of up to limit rows. */
int tcn_query_ids(struct tcn_query *q, size_t limit, struct tcn_id *ret_ids, size_t *ret_n,
                  struct tcn_err *err);
/* Connector and count of every row, up to limit; ends it. */
int tcn_query_waiting(struct tcn_query *q, size_t limit, struct tcn_arena *a,
                      struct tcn_connector_waiting **ret, size_t *ret_n, struct tcn_err *err);
/* Ends the reading of a row: TCN_EIO when a column was damaged. */
int tcn_query_row_ok(struct tcn_query *q, struct tcn_err *err);

void tcn_q_int(struct tcn_query *q, int64_t value);
void tcn_q_double(struct tcn_query *q, double value);
void tcn_q_text(struct tcn_query *q, const char *z); /* NULL: NULL; borrowed until done */
void tcn_q_blob(struct tcn_query *q, struct tcn_str bytes);
void tcn_q_id(struct tcn_query *q, const struct tcn_id *id); /* zero: NULL; borrowed until done */
void tcn_q_packed(struct tcn_query *q, const struct tcn_buf *text); /* empty: NULL */
void tcn_q_epoch(struct tcn_query *q);

int64_t tcn_c_int(struct tcn_query *q);
double tcn_c_double(struct tcn_query *q);
const char *tcn_c_text(struct tcn_query *q, struct tcn_arena *a); /* NULL: NULL */
struct tcn_str tcn_c_view(struct tcn_query *q);                   /* until the next step */
struct tcn_str tcn_c_blob(struct tcn_query *q, struct tcn_arena *a);
struct tcn_id tcn_c_id(struct tcn_query *q); /* NULL: zero */
/* Text of a fixed field; too long counts as damaged. */
void tcn_c_array(struct tcn_query *q, char *ret_text, size_t size);

#endif
