/* Engagements of an incident with their runs and pages. Runs and pages are only added or changed, never removed. */
#include "store/internal.h"

#include "base/vec.h"
#include "store/pack.h"

enum { ENGAGEMENT_PUT, RUN_PUT, PAGE_PUT, ENGAGEMENT_LIST, RUN_LIST, PAGE_LIST, PAGE_INCIDENT };
#define ENGAGEMENT_COLUMNS                                                                         \
    "no, id, contact, type, start_ms, stop_ms, plan, next_stage, next_stage_ms, "                  \
    "progression_stopped"
/* Written once: whoever puts one again has not loaded them. */
#define TEXT_COLUMNS "sender, subject, content, public_subject, public_content, incident_text"
#define RUN_COLUMNS                                                                                \
    "engagement_no, no, contact, plan, start_ms, next_stage, next_stage_ms, ends_ms, "             \
    "is_essential, is_stopped, path"
#define PAGE_COLUMNS                                                                               \
    "engagement_no, no, id, run_no, contact, channel, retry_ms, first_ms, stage_end_ms, "          \
    "next_send_ms, sends, sent_ms, delivered_ms, read_ms, accept_code, lost_ms"
static const char *const sql[] = {
    [ENGAGEMENT_PUT] =
        "INSERT INTO engagements (account_id, epoch, incident, " ENGAGEMENT_COLUMNS
        ", " TEXT_COLUMNS
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19) ON CONFLICT (incident, no) DO UPDATE SET epoch = excluded.epoch, id = excluded.id,"
        " contact = excluded.contact, type = excluded.type, start_ms = excluded.start_ms,"
        " stop_ms = excluded.stop_ms, plan = excluded.plan, next_stage = excluded.next_stage,"
        " next_stage_ms = excluded.next_stage_ms,"
        " progression_stopped = excluded.progression_stopped",
    [RUN_PUT] = "INSERT INTO runs (account_id, epoch, incident, " RUN_COLUMNS ")"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
                " ON CONFLICT (incident, engagement_no, no) DO UPDATE SET epoch = excluded.epoch,"
                " contact = excluded.contact, plan = excluded.plan, start_ms = excluded.start_ms,"
                " next_stage = excluded.next_stage, next_stage_ms = excluded.next_stage_ms,"
                " ends_ms = excluded.ends_ms, is_essential = excluded.is_essential,"
                " is_stopped = excluded.is_stopped, path = excluded.path",
    [PAGE_PUT] = "INSERT INTO pages (account_id, epoch, incident, " PAGE_COLUMNS ") VALUES ($1, $2,"
                 " $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
                 " ON CONFLICT (incident, engagement_no, no) DO UPDATE SET epoch = excluded.epoch,"
                 " id = excluded.id, run_no = excluded.run_no, contact = excluded.contact,"
                 " channel = excluded.channel, retry_ms = excluded.retry_ms,"
                 " first_ms = excluded.first_ms, stage_end_ms = excluded.stage_end_ms,"
                 " next_send_ms = excluded.next_send_ms, sends = excluded.sends,"
                 " sent_ms = excluded.sent_ms, delivered_ms = excluded.delivered_ms,"
                 " read_ms = excluded.read_ms, accept_code = excluded.accept_code,"
                 " lost_ms = excluded.lost_ms",
    [ENGAGEMENT_LIST] = "SELECT " ENGAGEMENT_COLUMNS " FROM engagements"
                        " WHERE account_id = $1 AND incident = $2 ORDER BY no",
    [RUN_LIST] = "SELECT " RUN_COLUMNS " FROM runs"
                 " WHERE account_id = $1 AND incident = $2 ORDER BY engagement_no, no",
    [PAGE_LIST] = "SELECT " PAGE_COLUMNS " FROM pages"
                  " WHERE account_id = $1 AND incident = $2 ORDER BY engagement_no, no",
    [PAGE_INCIDENT] = "SELECT incident FROM pages WHERE account_id = $1 AND id = $2",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_ENGAGEMENT, no, sql[no], ret, err);
}

/* -- writing ------------------------------------------------------------------------------------------------ */

static void bind_text(struct tcn_query *q, const struct tcn_engagement_text *text)
{
    static const struct tcn_engagement_text none;

    text = text ? text : &none;
    tcn_q_text(q, text->sender);
    tcn_q_text(q, text->subject);
    tcn_q_text(q, text->content);
    tcn_q_text(q, text->public_subject);
    tcn_q_text(q, text->public_content);
    tcn_q_text(q, text->incident);
}

