/* Which open incidents wait for which source. */
#include "store/internal.h"

#include "base/vec.h"

enum { WAITING, LAST, UNTOLD };

/* By lanes, in the order of their incidents, and what is asked of each incident is a value: a join may be planned, for tables
 * that are believed to be small, as one walk of all lanes an incident. No source is named "*": gateway/source.c makes the keys. */
#define FIRING                                                                                     \
    " FROM lanes l WHERE account_id = $1 AND is_firing = 1"                                        \
    " AND (SELECT status FROM incidents WHERE account_id = $1 AND id = l.incident) = 1"            \
    " AND ($2 = 1 OR substr(dedupe_key, 1, 2) <> '*/')"

static const char *const sql[] = {
    [WAITING] = "SELECT source, COUNT(DISTINCT incident)" FIRING
                " AND incident > $3 AND incident <= $4 GROUP BY source",
    [LAST] = "SELECT id FROM incidents WHERE account_id = $1 AND status = 1 AND id > $2"
             " ORDER BY id LIMIT 1 OFFSET $3",
    [UNTOLD] = "SELECT DISTINCT incident" FIRING " AND source = $3 AND (SELECT COUNT(*)"
               " FROM events WHERE account_id = $1 AND incident = l.incident AND text = $4) = 0"
               " ORDER BY incident LIMIT $5",
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

static struct tcn_id up_to(struct tcn_id last)
{
    if (tcn_id_is_zero(last))
        memset(&last, 0xff, sizeof last);
    return last;
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

/* A server would order this column as its language does. */
static int by_source(const void *left, const void *right)
{
    return strcmp(((const struct tcn_source_waiting *)left)->source,
                  ((const struct tcn_source_waiting *)right)->source);
}

int tcn_store_source_waiting(struct tcn_store *s, bool with_shared, struct tcn_id *after,
                             size_t slice, struct tcn_arena *a, struct tcn_source_waiting **ret,
                             size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_source_waiting) list = {0};
    struct tcn_id first = behind(*after), last, end;
    struct tcn_query q;
    int r;

    if ((r = find_last(s, first, slice, &last, err)) < 0 ||
        (r = start(s, WAITING, with_shared, &q, err)) < 0)
        return r;
    end = up_to(last);
    tcn_q_id(&q, &first);
    tcn_q_id(&q, &end);
    while ((r = tcn_query_step(&q, err)) == 1) {
        struct tcn_source_waiting *row = TCN_VEC_PUSH(a, &list);

        row->source = tcn_c_text(&q, a);
        row->n = tcn_c_int(&q);
    }
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    if (list.n > 0)
        qsort(list.items, list.n, sizeof *list.items, by_source);
    *ret = list.items;
    *ret_n = list.n;
    *after = last;
    return 0;
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
