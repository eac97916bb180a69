/* Inside of the PostgreSQL driver: the connection, shared by its files. */
#ifndef TCN_STORE_POSTGRES_H
#define TCN_STORE_POSTGRES_H

#include "base/arena.h"
#include "store/db.h"
#include "store/nodes.h"
#include "sys/clock_far.h"
#include <libpq-fe.h>
#include <stdatomic.h>

#define TCN_PG_PARAMS_MAX 40          /* of a statement as it is written */
#define TCN_PG_ROWS_MAX 16            /* that one statement sends together, a power of 2 */
#define TCN_PG_GROUPS_MAX 24          /* statements whose rows wait */
#define TCN_PG_WAITING_MAX (16 << 20) /* bytes of the rows, and of what goes with them */
#define TCN_PG_SENT_MAX 256           /* commands whose results wait to be read */
#define TCN_PG_TEXT_MAX (64 << 20)
#define TCN_PG_CONNECT_MS 3000   /* of one host */
#define TCN_PG_PATIENCE_MS 40000 /* for an answer: more than statement_timeout */
#define TCN_PG_ASK_MS 8000  /* the same, of what a session begins with: more than lock_timeout */
#define TCN_PG_LAST_MS 2000 /* the same, at the end of the process */
#define TCN_PG_DOUBT_MS                                                                            \
    2000 /* without one, another connection is asked whether the server lives, and what it waits for */

/* One command on its way to the server. */
enum tcn_pg_kind { TCN_PG_PLAIN = 0, TCN_PG_PREPARE, TCN_PG_EXECUTE, TCN_PG_GUARD };
struct tcn_pg_sent {
    enum tcn_pg_kind kind;
    struct tcn_dbstmt *st; /* PREPARE: whose name is void when it fails */
    struct tcn_db_touch touch;
};

struct tcn_dbstmt {
    struct tcn_db *db; /* borrowed */
    char *sql;         /* owned */
    char name[16];
    bool is_write;
    bool was_used;        /* once: a second use is worth a prepared statement */
    uint64_t prepared_on; /* number of the connection that knows name; 0 = none */
    int n_params, size;   /* the lists below: used, room */
    Oid *types;           /* owned, all of them */
    const char **values;  /* each borrowed until reset, or numbers and cleaned */
    int *lengths, *formats;
    char (*numbers)[8];
    char **cleaned;             /* each owned until reset; text that was no UTF-8 */
    struct tcn_pg_group *group; /* owned; NULL until the first add */
    PGresult *result;           /* owned until reset */
    int row;
    int64_t touched;
};

/* Rows of an INSERT that wait, postgres_group.c. */
struct tcn_pg_row {
    const char **values; /* of db->rows, like what they point to */
    int *lengths;
};
struct tcn_pg_group {
    struct tcn_pg_row rows[TCN_PG_ROWS_MAX];
    size_t n;
    struct tcn_db_touch touch;                    /* of each row */
    struct tcn_dbstmt *many[TCN_PG_ROWS_MAX + 1]; /* owned; for so many rows; made at first use */
};

/* The server's clock, in SQL. */
#define TCN_PG_NOW_MS "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/* Statements of the driver's own, postgres_lease.c. */
enum tcn_pg_own_sql {
    TCN_PG_RENEW = 0,
    TCN_PG_OTHERS,
    TCN_PG_END_LEASE,
    TCN_PG_END_CONNECTION,
    TCN_PG_LOCK_WAITING,
    TCN_PG_LOCK_HURRIED,
    TCN_PG_LOCK_ALL,
    TCN_PG_OWN_SQL
};

/* Another node, as this one's looks found it. */
struct tcn_pg_other {
    int64_t epoch, seen_ms;
    int64_t still_us; /* for how long seen_ms has been that */
};
#define TCN_PG_OTHERS_MAX 64

/* What a URL and its place are parsed to: one list of settings for each host. */
struct tcn_pg_hosts {
    PQconninfoOption *options; /* owned */
    char *password, *name;     /* owned; may be NULL */
    size_t n;
};

