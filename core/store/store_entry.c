/* Notes of remote records that became events. */
#include "store/feeds.h"
#include "store/internal.h"

enum { ENTRY_PUT, ENTRY_GET };
#define COLUMNS "id, link, incident, event, hash, at_ms"
static const char *const sql[] = {
    [ENTRY_PUT] =
        "INSERT INTO entries (account_id, epoch, " COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6,"
        " $7, $8) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch,"
        " event = excluded.event, hash = excluded.hash, at_ms = excluded.at_ms"
        " WHERE entries.account_id = excluded.account_id",
    [ENTRY_GET] = "SELECT " COLUMNS " FROM entries WHERE account_id = $1 AND id = $2",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_ENTRY, no, sql[no], ret, err);
}

struct tcn_id tcn_entry_id(struct tcn_id link, const char *remote_entry)
{
    return tcn_id_child(link, remote_entry, 0);
}

int tcn_store_entry_put(struct tcn_store *s, const struct tcn_entry *entry, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, ENTRY_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &entry->id);
    tcn_q_id(&q, &entry->link);
    tcn_q_id(&q, &entry->incident);
    tcn_q_id(&q, &entry->event);
    tcn_q_text(&q, entry->hash);
    tcn_q_int(&q, entry->at_ms);
    return tcn_query_add(&q, 1, "the note belongs to another account", err);
}

int tcn_store_entry_get(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                        struct tcn_entry *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, ENTRY_GET, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &id);
    if ((r = tcn_query_one(&q, err, "note")) == 0) {
        ret->id = tcn_c_id(&q);
        ret->link = tcn_c_id(&q);
        ret->incident = tcn_c_id(&q);
        ret->event = tcn_c_id(&q);
        ret->hash = tcn_c_text(&q, a);
        ret->at_ms = tcn_c_int(&q);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}
