/* What is known not to be there, for the rest of a transaction: it was asked for ahead, its name is locked, and nothing was
 * written of it since. A delivery's row has no lock: its unique key refuses a second one. */
#include "store/ahead.h"

#include "base/xalloc.h"
#include "store/internal.h"

#include <assert.h>

#define ALARMS_MAX (TCN_DB_LOCKS_MAX / 2) /* two names each */
#define AT_ONCE 16
#define FOUND_MAX (4 * ALARMS_MAX)

struct tcn_ahead {
    struct {
        struct tcn_id hashes[ALARMS_MAX];
        size_t n;
    } of[TCN_AHEAD_KINDS];
    int64_t locks[TCN_DB_LOCKS_MAX];
    size_t n_locks;
    bool is_asked; /* what is listed is absent; else it is only expected */
};

enum { ALARMS_THERE, DELIVERIES_THERE };
#define FIRST "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17"
#define SECOND "$18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33"
/* The kind, as the enum has it, and which. */
static const char *const sql[] = {
    [ALARMS_THERE] =
        "SELECT 1, key_hash FROM lanes WHERE account_id = $1 AND key_hash IN (" FIRST ")"
        " UNION ALL SELECT 2, dedupe_hash FROM incidents WHERE account_id = $1"
        " AND dedupe_hash IN (" SECOND ") AND status < 2",
    [DELIVERIES_THERE] = "SELECT 0, key_hash FROM inbox WHERE account_id = $1"
                         " AND key_hash IS NOT NULL AND key_hash IN (" FIRST ")",
};
_Static_assert(TCN_STATUS_RESOLVED == 2 && TCN_AHEAD_DELIVERY == 0 && TCN_AHEAD_LANE == 1 &&
                   TCN_AHEAD_OPEN == 2,
               "in the SQL above");

void tcn_store_forget_ahead(struct tcn_store *s)
{
    if (!s->ahead)
        return;
    for (size_t i = 0; i < TCN_AHEAD_KINDS; i++)
        s->ahead->of[i].n = 0;
    s->ahead->n_locks = 0;
    s->ahead->is_asked = false;
}

/* -- before it is asked ----------------------------------------------------------------------------------------- */

static struct tcn_ahead *ahead_of(struct tcn_store *s)
{
    if (!s->ahead)
        s->ahead = tcn_xcalloc(1, sizeof *s->ahead);
    assert(!s->ahead->is_asked);
    return s->ahead;
}

static void expect(struct tcn_ahead *a, enum tcn_ahead_kind kind, struct tcn_id hash)
{
    a->of[kind].hashes[a->of[kind].n++] = hash;
}

void tcn_store_expect_delivery(struct tcn_store *s, const char *source, const char *delivery_id)
{
    struct tcn_ahead *a = ahead_of(s);

    if (delivery_id && a->of[TCN_AHEAD_DELIVERY].n < ALARMS_MAX)
        expect(a, TCN_AHEAD_DELIVERY, tcn_store_hash(s, source, delivery_id));
}

void tcn_store_expect_alarm(struct tcn_store *s, const char *dedupe_key, const char *dedupe_string)
{
    struct tcn_ahead *a = ahead_of(s);

    if (a->of[TCN_AHEAD_LANE].n == ALARMS_MAX)
        return;
    expect(a, TCN_AHEAD_LANE, tcn_store_hash(s, dedupe_key, NULL));
    expect(a, TCN_AHEAD_OPEN, tcn_store_hash(s, dedupe_string, NULL));
    a->locks[a->n_locks++] = tcn_store_name_key(s, "lane", dedupe_key);
    a->locks[a->n_locks++] = tcn_store_name_key(s, "open", dedupe_string);
}

/* -- asking ----------------------------------------------------------------------------------------------------- */

/* Two jobs may have expected the same. */
static void drop(struct tcn_ahead *a, enum tcn_ahead_kind kind, struct tcn_id hash)
{
    for (size_t i = 0; i < a->of[kind].n;) {
        if (tcn_id_eq(a->of[kind].hashes[i], hash))
            a->of[kind].hashes[i] = a->of[kind].hashes[--a->of[kind].n];
        else
            i++;
    }
}