/* What was learnt of the database, by this process and those before it in the same folder. */
struct tcn_pg_known {
    char *path;         /* owned; NULL: kept by no file */
    char system_id[24]; /* "": not known */
    int64_t timeline;   /* the highest that was met; 0: not known */
    char unkept[160];   /* why the file could not be written; "": it was */
    bool is_at_work;    /* the process: it forgets nothing */
    char unmet
        [128]; /* a host that did not answer when all were asked, and may be the right one; "": none */
};

/* What this node has written last, as the file in its folder says at a start. */
struct tcn_pg_mark {
    char *path;                   /* owned; NULL: none is kept */
    bool is_known, is_same_place; /* there was such a file; it is of this database of the cluster */
    char system_id[24], account[16];
    int64_t timeline, place, epoch, session, commit_no;
    int64_t kept_us; /* when it was written last, monotonic */
};

/* Why a host does not take this process. Later states say more: it came further. */
enum tcn_pg_host_state {
    TCN_PG_IS_UNASKED = 0,
    TCN_PG_IS_STANDBY, /* or, of a server before 14, takes no writes for another reason */
    TCN_PG_IS_SILENT,
    TCN_PG_IS_READ_ONLY, /* to this role or database: it is no standby */
    TCN_PG_IS_CLOSED,    /* answers with a refusal */
    TCN_PG_IS_UNFIT      /* lets us in, and then there is something */
};
struct tcn_pg_refused {
    enum tcn_pg_host_state state;
    char host[128];        /* and port */
    char text[120];        /* its own words */
    char why[TCN_ERR_MSG]; /* the sentence: where, what, what to do */
    const char *waits; /* static; what it waits for, about "the database"; NULL: it is not that */
};

struct tcn_db {
    struct tcn_pg_hosts hosts;
    struct tcn_pg_known known;
    struct tcn_pg_mark mark;
    bool has_lost; /* a promotion did, what the mark tells of */
    enum tcn_db_role role;
    bool is_quick;               /* as of its place */
    char account[16];            /* "*": all */
    struct tcn_database server;  /* of the connection in use, or the last */
    struct tcn_survey survey;    /* of the start */
    _Atomic int64_t contact_us;  /* its last answer, monotonic */
    _Atomic(const char *) waits; /* static; see tcn_store_waits */
    atomic_bool is_ending;       /* the process */
    PGconn *conn;                /* owned; NULL while lost */
    uint64_t connection;         /* counts connections, from 1 */
    int backend;                 /* its process on the server */
    uint64_t names;              /* of prepared statements, so far */

    PGconn *coming; /* owned; a connection that is being made */
    size_t host;    /* the one that is tried */
    size_t host_in_use;
    int64_t until_us;       /* for how long */
    bool is_writing;        /* libpq waits for room, not for bytes */
    int64_t pause_until_us; /* before the next round */
    int64_t pause_ms;
    /* Why the connection does not come, of each host; none while it is there. */
    struct tcn_pg_refused refused[TCN_SERVERS_MAX];
    /* Static; what the session's first commit waited for, until it is noted there. */
    const char *session_waits;

    struct tcn_dbstmt *waiting[TCN_PG_GROUPS_MAX]; /* borrowed; they have rows that are not sent */
    size_t n_waiting;
    struct tcn_arena rows; /* their values */

    struct tcn_pg_sent sent[TCN_PG_SENT_MAX];
    size_t n_sent;
    bool is_dirty; /* a command was sent and no sync after it */

    bool in_transaction, is_begun, is_patient;
    bool has_written; /* and therefore a guard before */
    bool is_full, is_demoted;
    bool is_warned;         /* by the server; set back by who looks at it */
    uint64_t lock_timeouts; /* so far */
    struct tcn_err why;     /* code 0, or the first error of this transaction */

    struct tcn_dbstmt *guard; /* owned; NULL before own */
    int64_t epoch, session;
    int64_t guarded_us;     /* when the guard of this transaction was sent, tcn_clock_boot_us */
    int64_t lease_until_us; /* likewise */
    int64_t connected_us;   /* monotonic */
    struct tcn_clock_far clock;
    int64_t begun_back_ms; /* by how much it was known to be set back when this transaction began */
    struct tcn_pg_other others[TCN_PG_OTHERS_MAX];
    size_t n_others;
    int64_t looked_us;                      /* at them, monotonic */
    struct tcn_dbstmt *own[TCN_PG_OWN_SQL]; /* owned; made at first use */
    int64_t commit_no;                      /* the last that is known to be durable */
    bool is_undecided;                      /* the next one may be */
};

