/* The timeline by the time when things happened, and the events that people and programs write into it. */
#include "api/json.h"
#include "api/v1_query.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

#define TYPE_MAX 100        /* ssm-incidents TimelineEventType */
#define REFERENCE_MAX 1000  /* Arn */
#define DATA_TEXT_MAX 12000 /* of a text in "data", before it is checked as JSON text */

/* -- requests ----------------------------------------------------------------------------------------------------- */

/* A text is one for people, too; anything else is data for programs. */
static int read_data(struct tcn_api_call *call, bool is_needed)
{
    json_t *value = json_object_get(call->body, "data"), *text = NULL;
    struct tcn_custom_event *e = &call->command.custom;
    char *dump;

    if (!value && is_needed)
        return tcn_v1_refuse(call, "data",
                             "\"data\" is missing: any JSON value, a text for example");
    if (!value)
        return 0;
    if (json_is_string(value)) {
        if (tcn_v1_text(call, "data", true, DATA_TEXT_MAX, &e->text) < 0)
            return -1;
        value = text = json_string(e->text);
    }
    dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(text);
    e->data = tcn_arena_strdup(call->arena, dump);
    free(dump);
    return 0;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* As eventReferences are written: {"resource": ARN} or {"relatedItemId": ID}. */
static int read_reference(struct tcn_api_call *call, const json_t *item,
                          struct tcn_event_reference *ret)
{
    const char *resource = text_of(item, "resource"), *related = text_of(item, "relatedItemId");

    if (json_object_size(item) != 1 || (!resource && !related))
        return tcn_v1_refuse(
            call, "references",
            "each of \"references\" is {\"resource\": ARN} or {\"relatedItemId\": ID}");
    ret->resource = tcn_arena_strdup(call->arena, resource);
    ret->related = tcn_arena_strdup(call->arena, related);
    return 0;
}

static int read_references(struct tcn_api_call *call)
{
    json_t *list = json_object_get(call->body, "references");
    struct tcn_custom_event *e = &call->command.custom;
    size_t n = json_array_size(list);
    struct tcn_event_reference *refs;

    if (!list)
        return 0;
    if (!json_is_array(list) || n > TCN_EVENT_REFERENCES_MAX)
        return tcn_v1_refuse(call, "references", "\"references\" is a list of at most 10");
    refs = TCN_NEW_N(call->arena, struct tcn_event_reference, n + 1);
    for (size_t i = 0; i < n; i++)
        if (read_reference(call, json_array_get(list, i), &refs[i]) < 0)
            return -1;
    e->has_references = true;
    e->references = refs;
    e->n_references = n;
    return 0;
}

static int check(struct tcn_api_call *call)
{
    const char *field = NULL;
    struct tcn_err err;

    return tcn_custom_event_check(&call->command.custom, &field, &err) < 0
               ? tcn_v1_refuse(call, field, err.msg)
               : 0;
}

static int read_event(struct tcn_api_call *call, bool is_new)
{
    static const char *const names[] = {"type", "at", "data", "references", "client_token", NULL};
    struct tcn_custom_event *e = &call->command.custom;

    e->actor = call->actor;
    if (tcn_v1_only(call, names) < 0 || tcn_v1_text(call, "type", false, TYPE_MAX, &e->type) < 0 ||
        tcn_v1_happened(call, "at", &e->event_ms) < 0 || read_data(call, is_new) < 0 ||
        read_references(call) < 0)
        return -1;
    return check(call) < 0 ? -1 : tcn_v1_client_token(call);
}

/* 404 as for an event that is not there. */
static int read_event_id(struct tcn_api_call *call, struct tcn_id *ret)
{
    if (call->path_part && tcn_id_parse(tcn_str(call->path_part), ret) == 0)
        return 0;
    tcn_api_refuse(call, 404, "not_found", "event", "the path has no id of an event");
    return -1;
}

int tcn_v1_event_create(struct tcn_api_call *call)
{
    return tcn_v1_on_incident(call, TCN_COMMAND_EVENT_CREATE) < 0 ? -1 : read_event(call, true);
}

int tcn_v1_event_update(struct tcn_api_call *call)
{
    const struct tcn_custom_event *e = &call->command.custom;

    if (tcn_v1_on_incident(call, TCN_COMMAND_EVENT_UPDATE) < 0 ||
        read_event_id(call, &call->command.event) < 0 || read_event(call, false) < 0)
        return -1;
    if (!e->type && e->event_ms == 0 && !e->data && !e->has_references)
        return tcn_v1_refuse(call, "data", "give \"type\", \"at\", \"data\" or \"references\"");
    return 0;
}

int tcn_v1_event_delete(struct tcn_api_call *call)
{
    static const char *const names[] = {NULL};

    if (tcn_v1_on_incident(call, TCN_COMMAND_EVENT_DELETE) < 0 || tcn_v1_only(call, names) < 0)
        return -1;
    return read_event_id(call, &call->command.event);
}

/* -- one event ---------------------------------------------------------------------------------------------------- */

int tcn_v1_event(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_id incident, id;
    struct tcn_event event;
    int r;

    if (tcn_api_id(call, &incident) < 0 || read_event_id(call, &id) < 0)
        return 0;
    r = tcn_store_event_find(s, incident, id, call->arena, &event, err);
    if (r == TCN_ENOTFOUND)
        return tcn_api_refuse(call, 404, "not_found", "event",
                              "the incident has no event with this id");
    return r < 0 ? r : tcn_v1_answer(call, tcn_json_event(&event));
}

/* -- the list ----------------------------------------------------------------------------------------------------- */

struct page {
    struct tcn_event_filter filter;
    const char *types[TCN_V1_WORDS], *references[TCN_V1_WORDS];
    struct tcn_event_place from;
};

/* Time and number: what is written or deleted between two pages moves nothing. */
static json_t *token_of(const struct tcn_event *event)
{
    return json_sprintf("%" PRId64 ".%" PRId64, event->event_ms, event->seq);
}

static int read_token(struct tcn_api_call *call, struct page *p)
{
    const char *next = tcn_api_query(call, "next");
    struct tcn_str rest = next ? tcn_str(next) : (struct tcn_str){0}, at;
    uint64_t at_ms, seq;

    if (!next)
        return 0;
    if (!tcn_str_cut(&rest, '.', &at) || tcn_str_u64(at, INT64_MAX, &at_ms) < 0 ||
        tcn_str_u64(rest, INT64_MAX, &seq) < 0)
        return tcn_v1_refuse_next(call);
    p->from = (struct tcn_event_place){(int64_t)at_ms, (int64_t)seq};
    p->filter.from = &p->from;
    return 0;
}

static int read_order(struct tcn_api_call *call, bool *ret_oldest_first)
{
    const char *order = tcn_api_query(call, "order");

    *ret_oldest_first = order && strcmp(order, "ASCENDING") == 0;
    if (order && !*ret_oldest_first && strcmp(order, "DESCENDING") != 0)
        return tcn_v1_refuse(call, "order", "order must be ASCENDING or DESCENDING");
    return 0;
}

static bool is_reference(struct tcn_str text)
{
    return tcn_str_starts(text, TCN_STR("arn:")) || tcn_str_starts(text, TCN_STR("related-item/"));
}

/* Up to a comma behind which another one begins: an ARN may have commas. */
static struct tcn_str cut_reference(struct tcn_str *rest)
{
    struct tcn_str all = *rest, behind = *rest, word;

    while (tcn_str_cut(&behind, ',', &word))
        if (is_reference(behind)) {
            *rest = behind;
            return (struct tcn_str){all.ptr, (size_t)(behind.ptr - all.ptr) - 1};
        }
    *rest = (struct tcn_str){0};
    return all;
}

static int read_wanted_references(struct tcn_api_call *call, struct page *p)
{
    const char *text = tcn_api_query(call, "reference");
    struct tcn_str rest = text ? tcn_str(text) : (struct tcn_str){0}, one;
    size_t n = 0;

    while (rest.ptr) {
        if (n == TCN_V1_WORDS)
            return tcn_v1_refuse(call, "reference", "there are more than 20 references");
        one = cut_reference(&rest);
        if (tcn_utf8_count(one) > REFERENCE_MAX)
            return tcn_v1_refuse(call, "reference", "a reference is longer than 1000 characters");
        p->references[n++] = tcn_arena_str(call->arena, one).ptr;
    }
    p->filter.references = p->references;
    p->filter.n_references = n;
    return 0;
}

static int read_page(struct tcn_api_call *call, struct page *p)
{
    struct tcn_event_filter *f = &p->filter;

    f->types = p->types;
    if (tcn_v1_bound(call, "after", &f->after_ms) < 0 ||
        tcn_v1_bound(call, "before", &f->before_ms) < 0 ||
        tcn_v1_words(call, "type", p->types, &f->n_types) < 0 ||
        read_wanted_references(call, p) < 0 || read_order(call, &f->oldest_first) < 0 ||
        read_token(call, p) < 0)
        return -1;
    return tcn_v1_limit(call, &f->limit);
}

static int answer_page(struct tcn_api_call *call, struct tcn_event *events, size_t n, size_t wanted)
{
    json_t *items = json_array(), *next = n > wanted ? token_of(&events[wanted - 1]) : json_null();
    size_t left = TCN_V1_DATA_BYTES;

    for (size_t i = 0; i < n && i < wanted; i++) {
        tcn_v1_cut_data(&events[i], &left);
        json_array_append_new(items, tcn_json_event(&events[i]));
    }
    return tcn_v1_answer(call, json_pack("{s:o, s:o}", "items", items, "next", next));
}

int tcn_v1_timeline(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err)
{
    struct page p = {.filter = {.limit = 0}};
    struct tcn_event *events = NULL;
    struct tcn_incident incident;
    struct tcn_id id;
    size_t n = 0, wanted;
    int r;

    if (tcn_api_id(call, &id) < 0 || read_page(call, &p) < 0)
        return 0;
    r = tcn_store_incident_get(s, id, call->arena, &incident, err);
    if (r == TCN_ENOTFOUND)
        return tcn_v1_no_incident(call);
    wanted = p.filter.limit++;
    if (r < 0 || (r = tcn_store_event_page(s, id, &p.filter, call->arena, &events, &n, err)) < 0)
        return r;
    return answer_page(call, events, n, wanted);
}
