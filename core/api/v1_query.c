/* Queries of the native API, answered inside a store job. */
#include "api/v1_query.h"
#include "api/json.h"

#include <assert.h>

#define PAGE_DEFAULT 50
#define PAGE_MAX 200
#define EVENTS_MAX 1000       /* ssm-incidents quota of an incident */
#define DATA_BYTES (2u << 20) /* of all events of a timeline; those beyond have "data": null */

static int answer(struct tcn_api_call *call, json_t *reply)
{
    assert(!call->reply);
    call->status = 200;
    call->reply = reply;
    return 0;
}

static json_t *list_reply(json_t *items, json_t *next)
{
    return json_pack("{s:o, s:o}", "items", items, "next", next);
}

static int read_limit(struct tcn_api_call *call, size_t *ret)
{
    const char *text = tcn_api_query(call, "limit");
    uint64_t value = PAGE_DEFAULT;

    if (text && (tcn_str_u64(tcn_str(text), PAGE_MAX, &value) < 0 || value == 0))
        return tcn_api_refuse(call, 400, "bad_request", "limit",
                              "limit must be a number from 1 to %d", PAGE_MAX),
               -1;
    *ret = (size_t)value;
    return 0;
}

static int read_filter(struct tcn_api_call *call, struct tcn_incident_filter *ret)
{
    const char *status = tcn_api_query(call, "status"), *next = tcn_api_query(call, "next");

    ret->dedupe_string = tcn_api_query(call, "dedupe");
    if (status && strcmp(status, "OPEN") == 0)
        ret->status = TCN_STATUS_OPEN;
    else if (status && strcmp(status, "RESOLVED") == 0)
        ret->status = TCN_STATUS_RESOLVED;
    else if (status)
        return tcn_api_refuse(call, 400, "bad_request", "status",
                              "status must be OPEN or RESOLVED"),
               -1;
    if (next && tcn_id_parse(tcn_str(next), &ret->before) < 0)
        return tcn_api_refuse(call, 400, "bad_request", "next",
                              "next must be the \"next\" of an earlier answer"),
               -1;
    return read_limit(call, &ret->limit);
}

int tcn_v1_incidents(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_incident_filter filter = {0};
    struct tcn_incident *rows = NULL;
    json_t *items, *next = json_null();
    size_t n = 0, wanted;
    int r;

    if (read_filter(call, &filter) < 0)
        return 0;
    wanted = filter.limit++;
    if ((r = tcn_store_incident_list(s, &filter, call->arena, &rows, &n, err)) < 0)
        return r;
    if (n > wanted) {
        n = wanted;
        next = tcn_json_id(rows[n - 1].id);
    }
    items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, tcn_json_incident(&rows[i], call->account_id));
    return answer(call, list_reply(items, next));
}

/* An event can carry the alarm as it was received; a thousand of those are more than anybody reads at once. */
static void cut_data(struct tcn_event *event, size_t *left)
{
    size_t n = event->data ? strlen(event->data) : 0;

    if (n > *left)
        event->data = NULL;
    else
        *left -= n;
}

static int add_timeline(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                        json_t *ret, struct tcn_err *err)
{
    struct tcn_event *events = NULL;
    json_t *list;
    size_t n = 0, left = DATA_BYTES;
    int r = tcn_store_event_list(s, id, 0, EVENTS_MAX, call->arena, &events, &n, err);

    if (r < 0)
        return r;
    list = json_array();
    for (size_t i = 0; i < n; i++) {
        cut_data(&events[i], &left);
        json_array_append_new(list, tcn_json_event(&events[i]));
    }
    return json_object_set_new(ret, "timeline", list);
}

static int page_json(struct tcn_api_call *call, struct tcn_store *s, const struct tcn_page *page,
                     json_t *list, struct tcn_err *err)
{
    struct tcn_receipt *receipts = NULL;
    json_t *object, *array;
    size_t n = 0;
    int r = tcn_store_receipt_list(s, page->id, call->arena, &receipts, &n, err);

    if (r < 0)
        return r;
    object = tcn_json_page(page);
    array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, tcn_json_receipt(&receipts[i]));
    json_object_set_new(object, "receipts", array);
    return json_array_append_new(list, object);
}

