/* Engagements of all incidents, and of none, with what StartEngagement was given: without their runs and pages. */
#include "store/engaged.h"
#include "store/internal.h"

#include "base/vec.h"

enum { OF_ID, OF_PAGE, LIST_ALL, LIST_INCIDENT, LIST_TEXT };
#define COLUMNS                                                                                    \
    "incident, no, id, contact, type, start_ms, stop_ms, next_stage_ms, sender, subject, content," \
    " public_subject, public_content, incident_text"
/* A join may be planned as a walk over the incidents, for a table that a server takes to be empty. */
#define ROW                                                                                        \
    "SELECT " COLUMNS ", (SELECT i.is_bare FROM incidents i WHERE i.account_id = $1"               \
    " AND i.id = e.incident) FROM engagements e WHERE e.account_id = $1"
#define LIST ROW " AND e.start_ms >= $2 AND (e.start_ms, e.id) < ($3, $4)"
#define NEWEST " ORDER BY e.start_ms DESC, e.id DESC LIMIT $5"
static const char *const sql[] = {
    [OF_ID] = ROW " AND e.id = $2",
    [OF_PAGE] = ROW " AND (e.incident, e.no) = (SELECT p.incident, p.engagement_no FROM pages p"
                    " WHERE p.account_id = $1 AND p.id = $2)",
    [LIST_ALL] = LIST NEWEST,
    [LIST_INCIDENT] = LIST " AND e.incident = $6" NEWEST,
    [LIST_TEXT] = LIST " AND e.incident_text = $6" NEWEST,
};
static const struct tcn_id first_id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_ENGAGED, no, sql[no], ret, err);
}

static void read_text(struct tcn_query *q, struct tcn_arena *a, struct tcn_engaged *ret)
{
    struct tcn_engagement_text *text = &ret->text;

    text->sender = tcn_c_text(q, a);
    text->subject = tcn_c_text(q, a);
    text->content = tcn_c_text(q, a);
    text->public_subject = tcn_c_text(q, a);
    text->public_content = tcn_c_text(q, a);
    text->incident = tcn_c_text(q, a);
}

static int read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_engaged *ret,
                    struct tcn_err *err)
{
    ret->incident = tcn_c_id(q);
    ret->no = tcn_c_int(q);
    ret->id = tcn_c_id(q);
    ret->contact = tcn_c_text(q, a);
    ret->type = (enum tcn_contact_type)tcn_c_int(q);
    ret->start_ms = tcn_c_int(q);
    ret->stop_ms = tcn_c_int(q);
    ret->next_stage_ms = tcn_c_int(q);
    read_text(q, a, ret);
    ret->is_bare = tcn_c_int(q) != 0;
    return tcn_query_row_ok(q, err);
}

static int find(struct tcn_store *s, size_t no, const struct tcn_id *id, struct tcn_arena *a,
                struct tcn_engaged *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_id(&q, id);
    if ((r = tcn_query_one(&q, err, "engagement")) == 0)
        r = read_row(&q, a, ret, err);
    tcn_query_done(&q);
    return r;
}

int tcn_store_engaged_find(struct tcn_store *s, struct tcn_id engagement, struct tcn_arena *a,
                           struct tcn_engaged *ret, struct tcn_err *err)
{
    return find(s, OF_ID, &engagement, a, ret, err);
}

int tcn_store_engaged_by_page(struct tcn_store *s, struct tcn_id page, struct tcn_arena *a,
                              struct tcn_engaged *ret, struct tcn_err *err)
{
    return find(s, OF_PAGE, &page, a, ret, err);
}

static size_t list_of(const struct tcn_engaged_filter *f)
{
    if (!tcn_id_is_zero(f->incident))
        return LIST_INCIDENT;
    return f->text ? LIST_TEXT : LIST_ALL;
}

/* The page begins behind the last row of the one before, or at until_ms. */
static struct tcn_engaged_place first_below(const struct tcn_engaged_filter *f)
{
    if (f->after && (f->until_ms == 0 || f->after->start_ms < f->until_ms))
        return *f->after;
    if (f->until_ms != 0)
        return (struct tcn_engaged_place){f->until_ms, first_id};
    return (struct tcn_engaged_place){INT64_MAX, tcn_store_last_id};
}

int tcn_store_engaged_list(struct tcn_store *s, const struct tcn_engaged_filter *filter,
                           struct tcn_arena *a, struct tcn_engaged **ret, size_t *ret_n,
                           struct tcn_err *err)
{
    struct tcn_engaged_place below = first_below(filter);
    TCN_VEC(struct tcn_engaged) list = {0};
    size_t no = list_of(filter);
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_int(&q, filter->from_ms ? filter->from_ms : INT64_MIN);
    tcn_q_int(&q, below.start_ms);
    tcn_q_id(&q, &below.id);
    tcn_q_int(&q, (int64_t)filter->limit);
    if (no == LIST_INCIDENT)
        tcn_q_id(&q, &filter->incident);
    else if (no == LIST_TEXT)
        tcn_q_text(&q, filter->text);
    while ((r = tcn_query_step(&q, err)) == 1)
        if ((r = read_row(&q, a, TCN_VEC_PUSH(a, &list), err)) < 0)
            break;
    tcn_query_done(&q);
    if (r < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}