/* -- postgres_hosts.c: what a URL says ------------------------------------------------------------------------- */

int tcn_pg_hosts_init(struct tcn_pg_hosts *h, const struct tcn_db_place *place,
                      struct tcn_err *err);
void tcn_pg_hosts_done(struct tcn_pg_hosts *h);
/* Of a URI that libpq has read; NULL: it does not have that option. */
const char *tcn_pg_url_value(const PQconninfoOption *list, const char *keyword);
/* Of a value with commas between them; NULL has one, which is empty. */
size_t tcn_pg_url_pieces(const char *list);
/* The i-th; the only one is everybody's. Yours to free. */
char *tcn_pg_url_piece(const char *list, size_t i);
/* Begins to connect to the i-th host; never NULL. Notices go nowhere unless the caller takes them. */
PGconn *tcn_pg_hosts_start(const struct tcn_pg_hosts *h, size_t i);

/* -- postgres_values.c ------------------------------------------------------------------------------------------ */

/* Whether the options of a URI have values that a connection can have, as PostgreSQL 15 documents them
 * (postgresql.org/docs/15/libpq-connect.html, 34.1.2). url is the text that they were read from, without a password that libpq
 * would find. TCN_EINVALID: err names one that has not, its value unless that may be a part of a password, and what may be
 * there. */
int tcn_pg_check_values(const PQconninfoOption *list, const char *url, struct tcn_err *err);

/* -- postgres_fail.c: what an error means ---------------------------------------------------------------------- */

int tcn_pg_fail(struct tcn_db *db, const PGresult *result, struct tcn_err *err);
/* Of the connection: one line, without what libpq adds for terminals. */
int tcn_pg_fail_connection(const PGconn *conn, struct tcn_err *err);
void tcn_pg_tell_place(struct tcn_db *db, char *ret, size_t size);
/* Who stands still or is cut off for longer than a lease is taken over by others; who has another's name takes it over. */
#define TCN_PG_TAKEN_OVER                                                                          \
    "another tocsin took this node's work over: this one stood still, or had lost the database, "  \
    "for longer than its lease, or a second one has its name (\"node\"); or the database is not "  \
    "as this node has written it: a backup was restored into it, or it is a copy"
/* The database is another process's, or is not the one that was written to: says so and ends this process. */
void tcn_pg_die(const char *why) __attribute__((noreturn));

/* -- postgres_refused.c ---------------------------------------------------------------------------------------- */

/* Of a connection that could not be made. */
void tcn_pg_refused(const PGconn *conn, struct tcn_pg_refused *ret);
/* Of one that was made and is of no use. */
void tcn_pg_refused_later(const PGconn *conn, const struct tcn_err *why,
                          struct tcn_pg_refused *ret);
/* TCN_EBUSY: the sentence of the host that came furthest, then the others in their own words, those that have not answered yet
 * (UNASKED, with a name) among them. */
int tcn_pg_fail_hosts(const struct tcn_pg_refused *list, size_t n, struct tcn_err *err);
/* The same for everybody, about "the database": without names. Static; NULL: none was asked, or only standbys
 * so far. */
const char *tcn_pg_refused_in_public(const struct tcn_pg_refused *list, size_t n);

/* -- postgres_wire.c: commands out, results in ----------------------------------------------------------------- */

/* Waits until the socket is ready for what the state of conn asks. TCN_EBUSY: not by then. */
int tcn_pg_wait(const PGconn *conn, bool to_write, int64_t until_us);
/* The result, or NULL for the end of a command's results. 0 or TCN_EBUSY: the connection is of no use any more. */
int tcn_pg_result(PGconn *conn, int64_t until_us, PGresult **ret);
/* Runs SQL texts outside of the pipeline and takes the result of the last. */
int tcn_pg_ask(struct tcn_db *db, PGconn *conn, const char *sql, PGresult **ret,
               struct tcn_err *err);
