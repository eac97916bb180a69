/* Lists of the native API, page by page: an answer's "next" asks for the page after it. */
#include "api/json.h"
#include "api/v1_query.h"

#include <assert.h>
#include <inttypes.h>

#define PAGE_DEFAULT 50
#define PAGE_MAX 200

int tcn_v1_answer(struct tcn_api_call *call, json_t *reply)
{
    assert(!call->reply);
    call->status = 200;
    call->reply = reply;
    return 0;
}

static int list_answer(struct tcn_api_call *call, json_t *items, json_t *next)
{
    return tcn_v1_answer(call, json_pack("{s:o, s:o}", "items", items, "next", next));
}

int tcn_v1_limit(struct tcn_api_call *call, size_t *ret)
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

int tcn_v1_refuse_next(struct tcn_api_call *call)
{
    return tcn_api_refuse(call, 400, "bad_request", "next",
                          "next must be the \"next\" of an earlier answer"),
           -1;
}

/* One row more than wanted was asked for: it tells that there is a next page. */
static bool is_cut(size_t *n, size_t wanted)
{
    if (*n <= wanted)
        return false;
    *n = wanted;
    return true;
}

/* -- numbers of rows as tokens -------------------------------------------------------------------------------- */

static int read_number(struct tcn_api_call *call, int64_t *ret)
{
    const char *next = tcn_api_query(call, "next");
    uint64_t value = 0;

    if (next && (tcn_str_u64(tcn_str(next), INT64_MAX, &value) < 0 || value == 0))
        return tcn_v1_refuse_next(call);
    *ret = (int64_t)value;
    return 0;
}

static json_t *number_token(int64_t number)
{
    return json_sprintf("%" PRId64, number);
}

/* -- events of an incident ------------------------------------------------------------------------------------ */

/* An event can carry the alarm as it was received; a thousand of those are more than anybody reads at once. */
void tcn_v1_cut_data(struct tcn_event *event, size_t *left)
{
    size_t n = event->data ? strlen(event->data) : 0;

    if (n > *left)
        event->data = NULL;
    else
        *left -= n;
}

int tcn_v1_newest_events(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id incident,
                         int64_t before_seq, size_t limit, json_t **ret_items, json_t **ret_next,
                         struct tcn_err *err)
{
    struct tcn_event *events = NULL;
    size_t n = 0, left = TCN_V1_DATA_BYTES;
    int r =
        tcn_store_event_newest(s, incident, before_seq, limit + 1, call->arena, &events, &n, err);

    if (r < 0)
        return r;
    *ret_next = is_cut(&n, limit) ? number_token(events[n - 1].seq) : json_null();
    *ret_items = json_array();
    for (size_t i = 0; i < n; i++) {
        tcn_v1_cut_data(&events[i], &left);
        json_array_append_new(*ret_items, tcn_json_event(&events[i]));
    }
    return 0;
}

/* False: the call is answered with 404. */
static int find_incident(struct tcn_api_call *call, struct tcn_store *s, struct tcn_id id,
                         bool *ret_is_there, struct tcn_err *err)
{
    struct tcn_incident incident;
    int r = tcn_store_incident_get(s, id, call->arena, &incident, err);

    *ret_is_there = r == 0;
    return r == TCN_ENOTFOUND ? tcn_v1_no_incident(call) : r;
}

int tcn_v1_events(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    json_t *items = NULL, *next = NULL;
    size_t limit = 0;
    int64_t before = 0;
    struct tcn_id id;
    bool is_there;
    int r;

    if (tcn_api_id(call, &id) < 0 || tcn_v1_limit(call, &limit) < 0 ||
        read_number(call, &before) < 0)
        return 0;
    if ((r = find_incident(call, s, id, &is_there, err)) < 0 || !is_there ||
        (r = tcn_v1_newest_events(call, s, id, before, limit, &items, &next, err)) < 0)
        return r;
    return list_answer(call, items, next);
}

/* -- alarms of a storm ---------------------------------------------------------------------------------------- */