static int put_engagement(struct tcn_store *s, const struct tcn_id *incident,
                          const struct tcn_engagement *e, struct tcn_err *err)
{
    struct tcn_buf plan = {0};
    struct tcn_query q;
    int r;

    if ((r = tcn_pack_plan(&e->plan, &plan, err)) == 0 &&
        (r = start(s, ENGAGEMENT_PUT, &q, err)) == 0) {
        tcn_q_epoch(&q);
        tcn_q_id(&q, incident);
        tcn_q_int(&q, e->no);
        tcn_q_id(&q, &e->id);
        tcn_q_text(&q, e->contact);
        tcn_q_int(&q, e->type);
        tcn_q_int(&q, e->start_ms);
        tcn_q_int(&q, e->stop_ms);
        tcn_q_packed(&q, &plan);
        tcn_q_int(&q, (int64_t)e->next_stage);
        tcn_q_int(&q, e->next_stage_ms);
        tcn_q_int(&q, e->progression_stopped);
        bind_text(&q, e->text);
        r = tcn_query_add(&q, 0, NULL, err);
    }
    tcn_buf_done(&plan);
    return r;
}

static int put_run(struct tcn_store *s, const struct tcn_id *incident, int64_t engagement_no,
                   const struct tcn_run *run, struct tcn_err *err)
{
    struct tcn_buf plan = {0};
    struct tcn_query q;
    int r;

    if ((r = tcn_pack_plan(&run->plan, &plan, err)) == 0 && (r = start(s, RUN_PUT, &q, err)) == 0) {
        tcn_q_epoch(&q);
        tcn_q_id(&q, incident);
        tcn_q_int(&q, engagement_no);
        tcn_q_int(&q, run->no);
        tcn_q_text(&q, run->contact);
        tcn_q_packed(&q, &plan);
        tcn_q_int(&q, run->start_ms);
        tcn_q_int(&q, (int64_t)run->next_stage);
        tcn_q_int(&q, run->next_stage_ms);
        tcn_q_int(&q, run->ends_ms);
        tcn_q_int(&q, run->is_essential);
        tcn_q_int(&q, run->is_stopped);
        tcn_q_text(&q, run->path);
        r = tcn_query_add(&q, 0, NULL, err);
    }
    tcn_buf_done(&plan);
    return r;
}

static int put_page(struct tcn_store *s, const struct tcn_id *incident, int64_t engagement_no,
                    const struct tcn_page *page, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, PAGE_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, incident);
    tcn_q_int(&q, engagement_no);
    tcn_q_int(&q, page->no);
    tcn_q_id(&q, &page->id);
    tcn_q_int(&q, page->run_no);
    tcn_q_text(&q, page->contact);
    tcn_q_text(&q, page->channel);
    tcn_q_int(&q, page->retry_ms);
    tcn_q_int(&q, page->first_ms);
    tcn_q_int(&q, page->stage_end_ms);
    tcn_q_int(&q, page->next_send_ms);
    tcn_q_int(&q, page->sends);
    tcn_q_int(&q, page->sent_ms);
    tcn_q_int(&q, page->delivered_ms);
    tcn_q_int(&q, page->read_ms);
    tcn_q_text(&q, page->accept_code);
    tcn_q_int(&q, page->lost_ms);
    return tcn_query_add(&q, 0, NULL, err);
}

int tcn_store_engagement_put(struct tcn_store *s, struct tcn_id incident,
                             const struct tcn_engagement *e, struct tcn_err *err)
{
    int r = put_engagement(s, &incident, e, err);

    for (size_t i = 0; r == 0 && i < e->n_runs; i++)
        r = put_run(s, &incident, e->no, &e->runs[i], err);
    for (size_t i = 0; r == 0 && i < e->n_pages; i++)
        r = put_page(s, &incident, e->no, &e->pages[i], err);
    return r;
}

/* -- reading ------------------------------------------------------------------------------------------------ */

static int read_engagement(struct tcn_query *q, struct tcn_arena *a, struct tcn_engagement *ret,
                           struct tcn_err *err)
{
    int r;

    ret->no = tcn_c_int(q);
    ret->id = tcn_c_id(q);
    ret->contact = tcn_c_text(q, a);
    ret->type = (enum tcn_contact_type)tcn_c_int(q);
    ret->start_ms = tcn_c_int(q);
    ret->stop_ms = tcn_c_int(q);
    if ((r = tcn_unpack_plan(tcn_c_view(q), a, &ret->plan, err)) < 0)
        return r;
    ret->next_stage = (size_t)tcn_c_int(q);
    ret->next_stage_ms = tcn_c_int(q);
    ret->progression_stopped = tcn_c_int(q) != 0;
    return tcn_query_row_ok(q, err);
}

static int read_run(struct tcn_query *q, struct tcn_arena *a, struct tcn_run *ret,
                    struct tcn_err *err)
{
    int r;

