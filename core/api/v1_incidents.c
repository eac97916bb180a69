/* The list of incidents: by the order of their ids, or by what ssm-incidents filters by. */
#include "api/json.h"
#include "api/v1_query.h"

struct wanted {
    enum tcn_incident_status status;
    const char *dedupe;
    struct tcn_id before; /* of the token; zero = none */
    size_t limit;
    struct tcn_incident_search search; /* what is common is above */
    bool is_search;
    const char *creators[TCN_V1_WORDS];
    struct tcn_incident_place from;
};

/* -- the query ---------------------------------------------------------------------------------------------------- */

static int read_status(struct tcn_api_call *call, enum tcn_incident_status *ret)
{
    const char *status = tcn_api_query(call, "status");

    if (status && strcmp(status, "OPEN") == 0)
        *ret = TCN_STATUS_OPEN;
    else if (status && strcmp(status, "RESOLVED") == 0)
        *ret = TCN_STATUS_RESOLVED;
    else if (status)
        return tcn_v1_refuse(call, "status", "status must be OPEN or RESOLVED");
    return 0;
}

static int read_impacts(struct tcn_api_call *call, unsigned *ret)
{
    const char *words[TCN_V1_WORDS];
    size_t n;

    if (tcn_v1_words(call, "impact", words, &n) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        uint64_t impact = 0;

        if (tcn_str_u64(tcn_str(words[i]), TCN_IMPACT_MAX, &impact) < 0 || impact == 0)
            return tcn_v1_refuse(call, "impact",
                                 "impact must be numbers from 1 (critical) to 5 (none), as 1,2");
        *ret |= 1u << impact;
    }
    return 0;
}

static int read_search(struct tcn_api_call *call, struct wanted *w)
{
    struct tcn_incident_search *s = &w->search;

    s->creators = w->creators;
    if (read_impacts(call, &s->impacts) < 0 ||
        tcn_v1_words(call, "created_by", w->creators, &s->n_creators) < 0 ||
        tcn_v1_bound(call, "created_after", &s->after_ms) < 0 ||
        tcn_v1_bound(call, "created_before", &s->before_ms) < 0)
        return -1;
    w->is_search = s->impacts != 0 || s->n_creators > 0 || s->after_ms != 0 || s->before_ms != 0;
    if (w->is_search && w->dedupe)
        return tcn_v1_refuse(
            call, "dedupe",
            "dedupe goes with status alone: incidents of one dedupe string are few");
    return 0;
}

static int read_wanted(struct tcn_api_call *call, struct wanted *ret)
{
    const char *next = tcn_api_query(call, "next");

    ret->dedupe = tcn_api_query(call, "dedupe");
    if (read_status(call, &ret->status) < 0)
        return -1;
    if (next && tcn_id_parse(tcn_str(next), &ret->before) < 0)
        return tcn_v1_refuse_next(call);
    return tcn_v1_limit(call, &ret->limit) < 0 ? -1 : read_search(call, ret);
}

/* -- the rows ----------------------------------------------------------------------------------------------------- */

struct rows {
    struct tcn_incident *items;
    size_t n;
};

static int list(struct tcn_api_call *call, struct tcn_store *s, const struct wanted *w,
                struct rows *ret, struct tcn_err *err)
{
    const struct tcn_incident_filter filter = {.status = w->status,
                                               .dedupe_string = w->dedupe,
                                               .before = w->before,
                                               .limit = w->limit + 1};

    return tcn_store_incident_list(s, &filter, call->arena, &ret->items, &ret->n, err);
}

/* Incidents stay: where the last one of a page is, its id tells. */
static int find_place(struct tcn_api_call *call, struct tcn_store *s, struct wanted *w,
                      struct tcn_err *err)
{
    struct tcn_incident last;
    int r;

    if (tcn_id_is_zero(w->before))
        return 0;
    r = tcn_store_incident_get(s, w->before, call->arena, &last, err);
    if (r == TCN_ENOTFOUND)
        return tcn_v1_refuse_next(call), TCN_EINVALID;
    w->from = (struct tcn_incident_place){last.created_ms, w->before};
    w->search.from = &w->from;
    return r;
}

static int search(struct tcn_api_call *call, struct tcn_store *s, struct wanted *w,
                  struct rows *ret, struct tcn_err *err)
{
    int r = find_place(call, s, w, err);

    if (r < 0)
        return r;
    w->search.status = w->status;
    w->search.limit = w->limit + 1;
    return tcn_store_incident_search(s, &w->search, call->arena, &ret->items, &ret->n, err);
}

int tcn_v1_incidents(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct wanted w = {.limit = 0};
    struct rows rows = {NULL, 0};
    json_t *items, *next;
    int r;

    if (read_wanted(call, &w) < 0)
        return 0;
    r = w.is_search ? search(call, s, &w, &rows, err) : list(call, s, &w, &rows, err);
    if (r < 0)
        return call->reply ? 0 : r;
    next = rows.n > w.limit ? tcn_json_id(rows.items[w.limit - 1].id) : json_null();
    items = json_array();
    for (size_t i = 0; i < rows.n && i < w.limit; i++)
        json_array_append_new(items, tcn_json_incident(&rows.items[i], call->account_id));
    return tcn_v1_answer(call, json_pack("{s:o, s:o}", "items", items, "next", next));
}