static int add_engagements(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                           json_t *ret, struct tcn_err *err)
{
    struct tcn_engagement *rows = NULL;
    json_t *list = json_array();
    size_t n = 0;
    int r = tcn_store_engagement_list(s, id, call->arena, &rows, &n, err);

    for (size_t i = 0; i < n && r == 0; i++) {
        json_t *pages = json_array();

        for (size_t p = 0; p < rows[i].n_pages && r == 0; p++)
            r = page_json(call, s, &rows[i].pages[p], pages, err);
        json_array_append_new(list, tcn_json_engagement(&rows[i], pages));
    }
    json_object_set_new(ret, "engagements", list);
    return r;
}

static int add_links(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id, json_t *ret,
                     struct tcn_err *err)
{
    struct tcn_link *rows = NULL;
    json_t *list = json_array();
    size_t n = 0;
    int r = tcn_store_link_list(s, id, NULL, PAGE_MAX, call->arena, &rows, &n, err);

    for (size_t i = 0; i < n && r == 0; i++)
        json_array_append_new(list, tcn_json_link(&rows[i]));
    json_object_set_new(ret, "links", list);
    return r;
}

static int add_related(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                       json_t *ret, struct tcn_err *err)
{
    struct tcn_related_item *rows = NULL;
    json_t *list = json_array();
    size_t n = 0;
    int r = tcn_store_related_list(s, id, call->arena, &rows, &n, err);

    for (size_t i = 0; i < n && r == 0; i++)
        json_array_append_new(list, tcn_json_related(&rows[i]));
    json_object_set_new(ret, "related", list);
    return r;
}

int tcn_api_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                     struct tcn_err *err)
{
    struct tcn_incident incident = {0};
    json_t *ret;
    int r = tcn_store_incident_get(s, id, call->arena, &incident, err);

    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(call, 404, "not_found", "id", "there is no incident with this id");
    if (r < 0)
        return r;
    ret = tcn_json_incident(&incident, call->account_id);
    if ((r = add_timeline(call, s, id, ret, err)) < 0 ||
        (r = add_engagements(call, s, id, ret, err)) < 0 ||
        (r = add_links(call, s, id, ret, err)) < 0 ||
        (r = add_related(call, s, id, ret, err)) < 0) {
        json_decref(ret);
        return r;
    }
    return answer(call, ret);
}

int tcn_v1_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_id id;

    return tcn_api_id(call, &id) < 0 ? 0 : tcn_api_incident(call, s, id, err);
}

int tcn_v1_links(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_id none = {{0}};
    struct tcn_link *rows = NULL;
    json_t *items;
    size_t n = 0, limit = 0;
    int r;

    if (read_limit(call, &limit) < 0)
        return 0;
    r = tcn_store_link_list(s, none, tcn_api_query(call, "connector"), limit, call->arena, &rows,
                            &n, err);
    if (r < 0)
        return r;
    items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, tcn_json_link(&rows[i]));
    return answer(call, list_reply(items, json_null()));
}

int tcn_v1_deadletters(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_deadletter *rows = NULL;
    json_t *items;
    size_t n = 0, limit = 0;
    int r;

    if (read_limit(call, &limit) < 0)
        return 0;
    if ((r = tcn_store_deadletter_list(s, limit, call->arena, &rows, &n, err)) < 0)
        return r;
    items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, tcn_json_deadletter(&rows[i]));
    return answer(call, list_reply(items, json_null()));
}

static json_t *inbox_json(const struct tcn_inbox *row)
{
    json_t *body = json_stringn(row->body.ptr, row->body.len);

    return json_pack("{s:o, s:s, s:o, s:s?, s:s?, s:o}", "id", tcn_json_id(row->id), "source",
                     row->source, "received_at", tcn_json_time(row->received_ms), "peer", row->peer,
                     "note", row->note, "body", body ? body : json_null());
}

int tcn_v1_quarantine(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_inbox *rows = NULL;
    json_t *items;
    size_t n = 0, limit = 0;
    int r;

    if (read_limit(call, &limit) < 0)
        return 0;
    r = tcn_store_inbox_list(s, TCN_INBOX_QUARANTINED, limit, call->arena, &rows, &n, err);
    if (r < 0)
        return r;
    items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, inbox_json(&rows[i]));
    return answer(call, list_reply(items, json_null()));
}