    ret->no = tcn_c_int(q);
    ret->contact = tcn_c_text(q, a);
    if ((r = tcn_unpack_plan(tcn_c_view(q), a, &ret->plan, err)) < 0)
        return r;
    ret->start_ms = tcn_c_int(q);
    ret->next_stage = (size_t)tcn_c_int(q);
    ret->next_stage_ms = tcn_c_int(q);
    ret->ends_ms = tcn_c_int(q);
    ret->is_essential = tcn_c_int(q) != 0;
    ret->is_stopped = tcn_c_int(q) != 0;
    ret->path = tcn_c_text(q, a);
    return 0;
}

static int read_page(struct tcn_query *q, struct tcn_arena *a, struct tcn_page *ret,
                     struct tcn_err *err)
{
    ret->no = tcn_c_int(q);
    ret->id = tcn_c_id(q);
    ret->run_no = tcn_c_int(q);
    ret->contact = tcn_c_text(q, a);
    ret->channel = tcn_c_text(q, a);
    ret->retry_ms = tcn_c_int(q);
    ret->first_ms = tcn_c_int(q);
    ret->stage_end_ms = tcn_c_int(q);
    ret->next_send_ms = tcn_c_int(q);
    ret->sends = tcn_c_int(q);
    ret->sent_ms = tcn_c_int(q);
    ret->delivered_ms = tcn_c_int(q);
    ret->read_ms = tcn_c_int(q);
    tcn_c_array(q, ret->accept_code, sizeof ret->accept_code);
    ret->lost_ms = tcn_c_int(q);
    return tcn_query_row_ok(q, err);
}

/* Runs and pages come in the order of the engagements, so one walk finds each its owner; NULL: there is none. */
static struct tcn_engagement *owner(struct tcn_engagement *list, size_t n, size_t *at, int64_t no)
{
    while (*at < n && list[*at].no < no)
        ++*at;
    return *at < n && list[*at].no == no ? &list[*at] : NULL;
}

static int orphan(struct tcn_err *err)
{
    return tcn_fail(err, TCN_EIO,
                    "the store has a page or run without its engagement; restore it "
                    "from a backup");
}

static int load_runs(struct tcn_store *s, const struct tcn_id *incident, struct tcn_arena *a,
                     struct tcn_engagement *list, size_t n, struct tcn_err *err)
{
    struct tcn_engagement *e;
    struct tcn_query q;
    size_t at = 0;
    int r;

    if ((r = start(s, RUN_LIST, &q, err)) < 0)
        return r;
    tcn_q_id(&q, incident);
    while ((r = tcn_query_step(&q, err)) == 1) {
        if (!(e = owner(list, n, &at, tcn_c_int(&q)))) {
            r = orphan(err);
            break;
        }
        e->runs = tcn_vec_grow(a, e->runs, e->n_runs, &e->size_runs, sizeof *e->runs);
        if ((r = read_run(&q, a, &e->runs[e->n_runs++], err)) < 0)
            break;
    }
    tcn_query_done(&q);
    return r;
}

static int load_pages(struct tcn_store *s, const struct tcn_id *incident, struct tcn_arena *a,
                      struct tcn_engagement *list, size_t n, struct tcn_err *err)
{
    struct tcn_engagement *e;
    struct tcn_query q;
    size_t at = 0;
    int r;

    if ((r = start(s, PAGE_LIST, &q, err)) < 0)
        return r;
    tcn_q_id(&q, incident);
    while ((r = tcn_query_step(&q, err)) == 1) {
        if (!(e = owner(list, n, &at, tcn_c_int(&q)))) {
            r = orphan(err);
            break;
        }
        e->pages = tcn_vec_grow(a, e->pages, e->n_pages, &e->size_pages, sizeof *e->pages);
        if ((r = read_page(&q, a, &e->pages[e->n_pages++], err)) < 0)
            break;
    }
    tcn_query_done(&q);
    return r;
}

int tcn_store_engagement_list(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *a,
                              struct tcn_engagement **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_engagement) list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, ENGAGEMENT_LIST, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    while ((r = tcn_query_step(&q, err)) == 1)
        if ((r = read_engagement(&q, a, TCN_VEC_PUSH(a, &list), err)) < 0)
            break;
    tcn_query_done(&q);
    if (r < 0 || (r = load_runs(s, &incident, a, list.items, list.n, err)) < 0 ||
        (r = load_pages(s, &incident, a, list.items, list.n, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int tcn_store_page_incident(struct tcn_store *s, struct tcn_id page, struct tcn_id *ret_incident,
                            struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, PAGE_INCIDENT, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &page);
    if ((r = tcn_query_one(&q, err, "page")) == 0) {
        *ret_incident = tcn_c_id(&q);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}