int tcn_v1_alarms(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_storm_alarm *rows = NULL;
    struct tcn_id id, before = {{0}};
    size_t n = 0, limit = 0;
    json_t *items, *token;
    bool is_there;
    int r;

    if (tcn_api_id(call, &id) < 0 || tcn_v1_limit(call, &limit) < 0)
        return 0;
    if (next && tcn_id_parse(tcn_str(next), &before) < 0)
        return tcn_v1_refuse_next(call), 0;
    if ((r = find_incident(call, s, id, &is_there, err)) < 0 || !is_there)
        return r;
    r = tcn_store_storm_alarm_list(s, id, before, limit + 1, call->arena, &rows, &n, err);
    if (r < 0)
        return r;
    token = is_cut(&n, limit) ? tcn_json_id(rows[n - 1].id) : json_null();
    items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, tcn_json_storm_alarm(&rows[i]));
    return list_answer(call, items, token);
}

/* -- dead letters --------------------------------------------------------------------------------------------- */

/* Time and id: the letter itself may be retried or dropped before the next page is asked for. */
static json_t *letter_token(const struct tcn_deadletter *letter)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(letter->id, id);
    return json_sprintf("%" PRId64 ".%s", letter->at_ms, id);
}

static int read_letter_token(struct tcn_api_call *call, struct tcn_deadletter *before,
                             const struct tcn_deadletter **ret)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_str rest = next ? tcn_str(next) : (struct tcn_str){0}, at;
    uint64_t at_ms;

    if (!next)
        return 0;
    if (!tcn_str_cut(&rest, '.', &at) || tcn_str_u64(at, INT64_MAX, &at_ms) < 0 ||
        tcn_id_parse(rest, &before->id) < 0)
        return tcn_v1_refuse_next(call);
    before->at_ms = (int64_t)at_ms;
    *ret = before;
    return 0;
}

int tcn_v1_deadletters(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    const struct tcn_deadletter *before = NULL;
    struct tcn_deadletter last, *rows = NULL;
    json_t *items, *next;
    size_t n = 0, limit = 0;
    int r;

    if (tcn_v1_limit(call, &limit) < 0 || read_letter_token(call, &last, &before) < 0)
        return 0;
    r = tcn_store_deadletter_list(s, before, limit + 1, call->arena, &rows, &n, err);
    if (r < 0)
        return r;
    next = is_cut(&n, limit) ? letter_token(&rows[n - 1]) : json_null();
    items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, tcn_json_deadletter(&rows[i]));
    return list_answer(call, items, next);
}

/* -- subscriptions of SNS ------------------------------------------------------------------------------------- */

/* A source's name has no dot. */
static json_t *subscription_token(const struct tcn_subscription *row)
{
    return json_sprintf("%s.%s", row->source, row->topic);
}

static int read_subscription_token(struct tcn_api_call *call, struct tcn_subscription *ret)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_str rest = next ? tcn_str(next) : (struct tcn_str){0}, source;

    *ret = (struct tcn_subscription){.source = "", .topic = ""};
    if (!next)
        return 0;
    if (!tcn_str_cut(&rest, '.', &source))
        return tcn_v1_refuse_next(call);
    ret->source = tcn_arena_str(call->arena, source).ptr;
    ret->topic = tcn_arena_str(call->arena, rest).ptr;
    return 0;
}

int tcn_v1_subscriptions(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_subscription after, *rows = NULL;
    json_t *items, *next;
    size_t n = 0, limit = 0;
    int r;

    if (tcn_v1_limit(call, &limit) < 0 || read_subscription_token(call, &after) < 0)
        return 0;
    r = tcn_store_subscription_list(s, &after, limit + 1, call->arena, &rows, &n, err);
    if (r < 0)
        return r;
    next = is_cut(&n, limit) ? subscription_token(&rows[n - 1]) : json_null();
    items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, tcn_json_subscription(&rows[i]));
    return list_answer(call, items, next);
}

/* -- quarantine ----------------------------------------------------------------------------------------------- */

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
    json_t *items, *next;
    size_t n = 0, limit = 0;
    int64_t after = 0;
    int r;

    if (tcn_v1_limit(call, &limit) < 0 || read_number(call, &after) < 0)
        return 0;
    r = tcn_store_inbox_list(s, TCN_INBOX_QUARANTINED, after, limit + 1, call->arena, &rows, &n,
                             err);
    if (r < 0)
        return r;
    next = is_cut(&n, limit) ? number_token(rows[n - 1].no) : json_null();
    items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, inbox_json(&rows[i]));
    return list_answer(call, items, next);
}
