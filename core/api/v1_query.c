/* One incident with all that belongs to it. */
#include "api/v1_query.h"
#include "api/json.h"

#define EVENTS_MAX                                                                                 \
    1000 /* ssm-incidents quota of an incident; the newest are the ones that people look for */
#define LINKS_MAX 200

static int add_timeline(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                        json_t *ret, struct tcn_err *err)
{
    json_t *newest = NULL, *next = NULL, *list;
    int r = tcn_v1_newest_events(call, s, id, 0, EVENTS_MAX, &newest, &next, err);

    if (r < 0)
        return r;
    list = json_array();
    for (size_t i = json_array_size(newest); i > 0; i--)
        json_array_append(list, json_array_get(newest, i - 1));
    json_decref(newest);
    json_object_set_new(ret, "timeline", list);
    return json_object_set_new(ret, "events_next", next);
}

/* The engine's times are numbers. */
static json_t *tell_times(json_t *path)
{
    for (size_t i = 0; i < json_array_size(path); i++) {
        json_t *node = json_array_get(path, i), *until = json_object_get(node, "until");

        if (json_is_integer(until))
            json_object_set_new(node, "until", tcn_json_time(json_integer_value(until)));
    }
    return path;
}

/* From what was engaged to the person: [{"contact", "type", "stage", ...}]. */
static json_t *path_of(const struct tcn_engagement *e, const struct tcn_page *page)
{
    for (size_t i = 0; i < e->n_runs; i++)
        if (e->runs[i].no == page->run_no && e->runs[i].path)
            return tell_times(json_loads(e->runs[i].path, 0, NULL));
    return NULL;
}

static int page_json(struct tcn_api_call *call, struct tcn_store *s, const struct tcn_engagement *e,
                     const struct tcn_page *page, json_t *list, struct tcn_err *err)
{
    struct tcn_receipt *receipts = NULL;
    json_t *object, *array, *path;
    size_t n = 0;
    int r = tcn_store_receipt_list(s, page->id, call->arena, &receipts, &n, err);

    if (r < 0)
        return r;
    object = tcn_json_page(page);
    array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, tcn_json_receipt(&receipts[i]));
    json_object_set_new(object, "receipts", array);
    path = path_of(e, page);
    json_object_set_new(object, "resolution", path ? path : json_null());
    return json_array_append_new(list, object);
}

int tcn_v1_pages(struct tcn_api_call *call, struct tcn_store *s, const struct tcn_engagement *e,
                 json_t *list, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < e->n_pages && r == 0; i++)
        r = page_json(call, s, e, &e->pages[i], list, err);
    return r;
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

        r = tcn_v1_pages(call, s, &rows[i], pages, err);
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
    int r = tcn_store_link_list(s, id, LINKS_MAX, call->arena, &rows, &n, err);

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

int tcn_v1_no_incident(struct tcn_api_call *call)
{
    return tcn_api_refuse(call, 404, "not_found", "id", "there is no incident with this id");
}

int tcn_api_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                     struct tcn_err *err)
{
    struct tcn_incident incident = {0};
    json_t *ret;
    int r = tcn_store_incident_get(s, id, call->arena, &incident, err);

    if (r == TCN_ENOTFOUND)
        return tcn_v1_no_incident(call);
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
    return tcn_v1_answer(call, ret);
}

/* Deployments and changes of stacks around the incident, in ssm-incidents. There is nothing here that could find any. */
int tcn_v1_findings(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_incident incident;
    struct tcn_id id;
    int r;

    if (tcn_api_id(call, &id) < 0)
        return 0;
    r = tcn_store_incident_get(s, id, call->arena, &incident, err);
    if (r == TCN_ENOTFOUND)
        return tcn_v1_no_incident(call);
    return r < 0 ? r : tcn_v1_answer(call, json_pack("{s:[]}", "findings"));
}

int tcn_v1_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_id id;

    return tcn_api_id(call, &id) < 0 ? 0 : tcn_api_incident(call, s, id, err);
}
