#include "api/v1_nodes.h"
#include "api/json.h"
#include "api/v1_query.h"

static const char *const states[] = {[TCN_PEER_ALIVE] = "alive",
                                     [TCN_PEER_TAKEN_OVER] = "taken over",
                                     [TCN_PEER_STOPPED] = "stopped"};

static json_t *peer_json(const struct tcn_peer *p)
{
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:I, s:s, s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:I}", "name", p->name,
        "region", tcn_json_text(p->region), "version", tcn_json_text(p->version), "config",
        tcn_json_text(p->config), "epoch", (json_int_t)p->epoch, "state", states[p->state],
        "answered", p->is_self, "started_at", tcn_json_time(p->started_ms), "last_contact_at",
        tcn_json_time(p->seen_ms), "ended_at", tcn_json_time(p->ended_ms), "taken_over_by",
        tcn_json_text(p->ended_by), "sends_in_flight", (json_int_t)p->n_sends, "links_held",
        (json_int_t)p->n_links, "notices_in_flight", (json_int_t)p->n_notices);
}

static json_t *known(const char *text)
{
    return tcn_json_text(*text ? text : NULL);
}

static json_t *number(int64_t value)
{
    return value ? json_integer(value) : json_null();
}

static json_t *database_json(const struct tcn_database *d)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "engine", d->engine, "version",
                     known(d->version), "role", known(d->role), "host", known(d->host),
                     "system_identifier", known(d->system_id), "timeline", number(d->timeline),
                     "schema", number(d->schema), "promotions_seen", (json_int_t)d->promotions);
}

json_t *tcn_v1_nodes_json(const struct tcn_v1_nodes *is)
{
    json_t *items = json_array();

    for (size_t i = 0; i < is->n; i++)
        json_array_append_new(items, peer_json(&is->peers[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "items", items, "next", json_null(), "as_of",
                     tcn_json_time(is->as_of_ms), "database", database_json(&is->database),
                     "trouble", tcn_json_text(is->trouble));
}

int tcn_v1_nodes(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_v1_nodes is = {.as_of_ms = call->now_ms};
    struct tcn_peer *peers = NULL;
    int r;

    if ((r = tcn_store_peer_list(s, call->arena, &peers, &is.n, err)) < 0 ||
        (r = tcn_store_peer_work(s, peers, is.n, err)) < 0)
        return r;
    is.peers = peers;
    tcn_store_database(s, &is.database);
    return tcn_v1_answer(call, tcn_v1_nodes_json(&is));
}