struct found {
    struct {
        enum tcn_ahead_kind kind;
        struct tcn_id hash;
    } rows[FOUND_MAX];
    size_t n;
};

/* Up to AT_ONCE from the first on; a place that is left over asks for the first again. */
static void bind_hashes(struct tcn_query *q, const struct tcn_ahead *a, enum tcn_ahead_kind kind,
                        size_t first)
{
    for (size_t i = first; i < first + AT_ONCE; i++)
        tcn_q_id(q, &a->of[kind].hashes[i < a->of[kind].n ? i : first]);
}

static int read_found(struct tcn_query *q, struct found *found, struct tcn_err *err)
{
    int r = 0;

    while (found->n < FOUND_MAX && (r = tcn_query_step(q, err)) == 1) {
        found->rows[found->n].kind = (enum tcn_ahead_kind)tcn_c_int(q);
        found->rows[found->n++].hash = tcn_c_id(q);
    }
    tcn_query_done(q);
    return r < 0 ? r : tcn_query_row_ok(q, err);
}

/* Adds which of them there are. */
static int ask(struct tcn_store *s, size_t no, size_t first, struct found *found,
               struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_AHEAD, no, sql[no], &q, err)) < 0)
        return r;
    if (no == DELIVERIES_THERE) {
        bind_hashes(&q, s->ahead, TCN_AHEAD_DELIVERY, first);
    } else {
        bind_hashes(&q, s->ahead, TCN_AHEAD_LANE, first);
        bind_hashes(&q, s->ahead, TCN_AHEAD_OPEN, first);
    }
    return read_found(&q, found, err);
}

static int ask_all(struct tcn_store *s, size_t no, size_t n, struct found *found,
                   struct tcn_err *err)
{
    int r = 0;

    for (size_t first = 0; r == 0 && first < n; first += AT_ONCE)
        r = ask(s, no, first, found, err);
    return r;
}

/* With so many there may be more than was read: then nothing is known. */
static void keep_absent(struct tcn_ahead *a, const struct found *found)
{
    for (size_t i = 0; i < found->n; i++)
        drop(a, found->rows[i].kind, found->rows[i].hash);
    a->is_asked = found->n < FOUND_MAX;
}

static int lock_names(struct tcn_store *s, struct tcn_err *err)
{
    int r;

    if (!s->driver->lock_all || s->ahead->n_locks == 0)
        return 0;
    r = s->driver->lock_all(s->db, s->ahead->locks, s->ahead->n_locks, err);
    if (r < 0 && s->broken == 0)
        s->broken = r;
    return r;
}

int tcn_store_look_ahead(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_ahead *a = s->ahead;
    struct found found;
    int r;

    if (!a || a->is_asked)
        return 0;
    found.n = 0;
    if ((r = lock_names(s, err)) < 0 ||
        (r = ask_all(s, ALARMS_THERE, a->of[TCN_AHEAD_LANE].n, &found, err)) < 0 ||
        (r = ask_all(s, DELIVERIES_THERE, a->of[TCN_AHEAD_DELIVERY].n, &found, err)) < 0)
        return r;
    keep_absent(a, &found);
    return 0;
}

/* -- afterwards ------------------------------------------------------------------------------------------------- */

bool tcn_store_is_absent(const struct tcn_store *s, enum tcn_ahead_kind kind, struct tcn_id hash)
{
    if (!s->ahead || !s->ahead->is_asked)
        return false;
    for (size_t i = 0; i < s->ahead->of[kind].n; i++)
        if (tcn_id_eq(s->ahead->of[kind].hashes[i], hash))
            return true;
    return false;
}

void tcn_store_note_present(struct tcn_store *s, enum tcn_ahead_kind kind, struct tcn_id hash)
{
    if (s->ahead && s->ahead->is_asked)
        drop(s->ahead, kind, hash);
}

bool tcn_store_is_new_alarm(const struct tcn_store *s, const char *dedupe_key,
                            const char *dedupe_string)
{
    return tcn_store_is_absent(s, TCN_AHEAD_LANE, tcn_store_hash(s, dedupe_key, NULL)) &&
           tcn_store_is_absent(s, TCN_AHEAD_OPEN, tcn_store_hash(s, dedupe_string, NULL));
}