int tcn_pg_ask_until(struct tcn_db *db, PGconn *conn, const char *sql, int64_t until_us,
                     PGresult **ret, struct tcn_err *err);
int tcn_pg_send_text(struct tcn_db *db, const char *sql, struct tcn_err *err);
/* Before it what it needs: the rows that wait, BEGIN, the guard, its preparation. */
int tcn_pg_send_statement(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err);
/* The same, but for the rows. */
int tcn_pg_send_now(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err);
/* Reads the results of all that was sent. ret_last (may be NULL) takes the last one's, which may be an error that err
 * tells too. */
int tcn_pg_settle(struct tcn_db *db, PGresult **ret_last, struct tcn_err *err);
/* The connection is gone. */
int tcn_pg_lose(struct tcn_db *db, struct tcn_err *err);

/* -- postgres_group.c: rows that are sent together --------------------------------------------------------------- */

int tcn_pg_add(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err);
/* Sends all that wait, the statement that was added first before the others. */
int tcn_pg_send_rows(struct tcn_db *db, struct tcn_err *err);
/* They are not wanted any more. */
void tcn_pg_drop_rows(struct tcn_db *db);
void tcn_pg_group_free(struct tcn_pg_group *g); /* NULL is legal */

/* -- postgres_open.c ------------------------------------------------------------------------------------------- */

int tcn_pg_open(const struct tcn_db_place *place, struct tcn_db **ret, struct tcn_err *err);
void tcn_pg_close(struct tcn_db *db);
/* Whether a node may begin on it; a server looks after its files. */
int tcn_pg_check(struct tcn_db *db, struct tcn_err *err);
/* Works on a connection for at most wait_ms: 1 there is one, 0 not yet, TCN_EBUSY: the host will not be, db->refused says why,
 * and it is the next one's turn. */
int tcn_pg_connect(struct tcn_db *db, int64_t wait_ms);
/* That host will not be: the next one, or after the last a pause and the first. */
void tcn_pg_next_host(struct tcn_db *db);
/* Connects to the i-th host, and waits for it; on 0 it is the connection that has come. TCN_EBUSY. */
int tcn_pg_reach(struct tcn_db *db, size_t host, struct tcn_err *err);
/* Makes the connection that has come the one in use. */
int tcn_pg_use(struct tcn_db *db, struct tcn_err *err);
/* The settings of every session. */
int tcn_pg_greet(struct tcn_db *db, PGconn *conn, struct tcn_err *err);

/* Works on a connection that is being made until until_us: 1 it is there, 0 goes on, negative: the host will not be, be it that
 * deadline_us has passed. */
int tcn_pg_advance(PGconn *conn, bool *is_writing, int64_t deadline_us, int64_t until_us);

/* -- postgres_doubt.c ------------------------------------------------------------------------------------------ */

/* For a connection whose answer does not come: whether its server (the host-th, the process backend) answers another one, be
 * it with a refusal, and what it says that the process waits for (db->waits). Takes up to TCN_PG_CONNECT_MS. */
bool tcn_pg_doubt(struct tcn_db *db, size_t host, int backend);
const char *tcn_pg_waits(struct tcn_db *db);
void tcn_pg_hurry(struct tcn_db *db);

/* -- postgres_server.c ----------------------------------------------------------------------------------------- */

/* What a server is asked. */
enum tcn_pg_question {
    TCN_PG_ASK_TIMELINE = 0,
    TCN_PG_ASK_SYSTEM,
    TCN_PG_ASK_START,
    TCN_PG_ASK_ROLE
};
#define TCN_PG_QUESTIONS 4
extern const char *const tcn_pg_questions[TCN_PG_QUESTIONS];
/* Stands for the identifier of a cluster that does not tell it, and may be any. */
#define TCN_PG_UNTOLD "0"
/* What the connection itself tells; then each answer. row may be NULL, or an error: the question may not be asked there. */
void tcn_pg_begin_server(const PGconn *conn, struct tcn_database *ret);
/* Of a question that has failed: the role may not ask that, or a server that is not quite PostgreSQL does not know it. What fails
 * for another reason says nothing of the server. */
