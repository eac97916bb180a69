/* The PostgreSQL driver: statements with their parameters and rows. */
#include "store/postgres.h"

#include "base/xalloc.h"
#include <assert.h>
#include <endian.h>
#include <stdlib.h>

/* Types of parameters, from the catalog (pg_type.dat): they never change. */
#define OID_BYTES 17
#define OID_INT 20
#define OID_TEXT 25
#define OID_DOUBLE 701

bool tcn_pg_is_read(const char *sql)
{
    if (strncmp(sql, "SELECT", 6) == 0)
        return true;
    return strncmp(sql, "WITH", 4) == 0 && !strstr(sql, "UPDATE ") && !strstr(sql, "INSERT ") &&
           !strstr(sql, "DELETE ");
}

struct tcn_dbstmt *tcn_pg_statement(struct tcn_db *db, const char *sql, int size)
{
    struct tcn_dbstmt *st = tcn_xcalloc(1, sizeof *st);
    size_t n = (size_t)size;

    st->db = db;
    st->sql = tcn_xstrdup(sql);
    st->is_write = !tcn_pg_is_read(sql);
    st->size = size;
    st->types = tcn_xcalloc(n, sizeof *st->types);
    st->values = tcn_xcalloc(n, sizeof *st->values);
    st->lengths = tcn_xcalloc(n, sizeof *st->lengths);
    st->formats = tcn_xcalloc(n, sizeof *st->formats);
    for (size_t i = 0; i < n; i++)
        st->formats[i] = 1; /* binary */
    st->numbers = tcn_xcalloc(n, sizeof *st->numbers);
    st->cleaned = tcn_xcalloc(n, sizeof *st->cleaned);
    return st;
}

/* The server sees it at its first use, when the types of its parameters are known. */
int tcn_pg_prepare(struct tcn_db *db, const char *sql, struct tcn_dbstmt **ret, struct tcn_err *err)
{
    (void)err;
    *ret = tcn_pg_statement(db, sql, TCN_PG_PARAMS_MAX);
    return 0;
}

void tcn_pg_reset(struct tcn_dbstmt *st)
{
    PQclear(st->result);
    st->result = NULL;
    for (int i = 0; i < st->n_params; i++) {
        free(st->cleaned[i]);
        st->cleaned[i] = NULL;
    }
}

/* What the server has prepared ends with the session. */
void tcn_pg_finalize(struct tcn_dbstmt *st)
{
    if (!st)
        return;
    tcn_pg_reset(st);
    tcn_pg_group_free(st->group);
    free(st->types);
    free(st->values);
    free(st->lengths);
    free(st->formats);
    free(st->numbers);
    free(st->cleaned);
    free(st->sql);
    free(st);
}

/* -- parameters ------------------------------------------------------------------------------------------------- */

void tcn_pg_bind(struct tcn_dbstmt *st, int n, Oid type, const void *ptr, size_t len)
{
    assert(n >= 1 && n <= st->size && len <= TCN_PG_TEXT_MAX);
    if (n > st->n_params)
        st->n_params = n;
    if (ptr) /* the type of a NULL is that of its place */
        st->types[n - 1] = type;
    st->values[n - 1] = ptr;
    st->lengths[n - 1] = (int)len;
}

static void bind_null(struct tcn_dbstmt *st, int n)
{
    tcn_pg_bind(st, n, 0, NULL, 0);
}

static void bind_number(struct tcn_dbstmt *st, int n, Oid type, uint64_t bits)
{
    uint64_t big = htobe64(bits);

    assert(n >= 1 && n <= st->size);
    memcpy(st->numbers[n - 1], &big, sizeof big);
    tcn_pg_bind(st, n, type, st->numbers[n - 1], sizeof big);
}

void tcn_pg_bind_int(struct tcn_dbstmt *st, int n, int64_t value)
{
    bind_number(st, n, OID_INT, (uint64_t)value);
}

static void bind_double(struct tcn_dbstmt *st, int n, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    bind_number(st, n, OID_DOUBLE, bits);
}

