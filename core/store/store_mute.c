/* Mutes that people made. */
#include "store/internal.h"

#include "base/vec.h"
#include "base/xalloc.h"
#include "store/pack.h"

#include <stdlib.h>

enum { MUTE_ADD, MUTE_END, MUTE_LIST, MUTE_TRIM };
#define COLUMNS "id, matchers, owner, comment, created_by, created_ms, start_ms, end_ms"
static const char *const sql[] = {
    [MUTE_ADD] = "INSERT INTO mutes (account_id, epoch, " COLUMNS
                 ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    [MUTE_END] = "UPDATE mutes SET epoch = $2, end_ms = $4"
                 " WHERE account_id = $1 AND id = $3 AND end_ms > $4",
    [MUTE_LIST] = "SELECT " COLUMNS " FROM mutes WHERE account_id = $1 AND end_ms > $2"
                  " ORDER BY end_ms, id LIMIT $3",
    [MUTE_TRIM] = "DELETE FROM mutes WHERE account_id = $1 AND end_ms <= $2",
};

/* Every alarm asks for them. What this store changes is known at once, what other nodes change after AGE_MS. */
#define AGE_MS 1000
#define ARENA (16u << 20)

struct tcn_mute_cache {
    struct tcn_arena arena;
    struct tcn_mutes list;
    int64_t read_ms;
    bool is_valid;
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_MUTE, no, sql[no], ret, err);
}

void tcn_store_mutes_forget(struct tcn_store *s)
{
    if (s->mutes)
        s->mutes->is_valid = false;
}

void tcn_store_mutes_free(struct tcn_store *s)
{
    if (s->mutes)
        tcn_arena_done(&s->mutes->arena);
    free(s->mutes);
    s->mutes = NULL;
}

int tcn_store_mute_add(struct tcn_store *s, const struct tcn_mute *mute, struct tcn_err *err)
{
    struct tcn_buf matchers = {0};
    struct tcn_query q;
    int r;

    if ((r = tcn_pack_match(&mute->match, &matchers, err)) == 0 &&
        (r = start(s, MUTE_ADD, &q, err)) == 0) {
        tcn_q_epoch(&q);
        tcn_q_id(&q, &mute->id);
        tcn_q_packed(&q, &matchers);
        tcn_q_text(&q, mute->owner);
        tcn_q_text(&q, mute->comment);
        tcn_q_text(&q, mute->created_by);
        tcn_q_int(&q, mute->created_ms);
        tcn_q_int(&q, mute->start_ms);
        tcn_q_int(&q, mute->end_ms);
        r = tcn_query_run(&q, err);
    }
    tcn_store_mutes_forget(s);
    tcn_buf_done(&matchers);
    return r;
}

int tcn_store_mute_end(struct tcn_store *s, struct tcn_id id, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int64_t n = 0;
    int r;

    if ((r = start(s, MUTE_END, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &id);
    tcn_q_int(&q, now_ms);
    tcn_store_mutes_forget(s);
    if ((r = tcn_query_run_count(&q, &n, err)) < 0)
        return r;
    return n > 0 ? 0 : tcn_fail(err, TCN_ENOTFOUND, "there is no such mute that has not ended");
}

static int read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_mute *ret,
                    struct tcn_err *err)
{
    int r;

    *ret = (struct tcn_mute){.id = tcn_c_id(q)};
    if ((r = tcn_unpack_match(tcn_c_view(q), a, &ret->match, err)) < 0)
        return r;
    ret->owner = tcn_c_text(q, a);
    ret->comment = tcn_c_text(q, a);
    ret->created_by = tcn_c_text(q, a);
    ret->created_ms = tcn_c_int(q);
    ret->start_ms = tcn_c_int(q);
    ret->end_ms = tcn_c_int(q);
    return 0;
}

int tcn_store_mute_list(struct tcn_store *s, int64_t now_ms, size_t limit, struct tcn_arena *a,
                        struct tcn_mute **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_mute) rows = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, MUTE_LIST, &q, err)) < 0)
        return r;
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, (int64_t)limit);
    while ((r = tcn_query_step(&q, err)) == 1)
        if ((r = read_row(&q, a, TCN_VEC_PUSH(a, &rows), err)) < 0)
            break;
    tcn_query_done(&q);
    *ret = rows.items;
    *ret_n = rows.n;
    return r < 0 ? r : tcn_query_row_ok(&q, err);
}

static bool is_fresh(const struct tcn_store *s, int64_t now_ms)
{
    const struct tcn_mute_cache *c = s->mutes;

    if (!c->is_valid)
        return false;
    return !tcn_store_is_shared(s) || (now_ms >= c->read_ms && now_ms - c->read_ms < AGE_MS);
}

static int read_again(struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_mute_cache *c = s->mutes;
    struct tcn_mute *rows = NULL;
    size_t n = 0;
    int r;

    c->is_valid = false;
    tcn_arena_reset(&c->arena);
    if ((r = tcn_store_mute_list(s, now_ms, TCN_MUTES_MAX, &c->arena, &rows, &n, err)) < 0)
        return r;
    c->list = (struct tcn_mutes){rows, n};
    c->read_ms = now_ms;
    c->is_valid = true;
    return 0;
}

int tcn_store_mutes(struct tcn_store *s, int64_t now_ms, const struct tcn_mutes **ret,
                    struct tcn_err *err)
{
    int r;

    if (!s->mutes) {
        s->mutes = tcn_xcalloc(1, sizeof *s->mutes);
        tcn_arena_init(&s->mutes->arena, ARENA);
    }
    if (!is_fresh(s, now_ms) && (r = read_again(s, now_ms, err)) < 0)
        return r;
    *ret = &s->mutes->list;
    return 0;
}

int tcn_store_mute_trim(struct tcn_store *s, int64_t before_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, MUTE_TRIM, &q, err)) < 0)
        return r;
    tcn_q_int(&q, before_ms);
    return tcn_query_run(&q, err);
}