bool tcn_pg_is_untold(const PGconn *conn);
void tcn_pg_hear_answer(enum tcn_pg_question question, const PGresult *row,
                        struct tcn_database *ret);
/* Of a connection that is made, or is to be made: host and port. */
void tcn_pg_name_host(const PGconn *conn, char *ret_text, size_t size);
/* Learns which server conn leads to. TCN_EBUSY: one that was left behind, or no answer. TCN_EINVALID: one of another cluster;
 * that ends a process that owns a part of the store. */
int tcn_pg_meet(struct tcn_db *db, PGconn *conn, struct tcn_err *err);
void tcn_pg_describe(struct tcn_db *db, struct tcn_database *ret);
int64_t tcn_pg_contact_us(struct tcn_db *db);

/* -- postgres_known.c: what outlives the process --------------------------------------------------------------- */

/* Of a file in the node's folder. Yours to free. */
char *tcn_pg_path(const char *folder, const char *name);
/* Takes what the file in the folder says (NULL: none is read or written). TCN_EINVALID: it is no such file; TCN_EIO. */
int tcn_pg_known_read(struct tcn_pg_known *k, const char *folder, struct tcn_err *err);
/* Whether two identifiers may be of one cluster. */
bool tcn_pg_is_one_cluster(const char *a, const char *b);
/* TCN_EBUSY: left behind by a promotion; TCN_EINVALID: of another cluster. What is not known is right. */
int tcn_pg_known_check(const struct tcn_pg_known *k, const struct tcn_database *is,
                       struct tcn_err *err);
/* After the check. A node goes on without a file that cannot be written; unkept says so. */
void tcn_pg_known_keep(struct tcn_pg_known *k, const struct tcn_database *is, bool may_write);
void tcn_pg_known_done(struct tcn_pg_known *k);

/* -- postgres_mark.c ------------------------------------------------------------------------------------------- */

/* Reads the file in the folder (NULL: none is read or written). */
void tcn_pg_mark_init(struct tcn_pg_mark *m, const char *folder);
void tcn_pg_mark_done(struct tcn_pg_mark *m);
/* At a start, before anything is written. TCN_EINVALID: the database lacks what the file says, and is not held. On a later
 * timeline it may: a promotion lost that. */
int tcn_pg_mark_check(struct tcn_db *db, struct tcn_err *err);
bool tcn_pg_has_lost(const struct tcn_db *db);
/* Of a process that owns its row: every ten seconds that it has written in, or now. */
void tcn_pg_mark_keep(struct tcn_db *db, bool is_urgent);
/* Of a process that ends: now, and of the timeline that it has written on. A server that was met since may lack it. */
void tcn_pg_mark_end(struct tcn_db *db);
/* Its row is not as it was written: says so and ends this process. What it had written, and on which timeline, is kept for the
 * next start. */
void tcn_pg_mark_die(struct tcn_db *db, const char *why) __attribute__((noreturn));

/* -- postgres_hail.c ------------------------------------------------------------------------------------------- */

/* A host that was asked which server it is. */
struct tcn_pg_hailed {
    int r; /* 0: server says it; TCN_EBUSY */
    char host[128];
    struct tcn_database server;
    struct tcn_pg_refused refused; /* negative r: why; UNASKED: it was not waited for */
};
/* Asks all hosts at once, each over a connection of its own, for TCN_PG_CONNECT_MS altogether; or until is_enough (may be
 * NULL) says so of one that has answered, or there is something to read at stop_fd (-1: none). */
void tcn_pg_hail(const struct tcn_pg_hosts *hosts, int stop_fd,
                 bool (*is_enough)(void *ctx, const struct tcn_database *is), void *ctx,
                 struct tcn_pg_hailed ret[TCN_SERVERS_MAX]);

/* -- postgres_survey.c ----------------------------------------------------------------------------------------- */

/* Asks every host and chooses the one with the highest timeline; db->survey tells of all.
 * TCN_EBUSY: none answers, or only one that was left behind. TCN_EINVALID: hosts of several clusters, or two copies of one. */