/* Bytes that are no UTF-8 become U+FFFD. */
char *tcn_pg_clean(struct tcn_str s, size_t *ret_len)
{
    char *to = tcn_xmalloc(3 * s.len + 1);
    size_t n = 0;

    while (s.len > 0) {
        size_t good = tcn_utf8_prefix(s);

        memcpy(to + n, s.ptr, good);
        n += good;
        s.ptr += good;
        s.len -= good;
        if (s.len == 0)
            break;
        memcpy(to + n, "\xEF\xBF\xBD", 3);
        n += 3;
        s.ptr++;
        s.len--;
    }
    *ret_len = n;
    return to;
}

/* A server in UTF8 refuses other bytes, and what a remote answered may hold any. A NUL cannot come here: texts of the
 * store are C strings, and the readers of JSON and HTTP refuse NUL. */
static void bind_text(struct tcn_dbstmt *st, int n, const char *ptr, size_t len)
{
    struct tcn_str s = {ptr, len};

    assert(n >= 1 && n <= st->size && !memchr(ptr, 0, len));
    if (!tcn_utf8_ok(s)) {
        free(st->cleaned[n - 1]);
        s.ptr = st->cleaned[n - 1] = tcn_pg_clean(s, &s.len);
    }
    tcn_pg_bind(st, n, OID_TEXT, s.ptr, s.len);
}

static void bind_blob(struct tcn_dbstmt *st, int n, const void *ptr, size_t len)
{
    tcn_pg_bind(st, n, OID_BYTES, ptr ? ptr : "", len);
}

static void bind_id(struct tcn_dbstmt *st, int n, const struct tcn_id *id)
{
    tcn_pg_bind(st, n, OID_BYTES, id->b, sizeof id->b);
}

/* -- running ---------------------------------------------------------------------------------------------------- */

static int fetch(struct tcn_dbstmt *st, struct tcn_err *err)
{
    int r = tcn_pg_send_statement(st, (struct tcn_db_touch){0}, err);

    if (r == 0)
        r = tcn_pg_settle(st->db, &st->result, err);
    if (r < 0)
        return r;
    st->row = -1;
    st->touched = strtoll(PQcmdTuples(st->result), NULL, 10);
    return 0;
}

int tcn_pg_step(struct tcn_dbstmt *st, struct tcn_err *err)
{
    int r = st->result ? 0 : fetch(st, err);

    if (r < 0)
        return r;
    return ++st->row < PQntuples(st->result);
}

/* Outside a transaction a statement is one of its own. */
static int run(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err)
{
    int r = tcn_pg_send_statement(st, touch, err);

    return r < 0 || st->db->in_transaction ? r : tcn_pg_settle(st->db, NULL, err);
}

static int64_t changes(struct tcn_dbstmt *st)
{
    return st->touched;
}

/* -- rows ------------------------------------------------------------------------------------------------------- */

static bool is_null(struct tcn_dbstmt *st, int column)
{
    return PQgetisnull(st->result, st->row, column);
}

static struct tcn_str value(struct tcn_dbstmt *st, int column)
{
    if (is_null(st, column))
        return (struct tcn_str){NULL, 0};
    return (struct tcn_str){PQgetvalue(st->result, st->row, column),
                            (size_t)PQgetlength(st->result, st->row, column)};
}

/* int4 or int8; NULL reads as 0. */
static int64_t column_int(struct tcn_dbstmt *st, int column)
{
    struct tcn_str bytes = value(st, column);
    uint64_t bits = bytes.len > 0 && (bytes.ptr[0] & 0x80) ? UINT64_MAX : 0;

    assert(bytes.len <= sizeof bits);
    for (size_t i = 0; i < bytes.len; i++)
        bits = bits << 8 | (uint8_t)bytes.ptr[i];
    return (int64_t)bits;
}

