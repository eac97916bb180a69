/* Which open incidents wait for which source. */
#include "store/internal.h"

#include "base/vec.h"

enum { WAITING, LAST, UNTOLD };

/* No source is named "*": gateway/source.c makes the keys. */
#define FIRING                                                                                     \
    " FROM incidents i JOIN lanes l ON l.incident = i.id WHERE i.account_id = $1"                  \
    " AND i.status = 1 AND l.account_id = $1 AND l.is_firing = 1"                                  \
    " AND ($2 = 1 OR substr(l.dedupe_key, 1, 2) <> '*/')"

#define SLICE(after, limit)                                                                        \
    "SELECT id FROM incidents WHERE account_id = $1 AND status = 1 AND id > " after                \
    " ORDER BY id LIMIT " limit

static const char *const sql[] = {
    [WAITING] = "SELECT l.source, COUNT(DISTINCT i.id) FROM (" SLICE(
        "$3", "$4") ") AS i"
                    " JOIN lanes l ON l.incident = i.id WHERE l.account_id = $1 AND l.is_firing = 1"
                    " AND ($2 = 1 OR substr(l.dedupe_key, 1, 2) <> '*/')"
                    " GROUP BY l.source ORDER BY l.source",
    [LAST] = SLICE("$2", "1 OFFSET $3"),
    [UNTOLD] = "SELECT DISTINCT i.id" FIRING " AND l.source = $3 AND NOT EXISTS (SELECT 1"
               " FROM events e WHERE e.account_id = $1 AND e.incident = i.id AND e.text = $4)"
               " ORDER BY i.id LIMIT $5",
};
_Static_assert(TCN_STATUS_OPEN == 1, "in the SQL above");

static int start(struct tcn_store *s, size_t no, bool with_shared, struct tcn_query *ret,
                 struct tcn_err *err)
{
    int r = tcn_query_start(s, TCN_SQL_SOURCE, no, sql[no], ret, err);

    if (r == 0)
        tcn_q_int(ret, with_shared);
    return r;
}

/* A zero id is stored as none, which is not less than any. */
static struct tcn_id behind(struct tcn_id after)
{
    static const struct tcn_id before_all = {{[15] = 1}};

    return tcn_id_is_zero(after) ? before_all : after;
}

/* *ret_last: of the slice; zero when there is none behind it. */
static int find_last(struct tcn_store *s, struct tcn_id after, size_t slice,
                     struct tcn_id *ret_last, struct tcn_err *err)
{
    struct tcn_query q;
    int r = tcn_query_start(s, TCN_SQL_SOURCE, LAST, sql[LAST], &q, err);

    *ret_last = (struct tcn_id){{0}};
    if (r < 0)
        return r;
    tcn_q_id(&q, &after);
    tcn_q_int(&q, (int64_t)slice - 1);
    if ((r = tcn_query_step(&q, err)) == 1) {
        *ret_last = tcn_c_id(&q);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r < 0 ? r : 0;
}

int tcn_store_source_waiting(struct tcn_store *s, bool with_shared, struct tcn_id *after,
                             size_t slice, struct tcn_arena *a, struct tcn_source_waiting **ret,
                             size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_source_waiting) list = {0};
    struct tcn_id first = behind(*after);
    struct tcn_query q;
    int r;

    if ((r = start(s, WAITING, with_shared, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &first);
    tcn_q_int(&q, (int64_t)slice);
    while ((r = tcn_query_step(&q, err)) == 1) {
        struct tcn_source_waiting *row = TCN_VEC_PUSH(a, &list);

        row->source = tcn_c_text(&q, a);
        row->n = tcn_c_int(&q);
    }
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return find_last(s, first, slice, after, err);
}

int tcn_store_source_untold(struct tcn_store *s, const char *source, bool with_shared,
                            const char *text, size_t limit, struct tcn_id *ret_ids, size_t *ret_n,
                            struct tcn_err *err)
{
    struct tcn_query q;
    size_t n = 0;
    int r;

    if ((r = start(s, UNTOLD, with_shared, &q, err)) < 0)
        return r;
    tcn_q_text(&q, source);
    tcn_q_text(&q, text);
    tcn_q_int(&q, (int64_t)limit);
    while (n < limit && (r = tcn_query_step(&q, err)) == 1)
        ret_ids[n++] = tcn_c_id(&q);
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret_n = n;
    return 0;
}