int tcn_pg_survey(struct tcn_db *db, int stop_fd, size_t *ret_host, struct tcn_err *err);
void tcn_pg_survey_of_start(struct tcn_db *db, struct tcn_survey *ret);
int tcn_pg_survey_place(const struct tcn_db_place *place, int stop_fd, struct tcn_survey *ret,
                        struct tcn_err *err);

/* -- postgres_standby.c ---------------------------------------------------------------------------------------- */

/* TCN_EBUSY: every commit waits for a standby that is not there. */
int tcn_pg_may_commit(struct tcn_db *db, struct tcn_err *err);
/* The same for a start, which waits for it for a minute. */
int tcn_pg_await_standby(struct tcn_db *db, struct tcn_err *err);

/* -- postgres_slots.c ------------------------------------------------------------------------------------------ */

/* Makes one more connection to the server in use, and ends it. TCN_EBUSY: that would be one too many there
 * (SQLSTATE 53300), with what has too low a limit and what to do. Any other refusal is no answer to that, and 0. */
int tcn_pg_may_connect(struct tcn_db *db, struct tcn_err *err);
/* The same for the start of a node, which gives connections that are about to end 3 s. TCN_EBUSY only when the limit is that
 * of the role or the database; a server that is full is told in the log. */
int tcn_pg_await_slot(struct tcn_db *db, struct tcn_err *err);

/* -- postgres_transaction.c ------------------------------------------------------------------------------------ */

int tcn_pg_begin(struct tcn_db *db, struct tcn_err *err);
int tcn_pg_begin_alone(struct tcn_db *db, struct tcn_err *err);
int tcn_pg_commit(struct tcn_db *db, struct tcn_err *err);
void tcn_pg_rollback(struct tcn_db *db);
int tcn_pg_own(struct tcn_db *db, int64_t epoch, int64_t session, struct tcn_err *err);
bool tcn_pg_is_lost(struct tcn_db *db);
int tcn_pg_recover(struct tcn_db *db, int64_t wait_ms, bool *ret_committed, struct tcn_err *err);

/* -- postgres_clock.c ------------------------------------------------------------------------------------------ */

/* Takes the server's time from a column that has TCN_PG_NOW_MS, of a row that was asked for at asked_us (boot time). */
void tcn_pg_hear(struct tcn_db *db, const PGresult *row, int column, int64_t asked_us);
struct tcn_clock_far *tcn_pg_clock(struct tcn_db *db);

/* -- postgres_lease.c ------------------------------------------------------------------------------------------ */

/* The server has taken in a renewal that was sent at that time (boot time). */
void tcn_pg_lease_renewed(struct tcn_db *db, int64_t asked_us);
int64_t tcn_pg_lease_until_us(struct tcn_db *db);
int tcn_pg_beat(struct tcn_db *db, size_t *ret_n, struct tcn_err *err);
int tcn_pg_lock(struct tcn_db *db, int64_t key, bool is_hurried, struct tcn_err *err);
int tcn_pg_try_lock(struct tcn_db *db, int64_t key, bool *ret_is_ours, struct tcn_err *err);
int tcn_pg_lock_all(struct tcn_db *db, const int64_t *keys, size_t n, struct tcn_err *err);

/* -- postgres.c ------------------------------------------------------------------------------------------------ */

/* Whether a statement leaves every row as it is; a lock is not a change. When in doubt it does not. */
bool tcn_pg_is_read(const char *sql);

/* With room for so many parameters. Asks no server. */
struct tcn_dbstmt *tcn_pg_statement(struct tcn_db *db, const char *sql, int size);
int tcn_pg_prepare(struct tcn_db *db, const char *sql, struct tcn_dbstmt **ret,
                   struct tcn_err *err);
void tcn_pg_finalize(struct tcn_dbstmt *st);
/* Text as it is stored when it is no UTF-8. Yours to free. */
char *tcn_pg_clean(struct tcn_str s, size_t *ret_len);
void tcn_pg_bind(struct tcn_dbstmt *st, int n, Oid type, const void *ptr, size_t len);
void tcn_pg_bind_int(struct tcn_dbstmt *st, int n, int64_t value);
int tcn_pg_step(struct tcn_dbstmt *st, struct tcn_err *err);
void tcn_pg_reset(struct tcn_dbstmt *st);

#endif