static double column_double(struct tcn_dbstmt *st, int column)
{
    int64_t bits = column_int(st, column);
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

static int column_id(struct tcn_dbstmt *st, int column, struct tcn_id *ret)
{
    struct tcn_str bytes = value(st, column);

    if (bytes.len != sizeof ret->b)
        return TCN_EIO;
    memcpy(ret->b, bytes.ptr, sizeof ret->b);
    return 0;
}

/* -- upkeep ----------------------------------------------------------------------------------------------------- */

/* A full disk of the server is tried again by the next that writes. */
static enum tcn_db_chore chore(struct tcn_db *db)
{
    return db->is_full ? TCN_CHORE_IDLE : TCN_CHORE_NONE;
}

static int upkeep(struct tcn_db *db, struct tcn_err *err)
{
    (void)err;
    db->is_full = false;
    return 0;
}

static bool is_full(struct tcn_db *db)
{
    return db->is_full;
}

static uint64_t lock_timeouts(struct tcn_db *db)
{
    return db->lock_timeouts;
}

static const struct tcn_db_word words[] = {
    {"ID", "BYTEA"},
    {"INT", "BIGINT"},
    {"REAL", "DOUBLE PRECISION"},
    {"BYTES", "BYTEA"},
    {"TEXT", "TEXT COLLATE \"C\""},
    {"SERIAL", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"},
    {"PLAIN", ""},
    {"CLUSTERED", ""},
    {"TABLES", "(SELECT relname AS name FROM pg_catalog.pg_class"
               " WHERE pg_catalog.pg_table_is_visible(oid)) AS visible"},
    {"ON_SERVER", ""},
    {"UNCLAIMED", " FOR UPDATE SKIP LOCKED"},
    {"INSERT_ROWS", "INSERT"},
    {"ONE_OF", "= ANY (ARRAY"},
    {"END", ")"},
    {"NOW_MS", TCN_PG_NOW_MS},
    {NULL, NULL},
};

#define GO_ON(table)                                                                               \
    "SELECT setval(pg_get_serial_sequence('" table "', 'no'),"                                     \
    " (SELECT COALESCE(MAX(no), 0) + 1 FROM " table "), false), 0"

/* Tables that were never analyzed are walked where an index would do. */
static const char *const after_copy[] = {
    GO_ON("inbox"), GO_ON("lanes"),
    "ANALYZE inbox, lanes, incidents, events, related_items, engagements, runs, pages, receipts,"
    " sends, timers, links, deadletters",
    NULL};

const struct tcn_db_driver tcn_postgres_driver = {
    .name = "postgresql",
    .words = words,
    .after_copy = after_copy,
    .open = tcn_pg_open,
    .close = tcn_pg_close,
    .check = tcn_pg_check,
    .may_commit = tcn_pg_may_commit,
    .may_connect = tcn_pg_may_connect,
    .check_written = tcn_pg_mark_check,
    .has_lost = tcn_pg_has_lost,
    .prepare = tcn_pg_prepare,
    .finalize = tcn_pg_finalize,
    .bind_null = bind_null,
    .bind_int = tcn_pg_bind_int,
    .bind_double = bind_double,
    .bind_text = bind_text,
    .bind_blob = bind_blob,
    .bind_id = bind_id,
    .step = tcn_pg_step,
    .reset = tcn_pg_reset,
    .changes = changes,
    .run = run,
    .add = tcn_pg_add,
    .is_null = is_null,
    .column_int = column_int,
    .column_double = column_double,
    .column_text = value,
    .column_blob = value,
    .column_id = column_id,
    .begin = tcn_pg_begin,
    .begin_alone = tcn_pg_begin_alone,
    .commit = tcn_pg_commit,
    .rollback = tcn_pg_rollback,
    .own = tcn_pg_own,
    .lock = tcn_pg_lock,
    .try_lock = tcn_pg_try_lock,
    .lock_all = tcn_pg_lock_all,
    .beat = tcn_pg_beat,
    .lease_until_us = tcn_pg_lease_until_us,
    .lock_timeouts = lock_timeouts,
    .is_lost = tcn_pg_is_lost,
    .recover = tcn_pg_recover,
    .tell_place = tcn_pg_tell_place,
    .describe = tcn_pg_describe,
    .survey_of_start = tcn_pg_survey_of_start,
    .survey = tcn_pg_survey_place,
    .contact_us = tcn_pg_contact_us,
    .waits = tcn_pg_waits,
    .hurry = tcn_pg_hurry,
    .clock = tcn_pg_clock,
    .chore = chore,
    .upkeep = upkeep,
    .is_full = is_full,
};
